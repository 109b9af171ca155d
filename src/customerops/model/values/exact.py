"""The only place that sums: integer totals that never round and never wrap around.

``numpy.bincount(weights=)`` adds in float64, wrong beyond 2**53, and int64 wraps around silently
beyond 2**63; sums of squares of money reach both. Here every float64 partial sum is proved to be a
whole number below 2**53, and totals that pass int64 become Python integers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError

__all__ = [
    "add",
    "canon",
    "divide",
    "float_sum",
    "group_count",
    "group_dot",
    "group_sum",
    "sum_along",
    "times",
]

Ints = NDArray[Any]
"""A canonical array: int64, or objects that are Python integers; read-only."""

_SAFE = 2**62  # two int64 below this add without overflow
_EXACT = 2**53  # float64 holds every integer up to here
_BLOCK = 2**21  # rows of 32-bit limbs whose float64 sum stays below 2**53
_LOW32 = 2**32 - 1
_LOW31 = 2**31 - 1
_LOW27 = 2**27 - 1


def canon(values: object, name: str = "part") -> Ints:
    """Return whole numbers in their one canonical form, read-only.

    Parameters
    ----------
    values : int, sequence of int, or ndarray
        Whole numbers of any size and shape.
    name : str
        What they are, for the message.

    Returns
    -------
    ndarray
        int64 if every ``|v| < 2**62``, else an object array of Python ``int``. Never shares memory
        with an array that somebody can still write to.

    Raises
    ------
    InvalidInputError
        If a value is not a whole number; booleans and floats are refused, not converted.

    Examples
    --------
    >>> canon([1, 2]).dtype, canon([1, 2**70]).dtype
    (dtype('int64'), dtype('O'))
    """
    array = values if isinstance(values, np.ndarray) else _as_objects(values, name)
    if array.dtype == object:
        array = _whole(array, name)
        fits = all(-_SAFE < v < _SAFE for v in array.flat)
        return _frozen(array.astype(np.int64) if fits else array)
    if array.dtype.kind not in "iu":
        raise InvalidInputError(name, "must be whole numbers", f"got {array.dtype}")
    if _magnitude(array) >= _SAFE:
        return _frozen(array.astype(object))
    if array.dtype == np.int64 and array.flags.owndata and not array.flags.writeable:
        return array
    return _frozen(array.astype(np.int64))


def add(a: Ints, b: Ints) -> Ints:
    """Return ``a + b`` of two canonical arrays that broadcast, canonical again; it cannot overflow.

    Examples
    --------
    >>> add(canon(2**61), canon(2**61))
    array(4611686018427387904, dtype=object)
    """
    return _owned(np.asarray(a + b))


def sum_along(a: Ints, axis: int) -> Ints:
    """Return the sum of a canonical array along one axis, canonical.

    Parameters
    ----------
    a : ndarray
        Canonical.
    axis : int
        The axis that goes away.

    Examples
    --------
    >>> sum_along(canon([[1, 2], [3, 4]]), 0)
    array([4, 6])
    """
    if a.dtype != object and _magnitude(a) * a.shape[axis] >= _SAFE:
        a = a.astype(object)
    return _owned(np.asarray(a.sum(axis=axis)))


def group_count(codes: NDArray[Any], n: int) -> Ints:
    """Return how many rows each of `n` groups has; codes as in `group_sum`.

    Examples
    --------
    >>> group_count(np.array([0, 2, 0]), 3)
    array([2, 0, 1])
    """
    counts = np.bincount(codes, minlength=n)
    _check_codes(counts, n)
    return _owned(counts.astype(np.int64, copy=False))


def group_sum(codes: NDArray[Any] | None, x: NDArray[Any], n: int) -> Ints:
    """Return the exact sum of `x` in each of `n` groups.

    Parameters
    ----------
    codes : ndarray of int, shape (rows,), or None
        The group of each row, ``0 <= code < n``. None: every row is of group 0.
    x : ndarray, shape (rows,)
        Whole numbers: any integer dtype, or objects that are Python ``int``.
    n : int
        Number of groups.

    Returns
    -------
    ndarray, shape (n,)
        Canonical: int64, or Python integers where a total needs them.

    Raises
    ------
    InvalidInputError
        If a code is `n` or more.
    ValueError
        If a code is negative.

    Notes
    -----
    One ``bincount`` if ``max|x|`` times the rows of the largest group is below 2**53. Otherwise
    ``x = high * 2**32 + low``; both limbs are summed in blocks that keep every partial sum below
    2**53, so each float64 is a whole number and no addition rounds.

    Examples
    --------
    >>> group_sum(np.array([0, 1, 0]), np.array([2**53, 7, 1]), 2)
    array([9007199254740993,                7])
    """
    if codes is None:
        codes = np.zeros(len(x), dtype=np.intp)
    if x.dtype == object:
        return canon(_python_sums(codes, x.tolist(), n))
    bound = _magnitude(x)
    if bound * len(x) < _EXACT:
        return _owned(_bincount(codes, x, n))
    largest = int(group_count(codes, n).max(initial=0))
    if bound * largest < _EXACT:
        return _owned(_bincount(codes, x, n))
    step = len(x) if largest <= _BLOCK else _BLOCK
    low = np.zeros(n, dtype=np.int64)
    high = np.zeros(n, dtype=np.int64)
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        part = x[rows].astype(np.int64, copy=False)
        low += _bincount(codes[rows], part & _LOW32, n)
        high += _bincount(codes[rows], part >> 32, n) + (low >> 32)
        low &= _LOW32
    return _weighted(high, 32, low)


def group_dot(codes: NDArray[Any] | None, x: NDArray[Any], y: NDArray[Any], n: int) -> Ints:
    """Return the exact sum of ``x * y`` in each of `n` groups.

    Parameters
    ----------
    codes : ndarray of int, shape (rows,), or None
        As in `group_sum`.
    x, y : ndarray, shape (rows,)
        Whole numbers; the same array twice gives sums of squares.
    n : int
        Number of groups.

    Returns
    -------
    ndarray, shape (n,)
        Canonical.

    Notes
    -----
    If ``max|x| * max|y|`` passes int64, both are split as ``high * 2**31 + low``: each partial
    product fits int64 and is summed by `group_sum`.

    Examples
    --------
    >>> group_dot(None, np.array([10**10, 1]), np.array([10**10, 1]), 1)
    array([100000000000000000001], dtype=object)
    """
    if _native(x, y):
        bound_x, bound_y = _magnitude(x), _magnitude(y)
        x, y = x.astype(np.int64, copy=False), y.astype(np.int64, copy=False)
        if bound_x * bound_y < 2**63:
            return group_sum(codes, x * y, n)
        if max(bound_x, bound_y) < _SAFE:
            x1, x0, y1, y0 = x >> 31, x & _LOW31, y >> 31, y & _LOW31
            top = group_sum(codes, x1 * y1, n)
            middle = group_sum(codes, x1 * y0 + x0 * y1, n)  # each below 2**62: the sum fits
            return _weighted(_weighted(top, 31, middle), 31, group_sum(codes, x0 * y0, n))
    return group_sum(codes, x.astype(object) * y.astype(object), n)


def float_sum(
    codes: NDArray[Any] | None,
    x: NDArray[np.float64],
    n: int,
    weights: NDArray[Any] | None = None,
) -> NDArray[np.float64]:
    """Return the sum of floats in each of `n` groups, computed exactly and rounded once.

    Parameters
    ----------
    codes : ndarray of int, shape (rows,), or None
        As in `group_sum`.
    x : ndarray of float64, shape (rows,)
        Finite.
    n : int
        Number of groups.
    weights : ndarray of int, shape (rows,), optional
        How often each row counts; once if not given.

    Returns
    -------
    ndarray of float64, shape (n,)
        The float nearest to the true sum, whatever the order of the rows; infinite only if the
        true sum is out of range.

    Raises
    ------
    InvalidInputError
        If a value is NaN or infinite.

    Notes
    -----
    A float is ``mantissa * 2**exponent`` with a 53-bit mantissa. Rows are summed per window of 32
    exponents as integers (two limbs of the mantissa, shifted within the window, fit int64), the
    windows are put together as Python integers, and one division rounds.

    Examples
    --------
    >>> float_sum(None, np.array([1e16, 1.0, -1e16]), 1)
    array([1.])
    """
    finite = np.isfinite(x)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise InvalidInputError(
            "x", "must be finite", count=len(bad), total=len(x), first=int(bad[0])
        )
    if codes is None:
        codes = np.zeros(len(x), dtype=np.intp)
    fraction, exponent = np.frexp(x)
    mantissa = np.ldexp(fraction, 53).astype(np.int64)
    exponent = exponent.astype(np.int64) - 53
    window, shift = exponent >> 5, exponent & 31
    base = int(window.min(initial=0))
    totals = np.zeros(n, dtype=object)
    for offset in np.flatnonzero(np.bincount(window - base)).tolist():
        rows = window == base + offset
        m, s, c = mantissa[rows], shift[rows], codes[rows]
        limbs = (m >> 27) << s, (m & _LOW27) << s
        if weights is None:
            high, low = (group_sum(c, limb, n) for limb in limbs)
        else:
            high, low = (group_dot(c, limb, weights[rows], n) for limb in limbs)
        totals += _weighted(high, 27, low).astype(object) << (32 * offset)
    return np.array([_scaled(t, 32 * base) for t in totals.tolist()], dtype=np.float64)


def divide(a: Ints, b: Ints) -> NDArray[np.float64]:
    """Return ``a / b`` in float64, each quotient rounded once; NaN where `b` is 0.

    Parameters
    ----------
    a, b : ndarray
        Canonical, of shapes that broadcast.

    Examples
    --------
    >>> divide(canon([1, 1]), canon([4, 0]))
    array([0.25,  nan])
    """
    a, b = np.broadcast_arrays(a, b)
    if _native(a, b) and max(_magnitude(a), _magnitude(b)) <= _EXACT:
        out = np.full(a.shape, np.nan)
        np.divide(a, b, out=out, where=b != 0)
        return out
    quotients = [_quotient(int(p), int(q)) for p, q in zip(a.flat, b.flat, strict=True)]
    return np.array(quotients, dtype=np.float64).reshape(a.shape)


def times(a: Ints, factor: int) -> Ints:
    """Return a canonical array times a whole number, canonical.

    Examples
    --------
    >>> times(canon([2**40]), 2**40)
    array([1208925819614629174706176], dtype=object)
    """
    return a if factor == 1 else canon(a.astype(object) * factor)


def _as_objects(values: object, name: str) -> NDArray[Any]:
    """Keep Python integers as they are: numpy would read ``[2**63, -1]`` as floats."""
    try:
        return np.array(values, dtype=object)
    except ValueError as error:
        raise InvalidInputError(
            name, "must be a regular array", "rows differ in length"
        ) from error


def _whole(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return the object array with every element a Python ``int``, or refuse it."""
    out = np.empty(array.shape, dtype=object)
    for i, v in enumerate(array.flat):
        if isinstance(v, bool) or not isinstance(v, int | np.integer):
            raise InvalidInputError(name, "must be whole numbers", f"got {type(v).__name__}")
        out.flat[i] = int(v)
    return out


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def _owned(array: NDArray[Any]) -> Ints:
    """Make an array nobody else holds canonical."""
    if array.dtype == object:
        return canon(array)
    return _frozen(array) if _magnitude(array) < _SAFE else _frozen(array.astype(object))


