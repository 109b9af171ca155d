"""Scores of a log held against what came after: by hand, and against plain histories."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    EventCount,
    HealthComponent,
    HealthScorecard,
    ScoreComparison,
    TimeSince,
    alarm_lead_time,
    compare_scores,
    evaluate_scores,
)
from customerops.model import Context, Did, Interaction, InteractionLog
from tests.metrics.health.draws import DAY, HOUR, SEEDS, US, draw, log_of
from tests.reference import health as slow

T0 = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)


def did(who: str, kind: str, after: dt.timedelta) -> Interaction:
    return Interaction(customer_id=who, kind=kind, at=T0 + after)


def small(as_of: dt.timedelta = 30 * DAY) -> InteractionLog:
    """a is quiet and lost at the last instant, b lost just after, c lost at once, d stays."""
    return InteractionLog.from_interactions(
        [
            did("a", "use", -5 * DAY),
            did("b", "use", -3 * DAY),
            did("c", "use", -2 * DAY),
            did("d", "use", -1 * DAY),
            did("e", "signup", -4 * DAY),
            did("c", "cancel", 0 * DAY),
            did("c", "cancel", US),
            did("a", "cancel", 10 * DAY),
            did("b", "cancel", 10 * DAY + US),
            did("f", "use", 1 * DAY),
        ]
    ).until(T0 + as_of)


ASK: dict[str, Any] = {"outcome": "cancel", "at": T0, "horizon": 10 * DAY, "risky": "high"}


# -- by hand --------------------------------------------------------------------------------------


def test_an_outcome_comes_after_the_score_and_within_the_horizon() -> None:
    found = evaluate_scores(small(), TimeSince("use"), **ASK)
    assert found.points.tolist() == [0.0, 1.0, 2.0, 3.0, 5.0]
    assert found.parts["events"].tolist() == [0, 0, 1, 0, 1]
    assert (found.n, found.n_events, found.n_unscored) == (4, 2, 1)
    assert found.auc == 0.75
    assert found.context.option("scorer") == "TimeSince"


def test_silence_may_be_the_outcome() -> None:
    ask = {**ASK, "outcome": {"use", "cancel"}, "outcome_is": "silence"}
    found = evaluate_scores(small(), TimeSince("use"), **ask)
    assert found.parts["events"].tolist() == [0, 1, 0, 1, 0]


def test_nobody_is_counted_before_the_horizon_is_over() -> None:
    """Also not those whose event is known: only the quick ones would be."""
    open_ = evaluate_scores(small(10 * DAY - US), TimeSince("use"), **ASK)
    assert (open_.n, open_.n_open, open_.n_unscored) == (0, 4, 1)
    assert not open_.complete
    assert math.isnan(open_.auc)
    assert evaluate_scores(small(10 * DAY), TimeSince("use"), **ASK).n_events == 2
    now = evaluate_scores(small(0 * DAY), TimeSince("use"), **ASK)  # the last known instant
    assert (now.n, now.n_open, now.n_unscored) == (0, 4, 1)


def test_several_instants_are_cells() -> None:
    instants = [T0, T0 - 2 * DAY - US, T0 + 25 * DAY]
    found = evaluate_scores(small(), TimeSince("use"), **{**ASK, "at": instants})
    assert found.outer[0].labels == (
        "2026-01-07T23:59:59.999999Z",
        "2026-01-10T00:00:00.000000Z",
        "2026-02-04T00:00:00.000000Z",
    )
    assert found.n.tolist() == [2, 4, 0]
    assert found.n_open.tolist() == [0, 0, 5]
    assert found.n_events.tolist() == [0, 2, 0]  # c was not there at first, and a is lost later
    assert found.complete.tolist() == [True, True, False]
    one = found.select(scored_at="2026-01-10T00:00:00.000000Z")
    assert one.auc == found.auc[1] == 0.75
    assert np.isnan(found.auc[2])
    assert found.top(k=1).precision.tolist()[:2] == [0.0, 1.0]
    assert found.top(k=3).k.tolist() == [2, 3, 0]
    assert found.base_rate.value.tolist()[:2] == [0.0, 0.5]
    with pytest.raises(InvalidInputError, match="must have each customer in one cell"):
        found.rollup("scored_at")
    with pytest.raises(InvalidInputError, match="evaluation must be of one instant: select one"):
        found.calibration()


def test_among_whom() -> None:
    found = evaluate_scores(small(), TimeSince("use"), **ASK, among=~Did("cancel"))
    assert (found.n, found.n_events) == (3, 1)  # c was lost already


def test_the_scorer_sees_nothing_later() -> None:
    seen: list[tuple[Any, int]] = []

    def spy(known: InteractionLog) -> Any:
        seen.append((known.as_of, int(known.at.max())))
        return np.ones(known.n_customers)

    evaluate_scores(small(), spy, **{**ASK, "at": [T0, T0 + DAY]}, name="spy")
    assert len(seen) == 2
    assert all(last <= now for now, last in seen)


def test_results_of_other_scorers_do_not_add() -> None:
    one = evaluate_scores(small(), TimeSince("use"), **ASK)
    two = evaluate_scores(small(), EventCount("use"), **ASK)
    with pytest.raises(InvalidInputError, match="these differ: scorer"):
        one + two
    assert (
        evaluate_scores(small(), EventCount("use"), **ASK, name="TimeSince").context == one.context
    )


def test_a_scorecard_validates_itself() -> None:
    card = HealthScorecard(
        components=(
            HealthComponent(name="quiet", weight=1, points=((0, 100), (10, 0)), better="lower"),
        )
    )
    ask = {name: value for name, value in ASK.items() if name != "risky"}
    found = card.validate(small(), {"quiet": TimeSince("use")}, **ask)
    assert found.context.option("risky") == "low"
    assert (found.auc, found.n_unscored) == (0.75, 1)
    early = card.validate(
        small(), {"quiet": TimeSince("use")}, **ask, as_of=T0 + 9 * DAY, among=Did("use")
    )
    assert (early.n_open, early.n_unscored) == (4, 0)


def test_a_lead_time_by_hand() -> None:
    """At T0 only a is 4 days quiet; a day later b is, too; two days later c, who was lost by then."""
    ask: dict[str, Any] = {
        "risky": "high",
        "outcome": "cancel",
        "at": [T0 + n * DAY for n in (0, 1, 2)],
    }
    lead = alarm_lead_time(small(), TimeSince("use"), threshold=4, **ask)
    assert lead.points.tolist() == pytest.approx([9 + US / DAY, 10, 28])
    assert (lead.events.tolist(), lead.censored.tolist()) == ([1, 1, 0], [0, 0, 1])
    hours = alarm_lead_time(
        small(), TimeSince("use"), threshold=4, **ask, unit=HOUR, among=~Did("cancel")
    )
    assert hours.events.sum() == 2
    assert hours.censored.sum() == 0
    assert hours.points.tolist()[1] == 240
    low = alarm_lead_time(
        small(), EventCount("use"), threshold=0, **{**ask, "risky": "low"}, name="n"
    )
    assert (low.events.sum(), low.censored.sum()) == (0, 1)  # e, who never used it


def test_a_loss_at_the_instant_of_the_alarm_came_before_it() -> None:
    ask: dict[str, Any] = {"risky": "high", "outcome": "cancel", "at": T0 + US}
    lead = alarm_lead_time(small(), TimeSince("use", unit=US), threshold=1, **ask)
    assert lead.events.sum() == 2  # not c
    assert lead.censored.sum() == 2


# -- against plain histories ----------------------------------------------------------------------


def recency(history: list[Interaction], at: dt.datetime) -> float | None:
    uses = [x.at for x in history if x.kind == "use"]
    return (at - uses[-1]) / DAY if uses else None


def often(history: list[Interaction], at: dt.datetime) -> float:
    return sum(x.kind == "call" and x.at > at - DAY for x in history)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("silence", [False, True])
def test_evaluations_against_histories(seed: int, silence: bool) -> None:
    seen, as_of = draw(seed)
    for back, among in ((30, None), (50, Did("call")), (10, None)):
        at = as_of - back * HOUR
        pairs, still_open, unscored = slow.judged(
            seen,
            at=at,
            horizon=20 * HOUR,
            as_of=as_of,
            outcome="cancel",
            silence=silence,
            score=recency,
            among=bool if among is None else lambda h: any(x.kind == "call" for x in h),
        )
        found = evaluate_scores(
            log_of(seen, as_of),
            TimeSince("use"),
            outcome="cancel",
            at=at,
            horizon=20 * HOUR,
            risky="high",
            outcome_is="silence" if silence else "event",
            among=among,
        )
        assert (found.n, found.n_open, found.n_unscored) == (len(pairs), still_open, unscored)
        rows = [(Fraction(score), event) for score, event in pairs.values()]
        area = slow.auc(rows)
        assert math.isnan(found.auc) if area is None else found.auc == float(area)
        counts = Counter(pairs.values())
        events = dict(zip(found.points, found.parts["events"], strict=True))
        assert {p: n for p, n in events.items() if n} == {
            p: n for (p, e), n in counts.items() if e
        }


@pytest.mark.parametrize("seed", SEEDS)
def test_lead_times_against_histories(seed: int) -> None:
    seen, as_of = draw(seed)
    instants = [as_of - n * HOUR for n in (70, 45, 20)]
    expected = Counter(
        slow.rang(
            seen,
            instants=instants,
            as_of=as_of,
            outcome="cancel",
            rings=lambda history, at: (recency(history, at) or 0) >= 1,
        )
    )
    lead = alarm_lead_time(
        log_of(seen, as_of),
        TimeSince("use"),
        threshold=1,
        risky="high",
        outcome="cancel",
        at=instants,
        unit=HOUR,
    )
    events = zip(lead.points, lead.events, lead.censored, strict=True)
    found = Counter({(p, True): int(e) for p, e, _ in events})
    found += Counter({(p, False): int(c) for p, c in zip(lead.points, lead.censored, strict=True)})
    assert found == Counter({(time / HOUR, lost): n for (time, lost), n in expected.items()})


# -- two scores -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_comparisons_against_histories(seed: int) -> None:
    seen, as_of = draw(seed)
    at = as_of - 40 * HOUR
    ask: dict[str, Any] = {
        "at": at,
        "horizon": 40 * HOUR,
        "as_of": as_of,
        "outcome": "cancel",
        "silence": False,
    }
    first, _, _ = slow.judged(seen, **ask, score=recency)
    second, _, _ = slow.judged(seen, **ask, score=often)
    both = sorted(first.keys() & second.keys())
    a = [(Fraction(first[who][0]), first[who][1]) for who in both]
    b = [(-Fraction(second[who][0]), second[who][1]) for who in both]
    found = compare_scores(
        log_of(seen, as_of),
        TimeSince("use"),
        EventCount("call", within=DAY),
        risky=("high", "low"),
        outcome="cancel",
        at=at,
        horizon=40 * HOUR,
    )
    assert found.ids.tolist() == both
    areas = slow.auc(a), slow.auc(b)
    for mine, theirs in zip(found.auc, areas, strict=True):
        assert math.isnan(mine) if theirs is None else mine == float(theirs)
    m = sum(event for _, event in a)
    assert seed > 1 or min(m, len(a) - m) >= 2
    if min(m, len(a) - m) >= 2:
        variance = float(slow.delong_difference(a, b))
        assert found.standard_error**2 == pytest.approx(variance)
        low, high = found.interval()
        assert (low + high) / 2 == pytest.approx(found.difference)
        assert high - low == pytest.approx(2 * 1.959964 * math.sqrt(variance), rel=1e-6)
    else:
        assert math.isnan(found.standard_error)


def comparison(rows: list[tuple[float, float, bool]]) -> ScoreComparison:
    first, second, event = zip(*rows, strict=True) if rows else ((), (), ())
    return ScoreComparison(
        ids=np.arange(len(rows)),
        columns={
            "first": np.array(first, float),
            "second": np.array(second, float),
            "event": np.array(event, np.int64),
        },
        context=Context("compare_scores"),
    )


ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=10)


@given(ROWS)
def test_differences_against_delong(rows: list[tuple[float, float, bool]]) -> None:
    found = comparison(rows)
    a = [(Fraction(x), event) for x, _, event in rows]
    b = [(Fraction(y), event) for _, y, event in rows]
    m = sum(event for *_, event in rows)
    if min(m, len(rows) - m) < 2:
        assert math.isnan(found.standard_error)
        return
    assert found.difference == pytest.approx(float(slow.auc(a)) - float(slow.auc(b)))  # type: ignore[arg-type]
    expected = float(slow.delong_difference(a, b))
    assert found.standard_error**2 == pytest.approx(expected, abs=1e-15)


def test_a_score_is_as_good_as_itself() -> None:
    found = comparison([(1, 1, False), (2, 2, True), (3, 3, False), (4, 4, True)])
    assert (found.difference, found.standard_error, found.interval()) == (0.0, 0.0, (0.0, 0.0))


def test_comparisons_show_no_ids_and_who_is_left_out() -> None:
    found = compare_scores(
        small(),
        TimeSince("use"),
        EventCount("use"),
        **{**ASK, "risky": ("high", "low")},
        names=("health", "count"),
    )
    assert found.ids.tolist() == ["a", "b", "c", "d"]  # e has no recency
    assert found.auc == (0.75, 0.5)
    shown = found._repr_html_()
    assert "health" in shown
    assert "customer_id" not in shown
    assert found.columns["second"].tolist() == [-1.0] * 4
    early = compare_scores(
        small(),
        TimeSince("use"),
        EventCount("use"),
        **{**ASK, "risky": ("high", "low")},
        as_of=T0 + DAY,
    )
    assert len(early) == 0
    assert math.isnan(early.difference)
    assert "–" in early._repr_html_()


# -- refusals -------------------------------------------------------------------------------------


def ask_with(**changed: Any) -> Callable[[], Any]:
    scorer = changed.pop("scorer", TimeSince("use"))
    return lambda: evaluate_scores(small(), scorer, **{**ASK, **changed})


def compare_with(**changed: Any) -> Callable[[], Any]:
    ask: dict[str, Any] = {**ASK, "risky": ("high", "low"), **changed}
    return lambda: compare_scores(small(), TimeSince("use"), EventCount("use"), **ask)


def lead_with(**changed: Any) -> Callable[[], Any]:
    ask: dict[str, Any] = {
        "risky": "high",
        "outcome": "cancel",
        "at": [T0],
        "threshold": 1,
        **changed,
    }
    return lambda: alarm_lead_time(small(), TimeSince("use"), **ask)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (ask_with(risky="up"), "risky must be one of 'high', 'low'"),
    (ask_with(outcome_is="none"), "outcome_is must be one of 'event', 'silence'"),
    (ask_with(at=T0.replace(tzinfo=None)), "at must be timezone-aware"),
    (ask_with(at=3), "at must be an iterable of values: got int"),
    (ask_with(at=[]), "at must hold at least one instant: got none"),
    (ask_with(at=[T0, T0]), "at must hold each instant once"),
    (ask_with(at=T0 + 31 * DAY), "at must not be later than as_of: what came after it"),
    (ask_with(horizon=0 * DAY), "horizon must be longer than zero"),
    (ask_with(outcome=Did("cancel")), "outcome must be a rule about events"),
    (ask_with(among="cancel"), "among must be a rule about the customer"),
    (ask_with(scorer=3), "scorer must be a function of a log: got int"),
    (ask_with(scorer=lambda _: "x"), "scorer must be numbers: got str"),
    (ask_with(scorer=lambda _: [1.0]), r"scorer must give one number .* shape \(1,\) for 5 "),
    (
        ask_with(scorer=lambda log: np.full(log.n_customers, np.inf)),
        "scorer must give finite numbers or NaN: 5 of 5 rows are not",
    ),
    (compare_with(risky="high"), "risky must be two, of the first and of the second"),
    (compare_with(risky=("high", "up")), "risky must be one of"),
    (compare_with(names=("a",)), "names must be two, of the first and of the second"),
    (compare_with(names=("a", 1)), "names must be a str: got int"),
    (ask_with(name=5), "name must be a str: got int"),
    (lead_with(name=5), "name must be a str: got int"),
    (compare_with(at=[T0]), "at must be one instant: customers are the same at several"),
    (lead_with(risky="up"), "risky must be one of"),
    (lead_with(threshold=math.nan), "threshold must be finite: got nan"),
    (lead_with(unit=0 * DAY), "unit must be longer than zero"),
]


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=range(len(REFUSED)))
def test_refusals(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        call()
