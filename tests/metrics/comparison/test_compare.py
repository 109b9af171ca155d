"""Changes and what explains them, against slow readings and worked examples."""

from __future__ import annotations

import datetime as dt
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    ValueTree,
    active_customers,
    allocate,
    average_order_value,
    change,
    decompose,
    period_change,
    repurchase_rate,
    rfm,
    value_tree,
)
from customerops.model import (
    Axis,
    Calendar,
    Context,
    Customer,
    Interaction,
    InteractionLog,
    Item,
    Mean,
    Money,
    NetPromoterScore,
    Proportion,
    Quotient,
    Rate,
    Ratio,
    Window,
)
from customerops.model.tables.base import Estimate
from tests.reference import compare as slow
from tests.reference.metrics import histories

UTC = dt.UTC
NEW_YORK = ZoneInfo("America/New_York")


def share(count: Any, total: Any, **options: Any) -> Proportion:
    context = Context("churn_rate", **options)
    return Proportion(parts={"count": count, "total": total}, context=context)


# ------------------------------------------------------------------ change


def test_a_change_is_absolute_and_relative() -> None:
    risen = change(share(50, 1000), share(40, 1000))
    assert risen.absolute == pytest.approx(0.01)
    assert risen.relative == pytest.approx(0.25)
    assert risen.complete is True
    assert risen.context.metric == "churn_rate"
    assert repr(risen) == "Change(metric='churn_rate', absolute=0.01)"
    assert risen == change(share(50, 1000), share(40, 1000))
    assert risen != change(share(40, 1000), share(40, 1000))
    assert risen.__eq__(5) is NotImplemented
    assert pickle.loads(pickle.dumps(risen)) == risen
    with pytest.raises(TypeError, match="unhashable"):
        hash(risen)


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, example (a): 56/70 less 48/80
def test_the_interval_of_a_difference_of_shares_is_newcombes() -> None:
    low, high = change(share(56, 70), share(48, 80)).interval()
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@given(st.integers(0, 40), st.integers(1, 40), st.sampled_from([0.8, 0.95]))
def test_a_relative_interval_is_where_the_difference_ceases_to_hold_zero(
    one: int, two: int, confidence: float
) -> None:
    a, b = share(one, 40), share(two, 40)
    low, high = change(a, b).interval("relative", confidence)
    expected = slow.ratio_bounds(
        float(a), a.interval(confidence), float(b), b.interval(confidence)
    )
    assert low + 1 == pytest.approx(expected[0], abs=1e-9)
    assert high + 1 == pytest.approx(expected[1], rel=1e-9)


def test_methods_are_named() -> None:
    context = Context("m")
    mean = Mean.from_rows([1, 2, 4], context=context)
    ratio = Ratio.from_rows([1, 2], [2, 2], context=context)
    rate = Rate(parts={"events": 3, "exposure": 9}, context=context)
    score = NetPromoterScore(
        parts={"promoters": 3, "passives": 1, "detractors": 1}, context=context
    )
    named: list[tuple[Estimate, str]] = [
        (share(1, 2), "newcombe"),
        (mean, "welch"),
        (ratio, "welch"),
        (rate, "mover"),
        (score, "variances added"),
    ]
    for one, method in named:
        assert change(one, one).methods == {"absolute": method, "relative": "mover-r"}
    bare = Quotient(parts={"numerator": 3, "denominator": 2}, context=context)
    moved = change(bare, bare)
    assert moved.methods == {}
    assert moved.relative == 0
    assert list(moved.to_frame()) == ["after", "before", "absolute", "relative", "complete"]
    with pytest.raises(InvalidInputError, match="results must be estimates to have an interval"):
        moved.interval()


