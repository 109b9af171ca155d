"""Frames, arrays and orders into a log: what reaches it, and what it says of itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from customerops.errors import InvalidInputError
from customerops.model.intake.intake import const
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Interaction, Item
from customerops.model.values.calendar import Calendar
from customerops.model.values.money import Money
from customerops.model.values.window import Window

UTC = dt.UTC
ROWS: dict[str, list[Any]] = {
    "user": ["b", "a", "b", "c"],
    "ts": [dt.datetime(2026, 1, day, 12, tzinfo=UTC) for day in (3, 1, 2, 4)],
    "event": ["visit", "signup", "purchase", "visit"],
    "source": ["web", None, "app", "web"],
    "price": [None, None, 19.99, None],
    "country": ["DE", "FR", "DE", None],
    "eid": ["1", "2", "3", "4"],
}
NAMES: dict[str, Any] = {
    "customer_id": "user",
    "at": "ts",
    "kind": "event",
    "channel": "source",
    "amount": "price",
    "currency": "USD",
    "attributes": ["country"],
    "id": "eid",
}


PLAIN = pd.DataFrame(ROWS)
ARROW = pa.table(ROWS)
FRAMES: dict[str, Any] = {
    "pandas": PLAIN,
    "categories": PLAIN.astype({"event": "category", "user": "category"}),
    "objects": PLAIN.astype(dict.fromkeys(["user", "event", "source", "country", "eid"], object)),
    "pandas on Arrow": PLAIN.convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame(ROWS),
    "Arrow table": ARROW,
    "Arrow batch": ARROW.to_batches()[0],
    "lists": ROWS,
}


@pytest.mark.parametrize("frame", [pytest.param(x, id=name) for name, x in FRAMES.items()])
def test_every_kind_of_frame_gives_the_log_of_the_records(frame: Any) -> None:
    records = [
        Interaction(
            id=row["eid"],
            customer_id=row["user"],
            at=row["ts"],
            kind=row["event"],
            channel=row["source"],
            amount=None if row["price"] is None else Money("19.99", "USD"),
            attributes={} if row["country"] is None else {"country": row["country"]},
        )
        for row in (
            dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)
        )
    ]
    log = InteractionLog.from_frame(frame, **NAMES)
    assert list(log.interactions()) == list(
        InteractionLog.from_interactions(records).interactions()
    )


def test_a_written_frame_reads_back() -> None:
    log = InteractionLog.from_frame(ROWS, **NAMES)
    frame = log.to_frame()
    assert frame["customer_id"].tolist() == ["a", "b", "b", "c"]
    assert frame["amount"].tolist()[1] == 19.99
    again = InteractionLog.from_frame(
        frame,
        customer_id="customer_id",
        at="at",
        kind="kind",
        channel="channel",
        amount="amount",
        currency="USD",
        attributes=["country"],
        id="id",
    )
    assert again == log


def test_the_frame_of_records_has_every_column() -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=UTC)
    one = Interaction(
        id="1", customer_id="a", at=at, kind="x", value=1.5, until=at, attributes={"kind": "y"}
    )
    frame = InteractionLog.from_interactions([one]).to_frame()
    assert frame["value"].tolist() == [1.5]
    assert frame["until"].tolist() == [pd.Timestamp(at)]
    assert frame["recorded_at"].isna().all()
    assert frame["attributes.kind"].tolist() == ["y"]


def test_rows_are_kept_when_asked_for() -> None:
    log = InteractionLog.from_frame(ROWS, **NAMES, row=True)
    assert log.to_frame()["row"].tolist() == [1, 2, 0, 3]
    assert "row" not in InteractionLog.from_frame(ROWS, **NAMES).columns


def test_only_reads_what_is_wanted() -> None:
    log = InteractionLog.from_frame(ROWS, **NAMES, only="visit", row=True)
    assert sorted(log.numbers("row").values.tolist()) == [0, 3]
    spoilt = {**ROWS, "price": ["no", None, 19.99, None]}
    kept = InteractionLog.from_frame(
        spoilt, **NAMES, only={"signup", "visit"}, invalid="collect", row=True
    )
    assert kept.rejected.rows.tolist() == [0]
    assert sorted(kept.numbers("row").values.tolist()) == [1, 3]


def test_the_zone_gives_the_calendar() -> None:
    days = [dt.date(2026, 1, 5)]
    for options in ({"tz": "Asia/Shanghai"}, {"calendar": Calendar("Asia/Shanghai")}):
        log = InteractionLog.from_arrays(customer_id=[1], at=days, kind=["x"], **options)
        assert log.calendar == Calendar("Asia/Shanghai")
        assert log.at.tolist() == [
            int(dt.datetime(2026, 1, 4, 16, tzinfo=UTC).timestamp()) * 10**6
        ]
    sunday = Calendar("Asia/Shanghai", "sunday")
    log = InteractionLog.from_arrays(
        customer_id=[1], at=days, kind=["x"], tz="Asia/Shanghai", calendar=sunday
    )
    assert log.calendar == sunday
    with pytest.raises(InvalidInputError, match="calendar must be a Calendar: got str"):
        InteractionLog.from_arrays(customer_id=[1], at=days, kind=["x"], calendar="UTC")  # type: ignore[arg-type]


def test_the_currency_may_be_a_column() -> None:
    rows = {**ROWS, "money": ["USD"] * 4}
    assert InteractionLog.from_frame(rows, **{**NAMES, "currency": "money"}).currency == "USD"
    assert InteractionLog.from_frame(rows, **NAMES) == InteractionLog.from_frame(ROWS, **NAMES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"amout": "price"}, "option must be one of a log: got 'amout', did you mean 'amount'"),
        ({"attributes": "country"}, "attributes must be a collection of names: got one str"),
        (
            {"channel": "sorce"},
            "channel must name a column of the frame: got 'sorce', did you mean 'source'",
        ),
        (
            {"observed": Window(None, None), "currency": None},
            "currency must be given with amount=",
        ),
    ],
)
def test_what_is_not_understood_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        InteractionLog.from_frame(ROWS, **{**NAMES, **options})


def test_attributes_of_arrays_are_a_mapping() -> None:
    with pytest.raises(InvalidInputError, match="attributes must map a name to its array"):
        InteractionLog.from_arrays(
            customer_id=[1],
            at=ROWS["ts"][:1],
            kind=["x"],
            attributes=["a"],  # type: ignore[arg-type]
        )
    log = InteractionLog.from_arrays(
        customer_id=[1], at=ROWS["ts"][:1], kind=["x"], attributes={"a": [True]}
    )
    assert log.coded("attributes.a").labels == (True,)


def test_a_log_owns_its_arrays() -> None:
    at = np.array([30, 20, 10], "M8[D]")
    who, amount = np.array([1, 1, 2]), np.array([1.0, 2.0, 3.0])
    log = InteractionLog.from_arrays(
        customer_id=who, at=at, kind=const("x"), amount=amount, currency="EUR", tz=UTC
    )
    before = log.to_frame()
    at[:], who[:], amount[:] = np.datetime64("2000-01-01"), 9, 0
    assert log.to_frame().equals(before)


def test_collect_keeps_count_of_every_row() -> None:
    rows = {
        **ROWS,
        "user": ["b", None, "b", "b"],
        "eid": ["1", "2", "3", "1"],
    }
    log = InteractionLog.from_frame(rows, **NAMES, invalid="collect")
    assert len(log) + len(log.rejected) == 4
    assert log.rejected.counts() == {
        "customer_id missing": 1,
        "id repeated with different content": 1,
    }
    with pytest.raises(InvalidInputError, match=r"id must not repeat .*first at row 3"):
        InteractionLog.from_frame({**rows, "user": ["b", "a", "b", "b"]}, **NAMES)


def test_who_entered_is_told_by_the_events_that_count() -> None:
    at = [dt.datetime(2026, 1, 9, tzinfo=UTC), dt.datetime(2026, 1, 2, tzinfo=UTC)]
    log = InteractionLog.from_arrays(
        customer_id=["a", "a"], at=at, kind=["x", "x"], id=["1", "1"], invalid="collect"
    )
    assert log.entered.tolist() == log.at.tolist()


def test_what_it_shows_of_itself_names_nobody() -> None:
    html = InteractionLog.from_frame(ROWS, **NAMES)._repr_html_()
    assert "2026-01-01 12:00 to 2026-01-04 12:00 UTC" in html
    assert "purchase 1, signup 1, visit 2" in html
    assert "<td style='text-align:left'>not set</td>" in html
    empty = InteractionLog.from_interactions([])._repr_html_()
    assert "<td style='text-align:left'>-</td>" in empty


# ------------------------------------------------------------------ orders

ORDERS: dict[str, list[Any]] = {
    "order": ["o2", "o1", "o3"],
    "who": ["a", "b", "a"],
    "day": [dt.date(2026, 1, 2), dt.date(2026, 1, 3), dt.date(2026, 1, 1)],
}
LINES: dict[str, list[Any]] = {
    "order": ["o1", "o2", "o1", "o2"],
    "sku": ["ink", "pen", "pen", "cup"],
    "group": ["office", "office", "office", None],
    "n": [2, 1, 0.5, 3],
    "price": [3.20, 1.10, 1.10, 4.00],
}
ORDER_NAMES: dict[str, Any] = {
    "customer_id": "who",
    "at": "day",
    "order_id": "order",
    "tz": UTC,
    "sku": "sku",
    "category": "group",
    "quantity": "n",
    "unit_price": "price",
    "currency": "EUR",
}


def orders(
    changed: dict[str, list[Any]] | None = None,
    lines: dict[str, list[Any]] | None = None,
    **options: Any,
) -> InteractionLog:
    return InteractionLog.from_orders(
        {**ORDERS, **(changed or {})}, {**LINES, **(lines or {})}, **{**ORDER_NAMES, **options}
    )


def test_orders_bring_their_lines_and_amounts() -> None:
    seen = {one.id: one for one in orders().interactions()}
    assert seen["o1"].items == (
        Item(sku="ink", category="office", quantity=2, unit_price=Money("3.20", "EUR")),
        Item(sku="pen", category="office", quantity="0.5", unit_price=Money("1.10", "EUR")),
    )
    assert [seen[key].amount for key in ("o1", "o2")] == [
        Money("6.95", "EUR"),
        Money("13.10", "EUR"),
    ]
    assert seen["o3"].amount is None
    assert seen["o3"].items == ()
    assert {one.kind for one in seen.values()} == {"purchase"}


def test_orders_of_records_and_frames_are_one_log() -> None:
    built = orders()
    assert InteractionLog.from_interactions(built.interactions(), calendar=Calendar(UTC)).between(
        Window(None, None)
    ) == InteractionLog.from_interactions(
        list(built.interactions(order="stored")), calendar=Calendar(UTC)
    )


def test_amounts_that_no_column_holds_are_told_apart() -> None:
    huge: dict[str, list[Any]] = {"n": [10**12, 1, 1, 1], "price": ["1000000000", "1", "1", "1"]}
    with pytest.raises(InvalidInputError, match="amount must fit 64 bits in minor units: 1 of 3"):
        orders(lines=huge)
    with pytest.raises(InvalidInputError, match="rounding must be one of"):
        orders(rounding="zz")


def test_threads_are_counted() -> None:
    for wrong in (0, -1, "2"):
        with pytest.raises(InvalidInputError, match="threads must"):
            InteractionLog.from_frame(ROWS, **NAMES, threads=wrong)  # type: ignore[arg-type]
    assert len(InteractionLog.from_frame(ROWS, **NAMES, threads=1)) == 4


def test_an_amount_given_is_taken() -> None:
    log = orders({"paid": [1, 2, 3]}, amount="paid", row=True)
    assert sorted(log.amount.tolist()) == [100, 200, 300]
    assert "row" in log.columns


def test_lines_need_neither_quantity_nor_price() -> None:
    log = orders(quantity=None, unit_price=None, category=None)
    assert "amount" not in log.columns
    assert log.lines is not None
    assert {one.items[0].quantity for one in log.interactions() if one.items} == {1}


def test_lines_may_call_the_order_otherwise() -> None:
    lines = {**LINES, "bill": LINES["order"]}
    del lines["order"]
    built = InteractionLog.from_orders(ORDERS, lines, **ORDER_NAMES, lines_order_id="bill")
    assert built == orders()


def test_an_amount_that_is_no_whole_cent_needs_rounding() -> None:
    thirds = {"n": [0.333, 1, 1, 1]}
    with pytest.raises(
        InvalidInputError,
        match=r"amount must come out in minor units.*1 of 3 rows is not \(first at row 1\)",
    ):
        orders(lines=thirds)
    rounded = orders(lines=thirds, rounding="ROUND_HALF_EVEN")
    assert {one.id: one.amount for one in rounded.interactions()}["o1"] == Money("2.17", "EUR")
    kept = orders(lines=thirds, invalid="collect")
    assert kept.rejected.counts() == {"amount of the lines needs more decimals": 1}
    assert [one.id for one in kept.interactions()] == ["o3", "o2"]
    assert kept.n_customers == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            {"order": ["o1", "o2", "o9", "o2"]},
            r"order_id must be the id of an order on every line: 1 of 4 rows is not \(first at row 2\)",
        ),
        (
            {"order": ["o1", None, "o1", "o2"]},
            r"order_id must be given on every line: 1 of 4 rows is not \(first at row 1\)",
        ),
        ({"sku": [None, "a", "b", "c"]}, r"sku must be given on every line: 1 of 4"),
        (
            {"n": [2, 1, None, 1]},
            r"quantity must be given on every line: 1 of 4 rows is not \(first at row 2\)",
        ),
        ({"price": [float("inf"), 1, 1, 1]}, "unit_price must be finite"),
        ({"n": [1]}, "quantity must be as long as order_id: got 1 and 4 rows"),
    ],
)
def test_lines_at_fault_are_refused(lines: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        orders(lines=lines)


def test_an_order_with_a_line_at_fault_is_set_aside() -> None:
    log = orders(lines={"price": [float("inf"), 1, 1, 1]}, invalid="collect")
    assert log.rejected.counts() == {"unit_price of a line not finite": 1}
    assert log.rejected.rows.tolist() == [1]
    assert len(log) + len(log.rejected) == 3


def test_a_missing_price_leaves_the_amount_missing() -> None:
    seen = {one.id: one for one in orders(lines={"price": [None, 1, 1, 1]}).interactions()}
    assert seen["o1"].amount is None
    assert seen["o1"].items[0].unit_price is None
    assert seen["o2"].amount == Money("4.00", "EUR")


def test_order_ids_must_not_repeat() -> None:
    twice = {"order": ["o2", "o2", "o3"]}
    lines = {"order": ["o2", "o2", "o3", "o2"]}
    with pytest.raises(InvalidInputError, match=r"order_id must not repeat: 1 of 3 rows is not"):
        orders(twice, lines)
    kept = orders(twice, lines, invalid="collect")
    assert kept.rejected.counts() == {"order_id repeated": 1}
    assert len(kept) == 2


def test_lines_of_an_order_set_aside_go_with_it() -> None:
    log = orders({"who": ["a", None, "a"]}, invalid="collect")
    assert log.rejected.counts() == {"customer_id missing": 1}
    assert [one.id for one in log.interactions()] == ["o3", "o2"]
    with pytest.raises(InvalidInputError, match="order_id must be the id of an order"):
        orders({"who": ["a", None, "a"]}, {"order": ["o9", "o2", "o1", "o2"]}, invalid="collect")


def test_options_of_orders_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="id must be left out"):
        orders(id="order")
    with pytest.raises(InvalidInputError, match="currency must be given with unit_price="):
        orders(currency=None)
