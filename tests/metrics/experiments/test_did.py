"""Difference in differences: published means, by hand, and customer by customer on random logs."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import InteractionLog, Window
from customerops.errors import InvalidInputError
from customerops.metrics import (
    Experiment,
    difference_in_differences,
    difference_in_differences_from_outcomes,
    uplift_from_outcomes,
)
from customerops.model import Customer, Interaction, Money
from tests.metrics.contracts import DAY, US, utc
from tests.reference import experiments as slow

MARCH = utc("2026-03-01")
WINDOWS = [Window(MARCH + i * DAY, MARCH + (i + 1) * DAY) for i in range(-2, 2)]
OLDEST, OLD, BEFORE, AFTER = WINDOWS
START: Any = BEFORE.start
NEXT: Any = AFTER.start
END: Any = AFTER.end
NOW = MARCH + 10 * DAY
CITIES = {"a": "Lyon", "b": "Lyon", "c": "Nice", "d": "Nice", "gone": "Lyon"}
did: Any = difference_in_differences
rows_: Any = difference_in_differences_from_outcomes


def event(who: str, at: Any, amount: str | None = None) -> Interaction:
    money = None if amount is None else Money(amount, "EUR")
    return Interaction(customer_id=who, kind="purchase", at=at, amount=money)


def log_of(rows: list[Interaction], as_of: dt.datetime = NOW) -> InteractionLog:
    return InteractionLog.from_interactions(rows, currency="EUR").until(as_of)


ASK: dict[str, Any] = {
    "arms": CITIES,
    "control": "Nice",
    "outcome": "purchase",
    "before": BEFORE,
    "after": AFTER,
}


def test_card_and_krueger() -> None:
    """Card and Krueger (1994), American Economic Review 84, table 3: employment of restaurants in
    New Jersey 20.44 and 21.03, in Pennsylvania 23.33 and 21.17; the difference is 2.76."""
    found = rows_([2044, 2333], [2103, 2117], arms=["NJ", "PA"], control="PA", scale=100)
    assert found.value == pytest.approx(2.76, abs=0.011)
    assert all(math.isnan(bound) for bound in found.interval())  # one restaurant each
    assert math.isnan(found.p_value)


def test_it_is_welch_of_the_changes() -> None:
    before, after = [3, 1, 4, 1, 5, 9], [2, 7, 1, 8, 2, 8]
    found = rows_(before, after, arms=list("tctctc"), control="c")
    changes = [b - a for a, b in zip(before, after, strict=True)]
    welch = uplift_from_outcomes(changes, list("tctctc"), control="c")
    low, high = welch.interval(0.9)
    assert found.value == float(welch)
    assert found.interval(0.9) == (low[0], high[0])
    assert found.p_value == welch.p_values()[0]
    assert float(found) == found.value
    assert found.trends_differ is None
    assert found.complete.all()


EVENTS = [
    event("a", BEFORE.start, "5"),
    event("a", AFTER.start, "7"),
    event("a", END - US, "0.50"),
    event("a", AFTER.end, "99"),  # beyond
    event("b", OLD.start, "1"),
    event("c", NEXT - US, "2"),
    event("x", BEFORE.start, "4"),  # in no group
]


def test_by_hand() -> None:
    found = difference_in_differences(log_of(EVENTS), measure="events", **ASK)
    # changes: a 2 - 1, b 0, gone 0; c 0 - 1, d 0
    assert found.n.tolist() == [3, 2]
    assert found.value == pytest.approx(1 / 3 + 1 / 2)
    paid = difference_in_differences(log_of(EVENTS), measure="amount", **ASK)
    assert paid.value == pytest.approx(2.5 / 3 + 1)
    assert paid.context.currency == "EUR"
    share = difference_in_differences(log_of(EVENTS), **ASK)
    assert share.value == pytest.approx(0 + 1 / 2)
    assert "trends before not checked" in repr(share)


def test_trends_before() -> None:
    found = difference_in_differences(
        log_of(EVENTS), earlier=[OLDEST, OLD], measure="events", **ASK
    )
    assert found.axes[1].labels == (-2, -1, 0)
    # steps: b 0 -> 1, then a 0 -> 1, b 1 -> 0 and c 0 -> 1
    assert found.earlier.tolist() == pytest.approx([1 / 3, -1 / 2])
    assert found.trends_differ is False
    assert repr(found).endswith("customers=5)")
    assert found.value == pytest.approx(1 / 3 + 1 / 2)
    frame = found.to_frame()
    assert frame["step"].tolist() == [-2, -1, 0]
    assert frame["treated"].tolist() == pytest.approx([1 / 3, 0, 1 / 3])
    assert frame["control"].tolist() == [0, 0.5, -0.5]


def test_trends_that_differ_are_said() -> None:
    ids = {f"t{i}": "Lyon" for i in range(20)} | {f"c{i}": "Nice" for i in range(20)}
    rows = [event(f"t{i}", BEFORE.start) for i in range(20)]
    rows += [event(f"t{i}", OLD.start) for i in range(3)]
    found = difference_in_differences(log_of(rows), earlier=[OLD], **{**ASK, "arms": ids})
    assert found.trends_differ is True
    assert "TRENDS DIFFERED BEFORE" in repr(found)
    assert found.earlier_p_values[0] < 0.001


def test_not_before_it_is_over() -> None:
    end: Any = AFTER.end
    done = difference_in_differences(log_of(EVENTS, end - US), earlier=[OLD], **ASK)
    assert done.value == pytest.approx(1 / 2)
    young = difference_in_differences(log_of(EVENTS, end - 2 * US), earlier=[OLD], **ASK)
    assert math.isnan(young.value)
    assert math.isnan(young.p_value)
    assert all(math.isnan(bound) for bound in young.interval())
    assert young.earlier.tolist() == done.earlier.tolist()  # those are over
    frame = young.to_frame()
    assert frame["complete"].tolist() == [True, False]
    assert np.isnan(frame["value"].tolist()[1])
    assert "grey: not complete" in young._repr_html_()
    assert "assuming parallel trends" in young._repr_html_()


@pytest.mark.parametrize(
    ("now", "done"),
    [
        (OLDEST.start, [False, False, False]),
        (START - 2 * US, [False, False, False]),
        (START - US, [True, False, False]),  # OLD is over
        (NEXT - 2 * US, [True, False, False]),
        (NEXT - US, [True, True, False]),
    ],
)
def test_no_step_before_its_windows_are_over(now: Any, done: list[bool]) -> None:
    ids = {f"t{i}": "Lyon" for i in range(20)} | {f"c{i}": "Nice" for i in range(20)}
    rows = [event(f"t{i}", OLD.start) for i in range(19)]
    options: Any = {**ASK, "arms": ids, "earlier": [OLDEST, OLD]}
    found = difference_in_differences(log_of(rows, now), **options)
    assert found.complete.tolist() == [done, done]
    assert found.to_frame()["complete"].tolist() == done
    assert np.isnan(found.earlier).tolist() == [not one for one in done[:2]]
    assert np.isnan(found.to_frame()["value"]).tolist() == [not one for one in done]
    assert found.trends_differ is (True if done[0] else None)
    assert np.isnan(found.earlier_p_values[1]) == (not done[1])


def test_groups_of_an_attribute_are_of_who_was_known() -> None:
    people = [
        Customer(id=who, created_at=MARCH - DAY, attributes={"city": city})
        for who, city in CITIES.items()
    ]
    people += [Customer(id="late", created_at=AFTER.start, attributes={"city": "Lyon"})]
    log = log_of(EVENTS).with_customers(people, attributes=["city"])
    found = difference_in_differences(log, measure="events", **{**ASK, "arms": "city"})
    assert found.n.tolist() == [3, 2]
    assert found.value == pytest.approx(1 / 3 + 1 / 2)


def test_groups_of_an_experiment() -> None:
    trial = Experiment(key="trial", arms={"none": 1, "mail": 1}, control="none")
    options: Any = {k: v for k, v in ASK.items() if k not in ("arms", "control")}
    found = did(log_of(EVENTS), arms=trial, **options)
    arms = [trial.arm(one) for one in "abcx"]  # known before it began
    assert found.n.tolist() == [arms.count("mail"), arms.count("none")]
    by = did(log_of(EVENTS), arms=trial.grouping(), control="none", **options)
    assert by.parts["d"].tolist() == found.parts["d"].tolist()


def test_a_part_of_the_customers_may_be_of_one_group() -> None:
    people = [Customer(id="c", attributes={"city": "Nice"})]
    log = log_of([e for e in EVENTS if e.customer_id == "c"]).with_customers(
        people, attributes=["city"]
    )
    found = difference_in_differences(log, **{**ASK, "arms": "city"})
    assert found.n.tolist() == [1]
    assert math.isnan(found.value)


@given(
    st.lists(
        st.builds(
            event,
            st.sampled_from("abcdex"),
            st.sampled_from(
                [MARCH + step for i in range(-2, 3) for step in (i * DAY - US, i * DAY)]
            ),
            st.sampled_from([None, "1.00", "-2.50", "100000000000.00"]),
        ),
        max_size=25,
    ),
    st.dictionaries(st.sampled_from("abcdefg"), st.sampled_from(["Lyon", "Nice"])).filter(
        lambda arms: "Nice" in arms.values()
    ),
    st.sampled_from(["customers", "events", "amount"]),
    st.integers(0, 2),
    st.data(),
)
def test_customer_by_customer(
    seen: list[Interaction], arms: dict[str, str], measure: Any, earlier: int, data: Any
) -> None:
    options: Any = {**ASK, "arms": arms, "measure": measure, "earlier": WINDOWS[2 - earlier : 2]}
    found = difference_in_differences(log_of(seen), **options)
    edges: Any = [(one.start, one.end) for one in WINDOWS[2 - earlier :]]
    expected = slow.changes(seen, NOW, arms, edges, {"purchase"}, measure, 100)
    for place, group in enumerate(found.axes[0].labels):
        own = expected[group]
        assert found.n[place] == len(own)
        for step in range(earlier + 1):
            changes = [one[step] for one in own]
            assert int(found.parts["d"][place, step]) == sum(changes)
            assert int(found.parts["dd"][place, step]) == sum(d * d for d in changes)
    if len(expected) == 2:
        means = {g: sum(one[-1] for one in own) / len(own) for g, own in expected.items()}
        scale = found.context.option("scale", 1)
        assert found.value == pytest.approx((means["Lyon"] - means["Nice"]) / scale, rel=1e-9)
    side = {who: data.draw(st.integers(0, 1)) for who in "abcdex"}
    parts = [
        difference_in_differences(
            log_of([e for e in seen if side[str(e.customer_id)] == one]), **options
        )
        for one in (0, 1)
    ]
    assert parts[0] + parts[1] == found
    assert pickle.loads(pickle.dumps(found)) == found


OPEN = Window(MARCH, None)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"control": None}, "control must be given: without one there is only a change"),
    ({"control": "Paris"}, "control must be one of the arms: nobody is in it"),
    ({"arms": {**CITIES, "e": "Paris"}}, "arms must be two, one of them the control: got 3"),
    ({"before": "2026-01"}, "before must be a Window: got str"),
    ({"earlier": OLD}, "earlier must be an iterable of values: got Window"),
    ({"earlier": None}, "earlier must be an iterable of values: got None"),
    ({"earlier": [3]}, r"earlier\[0\] must be a Window: got int"),
    ({"after": OPEN}, "after must have a start and an end: a side is open"),
    ({"before": AFTER, "after": BEFORE}, "after must not start before the one before it ends"),
    ({"earlier": [BEFORE]}, "before must not start before the one before it ends"),
    ({"measure": "x"}, "measure must be one of"),
    ({"outcome": 3}, "outcome must be"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[said for _, said in REFUSED])
def test_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        did(log_of(EVENTS), **{**ASK, **options})


def test_columns_refused() -> None:
    with pytest.raises(InvalidInputError, match="after must be as long as before: got 1 and 2"):
        rows_([1, 2], [1], arms=["a", "b"], control="a")
    with pytest.raises(InvalidInputError, match="arms must be two, one of them the control"):
        rows_([1, 2], [1, 3], arms=["a", "b"], control="c")
    with pytest.raises(InvalidInputError, match="arms must be as long as outcomes"):
        rows_([1, 2], [1, 3], arms=["a"], control="a")
    found = rows_([1, 2], [1, 3], arms=["a", "b"], control="a")
    with pytest.raises(InvalidInputError, match="axes must be groups by the steps"):
        found.rollup("arm")
    with pytest.raises(InvalidInputError, match="axes must be groups by the steps"):
        found.select(step=0)
    with pytest.raises(InvalidInputError, match="confidence must be between"):
        found.interval(3)
