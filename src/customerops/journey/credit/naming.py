"""What a channel may be called: a plain Python label that sorts."""

from __future__ import annotations

import datetime as dt

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came
from customerops.model.values.labels import Label, label_key

__all__ = ["channel_key"]


def channel_key(name: str, label: Label) -> tuple[int, object]:
    """Return the sort key of a channel that a caller names.

    Raises
    ------
    InvalidInputError
        If it is no plain Python label, or one that does not sort; named after the argument.

    Examples
    --------
    >>> channel_key("direct", "mail")
    (3, 'mail')
    >>> channel_key("direct", ["mail"])
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: direct must be a plain Python label: got list
    """
    requirement = "must be a plain Python label"
    try:
        key = label_key(label)
    except KeyError:
        raise InvalidInputError(name, requirement, came(label)) from None
    if isinstance(label, tuple) and not all(isinstance(part, str) for part in label):
        raise InvalidInputError(name, requirement, "got a tuple that holds more than text")
    if label != label:  # noqa: PLR0124 - NaN
        raise InvalidInputError(name, requirement, "got nan; None is missing")
    if isinstance(label, dt.datetime) and label.tzinfo is not None:
        raise InvalidInputError(name, requirement, "got an aware datetime")
    return key
