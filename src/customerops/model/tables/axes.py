"""The axes of a table: sorted, absolute labels, joined by label and never by position."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Literal, get_args

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.values.checks import boolean, came, did_you_mean, one_of, text
from customerops.model.values.labels import Label, label_key

__all__ = ["Axis", "AxisKind"]

AxisKind = Literal["group", "cohort", "period", "age", "state"]
"""What the labels of an axis are."""

_HINTS = 1000  # a misspelt label is looked for among so many, no more


_FIELDS = ("name", "labels", "kind", "disjoint", "keys")


def _name(value: str) -> str:
    return text("axis", value)


def _labels(values: Iterable[Label]) -> tuple[Label, ...]:
    return tuple(values)


def _kind(value: AxisKind) -> AxisKind:
    one_of("kind", value, get_args(AxisKind))
    return value


def _disjoint(value: bool) -> bool:  # noqa: FBT001
    return boolean("disjoint", value)


@attrs.frozen(eq=False)
class Axis:
    """One axis of a table.

    Parameters
    ----------
    name : str
        Its name, and that of its column in a frame: ``"cohort"``, ``"country"``.
    labels : iterable of Label
        The label of each cell, sorted by `label_key` and unique. A period or a cohort is the local
        date (for hours the naive datetime) it starts on, an age is an int.
    kind : {"group", "cohort", "period", "age", "state"}
        What the labels are.
    disjoint : bool
        Whether each customer is in at most one cell. Only along such an axis parts may be summed.

    Raises
    ------
    InvalidInputError
        If labels are not plain Python scalars (numpy's, NaN and aware datetimes are not), are not
        sorted, or repeat.

    Notes
    -----
    Labels keep the law ``labels(f(a | b)) == labels(f(a)) | labels(f(b))`` for logs of disjoint
    customers; so results add.

    Examples
    --------
    >>> from customerops.model import Axis
    >>> european = Axis("country", ["DE", "FR", None], "group", disjoint=True)
    >>> european.join(Axis("country", ["AT"], "group", disjoint=True)).labels
    ('AT', 'DE', 'FR', None)
    """

    name: str = attrs.field(converter=_name)
    labels: tuple[Label, ...] = attrs.field(converter=_labels)
    kind: AxisKind = attrs.field(converter=_kind)
    disjoint: bool = attrs.field(default=False, converter=_disjoint)
    keys: tuple[tuple[int, object], ...] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        keys = tuple(_key(self.name, label) for label in self.labels)
        if not all(a < b for a, b in pairwise(keys)):
            raise InvalidInputError(self.name, "must have labels that are sorted and unique")
        object.__setattr__(self, "keys", keys)

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        """Compare by label keys: ``True``, ``1`` and ``1.0`` are three labels."""
        if not isinstance(other, Axis):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __reduce__(self) -> tuple[object, ...]:
        return (Axis, (self.name, self.labels, self.kind, self.disjoint))

    def join(self, other: Axis) -> Axis:
        """Return the axis of the labels of both.

        Raises
        ------
        InvalidInputError
            If the two differ in name, kind or disjointness.

        Examples
        --------
        >>> from customerops.model import Axis
        >>> Axis("age", [0, 1], "age").join(Axis("age", [1, 2], "age")).labels
        (0, 1, 2)
        """
        for field in ("name", "kind", "disjoint"):
            a, b = getattr(self, field), getattr(other, field)
            if a != b:
                problem = f"got {field} {a!r} and {b!r}"
                raise InvalidInputError("axes", "must be the same to add results", problem)
        if self.keys == other.keys:
            return self
        merged = dict(zip(self.keys, self.labels, strict=True))
        merged.update(zip(other.keys, other.labels, strict=True))
        if len(merged) == len(self):
            return self
        return self._with({key: merged[key] for key in sorted(merged)})

    def places(self, other: Axis) -> NDArray[np.intp]:
        """Return the position here of every label of an axis whose labels are all here."""
        where = dict(zip(self.keys, range(len(self)), strict=True))
        return np.array([where[key] for key in other.keys], dtype=np.intp)

    def positions(self, labels: Iterable[Label]) -> NDArray[np.intp]:
        """Return the position of each label.

        Raises
        ------
        InvalidInputError
            If one is not a label of this axis; the message suggests the nearest.

        Examples
        --------
        >>> from customerops.model import Axis
        >>> Axis("age", [0, 1, 2], "age").positions([2, 0])
        array([2, 0])
        """
        where = {key: i for i, key in enumerate(self.keys)}
        found = []
        for label in labels:
            position = where.get(_key(self.name, label))
            if position is None:
                raise InvalidInputError(
                    self.name, "must be a label of the axis", self._near(label)
                )
            found.append(position)
        return np.array(found, dtype=np.intp)

    def at(self, positions: Iterable[int]) -> Axis:
        """Return the axis of the labels at these positions, which must rise."""
        return self._with({self.keys[i]: self.labels[i] for i in positions})

    def _with(self, labels: Mapping[tuple[int, object], Label]) -> Axis:
        """Return the axis of other labels, by their keys; both are known to be in order."""
        axis = object.__new__(Axis)
        values = (self.name, tuple(labels.values()), self.kind, self.disjoint, tuple(labels))
        for field, value in zip(_FIELDS, values, strict=True):
            object.__setattr__(axis, field, value)
        return axis

    def _identity(self) -> tuple[object, ...]:
        return (self.name, self.kind, self.disjoint, self.keys)

    def _near(self, label: Label) -> str:
        """Name what came only if it is close to a label: it could be anything of a customer's."""
        hint = did_you_mean(label, [v for v in self.labels[:_HINTS] if isinstance(v, str)])
        return f"got {label!r}{hint}" if hint else came(label)


def _key(name: str, label: Label) -> tuple[int, object]:
    """Return the sort key of a label, or refuse what does not sort."""
    try:
        key = label_key(label)
    except KeyError:
        raise InvalidInputError(name, "must have plain Python labels", came(label)) from None
    if label != label:  # noqa: PLR0124 - NaN
        raise InvalidInputError(name, "must have labels that sort", "got nan; None is missing")
    if isinstance(label, dt.datetime) and label.tzinfo is not None:
        raise InvalidInputError(name, "must have local labels", "got an aware datetime")
    return key
