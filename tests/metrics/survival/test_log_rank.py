"""The log-rank test against publications, lifelines, and people one by one in fractions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import LogRank, kaplan_meier, logrank
from customerops.model import Axis, EventTable, Spells
from customerops.model.log.records import code_labels
from customerops.model.tables.tables import Context
from tests.metrics.survival.test_survival import DATA, DAY, MP6, PEER, SEEN, contracts
from tests.reference import survival as reference

# Freireich et al. 1963: weeks in remission under a placebo, all relapses seen
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TRIAL = (MP6 + PLACEBO, SEEN + [1] * 21)
ARMS = ["6-MP"] * 21 + ["placebo"] * 21
DEFINITIONS: tuple[Any, ...] = ("log_rank", "gehan", "tarone_ware", "peto_peto")


def test_the_published_test_of_6_mp() -> None:
    """Kalbfleisch and Prentice (2002), section 1.4, and Collett: 16.79; Gehan's 13.46."""
    test = logrank(*TRIAL, by=ARMS)
    assert test.groups.labels == ("6-MP", "placebo")
    assert test.lives.tolist() == [21, 21]
    assert test.observed.tolist() == [9, 21]
    assert test.expected == pytest.approx([19.25, 10.75], abs=0.005)
    assert test.statistic == pytest.approx(16.79, abs=0.005)
    assert test.degrees_of_freedom == 1
    assert test.p_value == pytest.approx(4.17e-5, abs=1e-7)
    assert logrank(*TRIAL, by=ARMS, definition="gehan").statistic == pytest.approx(
        13.46, abs=0.005
    )


def test_the_published_test_of_larynx_stages() -> None:
    """Klein and Moeschberger (2003), example 7.4 and R's survdiff: 22.8 with 3 degrees."""
    case = PEER["larynx"]
    test = logrank(case["durations"], case["observed"], by=case["group"])
    assert test.statistic == pytest.approx(22.8, abs=0.05)
    assert test.degrees_of_freedom == 3


@pytest.mark.parametrize("definition", DEFINITIONS)
@pytest.mark.parametrize("name", DATA)
def test_it_is_that_of_lifelines(name: str, definition: Any) -> None:
    case = PEER[name]
    test = logrank(case["durations"], case["observed"], by=case["group"], definition=definition)
    statistic, df, p = case["logrank"][definition]
    assert test.statistic == pytest.approx(statistic, rel=1e-8)
    assert test.degrees_of_freedom == df
    assert test.p_value == pytest.approx(p, rel=1e-8)


def test_the_weights_by_hand() -> None:
    # at 1: 4 at risk, 2 of them a, one a ends; at 2: 3 at risk, 1 a, one b ends; then 2, 1 of each
    lives = ([1, 2, 3, 4], [1, 1, 1, 0])
    share = (1 / 2, 1 / 3, 1 / 2)
    weights = {
        "log_rank": (1, 1, 1),
        "gehan": (4, 3, 2),
        "tarone_ware": (2, math.sqrt(3), math.sqrt(2)),
        "peto_peto": (4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 * 2 / 3),
    }
    for definition in DEFINITIONS:
        w = weights[definition]
        test = logrank(*lives, by=["a", "b", "b", "a"], definition=definition)
        score = w[0] * (1 - share[0]) + w[1] * (0 - share[1]) + w[2] * (0 - share[2])
        variance = sum(x * x * p * (1 - p) for x, p in zip(w, share, strict=True))
        assert test.score == pytest.approx([score, -score])
        assert test.covariance[0] == pytest.approx([variance, -variance])
        assert test.statistic == pytest.approx(score**2 / variance)


def test_strata_are_compared_within() -> None:
    durations, observed = TRIAL
    sex = ["f", "m", "m"] * 14
    whole = logrank(durations, observed, by=ARMS, strata=sex)
    parts = [
        logrank(
            [t for t, s in zip(durations, sex, strict=True) if s == one],
            [e for e, s in zip(observed, sex, strict=True) if s == one],
            by=[arm for arm, s in zip(ARMS, sex, strict=True) if s == one],
        )
        for one in "fm"
    ]
    assert whole.score == pytest.approx(sum(part.score for part in parts))
    assert whole.covariance == pytest.approx(sum(part.covariance for part in parts))
    assert whole.expected == pytest.approx(sum(part.expected for part in parts))
    assert whole.observed.tolist() == [9, 21]
    assert [axis.name for axis in whole.table.outer] == ["stratum", "group"]
    assert whole.context.option("strata") == "stratum"
    with pytest.raises(InvalidInputError, match="stratum must have each customer in one cell"):
        whole.table.rollup("stratum")
    assert whole.table.rollup("group").shape == (2,)


def test_groups_that_were_never_at_risk_together_are_not_compared() -> None:
    # c and d live in a stratum of their own: two comparisons, not three
    test = logrank(
        [1, 2, 3, 1, 2, 3],
        [1, 1, 1, 1, 1, 1],
        by=["a", "b", "a", "c", "d", "c"],
        strata=[1, 1, 1, 2, 2, 2],
    )
    assert test.degrees_of_freedom == 2
    apart = logrank([1, 2, 3], [1, 1, 1], by=["a", "b", "a"])
    assert test.statistic == pytest.approx(2 * apart.statistic)


