"""RFM against a slow reading, scores against hand-worked examples."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from itertools import product
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    RFM,
    RFM_EIGHT_SEGMENTS,
    RFM_SEGMENTS,
    RFMCuts,
    RFMScores,
    RFMSegment,
    SegmentMigration,
    rfm,
)
from customerops.model import Calendar, Context, Interaction, InteractionLog, Money, Window
from tests.reference import metrics as slow

UTC = dt.UTC
AUCKLAND = ZoneInfo("Pacific/Auckland")


def log_of(rows: list[Interaction], zone: Any = UTC) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=Calendar(zone))


INSTANTS = st.integers(0, 24 * 40).map(
    lambda hours: dt.datetime(2026, 3, 20, tzinfo=UTC) + dt.timedelta(hours=hours)
)
ROWS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.integers(1, 4),
        kind=st.sampled_from(["purchase", "refund"]),
        at=INSTANTS,
        amount=st.none() | st.integers(-500, 5000).map(lambda n: Money.of_minor(n, "EUR")),
    ),
    max_size=20,
)


@given(ROWS, INSTANTS, st.sampled_from(["event", "day"]), st.sampled_from([UTC, AUCKLAND]))
def test_rfm_equals_reading_each_history(
    rows: list[Interaction], as_of: dt.datetime, occasion: Any, zone: Any
) -> None:
    table = rfm(log_of(rows, zone).until(as_of), occasion=occasion)
    expected = slow.rfm(slow.histories(rows, as_of), zone=zone, as_of=as_of, occasion=occasion)
    got = {
        who: (r, f, Fraction(m, 100))
        for who, r, f, m in zip(
            table.ids.tolist(),
            table.recency.tolist(),
            table.frequency.tolist(),
            table.monetary.tolist(),
            strict=True,
        )
    }
    assert got == expected
    assert list(got) == sorted(got)


def test_a_window_bounds_purchases_and_recency() -> None:
    rows = [
        Interaction(customer_id=1, kind="purchase", at=dt.datetime(2026, 1, day, tzinfo=UTC))
        for day in (1, 5, 9, 20)
    ]
    log = log_of(rows).until_day(dt.date(2026, 1, 31))
    table = rfm(log, over=Window.parse("2026-01-05", "2026-01-20", tz=UTC))
    assert (table.recency.tolist(), table.frequency.tolist()) == ([10], [2])
    later = rfm(log, over=Window.parse("2026-01-05", "2026-03-01", tz=UTC))
    assert later.recency.tolist() == [11]
    assert rfm(log, over=Window(None, None)).frequency.tolist() == [4]


def test_amounts_and_options_are_needed() -> None:
    at = [dt.datetime(2026, 1, 1, tzinfo=UTC)]
    bare = InteractionLog.from_arrays(customer_id=[1], at=at, kind=["purchase"], tz=UTC)
    with pytest.raises(InvalidInputError, match="got 'amount'"):
        rfm(bare, as_of=at[0])
    with pytest.raises(InvalidInputError, match="occasion must be one of"):
        rfm(bare, as_of=at[0], occasion="hour")  # type: ignore[arg-type]


# ------------------------------------------------------------------ scores


def table(
    recency: list[int], frequency: list[int] | None = None, money: list[int] | None = None
) -> RFM:
    n = len(recency)
    return RFM(
        ids=np.arange(n),
        columns={
            "recency": np.array(recency, np.int64),
            "frequency": np.array(frequency or [1] * n, np.int64),
            "monetary": np.array(money or [0] * n, object),
        },
        context=Context("rfm", currency="EUR"),
    )


# zark-stark12/crm-rfm-modeling, issue 3: the most recent scores highest
def test_recent_is_high() -> None:
    days = table([3, 40, 90, 200, 381])
    assert days.score(days.cuts()).r.tolist() == [5, 4, 3, 2, 1]


def test_equal_values_share_a_bin() -> None:
    few = table([1] * 5, frequency=[1, 1, 1, 2, 9])
    cuts = few.cuts()
    assert cuts.frequency == (1, 1, 1, 2)
    assert few.score(cuts).f.tolist() == [1, 1, 1, 4, 5]
    assert few.score(cuts).r.tolist() == [5] * 5


def test_cuts_are_quantiles_that_occur() -> None:
    ten = table(list(range(10, 101, 10)))
    assert ten.cuts(4).recency == (30, 50, 80)  # ceil(10 j / 4) = 3, 5, 8
    assert ten.cuts(2).recency == (50,)
    with pytest.raises(InvalidInputError, match="bins must"):
        ten.cuts(1)
    with pytest.raises(InvalidInputError, match="method must be one of"):
        ten.cuts(method="kmeans")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="rfm must hold a customer"):
        table([]).cuts()


def test_cuts_may_come_from_elsewhere() -> None:
    cuts = RFMCuts(recency=[30, 90], frequency=(1, 4), monetary=(2000, 10000))
    scored = table([30, 31, 90, 91], [1, 2, 4, 5], [2000, 2001, 0, 10001]).score(cuts)
    assert scored.r.tolist() == [3, 2, 2, 1]
    assert scored.f.tolist() == [1, 2, 2, 3]
    assert scored.m.tolist() == [1, 2, 1, 3]
    with pytest.raises(InvalidInputError, match="cuts must be RFMCuts: got"):
        table([1]).score(5)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="cuts must not fall"):
        RFMCuts(recency=(2, 1), frequency=(1, 1), monetary=(1, 1))
    with pytest.raises(InvalidInputError, match="cuts must be equally many"):
        RFMCuts(recency=(1,), frequency=(1, 1), monetary=(1, 1))
    with pytest.raises(InvalidInputError, match="cut must"):
        RFMCuts(recency=(1.5,), frequency=(1,), monetary=(1,))


def test_scores_under_the_same_cuts_add() -> None:
    whole = table([1, 50, 100], [1, 2, 3])
    cuts = whole.cuts(3)
    parts = [
        RFM(
            ids=whole.ids[i : i + 1],
            columns={name: column[i : i + 1] for name, column in whole.columns.items()},
            context=whole.context,
        )
        for i in (2, 0, 1)
    ]
    assert sum(part.score(cuts) for part in parts) == whole.score(cuts)
    with pytest.raises(InvalidInputError, match="options must be the same to add results"):
        parts[0].score(cuts) + parts[1].score(whole.cuts(2))


# ------------------------------------------------------------------ segments


def test_the_preset_is_a_partition_of_the_grid() -> None:
    for r, f in product(range(1, 6), repeat=2):
        fits = [
            s.key
            for s in RFM_SEGMENTS
            if s.r is not None
            and s.f is not None
            and s.r[0] <= r <= s.r[1]
            and s.f[0] <= f <= s.f[1]
        ]
        assert len(fits) == 1, (r, f)


def scored(*rows: tuple[int, int, int, int]) -> RFMScores:
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return RFMScores(
        ids=np.arange(len(rows)),
        columns=dict(zip(("r", "f", "m", "monetary"), columns, strict=True)),
        context=Context("rfm.score", currency="EUR"),
    )


def test_segments_count_customers_and_money() -> None:
    sizes = scored((5, 5, 1, 100), (5, 4, 1, 50), (1, 1, 5, 7)).segments()
    row = dict(
        zip(sizes.axes[0].labels, zip(sizes.customers, sizes.monetary, strict=True), strict=True)
    )
    assert row["champions"] == (2, 150)
    assert row["hibernating"] == (1, 7)
    assert sum(sizes.customers) == 3
    share = sizes.share().select(segment="champions")
    assert (share.count, share.total) == (2, 3)
    assert sizes.share().rollup("segment").value == 1
    assert sizes.rollup("segment").customers == 3
    assert sizes.rollup("segment").share().total == 3
    with pytest.raises(InvalidInputError, match="segment must have all its labels"):
        sizes.select(segment=["champions"]).share()


def test_the_first_segment_that_fits_wins() -> None:
    rich = (RFMSegment("rich", "富", m=(3, 9)), RFMSegment("any", "其他", r=(2, 9)))
    some = scored((5, 1, 3, 0), (5, 1, 1, 0), (1, 1, 1, 0))
    assert some.segment_of(rich).tolist() == ["rich", "any", None]
    assert some.segments(rich).axes[0].labels == ("any", "rich", None)
    assert some.segments(rich).customers.tolist() == [1, 1, 1]
    for wrong in ((), (rich[0], rich[0])):
        with pytest.raises(InvalidInputError, match="segments must be given, each with a key"):
            some.segments(wrong)


def test_segments_add_over_customers() -> None:
    a, b = scored((5, 5, 1, 100)), scored((1, 1, 1, 2))
    both = a.segments() + b.segments()
    assert both.customers.sum() == 2
    assert scored().segments() + both == both


def test_shares_add_where_a_segment_is_missing_on_one_side() -> None:
    rich = (RFMSegment("rich", "富", m=(3, 9)),)
    a, b = scored((5, 1, 3, 0)), scored((1, 1, 1, 0), (1, 1, 1, 0))
    both = a.segments(rich).share() + b.segments(rich).share()
    assert both == (a.segments(rich) + b.segments(rich)).share()
    cell = both.select(segment="rich")
    assert (cell.count, cell.total) == (1, 3)


# ------------------------------------------------------------------ other cuts


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=30), st.integers(2, 6))
def test_a_rank_score_is_the_mean_rank_of_equals(values: list[int], bins: int) -> None:
    some = table(list(range(len(values))), frequency=[v + 20 for v in values], money=values)
    n = len(values)
    expected = []
    for v in values:
        ranks = [i for i, w in enumerate(sorted(values), start=1) if w == v]
        expected.append(ceil(bins * Fraction(sum(ranks), len(ranks)) / n))
    scores = some.score(some.cuts(bins, method="rank"))
    assert scores.m.tolist() == scores.f.tolist() == expected


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(2, 6))
def test_a_quantile_score_is_the_share_below(values: list[int], bins: int) -> None:
    some = table(values, frequency=[v + 1 for v in values], money=values)
    n = len(values)
    below = [Fraction(sum(w < v for w in values), n) for v in values]
    expected = [1 + sum(share >= Fraction(j, bins) for j in range(1, bins)) for share in below]
    assert some.score(some.cuts(bins)).m.tolist() == expected


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=30))
def test_two_bins_may_part_at_the_mean(values: list[int]) -> None:
    some = table([v + 9 for v in values], frequency=[v + 20 for v in values], money=values)
    scores = some.score(some.cuts(2, method="mean"))
    mean = Fraction(sum(values), len(values))
    assert scores.m.tolist() == [1 + (v > mean) for v in values]
    assert scores.r.tolist() == [1 + (v <= mean) for v in values]  # who came lately is above


def test_large_amounts_are_cut_exactly() -> None:
    huge = table([1, 2, 3], money=[2**70, 2**70 + 1, 5])
    assert huge.cuts(2, method="mean").monetary == ((2**71 + 6) // 3,)
    assert huge.cuts(3, method="rank").monetary == (5, 2**70)


def test_fixed_cuts_are_those_given() -> None:
    at: Any = {"recency": [30, 90], "frequency": [1, 4], "monetary": [2000, 10000]}
    nobody = table([])
    assert nobody.cuts(3, method="fixed", at=at) == RFMCuts(**at)
    with pytest.raises(InvalidInputError, match="at must have one cut fewer than bins: got 2 cut"):
        nobody.cuts(method="fixed", at=at)
    with pytest.raises(InvalidInputError, match="at must be of"):
        nobody.cuts(3, method="fixed", at={"recency": [30, 90]})
    for method, cuts in (("fixed", None), ("rank", at)):
        with pytest.raises(InvalidInputError, match="at must be given for method='fixed', and"):
            nobody.cuts(3, method=method, at=cuts)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="bins must be 2 for method='mean': got 3"):
        table([1]).cuts(3, method="mean")


def test_the_eight_are_a_partition_of_the_cube() -> None:
    assert len({(s.r, s.f, s.m) for s in RFM_EIGHT_SEGMENTS}) == 8
    grid = scored(*((r, f, m, 0) for r, f, m in product((1, 2), repeat=3)))
    assert None not in grid.segment_of(RFM_EIGHT_SEGMENTS).tolist()
    best, gone = grid.segment_of(RFM_EIGHT_SEGMENTS)[[7, 1]].tolist()
    names = {segment.key: segment.label for segment in RFM_EIGHT_SEGMENTS}
    assert (names[best], names[gone]) == ("重要价值客户", "重要挽留客户")  # 222 and 112


# ------------------------------------------------------------------ migration


CUTS = RFMCuts(recency=(5, 15), frequency=(1, 2), monetary=(500, 2000))
THREE = (
    RFMSegment("rich", "富", m=(3, 3)),
    RFMSegment("fresh", "近", r=(3, 3)),
    RFMSegment("often", "频", f=(2, 3)),
)
MARCH = Window.parse("2026-03-20", "2026-04-10", tz=UTC)
APRIL = Window.parse("2026-04-01", "2026-04-25", tz=UTC)


@given(ROWS, INSTANTS, INSTANTS, st.booleans())
def test_migration_follows_each_customer(
    rows: list[Interaction], one: dt.datetime, two: dt.datetime, windows: bool
) -> None:
    log = log_of(rows)
    dates = sorted([one, two])
    spans = (MARCH, APRIL) if windows else (None, None)
    before, after = (
        rfm(log, as_of=as_of, over=over).score(CUTS)
        for as_of, over in zip(dates, spans, strict=True)
    )
    moved = before.migration(after, THREE)
    where = [
        dict(zip(scores.ids.tolist(), scores.segment_of(THREE).tolist(), strict=True))
        for scores in (before, after)
    ]
    for i, was in enumerate(moved.axes[0].labels):
        for j, then in enumerate(moved.axes[1].labels):
            people = [
                who
                for who in where[0].keys() | where[1].keys()
                if where[0].get(who, "no purchase") == was
                and where[1].get(who, "no purchase") == then
            ]
            assert moved.customers[i, j] == len(people)
    base = moved.rollup("later")
    assert sum(base.customers.tolist()) == len(where[0].keys() | where[1].keys())
    for segment, n in zip(base.axes[0].labels, base.customers.tolist(), strict=True):
        if segment != "no purchase":
            assert n == list(where[0].values()).count(segment)
    if not windows:  # who bought has bought
        assert not moved.select(later="no purchase").customers.any()


@given(ROWS, INSTANTS)
def test_migrations_add_over_customers(rows: list[Interaction], one: dt.datetime) -> None:
    end = dt.datetime(2026, 4, 29, tzinfo=UTC)
    moves = []
    for group in ({1, 2}, {3, 4}, {1, 2, 3, 4}, set()):
        log = log_of([x for x in rows if x.customer_id in group])
        before, after = (rfm(log, as_of=t).score(CUTS) for t in (one, end))
        moves.append(before.migration(after, THREE))
    assert moves[0] + moves[1] == moves[1] + moves[0] == moves[2] == moves[2] + moves[3]
    assert (moves[0] + moves[1]).share() == moves[0].share() + moves[1].share()


def test_shares_are_of_the_segment_before() -> None:
    before = scored((3, 1, 1, 0), (3, 1, 1, 0), (1, 1, 1, 0))
    after = scored((3, 1, 1, 0), (1, 1, 1, 0), (1, 1, 1, 0), (3, 1, 1, 0))
    moved = before.migration(after, THREE)
    share = moved.share().select(segment="fresh")
    labels = share.axes[0].labels
    assert labels == ("fresh", "no purchase", "often", "rich", None)
    assert share.value.tolist() == [0.5, 0, 0, 0, 0.5]
    assert moved.share().select(segment="no purchase").count.tolist() == [1, 0, 0, 0, 0]
    assert moved.share().rollup("later").value[0] == 1
    for cut in (moved.select(later=["fresh"]), moved.rollup("later")):
        with pytest.raises(InvalidInputError, match="later must have all its labels"):
            cut.share()
    with pytest.raises(InvalidInputError, match="customers must not be negative"):
        SegmentMigration(parts={"customers": -1}, context=Context("rfm.migration"))


def test_what_a_migration_refuses() -> None:
    at = [dt.datetime(2026, 1, day, tzinfo=UTC) for day in (2, 9)]
    rows = [Interaction(customer_id=1, kind="purchase", at=at[0], amount=Money("1", "EUR"))]
    early, late = (rfm(log_of(rows), as_of=t).score(CUTS) for t in at)
    with pytest.raises(InvalidInputError, match="later must be RFMScores"):
        early.migration(5)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="later must not be of an earlier as_of"):
        late.migration(early)
    with pytest.raises(InvalidInputError, match="options must be the same to compare results"):
        early.migration(rfm(log_of(rows), as_of=at[1]).score(RFMCuts((1,), (1,), (1,))))
    with pytest.raises(InvalidInputError, match="segments must not have the key 'no purchase'"):
        early.migration(late, [RFMSegment("no purchase", "无")])
    with pytest.raises(InvalidInputError, match="segments must be given, each with a key"):
        early.migration(late, [])
    named = [Interaction(customer_id="1", kind="purchase", at=at[0], amount=Money("1", "EUR"))]
    with pytest.raises(InvalidInputError, match="later must have ids of the same type"):
        early.migration(rfm(log_of(named), as_of=at[1]).score(CUTS))