def test_nothing_relative_to_nothing() -> None:
    from_zero = change(share(3, 9), share(0, 9))
    assert from_zero.absolute == pytest.approx(1 / 3)
    assert np.isnan(from_zero.relative)
    assert np.isnan(from_zero.interval("relative")).all()
    assert np.isnan(change(share(3, 9), share(0, 0)).absolute)
    to_zero = change(share(0, 9), share(3, 9))
    assert to_zero.relative == -1
    assert to_zero.interval("relative")[0] == -1
    low, high = change(
        *(Rate(parts={"events": n, "exposure": 5}, context=Context("r")) for n in (2, 1))
    ).interval("relative")
    assert low > -1
    assert np.isfinite(high)
    certain = Mean.from_rows([5, 5], context=Context("m"))
    assert change(certain, certain).interval("relative") == (0, 0)
    signed = Mean.from_rows([-5, 9], context=Context("m"))  # 2, give or take much more
    assert np.isnan(change(certain, signed).interval("relative")).all()
    touching = change(share(1, 2), share(1, 2)).interval(
        "relative", 0.95, method="clopper-pearson"
    )
    assert np.isfinite(touching).all()


def test_a_frame_of_changes() -> None:
    plans = Axis("plan", ["a", "b"], "group", disjoint=True)
    a, b = (
        Proportion(axes=[plans], parts={"count": n, "total": [10, 10]}, context=Context("c"))
        for n in ([5, 2], [4, 4])
    )
    moved = change(a, b)
    frame = moved.to_frame()
    assert frame["relative"].tolist() == pytest.approx([0.25, -0.5])
    assert (frame["absolute_low"] < frame["absolute"]).all()
    assert (frame["relative_high"] > frame["relative"]).all()
    assert repr(moved) == "Change(metric='c', axes=plan[2])"
    assert "change" in moved._repr_html_()


def test_only_the_same_thing_is_compared() -> None:
    plans = Axis("plan", ["a"], "group", disjoint=True)
    wide = Proportion(
        axes=[plans], parts={"count": [1], "total": [2]}, context=Context("churn_rate")
    )
    for other, message in (
        (
            Quotient(parts={"numerator": 1, "denominator": 2}, context=Context("churn_rate")),
            "of one class",
        ),
        (share(1, 2, definition="stripe"), "definition must be the same"),
        (wide, "axes must be the same"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            change(share(1, 2), other)
    with pytest.raises(InvalidInputError, match="before must be an estimate"):
        change(share(1, 2), 5)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="after must be an estimate"):
        change(5, share(1, 2))  # type: ignore[arg-type]
    same = change(share(1, 2), share(1, 2))
    with pytest.raises(InvalidInputError, match="of must be one of"):
        same.interval("both")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="confidence must"):
        same.interval("relative", 1)


def uses(*at: dt.date) -> InteractionLog:
    rows = [
        Interaction(
            customer_id=i, kind="use", at=dt.datetime(d.year, d.month, d.day, 12, tzinfo=UTC)
        )
        for i, d in enumerate(at)
    ]
    return InteractionLog.from_interactions(rows, calendar=Calendar(UTC))


def test_periods_against_the_one_before() -> None:
    log = uses(*[dt.date(2026, 1, 5)] * 4, *[dt.date(2026, 2, 5)] * 6, dt.date(2026, 3, 1))
    monthly = active_customers(log.until_day(dt.date(2026, 3, 15)), activity="use", period="month")
    moved = period_change(monthly, against="previous")
    assert moved.after.axes[0].labels == (dt.date(2026, 2, 1), dt.date(2026, 3, 1))
    np.testing.assert_array_equal(moved.absolute, [2, np.nan])
    np.testing.assert_array_equal(moved.relative, [0.5, np.nan])
    assert moved.complete.tolist() == [True, False]
    low, high = moved.interval("relative")
    assert low[0] < 0.5 < high[0]
    with pytest.raises(InvalidInputError, match="table must have an axis of periods"):
        period_change(monthly.select(period=dt.date(2026, 1, 1)), against="previous")
    with pytest.raises(InvalidInputError, match="against must be one of"):
        period_change(monthly, against="last")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="table must be an estimate"):
        period_change(5, against="previous")  # type: ignore[arg-type]


