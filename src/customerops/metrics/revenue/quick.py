"""Figures of amounts that are known already: the quick ratio, and the net change."""

from __future__ import annotations

from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Quotient
from customerops.model.tables.movements import REVENUE_ALIASES, Movements
from customerops.model.values.checks import whole
from customerops.model.values.money import Money

__all__ = ["REVENUE_ALIASES", "net_change", "quick_ratio"]


def quick_ratio(
    *,
    definition: str,
    new: int | Money,
    expansion: int | Money,
    contraction: int | Money,
    churn: int | Money,
    reactivation: int | Money = 0,
) -> Quotient:
    """Return the quick ratio of amounts that are known already: what was gained by what was lost.

    Parameters
    ----------
    definition : {"baremetrics", "with_reactivation"}
        ``(new + expansion) / (contraction + churn)``, or with ``reactivation`` among the gains; or a
        name in ``REVENUE_ALIASES["quick_ratio"]``.
    new, expansion, contraction, churn, reactivation : int or Money
        Of one period, as in `Movements`: whole numbers, and losses are positive.

    Returns
    -------
    Quotient
        NaN if nothing was lost. Without an interval: it is accounting of the whole book.

    Raises
    ------
    InvalidInputError
        For another definition, an amount that is negative or no whole number, or two currencies.

    Notes
    -----
    Of contracts it is ``mrr_movements(...).quick_ratio(definition)``.

    References
    ----------
    Hamid, M. (2015), the SaaS quick ratio; Baremetrics, Quick ratio.

    Examples
    --------
    >>> from customerops.metrics import quick_ratio
    >>> quick_ratio(
    ...     definition="baremetrics", new=20, expansion=8, churn=5, contraction=3
    ... ).value
    3.5
    """
    month = Movements.of(
        opening=0,  # the ratio does not look at it
        new=new,
        expansion=expansion,
        contraction=contraction,
        churn=churn,
        reactivation=reactivation,
    )
    return month.quick_ratio(definition)


def net_change(*, start: int, end: int) -> Quotient:
    """Return the net change of a number or an amount, by what it was at the start.

    Parameters
    ----------
    start, end : int
        Customers, or minor units.

    Returns
    -------
    Quotient
        ``(end - start) / start``; negative where it shrank, NaN if it was 0.

    Raises
    ------
    InvalidInputError
        If one is no whole number, or negative.

    Notes
    -----
    Its negative is printed as a churn rate at times; that is one only if nobody joined.

    Examples
    --------
    >>> from customerops.metrics import net_change
    >>> net_change(start=500, end=450).value
    -0.1
    """
    counts = {name: whole(name, n, least=0) for name, n in (("start", start), ("end", end))}
    return Quotient(
        parts={
            "numerator": counts["end"] - counts["start"],
            "denominator": counts["start"],
        },
        context=Context(metric="net_change"),
    )
