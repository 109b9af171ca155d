"""Walks: the steps of every customer or case, one walk after another, under small state codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.values.checks import text
from customerops.model.values.instants import micros
from customerops.model.values.labels import Label, label_key
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = [
    "Naming",
    "Steps",
    "Units",
    "Walks",
    "customers_of",
    "naming_of",
    "units_of",
    "walks",
]

Steps = Rule | str | Collection[str] | Mapping[str, "Rule | str | Collection[str]"]
"""Which events are steps; or a mapping, which names them, too."""


@attrs.frozen
class Naming:
    """Which events are steps, and what each is called.

    Attributes
    ----------
    state : str
        The column that names them, where no rules do.
    rule : Rule or None
        Which are steps; None means all.
    names : tuple of (str, Rule), or None
        Names with their rules; the first that holds names the step.
    """

    state: str
    rule: Rule | None
    names: tuple[tuple[str, Rule], ...] | None

    @property
    def options(self) -> dict[str, object]:
        """The options of a context."""
        return {"state": self.state, "steps": self.rule if self.names is None else self.names}

    def read(
        self, log: InteractionLog
    ) -> tuple[NDArray[np.signedinteger], tuple[Label, ...], NDArray[np.bool_] | None]:
        """Return a code of every event (-1: no label), the labels, and which events are steps."""
        if self.names is None:
            column = log.coded(self.state)
            keep = None if self.rule is None else self.rule.mask(log)
            return column.codes, column.labels, keep
        codes = np.full(len(log), -1, np.int32)
        for place, (_, rule) in reversed(list(enumerate(self.names))):
            codes[rule.mask(log)] = place
        return codes, tuple(name for name, _ in self.names), codes >= 0


def naming_of(state: str, steps: Steps | None) -> Naming:
    """Return what is a step, checked.

    Raises
    ------
    InvalidInputError
        If `steps` is no rule and no mapping of names to rules, is empty, or comes with a `state`
        that it would not use.
    """
    if not isinstance(steps, Mapping):
        rule = None if steps is None else as_rule(steps, name="steps", level="event")
        return Naming(state, rule, None)
    if not steps:
        raise InvalidInputError("steps", "must name at least one", "got none")
    if state != "kind":
        problem = "steps= names them already"
        raise InvalidInputError("state", "must be left out where steps are named", problem)
    return Naming(
        state,
        None,
        tuple(
            (text("steps key", name), as_rule(rule, name="steps", level="event"))
            for name, rule in steps.items()
        ),
    )


@attrs.frozen(eq=False)
class Units:
    """Whose steps are walked: customers, or the threads of customers, and their groups.

    Attributes
    ----------
    asked : Asked
        The question; its log has one unit a walk.
    owner : ndarray of int, shape (n_units,)
        The customer of each unit, from 0, never falling.
    group : ndarray of int, shape (n_units,)
        The group of each unit: one for all units of a customer.
    n_groups : int
        How many groups there are.
    axes : tuple of Axis
        Their axis, if there is `by`.
    unit : str
        What one walk is: ``"customer"`` or ``"thread"``.
    """

    asked: Asked
    owner: NDArray[np.int64]
    group: NDArray[np.intp]
    n_groups: int
    axes: tuple[Axis, ...]
    unit: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the axes."""
        return tuple(len(axis) for axis in self.axes)

    def owner_of(self, unit: NDArray[np.signedinteger]) -> NDArray[np.signedinteger]:
        """Return the customer of some units."""
        return unit if self.unit == "customer" else self.owner[unit]


def customers_of(
    log: InteractionLog,
    *,
    as_of: dt.datetime | None,
    over: Window | None,
    by: str | Grouping | None,
) -> Units:
    """Settle a question to a log of customers.

    Raises
    ------
    InvalidInputError
        As for `ask`.
    """
    asked = ask(log, as_of=as_of, over=over)
    group, n_groups, axes = groups_of(asked.log, by)
    owner = np.arange(asked.log.n_customers)
    return Units(asked, owner, group, n_groups, axes, "customer")