def test_periods_against_the_year_before() -> None:
    days = [dt.date(2023, 2, 28), dt.date(2024, 2, 28), dt.date(2024, 2, 28), dt.date(2024, 2, 29)]
    log = uses(*days).until_day(dt.date(2024, 3, 31))
    daily = period_change(
        active_customers(log, activity="use", period="day"), against="year_before"
    )
    labels = daily.after.axes[0].labels
    assert labels[0] == dt.date(2024, 2, 28)
    assert dt.date(2024, 2, 29) not in labels
    assert daily.relative[0] == 1
    yearly = period_change(
        active_customers(log, activity="use", period="year"), against="year_before"
    )
    assert yearly.after.axes[0].labels == (dt.date(2024, 1, 1),)
    weekly = active_customers(log, activity="use", period="week")
    with pytest.raises(InvalidInputError, match="against must be 'previous' for weeks"):
        period_change(weekly, against="year_before")


# ------------------------------------------------------------------ decompose


GROUPS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(0, 9), st.integers(1, 9)),
    min_size=1,
    max_size=4,
)


def grouped(pairs: list[tuple[int, int]], labels: Any = "abcd") -> Quotient:
    axis = Axis("plan", list(labels)[: len(pairs)], "group", disjoint=True)
    parts = {"numerator": [x for x, _ in pairs], "denominator": [n for _, n in pairs]}
    return Quotient(axes=[axis], parts=parts, context=Context("m"))


@given(GROUPS)
def test_mix_and_rate_are_the_mean_of_either_first(rows: list[tuple[int, ...]]) -> None:
    before, after = [(x, n) for x, n, _, _ in rows], [(x, n) for _, _, x, n in rows]
    found = decompose(grouped(after), grouped(before))
    assert (found.mix_effect, found.rate_effect) == slow.kitagawa(before, after)
    assert found.mix_effect + found.rate_effect == found.change == found.after - found.before
    frame = found.to_frame()
    assert frame["weight_after"].sum() == pytest.approx(1)
    assert frame["mix"].sum() + frame["rate"].sum() == pytest.approx(float(found.change))


def test_every_rate_may_fall_while_that_of_all_rises() -> None:
    """Simpson's paradox by hand: 10/100 and 60/100 become 1/20 and 99/180."""
    found = decompose(grouped([(1, 20), (99, 180)]), grouped([(10, 100), (60, 100)]))
    assert (found.before, found.after) == (Fraction(7, 20), Fraction(1, 2))
    assert found.rate_effect == -Fraction(1, 20)  # both fall by 0.05
    assert found.mix_effect == Fraction(1, 5)
    # by group: weights -0.4 and +0.4, mean rates 0.075 and 0.575, of all 0.425
    assert found.mix == (Fraction(14, 100), Fraction(6, 100))
    assert found.rate == (-Fraction(15, 1000), -Fraction(35, 1000))


def test_a_group_that_came_or_went_is_mix() -> None:
    found: Any = decompose(grouped([(5, 10)], "b"), grouped([(1, 10), (0, 0)], "ac"))
    assert found.labels == ("a", "b", "c")
    assert found.rate == (0, 0, 0)
    assert found.change == found.mix_effect == Fraction(2, 5)
    assert found.rates == ((Fraction(1, 10), None), (None, Fraction(1, 2)), (None, None))
    assert np.isnan(found.to_frame()["rate_after"][0])


