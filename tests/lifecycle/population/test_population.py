"""All customers at once: equal to the scalar machine, and adding up in every direction."""

import datetime as dt
import pickle
from collections import Counter
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.history import History, replay
from customerops.lifecycle.policy.clocks import Inactivity
from customerops.lifecycle.policy.criteria import KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.policy.stages import ACTIVE, STAGES, Stage
from customerops.lifecycle.population.batch import replay_log
from customerops.lifecycle.population.population import Population
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Interaction
from customerops.model.rules.rules import always
from customerops.model.values.calendar import Calendar
from customerops.model.values.instants import to_us
from customerops.model.values.window import Window
from tests.lifecycle.draws import populations, rules
from tests.lifecycle.make import DAY, START, Event, day, interactions, policy_of
from tests.reference.lifecycle import Rules

UTC = Calendar(dt.UTC)
PLAIN = Rules(window=30, winback=60, activation=14, k=2, event_first=False)
US = dt.timedelta(microseconds=1)


def name(i: int) -> str:
    return f"c{(i * 7) % 10}-{i}"  # not in the order of the input


def records(population: list[list[Event]], first: int = 0) -> list[Interaction]:
    return [
        one for i, events in enumerate(population, first) for one in interactions(events, name(i))
    ]


def log_of(population: list[list[Event]], first: int = 0) -> InteractionLog:
    return InteractionLog.from_interactions(
        records(population, first), currency="EUR", calendar=UTC
    )


def scalar(population: list[list[Event]], how: Rules, as_of: dt.datetime) -> dict[str, History]:
    return {
        name(i): replay(interactions(events, name(i)), policy_of(how), as_of=as_of)
        for i, events in enumerate(population)
        if events and min(e[0] for e in events) <= (as_of - START) // DAY
    }


def rows(population: Population) -> dict[str, list[tuple[Any, ...]]]:
    moves = population.transitions
    out: dict[str, list[tuple[Any, ...]]] = {one: [] for one in population.ids.tolist()}
    for c, at, source, target, timeout, event in zip(
        *(
            getattr(moves, f).tolist()
            for f in ("customer", "at", "source", "target", "timeout", "event")
        ),
        strict=True,
    ):
        cause = "timeout" if timeout else "event"
        out[population.ids[c]].append((at, STAGES[source], STAGES[target], cause, event))
    return out


def events_in_order(history: History) -> list[Any]:
    """Return ids in the order of the log: by time, ties as they came."""
    return [x.id for x in sorted(history.interactions, key=lambda x: (x.at, x.id))]


# ------------------------------------------------------------------ equal to the scalar machine


@given(populations(), rules(), st.integers(-1, 20))
def test_it_equals_the_scalar_replay_row_by_row(
    population: list[list[Event]], how: Rules, n: int
) -> None:
    done = replay_log(log_of(population), policy_of(how), as_of=day(n))
    histories = scalar(population, how, day(n))
    found = rows(done)
    assert list(found) == sorted(histories)
    for one, history in histories.items():
        order = events_in_order(history)
        assert found[one] == [
            (
                to_us(c.at),
                c.source,
                c.target,
                str(c.cause),
                -1 if c.interaction_id is None else order.index(c.interaction_id),
            )
            for c in history.transitions
        ]


@given(populations(), rules(), st.integers(0, 20), st.integers(0, 20))
def test_stages_at_every_instant(
    population: list[list[Event]], how: Rules, early: int, late: int
) -> None:
    early, late = sorted((early, late))
    done = replay_log(log_of(population), policy_of(how), as_of=day(late))
    histories = scalar(population, how, day(late))
    assert done.stage_at(day(early)).tolist() == [
        histories[one].stage_at(day(early)) for one in done.ids.tolist()
    ]


@given(populations(), rules(), st.integers(0, 20))
def test_states_are_those_of_the_service(
    population: list[list[Event]], how: Rules, n: int
) -> None:
    policy = policy_of(how)
    states = replay_log(log_of(population), policy, as_of=day(n)).states()
    histories = scalar(population, how, day(n))
    for i, one in enumerate(states.ids.tolist()):
        said = histories[one].explain(day(n))
        state = histories[one].state
        assert STAGES[states.stage[i]] is said.stage
        assert states.since[i] == to_us(said.since or START)
        due = NEVER if said.deadline is None else to_us(said.deadline + policy.grace)
        assert states.due_at[i] == due
        assert (states.lives[i], states.ordinal[i]) == (state.lives, state.ordinal)
        last = NEVER if state.qualified_at is None else to_us(state.qualified_at)
        assert states.qualified_at[i] == last


