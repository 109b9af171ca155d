from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model.intake.build import ByteStrings, CodedIds
from customerops.model.intake.intake import Intake, const, pick_columns, read
from customerops.model.rules.rules import (
    always,
    amount,
    at,
    attribute,
    channel,
    customer,
    kind,
    never,
    value,
)
from customerops.model.rules.rules import name as name_field
from customerops.model.values.columns import Coded, Ids, Numbers
from customerops.model.values.money import Money
from tests.reference import intake as reference

UTC = dt.UTC
T0 = dt.datetime(2026, 3, 1, 9, tzinfo=UTC)
US0 = (T0 - reference.EPOCH) // reference.US
DAY = 86_400_000_000


def rows_of(taken: Intake) -> list[tuple[int, dict[str, object]]]:
    """Write an intake out: position and cells of each accepted row."""
    n = len(taken.at)
    table: dict[str, list[object]] = {"customer_id": ids_of(taken), "at": list(taken.at.tolist())}
    for name, column in taken.columns.items():
        if isinstance(column, Coded):
            assert sorted(set(column.codes[column.codes >= 0].tolist())) == list(
                range(len(column.labels))
            )
            table[name] = [None if c < 0 else column.labels[c] for c in column.codes.tolist()]
        elif isinstance(column, Numbers):
            ok = np.ones(n, np.bool_) if column.valid is None else column.valid
            assert column.valid is None or not column.valid.all()
            assert not column.values[~ok].any()
            table[name] = [
                x if v else None for x, v in zip(column.values.tolist(), ok, strict=True)
            ]
        else:
            assert isinstance(column, Ids)
            table[name] = list(column.values.tolist())
    places = list(range(n)) if taken.rows is None else taken.rows.tolist()
    assert all(len(column) == n == len(places) for column in table.values())
    return [(p, {k: v[i] for k, v in table.items()}) for i, p in enumerate(places)]


def ids_of(taken: Intake) -> list[object]:
    ids = taken.ids
    if isinstance(ids, ByteStrings):
        pairs = itertools.pairwise(ids.offsets.tolist())
        return [bytes(ids.data[a:z]).decode() for a, z in pairs]
    if isinstance(ids, CodedIds):
        return list(ids.categories[ids.codes].tolist())
    return list(ids.tolist())


def aside(taken: Intake) -> list[tuple[int, str]]:
    frame = taken.rejected.to_frame()
    return list(zip(frame["row"].tolist(), frame["reason"].tolist(), strict=True))


def source(**columns: Any) -> dict[str, Any]:
    """Three plain rows."""
    ats = [T0, T0 + dt.timedelta(days=1), T0 + dt.timedelta(days=2)]
    return {"customer_id": ["b", "a", "b"], "at": ats, "kind": ["view", "buy", "view"]} | columns


def column(name: str, given: Any, **options: Any) -> list[object]:
    return [row[name] for _, row in rows_of(read(source(**{name: given}), **options))]


def refused(columns: Mapping[str, Any], **options: Any) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        read(columns, **options)
    return caught.value


