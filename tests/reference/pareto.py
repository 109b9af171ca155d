"""Pareto/NBD by the formulas of the papers, in many digits, one customer at a time.

Gauss's 2F1 and Tricomi's U by mpmath; nothing is shared with the code under test.
"""

from typing import Any

import mpmath as mp

__all__ = [
    "pareto_alive",
    "pareto_deaths",
    "pareto_expected",
    "pareto_later_alive",
    "pareto_log_likelihood",
    "pareto_pmf",
    "pareto_rates",
    "pareto_residual",
]

DIGITS = 80
Params = tuple[float, float, float, float]
History = tuple[int, float, float]


def _terms(params: tuple[Any, ...], history: History) -> tuple[Any, Any, Any]:
    """Return the factor in front, and the terms of the living and of the dead: equation 18."""
    r, alpha, s, beta = params
    x, t_x, T = (mp.mpf(value) for value in history)
    k = r + s + x
    if alpha >= beta:
        second, larger, apart = s + 1, alpha, alpha - beta
    else:
        second, larger, apart = r + x, beta, beta - alpha

    def part(age: Any) -> Any:  # equations 19 and 20
        return mp.hyp2f1(k, second, k + 1, apart / (larger + age)) / (larger + age) ** k

    dead = s / k * (part(t_x) - part(T)) if t_x < T else mp.mpf(0)
    front = mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha) + s * mp.log(beta)
    return front, (alpha + T) ** -(r + x) * (beta + T) ** -s, dead


def _log_likelihood(params: tuple[Any, ...], history: History) -> Any:
    front, alive, dead = _terms(params, history)
    return front + mp.log(alive + dead)


def pareto_log_likelihood(params: Params, history: History) -> float:
    """Fader and Hardie (2005), note 009, equation 18."""
    with mp.workdps(DIGITS):
        return float(_log_likelihood(tuple(map(mp.mpf, params)), history))


def pareto_deaths(params: Params, history: History) -> float:
    """The term of the dead, relative to having lived until the last purchase."""
    with mp.workdps(DIGITS):
        r, alpha, s, beta = map(mp.mpf, params)
        _, _, dead = _terms((r, alpha, s, beta), history)
        x, t_x, _ = (mp.mpf(value) for value in history)
        return float(dead * (alpha + t_x) ** (r + x) * (beta + t_x) ** s)


def pareto_alive(params: Params, history: History) -> float:
    """Note 009, equation 36."""
    with mp.workdps(DIGITS):
        _, alive, dead = _terms(tuple(map(mp.mpf, params)), history)
        return float(alive / (alive + dead))


def pareto_later_alive(params: Params, history: History, t: float) -> float:
    """The chance to be alive at T + t: mu of the living is gamma with s and beta + T."""
    with mp.workdps(DIGITS):
        _, _, s, beta = map(mp.mpf, params)
        left = (beta + history[2]) / (beta + history[2] + mp.mpf(t))
        return float(left**s * pareto_alive(params, history))


def pareto_expected(params: Params, history: History, t: float) -> float:
    """Note 009, equation 41; at s = 1 its limit, from a tiny step beside."""
    with mp.workdps(DIGITS):
        r, alpha, s, beta = map(mp.mpf, params)
        s += mp.mpf(10) ** -30 * (s == 1)
        x, T = history[0], mp.mpf(history[2])
        left = 1 - ((beta + T) / (beta + T + mp.mpf(t))) ** (s - 1)
        living = (r + x) * (beta + T) / ((alpha + T) * (s - 1)) * left
        return float(living * mp.mpf(pareto_alive(params, history)))


def pareto_residual(params: Params, history: History, rate: float) -> float:
    """Fader, Hardie and Lee (2005), JMR 42(4): DERT by Tricomi's U."""
    with mp.workdps(40):
        r, alpha, s, beta = map(mp.mpf, params)
        x, T, d = history[0], mp.mpf(history[2]), mp.mpf(rate)
        front = mp.loggamma(r + x + 1) - mp.loggamma(r) + r * mp.log(alpha) + s * mp.log(beta)
        front += (s - 1) * mp.log(d) + mp.log(mp.hyperu(s, s, d * (beta + T)))
        front -= (r + x + 1) * mp.log(alpha + T) + _log_likelihood((r, alpha, s, beta), history)
        return float(mp.exp(front))


def pareto_rates(params: Params, history: History) -> tuple[float, float]:
    """The posterior means of lambda and mu.

    A gamma density times its variable is the mean times a gamma density of a shape one higher, so
    a mean is that of the prior times a ratio of likelihoods.
    """
    with mp.workdps(DIGITS):
        r, alpha, s, beta = map(mp.mpf, params)
        log = _log_likelihood((r, alpha, s, beta), history)
        purchases = _log_likelihood((r + 1, alpha, s, beta), history) - log
        death = _log_likelihood((r, alpha, s + 1, beta), history) - log
        return float(r / alpha * mp.exp(purchases)), float(s / beta * mp.exp(death))


def pareto_pmf(params: Params, x: int, t: float) -> float:
    """The chance of x purchases within t, by quadrature over the death from its definition."""
    with mp.workdps(22):
        r, alpha, s, beta = map(mp.mpf, params)
        ways = mp.exp(mp.loggamma(r + x) - mp.loggamma(r) - mp.loggamma(x + 1))

        def chance(u: Any) -> Any:
            return ways * (alpha / (alpha + u)) ** r * (u / (alpha + u)) ** x

        def died(v: Any) -> Any:
            u = mp.exp(v)
            return u * chance(u) / scale * s / (beta + u) * (beta / (beta + u)) ** s

        end = mp.mpf(t)
        scale = chance(end)  # mpmath stops at an absolute error
        dead = mp.quad(died, [mp.log(end) - back for back in (70, 40, 20, 10, 5, 2, 1, 0)])
        return float(scale * ((beta / (beta + end)) ** s + dead))
