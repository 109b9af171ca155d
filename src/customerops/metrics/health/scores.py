"""Health scores of many customers, from columns or from a log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.health.components import MOST
from customerops.metrics.health.scorecard import HealthScorecard
from customerops.metrics.health.scorers import Scorer, raw_values
from customerops.model.log.ask import ask
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.checks import came, numbers

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.log.log import InteractionLog

__all__ = ["HealthBandShare", "HealthScores", "health_scores", "score_columns", "weighed"]

Floats = NDArray[np.float64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class HealthBandShare(Proportion):
    """The share of the customers with a score that is in each band; axis ``"band"``."""

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ()}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class HealthScores(PerCustomer):
    """The health score of each customer: one row a customer, sorted by id.

    It shows how many are in each band, and nobody's id.

    Attributes
    ----------
    ids : ndarray
        The customers.
    columns : mapping
        ``score``, from 0 to 100 or NaN; ``known``, the share of the weight of which the value was
        there; ``band``, its key or None.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("score", "known", "band")

    @property
    def scorecard(self) -> HealthScorecard:
        """What the scores were told by."""
        card: HealthScorecard = self.context.option("scorecard")
        return card

    @property
    def unscored(self) -> int:
        """How many customers have no score."""
        return int(np.isnan(self.columns["score"]).sum())

    @property
    def bands(self) -> HealthBandShare:
        """The share of the customers with a score that is in each band, with an interval."""
        keys = sorted(band.key for band in self.scorecard.bands)
        held = self.columns["band"].tolist()
        return HealthBandShare(
            axes=[Axis("band", keys, "state", disjoint=True)],
            parts={
                "count": [held.count(key) for key in keys],
                "total": len(self) - self.unscored,
            },
            context=attrs.evolve(self.context, metric="health_scores.bands"),
        )

    def _repr_html_(self) -> str:
        """Show how many customers are in each band."""
        shares = self.bands
        total = int(shares.total)
        count = np.asarray(shares.count).tolist()
        share = [render.percent(x) if total else "–" for x in np.asarray(shares.value).tolist()]
        return render.rows_html(
            f"{self.context.title}: {len(self)} customers, {self.unscored} without a score",
            {"band": list(shares.axes[0].labels)},
            {"customers": [render.number(x) for x in count], "share": share},
            [False] * len(count),
            len(count),
        )


def health_scores(
    log: InteractionLog,
    scorecard: HealthScorecard,
    *,
    sources: Mapping[str, Scorer],
    as_of: dt.datetime | None = None,
) -> HealthScores:
    """Return the health score (健康度) of every customer of a log.

    Parameters
    ----------
    log : InteractionLog
        A log of customers, not by thread.
    scorecard : HealthScorecard
        How values become a score.
    sources : mapping of str to Scorer
        Where the raw value of each component comes from: `EventCount`, `TimeSince`, or any function
        of a log that gives one number for each customer. Without one a component is missing.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    HealthScores
        Everybody who is known, also without a score: ``.bands`` has how many are in each. Those of
        disjoint customers add.

    Raises
    ------
    InvalidInputError
        If `scorecard` is none, a source is of no component, or gives something else than a number
        or NaN for each customer.

    Notes
    -----
    The score of a customer is that of `HealthScorecard`, ``sum of w_i * points_i / sum of w_i``
    over the components that count, of the raw values that the sources give at `as_of`. ``known``
    is the share of the weight whose value was there.

    References
    ----------
    Natero, How the customer health score is calculated,
    https://support.natero.com/support/solutions/articles/50000000840

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import EventCount, HealthComponent, HealthScorecard, health_scores
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["login", "login", "signup"],
    ...     at=[dt.date(2026, 1, d) for d in (9, 20, 5)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> card = HealthScorecard(
    ...     components=[
    ...         HealthComponent(name="logins", weight=1, points=((0, 0), (4, 100)), better="higher")
    ...     ],
    ... )
    >>> month = EventCount("login", within=dt.timedelta(days=30))
    >>> health_scores(log, card, sources={"logins": month}).columns["score"].tolist()
    [50.0, 0.0]
    """
    if not isinstance(scorecard, HealthScorecard):
        raise InvalidInputError("scorecard", "must be a HealthScorecard", came(scorecard))
    sources = scorecard.scorer(sources).sources
    asked = ask(log, as_of=as_of)
    values = {name: raw_values(f"sources.{name}", sources[name], asked.log) for name in sources}
    score, known, band = weighed(scorecard, values, asked.log.n_customers)
    context = Context(
        "health_scores",
        as_of=asked.as_of,
        options={"scorecard": scorecard, "sources": tuple(sorted(sources))},
    )
    return HealthScores(
        ids=asked.log.customers,
        columns={"score": score, "known": known, "band": band},
        context=context,
    )


