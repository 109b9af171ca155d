"""Coupons: how many of those that were issued are redeemed, and how many expire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.campaign.linking import Link, fields_of
from customerops.metrics.campaign.placing import cells_of
from customerops.metrics.shared.settled import SettledShare
from customerops.metrics.shared.spans import EVER
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Quotient
from customerops.model.tables.ratios import Ratio
from customerops.model.tables.tables import Count
from customerops.model.values import exact
from customerops.model.values.checks import one_of, positive_duration, whole
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["CouponRedemption", "coupon_redemption", "coupon_redemption_from_counts"]

_DEFINITIONS = ("settled", "to_date", "same_period")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class CouponRedemption(SettledShare):
    """The share of issued coupons that was redeemed; made by `coupon_redemption`.

    Its parts are those of a `SettledShare`, x the coupons redeemed in time, y those that count, and
    ``pending`` those that may still be redeemed; ``expired``, those whose time is up and that were
    not; and the redemptions of no coupon, ``unlinked``, and of one that had expired, ``late``.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*SettledShare.PARTS, "expired", "unlinked", "late")

    @property
    def expired(self) -> Count:
        """Coupons whose time is up and that were not redeemed (过期)."""
        return self._part("expired")

    @property
    def unlinked(self) -> Count:
        """Redemptions before which the customer was issued no such coupon."""
        return self._part("unlinked")

    @property
    def late(self) -> Count:
        """Redemptions of coupons that had expired."""
        return self._part("late")

    def _check(self) -> None:
        super()._check()
        at_least_zero(self, "pending", "expired", "unlinked", "late")


def coupon_redemption_from_counts(*, redeemed: int, issued: int) -> Quotient:
    """Return the redemption rate of coupons (核销率) of counts that are known already.

    Parameters
    ----------
    redeemed, issued : int
        Coupons.

    Returns
    -------
    Quotient
        Without an interval: two counts do not tell how coupons cluster within customers.

    Raises
    ------
    InvalidInputError
        If a count is negative, or more are redeemed than were issued.

    Notes
    -----
    ``redeemed / issued``. If some of the coupons are still good, it is not what it will be:
    `coupon_redemption` keeps them apart.

    References
    ----------
    Reibstein, D. J. and Traver, P. A. (1982). Factors affecting coupon redemption rates. Journal
    of Marketing 46(4), 102-113: redeemed by distributed.

    Examples
    --------
    >>> from customerops.metrics import coupon_redemption_from_counts
    >>> coupon_redemption_from_counts(redeemed=120, issued=1000).value
    0.12
    """
    whole("redeemed", redeemed, least=0)
    if whole("issued", issued, least=0) < redeemed:
        raise InvalidInputError("redeemed", "must not exceed issued")
    parts = {"numerator": redeemed, "denominator": issued}
    return Quotient(parts=parts, context=Context("coupon_redemption", unit="coupon"))


