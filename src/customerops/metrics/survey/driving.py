"""What goes with a score: ratings, marks and touches of the same respondents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.survey.answers import spans_asked
from customerops.metrics.survey.driver_table import Definition, Drivers
from customerops.metrics.survey.explained import MOST
from customerops.model.log.ask import ask
from customerops.model.log.derived import groups_of, rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, positive_duration, text
from customerops.model.values.checks import numbers as as_numbers
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["drivers"]

Missing = Literal["refuse", "listwise", "pairwise"]
Given = Rule | str | Collection[str]

_LARGEST = 10**6  # of a score and of a rating: no scale reaches further


@attrs.frozen(eq=False)
class _Known:
    """Scores, the answers beside them, which of these are known, and the cell of each row."""

    scores: NDArray[np.int64]
    beside: Mapping[str, tuple[NDArray[np.int64], NDArray[np.bool_]]]
    cell: NDArray[np.intp]
    axes: tuple[Axis, ...]
    context: Context


def drivers(
    scores: ArrayLike | InteractionLog,
    *,
    definition: Definition,
    ratings: Mapping[str, ArrayLike] | str | Collection[str] | None = None,
    marks: Mapping[str, Rule] | None = None,
    touches: Mapping[str, Given] | None = None,
    within: dt.timedelta | None = None,
    missing: Missing = "refuse",
    responses: Given | None = None,
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Drivers:
    """Return which answers, themes and contacts go with a score (驱动因素分析, 关键驱动因素).

    Parameters
    ----------
    scores : array_like of int, or InteractionLog
        A score of each respondent; or a log whose responses have it as `value`, of which the latest
        of a customer in a period or window counts. Whole numbers; who has none does not count.
    definition : {"correlation", "shapley", "mean_difference"}
        What importance is: the correlation of driver and score; the part of R squared that a driver
        adds on average, over all orders in which drivers join a linear model; or the mean score of
        those with a mark less that of those without it.
    ratings : mapping of str to array_like, str or collection of str, optional
        Beside scores, what each respondent said of each driver: whole numbers, 0 or 1 for a mark.
        Of a log, the attributes of responses that hold ratings.
    marks : mapping of str to Rule, optional
        Of a log, by name, which responses have a mark: ``{"price": attribute("theme") == "price"}``.
    touches : mapping of str to Rule, str or collection of str, optional
        Of a log, by name, which events are a touch: a respondent has the mark whose customer had one
        before the response, less than `within` ago.
    within : timedelta, optional
        How far back touches count; needed with them.
    missing : {"refuse", "listwise", "pairwise"}
        What to do where a rating is missing: refuse, and say how many are; leave the respondent out
        of everything; or out of that driver alone, which ``"shapley"`` cannot.
    responses : Rule, str or collection of str, optional
        Which events of a log answer this very question; needed with a log.
    over, period, by, as_of, calendar
        As for `nps`.

    Returns
    -------
    Drivers
        ``.importance`` and ``.interval()``, ``.performance``, ``.quadrants()``; ``.missing`` counts
        who was left out. It adds over disjoint customers.

    Raises
    ------
    InvalidInputError
        When there is no driver, two share a name, there are more than 15 for ``"shapley"``, a score
        or a rating is no whole number, a rating is neither 0 nor 1 for ``"mean_difference"``,
        a rating is missing and is to be refused, an option of logs is given without one, or one is
        missing with one.

    Notes
    -----
    With sums over respondents of the score y and the driver x, all of them exact:
    ``correlation = (n Σxy - Σx Σy) / sqrt((n Σxx - (Σx)²) (n Σyy - (Σy)²))``, with Fisher's
    interval; ``mean_difference = Σxy / Σx - (Σy - Σxy) / (n - Σx)``, with Welch's; ``shapley``:
    ``sum over subsets S of the other drivers of |S|! (p - |S| - 1)! / p! (R²(S + x) - R²(S))``,
    without an interval. Shapley's parts are never negative and sum to R²; the sign is that of the
    correlation. A driver that does not vary has no correlation and adds nothing.

    Correlations count what drivers have in common once for each of them: where all were answered in
    one mood all look important. Shapley's parts divide it. Neither says what would happen to the
    score if a driver were better: `Drivers.wording`. A rule that does not say so of a response for
    want of a value has no mark, and is not missing.

    References
    ----------
    R. H. Lindeman, P. F. Merenda and R. Z. Gold, *Introduction to Bivariate and Multivariate
    Analysis* (1980), 119-127; U. Grömping, "Estimators of relative importance in linear regression
    based on variance decomposition", The American Statistician 61 (2007) 139-147; R. A. Fisher, "On
    the 'probable error' of a coefficient of correlation", Metron 1 (1921) 3-32; B. L. Welch,
    Biometrika 34 (1947) 28-35.

    Examples
    --------
    >>> from customerops.metrics import drivers
    >>> scores = [9, 10, 6, 3, 8, 2]
    >>> said = {"price": [4, 4, 3, 2, 5, 1], "speed": [3, 5, 4, 3, 3, 4]}
    >>> found = drivers(scores, ratings=said, definition="shapley")
    >>> print(found.names, found.importance.round(3).tolist(), round(found.r_squared, 3))
    ('price', 'speed') [0.838, 0.066] 0.904
    >>> drivers(scores, ratings=said, definition="correlation").importance.round(3).tolist()
    [0.901, 0.2]
    """
    one_of("definition", definition, get_args(Definition))
    one_of("missing", missing, get_args(Missing))
    if definition == "shapley" and missing == "pairwise":
        problem = "the models of 'shapley' need the same respondents for all drivers"
        raise InvalidInputError("missing", "must not be 'pairwise'", problem)
    if isinstance(scores, InteractionLog):
        known = _logged(
            scores,
            ratings,
            marks,
            touches,
            within,
            responses,
            {"over": over, "period": period, "as_of": as_of, "calendar": calendar},
            by,
        )
    else:
        asked: dict[str, Any] = {
            "marks": marks,
            "touches": touches,
            "within": within,
            "responses": responses,
            "over": over,
            "period": period,
            "by": by,
            "as_of": as_of,
            "calendar": calendar,
        }
        for name, option in asked.items():
            if option is not None:
                raise InvalidInputError(name, "must be left out without a log", came(option))
        known = _listed(scores, ratings)
    return _moments(known, definition, missing)


def _listed(scores: Any, ratings: Any) -> _Known:
    """Read scores and ratings that are at hand."""
    if not isinstance(ratings, Mapping):
        raise InvalidInputError("ratings", "must be a mapping of names to arrays", came(ratings))
    values, scored = _column("scores", scores)
    beside = {}
    for name in sorted(text("ratings", name) for name in ratings):
        rated, said = _column(f"ratings of {name!r}", ratings[name])
        if len(rated) != len(values):
            problem = f"got {len(rated)} for {len(values)} scores"
            raise InvalidInputError(f"ratings of {name!r}", "must be one a respondent", problem)
        beside[name] = (rated[scored], said[scored])
    nowhere = np.zeros(int(scored.sum()), np.intp)
    return _Known(values[scored], beside, nowhere, (), Context(metric="drivers"))


def _column(name: str, given: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return whole numbers, and which are known: None and NaN are not."""
    if isinstance(given, list | tuple):
        given = [np.nan if one is None else one for one in given]
        given = [float(one) if isinstance(one, bool) else one for one in given]
    elif str(getattr(given, "dtype", "")) == "bool":  # marks
        given = np.asarray(given, np.int64)
    values = as_numbers(name, given)
    if values.ndim != 1:
        raise InvalidInputError(name, "must be one-dimensional", f"got {values.ndim} dimensions")
    said = ~np.isnan(values)
    values = np.where(said, values, 0)
    wrong = (np.floor(values) != values) | (np.abs(values) > _LARGEST)
    if wrong.any():
        requirement = f"must be whole numbers, at most {_LARGEST:,}"
        raise InvalidInputError(
            name,
            requirement,
            count=int(wrong.sum()),
            total=len(wrong),
            first=int(wrong.argmax()),
        )
    return values.astype(np.int64), said


