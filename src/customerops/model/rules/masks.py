"""What rules say about columns: the same truths as about records, many at a time.

Categorical columns are few labels and many codes: the rule is asked about each label, as it would
be about a record, and the answers are taken by code. Integer columns (minor units, fixed point,
microseconds) are compared with integers: a constant is turned into the range of integers that equal
it, so nothing is rounded and no column is converted.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.rules.base import Rule, foreign
from customerops.model.rules.fields import (
    ATTRIBUTE,
    CUSTOMER,
    LINE_FIELDS,
    check_currency,
    title,
)
from customerops.model.rules.leaves import Between, Compare, FieldRule, In, Missing
from customerops.model.rules.nodes import And, Constant, Did, Not, Or
from customerops.model.values.checks import came, did_you_mean
from customerops.model.values.columns import Coded, Column, Numbers
from customerops.model.values.instants import as_instant, to_us
from customerops.model.values.lines import Lines
from customerops.model.values.money import Money

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["EventColumns", "customer_mask", "event_mask", "loaded"]

Mask = NDArray[np.bool_]

_US = dt.timedelta(microseconds=1)
_BEYOND = 2.0**63
"""No int64 reaches further, whatever the decimals."""


class EventColumns(Protocol):
    """The part of a log that event rules read; rows in any order."""

    @property
    def at(self) -> NDArray[np.int64]:
        """Microseconds UTC."""

    @property
    def columns(self) -> Mapping[str, Column]:
        """The loaded columns."""

    @property
    def lines(self) -> Lines | None:
        """Line items, if loaded."""

    @property
    def currency(self) -> str | None:
        """Currency of the amounts, None if there are none."""

    @property
    def decimals(self) -> int:
        """Decimals of the amounts' minor unit."""

    @property
    def value_decimals(self) -> int:
        """Decimals of the fixed-point column ``value``."""


class Leaf(Protocol):
    """Where a rule that joins no others is known to be true, or false, as a new array."""

    def __call__(self, rule: Rule, *, wanted: bool) -> Mask: ...


def event_mask(rule: Rule, events: EventColumns) -> Mask:
    """Return at which rows an event rule is True."""
    return _held(rule, len(events.at), partial(_event_leaf, events), wanted=True)


def customer_mask(rule: Rule, log: InteractionLog, as_of: dt.datetime | None) -> Mask:
    """Return for which customers of a log a customer rule is True."""
    until = log.as_of
    if as_of is not None:
        until = to_us(as_instant("as_of", as_of))
        if log.as_of is not None and until > log.as_of:
            raise InvalidInputError(
                "as_of", "must not be later than the log's", "what came after it is not known"
            )
    return _held(rule, log.n_customers, partial(_customer_leaf, log, until), wanted=True)


def _held(rule: Rule, n: int, leaf: Leaf, *, wanted: bool) -> Mask:
    """Return where a rule is known to be `wanted`, as a new array; unknown is in neither."""
    match rule:
        case Constant(truth):
            return np.full(n, truth is wanted)
        case Not(part):
            return _held(part, n, leaf, wanted=not wanted)
        case And(parts) | Or(parts):
            # all must be true for And to be true, one false for it to be false; Or is its dual
            join = np.logical_and if isinstance(rule, And) is wanted else np.logical_or
            mask = _held(parts[0], n, leaf, wanted=wanted)
            for part in parts[1:]:
                join(mask, _held(part, n, leaf, wanted=wanted), out=mask)
            return mask
    return leaf(rule, wanted=wanted)


# ---------------------------------------------------------------------- fields and their columns


def _event_leaf(events: EventColumns, rule: Rule, *, wanted: bool) -> Mask:
    if not isinstance(rule, FieldRule):
        raise foreign(rule)
    field = rule.field
    if field == "at":
        return _by_number(rule, Numbers(events.at), _instant, wanted=wanted)
    if field in LINE_FIELDS:
        lines = events.lines
        if lines is None or field not in lines.columns:
            raise InvalidInputError(
                field, "must be loaded in the log", "it has no such line items"
            )
        return _by_line(rule, lines, wanted=wanted)
    column = loaded(events, field)
    if field == "amount":
        return _by_number(rule, column, partial(_minor, events), wanted=wanted)
    if field == "value":
        return _by_number(rule, column, partial(_fixed, events.value_decimals), wanted=wanted)
    return _by_label(rule, column, wanted=wanted)


def _customer_leaf(log: InteractionLog, until: int | None, rule: Rule, *, wanted: bool) -> Mask:
    if isinstance(rule, Did):
        did = _did(rule, log, until)
        return did if wanted else ~did
    if not isinstance(rule, FieldRule):
        raise foreign(rule)
    name = rule.field.removeprefix(CUSTOMER)
    if name not in log.customer_columns:
        known = log.customer_columns
        raise InvalidInputError(
            title(rule.field),
            "must be loaded in the log",
            f"with_customers brings attributes{did_you_mean(name, known)}",
        )
    column = log.customer_columns[name]
    if name == "created_at":
        return _by_number(rule, column, _instant, wanted=wanted)
    return _by_label(rule, column, wanted=wanted)


def loaded(events: EventColumns, field: str) -> Column:
    """Return the column of an event field, or say how to load it."""
    if field in events.columns:
        return events.columns[field]
    if not field.startswith(ATTRIBUTE):
        raise InvalidInputError(field, "must be loaded in the log", f"build it with {field}=")
    name = field.removeprefix(ATTRIBUTE)
    known = [column.removeprefix(ATTRIBUTE) for column in events.columns]
    hint = f"build it with attributes=[{name!r}]{did_you_mean(name, known)}"
    raise InvalidInputError(title(field), "must be loaded in the log", hint)


