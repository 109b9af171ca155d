"""Pictures of policies: what is drawn, that it parses, and how words are escaped."""

import re
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.clocks import Latency
from customerops.lifecycle.policy.drawing import diagram
from customerops.lifecycle.policy.reach import edges
from customerops.lifecycle.policy.stages import Stage
from tests.lifecycle.make import DAY
from tests.lifecycle.policies import POLICIES, contract, plain

STAGES = "|".join(Stage)
ARROW = re.compile(rf"    (\[\*\]|{STAGES}) --> ({STAGES}) : ((?:#\d+;|[^:;#\n])+)")
"""A transition of Mermaid's grammar: its text ends at a colon, a semicolon or the line's end."""
NODE = re.compile(rf"    ({STAGES})(?: \[shape=\w+\])?;")
EDGE = re.compile(rf'    ({STAGES}) -> ({STAGES}) \[label="(?:[^"\\]|\\.)*"\];')


@pytest.mark.parametrize("name", POLICIES)
def test_mermaid_draws_each_step_once(name: str) -> None:
    head, *lines = diagram(POLICIES[name], format="mermaid").splitlines()
    assert head == "stateDiagram-v2"
    ends = [line for line in lines if line == "    ERASED --> [*]"]
    drawn = [ARROW.fullmatch(line) for line in lines if line not in ends]
    assert all(drawn)
    pairs = [(m[1].replace("[*]", "UNKNOWN"), m[2]) for m in drawn if m]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == {(e.source, e.target) for e in edges(POLICIES[name])}
    assert len(ends) == any(target == "ERASED" for _, target in pairs)


@pytest.mark.parametrize("name", POLICIES)
def test_dot_draws_the_same(name: str) -> None:
    lines = diagram(POLICIES[name], format="dot").splitlines()
    assert lines[:3] == ["digraph lifecycle {", "    rankdir=LR;", "    node [shape=box];"]
    assert lines[-1] == "}"
    nodes = [m[1] for m in map(NODE.fullmatch, lines[3:-1]) if m]
    arrows = [(m[1], m[2]) for m in map(EDGE.fullmatch, lines[3:-1]) if m]
    assert len(nodes) + len(arrows) == len(lines) - 4
    pairs = {(e.source, e.target) for e in edges(POLICIES[name])}
    assert set(arrows) == pairs
    assert set(nodes) == {stage for pair in pairs for stage in pair}
    assert "    UNKNOWN [shape=point];" in lines


def test_by_hand() -> None:
    assert diagram(plain(activation_window=None)).splitlines() == [
        "stateDiagram-v2",
        "    [*] --> ACQUIRED : first seen",
        "    [*] --> ACTIVATED : the first qualifying interaction",
        "    [*] --> ERASED : erase",
        "    ACQUIRED --> ACTIVATED : the first qualifying interaction",
        "    ACQUIRED --> ERASED : erase",
        "    ACTIVATED --> RETAINED : the 2nd qualifying interaction of a life",
        "    ACTIVATED --> LAPSED : cancel, or 2 days without a qualifying interaction",
        "    ACTIVATED --> ERASED : erase",
        "    RETAINED --> LAPSED : cancel, or 2 days without a qualifying interaction",
        "    RETAINED --> ERASED : erase",
        "    LAPSED --> WON_BACK : a qualifying interaction",
        "    LAPSED --> LOST : 3 days after lapsing",
        "    LAPSED --> ERASED : erase",
        "    WON_BACK --> RETAINED : the 2nd qualifying interaction of a life",
        "    WON_BACK --> LAPSED : cancel, or 2 days without a qualifying interaction",
        "    WON_BACK --> ERASED : erase",
        "    LOST --> WON_BACK : a qualifying interaction",
        "    LOST --> ERASED : erase",
        "    ERASED --> [*]",
    ]


def test_lost_without_a_life_and_after_one() -> None:
    lines = diagram(plain()).splitlines()
    assert "    ACQUIRED --> LOST : 3 days without activation" in lines
    assert "    LOST --> ACTIVATED : the first qualifying interaction" in lines
    at_once = diagram(POLICIES["retained at once"]).splitlines()
    both = "the first qualifying interaction, or a qualifying interaction"
    assert f"    LOST --> RETAINED : {both}" in at_once


def test_a_contract() -> None:
    lines = diagram(contract()).splitlines()
    paid = "what is paid has run out (2 days a time, unless said) and 1 day of grace have passed"
    assert f"    ACTIVATED --> LAPSED : cancel, or {paid}" in lines
    assert "WON_BACK" not in diagram(POLICIES["contract nobody can begin"])


def test_words_are_escaped() -> None:
    """Semicolons and colons end a text in Mermaid, so they are written as its character codes."""
    clock = Latency(quantile=0.5, fallback=DAY * 1.00001, floor=DAY)
    mermaid, dot = (diagram(plain(clock=clock), format=how) for how in ("mermaid", "dot"))
    assert "(at least 1 day#59; 1 day, 0#58;00#58;00.864000 before" in mermaid
    assert "(at least 1 day; 1 day, 0:00:00.864000 before" in dot


@pytest.mark.parametrize(
    ("policy", "how", "message"),
    [
        (None, "mermaid", "policy must be a LifecyclePolicy: got None"),
        (plain(), "mermade", "format must be one of .* did you mean 'mermaid'"),
        (plain(), None, "format must be one of 'mermaid', 'dot': got None"),
    ],
    ids=["policy", "word", "none"],
)
def test_arguments_are_checked(policy: Any, how: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        diagram(policy, format=how)
