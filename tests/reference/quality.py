"""Data quality, row by row over plain Python objects."""

import math
import re
from collections import Counter
from fractions import Fraction
from typing import Any

Row = dict[str, Any]


def is_missing(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or (isinstance(value, str) and not value.strip())
    )


def is_of(kind: str, value: Any) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "number":
        return type(value) in (int, float) and abs(value) != float("inf")
    return type(value) is int


def share(rows: list[Row], test: Any, of: Any) -> tuple[int, int]:
    chosen = [row for row in rows if of(row)]
    return sum(map(test, chosen)), len(chosen)


def completeness(rows: list[Row], name: str) -> tuple[int, int]:
    return share(rows, lambda row: not is_missing(row[name]), lambda _: True)


def validity(rows: list[Row], name: str, kind: str, pattern: str | None) -> tuple[int, int]:
    def good(row: Row) -> bool:
        value = row[name]
        return is_of(kind, value) and (pattern is None or bool(re.fullmatch(pattern, value)))

    return share(rows, good, lambda row: not is_missing(row[name]))


def out_of_range(rows: list[Row], name: str, least: str, most: str) -> tuple[int, int]:
    def bad(row: Row) -> bool:
        return not Fraction(least) <= Fraction(row[name]) <= Fraction(most)

    return share(rows, bad, lambda row: not is_missing(row[name]) and is_of("number", row[name]))


def repeated(rows: list[Row], names: list[str]) -> int:
    keys = [tuple(row[name] for name in names) for row in rows]
    keys = [key for key in keys if not any(map(is_missing, key))]
    return sum(n - 1 for n in Counter(keys).values())
