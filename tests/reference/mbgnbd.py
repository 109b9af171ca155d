"""MBG/NBD by the formulas of the papers, in 40 digits, one customer at a time."""

from typing import Any

import mpmath as mp

__all__ = [
    "mbgnbd_alive",
    "mbgnbd_expected",
    "mbgnbd_later_alive",
    "mbgnbd_log_likelihood",
    "mbgnbd_new_customer",
    "mbgnbd_pmf",
    "mbgnbd_posterior",
]

DIGITS = 40
Params = tuple[float, float, float, float]
History = tuple[int, float, float]


def _parts(params: Params, history: History) -> tuple[Any, Any]:
    """Return the likelihood of the history together with being alive, and with being dead."""
    r, alpha, a, b = map(mp.mpf, params)
    x, t_x, T = mp.mpf(history[0]), mp.mpf(history[1]), mp.mpf(history[2])
    front = mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha)
    front += mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b) - mp.loggamma(a + b + x + 1)
    alive = mp.loggamma(a) + mp.loggamma(b + x + 1) - (r + x) * mp.log(alpha + T)
    dead = mp.loggamma(a + 1) + mp.loggamma(b + x) - (r + x) * mp.log(alpha + t_x)
    return mp.exp(front + alive), mp.exp(front + dead)


def mbgnbd_log_likelihood(params: Params, history: History) -> float:
    """Batislam, Denizel and Filiztekin (2007): x + 1 chances to drop out, the first at time 0."""
    with mp.workdps(DIGITS):
        return float(mp.log(sum(_parts(params, history))))


def mbgnbd_alive(params: Params, history: History) -> float:
    """Bayes' rule."""
    with mp.workdps(DIGITS):
        alive, dead = _parts(params, history)
        return float(alive / (alive + dead))


def mbgnbd_expected(params: Params, history: History, t: float, *, digits: int = 80) -> float:
    """The expression of BTYDplus, with Gauss's 2F1; at a = 1 its limit, from a tiny step beside."""
    with mp.workdps(digits):
        r, alpha, a, b = map(mp.mpf, params)
        x, t_x, T, t_ = map(mp.mpf, (*history, t))
        a += mp.mpf(10) ** (-digits // 3) * (a == 1)
        series = mp.hyp2f1(r + x, b + x + 1, a + b + x, t_ / (alpha + T + t_))
        left = ((alpha + T) / (alpha + T + t_)) ** (r + x) * series
        odds = a / (b + x) * ((alpha + T) / (alpha + t_x)) ** (r + x)
        return float((a + b + x) / (a - 1) * (1 - left) / (1 + odds))


def mbgnbd_later_alive(params: Params, history: History, t: float) -> float:
    """E (1 + p s)^-(r + x) over p ~ Beta(a, b + x + 1), which is a 2F1, if alive now."""
    with mp.workdps(DIGITS):
        r, alpha, a, b = map(mp.mpf, params)
        x, T = history[0], mp.mpf(history[2])
        later = mp.hyp2f1(r + x, a, a + b + x + 1, -mp.mpf(t) / (alpha + T))
        return float(later * mp.mpf(mbgnbd_alive(params, history)))


def mbgnbd_new_customer(params: Params, t: float) -> float:
    """Repeat purchases of somebody new within t, one of whose chances to drop out is at once."""
    with mp.workdps(DIGITS):
        r, alpha, a, b = map(mp.mpf, params)
        t_ = mp.mpf(t)
        series = mp.hyp2f1(r, b + 1, a + b, t_ / (alpha + t_))
        return float(b / (a - 1) * (1 - (alpha / (alpha + t_)) ** r * series))


def mbgnbd_pmf(params: Params, x: int, t: float) -> float:
    """Alive after x + 1 chances, or dropped out at the last of them; the sum written out."""
    with mp.workdps(DIGITS):
        r, alpha, a, b = map(mp.mpf, params)
        t_ = mp.mpf(t)

        def poisson(j: int) -> Any:
            front = mp.gamma(r + j) / (mp.gamma(r) * mp.factorial(j))
            return front * (alpha / (alpha + t_)) ** r * (t_ / (alpha + t_)) ** j

        rest = 1 - mp.fsum(poisson(j) for j in range(x))
        chance = mp.beta(a, b + x + 1) * poisson(x) + mp.beta(a + 1, b + x) * rest
        return float(chance / mp.beta(a, b))


def mbgnbd_posterior(params: Params, history: History) -> tuple[float, float]:
    """Mean rate and mean chance to drop out: ratios of likelihoods at shifted parameters.

    ``E(lambda | history) = L(r + 1) r / (alpha L(r))`` and the like for the chance.
    """
    with mp.workdps(DIGITS):
        r, alpha, a, b = map(mp.mpf, params)
        whole = sum(_parts(params, history))
        rate = sum(_parts((r + 1, alpha, a, b), history)) * r / alpha / whole
        drop = sum(_parts((r, alpha, a + 1, b), history)) * a / (a + b) / whole
        return float(rate), float(drop)
