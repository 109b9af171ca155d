"""Small checks at the edge: each takes a name and a value, and returns the value in plain form.

A check says what came by its type, never by its value, which may be a customer's. Subclasses of
the plain types (an ``IntEnum``, a ``StrEnum``, a numpy scalar, ``pandas.Timedelta``) come back as
the plain type, so that what a record holds does not depend on where it came from.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
import uuid
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from customerops.errors import InvalidInputError

if TYPE_CHECKING:
    import attrs
    from numpy.typing import NDArray

__all__ = [
    "Id",
    "Scalar",
    "boolean",
    "came",
    "decimal",
    "did_you_mean",
    "each",
    "finite",
    "identifier",
    "numbers",
    "one_of",
    "positive_duration",
    "scalar",
    "text",
    "validator",
    "whole",
]

Id = int | str | uuid.UUID
"""What may identify a customer, an interaction, a thread."""

Scalar = bool | int | float | str
"""What an attribute may hold: what JSON can, without null."""

_DIGITS = 30  # of a decimal, on either side of the point: a longer one is a mistake or an attack
_US = dt.timedelta(microseconds=1)


def came(value: object) -> str:
    """Say what came, by its type.

    Examples
    --------
    >>> came(3.5)
    'got float'
    """
    return "got None" if value is None else f"got {type(value).__name__}"


def did_you_mean(word: object, options: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"`` for the option most like a word, or ``""``.

    Parameters
    ----------
    word : object
        What was given; anything but a string has no hint.
    options : iterable of str
        What would have been right.

    Examples
    --------
    >>> did_you_mean("chanel", ["channel", "kind"])
    ", did you mean 'channel'?"
    >>> did_you_mean("eur", ["EUR", "USD"])
    ", did you mean 'EUR'?"
    >>> did_you_mean("zebra", ["channel", "kind"])
    ''
    """
    import difflib

    if not isinstance(word, str):
        return ""
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(option.casefold(), option)
    close = difflib.get_close_matches(word.casefold(), folded, n=1)
    return f", did you mean {folded[close[0]]!r}?" if close else ""


def _unboxed(value: object) -> object:
    """Return a numpy scalar as the Python one; anything else as it is. Numpy is not imported."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def one_of(name: str, value: object, options: Iterable[str]) -> str:
    """Return `value` as a plain string if it is one of the options.

    What came is repeated only if it is like an option: then it is a slip in our vocabulary and
    not something of a customer's.

    Raises
    ------
    InvalidInputError
        If it is not one of them; the message lists them and suggests the nearest.

    Examples
    --------
    >>> one_of("status", "granted", ("granted", "denied"))
    'granted'
    >>> one_of("status", "grantd", ("granted", "denied"))
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: status must be one of 'granted', 'denied': got 'grantd', did you mean 'granted'?
    """
    options = tuple(options)
    if isinstance(value, str) and value in options:
        return str.__str__(value)
    hint = did_you_mean(value, options)
    problem = f"got {str(value)!r}{hint}" if hint else came(value)
    raise InvalidInputError(name, "must be one of " + ", ".join(map(repr, options)), problem)


def each(name: str, values: object) -> Iterable[Any]:
    """Return `values` if one can go through them; a string is one value, not many.

    Raises
    ------
    InvalidInputError
        If it is not iterable, or a string.

    Examples
    --------
    >>> each("dates", None)
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: dates must be an iterable of values: got None
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InvalidInputError(name, "must be an iterable of values", came(values))
    return values


def text(name: str, value: object) -> str:
    """Return a plain string that is not empty.

    Raises
    ------
    InvalidInputError
        If it is not a string, or empty.

    Examples
    --------
    >>> text("kind", "purchase")
    'purchase'
    """
    if not isinstance(value, str):
        raise InvalidInputError(name, "must be a str", came(value))
    if not value:
        raise InvalidInputError(name, "must not be empty", "got ''")
    return str.__str__(value)


def boolean(name: str, value: object) -> bool:
    """Return True or False; 0, 1 and None are refused.

    Raises
    ------
    InvalidInputError
        If it is not a bool.
    """
    value = _unboxed(value)
    if not isinstance(value, bool):
        raise InvalidInputError(name, "must be True or False", came(value))
    return value


def whole(name: str, value: object, *, least: int | None = None, most: int | None = None) -> int:
    """Return a plain int; a bool is not a number.

    Parameters
    ----------
    name : str
        What it is called.
    value : int or anything with ``__index__``
        The number.
    least : int, optional
        The smallest allowed.
    most : int, optional
        The largest allowed.

    Raises
    ------
    InvalidInputError
        If it is no whole number, below `least` or above `most`.

    Examples
    --------
    >>> whole("quantity", 3, least=0)
    3
    """
    if isinstance(value, bool):
        raise InvalidInputError(name, "must be an int", "got bool")
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidInputError(name, "must be an int", came(value)) from None
    if least is not None and number < least:
        raise InvalidInputError(name, f"must be at least {least}", "got less")
    if most is not None and number > most:
        raise InvalidInputError(name, f"must be at most {most}", "got more")
    return int(number)


