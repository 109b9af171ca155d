"""What scores foretold: published figures, pair counting in fractions, ties, what is refused."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import Calibration, ScoreEvaluation, evaluate_scores_from_arrays
from customerops.metrics.health import ranking
from tests.reference import health as slow

NAN = math.nan


def seen(scores: Sequence[float], outcomes: Sequence[Any], risky: Any = "high") -> ScoreEvaluation:
    return evaluate_scores_from_arrays(scores, outcomes, risky=risky)


def close(found: float, expected: Fraction | None, tolerance: float = 1e-12) -> None:
    if expected is None:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(float(expected), rel=tolerance, abs=tolerance)


# -- published ------------------------------------------------------------------------------------

# Hanley and McNeil (1982), table I: CT images of 58 normal and 51 abnormal patients, by rating
NORMAL, ABNORMAL = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]


def images() -> ScoreEvaluation:
    ratings = np.repeat([1, 2, 3, 4, 5] * 2, NORMAL + ABNORMAL)
    return seen(ratings.tolist(), np.repeat([0, 1], [58, 51]).tolist())


def test_hanley_and_mcneils_images() -> None:
    """The area of 0.893 is the paper's; spread and interval those of Stata's manual, [R] roctab.

    There "ROC area 0.8932, std. err. 0.0307, 0.83295 to 0.95339", by DeLong's variance.
    """
    found = images()
    assert found.auc == pytest.approx(0.893, abs=5e-4)
    assert found.auc == pytest.approx(0.8932, abs=5e-5)
    assert found.auc_error() == pytest.approx(0.0307, abs=5e-5)
    low, high = found.auc_interval()
    assert (low, high) == (pytest.approx(0.83295, abs=5e-6), pytest.approx(0.95339, abs=5e-6))
    assert found.auc_error(method="hanley_mcneil") == pytest.approx(0.0325, abs=5e-5)
    wide = found.auc_interval(0.99, method="hanley_mcneil")
    assert wide[0] < low < high < wide[1]
    assert images().auc_interval(0.9999)[1] == 1.0  # cut off


def test_scikit_learns_examples() -> None:
    """The examples of roc_auc_score, average_precision_score and brier_score_loss, 1.5."""
    ranked = seen([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    assert ranked.auc == 0.75
    assert round(ranked.average_precision, 2) == 0.83
    assert seen([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]).brier == pytest.approx(0.037, abs=5e-4)


def test_brier_by_hand() -> None:
    """Forecasts of rain of ten days: P = mean (f - E)^2; the base rate's is r (1 - r)."""
    rain = [0.7, 0.9, 0.8, 0.4, 0.2, 0.0, 0.0, 0.0, 0.0, 0.1]
    came = [0, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    expected = (0.49 + 0.01 + 0.04 + 0.36 + 0.04 + 0.01) / 10
    found = seen(rain, came)
    assert found.brier == pytest.approx(expected)
    assert found.brier_skill == pytest.approx(1 - expected / 0.21)


# -- by hand --------------------------------------------------------------------------------------


def test_low_scores_may_be_the_risky_ones() -> None:
    high, low = seen([1, 2, 3], [0, 0, 1]), seen([1, 2, 3], [0, 0, 1], "low")
    assert (high.auc, low.auc) == (1.0, 0.0)
    assert (high.average_precision, low.average_precision) == (1.0, 1 / 3)
    assert (high.top(k=1).recall, low.top(k=1).recall) == (1.0, 0.0)
    assert (high.top(k=1).threshold, low.top(k=1).threshold) == (3.0, 1.0)


def test_who_is_counted() -> None:
    found = seen([1, 2, 3, NAN, NAN], [1, 0, None, 1, None])
    assert (found.n, found.n_events, found.n_open, found.n_unscored) == (2, 1, 1, 2)
    assert (found.base_rate.count, found.base_rate.total) == (1, 2)
    assert not found.complete
    assert seen([1], [True]).complete
    frame = found.to_frame()
    assert list(frame.columns) == ["score", "events", "others", "open", "unscored"]
    assert frame["score"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert frame["unscored"].tolist() == [2, 0, 0, 0]
    assert "<th>unscored</th>" in found._repr_html_()


@pytest.mark.parametrize("outcomes", [[], [1, 1], [0, 0], [None, None]])
def test_without_pairs_nothing_is_known(outcomes: list[Any]) -> None:
    found = seen([0.5] * len(outcomes), outcomes)
    assert math.isnan(found.auc)
    assert all(map(math.isnan, found.auc_interval()))
    assert math.isnan(found.auc_error(method="hanley_mcneil"))
    events = found.n_events
    assert math.isnan(found.average_precision) == (not events)
    assert math.isnan(found.brier) == (not found.n)
    assert math.isnan(found.brier_skill)
    top = found.top(k=5)
    assert top.k == found.n
    assert math.isnan(top.precision) == (not found.n)
    assert math.isnan(top.recall) == math.isnan(top.lift) == (not events)


def test_perfect_order_has_no_interval() -> None:
    found = seen([1, 2, 3, 4], [0, 0, 1, 1])
    assert found.auc == 1.0
    assert all(map(math.isnan, found.auc_interval()))
    assert all(map(math.isnan, seen([1, 2, 3], [0, 1, 0]).auc_interval()))  # one event


def test_the_tied_at_the_cut_count_as_drawn() -> None:
    found = seen([9, 7, 7, 7, 1], [1, 1, 0, 0, 1])
    top = found.top(k=3)  # the 9, and two of three sevens: 1 + 2 / 3 of 3
    assert top.precision == pytest.approx((1 + 2 / 3) / 3)
    assert top.recall == pytest.approx((1 + 2 / 3) / 3)
    assert top.lift == pytest.approx((1 + 2 / 3) / 3 / (3 / 5))
    assert (top.k, top.threshold, top.tied) == (3, 7.0, 3)
    whole = found.top(k=4)
    assert (whole.precision, whole.tied) == (0.5, 0)
    assert found.top(share=0.2).k == 1
    assert found.top(share=0.21).k == 2  # rounded up
    assert found.top(share=0.6).k == 3  # in floats 0.6 * 5 is 3, and 0.07 * 100 more than 7
    assert seen(list(range(100)), [0] * 100).top(share=0.07).k == 7


def test_an_alarm_by_hand() -> None:
    alarm = seen([20, 40, 40, 60, 90], [1, 0, 1, 1, 0], "low").alarm(40)
    assert (alarm.flagged.count, alarm.flagged.total) == (3, 5)
    assert (alarm.precision.count, alarm.precision.total) == (2, 3)
    assert (alarm.recall.count, alarm.recall.total) == (2, 3)
    assert (alarm.false_alarm.count, alarm.false_alarm.total) == (1, 2)
    assert alarm.precision.context.option("threshold") == 40.0
    assert alarm.recall.interval()[0] < 2 / 3 < alarm.recall.interval()[1]
    high = seen([20, 40, 40, 60, 90], [1, 0, 1, 1, 0]).alarm(60)
    assert (high.flagged.count, high.precision.count) == (2, 1)


def test_stretches_of_scores_by_hand() -> None:
    found = seen([0, 39, 40, 74, 75, 100, -5], [1, 0, 1, 1, 0, 0, None], "low").observed(
        [0, 40, 75]
    )
    assert found.axes[-1].labels == (0.0, 40.0, 75.0)
    assert (found.count.tolist(), found.total.tolist()) == ([1, 2, 0], [2, 2, 2])
    assert found.select(score=40).value == 1.0


def test_calibration_by_hand() -> None:
    """Four at 0.1 and two at 0.5 in two groups; ((1 - 0.4)^2 / 0.36) + ((2 - 1)^2 / 0.5) = 3."""
    found = seen([0.1] * 4 + [0.5] * 2, [0, 0, 0, 1, 1, 1]).calibration(2)
    assert found.n.tolist() == [4, 2]
    assert found.expected.tolist() == pytest.approx([0.4, 1.0])
    assert found.events.tolist() == [1, 2]
    assert found.ratio == pytest.approx(3 / 1.4)
    test = found.hosmer_lemeshow()
    assert test.statistic == pytest.approx(1 + 2)
    assert test.df == 2
    assert test.p_value == pytest.approx(math.exp(-3 / 2))  # chi-squared of two degrees
    frame = found.to_frame()
    assert frame["observed_share"].tolist() == [0.25, 1.0]
    assert (frame["observed_low"] < frame["observed_share"]).all()
    assert found == seen([0.1] * 4 + [0.5] * 2, [1, 0, 0, 0, 1, 1]).calibration(2)
    assert found != seen([0.1] * 4 + [0.5] * 2, [0, 0, 0, 0, 1, 1]).calibration(2)
    assert found != 3
    assert repr(found) == "Calibration(groups=2, customers=6, events=3, ratio=2.143)"
    assert "<td>0.25</td>" in found._repr_html_()


def test_fitted_probabilities_cost_two_degrees() -> None:
    found = seen([0.1, 0.2, 0.4, 0.7, 0.9], [0, 0, 1, 0, 1]).calibration(5)
    later, fitted = found.hosmer_lemeshow(), found.hosmer_lemeshow(outcomes="fitted")
    assert (later.df, fitted.df, later.statistic) == (5, 3, fitted.statistic)


def test_sure_probabilities_are_refuted_by_one_event() -> None:
    assert seen([0.0, 0.0], [0, 1]).calibration(1).hosmer_lemeshow().p_value == 0.0
    assert seen([1.0, 1.0], [1, 1]).calibration(1).hosmer_lemeshow().statistic == 0.0
    nobody = seen([], []).calibration()
    assert (len(nobody.n), math.isnan(nobody.ratio)) == (0, True)


def test_equal_probabilities_stay_together() -> None:
    found = seen([0.5] * 9 + [0.9], [0] * 9 + [1]).calibration(5)
    assert found.n.tolist() == [9, 1]
    assert (found.low.tolist(), found.high.tolist()) == ([0.5, 0.9], [0.5, 0.9])


# -- against pair counting ------------------------------------------------------------------------

SCORES = st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75, 1.0])
PAIRS = st.lists(st.tuples(SCORES, st.booleans()), max_size=12)


