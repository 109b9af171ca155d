"""What late data, or another policy, changed: two populations compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.stages import STAGES, Cause
from customerops.lifecycle.population.transitions import Transitions
from customerops.model.log.joins import stack_ids
from customerops.model.log.log import locked
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values.checks import came
from customerops.model.values.instants import from_us
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    import pandas as pd

    from customerops.lifecycle.population.population import Population

__all__ = ["PopulationDifference", "diff"]

_NAMES = np.array([str(stage) for stage in STAGES], object)
_KEYS = ("customer", "at", "source", "target", "timeout")
_FIELDS = (*_KEYS, "event")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PopulationDifference(Result):
    """What differs between two populations as of one instant.

    Attributes
    ----------
    ids : ndarray, shape (n_customers,)
        The customers of both, sorted.
    removed, added : Transitions
        Transitions of the first population that the second does not have, and the other way
        round; `customer` is an index into `ids`. One is the same if customer, instant, stages and
        cause are.
    before, after : int8, shape (n_customers,)
        The stage of each customer at `as_of` in the first and in the second, a position in
        `STAGES`; ``UNKNOWN`` where a population does not have the customer.
    context : Context
        As of when.
    """

    ids: NDArray[Any]
    removed: Transitions
    added: Transitions
    before: NDArray[np.int8]
    after: NDArray[np.int8]
    context: Context

    def __attrs_post_init__(self) -> None:
        for array in (self.ids, self.before, self.after):
            locked(array)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(len(self.removed) or len(self.added))

    def __repr__(self) -> str:
        """Return the sizes, and nothing about the customers."""
        moved = int((self.before != self.after).sum())
        return (
            f"PopulationDifference({len(self.removed)} transitions removed, {len(self.added)} "
            f"added, {moved} of {len(self.ids)} customers in another stage)"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a transition: customer_id, change, at (UTC), source, target, cause.

        Sorted by customer and time; `change` is ``"removed"`` or ``"added"``.
        """
        import pandas as pd

        rows = {name: _stacked(self, name) for name in _KEYS}
        added = np.repeat([False, True], [len(self.removed), len(self.added)])
        order = np.lexsort((added, rows["at"], rows["customer"]))
        rows = {name: column[order] for name, column in rows.items()}
        return pd.DataFrame(
            {
                "customer_id": self.ids[rows["customer"]],
                "change": np.where(added[order], "added", "removed").astype(object),
                "at": pd.to_datetime(rows["at"], unit="us", utc=True),
                "source": _NAMES[rows["source"]],
                "target": _NAMES[rows["target"]],
                "cause": np.where(rows["timeout"], str(Cause.TIMEOUT), str(Cause.EVENT)),
            }
        )

    def stages(self) -> pd.DataFrame:
        """Return the customers who stand in another stage: customer_id, before, after."""
        import pandas as pd

        moved = self.before != self.after
        return pd.DataFrame(
            {
                "customer_id": self.ids[moved],
                "before": _NAMES[self.before[moved]],
                "after": _NAMES[self.after[moved]],
            }
        )

    def _repr_html_(self) -> str:
        """Show how many customers moved between which stages."""
        pairs = self.before.astype(np.int64) * len(STAGES) + self.after
        moved = self.before != self.after
        counts = np.bincount(pairs[moved], minlength=len(STAGES) ** 2)
        shown = np.flatnonzero(counts)
        before, after = shown // len(STAGES), shown % len(STAGES)
        assert self.context.as_of is not None
        return render.rows_html(
            f"{self.context.metric} as of {from_us(self.context.as_of).isoformat()}",
            {"before": _NAMES[before].tolist(), "after": _NAMES[after].tolist()},
            {"customers": [render.number(n) for n in counts[shown].tolist()]},
            [False] * len(shown),
            len(shown),
        )


