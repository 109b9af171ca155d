"""Paths in columns against walking them one customer and one step at a time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import journey
from customerops.model import END, Interaction, InteractionLog, Window, channel, kind
from tests.reference import paths as slow
from tests.reference.metrics import histories

UTC = dt.UTC
US = dt.timedelta(microseconds=1)
GAP = dt.timedelta(hours=2)


def at(hour: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=UTC) + dt.timedelta(hours=hour)


ROWS = st.lists(
    st.builds(
        Interaction,
        customer_id=st.sampled_from("aabc"),
        at=st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 7, 9]).map(at),
        kind=st.sampled_from("AABBCX"),
        channel=st.sampled_from(["web", "app", None]),
        thread_id=st.sampled_from(["t1", "t2", None]),
    ),
    max_size=24,
)
NAMED = {"ab": kind.isin(["A", "B"]), "web": channel("web")}
"""Names that overlap: an A on the web is "ab"."""


def of_kind(event: Interaction) -> Any:
    return event.kind


def of_channel(event: Interaction) -> Any:
    return event.channel


def not_x(event: Interaction) -> Any:
    return slow.NO_STEP if event.kind == "X" else event.kind


def is_kind(label: str | None) -> slow.Name | None:
    """Return the rule of one kind."""
    return None if label is None else (lambda event: event.kind == label)


def named(event: Interaction) -> Any:
    if event.kind in "AB":
        return "ab"
    return "web" if event.channel == "web" else slow.NO_STEP


WAYS: list[tuple[dict[str, Any], slow.Name]] = [
    ({}, of_kind),
    ({"state": "channel"}, of_channel),
    ({"steps": {"A", "B", "C"}}, not_x),
    ({"steps": NAMED}, named),
]


@st.composite
def questions(draw: st.DrawFn, *, threads: bool = True) -> tuple[Any, ...]:
    """Draw rows, a log, the options of a call, and how the slow walks are found."""
    rows = draw(ROWS)
    options, name = draw(st.sampled_from(WAYS))
    options = dict(options)
    now = at(draw(st.sampled_from([2, 5, 9])))
    inside = draw(st.sampled_from([None, (at(1), at(5))]))
    if inside is not None:
        options["over"] = Window(*inside)
    by_thread = threads and draw(st.booleans())
    log = InteractionLog.from_interactions(rows)
    if draw(st.booleans()):
        log = log.until(now)
    else:
        options["as_of"] = now
    log = log.by_thread() if by_thread else log
    how = {"inside": inside, "threads": by_thread}
    return histories(rows, now), log, options, name, how


def cells(table: Any, name: str, axes: int = 2) -> dict[Any, int]:
    """Return the cells of a part that are not zero, by their labels."""
    part = table.parts[name]
    labels = [axis.labels for axis in table.axes[-axes:]]
    return {
        tuple(label[i] for label, i in zip(labels, place, strict=True)): int(part[tuple(place)])
        for place in np.argwhere(part).tolist()
    }


def filled(counter: Counter[Any]) -> dict[Any, int]:
    return {key if isinstance(key, tuple) else (key,): n for key, n in counter.items() if n}


@given(questions())
def test_transitions(question: Any) -> None:
    own, log, options, name, how = question
    count, movers, visitors, times = slow.moves(slow.walks(own, name, **how))
    table = journey.transitions(log, **options)
    assert cells(table, "count") == count
    assert cells(table, "customers") == movers
    got = dict(zip(table.axes[0].labels, table.parts["visitors"].tolist(), strict=True))
    assert {label: n for label, n in got.items() if n} == visitors
    took = journey.transition_times(log, unit=US, **options)
    for source in took.outer[0].labels:
        for target in took.outer[1].labels:
            cell = took.select(source=source, target=target)
            values = np.repeat(cell.points, cell.count).tolist()
            assert values == sorted(times.get((source, target), []))


@given(questions(), st.sampled_from([None, GAP]))
def test_variants(question: Any, gap: dt.timedelta | None) -> None:
    own, log, options, name, how = question
    found = slow.walks(own, name, gap=gap, **how)
    table = journey.variants(log, gap=gap, **options)
    rows = zip(table.count.tolist(), table.customers.tolist(), strict=True)
    assert dict(zip(table.paths, rows, strict=True)) == slow.variants(found)
    assert table.total == len(found)
    assert table.visitors == len({walk.customer for walk in found})
    frame = table.to_frame()
    expected = sorted(slow.variants(found).items(), key=lambda row: (-row[1][0], len(row[0])))
    assert frame["count"].tolist() == [row[1][0] for row in expected]
    assert [len(path) for path in frame["path"]] == [len(row[0]) for row in expected]
    top = table.top(2)
    assert top.count.sum() == len(found)
    assert top.paths[:2] == tuple(frame["path"][:2])
    assert ("other" in top.paths) == (len(table) > 2)


@given(
    questions(threads=False),
    st.sampled_from([None, "A", "B"]),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(0, 3),
)
def test_step_matrix(
    question: Any, anchor: str | None, last: int, occurrence: int, before: int
) -> None:
    own, log, options, name, how = question
    found = slow.walks(own, name, **how)
    if anchor is None:
        shown, given_anchor, occurrence = range(1, last + 1), is_kind(None), 1
    else:
        shown, given_anchor = range(-before, last + 1), is_kind(anchor)
        options = {**options, "before": before, "occurrence": occurrence}
    count, total = slow.step_counts(found, given_anchor, occurrence, shown)
    matrix = journey.step_matrix(log, anchor, max_steps=last, **options)
    assert cells(matrix, "count") == count
    assert matrix.total == total
    assert matrix.axes[-1].labels == tuple(shown)
    assert (matrix.count.sum(axis=0) == total).all()
    assert (END in matrix.axes[0].labels) == (total > 0)


@given(
    questions(threads=False),
    st.sampled_from([None, "A", "B"]),
    st.sampled_from([None, "A", "C"]),
    st.integers(1, 4),
    st.sampled_from([None, GAP]),
)
def test_path_flow(
    question: Any, start: str | None, end: str | None, steps: int, gap: dt.timedelta | None
) -> None:
    own, log, options, name, how = question
    found = slow.walks(own, name, gap=gap, **how)
    count, customers, totals = slow.flow(found, is_kind(start), is_kind(end), steps)
    flow = journey.path_flow(log, start, end_at=end, max_steps=steps, gap=gap, **options)
    assert cells(flow, "count", 3) == count
    assert cells(flow, "customers", 3) == customers
    assert {part: int(flow.parts[part]) for part in totals} == totals
    edges = flow.edges()
    rows = zip(edges.step.tolist(), edges.source, edges.target, edges.count.tolist(), strict=True)
    assert {(k, s, t): n for k, s, t, n in rows} == count
    # what comes to a place goes on, stops or converts there
    out = flow.parts["count"].sum(axis=2)
    done = flow.parts["paths"] - out
    assert (done >= 0).all()
    assert done.sum() <= flow.converted
    assert flow.parts["paths"][0].sum() == flow.entered
    few = flow.edges(top=1)
    assert few.count.sum() == edges.count.sum()
    assert few.entered.tolist() == [flow.entered] * len(few)


@given(questions())
def test_rework(question: Any) -> None:
    own, log, options, name, how = question
    expected = slow.rework(slow.walks(own, name, **how))
    table = journey.rework(log, **options)
    for part in table.PARTS:
        assert cells(table, part, 1) == filled(expected[part]), part
    assert table.repeats.tolist() == (table.parts["steps"] - table.parts["cases"]).tolist()


@given(questions())
def test_eventually_follows(question: Any) -> None:
    own, log, options, name, how = question
    found = slow.walks(own, name, **how)
    table = journey.eventually_follows(log, **options)
    for part, expected in slow.follows(found).items():
        assert cells(table, part) == expected, part
    visitors = Counter(state for _, state in {(w.customer, s) for w in found for s in w.path})
    got = dict(zip(table.axes[0].labels, table.parts["visitors"].tolist(), strict=True))
    assert got == visitors


@given(
    questions(), st.sampled_from(["first_end", "last_end", "span"]), st.sampled_from([None, "A"])
)
def test_case_durations(question: Any, definition: Any, starts: str | None) -> None:
    own, log, options, _, how = question
    over = options.pop("over", None)
    options = {key: value for key, value in options.items() if key == "as_of"}
    now = options.get("as_of") or at(0) + (log.as_of - int(at(0).timestamp() * 10**6)) * US
    cases = journey.case_durations(
        log,
        definition=definition,
        starts=starts,
        ends=None if definition == "span" else {"B", "C"},
        steps={"A", "B", "C"},
        over=over,
        **options,
    )
    expected = slow.durations(
        slow.walks(own, not_x, threads=how["threads"]),
        definition,
        starts=is_kind(starts),
        ends=lambda event: event.kind in "BC",
        as_of=now,
    )
    expected = {
        case if how["threads"] else case[0]: row
        for case, row in expected.items()
        if over is None or over.contains(row[0])
    }
    frame: Any = cases.to_frame()
    got = {
        row.customer_id: (row.start.to_pydatetime(), row.end.to_pydatetime(), row.observed)
        for row in frame.itertuples()
    }
    assert got == expected
    lasted = {case: (end - start) // US for case, (start, end, _) in expected.items()}
    assert dict(zip(cases.ids.tolist(), cases.durations.tolist(), strict=True)) == lasted


@given(questions(threads=False), st.sampled_from("ABC"), st.sampled_from("ABC"))
def test_a_flow_and_a_funnel_tell_the_same(question: Any, start: str, end: str) -> None:
    _, log, options, _, _ = question
    options = {key: value for key, value in options.items() if key == "as_of"}
    steps = journey.funnel(log, [start, end], within=None, **options)
    for last in (1, 5):
        flow = journey.path_flow(log, start, end_at=end, max_steps=last, **options)
        assert [flow.entered_customers, flow.converted_customers] == steps.counts.tolist()
        assert (flow.entered, flow.converted) == (
            flow.entered_customers,
            flow.converted_customers,
        )


@pytest.mark.parametrize(
    "function",
    [
        journey.transitions,
        journey.transition_times,
        journey.variants,
        journey.step_matrix,
        journey.path_flow,
        journey.rework,
        journey.eventually_follows,
    ],
)
@given(rows=ROWS)
def test_parts_of_the_customers_add_up(function: Any, rows: list[Interaction]) -> None:
    parts = [[row for row in rows if (row.customer_id == "a") is here] for here in (True, False)]
    one, two, whole = (
        function(InteractionLog.from_interactions(own).until(at(7)), state="channel")
        for own in (*parts, rows)
    )
    assert one + two == whole == two + one
    assert sum([one, two]) == whole
