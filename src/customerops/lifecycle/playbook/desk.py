"""The desk at which one customer's actions are judged, one after the other."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from customerops.lifecycle.playbook.decisions import Approval, Reason, ReasonCode, Refusal
from customerops.lifecycle.playbook.limits import quiet_until
from customerops.lifecycle.playbook.playbook import Playbook
from customerops.lifecycle.playbook.plays import Action, Personalisation
from customerops.model.records.records import Consent, Interaction
from customerops.model.rights.permission import Permission, Standing, permitted
from customerops.model.values.checks import Id
from customerops.model.values.instants import from_us, to_us
from customerops.model.values.zones import local

__all__ = ["Contacts", "Desk", "recent"]

_REFUSALS = (Standing.DENIED, Standing.WITHDRAWN)


@attrs.frozen
class Contacts:
    """The contacts up to an instant, in order of time.

    Attributes
    ----------
    outbound : dict
        The instants, by channel; under None those of all channels.
    last : dict
        When each action was last done.
    """

    outbound: dict[str | None, list[dt.datetime]]
    last: dict[Id | None, dt.datetime]

    def after(self, instant: dt.datetime, channel: str | None) -> int:
        """Return how many there were after an instant, by a channel or by all."""
        past = self.outbound.get(channel, [])
        return len(past) - bisect_right(past, instant)


def recent(contacts: Iterable[Interaction], now: dt.datetime) -> Contacts:
    """Return the contacts up to an instant."""
    every = list[dt.datetime]()
    outbound: dict[str | None, list[dt.datetime]] = {None: every}
    last: dict[Id | None, dt.datetime] = {}
    for one in sorted(contacts, key=lambda contact: contact.at):
        if one.at > now:
            break
        last[one.campaign_id] = one.at
        if one.direction == "outbound":
            every.append(one.at)
            if one.channel is not None:
                outbound.setdefault(one.channel, []).append(one.at)
    return Contacts(outbound, last)


class Desk:
    """Judges the actions for one customer at one instant.

    It remembers what it has looked up, for the actions ask the same questions, and the places
    under the caps that are taken.
    """

    def __init__(
        self,
        playbook: Playbook,
        now: dt.datetime,
        zone: dt.tzinfo,
        consents: Sequence[Consent],
        contacts: Contacts,
        open_cases: int,
        held_out: bool,  # noqa: FBT001
    ) -> None:
        self.playbook = playbook
        self.now = now
        self.zone = zone
        self.us = to_us(now)
        self.clock = local(self.us, zone).time()
        self.consents = consents
        self.contacts = contacts
        self.open_cases = open_cases
        self.held_out = held_out
        self.room = [
            cap.limit - contacts.after(now - cap.window, cap.channel) for cap in playbook.caps
        ]
        self.taken = Counter[str | None]()
        self.over: dict[tuple[int, str], Reason] = {}
        self.quiet: dict[str, list[Reason]] = {}
        self.unpermitted: dict[tuple[str, str], list[Reason]] = {}
        self.permissions: dict[tuple[str, str], Permission] = {}

    def verdict(self, action: Action, begun: dt.datetime) -> Approval | Refusal:
        """Return the verdict on an action, whose times count from `begun`."""
        reasons = self._against(action)
        channel: str | None = None
        against = list[Reason]()
        for one in action.channels:
            held = self._against_channel(action, one)
            if not held:
                channel, against = one, []
                break
            against += held
        reasons += against
        if reasons:
            return Refusal(action, tuple(reasons))
        return self._approved(action, channel, begun)

    def _approved(self, action: Action, channel: str | None, begun: dt.datetime) -> Approval:
        offer, explanation = action.offer, None
        form: Personalisation | None = None
        basis: str | None = None
        if channel is not None:
            self.taken[channel] += 1
            self.taken[None] += 1
            basis = action.basis
            if action.basis == "consent":
                basis = self._permission(action.purpose, channel).basis
            form = action.personalisation
            if form is not None:
                form, explanation = self._form(form, channel)
                offer = form.offer if form is not None and form.offer is not None else action.offer
        return Approval(
            action=action,
            channel=channel,
            basis=basis,
            personalised=form is not None,
            offer=offer,
            explanation=explanation,
            due_at=None if action.due_within is None else begun + action.due_within,
        )

    def _form(self, form: Personalisation, channel: str) -> tuple[Personalisation | None, str]:
        """Return the personalised form if the customer lets us use it, and why or why not."""
        asked = self._permission(form.purpose, channel)
        if asked.standing in _REFUSALS or (form.asks == "consent" and not asked.allowed):
            return None, f"not personalised: {asked.reasons[0]}"
        return form, form.explanation

    def _against(self, action: Action) -> list[Reason]:
        """Return what holds against an action by any channel."""
        reasons = list[Reason]()
        if self.held_out and "holdout" not in action.exempt:
            reasons.append(Reason(ReasonCode.HOLDOUT, "holdout group"))
        if self.open_cases and "complaints" not in action.exempt:
            said = f"{self.open_cases} open complaint{'s' if self.open_cases > 1 else ''}"
            reasons.append(Reason(ReasonCode.OPEN_COMPLAINT, said))
        last = self.contacts.last.get(action.key)
        if action.cool_down is not None and last is not None:
            end = last + action.cool_down
            if end > self.now:
                said = f"cool-down until {self._told(end)}"
                reasons.append(Reason(ReasonCode.COOL_DOWN, said, until=end))
        return reasons

    def _against_channel(self, action: Action, channel: str) -> list[Reason]:
        """Return what holds against an action by one of its channels."""
        reasons = list[Reason]()
        if action.basis == "consent":
            reasons += self._unpermitted(action.purpose, channel)
        if "caps" not in action.exempt:
            for i in self.playbook.caps_by_channel[channel]:
                if self.room[i] <= self.taken[self.playbook.caps[i].channel]:
                    reasons.append(self._over(i, channel))
        if "quiet_hours" not in action.exempt:
            reasons += self._quiet(channel)
        return reasons

    def _unpermitted(self, purpose: str, channel: str) -> list[Reason]:
        """Return what the customer's consent has against it."""
        key = purpose, channel
        if key not in self.unpermitted:
            self.unpermitted[key] = [
                Reason(ReasonCode.NO_PERMISSION, f"no consent: {said}", channel)
                for said in self._permission(purpose, channel).reasons
            ]
        return self.unpermitted[key]

    def _over(self, i: int, channel: str) -> Reason:
        """Return what a cap that is full has against one more contact."""
        key = i, channel
        if key not in self.over:
            cap, said = self.playbook.caps[i], self.playbook.cap_sentences[i]
            if self.room[i] > 0:
                said = f"{said}, with what goes before it"
                self.over[key] = Reason(ReasonCode.CAP_TAKEN, said, channel)
            else:
                until = self.contacts.outbound[cap.channel][-cap.limit] + cap.window
                self.over[key] = Reason(ReasonCode.FREQUENCY_CAP, said, channel, until)
        return self.over[key]

    def _quiet(self, channel: str) -> list[Reason]:
        if channel not in self.quiet:
            self.quiet[channel] = []
            hours = self.playbook.quiet_by_channel[channel]
            if any(one.covers(self.clock) for one in hours):
                end = from_us(quiet_until(self.us, self.zone, hours))
                said = f"quiet hours until {self._told(end)}"
                self.quiet[channel] = [Reason(ReasonCode.QUIET_HOURS, said, channel, end)]
        return self.quiet[channel]

    def _permission(self, purpose: str, channel: str) -> Permission:
        key = purpose, channel
        if key not in self.permissions:
            self.permissions[key] = permitted(
                self.consents, purpose=purpose, channel=channel, at=self.now
            )
        return self.permissions[key]

    def _told(self, instant: dt.datetime) -> str:
        """Return an instant on the customer's clock, to the minute."""
        return local(to_us(instant), self.zone).isoformat(sep=" ", timespec="minutes")
