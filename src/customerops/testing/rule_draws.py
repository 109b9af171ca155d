"""Rules about events and about customers, groupings, and bands between quantiles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from customerops.model.rules import rules as r
from customerops.model.rules.rules import (
    And,
    Between,
    Compare,
    Constant,
    Did,
    Field,
    In,
    Missing,
    Not,
    Or,
    Rule,
)
from customerops.testing.instant_draws import US

__all__ = ["Pools", "clauses", "customer_rules", "did", "event_rules", "joined", "node", "rules"]

Pools = Sequence[tuple[Field, Sequence[Sequence[Any]]]]
"""Fields, and for each the pools that constants come from; constants of one rule share a pool."""

_WORDS: dict[str, tuple[str, ...]] = {
    "kind": ("purchase", "refund", "signup", "use", "nothing"),
    "channel": ("web", "store", "email", "wechat"),
    "name": ("home", "won"),
    "direction": ("inbound", "outbound", "none"),
    "outcome": ("answered", "lost"),
    "actor_kind": ("human", "bot", "system"),
    "campaign": ("spring", "autumn"),
    "thread": ("t1", "t2"),
    "sku": ("pen", "ink"),
    "category": ("paper",),
}
_AMOUNTS = (0, 5, "9.99", "-5", Decimal(1000))
_VALUES = (0.0, 0.1, 3.0, 10.0, -2.5)
_NEW_YEAR = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_INSTANTS = tuple(_NEW_YEAR + step for step in (-US, 0 * US, US, dt.timedelta(days=70)))
_SCALARS = ("pro", "free", 1, True, 1.0, "1", 0.1)

_OF_EVENTS: Pools = [
    *((Field(name), [pool]) for name, pool in _WORDS.items()),
    (r.amount, [_AMOUNTS]),
    (r.value, [_VALUES]),
    (r.at, [_INSTANTS]),
    (r.attribute("plan"), [_SCALARS]),
    (r.attribute("score"), [_SCALARS]),
]
_OF_CUSTOMERS: Pools = [
    (r.customer("country"), [("CN", "US", "DE")]),
    (r.customer("segment"), [("a", "b", 1)]),
    (r.customer("created_at"), [_INSTANTS]),
]


def _maybe(pool: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *pool])


@st.composite
def clauses(draw: st.DrawFn, fields: Pools) -> Rule:
    """Draw a rule on one field."""
    field, pools = draw(st.sampled_from(fields))
    pool = [x for x in draw(st.sampled_from(pools)) if x != "" or field.field[0] in "ac"]
    shape = draw(st.sampled_from(["compare", "compare", "in", "between", "missing"]))
    if shape == "missing":
        return field.is_missing()
    if shape == "in":
        return field.isin(*draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4)))
    ordered = [x for x in pool if not isinstance(x, bool)]
    if shape == "between":
        low, high = draw(_maybe(ordered)), draw(_maybe(ordered))
        try:
            return field.between(low, high)
        except ValueError:
            return field.between(low, None) if low is not None else field.is_missing()
    op = draw(st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]))
    return Compare(field.field, op, draw(st.sampled_from(pool if op in ("eq", "ne") else ordered)))


def joined(leaf: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    """Join rules by the operators, a few deep."""
    constants = st.booleans().map(Constant)
    return st.recursive(
        st.one_of(leaf, leaf, leaf, constants),
        lambda part: st.one_of(
            st.tuples(part, part).map(lambda ab: ab[0] & ab[1]),
            st.tuples(part, part).map(lambda ab: ab[0] | ab[1]),
            part.map(lambda one: ~one),
        ),
        max_leaves=6,
    )


_ABOUT_EVENTS = joined(clauses(_OF_EVENTS))
_WITHIN = st.sampled_from([None, dt.timedelta(days=1), dt.timedelta(days=30)])
_DID = st.builds(Did, _ABOUT_EVENTS, st.integers(1, 3), _WITHIN)
_ABOUT_CUSTOMERS = joined(st.one_of(clauses(_OF_CUSTOMERS), _DID))


def event_rules() -> st.SearchStrategy[Rule]:
    """Draw rules about events, on any field, a few clauses deep.

    Their constants are what `logs` and `interactions` draw values from, so that rules and events
    meet.

    Returns
    -------
    SearchStrategy of Rule

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import event_rules
    >>> @settings(max_examples=3)
    ... @given(event_rules())
    ... def test(rule):
    ...     assert rule.level in ("event", "any")
    >>> test()
    """
    return _ABOUT_EVENTS


def did() -> st.SearchStrategy[Did]:
    """Draw what customers did often enough, lately enough."""
    return _DID


def customer_rules() -> st.SearchStrategy[Rule]:
    """Draw rules about customers: on their attributes and on their history.

    Returns
    -------
    SearchStrategy of Rule

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import customer_rules
    >>> @settings(max_examples=3)
    ... @given(customer_rules())
    ... def test(rule):
    ...     assert rule.level in ("customer", "any")
    >>> test()
    """
    return _ABOUT_CUSTOMERS


def rules() -> st.SearchStrategy[Rule]:
    """Draw rules of either level."""
    return event_rules() | customer_rules()


def node(kind: type[Rule]) -> st.SearchStrategy[Rule]:
    """Draw rules of one class, such as `Between`."""
    part = clauses(_OF_EVENTS)
    made: dict[type[Rule], st.SearchStrategy[Any]] = {
        And: st.tuples(part, part).map(lambda ab: ab[0] & ab[1]),
        Or: st.tuples(part, part).map(lambda ab: ab[0] | ab[1]),
        Not: part.map(lambda one: ~one),
        Did: did(),
        Missing: st.sampled_from([field for field, _ in _OF_EVENTS]).map(Field.is_missing),
        Compare: part,
        In: part,
        Between: part,
    }
    return made[kind].filter(lambda rule: isinstance(rule, kind))
