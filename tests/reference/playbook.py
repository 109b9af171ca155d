"""A decision told from its rules: every contact counted anew for every question."""

import datetime as dt
from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo

from customerops.lifecycle.playbook.playbook import Playbook
from customerops.lifecycle.playbook.plays import Action
from customerops.model.records.records import Consent, Interaction
from tests.reference.permission import allowed as permits

Verdict = tuple[str, str | None, set[tuple[str, str | None]]]
"""Key, channel if allowed, and else the codes with the channel each is against."""


def applicable(
    book: Playbook,
    stage: str,
    *,
    segments: Collection[str],
    tier: str | None,
    at_risk: bool,
    lives: int,
    now: dt.datetime,
) -> list[Action]:
    """Return the actions for a customer by priority; care dates are given by date here."""
    today = now.astimezone(ZoneInfo(book.tz)).date()
    due = {one.key for one in book.care_dates if today in one.dates}
    found = []
    for action in book.actions:
        when = action.when
        asked = [
            stage in when.stages if when.stages else stage not in ("UNKNOWN", "ERASED"),
            not when.segments or any(s in when.segments for s in segments),
            not any(s in when.except_segments for s in segments),
            not when.tiers or tier in when.tiers,
            when.at_risk is None or when.at_risk == at_risk,
            when.ever_active is None or when.ever_active == (lives > 0),
            not when.due or any(key in due for key in when.due),
        ]
        if all(asked):
            found.append(action)
    return sorted(found, key=lambda one: one.priority)


def verdicts(
    book: Playbook,
    actions: Sequence[Action],
    *,
    held_out: bool,
    consents: Sequence[Consent],
    contacts: Sequence[Interaction],
    complaints: Sequence[Interaction],
    now: dt.datetime,
) -> list[Verdict]:
    """Return the verdict on each action, in their order."""
    sent: list[str] = []  # what this decision has allowed so far
    clock = now.astimezone(ZoneInfo(book.tz)).time()
    open_case = any(
        open_at(thread, complaints, now) for thread in {c.thread_id for c in complaints}
    )

    def over(channel: str) -> set[str]:
        codes = set()
        for cap in book.caps:
            if cap.channel not in (None, channel):
                continue
            past = sum(
                one.direction == "outbound"
                and now - cap.window < one.at <= now
                and cap.channel in (None, one.channel)
                for one in contacts
            )
            ours = sum(cap.channel in (None, one) for one in sent)
            if past + 1 > cap.limit:
                codes.add("frequency_cap")
            elif past + ours + 1 > cap.limit:
                codes.add("cap_taken")
        return codes

    def against(action: Action, channel: str) -> set[str]:
        codes = set()
        if action.basis == "consent" and not permits(consents, action.purpose, channel, now):
            codes.add("no_permission")
        if "caps" not in action.exempt:
            codes |= over(channel)
        for hours in book.quiet_hours:
            here = not hours.channels or channel in hours.channels
            if here and "quiet_hours" not in action.exempt and hours.covers(clock):
                codes.add("quiet_hours")
        return codes

    told: list[Verdict] = []
    for action in actions:
        reasons: set[tuple[str, str | None]] = set()
        if held_out and "holdout" not in action.exempt:
            reasons.add(("holdout", None))
        if open_case and "complaints" not in action.exempt:
            reasons.add(("open_complaint", None))
        done = [one.at for one in contacts if one.campaign_id == action.key and one.at <= now]
        if action.cool_down is not None and any(now - at < action.cool_down for at in done):
            reasons.add(("cool_down", None))
        free = [channel for channel in action.channels if not against(action, channel)]
        if not free:
            reasons |= {(code, c) for c in action.channels for code in against(action, c)}
        if reasons:
            told.append((action.key, None, reasons))
        else:
            sent.append(free[0])
            told.append((action.key, free[0], set()))
    return told


def open_at(thread: object, complaints: Sequence[Interaction], now: dt.datetime) -> bool:
    """Return whether a thread's last word is not that it was resolved."""
    said = [
        one
        for one in complaints
        if one.thread_id == thread
        and one.at <= now
        and one.kind not in ("case_reply", "case_status")
    ]
    last = max((one.at for one in said), default=now)
    return [one.kind for one in said if one.at == last][-1:] not in ([], ["case_resolve"])
