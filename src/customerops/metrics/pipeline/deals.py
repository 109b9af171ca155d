"""Opportunities: what became of each thread of stage changes, folded from its events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import EVER
from customerops.metrics.shared.threads import Threads, is_kind, threads_of
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.values.checks import came, each, text
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Asking", "Deals", "SalesStages"]


def _names(values: Any) -> tuple[str, ...]:
    return tuple(text("stages", name) for name in each("stages", values))


@attrs.frozen
class SalesStages:
    """The stages of a sale, in order, and the two in which it ends.

    Parameters
    ----------
    stages : sequence of str
        The open stages, from the first on.
    won, lost : str
        The stages that close an opportunity.

    Raises
    ------
    InvalidInputError
        If there is no open stage, a name is empty, or one is given twice.

    Examples
    --------
    >>> from customerops.metrics import SalesStages
    >>> SalesStages(["lead", "offer"]).names
    ('lead', 'offer', 'won', 'lost')
    """

    stages: tuple[str, ...] = attrs.field(converter=_names)
    won: str = attrs.field(default="won", kw_only=True)
    lost: str = attrs.field(default="lost", kw_only=True)

    def __attrs_post_init__(self) -> None:
        text("won", self.won)
        text("lost", self.lost)
        if not self.stages:
            raise InvalidInputError("stages", "must have an open stage", "got none")
        if len(set(self.names)) < len(self.names):
            raise InvalidInputError("stages", "must have different names, won and lost included")

    @property
    def names(self) -> tuple[str, ...]:
        """All of them: the open ones, won, lost."""
        return (*self.stages, self.won, self.lost)

    @property
    def axis(self) -> Axis:
        """The axis of the open stages, which sorts by name."""
        return Axis("stage", sorted(self.stages), "state", disjoint=False)

    def places(self, stage: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return where on the axis open stages lie."""
        order = sorted(self.stages)
        return np.array([order.index(name) for name in self.stages], np.intp)[stage]


@attrs.frozen(eq=False)
class Deals:
    """One row an opportunity: a thread with a stage change.

    Attributes
    ----------
    asked : Threads
        The question.
    unit : ndarray of int, shape (n,)
        The thread of each, rising.
    created, closed : ndarray of int64, shape (n,)
        When it had its first stage, and since when it has been won or lost; EVER if it is open.
    stage : ndarray of int, shape (n,)
        Its last stage, a place in ``stages.names``.
    reached : ndarray of int, shape (n,)
        The furthest open stage it was in; one more than the last for what is won. -1 if in none.
    moves : ndarray of int
        Rows that change the stage, opportunity by opportunity.
    at_stage : ndarray of int, shape (moves,)
        The stage each moves to.
    amount : ndarray of int64, shape (n,)
        The last amount that was said, in minor units; 0 where none was.
    priced : ndarray of bool, shape (n,)
        Which have an amount.
    """

    asked: Threads
    stages: SalesStages
    unit: NDArray[np.intp]
    created: NDArray[np.int64]
    closed: NDArray[np.int64]
    stage: NDArray[np.intp]
    reached: NDArray[np.intp]
    moves: NDArray[np.intp]
    at_stage: NDArray[np.intp]
    amount: NDArray[np.int64]
    priced: NDArray[np.bool_]

    @property
    def log(self) -> InteractionLog:
        """The log as it was known."""
        return self.asked.log

    @property
    def won(self) -> NDArray[np.bool_]:
        """Which are won."""
        return np.asarray(self.stage == len(self.stages.stages))

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Which are lost."""
        return np.asarray(self.stage == len(self.stages.stages) + 1)

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Which are neither won nor lost."""
        return np.asarray(self.stage < len(self.stages.stages))

    @property
    def deal(self) -> NDArray[np.intp]:
        """The opportunity of each move."""
        return np.cumsum(first_of_run(self.log.codes[self.moves])) - 1


@attrs.frozen(eq=False)
class Asking:
    """The options that functions of opportunities have."""

    stages: SalesStages
    as_of: dt.datetime | None
    over: Window | None
    period: Period | None
    by: str | Grouping | None
    calendar: Calendar | None

    def deals(
        self,
        log: InteractionLog,
        metric: str,
        *,
        definition: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Deals:
        """Return the opportunities of a log by thread, and the question about them.

        Raises
        ------
        InvalidInputError
            As for `ask`; or if the stages are no `SalesStages`, or do not hold every stage.
        """
        if not isinstance(self.stages, SalesStages):
            raise InvalidInputError("stages", "must be SalesStages", came(self.stages))
        asked = threads_of(
            log,
            metric,
            definition=definition,
            options={"stages": self.stages, **(options or {})},
            as_of=self.as_of,
            over=self.over,
            period=self.period,
            by=self.by,
            calendar=self.calendar,
        )
        return _fold(asked, self.stages)


def _fold(asked: Threads, stages: SalesStages) -> Deals:
    log, names = asked.log, stages.names
    rows = np.flatnonzero(is_kind(log, "stage_change"))
    column = log.coded("name")
    place = {name: i for i, name in enumerate(names)}
    to = np.array([place.get(str(label), -2) for label in column.labels] + [-1], np.intp)
    stage = to[column.codes[rows]]  # -1 is not said, -2 not known
    strange = int((stage == -2).sum())
    if strange:
        must = "must be one of the stages in a stage_change"
        raise InvalidInputError("name", must, count=strange, total=len(rows))
    rows, stage = rows[stage >= 0], stage[stage >= 0]
    lead = first_of_run(log.codes[rows], stage)
    moves, at_stage = rows[lead], stage[lead]
    owner = log.codes[moves]
    first = np.flatnonzero(first_of_run(owner)) if len(owner) else np.zeros(0, np.intp)
    last = np.append(first[1:], len(moves))[: len(first)] - 1
    is_open = at_stage[last] < len(stages.stages)
    # lost lies beyond won, and reaches nothing
    reach = np.where(at_stage == len(stages.stages) + 1, -1, at_stage)
    amount, priced = _amounts(log, rows)
    unit = owner[first].astype(np.intp)
    return Deals(
        asked=asked,
        stages=stages,
        unit=unit,
        created=log.at[moves[first]],
        closed=np.where(is_open, EVER, log.at[moves[last]]),
        stage=at_stage[last],
        reached=np.maximum.reduceat(reach, first) if len(first) else np.zeros(0, np.intp),
        moves=moves,
        at_stage=at_stage,
        amount=amount[unit],
        priced=priced[unit],
    )


def _amounts(
    log: InteractionLog, rows: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the last amount of each thread among some rows, and where there is one."""
    amount, priced = np.zeros(log.n_customers, np.int64), np.zeros(log.n_customers, np.bool_)
    if "amount" in log.columns:
        column = log.numbers("amount")
        some = rows if column.valid is None else rows[column.valid[rows]]
        last = np.append(first_of_run(log.codes[some])[1:], True)[: len(some)]
        owner = log.codes[some[last]]
        amount[owner], priced[owner] = column.values[some[last]], True
    return amount, priced
