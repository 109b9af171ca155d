"""The value tree: revenue as customers times what each does, and where its change comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import combinations
from math import factorial, prod
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.log.records import QUANTITY_DECIMALS
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.tables import Table
from customerops.model.values import exact
from customerops.model.values.checks import came
from customerops.model.values.columns import Numbers
from customerops.model.values.runs import ranges
from customerops.model.values.window import Window

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping

__all__ = ["ValueLevel", "ValueTree", "value_tree"]

MOVEMENTS = ("kept", "lost", "new", "returned")
_COUNTED = ("orders", "lined", "units", "revenue")
_BEFORE = "_before"


@attrs.frozen
class ValueLevel:
    """One factor of revenue, before and after.

    Attributes
    ----------
    name : str
        ``"customers"``, ``"orders per customer"``, and ``"value per order"`` or, where every order
        has lines, ``"units per order"`` and ``"price per unit"``. Values and prices are in minor
        units.
    before, after : Fraction or None
        The factor; None where there was nobody, or nothing, to divide by.
    effect : Fraction
        What its change contributes to the change of revenue, in minor units.
    """

    name: str
    before: Fraction | None
    after: Fraction | None
    effect: Fraction

    @property
    def change(self) -> Fraction | None:
        """After by before, less 1; None where before is 0 or one is not defined."""
        if not self.before or self.after is None:
            return None
        return self.after / self.before - 1


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ValueTree(Table):
    """Customers, orders and revenue of two windows by what became of the customer.

    Made by `value_tree`. The axis ``"movement"``: ``"kept"`` bought in both windows, ``"lost"`` in
    the first alone; of those who bought in the second alone ``"returned"`` had bought before the
    first, ``"new"`` had not.

    Attributes
    ----------
    customers : ndarray of int
        How many.
    orders, lined, units, revenue : ndarray of int
        Orders of the second window, those with lines, units sold in millionths, and revenue in
        minor units; with ``_before`` those of the first.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        "customers",
        *_COUNTED,
        *(f"{name}{_BEFORE}" for name in _COUNTED),
    )

    @property
    def customers(self) -> Any:
        """Customers by movement."""
        return self._part("customers")

    @property
    def revenue(self) -> Any:
        """Revenue of the second window by movement, in minor units."""
        return self._part("revenue")

    @property
    def revenue_before(self) -> Any:
        """Revenue of the first window by movement, in minor units."""
        return self._part("revenue_before")

    @property
    def truncated(self) -> bool:
        """Whether the first window begins before the log's history: some of the new may not be."""
        since, against = self.context.option("history_from"), self.context.option("against")
        return since is not None and bool(against.start_us < since)

    @property
    def change(self) -> int:
        """Revenue of the second window less that of the first, in minor units.

        Raises
        ------
        InvalidInputError
            As for `levels`.
        """
        return sum(self.movements.values())

    @property
    def movements(self) -> dict[str, int]:
        """What new, kept, lost and returned customers add to revenue; together all the change.

        In minor units: what new and returned ones pay, what lost ones paid (less than 0), and
        what kept ones pay more or less.

        Raises
        ------
        InvalidInputError
            As for `levels`.
        """
        self._whole()
        pairs = zip(self.revenue.tolist(), self.revenue_before.tolist(), strict=True)
        return {name: int(a) - int(b) for name, (a, b) in zip(MOVEMENTS, pairs, strict=True)}

    @property
    def levels(self) -> tuple[ValueLevel, ...]:
        """The factors of revenue, and what the change of each contributes.

        Raises
        ------
        InvalidInputError
            If there are groups (select one, or roll them up), movements were cut, or a window was
            not over at ``as_of``.

        Notes
        -----
        The effect of a factor is its Shapley value: the mean, over every order in which the factors
        could have changed one after another, of what revenue changes by when it is its turn. So
        effects depend on no order, and sum to the change exactly. A factor that is not defined in
        one window, for nobody bought, is taken to be that of the other: what nobody did is the
        effect of customers.
        """
        self._whole()
        buyers = dict(zip(MOVEMENTS, self.customers.tolist(), strict=True))
        sides = []
        for suffix, others in ((_BEFORE, ("lost",)), ("", ("new", "returned"))):
            side = {name: int(self.parts[name + suffix].sum()) for name in _COUNTED}
            side["customers"] = sum(buyers[name] for name in ("kept", *others))
            sides.append(side)
        names = ["customers", "orders per customer", "value per order"]
        if _lines_tell(*sides):
            names[2:] = ["units per order", "price per unit"]
        before, after = ([_factor(name, side) for name in names] for side in sides)
        pairs = [_filled(x, y) for x, y in zip(before, after, strict=True)]
        effects = _shapley(pairs)
        return tuple(map(ValueLevel, names, before, after, effects))

    def _whole(self) -> None:
        names = [axis.name for axis in self.axes]
        if names != ["movement"] or self.context.option(SELECTED + "movement") is not None:
            problem = f"got {names}; select a group, or roll them up"
            raise InvalidInputError("axes", "must be all movements alone", problem)
        if not self._complete().all():
            raise InvalidInputError("over", "must be over at as_of to be explained")

    def _check(self) -> None:
        at_least_zero(self, "customers", "orders", "orders_before", "lined", "lined_before")


