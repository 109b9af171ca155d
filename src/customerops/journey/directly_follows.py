"""What customers do next: the directly-follows counts of a log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.ask import ask
from customerops.model.columns import Coded
from customerops.model.derived import groups_of
from customerops.model.estimates import Proportion
from customerops.model.labels import END, START, Label, label_key
from customerops.model.log import InteractionLog
from customerops.model.rules import as_rule
from customerops.model.runs import first_of_run
from customerops.model.tables import Axis, Context, Table

if TYPE_CHECKING:
    from customerops.model.grouping import Grouping
    from customerops.model.rules import Rule
    from customerops.model.window import Window

__all__ = ["TransitionTable", "transitions"]


class TransitionTable(Table):
    """Moves from one state to the next, over the axes source and target (after the group).

    Attributes
    ----------
    count : ndarray of int
        Moves from source to target.
    customers : ndarray of int
        Customers who made that move at least once.
    visitors : ndarray of int, over source alone
        Customers who left that source at least once, `END` counting as a way to leave.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "customers", "visitors")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"visitors": ("group", "source")}

    def share(self) -> Proportion:
        """Return, of the customers who were in a source, the share that moved on to each target.

        A customer who was there twice may have moved to two targets, so a row may exceed 1.
        """
        total = np.broadcast_to(self.parts["visitors"][..., None], self.parts["count"].shape)
        return Proportion(
            axes=self.axes,
            parts={"count": self.parts["customers"], "total": total},
            context=attrs.evolve(self.context, metric="transitions.share"),
        )


def transitions(
    log: InteractionLog,
    *,
    state: str = "kind",
    steps: Rule | str | Collection[str] | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> TransitionTable:
    """Count what directly follows what, with where paths start and where they end so far.

    Parameters
    ----------
    log : InteractionLog
        The events.
    state : str
        Column whose labels are the states: ``"kind"``, ``"channel"``, ``"name"``,
        ``"attributes.page"``. A missing label is a state like others.
    steps : Rule, str or collection of str, optional
        Which events are steps of the path; left out, all are. Others are passed over.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only steps inside it; a path starts and ends with its first and last step in the window.
    by : str or Grouping, optional
        A customer attribute or a grouping; a table for each group.

    Returns
    -------
    TransitionTable
        Axes source and target, both of the states that occur, with `START` before the first step
        and `END` after the last: where the customer is now, not where they will stay.

    Raises
    ------
    InvalidInputError
        When the column is not loaded or not categorical, or as_of is not known.

    Notes
    -----
    ``count[s, t]`` is the number of consecutive pairs of one customer's steps with states s, t;
    at one instant, input order decides. Every customer with a step adds one move from `START` and
    one to `END`, so for each state the moves in equal the moves out.

    References
    ----------
    van der Aalst, W. (2016). Process Mining: Data Science in Action, 2nd ed., section 6.2:
    directly-follows relation.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import transitions
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 1)],
    ...     kind=["view", "purchase", "view"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> table = transitions(log)
    >>> table.select(source="view").to_frame()[["target", "count", "customers"]].values.tolist()
    [['purchase', 1, 1], ['view', 0, 0], [('end',), 1, 1], [('start',), 0, 0]]
    """
    asked = ask(log, as_of=as_of, over=over)
    column = asked.log.coded(state)
    rule = None if steps is None else as_rule(steps)
    keep = np.ones(len(asked.log), np.bool_) if rule is None else rule.mask(asked.log)
    if over is not None:
        keep = keep & _inside(asked.log.at, over)
    rows = np.flatnonzero(keep)
    customer = asked.log.codes[rows]
    path, labels = _states(column, rows)
    group, n_groups, axes = groups_of(asked.log, by)
    source, target, owner = _moves(customer, path, labels)
    n = len(labels)
    table = n_groups * n * n
    cell = (group[owner] * n + source) * n + target
    count = np.bincount(cell, minlength=table)
    customers = np.bincount(_once(owner, cell, table), minlength=table)
    left = group[owner] * n + source
    visitors = np.bincount(_once(owner, left, n_groups * n), minlength=n_groups * n)
    shape = tuple(len(axis.labels) for axis in axes)
    return TransitionTable(
        axes=(*axes, Axis("source", labels, "state"), Axis("target", labels, "state")),
        parts={
            "count": count.reshape(*shape, n, n),
            "customers": customers.reshape(*shape, n, n),
            "visitors": visitors.reshape(*shape, n),
        },
        context=Context(
            metric="transitions",
            unit="move",
            as_of=asked.as_of,
            over=over,
            by=by,
            options=(("state", state), ("steps", rule)),
        ),
    )


def _states(column: Coded, rows: NDArray[np.intp]) -> tuple[NDArray[np.int64], tuple[Label, ...]]:
    """Return each step's state as a position among the sorted states that occur, and these."""
    codes = column.codes[rows].astype(np.int64)
    present = np.bincount(codes + 1, minlength=len(column.labels) + 1) > 0
    table: list[Label] = [None, *column.labels]
    seen = [label for label, here in zip(table, present.tolist(), strict=True) if here]
    labels = sorted([*seen, *((START, END) if seen else ())], key=label_key)
    place = {label_key(label): i for i, label in enumerate(labels)}
    of = np.array([place.get(label_key(label), -1) for label in table], np.int64)
    return of[codes + 1], tuple(labels)


def _moves(
    customer: NDArray[np.int32], path: NDArray[np.int64], labels: tuple[Label, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Return source, target and customer of every move, one more for each customer than steps."""
    start, end = (labels.index(label) if labels else -1 for label in (START, END))
    first = first_of_run(customer)
    last = np.append(first[1:], True)[: len(first)]
    into = np.flatnonzero(~first)
    source = np.concatenate([np.full(int(first.sum()), start), path[into - 1], path[last]])
    target = np.concatenate([path[first], path[into], np.full(int(last.sum()), end)])
    owner = np.concatenate([customer[first], customer[into], customer[last]])
    return source, target, owner


def _once(owner: NDArray[np.int32], cell: NDArray[np.int64], n_cells: int) -> NDArray[np.int64]:
    """Return the cells, each once for every owner."""
    key = np.sort(owner.astype(np.int64) * n_cells + cell)
    return key[first_of_run(key)] % n_cells if n_cells else key


def _inside(at: NDArray[np.int64], over: Window) -> NDArray[np.bool_]:
    keep = np.ones(len(at), np.bool_)
    if over.start_us is not None:
        keep &= at >= over.start_us
    if over.end_us is not None:
        keep &= at < over.end_us
    return keep
