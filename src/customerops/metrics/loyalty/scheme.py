"""How the points of a loyalty scheme are kept: which events move them, and by what rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Literal

import attrs

from customerops.model.rules.rules import Rule, as_rule
from customerops.model.values.checks import one_of, positive_duration
from customerops.model.values.instants import micros

__all__ = ["DEEDS", "POINTS", "PointsScheme"]

DEEDS = ("earn", "burn", "expire", "adjust", "refund")
"""What an entry of the ledger does; the place of each is its code."""


def _rule(given: Rule | str | Collection[str]) -> Rule:
    return as_rule(given)


def _pending(given: dt.timedelta | None) -> dt.timedelta | None:
    return None if given is None else positive_duration("pending", given)


def _expiry(given: str) -> str:
    return one_of("expiry", given, ("dates", "entries"))


def _order(given: str) -> str:
    return one_of("order", given, ("first_in", "first_to_expire"))


@attrs.frozen(kw_only=True)
class PointsScheme:
    """The rules of a points ledger.

    Parameters
    ----------
    earn, burn, expire, adjust, refund : Rule, str or collection of str
        Which events are entries; `value` is how many points, a whole number, not negative but for
        an adjustment. Points that are earned, adjusted up or given back are good through `until`,
        and without one for ever. An event that several rules fit is refused.
    pending : timedelta, optional
        How long earned points wait before they can be used, such as the time to return the goods;
        they are used at once when left out, and so are points adjusted up or given back.
    expiry : {"dates", "entries"}
        Whether points expire by the dates they carry, and entries that say so are passed over,
        for they would count twice; or by entries only, and dates are passed over.
    order : {"first_in", "first_to_expire"}
        Which points are used first: those that came first, or those that expire first; of equals
        those that came first.

    Raises
    ------
    InvalidInputError
        If an option is none of these.

    Notes
    -----
    Points are good in the half-open ``[at + pending, until)``: at `until` they have expired. What
    is used, expired by an entry or adjusted down takes points that are good, in the order of the
    scheme; where there are fewer, the rest is uncovered, counted apart and not taken.

    Examples
    --------
    >>> from customerops.metrics import PointsScheme
    >>> PointsScheme().order
    'first_in'
    """

    earn: Rule = attrs.field(default=as_rule("points_earn"), converter=_rule)
    burn: Rule = attrs.field(default=as_rule("points_burn"), converter=_rule)
    expire: Rule = attrs.field(default=as_rule("points_expire"), converter=_rule)
    adjust: Rule = attrs.field(default=as_rule("points_adjust"), converter=_rule)
    refund: Rule = attrs.field(default=as_rule("points_refund"), converter=_rule)
    pending: dt.timedelta | None = attrs.field(default=None, converter=_pending)
    expiry: Literal["dates", "entries"] = attrs.field(default="dates", converter=_expiry)
    order: Literal["first_in", "first_to_expire"] = attrs.field(
        default="first_in", converter=_order
    )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in the order of `DEEDS`."""
        return (self.earn, self.burn, self.expire, self.adjust, self.refund)

    @property
    def waits(self) -> int:
        """How long earned points wait, in microseconds."""
        return 0 if self.pending is None else micros(self.pending)


POINTS = PointsScheme()
"""The scheme by which a ledger is read where none is given."""
