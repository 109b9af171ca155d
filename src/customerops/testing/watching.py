"""What a function touches besides its arguments: files, the network, what is shared by all.

Python tells its audit hooks of every file that is opened and every connection made. A hook cannot
be taken out again, so there is one, and it listens only while somebody watches.
"""

from __future__ import annotations

import contextlib
import decimal
import io
import random
import sys
import warnings
from collections.abc import Iterator
from typing import Any

__all__ = ["TOUCHES", "process_state", "restored", "silent", "watching"]

TOUCHES = (
    *("open", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "glob.", "pathlib."),
    *("sqlite3.", "urllib.", "http.", "ftplib.", "smtplib.", "mmap.", "ctypes.dlopen", "syslog."),
    *("fcntl.", "signal.", "webbrowser.", "winreg.", "sys.addaudithook", "sys.settrace"),
)
"""How the names of the audit events begin that reach out of the process, or change it."""

Seen = list[tuple[str, str]]

_watchers: list[tuple[bool, Seen]] = []
_hooks: list[Any] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    for strict, seen in _watchers:
        if event.startswith(TOUCHES):
            if strict or not _importing():
                seen.append((event, repr(arguments)[:200]))
        elif strict and event == "import":
            seen.append((event, repr(arguments)[:200]))


_hear.__cantrace__ = True  # type: ignore[attr-defined] # its lines are measured, as any others


def _importing() -> bool:
    """Whether the code that runs was called to load a module."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back  # type: ignore[assignment] # None above the first
    return False


@contextlib.contextmanager
def watching(*, strict: bool = False) -> Iterator[Seen]:
    """Collect the audit events that reach out of the process.

    Parameters
    ----------
    strict : bool
        Whether loading a module is one; else what a first import opens is not seen.

    Yields
    ------
    list of (event, its arguments in words)
    """
    if not _hooks:
        sys.addaudithook(_hear)
        _hooks.append(_hear)
    watcher: tuple[bool, Seen] = (strict, [])
    _watchers.append(watcher)
    try:
        yield watcher[1]
    finally:
        _watchers[:] = [one for one in _watchers if one is not watcher]


@contextlib.contextmanager
def silent() -> Iterator[io.StringIO]:
    """Collect what is printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield printed


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Put back afterwards what `process_state` tells of, so that one fault does not hide others."""
    import numpy as np

    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with np.errstate(), warnings.catch_warnings(), decimal.localcontext():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002


def process_state() -> dict[str, str]:
    """Return what a function could change for everybody else, in words."""
    import numpy as np
    import scipy.optimize  # these two add warning filters of their own when they load,
    import scipy.special  # noqa: F401 - so they are loaded before the filters are read

    context = decimal.getcontext()
    drawn: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - what old code draws from
    return {
        "random state of Python": repr(random.getstate()),
        "random state of numpy": repr([drawn["state"]["key"].tolist(), drawn["state"]["pos"]]),
        "error state of numpy": repr(np.geterr()),
        "warning filters": repr(warnings.filters),
        "decimal context": repr((context.prec, context.rounding, context.traps)),
    }
