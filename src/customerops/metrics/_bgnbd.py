"""BG/NBD in arrays: the likelihood with its derivatives, and what follows from parameters."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

__all__ = ["Likelihood"]

Vector = NDArray[np.float64]
CHUNK = 1 << 16  # rows a pass: what a pass touches stays in cache


@attrs.frozen(eq=False)
class Likelihood:
    """The log-likelihood of histories, as a function of the logarithms of (r, alpha, a, b).

    Attributes
    ----------
    x, t_x, T, weight : ndarray
        Histories with a repeat purchase: occasions, age at the last, age, customers.
    T_once, weight_once : ndarray
        Ages of customers without one, and how many they are.
    more : ndarray
        How many customers have more than j repeat occasions, for j = 0, 1, ...
    """

    x: Vector
    t_x: Vector
    T: Vector
    weight: Vector
    T_once: Vector
    weight_once: Vector
    more: Vector

    @classmethod
    def of(cls, x, t_x, T, weight):
        again = x > 0
        ages, place = np.unique(T[~again], return_inverse=True)
        per_x = np.bincount(x, weights=weight)
        more = per_x[::-1].cumsum()[::-1][1:]
        return cls(
            x[again].astype(np.float64), t_x[again], T[again], weight[again],
            ages, np.bincount(place, weights=weight[~again], minlength=len(ages)), more,
        )

    def __call__(self, theta: Vector):
        r, alpha, a, b = np.exp(theta)
        value, g, h = self._counts(r, alpha, a, b)
        v2,g2,h2 = self._once(r, alpha)
        value += v2; g[:2] += g2; h[:2,:2] += h2
        for i in range(0, len(self.x), CHUNK):
            rows = slice(i, i + CHUNK)
            v, gg, hh = _again(r, alpha, a, b, self.x[rows], self.t_x[rows], self.T[rows], self.weight[rows])
            value += v; g += gg; h += hh
        return value, g, h

    def _counts(self, r, alpha, a, b):
        j = np.arange(len(self.more)); n = self.more
        x1 = r / (r + j)
        h = a / (a + b + j)
        m = b / (b + j)
        k = b / (a + b + j)
        value = n @ (np.log((r + j)/alpha) - np.log1p(a / (b + j)))
        mh = m * h
        g = np.array([n @ x1, -n.sum(), -(n @ h), n @ mh])
        H = np.zeros((4, 4))
        H[0, 0] = n @ (x1 * (1 - x1))
        H[2, 2] = -(n @ (h * (1 - h)))
        H[3, 3] = n @ (mh * (1 - m - k))
        H[2, 3] = H[3, 2] = n @ (h * k)
        return value, g, H

    def _once(self, r, alpha):
        L = self.weight_once @ np.log1p(self.T_once/alpha)
        u = self.T_once / (alpha + self.T_once)
        su = self.weight_once @ u
        suu = self.weight_once @ (u*(1-u))
        return -r*L, np.array([-r*L, r*su]), np.array([[-r*L, r*su],[r*su,-r*suu]])


def _again(r, alpha, a, b, x, t_x, T, w):
    k = r + x
    LT = np.log1p(T / alpha)
    Lt = np.log1p(t_x / alpha)
    uT = T / (alpha + T)
    ut = t_x / (alpha + t_x)
    gap = LT - Lt
    q = b + x - 1
    d = k * gap + np.log(a / q)
    e = np.exp(-np.abs(d))
    value = w @ (np.maximum(d, 0) + np.log1p(e) - k * LT)
    P = np.where(d > 0, 1, e) / (1 + e)
    wP = w * P
    v = b / q
    slope = np.stack((r * gap, k * (ut - uT), np.ones_like(x), -v))
    g = slope @ wP
    H = (slope * (wP * (1 - P))) @ slope.T
    # the alive branch
    wL = r * (w @ LT); wu = w @ uT
    wk = w * k
    A1 = uT*(1-uT)
    g[0] -= wL; g[1] += wk @ uT
    dead = wP @ gap * r
    H[0, 0] += dead - wL
    c = r * (wu + wP @ (ut - uT)); H[0, 1] += c; H[1, 0] += c
    H[1, 1] += (wP * k) @ (A1 - ut * (1 - ut)) - wk @ A1
    H[3, 3] -= wP @ (v * (1 - v))
    return value, g, H
