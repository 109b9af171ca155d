"""What customers speak of: the share of respondents by theme, as somebody labelled what they said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.survey.answers import spans_asked
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.values import exact
from customerops.model.values.checks import came, each, text
from customerops.model.values.labels import label_key
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["ThemeShare", "theme_counts"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ThemeShare(Proportion):
    """The share of respondents who spoke of each theme; made by `theme_counts`.

    There is one total for all themes, and a respondent may be in several, so that shares may add
    up to more than 1.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group", "period")}


def theme_counts(
    said: Iterable[Collection[str]] | InteractionLog,
    *,
    themes: str | Collection[str] | None = None,
    responses: Rule | str | Collection[str] | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> ThemeShare:
    """Return how many respondents spoke of each theme (主题占比).

    Parameters
    ----------
    said : iterable of collections of str, or InteractionLog
        The themes of each respondent, none for one who spoke of none; or a log of responses.
    themes : str or collection of str, optional
        The attributes of responses that hold a theme, several where a response may have several;
        needed with a log.
    responses : Rule, str or collection of str, optional
        Which events of a log are responses; needed with a log.
    over, period, by, as_of, calendar
        As for `nps`.

    Returns
    -------
    ThemeShare
        Along the axis ``theme``: count the respondents who spoke of it, total the respondents.

    Raises
    ------
    InvalidInputError
        When a theme is no text, an option of logs is given without one or missing with one, or the
        log has no such attribute.

    Notes
    -----
    The labels are the app's: from people, a model or a list of words. A respondent counts once a
    theme and period, however often they spoke of it.

    Examples
    --------
    >>> from customerops.metrics import theme_counts
    >>> shares = theme_counts([{"price"}, {"price", "speed"}, set()])
    >>> shares.axes[0].labels, shares.count.tolist(), shares.total
    (('price', 'speed'), [2, 1], 3)
    """
    asked: dict[str, Any] = {
        "themes": themes,
        "responses": responses,
        "over": over,
        "period": period,
    }
    asked |= {"by": by, "as_of": as_of, "calendar": calendar}
    if not isinstance(said, InteractionLog):
        for name, option in asked.items():
            if option is not None:
                raise InvalidInputError(name, "must be left out without a log", came(option))
        return _listed(said)
    if themes is None or responses is None:
        missing = "themes" if themes is None else "responses"
        raise InvalidInputError(missing, "must be given with a log")
    fields = (themes,) if isinstance(themes, str) else tuple(sorted(themes))
    rule = as_rule(responses)
    settled = ask(said, as_of=as_of, over=over, period=period, calendar=calendar)
    log = settled.log
    rows = rows_of(log, rule)
    spans = spans_asked(settled, int(log.at[rows].min()) if len(rows) else None)
    place = spans.place(log.at[rows])
    inside = (place >= 0) & (place < len(spans))
    rows, place = rows[inside], place[inside]
    group, groups, axes = groups_of(log, by)
    size = groups * len(spans)
    cell = group[log.codes[rows]] * len(spans) + place
    lead = first_of_run(log.codes[rows], place)
    total = exact.group_count(cell[lead], size)
    columns = [log.coded(f"attributes.{text('themes', field)}") for field in fields]
    found = {
        label_key(column.labels[code]): column.labels[code]
        for column in columns
        for code in np.unique(column.codes[rows]).tolist()
        if code >= 0
    }
    labels = [found[key] for key in sorted(found)]
    at = {key: i for i, key in enumerate(sorted(found))}
    spoken = [np.zeros((0, 2), np.int64)]
    respondent = np.cumsum(lead) - 1
    for column in columns:
        known = column.codes[rows] >= 0
        table = np.array([at.get(label_key(label), -1) for label in column.labels] or [-1])
        theme = table[column.codes[rows][known]]
        spoken.append(np.stack([respondent[known], theme], axis=1))
    pairs = np.unique(np.concatenate(spoken), axis=0)
    count = exact.group_count(
        cell[lead][pairs[:, 0]] * len(labels) + pairs[:, 1], size * len(labels)
    )
    axes = (*axes, *spans.axes)
    shape = [len(axis) for axis in axes]
    context = Context(
        metric="theme_counts",
        as_of=settled.as_of,
        over=over,
        calendar=settled.zone if period else None,
        period=period,
        by=by,
        options={"responses": rule, "themes": fields},
    )
    return ThemeShare(
        axes=(*axes, Axis("theme", labels, "state", disjoint=False)),
        parts={"count": count.reshape([*shape, len(labels)]), "total": total.reshape(shape)},
        context=context,
    )


def _listed(said: Any) -> ThemeShare:
    spoken = [{text("themes", one) for one in each("themes", own)} for own in each("said", said)]
    labels = sorted(set().union(*spoken))
    count = [sum(label in own for own in spoken) for label in labels]
    return ThemeShare(
        axes=(Axis("theme", labels, "state", disjoint=False),),
        parts={"count": exact.canon(np.array(count, np.int64)), "total": len(spoken)},
        context=Context(metric="theme_counts"),
    )
