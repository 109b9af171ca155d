"""Uplift of a log: the outcome of everybody assigned, by arm, in a window after the start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.experiments.assigning import Experiment
from customerops.metrics.experiments.responses import MEASURES, Measure, priced, responses
from customerops.metrics.experiments.sample_ratio import THRESHOLD, as_threshold
from customerops.metrics.experiments.uplift_table import DEFINITIONS, Uplift
from customerops.metrics.experiments.weighing import Shares, as_label, as_shares
from customerops.model.log.ask import ask
from customerops.model.log.derived import first_rows
from customerops.model.rules.grouping import Assignment, Grouping, as_grouping
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, positive_duration
from customerops.model.values.instants import as_instant, micros, to_us
from customerops.model.values.labels import Label, label_key

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["Drawn", "drawn", "uplift"]

_NEVER = -(2**62)  # an instant before all others, that a window can be added to


def uplift(
    log: InteractionLog,
    *,
    arms: Experiment | Mapping[Any, Label] | str | Grouping,
    outcome: Rule | str | Collection[str],
    start: dt.datetime | Rule | str | Collection[str],
    window: dt.timedelta,
    measure: Measure = "customers",
    definition: Literal["difference", "ratio"] = "difference",
    control: Label = None,
    weights: Mapping[Any, Any] | None = None,
    covariate: dt.timedelta | None = None,
    threshold: float = THRESHOLD,
    as_of: dt.datetime | None = None,
) -> Uplift:
    """Return what a treatment did (增量, uplift): each arm against the control, as assigned.

    Parameters
    ----------
    log : InteractionLog
        The events.
    arms : Experiment, mapping of id to arm, str or Grouping
        Who is in which arm. An `Experiment`: everybody in the log who was known by the start. A
        mapping, from `assign`: exactly those in it, in the log or not. A customer attribute or a
        grouping, such as ``first("arm", where="assigned")``: those who have one.
    outcome : Rule, str or collection of str
        Which events count.
    start : datetime, or Rule, str or collection of str
        When the window opens: one instant for all, or each customer's first event for which a rule
        holds; who has none is not in the experiment. It must be an event that all arms have, the
        assignment, and never the exposure, which the control has not.
    window : timedelta
        How long outcomes count: in ``[start, start + window)``, after the event that starts it.
    measure : {"customers", "events", "amount"}
        The share of customers with an event, the mean number of events, or the mean sum of amounts
        by customer, in major units.
    definition : {"difference", "ratio"}
        Treated less control, or treated by control.
    control : str, int or bool
        The arm that was left alone; an experiment says it itself.
    weights : mapping of arm to float, optional
        What was planned, for the sample-ratio check; an experiment says it itself. Without them
        there is no check.
    covariate : timedelta, optional
        Adjust by the same measure over so long before the start, ``[start - covariate, start)``
        (CUPED).
    threshold : float
        Of the sample-ratio check.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    Uplift
        ``.value`` and ``.interval()`` by treatment, ``.by_arm``, ``.sample_ratio``, ``.flagged``,
        ``.variance_reduction``, ``.immature``, ``.to_frame()``. It adds over disjoint customers.

    Raises
    ------
    InvalidInputError
        If there is no control, or one that is not among the arms of a mapping; if an experiment
        comes with a control or weights of its own; if weights are not of the arms there are; if
        amounts are measured and there are none; if `as_of` is not known.

    Notes
    -----
    Intention to treat: everybody assigned counts in their arm, whether the treatment reached them or
    not. To count only those it reached compares people who can be reached with everybody.

    A window that is not closed at ``as_of`` is left out, with its customer, and counted in
    ``immature``: late starters have had no time yet.

    Customers of a mapping who are not in the log have done nothing: they count as zeros. A log of
    orders knows nobody else, and an average over its customers is one over buyers. Partitions of a
    log are given the whole mapping, and their results add up. With an `Experiment` or an attribute
    the log itself must know everybody, by an event or by ``with_customers``; who became known after
    the start is not in the experiment, for that may be what the treatment did.

    What was before the log begins is in no covariate, alike in all arms: the lift stays right, and is
    adjusted by less.

    References
    ----------
    Gerber, A. S. and Green, D. P. (2012). *Field Experiments*, chapters 2 and 5. Deng, A., Xu, Y.,
    Kohavi, R. and Walker, T. (2013). Improving the sensitivity of online controlled experiments by
    utilizing pre-experiment data. WSDM 2013, 123-132.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import uplift
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "c", "x"], kind=["purchase"] * 3, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 3, 5), dt.date(2026, 3, 9), dt.date(2026, 3, 9)],
    ... ).until_day(dt.date(2026, 4, 30))
    >>> found = uplift(
    ...     log, arms={"a": "mail", "b": "mail", "c": "none", "d": "none", "e": "none"},
    ...     control="none", weights={"mail": 2, "none": 3}, outcome="purchase",
    ...     start=dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc), window=dt.timedelta(days=30),
    ... )
    >>> found
    Uplift(metric='uplift', definition='difference', value=[0.166667], customers=5, sample ratio p_value=1)
    >>> found.by_arm.count.tolist(), found.by_arm.total.tolist()
    ([1, 1], [2, 3])
    """
    asked = ask(log, as_of=as_of)
    rule, length = as_rule(outcome, name="outcome"), micros(positive_duration("window", window))
    one_of("measure", measure, MEASURES)
    one_of("definition", definition, DEFINITIONS)
    before = None if covariate is None else micros(positive_duration("covariate", covariate))
    who = drawn(asked.log, arms, control, weights)
    begins = _begins(asked.log, start, known=who.totals is None)
    inside = (who.codes >= 0) & (begins.at != _NEVER)
    closed = inside & (begins.at + length <= asked.as_of + 1)
    events = responses(asked.log, rule, measure)
    opens, at = begins.at[events.who], events.at
    counts = closed[events.who]
    after = counts & (at >= opens) & (at < opens + length) & (events.rows > begins.row[events.who])
    y = events.of(after)
    x = np.zeros(len(y), np.int64)
    if before is not None:
        x = events.of(counts & (at < opens) & (at >= opens - before))
    code, n = who.codes, len(who.axis)
    sums = {"y": y[closed], "x": x[closed]}
    parts = {"n": exact.group_count(code[closed], n)}
    parts |= {name: exact.group_sum(code[closed], column, n) for name, column in sums.items()}
    for one, other in ("yy", "xx", "xy"):
        parts[one + other] = exact.group_dot(code[closed], sums[one], sums[other], n)
    parts["immature"] = exact.group_count(code[inside & ~closed], n)
    currency, scale = priced(asked.log, events)
    options: dict[str, Any] = {
        "outcome": rule,
        "start": begins.said,
        "window": window,
        "measure": measure,
        "control": who.control,
        "weights": who.weights,
        "covariate": covariate,
        "threshold": as_threshold(threshold),
        **scale,
    }
    if who.totals is not None and begins.instant is not None:  # the absent start when all do
        done = begins.instant + length <= asked.as_of + 1
        options |= {"assigned": who.totals, "closed": done}
    context = Context(
        metric="uplift",
        definition=definition,
        as_of=asked.as_of,
        currency=currency,
        by=who.by,
        options=options,
    )
    return Uplift(axes=[who.axis], parts=parts, context=context)


@attrs.frozen(eq=False)
class Drawn:
    """Who is in which arm.

    Attributes
    ----------
    codes : ndarray of int, shape (n_customers,)
        The arm of each customer of the log; -1 who is in none.
    axis : Axis
        The arms.
    control : Label
        The one that was left alone.
    weights : tuple of pairs, or None
        What was planned.
    totals : tuple of (arm, int), or None
        Of a mapping, how many customers of it are in each arm, in the log or not.
    by : Experiment or Grouping
        What was given.
    """

    codes: NDArray[np.intp]
    axis: Axis
    control: Label
    weights: Shares | None
    totals: tuple[tuple[Label, int], ...] | None
    by: Experiment | Grouping


def drawn(log: InteractionLog, arms: object, control: Label, weights: object) -> Drawn:
    """Return who of a log is in which arm, and against which.

    Raises
    ------
    InvalidInputError
        As for `uplift`.
    """
    if isinstance(arms, Experiment):
        for name, given in (("control", control), ("weights", weights)):
            if given is not None:
                raise InvalidInputError(name, "must be left out", "the experiment says it")
        of: Experiment | Grouping = arms
        control, weights, grouping = arms.control, arms.arms, cast("Grouping", arms.grouping())
    else:
        if control is None:
            problem = "without one there is only a change"
            raise InvalidInputError("control", "must be given", problem)
        of = grouping = as_grouping(cast("Any", _groups(arms)))
    planned = None if weights is None else as_shares("weights", weights)
    own = as_label("control", control)
    codes, found = grouping.labels(log)
    labels: set[Label] = {label for label in found if label is not None}
    totals = None
    if isinstance(grouping.source, Assignment):
        totals = _totals(grouping.source)
        labels = {label for label, _ in totals}
        if label_key(own) not in map(label_key, labels):
            raise InvalidInputError("control", "must be one of the arms", "nobody is in it")
    names = {label_key(label): label for label in (*labels, own)}
    if planned is not None:
        shares = {label_key(arm): arm for arm, _ in planned}
        if not names.keys() <= shares.keys():
            raise InvalidInputError("weights", "must be of every arm", "one there is has none")
        names = shares
        if totals is not None:
            known = {label_key(arm) for arm, _ in totals}
            totals += tuple((arm, 0) for key, arm in names.items() if key not in known)
    axis = Axis("arm", [names[key] for key in sorted(names)], "group", disjoint=True)
    table = np.array([*(_place(axis, label) for label in found), -1], np.intp)
    return Drawn(table[codes], axis, own, planned, totals, of)


def _groups(arms: object) -> object:
    if not isinstance(arms, str | Mapping | Grouping):
        must = "must be an Experiment, a mapping, an attribute or a Grouping"
        raise InvalidInputError("arms", must, came(arms))
    return arms


def _place(axis: Axis, label: Label) -> int:
    return -1 if label is None else int(axis.positions([label])[0])


def _totals(source: Assignment) -> tuple[tuple[Label, int], ...]:
    counts: dict[tuple[int, object], list[Any]] = {}
    for _, label in source.pairs:
        if label is not None:
            counts.setdefault(label_key(label), [label, 0])[1] += 1
    return tuple((counts[key][0], counts[key][1]) for key in sorted(counts))


@attrs.frozen(eq=False)
class _Begins:
    """When each customer starts, and by which row; `instant` where all start at once."""

    at: NDArray[np.int64]
    row: NDArray[np.int64]
    said: Any
    instant: int | None


def _begins(log: InteractionLog, start: object, *, known: bool) -> _Begins:
    row = np.full(log.n_customers, -1, np.int64)
    if isinstance(start, dt.datetime):
        instant = as_instant("start", start)
        us = to_us(instant)
        at = np.full(log.n_customers, us, np.int64)
        if known:  # who came later may have come for the treatment
            at[log.entered > us] = _NEVER
        return _Begins(at, row, instant, us)
    rule = as_rule(cast("Any", start), name="start")
    rows = first_rows(log, rule)
    at = np.full(log.n_customers, _NEVER, np.int64)
    at[log.codes[rows]] = log.at[rows]
    row[log.codes[rows]] = rows
    return _Begins(at, row, rule, None)