def diff(before: Population, after: Population) -> PopulationDifference:
    """Return what changed from one population to another, as of the same instant.

    Parameters
    ----------
    before, after : Population
        Of an earlier state of knowledge and of a later one, or by one policy and by another; as of
        the same instant, and of customers who may differ.

    Returns
    -------
    PopulationDifference
        Transitions removed and added, and the customers who stand in another stage; false if
        nothing differs.

    Raises
    ------
    InvalidInputError
        If one is no Population, they are not as of the same instant, do not begin with initial
        states of the same instant, or their ids are of different types.

    Notes
    -----
    A report made on day 40 stays what it was: replay the events recorded by then, and this says
    what was revised since. The place of an event in the log is not compared, for late data shift
    it.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, diff, replay_log
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(2)
    ... )
    >>> def known(days):
    ...     log = InteractionLog.from_arrays(
    ...         customer_id=["a"] * len(days), kind=["purchase"] * len(days), tz=dt.timezone.utc,
    ...         at=[dt.date(2026, 1, day) for day in days],
    ...     )
    ...     return replay_log(log, policy, as_of=dt.datetime(2026, 2, 9, tzinfo=dt.timezone.utc))
    >>> late = diff(known([1]), known([1, 20]))
    >>> late
    PopulationDifference(1 transitions removed, 1 added, 1 of 1 customers in another stage)
    >>> late.to_frame()[["change", "source", "target"]].values.tolist()
    [['added', 'ACTIVATED', 'RETAINED'], ['removed', 'ACTIVATED', 'LAPSED']]
    """
    pair = (before, after)
    for name, population in zip(("before", "after"), pair, strict=True):
        _check(name, population)
    if before.as_of != after.as_of:
        raise InvalidInputError(
            "populations",
            "must be as of the same instant",
            f"got {before.as_of.isoformat()} and {after.as_of.isoformat()}",
        )
    if before.since != after.since:
        raise InvalidInputError(
            "populations", "must begin alike", "initial states of another instant stand behind one"
        )
    stacked = stack_ids([before.ids, after.ids])
    ids, place = _joined(stacked)
    places = (place[: len(before)], place[len(before) :])
    moves = [_rows(population, where) for population, where in zip(pair, places, strict=True)]
    in_both = _shared(moves)
    removed, added = (
        Transitions(**{name: column[~same] for name, column in rows.items()})
        for rows, same in zip(moves, in_both, strict=True)
    )
    stages = np.zeros((2, len(ids)), np.int8)
    for side, (population, where) in enumerate(zip(pair, places, strict=True)):
        stages[side, where] = population.states().stage
    return PopulationDifference(
        ids=ids,
        removed=removed,
        added=added,
        before=stages[0].copy(),
        after=stages[1].copy(),
        context=Context(metric="lifecycle_difference", as_of=before.context.as_of),
    )


def _check(name: str, population: object) -> None:
    from customerops.lifecycle.population.population import Population

    if not isinstance(population, Population):
        raise InvalidInputError(name, "must be a Population", came(population))


def _joined(stacked: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the different ids, sorted, and the place of each one given."""
    order = np.argsort(stacked, kind="stable")
    first = first_of_run(stacked[order])
    place = np.empty(len(stacked), np.intp)
    place[order] = np.cumsum(first) - 1
    return stacked[order][first], place


def _rows(population: Population, place: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    moves = population.transitions
    columns = {name: getattr(moves, name) for name in _FIELDS}
    return {**columns, "customer": place[moves.customer].astype(np.int64)}


def _shared(sides: Sequence[dict[str, NDArray[Any]]]) -> list[NDArray[np.bool_]]:
    """Return for the rows of each side whether the other side has them too.

    A population has a transition at most once, so a row is shared if it stands twice.
    """
    keys = [np.concatenate([side[name] for side in sides]) for name in _KEYS]
    order = np.lexsort(keys[::-1])
    first = first_of_run(*(key[order] for key in keys))
    twice = np.ones(len(order), np.bool_)
    twice[order] = ~first | ~np.append(first[1:], True)[: first.size]
    n = len(sides[0]["at"])
    return [twice[:n], twice[n:]]


def _stacked(difference: PopulationDifference, name: str) -> NDArray[Any]:
    return np.concatenate([getattr(s, name) for s in (difference.removed, difference.added)])
