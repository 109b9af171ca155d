"""Conformance: who kept to a standard process, and at which step others did not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.funnels.asking import FOREVER, as_steps, had_time, length
from customerops.journey.funnels.attempts import Attempts, Rows
from customerops.model.log.ask import ask
from customerops.model.log.derived import first_rows, groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, positive_duration

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.rules.rules import Rule
    from customerops.model.values.window import Window

__all__ = ["Conformance", "ConformanceShare", "Status", "conformance"]

Status = Literal["done", "late", "skipped", "out_of_order"]
"""What became of a step of a case: one of them for each."""

_DONE, _LATE, _SKIPPED, _OUT_OF_ORDER = range(4)


def _final(table: Table) -> NDArray[np.bool_]:
    """Return whether no later event can change a cell: without a limit of grace one always may."""
    within, grace = (table.context.option(name) for name in ("within", "grace"))
    if grace is None:
        return np.zeros(table.shape, np.bool_)
    return had_time(table.axes, table.context, length(max(within), grace))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ConformanceShare(Proportion):
    """A share of the cases that had their time.

    Parameters
    ----------
    axes, context
        As for `Proportion`.
    parts : mapping
        Those of a `Proportion`, and ``immature``: cases that are in neither of them yet.

    Notes
    -----
    The value is of the cases that had their time, also while others have not; `complete` says
    whether a later event may change it.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "total", "immature")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {
        "total": ("group",),
        "immature": ("group",),
    }

    @property
    def immature(self) -> Count:
        """How many cases are not over yet."""
        return self._part("immature")

    def _complete(self) -> NDArray[np.bool_]:
        return _final(self)

    def _known(self) -> Floats:
        return self._value()


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Conformance(Table):
    """What became of each step of a standard process, over the axis step (after the group), from 1.

    Attributes
    ----------
    done, late, skipped, out_of_order : ndarray of int
        Cases that took the step in its turn and in time; in its turn, too late; not at all; or
        only before a step that should have come before it. Together they are `cases`.
    cases, conforming : int or ndarray of int
        Cases that had their time, and those of them with every step done.
    immature : int or ndarray of int
        Cases that are not over yet, in none of the others.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*get_args(Status), "cases", "conforming", "immature")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(
        ("cases", "conforming", "immature"), ("group",)
    )

    @property
    def cases(self) -> Count:
        """How many cases had their time."""
        return self._part("cases")

    @property
    def conforming(self) -> Count:
        """How many of them have every step done, in its turn and in time."""
        return self._part("conforming")

    @property
    def immature(self) -> Count:
        """How many cases are not over yet."""
        return self._part("immature")

    def share(self, status: Status) -> ConformanceShare:
        """Return the share of cases in which each step was done, late, skipped or out of order.

        Parameters
        ----------
        status : {"done", "late", "skipped", "out_of_order"}
            Which.

        Raises
        ------
        InvalidInputError
            If it is none of them.
        """
        one_of("status", status, get_args(Status))
        return self._share(status, self.axes, status=status)

    def adherence(self) -> ConformanceShare:
        """Return the share of cases that kept to the process (SOP 执行率): every step done."""
        return self._share("conforming", [axis for axis in self.axes if axis.kind == "group"])

    def _share(self, name: str, axes: Sequence[Axis], **options: str) -> ConformanceShare:
        metric = "conformance.share" if options else "conformance.adherence"
        context = attrs.evolve(self.context, metric=metric).with_options(**options)
        p = self.parts
        return ConformanceShare(
            axes=axes,
            parts={"count": p[name], "total": p["cases"], "immature": p["immature"]},
            context=context,
        )

    def _check(self) -> None:
        told = sum(self.parts[name] for name in get_args(Status))
        if (np.asarray(told) != self._spread("cases")).any():
            raise InvalidInputError("parts", "must tell of each step what became of every case")

    def _complete(self) -> NDArray[np.bool_]:
        return _final(self)


def conformance(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta | Sequence[dt.timedelta],
    grace: dt.timedelta | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> Conformance:
    """Return how far customers' cases keep to a standard process (标准作业流程, SOP).

    Parameters
    ----------
    log : InteractionLog
        The events.
    steps : sequence of Rule, str or collection of str
        What is to be done, in this order; two at least. The first one opens the case: each customer
        has one, at the first event of it in the whole history.
    within : timedelta, or sequence of timedelta
        When steps are due, elapsed since the case was opened, inclusive: all of them, or each of
        those after the first.
    grace : timedelta, optional
        For how long after it is due a step counts as late, and is not skipped. Left out, for ever:
        what comes at last is late, and what is skipped may yet be late.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only cases that are opened inside it; they may go on after it.
    by : str or Grouping, optional
        A customer attribute or a grouping.

    Returns
    -------
    Conformance
        ``.adherence()`` and ``.share("late")`` with intervals; its parts add over customers.

    Raises
    ------
    InvalidInputError
        If there are fewer than two steps, `within` is not a duration longer than zero, or one for
        each step after the first, `grace` is negative, or as_of is not known.

    Notes
    -----
    The steps are looked for in turn, each at the earliest event after the last step that was found
    in its turn; a step that does not come leaves the others where they are. What is not found so,
    but was done before (after the opening, and by an event that no other step uses), is out of
    order. At one instant, input order decides. An event beyond the time of its step is not seen.

    A case is over when every step was due, and the grace is over: ``opened + longest due + grace
    <= as_of``. Others are immature, whatever they did so far, for those who are quick are not like
    the rest. Without `grace` a case is over when all is due; what became of it may still change, so
    nothing is ever complete, and old cases had more time to be late in than young ones.

    Process mining replays a trace on a model or aligns the two, and gives one fitness for both;
    here every step of a fixed order has one of four fates, and a case conforms or does not.

    References
    ----------
    van der Aalst, W. (2016). Process Mining: Data Science in Action, 2nd ed., chapter 8.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import conformance
    >>> did = {"a": "open call close", "b": "open close call", "c": "open close"}
    >>> rows = [(who, kind, d) for who, kinds in did.items() for d, kind in enumerate(kinds.split())]
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=[who for who, _, _ in rows],
    ...     kind=[kind for _, kind, _ in rows],
    ...     at=[dt.date(2026, 1, 1 + d) for _, _, d in rows],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> kept = conformance(log, ["open", "call", "close"], within=dt.timedelta(days=7))
    >>> kept.conforming, kept.cases
    (1, 3)
    >>> kept.to_frame()[["step", "done", "late", "skipped", "out_of_order"]]
       step  done  late  skipped  out_of_order
    0     1     3     0        0             0
    1     2     2     0        1             0
    2     3     2     0        0             1
    """
    rules = as_steps(steps)
    if len(rules) < 2:
        raise InvalidInputError("steps", "must hold at least two", "the first opens the case")
    due = _due(within, len(rules))
    patience = _grace(grace)
    asked = ask(log, as_of=as_of, over=over)
    known = asked.log
    start = first_rows(known, rules[0])
    if over is not None:
        start = start[over.mask(known.at[start])]
    fates = _fates(known, start, [rule.mask(known) for rule in rules], due, patience)

    longest = length(max(due), patience or dt.timedelta(0))
    settled = known.at[start] + longest <= asked.as_of
    group, n_groups, axes = groups_of(known, by)
    owner = group[known.codes[start]]
    shape = tuple(len(axis) for axis in axes)

    def count(keep: NDArray[np.bool_]) -> NDArray[Any]:
        return exact.group_count(owner[keep], n_groups).reshape(shape)

    parts = {
        status: np.stack([count(settled & (fate == code)) for fate in fates], axis=-1)
        for code, status in enumerate(get_args(Status))
    }
    return Conformance(
        axes=(*axes, Axis("step", range(1, len(rules) + 1), "state")),
        parts={
            **parts,
            "cases": count(settled),
            "conforming": count(settled & (np.stack(fates) == _DONE).all(axis=0)),
            "immature": count(~settled),
        },
        context=Context(
            "conformance",
            as_of=asked.as_of,
            over=over,
            by=by,
            options={"steps": rules, "within": due, "grace": patience},
        ),
    )


def _due(within: object, n: int) -> tuple[dt.timedelta, ...]:
    """Return when each step after the first is due."""
    if isinstance(within, dt.timedelta):
        return (positive_duration("within", within),) * (n - 1)
    if not isinstance(within, Sequence) or isinstance(within, str):
        requirement = "must be a timedelta, or one for each step after the first"
        raise InvalidInputError("within", requirement, came(within))
    if len(within) != n - 1:
        problem = f"got {len(within)} for {n - 1} steps"
        raise InvalidInputError("within", "must be one for each step after the first", problem)
    return tuple(positive_duration("within", one) for one in within)


def _grace(grace: object) -> dt.timedelta | None:
    if grace is None:
        return None
    if not isinstance(grace, dt.timedelta):
        raise InvalidInputError("grace", "must be a timedelta", came(grace))
    if grace < dt.timedelta(0):
        raise InvalidInputError("grace", "must not be negative", f"got {grace}")
    return grace


def _fates(
    log: InteractionLog,
    start: Rows,
    masks: list[NDArray[np.bool_]],
    due: tuple[dt.timedelta, ...],
    grace: dt.timedelta | None,
) -> list[NDArray[np.int64]]:
    """Return what became of each step of the cases that start at some rows."""
    none = len(log)
    stop = log.offsets[log.codes[start] + 1]
    fates = [np.full(len(start), _DONE)]
    used, before = [start], start
    for mask, time in zip(masks[1:], due, strict=True):
        limit = FOREVER if grace is None else length(time, grace)
        case = Attempts(log.at, start, stop, limit)
        row = case.first(mask, before + 1)
        found = row < none
        earlier = case.first(mask, start + 1)
        for _ in used:  # as many rows may be in the way
            taken = np.logical_or.reduce([earlier == other for other in used])
            earlier = np.where(taken & (earlier < none), case.first(mask, earlier + 1), earlier)
        moved = ~found & (earlier < none)
        lasted = log.at[np.where(found, row, start)] - log.at[start]
        fate = np.where(lasted <= length(time), _DONE, _LATE)
        fates.append(np.where(found, fate, np.where(moved, _OUT_OF_ORDER, _SKIPPED)))
        used.append(np.where(found, row, earlier))
        before = np.where(found, row, before)
    return fates
