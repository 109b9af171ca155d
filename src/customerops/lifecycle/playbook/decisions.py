"""What is decided for a customer: what may be done now, what not, and why not."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import attrs

from customerops.lifecycle.playbook.plays import Action, Offer
from customerops.lifecycle.policy.stages import Stage
from customerops.model.records.base import shape_of
from customerops.model.values.checks import Id

__all__ = ["Approval", "Decision", "Reason", "ReasonCode", "Refusal"]

_ID = shape_of(Id)
_WHEN = shape_of(dt.datetime | None)


class ReasonCode(StrEnum):
    """Why an action is not done now."""

    NO_PERMISSION = "no_permission"
    """No record of the customer allows the purpose by the channel."""
    FREQUENCY_CAP = "frequency_cap"
    """There were as many contacts as a cap allows."""
    CAP_TAKEN = "cap_taken"
    """What comes before it in this decision takes the last place under a cap."""
    QUIET_HOURS = "quiet_hours"
    """The customer is not to be disturbed at this time of the day."""
    COOL_DOWN = "cool_down"
    """It was done not long ago."""
    OPEN_COMPLAINT = "open_complaint"
    """The customer has a complaint that is not settled."""
    HOLDOUT = "holdout"
    """The customer is in the holdout group."""


@attrs.frozen
class Reason:
    """One reason against an action.

    Attributes
    ----------
    code : ReasonCode
        Which.
    sentence : str
        In words; times are on the customer's clock.
    channel : str or None
        Against which of its channels; None if against all.
    until : datetime or None
        The first instant at which it no longer holds if nothing else happens; None if that is not
        known.
    """

    code: ReasonCode
    sentence: str
    channel: str | None = None
    until: dt.datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {
            "code": str(self.code),
            "sentence": self.sentence,
            "channel": self.channel,
            "until": _WHEN.dump(self.until),
        }


@attrs.frozen(kw_only=True)
class Approval:
    """An action that may be done now.

    Attributes
    ----------
    action : Action
        Which.
    channel : str or None
        By which channel: the first of its own that nothing holds back. None for work inside the
        house.
    basis : str or None
        The legal basis the contact stands on; None for work inside the house.
    personalised : bool
        Whether the personalised form is to be used.
    offer : Offer or None
        What to offer, in that form.
    explanation : str or None
        Why the customer gets this: of a personalised action what the customer may be told, of a
        plain one why it is not personalised; None where there is no choice.
    due_at : datetime or None
        By when it should be done.
    """

    action: Action
    channel: str | None
    basis: str | None
    personalised: bool
    offer: Offer | None
    explanation: str | None
    due_at: dt.datetime | None

    @property
    def key(self) -> str:
        """The key of the action."""
        return self.action.key

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types; the action by its key."""
        return {
            "key": self.key,
            "channel": self.channel,
            "basis": self.basis,
            "personalised": self.personalised,
            "offer": None if self.offer is None else self.offer.to_dict(),
            "explanation": self.explanation,
            "due_at": _WHEN.dump(self.due_at),
        }


@attrs.frozen
class Refusal:
    """An action that is for the customer and may not be done now.

    Attributes
    ----------
    action : Action
        Which.
    reasons : tuple of Reason
        All that holds it back: first what holds against every channel, then, unless one is free,
        what holds against each.
    """

    action: Action
    reasons: tuple[Reason, ...]

    @property
    def key(self) -> str:
        """The key of the action."""
        return self.action.key

    @property
    def codes(self) -> frozenset[ReasonCode]:
        """What kinds of reasons there are."""
        return frozenset(reason.code for reason in self.reasons)

    @property
    def reason(self) -> str:
        """The reasons in words, each once."""
        return "; ".join(dict.fromkeys(reason.sentence for reason in self.reasons))

    @property
    def retry_at(self) -> dt.datetime | None:
        """The first instant at which nothing known now holds it back; None if that is not known.

        Before it the answer cannot change unless something happens. At it other quiet hours may
        have begun, so decide again.
        """
        every, ends = list[dt.datetime](), dict[str, list[dt.datetime | None]]()
        for reason in self.reasons:
            if reason.channel is not None:
                ends.setdefault(reason.channel, []).append(reason.until)
            elif reason.until is None:
                return None
            else:
                every.append(reason.until)
        known = [max(of) for of in (_known(one) for one in ends.values()) if of]
        if ends and not known:
            return None
        return max([*every, min(known)] if known else every)

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types; the action by its key."""
        return {"key": self.key, "reasons": [reason.to_dict() for reason in self.reasons]}


def _known(ends: list[dt.datetime | None]) -> list[dt.datetime]:
    """Return the ends if all are known, else none."""
    known = [end for end in ends if end is not None]
    return known if len(known) == len(ends) else []


@attrs.frozen(kw_only=True)
class Decision:
    """What to do for one customer at one instant.

    Attributes
    ----------
    customer_id : int, str or UUID
        For whom.
    as_of : datetime
        When, in UTC.
    stage : Stage
        Where the customer stands.
    held_out : bool
        Whether the customer is in the holdout group.
    allowed : tuple of Approval
        What may be done now, all of it together, by priority.
    refused : tuple of Refusal
        What is for the customer and may not be done now, by priority. What is for other
        situations is in neither.
    """

    customer_id: Id
    as_of: dt.datetime
    stage: Stage
    held_out: bool
    allowed: tuple[Approval, ...]
    refused: tuple[Refusal, ...]

    @property
    def retry_at(self) -> dt.datetime | None:
        """The first instant at which something refused may be allowed; None if none is known."""
        known = [one.retry_at for one in self.refused]
        return min((at for at in known if at is not None), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types; the actions by their keys."""
        return {
            "customer_id": _ID.dump(self.customer_id),
            "as_of": _WHEN.dump(self.as_of),
            "stage": str(self.stage),
            "held_out": self.held_out,
            "allowed": [one.to_dict() for one in self.allowed],
            "refused": [one.to_dict() for one in self.refused],
        }
