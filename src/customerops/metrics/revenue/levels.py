"""Levels: the recurring revenue of each customer at edges of time, and the steps between them.

A contract counts at an edge if it ran until it: ``start < edge <= end``, as customers belong to a
base of churn. So the level at the end of a period is that of its last instant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import EVER, Spans, known_at, spans_of_spells
from customerops.metrics.shared.stays import Groups, groups_of_spells
from customerops.model.log.spells import Spells
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.checks import came
from customerops.model.values.runs import first_of_run, ranges

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["FLOWS", "Contracts", "Levels", "Settled", "contracts_of", "settle", "steps_of"]

FLOWS = ("new", "expansion", "contraction", "churn", "reactivation")

Ints = NDArray[Any]


@attrs.frozen(eq=False)
class Contracts:
    """The spells that pay, as they were known at an instant, in order of customer and start.

    Attributes
    ----------
    customer : ndarray of int
        Never falls; the customers that pay are counted from 0.
    start, end : ndarray of int64
        Microseconds; one that runs ends at `EVER`.
    amount : ndarray of int
        Minor units a month, above 0.
    groups : Groups
        The label of each.
    currency : str or None
        None if there is no contract.
    decimals : int
        Of its minor unit.
    as_of : int
        What was known, inclusive.
    """

    customer: Ints
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    amount: Ints
    groups: Groups
    currency: str | None
    decimals: int
    as_of: int

    @property
    def n_customers(self) -> int:
        """How many customers ever paid."""
        return int(self.customer[-1]) + 1 if len(self.customer) else 0

    @property
    def came(self) -> NDArray[np.int64]:
        """When each customer first paid; the first of their rows is the earliest."""
        return self.start[first_of_run(self.customer)]


def contracts_of(spells: object, as_of: dt.datetime | None, by: object) -> Contracts:
    """Return the contracts of spells.

    Raises
    ------
    InvalidInputError
        If they are no spells, an amount is missing, the instant is later than theirs, `by` is no
        attribute, or a spell came under observation after it had started.
    """
    if not isinstance(spells, Spells):
        raise InvalidInputError("spells", "must be Spells", f"{came(spells)}; see spells_of")
    if by is not None and not isinstance(by, str):
        raise InvalidInputError("by", "must be an attribute of the spells", came(by))
    if spells.amount is None:
        raise InvalidInputError("spells", "must have amounts", "see spells_of")
    missing = 0 if spells.amount.valid is None else int((~spells.amount.valid).sum())
    if missing:
        problem = f"{missing} of {len(spells)} have none"
        raise InvalidInputError("spells", "must have an amount each", problem)
    if spells.entry is not None and (spells.entry > spells.start).any():
        raise InvalidInputError(
            "spells", "must be observed since their start", "what was paid before is not known"
        )
    known = known_at(spells, as_of)
    rows = np.flatnonzero((spells.start <= known) & (spells.amount.values > 0))
    ended = spells.observed[rows] & (spells.end[rows] <= known)
    return Contracts(
        customer=np.cumsum(first_of_run(spells.codes[rows])) - 1,
        start=spells.start[rows],
        end=np.where(ended, spells.end[rows], EVER),
        amount=spells.amount.values[rows],
        groups=groups_of_spells(spells, rows, by),
        currency=spells.currency if len(rows) else None,  # later money does not show
        decimals=spells.decimals,
        as_of=known,
    )


@attrs.frozen(eq=False)
class Settled:
    """A question about recurring revenue, settled."""

    contracts: Contracts
    spans: Spans
    context: Context

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Group and period."""
        return (*self.contracts.groups.axes, *self.spans.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a part."""
        return tuple(len(axis) for axis in self.axes)


def settle(
    spells: object,
    *,
    metric: str,
    definition: str | None,
    by: str | None,
    over: Window | None,
    period: Period | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
    options: Mapping[str, Any] | None = None,
) -> Settled:
    """Settle what a function of contracts was asked.

    Raises
    ------
    InvalidInputError
        As for `contracts_of`, and as for every function of spells.
    """
    contracts = contracts_of(spells, as_of, by)
    first = int(contracts.start.min()) if len(contracts.start) else None
    spans = spans_of_spells(
        as_of=contracts.as_of, first=first, over=over, period=period, calendar=calendar
    )
    context = Context(
        metric=metric,
        definition=definition,
        as_of=contracts.as_of,
        over=over,
        calendar=calendar if period else None,
        period=period,
        currency=contracts.currency,
        by=by,
        options=options or {},
    )
    return Settled(contracts, spans, context)


def steps_of(spans: Spans, calendar: Calendar | None, step: Period) -> NDArray[np.int64]:
    """Return the edges of the steps of stretches, from the start of the first to the last end.

    Raises
    ------
    InvalidInputError
        If there is no calendar, or a stretch does not begin and end where steps do.
    """
    edges = spans.edges
    if calendar is None:
        raise InvalidInputError("calendar", "must be given", "movements are those of its periods")
    low, high = (int(x) for x in calendar.ordinals(edges[[0, -1]], step))
    steps = np.asarray(calendar.edges(np.arange(low, high + 1), step), np.int64)
    if not np.isin(edges, steps).all():
        raise InvalidInputError(
            "step", "must divide the stretches that are reported", f"a {step} does not"
        )
    return steps


@attrs.frozen(eq=False)
class Levels:
    """What customers pay at edges of time, wherever it changes.

    Attributes
    ----------
    customer, edge : ndarray of int, shape (rows,)
        In this order; the row says what holds from that edge to the customer's next row.
    amount : ndarray of int, shape (rows,)
        Minor units a month; 0 where the customer is gone.
    group : ndarray of int, shape (rows,)
        The label of the contract begun last, of those that run at the edge.
    before : ndarray of int, shape (rows,)
        The amount at the edge before.
    entered : ndarray of int, shape (rows,)
        The label at the edge before, or of who had none, at this one.
    edges : ndarray of int64
        The edges, in microseconds.
    contracts : Contracts
        What they are levels of.
    """

    customer: Ints
    edge: Ints
    amount: Ints
    group: Ints
    before: Ints
    entered: Ints
    edges: NDArray[np.int64]
    contracts: Contracts

    @classmethod
    def of(cls, contracts: Contracts, edges: NDArray[np.int64]) -> Levels:
        """Return the levels at rising edges."""
        n = len(edges)
        start = np.searchsorted(
            edges, contracts.start, side="right"
        )  # the first edge it counts at
        stop = np.searchsorted(edges, contracts.end, side="right")  # the first it does not
        base = contracts.customer.astype(np.int64) * n
        keys = np.sort(np.concatenate([(base + at)[at < n] for at in (start, stop)]))
        keys = keys[first_of_run(keys)]

        # each contract at every change of its customer's that it lives to see
        low, high = (np.searchsorted(keys, base + np.minimum(at, n)) for at in (start, stop))
        times = high - low
        contract = np.repeat(np.arange(len(low)), times)
        row = ranges(low, times)
        amount = exact.group_sum(row, contracts.amount[contract], len(keys))
        order = np.argsort(row, kind="stable")
        final = np.append(row[order][1:] != row[order][:-1], np.ones(min(len(row), 1), np.bool_))
        group = np.zeros(len(keys), np.intp)
        group[row[order][final]] = contracts.groups.codes[contract[order][final]]

        customer, edge = np.divmod(keys, n)
        follows = ~first_of_run(customer)
        before, entered = np.zeros_like(amount), group.copy()
        before[1:] = np.where(follows[1:], amount[:-1], 0)
        entered[1:] = np.where(before[1:] > 0, group[:-1], group[1:])
        return cls(customer, edge, amount, group, before, entered, edges, contracts)

    def at(self, edge: int) -> tuple[Ints, Ints]:
        """Return what every customer pays at an edge, and their label there."""
        n = len(self.edges)
        wanted = np.arange(self.contracts.n_customers) * n + edge
        place = (
            np.searchsorted(self.customer.astype(np.int64) * n + self.edge, wanted, "right") - 1
        )
        held = place >= 0
        held[held] = self.customer[place[held]] == np.flatnonzero(held)
        place = np.where(held, place, 0)
        amount, group = (
            np.where(held, column[place] if len(column) else 0, 0)
            for column in (self.amount, self.group)
        )
        return exact.canon(amount), group

    def flows(self) -> dict[str, Ints]:
        """Return how much of each flow brought a row about; 0 at the first edge."""
        change = exact.add(self.amount, -self.before)
        moved = self.edge > 0
        came = self.contracts.came[self.customer]
        known = came < self.edges[np.maximum(self.edge - 1, 0)]
        comes, goes = self.before == 0, self.amount == 0
        gain, loss = np.maximum(change, 0), np.maximum(-change, 0)
        found = {
            "new": np.where(comes & ~known, gain, 0),
            "expansion": np.where(comes, 0, gain),
            "contraction": np.where(goes, 0, loss),
            "churn": np.where(goes, loss, 0),
            "reactivation": np.where(comes & known, gain, 0),
        }
        return {name: np.where(moved, flow, 0) for name, flow in found.items()}

    def opening(self) -> Ints:
        """Return the level of each group at each edge, shape (groups, edges)."""
        n, count = len(self.edges), self.contracts.groups.count
        came, went = (
            exact.group_sum(group * n + self.edge, amount, count * n)
            for group, amount in ((self.group, self.amount), (self._left(), self.before))
        )
        change = exact.add(came, -went)
        total = np.cumsum(change.astype(object).reshape(count, n), axis=1)
        return exact.canon(total)

    def _left(self) -> Ints:
        """Return the label that each row does away with; any, of who had none."""
        left = self.group.copy()
        left[1:] = self.group[:-1]
        return left
