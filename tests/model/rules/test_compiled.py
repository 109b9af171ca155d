"""A compiled rule gives the rule's own truth of every interaction, unknown included."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given

from customerops.errors import InvalidInputError
from customerops.model.records.records import Interaction
from customerops.model.rules.base import Rule
from customerops.model.rules.compiled import compiled
from customerops.model.rules.rules import amount, attribute, channel, kind
from customerops.model.values.money import Money
from tests.model.rules.draws import event_rules, events

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@given(event_rules(), events("e1"))
def test_it_is_the_truth_of_the_rule(rule: Rule, event: Interaction) -> None:
    assert compiled(rule)(event) is rule._truth(event)


@pytest.mark.parametrize(
    ("rule", "truths"),
    [
        (kind("buy") & (amount >= 5), (True, False, None)),
        (kind("look") | (amount >= 5), (True, False, None)),
        (~(amount >= 5), (False, True, None)),
        (~(channel == "web"), (None, None, None)),
        (attribute("plan") == "gold", (True, False, False)),
    ],
)
def test_true_false_and_unknown(rule: Rule, truths: tuple[bool | None, ...]) -> None:
    plans: tuple[str | int, ...] = ("gold", "tin", 7)
    paid = (Money("5", "EUR"), Money("4.99", "EUR"), None)
    seen = [
        Interaction(customer_id=1, at=AT, kind="buy", amount=money, attributes={"plan": plan})
        for money, plan in zip(paid, plans, strict=True)
    ]
    assert tuple(map(compiled(rule), seen)) == truths


def test_a_wrong_currency_is_noticed_whatever_the_other_parts_say() -> None:
    rule = kind("buy") & (amount >= Money("5", "USD"))
    one = Interaction(customer_id=1, at=AT, kind="look", amount=Money("9", "EUR"))
    with pytest.raises(InvalidInputError, match="amount must be in USD"):
        compiled(rule)(one)
