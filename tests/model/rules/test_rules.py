"""Rules on records: how they are built, what they say, and what is refused."""

import copy
import datetime as dt
import enum
import itertools
import math
import pickle
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from customerops.errors import InvalidInputError
from customerops.model.records.records import Customer, Interaction, Item
from customerops.model.rules.rules import (
    And,
    Clause,
    Compare,
    Constant,
    Did,
    Field,
    In,
    Missing,
    Not,
    Or,
    Rule,
    actor_kind,
    all_of,
    always,
    amount,
    any_of,
    as_rule,
    at,
    attribute,
    campaign,
    category,
    channel,
    customer,
    direction,
    kind,
    name,
    never,
    outcome,
    sku,
    thread,
    value,
)
from customerops.model.values.money import Money
from tests.model.rules.draws import customer_rules, event_rules, events

UTC = dt.UTC
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = dt.timedelta(hours=1)
US = dt.timedelta(microseconds=1)


def event(**fields: Any) -> Interaction:
    return Interaction(**{"id": "e", "customer_id": "c", "at": NOON, "kind": "purchase", **fields})


def having(x: Any) -> Interaction:
    return event(attributes={} if x is None else {"x": x})


def truth(rule: Rule, seen: Interaction) -> bool | None:
    """Return what a rule says, told by what it and its negation match."""
    held, denied = rule.matches(seen), (~rule).matches(seen)
    assert not (held and denied)
    return True if held else False if denied else None


# ---------------------------------------------------------------------- three-valued logic

T, F, U = True, False, None
SAYS: dict[bool | None, Rule] = {T: always, F: never, U: channel == "web"}  # no channel: unknown
# Kleene (1952), section 64: the strong tables
KLEENE_AND = {
    (T, T): T, (T, F): F, (T, U): U,
    (F, T): F, (F, F): F, (F, U): F,
    (U, T): U, (U, F): F, (U, U): U,
}  # fmt: skip
KLEENE_OR = {
    (T, T): T, (T, F): T, (T, U): T,
    (F, T): T, (F, F): F, (F, U): U,
    (U, T): T, (U, F): U, (U, U): U,
}  # fmt: skip


@pytest.mark.parametrize(("a", "b"), list(itertools.product((T, F, U), repeat=2)))
def test_joins_follow_the_strong_tables(a: bool | None, b: bool | None) -> None:
    assert truth(SAYS[a] & SAYS[b], event()) is KLEENE_AND[a, b]
    assert truth(SAYS[a] | SAYS[b], event()) is KLEENE_OR[a, b]
    assert truth(And((SAYS[a], SAYS[b], SAYS[a])), event()) is KLEENE_AND[a, b]
    assert truth(Or((SAYS[b], SAYS[a], SAYS[b])), event()) is KLEENE_OR[a, b]


@pytest.mark.parametrize("a", [T, F, U])
def test_negation_keeps_the_unknown(a: bool | None) -> None:
    opposite = {T: F, F: T, U: U}[a]
    assert truth(~SAYS[a], event()) is opposite
    assert truth(Not(Not(SAYS[a])), event()) is a


@given(event_rules(), event_rules(), events("e"))
def test_de_morgan(a: Rule, b: Rule, seen: Interaction) -> None:
    assert truth(~(a & b), seen) is truth(~a | ~b, seen)
    assert truth(~(a | b), seen) is truth(~a & ~b, seen)
    assert truth(~~a, seen) is truth(Not(Not(a)), seen) is truth(a, seen)


# ---------------------------------------------------------------------- comparisons

