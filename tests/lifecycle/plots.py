"""Strategies for playbooks and for what is known of one customer."""

import datetime as dt
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
from customerops.model.records.records import Consent, Interaction
from tests.lifecycle.playbooks import DAY, HOUR, case, consent, contact

KEYS = ("a", "b", "c", "d")
CHANNELS = ("sms", "email", "push")
SITUATIONS = (
    WAKE,
    WAKE,
    WAKE,
    WIN_BACK,
    SAVE,
    Situation(),
    Situation(segments=frozenset({"vip"})),
    Situation(except_segments=frozenset({"vip"})),
    Situation(tiers=frozenset({"gold"})),
    Situation(due=frozenset({"party"})),
)
PARTY = CareDate(key="party", dates=(dt.date(2026, 3, 10),))


def some(values: Any, *, most: int, least: int = 0) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(values), unique=True, min_size=least, max_size=most)


def actions(key: str) -> st.SearchStrategy[Action]:
    return st.builds(
        Action,
        key=st.just(key),
        when=st.sampled_from(SITUATIONS),
        purpose=st.sampled_from(["marketing", "marketing", "news"]),
        basis=st.sampled_from(["consent", "consent", "contract"]),
        channels=some(CHANNELS, least=1, most=3),
        priority=st.integers(1, 3),
        cool_down=st.sampled_from([None, 2 * DAY, 5 * DAY]),
        offer=st.sampled_from([None, Offer(key="ten", percent=10)]),  # type: ignore[arg-type]
        personalisation=st.sampled_from(
            [
                None,
                Personalisation(explanation="why"),
                Personalisation(explanation="why", offer=Offer(key="gift"), asks="consent"),
            ]
        ),
        exempt=some(["caps", "complaints", "holdout", "quiet_hours"], most=2),
    )


@st.composite
def playbooks(draw: st.DrawFn, most: int = 4) -> Playbook:
    keys = KEYS[: draw(st.integers(1, most))]
    windows = st.tuples(st.sampled_from([None, *CHANNELS]), st.sampled_from([DAY, 3 * DAY]))
    return Playbook(
        key="book",
        tz=draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])),
        actions=tuple(draw(actions(key)) for key in keys),
        caps=tuple(
            Cap(limit=draw(st.integers(1, 3)), window=window, channel=channel)
            for channel, window in draw(st.lists(windows, unique=True, max_size=3))
        ),
        quiet_hours=tuple(
            QuietHours(
                *draw(st.sampled_from([("22:00", "08:00"), ("11:30", "13:00")])),
                channels=frozenset(where),
            )
            for where in draw(st.lists(some(CHANNELS, most=2), max_size=1))
        ),
        care_dates=(PARTY,),
        holdout=draw(st.sampled_from([None, None, Holdout(key="k", share=0.5)])),
    )


def consents() -> st.SearchStrategy[list[Consent]]:
    one = st.builds(
        lambda status, days, channel, purpose, lasts: consent(
            status,
            days,
            channel=channel,
            purpose=purpose,
            expires_at=None if lasts is None else consent("granted", days - lasts).at,
        ),
        st.sampled_from(["granted", "granted", "granted", "denied", "withdrawn"]),
        st.integers(-1, 6),
        st.sampled_from([None, None, *CHANNELS]),
        st.sampled_from(["marketing", "marketing", "news", "personalisation"]),
        st.sampled_from([None, None, 1, 4]),
    )
    return st.lists(one, max_size=6)


def contacts(most: int = 8) -> st.SearchStrategy[list[Interaction]]:
    one = st.builds(
        lambda hours, channel, key, direction: contact(
            hours * HOUR / DAY, channel, key, direction=direction
        ),
        st.sampled_from([*range(0, 150, 6), -6]),
        st.sampled_from([*CHANNELS, None]),
        st.sampled_from([*KEYS, None]),
        st.sampled_from(["outbound", "outbound", "outbound", "none"]),
    )
    return st.lists(one, max_size=most)


def complaints() -> st.SearchStrategy[list[Interaction]]:
    one = st.builds(
        case,
        st.integers(-1, 4),
        st.sampled_from(["case_open", "case_resolve", "case_reopen", "case_reply", "complain"]),
        st.sampled_from(["t-1", "t-2"]),
    )
    return st.one_of(st.just([]), st.lists(one, max_size=4))
