"""Health scores: worked cases, one customer against columns, what is missing, what is refused."""

from __future__ import annotations

import datetime as dt
import json
import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customerops import InteractionLog, metrics
from customerops.errors import InvalidInputError
from customerops.metrics import (
    EventCount,
    HealthBand,
    HealthComponent,
    HealthScorecard,
    TimeSince,
    health_score,
    health_scores,
)
from tests.reference import health as slow

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[2] / "cases/health.json").read_text())["cases"]
}
DAY = dt.timedelta(days=1)


def component(name: str = "logins", **more: Any) -> HealthComponent:
    fields: dict[str, Any] = {"weight": 1, "points": ((0, 0), (20, 100)), "better": "higher"}
    return HealthComponent(name=name, **{**fields, **more})


LOGINS = component(weight=3)
TICKETS = component(
    "tickets", points=((0, 100), (3, 50), (10, 0)), between="steps", better="lower"
)
RED, YELLOW, GREEN = (
    HealthBand(key=key, threshold=low) for key, low in (("red", 0), ("yellow", 40), ("green", 75))
)
CARD = HealthScorecard(components=(LOGINS, TICKETS), bands=(RED, YELLOW, GREEN))
REWEIGHTED = attrs.evolve(CARD, missing="reweight")
WORST = attrs.evolve(CARD, missing="worst")


# -- the mean of points ---------------------------------------------------------------------------


def test_nateros_worked_score() -> None:
    case = CASES["health-natero"]
    rows = case["inputs"]["components"]
    score = health_score([row["metrics"] for row in rows], [row["weight"] for row in rows])
    assert score == 74.95  # (2 * 80 + 3 * 70.5 + 3 * 90 + 2 * 54) / 10, nothing rounded on the way
    assert score == pytest.approx(case["expected"], abs=case["tolerance"])


@pytest.mark.parametrize(
    ("values", "missing", "expected"),
    [
        ([80, None, 40], "refuse", math.nan),
        ([80, math.nan, 40], "reweight", (2 * 80 + 40) / 3),
        ([80, None, 40], "worst", (2 * 80 + 40) / 6),
        ([None, None, None], "reweight", math.nan),
        ([None, None, None], "worst", 0.0),
        ([[80, None], 50, 40], "refuse", math.nan),
        ([[80, None], 50, 40], "reweight", (2 * 80 + 3 * 50 + 40) / 6),
        ([[80, None], 50, 40], "worst", (2 * 40 + 3 * 50 + 40) / 6),
    ],
)
def test_what_is_missing_by_hand(values: list[Any], missing: Any, expected: float) -> None:
    found = health_score(values, [2, 3, 1], missing=missing)
    assert found == expected or (math.isnan(found) and math.isnan(expected))


def test_a_mean_is_rounded_once() -> None:
    """In floats 0.1 + 0.1 + 0.1 is more than 0.3."""
    assert health_score([0.1, 0.1, 0.1], [0.1, 0.1, 0.1]) == 0.1


# -- components -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "linear", "steps"),
    [(-5, 100, 100), (0, 100, 100), (1.5, 75, 100), (3, 50, 50), (6.5, 25, 50), (10, 0, 0)],
)
def test_points_by_hand(value: float, linear: float, steps: float) -> None:
    assert attrs.evolve(TICKETS, between="linear").points_of(value) == linear
    assert TICKETS.points_of(value) == steps
    assert TICKETS.points_in(np.array([float(value)])).tolist() == [steps]


MAPS = st.lists(st.integers(-50, 50), min_size=1, max_size=5, unique=True).flatmap(
    lambda xs: st.tuples(
        *(st.tuples(st.just(float(x)), st.integers(0, 100).map(float)) for x in sorted(xs))
    )
)