@given(populations(), rules(), st.integers(0, 20), st.integers(0, 25), st.integers(1, 9))
def test_who_is_due_in_a_window(
    population: list[list[Event]], how: Rules, n: int, start: int, length: int
) -> None:
    done = replay_log(log_of(population), policy_of(how), as_of=day(n))
    window = Window(day(start), day(start + length))
    frame = done.states().to_frame()
    due = [
        one
        for one, at in zip(frame["customer_id"], frame["due_at"], strict=True)
        if window.start <= at < window.end  # NaT is in no window
    ]
    assert done.due_between(window).ids.tolist() == due
    every = done.due_between(Window(None, None))
    assert len(every) == int((done.states().due_at < NEVER).sum())


# ------------------------------------------------------------------ laws


@given(populations(), populations(), rules(), st.integers(0, 20))
def test_populations_add(a: list[list[Event]], b: list[list[Event]], how: Rules, n: int) -> None:
    policy, over = policy_of(how), Window(day(3), day(9))
    parts = [log_of(a), log_of(b, len(a))]
    whole = replay_log(log_of(a + b), policy, as_of=day(n))
    one, two = (replay_log(log, policy, as_of=day(n)) for log in parts)
    assert one + two == whole == two + one
    assert sum([one, two]) == whole
    for options in ({"period": "day"}, {"period": "day", "over": over}, {"period": "month"}):
        assert one.counts(**options) + two.counts(**options) == whole.counts(**options)
        shares = one.counts(**options).share() + two.counts(**options).share()
        assert shares == whole.counts(**options).share()
        for kind in ("gross", "net"):
            flows = [p.flows(kind=kind, **options) for p in (one, two, whole, one + two)]
            assert flows[0] + flows[1] == flows[2] == flows[3]


@given(populations(), rules(), st.integers(0, 20), st.integers(0, 20))
def test_what_comes_later_changes_no_earlier_answer(
    population: list[list[Event]], how: Rules, early: int, late: int
) -> None:
    early, late = sorted((early, late))
    log = log_of(population)
    first, second = (replay_log(log, policy_of(how), as_of=day(n)) for n in (early, late))
    assert first == replay_log(log.until(day(late)), policy_of(how), as_of=day(early))
    known = dict(zip(second.ids.tolist(), second.stage_at(day(early)).tolist(), strict=True))
    assert first.stage_at(day(early)).tolist() == [known[one] for one in first.ids.tolist()]


@given(populations(), rules(), st.integers(0, 20), st.booleans())
def test_stocks_and_flows_balance(
    population: list[list[Event]], how: Rules, n: int, whole: bool
) -> None:
    done = replay_log(log_of(population), policy_of(how), as_of=day(n))
    over = None if whole else Window(day(4), day(12))
    stocks = done.counts(period="day", over=over)
    dates = stocks.axes[0].labels
    table = {
        (p, s): int(stocks.customers[i, j])
        for i, p in enumerate(dates)
        for j, s in enumerate(stocks.axes[1].labels)
    }
    before = [] if whole else done.stage_at(min(day(4) - US, day(n))).tolist()
    opening: Counter[Any] = Counter(map(str, before))
    for kind in ("gross", "net"):
        flows = done.flows(period="day", kind=kind, over=over)
        stock = Counter({s: c for s, c in opening.items() if s != "UNKNOWN"})
        for i, p in enumerate(flows.axes[0].labels):
            for a, source in enumerate(flows.axes[1].labels):
                for b, target in enumerate(flows.axes[2].labels):
                    stock[target] += int(flows.count[i, a, b])
                    stock[source] -= int(flows.count[i, a, b]) * (source != "UNKNOWN")
            for stage in STAGES[1:]:
                assert stock[stage] == table.get((p, stage), 0)


@given(populations(), rules(), st.integers(0, 20))
def test_a_stock_is_the_stages_at_the_periods_end(
    population: list[list[Event]], how: Rules, n: int
) -> None:
    done = replay_log(log_of(population), policy_of(how), as_of=day(n))
    stocks = done.counts(period="week")
    mondays: Any = stocks.axes[0].labels
    for i, monday in enumerate(mondays):
        end = dt.datetime.combine(monday, dt.time(), dt.UTC) + 7 * DAY - US
        at: Counter[Any] = Counter(map(str, done.stage_at(min(end, day(n)))))
        for j, stage in enumerate(stocks.axes[1].labels):
            assert stocks.customers[i, j] == at[stage]
        assert sum(stocks.customers[i]) == len(done) - at["UNKNOWN"]


