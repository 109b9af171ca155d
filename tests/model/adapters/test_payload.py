"""Tables of fields: what is taken, what is kept, and where errors point."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model.adapters.payload import FieldMap, reader, take
from customerops.model.adapters.records import customer_of, interaction_of
from customerops.model.records.records import Identifier

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def field(path: str, to: str, **more: Any) -> FieldMap:
    return FieldMap(path=path, to=to, **more)


def test_what_no_table_names_is_kept_by_path() -> None:
    payload = {
        "id": 7,
        "more": {"deep": [1, {"x": True}], "none": None, "empty": ""},
        "name": "n",
        "idle": 0.5,
    }
    taken = take(payload, [field("id", "id", how="id"), field("name", "name")])
    assert taken.values == {"id": 7, "name": "n"}
    assert taken.rest == {"more.deep[0]": 1, "more.deep[1].x": True, "idle": 0.5}


def test_the_first_that_is_there_counts() -> None:
    table = [field("a", "name"), field("b", "name"), field("c", "name", required=True)]
    taken = take({"a": "", "b": "x", "c": "y"}, table)
    assert taken.values == {"name": "x"}
    assert taken.rest == {"c": "y"}  # it says something else
    assert take({"b": "x", "c": "x"}, table).rest == {}
    with pytest.raises(InvalidInputError, match="^data.c must be given: it is missing$"):
        take({"a": None}, table, where="data")


def test_words() -> None:
    table = [field("way", "direction", words={"IN": "inbound"})]
    assert take({"way": "IN"}, table).values == {"direction": "inbound"}
    taken = take({"way": "ODD"}, table)
    assert taken.values == {}
    assert taken.rest == {"way": "ODD"}
    asked = [field("way", "direction", words={"IN": "inbound"}, required=True)]
    with pytest.raises(InvalidInputError, match="^way must be given: no word is known for it$"):
        take({"way": "ODD"}, asked)


def test_a_path_may_end_early() -> None:
    table = [field("a.b.c", "name"), field("a.x", "outcome", required=True), field("o", "outcome")]
    assert take({"a": 5, "o": "done"}, table).values == {"outcome": "done"}


def test_only_what_is_read_is_taken() -> None:
    table = [field("Owner", "owner_id", how="lookup"), field("list", "actor_id", how="first")]
    taken = take({"Owner": {"id": "1", "name": "x"}, "list": ["a", "b"], "Owners": 2}, table)
    assert taken.values == {"owner_id": "1", "actor_id": "a"}
    assert taken.rest == {"Owner.name": "x", "list[1]": "b", "Owners": 2}
    assert take({"Owner": 5, "list": []}, table).values == {"owner_id": 5}
    assert take({"list": "a"}, table).values == {"actor_id": "a"}


@pytest.mark.parametrize(
    ("how", "value", "read"),
    [
        ("instant", "2026-01-01T08:00:00+08:00", AT),
        ("instant", "2026-01-01T00:00:00Z", AT),
        ("instant", 1767225600000, AT),
        ("instant", "1767225600000", AT),
        ("seconds", 1767225600, AT),
        ("millis", 1767225600001, AT + dt.timedelta(milliseconds=1)),
        ("number", "1800000", 1800000.0),
        ("decimal", 0.1, Decimal("0.1")),
        ("decimal", "59.90", Decimal("59.9")),
        ("lookup", {"id": 3}, 3),
        ("text", "x", "x"),
    ],
)
def test_ways_to_read(how: Any, value: Any, read: Any) -> None:
    assert reader(how)("p", value) == read


@pytest.mark.parametrize(
    ("how", "value", "message"),
    [
        ("text", 5, "a.b must be a str: got int"),
        ("id", 2.5, "a.b must be an int, a str or a UUID: got float"),
        ("instant", "soon", "a.b must be an ISO 8601 date and time: got another str"),
        ("instant", "2026-01-01T00:00:00", "a.b must be timezone-aware: got a naive datetime"),
        ("seconds", True, "a.b must be a time as an int: got bool"),
        ("millis", 1.5, "a.b must be a time as an int: got float"),
        ("seconds", 10**15, "a.b must lie in the years 1 to 9999: got another"),
        ("number", "many", "a.b must be a number: got another str"),
        ("decimal", float("nan"), "a.b must be a Decimal, an int or a str: got float"),
        ("lookup", {"name": "x"}, "a.b.id must be given: it is missing"),
        ("first", [None], r"a.b\[0\] must be an int, a str or a UUID: got None"),
    ],
)
def test_errors_say_where_and_never_what(how: Any, value: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}$"):
        take({"b": value}, [field("b", "x", how=how)], where="a")


@pytest.mark.parametrize("payload", [None, [], "x"])
def test_a_payload_is_a_mapping(payload: Any) -> None:
    with pytest.raises(InvalidInputError, match="payload must be a mapping: got"):
        take(payload, [])


def test_addresses_are_spelled_and_what_is_none_is_kept() -> None:
    table = [
        field("id", "id", how="id"),
        field("mail", "identifier.email"),
        field("tel", "identifier.phone"),
        field("tel2", "identifier.phone.2"),
        field("tel3", "identifier.phone.3"),
    ]
    payload = {"id": 1, "mail": " A@B.com", "tel": "+86 138 0013 8000", "tel2": "123"}
    person = customer_of("crm", take({**payload, "tel3": "456", "phone.2": "x"}, table))
    assert person.identifiers == {
        Identifier(type="email", value="A@b.com".lower(), source="crm"),
        Identifier(type="phone", value="+8613800138000", source="crm"),
    }
    assert dict(person.attributes) == {"crm.phone.2": "123", "phone.3": "456", "phone.2": "x"}


def test_an_attribute_never_has_the_name_of_a_field() -> None:
    taken = take({"id": 1, "country": "USA", "kind": "x"}, [field("id", "id", how="id")])
    assert dict(customer_of("crm", taken).attributes) == {"crm.country": "USA", "crm.kind": "x"}


def test_money_has_a_currency() -> None:
    taken = take({"amount": 5}, [field("amount", "amount", how="decimal")])
    known: dict[str, Any] = {"customer_id": 1, "at": AT, "kind": "purchase"}
    assert str(interaction_of(taken, currency="eur", **known).amount) == "5.00 EUR"
    with pytest.raises(InvalidInputError, match="^Amount must have a currency: .* give currency="):
        interaction_of(taken, where="Amount", **known)
    with pytest.raises(InvalidInputError, match="^Amount must be an ISO 4217 code"):
        interaction_of(taken, where="Amount", currency="zzz", **known)
