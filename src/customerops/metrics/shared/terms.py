"""Terms: how long a contract runs before it is renewed, and how many of them have ended by a day."""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import CENTURY
from customerops.model.values.checks import came, one_of, whole

__all__ = ["Term", "as_term", "due_after", "terms_by", "years_of"]

Term = tuple[int, Literal["day", "week", "month", "year"]]
"""How long a contract runs before it is renewed: ``(1, "year")``."""

Ints = NDArray[np.int64]

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_LONGEST = 1200  # months, a century
_YEAR = 365.2425  # days of the Gregorian calendar, on average over 400 years


def as_term(given: object) -> Term:
    """Return a term, checked.

    Raises
    ------
    InvalidInputError
        If it is not a whole number of days, weeks, months or years, or longer than a century.

    Examples
    --------
    >>> as_term((3, "month"))
    (3, 'month')
    """
    if not isinstance(given, tuple) or len(given) != 2:
        raise InvalidInputError("term", "must be a number and a unit, (1, 'year')", came(given))
    count, unit = given
    unit = one_of("term[1]", unit, (*_DAYS, *_MONTHS))
    most = _LONGEST // _MONTHS[unit] if unit in _MONTHS else CENTURY // _DAYS[unit]
    return whole("term[0]", count, least=1, most=most), cast("Any", unit)


def years_of(term: Term) -> float:
    """Return the length of a term in years: months are twelfths, days are of the mean year.

    Examples
    --------
    >>> years_of((6, "month"))
    0.5
    """
    count, unit = term
    return count * _MONTHS[unit] / 12 if unit in _MONTHS else count * _DAYS[unit] / _YEAR


def terms_by(began: Ints, until: Ints, term: Term) -> Ints:
    """Return how many terms that began on one day have ended by another, that day included.

    A term ends on the day some months or days after the first; the 31st becomes the last day of a
    shorter month.

    Parameters
    ----------
    began, until : ndarray of int64
        Days since 1970-01-01.
    term : Term
        How long a term is.

    Examples
    --------
    >>> days = np.array(["2024-01-31", "2024-02-28", "2024-02-29"], "M8[D]").astype(np.int64)
    >>> terms_by(days[[0, 0]], days[1:], (1, "month")).tolist()
    [0, 1]
    """
    count, unit = term
    if unit in _DAYS:
        length = count * _DAYS[unit]
        days: Ints = np.maximum(until - began, 0) // length
        return days
    step = count * _MONTHS[unit]
    month = began.astype("M8[D]").astype("M8[M]")
    months = (until.astype("M8[D]").astype("M8[M]") - month).astype(np.int64)
    ended: Ints = np.maximum(months, 0) // step
    ended -= (ended > 0) & (due_after(began, ended, term) > until)
    return ended


def due_after(day: Ints, number: Ints, term: Term) -> Ints:
    """Return the day some terms after a day; the 31st becomes the last of a shorter month.

    Parameters
    ----------
    day : ndarray of int64
        Days since 1970-01-01.
    number : ndarray of int64
        How many terms.
    term : Term
        How long a term is.

    Examples
    --------
    >>> day = np.array(["2024-01-31"], "M8[D]").astype(np.int64)
    >>> due_after(day, np.array([1]), (1, "month")).astype("M8[D]").tolist()
    [datetime.date(2024, 2, 29)]
    """
    count, unit = term
    if unit in _DAYS:
        return day + number * (count * _DAYS[unit])
    date = day.astype("M8[D]")
    month = date.astype("M8[M]")
    in_month = (date - month.astype("M8[D]")).astype(np.int64)
    target = month + (number * (count * _MONTHS[unit])).astype("m8[M]")
    start, after = target.astype("M8[D]"), (target + np.timedelta64(1, "M")).astype("M8[D]")
    last = (after - start).astype(np.int64) - 1
    due: Ints = start.astype(np.int64) + np.minimum(in_month, last)
    return due
