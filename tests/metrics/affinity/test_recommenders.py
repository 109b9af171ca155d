"""Recommenders and histories, against plain dicts and by hand."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    CoPurchases,
    ItemToItem,
    Popularity,
    PurchaseHistories,
    Recommendations,
    Recommender,
    co_purchases,
    purchase_histories,
)
from customerops.metrics.affinity import item_to_item
from customerops.metrics.affinity.similarity import near
from customerops.model import Did, Interaction, Window
from tests.metrics.affinity.shops import ORDERS, START, log_of, order, own
from tests.reference import affinity as slow

PURCHASE = ("purchase",)
PAIRS = CoPurchases.from_counts(
    baskets=20,
    items={"cap": 4, "ink": 9, "pad": 16, "pen": 4},
    pairs={("ink", "pen"): 3, ("ink", "pad"): 6, ("pad", "pen"): 2, ("cap", "pad"): 4},
)


@given(ORDERS, st.sampled_from(["sku", "category"]), st.booleans())
@settings(max_examples=60)
def test_histories_are_those_of_plain_dicts(
    rows: list[Interaction], what: Any, bounded: bool
) -> None:
    over = Window(START + dt.timedelta(days=1), START + dt.timedelta(days=5)) if bounded else None
    found = purchase_histories(log_of(rows), what=what, over=over)
    expected = slow.histories_of(own(rows), PURCHASE, what, over)
    assert list(found) == [tuple(expected[who]) for who in sorted(expected)]
    assert found.ids.tolist() == sorted(expected)
    assert found.labels == tuple(sorted({item for items in expected.values() for item in items}))


def test_histories_are_a_sequence() -> None:
    rows = [order("b", 0, "ink", "pen"), order("a", 1, "pad"), order("b", 2, "ink", "cap")]
    histories = purchase_histories(log_of([*rows, order("c", 3, "cap", "-cap")]))
    assert list(histories) == [("pad",), ("pen", "ink", "cap")]
    assert histories[-1] == histories[1]
    assert list(histories[1:]) == [histories[1]]
    assert list(histories.take(np.array([1, 0]))) == [histories[1], histories[0]]
    assert ("pad",) in histories
    assert histories.to_frame().to_numpy().tolist() == [
        ["a", "pad"],
        ["b", "pen"],
        ["b", "ink"],
        ["b", "cap"],
    ]
    assert repr(histories) == "PurchaseHistories(2 customers, 4 items)"
    assert "<td>items</td><td>2</td><td>2</td><td>1</td>" in histories._repr_html_()
    back = pickle.loads(pickle.dumps(histories))
    assert back == histories
    assert not back.codes.flags.writeable
    assert histories != histories[1:]
    assert histories != [("pad",)]
    with pytest.raises(IndexError):
        histories[2]
    with pytest.raises(InvalidInputError, match="what must be one of 'sku', 'category'"):
        purchase_histories(log_of(rows), what="brand")  # type: ignore[arg-type]


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    similarity = draw(st.sampled_from(["cosine", "jaccard", "lift", "conditional"]))
    return {
        "similarity": similarity,
        "alpha": draw(st.sampled_from([0.0, 0.5, 1.0])) if similarity == "conditional" else None,
        "shrinkage": draw(st.sampled_from([0.0, 1.5])),
        "neighbours": draw(st.sampled_from([None, 1, 2])),
        "bought": draw(st.sampled_from(["exclude", "include"])),
        "fill": draw(st.sampled_from(["none", "popular"])),
    }


@given(ORDERS, models(), st.integers(1, 6), st.sampled_from([1, 3, 2**22]))
@settings(max_examples=80)
def test_lists_are_those_of_plain_dicts(
    rows: list[Interaction], options: dict[str, Any], n: int, block: int
) -> None:
    log = log_of(rows)
    table = co_purchases(log, unit="customer")
    histories = purchase_histories(log)
    counted = slow.pairs_of(slow.baskets_of(own(rows), PURCHASE, unit="customer"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(item_to_item, "_BLOCK", block)
        lists = ItemToItem.of(table, **options).recommend(histories, n)
    similar = slow.similar_items(
        counted,
        options["similarity"],
        alpha=options["alpha"] or 0.0,
        shrinkage=options["shrinkage"],
        neighbours=options["neighbours"],
    )
    exclude = options["bought"] == "exclude"
    counts = {item: parts["count"] for item, parts in counted["items"].items()}
    for history, found in zip(histories, lists, strict=True):
        items = [str(item) for item in history]
        expected = slow.recommended(similar, items, n, exclude=exclude)
        popular = slow.popular(counts, items, n, exclude=exclude)
        if options["fill"] == "popular":
            more = slow.popular(counts, items, len(counts), exclude=exclude)
            expected = [*expected, *(x for x in more if x not in expected)][:n]
        assert list(found) == expected
        model = Popularity.of(table, bought=options["bought"])
        assert list(model.recommend([history], n)[0]) == popular


def test_similarities_by_hand() -> None:
    """The counts of PAIRS: ink 9, pad 16, pen 4; ink and pen 3, ink and pad 6, pad and pen 2."""

    def near_ink(**options: Any) -> dict[str, float]:
        model = ItemToItem.of(PAIRS, bought="exclude", **options)
        frame = model.similar("ink", 5)
        return {str(item): float(x) for item, x in frame.itertuples(index=False)}

    assert near_ink(similarity="cosine") == {"pen": 3 / 6, "pad": 6 / 12}
    assert list(near_ink(similarity="cosine")) == ["pad", "pen"]  # a tie: by label
    assert near_ink(similarity="jaccard") == pytest.approx({"pen": 3 / 10, "pad": 6 / 19})
    assert near_ink(similarity="lift") == pytest.approx({"pen": 60 / 36, "pad": 120 / 144})
    conditional = near_ink(similarity="conditional", alpha=0.5)
    assert conditional == pytest.approx({"pen": 3 / (9 * 2), "pad": 6 / (9 * 4)})
    plain = near_ink(similarity="conditional", alpha=0.0)
    assert plain == pytest.approx({"pad": 6 / 9, "pen": 3 / 9})  # confidence
    shrunk = near_ink(similarity="cosine", shrinkage=1)
    assert shrunk == pytest.approx({"pad": 0.5 * 6 / 7, "pen": 0.5 * 3 / 4})
    assert list(near_ink(similarity="lift", neighbours=1)) == ["pen"]


def test_conditional_similarity_has_a_direction() -> None:
    model = ItemToItem.of(PAIRS, similarity="conditional", alpha=0.5, bought="exclude")
    assert model.similar("pen", 1).iloc[0].tolist() == ["ink", pytest.approx(3 / (4 * 3))]


def test_scores_add_up_over_a_history() -> None:
    model = ItemToItem.of(PAIRS, similarity="cosine", bought="include")
    lists = model.recommend([["ink", "pen", "ink", "unheard of"], []], 4)
    frame = lists.to_frame()
    assert frame["row"].tolist() == [0, 0, 0]  # nobody buys caps with them; nothing for nothing
    assert frame["rank"].tolist() == [1, 2, 3]
    assert frame["item"].tolist() == ["pad", "ink", "pen"]
    assert frame["score"].tolist() == pytest.approx([6 / 12 + 2 / 8, 3 / 6, 3 / 6])
    assert [len(one) for one in lists] == [3, 0]
    assert np.isnan(lists.scores[1]).all()
    assert list(lists[:1]) == [lists[0]]
    assert repr(lists) == "Recommendations(2 lists of up to 4)"
    assert "pad, ink, pen" in lists._repr_html_()
    assert pickle.loads(pickle.dumps(lists)) == lists
    assert lists != lists[:1]
    assert lists != [lists[0]]


def test_a_short_list_is_filled_by_popularity_or_stays_short() -> None:
    options: dict[str, Any] = {"similarity": "lift", "bought": "exclude"}
    short = ItemToItem.of(PAIRS, **options)
    full = ItemToItem.of(PAIRS, **options, fill="popular")
    assert short.recommend([["cap"], []], 3)[0] == ("pad",)
    lists = full.recommend([["cap"], []], 3)
    assert list(lists) == [
        ("pad", "ink", "pen"),
        ("pad", "ink", "cap"),
    ]  # cap before pen: by label
    assert np.isnan(lists.scores[0]).tolist() == [False, True, True]
    again = ItemToItem.of(PAIRS, similarity="lift", bought="include", fill="popular")
    assert again.recommend([["cap"]], 9)[0] == ("pad", "ink", "cap", "pen")


def test_popularity() -> None:
    model = Popularity.of(PAIRS, bought="exclude")
    lists = model.recommend([["pad", "cap"], [], ["ink", "ink", "rum"]], 3)
    assert list(lists) == [("ink", "pen"), ("pad", "ink", "cap"), ("pad", "cap", "pen")]
    assert lists.scores[0].tolist()[:2] == [9.0, 4.0]
    assert np.isnan(lists.scores[0][2])
    again = Popularity.of(PAIRS, bought="include")
    assert again.recommend([["pad"]], 2)[0] == ("pad", "ink")
    assert again.recommend([], 2) == model.recommend([], 2)
    assert repr(model) == "Popularity(4 items, bought='exclude')"


def test_they_are_values() -> None:
    pen = ItemToItem.of(PAIRS, similarity="lift", bought="exclude", fill="popular")
    for one in (pen, popular := Popularity.of(PAIRS, bought="exclude")):
        assert isinstance(one, Recommender)
        back = pickle.loads(pickle.dumps(one))
        assert back == one
        assert one != 3
    assert not pickle.loads(pickle.dumps(popular)).count.flags.writeable
    assert pen != ItemToItem.of(PAIRS, similarity="lift", bought="exclude")
    assert repr(pen) == "ItemToItem(4 items, 8 similarities)"


def test_nothing_known() -> None:
    nothing = co_purchases(log_of([]), unit="customer")
    for model in (
        Popularity.of(nothing, bought="exclude"),
        ItemToItem.of(nothing, similarity="cosine", bought="exclude", fill="popular"),
    ):
        assert list(model.recommend([["ink"], []], 2)) == [(), ()]


def test_scores_that_differ_by_rounding_are_ties() -> None:
    a, b = 0.1 + 0.2, 0.3
    assert a != b
    assert near(np.array([a]))[0] == near(np.array([b]))[0] == pytest.approx(0.3)
    assert near(np.array([0.3]))[0] != near(np.array([0.3 * (1 + 1e-11)]))[0]
    ones = near(np.array([1 - 2**-53, 1.0]))
    assert ones[0] == ones[1]


BAD: list[tuple[Any, str]] = [
    (lambda: Popularity.of("x", bought="exclude"), "pairs must be a CoPurchases: got str"),  # type: ignore[arg-type]
    (lambda: Popularity.of(PAIRS, bought="no"), "bought must be one of 'exclude', 'include'"),  # type: ignore[arg-type]
    (lambda: made(pairs=3), "pairs must be a CoPurchases: got int"),
    (lambda: made(similarity="pearson"), "similarity must be one of 'cosine', 'jaccard', 'lift'"),
    (lambda: made(bought="no"), "bought must be one of"),
    (lambda: made(fill="no"), "fill must be one of 'none', 'popular'"),
    (lambda: made(alpha=0.5), "alpha must be given for similarity='conditional', and only"),
    (lambda: made(similarity="conditional"), "alpha must be given for similarity='conditional'"),
    (lambda: made(similarity="conditional", alpha=1.5), "alpha must be from 0 to 1"),
    (lambda: made(similarity="conditional", alpha=-0.5), "alpha must be from 0 to 1"),
    (lambda: made(shrinkage=-1), "shrinkage must not be negative"),
    (lambda: made(neighbours=0), "neighbours must be at least 1"),
    (lambda: made().similar("rum", 3), "item must be one of those the table had"),
    (lambda: made().similar("ink", -1), "n must be at least 0"),
    (lambda: made().recommend([["ink"]], 0), "n must be at least 1"),
    (lambda: made().recommend(["ink"], 1), "histories must be an iterable of values: got str"),
    (lambda: made().recommend(3, 1), "histories must be an iterable of values: got int"),  # type: ignore[arg-type]
    (lambda: made().recommend(iter([["ink"]]), 1), "histories must be a sequence: got list_iter"),  # type: ignore[arg-type]
    (lambda: made().recommend([[["ink"]]], 1), "histories must hold labels of items: one cannot"),  # type: ignore[list-item]
    (lambda: purchase_histories(log_of([]), purchases=Did("x")), "purchases must be a rule about"),
    (lambda: Popularity.of(PAIRS, bought="exclude").recommend([], 0), "n must be at least 1"),
]


def made(*, pairs: Any = PAIRS, **options: Any) -> ItemToItem:
    return ItemToItem.of(pairs, **{"similarity": "cosine", "bought": "exclude", **options})


@pytest.mark.parametrize(("call", "message"), BAD, ids=range(len(BAD)))
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        call()


def test_types_of_histories() -> None:
    table = co_purchases(log_of([order("a", 0, "ink", "pen")]), unit="customer")
    model = ItemToItem.of(table, similarity="cosine", bought="exclude")
    by_hand: Recommendations = model.recommend([("ink",)], 1)
    histories = purchase_histories(log_of([order("b", 0, "ink", "rum")]))
    assert isinstance(histories, PurchaseHistories)
    assert list(model.recommend(histories, 1)) == list(by_hand) == [("pen",)]
