"""What path functions show, refuse and keep apart: groups, ties of hashes, wide tables, errors."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import attrs
import numpy as np
import pytest

from customerops import journey
from customerops.errors import InvalidInputError
from customerops.journey.paths import customers_in, path_sets
from customerops.metrics import kaplan_meier
from customerops.model import (
    END,
    MORE,
    OTHER,
    START,
    BusinessHours,
    Calendar,
    Customer,
    Interaction,
    InteractionLog,
    Window,
    first,
    kind,
)

UTC = dt.UTC


def at(hour: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=UTC) + dt.timedelta(hours=hour)


def seen(who: str, path: str, *, thread: str | None = None) -> list[Interaction]:
    return [
        Interaction(customer_id=who, at=at(i), kind=one, thread_id=thread)
        for i, one in enumerate(path)
    ]


def known(*rows: list[Interaction], countries: dict[str, str] | None = None) -> InteractionLog:
    log = InteractionLog.from_interactions([one for row in rows for one in row])
    if countries:
        log = log.with_customers([Customer(id=who, country=x) for who, x in countries.items()])
    return log.until(at(99))


COUNTRIES = {"a": "DE", "b": "DE", "c": "FR", "d": "FR"}
LOG = known(
    *(seen("a", "VVP"), seen("b", "VP"), seen("c", "VP"), seen("d", "V")), countries=COUNTRIES
)


# -- variants -------------------------------------------------------------------------------------


def test_the_most_frequent_paths_of_each_group() -> None:
    table = journey.variants(LOG, by="country")
    top = table.top(1)
    assert top.to_frame()[["country", "path", "count", "share", "customers"]].values.tolist() == [
        ["DE", ("V", "P"), 1, 0.5, 1.0],
        ["DE", "other", 1, 0.5, 1.0],
        ["FR", ("V",), 1, 0.5, 1.0],
        ["FR", "other", 1, 0.5, 1.0],
    ]
    assert table.total.tolist() == table.visitors.tolist() == [2, 2]
    german = table.select(country="DE")
    assert german.total == 2
    assert sorted(german.paths) == [("V", "P"), ("V", "V", "P")]
    assert german != table
    assert german != journey.variants(LOG)
    assert table.rollup("country") == journey.variants(LOG)
    assert journey.variants(LOG).top(0).paths == ("other",)
    assert len(journey.variants(LOG).top(9)) == 3
    assert "V → P" in top._repr_html_()
    assert "V → P" in table._repr_html_()
    assert repr(table) == "PathVariants(4 distinct paths of 4)"
    assert repr(top) == "TopVariants(4 lines)"
    assert pickle.loads(pickle.dumps(top)) == top
    assert top != table
    assert table != top
    assert not pickle.loads(pickle.dumps(table)).count.flags.writeable


def test_a_missing_label_is_shown_as_missing() -> None:
    html = journey.variants(LOG, state="channel").top(1)._repr_html_()
    assert "None" not in html
    assert "missing → missing" in html


def test_a_share_of_customers_has_an_interval() -> None:
    top = journey.variants(LOG).top(1)
    low, high = top.interval()
    # Wilson for 2 of 4: centre 1/2, half width z / (2 * sqrt(4 + z^2)), z = 1.959964
    assert (top.customer_share[0], round(low[0], 6), round(high[0], 6)) == (
        0.5,
        0.150039,
        0.849961,
    )


def test_who_took_two_paths_is_not_told_apart_among_the_others() -> None:
    rows = [
        *seen("a", "V", thread="t1"),
        *seen("a", "VP", thread="t2"),
        *seen("a", "PP", thread="t3"),
        *seen("b", "V", thread="t4"),
    ]
    table = journey.variants(known(rows).by_thread())
    assert (table.total, table.visitors) == (4, 2)
    top = table.top(1)
    assert top.paths == (("V",), "other")
    assert top.count.tolist() == [2, 2]
    assert top.customers[0] == 2
    assert np.isnan(top.customers[1])
    assert np.isnan(top.interval()[0][1])


def test_nothing_is_known_of_a_window_that_is_open() -> None:
    open_window = Window(at(0), at(200))
    top = journey.variants(LOG, over=open_window).top(2)
    assert np.isnan(top.share).all()
    assert top.count.tolist() == [2, 1, 1]
    edges = journey.path_flow(LOG, over=open_window).edges()
    assert np.isnan(edges.share).all()


def test_paths_that_share_a_hash_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        seen(f"c{i}", path) for i, path in enumerate(["AB", "BA", "AB", "A", "BB", "B", "ABC"])
    ]
    expected = {("A", "B"): 2, ("B", "A"): 1, ("A",): 1, ("B", "B"): 1, ("B",): 1}
    expected["A", "B", "C"] = 1
    logs = [known(*rows[:3]), known(*rows[3:]), known(*rows)]
    plain = journey.variants(logs[2])
    for weak in (
        lambda self: np.zeros(len(self), np.uint64),
        lambda self: (self.lengths == 2).astype(np.uint64),
    ):
        monkeypatch.setattr(path_sets.PathRows, "hashes", weak)
        one, two, whole = (journey.variants(log) for log in logs)
        assert dict(zip(whole.paths, whole.count.tolist(), strict=True)) == expected
        assert one + two == whole == two + one
        assert whole.to_frame().equals(plain.to_frame())


def test_a_hash_depends_on_the_place_and_the_labels() -> None:
    logs = [known(seen("a", path)) for path in ("ABC", "ACB", "ABCC", "AB", "BC")]
    hashes = {int(journey.variants(log).rows.hashes()[0]) for log in logs}
    assert len(hashes) == 5
    # whichever way it is computed: many short paths, one long one
    long, short = known(seen("a", "AB")), known(*(seen(f"c{i}", "AB") for i in range(9)))
    assert journey.variants(long).rows.hashes() == journey.variants(short).rows.hashes()


def test_variants_of_other_questions_do_not_add() -> None:
    one, two = journey.variants(LOG), journey.variants(LOG, by="country")
    with pytest.raises(InvalidInputError, match="by must be the same to add results"):
        one + two
    with pytest.raises(InvalidInputError, match="axes must be the same to add results"):
        _forget(two) + two
    with pytest.raises(InvalidInputError, match="n must be"):
        one.top(-1)
    with pytest.raises(InvalidInputError, match="axis must be one of"):
        one.select(country="DE")


def _forget(table: journey.PathVariants) -> journey.PathVariants:
    """Return a table without its axis, under the same context."""
    return attrs.evolve(table.rollup("country"), context=table.context)


# -- transitions ----------------------------------------------------------------------------------


def test_the_difference_of_two_groups() -> None:
    table = journey.transitions(LOG, by="country")
    both = table.select(country="DE").difference(table.select(country="FR"))
    frame = both.to_frame().set_index(["source", "target"])
    cell: Any = frame.loc["V", "P"]
    assert cell["value"] == 1 - 0.5
    # Newcombe: 2/2 has [0.34238, 1], 1/2 has [0.09453, 0.90547] by Wilson
    low = 0.5 - ((1 - 0.342380) ** 2 + (0.905469 - 0.5) ** 2) ** 0.5
    assert cell["low"] == pytest.approx(low, abs=1e-5)
    others: list[Any] = [
        journey.rework(LOG, by="country"),
        journey.eventually_follows(LOG, by="country"),
    ]
    for other in others:
        pair = other.select(country="DE").difference(other.select(country="FR"))
        assert np.nanmax(np.asarray(pair.value)) <= 1
    for one in (table, *others):
        message = f"results must be of one class to be compared: got {type(one).__name__} and int"
        with pytest.raises(InvalidInputError, match=message):
            one.difference(5)


def test_durations_show_nobody() -> None:
    log = InteractionLog.from_interactions(
        [
            Interaction(customer_id=f"person-{i}", at=at(0), kind="done" if i else "begun")
            for i in range(3)
        ]
    )
    cases = journey.case_durations(log.until(at(0)), definition="first_end", ends="done")
    html = cases._repr_html_()
    assert "person" not in html + repr(cases)
    assert "<td>over</td><td>2</td>" in html
    assert "<td>open</td><td>1</td>" in html


def test_customers_of_threads_are_counted_once() -> None:
    rows = [
        *seen("a", "VP", thread="t1"),
        *seen("a", "VP", thread="t2"),
        *seen("b", "V", thread="x"),
    ]
    table = journey.transitions(known(rows).by_thread())
    cell = table.select(source="V", target="P")
    assert (int(cell.parts["count"]), int(cell.parts["customers"])) == (2, 1)
    assert float(table.share().select(source="V", target="P")) == 0.5
    assert table.context.unit == "move"


def test_paths_of_threads_and_of_customers_do_not_add() -> None:
    log = known(seen("a", "VP", thread="t1"))
    for function in (
        journey.transitions,
        journey.transition_times,
        journey.variants,
        journey.rework,
        journey.eventually_follows,
    ):
        one, other = function(log), function(log.by_thread())
        with pytest.raises(InvalidInputError, match="(options|unit) must be the same to add"):
            one + other


def test_threads_of_one_customer_must_be_in_one_group() -> None:
    rows = [*seen("a", "VP", thread="t1"), *seen("a", "PV", thread="t2")]
    with pytest.raises(InvalidInputError, match="by must put each customer into one group"):
        journey.transitions(known(rows).by_thread(), by=first("kind"))
    same = [*seen("a", "VP", thread="t1"), *seen("a", "VV", thread="t2")]
    table = journey.transitions(known(same).by_thread(), by=first("kind"))
    assert table.parts["customers"].max() == 1


def test_many_states_are_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    rows = [
        Interaction(customer_id=int(c), at=at(0), kind=f"k{k}")
        for c, k in zip(rng.integers(0, 9, 400), rng.integers(0, 70, 400), strict=True)
    ]
    log = InteractionLog.from_interactions(rows).until(at(1))
    words = journey.transitions(log)  # several words of cells a customer
    monkeypatch.setattr(customers_in, "ROWS", 1)  # one customer at a time
    assert journey.transitions(log) == words
    monkeypatch.setattr(customers_in, "WORDS", 1)  # more cells than that are sorted
    assert journey.transitions(log) == words


def test_too_many_states() -> None:
    rows = [Interaction(customer_id="a", at=at(0), kind="v", channel=str(i)) for i in range(5000)]
    log = InteractionLog.from_interactions(rows).until(at(1))
    refused: list[tuple[Any, str]] = [
        (journey.transition_times, "state must have at most 4094 labels: got 5000"),
        (journey.eventually_follows, "state must have at most 1000 labels: got 5000"),
        (journey.path_flow, "steps must leave fewer states for a table of edges"),
    ]
    for function, message in refused:
        with pytest.raises(InvalidInputError, match=message):
            function(log, state="channel")
    assert journey.rework(log, state="channel").parts["steps"].sum() == 5000


# -- steps, named or not --------------------------------------------------------------------------


def test_the_first_rule_that_holds_names_a_step() -> None:
    table = journey.variants(LOG, steps={"bought": "P", "any": {"V", "P"}})
    assert sorted(table.paths) == [("any",), ("any", "any", "bought"), ("any", "bought")]
    other = journey.variants(LOG, steps={"any": {"V", "P"}, "bought": "P"})
    assert sorted(other.paths) == [("any",), ("any", "any"), ("any", "any", "any")]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: journey.variants(LOG, steps={}), "steps must name at least one: got none"),
        (
            lambda: journey.variants(LOG, steps={"x": "V"}, state="channel"),
            "state must be left out where steps are named",
        ),
        (lambda: journey.variants(LOG, steps={3: "V"}), "steps key must be"),  # type: ignore[dict-item]
        (lambda: journey.variants(LOG, steps={"x": 3}), "steps must be"),
        (lambda: journey.variants(LOG, gap=dt.timedelta(0)), "gap must be longer than zero"),
        (lambda: journey.variants(3), "log must be an InteractionLog: got int"),  # type: ignore[arg-type]
        (lambda: journey.transition_times(LOG, unit=dt.timedelta(0)), "unit must be longer"),
        (lambda: journey.step_matrix(LOG, max_steps=0), "max_steps must be at least 1"),
        (lambda: journey.step_matrix(LOG, before=2), "before must be left out without an anchor"),
        (lambda: journey.step_matrix(LOG, occurrence=2), "occurrence must be left out without"),
        (lambda: journey.step_matrix(LOG, "V", occurrence=0), "occurrence must be"),
        (lambda: journey.step_matrix(LOG, "V", before=-1), "before must be"),
        (lambda: journey.step_matrix(LOG.by_thread()), "log must not be by thread: this"),
        (lambda: journey.path_flow(LOG, max_steps=0), "max_steps must be"),
        (lambda: journey.path_flow(LOG, max_steps=1001), "max_steps must be at most 1000"),
        (lambda: journey.path_flow(LOG.by_thread()), "log must not be by thread"),
        (lambda: journey.path_flow(LOG).edges(top=-1), "top must be"),
        (lambda: journey.path_flow(LOG).select(step=1).edges(), "flow must have all its steps"),
        (lambda: journey.path_flow(LOG).select(step=[1]).edges(), "flow must have all its"),
        (lambda: journey.step_matrix(LOG).select(step=1).grid(), "matrix must have both its axes"),
        (
            lambda: journey.case_durations(LOG, definition="done"),  # type: ignore[arg-type]
            "definition must be one of 'first_end', 'last_end', 'span'",
        ),
        (lambda: journey.case_durations(LOG, definition="first_end"), "ends must be given"),
        (
            lambda: journey.case_durations(LOG, definition="span", ends="P"),
            "ends must be left out for 'span'",
        ),
        (
            lambda: journey.case_durations(LOG, definition="span", hours=8),  # type: ignore[arg-type]
            "hours must be BusinessHours: got int",
        ),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


# -- matrices and flows ---------------------------------------------------------------------------


def test_a_matrix_about_an_anchor() -> None:
    matrix = journey.step_matrix(LOG, "P", max_steps=1, before=2)
    grid: Any = matrix.grid()
    assert grid.columns.tolist() == [-2, -1, 0, 1]
    assert grid.loc["P"].tolist() == [0, 0, 1, 0]
    assert grid.loc["V"].tolist() == pytest.approx([1 / 3, 1, 0, 0])
    assert list(grid.index) == ["P", "V", END, START]
    assert grid.to_numpy()[3].tolist() == pytest.approx([2 / 3, 0, 0, 0])
    assert matrix.total == 3
    low, high = matrix.interval()
    assert ((low <= matrix.value) & (matrix.value <= high)).all()
    assert journey.step_matrix(LOG, "P", max_steps=2).axes[-1].labels == (-2, -1, 0, 1, 2)
    groups: Any = journey.step_matrix(LOG, by="country", max_steps=2).grid()
    assert groups.loc[("FR", "V")].tolist() == [1, 0]
    assert groups.index.names == ["country", "state"]


def test_the_largest_states_by_name() -> None:
    log = known(
        seen("a", "SXP"), seen("b", "SYP"), seen("c", "SYQ"), seen("d", "SZ"), seen("e", "S")
    )
    edges = journey.path_flow(log, "S", end_at="P", max_steps=3).edges(top=1)
    rows = list(
        zip(edges.step.tolist(), edges.source, edges.target, edges.count.tolist(), strict=True)
    )
    assert rows == [
        (1, "S", "Y", 2),
        (1, "S", END, 1),
        (1, "S", OTHER, 2),
        (2, "Y", "P", 1),
        (2, "Y", OTHER, 1),
        (2, OTHER, "P", 1),
        (2, OTHER, END, 1),
        (3, OTHER, END, 1),
    ]
    assert edges.share.tolist()[0] == 2 / 5
    cut = journey.path_flow(log, max_steps=1).edges()
    assert set(cut.target) == {END, MORE}
    assert "edges" in repr(edges)
    assert "other" in edges._repr_html_()
    assert pickle.loads(pickle.dumps(edges)) == edges
    assert edges != cut
    assert edges != 3


def test_a_flow_of_groups() -> None:
    flow = journey.path_flow(LOG, "V", end_at="P", by="country")
    assert flow.entered.tolist() == [2, 2]
    assert flow.converted.tolist() == [2, 1]
    assert flow.edges().to_frame()[
        ["country", "step", "source", "target", "count"]
    ].values.tolist() == [
        ["DE", 1, "V", "P", 1],
        ["DE", 1, "V", "V", 1],
        ["DE", 2, "V", "P", 1],
        ["FR", 1, "V", "P", 1],
        ["FR", 1, "V", ("end",), 1],
    ]
    assert "country" in flow.edges()._repr_html_()
    rolled = flow.rollup("country")
    assert (rolled.entered_customers, rolled.converted_customers) == (4, 3)


def test_a_day_in_several_visits() -> None:
    rows = [Interaction(customer_id="a", at=at(h), kind="V") for h in (0, 2, 5, 6)]
    log = InteractionLog.from_interactions(rows).until(at(9))
    flow = journey.path_flow(log, gap=dt.timedelta(hours=2))
    assert (flow.entered, flow.entered_customers) == (2, 1)
    edge = flow.select(step=1, source="V", target="V")
    assert (int(edge.parts["count"]), int(edge.parts["customers"])) == (2, 1)
    table = journey.variants(log, gap=dt.timedelta(hours=2))
    assert (table.count.tolist(), table.customers.tolist()) == ([2], [1])


# -- cases ----------------------------------------------------------------------------------------


def test_cases_in_business_hours_and_their_curve() -> None:
    berlin = Calendar("Europe/Berlin")
    office = BusinessHours.weekdays(dt.time(9), dt.time(17), calendar=berlin)
    friday = dt.datetime(2026, 1, 2, 15, tzinfo=UTC)  # 16:00
    monday = dt.datetime(2026, 1, 5, 9, tzinfo=UTC)  # 10:00
    rows = [
        Interaction(customer_id="a", thread_id="t", at=friday, kind="asked"),
        Interaction(customer_id="a", thread_id="t", at=monday, kind="solved"),
        Interaction(customer_id="a", thread_id="u", at=monday, kind="asked"),
    ]
    log = InteractionLog.from_interactions(rows).until(monday + dt.timedelta(hours=3))
    cases = journey.case_durations(
        log.by_thread(), definition="first_end", ends="solved", hours=office
    )
    hour = 3_600_000_000
    assert (cases.durations // hour).tolist() == [2, 3]
    assert cases.observed.tolist() == [True, False]
    assert cases.to_frame()["customer_id"].tolist() == [("a", "t"), ("a", "u")]
    assert kaplan_meier(cases.durations // hour, cases.observed).at(2) == 0.5


def test_a_reopened_case() -> None:
    countries = {"a": "DE", "b": "DE", "c": "FR"}
    log = known(seen("a", "OCOC"), seen("b", "OCO"), seen("c", "XOC"), countries=countries)
    one = journey.case_durations(log, definition="first_end", ends="C", starts="O", by="country")
    two = journey.case_durations(log, definition="last_end", ends=kind("C"), starts="O")
    hour = 3_600_000_000
    assert (one.durations // hour).tolist() == [1, 1, 1]
    assert one.observed.all()
    assert one.groups.tolist() == ["DE", "DE", "FR"]
    assert (two.durations // hour).tolist() == [3, 99, 1]
    assert two.observed.tolist() == [True, False, True]
    assert two.groups.tolist() == [None, None, None]
    late = journey.case_durations(log, definition="span", over=Window(at(1), None))
    assert len(late) == 0


def test_rework_tells_loops_from_returns() -> None:
    table = journey.rework(known(seen("a", "AAB"), seen("b", "ABA"), seen("c", "B")))
    cell = table.select(state="A").parts
    assert {name: int(cell[name]) for name in table.PARTS} == {
        "steps": 4,
        "cases": 2,
        "reworked": 2,
        "self_loops": 1,
        "customers": 2,
        "reworking": 2,
    }
    assert table.repeats.tolist() == [2, 0]
    assert table.share().value.tolist() == [1.0, 0.0]
    assert table.context.unit == "customer"