def finite(name: str, value: object) -> float:
    """Return a finite float; an int is taken if a float holds it exactly. -0.0 becomes 0.0.

    Raises
    ------
    InvalidInputError
        If it is not a number, is NaN or infinite, or is an int that a float would round.

    Examples
    --------
    >>> finite("value", 9)
    9.0
    """
    value = _unboxed(value)
    if isinstance(value, float):
        number = float(value)
    else:
        try:
            exact = whole(name, value)
        except InvalidInputError:
            raise InvalidInputError(name, "must be a float", came(value)) from None
        try:
            number = float(exact)
        except OverflowError:
            number = math.inf
        if number != exact:
            raise InvalidInputError(name, "must be exact as a float", "got an int too large")
    if not math.isfinite(number):
        raise InvalidInputError(name, "must be finite", f"got {abs(number)}")
    return number + 0.0


def numbers(name: str, values: object) -> NDArray[Any]:
    """Return an array of numbers, of the shape and the type they came in.

    Raises
    ------
    InvalidInputError
        If they are not numbers, or rows of unlike lengths.

    Examples
    --------
    >>> numbers("shares", [0.25, 0.5])
    array([0.25, 0.5 ])
    >>> numbers("shares", [[0.25], [0.5, 0.75]])
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: shares must be numbers: got list
    """
    import numpy as np

    try:
        given = np.asarray(values)
    except (TypeError, ValueError):
        raise InvalidInputError(name, "must be numbers", came(values)) from None
    if given.dtype.kind not in "iuf" and (given.size or not given.ndim):
        raise InvalidInputError(name, "must be numbers", came(values))
    return given


def decimal(name: str, value: object) -> Decimal:
    """Return a finite Decimal of a Decimal, an int or a str; a float is refused, for it is inexact.

    The result is canonical: equal numbers have equal digits (no exponent, no trailing zeros, no
    negative zero). At most 30 digits on either side of the point.

    Raises
    ------
    InvalidInputError
        If it is none of these, not a number, not finite or too long.

    Examples
    --------
    >>> decimal("quantity", "1.50"), decimal("quantity", Decimal("1E+2"))
    (Decimal('1.5'), Decimal('100'))
    """
    if isinstance(value, Decimal | str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise InvalidInputError(name, "must be a number", "got another str") from None
    else:
        try:
            number = Decimal(whole(name, value))
        except InvalidInputError:
            problem = came(value)
            raise InvalidInputError(name, "must be a Decimal, an int or a str", problem) from None
    if not number.is_finite():
        raise InvalidInputError(
            name, "must be finite", "got nan" if number.is_nan() else "got inf"
        )
    return _canonical(name, number)


def _canonical(name: str, number: Decimal) -> Decimal:
    """Return the shortest plain notation, without the help of a decimal context."""
    sign, digits, exponent = number.as_tuple()
    figures = "".join(map(str, digits)).rstrip("0")
    if not figures:
        return Decimal(0)
    power = int(exponent) + len(digits) - len(figures)
    if len(figures) + power > _DIGITS or power < -_DIGITS:
        raise InvalidInputError(
            name, f"must have at most {_DIGITS} digits on either side of the point", "got more"
        )
    figures += "0" * max(power, 0)
    return Decimal(f"{'-' * sign}{figures}E{min(power, 0)}")


def identifier(name: str, value: object) -> Id:
    """Return an id: an int, a string that is not empty, or a UUID.

    Raises
    ------
    InvalidInputError
        If it is anything else; a bool is not an id.

    Examples
    --------
    >>> identifier("customer_id", "c-9")
    'c-9'
    """
    if isinstance(value, str):
        return text(name, value)
    if isinstance(value, uuid.UUID):
        return value if type(value) is uuid.UUID else uuid.UUID(int=value.int)
    try:
        return whole(name, value)
    except InvalidInputError:
        raise InvalidInputError(name, "must be an int, a str or a UUID", came(value)) from None


def scalar(name: str, value: object) -> Scalar:
    """Return an attribute's value: a bool, int, finite float or str, as plain Python.

    Raises
    ------
    InvalidInputError
        If it is None (leave the key out), not finite, or holds other values.

    Examples
    --------
    >>> scalar("attributes.plan", "pro")
    'pro'
    """
    value = _unboxed(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return finite(name, value)
    try:
        return whole(name, value)
    except InvalidInputError:
        pass
    if value is None:
        raise InvalidInputError(name, "must not be None", "leave the key out")
    raise InvalidInputError(name, "must be a bool, an int, a float or a str", came(value))


def positive_duration(name: str, value: object) -> dt.timedelta:
    """Return a plain timedelta longer than zero.

    Raises
    ------
    InvalidInputError
        If it is not a timedelta, or not longer than zero.

    Examples
    --------
    >>> positive_duration("within", dt.timedelta(days=14))
    datetime.timedelta(days=14)
    """
    if not isinstance(value, dt.timedelta):
        raise InvalidInputError(name, "must be a timedelta", came(value))
    duration = value if type(value) is dt.timedelta else dt.timedelta(microseconds=value // _US)
    if duration <= dt.timedelta(0):
        raise InvalidInputError(name, "must be longer than zero", f"got {duration}")
    return duration


def validator(
    check: Callable[[str, object], object],
) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Return an attrs validator that runs a check under the attribute's own name.

    It checks and does not convert: the attribute keeps what was given.

    Examples
    --------
    >>> import attrs
    >>> @attrs.frozen
    ... class Gap:
    ...     length: dt.timedelta = attrs.field(validator=validator(positive_duration))
    >>> Gap(3)
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: length must be a timedelta: got int
    """

    def validate(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        check(attribute.name, value)

    return validate
