"""Results that are equal if they say the same: arrays by content, and NaN equals NaN."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from customerops.model.tables.shown import Shown

__all__ = ["Alike"]


@attrs.frozen(eq=False)
class Alike(Shown):
    """Base of results that hold arrays: equal by what is in their fields, and not hashable."""

    def __eq__(self, other: object) -> bool:
        """Whether both are of one kind and say the same; NaN equals NaN."""
        if type(other) is not type(self):
            return NotImplemented
        names = [field.name for field in attrs.fields(type(self))]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, np.ndarray | float):
        return np.array_equal(one, other, equal_nan=True)
    return bool(one == other)
