"""Funnels: how many customers reach each step in time, and how many may still do so."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.funnels.asking import had_time, length
from customerops.model.tables.base import Difference, Floats, Sampled
from customerops.model.tables.cells import closed
from customerops.model.tables.context import SELECTED
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.ratios import ClusteredShare, Ratio
from customerops.model.tables.tables import Count, Table, of_one_class
from customerops.model.values.checks import one_of

__all__ = ["AttemptConversion", "Funnel", "FunnelConversion", "FunnelTotals", "Of"]

Of = Literal["first", "previous"]


def _over(table: Table) -> NDArray[np.bool_]:
    """Return whether every entry of the report had its time."""
    context = table.context
    within = context.option("within")
    if within is None:
        done: NDArray[np.bool_] = closed(table.axes, context) & (table._spread("immature") == 0)
        return done
    return had_time(table.axes, context, length(within))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _OfEntries(Sampled):
    """What is said of those who had their time, while others may still convert."""

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"immature": ("group", "period")}

    @property
    def immature(self) -> Count:
        """How many are not settled yet."""
        return self._part("immature")

    def _complete(self) -> NDArray[np.bool_]:
        return _over(self)

    def _known(self) -> Floats:
        if self.context.option("within") is None:
            return super()._known()
        return self._value()


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FunnelConversion(_OfEntries, Proportion):
    """A share of customers at each step, among those who had their time for it.

    Parameters
    ----------
    axes, context
        As for `Proportion`.
    parts : mapping
        Those of a `Proportion`, and ``immature``: customers who are in neither of them yet.

    Notes
    -----
    The value is of those who had their time, also while others of the report have not; `complete`
    says whether there may be more. Without a limit of time only who converts is ever settled, and
    a share of them would always be 1: it is NaN until nobody is left to wait for.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "total", "immature")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class AttemptConversion(_OfEntries, ClusteredShare):
    """A share of attempts at each step, with the customer as the unit.

    Parameters
    ----------
    axes, context
        As for `ClusteredShare`.
    parts : mapping
        Those of a `Ratio`, and ``immature``: attempts that are in none of them yet.

    Notes
    -----
    As for `FunnelConversion`, of attempts. The attempts of one customer are alike, so an interval
    that took each for independent would be too narrow.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*Ratio.PARTS, "immature")

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in Ratio.PARTS]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _Steps(Table):
    """What funnels of customers and of attempts share: the axis step, from 1, is the last."""

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"immature": ("group", "period")}

    @property
    def counts(self) -> Count:
        """Those known to have reached each step so far, the immature among them."""
        return self._part("reached")

    @property
    def settled(self) -> Count:
        """Those who reached each step in an attempt that had its time."""
        return self._part("settled")

    @property
    def immature(self) -> Count:
        """Those without an attempt that had its time: not failed, not settled."""
        return self._part("immature")

    def _complete(self) -> NDArray[np.bool_]:
        return _over(self)

    def _before(self, of: Of) -> list[int]:
        """Return the place of the step that each one is compared with."""
        one_of("of", of, ("first", "previous"))
        if self.context.option(f"{SELECTED}step") is not None:
            raise InvalidInputError("funnel", "must have all its steps", "select() steps after it")
        optional = self.context.option("optional")
        places, before = [], 0
        for k in range(self.shape[-1]):
            places.append(before if of == "previous" else 0)
            before = before if k + 1 in optional else k
        return places

    def _read(self, metric: str, **options: Any) -> dict[str, Any]:
        context = attrs.evolve(self.context, metric=f"funnel.{metric}")
        return {"axes": self.axes, "context": context.with_options(**options)}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Funnel(_Steps):
    """How many customers reach each step, over the axis step (after group and period), from 1.

    Attributes
    ----------
    reached : ndarray of int
        Customers known to have reached the step, in the deepest of their attempts.
    settled : ndarray of int
        Customers who reached it in the deepest of their attempts whose time was over at as_of.
    immature : int or ndarray of int
        Customers who entered, and have no attempt whose time was over.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("reached", "settled", "immature")

    def conversion(self, of: Of = "first") -> FunnelConversion:
        """Return the share of customers who reached each step.

        Parameters
        ----------
        of : {"first", "previous"}
            Among those who entered, or those who reached the step before (who entered, for the
            first step). Steps that are optional are passed over: the share of those who took one
            of them, and that of the step after it, are of the last step that is not optional.

        Raises
        ------
        InvalidInputError
            If `of` is neither, or the funnel was cut to some steps.
        """
        settled = self.parts["settled"]
        total = settled[..., self._before(of)]
        return FunnelConversion(
            parts={"count": settled, "total": total, "immature": self.parts["immature"]},
            **self._read("conversion", of=of),
        )

    def drop_off(self) -> FunnelConversion:
        """Return the share of customers that each step lost (流失): one less `conversion("previous")`.

        Returns
        -------
        FunnelConversion
            Of those who reached the step before and had their time, those who did not reach this
            one; 0 at the first. For a step that is optional: those who skipped it.

        Raises
        ------
        InvalidInputError
            If the funnel was cut to some steps.
        """
        settled = self.parts["settled"]
        total = settled[..., self._before("previous")]
        return FunnelConversion(
            parts={"count": total - settled, "total": total, "immature": self.parts["immature"]},
            **self._read("drop_off"),
        )

    def difference(self, other: Funnel, of: Of = "first") -> Difference:
        """Return the conversion less that of another funnel with the same steps.

        Parameters
        ----------
        other : Funnel
            Of other customers: ``f.select(country="DE").difference(f.select(country="FR"))``.
        of : {"first", "previous"}
            As for `conversion`.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or as for `conversion`.

        Notes
        -----
        Newcombe's hybrid score interval, of two independent shares.
        """
        of_one_class(self, other, "compared")
        return self.conversion(of).difference(other.conversion(of))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FunnelTotals(_Steps):
    """How many attempts reach each step, over the axis step (after the group), from 1.

    Attributes
    ----------
    reached, settled : ndarray of int
        Attempts known to have reached the step; those of them whose time was over at as_of.
    customers : ndarray of int
        Customers with a settled attempt that reached the step.
    squares, with_first, with_previous : ndarray of int
        Sums over customers of the square of their settled attempts that reached the step, and of
        the product with those that reached the first and the previous one: what intervals read.
    immature : int or ndarray of int
        Attempts whose time was not over.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        *("reached", "settled", "immature"),
        *("customers", "squares", "with_first", "with_previous"),
    )

    @property
    def customers(self) -> Count:
        """How many customers have a settled attempt that reached each step."""
        return self._part("customers")

    def conversion(self, of: Of = "first") -> AttemptConversion:
        """Return the share of attempts that reached each step.

        Parameters
        ----------
        of : {"first", "previous"}
            As for `Funnel.conversion`.

        Raises
        ------
        InvalidInputError
            If `of` is neither, or the funnel was cut to some steps.
        """
        p, before = self.parts, self._before(of)
        return AttemptConversion(
            parts={
                "n": p["customers"][..., before],
                "x": p["settled"],
                "y": p["settled"][..., before],
                "xx": p["squares"],
                "yy": p["squares"][..., before],
                "xy": p["with_first" if of == "first" else "with_previous"],
                "immature": p["immature"],
            },
            **self._read("conversion", of=of),
        )

    def difference(self, other: FunnelTotals, of: Of = "first") -> Difference:
        """Return the conversion of attempts less that of another funnel with the same steps.

        Parameters
        ----------
        other : FunnelTotals
            Of other customers.
        of : {"first", "previous"}
            As for `conversion`.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or as for `conversion`.

        Notes
        -----
        Welch's interval; the customer is the unit.
        """
        of_one_class(self, other, "compared")
        return self.conversion(of).difference(other.conversion(of))

    def _columns(self) -> dict[str, NDArray[Any]]:
        hidden = ("squares", "with_first", "with_previous")
        return {name: c for name, c in super()._columns().items() if name not in hidden}
