"""From columns, rules and decisions to evidence in codes.

Evidence is heard in an order that depends on what was given and never on the order of its rows:
by rule; identifiers before links; of identifiers those with fewer holders first, then by their
text; of links the heavier first; then by the records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.identity.columns import IdentifierColumns, locked
from customerops.model.identity.evidence import Evidence, Fate, Ints, Marks, components
from customerops.model.identity.rules import (
    IdentityRules,
    IdentitySplit,
    Link,
    SharedIdentifier,
    folded_placeholder,
)
from customerops.model.values.checks import did_you_mean
from customerops.model.values.runs import first_of_run, ranges

__all__ = ["coded", "places"]

_Side = tuple[Ints, Ints]


@attrs.frozen(eq=False, repr=False)
class _Held:
    """Who holds what: distinct rows (code, record), sorted; and by code its type and value."""

    records: NDArray[Any]
    code: Ints
    record: Ints
    types: NDArray[Any]
    values: NDArray[Any]
    size: Ints


@attrs.frozen(eq=False, repr=False)
class _Pieces:
    """Pieces as they are found; `keys` sort them, the first key last as in ``np.lexsort``."""

    size: Ints
    holder: Ints
    what: Ints
    fate: NDArray[np.int8]
    keys: NDArray[np.int64]


def coded(
    columns: IdentifierColumns,
    rules: IdentityRules,
    links: Sequence[Link],
    splits: Sequence[IdentitySplit],
    distrusted: frozenset[SharedIdentifier | Link],
) -> Evidence:
    """Return the evidence of columns and links under rules and decisions, ready to be heard.

    Raises
    ------
    InvalidInputError
        If a link speaks of a record that is not there, or is of a type that no rule names.
    """
    held = _held(columns, rules)
    sides = [(places(held.records, s.records), places(held.records, s.others)) for s in splits]
    fate = _fates(held, rules, distrusted)
    found = [
        *_shared(held, rules, fate, sides),
        _linked(held.records, rules, links, distrusted),
    ]
    size = np.concatenate([one.size for one in found])
    keys = np.concatenate([one.keys for one in found], axis=1)
    order = np.lexsort(keys)
    starts = np.cumsum(size) - size
    return Evidence(
        records=held.records,
        offsets=np.concatenate(([0], np.cumsum(size[order]))).astype(np.int64),
        holder=np.concatenate([one.holder for one in found])[ranges(starts[order], size[order])],
        level=keys[-1][order],
        fate=np.concatenate([one.fate for one in found])[order],
        what=np.concatenate([one.what for one in found])[order],
        identifiers=(held.types, held.values),
        links=tuple(links),
        marks=_marks(held, rules, fate, sides),
    )


def places(records: NDArray[Any], ids: Iterable[Any]) -> Ints:
    """Return the places of ids among the sorted records; ids that are not there are left out.

    Examples
    --------
    >>> places(np.array([2, 5, 9]), {9, 2, 7}).tolist()
    [0, 2]
    """
    if records.dtype == np.int64:
        whole = (int(one) for one in ids if isinstance(one, int | np.integer))
        numbers = [one for one in whole if -(2**63) <= one < 2**63]
        return np.flatnonzero(np.isin(records, numbers))
    wanted = set(ids)
    return np.array([i for i, one in enumerate(records.tolist()) if one in wanted], np.int64)


def _held(columns: IdentifierColumns, rules: IdentityRules) -> _Held:
    import pandas as pd

    record, ids = pd.factorize(columns.record)
    records, rank = _sorted(np.asarray(ids))
    kind, kinds = pd.factorize(columns.type)
    value, values = pd.factorize(columns.value)
    named = {*rules.separating, *(rule.type for rule in rules.joins)}
    heard = np.array([*(one in named for one in kinds.tolist()), False], np.bool_)
    rows = np.flatnonzero(heard[kind] & (value >= 0))
    code, pairs = pd.factorize(kind[rows].astype(np.int64) * len(values) + value[rows])
    n = max(len(records), 1)
    key = np.sort(code.astype(np.int64) * n + rank[record[rows]])
    distinct = key[first_of_run(key)]
    pairs = np.asarray(pairs, np.int64)
    each = max(len(values), 1)
    return _Held(
        records=locked(records),
        code=distinct // n,
        record=distinct % n,
        types=np.asarray(kinds)[pairs // each],
        values=np.asarray(values)[pairs % each],
        size=np.bincount(distinct // n, minlength=len(pairs)),
    )


def _sorted(ids: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """Return ids sorted, and the place of each among them."""
    listed = ids.tolist()
    order = (
        np.argsort(ids, kind="stable")
        if ids.dtype == np.int64
        else np.array(sorted(range(len(listed)), key=listed.__getitem__), np.int64)
    )
    rank = np.empty(len(ids), np.int64)
    rank[order] = np.arange(len(ids))
    return ids[order], rank


def _fates(
    held: _Held, rules: IdentityRules, distrusted: frozenset[SharedIdentifier | Link]
) -> NDArray[np.int8]:
    """Return for each code whether it may be evidence at all; of several reasons the first."""
    blocked = {"", *map(folded_placeholder, rules.blocked)}
    plain = (  # ASCII has one width
        v.strip().casefold() if v.isascii() else folded_placeholder(v)
        for v in held.values.tolist()
    )
    stop = np.fromiter((v in blocked for v in plain), np.bool_, len(held.values))
    doubted = {(one.type, one.value) for one in distrusted if isinstance(one, SharedIdentifier)}
    fate = np.full(len(held.values), Fate.OPEN, np.int8)
    for rule in rules.joins:
        if rule.at_most is not None:
            fate[(held.size > rule.at_most) & (held.types == rule.type)] = Fate.TOO_MANY
    if doubted:
        pairs = zip(held.types.tolist(), held.values.tolist(), strict=True)
        fate[np.array([pair in doubted for pair in pairs], np.bool_)] = Fate.DISTRUSTED
    fate[stop] = Fate.BLOCKED
    return fate


def _shared(
    held: _Held, rules: IdentityRules, fate: NDArray[np.int8], sides: Sequence[_Side]
) -> list[_Pieces]:
    """Return the identifiers that two records or more share, and those that a split parts."""
    place = {rule.type: i for i, rule in enumerate(rules.joins)}
    level = np.array([place.get(one, -1) for one in held.types.tolist()], np.int64)
    variant, parted = _variants(held, (level >= 0) & (fate == Fate.OPEN), sides)
    order = np.lexsort((held.record, variant, held.code)) if sides else np.arange(len(held.code))
    code, record = held.code[order], held.record[order]
    start = np.flatnonzero(first_of_run(code, variant[order]))
    size = np.diff(np.append(start, len(code)))
    many = (size > 1) & (level[code[start]] >= 0)
    start, size = start[many], size[many]
    what = code[start]
    split = np.array([c for c, _ in parted], np.int64)
    spoken = np.union1d(what, split)  # only these need an order
    rank = np.zeros(len(held.values), np.int64)
    rank[spoken] = _sorted(held.values[spoken])[1]
    return [
        _laid_out(what, size, record[ranges(start, size)], fate[what], rank, level),
        _laid_out(
            split,
            np.array([len(who) for _, who in parted], np.int64),
            np.array([one for _, who in parted for one in who], np.int64),
            np.full(len(parted), Fate.SPLIT, np.int8),
            rank,
            level,
        ),
    ]


def _laid_out(
    what: Ints, size: Ints, holder: Ints, fate: NDArray[np.int8], rank: Ints, level: Ints
) -> _Pieces:
    """Return identifiers as pieces; `rank` and `level` are by code."""
    first = holder[np.cumsum(size) - size]
    keys = [fate, first, rank[what], size, np.zeros(len(what)), level[what]]
    return _Pieces(size, holder, what, fate, np.array(keys, np.int64))


def _variants(
    held: _Held, open_: NDArray[np.bool_], sides: Sequence[_Side]
) -> tuple[Ints, list[tuple[int, list[int]]]]:
    """Return which holders of one code no longer share it, and what each split parts.

    Rows of one code share it if the same splits took them out. Who was not taken out of anything,
    newcomers too, keeps variant 0.
    """
    variant = np.zeros(len(held.code), np.int64)
    if not sides:
        return variant, []
    by_record = np.argsort(held.record, kind="stable")
    bounds = np.searchsorted(held.record[by_record], np.arange(len(held.records) + 1))

    def rows_of(records: Ints) -> Ints:
        rows = by_record[ranges(bounds[records], bounds[records + 1] - bounds[records])]
        kept: Ints = rows[open_[held.code[rows]]]
        return kept

    taken: dict[int, list[int]] = defaultdict(list)
    parted: list[tuple[int, list[int]]] = []
    for number, (here, others) in enumerate(sides):
        ours, theirs = rows_of(here), rows_of(others)
        both = np.intersect1d(held.code[ours], held.code[theirs])
        for row in ours[np.isin(held.code[ours], both)].tolist():
            taken[row].append(number)
        rows = np.concatenate((ours, theirs))
        parted += [
            (code, sorted(held.record[rows[held.code[rows] == code]].tolist()))
            for code in both.tolist()
        ]
    number_of = {key: i for i, key in enumerate(sorted(set(map(tuple, taken.values()))), 1)}
    for row, key in taken.items():
        variant[row] = number_of[tuple(key)]
    return variant, parted


def _linked(
    records: NDArray[Any],
    rules: IdentityRules,
    links: Sequence[Link],
    distrusted: frozenset[SharedIdentifier | Link],
) -> _Pieces:
    rule_of = {rule.type: (i, rule) for i, rule in enumerate(rules.joins)}
    place = {one: i for i, one in enumerate(records.tolist())} if links else {}
    doubted = {(one.a, one.b, one.type) for one in distrusted if isinstance(one, Link)}
    absent = sum(link.a not in place or link.b not in place for link in links)
    if absent:
        problem = f"{absent} of {len(links)} are not"
        raise InvalidInputError("links", "must be between records that are there", problem)
    heavier = {w: i for i, w in enumerate(sorted({link.weight for link in links}, reverse=True))}
    rows = []
    for link in links:
        if link.type not in rule_of:
            hint = did_you_mean(link.type, rule_of)
            raise InvalidInputError(
                "links", "must be of a type that a rule of joins names", f"got {link.type!r}{hint}"
            )
        level, rule = rule_of[link.type]
        weak = rule.at_least is not None and link.weight < rule.at_least
        doubt = (link.a, link.b, link.type) in doubted
        fate = Fate.DISTRUSTED if doubt else Fate.WEAK if weak else Fate.OPEN
        rows.append((fate, place[link.b], place[link.a], heavier[link.weight], 1, level))
    keys = np.array(rows, np.int64).reshape(len(rows), 6).T
    return _Pieces(
        size=np.full(len(rows), 2),
        holder=np.sort(keys[[1, 2]].T, axis=1).ravel(),
        what=-1 - np.arange(len(rows)),
        fate=keys[0].astype(np.int8),
        keys=keys,
    )


def _marks(
    held: _Held, rules: IdentityRules, fate: NDArray[np.int8], sides: Sequence[_Side]
) -> Marks:
    """Return what records have one of: separating identifiers, and sides of splits.

    A dimension in which all have one key separates nobody, and is left out.
    """
    rows: list[tuple[Ints, Ints]] = []
    for type_ in rules.separating:
        kept = np.flatnonzero(((held.types == type_) & (fate == Fate.OPEN))[held.code])
        rows.append(_keys(held.record[kept], held.code[kept], len(held.values)))
    for here, others in sides:
        side = np.repeat([0, 1], [len(here), len(others)])
        rows.append((np.concatenate((here, others)), side))
    telling = [(d, r, k) for d, (r, k) in enumerate(rows) if len(k) and (k != k[0]).any()]
    none = np.empty(0, np.int64)
    return Marks(
        record=np.concatenate([none, *(r for _, r, _ in telling)]),
        dimension=np.concatenate([none, *(np.full(len(k), d) for d, _, k in telling)]),
        key=np.concatenate([none, *(k for _, _, k in telling)]),
    )


def _keys(record: Ints, code: Ints, codes: int) -> tuple[Ints, Ints]:
    """Return one key per record: values that a record holds together are one."""
    order = np.lexsort((code, record))
    record, code = record[order], code[order]
    first = first_of_run(record)
    if first.all():
        return record, code
    again = np.flatnonzero(~first)
    key = components(codes, code[again - 1], code[again])[code]
    return record[first], key[first]
