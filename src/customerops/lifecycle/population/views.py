"""The stages in other people's words: views that put every stage in one cell, as data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.state import State
from customerops.lifecycle.policy.stages import ACTIVE, STAGES, Stage
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.tables import Axis, Context, Count, Table
from customerops.model.values.checks import came, one_of, text, validator
from customerops.model.values.instants import as_instant, to_us

if TYPE_CHECKING:
    from customerops.lifecycle.population.population import Population

__all__ = [
    "DUOLINGO",
    "HUBSPOT",
    "POSTHOG",
    "View",
    "ViewCounts",
    "check_population",
    "counted",
]

_KNOWN = tuple(stage for stage in STAGES if stage is not Stage.UNKNOWN)
_S = Stage


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ViewCounts(Table):
    """Customers in each cell of a view at an instant.

    Parameters
    ----------
    axes : sequence of Axis
        The cells, all of them, those without a customer included.
    parts : mapping
        ``customers``. Who is outside the view is not counted.
    context : Context
        Its definition is the name of the view.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers",)

    @property
    def customers(self) -> Count:
        """Customers in each cell."""
        return self._part("customers")

    def share(self) -> Proportion:
        """Return each cell's share of the customers in the view."""
        if not self.axes or self.context.option("select.cell") is not None:
            raise InvalidInputError("cell", "must have all its labels", "take shares, then select")
        customers = self.parts["customers"]
        parts = {"count": customers, "total": np.full_like(customers, customers.sum())}
        context = self.context.with_options(of="share")
        return Proportion(axes=self.axes, parts=parts, context=context)


def _cells(given: Mapping[str, Collection[str]]) -> Mapping[str, tuple[Stage, ...]]:
    if not isinstance(given, Mapping):
        raise InvalidInputError("cells", "must be a mapping", came(given))
    cells = {
        text("cells key", label): _stages(f"cells[{label!r}]", given[label]) for label in given
    }
    for label, stages in cells.items():
        if not stages:
            raise InvalidInputError(f"cells[{label!r}]", "must not be empty")
    return MappingProxyType(dict(sorted(cells.items())))


def _outside(given: Collection[str]) -> tuple[Stage, ...]:
    return _stages("outside", given)


def _stages(name: str, given: Collection[str]) -> tuple[Stage, ...]:
    """Return stages in the order of `STAGES`, each as often as it was named."""
    if isinstance(given, str) or not isinstance(given, Collection):
        raise InvalidInputError(name, "must be a collection of stages", came(given))
    stages = [Stage(one_of(name, stage, map(str, _KNOWN))) for stage in given]
    return tuple(sorted(stages, key=STAGES.index))


