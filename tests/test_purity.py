"""The library touches nothing but its arguments: an audit hook watches every public function."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

WATCH = """
import importlib, json, sys
seen, forbidden = [], (
    "open", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "glob.", "pathlib.", "import",
    "sqlite3.", "urllib.", "http.", "ftplib.", "smtplib.", "mmap.", "ctypes.dlopen", "syslog.",
    "fcntl.", "signal.", "webbrowser.", "winreg.", "sys.addaudithook", "sys.settrace",
)
watching = False

def watch(event, arguments):
    if watching and event.startswith(forbidden):
        seen.append((event, repr(arguments)[:200]))

sys.addaudithook(watch)
"""

FUNCTIONS = """
import os, random, threading, time, uuid
from tests.surface.fixed import fixed_world
from tests.surface.harness import views
from tests.surface.registry import ENTRIES

def everything():
    for entry in ENTRIES:
        world = fixed_world(entry.days)
        for _ in views(entry.run(entry.build(world), world)):
            pass
    list(world.log().where("purchase").interactions())
    for name in [name for name in sys.modules if name.startswith("customerops")]:
        importlib.import_module(name)

def asked(*_, **__):
    raise AssertionError("the clock, or the machine's randomness, was asked")

everything()  # what loads on first use is loaded now
for module, names in (
    (time, ("time", "time_ns", "monotonic", "perf_counter", "localtime")),
    (os, ("urandom", "getenv", "getcwd")),
    (uuid, ("uuid1", "uuid4")),
    (random, ("random", "randint", "seed")),
):
    for name in names:
        setattr(module, name, asked)
threads = threading.active_count()
watching = True
everything()
watching = False
assert threading.active_count() == threads, "a thread outlives its call"
"""

ZONES = """
import datetime as dt
from customerops.model import Calendar, Window
Calendar("Europe/Paris")  # what loads on first use is loaded now
watching = True
Calendar("Asia/Kathmandu")
watching = False
first, seen[:] = seen[:], []
watching = True
Calendar("Asia/Kathmandu")
Calendar(dt.timezone.utc)
Calendar(dt.timezone(dt.timedelta(hours=8)))
watching = False
assert not seen, seen
seen = first
"""

IMPORTS = """
watching = True
import customerops
for package in ("errors", "model", "lifecycle", "metrics", "journey"):
    module = importlib.import_module(f"customerops.{package}")
    for name in module.__all__:
        getattr(module, name)
watching = False
"""


def audited(script: str) -> list[list[Any]]:
    """Run a script under the hook; return what it saw. Nothing else may be printed."""
    run = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", f"{WATCH}{script}\nprint(json.dumps(seen))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert run.stdout.count("\n") == 1, f"something was printed: {run.stdout[:500]}"
    events: list[list[Any]] = json.loads(run.stdout)
    return events


def test_functions_touch_nothing() -> None:
    assert audited(FUNCTIONS) == []


def test_a_named_zone_reads_the_zone_database_and_nothing_else() -> None:
    events = audited(ZONES)
    assert events, "the hook saw nothing: it does not watch"
    database = ("Asia/Kathmandu", "Asia', 'Kathmandu", "tzdata", "importlib", "zoneinfo")
    assert [e for e in events if not any(part in e[1] for part in database)] == []


def test_imports_only_import() -> None:
    """Loading every public name opens modules, and nothing to write, to connect to, or to run."""
    loading = ("import", "os.listdir", "os.scandir", "ctypes.dlopen")
    opened = [e for e in audited(IMPORTS) if not e[0].startswith(loading)]
    numpy_own = ("os.putenv", "os.unsetenv")  # a variable of its linear algebra, set and unset
    assert [e for e in opened if e[0] not in ("open", *numpy_own)] == []
    assert [e for e in opened if e[0] in numpy_own and "OPENBLAS" not in e[1]] == []
    assert [e for e in opened if "'w" in e[1] or "'a" in e[1] or "'x" in e[1]] == []


@pytest.mark.parametrize(
    "planted",
    ["open('/dev/null').close()", "import colorsys", "socket.socket().close()", "os.listdir('.')"],
)
def test_the_hook_sees(planted: str) -> None:
    assert audited(f"import os, socket\nwatching = True\n{planted}\nwatching = False") != []
