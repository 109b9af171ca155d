"""What a decision says: in words, in codes, in JSON, and when to ask again."""

import datetime as dt
import json
import pickle
import uuid
from decimal import Decimal

import pytest

from customerops.lifecycle.playbook.decisions import (
    Approval,
    Decision,
    Reason,
    ReasonCode,
    Refusal,
)
from customerops.lifecycle.playbook.plays import Offer
from customerops.lifecycle.policy.stages import Stage
from tests.lifecycle.playbooks import DAY, NOW, action

CAP, QUIET = ReasonCode.FREQUENCY_CAP, ReasonCode.QUIET_HOURS
COOL, HOLD, NO = ReasonCode.COOL_DOWN, ReasonCode.HOLDOUT, ReasonCode.NO_PERMISSION


def reason(code: ReasonCode, days: float | None = None, channel: str | None = None) -> Reason:
    return Reason(code, f"{code} {days}", channel, None if days is None else NOW + days * DAY)


def refusal(*reasons: Reason) -> Refusal:
    return Refusal(action(), reasons)


def decision(*refused: Refusal, allowed: tuple[Approval, ...] = ()) -> Decision:
    return Decision(
        customer_id="c-9",
        as_of=NOW,
        stage=Stage.LAPSED,
        held_out=False,
        allowed=allowed,
        refused=refused,
    )


@pytest.mark.parametrize(
    ("reasons", "days"),
    [
        ([reason(COOL, 3)], 3),
        ([reason(HOLD)], None),
        ([reason(HOLD), reason(COOL, 3)], None),
        ([reason(CAP, 2, "sms")], 2),
        ([reason(CAP, 2, "sms"), reason(QUIET, 1, "sms")], 2),  # all of a channel
        ([reason(CAP, 2, "sms"), reason(QUIET, 1, "email")], 1),  # one channel will do
        ([reason(NO, None, "sms"), reason(QUIET, 1, "email")], 1),
        ([reason(NO, None, "sms"), reason(CAP, 2, "sms"), reason(CAP, 5, "email")], 5),
        ([reason(NO, None, "sms"), reason(CAP, 2, "sms")], None),
        ([reason(COOL, 3), reason(CAP, 2, "sms")], 3),
        ([reason(COOL, 1), reason(CAP, 2, "sms")], 2),
        ([reason(COOL, 1), reason(NO, None, "sms")], None),
        ([reason(HOLD), reason(CAP, 2, "sms")], None),
    ],
)
def test_when_to_ask_again(reasons: list[Reason], days: float | None) -> None:
    expected = None if days is None else NOW + days * DAY
    assert refusal(*reasons).retry_at == expected


def test_a_decision_is_asked_again_at_the_first_of_its_refusals() -> None:
    later, sooner = refusal(reason(COOL, 3)), refusal(reason(COOL, 2))
    assert decision(later, sooner, refusal(reason(HOLD))).retry_at == NOW + 2 * DAY
    assert decision(refusal(reason(HOLD))).retry_at is None
    assert decision().retry_at is None


def test_each_sentence_once() -> None:
    night = [Reason(QUIET, "quiet hours until 08:00", channel) for channel in ("sms", "push")]
    one = refusal(Reason(HOLD, "holdout group"), *night)
    assert one.reason == "holdout group; quiet hours until 08:00"
    assert one.codes == {"holdout", "quiet_hours"}
    assert one.key == "wake"


def test_plain_json() -> None:
    approval = Approval(
        action=action(),
        channel="sms",
        basis="consent",
        personalised=True,
        offer=Offer(key="ten", percent=Decimal(10)),
        explanation="why",
        due_at=NOW,
    )
    bare = Approval(
        action=action("inside", channels=()),
        channel=None,
        basis=None,
        personalised=False,
        offer=None,
        explanation=None,
        due_at=None,
    )
    told = decision(refusal(reason(CAP, 1, "sms")), allowed=(approval, bare))
    assert json.loads(json.dumps(told.to_dict())) == {
        "customer_id": "c-9",
        "as_of": "2026-03-10T12:00:00.000000Z",
        "stage": "LAPSED",
        "held_out": False,
        "allowed": [
            {
                "key": "wake",
                "channel": "sms",
                "basis": "consent",
                "personalised": True,
                "offer": {"schema": 1, "key": "ten", "percent": "10", "amount": None},
                "explanation": "why",
                "due_at": "2026-03-10T12:00:00.000000Z",
            },
            {
                "key": "inside",
                "channel": None,
                "basis": None,
                "personalised": False,
                "offer": None,
                "explanation": None,
                "due_at": None,
            },
        ],
        "refused": [
            {
                "key": "wake",
                "reasons": [
                    {
                        "code": "frequency_cap",
                        "sentence": "frequency_cap 1",
                        "channel": "sms",
                        "until": "2026-03-11T12:00:00.000000Z",
                    }
                ],
            }
        ],
    }
    assert pickle.loads(pickle.dumps(told)) == told
    assert hash(told) == hash(pickle.loads(pickle.dumps(told)))


def test_an_id_that_is_a_uuid() -> None:
    one = uuid.UUID(int=7)
    told = Decision(
        customer_id=one,
        as_of=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        stage=Stage.LOST,
        held_out=True,
        allowed=(),
        refused=(),
    )
    assert told.to_dict()["customer_id"] == {"$uuid": str(one)}