def _did(rule: Did, log: InteractionLog, until: int | None) -> Mask:
    if until is None:
        raise InvalidInputError(
            "as_of", "must be given", "the rule asks about history and the log has no as_of"
        )
    mask = event_mask(rule.rule, log)
    mask &= log.at <= until
    if rule.within is not None:
        mask &= log.at > until - rule.within // _US
    return _counts(mask, log.offsets) >= rule.at_least


def _counts(mask: Mask, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many rows of each run of a ragged column are in a mask."""
    before = np.concatenate(([0], np.cumsum(mask, dtype=np.int64)))
    counts: NDArray[np.int64] = np.diff(before[offsets])
    return counts


# ---------------------------------------------------------------------- one column


def _by_label(rule: FieldRule, column: Column, *, wanted: bool) -> Mask:
    """Ask the rule about each label, and about a missing one."""
    if not isinstance(column, Coded):
        raise InvalidInputError(title(rule.field), "must be categorical", came(column))
    answers = [rule.of(label) is wanted for label in (*column.labels, None)]
    codes = column.codes
    hits = [code for code, hit in enumerate(answers) if hit]
    mask: Mask
    if len(hits) == 1:  # the usual question, one kind: a comparison is faster than a take
        mask = codes == (hits[0] if hits[0] < len(column.labels) else -1)
    else:
        mask = np.array(answers, np.bool_)[codes]  # -1, missing, is the last answer
    return mask


def _by_line(rule: FieldRule, lines: Lines, *, wanted: bool) -> Mask:
    """Ask about every line: true of an event if of any line, false if of all, of one at least."""
    column = lines.columns[rule.field]
    if isinstance(rule, Missing):
        given = _counts(~_by_label(rule, column, wanted=True), lines.offsets) > 0
        return ~given if wanted else given
    held = _counts(_by_label(rule, column, wanted=wanted), lines.offsets)
    mask: Mask = held > 0
    if not wanted:
        mask &= held == np.diff(lines.offsets)
    return mask


_Range = tuple[int, int]
_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}


def _by_number(
    rule: FieldRule, column: Column, equal: Callable[[Any], _Range], *, wanted: bool
) -> Mask:
    """Compare integers; `equal` gives the half-open range of those that equal a constant."""
    if not isinstance(column, Numbers):
        raise InvalidInputError(title(rule.field), "must be numeric", came(column))
    values, valid = column.values, column.valid
    mask: Mask
    if isinstance(rule, Missing):
        mask = np.ones(len(values), np.bool_) if valid is None else valid
        return ~mask if wanted else mask.copy()
    match rule:
        case Compare(_, op, constant):
            mask = _compared(values, op if wanted else _OPPOSITE[op], *equal(constant))
        case Between(_, low, high):
            mask = np.ones(len(values), np.bool_)
            if low is not None:
                mask &= values >= equal(low)[0]
            if high is not None:
                mask &= values < equal(high)[0]
            mask = mask if wanted else ~mask
        case In(_, constants):
            mask = _within(values, [equal(constant) for constant in constants])
            mask = mask if wanted else ~mask
        case _:
            raise foreign(rule)
    if valid is not None:
        mask &= valid
    return mask


def _compared(values: NDArray[np.int64], op: str, start: int, stop: int) -> Mask:
    """Compare integers with a constant that ``start <= x < stop`` equal."""
    mask: Mask
    match op:
        case "lt":
            mask = values < start
        case "ge":
            mask = values >= start
        case "le":
            mask = values < stop
        case "gt":
            mask = values >= stop
        case "eq":
            mask = (values >= start) & (values < stop)
        case _:  # ne
            mask = (values < start) | (values >= stop)
    return mask


def _within(values: NDArray[np.int64], ranges: list[_Range]) -> Mask:
    """Return which integers are in one of some ranges, which are disjoint and ascending."""
    least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    kept = [(max(a, least), min(b - 1, most)) for a, b in ranges]
    kept = [(first, last) for first, last in kept if first <= last]
    if not kept:
        return np.zeros(len(values), np.bool_)
    firsts, lasts = np.array(kept, np.int64).T
    place = np.searchsorted(firsts, values, side="right") - 1
    mask: Mask = (place >= 0) & (values <= lasts[place])
    return mask


# ---------------------------------------------------------------------- constants as integers


def _instant(constant: dt.datetime) -> _Range:
    us = to_us(constant)
    return us, us + 1


def _minor(events: EventColumns, constant: Money | Decimal) -> _Range:
    """Return the minor units that equal an amount: one, or none if it has more decimals."""
    if isinstance(constant, Money):
        check_currency(constant, events.currency)
        constant = constant.amount
    exact = Fraction(constant) * 10**events.decimals
    return math.ceil(exact), math.floor(exact) + 1


def _fixed(decimals: int, constant: float) -> _Range:
    """Return the integers n for which ``n / 10**decimals``, correctly rounded, is a float.

    A record holds the float, a column the integer. Rounding is monotone, so these are a range, and
    it lies between those of the next float down and up.
    """
    scale = 10**decimals
    if abs(constant) > _BEYOND:
        return (2**64, 2**64) if constant > 0 else (-(2**64), -(2**64))
    low = math.floor(Fraction(math.nextafter(constant, -math.inf)) * scale)
    high = math.ceil(Fraction(math.nextafter(constant, math.inf)) * scale)
    numbers = range(low, high + 1)
    start = bisect_left(numbers, constant, key=lambda n: n / scale)
    stop = bisect_right(numbers, constant, key=lambda n: n / scale)
    return low + start, low + stop