@given(populations(), rules(), st.integers(0, 20))
def test_net_flows_compare_the_ends_of_a_period(
    population: list[list[Event]], how: Rules, n: int
) -> None:
    done = replay_log(log_of(population), policy_of(how), as_of=day(n))
    flows = done.flows(period="week", kind="net")
    mondays: Any = flows.axes[0].labels
    for i, monday in enumerate(mondays):
        start = dt.datetime.combine(monday, dt.time(), dt.UTC)
        ends = [done.stage_at(min(t - US, day(n))) for t in (start, start + 7 * DAY)]
        pairs = Counter(zip(*(map(str, end) for end in ends), strict=True))
        del pairs["UNKNOWN", "UNKNOWN"]
        told = {
            (a, b): int(flows.count[i, j, k])
            for j, a in enumerate(flows.axes[1].labels)
            for k, b in enumerate(flows.axes[2].labels)
        }
        assert Counter({pair: c for pair, c in told.items() if c}) == pairs


@given(populations(), rules(), st.integers(0, 20))
def test_lives_as_spells(population: list[list[Event]], how: Rules, n: int) -> None:
    done = replay_log(log_of(population), policy_of(how), as_of=day(n))
    spells = done.spells(stage=ACTIVE)
    histories = scalar(population, how, day(n))
    expected = [
        (one, to_us(life.start), to_us(life.end or day(n)), life.end is not None)
        for one in sorted(histories)
        for life in histories[one].lives
    ]
    ids = spells.customers[spells.codes].tolist()
    columns = (spells.start.tolist(), spells.end.tolist(), spells.observed.tolist())
    assert list(zip(ids, *columns, strict=True)) == expected


@given(populations(), rules(), st.integers(0, 20), st.sampled_from(STAGES[1:]))
def test_stays_in_one_stage_as_spells(
    population: list[list[Event]], how: Rules, n: int, stage: Stage
) -> None:
    done = replay_log(log_of(population), policy_of(how), as_of=day(n))
    expected = []
    for one, moves in rows(done).items():
        for i, (at, _, target, *_) in enumerate(moves):
            if target is stage:
                closing = moves[i + 1] if i + 1 < len(moves) else None
                expected.append(
                    (one, at, *((closing[0], closing[2]) if closing else (to_us(day(n)), None)))
                )
    frame = done.spells(stage=stage).to_frame()
    assert set(frame["stage"]) <= {str(stage)}
    spells = done.spells(stage=[stage])
    causes = frame["cause"].tolist()
    assert [
        (spells.customers[c], s, e, cause)
        for c, s, e, cause in zip(
            spells.codes.tolist(), spells.start.tolist(), spells.end.tolist(), causes, strict=True
        )
    ] == expected


# ------------------------------------------------------------------ by hand

GIVEN = [
    [(0, "acquire"), (3, "qualified"), (10, "qualified")],
    [(31, "unqualified")],
    [(0, "qualified"), (12, "cancel"), (72, "qualified"), (80, "erase")],
]


def by_hand(n: int = 100, how: Rules = PLAIN) -> Population:
    return replay_log(log_of(GIVEN), policy_of(how), as_of=day(n))


def test_stocks_by_hand() -> None:
    frame = by_hand().counts(period="month").to_frame()
    said = {
        (str(p.date()), s): (c, done)
        for p, s, c, done in zip(
            frame["period"], frame["stage"], frame["customers"], frame["complete"], strict=True
        )
        if c
    }
    assert said == {
        ("2026-01-01", "RETAINED"): (1, True),
        ("2026-01-01", "LAPSED"): (1, True),
        ("2026-02-01", "LAPSED"): (2, True),
        ("2026-02-01", "LOST"): (1, True),
        ("2026-03-01", "LAPSED"): (1, True),
        ("2026-03-01", "LOST"): (1, True),
        ("2026-03-01", "ERASED"): (1, True),
        ("2026-04-01", "LOST"): (2, False),
        ("2026-04-01", "ERASED"): (1, False),
    }
    assert list(frame.columns) == ["period", "stage", "customers", "complete"]


def test_shares_keep_numerator_denominator_and_interval() -> None:
    share = by_hand().counts(period="month").share()
    february = share.select(period=dt.date(2026, 2, 1), stage="LAPSED")
    assert (february.count, february.total) == (2, 3)
    assert float(february) == pytest.approx(2 / 3)
    low, high = february.interval()
    assert 0.2 < low < 2 / 3 < high < 0.95
    april = share.select(period=dt.date(2026, 4, 1))
    assert np.isnan(april.value).all()