class TestMustWork:
    def test_rows_keep_their_order(self) -> None:
        taken = read(source())
        assert rows_of(taken) == [
            (0, {"customer_id": "b", "at": US0, "kind": "view"}),
            (1, {"customer_id": "a", "at": US0 + DAY, "kind": "buy"}),
            (2, {"customer_id": "b", "at": US0 + 2 * DAY, "kind": "view"}),
        ]
        assert (taken.n_given, taken.n_filtered, taken.rows) == (3, 0, None)
        assert (taken.currency, taken.decimals, taken.value_decimals) == (None, 2, 6)
        assert len(taken.rejected) == 0

    @pytest.mark.parametrize("n", [0, 1])
    def test_empty_and_one_event(self, n: int) -> None:
        for cut in (list, np.array, pd.Series):
            given: Any = {name: cut(x[:n]) for name, x in source().items()}
            given["at"] = pd.Series(source()["at"]).iloc[:n]
            taken = read(given, only=kind("view"))
            assert [row["customer_id"] for _, row in rows_of(taken)] == ["b"][:n]

    def test_an_empty_list_of_everything(self) -> None:
        names = ("customer_id", "at", "kind", "amount", "value", "until", "id", "channel")
        taken = read({name: [] for name in names}, currency="EUR")
        assert rows_of(taken) == []
        assert set(taken.columns) == set(names) - {"customer_id", "at"}

    def test_aware_datetimes_naive_ones_with_a_zone_and_dates(self) -> None:
        naive = [t.replace(tzinfo=None) for t in source()["at"]]
        for ats in (source()["at"], naive, np.array(naive, "M8[ns]")):
            assert read(source(at=ats), tz=UTC).at.tolist() == [US0, US0 + DAY, US0 + 2 * DAY]
        dates = [dt.date(2026, 3, 1), dt.date(2026, 3, 2), dt.date(2026, 3, 3)]
        for days in (dates, np.array(dates, "M8[D]"), pa.array(dates)):
            taken = read(source(at=days), tz="Asia/Shanghai")
            assert taken.at.tolist() == [US0 - 17 * DAY // 24 + k * DAY for k in range(3)]

    def test_numeric_times_with_a_unit(self) -> None:
        seconds = [US0 // 10**6] * 3
        assert read(source(at=seconds), at_unit="s").at.tolist() == [US0] * 3
        assert column("until", np.array([5.5, np.nan, 0.0]), at_unit="s") == [5_500_000, None, 0]

    def test_ids_of_every_type(self) -> None:
        one, two = uuid.UUID(int=1), uuid.UUID(int=2)
        for ids in ([7, 8, 7], ["x", "y", "x"], [one, two, one]):
            assert ids_of(read(source(customer_id=ids))) == ids

    def test_labels_are_sorted_and_only_those_that_occur(self) -> None:
        given = pd.Categorical(["view", "buy", "view"], ["zap", "view", "buy"])
        found = read(source(kind=given)).columns["kind"]
        assert isinstance(found, Coded)
        assert (found.labels, found.codes.tolist()) == (("buy", "view"), [1, 0, 1])

    def test_labels_of_rejected_rows_do_not_occur(self) -> None:
        taken = read(source(customer_id=["b", None, "b"]), invalid="collect")
        found = taken.columns["kind"]
        assert isinstance(found, Coded)
        assert found.labels == ("view",)

    @pytest.mark.parametrize(
        "ids",
        [
            ["a", None, np.str_("b"), 2.5],
            pd.Series(["a", None, "b", ""], dtype="category"),
            pd.Series(["a", None, "b", ""], dtype="str"),
            pa.array(["a", None, "b", ""]),
            pa.array(["a", None, "b", ""]).dictionary_encode(),
        ],
    )
    def test_ids_of_accepted_rows_are_left(self, ids: Any) -> None:
        given = {"customer_id": ids, "at": [T0] * 4, "kind": ["x"] * 4, "id": ids}
        taken = read(given, invalid="collect")
        assert ids_of(taken) == [row["id"] for _, row in rows_of(taken)] == ["a", "b"]
        assert {type(x) for x in ids_of(taken)} == {str}
        assert taken.rows is not None
        assert taken.rows.tolist() == [0, 2]
        assert ids_of(read({**given, "kind": ["y", "y", "x", "y"]}, only="x")) == ["b"]

    def test_every_column(self) -> None:
        taken = read(
            source(
                channel=["web", None, "app"],
                name=["home", "cart", None],
                direction=["inbound", "outbound", "none"],
                outcome=[None, None, "won"],
                actor_kind=["human", "bot", "system"],
                actor=[1, "x", None],
                campaign=["c1", None, 2],
                thread=[uuid.UUID(int=1), None, None],
                amount=[Decimal("19.99"), None, -5],
                value=[9.5, 7, None],
                recorded_at=[T0, None, T0],
                until=[None, T0, None],
                id=["e1", None, "e3"],
                **{"attributes.vip": [True, 1, 1.0], "attributes.plan": ["", None, "pro"]},
            ),
            currency="EUR",
        )
        assert [row for _, row in rows_of(taken)] == [
            {
                "customer_id": "b", "at": US0, "kind": "view", "channel": "web", "name": "home",
                "direction": "inbound", "outcome": None, "actor_kind": "human", "actor": 1,
                "campaign": "c1", "thread": uuid.UUID(int=1), "amount": 1999, "value": 9_500_000,
                "recorded_at": US0, "until": None, "id": "e1", "attributes.vip": True,
                "attributes.plan": "",
            },
            {
                "customer_id": "a", "at": US0 + DAY, "kind": "buy", "channel": None, "name": "cart",
                "direction": "outbound", "outcome": None, "actor_kind": "bot", "actor": "x",
                "campaign": None, "thread": None, "amount": None, "value": 7_000_000,
                "recorded_at": None, "until": US0, "id": None, "attributes.vip": 1,
                "attributes.plan": None,
            },
            {
                "customer_id": "b", "at": US0 + 2 * DAY, "kind": "view", "channel": "app",
                "name": None, "direction": "none", "outcome": "won", "actor_kind": "system",
                "actor": None, "campaign": 2, "thread": None, "amount": -500, "value": None,
                "recorded_at": US0, "until": None, "id": "e3", "attributes.vip": 1.0,
                "attributes.plan": "pro",
            },
        ]  # fmt: skip
        found = taken.columns["attributes.vip"]
        assert isinstance(found, Coded)
        assert [type(label) for label in found.labels] == [bool, int, float]

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (const("buy"), "buy"),
            (const(np.str_("buy")), "buy"),
        ],
    )
    def test_a_constant_kind(self, given: const, expected: str) -> None:
        assert column("kind", given) == [expected] * 3

    def test_constants_of_other_types(self) -> None:
        options: Any = {"currency": "EUR", "tz": UTC}
        assert column("amount", const(Decimal("9.99")), **options) == [999] * 3
        assert column("until", const(dt.date(2026, 3, 1)), **options) == [US0 - 9 * DAY // 24] * 3
        assert column("attributes.x", const(True)) == [True] * 3
        assert column("id", const(7)) == [7] * 3

    def test_the_input_is_not_changed(self) -> None:
        frame = pd.DataFrame(
            {"u": [1, 2], "t": np.array(["2026-01-01", "NaT"], "M8[ns]"), "k": ["a", None]}
        ).assign(k=lambda f: f.k.astype("category"))
        before = frame.copy(deep=True)
        picked = pick_columns(frame, {"customer_id": "u", "at": "t", "kind": "k"})
        read(picked, tz="Europe/Berlin", invalid="collect")
        pd.testing.assert_frame_equal(frame, before)

    def test_its_repr_shows_nothing_of_a_customer(self) -> None:
        taken = read(source(customer_id=["b", None, "b"]), invalid="collect", only="view")
        assert repr(taken) == "Intake(2 of 3 rows, 0 rejected, 1 filtered)"


class TestMoney:
    def test_decimals_of_the_currency(self) -> None:
        for currency, decimals in (("EUR", 2), ("JPY", 0), ("KWD", 3)):
            taken = read(source(amount=[1, 2, 3]), currency=currency)
            assert (taken.currency, taken.decimals) == (currency, decimals)
            assert [r["amount"] for _, r in rows_of(taken)] == [
                k * 10**decimals for k in (1, 2, 3)
            ]

    def test_decimals_that_are_given(self) -> None:
        assert column("amount", [0.125, None, 1], currency="USD", decimals=3) == [125, None, 1000]
        assert column("amount", [1, 2, 3], currency="POINTS", decimals=0) == [1, 2, 3]

    def test_a_currency_without_amounts_is_the_currency_of_the_log(self) -> None:
        taken = read(source(), currency="JPY")
        assert (taken.currency, taken.decimals) == ("JPY", 0)

    def test_a_column_of_one_currency(self) -> None:
        given = source(amount=[1, None, 3], currency=["JPY", None, "JPY"])
        taken = read(given)
        assert (taken.currency, taken.decimals, "currency" in taken.columns) == ("JPY", 0, False)
        assert [row["amount"] for _, row in rows_of(taken)] == [1, None, 3]
        assert read(given, decimals=2).decimals == 2
        assert read(given, currency="JPY").currency == "JPY"

    def test_the_currency_of_a_row_without_an_amount_does_not_matter(self) -> None:
        given = source(amount=[1, None, 3], currency=["JPY", "EUR", "JPY"])
        assert read(given).currency == "JPY"

    def test_no_amount_and_so_no_currency(self) -> None:
        given = source(amount=[None] * 3, currency=["EUR", None, "USD"])
        taken = read(given)
        assert (taken.currency, taken.decimals) == (None, 2)

    def test_value_decimals(self) -> None:
        taken = read(source(value=[1.25, 2, None]), value_decimals=2)
        assert taken.value_decimals == 2
        assert [row["value"] for _, row in rows_of(taken)] == [125, 200, None]

    def test_rounding(self) -> None:
        options: Any = {"currency": "EUR", "rounding": "ROUND_HALF_EVEN"}
        assert column("amount", [0.125, 0.135, Decimal("1.005")], **options) == [12, 14, 100]
        assert column("value", [1 / 3, 2 / 3, 0], rounding="ROUND_HALF_UP") == [333333, 666667, 0]


class TestMustBeRefused:
    def test_naive_times_without_a_zone(self) -> None:
        naive = [t.replace(tzinfo=None) for t in source()["at"]]
        for ats in (naive, np.array(naive, "M8[us]"), pl.Series(naive)):
            error = refused(source(at=ats))
            assert str(error) == (
                "at must be timezone-aware: naive times and dates need tz=; "
                "3 of 3 rows are not (first at row 0)"
            )

    def test_integer_times_without_a_unit(self) -> None:
        for ats in ([19970101] * 3, np.array([19970101] * 3), pd.Series([1.5, None, 2.5])):
            error = refused(source(at=ats).copy() | {"until": ats, "at": source()["at"]})
            assert (error.name, error.requirement) == ("until", "must be datetimes")
            assert error.problem == "numbers need at_unit="

    def test_text_for_times(self) -> None:
        for ats in (["2026-01-01"] * 3, pa.array(["2026-01-01"] * 3)):
            assert str(refused(source(at=ats), tz=UTC)) == (
                "at must be datetimes: got text; parse it first; 3 of 3 rows are not "
                "(first at row 0)"
            )

    def test_local_times_that_are_ambiguous_or_skipped(self) -> None:
        texts = ["2026-10-25T02:30", "2026-10-26T02:30", "2026-03-29T02:30"]
        ats = np.array(texts, "M8[s]")
        error = refused(source(at=ats), tz="Europe/Berlin")
        assert str(error) == (
            "at must name one instant: the local clock shows it twice; fold=0 or fold=1 says how "
            "to read it; 1 of 3 rows is not (first at row 0)"
        )
        taken = read(source(at=ats), tz="Europe/Berlin", invalid="collect")
        assert aside(taken) == [
            (0, "at twice on the local clock"),
            (2, "at never on the local clock"),
        ]
        assert len(read(source(at=ats), tz="Europe/Berlin", fold=1).at) == 3

    @pytest.mark.parametrize("name", ["customer_id", "at", "kind"])
    @pytest.mark.parametrize("null", [None, np.nan, pd.NaT, pd.NA])
    def test_a_null_in_a_required_column(self, name: str, null: object) -> None:
        given = source()
        given[name] = [given[name][0], null, given[name][2]]
        error = refused(given)
        assert str(error) == f"{name} must be given: 1 of 3 rows is not (first at row 1)"
        assert aside(read(given, invalid="collect")) == [(1, f"{name} missing")]

    def test_nat_in_a_typed_column(self) -> None:
        ats = np.array(["2026-01-01", "NaT", "2026-01-01"], "M8[ns]")
        assert refused(source(at=ats), tz=UTC).first == 1

    def test_two_types_of_id(self) -> None:
        given = source(customer_id=["a", 1, "b"])
        for invalid in ("raise", "collect"):
            error = refused(given, invalid=invalid)
            assert str(error) == (
                "customer_id must be of one type: got int and str; 1 of 3 rows is not "
                "(first at row 1)"
            )

    def test_float_ids(self) -> None:
        for ids in (np.array([1.0, 2.0, 3.0]), pd.Series([1, None, 3]), [1.0, 2.0, 3.0]):
            given = source(customer_id=ids)
            given["customer_id"] = ids if not isinstance(ids, pd.Series) else ids.fillna(2.0)
            error = refused(given)
            assert error.requirement == "must be an int, a str or a UUID"
            assert "cast them to int" in error.problem

    def test_boolean_and_empty_ids(self) -> None:
        assert refused(source(customer_id=[True] * 3)).problem == "got booleans"
        assert refused(source(id=["a", "", "c"])).requirement == "must not be empty"

    def test_amounts_that_are_not_finite_or_have_too_many_decimals(self) -> None:
        error = refused(source(amount=[1.0, np.inf, 2.0]), currency="EUR")
        assert str(error) == "amount must be finite: 1 of 3 rows is not (first at row 1)"
        error = refused(source(amount=[1.0, 19.999, 2.0]), currency="EUR")
        assert str(error) == (
            "amount must have at most 2 decimals: rounding= rounds; 1 of 3 rows is not "
            "(first at row 1)"
        )
        error = refused(source(value=[1 / 3, 1, 2]))
        assert error.requirement == "must have at most 6 decimals"

    def test_two_currencies(self) -> None:
        given = source(amount=[1, 2, 3], currency=["EUR", "USD", "EUR"])
        for invalid in ("raise", "collect"):
            assert str(refused(given, invalid=invalid)) == (
                "currency must be one currency: got EUR, USD; convert first; 1 of 3 rows is not "
                "(first at row 1)"
            )

    def test_a_row_in_another_currency_than_the_log(self) -> None:
        given = source(amount=[1, 2, 3], currency=["EUR", "USD", "EUR"])
        assert refused(given, currency="EUR").requirement == "must be one currency"
        taken = read(given, currency="EUR", invalid="collect")
        assert aside(taken) == [(1, "currency of another kind")]
        taken = read(given, currency="CHF", invalid="collect")
        assert (len(taken.rejected), taken.currency) == (3, "CHF")

    def test_an_amount_without_its_currency(self) -> None:
        given = source(amount=[1, 2, None], currency=["EUR", None, None])
        assert str(refused(given)) == "currency must be given: 1 of 3 rows is not (first at row 1)"
        assert aside(read(given, invalid="collect")) == [(1, "currency missing")]

    def test_a_currency_that_is_none(self) -> None:
        given = source(amount=[1, 2, 3], currency=["EUR", 5, ""])
        assert aside(read(given, invalid="collect")) == [
            (1, "currency of the wrong type"), (2, "currency empty"),
        ]  # fmt: skip
        with pytest.raises(InvalidInputError, match="did you mean 'EUR'"):
            read(source(amount=[1, 2, 3], currency=["eur"] * 3))
        with pytest.raises(InvalidInputError, match="did you mean 'EUR'"):
            read(source(amount=[1, 2, 3]), currency="eur")

    def test_amounts_without_any_currency(self) -> None:
        error = refused(source(amount=[1, 2, 3]), decimals=2)
        assert str(error) == "currency must be given with amount=: an ISO 4217 code"

    def test_a_currency_column_without_amounts(self) -> None:
        error = refused(source(currency=["EUR"] * 3))
        assert str(error) == "currency must come with amount= if it is a column"

    def test_unequal_lengths(self) -> None:
        error = refused(source(channel=["web"]))
        assert str(error) == "channel must be as long as customer_id: got 1 and 3 rows"

    def test_more_dimensions(self) -> None:
        assert refused(source(value=np.zeros((3, 2)))).problem == "got 2 dimensions"

    def test_a_name_where_an_array_is_expected(self) -> None:
        error = refused(source(kind="purchase"))
        assert str(error) == "kind must be a one-dimensional array: got str"

    def test_unknown_columns(self) -> None:
        error = refused(source(chanel=["web"] * 3))
        assert str(error) == (
            "column must be one a log can hold: got 'chanel', did you mean 'channel'?"
        )

    @pytest.mark.parametrize("name", ["customer_id", "at", "kind"])
    def test_a_required_column_left_out(self, name: str) -> None:
        given = source()
        del given[name]
        assert str(refused(given)) == f"{name} must be given"

    def test_nothing_but_constants(self) -> None:
        given = {"customer_id": const(1), "at": const(T0), "kind": const("a")}
        assert refused(given).requirement == "must not all be const"

    def test_a_constant_of_nothing(self) -> None:
        with pytest.raises(InvalidInputError, match="const must be a value"):
            const(None)

    def test_a_constant_of_the_wrong_type_is_a_fault_of_the_call(self) -> None:
        assert refused(source(kind=const(5)), invalid="collect").problem == "got ints"

    def test_closed_sets(self) -> None:
        error = refused(source(direction=["inbound", None, "in"]))
        assert error.requirement == "must be one of 'inbound', 'outbound', 'none'"
        error = refused(source(actor_kind=["human", None, "robot"]))
        assert (error.requirement, error.first) == ("must be one of 'human', 'bot', 'system'", 2)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"invalid": "drop"}, "invalid must be one of 'raise', 'collect'"),
            ({"at_unit": "us"}, "at_unit must come with numeric times: these are dates"),
            ({"at_unit": "min"}, "at_unit must be one of 's', 'ms', 'us', 'ns'"),
            ({"tz": "Europe/Berln"}, "did you mean 'Europe/Berlin'"),
            ({"fold": 0}, "fold must come with tz="),
            ({"fold": 2, "tz": UTC}, "fold must be 0 or 1"),
            ({"rounding": "ROUND_UP"}, "rounding must come with amount= or value="),
            ({"rounding": "up"}, "rounding must be one of 'ROUND_HALF_EVEN'"),
            ({"currency": "XXXX"}, "currency"),
            ({"currency": 5}, "currency must be a str: got int"),
            ({"currency": "BTC", "decimals": 19}, "decimals must be at most 18"),
            ({"decimals": -1}, "decimals must be at least 0"),
            ({"value_decimals": 2.5}, "value_decimals must be an int: got float"),
            ({"value_decimals": 19}, "value_decimals must be at most 18"),
        ],
    )
    def test_options(self, options: dict[str, Any], message: str) -> None:
        given = source(at=pd.Series(source()["at"]))
        for invalid in ({}, {"invalid": "collect"}):
            assert message in str(refused(given, **(invalid | options)))


