"""The records: customers, what they do, what they hold, what they allow.

A record is a value: frozen, compared by its fields, hashable, picklable, and the same after
``from_dict(to_dict())``. Tier, segment, score, stage, lifetime value and last seen are not among
the fields: they are functions of the history as of an instant.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.records.kinds import IdentifierType
from customerops.model.values.checks import Id, Scalar, decimal
from customerops.model.values.frozenmap import FrozenMap
from customerops.model.values.money import Money
from customerops.model.values.window import Window

__all__ = [
    "IDENTIFIER_PII",
    "Consent",
    "Customer",
    "Identifier",
    "Interaction",
    "Item",
    "Subscription",
    "Tag",
]

IDENTIFIER_PII: Mapping[str, str] = MappingProxyType(
    {
        IdentifierType.EMAIL.value: "user.contact.email",
        IdentifierType.PHONE.value: "user.contact.phone_number",
        IdentifierType.USER_ID.value: "user.unique_id",
        IdentifierType.ANONYMOUS_ID.value: "user.unique_id.pseudonymous",
        IdentifierType.DEVICE_ID.value: "user.device.device_id",
        IdentifierType.WECHAT_OPENID.value: "user.unique_id.pseudonymous",
        IdentifierType.WECHAT_UNIONID.value: "user.unique_id.pseudonymous",
        IdentifierType.WECOM_EXTERNAL_USERID.value: "user.unique_id.pseudonymous",
        IdentifierType.LOYALTY_NO.value: "user.account",
        IdentifierType.TAX_ID.value: "user.government_id",
    }
)
"""Type of an `Identifier` to the Fides category of its value; another type is a ``user.unique_id``."""

PERSON = {"pii": "user.unique_id"}
BEHAVIOUR = {"pii": "user.behavior"}
PURCHASES = {"pii": "user.behavior.purchase_history"}
PREFERENCES = {"pii": "user.privacy_preferences"}
ANYTHING = {"pii": "user"}
NONE = FrozenMap()


@attrs.frozen(kw_only=True)
class Identifier(Record):
    """Something a customer is known by: an address, a number, an id elsewhere.

    Parameters
    ----------
    type : str
        What it is, see `IdentifierType`; any string will do.
    value : str
        Normalised: two spellings are two identifiers.
    verified : bool
        Whether the customer has shown that it is theirs.
    first_seen, last_seen : datetime, optional
        Timezone-aware; the last not before the first.
    source : str, optional
        Where it came from.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, a string is empty, or `last_seen` is before `first_seen`.

    Examples
    --------
    >>> from customerops.model import Identifier
    >>> Identifier(type="email", value="ann@example.com").verified
    False
    """

    type: str
    value: str = attrs.field(metadata=PERSON)
    verified: bool = False
    first_seen: dt.datetime | None = attrs.field(default=None, metadata=BEHAVIOUR)
    last_seen: dt.datetime | None = attrs.field(default=None, metadata=BEHAVIOUR)
    source: str | None = None

    def _check(self) -> None:
        _ordered(self, "first_seen", "last_seen")


@attrs.frozen(kw_only=True)
class Tag(Record):
    """A label somebody put on a customer.

    Parameters
    ----------
    name : str
        The label.
    source : str, optional
        Who or what put it there.
    since : datetime, optional
        Timezone-aware.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, or a string is empty.

    Examples
    --------
    >>> from customerops.model import Tag
    >>> Tag(name="vip", source="sales").to_dict()
    {'schema': 1, 'name': 'vip', 'source': 'sales', 'since': None}
    """

    name: str = attrs.field(metadata={"pii": "user.demographic.profile"})
    source: str | None = None
    since: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class Customer(Record):
    """A person or an organization one deals with, or hopes to.

    Parameters
    ----------
    id : int, str or UUID
        Unique among the customers.
    kind : {"person", "organization"}
        What it is.
    created_at : datetime, optional
        When it became known; timezone-aware.
    identifiers : frozenset of Identifier
        What it is known by.
    account_id : int, str or UUID, optional
        The organization a person belongs to, or the parent of an organization.
    acquisition_channel : str, optional
        Where it came from first.
    owner_id : int, str or UUID, optional
        Who looks after it; None is the open pool (公海).
    timezone : str, optional
        Key of the tz database, such as ``"Asia/Shanghai"``; it is not looked up.
    language : str, optional
        BCP 47 tag, such as ``"zh-CN"``.
    country : str, optional
        ISO 3166 code, such as ``"CN"``.
    tags : frozenset of Tag
        Labels put on it.
    attributes : mapping of str to bool, int, float or str
        Whatever else is known: demographic, firmographic, psychographic. No key may be the name
        of a field, so that ``by="country"`` has one meaning.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, a string is empty, or an attribute has a field's name.

    Examples
    --------
    >>> from customerops.model import Customer
    >>> ann = Customer(id="c-9", country="CN", attributes={"age": 41})
    >>> ann.attributes["age"], ann == Customer.from_dict(ann.to_dict())
    (41, True)
    """

    id: Id = attrs.field(metadata=PERSON)
    kind: Literal["person", "organization"] = "person"
    created_at: dt.datetime | None = attrs.field(default=None, metadata={"pii": "user.account"})
    identifiers: frozenset[Identifier] = attrs.field(default=frozenset(), metadata=PERSON)
    account_id: Id | None = attrs.field(default=None, metadata={"pii": "user.workplace"})
    acquisition_channel: str | None = attrs.field(default=None, metadata=BEHAVIOUR)
    owner_id: Id | None = attrs.field(default=None, metadata=PERSON)
    timezone: str | None = attrs.field(default=None, metadata={"pii": "user.location.imprecise"})
    language: str | None = attrs.field(default=None, metadata={"pii": "user.demographic.language"})
    country: str | None = attrs.field(
        default=None, metadata={"pii": "user.contact.address.country"}
    )
    tags: frozenset[Tag] = attrs.field(
        default=frozenset(), metadata={"pii": "user.demographic.profile"}
    )
    attributes: Mapping[str, Scalar] = attrs.field(default=NONE, metadata=ANYTHING)

    def _check(self) -> None:
        for field in attrs.fields(Customer):
            if field.name in self.attributes:
                said = f"got {field.name!r}"
                raise InvalidInputError("attributes", "must not have the name of a field", said)


def _quantity(value: Decimal | int | str) -> Decimal:
    return decimal("quantity", value)


@attrs.frozen(kw_only=True)
class Item(Record):
    """One line of an order.

    Parameters
    ----------
    sku : str
        The article.
    category : str, optional
        What sort of article it is.
    quantity : Decimal, int or str
        How many, or how much; negative in a return. Kept as a Decimal; never a float.
    unit_price : Money, optional
        Of one.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, a string is empty, or the quantity is not finite.

    Examples
    --------
    >>> from customerops.model import Item, Money
    >>> Item(sku="ink", quantity="0.50", unit_price=Money("3.20", "EUR")).quantity
    Decimal('0.5')
    """

    sku: str = attrs.field(metadata=PURCHASES)
    category: str | None = attrs.field(default=None, metadata=PURCHASES)
    quantity: Decimal = attrs.field(default=Decimal(1), converter=_quantity, metadata=PURCHASES)
    unit_price: Money | None = attrs.field(default=None, metadata=PURCHASES)


@attrs.frozen(kw_only=True)
class Interaction(Record):
    """Something that happened between a customer and us, at an instant.

    Parameters
    ----------
    customer_id : int, str or UUID
        Whose it is.
    at : datetime
        When it happened; timezone-aware, kept in UTC.
    kind : str
        What happened, see `Kind`; any string will do.
    id : int, str or UUID, optional
        Makes it idempotent: the same ``(customer_id, id)`` counts once. Without one, every record
        counts.
    recorded_at : datetime, optional
        When it became known; timezone-aware.
    name : str, optional
        Which one of its kind: the page, the template, the new stage.
    channel : str, optional
        Where, see `Channel`; any string will do.
    direction : {"inbound", "outbound", "none"}, optional
        Who turned to whom; "none" where nobody did, None where it is not known.
    outcome : str, optional
        How it ended.
    amount : Money, optional
        Signed: a refund is negative. None is not 0.
    value : float, optional
        A score, a count, seconds: by the kind. Finite; an int is taken.
    until : datetime, optional
        Paid or valid through; timezone-aware.
    thread_id : int, str or UUID, optional
        The case, order or opportunity it belongs to.
    campaign_id : int, str or UUID, optional
        The campaign that brought it about.
    actor_id : int, str or UUID, optional
        Who acted for us.
    actor_kind : {"human", "bot", "system"}, optional
        What acted for us.
    items : tuple of Item
        Lines of an order.
    attributes : mapping of str to bool, int, float or str
        Whatever else is known. A key that is not known is left out; None and NaN are refused.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, an instant is naive, a string is empty, or a number is not
        finite.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Interaction, Money
    >>> order = Interaction(
    ...     id="o-17",
    ...     customer_id="c-9",
    ...     at=dt.datetime(2026, 1, 5, 17, 30, tzinfo=dt.timezone(dt.timedelta(hours=8))),
    ...     kind="purchase",
    ...     amount=Money("59.00", "EUR"),
    ... )
    >>> order.at.isoformat()
    '2026-01-05T09:30:00+00:00'
    >>> Interaction(customer_id="c-9", at=dt.datetime(2026, 1, 5), kind="purchase")
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: at must be timezone-aware: got a naive datetime
    """

    customer_id: Id = attrs.field(metadata=PERSON)
    at: dt.datetime = attrs.field(metadata=BEHAVIOUR)
    kind: str = attrs.field(metadata=BEHAVIOUR)
    id: Id | None = None
    recorded_at: dt.datetime | None = None
    name: str | None = attrs.field(default=None, metadata=BEHAVIOUR)
    channel: str | None = attrs.field(default=None, metadata=BEHAVIOUR)
    direction: Literal["inbound", "outbound", "none"] | None = None
    outcome: str | None = attrs.field(default=None, metadata=BEHAVIOUR)
    amount: Money | None = attrs.field(default=None, metadata=PURCHASES)
    value: float | None = attrs.field(default=None, metadata=BEHAVIOUR)
    until: dt.datetime | None = attrs.field(default=None, metadata=PURCHASES)
    thread_id: Id | None = None
    campaign_id: Id | None = None
    actor_id: Id | None = attrs.field(default=None, metadata=PERSON)
    actor_kind: Literal["human", "bot", "system"] | None = None
    items: tuple[Item, ...] = attrs.field(default=(), metadata=PURCHASES)
    attributes: Mapping[str, Scalar] = attrs.field(default=NONE, metadata=ANYTHING)


@attrs.frozen(kw_only=True)
class Subscription(Record):
    """A contract that is billed at intervals.

    Parameters
    ----------
    id, customer_id : int, str or UUID
        The contract, and whose it is.
    plan : str
        What was subscribed to.
    amount : Money
        The whole charge of one billing interval, quantity and recurring discount included; not
        negative.
    interval : tuple of (int, {"day", "week", "month", "year"})
        How often it is billed: ``(3, "month")`` is every quarter.
    quantity : int
        Seats or pieces, for information: `amount` has it in already.
    started_at : datetime
        When it takes effect; timezone-aware.
    trial_ends_at : datetime, optional
        When the free trial it starts with is over.
    cancelled_at : datetime, optional
        When the customer, or we, gave notice: the intent.
    ended_at : datetime, optional
        When it stops to be in force: the effect. Not before `started_at`.
    pauses : tuple of Window
        When it rests: in order, apart from each other, inside the contract.
    reason : {"voluntary", "involuntary"}, optional
        Why it ended: the customer wanted it, or the payment failed.
    attributes : mapping of str to bool, int, float or str
        Whatever else is known.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, the amount is negative, the interval is shorter than one
        unit, it ends or its trial ends before it starts, or pauses are not in order or not inside.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Money, Subscription
    >>> Subscription(
    ...     id="s-1", customer_id="c-9", plan="team", amount=Money(1200, "USD"),
    ...     interval=(1, "year"), started_at=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
    ... ).interval
    (1, 'year')
    """

    id: Id
    customer_id: Id = attrs.field(metadata=PERSON)
    plan: str = attrs.field(metadata=PURCHASES)
    amount: Money = attrs.field(metadata=PURCHASES)
    interval: tuple[int, Literal["day", "week", "month", "year"]]
    quantity: int = 1
    started_at: dt.datetime = attrs.field(metadata=PURCHASES)
    trial_ends_at: dt.datetime | None = None
    cancelled_at: dt.datetime | None = attrs.field(default=None, metadata=PURCHASES)
    ended_at: dt.datetime | None = attrs.field(default=None, metadata=PURCHASES)
    pauses: tuple[Window, ...] = ()
    reason: Literal["voluntary", "involuntary"] | None = None
    attributes: Mapping[str, Scalar] = attrs.field(default=NONE, metadata=ANYTHING)

    def _check(self) -> None:
        if self.amount.minor < 0:
            raise InvalidInputError("amount", "must not be negative", "got a negative amount")
        if self.interval[0] < 1:
            raise InvalidInputError("interval[0]", "must be at least 1", "got less")
        if self.quantity < 0:
            raise InvalidInputError("quantity", "must be at least 0", "got less")
        _ordered(self, "started_at", "trial_ends_at")
        _ordered(self, "started_at", "ended_at")
        life = (self.started_at, self.ended_at)
        for i, pause in enumerate(self.pauses):
            if not _inside(pause, *life):
                raise InvalidInputError(
                    f"pauses[{i}]", "must lie inside the contract", "it does not"
                )
        for i, (one, other) in enumerate(itertools.pairwise(self.pauses), 1):
            if one.end is None or other.start is None or other.start < one.end:
                said = "it starts before the one before it ends"
                raise InvalidInputError(f"pauses[{i}]", "must follow the pause before it", said)


@attrs.frozen(kw_only=True)
class Consent(Record):
    """What a customer said about one use of their data, or what stands for it in law.

    Parameters
    ----------
    customer_id : int, str or UUID
        Whose data.
    purpose : str
        What for, such as ``"marketing"``.
    channel : str, optional
        For which channel; None for any.
    status : {"granted", "denied", "withdrawn"}
        What was said.
    legal_basis : str, optional
        On what ground the data may be used, such as ``"consent"`` or ``"contract"``.
    at : datetime
        Since when it holds; timezone-aware.
    expires_at : datetime, optional
        Until when it holds; after `at`.
    separate : bool
        Whether it was asked for by itself, as PIPL wants it for some uses (单独同意).
    notice_version : str, optional
        Which privacy notice it was given under.
    recipient : str, optional
        A third party that may receive the data.
    data_category : str, optional
        Which data, by its Fides key.
    guardian_id : int, str or UUID, optional
        Who said it for a child.
    jurisdiction : str, optional
        Whose law applies.
    evidence_ref : str, optional
        Where the proof lies.
    source : str, optional
        Where it was collected.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, a string is empty, or it expires before it holds.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Consent
    >>> new_year = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> Consent(customer_id="c-9", purpose="marketing", status="grantd", at=new_year)
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: status must be one of 'granted', 'denied', 'withdrawn': got 'grantd', did you mean 'granted'?
    """

    customer_id: Id = attrs.field(metadata=PERSON)
    purpose: str = attrs.field(metadata=PREFERENCES)
    channel: str | None = attrs.field(default=None, metadata=PREFERENCES)
    status: Literal["granted", "denied", "withdrawn"] = attrs.field(metadata=PREFERENCES)
    legal_basis: str | None = None
    at: dt.datetime = attrs.field(metadata=PREFERENCES)
    expires_at: dt.datetime | None = None
    separate: bool = False
    notice_version: str | None = None
    recipient: str | None = None
    data_category: str | None = None
    guardian_id: Id | None = attrs.field(default=None, metadata=PERSON)
    jurisdiction: str | None = None
    evidence_ref: str | None = attrs.field(default=None, metadata=PREFERENCES)
    source: str | None = None

    def _check(self) -> None:
        if self.expires_at is not None and self.expires_at <= self.at:
            raise InvalidInputError("expires_at", "must be after at", "it is not")


def _ordered(record: Any, first: str, then: str) -> None:
    early, late = getattr(record, first), getattr(record, then)
    if early is not None and late is not None and late < early:
        raise InvalidInputError(then, f"must not be before {first}", "it is")


def _inside(pause: Window, start: dt.datetime, end: dt.datetime | None) -> bool:
    begins = pause.start is not None and pause.start >= start
    return begins and (end is None or (pause.end is not None and pause.end <= end))
