"""Small cells, and attacks on what is shown: by linear algebra and by bounds."""

import datetime as dt
import itertools
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.model import (
    Axis,
    CohortTable,
    Context,
    Mean,
    NetPromoterScore,
    Proportion,
    Quotient,
    Rate,
    ShownTable,
    Table,
    suppress_small_cells,
)

NAMES = ("country", "plan", "channel")


def axes(shape: tuple[int, ...], disjoint: tuple[bool, ...] | None = None) -> list[Axis]:
    flags = disjoint or (True,) * len(shape)
    return [
        Axis(name, range(n), "group", disjoint=flag)
        for name, n, flag in zip(NAMES, shape, flags, strict=False)
    ]


def share(count: Any, total: Any, disjoint: tuple[bool, ...] | None = None) -> Proportion:
    shape = np.shape(total)
    parts = {"count": count, "total": total}
    return Proportion(axes=axes(shape, disjoint), parts=parts, context=Context("churn_rate"))


def plain(counts: Any, disjoint: tuple[bool, ...] | None = None) -> Proportion:
    """Return a table that counts everybody: who did is who is there."""
    return share(counts, counts, disjoint)


# ------------------------------------------------------------------ the attacker


def sums(shape: tuple[int, ...], margins: tuple[bool, ...]) -> list[dict[tuple[int, ...], int]]:
    """Return every equation the reader knows: a line of cells less its total is 0."""
    found = []
    for axis, margin in enumerate(margins):
        if not margin:
            continue
        ranges = [range(n) if i != axis else [0] for i, n in enumerate(shape)]
        for at in itertools.product(*ranges):
            line = {}
            for i in range(shape[axis]):
                cell = (*at[:axis], i, *at[axis + 1 :])
                line[cell] = -1 if i == shape[axis] - 1 else 1
            found.append(line)
    return found


def solved(shown: ShownTable) -> set[tuple[int, ...]]:
    """Return the hidden cells whose value follows from what is shown, by exact elimination."""
    unknown = [tuple(at) for at in np.argwhere(~shown.shown).tolist()]
    place = {cell: i for i, cell in enumerate(unknown)}
    rows = []
    for line in sums(shown.shown.shape, shown.margins):
        row = [Fraction(0)] * len(unknown)
        for cell, sign in line.items():
            if cell in place:
                row[place[cell]] = Fraction(sign)
        if any(row):
            rows.append(row)
    pivots: dict[int, list[Fraction]] = {}
    for column in range(len(unknown)):
        pick = next((r for r in rows if r[column] and r not in pivots.values()), None)
        if pick is None:
            continue
        head = pick[column]
        pick[:] = [x / head for x in pick]
        pivots[column] = pick
        for row in rows:
            if row is not pick and row[column]:
                times = row[column]
                row[:] = [x - times * y for x, y in zip(row, pick, strict=True)]
    return {unknown[c] for c, row in pivots.items() if sum(1 for x in row if x) == 1}


def width(table: Table, shown: ShownTable, part: str, cell: tuple[int, ...]) -> float:
    """Return how far apart the bounds of a hidden count are, knowing counts are not negative."""
    from scipy.optimize import linprog

    unknown = [tuple(at) for at in np.argwhere(~shown.shown).tolist()]
    place = {one: i for i, one in enumerate(unknown)}
    left, right = [], []
    for line in sums(shown.shown.shape, shown.margins):
        row, rest = np.zeros(len(unknown)), 0.0
        for one, sign in line.items():
            if one in place:
                row[place[one]] += sign
            else:
                rest -= sign * float(shown.parts[part][one])
        if row.any():
            left.append(row)
            right.append(rest)
    if not left:  # no total is shown
        return np.inf
    aim = np.zeros(len(unknown))
    aim[place[cell]] = 1
    low, high = (linprog(sign * aim, A_eq=left, b_eq=right, method="highs") for sign in (1, -1))
    if high.status == 3:  # unbounded: its totals are hidden
        return np.inf
    return -float(high.fun or 0) - float(low.fun or 0)


