"""Group events by customer, whatever their ids are, and sort them by time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.sort import Array, CollisionError, Run, sort_rows, workers
from customerops.model.intake.strings import (
    ByteStrings,
    alike,
    as_bytes,
    as_text,
    hashes,
    word_table,
)

__all__ = ["ByteStrings", "CodedIds", "Grouped", "RawIds", "group"]

_BLOCK = 1 << 16  # rows hashed at a time


@attrs.frozen(eq=False)
class CodedIds:
    """Ids of a dictionary or categorical column.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Positions in `categories`, none negative.
    categories : ndarray, shape (k,)
        The ids, each once, in any order; some may be unused.

    Examples
    --------
    >>> import numpy as np
    >>> CodedIds(np.array([1, 0, 1]), np.array(["b", "a"], object)).codes
    array([1, 0, 1])
    """

    codes: Array
    categories: Array


RawIds = NDArray[Any] | ByteStrings | CodedIds


@attrs.frozen(eq=False)
class Grouped:
    """Events by customer, then time, then input order.

    Parameters
    ----------
    customers : ndarray, shape (n_customers,)
        The ids that occur, int64 or objects. Their order is the same whenever the input is, and
        otherwise private.
    offsets : ndarray of int64, shape (n_customers + 1,)
        The events of customer ``c`` are rows ``offsets[c]:offsets[c + 1]``.
    at : ndarray of int64, shape (n_events,)
        Microseconds UTC.
    payload : dict of str to ndarray, shape (n_events,)
        The columns given, in the order of `at`.

    Examples
    --------
    >>> import numpy as np
    >>> group(np.array([7, 7]), np.array([20, 10]), {"row": np.arange(2)}).payload["row"]
    array([1, 0])
    """

    customers: Array
    offsets: NDArray[np.int64]
    at: NDArray[np.int64]
    payload: dict[str, Array]


def group(
    ids: RawIds, at: NDArray[np.int64], payload: Mapping[str, Array], *, threads: int | None = None
) -> Grouped:
    """Bring the events of each customer together and sort them by time.

    Parameters
    ----------
    ids : ndarray of int64, ndarray of object, ByteStrings or CodedIds, shape (n_events,)
        Whose event it is. Objects are all str or all UUID.
    at : ndarray of int64, shape (n_events,)
        Microseconds UTC.
    payload : mapping of str to ndarray, shape (n_events,)
        Columns to bring along; a column of row numbers brings the permutation.
    threads : int, optional
        Threads to work on, ended with the call; 1 makes none. By default one a processor, at
        most 4, where there is more than one bucket. The answer does not depend on it.

    Returns
    -------
    Grouped
        In arrays of its own, whatever was given.

    Notes
    -----
    Events of one customer at one instant keep their input order. Linear in the events where the
    times of a customer are nearly in order; within a customer a comparison sort.

    Examples
    --------
    >>> import numpy as np
    >>> ids = np.array(["bo", "al", "bo"], object)
    >>> log = group(ids, np.array([30, 20, 10]), {"kind": np.array([0, 1, 2])})
    >>> [(who, log.at[a:z].tolist()) for who, a, z in
    ...  sorted(zip(log.customers, log.offsets, log.offsets[1:]))]
    [('al', [20]), ('bo', [10, 30])]
    >>> log.payload["kind"][log.at == 10]
    array([2])
    """
    with workers(threads, len(at)) as run:
        if isinstance(ids, CodedIds):
            return _group_coded(ids, at, payload, run)
        if isinstance(ids, ByteStrings):
            return _group_strings(ids, None, at, payload, run)
        if ids.dtype == object:
            strings = as_bytes(ids)
            if strings is None:
                return _group_coded(_coded(ids), at, payload, run)
            return _group_strings(strings, ids, at, payload, run)
        customers, offsets, columns = sort_rows(ids, [at, *payload.values()], run)
        return _grouped(customers, offsets, columns, payload)


def _group_coded(
    ids: CodedIds, at: NDArray[np.int64], payload: Mapping[str, Array], run: Run
) -> Grouped:
    codes, offsets, columns = sort_rows(ids.codes, [at, *payload.values()], run)
    return _grouped(ids.categories.take(codes), offsets, columns, payload)


def _group_strings(
    strings: ByteStrings,
    objects: Array | None,
    at: NDArray[np.int64],
    payload: Mapping[str, Array],
    run: Run,
) -> Grouped:
    """Group by a hash of the bytes; by the values where two ids share a hash."""
    size = len(at)
    words = word_table(strings, run)
    keys = np.empty(size, np.uint64)

    def fill(start: int) -> None:
        keys[start : start + _BLOCK] = hashes(words[start : start + _BLOCK])

    run(fill, range(0, size, _BLOCK))
    rows = np.arange(size, dtype=np.int32 if size < 1 << 31 else np.int64)
    try:
        _, offsets, columns = sort_rows(
            keys, [at, *payload.values(), rows], run, partial(alike, words)
        )
    except CollisionError:
        values = as_text(strings, words, rows) if objects is None else objects
        return _group_coded(_coded(values), at, payload, run)
    first = columns.pop().take(offsets[:-1])
    customers = as_text(strings, words, first) if objects is None else objects.take(first)
    return _grouped(customers, offsets, columns, payload)


def _grouped(
    customers: Array, offsets: NDArray[np.int64], columns: list[Array], payload: Iterable[str]
) -> Grouped:
    return Grouped(customers, offsets, columns[0], dict(zip(payload, columns[1:], strict=True)))


def _coded(ids: Array) -> CodedIds:
    """Code objects by their values, one by one."""
    values = ids.tolist()
    distinct = dict.fromkeys(values)
    place = dict(zip(distinct, range(len(distinct)), strict=True))
    categories = np.empty(len(distinct), object)
    categories[:] = list(distinct)
    return CodedIds(np.fromiter(map(place.__getitem__, values), np.int64, len(values)), categories)
