"""What goes with a score: by hand, and respondent by respondent in fractions."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics.survey.driver_table import Drivers
from customerops.metrics.survey.driving import drivers
from customerops.model import Customer, Interaction, InteractionLog, attribute, channel, kind
from tests.metrics.contracts import DAY, INSTANTS, NEW_YORK, months_of, utc
from tests.reference import drivers as slow

t: Any = drivers
NOW = utc("2026-12-31")
WEEK = 7 * DAY

SCORES = [9, 10, 6, 3, 8, 2]
SAID = {"price": [4, 4, 3, 2, 5, 1], "speed": [3, 5, 4, 3, 3, 4]}


def table(**said: Any) -> Drivers:
    return drivers(SCORES, **{"ratings": SAID, "definition": "correlation", **said})


# -- numbers --------------------------------------------------------------------------------------


def test_correlation_by_hand() -> None:
    """Price: n Sxy - Sx Sy = 6 142 - 19 38 = 130; 6 71 - 19^2 = 65; 6 294 - 38^2 = 320."""
    found = table()
    assert found.names == ("price", "speed")
    assert {name: found.parts[name].tolist() for name in ("n", "x", "xy", "y", "yy")} == {
        "n": [6, 6],
        "x": [19, 22],
        "xy": [142, 142],
        "y": [38, 38],
        "yy": [294, 294],
    }
    assert found.importance[0] == pytest.approx(130 / (65 * 320) ** 0.5)
    assert found.performance == pytest.approx([19 / 6, 22 / 6])


def test_fishers_interval_by_hand() -> None:
    """r = 0.5 of 28: atanh 0.549306, half 1.959964 / 5 (Fisher 1921)."""
    x = [0, 0, 0, 1, 1, 1, 1] * 4
    y = [0, 0, 1, 1, 1, 1, 0] * 4
    found = drivers(y, ratings={"d": x}, definition="correlation")
    r = float(found.importance[0])
    assert r**2 == pytest.approx(float(slow.correlation_squared(x, y) or 0))
    centre, half = np.arctanh(r), 1.959963984540054 / 5
    low, high = found.interval()
    assert [low[0], high[0]] == pytest.approx([np.tanh(centre - half), np.tanh(centre + half)])
    narrow, wide = found.interval(0.5), found.interval(0.99)
    assert wide[0] < low < narrow[0] < r < narrow[1] < high < wide[1]


def test_a_perfect_correlation_has_no_width_and_three_respondents_no_interval() -> None:
    found = drivers(
        [1, 2, 3, 4], ratings={"up": [2, 4, 6, 8], "down": [4, 3, 2, 1]}, definition="correlation"
    )
    assert found.names == ("down", "up")
    assert found.importance.tolist() == [-1, 1]
    low, high = found.interval()
    assert (low.tolist(), high.tolist()) == ([-1, 1], [-1, 1])
    few = drivers([1, 2, 4], ratings={"d": [1, 3, 2]}, definition="correlation")
    assert not np.isnan(few.importance[0])
    assert np.isnan(few.interval()).all()


def test_mean_difference_and_welchs_interval_by_hand() -> None:
    """With: 9, 7, 8, mean 8, s2 = 1; without: 4, 6, 2, 8, mean 5, s2 = 20/3.

    v = 1/3 and 5/3, df = (1/3 + 5/3)^2 / (1/9/2 + 25/9/3) = 216/53 (Welch 1947).
    """
    scores, mark = [9, 7, 8, 4, 6, 2, 8], [1, 1, 1, 0, 0, 0, 0]
    found = drivers(scores, ratings={"staff": mark}, definition="mean_difference")
    assert found.importance.tolist() == [3.0]
    low, high = found.interval()
    from scipy.special import stdtrit

    half = -stdtrit(216 / 53, 0.025) * 2**0.5
    assert [low[0], high[0]] == pytest.approx([3 - half, 3 + half])
    assert found.performance.tolist() == pytest.approx([3 / 7])


def test_what_does_not_vary() -> None:
    same = {"flat": [3] * 6, "price": SAID["price"]}
    assert np.isnan(table(ratings=same).importance[0])
    assert np.isnan(table(ratings=same).interval()[0][0])
    shares = table(ratings=same, definition="shapley")
    alone = table(ratings={"price": SAID["price"]}, definition="shapley")
    assert shares.importance.tolist() == pytest.approx([0, alone.importance[0]])
    one_answer: Any = drivers([5] * 6, ratings=SAID, definition="shapley")
    assert np.isnan(one_answer.importance).all()
    assert np.isnan(one_answer.r_squared)
    nobody_marked = drivers(SCORES, ratings={"d": [0] * 6}, definition="mean_difference")
    everybody = drivers(SCORES, ratings={"d": [1] * 6}, definition="mean_difference")
    assert np.isnan([nobody_marked.importance[0], everybody.importance[0]]).all()


def test_as_many_respondents_as_coefficients_explain_nothing() -> None:
    few = {name: column[:3] for name, column in SAID.items()}
    assert np.isnan(drivers(SCORES[:3], ratings=few, definition="shapley").importance).all()
    four = {name: column[:4] for name, column in SAID.items()}
    assert not np.isnan(drivers(SCORES[:4], ratings=four, definition="shapley").importance).any()


def test_nobody_answered() -> None:
    for definition in ("correlation", "shapley", "mean_difference"):
        found = drivers([], ratings={"a": [], "b": []}, definition=definition)
        assert np.isnan(found.importance).all()
        assert np.isnan(found.performance).all()
        assert found.quadrants().tolist() == [None, None]


# -- missing --------------------------------------------------------------------------------------


def test_marks_may_be_truths() -> None:
    scores, marks = [9, 10, 6, 3], [True, False, True, False]
    plain = drivers(scores, ratings={"a": [1, 0, 1, 0]}, definition="mean_difference")
    for column in (marks, np.array(marks)):
        assert drivers(scores, ratings={"a": column}, definition="mean_difference") == plain
    some = drivers(
        scores, ratings={"a": [True, None, 1, False]}, definition="correlation", missing="listwise"
    )
    assert some.missing.tolist() == [1]


def test_an_infinite_score_is_refused_without_a_warning() -> None:
    with pytest.raises(InvalidInputError, match="scores must be whole numbers"):
        drivers([1, np.inf], ratings={"a": [1, 2]}, definition="correlation")


def test_missing_answers_by_name() -> None:
    scores: Any = [9, None, 6, 3, 8, float("nan"), 5]
    said = {"a": [4, 4, None, 2, 5, 1, 3], "b": [3, 5, 4, None, 3, 4, 1]}
    with pytest.raises(InvalidInputError, match="'a' must be known of everybody.*1 of 5"):
        t(scores, ratings=said, definition="correlation")
    one = drivers(scores, ratings=said, definition="correlation", missing="pairwise")
    assert int(one.parts["asked"]) == 5
    assert (one.n.tolist(), one.missing.tolist()) == ([4, 4], [1, 1])
    assert one.parts["y"].tolist() == [9 + 3 + 8 + 5, 9 + 6 + 8 + 5]
    whole = drivers(scores, ratings=said, definition="correlation", missing="listwise")
    assert (whole.n.tolist(), whole.missing.tolist()) == ([3, 3], [2, 2])
    bare = drivers([9, 8, 5], ratings={"a": [4, 5, 3], "b": [3, 3, 1]}, definition="correlation")
    assert whole.importance.tolist() == bare.importance.tolist()
    shares = drivers(scores, ratings=said, definition="shapley", missing="listwise")
    assert shares.n.tolist() == [3, 3]
    with pytest.raises(InvalidInputError, match="missing must not be 'pairwise'"):
        t(scores, ratings=said, definition="shapley", missing="pairwise")


# -- the result -----------------------------------------------------------------------------------


def test_a_frame_says_all_of_it() -> None:
    frame = table(definition="shapley").to_frame()
    assert list(frame) == [
        "driver",
        "n",
        "missing",
        "performance",
        "importance",
        "low",
        "high",
        "complete",
    ]
    assert frame["driver"].tolist() == ["price", "speed"]
    assert frame[["low", "high"]].isna().all(axis=None)
    frame = table().to_frame(confidence=0.9)
    low, high = table().interval(0.9)
    assert frame["low"].tolist() == low.tolist()
    assert frame["high"].tolist() == high.tolist()
    assert frame["importance"].tolist() == table().importance.tolist()


def test_it_says_what_it_may_be_called() -> None:
    found = table()
    assert found.wording == "association, not cause"
    assert "drivers (correlation): association, not cause" in found._repr_html_()
    assert repr(found) == "Drivers(metric='drivers', axes=driver[2])"
    assert found.complete is True


def test_importance_and_performance() -> None:
    scores = [1, 2, 3, 4, 5, 6]
    said = {
        "done, matters": [4, 4, 5, 5, 5, 6],
        "done, matters not": [5, 6, 5, 5, 5, 6],
        "poor, matters": [1, 1, 2, 2, 3, 3],
        "poor, matters not": [2, 1, 1, 2, 1, 2],
    }
    found = drivers(scores, ratings=said, definition="correlation")
    assert dict(zip(found.names, found.quadrants(), strict=True)) == {
        "done, matters": "keep_up",
        "done, matters not": "possible_overkill",
        "poor, matters": "concentrate_here",
        "poor, matters not": "low_priority",
    }
    alone = drivers(scores, ratings={"a": [1, 2, 2, 3, 3, 3]}, definition="correlation")
    assert alone.quadrants().tolist() == ["keep_up"]  # on the lines


def test_what_a_definition_does_not_have() -> None:
    with pytest.raises(InvalidInputError, match="r_squared needs definition='shapley'"):
        table().r_squared  # noqa: B018 - the access is the test
    with pytest.raises(InvalidInputError, match="interval needs another definition"):
        table(definition="shapley").interval()
    with pytest.raises(InvalidInputError, match="confidence must"):
        table().interval(95)
    for axis in ("driver", "with"):
        with pytest.raises(InvalidInputError, match="driver must not be selected"):
            table().select(**{axis: "price"})


def test_parts_must_agree() -> None:
    found = table()
    parts = {**found.parts, "asked": 5}
    with pytest.raises(InvalidInputError, match="n must not exceed asked"):
        Drivers(axes=found.axes, parts=parts, context=found.context)
    parts = {**found.parts, "yy": [-1, 2]}
    with pytest.raises(InvalidInputError, match="yy must not be negative"):
        Drivers(axes=found.axes, parts=parts, context=found.context)


def test_the_sum_is_of_all_respondents() -> None:
    def half(rows: slice, definition: Any) -> Drivers:
        said = {name: column[rows] for name, column in SAID.items()}
        return drivers(SCORES[rows], ratings=said, definition=definition)

    for definition in ("correlation", "shapley"):
        one, two = half(slice(0, 2), definition), half(slice(2, 6), definition)
        assert one + two == two + one == table(definition=definition)
        assert (one + two).importance.tolist() == table(definition=definition).importance.tolist()
    assert pickle.loads(pickle.dumps(table())) == table()
    with pytest.raises(InvalidInputError, match="definition must be the same"):
        table() + table(definition="shapley")
    with pytest.raises(InvalidInputError, match="options must be the same"):
        table() + table(missing="listwise")


def test_large_numbers_are_exact() -> None:
    top = 10**6
    scores, x = [top, top - 1] * 500, [top - 1, top] * 500
    found = drivers(scores, ratings={"d": x}, definition="correlation")
    assert int(found.parts["xyy"][0]) == sum(a * b * b for a, b in zip(x, scores, strict=True))
    assert found.importance.tolist() == [-1.0]


# -- logs -----------------------------------------------------------------------------------------


def answer(who: str, at: dt.datetime, score: int | None, **said: Any) -> Interaction:
    return Interaction(
        customer_id=who,
        kind="survey_response",
        at=at,
        value=score,
        channel=said.pop("channel", None),
        attributes={name: value for name, value in said.items() if value is not None},
    )


def log_of(rows: Iterable[Interaction], as_of: dt.datetime = NOW) -> InteractionLog:
    names = ["price", "speed", "theme"]
    return InteractionLog.from_interactions(rows, calendar=NEW_YORK, attributes=names).until(as_of)


FEB = utc("2026-02-02")
ROWS = [
    Interaction(customer_id="a", kind="call", at=FEB - WEEK),
    answer("a", FEB, 3, price=1, speed=5, theme="price"),
    answer("a", FEB + DAY, 9, price=4, speed=3, theme="staff", channel="app"),
    answer("a", FEB + 2 * DAY, None, price=1, speed=1),
    Interaction(customer_id="b", kind="call", at=FEB - WEEK + dt.timedelta(microseconds=1)),
    answer("b", FEB, 2, price=1, speed=2, theme="price"),
    Interaction(customer_id="b", kind="call", at=FEB + DAY),
    answer("c", FEB, 6, price=3, speed=3),
    Interaction(customer_id="d", kind="call", at=FEB),
    answer("d", FEB, 8, price=4, speed=True, channel="app"),
]
OPTIONS: dict[str, Any] = {"responses": "survey_response", "definition": "correlation"}
FULL: dict[str, Any] = {
    **OPTIONS,
    "ratings": ["speed", "price"],
    "marks": {"about price": attribute("theme") == "price", "in the app": channel == "app"},
    "touches": {"called": "call"},
    "within": WEEK,
}


def test_the_latest_answer_of_each_with_what_stands_beside_it() -> None:
    found = drivers(log_of(ROWS), **FULL)
    assert found.names == ("about price", "called", "in the app", "price", "speed")
    assert (int(found.parts["asked"]), set(found.n.tolist())) == (4, {4})
    assert found.parts["y"].tolist() == [9 + 2 + 6 + 8] * 5
    # a's call is a week and a day before the answer that counts, b's just in time, d's at once
    assert found.parts["x"].tolist() == [1, 2, 2, 4 + 1 + 3 + 4, 3 + 2 + 3 + 1]
    assert found.parts["xy"].tolist()[1] == 2 + 8
    listed = drivers(
        [9, 2, 6, 8],
        ratings={
            "about price": [0, 1, 0, 0],
            "called": [0, 1, 0, 1],
            "in the app": [1, 0, 0, 1],
            "price": [4, 1, 3, 4],
            "speed": [3, 2, 3, 1],
        },
        definition="correlation",
    )
    assert {k: v.tolist() for k, v in found.parts.items()} == {
        k: v.tolist() for k, v in listed.parts.items()
    }
    earlier = drivers(log_of(ROWS, FEB), **FULL)
    assert earlier.parts["y"].tolist() == [3 + 2 + 6 + 8] * 5
    assert earlier.parts["x"].tolist()[:2] == [2, 2]  # a's first answer is exactly a week after


def test_groups_and_periods() -> None:
    people = [Customer(id=who, country="CN" if who in "ab" else "FR") for who in "abcd"]
    log = log_of(ROWS).with_customers(people)
    found = drivers(log, period="month", by="country", **FULL)
    assert [axis.name for axis in found.axes] == ["country", "period", "driver", "with"]
    assert found.parts["asked"][:, 0].tolist() == [2, 2]
    assert found.rollup("country") == drivers(log, period="month", **FULL)
    one = found.select(country="CN")
    assert one.importance.shape == (11, 5)
    # every month but the last, in which as_of lies, is over
    assert found.complete.tolist() == [[True] * 10 + [False]] * 2
    assert np.isnan(found.importance[:, -1]).all()
    assert np.isnan(found.performance[:, -1]).all()
    assert len(found.to_frame()) == 2 * 11 * 5
    shares: Any = drivers(log, by="country", **{**FULL, "definition": "shapley"})
    assert np.isnan(shares.r_squared).all()  # too few respondents
    over: Any = shares.r_squared
    assert over.shape == (2,)


def test_the_running_month_is_not_complete() -> None:
    """It is known until 3 February: the parts are, and nothing is made of them yet."""
    log = log_of(ROWS, FEB + DAY)
    running: Any = drivers(log, period="month", **FULL)
    assert running.complete.tolist() == [False]
    assert running.n.tolist() == [[4] * 5]
    assert not np.isnan(drivers(log, **FULL).importance).all()
    for read in (running.importance, running.performance, *running.interval()):
        assert np.isnan(read).all()
    assert running.quadrants().tolist() == [[None] * 5]


NUMBERS = st.none() | st.integers(0, 3)


@given(
    st.lists(
        st.builds(
            answer,
            st.sampled_from("abcde"),
            INSTANTS,
            st.none() | st.integers(0, 10),
            price=NUMBERS,
            speed=NUMBERS,
            theme=st.sampled_from([None, "price", "staff"]),
            channel=st.sampled_from([None, "app", "web"]),
        )
        | st.builds(
            Interaction, customer_id=st.sampled_from("abcde"), kind=st.just("call"), at=INSTANTS
        ),
        max_size=25,
    ),
    st.sampled_from(["listwise", "pairwise"]),
)
def test_as_respondent_by_respondent(rows: list[Interaction], missing: Any) -> None:
    as_of = max((one.at for one in rows), default=NOW)
    options = {**FULL, "within": 3 * DAY, "missing": missing}
    log = log_of(rows, as_of)
    found = drivers(log, period="month", **options)
    apart: Any = drivers(log, period="month", **{**options, "definition": "correlation"})
    marks = {
        "about price": lambda one: one.attributes.get("theme") == "price",
        "in the app": lambda one: one.channel == "app",
    }
    for i, (start, end) in enumerate(months_of(found.axes[0].labels)):
        seen = slow.respondents(
            rows, as_of, ["price", "speed"], marks, {"called": "call"}, 3 * DAY, start, end
        )
        assert found.parts["asked"][i] == len(seen)
        for j, name in enumerate(found.names):
            counted = [
                (score, beside)
                for score, beside in seen.values()
                if beside[name] is not None
                and (missing == "pairwise" or None not in beside.values())
            ]
            y: list[int] = [score for score, _ in counted]
            x: list[int] = [beside[name] or 0 for _, beside in counted]
            assert found.n[i, j] == len(counted)
            assert found.missing[i, j] == len(seen) - len(counted)
            assert found.parts["y"][i, j] == sum(y)
            assert found.parts["xx"][i, j, j] == sum(a * a for a in x)
            square = slow.correlation_squared(x, y) if counted else None
            if square is None or not found.complete[i]:
                assert np.isnan(apart.importance[i, j])
            else:
                r = float(apart.importance[i, j])
                assert r * abs(r) == pytest.approx(float(square))


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 1)), max_size=12))
def test_mean_difference_in_fractions(rows: list[tuple[int, int]]) -> None:
    y, x = [a for a, _ in rows], [b for _, b in rows]
    found = drivers(y, ratings={"d": x}, definition="mean_difference").importance[0]
    expected = slow.difference(x, y)
    assert (np.isnan(found), expected is None) in ((True, True), (False, False))
    if expected is not None:
        assert Fraction(float(found)).limit_denominator(10**6) == expected


# -- refusals -------------------------------------------------------------------------------------

LOG = log_of(ROWS)
NAMES = {f"d{k}": SCORES for k in range(16)}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: table(definition="shaply"), "definition must be one of .* 'shapley'"),
        (lambda: table(missing="drop"), "missing must be one of 'refuse', 'listwise', 'pairwise'"),
        (lambda: table(ratings=None), "ratings must be a mapping of names to arrays: got None"),
        (lambda: table(ratings={}), "drivers must be one or more"),
        (lambda: table(ratings={1: SCORES}), "ratings must be a str"),
        (lambda: table(ratings={"a": [1, 2]}), "'a' must be one a respondent: got 2 for 6 scores"),
        (lambda: table(ratings={"a": [0.5] * 6}), "'a' must be whole numbers, at most 1,000,000"),
        (lambda: table(ratings={"a": [10**7] * 6}), "'a' must be whole numbers, at most"),
        (lambda: table(ratings={"a": [SCORES]}), "'a' must be one-dimensional: got 2"),
        (
            lambda: t([1.5], ratings={"a": [1]}, definition="shapley"),
            "scores must be whole.*the row is not",
        ),
        (lambda: table(ratings=NAMES, definition="shapley"), "at most 15 for .*: got 16"),
        (lambda: table(definition="mean_difference"), "'price' must be 0 or 1 for definition"),
        (lambda: table(period="month"), "period must be left out without a log: got str"),
        (lambda: table(within=DAY), "within must be left out without a log"),
        (lambda: table(marks={}), "marks must be left out without a log"),
        (
            lambda: t(LOG, definition="shapley", ratings="price"),
            "responses must be given with a log",
        ),
        (
            lambda: t(LOG, ratings=SAID, **OPTIONS),
            "ratings must be names of attributes with a log",
        ),
        (lambda: t(LOG, ratings=[1], **OPTIONS), "ratings must be a str: got"),
        (lambda: t(LOG, ratings="pric", **OPTIONS), "column must be one the log was built with"),
        (
            lambda: t(LOG, ratings="theme", **OPTIONS),
            "'theme' must hold whole numbers.*makes a mark",
        ),
        (lambda: t(LOG, marks=["x"], **OPTIONS), "marks must be a mapping of names to rules: got"),
        (lambda: t(LOG, touches={"a": "call"}, **OPTIONS), "within must be given with touches"),
        (
            lambda: t(LOG, ratings="price", within=DAY, **OPTIONS),
            "within must be given with touch",
        ),
        (lambda: t(LOG, touches={"a": "call"}, within=3, **OPTIONS), "within must be a timedelta"),
        (
            lambda: t(LOG, ratings="price", marks={"price": kind("x")}, **OPTIONS),
            "drivers must have different names",
        ),
        (lambda: t(LOG, **OPTIONS), "drivers must be one"),
        (
            lambda: t(log_of([answer("a", FEB, 7, price=2.5)]), ratings="price", **OPTIONS),
            "'price' must hold whole numbers",
        ),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_scores_of_a_log_are_whole() -> None:
    half = Interaction(customer_id="a", kind="survey_response", at=FEB, value=7.5)
    with pytest.raises(
        InvalidInputError,
        match="responses must have whole numbers, at most 1,000,000, as values: the row",
    ):
        t(log_of([half]), marks={"x": kind("x")}, **OPTIONS)
