"""Where every customer of a population stands, a row a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.lifecycle.columnar import NEVER
from customerops.lifecycle.stages import STAGES
from customerops.model.tables import Context, Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["States"]

_NAMES = np.array([str(stage) for stage in STAGES], object)
_INSTANTS = ("since", "due_at", "qualified_at")
_COUNTS = ("lives", "ordinal")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class States(Result):
    """Where customers stand at `as_of`.

    Attributes
    ----------
    ids : ndarray, shape (n,)
        Customer ids, sorted.
    stage : int8, shape (n,)
        Code of the stage, its position in `STAGES`.
    since, due_at, qualified_at : int64, shape (n,)
        When the stage was entered; the first instant at which its deadline has fired; the last
        qualifying event. Microseconds since 1970-01-01T00:00Z, `NEVER` where there is none.
    lives, ordinal : int64, shape (n,)
        Lives begun; qualifying events in the latest one.
    context : Context
        As of when.
    """

    ids: NDArray[Any]
    stage: NDArray[np.int8]
    since: NDArray[np.int64]
    due_at: NDArray[np.int64]
    qualified_at: NDArray[np.int64]
    lives: NDArray[np.int64]
    ordinal: NDArray[np.int64]
    context: Context

    def __len__(self) -> int:
        """Return the number of customers."""
        return self.ids.size

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same customers."""
        if not isinstance(other, States):
            return NotImplemented
        return self.context == other.context and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("ids", "stage", *_INSTANTS, *_COUNTS)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the size, and nothing about the customers."""
        return f"States({len(self)} customers)"

    def where(self, keep: NDArray[np.bool_]) -> States:
        """Return the rows of a mask."""
        columns = ("ids", "stage", *_INSTANTS, *_COUNTS)
        return attrs.evolve(self, **{name: getattr(self, name)[keep] for name in columns})

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer: customer_id, stage, since, due_at, qualified_at, lives, ordinal.

        Instants are in UTC, NaT where there is none.
        """
        import pandas as pd

        columns: dict[str, Any] = {"customer_id": self.ids, "stage": _NAMES[self.stage]}
        for name in _INSTANTS:
            us = getattr(self, name)
            known = np.where(us == NEVER, np.datetime64("NaT", "us"), us.astype("datetime64[us]"))
            columns[name] = pd.to_datetime(known, utc=True)
        return pd.DataFrame(columns | {name: getattr(self, name) for name in _COUNTS})
