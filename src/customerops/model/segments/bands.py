"""Bands between quantiles, frozen into rules: "the top fifth by amount" as of a day."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.rules.fields import CUSTOMER, Operand, is_of_customer, title
from customerops.model.rules.rules import Between, Field, Rule, all_of, always, as_rule
from customerops.model.values.checks import came, did_you_mean, finite
from customerops.model.values.columns import Coded, Numbers
from customerops.model.values.instants import from_us

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["Band"]

_NUMERIC = ("amount", "value", "at")


def _field(given: object) -> Field:
    if isinstance(given, Field) and (given.field in _NUMERIC or is_of_customer(given.field)):
        return given
    must = "must be the field amount, value, at or customer(...)"
    said = f"got {title(given.field)}" if isinstance(given, Field) else came(given)
    raise InvalidInputError("field", must, said)


def _level(name: str, given: object) -> float:
    level = finite(name, given)
    if not 0 <= level <= 1:
        raise InvalidInputError(name, "must be between 0 and 1", f"got {level}")
    return level


def _where(given: Rule | str | Collection[str] | None) -> Rule | None:
    return None if given is None else as_rule(given, name="where", level="event")


@attrs.frozen
class Band:
    """What lies between two quantiles of a field: not a rule before the cuts are known.

    Parameters
    ----------
    field : Field
        ``amount``, ``value`` or ``at`` of events, or ``customer(name)`` of customers.
    low, high : float
        The quantiles, from 0 to 1.
    where : Rule, str or collection of str, optional
        Of which events, for a field of events.

    Raises
    ------
    InvalidInputError
        If the field has no order, a level is not from 0 to 1, or low is not below high, or `where`
        is given for a field of customers.

    Notes
    -----
    Of n sorted values the cut at q is the one with ``floor(q n)`` values before it. Values equal to
    a cut are all above it, so bands that meet at a cut never share a value nor part equal ones, and
    with many ties a band may hold far more or less than its share. Levels 0 and 1 have no cut.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Band, InteractionLog, amount
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=list("abcde"), kind=["purchase"] * 5, amount=[10, 20, 20, 20, 90],
    ...     currency="EUR", at=[dt.date(2026, 1, 2)] * 5, tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> Band(amount, 0.8).freeze(log).describe(), Band(amount, 0.4, 0.8).freeze(log).describe()
    ('amount >= 90', '20 <= amount < 90')
    """

    field: Field = attrs.field(converter=_field, eq=lambda field: field.field)
    low: float = 0.0
    high: float = 1.0
    where: Rule | None = attrs.field(default=None, kw_only=True, converter=_where)

    def __attrs_post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, _level(name, getattr(self, name)))
        if self.low >= self.high:
            raise InvalidInputError("low", "must be below high", f"got {self.low}, {self.high}")
        if self.where is not None and is_of_customer(self.field.field):
            raise InvalidInputError("where", "must not be given", "the field is of customers")

    def freeze(self, log: InteractionLog, *, as_of: dt.datetime | None = None) -> Rule:
        """Return the rule of this band with the cuts found in a log.

        Parameters
        ----------
        log : InteractionLog
            Whose events, or customers, the quantiles are of.
        as_of : datetime, optional
            Timezone-aware, inclusive; left out, the log's.

        Returns
        -------
        Rule
            A `Between` of the field, joined with `where`; for levels 0 and 1 only that something
            is there. Data like any rule: it stays the same whatever comes later.

        Raises
        ------
        InvalidInputError
            If there is no `as_of`, the field is not loaded, holds something else than numbers, or
            holds none.
        """
        name = self.field.field
        known = ask(log, as_of=as_of).log
        values = _of_customers(name, known) if is_of_customer(name) else self._of_events(known)
        if not values:
            raise InvalidInputError(title(name), "must have values to cut", "there are none")
        low, high = (_cut(values, level) for level in (self.low, self.high))
        rule = ~self.field.is_missing()
        if low is not None or high is not None:
            rule = Between(name, low, high)
        return rule if self.where is None else all_of(self.where, rule)

    def _of_events(self, log: InteractionLog) -> list[Operand]:
        name = self.field.field
        rows = np.flatnonzero((always if self.where is None else self.where).mask(log))
        if name == "at":
            return [from_us(us) for us in np.sort(log.at[rows]).tolist()]
        column = log.numbers(name)
        if column.valid is not None:
            rows = rows[column.valid[rows]]
        fixed = np.sort(column.values[rows]).tolist()
        if name == "value":
            return [n / 10**log.value_decimals for n in fixed]
        return [Decimal(n).scaleb(-log.decimals) for n in fixed]


def _cut(values: list[Operand], level: float) -> Operand | None:
    if level in (0, 1):
        return None
    return values[math.floor(Fraction(str(level)) * len(values))]  # the level as it was written


def _of_customers(field: str, log: InteractionLog) -> list[Operand]:
    """Return the numbers of a customer attribute, sorted."""
    name = field.removeprefix(CUSTOMER)
    column = log.customer_columns.get(name)
    if column is None:
        hint = f"with_customers brings attributes{did_you_mean(name, log.customer_columns)}"
        raise InvalidInputError(title(field), "must be loaded in the log", hint)
    if isinstance(column, Numbers):  # created_at
        valid = slice(None) if column.valid is None else column.valid
        return [from_us(us) for us in np.sort(column.values[valid]).tolist()]
    assert isinstance(column, Coded)
    found: list[Any] = [column.labels[code] for code in column.codes.tolist() if code >= 0]
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in found):
        raise InvalidInputError(title(field), "must hold numbers to have quantiles")
    return sorted(found)
