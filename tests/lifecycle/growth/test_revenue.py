"""Revenue by who brought it: by hand, against plain sums, and as a statistic that adds."""

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.lifecycle.growth.growth import growth_accounting
from customerops.lifecycle.growth.revenue import RevenueGrowth, revenue_growth
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Interaction
from customerops.model.values.calendar import Calendar
from customerops.model.values.money import Money
from customerops.model.values.window import Window
from tests.reference.revenue import PARTS, movements

UTC = Calendar(dt.UTC)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
END = START + 90 * DAY - dt.timedelta(microseconds=1)

Purchases = dict[str, list[tuple[int, int | None]]]
"""Customer to the days of a purchase, and what was paid, in cents; negative for a refund."""


def log_of(given: Purchases, **options: Any) -> InteractionLog:
    records = [
        Interaction(
            customer_id=c,
            at=START + n * DAY,
            kind="refund" if paid is not None and paid < 0 else "purchase",
            amount=None if paid is None else Money.of_minor(paid, "EUR"),
        )
        for c, bought in given.items()
        for n, paid in bought
    ]
    return InteractionLog.from_interactions(records, currency="EUR", calendar=UTC, **options)


def purchases(names: str = "abcde", least: int = 0) -> st.SearchStrategy[Purchases]:
    paid = st.none() | st.integers(least, 900) | st.just(10**17)
    bought = st.lists(st.tuples(st.integers(0, 60), paid), max_size=6)
    return st.dictionaries(st.sampled_from(names), bought, max_size=5)


