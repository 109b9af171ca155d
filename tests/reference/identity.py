"""Identity resolution said slowly: sets of records, every piece of evidence heard one by one."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = tuple[Any, str | None, str | None]


def connected(rows: Iterable[Row], types: Iterable[str]) -> set[frozenset[Any]]:
    """Return the records that hang together by shared values, nothing held against it."""
    rows, types = list(rows), set(types)
    found: list[set[Any]] = [{record} for record in {row[0] for row in rows}]
    for (a, t, v), (b, u, w) in itertools.combinations(rows, 2):
        if t == u and v == w and t in types and v is not None:
            found = _joined(found, {a, b})
    return set(map(frozenset, found))


def _joined(clusters: list[set[Any]], records: set[Any]) -> list[set[Any]]:
    touched = [one for one in clusters if one & records]
    return [one for one in clusters if not one & records] + [set().union(*touched)]


def resolve(
    rows: Iterable[Row],
    *,
    joins: Sequence[tuple[str, int | None, float | None]],
    unique: Iterable[str] = (),
    blocked: Iterable[str] = (),
    links: Iterable[tuple[Any, Any, str, float]] = (),
    splits: Iterable[tuple[set[Any], set[Any]]] = (),
    distrusted: Iterable[tuple[Any, ...]] = (),
) -> tuple[set[frozenset[Any]], list[tuple[Any, ...]]]:
    """Return clusters, and the (type, value or pair, holders) of evidence that was refused.

    `joins` are (type, at_most, at_least), strongest first; `distrusted` are (type, value) or
    (type, a, b).
    """
    rows, splits, distrusted = list(rows), list(splits), set(distrusted)
    records = {row[0] for row in rows}
    holders: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for record, type_, value in rows:
        if value is not None and type_ is not None:
            holders[type_, value].add(record)
    most = {type_: at_most for type_, at_most, _ in joins}

    def counts(type_: str, value: str) -> bool:
        limit = most.get(type_)
        return not (
            value.strip().casefold() in {"", *blocked}
            or (type_, value) in distrusted
            or (limit is not None and len(holders[type_, value]) > limit)
        )

    persons = {
        type_: _persons({k[1]: who for k, who in holders.items() if k[0] == type_ and counts(*k)})
        for type_ in unique
    }
    clusters: list[set[Any]] = [{record} for record in records]
    refused: list[tuple[Any, ...]] = []

    def hear(type_: str, what: Any, who: set[Any]) -> None:
        nonlocal clusters
        after = _joined(clusters, who)
        whole = next(one for one in after if who <= one)
        apart = any(whole & here and whole & others for here, others in splits)
        if apart or any(_differ(persons[t], whole) for t in unique):
            refused.append((type_, what, frozenset(who)))
        else:
            clusters = after

    for type_, _, at_least in joins:
        pieces: list[tuple[int, str, Any, set[Any]]] = []
        for (t, value), who in holders.items():
            if t != type_ or len(who) < 2:
                continue
            if not counts(t, value):
                refused.append((t, value, frozenset(who)))
                continue
            for here, others in splits:
                if who & here and who & others:
                    refused.append((t, value, frozenset(who & (here | others))))
            parts = [part for part in _parts(who, splits) if len(part) > 1]
            pieces += [(len(part), value, min(part), part) for part in parts]
        for _, value, _, who in sorted(pieces, key=lambda p: p[:3]):
            hear(type_, value, who)
        weights: dict[tuple[Any, Any], float] = {}
        for a, b, t, weight in links:
            if t == type_:
                pair = (min(a, b), max(a, b))
                weights[pair] = max(weight, weights.get(pair, weight))
        for (a, b), weight in sorted(weights.items(), key=lambda one: (-one[1], one[0])):
            if (type_, a, b) in distrusted or (at_least is not None and weight < at_least):
                refused.append((type_, (a, b), frozenset({a, b})))
            else:
                hear(type_, (a, b), {a, b})
    return set(map(frozenset, clusters)), refused


def _persons(holders: Mapping[str, set[Any]]) -> list[set[Any]]:
    """Return the records of each person that a separating type tells: values held together."""
    values = [{value} for value in holders]
    for record in set().union(*holders.values()) if holders else ():
        values = _joined(values, {value for value, who in holders.items() if record in who})
    return [set().union(*(holders[value] for value in group)) for group in values]


def _differ(persons: list[set[Any]], records: set[Any]) -> bool:
    return sum(bool(person & records) for person in persons) > 1


def _parts(who: set[Any], splits: Sequence[tuple[set[Any], set[Any]]]) -> list[set[Any]]:
    """Return who still shares one value: those whom the same splits took out."""
    taken: dict[tuple[bool, ...], set[Any]] = defaultdict(set)
    for one in who:
        taken[tuple(one in here and bool(who & others) for here, others in splits)].add(one)
    return list(taken.values())
