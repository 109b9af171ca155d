"""Grids of their own kind: weekday by hour, recency by frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from customerops.metrics.engagement.rhythm import ActivityProfile
from customerops.metrics.scoring.rfm_scores import RFMScores
from customerops.plotting.estimates import estimate_chart
from customerops.plotting.grids import Grid, grid_chart
from customerops.plotting.reading import Measure
from customerops.plotting.words import metric_text, plural, subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["activity_map", "rfm_grid"]

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def activity_map(profile: ActivityProfile, ax: Axes | None = None) -> Axes:
    """Draw when customers act: the share of events by weekday and hour.

    Parameters
    ----------
    profile : ActivityProfile
        Of one group. By weekday alone or by hour alone it is drawn as a line with a band.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Monday on top, in local time of the calendar.

    Raises
    ------
    InvalidInputError
        If there are groups beside weekday and hour.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import activity_profile
    >>> from customerops.plotting import activity_map
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b"], kind=["use"] * 2, tz=dt.timezone.utc,
    ...     at=[dt.datetime(2026, 1, 5, 9, tzinfo=dt.timezone.utc)] * 2,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> ax = activity_map(activity_profile(log, activity="use", cycle="week"))
    >>> ax.get_yticklabels()[0].get_text(), ax.get_xticklabels()[9].get_text()
    ('Mon', '09')
    """
    if [axis.name for axis in profile.axes] != ["weekday", "hour"]:
        return estimate_chart(profile, ax)
    weekdays, hours = profile.axes
    calendar = profile.context.calendar
    zone = "" if calendar is None else f" ({calendar.tz})"
    grid = Grid(
        value=np.asarray(profile.value, np.float64),
        complete=np.asarray(profile.complete, np.bool_),
        rows=[WEEKDAYS[int(str(day)) - 1] for day in weekdays.labels],
        columns=[f"{int(str(hour)):02d}" for hour in hours.labels],
        names=("weekday", f"hour of the day, local time{zone}"),
        measure=Measure(f"share of {plural(profile.context.unit)} (%)", fraction=True),
    )
    return grid_chart(grid, ax, metric_text(profile.context), subtitle(profile.context))


def rfm_grid(scores: RFMScores, ax: Axes | None = None) -> Axes:
    """Draw how many customers have each recency and frequency score.

    Parameters
    ----------
    scores : RFMScores
        From ``rfm(log).score(cuts)``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The most recent on top, the most frequent on the right. Counts only: no customer is named.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import rfm
    >>> from customerops.plotting import rfm_grid
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "b"], kind=["purchase"] * 3, amount=[5] * 3, currency="EUR",
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 30)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> table = rfm(log)
    >>> [text.get_text() for text in rfm_grid(table.score(table.cuts(bins=2))).texts[:4]]
    ['–', '1', '1', '–']
    """
    r, f = scores.r.astype(np.int64), scores.f.astype(np.int64)
    high_r, high_f = (max(int(x.max()), 1) if len(x) else 1 for x in (r, f))
    count = np.zeros((high_r, high_f))
    places, n = np.unique((r - 1) * high_f + f - 1, return_counts=True)
    count.ravel()[places] = n
    customers = plural(scores.context.unit)
    grid = Grid(
        value=np.where(count > 0, count, np.nan)[::-1],
        complete=np.ones(count.shape, np.bool_),
        rows=[str(score) for score in range(high_r, 0, -1)],
        columns=[str(score) for score in range(1, high_f + 1)],
        names=("recency score (top: most recent)", "frequency score (right: most often)"),
        measure=Measure(f"{customers}; –: none"),
    )
    title = "RFM scores: recency and frequency"
    note = f"{len(scores):,} {customers}"
    return grid_chart(grid, ax, title, subtitle(scores.context, note))
