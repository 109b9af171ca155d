"""Co-purchases, against plain dicts, published figures and counts by hand."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from typing import Any, Literal

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import CoPurchases, co_purchases
from customerops.metrics.affinity import pairing
from customerops.metrics.affinity.measures import MEASURES
from customerops.model import ClusteredShare, Did, Interaction, InteractionLog, Proportion, Window
from tests.metrics.affinity.shops import AS_OF, ORDERS, START, UTC, cdnow_like, log_of, order, own
from tests.reference import affinity as slow

PURCHASE = ("purchase",)
MOMENTS = ("both_sq", "both_baskets", "both_first", "both_second")


def labelled(table: CoPurchases) -> dict[str, Any]:
    """Return a table as the slow reading has it."""
    labels = table.items.labels
    parts = {name: np.asarray(part).tolist() for name, part in table.parts.items()}
    pairs = [
        (labels[a], labels[b])
        for a, b in zip(table.first.tolist(), table.second.tolist(), strict=True)
    ]
    of_item = [name for name in ("count", "customers_with", "count_sq") if name in parts]
    of_pair = [name for name in ("both", *MOMENTS) if name in parts]
    return {
        **{name: parts[name] for name in ("baskets", "customers", "baskets_sq") if name in parts},
        "items": {x: {name: parts[name][i] for name in of_item} for i, x in enumerate(labels)},
        "pairs": {pair: {n: parts[n][i] for n in of_pair} for i, pair in enumerate(pairs)},
    }


def without_moments(counted: dict[str, Any]) -> dict[str, Any]:
    return {
        "baskets": counted["baskets"],
        "items": {x: {"count": parts["count"]} for x, parts in counted["items"].items()},
        "pairs": {pair: {"both": parts["both"]} for pair, parts in counted["pairs"].items()},
    }


@given(
    ORDERS,
    st.sampled_from(["customer", "order"]),
    st.sampled_from(["sku", "category"]),
    st.sampled_from([PURCHASE, ("purchase", "refund")]),
    st.sampled_from([None, Window(START + dt.timedelta(days=1), START + dt.timedelta(days=5))]),
    st.sampled_from([1, 2, 2**20]),
)
@settings(max_examples=60)
def test_counts_are_those_of_plain_dicts(
    rows: list[Interaction],
    unit: Any,
    what: Any,
    kinds: tuple[str, ...],
    over: Window | None,
    block: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairing, "_BLOCK", block)
        table = co_purchases(log_of(rows), unit=unit, what=what, purchases=set(kinds), over=over)
    expected = slow.pairs_of(slow.baskets_of(own(rows), kinds, unit=unit, what=what, over=over))
    found = labelled(table)
    assert found == (expected if unit == "order" else without_moments(expected))
    assert list(found["pairs"]) == sorted(found["pairs"])
    frame = table.to_frame().set_index(["first", "second"])
    for (a, b), parts in expected["pairs"].items():
        n_a, n_b = (expected["items"][x]["count"] for x in (a, b))
        exact = slow.measures(parts["both"], n_a, n_b, expected["baskets"])
        row = frame.loc[(a, b)]
        for name in ("support", "lift", "leverage", "jaccard", "cosine"):
            assert row[name] == pytest.approx(float(exact[name]), rel=1e-14, abs=1e-16)


@given(ORDERS, st.sampled_from(["customer", "order"]))
@settings(max_examples=40)
def test_rules_and_estimates_say_the_same(rows: list[Interaction], unit: Any) -> None:
    table = co_purchases(log_of(rows), unit=unit)
    counted = slow.pairs_of(slow.baskets_of(own(rows), PURCHASE, unit=unit))
    rules = table.rules(1000, at_least=0, confidence=0.8)
    assert len(rules) == 2 * len(table)
    said = rules["confidence"].tolist()
    assert said == sorted(said, reverse=True)
    for rule in rules.itertuples():
        a, b = str(rule.given), str(rule.then)
        parts = counted["pairs"][min(a, b), max(a, b)]
        n_a, n_b = (counted["items"][x]["count"] for x in (a, b))
        exact = slow.measures(parts["both"], n_a, n_b, counted["baskets"])
        for name in ("confidence", "lift", "conviction"):
            value = float(exact[name])
            assert getattr(rule, name) == pytest.approx(value, rel=1e-14, nan_ok=True)
        estimate = table.confidence(a, b)
        assert estimate.value == rule.confidence
        np.testing.assert_array_equal(estimate.interval(0.8), [rule.low, rule.high])
        share = table.support(a, b)
        assert share.value == float(exact["support"])
        assert type(share) is (Proportion if unit == "customer" else ClusteredShare)


def test_shares_of_orders_are_ratios_over_customers() -> None:
    rows = [
        order("a", 0, "ink", "pen"),
        order("a", 1, "ink", "pen"),
        order("a", 2, "ink"),
        order("b", 1, "pen"),
        order("c", 1, "ink"),
        order("c", 2, "pad"),
    ]
    table = co_purchases(log_of(rows), unit="order")
    both, ink, pen, orders = [2, 0, 0], [3, 0, 1], [2, 1, 0], [3, 1, 2]  # of a, b and c

    def made(x: list[int], y: list[int]) -> Any:
        return ClusteredShare.from_rows(x, y, context=table.support("ink", "pen").context)

    for share, expected in (
        (table.support("pen", "ink"), made(both, orders)),
        (table.confidence("ink", "pen"), made(both, ink)),
        (table.confidence("pen", "ink"), made(both, pen)),
        (table.support("ink", "pad"), made([0, 0, 0], orders)),
    ):
        assert share.value == expected.value
        assert share.interval() == expected.interval()
        assert dict(share.parts) == dict(expected.parts)
    assert table.confidence("ink", "pen").value == 0.5
    wilson = Proportion(parts={"count": 2, "total": 4}, context=co_purchases_context())
    assert table.confidence("ink", "pen").interval()[0] < wilson.interval()[0]


def co_purchases_context() -> Any:
    return CoPurchases.from_counts(baskets=1, items={}, pairs={}).context


# Brin et al. (1997) and Tan, Steinbach and Kumar, Introduction to Data Mining (2005), table 6.8:
# of 1,000 people 200 drink tea, 800 coffee, 150 both. Confidence 75 %, support 15 %, yet
# "the fraction of people who drink coffee, regardless of whether they drink tea, is 80 %"
TEA = CoPurchases.from_counts(
    baskets=1000, items={"tea": 200, "coffee": 800}, pairs={("tea", "coffee"): 150}
)


def test_tea_and_coffee() -> None:
    assert TEA.items.labels == ("coffee", "tea")
    assert TEA.support("tea", "coffee").value == 0.15
    assert TEA.confidence("tea", "coffee").value == 0.75
    assert TEA.confidence("coffee", "tea").value == 0.1875
    # section 6.7.1: interest factor 0.15 / (0.2 x 0.8) = 0.9375
    assert TEA.measure("lift").tolist() == [0.9375]
    # by hand: 0.15 - 0.16; (1 - 0.8) / (1 - 0.75); 150 / 850; 150 / sqrt(160,000)
    assert TEA.measure("leverage").tolist() == [-0.01]
    rule = TEA.rules(1, at_least=1).iloc[0]
    assert (rule.given, rule.then, rule.conviction) == ("tea", "coffee", 0.8)
    assert TEA.measure("conviction").tolist() == [0.8 / (1 - 0.1875)]
    assert TEA.measure("jaccard").tolist() == [150 / 850]
    assert TEA.measure("cosine").tolist() == [0.375]


def test_newcombe_s_interval_is_that_of_a_confidence() -> None:
    """Newcombe (1998), table I: 81 of 263, method 3."""
    table = CoPurchases.from_counts(baskets=300, items={"a": 263, "b": 90}, pairs={("a", "b"): 81})
    low, high = table.confidence("a", "b").interval()
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


# Agrawal and Srikant (1994), figure 3: the transactions 134, 235, 1235, 25 and the counts of C2;
# it leaves out item 4, whose two pairs are added
AGRAWAL = [
    order("a", 0, *"134"),
    order("b", 0, *"235"),
    order("c", 0, *"1235"),
    order("d", 0, *"25"),
]
C2 = {"12": 1, "13": 2, "15": 1, "23": 2, "25": 3, "35": 2, "34": 1, "14": 1}


@pytest.mark.parametrize("unit", ["customer", "order"])
def test_the_four_transactions(unit: Any) -> None:
    table = co_purchases(log_of(AGRAWAL), unit=unit)
    frame = table.to_frame()
    found = {a + b: n for a, b, n in frame[["first", "second", "both"]].itertuples(index=False)}
    assert found == C2
    assert table.parts["count"].tolist() == [2, 3, 3, 1, 3]
    top = table.top(4, by="both", at_least=2)
    assert (top["first"] + top["second"]).tolist() == ["25", "13", "23", "35"]
    assert table.top(9, by="lift", at_least=3)["lift"].tolist() == [4 / 3]


def test_what_is_in_a_basket() -> None:
    rows = [
        order("a", 0, "ink", "ink", "pen"),  # twice is once
        order("a", 1, "pad", "-pad"),  # nothing is left: no basket
        order("b", 0, "ink", "pen"),
        order("b", 1, "-ink", kind="refund"),
        order("b", 2, kind="purchase"),
        order("c", 9, "ink", "pen"),  # after as_of
    ]
    log = log_of(rows)
    carts = co_purchases(log, unit="order")
    assert (carts.baskets, carts.support("ink", "pen").value) == (2, 1.0)
    assert co_purchases(log, unit="customer").support("ink", "pen").value == 1.0
    net = co_purchases(log, unit="customer", purchases={"purchase", "refund"})
    assert (net.support("ink", "pen").value, net.baskets) == (0.5, 2)
    assert repr(carts) == "CoPurchases(1 pairs of 2 items in 2 baskets)"


def test_a_window_that_is_not_closed_has_counts_and_no_values() -> None:
    over = Window(START, AS_OF + dt.timedelta(days=1))
    for unit in ("customer", "order"):
        table = co_purchases(log_of(AGRAWAL), unit=unit, over=over)
        assert not table.complete
        assert table.parts["both"].sum() == sum(C2.values())
        assert all(np.isnan(table.measure(name)).all() for name in MEASURES)
        rules = table.rules(3, at_least=1)
        assert rules[["confidence", "low", "high", "lift"]].isna().to_numpy().all()
        assert math.isnan(table.support("1", "2").value)
        assert not rules["complete"].any()
        assert "color" in table._repr_html_()


def test_ties_go_by_label() -> None:
    rows = [order("a", 0, "d", "c", "b", "a")]
    table = co_purchases(log_of(rows), unit="customer")
    top = table.top(6, by="lift", at_least=1)
    assert (top["first"] + top["second"]).tolist() == ["ab", "ac", "ad", "bc", "bd", "cd"]
    rules = table.rules(5, at_least=1)
    assert (rules["given"] + rules["then"]).tolist() == ["ab", "ac", "ad", "ba", "bc"]
    assert np.isnan(rules["conviction"]).all()  # all have all: 0 / 0


def test_conviction_is_infinite_where_the_one_never_comes_without() -> None:
    table = CoPurchases.from_counts(baskets=9, items={"a": 2, "b": 4}, pairs={("b", "a"): 2})
    rules = table.rules(2, by="conviction", at_least=0)
    assert rules["given"].tolist() == ["a", "b"]
    assert rules["conviction"].tolist() == [math.inf, pytest.approx(14 / 9)]


@pytest.mark.parametrize("unit", ["customer", "order"])
def test_nothing_and_one_item(unit: Any) -> None:
    nothing = co_purchases(log_of([]), unit=unit)
    one = co_purchases(log_of([order("a", 0, "ink")]), unit=unit)
    for table in (nothing, one):
        assert len(table) == 0
        assert table.to_frame().empty
        assert table.top(3, by="lift", at_least=1).empty
        assert table.rules(3, at_least=1).empty
    assert (nothing.baskets, one.baskets, one.items.labels) == (0, 1, ("ink",))
    assert nothing + one == one == one + nothing
    assert nothing != 3
    assert nothing.axes == (nothing.items,)


def test_a_log_without_lines_has_no_baskets() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a"], kind=["purchase"], at=[dt.date(2026, 3, 7)], tz=UTC
    ).until(AS_OF)
    assert log.lines is None
    table = co_purchases(log, unit="customer")
    assert (table.baskets, table.items.labels) == (0, ())


@given(ORDERS, ORDERS, st.sampled_from(["customer", "order"]))
@settings(max_examples=40)
def test_tables_of_other_customers_add(
    some: list[Interaction], more: list[Interaction], unit: Literal["customer", "order"]
) -> None:
    others = [attrs.evolve(x, customer_id=f"z{x.customer_id}") for x in more]
    a, b = (co_purchases(log_of(rows), unit=unit) for rows in (some, others))
    whole = co_purchases(log_of([*some, *others]), unit=unit)
    assert a + b == b + a == whole
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert not any(np.asarray(part).flags.writeable for part in (a + b).parts.values())


def test_units_do_not_mix() -> None:
    log = log_of(AGRAWAL)
    with pytest.raises(InvalidInputError, match="unit must be the same to add results"):
        co_purchases(log, unit="order") + co_purchases(log, unit="customer")


@pytest.mark.parametrize("unit", ["customer", "order"])
def test_many_baskets(unit: Any) -> None:
    log = cdnow_like(300, seed=3, n_items=40)
    histories: dict[Any, list[Interaction]] = {}
    for one in log.interactions():
        histories.setdefault(one.customer_id, []).append(one)
    expected = slow.pairs_of(slow.baskets_of(histories, PURCHASE, unit=unit))
    found = labelled(co_purchases(log, unit=unit))
    assert found == (expected if unit == "order" else without_moments(expected))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"unit": "basket"}, "unit must be one of 'customer', 'order': got str"),
    ({"what": "colour"}, "what must be one of 'sku', 'category': got str"),
    ({"purchases": 3}, "^purchases must be a rule, a kind"),
    ({"purchases": Did("purchase")}, "purchases must be a rule about events"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_what_is_not_offered(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        co_purchases(log_of(AGRAWAL), **{"unit": "order", **options})


def test_lines_without_categories() -> None:
    log = InteractionLog.from_orders(
        {"order": [1], "who": ["a"], "day": [dt.date(2026, 1, 5)]},
        {"order": [1], "sku": ["ink"]},
        customer_id="who",
        at="day",
        order_id="order",
        sku="sku",
        tz=UTC,
    ).until_day(dt.date(2026, 1, 31))
    with pytest.raises(
        InvalidInputError, match=r"what must be a column of the lines: there is no 'c"
    ):
        co_purchases(log, unit="order", what="category")


COUNTS: dict[str, Any] = {"baskets": 9, "items": {"a": 3, "b": 8}, "pairs": {("a", "b"): 2}}
IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"baskets": -1}, "baskets must be at least 0"),
    ({"items": {"a": 3, "b": 10}}, "items must be at most 9"),
    ({"items": {"a": 0, "b": 8}}, "items must be at least 1"),
    ({"items": {"a": 3}}, "item must be a label of the axis"),
    ({"pairs": {("a", "a"): 2}}, "pairs must be of two different items"),
    ({"pairs": {("a",): 2}}, "pairs must be of two different items"),
    ({"pairs": {"ab": 2}}, "pairs must be an iterable of values"),
    ({"pairs": {("a", "b"): 2, ("b", "a"): 2}}, "pairs must be there once each: one came both"),
    ({"pairs": {("a", "b"): 1}}, "pairs must be at least 2"),
    ({"pairs": {("a", "b"): 4}}, "pairs must be at most 3"),
    ({"pairs": [("a", "b")]}, "pairs must be a mapping to counts: got list"),
    ({"items": ["a", "b"]}, "items must be a mapping to counts: got list"),
]


@pytest.mark.parametrize(("changes", "message"), IMPOSSIBLE)
def test_counts_that_no_baskets_have(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        CoPurchases.from_counts(**{**COUNTS, **changes})


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda t: t.measure("lifts"), "measure must be one of .*did you mean 'lift'"),
        (lambda t: t.top(2, by="confidence", at_least=1), "by must be one of 'both', 'support'"),
        (lambda t: t.top(-1, by="lift", at_least=1), "n must be at least 0"),
        (lambda t: t.top(1, by="lift", at_least=-1), "at_least must be at least 0"),
        (lambda t: t.rules(1, by="size", at_least=1), "by must be one of 'confidence'"),
        (lambda t: t.rules(-1, at_least=1), "n must be at least 0"),
        (lambda t: t.rules(1, at_least=1, confidence=2), "confidence must be between 0 and 1"),
        (lambda t: t.support("tea", "tea"), "items must be two different ones: got str twice"),
        (lambda t: t.confidence("tea", "cofee"), "item must be a label .*did you mean 'coffee'"),
    ],
    ids=range(9),
)
def test_what_cannot_be_read(ask: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        ask(TEA)


def test_it_shows_itself() -> None:
    html = TEA._repr_html_()
    assert "co_purchases" in html
    assert "15.0" in html
    assert TEA.to_frame().columns.tolist() == [
        *("first", "second", "both", "first_count", "second_count", "baskets"),
        *("support", "lift", "leverage", "jaccard", "cosine", "complete"),
    ]


def test_by_customer_it_is_of_all_orders_of_a_customer() -> None:
    rows = [order("a", 0, "ink"), order("a", 3, "pen"), order("b", 1, "pen")]
    log = log_of(rows)
    assert co_purchases(log, unit="customer").support("ink", "pen").value == 0.5
    assert co_purchases(log, unit="order").support("ink", "pen").value == 0.0
    known = co_purchases(log, unit="customer", as_of=START + dt.timedelta(days=2))
    assert known.support("ink", "pen").value == 0.0