def exactly(pairs: Sequence[tuple[float, bool]], sign: int = 1) -> list[slow.Pair]:
    return [(sign * Fraction(score), event) for score, event in pairs]


def of_pairs(pairs: Sequence[tuple[float, bool]], risky: str) -> ScoreEvaluation:
    return seen([score for score, _ in pairs], [event for _, event in pairs], risky)


@given(PAIRS, st.sampled_from([("high", 1), ("low", -1)]))
def test_order_against_pair_counting(
    pairs: list[tuple[float, bool]], end: tuple[str, int]
) -> None:
    found, rows = of_pairs(pairs, end[0]), exactly(pairs, end[1])
    area = slow.auc(rows)
    close(found.auc, area)
    close(found.average_precision, slow.average_precision(rows))
    inside = area is not None and 0 < area < 1
    for method, variance in (("delong", slow.delong), ("hanley_mcneil", slow.hanley_mcneil)):
        expected = variance(rows) if inside else None
        error = found.auc_error(method=method)  # type: ignore[arg-type]
        close(error**2, expected)


@settings(max_examples=50)
@given(st.lists(st.tuples(SCORES, st.booleans()), min_size=1, max_size=6), st.integers(1, 6))
def test_the_top_against_every_order_of_rows(pairs: list[tuple[float, bool]], k: int) -> None:
    top = of_pairs(pairs, "high").top(k=k)
    some = min(k, len(pairs))
    hits = slow.expected_hits(exactly(pairs), some)
    m = sum(event for _, event in pairs)
    close(top.precision, hits / some)
    close(top.recall, hits / m if m else None)
    close(top.lift, hits * len(pairs) / (some * m) if m else None)
    assert top.threshold == sorted((s for s, _ in pairs), reverse=True)[some - 1]


