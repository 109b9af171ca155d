"""Maximise a smooth function of a few parameters by Newton's method, damped and kept uphill."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["DOUBTFUL", "Objective", "Optimum", "Values", "Vector", "climb", "peaks"]

Vector = NDArray[np.float64]
Values = tuple[float, Vector, NDArray[np.float64]]
"""Value, gradient, Hessian."""

Objective = Callable[[Vector], Values]
"""A function of parameters, here always logarithms of positive ones."""

LONGEST = 2.0  # a step moves no logarithm further than this
ROUNDING = 1e-13  # of the value: a smaller gain cannot be told from rounding
DOUBTFUL = 1.0  # least curvature, from which the distance to an edge can still be told
NEAR = 0.5  # of every logarithm from a maximum, and curved down all round: one climbs to that one
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


def climb(
    objective: Objective,
    start: Vector,
    bounds: Vector,
    *,
    steps: int = 200,
    known: Sequence[Optimum] = (),
) -> Optimum:
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
    known : sequence of Optimum
        Maxima that have been found: on the way up to one of them, it is returned.

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
        if curvature[0] > 0 and not edge.any():
            for peak in known:
                if np.abs(theta - peak.theta).max() < NEAR:
                    return peak
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


def peaks(objective: Objective, starts: Sequence[Vector], bounds: Vector) -> list[Optimum]:
    """Climb from all of several starts; return the different maxima reached, the highest first."""
    found: list[Optimum] = []
    for start in starts:
        top = climb(objective, start, bounds, known=found)
        if not any(top is peak for peak in found):
            found.append(top)
    return sorted(found, key=lambda optimum: -optimum.value)
