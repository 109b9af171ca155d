"""What customers do next: the directly-follows counts of a log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import as_rule
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Axis, Context, Table
from customerops.model.values.columns import Coded
from customerops.model.values.labels import END, START, Label, label_key
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.window import Window

__all__ = ["TransitionShare", "TransitionTable", "transitions"]

_BITS = 64
_MOST = 4096  # states: a table of all pairs of more would fill the memory


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

    def share(self) -> TransitionShare:
        """Return, of the customers who were in a source, the share that moved on to each target.

        A customer who was there twice may have moved to two targets, so a row may exceed 1.
        """
        return TransitionShare(
            axes=self.axes,
            parts={"count": self.parts["customers"], "total": self.parts["visitors"]},
            context=attrs.evolve(self.context, metric="transitions.share"),
        )


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TransitionShare(Proportion):
    """The share of a source's customers that moved on to each target.

    A source has one total, whichever targets occur, so that shares add up over customers.
    """

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"total": ("group", "source")}


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
        When the column is not loaded, not categorical or has more than 4,094 labels, or as_of is
        not known.

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
    group, n_groups, axes = groups_of(asked.log, by)
    path, labels = _paths(asked.log, column, rule, over)
    n = len(labels)
    shape = tuple(len(axis) for axis in axes)
    owner = group[path.customers]
    cell = path.moves if not axes else np.repeat(owner * n * n, np.diff(path.starts)) + path.moves
    count = np.bincount(cell, minlength=n_groups * n * n)
    return TransitionTable(
        axes=(*axes, Axis("source", labels, "state"), Axis("target", labels, "state")),
        parts={
            "count": count.reshape(*shape, n, n),
            "customers": _once(path.moves, path.starts, owner, n_groups, n * n).reshape(
                *shape, n, n
            ),
            "visitors": _once(path.moves // max(n, 1), path.starts, owner, n_groups, n).reshape(
                *shape, n
            ),
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


@attrs.frozen(eq=False)
class _Paths:
    """The moves of customers one after another: ``source * n_states + target``.

    The moves of ``customers[i]`` are ``starts[i]:starts[i + 1]``: one more than steps.
    """

    moves: NDArray[np.int32]
    starts: NDArray[np.int64]
    customers: NDArray[np.int32]


def _paths(
    log: InteractionLog, column: Coded, rule: Rule | None, over: Window | None
) -> tuple[_Paths, tuple[Label, ...]]:
    """Return the moves of everybody with a step, and the sorted states that occur."""
    keep = None if rule is None else rule.mask(log)
    if over is not None:
        inside = over.mask(log.at)
        keep = inside if keep is None else keep & inside
    rows = slice(None) if keep is None else np.flatnonzero(keep)
    codes, customer = column.codes[rows], log.codes[rows]
    present = np.bincount(codes.astype(np.int32) + 1, minlength=len(column.labels) + 1) > 0
    table: list[Label] = [None, *column.labels]
    seen = [label for label, here in zip(table, present.tolist(), strict=True) if here]
    labels = tuple(sorted([*seen, *((START, END) if seen else ())], key=label_key))
    place = {label_key(label): i for i, label in enumerate(labels)}
    n, start, end = len(labels), place.get(label_key(START), 0), place.get(label_key(END), 0)
    if n > _MOST:
        raise InvalidInputError("state", f"must have at most {_MOST - 2} labels", f"got {n - 2}")
    state = np.array([place.get(label_key(label), 0) for label in table], np.int32)

    first = first_of_run(customer) if len(customer) else np.zeros(0, np.bool_)
    lead = np.flatnonzero(first)
    slots = np.arange(len(codes)) + np.cumsum(first)  # START stands before each first step
    source = np.full(len(codes) + len(lead), start, np.int32)
    source[slots] = state[codes + 1]
    starts = np.append(lead + np.arange(len(lead)), len(source))
    moves = source * np.int32(n)
    moves[:-1] += source[1:]
    moves[starts[1:] - 1] = source[starts[1:] - 1] * np.int32(n) + np.int32(end)
    return _Paths(moves, starts, customer[lead]), labels


def _once(
    cells: NDArray[np.int32],
    starts: NDArray[np.int64],
    owner: NDArray[np.intp],
    n_groups: int,
    n_cells: int,
) -> NDArray[np.int64]:
    """Return in how many customers of each group each cell occurs, group by group.

    A cell is a bit of a word, and the words of a customer's moves are joined by "or": linear,
    where sorting (customer, cell) pairs is not. As many passes as there are words.
    """
    out = np.zeros((n_groups, n_cells), np.int64)
    occurring = np.flatnonzero(np.bincount(cells, minlength=n_cells))
    for word in range(0, len(occurring), _BITS):
        mine = occurring[word : word + _BITS]
        bit = np.zeros(n_cells, np.uint64)
        bit[mine] = np.uint64(1) << np.arange(len(mine), dtype=np.uint64)
        joined = np.bitwise_or.reduceat(bit[cells], starts[:-1])
        for i, cell in enumerate(mine.tolist()):
            has = (joined >> np.uint64(i)) & np.uint64(1) > 0
            out[:, cell] = np.bincount(owner[has], minlength=n_groups)
    return out