def score_columns(
    card: HealthScorecard, values: Mapping[str, ArrayLike] | pd.DataFrame, ids: ArrayLike
) -> HealthScores:
    """Return the health scores of columns of values; see `HealthScorecard.scores`."""
    if not hasattr(values, "keys") and not hasattr(values, "columns"):
        raise InvalidInputError("values", "must be columns by name", came(values))
    names = list(values.columns if hasattr(values, "columns") else values)
    card.check_names("values", names)
    owners = np.asarray(ids)
    if owners.ndim != 1:
        problem = f"got {owners.ndim} dimensions"
        raise InvalidInputError("ids", "must be one-dimensional", problem)
    columns = {name: _column(f"values.{name}", values[name], owners.shape) for name in names}
    score, known, band = weighed(card, columns, owners.size)
    return HealthScores(
        ids=owners,
        columns={"score": score, "known": known, "band": band},
        context=Context("health_scores", options={"scorecard": card}),
    )


def _column(name: str, given: Any, shape: tuple[int, ...]) -> Floats:
    """Return a column of finite numbers or NaN.

    Raises
    ------
    InvalidInputError
        If it holds something else, or is of another shape.
    """
    column = numbers(name, given).astype(np.float64)
    if column.shape != shape:
        problem = f"got shape {column.shape}, not {shape}"
        raise InvalidInputError(name, "must have one number for each customer", problem)
    infinite = np.isinf(column)
    if infinite.any():
        bad = np.flatnonzero(infinite)
        raise InvalidInputError(
            name, "must be finite or NaN", count=len(bad), total=len(column), first=int(bad[0])
        )
    return column


def weighed(
    card: HealthScorecard, values: Mapping[str, Floats], n: int
) -> tuple[Floats, Floats, NDArray[np.object_]]:
    """Return the score, the share of the weight that was known, and the band of each customer.

    The sums go component by component as those of ``HealthScorecard.score`` do, so that one row
    and a column agree to the bit.
    """
    total = 0.0
    known, weight, reached = np.zeros(n), np.zeros(n), np.zeros(n)
    for component, own in zip(card.components, card.whole_weights, strict=True):
        raw = values.get(component.name)
        raw = np.full(n, np.nan) if raw is None else raw
        points = component.points_in(raw)
        points = np.where(np.isnan(raw), card.stands_in(component), points)
        there = ~np.isnan(points)
        total += own
        known += np.where(np.isnan(raw), 0.0, own)
        weight += np.where(there, own, 0.0)
        reached += np.where(there, own * points, 0.0)
    known /= total
    kept = (weight > 0) & (known >= card.least_known)
    if card.missing == "refuse":
        kept &= weight >= total
    mean = np.divide(reached, weight, out=np.full(n, np.nan), where=kept)
    score = np.clip(mean, 0.0, MOST)
    return score, known, _bands(card, score)


def _bands(card: HealthScorecard, score: Floats) -> NDArray[np.object_]:
    keys = np.array([None, *(band.key for band in card.bands)], object)
    edges = np.array([band.threshold for band in card.bands])
    place = np.searchsorted(edges, np.where(np.isnan(score), -1.0, score), side="right")
    return keys[place]
