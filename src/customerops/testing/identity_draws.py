"""What joins the records of one customer, what keeps them apart, and whose word counts."""

from __future__ import annotations

from hypothesis import strategies as st

from customerops.model.identity.columns import SourceRecord
from customerops.model.identity.rules import (
    IdentityRules,
    IdentitySplit,
    JoinRule,
    Link,
    SharedIdentifier,
)
from customerops.model.identity.survivorship import Survivorship
from customerops.testing.instant_draws import instants
from customerops.testing.record_draws import customers
from customerops.testing.value_draws import some

__all__ = [
    "identity_rules",
    "join_rules",
    "links",
    "shared_identifiers",
    "source_records",
    "splits",
    "survivorships",
]

_TYPES = ("email", "phone", "user_id", "birth_date")
_RECORDS = tuple("abcdef")


def join_rules(kind: str | None = None) -> st.SearchStrategy[JoinRule]:
    """Draw a type of evidence that joins."""
    kinds = st.sampled_from(_TYPES) if kind is None else st.just(kind)
    most, least = st.sampled_from([None, 2, 5]), st.sampled_from([None, 0.5])
    return st.builds(JoinRule, kinds, at_most=most, at_least=least)


@st.composite
def identity_rules(draw: st.DrawFn) -> IdentityRules:
    """Draw rules of identity; a type may join, separate, or both."""
    return IdentityRules(
        joins=tuple(draw(join_rules(kind)) for kind in draw(some(_TYPES))),
        unique=frozenset(draw(some(_TYPES, most=2))),
        blocked=frozenset(draw(some(["null", "1"], most=2))),
    )


def links() -> st.SearchStrategy[Link]:
    """Draw a link between two records."""
    kinds, weights = st.sampled_from(["match", "email"]), st.sampled_from([1.0, 0.5, 0.2])
    two = some(_RECORDS, least=2, most=2)
    return st.builds(lambda ab, kind, w: Link(*ab, type=kind, weight=w), two, kinds, weights)


def shared_identifiers() -> st.SearchStrategy[SharedIdentifier]:
    """Draw an identifier that is no evidence."""
    return st.builds(SharedIdentifier, st.sampled_from(_TYPES), st.sampled_from(["1", "客户"]))


@st.composite
def splits(draw: st.DrawFn) -> IdentitySplit:
    """Draw a decision that some records are not the same customer as others."""
    sides = draw(st.permutations(_RECORDS))
    cut = draw(st.integers(1, 3))
    return IdentitySplit(records=frozenset(sides[:cut]), others=frozenset(sides[cut : cut + 2]))


def source_records() -> st.SearchStrategy[SourceRecord]:
    """Draw what one system holds of a customer."""
    source = st.sampled_from(["crm", "shop"])
    updated = st.none() | instants()
    return st.builds(SourceRecord, source=source, customer=customers(), updated_at=updated)


def survivorships() -> st.SearchStrategy[Survivorship]:
    """Draw whose value survives a merge."""
    words = st.sampled_from(["most_recent", "most_trusted", "longest", "earliest"])
    fields = st.dictionaries(st.sampled_from(["country", "language", "attributes.age"]), words)
    trust = some(["crm", "shop"]).map(tuple)
    return st.builds(Survivorship, default=words, fields=fields, trust=trust)
