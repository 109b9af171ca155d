"""Path flows: how customers go on from a start, step by step, until they convert or stop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.paths.customers_in import in_each, runs_of
from customerops.journey.paths.flow_edges import FlowEdges, edges_of
from customerops.journey.paths.walking import (
    Steps,
    Units,
    Walks,
    customers_of,
    naming_of,
    walks,
)
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.tables import Count, Table
from customerops.model.values.checks import positive_duration, whole
from customerops.model.values.labels import END, MORE, Label, label_key

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["PathFlow", "path_flow"]

_CELLS = 2**24  # of the table of all edges of all steps
_MOST = 1000  # steps shown


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PathFlow(Table):
    """How paths go on, over the axes step, source and target (after the group).

    Attributes
    ----------
    PARTS : tuple of str
        ``count`` and ``customers`` of each edge: from a source at a step to a target at the next
        one. ``paths``, over step and source: paths that are there. One number a group each:
        ``entered`` and ``converted`` paths, ``entered_customers`` and ``converted_customers``.

    Notes
    -----
    What comes to a place goes on from it: to the next state, to `END` where the path stops so far
    (drop-off), to `MORE` behind the last step shown; or it converts there. Customers who convert
    after the last step shown are in ``converted`` all the same.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        *("count", "customers", "paths"),
        *("entered", "converted", "entered_customers", "converted_customers"),
    )
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {
        "paths": ("group", "step", "source"),
        **dict.fromkeys(PARTS[3:], ("group",)),
    }

    @property
    def entered(self) -> Count:
        """How many paths there are: those that have the start, if there is one."""
        return self._part("entered")

    @property
    def converted(self) -> Count:
        """How many of them reach the end, at whatever step."""
        return self._part("converted")

    @property
    def entered_customers(self) -> Count:
        """How many customers have such a path."""
        return self._part("entered_customers")

    @property
    def converted_customers(self) -> Count:
        """How many customers have one that reaches the end."""
        return self._part("converted_customers")

    def edges(self, top: int | None = None) -> FlowEdges:
        """Return the edges that occur, as a Sankey diagram draws them.

        Parameters
        ----------
        top : int, optional
            How many states to show by name at each step, those with the most paths; the others
            become `OTHER`. Left out, all of them.

        Returns
        -------
        FlowEdges
            It does not add: the largest states of two halves need not be those of the whole.

        Raises
        ------
        InvalidInputError
            If `top` is no whole number or negative, or the table was cut.
        """
        if top is not None:
            whole("top", top, least=0)
        names = [axis.name for axis in self.axes[-3:]]
        cut = [name for name in names if self.context.option(SELECTED + name) is not None]
        if names != ["step", "source", "target"] or cut:
            raise InvalidInputError("flow", "must have all its steps", "select() edges after it")
        outer = self.axes[:-3]
        return edges_of(self, outer, top)


