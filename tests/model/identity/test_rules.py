"""Rules and decisions are data: checked, compared, written and read."""

from typing import Any
from uuid import UUID

import pytest

from customerops.errors import InvalidInputError
from customerops.model.identity.rules import (
    PLACEHOLDERS,
    IdentityRules,
    IdentitySplit,
    JoinRule,
    Link,
    SharedIdentifier,
    folded_placeholder,
)
from customerops.model.records.base import Record, pii_of

RULES = IdentityRules(
    joins=("user_id", JoinRule("phone", at_most=3), JoinRule("splink", at_least=0.9)),
    unique=frozenset({"user_id"}),
    blocked=frozenset({"0"}),
)
VALUES = [
    RULES,
    JoinRule("phone", at_most=3),
    SharedIdentifier("email", "ann@example.com"),
    Link("a", "b", type="splink", weight=0.5),
    Link(UUID(int=2), UUID(int=1)),
    IdentitySplit(records=frozenset({1}), others=frozenset({2, 3})),
]


@pytest.mark.parametrize("value", VALUES)
def test_written_and_read(value: Record) -> None:
    assert type(value).from_dict(value.to_dict()) == value
    assert hash(type(value).from_dict(value.to_dict())) == hash(value)


def test_a_type_by_itself_is_a_rule_without_limits() -> None:
    assert RULES.joins[0] == JoinRule("user_id")
    assert IdentityRules(joins=()).blocked == PLACEHOLDERS
    assert IdentityRules(joins=()).unique == {"user_id"}
    assert RULES.separating == ("kind", "user_id")


def test_a_link_has_no_direction() -> None:
    assert Link("b", "a") == Link("a", "b")
    assert (Link(9, 10).a, Link(10, 9).a) == (9, 9)
    assert Link("a", "b") != Link("a", "b", weight=0.5)


def test_what_is_blocked_is_compared_without_width_and_case() -> None:
    assert folded_placeholder(" ＮＵＬＬ\u3000") == "null"
    assert {folded_placeholder(one) for one in PLACEHOLDERS} == PLACEHOLDERS


def test_personal_data_is_marked_and_not_shown() -> None:
    assert set(pii_of(SharedIdentifier)) == {"value"}
    assert set(pii_of(Link)) == {"a", "b"}
    assert set(pii_of(IdentitySplit)) == {"records", "others"}
    assert repr(VALUES[2:4]) == "[SharedIdentifier(type='email'), Link(type='splink', weight=0.5)]"
    assert repr(VALUES[-1]) == "IdentitySplit(1 of 3 records)"


REFUSED: list[tuple[Any, str]] = [
    (lambda: JoinRule(""), "type must not be empty: got ''"),
    (lambda: JoinRule("kind"), "type must not be 'kind', which only separates"),
    (lambda: JoinRule("phone", at_most=1), "at_most must be at least 2: got less"),
    (lambda: JoinRule("phone", at_most=True), "at_most must be an int: got bool"),
    (lambda: JoinRule("phone", at_least=float("nan")), "at_least must be finite: got nan"),
    (lambda: IdentityRules(joins="email"), "joins must be an iterable of values: got str"),
    (lambda: IdentityRules(joins=[3]), "joins[0] must be a JoinRule or a type: got int"),
    (lambda: IdentityRules(joins=["a", "b", JoinRule("a")]), "joins[2] must name a type that is not there before: got one again"),
    (lambda: IdentityRules(joins=(), unique="user_id"), "unique must be an iterable of values: got str"),
    (lambda: IdentityRules(joins=(), blocked=[3]), "blocked[0] must be a str: got int"),  # type: ignore[list-item]
    (lambda: SharedIdentifier("email", ""), "value must not be empty: got ''"),
    (lambda: Link("id-a", "id-a"), "b must be another record than a: got the same"),
    (lambda: Link("id-a", 1), "b must be an id of the type of a: got int"),
    (lambda: Link("id-a", None), "b must be an int, a str or a UUID: got None"),  # type: ignore[arg-type]
    (lambda: Link("id-a", "id-b", weight="0.9"), "weight must be a float: got str"),  # type: ignore[arg-type]
    (lambda: IdentitySplit(records=frozenset(), others=frozenset({1})), "records must not be empty: got none"),
    (lambda: IdentitySplit(records=frozenset({1}), others=frozenset()), "others must not be empty: got none"),
    (lambda: IdentitySplit(records=frozenset({1, 2}), others=frozenset({2, 3})), "others must not be among records: 1 are in both"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"), [pytest.param(*row, id=str(i)) for i, row in enumerate(REFUSED)]
)
def test_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert str(caught.value) == message
