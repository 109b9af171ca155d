"""In which cell of a result each event lies: by group, by a field of its own, by period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.campaign.linking import coded
from customerops.metrics.survey.answers import spans_asked
from customerops.model.log.ask import Asked
from customerops.model.log.derived import groups_of
from customerops.model.tables.axes import Axis
from customerops.model.values import exact

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping

__all__ = ["Cells", "cells_of"]


@attrs.frozen(eq=False)
class Cells:
    """The cells of a result, and in which of them each event of a log lies.

    Attributes
    ----------
    axes : tuple of Axis
        Group, field and period, as far as there are any.
    size : int
        How many cells.
    outer : ndarray of int, shape (n_events,)
        The cells before that of the first period, by the customer and the field of each event.
    place : ndarray of int, shape (n_events,)
        The period of each event; outside of all of them, what is no period.
    periods : int
        How many periods; 1 for one window.
    """

    log: InteractionLog
    axes: tuple[Axis, ...]
    size: int
    outer: NDArray[np.intp]
    place: NDArray[np.intp]
    periods: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of labels of each axis."""
        return tuple(len(axis) for axis in self.axes)

    def inside(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which events of some rows lie in a period."""
        place: NDArray[np.intp] = self.place[rows]
        return (place >= 0) & (place < self.periods)

    def of(self, rows: NDArray[np.intp], when: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
        """Return the cell of events that lie in one, by the time of other rows if they are given."""
        return self.outer[rows] + self.place[rows if when is None else when]

    def count(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return how many events of some rows lie in each cell."""
        return exact.group_count(self.of(rows[self.inside(rows)]), self.size)

    def clusters(
        self, rows: NDArray[np.intp], cell: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the cell of each customer in a cell, and which of these each row is of."""
        width = max(self.size, 1)
        key = self.log.codes[rows].astype(np.int64) * width + cell
        distinct, where = np.unique(key, return_inverse=True)
        return distinct % width, where


def cells_of(
    asked: Asked,
    split: str | None,
    by: str | Grouping | None,
    rows: NDArray[np.intp],
    when: NDArray[np.intp] | None = None,
) -> Cells:
    """Return the cells of the events of some rows, by the time of other rows if they are given.

    The axis of a field holds the labels that occur among them; a missing one is a label, None.
    """
    log = asked.log
    when = rows if when is None else when
    spans = spans_asked(asked, int(log.at[when].min()) if len(when) else None)
    place = spans.place(log.at)
    group, groups, axes = groups_of(log, by)
    outer, size = group[log.codes], groups
    if split is not None:
        column = coded(log, "split", split)
        codes = np.where(column.codes < 0, len(column.labels), column.codes).astype(np.intp)
        some = rows[(place[when] >= 0) & (place[when] < len(spans))]
        kept = np.flatnonzero(np.bincount(codes[some], minlength=len(column.labels) + 1))
        table = np.zeros(len(column.labels) + 1, np.intp)
        table[kept] = np.arange(len(kept))
        labels = [(*column.labels, None)[code] for code in kept.tolist()]
        name = split.removeprefix("attributes.")
        axes = (*axes, Axis(name, labels, "group", disjoint=False))
        outer, size = outer * len(kept) + table[codes], size * len(kept)
    axes = (*axes, *spans.axes)
    return Cells(log, axes, size * len(spans), outer * len(spans), place, len(spans))
