"""The table of the machine, read against the 27 steps written out by hand."""

from itertools import product

import pytest

from customerops.lifecycle.policy.stages import (
    ACTIVE,
    QUALIFYING,
    STAGES,
    TABLE,
    TARGETS,
    TRANSITIONS,
    Cause,
    Stage,
    Trigger,
)

BY_HAND = """
    UNKNOWN ACQUIRED event      UNKNOWN ACTIVATED event     UNKNOWN RETAINED event
    ACQUIRED ACTIVATED event    ACQUIRED RETAINED event     ACQUIRED LOST timeout
    ACTIVATED RETAINED event    ACTIVATED LAPSED event      ACTIVATED LAPSED timeout
    RETAINED LAPSED event       RETAINED LAPSED timeout
    WON_BACK RETAINED event     WON_BACK LAPSED event       WON_BACK LAPSED timeout
    LAPSED WON_BACK event       LAPSED RETAINED event       LAPSED LOST timeout
    LOST WON_BACK event         LOST RETAINED event         LOST ACTIVATED event
    UNKNOWN ERASED event        ACQUIRED ERASED event       ACTIVATED ERASED event
    RETAINED ERASED event       LAPSED ERASED event         WON_BACK ERASED event
    LOST ERASED event
"""


def test_the_legal_transitions_are_those_27() -> None:
    words = BY_HAND.split()
    triples = set(zip(words[::3], words[1::3], words[2::3], strict=True))
    assert len(triples) == 27
    assert {tuple(map(str, triple)) for triple in TRANSITIONS} == triples


def test_every_input_has_a_target() -> None:
    both = (False, True)
    assert set(TARGETS) == set(product(Stage, Trigger, both, both))


def test_what_has_no_row_leaves_the_stage() -> None:
    rows = {
        (source, trigger) for row in TABLE for source in row.sources for trigger in row.triggers
    }
    for (stage, trigger, _, _), target in TARGETS.items():
        if (stage, trigger) not in rows:
            assert target is stage


def test_only_erased_absorbs() -> None:
    leaving = {source for source, _, _ in TRANSITIONS}
    assert set(Stage) - leaving == {Stage.ERASED}


def test_timeouts_end() -> None:
    after = {source: target for source, target, cause in TRANSITIONS if cause is Cause.TIMEOUT}
    longest = 0
    for stage in Stage:
        steps, at = 0, stage
        while at in after:
            steps, at = steps + 1, after[at]
        longest = max(longest, steps)
    assert longest == 2


def test_the_order_of_one_instant() -> None:
    assert [trigger.name.lower() for trigger in sorted(Trigger)] == [
        "timeout",
        *["acquire", "trial", "start", "renew", "renew_through", "sighting", "activity"],
        *["payment_failed", "refund", "pause", "resume"],
        *["cancel_at_period_end", "cancel", "erase"],
    ]


def test_stages_are_their_names_and_codes() -> None:
    assert STAGES[0] is Stage.UNKNOWN
    assert [str(stage) for stage in STAGES] == [stage.name for stage in Stage]
    assert {"ACTIVATED", "RETAINED", "WON_BACK"} == ACTIVE


@pytest.mark.parametrize(
    ("stage", "met", "first", "target"),
    [
        ("UNKNOWN", False, True, "ACTIVATED"),
        ("UNKNOWN", True, True, "RETAINED"),
        ("ACQUIRED", False, True, "ACTIVATED"),
        ("LOST", False, True, "ACTIVATED"),
        ("LOST", False, False, "WON_BACK"),
        ("LOST", True, True, "RETAINED"),
        ("LOST", True, False, "RETAINED"),
        ("LAPSED", False, False, "WON_BACK"),
        ("LAPSED", True, False, "RETAINED"),
        ("WON_BACK", False, False, "WON_BACK"),
        ("WON_BACK", True, False, "RETAINED"),
        ("RETAINED", True, False, "RETAINED"),
        ("ERASED", True, True, "ERASED"),
    ],
)
def test_what_a_qualifying_activity_does(stage: str, met: bool, first: bool, target: str) -> None:
    for trigger in QUALIFYING:
        assert TARGETS[Stage(stage), trigger, met, first] == target


@pytest.mark.parametrize("trigger", sorted(set(Trigger) - QUALIFYING - {Trigger.TIMEOUT}))
def test_what_does_not_qualify_makes_known_at_most(trigger: Trigger) -> None:
    ends = {Trigger.CANCEL: Stage.LAPSED, Trigger.ERASE: Stage.ERASED}
    for stage in Stage:
        target = TARGETS[stage, trigger, False, False]
        if stage is Stage.UNKNOWN and trigger is not Trigger.ERASE:
            assert target is Stage.ACQUIRED
        elif stage in ACTIVE or trigger is Trigger.ERASE:
            assert target is (ends.get(trigger, stage))
        else:
            assert target is stage
