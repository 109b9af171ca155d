"""Text ids as bytes: a table of 64-bit words, a hash of each row, and the check of equal hashes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import UUID

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.sort import Run

__all__ = ["ByteStrings", "Words", "alike", "as_bytes", "as_text", "hashes", "word_table"]

Words = NDArray[np.uint64]

_BLOCK = 1 << 14  # rows worked on at a time: they stay in the cache
_WORD = 8
_WIDEST = 256  # bytes of a row in the table; longer ids are rare and coded one by one
_COVERED = 0.99  # share of rows, at least, that fit the table
_FILL = 0xFF  # no byte of UTF-8, so a filled row equals no other
_ALL = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: tells the places in a row apart
# the finaliser of splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
# generators", OOPSLA, figure 17: David Stafford's variant 13)
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@attrs.frozen(eq=False)
class ByteStrings:
    """Ids as UTF-8 bytes in Arrow's layout, without nulls.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        Row ``i`` is ``data[offsets[i]:offsets[i + 1]]``. Need not start at 0 (a slice of Arrow data
        does not); never decreases.
    data : ndarray of uint8
        The bytes of all rows, one after the other.

    Examples
    --------
    >>> import numpy as np
    >>> len(ByteStrings(np.array([0, 2, 5]), np.frombuffer(b"c1c22", np.uint8)))
    2
    """

    offsets: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1


def as_bytes(ids: NDArray[np.object_]) -> ByteStrings | None:
    """Encode an object array of str or of UUID.

    Parameters
    ----------
    ids : ndarray of object, shape (n,)
        All str or all UUID.

    Returns
    -------
    ByteStrings or None
        Texts end in a NUL byte here, which tells them apart; None if a text holds one itself.

    Notes
    -----
    Joining the texts and hashing bytes costs half of what hashing the objects one by one does, and
    less where they lie in memory in the order of the rows.

    Examples
    --------
    >>> import numpy as np
    >>> as_bytes(np.array(["c1", "c22"], object)).offsets
    array([0, 3, 7])
    """
    size = len(ids)
    data = bytearray()
    uuids = size > 0 and isinstance(ids[0], UUID)
    for start in range(0, size, _BLOCK):
        block = ids[start : start + _BLOCK].tolist()
        if uuids:
            data += b"".join([each.bytes for each in block])
        else:
            data += ("\0".join(block) + "\0").encode("utf-8", "surrogatepass")
    raw = np.frombuffer(data, np.uint8)
    if uuids:
        return ByteStrings(np.arange(size + 1) * 16, raw)
    ends = np.flatnonzero(raw == 0)
    if len(ends) != size:
        return None
    return ByteStrings(np.concatenate(([0], ends + 1)), raw)


def word_table(strings: ByteStrings, run: Run) -> Words:
    """Lay rows out as 64-bit words, so that two rows are equal where their words are.

    Parameters
    ----------
    strings : ByteStrings
        UTF-8, or rows of one width that is a multiple of 8.
    run : callable
        From `workers`.

    Returns
    -------
    ndarray of uint64, shape (n, words)
        A view of the data where all rows have one width, a multiple of 8. Else rows are filled up
        with a byte that UTF-8 does not have, and the few that are longer than the table is wide
        stand as a number behind that byte.

    Examples
    --------
    >>> import numpy as np
    >>> from customerops.model.intake.sort import workers
    >>> with workers(1, 2) as run:
    ...     word_table(ByteStrings(np.array([0, 1, 3]), np.frombuffer(b"aaa", np.uint8)), run).shape
    (2, 1)
    """
    offsets, size = strings.offsets, len(strings)
    length = np.diff(offsets)
    widest = int(length.max(initial=0))
    if widest and widest % _WORD == 0 and bool((length == widest).all()):
        raw = np.ascontiguousarray(strings.data[offsets[0] : offsets[-1]]).view(np.uint64)
        aligned: Words = np.require(raw, requirements="A").reshape(size, -1)
        return aligned
    counts = np.bincount(np.minimum(length, _WIDEST), minlength=1).cumsum()
    width = -(-max(int(counts.searchsorted(_COVERED * size)), 1) // _WORD) * _WORD
    table = np.empty((size, width), np.uint8)
    long = np.flatnonzero(length > width)
    columns = np.arange(width)

    def fill(start: int) -> None:
        stop = min(start + _BLOCK, size)
        count = length[start:stop]
        raw = strings.data[offsets[start] : offsets[stop]]
        if bool((count > width).any()):
            raw = raw[(count <= width).repeat(count)]
            count = np.where(count > width, 0, count)
        part = table[start:stop]
        part[:] = _FILL
        part[columns < count[:, None]] = raw

    run(fill, range(0, size, _BLOCK))
    words: Words = table.view(np.uint64)
    seen: dict[bytes, int] = {}
    for row in long.tolist():
        text = strings.data[offsets[row] : offsets[row + 1]].tobytes()
        table[row, 1:8] = np.frombuffer(seen.setdefault(text, len(seen)).to_bytes(7), np.uint8)
    return words


def hashes(words: Words) -> Words:
    """Hash rows of words.

    Parameters
    ----------
    words : ndarray of uint64, shape (n, words)
        From `word_table`.

    Returns
    -------
    ndarray of uint64, shape (n,)
        Equal rows have equal hashes; different rows nearly always have different ones, so whoever
        uses them to group checks with `alike`.

    Notes
    -----
    The sum of splitmix64's finaliser over the words of a row, each shifted by its place. A plain
    sum of products would not do: ids that differ in the last bytes of two words would collide in
    one of 256 cases.

    Examples
    --------
    >>> import numpy as np
    >>> a, b, c = hashes(np.array([[1, 2], [1, 2], [2, 1]], np.uint64))
    >>> bool(a == b), bool(a == c)
    (True, False)
    """
    total = np.zeros(len(words), np.uint64)
    for start in range(0, len(words), _BLOCK):
        for place, column in enumerate(words[start : start + _BLOCK].T):
            mixed = column + np.uint64(place * _STEP & _ALL)
            mixed ^= mixed >> np.uint64(30)
            mixed *= np.uint64(_FIRST)
            mixed ^= mixed >> np.uint64(27)
            mixed *= np.uint64(_SECOND)
            mixed ^= mixed >> np.uint64(31)
            total[start : start + _BLOCK] += mixed
    return total


def alike(words: Words, rows: NDArray[Any], same: NDArray[np.bool_]) -> bool:
    """Tell whether neighbours said to be the same id are.

    Parameters
    ----------
    words : ndarray of uint64, shape (n, words)
        From `word_table`.
    rows : ndarray of int, shape (k,)
        Which rows, in the order to compare.
    same : ndarray of bool, shape (k - 1,)
        Each row but the last is said to be the same id as the next one.

    Returns
    -------
    bool
        True if each pair said to be the same has the same words.

    Examples
    --------
    >>> import numpy as np
    >>> table, rows = np.array([[7], [8], [7]], np.uint64), np.array([0, 2, 1])
    >>> alike(table, rows, np.array([True, False])), alike(table, rows, np.array([True, True]))
    (True, False)
    """
    each = words.take(rows, axis=0).T
    return not any(bool(((word[1:] != word[:-1]) & same).any()) for word in each)


def as_text(strings: ByteStrings, words: Words, rows: NDArray[Any]) -> NDArray[np.object_]:
    """Decode some rows.

    Parameters
    ----------
    strings : ByteStrings
        Valid UTF-8.
    words : ndarray of uint64, shape (n, words)
        From `word_table`.
    rows : ndarray of int, shape (k,)
        Which rows.

    Returns
    -------
    ndarray of object, shape (k,)
        A str each.

    Examples
    --------
    >>> import numpy as np
    >>> from customerops.model.intake.sort import workers
    >>> ids = ByteStrings(np.array([0, 2, 5]), np.frombuffer(b"c1c22", np.uint8))
    >>> with workers(1, 2) as run:
    ...     as_text(ids, word_table(ids, run), np.array([1]))
    array(['c22'], dtype=object)
    """
    out = np.empty(len(rows), object)
    width = _WORD * words.shape[1]
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK]
        table = words.take(part, axis=0).view(np.uint8)
        low, high = strings.offsets.take(part), strings.offsets[1:].take(part)
        long = np.flatnonzero(high - low > width)
        table[long] = _FILL
        raw = table[table != _FILL]
        # one decoding of all, then slices: twice as fast as decoding one by one
        text = raw.tobytes().decode()
        ends = np.where(high - low > width, 0, high - low).cumsum()
        if len(text) < len(raw):
            ends = np.concatenate(([0], ((raw & 0xC0) != 0x80).cumsum())).take(ends)
        out[start : start + _BLOCK] = [text[a:z] for a, z in pairwise([0, *ends.tolist()])]
        for i in long.tolist():
            out[start + i] = strings.data[low[i] : high[i]].tobytes().decode()
    return out
