"""Playbooks: what is done for customers in which situation, and what holds it back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from customerops.lifecycle.playbook.care import CareDate
from customerops.lifecycle.playbook.limits import Cap, Holdout, QuietHours
from customerops.lifecycle.playbook.playbook import Playbook
from customerops.lifecycle.playbook.plays import (
    SAVE,
    WAKE,
    WIN_BACK,
    Action,
    Offer,
    Personalisation,
    Situation,
)
from customerops.model.values.money import Money
from customerops.testing.value_draws import shares, some

__all__ = [
    "actions",
    "caps",
    "care_dates",
    "holdouts",
    "offers",
    "personalisations",
    "playbooks",
    "quiet_hours",
    "situations",
]

_DAY = dt.timedelta(days=1)
_KEYS = ("wake", "save", "gift", "party")
_CHANNELS = ("sms", "email", "wecom")
_SITUATIONS = (
    WAKE,
    SAVE,
    WIN_BACK,
    Situation(),
    Situation(segments=frozenset({"vip"}), tiers=frozenset({"gold"})),
    Situation(except_segments=frozenset({"vip"}), ever_active=True),
    Situation(contract=frozenset({"grace"}), pending_cancel=False),
)
_BIRTHDAY = CareDate(key="birthday", of="born", leap_day="feb_28", days_before=3)
_FESTIVAL = CareDate(key="new_year", dates=(dt.date(2026, 2, 17),))


def situations() -> st.SearchStrategy[Situation]:
    """Draw whom an action is for."""
    return st.sampled_from(_SITUATIONS)


def offers() -> st.SearchStrategy[Offer]:
    """Draw what is offered; one key means one offer."""
    return st.sampled_from(
        [
            Offer(key="ten", percent=Decimal(10)),
            Offer(key="five", amount=Money("5.00", "USD")),
            Offer(key="gift"),
        ]
    )


def personalisations() -> st.SearchStrategy[Personalisation]:
    """Draw how an action is made to fit."""
    return st.builds(
        Personalisation,
        explanation=st.just("by what you bought last"),
        offer=st.none() | offers(),
        asks=st.sampled_from(["refusal", "consent"]),
    )


@st.composite
def actions(draw: st.DrawFn, key: str = "wake") -> Action:
    """Draw something to do for customers, by message or inside the house."""
    channels = tuple(draw(some(_CHANNELS, most=3)))
    inside: tuple[Any, ...] = ("complaints", "holdout")
    return Action(
        key=key,
        when=draw(situations()),
        purpose=draw(st.sampled_from(["marketing", "service"])),
        basis=draw(st.sampled_from(["consent", "contract", "legal_obligation"])),
        channels=channels,
        priority=draw(st.integers(1, 3)),
        cool_down=draw(st.sampled_from([None, _DAY, 14 * _DAY])),
        offer=draw(st.none() | offers()),
        personalisation=draw(st.none() | personalisations()) if channels else None,
        owner_role=draw(st.sampled_from([None, "sales"])),
        counts_from=draw(st.sampled_from(["stage", "activity", "risk"])),
        after=draw(st.sampled_from([None, _DAY])),
        due_within=draw(st.sampled_from([None, _DAY, 7 * _DAY])),
        exempt=frozenset(draw(some([*inside, *(("caps", "quiet_hours") if channels else ())]))),
    )


def caps() -> st.SearchStrategy[Cap]:
    """Draw a frequency cap."""
    return st.builds(
        Cap,
        limit=st.integers(1, 3),
        window=st.sampled_from([_DAY, 7 * _DAY]),
        channel=st.sampled_from([None, *_CHANNELS]),
    )


def quiet_hours() -> st.SearchStrategy[QuietHours]:
    """Draw hours of a day or a night in which nobody is disturbed."""
    hours = st.sampled_from([("22:00", "08:00"), ("11:30", "13:00")])
    channels = some(_CHANNELS).map(frozenset)
    return st.builds(lambda at, by: QuietHours(at[0], at[1], by), hours, channels)


def care_dates() -> st.SearchStrategy[CareDate]:
    """Draw a birthday, on a leap day too, or a festival."""
    return st.sampled_from([_BIRTHDAY, _FESTIVAL])


def holdouts() -> st.SearchStrategy[Holdout]:
    """Draw a share for whom nothing is done."""
    return st.builds(Holdout, key=st.sampled_from(["k1", "k2"]), share=shares())


@st.composite
def playbooks(draw: st.DrawFn) -> Playbook:
    """Draw playbooks of one to four actions, with caps, quiet hours, care dates and a holdout.

    Returns
    -------
    SearchStrategy of Playbook

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import playbooks
    >>> @settings(max_examples=3)
    ... @given(playbooks())
    ... def test(book):
    ...     assert book.actions
    >>> test()
    """
    keys = _KEYS[: draw(st.integers(1, 4))]
    found = draw(st.lists(caps(), max_size=3, unique_by=lambda cap: (cap.channel, cap.window)))
    return Playbook(
        key="book",
        tz=draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])),
        actions=tuple(draw(actions(key)) for key in keys),
        caps=tuple(found),
        quiet_hours=tuple(draw(st.lists(quiet_hours(), max_size=2))),
        care_dates=tuple(draw(some([_BIRTHDAY, _FESTIVAL], most=2))),
        holdout=draw(st.none() | holdouts()),
    )
