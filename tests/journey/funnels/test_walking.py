"""Every option of a funnel at once, against attempts walked one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from customerops.journey import (
    Exclusion,
    conformance,
    funnel,
    funnel_attempts,
    funnel_times,
    funnel_trend,
    time_to_convert,
)
from customerops.model import Calendar, Interaction, InteractionLog, Window, always
from tests.reference import funnels as slow
from tests.reference.metrics import histories

UTC = dt.UTC
MINUTE = dt.timedelta(minutes=1)
START = dt.datetime(2024, 1, 1, tzinfo=UTC)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
NEVER = -(2**63)
STATUSES = ("done", "late", "skipped", "out_of_order")
PARTS = ("reached", "settled", "immature")

ROWS = st.lists(
    st.builds(
        lambda who, minute, kind, channel: Interaction(
            customer_id=who, at=START + minute * MINUTE, kind=kind, channel=channel
        ),
        st.sampled_from("aab"),
        st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 9]),
        st.sampled_from("AABBCX"),
        st.sampled_from(["web", "web", "app", None]),
    ),
    max_size=14,
)
STEP: st.SearchStrategy[set[str] | None] = st.sampled_from([{"A"}, {"B"}, {"A", "B"}, {"C"}, None])
LENGTHS = st.sampled_from([MINUTE, 2 * MINUTE, 4 * MINUTE])
MINUTES = st.sampled_from([0, 2, 5, 8, 12])
INSIDE = st.sampled_from([None, (START + MINUTE, START + 4 * MINUTE)])


@st.composite
def asks(draw: st.DrawFn, count: str = "customers") -> slow.Ask:
    steps = draw(st.lists(STEP, min_size=1, max_size=5))
    order = draw(st.sampled_from(["ordered", "ordered", "strict", "unordered"]))
    between = range(2, len(steps))
    optional = [k for k in between if order == "ordered" and draw(st.booleans())]
    required = [k for k in range(1, len(steps) + 1) if k not in optional]
    exclude = []
    if len(required) > 1:
        pair = st.lists(st.sampled_from(required), min_size=2, max_size=2, unique=True)
        taint = st.tuples(st.sampled_from("XXA"), pair.map(sorted))
        exclude = [(kind, a, b) for kind, (a, b) in draw(st.lists(taint, max_size=2))]
    return slow.Ask(
        steps=steps,
        within=draw(st.none() | LENGTHS),
        as_of=START + draw(MINUTES) * MINUTE,
        order=order,
        entry="any" if count == "totals" else draw(st.sampled_from(["any", "first"])),
        count=count,
        exclude=exclude,
        hold=draw(st.booleans()),
        optional=optional,
        inside=draw(INSIDE),
    )


def asked(rows: list[Interaction], ask: slow.Ask) -> tuple[InteractionLog, Any]:
    log = InteractionLog.from_interactions(rows, calendar=Calendar("UTC")).until(ask.as_of)
    return log, {
        "steps": [always if step is None else step for step in ask.steps],
        "within": ask.within,
        "order": ask.order,
        "entry": ask.entry,
        "exclude": [Exclusion(kind, after=a, before=b) for kind, a, b in ask.exclude],
        "hold": "channel" if ask.hold and rows else None,
        "optional": ask.optional,
        "over": None if ask.inside is None else Window(*ask.inside),
    }


def walked(rows: list[Interaction], ask: slow.Ask) -> dict[Any, list[slow.Try]]:
    return {who: slow.tries(own, ask) for who, own in histories(rows, ask.as_of).items()}


def took(attempts: list[slow.Try], ask: slow.Ask) -> list[int]:
    return [sum(one.at[k] is not None for one in attempts) for k in range(len(ask.steps))]


def chosen(found: Mapping[Any, list[slow.Try]], *, settled: bool) -> dict[Any, slow.Try]:
    picks = {who: slow.best(own, settled=settled) for who, own in found.items()}
    return {who: pick for who, pick in picks.items() if pick is not None}


def micros(at: dt.datetime | None) -> int:
    return NEVER if at is None else (at - EPOCH) // dt.timedelta(microseconds=1)


@given(ROWS, asks())
def test_a_funnel_of_customers(rows: list[Interaction], ask: slow.Ask) -> None:
    log, options = asked(rows, ask)
    found = walked(rows, ask)
    deepest, settled = (chosen(found, settled=s) for s in (False, True))
    table = funnel(log, **options)
    assert table.counts.tolist() == took(list(deepest.values()), ask)
    assert table.settled.tolist() == took(list(settled.values()), ask)
    assert table.immature == len(deepest) - len(settled)
    listed = funnel_attempts(log, **options)
    assert listed.ids.tolist() == sorted(deepest)
    assert listed.at.tolist() == [[micros(x) for x in deepest[who].at] for who in sorted(deepest)]
    assert listed.settled.tolist() == [deepest[who].over for who in sorted(deepest)]


@given(ROWS, asks("totals"))
def test_a_funnel_of_attempts(rows: list[Interaction], ask: slow.Ask) -> None:
    log, options = asked(rows, ask)
    found = walked(rows, ask)
    every = [(who, one) for who in sorted(found) for one in found[who]]
    table = funnel(log, count="totals", **options)
    assert table.counts.tolist() == took([one for _, one in every], ask)
    assert table.settled.tolist() == took([one for _, one in every if one.over], ask)
    assert table.immature == sum(not one.over for _, one in every)
    own = [took([one for one in mine if one.over], ask) for mine in found.values()]
    steps = range(len(ask.steps))
    before = [max((j for j in ask.required if j < k), default=0) for k in steps]
    sums = {
        "customers": [sum(x[k] > 0 for x in own) for k in steps],
        "squares": [sum(x[k] ** 2 for x in own) for k in steps],
        "with_first": [sum(x[k] * x[0] for x in own) for k in steps],
        "with_previous": [sum(x[k] * x[before[k]] for x in own) for k in steps],
    }
    assert {name: table.parts[name].tolist() for name in sums} == sums
    listed = funnel_attempts(log, count="totals", **options)
    assert listed.ids.tolist() == [who for who, _ in every]
    assert listed.at.tolist() == [[micros(x) for x in one.at] for _, one in every]


@given(ROWS, asks(), LENGTHS, st.sampled_from(["first", "previous"]))
def test_times_of_steps(
    rows: list[Interaction], ask: slow.Ask, within: dt.timedelta, since: Any
) -> None:
    ask = attrs.evolve(ask, within=within, steps=[*ask.steps, {"B"}])
    log, options = asked(rows, ask)
    settled = chosen(walked(rows, ask), settled=True).values()
    times = funnel_times(log, since=since, unit=MINUTE, **options)
    for k in range(1, len(ask.steps)):
        wanted = []
        for one in settled:
            at, before = one.at[k], [x for x in one.at[:k] if x is not None]
            if at is not None:
                wanted.append((at - before[0 if since == "first" else -1]) / MINUTE)
        mine = times.select(step=k + 1)
        assert np.repeat(mine.points, mine.count).tolist() == sorted(wanted)


@given(ROWS, asks(), st.data())
def test_a_curve_of_conversion(
    rows: list[Interaction], ask: slow.Ask, data: st.DataObject
) -> None:
    ask = attrs.evolve(ask, steps=[*ask.steps, {"B"}])
    ends = st.lists(st.sampled_from(ask.required), min_size=2, max_size=2, unique=True)
    begin, end = sorted(data.draw(ends))
    log, options = asked(rows, ask)
    seen, censored = [], []
    for one in chosen(walked(rows, ask), settled=False).values():
        origin, at = one.at[begin], one.at[end]
        if origin is not None and at is not None:
            seen.append((at - origin) / MINUTE)
        elif origin is not None:
            last = ask.as_of if ask.within is None else min(ask.as_of, one.begun + ask.within)
            censored.append((last - origin) / MINUTE)
    curve = time_to_convert(log, from_=begin + 1, to=end + 1, unit=MINUTE, **options)
    assert np.repeat(curve.points, curve.events).tolist() == sorted(seen)
    assert np.repeat(curve.points, curve.censored).tolist() == sorted(censored)
    bins = [
        *(0, sum(x < 1 for x in seen), sum(1 <= x < 2.5 for x in seen)),
        sum(x >= 2.5 for x in seen),
    ]
    assert curve.histogram([0, 1, 2.5]).tolist() == bins


@given(
    ROWS,
    st.lists(STEP, min_size=2, max_size=5),
    st.data(),
    st.sampled_from([None, 0 * MINUTE, MINUTE, 3 * MINUTE]),
    MINUTES,
    INSIDE,
)
def test_fates_of_a_process(
    rows: list[Interaction],
    steps: list[set[str] | None],
    data: st.DataObject,
    grace: dt.timedelta | None,
    minute: int,
    inside: tuple[dt.datetime, dt.datetime] | None,
) -> None:
    due = data.draw(st.lists(LENGTHS, min_size=len(steps) - 1, max_size=len(steps) - 1))
    as_of = START + minute * MINUTE
    found = [slow.fates(own, steps, due, grace) for own in histories(rows, as_of).values()]
    cases = [
        one
        for one in found
        if one is not None and (inside is None or inside[0] <= one[0] < inside[1])
    ]
    time = max(due) + (grace or 0 * MINUTE)
    old = [fates for opened, fates in cases if opened + time <= as_of]
    table = conformance(
        InteractionLog.from_interactions(rows).until(as_of),
        [always if step is None else step for step in steps],
        within=due,
        grace=grace,
        over=None if inside is None else Window(*inside),
    )
    for status in STATUSES:
        wanted = [sum(fates[k] == status for fates in old) for k in range(len(steps))]
        assert table.parts[status].tolist() == wanted
    conforming = sum(set(fates) == {"done"} for fates in old)
    assert (table.cases, table.conforming) == (len(old), conforming)
    assert table.immature == len(cases) - len(old)


@given(ROWS, asks(), st.sampled_from(["hour", "day"]))
def test_a_trend_is_the_funnels_of_its_periods(
    rows: list[Interaction], ask: slow.Ask, period: Any
) -> None:
    spread = [attrs.evolve(row, at=START + 23 * (row.at - START)) for row in rows]
    ask = attrs.evolve(ask, as_of=START + 23 * (ask.as_of - START), inside=None)
    log, options = asked(spread, ask)
    trend = funnel_trend(log, period=period, **options)
    hour = dt.timedelta(hours=1 if period == "hour" else 24)
    for label in trend.axes[0].labels:
        assert isinstance(label, dt.date)
        begin = dt.datetime(label.year, label.month, label.day, tzinfo=UTC)
        begin += dt.timedelta(hours=label.hour if isinstance(label, dt.datetime) else 0)
        alone = funnel(log, **{**options, "over": Window(begin, begin + hour)})
        row = trend.select(period=label)
        assert all(np.array_equal(row.parts[n], alone.parts[n]) for n in PARTS)
        assert row.complete.tolist() == alone.complete.tolist()
