"""The words of a picture: titles, units, and labels as people read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from customerops.model.tables.context import SELECTED, Context
from customerops.model.values.instants import from_us
from customerops.model.values.labels import Label
from customerops.model.values.window import Window

__all__ = [
    "label_text",
    "label_texts",
    "metric_text",
    "name_text",
    "plural",
    "subtitle",
    "unit_text",
]

_US = dt.timedelta(microseconds=1)
_DAY = dt.timedelta(days=1)

_NAMES = {
    "ces": "Customer effort score",
    "concentration": "Concentration of spend",
    "csat": "Customer satisfaction (CSAT)",
    "kaplan_meier": "Survival (Kaplan-Meier)",
    "nelson_aalen": "Cumulative hazard (Nelson-Aalen)",
    "nps": "Net promoter score",
    "sla": "Service level (SLA)",
}

_CAPITALS = frozenset({"arpa", "arppu", "arpu", "arr", "grr", "mrr", "nrr", "rfm"})

_UNITS = {
    dt.timedelta(microseconds=1): "microseconds",
    dt.timedelta(milliseconds=1): "milliseconds",
    dt.timedelta(seconds=1): "seconds",
    dt.timedelta(minutes=1): "minutes",
    dt.timedelta(hours=1): "hours",
    dt.timedelta(days=1): "days",
    dt.timedelta(weeks=1): "weeks",
}


def metric_text(context: Context) -> str:
    """Return the title of a result: its metric, and its definition in brackets.

    Examples
    --------
    >>> metric_text(Context("mrr_churn_rate", definition="net"))
    'MRR churn rate (net)'
    >>> metric_text(Context("funnel.conversion"))
    'Funnel: conversion'
    """
    tail = f" ({context.definition})" if context.definition else ""
    if context.metric in _NAMES:
        return _NAMES[context.metric] + tail
    words = context.metric.replace(".", ": ").replace("_", " ").split(" ")
    said = [word.upper() if word.rstrip(":") in _CAPITALS else word for word in words]
    said[0] = said[0][:1].upper() + said[0][1:]
    return " ".join(said) + tail


def subtitle(context: Context, *notes: str) -> str:
    """Return what stands below a title: the range, the selection, as_of, and some notes.

    Examples
    --------
    >>> subtitle(Context("nps", as_of=0), "95 % intervals")
    'as of 1970-01-01 00:00 UTC; 95 % intervals'
    """
    chosen = [
        _selection(value, context) for name, value in context.options if _is_label(name, value)
    ]
    parts = [_range(context.over, context), *chosen, _known(context), *notes]
    return "; ".join(part for part in parts if part)


def label_text(label: Label, period: str | None = None) -> str:
    """Return a label as it stands on an axis.

    Parameters
    ----------
    label : Label
        Of an axis; a date is the start of a period.
    period : str, optional
        Which period.

    Examples
    --------
    >>> import datetime as dt
    >>> day = dt.date(2026, 4, 1)
    >>> [label_text(day, period) for period in ("month", "quarter", "year", "week")]
    ['2026-04', '2026 Q2', '2026', '2026-04-01']
    >>> label_text(None), label_text(("end",))
    ('(missing)', '(end)')
    """
    if label is None:
        return "(missing)"
    if isinstance(label, tuple):
        return f"({' '.join(label)})"
    if isinstance(label, dt.datetime):
        return f"{label:%Y-%m-%d %H:%M}"
    if isinstance(label, dt.date):
        return _period_text(label, period)
    return str(label)


def label_texts(labels: Iterable[Label], period: str | None = None) -> list[str]:
    """Return labels as they stand on an axis."""
    return [label_text(label, period) for label in labels]


def plural(unit: str) -> str:
    """Return what many of a unit are called.

    Examples
    --------
    >>> plural("customer"), plural("reply"), plural("day")
    ('customers', 'replies', 'days')
    """
    if unit.endswith("y") and unit[-2:-1] not in "aeo":
        return f"{unit[:-1]}ies"
    return f"{unit}s"


def name_text(name: str) -> str:
    """Return the name of an axis as people read it.

    Examples
    --------
    >>> name_text("first_channel")
    'first channel'
    """
    return name.replace("_", " ")


def unit_text(context: Context, default: str = "time") -> str:
    """Return what lengths of time are counted in, by the option ``unit``.

    Examples
    --------
    >>> import datetime as dt
    >>> unit_text(Context("kaplan_meier", options={"unit": dt.timedelta(days=7)}))
    'weeks'
    >>> unit_text(Context("cycle_length", options={"unit": dt.timedelta(hours=8)}))
    'units of 8:00:00 hours'
    """
    unit: Any = context.option("unit")
    if isinstance(unit, str):
        return plural(unit)
    if isinstance(unit, dt.timedelta):
        return _UNITS.get(unit, f"units of {unit} hours")
    return default


def _period_text(day: dt.date, period: str | None) -> str:
    if period == "year":
        return f"{day:%Y}"
    if period == "quarter":
        return f"{day.year} Q{(day.month + 2) // 3}"
    return f"{day:%Y-%m}" if period == "month" else day.isoformat()


def _is_label(name: str, value: Any) -> bool:
    return name.startswith(SELECTED) and len(value) == 1


def _selection(axis: Any, context: Context) -> str:
    name = context.period if axis.kind == "period" and context.period else name_text(axis.name)
    return f"{name} {label_text(axis.labels[0], context.period)}"


def _range(over: Window | None, context: Context) -> str:
    if over is None:
        return ""
    start, end = (_day(at, context) for at in (over.start, over.end))
    if not start:
        return f"before {end}" if end else ""
    return f"{start} to before {end}" if end else f"from {start}"


def _day(at: dt.datetime | None, context: Context) -> str:
    if at is None:
        return ""
    local = _local(at, context)
    midnight = local.time() == dt.time()
    return f"{local:%Y-%m-%d}" if midnight else f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def _known(context: Context) -> str:
    """Return as_of; the last microsecond of a local day is the end of that day."""
    if context.as_of is None:
        return ""
    at = from_us(context.as_of)
    local = _local(at, context)
    if (_local(at + _US, context)).time() == dt.time():
        return f"as of the end of {local:%Y-%m-%d}"
    zone = local.tzname() or ""
    return f"as of {local:%Y-%m-%d %H:%M} {zone}".rstrip()


def _local(at: dt.datetime, context: Context) -> dt.datetime:
    return at if context.calendar is None else at.astimezone(context.calendar.tz)


def stepped(count: int, most: int) -> range:
    """Return the places of at most so many labels, evenly spaced from the first.

    Examples
    --------
    >>> list(stepped(10, 4))
    [0, 3, 6, 9]
    """
    return range(0, count, max(-(-count // most), 1))


def joined(texts: Sequence[str]) -> str:
    """Return some words as a list in a sentence.

    Examples
    --------
    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return ", ".join(texts[:-1]) + (" and " if texts[1:] else "") + texts[-1]
