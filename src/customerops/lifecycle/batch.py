"""A whole log through the machine at once."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.columnar import Windows, canonical, replay_columns
from customerops.lifecycle.policy import LifecyclePolicy
from customerops.lifecycle.population import Population, ordered
from customerops.lifecycle.stages import Trigger
from customerops.model.log.ask import ask
from customerops.model.log.log import InteractionLog
from customerops.model.tables.tables import Context
from customerops.model.values.checks import came

__all__ = ["replay_log"]


def replay_log(
    log: InteractionLog, policy: LifecyclePolicy, *, as_of: dt.datetime | None = None
) -> Population:
    """Return the lifecycle of every customer of a log.

    Parameters
    ----------
    log : InteractionLog
        The events, with their whole history.
    policy : LifecyclePolicy
        What the stages mean.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    Population
        Transitions, stages at any instant, stocks and flows. It equals `replay` of each customer,
        row by row.

    Raises
    ------
    InvalidInputError
        When as_of is not known, or the policy asks for a column that was not loaded.

    Notes
    -----
    Only events make a customer known: one without any is ``UNKNOWN``, whatever ``created_at``.
    The cost is that of a few passes over the events; no loop runs over customers.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, replay_log
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"],
    ...     at=[dt.date(2026, 1, 5), dt.date(2026, 1, 20), dt.date(2026, 1, 31)],
    ...     kind=["purchase", "purchase", "signup"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(2)
    ... )
    >>> population = replay_log(log, policy)
    >>> population
    Population(2 customers, 4 transitions, as of 2026-02-28T23:59:59.999999+00:00)
    >>> population.to_frame()[["customer_id", "target", "cause"]].values.tolist()
    [['a', 'ACTIVATED', 'event'], ['a', 'RETAINED', 'event'], ['a', 'LAPSED', 'timeout'], ['b', 'ACQUIRED', 'event']]
    >>> population.counts(period="month").to_frame()[["stage", "customers"]].values.tolist()
    [['ACQUIRED', 1], ['LAPSED', 0], ['RETAINED', 1], ['ACQUIRED', 1], ['LAPSED', 1], ['RETAINED', 0]]
    """
    if not isinstance(policy, LifecyclePolicy):
        raise InvalidInputError("policy", "must be a LifecyclePolicy", came(policy))
    asked = ask(log, as_of=as_of)
    known = asked.log
    trigger = _triggers(known, policy)
    at, rows = known.at, canonical(known.offsets, known.at, trigger)
    if rows is not None:
        at, trigger = at[rows], trigger[rows]
    done = replay_columns(known.offsets, at, trigger, Windows.of(policy), asked.as_of)
    row = done.row if rows is None else np.where(done.row < 0, -1, rows[done.row])
    start = np.repeat(known.offsets[:-1], done.counts)
    columns = {
        "at": done.at,
        "target": done.target,
        "event": np.where(row < 0, -1, row - start),
        "lives": done.lives,
        "ordinal": done.ordinal,
        "qualified_at": done.qualified_at,
    }
    offsets = np.concatenate(([0], np.cumsum(done.counts)))
    return Population(
        policy=policy,
        context=Context(
            metric="replay_log",
            as_of=asked.as_of,
            calendar=asked.calendar,
            options={"policy": policy.hash},
        ),
        ids=known.customers[known.id_order],
        logs=(known,),
        **ordered(known.id_order, offsets, columns),
    )


def _triggers(log: InteractionLog, policy: LifecyclePolicy) -> NDArray[np.int8]:
    """Return what each event is to the machine: by its kind, and if that is activity by the rule."""
    meant = policy.triggers_by_kind()
    by_kind = [meant.get(str(kind), Trigger.SIGHTING) for kind in log.kinds]
    trigger: NDArray[np.int8] = np.array(by_kind, np.int8)[log.kind]
    trigger[policy.qualifies.mask(log) & (trigger == Trigger.SIGHTING)] = Trigger.ACTIVITY
    return trigger
