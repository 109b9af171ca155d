"""Who is where in a funnel: the attempt that stands for each customer, and when it took each step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.funnels.asking import Entry, Exclusion, Order, question
from customerops.journey.funnels.walking import NEVER, walk
from customerops.model.log.ask import ask
from customerops.model.log.log import InteractionLog
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Statistic
from customerops.model.values.checks import one_of, whole

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.rules.rules import Rule
    from customerops.model.values.window import Window

__all__ = ["FunnelAttempts", "funnel_attempts"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class FunnelAttempts(Statistic):
    """One row per attempt at a funnel, by customer and then by start.

    Attributes
    ----------
    ids : ndarray, shape (attempts,)
        The customer of each.
    at : ndarray of int64, shape (attempts, steps)
        When each step was taken, in microseconds UTC; the smallest int64 where it was not.
    settled : ndarray of bool, shape (attempts,)
        Whether the time of the attempt was over at as_of, or, without a limit, whether it took
        every step.
    context : Context
        What it is about.

    Notes
    -----
    Rows of different customers add: ``a + b`` has those of both. What it is printed as says how
    many there are, and nothing about the customers.
    """

    ids: NDArray[Any]
    at: NDArray[np.int64]
    settled: NDArray[np.bool_]
    context: Context

    def __attrs_post_init__(self) -> None:
        order = np.argsort(self.ids, kind="stable")
        for name in ("ids", "at", "settled"):
            array = getattr(self, name)[order]
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        """Return the number of attempts."""
        return len(self.ids)

    @property
    def depth(self) -> NDArray[np.int64]:
        """How many steps each attempt took, optional ones among them."""
        return np.asarray((self.at != NEVER).sum(axis=1), np.int64)

    def customers(self, step: int) -> NDArray[Any]:
        """Return whose attempts took a step.

        Parameters
        ----------
        step : int
            Counted from 1.

        Returns
        -------
        ndarray
            A customer id for each such attempt, sorted: each customer once, but with totals.

        Raises
        ------
        InvalidInputError
            If there is no such step.
        """
        return self.ids[self._took(step)]

    def times(
        self, step: int, *, since: Literal["first", "previous"] = "first"
    ) -> NDArray[np.timedelta64]:
        """Return how long the attempts that took a step needed for it.

        Parameters
        ----------
        step : int
            Counted from 1.
        since : {"first", "previous"}
            Since the start, or since the step before that the attempt took.

        Returns
        -------
        ndarray of timedelta64[us]
            Elapsed time, a value for each of ``customers(step)``.

        Raises
        ------
        InvalidInputError
            If there is no such step, or `since` is neither.
        """
        one_of("since", since, ("first", "previous"))
        rows = self._took(step)
        before = self.at[rows, : max(step - 1, 1)]
        origin = before[:, 0] if since == "first" else before.max(axis=1)
        elapsed: NDArray[np.timedelta64] = (self.at[rows, step - 1] - origin).view("m8[us]")
        return elapsed

    def to_frame(self) -> pd.DataFrame:
        """Return one row per attempt: ``customer_id``, ``settled``, ``step_1``, ``step_2``, ...

        Returns
        -------
        pandas.DataFrame
            When each step was taken, in UTC; NaT where it was not.
        """
        import pandas as pd

        columns: dict[str, Any] = {"customer_id": self.ids, "settled": self.settled}
        for k, at in enumerate(self.at.T):
            columns[f"step_{k + 1}"] = pd.to_datetime(
                np.ascontiguousarray(at).view("M8[us]")
            ).tz_localize("UTC")
        return pd.DataFrame(columns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FunnelAttempts):
            return NotImplemented
        return self.context == other.context and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("ids", "at", "settled")
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the metric and the size, and nothing about the customers."""
        return f"FunnelAttempts(attempts={len(self)}, steps={self.at.shape[1]})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (self.ids, self.at, self.settled, self.context))

    def _repr_html_(self) -> str:
        """Show how many attempts took each step, and nothing about the customers."""
        steps = range(1, self.at.shape[1] + 1)
        took = {"attempts": [render.number(int(self._took(k).sum())) for k in steps]}
        shown = [False] * len(steps)
        return render.rows_html(self.context.title, {"step": list(steps)}, took, shown, len(steps))

    def _took(self, step: int) -> NDArray[np.bool_]:
        place = whole("step", step, least=1, most=self.at.shape[1]) - 1
        taken: NDArray[np.bool_] = self.at[:, place] != NEVER
        return taken

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        if len(self) and len(other):
            if type(self.ids[0]) is not type(other.ids[0]):
                raise InvalidInputError("ids", "must be of one type to add results")
            if np.isin(self.ids, other.ids).any():
                raise InvalidInputError("ids", "must be of different customers to add results")
        some = [one for one in (self, other) if len(one)] or [self]
        ids = np.concatenate([one.ids for one in some])
        order = np.argsort(ids, kind="stable")
        at, settled = (
            np.concatenate([getattr(one, n) for one in some]) for n in ("at", "settled")
        )
        return type(self)(ids=ids[order], at=at[order], settled=settled[order], context=context)


