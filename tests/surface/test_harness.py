"""The harness catches what it is there to catch: each fault here is planted."""

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings

from customerops.model import InteractionLog, as_rule
from customerops.model.values.instants import to_us
from customerops.testing.worlds import PLACES
from tests.strategies import worlds
from tests.surface import harness
from tests.surface.entry import Entry, takes_data
from tests.surface.world import World

SEARCH = settings(max_examples=300, phases=[Phase.generate], database=None, deadline=None)


@attrs.frozen(eq=False)
class Counts:
    """A statistic as it should be: events by kind."""

    parts: Counter[str]

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.parts + other.parts)

    def __radd__(self, other: int) -> "Counts":
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and self.parts == other.parts

    __hash__ = None  # type: ignore[assignment]


def visible(log: InteractionLog, as_of: Any) -> InteractionLog:
    return log if as_of is None else log.until(as_of)


def kinds_of(log: InteractionLog) -> list[str]:
    return [str(log.kinds[code]) for code in log.kind]


def good(log: InteractionLog, *, as_of: Any = None) -> Counts:
    return Counts(Counter(kinds_of(visible(log, as_of))))


def counts_twice(log: InteractionLog, *, as_of: Any = None) -> int:
    """Count kinds: one that two partitions share is counted in both."""
    return len(set(kinds_of(visible(log, as_of))))


def floats(log: InteractionLog, *, as_of: Any = None) -> float:
    """Sum in floating point: the order of adding shows."""
    amounts = visible(log, as_of).at % 9_973
    return float(sum(0.1 * float(x) for x in amounts))


def not_neutral(log: InteractionLog, *, as_of: Any = None) -> Counts:
    """Give something for nothing."""
    found = good(log, as_of=as_of)
    return found if found.parts else Counts(Counter({"nothing": 1}))


def looks_ahead(log: InteractionLog, *, as_of: Any = None) -> int:
    """See every event, whatever the instant."""
    return len(log)


def one_late(log: InteractionLog, *, as_of: Any = None) -> int:
    """Leave out the events at the instant itself when it is given in the call."""
    return len(log) if as_of is None else int((log.at < to_us(as_of)).sum())


def writes(log: InteractionLog, *, as_of: Any = None) -> Counts:
    """Sort the caller's instants in place."""
    log.at.flags.writeable = True
    log.at[:] = log.at[::-1]
    log.at.flags.writeable = False
    return Counts(Counter())


def unlocks(log: InteractionLog, *, as_of: Any = None) -> Counts:
    """Leave an array of the caller's open to writing."""
    log.offsets.flags.writeable = True
    return good(log, as_of=as_of)


def seeds(log: InteractionLog, *, as_of: Any = None) -> Counts:
    """Set the random state that everybody shares."""
    np.random.seed(len(log))
    return good(log, as_of=as_of)


CALLS = itertools.count()


def remembers(log: InteractionLog, *, as_of: Any = None) -> int:
    """Answer by how often it was asked."""
    return next(CALLS)


def in_input_order(log: InteractionLog, *, as_of: Any = None) -> tuple[object, ...]:
    """Show the private order of the customers."""
    return tuple(visible(log, as_of).customers.tolist())


def lambdas(log: InteractionLog, *, as_of: Any = None) -> Any:
    """Give a result that cannot be pickled."""
    return lambda: len(log)


@attrs.define(eq=False)
class Forgetful:
    """A result that loses a part on its way through pickle."""

    count: int

    def __reduce__(self) -> tuple[Any, ...]:
        return (Forgetful, (0,))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Forgetful) and self.count == other.count

    __hash__ = None  # type: ignore[assignment]


def forgets(log: InteractionLog, *, as_of: Any = None) -> Forgetful:
    return Forgetful(len(visible(log, as_of)))


@attrs.define
class Fickle:
    """A result that changes when it is shown."""

    count: int

    def to_frame(self) -> int:
        self.count += 1
        return self.count


def fickle(log: InteractionLog, *, as_of: Any = None) -> Fickle:
    return Fickle(len(visible(log, as_of)))


@attrs.frozen
class Labels:
    name: str
    labels: tuple[str, ...]


@attrs.frozen
class Dense:
    axes: tuple[Labels, ...]


def all_kinds(log: InteractionLog, *, as_of: Any = None) -> Dense:
    """Take labels from every event of the log, but only where there is more than one customer."""
    log = visible(log, as_of)
    kinds = sorted(set(kinds_of(log))) if log.n_customers > 1 else []
    return Dense((Labels("kind", tuple(kinds)),))


