"""Results as bytes that say which form they are in."""

from __future__ import annotations

import pickle
from typing import Any

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came

__all__ = ["VERSION", "from_bytes", "to_bytes"]

VERSION = 1
"""Of the form of results; raised with every change after which older bytes would be misread."""

_HEAD = b"customerops result "


def to_bytes(result: object) -> bytes:
    """Return a result as bytes, to be kept or sent.

    Parameters
    ----------
    result : object
        A statistic, a `Reduced`, lifecycle states: anything of this library that a function
        returned.

    Returns
    -------
    bytes
        A line with the version of the form, then the result.

    Examples
    --------
    >>> from customerops import metrics
    >>> from customerops.engines import from_bytes, to_bytes
    >>> kept = to_bytes(metrics.proportion(81, 263))
    >>> from_bytes(kept) == metrics.proportion(81, 263)
    True
    """
    return _HEAD + str(VERSION).encode() + b"\n" + pickle.dumps(result, protocol=5)


def from_bytes(data: bytes) -> Any:
    r"""Return the result that `to_bytes` wrote.

    Parameters
    ----------
    data : bytes
        What `to_bytes` returned, here or on another machine.

    Returns
    -------
    object
        The result; it equals the one that was written.

    Raises
    ------
    InvalidInputError
        Named ``data`` when these bytes are of something else, and ``version`` when another version
        of the form wrote them: compute that result again.

    Warnings
    --------
    The bytes are a pickle, which can run code: read only what you wrote.

    Examples
    --------
    >>> from customerops.engines import from_bytes
    >>> from_bytes(b"customerops result 0\n...")
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: version must be 1 to be read: got 0; compute the result again
    """
    if not isinstance(data, bytes):
        raise InvalidInputError("data", "must be bytes", came(data))
    head, end, content = data.partition(b"\n")
    version = head.removeprefix(_HEAD)
    if not (head.startswith(_HEAD) and end and version.isdigit()):
        raise InvalidInputError("data", "must be what to_bytes returned")
    if int(version) != VERSION:
        said = f"got {int(version)}; compute the result again"
        raise InvalidInputError("version", f"must be {VERSION} to be read", said)
    return pickle.loads(content)  # noqa: S301 - the docstring says whose bytes to read
