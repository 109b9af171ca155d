"""Stripe: subscriptions as contracts; invoices, charges and refunds as interactions.

Objects as the API returns them, or the events that carry them (``{"data": {"object": ...}}``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from customerops.errors import InvalidInputError
from customerops.model.adapters.payload import (
    FieldMap,
    at,
    listed,
    missing,
    need,
    reader,
    take,
    under,
)
from customerops.model.adapters.prices import recurring, stripe_money
from customerops.model.records.kinds import Kind
from customerops.model.records.records import Interaction, Subscription
from customerops.model.values.checks import Id, came, one_of, text, whole
from customerops.model.values.instants import as_instant
from customerops.model.values.money import Money
from customerops.model.values.window import Window

__all__ = ["STRIPE_FIELDS", "interaction_from_stripe", "subscription_from_stripe"]

_MONEY_MOVED = (
    FieldMap(path="id", to="id", how="id", required=True),
    FieldMap(path="customer", to="customer_id", how="lookup"),
)
STRIPE_FIELDS: Mapping[str, tuple[FieldMap, ...]] = MappingProxyType(
    {
        "subscription": (
            FieldMap(path="id", to="id", how="id", required=True),
            FieldMap(path="customer", to="customer_id", how="lookup", required=True),
            FieldMap(path="start_date", to="started_at", how="seconds", required=True),
            FieldMap(path="trial_end", to="trial_ends_at", how="seconds"),
            FieldMap(path="canceled_at", to="cancelled_at", how="seconds"),
            FieldMap(path="ended_at", to="ended_at", how="seconds"),
            FieldMap(
                path="cancellation_details.reason",
                to="reason",
                words={
                    "cancellation_requested": "voluntary",
                    "payment_disputed": "involuntary",
                    "payment_failed": "involuntary",
                },
            ),
        ),
        "invoice": (
            *_MONEY_MOVED,
            FieldMap(path="subscription", to="thread_id", how="lookup"),
            FieldMap(
                path="parent.subscription_details.subscription", to="thread_id", how="lookup"
            ),
        ),
        "charge": (
            *_MONEY_MOVED,
            FieldMap(path="failure_code", to="outcome"),
        ),
        "refund": (
            *_MONEY_MOVED,
            FieldMap(path="charge.customer", to="customer_id", how="lookup"),
            FieldMap(path="charge", to="thread_id", how="lookup"),
            FieldMap(path="reason", to="outcome"),
        ),
    }
)
"""What fields of Stripe's objects become."""

_NEVER_BEGAN = ("incomplete", "incomplete_expired")


def _opened(payload: object, kinds: tuple[str, ...]) -> tuple[Any, str, Any]:
    """Return the object, where it stands, and the event that carries it, if one does."""
    if not isinstance(payload, Mapping):
        raise InvalidInputError("payload", "must be a mapping", came(payload))
    event = payload if payload.get("object") == "event" or "data" in payload else {}
    where = "data.object" if event else ""
    thing = need("data", need("", payload, "data"), "object") if event else payload
    one_of(under(where, "object"), need(where, thing, "object"), kinds)
    return thing, where, event


# ---------------------------------------------------------------------- subscriptions


