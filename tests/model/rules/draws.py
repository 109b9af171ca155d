"""Rules and records that meet: constants come from the pools that values come from."""

import datetime as dt
import math
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from customerops.model.records.records import Customer, Interaction, Item
from customerops.model.rules import rules as r
from customerops.model.rules.rules import (
    Compare,
    Constant,
    Did,
    Field,
    Rule,
    attribute,
    customer,
)
from customerops.model.values.money import Money

UTC = dt.UTC
START = dt.datetime(2026, 1, 1, tzinfo=UTC)
US = dt.timedelta(microseconds=1)
HOUR = dt.timedelta(hours=1)

INSTANTS = [START + step for step in (-US, 0 * US, US, HOUR, 24 * HOUR, 24 * HOUR + US)]
SCALARS: list[Any] = [
    *(True, False, 0, 1, 1.0, 0.0, 0.1, -2.5, 2**53, 2.0**53, 2**53 + 1, -1),
    *("a", "b", "1", "True", "", "Ä"),
]
MINOR = [0, 1, -500, 500, 501, 2**53, 2**53 + 1]
AMOUNTS: list[Any] = [
    *(0, 5, "5.00", "5.001", "5.01", "-5", "0.01", "-0.004", Decimal("0.1")),
    *("90071992547409.92", "90071992547409.93", "90071992547409.921"),
]
MONEY = [Money(x, "EUR") for x in ("0", "5", "5.01", "-5", "90071992547409.93")]
VALUES = [0.0, 0.1, 0.3, 1.0, -2.5, 1e6, 123456.789, 9007199254.740993]
NEAR = [math.nextafter(0.1, 1), math.nextafter(0.1, 0), 1e300, -1e300, 5e-324, 1e-7]
WORDS: dict[str, list[str]] = {
    "kind": ["a", "b", "c"],
    "channel": ["web", "app"],
    "name": ["home", "a"],
    "direction": ["inbound", "outbound", "none"],
    "outcome": ["won", "lost"],
    "actor_kind": ["human", "bot", "system"],
    "campaign": ["spring", "autumn"],
    "thread": ["t1", "t2"],
    "sku": ["pen", "ink", "cap"],
    "category": ["paper", "ink"],
}
TEXT_ORDER = ["lt", "le", "gt", "ge"]


def maybe(pool: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *pool])


@st.composite
def events(draw: st.DrawFn, name: str, owner: str = "c") -> Interaction:
    """Draw an interaction of which anything but the kind may be missing."""
    minor = draw(maybe(MINOR))
    own = {"x": draw(maybe(SCALARS)), "y": draw(maybe(SCALARS[:4]))}
    line = st.tuples(st.sampled_from(WORDS["sku"]), maybe(WORDS["category"]))
    bought = draw(st.lists(line, max_size=3))
    return Interaction(
        id=name,
        customer_id=owner,
        at=draw(st.sampled_from(INSTANTS)),
        kind=draw(st.sampled_from(WORDS["kind"])),
        channel=draw(maybe(WORDS["channel"])),
        name=draw(maybe(WORDS["name"])),
        direction=draw(maybe(WORDS["direction"])),
        outcome=draw(maybe(WORDS["outcome"])),
        actor_kind=draw(maybe(WORDS["actor_kind"])),
        campaign_id=draw(maybe(WORDS["campaign"])),
        thread_id=draw(maybe(WORDS["thread"])),
        amount=None if minor is None else Money.of_minor(minor, "EUR"),
        value=draw(maybe(VALUES)),
        items=tuple(Item(sku=sku, category=category) for sku, category in bought),
        attributes={key: value for key, value in own.items() if value is not None},
    )


@st.composite
def people(draw: st.DrawFn, owner: str) -> Customer:
    """Draw a customer's record."""
    plan = draw(maybe(SCALARS))
    return Customer(
        id=owner,
        created_at=draw(st.sampled_from(INSTANTS)),
        country=draw(maybe(["DE", "CN"])),
        owner_id=draw(maybe(["ann", "bob"])),
        attributes={} if plan is None else {"plan": plan},
    )


EVENT_LEAVES: list[tuple[Field, list[list[Any]]]] = [
    *((Field(name), [pool]) for name, pool in WORDS.items()),
    (r.amount, [AMOUNTS, MONEY]),
    (r.value, [VALUES + NEAR]),
    (r.at, [INSTANTS]),
    (attribute("x"), [SCALARS]),
    (attribute("y"), [SCALARS]),
]
CUSTOMER_LEAVES: list[tuple[Field, list[list[Any]]]] = [
    (customer("country"), [["DE", "CN", "FR"]]),
    (customer("owner_id"), [["ann", "bob"]]),
    (customer("plan"), [SCALARS]),
    (customer("created_at"), [INSTANTS]),
]


@st.composite
def leaves(draw: st.DrawFn, fields: list[tuple[Field, list[list[Any]]]]) -> Rule:
    """Draw a rule on one field."""
    field: Field
    field, pools = draw(st.sampled_from(fields))
    pool = [x for x in draw(st.sampled_from(pools)) if x != "" or field.field[0] in "ac"]
    shape = draw(st.sampled_from(["compare", "compare", "in", "between", "missing"]))
    if shape == "missing":
        return field.is_missing()
    if shape == "in":
        return field.isin(*draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4)))
    ordered = [x for x in pool if not isinstance(x, bool)]
    if shape == "between":
        low, high = draw(maybe(ordered)), draw(maybe(ordered))
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


def event_rules() -> st.SearchStrategy[Rule]:
    """Draw a rule on events."""
    return joined(leaves(EVENT_LEAVES))


def customer_rules() -> st.SearchStrategy[Rule]:
    """Draw a rule on customers."""
    within = st.sampled_from([None, US, HOUR, 24 * HOUR, 24 * HOUR + US, 10**4 * 24 * HOUR])
    did = st.builds(Did, event_rules(), st.integers(1, 3), within)
    return joined(st.one_of(leaves(CUSTOMER_LEAVES), did))


class Foreign(Rule):
    """A rule of somebody else's making."""

    def __init__(self, level: Any) -> None:
        self._level = level

    @property
    def level(self) -> Any:
        return self._level

    @property
    def fields(self) -> frozenset[str]:
        return frozenset()

    def _truth(self, subject: Any) -> bool | None:
        return True

    def _clauses(self, subject: Any) -> Any:
        return iter(())
