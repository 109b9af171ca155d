from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import pytest

from customerops.errors import InvalidInputError
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values.window import Window

YEAR = Window.parse("2026-01-01", "2027-01-01", tz="UTC")
GIVEN: dict[str, Any] = {
    "metric": "churn_rate",
    "unit": "customer",
    "definition": "stripe",
    "as_of": 1_000_000,
    "over": YEAR,
    "calendar": "UTC",
    "period": "month",
    "currency": "EUR",
    "by": "country",
    "options": {"within": 7},
}
FULL = Context(**GIVEN)
OTHER: dict[str, Any] = {
    "metric": "retention",
    "unit": "account",
    "definition": None,
    "as_of": 2_000_000,
    "over": Window(None, None),
    "calendar": "Europe/Berlin",
    "period": "week",
    "currency": "USD",
    "by": "plan",
    "options": {"within": 8},
}


def test_every_field_is_tried() -> None:
    assert [field.name for field in attrs.fields(Context)] == list(OTHER)


@pytest.mark.parametrize("field", OTHER)
def test_a_field_that_differs_is_named(field: str) -> None:
    other = attrs.evolve(FULL, **{field: OTHER[field]})
    for a, b in ((FULL, other), (other, FULL)):
        with pytest.raises(InvalidInputError) as caught:
            a.join(b)
        assert caught.value.name == field
        assert caught.value.requirement == "must be the same to add results"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("metric", "got 'churn_rate' and 'retention'"),
        ("definition", "got 'stripe' and None"),
        ("as_of", "got '1970-01-01T00:00:01+00:00' and '1970-01-01T00:00:02+00:00'"),
        ("over", "they are not equal"),
        ("options", "these differ: within"),
    ],
)
def test_the_message_says_how_they_differ(field: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        FULL.join(attrs.evolve(FULL, **{field: OTHER[field]}))
    assert caught.value.problem == said


def test_a_grouping_that_is_no_name_is_not_shown() -> None:
    """A mapping from customers to groups holds their ids."""
    secret = attrs.evolve(FULL, by=(("c-1", "vip"),))
    with pytest.raises(InvalidInputError, match=r"^by must be .*: they are not equal$"):
        FULL.join(secret)


def test_options_that_one_lacks_are_named() -> None:
    a = Context("m", options={"same": 1, "left": 1})
    b = Context("m", options={"same": 1, "right": 1})
    with pytest.raises(InvalidInputError, match=r"these differ: left, right$"):
        a.join(b)


def test_the_same_context_joins() -> None:
    assert FULL.join(FULL) is FULL
    assert FULL.join(attrs.evolve(FULL)) == FULL


def test_no_money_joins_any_one_currency() -> None:
    none, euro, dollar = (Context("arpu", currency=c) for c in (None, "EUR", "USD"))
    assert none.join(none) == none
    assert none.join(euro) == euro == euro.join(none)
    assert none.join(euro).join(none) == euro
    with pytest.raises(InvalidInputError, match=r"^currency .* got 'EUR' and 'USD'"):
        none.join(euro).join(dollar)


def test_the_scale_goes_with_the_currency() -> None:
    yen = Context("arpu", currency="JPY", options={"scale": 1, "within": 7})
    for none in (
        Context("arpu", options={"within": 7}),
        Context("arpu", options={"within": 7, "scale": 100}),
    ):
        assert yen.join(none) == yen == none.join(yen)
    bare = Context("arpu", currency="JPY")
    assert bare.join(Context("arpu", options={"scale": 100})) == bare
    with pytest.raises(InvalidInputError, match="these differ: within"):
        yen.join(Context("arpu", options={"within": 8}))
    with pytest.raises(InvalidInputError, match="these differ: scale"):
        Context("mean", options={"scale": 100}).join(Context("mean", options={"scale": 1}))


def test_options_are_pairs_sorted_by_name() -> None:
    pairs = (("a", 1), ("b", 2))
    assert Context("m", options={"b": 2, "a": 1}).options == pairs
    assert Context("m", options=[("b", 2), ("a", 1)]) == Context("m", options=pairs)
    assert Context("m", options=pairs).option("b") == 2
    assert Context("m").option("b") is None
    assert Context("m").option("b", 3) == 3
    assert Context("m", options=pairs).with_options(b=3, c=4).options == (
        ("a", 1),
        ("b", 3),
        ("c", 4),
    )
    with pytest.raises(InvalidInputError, match=r"^options must not name an option twice"):
        Context("m", options=[("a", 1), ("a", 2)])


def test_fields_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"^metric must not be empty"):
        Context("")
    with pytest.raises(InvalidInputError, match=r"^unit must be a str"):
        Context("m", unit=None)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"^as_of must be an int"):
        Context("m", as_of=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["as_of", "over", "calendar", "by"])
def test_results_at_two_times_or_of_two_groups_compare(field: str) -> None:
    other = attrs.evolve(FULL, **{field: OTHER[field]})
    FULL.comparable(other)  # to refuse is to raise
    with pytest.raises(InvalidInputError) as caught:  # they compare, and do not add
        FULL.join(other)
    assert caught.value.name == field


def test_results_cut_to_two_labels_compare() -> None:
    cut = [Axis("country", [code], "group", disjoint=True) for code in ("DE", "FR")]
    one, two = (FULL.with_options(**{"select.country": axis}) for axis in cut)
    one.comparable(two)
    one.comparable(FULL)
    with pytest.raises(InvalidInputError, match=r"these differ: select\.country"):
        one.join(two)


@pytest.mark.parametrize(
    "field", ["metric", "unit", "definition", "period", "currency", "options"]
)
def test_results_of_two_things_do_not_compare(field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        FULL.comparable(attrs.evolve(FULL, **{field: OTHER[field]}))
    assert caught.value.name == field
    assert caught.value.requirement == "must be the same to compare results"
