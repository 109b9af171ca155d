"""Transitions against walking each path."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.journey import TransitionTable, transitions
from customerops.model import END, START, Customer, Interaction, InteractionLog, Window, kind
from tests.reference import metrics as slow

UTC = dt.UTC


def at(hour: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=UTC) + dt.timedelta(hours=hour)


def seen(who: str, *path: str | None) -> list[Interaction]:
    return [
        Interaction(customer_id=who, at=at(i), kind="view", channel=one)
        for i, one in enumerate(path)
    ]


def cells(table: TransitionTable, name: str) -> dict[Any, int]:
    frame = table.to_frame()
    labels = table.axes[-1].labels
    flat = table.parts[name].ravel().tolist()
    pairs = [(a, b) for a in labels for b in labels]
    assert len(frame) == len(pairs)
    return {pair: n for pair, n in zip(pairs, flat, strict=True) if n}


ROWS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.sampled_from("abc"),
        at=st.integers(0, 9).map(at),
        kind=st.sampled_from(["start", "end", "view"]),
        channel=st.sampled_from(["web", "app", None]),
    ),
    max_size=20,
)


@given(ROWS, st.integers(0, 9), st.sampled_from(["kind", "channel"]))
def test_moves_equal_walking_each_path(rows: list[Interaction], hour: int, field: str) -> None:
    table = transitions(InteractionLog.from_interactions(rows).until(at(hour)), state=field)
    moves, movers, visitors = slow.transitions(slow.histories(rows, at(hour)), field)
    assert cells(table, "count") == dict(moves)
    assert cells(table, "customers") == dict(movers)
    got = dict(zip(table.axes[0].labels, table.parts["visitors"].tolist(), strict=True))
    assert {label: n for label, n in got.items() if n} == dict(visitors)
    inner = table.parts["count"]
    for i, label in enumerate(table.axes[0].labels):
        if label not in (START, END):
            assert inner[i].sum() == inner[:, i].sum()  # who comes in goes out


def test_a_share_is_of_the_customers_who_were_there() -> None:
    rows = [*seen("a", "web", "app", "web", "store"), *seen("b", "web"), *seen("c", "app", "web")]
    share = transitions(
        InteractionLog.from_interactions(rows).until(at(99)), state="channel"
    ).share()
    cell = share.select(source="web", target="app")
    assert (cell.count, cell.total) == (1, 3)
    ending = share.select(source="web", target=END)
    assert (ending.count, ending.total) == (2, 3)
    assert share.select(source=START, target="web").total == 3


def test_shares_add_where_a_state_is_missing_on_one_side() -> None:
    a, b = seen("a", "web", "app"), seen("b", "web", "store")
    one, two, whole = (
        transitions(InteractionLog.from_interactions(x).until(at(99)), state="channel").share()
        for x in (a, b, a + b)
    )
    assert one + two == whole
    cell = (one + two).select(source="web", target="app")
    assert (cell.count, cell.total) == (1, 2)


def test_steps_pass_over_the_others() -> None:
    rows = seen("a", "web", "app", "store")
    known = InteractionLog.from_interactions(rows).until(at(99))
    table = transitions(known, state="channel", steps=~kind("x"))
    assert cells(table, "count")["web", "app"] == 1
    from customerops.model import channel

    skipped = transitions(known, state="channel", steps=channel.isin(["web", "store"]))
    assert cells(skipped, "count") == {(START, "web"): 1, ("web", "store"): 1, ("store", END): 1}


def test_a_window_cuts_the_paths() -> None:
    known = InteractionLog.from_interactions(seen("a", "web", "app", "store")).until(at(99))
    table = transitions(known, state="channel", over=Window(at(1), at(2)))
    assert cells(table, "count") == {(START, "app"): 1, ("app", END): 1}
    assert transitions(known, state="channel", over=Window(None, None)).parts["count"].sum() == 4


def test_groups_are_of_customers() -> None:
    rows = [*seen("a", "web"), *seen("b", "app")]
    log = InteractionLog.from_interactions(rows).with_customers([Customer(id="a", country="DE")])
    table = transitions(log.until(at(99)), state="channel", by="country")
    assert table.axes[0].labels == ("DE", None)
    assert cells(table.select(country="DE"), "count") == {(START, "web"): 1, ("web", END): 1}
    assert table.rollup("country") == transitions(log.until(at(99)), state="channel")


def test_nobody_moves_in_an_empty_log() -> None:
    table = transitions(InteractionLog.from_interactions([]).until(at(0)))
    assert table.parts["count"].shape == (0, 0)


def test_too_many_states_make_no_table() -> None:
    rows = [Interaction(customer_id=i, at=at(0), kind="view", channel=str(i)) for i in range(4095)]
    with pytest.raises(InvalidInputError, match="state must have at most 4094 labels: got 4095"):
        transitions(InteractionLog.from_interactions(rows).until(at(0)), state="channel")


def test_many_states_need_several_words() -> None:
    rows = [
        Interaction(customer_id=i % 3, at=at(i), kind="view", channel=str(i)) for i in range(90)
    ]
    table = transitions(InteractionLog.from_interactions(rows).until(at(99)), state="channel")
    moves, movers, visitors = slow.transitions(slow.histories(rows, at(99)), "channel")
    assert cells(table, "customers") == dict(movers)
    assert sum(moves.values()) == 93
    assert table.parts["visitors"].sum() == sum(visitors.values())


def test_states_must_be_labels() -> None:
    known = InteractionLog.from_interactions(seen("a", "web")).until(at(0))
    with pytest.raises(InvalidInputError, match="must be categorical: 'amount' holds numbers"):
        transitions(known, state="amount")
