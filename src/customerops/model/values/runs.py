"""Runs of equal values in sorted arrays: what takes the place of group-by after the build."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["first_of_run", "ranges"]


def first_of_run(*keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the mask of rows that differ from the row before them in any of the keys.

    Parameters
    ----------
    *keys : ndarray, shape (n,)
        Arrays in which equal rows stand together.

    Examples
    --------
    >>> import numpy as np
    >>> first_of_run(np.array([1, 1, 2, 2]), np.array([5, 5, 5, 7])).tolist()
    [True, False, True, True]
    """
    first = np.ones(len(keys[0]), np.bool_)
    if len(first) > 1:
        np.not_equal(keys[0][1:], keys[0][:-1], out=first[1:])
        for key in keys[1:]:
            first[1:] |= key[1:] != key[:-1]
    return first


def ranges(starts: NDArray[Any], lengths: NDArray[Any]) -> NDArray[np.int64]:
    """Return the positions ``starts[i] .. starts[i] + lengths[i] - 1`` of all i, one after another.

    Examples
    --------
    >>> import numpy as np
    >>> ranges(np.array([4, 0]), np.array([2, 3])).tolist()
    [4, 5, 0, 1, 2]
    """
    ends = np.cumsum(lengths, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    shift = np.asarray(starts, np.int64) - (ends - lengths)
    positions: NDArray[np.int64] = np.arange(total, dtype=np.int64) + np.repeat(shift, lengths)
    return positions
