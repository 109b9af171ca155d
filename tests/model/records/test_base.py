"""The base of the records: annotation to check, JSON and back."""

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import attrs
import pytest

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record, pii_of, shape_of
from customerops.model.values.checks import Id, Scalar
from customerops.model.values.money import Money
from customerops.model.values.window import Window

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
NOON_TEXT = "2026-01-05T12:00:00.000000Z"
KEY = uuid.UUID("12345678-1234-5678-1234-567812345678")


@attrs.frozen(kw_only=True)
class Leaf(Record):
    name: str


@attrs.frozen(kw_only=True)
class Tree(Record):
    id: Id
    leaves: tuple[Leaf, ...] = ()
    height: Decimal | None = attrs.field(default=None, metadata={"pii": "user"})


@pytest.mark.parametrize(
    ("annotation", "value", "written"),
    [
        (str, "a", "a"),
        (bool, True, True),
        (int, 3, 3),
        (float, 0.5, 0.5),
        (Decimal, Decimal("1.5"), "1.5"),
        (Decimal, Decimal(10**20), "1" + "0" * 20),
        (dt.datetime, NOON, NOON_TEXT),
        (Id, 3, 3),
        (Id, "3", "3"),
        (Id, KEY, {"$uuid": str(KEY)}),
        (Id | None, KEY, {"$uuid": str(KEY)}),
        (Id | None, None, None),
        (str | None, None, None),
        (Literal["a", "b"], "b", "b"),
        (Literal["a", "b"] | None, "b", "b"),
        (dt.timedelta, dt.timedelta(days=1, microseconds=5), {"$duration": 86_400_000_005}),
        (Mapping[str, Scalar], {"a": 1}, {"a": 1}),
        (Mapping[str, str], {"zh": "购买"}, {"zh": "购买"}),
        (Money, Money(1, "EUR"), {"amount": "1.00", "currency": "EUR"}),
        (Window, Window(None, NOON), {"start": None, "end": NOON_TEXT}),
        (Leaf, Leaf(name="a"), {"name": "a"}),
        (tuple[str, ...], ("b", "a"), ["b", "a"]),
        (tuple[int, Literal["a"]], (1, "a"), [1, "a"]),
        pytest.param(
            frozenset[Leaf],
            frozenset([Leaf(name="b"), Leaf(name="a")]),
            [{"name": "a"}, {"name": "b"}],
            id="frozenset of shapes",
        ),
    ],
    ids=repr,
)
def test_a_shape_writes_and_reads(annotation: Any, value: Any, written: Any) -> None:
    shape = shape_of(annotation)
    assert shape.accept("x", value) == value
    assert shape.dump(shape.accept("x", value)) == written
    assert shape.accept("x", shape.load("x", written)) == value


