"""Contracts by hand: what is paid, pauses, grace, trials and ends, by both machines."""

import datetime as dt
import itertools
import json
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from customerops.errors import InvalidInputError, TransitionError
from customerops.lifecycle.machine.contract import Term
from customerops.lifecycle.machine.history import History, replay
from customerops.lifecycle.machine.machine import advance, step
from customerops.lifecycle.policy.clocks import Contract
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import Days, Months, Span
from customerops.lifecycle.population.batch import replay_log
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction
from customerops.model.values.calendar import Calendar
from customerops.model.values.instants import to_us
from tests.lifecycle.make import DAY, US, day, interactions, log_of, moves_of, policy_of, row_of
from tests.reference.lifecycle import Event, Paying, Rules

PLAIN = Rules(Paying(grace=5, term=30), 60, None, 2, event_first=True)
Moves = list[tuple[int, str]]


def lived(events: list[Event], how: Rules = PLAIN, until: int = 200) -> tuple[History, Moves]:
    """Return the history, and the day and target of each transition, the same by both machines."""
    history = replay(interactions(events), policy_of(how), as_of=day(until))
    moves = [((c.at - day(0)) // DAY, str(c.target)) for c in history.transitions]
    population = replay_log(log_of([events]), policy_of(how), as_of=day(until))
    assert [(at, target) for at, _, target, *_ in moves_of(population)[0]] == moves
    columns = population.states().columns
    assert {name: column[0].tolist() for name, column in columns.items()} == (
        row_of(history.final, memory=0)
    )
    return history, moves


def status(history: History, *days: int) -> list[str | None]:
    return [history.attributes_at(day(n)).contract for n in days]


START = Event(0, "start")


def test_a_start_pays_from_its_own_instant_and_grace_comes_after() -> None:
    history, moves = lived([START])
    assert moves == [(0, "ACTIVATED"), (35, "LAPSED"), (95, "LOST")]
    assert status(history, 0, 29, 30, 34, 35, 200) == [
        *["running"] * 2,
        *["grace"] * 2,
        *["ended"] * 2,
    ]


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([START, Event(10, "renew")], 60 + 5),  # from the old end
        ([START, Event(35, "renew")], 60 + 5),  # within grace, its last instant included
        ([START, Event(36, "renew")], 66 + 5),  # too late: a new life, from its own instant
        ([START, Event(10, "start")], 40 + 5),  # a start pays from its own instant
        ([START, Event(10, "renew_through", 90)], 90 + 5),
        ([START, Event(10, "renew_through", 20)], 30 + 5),  # shortens nothing
        ([Event(0, "start", 90), Event(10, "start")], 90 + 5),
        ([START, Event(0, "renew"), Event(0, "renew")], 90 + 5),
        ([START, Event(0, "renew"), Event(0, "renew_through", 50)], 60 + 5),
        ([Event(3, "renew")], 33 + 5),
        ([START, Event(10, "cancel"), Event(12, "renew")], 42 + 5),
        ([START, Event(10, "cancel"), Event(12, "start")], 42 + 5),
    ],
)
def test_until_when_is_paid(events: list[Event], end: int) -> None:
    _, moves = lived(events)
    assert moves[-2:] == [(end, "LAPSED"), (end + 60, "LOST")]


def test_a_renewal_goes_on_and_a_return_begins_anew() -> None:
    _, moves = lived([START, Event(35, "renew")])
    assert moves[:2] == [(0, "ACTIVATED"), (35, "RETAINED")]
    history, moves = lived([START, Event(36, "renew"), Event(40, "renew")])
    assert moves[:4] == [(0, "ACTIVATED"), (35, "LAPSED"), (36, "WON_BACK"), (40, "RETAINED")]
    assert history.lives[1].number == 2


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([START, Event(10, "pause"), Event(25, "resume")], 45 + 5),
        ([START, Event(10, "pause"), Event(15, "pause"), Event(25, "resume")], 45 + 5),
        ([START, Event(10, "pause"), Event(25, "renew")], 75 + 5),  # which ends the pause
        ([START, Event(10, "pause"), Event(12, "start")], 42 + 5),
        ([START, Event(10, "pause"), Event(12, "renew_through", 20)], 32 + 5),
        ([START, Event(10, "resume")], 30 + 5),
        ([START, Event(32, "pause"), Event(100, "resume")], 98 + 5),  # in grace, 3 days left of it
        ([START, Event(32, "pause"), Event(100, "renew")], 128 + 5),
    ],
)
def test_a_pause_freezes_what_remains(events: list[Event], end: int) -> None:
    _, moves = lived(events)
    assert moves[-2:] == [(end, "LAPSED"), (end + 60, "LOST")]


