"""A cluster gives what one process gives, to the bit: for every function of the registry."""

from typing import Any

import pytest

from tests.engines.conftest import QUIET, Engine, needs_an_engine
from tests.engines.crowd import (
    LOG,
    PREPARED,
    crowd,
    differing,
    entries,
    events_of,
    functions,
    people_of,
)
from tests.surface.entry import LOGS
from tests.surface.registry import ENTRIES

needs_an_engine()
pytestmark = pytest.mark.filterwarnings(QUIET)

DRAWS = [(data, days) for data in PREPARED for days in (2, 40, 400) if entries(data, days)]


def compared(engine: Engine, data: str, days: int, seed: int, **crowded: Any) -> int:
    """Compare all functions of some data on one crowd; return how many gave a result."""
    world = crowd(seed, days, **crowded)
    asked, found, refused = functions(world, data, days)
    reduced = engine.reduce_all(
        engine.frame(events_of(world, data)),
        {name: asked[name] for name in found},
        log=LOG,
        as_of=world.as_of,
        customers=engine.frame(people_of(world)),
        prepare=PREPARED[data],
    )
    assert differing(found, reduced) == []
    assert reduced.events == len(world.records)
    assert reduced.rejected == {}
    for name, error in refused.items():
        with pytest.raises(type(error)) as raised:
            engine.reduce(
                engine.frame(events_of(world, data)),
                asked[name],
                log=LOG,
                as_of=world.as_of,
                customers=engine.frame(people_of(world)),
                prepare=PREPARED[data],
            )
        assert str(raised.value) == str(error)
    return len(found)


@pytest.mark.parametrize(("data", "days"), DRAWS)
def test_every_function_of_the_registry(engine: Engine, data: str, days: int) -> None:
    ids = str if days == 400 else int
    assert compared(engine, data, days, seed=days, ids=ids) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("data", "days"), DRAWS)
def test_many_crowds(engine: Engine, data: str, days: int, seed: int) -> None:
    ids = int if seed % 2 else str
    assert compared(engine, data, days, seed + 100, ids=ids, customers=200) > 0


def test_nothing_of_the_registry_is_left_out() -> None:
    drawn = {x.name for data, days in DRAWS for x in entries(data, days)}
    assert {x.name for x in ENTRIES if x.adds and x.data in LOGS} <= drawn
