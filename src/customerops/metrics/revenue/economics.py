"""Unit economics: what a customer is worth, what one costs, and when that is earned back."""

from __future__ import annotations

import math
from typing import Any

from customerops.errors import InvalidInputError
from customerops.metrics.revenue.figures import Figure, figure, needed, share
from customerops.model.values.checks import finite, one_of, whole

__all__ = ["cac", "cost_to_retain", "expected_lifetime", "ltv_from", "ltv_to_cac", "payback"]

_LTV = {
    "arpa_over_churn": ("arpa", "churn"),
    "margin": ("arpa", "margin", "churn"),
    "aov_frequency_years": ("order_value", "frequency", "years"),
    "gupta_lehmann": ("arpa", "margin", "retention", "discount", "first_payment"),
}
_CAC: dict[str, tuple[str, ...]] = {
    "blended": ("new",),
    "fully_loaded": ("new", "overhead"),
    "paid": ("paid_new",),
}
_PAYBACK: dict[str, tuple[str, ...]] = {"simple": (), "churn_adjusted": ("churn",)}
_RETAIN: dict[str, tuple[str, ...]] = {"per_retained": (), "per_saved": ("without",)}


def ltv_from(
    *,
    definition: str,
    arpa: float | None = None,
    churn: float | None = None,
    margin: float | None = None,
    order_value: float | None = None,
    frequency: float | None = None,
    years: float | None = None,
    retention: float | None = None,
    discount: float | None = None,
    first_payment: str | None = None,
) -> Figure:
    """Return the lifetime value (LTV, 客户终身价值) of a customer from figures, by a named formula.

    Parameters
    ----------
    definition : {"arpa_over_churn", "margin", "aov_frequency_years", "gupta_lehmann"}
        The formula, below.
    arpa : float, optional
        Revenue per account and period, in major units.
    churn : float, optional
        Share of customers lost in a period of the same length, 0 to 1.
    margin : float, optional
        Share of revenue that is margin, at most 1.
    order_value, frequency, years : float, optional
        Value of an order, orders a year, and years a customer stays; not negative.
    retention : float, optional
        Share of customers kept from one period to the next, 0 to 1.
    discount : float, optional
        Rate of a period, above -1 and at least 0 where everybody stays.
    first_payment : {"end_of_period", "immediate"}, optional
        Whether the first payment comes a period from now, from those who are still there, or now.

    Returns
    -------
    Figure
        In the unit of `arpa` or `order_value`. NaN where nobody ever leaves, without a discount.

    Raises
    ------
    InvalidInputError
        For another definition, a figure that is missing, out of its range, or has no meaning for
        the definition.

    Notes
    -----
    =======================  =================================================================
    definition               formula
    =======================  =================================================================
    ``arpa_over_churn``      ``arpa / churn``: revenue, undiscounted (ChartMogul)
    ``margin``               ``arpa * margin / churn``
    ``aov_frequency_years``  ``order_value * frequency * years``: revenue (笔单价 x 频次 x 年限)
    ``gupta_lehmann``        ``arpa * margin * r / (1 + i - r)`` at the end of the period, or
                             ``arpa * margin * (1 + i) / (1 + i - r)`` if the first is immediate
    =======================  =================================================================

    All take churn to be the same for everybody and for ever. Where customers differ those at risk
    leave first, the rest stays longer than this says, and a model that tells them apart does
    better: `lifetime_value`. When churn is 0 the value is undefined; Stripe puts in 1.67 % there,
    which is not done here.

    References
    ----------
    ChartMogul, Customer lifetime value; Gupta, S. and Lehmann, D. R. (2003), Customers as assets,
    Journal of Interactive Marketing 17(1), 9-24.

    Examples
    --------
    >>> from customerops.metrics import ltv_from
    >>> ltv_from(definition="arpa_over_churn", arpa=100, churn=0.05).value
    2000.0
    >>> worth = ltv_from(
    ...     definition="gupta_lehmann", arpa=100, margin=0.7, retention=0.8, discount=0.1,
    ...     first_payment="end_of_period",
    ... )
    >>> round(worth.value, 2)
    186.67
    """
    one_of("definition", definition, _LTV)
    given: dict[str, Any] = {
        "arpa": arpa,
        "churn": churn,
        "margin": margin,
        "order_value": order_value,
        "frequency": frequency,
        "years": years,
        "retention": retention,
        "discount": discount,
        "first_payment": first_payment,
    }
    wanted = _LTV[definition]
    needed(definition, wanted, given)
    if first_payment is not None:
        one_of("first_payment", first_payment, ("end_of_period", "immediate"))
    parts = {name: _part(name, given[name]) for name in wanted if name != "first_payment"}
    above, below = math.prod(parts[name] for name in wanted if name in _FACTORS), 1.0
    if "churn" in parts:
        below = parts["churn"]
    if definition == "gupta_lehmann":
        kept, growth = parts["retention"], 1 + parts["discount"]
        if kept > growth:
            raise InvalidInputError("discount", "must be above what is lost", "it never ends")
        above *= kept if first_payment == "end_of_period" else growth
        below = growth - kept
    made = figure("ltv_from", definition, above, below, **parts)
    if first_payment is None:
        return made
    context = made.context.with_options(first_payment=first_payment)
    return Figure(value=made.value, parts=made.parts, context=context)