def path_flow(
    log: InteractionLog,
    start_at: Rule | str | Collection[str] | None = None,
    *,
    end_at: Rule | str | Collection[str] | None = None,
    max_steps: int = 5,
    gap: dt.timedelta | None = None,
    state: str = "kind",
    steps: Steps | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> PathFlow:
    """Count how paths go on from a start, step by step, with drop-off, until an end.

    Parameters
    ----------
    log : InteractionLog
        The events.
    start_at : Rule, str or collection of str, optional
        Paths begin at their first step for which it holds; those without are left out. Left out,
        paths begin at their first step.
    end_at : Rule, str or collection of str, optional
        Paths end at the first step after their start for which it holds, and have converted. Left
        out, nothing converts.
    max_steps : int
        The last step shown; the start is step 1.
    gap : timedelta, optional
        The longest time without a step within one path, as for `variants`. Left out, a customer
        has one path.
    state, steps
        What is a step and what it is called, as for `transitions`. An event that is no step
        neither starts nor ends a path.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only steps inside it.
    by : str or Grouping, optional
        A customer attribute or a grouping; a flow for each group.

    Returns
    -------
    PathFlow
        ``.edges(top)`` for a Sankey diagram; ``.entered`` and ``.converted``.

    Raises
    ------
    InvalidInputError
        If `max_steps` is not from 1 to 1,000, `gap` is not longer than zero, there are so many states
        that a table of the edges would fill the memory, the log is by thread, or as for
        `transitions`.

    Notes
    -----
    Without `gap` and `over`, ``entered_customers`` and ``converted_customers`` are the counts of
    ``funnel(log, [start_at, end_at], within=None)``. They are what is known so far; a rate of
    conversion is the funnel's matter, which knows who had the time for it.

    Where paths start at their first step, that step may be an end, too. The rules are those of the
    paths of PostHog with a start point (cut at its first occurrence, numbered anew in every
    session); there, edges below the largest 50 and drop-off are not shown.

    References
    ----------
    PostHog documentation, "User paths".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import path_flow
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 3, 1, 2)],
    ...     kind=["ad", "view", "purchase", "view", "view"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> flow = path_flow(log, "view", end_at="purchase", max_steps=3)
    >>> flow.entered, flow.converted
    (2, 1)
    >>> flow.edges().to_frame()[["step", "source", "target", "count"]].values.tolist()
    [[1, 'view', 'purchase', 1], [1, 'view', 'view', 1], [2, 'view', ('end',), 1]]
    """
    whole("max_steps", max_steps, least=1, most=_MOST)
    cut = None if gap is None else positive_duration("gap", gap)
    start = None if start_at is None else as_rule(start_at, name="start_at", level="event")
    end = None if end_at is None else as_rule(end_at, name="end_at", level="event")
    naming = naming_of(state, steps)
    units = customers_of(log, as_of=as_of, over=over, by=by)
    known = units.asked.log
    found = walks(known, naming, over, cut)
    starting = None if start is None else found.holds(start, known)
    ending = None if end is None else found.holds(end, known)
    walk, first, length, done = _cut(found, starting, ending)
    unit, group = found.unit[walk], units.group[found.unit[walk]]
    n, groups = len(found.labels), units.n_groups
    size = n + 2  # targets: the states, END, MORE
    if groups * max_steps * n * size > _CELLS:
        problem = f"got {n} states and {max_steps} steps; name fewer by steps="
        raise InvalidInputError("steps", "must leave fewer states for a table of edges", problem)
    count = np.zeros((groups, max_steps, n, size), np.int64)
    people = count if cut is None else np.zeros_like(count)
    there = np.zeros((groups, max_steps, n), np.int64)
    for k in range(1, max_steps + 1):
        alive = np.flatnonzero(length >= k)
        source = found.state[first[alive] + k - 1].astype(np.int64)
        at = group[alive] * n + source
        there[:, k - 1] = np.bincount(at, minlength=groups * n).reshape(groups, n)
        going = length[alive] > k
        target = np.full(len(alive), n, np.int64)
        target[going] = n + 1 if k == max_steps else found.state[first[alive[going]] + k]
        moves = going | ~done[alive]
        cell = (source * size + target)[moves]
        mine = alive[moves]
        by_group = group[mine] * (n * size) + cell
        flat = np.bincount(by_group, minlength=groups * n * size)
        count[:, k - 1] = flat.reshape(groups, n, size)
        if cut is not None:
            people[:, k - 1] = in_each(runs_of(units, unit[mine]), cell, n * size).reshape(
                groups, n, size
            )
    totals = {
        "entered": np.bincount(group, minlength=groups),
        "converted": np.bincount(group[done], minlength=groups),
        "entered_customers": _people(units, unit),
        "converted_customers": _people(units, unit[done]),
    }
    return _flow(
        found.labels,
        units.axes,
        {"count": count, "customers": people, "paths": there, **totals},
        Context(
            "path_flow",
            unit="path",
            as_of=units.asked.as_of,
            over=over,
            by=by,
            options={
                **naming.options,
                "start_at": start,
                "end_at": end,
                "max_steps": max_steps,
                "gap": cut,
            },
        ),
    )


def _cut(
    found: Walks, starting: NDArray[np.bool_] | None, ending: NDArray[np.bool_] | None
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the walks that start, the first step and the length of each, and which convert."""
    walk, first = np.arange(len(found)), found.first
    after = first
    if starting is not None:
        begin, there = _next(starting, first, found.starts[1:])
        walk, first = walk[there], begin[there]
        after = first + 1  # one step does not both start and end
    stop = found.starts[walk + 1]
    done = np.zeros(len(walk), np.bool_)
    if ending is not None:
        reached, done = _next(ending, after, stop)
        stop = np.where(done, reached + 1, stop)
    return walk, first, stop - first, done


def _next(
    mask: NDArray[np.bool_], row: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the first step from each one on for which a mask holds, and whether it is in time."""
    where = np.append(np.flatnonzero(mask), len(mask))
    place = where[np.searchsorted(where[:-1], row)]
    return place, place < stop


def _people(units: Units, unit: NDArray[np.signedinteger]) -> NDArray[np.int64]:
    people: NDArray[np.int64] = in_each(runs_of(units, unit), np.zeros(len(unit), np.int64), 1)[
        :, 0
    ]
    return people


def _flow(
    labels: tuple[Label, ...],
    outer: tuple[Axis, ...],
    parts: dict[str, NDArray[np.int64]],
    context: Context,
) -> PathFlow:
    """Return the table of the states that occur as a source and as a target."""
    targets: list[Label] = [*labels, END, MORE]
    sources = np.flatnonzero(parts["paths"].any(axis=(0, 1)))
    reached = np.flatnonzero(parts["count"].any(axis=(0, 1, 2))).tolist()
    kept = sorted(reached, key=lambda i: label_key(targets[i]))
    shape = tuple(len(axis) for axis in outer)
    shaped = {"paths": parts["paths"][..., sources]} | {
        name: parts[name][:, :, sources][..., kept] for name in ("count", "customers")
    }
    totals = {name: part for name, part in parts.items() if name not in shaped}
    return PathFlow(
        axes=(
            *outer,
            Axis("step", range(1, parts["paths"].shape[1] + 1), "age"),
            Axis("source", [labels[i] for i in sources.tolist()], "state"),
            Axis("target", [targets[i] for i in kept], "state"),
        ),
        parts={name: part.reshape(*shape, *part.shape[1:]) for name, part in shaped.items()}
        | {name: part.reshape(shape) for name, part in totals.items()},
        context=context,
    )