@given(PAIRS, st.integers(1, 12))
def test_probabilities_against_the_slow_way(pairs: list[tuple[float, bool]], count: int) -> None:
    found, rows = of_pairs(pairs, "high"), exactly(pairs)
    close(found.brier, slow.brier(rows))
    base = found.base_rate.value
    if 0 < base < 1:
        close(found.brier_skill, 1 - slow.brier(rows) / Fraction(base * (1 - base)), 1e-9)  # type: ignore[operator]
    else:
        assert math.isnan(found.brier_skill)
    table, expected = found.calibration(count), slow.groups(rows, count)
    assert table.n.tolist() == [n for n, _, _ in expected]
    assert table.expected.tolist() == pytest.approx([float(p) for _, p, _ in expected])
    assert table.events.tolist() == [events for _, _, events in expected]
    assert int(table.n.sum()) == len(pairs)


@given(PAIRS, SCORES)
def test_alarms_against_counting(pairs: list[tuple[float, bool]], cut: float) -> None:
    alarm = of_pairs(pairs, "low").alarm(cut)
    flagged = [event for score, event in pairs if score <= cut]
    assert (alarm.precision.count, alarm.precision.total) == (sum(flagged), len(flagged))
    assert (alarm.recall.count, alarm.recall.total) == (sum(flagged), sum(e for _, e in pairs))
    assert alarm.false_alarm.count == len(flagged) - sum(flagged)
    assert alarm.flagged.total == len(pairs)


