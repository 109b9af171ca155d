"""A budget: which of many uses to spend it on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came, one_of

__all__ = ["Allocation", "allocate"]

Number = int | float | Decimal | Fraction

_STATES = 100_000
"""Undominated choices that are kept at most: above, it is not a small problem."""


@attrs.frozen
class Allocation:
    """What a budget is spent on; made by `allocate`.

    Attributes
    ----------
    chosen : tuple of int
        Positions of the uses chosen, rising.
    value, cost : Fraction
        What they bring, and what they cost.
    bound : Fraction
        What no choice can exceed.
    method : str
        How they were chosen.
    """

    chosen: tuple[int, ...]
    value: Fraction
    cost: Fraction
    bound: Fraction
    method: str

    @property
    def optimal(self) -> bool:
        """Whether it is known that no choice brings more."""
        return self.method == "exact" or self.value == self.bound


def allocate(
    values: Sequence[Number],
    costs: Sequence[Number],
    budget: Number,
    *,
    method: Literal["greedy", "exact"] = "greedy",
) -> Allocation:
    """Return on which uses to spend a budget (预算分配): each is done whole, or not.

    Parameters
    ----------
    values : sequence of int, float, Decimal or Fraction
        What each use brings: the uplift expected of contacting a customer, say. One that brings
        nothing, or less, is never chosen.
    costs : sequence of the same
        What each costs, in the unit of the budget; not negative.
    budget : int, float, Decimal or Fraction
        What there is.
    method : {"greedy", "exact"}
        ``"greedy"``: by value per cost, what still fits; or the best single use if that brings
        more. ``"exact"``: the best choice there is, for small problems.

    Returns
    -------
    Allocation
        The choice, and a bound that tells how much better another could be at most.

    Raises
    ------
    InvalidInputError
        If there are not as many values as costs, a number is not finite, a cost or the budget is
        negative, or the problem is too large for ``"exact"``.

    Notes
    -----
    The 0-1 knapsack problem. Numbers are taken as the fractions they are, so sums are exact. Of
    uses with equal value per cost the earlier comes first. Greedy brings at least half of the best
    choice, and with many small uses nearly all of it. Exact keeps, use by use, every choice that no
    other beats in both cost and value (Nemhauser and Ullmann 1969); a hundred uses of unlike value
    are as a rule few enough, and costs in whole units bound the number of choices by the budget.
    ``bound`` is Dantzig's: the first use that no longer fits is done in part.

    References
    ----------
    Kellerer, H., Pferschy, U. and Pisinger, D. (2004). Knapsack Problems. Springer: sections 2.1
    (greedy), 2.2 (bound), 3.4 (lists of undominated choices).

    Examples
    --------
    >>> from customerops.metrics import allocate
    >>> greedy = allocate([60, 100, 120], [10, 20, 30], 50)
    >>> greedy.chosen, int(greedy.value), int(greedy.bound)
    ((0, 1), 160, 240)
    >>> allocate([60, 100, 120], [10, 20, 30], 50, method="exact").chosen
    (1, 2)
    """
    one_of("method", method, ("greedy", "exact"))
    worth = [_fraction("values", value) for value in values]
    price = [_fraction("costs", cost) for cost in costs]
    limit = _fraction("budget", budget)
    if len(worth) != len(price):
        problem = f"got {len(worth)} and {len(price)}"
        raise InvalidInputError("values and costs", "must be as many", problem)
    if limit < 0:
        raise InvalidInputError("budget", "must not be negative")
    below = sum(cost < 0 for cost in price)
    if below:
        raise InvalidInputError("costs", "must not be negative", f"{below} of {len(price)} are")
    useful = [i for i in range(len(worth)) if worth[i] > 0 and price[i] <= limit]
    free = [i for i in useful if price[i] == 0]
    paid = sorted((i for i in useful if price[i] > 0), key=lambda i: (-worth[i] / price[i], i))
    ordered = [*free, *paid]
    greedy = _greedy(ordered, worth, price, limit)
    chosen = greedy if method == "greedy" else _exact(ordered, worth, price, limit)
    return Allocation(
        chosen=tuple(sorted(chosen)),
        value=sum((worth[i] for i in chosen), Fraction(0)),
        cost=sum((price[i] for i in chosen), Fraction(0)),
        bound=_bound(ordered, worth, price, limit),
        method=method,
    )


def _greedy(
    ordered: list[int], worth: list[Fraction], price: list[Fraction], limit: Fraction
) -> list[int]:
    chosen, left = [], limit
    for i in ordered:
        if price[i] <= left:
            chosen.append(i)
            left -= price[i]
    best = max(ordered, key=lambda i: (worth[i], -i), default=None)
    if best is not None and worth[best] > sum(worth[i] for i in chosen):
        return [best]
    return chosen


def _exact(
    ordered: list[int], worth: list[Fraction], price: list[Fraction], limit: Fraction
) -> list[int]:
    """Return the best choice, from the list of those that no other beats in cost and in value."""
    states: list[tuple[Fraction, Fraction, Any]] = [(Fraction(0), Fraction(0), None)]
    for i in ordered:
        more = [
            (cost + price[i], value + worth[i], (i, before))
            for cost, value, before in states
            if cost + price[i] <= limit
        ]
        merged = sorted([*states, *more], key=lambda state: (state[0], -state[1]))
        states, most = [], Fraction(-1)
        for state in merged:
            if state[1] > most:
                states.append(state)
                most = state[1]
        if len(states) > _STATES:
            problem = f"more than {_STATES} choices; use method='greedy' and look at bound"
            raise InvalidInputError("values", "must be few for method='exact'", problem)
    chosen, step = [], states[-1][2]
    while step is not None:
        i, step = step
        chosen.append(i)
    return chosen


def _bound(
    ordered: list[int], worth: list[Fraction], price: list[Fraction], limit: Fraction
) -> Fraction:
    """Return what the uses in order bring when the first that does not fit is done in part."""
    total, left = Fraction(0), limit
    for i in ordered:
        if price[i] > left:
            return total + worth[i] * left / price[i]
        total, left = total + worth[i], left - price[i]
    return total


def _fraction(name: str, value: object) -> Fraction:
    """Return a finite number as the fraction it is."""
    plain: Any = value.item() if hasattr(value, "item") else value
    number = isinstance(plain, int | float | Decimal | Fraction) and not isinstance(plain, bool)
    if not number or not math.isfinite(plain):
        raise InvalidInputError(name, "must be finite numbers", came(value))
    return Fraction(plain)
