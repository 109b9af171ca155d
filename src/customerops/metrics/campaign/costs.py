"""What advertising costs and brings: by thousand impressions, click, lead and action, and ROAS."""

from __future__ import annotations

from typing import Literal

from customerops.errors import InvalidInputError
from customerops.metrics.revenue.figures import Figure, figure, needed
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Quotient
from customerops.model.values.checks import finite, one_of, whole

__all__ = ["ad_cost", "click_through_rate_from_counts", "roas"]

_COUNTED = {"cpm": "impressions", "cpc": "clicks", "cpl": "leads", "cpa": "actions"}
_ATTRIBUTIONS = (
    "first",
    "last",
    "last_non_direct",
    "linear",
    "position_based",
    "time_decay",
    "participation",
    "markov",
    "shapley",
    "custom",
    "platform",
)


def ad_cost(
    *,
    definition: Literal["cpm", "cpc", "cpl", "cpa"],
    spend: float,
    impressions: int | None = None,
    clicks: int | None = None,
    leads: int | None = None,
    actions: int | None = None,
) -> Figure:
    """Return what advertising costs (广告成本) by what it is counted in: CPM, CPC, CPL, CPA.

    Parameters
    ----------
    definition : {"cpm", "cpc", "cpl", "cpa"}
        By thousand impressions (千次展示成本), click, lead, or action, as an order or a customer.
    spend : float
        What was paid for the advertising, not negative.
    impressions, clicks, leads, actions : int, optional
        The one that the definition divides by.

    Returns
    -------
    Figure
        In the unit of `spend`; NaN if there was nothing to divide by.

    Raises
    ------
    InvalidInputError
        For another definition, a figure that is missing, negative, or has no meaning for the
        definition.

    Notes
    -----
    ``spend / count``, and for ``"cpm"`` a thousand times that. Which leads and actions are an
    advertisement's own is a matter of attribution, and not told here.

    References
    ----------
    Interactive Advertising Bureau, Digital Media Sales Certification, media math.

    Examples
    --------
    >>> from customerops.metrics import ad_cost
    >>> ad_cost(definition="cpm", spend=500, impressions=250_000).value
    2.0
    >>> ad_cost(definition="cpc", spend=500, clicks=1_000).value
    0.5
    """
    one_of("definition", definition, _COUNTED)
    given = {"impressions": impressions, "clicks": clicks, "leads": leads, "actions": actions}
    name = _COUNTED[definition]
    needed(definition, (name,), given)
    paid, count = _spend(spend), whole(name, given[name], least=0)
    above = 1000 * paid if definition == "cpm" else paid
    return figure("ad_cost", definition, above, count, spend=paid, **{name: count})


def roas(
    *,
    attribution: Literal[
        "first",
        "last",
        "last_non_direct",
        "linear",
        "position_based",
        "time_decay",
        "participation",
        "markov",
        "shapley",
        "custom",
        "platform",
    ],
    revenue: float,
    spend: float,
) -> Figure:
    """Return the return on advertising spend (ROAS, 广告支出回报率): attributed revenue by spend.

    Parameters
    ----------
    attribution : str
        By which rule the revenue was attributed: one of the models of `customerops.journey`, in
        lower case, or ``"platform"``, what the seller of the advertising says.
    revenue : float
        Attributed by that rule, in the currency of `spend`; not negative.
    spend : float
        What was paid for the advertising, not negative.

    Returns
    -------
    Figure
        3.0 where each 1.00 has 3.00 attributed to it; NaN if nothing was spent. Its definition is
        the attribution, so that two of different rules are not taken for one.

    Raises
    ------
    InvalidInputError
        If the attribution is none of these, or an amount is negative.

    Notes
    -----
    ``revenue / spend``.

    Attributed is not caused: each rule divides up sales that may have come anyway, and platforms
    each claim the same sale. What advertising brought takes a control group: `incremental_return`.

    References
    ----------
    Google Ads Help, "About Target ROAS bidding": conversion value by cost.

    Examples
    --------
    >>> from customerops.metrics import roas
    >>> last = roas(attribution="last", revenue=4_500, spend=1_500)
    >>> last.value, last.definition
    (3.0, 'last')
    """
    one_of("attribution", attribution, _ATTRIBUTIONS)
    earned, paid = finite("revenue", revenue), _spend(spend)
    if earned < 0:
        raise InvalidInputError("revenue", "must not be negative", f"got {earned:g}")
    return figure("roas", attribution, earned, paid, revenue=earned, spend=paid)


def click_through_rate_from_counts(*, clicks: int, impressions: int) -> Quotient:
    """Return the click-through rate of advertising (CTR, 点击率): clicks by impressions.

    Parameters
    ----------
    clicks, impressions : int
        All of them: who sees an advertisement twice counts twice.

    Returns
    -------
    Quotient
        Without an interval: impressions cluster within people, and two counts do not tell how.

    Raises
    ------
    InvalidInputError
        If a count is negative.

    Notes
    -----
    ``clicks / impressions``.

    References
    ----------
    Interactive Advertising Bureau, Digital Media Sales Certification, media math.

    Examples
    --------
    >>> from customerops.metrics import click_through_rate_from_counts
    >>> click_through_rate_from_counts(clicks=500, impressions=50_000).value
    0.01
    """
    parts = {
        "numerator": whole("clicks", clicks, least=0),
        "denominator": whole("impressions", impressions, least=0),
    }
    return Quotient(parts=parts, context=Context("click_through_rate", unit="impression"))


def _spend(value: object) -> float:
    paid = finite("spend", value)
    if paid < 0:
        raise InvalidInputError("spend", "must not be negative", f"got {paid:g}")
    return paid
