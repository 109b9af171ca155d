"""Step matrices: where customers are at each step of their paths, from the start or an anchor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.paths.walking import Steps, Walks, customers_of, naming_of, walks
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.values.checks import whole
from customerops.model.values.labels import END, START, Label, label_key

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.window import Window

__all__ = ["StepMatrix", "step_matrix"]

_MOST = 1000  # steps shown


@attrs.frozen(eq=False, repr=False, kw_only=True)
class StepMatrix(Proportion):
    """The share of customers who are in each state at each step, over the axes state and step.

    Parameters
    ----------
    axes, context
        As for `Proportion`.
    parts : mapping
        ``count`` over state and step (after the group), and ``total``: customers with a path, or
        with the anchor in it; one number a group.

    Notes
    -----
    At every step each customer is in one state, so the shares of a column add up to 1.
    """

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"total": ("group",)}

    def grid(self) -> pd.DataFrame:
        """Return the shares as a grid, a row a state (of each group) and a column a step.

        Raises
        ------
        InvalidInputError
            If the matrix was cut to one state or one step.
        """
        import pandas as pd

        names = [axis.name for axis in self.axes]
        if names[-2:] != ["state", "step"]:
            raise InvalidInputError("matrix", "must have both its axes", f"got {names}")
        *outer, step = self.axes
        rows = pd.MultiIndex.from_product(
            [list(axis.labels) for axis in outer], names=[axis.name for axis in outer]
        )
        index = rows if len(outer) > 1 else pd.Index(list(outer[0].labels), name="state")
        values = np.asarray(self.value).reshape(-1, len(step))
        columns = pd.Index(list(step.labels), name="step")
        return pd.DataFrame(values, index=index, columns=columns)


def step_matrix(
    log: InteractionLog,
    anchor: Rule | str | Collection[str] | None = None,
    *,
    max_steps: int = 10,
    before: int | None = None,
    occurrence: int = 1,
    state: str = "kind",
    steps: Steps | None = None,
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    by: str | Grouping | None = None,
) -> StepMatrix:
    """Return where customers are at each step: the share in each state (步骤矩阵).

    Parameters
    ----------
    log : InteractionLog
        The events.
    anchor : Rule, str or collection of str, optional
        The step that is step 0. Customers without it are in no part of the matrix. Left out,
        steps are counted from the first one, which is step 1.
    max_steps : int
        The last step shown.
    before : int, optional
        How many steps before the anchor are shown; left out, as many as after it.
    occurrence : int
        Which step of a customer for which `anchor` holds is the anchor, from 1.
    state, steps
        What is a step and what it is called, as for `transitions`. An event that is no step is no
        anchor, either.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only steps inside it.
    by : str or Grouping, optional
        A customer attribute or a grouping; a matrix for each group.

    Returns
    -------
    StepMatrix
        ``.value`` and ``.interval()`` over state and step; ``.grid()`` as a frame. Whose path is
        over so far is in the state `END`, whose has not begun, before an anchor, in `START`.

    Raises
    ------
    InvalidInputError
        If `max_steps`, `before` or `occurrence` are no whole numbers or out of range, `before` or
        `occurrence` is given without an anchor, the log is by thread, or as for `transitions`.

    Notes
    -----
    ``value[s, k] = customers in s at step k / customers``. Customers whose path is over stay in the
    denominator, so that columns can be compared; that is what step matrices of Retentioneering
    show, too.

    References
    ----------
    Retentioneering documentation, "Step matrix".

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import step_matrix
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"],
    ...     at=[dt.date(2026, 1, d) for d in (1, 2, 1)],
    ...     kind=["view", "purchase", "view"],
    ...     tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> step_matrix(log, max_steps=3).grid().to_dict("list")
    {1: [0.0, 1.0, 0.0], 2: [0.5, 0.0, 0.5], 3: [0.0, 0.0, 1.0]}
    """
    whole("max_steps", max_steps, least=0 if anchor is not None else 1, most=_MOST)
    whole("occurrence", occurrence, least=1)
    if anchor is None and (before is not None or occurrence != 1):
        name = "occurrence" if before is None else "before"
        raise InvalidInputError(name, "must be left out without an anchor")
    rule = None if anchor is None else as_rule(anchor, name="anchor", level="event")
    back = 0 if rule is None else max_steps if before is None else before
    whole("before", back, least=0, most=_MOST)
    naming = naming_of(state, steps)
    units = customers_of(log, as_of=as_of, over=over, by=by)
    found = walks(units.asked.log, naming, over)
    if rule is None:
        walk, origin = np.arange(len(found)), found.first - 1
        shown = range(1, max_steps + 1)
    else:
        walk, origin = _nth(found, found.holds(rule, units.asked.log), occurrence)
        shown = range(-back, max_steps + 1)
    n, groups = len(found.labels), units.n_groups
    group = units.group[found.unit[walk]]
    offset = group * n
    first, stop = found.starts[walk], found.starts[walk + 1]
    table = np.zeros((groups, n + 2, len(shown)), np.int64)  # the states, START, END
    for column, k in enumerate(shown):
        at = origin + k
        early, late = at < first, at >= stop
        there = np.flatnonzero(~(early | late))
        cells = offset[there] + found.state[at[there]]
        counts = np.bincount(cells, minlength=groups * n)
        table[:, :n, column] = counts.reshape(groups, n)
        table[:, n, column] = np.bincount(group[early], minlength=groups)
        table[:, n + 1, column] = np.bincount(group[late], minlength=groups)
    labels: list[Label] = [*found.labels, START, END]
    here = set(np.flatnonzero(table.sum(axis=(0, 2))).tolist())
    here |= {n + 1} if len(walk) else set()
    kept = sorted(here, key=lambda i: label_key(labels[i]))
    return StepMatrix(
        axes=(
            *units.axes,
            Axis("state", [labels[i] for i in kept], "state"),
            Axis("step", shown, "age"),
        ),
        parts={
            "count": table[:, kept].reshape(*units.shape, len(kept), len(shown)),
            "total": np.bincount(group, minlength=groups).reshape(units.shape),
        },
        context=Context(
            "step_matrix",
            as_of=units.asked.as_of,
            over=over,
            by=by,
            options={
                **naming.options,
                "anchor": rule,
                "occurrence": occurrence,
                "max_steps": max_steps,
                "before": back,
            },
        ),
    )


def _nth(
    found: Walks, holds: NDArray[np.bool_], occurrence: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the walks with so many steps that hold, and the step of each that is the last of them."""
    places = np.flatnonzero(holds)
    edges = np.searchsorted(places, found.starts)
    at = edges[:-1] + occurrence - 1
    walk = np.flatnonzero(at < edges[1:])
    return walk, places[at[walk]]
