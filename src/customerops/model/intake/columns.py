"""Columns of ids and of labels, checked and coded.

A column is checked while it is whole, and made once the rows at fault have been left out, so that
only what occurs in accepted rows becomes a label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.build import ByteStrings, CodedIds, RawIds
from customerops.model.intake.faults import Fault, spread
from customerops.model.intake.raw import Dictionary, Mask, Plain, Raw, Rows, Text, is_int, said_of
from customerops.model.values.columns import Coded, Ids, code_type
from customerops.model.values.labels import Label, label_key

__all__ = ["Labels", "Role", "coded", "event_ids", "id_faults", "labelled", "occurring", "raw_ids"]

Role = Literal["text", "reference", "scalar"]
"""What labels may be: str; str, int or UUID; str, bool, int or finite float."""

_ID = "must be an int, a str or a UUID"
_BLOCK = 1 << 16


# ---------------------------------------------------------------------- ids


def id_faults(read: Raw) -> Sequence[Fault]:
    """Return what is wrong with a column of ids, missing rows apart.

    Notes
    -----
    Faults are, in this order: two types of id; no id at all; empty; too large for 64 bits. Floats
    and booleans are no ids: pandas makes floats of ints where one is missing.

    Examples
    --------
    >>> from customerops.model.intake.frames import raw
    >>> [fault.reason for fault in id_faults(raw("customer_id", ["a", ""])) if fault.rows.any()]
    ['empty']
    """
    if isinstance(read, Dictionary):
        used = occurring(read.codes, len(read.categories))
        hidden = attrs.evolve(read.categories, missing=read.categories.gone() | ~used)
        return spread(id_faults(hidden), read.codes)
    if isinstance(read, Text):
        offsets, _ = _buffers(read)
        return _empty((np.diff(offsets) == 0) & ~read.gone())
    if read.kind in ("int", "nothing"):
        return []
    if read.kind == "text":
        return _empty(np.equal(read.values, "") & ~read.gone())
    if read.kind == "object":
        return _mixed_ids(read)
    hint = f"got {said_of(read)}"
    if read.kind == "float":
        hint += "; cast them to int (to Int64 where some are missing) or to str"
    return [Fault("not an id", _ID, ~read.gone(), hint, whole=read.typed)]


def _empty(rows: Mask) -> list[Fault]:
    return [Fault("empty", "must not be empty", rows)]


def _mixed_ids(read: Plain) -> list[Fault]:
    """Check objects one by one: one type throughout, and each an id."""
    sorts = np.zeros(len(read), np.int8)
    present = ~read.gone()
    sorts[present] = [_sort_of_id(x) for x in read.values[present].tolist()]
    good = sorts[sorts > 0]
    faults = [Fault("not an id", _ID, sorts == -1), *_empty(sorts == -2)]
    faults.append(Fault("too large", "must fit 64 bits when it is an int", sorts == -3))
    if len(good) and (good != good[0]).any():
        named = " and ".join(name for sort, name in _SORTS if (good == sort).any())
        other = (sorts > 0) & (sorts != good[0])
        one = Fault("of another type", "must be of one type", other, f"got {named}", whole=True)
        faults.insert(0, one)
    return faults


_SORTS = ((1, "int"), (2, "str"), (3, "UUID"))


def _sort_of_id(x: Any) -> int:
    if isinstance(x, str):
        return 2 if x else -2
    if isinstance(x, UUID):
        return 3
    if is_int(x):
        return 1 if -(2**63) <= int(x) < 2**63 else -3
    return -1


def raw_ids(read: Raw) -> RawIds:
    """Return ids for the build, of rows that are neither missing nor at fault.

    Arrow text stays in its buffers, categories keep their codes, and the rest is int64 or objects
    of exactly one type.

    Examples
    --------
    >>> from customerops.model.intake.frames import raw
    >>> raw_ids(raw("customer_id", [7, 8]))
    array([7, 8])
    """
    if isinstance(read, Dictionary):
        return _coded_ids(read)
    if isinstance(read, Text):
        return ByteStrings(*_buffers(read))
    return _id_values(read)


def event_ids(read: Raw) -> Ids:
    """Return ids of events, None where missing; no row may be at fault."""
    missing = read.gone()
    read = read.plain() if isinstance(read, Text) else read
    if isinstance(read, Dictionary):
        used = occurring(read.codes, len(read.categories)) & ~read.categories.gone()
        values = np.full(len(used) + 1, None, object)
        values[:-1][used] = _id_values(read.categories.keep(np.flatnonzero(used)))
        values = values[read.codes]
    elif missing.any():
        values = np.full(len(read), None, object)
        values[~missing] = _id_values(read.keep(np.flatnonzero(~missing)))
    else:
        values = _id_values(read)
    if missing.any() or isinstance(next(iter(values[:1]), 0), str | UUID):
        return Ids(values)
    return Ids(values.astype(np.int64, copy=False))


def _id_values(read: Plain) -> NDArray[Any]:
    """Return ids as int64 or as objects of exactly one type."""
    if read.kind == "text":
        if set(map(type, read.values.tolist())) <= {str}:
            return read.values
        return _objects([str.__str__(x) for x in read.values.tolist()])
    if read.kind == "object" and len(read) and isinstance(read.values[0], UUID):
        return _objects([x if type(x) is UUID else UUID(int=x.int) for x in read.values.tolist()])
    if read.kind == "object" and len(read) and isinstance(read.values[0], str):
        return _objects([str.__str__(x) for x in read.values.tolist()])
    return read.values.astype(np.int64, copy=False)


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    return np.fromiter(values, np.dtype(object), len(values))


def _coded_ids(read: Dictionary) -> CodedIds:
    """Return each id once, and only those that occur."""
    import pandas as pd

    used = np.flatnonzero(occurring(read.codes, len(read.categories)))
    ids = _id_values(read.categories.keep(used))
    place = np.arange(len(used))
    if not read.distinct:
        place, distinct = pd.factorize(ids)
        ids = np.asarray(distinct)
    if len(ids) == len(read.categories):
        return CodedIds(read.codes, ids)
    table = np.zeros(len(read.categories), np.int64)
    table[used] = place
    return CodedIds(table[read.codes], ids)


def _buffers(read: Text) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the offsets and the bytes of an Arrow text column, not copied."""
    n = len(read)
    if n == 0:
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, data = read.array.buffers()
    start = read.array.offset
    return (
        np.frombuffer(offsets, np.int64)[start : start + n + 1],
        np.frombuffer(data or b"", np.uint8),
    )


