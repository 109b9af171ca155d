"""What is wrong with the rows of one column, check by check."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.raw import Mask, Plain, Raw, is_int
from customerops.model.intake.times import Clock, instants
from customerops.model.quality.reading import flat
from customerops.model.quality.schema import Field
from customerops.model.values.checks import Id
from customerops.model.values.instants import micros

__all__ = ["Checked", "Wrong", "check", "codes_of"]


@attrs.frozen(eq=False)
class Wrong:
    """Rows that fail one check: of which measure it is, and what is wrong."""

    measure: str
    reason: str
    rows: Mask


@attrs.frozen(eq=False)
class Checked:
    """One column: which rows have a value, of the right kind, and which fail what.

    Attributes
    ----------
    values : Plain
        What was read, instants as int64 microseconds.
    present, typed : ndarray of bool, shape (n,)
        Has a value; has one of the field's kind.
    comparable : ndarray of bool, shape (n,)
        Has a value that tells rows apart: what is no instant does not.
    wrong : tuple of Wrong
        In the order of the checks.
    totals : dict of str to ndarray of bool
        The rows each measure is about.
    """

    values: Plain
    present: Mask
    typed: Mask
    comparable: Mask
    wrong: tuple[Wrong, ...]
    totals: dict[str, Mask]


def check(
    read: Raw, field: Field, known: Collection[Id] | None, as_of: int, clock: Clock
) -> Checked:
    """Check a column, row by row; what is blank is missing.

    Parameters
    ----------
    read : Raw
        The column.
    field : Field
        What it must be.
    known : collection of ids or None
        The ids that its reference names.
    as_of : int
        Microseconds UTC.
    clock : Clock
        How naive times are read.
    """
    plain = flat(read)
    present = ~(plain.gone() | _blank(plain))
    plain, misfits = _typed(read, plain, field, present, clock)
    typed = present.copy()
    wrong = []
    for reason, rows in misfits:
        wrong.append(Wrong("validity", reason, rows & typed))
        typed &= ~rows
    comparable = typed.copy() if field.kind == "instant" else present
    totals = {"completeness": np.ones(len(plain), np.bool_), "validity": present}
    if field.required:
        wrong.insert(0, Wrong("completeness", "missing", ~present))
    if field.pattern is not None:
        matches = re.compile(field.pattern).fullmatch
        bad = _apart(plain, typed, lambda value: matches(value) is None)
        wrong.append(Wrong("validity", "not as its pattern", bad))
    if field.allowed is not None:
        allowed = field.allowed
        bad = _apart(plain, typed, lambda value: value not in allowed)
        wrong.append(Wrong("validity", "not among the allowed", bad))
    if field.least is not None or field.most is not None:
        totals["out_of_range"] = typed
        wrong.append(Wrong("out_of_range", "out of range", typed & _outside(plain, field, typed)))
    if field.kind == "instant":
        wrong += _of_time(plain.values, field, typed, as_of, totals)
    if known is not None:
        totals["orphaned"] = typed
        bad = _apart(plain, typed, lambda value: value not in known)
        wrong.append(Wrong("orphaned", "refers to none known", bad))
    return Checked(plain, present, typed, comparable, tuple(wrong), totals)


def _of_time(
    at: NDArray[Any], field: Field, typed: Mask, as_of: int, totals: dict[str, Mask]
) -> list[Wrong]:
    wrong = []
    if field.future == "refused":
        totals["future_dated"] = typed
        wrong.append(Wrong("future_dated", "in the future", typed & (at > as_of)))
    if field.fresh_within is not None:
        totals["stale"] = typed & (at <= as_of)
        limit = as_of - micros(field.fresh_within)
        wrong.append(Wrong("stale", "out of date", typed & (at < limit)))
    return wrong


# ---------------------------------------------------------------------- kinds


def _blank(plain: Plain) -> Mask:
    """Return the rows that hold nothing but white space."""
    if plain.kind not in ("text", "object"):
        return np.zeros(len(plain), np.bool_)
    return _each(plain.values, lambda x: isinstance(x, str) and not x.strip())


def _each(values: NDArray[Any], test: Callable[[Any], bool]) -> Mask:
    return np.fromiter(map(test, values.tolist()), np.bool_, len(values))


def _apart(plain: Plain, rows: Mask, test: Callable[[Any], bool]) -> Mask:
    """Return the rows, of some, whose value passes a test."""
    found = np.zeros(len(plain), np.bool_)
    found[rows] = _each(plain.values[rows], test)
    return found


Misfits = list[tuple[str, Mask]]


def _typed(
    read: Raw, plain: Plain, field: Field, present: Mask, clock: Clock
) -> tuple[Plain, Misfits]:
    """Return the values as the field's kind has them, and which rows are of another, and why."""
    if field.kind == "instant":
        return _as_instants(read, present, clock)
    if field.kind == "any":
        return plain, []
    if plain.kind == "object":
        return plain, [(_SAID[field.kind], _apart(plain, present, _OTHERWISE[field.kind]))]
    good = plain.kind in (*_KINDS[field.kind], "nothing")
    misfits = [(_SAID[field.kind], present & ~np.bool_(good))]
    if good and plain.kind == "float":
        misfits.insert(0, ("not finite", ~np.isfinite(plain.values)))
        if field.kind == "integer":
            broken = np.zeros(len(plain), np.bool_)
            finite = np.isfinite(plain.values)
            broken[finite] = plain.values[finite] % 1 != 0
            misfits.append((_SAID["integer"], broken))
    if good and plain.kind == "scaled" and field.kind == "integer":
        misfits.append((_SAID["integer"], plain.values % 10**plain.scale != 0))
    return plain, misfits


