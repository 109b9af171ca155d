"""Investments: what a payment returns, as a share, as a present value, and as a rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from customerops.errors import InvalidInputError
from customerops.metrics.revenue.figures import Figure, figure
from customerops.model.tables.context import Context
from customerops.model.values.checks import finite, numbers

__all__ = ["irr", "npv", "roi"]

_HALVINGS = 200  # of an interval on the scale of logarithms: far beyond the last bit


def roi(*, benefit: float, cost: float) -> Figure:
    """Return the return on investment (ROI, 投资回报率): what came back beyond the cost, by the cost.

    Parameters
    ----------
    benefit, cost : float
        In one currency; the cost is not negative.

    Returns
    -------
    Figure
        ``(benefit - cost) / cost``; NaN if it cost nothing.

    Raises
    ------
    InvalidInputError
        If the cost is negative.

    Notes
    -----
    ``(benefit - cost) / cost``.

    A benefit that would have come anyway is none: that takes a group for whom nothing was done.

    References
    ----------
    Bendle, N. T. and others (2020). *Marketing Metrics*, 4th ed., chapter 10: return on
    investment.

    Examples
    --------
    >>> from customerops.metrics import roi
    >>> roi(benefit=15_000, cost=10_000).value
    0.5
    """
    gained, paid = finite("benefit", benefit), finite("cost", cost)
    if paid < 0:
        raise InvalidInputError("cost", "must not be negative", f"got {paid:g}")
    return figure("roi", None, gained - paid, paid, benefit=gained, cost=paid)


def npv(flows: Sequence[float], *, rate: float) -> Figure:
    """Return the net present value (NPV, 净现值) of payments a period apart.

    Parameters
    ----------
    flows : sequence of float
        What comes, or, negative, goes; the first now, and undiscounted.
    rate : float
        Of a period, above -1.

    Returns
    -------
    Figure
        In the unit of `flows`, which are its parts by period. Of no flows it is 0.

    Raises
    ------
    InvalidInputError
        If a flow is not finite, or the rate not above -1.

    Notes
    -----
    ``sum over t = 0, 1, ... of flows[t] / (1 + rate)**t``. Spreadsheets discount the first one too.

    References
    ----------
    Bendle, N. T. and others (2020). *Marketing Metrics*, 4th ed., chapter 10: the net present
    value of a project.

    Examples
    --------
    >>> from customerops.metrics import npv
    >>> round(npv([-100, 60, 60], rate=0.1).value, 4)
    4.1322
    """
    amounts, i = _flows(flows), finite("rate", rate)
    if i <= -1:
        raise InvalidInputError("rate", "must be above -1", f"got {i:g}")
    value = math.fsum(amount / (1 + i) ** t for t, amount in enumerate(amounts))
    return Figure(
        value=value,
        parts=_by_period(amounts),
        context=Context(metric="npv", options={"rate": i}),
    )


def irr(flows: Sequence[float]) -> Figure:
    """Return the internal rate of return (IRR, 内部收益率): the rate at which the present value is 0.

    Parameters
    ----------
    flows : sequence of float
        As for `npv`; those before the one change of sign are all of one sign, those after it of
        the other. Zeros do not count.

    Returns
    -------
    Figure
        A rate of a period, above -1.

    Raises
    ------
    InvalidInputError
        If a flow is not finite, or the signs change never, or several times: then there is no
        rate, or there may be several, and none of them means anything.

    Notes
    -----
    With ``v = 1 / (1 + rate)`` the present value is a polynomial in v, and by Descartes' rule of
    signs one change means one positive root; it is found by halving on the scale of log v.

    References
    ----------
    Bendle, N. T. and others (2020). *Marketing Metrics*, 4th ed., chapter 10: the internal rate of
    return of a project.

    Examples
    --------
    >>> from customerops.metrics import irr
    >>> round(irr([-100, 60, 60]).value, 6)
    0.130662
    """
    amounts = _flows(flows)
    signs = [math.copysign(1.0, amount) for amount in amounts if amount]
    changes = sum(a != b for a, b in pairwise(signs))
    if changes != 1:
        problem = f"got {changes} changes" if changes else "they never do"
        raise InvalidInputError("flows", "must change sign once to have one rate", problem)
    low, high = (
        -1.0,
        1.0,
    )  # logarithms of v, the present value being of the first sign and the last
    while _sign(amounts, low) != signs[0]:
        low *= 2
    while _sign(amounts, high) != signs[-1]:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _sign(amounts, middle) == signs[0]:
            low = middle
        else:
            high = middle
    return Figure(
        value=math.expm1(-(low + high) / 2),
        parts=_by_period(amounts),
        context=Context(metric="irr"),
    )


def _sign(amounts: list[float], log_v: float) -> float:
    """Return the sign of the present value; powers are taken so that none exceeds 1."""
    last = len(amounts) - 1 if log_v > 0 else 0
    total = math.fsum(a * math.exp((t - last) * log_v) for t, a in enumerate(amounts))
    return math.copysign(1.0, total) if total else 0.0


def _flows(flows: Sequence[float]) -> list[float]:
    """Return payments as floats."""
    given = numbers("flows", flows)
    if given.ndim != 1:
        raise InvalidInputError("flows", "must be a sequence of numbers")
    return [finite("flows", amount) for amount in given.tolist()]


def _by_period(amounts: list[float]) -> dict[str, float]:
    return {f"flow_{t}": amount for t, amount in enumerate(amounts)}
