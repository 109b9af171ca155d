"""What is open: opportunities and their amounts by stage, and how old they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.pipeline.counts import as_chance
from customerops.metrics.pipeline.deals import Asking, SalesStages
from customerops.metrics.pipeline.targets import pipeline_coverage
from customerops.metrics.shared.threads import unit_us
from customerops.model.log.log import InteractionLog
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.distribution import Distribution
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, text
from customerops.model.values.money import Money

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping

__all__ = ["OpenPipeline", "open_pipeline", "pipeline_age"]

_DAY = dt.timedelta(days=1)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class OpenPipeline(Table):
    """Open opportunities and their amounts, by stage.

    Notes
    -----
    Parts: ``deals``; ``priced``, those of them with an amount; ``amount``, in minor units of the
    currency of the context.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("deals", "priced", "amount")

    @property
    def deals(self) -> Count:
        """How many are open."""
        return self._part("deals")

    @property
    def priced(self) -> Count:
        """How many of them have an amount."""
        return self._part("priced")

    @property
    def amount(self) -> Count:
        """What they are worth, in minor units."""
        return self._part("amount")

    @property
    def total(self) -> Money:
        """What all of them are worth.

        Raises
        ------
        InvalidInputError
            If no opportunity has an amount, so that there is no currency.
        """
        return Money.of_minor(int(exact.sum_along(self.parts["amount"].ravel(), 0)), self._code())

    def weighted(self, probabilities: Mapping[str, Decimal | str | int]) -> Money:
        """Return the weighted pipeline: the amount of each stage times its probability.

        Parameters
        ----------
        probabilities : mapping of str to Decimal, str or int
            By stage, from 0 to 1; one for each stage.

        Returns
        -------
        Money
            Summed exactly over everything, and rounded once, half to even.

        Raises
        ------
        InvalidInputError
            If a stage has no probability, or one is not from 0 to 1, or no opportunity has an
            amount.
        """
        total = Fraction(0)
        for stage, amount in self._by_stage("probabilities", probabilities).items():
            total += amount * as_chance(f"probabilities[{stage!r}]", probabilities[stage])
        return Money.of_minor(round(total), self._code())

    def by_category(self, categories: Mapping[str, str]) -> dict[str, Money]:
        """Return what is open in each forecast category: pipeline, best case, commit, omitted.

        Parameters
        ----------
        categories : mapping of str to str
            The category of each stage.

        Raises
        ------
        InvalidInputError
            If a stage has no category, or no opportunity has an amount.
        """
        sums: dict[str, int] = {}
        for stage, amount in self._by_stage("categories", categories).items():
            name = text("categories", categories[stage])
            sums[name] = sums.get(name, 0) + amount
        return {name: Money.of_minor(sums[name], self._code()) for name in sorted(sums)}

    def coverage(self, target: Money, *, won: Money | None = None) -> float:
        """Return the total by what is missing to a target; see `pipeline_coverage`.

        Raises
        ------
        InvalidInputError
            As for `pipeline_coverage`, or if no opportunity has an amount.
        """
        done = Money.of_minor(0, self._code()) if won is None else won
        return pipeline_coverage(pipeline=self.total, target=target, won=done)

    def _by_stage(self, name: str, given: Mapping[str, object]) -> dict[str, int]:
        if not isinstance(given, Mapping):
            raise InvalidInputError(name, "must be a mapping by stage", came(given))
        if not self.axes or self.axes[-1].name != "stage":
            raise InvalidInputError("stage", "must be an axis of the table", "select groups only")
        stages = [str(label) for label in self.axes[-1].labels]
        missing = [stage for stage in stages if stage not in given]
        if missing:
            problem = "it lacks " + ", ".join(map(repr, missing))
            raise InvalidInputError(name, "must have every stage", problem)
        amounts = self.parts["amount"].reshape(-1, len(stages))
        return dict(zip(stages, map(int, exact.sum_along(amounts, 0)), strict=True))

    def _code(self) -> str:
        if self.context.currency is None:
            raise InvalidInputError(
                "currency", "must be known", "no open opportunity has an amount"
            )
        return self.context.currency

    def _check(self) -> None:
        at_least_zero(self, "deals", "priced")


