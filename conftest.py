"""How the tests run: random data by profile, and every Python block of README and docs."""

import doctest
import os

from hypothesis import HealthCheck, settings
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

collect_ignore = ["tests/benchmarks"]  # run by hand; may need packages the tests do not

SLOW_ON_A_BUSY_MACHINE = [HealthCheck.too_slow]

settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=SLOW_ON_A_BUSY_MACHINE
)
settings.register_profile(  # the gate: the same draws every time
    "ci",
    settings.get_profile("dev"),
    max_examples=30,
    derandomize=True,
    print_blob=True,
    database=None,
)
settings.register_profile("brief", settings.get_profile("ci"), max_examples=10)
settings.register_profile("slow", settings.get_profile("dev"), max_examples=3000, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

pytest_collect_file = Sybil(  # the blocks of one page share their names
    parsers=[PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS), SkipParser()],
    patterns=["README*.md", "docs/**/*.md", "docs/*.md"],
).pytest()
