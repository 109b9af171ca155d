"""Segment: track, page and screen as interactions; identify and group as customers; alias as a link.

Messages as the Segment spec has them, each a dict with a ``type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from customerops.errors import InvalidInputError
from customerops.model.adapters.payload import FieldMap, at, listed, missing, need, reader, take
from customerops.model.adapters.records import at_path, customer_of, interaction_of, money
from customerops.model.identity.rules import Link
from customerops.model.records.kinds import Channel, Kind
from customerops.model.records.records import Customer, Interaction, Item
from customerops.model.values.checks import came, one_of, text

__all__ = [
    "SEGMENT_FIELDS",
    "SEGMENT_KINDS",
    "customer_from_segment",
    "interaction_from_segment",
    "link_from_segment",
]

_WHO = (
    FieldMap(path="userId", to="customer_id", how="id"),
    FieldMap(path="anonymousId", to="customer_id", how="id", required=True),
    FieldMap(path="messageId", to="id", how="id"),
    FieldMap(path="timestamp", to="at", how="instant", required=True),
    FieldMap(path="receivedAt", to="recorded_at", how="instant"),
    FieldMap(path="context.campaign.name", to="campaign_id"),
    FieldMap(path="channel", to="channel", words={"browser": "web", "mobile": "app"}),
)
_SEEN = (
    FieldMap(path="name", to="name"),
    FieldMap(path="properties.path", to="name"),
)
SEGMENT_FIELDS: Mapping[str, tuple[FieldMap, ...]] = MappingProxyType(
    {
        "track": (
            *_WHO,
            FieldMap(path="event", to="name", required=True),
            FieldMap(path="properties.total", to="amount", how="decimal"),
            FieldMap(path="properties.revenue", to="amount", how="decimal"),
            FieldMap(path="properties.currency", to="currency"),
            FieldMap(path="properties.value", to="value", how="number"),
            FieldMap(path="properties.order_id", to="thread_id", how="id"),
        ),
        "page": (*_WHO, *_SEEN),
        "screen": (*_WHO, *_SEEN),
        "identify": (
            FieldMap(path="userId", to="id", how="id"),
            FieldMap(path="anonymousId", to="id", how="id", required=True),
            FieldMap(path="userId", to="identifier.user_id", how="id"),
            FieldMap(path="anonymousId", to="identifier.anonymous_id", how="id"),
            FieldMap(path="traits.email", to="identifier.email"),
            FieldMap(path="traits.phone", to="identifier.phone"),
            FieldMap(path="traits.createdAt", to="created_at", how="instant"),
            FieldMap(path="context.groupId", to="account_id", how="id"),
            FieldMap(path="context.locale", to="language"),
            FieldMap(path="context.timezone", to="timezone"),
        ),
        "group": (
            FieldMap(path="groupId", to="id", how="id", required=True),
            FieldMap(path="traits.email", to="identifier.email"),
            FieldMap(path="traits.phone", to="identifier.phone"),
            FieldMap(path="traits.createdAt", to="created_at", how="instant"),
        ),
    }
)
"""What fields of Segment's messages become."""

SEGMENT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "Application Opened": Kind.USE.value,
        "Cart Viewed": Kind.VIEW.value,
        "Checkout Started": Kind.CHECKOUT.value,
        "Coupon Applied": Kind.COUPON_REDEEM.value,
        "Email Bounced": Kind.BOUNCE.value,
        "Email Delivered": Kind.DELIVER.value,
        "Email Link Clicked": Kind.CLICK.value,
        "Email Marked as Spam": Kind.COMPLAIN.value,
        "Email Opened": Kind.OPEN.value,
        "Order Completed": Kind.PURCHASE.value,
        "Order Refunded": Kind.REFUND.value,
        "Product Added": Kind.CART.value,
        "Product Clicked": Kind.CLICK.value,
        "Product List Viewed": Kind.VIEW.value,
        "Product Reviewed": Kind.REVIEW.value,
        "Product Viewed": Kind.VIEW.value,
        "Products Searched": Kind.SEARCH.value,
        "Signed In": Kind.LOGIN.value,
        "Signed Up": Kind.SIGNUP.value,
        "Trial Started": Kind.TRIAL_START.value,
        "Unsubscribed": Kind.UNSUBSCRIBE.value,
    }
)
"""Events that the spec names, by the kind they are here; any other event is a kind of its own."""

_VIEWS = {"page": Channel.WEB.value, "screen": Channel.APP.value}


def _type(message: object, known: tuple[str, ...]) -> str:
    if not isinstance(message, Mapping):
        raise InvalidInputError("message", "must be a mapping", came(message))
    return one_of("type", need("", message, "type"), known)


