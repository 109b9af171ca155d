"""Columns of amounts and values read as fixed point: exact int64 counts of the last decimal.

A number is taken for the decimal it stands for: a Decimal, an int or a decimal text for itself, a
float for the shortest decimal that reads back as it, which is what Python prints. What has more
decimals than there are places is refused, or rounded where the caller says how.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.faults import Fault
from customerops.model.intake.raw import (
    Converted,
    Dictionary,
    Mask,
    Plain,
    Raw,
    Text,
    is_int,
    said_of,
    through,
)

__all__ = ["MOST_DECIMALS", "ROUNDINGS", "Places", "fixed_point"]

MOST_DECIMALS = 18
"""Decimals at which one whole unit still fits 64 bits."""

ROUNDINGS = (
    "ROUND_HALF_EVEN",
    "ROUND_HALF_UP",
    "ROUND_HALF_DOWN",
    "ROUND_DOWN",
    "ROUND_UP",
    "ROUND_FLOOR",
    "ROUND_CEILING",
    "ROUND_05UP",
)
"""Constants of the module ``decimal`` that say how to round."""

_LARGEST = 2**63 - 1
_BLOCK = 1 << 16  # rows read at a time: what is made on the way stays in the cache
_WIDE = decimal.Context(prec=80, traps=[decimal.InvalidOperation])
_FINE, _NO_NUMBER, _NOT_FINITE, _TOO_LARGE, _TOO_COARSE, _TOO_FINE = range(6)

_Verdicts = tuple[NDArray[np.int64], NDArray[np.int8]]


@attrs.frozen
class Places:
    """How many decimals to keep, and one of `ROUNDINGS`, or None to refuse what has more."""

    decimals: int
    rounding: str | None = None


def fixed_point(read: Raw, places: Places) -> Converted:
    """Return numbers as counts of ``10**-decimals``, and the faults of the column.

    Parameters
    ----------
    read : Plain, Text or Dictionary
        The column.
    places : Places
        How many decimals, and how to round.

    Returns
    -------
    Converted
        Counts of the last decimal: minor units, if these are amounts.

    Notes
    -----
    A float x is taken for n units if n is the integer nearest to ``x * 10**d`` and ``n / 10**d``,
    correctly rounded, is x again. Up to 10**15 units there is at most one such decimal, since a
    double tells any two decimals of 15 digits apart (``DBL_DIG`` of C; a single, of 6). Beyond,
    only whole numbers up to 2**53 are certain, and others are refused.

    Faults are, in this order: no number; not finite; too large for 64 bits; too large for a float
    to be exact; more decimals than places.

    Examples
    --------
    >>> from customerops.model.intake.frames import raw
    >>> fixed_point(raw("amount", [19.99, "5", None, 0.005]), Places(2)).faults[0].rows.tolist()
    [False, False, False, True]
    >>> fixed_point(raw("amount", [19.99, "5", None, 0.005]), Places(2, "ROUND_UP")).values.tolist()
    [1999, 500, 0, 1]
    """
    if isinstance(read, Text):
        read = read.plain()
    if isinstance(read, Plain) and read.kind == "text":
        read = _distinct(read)
    return through(read, lambda plain: _fixed_point(plain, places))


def _distinct(plain: Plain) -> Dictionary:
    import pandas as pd

    codes, categories = pd.factorize(plain.values)
    codes = np.where(plain.gone(), -1, codes)
    return Dictionary(codes, Plain(np.asarray(categories, object), "text", typed=False))


def _fixed_point(plain: Plain, places: Places) -> Converted:
    present = ~plain.gone()
    units, verdicts = np.zeros(len(plain), np.int64), np.zeros(len(plain), np.int8)
    if plain.kind in ("bool", "time", "date"):
        verdicts[present] = _NO_NUMBER
    elif plain.kind in ("int", "float", "scaled"):
        _by_block(plain, places, present, units, verdicts)
    else:
        units[present], verdicts[present] = _each(plain.values[present], places)
    return _converted(units, plain, verdicts, places)


def _by_block(
    plain: Plain,
    places: Places,
    present: Mask,
    units: NDArray[np.int64],
    verdicts: NDArray[np.int8],
) -> None:
    """Fill in units and verdicts of typed numbers, and round one by one what is left."""
    reader = _of_floats if plain.kind == "float" else _of_ints
    for start in range(0, len(plain), _BLOCK):
        block = slice(start, start + _BLOCK)
        counts = np.where(present[block], plain.values[block], plain.values.dtype.type(0))
        units[block], verdicts[block] = reader(counts, plain.scale, places)
    again = verdicts >= _TOO_COARSE
    if places.rounding is not None and again.any():
        units[again], verdicts[again] = _each(_objects(plain, again), places)


def _converted(
    units: NDArray[np.int64], plain: Plain, verdicts: NDArray[np.int8], places: Places
) -> Converted:
    """Turn verdicts into faults, worst first."""
    faults = []
    if verdicts.any():
        requirements = (
            ("not a number", "must be a number"),
            ("not finite", "must be finite"),
            ("too large", f"must fit 64 bits at {places.decimals} decimals"),
            ("too large for a float", "must be a Decimal or an int where it is so large"),
            (f"needs more than {places.decimals} decimals", _fits(places.decimals)),
        )
        typed = plain.kind in ("bool", "time", "date")
        problem = f"got {said_of(plain)}" if typed else ""
        for verdict, (reason, requirement) in enumerate(requirements, 1):
            rows = verdicts == verdict
            if rows.any():
                hint = "rounding= rounds" if verdict == _TOO_FINE else problem
                faults.append(Fault(reason, requirement, rows, hint, typed and plain.typed))
        units = np.where(verdicts == _FINE, units, 0)
    return Converted(units, plain.missing, tuple(faults))


def _fits(decimals: int) -> str:
    return f"must have at most {decimals} decimals"


# ---------------------------------------------------------------------- whole columns


def _of_ints(counts: NDArray[Any], scale: int, places: Places) -> _Verdicts:
    """Read counts of ``10**-scale``."""
    counts = counts.astype(np.int64, copy=False)
    shift = places.decimals - scale
    factor = 10 ** abs(shift)
    if shift < 0 and factor <= _LARGEST:
        units = counts // factor
        inexact = units * factor != counts
        return units, np.where(inexact, _TOO_FINE, _FINE).astype(np.int8)
    if shift < 0:
        return counts * 0, np.where(counts == 0, _FINE, _TOO_FINE).astype(np.int8)
    bound = _LARGEST // factor
    large = (counts > bound) | (counts < -bound)
    verdicts = np.where(large, _TOO_LARGE, _FINE).astype(np.int8)
    return np.where(large, 0, counts) * min(factor, _LARGEST), verdicts


def _of_floats(values: NDArray[Any], scale: int, places: Places) -> _Verdicts:
    form = np.finfo(values.dtype)
    x = values.astype(np.float64, copy=False)
    power, certain = 10.0**places.decimals, 10.0**form.precision
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = x * power
        units = np.rint(scaled)
        exact = ((units / power).astype(form.dtype) == x) & (np.abs(units) <= certain)
    verdicts = np.zeros(len(x), np.int8)
    if not exact.all():
        verdicts[~exact] = _TOO_FINE
        verdicts[~exact & (np.abs(units) > certain)] = _TOO_COARSE
        verdicts[np.abs(scaled) >= 2.0**63] = _TOO_LARGE
        verdicts[~np.isfinite(x)] = _NOT_FINITE
        if places.rounding in _ROUND:
            clear = (verdicts == _TOO_FINE) & _clear(scaled, certain, places.rounding)
            units[clear] = _ROUND[places.rounding](scaled[clear])
            verdicts[clear] = _FINE
    whole = (verdicts == _TOO_COARSE) & (x == np.trunc(x)) & (np.abs(x) <= 2.0 ** (form.nmant + 1))
    result = np.where(verdicts == _FINE, units, 0).astype(np.int64)
    result[whole] = x[whole].astype(np.int64) * 10**places.decimals
    verdicts[whole] = _FINE
    return result, verdicts


_ROUND: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "ROUND_HALF_EVEN": np.rint,
    "ROUND_HALF_UP": np.rint,
    "ROUND_HALF_DOWN": np.rint,
    "ROUND_DOWN": np.trunc,
    "ROUND_FLOOR": np.floor,
    "ROUND_CEILING": np.ceil,
}


def _clear(scaled: NDArray[np.float64], certain: float, rounding: str) -> Mask:
    """Return the rows so far from where the rounding turns that an inexact product does not matter.

    Up to a thousandth of what is certain, the product differs from the decimal that the float
    stands for by less than 1e-3.
    """
    turn = 0.5 if rounding.startswith("ROUND_HALF") else 0.0
    with np.errstate(invalid="ignore"):
        shifted = scaled - turn
        clear: Mask = (np.abs(shifted - np.rint(shifted)) > 1e-3) & (
            np.abs(scaled) <= certain / 1e3
        )
    return clear


# ---------------------------------------------------------------------- one by one


def _objects(plain: Plain, rows: Mask) -> Iterable[Any]:
    values = plain.values[rows]
    if plain.kind == "scaled":
        return (Decimal(int(count)).scaleb(-plain.scale, _WIDE) for count in values)
    return values


def _each(values: Iterable[Any], places: Places) -> _Verdicts:
    read = [_units(x, places) for x in values]
    units = np.array([one[0] for one in read], np.int64)
    return units, np.array([one[1] for one in read], np.int8)


def _units(x: object, places: Places) -> tuple[int, int]:
    """Return one number in units, or 0 and what is wrong with it."""
    number = _decimal_of(x)
    if number is None:
        return 0, _NO_NUMBER
    if not number.is_finite():
        return 0, _NOT_FINITE
    if number and number.adjusted() > 40:
        return 0, _TOO_LARGE
    unit = Decimal(1).scaleb(-places.decimals)
    kept = (number or Decimal(0)).quantize(
        unit, rounding=places.rounding or decimal.ROUND_HALF_EVEN, context=_WIDE
    )
    units = int(kept.scaleb(places.decimals, _WIDE))
    verdict = _FINE
    if abs(units) > _LARGEST:
        verdict = _TOO_LARGE
    elif places.rounding is None and _is_coarse(x, units):
        verdict = _TOO_COARSE
    elif places.rounding is None and kept != number:
        verdict = _TOO_FINE
    return (0 if verdict else units), verdict


def _decimal_of(x: Any) -> Decimal | None:
    if isinstance(x, Decimal):
        return x
    if isinstance(x, float | np.floating):
        return Decimal(str(x))
    if is_int(x):
        return Decimal(int(x))
    if isinstance(x, str):
        try:
            return Decimal(x)
        except decimal.InvalidOperation:
            return None
    return None


def _is_coarse(x: object, units: int) -> bool:
    """Whether a float is so large that several decimals of these places read back as it."""
    if not isinstance(x, float | np.floating):
        return False
    form = np.finfo(type(x))
    whole = float(x).is_integer() and abs(float(x)) <= 2.0 ** (form.nmant + 1)
    return abs(units) > 10**form.precision and not whole