def subscription_from_stripe(
    payload: Mapping[str, Any], *, paused_at: dt.datetime | None = None
) -> Subscription:
    """Return the contract that a Stripe subscription is.

    Parameters
    ----------
    payload : mapping
        A subscription, or an event about one, with ``discounts`` expanded where there are any.
    paused_at : datetime, optional
        Since when its collection is paused, which the object does not say.

    Returns
    -------
    Subscription
        ``amount`` is what one billing interval costs, items and quantities included. What has no
        field of its own is in ``attributes``, by path; the status too.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type; if items have several intervals
        or currencies, or are not all there; a discount is not expanded; the subscription never began (``incomplete``);
        or it is paused and nothing says since when.

    Notes
    -----
    Only a coupon that lasts *forever* lowers the amount; ``once`` and ``repeating`` lower some
    invoices. Percentages come off in their order, what is left is rounded half-even to the minor
    unit, once. Metered items have no amount before they are used, and count 0. Amounts are in
    Stripe's smallest unit: of JPY a yen, of ISK and UGX a hundredth although ISO 4217 has none.
    ``canceled_at`` is the notice, even with ``cancel_at_period_end``; ``ended_at`` the effect.
    Start of a pause: `paused_at`; else that of the event whose ``previous_attributes`` have no
    pause yet; else, for the status ``paused``, the end of the trial.

    References
    ----------
    Stripe API reference: the subscription, price, coupon and discount objects; Supported
    currencies, zero-decimal currencies and special cases. https://docs.stripe.com

    Examples
    --------
    >>> from customerops.model import subscription_from_stripe
    >>> price = {"id": "price_1", "currency": "usd", "unit_amount": 1500}
    >>> price["recurring"] = {"interval": "month", "interval_count": 1}
    >>> contract = subscription_from_stripe(
    ...     {
    ...         "object": "subscription",
    ...         "id": "sub_1",
    ...         "customer": "cus_1",
    ...         "status": "active",
    ...         "start_date": 1767225600,
    ...         "items": {"data": [{"quantity": 3, "price": price}]},
    ...     }
    ... )
    >>> contract.amount, contract.interval, contract.plan
    (Money('45.00', 'USD'), (1, 'month'), 'price_1')
    """
    thing, where, event = _opened(payload, ("subscription",))
    status = text(under(where, "status"), need(where, thing, "status"))
    if status in _NEVER_BEGAN:
        requirement = "must be of a subscription that began"
        raise InvalidInputError(under(where, "status"), requirement, "its first payment is open")
    taken = take(thing, STRIPE_FIELDS["subscription"], where=where)
    cost = recurring(thing, where)
    pauses = _pauses(thing, where, event, paused_at, taken.values)
    return Subscription(
        **taken.values,
        plan=cost.plan,
        amount=cost.amount,
        interval=cost.interval,
        quantity=cost.quantity,
        pauses=pauses,
        attributes=taken.rest,
    )


def _pauses(
    thing: Any, where: str, event: Any, paused_at: dt.datetime | None, known: dict[str, Any]
) -> tuple[Window, ...]:
    collection, paused = thing.get("pause_collection"), thing.get("status") == "paused"
    if missing(collection) and not paused:
        return ()
    start = None if paused_at is None else as_instant("paused_at", paused_at)
    before = at(event, "data.previous_attributes")
    first = isinstance(before, Mapping) and before.get("pause_collection", ...) is None
    if start is None and first:  # it was not paused before this event
        start = reader("seconds")("created", need("", event, "created"))
    if start is None and missing(collection):
        start = known.get("trial_ends_at")
    if start is None:
        path = under(where, "status" if missing(collection) else "pause_collection")
        raise InvalidInputError(path, "must come with paused_at", "nothing says since when")
    end, resumes = known.get("ended_at"), at(collection, "resumes_at")
    if not missing(resumes):
        resumed = reader("seconds")(under(where, "pause_collection.resumes_at"), resumes)
        end = resumed if end is None else min(end, resumed)
    return () if end is not None and end <= start else (Window(start, end),)


# ---------------------------------------------------------------------- money that moved


def interaction_from_stripe(
    payload: Mapping[str, Any], *, customer_id: Id | None = None
) -> Interaction:
    """Return what an invoice, a charge or a refund was to the customer.

    Parameters
    ----------
    payload : mapping
        An invoice, a charge or a refund, or an event about one.
    customer_id : int, str or UUID, optional
        Whose it is, where the payload does not say: a refund names its charge alone.

    Returns
    -------
    Interaction
        What has no field of its own is in ``attributes``, by path.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type.

    Notes
    -----
    ===========  ==============================================  ==========================
    object       that                                            is
    ===========  ==============================================  ==========================
    invoice      is paid, ``billing_reason`` subscription_cycle  ``renew``, until the end of
                                                                 the period it pays for
    invoice      is paid, for another reason, and not 0          ``purchase``
    invoice      in an event ``invoice.payment_failed``          ``payment_failed``
    charge       succeeded and was captured                      ``purchase``
    charge       failed                                          ``payment_failed``
    refund       succeeded                                       ``refund``, negative
    any          has another status                              ``invoice_open``,
                                                                 ``charge_uncaptured``,
                                                                 ``refund_pending``, ...
    ===========  ==============================================  ==========================

    A paid invoice and its charge are the same money: take one of the two. The invoice of 0 that
    starts a trial is no purchase, but ``invoice_paid``. Of an invoice whose ``lines`` are not all
    there (``has_more``) it is not known until when it pays.

    References
    ----------
    Stripe API reference: the invoice, charge, refund and event objects. https://docs.stripe.com

    Examples
    --------
    >>> from customerops.model import interaction_from_stripe
    >>> paid = interaction_from_stripe(
    ...     {
    ...         "object": "charge",
    ...         "id": "ch_1",
    ...         "customer": "cus_1",
    ...         "status": "succeeded",
    ...         "captured": True,
    ...         "amount": 500,
    ...         "amount_captured": 500,
    ...         "currency": "jpy",
    ...         "created": 1767225600,
    ...     }
    ... )
    >>> paid.kind, paid.amount, paid.at.isoformat()
    ('purchase', Money('500', 'JPY'), '2026-01-01T00:00:00+00:00')
    """
    thing, where, event = _opened(payload, ("invoice", "charge", "refund"))
    sort = str(thing["object"])
    taken = take(thing, STRIPE_FIELDS[sort], where=where)
    values = dict(taken.values)
    if customer_id is not None:
        values.setdefault("customer_id", customer_id)
    if "customer_id" not in values:
        path = under(where, "customer")
        raise InvalidInputError(path, "must be given", "it is missing; give customer_id=")
    found = {"invoice": _invoice, "charge": _charge, "refund": _refund}[sort](thing, where, event)
    return Interaction(**{**values, **found}, attributes=taken.rest)


