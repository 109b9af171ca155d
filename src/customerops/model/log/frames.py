"""Frames and arrays into a log and out of it."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.faults import Invalid
from customerops.model.intake.intake import ATTRIBUTE, COLUMNS, Intake, pick_columns, read
from customerops.model.log.log import InteractionLog
from customerops.model.log.make import assemble
from customerops.model.log.records import decoded
from customerops.model.values.calendar import Calendar
from customerops.model.values.checks import came, did_you_mean
from customerops.model.values.columns import Coded, Ids
from customerops.model.values.instants import from_us
from customerops.model.values.lines import Lines
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.rules.rules import Rule
    from customerops.model.values.window import Window

__all__ = ["ColumnOptions", "frame_of_log", "html_of_log", "log_of_arrays", "log_of_frame"]

MAIN = ("customer_id", "at", "kind")
OPTIONAL = tuple(name for name in COLUMNS if name not in (*MAIN, "currency"))


class ColumnOptions(TypedDict, total=False):
    """Further columns of a log, and how columns are read.

    Attributes
    ----------
    channel, name, direction, outcome, actor_kind, actor, campaign, thread : str or const
        Labels; a null is missing. ``direction`` is inbound, outbound or none; ``actor_kind`` is
        human, bot or system.
    amount : str or const
        Money in major units, refunds negative; needs `currency`. A null is not 0.
    value : str or const
        A score, a count, seconds: kept exactly at `value_decimals`.
    recorded_at, until : str or const
        Further instants: when an event became known, until when it is paid for.
    id : str or const
        The event's id: a repeated (customer, id) counts once.
    currency : str
        ISO 4217 code of every amount, or the name of a column that holds one code throughout.
    decimals : int
        Decimals of the amount, for a currency that ISO 4217 does not list.
    value_decimals : int
        Decimals of `value`; 6 unless given.
    rounding : str
        A constant of the module ``decimal`` (``"ROUND_HALF_EVEN"``): how to round what has more
        decimals. Left out, that is invalid.
    at_unit : {"s", "ms", "us", "ns"}
        What numeric times count since 1970 UTC. Without it they are refused.
    fold : {0, 1}
        How to read local times that the clock shows twice, or skips. Without it they are invalid.
    invalid : {"raise", "collect"}
        Whether an invalid row raises, or goes to `rejected` with its reason.
    row : bool
        Keep each event's position in the input as the column ``row``.
    observed : Window
        The window in which these are all the events there were.
    """

    channel: Any
    name: Any
    direction: Any
    outcome: Any
    actor_kind: Any
    actor: Any
    campaign: Any
    thread: Any
    amount: Any
    value: Any
    recorded_at: Any
    until: Any
    id: Any
    currency: str
    decimals: int
    value_decimals: int
    rounding: str
    at_unit: Literal["s", "ms", "us", "ns"]
    fold: Literal[0, 1]
    invalid: Invalid
    row: bool
    observed: Window


_READ = ("currency", "decimals", "value_decimals", "rounding", "at_unit", "fold", "invalid")
_KEPT = ("row", "observed")


def _calendar(request: Request, field: attrs.Attribute[Any], given: object) -> None:
    if given is not None and not isinstance(given, Calendar):
        raise InvalidInputError("calendar", "must be a Calendar", came(given))


@attrs.frozen
class Request:
    """What to make of some columns."""

    tz: dt.tzinfo | str | None
    calendar: Calendar | None = attrs.field(validator=_calendar)
    only: Rule | str | Collection[str] | None
    threads: int | None
    options: ColumnOptions

    def without(self, option: str) -> Request:
        """Return the request without an option."""
        options: Any = {name: x for name, x in self.options.items() if name != option}
        return attrs.evolve(self, options=options)

    def own_calendar(self) -> Calendar | None:
        """Return the calendar of the log: the one given, else that of the zone."""
        if self.calendar is not None or self.tz is None:
            return self.calendar
        return Calendar(self.tz)

    def zone(self) -> dt.tzinfo | str | None:
        """Return the zone of naive times: the one given, else the calendar's."""
        return self.calendar.tz if self.tz is None and self.calendar is not None else self.tz


def log_of_frame(
    frame: Any,
    main: Mapping[str, Any],
    *,
    attributes: Collection[str] | Mapping[str, Any],
    request: Request,
) -> InteractionLog:
    """Build a log from the columns of a frame, by name."""
    wanted = wanted_columns(main, attributes, request.options)
    currency = request.options.get("currency")
    picked = pick_columns(frame, wanted)
    if isinstance(currency, str) and currency in _names(frame) and "amount" in wanted:
        picked |= pick_columns(frame, {"currency": currency})
        request = request.without("currency")
    return _log(picked, request)