COMPARED: list[tuple[Callable[[Field], Rule], list[bool | None]]] = [
    # seen:                 None  False  True   0      1      1.0    1.5    "1"    "a"
    (lambda x: x == 1, [U, F, F, F, T, T, F, F, F]),
    (lambda x: x != 1, [U, T, T, T, F, F, T, T, T]),
    (lambda x: x == 1.0, [U, F, F, F, T, T, F, F, F]),
    (lambda x: x == True, [U, F, T, F, F, F, F, F, F]),  # noqa: E712
    (lambda x: x != True, [U, T, F, T, T, T, T, T, T]),  # noqa: E712
    (lambda x: x == "1", [U, F, F, F, F, F, F, T, F]),
    (lambda x: x != "1", [U, T, T, T, T, T, T, F, T]),
    (lambda x: x < 1, [U, U, U, T, F, F, F, U, U]),
    (lambda x: x <= 1, [U, U, U, T, T, T, F, U, U]),
    (lambda x: x > 1, [U, U, U, F, F, F, T, U, U]),
    (lambda x: x >= 1, [U, U, U, F, T, T, T, U, U]),
    (lambda x: x > "1", [U, U, U, U, U, U, U, F, T]),
    (lambda x: x >= "1", [U, U, U, U, U, U, U, T, T]),
    (lambda x: x.isin(1, "a"), [U, F, F, F, T, T, F, F, T]),
    (lambda x: x.isin(True, 1.5), [U, F, T, F, F, F, T, F, F]),
    (lambda x: x.between(0, 1), [U, U, U, T, F, F, F, U, U]),
    (lambda x: x.between(None, 1.5), [U, U, U, T, T, T, F, U, U]),
    (lambda x: x.between(1, None), [U, U, U, F, T, T, T, U, U]),
    (lambda x: x.between("0", "2"), [U, U, U, U, U, U, U, T, F]),
    (lambda x: x.is_missing(), [T, F, F, F, F, F, F, F, F]),
]


@pytest.mark.parametrize(("rule", "says"), COMPARED)
def test_attributes_compare_within_their_type(
    rule: Callable[[Field], Rule], says: list[bool | None]
) -> None:
    seen = [None, False, True, 0, 1, 1.0, 1.5, "1", "a"]
    assert [truth(rule(attribute("x")), having(one)) for one in seen] == says


def test_ints_and_floats_compare_exactly() -> None:
    big = 2**53
    assert truth(attribute("x") == big + 1, having(float(big))) is False
    assert truth(attribute("x") > float(big), having(big + 1)) is True
    assert truth(attribute("x") == float(big), having(big)) is True
    assert truth(attribute("x").isin(big + 1), having(float(big))) is False


PAID = [
    # constant, minor units of a euro amount that are less, equal, greater
    ("5", 499, 500, 501),
    ("5.001", 500, None, 501),
    ("-5.001", -501, None, -500),
    ("0", -1, 0, 1),
    ("90071992547409.93", 2**53, 2**53 + 1, 2**53 + 2),
]


@pytest.mark.parametrize(("constant", "less", "equal", "greater"), PAID)
def test_amounts_compare_as_decimals(
    constant: str, less: int, equal: int | None, greater: int
) -> None:
    check_amounts(constant, less, equal, greater)
    check_amounts(Decimal(constant), less, equal, greater)
    if equal is not None:
        check_amounts(Money(constant, "EUR"), less, equal, greater)


def check_amounts(c: Any, less: int, equal: int | None, greater: int) -> None:
    says = {
        less: (T, T, F, F, F),
        equal: (F, T, T, F, T),
        greater: (F, F, F, T, T),
    }
    for minor, expected in says.items():
        if minor is not None:
            seen = event(amount=Money.of_minor(minor, "EUR"))
            rules = (amount < c, amount <= c, amount == c, amount > c, amount >= c)
            assert tuple(truth(rule, seen) for rule in rules) == expected
    assert truth(amount == c, event()) is None


def test_decimals_of_the_thread_do_not_matter() -> None:
    import decimal

    with decimal.localcontext(prec=2):
        assert truth(amount > "123.45", event(amount=Money("123.46", "EUR"))) is True


def test_money_of_another_currency_raises() -> None:
    dollars = event(amount=Money(5, "USD"))
    for rule in (
        amount >= Money(5, "EUR"),
        amount.isin(Money(5, "EUR"), Money(6, "EUR")),
        amount.between(None, Money(5, "EUR")),
        kind("refund") & (amount >= Money(5, "EUR")),  # whatever the first clause says
        kind("purchase") | (amount >= Money(5, "EUR")),
    ):
        with pytest.raises(
            InvalidInputError, match="amount must be in EUR, as the rule is: got USD"
        ):
            rule.matches(dollars)
        assert rule.matches(event()) is (rule == (kind("purchase") | (amount >= Money(5, "EUR"))))


def test_values_are_floats() -> None:
    assert truth(value == 0.1, event(value=0.1)) is True
    assert truth(value == 0.3, event(value=0.1 + 0.2)) is False
    assert (value == 3) == (value == 3.0)
    assert (value == -0.0).to_dict() == (value == 0).to_dict()


