"""Figures: numbers made of other numbers, which are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from customerops.errors import InvalidInputError
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values.checks import finite

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Figure", "figure", "needed", "share"]


def _kept(parts: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType(dict(parts))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Figure(Result):
    """A number computed from numbers that somebody gave.

    Attributes
    ----------
    value : float
        The number; NaN where it is undefined.
    parts : mapping of str to float
        What it was computed from.
    context : Context
        What it is, and by which definition.

    Notes
    -----
    It has no interval, for nothing is known of how its parts came about, and figures do not add.

    Examples
    --------
    >>> from customerops.metrics import expected_lifetime
    >>> expected_lifetime(churn=0.025)
    Figure(metric='expected_lifetime', churn=0.025, value=40)
    """

    value: float
    parts: Mapping[str, float] = attrs.field(converter=_kept)
    context: Context

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __float__(self) -> float:
        """Return the value."""
        return self.value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Figure):
            return NotImplemented
        same = self.value == other.value or (math.isnan(self.value) and math.isnan(other.value))
        return same and self.parts == other.parts and self.context == other.context

    def __repr__(self) -> str:
        parts = "".join(f", {name}={part:g}" for name, part in self.parts.items())
        return f"Figure(metric={self.context.metric!r}{parts}, value={self.value:.6g})"

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the parts as a plain mapping."""
        return {"value": self.value, "parts": dict(self.parts), "context": self.context}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore them, read-only again."""
        self.__init__(**state)  # type: ignore[misc]

    def to_frame(self) -> pd.DataFrame:
        """Return one row: the parts, and the value."""
        import pandas as pd

        return pd.DataFrame([{**self.parts, "value": self.value}])


def figure(
    metric: str, definition: str | None, above: float, below: float, **parts: float
) -> Figure:
    """Return one number by another; NaN unless the lower one is above 0."""
    value = above / below if below > 0 else math.nan
    return Figure(value=value, parts=parts, context=Context(metric=metric, definition=definition))


def share(name: str, value: object) -> float:
    """Return a number from 0 to 1.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
    number = finite(name, value)
    if not 0 <= number <= 1:
        raise InvalidInputError(name, "must be from 0 to 1", f"got {number:g}")
    return number


def needed(definition: str, wanted: tuple[str, ...], given: Mapping[str, Any]) -> None:
    """Refuse what a definition needs and has not, or has and does not need.

    Raises
    ------
    InvalidInputError
        Named after it.
    """
    for name, value in given.items():
        if value is None and name in wanted:
            raise InvalidInputError(name, f"must be given for definition={definition!r}")
        if value is not None and name not in wanted:
            raise InvalidInputError(name, "must be left out", f"{definition!r} has no use for it")
