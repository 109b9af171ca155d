"""How many purchases a new Pareto/NBD customer makes, as a positive integral over the death."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from customerops.metrics.clv.deaths import Four, deaths
from customerops.metrics.clv.purchases import log_chance

__all__ = ["chances"]

Ints = NDArray[np.int64]
Vector = NDArray[np.float64]

CHUNK = 512  # numbers at once
NODES = 16  # of Gauss and Legendre a panel
WIDTH = 4.0  # of a panel, on the scale log u
LEAST = 4  # panels
FALL = 40.0  # the integrand is followed until it is e^-40 of its peak


def chances(parameters: Four, x: Ints, t: float) -> Vector:
    """Return the chance that a new customer makes x repeat purchases within t.

    Parameters
    ----------
    parameters : tuple of float
        r, alpha, s, beta.
    x : ndarray of int
        Numbers of purchases, one dimension.
    t : float
        Time since the first purchase, above 0.

    Notes
    -----
    Alive at t with x purchases, or dead at some u before and with x purchases until then::

        P(x; t) (1 + t / beta)^-s + integral over u of P(x; u) s / (beta + u) (1 + u / beta)^-s

    with P of the NBD. The literature has 2F1 for it (Fader and Hardie 2006, "Deriving an
    expression for P(X(t) = x) under the Pareto/NBD model"), with terms that cancel. On
    the scale ``log u`` the logarithm of the integrand is concave and analytic within pi of the real
    line: the stretch where it matters is found by bisection, and panels of nodes are laid on it.
    """
    _, _, s, beta = parameters
    r, alpha = parameters[:2]
    chance: Vector = np.exp(log_chance(r, alpha, x, np.log(t)) - s * np.log1p(t / beta))
    none = np.zeros(1)
    for nodes in deaths(parameters, none, none, np.array([t])):
        chance[x == 0] += nodes.weight[:-1].sum()
    again = np.flatnonzero(x > 0)
    for i in range(0, len(again), CHUNK):
        rows = again[i : i + CHUNK]
        chance[rows] += _dead(parameters, x[rows], np.log(t))
    return chance


def _dead(parameters: Four, x: Ints, log_t: float) -> Vector:
    """Return the chance of x > 0 purchases and to die before t."""
    low, high = _stretch(parameters, x, log_t)
    panels = LEAST + int(np.ceil(float((high - low).max()) / WIDTH))
    at, share = np.polynomial.legendre.leggauss(NODES)
    places = (np.arange(panels)[:, None] + (at + 1) / 2).ravel() / panels
    w = low[:, None] + np.outer(high - low, places)
    share = np.tile(share / 2, panels) / panels
    dead: Vector = np.exp(_log(parameters, x[:, None], w)) @ share * (high - low)
    return dead


def _log(parameters: Four, x: Ints, w: Vector) -> Vector:
    """Return the logarithm of the integrand over w = log u."""
    r, alpha, s, beta = parameters
    above = w - np.log(beta)
    died = np.log(s) - np.logaddexp(0.0, -above) - s * np.logaddexp(0.0, above)
    log: Vector = log_chance(r, alpha, x, w) + died
    return log


def _stretch(parameters: Four, x: Ints, log_t: float) -> tuple[Vector, Vector]:
    """Return between what logarithms of u the integrand is more than e^-40 of its peak."""
    from scipy.special import expit

    r, alpha, s, beta = parameters

    def rises(w: Vector) -> NDArray[np.bool_]:
        of_alpha, of_beta = expit(w - np.log(alpha)), expit(w - np.log(beta))
        rising: NDArray[np.bool_] = x - (r + x) * of_alpha + 1.0 - (s + 1.0) * of_beta > 0
        return rising

    end = np.full(len(x), log_t)
    # here u / alpha and u / beta are at most x / (x + r + s + 1), so it still rises; from half of
    # that on down it rises by x / 2 + 1 a unit at least
    start = np.minimum(np.log(min(alpha, beta) * (x / (x + r + s + 1.0))), log_t)
    peak = _last(rises, start, end)
    least = _log(parameters, x, peak) - FALL

    def low(w: Vector) -> NDArray[np.bool_]:
        lower: NDArray[np.bool_] = _log(parameters, x, w) < least
        return lower

    before = _last(low, start - np.log(2.0) - FALL / (x / 2 + 1.0), peak)
    after = _last(lambda w: ~low(w), peak, end)
    return before, after


def _last(true: Callable[[Vector], NDArray[np.bool_]], low: Vector, high: Vector) -> Vector:
    """Return, by bisection, up to where something is true that is true at `low`."""
    high = high.copy()
    low = np.where(true(high), high, low)
    for _ in range(40):
        middle = (low + high) / 2
        yes = true(middle)
        low, high = np.where(yes, middle, low), np.where(yes, high, middle)
    return high
