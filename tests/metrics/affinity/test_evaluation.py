"""Evaluation of recommenders, against plain dicts, published gains and generated shops."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    ItemToItem,
    Popularity,
    RecommenderEvaluation,
    co_purchases,
    evaluate_recommender,
)
from customerops.metrics.affinity.list_scores import MEASURES, discounts
from customerops.model import Interaction, InteractionLog, Proportion, Window
from customerops.model.tables import intervals
from tests.metrics.affinity.shops import AS_OF, ORDERS, START, UTC, cdnow_like, log_of, order, own
from tests.reference import affinity as slow

PURCHASE = ("purchase",)
SPLIT = START + dt.timedelta(days=3)
HORIZON = dt.timedelta(days=4)
OPTIONS: dict[str, Any] = {"split": SPLIT, "horizon": HORIZON, "n": 2, "definition": "new_items"}


class Fixed:
    """Recommends the same to everybody, as plain lists."""

    def __init__(self, *items: str) -> None:
        self.items = items

    def recommend(self, histories: Sequence[Any], n: int) -> list[list[str]]:
        return [list(self.items[:n]) for _ in histories]


def similar(known: InteractionLog) -> ItemToItem:
    return ItemToItem.of(
        co_purchases(known, unit="customer"), similarity="jaccard", bought="exclude"
    )


def popular(known: InteractionLog) -> Popularity:
    return Popularity.of(co_purchases(known, unit="customer"), bought="exclude")


# -- against plain dicts -----------------------------------------------------------------------


def slowly(rows: list[Interaction], n: int, definition: str, jarvelin: bool) -> dict[str, Any]:
    """Return what is said of item-to-item and of popularity, one customer at a time."""
    held = Window(
        SPLIT + dt.timedelta(microseconds=1), SPLIT + HORIZON + dt.timedelta(microseconds=1)
    )
    past = slow.histories_of(own(rows, SPLIT), PURCHASE)
    future = slow.histories_of(own(rows), PURCHASE, over=held)
    counted = slow.pairs_of(slow.baskets_of(own(rows, SPLIT), PURCHASE, unit="customer"))
    alike = slow.similar_items(counted, "jaccard")
    counts = {item: parts["count"] for item, parts in counted["items"].items()}
    new = definition == "new_items"
    told: dict[str, Any] = {"ours": [], "popularity": [], "targets": 0, "unknown": 0}
    named: dict[str, set[str]] = {"ours": set(), "popularity": set()}
    for who in sorted(past):
        wanted = set(future.get(who, [])) - (set(past[who]) if new else set())
        if not wanted:
            continue
        lists = {
            "ours": slow.recommended(alike, past[who], n, exclude=True),
            "popularity": slow.popular(counts, past[who], n, exclude=new),
        }
        for name, listed in lists.items():
            told[name].append(slow.scores(listed, wanted, n, jarvelin=jarvelin))
            named[name].update(listed)
        told["targets"] += len(wanted)
        told["unknown"] += len(wanted - counts.keys())
    told["inactive"] = len(past.keys() - future.keys())
    told["newcomers"] = len(future.keys() - past.keys())
    told["nothing_new"] = len(past) - told["inactive"] - len(told["ours"])
    told["coverage"] = {name: (len(items), len(counts)) for name, items in named.items()}
    return told


@given(
    ORDERS,
    st.integers(1, 4),
    st.sampled_from(["new_items", "all_items"]),
    st.booleans(),
)
@settings(max_examples=80)
def test_it_is_what_plain_dicts_say(
    rows: list[Interaction], n: int, definition: Any, jarvelin: bool
) -> None:
    result = evaluate_recommender(
        log_of(rows),
        similar,
        split=SPLIT,
        horizon=HORIZON,
        n=n,
        definition=definition,
        discount="jarvelin_kekalainen" if jarvelin else "log_rank_plus_one",
    )
    told = slowly(rows, n, definition, jarvelin)
    assert (result.customers, result.targets) == (len(told["ours"]), told["targets"])
    assert result.unknown_targets == told["unknown"]
    for name in ("inactive", "newcomers", "nothing_new"):
        assert getattr(result, name) == told[name]
    for name, scores in (("ours", result.scores), ("popularity", result.popularity)):
        for measure in MEASURES:
            values = [one[measure] for one in told[name]]
            mean = sum(values) / len(values) if values else math.nan
            assert getattr(scores, measure).value == pytest.approx(mean, abs=1e-9, nan_ok=True)
        covered = told["coverage"][name]
        assert (scores.coverage.numerator, scores.coverage.denominator) == covered
    for measure in MEASURES:
        pairs = zip(told["ours"], told["popularity"], strict=True)
        gains = np.array([a[measure] - b[measure] for a, b in pairs])
        gain = result.gain(measure)
        if len(gains) > 1:
            error = gains.std(ddof=1) / math.sqrt(len(gains))
            half = float(intervals.student(np.array(len(gains) - 1.0), 0.9)) * error
            expected = [gains.mean() - half, gains.mean() + half]
            assert gain.interval(0.9) == pytest.approx(expected, abs=1e-7)


# -- by hand --------------------------------------------------------------------------------------

# known at the split: a {ink, pen}, b {ink, pen}, c {ink, cap}, d {ink}, e {pad}
SHOP = [
    order("a", 0, "ink", "pen"),
    order("b", 1, "ink", "pen"),
    order("c", 1, "ink"),
    order("c", 3, "cap"),  # at the split
    order("d", 2, "ink"),
    order("e", 2, "pad"),
    # then
    order("a", 4, "ink"),  # nothing new
    order("c", 4, "pen", "rum"),  # rum is new to all
    order("d", 5, "cap"),
    order("d", 7, "ink"),  # the last instant
    order("d", 7.01, "pen"),  # too late
    order("f", 5, "ink"),  # no history
]


def test_a_shop_by_hand() -> None:
    """Similar to ink: pen 2/4 (jaccard), cap 1/4; to cap: ink 1/4. So c gets pen, d pen and cap."""
    result = evaluate_recommender(log_of(SHOP), similar, **OPTIONS)
    assert (result.customers, result.nothing_new, result.inactive, result.newcomers) == (
        2,
        1,
        2,
        1,
    )
    assert (result.targets, result.unknown_targets) == (3, 1)
    ours, base = result.scores, result.popularity
    # popularity: ink 4, pen 2, cap 1, pad 1; c gets pen and pad, d pen and cap
    assert (ours.hit_rate.count, ours.hit_rate.total) == (2, 2)
    assert isinstance(ours.hit_rate, Proportion)
    assert ours.precision.value == base.precision.value == 0.5
    assert ours.recall.value == base.recall.value == 0.75
    second = 1 / math.log2(3)
    ndcg = (1 / (1 + second) + second) / 2
    assert ours.ndcg.value == base.ndcg.value == pytest.approx(ndcg, abs=1e-9)
    assert ours.mrr.value == base.mrr.value == 0.75
    assert (ours.coverage.value, base.coverage.value) == (2 / 4, 3 / 4)
    assert [result.gain(name).value for name in MEASURES] == [0] * 5
    assert repr(result) == ("RecommenderEvaluation(customers=2, n=2, hit_rate=1, popularity=1)")


def test_all_items_count_what_is_bought_again() -> None:
    options = {**OPTIONS, "definition": "all_items"}
    result = evaluate_recommender(log_of(SHOP), lambda _: Fixed("ink"), **options)
    assert (result.customers, result.nothing_new, result.inactive) == (3, 0, 2)
    assert result.scores.hit_rate.count == 2  # a and d
    assert result.popularity.precision.value == pytest.approx(3 / 6)  # ink and pen: a, c and d


def test_an_item_that_only_the_model_knows_can_hit() -> None:
    result = evaluate_recommender(log_of(SHOP), lambda _: Fixed("rum", "gin"), **OPTIONS)
    assert result.scores.hit_rate.count == 1
    assert result.scores.coverage.numerator == 0  # neither was known at the split
    assert result.gain("hit_rate").value == -0.5
    assert result.gain("mrr").value == pytest.approx(-0.25)


def test_nothing_after_the_split_is_known() -> None:
    seen: list[InteractionLog] = []

    def learn(known: InteractionLog) -> Fixed:
        seen.append(known)
        return Fixed("pen")

    evaluate_recommender(log_of(SHOP), learn, **OPTIONS)
    (known,) = seen
    assert known == log_of(SHOP).until(SPLIT) == log_of(SHOP[:6], as_of=SPLIT)
    assert (len(known), known.n_customers) == (6, 5)


@given(ORDERS)
@settings(max_examples=30)
def test_popularity_does_not_beat_itself(rows: list[Interaction]) -> None:
    result = evaluate_recommender(log_of(rows), popular, **OPTIONS)
    assert result.scores == result.popularity
    assert all(gain.parts["sum_sq"] == 0 for gain in result.gains)


def test_a_horizon_that_is_not_over_has_no_values() -> None:
    log = log_of(SHOP)
    full = evaluate_recommender(log, similar, **{**OPTIONS, "horizon": AS_OF - SPLIT})
    assert full.complete
    more = AS_OF - SPLIT + dt.timedelta(microseconds=1)
    result = evaluate_recommender(log, similar, **{**OPTIONS, "horizon": more})
    assert not result.complete
    frame = result.to_frame()
    assert frame.drop(columns="measure").isna().to_numpy().all()
    assert (result.customers, result.scores.hit_rate.count) == (2, 2)
    assert "color" in result._repr_html_()


def test_a_frame_of_all_measures() -> None:
    result = evaluate_recommender(log_of(SHOP), lambda _: Fixed("pen", "pad"), **OPTIONS)
    frame = result.to_frame(0.9).set_index("measure")
    assert frame.index.tolist() == [*MEASURES, "coverage"]
    assert frame.columns.tolist() == [
        *("value", "low", "high", "popularity", "popularity_low", "popularity_high"),
        *("gain", "gain_low", "gain_high"),
    ]
    hit = frame.loc["hit_rate"]
    assert (hit["value"], hit["popularity"], hit["gain"]) == (0.5, 1.0, -0.5)
    low, high = result.scores.hit_rate.interval(0.9)
    assert (hit["low"], hit["high"]) == (low, high)
    assert (hit["gain_low"], hit["gain_high"]) == result.gain("hit_rate").interval(0.9)
    low, high = result.popularity.hit_rate.interval(0.9)
    assert (hit["popularity_low"], hit["popularity_high"]) == (low, high)
    coverage = frame.loc["coverage"]
    assert list(coverage[["value", "popularity", "gain"]]) == [0.5, 0.75, -0.25]
    assert coverage[["low", "gain_low", "gain_high", "popularity_low"]].isna().all()
    assert "hit_rate" in result._repr_html_()
    assert f"<td>{hit['value']:.4g}</td>" in result.scores._repr_html_()
    back: RecommenderEvaluation = pickle.loads(pickle.dumps(result))
    assert back == result
    with pytest.raises(TypeError):
        hash(result)


def test_an_empty_log() -> None:
    result = evaluate_recommender(log_of([]), similar, **OPTIONS)
    assert (result.customers, result.targets, result.inactive, result.newcomers) == (0, 0, 0, 0)
    assert result.to_frame().drop(columns="measure").isna().to_numpy().all()


def test_lists_may_be_of_any_sequence_and_shorter() -> None:
    class Short:
        def recommend(self, histories: Any, n: int) -> Any:
            return tuple(() if len(own) > 1 else ("cap",) for own in histories)

    result = evaluate_recommender(log_of(SHOP), lambda _: Short(), **OPTIONS)
    assert (result.scores.hit_rate.count, result.scores.precision.value) == (1, 0.25)


def test_a_narrower_table_of_recommendations_is_a_short_list() -> None:
    class One:
        def recommend(self, histories: Any, n: int) -> Any:
            return popular(log_of(SHOP).until(SPLIT)).recommend(histories, 1)

    result = evaluate_recommender(log_of(SHOP), lambda _: One(), **OPTIONS)
    assert result.scores.precision.value == 0.25


class Odd:
    """Recommends whatever it is told to."""

    def __init__(self, lists: Any) -> None:
        self.lists = lists

    def recommend(self, histories: Any, n: int) -> Any:
        return self.lists(histories, n)


def odd(lists: Any) -> Any:
    return lambda _: Odd(lists)


BAD: list[tuple[Any, dict[str, Any], str]] = [
    (similar, {"definition": "new"}, "definition must be one of 'new_items', 'all_items'"),
    (similar, {"what": "brand"}, "what must be one of 'sku', 'category'"),
    (similar, {"discount": "log"}, "discount must be one of 'log_rank_plus_one'"),
    (similar, {"n": 0}, "n must be at least 1"),
    (similar, {"horizon": dt.timedelta(0)}, "horizon must be longer than zero"),
    (similar, {"split": AS_OF}, "split must be before as_of: nothing would be held out"),
    (similar, {"split": SPLIT.replace(tzinfo=None)}, "split must be timezone-aware"),
    (Fixed("ink"), {}, "recommender must be a function of the log .*: got Fixed: give lambda"),
    (lambda _: 3, {}, r"recommender must return something with recommend\(.*: got int"),
    (odd(lambda _h, _n: []), {}, "recommender must return one list for each history: got 0 for 2"),
    (odd(lambda _h, _n: [("ink",)] * 3), {}, "recommender must return one list .*: got 3 for 2"),
    (odd(lambda _h, _n: 3), {}, "recommender must be an iterable of values: got int"),
    (odd(lambda _h, _n: ["ink", "pen"]), {}, "recommender must be an iterable of values: got str"),
    (odd(lambda _h, _n: [("a", "b", "c")] * 2), {}, "recommender must return lists of at most n"),
    (odd(lambda _h, _n: [(["a"],)] * 2), {}, "recommender must return lists of labels: one cannot"),
    (similar, {"purchases": 3}, "purchases must be a rule, a kind"),
    (odd(lambda _h, _n: [("a", "a")] * 2), {}, "recommender must name an item once in a list"),
    (
        odd(lambda h, _n: popular(log_of(SHOP)).recommend(h, 3)),
        {},
        "recommender must return lists of at most n items: got 3 for n = 2",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("learn", "options", "message"), BAD, ids=range(len(BAD)))
def test_what_is_refused(learn: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        evaluate_recommender(log_of(SHOP), learn, **{**OPTIONS, **options})


def test_an_unknown_measure() -> None:
    result = evaluate_recommender(log_of(SHOP), similar, **OPTIONS)
    with pytest.raises(InvalidInputError, match="measure must be one of 'hit_rate'"):
        result.gain("map")


# -- published --------------------------------------------------------------------------------------


def test_discounted_cumulated_gain_as_published() -> None:
    """Järvelin and Kekäläinen (2002), section 2.2: G' = <3, 2, 3, 0, 0, 1, 2, 2, 3, 0, ...>."""
    gain = np.array([3, 2, 3, 0, 0, 1, 2, 2, 3, 0])
    published = [3, 5, 6.89, 6.89, 6.89, 7.28, 7.99, 8.66, 9.61, 9.61]
    found = np.cumsum(gain * discounts("jarvelin_kekalainen", 10))
    assert found.round(2).tolist() == published


# -- generated shops --------------------------------------------------------------------------------

YEAR: dict[str, Any] = {
    "split": dt.datetime(2025, 9, 30, 23, tzinfo=UTC),
    "horizon": dt.timedelta(days=90),
    "n": 10,
    "definition": "new_items",
}


def test_it_helps_where_customers_have_tastes() -> None:
    log = cdnow_like(1500, seed=1)
    result = evaluate_recommender(log, similar, **YEAR)
    assert result.customers > 300
    for measure in ("hit_rate", "recall", "ndcg", "mrr"):
        assert result.gain(measure).interval(0.99)[0] > 0
    assert result.scores.coverage.value > result.popularity.coverage.value


def test_it_does_not_where_they_have_none() -> None:
    """What anyone bought says nothing then, and similar items are popularity with noise."""
    log = cdnow_like(1500, seed=2, taste=0.0)
    result = evaluate_recommender(log, similar, **YEAR)
    for measure in MEASURES:
        assert result.gain(measure).interval(0.99)[1] < 0.02