@given(MAPS, st.floats(-60, 60) | st.integers(-60, 60).map(float), st.booleans())
def test_points_are_exact_and_columns_agree(
    pairs: tuple[tuple[float, float], ...],
    value: float,
    steps: bool,
) -> None:
    one = component(points=pairs, between="steps" if steps else "linear", better="middle")
    found = one.points_of(value)
    assert found == pytest.approx(float(slow.points(pairs, value, steps=steps)), abs=1e-12)
    assert one.points_in(np.array([value, math.nan]))[0] == found
    assert math.isnan(one.points_in(np.array([math.nan]))[0])


def test_far_values_are_flat() -> None:
    assert LOGINS.points_in(np.array([-1e308, 1e308])).tolist() == [0.0, 100.0]
    assert math.isnan(LOGINS.points_of(math.nan))


def test_labels() -> None:
    band = HealthBand(key="red", threshold=0, labels={"zh": "流失预警"})
    assert (band.label("zh"), band.label("en")) == ("流失预警", "red")


# -- one customer ---------------------------------------------------------------------------------


def test_one_customer_by_hand() -> None:
    one = CARD.score({"logins": 10, "tickets": 4})
    assert (one.score, one.band, one.known) == ((3 * 50 + 50) / 4, "yellow", 1.0)
    assert [c.contribution for c in one.contributions] == [37.5, 12.5]
    assert [c.cost for c in one.contributions] == [37.5, 12.5]
    assert one.reasons == (
        "logins 10 is worth 50 of 100 and costs 37.5",
        "tickets 4 is worth 50 of 100 and costs 12.5",
    )


def test_what_costs_nothing_is_no_reason() -> None:
    one = CARD.score({"logins": 30, "tickets": 20})
    assert one.reasons == ("tickets 20 is worth 0 of 100 and costs 25",)


@pytest.mark.parametrize("gone", [{"logins": 10}, {"logins": 10, "tickets": None}])
def test_a_missing_value_under_each_policy(gone: dict[str, Any]) -> None:
    refused = CARD.score(gone)
    assert math.isnan(refused.score)
    assert (refused.band, refused.known) == (None, 0.75)
    assert refused.reasons == ("tickets is missing",)
    assert [c.contribution for c in refused.contributions] == [0.0, 0.0]
    assert [c.cost for c in refused.contributions] == [0.0, 0.0]
    alone = REWEIGHTED.score(gone)
    assert (alone.score, alone.known) == (50.0, 0.75)
    assert alone.reasons == ("logins 10 is worth 50 of 100 and costs 50", "tickets is missing")
    worst = WORST.score(gone)
    assert (worst.score, worst.known) == (37.5, 0.75)
    assert worst.reasons[1] == "tickets is missing, counts as 0 of 100 and costs 25"


def test_a_value_can_stand_for_a_missing_one() -> None:
    card = HealthScorecard(components=(LOGINS, attrs.evolve(TICKETS, missing_as=80)))
    one = card.score({"logins": 10})
    assert (one.score, one.known) == ((3 * 50 + 80) / 4, 0.75)


def test_too_little_is_known() -> None:
    card = attrs.evolve(REWEIGHTED, least_known=0.5)
    assert math.isnan(card.score({"tickets": 0}).score)
    assert attrs.evolve(card, least_known=0.25).score({"tickets": 0}).score == 100.0
    assert math.isnan(REWEIGHTED.score({}).score)
    scores = card.scores({"tickets": [0, 0], "logins": [np.nan, 20]}, ids=[1, 2])
    assert scores.columns["score"].tolist()[1] == 100.0
    assert (scores.unscored, scores.columns["known"].tolist()) == (1, [0.25, 1.0])


@pytest.mark.parametrize(("score", "band"), [(39.99, "red"), (40, "yellow"), (75, "green")])
def test_bands_begin_at_their_threshold(score: float, band: str) -> None:
    assert CARD.band_of(score) == band
    assert CARD.band_of(math.nan) is None


SHARES = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.7, 1 / 3, 1.0, 3.0]