@pytest.mark.parametrize(
    "annotation", [dt.date, bytes, list[str], int | str, dict[str, int]], ids=repr
)
def test_an_annotation_without_a_shape_is_a_mistake_of_ours(annotation: Any) -> None:
    with pytest.raises(TypeError, match=r"^no shape for "):
        shape_of(annotation)


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (tuple[Leaf, ...], "ab", "x must be a tuple: got str"),
        (tuple[Leaf, ...], {"a"}, "x must be a tuple: got set"),
        (tuple[Leaf, ...], None, "x must be a tuple: got None"),
        (tuple[Leaf, ...], [Leaf(name="a"), "b"], "x[1] must be a Leaf: got str"),
        (frozenset[Leaf], "ab", "x must be a set: got str"),
        (frozenset[Leaf], {"a": 1}, "x must be a set: got dict"),
        (tuple[int, str], (1, "a", 2), "x must be a tuple of 2: got 3"),
        (tuple[int, str], "ab", "x must be a tuple of 2: got str"),
        (tuple[int, str], (1, 2), "x[1] must be a str: got int"),
        (Money, "5 EUR", "x must be a Money: got str"),
        (dt.timedelta, dt.timedelta(0), "x must be longer than zero: got 0:00:00"),
        (Mapping[str, Scalar], [("a", 1)], "x must be a mapping: got list"),
        (Mapping[str, Scalar], {"a": None}, "x.a must not be None: leave the key out"),
        (Mapping[str, Scalar], {"": 1}, "x key must not be empty: got ''"),
        (Mapping[str, str], {"a": 1}, "x.a must be a str: got int"),
        (Mapping[str, str], {"a": ""}, "x.a must not be empty: got ''"),
    ],
    ids=repr,
)
def test_what_does_not_fit_is_refused(annotation: Any, value: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        shape_of(annotation).accept("x", value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"id": 1}, "Tree.schema must be given: the key is missing"),
        ({"schema": 2, "shape": "round"}, "Tree.schema must be 1: got 2"),
        ({"schema": True, "id": 1}, "Tree.schema must be 1: got bool"),
        ({"schema": "1", "id": 1}, "Tree.schema must be 1: got str"),
        ({"schema": 1}, "Tree.id must be given: the key is missing"),
        (
            {"schema": 1, "id": 1, "leafs": []},
            "Tree must hold known keys only: got 'leafs', did you mean 'leaves'?",
        ),
        (
            {"schema": 1, "id": 1, "leaves": [{}]},
            "leaves[0].name must be given: the key is missing",
        ),
        (
            {"schema": 1, "id": 1, "leaves": [{"name": "a"}, {"name": ""}]},
            "leaves[1].name must not be empty: got ''",
        ),
        (
            {"schema": 1, "id": 1, "leaves": [{"nmae": "a"}]},
            "leaves[0] must hold known keys only: got 'nmae', did you mean 'name'?",
        ),
        ({"schema": 1, "id": 1, "leaves": ["a"]}, "leaves[0] must be a mapping: got str"),
        ({"schema": 1, "id": 1, "leaves": None}, "leaves must be a tuple: got None"),
        (
            {"schema": 1, "id": 1, "height": 1.5},
            "height must be a Decimal, an int or a str: got float",
        ),
        (
            {"schema": 1, "id": {"uuid": "a"}},
            "id must hold known keys only: got 'uuid', did you mean '$uuid'?",
        ),
        ({"schema": 1, "id": {"$uuid": "a"}}, "id.$uuid must be a UUID: got str"),
        ({"schema": 1, "id": {"$uuid": None}}, "id.$uuid must be a UUID: got None"),
        ({"schema": 1, "id": {"$uuid": 5}}, "id.$uuid must be a UUID: got int"),
        ({"schema": 1, "id": None}, "id must be an int, a str or a UUID: got None"),
        (None, "Tree must be a mapping: got None"),
        ("{}", "Tree must be a mapping: got str"),
    ],
    ids=repr,
)
def test_what_was_not_written_by_it_is_refused_by_path(data: Any, message: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Tree.from_dict(data)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (86_400, "x must be a mapping: got int"),
        ({"$duration": 1.5}, "x.$duration must be an int: got float"),
        ({"$duration": 10**30}, "x.$duration must be a timedelta: got more"),
        ({"$days": 1}, "x must hold known keys only: got '$days'"),
    ],
    ids=repr,
)
def test_a_duration_is_read_from_microseconds_only(written: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        shape_of(dt.timedelta).load("x", written)
    assert str(caught.value) == message


def test_fields_with_defaults_may_be_left_out() -> None:
    assert Tree.from_dict({"id": "a", "schema": 1}) == Tree(id="a")


def test_the_version_stands_once_and_first() -> None:
    tree = Tree(id=KEY, leaves=[Leaf(name="a")])  # type: ignore[arg-type] # a list will do
    assert list(tree.to_dict().items()) == [
        ("schema", 1),
        ("id", {"$uuid": str(KEY)}),
        ("leaves", [{"name": "a"}]),
        ("height", None),
    ]
    assert tree.leaves == (Leaf(name="a"),)


def test_personal_fields_are_known() -> None:
    assert pii_of(Tree) == {"height": "user"}