# -- laws -----------------------------------------------------------------------------------------


@given(PAIRS, PAIRS, st.randoms(use_true_random=False))
def test_evaluations_add_and_forget_the_order(
    a: list[tuple[float, bool]], b: list[tuple[float, bool]], rng: Any
) -> None:
    both = [*a, *b]
    rng.shuffle(both)
    whole = of_pairs(both, "high")
    assert of_pairs(a, "high") + of_pairs(b, "high") == whole
    assert sum([of_pairs(a, "high"), of_pairs(b, "high")]) == whole
    assert pickle.loads(pickle.dumps(whole)) == whole


@given(PAIRS)
def test_turned_round_the_area_is_the_rest(pairs: list[tuple[float, bool]]) -> None:
    high, low = of_pairs(pairs, "high").auc, of_pairs(pairs, "low").auc
    assert high + low == pytest.approx(1.0) or (math.isnan(high) and math.isnan(low))


@given(PAIRS)
def test_only_the_order_of_scores_counts(pairs: list[tuple[float, bool]]) -> None:
    cubed = [(score**3 + 7, event) for score, event in pairs]
    one, two = of_pairs(pairs, "high"), of_pairs(cubed, "high")
    for name in ("auc", "average_precision"):
        assert repr(getattr(one, name)) == repr(getattr(two, name))
    assert one.auc_error() == two.auc_error() or math.isnan(one.auc_error())


@given(PAIRS)
def test_all_at_the_top_is_the_base_rate(pairs: list[tuple[float, bool]]) -> None:
    found = of_pairs(pairs, "high")
    top = found.top(share=1)
    if found.n_events:
        assert (top.precision, top.recall, top.lift) == (found.base_rate.value, 1.0, 1.0)


def test_large_counts_do_not_overflow() -> None:
    often = 2**40
    assert ranking.area(np.array([0, often]), np.array([often, often])) == 0.75


# -- refusals -------------------------------------------------------------------------------------

FINE = seen([0.2, 0.4, 0.9], [0, 1, 1])