def value_tree(
    log: InteractionLog,
    *,
    over: Window,
    against: Window,
    purchases: Rule | str | Collection[str] = "purchase",
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
) -> ValueTree:
    """Return where a change of revenue comes from: factors, and customers gained and lost (价值树).

    Parameters
    ----------
    log : InteractionLog
        The events, with amounts and their whole history.
    over, against : Window
        The window to explain, and an earlier one that it is set against; both with two ends.
    purchases : Rule, str or collection of str
        Which events are orders; those without an amount are not counted. Refunds are not deducted,
        unless they are among them, and are then orders as well.
    by : str or Grouping, optional
        A customer attribute or a grouping; a tree for each group.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    ValueTree
        Counts and amounts by movement of the customer; ``.levels`` are the factors with their
        effects, ``.movements`` what each kind of customer contributes. Trees of disjoint customers
        add.

    Raises
    ------
    InvalidInputError
        When a window has an open end, `against` is not over when `over` starts, the log has no
        amounts, or as_of is not known.

    Notes
    -----
    ``revenue = customers * orders per customer * value per order``, and where every order has
    lines ``value per order = units per order * price per unit``, price being revenue by unit. The
    effects of the factors are Shapley values in fractions of a minor unit; see `ValueTree.levels`.
    The logarithmic mean divides a change as neatly, but is irrational and so never sums exactly.

    Windows of unlike length compare unlike things: February with March has an effect of days. Who
    bought between the two windows and never before is new in the second; and so is whoever bought
    before the log's history begins, for nothing is known of that.

    References
    ----------
    Shorrocks, A. F. (2013). Decomposition procedures for distributional analysis: a unified
    framework based on the Shapley value. Journal of Economic Inequality 11, 99-126.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import value_tree
    >>> from customerops.model import Window
    >>> utc = dt.timezone.utc
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "a", "a", "c"], kind=["purchase"] * 5, currency="EUR",
    ...     at=[dt.date(2026, m, d) for m, d in ((1, 2), (1, 3), (2, 2), (2, 9), (2, 5))],
    ...     amount=[10, 30, 10, 20, 60], tz=utc,
    ... ).until_day(dt.date(2026, 2, 28))
    >>> tree = value_tree(
    ...     log,
    ...     over=Window.parse("2026-02-01", "2026-03-01", tz=utc),
    ...     against=Window.parse("2026-01-01", "2026-02-01", tz=utc),
    ... )
    >>> tree.change, tree.movements
    (5000, {'kept': 2000, 'lost': -3000, 'new': 6000, 'returned': 0})
    >>> for level in tree.levels:
    ...     print(level.name, level.before, level.after, level.effect)
    customers 2 2 0
    orders per customer 1 3/2 2500
    value per order 2000 3000 2500
    """
    for name, window in (("over", over), ("against", against)):
        if not isinstance(window, Window):
            raise InvalidInputError(name, "must be a Window", came(window))
        if window.start_us is None or window.end_us is None:
            raise InvalidInputError(name, "must have both ends", "one is open")
    assert over.start_us is not None
    assert against.start_us is not None
    assert against.end_us is not None
    if against.end_us > over.start_us:
        raise InvalidInputError("against", "must be over when the window `over` starts")
    rule = as_rule(purchases, name="purchases")
    asked = ask(log, as_of=as_of, over=over)
    known, amount = asked.log, asked.log.numbers("amount")
    rows = rows_of(known, rule)
    rows = rows if amount.valid is None else rows[amount.valid[rows]]
    at, customer = known.at[rows], known.codes[rows]
    n = known.n_customers
    sides = {"": over.mask(at), _BEFORE: against.mask(at)}
    bought, had, ever = (
        np.bincount(customer[which], minlength=n) > 0
        for which in (sides[""], sides[_BEFORE], at < against.start_us)
    )
    movement = np.select([bought & had, had, bought & ever, bought], [0, 1, 3, 2], -1)
    group, n_groups, axes = groups_of(known, by)
    cell = np.where(movement < 0, -1, group * len(MOVEMENTS) + movement)
    axes = (*axes, Axis("movement", MOVEMENTS, "state", disjoint=True))
    shape, size = [len(axis) for axis in axes], n_groups * len(MOVEMENTS)
    lined, units = _lines(known, rows)
    parts = {"customers": exact.group_count(cell[cell >= 0], size)}
    for suffix, which in sides.items():
        of = cell[customer[which]]
        parts["orders" + suffix] = exact.group_count(of, size)
        parts["lined" + suffix] = exact.group_count(of[lined[which]], size)
        parts["units" + suffix] = exact.group_sum(of, units[which], size)
        parts["revenue" + suffix] = exact.group_sum(of, amount.values[rows[which]], size)
    options: dict[str, Any] = {"against": against, "purchases": rule}
    options["history_from"] = known.observed.start_us
    seen = bool((sides[""] | sides[_BEFORE]).any())
    if seen:
        options["scale"] = 10**known.decimals
    return ValueTree(
        axes=axes,
        parts={name: part.reshape(shape) for name, part in parts.items()},
        context=Context(
            metric="value_tree",
            as_of=asked.as_of,
            over=over,
            currency=known.currency if seen else None,
            by=by,
            options=options,
        ),
    )


