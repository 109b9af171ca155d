"""Invented histories: purchases at random until a customer drops out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["chances_survived", "until_dropout"]

Ints = NDArray[np.int64]
Vector = NDArray[np.float64]


def chances_survived(chance: Vector, rng: np.random.Generator) -> Vector:
    """Return how many times in a row each customer does not drop out.

    Geometric from 0 on, by inversion: infinite for a chance of 0, which numpy's own refuses.
    """
    with np.errstate(divide="ignore"):
        survived: Vector = np.floor(rng.standard_exponential(len(chance)) / -np.log1p(-chance))
    return survived


def until_dropout(
    rate: Vector, last: Vector, T: Vector, later: float, rng: np.random.Generator
) -> tuple[Ints, Vector, Ints]:
    """Return purchases until T, the time of the last, and purchases within `later` after T.

    Parameters
    ----------
    rate : ndarray
        Purchases per time of each customer while alive.
    last : ndarray
        The purchase after which each drops out, counted from 1; 0 is dead from the start.
    T : ndarray
        Ages.
    later : float
        Time after T.
    rng : numpy.random.Generator
        Source of randomness.

    Notes
    -----
    Of n purchases, uniform on (0, T), the k-th is at ``T * Beta(k, n + 1 - k)``: no purchase but
    the last has to be drawn.
    """
    would = rng.poisson(rate * T)
    x = np.minimum(would, last)
    again = x > 0
    when = np.zeros(len(T))
    when[again] = T[again] * rng.beta(x[again], would[again] - x[again] + 1.0)
    more = rng.poisson(rate * later)
    held = np.minimum(more, last - x)
    return x.astype(np.int64), when, held.astype(np.int64)
