"""Churn of counts that are known already, under the same definitions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from customerops.errors import InvalidInputError
from customerops.metrics.churn.churned import definition_of, estimate_of, useless
from customerops.metrics.churn.daily import DailySum
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Estimate, Quotient, Rate
from customerops.model.values import exact
from customerops.model.values.checks import positive_duration, whole
from customerops.model.values.instants import micros

__all__ = ["churn_rate_from_counts"]

_DAY = dt.timedelta(days=1)
_BASE_ONLY = ("daily_sum", "renewal", "inactivity")  # who joined is not in them


def churn_rate_from_counts(
    *,
    definition: str,
    start: int | Sequence[int],
    lost_of_start: int | Sequence[int],
    new: int = 0,
    lost_of_new: int = 0,
    returned: int = 0,
    exposure: dt.timedelta | None = None,
    unit: dt.timedelta | None = None,
) -> Estimate | DailySum:
    """Return the churn rate of counts that are known already, under a named definition.

    Parameters
    ----------
    definition : str
        As for `churn_rate`.
    start : int
        Customers who were there at the start. For ``"renewal"``, those up for renewal; for
        ``"inactivity"``, those active at the start. For ``"daily_sum"`` a sequence, one a day.
    lost_of_start : int
        Those of them who were not there at the end: who left, did not renew, were no longer
        active. For ``"daily_sum"`` a sequence, who left on each day.
    new : int
        Customers who joined in the period and were not there at its start.
    lost_of_new : int
        Those of them who were not there at the end.
    returned : int
        Those of the start who left and were back at the end.
    exposure : timedelta, optional
        For ``"exposure"``: the time that all customers together were there.
    unit : timedelta, optional
        For ``"exposure"``: the time the hazard is reported by; a day when left out.

    Returns
    -------
    Proportion, Quotient, Rate or DailySum
        As for `churn_rate`, without axes.

    Raises
    ------
    InvalidInputError
        For another definition, a count that is negative or above what it is a part of, or an
        option that is missing or has no meaning for the definition.

    Notes
    -----
    ``exits = lost_of_start + returned + lost_of_new``, everybody having left once, and ``closing =
    start - lost_of_start + new - lost_of_new``.

    References
    ----------
    The example is Recurly's of July (2014), A better way to calculate your churn rate: one month,
    five different rates.

    Examples
    --------
    >>> from customerops.metrics import churn_rate_from_counts
    >>> july = {"start": 1000, "lost_of_start": 50, "new": 500, "lost_of_new": 12}
    >>> for name in ["start_cohort", "any_exit_over_start", "stripe", "average_base", "end_base"]:
    ...     print(f"{name:20}{churn_rate_from_counts(**july, definition=name).value:.2%}")
    start_cohort        5.00%
    any_exit_over_start 6.20%
    stripe              4.13%
    average_base        5.09%
    end_base            4.31%
    """
    definition = definition_of(definition)
    meant = {
        "exposure": exposure is None or definition == "exposure",
        "unit": unit is None or definition == "exposure",
        "new": not new or definition not in _BASE_ONLY,
        "lost_of_new": not lost_of_new or definition not in _BASE_ONLY,
        "returned": not returned or definition not in _BASE_ONLY,
    }
    for name, has_use in meant.items():
        if not has_use:
            raise useless(name, definition)
    context = Context(metric="churn_rate", definition=definition)
    if definition == "daily_sum":
        return _sum_of_days(start, lost_of_start, context)
    counted = {
        name: whole(name, count, least=0)
        for name, count in (
            ("start", start),
            ("lost_of_start", lost_of_start),
            ("new", new),
            ("lost_of_new", lost_of_new),
            ("returned", returned),
        )
    }
    start, lost, new, lost_of_new, returned = counted.values()
    if lost + returned > start:
        raise InvalidInputError("lost_of_start", "must not exceed start", "nor with returned")
    if lost_of_new > new:
        raise InvalidInputError("lost_of_new", "must not exceed new")
    exits = lost + returned + lost_of_new
    if definition == "exposure":
        if exposure is None:
            raise InvalidInputError("exposure", "must be given for definition='exposure'")
        parts = {"events": exits, "exposure": micros(positive_duration("exposure", exposure))}
        ticks = micros(positive_duration("unit", _DAY if unit is None else unit))
        return Rate(parts=parts, context=context.with_options(per=ticks))
    counts = {
        "opening": start,
        "closing": start - lost + new - lost_of_new,
        "new": new,
        "lost": lost,
        "left": lost + returned,
        "exits": exits,
    }
    return estimate_of(definition, counts, (), context)


def _sum_of_days(start: object, lost: object, context: Context) -> DailySum:
    parts = {
        "numerator": exact.canon(lost, "lost_of_start"),
        "denominator": exact.canon(start, "start"),
    }
    shapes = [part.shape for part in parts.values()]
    if len(shapes[0]) != 1 or shapes[0] != shapes[1]:
        raise InvalidInputError(
            "start", "must have one count a day, as lost_of_start", f"got {shapes}"
        )
    if any((part < 0).any() for part in parts.values()):
        raise InvalidInputError("start", "must not be negative", "nor lost_of_start")
    days = Axis("day", range(shapes[0][0]), "age")
    return DailySum(Quotient(axes=[days], parts=parts, context=context))
