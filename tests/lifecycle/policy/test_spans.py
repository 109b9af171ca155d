"""Windows: exact ones, and those of local days and months on the days the clock changes."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.lifecycle.machine.history import History, replay
from customerops.lifecycle.policy.clocks import Contract, Inactivity
from customerops.lifecycle.policy.criteria import (
    AtRisk,
    FirstQualifying,
    KthInLife,
    NWithin,
    TenureInLife,
)
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import (
    NEVER,
    Days,
    Months,
    Span,
    after,
    after_us,
    day_of_month,
    dump_span,
    load_span,
    tell,
    through,
    through_us,
)
from customerops.lifecycle.population.batch import replay_log
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from customerops.model.values.calendar import Calendar
from customerops.model.values.instants import to_us
from tests.lifecycle.make import row_of

BERLIN = ZoneInfo("Europe/Berlin")
LOCAL = Calendar(BERLIN)
DAY = dt.timedelta(days=1)
US = dt.timedelta(microseconds=1)


def local(
    month: int, date: int, hour: int = 0, minute: int = 0, *, year: int = 2026
) -> dt.datetime:
    return dt.datetime(year, month, date, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("span", "at", "closes"),
    [
        (Days(30), local(3, 1), local(3, 31)),
        (Days(30), local(3, 1, 23, 59), local(3, 31)),  # whatever the hour
        (Days(1), local(3, 28, 12), local(3, 29)),
        (Days(1), local(3, 29, 12), local(3, 30)),  # a day of 23 hours
        (Days(1), local(10, 25, 12), local(10, 26)),  # a day of 25 hours
        (Days(7), local(10, 20, 8), local(10, 27)),
        (Months(1), local(1, 31, 9), local(2, 28)),
        (Months(1), local(1, 31, 9, year=2028), local(2, 29, year=2028)),
        (Months(1), local(2, 28, 9), local(3, 28)),
        (Months(1), local(2, 29, 9, year=2028), local(3, 29, year=2028)),
        (Months(12), local(2, 29, 9, year=2028), local(2, 28, year=2029)),
        (Months(48), local(2, 29, 9, year=2028), local(2, 29, year=2032)),
        (Months(2), local(12, 31, 9), local(2, 28, year=2027)),
        (Months(1), local(3, 29, 2), local(4, 29)),
        (Months(7), local(3, 25, 1), local(10, 25)),
        (DAY, local(3, 28, 12), local(3, 29, 13)),  # exact: 24 hours
        (DAY, local(10, 24, 12), local(10, 25, 11)),
    ],
)
def test_when_a_window_closes(span: Span, at: dt.datetime, closes: dt.datetime) -> None:
    assert after(span, at.astimezone(dt.UTC), LOCAL) == closes  # the machine's instants are UTC
    assert after_us(span, np.array([to_us(at)] * 2), LOCAL).tolist() == [to_us(closes)] * 2


def test_the_day_is_the_local_one() -> None:
    evening = dt.datetime(2026, 3, 31, 23, 30, tzinfo=dt.UTC)  # 1 April in Berlin
    assert after(Days(1), evening, LOCAL) == local(4, 2)
    assert after(Days(1), evening, Calendar(dt.UTC)) == dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    assert after(Months(1), evening, LOCAL) == local(5, 1)
    assert day_of_month(np.array([to_us(evening)]), LOCAL).tolist() == [1]


def test_a_day_that_starts_late() -> None:
    zone = ZoneInfo("America/Sao_Paulo")  # on 4 November 2018 the day began at 1:00
    noon = dt.datetime(2018, 11, 3, 12, tzinfo=zone)
    assert after(Days(1), noon, Calendar(zone)) == dt.datetime(2018, 11, 4, 1, tzinfo=zone)


def test_months_count_to_an_anchor() -> None:
    """Paid through the last day: until the one after it starts."""
    assert through(Months(1), local(2, 28), LOCAL, anchor=31) == local(4, 1)
    assert through(Months(1), local(3, 31), LOCAL, anchor=31) == local(5, 1)
    assert through(Months(2), local(2, 28), LOCAL, anchor=30) == local(5, 1)
    assert through(Months(1), local(1, 15, 10), LOCAL) == local(2, 16)
    assert through(Days(30), local(3, 1, 23), LOCAL) == local(4, 1)
    assert through(DAY, local(3, 28, 12).astimezone(dt.UTC), LOCAL) == local(3, 29, 13)
    at = np.array([to_us(local(1, 31)), to_us(local(2, 28))])
    ends = through_us(Months(1), at, LOCAL, anchor=np.array([31, 31]))
    assert ends.tolist() == [to_us(local(3, 1)), to_us(local(4, 1))]


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
instants = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2060, 1, 1)).map(  # noqa: DTZ001
    lambda t: t.replace(tzinfo=dt.UTC)
)


@given(zones, instants, st.integers(1, 400))
def test_dates_that_many_days_or_months_apart(zone: str, at: dt.datetime, n: int) -> None:
    tz = ZoneInfo(zone)
    here = at.astimezone(tz).date()
    closes = after(Days(n), at, Calendar(tz))
    assert closes is not None
    assert closes.astimezone(tz).date() == here + n * DAY
    assert (closes - US).astimezone(tz).date() == here + (n - 1) * DAY
    closes = after(Months(n), at, Calendar(tz))
    assert closes is not None
    then = closes.astimezone(tz).date()
    assert (then.year * 12 + then.month) - (here.year * 12 + here.month) == n
    tomorrow = then + DAY
    assert then.day == here.day or (then.day < here.day and tomorrow.day == 1)
    assert (closes - US).astimezone(tz).date() == then - DAY


@pytest.mark.parametrize(
    "span",
    [dt.timedelta.max, Days(3_000_000), Days(10**12), Months(12 * 8000), Months(10**12)],
)
def test_beyond_all_calendars_it_never_closes(span: Span) -> None:
    assert after(span, local(1, 1), LOCAL) is None
    assert after_us(span, np.array([to_us(local(1, 1))]), LOCAL).min() > to_us(
        dt.datetime.max.replace(tzinfo=dt.UTC)
    )


@pytest.mark.parametrize("span", [Days(1), Months(1)])
def test_the_last_year_has_no_local_days(span: Span) -> None:
    late = dt.datetime(9999, 6, 1, tzinfo=dt.UTC)
    assert after(span, late, LOCAL) is None
    assert after_us(span, np.array([to_us(late)]), LOCAL).tolist() == [NEVER]
    before = dt.datetime(9998, 10, 15, 12, tzinfo=dt.UTC)
    assert after(span, before, LOCAL) is not None


def test_words() -> None:
    assert [tell(x) for x in (Days(1), Days(2), Months(1), Months(3), DAY)] == [
        "1 calendar day",
        "2 calendar days",
        "1 calendar month",
        "3 calendar months",
        "1 day",
    ]


@pytest.mark.parametrize("span", [None, Days(3), Months(2), US, dt.timedelta.max, 36 * DAY])
def test_it_is_written_and_read(span: Span | None) -> None:
    assert load_span("window", dump_span(span)) == span


# ------------------------------------------------------------------ in a lifecycle


def policy(**changes: object) -> LifecyclePolicy:
    given = {
        "qualifies": "purchase",
        "clock": Inactivity(Days(30)),
        "retention": KthInLife(2),
        "calendar": LOCAL,
        **changes,
    }
    return LifecyclePolicy(**given)  # type: ignore[arg-type]


def lived(
    how: LifecyclePolicy, *bought: dt.datetime, until: dt.datetime | None = None
) -> tuple[History, list[tuple[dt.datetime, str]]]:
    """Return the history and its moves, the same by both machines."""
    past = [
        Interaction(id=i, customer_id=1, at=at, kind="purchase") for i, at in enumerate(bought)
    ]
    as_of = until or local(12, 31)
    history = replay(past, how, as_of=as_of)
    population = replay_log(InteractionLog.from_interactions(past), how, as_of=as_of)
    moves = population.transitions
    assert moves.at.tolist() == [to_us(c.at) for c in history.transitions]
    assert population.stage_at(as_of).tolist() == [history.stage_at(as_of)]
    return history, [(c.at, str(c.target)) for c in history.transitions]


def test_a_window_of_local_days_closes_at_midnight() -> None:
    _, moves = lived(policy(), local(3, 1, 15))
    assert moves == [(local(3, 1, 15), "ACTIVATED"), (local(3, 31), "LAPSED")]
    before, at = local(3, 30, 23, 59), local(3, 31)
    assert lived(policy(), local(3, 1, 15), before)[1][1] == (before, "RETAINED")
    assert lived(policy(), local(3, 1, 15), at)[1][1:3] == [(at, "LAPSED"), (at, "WON_BACK")]
    closed = policy(boundary="event_first")
    assert lived(closed, local(3, 1, 15), at)[1][1] == (at, "RETAINED")
    assert lived(closed, local(3, 1, 15), at + US)[1][1] == (at, "LAPSED")


def test_win_back_in_local_months() -> None:
    how = policy(winback_window=Months(1), activation_window=Days(1))
    _, moves = lived(how, local(9, 25, 15))  # the clock goes back on 25 October
    assert moves[1:] == [(local(10, 25), "LAPSED"), (local(11, 25), "LOST")]


def test_not_activated_by_the_next_day() -> None:
    seen = Interaction(customer_id=1, at=local(3, 28, 22), kind="signup")
    how = policy(activation_window=Days(1))
    assert replay([seen], how, as_of=local(4, 9)).transitions[-1].at == local(3, 29)
    log = InteractionLog.from_interactions([seen])
    assert replay_log(log, how, as_of=local(4, 9)).transitions.at[-1] == to_us(local(3, 29))


def test_several_within_local_days() -> None:
    how = policy(activation=NWithin(2, Days(1)))
    _, moves = lived(how, local(3, 28, 0, 10), local(3, 28, 23))  # on one day
    assert moves[1] == (local(3, 28, 23), "ACTIVATED")
    _, moves = lived(how, local(3, 28, 23), local(3, 29))  # an hour apart, on two
    assert [target for _, target in moves] == ["ACQUIRED"]
    how = policy(activation=NWithin(2, Months(1)))
    assert lived(how, local(1, 31), local(2, 27, 23))[1][1][1] == "ACTIVATED"
    assert len(lived(how, local(1, 31), local(2, 28))[1]) == 1


def test_tenure_in_local_months() -> None:
    how = policy(retention=TenureInLife(Months(1)), clock=Inactivity(Days(40)))
    assert lived(how, local(1, 31, 9), local(2, 27, 23))[1][1][1] == "LAPSED"
    assert lived(how, local(1, 31, 9), local(2, 28, 0))[1][1] == (local(2, 28), "RETAINED")


def test_at_risk_from_a_local_day_on() -> None:
    how = policy(at_risk=AtRisk(after=Days(14)))
    history, _ = lived(how, local(3, 20, 15))
    assert not history.attributes_at(local(4, 2, 23)).at_risk
    assert history.attributes_at(local(4, 3)).at_risk
    half = policy(at_risk=AtRisk(share=0.5))
    history, _ = lived(half, local(4, 1))  # 30 days without a change of the clock
    assert not history.attributes_at(local(4, 15, 23)).at_risk
    assert history.attributes_at(local(4, 16)).at_risk


# ------------------------------------------------------------------ both machines

LOCAL_SPANS = st.one_of(
    st.builds(Days, st.integers(1, 12)),
    st.builds(Months, st.integers(1, 2)),
    st.integers(1, 400).map(lambda hours: dt.timedelta(hours=hours)),
)
MAYBE = st.none() | LOCAL_SPANS


def local_policies() -> st.SearchStrategy[LifecyclePolicy]:
    shared = {
        "retention": st.builds(KthInLife, st.integers(1, 3))
        | st.builds(TenureInLife, LOCAL_SPANS),
        "winback_window": MAYBE,
        "activation_window": MAYBE,
        "at_risk": st.none()
        | st.builds(AtRisk, after=LOCAL_SPANS)
        | st.builds(AtRisk, share=st.floats(0.01, 0.99)),
        "calendar": st.just(LOCAL),
    }
    terms = st.builds(Contract, MAYBE, LOCAL_SPANS)
    activation = st.builds(FirstQualifying) | st.builds(NWithin, st.just(2), LOCAL_SPANS)
    return st.builds(LifecyclePolicy, clock=terms, **shared) | st.builds(
        LifecyclePolicy,
        qualifies=st.just("start"),
        clock=st.builds(Inactivity, LOCAL_SPANS),
        activation=activation,
        boundary=st.sampled_from(["timeout_first", "event_first"]),
        **shared,
    )


KINDS = ["start", "start", "renew", "pause", "resume", "cancel_at_period_end", "signup"]
EVENTS = st.lists(st.tuples(st.integers(0, 2200), st.sampled_from(KINDS)), min_size=2, max_size=8)


@given(local_policies(), EVENTS, st.integers(0, 2400), st.integers(0, 2400))
def test_local_windows_by_both_machines_and_from_states(
    how: LifecyclePolicy, events: list[tuple[int, str]], split: int, as_of: int
) -> None:
    split, as_of = sorted((split, as_of))
    start = local(1, 30).astimezone(dt.UTC)  # over the end of February and a day of 23 hours

    def at(hours: int) -> dt.datetime:
        return start + dt.timedelta(hours=hours)

    past = [
        Interaction(id=i, customer_id=1, at=at(n), kind=kind) for i, (n, kind) in enumerate(events)
    ]
    history = replay(past, how, as_of=at(as_of))
    done = replay_log(InteractionLog.from_interactions(past), how, as_of=at(as_of))
    assert done.transitions.at.tolist() == [to_us(c.at) for c in history.transitions]
    states = done.states()
    if len(done):
        found = {name: column[0].tolist() for name, column in states.columns.items()}
        assert found == row_of(history.final, how.memory)
    early, late = (
        InteractionLog.from_interactions([one for one in past if (one.at <= at(split)) == first])
        for first in (True, False)
    )
    opening = replay_log(early, how, as_of=at(split)).states()
    assert replay_log(late, how, as_of=at(as_of), initial=opening).states() == states
