"""The table of pairs: how often items are bought together, which adds over disjoint customers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.affinity.given_counts import counted
from customerops.metrics.affinity.measures import DIRECTED, MEASURES, SYMMETRIC
from customerops.metrics.affinity.pair_sums import OF_ITEMS, TOTALS, joined
from customerops.metrics.affinity.pairing import PAIR_MOMENTS
from customerops.metrics.affinity.rule_frames import largest, rules_frame, share_of
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.cells import closed
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import ClusteredShare, Proportion
from customerops.model.tables.tables import Statistic
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, whole
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CoPurchases"]

Floats = NDArray[np.float64]

_BY = ("both", *SYMMETRIC)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class CoPurchases(Statistic):
    """How many baskets hold each item, and each two items; made by `co_purchases`.

    Attributes
    ----------
    items : Axis
        The items that are in a basket.
    first, second : ndarray of int, shape (pairs,)
        The pairs that are in a basket together, as places on `items`: ``first < second``, sorted.
    parts : mapping of str to ndarray of int
        Of all baskets: ``baskets``, how many there are. Of each item: ``count``, the baskets with
        it. Of each pair: ``both``, the baskets with both. Where a basket is an order, orders
        cluster within customers, and there is what intervals need: ``customers`` and
        ``baskets_sq`` (the sum over customers of their baskets squared); ``customers_with`` the
        item and ``count_sq``; and by pair the sums over customers ``both_sq``, ``both_baskets``,
        ``both_first`` and ``both_second`` (both times their baskets with the one item).
    context : Context
        What it is about; its unit is that of a basket.

    Notes
    -----
    Pairs that were never bought together are not kept; their count is 0. ``a + b`` joins the items
    and adds the parts exactly; it is commutative and associative, and the table of an empty log is
    neutral.

    With n baskets, a and b of them with the one and with the other item, and c with both:

    ============  ============================  ==============================================
    measure       formula                       source
    ============  ============================  ==============================================
    support       c / n                         Agrawal, Imielinski and Swami (1993)
    confidence    c / a                         the same
    lift          c n / (a b)                   Brin, Motwani, Ullman and Tsur (1997),
                                                who call it interest
    leverage      c / n - a b / n²              Piatetsky-Shapiro (1991)
    conviction    a (n - b) / (n (a - c))       Brin et al. (1997); infinite where c = a < n
    jaccard       c / (a + b - c)               Jaccard (1901)
    cosine        c / sqrt(a b)                 Salton and McGill (1983)
    ============  ============================  ==============================================

    All are NaN where the window is not closed.

    References
    ----------
    Tan, P.-N., Kumar, V. and Srivastava, J. (2004). Selecting the right objective measure for
    association analysis. Information Systems 29, 293-313.
    """

    items: Axis
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    parts: Mapping[str, Any]
    context: Context

    def __attrs_post_init__(self) -> None:
        parts = {name: exact.canon(self.parts[name], name) for name in self._names()}
        object.__setattr__(self, "parts", MappingProxyType(parts))
        for name in ("first", "second"):
            array = np.array(getattr(self, name), np.int64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @classmethod
    def from_counts(
        cls,
        *,
        baskets: int,
        items: Mapping[Label, int],
        pairs: Mapping[tuple[Label, Label], int],
    ) -> Self:
        """Return the table of counts that are known already.

        Parameters
        ----------
        baskets : int
            How many baskets there are. They count as independent: one a customer.
        items : mapping of Label to int
            The baskets with each item, at least one.
        pairs : mapping of (Label, Label) to int
            The baskets with both; a pair that is left out is in none.

        Raises
        ------
        InvalidInputError
            If a pair is not of two of the items or is given twice, or no baskets could have these
            counts.

        Examples
        --------
        Of 100 people 25 drink tea, 90 coffee, and 20 both. Four in five tea drinkers drink coffee,
        and yet they are less likely to than others:

        >>> from customerops.metrics import CoPurchases
        >>> drinks = CoPurchases.from_counts(
        ...     baskets=100, items={"tea": 25, "coffee": 90}, pairs={("tea", "coffee"): 20}
        ... )
        >>> drinks.confidence("tea", "coffee").value, round(float(drinks.measure("lift")[0]), 2)
        (0.8, 0.89)
        """
        return cls(**counted(baskets, items, pairs), context=Context("co_purchases"))

    # -- reading ------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of pairs that were bought together."""
        return len(self.first)

    @property
    def axes(self) -> tuple[Axis]:
        """The axis of the items."""
        return (self.items,)

    @property
    def baskets(self) -> int:
        """How many baskets there are."""
        return int(self.parts["baskets"])

    @property
    def complete(self) -> bool:
        """Whether the window was closed at ``as_of``, so that no later order can change it."""
        return bool(closed((), self.context))

    def measure(self, name: str) -> Floats:
        """Return a measure of every pair, directed ones from `first` to `second`.

        Parameters
        ----------
        name : {"support", "lift", "leverage", "jaccard", "cosine", "confidence", "conviction"}
            Which one.

        Raises
        ------
        InvalidInputError
            If there is no such measure.
        """
        one_of("measure", name, MEASURES)
        count = self.parts["count"]
        return self._measured(name, self.parts["both"], count[self.first], count[self.second])

    def support(self, one: Label, other: Label) -> Proportion | ClusteredShare:
        """Return the share of baskets that hold both of two items, with an interval.

        Parameters
        ----------
        one, other : Label
            Two items.

        Returns
        -------
        Proportion or ClusteredShare
            Of customers, with Wilson's interval; of orders, with the customer as the unit.

        Raises
        ------
        InvalidInputError
            If one of the two is in no basket, or they are the same.
        """
        own = self._pair(*self._two(one, other))
        n, nn = (self.parts.get(name) for name in ("customers", "baskets_sq"))
        context = self._about("support", (one, other))
        return share_of(context, own, self.baskets, n, nn, own.get("both_baskets"))

    def confidence(self, given: Label, then: Label) -> Proportion | ClusteredShare:
        """Return the share of the baskets with one item that hold another, with an interval.

        Parameters
        ----------
        given : Label
            The item whose baskets are looked at.
        then : Label
            The item looked for in them.

        Returns
        -------
        Proportion or ClusteredShare
            As for `support`.

        Raises
        ------
        InvalidInputError
            As for `support`.

        Notes
        -----
        The interval is that of a pair chosen beforehand. A pair that is chosen because it is at
        the top of many is likely to owe some of that to chance: look at it again in later orders.
        """
        a, b = self._two(given, then)
        own = self._pair(a, b)
        count, n, nn = (self.parts[name][a] if name in self.parts else None for name in OF_ITEMS)
        cross = own.get("both_first" if a < b else "both_second")
        return share_of(self._about("confidence", (given, then)), own, count, n, nn, cross)

    def top(self, n: int, *, by: str, at_least: int) -> pd.DataFrame:
        """Return the pairs with the largest value of a measure.

        Parameters
        ----------
        n : int
            How many.
        by : {"both", "support", "lift", "leverage", "jaccard", "cosine"}
            What they are ranked by.
        at_least : int
            Only pairs that are in so many baskets. The lift of a pair that was seen once is as
            large as it is uncertain.

        Returns
        -------
        pandas.DataFrame
            As `to_frame`, the largest first; of equal ones the first by label. A frame, since the
            top of two halves does not add up to the top of the whole.

        Raises
        ------
        InvalidInputError
            If a number is no whole number or negative, or there is no such measure; confidence and
            conviction have a direction: see `rules`.
        """
        whole("n", n, least=0)
        one_of("by", by, _BY)
        value = self.parts["both"].astype(np.float64) if by == "both" else self.measure(by)
        kept = self.parts["both"] >= whole("at_least", at_least, least=0)
        rows = largest(value, kept)
        return self.to_frame().iloc[rows[:n]].reset_index(drop=True)

    def rules(
        self, n: int, *, by: str = "confidence", at_least: int, confidence: float = 0.95
    ) -> pd.DataFrame:
        """Return rules "who has the one has the other", each pair in both directions.

        Parameters
        ----------
        n : int
            How many.
        by : {"confidence", "conviction", "both", "support", "lift", "leverage", "jaccard", "cosine"}
            What they are ranked by.
        at_least : int
            Only pairs that are in so many baskets.
        confidence : float
            Coverage of the interval of the column ``confidence``.

        Returns
        -------
        pandas.DataFrame
            One row a rule, the largest first; of equal ones the first by labels: ``given``,
            ``then``, the counts ``both``, ``given_count`` and ``then_count``, ``confidence`` with
            ``low`` and ``high``, ``lift``, ``conviction``, ``complete``. For the interval see
            `confidence`.

        Raises
        ------
        InvalidInputError
            As for `top`, or if `confidence` is not between 0 and 1.
        """
        whole("n", n, least=0)
        one_of("by", by, (*DIRECTED, *_BY))
        return rules_frame(self, n, by, whole("at_least", at_least, least=0), confidence)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair that was bought together, by labels.

        Returns
        -------
        pandas.DataFrame
            ``first`` and ``second``; the counts ``both``, ``first_count``, ``second_count`` and
            ``baskets``; every symmetric measure; ``complete``.
        """
        import pandas as pd

        count = self.parts["count"]
        return pd.DataFrame(
            {
                "first": self._labels(self.first),
                "second": self._labels(self.second),
                "both": self.parts["both"],
                "first_count": count[self.first],
                "second_count": count[self.second],
                "baskets": np.full(len(self), self.baskets),
                **{name: self.measure(name) for name in SYMMETRIC},
                "complete": np.full(len(self), self.complete),
            }
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CoPurchases):
            return NotImplemented
        return (
            self.context == other.context
            and self.items == other.items
            and np.array_equal(self.first, other.first)
            and np.array_equal(self.second, other.second)
            and all(np.array_equal(self.parts[name], other.parts[name]) for name in self.parts)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"CoPurchases({len(self)} pairs of {len(self.items)} items in {self.baskets} baskets)"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (self.items, self.first, self.second, dict(self.parts), self.context))

    def _repr_html_(self) -> str:
        """Show the pairs most often bought together."""
        shown = self.top(render.ROWS, by="both", at_least=1)
        labels = {name: shown[name].tolist() for name in ("first", "second")}
        columns = {name: [render.number(v) for v in shown[name]] for name in ("both", "lift")}
        columns["support"] = [render.percent(v) for v in shown["support"]]
        faint = (~shown["complete"]).tolist()
        return render.rows_html(self.context.title, labels, columns, faint, len(self))

    # -- helpers ------------------------------------------------------------------------------

    def _names(self) -> tuple[str, ...]:
        """Return the parts there are: with sums over customers where a basket is an order."""
        if self.context.unit == "order":
            return (*TOTALS, *OF_ITEMS, "both", *PAIR_MOMENTS)
        return ("baskets", "count", "both")

    def _measured(self, name: str, both: Any, first: Any, second: Any) -> Floats:
        a, b, c = (np.asarray(part, np.float64) for part in (first, second, both))
        value = MEASURES[name](c, a, b, np.asarray(self.baskets, np.float64))
        return value if self.complete else np.full(len(value), np.nan)

    def _labels(self, places: NDArray[np.int64]) -> NDArray[Any]:
        labels = self.items.labels
        return np.fromiter((labels[i] for i in places.tolist()), object, len(places))

    def _two(self, one: Label, other: Label) -> tuple[int, int]:
        a, b = self.items.positions([one, other]).tolist()
        if a == b:
            raise InvalidInputError("items", "must be two different ones", f"{came(one)} twice")
        return a, b

    def _pair(self, a: int, b: int) -> dict[str, int]:
        """Return the parts of a pair, zero where it was never bought together."""
        low, high = min(a, b), max(a, b)
        start, stop = np.searchsorted(self.first, [low, low + 1])
        at = start + int(np.searchsorted(self.second[start:stop], high))
        there = at < stop and self.second[at] == high
        names = [name for name in ("both", *PAIR_MOMENTS) if name in self.parts]
        return {name: int(self.parts[name][at]) if there else 0 for name in names}

    def _about(self, measure: str, items: tuple[Label, Label]) -> Context:
        context = attrs.evolve(self.context, metric=f"co_purchases.{measure}")
        return context.with_options(items=items)

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        return attrs.evolve(self, **joined(self, other, self._names()), context=context)


def _rebuilt(
    items: Axis,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    parts: dict[str, NDArray[Any]],
    context: Context,
) -> CoPurchases:
    return CoPurchases(items=items, first=first, second=second, parts=parts, context=context)
