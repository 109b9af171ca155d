"""Of all who are members at the end of a stretch, how many did something in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.metrics.shared.spans import Spans
from customerops.model.log.derived import first_rows
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule
from customerops.model.tables.axes import Axis
from customerops.model.values import exact

__all__ = ["NEVER", "joined_at", "members_who"]

NEVER = np.iinfo(np.int64).max
"""When a customer joined who is no member."""


def joined_at(log: InteractionLog, rule: Rule | None) -> NDArray[np.int64]:
    """Return when each customer became a member: by a rule's first event, else by the first of all."""
    if rule is None:
        return log.entered
    joined = np.full(log.n_customers, NEVER)
    rows = first_rows(log, rule)
    joined[log.codes[rows]] = log.at[rows]
    return joined


def members_who(
    spans: Spans,
    group: NDArray[np.intp],
    groups: tuple[Axis, ...],
    joined: NDArray[np.int64],
    who: NDArray[Any],
    at: NDArray[np.int64],
) -> dict[str, NDArray[Any]]:
    """Return ``count``, the members who did something in a stretch, and ``total``, all at its end.

    Parameters
    ----------
    spans : Spans
        The stretches.
    group, groups
        The group of each customer, and their axis.
    joined : ndarray of int64
        When each customer became a member; NEVER for who is none.
    who, at : ndarray of int
        Customer and instant of what was done. Before the stretch in which one joined it does not
        count.
    """
    size, n = len(spans), len(groups[0]) if groups else 1
    place = np.maximum(spans.place(joined), 0)
    there = place < size
    total = exact.group_count(group[there] * size + place[there], n * size)
    total = np.cumsum(total.reshape(n, size), axis=1)
    when = spans.place(at)
    inside = (when >= 0) & (when < size) & (place[who] <= when)
    cells = np.unique(who[inside].astype(np.int64) * size + when[inside])
    customer, when = np.divmod(cells, max(size, 1))
    count = exact.group_count(group[customer] * size + when, n * size)
    shape = (*(len(axis) for axis in groups), *(len(axis) for axis in spans.axes))
    return {"count": count.reshape(shape), "total": total.reshape(shape)}
