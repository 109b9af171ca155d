"""Case durations: how long customers or threads take from start to end, open ones censored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.paths.walking import naming_of, units_of, walks
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.business_hours import BusinessHours
from customerops.model.values.checks import came, one_of

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["CaseDurations", "Closing", "case_durations"]

Closing = Literal["first_end", "last_end", "span"]
"""When a case is over."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class CaseDurations(PerCustomer):
    """How long each case took, or has taken so far: one row a case, sorted by id.

    Attributes
    ----------
    ids : ndarray
        The customers, or ``(customer, thread)`` pairs.
    columns : mapping
        ``start`` and ``end`` in microseconds since 1970-01-01T00:00Z, ``end`` being `as_of` where
        the case is open; ``observed``, whether it is over; ``duration`` in microseconds, of
        business hours if there are any; ``group``, the label of `by`.

    Notes
    -----
    ``kaplan_meier(cases.durations, cases.observed)`` reads them, with ``by=cases.groups`` for a
    curve a group. The mean of the closed cases alone would be too short, the more so the newer
    the cases are.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("start", "end", "observed", "duration", "group")

    @property
    def durations(self) -> NDArray[np.int64]:
        """How long each took, or has taken so far, in microseconds."""
        durations: NDArray[np.int64] = self.columns["duration"]
        return durations

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Which cases are over."""
        observed: NDArray[np.bool_] = self.columns["observed"]
        return observed

    @property
    def groups(self) -> NDArray[Any]:
        """The group of each case; None without `by`."""
        return self.columns["group"]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a case: id, start, end (UTC), observed, duration (timedelta), group."""
        import pandas as pd

        columns = self.columns
        ids = pd.Series(list(self.ids), dtype=object if self.ids.dtype == object else np.int64)
        return pd.DataFrame(
            {
                "customer_id": ids,
                "start": pd.to_datetime(columns["start"], unit="us", utc=True),
                "end": pd.to_datetime(columns["end"], unit="us", utc=True),
                "observed": columns["observed"],
                "duration": pd.to_timedelta(columns["duration"], unit="us"),
                "group": pd.Series(columns["group"], dtype=object),
            }
        )

    def _repr_html_(self) -> str:
        """Show how many cases are over and how many are open, and nothing about any of them."""
        over = int(self.observed.sum())
        cases = {"cases": [render.number(n) for n in (over, len(self) - over)]}
        return render.rows_html(
            self.context.title, {"status": ["over", "open"]}, cases, [False] * 2, 2
        )


def case_durations(
    log: InteractionLog,
    *,
    definition: Closing,
    ends: Rule | str | Collection[str] | None = None,
    starts: Rule | str | Collection[str] | None = None,
    steps: Rule | str | Collection[str] | None = None,
    hours: BusinessHours | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> CaseDurations:
    """Return how long each case takes from its start to its end; open cases are censored.

    Parameters
    ----------
    log : InteractionLog
        The events: a case is a customer, or a thread in a log by thread.
    definition : {"first_end", "last_end", "span"}
        When a case is over: at its first end (a case that is reopened was over once); when its
        last step is an end, at that step (a case that is reopened is open again); or at its last
        step, whatever it is, every case being taken as over.
    ends : Rule, str or collection of str, optional
        Which steps end a case. Needed, but for ``"span"``, which takes none.
    starts : Rule, str or collection of str, optional
        A case starts at its first step for which it holds, and what was before is not looked at;
        cases without are left out. Left out, at its first step.
    steps : Rule, str or collection of str, optional
        Which events are steps; left out, all are. An answer to a survey after the end would open
        a case again unless it is left out here.
    hours : BusinessHours, optional
        Count time in these hours only; left out, elapsed time.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only cases that start inside it; they may end after it.
    by : str or Grouping, optional
        A customer attribute or a grouping, for the column ``group``.

    Returns
    -------
    CaseDurations
        ``.durations`` and ``.observed``, for `customerops.metrics.kaplan_meier`; ``.to_frame()``.

    Raises
    ------
    InvalidInputError
        If `definition` is none of its words, `ends` is missing or given with ``"span"``, `hours`
        are no `BusinessHours`, or as_of is not known.

    Notes
    -----
    The end does not come before the start: an end at the instant of the start, later in input
    order, takes no time; the starting step itself may be an end, and the case then takes none.
    pm4py's case durations are the ``"span"`` of finished cases.

    References
    ----------
    pm4py documentation, ``get_all_case_durations``.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import case_durations
    >>> from customerops.metrics import kaplan_meier
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 4, 2)],
    ...     kind=["asked", "solved", "asked"],
    ...     tz=dt.timezone.utc,
    ... ).until(dt.datetime(2026, 1, 9, tzinfo=dt.timezone.utc))
    >>> cases = case_durations(log, definition="first_end", ends="solved")
    >>> days = cases.durations // 86_400_000_000
    >>> days.tolist(), cases.observed.tolist(), kaplan_meier(days, cases.observed).at(3)
    ([3, 7], [True, False], 0.5)
    """
    one_of("definition", definition, ("first_end", "last_end", "span"))
    if (ends is None) != (definition == "span"):
        must = "must be left out for 'span'" if ends is not None else "must be given"
        raise InvalidInputError("ends", must, f"definition is {definition!r}")
    if hours is not None and not isinstance(hours, BusinessHours):
        raise InvalidInputError("hours", "must be BusinessHours", came(hours))
    ending = None if ends is None else as_rule(ends, name="ends", level="event")
    starting = None if starts is None else as_rule(starts, name="starts", level="event")
    rule = None if steps is None else as_rule(steps, name="steps", level="event")
    units = units_of(log, as_of=as_of, over=over, by=by)
    known, now = units.asked.log, units.asked.as_of
    found = walks(known, naming_of("kind", rule), None)
    walk, first = np.arange(len(found)), found.first
    if starting is not None:
        first = _from(found.holds(starting, known), first)
        walk = np.flatnonzero(first < found.starts[1:])
        first = first[walk]
    last = found.last[walk]
    start = found.at[first]
    end, observed = found.at[last], np.ones(len(walk), np.bool_)
    if ending is not None:
        ends_at = found.holds(ending, known)
        if definition == "first_end":
            reached = _from(ends_at, first)
            observed = reached <= last
            last = np.where(observed, reached, last)
        else:
            observed = ends_at[last]
        end = np.where(observed, found.at[last], now)
    inside = slice(None) if over is None else over.mask(start)
    unit, start, end = found.unit[walk[inside]], start[inside], end[inside]
    group = np.full(len(unit), None, object)
    if units.axes:
        labels = np.fromiter(units.axes[0].labels, dtype=object, count=units.n_groups)
        group = labels[units.group[unit]]
    return CaseDurations(
        ids=known.customers[unit],
        columns={
            "start": start,
            "end": end,
            "observed": observed[inside],
            "duration": end - start if hours is None else hours.elapsed(start, end),
            "group": group,
        },
        context=Context(
            "case_durations",
            unit=units.unit,
            definition=definition,
            as_of=now,
            over=over,
            by=by,
            options={"ends": ending, "starts": starting, "steps": rule, "hours": hours},
        ),
    )


def _from(mask: NDArray[np.bool_], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first step from each one on for which a mask holds; else the number of steps."""
    where = np.append(np.flatnonzero(mask), len(mask))
    found: NDArray[np.int64] = where[np.searchsorted(where[:-1], row)]
    return found
