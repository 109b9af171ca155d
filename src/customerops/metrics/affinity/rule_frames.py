"""Shares of pairs, and rules "who has the one has the other" ranked, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from customerops.model.tables import intervals
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import ClusteredShare, Proportion

if TYPE_CHECKING:
    import pandas as pd

    from customerops.metrics.affinity.pair_table import CoPurchases

__all__ = ["largest", "rules_frame", "share_of"]

Floats = NDArray[np.float64]


def largest(value: Floats, kept: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the rows that are kept, the largest value first, ties in their order, NaN last."""
    rows = np.flatnonzero(kept)
    return rows[np.argsort(-value[rows], kind="stable")]


def rules_frame(
    table: CoPurchases, n: int, by: str, at_least: int, confidence: float
) -> pd.DataFrame:
    """Return the frame of `CoPurchases.rules`; the options are valid."""
    import pandas as pd

    pair = np.repeat(np.arange(len(table)), 2)
    swapped = np.arange(len(pair)) % 2 == 1
    given = np.where(swapped, table.second[pair], table.first[pair])
    then = np.where(swapped, table.first[pair], table.second[pair])
    order = np.lexsort((then, given))  # by labels, for ties
    pair, swapped, given, then = pair[order], swapped[order], given[order], then[order]
    both, count = table.parts["both"][pair], table.parts["count"]

    def measured(name: str, rows: NDArray[Any]) -> Floats:
        return table._measured(name, both[rows], count[given[rows]], count[then[rows]])

    value = both.astype(np.float64) if by == "both" else measured(by, np.arange(len(pair)))
    rows = largest(value, both >= at_least)[:n]
    low, high = _bounds(table, pair[rows], given[rows], swapped[rows], confidence)
    return pd.DataFrame(
        {
            "given": table._labels(given[rows]),
            "then": table._labels(then[rows]),
            "both": both[rows],
            "given_count": count[given[rows]],
            "then_count": count[then[rows]],
            "confidence": measured("confidence", rows),
            "low": low,
            "high": high,
            "lift": measured("lift", rows),
            "conviction": measured("conviction", rows),
            "complete": np.full(len(rows), table.complete),
        }
    )


def _bounds(
    table: CoPurchases,
    pair: NDArray[Any],
    given: NDArray[Any],
    swapped: NDArray[np.bool_],
    confidence: float,
) -> tuple[Floats, Floats]:
    """Return the interval of the confidence of some rules: that of `CoPurchases.confidence`."""
    parts = table.parts
    both, count = parts["both"][pair], parts["count"][given]
    if "customers" in parts:
        low, high = intervals.ratio_share(
            parts["customers_with"][given],
            both,
            count,
            parts["both_sq"][pair],
            parts["count_sq"][given],
            np.where(swapped, parts["both_second"][pair], parts["both_first"][pair]),
            confidence,
        )
    else:
        low, high = intervals.wilson(both, count, confidence)
    known = np.full(len(pair), table.complete)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def share_of(
    context: Context, own: dict[str, int], total: Any, n: Any, total_sq: Any, cross: Any
) -> Proportion | ClusteredShare:
    """Return the share of a total that holds both: of customers, or of orders by customer."""
    if n is None:
        return Proportion(parts={"count": own["both"], "total": total}, context=context)
    parts = {"n": n, "x": own["both"], "y": total}
    squares = {"xx": own["both_sq"], "yy": total_sq, "xy": cross}
    return ClusteredShare(parts={**parts, **squares}, context=context)
