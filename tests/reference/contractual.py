"""Models of contracts by their definitions, in 40 digits; renewals one customer at a time.

Nothing here is fast: beta functions by mpmath, discounted lifetimes as sums over years, and
renewals by going from one due day to the next.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import mpmath as mp

from tests.reference import churn

__all__ = [
    "bdw_log_likelihood",
    "bdw_survival",
    "derivatives",
    "discounted_lifetime",
    "maximum",
    "renewals",
    "residual_lifetime",
    "sbg_discounted_lifetime",
    "stays_of",
]

DIGITS = 40
Shape = tuple[float, float, float]


def _survival(shape: Sequence[Any], t: int) -> Any:
    """Fader et al. (2018): B(gamma, delta + t^c) / B(gamma, delta)."""
    alpha, beta, c = shape
    u = mp.mpf(t) ** c if t else mp.mpf(0)
    up = mp.loggamma(beta + u) - mp.loggamma(alpha + beta + u)
    return mp.exp(up - mp.loggamma(beta) + mp.loggamma(alpha + beta))


def bdw_survival(shape: Shape, t: int) -> float:
    """Share that makes t renewals or more."""
    with mp.workdps(DIGITS):
        return float(_survival([mp.mpf(x) for x in shape], t))


def _log_likelihood(shape: Sequence[Any], kept: Sequence[int], lost: Sequence[int]) -> Any:
    total = mp.mpf(0)
    for t, (still, gone) in enumerate(zip(kept, lost, strict=True)):
        if still:
            total += still * mp.log(_survival(shape, t))
        if gone:
            total += gone * mp.log(_survival(shape, t - 1) - _survival(shape, t))
    return total


def bdw_log_likelihood(shape: Shape, kept: Sequence[int], lost: Sequence[int]) -> float:
    """Each one lost at t has the chance S(t - 1) - S(t), each one kept S(t)."""
    with mp.workdps(DIGITS):
        return float(_log_likelihood([mp.mpf(x) for x in shape], kept, lost))


def derivatives(
    shape: Shape, kept: Sequence[int], lost: Sequence[int], free: int
) -> tuple[list[float], list[list[float]]]:
    """Gradient and Hessian in the logarithms of the first parameters, by numerical limits."""
    with mp.workdps(60):

        def at(*logs: Any) -> Any:
            some = [mp.exp(x) for x in logs]
            return _log_likelihood([*some, *map(mp.mpf, shape[free:])], kept, lost)

        here = tuple(mp.log(mp.mpf(x)) for x in shape[:free])
        unit = [[int(i == j) for j in range(free)] for i in range(free)]

        def by(order: list[int]) -> float:
            return float(mp.diff(at, here, tuple(order)))

        gradient = [by(row) for row in unit]
        hessian = [[by([a + b for a, b in zip(x, y, strict=True)]) for y in unit] for x in unit]
        return gradient, hessian


def maximum(start: Shape, kept: Sequence[int], lost: Sequence[int], free: int) -> list[float]:
    """The parameters at which the gradient is 0, by Newton's method on it in 40 digits."""
    with mp.workdps(DIGITS):

        def at(*some: Any) -> Any:
            return _log_likelihood([*some, *map(mp.mpf, start[free:])], kept, lost)

        def slope(i: int) -> Callable[..., Any]:
            order = tuple(int(i == j) for j in range(free))
            return lambda *some: mp.diff(at, some, order)

        found = mp.findroot(
            [slope(i) for i in range(free)], [mp.mpf(x) for x in start[:free]], tol=1e-20
        )
        return [float(x) for x in found]


def discounted_lifetime(shape: Shape, d: float, *, made: int = 0) -> float:
    """Sum of S(made + t) / S(made) (1 + d)^-t over t = 0, 1, 2, ..., until nothing changes."""
    with mp.workdps(30 + int(3 * shape[2])):  # t^c is a large number to subtract
        exact = [mp.mpf(x) for x in shape]
        v, front = 1 / (1 + mp.mpf(d)), _survival(exact, made)
        total, t = mp.mpf(0), 0
        while v**t > mp.mpf(10) ** -16:
            total += _survival(exact, made + t) * v**t
            t += 1
        return float(total / front)


def residual_lifetime(shape: Shape, d: float, made: int) -> float:
    """Before the next renewal is due: its payment comes now, if it is made."""
    return (discounted_lifetime(shape, d, made=made) - 1) * (1 + d)


def sbg_discounted_lifetime(alpha: float, beta: float, d: float) -> float:
    """Fader and Hardie (2010): 2F1(1, beta; alpha + beta; 1 / (1 + d)), in 40 digits."""
    with mp.workdps(DIGITS):
        a, b = mp.mpf(alpha), mp.mpf(beta)
        return float(mp.hyp2f1(1, b, a + b, 1 / (1 + mp.mpf(d))))


# ------------------------------------------------------------------ renewals


def _months_on(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (dt.date(year + month // 11, (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(day.day, last))


def stays_of(
    book: churn.Book, as_of: dt.datetime, zone: ZoneInfo
) -> list[tuple[dt.date, dt.date | None]]:
    """Return the local days on which each unbroken stay began and ended, as known at an instant."""
    out = []
    for own in book.values():
        for stay in churn.merged(churn.cut(own, as_of)):
            end = churn.end_of(stay)
            began = stay[0].start.astimezone(zone).date()
            out.append((began, None if end is None else end.astimezone(zone).date()))
    return out


def renewals(
    stays: Iterable[tuple[dt.date, dt.date | None]], term: tuple[int, str], closed: dt.date
) -> Counter[tuple[str, int]]:
    """Count stays by what became of them: ("lost", renewal) or ("kept", renewals made).

    Parameters
    ----------
    stays : iterable of (date, date or None)
        Local days on which each began and ended.
    term : tuple of (int, str)
        How long a contract runs.
    closed : date
        The last local day that is over.
    """
    count, unit = term
    outcome: Counter[tuple[str, int]] = Counter()
    for began, ended in stays:
        made = 0
        while True:
            number = made + 1
            if unit in {"month", "year"}:
                due = _months_on(began, number * count * (12 if unit == "year" else 1))
            else:
                due = began + dt.timedelta(days=number * count * (7 if unit == "week" else 1))
            if due > closed:
                outcome["kept", made] += 1
                break
            if ended is not None and ended <= due:
                outcome["lost", number] += 1
                break
            made = number
    return outcome
