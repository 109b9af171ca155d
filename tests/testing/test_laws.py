"""The laws catch what they are there to catch, on a small log, and let good metrics pass."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customerops import InvalidInputError, metrics
from customerops.model import Calendar, Customer, Interaction, InteractionLog
from customerops.testing import assert_adds, assert_as_of, assert_pure, logs
from tests.testing import metrics_at_fault as at_fault

FAULTS: list[tuple[Callable[..., None], Callable[..., Any], str]] = [
    (assert_adds, at_fault.mean_of_means, "does not add: the parts do not add up to the whole"),
    (assert_adds, at_fault.by_last_event, "does not add: the parts do not add up to the whole"),
    (assert_adds, at_fault.lists, "results cannot be added: dict and dict have no sum"),
    (assert_adds, at_fault.never_nothing, "the parts do not add up to the whole"),
    (assert_as_of, at_fault.by_last_event_of_all, "later records change the result"),
    (assert_as_of, at_fault.one_late, "until() gives another result"),
    (assert_as_of, at_fault.peeks, "later records change the result"),
    (assert_pure, at_fault.mutates, "is not pure: the call changed the data"),
    (assert_pure, at_fault.prints, "is not pure: the call printed 'so many: "),
    (assert_pure, at_fault.reads, "the call reached out of the process: [('open', "),
    (assert_pure, at_fault.seeds, "changed the process: random state of Python"),
    (assert_pure, at_fault.seeds_numpy, "changed the process: random state of numpy"),
    (assert_pure, at_fault.hushes, "changed the process: error state of numpy"),
    (assert_pure, at_fault.filters, "changed the process: warning filters"),
    (assert_pure, at_fault.remembers, "a second call gives another result"),
    (assert_pure, at_fault.in_stored_order, "the order of the customers in the input shows"),
]


DRAWN = ["mean_of_means", "by_last_event_of_all", "prints"]


@pytest.mark.parametrize(("law", "metric", "reason"), FAULTS)
def test_catches(law: Callable[..., None], metric: Callable[..., Any], reason: str) -> None:
    with pytest.raises(AssertionError) as found:
        law(metric, recorded())
    head, example = str(found.value).split("\n", 1)
    assert head.startswith(f"{metric.__name__} ")
    assert reason in head
    assert "InteractionLog(5 events, 6 customers" in example
    assert "2026-01-09" in example


@pytest.mark.parametrize(
    ("law", "metric", "reason"), [one for one in FAULTS if one[1].__name__ in DRAWN]
)
def test_finds(law: Callable[..., None], metric: Callable[..., Any], reason: str) -> None:
    with pytest.raises(AssertionError) as found:
        law(metric, max_examples=40)
    assert reason in str(found.value).splitlines()[0]
    assert not getattr(found.value, "__notes__", None)
    head = next(line for line in str(found.value).splitlines() if line.startswith("Inter"))
    assert int(head.partition("(")[2].partition(" ")[0]) <= 5  # the example is small


def test_catches_changed_options() -> None:
    with pytest.raises(AssertionError, match="changed the options"):
        assert_pure(at_fault.mutates_options, max_examples=5, found=[])


def test_the_results_are_told() -> None:
    with pytest.raises(AssertionError) as found:
        assert_adds(at_fault.mean_of_means, recorded())
    text = str(found.value)
    assert "of all: 0.83" in text
    assert "of part 3: " in text
    assert "2 of the customers without events" in text
    with pytest.raises(AssertionError) as long:
        assert_adds(at_fault.at_length, recorded())
    assert str(long.value).endswith("...")


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        (at_fault.events, {}),
        (at_fault.active, {"days": 7}),
        (at_fault.loads, None),
        (metrics.active_customers, {"period": "month", "activity": "use"}),
    ],
)
def test_lets_a_good_metric_pass(
    metric: Callable[..., Any], options: dict[str, Any] | None
) -> None:
    assert_pure(metric, max_examples=5, **(options or {}))
    assert_as_of(metric, max_examples=5, **(options or {}))
    if options is not None:
        assert_adds(metric, max_examples=5, **options)


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(logs(max_customers=4))
def test_inside_a_test_of_ones_own(log: InteractionLog) -> None:
    assert_adds(at_fault.events, log)
    assert_as_of(at_fault.active, log)
    assert_pure(at_fault.events, log)


def recorded() -> InteractionLog:
    """Return four customers, one with two events at one instant, and two without any."""
    when = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    seen = [
        Interaction(id=i, customer_id=who, at=when + dt.timedelta(days=day), kind=kind)
        for i, (who, day, kind) in enumerate(
            [("a", 0, "use"), ("b", 4, "use"), ("c", 4, "use"), ("c", 4, "buy"), ("d", 60, "late")]
        )
    ]
    seen[0] = attrs.evolve(seen[0], at=when + dt.timedelta(days=8))
    silent = [Customer(id=who, created_at=when, country="CN") for who in "zy"]
    log = InteractionLog.from_interactions(seen, calendar=Calendar("UTC"))
    known = log.with_customers([*silent, Customer(id="a", attributes={"age": 41})])
    return known.until(when + dt.timedelta(days=90))


def plain(**changes: Any) -> InteractionLog:
    """Return a log without ids of events, which cannot be built again from records."""
    at = [dt.date(2026, 1, day) for day in (1, 5, 5, 9)]
    return InteractionLog.from_arrays(
        customer_id=list("abca"), at=at, kind=["use"] * 4, tz=dt.UTC, **changes
    )


def test_a_log_without_records_is_sliced() -> None:
    log = plain().until_day(dt.date(2026, 1, 31))
    assert_adds(at_fault.active, log)
    assert_as_of(at_fault.active, log)
    assert_pure(at_fault.active, log)
    assert_as_of(at_fault.events, plain())
    by_thread = plain(thread=["t", "u", "t", None], id=[1, 2, 3, 4]).by_thread()
    assert_adds(at_fault.events, by_thread)


def test_numbers_of_numpy_are_numbers() -> None:
    for law in (assert_adds, assert_as_of, assert_pure):
        law(at_fault.spread, recorded())
    with pytest.raises(AssertionError, match="do not add up to the whole"):
        assert_adds(lambda log: at_fault.spread(log) ** 2, recorded())


def test_a_metric_that_must_be_told_the_instant() -> None:
    for law in (assert_adds, assert_as_of, assert_pure):
        law(at_fault.told, max_examples=5)
    assert_pure(at_fault.told, recorded(), as_of=dt.datetime(2026, 1, 5, tzinfo=dt.UTC))


def test_one_fault_of_several_is_told() -> None:
    with pytest.raises(AssertionError, match="unlike_at_first does not add: "):
        assert_adds(at_fault.unlike_at_first, max_examples=60)


def test_what_is_not_the_same_twice_is_told() -> None:
    at_fault.ASKED.clear()
    with pytest.raises(AssertionError, match="settles uses what is not known yet: asked again"):
        assert_as_of(at_fault.settles, max_examples=60)


def test_a_strategy_of_ones_own() -> None:
    with pytest.raises(AssertionError, match="dict and dict") as found:
        assert_adds(at_fault.lists, strategy=st.just(plain()))
    assert "2026-01-09" in str(found.value)


def test_what_the_metric_raises_comes_with_its_log() -> None:
    with pytest.raises(KeyError, match="nothing is good enough") as found:
        assert_pure(at_fault.refuses, max_examples=5)
    assert found.value.__notes__[0].startswith("raised on InteractionLog(")


def test_refusals() -> None:
    with pytest.raises(InvalidInputError, match="log must be left out where logs are drawn"):
        assert_adds(at_fault.events, plain(), max_examples=3)
    with pytest.raises(InvalidInputError, match="log must be left out where logs are drawn"):
        assert_pure(at_fault.events, plain(), strategy=logs())
    with pytest.raises(InvalidInputError, match="log must be an InteractionLog: list"):
        assert_as_of(at_fault.events, [])  # type: ignore[arg-type]