def by_week(given: Purchases, until: int, *, refunds: bool) -> dict[str, dict[int, int]]:
    out: dict[str, dict[int, int]] = {}
    for c, bought in given.items():
        for n, paid in bought:
            if n <= until and (refunds or paid is None or paid >= 0):
                weeks = out.setdefault(c, {})
                weeks[(n + 3) // 7] = weeks.get((n + 3) // 7, 0) + (paid or 0)  # a Thursday
    return out


def told(found: RevenueGrowth) -> dict[str, list[int]]:
    return {name: getattr(found, name).tolist() for name in PARTS}


@given(
    purchases(least=-900),
    st.integers(0, 70),
    st.booleans(),
    st.none() | st.tuples(st.integers(0, 4), st.integers(5, 12)),
)
def test_it_equals_plain_sums(
    given: Purchases, n: int, refunds: bool, over: tuple[int, int] | None
) -> None:
    spent = by_week(given, n, refunds=refunds)
    begun = min((w for weeks in spent.values() for w in weeks), default=None)
    first, last = (begun, (n + 3) // 7) if over is None else (over[0], over[1] - 1)
    first = last + 1 if first is None else first
    monday = START - 3 * DAY
    window = None if over is None else Window(*(monday + w * 7 * DAY for w in over))
    found = revenue_growth(
        log_of(given),
        period="week",
        purchases={"purchase", "refund"} if refunds else "purchase",
        over=window,
        as_of=START + n * DAY,
    )
    assert told(found) == movements(spent, first, last)
    assert found.closing[:-1].tolist() == found.opening[1:].tolist()


@given(purchases("abc", -900), purchases("xyz", -900), st.integers(0, 70), st.booleans())
def test_partitions_add(a: Purchases, b: Purchases, n: int, grouped: bool) -> None:
    def made(part: Purchases) -> RevenueGrowth:
        people = [
            Customer(id=c, created_at=START, attributes={"team": "red" if ord(c) % 2 else "blue"})
            for c in part
        ]
        return revenue_growth(
            log_of(part).with_customers(people, attributes=["team"]),
            period="month",
            purchases={"purchase", "refund"},
            as_of=START + n * DAY,
            by="team" if grouped else None,
        )

    assert made(a) + made(b) == made({**a, **b}) == made(b) + made(a)


@given(purchases(least=1), st.integers(0, 70))
def test_customers_come_and_go_as_in_growth_accounting(given: Purchases, n: int) -> None:
    """With one cent a month each, money moves as customers do."""
    once: Purchases = {
        c: [(k, 1) for k in {d // 31 * 31 for d, _ in days}] for c, days in given.items()
    }
    log, as_of = log_of(once), START + n * DAY
    revenue = revenue_growth(log, period="month", as_of=as_of)
    people = growth_accounting(log, qualifies="purchase", period="month", as_of=as_of)
    assert revenue.new.tolist() == people.new.tolist()
    assert revenue.reactivation.tolist() == people.resurrected.tolist()
    assert revenue.churn.tolist() == people.churned.tolist()
    assert revenue.opening.tolist() == np.asarray(people.opening).tolist()
    assert revenue.quick_ratio().value.tolist() == pytest.approx(
        people.quick_ratio().value.tolist(), nan_ok=True
    )
    assert revenue.net_retention().value.tolist() == pytest.approx(
        people.retention().value.tolist(), nan_ok=True
    )


BY_HAND: Purchases = {
    "a": [(0, 1000), (5, 500), (33, 1800)],  # 15.00, then 18.00: expands by 3.00
    "b": [(1, 2000), (40, 700)],  # contracts by 13.00
    "c": [(2, 400), (60, 100)],  # churns with 4.00, comes back with 1.00
    "d": [(31, 900)],  # new in February, churns in March
}


def test_a_quarter_by_hand() -> None:
    found = revenue_growth(log_of(BY_HAND).until(END), period="month")
    assert told(found) == {
        "opening": [0, 3900, 3400],
        "new": [3900, 900, 0],
        "expansion": [0, 300, 0],
        "contraction": [0, 1300, 0],
        "churn": [0, 400, 3400],
        "reactivation": [0, 0, 100],
        "closing": [3900, 3400, 100],
        "repeated": [0, 2500, 0],
        "kept": [0, 2200, 0],
    }
    assert found.net.tolist() == [3900, -500, -3300]
    assert found.context.currency == "EUR"
    assert found.gross_retention().value.tolist()[1:] == [2200 / 3900, 0.0]
    assert found.net_retention().value.tolist()[1:] == [2500 / 3900, 0.0]
    assert found.quick_ratio().value.tolist()[1:] == [1200 / 1700, 100 / 3400]
    assert np.isnan(found.quick_ratio().value[0])
    assert list(found.to_frame().columns) == ["period", *PARTS, "truncated", "complete"]
    assert found.complete.tolist() == [True] * 3
    assert pickle.loads(pickle.dumps(found)) == found
    one = found.select(period=dt.date(2026, 2, 1))
    assert (one.closing, one.truncated, float(one.net_retention())) == (3400, False, 2500 / 3900)


def test_refunds_by_hand() -> None:
    """A refund of last month's purchase is contraction; that it is not repeated, expansion."""
    given: Purchases = {"a": [(0, 1000), (35, -1000)], "b": [(32, -5)]}
    log = log_of(given).until(END)
    found = revenue_growth(log, period="month", purchases={"purchase", "refund"})
    assert told(found) == {
        "opening": [0, 1000, -1005],
        "new": [1000, 0, 0],
        "expansion": [0, 0, 1005],
        "contraction": [0, 2005, 0],
        "churn": [0, 0, 0],
        "reactivation": [0, 0, 0],
        "closing": [1000, -1005, 0],
        "repeated": [0, -1000, 0],
        "kept": [0, -1000, -1005],
    }
    assert revenue_growth(log, period="month").churn.tolist() == [0, 1000, 0]


def test_retention_looks_at_the_customers_of_the_period_before_alone() -> None:
    """In March b spends again what b spent in February; a refund of January is not b's."""
    given: Purchases = {"a": [(4, 300), (67, -300)], "b": [(35, 100), (63, 100)]}
    log = log_of(given).until(END)
    found = revenue_growth(log, period="month", purchases={"purchase", "refund"})
    assert (found.contraction[2], found.closing[2]) == (300, -200)
    assert found.net_retention().value.tolist()[1:] == [0.0, 1.0]
    assert found.gross_retention().value.tolist()[1:] == [0.0, 1.0]


def test_the_running_period_is_flagged_and_has_no_ratio() -> None:
    found = revenue_growth(log_of(BY_HAND), period="month", as_of=START + 45 * DAY)
    assert found.complete.tolist() == [True, False]
    assert np.isnan(found.net_retention().value).tolist() == [True, True]
    assert found.closing.tolist() == [3900, 3400]


def test_a_truncated_history_is_flagged() -> None:
    log = log_of(BY_HAND, observed=Window(START, None)).until(END)
    found = revenue_growth(log, period="month")
    assert np.asarray(found.truncated).tolist() == [True, False, False]
    january = found.select(period=dt.date(2026, 1, 1))
    assert january.truncated is True
    assert found.to_frame()["truncated"].tolist() == [True, False, False]
    late = log_of(BY_HAND, observed=Window(START + DAY / 2, None)).until(END)
    ratio = revenue_growth(late, period="month").net_retention()
    assert ratio.denominator.tolist() == [0, 0, 3400]


def test_groups_add_up_to_the_whole() -> None:
    people = [Customer(id=c, country="FR" if c == "a" else "DE") for c in "abcd"]
    log = log_of(BY_HAND).with_customers(people).until(END)
    by = revenue_growth(log, period="month", by="country")
    assert [axis.name for axis in by.axes] == ["country", "period"]
    assert by.closing.tolist() == [[2400, 1600, 100], [1500, 1800, 0]]
    assert by.rollup("country") == revenue_growth(log, period="month")


def test_sums_beyond_64_bits_reconcile() -> None:
    """Twenty purchases of 10**18 minor units are more than an int64 holds."""
    given: Purchases = {c: [(n, 10**18) for n in range(10)] for c in "ab"}
    given["a"] += [(31, 1)]
    found = revenue_growth(log_of(given).until(END), period="month")
    assert found.closing.tolist() == [20 * 10**18, 1, 0]
    assert found.contraction.tolist() == [0, 10**19 - 1, 0]
    assert found.churn.tolist() == [0, 10**19, 1]
    assert found.gross_retention().value[1] == pytest.approx(0.5e-19)


def test_an_empty_log_and_one_without_paid_amounts() -> None:
    nobody = revenue_growth(log_of({}), period="month", as_of=START)
    some = revenue_growth(log_of({"a": [(0, 5)]}), period="month", as_of=START)
    assert nobody.closing.shape == (0,)
    assert nobody + some == some == some + nobody
    unpaid = revenue_growth(log_of({"b": [(0, None)]}), period="month", as_of=START)
    assert (unpaid.context.currency, unpaid.closing.tolist()) == (None, [0])
    assert (unpaid + some).context.currency == "EUR"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period": "fortnight"}, "period must be one of"),
        ({"over": Window(START + DAY, None)}, "over must lie on the edges of a month"),
        ({"as_of": None}, "as_of must be given"),
        ({"by": "plan"}, "plan"),
        ({"purchases": 3}, "rule"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], message: str) -> None:
    asked = {"period": "month", "as_of": START, **options}
    with pytest.raises(InvalidInputError, match=message):
        revenue_growth(log_of({"a": [(0, 5)]}), **asked)


def test_amounts_are_needed() -> None:
    log = InteractionLog.from_arrays(customer_id=[1], at=[START], kind=["purchase"], tz=dt.UTC)
    with pytest.raises(InvalidInputError, match="column must be one the log was built with"):
        revenue_growth(log, period="month", as_of=START)
