"""Forecasts by a Markov chain: who is where today, moved on by the shares seen so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.log import locked
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values import exact
from customerops.model.values.checks import came, finite, whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Arrivals", "Forecast", "arrivals_of", "project", "shares_of"]

Floats = NDArray[np.float64]
Ints = NDArray[Any]
Arrivals = float | Sequence[float]
"""New customers a period: one number for all periods, or one for each."""

MOST = 100_000  # periods of a forecast: days of 270 years

_SAME = attrs.cmp_using(eq=np.array_equal)


@attrs.frozen(kw_only=True, repr=False)
class Forecast(Result):
    """How many customers to expect in each state, if they go on moving as they did.

    A forecast is derived: it has no ``+``. Add the tables it is made from, then forecast.

    Attributes
    ----------
    axis : str
        What the states are called: ``"state"`` or ``"stage"``.
    periods : tuple of date
        The periods to come, by their labels.
    states : tuple of str
        The states.
    customers : float64, shape (n_periods, n_states)
        Customers expected at the end of each period.
    arrivals : float64, shape (n_periods,)
        New customers of each period, as given.
    opening : int64, shape (n_states,)
        Customers at the end of the period before the first.
    context : Context
        What it is about.

    Notes
    -----
    Nobody gets lost: ``customers[t].sum() = customers[t - 1].sum() + arrivals[t]``.
    """

    axis: str
    periods: tuple[dt.date, ...]
    states: tuple[str, ...]
    customers: Floats = attrs.field(eq=_SAME)
    arrivals: Floats = attrs.field(eq=_SAME)
    opening: Ints = attrs.field(eq=_SAME)
    context: Context

    def __attrs_post_init__(self) -> None:
        for array in (self.customers, self.arrivals, self.opening):
            locked(array)

    @property
    def total(self) -> Floats:
        """Customers expected in all states together, at the end of each period."""
        total: Floats = self.customers.sum(axis=1)
        return total

    def to_frame(self) -> pd.DataFrame:
        """Return one row a period and state: period, the state, customers (a float)."""
        import pandas as pd

        n, m = self.customers.shape
        return pd.DataFrame(
            {
                "period": np.repeat(render.label_array(self.periods), m),
                self.axis: np.tile(np.array(self.states, object), n),
                "customers": self.customers.ravel(),
            }
        )

    def __repr__(self) -> str:
        """Return what it is a forecast of, and its size."""
        n, m = self.customers.shape
        return f"Forecast(metric={self.context.metric!r}, period[{n}] x {self.axis}[{m}])"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (attrs.asdict(self, recurse=False),))

    def _repr_html_(self) -> str:
        """Show the states across, the first periods down."""
        first = slice(render.ROWS)
        cells = {
            state: [f"{value:,.1f}" for value in column[first].tolist()]
            for state, column in zip(self.states, self.customers.T, strict=True)
        }
        labels = {"period": list(self.periods[first])}
        n = len(self.periods)
        faint = [False] * len(labels["period"])
        return render.rows_html(f"{self.context.metric}: forecast", labels, cells, faint, n)


def arrivals_of(name: str, given: object, periods: int) -> Floats:
    """Return the new customers of each period to come.

    Raises
    ------
    InvalidInputError
        If the periods are no whole number from 1 to 100,000, or what arrives is not one number,
        or one a period, none below 0.
    """
    n = whole("periods", periods, least=1, most=MOST)
    if isinstance(given, str) or (isinstance(given, Sequence) and len(given) != n):
        problem = came(given) if isinstance(given, str) else f"got {len(given)} for {n} periods"
        raise InvalidInputError(name, "must be one number, or one a period", problem)
    each = given if isinstance(given, Sequence) else [given] * n
    arrivals = np.array([finite(name, one) for one in each])
    if (arrivals < 0).any():
        raise InvalidInputError(name, "must not be negative")
    return arrivals


def shares_of(moves: Ints) -> Floats:
    """Return the share of each target in the moves from each source; NaN where nobody was.

    Parameters
    ----------
    moves : ndarray of int, shape (n_sources, n_targets)
        How many moved, or stayed.

    Examples
    --------
    >>> shares_of(np.array([[3, 1], [0, 0]])).tolist()
    [[0.75, 0.25], [nan, nan]]
    """
    return exact.divide(exact.canon(moves), exact.canon(moves.sum(axis=1, keepdims=True)))


def project(
    opening: Ints, shares: Floats, entry: Floats, arrivals: Floats, names: Sequence[str]
) -> Floats:
    """Return how many customers each state holds at the end of each period to come.

    Parameters
    ----------
    opening : ndarray of int, shape (n_states,)
        Customers now.
    shares : ndarray, shape (n_states, n_states)
        From row to column in a period; a row of NaN where no one was seen to move.
    entry : ndarray, shape (n_states,)
        Where new customers stand at the end of their first period.
    arrivals : ndarray, shape (n_periods,)
        New customers.
    names : sequence of str
        The states.

    Returns
    -------
    ndarray, shape (n_periods, n_states)

    Raises
    ------
    InvalidInputError
        If customers are, or come, where nobody was seen before: how they go on is not known.

    Notes
    -----
    ``level[t] = level[t - 1] @ shares + arrivals[t] * entry``.
    """
    unseen = np.asarray(np.isnan(shares).any(axis=1))
    steps = np.nan_to_num(shares)
    level, levels = opening.astype(np.float64), []
    for new in arrivals.tolist():
        lost = [names[i] for i in np.flatnonzero(unseen & (level > 0)).tolist()]
        if lost:
            raise InvalidInputError(
                "moves",
                "must show how customers leave every state they are in",
                f"no closed period starts with anyone in {', '.join(lost)}",
            )
        level = level @ steps + new * entry
        levels.append(level)
    return np.array(levels)


def _rebuilt(fields: dict[str, Any]) -> Forecast:
    return Forecast(**fields)
