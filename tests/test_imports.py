"""An import costs what is used: what each one loads, in a fresh interpreter."""

import json
import subprocess
import sys

import pytest

RECORDS = {"customerops", "attr", "attrs"}
ARRAYS = RECORDS | {"numpy"}
EVERY_NAME = "import customerops.{0} as m; [getattr(m, name) for name in m.__all__]"

PROBE = """
import json, sys
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement loads."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE.format(statement=statement)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import customerops", {"customerops"}),
        ("from customerops import InvalidInputError", {"customerops"}),
        ("from customerops import metrics, model, lifecycle, journey", {"customerops"}),
        ("from customerops import Customer", RECORDS),
        ("from customerops import Interaction, Money", RECORDS),
        ("from customerops import InteractionLog", ARRAYS),
        (EVERY_NAME.format("errors"), RECORDS),
        (EVERY_NAME.format("model"), ARRAYS),
        (EVERY_NAME.format("lifecycle"), ARRAYS),
    ],
)
def test_loads_only(statement: str, allowed: set[str]) -> None:
    roots = {name.partition(".")[0] for name in loaded_by(statement)}
    assert roots - set(sys.stdlib_module_names) <= allowed


@pytest.mark.parametrize("package", ["metrics", "journey"])
def test_never_loads_scipy_stats(package: str) -> None:
    assert not {"scipy.stats", "matplotlib"} & loaded_by(EVERY_NAME.format(package))