def test_while_paused_nothing_lapses() -> None:
    history, moves = lived([START, Event(10, "pause")])
    assert moves == [(0, "ACTIVATED")]
    assert status(history, 9, 10, 200) == ["running", "paused", "paused"]
    assert history.due_at is None


@pytest.mark.parametrize("what", ["pause", "resume", "payment_failed", "cancel_at_period_end"])
def test_what_needs_a_life_does_nothing_without(what: str) -> None:
    history, moves = lived([Event(0, what), Event(1, "start"), Event(100, what)])
    assert moves == [(0, "ACQUIRED"), (1, "ACTIVATED"), (36, "LAPSED"), (96, "LOST")]
    assert not any(history.attributes_at(day(n)).pending_cancel for n in range(201))
    assert not any(history.attributes_at(day(n)).at_risk for n in range(201))
    assert status(history, 0, 100) == [None, "ended"]


def test_a_cancel_at_period_end_takes_the_grace() -> None:
    history, moves = lived([START, Event(10, "cancel_at_period_end")])
    assert moves == [(0, "ACTIVATED"), (30, "LAPSED"), (90, "LOST")]
    assert history.transitions[1].cause == "timeout"
    pending = [history.attributes_at(day(n)).pending_cancel for n in (9, 10, 29, 30)]
    assert pending == [False, True, True, False]


@pytest.mark.parametrize("what", ["start", "renew"])
def test_a_cancel_at_period_end_is_taken_back(what: str) -> None:
    history, moves = lived([START, Event(10, "cancel_at_period_end"), Event(30, what)])
    assert moves[-2:] == [(65, "LAPSED"), (125, "LOST")]
    assert not history.attributes_at(day(30)).pending_cancel


def test_a_cancel_at_period_end_at_that_end_or_after() -> None:
    history, moves = lived([START, Event(30, "cancel_at_period_end")])
    assert moves[1] == (30, "LAPSED")
    assert history.transitions[1].cause == "timeout"
    history, moves = lived([START, Event(31, "cancel_at_period_end")])
    assert moves[1] == (31, "LAPSED")
    assert history.transitions[1].cause == "event"


def test_a_cancel_at_period_end_while_paused() -> None:
    paused = [START, Event(10, "pause"), Event(12, "cancel_at_period_end")]
    history, moves = lived(paused)
    assert moves == [(0, "ACTIVATED")]
    assert history.attributes_at(day(100)).pending_cancel
    _, moves = lived([*paused, Event(110, "resume")])
    assert moves[1] == (130, "LAPSED")
    # 20 days remain, however long ago they would have run out
    late = [START, Event(10, "pause"), Event(40, "cancel_at_period_end"), Event(50, "resume")]
    assert lived(late)[1][1] == (70, "LAPSED")


def test_a_cancel_at_period_end_while_paused_in_grace_acts_as_a_cancel() -> None:
    paused = [START, Event(32, "pause"), Event(33, "cancel_at_period_end")]
    history, moves = lived([*paused, Event(40, "resume")])
    assert moves[1] == (33, "LAPSED")
    assert history.transitions[1].cause == "event"


def test_a_failed_payment_puts_at_risk_until_the_next_that_does_not() -> None:
    history, _ = lived([START, Event(30, "payment_failed"), Event(33, "renew")])
    at_risk = [n for n in range(200) if history.attributes_at(day(n)).at_risk]
    assert at_risk == [30, 31, 32]
    history, _ = lived([START, Event(30, "payment_failed")])
    at_risk = [n for n in range(200) if history.attributes_at(day(n)).at_risk]
    assert at_risk == [30, 31, 32, 33, 34]
    for n in (29, 30, 32, 33):  # at once for all, too
        given = [START, Event(30, "payment_failed"), Event(33, "renew")]
        done = replay_log(log_of([given]), policy_of(PLAIN), as_of=day(n))
        assert done.states().at_risk.tolist() == [30 <= n < 33]
    both = [START, Event(10, "payment_failed"), Event(10, "renew")]
    assert lived(both)[0].attributes_at(day(10)).at_risk  # the failure comes after