def open_pipeline(
    log: InteractionLog,
    *,
    stages: SalesStages,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
) -> OpenPipeline:
    """Return the opportunities that are open, and what they are worth, by stage (销售管道).

    Parameters
    ----------
    log, stages, by, as_of
        As for `win_rate`.

    Returns
    -------
    OpenPipeline
        Along the axis ``"stage"``, by name; ``.total``, ``.weighted(probabilities)``,
        ``.by_category(categories)``, ``.coverage(target)``.

    Raises
    ------
    InvalidInputError
        As for `win_rate`.

    Notes
    -----
    An opportunity is worth the last amount that was said of it; those without one are counted and
    add nothing.

    References
    ----------
    Salesforce, object reference: Opportunity, its ``ForecastCategory``, ``Probability`` and
    ``ExpectedRevenue``.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import SalesStages, open_pipeline
    >>> from customerops.model import Money
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b"], thread=["1", "2"], kind=["stage_change"] * 2,
    ...     name=["lead", "offer"], amount=[100, 300], currency="EUR", tz=dt.UTC,
    ...     at=[dt.date(2026, 1, d) for d in (1, 2)],
    ... ).until_day(dt.date(2026, 1, 31)).by_thread()
    >>> standing = open_pipeline(log, stages=SalesStages(["lead", "offer"]))
    >>> standing.weighted({"lead": "0.1", "offer": "0.5"}), standing.coverage(Money(200, "EUR"))
    (Money('160.00', 'EUR'), 2.0)
    """
    deals = Asking(stages, as_of, None, None, by, None).deals(log, "open_pipeline")
    some = np.flatnonzero(deals.is_open)
    unit, priced, amount = deals.unit[some], deals.priced[some], deals.amount[some]
    inner = (stages.axis, stages.places(deals.stage[some]))
    placed = deals.asked.placed(unit, deals.created[some], inner)
    shape = [len(axis) for axis in placed.axes]
    cells = int(np.prod(shape))
    parts = {
        "deals": exact.group_count(placed.cell, cells),
        "priced": exact.group_count(placed.cell[priced], cells),
        "amount": exact.group_sum(placed.cell, amount, cells),
    }
    context = deals.asked.context
    if priced.any():
        context = attrs.evolve(context, currency=deals.log.currency)
    return OpenPipeline(
        axes=placed.axes,
        parts={name: part.reshape(shape) for name, part in parts.items()},
        context=context,
    )


def pipeline_age(
    log: InteractionLog,
    *,
    stages: SalesStages,
    definition: Literal["created", "stage"],
    unit: dt.timedelta = _DAY,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
) -> Distribution:
    """Return how old the open opportunities are, by stage (商机账龄).

    Parameters
    ----------
    definition : {"created", "stage"}
        Since their creation; or since they entered the stage they are in, for the last time.
    unit : timedelta
        What ages are counted in; not rounded.
    log, stages, by, as_of
        As for `win_rate`.

    Returns
    -------
    Distribution
        Along the axis ``"stage"``, by name; ``.n``, ``.quantile(q)``.

    Raises
    ------
    InvalidInputError
        As for `win_rate`.

    Notes
    -----
    ``as_of - since``, in `unit`, of every open opportunity; since its creation, or since its
    latest move into the stage it is in. Open opportunities are the ones that take long: their ages
    are not how long opportunities take, which is `cycle_length`.

    References
    ----------
    Salesforce, help on opportunity reports: "Age", "Stage Duration".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import SalesStages, pipeline_age
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a"], thread=["1", "1"], kind=["stage_change"] * 2,
    ...     name=["lead", "offer"], at=[dt.date(2026, 1, d) for d in (1, 4)], tz=dt.UTC,
    ... ).until(dt.datetime(2026, 1, 9, tzinfo=dt.UTC)).by_thread()
    >>> stages = SalesStages(["lead", "offer"])
    >>> [pipeline_age(log, stages=stages, definition=d).max.tolist() for d in ("created", "stage")]
    [[nan, 8.0], [nan, 5.0]]
    """
    one_of("definition", definition, ("created", "stage"))
    tick = unit_us(unit)
    deals = Asking(stages, as_of, None, None, by, None).deals(
        log, "pipeline_age", definition=definition, options={"unit": unit}
    )
    some = np.flatnonzero(deals.is_open)
    since = deals.created
    if definition == "stage":
        since = np.zeros(len(since), np.int64)
        since[deals.deal] = deals.log.at[deals.moves]  # the last move of each stands
    inner = (stages.axis, stages.places(deals.stage[some]))
    placed = deals.asked.placed(deals.unit[some], deals.created[some], inner)
    return Distribution.from_rows(
        (deals.asked.as_of - since[some]) / tick,
        outer=placed.axes,
        codes=placed.cell,
        context=deals.asked.context,
    )
