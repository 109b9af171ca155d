"""Monthly and annual recurring revenue at one instant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from customerops.metrics.revenue.levels import contracts_of
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Estimate, Floats
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Count
from customerops.model.values import exact

if TYPE_CHECKING:
    from customerops.model.log.spells import Spells

__all__ = ["RecurringRevenue", "arr", "mrr"]

_MONTHS_A_YEAR = 12


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RecurringRevenue(Estimate):
    """What the contracts that run at one instant come to.

    Parameters
    ----------
    axes : sequence of Axis
        The group, with ``by=``.
    parts : mapping
        ``amount``, in minor units.
    context : Context
        Its option ``scale`` says how many minor units make one major unit.

    Notes
    -----
    ``value`` is in major units. There is no interval: it is what it is.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("amount",)

    @property
    def amount(self) -> Count:
        """The amount in minor units."""
        return self._part("amount")

    def _value(self) -> Floats:
        per, scale = self._units()
        return exact.divide(exact.times(self.parts["amount"], per), exact.canon(scale))


def mrr(
    spells: Spells, *, at: dt.datetime | None = None, by: str | None = None
) -> RecurringRevenue:
    """Return the monthly recurring revenue (MRR, 月度经常性收入) at an instant.

    Parameters
    ----------
    spells : Spells
        Subscriptions with amounts a month, by `spells_of`.
    at : datetime, optional
        The instant; left out, the last that the spells know.
    by : str, optional
        An attribute of the spells, such as ``"plan"``: what is paid under each label. Here every
        contract counts with its own; a customer with two plans is in both.

    Returns
    -------
    RecurringRevenue
        ``amount`` in minor units, ``value`` in major units, a month.

    Raises
    ------
    InvalidInputError
        If they are not spells with amounts, the instant is later than theirs, or `by` is no
        attribute of theirs.

    Notes
    -----
    The sum of the monthly amounts of contracts with ``start <= at < end``. Amounts are as
    `spells_of` makes them: a year is 12 months, a week ``7 * 12 / 365`` of one, rounded half-even
    once for each contract. Trials, pauses and free plans are 0; one-off charges and usage are none
    of it. Of vendors, some deduct a coupon that is granted once (ProfitWell), some do not (Stripe):
    here it is what the amount of the subscription says, whose recurring discount is in it.

    References
    ----------
    ChartMogul, Monthly recurring revenue; Stripe, Billing analytics.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import mrr
    >>> from customerops.model import Money, Subscription, spells_of
    >>> year = Subscription(
    ...     id="s1", customer_id="c1", plan="gold", amount=Money("1200", "EUR"),
    ...     interval=(1, "year"), started_at=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
    ... )
    >>> mrr(spells_of([year], as_of=dt.datetime(2026, 7, 1, tzinfo=dt.timezone.utc))).value
    100.0
    """
    return _recurring(spells, "mrr", 1, at, by)


def arr(
    spells: Spells, *, at: dt.datetime | None = None, by: str | None = None
) -> RecurringRevenue:
    """Return the annual recurring revenue (ARR, 年度经常性收入): 12 times the monthly one.

    Parameters
    ----------
    spells, at, by
        As for `mrr`.

    Returns
    -------
    RecurringRevenue
        ``amount`` in minor units, ``value`` in major units, a year.

    Raises
    ------
    InvalidInputError
        As for `mrr`.

    Notes
    -----
    ``12 * MRR``. Others add the annual amounts of contracts of a year or more, and leave out the
    rest. Since the amount of a month is rounded, a contract of 2,000.00 a year is 2,000.04 here.

    References
    ----------
    ChartMogul, "Annual run rate (ARR)"; SaaS Metrics Standards Board, Annual recurring revenue.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import arr
    >>> from customerops.model import Money, Subscription, spells_of
    >>> month = Subscription(
    ...     id="s1", customer_id="c1", plan="gold", amount=Money("70", "EUR"),
    ...     interval=(1, "month"), started_at=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
    ... )
    >>> arr(spells_of([month], as_of=dt.datetime(2026, 7, 1, tzinfo=dt.timezone.utc))).value
    840.0
    """
    return _recurring(spells, "arr", _MONTHS_A_YEAR, at, by)


def _recurring(
    spells: Spells, metric: str, months: int, at: dt.datetime | None, by: str | None
) -> RecurringRevenue:
    contracts = contracts_of(spells, at, by)
    runs = np.flatnonzero(contracts.end > contracts.as_of)
    groups = contracts.groups
    total = exact.group_sum(groups.codes[runs], contracts.amount[runs], groups.count)
    total = exact.times(total, months)
    axes = [Axis(axis.name, axis.labels, "group") for axis in groups.axes]
    priced = {} if contracts.currency is None else {"scale": 10**contracts.decimals}
    return RecurringRevenue(
        axes=axes,
        parts={"amount": total.reshape([len(axis) for axis in axes])},
        context=Context(
            metric=metric,
            as_of=contracts.as_of,
            currency=contracts.currency,
            by=by,
            options=priced,
        ),
    )
