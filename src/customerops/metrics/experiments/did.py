"""Difference in differences: the change of one group less the change of another."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.experiments.assigning import Experiment
from customerops.metrics.experiments.contrasts import Contrast, Sums, contrast, holm
from customerops.metrics.experiments.known_outcomes import coded_arms, whole_column
from customerops.metrics.experiments.responses import MEASURES, Measure, priced, responses
from customerops.metrics.experiments.uplifts import drawn
from customerops.metrics.experiments.weighing import as_label
from customerops.model.log.ask import ask
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables import render
from customerops.model.tables.axes import Axis
from customerops.model.tables.base import Bounds, Floats, at_least_zero
from customerops.model.tables.context import Context
from customerops.model.tables.intervals import as_confidence
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import came, each, one_of, whole
from customerops.model.values.labels import Label, label_key
from customerops.model.values.window import Window

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.grouping import Grouping

__all__ = [
    "DifferenceInDifferences",
    "difference_in_differences",
    "difference_in_differences_from_outcomes",
]

_BELIEF = "parallel trends: without the treatment both groups would have changed by as much"


@attrs.frozen(eq=False, repr=False, kw_only=True)
class DifferenceInDifferences(Table):
    """The change of the treated less that of the control; made by `difference_in_differences`.

    Its parts are customers ``n`` by group, and by group and step the sums over them of the change
    ``d`` and of its square ``dd``. Step 0 is from before to after; -1, -2 and so on are the steps
    between the earlier windows, when nobody was treated.

    Attributes
    ----------
    ASSUMPTION : str
        What has to be believed for it to be an effect.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("n", "d", "dd")
    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"n": ("arm",)}
    ASSUMPTION: ClassVar[str] = _BELIEF

    @property
    def control(self) -> Label:
        """The group that was left alone."""
        control: Label = self.context.option("control")
        return control

    @property
    def n(self) -> Count:
        """By group, how many customers; those of a mapping who are not in the log, too."""
        assigned = self.context.option("assigned")
        if assigned is None:
            return self.parts["n"]
        totals = {label_key(arm): total for arm, total in assigned}
        return exact.canon([totals[label_key(arm)] for arm in self.axes[0].labels])

    @property
    def value(self) -> float:
        """The change of the treated less that of the control; NaN while `after` is open."""
        one = self._steps()[-1]
        return one.difference / self._scale() if self._closed() else math.nan

    def __float__(self) -> float:
        """Return the value."""
        return self.value

    def interval(self, confidence: float = 0.95) -> Bounds:
        """Return the confidence interval of the value.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.

        Returns
        -------
        tuple of float
            The lower and the upper bound; NaN where the value is, or a group has one customer.

        Raises
        ------
        InvalidInputError
            If `confidence` is not valid.

        Notes
        -----
        Welch's t of the changes of customers: each customer is one observation, so what goes with
        a customer over time cancels, and nothing is taken for independent that is not.
        """
        level = as_confidence(confidence)
        if not self._closed():
            return math.nan, math.nan
        low, high = self._steps()[-1].difference_interval(level)
        return low / self._scale(), high / self._scale()

    @property
    def p_value(self) -> float:
        """Two-sided, of Welch's t; NaN where nothing varies or `after` is open."""
        return self._steps()[-1].p_value() if self._closed() else math.nan

    @property
    def earlier(self) -> Floats:
        """The same for each step before, the oldest first: 0 but for chance, if trends are parallel.

        NaN where the later of its windows is open.
        """
        found = [one.difference / self._scale() for one in self._steps()[:-1]]
        return np.where(self._done()[:-1], found, np.nan)

    @property
    def earlier_p_values(self) -> Floats:
        """Of the steps before, adjusted for how many there are (Holm); NaN where `earlier` is."""
        found = [one.p_value() for one in self._steps()[:-1]]
        return np.array(holm(np.where(self._done()[:-1], found, np.nan).tolist()))

    @property
    def trends_differ(self) -> bool | None:
        """Whether the groups went apart before anything was done; None where no step before is over.

        True if an adjusted p-value is below 0.05. False shows nothing: with few customers, trends
        that differ are not found, and those that were parallel need not stay so.
        """
        p_values = self.earlier_p_values
        return bool((p_values < 0.05).any()) if self._done()[:-1].any() else None

    def to_frame(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return one row per step: step, treated, control, value, low, high, p_value, complete.

        ``treated`` and ``control`` are the mean changes of the two groups. p-values are not adjusted.
        """
        import pandas as pd

        return pd.DataFrame(self._rows(as_confidence(confidence)))

    # -- inside ---------------------------------------------------------------------------------

    def _check(self) -> None:
        at_least_zero(self, "n", "dd")
        names = [axis.name for axis in self.axes]
        if names != ["arm", "step"] or 0 not in self.axes[1].labels:
            raise InvalidInputError("axes", "must be groups by the steps", f"got {names}")
        groups = list(map(label_key, self.axes[0].labels))
        if len(groups) > 2 or label_key(self.control) not in groups:
            problem = f"got {len(groups)}"
            raise InvalidInputError("arms", "must be two, one of them the control", problem)

    def _closed(self) -> bool:
        return bool(self._done()[-1])

    def _done(self) -> NDArray[np.bool_]:
        """By step, whether the later of its windows is closed."""
        of, steps = self.context, np.array(self.axes[1].labels, np.int64)
        if of.as_of is None:
            return np.ones(len(steps), np.bool_)
        windows = (*of.option("earlier"), of.option("before"), of.over)
        closed = np.array([one.end_us <= of.as_of + 1 for one in windows])
        return closed[steps - 1]  # step 0 ends with the last window

    def _complete(self) -> NDArray[np.bool_]:
        return np.broadcast_to(self._done(), self.shape)

    def _scale(self) -> float:
        return float(self.context.option("scale", 1))

    def _steps(self) -> list[Contrast]:
        n, d, dd = self.n.tolist(), self.parts["d"].tolist(), self.parts["dd"].tolist()
        own = label_key(self.control)
        sums = {
            label_key(arm) == own: [Sums(n[g], *both) for both in zip(d[g], dd[g], strict=True)]
            for g, arm in enumerate(self.axes[0].labels)
        }
        nobody = [Sums(0, 0, 0)] * len(self.axes[1])  # of a part of the customers
        pairs = zip(sums.get(False, nobody), sums[True], strict=True)
        return [contrast(*pair, Fraction(0), share=False) for pair in pairs]

    def _rows(self, confidence: float) -> dict[str, Any]:
        steps, scale = self._steps(), self._scale()
        done = self._done()
        shown = {
            "treated": [(one.base + one.difference) / scale for one in steps],
            "control": [one.base / scale for one in steps],
            "value": [one.difference / scale for one in steps],
            "low": [one.difference_interval(confidence)[0] / scale for one in steps],
            "high": [one.difference_interval(confidence)[1] / scale for one in steps],
            "p_value": [one.p_value() for one in steps],
        }
        columns = {name: np.where(done, column, np.nan) for name, column in shown.items()}
        return {"step": list(self.axes[1].labels), **columns, "complete": done}

    def _extent(self) -> str:
        said = {None: "trends before not checked", True: "TRENDS DIFFERED BEFORE", False: ""}
        notes = [f"value={self.value:.6g}", f"customers={int(self.n.sum())}"]
        note = said[self.trends_differ]
        return ", ".join([*notes, note] if note else notes)

    def _repr_html_(self) -> str:
        """Show one row per step, and the assumption."""
        rows = self._rows(0.95)
        faint = (~rows.pop("complete")).tolist()
        steps = rows.pop("step")
        shown = {name: [render.number(v) for v in col.tolist()] for name, col in rows.items()}
        title = f"{self.context.title}, assuming {self.ASSUMPTION}"
        return render.rows_html(title, {"step": steps}, shown, faint, len(faint))


def difference_in_differences(
    log: InteractionLog,
    *,
    arms: Experiment | Mapping[Any, Label] | str | Grouping,
    control: Label = None,
    outcome: Rule | str | Collection[str],
    before: Window,
    after: Window,
    earlier: Sequence[Window] = (),
    measure: Measure = "customers",
    as_of: dt.datetime | None = None,
) -> DifferenceInDifferences:
    """Return the change of a treated group less that of another (双重差分, DiD).

    Parameters
    ----------
    log : InteractionLog
        The events.
    arms : mapping of id to group, str, Grouping or Experiment
        Who is in which of the two groups: of those of a mapping, everybody, in the log or not; of a
        customer attribute, a grouping or an experiment, who was known when `after` begins. A store, a
        city, a plan: nobody needs to have been drawn.
    control : str, int or bool
        The group that was left alone; an experiment says it itself.
    outcome : Rule, str or collection of str
        Which events count.
    before, after : Window
        Before the treatment and since it; both with a start and an end.
    earlier : sequence of Window, optional
        Windows before `before`, the oldest first, for the check of trends.
    measure : {"customers", "events", "amount"}
        As for `uplift`: per customer and window, whether, how many, or how much.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    DifferenceInDifferences
        ``.value``, ``.interval()``, ``.p_value``; ``.earlier`` and ``.trends_differ`` with earlier
        windows; it adds over disjoint customers. NaN while `after` is not closed, and each earlier
        step while the later of its windows is not.

    Raises
    ------
    InvalidInputError
        If there are more than two groups, the control is none of them, a window has an open side,
        or windows overlap or are out of order. A group that nobody is in makes the value NaN.

    Notes
    -----
    ``(mean change of the treated) - (mean change of the control)``, the change of a customer being
    the outcome in `after` less that in `before`. It is an effect only under **parallel trends**:
    without the treatment both groups would have changed by as much. That cannot be shown. Earlier
    windows can show the opposite: there the same difference must be 0 but for chance.

    Windows should be as long as each other, and alike (the same weekdays, the same season): what
    differs between windows cancels only as far as it adds the same to both groups. A group chosen for
    how it did in `before` falls back by itself, and that is not an effect (regression to the mean).

    References
    ----------
    Angrist, J. D. and Pischke, J.-S. (2009). *Mostly Harmless Econometrics*, section 5.2. Bertrand,
    M., Duflo, E. and Mullainathan, S. (2004). How much should we trust differences-in-differences
    estimates? Quarterly Journal of Economics 119, 249-275: one difference a unit, for outcomes of a
    unit go together over time. Roth, J. (2022). Pretest with caution. American Economic Review:
    Insights 4, 305-322.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog, Window
    >>> from customerops.metrics import difference_in_differences
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b", "b", "c"], kind=["purchase"] * 5, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, m, 5) for m in (1, 2, 2, 2, 1)],
    ... ).until_day(dt.date(2026, 2, 28))
    >>> january = Window.parse("2026-01-01", "2026-02-01", tz="UTC")
    >>> february = Window.parse("2026-02-01", "2026-03-01", tz="UTC")
    >>> cities = {"a": "Lyon", "b": "Lyon", "c": "Nice", "d": "Nice"}
    >>> difference_in_differences(
    ...     log, arms=cities, control="Nice", outcome="purchase", measure="events",
    ...     before=january, after=february,
    ... )
    DifferenceInDifferences(metric='difference_in_differences', value=1.5, customers=4, trends before not checked)
    """
    asked = ask(log, as_of=as_of)
    earlier = tuple(each("earlier", earlier))
    windows = _windows(earlier, before, after)
    rule = as_rule(outcome, name="outcome")
    one_of("measure", measure, MEASURES)
    who = drawn(asked.log, arms, control, None)
    known = asked.log.entered < windows[-1][0] if who.totals is None else True
    inside = (who.codes >= 0) & known
    events = responses(asked.log, rule, measure)
    seen = [events.of((events.at >= low) & (events.at < high)) for low, high in windows]
    steps = [later - sooner for sooner, later in pairwise(map(exact.canon, seen))]
    parts = _sums(who.codes[inside], [exact.canon(d)[inside] for d in steps], len(who.axis))
    currency, scale = priced(asked.log, events)
    context = Context(
        metric="difference_in_differences",
        as_of=asked.as_of,
        over=after,
        currency=currency,
        by=who.by,
        options={
            "outcome": rule,
            "before": before,
            "earlier": earlier,
            "measure": measure,
            "control": who.control,
            **scale,
            # those of a mapping who are not in the log have changed by nothing
            **({} if who.totals is None else {"assigned": who.totals}),
        },
    )
    return _made(who.axis, parts, context)


def difference_in_differences_from_outcomes(
    before: Any,
    after: Any,
    *,
    arms: Any,
    control: Label,
    scale: int = 1,
) -> DifferenceInDifferences:
    """Return the change of a treated group less that of another, from two outcomes per customer.

    Parameters
    ----------
    before, after : array_like of bool or int, shape (customers,)
        The outcome of each customer in the two windows.
    arms : array_like of str, int or bool, shape (customers,)
        In which of two groups each is.
    control : str, int or bool
        The group that was left alone.
    scale : int
        How many counts of an outcome make one reported unit: 100 for amounts in cents.

    Returns
    -------
    DifferenceInDifferences
        As of `difference_in_differences`, without a check of trends.

    Raises
    ------
    InvalidInputError
        If the columns are not as long as each other or not whole numbers, or there are not two
        groups with the control among them.

    Notes
    -----
    ``(mean of after - before of the treated) - (mean of after - before of the control)``. It is an
    effect only under parallel trends; see `difference_in_differences`.

    References
    ----------
    Angrist, J. D. and Pischke, J.-S. (2009). *Mostly Harmless Econometrics*, section 5.2.

    Examples
    --------
    >>> from customerops.metrics import difference_in_differences_from_outcomes
    >>> difference_in_differences_from_outcomes(
    ...     [1, 0, 1, 0], [1, 2, 0, 0], arms=["Lyon", "Lyon", "Nice", "Nice"], control="Nice"
    ... ).value
    1.5
    """
    (first, _), (second, _) = whole_column("before", before), whole_column("after", after)
    if len(first) != len(second):
        problem = f"got {len(second)} and {len(first)} rows"
        raise InvalidInputError("after", "must be as long as before", problem)
    codes, axis = coded_arms(arms, len(first))
    change = exact.add(second, exact.times(first, -1))
    options = {"control": as_label("control", control), "scale": whole("scale", scale, least=1)}
    context = Context(metric="difference_in_differences", options=options)
    return _made(axis, _sums(codes, [change], len(axis)), context)


def _windows(earlier: Sequence[Window], before: Window, after: Window) -> list[tuple[int, int]]:
    """Return the edges of all windows, the oldest first."""
    given = {f"earlier[{i}]": one for i, one in enumerate(earlier)}
    given |= {"before": before, "after": after}
    edges: list[tuple[int, int]] = []
    for name, one in given.items():
        if not isinstance(one, Window):
            raise InvalidInputError(name, "must be a Window", came(one))
        if one.start_us is None or one.end_us is None:
            raise InvalidInputError(name, "must have a start and an end", "a side is open")
        if edges and one.start_us < edges[-1][1]:
            raise InvalidInputError(name, "must not start before the one before it ends")
        edges.append((one.start_us, one.end_us))
    return edges


def _sums(codes: Any, steps: Sequence[Any], n: int) -> dict[str, Any]:
    return {
        "n": exact.group_count(codes, n),
        "d": np.stack([exact.group_sum(codes, d, n) for d in steps], axis=1),
        "dd": np.stack([exact.group_dot(codes, d, d, n) for d in steps], axis=1),
    }


def _made(axis: Axis, parts: dict[str, Any], context: Context) -> DifferenceInDifferences:
    step = Axis("step", range(1 - parts["d"].shape[1], 1), "age")
    return DifferenceInDifferences(axes=[axis, step], parts=parts, context=context)