def small_cells(table: Proportion, k: int) -> list[tuple[str, tuple[int, ...]]]:
    found = []
    for part in ("count", "total"):
        values = np.asarray(table.parts[part])
        for i, axis in enumerate(table.axes):
            if axis.disjoint:
                values = np.concatenate((values, values.sum(i, keepdims=True)), i)
        found += [(part, tuple(at)) for at in np.argwhere((values > 0) & (values < k)).tolist()]
    return found


@st.composite
def tables(draw: st.DrawFn) -> Proportion:
    dims = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(1, 4 if dims < 3 else 3)) for _ in range(dims))
    disjoint = tuple(draw(st.sampled_from([True, True, True, False])) for _ in range(dims))
    size = int(np.prod(shape))
    cell = st.sampled_from([0, 0, 1, 2, 3, 7, 20, 55])
    count = draw(st.lists(cell, min_size=size, max_size=size))
    rest = draw(st.lists(cell, min_size=size, max_size=size))
    total = np.add(count, rest).reshape(shape)
    return share(np.reshape(count, shape), total, disjoint)


@given(tables(), st.integers(2, 6))
def test_no_hidden_cell_is_solved_from_what_is_shown(table: Proportion, k: int) -> None:
    shown = suppress_small_cells(table, k)
    assert solved(shown) == set()


@settings(max_examples=40)
@given(tables(), st.integers(2, 6))
def test_no_small_count_is_squeezed_between_bounds(table: Proportion, k: int) -> None:
    """Counts are not negative, and the reader knows: a row of 2 and 0 would give itself away."""
    shown = suppress_small_cells(table, k)
    for part, cell in small_cells(table, k):
        assert not shown.shown[cell]
        assert width(table, shown, part, cell) > 0.99


@given(tables(), st.integers(2, 6))
def test_small_counts_are_hidden_and_the_rest_is_exact(table: Proportion, k: int) -> None:
    shown = suppress_small_cells(table, k)
    inner = tuple(slice(0, n) for n in table.shape)
    for name in ("count", "total"):
        part = shown.parts[name]
        seen = part[inner][shown.shown[inner]]
        assert seen.tolist() == table.parts[name][shown.shown[inner]].tolist()
        assert all(v is None for v in part[~shown.shown])
        assert not any(0 < v < k for v in part[shown.shown])
    rest = [
        t - c
        for t, c in zip(*(shown.parts[n][shown.shown] for n in ("total", "count")), strict=True)
    ]
    assert not any(0 < v < k for v in rest)
    assert np.isnan(shown.value[~shown.shown]).all()


@given(tables(), st.integers(2, 6))
def test_the_same_table_always_gives_the_same(table: Proportion, k: int) -> None:
    one, two = (suppress_small_cells(table, k) for _ in range(2))
    assert one.to_frame().equals(two.to_frame())


# ------------------------------------------------------------------ by hand


def hidden(shown: ShownTable) -> Any:
    return (~shown.shown).astype(int).tolist()


def test_one_small_cell_of_a_square_hides_a_rectangle() -> None:
    """Two in every row and column, or the sums tell."""
    table = plain([[20, 50, 10], [8, 19, 22], [17, 32, 12], [6, 3, 9]])
    shown = suppress_small_cells(table, 5)
    # with the 3 in the last row go 6, 8 and 19, 33 people; 9, 19 and 22 would be 50
    assert hidden(shown) == [
        [0, 0, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 0, 0],
    ]


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    shown = suppress_small_cells(plain([5, 0, 9]), 5)
    assert hidden(shown) == [0, 0, 0, 0]
    assert shown.parts["total"].tolist() == [5, 0, 9, 14]


def test_a_lone_cell_takes_its_total() -> None:
    assert hidden(suppress_small_cells(plain([0, 3, 0]), 5)) == [0, 1, 0, 1]
    assert hidden(suppress_small_cells(plain([3]), 5)) == [1, 1]


def test_zeros_protect_nobody() -> None:
    """2 and 0 hidden in a row of 2: the 2 would be all there is, or be split; 0 is passed over."""
    shown = suppress_small_cells(plain([2, 0, 9]), 5)
    assert hidden(shown) == [1, 0, 1, 0]


def test_who_did_not_is_a_count_too() -> None:
    shown = suppress_small_cells(share([38, 10, 10], [40, 20, 30]), 5)
    assert hidden(shown) == [1, 1, 0, 0]


