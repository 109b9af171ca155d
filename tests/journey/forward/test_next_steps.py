"""What comes next against what followed each event, and the chain in fractions."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import NextBest, next_best
from customerops.model import (
    END,
    ClusteredShare,
    Context,
    Customer,
    Interaction,
    InteractionLog,
    Window,
)
from customerops.model.values.labels import label_key
from tests.reference import next_best as slow
from tests.reference.metrics import histories

UTC = dt.UTC
HOUR = dt.timedelta(hours=1)
US = dt.timedelta(microseconds=1)
START = dt.datetime(2026, 3, 1, tzinfo=UTC)
CONVERTED = slow.CONVERTED


def at(hour: int) -> dt.datetime:
    return START + hour * HOUR


def seen(who: str, hour: int, where: str | None = None, kind: str = "visit") -> Interaction:
    return Interaction(customer_id=who, at=at(hour), kind=kind, channel=where)


def known(rows: list[Interaction], hour: int = 99) -> InteractionLog:
    return InteractionLog.from_interactions(rows).until(at(hour))


ROWS = st.lists(
    st.builds(
        seen,
        st.sampled_from("aabc"),
        st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 13]),
        st.sampled_from(["web", "app", None]),
        st.sampled_from(["visit", "visit", "visit", "buy", "noise"]),
    ),
    max_size=16,
)


@given(
    ROWS,
    st.integers(0, 16),
    st.sampled_from([HOUR, 2 * HOUR, 5 * HOUR]),
    st.booleans(),
    st.sampled_from([None, (1, 4)]),
)
def test_moves_equal_what_followed_each(
    rows: list[Interaction],
    hour: int,
    within: dt.timedelta,
    buying: bool,
    over: tuple[int, int] | None,
) -> None:
    table = next_best(
        known(rows, hour),
        within=within,
        state="channel",
        steps={"visit"},
        conversion={"buy"} if buying else None,
        support=1,
        over=None if over is None else Window(*map(at, over)),
    )
    wanted = slow.visits(
        histories(rows, at(hour)),
        steps={"visit"},
        conversion={"buy"} if buying else set(),
        within=within,
        as_of=at(hour),
        inside=lambda t: over is None or at(over[0]) <= t < at(over[1]),
    )
    sources, targets = (axis.labels for axis in table.axes)
    assert set(targets) - set(sources) == ({END} if sources else set())
    for i, source in enumerate(sources):
        assert table.open[i] == wanted.open[source]
        own = [(c[source], wanted.converted[who][source]) for who, c in wanted.visits.items()]
        check(table.parts, ("converted", "visits", "converted_squared", "visits_squared",
                            "converted_visits"), (i,), [(x, y) for y, x in own])  # fmt: skip
        assert table.parts["customers"][i] == sum(y > 0 for y, _ in own)
        for j, target in enumerate(targets):
            moved = [
                (wanted.moves[who][source, target], c[source]) for who, c in wanted.visits.items()
            ]
            check(
                table.parts, ("moves", None, "moves_squared", None, "moves_visits"), (i, j), moved
            )
            assert table.parts["elapsed"][i, j] == wanted.elapsed[source, target]
    if buying:
        told = table.outlook().to_frame()
        for row, chances in zip(
            told.to_dict("records"), expected(table, slow.chain(wanted)), strict=True
        ):
            for name, value, scale in zip(
                ("converts", "steps", "seconds"), chances, (1, 1, 10**6), strict=True
            ):
                if value is None or (over is not None and at(over[1]) > at(hour) + US):
                    assert math.isnan(row[name])
                else:
                    assert row[name] == pytest.approx(float(value / scale), rel=1e-9)


def expected(table: NextBest, chain: dict[Any, Any]) -> list[Any]:
    """Return the chances of every source that is no conversion; nobody's where none was there."""
    sources = [one for one in table.axes[0].labels if one != CONVERTED]
    return [chain.get(one, (None, None, None)) for one in sources]


def check(
    parts: Any, names: tuple[str | None, ...], cell: tuple[int, ...], rows: list[tuple[int, int]]
) -> None:
    """Compare sums, squares and products over customers."""
    sums = (
        sum(x for x, _ in rows),
        sum(y for _, y in rows),
        sum(x * x for x, _ in rows),
        sum(y * y for _, y in rows),
        sum(x * y for x, y in rows),
    )
    for name, wanted in zip(names, sums, strict=True):
        assert name is None or parts[name][cell] == wanted


