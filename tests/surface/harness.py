"""The promises of `customerops.testing`, each asked of one registered function in one world."""

from collections.abc import Callable
from typing import Any

import attrs

from customerops.testing import promises
from customerops.testing.sameness import views
from customerops.testing.worlds import PLACES
from tests.surface.entry import LOGS, Entry
from tests.surface.world import World

__all__ = ["ADDITION", "CHECKS", "views"]

Run = Callable[[Any], Any]


def asked(entry: Entry, world: World) -> Run:
    """Return the function with its options, asked as of the world's instant."""
    return lambda data: entry.run(data, world)


def looked_at(entry: Entry, world: World) -> Run:
    """Return the function, its result looked at from all sides."""

    def run(data: Any) -> Any:
        result = entry.run(data, world)
        for _ in views(result):
            pass
        return result

    return run


def check_unmutated(entry: Entry, world: World) -> None:
    options = world.resolve(entry.options)
    promises.unmutated(looked_at(entry, world), entry.build(world), options)


def check_deterministic(entry: Entry, world: World) -> None:
    data, again = entry.build(world), entry.build(world)
    regrouped = entry.build(world, grouped=True) if entry.data in LOGS else None
    promises.deterministic(asked(entry, world), data, again, regrouped)


def check_pickles(entry: Entry, world: World) -> None:
    promises.pickles(asked(entry, world), entry.build(world))


def check_as_of(entry: Entry, world: World) -> None:
    full, known = entry.build(world), entry.build(world, known=True)
    until = (lambda data: entry.run(data, world, until=True)) if entry.data in LOGS else None
    promises.as_of(asked(entry, world), full, known, until=until)


def check_views(entry: Entry, world: World) -> None:
    promises.shows(asked(entry, world), entry.build(world))


def parts_of(entry: Entry, world: World) -> list[Any]:
    """Return the data of every place, each built from raw records."""
    return [entry.build(world, place) for place in PLACES]


def check_adds(entry: Entry, world: World) -> None:
    promises.adds(asked(entry, world), entry.build(world), parts_of(entry, world))


def check_neutral(entry: Entry, world: World) -> None:
    nobody = attrs.evolve(world, records=(), subscriptions=(), customers=world.customers and ())
    promises.neutral(asked(entry, world), entry.build(world), entry.build(nobody))


def check_labels(entry: Entry, world: World) -> None:
    promises.labelled(asked(entry, world), entry.build(world), parts_of(entry, world))


CHECKS = (check_unmutated, check_deterministic, check_pickles, check_as_of, check_views)
ADDITION = (check_adds, check_neutral, check_labels)
