"""Service metrics: the worked case, what was counted by hand, options, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.model import (
    BusinessHours,
    Calendar,
    Customer,
    Interaction,
    InteractionLog,
    Window,
    channel,
    first,
    kind,
)

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[2] / "cases/service_and_pipeline.json").read_text("utf-8")
    )["cases"]
}
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
m: Any = metrics  # what is given is not always what is asked for


def at(hour: float) -> dt.datetime:
    return dt.datetime(2026, 1, 5, tzinfo=dt.UTC) + hour * HOUR  # a Monday


def event(who: str, what: str, hour: float, thread: str | None = None, **more: Any) -> Interaction:
    return Interaction(
        customer_id=who, kind=f"case_{what}", at=at(hour), thread_id=thread or who, **more
    )


def log_of(*events: Interaction, until: float = 24 * 26) -> InteractionLog:
    log = InteractionLog.from_interactions(events, calendar=Calendar("UTC"))
    return log.until(at(until))


# -- worked cases ---------------------------------------------------------------------------------


def test_service_level_in_business_hours() -> None:
    case = CASES["sla-business-hours"]
    asked, expected = case["inputs"], case["expected"]
    opens, closes = (dt.time.fromisoformat(text) for text in asked["hours"])
    calendar = Calendar(asked["tz"])
    office = BusinessHours.weekdays(opens, closes, calendar=calendar)
    seen = []

    def add(who: str, what: str, text: str | None, **more: Any) -> None:
        if text is not None:
            when = dt.datetime.fromisoformat(text)
            seen.append(Interaction(customer_id=who, thread_id=who, kind=what, at=when, **more))

    for one in asked["cases"]:
        add(one["id"], "case_open", one["open"])
        add(one["id"], "case_reply", one["reply"], direction="outbound", actor_kind="human")
        for start, end in one.get("paused", ()):
            add(one["id"], "case_status", start, name="pending")
            add(one["id"], "case_status", end, name="open")
    log = InteractionLog.from_interactions(seen, calendar=calendar)
    log = log.until(dt.datetime.fromisoformat(asked["as_of"])).by_thread()
    target = dt.timedelta(hours=asked["target_hours"])
    clocks = metrics.sla_clocks(log, target=target, hours=office)
    hours = dict(
        zip([who for who, _ in clocks.ids], clocks.columns["elapsed"] / 3.6e9, strict=True)
    )
    states = dict(zip([who for who, _ in clocks.ids], clocks.columns["state"], strict=True))
    assert hours == expected["hours"]
    assert states == expected["status"]
    level = metrics.sla(log, target=target, hours=office)
    assert (level.met, level.breached, level.excluded) == (2, 1, 1)
    assert level.value == pytest.approx(expected["value"], abs=case["tolerance"])
    unpaused = metrics.sla_clocks(log, target=target, hours=office, pauses=())
    assert unpaused.columns["elapsed"][3] == 7 * 3_600_000_000
    assert unpaused.columns["state"][3] == "breached"


# -- counted by hand ------------------------------------------------------------------------------


def test_a_reply_is_a_persons_and_the_customer_can_read_it() -> None:
    others: list[dict[str, Any]] = [
        {"actor_kind": "bot", "direction": "outbound"},
        {"actor_kind": "system", "direction": "outbound"},
        {"actor_kind": "human", "direction": "none"},
        {"direction": "inbound"},
    ]
    seen = [event("a", "reply", 1 + i, **one) for i, one in enumerate(others)]
    log = log_of(event("a", "open", 0), *seen, event("a", "reply", 7)).by_thread()
    assert metrics.first_reply_time(log, unit=HOUR).quantile(0.5) == 7
    assert metrics.first_reply_time(log, unit=HOUR, replies="case_reply").quantile(0.5) == 1


def test_the_opening_is_no_reply_and_what_was_before_it_does_not_count() -> None:
    ours = {"direction": "outbound", "actor_kind": "human"}
    log = log_of(
        event("a", "reply", 0, **ours),
        event("a", "open", 1, **ours),
        event("a", "reply", 4, **ours),
    )
    assert metrics.first_reply_time(log.by_thread(), unit=HOUR).quantile(0.5) == 3


def test_open_cases_are_censored_and_not_dropped() -> None:
    # answered after 1 and after 3 hours; two wait, since 2 and since 4 hours
    log = log_of(
        event("a", "open", 0),
        event("a", "reply", 1),
        event("b", "open", 0),
        event("b", "reply", 3),
        event("c", "open", 2),
        event("d", "open", 0),
        until=4,
    ).by_thread()
    curve = metrics.first_reply_time(log, unit=HOUR)
    assert curve.at([1, 3]).tolist() == [0.75, 0.375]  # 3/4, and 3/4 * 1/2
    assert curve.quantile(0.5) == 3


def test_a_case_solved_without_a_reply_stops_waiting() -> None:
    log = log_of(event("a", "open", 0), event("a", "resolve", 2), event("a", "reply", 5))
    curve = metrics.first_reply_time(log.by_thread(), unit=HOUR)
    assert (curve.points.tolist(), curve.censored.tolist()) == ([2.0], [1])


def test_opening_an_open_case_and_solving_a_solved_one_change_nothing() -> None:
    log = log_of(
        event("a", "open", 0),
        event("a", "reopen", 1),
        event("a", "open", 2),
        event("a", "resolve", 5),
        event("a", "resolve", 6),
        event("a", "open", 8),
        event("a", "resolve", 9),
        event("b", "resolve", 1),  # never opened: no case
    ).by_thread()
    for definition, hours in (("first", 5), ("full", 9)):
        curve = metrics.resolution_time(log, definition=definition)  # type: ignore[arg-type]
        assert (curve.points.tolist(), curve.events.tolist()) == ([hours], [1])
    assert metrics.reopen_rate(log, within=4 * HOUR).x == 1
    assert metrics.reopen_rate(log, within=3 * HOUR).x == 0  # reopened at the very end of it
    assert metrics.status_time(log, definition="agent_work").value == 5


def test_times_in_statuses_and_their_names() -> None:
    log = log_of(
        event("a", "open", 0),
        event("a", "status", 1, name="waiting for supplier"),
        event("a", "status", 4, name="open"),
        event("a", "status", 5),  # a status that is not said changes nothing
        event("a", "status", 6, name="pending"),
        event("a", "resolve", 10),
    ).by_thread()
    names: dict[str, Any] = {"waiting for supplier": "hold"}
    for definition, hours in (("requester_wait", 6), ("agent_work", 3), ("on_hold", 3)):
        mean = m.status_time(log, definition=definition, statuses=names)
        assert (mean.value, mean.y) == (hours, 1)
    with pytest.raises(InvalidInputError, match="meaning of every status: 1 of 4 rows is not"):
        metrics.status_time(log, definition="on_hold")


def test_a_log_without_names_or_actors() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a"] * 3,
        thread=["1"] * 3,
        kind=["case_open", "case_reply", "case_resolve"],
        at=[at(h) for h in (0, 1, 4)],
    )
    log = log.until(at(9)).by_thread()
    assert metrics.status_time(log, definition="requester_wait").value == 4
    assert metrics.status_time(log, definition="on_hold").value == 0
    assert metrics.first_reply_time(log, unit=HOUR).quantile(0.5) == 1
    assert metrics.sla(log, target=HOUR).met == 1  # reached exactly is met


def test_what_is_not_known_yet_is_pending_and_its_period_not_complete() -> None:
    cases = [("a", 1), ("b", 25), ("c", 49)]
    log = log_of(
        *(event(who, "open", hour - 1) for who, hour in cases),
        *(event(who, "resolve", hour) for who, hour in cases),
        event("a", "reopen", 5),
        until=72,
    ).by_thread()
    rate = metrics.reopen_rate(log, within=DAY, period="day")
    assert rate.y.tolist() == [1, 1, 0, 0]
    assert rate.pending.tolist() == [0, 0, 1, 0]
    assert rate.complete.tolist() == [True, True, False, False]
    assert rate.value.tolist()[:2] == [1, 0]
    assert np.isnan(rate.value[2:]).all()
    whole = metrics.reopen_rate(log, within=DAY)
    assert (whole.value, whole.pending, whole.complete) == (0.5, 1, True)
    assert whole == pickle.loads(pickle.dumps(whole))
    assert rate.select(period=dt.date(2026, 1, 6)).value == 0
    assert whole.interval()[0] < 0.5 < whole.interval()[1]
    # known at the last microsecond of the day, and not one before
    assert metrics.reopen_rate(log, within=DAY, as_of=at(49) - dt.timedelta(microseconds=1)).y == 2
    assert metrics.reopen_rate(log, within=DAY, as_of=at(49) - dt.timedelta(microseconds=2)).y == 1


def test_first_contact_resolution_gross_and_net() -> None:
    log = log_of(
        event("a", "open", 0, "1"),
        event("a", "reply", 1, "1"),
        event("a", "resolve", 1, "1"),
        event("b", "open", 0, "2"),
        event("b", "resolve", 1, "2"),
        event("b", "open", 20, "3"),  # back with another one: 2 was not solved
        event("c", "open", 0, "4"),
        event("c", "escalate", 1, "4"),
        event("c", "reply", 1, "4"),
        event("c", "reply", 2, "4"),
        event("c", "resolve", 3, "4"),
    ).by_thread()
    gross = metrics.first_contact_resolution(log, definition="gross")
    net = metrics.first_contact_resolution(log, definition="net", unresolvable="case_escalate")
    assert ((gross.x, gross.y), (net.x, net.y)) == ((1, 3), (1, 2))
    assert metrics.first_contact_resolution(log, definition="gross", within=HOUR).x == 2
    assert metrics.one_touch_rate(log).value == pytest.approx(2 / 3)
    assert metrics.escalation_rate(log, escalations="case_escalate").x == 1
    counts = metrics.first_contact_resolution_from_counts
    assert counts(definition="gross", first_contact=1, cases=3).value == gross.value
    assert counts(definition="net", first_contact=1, cases=3, unresolvable=1).value == net.value
    assert math.isnan(counts(definition="gross", first_contact=0, cases=0).value)


def test_the_backlog_by_age_and_at_the_ends_of_days() -> None:
    log = log_of(
        event("a", "open", 0),
        event("a", "resolve", 24),  # at the very end of the day: open at its end
        event("b", "open", 30),
        event("c", "open", 31),
        event("c", "resolve", 32),
        event("c", "reopen", 40),
        until=54,
    ).by_thread()
    days = metrics.backlog(log, period="day", unit=HOUR)
    assert np.asarray(days.n).tolist() == [1, 2, 2]
    assert days.by_age([12, 24]).tolist() == [[0, 0, 1], [0, 2, 0], [0, 1, 1]]
    assert days.quantile(1).tolist()[:2] == [24, 18]
    assert np.isnan(days.quantile(1)[2])
    over = Window(at(0), at(24 * 9))
    ahead = metrics.backlog(log, period="day", unit=HOUR, over=over)
    assert np.asarray(ahead.n).tolist() == [1, 2, 2, 0, 0, 0, 0, 0, 0]
    assert metrics.backlog(log).by_age([]).tolist() == [2]


def test_contacts_of_active_customers() -> None:
    rows = [
        Interaction(customer_id="a", kind="use", at=at(0)),
        Interaction(customer_id="b", kind="use", at=at(1)),
        event("a", "open", 2, "1"),
        event("a", "open", 3, "1"),  # the same thread: one case
        event("c", "open", 3, "2"),  # not active, and a case all the same
        Interaction(customer_id="a", kind="case_open", at=at(30)),
    ]
    log = log_of(*rows)
    rate = metrics.contact_rate(log, activity="use", period="day", over=Window(at(0), at(48)))
    assert (rate.x.tolist(), rate.y.tolist()) == ([2, 1], [2, 0])
    assert rate.n.tolist() == [3, 1]
    whole = metrics.contact_rate(log, activity="use", over=Window(at(0), at(48)))
    plain = InteractionLog.from_arrays(
        customer_id=["a"] * 3,
        kind=["use", "case_open", "case_open"],
        at=[at(h) for h in (0, 1, 2)],
    ).until(at(9))
    assert metrics.contact_rate(plain, activity="use", over=Window(at(0), at(9))).value == 2
    assert (whole.x, whole.y) == (3, 2)


def test_groups_of_customers_add_up_and_groups_of_threads_do_not() -> None:
    log = log_of(
        event("a", "open", 0, "1", channel="web"),
        event("a", "resolve", 1, "1"),
        event("a", "open", 5, "2", channel="phone"),
        event("a", "resolve", 6, "2"),
        event("b", "open", 0, "3", channel="web"),
        event("b", "resolve", 1, "3"),
    ).with_customers([Customer(id="a", country="CN"), Customer(id="b", country="DE")])
    threads = log.by_thread()
    rate = metrics.reopen_rate(threads, within=HOUR, by="country")
    assert rate.rollup("country") == metrics.reopen_rate(threads, within=HOUR)
    channels = metrics.reopen_rate(threads, within=HOUR, by=first("channel"))
    assert channels.y.tolist() == [1, 2]
    with pytest.raises(InvalidInputError, match="must have each customer in one cell"):
        channels.rollup(channels.axes[0].name)


def test_the_customer_is_the_unit_of_an_interval() -> None:
    one = [
        event("a", what, hour, f"{i}")
        for i in range(4)
        for what, hour in (("open", i), ("resolve", i + 1))
    ]
    rate = metrics.one_touch_rate(log_of(*one).by_thread())
    assert (rate.n, rate.y) == (1, 4)


def test_a_log_without_cases() -> None:
    log = log_of(event("a", "reply", 0)).by_thread()
    empty = InteractionLog.from_interactions([]).until(at(0))
    assert math.isnan(metrics.first_reply_time(log).quantile(0.5))
    assert math.isnan(metrics.reopen_rate(log, within=DAY).value)
    assert metrics.reopen_rate(log, within=DAY, period="day").shape == (0,)
    assert metrics.backlog(log).n == 0
    assert metrics.backlog(log, period="day").shape == (0,)
    assert metrics.sla_clocks(empty.by_thread(), target=DAY).ids.tolist() == []
    assert math.isnan(metrics.repeat_contact_rate(empty.by_thread()).value)
    assert metrics.contact_rate(log_of(), activity="use", over=Window(at(0), at(9))).n == 0
    by_nobody = metrics.contact_rate(
        empty, activity="use", over=Window(at(0), at(9)), by=first("channel")
    )
    assert by_nobody.shape == (0,)


# -- refused --------------------------------------------------------------------------------------

LOG = log_of(event("a", "open", 0), event("a", "resolve", 1)).by_thread()
REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (m.resolution_time, {"definition": "last"}, "definition must be one of 'first', 'full'"),
    (m.status_time, {"definition": "wait"}, "definition must be one of 'requester_wait'"),
    (m.status_time, {"definition": "on_hold", "statuses": ["new"]}, "statuses must be a mapping"),
    (m.status_time, {"definition": "on_hold", "statuses": {"x": "y"}}, "statuses must be one of"),
    (m.first_reply_time, {"hours": 8}, "hours must be BusinessHours: got int"),
    (m.first_reply_time, {"unit": 8}, "unit must be a timedelta"),
    (m.first_reply_time, {"unit": dt.timedelta(0)}, "unit must be longer than zero"),
    (m.first_reply_time, {"period": "month", "over": Window(at(1), at(9))}, "over must lie on"),
    (m.reopen_rate, {"within": 7}, "within must be a timedelta"),
    (m.first_contact_resolution, {"definition": "x"}, "definition must be one of"),
    (m.first_contact_resolution, {"definition": "net"}, "unresolvable must be given"),
    (
        m.first_contact_resolution,
        {"definition": "gross", "unresolvable": "x"},
        "unresolvable must be left out: definition is 'gross'",
    ),
    (m.sla, {"target": 4}, "target must be a timedelta"),
    (m.sla, {"target": DAY, "clock": "full"}, "clock must be one of 'first_reply', 'resolution'"),
    (m.sla, {"target": DAY, "pauses": "pending"}, "pauses must be an iterable of values"),
    (m.sla_clocks, {"target": DAY, "pauses": [1]}, "pauses must be a str: got int"),
    (m.backlog, {"over": Window(at(0), at(24))}, "period must be given with over"),
]


@pytest.mark.parametrize(("function", "options", "message"), REFUSED)
def test_refused(function: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        function(LOG, **options)


def test_threads_are_asked_for_and_refused_by_name() -> None:
    plain = log_of(event("a", "open", 0))
    with pytest.raises(InvalidInputError, match=r"log must be by thread: give log\.by_thread\(\)"):
        metrics.first_reply_time(plain)
    with pytest.raises(InvalidInputError, match="log must not be by thread"):
        metrics.contact_rate(LOG, activity="use", period="day")
    with pytest.raises(InvalidInputError, match="period must be given: or a window, by over="):
        metrics.contact_rate(plain, activity="use")
    with pytest.raises(InvalidInputError, match="as_of must be given"):
        metrics.backlog(InteractionLog.from_interactions([event("a", "open", 0)]).by_thread())


@pytest.mark.parametrize("bounds", [[2, 1], [1, 1], [math.nan], [[1], [2]], ["a"]])
def test_bounds_of_ages_rise(bounds: Any) -> None:
    with pytest.raises(InvalidInputError, match="bounds must be"):
        metrics.backlog(LOG).by_age(bounds)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"first_contact": -1, "cases": 1}, "first_contact must"),
        ({"first_contact": 2, "cases": 1}, "cases must not be fewer"),
        ({"first_contact": 0, "cases": 1, "unresolvable": 1}, "unresolvable must be left out"),
        ({"first_contact": 0, "cases": 0.5}, "cases must"),
    ],
)
def test_counts_are_counts(counts: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        m.first_contact_resolution_from_counts(definition="gross", **counts)


def test_a_rule_says_what_a_reply_is() -> None:
    log = log_of(
        event("a", "open", 0),
        event("a", "reply", 1, channel="chat"),
        event("a", "reply", 2, channel="web"),
    ).by_thread()
    rule = kind("case_reply") & (channel != "chat")
    assert metrics.first_reply_time(log, unit=HOUR, replies=rule).quantile(0.5) == 2