class TestFrames:
    FRAME = staticmethod(lambda: {"user": ["b", "a"], "ts": [T0, T0], "event": ["view", "buy"]})

    def test_columns_by_name_constants_and_arrays(self) -> None:
        frame = pd.DataFrame(self.FRAME())
        picked = pick_columns(
            frame, {"customer_id": "user", "at": "ts", "kind": const("view"), "id": [1, 2]}
        )
        assert rows_of(read(picked)) == [
            (0, {"customer_id": "b", "at": US0, "kind": "view", "id": 1}),
            (1, {"customer_id": "a", "at": US0, "kind": "view", "id": 2}),
        ]

    def test_a_column_may_serve_twice(self) -> None:
        wanted = {"customer_id": "user", "at": "ts", "kind": "event", "name": "event"}
        taken = read(pick_columns(self.FRAME(), wanted))
        assert [(row["kind"], row["name"]) for _, row in rows_of(taken)] == [
            ("view", "view"), ("buy", "buy"),
        ]  # fmt: skip

    def test_columns_named_by_numbers(self) -> None:
        frame = pd.DataFrame([["b", T0, "view"]])
        taken = read(pick_columns(frame, {"customer_id": 0, "at": 1, "kind": 2}))
        assert ids_of(taken) == ["b"]

    @pytest.mark.parametrize("library", ["lists", "pandas", "polars", "pyarrow"])
    def test_an_unknown_column(self, library: str) -> None:
        make: Any = {"lists": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame}.get(
            library, pa.table
        )
        with pytest.raises(InvalidInputError) as caught:
            pick_columns(make(self.FRAME()), {"kind": "events"})
        assert str(caught.value) == (
            "kind must name a column of the frame: got 'events', did you mean 'event'?"
        )
        with pytest.raises(InvalidInputError, match=r"got 7$"):
            pick_columns(make(self.FRAME()), {"kind": 7})

    def test_a_name_that_two_columns_have(self) -> None:
        frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
        with pytest.raises(InvalidInputError, match="2 are called 'a'"):
            pick_columns(frame, {"kind": "a"})


