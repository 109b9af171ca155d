"""The watch sees what reaches out, lets imports pass unless told not to, and puts all back."""

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from customerops.testing.promises import touches_nothing
from customerops.testing.sameness import same, writable
from customerops.testing.watching import process_state, restored, watching


def load(name: str) -> Any:
    sys.modules.pop(name, None)
    return __import__(name)


def test_loading_is_seen_by_the_strict_only() -> None:
    with watching() as lenient, watching(strict=True) as strict:
        load("colorsys")
    assert lenient == []
    assert {event for event, _ in strict} >= {"import", "open"}


def test_nothing_is_heard_after() -> None:
    with watching() as seen:
        pass
    with Path(__file__).open(encoding="utf-8"):
        assert seen == []


def test_what_is_opened_is_said() -> None:
    def opens(path: str) -> None:
        with Path(path).open(encoding="utf-8"):
            pass

    with pytest.raises(AssertionError, match="reached out of the process: .*open"):
        touches_nothing(opens, __file__)


def test_puts_all_back() -> None:
    before = process_state()
    with restored():
        random.seed(3)
        np.random.seed(3)
        np.seterr(all="ignore")
        assert process_state() != before
    assert process_state() == before


def test_same() -> None:
    nan = float("nan")
    assert same((nan, 1), (nan, 1))
    assert not same(nan, 1.0)
    assert not same(1, 1.0)
    assert same(np.array([nan]), np.array([nan]))
    assert not same(np.array([1]), np.array([1.0]))
    with pytest.raises(AssertionError, match="== of ndarray gives ndarray, not bool"):
        same(np.array([1, 2]), 1)


def test_writable() -> None:
    assert writable({"a": [("int64", (1,), True, b"")]})
    assert not writable({"a": [("int64", (1,), False, b""), "text"]})
