from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from matplotlib.colors import to_hex

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.metrics import (
    CoPurchases,
    ItemToItem,
    Recommender,
    RecommenderEvaluation,
    co_purchases,
    evaluate_recommender,
)
from customerops.plotting import pair_bars, recommender_chart
from customerops.plotting.canvas import GAIN, LOSS
from tests.plotting.marks import bars, below, rendered, said, spans, ticks, whiskers

DRINKS = CoPurchases.from_counts(
    baskets=100,
    items={"tea": 25, "coffee": 90, "milk": 40, "rum": 2},
    pairs={("tea", "coffee"): 20, ("coffee", "milk"): 39, ("tea", "milk"): 20, ("tea", "rum"): 2},
)


def test_pairs_by_lift() -> None:
    """Lift: 20 x 100 / (25 x 40) = 2, 39 x 100 / (90 x 40) = 1.083, 20 x 100 / (25 x 90) = 0.889."""
    ax = rendered(DRINKS.plot())
    assert [bar.get_x() for bar in bars(ax)] == [1, 1, 1]
    ends = [bar.get_x() + bar.get_width() for bar in bars(ax)]
    assert ends == pytest.approx([2, 3900 / 3600, 2000 / 2250])
    colours = [to_hex(bar.get_facecolor()).upper() for bar in bars(ax)]
    assert colours == [GAIN, GAIN, LOSS]
    assert [set(name.split(" + ")) for name in ticks(ax, "y")] == [
        {"tea", "milk"}, {"coffee", "milk"}, {"tea", "coffee"}]  # fmt: skip
    assert said(ax)[:3] == ["20 baskets (20 %)", "39 baskets (39 %)", "20 baskets (20 %)"]
    assert below(ax) == "100 baskets, each of one customer; pairs in at least 5 baskets"
    assert ax.get_xlabel() == "lift (times as often together as by chance)"
    assert ax.get_title("left") == "Bought together: lift of pairs"


def test_rare_pairs_are_asked_for() -> None:
    ax = rendered(pair_bars(DRINKS, top=1, at_least=2))
    assert [bar.get_x() + bar.get_width() for bar in bars(ax)] == [4]  # 2 x 100 / (25 x 2)
    with pytest.raises(
        InvalidInputError, match="pairs in at least 40 baskets to be drawn: pair_bars"
    ):
        pair_bars(DRINKS, at_least=40)
    with pytest.raises(InvalidInputError, match="top must be"):
        pair_bars(DRINKS, top=0)


def shop() -> InteractionLog:
    baskets = [("a", 1, "ink"), ("a", 2, "pen"), ("b", 1, "ink"), ("b", 3, "pen"), ("c", 1, "cap"),
               ("d", 1, "ink"), ("e", 1, "ink"), ("f", 2, "cap"), ("f", 3, "pen"),
               ("d", 9, "pen"), ("e", 9, "cap"), ("c", 10, "pen")]  # fmt: skip
    orders = {
        "order": list(range(len(baskets))),
        "who": [who for who, *_ in baskets],
        "day": [dt.date(2026, 1, day) for _, day, _ in baskets],
    }
    lines = {"order": list(range(len(baskets))), "sku": [sku for *_, sku in baskets]}
    return InteractionLog.from_orders(
        orders, lines, customer_id="who", at="day", order_id="order", sku="sku", tz=dt.UTC
    ).until_day(dt.date(2026, 1, 31))


def learned(known: InteractionLog) -> Recommender:
    pairs = co_purchases(known, unit="customer")
    return ItemToItem.of(pairs, similarity="cosine", bought="exclude")


def tried(days: int) -> RecommenderEvaluation:
    return evaluate_recommender(
        shop(), learned, split=dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
        horizon=dt.timedelta(days=days), n=1, definition="new_items",
    )  # fmt: skip


def test_measures_beside_popularity() -> None:
    result = tried(14)
    ax = rendered(result.plot())
    for which, scores in enumerate((result.scores, result.popularity)):
        drawn = ax.containers[which].lines[0]
        values = [scores.hit_rate, scores.precision, scores.recall, scores.ndcg, scores.mrr]
        assert drawn.get_xdata()[:5] == pytest.approx([float(one.value) for one in values])
        assert drawn.get_xdata()[5] == float(scores.coverage.value)
        for end, one in zip(whiskers(ax, which, along=0), values, strict=False):
            assert end == pytest.approx(one.interval())
        assert drawn.get_ydata().tolist() == pytest.approx(np.arange(6) + (-0.14, 0.14)[which])
    gain = result.gain("hit_rate")
    low, high = gain.interval()
    assert said(ax)[0] == f"{gain.value:+.3f}  ({low:+.3f} to {high:+.3f})"
    assert "(" not in said(ax)[5]  # coverage has no interval
    assert ticks(ax, "y") == [
        "hit rate", "precision", "recall", "NDCG", "MRR", "coverage of items"]  # fmt: skip
    assert f"lists of 1; {result.customers} customers; 95 % intervals" in below(ax)
    assert "as of the end of 2026-01-31" in below(ax)
    assert ax.get_title("left") == "Recommender and popularity (new items)"
    assert not spans(ax, 1)
    narrow = whiskers(recommender_chart(result, confidence=0.5), along=0)[0]
    assert narrow[0] > whiskers(ax, along=0)[0][0]


def test_a_horizon_that_is_not_over() -> None:
    ax = rendered(tried(60).plot())
    assert len(spans(ax, 1)) == 1
    assert np.isnan(ax.containers[0].lines[0].get_xdata()).all()
    assert ax.get_xlim() == (0, 1)
    assert set(said(ax)[:6]) == {""}


def test_pairs_of_a_window_that_is_not_over() -> None:
    from customerops import Window

    over = Window.parse("2026-01-01", "2026-03-01", tz="UTC")
    pairs = co_purchases(shop(), unit="customer", over=over)
    with pytest.raises(InvalidInputError, match="of a window that is over to be drawn"):
        pair_bars(pairs, at_least=0)
