"""A look over policies: what is out of reach and why, where they end, which windows are which."""

import pickle
from typing import Any

import attrs
import pytest

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.audit import _acyclic, check
from customerops.lifecycle.policy.clocks import Inactivity, Latency
from customerops.lifecycle.policy.criteria import NWithin, TenureInLife
from customerops.lifecycle.policy.reach import Edge
from customerops.lifecycle.policy.spans import Days
from customerops.lifecycle.policy.stages import Stage, Trigger
from tests.lifecycle.make import DAY
from tests.lifecycle.policies import POLICIES, plain

AT_ONCE = "every life is retained at once"
NO_WINDOW = "neither winback_window nor activation_window is given"
NOTHING = "no kind of interaction qualifies"

UNREACHABLE: dict[str, dict[str, str]] = {
    "retained at once": {"ACTIVATED": AT_ONCE, "WON_BACK": AT_ONCE},
    "second, retained at once": {"ACTIVATED": AT_ONCE, "WON_BACK": AT_ONCE},
    "contract, retained at once": {"ACTIVATED": AT_ONCE, "WON_BACK": AT_ONCE},
    "no windows": {"LOST": NO_WINDOW},
    "no erase": {"ERASED": "no kind of interaction means erase"},
    "contract nobody can begin": {
        **dict.fromkeys(["ACTIVATED", "RETAINED", "LAPSED", "WON_BACK", "LOST"], NOTHING),
        "ERASED": "no kind of interaction means erase",
    },
    "contract never begun": dict.fromkeys(
        ["ACTIVATED", "RETAINED", "LAPSED", "WON_BACK"], NOTHING
    ),
}


@pytest.mark.parametrize("name", POLICIES)
def test_every_stage_is_reached_or_it_says_why(name: str) -> None:
    found = check(POLICIES[name])
    assert {str(s): why for s, why in found.unreachable.items()} == UNREACHABLE.get(name, {})
    assert {*found.reachable, *found.unreachable} == set(Stage)
    assert not set(found.reachable) & set(found.unreachable)
    assert found.acyclic
    ends = {"contract nobody can begin": ("ACQUIRED",), "contract never begun": ("ERASED",)}
    assert found.absorbing == ends.get(name, () if name == "no erase" else ("ERASED",))
    assert found.sound == (name != "contract nobody can begin")
    assert pickle.loads(pickle.dumps(found)) == found


def test_windows_of_two_sorts() -> None:
    found = check(POLICIES["mixed windows"])
    assert found.exact == ("clock.window", "at_risk.after", "activation_window")
    assert found.calendar == ("winback_window",)
    sorts = "clock.window, at_risk.after, activation_window exact, winback_window of the calendar"
    assert found.sound
    assert found.remarks == (f"windows are of two sorts: {sorts}",)
    assert found.describe() == f"{found.remarks[0]}."
    assert check(POLICIES["calendar windows"]).exact == ()
    rich = plain(
        clock=Latency(quantile=0.5, fallback=DAY, floor=DAY, cap=2 * DAY),
        activation=NWithin(2, Days(3)),
        retention=TenureInLife(Days(9)),
        settle_after=DAY,
    )
    found = check(rich)
    assert found.calendar == ("activation.window", "retention.tenure")
    assert found.exact == (
        "clock.fallback",
        "clock.floor",
        "clock.cap",
        "activation_window",
        "winback_window",
        "settle_after",
    )
    terms = check(POLICIES["contract"]).exact
    assert terms == ("clock.grace", "clock.term", "winback_window")


def test_what_is_never_left() -> None:
    found = check(POLICIES["contract nobody can begin"])
    assert found.problems == ("ACQUIRED is never left",)
    assert found.describe().splitlines()[-1] == "ACQUIRED is never left."


def test_nothing_amiss() -> None:
    found = check(plain())
    assert found.sound
    assert found.describe() == "Every stage is reached, and nothing is amiss."


def test_circles_of_timeouts() -> None:
    """The table has none; that it would be seen is tested on steps made up."""
    steps = tuple(
        Edge(source, target, Trigger.TIMEOUT, first=False)
        for source, target in (
            (Stage.ACTIVATED, Stage.LAPSED),
            (Stage.LAPSED, Stage.LOST),
            (Stage.LOST, Stage.LAPSED),
        )
    )
    assert _acyclic(steps[:2])
    assert not _acyclic(steps)
    back = Edge(Stage.LOST, Stage.LAPSED, Trigger.ACTIVITY, first=False)
    assert _acyclic((*steps[:2], back))
    found: Any = attrs.evolve(check(plain()), acyclic=False)
    assert found.problems == ("timeouts lead back to where they began",)


def test_the_argument_is_checked() -> None:
    clock: Any = Inactivity(DAY)
    with pytest.raises(
        InvalidInputError, match="policy must be a LifecyclePolicy: got Inactivity"
    ):
        check(clock)
