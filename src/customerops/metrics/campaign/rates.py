"""The named rates of messages: one place says which outcome is divided by which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Literal, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.base import Estimate, at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion, Quotient
from customerops.model.tables.tables import Count
from customerops.model.values.checks import one_of, whole

__all__ = [
    "ASKED",
    "BASES",
    "LINKED",
    "OUTCOMES",
    "RESPONSES",
    "CustomerShare",
    "MessageCounts",
    "MessageRates",
]

E = TypeVar("E", bound=Estimate)

Basis = Literal["delivered", "sent"]
Machine = Literal["include", "exclude"]
Unit = Literal["message", "customer"]

OUTCOMES: Mapping[str, str | None] = MappingProxyType(
    {
        "sent": None,
        "delivered": "sent",
        "bounced": "sent",
        "hard_bounced": "bounced",
        "soft_bounced": "bounced",
        "opened": "delivered",
        "opened_by_people": "opened",
        "clicked": "delivered",
        "clicked_by_people": "clicked",
        "opened_clicked": "opened",
        "opened_clicked_by_people": "opened_by_people",
        "replied": "delivered",
        "unsubscribed": "delivered",
        "complained": "delivered",
        "converted": "delivered",
    }
)
"""What becomes of a message, and what it must have become for that before."""

ASKED: Mapping[str, str] = MappingProxyType(
    {
        "hard_bounced": "hard",
        "soft_bounced": "hard",
        "opened_by_people": "machine",
        "clicked_by_people": "machine",
        "opened_clicked_by_people": "machine",
        "replied": "replies",
        "converted": "conversions",
    }
)
"""The outcomes that are known only if a rule tells them, and the option that does."""

BASES = ("delivered", "opened", "opened_by_people", "sent")
"""The outcomes that others are divided by, sorted."""


RESPONSES = ("opened", "clicked", "replied", "unsubscribed", "complained")
"""The outcomes that a message must have arrived for."""

LINKED = ("delivered", "bounced", *RESPONSES)
"""The outcomes that are events of their own, linked to a message."""


class MessageRates(ABC, Generic[E]):
    """The rates of messages, by name: each is one outcome divided by another.

    Every method takes ``unit``, what is counted: ``"message"``, each message by itself, or
    ``"customer"``, customers with at least one such message, once each, however many they got.
    """

    __slots__ = ()

    def delivery_rate(self, *, unit: Unit = "message") -> E:
        """Return the delivery rate (送达率): delivered by sent.

        Notes
        -----
        ``delivered / sent``.

        References
        ----------
        Klaviyo and Mailchimp, help on the reports of campaigns.
        """
        return self._named("delivery_rate", "delivered", "sent", None, unit)

    def bounce_rate(
        self, *, definition: Literal["all", "hard", "soft"], unit: Unit = "message"
    ) -> E:
        """Return the bounce rate (退信率): bounced by sent.

        Parameters
        ----------
        definition : {"all", "hard", "soft"}
            Whatever the cause; for good, such as an address that does not exist; or for now.
        unit : {"message", "customer"}
            What is counted.

        Notes
        -----
        ``bounced / sent``, or ``hard_bounced / sent``, or ``soft_bounced / sent``; the last two
        add up to the first.

        References
        ----------
        Klaviyo and Mailchimp, help on the reports of campaigns: hard and soft bounces.
        """
        one_of("definition", definition, ("all", "hard", "soft"))
        part = "bounced" if definition == "all" else f"{definition}_bounced"
        return self._named("bounce_rate", part, "sent", definition, unit)

    def open_rate(
        self, *, basis: Basis = "delivered", machine: Machine = "include", unit: Unit = "message"
    ) -> E:
        """Return the open rate (打开率): opened by delivered, or by sent.

        Parameters
        ----------
        basis : {"delivered", "sent"}
            What it is divided by: Klaviyo, SendGrid and Mailchimp's reports take what was
            delivered, Mailchimp's dashboard card what was sent. GetResponse says the one on its
            help page, and the other in its glossary.
        machine : {"include", "exclude"}
            What becomes of opens by machines, such as Apple's Mail Privacy Protection, which loads
            the images of a mail whether anybody reads it or not. Excluded, a message that only
            machines opened counts as not opened; it stays in the denominator, so that the rate is
            too low as the other is too high.
        unit : {"message", "customer"}
            What is counted.

        Notes
        -----
        ``opened / basis``; without machines ``opened_by_people / basis``.

        References
        ----------
        Klaviyo Community, "How are open rates and click through rates measured". GetResponse,
        glossary, "Open rate".
        """
        return self._by_people("open_rate", "opened", basis, machine, unit)

    def click_rate(
        self, *, basis: Basis = "delivered", machine: Machine = "include", unit: Unit = "message"
    ) -> E:
        """Return the click rate (点击率): clicked by delivered, or by sent.

        Parameters
        ----------
        basis : {"delivered", "sent"}
            What it is divided by.
        machine : {"include", "exclude"}
            What becomes of clicks by machines: scanners that follow every link.
        unit : {"message", "customer"}
            What is counted.

        Notes
        -----
        ``clicked / basis``; without machines ``clicked_by_people / basis``. A message counts once,
        however many of its links were followed.

        References
        ----------
        Klaviyo and Mailchimp, help on the reports of campaigns.
        """
        return self._by_people("click_rate", "clicked", basis, machine, unit)

    def click_to_open(self, *, machine: Machine = "include", unit: Unit = "message") -> E:
        """Return the click-to-open rate (CTOR, 点击打开率): of the opened, the share clicked as well.

        Notes
        -----
        Vendors divide all that were clicked by all that were opened. That is the same where every
        click counts as an open, and exceeds 1 where mails are read without images.

        References
        ----------
        Klaviyo and Mailchimp, help on the reports of campaigns.
        """
        suffix = _suffix(machine)
        opened, both = f"opened{suffix}", f"opened_clicked{suffix}"
        return self._named("click_to_open", both, opened, None, unit, machine=machine)

    def reply_rate(self, *, basis: Basis = "delivered", unit: Unit = "message") -> E:
        """Return the reply rate (回复率): answered by delivered, or by sent.

        Notes
        -----
        ``replied / basis``.
        """
        return self._based("reply_rate", "replied", basis, unit)

    def unsubscribe_rate(self, *, basis: Basis = "delivered", unit: Unit = "message") -> E:
        """Return the unsubscribe rate (退订率): unsubscribed from by delivered, or by sent.

        Notes
        -----
        ``unsubscribed / basis``.

        References
        ----------
        Klaviyo and Mailchimp, help on the reports of campaigns.
        """
        return self._based("unsubscribe_rate", "unsubscribed", basis, unit)

    def complaint_rate(self, *, basis: Basis = "delivered", unit: Unit = "message") -> E:
        """Return the complaint rate (投诉率): reported as spam by delivered, or by sent.

        Notes
        -----
        ``complained / basis``.

        References
        ----------
        Google, Email sender guidelines: spam rates as reported in Postmaster Tools are to stay
        below 0.3 %.
        """
        return self._based("complaint_rate", "complained", basis, unit)

    def conversion_after(self, *, basis: Basis = "delivered", unit: Unit = "message") -> E:
        """Return the share of messages after which the customer converted (触达后转化率).

        Notes
        -----
        After the message, and not because of it: who would have bought anyway is in it. What the
        message brought takes customers who did not get it, by chance: see `uplift`.
        """
        return self._based("conversion_after", "converted", basis, unit)

    def _by_people(self, metric: str, part: str, basis: Basis, machine: Machine, unit: Unit) -> E:
        return self._based(metric, part + _suffix(machine), basis, unit, machine=machine)

    def _based(self, metric: str, part: str, basis: Basis, unit: Unit, **options: Any) -> E:
        one_of("basis", basis, ("delivered", "sent"))
        return self._named(metric, part, basis, basis, unit, **options)

    def _named(
        self,
        metric: str,
        part: str,
        total: str,
        definition: str | None,
        unit: Unit,
        **options: Any,
    ) -> E:
        one_of("unit", unit, ("message", "customer"))
        return self._rate(metric, part, total, definition, unit, options)

    @abstractmethod
    def _rate(
        self,
        metric: str,
        part: str,
        total: str,
        definition: str | None,
        unit: Unit,
        options: Mapping[str, Any],
    ) -> E:
        """Return one outcome by another."""


def _suffix(machine: Machine) -> str:
    one_of("machine", machine, ("include", "exclude"))
    return "" if machine == "include" else "_by_people"


@attrs.frozen(eq=False, repr=False, kw_only=True)
class CustomerShare(Proportion):
    """A share of the customers who got messages; ``pending`` messages are in neither part.

    A period with pending messages is not complete, and its value NaN.
    """

    PARTS: ClassVar[tuple[str, ...]] = (*Proportion.PARTS, "pending")

    @property
    def pending(self) -> Count:
        """Messages that are not followed to the end of their time yet."""
        return self._part("pending")

    def _check(self) -> None:
        super()._check()
        at_least_zero(self, "pending")

    def _complete(self) -> NDArray[np.bool_]:
        closed = super()._complete()
        if any(axis.kind == "period" for axis in self.axes):
            return np.asarray(closed & (self.parts["pending"] == 0))
        return closed


def _count(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        whole(field.name, value, least=0)


def _field() -> Any:
    return attrs.field(default=None, validator=_count)


@attrs.frozen(kw_only=True)
class MessageCounts(MessageRates[Estimate]):
    """The rates of messages from counts that are known already: a vendor's report, for one.

    Parameters
    ----------
    sent, delivered, bounced, hard_bounced, soft_bounced : int, optional
        Messages; those delivered are not derived from those bounced, for vendors differ.
    opened, clicked, replied, unsubscribed, complained, converted : int, optional
        Messages, once each: *unique* opens and clicks.
    opened_by_people, clicked_by_people, opened_clicked_by_people : int, optional
        Without what machines did.
    opened_clicked : int, optional
        Messages that were opened and clicked; left out, all clicked, as vendors divide.

    Raises
    ------
    InvalidInputError
        If a count is negative or no whole number, or exceeds what it is part of; asked for a rate,
        if a count is missing.

    Notes
    -----
    A rate of messages is a `Quotient`, without an interval: two counts do not tell how messages
    cluster within customers. With ``unit="customer"`` the counts are taken to be of customers, as
    in one mailing that sends everybody one message, and the rate is a `Proportion`.

    References
    ----------
    Klaviyo Community, "How are open rates and click through rates measured": of 100 sent and 98
    delivered, the 98 count. GetResponse, glossary, "Open rate": the total sent, "but not just those
    that were actually delivered"; and its help page of the same name: the total delivered. Twilio
    SendGrid, glossary, "Open rate": delivered.

    Examples
    --------
    >>> from customerops.metrics import MessageCounts
    >>> report = MessageCounts(sent=100, delivered=98, opened=49)
    >>> report.open_rate(basis="delivered").value, report.open_rate(basis="sent").value
    (0.5, 0.49)
    """

    sent: int | None = _field()
    delivered: int | None = _field()
    bounced: int | None = _field()
    hard_bounced: int | None = _field()
    soft_bounced: int | None = _field()
    opened: int | None = _field()
    opened_by_people: int | None = _field()
    clicked: int | None = _field()
    clicked_by_people: int | None = _field()
    opened_clicked: int | None = _field()
    opened_clicked_by_people: int | None = _field()
    replied: int | None = _field()
    unsubscribed: int | None = _field()
    complained: int | None = _field()
    converted: int | None = _field()

    def __attrs_post_init__(self) -> None:
        for name, wider in OUTCOMES.items():
            part, of = getattr(self, name), None if wider is None else getattr(self, wider)
            if part is not None and of is not None and part > of:
                raise InvalidInputError(name, f"must not exceed {wider}", f"got {part} of {of}")

    def _rate(
        self,
        metric: str,
        part: str,
        total: str,
        definition: str | None,
        unit: Unit,
        options: Mapping[str, Any],
    ) -> Estimate:
        count, of = self._known(part, metric), self._known(total, metric)
        context = Context(metric, unit=unit, definition=definition, options=options)
        if unit == "customer":
            return Proportion(parts={"count": count, "total": of}, context=context)
        return Quotient(parts={"numerator": count, "denominator": of}, context=context)

    def _known(self, name: str, metric: str) -> int:
        """Return a count; of opened and clicked those clicked, where it is not known."""
        count: int | None = getattr(self, name)
        if count is None and name.startswith("opened_clicked"):
            name = name.removeprefix("opened_")
            count = getattr(self, name)
        if count is None:
            raise InvalidInputError(name, f"must be given for the {metric}")
        return count
