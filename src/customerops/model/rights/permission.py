"""Permission: whether a customer may be dealt with for a purpose, by a channel, at an instant.

Default deny: what was not granted is not allowed. One record stands for the question, found by
time and by how closely it fits; the answer is what that record says.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from enum import StrEnum

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.records import Consent
from customerops.model.values.checks import came, each, text
from customerops.model.values.instants import as_instant, to_us

__all__ = ["Permission", "Standing", "permitted"]


class Standing(StrEnum):
    """What is known about a permission."""

    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    MISSING = "missing"
    """No record speaks of it."""


@attrs.frozen(kw_only=True)
class Permission:
    """Whether something is allowed, and on what ground or why not.

    Attributes
    ----------
    allowed : bool
        Whether it is.
    basis : str or None
        The legal basis it stands on, as the record names it; ``"consent"`` where it names none.
        None if it is not allowed.
    standing : Standing
        What the customer's records say.
    reasons : tuple of str
        Why not, a sentence each; empty if it is allowed.
    """

    allowed: bool
    basis: str | None
    standing: Standing
    reasons: tuple[str, ...]


def permitted(
    consents: Iterable[Consent], *, purpose: str, channel: str | None, at: dt.datetime
) -> Permission:
    """Return whether a customer's records allow a purpose by a channel at an instant.

    Parameters
    ----------
    consents : iterable of Consent
        What one customer said, in any order; of other purposes and channels too.
    purpose : str
        What for, such as ``"marketing"``.
    channel : str or None
        By which channel. None asks for the purpose as such: only records for any channel count.
    at : datetime
        When; timezone-aware. Records from after it are not known yet, so a withdrawal is not
        retroactive.

    Returns
    -------
    Permission
        The answer, with its ground or its reasons.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be, or the records are of several customers.

    Notes
    -----
    Of the records for the channel the latest counts, and of those for any channel (``channel`` is
    None) the latest. Of these two,

    * a refusal of any channel ends what was granted before it, for a channel too;
    * a refusal of a channel holds against a grant of any channel, before or after it: who says
      "no sms" and later agrees to the newsletter has not asked for sms;
    * otherwise the later one stands, and at one instant the one for the channel.

    Of two records of one kind at one instant a refusal goes before a grant, of two grants the one
    that ends first, of two refusals the one that ends last.

    The latest record replaces those before it for good: when it expires, nothing earlier comes
    back, and the answer is no until the customer is asked again. It holds in
    ``[at, expires_at)``.

    Records that name a recipient or a category of data say something narrower than this question,
    and are not read.

    References
    ----------
    Regulation (EU) 2016/679 (GDPR), article 7(3): withdrawal does not affect what was lawful
    before it. Personal Information Protection Law of China, article 15: the same.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Consent
    >>> def day(n):
    ...     return dt.datetime(2026, 1, n, tzinfo=dt.timezone.utc)
    >>> said = [
    ...     Consent(customer_id="c-9", purpose="marketing", status="granted", at=day(1)),
    ...     Consent(customer_id="c-9", purpose="marketing", channel="sms", status="withdrawn", at=day(5)),
    ... ]
    >>> permitted(said, purpose="marketing", channel="email", at=day(9)).basis
    'consent'
    >>> permitted(said, purpose="marketing", channel="sms", at=day(9)).reasons
    ('permission for marketing by sms was withdrawn',)
    >>> permitted(said, purpose="marketing", channel="sms", at=day(4)).allowed
    True
    """
    text("purpose", purpose)
    if channel is not None:
        text("channel", channel)
    instant = as_instant("at", at)
    record = _standing(_known(consents, purpose, instant), channel, instant)
    if record is None:
        return _refused(Standing.MISSING, purpose, channel, "was never given")
    if _expired(record, instant):
        return _refused(Standing.EXPIRED, purpose, channel, "has expired")
    if record.status == "granted":
        basis = record.legal_basis or "consent"
        return Permission(allowed=True, basis=basis, standing=Standing.GRANTED, reasons=())
    said = "was withdrawn" if record.status == "withdrawn" else "was denied"
    return _refused(Standing(record.status), purpose, channel, said)


def _refused(standing: Standing, purpose: str, channel: str | None, said: str) -> Permission:
    by = "" if channel is None else f" by {channel}"
    reasons = (f"permission for {purpose}{by} {said}",)
    return Permission(allowed=False, basis=None, standing=standing, reasons=reasons)


def _known(consents: Iterable[Consent], purpose: str, instant: dt.datetime) -> list[Consent]:
    """Return the records about a purpose that are known at an instant."""
    known: list[Consent] = []
    owner: object = None
    for i, record in enumerate(each("consents", consents)):
        if not isinstance(record, Consent):
            raise InvalidInputError(f"consents[{i}]", "must be a Consent", came(record))
        if i == 0:
            owner = record.customer_id
        elif record.customer_id != owner:
            raise InvalidInputError(
                "consents", "must be of one customer", f"the one at position {i} is of another"
            )
        narrower = record.recipient is not None or record.data_category is not None
        if record.purpose == purpose and record.at <= instant and not narrower:
            known.append(record)
    return known


def _standing(known: list[Consent], channel: str | None, instant: dt.datetime) -> Consent | None:
    """Return the record that answers for a channel."""
    general = _latest([one for one in known if one.channel is None])
    own = _latest([one for one in known if one.channel is not None and one.channel == channel])
    if general is None or own is None:
        return own if general is None else general
    if _refuses(general):
        return own if own.at > general.at else general
    holds = _refuses(own) and not _expired(own, instant)
    return own if holds or own.at >= general.at else general


def _latest(records: list[Consent]) -> Consent | None:
    return max(records, key=_order) if len(records) > 1 else next(iter(records), None)


def _order(record: Consent) -> tuple[dt.datetime, bool, float, str, str]:
    """Return what sorts records by time, and at one instant by how much they refuse."""
    refuses = _refuses(record)
    end = math.inf if record.expires_at is None else to_us(record.expires_at)
    basis = record.legal_basis or ""
    return record.at, refuses, end if refuses else -end, record.status, basis


def _refuses(record: Consent) -> bool:
    return record.status != "granted"


def _expired(record: Consent, instant: dt.datetime) -> bool:
    return record.expires_at is not None and record.expires_at <= instant
