"""Annuities: the present value of 1 a term for as long as a customer stays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from customerops.metrics.clv.newton import Vector

__all__ = ["annuity"]

DIRECT = 1024  # terms that are added one by one
NODES = 16  # of Gauss and Legendre on a panel
PANEL = 0.5  # of the logarithm of time
NEGLIGIBLE = 1e-20  # of a flow that begins with 1


def annuity(
    log_survival: Callable[[Vector], Vector],
    rate: float,
    *,
    power: float,
    bend: float,
    settled: float,
) -> float:
    """Return the sum over t = 0, 1, 2, ... of ``S(t) e^(-rate t)``.

    Parameters
    ----------
    log_survival : callable
        Logarithms of t (minus infinity among them) to those of the share that is still there.
    rate : float
        Continuously compounded, a term; not negative.
    power : float
        S falls like ``t ** -power`` in the end; above 1 if the rate is 0.
    bend : float
        How fast S bends: it is analytic in log t for imaginary parts below ``pi / bend``.
    settled : float
        The logarithm of a time from which on S is that power of t.

    Notes
    -----
    Some terms are added, and the rest is an integral from half a term before the first of them,
    on the scale of log t, with Euler and Maclaurin's correction of the midpoint rule: a 24th of
    the last difference. The next one, 17/5760 of a third difference, is below 1e-13 of the sum: a
    flow that falls fast has come to nothing after a thousand terms. Without a discount the
    integral over all later times is known where S is a power of t.
    """
    t = np.arange(DIRECT + 1.0)
    with np.errstate(divide="ignore"):
        flows = np.exp(log_survival(np.log(t)) - rate * t)
    total = float(flows[:DIRECT].sum())
    if flows[DIRECT] <= NEGLIGIBLE:
        return total
    total += float(flows[DIRECT] - flows[DIRECT - 1]) / 24
    first = float(np.log(DIRECT - 0.5))
    last = float(np.log(-np.log(NEGLIGIBLE) / rate)) if rate > 0 else max(settled, first + 1.0)
    panels = int(np.ceil((last - first) / min(PANEL, PANEL / bend)))
    edges = np.linspace(first, last, panels + 1)
    x, w = np.polynomial.legendre.leggauss(NODES)
    half_width = np.diff(edges)[:, None] / 2
    y = (edges[:-1, None] + half_width * (1.0 + x)).ravel()
    flow = np.exp(log_survival(y) + y - rate * np.exp(y if rate > 0 else 0.0 * y))
    total += float((half_width * w).ravel() @ flow)
    if rate > 0:
        return total
    end = np.array([last])
    return total + float(np.exp(log_survival(end) + end)[0]) / (power - 1.0)
