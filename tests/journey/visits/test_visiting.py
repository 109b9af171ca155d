"""Sessions against walking hit by hit."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import SessionTable, session_times, sessions
from customerops.journey.visits.cutting import cut_of
from customerops.model import Calendar, Customer, Interaction, InteractionLog, Window
from tests.reference import journey as slow
from tests.reference.metrics import histories

UTC = dt.UTC
DAY = dt.datetime(2024, 3, 31, tzinfo=UTC)  # the clock of Berlin leaps at 01:00 UTC
MINUTE = dt.timedelta(minutes=1)
DAYS = dt.timedelta(days=1)
BERLIN = Calendar("Europe/Berlin")


def at(minute: int) -> dt.datetime:
    return DAY + minute * MINUTE


def hit(who: str, minute: int, kind: str = "view") -> Interaction:
    return Interaction(customer_id=who, at=at(minute), kind=kind)


def log_of(rows: list[Interaction]) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=BERLIN)


ROWS = st.lists(
    st.builds(
        hit,
        st.sampled_from("abc"),
        st.sampled_from([-1, 0, 0, 1, 2, 3, 5, 8, 50, 60, 61, 1300, 1320, 1321]),
        st.sampled_from(["view", "view", "in", "out", "other"]),
    ),
    max_size=20,
)
CUTS = st.fixed_dictionaries(
    {
        "gap": st.sampled_from([None, MINUTE, 3 * MINUTE]),
        "hits": st.sampled_from([{"view", "in", "out"}, {"view", "in", "out", "other"}]),
        "starts": st.sampled_from([None, "in"]),
        "ends": st.sampled_from([None, "out"]),
    }
).filter(lambda cut: any(cut[name] for name in ("gap", "starts", "ends")))


@given(ROWS, CUTS, st.sampled_from([2, 5, 62, 1321, 3000]))
def test_sessions_equal_walking_hit_by_hit(
    rows: list[Interaction], cut: dict[str, Any], minute: int
) -> None:
    table = sessions(log_of(rows).until(at(minute)), **cut, period="day")
    walked = slow.sessions(histories(rows, at(minute)), as_of=at(minute), **cut)
    days: dict[dt.date, list[slow.Session]] = defaultdict(list)
    for one in walked:
        days[one.begun.astimezone(BERLIN.tz).date()].append(one)
    assert sum(table.count) + sum(table.open) == len(walked)
    for day in table.axes[0].labels:
        assert isinstance(day, dt.date)
        cell = table.select(period=day)
        closed = [one for one in days[day] if not one.open]
        assert cell.open == len(days[day]) - len(closed)
        over = at(minute) + dt.timedelta(microseconds=1) >= BERLIN.day_end(day)
        assert cell.complete == (over and cell.open == 0)
        assert cell.count == len(closed)
        assert cell.customers == len({one.customer for one in closed})
        assert cell.parts["bounces"] == sum(len(one.hits) == 1 for one in closed)
        assert cell.parts["hits"] == sum(len(one.hits) for one in closed)
        lasted = sum((one.lasted for one in closed), dt.timedelta(0))
        assert cell.parts["duration"] == lasted // dt.timedelta(microseconds=1)
        visits = Counter(one.customer for one in closed)
        assert cell.parts["sessions_squared"] == sum(n * n for n in visits.values())


@given(ROWS, CUTS, st.sampled_from([2, 5, 62, 3000]))
def test_times_equal_walking_hit_by_hit(
    rows: list[Interaction], cut: dict[str, Any], minute: int
) -> None:
    known = log_of(rows).until(at(minute))
    walked = slow.sessions(histories(rows, at(minute)), as_of=at(minute), **cut)

    def counted(table: Any, part: str) -> dict[float, int]:
        cells = zip(table.points.tolist(), table.parts[part].tolist(), strict=True)
        return {time: n for time, n in cells if n}

    table = session_times(known, **cut, of="session", unit=MINUTE)
    assert counted(table, "events") == Counter(x.lasted / MINUTE for x in walked if not x.open)
    assert counted(table, "censored") == Counter(x.lasted / MINUTE for x in walked if x.open)
    table = session_times(known, **cut, of="hit", unit=MINUTE)
    assert counted(table, "events") == Counter(d / MINUTE for x in walked for d in x.dwells)
    assert counted(table, "censored") == ({0: len(walked)} if walked else {})


def test_a_gap_equal_to_the_limit_stays_and_midnight_does_not_split() -> None:
    # PostHog paths (session window of 30 minutes), retentioneering split_sessions
    rows = [
        *(("u", "2024-01-01T00:00:00Z"), ("u", "2024-01-01T00:30:00Z")),
        *(("u", "2024-01-01T01:00:01Z"), ("v", "2024-01-01T01:00:02Z")),
        *(("v", "2024-01-01T23:50:00Z"), ("v", "2024-01-02T00:05:00Z")),
    ]
    log = InteractionLog.from_arrays(
        customer_id=[who for who, _ in rows],
        at=[dt.datetime.fromisoformat(t) for _, t in rows],
        kind=["e"] * len(rows),
    ).until(dt.datetime(2024, 1, 3, tzinfo=UTC))
    table = sessions(log, 30 * MINUTE)
    assert (table.count, table.open, table.customers) == (4, 0, 2)
    times = session_times(log, 30 * MINUTE, of="session")
    assert times.to_frame()[["at", "events"]].values.tolist() == [[0, 2], [900, 1], [1800, 1]]
    found = cut_of(30 * MINUTE, None, None, None).visits(log, log.as_of or 0)
    number = {}
    for first, last in zip(found.first.tolist(), found.last.tolist(), strict=True):
        for row in range(first, last + 1):
            number[row] = (log.customers[found.customer[row]], log.at[first])
    assert len(number) == 6
    assert len(set(number.values())) == 4


def test_bounces_and_lengths_are_of_customers() -> None:
    rows = [hit("a", 0), hit("a", 2), hit("a", 60), hit("b", 0), hit("b", 60), hit("c", 0)]
    table = sessions(log_of(rows).until(at(1000)), 5 * MINUTE)
    bounce = table.bounce_rate()
    assert (bounce.n, bounce.x, bounce.y, bounce.value) == (3, 4, 5, 0.8)
    # by hand: residuals x - 0.8 y of a (1, 2), b (2, 2), c (1, 1); s2 = n/(n-1) sum / y2
    rest = [Fraction(1) - Fraction(8, 5), Fraction(2) - Fraction(8, 5), Fraction(1, 5)]
    variance = Fraction(3, 2) * sum(r * r for r in rest) / 25
    assert bounce.standard_error == pytest.approx(math.sqrt(variance), rel=1e-12)
    assert table.hits_per_session().value == 6 / 5
    assert table.mean_duration().value == 120 / 5
    visits = table.sessions_per_customer()
    assert visits.value == 5 / 3
    assert visits.standard_error == pytest.approx(1 / 3, rel=1e-12)  # sd of 2, 2, 1 by sqrt(3)
    assert visits.interval()[0] < 5 / 3 < visits.interval()[1]
    assert repr(table) == (
        "SessionTable(metric='sessions', customers=3, sessions=5, bounces=4, hits=6, "
        "duration=120000000, open=0)"
    )


def test_sessions_of_days_are_counted_where_they_begin() -> None:
    known = log_of([hit("a", -100), hit("a", 22 * 60 - 1), hit("a", 22 * 60 + 3)]).until(at(9000))
    table = sessions(known, 5 * MINUTE, period="day")  # the first began on the 30th in Berlin
    assert table.axes[0].labels[:3] == tuple(dt.date(2024, 3, 30) + i * DAYS for i in range(3))
    assert table.count.tolist()[:3] == [1, 1, 0]
    assert table.parts["hits"].tolist()[:3] == [1, 2, 0]


def test_days_of_a_window_leave_out_the_sessions_before_and_after_it() -> None:
    late = 60 * 24
    rows = [hit("a", minute) for minute in (-late, 0, 9, late, late * 2)]
    day = Window(at(-60), at(22 * 60))  # 31 March in Berlin
    known = log_of(rows).until(at(late * 9))
    table = sessions(known, 5 * MINUTE, period="day", over=day)
    assert table.axes[0].labels == (dt.date(2024, 3, 31),)
    assert (table.count.tolist(), table.customers.tolist()) == ([2], [1])


def test_two_hits_at_one_instant_are_no_bounce() -> None:
    table = sessions(log_of([hit("a", 0), hit("a", 0)]).until(at(90)), MINUTE)
    assert table.bounce_rate().value == 0
    assert table.mean_duration().value == 0


def test_a_session_is_open_until_the_gap_has_passed() -> None:
    log = log_of([hit("a", 0)])
    just_before = at(5) - dt.timedelta(microseconds=1)
    assert sessions(log.until(just_before), 5 * MINUTE).open == 1
    # a hit at as_of itself would be known: the next could only be later than the gap
    assert sessions(log.until(at(5)), 5 * MINUTE).open == 0
    assert math.isnan(sessions(log.until(just_before), 5 * MINUTE).bounce_rate().value)


def test_a_day_with_an_open_session_is_not_complete() -> None:
    late = 22 * 60 - 1  # the last minute of the day in Berlin
    known = log_of([hit("a", 0), hit("b", late)]).until(at(late + 2))
    table = sessions(known, 5 * MINUTE, period="day")
    assert table.select(period=dt.date(2024, 3, 31)).complete is False
    assert math.isnan(table.bounce_rate().value[0])
    day = Window(at(-60), at(22 * 60))
    assert sessions(known, 5 * MINUTE, over=day).complete is False
    later = log_of([hit("a", 0), hit("b", late)]).until(at(late + 5))
    assert sessions(later, 5 * MINUTE, over=day).bounce_rate().value == 1
    assert sessions(known, 5 * MINUTE, over=Window(at(-60), None)).bounce_rate().value == 1


def test_a_window_takes_the_sessions_that_begin_in_it() -> None:
    known = log_of([hit("a", 0), hit("a", 4), hit("a", 8), hit("b", 5)]).until(at(90))
    table = sessions(known, 5 * MINUTE, over=Window(at(2), at(6)))
    assert (table.count, int(table.parts["hits"])) == (1, 1)  # that of a began before
    table = sessions(known, 5 * MINUTE, over=Window(at(0), at(2)))
    assert (table.count, int(table.parts["hits"])) == (1, 3)  # and goes on after it
    times = session_times(known, 5 * MINUTE, of="hit", over=Window(at(2), at(6)))
    assert times.events.tolist() == [0]
    assert times.censored.tolist() == [1]


def test_groups_are_of_customers() -> None:
    log = log_of([hit("a", 0), hit("b", 0), hit("b", 50)])
    known = log.with_customers([Customer(id="a", country="DE")]).until(at(90))
    table = sessions(known, 5 * MINUTE, by="country")
    assert table.axes[0].labels == ("DE", None)
    assert table.count.tolist() == [1, 2]
    assert table.rollup("country") == sessions(known, 5 * MINUTE)
    difference = (
        table.sessions_per_customer()
        .select(country="DE")
        .difference(table.sessions_per_customer().select(country=None))
    )
    assert difference.value == -1


def test_a_frame_shows_the_counts_and_not_the_moments() -> None:
    table: SessionTable = sessions(log_of([hit("a", 0)]).until(at(90)), MINUTE)
    columns = ["customers", "sessions", "bounces", "hits", "duration", "open", "complete"]
    assert list(table.to_frame()) == columns


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "gap must be given without starts= or ends=: nothing cuts"),
        ({"gap": dt.timedelta(0)}, "gap must be longer than zero: got 0:00:00"),
        ({"gap": 1800}, "gap must be a timedelta: got int"),
    ],
)
def test_what_cuts_is_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        sessions(log_of([]).until(at(0)), **options)


def test_times_are_of_one_or_the_other() -> None:
    known = log_of([]).until(at(0))
    wrong: Any = "page"
    with pytest.raises(InvalidInputError, match="of must be one of 'session', 'hit': got str"):
        session_times(known, MINUTE, of=wrong)
    with pytest.raises(InvalidInputError, match="unit must be longer than zero"):
        session_times(known, MINUTE, of="hit", unit=dt.timedelta(0))
