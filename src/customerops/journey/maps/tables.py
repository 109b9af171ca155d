"""What is counted on a journey map: who is where, who was, who moved, who skipped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.estimates import Difference, Proportion
from customerops.model.tables.tables import Count, Table, of_one_class
from customerops.model.values.checks import one_of
from customerops.model.values.labels import START, Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "InMapOrder",
    "StageConversion",
    "StageMoves",
    "StageProportion",
    "StageTable",
    "all_stages",
    "in_map_order",
]

_OF = ("customers", "reached", "furthest")

Of = Literal["customers", "reached", "furthest"]


def in_map_order(axis: Axis, context: Context) -> NDArray[np.intp]:
    """Return the place of each label on the map: who is new first, off the map last."""
    keys = context.option("map").keys
    place: dict[Label, int] = {START: -1, None: len(keys)}
    place.update((key, i) for i, key in enumerate(keys))
    return np.array([place[label] for label in axis.labels], np.intp)


def all_stages(table: Table, name: str) -> None:
    """Refuse a table that was cut to some labels of an axis."""
    if table.context.option(f"{SELECTED}{name}") is not None:
        raise InvalidInputError(name, "must have all its labels", "select after it")


class InMapOrder(Table):
    """A table whose rows are shown in the order of the map, though its labels are sorted."""

    __slots__ = ()

    def _grid(self) -> list[tuple[Axis, NDArray[np.intp]]]:
        shown = self._shown()
        return [(axis, at[shown]) for axis, at in super()._grid()]

    def _frame(self, columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
        return super()._frame(self._reordered(columns))

    def _rows_html(self, title: str, columns: Mapping[str, NDArray[Any]]) -> str:
        return super()._rows_html(title, self._reordered(columns))

    def _reordered(self, columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        shown = self._shown()
        return {name: column[shown] for name, column in columns.items()}

    def _shown(self) -> NDArray[np.intp]:
        """Return the cells in the order in which they are shown."""
        keys = [
            in_map_order(axis, self.context)[at] if axis.kind == "state" else at
            for axis, at in super()._grid()
        ]
        return np.lexsort(keys[::-1]) if keys else np.zeros(1, np.intp)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageProportion(InMapOrder, Proportion):
    """A share of customers for each stage.

    Parameters
    ----------
    axes, parts, context
        As for `Proportion`.
    """


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageConversion(InMapOrder, Proportion):
    """The share of a stage's customers who came to another one afterwards.

    Axes source and target (after the group): ``count`` is who came to the target by an event after
    the one by which they first reached the source; on the diagonal, who came to it once more.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "source")}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageMoves(InMapOrder):
    """Changes of the stage customers are counted in, over source and target (after the group).

    None is off the map: where everybody begins, and where who has no stage left goes.

    Attributes
    ----------
    count : ndarray of int
        Changes.
    customers : ndarray of int
        Customers who made that change at least once.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "customers")

    @property
    def count(self) -> Count:
        """How many changes."""
        return self._part("count")

    @property
    def customers(self) -> Count:
        """How many customers made them."""
        return self._part("customers")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StageTable(InMapOrder):
    """How many customers are in each stage, and were, over the axis stage (after the group).

    The label None is off the map, where everybody begins.

    Attributes
    ----------
    customers : ndarray of int
        Who is counted in the stage at the instant; the column sums to `known`.
    reached : ndarray of int
        Who ever was in it, whichever stage they were counted in.
    furthest : ndarray of int
        Whose furthest stage it is; the column sums to `known`.
    skipped : ndarray of int
        Who reached a further one and has never been in it. Who reached it, who skipped it and
        whose furthest stage comes before it are everybody.
    visitors : ndarray of int
        Who was ever counted in it.
    regressed : ndarray of int
        Who ever went from it to an earlier stage.
    entries, advances, regressions, expiries : ndarray of int
        Changes into it; out of it to a further stage, to an earlier one, off the map.
        ``customers = entries - advances - regressions - expiries``; off the map, everybody known
        counts as an entry.
    known : int or ndarray of int
        Customers known at the instant.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        *("customers", "reached", "furthest", "skipped", "visitors", "regressed"),
        *("entries", "advances", "regressions", "expiries", "known"),
    )
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"known": ("group",)}

    @property
    def customers(self) -> Count:
        """Customers counted in each stage."""
        return self._part("customers")

    @property
    def reached(self) -> Count:
        """Customers who ever were in each stage."""
        return self._part("reached")

    @property
    def furthest(self) -> Count:
        """Customers whose furthest stage it is."""
        return self._part("furthest")

    @property
    def known(self) -> Count:
        """Customers known at the instant."""
        return self._part("known")

    def share(self, of: Of = "customers") -> StageProportion:
        """Return the share of known customers who are in each stage, reached it, or no further.

        Parameters
        ----------
        of : {"customers", "reached", "furthest"}
            Who is counted in the stage at the instant; who ever was in it; whose furthest it is.

        Raises
        ------
        InvalidInputError
            If `of` is none of them.
        """
        one_of("of", of, _OF)
        return self._of(self.parts[of], self._spread("known"), of)

    def skips(self) -> StageProportion:
        """Return the share of the customers beyond each stage who have never been in it.

        Raises
        ------
        InvalidInputError
            If the table was cut to some stages.
        """
        all_stages(self, "stage")
        place = in_map_order(self.axes[-1], self.context)
        place[place == place.max()] = -1  # off the map is before every stage
        further = (place[:, None] > place).astype(np.int64)
        beyond = self.parts["furthest"] @ further
        return self._of(self.parts["skipped"], beyond, "skipped")

    def regression(self) -> StageProportion:
        """Return the share of those ever counted in a stage who went from it to an earlier one."""
        return self._of(self.parts["regressed"], self.parts["visitors"], "regressed")

    def difference(self, other: StageTable, of: Of = "customers") -> Difference:
        """Return the shares of the stages less those of other customers.

        Parameters
        ----------
        other : StageTable
            On the same map: ``t.select(country="DE").difference(t.select(country="FR"))``.
        of : {"customers", "reached", "furthest"}
            As for `share`.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or as for `share`.
        """
        of_one_class(self, other, "compared")
        return self.share(of).difference(other.share(of))

    def _of(self, count: NDArray[Any], total: NDArray[Any], of: str) -> StageProportion:
        context = attrs.evolve(self.context, metric=f"journey_stages.{of}")
        parts = {"count": count, "total": total}
        return StageProportion(axes=self.axes, parts=parts, context=context)
