"""Maximise a smooth function of a few parameters by Newton's method, damped and kept uphill."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["Objective", "Optimum", "climb", "climb_all"]

Vector = NDArray[np.float64]
Objective = Callable[[Vector], tuple[float, Vector, Vector]]
"""Parameters to (value, gradient, Hessian)."""

BOUND = 30.0  # of a parameter's logarithm: e^30 is 10^13, beyond which nothing can be told apart
LONGEST_STEP = 2.0  # no parameter grows or shrinks by more than e^2 in one step
NOISE = 1e-13  # of the value; a gain below it cannot be told from rounding


@attrs.frozen(eq=False)
class Optimum:
    """Where a climb ended.

    Attributes
    ----------
    theta : ndarray
        The parameters.
    value : float
        The objective there; ``-inf`` when no start had a finite one.
    gradient, hessian : ndarray
        Its first and second derivatives there.
    settled : bool
        Whether no step promises a gain above rounding.
    """

    theta: Vector
    value: float
    gradient: Vector
    hessian: Vector
    settled: bool


def climb(objective: Objective, start: Vector, *, steps: int = 200) -> Optimum:
    """Climb from `start` until no step promises a gain above rounding.

    Notes
    -----
    The Newton direction uses the absolute eigenvalues of the Hessian, raised to a floor, so it
    points uphill where the objective is not concave (Nocedal, Wright, *Numerical Optimization*,
    2nd ed. 2006, section 3.4). A step that loses is shortened by adding to all eigenvalues
    (Levenberg and Marquardt); the addition decays after every step that gains.
    """
    theta = start
    value, gradient, hessian = objective(theta)
    damping = 0.0
    for _ in range(steps):
        if not np.isfinite(value):
            break
        eigenvalues, vectors = np.linalg.eigh(-hessian)
        largest = max(float(np.abs(eigenvalues).max()), 1e-300)
        curvature = np.maximum(np.abs(eigenvalues), 1e-10 * largest)
        slopes = vectors.T @ gradient
        while True:
            step = vectors @ (slopes / (curvature + damping))
            step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
            step = np.clip(theta + step, -BOUND, BOUND) - theta
            promise = float(gradient @ step)
            after = objective(theta + step)
            settled = promise <= NOISE * (1.0 + abs(value))
            if after[0] >= value:
                break
            if settled:
                return Optimum(theta, value, gradient, hessian, settled=True)
            damping = max(10.0 * damping, 1e-3 * largest)
        theta = theta + step
        value, gradient, hessian = after
        damping = damping / 10.0 if damping > 1e-8 * largest else 0.0
        if settled:
            return Optimum(theta, value, gradient, hessian, settled=True)
    return Optimum(theta, value, gradient, hessian, settled=False)


def climb_all(objective: Objective, starts: Sequence[Vector]) -> Optimum:
    """Climb from the best of the starts, then from the one furthest from it; keep the higher."""
    raise NotImplementedError