@given(st.tuples(*[st.sampled_from(SHARES)] * 3))
@example((0.05, 0.05, 0.05))
@example((0.7, 0.1, 0.2))
def test_who_is_at_the_threshold_is_in_the_band_whatever_the_weights(
    weights: tuple[float, ...],
) -> None:
    """In floats 0.05 + 0.05 + 0.05 is more than 0.15, and 70 points three times were less."""
    some = tuple(
        component(str(i), weight=weight, points=((0, 0), (100, 100)))
        for i, weight in enumerate(weights)
    )
    bands = (RED, HealthBand(key="green", threshold=70))
    card = HealthScorecard(components=some, bands=bands)
    one = card.score({"0": 70, "1": 70, "2": 70})
    assert (one.score, one.band) == (70.0, "green")
    exact = [Fraction(weight).limit_denominator(60) for weight in weights]
    share = (exact[0] + exact[1]) / sum(exact)
    known = attrs.evolve(card, missing="reweight", least_known=float(share))
    assert known.score({"0": 70, "1": 70}).band == "green"


@pytest.mark.parametrize("points", range(101))
def test_points_on_a_line_of_whole_numbers_are_whole(points: int) -> None:
    line = component(points=((0, 0), (100, 100)))
    assert line.points_of(points) == points == line.points_in(np.array([float(points)]))[0]


def test_weights_that_are_worlds_apart_count_as_they_are() -> None:
    some = (component("much", weight=1e300), component("nothing", weight=1e-300))
    card = HealthScorecard(components=some)
    assert card.whole_weights == (1e300, 1e-300)
    assert card.score({"much": 5, "nothing": 20}).score == 25.0


@pytest.mark.parametrize("gone", [None, math.nan, pd.NA, np.float32("nan"), pd.NaT])
def test_a_value_may_be_missing_in_any_way(gone: Any) -> None:
    assert REWEIGHTED.score({"logins": gone, "tickets": 0}).known == 0.25
    assert health_score([gone, 80], [1, 1], missing="reweight") == 80.0
    assert health_score([[gone, 60], 80], [1, 1], missing="reweight") == 70.0


# -- columns --------------------------------------------------------------------------------------

VALUES = st.none() | st.floats(-5, 30)


@given(
    st.lists(st.tuples(VALUES, VALUES), max_size=8),
    st.sampled_from([CARD, REWEIGHTED, WORST, attrs.evolve(REWEIGHTED, least_known=0.5)]),
    st.sampled_from([None, 35.0]),
)
def test_a_row_and_a_column_agree_to_the_bit(
    rows: list[tuple[float | None, float | None]], card: HealthScorecard, stands: float | None
) -> None:
    card = attrs.evolve(card, components=(LOGINS, attrs.evolve(TICKETS, missing_as=stands)))
    columns = {
        name: np.array([row[i] for row in rows], np.float64)
        for i, name in enumerate(("logins", "tickets"))
    }
    found = card.scores(columns, ids=np.arange(len(rows)))
    for i, (logins, tickets) in enumerate(rows):
        one = card.score({"logins": logins, "tickets": tickets})
        pair = (one.score, found.columns["score"][i])
        assert pair[0] == pair[1] or all(map(math.isnan, pair))
        assert one.known == found.columns["known"][i]
        assert one.band == found.columns["band"][i]
        if not math.isnan(one.score):
            parts = [c.contribution for c in one.contributions]
            assert sum(parts) == pytest.approx(one.score, abs=1e-9)
            costs = [c.cost for c in one.contributions]
            assert sum(costs) == pytest.approx(100 - one.score, abs=1e-9)