def coupon_redemption(
    log: InteractionLog,
    *,
    definition: Literal["settled", "to_date", "same_period"],
    issues: Rule | str | Collection[str] = "coupon_issue",
    redemptions: Rule | str | Collection[str] = "coupon_redeem",
    within: dt.timedelta | None = None,
    link: str | Collection[str] = "thread",
    split: str | None = "name",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Ratio:
    """Return the redemption rate of coupons (优惠券核销率): redeemed by issued.

    Parameters
    ----------
    log : InteractionLog
        The events, with the fields of `link` and `split`; ``until`` of an issue is when the coupon
        expires.
    definition : {"settled", "to_date", "same_period"}
        Of the coupons whose time is up, or of all, redeemed or not, the share redeemed; or
        redemptions in a period by issues in it.
    issues, redemptions : Rule, str or collection of str
        Which events issue a coupon, and which redeem one.
    within : timedelta, optional
        How long a coupon is good at most, whatever its ``until``.
    link : str or collection of str
        In which fields a redemption must agree with its issue: ``"thread"``, the code of the one
        coupon, or ``"name"``, where coupons have no codes.
    split : str or None
        The field to report by: the ``"name"`` of a coupon is which kind it is; None for all.
    over, period
        The coupons issued inside it; for ``"same_period"``, issued and redeemed.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    CouponRedemption or Ratio
        x the coupons redeemed, y those issued that count; of ``"same_period"`` a `Ratio`, which may
        exceed 1. The interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        When `within` is no duration, a field was not loaded, or `over` does not lie on the edges of
        the period.

    Notes
    -----
    ===============  ============================  ============================  ==================
    definition       x                             y                             pending
    ===============  ============================  ============================  ==================
    ``settled``      redeemed, its time is up      its time is up                its time is not up
    ``to_date``      redeemed by now               issued                        good, not redeemed
    ``same_period``  redeemed in the period        issued in the period          not told
    ===============  ============================  ============================  ==================

    ``"to_date"`` is what most reports show (已核销/已发放): it rises until the last coupon expired,
    so that young batches look worse than old ones. A period with pending coupons is not complete.

    A coupon is good in ``[issued, until)``. Without ``until`` and `within` it never expires, and is
    never settled. Several redemptions of one coupon count once. A redemption belongs to the latest
    coupon of the same customer that agrees in `link`; one that was handed on is ``unlinked``.

    References
    ----------
    Reibstein, D. J. and Traver, P. A. (1982). Factors affecting coupon redemption rates. Journal
    of Marketing 46(4), 102-113: redeemed by distributed.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import coupon_redemption
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "c"], thread=["1", "1", "2", "3"], name=["ten-off"] * 4,
    ...     kind=["coupon_issue", "coupon_redeem", "coupon_issue", "coupon_issue"],
    ...     at=[dt.date(2026, 3, d) for d in (1, 5, 1, 28)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 3, 31))
    >>> good = dt.timedelta(days=14)
    >>> settled = coupon_redemption(log, definition="settled", within=good, split=None)
    >>> settled.value, settled.expired, settled.pending
    (0.5, 1, 1)
    >>> print(round(coupon_redemption(log, definition="to_date", within=good, split=None).value, 3))
    0.333
    """
    one_of("definition", definition, _DEFINITIONS)
    length = None if within is None else micros(positive_duration("within", within))
    fields = fields_of("link", link)
    rules = {
        "issues": as_rule(issues, name="issues", level="event"),
        "redemptions": as_rule(redemptions, name="redemptions", level="event"),
    }
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    issued = rows_of(asked.log, rules["issues"])
    used = rows_of(asked.log, rules["redemptions"])
    coupons = _coupons(asked, issued, used, Link.of(asked.log, issued, fields).find(used), length)
    context = Context(
        metric="coupon_redemption",
        unit="coupon",
        definition=definition,
        as_of=asked.as_of,
        over=asked.over,
        calendar=asked.zone if asked.period else None,
        period=asked.period,
        by=by,
        options={**rules, "within": within, "link": fields, "split": split},
    )
    if definition == "same_period":
        return _same_period(asked, coupons, split, context)
    return _cohort(asked, coupons, split, context)


@attrs.frozen(eq=False)
class _Coupons:
    """Coupons, and what became of each.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        The row of each issue in the log.
    redeemed : ndarray of int, shape (n,)
        The row of its first redemption in time; -1 if there is none.
    over : ndarray of bool, shape (n,)
        Whether its time is up.
    unlinked, late : ndarray of int
        The rows of redemptions of no coupon, and of the issues of those that came too late.
    """

    rows: NDArray[np.intp]
    redeemed: NDArray[np.intp]
    over: NDArray[np.bool_]
    unlinked: NDArray[np.intp]
    late: NDArray[np.intp]


def _coupons(
    asked: Asked,
    issued: NDArray[np.intp],
    used: NDArray[np.intp],
    coupon: NDArray[np.intp],
    length: int | None,
) -> _Coupons:
    log = asked.log
    end = np.full(len(issued), EVER)
    if "until" in log.columns:
        column = log.numbers("until")
        told = np.ones(len(issued), np.bool_) if column.valid is None else column.valid[issued]
        end[told] = column.values[issued[told]]
    if length is not None:
        end = np.minimum(end, log.at[issued] + length)
    ok = (coupon >= 0) & (log.at[used] < np.append(end, 0)[coupon])
    redeemed = np.full(len(issued), -1, np.intp)
    redeemed[coupon[ok][::-1]] = used[ok][::-1]  # the first of several is written last
    return _Coupons(
        rows=issued,
        redeemed=redeemed,
        over=end <= asked.as_of + 1,
        unlinked=used[coupon < 0],
        late=issued[coupon[(coupon >= 0) & ~ok]],
    )


def _cohort(
    asked: Asked, coupons: _Coupons, split: str | None, context: Context
) -> CouponRedemption:
    """Return the share of the coupons issued in each cell."""
    every = np.concatenate([coupons.rows, coupons.unlinked])
    cells = cells_of(asked, split, context.by, every)
    used = coupons.redeemed >= 0
    to_date = context.definition == "to_date"
    counts = np.ones(len(used), np.bool_) if to_date else coupons.over
    young = ~coupons.over & ~used if to_date else ~coupons.over
    inside = cells.inside(coupons.rows)
    rows = coupons.rows[inside]
    at, where = cells.clusters(rows, cells.of(rows))
    ratio = Ratio.from_rows(
        exact.group_count(where[(used & counts)[inside]], len(at)),
        exact.group_count(where[counts[inside]], len(at)),
        codes=at,
        axes=cells.axes,
        context=context,
    )
    others = {
        "pending": coupons.rows[young],
        "expired": coupons.rows[coupons.over & ~used],
        "unlinked": coupons.unlinked,
        "late": coupons.late,
    }
    strays = {name: cells.count(some).reshape(cells.shape) for name, some in others.items()}
    return CouponRedemption(
        axes=cells.axes, parts={**ratio.parts, **strays}, context=ratio.context
    )


def _same_period(asked: Asked, coupons: _Coupons, split: str | None, context: Context) -> Ratio:
    """Return redemptions by issues, each in the cell of its own time and of the coupon's field."""
    some = coupons.redeemed >= 0
    rows = np.concatenate([coupons.rows[some], coupons.rows])
    when = np.concatenate([coupons.redeemed[some], coupons.rows])
    redeems = np.arange(len(rows)) < int(some.sum())
    cells = cells_of(asked, split, context.by, rows, when)
    inside = cells.inside(when)
    rows, when, redeems = rows[inside], when[inside], redeems[inside]
    at, where = cells.clusters(rows, cells.of(rows, when))
    return Ratio.from_rows(
        exact.group_count(where[redeems], len(at)),
        exact.group_count(where[~redeems], len(at)),
        codes=at,
        axes=cells.axes,
        context=context,
    )
