"""BG/BB by the sums of the paper, term by term in 40 digits, one customer at a time.

Fader, Hardie and Shang (2010), Customer-Base Analysis in a Discrete-Time Noncontractual Setting,
Marketing Science 29(6), 1086-1108.
"""

from typing import Any

import mpmath as mp

__all__ = [
    "DONATIONS",
    "bgbb_alive",
    "bgbb_expected",
    "bgbb_log_likelihood",
    "bgbb_new_customer",
    "bgbb_pmf",
    "bgbb_posterior",
    "bgbb_residual",
]

DIGITS = 40
Params = tuple[float, float, float, float]
History = tuple[int, int, int]

DONATIONS = [
    (0, 0, 6, 3464), (1, 1, 6, 1091), (1, 2, 6, 277), (1, 3, 6, 129), (1, 4, 6, 78),
    (1, 5, 6, 119), (1, 6, 6, 129), (2, 2, 6, 613), (2, 3, 6, 255), (2, 4, 6, 155),
    (2, 5, 6, 173), (2, 6, 6, 234), (3, 3, 6, 322), (3, 4, 6, 181), (3, 5, 6, 225),
    (3, 6, 6, 357), (4, 4, 6, 240), (4, 5, 6, 284), (4, 6, 6, 512), (5, 5, 6, 335),
    (5, 6, 6, 728), (6, 6, 6, 1203),
]  # fmt: skip
"""Table 2 of the paper: x, t_x, n and donors of the 1995 cohort, years 1996 to 2001."""


def _parts(params: Params, history: History) -> tuple[Any, Any]:
    """Return the likelihood of the history together with being alive, and with being dead."""
    alpha, beta, gamma, delta = map(mp.mpf, params)
    x, t_x, n = history

    def ratio(a: Any, b: Any, c: Any, d: Any) -> Any:  # of beta functions, without underflow
        logs = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
        return mp.exp(logs - (mp.loggamma(c) + mp.loggamma(d) - mp.loggamma(c + d)))

    alive = ratio(alpha + x, beta + n - x, alpha, beta) * ratio(gamma, delta + n, gamma, delta)
    dead = mp.fsum(
        ratio(alpha + x, beta + m - x, alpha, beta) * ratio(gamma + 1, delta + m, gamma, delta)
        for m in range(t_x, n)
    )
    return alive, dead


def bgbb_log_likelihood(params: Params, history: History) -> float:
    """Equation 5."""
    with mp.workdps(DIGITS):
        return float(mp.log(sum(_parts(params, history))))


def bgbb_alive(params: Params, history: History, later: int = 0) -> float:
    """Equation 11; the paper's own is that of ``later=1``."""
    with mp.workdps(DIGITS):
        gamma, delta = mp.mpf(params[2]), mp.mpf(params[3])
        n = history[2]
        alive, dead = _parts(params, history)
        survive = mp.mpf(1)
        for i in range(later):
            survive *= (delta + n + i) / (gamma + delta + n + i)
        return float(survive * alive / (alive + dead))


def bgbb_expected(params: Params, history: History, within: int) -> float:
    """Equation 13 before its sum is closed: one opportunity after the other."""
    with mp.workdps(DIGITS):
        alpha, beta, gamma, delta = map(mp.mpf, params)
        x, _, n = history
        alive, dead = _parts(params, history)
        total, survive = mp.mpf(0), mp.mpf(1)
        for i in range(within):
            survive *= (delta + n + i) / (gamma + delta + n + i)
            total += survive
        return float((alpha + x) / (alpha + beta + n) * total * alive / (alive + dead))


def bgbb_residual(params: Params, history: History, discount: float) -> float:
    """Equation 14, with Gauss's 2F1."""
    with mp.workdps(DIGITS):
        alpha, beta, gamma, delta = map(mp.mpf, params)
        x, _, n = history
        d = mp.mpf(discount)
        alive, dead = _parts(params, history)
        series = mp.hyp2f1(1, delta + n + 1, gamma + delta + n + 1, 1 / (1 + d))
        first = (delta + n) / (gamma + delta + n) / (1 + d)
        return float((alpha + x) / (alpha + beta + n) * first * series * alive / (alive + dead))


def bgbb_new_customer(params: Params, n: int) -> float:
    """Equation 9, from the chances of each number."""
    with mp.workdps(DIGITS):
        return float(mp.fsum(x * mp.mpf(bgbb_pmf(params, x, n)) for x in range(n + 1)))


def bgbb_pmf(params: Params, x: int, n: int) -> float:
    """Equation 8: over the lives of somebody new, who buys at x of m opportunities in any order."""
    with mp.workdps(DIGITS):
        alpha, beta, gamma, delta = map(mp.mpf, params)
        total = mp.mpf(0)
        for m in range(x, n + 1):
            buys = mp.binomial(m, x) * mp.beta(alpha + x, beta + m - x) / mp.beta(alpha, beta)
            ends = mp.beta(gamma, delta + n) if m == n else mp.beta(gamma + 1, delta + m)
            total += buys * ends / mp.beta(gamma, delta)
        return float(total)


def bgbb_posterior(params: Params, history: History) -> tuple[float, float]:
    """Equation 16: mean chances to buy and to drop out, by likelihoods at shifted parameters."""
    with mp.workdps(DIGITS):
        alpha, beta, gamma, delta = map(mp.mpf, params)
        whole = sum(_parts(params, history))
        buy = sum(_parts((alpha + 1, beta, gamma, delta), history)) * alpha / (alpha + beta)
        drop = sum(_parts((alpha, beta, gamma + 1, delta), history)) * gamma / (gamma + delta)
        return float(buy / whole), float(drop / whole)