_FACTORS = ("arpa", "margin", "order_value", "frequency", "years")


def _part(name: str, value: object) -> float:
    """Return a figure of a formula, if it is in its range."""
    if name in ("churn", "retention"):
        return share(name, value)
    number = finite(name, value)
    if name == "margin":
        if number > 1:
            raise InvalidInputError("margin", "must be at most 1", f"got {number:g}")
    elif name == "discount":
        if number <= -1:
            raise InvalidInputError("discount", "must be above -1", f"got {number:g}")
    elif number < 0:
        raise InvalidInputError(name, "must not be negative", f"got {number:g}")
    return number


def cac(
    *,
    definition: str,
    spend: float,
    new: int | None = None,
    overhead: float | None = None,
    paid_new: int | None = None,
) -> Figure:
    """Return the customer acquisition cost (CAC, 获客成本), by a named definition.

    Parameters
    ----------
    definition : {"blended", "fully_loaded", "paid"}
        What is divided by whom, below.
    spend : float
        What was paid for media and campaigns.
    new : int, optional
        All customers won.
    overhead : float, optional
        Salaries, tools and everything else that sales and marketing cost.
    paid_new : int, optional
        Customers won through what was paid for; who they are takes an attribution.

    Returns
    -------
    Figure
        In the unit of `spend`, a customer. NaN if nobody was won.

    Raises
    ------
    InvalidInputError
        For another definition, a figure that is missing, negative, or has no meaning for the
        definition.

    Notes
    -----
    ``blended``: ``spend / new``; ``fully_loaded``: ``(spend + overhead) / new``; ``paid``: ``spend /
    paid_new``. Blended looks cheap where many come by themselves. Where customers take long to win,
    the spend is that of the time in which they were wooed, not of that in which they signed.

    References
    ----------
    SaaS Metrics Standards Board, CAC; Bendle, N. T. and others (2020). *Marketing Metrics*, 4th
    ed.: acquisition spend by customers acquired.

    Examples
    --------
    >>> from customerops.metrics import cac
    >>> cac(definition="blended", spend=10_000, new=200).value
    50.0
    >>> cac(definition="paid", spend=10_000, paid_new=80).value
    125.0
    """
    one_of("definition", definition, _CAC)
    needed(definition, _CAC[definition], {"new": new, "overhead": overhead, "paid_new": paid_new})
    parts = {"spend": _part("spend", spend)}
    if overhead is not None:
        parts["overhead"] = _part("overhead", overhead)
    name, won = ("new", new) if paid_new is None else ("paid_new", paid_new)
    won = whole(name, won, least=0)
    return figure("cac", definition, sum(parts.values()), won, **parts, **{name: won})


def ltv_to_cac(*, ltv: float, cac: float) -> Figure:
    """Return lifetime value by acquisition cost (LTV:CAC).

    Parameters
    ----------
    ltv, cac : float
        A customer; of a value in margin it says what is earned, of one in revenue it does not.

    Returns
    -------
    Figure
        NaN if the cost is 0.

    Raises
    ------
    InvalidInputError
        If the cost is negative.

    Notes
    -----
    ``ltv / cac``. The two must be of the same customers, in the same currency, and the value
    without the cost of acquisition deducted, or it counts twice.

    References
    ----------
    Skok, D., SaaS Metrics 2.0, For Entrepreneurs: above 3 in a viable business.

    Examples
    --------
    >>> from customerops.metrics import ltv_to_cac
    >>> ltv_to_cac(ltv=500, cac=50).value
    10.0
    """
    worth, cost = finite("ltv", ltv), _part("cac", cac)
    return figure("ltv_to_cac", None, worth, cost, ltv=worth, cac=cost)