def test_every_kind_of_estimate_is_split_in_its_own_unit() -> None:
    axis = Axis("plan", ["a", "b"], "group", disjoint=True)
    scaled = Context("m", currency="EUR", options={"scale": 100})
    codes = np.array([0, 1, 1])
    for make in (
        lambda x: Mean.from_rows(x, axes=[axis], codes=codes, context=scaled),
        lambda x: Ratio.from_rows(x, [1, 1, 1], axes=[axis], codes=codes, context=scaled),
    ):
        found: Any = decompose(make([600, 300, 300]), make([300, 300, 300]))
        assert found.change == Fraction(1)  # 1 euro: from 3 to 4
        assert found.rate == (1, 0)
    hazard = Context("h", options={"per": 10})
    a, b = (
        Rate(axes=[axis], parts={"events": n, "exposure": [50, 50]}, context=hazard)
        for n in ([2, 3], [1, 3])
    )
    assert decompose(a, b).change == Fraction(1, 10)
    p, q = (
        Proportion(axes=[axis], parts={"count": n, "total": [5, 5]}, context=Context("p"))
        for n in ([2, 3], [1, 3])
    )
    assert decompose(p, q).change == Fraction(1, 10)


def test_what_cannot_be_split() -> None:
    one = grouped([(1, 2)])
    with pytest.raises(InvalidInputError, match="after must be one of Proportion, Ratio"):
        decompose(5, one)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="axes must be one of groups"):
        decompose(one.rollup("plan"), one)
    period = Axis("period", [dt.date(2026, 1, 1)], "period", disjoint=False)
    monthly = Quotient(
        axes=[period], parts={"numerator": [1], "denominator": [2]}, context=Context("m")
    )
    with pytest.raises(InvalidInputError, match="axes must be one of groups"):
        decompose(one, monthly)
    with pytest.raises(InvalidInputError, match="results must have somebody in each"):
        decompose(one, grouped([(0, 0)]))
    window = Window.parse("2026-01-01", "2026-02-01", tz=UTC)
    running = Quotient(axes=one.axes, parts=one.parts, context=Context("m", as_of=0, over=window))
    with pytest.raises(InvalidInputError, match="before must be complete to be split"):
        decompose(one, running)
    other = Quotient(axes=one.axes, parts=one.parts, context=Context("n"))
    with pytest.raises(InvalidInputError, match="metric must be the same"):
        decompose(one, other)
    with pytest.raises(InvalidInputError, match="axes must be the same"):
        decompose(
            one,
            grouped([(1, 2)]).__class__(
                axes=[Axis("x", ["a"], "group", disjoint=True)],
                parts=one.parts,
                context=one.context,
            ),
        )
    rows = [
        Interaction(
            customer_id=1,
            kind="purchase",
            at=dt.datetime(2026, 1, 1, tzinfo=UTC),
            amount=Money("1", "EUR"),
        )
    ]
    buyers = rfm(InteractionLog.from_interactions(rows, calendar=Calendar(UTC)), as_of=rows[0].at)
    shares = buyers.score(buyers.cuts()).segments().share()
    with pytest.raises(InvalidInputError, match="results must have a total for each group"):
        decompose(shares, shares)


def test_two_months_of_order_values_by_channel() -> None:
    start = dt.datetime(2026, 1, 5, tzinfo=UTC)
    rows = [
        Interaction(
            customer_id=i,
            kind="purchase",
            at=start + dt.timedelta(days=day),
            amount=Money(euro, "EUR"),
        )
        for i, (day, euro) in enumerate([(0, "10"), (1, "30"), (40, "10"), (41, "30"), (42, "30")])
    ]
    people = [Customer(id=i, attributes={"plan": "a" if i in (0, 2) else "b"}) for i in range(5)]
    log = InteractionLog.from_interactions(rows, calendar=Calendar(UTC)).with_customers(people)
    table = average_order_value(log.until_day(dt.date(2026, 2, 28)), period="month", by="plan")
    january, february = (table.select(period=dt.date(2026, m, 1)) for m in (1, 2))
    found = decompose(february, january)
    assert found.rate_effect == 0
    assert found.change == Fraction(70, 3) - 20


# ------------------------------------------------------------------ value tree