def test_instants_are_instants_in_any_zone() -> None:
    shanghai = dt.timezone(8 * HOUR)
    assert truth(at == dt.datetime(2026, 3, 1, 20, tzinfo=shanghai), event()) is True
    assert truth(at.between(NOON, NOON + US), event()) is True
    assert truth(at.between(NOON - HOUR, NOON), event()) is False
    assert truth(at.between(None, NOON), event()) is False
    assert truth(at > NOON - US, event()) is True


LINES = {
    "none": (),
    "pen": (Item(sku="pen"),),
    "pen, ink": (Item(sku="pen"), Item(sku="ink", category="paper")),
}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        # lines:               none  pen  pen, ink
        (sku == "pen", [U, T, T]),
        (sku == "ink", [U, F, T]),
        (sku == "cap", [U, F, F]),
        (sku != "pen", [U, F, T]),  # a line with another sku
        (sku.isin("ink", "cap"), [U, F, T]),
        (sku.is_missing(), [T, F, F]),
        (category == "paper", [U, U, T]),
        (category == "wood", [U, U, U]),  # one line is not known not to be
        (category.is_missing(), [T, T, F]),
    ],
)
def test_a_field_of_lines_asks_for_any(rule: Rule, says: list[bool | None]) -> None:
    assert [truth(rule, event(items=lines)) for lines in LINES.values()] == says


def test_every_field_reads_its_own() -> None:
    thread_id = uuid.UUID(int=7)
    seen = event(
        channel="web",
        name="home",
        direction="inbound",
        outcome="won",
        actor_kind="human",
        campaign_id="spring",
        thread_id=thread_id,
    )
    for rule in (
        kind == "purchase",
        channel == "web",
        name == "home",
        direction == "inbound",
        outcome == "won",
        actor_kind == "human",
        campaign == "spring",
        thread == thread_id,
        thread.isin(thread_id, uuid.UUID(int=8)),
    ):
        assert truth(rule, seen) is True
    assert truth(thread == str(thread_id), seen) is False


# ---------------------------------------------------------------------- building


def test_the_call_is_equality() -> None:
    assert kind("a") == (kind == "a") == kind.isin("a") == kind.isin(["a"]) == kind("a", "a")
    assert kind("b", "a") == kind.isin({"a", "b"}) == In("kind", ("a", "b"))
    assert kind("a") != (channel == "a")
    assert kind("a") != "a"  # type: ignore[comparison-overlap]


def test_constants_are_normalised_once() -> None:
    class Kinds(enum.StrEnum):
        BUY = "buy"

    assert type(kind(Kinds.BUY).value) is str  # type: ignore[attr-defined]
    assert (amount >= 5) == (amount >= "5.00") == (amount >= Decimal("5.0")) != (amount >= 6)
    assert (amount >= 5).to_dict() == (amount >= Decimal("5E0")).to_dict()
    assert (amount >= np.int64(5)) == (amount >= 5)
    assert (amount >= 5) != (amount >= Money(5, "EUR"))
    assert (attribute("x") == 1.0) == (attribute("x") == 1) != (attribute("x") == True)  # noqa: E712
    assert attribute("x").isin(1, True, 1.0).values == (True, 1)  # type: ignore[attr-defined]
    assert (at >= NOON) == (at >= NOON.astimezone(dt.timezone(HOUR)))


def test_rules_are_values() -> None:
    one = kind("a") & (amount >= 5) & ~channel.isin("web", "app") | at.between(NOON, None)
    for rule in (one, one.rules[0], Did(one, 2, HOUR), customer("x") == 1, sku.is_missing()):  # type: ignore[attr-defined]
        again = pickle.loads(pickle.dumps(rule))
        assert again == rule
        assert hash(again) == hash(rule)
        assert again.level == rule.level
        assert copy.deepcopy(rule) == rule
        assert {rule: 1}[again] == 1
    assert hash(attribute("x") == True) != hash(attribute("x") == 1)  # noqa: E712
    with pytest.raises(AttributeError):
        one.rules = ()  # type: ignore[attr-defined]


def test_joins_are_flattened() -> None:
    a, b, c = kind("a"), kind("b"), kind("c")
    assert (a & b) & c == a & (b & c) == And((a, b, c)) == And((a, And((b, c))))
    assert (a | b) | c == a | (b | c) == Or([a, b, c])
    assert len((a & (b | c)).rules) == 2  # type: ignore[attr-defined]
    assert a & b != b & a
    assert ~~a is a
    assert ~always == never
    assert ~never == always