def test_scores_of_a_frame_show_bands_and_no_ids() -> None:
    frame = pd.DataFrame({"logins": [0, 20, 20, np.nan], "tickets": [0, 0, 3, 0]})
    scores = CARD.scores(frame, ids=["secret-1", "secret-2", "secret-3", "secret-4"])
    assert scores.columns["band"].tolist() == ["red", "green", "green", None]
    share = scores.bands
    assert share.select(band="green").count == 2
    assert share.total == 3
    assert share.select(band="yellow").value == 0.0
    assert scores.scorecard == CARD
    shown = scores._repr_html_()
    assert "secret" not in shown + repr(scores)
    assert "4 customers, 1 without a score" in shown
    assert list(scores.to_frame().columns) == ["customer_id", "score", "known", "band"]
    assert "–" in CARD.scores({}, ids=["secret-1"])._repr_html_()
    halves = [
        CARD.scores(frame[part], ids=np.array(["s1", "s2", "s3", "s4"], object)[part])
        for part in (slice(0, 2), slice(2, 4))
    ]
    assert halves[0] + halves[1] == CARD.scores(frame, ids=["s1", "s2", "s3", "s4"])


def test_frames_of_either_library_give_the_same_scores() -> None:
    columns = {"logins": [5.0, None, 20.0], "tickets": [0, 1, 2]}
    some: list[Any] = [pd.DataFrame(columns), pl.DataFrame(columns)]
    first, second = (REWEIGHTED.scores(frame, ids=["c", "a", "b"]) for frame in some)
    assert first == second
    assert first.columns["known"].tolist() == [0.25, 1.0, 1.0]


def test_bands_may_be_left_out() -> None:
    card = attrs.evolve(CARD, bands=())
    assert card.score({"logins": 20, "tickets": 0}).band is None
    scores = card.scores({"logins": [20], "tickets": [0]}, ids=["secret-1"])
    assert (scores.columns["band"].tolist(), scores.bands.count.tolist()) == ([None], [])
    assert "1 customers, 0 without a score" in scores._repr_html_()


def test_a_component_without_a_column_is_missing() -> None:
    assert math.isnan(CARD.scores({"logins": [1]}, ids=[1]).columns["score"][0])
    assert REWEIGHTED.scores({"logins": [10]}, ids=[1]).columns["score"][0] == 50.0


# -- a log ----------------------------------------------------------------------------------------


def log() -> InteractionLog:
    return InteractionLog.from_arrays(
        customer_id=["a", "a", "a", "b", "b"],
        kind=["login", "login", "ticket", "login", "signup"],
        at=[dt.datetime(2026, 1, d, tzinfo=dt.UTC) for d in (1, 8, 9, 2, 1)],
    ).until(dt.datetime(2026, 1, 11, tzinfo=dt.UTC))


def by_id(known: InteractionLog, column: Any) -> dict[Any, float]:
    return dict(zip(known.customers.tolist(), np.asarray(column).tolist(), strict=True))


def test_counts_and_times_of_a_log() -> None:
    known = log()
    assert by_id(known, EventCount("login")(known)) == {"a": 2.0, "b": 1.0}
    assert by_id(known, EventCount("login", within=3 * DAY)(known)) == {"a": 0.0, "b": 0.0}
    assert by_id(known, EventCount("login", within=3.01 * DAY)(known)) == {"a": 1.0, "b": 0.0}
    since = by_id(known, TimeSince("ticket", unit=dt.timedelta(hours=1))(known))
    assert since["a"] == 48.0
    assert math.isnan(since["b"])
    assert by_id(known, TimeSince("login")(known)) == {"a": 3.0, "b": 9.0}


def test_scores_of_a_log() -> None:
    sources = {"logins": EventCount("login"), "tickets": EventCount("ticket")}
    known = log()
    scores = health_scores(known, CARD, sources=sources)
    a = (3 * 10.0 + 100) / 4
    assert dict(zip(scores.ids, scores.columns["score"], strict=True)) == {"a": a, "b": 28.75}
    scorer = CARD.scorer(sources)
    assert by_id(known, scorer(known)) == {"a": a, "b": 28.75}
    assert scorer.explain(known, "a") == CARD.score({"logins": 2, "tickets": 1})
    assert by_id(known, pickle.loads(pickle.dumps(scorer))(known))["a"] == a
    early = dt.datetime(2026, 1, 7, tzinfo=dt.UTC)
    assert health_scores(known, CARD, sources=sources, as_of=early).columns["score"][0] == 28.75


