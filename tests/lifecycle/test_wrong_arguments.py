"""What is no collection, no record or beyond all time is refused by name, or simply never ends."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from customerops import Calendar, Customer, Interaction, InteractionLog, lifecycle
from customerops.errors import InvalidInputError
from customerops.model import permitted
from tests.lifecycle.make import DAY, START

WRONG: Any = None
POLICY = lifecycle.LifecyclePolicy(
    qualifies="purchase", clock=lifecycle.Inactivity(30 * DAY), retention=lifecycle.KthInLife(2)
)
ANN = Customer(id=1, created_at=START)
BOUGHT = Interaction(customer_id=1, at=START, kind="purchase")
DATE: Any = {"day": dt.date(2026, 3, 1), "tz": "UTC"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lifecycle.replay(WRONG, POLICY, as_of=START), "interactions must be an iterable"),
        (
            lambda: permitted(WRONG, purpose="marketing", channel="sms", at=START),
            "consents must be an iterable of values: got None",
        ),
        (lambda: lifecycle.due_on(ANN, dates=WRONG, **DATE), "dates must be an iterable"),
        (
            lambda: lifecycle.due_on(ANN, dates=["ab"], **DATE),  # type: ignore[list-item]
            r"dates\[0\] must be a CareDate: got str",
        ),
        (lambda: lifecycle.price_differences(WRONG, by={}), "decisions must be an iterable"),
        (lambda: lifecycle.NES(cycle=DAY).cell(WRONG, START), "purchases must be an iterable"),
    ],
    ids=["replay", "permitted", "due_on", "due_on one", "price_differences", "NES"],
)
def test_refused_by_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_a_window_longer_than_time_never_closes() -> None:
    policy = lifecycle.LifecyclePolicy(
        qualifies="purchase",
        clock=lifecycle.Latency(quantile=0.5, fallback=dt.timedelta.max),
        retention=lifecycle.KthInLife(2),
        boundary="event_first",
    )
    assert lifecycle.step(None, BOUGHT, policy).state.due_at is None
    log = InteractionLog.from_interactions([BOUGHT], calendar=Calendar("UTC"))
    assert lifecycle.replay_log(log, policy, as_of=START).states().due_at.tolist() == [2**61]
    users = lifecycle.active_user_states(
        log, activity="purchase", windows=(7, 2**62), as_of=START + 400 * DAY
    )
    assert (users.mau[-1], users.wau[-1]) == (1, 0)


def test_a_window_that_closes_with_time_itself() -> None:
    last = dt.datetime.max.replace(tzinfo=dt.UTC)
    policy = lifecycle.LifecyclePolicy(
        qualifies="purchase",
        clock=lifecycle.Latency(quantile=0.5, fallback=last - START),
        retention=lifecycle.KthInLife(2),
        boundary="event_first",
    )
    assert lifecycle.step(None, BOUGHT, policy).state.due_at is None
