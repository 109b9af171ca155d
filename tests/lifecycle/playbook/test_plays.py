"""Situations, offers and actions: what they refuse, and that they survive being written."""

import datetime as dt
import json
import pickle
from decimal import Decimal
from typing import Any

import attrs
import pytest

from customerops.errors import InvalidInputError
from customerops.lifecycle.playbook.plays import (
    SAVE,
    WAKE,
    WIN_BACK,
    Action,
    Offer,
    Personalisation,
    Situation,
)
from customerops.lifecycle.policy.stages import Stage
from customerops.model.records.base import Record
from customerops.model.values.money import Money
from tests.lifecycle.playbooks import action

DAY = dt.timedelta(days=1)
FORM = Personalisation(explanation="chosen by what you bought last")

WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (Situation, {"stages": "LAPSED"}, "stages must be a set: got str"),
    (Situation, {"stages": {"LAPSE"}}, "stages must be one of .*did you mean 'LAPSED'"),
    (Situation, {"stages": {"ERASED"}}, "stages must be one of 'UNKNOWN', 'ACQUIRED'"),
    (Situation, {"contract": {"grase"}}, "contract must be one of .*did you mean 'grace'"),
    (Situation, {"at_risk": 1}, "at_risk must be True or False: got int"),
    (Situation, {"segments": {""}}, r"segments\[0\] must not be empty"),
    (Offer, {"key": ""}, "key must not be empty"),
    (Offer, {"key": "o", "percent": 0}, "percent must lie above 0 and at most at 100"),
    (Offer, {"key": "o", "percent": "100.5"}, "percent must lie above 0 and at most at 100"),
    (Offer, {"key": "o", "percent": 0.1}, "percent must be a Decimal, an int or a str"),
    (Offer, {"key": "o", "amount": Money(0, "EUR")}, "amount must be above 0: it is not"),
    (
        Offer,
        {"key": "o", "amount": Money(1, "EUR"), "percent": 1},
        "amount must be left out: the offer has a percentage",
    ),
    (Personalisation, {"explanation": ""}, "explanation must not be empty"),
    (
        Personalisation,
        {"explanation": "x", "asks": "nobody"},
        "asks must be one of 'refusal', 'con",
    ),
    (action, {"key": ""}, "key must not be empty"),
    (action, {"purpose": ""}, "purpose must not be empty"),
    (
        action,
        {"basis": "interest"},
        "basis must be one of 'consent', 'contract', 'legal_obligation'",
    ),
    (action, {"priority": 0}, "priority must be at least 1: got less"),
    (action, {"channels": ("sms", "email", "sms")}, "channels must not name a channel twice"),
    (action, {"cool_down": 0 * DAY}, "cool_down must be longer than zero"),
    (action, {"cool_down": 36526 * DAY}, "cool_down must be at most 36525 days"),
    (action, {"after": 36526 * DAY}, "after must be at most 36525 days"),
    (action, {"due_within": 36526 * DAY}, "due_within must be at most 36525 days"),
    (action, {"after": 2 * DAY, "due_within": DAY}, "due_within must not be shorter than after"),
    (action, {"counts_from": "birth"}, "counts_from must be one of 'stage', 'activity', 'risk'"),
    (action, {"exempt": {"cap"}}, r"exempt\[0\] must be one of .*did you mean 'caps'"),
    (
        action,
        {"when": Situation(due={"birthday"}), "after": DAY},  # type: ignore[arg-type]
        "after and due_within must be left out: a care date is due on its day",
    ),
    (
        action,
        {"when": Situation(due={"birthday"}), "due_within": DAY},  # type: ignore[arg-type]
        "after and due_within must be left out",
    ),
    (
        action,
        {"when": Situation(due={"birthday"}), "counts_from": "risk"},  # type: ignore[arg-type]
        "counts_from must be left out: a care date",
    ),
    (
        action,
        {"channels": (), "personalisation": FORM},
        "personalisation must be left out: without channels it reaches nobody",
    ),
    (action, {"channels": (), "exempt": {"caps"}}, "exempt must not name caps or quiet_hours"),
    (action, {"channels": (), "exempt": {"quiet_hours"}}, "they hold back messages only"),
]


@pytest.mark.parametrize(("kind", "fields", "message"), WRONG)
def test_refused_by_name(kind: Any, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        kind(**fields)


def test_what_lies_just_inside_is_taken() -> None:
    assert Offer(key="free", percent=100).percent == 100  # type: ignore[arg-type]
    assert action(after=DAY, due_within=DAY).due_within == DAY
    assert action(channels=(), exempt={"holdout", "complaints"}).exempt == {
        "holdout",
        "complaints",
    }
    assert action(cool_down=36525 * DAY).cool_down == 36525 * DAY


def test_the_verbs() -> None:
    assert WAKE.asked_stages == {Stage.LAPSED}
    assert WIN_BACK.asked_stages == {Stage.LOST}
    assert WIN_BACK.ever_active is True
    assert SAVE.asked_stages == {Stage.ACTIVATED, Stage.RETAINED, Stage.WON_BACK}
    assert SAVE.at_risk is True


def test_any_stage_is_any_but_those_out_of_sight() -> None:
    assert Situation().asked_stages == set(Stage) - {Stage.UNKNOWN, Stage.ERASED}
    assert Situation(stages={Stage.UNKNOWN}).asked_stages == {"UNKNOWN"}  # type: ignore[arg-type]


RECORDS: list[Record] = [
    SAVE,
    attrs.evolve(WAKE, segments=frozenset({"vip", "小程序"}), tiers=frozenset({"gold"})),
    Situation(contract=frozenset({"grace"})),
    Situation(
        except_segments=frozenset({"staff"}), pending_cancel=False, due=frozenset({"birthday"})
    ),
    Offer(key="ten", percent=Decimal("10.5")),
    Offer(key="five", amount=Money("5.00", "EUR")),
    Personalisation(explanation="why", offer=Offer(key="gift"), asks="consent"),
    action(),
    Action(
        key="all",
        when=SAVE,
        purpose="marketing",
        basis="contract",
        channels=("wecom", "sms"),
        priority=3,
        cool_down=dt.timedelta(microseconds=1),
        offer=Offer(key="ten", percent=Decimal(10)),
        personalisation=FORM,
        owner_role="success",
        counts_from="risk",
        after=DAY,
        due_within=3 * DAY,
        exempt=frozenset({"caps", "holdout"}),
    ),
]


@pytest.mark.parametrize("record", RECORDS)
def test_they_survive_being_written(record: Record) -> None:
    again = type(record).from_dict(json.loads(json.dumps(record.to_dict())))
    assert again == record == pickle.loads(pickle.dumps(record))
    assert hash(again) == hash(record)
    assert again.to_dict() == record.to_dict()