def log_of_arrays(
    main: Mapping[str, Any], *, attributes: Mapping[str, Any], request: Request
) -> InteractionLog:
    """Build a log from arrays."""
    if not isinstance(attributes, Mapping):
        raise InvalidInputError("attributes", "must map a name to its array")
    return _log(wanted_columns(main, attributes, request.options), request)


def wanted_columns(
    main: Mapping[str, Any],
    attributes: Collection[str] | Mapping[str, Any],
    options: ColumnOptions,
) -> dict[str, Any]:
    """Return, by column of the log, what the caller named; refuse an option that is none."""
    known = (*OPTIONAL, *_READ, *_KEPT)
    for name in options:
        if name not in known:
            hint = did_you_mean(name, known)
            raise InvalidInputError("option", "must be one of a log", f"got {name!r}{hint}")
    if isinstance(attributes, str):
        raise InvalidInputError("attributes", "must be a collection of names", "got one str")
    named = attributes if isinstance(attributes, Mapping) else {name: name for name in attributes}
    own = {
        name: given for name, given in options.items() if name in OPTIONAL and given is not None
    }
    return {**main, **own, **{ATTRIBUTE + name: column for name, column in named.items()}}


def _names(frame: Any) -> list[Any]:
    from customerops.model.intake.frames import names_of

    return list(names_of(frame))


def _log(source: Mapping[str, Any], request: Request) -> InteractionLog:
    taken = take(source, request)
    return log_of_intake(taken, request)


def take(source: Mapping[str, Any], request: Request) -> Intake:
    """Read the columns of a log."""
    reading: dict[str, Any] = {n: x for n, x in request.options.items() if n in _READ}
    return read(source, tz=request.zone(), only=request.only, **reading)


def log_of_intake(
    taken: Intake, request: Request, *, lines: Lines | None = None
) -> InteractionLog:
    """Group and sort normalised columns."""
    options = request.options
    return assemble(
        taken.ids,
        taken.at,
        taken.columns,
        rows=taken.rows,
        keep_rows=bool(options.get("row", False)),
        lines=lines,
        currency=taken.currency,
        decimals=taken.decimals,
        value_decimals=taken.value_decimals,
        calendar=request.own_calendar(),
        observed=options.get("observed"),
        rejected=taken.rejected,
        invalid=options.get("invalid", "raise"),
        threads=request.threads,
    )


# ------------------------------------------------------------------ leaving the log


def frame_of_log(log: InteractionLog) -> pd.DataFrame:
    """Return the events as a pandas frame, by customer id and time."""
    import pandas as pd

    order = log.id_order
    rows = ranges(log.offsets[order], np.diff(log.offsets)[order])
    out: dict[str, Any] = {
        "customer_id": log.customers[log.codes[rows]],
        "at": _instants(log.at[rows], None),
    }
    scale = {"amount": log.decimals, "value": log.value_decimals}
    for name, column in log.columns.items():
        title = name.removeprefix(ATTRIBUTE)
        title = name if title in log.columns else title
        if isinstance(column, Coded):
            out[title] = pd.Series(decoded(column, rows), dtype=object)
        elif isinstance(column, Ids):
            out[title] = column.values[rows]
        elif name in scale:
            valid = True if column.valid is None else column.valid[rows]
            out[title] = np.where(valid, column.values[rows] / 10 ** scale[name], np.nan)
        elif name == "row":
            out[title] = column.values[rows]
        else:
            out[title] = _instants(
                column.values[rows], None if column.valid is None else column.valid[rows]
            )
    return pd.DataFrame(out)


def _instants(us: NDArray[np.int64], valid: NDArray[np.bool_] | None) -> pd.DatetimeIndex:
    import pandas as pd

    times = us.astype("M8[us]")
    if valid is not None:
        times[~valid] = np.datetime64("NaT", "us")
    return pd.DatetimeIndex(times).tz_localize("UTC")


def html_of_log(log: InteractionLog) -> str:
    """Return a small table of what the log holds: sizes, span, kinds; nobody's data."""
    span = "-"
    if len(log):
        first, last = from_us(int(log.at.min())), from_us(int(log.at.max()))
        span = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
    counts = np.bincount(log.kind[log.kind >= 0], minlength=len(log.kinds))
    kinds = ", ".join(
        f"{label} {count:,}" for label, count in zip(log.kinds, counts.tolist(), strict=True)
    )
    rows = {
        "events": f"{len(log):,}",
        "customers": f"{log.n_customers:,}",
        "from, to": span,
        "as of": "not set" if log.as_of is None else from_us(log.as_of).isoformat(),
        "kinds": kinds,
        "columns": ", ".join(log.columns),
        "rejected": f"{len(log.rejected):,}",
    }
    cells = "".join(
        f"<tr><th style='text-align:left'>{name}</th>"
        f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
        for name, text in rows.items()
    )
    return f"<table><caption>InteractionLog</caption>{cells}</table>"
