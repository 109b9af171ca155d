"""Visits and what followed them: the columns behind what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.credit.attribution import CONVERTED
from customerops.model.tables.axes import Axis
from customerops.model.values import exact
from customerops.model.values.labels import END, Label, label_key
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.rules import Rule
    from customerops.model.values.window import Window

__all__ = ["CONVERTED", "Moves", "moves_of", "shapes"]

_MOST = 1000  # labels: a table of all pairs of more would fill the memory
Int = NDArray[np.int64]


@attrs.frozen(eq=False)
class Moves:
    """One row per visit inside the report, sorted by customer.

    Attributes
    ----------
    labels : tuple of Label
        The states that occur, sorted.
    targets : tuple of Label
        The same and `END`, sorted.
    customer : ndarray of int
        Whose visit it is.
    source : ndarray of int
        Where, as a place among the labels.
    target : ndarray of int
        What came next in time, as a place among the targets.
    elapsed : ndarray of int
        How long that took, in microseconds; 0 for `END`.
    converted : ndarray of bool
        Whether a conversion came in time.
    open : ndarray of bool
        Whether the time is not over.
    """

    labels: tuple[Label, ...]
    targets: tuple[Label, ...]
    customer: Int
    source: Int
    target: Int
    elapsed: Int
    converted: NDArray[np.bool_]
    open: NDArray[np.bool_]

    def parts(self, group: NDArray[np.intp], n_groups: int) -> dict[str, NDArray[np.int64]]:
        """Return the parts of the table, by source, and by source and target."""
        n, m, done = len(self.labels), len(self.targets), ~self.open
        cells, pairs = n_groups * n, n_groups * n * m
        customer, source = self.customer[done], self.source[done]
        at = group[customer] * n + source
        pair = at * m + self.target[done]

        order = np.argsort(customer * n + source, kind="stable")
        lead = first_of_run(customer[order], source[order])
        owner = np.empty(len(order), np.int64)  # the (customer, source) of each visit
        owner[order] = np.cumsum(lead) - 1
        place = at[order][lead]
        visits = exact.group_count(owner, len(place))
        converted = exact.group_sum(owner, self.converted[done].astype(np.int64), len(place))

        order = np.argsort(owner * m + self.target[done], kind="stable")
        lead = first_of_run(owner[order], pair[order])
        moves = np.diff(np.append(np.flatnonzero(lead), len(order)))
        to, of = pair[order][lead], visits[owner[order][lead]]
        return {
            "customers": exact.group_count(place, cells),
            "visits": exact.group_count(at, cells),
            "visits_squared": exact.group_dot(place, visits, visits, cells),
            "open": exact.group_count(
                group[self.customer[self.open]] * n + self.source[self.open], cells
            ),
            "converted": exact.group_sum(place, converted, cells),
            "converted_squared": exact.group_dot(place, converted, converted, cells),
            "converted_visits": exact.group_dot(place, converted, visits, cells),
            "moves": exact.group_count(pair, pairs),
            "moves_squared": exact.group_dot(to, moves, moves, pairs),
            "moves_visits": exact.group_dot(to, moves, of, pairs),
            "elapsed": exact.group_sum(pair, self.elapsed[done], pairs),
        }


def shapes(
    parts: dict[str, NDArray[np.int64]], axes: tuple[Axis, ...]
) -> dict[str, NDArray[np.int64]]:
    """Return parts in the shape of the axes they span: all of them, or all but the target."""
    shape = tuple(len(axis) for axis in axes)
    paired = ("moves", "moves_squared", "moves_visits", "elapsed")
    return {
        name: part.reshape(shape if name in paired else shape[:-1]) for name, part in parts.items()
    }


def moves_of(
    log: InteractionLog,
    state: str,
    steps: Rule | None,
    goal: Rule | None,
    within: int,
    as_of: int,
    over: Window | None,
) -> Moves:
    """Return the visits of everybody, with what followed each in time."""
    column = log.coded(state)
    every = np.ones(len(log), np.bool_)
    converts = ~every if goal is None else goal.mask(log)
    rows = np.flatnonzero((every if steps is None else steps.mask(log)) | converts)
    goals = converts[rows]
    table: list[Label] = [None, *column.labels, CONVERTED]
    code = np.where(goals, len(table) - 1, column.codes[rows].astype(np.int64) + 1)
    present = np.bincount(code, minlength=len(table)) > 0
    seen = [label for label, here in zip(table, present.tolist(), strict=True) if here]
    if len(seen) > _MOST:
        raise InvalidInputError("state", f"must have at most {_MOST} labels", f"got {len(seen)}")
    labels = tuple(sorted(seen, key=label_key))
    targets = tuple(sorted([*labels, *([END] if labels else [])], key=label_key))
    source, target = (_places(table, axis)[code] for axis in (labels, targets))

    customer, at = log.codes[rows].astype(np.int64), log.at[rows]
    following = np.minimum(np.arange(len(rows)) + 1, max(len(rows) - 1, 0))
    last = np.append(first_of_run(customer)[1:], True)[: len(rows)]
    elapsed = at[following] - at
    follows = ~last & (elapsed <= within)
    stops = np.append(np.flatnonzero(goals), len(rows))
    goal_at = stops[np.searchsorted(stops[:-1], np.arange(len(rows)), side="right")]
    there = np.minimum(goal_at, max(len(rows) - 1, 0))
    same = (goal_at < len(rows)) & (customer[there] == customer)
    inside = np.ones(len(rows), np.bool_) if over is None else over.mask(at)
    end = targets.index(END) if targets else 0
    return Moves(
        labels=labels,
        targets=targets,
        customer=customer[inside],
        source=source[inside],
        target=np.where(follows, target[following], end)[inside],
        elapsed=np.where(follows, elapsed, 0)[inside],
        converted=(same & (at[there] - at <= within))[inside],
        open=(at + within > as_of)[inside],
    )


def _places(table: list[Label], labels: tuple[Label, ...]) -> Int:
    """Return the place of each label of a table among some labels; 0 for one that is not there."""
    place = {label_key(label): i for i, label in enumerate(labels)}
    return np.array([place.get(label_key(label), 0) for label in table], np.int64)
