"""Whether probabilities hold: expected against observed events, by groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import render
from customerops.model.tables.intervals import as_confidence, wilson
from customerops.model.values import exact
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Calibration", "HosmerLemeshow", "calibrated", "check_probabilities"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@attrs.frozen
class HosmerLemeshow:
    """The test of Hosmer and Lemeshow; made by ``Calibration.hosmer_lemeshow``.

    Attributes
    ----------
    statistic : float
        The sum of ``(events - expected)^2 / (n p (1 - p))`` over groups, p their mean probability.
    df : int
        Degrees of freedom.
    p_value : float
        How often probabilities that hold differ this much. A small one says that they do not; a
        large one only that it was not seen, in so many customers.
    """

    statistic: float
    df: int
    p_value: float


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Calibration:
    """Expected and observed events by groups of rising probability.

    Attributes
    ----------
    low, high : ndarray of float
        The lowest and the highest probability in each group.
    n : ndarray of int
        Customers.
    expected : ndarray of float
        The sum of their probabilities: how many events they announce.
    events : ndarray of int
        How many there were.
    """

    low: Floats
    high: Floats
    n: Ints
    expected: Floats
    events: Ints

    @property
    def variance(self) -> Floats:
        """``n p (1 - p)`` of each group, p its mean probability."""
        return np.asarray(self.expected * (1 - self.expected / self.n))

    @property
    def ratio(self) -> float:
        """Events by expected events, of all together: above 1 there were more; NaN for none."""
        total = float(self.expected.sum())
        return int(self.events.sum()) / total if total else np.nan

    def hosmer_lemeshow(self, *, outcomes: Literal["later", "fitted"] = "later") -> HosmerLemeshow:
        """Return the test of whether expected and observed events differ by more than chance.

        Parameters
        ----------
        outcomes : {"later", "fitted"}
            Whether the outcomes came after the probabilities were made, as they do as a rule in an
            evaluation, or are the very ones that these were fitted to, which costs two degrees of
            freedom.

        Raises
        ------
        InvalidInputError
            If `outcomes` is neither, or there are too few groups.

        References
        ----------
        Hosmer, D. W., Lemeshow, S. and Sturdivant, R. X. (2013). *Applied Logistic Regression*,
        3rd ed., section 5.2.2: as many degrees of freedom as groups, less two where fitted.
        """
        from scipy.special import chdtrc

        one_of("outcomes", outcomes, ("later", "fitted"))
        lost = 2 if outcomes == "fitted" else 0
        df = len(self.n) - lost
        if df < 1:
            requirement = f"must be at least {lost + 1} with customers in them"
            raise InvalidInputError("groups", requirement, f"got {len(self.n)}")
        off = (self.events - self.expected) ** 2
        sure = self.variance <= 0  # all said 0, or 1: any other outcome refutes them
        terms = np.where(off > 0, np.inf, 0.0)
        np.divide(off, self.variance, out=terms, where=~sure)
        statistic = float(terms.sum())
        return HosmerLemeshow(statistic, df, float(chdtrc(df, statistic)))

    def to_frame(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return one row a group: probabilities, customers, events, and shares with an interval.

        Parameters
        ----------
        confidence : float
            Of Wilson's interval of the observed share.
        """
        import pandas as pd

        return pd.DataFrame(self._table(as_confidence(confidence)))

    def _table(self, confidence: float = 0.95) -> dict[str, NDArray[Any]]:
        low, high = wilson(self.events, self.n, confidence)
        return {
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "expected": self.expected,
            "events": self.events,
            "expected_share": self.expected / self.n,
            "observed_share": self.events / self.n,
            "observed_low": low,
            "observed_high": high,
        }

    def _repr_html_(self) -> str:
        """Show expected and observed events by group."""
        table = self._table()
        shown = {
            name: [render.number(x) for x in column.tolist()] for name, column in table.items()
        }
        labels = {"group": [*range(1, len(self.n) + 1)]}
        faint = [False] * len(self.n)
        return render.rows_html("calibration", labels, shown, faint, len(self.n))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Calibration):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name))
            for f in attrs.fields(Calibration)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        said = f"customers={int(self.n.sum())}, events={int(self.events.sum())}"
        return f"Calibration(groups={len(self.n)}, {said}, ratio={self.ratio:.4g})"


def calibrated(points: Floats, events: Ints, others: Ints, groups: int) -> Calibration:
    """Return the calibration of distinct rising probabilities.

    A probability is in the group in which the first of its customers stands: group
    ``floor(groups * before / n)``, with `before` customers of a lower one.
    """
    count = events + others
    n = int(count.sum())
    before = np.cumsum(count) - count
    group = before.astype(object) * groups // max(n, 1)  # of any size
    _, place, rows = np.unique(group.astype(np.int64), return_index=True, return_inverse=True)
    k = len(place)
    last = np.append(place[1:], len(points)) - 1 if k else place
    return Calibration(
        low=points[place],
        high=points[last],
        n=exact.group_sum(rows, count, k),
        expected=exact.float_sum(rows, points, k, count),
        events=exact.group_sum(rows, events, k),
    )


def check_probabilities(points: NDArray[Any], *, low_is_risky: bool) -> None:
    """Refuse scores that are no probabilities of the event.

    Raises
    ------
    InvalidInputError
        If low ones are the risky ones, or one is not from 0 to 1.
    """
    requirement = "must be probabilities of the event"
    if low_is_risky:
        raise InvalidInputError("scores", requirement, "low ones are the risky ones")
    outside = (points < 0) | (points > 1)
    if outside.any():
        problem = f"{int(outside.sum())} different ones are not from 0 to 1"
        raise InvalidInputError("scores", requirement, problem)
