"""Cohort tables: of those who started together, how many returned at each age."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from typing import ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import render
from customerops.model.tables.cells import axis_index
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Count
from customerops.model.values import exact

__all__ = ["CohortTable"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class CohortTable(Proportion):
    """A share per cohort and age, known only where the whole cohort has reached the age.

    Parameters
    ----------
    axes : sequence of Axis
        A cohort axis and an age axis, after a group axis if there are groups.
    parts : mapping
        ``count``: who returned among the eligible; ``total``: the eligible, those whose window at
        that age is closed; ``size``: the cohort, over groups and cohorts only. Whole numbers with
        ``0 <= count <= total <= size``.
    context : Context
        What it is about.

    Raises
    ------
    InvalidInputError
        If the parts are not in that order.

    Notes
    -----
    ``value = count / total`` where ``total = size > 0``; NaN in every other cell, for there a part
    of the cohort, or all of it, has not had the time yet. `pooled` uses those parts too.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Axis, CohortTable, Context
    >>> cohorts = [dt.date(2026, 1, 1), dt.date(2026, 2, 1)]
    >>> table = CohortTable(
    ...     axes=[Axis("cohort", cohorts, "cohort", disjoint=True), Axis("age", [0, 1], "age")],
    ...     parts={"count": [[4, 2], [6, 0]], "total": [[4, 4], [6, 0]], "size": [4, 6]},
    ...     context=Context("retention"),
    ... )
    >>> table.value
    array([[1. , 0.5],
           [1. , nan]])
    >>> table.pooled().total
    array([10,  4])
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "total", "size")
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"size": ("group", "cohort")}

    @property
    def size(self) -> Count:
        """How many are in each cohort."""
        return self._part("size")

    def pooled(self) -> Proportion:
        """Return the share at each age over all cohorts, of the customers eligible at that age.

        Returns
        -------
        Proportion
            Without the cohort axis; an age that nobody has reached yet is NaN.

        Raises
        ------
        InvalidInputError
            If a customer may be in several cohorts: that takes a `Ratio` by customer, which needs
            the events.

        Notes
        -----
        Counts are summed, shares are not averaged. Young cohorts drop out with age: what changes
        along the curve may be who is in it.
        """
        i = self._cohorts()
        axis = self.axes[i]
        if not axis.disjoint:
            raise InvalidInputError(
                axis.name,
                "must have each customer in one cohort to be pooled",
                "a customer may be in several: their share needs a ratio by customer",
            )
        return Proportion(
            axes=[*self.axes[:i], *self.axes[i + 1 :]],
            parts={name: exact.sum_along(self.parts[name], i) for name in ("count", "total")},
            context=self.context.with_options(pooled="eligible"),
        )

    def rollup(self, axis: str) -> Self:
        """Return the table of all groups; cohorts are not rolled up but `pooled`.

        Parameters
        ----------
        axis : str
            The name of the group axis.

        Raises
        ------
        InvalidInputError
            As for `Table.rollup`, and for the cohort axis.
        """
        if self.axes[axis_index(self.axes, axis)].kind == "cohort":
            raise InvalidInputError(
                axis, "must be pooled, not rolled up", "cohorts have reached different ages"
            )
        return super().rollup(axis)

    def _check(self) -> None:
        super()._check()
        if (self._spread("total") > self._spread("size")).any():
            raise InvalidInputError("total", "must not exceed size")

    def _complete(self) -> NDArray[np.bool_]:
        total, size = self._spread("total"), self._spread("size")
        complete: NDArray[np.bool_] = ((total == size) & (size > 0)).astype(np.bool_)
        return complete

    def _cohorts(self) -> int:
        for i, axis in enumerate(self.axes):
            if axis.kind == "cohort":
                return i
        raise InvalidInputError("axes", "must have cohorts to be pooled", "none is left")

    def _repr_html_(self) -> str:
        """Show cohorts down and ages across: the share, and below it returned / eligible."""
        if not self.axes or self.axes[-1].kind != "age":
            return super()._repr_html_()
        *downs, ages = self.axes
        lengths = [len(axis) for axis in downs]
        rows, across = math.prod(lengths), slice(render.COLUMNS)
        sizes = self.parts["size"].ravel().tolist()
        parts = self._known(), self._spread("count"), self._spread("total"), self._complete()
        heads, cells = [], []
        for row, at in enumerate(islice(np.ndindex(*lengths), render.ROWS)):
            labels = [axis.labels[i] for axis, i in zip(downs, at, strict=True)]
            heads.append([*map(render.label_text, labels), render.number(sizes[row])])
            line = zip(*(part[at][across].tolist() for part in parts), strict=True)
            cells.append(
                [
                    render.share_cell(value, f"{count:,} / {total:,}", faint=not complete)
                    for value, count, total, complete in line
                ]
            )
        names = [*(axis.name for axis in downs), "size"]
        return render.grid_html(
            self.context.title, names, heads, ages.labels[across], cells, (rows, len(ages))
        )
