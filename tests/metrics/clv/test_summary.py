"""Purchase summaries: from logs, from arrays, added up."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import Interaction, InteractionLog, Money
from customerops.errors import InvalidInputError
from customerops.metrics import PurchaseSummary, purchase_summary
from customerops.model import Calendar, kind
from tests.metrics import cdnow
from tests.reference.clv import purchase_rows

UTC = dt.UTC
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
START = dt.datetime(2026, 3, 1, tzinfo=EAST)


def bought(
    customer: str, at: dt.datetime, amount: str | None = "10", what: str = "purchase"
) -> Any:
    """Return a record of a purchase."""
    money = None if amount is None else Money(amount, "USD")
    name = f"{customer} {at.isoformat()} {what} {amount}"
    return Interaction(id=name, customer_id=customer, at=at, kind=what, amount=money)


def log_of(*records: Interaction, tz: dt.tzinfo = UTC) -> InteractionLog:
    return InteractionLog.from_interactions(records, calendar=Calendar(tz), currency="USD")


def day(n: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 1, 1, hour, tzinfo=UTC) + dt.timedelta(days=n)


# published and known values ----------------------------------------------------------------------

LIFETIMES = [(0, "2014-03-08", 10), (1, "2014-05-21", 20), (2, "2014-03-14", 10),
             (2, "2014-04-09", 20), (2, "2014-05-21", 25)]  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 2, 0, 3, 1)])
def test_as_lifetimes(order: tuple[int, ...]) -> None:
    """github.com/CamDavidsonPilon/lifetimes, issues 48 and 85; it prints 0 for no mean spend."""
    rows = [LIFETIMES[i] for i in order]
    log = InteractionLog.from_arrays(
        customer_id=[row[0] for row in rows],
        at=[dt.date.fromisoformat(row[1]) for row in rows],
        kind=["purchase"] * 5,
        amount=[row[2] for row in rows],
        currency="USD",
        tz=UTC,
    ).until_day(dt.date(2014, 12, 31))
    summary = purchase_summary(log, unit="day")
    assert summary.ids.tolist() == [0, 1, 2]
    assert summary.x.tolist() == [0, 0, 2]
    assert summary.t_x.tolist() == [0, 0, 68]
    assert summary.T.tolist() == [298, 224, 292]
    np.testing.assert_array_equal(summary.mean_spend, [np.nan, np.nan, 22.5])
    assert summary.columns["first_spend"].tolist() == [1000, 2000, 1000]


def test_cdnow() -> None:
    """Fader, Hardie and Lee (2005), section 4: 2,357 customers, 946 of them buy again."""
    summary = cdnow.summary()
    assert len(summary) == 2357
    assert int((summary.x > 0).sum()) == 946
    assert summary.holdout == 39 * 7
    first = summary.to_frame().iloc[0]  # their customer 0001: x = 2, t_x = 30.43, T = 38.86
    assert (first.customer_id, first.x, first.t_x, first["T"]) == ("00004", 2, 213, 272)
    assert round(213 / 7, 2) == 30.43
    assert round(272 / 7, 2) == 38.86
    assert summary.excluded == 0


# against the reference ---------------------------------------------------------------------------

TICKS: dict[str, Callable[[dt.datetime], int]] = {
    "day": lambda at: at.astimezone(EAST).toordinal(),
    "hour": lambda at: int((at.astimezone(EAST).replace(tzinfo=UTC)).timestamp()) // 3600,
    "instant": lambda at: round((at - START) / dt.timedelta(microseconds=1)),
}
minutes = st.integers(0, 60 * 24 * 6)
events = st.tuples(
    st.sampled_from("abc"),
    minutes,
    st.sampled_from(["purchase", "purchase", "visit", "refund"]),
    st.sampled_from([None, "0.01", "9.99", "1000000000000", "-3.5"]),
)


@given(
    st.lists(events, max_size=25),
    minutes,
    minutes,
    st.sampled_from(["day", "hour", "instant"]),
    st.booleans(),
)
def test_against_plain_python(
    drawn: list[tuple[str, int, str, str | None]], one: int, other: int, occasion: Any, net: bool
) -> None:
    records = [
        Interaction(
            id=i,
            customer_id=customer,
            at=START + dt.timedelta(minutes=at),
            kind=what,
            amount=None if amount is None else Money(amount, "USD"),
        )
        for i, (customer, at, what, amount) in enumerate(drawn)
    ]
    end, as_of = (START + dt.timedelta(minutes=m) for m in sorted((one, other)))
    kinds = {"purchase", "refund"} if net else {"purchase"}
    expected, excluded = purchase_rows(
        records,
        is_purchase=lambda event: event.kind in kinds,
        tick=TICKS[occasion],
        calibration_end=end,
        as_of=as_of,
    )
    log = InteractionLog.from_interactions(records, calendar=Calendar(EAST), currency="USD")
    summary = purchase_summary(
        log, purchases=kinds, calibration_end=end, as_of=as_of, occasion=occasion
    )
    assert summary.excluded == excluded
    assert summary.ids.tolist() == sorted(expected)
    for customer, row in zip(summary.ids, summary.to_frame().to_dict("records"), strict=True):
        for name, value in expected[customer].items():
            minor = value * 100 if name.endswith("spend") else value
            assert row[name] == minor, (customer, name)


# what is an occasion -----------------------------------------------------------------------------


def test_purchases_of_one_day_are_one_occasion() -> None:
    log = log_of(
        bought("a", day(0)), bought("a", day(3, 9), "5"), bought("a", day(3, 23), "7.5"), bought("a", day(9))
    ).until(day(20))  # fmt: skip
    summary = purchase_summary(log)
    assert (summary.x.tolist(), summary.t_x.tolist(), summary.T.tolist()) == ([2], [9], [20])
    assert summary.spend.tolist() == [2250]
    hours = purchase_summary(log, occasion="hour", unit="day")
    assert (hours.x.tolist(), hours.t_x.tolist(), hours.ticks_per_unit) == ([3], [9 * 24], 24)
    instants = purchase_summary(log, occasion="instant", unit="hour")
    assert instants.t_x.tolist() == [9 * 24 * instants.ticks_per_unit]


def test_the_day_is_the_local_one() -> None:
    late, early = (
        dt.datetime(2026, 1, 1, 18, 0, tzinfo=UTC),
        dt.datetime(2026, 1, 1, 19, 0, tzinfo=UTC),
    )
    log = log_of(bought("a", late), bought("a", early)).until(early)
    assert purchase_summary(log).x.tolist() == [0]
    assert purchase_summary(log, calendar=Calendar(EAST)).x.tolist() == [1]


def test_the_calibration_is_inclusive_and_an_occasion_lies_at_its_start() -> None:
    log = log_of(
        bought("a", day(0)),
        bought("a", day(5, 8), "3"), bought("a", day(5, 20), "4"),
        bought("a", day(6), None), bought("a", day(7), "8"),
        bought("b", day(5, 9)), bought("b", day(8)),
    ).until(day(10))  # fmt: skip
    summary = purchase_summary(log, calibration_end=day(5, 8))
    assert summary.ids.tolist() == ["a"]  # b came an hour later
    assert summary.excluded == 1
    assert (summary.x.tolist(), summary.T.tolist(), summary.spend.tolist()) == ([1], [5], [700])
    assert summary.held_x.tolist() == [2]
    assert summary.columns["held_priced"].tolist() == [1]
    assert summary.columns["held_spend"].tolist() == [800]
    assert summary.holdout == 5
    assert summary.calibration_end == day(5, 8)
    before = purchase_summary(log, calibration_end=day(5, 7))
    assert (before.x.tolist(), before.held_x.tolist(), before.excluded) == ([0], [3], 1)


def test_a_missing_amount_unprices_the_occasion() -> None:
    log = log_of(
        bought("a", day(0), None), bought("a", day(1), "5"), bought("a", day(1, 13), None), bought("a", day(2), "6")
    ).until(day(3))  # fmt: skip
    summary = purchase_summary(log)
    assert (summary.x.tolist(), summary.priced.tolist(), summary.spend.tolist()) == (
        [2],
        [1],
        [600],
    )
    assert summary.columns["first_priced"].tolist() == [0]
    assert summary.mean_spend.tolist() == [6.0]


def test_a_refund_counts_only_if_it_is_asked_for() -> None:
    log = log_of(
        bought("a", day(0)), bought("a", day(1), "5"), bought("a", day(1, 14), "-5", "refund")
    ).until(day(3))
    assert purchase_summary(log).spend.tolist() == [500]
    assert purchase_summary(log, purchases=kind.isin(["purchase", "refund"])).spend.tolist() == [0]


def test_without_amounts() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a", "a"], at=[day(0), day(4)], kind=["purchase"] * 2, tz=UTC
    ).until(day(4))
    summary = purchase_summary(log)
    assert (summary.x.tolist(), summary.priced.tolist()) == ([1], [0])
    assert summary.context.currency is None
    assert np.isnan(summary.mean_spend).all()


def test_the_currency_is_that_of_the_purchases_seen() -> None:
    log = log_of(
        bought("a", day(0), None), bought("a", day(1), "5", "refund"), bought("a", day(9), "5")
    )
    assert purchase_summary(log, as_of=day(8)).context.currency is None
    assert purchase_summary(log, as_of=day(9)).context.currency == "USD"


def test_nobody() -> None:
    log = log_of(bought("a", day(0), what="visit")).until(day(1))
    summary = purchase_summary(log)
    assert len(summary) == 0
    rows, counts = summary.distinct()
    assert len(counts) == len(rows["x"]) == 0


def test_decimals_of_the_currency() -> None:
    yen = [
        Interaction(id=i, customer_id="a", at=day(i), kind="purchase", amount=Money(500, "JPY"))
        for i in range(2)
    ]
    log = InteractionLog.from_interactions(yen, calendar=Calendar(UTC)).until(day(3))
    summary = purchase_summary(log)
    assert (summary.minor_units, summary.mean_spend.tolist()) == (1, [500.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"occasion": "event"}, "occasion must be one of 'day', 'hour', 'instant'"),
        ({"unit": "month"}, "unit must be one of 'hour', 'day', 'week'"),
        ({"unit": "hour"}, "unit must not be finer than occasion='day': got 'hour'"),
        ({"calibration_end": day(5)}, "calibration_end must not be after as_of: got a later one"),
        ({"calibration_end": dt.datetime(2026, 1, 1)}, "calibration_end must be timezone-aware"),  # noqa: DTZ001
    ],
)
def test_refuses(options: dict[str, Any], message: str) -> None:
    log = log_of(bought("a", day(0))).until(day(4))
    with pytest.raises(InvalidInputError, match=message):
        purchase_summary(log, **options)


def test_needs_a_calendar_for_days_and_an_instant_to_look_from() -> None:
    log = InteractionLog.from_interactions([bought("a", day(0))])
    with pytest.raises(InvalidInputError, match="as_of must be given"):
        purchase_summary(log)
    with pytest.raises(InvalidInputError, match="calendar must be given"):
        purchase_summary(log, as_of=day(1))
    assert purchase_summary(log, as_of=day(1), occasion="instant").T.tolist() == [86_400_000_000]


# arrays ------------------------------------------------------------------------------------------


def test_from_arrays() -> None:
    summary = PurchaseSummary.from_arrays(
        [2.0, 0], [213, 0], [272, 30], [4470, 0], [1, 5], ids=["b", "a"], currency="USD"
    )
    assert summary.ids.tolist() == ["a", "b"]
    assert (summary.x.tolist(), summary.weights.tolist()) == ([0, 2], [5, 1])
    assert (summary.unit, summary.ticks_per_unit, summary.occasion) == ("week", 7, None)
    assert (summary.holdout, summary.calibration_end) == (0, None)
    np.testing.assert_array_equal(summary.mean_spend, [np.nan, 22.35])
    yen = PurchaseSummary.from_arrays([1], [2], [3], [70], currency="JPY")
    assert yen.mean_spend.tolist() == [70.0]
    assert len(PurchaseSummary.from_arrays([], [], [])) == 0


def arrays(**changed: Any) -> PurchaseSummary:
    given: dict[str, Any] = {"x": [0, 2], "t_x": [0, 5], "T": [9, 9], **changed}
    return PurchaseSummary.from_arrays(**given)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": [-1, 2]}, r"x must not be negative: 1 of 2 rows is not \(first at row 0\)"),
        ({"x": [0, 2.5]}, "x must be whole numbers: count repeat purchases; 1 of 2 rows is not"),
        ({"x": [0, np.nan]}, "x must be finite: 1 of 2 rows is not"),
        ({"x": ["a", "b"]}, "x must be a column of numbers: got <U1"),
        ({"x": [True, False]}, "x must be a column of numbers: got bool"),
        ({"x": [[0, 2]]}, "x must be a column of numbers: got 2 dimensions"),
        ({"x": [0, 2**62]}, r"x must be below 2\*\*62"),
        ({"spend": [0, -(2**62)]}, r"spend must be below 2\*\*62"),
        ({"t_x": [0, 0.7]}, "t_x must be whole ticks, 7 of them a week: multiply a time in weeks"),
        ({"T": [9, 38.86]}, "T must be whole ticks, 7 of them a week"),
        ({"T": [-1, 9]}, "T must not be negative"),
        ({"t_x": [0, -5]}, "t_x must not be negative"),
        ({"t_x": [0, 10]}, r"t_x must not be above T: 1 of 2 rows is not \(first at row 1\)"),
        ({"t_x": [1, 5]}, "t_x must be 0 where x is 0: nothing was bought since"),
        ({"t_x": [0, 0]}, "t_x must be above 0 where x is: age starts with the first purchase"),
        ({"spend": [0, 10.5]}, "spend must be whole cents: give the total over all repeat"),
        ({"spend": [7, 10]}, "spend must be 0 where x is 0: it is the spend on repeat purchases"),
        ({"weights": [1, 0]}, "weights must be at least 1"),
        ({"T": [9]}, "T must have 2 rows, as x has: got 1"),
        ({"unit": "fortnight"}, "unit must be one of"),
        ({"unit": "month"}, "ticks_per_unit must be 1 where unit is 'month': it has no fixed length to divide, and got 7"),
        ({"ticks_per_unit": 0}, "ticks_per_unit must be at least 1"),
        ({"currency": "XXQ"}, "currency"),
        ({"held_x": [1, 1]}, "holdout must be given with held_x, and only with it"),
        ({"holdout": 7}, "holdout must be given with held_x, and only with it"),
        ({"held_x": [1, -1], "holdout": 7}, "held_x must not be negative"),
        ({"ids": ["a", "a"]}, "ids must be there once each"),
    ],
)  # fmt: skip
def test_from_arrays_refuses(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        arrays(**changed)


def test_an_age_may_be_zero_and_equal() -> None:
    summary = PurchaseSummary.from_arrays([0, 1], [0, 4], [0, 4])
    assert summary.T.tolist() == [0, 4]


# distinct, sum, equality -------------------------------------------------------------------------


def test_distinct_counts_customers() -> None:
    summary = PurchaseSummary.from_arrays(
        [2, 0, 2, 0], [5, 0, 5, 0], [9, 7, 9, 9], weights=[1, 1, 3, 1]
    )
    rows, counts = summary.distinct("x", "t_x", "T")
    assert rows["x"].tolist() == [0, 0, 2]
    assert rows["T"].tolist() == [7, 9, 9]
    assert counts.tolist() == [1, 1, 4]
    everything, _ = summary.distinct()
    assert "weights" not in everything
    assert set(everything) == set(summary.COLUMNS) - {"weights"}


def test_parts_add_up_to_the_whole() -> None:
    whole, log = cdnow.summary(), cdnow.log()
    ids = sorted(set(log.customers.tolist()))
    parts = []
    for third in range(3):
        mine = set(ids[third::3])
        rows = [row for row in cdnow.rows() if row["customer"] in mine]
        part = InteractionLog.from_arrays(
            customer_id=[row["customer"] for row in rows],
            at=[dt.date.fromisoformat(row["date"]) for row in rows],
            kind=["purchase"] * len(rows),
            amount=[row["amount"] for row in rows],
            currency="USD",
            tz=UTC,
        ).until_day(dt.date(1998, 6, 30))
        parts.append(purchase_summary(part, calibration_end=cdnow.END))
    assert sum(reversed(parts)) == whole
    with pytest.raises(InvalidInputError, match="ids must be there once each"):
        parts[0] + parts[0]


def test_excluded_adds_and_shows_in_equality() -> None:
    late = log_of(bought("a", day(9))).until(day(10))
    some = log_of(bought("b", day(1))).until(day(10))
    none, one = (purchase_summary(log, calibration_end=day(5)) for log in (late, some))
    assert (none + one).excluded == 1
    assert (none + one) != one
    assert (none + one) == (one + none)
    assert one != "summary"
    assert pickle.loads(pickle.dumps(none + one)) == none + one
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_shows_no_customer() -> None:
    summary = purchase_summary(log_of(bought("secret", day(1))).until(day(10)))
    assert repr(summary) == "PurchaseSummary(1 customers, unit week)"


def test_cells_are_whole_numbers() -> None:
    assert all(column.dtype == np.int64 for column in cdnow.summary().columns.values())
    total = sum((Fraction(Decimal(row["amount"])) for row in cdnow.rows()), Fraction(0))
    summary = cdnow.summary()
    spent = sum(int(summary.columns[f"{when}spend"].sum()) for when in ("", "first_", "held_"))
    assert Fraction(spent, 100) == total


def test_spend_beyond_64_bits() -> None:
    most = str(Decimal(2**61) / 100)
    log = log_of(*(bought("a", day(i), most) for i in range(4))).until(day(9))
    with pytest.raises(
        InvalidInputError, match=r"spend must be below 2\*\*62 minor units: a cust"
    ):
        purchase_summary(log)
