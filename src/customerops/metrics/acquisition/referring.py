"""Word of mouth: who brings others, and how many each new customer brings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.health.starts import started
from customerops.metrics.shared.members import NEVER, joined_at, members_who
from customerops.metrics.shared.spans import spans_of_log
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Estimate, Proportion
from customerops.model.tables.ratios import Mean, Ratio
from customerops.model.tables.tables import Count
from customerops.model.values import exact
from customerops.model.values.checks import positive_duration
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["KFactor", "k_factor", "referral_rate"]

E = TypeVar("E", bound=Estimate)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class KFactor(Mean):
    """New customers that a new customer brings in a time; made by `k_factor`.

    Parameters
    ----------
    axes, context
        As for `Mean`.
    parts : mapping
        Of the customers whose time is up: ``n``, how many; ``sum`` and ``sum_sq``, of the invites
        accepted by customer; ``invites``, ``invites_sq`` and ``product``, of those sent, and of
        both; ``inviting``, who has any of either. And ``pending``, the customers with time left.

    Notes
    -----
    A period with somebody pending is not complete, and its value NaN.
    """

    PARTS: ClassVar[tuple[str, ...]] = (
        *Mean.PARTS,
        "invites",
        "invites_sq",
        "product",
        "inviting",
        "pending",
    )

    @property
    def pending(self) -> Count:
        """How many have started and have time left."""
        return self._part("pending")

    @property
    def invites_per_user(self) -> Mean:
        """How many invites a customer sends."""
        names = {"n": "n", "sum": "invites", "sum_sq": "invites_sq"}
        return self._of(Mean, "invites_per_user", names)

    @property
    def conversion(self) -> Ratio:
        """Invites accepted by invites sent; above 1 where one invite may bring several."""
        names = dict(zip(Ratio.PARTS, ("inviting", *_BOTH), strict=True))
        return self._of(Ratio, "conversion", names)

    def _of(self, result: type[E], definition: str, names: Mapping[str, str]) -> E:
        parts = {name: self.parts[part] for name, part in names.items()}
        context = attrs.evolve(self.context, definition=definition)
        return result(axes=self.axes, parts=parts, context=context)

    def _arrays(self) -> list[NDArray[Any]]:
        return [self.parts[name] for name in Mean.PARTS]

    def _check(self) -> None:
        at_least_zero(self, *self.PARTS)

    def _complete(self) -> NDArray[np.bool_]:
        closed = super()._complete()
        if self.context.period is None:
            return closed
        return np.asarray(closed & (self.parts["pending"] == 0))


_BOTH = ("sum", "invites", "sum_sq", "invites_sq", "product")


def k_factor(
    log: InteractionLog,
    *,
    invites: Rule | str | Collection[str],
    accepted: Rule | str | Collection[str],
    within: dt.timedelta,
    start: Rule | str | Collection[str] = "signup",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> KFactor:
    """Return how many new customers each new customer brings (K 因子, 病毒系数).

    Parameters
    ----------
    log : InteractionLog
        The events, both kinds recorded with the customer who invites.
    invites : Rule, str or collection of str
        The events by which one invites: one event, one invite.
    accepted : Rule, str or collection of str
        The events that tell that somebody who was invited came: one event, one new customer.
    within : timedelta
        How long each is followed from the start. Elapsed time: the length of the viral cycle.
    start : Rule, str or collection of str
        The event with which one is a customer; of each the first.
    over : Window, optional
        Only who started in it; all that are known when neither it nor `period` is given.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period of the start; a value for each.
    by, as_of, calendar
        As for `activation_rate`.

    Returns
    -------
    KFactor
        Its value is `invites_per_user` times `conversion`: invites accepted by customers whose time
        is up. The interval takes the customer as the unit.

    Raises
    ------
    InvalidInputError
        As for `activation_rate`.

    Notes
    -----
    ``K = (invites / users) * (accepted / invites) = accepted / users``, of customers who are all
    followed for as long: invites sent, and those accepted, in ``[start, start + within)``. It
    depends on that time, and grows with it; above 1 each generation is larger than the one before.
    Dashboards divide the invites of a month by the users of that month, whenever they started:
    then K falls as the base grows, though nobody invites less. An invite accepted after `within`
    does not count, so that no generation is waited for longer than another.

    References
    ----------
    Penenberg, A. (2009), Viral Loop. Skok, D. (2009), "Lessons learned: viral marketing": the cycle
    time counts for more than K.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import k_factor
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "b"],
    ...     kind=["signup", "invite", "referral", "signup", "invite"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 5, 2, 4)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> k = k_factor(log, invites="invite", accepted="referral", within=dt.timedelta(days=14))
    >>> k.value, k.invites_per_user.value, k.conversion.value
    (0.5, 1.0, 0.5)
    """
    sent, came = (
        as_rule(rule, name=name, level="event")
        for name, rule in (("invites", invites), ("accepted", accepted))
    )
    limit = micros(positive_duration("within", within))
    begun = started(
        log, start=start, over=over, period=period, by=by, as_of=as_of, calendar=calendar
    )
    due = begun.at + limit - 1 <= begun.asked.as_of
    x, y = (begun.often(rule, limit)[due] for rule in (came, sent))
    shape = [len(axis) for axis in begun.axes]
    cell, cells = begun.cell[due], int(np.prod(shape, dtype=np.int64))
    parts = {
        "n": exact.group_count(cell, cells),
        "sum": exact.group_sum(cell, x, cells),
        "sum_sq": exact.group_dot(cell, x, x, cells),
        "invites": exact.group_sum(cell, y, cells),
        "invites_sq": exact.group_dot(cell, y, y, cells),
        "product": exact.group_dot(cell, x, y, cells),
        "inviting": exact.group_count(cell[(x > 0) | (y > 0)], cells),
        "pending": exact.group_count(begun.cell[~due], cells),
    }
    return KFactor(
        axes=begun.axes,
        parts={name: part.reshape(shape) for name, part in parts.items()},
        context=begun.context("k_factor", invites=sent, accepted=came, within=within),
    )


def referral_rate(
    log: InteractionLog,
    *,
    referrals: Rule | str | Collection[str] = "referral",
    members: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Proportion:
    """Return the share of customers who brought another one in the period (转介绍率, 推荐率).

    Parameters
    ----------
    log : InteractionLog
        The events.
    referrals : Rule, str or collection of str
        The events that tell of a successful referral, recorded with the customer who referred. Of
        invites that nobody took, leave them out.
    members : Rule, str or collection of str, optional
        The events by which one becomes a customer, such as ``"purchase"``; left out, everybody is
        one from the first event that is known of them.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a share for each.
    by, as_of, calendar
        As for `activation_rate`.

    Returns
    -------
    Proportion
        Count the customers with one referral or more in the period, total those at its end.

    Raises
    ------
    InvalidInputError
        When there is neither `over` nor `period`, `over` does not lie on the period's edges, or
        as_of or the calendar is not known.

    Notes
    -----
    ``|customers with a referral in the period| / |customers at its end|``. ReferralCandy and others
    call referral rate the share of purchases that were referred: of what came in, not of who sent
    it. What somebody refers before the period in which they become a customer does not count.

    References
    ----------
    ReferralCandy, "Referral rate": referred purchases by all purchases.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import referral_rate
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "a", "a"], kind=["signup", "signup", "referral", "referral"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 9, 10)], tz=dt.UTC,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> referral_rate(log, period="month").value.tolist()
    [0.5]
    """
    rule = as_rule(referrals, name="referrals", level="event")
    base = None if members is None else as_rule(members, name="members", level="event")
    asked = ask(log, as_of=as_of, over=over, period=period, calendar=calendar)
    known = asked.log
    joined = joined_at(known, base)
    starts = joined[joined < NEVER]
    spans = spans_of_log(asked, int(starts.min()) if len(starts) else None)
    group, _, axes = groups_of(known, by)
    rows = rows_of(known, rule)
    return Proportion(
        axes=(*axes, *spans.axes),
        parts=members_who(spans, group, axes, joined, known.codes[rows], known.at[rows]),
        context=Context(
            "referral_rate",
            as_of=asked.as_of,
            over=over,
            calendar=asked.zone if period else None,
            period=period,
            by=by,
            options={"referrals": rule, "members": base},
        ),
    )
