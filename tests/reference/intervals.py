"""Intervals by their definitions: exact tails with fractions, scores by bisection, plain loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction


def binomial_tails(k: int, n: int, p: float) -> tuple[float, float]:
    """Return P(X >= k) and P(X <= k) for a binomial X, summed as fractions."""
    share = Fraction(p)
    mass = [math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(n + 1)]
    return float(sum(mass[k:])), float(sum(mass[: k + 1]))


def poisson_tails(k: int, mean: float) -> tuple[float, float]:
    """Return P(X >= k) and P(X <= k) for a Poisson X."""
    mass = [math.exp(-mean + i * math.log(mean) - math.lgamma(i + 1)) for i in range(k + 1)]
    return 1 - math.fsum(mass[:k]), math.fsum(mass)


def score(count: int, total: int, p: float) -> float:
    """Return how many standard errors the share lies above `p`, with the error at `p`."""
    return (count / total - p) / math.sqrt(p * (1 - p) / total)


def bisect(f: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function crosses zero."""
    for _ in range(200):
        middle = (low + high) / 2
        if f(middle) > 0:
            low = middle
        else:
            high = middle
    return low


def ratio_variance(x: Sequence[int], y: Sequence[int]) -> Fraction:
    """Return n/(n-1) times the sum of squared residuals over the squared total of y."""
    n, total = len(x), sum(y)
    ratio = Fraction(sum(x), total)
    squares = sum((a - ratio * b) ** 2 for a, b in zip(x, y, strict=True))
    return Fraction(n, n - 1) * squares / total**2


def mean_variance(x: Sequence[int]) -> Fraction:
    """Return the variance of the mean of x."""
    n = len(x)
    mean = Fraction(sum(x), n)
    return sum(((v - mean) ** 2 for v in x), Fraction(0)) / (n - 1) / n
