"""Schemas: what they refuse, and JSON and back."""

import datetime as dt
import json
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model.quality.schema import Field, Schema


def test_json_and_back() -> None:
    schema = Schema(
        fields=(
            Field(name="id", kind="id", required=True, unique=True, reference="customers"),
            Field(name="email", kind="text", pattern=r"\S+@\S+", allowed=frozenset({"a@b"})),
            Field(name="price", kind="number", least="0.10", most=99),
            Field(
                name="seen", kind="instant", future="allowed", fresh_within=dt.timedelta(days=30)
            ),
        ),
        key=("id", "seen"),
        subject="id",
    )
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "integer", "pattern": "x"}, "a.pattern must go with kind 'text': got kind 'int"),
        ({"kind": "id", "allowed": {"x"}}, "a.allowed must go with kind 'text'"),
        ({"kind": "text", "least": 1}, "a.least must go with kind 'integer' or 'number'"),
        ({"kind": "text", "most": 1}, "a.most must go with kind 'integer' or 'number'"),
        (
            {"kind": "text", "fresh_within": dt.timedelta(1)},
            "a.fresh_within must go with kind 'instant'",
        ),
        ({"reference": "customers"}, "a.reference must go with kind 'id' or 'integer' or 'text'"),
        ({"kind": "text", "pattern": "["}, "a.pattern must be a regular expression"),
        ({"kind": "number", "least": 2, "most": 1}, "a.most must not be below least: it is"),
        ({"kind": "number", "least": 0.5}, "least must be a Decimal, an int or a str: got float"),
        ({"kind": "txt"}, "kind must be one of .* did you mean 'text'"),
    ],
)
def test_fields_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Field(name="a", **wrong)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fields": ()}, "fields must have at least one field: got none"),
        ({"fields": (Field(name="a"),) * 2}, "fields must name each field once: got 'a' twice"),
        (
            {"fields": (Field(name="email"),), "key": ("emial",)},
            "key must name fields: got 'emial', did you mean 'email'",
        ),
        ({"fields": (Field(name="ab"),), "subject": "x"}, "subject must name fields: got 'x'"),
    ],
)
def test_schemas_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Schema(**given)
