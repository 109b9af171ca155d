"""Rules as JSON: nothing is lost, and what is malformed is named by its path."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from hypothesis import given

from customerops.errors import InvalidInputError
from customerops.model.rules.rules import (
    Did,
    Not,
    Rule,
    always,
    amount,
    at,
    attribute,
    channel,
    customer,
    kind,
    thread,
    value,
)
from customerops.model.values.money import Money
from tests.model.rules.draws import Foreign, customer_rules, event_rules

NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@given(event_rules() | customer_rules())
def test_round_trip(rule: Rule) -> None:
    written = json.dumps(rule.to_dict(), allow_nan=False)
    again = Rule.from_dict(json.loads(written))
    assert again == rule
    assert hash(again) == hash(rule)
    assert json.dumps(again.to_dict()) == written


WRITTEN: list[tuple[Rule, dict[str, Any]]] = [
    (
        kind("purchase"),
        {"rule": "compare", "field": "kind", "op": "eq", "value": "purchase"},
    ),
    (
        amount >= "5.50",
        {"rule": "compare", "field": "amount", "op": "ge", "value": {"$decimal": "5.5"}},
    ),
    (
        amount < Money(5, "EUR"),
        {
            "rule": "compare",
            "field": "amount",
            "op": "lt",
            "value": {"$money": {"amount": "5.00", "currency": "EUR"}},
        },
    ),
    (
        attribute("x").isin(2**53 + 1, 0.1, True),
        {"rule": "in", "field": "attributes.x", "values": [True, 0.1, 9007199254740993]},
    ),
    (
        at.between(NEW_YEAR, None),
        {
            "rule": "between",
            "field": "at",
            "low": {"$at": "2026-01-01T00:00:00.000000Z"},
            "high": None,
        },
    ),
    (
        ~channel.is_missing() | (value > 1) | always,
        {
            "rule": "or",
            "rules": [
                {"rule": "not", "of": {"rule": "missing", "field": "channel"}},
                {"rule": "compare", "field": "value", "op": "gt", "value": 1.0},
                {"rule": "constant", "truth": True},
            ],
        },
    ),
    (
        Did(kind("a"), 2, dt.timedelta(days=1)) & (customer("plan") != "pro"),
        {
            "rule": "and",
            "rules": [
                {
                    "rule": "did",
                    "of": {"rule": "compare", "field": "kind", "op": "eq", "value": "a"},
                    "at_least": 2,
                    "within": {"$duration": 86_400_000_000},
                },
                {"rule": "compare", "field": "customer.plan", "op": "ne", "value": "pro"},
            ],
        },
    ),
    (
        thread == uuid.UUID(int=5),
        {
            "rule": "compare",
            "field": "thread",
            "op": "eq",
            "value": {"$uuid": "00000000-0000-0000-0000-000000000005"},
        },
    ),
    (
        Not(Not(kind("a"))),
        {
            "rule": "not",
            "of": {
                "rule": "not",
                "of": {"rule": "compare", "field": "kind", "op": "eq", "value": "a"},
            },
        },
    ),
]


@pytest.mark.parametrize(
    ("rule", "written"), WRITTEN, ids=[rule.describe() for rule, _ in WRITTEN]
)
def test_the_written_form(rule: Rule, written: dict[str, Any]) -> None:
    assert rule.to_dict() == written
    assert json.dumps(rule.to_dict()) == json.dumps(written)  # bools are not ints
    assert Rule.from_dict(written) == rule


def test_what_may_be_left_out() -> None:
    some = {"rule": "compare", "field": "kind", "op": "eq", "value": "a"}
    assert Rule.from_dict({"rule": "did", "of": some}) == Did(kind("a"))
    assert Rule.from_dict({"rule": "between", "field": "amount", "low": 5}) == amount.between(
        5, None
    )
    assert Rule.from_dict({"rule": "and", "rules": [some]}) == kind("a")
    assert Rule.from_dict({"rule": "or", "rules": [some]}) == kind("a")
    nested = {"rule": "and", "rules": [some, {"rule": "and", "rules": [some, some]}]}
    assert Rule.from_dict(nested) == kind("a") & kind("a") & kind("a")
    assert Rule.from_dict({**some, "field": "amount", "value": "5"}) == (amount == 5)


A = {"rule": "compare", "field": "kind", "op": "eq", "value": "a"}


def compare(**fields: Any) -> dict[str, Any]:
    return {**A, **fields}


MALFORMED: list[tuple[Any, str]] = [
    (5, "rule must be a mapping: got int"),
    ({}, r"rule\.rule must be given: the key is missing"),
    ({"rule": "compre"}, r"rule\.rule must be one of .*: got 'compre', did you mean 'compare'"),
    ({"rule": ["and"]}, r"rule\.rule must be one of .*: got list"),
    ({"rule": "compare", "field": "kind", "op": "eq"}, r"rule\.value must be given"),
    (compare(vlaue=1), "rule must hold known keys only: got 'vlaue', did you mean 'value'"),
    (compare(field="chanel"), r"rule\.field must be one of .*did you mean 'channel'"),
    (compare(field=5), r"rule\.field must be one of .*: got int"),
    (compare(op="equal"), r"rule\.op must be one of 'eq'"),
    (compare(op=None), r"rule\.op must be one of 'eq'.*: got None"),
    (compare(value=None), r"rule\.value must be compared with a value"),
    (compare(value=5), r"rule\.value must be a str: got int"),
    (compare(value=["a"]), r"rule\.value must be a str: got list"),
    (compare(field="attributes.x", op="lt", value=True), r"rule\.attribute\('x'\) must not be ordered"),
    (compare(field="amount", value=0.5), r"rule\.value must be compared with an exact amount"),
    (compare(field="amount", value={"$decimal": 5}), r"rule\.value\.\$decimal must be a str: got int"),
    (compare(field="amount", value={"$decimal": "x"}), r"rule\.value\.\$decimal must be a number"),
    (compare(field="amount", value={"$decimals": "5"}), r"rule\.value must be one of .*did you mean '\$decimal'"),
    (compare(field="amount", value={}), r"rule\.value must be one constant: got 0 keys"),
    (compare(field="amount", value={"$at": "", "$uuid": ""}), r"rule\.value must be one constant: got 2 keys"),
    (compare(field="amount", value={"$at": "2026-01-01T00:00:00Z"}), r"rule\.value must be a Decimal.*: got datetime"),
    (compare(field="amount", value={"$money": {"amount": "5"}}), r"rule\.value\.\$money\.currency must be given"),
    (compare(field="amount", value={"$money": 5}), r"rule\.value\.\$money must be a mapping: got int"),
    (compare(field="at", value={"$at": "2026-01-01"}), r"rule\.value\.\$at must be timezone-aware"),
    (compare(field="at", value="2026-01-01T00:00:00Z"), r"rule\.value must be a datetime: got str"),
    (compare(field="thread", value={"$uuid": "7"}), r"rule\.value\.\$uuid must be a UUID: got another str"),
    (compare(field="thread", value={"$uuid": 7}), r"rule\.value\.\$uuid must be a str: got int"),
    ({"rule": "in", "field": "kind", "values": "a"}, r"rule\.values must be a list: got str"),
    ({"rule": "in", "field": "kind", "values": []}, r"rule\.values must hold at least one"),
    ({"rule": "in", "field": "kind", "values": ["a", 5]}, r"rule\.values\[1\] must be a str: got int"),
    ({"rule": "between", "field": "amount"}, r"rule\.amount must be between two ends"),
    ({"rule": "between", "field": "amount", "low": 1.5}, r"rule\.low must be compared with an exact amount"),
    ({"rule": "between", "field": "amount", "low": 1, "high": "x"}, r"rule\.high must be a number"),
    ({"rule": "missing", "field": "x"}, r"rule\.field must be one of"),
    ({"rule": "and", "rules": A}, r"rule\.rules must be a list: got dict"),
    ({"rule": "or", "rules": []}, r"rule\.rules must be two or more: got 0"),
    ({"rule": "or", "rules": [A, A, compare(value=5)]}, r"rule\.rules\[2\]\.value must be a str: got int"),
    ({"rule": "not", "of": {"rule": "and", "rules": [A, 5]}}, r"rule\.of\.rules\[1\] must be a mapping: got int"),
    ({"rule": "not", "rule_": A}, "rule must hold known keys only: got 'rule_'"),
    ({"rule": "constant", "truth": 1}, r"rule\.truth must be True or False: got int"),
    ({"rule": "did", "of": {"rule": "did", "of": A}}, r"rule must be a rule about events: got one about the customer"),
    ({"rule": "did", "of": A, "at_least": 0}, r"rule\.at_least must be at least 1"),
    ({"rule": "did", "of": A, "at_least": "2"}, r"rule\.at_least must be an int: got str"),
    ({"rule": "did", "of": A, "within": 5}, r"rule\.within must be a mapping: got int"),
    ({"rule": "did", "of": A, "within": {"$duration": 0}}, r"rule\.within\.\$duration must be at least 1"),
    ({"rule": "did", "of": A, "within": {"$duration": 1.5}}, r"rule\.within\.\$duration must be an int"),
    ({"rule": "did", "of": A, "within": {"$duration": 10**30}}, r"rule\.within\.\$duration must fit a timedelta"),
    ({"rule": "and", "rules": [A, {"rule": "did", "of": A}]}, r"rule\.rules must all be about events or all about the customer"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), MALFORMED, ids=map(str, range(len(MALFORMED))))
def test_malformed(data: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match="^" + message):
        Rule.from_dict(data)


def test_foreign_nodes_are_refused() -> None:
    for say in (Foreign("any").to_dict, Foreign("any").describe):
        with pytest.raises(
            InvalidInputError, match="rule must be made of the nodes of this library"
        ):
            say()
