"""What the functions of churn share: the definitions, what they count, and the question settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from customerops.errors import InvalidInputError
from customerops.metrics.shared.spans import Spans, known_at, spans_of_spells
from customerops.metrics.shared.stays import Stays, Traffic, stays_of_spells
from customerops.model.log.spells import Spells
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Estimate, Proportion, Quotient
from customerops.model.values.checks import came, one_of

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = [
    "CHURN_ALIASES",
    "Counts",
    "Settled",
    "counts_of",
    "definition_of",
    "estimate_of",
    "settle",
    "useless",
]

DEFINITIONS = (
    "start_cohort",
    "any_exit_over_start",
    "stripe",
    "baremetrics",
    "average_base",
    "end_base",
    "profitwell",
    "daily_sum",
    "exposure",
    "renewal",
    "inactivity",
)

CHURN_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "all_losses_over_start": "any_exit_over_start",
        "chartmogul_shopify": "daily_sum",
        "chartmogul_standard": "start_cohort",
        "customer_days": "exposure",
        "displayr": "renewal",
        "paddle": "profitwell",
        "recurly_basic": "any_exit_over_start",
        "recurly_customer_days": "exposure",
    }
)
"""Names that vendors and authors use for a definition of churn, each with the definition it is."""

# what is divided by what, of the counts of a stretch; who left more than once, or was not there at
# its start, makes the upper one no part of the lower one
_SHARES = {
    "start_cohort": ("lost", "opening"),
    "profitwell": ("left", "opening"),
    "renewal": ("lost", "opening"),
    "inactivity": ("lost", "opening"),
}
_QUOTIENTS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "any_exit_over_start": ("exits", ("opening",), 1),
    "baremetrics": ("exits", ("opening",), 1),
    "stripe": ("exits", ("opening", "new"), 1),
    "average_base": ("exits", ("opening", "closing"), 2),
    "end_base": ("exits", ("closing",), 1),
}

Counts = Mapping[str, Any]


@attrs.frozen(eq=False)
class Settled:
    """A question about spells, settled: the stays as they were known, and the stretches."""

    stays: Stays
    spans: Spans
    as_of: int
    context: Context


def settle(
    spells: object,
    *,
    metric: str,
    definition: str | None,
    by: object,
    over: Window | None,
    period: Period | None,
    as_of: dt.datetime | None,
    calendar: Calendar | None,
    options: Mapping[str, Any],
) -> Settled:
    """Settle what a function of spells was asked.

    Raises
    ------
    InvalidInputError
        When they are no spells, an option is not of its type, there is neither a period nor a
        window, or what is asked for is not known.
    """
    if not isinstance(spells, Spells):
        raise InvalidInputError(
            "spells", "must be Spells", f"{came(spells)}; see inactivity_spells"
        )
    if by is not None and not isinstance(by, str):
        raise InvalidInputError("by", "must be an attribute of the spells", came(by))
    known = known_at(spells, as_of)
    stays = stays_of_spells(spells, known, by)
    first = int(stays.start.min()) if len(stays.start) else None
    spans = spans_of_spells(as_of=known, first=first, over=over, period=period, calendar=calendar)
    context = Context(
        metric=metric,
        definition=definition,
        as_of=known,
        over=over,
        calendar=calendar if period else None,
        period=period,
        by=by,
        options=options,
    )
    return Settled(stays, spans, known, context)


def definition_of(given: object) -> str:
    """Return a definition by its name, or by that of a vendor."""
    name = CHURN_ALIASES.get(given, given) if isinstance(given, str) else given
    return one_of("definition", name, DEFINITIONS)


def useless(name: str, definition: str) -> InvalidInputError:
    """Return the refusal of an option that a definition does not have."""
    return InvalidInputError(name, "must be left out", f"{definition!r} has no use for it")


def counts_of(traffic: Traffic, causes: tuple[str, ...] | None) -> Counts:
    """Return everything that is counted of a stretch."""
    exits = traffic.caused(traffic.leaving(), causes, final=False)
    left = traffic.caused(traffic.left(), causes, final=False)
    lost = traffic.caused(traffic.lost(), causes, final=True)
    return {
        "opening": traffic.base(0),
        "closing": traffic.base(1),
        "new": traffic.count(traffic.new(), traffic.first),
        "lost": traffic.count(lost, traffic.last),
        "left": traffic.count(left, traffic.last),
        "exits": traffic.count(exits, traffic.last),
    }


def estimate_of(
    definition: str, counts: Counts, axes: Sequence[Axis], context: Context
) -> Estimate:
    """Return what a definition makes of the counts."""
    if definition in _SHARES:
        count, total = _SHARES[definition]
        return Proportion(
            axes=axes, parts={"count": counts[count], "total": counts[total]}, context=context
        )
    top, bases, per = _QUOTIENTS[definition]
    parts = {"numerator": counts[top], "denominator": sum(counts[base] for base in bases)}
    return Quotient(
        axes=axes, parts=parts, context=context if per == 1 else context.with_options(per=per)
    )