def test_a_trial_runs_until_its_end_or_a_start_or_a_cancel() -> None:
    trial = Event(0, "trial", 14)
    history, moves = lived([trial])
    assert moves == [(0, "ACQUIRED")]
    assert status(history, 0, 13, 14) == ["trial", "trial", None]
    history, moves = lived([trial, Event(7, "start")])
    assert moves[:2] == [(0, "ACQUIRED"), (7, "ACTIVATED")]
    assert status(history, 6, 7) == ["trial", "running"]
    history, moves = lived([trial, Event(7, "cancel")])
    assert moves == [(0, "ACQUIRED")]
    assert status(history, 6, 7, 13) == ["trial", None, None]
    assert status(lived([Event(0, "trial")])[0], 0, 200) == ["trial", "trial"]
    history, _ = lived([trial, Event(10, "trial", 20)])  # prolonged
    assert status(history, 19, 20) == ["trial", None]
    history, _ = lived([START, Event(1, "trial", 90), Event(100, "trial", 150)])
    assert status(history, 1, 36, 100) == ["running", "ended", "ended"]
    lived([START, Event(100, "trial", 150)], until=120)  # nor does it make one
    history, _ = lived([trial], PLAIN._replace(activation=7))
    assert status(history, 6, 7) == ["trial", None]


def test_at_risk_by_a_share_of_what_is_paid_and_its_grace() -> None:
    half = PLAIN._replace(share=Fraction(1, 2))  # 35 days

    def at_risk(*events: Event) -> list[int]:
        history, _ = lived([START, *events], half)
        return [n for n in range(100) if history.attributes_at(day(n)).at_risk]

    assert at_risk() == list(range(18, 35))
    assert at_risk(Event(10, "cancel_at_period_end")) == list(range(15, 30))  # no grace
    # while paused there is no deadline; then it is 20 days later
    assert at_risk(Event(20, "pause"), Event(40, "resume")) == [18, 19, *range(40, 55)]
    assert at_risk(Event(20, "payment_failed"), Event(25, "renew")) == [
        *range(18, 25),
        *range(45, 65),
    ]


def test_use_does_not_matter() -> None:
    history, moves = lived([Event(0, "unqualified"), Event(1, "start"), Event(20, "qualified")])
    assert moves == [(0, "ACQUIRED"), (1, "ACTIVATED"), (36, "LAPSED"), (96, "LOST")]
    assert history.state.ordinal == 1


def test_an_erasure_leaves_nothing_of_the_contract() -> None:
    history, _ = lived([START, Event(10, "payment_failed"), Event(11, "erase")])
    said = history.attributes_at(day(12))
    assert (said.contract, said.at_risk, said.pending_cancel) == (None, False, False)
    assert history.state.term is None


# ------------------------------------------------------------------ local days and months

BERLIN = ZoneInfo("Europe/Berlin")


def local(month: int, date: int, hour: int = 0, *, year: int = 2026) -> dt.datetime:
    return dt.datetime(year, month, date, hour, tzinfo=BERLIN)


def months(term: Span, grace: Span | None = None) -> LifecyclePolicy:
    return LifecyclePolicy(
        clock=Contract(grace=grace, term=term), retention=KthInLife(99), calendar=Calendar(BERLIN)
    )


def ended(policy: LifecyclePolicy, *given: tuple[Any, ...]) -> list[dt.datetime]:
    """Return when lives ended by themselves, the same by both machines."""
    past = [
        Interaction(id=i, customer_id=1, at=at, kind=kind, until=until[0] if until else None)
        for i, (kind, at, *until) in enumerate(given)
    ]
    as_of = local(12, 31, year=2030)
    history = replay(past, policy, as_of=as_of)
    found = [c.at for c in history.transitions if c.target == "LAPSED"]
    done = replay_log(InteractionLog.from_interactions(past), policy, as_of=as_of).transitions
    assert done.at.tolist() == [to_us(c.at) for c in history.transitions]
    return found


