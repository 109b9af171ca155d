"""What a tier policy is made of, and what it says of a customer: levels, changes, standings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.values.checks import Scalar, decimal
from customerops.model.values.frozenmap import FrozenMap

__all__ = ["TierChange", "TierLevel", "TierStanding"]


def _threshold(given: Decimal | int | str) -> Decimal:
    return decimal("threshold", given)


def _keep(given: Decimal | int | str | None) -> Decimal | None:
    return None if given is None else decimal("keep", given)


@attrs.frozen(kw_only=True)
class TierLevel(Record):
    """One level: what it takes, what keeps it, what it gives.

    Parameters
    ----------
    key : str
        Its name in data.
    threshold : Decimal
        What it takes: an amount in major units, or a number of events. 0 for the base level.
    keep : Decimal, optional
        What keeps it, at most the threshold; left out, the threshold.
    labels : mapping of str to str
        What people call it, by language: ``{"en": "Gold", "zh": "金卡会员"}``.
    benefits : mapping of str to bool, int, float or str
        What it gives, as data for the app that grants it: ``{"discount": 0.05}``.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, an amount is negative, or `keep` above the threshold.

    Examples
    --------
    >>> from customerops.model import TierLevel
    >>> gold = TierLevel(key="gold", threshold=1000, keep=800, benefits={"discount": 0.05})
    >>> gold.keeps, gold.benefits["discount"]
    (Decimal('800'), 0.05)
    """

    key: str
    threshold: Decimal = attrs.field(converter=_threshold)
    keep: Decimal | None = attrs.field(default=None, converter=_keep)
    labels: Mapping[str, str] = FrozenMap()  # type: ignore[assignment] # of strings only
    benefits: Mapping[str, Scalar] = FrozenMap()

    def _check(self) -> None:
        if self.threshold < 0:
            raise InvalidInputError("threshold", "must not be negative", "got less")
        if self.keep is not None and not 0 <= self.keep <= self.threshold:
            raise InvalidInputError("keep", "must be from 0 to the threshold", f"got {self.keep}")

    @property
    def keeps(self) -> Decimal:
        """What keeps the level."""
        return self.threshold if self.keep is None else self.keep

    def label(self, language: str) -> str:
        """Return what people call it in a language, or its key if that is not said."""
        return self.labels.get(language, self.key)


@attrs.frozen
class TierChange:
    """One step of a customer from level to level.

    Attributes
    ----------
    at : datetime
        When, in UTC.
    before, after : str
        The keys of the levels.
    total : Decimal
        What counted, in major units or events, when it was decided.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import TierChange
    >>> TierChange(dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc), "base", "gold", 1200).after
    'gold'
    """

    at: dt.datetime
    before: str
    after: str
    total: Decimal


@attrs.frozen(kw_only=True)
class TierStanding:
    """Where one customer stands at an instant, and why.

    Attributes
    ----------
    level : TierLevel
        The level.
    since : datetime or None
        When it began, in UTC; None for the base level that was never left.
    total : Decimal
        What counts in the window now, in major units or events.
    failing : int
        How many reviews in a row were failed.
    grace : int
        How many of the coming reviews cannot be failed, the current period's included.
    next : TierLevel or None
        The level above; None at the top.
    distance : Decimal or None
        How much more that takes; 0 if it is due at the next period, None at the top.
    reasons : tuple of str
        All that in words.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Calendar, TierLevel, TierPolicy
    >>> policy = TierPolicy(
    ...     levels=(TierLevel(key="base", threshold=0), TierLevel(key="gold", threshold=10)),
    ...     qualify="visit", measure="count",
    ... )
    >>> now = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> standing = policy.standing([], as_of=now, calendar=Calendar("UTC"))
    >>> standing.level.key, standing.next.key, standing.reasons
    ('base', 'gold', ('10 more for gold',))
    """

    level: TierLevel
    since: dt.datetime | None
    total: Decimal
    failing: int
    grace: int
    next: TierLevel | None
    distance: Decimal | None
    reasons: tuple[str, ...]
