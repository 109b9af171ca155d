"""Customer-base models by the formulas of the papers, in 40 digits, one customer at a time.

Nothing here is fast, clever or vectorised: Gauss's 2F1 and gamma functions by mpmath, purchase
summaries from plain records with a loop a customer.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import mpmath as mp

from customerops.model.records.records import Interaction

__all__ = [
    "bgnbd_alive",
    "bgnbd_expected",
    "bgnbd_later_alive",
    "bgnbd_log_likelihood",
    "bgnbd_new_customer",
    "bgnbd_pmf",
    "gamma_gamma_log_likelihood",
    "gamma_gamma_mean",
    "purchase_rows",
]

DIGITS = 40
Params = tuple[float, float, float, float]
History = tuple[int, float, float]


def bgnbd_log_likelihood(params: Params, history: History) -> float:
    """Fader, Hardie and Lee (2005), equation 6."""
    with mp.workdps(DIGITS):
        r, alpha, a, b = map(mp.mpf, params)
        x, t_x, T = mp.mpf(history[0]), mp.mpf(history[1]), mp.mpf(history[2])
        beta = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
        front = mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha)
        alive = mp.loggamma(a) + mp.loggamma(b + x) - mp.loggamma(a + b + x)
        total = mp.exp(front + alive - beta - (r + x) * mp.log(alpha + T))
        if x > 0:
            dead = mp.loggamma(a + 1) + mp.loggamma(b + x - 1) - mp.loggamma(a + b + x)
            total += mp.exp(front + dead - beta - (r + x) * mp.log(alpha + t_x))
        return float(mp.log(total))


def bgnbd_alive(params: Params, history: History) -> float:
    """Fader, Hardie and Lee (2008), note 021: the chance to be alive at T."""
    with mp.workdps(DIGITS):
        r, alpha, a, b = map(mp.mpf, params)
        x, t_x, T = history[0], mp.mpf(history[1]), mp.mpf(history[2])
        if x == 0:
            return 1.0
        odds = a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x)
        return float(1 / (1 + odds))


def bgnbd_expected(params: Params, history: History, t: float, *, digits: int = 80) -> float:
    """Equation 10 of the paper, with Gauss's 2F1; at a = 1 its limit, from a tiny step beside."""
    with mp.workdps(digits):
        r, alpha, a, b = map(mp.mpf, params)
        x, T, t_ = mp.mpf(history[0]), mp.mpf(history[2]), mp.mpf(t)
        nudge = mp.mpf(10) ** (-digits // 3)
        a += nudge * (a == 1)
        b += nudge * (a + b + x == 1)
        z = t_ / (alpha + T + t_)
        series = mp.hyp2f1(r + x, b + x, a + b + x - 1, z)
        left = ((alpha + T) / (alpha + T + t_)) ** (r + x) * series
        living = (a + b + x - 1) / (a - 1) * (1 - left)
        return float(living * mp.mpf(bgnbd_alive(params, history)))


def bgnbd_later_alive(params: Params, history: History, t: float) -> float:
    """The chance to be alive at T + t: E (1 + p s)^-(r + x) over the dropout chances p is a 2F1."""
    with mp.workdps(DIGITS):
        r, alpha, a, b = map(mp.mpf, params)
        x, T = history[0], mp.mpf(history[2])
        later = mp.hyp2f1(r + x, a, a + b + x, -mp.mpf(t) / (alpha + T))
        return float(later * mp.mpf(bgnbd_alive(params, history)))


def bgnbd_new_customer(params: Params, t: float) -> float:
    """Equation 9: repeat purchases of somebody new within t."""
    return bgnbd_expected(params, (0, 0.0, 0.0), t)


def bgnbd_pmf(params: Params, x: int, t: float) -> float:
    """Equation 8, its sum written out."""
    with mp.workdps(DIGITS):
        r, alpha, a, b = map(mp.mpf, params)
        t_ = mp.mpf(t)

        def poisson(j: int) -> Any:
            return (
                mp.gamma(r + j)
                / (mp.gamma(r) * mp.factorial(j))
                * (alpha / (alpha + t_)) ** r
                * (t_ / (alpha + t_)) ** j
            )

        chance = mp.beta(a, b + x) / mp.beta(a, b) * poisson(x)
        if x > 0:
            rest = 1 - mp.fsum(poisson(j) for j in range(x))
            chance += mp.beta(a + 1, b + x - 1) / mp.beta(a, b) * rest
        return float(chance)


def gamma_gamma_log_likelihood(params: tuple[float, float, float], x: int, m: Fraction) -> float:
    """Fader and Hardie (2013), note 025, equation 1a."""
    with mp.workdps(DIGITS):
        p, q, gamma = map(mp.mpf, params)
        mean = mp.mpf(m.numerator) / m.denominator
        px = p * x
        return float(
            mp.loggamma(px + q)
            - mp.loggamma(px)
            - mp.loggamma(q)
            + q * mp.log(gamma)
            + (px - 1) * mp.log(mean)
            + px * mp.log(x)
            - (px + q) * mp.log(gamma + x * mean)
        )


def gamma_gamma_mean(params: tuple[float, float, float], x: int, m: float) -> float:
    """Note 025, equation 5, as a weighted mean of the population's and the customer's."""
    p, q, gamma = params
    weight = (q - 1) / (p * x + q - 1)
    return weight * p * gamma / (q - 1) + (1 - weight) * m


Row = dict[str, Any]


def purchase_rows(
    interactions: Iterable[Interaction],
    *,
    is_purchase: Callable[[Interaction], bool],
    tick: Callable[[dt.datetime], int],
    calibration_end: dt.datetime,
    as_of: dt.datetime,
) -> tuple[dict[Any, Row], int]:
    """Return each customer's row of a purchase summary, and how many started too late for one.

    `tick` numbers the clock: two purchases of one customer in one tick are one occasion, which
    lies where its first event does. Spends are `Fraction`; an occasion is priced if every event of
    it has an amount.
    """
    occasions: dict[Any, dict[int, list[Interaction]]] = defaultdict(dict)
    for event in sorted(interactions, key=lambda i: i.at):
        if is_purchase(event) and event.at <= as_of:
            occasions[event.customer_id].setdefault(tick(event.at), []).append(event)
    rows: dict[Any, Row] = {}
    excluded = 0
    for customer, by_tick in occasions.items():
        known = [o for o in by_tick.values() if o[0].at <= calibration_end]
        held = [o for o in by_tick.values() if o[0].at > calibration_end]
        if not known:
            excluded += 1
            continue
        first = tick(known[0][0].at)
        rows[customer] = {
            "x": len(known) - 1,
            "t_x": tick(known[-1][0].at) - first,
            "T": tick(calibration_end) - first,
            "held_x": len(held),
            **_spend("first_", known[:1]),
            **_spend("", known[1:]),
            **_spend("held_", held),
        }
    return rows, excluded


def _spend(prefix: str, occasions: list[list[Interaction]]) -> Row:
    priced = [o for o in occasions if all(event.amount is not None for event in o)]
    total = sum((Fraction(e.amount.amount) for o in priced for e in o if e.amount), Fraction(0))
    return {f"{prefix}priced": len(priced), f"{prefix}spend": total}