@pytest.mark.parametrize(
    "outcomes",
    [
        [True, None, False],
        [1, NAN, 0],
        [True, pd.NA, 0],
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([1, None, 0], dtype="Int64"),
        np.array([1, np.nan, 0], dtype=object),
    ],
    ids=range(6),
)
def test_outcomes_that_are_not_known_may_be_missing_in_any_way(outcomes: Any) -> None:
    found = evaluate_scores_from_arrays([0.9, 0.5, 0.1], outcomes, risky="high")
    assert (found.auc, found.n, found.n_open) == (1.0, 2, 1)


m: Any = evaluate_scores_from_arrays
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: m([1], [1], risky="up"), "risky must be one of 'high', 'low'"),
    (lambda: m(["a"], [1], risky="high"), "scores must be numbers: got list"),
    (lambda: m([[1]], [1], risky="high"), "scores must be one-dimensional: got 2 dimensions"),
    (
        lambda: m([1, math.inf], [1, 1], risky="high"),
        r"scores must be finite or NaN: 1 of 2 rows is not \(first at row 1\)",
    ),
    (
        lambda: m([1, 2], [1], risky="high"),
        r"outcomes must be True or False, 1 or 0, or None .*: got shape \(1,\), not \(2,\)",
    ),
    (
        lambda: m([1, 2, 3], [2, 0, 0.5], risky="high"),
        r"outcomes must be .*: 2 of 3 rows are not \(first at row 0\)",
    ),
    (lambda: m([1, 2], [None, "1"], risky="high"), "outcomes must be .*: got list"),
    (lambda: m([1], ["1"], risky="high"), "outcomes must be .* for each score: got list"),
    (lambda: m([1, 2], [[1], [1, 2]], risky="high"), "outcomes must be .*: got list"),
    (lambda: m([1, 2], [None, "x"], risky="high"), "outcomes must be .*: got list"),
    (FINE.top, "k must be given, or share, and not both"),
    (lambda: FINE.top(k=1, share=0.5), "k must be given, or share, and not both"),
    (lambda: FINE.top(k=0), "k must be at least 1: got less"),
    (lambda: FINE.top(share=0), "share must be above 0 and at most 1: got 0"),
    (lambda: FINE.top(share=1.5), "share must be above 0 and at most 1: got 1.5"),
    (lambda: FINE.alarm(NAN), "threshold must be finite: got nan"),
    (lambda: FINE.auc_interval(1), "confidence must be"),
    (lambda: FINE.auc_interval(method="wald"), "method must be one of 'delong', 'hanley_mcneil'"),  # type: ignore[arg-type]
    (lambda: FINE.observed([]), "edges must be one or more finite numbers that rise"),
    (lambda: FINE.observed([0, 0]), "edges must be one or more finite numbers that rise"),
    (lambda: FINE.observed([0, NAN]), "edges must be one or more finite numbers that rise"),
    (lambda: FINE.observed([0.3]), "edges must begin at or below every score"),
    (lambda: FINE.calibration(0), "groups must be at least 1: got less"),
    (
        lambda: FINE.calibration(2).hosmer_lemeshow(outcomes="fitted"),
        "groups must be at least 3 with customers in them: got 2",
    ),
    (
        lambda: FINE.calibration(2).hosmer_lemeshow(outcomes="now"),  # type: ignore[arg-type]
        "outcomes must be one of 'later', 'fitted'",
    ),
    (
        lambda: seen([1, 2, -1, 0.5], [0, 1, 0, 1]).brier,
        "scores must be probabilities of the event: 2 different ones are not from 0 to 1",
    ),
    (
        lambda: seen([0.5], [1], "low").calibration(),
        "scores must be probabilities of the event: low ones are the risky ones",
    ),
]


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=range(len(REFUSED)))
def test_refusals(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        call()


def test_evaluations_of_other_ends_do_not_add() -> None:
    with pytest.raises(InvalidInputError, match=r"options must be .*: these differ: risky"):
        FINE + seen([1], [1], "low")


def test_a_calibration_is_no_statistic() -> None:
    assert not hasattr(Calibration, "__add__")
