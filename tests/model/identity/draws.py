"""Random records, rules and decisions of a small world, where everybody shares something."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import strategies as st

from customerops.model.identity.columns import IdentifierColumns
from customerops.model.identity.resolution import Resolution, resolve_identities
from customerops.model.identity.rules import (
    IdentityRules,
    IdentitySplit,
    JoinRule,
    Link,
    SharedIdentifier,
)
from tests.reference.identity import Row, resolve

TYPES = ["user_id", "email", "phone", "birth_date"]
RECORDS = "abcdefghij"
VALUES = ["1", "2", "3", "4", "5", " Null "]


@attrs.frozen
class Case:
    """What one resolution is made of."""

    rows: list[Row]
    rules: IdentityRules
    links: list[Link]
    splits: list[IdentitySplit]
    distrusted: list[SharedIdentifier | Link]

    def resolved(self, **changes: Any) -> Resolution:
        said: dict[str, Any] = {"links": self.links, "splits": self.splits}
        said |= {"distrusted": self.distrusted, **changes}
        return resolve_identities(columns(self.rows), self.rules, **said)

    def expected(self) -> tuple[set[frozenset[Any]], list[tuple[Any, ...]]]:
        return resolve(
            self.rows,
            joins=[(rule.type, rule.at_most, rule.at_least) for rule in self.rules.joins],
            unique=self.rules.separating,
            blocked=self.rules.blocked,
            links=[(link.a, link.b, link.type, link.weight) for link in self.links],
            splits=[(set(s.records), set(s.others)) for s in dict.fromkeys(self.splits)],
            distrusted=[
                (d.type, d.a, d.b) if isinstance(d, Link) else (d.type, d.value)
                for d in self.distrusted
            ],
        )


def columns(rows: list[Row]) -> IdentifierColumns:
    record, type_, value = zip(*rows, strict=True) if rows else ((), (), ())
    return IdentifierColumns(record=record, type=type_, value=value)


def parts(resolution: Resolution) -> set[frozenset[Any]]:
    """Return the clusters as sets."""
    return set(map(frozenset, resolution.clusters.values()))


ROWS: st.SearchStrategy[list[Any]] = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(RECORDS), st.sampled_from(TYPES), st.sampled_from(VALUES)),
        st.tuples(st.sampled_from(RECORDS), st.none(), st.none()),
    ),
    max_size=25,
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a case; links are between records that are there."""
    rows = draw(ROWS)
    there = sorted({row[0] for row in rows})
    joins = draw(st.lists(st.sampled_from([*TYPES[:3], "score"]), unique=True))
    rules = IdentityRules(
        joins=tuple(
            JoinRule(
                type_,
                at_most=draw(st.sampled_from([None, None, 2, 3])),
                at_least=draw(st.sampled_from([None, 0.5])) if type_ == "score" else None,
            )
            for type_ in joins
        ),
        unique=frozenset(draw(st.sets(st.sampled_from(["user_id", "birth_date"])))),
        blocked=frozenset(draw(st.sets(st.sampled_from(["null", "5"])))),
    )
    links, splits = [], []
    if len(there) > 1 and joins:
        two = st.lists(st.sampled_from(there), min_size=2, max_size=2, unique=True)
        for a, b in draw(st.lists(two, max_size=4)):
            weight = draw(st.sampled_from([0.2, 0.5, 0.9]))
            links.append(Link(a, b, type=draw(st.sampled_from(joins)), weight=weight))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        sides = draw(st.permutations(RECORDS))
        cut = draw(st.integers(1, 4))
        end = draw(st.integers(cut + 1, 8))
        splits.append(
            IdentitySplit(records=frozenset(sides[:cut]), others=frozenset(sides[cut:end]))
        )
    doubts = st.builds(SharedIdentifier, st.sampled_from(TYPES), st.sampled_from(VALUES))
    distrusted: list[Any] = draw(st.lists(doubts, max_size=1))
    distrusted += draw(st.lists(st.sampled_from(links), max_size=1)) if links else []
    return Case(rows, rules, links, splits, distrusted)
