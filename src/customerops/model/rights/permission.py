"""Permission: whether a customer may be dealt with for a purpose, by a channel, at an instant.

Default deny: what was not granted is not allowed. One record stands for the question, found by
time and by how closely it fits; the answer is what that record says. Under a regime the law takes
part: see `customerops.model.rights.question`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from customerops.errors import InvalidInputError
from customerops.model.records.records import Consent
from customerops.model.rights.question import LawName, Question, asked
from customerops.model.rights.regimes import Regime
from customerops.model.rights.standing import Permission, Standing
from customerops.model.values.checks import came, each

__all__ = ["Permission", "Standing", "permitted"]


def permitted(
    consents: Iterable[Consent],
    *,
    purpose: str,
    channel: str | None,
    at: dt.datetime,
    regime: Regime | LawName | None = None,
    age: int | None = None,
    notice_version: str | None = None,
    recipient: str | None = None,
    data_category: str | None = None,
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
    regime : Regime, "GDPR" or "PIPL", optional
        The law to answer under. Left out, the records alone answer: there is no purpose that needs
        no record, and the basis of a record is not looked at. What follows needs a regime.
    age : int, optional
        The customer's age in whole years at `at`. Left out, an adult.
    notice_version : str, optional
        The privacy notice that describes this use today. A consent given under another, or under
        none that is known, does not cover it. Give it when purpose, manner or kind of data changed
        since; left out, the notice is not looked at.
    recipient : str, optional
        The third party that is to receive the data: the grant must name it.
    data_category : str, optional
        The data to be used, by its Fides key. Where the regime has a rule for it, the grant must
        name it, or what it is part of.

    Returns
    -------
    Permission
        The answer, with its ground or its reasons.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be, an argument needs a regime and there is none, or
        the records are of several customers.

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

    Under a regime, moreover,

    * what a contract or a legal duty requires (``order_confirmation``, ``invoice``) is allowed
      without a record and whatever was refused;
    * a grant is read only if its basis is one on which the purpose may rest by the channel, and
      its jurisdiction, if it has one, is the regime's. A refusal is always read, also one of a
      wider purpose;
    * after a refusal of a purpose whose objection is absolute (marketing, GDPR) only a later
      consent counts: no soft opt-in, no interest of ours, no end that the refusal had;
    * a consent must be separate where the regime says so, be a guardian's under its age, and be
      given under today's notice. The latest word is judged by this: if it falls short, an earlier
      one does not come back.

    Every reason cites the article of the rule, and so do ``articles`` and ``obligations`` of a yes.
    The rules are data: see `Regime`; the whole table is in the documentation, "Permission".

    References
    ----------
    Regulation (EU) 2016/679 (GDPR), article 7(3): withdrawal does not affect what was lawful
    before it. Personal Information Protection Law of China, article 15: the same. The rest is
    cited row by row in `GDPR` and `PIPL`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Consent, permitted
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

    Under a regime, with the article, and with what a yes obliges to:

    >>> permitted(said, purpose="marketing", channel="sms", at=day(9), regime="PIPL").reasons
    ('permission for marketing by sms was withdrawn (PIPL art. 15)',)
    >>> yes = permitted(said, purpose="marketing", channel="sms", at=day(4), regime="PIPL")
    >>> [one.key for one in yes.obligations]
    ['sender', 'opt_out']
    >>> permitted(
    ...     said, purpose="order_confirmation", channel="sms", at=day(9), regime="GDPR"
    ... ).basis
    'contract'
    """
    question = asked(
        purpose=purpose,
        channel=channel,
        at=at,
        regime=regime,
        notice_version=notice_version,
        recipient=recipient,
        data_category=data_category,
    )
    return question.answer(_of_one(consents, question), question.aged(age))


def _of_one(consents: Iterable[Consent], question: Question) -> list[Consent]:
    """Return the records that speak of a question, all of one customer."""
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
        if question.concerns(record):
            known.append(record)
    return known