INSTANTS = st.integers(0, 24 * 60).map(
    lambda hours: dt.datetime(2026, 2, 1, 5, tzinfo=UTC) + dt.timedelta(hours=hours)
)
LINES = st.lists(
    st.builds(
        Item,
        sku=st.just("pen"),
        quantity=st.sampled_from([Decimal(1), Decimal("0.5"), Decimal(3)]),
        unit_price=st.just(Money("1", "EUR")),
    ),
    max_size=2,
)
ROWS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.integers(1, 4),
        kind=st.sampled_from(["purchase", "purchase", "purchase", "refund"]),
        at=INSTANTS,
        amount=st.none() | st.integers(-300, 5000).map(lambda n: Money.of_minor(n, "EUR")),
        items=LINES,
    ),
    max_size=20,
)
LATER = dt.datetime(2026, 4, 9, tzinfo=UTC)


def day(month: int, d: int) -> dt.datetime:
    return dt.datetime(2026, month, d, tzinfo=NEW_YORK)


# the clock goes forward in New York on 8 March
SPANS = [
    ((day(3, 1), day(3, 9)), (day(2, 20), day(3, 1))),
    ((day(3, 9), day(4, 1)), (day(2, 10), day(2, 20))),
]


def log_of(rows: list[Interaction]) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=Calendar(NEW_YORK), currency="EUR")


@given(ROWS, st.sampled_from(SPANS))
def test_a_tree_follows_each_customer(rows: list[Interaction], spans: Any) -> None:
    over, against = spans
    found = value_tree(log_of(rows), over=Window(*over), against=Window(*against), as_of=LATER)
    expected = slow.tree(histories(rows, LATER), over, against)
    for i, movement in enumerate(found.axes[0].labels):
        row = expected[str(movement)]
        for name, part in found.parts.items():
            scale = 10**6 if name.startswith("units") else 1
            assert Fraction(int(part[i]), scale) == row[name]
    total = sum(row["revenue"] - row["revenue_before"] for row in expected.values())
    assert found.change == sum(found.movements.values()) == total
    levels = found.levels
    assert sum(level.effect for level in levels) == total
    for side in ("before", "after"):
        factors = [getattr(level, side) for level in levels]
        if None not in factors:
            suffix = "_before" if side == "before" else ""
            assert np.prod(factors) == sum(row["revenue" + suffix] for row in expected.values())
    filled = [
        [x if x is not None else y if y is not None else Fraction(0) for x, y in pairs]
        for pairs in (
            [(level.before, level.after) for level in levels],
            [(level.after, level.before) for level in levels],
        )
    ]
    assert [level.effect for level in levels] == slow.in_turn(*filled)


@given(ROWS, st.sampled_from(SPANS))
def test_trees_add_over_customers(rows: list[Interaction], spans: Any) -> None:
    over, against = (Window(*span) for span in spans)
    parts = [
        value_tree(
            log_of([x for x in rows if x.customer_id in group]),
            over=over,
            against=against,
            as_of=LATER,
        )
        for group in ({1, 2}, {3, 4}, {1, 2, 3, 4})
    ]
    assert parts[0] + parts[1] == parts[2]


def order(who: int, at: dt.datetime, euros: str, *quantities: int) -> Interaction:
    return Interaction(
        customer_id=who,
        kind="purchase",
        at=at,
        amount=Money(euros, "EUR"),
        items=tuple(Item(sku="pen", quantity=Decimal(q)) for q in quantities),
    )


def test_units_and_prices_where_every_order_has_lines() -> None:
    """One order of 2 at 5 becomes two orders of 3 at 4: 1000 to 2400 in cents."""
    over, against = (Window(*span) for span in SPANS[0])
    rows = [
        order(1, day(2, 21), "10", 2),
        order(1, day(3, 2), "12", 1, 2),
        order(1, day(3, 3), "12", 3),
    ]
    tree = value_tree(log_of(rows), over=over, against=against, as_of=LATER)
    levels: Any = {level.name: level for level in tree.levels}
    assert list(levels) == [
        "customers",
        "orders per customer",
        "units per order",
        "price per unit",
    ]
    assert [(x.before, x.after) for x in levels.values()] == [(1, 1), (1, 2), (2, 3), (500, 400)]
    assert levels["price per unit"].change == -Fraction(1, 5)
    assert sum(x.effect for x in levels.values()) == tree.change == 1400
    bare = value_tree(
        log_of([*rows, order(1, day(3, 4), "1")]), over=over, against=against, as_of=LATER
    )
    assert [x.name for x in bare.levels][2:] == ["value per order"]


