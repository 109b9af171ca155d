"""Rules in words."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from customerops.model.rules.base import Rule, foreign
from customerops.model.rules.fields import Operand, title
from customerops.model.rules.leaves import Between, Compare, In, Missing
from customerops.model.rules.nodes import And, Constant, Did, Not, Or

__all__ = ["text_of"]

_SIGNS = {"eq": "is", "ne": "is not", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_UNITS = {
    "day": dt.timedelta(days=1),
    "hour": dt.timedelta(hours=1),
    "minute": dt.timedelta(minutes=1),
    "second": dt.timedelta(seconds=1),
    "microsecond": dt.timedelta(microseconds=1),
}
_WORD = re.compile(r"[^\W\d][\w.:/@-]*")
_RESERVED = frozenset({"and", "false", "in", "is", "missing", "not", "or", "true"})


def text_of(rule: Rule) -> str:  # noqa: PLR0911 - one for each node
    """Return a rule in words."""
    match rule:
        case Compare(field, op, value):
            return f"{title(field)} {_SIGNS[op]} {_constant(value)}"
        case In(field, values):
            return f"{title(field)} in {{{', '.join(map(_constant, values))}}}"
        case Between(field, low, high):
            return _range(title(field), low, high)
        case Missing(field):
            return f"{title(field)} is missing"
        case And(rules):
            return " and ".join(_part(part) for part in rules)
        case Or(rules):
            return " or ".join(_part(part) for part in rules)
        case Not(part):
            return f"not ({text_of(part)})"
        case Did(part, at_least, within):
            times = "" if at_least == 1 else f" at least {at_least} times"
            span = "" if within is None else f" within {_duration(within)}"
            return f"did ({text_of(part)}){times}{span}"
        case Constant(truth):
            return "always" if truth else "never"
    raise foreign(rule)


def _part(rule: Rule) -> str:
    """Put parentheses around a join inside another."""
    return f"({text_of(rule)})" if isinstance(rule, And | Or) else text_of(rule)


def _range(name: str, low: Operand | None, high: Operand | None) -> str:
    if high is None:
        return f"{name} >= {_constant(low)}"
    return f"{'' if low is None else f'{_constant(low)} <= '}{name} < {_constant(high)}"


def _constant(value: Operand | None) -> str:
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) and value not in _RESERVED else repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _duration(span: dt.timedelta) -> str:
    unit = next(unit for unit in _UNITS if not span % _UNITS[unit])
    count = span // _UNITS[unit]
    return f"{count} {unit}{'' if count == 1 else 's'}"
