"""Changes: a result against another of the same thing, absolute and relative, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.base import Bounds, Estimate, Floats, Sampled, Value
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import NetPromoterScore, Proportion
from customerops.model.tables.intervals import as_confidence
from customerops.model.tables.ratios import Mean, Ratio
from customerops.model.tables.tables import Result, Truth
from customerops.model.values.checks import came, one_of

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

__all__ = ["Change", "change", "period_change"]

Of = Literal["absolute", "relative"]
OF: tuple[Of, ...] = ("absolute", "relative")
_NO_WEEK = ("week",)


@attrs.frozen(eq=False, repr=False)
class Change(Result):
    """A result, and what it is set against; made by `change` and `period_change`.

    Attributes
    ----------
    after, before : Estimate
        Of the same thing over the same axes.
    """

    after: Estimate
    before: Estimate

    @property
    def context(self) -> Context:  # type: ignore[override]
        """The context of the result after."""
        return self.after.context

    @property
    def absolute(self) -> Value:
        """After less before, in the unit of the values."""
        return _out(self._pair()[0] - self._pair()[1])

    @property
    def relative(self) -> Value:
        """After by before, less 1; NaN unless before is above 0."""
        after, before = self._pair()
        positive = before > 0
        return _out(np.divide(after, before, out=_nan(before), where=positive) - 1)

    @property
    def complete(self) -> Truth:
        """Whether both are complete."""
        return self.after.complete & self.before.complete

    @property
    def methods(self) -> dict[str, str]:
        """Which intervals there are, by what they are of; none for counts without spread.

        ``"newcombe"``: hybrid score, of shares. ``"welch"``: Student's t, of ratios and means.
        ``"variances added"``: of net promoter scores. ``"mover"`` and ``"mover-r"``: recovered from
        the interval of each, of a difference and of a ratio.
        """
        if not isinstance(self.after, Sampled):
            return {}
        kinds = ((Proportion, "newcombe"), ((Ratio, Mean), "welch"))
        named = next((name for kind, name in kinds if isinstance(self.after, kind)), "mover")
        if isinstance(self.after, NetPromoterScore):
            named = "variances added"
        return {"absolute": named, "relative": "mover-r"}

    def interval(
        self, of: Of = "absolute", confidence: float = 0.95, *, method: str | None = None
    ) -> Bounds:
        """Return the confidence interval of the absolute or of the relative change.

        Parameters
        ----------
        of : {"absolute", "relative"}
            Of which.
        confidence : float
            Coverage aimed at, between 0 and 1.
        method : str, optional
            One of the estimates' ``METHODS``: the interval of each that this one starts from.

        Returns
        -------
        tuple of float or ndarray
            The lower and the upper bound; NaN where the change is. The upper bound of a relative
            change is infinite where the one before may have been 0.

        Raises
        ------
        InvalidInputError
            If `of`, `confidence` or `method` is not valid, or the results have no intervals.

        Notes
        -----
        The two are taken for independent. Those of the same customers at two times are not: as a
        rule the interval is then too wide. For a ratio of r = a / b with bounds l and u of each,
        the method of variance estimates recovery gives, with A = a b,
        ``L = l_a (2a - l_a) / (A + sqrt(A² - l_a (2a - l_a) u_b (2b - u_b)))`` and
        ``U = (A + sqrt(A² - u_a (2a - u_a) l_b (2b - l_b))) / (l_b (2b - l_b))``.

        References
        ----------
        Donner, A. and Zou, G. Y. (2012). Closed-form confidence intervals for functions of the
        normal mean and standard deviation. Statistical Methods in Medical Research 21, 347-359.
        Newcombe, R. G. (2016). MOVER-R confidence intervals for ratios and products of two
        independently estimated quantities. Statistical Methods in Medical Research 25, 1774-1778.
        """
        one_of("of", of, OF)
        as_confidence(confidence)
        after, before = self.after, self.before
        if not (isinstance(after, Sampled) and isinstance(before, Sampled)):
            problem = f"a {type(after).__name__} says nothing of its spread"
            raise InvalidInputError("results", "must be estimates to have an interval", problem)
        if of == "absolute":
            return after.difference(before).interval(confidence, method=method)
        bounds = [np.asarray(x) for x in after.interval(confidence, method=method)]
        others = [np.asarray(x) for x in before.interval(confidence, method=method)]
        low, high = _mover_ratio(self._pair(), bounds, others)
        return _out(low - 1), _out(high - 1)

    def to_frame(self, *, confidence: float = 0.95, method: str | None = None) -> pd.DataFrame:
        """Return one row per cell: the axes, after, before, absolute, relative, complete.

        Where there are intervals, ``absolute_low`` to ``relative_high`` as well.
        """
        return self.after._frame(self._columns(confidence, method))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Change):
            return NotImplemented
        return self.after == other.after and self.before == other.before

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        said = self.after._extent() if self.after.axes else f"absolute={self.absolute:.6g}"
        return f"Change(metric={self.context.metric!r}, {said})"

    def _repr_html_(self) -> str:
        """Show the first cells as a table."""
        title = f"{self.context.title}: change"
        return self.after._rows_html(title, self._columns(0.95, None))

    def _pair(self) -> tuple[Floats, Floats]:
        return np.asarray(self.after.value), np.asarray(self.before.value)

    def _columns(self, confidence: float, method: str | None) -> dict[str, NDArray[Any]]:
        after, before = self._pair()
        columns = {"after": after, "before": before}
        for of in OF:
            columns[of] = np.asarray(getattr(self, of))
            if self.methods:
                low, high = self.interval(of, confidence, method=method)
                columns |= {f"{of}_low": np.asarray(low), f"{of}_high": np.asarray(high)}
        columns["complete"] = np.asarray(self.complete)
        return {name: np.ravel(column) for name, column in columns.items()}


def change(after: Estimate, before: Estimate) -> Change:
    """Return how a result has changed against another: 环比, 同比, or a group against a group.

    Parameters
    ----------
    after, before : Estimate
        Of the same metric, definition and options, over the same axes; ``as_of``, ``over``, groups
        and selected labels may differ.

    Returns
    -------
    Change
        The absolute and the relative change, and the interval of each where the estimate has one.

    Raises
    ------
    InvalidInputError
        If the two do not measure the same thing; named after what differs.

    Notes
    -----
    ``absolute = after - before``, ``relative = after / before - 1``. A share that rises from 4 % to
    5 % has risen by 1 point, and by 25 %: say which.

    Examples
    --------
    >>> from customerops.metrics import change
    >>> from customerops.model import Context, Proportion
    >>> june, july = (
    ...     Proportion(parts={"count": n, "total": 1000}, context=Context("repurchase_rate"))
    ...     for n in (40, 50)
    ... )
    >>> risen = change(july, june)
    >>> print(f"{risen.absolute:.3f} {risen.relative:.3f}")
    0.010 0.250
    >>> print(*(f"{bound:.3f}" for bound in risen.interval("relative")))
    -0.166 0.873
    """
    for name, one in (("after", after), ("before", before)):
        if not isinstance(one, Estimate):
            raise InvalidInputError(name, "must be an estimate", came(one))
    if type(after) is not type(before):
        problem = f"got {type(after).__name__} and {type(before).__name__}"
        raise InvalidInputError("results", "must be of one class to be compared", problem)
    after.context.comparable(before.context)
    if after.axes != before.axes:
        problem = "their names or labels differ; select the labels of both"
        raise InvalidInputError("axes", "must be the same to compare results", problem)
    return Change(after, before)


def period_change(table: Estimate, *, against: Literal["previous", "year_before"]) -> Change:
    """Return how each period of a table has changed against an earlier one (环比, 同比).

    Parameters
    ----------
    table : Estimate
        With a period axis.
    against : {"previous", "year_before"}
        The period before (环比), or the same one of the year before (同比).

    Returns
    -------
    Change
        Over the periods whose earlier one is in the table too.

    Raises
    ------
    InvalidInputError
        If there is no axis of periods, `against` is neither, or periods are weeks and `against` is
        the year before: no week starts on the same date.

    Notes
    -----
    29 February has no day a year before. Intervals take the two periods for independent, which
    those of the same customers are not; as a rule they are then too wide.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import active_customers, period_change
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["use"] * 3, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, 5), dt.date(2026, 2, 5), dt.date(2026, 2, 6)],
    ... ).until_day(dt.date(2026, 2, 28))
    >>> monthly = active_customers(log, activity="use", period="month")
    >>> period_change(monthly, against="previous").relative.tolist()
    [1.0]
    """
    one_of("against", against, ("previous", "year_before"))
    if not isinstance(table, Estimate):
        raise InvalidInputError("table", "must be an estimate", came(table))
    at = [i for i, axis in enumerate(table.axes) if axis.kind == "period"]
    if not at:
        raise InvalidInputError("table", "must have an axis of periods")
    axis = table.axes[at[0]]
    labels: Any = axis.labels
    if against == "previous":
        pairs = list(zip(labels[1:], labels[:-1], strict=True))
    else:
        if table.context.period in _NO_WEEK:
            raise InvalidInputError("against", "must be 'previous' for weeks", "no week recurs")
        known = set(labels)
        pairs = [(one, _year_before(one)) for one in labels if _year_before(one) in known]
    after = table.select(**{axis.name: [one for one, _ in pairs]})
    before = table.select(**{axis.name: [one for _, one in pairs]})
    moved = type(before)(axes=after.axes, parts=before.parts, context=after.context)
    return Change(after, moved)  # what is closed after was closed before


def _year_before(label: dt.date) -> dt.date | None:
    if (label.month, label.day) == (2, 29):
        return None
    return label.replace(year=label.year - 1)


def _mover_ratio(
    values: tuple[Floats, Floats], first: list[Floats], second: list[Floats]
) -> tuple[Floats, Floats]:
    """Return the interval of a ratio recovered from that of each; see `Change.interval`."""
    a, b = values
    (low_a, high_a), (low_b, high_b) = first, second
    with np.errstate(invalid="ignore", divide="ignore"):
        product = a * b
        p, q = low_a * (2 * a - low_a), high_b * (2 * b - high_b)
        reach = product + np.sqrt(product**2 - p * q)
        low = np.where(reach > 0, p / reach, 0.0)
        p, q = high_a * (2 * a - high_a), low_b * (2 * b - low_b)
        high = np.where(q > 0, (product + np.sqrt(product**2 - p * q)) / q, np.inf)
    known = (b > 0) & (low_b >= 0) & ~np.isnan(reach + a)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _nan(like: Floats) -> Floats:
    return np.full(like.shape, np.nan)


def _out(array: Any) -> Value:
    return float(array) if np.ndim(array) == 0 else array