def test_shares_need_all_stages() -> None:
    counts = by_hand().counts(period="month")
    assert counts.select(period=dt.date(2026, 2, 1)).share().total == 3
    for part in (counts.select(stage="LOST"), counts.select(stage=["LOST", "LAPSED"])):
        with pytest.raises(InvalidInputError, match="stage must have all its labels"):
            part.share()
    with pytest.raises(InvalidInputError, match="count must not exceed total"):
        attrs.evolve(counts.share(), parts={"count": counts.customers, "total": [0, 0, 0, 0]})


def test_flows_say_which_they_are() -> None:
    flows = by_hand().flows(period="quarter", kind="gross")
    assert (flows.definition, flows.context.unit) == ("gross", "transition")
    assert by_hand().flows(period="quarter", kind="net").context.unit == "customer"
    frame = flows.to_frame()
    cells = frame[(frame["count"] > 0) & (frame["period"] == np.datetime64("2026-01-01"))]
    assert {
        (s, t): c for s, t, c in zip(cells["source"], cells["target"], cells["count"], strict=True)
    } == {
        ("UNKNOWN", "ACQUIRED"): 2,
        ("UNKNOWN", "ACTIVATED"): 1,
        ("ACQUIRED", "ACTIVATED"): 1,
        ("ACTIVATED", "RETAINED"): 1,
        ("ACTIVATED", "LAPSED"): 1,
        ("RETAINED", "LAPSED"): 1,
        ("ACQUIRED", "LOST"): 1,
        ("LAPSED", "LOST"): 1,
        ("LOST", "WON_BACK"): 1,
        ("WON_BACK", "ERASED"): 1,
    }


def test_frames() -> None:
    frame = by_hand(12).to_frame()
    assert list(frame.columns) == ["customer_id", "at", "source", "target", "cause", "event"]
    assert frame.iloc[0].tolist() == ["c0-0", day(0), "UNKNOWN", "ACQUIRED", "event", 0]
    assert frame["cause"].tolist() == ["event"] * 5
    assert len(by_hand(12).transitions) == 5
    states = by_hand(45).states()
    frame = states.to_frame()
    told = {name: cell for name, cell in frame.to_dict("records")[1].items() if cell is not pd.NaT}
    assert told == {
        "customer_id": "c4-2",
        "stage": "LAPSED",
        "due_at": day(72),
        "since": day(12),
        "overdue_at": day(72),
        "life_since": day(0),
        "qualified_at": day(0),
        "lives": 1,
        "ordinal": 1,
        "anchor": 0,
        **dict.fromkeys(("paid", "ending", "trial", "failing"), False),
    }
    assert list(frame.columns)[:4] == ["customer_id", "stage", "due_at", "since"]
    assert frame["due_at"].isna().tolist() == [False, False, True]
    assert str(frame["due_at"].dtype) == "datetime64[us, UTC]"
    assert "customers=3" in repr(states)
    assert (
        repr(by_hand(12))
        == "Population(2 customers, 5 transitions, as of 2026-01-13T00:00:00+00:00)"
    )


def test_tables_for_notebooks() -> None:
    html = by_hand(45)._repr_html_()
    assert "<td>LAPSED</td><td>2</td>" in html
    assert "<td>LOST</td><td>1</td>" in html
    assert "ACQUIRED" not in html
    html = by_hand(45).states()._repr_html_()
    assert "<td>LAPSED</td><td>2</td>" in html
    assert "c4-2" not in html


def test_customers_without_events_are_unknown() -> None:
    log = log_of(GIVEN).with_customers([Customer(id="a", created_at=START)], attributes=())
    done = replay_log(log, policy_of(PLAIN), as_of=day(5))
    assert done.ids.tolist() == ["a", "c0-0", "c4-2"]
    assert done.stage_at(day(5)).tolist() == ["UNKNOWN", "ACTIVATED", "ACTIVATED"]
    assert done.states().stage[0] == 0
    assert done.counts(period="month").customers.tolist() == [[2]]
    assert done.explain("a", day(5)).sentence == "UNKNOWN: no interaction until 2026-01-06."


def test_a_rule_makes_only_activity_qualify() -> None:
    policy = LifecyclePolicy(qualifies=always, clock=Inactivity(30 * DAY), retention=KthInLife(2))
    log = log_of([[(0, "acquire"), (1, "qualified"), (2, "cancel"), (3, "erase")]])
    assert replay_log(log, policy, as_of=day(9)).to_frame()["target"].tolist() == [
        "ACQUIRED",
        "ACTIVATED",
        "LAPSED",
        "ERASED",
    ]