def unsorted(log: InteractionLog, *, as_of: Any = None) -> Dense:
    """Take labels in the order in which they come."""
    kinds = dict.fromkeys(kinds_of(visible(log, as_of)))
    return Dense((Labels("kind", tuple(kinds)),))


@attrs.frozen
class Lopsided:
    """A result that gains when a sum is added to it from the right."""

    count: int
    summed: bool = attrs.field(default=False, eq=False)

    def __add__(self, other: "Lopsided") -> "Lopsided":
        return Lopsided(self.count + other.count + other.summed, summed=True)


def only_from_the_left(log: InteractionLog, *, as_of: Any = None) -> Lopsided:
    return Lopsided(len(visible(log, as_of)))


def entry(function: Callable[..., Any]) -> Entry:
    return Entry(function, {}, adds=True, data="log")


FAULTS = [
    (harness.check_adds, counts_twice, "do not add up"),
    (harness.check_adds, floats, "do not add up"),
    (harness.check_adds, only_from_the_left, "not associative"),
    (harness.check_neutral, not_neutral, "no data"),
    (harness.check_labels, all_kinds, "labels of its parts"),
    (harness.check_labels, unsorted, "not sorted"),
    (harness.check_as_of, looks_ahead, "later records"),
    (harness.check_as_of, one_late, "until"),
    (harness.check_unmutated, writes, "changed the data"),
    (harness.check_unmutated, unlocks, "changed the data"),
    (harness.check_unmutated, seeds, "changed the process"),
    (harness.check_deterministic, remembers, "second call"),
    (harness.check_deterministic, in_input_order, "order of the customers"),
    (harness.check_pickles, lambdas, "pickle"),
    (harness.check_pickles, forgets, "comes back different"),
    (harness.check_views, fickle, "asked again"),
]


@pytest.mark.parametrize(("check", "function", "reason"), FAULTS)
def test_catches(
    check: Callable[[Entry, World], None], function: Callable[..., Any], reason: str
) -> None:
    def breaks(world: World) -> bool:
        try:
            check(entry(function), world)
        except Exception as found:  # noqa: BLE001 - pickle raises what it likes
            return reason in str(found)
        return False

    find(worlds(), breaks, settings=SEARCH)


@pytest.mark.parametrize("check", [*harness.CHECKS, *harness.ADDITION])
@settings(max_examples=20)
@given(worlds())
def test_lets_a_good_function_pass(check: Callable[[Entry, World], None], world: World) -> None:
    check(entry(good), world)


def by_name(log: int) -> None: ...
def by_annotation(durations: "list[float] | Spells", observed: int) -> None: ...  # type: ignore[name-defined]  # noqa: F821
def of_neither(scores: list[int]) -> None: ...
def of_nothing() -> None: ...


def test_knows_who_must_be_registered() -> None:
    assert takes_data(by_name)
    assert takes_data(by_annotation)
    assert not takes_data(of_neither)
    assert not takes_data(of_nothing)
    assert not takes_data(as_rule)


def test_worlds_hold_what_they_promise() -> None:
    """Ties, partitions without amounts, events on the day the clock changes, all within reach."""
    wanted: list[Callable[[World], bool]] = [
        lambda w: len({(x.customer_id, x.at) for x in w.records}) < len({x.id for x in w.records}),
        lambda w: len(set(w.place.values())) == len(PLACES),
        lambda w: (
            any(x.at > w.as_of for x in w.records) and any(x.at <= w.as_of for x in w.records)
        ),
        lambda w: any(x.at == w.as_of for x in w.records),
        lambda w: any(x.at.astimezone(w.calendar.tz).date() == w.middle for x in w.records),
        lambda w: any(x.amount is not None and x.amount.minor < 0 for x in w.records),
        lambda w: any(x.kind == "purchase" and x.amount is None for x in w.records),
        lambda w: len(w.records) > len({x.id for x in w.records}),
        lambda w: (
            w.customers is not None
            and any(x.created_at is not None and x.created_at > w.as_of for x in w.customers)
        ),
        lambda w: any(x.ended_at is not None and x.ended_at > w.as_of for x in w.subscriptions),
    ]
    missing = list(range(len(wanted)))

    @settings(SEARCH, max_examples=200)
    @given(worlds())
    def draw(world: World) -> None:
        missing[:] = [i for i in missing if not wanted[i](world)]

    draw()
    assert missing == []