def test_all_of_and_any_of() -> None:
    assert all_of() == always
    assert any_of() == never
    assert all_of("a") == any_of("a") == any_of(["a"]) == kind("a")
    assert all_of("a", channel == "web", {"b"}) == kind("a") & (channel == "web") & kind("b")
    assert any_of("a", ("a", "b")) == kind("a") | kind("a", "b")
    with pytest.raises(InvalidInputError, match=r"rules\[1\] must be a rule, a kind"):
        all_of("a", 5)  # type: ignore[arg-type]


@given(event_rules() | customer_rules())
def test_a_rule_has_no_truth(rule: Rule) -> None:
    with pytest.raises(TypeError, match=r"Join rules with &, \| and ~"):
        bool(rule)


def test_what_python_would_drop_raises() -> None:
    with pytest.raises(TypeError, match="between"):
        5 <= amount <= 10  # noqa: B015
    with pytest.raises(TypeError, match="'and'"):
        kind("a") and channel == "web"  # type: ignore[redundant-expr]
    with pytest.raises(TypeError, match="'not'"):
        not kind("a")
    with pytest.raises(TypeError, match=r"rule\.matches"):
        "a" in [kind, channel]  # noqa: B015
    with pytest.raises(TypeError, match="kind is a field, neither true nor false"):
        bool(kind)
    misread: list[Callable[[], object]] = [
        lambda: kind("a") & amount >= 5,  # type: ignore[operator]
        lambda: kind("a") | amount >= 5,  # type: ignore[operator]
        lambda: amount & kind("a"),
        lambda: attribute("x") | kind("a"),
    ]
    for broken in misread:
        with pytest.raises(TypeError, match=r"is a field, not a rule; & and \| bind tighter"):
            broken()
    with pytest.raises(TypeError, match="unsupported operand"):
        kind("a") & "b"
    with pytest.raises(TypeError, match="unsupported operand"):
        kind("a") | "b"
    with pytest.raises(TypeError, match="unhashable"):
        {kind}  # noqa: B018
    with pytest.raises(TypeError, match="abstract"):
        Rule()  # type: ignore[abstract]


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: kind == 5, "kind must be a str: got int"),
    (lambda: kind(""), "kind must not be empty"),
    (lambda: channel == None, r"channel must be compared with a value: got None; ask with is_missing"),  # noqa: E711
    (lambda: attribute("x") == None, r"attribute\('x'\) must be compared with a value"),  # noqa: E711
    (lambda: attribute("x").isin(math.nan), r"attribute\('x'\) must be finite"),
    (lambda: attribute("x") == Decimal(5), r"attribute\('x'\) must be a bool, an int, a float or a str"),
    (lambda: attribute("x") > True, r"attribute\('x'\) must not be ordered against a bool"),
    (lambda: attribute("x").between(False, None), "must not be ordered against a bool"),
    (lambda: thread == 1.5, "thread must be an int, a str or a UUID: got float"),
    (lambda: amount >= 5.0, r'exact amount: got float; write Decimal\("5.00"\) or "5.00", in major'),
    (lambda: amount >= True, "amount must be a Decimal, an int or a str: got bool"),
    (lambda: amount >= "five", "amount must be a number"),
    (lambda: amount >= "1e99", "amount must have at most 30 digits"),
    (lambda: amount >= Decimal("nan"), "amount must be finite"),
    (lambda: amount >= value, "amount must be a Decimal, an int or a str: got Field"),
    (lambda: amount.isin(5, Money(6, "EUR")), "amount must be compared with values of one type"),
    (lambda: amount.isin(Money(5, "USD"), Money(6, "EUR")), "amounts of one currency"),
    (lambda: amount.between(5, Money(6, "EUR")), "amounts of one currency"),
    (lambda: value >= "5", "value must be a float: got str"),
    (lambda: value >= Decimal(5), "value must be a float: got Decimal"),
    (lambda: value >= math.inf, "value must be finite"),
    (lambda: value >= 2**53 + 1, "value must be exact as a float"),
    (lambda: at >= NOON.replace(tzinfo=None), "at must be timezone-aware"),
    (lambda: at >= dt.date(2026, 1, 1), "at must be a datetime: got date"),
    (lambda: customer("created_at") == 5, r"customer\('created_at'\) must be a datetime"),
    (lambda: amount.between(None, None), "amount must be between two ends: both are open"),
    (lambda: amount.between(5, 5), "amount must be between a low end and a higher one"),
    (lambda: amount.between(Money(5, "EUR"), Money(4, "EUR")), "a low end and a higher one"),
    (lambda: attribute("x").between(5, "6"), "must be compared with values of one type"),
    (kind, "values must hold at least one constant"),
    (lambda: kind.isin([]), "values must hold at least one constant"),
    (lambda: kind.isin(b"ab"), "kind must be a str: got bytes"),
    (lambda: kind.isin({"a": 1}), "kind must be a str: got dict"),
    (lambda: In("kind", "ab"), "values must be a collection: got str"),
    (lambda: In("kind", 5), "values must be a collection: got int"),
    (lambda: Compare("kind", "equals", "a"), "op must be one of 'eq', 'ne'"),
    (lambda: Compare("chanel", "eq", "a"), "field must be one of kind, .*did you mean 'channel'"),
    (lambda: Missing("attributes."), "field must be one of"),
    (lambda: Missing(5), "field must be one of .*: got int"),
    (lambda: attribute(""), "name must not be empty"),
    (lambda: customer(5), "name must be a str"),  # type: ignore[arg-type]
    (lambda: customer("tags"), r"customer\('tags'\) must be a field with one plain value: it holds"),
    (lambda: customer("id"), "group them by a mapping of ids"),
    (lambda: customer("attributes"), r"name one of them, as in customer\('plan'\)"),
    (lambda: And((kind("a"),)), "rules must be two or more: got 1"),
    (lambda: Or(()), "rules must be two or more: got 0"),
    (lambda: And((kind("a"), "b")), r"rules\[1\] must be a Rule: got str"),
    (lambda: And(kind("a")), "rules must be a collection: got Compare"),
    (lambda: Not("a"), "rule must be a Rule: got str"),
    (lambda: Constant(1), "truth must be True or False: got int"),
    (lambda: Did(5), "rule must be a rule, a kind or a collection of kinds: got int"),
    (lambda: Did(kind("a"), at_least=0), "at_least must be at least 1"),
    (lambda: Did(kind("a"), at_least=True), "at_least must be an int: got bool"),
    (lambda: Did(kind("a"), within=dt.timedelta(0)), "within must be longer than zero"),
    (lambda: Did(kind("a"), within=5), "within must be a timedelta"),
    (lambda: Did(Did(kind("a"))), "rule must be a rule about events: got one about the customer"),
    (lambda: Did(customer("x") == 1), "rule must be a rule about events"),
    (lambda: kind("a") & Did(kind("a")), "rules must all be about events or all about the customer"),
    (lambda: (customer("x") == 1) | ~kind("a"), "wrap the event rule in Did"),
    (lambda: as_rule(5), "rule must be a rule, a kind or a collection of kinds: got int"),  # type: ignore[arg-type]
    (lambda: as_rule(None, name="start"), "start must be a rule, .*: got None"),  # type: ignore[arg-type]
    (lambda: as_rule(b"a"), "rule must be a rule, .*: got bytes"),  # type: ignore[arg-type]
    (lambda: as_rule({"a": 1}), "rule must be a rule, .*: got dict"),
    (lambda: as_rule([]), "rule must be a rule, .*: got an empty collection"),
    (lambda: as_rule(["a", 5]), r"rule\[1\] must be a str: got int"),  # type: ignore[list-item]
    (lambda: as_rule(""), "rule must not be empty"),
    (lambda: as_rule(kind), "got the field kind; compare it with something"),  # type: ignore[arg-type]
    (lambda: as_rule(Did(kind("a")), level="event"), "rule must be a rule about events: got one about the customer"),
    (lambda: as_rule("a", name="steps", level="customer"), "steps must be a rule about the customer: got one about events"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "message"), REFUSED, ids=map(str, range(len(REFUSED))))
