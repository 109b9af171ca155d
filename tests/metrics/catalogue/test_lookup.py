"""The catalogue is listed, searched and handed over as data."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import catalogue
from tests.test_imports import RECORDS, loaded_by


def keys(words: str, limit: int | None = None) -> list[str]:
    return [one.key for one in catalogue.search(words, limit=limit)]


def plain(word: str) -> str:
    return word.casefold().replace("_", " ")


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("流失", "churn_rate"),
        ("流失率", "churn_rate"),
        ("流失召回率", "win_back_rate"),
        ("召回率", "win_back_rate"),
        ("挽回率", "win_back_rate"),
        ("复购率", "repurchase_rate"),
        ("回购率", "next_window_repurchase"),
        ("老客占比", "repurchase_rate"),
        ("笔单价", "average_order_value"),
        ("客单价", "spend_per_buyer"),
        ("次日留存", "retention"),
        ("月活", "active_customers"),
        ("净推荐值", "nps"),
        ("同比", "change"),
        ("环比", "change"),
        ("沉睡客户", "lapse_window"),
        ("RFM 模型", "rfm"),
        ("churn", "churn_rate"),
        ("churn_rate", "churn_rate"),
        ("CHURN RATE", "churn_rate"),
        ("rate churn", "churn_rate"),
        ("nrr", "nrr"),
        ("ndr", "nrr"),
        ("AOV", "average_order_value"),
        ("ＡＯＶ", "average_order_value"),
        ("first response time", "first_reply_time"),
        ("bounces", "session_bounce_rate"),
        ("打开率", "open_rate"),
        ("核销率", "coupon_redemption"),
        ("uplift", "uplift"),
        ("会员等级", "tier_sizes"),
        ("Gini", "concentration"),
        ("profitwell", "churn_rate"),
        ("top two box", "csat"),
        ("survival time", "restricted_mean"),  # together in its label
        ("a churn rate", "churn_rate"),  # together in a description only
    ],
)
def test_the_nearest_comes_first(words: str, first: str) -> None:
    assert keys(words)[0] == first


def test_what_the_word_itself_is_called_comes_before_what_begins_with_it_and_what_has_it() -> None:
    found = keys("lead scoring")
    assert found[:2] == ["lead_score", "lead_scores"]
    assert keys("retention")[0] == "retention"  # the key itself
    assert keys("retention").index("retention_rate") < keys("retention").index("grr")
    assert keys("stripe") == ["churn_rate", "churn_rate_from_counts"]  # a definition
    assert keys("freshservice") == [  # who uses one
        "first_contact_resolution",
        "first_contact_resolution_from_counts",
    ]


def test_every_word_must_be_found() -> None:
    assert keys("churn zebra") == []
    assert keys("zebra") == []
    assert keys("收入 流失")[0] == "mrr_churn_rate"
    assert set(keys("收入 流失")) <= set(keys("收入")) & set(keys("流失"))


def test_the_order_never_changes_and_the_limit_cuts_it() -> None:
    assert keys("rate") == keys("rate")
    assert keys("rate", limit=3) == keys("rate")[:3]
    assert len(set(keys("rate"))) == len(keys("rate"))
    seen = [(one.label, one.key) for one in catalogue.search("客户")]
    assert seen == [(one.label, one.key) for one in catalogue.search("客户")]


@pytest.mark.parametrize("spec", catalogue.specs(), ids=lambda spec: spec.key)
def test_every_metric_is_found_by_what_it_is_called(spec: catalogue.MetricSpec) -> None:
    for word in (spec.key, spec.label, spec.label_zh, *spec.names):
        found = keys(word)
        assert spec.key in found
        exact = [
            one.key
            for one in catalogue.specs()
            if plain(word) in map(plain, (one.key, one.label, one.label_zh, *one.names))
        ]
        assert found[: len(exact)] == sorted(exact)
    for name, definition in spec.definitions.items():
        for word in (name, *definition.aliases, definition.meaning):
            assert spec.key in keys(word)


def test_what_is_asked_for_must_be_said() -> None:
    with pytest.raises(InvalidInputError, match="words must"):
        catalogue.search("")
    with pytest.raises(InvalidInputError, match="words must not be blank"):
        catalogue.search(" _ ")
    with pytest.raises(InvalidInputError, match="words must"):
        catalogue.search(None)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="limit must be at least 1"):
        catalogue.search("x", limit=0)
    with pytest.raises(InvalidInputError, match="got 'churn_rat', did you mean 'churn_rate'"):
        catalogue.spec("churn_rat")
    with pytest.raises(InvalidInputError, match="tag must be one of .*, did you mean 'churn'"):
        catalogue.specs(tag="chrn")


def test_specs_of_a_tag() -> None:
    assert {one.key for one in catalogue.specs(tag="survival")} >= {"kaplan_meier", "logrank"}
    assert all("survival" in one.tags for one in catalogue.specs(tag="survival"))
    assert set(catalogue.specs(tag="tier")) < set(catalogue.specs())


def test_as_json() -> None:
    shown = json.loads(json.dumps(catalogue.to_dict(), allow_nan=False))
    assert shown == catalogue.to_dict()
    assert [one["key"] for one in shown["metrics"]] == [one.key for one in catalogue.specs()]
    for one in shown["metrics"]:
        assert one["unit"] in shown["units"]
        assert one["kind"] in shown["kinds"]
        assert all(shown["tags"][tag["en"]] == tag for tag in one["tags"])
    csat = next(one for one in shown["metrics"] if one["key"] == "csat")
    assert csat["definitions"]["mean"]["unit"] == "scale_points"
    assert csat["definitions"]["net"]["unit"] == "fraction"
    assert csat["additivity"] == ["customers"]


def test_as_a_frame() -> None:
    frame = catalogue.to_frame()
    assert list(frame["key"]) == [one.key for one in catalogue.specs()]
    row = frame.set_index("key").loc["refund_rate"]
    assert row["definitions"] == "by_orders, by_value"
    assert row["additivity"] == "customers, time"
    assert row["home"] == "customerops.metrics.refund_rate"


def test_a_service_loads_records_only() -> None:
    loaded = loaded_by(
        "from customerops.metrics import catalogue; catalogue.search('流失'); catalogue.to_dict()"
    )
    roots = {name.partition(".")[0] for name in loaded}
    assert roots - set(sys.stdlib_module_names) <= RECORDS


def test_nothing_is_loaded_until_it_is_asked_for() -> None:
    loaded = loaded_by("from customerops.metrics import catalogue")
    assert not [name for name in loaded if ".catalogue." in name]
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        catalogue.nothing  # noqa: B018 - the access is the test
    assert set(dir(catalogue)) >= set(catalogue.__all__)
    run = [
        sys.executable,
        "-c",
        "import customerops.metrics.catalogue as c; print(c.spec('nps').unit)",
    ]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "points\n"
