"""Numbers of purchases at rates that are gamma distributed over customers: the NBD."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.clv.newton import Values, Vector
from customerops.model.values import exact

__all__ = ["Purchases", "log_chance"]


@attrs.frozen(eq=False)
class Purchases:
    """Sum of ``log (r + j) / alpha`` over each purchase j = 0, 1, ... of each customer.

    It is ``log Gamma(r + x) / (Gamma(r) alpha^x)`` summed over customers; with x integer no gamma
    function is left, and nothing to cancel. The sum takes one pass over j.

    Attributes
    ----------
    more : ndarray
        Customers with more than j repeat purchases.
    """

    more: Vector

    @classmethod
    def of(cls, x: NDArray[np.int64], customers: NDArray[np.int64]) -> Self:
        """Count; `customers` is how many share each x."""
        having = exact.group_sum(x, customers, int(x.max(initial=0)) + 1)
        return cls(having[::-1].cumsum()[::-1][1:].astype(np.float64))

    def __call__(self, r: float, alpha: float) -> Values:
        """Return the sum, and its derivatives by log r and log alpha."""
        n, j = self.more, np.arange(len(self.more))
        share = r / (r + j)
        value = float(n @ np.log((r + j) / alpha))
        gradient = np.array([n @ share, -n.sum()])
        return value, gradient, np.diag([n @ (share * (1.0 - share)), 0.0])


def log_chance(r: float, alpha: float, x: NDArray[np.int64], log_t: Vector | float) -> Vector:
    """Return the log chance of x purchases within t, of a customer who buys all that time.

    ``Gamma(r + x) / (Gamma(r) x!) (alpha / (alpha + t))^r (t / (alpha + t))^x``.
    """
    from scipy.special import betaln

    again = np.maximum(x, 1)
    ways = np.where(x > 0, -np.log(again) - betaln(r, again), 0.0)
    above = log_t - np.log(alpha)
    chance: Vector = ways - x * np.logaddexp(0.0, -above) - r * np.logaddexp(0.0, above)
    return chance