def test_refused_when_built(build: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        build()


def test_as_rule() -> None:
    assert Did("a") == Did(kind("a"))
    assert Did({"a", "b"}, 2) == Did(kind("a", "b"), at_least=2)
    rule = Did(kind("a"))
    assert as_rule(rule) is rule
    assert as_rule(rule, level="customer") is rule
    assert as_rule(always, level="event") is as_rule(always, level="customer") is always
    assert as_rule("a", level="event") == kind("a")
    assert as_rule(frozenset({"b", "a"})) == as_rule({"a": 1, "b": 2}.keys()) == kind("a", "b")


# ---------------------------------------------------------------------- levels


def test_levels() -> None:
    assert kind("a").level == (~kind("a")).level == (kind("a") & always).level == "event"
    assert (customer("x") == 1).level == Did(kind("a")).level == (~Did(always)).level == "customer"
    assert always.level == (always & never).level == (~(always | never)).level == "any"
    assert always.matches(event())
    assert always.matches_customer([], as_of=NOON)


def test_the_wrong_level_says_which_method_is_right() -> None:
    wrong = Did(kind("a"))
    customers = (
        "rule must be an event rule: this one is about customers; use matches_customer, mem"
    )
    asks: list[Callable[[Any], object]] = [wrong.matches, wrong.explain, wrong.mask]
    for ask in asks:
        with pytest.raises(InvalidInputError, match=customers):
            ask(event())
    single = (
        "rule must be a customer rule: this one is about events; use matches, mask or explain, or"
    )
    for each in (kind("a").matches_customer, kind("a").explain_customer):
        with pytest.raises(InvalidInputError, match=single):
            each([], as_of=NOON)
    with pytest.raises(InvalidInputError, match=single):
        kind("a").members(None)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="interaction must be an Interaction: got dict"):
        kind("a").matches({"kind": "a"})  # type: ignore[arg-type]