def _rebuilt(
    ids: NDArray[Any], at: NDArray[np.int64], settled: NDArray[np.bool_], context: Context
) -> FunnelAttempts:
    return FunnelAttempts(ids=ids, at=at, settled=settled, context=context)


def funnel_attempts(
    log: InteractionLog,
    steps: Sequence[Rule | str | Collection[str]],
    *,
    within: dt.timedelta | None,
    order: Order = "ordered",
    entry: Entry = "any",
    count: Literal["customers", "totals"] = "customers",
    exclude: Sequence[Exclusion] = (),
    hold: str | None = None,
    optional: Collection[int] = (),
    as_of: dt.datetime | None = None,
    over: Window | None = None,
) -> FunnelAttempts:
    """List who reached which step of a funnel, and when.

    Parameters
    ----------
    log, steps, within, order, entry, count, exclude, hold, optional, as_of, over
        As for `funnel`.

    Returns
    -------
    FunnelAttempts
        The first of the deepest attempts of each customer, those that may still go on among them;
        with totals every attempt that `funnel` counts. ``.customers(k)`` and ``.times(k)`` list
        them, as many as ``funnel(...).counts`` says.

    Raises
    ------
    InvalidInputError
        As for `funnel`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import funnel_attempts
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 2, 9)],
    ...     kind=["signup", "purchase", "signup", "signup"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 10))
    >>> attempts = funnel_attempts(log, ["signup", "purchase"], within=dt.timedelta(days=7))
    >>> attempts.customers(1).tolist(), attempts.customers(2).tolist()
    (['a', 'b', 'c'], ['a'])
    >>> attempts.times(2).tolist(), attempts.settled.tolist()
    ([datetime.timedelta(days=2)], [True, True, False])
    """
    one_of("count", count, ("customers", "totals"))
    wanted = question(
        steps,
        within=within,
        order=order,
        entry=entry,
        exclude=exclude,
        hold=hold,
        optional=optional,
    )
    if count == "totals" and entry == "first":
        raise InvalidInputError(
            "entry", "must be 'any' with totals", "who enters once is counted once"
        )
    asked = ask(log, as_of=as_of, over=over)
    found = walk(asked, wanted, count)
    chosen = found.deepest(found.clean) if count == "customers" else found.clean
    at = [found.when(k, chosen) for k in range(len(wanted.steps))]
    return FunnelAttempts(
        ids=asked.log.customers[found.customer[chosen]],
        at=np.stack(at, axis=1),
        settled=found.over[chosen],
        context=Context(
            "funnel_attempts",
            unit="attempt",
            as_of=asked.as_of,
            over=over,
            options={**wanted.options, "count": count},
        ),
    )