def payback(
    *, definition: str, cac: float, arpa: float, margin: float, churn: float | None = None
) -> Figure:
    """Return after how many periods the cost of acquisition is earned back (回本周期).

    Parameters
    ----------
    definition : {"simple", "churn_adjusted"}
        Whether the customer is taken to stay, or to leave at a rate.
    cac : float
        Cost of winning one customer.
    arpa : float
        Revenue per account and period.
    margin : float
        Share of revenue that is margin, at most 1.
    churn : float, optional
        For ``"churn_adjusted"``: share lost in a period, below 1.

    Returns
    -------
    Figure
        In periods. NaN where it is never earned back.

    Raises
    ------
    InvalidInputError
        For another definition, or a figure that is missing, out of its range, or has no meaning.

    Notes
    -----
    ``simple``: ``cac / (arpa * margin)``. ``churn_adjusted``: the n at which the margin of those who
    are still there, ``arpa * margin * (1 + s + s**2 + ... + s**(n - 1))`` with s one less churn,
    comes to the cost: ``log(1 - cac * churn / (arpa * margin)) / log(s)``. It is never reached where
    the cost is above what a customer brings in a lifetime.

    References
    ----------
    SaaS Metrics Standards Board, CAC payback period.

    Examples
    --------
    >>> from customerops.metrics import payback
    >>> payback(definition="simple", cac=300, arpa=50, margin=0.8).value
    7.5
    >>> round(
    ...     payback(definition="churn_adjusted", cac=300, arpa=50, margin=0.8, churn=0.05).value, 2
    ... )
    9.16
    """
    one_of("definition", definition, _PAYBACK)
    needed(definition, _PAYBACK[definition], {"churn": churn})
    parts = {
        name: _part(name, value)
        for name, value in (("cac", cac), ("arpa", arpa), ("margin", margin))
    }
    earned = parts["arpa"] * parts["margin"]
    if churn is None:
        return figure("payback", definition, parts["cac"], earned, **parts)
    parts["churn"] = lost = share("churn", churn)
    if lost == 1:
        raise InvalidInputError("churn", "must be below 1", "nobody stays to pay")
    simple = figure("payback", definition, parts["cac"], earned, **parts)
    left = 1 - simple.value * lost
    value = simple.value
    if lost > 0:
        value = math.log(left) / math.log1p(-lost) if left > 0 else math.nan
    return Figure(value=value, parts=parts, context=simple.context)


def expected_lifetime(*, churn: float) -> Figure:
    """Return how many periods a customer stays on average, if churn is the same for ever.

    Parameters
    ----------
    churn : float
        Share lost in a period, 0 to 1.

    Returns
    -------
    Figure
        ``1 / churn``, in periods; NaN if nobody leaves.

    Raises
    ------
    InvalidInputError
        If it is no share.

    Notes
    -----
    ``1 / churn``, the mean of a geometric lifetime: the same hazard in every period, for every
    customer, for ever. Real hazards fall with tenure, since those who leave easily leave first,
    and customers then stay longer on average; `SBG` takes it into account.

    References
    ----------
    Croll, A. and Yoskovitz, B. (2013). Lean Analytics. O'Reilly.

    Examples
    --------
    >>> from customerops.metrics import expected_lifetime
    >>> expected_lifetime(churn=0.025).value
    40.0
    """
    lost = share("churn", churn)
    return figure("expected_lifetime", None, 1.0, lost, churn=lost)


def cost_to_retain(
    *, definition: str, spend: float, retained: int, without: int | None = None
) -> Figure:
    """Return what it cost to keep a customer (留客成本), by a named definition.

    Parameters
    ----------
    definition : {"per_retained", "per_saved"}
        By everybody who was kept, or by those who would have left.
    spend : float
        What was spent on keeping customers.
    retained : int
        Customers kept of those it was spent on.
    without : int, optional
        For ``"per_saved"``: how many of them would have stayed anyway, from a group for whom
        nothing was done.

    Returns
    -------
    Figure
        In the unit of `spend`. NaN if nobody was kept, or no more than without it.

    Raises
    ------
    InvalidInputError
        For another definition, or a figure that is missing, negative, or has no meaning.

    Notes
    -----
    ``spend / retained``, or ``spend / (retained - without)``. The first is below the second, by far
    where most would have stayed.

    Examples
    --------
    >>> from customerops.metrics import cost_to_retain
    >>> cost_to_retain(definition="per_retained", spend=9_000, retained=900).value
    10.0
    >>> cost_to_retain(definition="per_saved", spend=9_000, retained=900, without=870).value
    300.0
    """
    one_of("definition", definition, _RETAIN)
    needed(definition, _RETAIN[definition], {"without": without})
    parts = {"spend": _part("spend", spend), "retained": whole("retained", retained, least=0)}
    below = parts["retained"]
    if without is not None:
        parts["without"] = whole("without", without, least=0)
        below -= parts["without"]
    return figure("cost_to_retain", definition, parts["spend"], below, **parts)