def test_fields_are_what_a_log_has_to_load() -> None:
    assert (kind("a") & ~(amount >= 5) | always).fields == {"kind", "amount"}
    bought = Did(sku.is_missing() | (attribute("x") == 1))
    assert (bought & (customer("plan") == "pro")).fields == {
        "sku",
        "attributes.x",
        "customer.plan",
    }


# ---------------------------------------------------------------------- customers


def history(*hours: float, **fields: Any) -> list[Interaction]:
    return [event(id=f"e{i}", at=NOON + h * HOUR, **fields) for i, h in enumerate(hours)]


@pytest.mark.parametrize(
    ("rule", "hours", "holds"),
    [
        (Did(kind("purchase")), [], False),
        (Did(kind("purchase")), [0], True),  # as_of is inclusive
        (Did(kind("purchase")), [0.001], False),  # what comes later is not used
        (Did(kind("refund")), [-1], False),
        (Did(kind("purchase"), 2), [-1, -2], True),
        (Did(kind("purchase"), 2), [-1, 1], False),
        (Did(kind("purchase"), within=HOUR), [-1], False),  # open at its start
        (Did(kind("purchase"), within=HOUR), [-0.999], True),
        (Did(kind("purchase"), within=dt.timedelta.max), [-1], True),
        (Did(channel == "web"), [-1], False),  # unknown does not count
        (~Did(channel == "web"), [-1], True),  # and is never unknown
        (Did(always, 3), [-1, -1, -1], True),
    ],
)
def test_did(rule: Rule, hours: list[float], holds: bool) -> None:
    assert rule.matches_customer(history(*hours), as_of=NOON) is holds
    assert (~rule).matches_customer(history(*hours), as_of=NOON) is not holds


def test_a_repeated_id_counts_once() -> None:
    one, two, bare = event(id=1), event(id=2), event(id=None)
    twice = Did(always, 2)
    assert not twice.matches_customer([one, one], as_of=NOON)
    assert twice.matches_customer([one, two, one], as_of=NOON)
    assert twice.matches_customer([bare, bare], as_of=NOON)
    with pytest.raises(InvalidInputError, match="must not repeat an id with different content"):
        twice.matches_customer([one, event(id=1, channel="web")], as_of=NOON)


def test_customers_are_read_from_their_record() -> None:
    ann = Customer(
        id="c", country="DE", created_at=NOON, owner_id=7, attributes={"plan": "pro", "seats": 3}
    )
    asked = {
        (customer("country") == "DE"): True,
        (customer("kind") == "person"): True,
        (customer("owner_id") == 7): True,
        (customer("created_at") <= NOON): True,
        (customer("plan").isin("pro", "team")): True,
        (customer("seats") > 3): False,
        (customer("language") == "de"): None,
        (customer("size") == 1): None,
        (customer("size").is_missing()): True,
    }
    for rule, says in asked.items():
        assert rule.matches_customer([], as_of=NOON, customer=ann) is (says is True)
        assert (~rule).matches_customer([], as_of=NOON, customer=ann) is (says is False)


