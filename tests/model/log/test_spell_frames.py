"""Spells of tables: the same as of records, whatever the frame, and what is refused."""

import datetime as dt
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import Calendar, InvalidInputError, Money, metrics
from customerops.model import Spells, Subscription, spells_of
from customerops.model.log.billing import UNITS, monthly, months_in

UTC = dt.UTC
DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 1, 1, tzinfo=UTC)
LAST = dt.datetime(2026, 7, 1, tzinfo=UTC)
NAIVE = FIRST.replace(tzinfo=None)
PICKED: dict[str, Any] = {
    "customer_id": "account",
    "start": "since",
    "end": "until",
    "amount": "price",
    "interval": "billed",
    "cause": "why",
    "attributes": ["plan"],
    "currency": "EUR",
    "as_of": LAST,
}
ROW: dict[str, Any] = {
    "account": "a",
    "since": FIRST,
    "until": None,
    "price": "10.00",
    "billed": "month",
    "why": None,
    "plan": "gold",
}


def contracts(seed: int) -> list[Subscription]:
    """Contracts of few customers on few days: overlaps, ties, ends on the last known instant."""
    rng = random.Random(seed)
    found = []
    for number in range(rng.randrange(30)):
        start = FIRST + rng.randrange(0, 200, 10) * DAY
        end = rng.choice([None, start + rng.randrange(0, 90, 10) * DAY, LAST])
        found.append(
            Subscription(
                id=number,
                customer_id=rng.choice(["a", "b", "c", "陈"]),
                plan=rng.choice(["gold", "team"]),
                amount=Money(rng.choice(["0.00", "9.99", "100.00", "0.06"]), "EUR"),
                interval=(1, rng.choice(["day", "week", "month", "year"])),
                started_at=start,
                ended_at=end if end is None or end >= start else None,
                reason=rng.choice([None, "voluntary", "involuntary"]),
            )
        )
    return found


def table_of(held: list[Subscription]) -> pd.DataFrame:
    rows = [
        {
            "account": one.customer_id,
            "since": one.started_at,
            "until": one.ended_at,
            "price": str(one.amount.amount),
            "billed": one.interval[1],
            "why": one.reason,
            "plan": one.plan,
        }
        for one in held
    ]
    frame = pd.DataFrame(rows, columns=[*ROW])
    return frame.assign(until=pd.to_datetime(frame["until"], utc=True))


@pytest.mark.parametrize("seed", range(40))
def test_a_table_and_records_give_the_same(seed: int) -> None:
    held = contracts(seed)
    spells = Spells.from_frame(table_of(held), **PICKED)
    expected = spells_of(held, as_of=LAST)
    assert spells.customers.tolist() == expected.customers.tolist()
    if held:  # else records name no currency
        assert spells == expected
        zone = Calendar("UTC")
        one = metrics.mrr_movements(spells, period="month", calendar=zone)
        assert one == metrics.mrr_movements(expected, period="month", calendar=zone)


def test_other_frames_and_other_readings() -> None:
    frame = table_of(contracts(3))
    expected = Spells.from_frame(frame, **PICKED)
    columns = {name: [None if pd.isna(x) else x for x in frame[name].tolist()] for name in frame}
    assert Spells.from_frame(columns, **PICKED) == expected
    assert Spells.from_frame(pl.DataFrame(columns), **PICKED) == expected
    renamed = Spells.from_frame(frame, **{**PICKED, "attributes": {"tier": "plan"}})
    assert list(renamed.attributes) == ["tier"]
    local = {**ROW, "since": dt.date(2026, 1, 1), "until": dt.date(2026, 2, 1)}
    berlin = Spells.from_frame({k: [v] for k, v in local.items()}, **PICKED, tz="Europe/Berlin")
    assert berlin.durations.tolist() == [31 * 86_400_000_000]
    assert berlin.start[0] == (FIRST - dt.timedelta(hours=1)).timestamp() * 1e6


def test_without_money_without_reasons() -> None:
    few = {"account": [2, 1, 2], "since": [FIRST, FIRST, FIRST + DAY], "until": [None, LAST, None]}
    spells = Spells.from_frame(
        few, customer_id="account", start="since", end="until", as_of=LAST - DAY
    )
    assert spells.amount is None
    assert spells.currency is None
    assert spells.customers.tolist() == [1, 2]
    assert spells.observed.tolist() == [False, False, False]
    assert spells.attributes == {}
    ended = Spells.from_frame(
        few, customer_id="account", start="since", end="until", as_of=LAST + DAY
    )
    assert ended.to_frame()["cause"].tolist() == ["unknown", None, None]


def test_every_three_months_and_no_rows() -> None:
    table = {name: [value] for name, value in ROW.items()}
    quarterly = Spells.from_frame(table, **{**PICKED, "interval": (3, "month")})
    assert quarterly.amount is not None
    assert quarterly.amount.values.tolist() == [333]
    empty = Spells.from_frame(table_of([]), **PICKED)
    assert (len(empty), empty.n_customers) == (0, 0)


@given(st.integers(-(10**12), 10**12), st.integers(1, 400), st.sampled_from(sorted(UNITS)))
def test_a_month_is_rounded_half_even_once(minor: int, count: int, unit: str) -> None:
    months = months_in((count, unit))
    (paid,) = monthly(np.array([minor]), months).tolist()
    assert paid == round(Fraction(minor) / months)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"account": None}, "customer_id must be given|customer_id"),
        ({"since": None}, "^start must"),
        ({"since": NAIVE}, "^start must be timezone-aware"),
        ({"until": NAIVE}, "^end must be timezone-aware"),
        (
            {"until": FIRST - DAY},
            r"^end must not be before the start: 1 of 2 rows is not \(first at row 1\)",
        ),
        ({"price": None}, r"^amount must be given: 1 of 2 rows is not \(first at row 1\)"),
        ({"price": "-1.00"}, r"^amount must not be negative: .* \(first at row 1\)"),
        ({"billed": "fortnight"}, r"^interval must be one of day, week, month, year: 1 of 2"),
        ({"billed": None}, r"^interval must be one of day, week, month, year: 1 of 2"),
    ],
)
def test_a_row_that_is_refused(changed: dict[str, Any], message: str) -> None:
    rows = [ROW, {**ROW, **changed}]
    table = {name: [row[name] for row in rows] for name in ROW}
    with pytest.raises(InvalidInputError, match=message):
        Spells.from_frame(table, **PICKED)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "begin"}, "^start must name a column of the frame"),
        ({"cause": "reason"}, "^cause must name a column of the frame"),
        ({"interval": (0, "month")}, r"interval\[0\]"),
        ({"interval": (1, "quarter")}, r"interval\[1\] must be one of"),
        ({"interval": 3}, "interval must be a number and a unit"),
        ({"interval": "rhythm"}, "^interval must name a column of the frame"),
        ({"attributes": "plan"}, "^attributes must be an iterable of values: got str"),
        ({"attributes": 5}, "^attributes must be an iterable of values: got int"),
        ({"currency": None}, "currency"),
        ({"as_of": NAIVE}, "as_of must be timezone-aware"),
    ],
)
def test_an_option_that_is_refused(options: dict[str, Any], message: str) -> None:
    table = {name: [value] for name, value in ROW.items()}
    with pytest.raises(InvalidInputError, match=message):
        Spells.from_frame(table, **{**PICKED, **options})


def test_an_amount_too_large_to_divide() -> None:
    table = {name: [value] for name, value in {**ROW, "price": 10**15, "billed": "day"}.items()}
    with pytest.raises(InvalidInputError, match="amount must be smaller: the row is not"):
        Spells.from_frame(table, **PICKED)
