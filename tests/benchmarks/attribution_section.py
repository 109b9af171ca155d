"""Attribution of a built log, and against ChannelAttribution where that is installed.

The peer simulates until its answer moves little, and cannot say by how much it is off; ours is
exact. Credits are compared, to a share of a hundredth, before any is timed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import io
from typing import Any

import numpy as np

from customerops import InteractionLog, journey
from tests.benchmarks.harness import Work, interleave, markdown

LOOKBACK = dt.timedelta(days=90)
ORDERS = (1, 2, 3)


def paths(log: InteractionLog) -> journey.PathTable:
    """Return the paths to a purchase; what was done stands for the channel."""
    return journey.paths_to_conversion(log, "purchase", lookback=LOOKBACK, channel="kind")


def simulated(table: journey.PathTable) -> dict[int, Work]:
    """Return the peer's estimate at each order, from the same distinct paths."""
    import pandas as pd

    with contextlib.redirect_stdout(io.StringIO()):  # it advertises when it is imported
        import ChannelAttribution  # type: ignore[import-not-found]

    frame = table.to_frame()
    frame = frame[(frame["path"].map(len) > 0) & (frame["conversions"] + frame["nulls"] > 0)]
    data = pd.DataFrame(
        {
            "path": frame["path"].map(">".join),
            "conversions": frame["conversions"],
            "nulls": frame["nulls"],
        }
    )

    def run(order: int) -> Any:
        return ChannelAttribution.markov_model(
            data,
            "path",
            "conversions",
            var_null="nulls",
            order=order,
            verbose=False,
            flg_pro=False,
        )

    return {order: lambda order=order: run(order) for order in ORDERS}  # type: ignore[misc]


def attributions(log: InteractionLog, columns: object, repetitions: int) -> None:
    """Print the time of the paths, and of each order of the chain."""
    table = paths(log)
    ours: dict[str, Work] = {"paths_to_conversion": lambda: paths(log)}
    for order in ORDERS:
        ours[f"Markov({order})"] = lambda order=order: journey.attribute(  # type: ignore[misc]
            table, journey.Markov(order)
        )
    ours["choose_order"] = lambda: journey.choose_order(table)
    ours["Shapley, rates"] = lambda: journey.attribute(table, journey.Shapley("rate_of_subsets"))
    if importlib.util.find_spec("ChannelAttribution") is not None:
        for order, work in simulated(table).items():
            mine = journey.attribute(table, journey.Markov(order)).shares
            theirs: Any = work()
            credit = theirs.set_index("channel_name")["total_conversions"]
            share = (credit / credit.sum())[list(table.channels.labels)].to_numpy()
            np.testing.assert_allclose(share, mine, atol=0.01)
            ours[f"ChannelAttribution, order {order}"] = work
    times = interleave(ours, repetitions)
    print(f"Attribution: {len(table):,} distinct paths, {len(table.channels)} channels\n")
    rows = [(name, each.scaled(1000).spread(0)) for name, each in times.items()]
    print(markdown(("", "ms"), rows), end="\n\n")
