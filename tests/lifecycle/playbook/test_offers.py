"""Offers by group: counts by hand, sums over customers, and what is refused."""

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.playbook.decisions import Approval, Decision
from customerops.lifecycle.playbook.offers import price_differences
from customerops.lifecycle.playbook.plays import Offer
from customerops.lifecycle.policy.stages import Stage
from tests.lifecycle.playbooks import NOW, action


def decision(customer_id: Any, *offers: str | None) -> Decision:
    """Return a decision with one allowed action for each offer; None is one without."""
    allowed = tuple(
        Approval(
            action=action(f"a{n}"),
            channel="sms",
            basis="consent",
            personalised=False,
            offer=None if key is None else Offer(key=key),
            explanation=None,
            due_at=None,
        )
        for n, key in enumerate(offers)
    )
    return Decision(
        customer_id=customer_id,
        as_of=NOW,
        stage=Stage.LAPSED,
        held_out=False,
        allowed=allowed,
        refused=(),
    )


MADE = [
    decision(1, "ten"),
    decision(2, "ten", "gift"),
    decision(3, "twenty", "twenty"),  # by two actions, once
    decision(4, None),
    decision(5),
    decision(6, "ten"),
]
APPS = {1: "android", 2: "android", 3: "ios", 4: "ios", 5: "ios"}


def test_by_hand() -> None:
    table = price_differences(MADE, by=APPS)
    frame = table.to_frame().set_index(["group", "offer"])
    cells = {key: (row["count"], row["total"]) for key, row in frame.iterrows() if row["count"]}
    none = frame.index[-1][1]
    assert cells == {
        ("android", "ten"): (2, 2),
        ("android", "gift"): (1, 2),
        ("ios", "twenty"): (1, 3),
        ("ios", none): (2, 3),
        (none, "ten"): (1, 1),
    }
    assert [axis.labels for axis in table.axes] == [
        ("android", "ios", None),
        ("gift", "ten", "twenty", None),
    ]
    assert table.total.tolist() == [2, 3, 1]
    assert table.value[0].tolist() == [0.5, 1.0, 0.0, 0.0]
    assert table.select(group="ios", offer="twenty").value == 1 / 3


def test_the_difference_of_two_groups() -> None:
    table = price_differences(MADE, by=APPS)
    gap = table.select(group="android").difference(table.select(group="ios"))
    assert gap.value.tolist() == [0.5, 1.0, -1 / 3, -2 / 3]
    low, high = gap.interval()
    assert (low <= gap.value).all()
    assert (gap.value <= high).all()


def test_nobody() -> None:
    table = price_differences([], by={})
    assert table.shape == (0, 0)
    assert table + price_differences(MADE, by=APPS) == price_differences(MADE, by=APPS)


GROUPS = st.sampled_from(["a", "b", None, True, 1, 1.0])
OFFERS = st.lists(st.sampled_from(["ten", "gift", None]), max_size=3)
PEOPLE = st.lists(st.tuples(GROUPS, OFFERS), max_size=12)


@given(PEOPLE, st.integers(0, 12))
def test_counted_anew_and_added_up(people: list[tuple[Any, list[str | None]]], cut: int) -> None:
    made = [decision(n, *offers) for n, (_, offers) in enumerate(people)]
    by = {n: group for n, (group, _) in enumerate(people) if group is not None}
    table = price_differences(made, by=by)
    assert price_differences(made[:cut], by=by) + price_differences(made[cut:], by=by) == table
    assert price_differences(iter(reversed(made)), by=by) == table

    sizes = Counter(repr(group) for group, _ in people)
    count: Counter[tuple[str, str]] = Counter()
    for group, offers in people:
        kept = {one for one in offers if one is not None} or (None,)
        count.update((repr(group), repr(one)) for one in kept)
    for i, group in enumerate(table.axes[0].labels):
        assert table.total[i] == sizes[repr(group)]
        for j, offer in enumerate(table.axes[1].labels):
            assert table.count[i, j] == count[repr(group), repr(offer)]
            share = Fraction(count[repr(group), repr(offer)], sizes[repr(group)])
            assert table.value[i, j] == float(share)


@pytest.mark.parametrize(
    ("decisions", "by", "message"),
    [
        (MADE, "country", "by must be a mapping of customer ids to labels: got str"),
        (MADE, {1: ["a"]}, "by must map to plain Python labels: got list"),
        (MADE, {1: float("nan")}, "group must have labels that sort"),
        ([*MADE, 3], APPS, r"decisions\[6\] must be a Decision: got int"),
        (
            [*MADE, decision(1)],
            APPS,
            "decisions must be one for each customer: that at position 6 is a second",
        ),
    ],
)
def test_refused_by_name(decisions: Any, by: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        price_differences(decisions, by=by)
