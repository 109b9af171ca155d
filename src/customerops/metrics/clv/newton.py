"""Maximise a smooth function of a few parameters by Newton's method, damped and kept uphill."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["DOUBTFUL", "Objective", "Optimum", "Values", "Vector", "climb", "climb_all"]

Vector = NDArray[np.float64]
Values = tuple[float, Vector, NDArray[np.float64]]
"""Value, gradient, Hessian."""

Objective = Callable[[Vector], Values]
"""A function of parameters, here always logarithms of positive ones."""

LONGEST = 2.0  # a step moves no logarithm further than this
ROUNDING = 1e-13  # of the value: a smaller gain cannot be told from rounding
DOUBTFUL = 1.0  # least curvature; other maxima were only ever seen where it was below 0.02
_TINY = 1e-100


@attrs.frozen(eq=False)
class Optimum:
    """Where a climb ended.

    Attributes
    ----------
    theta : ndarray
        The parameters.
    value : float
        The objective there.
    gradient, hessian : ndarray
        Its derivatives there.
    settled : bool
        Whether no further step promises a gain above rounding.
    """

    theta: Vector
    value: float
    gradient: Vector
    hessian: NDArray[np.float64]
    settled: bool

    @property
    def curvature(self) -> float:
        """The least curvature of any direction; not above zero where it is no maximum."""
        return float(np.linalg.eigvalsh(-self.hessian)[0])


def climb(objective: Objective, start: Vector, bounds: Vector, *, steps: int = 200) -> Optimum:
    """Climb from `start` until no step promises a gain above rounding.

    Parameters
    ----------
    objective : callable
        Finite within the bounds.
    start : ndarray
        Where to begin.
    bounds : ndarray
        The parameters stay within plus and minus these.
    steps : int
        The most steps to take.

    Notes
    -----
    Newton's direction with the absolute eigenvalues of the Hessian, raised to a floor: it leads
    uphill even where the objective is not concave (Nocedal and Wright, *Numerical Optimization*,
    2nd ed., 2006, section 3.4). A step that loses is tried again with a constant added to all
    eigenvalues, which shortens it and turns it to the gradient (Levenberg, Marquardt); the
    constant decays with every step that gains. A step ends at the first bound it meets, and a
    parameter that would leave its bounds is held.
    """
    theta, here, damping = start, objective(start), 0.0
    for _ in range(steps):
        value, gradient, hessian = here
        edge = np.abs(theta) >= bounds - 1e-9
        if edge.any():
            held = edge & (theta * gradient > 0)
            gradient = np.where(held, 0.0, gradient)
            hessian = np.where(held | held[:, None], 0.0, hessian)
        curvature, directions = np.linalg.eigh(-hessian)
        curvature = np.abs(curvature)
        largest = max(float(curvature.max()), _TINY)
        curvature = np.maximum(curvature, 1e-10 * largest)
        slope = directions.T @ gradient
        while True:
            step = directions @ (slope / (curvature + damping))
            step[edge & (theta * step > 0)] = 0.0
            room = np.minimum(LONGEST, bounds - np.sign(step) * theta)
            step *= float((room / np.maximum(np.abs(step), room)).min())
            ahead = np.clip(theta + step, -bounds, bounds)
            promise = float(gradient @ (ahead - theta))
            settled = promise <= ROUNDING * (1.0 + abs(value))
            there = objective(ahead)
            if there[0] >= value:
                theta, here = ahead, there
                break
            if settled:
                break
            damping = max(10.0 * damping, 1e-3 * largest)
        if settled:
            return Optimum(theta, *here, settled=True)
        damping = damping / 10.0 if damping > 1e-6 * largest else 0.0
    return Optimum(theta, *here, settled=False)


def climb_all(objective: Objective, starts: Sequence[Vector], bounds: Vector) -> Optimum:
    """Climb from the first of several starts, or from all; return the highest point reached.

    From all, if the first maximum is nearly flat in some direction: there, towards the edges of
    the parameters, likelihoods have others.
    """
    first, *others = starts
    best = climb(objective, first, bounds)
    if best.curvature >= DOUBTFUL:
        return best
    reached = [best, *(climb(objective, start, bounds) for start in others)]
    return max(reached, key=lambda optimum: optimum.value)