def test_without_totals_only_the_cell_goes() -> None:
    assert hidden(suppress_small_cells(plain([[2, 9], [9, 9]], (False, False)), 5)) == [
        [1, 0],
        [0, 0],
    ]
    shown = suppress_small_cells(plain([[2, 9], [9, 9]], (True, False)), 5)
    assert hidden(shown) == [[1, 0], [1, 0], [0, 0]]


def test_a_table_of_one_number() -> None:
    shown = suppress_small_cells(share(3, 90), 5)
    assert (shown.shown.tolist(), shown.parts["total"].tolist()) == (False, None)
    assert suppress_small_cells(share(30, 90), 5).value == pytest.approx(1 / 3)
    assert len(shown.to_frame()) == 1


def test_what_is_hidden_is_not_in_the_result() -> None:
    table = plain([[2, 987654321], [987654321, 12]])
    shown = suppress_small_cells(table, 5)
    told = repr(shown) + shown.to_frame().to_csv() + str(pickle.loads(pickle.dumps(shown)).parts)
    assert "987654321" not in told
    assert repr(shown) == "ShownTable(metric='churn_rate', 5 of 9 cells shown)"


def test_other_tables() -> None:
    line = axes((3,))
    mean = Mean(
        axes=line,
        parts={"n": [2, 30, 40], "sum": [10, 300, 400], "sum_sq": [50, 4000, 5000]},
        context=Context("arpu"),
    )
    shown = suppress_small_cells(mean, 5)
    assert hidden(shown) == [1, 1, 0, 0]
    assert shown.value[3] == pytest.approx(710 / 72)
    rate = Rate(
        axes=line, parts={"events": [2, 9, 8], "exposure": [9, 9, 9]}, context=Context("h")
    )
    assert hidden(suppress_small_cells(rate, 5)) == [1, 0, 1, 0]
    score = NetPromoterScore(
        axes=line,
        parts={"promoters": [9, 9, 9], "passives": [9, 2, 9], "detractors": [9, 9, 9]},
        context=Context("nps"),
    )
    assert hidden(suppress_small_cells(score, 5)) == [1, 1, 0, 0]
    quotient = Quotient(
        axes=line,
        parts={"numerator": [9, 9, 9], "denominator": [9, 9, 4]},
        context=Context("q"),
    )
    assert hidden(suppress_small_cells(quotient, 5)) == [1, 0, 1, 0]


def test_a_cell_that_is_not_complete_has_no_value() -> None:
    from customerops.model import Calendar

    months = Axis("month", [dt.date(2026, 1, 1), dt.date(2026, 2, 1)], "period", disjoint=True)
    as_of = int(dt.datetime(2026, 2, 10, tzinfo=dt.UTC).timestamp() * 1_000_000)
    context = Context("churn_rate", as_of=as_of, calendar=Calendar("UTC"), period="month")
    parts = {"count": [10, 20], "total": [40, 40]}
    shown = suppress_small_cells(Proportion(axes=[months], parts=parts, context=context), 5)
    assert shown.shown.all()
    assert shown.value[0] == 0.25
    assert np.isnan(shown.value[1:]).all()


def test_the_name_of_an_axis_may_be_taken() -> None:
    table = Proportion(
        axes=[Axis("value", ["a"], "group", disjoint=True)],
        parts={"count": [9], "total": [20]},
        context=Context("x"),
    )
    assert list(suppress_small_cells(table, 5).to_frame()) == [
        "by_value", "count", "total", "value", "shown",
    ]  # fmt: skip


def cohorts() -> CohortTable:
    return CohortTable(
        axes=[Axis("cohort", [0], "cohort", disjoint=True), Axis("age", [0], "age")],
        parts={"count": [[1]], "total": [[1]], "size": [1]},
        context=Context("retention"),
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: suppress_small_cells(cohorts(), 5), "table must be one of Clust.*: got Cohort"),
        (lambda: suppress_small_cells([3], 5), "table must be one of .*: got list"),  # type: ignore[arg-type]
        (lambda: suppress_small_cells(plain([3]), 1), "k must be at least 2"),
        (lambda: suppress_small_cells(plain([3]), 2.5), "k must be"),  # type: ignore[arg-type]
    ],
)
def test_refused_by_name(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
