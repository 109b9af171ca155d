"""Validation: what a model expected of the held-out time, against what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.clv.alike import Alike
from customerops.metrics.clv.html import table_html
from customerops.metrics.clv.purchase_model import MOST, PurchaseModel
from customerops.metrics.clv.summary import PurchaseSummary
from customerops.model.values import exact
from customerops.model.values.checks import came, whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Validation", "validate"]

Vector = NDArray[np.float64]


@attrs.frozen(eq=False, repr=False)
class Validation(Alike):
    """Expected and held-out purchases, by how often customers had bought before.

    Attributes
    ----------
    horizon : float
        Length of the held-out time, in the unit of the model.
    mae, rmse, bias : float
        Mean absolute error, root of the mean squared error, and mean of expected less actual
        purchases, over customers.
    x : ndarray of int
        Repeat purchases in the calibration: 0, 1, ..., the last standing for all above too.
    customers : ndarray of int
        How many customers.
    expected, actual : ndarray
        Purchases of theirs together in the held-out time.
    """

    horizon: float
    mae: float
    rmse: float
    bias: float
    x: NDArray[np.int64]
    customers: NDArray[np.int64]
    expected: Vector
    actual: NDArray[np.int64]

    @property
    def tracking_error(self) -> float:
        """Expected over actual purchases of all customers together, less 1; NaN without any."""
        actual = int(self.actual.sum())
        return float(self.expected.sum()) / actual - 1.0 if actual else np.nan

    def to_frame(self) -> pd.DataFrame:
        """Return one row a frequency: customers, and their mean expected and actual purchases."""
        import pandas as pd

        return pd.DataFrame({"x": self._labels(), **self._means()})

    def _labels(self) -> list[str]:
        return [*map(str, self.x.tolist()[:-1]), f"{self.x[-1]}+"]

    def _means(self) -> dict[str, NDArray[Any]]:
        some = np.where(self.customers > 0, self.customers, np.nan)
        return {
            "customers": self.customers,
            "expected": self.expected / some,
            "actual": self.actual / some,
        }

    def _repr_html_(self) -> str:
        """Show expected and actual purchases by frequency."""
        title = f"tracking error {100 * self.tracking_error:.1f} %, MAE {self.mae:.3g}"
        return table_html(title, "x", self._labels(), self._means())

    def __repr__(self) -> str:
        return (
            f"Validation(horizon={self.horizon:g}, mae={self.mae:.4g}, rmse={self.rmse:.4g}, "
            f"bias={self.bias:.4g}, tracking_error={self.tracking_error:.4g})"
        )


def validate(fitted: PurchaseModel, summary: PurchaseSummary, *, most: int = 7) -> Validation:
    """Hold what a model expected against what customers did after the calibration.

    Parameters
    ----------
    fitted : PurchaseModel
        A model, as a rule fitted to the same summary.
    summary : PurchaseSummary
        With a held-out time: made with ``calibration_end`` before ``as_of``.
    most : int
        Customers with more repeat purchases are put together with those who have this many;
        at most 1,000,000.

    Returns
    -------
    Validation
        Errors over customers, and expected and actual purchases by frequency.

    Raises
    ------
    InvalidInputError
        If the summary holds out no time, or is in another unit.

    Notes
    -----
    The purchases of one customer are few and random, so that errors of single customers stay
    large under the true model; whether the model is right shows in `bias`, in `tracking_error`
    and by frequency.

    References
    ----------
    Fader, P., Hardie, B. and Lee, K. L. (2005). "Counting Your Customers" the Easy Way: An
    Alternative to the Pareto/NBD Model. Marketing Science 24(2), 275-284: the same comparisons,
    over 39 weeks held out.

    Examples
    --------
    >>> from customerops.metrics import BGNBD, PurchaseSummary, validate
    >>> model = BGNBD.of(r=0.243, alpha=4.414, a=0.793, b=2.426, unit="week")
    >>> seen = PurchaseSummary.from_arrays(
    ...     [2, 0], [213, 0], [272, 272], held_x=[1, 0], holdout=273
    ... )
    >>> validate(model, seen, most=2).to_frame().round(3)
        x  customers  expected  actual
    0   0          1     0.195     0.0
    1   1          0       NaN     NaN
    2  2+          1     1.226     1.0
    """
    if not isinstance(fitted, PurchaseModel):
        raise InvalidInputError("fitted", "must be a model of purchases", came(fitted))
    most = whole("most", most, least=1, most=MOST)
    fitted._check_summary(summary)
    if summary.holdout == 0:
        raise InvalidInputError(
            "summary", "must hold out some time", "calibration_end is as_of: make it earlier"
        )
    horizon = summary.holdout / summary.ticks_per_unit
    expected = fitted._expected(summary, 0.0, horizon)
    weights, error = summary.weights, expected - summary.held_x
    n = int(weights.sum())
    group = np.minimum(summary.x, most)

    def mean(values: Vector) -> float:
        return float(exact.float_sum(None, values * weights, 1)[0] / n) if n else np.nan

    return Validation(
        horizon=horizon,
        mae=mean(np.abs(error)),
        rmse=float(np.sqrt(mean(error * error))),
        bias=mean(error),
        x=np.arange(most + 1),
        customers=exact.group_sum(group, weights, most + 1),
        expected=exact.float_sum(group, expected * weights, most + 1),
        actual=exact.group_dot(group, summary.held_x, weights, most + 1),
    )
