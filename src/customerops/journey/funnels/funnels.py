"""Funnels: how many customers reach each step in time, and how many may still do so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.funnels.attempts import Attempts, Excluded
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Difference, Floats
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Count, Table
from customerops.model.values.checks import came, one_of, positive_duration, whole
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["Exclusion", "Funnel", "FunnelConversion", "funnel"]

_FOREVER = 2**62  # microseconds: longer than all of time
Of = Literal["first", "previous"]


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


def _over(table: Table) -> NDArray[np.bool_]:
    """Return whether every entry of the report had its time."""
    context = table.context
    within, over = context.option("within"), context.over
    if within is None:
        return np.asarray(table._spread("immature") == 0)
    last = None if over is None or over.end_us is None else over.end_us - 1 + micros(within)
    return np.full(table.shape, last is None or last <= (context.as_of or 0))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FunnelConversion(Proportion):
    """The share of customers who reached a step, among those who had their time for it.

    Parameters
    ----------
    axes, context
        As for `Proportion`.
    parts : mapping
        Those of a `Proportion`, and ``immature``: customers who are in neither of them yet.

    Notes
    -----
    The value is of those who had their time, also while others of the report have not; `complete`
    says whether there may be more. Without a limit of time only who converts is ever settled, and
    a share of them would always be 1: it is NaN until nobody is left to wait for.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "total", "immature")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"immature": ("group",)}

    @property
    def immature(self) -> Count:
        """How many customers are not settled yet."""
        return self._part("immature")

    def _complete(self) -> NDArray[np.bool_]:
        return _over(self)

    def _known(self) -> Floats:
        if self.context.option("within") is None:
            return super()._known()
        return self._value()


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Funnel(Table):
    """How many customers reach each step, over the axis step (after the group), from 1.

    Attributes
    ----------
    reached : ndarray of int
        Customers known to have reached the step, in any attempt.
    settled : ndarray of int
        Customers who reached it in an attempt whose time was over at as_of.
    immature : int or ndarray of int
        Customers who entered, and have no attempt whose time was over.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("reached", "settled", "immature")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"immature": ("group",)}

    @property
    def counts(self) -> Count:
        """Customers known to have reached each step so far, the immature among them."""
        return self._part("reached")

    @property
    def settled(self) -> Count:
        """Customers who reached each step in an attempt that had its time."""
        return self._part("settled")

    @property
    def immature(self) -> Count:
        """Customers without an attempt that had its time: not failed, not settled."""
        return self._part("immature")

    def conversion(self, of: Of = "first") -> FunnelConversion:
        """Return the share of customers who reached each step.

        Parameters
        ----------
        of : {"first", "previous"}
            Among those who entered, or those who reached the step before (who entered, for the
            first step).

        Raises
        ------
        InvalidInputError
            If `of` is neither, or the funnel was cut to some steps.
        """
        one_of("of", of, ("first", "previous"))
        if self.context.option(f"{SELECTED}step") is not None:
            raise InvalidInputError("funnel", "must have all its steps", "select() steps after it")
        settled = self.parts["settled"]
        first = np.broadcast_to(settled[..., :1], settled.shape)
        before = np.concatenate([settled[..., :1], settled[..., :-1]], axis=-1)
        total = first if of == "first" else before
        context = attrs.evolve(self.context, metric="funnel.conversion")
        return FunnelConversion(
            axes=self.axes,
            parts={"count": settled, "total": total, "immature": self.parts["immature"]},
            context=context.with_options(of=of),
        )

    def difference(self, other: Funnel, of: Of = "first") -> Difference:
        """Return the conversion less that of another funnel with the same steps.

        Parameters
        ----------
        other : Funnel
            Of other customers: ``f.select(country="DE").difference(f.select(country="FR"))``.
        of : {"first", "previous"}
            As for `conversion`.

        Raises
        ------
        InvalidInputError
            If the two do not measure the same thing, or as for `conversion`.
        """
        return self.conversion(of).difference(other.conversion(of))

    def _complete(self) -> NDArray[np.bool_]:
        return _over(self)


def funnel(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta | None,
    order: Literal["ordered", "strict", "unordered"] = "ordered",
    entry: Literal["any", "first"] = "any",
    exclude: Sequence[Exclusion] = (),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> Funnel:
    """Count the customers who reach each step of a funnel (漏斗) in time.

    Parameters
    ----------
    log : InteractionLog
        The events.
    steps : sequence of Rule, str or collection of str
        The steps. An event takes one step, so a step that is listed twice needs two events.
    within : timedelta or None
        How long after its start an attempt may take, elapsed, to the microsecond and inclusive.
        None is no limit: nobody fails then, and there is no conversion while somebody may convert.
    order : {"ordered", "strict", "unordered"}
        Steps in this order, other events between them allowed; each the customer's very next
        event; or in any order, where step k is the k-th of them that was done.
    entry : {"any", "first"}
        The deepest attempt over all starts of a customer; or the one from the very first start of
        the customer's history, which never resets.
    exclude : sequence of Exclusion
        What taints an attempt. A customer with tainted attempts alone is in no step.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only attempts that start inside it; they may go on after it.
    by : str or Grouping, optional
        A customer attribute or a grouping; a funnel for each group.

    Returns
    -------
    Funnel
        ``.counts``, ``.immature``, ``.conversion()`` with intervals, ``.difference()``.

    Raises
    ------
    InvalidInputError
        If there are no steps, an exclusion names a step that is not there, an option is none of
        its words, `within` is not longer than zero, or as_of is not known.

    Notes
    -----
    An attempt starts at every event that takes the first step (in any order: any step), and takes
    each further step at the earliest event that follows in input order; different events at one
    instant do convert. In any order the steps, as listed, take their earliest free event in turn.

    An attempt is over when its time is: ``start + within <= as_of``. Conversion is that of
    attempts that are over, converted or not. To count the early converters among those who may
    still convert, and not the others, would overstate it; to count both would understate it. So it
    equals the funnel of the attempts that start until ``as_of - within``.

    References
    ----------
    The rules of ties, windows and exclusions are those of the funnels of PostHog and of ClickHouse
    ``windowFunnel``; there, and as a rule elsewhere, who may still convert counts as failed.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import funnel
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 2, 9)],
    ...     kind=["signup", "purchase", "signup", "signup"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 10))
    >>> table = funnel(log, ["signup", "purchase"], within=dt.timedelta(days=7))
    >>> table.counts.tolist(), table.immature, table.conversion().value.tolist()
    ([3, 1], 1, [1.0, 0.5])
    """
    rules = _steps(steps)
    one_of("order", order, ("ordered", "strict", "unordered"))
    one_of("entry", entry, ("any", "first"))
    if within is not None:
        within = positive_duration("within", within)
    excluded = _excluded(exclude, len(rules))
    asked = ask(log, as_of=as_of, over=over)
    known = asked.log
    masks = [rule.mask(known) for rule in rules]
    starts = np.logical_or.reduce(masks) if order == "unordered" else masks[0]
    start = np.flatnonzero(starts)
    if entry == "first":
        start = start[first_of_run(known.codes[start])]
    if over is not None:
        start = start[over.mask(known.at[start])]
    customer = known.codes[start]
    limit = _FOREVER if within is None else micros(within)
    tries = Attempts(known.at, start, known.offsets[customer + 1], limit)
    rows = getattr(tries, order)(masks)
    taints: list[Excluded] = [
        (one.rule.mask(known), one.after - 1, one.before - 1) for one in excluded
    ]
    depth = np.where(tries.clean(rows, taints), tries.depth(rows), 0)
    done = depth == len(rules) if within is None else known.at[start] + limit <= asked.as_of

    group, n_groups, axes = groups_of(known, by)
    lead = np.flatnonzero(first_of_run(customer))
    owner = group[customer[lead]]
    parts = {
        "reached": _reached(_deepest(depth, lead), owner, n_groups, len(rules)),
        "settled": _reached(_deepest(np.where(done, depth, 0), lead), owner, n_groups, len(rules)),
    }
    parts["immature"] = parts["reached"][:, 0] - parts["settled"][:, 0]
    shape = tuple(len(axis) for axis in axes)
    return Funnel(
        axes=(*axes, Axis("step", range(1, len(rules) + 1), "state")),
        parts={name: part.reshape(shape + part.shape[1:]) for name, part in parts.items()},
        context=Context(
            "funnel",
            as_of=asked.as_of,
            over=over,
            by=by,
            options={
                "steps": rules,
                "within": within,
                "order": order,
                "entry": entry,
                "exclude": excluded,
            },
        ),
    )


def _steps(steps: object) -> tuple[Rule, ...]:
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        raise InvalidInputError("steps", "must be a sequence of rules", came(steps))
    if not steps:
        raise InvalidInputError("steps", "must hold at least one", "got none")
    return tuple(as_rule(step, name="steps", level="event") for step in steps)


def _excluded(exclude: Sequence[Exclusion], n: int) -> tuple[Exclusion, ...]:
    for one in exclude:
        if not isinstance(one, Exclusion):
            raise InvalidInputError("exclude", "must hold each an Exclusion", came(one))
        if one.before > n:
            problem = f"got step {one.before} of {n}"
            raise InvalidInputError("exclude", "must name steps that there are", problem)
    return tuple(exclude)


def _deepest(depth: NDArray[np.int64], lead: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the deepest attempt of each customer."""
    return np.maximum.reduceat(depth, lead) if len(lead) else depth


def _reached(
    depth: NDArray[np.int64], owner: NDArray[np.intp], n_groups: int, n: int
) -> NDArray[np.int64]:
    """Return how many customers of each group reached each of n steps."""
    cells = np.bincount(owner * (n + 1) + depth, minlength=n_groups * (n + 1))
    at_least = cells.reshape(n_groups, n + 1)[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.asarray(at_least[:, 1:], np.int64)