def test_nobody_before_is_all_customers() -> None:
    over, against = (Window(*span) for span in SPANS[0])
    rows = [order(1, day(3, 2), "12"), order(2, day(3, 3), "8")]
    tree = value_tree(log_of(rows), over=over, against=against, as_of=LATER)
    assert [x.effect for x in tree.levels] == [2000, 0, 0]
    assert [x.before for x in tree.levels] == [0, None, None]
    assert [x.change for x in tree.levels] == [None, None, None]
    assert tree.movements == {"kept": 0, "lost": 0, "new": 2000, "returned": 0}
    nothing = value_tree(log_of([]), over=over, against=against, as_of=LATER)
    assert [x.effect for x in nothing.levels] == [0, 0, 0]
    assert nothing.context.currency is None


def test_a_log_without_lines_has_values_of_orders() -> None:
    log = InteractionLog.from_arrays(
        customer_id=[1], kind=["purchase"], at=[day(3, 2)], amount=[12], currency="EUR", tz=UTC
    )
    over, against = (Window(*span) for span in SPANS[0])
    tree = value_tree(log, over=over, against=against, as_of=LATER)
    assert [x.name for x in tree.levels][2:] == ["value per order"]


def test_new_is_who_never_bought_up_to_the_first_window() -> None:
    over, against = (Window(*span) for span in SPANS[1])
    rows = [
        order(1, day(2, 25), "1"),  # between the windows: new since the first
        order(1, day(3, 10), "1"),
        order(2, day(2, 5), "1"),
        order(2, day(3, 10), "2"),  # returned
    ]
    tree = value_tree(log_of(rows), over=over, against=against, as_of=LATER)
    assert tree.movements == {"kept": 0, "lost": 0, "new": 100, "returned": 200}
    assert tree.customers.tolist() == [0, 0, 1, 1]


def test_a_first_window_before_the_history_is_flagged() -> None:
    over, against = (Window(*span) for span in SPANS[0])
    for seen, flag in ((None, False), (day(2, 20), False), (day(2, 21), True)):
        log = InteractionLog.from_interactions(
            [], calendar=Calendar(NEW_YORK), observed=Window(seen, None)
        )
        tree = value_tree(log, over=over, against=against, as_of=LATER)
        assert tree.truncated is flag


def test_a_tree_for_each_group() -> None:
    over, against = (Window(*span) for span in SPANS[0])
    people = [Customer(id=i, attributes={"plan": "ab"[i - 1]}) for i in (1, 2)]
    rows = [order(1, day(2, 21), "10"), order(2, day(3, 2), "12")]
    log = log_of(rows).with_customers(people)
    tree = value_tree(log, over=over, against=against, by="plan", as_of=LATER)
    assert tree.select(plan="a").movements["lost"] == -1000
    assert tree.rollup("plan") == value_tree(log, over=over, against=against, as_of=LATER)
    for broken in (tree, tree.rollup("plan").select(movement=["kept"])):
        with pytest.raises(InvalidInputError, match="axes must be all movements alone"):
            _ = broken.levels
    running = value_tree(log, over=over, against=against, as_of=day(3, 8))
    assert not running.complete.any()
    with pytest.raises(InvalidInputError, match="over must be over at as_of to be explained"):
        _ = running.movements


