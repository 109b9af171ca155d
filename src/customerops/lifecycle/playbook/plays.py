"""What may be done for whom: situations, actions, offers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.state import ContractStatus
from customerops.lifecycle.policy.stages import ACTIVE, Stage
from customerops.model.records.base import Record
from customerops.model.values.checks import one_of
from customerops.model.values.money import Money

__all__ = [
    "LONGEST",
    "SAVE",
    "WAKE",
    "WIN_BACK",
    "Action",
    "Offer",
    "Personalisation",
    "Situation",
    "bounded",
]

LONGEST = dt.timedelta(days=36525)
"""No duration of a playbook is longer than a century, so that instants stay within reach."""

_STAGES = tuple(str(stage) for stage in Stage if stage is not Stage.ERASED)
_ANY_STAGE = frozenset(_STAGES) - {"UNKNOWN"}
_MESSAGES_ONLY = frozenset({"caps", "quiet_hours"})


def bounded(name: str, duration: dt.timedelta | None) -> None:
    """Refuse a duration longer than a century."""
    if duration is not None and duration > LONGEST:
        raise InvalidInputError(name, "must be at most 36525 days", "got more")


@attrs.frozen(kw_only=True)
class Situation(Record):
    """Whom an action is for. Every part that is said must hold; what is left out is not asked.

    Parameters
    ----------
    stages : frozenset of str
        In one of these lifecycle stages; left out, in any but ``UNKNOWN``. Nothing is done for
        who was erased.
    segments : frozenset of str
        In at least one of these segments.
    except_segments : frozenset of str
        In none of these.
    tiers : frozenset of str
        In one of these tiers.
    at_risk : bool, optional
        At risk, or not.
    pending_cancel : bool, optional
        Cancelled at period end, or not.
    ever_active : bool, optional
        Has had a life, or never has: who was lost without ever being active cannot be won back.
    contract : frozenset of {"trial", "running", "paused", "grace", "ended"}
        With a contract that stands like this.
    due : frozenset of str
        On one of these care dates, by their keys in the playbook.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, or a stage or a status is not known.

    See Also
    --------
    SAVE, WAKE, WIN_BACK : Situations that are there. ``attrs.evolve`` makes another of one.

    Examples
    --------
    >>> import attrs
    >>> from customerops.lifecycle import WAKE
    >>> vip_asleep = attrs.evolve(WAKE, segments=frozenset({"vip"}))
    >>> sorted(vip_asleep.stages), sorted(vip_asleep.segments)
    (['LAPSED'], ['vip'])
    """

    stages: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    except_segments: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    at_risk: bool | None = None
    pending_cancel: bool | None = None
    ever_active: bool | None = None
    contract: frozenset[str] = frozenset()
    due: frozenset[str] = frozenset()

    def _check(self) -> None:
        for stage in self.stages:
            one_of("stages", stage, _STAGES)
        for status in self.contract:
            one_of("contract", status, map(str, ContractStatus))

    @property
    def asked_stages(self) -> frozenset[str]:
        """The stages it covers."""
        return self.stages or _ANY_STAGE


SAVE = Situation(stages=frozenset(map(str, ACTIVE)), at_risk=True)
"""Save (挽留): active, and at risk by the lifecycle policy."""

WAKE = Situation(stages=frozenset({"LAPSED"}))
"""Wake the dormant (唤醒): lapsed, and the win-back window is open."""

WIN_BACK = Situation(stages=frozenset({"LOST"}), ever_active=True)
"""Win back the lost (召回): was active once, and the win-back window has closed."""


@attrs.frozen(kw_only=True)
class Offer(Record):
    """What is offered: a percentage off, an amount off, or something that has a name only.

    Parameters
    ----------
    key : str
        Its name.
    percent : Decimal, optional
        Per cent off the price: above 0, at most 100.
    amount : Money, optional
        Off the price; above 0.

    Raises
    ------
    InvalidInputError
        If a field is not of its type or out of its range, or both are given.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from customerops.lifecycle import Offer
    >>> Offer(key="back-10", percent=Decimal(10)).percent
    Decimal('10')
    """

    key: str
    percent: Decimal | None = None
    amount: Money | None = None

    def _check(self) -> None:
        if self.percent is not None and self.amount is not None:
            raise InvalidInputError("amount", "must be left out", "the offer has a percentage")
        if self.percent is not None and not 0 < self.percent <= 100:
            raise InvalidInputError(
                "percent", "must lie above 0 and at most at 100", "it does not"
            )
        if self.amount is not None and self.amount.minor <= 0:
            raise InvalidInputError("amount", "must be above 0", "it is not")


@attrs.frozen(kw_only=True)
class Personalisation(Record):
    """How an action is made to fit one customer. The action without it is the alternative.

    Parameters
    ----------
    explanation : str
        What a customer is told who asks why they get this.
    offer : Offer, optional
        In place of the action's own.
    purpose : str
        Under which purpose consent records speak of it.
    asks : {"refusal", "consent"}
        Whether customers get the plain action who refused this purpose (opt-out), or all who did
        not agree to it (opt-in).

    Raises
    ------
    InvalidInputError
        If a field is not of its type, or a string is empty.

    References
    ----------
    Personal Information Protection Law of China, article 24: commercial marketing by automated
    decisions comes with an option that is not specific to personal characteristics, or with a
    convenient way to refuse; individuals may ask for an explanation.

    Examples
    --------
    >>> from customerops.lifecycle import Personalisation
    >>> Personalisation(explanation="chosen by what you bought last").asks
    'refusal'
    """

    explanation: str
    offer: Offer | None = None
    purpose: str = "personalisation"
    asks: Literal["refusal", "consent"] = "refusal"


@attrs.frozen(kw_only=True)
class Action(Record):
    """One thing to do for customers in a situation.

    Parameters
    ----------
    key : str
        Its name. Contacts made for it carry it as ``campaign_id``.
    when : Situation
        Whom it is for.
    purpose : str
        What for, such as ``"marketing"``: what consent records are asked about.
    basis : {"consent", "contract", "legal_obligation"}
        On what ground customers are contacted. Consent is looked up; what the contract or the law
        requires needs none.
    channels : tuple of str
        By which channels, the best one first. Without any it is work inside the house, which
        needs no permission and disturbs nobody.
    priority : int
        1 goes first; equals go in the order of the playbook.
    cool_down : timedelta, optional
        Exact time since it was last done before it may be done again.
    offer : Offer, optional
        What it offers to everybody.
    personalisation : Personalisation, optional
        How it is made to fit one customer, if at all.
    owner_role : str, optional
        Who does it, or answers for it.
    counts_from : {"stage", "activity", "risk"}
        From when `after` and `due_within` count: since the stage was entered, since the last
        qualifying interaction, or since the customer is at risk by the policy's `AtRisk`. Before
        that the action is for nobody.
    after : timedelta, optional
        Exact time that must pass first: the second step of a procedure a week after the first.
    due_within : timedelta, optional
        Exact time by which it should be done.
    exempt : frozenset of {"caps", "complaints", "holdout", "quiet_hours"}
        What does not hold it back: a call about a complaint is not stopped by the complaint.

    Raises
    ------
    InvalidInputError
        If a field is not of its type or out of its range, `due_within` is shorter than `after`,
        an action for a care date counts from elsewhere, or one without channels is personalised
        or exempt from what only holds back messages.

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> from customerops.lifecycle import WAKE, Action, Offer
    >>> wake = Action(
    ...     key="wake-sms",
    ...     when=WAKE,
    ...     purpose="marketing",
    ...     channels=("wecom", "sms"),
    ...     cool_down=dt.timedelta(days=14),
    ...     offer=Offer(key="back-10", percent=Decimal(10)),
    ... )
    >>> Action.from_dict(wake.to_dict()) == wake
    True
    """

    key: str
    when: Situation
    purpose: str
    basis: Literal["consent", "contract", "legal_obligation"] = "consent"
    channels: tuple[str, ...] = ()
    priority: int = 1
    cool_down: dt.timedelta | None = None
    offer: Offer | None = None
    personalisation: Personalisation | None = None
    owner_role: str | None = None
    counts_from: Literal["stage", "activity", "risk"] = "stage"
    after: dt.timedelta | None = None
    due_within: dt.timedelta | None = None
    exempt: frozenset[Literal["caps", "complaints", "holdout", "quiet_hours"]] = frozenset()

    def _check(self) -> None:
        if self.priority < 1:
            raise InvalidInputError("priority", "must be at least 1", "got less")
        if len(set(self.channels)) < len(self.channels):
            raise InvalidInputError("channels", "must not name a channel twice", "one is")
        for name in ("cool_down", "after", "due_within"):
            bounded(name, getattr(self, name))
        if self.after is not None and self.due_within is not None and self.due_within < self.after:
            raise InvalidInputError("due_within", "must not be shorter than after", "it is")
        self._check_care()
        if not self.channels:
            self._check_inside()

    def _check_care(self) -> None:
        counted = self.after is not None or self.due_within is not None
        if self.when.due and (counted or self.counts_from != "stage"):
            name = "counts_from" if self.counts_from != "stage" else "after and due_within"
            raise InvalidInputError(name, "must be left out", "a care date is due on its day")

    def _check_inside(self) -> None:
        if self.personalisation is not None:
            raise InvalidInputError(
                "personalisation", "must be left out", "without channels it reaches nobody"
            )
        if self.exempt & _MESSAGES_ONLY:
            raise InvalidInputError(
                "exempt", "must not name caps or quiet_hours", "they hold back messages only"
            )
