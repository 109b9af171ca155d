"""Assess data against a schema, clean them, and find records gone stale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.identity.columns import SourceRecord
from customerops.model.intake.faults import Fault, Faults, Rejected
from customerops.model.intake.frames import array_of
from customerops.model.intake.raw import Mask
from customerops.model.intake.times import Clock
from customerops.model.quality.checking import Checked, check, codes_of
from customerops.model.quality.reading import read, rows_of
from customerops.model.quality.report import (
    KEY_JOIN,
    SHARES,
    Cleaned,
    QualityFault,
    QualityReport,
    QualityShare,
    Uniqueness,
)
from customerops.model.quality.schema import Schema
from customerops.model.records.records import Customer
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import ClusteredShare, Proportion
from customerops.model.values.checks import Id, came, each, positive_duration
from customerops.model.values.instants import as_instant, to_us

__all__ = ["assess", "clean", "stale"]

References = Mapping[str, Collection[Id]]
NO_REFERENCES: References = MappingProxyType({})


def assess(
    given: Any,
    schema: Schema,
    *,
    as_of: dt.datetime,
    references: References = NO_REFERENCES,
    tz: dt.tzinfo | None = None,
) -> QualityReport:
    """Count what is missing, wrong, repeated, out of range, ahead of time, stale and orphaned.

    Parameters
    ----------
    given : frame, mapping of arrays, or list or tuple of records
        A pandas or polars DataFrame, a pyarrow Table, a mapping of column to array; or records of
        this library, or mappings.
    schema : Schema
        What they should be.
    as_of : datetime
        The last known instant, inclusive.
    references : mapping of str to collection of ids
        The ids that the references of the schema name: ``{"customers": ids}``.
    tz : tzinfo, optional
        Zone of naive times and dates; without it they are not valid instants.

    Returns
    -------
    QualityReport
        Shares with intervals, and rows at fault by position; it holds no value.

    Raises
    ------
    InvalidInputError
        If a field of the schema is not there, columns differ in length, or a reference has no ids.

    Notes
    -----
    * Missing is None, NaN, NaT, ``pandas.NA``, and text of nothing but white space. Completeness =
      present / rows, for every field; only a *required* one that is missing is at fault.
    * Validity = values of the right kind, pattern and list / present. Bounds are counted apart
      (out of range), as are instants ahead of time: what cannot be read is another fault than what
      can be and is not believed. DAMA counts bounds under validity too; the parts allow either.
    * Of rows with one value of a unique field, or of the key, the first with nothing else against
      it stands and the others are at fault. A key with a missing part is not compared.
    * With ``schema.subject`` a share is a `ClusteredShare` over the customers named there, for
      rows of one customer are alike; without, a `Proportion` over rows. A row without a subject
      is a subject of its own.

    References
    ----------
    DAMA UK Working Group, The six primary dimensions for data quality assessment, 2013:
    completeness, uniqueness, timeliness, validity.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Field, Schema, assess
    >>> people = Schema(
    ...     fields=(
    ...         Field(name="id", kind="id", required=True, unique=True),
    ...         Field(name="age", kind="integer", least=0, most=120),
    ...     ),
    ... )
    >>> found = assess(
    ...     {"id": ["a", "b", "b", None], "age": [41, None, 200, 7]},
    ...     people,
    ...     as_of=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    ... )
    >>> found
    QualityReport(4 rows, 2 at fault: {'age out of range': 1, 'id missing': 1})
    >>> found.completeness.value.tolist(), found.uniqueness["id"].repeated
    ([0.75, 0.75], 1)
    """
    as_of = as_instant("as_of", as_of)
    held = read(given, schema)
    faults = Faults("collect", held.n)
    found: list[QualityFault] = []
    checked: dict[str, Checked] = {}

    def at_fault(field: str, measure: str, reason: str, rows: Mask) -> None:
        if rows.any():
            where = np.flatnonzero(rows).astype(np.int64)
            where.flags.writeable = False
            found.append(QualityFault(field, measure, reason, where))
            faults.check(field, [Fault(reason, reason, rows)])

    for field in schema.fields:
        known = None
        if field.reference is not None:
            if field.reference not in references:
                raise InvalidInputError(
                    "references", f"must have the ids of {field.reference!r}", "the key is missing"
                )
            known = frozenset(references[field.reference])
        one = check(held.columns[field.name], field, known, to_us(as_of), Clock(tz))
        checked[field.name] = one
        for wrong in one.wrong:
            at_fault(field.name, wrong.measure, wrong.reason, wrong.rows)
    uniqueness = {}
    for field in schema.fields:
        if field.unique:
            codes = codes_of(checked[field.name])
            again = _again(codes, faults.faulty)
            uniqueness[field.name] = _unique(codes, again)
            at_fault(field.name, "uniqueness", "repeated", again)
    duplicates = None
    if schema.key:
        codes = _joint([codes_of(checked[name]) for name in schema.key])
        again = _again(codes, faults.faulty)
        duplicates = _unique(codes, again)
        at_fault(KEY_JOIN.join(schema.key), "duplicates", "duplicate", again)
    return QualityReport(
        schema=schema,
        as_of=as_of,
        n=held.n,
        **_shares(schema, checked, to_us(as_of)),
        uniqueness=uniqueness,
        duplicates=duplicates,
        faults=tuple(found),
        rejected=faults.rejected(),
    )


def clean(
    given: Any,
    schema: Schema,
    *,
    as_of: dt.datetime,
    references: References = NO_REFERENCES,
    tz: dt.tzinfo | None = None,
) -> Cleaned:
    """Keep the rows with nothing against them, and set the others aside with their reasons.

    Parameters
    ----------
    given, schema, as_of, references, tz
        As for `assess`. A mapping of arrays comes back with the columns it had.

    Returns
    -------
    Cleaned
        Kept and rejected rows, as the same kind of frame or sequence, and the report.

    Raises
    ------
    InvalidInputError
        As `assess`, and if a column that the schema does not name is no array of that length.

    Notes
    -----
    No row is lost, mended or changed: kept + rejected = given. Cleaning what was kept rejects
    nothing more.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Field, Schema, clean
    >>> people = Schema(fields=(Field(name="id", required=True, unique=True),))
    >>> clean({"id": [7, 7, 8]}, people, as_of=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    Cleaned(2 kept, 1 rejected: {'id repeated': 1})
    """
    if isinstance(given, Mapping):
        _same_lengths(given)
    report = assess(given, schema, as_of=as_of, references=references, tz=tz)
    bad = np.zeros(report.n, np.bool_)
    bad[report.rejected.rows] = True
    return Cleaned(
        rows_of(given, np.flatnonzero(~bad)), rows_of(given, np.flatnonzero(bad)), report
    )


def stale(
    customers: Iterable[Customer | SourceRecord], *, as_of: dt.datetime, max_age: dt.timedelta
) -> Rejected:
    """Find records of customers that nothing has confirmed for too long.

    Parameters
    ----------
    customers : iterable of Customer or SourceRecord
        The records.
    as_of : datetime
        The last known instant, inclusive; what is later confirms nothing yet.
    max_age : timedelta
        How old the latest confirmation may be, inclusive.

    Returns
    -------
    Rejected
        Positions of stale records, each ``"record out of date"``, or ``"record of unknown age"``
        where it names no instant at all up to `as_of`.

    Raises
    ------
    InvalidInputError
        If an element is no record of a customer, or an option is not of its type.

    Notes
    -----
    A record is as old as the latest of its instants: ``updated_at`` of a `SourceRecord`,
    ``created_at``, ``first_seen`` and ``last_seen`` of identifiers, ``since`` of tags.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Customer, stale
    >>> new_year = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    >>> people = [Customer(id=1, created_at=new_year), Customer(id=2)]
    >>> stale(people, as_of=new_year + dt.timedelta(days=400), max_age=dt.timedelta(days=365))
    Rejected(2 rows: {'record of unknown age': 1, 'record out of date': 1})
    """
    now = as_instant("as_of", as_of)
    limit = positive_duration("max_age", max_age)
    rows, reasons = [], []
    for row, record in enumerate(each("customers", customers)):
        known = [at for at in _instants(record, row) if at is not None and at <= now]
        if not known:
            rows.append(row)
            reasons.append("record of unknown age")
        elif now - max(known) > limit:
            rows.append(row)
            reasons.append("record out of date")
    return Rejected.of(rows, reasons)


def _instants(record: Any, row: int) -> list[dt.datetime | None]:
    found: list[dt.datetime | None] = []
    if isinstance(record, SourceRecord):
        found.append(record.updated_at)
        record = record.customer
    if not isinstance(record, Customer):
        name, must = f"customers[{row}]", "must be a Customer or a SourceRecord"
        raise InvalidInputError(name, must, came(record))
    found.append(record.created_at)
    for identifier in record.identifiers:
        found += [identifier.first_seen, identifier.last_seen]
    return [*found, *(tag.since for tag in record.tags)]


def _same_lengths(given: Mapping[Any, Any]) -> None:
    lengths = {len(array_of(str(name), column)) for name, column in given.items()}
    if len(lengths) > 1:
        raise InvalidInputError("frame", "must have columns of one length", "got several")


# ---------------------------------------------------------------------- repeated rows


def _joint(codes: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return a number for each distinct combination; -1 where a part is missing."""
    import pandas as pd

    joint, *rest = codes
    for other in rest:
        gone = (joint < 0) | (other < 0)
        narrow = pd.factorize(joint)[0].astype(np.int64)  # below n, so that the product fits
        joint = np.where(gone, -1, narrow * (len(other) + 1) + other)
    return joint


def _unique(codes: NDArray[np.int64], again: Mask) -> Uniqueness:
    present = int(np.count_nonzero(codes >= 0))
    return Uniqueness(present - int(np.count_nonzero(again)), present)


def _again(codes: NDArray[np.int64], faulty: Mask) -> Mask:
    """Return the rows whose value another row stands for: the first with nothing against it."""
    order = np.lexsort((np.arange(len(codes)), faulty, codes))
    ordered = codes[order]
    again = np.zeros(len(codes), np.bool_)
    again[order[1:]] = (ordered[1:] == ordered[:-1]) & (ordered[1:] >= 0)
    return again


# ---------------------------------------------------------------------- shares


def _shares(schema: Schema, checked: dict[str, Checked], as_of: int) -> dict[str, Any]:
    import pandas as pd

    who = None
    if schema.subject is not None:
        codes = codes_of(checked[schema.subject])
        alone = codes.max(initial=-1) + 1 + np.arange(len(codes))
        who, _ = pd.factorize(np.where(codes < 0, alone, codes))
    options = {"schema": schema}
    return {
        name: _share(
            name,
            {field: one for field, one in sorted(checked.items()) if name in one.totals},
            Context(name, "row" if who is None else "customer", as_of=as_of, options=options),
            who,
        )
        for name in SHARES
    }


def _share(
    name: str, checked: dict[str, Checked], context: Context, who: NDArray[np.intp] | None
) -> QualityShare:
    """Return the share of rows by field; of good ones for completeness and validity, else of bad."""
    axis = Axis("field", list(checked), "group")
    counts, totals = [], []
    for one in checked.values():
        total = one.totals[name]
        bad = np.zeros(len(total), np.bool_)
        for wrong in one.wrong:
            if wrong.measure == name:
                bad |= wrong.rows
        if name == "completeness":
            bad = ~one.present  # of a field that is not required, too
        good = total & ~bad if name in ("completeness", "validity") else total & bad
        counts.append(_by(who, good))
        totals.append(_by(who, total))
    if who is None:
        parts = {
            "count": np.array([x.sum() for x in counts], np.int64),
            "total": np.array([y.sum() for y in totals], np.int64),
        }
        return Proportion(axes=[axis], parts=parts, context=context)
    return ClusteredShare.from_rows(
        np.concatenate([np.zeros(0, np.int64), *counts]),
        np.concatenate([np.zeros(0, np.int64), *totals]),
        context=context,
        axes=[axis],
        codes=np.repeat(np.arange(len(counts)), [len(x) for x in counts]),
    )


def _by(who: NDArray[np.intp] | None, rows: Mask) -> NDArray[np.int64]:
    """Return how many rows of each subject there are; each row alone without subjects."""
    if who is None:
        return rows.astype(np.int64)
    return np.bincount(who[rows], minlength=int(who.max(initial=-1)) + 1).astype(np.int64)
