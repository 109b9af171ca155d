"""The records: customers, what they do, what they hold, what they allow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from hypothesis import strategies as st

from customerops.model.records.records import (
    Consent,
    Customer,
    Identifier,
    Interaction,
    Item,
    Subscription,
    Tag,
)
from customerops.model.values.money import Money
from customerops.model.values.window import Window
from customerops.testing.instant_draws import US, instants
from customerops.testing.value_draws import (
    CURRENCIES,
    channels,
    customer_ids,
    identifier_types,
    kinds,
    money,
    scalars,
)

__all__ = [
    "consents",
    "customers",
    "identifiers",
    "interactions",
    "items",
    "subscriptions",
    "tags",
]

_INTERVALS: tuple[tuple[int, Literal["day", "week", "month", "year"]], ...] = (
    (1, "month"),
    (1, "year"),
    (2, "week"),
    (3, "month"),
    (10, "day"),
)
_WORDS = ("plan", "score", "城市")
_WHEN = instants()
_IDS = customer_ids()
_CHANNELS = channels()


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def _attributes() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(_WORDS), scalars(), max_size=2)


def _whose(customer_id: Any) -> st.SearchStrategy[Any]:
    return _IDS if customer_id is None else st.just(customer_id)


def tags() -> st.SearchStrategy[Tag]:
    """Draw tags.

    Returns
    -------
    SearchStrategy of Tag

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import tags
    >>> @settings(max_examples=3)
    ... @given(tags())
    ... def test(tag):
    ...     assert tag.name
    >>> test()
    """
    source = _maybe(st.sampled_from(["sales", "import"]))
    name = st.sampled_from(["vip", "VIP", "老客户"])
    return st.builds(Tag, name=name, source=source, since=_maybe(_WHEN))


@st.composite
def identifiers(draw: st.DrawFn) -> Identifier:
    """Draw identifiers; different customers often share one.

    Returns
    -------
    SearchStrategy of Identifier

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import identifiers
    >>> @settings(max_examples=3)
    ... @given(identifiers())
    ... def test(one):
    ...     assert one.type and one.value
    >>> test()
    """
    seen = sorted(draw(st.lists(_WHEN, max_size=2)))
    first = seen[0] if seen else None
    return Identifier(
        type=draw(identifier_types()),
        value=draw(st.sampled_from(["1", "2", "ann@example.com", "+8613800000000", "客户"])),
        verified=draw(st.booleans()),
        first_seen=first,
        last_seen=seen[-1] if len(seen) > 1 else None,
        source=draw(_maybe(st.sampled_from(["crm", "shop"]))),
    )


@st.composite
def customers(draw: st.DrawFn, *, customer_id: Any = None) -> Customer:
    """Draw customers' own records, with anything but the id missing now and then.

    Parameters
    ----------
    customer_id : int, str or UUID, optional
        Whose; left out, ids of every type are drawn.

    Returns
    -------
    SearchStrategy of Customer

    Examples
    --------
    >>> from customerops import Customer
    >>> from hypothesis import given, settings
    >>> from customerops.testing import customers
    >>> @settings(max_examples=3)
    ... @given(customers())
    ... def test(one):
    ...     assert Customer.from_dict(one.to_dict()) == one
    >>> test()
    """
    return Customer(
        id=draw(_whose(customer_id)),
        kind=draw(st.sampled_from(["person", "organization"])),
        created_at=draw(_maybe(_WHEN)),
        identifiers=frozenset(draw(st.lists(identifiers(), max_size=2))),
        account_id=draw(_maybe(_IDS)),
        acquisition_channel=draw(_maybe(_CHANNELS)),
        owner_id=draw(_maybe(_IDS)),
        timezone=draw(_maybe(st.sampled_from(["Asia/Shanghai", "America/New_York"]))),
        language=draw(_maybe(st.sampled_from(["zh-CN", "en"]))),
        country=draw(_maybe(st.sampled_from(["CN", "US"]))),
        tags=frozenset(draw(st.lists(tags(), max_size=2))),
        attributes=draw(_attributes()),
    )


@st.composite
def items(draw: st.DrawFn, *, currency: str | None = None) -> Item:
    """Draw lines of orders.

    Parameters
    ----------
    currency : str, optional
        ISO 4217 code of the price; left out, any.

    Returns
    -------
    SearchStrategy of Item

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import items
    >>> @settings(max_examples=3)
    ... @given(items())
    ... def test(item):
    ...     assert item.sku in ("pen", "ink")
    >>> test()
    """
    return Item(
        sku=draw(st.sampled_from(["pen", "ink"])),
        category=draw(st.sampled_from([None, "paper"])),
        quantity=draw(st.sampled_from([Decimal(1), Decimal(2), Decimal("0.5"), Decimal(-1)])),
        unit_price=draw(_maybe(money(currency=currency, min_minor=0))),
    )


@st.composite
def interactions(
    draw: st.DrawFn,
    *,
    customer_id: Any = None,
    kind: str | None = None,
    currency: str | None = None,
) -> Interaction:
    """Draw interactions of any kind, with anything that may be missing missing now and then.

    Refunds have negative amounts, and only purchases have lines.

    Parameters
    ----------
    customer_id : int, str or UUID, optional
        Whose; left out, anybody's.
    kind : str, optional
        What happened; left out, anything.
    currency : str, optional
        ISO 4217 code; left out, one currency for each interaction.

    Returns
    -------
    SearchStrategy of Interaction

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import interactions
    >>> @settings(max_examples=3)
    ... @given(interactions())
    ... def test(seen):
    ...     assert seen.at.tzinfo is not None
    >>> test()
    """
    what = draw(kinds()) if kind is None else kind
    code = draw(st.sampled_from(CURRENCIES)) if currency is None else currency
    return Interaction(
        id=draw(_maybe(st.sampled_from([1, "o-17"]))),
        customer_id=draw(_whose(customer_id)),
        at=draw(_WHEN),
        kind=what,
        recorded_at=draw(_maybe(_WHEN)),
        name=draw(_maybe(st.sampled_from(["home", "won"]))),
        channel=draw(_maybe(_CHANNELS)),
        direction=draw(st.sampled_from([None, "inbound", "outbound", "none"])),
        outcome=draw(_maybe(st.sampled_from(["answered", "lost"]))),
        amount=draw(_paid(what, code)),
        value=draw(st.sampled_from([None, 0.0, 0.1, 3.0, 10.0])),
        until=draw(_maybe(_WHEN)),
        thread_id=draw(_maybe(st.sampled_from(["t1", "t2"]))),
        campaign_id=draw(_maybe(st.sampled_from(["spring"]))),
        actor_id=draw(_maybe(_IDS)),
        actor_kind=draw(st.sampled_from([None, "human", "bot", "system"])),
        items=tuple(draw(st.lists(items(currency=code), max_size=2 if what == "purchase" else 0))),
        attributes=draw(_attributes()),
    )


def _paid(kind: str, currency: str) -> st.SearchStrategy[Money | None]:
    paid = money(currency=currency, min_minor=0)
    return _maybe(paid.map(lambda amount: -amount) if kind == "refund" else paid)


@st.composite
def subscriptions(
    draw: st.DrawFn, *, customer_id: Any = None, currency: str | None = None
) -> Subscription:
    """Draw subscriptions: on trial, paused, given notice of, ended, or still running.

    Parameters
    ----------
    customer_id : int, str or UUID, optional
        Whose; left out, anybody's.
    currency : str, optional
        ISO 4217 code; left out, any.

    Returns
    -------
    SearchStrategy of Subscription

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import subscriptions
    >>> @settings(max_examples=3)
    ... @given(subscriptions())
    ... def test(one):
    ...     assert one.ended_at is None or one.ended_at >= one.started_at
    >>> test()
    """
    found: list[dt.datetime] = draw(st.lists(_WHEN, min_size=1, max_size=5, unique=True))
    start, *later = sorted(found)
    over: bool = draw(st.booleans())
    ended = later.pop() if later and over else None
    pauses: tuple[Window, ...] = ()
    paused: bool = draw(st.booleans())
    if len(later) > 1 and paused:
        pauses = (Window(later[0], later[1]),)
    said: Sequence[dt.datetime | None] = [None, start, *later]
    return Subscription(
        id=draw(st.integers(1, 10**6).map("s-{}".format)),
        customer_id=draw(_whose(customer_id)),
        plan=draw(st.sampled_from(["basic", "pro"])),
        amount=draw(money(currency=currency, min_minor=0)),
        interval=draw(st.sampled_from(_INTERVALS)),
        quantity=draw(st.integers(0, 3)),
        started_at=start,
        trial_ends_at=draw(st.sampled_from(said)),
        cancelled_at=draw(st.sampled_from(said)),
        ended_at=ended,
        pauses=pauses,
        reason=draw(st.sampled_from([None, "voluntary", "involuntary"])),
        attributes=draw(_attributes()),
    )


@st.composite
def consents(draw: st.DrawFn, *, customer_id: Any = None) -> Consent:
    """Draw what customers allow and refuse.

    Parameters
    ----------
    customer_id : int, str or UUID, optional
        Whose; left out, anybody's.

    Returns
    -------
    SearchStrategy of Consent

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import consents
    >>> @settings(max_examples=3)
    ... @given(consents())
    ... def test(one):
    ...     assert one.expires_at is None or one.expires_at > one.at
    >>> test()
    """
    at = draw(_WHEN)
    return Consent(
        customer_id=draw(_whose(customer_id)),
        purpose=draw(st.sampled_from(["marketing", "service", "personalisation"])),
        channel=draw(_maybe(_CHANNELS)),
        status=draw(st.sampled_from(["granted", "denied", "withdrawn"])),
        legal_basis=draw(st.sampled_from([None, "consent", "contract", "legitimate_interests"])),
        at=at,
        expires_at=draw(st.sampled_from([None, at + US, at + dt.timedelta(days=365)])),
        separate=draw(st.booleans()),
        notice_version=draw(st.sampled_from([None, "2"])),
        recipient=draw(st.sampled_from([None, "partner"])),
        data_category=draw(st.sampled_from([None, "user.contact.email"])),
        guardian_id=draw(_maybe(_IDS)),
        jurisdiction=draw(st.sampled_from([None, "CN", "EU"])),
        evidence_ref=draw(st.sampled_from([None, "form-7"])),
        source=draw(st.sampled_from([None, "web"])),
    )
