"""What usually comes next from here: moves in time, and what came of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.forward.chances import Outlook, outlook_of
from customerops.journey.forward.moves import moves_of, shapes
from customerops.journey.funnels.asking import had_time
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Floats
from customerops.model.tables.cells import closed
from customerops.model.tables.context import SELECTED, Context
from customerops.model.tables.ratios import ClusteredShare, Ratio
from customerops.model.tables.tables import Count, Table
from customerops.model.values.checks import positive_duration, whole
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["NextBest", "NextShare", "next_best"]

_SOURCE = ("group", "source")


def _settled(table: Table) -> NDArray[np.bool_]:
    """Return whether every visit of the report, to the source of each cell, had its time."""
    done = had_time(table.axes, table.context, micros(table.context.option("within")))
    none_open: NDArray[np.bool_] = done & (table._spread("open") == 0)
    return none_open


@attrs.frozen(eq=False, repr=False, kw_only=True)
class NextShare(ClusteredShare):
    """A share of the moves from a source, NaN where too few customers were there.

    Parameters
    ----------
    axes, context
        As for `ClusteredShare`; the option ``support`` is how many customers are enough.
    parts : mapping
        Those of a `Ratio`, and ``open``: visits to the source whose time is not over.

    Notes
    -----
    The value is of the visits that had their time, also while others have not: `complete` says
    whether there are others, or may be. It is NaN while the window of the report is not closed.

    Shares are read from a table, which adds; they themselves do not.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*Ratio.PARTS, "open")
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"open": _SOURCE}

    @property
    def open(self) -> Count:
        """Visits to each source after which there is still time; the share does not read them."""
        return self._part("open")

    @property
    def supported(self) -> NDArray[np.bool_]:
        """Where enough customers were seen to say anything."""
        enough: NDArray[np.bool_] = np.asarray(
            self.parts["n"] >= self.context.option("support"), np.bool_
        )
        return enough

    def _known(self) -> Floats:
        told = self.supported & closed(self.axes, self.context)
        return np.where(told, self._value(), np.nan)

    def _complete(self) -> NDArray[np.bool_]:
        return _settled(self)

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in Ratio.PARTS]

    def _plus(self, other: Self) -> Self:
        problem = "add the tables of next_best, and read shares from the sum"
        raise InvalidInputError("results", "must be statistics to be added", problem)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class NextBest(Table):
    """Moves from a source to the next step, over the axes source and target (after the group).

    Attributes
    ----------
    PARTS : tuple of str
        By source: ``customers`` who were there, ``visits`` whose time is over and their
        ``visits_squared`` over customers, ``open`` visits whose time is not, ``converted`` visits
        with a conversion in time, and their moments. By source and target: ``moves``, their
        moments, and ``elapsed``, the microseconds that all moves took.

    Notes
    -----
    A cell is complete when no visit to its source is open, and every visit that the window of the
    report may hold had its time.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        *("customers", "visits", "visits_squared", "open"),
        *("converted", "converted_squared", "converted_visits"),
        *("moves", "moves_squared", "moves_visits", "elapsed"),
    )
    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(PARTS[:7], _SOURCE)

    @property
    def visits(self) -> Count:
        """How often customers were at each source, where the time to move on is over."""
        return self._part("visits")

    @property
    def open(self) -> Count:
        """Visits after which there is still time; no share reads them."""
        return self._part("open")

    def shares(self) -> NextShare:
        """Return what share of the visits to each source moved on to each target."""
        names = ("customers", "moves", "visits", "moves_squared", "visits_squared", "moves_visits")
        return self._share("shares", names, self.axes)

    def converting(self) -> NextShare:
        """Return what share of the visits to each source had a conversion in time.

        However many steps lay between: it is counted and not computed from a chain.

        Raises
        ------
        InvalidInputError
            If no conversion was asked for.
        """
        self._asked()
        names = ("customers", "converted", "visits", "converted_squared")
        sources = tuple(axis for axis in self.axes if axis.name != "target")
        return self._share("converting", (*names, "visits_squared", "converted_visits"), sources)

    def outlook(self) -> Outlook:
        """Return how likely each source ends in a conversion, after how many steps and how long.

        Returns
        -------
        Outlook
            Of the absorbing chain: what comes next depends on where the customer is, and nobody
            comes back who stayed away for longer than `within`. NaN while the window of the report
            is not closed.

        Raises
        ------
        InvalidInputError
            If no conversion was asked for, or the table was cut to some sources or targets.

        Notes
        -----
        With P the shares of moves between sources that are no conversion, and r those that are:
        ``x = P x + r``. Steps and time are expected values given that it converts, from the chain
        of those who do, ``P[s, t] x[t] / x[s]``. All visits make the chain, also those of sources
        with too few customers, about which nothing is said themselves. A source where all visits
        are open says nothing of what follows it: whatever may lead to it is NaN, and not taken
        for what never converts.

        References
        ----------
        Kemeny, J. G. and Snell, J. L. (1976). Finite Markov Chains, chapter 3.
        """
        self._asked()
        self._has_all("source", "target")
        return outlook_of(self)

    def best(self, top: int = 3) -> pd.DataFrame:
        """Return the most frequent next steps from every source.

        Parameters
        ----------
        top : int
            How many; fewer where there are no more. Of equals, the first label.

        Returns
        -------
        pandas.DataFrame
            The group if there is one, ``source``, ``rank``, ``target``, ``share``, ``low``,
            ``high``, ``customers``, ``complete``. Sources with too few customers have no row: see
            `NextShare.supported`. While the window of the report is not closed, shares are NaN,
            and the order is that of the moves so far.

        Raises
        ------
        InvalidInputError
            If `top` is below 1, or the table was cut to some targets.
        """
        whole("top", top, least=1)
        self._has_all("target")
        shares = self.shares()
        frame = shares.to_frame()
        places = list(frame.columns[: len(self.axes)])  # a column may be called by_<name>
        frame = frame[(frame["x"] > 0) & shares.supported.ravel()]
        source = frame.index.to_numpy() // len(self.axes[-1])
        order = np.lexsort([-frame["x"].to_numpy(), source])
        frame = frame.iloc[order].rename(columns={"value": "share", "n": "customers"})
        frame = frame.assign(rank=frame.groupby(source[order]).cumcount() + 1)
        columns = [
            *places[:-1],
            "rank",
            places[-1],
            "share",
            "low",
            "high",
            "customers",
            "complete",
        ]
        return frame.loc[frame["rank"] <= top, columns].reset_index(drop=True)

    def _has_all(self, *names: str) -> None:
        """Refuse a table that was cut to some sources or targets."""
        for name in names:
            if self.context.option(f"{SELECTED}{name}") is not None:
                problem = f"select() {name} later"
                raise InvalidInputError("table", "must have all its moves", problem)

    def _asked(self) -> None:
        if self.context.option("conversion") is None:
            raise InvalidInputError(
                "conversion", "must be given", "ask next_best with conversion="
            )

    def _share(self, name: str, names: tuple[str, ...], axes: tuple[Axis, ...]) -> NextShare:
        n, x, y, xx, yy, xy = (
            self._spread(one) if len(axes) == len(self.axes) else self.parts[one] for one in names
        )
        return NextShare(
            axes=axes,
            parts=dict(
                zip(NextShare.PARTS, (n, x, y, xx, yy, xy, self.parts["open"]), strict=True)
            ),
            context=attrs.evolve(self.context, metric=f"next_best.{name}"),
        )

    def _complete(self) -> NDArray[np.bool_]:
        return _settled(self)

    def _columns(self) -> dict[str, NDArray[Any]]:
        shown = ("customers", "visits", "open", "moves", "complete")
        return {name: column for name, column in super()._columns().items() if name in shown}


def next_best(
    log: InteractionLog,
    *,
    within: dt.timedelta,
    state: str = "kind",
    steps: Rule | str | Collection[str] | None = None,
    conversion: Rule | str | Collection[str] | None = None,
    support: int = 30,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> NextBest:
    """Count what customers do next, in time, and what of it ends in a conversion.

    Parameters
    ----------
    log : InteractionLog
        The events.
    within : timedelta
        How long there is for the next step, and for a conversion: elapsed and inclusive. Who does
        nothing for longer has gone to ``("end",)``.
    state : str
        Column whose labels are the sources and targets, as for `transitions`.
    steps : Rule, str or collection of str, optional
        Which events are steps; left out, all are. Conversions are steps in any case.
    conversion : Rule, str or collection of str, optional
        Which events are conversions: the state ``("converted",)``, whatever their label.
    support : int
        Of how many customers something can be said. With fewer, shares are NaN.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only visits inside it; what follows may come after it.
    by : str or Grouping, optional
        A customer attribute or a grouping; a table for each group.

    Returns
    -------
    NextBest
        ``.shares()`` and ``.converting()`` with intervals, ``.best()``, ``.outlook()``.

    Raises
    ------
    InvalidInputError
        If `within` is not longer than zero, `support` is below 1, the column is not loaded, not
        categorical or has more than 1,000 labels, or as_of is not known.

    Notes
    -----
    A visit is a step of a customer; it is over when ``at + within <= as_of``, whether something
    followed by then or not. Visits that are not over are *open*: to count those that moved on
    already, and not the others, would overstate it. Moves cluster within customers, so intervals
    take the customer as the unit.

    What usually comes next is not what would be best to cause: customers who go on to buy may have
    wanted to before. Leave some out at random to know.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import next_best
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 1, 3, 1)],
    ...     kind=["view", "buy", "view", "view", "view"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> table = next_best(log, within=dt.timedelta(days=7), conversion="buy", support=3)
    >>> table.best()[["source", "rank", "target", "share"]].values.tolist()
    [['view', 1, ('end',), 0.5], ['view', 2, 'view', 0.25], ['view', 3, ('converted',), 0.25]]
    >>> table.outlook().converts.round(3).tolist(), table.outlook().steps.round(3).tolist()
    ([0.333], [1.333])
    """
    limit = micros(positive_duration("within", within))
    support = whole("support", support, least=1)
    path = None if steps is None else as_rule(steps, name="steps", level="event")
    goal = None if conversion is None else as_rule(conversion, name="conversion", level="event")
    asked = ask(log, as_of=as_of, over=over)
    known = asked.log
    group, n_groups, axes = groups_of(known, by)
    moves = moves_of(known, state, path, goal, limit, asked.as_of, over)
    axes = (
        *axes,
        Axis("source", moves.labels, "state"),
        Axis("target", moves.targets, "state"),
    )
    return NextBest(
        axes=axes,
        parts=shapes(moves.parts(group, n_groups), axes),
        context=Context(
            "next_best",
            unit="move",
            as_of=asked.as_of,
            over=over,
            by=by,
            options={
                "within": within,
                "state": state,
                "steps": path,
                "conversion": goal,
                "support": support,
            },
        ),
    )
