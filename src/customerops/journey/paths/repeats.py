"""Rework: steps that are done again, and what comes after what at any distance."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.paths.customers_in import in_each, runs_of
from customerops.journey.paths.walking import Steps, Walks, naming_of, units_of, walks
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Difference
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Table, of_one_class

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["FollowShare", "FollowTable", "ReworkTable", "eventually_follows", "rework"]

_MOST = 1000  # states: each is one pass over the steps


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ReworkTable(Table):
    """Steps that are done again, over the axis state (after the group).

    Attributes
    ----------
    PARTS : tuple of str
        ``steps`` in all; ``cases`` (customers, or threads) that have the state, and ``reworked``,
        those that have it more than once; ``self_loops``, steps right after one of the same state;
        ``customers`` who have the state, and ``reworking``, those with a case that has it more
        than once.

    Notes
    -----
    ``steps - cases`` are the steps that repeat, of which ``self_loops`` follow at once and the
    others after something else.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        *("steps", "cases", "reworked", "self_loops", "customers", "reworking"),
    )

    @property
    def repeats(self) -> NDArray[np.int64]:
        """Steps in a state that the case had been in before."""
        repeated: NDArray[np.int64] = self.parts["steps"] - self.parts["cases"]
        return repeated

    def share(self) -> Proportion:
        """Return, of the customers who have a state, the share that has to do it again."""
        return Proportion(
            axes=self.axes,
            parts={"count": self.parts["reworking"], "total": self.parts["customers"]},
            context=attrs.evolve(self.context, metric="rework.share", unit="customer"),
        )

    def difference(self, other: ReworkTable) -> Difference:
        """Return the shares less those of other customers, with intervals.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or do not have the same states.
        """
        of_one_class(self, other, "compared")
        return self.share().difference(other.share())


