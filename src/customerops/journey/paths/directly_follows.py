"""What customers do next: the directly-follows counts of a log."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.paths.customers_in import in_each, in_each_and_block, runs_of
from customerops.journey.paths.walking import (
    Steps,
    Units,
    Walks,
    naming_of,
    units_of,
    walks,
)
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Difference
from customerops.model.tables.context import Context
from customerops.model.tables.distribution import Distribution
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Table, of_one_class
from customerops.model.values.checks import positive_duration
from customerops.model.values.instants import micros
from customerops.model.values.labels import END, START, Label, label_key

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["TransitionShare", "TransitionTable", "transition_times", "transitions"]

_MOST = 4096  # states: a table of all pairs of more would fill the memory


class TransitionTable(Table):
    """Moves from one state to the next, over the axes source and target (after the group).

    Attributes
    ----------
    count : ndarray of int
        Moves from source to target.
    customers : ndarray of int
        Customers who made that move at least once.
    visitors : ndarray of int, over source alone
        Customers who left that source at least once, `END` counting as a way to leave.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "customers", "visitors")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"visitors": ("group", "source")}

    def share(self) -> TransitionShare:
        """Return, of the customers who were in a source, the share that moved on to each target.

        A customer who was there twice may have moved to two targets, so a row may exceed 1.
        """
        return TransitionShare(
            axes=self.axes,
            parts={"count": self.parts["customers"], "total": self.parts["visitors"]},
            context=attrs.evolve(self.context, metric="transitions.share", unit="customer"),
        )

    def difference(self, other: TransitionTable) -> Difference:
        """Return the shares less those of other customers, with intervals.

        Parameters
        ----------
        other : TransitionTable
            Over the same states: ``t.select(country="DE").difference(t.select(country="FR"))``.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or do not have the same states.
        """
        of_one_class(self, other, "compared")
        return self.share().difference(other.share())


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TransitionShare(Proportion):
    """The share of a source's customers that moved on to each target.

    A source has one total, whichever targets occur, so that shares add up over customers.
    """

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"total": ("group", "source")}


