"""Changes of stage in columns."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.log.log import locked

__all__ = ["Transitions"]

Int = NDArray[np.int64]
Codes = NDArray[np.int8]


@attrs.frozen(eq=False)
class Transitions:
    """Every change of stage, sorted by customer id and time.

    Attributes
    ----------
    customer : int64, shape (n,)
        Customer, an index into the population's `ids`.
    at : int64, shape (n,)
        Microseconds since 1970-01-01T00:00Z; of a timeout, its own deadline.
    source, target : int8, shape (n,)
        Codes of the stages, positions in `STAGES`.
    timeout : bool, shape (n,)
        Whether a deadline was the cause, else an event.
    event : int64, shape (n,)
        Which of the customer's events was the cause, by its place in the log (0 is the first); -1
        for a timeout. It stays the same in any partition of the log.
    """

    customer: Int
    at: Int
    source: Codes
    target: Codes
    timeout: NDArray[np.bool_]
    event: Int

    def __attrs_post_init__(self) -> None:
        for array in attrs.astuple(self, recurse=False):
            locked(array)

    def __len__(self) -> int:
        """Return the number of transitions."""
        return self.at.size
