"""What health scores and evaluations say, with scorers that every process has by name."""

import datetime as dt
from typing import Any

import numpy as np

from customerops import metrics
from customerops.model import EventTable, InteractionLog

__all__ = ["CARD", "SOURCES", "alarms", "held_up", "hourly"]

HOURS = dt.timedelta(hours=36)
CARD = metrics.HealthScorecard(
    components=(
        metrics.HealthComponent(
            name="uses", weight=2, points=((0, 0), (1, 40), (4, 100)), better="higher"
        ),
        metrics.HealthComponent(
            name="quiet", weight=1, points=((0, 100), (30, 0)), better="lower", missing_as=20
        ),
        metrics.HealthComponent(
            name="bought",
            weight=0.5,
            points=((0, 100), (10, 0)),
            better="lower",
            between="steps",
        ),
    ),
    bands=(
        metrics.HealthBand(key="red", threshold=0),
        metrics.HealthBand(key="green", threshold=50),
    ),
    missing="reweight",
    least_known=0.5,
)
SOURCES: dict[str, metrics.Scorer] = {
    "uses": metrics.EventCount("use", within=HOURS),
    "quiet": metrics.TimeSince({"use", "purchase"}),
    "bought": metrics.TimeSince("purchase"),
}


def held_up(log: InteractionLog, *, as_of: dt.datetime | None = None) -> metrics.ScoreEvaluation:
    """Hold the scorecard against silence from several instants before the log's."""
    return CARD.validate(
        log,
        SOURCES,
        outcome={"use", "purchase"},
        outcome_is="silence",
        at=_instants(log, as_of),
        horizon=HOURS,
        as_of=as_of,
    )


def alarms(log: InteractionLog, *, by: Any, as_of: dt.datetime | None = None) -> EventTable:
    """Time from an alarm to a cancellation, at the instants of `held_up`."""
    return metrics.alarm_lead_time(
        log,
        hourly,
        threshold=0.6,
        risky="high",
        outcome={"cancel", "refund"},
        at=_instants(log, as_of),
        by=by,
        as_of=as_of,
    )


def hourly(log: InteractionLog, /) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """Score by how many events there are: in [0, 1), as a probability is."""
    often = np.diff(log.offsets).astype(np.float64)
    return often / (often + 1)


def _instants(log: InteractionLog, as_of: dt.datetime | None) -> list[dt.datetime]:
    last = as_of or dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(
        microseconds=log.as_of or 0
    )
    return [last - n * HOURS for n in (0, 1, 30)]