def _status(thing: Any, where: str) -> str:
    return text(under(where, "status"), need(where, thing, "status"))


def _paid(thing: Any, where: str, key: str) -> Money:
    """Return an amount in Stripe's smallest unit as money."""
    path = under(where, key)
    given = thing.get(key)  # 0 is an amount
    minor = whole(path, need(where, thing, key) if missing(given) else given)
    currency = text(under(where, "currency"), need(where, thing, "currency"))
    return stripe_money(path, minor, currency)


def _time(thing: Any, where: str, key: str = "created") -> dt.datetime:
    when: dt.datetime = reader("seconds")(under(where, key), need(where, thing, key))
    return when


def _invoice(thing: Any, where: str, event: Any) -> dict[str, Any]:
    status = _status(thing, where)
    again = thing.get("billing_reason") == "subscription_cycle"
    if status == "paid" and (again or thing.get("amount_paid") != 0):
        turned = under(where, "status_transitions")
        moves = thing.get("status_transitions") or {}
        found = {
            "kind": Kind.RENEW.value if again else Kind.PURCHASE.value,
            "at": _time(thing, where)
            if missing(at(moves, "paid_at"))
            else _time(moves, turned, "paid_at"),
            "amount": _paid(thing, where, "amount_paid"),
        }
        ends = _period_ends(thing, where)
        return {**found, "until": max(ends)} if again and ends else found
    invoice = need(where, thing, "id")
    due = _paid(thing, where, "amount_due")
    if event.get("type") == "invoice.payment_failed":
        whole = need("", event, "id")
        failed = {"kind": Kind.PAYMENT_FAILED.value, "at": _time(event, "")}
        return {**failed, "amount": due, "id": f"{invoice}:{whole}", "outcome": status}
    when = _time(thing, where)
    return {"kind": f"invoice_{status}", "at": when, "amount": due, "id": f"{invoice}:{status}"}


def _period_ends(thing: Any, where: str) -> list[dt.datetime]:
    if at(thing, "lines.has_more") is True:
        return []  # the last may be among those that are not here
    lines = listed(where, thing, "lines.data")
    return [
        reader("seconds")(under(where, f"lines.data[{i}].period.end"), at(line, "period.end"))
        for i, line in enumerate(lines)
        if not missing(at(line, "period.end"))
    ]


def _charge(thing: Any, where: str, event: Any) -> dict[str, Any]:
    status, when = _status(thing, where), _time(thing, where)
    if status == "succeeded" and thing.get("captured") is False:
        status = "uncaptured"
    if status == "succeeded":
        key = "amount" if missing(thing.get("amount_captured")) else "amount_captured"
        return {"kind": Kind.PURCHASE.value, "at": when, "amount": _paid(thing, where, key)}
    kind = Kind.PAYMENT_FAILED.value if status == "failed" else f"charge_{status}"
    found = {"kind": kind, "at": when, "amount": _paid(thing, where, "amount")}
    # the same charge succeeds later, under its own id
    return found if status == "failed" else {**found, "id": f"{need(where, thing, 'id')}:{status}"}


def _refund(thing: Any, where: str, event: Any) -> dict[str, Any]:
    status, when = _status(thing, where), _time(thing, where)
    back = -_paid(thing, where, "amount")
    if status == "succeeded":
        return {"kind": Kind.REFUND.value, "at": when, "amount": back}
    one = f"{need(where, thing, 'id')}:{status}"
    return {"kind": f"refund_{status}", "at": when, "amount": back, "id": one}
