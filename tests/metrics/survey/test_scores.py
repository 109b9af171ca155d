"""Net promoter score, satisfaction and effort: published counts, and a slow reading in fractions."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import NetShare, ces, csat, nps
from customerops.model import (
    ClusteredShare,
    Context,
    Customer,
    Interaction,
    InteractionLog,
    Mean,
    NetPromoterScore,
    Proportion,
    Ratio,
    Window,
    kind,
    name,
)
from tests.metrics.contracts import DAY, INSTANTS, NEW_YORK, US, months_of, utc
from tests.reference import survey as slow

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[2] / "cases/metrics.json").read_text())["cases"]
}
NOW = utc("2026-01-31")
ANSWER = "survey_response"
m: Any = nps
s: Any = csat
e: Any = ces


def answer(who: str, day: str, value: float | None, **more: Any) -> Interaction:
    return Interaction(customer_id=who, kind=ANSWER, at=utc(day), value=value, **more)


def log_of(rows: list[Interaction], as_of: dt.datetime = NOW) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=NEW_YORK).until(as_of)


FEW = [
    answer("a", "2026-01-01", 3),
    answer("a", "2026-01-05", 10),
    answer("b", "2026-01-02", 7),
    answer("c", "2026-01-02", 6),
    answer("d", "2026-01-03", None),
]

# -- cases ----------------------------------------------------------------------------------------


def test_nps_of_a_vendor() -> None:
    case = CASES["nps-5"]
    given = case["inputs"]
    score = nps({9: given["promoters"], 8: given["passives"], 6: given["detractors"]})
    assert score.value == pytest.approx(case["expected"], abs=case["tolerance"])
    spread = nps([9, 10, 9, 7, 0])
    assert spread.value == case["expected"]


def test_nps_interval_by_the_published_rule() -> None:
    case = CASES["nps-adjusted-wald"]
    given = case["inputs"]
    n, up, down = given["n"], given["promoters"], given["detractors"]
    score = nps({10: up, 7: n - up - down, 0: down})
    low, high = score.interval(given["confidence"], method="adjusted-wald")
    assert [low, high] == pytest.approx(case["expected"], abs=case["tolerance"])


def test_csat_of_two_boxes() -> None:
    case = CASES["csat-topbox-2"]
    happy, everybody = case["inputs"]["satisfied"], case["inputs"]["responses"]
    share = csat({5: happy, 1: everybody - happy}, definition="top_two_box", scale=(1, 5))
    assert share.value == pytest.approx(case["expected"], abs=case["tolerance"])


def test_ces_mean_of_a_vendor() -> None:
    case = CASES["ces-mean"]
    counts = {int(score): n for score, n in case["inputs"]["counts"].items()}
    mean = ces(counts, definition="mean", scale=(1, 7), direction="high_is_easy")
    assert mean.value == pytest.approx(case["expected"], abs=case["tolerance"])


def test_difference_of_two_shares_is_newcombes() -> None:
    case = CASES["newcombe-diff"]
    given = case["inputs"]
    shares = [
        csat({5: given[x], 1: given[n] - given[x]}, definition="top_two_box", scale=(1, 5))
        for x, n in (("x1", "n1"), ("x2", "n2"))
    ]
    low, high = shares[0].difference(shares[1]).interval()
    assert [low, high] == pytest.approx(case["expected"], abs=case["tolerance"])


# -- the boxes ------------------------------------------------------------------------------------


def test_cuts_of_nps() -> None:
    score: Any = nps(list(range(11)))
    assert (score.promoters, score.passives, score.detractors, score.total) == (2, 2, 7, 11)
    assert isinstance(score, NetPromoterScore)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [("top_two_box", 0.4), ("mean", 2.8), ("mean_over_max", 0.56), ("net", -0.2)],
)
def test_definitions_of_csat(definition: Any, expected: float) -> None:
    assert csat([5, 4, 2, 2, 1], definition=definition, scale=(1, 5)).value == pytest.approx(
        expected
    )


def test_boxes_of_csat_on_seven() -> None:
    net: Any = csat(list(range(1, 8)), definition="net", scale=(1, 7))
    assert (net.top, net.middle, net.bottom, net.total) == (2, 3, 2, 7)
    share: Any = csat(list(range(1, 8)), definition="top_two_box", scale=(1, 7))
    assert (share.count, share.total) == (2, 7)


@pytest.mark.parametrize("direction", ["high_is_easy", "low_is_easy"])
def test_boxes_of_ces(direction: Any) -> None:
    up = direction == "high_is_easy"
    for score in range(1, 8):
        share = ces([score], definition="top_share", scale=(1, 7), direction=direction).value
        index = ces([score], definition="index", scale=(1, 7), direction=direction).value
        easy = score if up else 8 - score
        assert share == (easy in (5, 6, 7))
        assert index == 100 * ((easy in (6, 7)) - (easy in (1, 2, 3)))
        mean = ces([score], definition="mean", scale=(1, 7), direction=direction)
        assert mean.value == score  # as it was given


def test_means_of_two_directions_do_not_add() -> None:
    one, two = (
        ces([1, 2], definition="mean", scale=(1, 5), direction=direction)
        for direction in ("high_is_easy", "low_is_easy")
    )
    with pytest.raises(InvalidInputError, match="these differ: direction"):
        one + two


def test_missing_answers_do_not_count() -> None:
    given_: list[Any] = [[10, None, 3], np.array([10, np.nan, 3])]
    for scores in given_:
        score: Any = nps(scores)
        assert (score.promoters, score.detractors, score.total) == (1, 1, 2)


def test_nobody_answered() -> None:
    assert np.isnan(nps([]).value)
    assert np.isnan(nps({}).value)
    assert np.isnan(csat([], definition="mean_over_max", scale=(1, 5)).value)
    assert all(np.isnan(csat({}, definition="net", scale=(1, 5)).interval()))
    assert np.isnan(nps(log_of([]), responses=ANSWER).value)


def test_large_tallies_are_exact() -> None:
    mean: Any = csat({5: 10**17, 4: 1}, definition="mean", scale=(1, 5))
    assert mean.sum == 5 * 10**17 + 4
    score: Any = nps({10: 10**30, 0: 10**30 + 1})
    assert score.total == 2 * 10**30 + 1


# -- intervals ------------------------------------------------------------------------------------


def test_net_share_has_the_intervals_of_nps() -> None:
    """The same counts: points of one are fractions of the other."""
    score = nps({10: 50, 7: 30, 0: 20})
    net = csat({5: 50, 3: 30, 1: 20}, definition="net", scale=(1, 5))
    index = ces({7: 50, 4: 30, 1: 20}, definition="index", scale=(1, 7), direction="high_is_easy")
    assert isinstance(net, NetShare)
    for method in ("adjusted-wald", "trinomial"):
        points = score.interval(method=method)
        assert net.interval(method=method) == pytest.approx([x / 100 for x in points])
        assert index.interval(method=method) == pytest.approx(points)
    assert index.value == pytest.approx(30.0)


@pytest.mark.parametrize("method", ["adjusted-wald", "trinomial"])
def test_difference_of_scores(method: str) -> None:
    """By hand: the variance of each by Rocks, added."""
    counts = ((50, 30, 20), (30, 30, 40))
    extra = Fraction(3, 4) if method == "adjusted-wald" else Fraction(0)
    centre, variance = Fraction(0), Fraction(0)
    for sign, (up, between, down) in zip((1, -1), counts, strict=True):
        n = up + between + down + 4 * extra
        p, d = (up + extra) / n, (down + extra) / n
        centre += sign * (p - d)
        variance += (p + d - (p - d) ** 2) / n
    half = 1.959963984540054 * float(variance) ** 0.5
    a, b = (nps(dict(zip((10, 7, 0), one, strict=True))) for one in counts)
    x, y = (
        csat(dict(zip((5, 3, 1), one, strict=True)), definition="net", scale=(1, 5))
        for one in counts
    )
    expected = [100 * (float(centre) - half), 100 * (float(centre) + half)]
    assert a.difference(b).value == pytest.approx(40)
    assert a.difference(b).interval(method=method) == pytest.approx(expected)
    low, high = x.difference(y).interval(method=method)
    assert [100 * low, 100 * high] == pytest.approx(expected)


def test_difference_stops_at_the_ends() -> None:
    a, b = (csat(x, definition="net", scale=(1, 5)) for x in ({5: 9, 3: 1}, {1: 9, 3: 1}))
    low, high = a.difference(b).interval(method="trinomial")
    assert high == 2  # 1.8 + 1.96 sqrt(2 0.09 / 10) would be more
    assert b.difference(a).interval(method="trinomial") == pytest.approx((-high, -low))


# -- logs -----------------------------------------------------------------------------------------


def test_one_answer_of_each_by_rule() -> None:
    log = log_of(FEW)
    latest: Any = nps(log, responses=ANSWER)
    assert latest.parts == nps([10, 7, 6]).parts
    assert latest.context.option("answers") == "latest"
    mean: Any = nps(log, responses=ANSWER, answers="mean")  # a gave 3 and 10: 6.5
    assert (mean.promoters, mean.passives, mean.detractors) == (0, 1, 2)
    every: Any = nps(log, responses=ANSWER, answers="all")
    assert isinstance(every, Ratio)
    assert (every.n, every.x, every.y, int(every.parts["xx"])) == (3, -1, 4, 1)
    assert every.value == -25.0
    assert every.context.unit == "answer"


def test_of_two_at_one_instant_the_last_counts() -> None:
    twice = [answer("a", "2026-01-01", 10), answer("a", "2026-01-01", 0)]
    assert nps(log_of(twice), responses=ANSWER).value == -100
    assert nps(log_of(twice[::-1]), responses=ANSWER).value == 100


def test_the_question_is_named() -> None:
    rows = [answer("a", "2026-01-01", 9, name="recommend"), answer("b", "2026-01-01", 1)]
    assert nps(log_of(rows), responses=kind(ANSWER) & (name == "recommend")).value == 100


def test_windows_are_half_open_and_periods_local() -> None:
    rows = [answer("a", "2026-01-01T04:59", 9), answer("a", "2026-01-01T05:00", 0)]
    table: Any = nps(log_of(rows), responses=ANSWER, period="month")  # New York
    assert table.value[0] == 100
    assert np.isnan(table.value[1])  # January is not over
    assert table.detractors.tolist() == [0, 1]
    assert table.axes[0].labels == (dt.date(2025, 12, 1), dt.date(2026, 1, 1))
    over = Window(utc("2026-01-01T04:59"), utc("2026-01-01T05:00"))
    assert nps(log_of(rows), responses=ANSWER, over=over).value == 100


def test_groups() -> None:
    people = [
        Customer(id=who, country=country)
        for who, country in (("a", "CN"), ("b", "CN"), ("c", None), ("d", None))
    ]
    log = log_of(FEW).with_customers(people)
    table = nps(log, responses=ANSWER, by="country")
    assert table.axes[0].labels == ("CN", None)
    assert table.value.tolist() == [50, -100]
    assert table.rollup("country").parts == nps(log, responses=ANSWER).parts


@st.composite
def histories(draw: st.DrawFn) -> Interaction:
    return Interaction(
        customer_id=draw(st.sampled_from("abcde")),
        kind=draw(st.sampled_from([ANSWER, ANSWER, ANSWER, "use"])),
        at=draw(INSTANTS),
        value=draw(st.sampled_from([None, 1, 2, 3, 4, 5, 6, 7])),
    )


@given(
    st.lists(histories(), max_size=25),
    st.sampled_from(["latest", "mean", "all"]),
    st.sampled_from([None, "month"]),
)
def test_as_a_slow_reading(rows: list[Interaction], answers: Any, period: Any) -> None:
    as_of = max((one.at for one in rows), default=NOW)
    log = log_of(rows, as_of)
    options: dict[str, Any] = {"responses": ANSWER, "answers": answers, "period": period}
    results: dict[str, Any] = {
        "nps": (nps(log, **options), 7, 9),
        "net": (csat(log, definition="net", scale=(1, 7), **options), 3, 6),
        "index": (
            ces(log, definition="index", scale=(1, 7), direction="high_is_easy", **options),
            4,
            6,
        ),
    }
    share = csat(log, definition="top_two_box", scale=(1, 7), **options)
    mean = csat(log, definition="mean_over_max", scale=(1, 7), **options)
    starts: list[tuple[Any, Any]] = [(None, None)] if period is None else []
    if period is not None:
        ends = months_of(results["nps"][0].axes[0].labels)
        starts = list(ends)
    for i, (start, end) in enumerate(starts):
        at = () if period is None else (i,)
        own = slow.kept(rows, as_of, start, end, answers)
        given_ = [one for every in own.values() for one in every]
        for result, middle, top in results.values():
            up, between, down = slow.boxes(given_, middle, top)
            if answers == "all":
                assert (result.x[at] if at else result.x) == up - down
                assert (result.y[at] if at else result.y) == len(given_)
                assert (result.n[at] if at else result.n) == len(own)
            else:
                parts = [int(part[at]) for part in result.parts.values()]
                assert parts == [up, between, down]
        top_two = slow.boxes(given_, 6, 6)[0]
        count = share.parts["x" if answers == "all" else "count"][at]
        assert int(count) == top_two
        assert isinstance(share, ClusteredShare if answers == "all" else Proportion)
        total = sum(given_, Fraction(0))
        if answers == "all":
            assert mean.parts["x"][at] == total
        else:
            assert isinstance(mean, Mean)
            one = 10**6 if answers == "mean" else 1
            assert mean.parts["sum"][at] == total * one
            assert mean.parts["sum_sq"][at] == sum((x * one) ** 2 for x in given_)
        known = not np.isnan(mean.value[at] if at else mean.value)
        if known:
            expected = float(total / len(given_) / 7)
            assert (mean.value[at] if at else mean.value) == pytest.approx(expected, rel=1e-15)


@given(st.lists(st.integers(0, 10), max_size=30))
def test_three_forms_of_the_same(scores: list[int]) -> None:
    tally = {score: scores.count(score) for score in range(11)}
    rows = [answer(f"c{i}", "2026-01-02", score) for i, score in enumerate(scores)]
    for function, options in (
        (m, {}),
        (s, {"definition": "top_two_box", "scale": (0, 10)}),
        (s, {"definition": "mean", "scale": (0, 10)}),
        (s, {"definition": "net", "scale": (0, 10)}),
        (e, {"definition": "mean", "scale": (0, 10), "direction": "low_is_easy"}),
    ):
        one, two = function(scores, **options), function(tally, **options)
        three = function(log_of(rows), responses=ANSWER, **options)
        assert one == two
        assert one.parts == three.parts
        assert one.interval() == pytest.approx(three.interval(), nan_ok=True)


# -- refusals -------------------------------------------------------------------------------------

LOG = log_of(FEW)
BAD: list[tuple[Any, str]] = [
    (lambda: m([1], scale=(1, 10)), r"scale must be \(0, 10\) for a net promoter score: got"),
    (lambda: m([1], scale=(10, 0)), "scale must have its lower end first: got"),
    (lambda: m([1], scale=5), "scale must be a pair .*: got int"),
    (lambda: m([1], scale=(0, 5, 10)), "scale must be a pair"),
    (lambda: m([1], scale=(0, 10**6)), "scale must be at most 1000"),
    (lambda: m([1.5, 2]), r"scores must be whole numbers: 1 of 2 .*first at row 0"),
    (lambda: m([1, 11, -1]), r"scores must lie in \(0, 10\): 2 of 3 .*first at row 1"),
    (lambda: m([[1]]), "scores must be one-dimensional: got 2 dimensions"),
    (lambda: m("10"), "scores must be numbers: got str"),
    (lambda: m({11: 1}), "scores must be at most 10"),
    (lambda: m({"9": 1}), "scores must be an int"),
    (lambda: m({9: -1}), "counts must be at least 0"),
    (lambda: m([1], period="month"), "period must be left out without a log: got str"),
    (lambda: m([1], answers="all"), "answers must be left out without a log"),
    (lambda: m([1], responses=ANSWER), "responses must be left out without a log"),
    (lambda: m(LOG), "responses must be given with a log: which of the log's answers"),
    (lambda: m(LOG, responses=ANSWER, answers="first"), "answers must be one of 'latest'"),
    (
        lambda: s(LOG, responses=ANSWER, definition="mean", scale=(1, 5)),
        r"responses must have whole numbers of the scale \(1, 5\) as values: 3 of 4",
    ),
    (lambda: s([1], definition="average", scale=(1, 5)), "definition must be one of"),
    (
        lambda: s([1], definition="top_two_box", scale=(1, 3)),
        "scale must have four answers or more for definition='top_two_box'",
    ),
    (lambda: s([1], definition="net", scale=(1, 3)), "scale must have four answers"),
    (lambda: s([1], definition="mean_over_max", scale=(-2, 2)), "scale must not start below 0"),
    (
        lambda: e([1], definition="index", scale=(1, 5), direction="high_is_easy"),
        r"scale must be \(1, 7\) for definition='index'",
    ),
    (lambda: e([1], definition="mean", scale=(1, 7), direction="up"), "direction must be one of"),
    (lambda: e([1], definition="x", scale=(1, 7), direction="low_is_easy"), "definition must be"),
    (
        lambda: NetShare(parts={"top": -1, "middle": 0, "bottom": 0}, context=Context("csat")),
        "top must not be negative",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_later_answers_change_nothing() -> None:
    early = log_of(FEW, utc("2026-01-04"))
    late = log_of(FEW)
    was = nps(early, responses=ANSWER)
    assert nps(late, responses=ANSWER, as_of=utc("2026-01-05") - US - DAY + US) == was
    assert was.value == pytest.approx(-200 / 3)
