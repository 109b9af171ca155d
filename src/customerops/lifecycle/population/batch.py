"""A whole log through the machine at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.columns.columnar import replay_columns
from customerops.lifecycle.columns.contract_columns import Contracts, replay_contracts
from customerops.lifecycle.columns.gather import Gathered, gathered
from customerops.lifecycle.columns.opening import check_initial, joined, opening_of, with_past
from customerops.lifecycle.columns.outcome import (
    last_entered,
    of_contracts,
    of_final,
    recents,
    to_contracts,
)
from customerops.lifecycle.columns.rows import Rows
from customerops.lifecycle.columns.states import States, states_context
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.population.population import Population, ordered
from customerops.model.log.ask import ask
from customerops.model.log.log import InteractionLog
from customerops.model.tables.context import Context
from customerops.model.values.checks import came

__all__ = ["replay_log"]

Int = NDArray[np.int64]


def replay_log(
    log: InteractionLog,
    policy: LifecyclePolicy,
    *,
    as_of: dt.datetime | None = None,
    initial: States | None = None,
) -> Population:
    """Return the lifecycle of every customer of a log.

    Parameters
    ----------
    log : InteractionLog
        The events, with their whole history; with `initial`, those since.
    policy : LifecyclePolicy
        What the stages mean.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    initial : States, optional
        Where customers stood before the first event, from ``population.states()`` of an earlier
        replay: what a nightly batch starts from. Customers in it and not in the log go on, too.

    Returns
    -------
    Population
        Transitions, stages at any instant, stocks and flows. It equals `replay` of each customer,
        row by row; with `initial`, its part after that.

    Raises
    ------
    InvalidInputError
        When as_of is not known or before `initial`, the policy asks for a column that was not
        loaded, a start or renewal does not say until when it pays or pays for the past, or `initial` does not go with
        ``settle_after`` or ``scope``, whose states hold more than a row.
    Late
        When events are not after what `initial` has settled: replay those customers whole.
    TransitionError
        When `initial` was made under another policy.

    Notes
    -----
    Only events make a customer known: one without any is ``UNKNOWN``, whatever ``created_at``.
    The cost is that of a few passes over the events; no loop runs over customers. Contracts take a
    turn for each event that the customer with most of them has.

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
    given, stood = gathered(asked.log, policy, asked.as_of), None
    if initial is not None:
        check_initial(initial, policy, asked.as_of)
        given, stood = joined(given, initial)
    contract = policy.contract is not None
    done = (_contracts if contract else _windows)(asked.log, given, policy, asked.as_of, stood)
    counts, at, target, row, columns = done
    columns["recent"] = columns.get("recent", np.empty((counts.size, 0), np.int64))
    order = (
        np.argsort(given.ids, kind="stable") if stood is None and policy.scope is None else None
    )
    event, caused = np.full(row.size, -1), row >= 0
    event[caused] = row[caused] - np.repeat(given.first, counts)[caused]
    offsets = np.concatenate(([0], np.cumsum(counts)))
    moves: dict[str, NDArray[Any]] = {"at": at, "target": target, "event": event}
    ids = given.ids
    if order is not None:
        ids = ids[order]
        columns = {name: column[order] for name, column in columns.items()}
        offsets, moves = ordered(order, offsets, moves)
    return Population(
        policy=policy,
        context=Context(
            metric="replay_log",
            as_of=asked.as_of,
            calendar=asked.calendar,
            options={
                "policy": policy.hash,
                "since": None if stood is None else stood.context.as_of,
            },
        ),
        ids=ids,
        offsets=offsets,
        **moves,
        opening=np.zeros(ids.size, np.int8) if stood is None else stood.stage,
        final=States(ids=ids, columns=columns, context=states_context(policy, asked.as_of)),
        logs=(asked.log,),
    )


Done = tuple[Int, Int, NDArray[np.int8], Int, dict[str, NDArray[Any]]]


def _windows(
    log: InteractionLog,
    given: Gathered,
    policy: LifecyclePolicy,
    as_of: int,
    stood: States | None,
) -> Done:
    """Replay under a clock of inactivity: prefix sums."""
    rows, opening = given.rows, None
    if stood is not None:
        rows, opening = with_past(rows, stood), opening_of(stood, policy)
    done = replay_columns(rows, policy, as_of, opening)
    stage, since = last_entered(done.counts, done.at, done.target, stood)
    columns = of_final(done.final, stage, since, given, policy, stood)
    if policy.memory:
        columns["recent"] = recents(rows, policy.memory)
    return done.counts, done.at, done.target, _sources(rows, done.row), columns


def _contracts(
    log: InteractionLog,
    given: Gathered,
    policy: LifecyclePolicy,
    as_of: int,
    stood: States | None,
) -> Done:
    """Replay under contracts: turn by turn."""
    rows = given.rows
    until = np.full(rows.at.size, NEVER)
    if "until" in log.columns:
        column = log.numbers("until")
        says = column.values[rows.source]
        until = says if column.valid is None else np.where(column.valid[rows.source], says, NEVER)
    state = Contracts.unknown(given.ids.size) if stood is None else to_contracts(stood)
    counts, at, target, row = replay_contracts(rows, until, policy, as_of, state)
    return counts, at, target, _sources(rows, row), of_contracts(state, given, policy, stood)


def _sources(rows: Rows, row: Int) -> Int:
    """Return the rows of the log behind rows of the machine, -1 where a deadline was the cause."""
    source, caused = np.full(row.size, -1), row >= 0
    source[caused] = rows.source[row[caused]]
    return source