@attrs.frozen
class View:
    """Other names for the stages: every stage is in one cell, or outside.

    Parameters
    ----------
    name : str
        What the view is called.
    cells : mapping of str to collection of Stage
        The cells, and the stages in each.
    outside : collection of Stage, optional
        The stages the view does not count. ``UNKNOWN`` is outside any view.

    Raises
    ------
    InvalidInputError
        If it is not a partition: a stage is in no cell and not outside, or in several; or a cell
        has no stage, or a stage is not one of the machine's.

    Examples
    --------
    >>> from customerops.lifecycle import View
    >>> view = View(
    ...     "two",
    ...     {"customer": ["ACTIVATED", "RETAINED", "WON_BACK"], "other": ["LAPSED", "LOST"]},
    ...     outside=["ACQUIRED", "ERASED"],
    ... )
    >>> view.cell("RETAINED"), view.cell("ERASED")
    ('customer', None)
    >>> View("one", {"customer": ["ACTIVATED", "RETAINED"]}, outside=["RETAINED", "ERASED"])
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: cells must hold every stage once: missing ACQUIRED, LAPSED, WON_BACK, LOST; more than once RETAINED
    """

    name: str = attrs.field(validator=validator(text))
    cells: Mapping[str, tuple[Stage, ...]] = attrs.field(
        converter=_cells, eq=lambda cells: tuple(cells.items())
    )
    outside: tuple[Stage, ...] = attrs.field(default=(), converter=_outside)

    def __attrs_post_init__(self) -> None:
        cells = (*self.cells.values(), self.outside)
        placed = [stage for stages in cells for stage in stages]
        missing = [str(stage) for stage in _KNOWN if stage not in placed]
        repeated = [str(stage) for stage in _KNOWN if placed.count(stage) > 1]
        said = [f"missing {', '.join(missing)}"] if missing else []
        said += [f"more than once {', '.join(repeated)}"] if repeated else []
        if said:
            raise InvalidInputError("cells", "must hold every stage once", "; ".join(said))

    def cell(self, of: Stage | str | State) -> str | None:
        """Return the cell of a stage, or of a customer's state; None if it is outside.

        Raises
        ------
        InvalidInputError
            If it is neither.
        """
        given = of.stage if isinstance(of, State) else of
        stage = Stage(one_of("stage", given, map(str, STAGES)))
        return next((label for label, stages in self.cells.items() if stage in stages), None)

    def counts(self, population: Population, t: dt.datetime | None = None) -> ViewCounts:
        """Return how many customers of a population are in each cell.

        Parameters
        ----------
        population : Population
            Whose stages.
        t : datetime, optional
            When, not after the population's `as_of`; left out, then.

        Returns
        -------
        ViewCounts
            It adds over populations of disjoint customers.

        Raises
        ------
        InvalidInputError
            If it is no Population, or `t` is not one of its instants.
        """
        check_population(population)
        at = population.as_of if t is None else as_instant("t", t)
        stages = population.stage_at(at)
        tally = {label: np.isin(stages, list(of)).sum() for label, of in self.cells.items()}
        return counted(population, at, self.name, tally, {"view": self})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what it is made of."""
        return (View, (self.name, dict(self.cells), self.outside))


def counted(
    population: Population,
    at: dt.datetime,
    name: str,
    tally: Mapping[str, Any],
    options: Mapping[str, Any],
) -> ViewCounts:
    """Return the counts of a view's cells, all of which are named."""
    labels = sorted(tally)
    options = {**options, "at": to_us(at), "policy": population.policy.hash}
    return ViewCounts(
        axes=[Axis("cell", labels, "state", disjoint=True)],
        parts={"customers": np.array([tally[label] for label in labels], np.int64)},
        context=Context(
            metric="lifecycle_view",
            definition=name,
            as_of=population.context.as_of,
            options=options,
        ),
    )


def check_population(population: object) -> None:
    """Refuse what is no population."""
    from customerops.lifecycle.population.population import Population

    if not isinstance(population, Population):
        raise InvalidInputError("population", "must be a Population", came(population))


HUBSPOT = View(
    "hubspot",
    {"lead": [_S.ACQUIRED], "customer": [*ACTIVE, _S.LAPSED], "other": [_S.LOST]},
    outside=[_S.ERASED],
)
"""HubSpot's default lifecycle stages, those that a lifecycle can tell: there a customer stays one
after lapsing. Subscriber, qualified lead, opportunity and evangelist are set by people."""

POSTHOG = View(
    "posthog",
    {
        "new": [_S.ACTIVATED],
        "returning": [_S.RETAINED],
        "resurrecting": [_S.WON_BACK],
        "dormant": [_S.LAPSED, _S.LOST],
    },
    outside=[_S.ACQUIRED, _S.ERASED],
)
"""The four words of PostHog's lifecycle. PostHog tells them from two adjacent periods, as
`growth_accounting` does; here they are read from stages, so that who was lost before any activity
is dormant, too."""

DUOLINGO = View(
    "duolingo",
    {
        "new": [_S.ACTIVATED],
        "current": [_S.RETAINED],
        "resurrected": [_S.WON_BACK],
        "at_risk": [_S.LAPSED],
        "dormant": [_S.LOST],
    },
    outside=[_S.ACQUIRED, _S.ERASED],
)
"""Duolingo's words on stages, with the windows of the policy: at risk while there is someone to
win back, dormant afterwards. The seven states by day are those of `active_user_states`."""
