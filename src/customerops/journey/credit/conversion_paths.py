"""Paths to conversion: what customers touched before they converted, and what led nowhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.credit.distinct import spread
from customerops.journey.credit.opportunities import Counting, Opportunities, opportunities
from customerops.journey.credit.path_table import PathTable
from customerops.model.log.ask import Asked, ask
from customerops.model.log.derived import groups_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Field, Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values.checks import one_of, positive_duration
from customerops.model.values.columns import Coded
from customerops.model.values.instants import micros
from customerops.model.values.labels import label_key
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["paths_to_conversion"]

Int = NDArray[np.int64]


def paths_to_conversion(
    log: InteractionLog,
    conversion: Rule | str | Collection[str],
    *,
    lookback: dt.timedelta | None,
    touches: Rule | str | Collection[str] | None = None,
    channel: str | Field = "channel",
    counting: Counting = "once",
    repeats: Literal["keep", "merge"] = "keep",
    ages: dt.timedelta | None = None,
    value: Literal["amount", "none"] = "amount",
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> PathTable:
    """Count the paths of touches (触点) that led to a conversion, and those that did not.

    Parameters
    ----------
    log : InteractionLog
        The events.
    conversion : Rule, str or collection of str
        Which events are conversions. Each is one, so a customer may convert several times.
    lookback : timedelta or None
        The longest time from a touch to a conversion it counts for, elapsed and inclusive. None is
        no limit: no path is ever over without a conversion, and there are no nulls.
    touches : Rule, str or collection of str, optional
        Which events are touches; left out, all that are no conversion. A conversion that is a
        touch too is the last one of its own path.
    channel : str or Field
        Column that says what was touched: ``"channel"``, ``"campaign"``, ``"name"``,
        ``"attributes.source"``; or the field of rules that reads it. A missing label is a channel
        like others.
    counting : {"once", "each"}
        Whether a touch counts for the next conversion alone, so that paths begin anew after each
        conversion; or for every conversion within the lookback, as Adobe Analytics counts.
    repeats : {"keep", "merge"}
        Whether touches of one channel in a row are as many steps, or one, at the last of them.
    ages : timedelta, optional
        Keep how long before its conversion each touch was, in whole units of this, for `TimeDecay`.
        Paths are then distinct by ages too, so take a unit no finer than needed: a day.
    value : {"amount", "none"}
        What a conversion is worth: its amount (nothing where that is missing), or left out.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only conversions inside it, and paths without one whose last touch is. Touches before it
        count.
    by : str or Grouping, optional
        A customer attribute or a grouping; the paths of each group.

    Returns
    -------
    PathTable
        A statistic: tables of different customers add.

    Raises
    ------
    InvalidInputError
        If `lookback` or `ages` is not longer than zero, an option is none of its words, the column
        is not loaded or not categorical, or as_of is not known.

    Notes
    -----
    The path of a conversion at instant t is every touch at or after ``t - lookback`` that stands
    before it in input order, also at the same instant. Conversions without any are kept, as the
    empty path.

    A touch that counts for no conversion is part of a path that did not convert (null). Such a
    path begins at the first of these touches, at the first after a conversion, and at the first
    that comes more than the lookback after the path began: so it is no longer than a path that
    converts can be. It is over when ``last touch + lookback <= as_of``; until then it is *open*,
    neither converted nor failed, and no model reads it. To take open paths for failures would
    credit last touches too little, the more so the more traffic is recent.

    References
    ----------
    Anderl, E., Becker, I., von Wangenheim, F. and Schumann, J. H. (2016). Mapping the customer
    journey: lessons learned from graph-based online attribution modeling. International Journal of
    Research in Marketing 33(3), 457-474: journeys end with a conversion or without one.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import paths_to_conversion
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "a", "b", "c"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 3, 4, 2, 29)],
    ...     kind=["visit", "visit", "purchase", "visit", "visit"],
    ...     channel=["ad", "mail", None, "ad", "ad"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> paths_to_conversion(log, "purchase", lookback=dt.timedelta(days=7)).to_frame()
             path  conversions  nulls  open  value
    0       (ad,)            0      1     1      0
    1  (ad, mail)            1      0     0      0
    """
    goal = as_rule(conversion, name="conversion", level="event")
    seen = None if touches is None else as_rule(touches, name="touches", level="event")
    limit = None if lookback is None else micros(positive_duration("lookback", lookback))
    one_of("counting", counting, ("once", "each"))
    one_of("repeats", repeats, ("keep", "merge"))
    one_of("value", value, ("amount", "none"))
    unit = None if ages is None else micros(positive_duration("ages", ages))
    asked = ask(log, as_of=as_of, over=over)
    known = asked.log
    name = channel.field if isinstance(channel, Field) else channel
    column = known.coded(name)
    converts = goal.mask(known)
    rows = np.flatnonzero(~converts if seen is None else seen.mask(known))
    found = opportunities(
        known.at,
        known.codes.astype(np.int64),
        rows,
        np.flatnonzero(converts),
        lookback=limit,
        counting=counting,
        as_of=asked.as_of,
    )
    found = _inside(found, known, over)
    codes, axis = _channels(column, rows)
    if repeats == "merge":
        found = _merged(found, codes)
    group, _, axes = groups_of(known, by)
    context = Context(
        "paths_to_conversion",
        unit="path",
        as_of=asked.as_of,
        over=over,
        by=by,
        options={
            "conversion": goal,
            "touches": seen,
            "lookback": lookback,
            "channel": name,
            "counting": counting,
            "repeats": repeats,
            "ages": ages,
            "value": value,
        },
    )
    paid, context = _paid(asked, found, value, context)
    done = found.conversion >= 0
    return PathTable(
        outer=axes,
        channels=axis,
        codes=codes[found.touch],
        offsets=found.offsets,
        ages=None if unit is None else _ages(found, known.at, rows, unit),
        cell=group[known.codes[found.last]],
        parts={
            "conversions": done.astype(np.int64),
            "nulls": (~done & ~found.open).astype(np.int64),
            "open": found.open.astype(np.int64),
            "value": paid,
        },
        context=context,
    )


def _inside(found: Opportunities, log: InteractionLog, over: Window | None) -> Opportunities:
    """Keep the paths whose end is inside a window."""
    if over is None:
        return found
    keep = over.mask(log.at[found.last])
    length = np.diff(found.offsets)[keep]
    return Opportunities(
        touch=found.touch[ranges(found.offsets[:-1][keep], length)],
        offsets=np.append(0, np.cumsum(length)),
        conversion=found.conversion[keep],
        last=found.last[keep],
        open=found.open[keep],
    )


def _channels(column: Coded, rows: Int) -> tuple[Int, Axis]:
    """Return the channel of each touch as a place among all channels, the missing one last."""
    codes = column.codes[rows].astype(np.int64)
    labels = [*column.labels, None]
    axis = Axis("channel", sorted(labels, key=label_key), "state")
    place = {key: i for i, key in enumerate(axis.keys)}
    where = np.array([place[label_key(label)] for label in labels], np.int64)
    return where[codes], axis


def _merged(found: Opportunities, codes: Int) -> Opportunities:
    """Leave out the touches that the next of the path repeats."""
    own, path = codes[found.touch], spread(found.offsets)
    keep = np.ones(len(own), np.bool_)
    keep[:-1] = (own[1:] != own[:-1]) | (path[1:] != path[:-1])
    kept = np.append(0, np.cumsum(keep))
    return attrs.evolve(found, touch=found.touch[keep], offsets=kept[found.offsets])


def _ages(found: Opportunities, at: Int, rows: Int, unit: int) -> Int:
    """Return how long before the conversion of its path each touch was; -1 where there is none."""
    end = found.conversion[spread(found.offsets)]
    return np.where(end >= 0, (at[end] - at[rows[found.touch]]) // unit, -1)


def _paid(asked: Asked, found: Opportunities, value: str, context: Context) -> tuple[Int, Context]:
    """Return what the conversion of each path paid, and the context with the currency if any did."""
    log, done = asked.log, found.conversion >= 0
    nothing = np.zeros(len(done), np.int64)
    if value == "none" or "amount" not in log.columns or not done.any():
        return nothing, context
    amount = log.numbers("amount")
    rows = np.where(done, found.conversion, 0)
    known = done if amount.valid is None else done & amount.valid[rows]
    if not known.any():
        return nothing, context
    context = attrs.evolve(context, currency=log.currency).with_options(scale=10**log.decimals)
    return np.where(known, amount.values[rows], 0), context