def test_renewals_keep_the_day_the_contract_began_on() -> None:
    start = ("start", local(1, 31, 9))
    policy = months(Months(1))
    assert ended(policy, start) == [local(3, 1)]  # the 28th is paid for
    assert ended(policy, start, ("renew", local(2, 20))) == [local(4, 1)]
    renewals = [("renew", local(2, 20)), ("renew", local(3, 20)), ("renew", local(4, 20))]
    assert ended(policy, start, *renewals[:2]) == [local(5, 1)]
    assert ended(policy, start, *renewals) == [local(6, 1)]
    leap = ("start", local(1, 31, 9, year=2028))
    assert ended(policy, leap) == [local(3, 1, year=2028)]


def test_a_pause_or_an_end_that_was_said_moves_the_day() -> None:
    policy = months(Months(1))
    start = ("start", local(1, 31, 9))
    held = [("pause", local(2, 18)), ("resume", local(2, 28)), ("renew", local(3, 1))]
    assert ended(policy, start, *held) == [local(4, 11)]  # ten days later, and a month
    renew = ("renew", local(2, 4))
    assert ended(policy, start, ("renew", local(2, 3), local(3, 10)), renew) == [local(4, 10)]
    # one that says what is paid for anyway moves nothing
    assert ended(policy, start, ("renew", local(2, 3), local(3, 1)), renew) == [local(4, 1)]
    assert ended(policy, start, ("renew", local(2, 3), local(2, 9)), renew) == [local(4, 1)]
    anew = [("cancel", local(2, 1)), ("start", local(2, 3, 15))]
    assert ended(policy, start, *anew) == [local(2, 1), local(3, 4)]


def test_local_days_of_grace() -> None:
    policy = months(Months(1), Days(3))
    # the clock goes forward on 29 March and back on 25 October: 23 and 25 hours
    assert ended(policy, ("start", local(2, 27))) == [local(3, 31)]
    assert ended(policy, ("start", local(9, 24))) == [local(10, 28)]
    exact = months(Months(1), 3 * DAY)
    assert ended(exact, ("start", local(2, 27))) == [local(3, 31, 1)]
    assert ended(exact, ("start", local(9, 24))) == [local(10, 27, 23)]


def test_a_renewal_on_the_last_day_comes_in_time() -> None:
    policy = months(Months(1))
    start = ("start", local(2, 28, 18))
    for hour in (0, 18, 23):  # whatever the hour it began at
        assert ended(policy, start, ("renew", local(3, 28, hour))) == [local(4, 29)]
    assert ended(policy, start, ("renew", local(3, 29))) == [local(4, 29)]
    late = local(3, 29) + US
    assert ended(policy, start, ("renew", late)) == [local(3, 29), local(4, 30)]


def test_a_log_need_not_say_until_when_if_the_contract_does() -> None:
    log = InteractionLog.from_arrays(
        customer_id=[1], at=[dt.date(2026, 1, 31)], kind=["start"], tz=BERLIN
    )
    done = replay_log(log, months(Months(1)), as_of=local(3, 1))
    assert done.transitions.at.tolist() == [to_us(local(1, 31)), to_us(local(3, 1))]


# ------------------------------------------------------------------ refused


@pytest.mark.parametrize("what", ["start", "renew", "renew_through"])
def test_paying_for_nothing_is_refused(what: str) -> None:
    for until in (3, 2):
        events = [Event(3, what, until)]
        for call in (
            lambda events=events: replay(interactions(events), policy_of(PLAIN), as_of=day(9)),
            lambda events=events: replay_log(log_of([events]), policy_of(PLAIN), as_of=day(9)),
        ):
            with pytest.raises(InvalidInputError, match="until must be after at"):
                call()


@pytest.mark.parametrize("what", ["start", "renew"])
def test_without_a_term_each_must_say_until_when(what: str) -> None:
    policy = policy_of(PLAIN._replace(window=Paying(0, None)))
    said, silent = [Event(0, what, 9)], [Event(0, what, 9), Event(1, what)]
    assert replay(interactions(said), policy, as_of=day(9)).stage_at(day(8)) == "ACTIVATED"
    with pytest.raises(InvalidInputError, match="until must be given: for starts and renewals"):
        replay(interactions(silent), policy, as_of=day(9))
    message = "until must be given of starts and renewals: 1 of 2 rows is not"
    with pytest.raises(InvalidInputError, match=message):
        replay_log(log_of([silent]), policy, as_of=day(9))