def units_of(
    log: InteractionLog,
    *,
    as_of: dt.datetime | None,
    over: Window | None,
    by: str | Grouping | None,
) -> Units:
    """Settle a question to a log of customers or of threads.

    Raises
    ------
    InvalidInputError
        As for `ask`; or if the threads of one customer are in several groups, for then customers
        could not be counted by group.
    """
    if getattr(log, "parent", None) is None:
        return customers_of(log, as_of=as_of, over=over, by=by)
    known = log if as_of is None else log._until("as_of", as_of)
    assert known.parent is not None
    asked = ask(attrs.evolve(known, parent=None), as_of=as_of, over=over)
    parents = known.parent.values
    first = first_of_run(parents) if len(parents) else np.zeros(0, np.bool_)
    group, n_groups, axes = groups_of(known, by)
    if (group[1:] != group[:-1])[~first[1:]].any():
        problem = "some customers have threads in several groups"
        raise InvalidInputError("by", "must put each customer into one group", problem)
    return Units(asked, np.cumsum(first) - 1, group, n_groups, axes, "thread")


@attrs.frozen(eq=False)
class Walks:
    """The steps of units, walk by walk and by time; walks without a step are left out.

    Attributes
    ----------
    labels : tuple of Label
        The states that occur, sorted.
    state : ndarray of int, shape (n_steps,)
        The state of each step, an index into `labels`.
    rows : ndarray of int, shape (n_steps,), or None
        The row of the log of each step; None where every event is one.
    at : ndarray of int64, shape (n_steps,)
        When.
    starts : ndarray of int64, shape (n_walks + 1,)
        The steps of walk i are ``starts[i]:starts[i + 1]``.
    unit : ndarray of int, shape (n_walks,)
        Whose walk it is.
    """

    labels: tuple[Label, ...]
    state: NDArray[np.signedinteger]
    rows: NDArray[np.intp] | None
    at: NDArray[np.int64]
    starts: NDArray[np.int64]
    unit: NDArray[np.signedinteger]

    def __len__(self) -> int:
        """Return the number of walks."""
        return len(self.unit)

    @property
    def first(self) -> NDArray[np.int64]:
        """The first step of each walk."""
        return self.starts[:-1]

    @property
    def last(self) -> NDArray[np.int64]:
        """The last step of each walk."""
        return self.starts[1:] - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of steps of each walk."""
        return np.diff(self.starts)

    def each(self, of_walk: NDArray[np.signedinteger]) -> NDArray[np.signedinteger]:
        """Return what is known of walks for every step."""
        return np.repeat(of_walk, self.lengths)

    def holds(self, rule: Rule, log: InteractionLog) -> NDArray[np.bool_]:
        """Return for which steps an event rule holds."""
        mask = rule.mask(log)
        return mask if self.rows is None else mask[self.rows]


def walks(
    log: InteractionLog, naming: Naming, over: Window | None, gap: dt.timedelta | None = None
) -> Walks:
    """Return the walks of a log; a longer pause than `gap` between two steps begins another."""
    codes, names, keep = naming.read(log)
    if over is not None:
        inside = over.mask(log.at)
        keep = inside if keep is None else keep & inside
    at, rows = log.at, None
    unit: NDArray[np.signedinteger]
    if keep is None:
        lead = log.offsets[:-1]
        lead = lead[lead < log.offsets[1:]]
        unit = np.flatnonzero(np.diff(log.offsets))
    else:
        rows = np.flatnonzero(keep)
        codes, at = codes[rows], at[rows]
        owner = log.codes[rows]
        lead = np.flatnonzero(first_of_run(owner)) if len(rows) else np.zeros(0, np.int64)
        unit = owner[lead]
    if gap is not None and len(at):
        new = np.zeros(len(at), np.bool_)
        new[1:] = at[1:] - at[:-1] > micros(gap)
        new[lead] = True
        cut = np.flatnonzero(new)
        unit, lead = np.repeat(unit, np.diff(np.searchsorted(cut, np.append(lead, len(at))))), cut
    state, labels = _dense(codes, names)
    return Walks(labels, state, rows, at, np.append(lead, len(at)), unit)


def _dense(
    codes: NDArray[np.signedinteger], names: tuple[Label, ...]
) -> tuple[NDArray[np.signedinteger], tuple[Label, ...]]:
    """Return codes into the sorted labels that occur."""
    here = np.bincount(codes + 1 if codes.itemsize > 1 else codes.astype(np.int16) + 1)
    table: list[Label] = [None, *names]
    found = sorted(np.flatnonzero(here).tolist(), key=lambda code: label_key(table[code]))
    labels = tuple(table[code] for code in found)
    if found == list(range(1, len(table))):  # as they are
        return codes, labels
    place = np.zeros(len(table), np.int32)
    place[found] = np.arange(len(found))
    return place[codes.astype(np.intp) + 1], labels