def _lines(log: InteractionLog, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Return which orders have lines, and the units of each, in millionths."""
    lines = log.lines
    if lines is None:
        return np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.int64)
    first = lines.offsets[rows]
    length = lines.offsets[rows + 1] - first
    quantity = lines.columns["quantity"]
    assert isinstance(quantity, Numbers)
    of = np.repeat(np.arange(len(rows)), length)
    units = exact.group_sum(of, quantity.values[ranges(first, length)], len(rows))
    return length > 0, units


def _lines_tell(*sides: dict[str, int]) -> bool:
    """Whether units and prices can be told: every order of both windows has lines with units."""
    known = all(
        side["lined"] == side["orders"] and (side["units"] > 0) == (side["orders"] > 0)
        for side in sides
    )
    return known and any(side["orders"] for side in sides)


def _factor(name: str, side: dict[str, int]) -> Fraction | None:
    """Return a factor of revenue in one window; None where there is nothing to divide by."""
    units = Fraction(side["units"], 10**QUANTITY_DECIMALS)
    customers, orders, revenue = (Fraction(side[x]) for x in ("customers", "orders", "revenue"))
    top, bottom = {
        "customers": (customers, Fraction(1)),
        "orders per customer": (orders, customers),
        "value per order": (revenue, orders),
        "units per order": (units, orders),
        "price per unit": (revenue, units),
    }[name]
    return top / bottom if bottom else None


def _filled(before: Fraction | None, after: Fraction | None) -> tuple[Fraction, Fraction]:
    """Return a factor before and after; where it is not defined, that of the other side, or 0."""
    either = before if before is not None else after if after is not None else Fraction(0)
    return (either if before is None else before, either if after is None else after)


def _shapley(pairs: Sequence[tuple[Fraction, Fraction]]) -> list[Fraction]:
    """Return what each factor contributes to the change of their product."""
    n = len(pairs)
    effects = []
    for i, (x, y) in enumerate(pairs):
        others = [j for j in range(n) if j != i]
        total = Fraction(0)
        for size in range(n):
            weight = Fraction(factorial(size) * factorial(n - size - 1), factorial(n))
            for changed in combinations(others, size):
                rest = prod((pairs[j][j in changed] for j in others), start=Fraction(1))
                total += weight * rest
        effects.append(total * (y - x))
    return effects
