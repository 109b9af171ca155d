"""All customers of a log at once: their transitions, stages, stocks and flows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.columns.states import States
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.policy.stages import STAGES, Cause
from customerops.lifecycle.population.transitions import Transitions
from customerops.model.log.ask import ask
from customerops.model.log.joins import stack_ids
from customerops.model.log.log import locked
from customerops.model.tables import render
from customerops.model.tables.tables import Context, Statistic
from customerops.model.values.checks import came, one_of, positive_duration
from customerops.model.values.columns import Ids
from customerops.model.values.instants import as_instant, from_us, to_us
from customerops.model.values.runs import ranges
from customerops.model.values.window import Window

if TYPE_CHECKING:
    import pandas as pd

    from customerops.lifecycle.machine.explain import Explanation
    from customerops.lifecycle.machine.history import History
    from customerops.lifecycle.population.chains import TransitionMatrix
    from customerops.lifecycle.population.markov import Arrivals, Forecast
    from customerops.lifecycle.population.stocks import StageCounts, StageFlows
    from customerops.lifecycle.population.win_back import WinBackRate
    from customerops.model.log.log import InteractionLog
    from customerops.model.log.spells import Spells
    from customerops.model.values.calendar import Calendar, Period

__all__ = ["Population", "ordered"]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]
_LABELS = np.array(STAGES, object)
_NAMES = np.array([str(stage) for stage in STAGES], object)
_EVENTS = ("at", "target", "event")
_COLUMNS = ("ids", "offsets", *_EVENTS, "opening")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Population(Statistic):
    """The lifecycle of every customer of a log, as of an instant.

    It is made by `replay_log`. Populations of disjoint customers add up.

    Attributes
    ----------
    policy : LifecyclePolicy
        What the stages mean.
    context : Context
        As of when, in whose calendar.
    ids : ndarray, shape (n_customers,)
        Customer ids, sorted. Who has no event yet is ``UNKNOWN``.
    offsets : int64, shape (n_customers + 1,)
        The transitions of customer i are rows ``offsets[i]:offsets[i + 1]``.
    at, target, event : int64, int8, int64, shape (n_transitions,)
        The columns that `transitions` spells out.
    opening : int8, shape (n_customers,)
        Code of the stage before the first transition: ``UNKNOWN``, unless the replay began from
        `States`.
    final : States
        Where every customer stands at `as_of`.
    logs : tuple of InteractionLog
        The events, for explanations.
    """

    policy: LifecyclePolicy
    context: Context
    ids: NDArray[Any]
    offsets: Int
    at: Int
    target: Codes
    event: Int
    opening: Codes
    final: States
    logs: tuple[InteractionLog, ...]

    def __attrs_post_init__(self) -> None:
        for name in _COLUMNS:
            locked(getattr(self, name))

    def __len__(self) -> int:
        """Return the number of customers."""
        return self.ids.size

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same customers, transitions and context."""
        if not isinstance(other, Population):
            return NotImplemented
        return (
            self.context == other.context
            and all(np.array_equal(getattr(self, n), getattr(other, n)) for n in _COLUMNS)
            and self.final == other.final
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (attrs.asdict(self, recurse=False),))

    def __repr__(self) -> str:
        """Return the size, and nothing about the customers."""
        return (
            f"Population({len(self)} customers, {self.at.size} transitions, "
            f"as of {self.as_of.isoformat()})"
        )

    def _repr_html_(self) -> str:
        """Show how many customers are in each stage."""
        counts = np.bincount(self.states().stage, minlength=len(STAGES)).tolist()
        shown = [(str(stage), n) for stage, n in zip(STAGES, counts, strict=True) if n]
        return render.rows_html(
            f"{self.context.metric} as of {self.as_of.isoformat()}",
            {"stage": [stage for stage, _ in shown]},
            {"customers": [render.number(n) for _, n in shown]},
            [False] * len(shown),
            len(shown),
        )

    @property
    def as_of(self) -> dt.datetime:
        """The last known instant, inclusive."""
        return from_us(self._as_of)

    @property
    def since(self) -> dt.datetime | None:
        """Up to when the initial states had settled everything; None for a whole replay."""
        since = self.context.option("since")
        return None if since is None else from_us(since)

    @property
    def transitions(self) -> Transitions:
        """Every change of stage, in columns."""
        customer = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        source = np.zeros_like(self.target)
        source[1:] = self.target[:-1]
        seen = self.offsets[1:] > self.offsets[:-1]
        source[self.offsets[:-1][seen]] = self.opening[seen]
        return Transitions(customer, self.at, source, self.target, self.event < 0, self.event)

    # ------------------------------------------------------------------ at an instant

    def stage_at(self, t: dt.datetime) -> NDArray[Any]:
        """Return every customer's stage after everything at an instant.

        Parameters
        ----------
        t : datetime
            Timezone-aware, not after `as_of`.

        Returns
        -------
        ndarray of Stage, shape (n_customers,)
            In the order of `ids`.

        Raises
        ------
        InvalidInputError
            If `t` is not a timezone-aware datetime, or is after `as_of`.
        """
        us = to_us(as_instant("t", t))
        if us > self._as_of:
            raise InvalidInputError("t", "must not be after as_of", "what came later is not known")
        if self.since is not None and us < to_us(self.since):
            raise InvalidInputError("t", "must not be before the initial states", "unknown here")
        passed = np.concatenate(([0], np.cumsum(self.at <= us)))[self.offsets]
        count = np.diff(passed)
        codes = self.opening.copy()
        codes[count > 0] = self.target[(self.offsets[:-1] + count - 1)[count > 0]]
        return _LABELS[codes]

    def states(self) -> States:
        """Return where every customer stands at `as_of`, a row a customer."""
        return self.final

    def due_between(self, window: Window) -> States:
        """Return who has a deadline that fires in a window, where they stand until then.

        Parameters
        ----------
        window : Window
            Half-open. `due_at` lies in it: the deadline, or, under ``boundary="event_first"``,
            one microsecond after it.
        """
        if not isinstance(window, Window):
            raise InvalidInputError("window", "must be a Window", came(window))
        states = self.states()
        due = states.due_at
        return states.where((due < NEVER) & window.mask(due))

    # ------------------------------------------------------------------ over periods

    def counts(
        self, *, period: Period, over: Window | None = None, calendar: Calendar | None = None
    ) -> StageCounts:
        """Return how many customers are in each stage at the end of each period.

        Parameters
        ----------
        period : {"hour", "day", "week", "month", "quarter", "year"}
            Calendar period.
        over : Window, optional
            Periods to report, on the edges of `period`; left out, from the first transition to
            the period that holds `as_of`.
        calendar : Calendar, optional
            Left out, the log's own.

        Returns
        -------
        StageCounts
            Axes period and stage; the running period is counted as of `as_of`.

        Raises
        ------
        InvalidInputError
            When no calendar is known, or `over` does not lie on the period's edges.
        """
        from customerops.lifecycle.population.stocks import counts

        return counts(self, ask(self.logs[0], over=over, period=period, calendar=calendar))

    def flows(
        self,
        *,
        period: Period,
        kind: Literal["gross", "net"],
        over: Window | None = None,
        calendar: Calendar | None = None,
    ) -> StageFlows:
        """Return the moves between stages in each period.

        Parameters
        ----------
        period : {"hour", "day", "week", "month", "quarter", "year"}
            Calendar period.
        kind : {"gross", "net"}
            Count transitions, or compare where customers stood at the two ends of the period.
        over, calendar
            As in `counts`.

        Returns
        -------
        StageFlows
            Axes period, source and target; the running period ends at `as_of`.

        Raises
        ------
        InvalidInputError
            As in `counts`, or when `kind` is not one of those above.
        """
        from customerops.lifecycle.population.stocks import flows

        one_of("kind", kind, ("gross", "net"))
        return flows(self, ask(self.logs[0], over=over, period=period, calendar=calendar), kind)

    def spells(self, *, stage: str | Collection[str]) -> Spells:
        """Return the unbroken stays in a stage, or among several.

        Parameters
        ----------
        stage : Stage, str or collection of them
            ``"LAPSED"`` gives the times someone was to win back, `ACTIVE` the lives.

        Returns
        -------
        Spells
            From the transition into the stages to the one out of them, whose target is the
            `cause`: ``"WON_BACK"`` against ``"LOST"``. Who is still there at `as_of` has a spell
            that runs. The attribute ``stage`` is the one entered first. A spell has no length
            when a deadline and an event fall on one instant.

        Raises
        ------
        InvalidInputError
            If a stage is not one of the machine's, or is ``UNKNOWN``, which has no beginning.
        """
        from customerops.lifecycle.population.stays import stays

        self._whole("spells")
        return stays(self, stage)

    # ------------------------------------------------------------------ rates and forecasts

    def win_back_rate(
        self,
        *,
        within: dt.timedelta,
        as_of: dt.datetime | None = None,
        period: Period | None = None,
        over: Window | None = None,
        calendar: Calendar | None = None,
    ) -> WinBackRate:
        """Return the share of lapses after which the customer came back in time.

        Parameters
        ----------
        within : timedelta
            Exact time from the lapse: ``[lapse, lapse + within)``, so that under
            ``boundary="timeout_first"`` a return at its very end does not count; under
            ``"event_first"`` it does. It need not be the policy's window: a return from ``LOST``
            counts if it is in time.
        as_of : datetime, optional
            The last known instant; left out, the population's.
        period : {"hour", "day", "week", "month", "quarter", "year"}, optional
            A rate for the lapses of each calendar period.
        over : Window, optional
            Only the lapses in it.
        calendar : Calendar, optional
            Left out, the log's own.

        Returns
        -------
        WinBackRate
            A ratio by customer, who may lapse several times. It counts the lapses watched for all
            of `within`; the others are `open`. Without `period` and `over` its value is that of
            the watched lapses; with one of them it is NaN until none is open.

        Raises
        ------
        InvalidInputError
            When `within` is no timedelta longer than zero, `as_of` is later than the population's,
            or a period needs a calendar and there is none.

        Notes
        -----
        ``lapses with a return in [lapse, lapse + within) / lapses watched for all of it``. What
        counts as a lapse is for the policy to say. To count the others by what they did so far
        would make the rate too low.
        """
        from customerops.lifecycle.population.win_back import win_backs

        width = positive_duration("within", within)
        asked = ask(self.logs[0], as_of=as_of, over=over, period=period, calendar=calendar)
        return win_backs(self, asked, width)

    def transition_matrix(
        self, *, period: Period, over: Window | None = None, calendar: Calendar | None = None
    ) -> TransitionMatrix:
        """Return from where to where customers went between the ends of closed periods.

        Parameters
        ----------
        period : {"hour", "day", "week", "month", "quarter", "year"}
            Calendar period.
        over, calendar
            As in `counts`.

        Returns
        -------
        TransitionMatrix
            Axes source and target; all closed periods together. Its value is the share of each
            target in what started from the source.

        Raises
        ------
        InvalidInputError
            As in `counts`.
        """
        from customerops.lifecycle.population.chains import matrix_of

        return matrix_of(self, ask(self.logs[0], over=over, period=period, calendar=calendar))

    def forecast(
        self,
        *,
        periods: int,
        period: Period,
        arrivals: Arrivals,
        over: Window | None = None,
        calendar: Calendar | None = None,
    ) -> Forecast:
        """Return the customers to expect in each stage, if they go on moving as they did.

        Parameters
        ----------
        periods : int
            How many periods, from the one after the last closed one.
        period : {"hour", "day", "week", "month", "quarter", "year"}
            Calendar period.
        arrivals : float or sequence of float
            Customers first seen in each period: one number, or one for each. They stand where
            those of the closed periods stood at the end of their first one.
        over : Window, optional
            The periods to learn from; the forecast starts after the last closed one of them.
        calendar : Calendar, optional
            Left out, the log's own.

        Returns
        -------
        Forecast
            A Markov chain with the shares of `transition_matrix`. Nobody gets lost, and
            ``ERASED`` is never left. Derived: add populations, not forecasts.

        Raises
        ------
        InvalidInputError
            As in `counts`, and when no period is closed, or customers are, or would come, in a
            stage that no closed period started from.
        """
        from customerops.lifecycle.population.chains import forecast_of

        asked = ask(self.logs[0], over=over, period=period, calendar=calendar)
        return forecast_of(self, asked, periods, arrivals)

    # ------------------------------------------------------------------ one customer

    def history(self, customer_id: object) -> History:
        """Return one customer's history, replayed from the events of the log.

        Raises
        ------
        InvalidInputError
            If no log has the customer.
        """
        from customerops.lifecycle.machine.history import replay

        self._whole("explanations")
        scope = self.policy.scope
        wanted, value = (customer_id, None) if scope is None else _pair(customer_id)
        holding = (log for log in self.logs if np.any(log.customers == wanted))
        own = next(holding, self.logs[0]).of(wanted)
        if "id" not in own.columns:  # ids only tell the events apart here
            ids = Ids(np.arange(len(own)))
            own = attrs.evolve(own, columns={**own.columns, "id": ids}, cache={})
        given = list(own.interactions())
        if scope is not None:
            given = [one for one in given if one.attributes.get(scope) in (None, value)]
            if all(one.attributes.get(scope) is None for one in given):
                problem = "it has no event of this value"
                raise InvalidInputError("customer_id", "must be a customer of the log", problem)
        return replay(given, self.policy, as_of=self.as_of)

    def explain(
        self, customer_id: object, t: dt.datetime, *, calendar: Calendar | None = None
    ) -> Explanation:
        """Say why a customer is in its stage at an instant.

        Parameters
        ----------
        customer_id : int, str or UUID
            Whose.
        t : datetime
            Timezone-aware, not after `as_of`. What comes later is not used.
        calendar : Calendar, optional
            Whose local dates the sentence tells; left out, the log's, else UTC.

        Raises
        ------
        InvalidInputError
            If no log has the customer, or `t` is after `as_of`.
        """
        chosen = calendar or self.context.calendar
        return self.history(customer_id).explain(t, calendar=chosen)

    # ------------------------------------------------------------------ leaving

    def to_frame(self) -> pd.DataFrame:
        """Return one row a transition: customer_id, at (UTC), source, target, cause, event."""
        import pandas as pd

        moves = self.transitions
        return pd.DataFrame(
            {
                "customer_id": self.ids[moves.customer],
                "at": pd.to_datetime(moves.at, unit="us", utc=True),
                "source": _NAMES[moves.source],
                "target": _NAMES[moves.target],
                "cause": np.where(moves.timeout, str(Cause.TIMEOUT), str(Cause.EVENT)),
                "event": moves.event,
            }
        )

    # ------------------------------------------------------------------ inside

    @property
    def _as_of(self) -> int:
        as_of = self.context.as_of
        assert as_of is not None
        return as_of

    def _plus(self, other: Self) -> Self:
        context = self.context.join(other.context)
        ids = stack_ids([self.ids, other.ids])
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        shared = int(np.count_nonzero(ids[1:] == ids[:-1]))
        if shared:
            raise InvalidInputError(
                "populations", "must have no customer in common", f"{shared} are in both"
            )
        pair = (self, other)
        moves = {name: np.concatenate([getattr(p, name) for p in pair]) for name in _EVENTS}
        offsets = np.concatenate((self.offsets, self.offsets[-1] + other.offsets[1:]))
        offsets, moves = ordered(order, offsets, moves)
        return type(self)(
            policy=self.policy,
            context=context,
            ids=ids,
            offsets=offsets,
            **moves,
            opening=np.concatenate((self.opening, other.opening))[order],
            final=self.final + other.final,
            logs=self.logs + other.logs,
        )

    def _whole(self, what: str) -> None:
        if self.since is not None:
            problem = "this population starts from states"
            raise InvalidInputError(what, "must have the whole history", problem)


def ordered(
    order: NDArray[np.intp], offsets: Int, moves: dict[str, Any]
) -> tuple[Int, dict[str, Any]]:
    """Return transitions, and where those of each customer are, with customers in another order."""
    lengths = np.diff(offsets)[order]
    rows = ranges(offsets[:-1][order], lengths)
    moved = {name: column[rows] for name, column in moves.items()}
    return np.concatenate(([0], np.cumsum(lengths))), moved


def _pair(customer_id: object) -> tuple[Any, Any]:
    if not isinstance(customer_id, tuple) or len(customer_id) != 2:
        raise InvalidInputError(
            "customer_id", "must be (customer, value)", "the policy has a scope"
        )
    return customer_id


def _rebuilt(fields: dict[str, Any]) -> Population:
    return Population(**fields)