class TestOnly:
    def given(self) -> dict[str, Any]:
        return source(
            amount=[5, 60, Decimal("60.5")],
            value=[1, 2, None],
            channel=["web", "app", None],
            **{"attributes.plan": ["pro", None, "pro"]},
        )

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (kind("view"), [0, 2]),
            ("buy", [1]),
            (["buy", "view"], [0, 1, 2]),
            (amount >= 60, [1, 2]),
            (amount == Money("60.50", "EUR"), [2]),
            (kind("view") & (amount > 5), [2]),
            (kind("buy") | (value == 1), [0, 1]),
            (~kind("view"), [1]),
            (at > T0, [1, 2]),
            (attribute("plan") == "pro", [0, 2]),
            (value.is_missing(), [2]),
            (kind("nothing"), []),
            (always, [0, 1, 2]),
            (never | kind("buy"), [1]),
        ],
    )
    def test_rows_for_which_a_rule_holds(self, rule: Any, expected: list[int]) -> None:
        taken = read(self.given(), currency="EUR", only=rule)
        assert [place for place, _ in rows_of(taken)] == expected
        assert taken.n_filtered == 3 - len(expected)
        whole = dict(rows_of(read(self.given(), currency="EUR")))
        assert rows_of(taken) == [(place, whole[place]) for place in expected]

    def test_columns_are_in_the_same_order_with_and_without_a_rule(self) -> None:
        orders = [
            list(read(self.given(), currency="EUR", only=rule).columns)
            for rule in (None, value > 0, attribute("plan") == "pro", "view")
        ]
        assert orders == [["kind", "channel", "amount", "value", "attributes.plan"]] * 4

    def test_other_rows_are_not_even_read(self) -> None:
        given = self.given() | {
            "until": ["rubbish", T0, "rubbish"],
            "customer_id": [None, "a", None],
        }
        taken = read(given, currency="EUR", only="buy")
        assert [place for place, _ in rows_of(taken)] == [1]

    @pytest.mark.parametrize(
        "library", ["lists", "object", "series", "index", "arrow", "chunks", "polars", "masked"]
    )
    def test_columns_of_every_library(self, library: str) -> None:
        make: dict[str, Callable[[list[str]], Any]] = {
            "lists": list,
            "object": lambda x: np.array(x, object),
            "series": lambda x: pd.Series(x, index=[7] * 4),
            "index": pd.Index,
            "arrow": pa.array,
            "chunks": lambda x: pa.chunked_array([x[:1], x[1:]]),
            "polars": pl.Series,
            "masked": lambda x: np.ma.MaskedArray(x, [False, False, True, False]),
        }
        given = {
            "customer_id": make[library](["a", "b", "c", "d"]),
            "at": pd.Series([T0] * 4),
            "kind": const("x"),
            "channel": ["web", "app", "app", None],
        }
        taken = read(given, only=channel == "app", invalid="collect")
        assert ids_of(taken) == (["b"] if library == "masked" else ["b", "c"])
        assert taken.n_filtered == 2

    def test_positions_of_faults_are_those_of_the_input(self) -> None:
        given = self.given() | {"until": [None, None, "rubbish"]}
        error = refused(given, currency="EUR", only="view")
        assert (error.count, error.total, error.first) == (1, 2, 2)
        taken = read(given, currency="EUR", only="view", invalid="collect")
        assert aside(taken) == [(2, "until not a time")]
        assert [place for place, _ in rows_of(taken)] == [0]
        assert (taken.n_given, taken.n_filtered) == (3, 1)

    def test_a_fault_in_the_columns_of_the_rule_is_a_fault(self) -> None:
        given = self.given() | {"amount": [0.001, 60, 70]}
        taken = read(given, currency="EUR", only=amount >= 60, invalid="collect")
        assert aside(taken) == [(0, "amount needs more than 2 decimals")]
        assert [place for place, _ in rows_of(taken)] == [1, 2]
        assert taken.n_filtered == 0

    def test_the_currency_is_that_of_the_rows_that_are_read(self) -> None:
        given = self.given() | {"currency": ["EUR", "JPY", "EUR"], "amount": [5, 60, 7]}
        assert read(given, only="buy").currency == "JPY"
        assert refused(given, only=amount > 5).requirement == "must be one currency"
        one = given | {"currency": ["JPY", "JPY", None], "amount": [5, 60, None]}
        for rule in (amount > 5, amount > 0, kind("buy") & (amount > 5)):
            assert read(one, only=rule).currency == "JPY"

    def test_a_rule_about_a_column_that_is_not_there(self) -> None:
        error = refused(source(), only=name_field == "x")
        assert str(error).startswith("name must be loaded in the log")

    def test_a_rule_about_customers(self) -> None:
        error = refused(source(), only=customer("country") == "DE")
        assert str(error) == "only must be a rule about events: it is about customers"

    def test_what_is_no_rule(self) -> None:
        with pytest.raises((InvalidInputError, TypeError)):
            read(source(), only=5)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- properties