def test_customers_are_asked_one_by_one() -> None:
    rule = (customer("country") == "DE") | Did(kind("purchase"))
    with pytest.raises(
        InvalidInputError, match=r"customer must be given: the rule asks for customer\('country'\)"
    ):
        rule.matches_customer(history(-1), as_of=NOON)
    with pytest.raises(InvalidInputError, match="interactions must be of one customer"):
        Did(always).matches_customer([event(), event(customer_id="d")], as_of=NOON)
    with pytest.raises(InvalidInputError, match="interactions must be of one customer"):
        Did(always).matches_customer([event()], as_of=NOON, customer=Customer(id="d"))
    with pytest.raises(InvalidInputError, match="as_of must be timezone-aware"):
        Did(always).matches_customer([], as_of=NOON.replace(tzinfo=None))
    with pytest.raises(InvalidInputError, match="as_of must be a datetime"):
        Did(always).matches_customer([], as_of=None)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- explanations


def test_explain_tells_each_clause() -> None:
    rule = kind("purchase") & ~((amount >= 50) | (channel == "web")) & always
    seen = event(amount=Money("59.00", "EUR"))
    assert rule.explain(seen) == (
        Clause(kind("purchase"), True, "purchase"),
        Clause(amount >= 50, True, Money("59.00", "EUR")),
        Clause(channel == "web", None, None),
        Clause(always, True, None),
    )
    assert (sku == "ink").explain(event(items=LINES["pen, ink"])) == (
        Clause(sku == "ink", True, ("pen", "ink")),
    )
    assert channel.is_missing().explain(event())[0].truth is True


def test_explain_customer_counts() -> None:
    bought = Did(kind("purchase"), 2, within=HOUR)
    german = customer("country") == "DE"
    clauses = (bought & german).explain_customer(
        history(-0.5, -2, 1), as_of=NOON, customer=Customer(id="c", country="CN")
    )
    assert clauses == (Clause(bought, False, 1), Clause(german, False, "CN"))
    ever = Did(kind("purchase"), 2)
    assert ever.explain_customer(history(-0.5, -2, 1), as_of=NOON) == (Clause(ever, True, 2),)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (kind("purchase") & (amount >= 50), "kind is purchase and amount >= 50"),
        (amount.between(5, Decimal("10.50")), "5 <= amount < 10.5"),
        (amount.between(5, None), "amount >= 5"),
        (amount.between(None, "0.0000001"), "amount < 0.0000001"),
        (amount != Money("5", "EUR"), "amount is not 5.00 EUR"),
        (value <= 5, "value <= 5.0"),
        (kind("b", "a"), "kind in {a, b}"),
        (name == "a b", "name is 'a b'"),
        (name == "or", "name is 'or'"),
        (
            name.isin("and", "false", "in", "is", "missing", "not", "true"),
            "name in {'and', 'false', 'in', 'is', 'missing', 'not', 'true'}",
        ),
        (name == "客户", "name is 客户"),
        (attribute("x").isin("1", 1, True), "attribute('x') in {true, 1, '1'}"),
        (customer("plan").is_missing(), "customer('plan') is missing"),
        (~(kind("a") | kind("b")), "not (kind is a or kind is b)"),
        ((kind("a") | kind("b")) & kind("c"), "(kind is a or kind is b) and kind is c"),
        ((kind("a") & kind("b")) | kind("c"), "(kind is a and kind is b) or kind is c"),
        (Did(always), "did (always)"),
        (Did(never, 2), "did (never) at least 2 times"),
        (Did(kind("a"), within=dt.timedelta(days=1)), "did (kind is a) within 1 day"),
        (Did(kind("a"), within=dt.timedelta(hours=36)), "did (kind is a) within 36 hours"),
        (Did(kind("a"), within=dt.timedelta(minutes=90)), "did (kind is a) within 90 minutes"),
        (Did(kind("a"), within=dt.timedelta(seconds=1)), "did (kind is a) within 1 second"),
        (Did(kind("a"), within=US), "did (kind is a) within 1 microsecond"),
        (at >= NOON, "at >= 2026-03-01T12:00:00+00:00"),
        (thread == uuid.UUID(int=1), "thread is 00000000-0000-0000-0000-000000000001"),
    ],
)
def test_describe(rule: Rule, words: str) -> None:
    assert rule.describe() == words