# ---------------------------------------------------------------------- labels


@attrs.frozen(eq=False)
class Labels:
    """A column in codes of any order; a label may come twice, or in no row at all."""

    codes: Rows
    labels: tuple[Label, ...]
    faults: tuple[Fault, ...] = ()

    def keep(self, rows: Rows) -> Labels:
        """Keep the rows at some positions, which have no fault."""
        return Labels(self.codes[rows], self.labels)


def labelled(read: Raw, role: Role, options: Sequence[str] | None = None) -> Labels:
    """Code a column, and check its labels, which are few where rows are many.

    Parameters
    ----------
    read : Plain, Text or Dictionary
        The column.
    role : {"text", "reference", "scalar"}
        What its labels may be.
    options : sequence of str, optional
        The only labels there are.

    Notes
    -----
    Faults are, in this order: of the wrong type; empty; not finite; none of the options.

    Examples
    --------
    >>> from customerops.model.intake.frames import raw
    >>> column = labelled(raw("attributes.plan", [True, 1, None, 1.0]), "scalar")
    >>> coded(column).labels
    (True, 1, 1.0)
    >>> coded(column).codes.tolist()
    [0, 1, -1, 2]
    """
    coded = _in_codes(read)
    kind, typed = coded.categories.kind, coded.categories.typed
    required = {
        "of the wrong type": _FITTING[role],
        "empty": "must not be empty",
        "not finite": "must be finite",
        "unknown": "must be one of " + ", ".join(map(repr, options or ())),
    }
    wrong = {reason: np.zeros(len(coded.categories), np.bool_) for reason in required}
    labels: list[Label] = []
    gone = coded.categories.gone().tolist()
    fit = kind in ("bool", "int", "float", "text", "object")  # else their numbers are no labels
    for i, x in enumerate(coded.categories.values.tolist() if fit else [()] * len(gone)):
        label, reason = (None, "") if gone[i] else _label(x, role, options)
        labels.append(None if reason else label)
        if reason:
            wrong[reason][i] = True
    faults = []
    for reason, rows in wrong.items():
        whole = reason == "of the wrong type" and typed and kind not in ("object", "text")
        said = f"got {said_of(coded.categories)}" if whole else ""
        faults.append(Fault(reason, required[reason], rows, said, whole))
    return Labels(coded.codes, tuple(labels), spread(faults, coded.codes))