def interaction_from_segment(
    message: Mapping[str, Any],
    *,
    kinds: Mapping[str, str] = SEGMENT_KINDS,
    currency: str = "USD",
) -> Interaction:
    """Return what a track, page or screen message tells.

    Parameters
    ----------
    message : mapping
        A message of the type track, page or screen.
    kinds : mapping of str to str
        Event of a track to the kind it is; one that is not there is a kind by its own name.
    currency : str
        Of amounts that do not say it; the spec takes them for US dollars.

    Returns
    -------
    Interaction
        Of ``userId``, else of ``anonymousId``. The event is its ``name``; properties and context
        that have no field of their own are in ``attributes``.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type.

    Notes
    -----
    The amount is ``total``, what was paid, else ``revenue``, which has neither shipping nor tax; of
    a refund it is negative. Products become items; ``order_id`` is the thread.

    References
    ----------
    Segment (Twilio), Spec: Common fields, Track, Page, Screen, V2 Ecommerce events.
    https://segment.com/docs/connections/spec/

    Examples
    --------
    >>> from customerops.model import interaction_from_segment
    >>> found = interaction_from_segment(
    ...     {
    ...         "type": "track",
    ...         "event": "Order Completed",
    ...         "userId": "u1",
    ...         "messageId": "m1",
    ...         "timestamp": "2026-01-05T09:30:00.000Z",
    ...         "properties": {"order_id": "o1", "total": 27.5, "coupon": "hasbros"},
    ...     }
    ... )
    >>> found.kind, found.amount, found.thread_id, dict(found.attributes)
    ('purchase', Money('27.50', 'USD'), 'o1', {'coupon': 'hasbros', 'type': 'track'})
    """
    sort = _type(message, ("track", "page", "screen"))
    taken = take(message, SEGMENT_FIELDS[sort], base="properties.")
    if sort in _VIEWS:
        return interaction_of(taken, kind=Kind.VIEW.value, channel=_VIEWS[sort])
    event = taken.values["name"]
    kind = text("kinds", kinds.get(event, event))
    amount = taken.values.get("amount")
    if kind == Kind.REFUND and isinstance(amount, Decimal):
        taken.values["amount"] = -abs(amount)
    total = missing(at(message, "properties.total"))
    where = "properties.revenue" if total else "properties.total"
    paid_in = taken.values.get("currency", currency)
    return interaction_of(
        taken, where=where, currency=currency, kind=kind, items=_items(message, paid_in)
    )


def _items(message: Any, currency: str) -> tuple[Item, ...]:
    base = "properties.products"
    products = listed("", message, base)
    return tuple(_item(one, f"{base}[{i}]", currency) for i, one in enumerate(products))


def _item(product: Any, path: str, currency: str) -> Item:
    sku = at(product, "sku")
    sku = need(path, product, "product_id") if missing(sku) else sku
    price, quantity, category = (at(product, key) for key in ("price", "quantity", "category"))
    exact = reader("decimal")
    cost = None if missing(price) else exact(f"{path}.price", price)
    with at_path(path):
        return Item(
            sku=str(sku),
            category=None if missing(category) else category,
            quantity=Decimal(1) if missing(quantity) else exact("quantity", quantity),
            unit_price=None if cost is None else money("price", cost, currency),
        )


def customer_from_segment(message: Mapping[str, Any], *, region: str | None = None) -> Customer:
    """Return whom an identify or a group message describes.

    Parameters
    ----------
    message : mapping
        A message of the type identify or group.
    region : str, optional
        Country of telephone numbers that do not say it, see `normalise_phone`.

    Returns
    -------
    Customer
        A person for identify, with ``userId``, ``anonymousId``, e-mail and telephone among the
        identifiers; an organization for group. Other traits are in ``attributes``.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type.

    References
    ----------
    Segment (Twilio), Spec: Identify, Group. https://segment.com/docs/connections/spec/

    Examples
    --------
    >>> from customerops.model import customer_from_segment
    >>> ann = customer_from_segment(
    ...     {
    ...         "type": "identify",
    ...         "userId": "u1",
    ...         "traits": {"email": "Ann@example.com", "plan": "premium"},
    ...     }
    ... )
    >>> sorted(one.value for one in ann.identifiers), ann.attributes["plan"]
    (['ann@example.com', 'u1'], 'premium')
    """
    sort = _type(message, ("identify", "group"))
    taken = take(message, SEGMENT_FIELDS[sort], base="traits.")
    kind = "organization" if sort == "group" else "person"
    return customer_of("segment", taken, region=region, kind=kind)


def link_from_segment(message: Mapping[str, Any], *, source: str = "segment") -> Link:
    """Return that an alias message calls two ids one customer.

    Parameters
    ----------
    message : mapping
        A message of the type alias.
    source : str
        What the `SourceRecord` of its customers names: the ids of the link are those records'.

    Returns
    -------
    Link
        Evidence for `resolve_identities`, of the type ``"alias"``.

    Raises
    ------
    InvalidInputError
        If ``previousId`` or ``userId`` is missing, or they are the same.

    References
    ----------
    Segment (Twilio), Spec: Alias. https://segment.com/docs/connections/spec/alias/

    Examples
    --------
    >>> from customerops.model import link_from_segment
    >>> found = link_from_segment({"type": "alias", "previousId": "anon-7", "userId": "u1"})
    >>> found, found.a
    (Link(type='alias', weight=1.0), 'segment:anon-7')
    """
    _type(message, ("alias",))
    read = reader("id")
    old, new = (read(key, need("", message, key)) for key in ("previousId", "userId"))
    with at_path("userId"):
        return Link(f"{source}:{old}", f"{source}:{new}", type="alias")