def test_a_function_is_a_source_and_a_scorer() -> None:
    def often(known: InteractionLog) -> Any:
        return np.diff(known.offsets)

    assert isinstance(often, metrics.Scorer)
    assert not isinstance("often", metrics.Scorer)
    scores = health_scores(log(), REWEIGHTED, sources={"logins": often})
    assert dict(zip(scores.ids, scores.columns["score"], strict=True)) == {"a": 15.0, "b": 10.0}


# -- as data --------------------------------------------------------------------------------------


def test_a_scorecard_survives_json() -> None:
    card = attrs.evolve(
        REWEIGHTED,
        least_known=0.3,
        components=(LOGINS, attrs.evolve(TICKETS, missing_as=12.5, labels={"zh": "工单"})),
    )
    back = HealthScorecard.from_dict(json.loads(json.dumps(card.to_dict())))
    assert back == card
    assert pickle.loads(pickle.dumps(card)) == card
    assert hash(back) == hash(card)
    data = card.to_dict()
    data["components"][0]["weight"] = 0
    with pytest.raises(InvalidInputError, match=r"components\[0\].weight must be above 0: got 0"):
        HealthScorecard.from_dict(data)


def test_records_need_no_numpy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from customerops.metrics import HealthScorecard, HealthComponent, health_score;"
        "c = HealthComponent(name='a', weight=1, points=((0, 0), (1, 100)), better='higher');"
        "HealthScorecard(components=(c,)).score({'a': 0.5}); health_score([1], [1]);"
        "assert 'pandas' not in sys.modules and 'scipy' not in sys.modules;"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- refusals -------------------------------------------------------------------------------------


def of_all(*values: float) -> Callable[[InteractionLog], list[float]]:
    def score(known: InteractionLog) -> list[float]:
        return list(values)

    return score