texts = st.text("abé", max_size=2)
times = st.sampled_from(
    [
        T0,
        dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8))),
        *map(
            dt.datetime.fromisoformat,
            [
                "2026-10-25T02:30",
                "2026-03-29T02:30",
                "2026-07-01T00:00",
                "2026-07-01T12:00:00.000001",
            ],
        ),
        dt.date(2026, 3, 29),
        np.datetime64("NaT", "us"),
        "2026-01-01",
        20260101,
        1.5,
        True,
    ]
)
figures = st.sampled_from(
    [
        *(
            0,
            1,
            -3,
            19.99,
            19.999,
            Decimal("2.50"),
            Decimal("1e-9"),
            "7.25",
            "x",
            True,
            np.inf,
            1e17,
        ),
        *(2**63, 1e13 + 0.25, Decimal("NaN"), float("nan"), -0.0, 2.5e9, b"1"),
    ]
)
scalars = st.sampled_from(
    [True, False, 0, 1, 0.0, 1.0, 0.5, "", "a", "1", np.inf, b"a", dt.date.min]
)
references = st.sampled_from(["t", "", 1, 2, uuid.UUID(int=1), 1.5, True])
identities = st.sampled_from(["a", "b", "", 2.5, b"", True])
CELLS = {
    "customer_id": identities,
    "at": times,
    "kind": st.sampled_from(["view", "buy", "", 5]),
    "direction": st.sampled_from(["inbound", "none", "sideways", 1]),
    "thread": references,
    "amount": figures,
    "value": figures,
    "recorded_at": times,
    "until": times,
    "id": identities,
    "attributes.x": scalars,
}