def rework(
    log: InteractionLog,
    *,
    state: str = "kind",
    steps: Steps | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> ReworkTable:
    """Count the steps that are done again (返工), by customer or by case.

    Parameters
    ----------
    log : InteractionLog
        The events; of a log by thread, a step is done again where its thread had it before.
    state, steps, as_of, over, by
        As for `transitions`.

    Returns
    -------
    ReworkTable
        ``.share()`` of customers with an interval; the counts of steps and cases in ``.parts``.

    Raises
    ------
    InvalidInputError
        As for `transitions`, whatever the number of labels.

    Notes
    -----
    ``reworked`` is what pm4py calls the rework cases of an activity. bupaR tells self-loops from
    repetitions, and so do these counts. A purchase that is made again is good news and a complaint
    is not: which states are rework is the caller's to say, with `steps`.

    References
    ----------
    pm4py documentation, ``get_rework_cases_per_activity``. bupaR documentation,
    ``number_of_selfloops``, ``number_of_repetitions``.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import rework
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 3, 1)],
    ...     kind=["call", "mail", "call", "call"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> table = rework(log)
    >>> table.select(state="call").parts["reworked"].item(), table.share().value.tolist()
    (1, [0.5, 0.0])
    """
    naming = naming_of(state, steps)
    units = units_of(log, as_of=as_of, over=over, by=by)
    found = walks(units.asked.log, naming, over)
    n = len(found.labels)
    pair = _pairs(found)
    unit = found.unit[pair.walk]
    group = units.group[unit]
    again = pair.count > 1
    loops = np.flatnonzero(found.state[1:] == found.state[:-1]) + 1
    loops = np.setdiff1d(loops, found.first, assume_unique=True)
    loop_group = units.group[found.unit[np.searchsorted(found.starts, loops, side="right") - 1]]

    def counted(
        at: NDArray[np.intp], weights: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        return np.bincount(at, weights, units.n_groups * n).astype(np.int64)

    cell = group * n + pair.state
    parts = {
        "steps": counted(cell, pair.count),
        "cases": counted(cell),
        "reworked": counted(cell[again]),
        "self_loops": counted(loop_group * n + found.state[loops]),
        "customers": in_each(runs_of(units, unit), pair.state, n),
        "reworking": in_each(runs_of(units, unit[again]), pair.state[again], n),
    }
    return ReworkTable(
        axes=(*units.axes, Axis("state", found.labels, "state")),
        parts={name: part.reshape(*units.shape, n) for name, part in parts.items()},
        context=Context(
            "rework",
            unit=units.unit,
            as_of=units.asked.as_of,
            over=over,
            by=by,
            options=naming.options,
        ),
    )


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FollowTable(Table):
    """What comes after what at any distance, over source and target (after the group).

    Attributes
    ----------
    PARTS : tuple of str
        ``pairs`` of steps, the first in source, a later one of the same case in target; ``cases``
        and ``customers`` that have such a pair; ``visitors``, over source alone: customers who
        have it.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("pairs", "cases", "customers", "visitors")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"visitors": ("group", "source")}

    def share(self) -> FollowShare:
        """Return, of the customers who have a source, the share in whom each target comes later."""
        return FollowShare(
            axes=self.axes,
            parts={"count": self.parts["customers"], "total": self.parts["visitors"]},
            context=attrs.evolve(self.context, metric="eventually_follows.share", unit="customer"),
        )

    def difference(self, other: FollowTable) -> Difference:
        """Return the shares less those of other customers, with intervals.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or do not have the same states.
        """
        of_one_class(self, other, "compared")
        return self.share().difference(other.share())


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FollowShare(Proportion):
    """The share of a source's customers in whom each target comes later."""

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"total": ("group", "source")}


def eventually_follows(
    log: InteractionLog,
    *,
    state: str = "kind",
    steps: Steps | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> FollowTable:
    """Count what comes after what, directly or later.

    Parameters
    ----------
    log : InteractionLog
        The events; of a log by thread, pairs of steps lie in one thread.
    state, steps, as_of, over, by
        As for `transitions`.

    Returns
    -------
    FollowTable
        Axes source and target, both of the states that occur; ``.share()`` of customers with an
        interval.

    Raises
    ------
    InvalidInputError
        As for `transitions`; or if there are more than 1,000 states.

    Notes
    -----
    ``pairs[s, t]`` counts every step in s with every later step in t of the same case, so it grows
    with the square of what repeats; that is what pm4py's eventually-follows graph counts.
    ``customers`` counts each once. A target has not come later *so far*: to ask who had the time
    for it, ask a `funnel`.

    References
    ----------
    pm4py documentation, ``discover_eventually_follows_graph``.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import eventually_follows
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 3, 1)],
    ...     kind=["view", "view", "purchase", "view"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> bought = eventually_follows(log).select(source="view", target="purchase")
    >>> bought.parts["pairs"].item(), float(bought.share())
    (2, 0.5)
    """
    naming = naming_of(state, steps)
    units = units_of(log, as_of=as_of, over=over, by=by)
    found = walks(units.asked.log, naming, over)
    n, groups = len(found.labels), units.n_groups
    if n > _MOST:
        raise InvalidInputError("state", f"must have at most {_MOST} labels", f"got {n}")
    pair = _pairs(found)
    unit = found.unit[pair.walk]
    step_group = np.repeat(units.group[found.unit], found.lengths)
    shape = (groups, n, n)
    parts = {name: np.zeros(shape, np.int64) for name in ("pairs", "cases", "customers")}
    for source in range(n):
        here = found.state == source
        so_far = np.cumsum(here) - here  # in all walks
        earlier = so_far - np.repeat(so_far[found.first], found.lengths)
        cell = step_group * n + found.state
        parts["pairs"][:, source] = np.bincount(cell, earlier, groups * n).reshape(groups, n)
        begin = np.full(len(found), len(found.at), np.int64)
        own = pair.state == source
        begin[pair.walk[own]] = pair.first[own]
        later = pair.last > begin[pair.walk]
        cell = units.group[unit[later]] * n + pair.state[later]
        parts["cases"][:, source] = np.bincount(cell, minlength=groups * n).reshape(groups, n)
        parts["customers"][:, source] = in_each(runs_of(units, unit[later]), pair.state[later], n)
    parts["visitors"] = in_each(runs_of(units, unit), pair.state, n)
    return FollowTable(
        axes=(
            *units.axes,
            Axis("source", found.labels, "state"),
            Axis("target", found.labels, "state"),
        ),
        parts={name: part.reshape(*units.shape, *part.shape[1:]) for name, part in parts.items()},
        context=Context(
            "eventually_follows",
            unit=units.unit,
            as_of=units.asked.as_of,
            over=over,
            by=by,
            options=naming.options,
        ),
    )


@attrs.frozen(eq=False)
class _Pairs:
    """The states of each walk, once each, by walk: how often, first and last step."""

    walk: NDArray[np.intp]
    state: NDArray[np.intp]
    count: NDArray[np.int64]
    first: NDArray[np.intp]
    last: NDArray[np.intp]


def _pairs(found: Walks) -> _Pairs:
    n = max(len(found.labels), 1)
    key = np.repeat(np.arange(len(found)) * n, found.lengths) + found.state
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    new = np.ones(len(key), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    lead = np.flatnonzero(new)
    count = np.diff(np.append(lead, len(key)))
    walk, state = np.divmod(ordered[lead], n)
    return _Pairs(walk, state, count, order[lead], order[lead + count - 1])
