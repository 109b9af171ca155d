"""A row for each customer of a journey map."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.journey.maps.standing import OFF, Changes, Reach
from customerops.model.log.log import InteractionLog
from customerops.model.rules.stages import JourneyMap
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.labels import label_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CustomerStages", "rows_of_customers"]

_NOT_A_TIME = np.iinfo(np.int64).min  # as numpy and pandas keep it
_TIMES = ("since", "reached_at")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class CustomerStages(PerCustomer):
    """Where each customer stands on a journey map, and how far they came.

    Attributes
    ----------
    COLUMNS : tuple of str
        ``stage`` the customer is counted in, None off the map; ``since`` when; ``furthest`` stage
        ever reached, None if none; ``reached_at``, when first; ``regressions``, changes to an
        earlier stage; ``skipped``, stages before the furthest that were never reached. Instants are
        microseconds since 1970-01-01T00:00Z here, and times in a frame.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("stage", "since", "furthest", "reached_at", "regressions", "skipped"),
    )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per customer, with times (UTC); who never was on the map has none."""
        import pandas as pd

        frame = super().to_frame()
        for name in _TIMES:
            times = self.columns[name].view("M8[us]")
            frame[name] = pd.Series(times, index=frame.index).dt.tz_localize("UTC")
        return frame

    def _repr_html_(self) -> str:
        """Show how many customers stand in each stage, and nothing about any of them."""
        standing = Counter(self.columns["stage"].tolist())
        stages = sorted(standing, key=label_key)
        customers = {"customers": [render.number(standing[stage]) for stage in stages]}
        shown = [False] * len(stages)
        return render.rows_html(
            self.context.title, {"stage": stages}, customers, shown, len(stages)
        )


def rows_of_customers(
    log: InteractionLog,
    journey_map: JourneyMap,
    changes: Changes,
    reach: Reach,
    context: Context,
) -> CustomerStages:
    """Return where each customer of a log stands."""
    n = log.n_customers
    names = np.array([None, *journey_map.keys], object)
    stage, since = changes.standing(n)
    moved = np.bincount(changes.customer, minlength=n) > 0
    furthest = reach.furthest
    somewhere = furthest != OFF
    row = reach.first[np.arange(n), np.maximum(furthest - 1, 0)]
    reached_at = np.full(n, _NOT_A_TIME, np.int64)
    reached_at[somewhere] = log.at[row[somewhere]]
    back = (changes.target < changes.source) & (changes.target != OFF)
    columns: dict[str, NDArray[Any]] = {
        "stage": names[stage],
        "since": np.where(moved, since, _NOT_A_TIME),
        "furthest": names[furthest],
        "reached_at": reached_at,
        "regressions": np.bincount(changes.customer[back], minlength=n).astype(np.int64),
        "skipped": furthest - reach.reached.sum(axis=1),
    }
    order = log.id_order
    return CustomerStages(
        ids=log.customers[order],
        columns={name: column[order] for name, column in columns.items()},
        context=attrs.evolve(context, metric="journey_stages.customers"),
    )
