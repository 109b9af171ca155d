"""Movements: how an amount, or a number of customers, got from one level to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import one_of
from customerops.model.values.money import Money

if TYPE_CHECKING:
    from customerops.model.tables.estimates import Quotient

__all__ = ["REVENUE_ALIASES", "Movements", "revenue_definition", "signed"]

_GAINS = ("new", "expansion", "reactivation")
_LOSSES = ("contraction", "churn")

# what is added, and what is deducted; a retention and a churn are divided by the opening
RATES: Mapping[str, Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "nrr": {
        "movement": (("opening", "expansion"), _LOSSES),
        "movement_with_reactivation": (("opening", "expansion", "reactivation"), _LOSSES),
    },
    "grr": {"movement": (("opening",), _LOSSES)},
    "churn_rate": {
        "gross": (_LOSSES, ()),
        "churn_only": (("churn",), ()),
        "net": (_LOSSES, ("expansion", "reactivation")),
        "net_without_reactivation": (_LOSSES, ("expansion",)),
    },
    "quick_ratio": {
        "baremetrics": (("new", "expansion"), ()),
        "with_reactivation": (_GAINS, ()),
    },
}

REVENUE_ALIASES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "nrr": MappingProxyType(
            {
                "baremetrics": "movement",
                "chartmogul": "movement_with_reactivation",
                "chartmogul_cohort": "cohort_by_vintage",
                "displayr": "cohort_snapshot",
                "fighting_churn_with_data": "cohort_snapshot",
                "smsb": "cohort_snapshot",
            }
        ),
        "grr": MappingProxyType({"dbt": "per_customer", "saas_metrics": "per_customer"}),
        "churn_rate": MappingProxyType(
            {
                "baremetrics_net": "net_without_reactivation",
                "chartmogul_gross": "gross",
                "chartmogul_net": "net",
                "fighting_churn_with_data": "gross",
            }
        ),
        "quick_ratio": MappingProxyType({"saas_metrics": "with_reactivation"}),
    }
)
"""Names that vendors and authors use, by measure, each with the definition it is."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Movements(Table):
    """An opening level, what was gained and lost, and the closing level.

    Parameters
    ----------
    axes : sequence of Axis
        As a rule one of periods, or none.
    parts : mapping
        ``opening``, ``new``, ``expansion``, ``contraction``, ``churn``, ``reactivation`` and
        ``closing``: whole numbers, amounts in minor units. Losses are positive numbers.
    context : Context
        What it is about; its currency is that of the amounts.

    Raises
    ------
    InvalidInputError
        If a movement is negative, or a cell does not close.

    Notes
    -----
    In every cell ``opening + new + expansion + reactivation - contraction - churn = closing``.
    All parts add over customers, the levels too. The rates have no interval: they are accounting of
    the whole book, and no sample; `customerops.metrics.nrr` of spells has one, by customer.

    Examples
    --------
    >>> from customerops.model import Context, Movements
    >>> bridge = Movements.of(
    ...     opening=18_000, reactivation=5_000, expansion=2_000, contraction=4_000,
    ...     context=Context("mrr_movements"),
    ... )
    >>> bridge.closing, bridge.net
    (21000, 3000)
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        "opening",
        "new",
        "expansion",
        "contraction",
        "churn",
        "reactivation",
        "closing",
    )

    @classmethod
    def of(
        cls,
        *,
        opening: object,
        new: object = 0,
        expansion: object = 0,
        contraction: object = 0,
        churn: object = 0,
        reactivation: object = 0,
        closing: object = None,
        axes: Sequence[Axis] = (),
        context: Context | None = None,
    ) -> Self:
        """Return movements from amounts.

        Parameters
        ----------
        opening, new, expansion, contraction, churn, reactivation : int, array of int, or Money
            Whole numbers as they are; `Money` as minor units, which also gives the currency. Zero
            where not given. Not floats: they do not add exactly.
        closing : int, array of int, or Money, optional
            Checked if given, else computed.
        axes : sequence of Axis
            Of the arrays; none for single amounts.
        context : Context, optional
            What it is about; ``Context("movements")`` if not given.

        Raises
        ------
        InvalidInputError
            If an amount is no whole number, the cells do not close, or two currencies meet.

        Examples
        --------
        >>> from customerops.model import Money, Movements
        >>> Movements.of(opening=Money("100.00", "EUR"), churn=Money("20.00", "EUR")).closing
        8000
        """
        given = {
            "opening": opening,
            "new": new,
            "expansion": expansion,
            "contraction": contraction,
            "churn": churn,
            "reactivation": reactivation,
        }
        if closing is not None:
            given["closing"] = closing
        context = _with_currency(context or Context("movements"), given)
        shape = tuple(len(axis) for axis in axes)
        parts = {name: _minor(name, amount, shape) for name, amount in given.items()}
        if closing is None:
            parts["closing"] = _closing(parts)
        return cls(axes=axes, parts=parts, context=context)

    @property
    def opening(self) -> Count:
        """The level at the start."""
        return self._part("opening")

    @property
    def new(self) -> Count:
        """From customers who never were there before."""
        return self._part("new")

    @property
    def expansion(self) -> Count:
        """More from customers who were there."""
        return self._part("expansion")

    @property
    def contraction(self) -> Count:
        """Less from customers who stayed."""
        return self._part("contraction")

    @property
    def churn(self) -> Count:
        """From customers who left."""
        return self._part("churn")

    @property
    def reactivation(self) -> Count:
        """From customers who had left and came back."""
        return self._part("reactivation")

    @property
    def closing(self) -> Count:
        """The level at the end."""
        return self._part("closing")

    @property
    def net(self) -> Count:
        """Closing less opening."""
        net = exact.add(self.parts["closing"], exact.times(self.parts["opening"], -1))
        return int(net.item()) if net.ndim == 0 else net

    def nrr(self, definition: str) -> Quotient:
        """Return the net revenue retention: what became of the opening level, by the opening level.

        Parameters
        ----------
        definition : {"movement", "movement_with_reactivation"}
            ``(opening + expansion - contraction - churn) / opening``, or with ``reactivation``
            added to it; or a name in `REVENUE_ALIASES`.

        Returns
        -------
        Quotient
            NaN where the opening level is 0. Without an interval: it is accounting, no sample.

        Raises
        ------
        InvalidInputError
            For another definition. A snapshot of a cohort takes each customer's amounts, and a
            product of months their order.

        Notes
        -----
        The movements are taken to be those of the customers of the opening level. Over more than
        one step that is not what a bridge shows: customers who joined on the way expand
        and leave too.

        Examples
        --------
        >>> from customerops.model import Movements
        >>> bridge = Movements.of(opening=100_000, expansion=15_000, contraction=5_000, churn=3_000)
        >>> bridge.nrr("movement").value
        1.07
        """
        return self._rate("nrr", definition)

    def grr(self, definition: str) -> Quotient:
        """Return the gross revenue retention: what of the opening level was not lost.

        Parameters
        ----------
        definition : {"movement"}
            ``(opening - contraction - churn) / opening``; or a name in `REVENUE_ALIASES`.

        Returns
        -------
        Quotient
            As for `nrr`.

        Raises
        ------
        InvalidInputError
            For another definition; ``"per_customer"`` takes each customer's amounts.

        Examples
        --------
        >>> from customerops.model import Movements
        >>> Movements.of(opening=20_000, churn=1_200, contraction=800).grr("movement").value
        0.9
        """
        return self._rate("grr", definition)

    def churn_rate(self, definition: str) -> Quotient:
        """Return the share of the opening level that was lost, gross or net of what was gained.

        Parameters
        ----------
        definition : {"gross", "churn_only", "net", "net_without_reactivation"}
            By the opening level: contraction and churn; churn alone; both less expansion and
            reactivation; both less expansion. Or a name in `REVENUE_ALIASES`.

        Returns
        -------
        Quotient
            As for `nrr`. Net is negative where more was gained than lost.

        Raises
        ------
        InvalidInputError
            For another definition.

        Examples
        --------
        >>> from customerops.model import Movements
        >>> month = Movements.of(opening=100, churn=10, contraction=10, expansion=10)
        >>> month.churn_rate("gross").value, month.churn_rate("net").value
        (0.2, 0.1)
        """
        return self._rate("churn_rate", definition)

    def quick_ratio(self, definition: str) -> Quotient:
        """Return what was gained by what was lost.

        Parameters
        ----------
        definition : {"baremetrics", "with_reactivation"}
            ``(new + expansion) / (contraction + churn)``, or with ``reactivation`` among the gains;
            or a name in `REVENUE_ALIASES`.

        Returns
        -------
        Quotient
            NaN where nothing was lost.

        Raises
        ------
        InvalidInputError
            For another definition.

        Examples
        --------
        >>> from customerops.model import Movements
        >>> month = Movements.of(opening=180, reactivation=50, expansion=20, contraction=40)
        >>> month.quick_ratio("baremetrics").value, month.quick_ratio("with_reactivation").value
        (0.5, 1.75)
        """
        return self._rate("quick_ratio", definition)

    def _rate(self, of: str, definition: str) -> Quotient:
        definition = revenue_definition(of, definition, RATES[of])
        below = signed(self.parts, _LOSSES) if of == "quick_ratio" else self.parts["opening"]
        return self._quotient(of, definition, signed(self.parts, *RATES[of][definition]), below)

    def _quotient(
        self, of: str, definition: str | None, numerator: NDArray[Any], denominator: NDArray[Any]
    ) -> Quotient:
        """Return a quotient of amounts over the same axes."""
        from customerops.model.tables.estimates import Quotient

        parts = {"numerator": numerator, "denominator": denominator}
        context = attrs.evolve(self.context, metric=of, definition=definition)
        return Quotient(axes=self.axes, parts=parts, context=context)

    def _check(self) -> None:
        for name in (*_GAINS, *_LOSSES):
            if (self.parts[name] < 0).any():
                raise InvalidInputError(
                    name, "must not be negative", "losses are positive numbers"
                )
        wrong = self.parts["closing"] != _closing(self.parts)
        if wrong.any():
            raise InvalidInputError(
                "closing",
                "must equal opening + new + expansion + reactivation - contraction - churn",
                f"it does not in {int(wrong.sum())} of {wrong.size} cells",
            )


def revenue_definition(of: str, given: object, known: Iterable[str]) -> str:
    """Return a definition of a measure by its name, or by that of a vendor."""
    name = REVENUE_ALIASES[of].get(given, given) if isinstance(given, str) else given
    return one_of("definition", name, known)


def signed(parts: Any, plus: Sequence[str], minus: Sequence[str] = ()) -> NDArray[Any]:
    """Return the exact sum of some parts, less others."""
    first, *rest = plus
    total: NDArray[Any] = parts[first]
    for name in rest:
        total = exact.add(total, parts[name])
    for name in minus:
        total = exact.add(total, exact.times(parts[name], -1))
    return total


def _closing(parts: Any) -> NDArray[Any]:
    return signed(parts, ("opening", *_GAINS), _LOSSES)


def _minor(name: str, amount: object, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return whole numbers; a single one stands for every cell only if it is 0."""
    if isinstance(amount, Money):
        amount = amount.minor
    elif type(amount) is int and amount == 0:
        return exact.canon(np.zeros(shape, dtype=np.int64))
    return exact.canon(amount, name)


def _with_currency(context: Context, amounts: dict[str, object]) -> Context:
    """Return the context with the one currency of the amounts."""
    for amount in amounts.values():
        if isinstance(amount, Money):
            context = context.join(attrs.evolve(context, currency=amount.currency), "add")
    return context
