"""Playbooks as data: what they refuse, what they prepare, and that they survive being written."""

import datetime as dt
import json
import pickle
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given

from customerops.errors import InvalidInputError
from customerops.lifecycle.playbook.care import CareDate
from customerops.lifecycle.playbook.limits import Cap, Holdout, QuietHours
from customerops.lifecycle.playbook.playbook import Playbook
from customerops.lifecycle.playbook.plays import Offer, Personalisation, Situation
from customerops.lifecycle.policy.stages import Stage
from tests.lifecycle.playbooks import action, playbook
from tests.lifecycle.plots import playbooks

DAY = dt.timedelta(days=1)
NIGHT = QuietHours("22:00", "08:00")
DAYTIME = QuietHours("08:00", "22:00", channels={"sms"})  # type: ignore[arg-type]
MAY_DAY = CareDate(key="may_day", dates=["2026-05-01"])
TEN, TWELVE = (Offer(key=key, percent=Decimal(n)) for key, n in (("ten", 10), ("twelve", 12)))


class Own(dt.tzinfo):
    """A zone without a name."""

    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(hours=1)

    def dst(self, when: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(0)

    def tzname(self, when: dt.datetime | None) -> str:
        return "own"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": ""}, "key must not be empty"),
        ({"tz": "Nowhere"}, "tz must be the name of a time zone"),
        ({"tz": Own()}, "tz must have a key to be written: got Own"),
        ({"actions": action()}, "actions must be a tuple: got Action"),
        ({"actions": ["wake"]}, r"actions\[0\] must be an Action: got str"),
        (
            {"actions": [action("a"), action("b"), action("a")]},
            r"actions\[2\] must have a key of its own: one before it has the same",
        ),
        ({"caps": [3]}, r"caps\[0\] must be a Cap: got int"),
        (
            {"caps": [Cap(limit=3, window=DAY), Cap(limit=2, window=DAY)]},
            r"caps\[1\] must have a channel and window of its own",
        ),
        (
            {"quiet_hours": [("22:00", "08:00")]},
            r"quiet_hours\[0\] must be a QuietHours: got tuple",
        ),
        (
            {"quiet_hours": [NIGHT, DAYTIME]},
            "quiet_hours must leave some of the day: a channel has none",
        ),
        ({"care_dates": [MAY_DAY, MAY_DAY]}, r"care_dates\[1\] must have a key of its own"),
        ({"holdout": 0.1}, "holdout must be a Holdout: got float"),
        (
            {"actions": [action(when=Situation(due={"mayday"}))], "care_dates": [MAY_DAY]},  # type: ignore[arg-type]
            r"actions\[0\]\.when\.due must name care dates of the playbook: got 'mayday', did you mean 'may_day'",
        ),
        (
            {
                "actions": [
                    action("a", offer=TEN),
                    action("b", offer=attrs.evolve(TWELVE, key="ten")),
                ]
            },
            r"actions\[1\] must mean one offer by one key: another has the same",
        ),
        (
            {
                "actions": [
                    action(
                        offer=TEN,
                        personalisation=Personalisation(
                            explanation="why", offer=attrs.evolve(TWELVE, key="ten")
                        ),
                    )
                ]
            },
            r"actions\[0\] must mean one offer by one key",
        ),
    ],
)
def test_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        playbook(**changes)


def test_what_is_not_wrong() -> None:
    email = action("a", channels=("email",), offer=TEN)
    book = playbook(
        email,
        action("b", channels=("email",), offer=TEN),
        quiet_hours=[NIGHT, DAYTIME],  # no action goes by sms
        caps=[
            Cap(limit=3, window=DAY),
            Cap(limit=3, window=2 * DAY),
            Cap(limit=3, window=DAY, channel="sms"),
        ],
    )
    assert book.quiet_by_channel == {"email": (NIGHT,)}
    assert playbook(actions=[]).by_stage == {}


def test_the_zone_by_name_or_by_itself() -> None:
    for tz in ("Asia/Shanghai", ZoneInfo("Asia/Shanghai")):
        book = playbook(tz=tz)
        assert (book.tz, book.zone) == ("Asia/Shanghai", ZoneInfo("Asia/Shanghai"))
    assert playbook(tz=dt.timezone(8 * dt.timedelta(hours=1))).tz == "+08:00"


def test_what_is_prepared() -> None:
    last, first, inside = (
        action("last", priority=2),
        action("first", when=Situation()),
        action("inside", channels=(), when=Situation(stages={"UNKNOWN"})),  # type: ignore[arg-type]
    )
    caps = [Cap(limit=3, window=DAY, channel="push"), Cap(limit=5, window=DAY)]
    book = playbook(last, inside, first, caps=caps, quiet_hours=[NIGHT])
    assert book.by_stage["LAPSED"] == (first, last)
    assert book.by_stage["UNKNOWN"] == (inside,)
    assert set(book.by_stage) == set(Stage) - {"ERASED"}
    assert book.caps_by_channel == {"sms": (1,)}
    assert book.cap_sentences[1] == "frequency cap: 5 contacts in 1 day"
    with pytest.raises(TypeError):
        book.by_stage["LOST"] = ()  # type: ignore[index]


def test_equal_priorities_keep_the_order_of_the_playbook() -> None:
    keys = [one.key for one in playbook(*map(action, "zay")).by_stage["LAPSED"]]
    assert keys == ["z", "a", "y"]


def test_written_by_another_version() -> None:
    written = playbook().to_dict()
    with pytest.raises(InvalidInputError, match=r"Playbook\.schema must be 1"):
        Playbook.from_dict({**written, "schema": 2})
    with pytest.raises(InvalidInputError, match=r"Playbook\.holdout must be given"):
        Playbook.from_dict({key: value for key, value in written.items() if key != "holdout"})
    written["actions"][0]["when"]["stages"] = ["LAPST"]
    with pytest.raises(InvalidInputError, match=r"actions\[0\]\.when\.stages must be one of"):
        Playbook.from_dict(written)


@given(playbooks())
def test_they_survive_being_written(book: Playbook) -> None:
    again = Playbook.from_dict(json.loads(json.dumps(book.to_dict())))
    assert again == book == pickle.loads(pickle.dumps(book))
    assert hash(again) == hash(book)
    assert again.to_dict() == book.to_dict()
    assert again.by_stage == book.by_stage


def test_a_holdout_tells_playbooks_apart() -> None:
    assert playbook(holdout=Holdout(key="k", share=0.1)) != playbook()
