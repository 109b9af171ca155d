"""What every funnel is asked: its steps, how long they may take, and which attempts count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.cells import closed
from customerops.model.tables.context import Context
from customerops.model.values.checks import came, each, one_of, positive_duration, text, whole
from customerops.model.values.instants import micros, to_us

__all__ = [
    "FOREVER",
    "Entry",
    "Exclusion",
    "Order",
    "Question",
    "as_step",
    "as_steps",
    "had_time",
    "length",
    "question",
]

FOREVER = 2**62
"""Microseconds: longer than all of time."""

_FIRST = to_us(dt.datetime(2, 1, 2, tzinfo=dt.UTC))  # calendars begin with the year 2

Order = Literal["ordered", "strict", "unordered"]
Entry = Literal["any", "first"]


def _rule(rule: Rule | str | Collection[str]) -> Rule:
    return as_rule(rule, name="rule", level="event")


@attrs.frozen
class Exclusion:
    """What must not happen between two steps of a funnel.

    Parameters
    ----------
    rule : Rule, str or collection of str
        Which events taint an attempt.
    after, before : int
        Between which steps, counted from 1. Where the later one was not reached, until the end of
        the attempt's window.

    Raises
    ------
    InvalidInputError
        If `after` is below 1 or not below `before`.

    Examples
    --------
    >>> from customerops.journey import Exclusion
    >>> Exclusion("refund", after=1, before=2).rule.describe()
    'kind is refund'
    """

    rule: Rule = attrs.field(converter=_rule)
    after: int = attrs.field(kw_only=True)
    before: int = attrs.field(kw_only=True)

    def __attrs_post_init__(self) -> None:
        if whole("after", self.after, least=1) >= whole("before", self.before):
            raise InvalidInputError("after", "must be a step before that of before=")


@attrs.frozen(kw_only=True)
class Question:
    """A funnel, checked.

    Attributes
    ----------
    optional : tuple of int
        The steps that may be skipped, counted from 1, sorted.
    """

    steps: tuple[Rule, ...]
    within: dt.timedelta | None
    order: Order
    entry: Entry
    exclude: tuple[Exclusion, ...]
    hold: str | None
    optional: tuple[int, ...]

    @property
    def limit(self) -> int:
        """How long an attempt may take, in microseconds."""
        return FOREVER if self.within is None else length(self.within)

    @property
    def required(self) -> tuple[int, ...]:
        """The places of the steps that are not optional, counted from 0."""
        return tuple(k for k in range(len(self.steps)) if k + 1 not in self.optional)

    @property
    def options(self) -> dict[str, Any]:
        """Itself, as the options of a context."""
        return attrs.asdict(self, recurse=False)


def question(
    steps: object,
    *,
    within: dt.timedelta | None,
    order: Order,
    entry: Entry,
    exclude: Sequence[Exclusion],
    hold: str | None,
    optional: Collection[int],
) -> Question:
    """Check what a funnel is asked.

    Raises
    ------
    InvalidInputError
        If there are no steps, an exclusion or `optional` names a step that it may not, an option
        is none of its words, or `within` is not longer than zero.
    """
    rules = as_steps(steps)
    one_of("order", order, ("ordered", "strict", "unordered"))
    one_of("entry", entry, ("any", "first"))
    skipped = _optional(optional, len(rules), order)
    return Question(
        steps=rules,
        within=None if within is None else positive_duration("within", within),
        order=order,
        entry=entry,
        exclude=_excluded(exclude, len(rules), skipped),
        hold=None if hold is None else text("hold", hold),
        optional=skipped,
    )


def length(*durations: dt.timedelta) -> int:
    """Return how long some durations are together, in microseconds; at most `FOREVER`."""
    return min(sum(map(micros, durations)), FOREVER)


def had_time(axes: Sequence[Axis], context: Context, limit: int) -> NDArray[np.bool_]:
    """Return for each cell whether all who may enter in it had so many microseconds at as_of.

    The last of them enters a microsecond before the end of the cell's period, or of the report.
    """
    assert context.as_of is not None
    last = max(context.as_of - limit, _FIRST)
    return closed(axes, attrs.evolve(context, as_of=last))


def as_steps(steps: object) -> tuple[Rule, ...]:
    """Return steps as rules.

    Raises
    ------
    InvalidInputError
        If they are no sequence, or there are none.
    """
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        raise InvalidInputError("steps", "must be a sequence of rules", came(steps))
    if not steps:
        raise InvalidInputError("steps", "must hold at least one", "got none")
    return tuple(as_rule(step, name="steps", level="event") for step in steps)


def as_step(name: str, step: object, asked: Question) -> int:
    """Return the place of a required step, counted from 0.

    Raises
    ------
    InvalidInputError
        If there is no such step, or it is optional.
    """
    place = whole(name, step, least=1, most=len(asked.steps))
    if place in asked.optional:
        raise InvalidInputError(name, "must not be a step that is optional")
    return place - 1


def _excluded(
    exclude: Sequence[Exclusion], n: int, optional: tuple[int, ...]
) -> tuple[Exclusion, ...]:
    for one in each("exclude", exclude):
        if not isinstance(one, Exclusion):
            raise InvalidInputError("exclude", "must hold each an Exclusion", came(one))
        if one.before > n:
            problem = f"got step {one.before} of {n}"
            raise InvalidInputError("exclude", "must name steps that there are", problem)
        if one.after in optional or one.before in optional:
            raise InvalidInputError("exclude", "must name steps that are not optional")
    return tuple(exclude)


def _optional(optional: Collection[int], n: int, order: Order) -> tuple[int, ...]:
    places = sorted({whole("optional", step) for step in each("optional", optional)})
    if places and order != "ordered":
        problem = "got steps that may be skipped"
        raise InvalidInputError("optional", "must be empty unless order is 'ordered'", problem)
    if places and not 1 < places[0] <= places[-1] < n:
        requirement = "must name steps between the first and the last"
        raise InvalidInputError(
            "optional", requirement, "these two are what a funnel is from and to"
        )
    return tuple(places)
