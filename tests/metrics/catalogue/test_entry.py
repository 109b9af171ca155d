"""What an entry must say, and what it refuses."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import attrs
import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import catalogue
from customerops.metrics.catalogue import MetricDefinition, MetricSpec

SAID: dict[str, Any] = {
    "key": "share",
    "home": "customerops.metrics.share",
    "label": "share",
    "label_zh": "占比",
    "description": "What is of what.",
    "description_zh": "占比。",
    "unit": "fraction",
    "kind": "ratio",
    "numerator": "some",
    "denominator": "all",
    "tags": ("value",),
}
OF_CUSTOMERS = MetricDefinition(meaning="some / all", meaning_zh="部分 / 全部", aliases=("acme",))


def test_a_spec_is_a_value() -> None:
    spec = MetricSpec(**SAID, definitions={"plain": OF_CUSTOMERS})
    assert spec == MetricSpec(**SAID, definitions={"plain": OF_CUSTOMERS})
    assert hash(spec) == hash(MetricSpec(**SAID, definitions={"plain": OF_CUSTOMERS}))
    assert pickle.loads(pickle.dumps(spec)) == copy.deepcopy(spec) == spec
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        spec.key = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        spec.definitions["plain"] = OF_CUSTOMERS  # type: ignore[index]


def test_a_definition_by_its_name_or_a_vendors() -> None:
    spec = MetricSpec(**SAID, definitions={"plain": OF_CUSTOMERS})
    assert spec.definition("plain") is spec.definition("acme") is OF_CUSTOMERS
    with pytest.raises(InvalidInputError, match="definition must be one of 'acme', 'plain'"):
        spec.definition("other")


def test_as_plain_types() -> None:
    net = MetricDefinition(meaning="net", meaning_zh="净", authority="Acme", unit="points")
    definitions = {"plain": OF_CUSTOMERS, "net": net}
    spec = MetricSpec(**SAID, definitions=definitions, additivity=["customers"])
    assert spec.to_dict() == {
        "key": "share",
        "home": "customerops.metrics.share",
        "label": {"en": "share", "zh": "占比"},
        "description": {"en": "What is of what.", "zh": "占比。"},
        "unit": "fraction",
        "kind": "ratio",
        "numerator": "some",
        "denominator": "all",
        "additivity": ["customers"],
        "better": "neither",
        "definitions": {
            "plain": {
                "meaning": {"en": "some / all", "zh": "部分 / 全部"},
                "aliases": ["acme"],
                "authority": "",
                "unit": "fraction",
            },
            "net": {
                "meaning": {"en": "net", "zh": "净"},
                "aliases": [],
                "authority": "Acme",
                "unit": "points",
            },
        },
        "tags": [{"en": "value", "zh": "客户价值"}],
        "names": [],
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"key": ""}, "key must"),
        ({"label_zh": ""}, "label_zh must"),
        ({"unit": "percent"}, "unit must be one of"),
        ({"kind": "rato"}, "kind must be one of .* did you mean 'ratio'"),
        ({"better": "more"}, "better must be one of"),
        ({"tags": ()}, "tags must not be empty"),
        ({"tags": ("valu",)}, "tags must be one of .* did you mean 'value'"),
        ({"tags": "value"}, "texts must"),
        ({"names": [3]}, "text must be"),
        ({"additivity": ("time",)}, r"additivity must be one of \(\), \('customers',\)"),
        ({"denominator": ""}, "numerator and denominator must be given for a ratio"),
        ({"kind": "conversion", "numerator": ""}, "must be given for a conversion"),
        ({"definitions": [OF_CUSTOMERS]}, "definitions must be a mapping: got list"),
        ({"definitions": {"plain": "some / all"}}, "must be MetricDefinitions by name: got str"),
        ({"definitions": {"": OF_CUSTOMERS}}, "definitions must"),
    ],
)
def test_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        MetricSpec(**{**SAID, **wrong})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"meaning": ""}, "meaning must"),
        ({"meaning_zh": ""}, "meaning_zh must"),
        ({"unit": "percent"}, "unit must be one of"),
        ({"aliases": "acme"}, "texts must"),
    ],
)
def test_definitions_refused(wrong: dict[str, Any], message: str) -> None:
    said: dict[str, Any] = {"meaning": "a", "meaning_zh": "甲", **wrong}
    with pytest.raises(InvalidInputError, match=message):
        MetricDefinition(**said)


def test_words_are_explained_in_both_languages() -> None:
    for english, chinese in (*catalogue.UNITS.values(), *catalogue.KINDS.values()):
        assert english.isascii()
        assert not chinese.isascii()
    assert all(tag.isascii() and not zh.isascii() for tag, zh in catalogue.TAGS.items())
