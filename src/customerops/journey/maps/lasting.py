"""How long the stages of a map last: elapsed time as the map says, or local days and months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.spans import Span, after_us, as_span
from customerops.model.log.ask import Asked
from customerops.model.rules.stages import JourneyMap, JourneyStage
from customerops.model.values.calendar import Calendar
from customerops.model.values.checks import came
from customerops.model.values.instants import micros

__all__ = ["NEVER", "Lasting", "lasting_of"]

NEVER = 2**61
"""Microseconds beyond every instant, and safe to add to one."""


@attrs.frozen
class Lasting:
    """A map, and how long its stages last.

    Attributes
    ----------
    map : JourneyMap
        The stages.
    windows : tuple of (str, Span)
        By key of a stage, what stands in for its `within`.
    calendar : Calendar or None
        Whose days; None where all windows are elapsed.
    """

    map: JourneyMap
    windows: tuple[tuple[str, Span], ...]
    calendar: Calendar | None

    def until(self, stage: JourneyStage, at: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Return when the events of some instants no longer count; None if they always do."""
        span = dict(self.windows).get(stage.key)
        if span is not None:
            return after_us(span, at, self.calendar)
        if stage.within is None:
            return None
        return at + min(micros(stage.within), NEVER)


def lasting_of(journey_map: object, windows: object, asked: Asked) -> Lasting:
    """Return a map with its windows, checked.

    Raises
    ------
    InvalidInputError
        If it is no map, a window is none or of no stage of it, or local days have no calendar.
    """
    if not isinstance(journey_map, JourneyMap):
        raise InvalidInputError("map", "must be a JourneyMap", came(journey_map))
    if windows is None:
        return Lasting(journey_map, (), None)
    if not isinstance(windows, Mapping):
        raise InvalidInputError("windows", "must be a mapping of stages", came(windows))
    spans: dict[str, Span] = {}
    for key, window in windows.items():
        stage = journey_map.stage(key)
        spans[stage.key] = as_span(f"windows[{stage.key!r}]", window)
    local = not all(isinstance(span, dt.timedelta) for span in spans.values())
    return Lasting(
        journey_map,
        tuple((key, spans[key]) for key in sorted(spans)),
        asked.zone if local else None,
    )
