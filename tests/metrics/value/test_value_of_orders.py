"""Orders, users, concentration, products and balances, against a slow reading of each history."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    Concentration,
    arpa,
    arppu,
    arpu,
    average_order_value,
    concentration,
    next_window_repurchase,
    product_popularity,
    purchase_frequency,
    refund_rate,
    repurchase_rate,
    retention,
    spend_per_buyer,
    time_weighted_mean,
    units_per_transaction,
)
from customerops.model import (
    Calendar,
    Context,
    Distribution,
    Interaction,
    InteractionLog,
    Item,
    Mean,
    Money,
    Numbers,
    Ratio,
    Subscription,
    Window,
    always,
    first,
    spells_of,
)
from tests.metrics.contracts import BOOKS, DAY, INSTANTS, NEW_YORK, US, months_of, spells_from, utc
from tests.reference import churn
from tests.reference import value as slow
from tests.reference.metrics import histories

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[2] / "cases/metrics.json").read_text())["cases"]
}
ITEMS = st.builds(
    Item,
    sku=st.sampled_from(["pen", "ink", "cap"]),
    category=st.sampled_from([None, "paper"]),
    quantity=st.sampled_from([Decimal(1), Decimal(3), Decimal("0.5")]),
)


@st.composite
def events(draw: st.DrawFn) -> Interaction:
    kind = draw(st.sampled_from(["purchase", "purchase", "purchase", "refund", "use", "balance"]))
    minor = draw(st.sampled_from([None, 0, 1, 500, 999, 1_000, 10**13]))
    sign = -1 if kind == "refund" else 1
    paid = kind != "use" and minor is not None
    return Interaction(
        customer_id=draw(st.sampled_from("abcde")),
        kind=kind,
        at=draw(INSTANTS),
        channel=draw(st.sampled_from(["web", "app", None])),
        amount=Money.of_minor(sign * (minor or 0), "EUR") if paid else None,
        value=draw(st.sampled_from([None, 0.5, 3.0])),
        items=tuple(draw(st.lists(ITEMS, max_size=2))) if kind == "purchase" else (),
    )


ROWS = st.lists(events(), max_size=25)
ZONE = ZoneInfo("America/New_York")


def log_of(rows: list[Interaction], calendar: Calendar = NEW_YORK) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=calendar)


def spans(result: Any) -> list[tuple[dt.datetime, dt.datetime]]:
    axes = getattr(result, "axes", None) or result.outer
    return months_of(next(axis for axis in axes if axis.kind in ("period", "cohort")).labels)


def check(rate: Any, column: int, expected: tuple[Any, Any], as_of: dt.datetime) -> None:
    """Compare one cell of a ratio: its value, and that it is known exactly when the month is over."""
    top, bottom = expected
    known = spans(rate)[column][1] <= as_of + US
    assert bool(rate.complete[column]) is known
    if known and bottom:
        assert rate.value[column] == float(Fraction(top) / Fraction(bottom))
    else:
        assert math.isnan(rate.value[column])


@given(ROWS, INSTANTS)
def test_orders_equal_reading_each_history(rows: list[Interaction], as_of: dt.datetime) -> None:
    log, own = log_of(rows).until(as_of), histories(rows, as_of)
    value = average_order_value(log, period="month")
    spend = spend_per_buyer(log, period="month")
    often = purchase_frequency(log, period="month")
    units = units_per_transaction(log, period="month")
    spread = concentration(log, period="month")
    for column, span in enumerate(spans(value)):
        found = slow.orders(own, span)
        top, bottom = found["average_order_value"]
        assert (int(value.x[column]), int(value.y[column])) == (top, bottom)
        check(value, column, (Fraction(top, 100), bottom), as_of)
        assert (int(spend.n[column]), int(spend.sum[column])) == (
            len(found["spend"]),
            sum(found["spend"]),
        )
        assert int(spend.parts["sum_sq"][column]) == sum(x * x for x in found["spend"])
        check(spend, column, (Fraction(top, 100), len(found["spend"])), as_of)
        check(often, column, (sum(found["often"]), len(found["often"])), as_of)
        check(units, column, found["units_per_transaction"], as_of)
        one = spread.select(period=spread.outer[-1].labels[column])
        listed = np.repeat(one.points, one.count.astype(np.int64)).tolist()
        assert listed == found["spend"]
        for number in (0.0, 0.25, 0.5, 0.9, 1.0):
            known = span[1] <= as_of + US and sum(listed) > 0
            curve = one.lorenz(number)
            if known:
                exact = slow.lorenz(listed, Fraction(number))
                assert curve == pytest.approx(float(exact), abs=1e-12)
            else:
                assert math.isnan(curve)
        if span[1] <= as_of + US and sum(listed) > 0:
            assert one.gini == pytest.approx(float(slow.gini(listed)), abs=1e-12)
            assert one.hhi == pytest.approx(float(slow.hhi(listed)), abs=1e-12)


@given(ROWS, INSTANTS, st.sampled_from(["by_orders", "by_value"]))
def test_refunds_equal_reading_each_history(
    rows: list[Interaction], as_of: dt.datetime, definition: Any
) -> None:
    log, own = log_of(rows).until(as_of), histories(rows, as_of)
    rate = refund_rate(log, definition=definition, period="month")
    for column, span in enumerate(spans(rate)):
        top, bottom = slow.orders(own, span)[definition]
        assert (int(rate.x[column]), int(rate.y[column])) == (top, bottom)
        check(rate, column, (top, bottom), as_of)


@given(ROWS, INSTANTS, st.sampled_from([("purchase",), ("purchase", "refund")]))
def test_users_equal_reading_each_history(
    rows: list[Interaction], as_of: dt.datetime, revenue: Any
) -> None:
    log, own = log_of(rows).until(as_of), histories(rows, as_of)
    every = arpu(log, activity=always, revenue=set(revenue), period="month")
    using = arpu(log, revenue=set(revenue), activity={"use"}, period="month")
    paying = arppu(log, revenue=set(revenue), period="month")
    everything = ("purchase", "refund", "use", "balance")
    for rate, active in ((every, everything), (using, ("use",))):
        for column, span in enumerate(spans(rate)):
            money, users, _ = slow.users(own, span, revenue, active)
            assert (int(rate.x[column]), int(rate.y[column])) == (money, users)
            check(rate, column, (Fraction(money, 100), users), as_of)
    for column, span in enumerate(spans(paying)):
        money, _, payers = slow.users(own, span, revenue, everything)
        assert (int(paying.x[column]), int(paying.y[column])) == (money, payers)


@given(ROWS, INSTANTS, st.sampled_from(["sku", "category"]))
def test_products_equal_reading_each_history(
    rows: list[Interaction], as_of: dt.datetime, what: Any
) -> None:
    log, own = log_of(rows).until(as_of), histories(rows, as_of)
    share = product_popularity(log, what=what, period="month")
    ever = (dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC))
    assert set(share.axes[-1].labels) == set(slow.products(own, ever, what)[0])
    for column, span in enumerate(spans(share)):
        buyers, total = slow.products(own, span, what)
        labels = share.axes[-1].labels
        assert share.count[column].tolist() == [buyers.get(label, 0) for label in labels]
        assert int(share.total[column]) == total


@given(ROWS, INSTANTS)
def test_the_next_window_equals_reading_each_history(
    rows: list[Interaction], as_of: dt.datetime
) -> None:
    log, own = log_of(rows).until(as_of), histories(rows, as_of)
    rate = next_window_repurchase(log, period="month")
    listed = spans(rate)
    for column, span in enumerate(listed):
        later = months_of([span[1].astimezone(ZONE).date()])[0]
        count, size = slow.next_window(own, span, later)
        known = later[1] <= as_of + US
        assert int(rate.size[column]) == size
        assert (int(rate.count[column]), int(rate.total[column])) == (
            (count, size) if known else (0, 0)
        )
        assert bool(rate.complete[column]) is (known and size > 0)


@given(
    ROWS,
    INSTANTS,
    st.sampled_from(["amount", "value"]),
    st.sampled_from(["continuous", "daily_close"]),
)
def test_balances_equal_reading_each_history(
    rows: list[Interaction], as_of: dt.datetime, of: Any, definition: Any
) -> None:
    log, own = log_of(rows).until(as_of), histories(rows, as_of)
    mean = time_weighted_mean(log, levels="balance", of=of, definition=definition, period="month")
    for column, span in enumerate(spans(mean)):
        closes = []
        local = span[0].astimezone(ZONE)
        while definition == "daily_close" and local < span[1]:
            local = (local.replace(tzinfo=None) + DAY).replace(tzinfo=ZONE)
            closes.append(local.astimezone(dt.UTC))
        top, bottom = slow.balance(own, span, as_of, field=of, closes=closes)
        assert Fraction(int(mean.x[column]), 100 if of == "amount" else 10**6) == top
        assert int(mean.y[column]) == bottom
        check(mean, column, (top, bottom), as_of)


MEASURES: list[Callable[..., Any]] = [
    average_order_value,
    spend_per_buyer,
    purchase_frequency,
    units_per_transaction,
    lambda log, **options: refund_rate(log, definition="by_value", **options),
    lambda log, **options: arpu(log, activity={"use", "purchase"}, **options),
    arppu,
    concentration,
    product_popularity,
    lambda log, **options: time_weighted_mean(log, levels="balance", **options),
]


@given(ROWS, INSTANTS, st.integers(0, len(MEASURES) - 1))
def test_groups_add_up_and_a_window_is_its_period(
    rows: list[Interaction], as_of: dt.datetime, which: int
) -> None:
    log, measure = log_of(rows).until(as_of), MEASURES[which]
    whole = measure(log, period="month")
    assert measure(log, period="month", by=first("channel")).rollup("first_channel") == whole
    march = Window.parse("2026-03-01", "2026-04-01", tz=ZONE)
    one = measure(log, over=march)
    month = measure(log, over=march, period="month").select(period=dt.date(2026, 3, 1))
    for name in whole.PARTS:
        assert one.parts[name].tolist() == month.parts[name].tolist()
    known = utc("2026-04-01T04:00") <= as_of + US
    assert {*np.ravel(one.complete).tolist(), *np.ravel(month.complete).tolist()} <= {known}


# splitmetrics.com, "What is ARPPU": 10,000 of 200 paying users
def test_a_published_arppu() -> None:
    given_case = CASES["arppu-1"]
    payers = given_case["inputs"]["paying"]
    each = Money(given_case["inputs"]["revenue"] // payers, "USD")
    rows = [
        Interaction(customer_id=i, kind="purchase", at=utc("2026-03-09"), amount=each)
        for i in range(payers)
    ]
    rows += [Interaction(customer_id=-i, kind="use", at=utc("2026-03-09")) for i in range(1, 201)]
    log = log_of(rows, Calendar("UTC")).until_day(dt.date(2026, 3, 31))
    assert arppu(log, period="month").value.tolist() == [given_case["expected"]]
    assert arpu(log, activity=always, period="month").value.tolist() == [
        given_case["expected"] / 2
    ]


def test_being_mailed_makes_nobody_active() -> None:
    """60 EUR by who did something, and not by those who were written to, too."""
    rows = [
        Interaction(
            customer_id="a", kind="purchase", at=utc("2026-03-02"), amount=Money(60, "EUR")
        ),
        *(Interaction(customer_id=who, kind="mailed", at=utc("2026-03-01")) for who in "abc"),
        Interaction(customer_id="b", kind="use", at=utc("2026-03-03")),
    ]
    log = log_of(rows).until(utc("2026-05-01"))
    march = Window.parse("2026-03-01", "2026-04-01", tz=ZONE)
    assert inspect.signature(arpu).parameters["activity"].default is inspect.Parameter.empty
    assert arpu(log, activity={"use", "purchase"}, over=march).value == 30
    assert arpu(log, activity="use", over=march).value == 60  # of a, by b


# yitongweb.cn, 复购率: 200 of 1,000 buyers
def test_a_published_repurchase_rate() -> None:
    asked = CASES["repurchase-zh"]["inputs"]
    rows = [
        Interaction(customer_id=i, kind="purchase", at=utc(f"2026-03-0{day}"))
        for i in range(asked["buyers"])
        for day in ((1, 2) if i < asked["repeat_buyers"] else (1,))
    ]
    log = log_of(rows, Calendar("UTC")).until_day(dt.date(2026, 3, 31))
    march = Window(utc("2026-03-01"), utc("2026-04-01"))
    rate = repurchase_rate(log, definition="in_window", over=march)
    assert rate.value == CASES["repurchase-zh"]["expected"]


def test_next_window_is_retention_at_age_one() -> None:
    rows = [
        Interaction(customer_id=who, kind="purchase", at=utc(day))
        for who, day in (("a", "2026-01-02"), ("a", "2026-02-20"), ("b", "2026-01-05"))
    ]
    log = log_of(rows, Calendar("UTC")).until_day(dt.date(2026, 3, 31))
    rate = next_window_repurchase(log, period="month")
    table = retention(
        log, start="purchase", returning="purchase", period="month", cohort="recurring"
    )
    assert rate.count.tolist() == table.count[:, 1].tolist()
    assert rate.value[:2].tolist() == [0.5, 0.0]
    assert rate.context.metric == "next_window_repurchase"


def test_the_clustered_interval_of_an_order_value() -> None:
    # Cochran (1977), ch. 6: clicks 2, 0, 1, 3, 0 of sends 10, 5, 5, 10, 10; here as amounts of orders
    rows = []
    for who, (x, y) in enumerate(zip((2, 0, 1, 3, 0), (10, 5, 5, 10, 10), strict=True)):
        for i in range(y):
            paid = Money(x if i == 0 else 0, "EUR")
            rows.append(
                Interaction(
                    id=str(i), customer_id=who, kind="purchase", at=utc("2026-03-09"), amount=paid
                )
            )
    log = log_of(rows, Calendar("UTC")).until_day(dt.date(2026, 3, 31))
    value = average_order_value(log, over=Window(utc("2026-03-01"), utc("2026-04-01")))
    assert value.value == 0.15
    assert value.standard_error == pytest.approx(0.0648013792, abs=1e-10)


def spread_of(values: list[int]) -> Concentration:
    return Concentration.from_rows(values, context=Context("concentration"))


@pytest.mark.parametrize(
    ("values", "gini"),
    [
        ([7, 7, 7, 7], 0.0),
        ([0, 0, 0, 1], 0.75),  # at most 1 - 1/n
        ([1, 2, 3, 4, 5], 4 / 15),  # the differences of pairs sum to 20: 2 * 20 / (2 * 25 * 3)
        ([1, 1, 1, 2, 5], 0.36),
        ([10**13, 10**13 + 2], 1 / (4 * (10**13 + 1))),
    ],
)
def test_gini_by_hand(values: list[int], gini: float) -> None:
    assert spread_of(values).gini == pytest.approx(gini, rel=1e-14)


@pytest.mark.parametrize(
    ("values", "index"),
    [
        ([7, 7, 7, 7], 0.25),  # as many equal ones: 1 / n
        ([0, 0, 0, 1], 1.0),
        ([30, 30, 40], 0.34),  # 0.09 + 0.09 + 0.16
        ([10**13, 10**13], 0.5),  # the squares are beyond 64 bits
    ],
)
def test_hhi_by_hand(values: list[int], index: float) -> None:
    assert spread_of(values).hhi == index
    assert math.isnan(spread_of([-1, *values]).hhi)


def test_the_curve_and_what_is_read_from_it() -> None:
    spread = spread_of([1, 1, 1, 2, 5])
    assert spread.top_share(0.2) == 0.5
    assert spread.top_share(0.3) == pytest.approx(0.6)  # half of the one who spent 2
    assert spread.top_share(1) == 1
    assert spread.lorenz([0, 0.2, 0.5, 1]).tolist() == pytest.approx([0, 0.1, 0.25, 1])
    assert spread.deciles().tolist() == pytest.approx([0.05] * 6 + [0.1] * 2 + [0.25] * 2)
    for odd in ([], [0, 0], [-1, 5]):
        assert math.isnan(spread_of(odd).gini)
        assert math.isnan(spread_of(odd).top_share(0.5))
        assert np.isnan(spread_of(odd).deciles()).all()


def test_spreads_add_and_gini_does_not() -> None:
    a, b = spread_of([1, 1, 1]), spread_of([2, 5])
    assert (a + b).gini == 0.36
    assert isinstance(a + b, Distribution)


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_top_share_is_a_share(share: float) -> None:
    with pytest.raises(InvalidInputError, match="share must be above 0 and up to 1"):
        spread_of([1]).top_share(share)
    with pytest.raises(InvalidInputError, match="shares must be from 0 to 1"):
        spread_of([1]).lorenz([share or 2.0])


@given(BOOKS, INSTANTS, st.sampled_from([0, 40]))
def test_arpa_equals_reading_each_contract(
    book: churn.Book, as_of: dt.datetime, earlier: int
) -> None:
    spells = spells_from(book, as_of + earlier * DAY)
    mean = arpa(spells, as_of=as_of)
    running = {
        who: [one for one in churn.cut(own, as_of) if one.end is None] for who, own in book.items()
    }
    paying = [100 * len(own) for own in running.values() if own]
    assert (int(mean.n), int(mean.sum)) == (len(paying), sum(paying))
    by = arpa(spells, as_of=as_of, by="plan")
    for row, plan in enumerate(by.axes[0].labels):
        own = [100 * sum(x.plan == plan for x in ones) for ones in running.values()]
        assert int(by.n[row]) == sum(x > 0 for x in own)
        assert int(by.sum[row]) == sum(own)


def test_an_account_that_pays_nothing_is_not_a_paying_one() -> None:
    held = [
        Subscription(
            id=str(i),
            customer_id=i,
            plan="a",
            amount=Money(amount, "EUR"),
            interval=(1, "year"),
            started_at=utc("2026-01-01"),
        )
        for i, amount in enumerate([120, 240, 0])
    ]
    spells = spells_of(held, as_of=utc("2026-01-01"))
    mean = arpa(spells)
    assert (mean.value, mean.n, mean.context.currency) == (15.0, 2, "EUR")
    assert isinstance(mean, Mean)
    assert spells.amount is not None
    unknown = Numbers(spells.amount.values, np.array([True, False, True]))
    assert arpa(attrs.evolve(spells, amount=unknown)).value == 10.0
    with pytest.raises(InvalidInputError, match="spells must have amounts"):
        arpa(attrs.evolve(spells, amount=None))
    with pytest.raises(InvalidInputError, match="spells must be Spells: got list"):
        arpa(odd([]))


def test_lines_and_amounts_may_be_missing() -> None:
    bare = InteractionLog.from_arrays(
        customer_id=["a"], kind=["purchase"], at=[dt.date(2026, 3, 9)], tz=dt.UTC
    ).until_day(dt.date(2026, 3, 31))
    assert math.isnan(units_per_transaction(bare, period="month").value[0])
    assert product_popularity(bare, period="month").value.shape == (1, 0)
    assert purchase_frequency(bare, period="month").value.tolist() == [1.0]
    for measure in (average_order_value, MEASURES[5], concentration):
        with pytest.raises(InvalidInputError, match="column must be one the log was built with"):
            measure(bare, period="month")


def test_a_currency_shows_only_where_money_was_seen() -> None:
    rows = [
        Interaction(customer_id="a", kind="purchase", at=utc("2026-03-09")),
        Interaction(
            customer_id="b", kind="purchase", at=utc("2026-03-20"), amount=Money(3, "EUR")
        ),
    ]
    log = log_of(rows, Calendar("UTC"))
    for measure in MEASURES[:2] + MEASURES[4:8]:
        early = measure(log, period="month", as_of=utc("2026-03-10"))
        late = measure(log, period="month", as_of=utc("2026-04-01"))
        assert (early.context.currency, late.context.currency) == (None, "EUR")


def test_a_balance_by_hand() -> None:
    rows = [
        Interaction(customer_id="a", kind="balance", at=utc(day), amount=Money(amount, "EUR"))
        for day, amount in (("2026-03-01", 100), ("2026-03-21T12:00", 410))
    ]
    log = log_of(rows, Calendar("UTC")).until_day(dt.date(2026, 3, 31))
    closing = time_weighted_mean(log, levels="balance", definition="daily_close", period="month")
    assert closing.value.tolist() == [(20 * 100 + 11 * 410) / 31]
    always_known = time_weighted_mean(log, levels="balance", period="month")
    assert always_known.value.tolist() == [(20.5 * 100 + 10.5 * 410) / 31]
    assert always_known.context.currency == "EUR"


def test_a_day_that_never_was_has_no_close() -> None:
    """Apia went from 29 to 31 December 2011: 28 days at 100, two at 400."""
    apia = ZoneInfo("Pacific/Apia")
    rows = [
        Interaction(
            customer_id="a",
            kind="balance",
            at=dt.datetime(2011, 12, day, tzinfo=apia),
            amount=Money(amount, "USD"),
        )
        for day, amount in ((1, 100), (29, 400))
    ]
    log = log_of(rows, Calendar(apia)).until_day(dt.date(2011, 12, 31))
    mean = time_weighted_mean(log, levels="balance", definition="daily_close", period="month")
    assert mean.value.tolist() == [120.0]
    assert mean.y.tolist() == [30]
    by_day = time_weighted_mean(log, levels="balance", definition="daily_close", period="day")
    assert by_day.y.tolist() == [1] * 29 + [0, 1]


def test_refunds_are_negative_and_no_purchases() -> None:
    rows = [
        Interaction(customer_id="a", kind=kind, at=utc("2026-03-09"), amount=Money(amount, "EUR"))
        for kind, amount in (
            *(("purchase", 50), ("purchase", 30)),
            *(("refund", 5), ("refund", -5), ("refund", 0), ("refund", 7)),
        )
    ]
    log = log_of(rows).until(utc("2026-05-01"))
    options: Any = {"over": Window.parse("2026-03-01", "2026-04-01", tz=ZONE)}
    by_orders = refund_rate(log, definition="by_orders", **options)
    assert by_orders.value == 4 / 2
    with pytest.raises(
        InvalidInputError, match="^refunds must have amounts of 0 or below: 2 of 4 rows are not$"
    ):
        refund_rate(log, definition="by_value", **options)
    for definition in ("by_orders", "by_value"):
        with pytest.raises(
            InvalidInputError, match="^refunds must not be purchases, too: 2 of 6 rows are both$"
        ):
            refund_rate(log, definition=odd(definition), refunds={"refund", "purchase"}, **options)


def test_levels_without_a_number_change_nothing() -> None:
    rows = [
        Interaction(customer_id="a", kind="balance", at=utc("2026-03-01"), value=10.0),
        Interaction(customer_id="a", kind="balance", at=utc("2026-03-11")),
        Interaction(customer_id="a", kind="balance", at=utc("2026-03-21"), value=40.0),
    ]
    log = log_of(rows, Calendar("UTC")).until(utc("2026-03-31") - US)
    march = Window(utc("2026-03-01"), utc("2026-03-31"))
    mean = time_weighted_mean(log, levels="balance", of="value", over=march)
    assert mean.value == 20.0
    assert mean.n == 1
    assert isinstance(mean, Ratio)


def odd(option: Any) -> Any:
    return option


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (average_order_value, "period must be given: or a window"),
        (
            lambda log: average_order_value(log, over=Window(None, utc("2026-03-01"))),
            "over must have both ends without a period",
        ),
        (
            lambda log: refund_rate(log, definition=odd("by_line"), period="month"),
            "definition must be one of 'by_orders', 'by_value'",
        ),
        (
            lambda log: product_popularity(log, what=odd("brand"), period="month"),
            "what must be one of 'sku', 'category'",
        ),
        (
            lambda log: time_weighted_mean(
                log, levels="balance", of=odd("points"), period="month"
            ),
            "of must be one of 'amount', 'value'",
        ),
        (
            lambda log: time_weighted_mean(
                log, levels="b", definition=odd("weekly"), period="month"
            ),
            "definition must be one of 'continuous', 'daily_close'",
        ),
        (
            lambda log: time_weighted_mean(
                log,
                levels="b",
                definition="daily_close",
                over=Window(utc("2026-03-01"), utc("2026-03-02")),
            ),
            "over must lie on the edges of a day",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(call: Callable[[Any], Any], message: str) -> None:
    row = Interaction(customer_id="a", kind="use", at=utc("2026-03-01"), amount=Money(1, "EUR"))
    with pytest.raises(InvalidInputError, match=message):
        call(log_of([row]).until(utc("2026-04-01")))
