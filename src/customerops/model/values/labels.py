"""Labels of axes, groups and codes: one order and one notion of sameness for all of them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

__all__ = ["END", "MORE", "OTHER", "START", "Label", "label_key"]

Label = bool | int | float | str | dt.date | UUID | tuple[str, ...] | None
"""A plain Python scalar, or the UUID of a thread. ``None`` is the missing label; tuples are reserved
for the library."""

START: Label = ("start",)
"""Where a path begins. A tuple, so that it never meets an event kind called "start"."""

END: Label = ("end",)
"""Where a path ends."""

MORE: Label = ("more",)
"""Where a path goes on beyond what is shown."""

OTHER: Label = ("other",)
"""All that are not shown by name, together."""

_RANK = {bool: 0, int: 1, float: 2, str: 3, dt.date: 4, dt.datetime: 5, tuple: 6, UUID: 7}
_MISSING = 9


def label_key(label: Label) -> tuple[int, object]:
    """Return the sort key of a label; two labels are the same exactly if their keys are equal.

    ``True``, ``1`` and ``1.0`` are three labels, though Python calls them equal. Types sort in a
    fixed order, missing last.

    Examples
    --------
    >>> sorted([None, "b", 2, "a", True], key=label_key)
    [True, 2, 'a', 'b', None]
    """
    if label is None:
        return (_MISSING, 0)
    return (_RANK[type(label)], label)
