"""Uplift of a log: by hand, and customer by customer on random logs."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.metrics import (
    Experiment,
    Uplift,
    sample_ratio_check,
    sample_size,
    uplift,
    uplift_from_counts,
)
from customerops.model import Calendar, Customer, Grouping, Interaction, Money, attribute, first
from tests.metrics.contracts import DAY, US, utc
from tests.reference import experiments as slow

CASES = json.loads(
    (Path(__file__).parents[2] / "cases" / "experiments.json").read_text(encoding="utf-8")
)["cases"]
CASE = {case["id"]: case for case in CASES}["experiment-uplift-srm-power"]

BERLIN = Calendar("Europe/Berlin")
MONTH = 30 * DAY
LAUNCH = utc("2026-03-28T12:00")  # a day before the clocks change in Berlin
NOW = utc("2026-05-15")
TRIAL = Experiment(key="trial", arms={"control": 1, "mail": 1}, control="control")
up: Any = uplift


def event(who: Any, what: str, at: dt.datetime, amount: str | None = None) -> Interaction:
    money = None if amount is None else Money(amount, "EUR")
    return Interaction(customer_id=who, kind=what, at=at, amount=money)


def log_of(rows: list[Interaction], as_of: dt.datetime = NOW) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=BERLIN, currency="EUR").until(as_of)


def test_the_worked_case() -> None:
    given_, expected = CASE["inputs"], CASE["expected"]
    near = {"abs": CASE["tolerance"]}
    arms = {"control": given_["control"], "treated": given_["treated"]}
    found = uplift_from_counts(arms, control="control")
    low, high = found.interval()
    assert float(found) == pytest.approx(expected["difference"], **near)
    assert [low[0], high[0]] == pytest.approx(expected["interval"], **near)
    ratio = found.defined_as("ratio")
    assert float(ratio) == pytest.approx(expected["risk_ratio"], **near)
    check = sample_ratio_check(given_["assigned"], weights=given_["planned"])
    assert check.statistic == pytest.approx(expected["srm_chi2"], **near)
    assert check.p_value == pytest.approx(expected["srm_p"], **near)
    assert check.flagged
    asked = given_["power"]
    size = sample_size(
        baseline=asked["p1"],
        effect=asked["p2"] - asked["p1"],
        alpha=asked["alpha"],
        power=asked["power"],
    )
    assert size.control == size.treated == expected["sample_size_per_arm"]


# -- by hand --------------------------------------------------------------------------------------

ARMS = {"a": "mail", "b": "mail", "c": "mail", "d": "none", "e": "none"}
ROWS = [
    event("a", "purchase", LAUNCH - US, "3"),  # before
    event("a", "purchase", LAUNCH, "10"),  # at the start
    event("a", "purchase", LAUNCH + DAY, "5.50"),
    event("b", "purchase", LAUNCH + MONTH, "99"),  # as the window closes: too late
    event("d", "purchase", LAUNCH + MONTH - US, "2"),
    event("d", "refund", LAUNCH + 2 * DAY, "-1"),
    event("x", "purchase", LAUNCH + DAY, "1"),  # in no arm
]
ASK: dict[str, Any] = {
    "arms": ARMS,
    "control": "none",
    "outcome": "purchase",
    "start": LAUNCH,
    "window": MONTH,
}


def test_everybody_assigned_counts() -> None:
    found = uplift(log_of(ROWS), **ASK)
    assert found.axes[0].labels == ("mail", "none")
    assert found.customers.tolist() == [3, 2]
    assert found.by_arm.count.tolist() == [1, 1]
    assert found.by_arm.total.tolist() == [3, 2]
    assert float(found) == pytest.approx(1 / 3 - 1 / 2)
    assert float(uplift(log_of(ROWS), definition="ratio", **ASK)) == pytest.approx(2 / 3)
    assert found.control == "none"
    assert found.treatments == ("mail",)
    assert found.complete.all()
    assert found.sample_ratio is None
    assert not found.flagged
    assert "sample ratio not checked" in repr(found)


def test_events_and_amounts() -> None:
    events = uplift(log_of(ROWS), measure="events", **ASK)
    assert events.by_arm.sum.tolist() == [2, 1]
    both = {**ASK, "outcome": {"purchase", "refund"}}
    paid = uplift(log_of(ROWS), measure="amount", covariate=DAY, **both)
    assert paid.by_arm.sum.tolist() == [1550, 100]
    assert paid.by_arm.value.tolist() == [pytest.approx(15.5 / 3), 0.5]
    assert paid.parts["x"].tolist() == [300, 0]
    assert paid.parts["xy"].tolist() == [300 * 1550, 0]
    assert paid.context.currency == "EUR"
    plain = uplift(log_of(ROWS), measure="amount", **both)
    assert float(plain) == pytest.approx(15.5 / 3 - 0.5)
    nothing = uplift(log_of(ROWS), measure="amount", **{**ASK, "outcome": "never"})
    assert nothing.context.currency is None
    assert float(nothing) == 0


def test_windows_that_are_open() -> None:
    shut = LAUNCH + MONTH
    closed = uplift(log_of(ROWS, shut - US), **ASK)
    assert closed.immature.tolist() == [0, 0]
    assert closed.customers.tolist() == [3, 2]
    young = uplift(log_of(ROWS, shut - 2 * US), **ASK)
    assert young.immature.tolist() == [3, 2]  # those who never came, too
    assert young.customers.tolist() == [0, 0]
    assert np.isnan(young.value).all()
    assert not young.complete.any()
    assert np.isnan(young.interval()).all()
    assert np.isnan(young.p_values()).all()
    assert young.sample_ratio is None
    counted = uplift(log_of(ROWS, shut - 2 * US), weights={"mail": 3, "none": 2}, **ASK)
    assert counted.sample_ratio is not None
    assert counted.sample_ratio.count.tolist() == [3, 2]


def test_each_from_the_day_they_were_assigned() -> None:
    def assigned(who: str, arm: str, at: dt.datetime) -> Interaction:
        return Interaction(customer_id=who, kind="assigned", at=at, attributes={"arm": arm})

    rows = [
        assigned("a", "mail", LAUNCH),
        event("a", "purchase", LAUNCH),  # at one instant, after it
        assigned("a", "mail", LAUNCH + 5 * DAY),  # once more: the first counts
        event("b", "purchase", LAUNCH),  # at one instant, before it
        assigned("b", "none", LAUNCH),
        assigned("c", "none", NOW - DAY),
        event("c", "purchase", NOW),
        event("d", "purchase", LAUNCH + DAY),  # was never assigned
    ]
    log = InteractionLog.from_interactions(rows, calendar=BERLIN, attributes=["arm"]).until(NOW)
    options = {**ASK, "arms": first("arm", where="assigned"), "start": "assigned"}
    found = uplift(log, weights={"mail": 1, "none": 1}, **options)
    assert found.by_arm.count.tolist() == [1, 0]
    assert found.by_arm.total.tolist() == [1, 1]
    assert found.immature.tolist() == [0, 1]
    assert found.complete.tolist() == [True, False]
    assert found.sample_ratio is not None
    assert found.sample_ratio.count.tolist() == [1, 2]
    by_rule = uplift(
        log, weights={"mail": 1, "none": 1}, **{**options, "start": attribute("arm") == "mail"}
    )
    assert by_rule.customers.tolist() == [1, 0]


def test_the_edges_of_the_windows() -> None:
    rows = [
        event("a", "purchase", LAUNCH - DAY, "7"),  # a day before, to the instant: still before
        event("a", "purchase", LAUNCH - DAY - US, "90"),
        event("d", "purchase", LAUNCH),
    ]
    paid = uplift(log_of(rows), measure="amount", covariate=DAY, **ASK)
    assert paid.parts["x"].tolist() == [700, 0]
    assert paid.parts["y"].tolist() == [0, 0]  # one without an amount
    own = {**ASK, "start": "purchase", "measure": "events"}  # from the first purchase on
    found = uplift(log_of(rows), **own)
    assert found.parts["n"].tolist() == [1, 1]  # b, c and e have no start
    assert found.parts["y"].tolist() == [2 - 1, 0]  # and the first itself does not count


def test_an_experiment_is_over_who_was_known_by_the_start() -> None:
    ids = [f"c{i}" for i in range(30)]
    rows = [event(one, "visit", LAUNCH) for one in ids]
    rows += [event("late", "purchase", LAUNCH + US), event("c0", "purchase", LAUNCH + DAY)]
    people = [Customer(id="quiet", created_at=LAUNCH - DAY), Customer(id="q2", created_at=NOW)]
    log = log_of(rows, NOW).with_customers(people)
    options = {k: v for k, v in ASK.items() if k not in ("arms", "control")}
    found = uplift(log, arms=TRIAL, **options)
    arms = [TRIAL.arm(one) for one in [*ids, "quiet"]]
    expected = [arms.count("control"), arms.count("mail")]
    assert found.customers.tolist() == expected
    assert found.by_arm.count.sum() == 1
    check = found.sample_ratio
    assert check is not None
    assert check.p_value == sample_ratio_check(expected, weights=[1, 1]).p_value
    by = uplift(log, arms=TRIAL.grouping(), control="control", **options)
    assert by.parts["n"].tolist() == expected
    assert by.sample_ratio is None


def test_a_mismatch_is_said() -> None:
    arms = {i: "mail" if i < 60 else "none" for i in range(80)}
    log = log_of([event(1, "purchase", LAUNCH)])
    found = uplift(log, weights={"mail": 1, "none": 1}, **{**ASK, "arms": arms})
    assert found.flagged
    assert "SAMPLE RATIO MISMATCH (p_value=7.74e-06): not to be believed" in repr(found)
    assert "SAMPLE RATIO MISMATCH" in found._repr_html_()
    assert found.to_frame()["flagged"].tolist() == [True]
    lenient = uplift(log, weights={"mail": 1, "none": 1}, threshold=1e-7, **{**ASK, "arms": arms})
    assert not lenient.flagged


def test_partitions_are_given_the_whole_mapping() -> None:
    parts = [[e for e in ROWS if str(e.customer_id) in own] for own in ("ab", "cdx", "e")]
    weights = {"mail": 1, "none": 1, "sms": 1}  # nobody was assigned to one of them
    asked = {**ASK, "weights": weights, "covariate": MONTH}
    a, b, c = (uplift(log_of(rows), **asked) for rows in parts)
    whole = uplift(log_of(ROWS), **asked)
    assert a + b + c == whole
    assert whole.customers.tolist() == [3, 2, 0]
    assert np.isnan(whole.value[1])
    assert pickle.loads(pickle.dumps(whole)) == whole
    with pytest.raises(InvalidInputError, match="n must not exceed the customers of the arms"):
        sum([whole] * 3)
    with pytest.raises(InvalidInputError, match="must be the same to add"):
        a + uplift(log_of(ROWS), **{**asked, "arms": {**ARMS, "f": "none"}})


def test_arms_of_an_attribute() -> None:
    people = [
        Customer(id=who, created_at=LAUNCH - DAY, attributes={"arm": arm})
        for who, arm in ARMS.items()
    ]
    log = log_of(ROWS).with_customers(people, attributes=["arm"])
    found = uplift(log, **{**ASK, "arms": "arm"})
    assert found.customers.tolist() == [3, 2]
    assert found.by_arm.count.tolist() == [1, 1]
    only = uplift(log, **{**ASK, "arms": "arm", "control": "nobody"})
    assert only.axes[0].labels == ("mail", "nobody", "none")
    assert np.isnan(only.value).all()


# -- on random logs -------------------------------------------------------------------------------

KINDS = ("purchase", "refund", "start", "visit")
INSTANTS = st.sampled_from(
    [
        *(LAUNCH + step for step in (-3 * DAY, -DAY, -US, 0 * US, US, DAY, 2 * DAY - US, 2 * DAY)),
        utc("2026-03-29T00:59:59"),
        utc("2026-03-29T01:00"),
        LAUNCH + 4 * DAY,
    ]
)
HAPPENED = st.lists(
    st.builds(
        event,
        st.sampled_from(["a", "b", "c", "d", "e", "f"]),
        st.sampled_from(KINDS),
        INSTANTS,
        st.sampled_from([None, "0", "-4.99", "0.01", "100000000000.00"]),
    ),
    max_size=25,
)
ASSIGNED = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "e", "nobody", "none2"]),
    st.sampled_from(["mail", "none", "sms", None]),
).filter(lambda arms: "none" in arms.values())


@given(
    HAPPENED,
    ASSIGNED,
    st.sampled_from([LAUNCH, LAUNCH + DAY, "start"]),
    st.sampled_from([US, DAY, 2 * DAY]),
    st.sampled_from([None, US, DAY, 10 * DAY]),
    st.sampled_from(["customers", "events", "amount"]),
    st.booleans(),
    INSTANTS,
)
def test_customer_by_customer(
    seen: list[Interaction],
    arms: dict[str, Any],
    start: Any,
    window: dt.timedelta,
    covariate: dt.timedelta | None,
    measure: Any,
    given_as_mapping: bool,
    as_of: dt.datetime,
) -> None:
    log = log_of(seen, as_of)
    here = {str(one.customer_id) for one in seen}
    people = [Customer(id=who, attributes={"arm": arms[who]}) for who in here if arms.get(who)]
    by: Any = arms
    if not given_as_mapping:
        log = InteractionLog.from_interactions(seen, calendar=BERLIN, currency="EUR")
        log = log.with_customers(people, attributes=["arm"]).until(as_of)
        by = Grouping("arm")
    options: Any = {"outcome": {"purchase", "refund"}, "start": start, "window": window}
    found = uplift(log, arms=by, control="none", measure=measure, covariate=covariate, **options)
    closed, waiting = slow.rows(
        seen,
        as_of,
        arms.get,
        start,
        window,
        {"purchase", "refund"},
        measure=measure,
        covariate=covariate,
        everybody=arms if given_as_mapping else (),
    )
    for place, arm in enumerate(found.axes[0].labels):
        own = [(y, x) for of, y, x in closed if of == arm]
        assert found.customers[place] == len(own)
        assert found.immature[place] == waiting.count(arm)
        sums = {"y": [y for y, _ in own], "x": [x for _, x in own]}
        for name, column in sums.items():
            assert int(found.parts[name][place]) == sum(column)
            assert int(found.parts[2 * name][place]) == sum(v * v for v in column)
        assert int(found.parts["xy"][place]) == sum(y * x for y, x in own)
    numbers(found, closed)


def numbers(found: Uplift, closed: list[slow.Row]) -> None:
    """Check the difference and its standard error against the customers themselves."""
    scale = found.context.option("scale", 1)
    given_ = closed if found.adjusted else [(arm, y, 0) for arm, y, _ in closed]
    for treated, value, low, high in zip(
        found.treatments, found.value, *found.interval(), strict=True
    ):
        n, m = ([arm for arm, *_ in given_].count(one) for one in (treated, "none"))
        if min(n, m) < 2:
            assert np.isnan(value) == (min(n, m) == 0)
            continue
        difference, *errors = slow.lift(given_, treated, "none")
        assert value == pytest.approx(float(difference / scale), rel=1e-12, abs=1e-12)
        if found.adjusted or found.context.option("measure") != "customers":
            error = float(sum(errors)) ** 0.5 / scale
            assert high - low == pytest.approx(2 * half(errors, n, m, error), rel=1e-9, abs=1e-9)


def half(errors: list[Fraction], n: int, m: int, error: float) -> float:
    from scipy.special import stdtrit

    a, b = errors
    df = float((a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))) if a + b else min(n, m) - 1
    return -float(stdtrit(df, 0.025)) * error


@given(HAPPENED, ASSIGNED, st.data())
def test_any_partition_adds(seen: list[Interaction], arms: dict[str, Any], data: Any) -> None:
    side = {who: data.draw(st.integers(0, 2)) for who in "abcdef"}
    options: Any = {**ASK, "arms": arms, "window": DAY, "measure": "amount", "covariate": DAY}
    whole = uplift(log_of(seen), **options)
    parts = [
        uplift(log_of([e for e in seen if side[str(e.customer_id)] == one]), **options)
        for one in range(3)
    ]
    assert parts[2] + (parts[0] + parts[1]) == whole
    assert sum(parts) == whole


# -- refused --------------------------------------------------------------------------------------

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"control": None}, "control must be given: without one there is only a change"),
    ({"control": "x"}, "control must be one of the arms: nobody is in it"),
    ({"control": 1.5}, "control must name an arm by a str, an int or a bool: got float"),
    ({"arms": TRIAL}, "control must be left out: the experiment says it"),
    (
        {"arms": TRIAL, "control": None, "weights": {"a": 1, "b": 1}},
        "weights must be left out: the experiment says it",
    ),
    ({"arms": 3}, "arms must be an Experiment, a mapping, an attribute or a Grouping: got int"),
    ({"arms": {}}, "groups must hold at least one customer"),
    ({"arms": {1: "none"}}, "groups must have the log's type of customer id"),
    ({"arms": "plan"}, "by must be a customer attribute of the log"),
    ({"weights": {"mail": 1, "sms": 1}}, "weights must be of every arm: one there is has none"),
    ({"weights": {"mail": 1, "none": -1}}, "weights of an arm must be above 0"),
    ({"outcome": 3}, "outcome must be"),
    ({"start": 3}, "start must be"),
    ({"start": dt.datetime(2026, 1, 1)}, "start must be timezone-aware"),  # noqa: DTZ001
    ({"window": 30}, "window must be a timedelta"),
    ({"covariate": -DAY}, "covariate must be longer than zero"),
    ({"measure": "money"}, "measure must be one of 'customers', 'events', 'amount'"),
    ({"definition": "odds"}, "definition must be one of 'difference', 'ratio'"),
    ({"threshold": 2}, "threshold must be between 0 and 1"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[said for _, said in REFUSED])
def test_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        up(log_of(ROWS), **{**ASK, **options})


def test_amounts_are_needed_and_an_instant() -> None:
    bare = InteractionLog.from_arrays(
        customer_id=["a", "d"], kind=["purchase"] * 2, at=[LAUNCH, LAUNCH], calendar=BERLIN
    )
    with pytest.raises(InvalidInputError, match="amount"):
        up(bare.until(NOW), **{**ASK, "measure": "amount"})
    with pytest.raises(InvalidInputError, match="as_of must be given"):
        up(bare, **ASK)
    assert up(bare, as_of=NOW, **ASK).context.as_of == up(bare.until(NOW), **ASK).context.as_of
