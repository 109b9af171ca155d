"""Faults of input rows: raised at the first check that fails, or set aside with a reason each.

A check finds a `Fault`: a mask over the rows and what they must be. `Faults` takes the checks of
one reading in their order and either raises the first or remembers, for every row, the first
reason against it. What it remembers leaves as `Rejected`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.values import html
from customerops.model.values.columns import Coded

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fault", "Faults", "Invalid", "Rejected", "spread"]

Invalid = Literal["raise", "collect"]


@attrs.frozen(eq=False)
class Rejected:
    """Input rows that were set aside, with the first reason against each.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        Positions in the input, from 0, ascending.
    reasons : Coded
        The reason of each row: a short text that starts with the column and names no value.

    Examples
    --------
    >>> from customerops.model import Rejected
    >>> aside = Rejected.of([7, 2], ["amount not finite", "customer_id missing"])
    >>> len(aside), aside.rows.tolist(), aside.counts()
    (2, [2, 7], {'amount not finite': 1, 'customer_id missing': 1})
    """

    rows: NDArray[np.int64]
    reasons: Coded

    @classmethod
    def none(cls) -> Rejected:
        """Return what is set aside when nothing is."""
        return cls.of([], [])

    @classmethod
    def of(cls, rows: Sequence[int] | NDArray[np.integer], reasons: Sequence[str]) -> Rejected:
        """Set rows aside, in any order, each with its reason.

        Parameters
        ----------
        rows : array of int, shape (n,)
            Positions in the input.
        reasons : sequence of str, shape (n,)
            The reason of each.
        """
        labels = tuple(sorted(set(reasons)))
        code = {label: i for i, label in enumerate(labels)}
        codes = np.fromiter((code[reason] for reason in reasons), np.int16, len(reasons))
        return cls._sorted(np.asarray(rows, np.int64), codes, labels)

    @classmethod
    def _sorted(
        cls, rows: NDArray[np.int64], codes: NDArray[np.int16], labels: tuple[str, ...]
    ) -> Rejected:
        order = np.argsort(rows, kind="stable")
        rows, codes = rows[order], codes[order]
        rows.flags.writeable = False
        codes.flags.writeable = False
        return cls(rows, Coded(codes, labels))

    def join(self, other: Rejected) -> Rejected:
        """Return the rows of both, ascending."""
        labels = tuple(sorted({*map(str, self.reasons.labels), *map(str, other.reasons.labels)}))
        code = {label: i for i, label in enumerate(labels)}
        codes = [
            np.array([code[str(label)] for label in one.reasons.labels], np.int16)[
                one.reasons.codes
            ]
            for one in (self, other)
        ]
        return self._sorted(np.concatenate((self.rows, other.rows)), np.concatenate(codes), labels)

    def __len__(self) -> int:
        """Return the number of rows set aside."""
        return len(self.rows)

    def counts(self) -> dict[str, int]:
        """Return how many rows were set aside for each reason, by reason."""
        counts = np.bincount(self.reasons.codes, minlength=len(self.reasons.labels))
        pairs = zip(self.reasons.labels, counts.tolist(), strict=True)
        return {str(label): n for label, n in pairs if n}

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame with the columns ``row`` and ``reason``."""
        import pandas as pd

        labels = np.array([*self.reasons.labels, None], object)
        return pd.DataFrame({"row": self.rows, "reason": labels[self.reasons.codes]})

    def _repr_html_(self) -> str:
        """Show how many rows there are, by reason."""
        counts = self.counts()
        rows = {"rows": [html.number(n) for n in counts.values()]}
        faint = [False] * len(counts)
        return html.rows_html("rejected", {"reason": list(counts)}, rows, faint, len(counts))

    def __repr__(self) -> str:
        """Return how many rows there are, by reason."""
        return f"Rejected({len(self)} rows: {self.counts()})"


@attrs.frozen(eq=False)
class Fault:
    """Rows of one column that fail one check.

    Attributes
    ----------
    reason : str
        What is wrong, after the column's name: ``"missing"``.
    requirement : str
        What the column must be: ``"must not be missing"``.
    rows : ndarray of bool, shape (n,)
        The rows at fault.
    problem : str
        What came instead and what would help, if that is known.
    whole : bool
        The fault is the call's (a missing option, a column of the wrong type), not the rows': it
        raises even where rows are set aside.
    """

    reason: str
    requirement: str
    rows: NDArray[np.bool_]
    problem: str = ""
    whole: bool = False


def spread(faults: Iterable[Fault], codes: NDArray[np.integer[Any]]) -> tuple[Fault, ...]:
    """Return the faults of rows that hold categories at fault, by code; code -1 holds none."""
    return tuple(
        attrs.evolve(fault, rows=np.append(fault.rows, np.False_)[codes])
        for fault in faults
        if fault.rows.any()
    )


class Faults:
    """The checks of one reading: raises the first fault, or keeps the first reason of each row.

    Parameters
    ----------
    invalid : {"raise", "collect"}
        Whether a fault raises.
    n : int
        How many rows are read.
    places : ndarray of int64, shape (n,), optional
        Their positions in the input; left out, they are all of it in order.

    Examples
    --------
    >>> faults = Faults("collect", 3)
    >>> faults.check("kind", [Fault("missing", "must be given", np.array([False, True, False]))])
    >>> faults.rejected().counts()
    {'kind missing': 1}
    """

    def __init__(self, invalid: Invalid, n: int, places: NDArray[np.int64] | None = None) -> None:
        self._collect = invalid == "collect"
        self._n = n
        self._places = places
        self._reasons: list[str] = []
        self._first = np.zeros(n, np.int16)  # 1 + index into reasons; 0: nothing against the row

    def check(self, name: str, faults: Sequence[Fault]) -> None:
        """Take the faults of a column, in the order of its checks.

        Raises
        ------
        InvalidInputError
            For the first fault, unless rows are set aside and the fault is theirs.
        """
        for fault in faults:
            if not fault.rows.any():
                continue
            if fault.whole or not self._collect:
                first = int(fault.rows.argmax())
                raise InvalidInputError(
                    name,
                    fault.requirement,
                    fault.problem,
                    count=int(np.count_nonzero(fault.rows)),
                    total=self._n,
                    first=first if self._places is None else int(self._places[first]),
                )
            self._reasons.append(f"{name} {fault.reason}")
            self._first[fault.rows & (self._first == 0)] = len(self._reasons)

    @property
    def any(self) -> bool:
        """Whether some row has been set aside."""
        return bool(self._reasons)

    @property
    def faulty(self) -> NDArray[np.bool_]:
        """The rows with a reason against them."""
        return np.not_equal(self._first, 0)

    def rejected(self) -> Rejected:
        """Return the rows set aside."""
        rows = np.flatnonzero(self._first)
        seen = self._first[rows]
        places = rows if self._places is None else self._places[rows]
        reasons = [self._reasons[code - 1] for code in seen.tolist()]
        return Rejected.of(places, reasons)