def test_attributes_of_a_state_are_asked_between_what_it_settled_and_what_is_due() -> None:
    policy = policy_of(PLAIN)
    state = step(None, interactions([START])[0], policy).state
    assert [state.attributes_at(day(n)).contract for n in (0, 29, 30)] == [
        "running",
        "running",
        "grace",
    ]
    assert state.attributes_at(day(35)).stage == "ACTIVATED"
    with pytest.raises(TransitionError, match="is due by then: advance it first"):
        state.attributes_at(day(35) + US)
    with pytest.raises(InvalidInputError, match="t must not lie before the state"):
        state.attributes_at(day(0) - US)
    with pytest.raises(InvalidInputError, match="t must be timezone-aware"):
        state.attributes_at(day(3).replace(tzinfo=None))
    later = advance(state, day(36), policy).state
    assert later.attributes_at(day(36)).contract == "ended"


# ------------------------------------------------------------------ without end

LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


@pytest.mark.parametrize("term", [dt.timedelta.max, Months(12 * 9000), Days(9000 * 366)])
def test_a_term_beyond_all_calendars_has_no_end(term: Span) -> None:
    policy = months(term, Days(3))
    given = [("start", local(1, 31)), ("renew", local(2, 1)), ("renew", local(2, 2))]
    assert ended(policy, *given) == []
    assert ended(policy, *given, ("pause", local(3, 1)), ("resume", local(3, 5))) == []
    past = [Interaction(customer_id=1, at=at, kind=kind) for kind, at in given]
    state = replay(past, policy, as_of=local(3, 1)).state
    assert state.term == Term(None)
    assert (state.due_at, state.attributes_at(local(3, 1)).contract) == (None, "running")
    short = Interaction(customer_id=1, at=local(3, 2), kind="renew", until=local(4, 1))
    assert step(state, short, policy).state.term == Term(None)


@pytest.mark.parametrize(
    ("ends", "grace"), [(LAST, None), (LAST - US, 3 * DAY), (LAST - US, Days(3))]
)
def test_an_end_at_the_end_of_time_never_comes(ends: dt.datetime, grace: Span | None) -> None:
    policy = months(30 * DAY, grace)
    start = Interaction(customer_id=1, at=local(1, 1), kind="start", until=ends)
    assert step(None, start, policy).state.due_at is None
    states = replay_log(InteractionLog.from_interactions([start]), policy, as_of=local(2, 1))
    assert states.states().due_at.tolist() == [2**61]
    held = [("pause", local(1, 2)), ("resume", local(1, 3))]
    state = replay(
        [start, *(Interaction(customer_id=1, at=at, kind=kind) for kind, at in held)],
        policy,
        as_of=local(2, 1),
    ).state
    assert state.due_at is None


# ------------------------------------------------------------------ written


def test_a_term_is_written_and_read() -> None:
    for term in (
        Term(None),
        Term(day(30), 31, day(3), ending=True, trial=False, failing=True),
        Term(day(14), trial=True),
    ):
        assert Term.from_dict(json.loads(json.dumps(term.to_dict()))) == term


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ends_at": 5}, "ends_at must be an ISO 8601 string"),
        ({"paused_at": "2026-01-01T00:00:00"}, "paused_at must be timezone-aware"),
        ({"anchor": "31"}, "anchor must be"),
        ({"ending": 1}, "ending must be"),
        ({"end": None}, "Term must hold known keys only: got 'end'"),
    ],
)
def test_reading_a_term_refuses_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Term.from_dict({**Term(day(30), 31).to_dict(), **change})


@pytest.mark.parametrize("ends", list(itertools.permutations([None, 7, 14])))
def test_of_trials_at_one_instant_the_one_that_ends_last_holds(
    ends: tuple[int | None, ...],
) -> None:
    """In any order of arrival; and who says no end is not heard."""
    history, _ = lived([Event(0, "trial", end) for end in ends])
    assert status(history, 0, 13, 14) == ["trial", "trial", None]
    assert history.final.term == Term(day(14), trial=True)


def test_a_later_trial_takes_the_place_of_an_earlier_one() -> None:
    history, _ = lived([Event(0, "trial", 14), Event(1, "trial", 7)])
    assert status(history, 6, 7) == ["trial", None]