@st.composite
def corrupted(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Rows some of whose cells are missing or wrong."""
    n = draw(st.integers(0, 6))
    names = [*list(CELLS)[:3], *draw(st.lists(st.sampled_from(list(CELLS)[3:]), unique=True))]
    nulls = st.sampled_from([None, np.nan, pd.NaT, pd.NA])
    return {
        name: draw(st.lists(CELLS[name] | CELLS[name] | nulls, min_size=n, max_size=n))
        for name in names
    }


def clean(cell: Any) -> Any:
    """Return a cell as the reference knows it."""
    return None if isinstance(cell, np.datetime64) else cell


@settings(max_examples=150, deadline=None)
@given(corrupted(), st.sampled_from([None, "Europe/Berlin"]), st.sampled_from([None, 0, 1]))
@example({"customer_id": ["a"], "at": [5], "kind": ["view"]}, None, None)
def test_accepted_and_rejected_rows_are_those_of_the_reference(
    columns: dict[str, list[Any]], tz: str | None, fold: int | None
) -> None:
    options: Any = {"tz": tz, "fold": fold if tz else None}
    taken = read(columns, currency="EUR", invalid="collect", **options)
    expected = reference.expected(
        {name: list(map(clean, cells)) for name, cells in columns.items()},
        tz=None if tz is None else ZoneInfo(tz),
        fold=options["fold"],
    )
    assert aside(taken) == expected.rejected
    assert [(p, typed(row)) for p, row in rows_of(taken)] == [
        (p, typed(row)) for p, row in expected.rows
    ]
    assert len(taken.at) + len(taken.rejected) == taken.n_given


def typed(row: dict[str, object]) -> dict[str, tuple[type, object]]:
    return {name: (type(cell), cell) for name, cell in row.items()}


@settings(max_examples=75, deadline=None)
@given(corrupted(), st.sampled_from([kind("view"), amount > 1, ~kind("buy") & (at > T0)]))
def test_accepted_rejected_and_filtered_rows_are_all(
    columns: dict[str, list[Any]], rule: Any
) -> None:
    columns.setdefault("amount", [None] * len(columns["at"]))
    options: Any = {"currency": "EUR", "tz": UTC, "invalid": "collect"}
    taken = read(columns, only=rule, **options)
    assert len(taken.at) + len(taken.rejected) + taken.n_filtered == taken.n_given
    whole = read(columns, **options)
    accepted = dict(rows_of(whole))
    for place, row in rows_of(taken):
        assert accepted[place] == row
    assert {place for place, _ in aside(taken)} <= {place for place, _ in aside(whole)}


@settings(max_examples=75, deadline=None)
@given(corrupted())
def test_raising_finds_a_fault_exactly_if_collecting_does(columns: dict[str, list[Any]]) -> None:
    collected = read(columns, currency="EUR", tz=UTC, invalid="collect")
    if len(collected.rejected):
        error = refused(columns, currency="EUR", tz=UTC)
        reason = f"{error.name} "
        first = [place for place, why in aside(collected) if why.startswith(reason)]
        assert error.first is not None
        assert error.total == collected.n_given
        assert error.first in {place for place, _ in aside(collected)}
        assert not first or error.first <= max(first)
    else:
        assert rows_of(read(columns, currency="EUR", tz=UTC)) == rows_of(collected)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Rows that every library can hold in typed columns."""
    n = draw(st.integers(0, 8))

    def many(cells: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(cells, min_size=n, max_size=n))

    words = st.sampled_from(["view", "buy", "é", "zap"])
    span = [dt.datetime.fromisoformat(text) for text in ("1990-01-01", "2100-01-01")]
    instants = st.datetimes(*span, timezones=st.just(UTC))
    return {
        "customer_id": many(st.sampled_from(["a", "b", "客户"])),
        "at": many(instants),
        "kind": many(words),
        "channel": many(words | st.none()),
        "until": many(instants | st.none()),
        "amount": many(
            st.none() | st.integers(-(10**6), 10**6).map(lambda n: Decimal(n).scaleb(-2))
        ),
        "value": many(st.none() | st.integers(-(10**4), 10**4).map(lambda n: n / 8)),
        "id": many(st.none() | st.integers(0, 3)),
        "attributes.n": many(st.none() | st.integers(-2, 2)),
        "attributes.b": many(st.none() | st.booleans()),
    }


ARROW = {
    "customer_id": pa.string(),
    "at": pa.timestamp("us", "UTC"),
    "kind": pa.string(),
    "channel": pa.string(),
    "until": pa.timestamp("us", "UTC"),
    "amount": pa.decimal128(12, 2),
    "value": pa.float64(),
    "id": pa.int64(),
    "attributes.n": pa.int32(),
    "attributes.b": pa.bool_(),
}
TEXTS = ("customer_id", "kind", "channel")


def objects(table: dict[str, list[Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(index=range(len(table["at"])))
    return frame.assign(**{k: pd.Series(v, dtype=object) for k, v in table.items()})


def arrow(table: dict[str, list[Any]]) -> pa.Table:
    return pa.table({name: pa.array(cells, ARROW[name]) for name, cells in table.items()})


def pandas_typed(table: dict[str, list[Any]], text: Any, unit: Any) -> pd.DataFrame:
    frame = objects(table)
    for name in TEXTS:
        frame[name] = pd.Series(table[name], dtype=text)
    for name in ("at", "until"):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.as_unit(unit)
    frame["value"] = frame["value"].astype("Float64")
    frame["id"] = frame["id"].astype("Int64")
    frame["attributes.n"] = frame["attributes.n"].astype("Int8")
    frame["attributes.b"] = frame["attributes.b"].astype("boolean")
    return frame


def chunked(table: dict[str, list[Any]]) -> pa.Table:
    whole = arrow(table)
    middle = len(whole) // 2
    for name in TEXTS:
        place = whole.schema.get_field_index(name)
        whole = whole.set_column(place, name, whole.column(name).dictionary_encode())
    return pa.concat_tables([whole.slice(0, middle), whole.slice(middle)])


def polars_coded(table: dict[str, list[Any]]) -> pl.DataFrame:
    frame = pl.DataFrame(arrow(table))
    return frame.with_columns(pl.col(*TEXTS).cast(pl.Categorical))


LIBRARIES: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "lists": dict,
    "object arrays": lambda t: {
        name: np.fromiter(cells, np.dtype(object), len(cells)) for name, cells in t.items()
    },
    "pandas object": objects,
    "pandas str": lambda t: pandas_typed(t, None, "us"),
    "pandas string": lambda t: pandas_typed(t, "string[python]", "ns"),
    "pandas category": lambda t: pandas_typed(t, "category", "us"),
    "pandas arrow": lambda t: arrow(t).to_pandas(types_mapper=pd.ArrowDtype),
    "pyarrow": arrow,
    "pyarrow chunks of dictionaries": chunked,
    "pyarrow batch": lambda t: arrow(t).combine_chunks().to_batches()[0] if t["at"] else arrow(t),
    "polars": lambda t: pl.DataFrame(arrow(t)),
    "polars categorical": polars_coded,
}


@settings(max_examples=40, deadline=None)
@given(tables())
def test_every_library_gives_the_same_intake(table: dict[str, list[Any]]) -> None:
    wanted = {name: name for name in table}
    first = read(table, currency="EUR")
    expected = [(p, typed(row)) for p, row in rows_of(first)]
    for library, make in LIBRARIES.items():
        taken = read(pick_columns(make(table), wanted), currency="EUR")
        got = [(p, typed(row)) for p, row in rows_of(taken)]
        assert got == expected, library
        for name, one in taken.columns.items():
            other = first.columns[name]
            if isinstance(one, Coded) and isinstance(other, Coded):
                assert one.codes.dtype == other.codes.dtype, library
                assert one.labels == other.labels, library
