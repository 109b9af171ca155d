"""What each customer prefers: the label with most weight, where older events weigh less."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.values.labels import Label, label_key
from customerops.model.values.runs import first_of_run

__all__ = ["Preferred", "preferred"]

_ONE = 2**40
"""The weight of a customer's last event; whole numbers, so that sums do not depend on order."""


@attrs.frozen(eq=False)
class Preferred:
    """The preferred label of every customer, and how clear that is.

    Attributes
    ----------
    label : ndarray of object, shape (n_customers,)
        None without an event that has a label.
    share : ndarray of float, shape (n_customers,)
        Its part of the customer's weight; NaN without.
    """

    label: NDArray[np.object_]
    share: NDArray[np.float64]


def preferred(
    customer: NDArray[Any],
    at: NDArray[np.int64],
    codes: NDArray[Any],
    labels: tuple[Label, ...],
    *,
    n: int,
    half_life: int | None,
) -> Preferred:
    """Return which label each of n customers prefers.

    Parameters
    ----------
    customer, at, codes : ndarray, shape (n_rows,)
        Customer, instant in microseconds and label of each event, -1 for none; in any order.
    labels : tuple of Label
        What the codes stand for. Of labels of equal weight the first by `label_key` is preferred.
    n : int
        How many customers there are.
    half_life : int or None
        Microseconds after which an event weighs half; None: all weigh the same.

    Notes
    -----
    An event weighs ``2 ** -(age / half_life)`` with its age before the customer's own last one, to
    forty binary places. A common factor changes no share, so the instant of the question has no
    part in it.
    """
    some = np.flatnonzero(codes >= 0)
    customer, at, codes = customer[some].astype(np.int64), at[some], codes[some].astype(np.int64)
    rank = np.empty(len(labels), np.int64)
    order = sorted(range(len(labels)), key=lambda i: label_key(labels[i]))
    rank[order] = np.arange(len(labels))
    newest = np.full(n, np.iinfo(np.int64).min, np.int64)
    np.maximum.at(newest, customer, at)
    weight = np.full(len(at), _ONE, np.int64)
    if half_life is not None:
        weight = np.floor(_ONE * np.exp2(-(newest[customer] - at) / half_life)).astype(np.int64)
    sort = np.lexsort((rank[codes], customer))
    customer, codes, weight = customer[sort], codes[sort], weight[sort]
    lead = np.flatnonzero(first_of_run(customer, codes))
    label, share = np.full(n, None, object), np.full(n, np.nan)
    if not len(lead):
        return Preferred(label, share)
    sums = np.add.reduceat(weight, lead)
    who, code = customer[lead], codes[lead]
    total = np.zeros(n, np.int64)
    np.add.at(total, who, sums)  # noqa: TID251 - few: a pair of customer and label
    best = np.lexsort((rank[code], -sums, who))
    first = best[first_of_run(who[best])]
    names = np.array([*labels, None], object)
    label[who[first]] = names[code[first]]
    share[who[first]] = sums[first] / total[who[first]]
    return Preferred(label, share)