def transitions(
    log: InteractionLog,
    *,
    state: str = "kind",
    steps: Steps | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> TransitionTable:
    """Count what directly follows what, with where paths start and where they end so far.

    Parameters
    ----------
    log : InteractionLog
        The events; of a log by thread the paths of threads are counted.
    state : str
        Column whose labels are the states: ``"kind"``, ``"channel"``, ``"name"``,
        ``"attributes.page"``. A missing label is a state like others.
    steps : Rule, str, collection of str, or mapping of str to these, optional
        Which events are steps of the path; left out, all are. Others are passed over. A mapping
        names the steps, too, in the place of `state`; the first rule that holds names an event.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only steps inside it; a path starts and ends with its first and last step in the window.
    by : str or Grouping, optional
        A customer attribute or a grouping; a table for each group.

    Returns
    -------
    TransitionTable
        Axes source and target, both of the states that occur, with `START` before the first step
        and `END` after the last: where the customer is now, not where they will stay.

    Raises
    ------
    InvalidInputError
        When the column is not loaded, not categorical or has more than 4,094 labels, `state` is
        given where steps are named, or as_of is not known.

    Notes
    -----
    ``count[s, t]`` is the number of consecutive pairs of one customer's steps with states s, t;
    at one instant, input order decides; ``count[s, s]`` are self loops. Every path adds one move
    from `START` and one to `END`, so for each state the moves in equal the moves out. How long
    moves take is what `transition_times` tells.

    References
    ----------
    van der Aalst, W. (2016). Process Mining: Data Science in Action, 2nd ed., section 6.2:
    directly-follows relation.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import transitions
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 1)],
    ...     kind=["view", "purchase", "view"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> table = transitions(log)
    >>> table.select(source="view").to_frame()[["target", "count", "customers"]].values.tolist()
    [['purchase', 1, 1], ['view', 0, 0], [('end',), 1, 1], [('start',), 0, 0]]
    """
    naming = naming_of(state, steps)
    units = units_of(log, as_of=as_of, over=over, by=by)
    found = walks(units.asked.log, naming, over)
    _few(found)
    labels, order = _with_ends(found.labels)
    parts = _counted(units, found)
    shape = (*units.shape, len(labels), len(labels))
    return TransitionTable(
        axes=(*units.axes, Axis("source", labels, "state"), Axis("target", labels, "state")),
        parts={
            name: part[..., order][..., order, :].reshape(shape)
            if part.ndim == 3
            else part[..., order].reshape(shape[:-1])
            for name, part in parts.items()
        },
        context=Context(
            metric="transitions",
            unit="move",
            as_of=units.asked.as_of,
            over=over,
            by=by,
            options={**naming.options, "of": units.unit},
        ),
    )


def transition_times(
    log: InteractionLog,
    *,
    state: str = "kind",
    steps: Steps | None = None,
    unit: dt.timedelta = dt.timedelta(seconds=1),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> Distribution:
    """Return how long moves from one state to the next take, a distribution for each pair.

    Parameters
    ----------
    log, state, steps, as_of, over, by
        As for `transitions`.
    unit : timedelta
        What times are counted in: elapsed whole units, the last one started left out.

    Returns
    -------
    Distribution
        Over the axes source and target (after the group), of the states that occur:
        ``.quantile(0.5)``, ``.mean``, ``.min``, ``.max``, ``.sum``, ``.sd`` and ``.n``, each a
        number for every pair and NaN where nobody moved.

    Raises
    ------
    InvalidInputError
        As for `transitions`; also if `unit` is not longer than zero.

    Notes
    -----
    Only moves that were made have a time. How long customers have been where they are now is not
    known to be over, and in none of these; a mean of moves says how fast those who moved were.

    References
    ----------
    pm4py documentation, ``discover_performance_dfg``: the same times, summed up.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import transition_times
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 1, 6)],
    ...     kind=["view", "purchase"] * 2,
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> days = transition_times(log, unit=dt.timedelta(days=1))
    >>> move = days.select(source="view", target="purchase")
    >>> move.n, move.mean, move.quantile(0.5)
    (2, 3.5, 2.0)
    """
    tick = micros(positive_duration("unit", unit))
    naming = naming_of(state, steps)
    units = units_of(log, as_of=as_of, over=over, by=by)
    found = walks(units.asked.log, naming, over)
    n = _few(found)
    moved = np.ones(len(found.at), np.bool_)
    moved[found.last] = False
    row = np.flatnonzero(moved)
    group = np.repeat(units.group[found.unit], found.lengths)[row]
    cell = (group * n + found.state[row]) * n + found.state[row + 1]
    return Distribution.from_rows(
        (found.at[row + 1] - found.at[row]) // tick,
        outer=(
            *units.axes,
            Axis("source", found.labels, "state"),
            Axis("target", found.labels, "state"),
        ),
        codes=cell,
        context=Context(
            "transition_times",
            unit="move",
            as_of=units.asked.as_of,
            over=over,
            by=by,
            options={**naming.options, "of": units.unit, "tick": unit},
        ),
    )


def _few(found: Walks) -> int:
    """Return the number of states, if a table of all pairs is possible."""
    n = len(found.labels)
    if n > _MOST - 2:
        raise InvalidInputError("state", f"must have at most {_MOST - 2} labels", f"got {n}")
    return n


def _with_ends(labels: tuple[Label, ...]) -> tuple[tuple[Label, ...], NDArray[np.intp]]:
    """Return sorted labels with `START` and `END`, and where each was: those two came last."""
    every = [*labels, *((START, END) if labels else ())]
    order = sorted(range(len(every)), key=lambda i: label_key(every[i]))
    return tuple(every[i] for i in order), np.array(order, np.intp)


def _counted(units: Units, found: Walks) -> dict[str, NDArray[np.int64]]:
    """Return the parts by group, over the states, then `START` and `END`."""
    n = len(found.labels)
    size = n + 2 if n else 0
    start, end = n, n + 1
    # A move belongs to the step it leaves; moves from START are those of walks.
    cell = found.state.astype(np.int64)
    cell *= size
    cell[:-1] += found.state[1:]
    cell[found.last] = found.state[found.last].astype(np.int64) * size + end
    begun = start * size + found.state[found.first].astype(np.int64)
    n_cells, groups = size * size, units.n_groups
    walk_runs = runs_of(units, found.unit)
    step_runs = runs_of(units, found.unit, found.first)

    def count(cell: NDArray[np.int64], *, of_walk: bool) -> NDArray[np.int64]:
        if groups > 1:
            group = units.group[found.unit]
            cell = (group if of_walk else found.each(group)) * n_cells + cell
        return np.bincount(cell, minlength=groups * n_cells)

    customers, visitors = in_each_and_block(step_runs, cell, n_cells, size)  # a block is a source
    customers += in_each(walk_runs, begun, n_cells)
    if n:
        visitors[:, start] = in_each(walk_runs, np.zeros(len(found), np.int64), 1)[:, 0]
    table = count(cell, of_walk=False) + count(begun, of_walk=True)
    shape = (groups, size, size)
    return {
        "count": table.reshape(shape),
        "customers": customers.reshape(shape),
        "visitors": visitors,
    }
