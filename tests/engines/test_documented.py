"""The examples of the engines' docstrings, run where there is an engine: elsewhere they are skipped."""

import datetime as dt
import doctest
import re
from typing import Any

import pandas as pd
import pytest

from tests.engines.conftest import QUIET, Engine, needs_an_engine

needs_an_engine()
pytestmark = pytest.mark.filterwarnings(QUIET)

EVENTS = pd.DataFrame(
    {
        "user": ["a", "b", "a", "a"],
        "ts": pd.to_datetime(["2026-01-05", "2026-01-09", "2026-01-20", "2026-02-01"], utc=True),
        "event": "use",
    }
)


@pytest.mark.parametrize("name", ["reduce", "reduce_all", "map"])
def test_example(engine: Engine, name: str) -> None:
    names: dict[str, Any] = {
        "events": engine.frame(EVENTS),
        "as_of": dt.datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=dt.UTC),
    }
    text = re.sub(r"\s+# doctest: \+SKIP", "", getattr(engine, name).__doc__)
    example = doctest.DocTestParser().get_doctest(text, names, name, None, None)
    assert example.examples
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0
