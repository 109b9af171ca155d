"""Tiers of a log: what is asked of the levels of all customers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import locked
from customerops.model.log.spells import Spells, _sorted
from customerops.model.segments.moves import _earlier
from customerops.model.segments.sizes import counted
from customerops.model.segments.tier_columns import Walked, walk
from customerops.model.segments.tier_results import TierMoves, TierSizes, TierStandings
from customerops.model.segments.tiers import TierPolicy
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values.checks import came
from customerops.model.values.columns import Coded

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar

__all__ = [
    "tier_migration",
    "tier_sizes",
    "tier_spells",
    "tier_standings",
]


def _walked(
    log: InteractionLog, policy: TierPolicy, as_of: dt.datetime | None, calendar: Calendar | None
) -> tuple[Asked, Walked]:
    if not isinstance(policy, TierPolicy):
        raise InvalidInputError("policy", "must be a TierPolicy", came(policy))
    asked = ask(log, as_of=as_of, calendar=calendar)
    return asked, walk(asked, policy)


def _context(
    metric: str,
    asked: Asked,
    policy: TierPolicy,
    by: str | Grouping | None = None,
    *,
    paid: bool,
) -> Context:
    from customerops.model.rules.grouping import as_grouping

    currency = asked.log.currency if paid else None
    priced = {} if currency is None else {"scale": 10**asked.log.decimals}
    return Context(
        metric,
        as_of=asked.as_of,
        calendar=asked.zone,
        currency=currency,
        by=None if by is None else as_grouping(by),
        options={"policy": policy, **priced},
    )


def tier_standings(
    log: InteractionLog,
    policy: TierPolicy,
    *,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> TierStandings:
    """Return where every customer of a log stands.

    Parameters
    ----------
    log : InteractionLog
        The customers, with amounts if those are measured.
    policy : TierPolicy
        The levels.
    as_of : datetime, optional
        Timezone-aware, inclusive; left out, the log's.
    calendar : Calendar, optional
        Whose periods; left out, the log's.

    Returns
    -------
    TierStandings
        One row for each customer who had entered, by id; ``standing`` has the reasons of one.

    Raises
    ------
    InvalidInputError
        If `policy` is none, there is no `as_of` or calendar, amounts are not loaded or in another
        currency than the policy's.

    Notes
    -----
    Equal, customer by customer, to `TierPolicy.standing` on the records.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import InteractionLog, TierLevel, TierPolicy, tier_standings
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b"], kind=["purchase"] * 2, amount=[1200, 700], currency="EUR",
    ...     at=[dt.date(2026, 1, d) for d in (2, 3)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> policy = TierPolicy(
    ...     levels=(TierLevel(key="base", threshold=0), TierLevel(key="gold", threshold=1000)),
    ...     qualify="purchase",
    ... )
    >>> standings = tier_standings(log, policy)
    >>> standings.tier.tolist(), standings.standing("b").reasons
    (['gold', 'base'], ('300.00 more for gold',))
    """
    asked, walked = _walked(log, policy, as_of, calendar)
    n = asked.log.n_customers
    keys = np.array(policy.keys, object)
    since = np.full(n, None, object)
    since[walked.codes] = walked.at.tolist()
    return TierStandings(
        ids=asked.log.customers,
        columns={
            "tier": keys[walked.level],
            "since": since,
            "total": walked.total,
            "failing": walked.failing,
            "grace": walked.grace,
        },
        context=_context("tier_standings", asked, policy, paid=walked.paid),
    )


def tier_spells(
    log: InteractionLog,
    policy: TierPolicy,
    *,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Spells:
    """Return the history of levels: every stay of a customer on a level, as a spell.

    Parameters
    ----------
    log, policy, as_of, calendar
        As for `tier_standings`.

    Returns
    -------
    Spells
        With the attribute ``"tier"`` and the cause ``"upgrade"`` or ``"downgrade"`` where ended. The
        first begins when the customer entered. A stay of no length, as before a first purchase
        that reaches a level at once, is left out.

    Raises
    ------
    InvalidInputError
        As for `tier_standings`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import InteractionLog, TierLevel, TierPolicy, tier_spells
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a"], kind=["purchase"] * 2, amount=[700, 500], currency="EUR",
    ...     at=[dt.date(2026, 1, 2), dt.date(2026, 1, 12)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> policy = TierPolicy(
    ...     levels=(TierLevel(key="base", threshold=0), TierLevel(key="gold", threshold=1000)),
    ...     qualify="purchase",
    ... )
    >>> tier_spells(log, policy).to_frame()["tier"].tolist()
    ['base', 'gold']
    """
    asked, walked = _walked(log, policy, as_of, calendar)
    n = asked.log.n_customers
    codes = np.concatenate([np.arange(n), walked.codes])
    start = np.concatenate([asked.log.entered, walked.at])
    level = np.concatenate([np.zeros(n, np.int64), walked.after])
    order = np.argsort(codes, kind="stable")
    codes, start, level = codes[order], start[order], level[order]
    runs = np.append(codes[1:] != codes[:-1], True) if len(codes) else np.zeros(0, np.bool_)
    end = np.where(runs, asked.as_of, np.append(start[1:], 0)[: len(codes)])
    after = np.append(level[1:], 0)[: len(codes)]
    cause = np.where(runs, -1, np.where(after > level, 1, 0)).astype(np.int8)
    some = runs | (end > start)
    used: dict[str, Any] = {
        "end": end[some],
        "observed": ~runs[some],
        "cause": Coded(locked(cause[some]), ("downgrade", "upgrade")),
        "attributes": {"tier": Coded(locked(level[some].astype(np.int16)), policy.keys)},
    }
    return _sorted(asked.log.customers[codes[some]], start=start[some], **used, as_of=asked.as_of)


def _axis(name: str, policy: TierPolicy) -> tuple[Axis, NDArray[np.intp]]:
    order = sorted(range(len(policy.keys)), key=lambda i: policy.keys[i])
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    return Axis(name, [policy.keys[i] for i in order], "state", disjoint=True), place


def tier_sizes(
    log: InteractionLog,
    policy: TierPolicy,
    *,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
    calendar: Calendar | None = None,
) -> TierSizes:
    """Return how many customers are on each level, and their share.

    Parameters
    ----------
    log, policy, as_of, calendar
        As for `tier_standings`.
    by : str or Grouping, optional
        Groups of customers.

    Returns
    -------
    TierSizes
        Axes group, if asked for, and the levels, named as the policy: ``count`` customers of
        ``total``; shares have Wilson intervals. Results of disjoint customers add.

    Raises
    ------
    InvalidInputError
        As for `tier_standings`.

    Notes
    -----
    ``count / total``: the customers who stand on the level at `as_of`, of all who are known then.
    The shares of all levels sum to 1.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import InteractionLog, TierLevel, TierPolicy, tier_sizes
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b"], kind=["purchase"] * 2, amount=[1200, 700], currency="EUR",
    ...     at=[dt.date(2026, 1, d) for d in (2, 3)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> policy = TierPolicy(
    ...     levels=(TierLevel(key="base", threshold=0), TierLevel(key="gold", threshold=1000)),
    ...     qualify="purchase",
    ... )
    >>> tier_sizes(log, policy).count.tolist()
    [1, 1]
    """
    asked, walked = _walked(log, policy, as_of, calendar)
    groups, n, axes = groups_of(asked.log, by)
    axis, place = _axis(policy.key, policy)
    count = counted((groups, n), (place[walked.level], len(axis)))
    total = counted((groups, n))
    return TierSizes(
        axes=(*axes, axis),
        parts={"count": count if axes else count[0], "total": total if axes else total[0]},
        context=_context("tier_sizes", asked, policy, by, paid=walked.paid),
    )


def tier_migration(
    log: InteractionLog,
    policy: TierPolicy,
    *,
    since: dt.datetime,
    as_of: dt.datetime | None = None,
    by: str | Grouping | None = None,
    calendar: Calendar | None = None,
) -> TierMoves:
    """Return where the customers of each level at an instant are at a later one.

    Parameters
    ----------
    log, policy, as_of, calendar
        As for `tier_standings`.
    since : datetime
        The earlier instant, timezone-aware, inclusive.
    by : str or Grouping, optional
        Groups of customers, as of the later instant.

    Returns
    -------
    TierMoves
        Axes group, if asked for, ``"before"`` and ``"after"``: ``count`` of the ``total`` who were
        there. Every row sums to its total, and all rows to the customers known at `since`. Results
        of disjoint customers add.

    Raises
    ------
    InvalidInputError
        As for `tier_standings`, or if `since` is later than `as_of`.

    Notes
    -----
    ``count[a, b] / total[a]``: of the customers who stood on level a at `since`, the share on
    level b at `as_of`. Who stands there on both sides may have been elsewhere in between:
    `TierPolicy.history` has every change.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import InteractionLog, TierLevel, TierPolicy, tier_migration
    >>> utc = dt.timezone.utc
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["purchase"] * 3, amount=[700, 500, 90],
    ...     at=[dt.date(2026, 1, d) for d in (2, 12, 3)], currency="EUR", tz=utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> policy = TierPolicy(
    ...     levels=(TierLevel(key="base", threshold=0), TierLevel(key="gold", threshold=1000)),
    ...     qualify="purchase",
    ... )
    >>> moved = tier_migration(log, policy, since=dt.datetime(2026, 1, 9, tzinfo=utc))
    >>> moved.count.tolist(), moved.total.tolist()
    ([[1, 1], [0, 0]], [2, 0])
    """
    asked, walked = _walked(log, policy, as_of, calendar)
    start = _earlier(since, asked)
    groups, n, axes = groups_of(asked.log, by)
    before, place = _axis("before", policy)
    after, _ = _axis("after", policy)
    count = counted(
        (groups, n),
        (place[walked.level_at(start)], len(before)),
        (place[walked.level], len(after)),
        where=asked.log.entered <= start,
    )
    total = count.sum(axis=2)
    return TierMoves(
        axes=(*axes, before, after),
        parts={"count": count if axes else count[0], "total": total if axes else total[0]},
        context=_context("tier_migration", asked, policy, by, paid=walked.paid).with_options(
            since=start
        ),
    )
