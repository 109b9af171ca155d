"""Cohort tables: cohorts down, ages across."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from customerops.metrics.revenue.vintages import RevenueCohorts
from customerops.model.tables.cohort import CohortTable
from customerops.plotting.canvas import refuse
from customerops.plotting.estimates import estimate_chart
from customerops.plotting.grids import Grid, grid_chart
from customerops.plotting.reading import Measure
from customerops.plotting.words import label_text, metric_text, subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["cohort_map"]


def cohort_map(table: CohortTable | RevenueCohorts, ax: Axes | None = None) -> Axes:
    """Draw a cohort table as a heat map: what is left of each cohort at each age.

    Parameters
    ----------
    table : CohortTable or RevenueCohorts
        Over cohorts and ages. Cut to one axis it is drawn as an estimate.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The size of each cohort is beside its label. Cells that not the whole cohort has reached
        are grey and hatched, not pale: nothing is known of them yet.

    Raises
    ------
    InvalidInputError
        If there are groups: one map is of one group.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Axis, CohortTable, Context
    >>> from customerops.plotting import cohort_map
    >>> cohorts = [dt.date(2026, 1, 1), dt.date(2026, 2, 1)]
    >>> table = CohortTable(
    ...     axes=[Axis("cohort", cohorts, "cohort", disjoint=True), Axis("age", [0, 1], "age")],
    ...     parts={"count": [[4, 2], [6, 0]], "total": [[4, 4], [6, 0]], "size": [4, 6]},
    ...     context=Context("retention", period="month"),
    ... )
    >>> [tick.get_text() for tick in cohort_map(table).get_yticklabels()]
    ['2026-01  (4)', '2026-02  (6)']
    """
    kinds = [axis.kind for axis in table.axes]
    if len(kinds) < 2:
        return estimate_chart(table, ax)
    if kinds != ["cohort", "age"]:
        name = table.axes[0].name
        refuse(
            "is of one group", f"select({name}=...) one, or rollup({name!r}) before it is drawn"
        )
    cohorts, ages = table.axes
    period = table.context.period
    sizes = np.asarray(table.parts["size"])
    money = isinstance(table, RevenueCohorts)
    measure = "revenue of the cohort at age 0 (%)" if money else "share of the cohort (%)"
    value = np.asarray(table.value, np.float64)
    grid = Grid(
        value=value,
        complete=np.asarray(table.complete, np.bool_),
        rows=[
            f"{label_text(label, period)}  ({size:,})"
            for label, size in zip(cohorts.labels, sizes.tolist(), strict=True)
        ],
        columns=[str(label) for label in ages.labels],
        names=(f"{cohorts.name} (customers)", f"{period or 'period'}s since the start"),
        measure=Measure(measure, fraction=True),
        top=None if money else _second(value),
    )
    return grid_chart(grid, ax, metric_text(table.context), subtitle(table.context))


def _second(value: np.ndarray) -> float | None:
    """Return the largest share after age 0, where all are there by definition."""
    later = value[:, 1:][~np.isnan(value[:, 1:])]
    return float(later.max()) if later.size and later.max() > 0 else None
