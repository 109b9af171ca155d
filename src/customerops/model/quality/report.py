"""What an assessment found: shares that add, and the rows at fault by position."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.intake.faults import Rejected
from customerops.model.quality.schema import Schema
from customerops.model.tables.estimates import ClusteredShare, Proportion
from customerops.model.values import html

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cleaned", "QualityFault", "QualityReport", "QualityShare", "Uniqueness"]

QualityShare = Proportion | ClusteredShare
"""A share by field: of rows that stand for themselves, or of the rows of customers."""


@attrs.frozen(eq=False, repr=False)
class QualityFault:
    """Rows of one field that fail one check.

    Attributes
    ----------
    field : str
        The field; the fields of the key, joined by ``" + "``, for duplicates.
    measure : str
        ``"completeness"``, ``"validity"``, ``"out_of_range"``, ``"future_dated"``, ``"stale"``,
        ``"orphaned"``, ``"uniqueness"`` or ``"duplicates"``.
    reason : str
        What is wrong: ``"missing"``, ``"not as its pattern"``.
    rows : ndarray of int64, shape (n,)
        Positions in what was given, from 0, ascending; read-only.
    """

    field: str
    measure: str
    reason: str
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many rows fail."""
        return len(self.rows)

    def __repr__(self) -> str:
        """Return what is wrong and with how many rows, and no value."""
        return f"QualityFault({self.field} {self.reason}: {len(self)} rows)"


@attrs.frozen
class Uniqueness:
    """How many different values a field, or a key, has.

    It has no ``+``: two parts may hold the same value, and only the values would tell. Bring all
    rows with one value into one part, or assess the whole.

    Parameters
    ----------
    distinct : int
        How many different values there are.
    present : int
        How many rows have one; in every field, of a key.

    Examples
    --------
    >>> from customerops.model import Uniqueness
    >>> ids = Uniqueness(distinct=97, present=100)
    >>> ids.repeated, ids.value
    (3, 0.97)
    """

    distinct: int
    present: int

    @property
    def repeated(self) -> int:
        """Rows that repeat a value of another row."""
        return self.present - self.distinct

    @property
    def value(self) -> float:
        """Different values by rows that have one; NaN without any."""
        return self.distinct / self.present if self.present else float("nan")


def _read_only(found: Mapping[str, Uniqueness]) -> Mapping[str, Uniqueness]:
    return MappingProxyType(dict(found))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class QualityReport:
    """How good data are, against a schema, as known at an instant.

    Attributes
    ----------
    schema : Schema
        What the data should be.
    as_of : datetime
        The last known instant, inclusive.
    n : int
        How many rows there are.
    completeness : Proportion or ClusteredShare
        By field: rows with a value, of all rows.
    validity : Proportion or ClusteredShare
        By field: values of the right kind, pattern and list, of all values.
    out_of_range : Proportion or ClusteredShare
        By field with bounds: values outside them, of the values of the right kind.
    future_dated : Proportion or ClusteredShare
        By field of instants that may not lie ahead: values after `as_of`, of all instants.
    stale : Proportion or ClusteredShare
        By field with an age: older at `as_of`, of the instants not after it.
    orphaned : Proportion or ClusteredShare
        By field with a reference: ids that are not known, of the values of the right kind.
    uniqueness : mapping of str to Uniqueness
        By field that must be unique.
    duplicates : Uniqueness or None
        Of the key, if the schema has one.
    faults : tuple of QualityFault
        Which rows fail what; a row may fail several checks.
    rejected : Rejected
        Every row at fault once, with the first reason against it.

    Notes
    -----
    The six shares are statistics that add: of two parts with different customers, such as the
    partitions of a cluster, ``a.validity + b.validity`` is the validity of both, exactly. Positions
    and uniqueness do not add.
    """

    schema: Schema
    as_of: dt.datetime
    n: int
    completeness: QualityShare
    validity: QualityShare
    out_of_range: QualityShare
    future_dated: QualityShare
    stale: QualityShare
    orphaned: QualityShare
    uniqueness: Mapping[str, Uniqueness] = attrs.field(converter=_read_only)
    duplicates: Uniqueness | None
    faults: tuple[QualityFault, ...]
    rejected: Rejected

    @property
    def shares(self) -> dict[str, QualityShare]:
        """The shares that add, by the name of the measure."""
        return {name: getattr(self, name) for name in SHARES}

    def to_frame(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return one row a measure and field.

        Parameters
        ----------
        confidence : float
            Of the intervals.

        Returns
        -------
        pandas.DataFrame
            measure, field, count, total, value, low, high. Uniqueness and duplicates count
            different values and have no interval.
        """
        import pandas as pd

        rows: list[tuple[Any, ...]] = []
        for name, share in self.shares.items():
            count, total = ("x", "y") if isinstance(share, ClusteredShare) else ("count", "total")
            parts = (share.parts[count], share.parts[total])
            columns = (*parts, share.value, *share.interval(confidence))
            lists = [np.asarray(column).tolist() for column in columns]
            labels = share.axes[0].labels
            rows += [(name, *row) for row in zip(labels, *lists, strict=True)]
        pairs = [("uniqueness", field, one) for field, one in self.uniqueness.items()]
        if self.duplicates is not None:
            pairs.append(("duplicates", KEY_JOIN.join(self.schema.key), self.duplicates))
        nan = float("nan")
        for measure, field, one in pairs:
            rows.append((measure, field, one.distinct, one.present, one.value, nan, nan))
        names = ["measure", "field", "count", "total", "value", "low", "high"]
        return pd.DataFrame(rows, columns=names)

    def _repr_html_(self) -> str:
        """Show the measures, each with its counts."""
        return html.frame_html(f"quality of {self.n:,} rows", self.to_frame())

    def __repr__(self) -> str:
        """Return how many rows there are, and how many are at fault for which first reason."""
        return f"QualityReport({self.n} rows, {len(self.rejected)} at fault: {self.rejected.counts()})"


SHARES = ("completeness", "validity", "out_of_range", "future_dated", "stale", "orphaned")
KEY_JOIN = " + "


@attrs.frozen(eq=False, repr=False)
class Cleaned:
    """Rows that are as they should be, rows that are not, and why.

    Attributes
    ----------
    kept : frame or sequence, as given
        Rows with nothing against them, in their order.
    rejected : frame or sequence, as given
        The others, in their order. ``len(kept) + len(rejected)`` is what was given.
    report : QualityReport
        Of all rows; ``report.rejected`` has the reason of each rejected one.
    """

    kept: Any
    rejected: Any
    report: QualityReport

    def __repr__(self) -> str:
        """Return how many rows were kept and how many not, and no row."""
        aside = self.report.rejected
        return (
            f"Cleaned({self.report.n - len(aside)} kept, {len(aside)} rejected: {aside.counts()})"
        )