SOURCES: dict[str, Any] = {"logins": EventCount("login")}
ARRAY: Any = np.array([1.0])
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: component(weight=0), "weight must be above 0: got 0"),
    (lambda: component(weight="1"), "weight must be a float: got str"),
    (lambda: component(points=()), "points must hold at least one pair: got none"),
    (
        lambda: component(points=((1, 0), (1, 5))),
        "points must have raw values that rise: at 1",
    ),
    (
        lambda: component(points=((-1.7e308, 0), (1.7e308, 5))),
        "points must have raw values that rise: at 1.7e",
    ),
    (lambda: component(points=((0, 0), (1, 101))), "points must be from 0 to 100: got 101"),
    (lambda: component(missing_as=-1), "missing_as must be from 0 to 100: got -1"),
    (
        lambda: component(better="lower"),
        "points must fall where lower is better: 0 is followed by 100",
    ),
    (
        lambda: component(points=((0, 9), (1, 3))),
        "points must rise where higher is better: 9 is followed by 3",
    ),
    (lambda: component(better="high"), "better must be one of .*did you mean 'higher'"),
    (lambda: HealthBand(key="red", threshold=101), "threshold must be from 0 to 100: got 101"),
    (lambda: HealthScorecard(components=()), "components must hold at least one: got none"),
    (
        lambda: HealthScorecard(components=(LOGINS, LOGINS)),
        "components must have each name once: got 'logins' twice",
    ),
    (
        lambda: attrs.evolve(CARD, bands=(RED, attrs.evolve(YELLOW, key="red"))),
        "bands must have each key once: got 'red' twice",
    ),
    (lambda: attrs.evolve(CARD, bands=(YELLOW, GREEN)), "bands must begin at 0: got 40"),
    (
        lambda: attrs.evolve(CARD, bands=(RED, GREEN, YELLOW)),
        "bands must have thresholds that rise$",
    ),
    (lambda: attrs.evolve(CARD, missing="best"), "missing must be one of"),  # type: ignore[arg-type]
    (lambda: attrs.evolve(REWEIGHTED, least_known=2), "least_known must be from 0 to 1: got 2"),
    (
        lambda: attrs.evolve(WORST, least_known=0.5),
        "least_known must be left out: 'worst' has no use for it",
    ),
    (lambda: CARD.score([1, 2]), "values must be a mapping: got list"),  # type: ignore[arg-type]
    (
        lambda: CARD.score({"login": 3}),
        "values must name components: got 'login', did you mean 'logins'?",
    ),
    (lambda: CARD.score({7: 3}), "values must name components: got int"),  # type: ignore[dict-item]
    (lambda: CARD.score({"logins": math.inf}), "values.logins must be finite: got inf"),
    (
        lambda: CARD.score({"logins": "3"}),  # type: ignore[dict-item]
        "values.logins must be a float: got str",
    ),
    (lambda: CARD.scores(3, ids=[1]), "values must be columns by name: got int"),  # type: ignore[arg-type]
    (
        lambda: CARD.scores({"login": [3]}, ids=[1]),
        "values must name components: got 'login', did you mean 'logins'?",
    ),
    (
        lambda: CARD.scores({"logins": [3, 4]}, ids=[1]),
        r"values.logins must have one number for each customer: got shape \(2,\), not \(1,\)",
    ),
    (
        lambda: CARD.scores({"logins": [3, math.inf]}, ids=[1, 2]),
        r"values.logins must be finite or NaN: 1 of 2 rows is not \(first at row 1\)",
    ),
    (
        lambda: CARD.scores({"logins": [[1, 2]]}, ids=[[1, 2]]),
        "ids must be one-dimensional: got 2 dimensions",
    ),
    (
        lambda: CARD.score({"logins": ARRAY}),
        "values.logins must be a float: got ndarray",
    ),
    (lambda: CARD.scores({"logins": ["x"]}, ids=[1]), "values.logins must be numbers: got list"),
    (lambda: health_score([], []), "values must hold at least one: got none"),
    (lambda: health_score([1], [1, 2]), "weights must be one for each value: got 2 for 1 values"),
    (lambda: health_score([1], [0]), "weights must be above 0: got 0"),
    (lambda: health_score(["80"], [1]), "values must be numbers: got str"),  # type: ignore[list-item]
    (lambda: health_score([[]], [1]), "values must hold a metric in each component: one has none"),
    (lambda: health_score([1], [1], missing="best"), "missing must be one of"),  # type: ignore[arg-type]
    (
        lambda: health_scores(log(), "card", sources={}),  # type: ignore[arg-type]
        "scorecard must be a HealthScorecard: got str",
    ),
    (
        lambda: health_scores(log(), CARD, sources={"login": EventCount("login")}),
        "sources must name components: got 'login', did you mean 'logins'?",
    ),
    (lambda: CARD.scorer([]), "sources must be a mapping: got list"),  # type: ignore[arg-type]
    (
        lambda: CARD.scorer({"logins": 3}),  # type: ignore[dict-item]
        "sources.logins must be a function of a log: got int",
    ),
    (
        lambda: health_scores(log(), CARD, sources={"logins": of_all(1.0)}),
        r"sources.logins must give one number for each customer: got shape \(1,\) for 2 customers",
    ),
    (
        lambda: health_scores(log(), CARD, sources={"logins": of_all(1.0, math.inf)}),
        "sources.logins must give finite numbers or NaN: 1 of 2 rows is not",
    ),
    (
        lambda: CARD.scorer(SOURCES).explain(log(), "z"),
        "customer_id must be a customer of the log: it is none",
    ),
    (lambda: EventCount(3), "rule must be"),  # type: ignore[arg-type]
    (lambda: EventCount("x", within=0 * DAY), "within must be longer than zero: got 0:00:00"),
    (lambda: TimeSince("x", unit=3), "unit must be a timedelta: got int"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=range(len(REFUSED)))
def test_refusals(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        call()


def test_fractions_of_weights_do_not_matter() -> None:
    weights = [Fraction(1, 10)] * 3
    assert health_score([10, 20, 60], [float(w) for w in weights]) == 30.0
