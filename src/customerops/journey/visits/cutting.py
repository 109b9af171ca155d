"""Sessions as runs of hits: where each begins and ends, and which may still go on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import always, as_rule
from customerops.model.values.checks import positive_duration
from customerops.model.values.instants import micros
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.rules import Rule

__all__ = ["Cut", "Visits", "cut_of"]


@attrs.frozen(eq=False)
class Visits:
    """Sessions of a log, customer by customer and by time.

    Attributes
    ----------
    at : ndarray of int64, shape (hits,)
        When each hit was.
    customer : ndarray of int, shape (hits,)
        Whose it is, an index into the customers of the log.
    first, last : ndarray of int, shape (sessions,)
        Positions of the first and the last hit of each session.
    open : ndarray of bool, shape (sessions,)
        Whether a later hit could still be one of it.
    """

    at: NDArray[np.int64]
    customer: NDArray[np.int32]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    open: NDArray[np.bool_]


@attrs.frozen
class Cut:
    """What cuts hits into sessions."""

    hits: Rule
    gap: dt.timedelta | None
    starts: Rule | None
    ends: Rule | None

    @property
    def options(self) -> dict[str, object]:
        """The options of a context."""
        return {"hits": self.hits, "gap": self.gap, "starts": self.starts, "ends": self.ends}

    def visits(self, log: InteractionLog, as_of: int) -> Visits:
        """Return the sessions of a log that holds nothing after `as_of`."""
        # a slice of all rows is a view, an index of them a copy of every column
        rows = slice(None) if self.hits == always else rows_of(log, self.hits)
        customer, at = log.codes[rows], log.at[rows]
        new = first_of_run(customer)
        if self.gap is not None:
            new[1:] |= at[1:] - at[:-1] > micros(self.gap)
        if self.starts is not None:
            new |= self.starts.mask(log)[rows]
        closes = None if self.ends is None else self.ends.mask(log)[rows]
        if closes is not None:
            new[1:] |= closes[:-1]
        first = np.flatnonzero(new)
        last = np.append(first[1:], len(at))[: len(first)] - 1
        owner = customer[first]
        going = np.append(owner[1:] != owner[:-1], True)[: len(first)]
        if closes is not None:
            going &= ~closes[last]
        if self.gap is not None:
            going &= as_of - at[last] < micros(self.gap)  # the next hit is after as_of
        return Visits(at, customer, first, last, going)


def cut_of(
    gap: object,
    hits: Rule | str | Collection[str] | None,
    starts: Rule | str | Collection[str] | None,
    ends: Rule | str | Collection[str] | None,
) -> Cut:
    """Return what cuts, checked.

    Raises
    ------
    InvalidInputError
        If nothing does, or one of them is not of its type.
    """
    if gap is None and starts is None and ends is None:
        raise InvalidInputError("gap", "must be given without starts= or ends=", "nothing cuts")
    return Cut(
        always if hits is None else as_rule(hits, name="hits", level="event"),
        None if gap is None else positive_duration("gap", gap),
        None if starts is None else as_rule(starts, name="starts", level="event"),
        None if ends is None else as_rule(ends, name="ends", level="event"),
    )