_FITTING: dict[Role, str] = {
    "text": "must be a str",
    "reference": _ID,
    "scalar": "must be a str, a bool, an int or a float",
}


def _label(x: Any, role: Role, options: Sequence[str] | None) -> tuple[Label, str]:
    """Return a label as plain Python, or what is wrong with it."""
    x = x.item() if isinstance(x, np.bool_ | np.floating) else x
    if isinstance(x, str):
        empty = not x and role != "scalar"
        unknown = options is not None and x not in options
        return str.__str__(x), ("empty" if empty else "unknown" if unknown else "")
    if role == "scalar" and isinstance(x, float):
        return (float(x) + 0.0, "") if math.isfinite(x) else (None, "not finite")  # -0.0 is 0.0
    if (role == "scalar" and isinstance(x, bool)) or (role != "text" and is_int(x)):
        return (x if isinstance(x, bool) else int(x)), ""
    if role == "reference" and isinstance(x, UUID):
        return UUID(int=x.int), ""
    return None, "of the wrong type"


def _in_codes(read: Raw) -> Dictionary:
    if isinstance(read, Dictionary):
        return read
    if isinstance(read, Text):
        encoded = read.array.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy()
        return Dictionary(codes, Text(encoded.dictionary).plain())
    if read.kind == "bool":
        codes, categories = read.values.astype(np.int8), np.array([False, True])
    elif read.kind in ("int", "float", "text"):
        codes, categories = _factorized(read)
    elif read.kind == "object":
        codes, categories = _factorized_objects(read)
    else:  # no label: one category stands for all
        codes, categories = np.zeros(len(read), np.int8), read.values[:1]
    if read.missing is not None:
        codes = np.where(read.missing, codes.dtype.type(-1), codes)
    kept = attrs.evolve(read, values=categories, missing=np.zeros(len(categories), np.bool_))
    return Dictionary(codes, kept)


def _factorized(read: Plain) -> tuple[Rows, NDArray[Any]]:
    import pandas as pd

    codes, categories = pd.factorize(read.values)
    return codes, np.asarray(categories)


def _factorized_objects(read: Plain) -> tuple[Rows, NDArray[Any]]:
    """Code objects by type and value, since Python calls ``True``, ``1`` and ``1.0`` equal."""
    place: dict[tuple[type, object], int] = {}
    first: list[object] = []
    codes = np.full(len(read), -1, np.int64)
    for row in np.flatnonzero(~read.gone()).tolist():
        x = read.values[row]
        key = (type(x), x if isinstance(x, _HASHABLE) else None)
        if key not in place:
            place[key] = len(first)
            first.append(x)
        codes[row] = place[key]
    return codes, _objects(first)


_HASHABLE = (str, bool, int, float, UUID, np.generic)


_MISSING = label_key(None)


def coded(column: Labels) -> Coded:
    """Return a column with the labels that occur, each once, sorted."""
    used = occurring(column.codes, len(column.labels))
    keys = [
        label_key(label if seen else None) for label, seen in zip(column.labels, used, strict=True)
    ]
    found = {key: label for key, label in zip(keys, column.labels, strict=True) if key != _MISSING}
    place = {key: code for code, key in enumerate(sorted(found))}
    labels = tuple(found[key] for key in place)
    table = [place.get(key, -1) for key in keys]
    code = code_type(len(labels))
    if column.codes.dtype == code and table == list(range(len(table))):
        return Coded(column.codes, labels)
    return Coded(np.array([*table, -1], code)[column.codes], labels)


def occurring(codes: Rows, k: int) -> Mask:
    """Return which of k codes occur; -1 is none of them."""
    seen = np.zeros(k + 1, np.bool_)
    small = codes.dtype.kind == "i" and codes.dtype.itemsize <= 2
    for start in range(0, len(codes), _BLOCK):
        block = codes[start : start + _BLOCK]
        if small:  # as unsigned, where -1 counts last
            seen[:-1] |= np.bincount(block.view(f"u{codes.itemsize}"), minlength=k)[:k] > 0
        else:
            seen[block] = True
    return seen[:-1]
