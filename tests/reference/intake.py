"""What an intake must be, row by row from plain Python objects; slow and obvious.

Numbers are compared as exact fractions, wall clocks by asking the zone about both folds, and the
start of a day that the clock skips by walking minute by minute.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
US = dt.timedelta(microseconds=1)
ORDER = (
    "customer_id", "at", "kind", "channel", "name", "direction", "outcome", "actor_kind", "actor",
    "campaign", "thread", "amount", "value", "recorded_at", "until", "id",
)  # fmt: skip
CLOSED = {"direction": {"inbound", "outbound", "none"}, "actor_kind": {"human", "bot", "system"}}
REFERENCES = {"actor", "campaign", "thread"}
TEXTS = {"kind", "channel", "name", "direction", "outcome", "actor_kind"}


@attrs.frozen
class Expected:
    """Accepted rows as dictionaries with their position, and rejected positions with a reason."""

    rows: list[tuple[int, dict[str, Any]]]
    rejected: list[tuple[int, str]]


class Wrong(Exception):  # noqa: N818
    """A row is at fault, for this reason."""


def expected(
    columns: Mapping[str, Sequence[object]],
    *,
    tz: dt.tzinfo | None = None,
    fold: int | None = None,
    decimals: int = 2,
    value_decimals: int = 6,
) -> Expected:
    """Read rows one by one; each is accepted or rejected for its first fault."""
    names = sorted(columns, key=lambda n: (ORDER.index(n) if n in ORDER else len(ORDER), n))
    # of one column, worse faults of a row come before others of it, but a row has one a column
    out = Expected([], [])
    for i in range(len(columns["customer_id"])):
        row: dict[str, Any] = {}
        try:
            for name in names:
                x = columns[name][i]
                try:
                    row[name] = cell(name, x, tz, fold, decimals, value_decimals)
                except Wrong as wrong:
                    raise Wrong(f"{name} {wrong}") from None
        except Wrong as wrong:
            out.rejected.append((i, str(wrong)))
        else:
            out.rows.append((i, row))
    return out


def missing(x: object) -> bool:
    """None, NaN of any kind, NaT and NA."""
    if x is None or type(x).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(x, Decimal):
        return x.is_nan()
    return isinstance(x, float) and math.isnan(x)


def cell(
    name: str, x: Any, tz: dt.tzinfo | None, fold: int | None, decimals: int, value_decimals: int
) -> Any:
    """Return what one cell becomes."""
    if missing(x):
        if name in ("customer_id", "at", "kind"):
            raise Wrong("missing")
        return None
    if name in ("customer_id", "id"):
        return identifier(x, "not an id")
    if name in ("at", "recorded_at", "until"):
        return instant(x, tz, fold)
    if name == "amount":
        return fixed(x, decimals)
    if name == "value":
        return fixed(x, value_decimals)
    if name in REFERENCES:
        return identifier(x, "of the wrong type")
    if isinstance(x, str):
        if not x and name in TEXTS:
            raise Wrong("empty")
        if x not in CLOSED.get(name, {x}):
            raise Wrong("unknown")
        return str(x)
    if name in TEXTS or type(x) not in (bool, int, float):
        raise Wrong("of the wrong type")
    if isinstance(x, float) and math.isinf(x):
        raise Wrong("not finite")
    return x


def identifier(x: Any, otherwise: str) -> Any:
    """Return an id."""
    if isinstance(x, str):
        if not x:
            raise Wrong("empty")
        return x
    if type(x) is int or isinstance(x, uuid.UUID):
        if type(x) is int and otherwise == "not an id" and not -(2**63) <= x < 2**63:
            raise Wrong("too large")
        return x
    raise Wrong(otherwise)


def instant(x: object, tz: dt.tzinfo | None, fold: int | None) -> int:
    """Return microseconds since 1970 UTC."""
    if type(x) in (int, float):
        raise Wrong("without a unit")
    if not isinstance(x, dt.date):
        raise Wrong("not a time")
    whole_day = not isinstance(x, dt.datetime)
    x = x if isinstance(x, dt.datetime) else dt.datetime.fromisoformat(x.isoformat())
    if x.utcoffset() is not None:
        return (x - EPOCH) // US
    if tz is None:
        raise Wrong("without a time zone")
    readings = [x.replace(tzinfo=tz, fold=f).astimezone(UTC) for f in (0, 1)]
    shown = sorted({t for t in readings if t.astimezone(tz).replace(tzinfo=None) == x})
    if whole_day or (fold is None and x.time() == dt.time(0)):
        return (shown[0] - EPOCH) // US if shown else start_of_day(x, tz)
    if len(shown) == 1 or (shown and fold is not None):
        return (shown[-1 if fold else 0] - EPOCH) // US
    if fold is None:
        raise Wrong(f"{'twice' if shown else 'never'} on the local clock")
    return (readings[fold] - EPOCH) // US  # PEP 495 reads a skipped time by these offsets


def start_of_day(midnight: dt.datetime, tz: dt.tzinfo) -> int:
    """Walk to the first minute at which the clock is past a midnight that it skips."""
    t = midnight.replace(tzinfo=UTC) - dt.timedelta(hours=26)
    while t.astimezone(tz).replace(tzinfo=None) < midnight:
        t += dt.timedelta(minutes=1)
    return (t - EPOCH) // US


def fixed(x: object, decimals: int) -> int:
    """Return a number in units of its last decimal."""
    if isinstance(x, bool) or not isinstance(x, int | float | str | Decimal):
        raise Wrong("not a number")
    try:
        number = Decimal(repr(x)) if isinstance(x, float) else Decimal(x)
    except ArithmeticError:
        raise Wrong("not a number") from None
    if not number.is_finite():
        raise Wrong("not finite")
    exact = Fraction(number) * 10**decimals
    units: int = round(exact)
    if abs(units) >= 2**63:
        raise Wrong("too large")
    if isinstance(x, float) and abs(units) > 10**15 and not (x.is_integer() and abs(x) <= 2**53):
        raise Wrong("too large for a float")
    if units != exact:
        raise Wrong(f"needs more than {decimals} decimals")
    return units


def rounded(x: float, decimals: int, rounding: str) -> int:
    """Return the decimal that a float prints as, rounded."""
    unit = Decimal(1).scaleb(-decimals)
    kept = Decimal(str(x)).quantize(unit, rounding=rounding)
    return int(kept.scaleb(decimals))


def nearest(x: np.floating[Any], decimals: int) -> int | None:
    """Return the one n with ``n / 10**decimals`` rounding to x, by trying its neighbours."""
    guess = math.floor(Fraction(float(x)) * 10**decimals)
    kind = type(x)
    hits = [n for n in range(guess - 2, guess + 4) if kind(Fraction(n, 10**decimals)) == x]
    return hits[0] if len(hits) == 1 else None