def test_an_empty_log() -> None:
    done = replay_log(log_of([]), policy_of(PLAIN), as_of=START)
    assert len(done) == 0
    assert done.counts(period="day").customers.shape == (0, 0)
    assert done.flows(period="day", kind="net").count.shape == (0, 0, 0)
    assert len(done.spells(stage="LOST")) == 0
    whole = by_hand()
    assert replay_log(log_of([]), policy_of(PLAIN), as_of=whole.as_of) + whole == whole


def test_explanations_need_no_loaded_ids() -> None:
    days = [dt.date(2026, 1, 5), dt.date(2026, 1, 20)]
    log = InteractionLog.from_arrays(
        customer_id=[7, 7], at=days, kind=["purchase", "visit"], tz=dt.UTC
    ).until_day(dt.date(2026, 2, 28))
    policy = LifecyclePolicy(
        qualifies="purchase", clock=Inactivity(30 * DAY), retention=KthInLife(2)
    )
    done = replay_log(log, policy)
    assert done.explain(7, done.as_of).sentence == (
        "LAPSED since 2026-02-04: last qualifying interaction a purchase on 2026-01-05; "
        "window 30 days; none before the deadline. Ignored: 1 not (kind is purchase)."
    )


def test_explanations_after_adding_and_in_local_dates() -> None:
    a = replay_log(log_of(GIVEN[:1]), policy_of(PLAIN), as_of=day(50))
    b = replay_log(log_of(GIVEN[1:], 1), policy_of(PLAIN), as_of=day(50))
    for one, events in zip(("c0-0", "c7-1", "c4-2"), GIVEN, strict=True):
        alone = replay(interactions(events, one), policy_of(PLAIN), as_of=day(50))
        assert (a + b).explain(one, day(40)) == alone.explain(day(40))
        assert (a + b).history(one).transitions == alone.transitions
    west = Calendar(dt.timezone(dt.timedelta(hours=-8)))
    assert "since 2025-12-31" in a.explain("c0-0", day(0), calendar=west).sentence
    with pytest.raises(InvalidInputError, match="customer_id must be a customer of the log"):
        (a + b).explain("nobody", day(0))


def test_adding_checks_what_is_added() -> None:
    with pytest.raises(
        InvalidInputError, match="populations must have no customer in common: 3 are"
    ):
        by_hand() + by_hand()
    with pytest.raises(InvalidInputError, match="as_of must be the same"):
        by_hand() + by_hand(99)
    with pytest.raises(
        InvalidInputError, match=r"options must be the same to add results: .* policy"
    ):
        by_hand() + by_hand(how=PLAIN._replace(k=3))
    assert by_hand() != "population"
    assert by_hand().states() != "states"
    assert by_hand().states() == by_hand().states()


def test_it_pickles_and_arrays_are_read_only() -> None:
    done = by_hand()
    back = pickle.loads(pickle.dumps(done))
    assert back == done
    assert done.transitions.source.flags.writeable is False
    for column in ("ids", "offsets", "at", "target", "event", "opening"):
        assert not getattr(done, column).flags.writeable
        assert not getattr(back, column).flags.writeable
    for array in done.states().columns.values():
        assert not array.flags.writeable


REPLAY: Any = replay_log
HAND: Any = by_hand


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: REPLAY(log_of(GIVEN), PLAIN, as_of=START),
            "policy must be a LifecyclePolicy",
        ),
        (lambda: REPLAY(log_of(GIVEN), policy_of(PLAIN)), "as_of must be given"),
        (lambda: REPLAY([], policy_of(PLAIN)), "log must be an InteractionLog: got list"),
        (lambda: HAND().stage_at(day(101)), "t must not be after as_of"),
        (lambda: HAND().stage_at("now"), "t must be a datetime"),
        (lambda: HAND().explain("c0-0", day(101)), "must not be after as_of"),
        (lambda: HAND().due_between(day(1)), "window must be a Window: got datetime"),
        (lambda: HAND().counts(period="fortnight"), "period must be one of"),
        (lambda: HAND().counts(period="month", over=Window(day(3), None)), "over"),
        (
            lambda: HAND().flows(period="month", kind="total"),
            "kind must be one of 'gross', 'net'",
        ),
        (lambda: HAND().spells(stage="LAPSD"), "did you mean 'LAPSED'"),
        (lambda: HAND().spells(stage="UNKNOWN"), "stage must be one of 'ACQUIRED'"),
        (lambda: HAND().spells(stage=[]), "stage must not be empty"),
        (
            lambda: HAND().spells(stage=3),
            "stage must be a Stage or a collection of them: got int",
        ),
    ],
)
def test_arguments_are_checked(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