def test_without_a_comparison_it_is_not_a_number() -> None:
    for test in (
        logrank([], [], by=[]),
        logrank([1, 2], [1, 1], by=["a", "a"]),
        logrank([1, 2], [0, 0], by=["a", "b"]),
        logrank([3, 9], [1, 1], entry=[1, 5], by=["a", "b"]),
    ):
        assert math.isnan(test.statistic)
        assert math.isnan(test.p_value)
        assert test.degrees_of_freedom == 0


LABELS = ("a", "b", "c", "d")


@st.composite
def members(draw: st.DrawFn) -> list[reference.Member]:
    out: list[reference.Member] = []
    for _ in range(draw(st.integers(0, 14))):
        end = draw(st.integers(1, 6))
        begin = draw(st.integers(0, end - 1))
        life = (end, draw(st.booleans()), begin)
        out.append((life, draw(st.sampled_from(LABELS)), draw(st.sampled_from("xy"))))
    return out


def compared(people: list[reference.Member], **options: Any) -> LogRank:
    return logrank(
        [end for (end, _, _), _, _ in people],
        [seen for (_, seen, _), _, _ in people],
        entry=[begin or 0 for (_, _, begin), _, _ in people],
        by=[group for _, group, _ in people],
        **options,
    )


@pytest.mark.parametrize(("definition", "power"), [("log_rank", 0), ("gehan", 1)])
@given(people=members())
def test_it_is_that_of_people(definition: Any, power: int, people: list[reference.Member]) -> None:
    test = compared(people, strata=[s for _, _, s in people], definition=definition)
    groups = sorted({group for _, group, _ in people})
    score, covariance = reference.logrank(people, groups, power)
    assert test.groups.labels == tuple(groups)
    assert test.score == pytest.approx(np.array(score, float), abs=1e-9)
    expected = np.array(covariance, float).reshape(len(groups), len(groups))
    assert test.covariance == pytest.approx(expected, abs=1e-9)
    statistic, df = reference.chi_squared(score, covariance)
    assert test.degrees_of_freedom == df
    assert test.statistic == pytest.approx(float(statistic) if df else math.nan, nan_ok=True)


@given(members(), members())
def test_tests_of_different_customers_add(
    a: list[reference.Member], b: list[reference.Member]
) -> None:
    assert compared(a) + compared(b) == compared(a + b) == sum([compared(b), compared(a)])


def test_weights_are_repetitions() -> None:
    once = logrank([1, 2, 3], [1, 0, 1], by=["a", "b", "b"], weights=[2, 1, 3])
    assert once == logrank([1, 1, 2, 3, 3, 3], [1, 1, 0, 1, 1, 1], by=[*"aabbbb"])


def test_of_spells_and_of_their_curves() -> None:
    spells = contracts()
    test = logrank(spells, by="plan", unit=DAY)
    assert test.observed.tolist() == [1, 2]
    assert logrank(kaplan_meier(spells, by="plan", unit=DAY)) == test
    assert test.context.by == "plan"
    alike = logrank(country(spells), by="plan", strata="country", unit=DAY)
    assert alike.statistic == pytest.approx(test.statistic)
    assert alike.context.option("strata") == "country"


def country(spells: Spells) -> Spells:
    """Return spells of one country."""
    column = code_labels(["NZ"] * len(spells))
    return attrs.evolve(spells, attributes={**spells.attributes, "country": column})


def test_what_it_shows() -> None:
    test = logrank(*TRIAL, by=ARMS)
    frame = test.to_frame()
    assert frame.columns.tolist() == ["group", "lives", "observed", "expected"]
    assert repr(test) == "LogRank(2 groups, statistic=16.7929, df=1)"
    assert "placebo" in test._repr_html_()
    assert test.select(group=["placebo"]).observed.tolist() == [21]
    assert test != 1
    assert test != logrank(*TRIAL, by=ARMS[::-1])
    with pytest.raises(TypeError, match="unhashable"):
        hash(test)


def one_group() -> EventTable:
    return kaplan_meier([1, 2], [1, 1])


def too_many() -> EventTable:
    axes = [Axis(name, ["x"], "group") for name in "abc"]
    return EventTable.from_rows([1], [1], outer=axes, codes=[0], context=Context("km"))


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: logrank([1], [1]), "by must be given: it says what the groups are"),
    (lambda: logrank(contracts(), unit=DAY), "by must be given"),
    (
        lambda: logrank([1], [1], by=["a"], definition="logrank"),  # type: ignore[arg-type]
        "definition must be one of 'log_rank', 'gehan', .*did you mean 'log_rank'",
    ),
    (lambda: logrank([1], [1], by=["a"], strata=["b", "c"]), "strata must be a label for each"),
    (lambda: logrank(one_group()), r"table must have an axis of groups, and at most strata: got"),
    (lambda: logrank(too_many()), r"and at most strata: got \['a', 'b', 'c'\]"),
    (lambda: logrank(one_group(), by=["a"]), "by must be left out with a table: it is in them"),
    (
        lambda: logrank(contracts(), unit=DAY, by="plan", strata="plam"),
        "strata must be an attribute of the spells: got 'plam', did you mean 'plan'",
    ),
    (
        lambda: logrank(contracts(), unit=DAY, by="plan", strata="plan"),
        "outer must have different names",
    ),
    (
        lambda: logrank(*TRIAL, by=ARMS) + logrank(*TRIAL, by=ARMS, definition="gehan"),
        "definition must be the same to add results",
    ),
]


@pytest.mark.parametrize(("call", "message"), [pytest.param(c, m, id=m[:40]) for c, m in BAD])
def test_what_cannot_be_tested_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
