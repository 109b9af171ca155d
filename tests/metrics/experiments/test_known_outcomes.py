"""Lifts of counts and columns: published intervals, regression, several treatments."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import Uplift, uplift_from_counts, uplift_from_outcomes
from customerops.metrics.experiments.contrasts import holm
from tests.reference import experiments as slow

counts_: Any = uplift_from_counts
rows_: Any = uplift_from_outcomes


def test_the_physicians_health_study() -> None:
    """Agresti (2007), *An Introduction to Categorical Data Analysis*, 2nd ed., 2.2-2.3: heart
    attacks, 189 of 11034 with placebo, 104 of 11037 with aspirin; relative risk 1.82 (1.43, 2.30)."""
    arms = {"aspirin": (104, 11037), "placebo": (189, 11034)}
    ratio = uplift_from_counts(arms, control="aspirin", definition="ratio")
    low, high = ratio.interval()
    assert float(ratio) == pytest.approx(1.82, abs=0.005)
    assert low[0] == pytest.approx(1.43, abs=0.005)
    assert high[0] == pytest.approx(2.306, abs=0.001)
    error = math.sqrt(1 / 189 - 1 / 11034 + 1 / 104 - 1 / 11037)  # Katz, of the logarithm
    assert math.log(high[0] / low[0]) == pytest.approx(2 * 1.959963985 * error)
    chi2 = 25.0139  # Pearson's, of the same table
    assert ratio.p_values()[0] == pytest.approx(math.erfc(math.sqrt(chi2 / 2)), rel=1e-3)


def test_newcombes_example() -> None:
    """Newcombe (1998), table II, example (a), method 10: 56/70 less 48/80."""
    found = uplift_from_counts({"t": (56, 70), "c": (48, 80)}, control="c")
    low, high = found.interval()
    assert (round(low[0], 4), round(high[0], 4)) == (0.0524, 0.3339)
    assert found.interval(method="newcombe") == found.interval()


def test_means_by_hand() -> None:
    """4, 6, 8 against 1, 2, 3: a difference of 4, variances 4/3 and 1/3, 2.94 degrees."""
    found = uplift_from_outcomes([4, 6, 8, 1, 2, 3], list("tttccc"), control="c")
    low, high = found.interval()
    assert float(found) == 4
    df = (5 / 3) ** 2 / ((4 / 3) ** 2 / 2 + (1 / 3) ** 2 / 2)
    assert df == pytest.approx(2.941, abs=1e-3)
    half = 3.2186 * math.sqrt(5 / 3)  # Student's 97.5 % of 2.941 degrees
    assert [low[0], high[0]] == pytest.approx([4 - half, 4 + half], abs=2e-3)
    assert float(found.defined_as("ratio")) == 3
    low, high = found.defined_as("ratio").interval()
    spread = 3.2186 * math.sqrt((4 / 3) / 36 + (1 / 3) / 4)
    assert math.log(high[0] / 3) == pytest.approx(spread, abs=1e-3)
    assert math.log(3 / low[0]) == pytest.approx(spread, abs=1e-3)
    assert uplift_from_outcomes([4, 6, 8, 1, 2, 3], list("tttccc"), control="c", scale=100).value[
        0
    ] == pytest.approx(0.04)


@given(st.integers(0, 2**32))
def test_adjusted_as_a_regression_is(seed: int) -> None:
    """The coefficient of the arm in a regression of the outcome on arms and covariate."""
    rng = np.random.default_rng(seed)
    arms = np.array(["c", "t", "u"])[rng.integers(0, 3, 40)]
    x = rng.integers(-5, 50, 40)
    y = 2 * x + rng.integers(0, 30, 40) + 5 * (arms == "t")
    if len(set(arms)) < 3:
        return
    found = uplift_from_outcomes(y, arms, control="c", covariate=x)
    design = np.column_stack([np.ones(40), arms == "t", arms == "u", x]).astype(float)
    by_least_squares = np.linalg.lstsq(design, y.astype(float), rcond=None)[0]
    assert found.value == pytest.approx(by_least_squares[1:3], rel=1e-9, abs=1e-9)
    assert found.theta == pytest.approx(by_least_squares[3])
    rows = list(zip(arms.tolist(), y.tolist(), x.tolist(), strict=True))
    plain = [(arm, one, 0) for arm, one, _ in rows]
    for place, arm in enumerate(found.treatments):
        _, *own = slow.lift(rows, arm, "c")
        _, *bare = slow.lift(plain, arm, "c")
        assert found.variance_reduction[place] == pytest.approx(float(1 - sum(own) / sum(bare)))


def test_a_covariate_that_explains_all_or_nothing() -> None:
    arms = list("tttccc")
    x = [1, 2, 3, 2, 3, 1]
    explained = uplift_from_outcomes([11, 12, 13, 2, 3, 1], arms, control="c", covariate=x)
    assert float(explained) == 10
    assert explained.variance_reduction.tolist() == [1]
    assert [bound[0] for bound in explained.interval()] == [10, 10]
    assert np.isnan(explained.p_values()).all()
    flat = uplift_from_outcomes([4, 6, 8, 1, 2, 3], arms, control="c", covariate=[7] * 6)
    plain = uplift_from_outcomes([4, 6, 8, 1, 2, 3], arms, control="c")
    assert flat.theta == 0
    assert flat.value.tolist() == plain.value.tolist()
    assert flat.interval() == plain.interval()
    assert flat.variance_reduction.tolist() == [0]
    still = uplift_from_outcomes([1, 1, 1, 1], list("ttcc"), control="c")
    assert np.isnan(still.variance_reduction).all()


def test_an_adjusted_ratio_is_of_the_adjusted_difference() -> None:
    y, x = [14, 26, 38, 31, 12, 23], [1, 2, 3, 3, 1, 2]
    found = uplift_from_outcomes(y, list("tttccc"), control="c", covariate=x, definition="ratio")
    difference = float(found.defined_as("difference"))
    assert float(found) == pytest.approx((22 + difference) / 22)
    low, high = found.interval()
    plain = uplift_from_outcomes(y, list("tttccc"), control="c", definition="ratio")
    assert high[0] - low[0] < np.subtract(*plain.interval()[::-1])[0]


@given(st.integers(0, 2**32), st.booleans())
def test_fieller_is_where_the_test_turns(seed: int, adjusted: bool) -> None:
    """Each bound r: treated - r control is t standard errors from 0, by its own variance."""
    rng = np.random.default_rng(seed)
    arms = ["t"] * 30 + ["c"] * 30
    x = rng.integers(0, 20, 60)
    y = x + rng.integers(20, 60, 60)
    found = uplift_from_outcomes(
        y, arms, control="c", covariate=x if adjusted else None, definition="ratio"
    )
    low, high = found.interval(method="fieller")
    assert low[0] < float(found) < high[0]
    theta = found.theta
    t_rows, c_rows = y[:30] - theta * x[:30], y[30:] - theta * x[30:]
    variances = [np.var(rows, ddof=1) / 30 for rows in (t_rows, c_rows)]
    df = sum(variances) ** 2 / sum(v**2 / 29 for v in variances)
    base = y[30:].mean()
    treated = base + float(found.defined_as("difference"))
    from scipy.special import stdtrit

    for r in (low[0], high[0]):
        # treated - r base = (mean of t) - (mean of c, adjusted) + (1 - r) base
        shared = (1 - r) * y[30:] - c_rows
        error = math.sqrt(variances[0] + np.var(shared, ddof=1) / 30)
        assert abs(treated - r * base) == pytest.approx(-stdtrit(df, 0.025) * error, rel=1e-6)


def test_a_control_that_may_be_zero() -> None:
    found = counts_({"t": (5, 10), "c": (1, 10)}, control="c", definition="ratio")
    assert [bound[0] for bound in found.interval(method="fieller")] == [-math.inf, math.inf]
    none = counts_({"t": (5, 10), "c": (0, 10)}, control="c", definition="ratio")
    assert np.isnan(none.value).all()
    for method in ("log", "fieller"):
        assert np.isnan(none.interval(method=method)).all()
    zero = counts_({"t": (0, 10), "c": (5, 10)}, control="c", definition="ratio")
    assert float(zero) == 0
    assert np.isnan(zero.interval()).all()
    one = rows_([3, 1, 2], list("tcc"), control="c", definition="ratio")
    assert float(one) == 2
    assert np.isnan(one.interval(method="fieller")).all()
    assert np.isnan(one.interval(method="log")).all()
    assert np.isnan(rows_([3, 1, 2], list("tcc"), control="c").interval()).all()
    wide = rows_([1, 900_000_000, 1, 2], list("ttcc"), control="c", definition="ratio")
    assert wide.interval(1 - 1e-12)[1][0] > 1e300  # and no overflow


def test_several_treatments() -> None:
    arms = {"c": (100, 1000), "a": (130, 1000), "b": (125, 1000), "d": (101, 1000)}
    found = uplift_from_counts(arms, control="c")
    assert found.treatments == ("a", "b", "d")
    p = found.p_values()
    alone = uplift_from_counts({"c": arms["c"], "b": arms["b"]}, control="c")
    assert found.select(arm=["b", "c"]).value == alone.value
    assert p[1] == alone.p_values()[0]
    adjusted = found.p_values(adjust="holm")
    assert adjusted[0] == 3 * p[0]
    assert adjusted[1] == max(3 * p[0], 2 * p[1])
    low, high = found.interval(adjust="bonferroni")
    each_low, each_high = found.interval(1 - 0.05 / 3)
    assert low == pytest.approx(each_low)
    assert high == pytest.approx(each_high)
    assert (low < found.interval()[0]).all()
    with pytest.raises(InvalidInputError, match="uplift must have one treatment to be one number"):
        float(found)
    frame = found.to_frame(adjust="bonferroni")
    assert frame["arm"].tolist() == ["a", "b", "d"]
    assert frame["low"].tolist() == low.tolist()
    assert frame["control"].tolist() == [1000] * 3
    assert found.defined_as("ratio").p_values().tolist() == p.tolist()


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03, 0.02]) == [0.06, 0.04, 0.06, 0.06]
    assert holm([0.5, math.nan, 0.4]) == [0.8, pytest.approx(math.nan, nan_ok=True), 0.8]
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


def test_truths_and_numbers() -> None:
    truths = uplift_from_outcomes([True, False, True, False], list("ttcc"), control="c")
    assert truths.by_arm.total.tolist() == [2, 2]
    same = uplift_from_counts({"t": (1, 2), "c": (1, 2)}, control="c")
    assert truths.interval() == same.interval()
    adjusted = uplift_from_outcomes(
        [True, False, True, False], list("ttcc"), control="c", covariate=[1, 0, 1, 1]
    )
    with pytest.raises(InvalidInputError, match="method must be one of 'welch'"):
        adjusted.interval(method="newcombe")
    huge = uplift_from_outcomes([10**20, 2, 1, 3], np.array([1, 1, 0, 0]), control=0)
    assert huge.by_arm.sum.tolist() == [4, 10**20 + 2]


def test_rows_of_disjoint_customers_add() -> None:
    y, x, arms = [3, 1, 4, 1, 5, 9], [2, 7, 1, 8, 2, 8], list("tctctc")
    whole = uplift_from_outcomes(y, arms, control="c", covariate=x)
    parts = [
        uplift_from_outcomes(y[a:b], arms[a:b], control="c", covariate=x[a:b])
        for a, b in ((0, 2), (2, 6))
    ]
    assert parts[0] + parts[1] == whole
    assert pickle.loads(pickle.dumps(whole)) == whole


def test_shown() -> None:
    found = uplift_from_counts(
        {"t": (12, 100), "c": (9, 100)}, control="c", weights={"t": 1, "c": 1}
    )
    assert repr(found) == (
        "Uplift(metric='uplift', definition='difference', value=[0.03], customers=200,"
        " sample ratio p_value=1)"
    )
    assert "uplift (difference): sample ratio p_value=1" in found._repr_html_()
    assert found.flagged is False
    assert isinstance(found + found, Uplift)


REFUSED: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (counts_, ({"a": (1, 2)},), {}, "arms must have two arms or more: got 1"),
    (counts_, ({"a": (1, 2), "b": 3},), {}, "arms must have a count and a total each: got int"),
    (counts_, ({"a": (3, 2), "c": (1, 2)},), {}, "count of an arm must be at most 2"),
    (counts_, ({"a": (1, -2), "c": (1, 2)},), {}, "total of an arm must be at least 0"),
    (counts_, ({"a": (1, 2), "b": (1, 2)},), {}, "control must be one of the arms: it is not"),
    (
        counts_,
        ({"a": (1, 2), "c": (1, 2)},),
        {"weights": {"a": 1, "b": 1}},
        "weights must be of the same arms: they are of others",
    ),
    (counts_, ({"a": (1, 2), "c": (1, 2)},), {"definition": "x"}, "definition must be one of"),
    (rows_, ([1, 2], ["a"]), {}, "arms must be as long as outcomes: got 1 and 2 rows"),
    (rows_, ([1, 2], "ac"), {}, "arms must be a column of arms: got str"),
    (rows_, ([1, 2], 3), {}, "arms must be a column of arms: got int"),
    (rows_, ([1, 2], ["a", None]), {}, "arms must name an arm by a str"),
    (rows_, ([1, 2], ["c", "c"]), {}, "arms must be two or more: got 1"),
    (rows_, ([], []), {}, "control must be one of the arms"),
    (rows_, ([1, 2.5], ["a", "c"]), {}, "outcomes must be whole numbers"),
    (rows_, ([[1], [2]], ["a", "c"]), {}, "outcomes must be one column: got 2 dimensions"),
    (rows_, ([1, 2], ["a", "c"]), {"covariate": [1]}, "covariate must be as long as outcomes"),
    (rows_, ([1, 2], ["a", "c"]), {"scale": 0}, "scale must be at least 1"),
]


@pytest.mark.parametrize(("function", "given_", "options", "message"), REFUSED)
def test_refused(
    function: Any, given_: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        function(*given_, **{"control": "c", **options})


def test_options_of_the_result() -> None:
    found = uplift_from_counts({"t": (12, 100), "c": (9, 100)}, control="c")
    for call, message in (
        (lambda: found.interval(2), "confidence must be between 0 and 1"),
        (lambda: found.interval(method="log"), "method must be one of 'newcombe'"),
        (lambda: found.interval(adjust="holm"), "adjust must be one of 'none', 'bonferroni'"),  # type: ignore[arg-type]
        (lambda: found.p_values(adjust="x"), "adjust must be one of 'none', 'holm'"),  # type: ignore[arg-type]
        (lambda: found.defined_as("odds"), "definition must be one of"),  # type: ignore[arg-type]
        (lambda: found.rollup("arm"), "axes must be the arms, the control among them"),
        (lambda: found.select(arm=["t"]), "a lift is against the control"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            call()
