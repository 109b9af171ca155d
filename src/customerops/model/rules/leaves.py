"""Rules on one field: comparisons with constants, and what is missing."""

from __future__ import annotations

import abc
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast

import attrs

from customerops.errors import InvalidInputError
from customerops.model.rules.base import Clause, Level, Rule, Truth, keep, several
from customerops.model.rules.fields import (
    LINE_FIELDS,
    Operand,
    check_currency,
    check_field,
    check_together,
    comparable,
    is_of_customer,
    operand,
    paired,
    reader,
    same,
    title,
)
from customerops.model.values.checks import one_of
from customerops.model.values.money import Money

__all__ = ["OPS", "Between", "Compare", "FieldRule", "In", "Missing", "Op"]

Op = Literal["eq", "ne", "lt", "le", "gt", "ge"]

OPS: Mapping[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")
}


def _op(value: object) -> Op:
    return cast("Op", one_of("op", value, OPS))


def _values(values: object) -> tuple[Operand, ...]:
    return several("values", values)


class FieldRule(Rule):
    """A rule on one field."""

    __slots__ = ()
    field: str

    @property
    def level(self) -> Level:
        """Customer for ``customer(name)``, else event."""
        return "customer" if is_of_customer(self.field) else "event"

    @property
    def fields(self) -> frozenset[str]:
        """Its own."""
        return frozenset({self.field})

    @abc.abstractmethod
    def of(self, seen: Any) -> Truth:
        """Return what the rule says of one value; None is missing."""

    def of_lines(self, seen: tuple[Any, ...]) -> Truth:
        """Return what it says of line items: true if of any, unknown if there are none."""
        truths = [self.of(value) for value in seen]
        if True in truths:
            return True
        return None if None in truths or not truths else False

    def _seen(self, subject: Any) -> Any:
        return reader(self.field)(subject)

    def _truth(self, subject: Any) -> Truth:
        seen = reader(self.field)(subject)
        return self.of_lines(seen) if self.field in LINE_FIELDS else self.of(seen)

    def _clauses(self, subject: Any) -> Iterator[Clause]:
        yield Clause(self, self._truth(subject), self._seen(subject))


@attrs.frozen
class Compare(FieldRule):
    """A field against a constant.

    Values that cannot be compared are unequal (``eq`` is False, ``ne`` True) and unordered (the
    rest is unknown): never an error on data.

    Parameters
    ----------
    field : str
        Name of the field: ``"amount"``, ``"attributes.plan"``, ``"customer.country"``.
    op : {"eq", "ne", "lt", "le", "gt", "ge"}
        The comparison.
    value : bool, int, float, str, UUID, Decimal, Money or datetime
        The constant, normalised when the rule is made.

    Examples
    --------
    >>> from customerops.model import Compare, amount
    >>> Compare("amount", "ge", 50) == (amount >= "50.00")
    True
    """

    field: str = attrs.field(converter=check_field)
    op: Op = attrs.field(converter=_op)
    value: Operand = attrs.field(eq=same)

    def __attrs_post_init__(self) -> None:
        value = operand(self.field, self.value)
        if isinstance(value, bool) and self.op not in ("eq", "ne"):
            raise InvalidInputError(title(self.field), "must not be ordered against a bool")
        keep(self, value=value)

    def of(self, seen: Any) -> Truth:
        """Compare one value with the constant."""
        if seen is None:
            return None
        sides = paired(seen, self.value)
        if sides is None:
            return {"eq": False, "ne": True}.get(self.op)
        return OPS[self.op](*sides)


@attrs.frozen
class In(FieldRule):
    """A field against several constants: equal to one of them.

    Parameters
    ----------
    field : str
        Name of the field.
    values : collection of constants
        At least one; kept sorted, each once. Amounts must be of one currency.

    Examples
    --------
    >>> from customerops.model import In
    >>> In("channel", ["web", "app", "web"]).values
    ('app', 'web')
    """

    field: str = attrs.field(converter=check_field)
    values: tuple[Operand, ...] = attrs.field(converter=_values, eq=same)
    _keys: frozenset[tuple[object, Any]] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        made = {same(value): value for value in (operand(self.field, v) for v in self.values)}
        if not made:
            raise InvalidInputError("values", "must hold at least one constant")
        if self.field == "amount":
            check_together(self.field, made.values())
        values = tuple(made[key] for key in sorted(made))
        keep(self, values=values, _keys=frozenset(comparable(value) for value in values))

    def of(self, seen: Any) -> Truth:
        """Look one value up among the constants."""
        if seen is None:
            return None
        if isinstance(self.values[0], Money):
            check_currency(self.values[0], seen.currency)
        return comparable(seen) in self._keys


@attrs.frozen
class Between(FieldRule):
    """A field in the half-open range ``[low, high)``; None leaves an end open.

    Parameters
    ----------
    field : str
        Name of the field.
    low, high : constant or None
        At least one; with both, of one type and ``low < high``.

    Examples
    --------
    >>> from customerops.model import Between
    >>> Between("amount", 5, 10).describe(), Between("amount", None, 10).describe()
    ('5 <= amount < 10', 'amount < 10')
    """

    field: str = attrs.field(converter=check_field)
    low: Operand | None = attrs.field(default=None, eq=same)
    high: Operand | None = attrs.field(default=None, eq=same)

    def __attrs_post_init__(self) -> None:
        given = {"low": self.low, "high": self.high}
        ends = {end: operand(self.field, v) for end, v in given.items() if v is not None}
        name = title(self.field)
        if not ends:
            raise InvalidInputError(name, "must be between two ends", "both are open")
        if any(isinstance(end, bool) for end in ends.values()):
            raise InvalidInputError(name, "must not be ordered against a bool")
        check_together(self.field, ends.values())
        if len(ends) == 2 and not comparable(ends["low"])[1] < comparable(ends["high"])[1]:
            raise InvalidInputError(name, "must be between a low end and a higher one")
        keep(self, **ends)

    def of(self, seen: Any) -> Truth:
        """Compare one value with the ends."""
        if seen is None:
            return None
        for end, holds in ((self.low, operator.ge), (self.high, operator.lt)):
            if end is None:
                continue
            sides = paired(seen, end)
            if sides is None:
                return None
            if not holds(*sides):
                return False
        return True


@attrs.frozen
class Missing(FieldRule):
    """A field that says nothing: the one rule that sees a null.

    A field of line items is missing when no line has it.

    Parameters
    ----------
    field : str
        Name of the field.

    Examples
    --------
    >>> from customerops.model import Missing
    >>> Missing("channel").describe()
    'channel is missing'
    """

    field: str = attrs.field(converter=check_field)

    def of(self, seen: Any) -> Truth:
        """Whether one value is missing."""
        return seen is None

    def of_lines(self, seen: tuple[Any, ...]) -> Truth:
        """Whether no line has a value."""
        return all(value is None for value in seen)