def _logged(
    log: InteractionLog,
    ratings: Any,
    marks: Any,
    touches: Any,
    within: dt.timedelta | None,
    responses: Given | None,
    when: Mapping[str, Any],
    by: str | Grouping | None,
) -> _Known:
    """Read the latest response of each customer and stretch, and what stands beside it."""
    if responses is None:
        raise InvalidInputError("responses", "must be given with a log")
    if isinstance(ratings, Mapping):
        raise InvalidInputError("ratings", "must be names of attributes with a log", came(ratings))
    rated = [] if ratings is None else [ratings] if isinstance(ratings, str) else list(ratings)
    rated = sorted(text("ratings", name) for name in rated)
    marked = {name: as_rule(rule) for name, rule in _named("marks", marks)}
    touched = {name: as_rule(rule) for name, rule in _named("touches", touches)}
    if bool(touched) != (within is not None):
        raise InvalidInputError("within", "must be given with touches, and only with them")
    names = [*rated, *marked, *touched]
    if len(set(names)) < len(names):
        raise InvalidInputError("drivers", "must have different names")
    rule = as_rule(responses)
    asked = ask(log, **when)
    known = asked.log
    rows = rows_of(known, rule)
    column = known.numbers("value")
    if column.valid is not None:
        rows = rows[column.valid[rows]]
    spans = spans_asked(asked, int(known.at[rows].min()) if len(rows) else None)
    place = spans.place(known.at[rows])
    inside = (place >= 0) & (place < len(spans))
    rows, place = rows[inside], place[inside]
    last = np.append(first_of_run(known.codes[rows], place)[1:], True)[: len(rows)]
    rows, place = rows[last], place[last]
    one = 10**known.value_decimals
    wrong = (column.values[rows] % one != 0) | (np.abs(column.values[rows]) > _LARGEST * one)
    if wrong.any():
        requirement = f"must have whole numbers, at most {_LARGEST:,}, as values"
        raise InvalidInputError("responses", requirement, count=int(wrong.sum()), total=len(wrong))
    beside = {name: _rated(known, name, rows) for name in rated}
    everybody = np.ones(len(rows), np.bool_)
    for name, mark in marked.items():
        beside[name] = (mark.mask(known)[rows].astype(np.int64), everybody)
    for name, touch in touched.items():
        assert within is not None
        length = micros(positive_duration("within", within))
        beside[name] = (_touched(known, rows_of(known, touch), rows, length), everybody)
    group, _, axes = groups_of(known, by)
    cell = (group[known.codes[rows]] * len(spans) + place).astype(np.intp)
    context = Context(
        metric="drivers",
        as_of=asked.as_of,
        over=asked.over,
        calendar=asked.zone if asked.period else None,
        period=asked.period,
        by=by,
        options={
            "responses": rule,
            "ratings": tuple(rated),
            "marks": tuple(marked.items()),
            "touches": tuple(touched.items()),
            "within": within,
        },
    )
    beside = {name: beside[name] for name in sorted(beside)}
    return _Known(column.values[rows] // one, beside, cell, (*axes, *spans.axes), context)


def _named(option: str, rules: Any) -> list[tuple[str, Any]]:
    """Return rules by name, in order."""
    if rules is None:
        return []
    if not isinstance(rules, Mapping):
        raise InvalidInputError(option, "must be a mapping of names to rules", came(rules))
    return sorted((text(option, name), rule) for name, rule in rules.items())


def _rated(
    log: InteractionLog, name: str, rows: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the numbers that an attribute of responses holds, and where it holds one."""
    column = log.coded(f"attributes.{name}")
    codes = column.codes[rows]
    said = codes >= 0
    used = np.unique(codes[said])
    table = np.zeros(len(column.labels) + 1, np.int64)
    for code in used.tolist():
        label = column.labels[code]
        if not isinstance(label, int | float) or label % 1 != 0 or abs(label) > _LARGEST:
            problem = "some are not; a label makes a mark: marks={...: attribute(...) == ...}"
            requirement = f"must hold whole numbers, at most {_LARGEST:,}"
            raise InvalidInputError(f"ratings of {name!r}", requirement, problem)
        table[code] = int(label)
    return table[codes], said


def _touched(
    log: InteractionLog, touches: NDArray[np.intp], rows: NDArray[np.intp], length: int
) -> NDArray[np.int64]:
    """Return 1 for each row with a touch of its customer before it, less than a length ago."""
    place = np.searchsorted(touches, rows) - 1
    latest = touches[np.maximum(place, 0)] if len(touches) else rows
    there = (place >= 0) & (log.codes[latest] == log.codes[rows])
    near: NDArray[np.bool_] = log.at[rows] < log.at[latest] + length
    touched: NDArray[np.int64] = (there & near).astype(np.int64)
    return touched


def _moments(known: _Known, definition: Definition, missing: Missing) -> Drivers:
    """Sum what is known of the drivers over respondents."""
    names = list(known.beside)
    if not names:
        raise InvalidInputError("drivers", "must be one or more")
    if definition == "shapley" and len(names) > MOST:
        requirement = f"must be at most {MOST} for definition='shapley'"
        raise InvalidInputError("drivers", requirement, f"got {len(names)}")
    for name, (values, said) in known.beside.items():
        if missing == "refuse" and not said.all():
            requirement = "must be known of everybody, or missing='listwise' or 'pairwise'"
            silent = int((~said).sum())
            raise InvalidInputError(
                f"ratings of {name!r}", requirement, count=silent, total=len(said)
            )
        if definition == "mean_difference" and not np.isin(values[said], (0, 1)).all():
            requirement = "must be 0 or 1 for definition='mean_difference'"
            raise InvalidInputError(f"ratings of {name!r}", requirement)
    x = np.stack([values for values, _ in known.beside.values()])
    said = np.stack([said for _, said in known.beside.values()])
    if missing == "listwise":
        said = np.broadcast_to(said.all(axis=0), said.shape)
    y, cells = known.scores, [len(axis) for axis in known.axes]
    n = int(np.prod(cells, dtype=np.int64))

    def over(rows: NDArray[np.bool_], *factors: NDArray[np.int64]) -> NDArray[Any]:
        one, *more = (factor[rows] for factor in factors)
        two = more[0] if more else np.ones(len(one), np.int64)
        return exact.group_dot(known.cell[rows], one, two, n)

    ones = np.ones(len(y), np.int64)
    each_driver = {
        "n": [over(k, ones) for k in said],
        "y": [over(k, y) for k in said],
        "yy": [over(k, y, y) for k in said],
        "x": [over(k, z) for k, z in zip(said, x, strict=True)],
        "xy": [over(k, z, y) for k, z in zip(said, x, strict=True)],
        "xyy": [over(k, z * y, y) for k, z in zip(said, x, strict=True)],
    }
    shape = (*cells, len(names))
    parts = {name: _stacked(sums).reshape(shape) for name, sums in each_driver.items()}
    parts["asked"] = exact.group_count(known.cell, n).reshape(cells)
    products = [
        over(k & m, z, w)
        for k, z in zip(said, x, strict=True)
        for m, w in zip(said, x, strict=True)
    ]
    parts["xx"] = _stacked(products).reshape((*shape, len(names)))
    driver, other = (Axis(name, names, "state", disjoint=False) for name in ("driver", "with"))
    context = attrs.evolve(known.context, definition=definition).with_options(missing=missing)
    return Drivers(axes=(*known.axes, driver, other), parts=parts, context=context)


def _stacked(sums: list[NDArray[Any]]) -> NDArray[Any]:
    """Return sums by cell, of one thing each, with the things as the last axis."""
    return exact.canon(np.stack([one.astype(object) for one in sums], axis=-1))
