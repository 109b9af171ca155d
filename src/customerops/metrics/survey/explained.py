"""How much of a score's variation goes with each of several drivers: the parts of R squared."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "explained", "shares_of_r_squared"]

Floats = NDArray[np.float64]

MOST = 15
"""Drivers whose parts are still computed: there are 2**drivers models."""

_ALIKE = 1e-10  # eigenvalues of a correlation matrix below it are taken to be 0


def explained(among: Floats, with_score: Floats) -> Floats:
    """Return R squared of the model of every subset of drivers.

    Parameters
    ----------
    among : ndarray of float, shape (drivers, drivers)
        Correlations of the drivers with each other, 1 on the diagonal.
    with_score : ndarray of float, shape (drivers,)
        Correlations of the drivers with the score.

    Returns
    -------
    ndarray of float, shape (2**drivers,)
        At position sum of 2**k over the drivers k of the subset.

    Notes
    -----
    ``r' R^- r`` with r and R cut to the subset; the generalised inverse lets drivers that say the
    same thing share it.

    Examples
    --------
    >>> explained(np.eye(2), np.array([0.6, 0.8])).round(2).tolist()
    [0.0, 0.36, 0.64, 1.0]
    """
    drivers = len(with_score)
    found = np.zeros(2**drivers)
    for size in range(1, drivers + 1):
        chosen = np.array(list(combinations(range(drivers), size)))
        inner = among[chosen[:, :, None], chosen[:, None, :]]
        outer = with_score[chosen]
        inverse = np.linalg.pinv(inner, rcond=_ALIKE, hermitian=True)
        found[(1 << chosen).sum(axis=1)] = np.einsum("si,sij,sj->s", outer, inverse, outer)
    return found


def shares_of_r_squared(among: Floats, with_score: Floats) -> Floats:
    """Return the part of R squared that each driver adds on average, over all orders of adding them.

    Parameters
    ----------
    among, with_score
        As for `explained`.

    Returns
    -------
    ndarray of float, shape (drivers,)
        Not negative but for rounding; they sum to R squared of all drivers.

    Notes
    -----
    The average over the subsets of the others, each size counting alike: the Shapley value of the
    game whose value is R squared.

    Examples
    --------
    >>> shares_of_r_squared(np.eye(2), np.array([0.6, 0.8])).round(2).tolist()
    [0.36, 0.64]
    >>> same = np.ones((2, 2))
    >>> shares_of_r_squared(same, np.array([0.6, 0.6])).round(2).tolist()
    [0.18, 0.18]
    """
    drivers = len(with_score)
    value = explained(among, with_score)
    subset = np.arange(2**drivers)
    size = np.array([one.bit_count() for one in range(2**drivers)])  # drivers in it
    weight = 1 / (drivers * np.array([comb(drivers - 1, s) for s in range(drivers)], float))
    shares = np.zeros(drivers)
    for k in range(drivers):
        others = subset[(subset >> k) & 1 == 0]
        shares[k] = (weight[size[others]] * (value[others | (1 << k)] - value[others])).sum()
    return shares
