r"""Sums over the unseen time of death of a Pareto/NBD customer, without Gauss's 2F1.

A customer with x repeat purchases, the last at age t, is alive at age T, or died at an age u between.
Relative to having lived until t, the density of the purchases and of living on until u is ``e^-phi``,

    phi(u) = k log((alpha + u) / (alpha + t)) + s log((beta + u) / (beta + t)),    k = r + x

so the odds of the two are ``e^-phi(T)`` to the integral of ``s / (beta + u) e^-phi(u)`` over u. The
literature writes the integral as a difference of two 2F1 (Fader and Hardie 2005, note 009, equations
18 to 20), of which little is left when t is near T, and which overflow for heavy buyers. Here it is
taken itself: no term is negative, none exceeds 1. On the scale ``w = log((c + u) / (c + t))`` with c
the smaller of alpha and beta, phi is convex and the integrand analytic within pi of the real line.
Only where it is not yet negligible are nodes laid, evenly in ``e^(-phi(W) w / (10 W))``, which
flattens the steep fall for those who buy often: 16 nodes of Gauss and Legendre a panel, of which
there is one as a rule, are then as good as double precision can be.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["ROWS", "Deaths", "Four", "deaths"]

Vector = NDArray[np.float64]
Four = tuple[float, float, float, float]

ROWS = 1 << 13  # customers at once
LAID = 1 << 9  # of them with nodes: those stay in cache, and BLAS, which would start threads for
# more, keeps to one; waiting for others cost more than they saved
NODES = 16
FALL = 38.0  # the integrand is followed until what is left is e^-38 of the integral
EVEN = 10.0  # nodes lie evenly in about e^-(phi / 10)
# panels of nodes on a stretch of w: for its width, and for each unit of fall on it
PER_WIDTH, PER_FALL = 0.4, 0.02


@attrs.frozen(eq=False)
class Deaths:
    """Nodes for the age u at death of some customers; the last node is having lived until T.

    Attributes
    ----------
    rows : ndarray of int
        Which customers.
    lived : ndarray, (customers,)
        phi at T.
    after : ndarray, (nodes + 1, customers)
        From the last purchase until u.
    log_alpha, log_beta : ndarray, (nodes + 1, customers)
        The logarithms of (alpha + u) / (alpha + t) and of (beta + u) / (beta + t).
    weight : ndarray, (nodes + 1, customers)
        Of having died then, and of having lived: ``e^-lived``.
    """

    rows: NDArray[np.intp]
    lived: Vector
    after: Vector
    log_alpha: Vector
    log_beta: Vector
    weight: Vector


def deaths(parameters: Four, x: Vector, t: Vector, T: Vector) -> Iterator[Deaths]:
    """Lay nodes for each customer, some customers at once; each comes once.

    Parameters
    ----------
    parameters : tuple of float
        r, alpha, s, beta.
    x, t, T : ndarray
        Repeat purchases, age at the last, age.
    """
    for i in range(0, len(x), ROWS):
        chunk = slice(i, i + ROWS)
        yield from _of_chunk(parameters, i, x[chunk], t[chunk], T[chunk])


def _of_chunk(parameters: Four, offset: int, x: Vector, t: Vector, T: Vector) -> Iterator[Deaths]:
    r, alpha, s, beta = parameters
    k, span = r + x, T - t
    lived = k * np.log1p(span / (alpha + t)) + s * np.log1p(span / (beta + t))
    reach = np.log1p(span / (min(alpha, beta) + t))
    fall = FALL + np.log1p(k * (beta + t) / (s * (alpha + t)))
    far = np.flatnonzero(lived > fall)
    if len(far):
        reach[far] = _shortened(parameters, k[far], t[far], reach[far], fall[far])
    fall = np.minimum(fall, lived)
    panels = np.maximum(np.ceil(reach * (PER_WIDTH + PER_FALL * fall)), 1.0).astype(np.intp)
    for n in np.unique(panels).tolist():
        alike = np.flatnonzero(panels == n)
        size = max(LAID // n, 1)
        for i in range(0, len(alike), size):
            some = alike[i : i + size]
            yield _laid(
                parameters,
                some + offset,
                k[some],
                t[some],
                span[some],
                lived[some],
                reach[some],
                fall[some],
                n,
            )


def _shortened(parameters: Four, k: Vector, t: Vector, reach: Vector, fall: Vector) -> Vector:
    """Return a reach, at most the one given, at which phi is not far above `fall`.

    The tangent of a convex function at 0 gives one that is not too small, and Newton's method from
    there stays above.
    """
    _, alpha, s, beta = parameters
    near = min(alpha, beta) + t
    of_alpha, of_beta = near / (alpha + t), near / (beta + t)
    reach = np.minimum(reach, fall / (k * of_alpha + s * of_beta))
    for _ in range(4):
        more = np.expm1(reach)
        phi = k * np.log1p(more * of_alpha) + s * np.log1p(more * of_beta)
        slope = k / (1 / of_alpha + more) + s / (1 / of_beta + more)
        reach = reach - np.maximum(phi - fall, 0.0) / (slope * (1.0 + more))
    return reach


@functools.cache
def _rule() -> tuple[Vector, Vector]:
    """Return the nodes and weights of Gauss and Legendre on (0, 1), in a column each."""
    at, share = np.polynomial.legendre.leggauss(NODES)
    return (at[:, None] + 1) / 2, share[:, None] / 2


def _laid(
    parameters: Four,
    rows: NDArray[np.intp],
    k: Vector,
    t: Vector,
    span: Vector,
    lived: Vector,
    reach: Vector,
    fall: Vector,
    panels: int,
) -> Deaths:
    _, alpha, s, beta = parameters
    near = min(alpha, beta) + t
    w, step = _placed(reach, fall, s * near / (beta + t), panels)
    after, log_alpha, log_beta, weight = np.empty((4, len(w) + 1, len(t)))
    np.expm1(w, out=after[:-1])
    after *= near
    after[-1] = span
    for log, scale in ((log_alpha, alpha), (log_beta, beta)):
        if scale <= min(alpha, beta):
            log[:-1], log[-1] = w, np.log1p(span / near)
        else:
            np.divide(after, scale + t, out=log)
            np.log1p(log, out=log)
    np.multiply(log_alpha, -k, out=weight)
    weight -= (s + 1.0) * log_beta
    weight[:-1] += w
    weight[-1] = -lived
    np.exp(weight, out=weight)
    weight[:-1] *= step
    return Deaths(rows, lived, after, log_alpha, log_beta, weight)


def _placed(reach: Vector, fall: Vector, scale: Vector, panels: int) -> tuple[Vector, Vector]:
    """Return places w of nodes and their weights, times a scale of each customer."""
    at, share = _rule()
    width, even = reach / panels, np.maximum(fall / (EVEN * panels), 1e-8)
    less = np.expm1(-even)
    left = at * less
    w = np.log1p(left)
    w *= -width / even
    left += 1.0
    step = share * (-less * width / even * scale)
    step /= left
    if panels > 1:
        w = (w + np.arange(panels)[:, None, None] * width).reshape(-1, len(reach))
        step = np.tile(step, (panels, 1))
    return w, step
