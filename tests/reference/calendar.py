"""Local periods by looking at the wall clock once a minute, with nothing but ``astimezone``.

The one rule: a period starts at the first instant at which the wall clock is at or past the
period's start on paper; so an instant belongs to the latest period the clock has reached so far.
It sees offset changes on whole minutes only, and only inside the stretch it is given.
"""

import datetime as dt

__all__ = ["Clock", "on_paper"]

MINUTE = dt.timedelta(minutes=1)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def on_paper(wall: dt.datetime, period: str, week_start: str = "monday") -> dt.datetime:
    """Return the start of the period that a wall clock reading lies in."""
    day = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "hour":
        return day.replace(hour=wall.hour)
    if period == "day":
        return day
    if period == "week":
        while DAYS[day.weekday()] != week_start:
            day -= dt.timedelta(days=1)
        return day
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[period]
    return day.replace(month=month, day=1)


class Clock:
    """The wall clock of a zone over a stretch of UTC minutes."""

    def __init__(self, tz: dt.tzinfo, start: dt.datetime, minutes: int) -> None:
        self.minutes = [start + k * MINUTE for k in range(minutes)]
        self.walls = [t.astimezone(tz).replace(tzinfo=None) for t in self.minutes]
        self.shown: dict[dt.datetime, list[dt.datetime]] = {}
        for t, wall in zip(self.minutes, self.walls, strict=True):
            self.shown.setdefault(wall, []).append(t)

    def starts(self, period: str, week_start: str = "monday") -> list[dt.datetime]:
        """Return, for each minute, the start on paper of the period it belongs to."""
        reached = []
        latest = self.walls[0] - dt.timedelta(days=800)
        for wall in self.walls:
            latest = max(latest, on_paper(wall, period, week_start))
            reached.append(latest)
        return reached

    def first(self, wall: dt.datetime) -> dt.datetime:
        """Return the first minute at which the clock is at or past a reading."""
        return next(t for t, shown in zip(self.minutes, self.walls, strict=True) if shown >= wall)

    def showing(self, wall: dt.datetime) -> list[dt.datetime]:
        """Return the minutes at which the clock shows a reading."""
        return self.shown.get(wall, [])