def test_what_a_tree_refuses() -> None:
    log = log_of([]).until(LATER)
    over, against = (Window(*span) for span in SPANS[0])
    with pytest.raises(InvalidInputError, match="over must be a Window"):
        value_tree(log, over=5, against=against)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="against must have both ends: one is open"):
        value_tree(log, over=over, against=Window(None, over.start))
    with pytest.raises(InvalidInputError, match="against must be over when the window `over` st"):
        value_tree(log, over=against, against=over)
    with pytest.raises(InvalidInputError, match="customers must not be negative"):
        ValueTree(parts=dict.fromkeys(ValueTree.PARTS, -1), context=Context("value_tree"))


# ------------------------------------------------------------------ allocate


USES = st.lists(st.tuples(st.integers(-2, 12), st.integers(0, 9)), max_size=8)


@given(USES, st.integers(0, 25))
def test_exact_is_the_best_choice_and_greedy_half_of_it(
    uses: list[tuple[int, int]], budget: int
) -> None:
    values, costs = ([Fraction(u[i], 3) for u in uses] for i in (0, 1))
    best = slow.best_choice(values, costs, Fraction(budget, 3))
    exact = allocate(values, costs, Fraction(budget, 3), method="exact")
    greedy = allocate(values, costs, Fraction(budget, 3))
    assert exact.value == best
    assert exact.optimal
    assert 2 * greedy.value >= best >= greedy.value
    assert greedy.bound == exact.bound >= best
    for found in (exact, greedy):
        assert list(found.chosen) == sorted(set(found.chosen))
        assert (
            found.cost == sum((costs[i] for i in found.chosen), Fraction(0)) <= Fraction(budget, 3)
        )
        assert found.value == sum((values[i] for i in found.chosen), Fraction(0))
    if greedy.optimal:
        assert greedy.value == best


# Kellerer, Pferschy and Pisinger (2004), chapter 2: the example for which greedy is arbitrarily bad
# without the single best: one small use of better value per cost keeps the large one out
def test_greedy_takes_the_single_best_if_that_is_more() -> None:
    found: Any = allocate([2, 100], [1, 100], 100)
    assert (found.chosen, found.value, found.optimal) == ((1,), 100, False)
    assert found.bound == 2 + 99


def test_numbers_are_taken_exactly() -> None:
    tenth = [0.1] * 3
    assert allocate(tenth, [Decimal("0.1")] * 3, Decimal("0.3")).chosen == (0, 1, 2)
    assert allocate(np.array([1, 2]), np.array([1.5, 1.5]), np.int64(2)).chosen == (1,)  # type: ignore[arg-type]
    assert allocate([5, 5, 5], [2, 2, 2], 4).chosen == (0, 1)  # the earlier first
    assert allocate([5, 5, 5], [2, 2, 2], 4, method="exact").chosen == (0, 1)
    assert allocate([], [], 0) == allocate([0, -1, 9], [0, 0, 9], 3)


def test_what_is_not_allocated() -> None:
    for values, costs, budget, message in (
        ([1], [1, 2], 3, "values and costs must be as many: got 1 and 2"),
        ([1], [-1], 3, "costs must not be negative: 1 of 1 are"),
        ([1], [1], -3, "budget must not be negative"),
        ([float("nan")], [1], 3, "values must be finite numbers"),
        (["1"], [1], 3, "values must be finite numbers"),
        ([1], [True], 3, "costs must be finite numbers"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            allocate(values, costs, budget)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="method must be one of"):
        allocate([1], [1], 1, method="annealing")  # type: ignore[arg-type]
    powers = [2**i for i in range(20)]
    with pytest.raises(InvalidInputError, match="values must be few for method='exact'"):
        allocate(powers, powers, 2**20, method="exact")


def test_a_change_of_a_rate_from_a_log() -> None:
    rows = [order(i, day(2, 21), "10") for i in range(4)] + [order(0, day(2, 22), "10")]
    log = log_of(rows).until(LATER)
    rates = [
        repurchase_rate(log, definition="in_window", over=Window(*span))
        for span in (SPANS[0][1], (day(2, 1), day(2, 22)))
    ]
    assert change(*rates).absolute == 0.25