def _as_instants(read: Raw, present: Mask, clock: Clock) -> tuple[Plain, Misfits]:
    done = instants(read, clock)
    misfits = [(fault.reason, fault.rows) for fault in done.faults]
    return Plain(done.values, "int", ~present), misfits


_SAID = {
    "text": "not text",
    "id": "not an id",
    "integer": "not an integer",
    "number": "not a number",
    "boolean": "not a boolean",
}
_KINDS: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "id": ("text", "int"),
    "integer": ("int", "float", "scaled"),
    "number": ("int", "float", "scaled"),
    "boolean": ("bool",),
}


def _is_number(x: object) -> bool:
    if isinstance(x, Decimal):
        return x.is_finite()
    return is_int(x) or (isinstance(x, float | np.floating) and math.isfinite(x))


_OTHERWISE: dict[str, Callable[[Any], bool]] = {
    "text": lambda x: not isinstance(x, str),
    "id": lambda x: not (is_int(x) or isinstance(x, str | UUID)),
    "integer": lambda x: not (_is_number(x) and x % 1 == 0),
    "number": lambda x: not _is_number(x),
    "boolean": lambda x: not isinstance(x, bool | np.bool_),
}


# ---------------------------------------------------------------------- numbers and keys


def _outside(plain: Plain, field: Field, rows: Mask) -> Mask:
    """Return the rows outside the bounds, exactly: a bound need not be a float."""
    least = None if field.least is None else Fraction(field.least)
    most = None if field.most is None else Fraction(field.most)
    if plain.kind == "object":
        return _apart(
            plain,
            rows,
            lambda x: (
                (least is not None and Fraction(x) < least)
                or (most is not None and Fraction(x) > most)
            ),
        )
    bad = np.zeros(len(plain), np.bool_)
    if plain.kind == "nothing":
        return bad
    values = plain.values[rows]
    unit = 10**plain.scale
    outside = np.zeros(len(values), np.bool_)
    if least is not None:
        outside |= _below(values, least * unit)
    if most is not None:
        outside |= _above(values, most * unit)
    bad[rows] = outside
    return bad


def _below(values: NDArray[Any], bound: Fraction) -> Mask:
    """Return which values are below a bound: whole ones, below the next whole number up."""
    if values.dtype.kind != "f":
        return np.asarray(values < math.ceil(bound), np.bool_)
    near = float(bound)
    return values <= near if Fraction(near) < bound else values < near


def _above(values: NDArray[Any], bound: Fraction) -> Mask:
    """Return which values are above a bound: whole ones, above the next whole number down."""
    if values.dtype.kind != "f":
        return np.asarray(values > math.floor(bound), np.bool_)
    near = float(bound)
    return values >= near if Fraction(near) > bound else values > near


def codes_of(checked: Checked) -> NDArray[np.int64]:
    """Return a number for each distinct value of a column; -1 where there is none."""
    import pandas as pd

    values = checked.values.values
    if checked.values.kind == "object":  # a list or a dict has no hash
        values = np.array([_hashable(x) for x in values.tolist()], object)
    codes, _ = pd.factorize(values)
    return np.where(checked.comparable, codes, -1).astype(np.int64)


def _hashable(x: Any) -> Any:
    try:
        hash(x)
    except TypeError:
        return repr(x)
    return x
