"""Objections that outlive erasure: a keyed token of an address, and what was refused for it.

To keep refusing for a person whose data is erased, one must know them when they come back. The
token does that and nothing else: it is made from the address, and the address not from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.records.records import Consent, Customer
from customerops.model.rights.regimes import CONSENT
from customerops.model.rights.secrets import secret, token
from customerops.model.rights.standing import refuses
from customerops.model.values.checks import came, each

__all__ = ["Suppression", "objections_of", "suppressions_of"]


@attrs.frozen(kw_only=True)
class Suppression(Record):
    """Something refused, by whoever has the address behind a token.

    Parameters
    ----------
    token : str
        Keyed token of one identifier.
    purpose : str
        What was refused.
    channel : str, optional
        By which channel; None for any.
    recipient, data_category : str, optional
        As in `Consent`, where the refusal was narrower.
    at : datetime
        Since when.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Suppression
    >>> at = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> Suppression(token="0f" * 16, purpose="marketing", at=at).channel is None
    True
    """

    token: str
    purpose: str
    channel: str | None = None
    recipient: str | None = None
    data_category: str | None = None
    at: dt.datetime


def suppressions_of(
    customer: Customer, consents: Iterable[Consent], *, key: str | bytes
) -> tuple[Suppression, ...]:
    """Return what must be remembered of a customer's refusals, and nothing else of the customer.

    Parameters
    ----------
    customer : Customer
        Each of the identifiers gets a token.
    consents : iterable of Consent
        The customer's; those of others are not read.
    key : bytes or str
        At least 16 bytes; the same for as long as the suppressions are to work.

    Returns
    -------
    tuple of Suppression
        Of each refusal that no later consent to the same lifted. Other grants do not lift it, and
        it does not run out.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be.

    Notes
    -----
    A refusal must be respected after erasure too, which is a reason to keep this much (GDPR
    article 17(3)(b) and 21(3); PIPL article 15). The tokens are personal data for who has the key.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Consent, Customer, Identifier, objections_of, suppressions_of
    >>> key, at = "a key that is kept elsewhere", dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> email = Identifier(type="email", value="ann@example.com")
    >>> no = Consent(customer_id="c-9", purpose="marketing", status="denied", at=at)
    >>> kept = suppressions_of(Customer(id="c-9", identifiers={email}), [no], key=key)
    >>> back = objections_of(Customer(id="c-77", identifiers={email}), kept, key=key)
    >>> [(one.customer_id, one.status, one.purpose) for one in back]
    [('c-77', 'denied', 'marketing')]
    """
    tokens = _tokens(customer, key)
    last: dict[tuple[str | None, ...], dt.datetime] = {}
    lifted: dict[tuple[str | None, ...], dt.datetime] = {}
    for i, record in enumerate(each("consents", consents)):
        if not isinstance(record, Consent):
            raise InvalidInputError(f"consents[{i}]", "must be a Consent", came(record))
        if record.customer_id != customer.id:
            continue
        what = (record.purpose, record.channel, record.recipient, record.data_category)
        if refuses(record):
            last[what] = max(record.at, last.get(what, record.at))
        elif record.legal_basis in (None, CONSENT):
            lifted[what] = max(record.at, lifted.get(what, record.at))
    made = [
        Suppression(
            token=one,
            purpose=str(what[0]),
            channel=what[1],
            recipient=what[2],
            data_category=what[3],
            at=at,
        )
        for what, at in last.items()
        for one in tokens
        if what not in lifted or lifted[what] <= at
    ]
    return tuple(sorted(made, key=_order))


def objections_of(
    customer: Customer, suppressions: Iterable[Suppression], *, key: str | bytes
) -> tuple[Consent, ...]:
    """Return the refusals that a customer brings along from before, for `permitted` to read.

    Parameters
    ----------
    customer : Customer
        Newly known, with an id of their own.
    suppressions : iterable of Suppression
        All that are remembered.
    key : bytes or str
        The key they were made with.

    Returns
    -------
    tuple of Consent
        A denial for the new id, for each thing refused under an address that is now this
        customer's; without an end.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be.

    Examples
    --------
    >>> from customerops.model import Customer, objections_of
    >>> objections_of(Customer(id="c-77"), [], key="a key that is kept elsewhere")
    ()
    """
    tokens = set(_tokens(customer, key))
    found: dict[tuple[object, ...], Consent] = {}
    for i, one in enumerate(each("suppressions", suppressions)):
        if not isinstance(one, Suppression):
            raise InvalidInputError(f"suppressions[{i}]", "must be a Suppression", came(one))
        if one.token in tokens:
            found[_order(one)[1:]] = Consent(
                customer_id=customer.id,
                purpose=one.purpose,
                channel=one.channel,
                recipient=one.recipient,
                data_category=one.data_category,
                status="denied",
                at=one.at,
                source="suppression",
            )
    return tuple(found[what] for what in sorted(found, key=repr))


def _tokens(customer: object, key: object) -> list[str]:
    if not isinstance(customer, Customer):
        raise InvalidInputError("customer", "must be a Customer", came(customer))
    made = secret(key)
    return sorted(token(made, "suppression", (x.type, x.value)) for x in customer.identifiers)


def _order(one: Suppression) -> tuple[str, ...]:
    parts = (one.purpose, one.channel or "", one.recipient or "", one.data_category or "")
    return (one.token, *parts, one.at.isoformat())
