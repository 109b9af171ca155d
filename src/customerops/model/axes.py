"""The axes of a table: sorted, absolute labels, joined by label and never by position."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, get_args

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.checks import boolean, came, did_you_mean, one_of, text
from customerops.model.labels import Label, label_key

__all__ = ["Axis", "AxisKind"]

AxisKind = Literal["group", "cohort", "period", "age", "state"]

_HINTS = 1000  # labels among which a misspelt one is looked for
_PLAIN = "must be plain Python scalars that sort"


@attrs.frozen(eq=False)
class Axis:
    """One axis of a table.

    Parameters
    ----------
    name : str
        Its name, and that of its column in a frame: ``"cohort"``, ``"country"``.
    labels : iterable of Label
        The label of each cell, sorted by `label_key` and unique. A period or a cohort is the local
        date (for hours the naive datetime) it starts on, an age an int.
    kind : {"group", "cohort", "period", "age", "state"}
        What the labels are.
    disjoint : bool
        Whether each customer is in at most one cell. Only along such an axis parts may be summed.

    Raises
    ------
    InvalidInputError
        If labels are not plain scalars (an aware datetime and NaN are not), not sorted or repeated.

    Notes
    -----
    Labels keep the law ``labels(f(a | b)) == labels(f(a)) | labels(f(b))`` for logs of disjoint
    customers, so that results can be added.

    Examples
    --------
    >>> Axis("country", ("DE", "FR", None), "group", disjoint=True).join(
    ...     Axis("country", ("AT",), "group", disjoint=True)
    ... ).labels
    ('AT', 'DE', 'FR', None)
    """

    name: str
    labels: tuple[Label, ...]
    kind: AxisKind
    disjoint: bool
    keys: tuple[tuple[int, object], ...] = attrs.field(init=False, repr=False)

    def __init__(
        self, name: str, labels: Iterable[Label], kind: AxisKind, disjoint: bool = False  # noqa: FBT001, FBT002
    ) -> None:
        labels = tuple(labels)
        keys = tuple(_key(name, label) for label in labels)
        if not all(a < b for a, b in pairwise(keys)):  # type: ignore[operator]
            raise InvalidInputError(name, "must have labels that are sorted and unique")
        self.__attrs_init__(
            text("axis", name), labels, one_of("kind", kind, get_args(AxisKind)), boolean("disjoint", disjoint)
        )
        object.__setattr__(self, "keys", keys)
