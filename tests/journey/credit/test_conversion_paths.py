"""Paths to conversion against telling the path of every event."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import Linear, PathTable, attribute, paths_to_conversion
from customerops.journey.credit import opportunities
from customerops.model import Customer, Interaction, InteractionLog, Money, Window, channel, kind
from tests.reference import attribution as slow
from tests.reference.metrics import histories

UTC = dt.UTC
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2026, 3, 1, tzinfo=UTC)


def at(hour: int) -> dt.datetime:
    return START + hour * HOUR


def seen(
    who: str, hour: int, kind: str = "visit", channel: str | None = None, paid: int | None = None
) -> Interaction:
    amount = None if paid is None else Money.of_minor(paid, "EUR")
    return Interaction(customer_id=who, at=at(hour), kind=kind, channel=channel, amount=amount)


def known(rows: list[Interaction], hour: int) -> InteractionLog:
    return InteractionLog.from_interactions(rows).until(at(hour))


def told(table: PathTable) -> dict[Any, list[int]]:
    frame = table.to_frame()
    ages = frame["ages"] if "ages" in frame else [()] * len(frame)
    parts = frame[list(PathTable.PARTS)].to_numpy().tolist()
    return dict(zip(zip(frame["path"], ages, strict=True), parts, strict=True))


ROWS = st.lists(
    st.builds(
        seen,
        st.sampled_from("aab"),
        st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 13]),
        st.sampled_from(["visit", "visit", "visit", "buy", "order", "noise"]),
        st.sampled_from(["ad", "mail", None]),
        st.sampled_from([None, 0, 1, 500, 10**13]),
    ),
    max_size=14,
)


@given(
    ROWS,
    st.integers(0, 14),
    st.sampled_from([None, HOUR, 2 * HOUR, 4 * HOUR]),
    st.sampled_from(["once", "each"]),
    st.booleans(),
    st.sampled_from([None, HOUR, 3 * HOUR]),
    st.sampled_from([None, (2, 6)]),
)
def test_paths_equal_telling_each(
    rows: list[Interaction],
    hour: int,
    lookback: dt.timedelta | None,
    counting: Any,
    merge: bool,
    ages: dt.timedelta | None,
    over: tuple[int, int] | None,
) -> None:
    window = None if over is None else Window(*map(at, over))
    table = paths_to_conversion(
        known(rows, hour),
        {"buy", "order"},
        touches={"visit", "order"},  # an order is a touch, too
        lookback=lookback,
        counting=counting,
        repeats="merge" if merge else "keep",
        ages=ages,
        over=window,
    )
    assert told(table) == slow.conversion_paths(
        histories(rows, at(hour)),
        conversion={"buy", "order"},
        touches={"visit", "order"},
        lookback=lookback,
        counting=counting,
        merge=merge,
        ages=ages,
        as_of=at(hour),
        inside=lambda t: over is None or at(over[0]) <= t < at(over[1]),
    )


@given(ROWS, ROWS, st.sampled_from([None, HOUR]))
def test_tables_of_different_customers_add(
    one: list[Interaction], two: list[Interaction], ages: dt.timedelta | None
) -> None:
    two = [seen(f"{x.customer_id}'", (x.at - START) // HOUR, x.kind, x.channel) for x in two]

    def paths(rows: list[Interaction]) -> PathTable:
        return paths_to_conversion(known(rows, 9), "buy", lookback=2 * HOUR, ages=ages)

    assert paths(one) + paths(two) == paths(one + two) == paths(two) + paths(one)
    assert pickle.loads(pickle.dumps(paths(one))) == paths(one)


def test_plain_numbers_do_not_become_money() -> None:
    euros = PathTable.from_counts([["a"]], [1], values=[100], currency="EUR")
    plain = PathTable.from_counts([["a"]], [1], values=[100])
    nothing = PathTable.from_counts([["a"]], [1])
    message = "currency must be the same to add results: got 'EUR', and values without a currency"
    for one, two in ((euros, plain), (plain, euros)):
        with pytest.raises(InvalidInputError, match=message):
            one + two
    assert (plain + plain).parts["value"].tolist() == [200]
    for both in (euros + nothing, nothing + euros):
        assert both.context.currency == "EUR"
        assert attribute(both, Linear()).value.tolist() == [1.0]
    assert (plain + nothing).context.currency is None


def test_touches_are_all_that_are_no_conversion() -> None:
    rows = [seen("a", 0, "visit", "ad"), seen("a", 1, "call", "phone"), seen("a", 2, "buy", "web")]
    table = paths_to_conversion(known(rows, 5), "buy", lookback=9 * HOUR)
    assert table.paths == (("ad", "phone"),)
    every = paths_to_conversion(known(rows, 5), "buy", lookback=9 * HOUR, touches=~kind("x"))
    assert every.paths == (("ad", "phone", "web"),)


def test_the_lookback_is_inclusive() -> None:
    rows = [seen("a", 0, channel="ad"), seen("a", 2, "buy")]
    for lookback, conversions in ((2 * HOUR, 1), (2 * HOUR - dt.timedelta(microseconds=1), 0)):
        table = paths_to_conversion(known(rows, 9), "buy", lookback=lookback)
        assert table.conversions - table.untouched == conversions
        assert table.nulls == 1 - conversions


def test_a_path_is_open_until_its_last_touch_is_too_old() -> None:
    rows = [seen("a", 0, channel="ad"), seen("a", 2, channel="mail")]
    for hour, nulls in ((4, 0), (5, 1)):
        table = paths_to_conversion(known(rows, hour), "buy", lookback=3 * HOUR)
        assert (table.nulls, table.open) == (nulls, 1 - nulls)
    endless = paths_to_conversion(known(rows, 99), "buy", lookback=None)
    assert (endless.nulls, endless.open) == (0, 1)
    taken = endless.open_as_nulls()
    assert (taken.nulls, taken.open) == (1, 0)
    with pytest.raises(InvalidInputError, match="these differ: open"):
        endless + taken


def test_two_conversions_share_touches_or_not() -> None:
    rows = [seen("a", 0, channel="ad"), seen("a", 1, "buy", paid=700), seen("a", 2, "buy")]
    once = paths_to_conversion(known(rows, 9), "buy", lookback=9 * HOUR)
    assert told(once) == {((), ()): [1, 0, 0, 0], (("ad",), ()): [1, 0, 0, 700]}
    assert once.untouched == 1
    each = paths_to_conversion(known(rows, 9), "buy", lookback=9 * HOUR, counting="each")
    assert told(each) == {(("ad",), ()): [2, 0, 0, 700]}
    assert (each.context.currency, each.context.option("scale")) == ("EUR", 100)
    bare = paths_to_conversion(known(rows, 9), "buy", lookback=9 * HOUR, value="none")
    assert (bare.parts["value"].sum(), bare.context.currency) == (0, None)


def test_groups() -> None:
    rows = [seen("a", 0, channel="ad"), seen("b", 0, channel="mail"), seen("b", 1, "buy")]
    log = InteractionLog.from_interactions(rows).with_customers([Customer(id="a", country="DE")])
    table = paths_to_conversion(log.until(at(9)), "buy", lookback=HOUR, by="country")
    assert table.outer[0].labels == ("DE", None)
    assert table.conversions.tolist() == [0, 1]
    assert table.nulls.tolist() == [1, 0]
    assert table.to_frame()["country"].isna().tolist() == [False, True]
    assert table.select(country="DE").paths == (("ad",),)
    assert table.rollup("country") == paths_to_conversion(log.until(at(9)), "buy", lookback=HOUR)
    assert "missing" in table._repr_html_()
    with pytest.raises(InvalidInputError, match="must be one of"):
        table.select(contry="DE")


def test_it_shows_itself() -> None:
    rows = [seen("a", 0, channel="ad"), seen("a", 0, channel=None), seen("b", 1, "buy")]
    table = paths_to_conversion(known(rows, 9), "buy", lookback=HOUR)
    assert repr(table) == (
        "PathTable(metric='paths_to_conversion', paths=2, conversions=1, nulls=1, open=0)"
    )
    html = table._repr_html_()
    assert "ad &gt; missing" in html
    assert "no touch" in html
    assert table != 3
    assert len(table) == 2


def test_nobody_has_no_paths() -> None:
    table = paths_to_conversion(known([], 0), "buy", lookback=HOUR)
    assert (len(table), table.conversions, table.paths) == (0, 0, ())


def test_long_paths_need_several_words() -> None:
    labels = [f"c{i % 37:02}" for i in range(60)]
    rows = [seen(who, i, channel=one) for who in "ab" for i, one in enumerate(labels)]
    rows += [seen("c", i, channel=one) for i, one in enumerate([*labels[:-1], "c00"])]
    table = paths_to_conversion(known(rows, 999), "buy", lookback=99 * HOUR)
    assert table.parts["nulls"].tolist() == [1, 2]
    assert table.paths[1] == tuple(labels)


def test_too_much_is_refused() -> None:
    half = 16_400
    touches = InteractionLog.from_arrays(
        customer_id=np.zeros(2 * half, np.int64),
        at=np.arange(2 * half),
        at_unit="s",
        kind=np.repeat(["visit", "buy"], half),
        channel=["ad"] * (2 * half),
    ).until(START)
    assert half * half > opportunities.MOST
    with pytest.raises(InvalidInputError, match="lookback must leave at most 134,217,728 touches"):
        paths_to_conversion(touches, "buy", lookback=None, counting="each")
    assert paths_to_conversion(touches, "buy", lookback=None).conversions == half


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lookback": dt.timedelta(0)}, "lookback must be longer than zero"),
        ({"lookback": HOUR, "ages": -HOUR}, "ages must be longer than zero"),
        ({"lookback": HOUR, "counting": "twice"}, "counting must be one of 'once', 'each'"),
        ({"lookback": HOUR, "repeats": "drop"}, "repeats must be one of 'keep', 'merge'"),
        ({"lookback": HOUR, "value": "price"}, "value must be one of 'amount', 'none'"),
        ({"lookback": HOUR, "channel": "amount"}, "must be categorical"),
        ({"lookback": HOUR, "channel": "chanel"}, "did you mean 'channel'"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        paths_to_conversion(known([seen("a", 0, paid=1)], 9), "buy", **options)


def test_touches_may_be_any_rule() -> None:
    rows = [seen("a", 0, channel="ad"), seen("a", 1, channel="mail"), seen("a", 2, "buy")]
    table = paths_to_conversion(
        known(rows, 9), "buy", lookback=9 * HOUR, touches=channel.isin(["mail"])
    )
    assert table.paths == (("mail",),)
    assert paths_to_conversion(
        known(rows, 9), "buy", lookback=9 * HOUR, channel=kind
    ) == paths_to_conversion(known(rows, 9), "buy", lookback=9 * HOUR, channel="kind")


def test_counts_that_are_there_already() -> None:
    table = PathTable.from_counts(
        [("ad", 1), ("ad",), (), ("ad", 1)],
        [1, 0, 2, 3],
        [0, 4, 0, 1],
        [10, 0, 5, 30],
        currency="JPY",
    )
    assert told(table) == {
        ((), ()): [2, 0, 0, 5],
        (("ad",), ()): [0, 4, 0, 0],
        (("ad", 1), ()): [4, 1, 0, 40],
    }
    assert table.context.option("scale") == 1
    assert table == PathTable.from_counts(
        ["ad", "", "ad>x"], [0, 2, 0], [4, 0, 0], [0, 5, 0], separator=">", currency="JPY"
    ) + PathTable.from_counts([("ad", 1)], [4], [1], [40], currency="JPY")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a > b"], [1]), "paths must hold sequences of labels: got str; say separator="),
        (([("a",)], [1, 2]), r"conversions must be one number per path: got shape \(2,\) for 1"),
        (([("a",)], [-1]), "conversions must not be negative"),
        (([("a",)], [1], [-1]), "nulls must not be negative"),
        (([("a",)], [0.5]), "conversions must be whole numbers"),
        (([("a",)], [0], [1], [5]), "values must be 0 where nothing converted"),
        (([()], [1], [1]), "nulls must be 0 for a path without touches"),
        (([("a",)], [2**53]), r"paths must be less than 2\*\*53 together"),
        (("ab", [1]), "paths must be an iterable of values"),
        (([5], [1]), "paths must be an iterable of values: got int"),
        (([(["a"],)], [1]), "channel must be a plain Python label: got list"),
        (([[("a", ["b"])]], [1]), "channel must be a plain Python label: got a tuple that holds"),
        (([[float("nan")]], [1]), "channel must be a plain Python label: got nan"),
    ],
)
def test_counts_are_checked(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        PathTable.from_counts(*arguments)
