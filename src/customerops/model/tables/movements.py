"""Movements: how an amount, or a number of customers, got from one level to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.money import Money

__all__ = ["Movements"]

_GAINS = ("new", "expansion", "reactivation")
_LOSSES = ("contraction", "churn")


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
    All parts add over customers, the levels too.

    Examples
    --------
    >>> from customerops.model.tables.tables import Context
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
        >>> from customerops.model.values.money import Money
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


def _closing(parts: Any) -> NDArray[Any]:
    level: NDArray[Any] = parts["opening"]
    for name in _GAINS:
        level = exact.add(level, parts[name])
    for name in _LOSSES:
        level = exact.add(level, exact.times(parts[name], -1))
    return level


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
