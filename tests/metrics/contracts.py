"""Contracts and activity about the edges of months, as records and as plain intervals."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from customerops.model import Calendar, Interaction, Money, Spells, Subscription, spells_of
from tests.reference import churn as slow

__all__ = [
    "BOOKS",
    "DAY",
    "INSTANTS",
    "NEW_YORK",
    "ROWS",
    "US",
    "held",
    "months",
    "months_of",
    "spells_from",
    "utc",
]

UTC = dt.UTC
US = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)
NEW_YORK = Calendar("America/New_York")


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def held(
    who: str, start: str, end: str | None = None, *, plan: str = "a", cause: Any = None
) -> Subscription:
    return Subscription(
        id=f"{who}-{start}-{plan}",
        customer_id=who,
        plan=plan,
        amount=Money("1", "EUR"),
        interval=(1, "month"),
        started_at=utc(start),
        ended_at=None if end is None else utc(end),
        reason=cause,
    )


def spells_from(book: slow.Book, as_of: dt.datetime) -> Spells:
    rows = [
        Subscription(
            id=f"{who}-{i}",
            customer_id=who,
            plan=one.plan or "none",
            amount=Money("1", "EUR"),
            interval=(1, "month"),
            started_at=one.start,
            ended_at=one.end,
            reason=one.cause,  # type: ignore[arg-type]
        )
        for who, own in book.items()
        for i, one in enumerate(own)
    ]
    return spells_of(rows, as_of=as_of)


# about the edges of days and months in New York, whose clocks change on 8 March and 1 November
EDGES = [utc(day) for day in ("2026-03-01T05:00", "2026-03-08T05:00", "2026-03-09T04:00")]
EDGES += [utc(day) for day in ("2026-04-01T04:00", "2026-05-01T04:00", "2026-11-01T04:00")]
INSTANTS = st.builds(
    lambda edge, days, nudge: edge + days * DAY + nudge,
    st.sampled_from(EDGES[:5]),
    st.sampled_from([-1, 0, 0, 0, 1, 3, 20, 45]),
    st.sampled_from([-US, dt.timedelta(0), dt.timedelta(0), US, dt.timedelta(hours=1)]),
)


@st.composite
def intervals(draw: st.DrawFn) -> slow.Interval:
    start, other = sorted([draw(INSTANTS), draw(INSTANTS)])
    running = draw(st.integers(0, 3)) == 0
    end = None if running else max(other, start + US)
    cause = None if running else draw(st.sampled_from(["voluntary", "involuntary"]))
    return slow.Interval(start, end, cause, draw(st.sampled_from(["a", "b"])))


BOOKS = st.dictionaries(
    st.sampled_from("uvwxyz"), st.lists(intervals(), min_size=1, max_size=4), max_size=5
)


def months(rate: Any) -> list[tuple[dt.datetime, dt.datetime]]:
    return months_of(rate.axes[-1].labels)


def months_of(labels: Any) -> list[tuple[dt.datetime, dt.datetime]]:
    zone = ZoneInfo("America/New_York")
    out = []
    for label in labels:
        later = dt.date(label.year + label.month // 12, label.month % 12 + 1, 1)
        edges = [dt.datetime(d.year, d.month, d.day, tzinfo=zone) for d in (label, later)]
        out.append((edges[0].astimezone(UTC), edges[1].astimezone(UTC)))
    return out


ROWS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.sampled_from("abcd"),
        kind=st.sampled_from(["use", "use", "purchase"]),
        at=INSTANTS,
        channel=st.sampled_from(["web", "app"]),
    ),
    max_size=20,
)
