"""Where every customer of a population stands, a row a customer."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.columnar import NEVER, Windows
from customerops.lifecycle.stages import ACTIVE, STAGES, Stage
from customerops.model.tables import render
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.instants import to_us

if TYPE_CHECKING:
    import pandas as pd

    from customerops.lifecycle.population import Population

__all__ = ["States", "states"]

_NAMES = np.array([str(stage) for stage in STAGES], object)
_INSTANTS = ("since", "due_at", "qualified_at")
_COUNTS = ("lives", "ordinal")
_LAST = to_us(dt.datetime.max.replace(tzinfo=dt.UTC))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class States(PerCustomer):
    """Where customers stand at `as_of`.

    Attributes
    ----------
    ids : ndarray, shape (n,)
        Customer ids, sorted.
    columns : mapping
        ``stage``: int8, its position in `STAGES`; ``since``, ``due_at``, ``qualified_at``: int64
        microseconds since 1970-01-01T00:00Z, `NEVER` where there is none; ``lives``, ``ordinal``:
        int64.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("stage", *_INSTANTS, *_COUNTS)

    @property
    def stage(self) -> NDArray[np.int8]:
        """Code of the stage, its position in `STAGES`."""
        return self.columns["stage"]

    @property
    def since(self) -> NDArray[np.int64]:
        """When the stage was entered; `NEVER` while ``UNKNOWN``."""
        return self.columns["since"]

    @property
    def due_at(self) -> NDArray[np.int64]:
        """The first instant at which the deadline of the stage has fired; `NEVER` without one."""
        return self.columns["due_at"]

    @property
    def qualified_at(self) -> NDArray[np.int64]:
        """The last qualifying event; `NEVER` without one."""
        return self.columns["qualified_at"]

    @property
    def lives(self) -> NDArray[np.int64]:
        """Lives begun."""
        return self.columns["lives"]

    @property
    def ordinal(self) -> NDArray[np.int64]:
        """Qualifying events in the latest life."""
        return self.columns["ordinal"]

    def where(self, keep: NDArray[np.bool_]) -> States:
        """Return the rows of a mask."""
        columns = {name: column[keep] for name, column in self.columns.items()}
        return attrs.evolve(self, ids=self.ids[keep], columns=columns)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer: customer_id, stage, since, due_at, qualified_at, lives, ordinal.

        Instants are in UTC, NaT where there is none.
        """
        import pandas as pd

        columns: dict[str, Any] = {"customer_id": self.ids, "stage": _NAMES[self.stage]}
        for name in _INSTANTS:
            us = self.columns[name]
            known = np.where(us == NEVER, np.datetime64("NaT", "us"), us.astype("datetime64[us]"))
            columns[name] = pd.to_datetime(known, utc=True)
        return pd.DataFrame(columns | {name: self.columns[name] for name in _COUNTS})

    def _repr_html_(self) -> str:
        """Show the first customers as a table."""
        first = np.arange(len(self)) < render.ROWS
        frame = self.where(first).to_frame()
        shown = {str(name): [str(cell) for cell in column] for name, column in frame.items()}
        ids = {"customer_id": shown.pop("customer_id")}
        faint = [False] * int(first.sum())
        return render.rows_html(self.context.metric, ids, shown, faint, len(self))


def states(population: Population) -> States:
    """Return where every customer of a population stands at its `as_of`."""
    n, ends = len(population), population.offsets[1:]
    seen = ends > population.offsets[:-1]
    stage, since = np.zeros(n, np.int8), np.full(n, NEVER)
    stage[seen] = population.target[ends[seen] - 1]
    since[seen] = population.at[ends[seen] - 1]

    windows = Windows.of(population.policy)
    living = np.isin(stage, [STAGES.index(one) for one in ACTIVE])
    due = np.where(living, population.qualified_at + windows.lapse, NEVER)
    for one, window in ((Stage.LAPSED, windows.winback), (Stage.ACQUIRED, windows.activation)):
        due = np.where(stage == STAGES.index(one), since + window, due)
    due += windows.event_first
    return States(
        ids=population.ids,
        columns={
            "stage": stage,
            "since": since,
            "due_at": np.where(due <= _LAST, due, NEVER),
            "qualified_at": population.qualified_at,
            "lives": population.lives,
            "ordinal": population.ordinal,
        },
        context=attrs.evolve(population.context, metric="lifecycle_states"),
    )
