"""The lapse window: how long is too long."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.engagement.gaps import METHODS, GapTimes, Method, gap_times
from customerops.metrics.shared.units import TICKS, Occasion
from customerops.metrics.survival.gap_curve import GapCurve, as_share
from customerops.metrics.survival.reading import Reading
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Value
from customerops.model.tables.tables import Truth
from customerops.model.values import exact
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar

__all__ = ["LapseWindow", "lapse_window"]


@attrs.frozen(eq=False, repr=False)
class LapseWindow(Reading[GapTimes]):
    """How long is too long: the time within which a share of customers is back.

    Attributes
    ----------
    table : GapTimes
        The gaps it is read from.
    """

    @property
    def quantile(self) -> float:
        """The share that is back within the window."""
        return float(self.context.option("quantile"))

    @property
    def curve(self) -> GapCurve:
        """The share of customers who stay away for longer than each length of time."""
        method: Any = self.context.option("method")
        return self.table.curve(method)

    @property
    def outer(self) -> tuple[Axis, ...]:
        """The axis of the groups, if any."""
        return self.table.outer[:-1]

    @property
    def value(self) -> Any:
        """The window, a timedelta; None where it is not reached. With groups, an array of them."""
        return self._windows(self.curve.quantile(self.quantile))

    @property
    def reached(self) -> Truth:
        """Whether so large a share was seen to return."""
        found = ~np.isnan(self.curve.quantile(self.quantile))
        return found if self.outer else bool(found)

    @property
    def returned(self) -> Value:
        """The largest share that was seen to return, after however long; NaN without customers."""
        return 1 - self.curve.at(math.inf)

    @property
    def customers(self) -> Any:
        """How many customers it is read from."""
        return self._shaped(self._customers())

    def interval(self, confidence: float = 0.95) -> tuple[Any, Any]:
        """Return an interval of the window that covers at least as often as said.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.

        Returns
        -------
        tuple of timedelta or None, or of arrays of them
            None for a bound that is not reached.

        Raises
        ------
        InvalidInputError
            If `confidence` is not between 0 and 1.

        Notes
        -----
        See `GapCurve.quantile_interval`.
        """
        low, high = self.curve.quantile_interval(self.quantile, confidence)
        return self._windows(low), self._windows(high)

    def __repr__(self) -> str:
        """Return the window, or how many there are."""
        axes = " x ".join(f"{axis.name}[{len(axis)}]" for axis in self.outer)
        said = f"axes={axes}" if axes else f"value={self.value}"
        return f"LapseWindow(quantile={self.quantile:g}, {said})"

    def _windows(self, ticks: Value) -> Any:
        """Return ticks as timedeltas, None where they are not a number."""
        tick = TICKS[self.context.option("occasion")]
        found = [None if math.isnan(t) else tick * int(t) for t in np.ravel(ticks).tolist()]
        if not self.outer:
            return found[0]
        out = np.empty(len(found), object)
        out[:] = found
        return out.reshape(self.shape)

    def _customers(self) -> NDArray[np.int64]:
        """Count the customers of each cell: each has one open gap."""
        cells = int(np.prod(self.shape, dtype=np.int64))
        group = self.table.cell // len(self.table.outer[-1])
        return exact.group_sum(group, self.table.censored, cells)

    def _columns(self) -> dict[str, NDArray[Any]]:
        low, high = self.interval()
        windows = {"value": self.value, "low": low, "high": high}
        return {
            **{name: np.ravel(found).astype("m8[us]") for name, found in windows.items()},
            "reached": np.ravel(self.reached),
            "returned": np.ravel(self.returned),
            "customers": self._customers(),
        }


def lapse_window(
    log: InteractionLog,
    *,
    quantile: float,
    events: Rule | str | Collection[str] = "purchase",
    method: Method = "wang_chang",
    occasion: Occasion = "day",
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
    by: str | Grouping | None = None,
) -> LapseWindow:
    """Return how long is too long: the time within which a share of customers is back.

    Parameters
    ----------
    log, events, occasion, as_of, calendar, by
        As for `gap_times`.
    quantile : float
        The share, above 0 and at most 1, such as 0.8.
    method : {"wang_chang", "first_gap"}
        From all gaps, every customer counting as one; or from the first gap of each alone, where
        later gaps are known to be of another kind.

    Returns
    -------
    LapseWindow
        ``.value`` is a timedelta, or None where so large a share was not seen to return: then no
        window can be told from these data, and ``.returned`` says how far they go. Windows of
        different customers add, to the window of all of them.

    Raises
    ------
    InvalidInputError
        As for `gap_times`; when `quantile` is not above 0 and at most 1, or `method` is unknown.

    Notes
    -----
    The first t with ``S(t) <= 1 - quantile``, S as in `gap_times`. It describes the gaps between
    events; a customer who has left for good is one whose gap does not end, so the more have left,
    the longer the window, until it is not reached.

    References
    ----------
    As for `gap_times`.

    Examples
    --------
    Two of five never came back in a hundred days, so when four in five are back is not known:

    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import lapse_window
    >>> begin = dt.date(2026, 1, 1)
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c", "c", "d", "e"],
    ...     at=[begin + dt.timedelta(days=d) for d in (0, 10, 0, 10, 0, 20, 0, 0)],
    ...     kind=["purchase"] * 8,
    ...     tz=dt.timezone.utc,
    ... ).until_day(begin + dt.timedelta(days=100))
    >>> lapse_window(log, quantile=0.6).value
    datetime.timedelta(days=20)
    >>> window = lapse_window(log, quantile=0.8)
    >>> window.value, window.reached, round(window.returned, 3)
    (None, False, 0.6)
    """
    share = as_share(quantile)
    one_of("method", method, METHODS)
    gaps = gap_times(log, events=events, occasion=occasion, as_of=as_of, calendar=calendar, by=by)
    context = attrs.evolve(gaps.context, metric="lapse_window")
    context = context.with_options(quantile=share, method=method)
    return LapseWindow(attrs.evolve(gaps, context=context))
