"""The merge log: every join and every refused join, with what it rests on."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from customerops.model.identity.evidence import Evidence, Fate
from customerops.model.identity.joining import Heard, Union
from customerops.model.identity.rules import IdentityRules, Link, SharedIdentifier
from customerops.model.values import html
from customerops.model.values.checks import Id

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["IdentityJoin", "IdentityTie", "MergeLog", "RefusedJoin", "log_of", "path"]

Cause = Literal["unique identifier", "split", "blocked", "too many", "distrusted", "weak"]

_CAUSES: dict[Fate, Cause] = {
    Fate.SEPARATE: "unique identifier",
    Fate.SPLIT: "split",
    Fate.BLOCKED: "blocked",
    Fate.TOO_MANY: "too many",
    Fate.DISTRUSTED: "distrusted",
    Fate.WEAK: "weak",
}


@attrs.frozen(kw_only=True, repr=False)
class IdentityJoin:
    """Two clusters that became one.

    Attributes
    ----------
    evidence : SharedIdentifier or Link
        What joined them; its `type` is the rule.
    records : tuple of two ids
        Two records that share it, one of each cluster.
    clusters : tuple of two ids
        The clusters, each by the smallest record it then had; the joined one keeps the first.
    """

    evidence: SharedIdentifier | Link
    records: tuple[Id, Id]
    clusters: tuple[Id, Id]

    def __repr__(self) -> str:
        """Return the evidence's type, and no id."""
        return f"IdentityJoin(evidence={self.evidence!r})"


@attrs.frozen(kw_only=True, repr=False)
class RefusedJoin:
    """Evidence that several records share and that was not taken.

    Attributes
    ----------
    evidence : SharedIdentifier or Link
        What they share.
    cause : str
        "unique identifier": it would have joined different values of a separating type. "split":
        somebody decided that they are two. "blocked", "too many" (holders), "distrusted", "weak"
        (a link below its rule's weight): it is no evidence.
    reason : str
        The same in a sentence, without an id or a value.
    records : tuple of ids
        Who shares it, in order. Some of them may be one by other evidence.
    """

    evidence: SharedIdentifier | Link
    cause: Cause
    reason: str
    records: tuple[Id, ...]

    def __repr__(self) -> str:
        """Return evidence and cause, and no id."""
        return f"RefusedJoin(evidence={self.evidence!r}, cause={self.cause!r})"


@attrs.frozen(kw_only=True, repr=False)
class IdentityTie:
    """One step from record to record.

    Attributes
    ----------
    records : tuple of two ids
        From which to which.
    evidence : SharedIdentifier or Link
        What both share.
    """

    records: tuple[Id, Id]
    evidence: SharedIdentifier | Link

    def __repr__(self) -> str:
        """Return the evidence's type, and no id."""
        return f"IdentityTie(evidence={self.evidence!r})"


