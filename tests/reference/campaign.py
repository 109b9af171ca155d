"""What became of messages, read off plain records one event at a time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

import attrs

from customerops.model import Interaction
from tests.reference.metrics import histories

__all__ = ["Coupon", "Message", "agree", "coupons", "followed", "list_moves", "sums"]

US = dt.timedelta(microseconds=1)
KINDS = {
    "delivered": "deliver",
    "bounced": "bounce",
    "opened": "open",
    "clicked": "click",
    "replied": "message",
    "unsubscribed": "unsubscribe",
    "complained": "complain",
    "converted": "purchase",
}
RESPONSES = {"opened", "clicked", "replied", "unsubscribed", "complained"}


@attrs.define
class Message:
    """One message, with the events that came in its time."""

    who: Any
    send: Interaction
    ripe: bool
    events: list[Interaction]

    def outcomes(self, delivery: str) -> set[str]:
        """Return all that can be said of it."""
        kinds = {one.kind for one in self.events}
        out = {"sent"} | {name for name, kind in KINDS.items() if kind in kinds}
        hard = any(one.kind == "bounce" and one.outcome == "hard" for one in self.events)
        if "bounced" in out:
            out.add("hard_bounced" if hard else "soft_bounced")
        for name, kind in (("opened", "open"), ("clicked", "click")):
            if any(one.kind == kind and one.actor_kind != "bot" for one in self.events):
                out.add(f"{name}_by_people")
        arrived = "delivered" in out if delivery == "reported" else "bounced" not in out
        out.discard("delivered")
        if arrived or out & RESPONSES:
            out.add("delivered")
        else:
            out.discard("converted")
        for suffix in ("", "_by_people"):
            if {f"opened{suffix}", f"clicked{suffix}"} <= out:
                out.add(f"opened_clicked{suffix}")
        return out


def followed(
    seen: Iterable[Interaction], as_of: dt.datetime, within: dt.timedelta, link: tuple[str, ...]
) -> tuple[list[Message], list[tuple[str, Interaction]], list[tuple[str, Message]]]:
    """Return the messages, the events that have none, and those that came too late for theirs."""
    messages: list[Message] = []
    unlinked: list[tuple[str, Interaction]] = []
    late: list[tuple[str, Message]] = []
    for who, own in histories(seen, as_of).items():
        mine = [
            Message(who, one, one.at + within <= as_of + US, [])
            for one in own
            if one.kind == "send"
        ]
        messages += mine
        for name, kind in KINDS.items():
            fields = () if name == "converted" else link
            for event in own:
                if event.kind != kind:
                    continue
                fit = [
                    one
                    for one in mine
                    if one.send.at <= event.at and agree(one.send, event, fields)
                ]
                if not fit:
                    if name != "converted":
                        unlinked.append((name, event))
                    continue
                best = fit[0]
                for one in fit[1:]:
                    best = one if one.send.at >= best.send.at else best
                if event.at < best.send.at + within:
                    best.events.append(event)
                elif name != "converted":
                    late.append((name, best))
    return messages, unlinked, late


def agree(send: Interaction, event: Interaction, fields: tuple[str, ...]) -> bool:
    """Return whether both name the same thing in every field."""
    pairs = [(getattr(send, field), getattr(event, field)) for field in fields]
    return all(a is not None and a == b for a, b in pairs)


def sums(per_customer: Iterable[Counter[str]], part: str, total: str) -> tuple[int, ...]:
    """Return n, x, y, and the sums of squares and of products over customers."""
    rows = [(one[part], one[total]) for one in per_customer]
    return (
        sum(1 for x, y in rows if x or y),
        sum(x for x, _ in rows),
        sum(y for _, y in rows),
        sum(x * x for x, _ in rows),
        sum(y * y for _, y in rows),
        sum(x * y for x, y in rows),
    )


@attrs.define
class Coupon:
    """One coupon, and when it was first redeemed in time."""

    who: Any
    issue: Interaction
    end: dt.datetime | None
    redeemed: dt.datetime | None = None

    def over(self, as_of: dt.datetime) -> bool:
        """Return whether its time is up."""
        return self.end is not None and self.end <= as_of + US


def coupons(
    seen: Iterable[Interaction], as_of: dt.datetime, within: dt.timedelta | None, field: str
) -> tuple[list[Coupon], list[Interaction], list[Coupon]]:
    """Return the coupons, the redemptions of none, and the coupons redeemed too late, each time."""
    every: list[Coupon] = []
    unlinked: list[Interaction] = []
    late: list[Coupon] = []
    for who, own in histories(seen, as_of).items():
        mine = []
        for one in own:
            if one.kind == "coupon_issue":
                ends = [one.until] if one.until is not None else []
                ends += [] if within is None else [one.at + within]
                mine.append(Coupon(who, one, min(ends, default=None)))
        every += mine
        for event in own:
            if event.kind != "coupon_redeem":
                continue
            fit = [
                one
                for one in mine
                if one.issue.at <= event.at and agree(one.issue, event, (field,))
            ]
            if not fit:
                unlinked.append(event)
                continue
            latest = max(range(len(fit)), key=lambda i: (fit[i].issue.at, i))
            best = fit[latest]
            if best.end is not None and event.at >= best.end:
                late.append(best)
            elif best.redeemed is None:
                best.redeemed = event.at
    return every, unlinked, late


def list_moves(
    seen: Iterable[Interaction], as_of: dt.datetime, reasons: dict[str, str]
) -> list[tuple[Any, dt.datetime, str]]:
    """Return who joined or left a list, when, and how, for what changed something."""
    moves = []
    for who, own in histories(seen, as_of).items():
        on = False
        for one in own:
            move = reasons.get(one.kind)
            if move is not None and on != (move == "joined"):
                on = not on
                moves.append((who, one.at, move))
    return moves
