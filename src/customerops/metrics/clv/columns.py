"""Columns that a caller brings: whole numbers, and histories that can have happened."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError

__all__ = ["check_rows", "whole_column"]

Ints = NDArray[np.int64]


def whole_column(name: str, values: ArrayLike, requirement: str, advice: str = "") -> Ints:
    """Return whole numbers as int64; floats are taken if they are whole."""
    try:
        given = np.asarray(values)
    except ValueError:
        problem = "got rows of unlike lengths"
        raise InvalidInputError(name, "must be a column of numbers", problem) from None
    if given.ndim != 1 or given.dtype.kind not in "iuf":
        problem = f"got {given.dtype}" if given.ndim == 1 else f"got {given.ndim} dimensions"
        raise InvalidInputError(name, "must be a column of numbers", problem)
    if given.dtype.kind == "f":
        _refuse(name, ~np.isfinite(given), "must be finite")
        _refuse(name, given != np.rint(given), requirement, advice)
    _refuse(name, (given >= 2**62) | (given <= -(2**62)), "must be below 2**62")
    return given.astype(np.int64)


def check_rows(columns: dict[str, Ints]) -> None:
    """Refuse histories that cannot have happened, saying how many and which first."""
    x, t_x, T = columns["x"], columns["t_x"], columns["T"]
    for name in ("x", "t_x", "T", "held_x"):
        _refuse(name, columns[name] < 0, "must not be negative")
    _refuse("weights", columns["weights"] < 1, "must be at least 1")
    if columns["weights"].sum(dtype=np.float64) >= 2**62:
        raise InvalidInputError("weights", "must be below 2**62 in all", "got more customers")
    _refuse("t_x", t_x > T, "must not be above T")
    _refuse("t_x", (x == 0) & (t_x > 0), "must be 0 where x is 0", "nothing was bought since")
    _refuse(
        "t_x",
        (x > 0) & (t_x == 0),
        "must be above 0 where x is",
        "age starts with the first purchase",
    )
    spent = (x == 0) & (columns["spend"] != 0)
    _refuse("spend", spent, "must be 0 where x is 0", "it is the spend on repeat purchases")


def _refuse(name: str, wrong: NDArray[np.bool_], requirement: str, advice: str = "") -> None:
    count = int(np.count_nonzero(wrong))
    if count:
        raise InvalidInputError(
            name, requirement, advice, count=count, total=len(wrong), first=int(wrong.argmax())
        )
