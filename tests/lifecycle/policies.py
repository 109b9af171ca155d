"""Policies of every make, with windows of a few days."""

import datetime as dt
from typing import Any

from customerops.lifecycle.policy.clocks import Contract, Inactivity, Latency
from customerops.lifecycle.policy.criteria import (
    AtRisk,
    KthInLife,
    NthQualifying,
    NWithin,
    TenureInLife,
)
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import Days, Months
from customerops.model.values.calendar import Calendar
from tests.lifecycle.make import DAY

UTC = Calendar(dt.UTC)


def plain(**changes: Any) -> LifecyclePolicy:
    parts: dict[str, Any] = {
        "qualifies": "purchase",
        "clock": Inactivity(2 * DAY),
        "retention": KthInLife(2),
        "winback_window": 3 * DAY,
        "activation_window": 3 * DAY,
        "calendar": UTC,
    }
    return LifecyclePolicy(**{**parts, **changes})


def contract(**changes: Any) -> LifecyclePolicy:
    parts: dict[str, Any] = {
        "clock": Contract(term=2 * DAY, grace=DAY),
        "retention": KthInLife(2),
        "winback_window": 3 * DAY,
    }
    return LifecyclePolicy(**{**parts, **changes})


POLICIES: dict[str, LifecyclePolicy] = {
    "plain": plain(),
    "event first": plain(boundary="event_first"),
    "retained at once": plain(retention=KthInLife(1)),
    "retained by tenure": plain(retention=TenureInLife(DAY)),
    "no windows": plain(winback_window=None, activation_window=None),
    "no win-back": plain(winback_window=None),
    "no activation window": plain(activation_window=None),
    "activated by the second": plain(activation=NthQualifying(2)),
    "activated by two in time": plain(activation=NWithin(2, 2 * DAY)),
    "second, retained at once": plain(activation=NthQualifying(2), retention=KthInLife(1)),
    "latency": plain(clock=Latency(quantile=0.9, fallback=2 * DAY, min_intervals=1, cap=3 * DAY)),
    "settling": plain(settle_after=DAY / 2),
    "no erase": plain(events={"erase": "activity"}),
    "no cancel": plain(events={"cancel": "acquire"}),
    "calendar windows": plain(
        clock=Inactivity(Days(2)), winback_window=Days(3), activation_window=Days(3)
    ),
    "mixed windows": plain(winback_window=Months(1), at_risk=AtRisk(after=DAY)),
    "contract": contract(),
    "contract, retained at once": contract(retention=KthInLife(1)),
    "contract without grace": contract(clock=Contract(term=2 * DAY)),
    "contract, cancels at the end alone": contract(events={"cancel": "activity"}),
    "contract, no grace, cancels at the end alone": contract(
        clock=Contract(term=2 * DAY), events={"cancel": "activity"}
    ),
    "contract nobody can begin": contract(
        events={"start": "activity", "renew": "activity", "erase": "activity"}
    ),
    "contract never begun": contract(
        events={"start": "activity", "renew": "activity"}, activation_window=DAY
    ),
}
