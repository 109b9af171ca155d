"""Which answers go with a score: moments that add, and what is read from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.survey.explained import shares_of_r_squared
from customerops.model.tables import intervals
from customerops.model.tables.base import Bounds, Floats, at_least_zero
from customerops.model.tables.tables import Table, Truth
from customerops.model.values import exact

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Definition", "Drivers"]

Definition = Literal["correlation", "mean_difference", "shapley"]

_OTHER = "with"  # the second axis of drivers, on which cross products lie


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _Rows(Table):
    """What is shown of drivers: a row for each, without their cross products."""

    PARTS: ClassVar[tuple[str, ...]] = ("n", "missing")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Drivers(Table):
    """How far each of several answers goes with a score; made by `drivers`.

    Its parts are counts and sums over respondents, of the score y and of the driver x: ``asked``
    (with a score), ``n`` (with the driver known, too), ``y``, ``yy``, ``x``, ``xy``, ``xyy`` and,
    along the second axis of drivers, ``xx``.

    It says what goes together, and never why: those who praise the staff and the shop alike may do
    so for a reason that is neither, and who changes one need not change the other.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("asked", "n", "y", "yy", "x", "xy", "xyy", "xx")
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "asked": ("group", "period"),
        **dict.fromkeys(("n", "y", "yy", "x", "xy", "xyy"), ("group", "period", "driver")),
    }

    @property
    def names(self) -> tuple[str, ...]:
        """The drivers, in order."""
        labels: Any = self.axes[-2].labels
        return tuple(labels)

    @property
    def wording(self) -> str:
        """What it may be called."""
        return "association, not cause"

    @property
    def complete(self) -> Truth:
        """Whether each group and period was closed at ``as_of``; see `Table.complete`."""
        done = self._complete()[..., 0, 0]
        return bool(done) if done.ndim == 0 else done

    @property
    def n(self) -> NDArray[Any]:
        """Respondents that count, by driver."""
        return self.parts["n"]

    @property
    def missing(self) -> NDArray[Any]:
        """Respondents with a score that do not count, by driver, for an answer is missing."""
        return exact.add(self.parts["asked"][..., None], exact.times(self.parts["n"], -1))

    @property
    def performance(self) -> Floats:
        """The mean of each driver: of a rating in points of its scale, of a mark its share."""
        return self._known(exact.divide(self.parts["x"], self.parts["n"]))

    @property
    def importance(self) -> Floats:
        """By driver, what the definition says; NaN where it is undefined or not complete.

        A correlation, -1 to 1; a difference of means, in points of the score; or a part of R
        squared, which sum to it.
        """
        return self._known(self._importance())

    @property
    def r_squared(self) -> Any:
        """The share of the score's variance that goes with all drivers together (``"shapley"``).

        Raises
        ------
        InvalidInputError
            Under another definition, which looks at one driver at a time.
        """
        if self.definition != "shapley":
            problem = f"{self.definition!r} looks at one driver at a time"
            raise InvalidInputError("r_squared", "needs definition='shapley'", problem)
        total = self.importance.sum(axis=-1)
        return float(total) if total.ndim == 0 else total

    def interval(self, confidence: float = 0.95) -> Bounds:
        """Return the confidence interval of each importance.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.

        Returns
        -------
        tuple of ndarray
            The lower and the upper bounds, of the shape of `importance`.

        Raises
        ------
        InvalidInputError
            If `confidence` is not valid, or for ``"shapley"``, whose parts have no interval from
            moments: compute it anew for customers that are drawn with replacement.

        Notes
        -----
        A correlation has Fisher's interval, ``tanh(atanh(r) ± z / sqrt(n - 3))``; a difference of
        means Welch's.
        """
        level = intervals.as_confidence(confidence)
        if self.definition == "shapley":
            problem = "parts of R squared have none; resample customers"
            raise InvalidInputError("interval", "needs another definition", problem)
        low, high = self._bounds(level)
        return self._known(low), self._known(high)

    def quadrants(self) -> NDArray[np.object_]:
        """Return what importance and performance together suggest to look at first.

        Returns
        -------
        ndarray of str, of the shape of `importance`
            ``"concentrate_here"`` (important, and not well done), ``"keep_up"`` (important, well
            done), ``"low_priority"`` and ``"possible_overkill"`` (well done, not important); None
            where either is NaN.

        Notes
        -----
        The lines are drawn at the mean importance and the mean performance of the drivers, so the
        drivers must be rated on one scale; on a line counts as above it. J. A. Martilla and J. C.
        James, "Importance-performance analysis", Journal of Marketing 41 (1977) 77-79, who let
        customers say what is important; derived importance is another thing than stated.
        """
        matters, done = self.importance, self.performance
        with np.errstate(invalid="ignore"):
            first = matters >= matters.mean(axis=-1, keepdims=True)
            well = done >= done.mean(axis=-1, keepdims=True)
        named = np.array(
            [["low_priority", "possible_overkill"], ["concentrate_here", "keep_up"]], object
        )
        found: NDArray[np.object_] = named[first.astype(int), well.astype(int)]
        found[np.isnan(matters) | np.isnan(done)] = None
        return found

    def to_frame(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return a row for each driver: n, missing, performance, importance, low, high, complete.

        Parameters
        ----------
        confidence : float
            Of the interval; ``"shapley"`` has none, and NaN there.

        Returns
        -------
        pandas.DataFrame
            With the columns of group and period before, if any.
        """
        return self._rows()._frame(self._shown(confidence))

    def _repr_html_(self) -> str:
        """Show the first drivers as a table."""
        title = f"{self.context.title}: {self.wording}"
        return self._rows()._rows_html(title, self._shown(0.95))

    def _extent(self) -> str:
        return self._rows()._extent()

    def _check(self) -> None:
        at_least_zero(self, "asked", "n", "yy")
        if (self.parts["n"] > self.parts["asked"][..., None]).any():
            raise InvalidInputError("n", "must not exceed asked")

    def _cut(self, name: str, wanted: Any) -> Drivers:
        if name in ("driver", _OTHER):
            problem = "the importance of one is read beside the others; see to_frame()"
            raise InvalidInputError("driver", "must not be selected", problem)
        return super()._cut(name, wanted)

    def _rows(self) -> _Rows:
        parts = {"n": self.n, "missing": self.missing}
        return _Rows(axes=self.axes[:-1], parts=parts, context=self.context)

    def _known(self, values: Floats) -> Floats:
        return np.where(self._complete()[..., 0], values, np.nan)

    def _shown(self, confidence: float) -> dict[str, NDArray[Any]]:
        level = intervals.as_confidence(confidence)
        columns = {
            "n": self.n,
            "missing": self.missing,
            "performance": self.performance,
            "importance": self.importance,
        }
        low, high = self._bounds(level)
        columns |= {"low": self._known(low), "high": self._known(high)}
        columns["complete"] = self._complete()[..., 0]
        return {name: column.ravel() for name, column in columns.items()}

    def _importance(self) -> Floats:
        definition: Any = self.definition
        assert definition in get_args(Definition)
        if definition == "correlation":
            return self._correlation()
        if definition == "mean_difference":
            with_, without = self._sides()
            return exact.divide(with_[1], with_[0]) - exact.divide(without[1], without[0])
        return self._parts_of_r_squared()

    def _bounds(self, level: float) -> tuple[Floats, Floats]:
        if self.definition == "shapley":
            nothing = np.full(self.n.shape, np.nan)
            return nothing, nothing
        if self.definition == "correlation":
            n = self.n.astype(np.float64)
            with np.errstate(divide="ignore", invalid="ignore"):
                half = intervals.normal(level) / np.sqrt(np.where(n > 3, n - 3, np.nan))
                centre = np.arctanh(self._correlation())
            return np.tanh(centre - half), np.tanh(centre + half)
        (n1, *_), (n0, *_) = sides = self._sides()
        v1, v0 = (intervals.mean_variance(*side) for side in sides)
        df = intervals.welch_df(v1, n1.astype(np.float64) - 1, v0, n0.astype(np.float64) - 1)
        half = intervals.student(df, level) * np.sqrt(v1 + v0)
        difference = self._importance()
        return difference - half, difference + half

    def _sides(self) -> tuple[tuple[NDArray[Any], ...], tuple[NDArray[Any], ...]]:
        """Return number, sum and sum of squares of the scores with a mark, and without it."""
        all_of = tuple(self.parts[name] for name in ("n", "y", "yy"))
        with_ = tuple(self.parts[name] for name in ("x", "xy", "xyy"))
        pairs = zip(all_of, with_, strict=True)
        return with_, tuple(exact.add(a, exact.times(b, -1)) for a, b in pairs)

    def _correlation(self) -> Floats:
        own = np.diagonal(self.parts["xx"], axis1=-2, axis2=-1).astype(object)
        n, x, y, yy, xy = (self.parts[k].astype(object) for k in ("n", "x", "y", "yy", "xy"))
        return _correlations(n * xy - x * y, n * own - x * x, n * yy - y * y)

    def _parts_of_r_squared(self) -> Floats:
        """Return the parts of every group and period; 0 for a driver that does not vary."""
        with_score = self._correlation()
        n, x = (self.parts[name].astype(object) for name in ("n", "x"))
        products = (
            n[..., None] * self.parts["xx"].astype(object) - x[..., :, None] * x[..., None, :]
        )
        own = np.diagonal(products, axis1=-2, axis2=-1)
        among = _correlations(products, own[..., :, None], own[..., None, :])
        y, yy = (self.parts[name].astype(object) for name in ("y", "yy"))
        varies = n * yy - y * y > 0
        drivers = len(self.names)
        among = np.where(np.isnan(among), np.eye(drivers), among)
        out = np.full(with_score.shape, np.nan)
        for cell in np.ndindex(with_score.shape[:-1]):
            # as many respondents as coefficients fit any score
            if drivers and varies[cell].all() and n[cell][0] > drivers + 1:
                out[cell] = shares_of_r_squared(among[cell], np.nan_to_num(with_score[cell]))
        return out


def _correlations(both: NDArray[Any], one: NDArray[Any], other: NDArray[Any]) -> Floats:
    """Return ``both / sqrt(one * other)`` of whole numbers; NaN where something does not vary."""
    spread = np.sqrt((one * other).astype(np.float64))  # exact until here
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(spread > 0, both.astype(np.float64) / spread, np.nan)
    return np.clip(r, -1, 1)