def _magnitude(x: NDArray[Any]) -> int:
    """Return ``max|x|`` as a Python integer (``abs`` of the smallest int64 does not exist)."""
    return max(-int(x.min()), int(x.max())) if x.size else 0


def _native(*arrays: NDArray[Any]) -> bool:
    return all(a.dtype != object for a in arrays)


def _check_codes(totals: NDArray[Any], n: int) -> None:
    if len(totals) > n:
        raise InvalidInputError("codes", f"must be below {n}", f"got {len(totals) - 1}")


def _bincount(codes: NDArray[Any], x: NDArray[Any], n: int) -> NDArray[np.int64]:
    """Sum by group in float64; the caller has shown that every partial sum is below 2**53."""
    totals = np.bincount(codes, weights=x, minlength=n)
    _check_codes(totals, n)
    return totals.astype(np.int64)


def _weighted(high: Ints, bits: int, low: Ints) -> Ints:
    """Return ``high * 2**bits + low``."""
    limit = 2 ** (62 - bits)
    if _native(high, low) and _magnitude(high) < limit:
        return _owned((high << bits) + low)  # below 2**62 each
    return canon((high.astype(object) << bits) + low.astype(object))


def _python_sums(codes: NDArray[Any], values: list[int], n: int) -> list[int]:
    totals = [0] * n
    _check_codes(np.bincount(codes), n)
    for code, value in zip(codes.tolist(), values, strict=True):
        totals[code] += value
    return totals


def _scaled(total: int, exponent: int) -> float:
    """Return ``total * 2**exponent`` rounded to the nearest float."""
    try:
        return float(total << exponent) if exponent >= 0 else total / (1 << -exponent)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def _quotient(a: int, b: int) -> float:
    """Return ``a / b`` rounded once; Python divides integers of any size that way."""
    if b == 0:
        return math.nan
    try:
        return a / b
    except OverflowError:
        return math.inf if (a > 0) == (b > 0) else -math.inf
