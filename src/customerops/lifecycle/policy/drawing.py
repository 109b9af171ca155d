"""A policy as a picture: its stages and what leads from one to the next, as text to render."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.reach import Edge, check_policy, edges
from customerops.lifecycle.policy.spans import tell
from customerops.lifecycle.policy.stages import ACTIVE, QUALIFYING, STAGES, Stage, Trigger
from customerops.model.values.checks import one_of

__all__ = ["diagram"]

_AGAIN = "a qualifying interaction"
_MERMAID = str.maketrans({";": "#59;", ":": "#58;"})  # either would end the text of an arrow


def diagram(policy: LifecyclePolicy, *, format: Literal["mermaid", "dot"] = "mermaid") -> str:  # noqa: A002
    """Return the state diagram of a policy as text.

    Parameters
    ----------
    policy : LifecyclePolicy
        Whose windows and criteria are written at the arrows.
    format : {"mermaid", "dot"}, optional
        Mermaid's ``stateDiagram-v2``, or the language of Graphviz.

    Returns
    -------
    str
        The stages that can be reached under the policy. ``UNKNOWN`` is where the picture begins.

    Raises
    ------
    InvalidInputError
        If `policy` is no LifecyclePolicy, or the format is not known.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, diagram
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(1)
    ... )
    >>> print(diagram(policy))
    stateDiagram-v2
        [*] --> ACQUIRED : first seen
        [*] --> RETAINED : the first qualifying interaction
        [*] --> ERASED : erase
        ACQUIRED --> RETAINED : the first qualifying interaction
        ACQUIRED --> ERASED : erase
        RETAINED --> LAPSED : cancel, or 30 days without a qualifying interaction
        RETAINED --> ERASED : erase
        LAPSED --> RETAINED : a qualifying interaction
        LAPSED --> ERASED : erase
        ERASED --> [*]
    """
    check_policy(policy)
    one_of("format", format, ("mermaid", "dot"))
    arrows: dict[tuple[Stage, Stage], list[str]] = {}
    for edge in sorted(edges(policy), key=lambda one: one.trigger is Trigger.TIMEOUT):
        words = arrows.setdefault((edge.source, edge.target), [])
        said = _words(edge, policy)
        if said not in words:
            words.append(said)
    labels = {pair: ", or ".join(arrows[pair]) for pair in sorted(arrows, key=_place)}
    draw: Callable[[dict[tuple[Stage, Stage], str]], list[str]]
    draw = _mermaid if format == "mermaid" else _dot
    return "\n".join(draw(labels))


def _place(pair: tuple[Stage, Stage]) -> tuple[int, int]:
    return STAGES.index(pair[0]), STAGES.index(pair[1])


def _words(edge: Edge, policy: LifecyclePolicy) -> str:
    """Return what leads along an edge."""
    source, trigger = edge.source, edge.trigger
    if trigger is Trigger.TIMEOUT:
        if source in ACTIVE:
            return policy.clock.describe()
        since = "after lapsing" if source is Stage.LAPSED else "without activation"
        return f"{tell(policy.windows[source])} {since}"
    if edge.target is Stage.ACQUIRED:
        return "first seen"
    if trigger in QUALIFYING:
        if source in ACTIVE:
            return policy.retention.describe()
        return policy.activation.describe() if edge.first else _AGAIN
    return trigger.name.lower()


def _mermaid(labels: dict[tuple[Stage, Stage], str]) -> list[str]:
    lines = ["stateDiagram-v2"]
    for (source, target), said in labels.items():
        start = "[*]" if source is Stage.UNKNOWN else str(source)
        lines.append(f"    {start} --> {target} : {said.translate(_MERMAID)}")
    if any(target is Stage.ERASED for _, target in labels):
        lines.append(f"    {Stage.ERASED} --> [*]")
    return lines


def _dot(labels: dict[tuple[Stage, Stage], str]) -> list[str]:
    shown = sorted({stage for pair in labels for stage in pair}, key=STAGES.index)
    lines = ["digraph lifecycle {", "    rankdir=LR;", "    node [shape=box];"]
    for stage in shown:
        shape = {Stage.UNKNOWN: "point", Stage.ERASED: "doublecircle"}.get(stage)
        lines.append(f"    {stage};" if shape is None else f"    {stage} [shape={shape}];")
    for (source, target), said in labels.items():
        lines.append(f'    {source} -> {target} [label="{said}"];')
    return [*lines, "}"]