@attrs.frozen(repr=False)
class MergeLog:
    """What joined and what did not, in the order in which it was heard.

    Attributes
    ----------
    joins : tuple of IdentityJoin
        As many as the records are more than the clusters.
    refusals : tuple of RefusedJoin
        Each piece of evidence that was not taken, once.
    """

    joins: tuple[IdentityJoin, ...]
    refusals: tuple[RefusedJoin, ...]

    def __repr__(self) -> str:
        """Return the sizes, and no id."""
        return f"MergeLog({len(self.joins)} joins, {len(self.refusals)} refusals)"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per join and refusal: ``joined, type, value, records, clusters, reason``."""
        import pandas as pd

        rows = [
            (True, one.evidence.type, _value(one.evidence), one.records, one.clusters, None)
            for one in self.joins
        ] + [
            (False, one.evidence.type, _value(one.evidence), one.records, None, one.reason)
            for one in self.refusals
        ]
        names = ["joined", "type", "value", "records", "clusters", "reason"]
        return pd.DataFrame(rows, columns=names)

    def _repr_html_(self) -> str:
        """Show how many joins were made and refused, by type, and none of the evidence."""
        frame = self.to_frame()[["joined", "type", "reason"]]
        counted = frame.groupby(["joined", "type", "reason"], dropna=False, sort=True).size()
        table = counted.rename("times").reset_index()
        return html.frame_html("merge log", table.where(table.notna(), None))


def _value(evidence: SharedIdentifier | Link) -> str | float:
    return evidence.weight if isinstance(evidence, Link) else evidence.value


def log_of(
    evidence: Evidence, heard: Heard, rules: IdentityRules, of: np.ndarray[Any, Any] | None
) -> MergeLog:
    """Return the merge log of all records, or of what touches those at some places."""
    records = evidence.records.tolist()
    pieces = np.arange(len(evidence)) if of is None else _touched(evidence, of)
    sets = Union()
    joins: list[IdentityJoin] = []
    refusals: list[RefusedJoin] = []
    for piece in pieces.tolist():
        holders = evidence.holders(piece)
        if heard.fate[piece] != Fate.JOINED:
            refusals.append(_refusal(evidence, heard, rules, piece, records))
            continue
        for one in holders[1:]:
            a, b = sets.find(holders[0]), sets.find(one)
            if a != b:
                sets.join(a, b)
                joins.append(
                    IdentityJoin(
                        evidence=evidence.piece(piece),
                        records=(records[holders[0]], records[one]),
                        clusters=(records[min(a, b)], records[max(a, b)]),
                    )
                )
    return MergeLog(tuple(joins), tuple(refusals))


def _touched(evidence: Evidence, places: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    rows = np.flatnonzero(np.isin(evidence.holder, places))
    touched: np.ndarray[Any, Any] = np.unique(np.searchsorted(evidence.offsets, rows, "right") - 1)
    return touched


def _refusal(
    evidence: Evidence, heard: Heard, rules: IdentityRules, piece: int, records: list[Id]
) -> RefusedJoin:
    what = evidence.piece(piece)
    holders = evidence.holders(piece)
    fate, against = Fate(int(heard.fate[piece])), int(heard.against[piece])
    if against >= len(rules.separating):
        fate = Fate.SPLIT
    rule = rules.joins[int(evidence.level[piece])]
    match fate:
        case Fate.SEPARATE:
            because = f"would join different values of {rules.separating[against]}"
        case Fate.SPLIT:
            because = "was decided to be of two customers"
        case Fate.BLOCKED:
            because = "is a value that is blocked"
        case Fate.TOO_MANY:
            because = f"is shared by {len(holders)} records, more than {rule.at_most}"
        case Fate.DISTRUSTED:
            because = "was decided to be no evidence"
        case _:
            because = f"weighs less than {rule.at_least}"
    return RefusedJoin(
        evidence=what,
        cause=_CAUSES[fate],
        reason=f"{what.type} {because}",
        records=tuple(records[one] for one in holders),
    )


def path(
    evidence: Evidence, heard: Heard, start: int, end: int, members: Iterable[int]
) -> tuple[IdentityTie, ...]:
    """Return the shortest way from one record to another over evidence that was taken.

    Of ways of one length, the one whose steps were heard first.
    """
    records = evidence.records.tolist()
    pieces = _touched(evidence, np.fromiter(members, np.int64))
    held: dict[int, list[int]] = {}
    pieces_of: dict[int, list[int]] = defaultdict(list)
    for piece in pieces[heard.fate[pieces] == Fate.JOINED].tolist():
        held[piece] = evidence.holders(piece)
        for one in held[piece]:
            pieces_of[one].append(piece)
    came: dict[int, tuple[int, int]] = {start: (start, -1)}
    queue = deque([start])
    while end not in came:
        at = queue.popleft()
        for piece in pieces_of[at]:
            for one in held.pop(piece, ()):
                if one not in came:
                    came[one] = (at, piece)
                    queue.append(one)
    ties = []
    while end != start:
        before, piece = came[end]
        ties.append(
            IdentityTie(records=(records[before], records[end]), evidence=evidence.piece(piece))
        )
        end = before
    return tuple(reversed(ties))
