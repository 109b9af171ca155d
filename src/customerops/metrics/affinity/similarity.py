"""How like two items are, from the baskets they are in, and the nearest of each."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from customerops.metrics.affinity.measures import SYMMETRIC
from customerops.metrics.affinity.pair_table import CoPurchases
from customerops.model.values.runs import first_of_run

__all__ = ["SIMILARITIES", "Similarity", "near", "similarities"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Similarity = Literal["cosine", "jaccard", "lift", "conditional"]
SIMILARITIES = ("cosine", "jaccard", "lift", "conditional")

_DIGITS = 40  # binary ones, about twelve decimal


def near(scores: NDArray[Any]) -> Floats:
    """Return scores to about twelve digits: those that differ by rounding alone are ties.

    Examples
    --------
    >>> import numpy as np
    >>> near(np.array([0.1 + 0.2, 0.3])).tolist() == near(np.array([0.3, 0.3])).tolist()
    True
    """
    share, exponent = np.frexp(scores)
    rounded: Floats = np.ldexp(np.rint(np.ldexp(share, _DIGITS)), exponent - _DIGITS)
    return rounded


def similarities(
    pairs: CoPurchases,
    similarity: Similarity,
    *,
    alpha: float,
    shrinkage: float,
    neighbours: int | None,
) -> tuple[Ints, Ints, Floats]:
    """Return the similarity of each item (row) to each other one (column), sorted by both.

    Of each row only the `neighbours` largest, of equal ones the first by label.
    """
    count, both = pairs.parts["count"].astype(np.float64), pairs.parts["both"].astype(np.float64)
    row = np.concatenate([pairs.first, pairs.second])
    column = np.concatenate([pairs.second, pairs.first])
    both = np.concatenate([both, both])
    a, b = count[row], count[column]
    if similarity == "conditional":
        value = both / (a * b**alpha)
    else:
        value = SYMMETRIC[similarity](both, a, b, np.asarray(pairs.baskets, np.float64))
    value *= both / (both + shrinkage)
    order = np.lexsort((column, row))
    row, column, value = row[order], column[order], value[order]
    if neighbours is None:
        return row, column, value
    order = np.lexsort((column, -near(value), row))
    lead = np.flatnonzero(first_of_run(row))
    place = np.arange(len(row)) - np.repeat(lead, np.diff(np.append(lead, len(row))))
    kept = np.sort(order[place < neighbours])
    return row[kept], column[kept], value[kept]
