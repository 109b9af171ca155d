"""Results as bytes: what is written is read, another form is refused, old bytes still mean the same.

``written.bin`` was written by this version of the form. When a change of the results makes its test
fail, raise ``VERSION`` in ``engines/stored.py`` and write it anew: python -m tests.engines.test_stored
"""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from customerops import InvalidInputError, journey, lifecycle, metrics, model
from customerops.engines import from_bytes, to_bytes
from customerops.engines.stored import VERSION
from customerops.testing.sameness import same
from tests.surface.fixed import fixed_world
from tests.surface.registry import POLICY

WRITTEN = Path(__file__).parent / "written.bin"
DAY = dt.timedelta(days=1)


def results() -> dict[str, Any]:
    """Return a result of every kind that is kept."""
    world = fixed_world()
    log = world.log().until(world.as_of)
    population = lifecycle.replay_log(log, POLICY)
    return {
        "cohorts": metrics.retention(log, start="use", returning="purchase", period="month"),
        "ratio": metrics.average_order_value(log, period="month", by=model.first("channel")),
        "multiset": metrics.gap_times(log),
        "rows": metrics.rfm(log),
        "states": population.states(),
        "population": population,
        "funnel": journey.funnel(log, steps=["use", "purchase"], within=DAY),
        "events": metrics.kaplan_meier(world.spells(), unit=DAY),
    }


@pytest.mark.parametrize("name", results())
def test_written_is_read(name: str) -> None:
    result = results()[name]
    assert same(from_bytes(to_bytes(result)), result)


def test_what_this_version_wrote_is_read_by_it() -> None:
    kept, now = from_bytes(WRITTEN.read_bytes()), results()
    assert kept.keys() == now.keys()
    assert [name for name in now if not same(kept[name], now[name])] == []


def test_the_version_is_in_the_first_line() -> None:
    assert to_bytes(1).startswith(b"customerops result %d\n" % VERSION)


@pytest.mark.parametrize("version", [0, VERSION + 1, 99])
def test_another_version_is_refused_by_name(version: int) -> None:
    data = to_bytes(1).replace(b"result %d\n" % VERSION, b"result %d\n" % version)
    message = f"^version must be {VERSION} to be read: got {version}; compute the result again$"
    with pytest.raises(InvalidInputError, match=message):
        from_bytes(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"customerops result 1", b"customerops result x\n", b"pickled 1\n", b"result 1\n"],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="^data must be what to_bytes returned$"):
        from_bytes(data)


def test_only_bytes_are_read() -> None:
    with pytest.raises(InvalidInputError, match="^data must be bytes: got str$"):
        from_bytes("customerops result 1\n")  # type: ignore[arg-type]


if __name__ == "__main__":
    WRITTEN.write_bytes(to_bytes(results()))