@given(ROWS, ROWS)
def test_tables_of_different_customers_add(one: list[Interaction], two: list[Interaction]) -> None:
    two = [seen(f"{x.customer_id}'", (x.at - START) // HOUR, x.channel, x.kind) for x in two]

    def table(rows: list[Interaction]) -> NextBest:
        return next_best(known(rows, 9), within=2 * HOUR, state="channel", conversion="buy")

    assert table(one) + table(two) == table(one + two)


def test_shares_have_the_intervals_of_customers() -> None:
    rows = [seen(who, h, "web") for who, n in (("a", 3), ("b", 1), ("c", 5)) for h in range(n)]
    rows += [seen("b", 1, "app")]
    shares = next_best(known(rows), within=HOUR, state="channel", support=3).shares()
    cell = shares.select(source="web", target="web")
    wanted = ClusteredShare.from_rows([2, 0, 4], [3, 1, 5], context=Context("x"))
    assert cell.value == wanted.value
    assert cell.interval() == wanted.interval()
    assert shares.supported.tolist() == [[False] * 3, [True] * 3]
    assert np.isnan(shares.value[0]).all()
    assert np.isnan(shares.interval()[0][0]).all()
    assert shares.value[1].sum() == pytest.approx(1)
    with pytest.raises(InvalidInputError, match="results must be statistics to be added"):
        shares + shares


def test_what_converts_is_counted_too() -> None:
    """Both visits of a convert in time: the first by way of the second."""
    rows = [
        seen("a", 0, "web"),
        seen("a", 1, "app"),
        seen("a", 2, "x", "buy"),
        seen("b", 0, "web"),
    ]
    table = next_best(known(rows), within=2 * HOUR, state="channel", conversion="buy", support=1)
    assert table.axes[0].labels == ("app", "web", CONVERTED)
    converting = table.converting()
    assert converting.value.tolist() == [1.0, 0.5, 0.0]
    low, high = converting.interval()
    assert low[1] < 0.5 < high[1]
    outlook = table.outlook()
    assert outlook.converts.tolist() == [1.0, 0.5]
    assert outlook.steps.tolist() == [1.0, 2.0]
    assert outlook.seconds.tolist() == [3600.0, 7200.0]
    short = next_best(known(rows), within=HOUR, state="channel", conversion="buy", support=1)
    assert short.converting().value.tolist() == [1.0, 0.0, 0.0]
    assert short.outlook().converts.tolist() == [1.0, 0.5]  # a step at a time, each in time


def test_ways_are_weighed_by_who_takes_them() -> None:
    """Half go straight in two hours, half by way of app in one and three."""
    rows = [seen("a", 0, "web"), seen("a", 2, "x", "buy")]
    rows += [seen("b", 0, "web"), seen("b", 1, "app"), seen("b", 4, "x", "buy")]
    outlook = next_best(
        known(rows), within=5 * HOUR, state="channel", conversion="buy", support=1
    ).outlook()
    assert outlook.converts.tolist() == [1, 1]
    assert outlook.steps.tolist() == [1, 1.5]
    assert outlook.seconds.tolist() == [3 * 3600, 3 * 3600]


def test_what_is_not_known_yet_is_no_failure() -> None:
    """All go from web to app in time, and whether any buys from there is not known at hour 5."""
    rows = [seen(who, 0, "web") for who in "abc"] + [seen(who, 3, "app") for who in "abc"]
    rows += [seen("d", 0, "mail"), seen("e", 0, "mail"), seen("e", 1, "shop", "buy")]
    rows += [seen(who, 7, "shop", "buy") for who in "abc"]

    def outlook(hour: int) -> list[list[float]]:
        log = known(rows, hour)
        table = next_best(log, within=4 * HOUR, state="channel", conversion="buy", support=1)
        frame: Any = table.outlook().to_frame().set_index("source")
        return [frame.loc[name].tolist()[1:4] for name in ("app", "mail", "web")]

    nan = math.nan
    early, late = outlook(5), outlook(20)
    assert early == [
        pytest.approx([nan] * 3, nan_ok=True),
        [0.5, 1, 3600],
        pytest.approx([nan] * 3, nan_ok=True),
    ]
    assert late == [[1, 1, 4 * 3600], [0.5, 1, 3600], [1, 2, 7 * 3600]]


def test_an_outlook_is_complete_where_all_its_ways_are() -> None:
    """From web all go to app, of which one visit is open until hour 9."""
    rows = [seen(who, 0, "web") for who in "abc"] + [seen(who, 1, "app") for who in "abc"]
    rows += [seen("d", 0, "mail"), seen("e", 5, "app")]
    for hour, complete in ((5, [False, True, False]), (9, [True, True, True])):
        log = known(rows, hour)
        outlook = next_best(
            log, within=4 * HOUR, state="channel", conversion="buy", support=1
        ).outlook()
        assert outlook.axes[0].labels == ("app", "mail", "web")
        assert outlook.complete.tolist() == complete
        assert outlook.to_frame()["complete"].tolist() == complete
        assert outlook._repr_html_().count("color:#999") == complete.count(False)
        assert outlook.converts.tolist() == [0, 0, 0]
        assert pickle.loads(pickle.dumps(outlook)) == outlook
        with pytest.raises(ValueError, match="read-only"):
            outlook.complete[0] = True


def test_an_open_window_tells_no_outlook() -> None:
    rows = [seen("a", 0, "web"), seen("a", 1, "app"), seen("a", 2, "shop", "buy")]
    for hour, told, complete in ((9, False, False), (10, True, False), (11, True, True)):
        table = next_best(
            known(rows, hour),
            within=HOUR,
            state="channel",
            conversion="buy",
            support=1,
            over=Window(at(0), at(10)),
        )
        outlook, best = table.outlook(), table.best()
        for column in (outlook.converts, outlook.steps, outlook.seconds, best["share"]):
            assert np.isnan(column).all() == (not told)
        assert (outlook.complete == complete).all()
        assert (best["complete"] == complete).all()
        assert outlook.supported.all()


def test_nothing_is_said_of_few() -> None:
    rows = [seen(who, 0, "web") for who in "abc"] + [seen("a", 1, "app"), seen("a", 2, "x", "buy")]
    table = next_best(known(rows), within=HOUR, state="channel", conversion="buy", support=2)
    outlook = table.outlook()
    assert outlook.supported.tolist() == [False, True]
    assert np.isnan([outlook.converts[0], outlook.steps[0], outlook.seconds[0]]).all()
    assert outlook.converts[1] == pytest.approx(1 / 3)  # by way of app
    assert table.best()["source"].tolist() == ["web", "web"]
    assert "33.3 %" in outlook._repr_html_()
    assert repr(outlook) == "Outlook(axes=source[2])"
    assert outlook == table.outlook()
    assert outlook != 3
    assert pickle.loads(pickle.dumps(outlook)) == outlook


def test_a_visit_is_open_until_its_time_is_over() -> None:
    rows = [seen("a", 0, "web"), seen("a", 1, "app")]
    for hour, visits in ((2, [0, 0]), (3, [0, 1]), (4, [1, 1])):
        table = next_best(known(rows, hour), within=3 * HOUR, state="channel")
        assert table.visits.tolist() == visits
        assert table.open.tolist() == [1 - n for n in visits]


def test_a_cell_is_complete_when_all_its_visits_had_their_time() -> None:
    """The report ends at hour 2, so its last visit is over just before hour 5; a's at 3, b's at 4."""
    rows = [seen("a", 0, "web"), seen("b", 1, "app")]
    over = Window(at(0), at(2))
    for hour, done in ((1, False), (3, False), (4, False), (5, True)):
        table = next_best(
            known(rows, hour), within=3 * HOUR, state="channel", support=1, over=over
        )
        assert (table.complete == done).all()
        assert (table.to_frame()["complete"] == done).all()
    for hour, web, app in ((2, False, False), (3, True, False), (4, True, True)):
        table = next_best(
            known(rows, hour),
            within=3 * HOUR,
            state="channel",
            support=1,
            conversion="buy",
        )
        shares, converting = table.shares(), table.converting()
        assert shares.complete.tolist() == table.complete.tolist()
        assert converting.complete.tolist() == [app, web]
        assert shares.open.tolist() == converting.open.tolist() == table.open.tolist()
        assert shares.open.tolist() == [1 - app, 1 - web]
        assert np.isnan(shares.select(source="web").value).all() == (not web)
        assert shares.select(source="web").complete.all() == web


def test_shares_are_of_the_visits_that_had_their_time() -> None:
    """Forty visits of day 1 led nowhere; forty of day 7 did, and were not over on day 10."""
    day = 24
    rows = [seen(f"c{i}", day, "web") for i in range(40)]
    rows += [seen(f"d{i}", 7 * day, "web") for i in range(40)]
    rows += [seen(f"d{i}", 12 * day, None, "buy") for i in range(40)]
    for now, open_, closed, value in (
        (7, 80, False, math.nan),
        (10, 40, True, 0.0),
        (20, 0, True, 0.5),
    ):
        table = next_best(
            known(rows, now * day),
            within=7 * day * HOUR,
            state="channel",
            conversion="buy",
            over=Window(at(0), at(8 * day)),
        )
        share = table.converting().select(source="web")
        assert share.complete is (open_ == 0)
        assert share.value == pytest.approx(value, nan_ok=True)
        assert math.isnan(share.interval()[0]) is not closed
        assert share.open == open_


def test_the_best_are_ranked() -> None:
    after = ["app", "web", "web", "mail", "mail", None]
    rows = []
    for i, where in enumerate(after):
        rows.append(seen(f"c{i}", 0, "web"))
        if where is not None:
            rows.append(seen(f"c{i}", 1, where))
    table = next_best(known(rows), within=HOUR, state="channel", support=6)
    best = table.best(top=2)
    assert best["target"].tolist() == [END, "mail"]
    assert best["share"].tolist() == pytest.approx(
        [3 / 8, 2 / 8]
    )  # web: 8 visits, 2 of them later
    assert best["rank"].tolist() == [1, 2]
    assert best["customers"].tolist() == [6, 6]
    assert (best["low"] < best["share"]).all()
    assert len(table.best(top=9)) == 4


def test_some_targets_have_no_ranks() -> None:
    """Ranked among themselves all sources would lead to the target, whatever else they lead to."""
    rows = [seen("a", 0, "web"), seen("a", 1, "app"), seen("b", 0, "mail")]
    table = next_best(known(rows), within=HOUR, state="channel", conversion="buy", support=1)
    for cut in (table.select(target="app"), table.select(target=["app", END])):
        message = r"table must have all its moves: select\(\) target later"
        with pytest.raises(InvalidInputError, match=message):
            cut.best()
        assert cut.converting().value.tolist() == table.converting().value.tolist()
    one = table.select(source="web").best()
    assert one[["rank", "target", "share"]].values.tolist() == [[1, "app", 1.0]]


def test_groups() -> None:
    rows = [
        seen("a", 0, "web"),
        seen("a", 1, "app"),
        seen("b", 0, "web"),
        seen("b", 1, None, "buy"),
    ]
    log = InteractionLog.from_interactions(rows).with_customers([Customer(id="a", country="DE")])
    table = next_best(
        log.until(at(9)), within=HOUR, state="channel", conversion="buy", support=1, by="country"
    )
    assert [axis.name for axis in table.axes] == ["country", "source", "target"]
    best = table.best(top=1)
    assert best["target"].tolist() == [END, "app", CONVERTED, END]
    assert best.columns.tolist()[:2] == ["country", "source"]
    outlook = table.outlook()
    assert outlook.converts[0].tolist() == [0, 0]
    assert outlook.converts[1].tolist()[1] == 1
    assert math.isnan(outlook.converts[1, 0])
    one = table.select(country="DE")
    assert one.outlook().converts.tolist() == [0, 0]
    assert table.rollup("country").visits.tolist() == [1, 2, 1]
    assert table.to_frame().columns.tolist() == [
        *("country", "source", "target", "customers", "visits", "open", "moves", "complete")
    ]


def test_nobody_goes_nowhere() -> None:
    table = next_best(known([], 0), within=HOUR, conversion="buy")
    assert table.parts["moves"].shape == (0, 0)
    assert len(table.best()) == 0
    assert table.outlook().to_frame().empty
    assert [label_key(one) for one in table.axes[1].labels] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"within": 0 * HOUR}, "within must be longer than zero"),
        ({"support": 0}, "support must be at least 1"),
        ({"state": "kinds"}, "did you mean 'kind'"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        next_best(known([seen("a", 0)]), **{"within": HOUR, **options})


def test_too_many_states_make_no_table() -> None:
    rows = [seen("a", i, str(i)) for i in range(1001)]
    with pytest.raises(InvalidInputError, match="state must have at most 1000 labels: got 1001"):
        next_best(known(rows, 9999), within=HOUR, state="channel")


def test_a_conversion_must_be_asked_for() -> None:
    table = next_best(known([seen("a", 0, "web")]), within=HOUR, state="channel")
    for view in (table.converting, table.outlook):
        with pytest.raises(InvalidInputError, match="conversion must be given"):
            view()
    with pytest.raises(InvalidInputError, match="top must be at least 1"):
        table.best(top=0)
    whole = next_best(known([seen("a", 0, "web")]), within=HOUR, state="channel", conversion="buy")
    with pytest.raises(InvalidInputError, match="table must have all its moves"):
        whole.select(source=["web"]).outlook()
