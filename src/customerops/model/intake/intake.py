"""What the caller gives, turned into the normalised columns that a log is built from.

The flow is one way, for frames and for arrays alike::

    pick_columns(frame, wanted) -> read(source, options) -> Intake -> build

`pick_columns` finds the columns by name. `read` brings each into a plain form (numpy, Arrow text,
or codes into categories), checks it, and makes a column of the accepted rows: ids, instants in
microseconds UTC, codes into sorted labels, fixed-point numbers. Where a rule says which rows are
wanted (``only=``), its own columns are read first and the rest for those rows alone.

Checks run in a fixed order: the columns of ``only=``, then the others, each group in the order of
`COLUMNS` and attributes by name. The first that fails raises, or is the reason a row is set aside
for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.build import RawIds
from customerops.model.intake.faults import Invalid, Rejected
from customerops.model.intake.frames import array_of, column_of, names_of, part_of, raw
from customerops.model.intake.raw import Raw, dictionary, of_objects
from customerops.model.intake.reading import ATTRIBUTE, COLUMNS, REQUIRED, Options, Reading
from customerops.model.values.checks import did_you_mean
from customerops.model.values.columns import Column

if TYPE_CHECKING:
    from customerops.model.rules.base import Rule

__all__ = ["ATTRIBUTE", "COLUMNS", "Intake", "const", "pick_columns", "read"]


@attrs.frozen
class const:  # noqa: N801 - reads as a word where a column name would stand
    """One value for every row, where a column is expected.

    Parameters
    ----------
    value : str, int, bool, float, Decimal or datetime
        The value, not None.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import InteractionLog, const
    >>> at = [dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)] * 2
    >>> log = InteractionLog.from_arrays(customer_id=[7, 8], at=at, kind=const("purchase"))
    >>> log.coded("kind").labels
    ('purchase',)
    """

    value: Any = attrs.field()

    @value.validator
    def _given(self, attribute: attrs.Attribute[Any], value: object) -> None:
        if value is None:
            raise InvalidInputError("const", "must be a value", "leave the column out instead")


@attrs.frozen(eq=False, repr=False)
class Intake:
    """Normalised columns of the accepted rows, and what became of the others.

    Its arrays may be views of the caller's: the build reorders, and so copies, every one.

    Attributes
    ----------
    n_given, n_filtered : int
        Rows that came, and rows that ``only=`` did not want. What was accepted, set aside and
        filtered adds up to what came.
    ids : RawIds
        Customer of each row.
    at : ndarray of int64, shape (n,)
        When, in microseconds UTC.
    rows : ndarray of int64, shape (n,), or None
        Position of each row in the input, ascending; None if they are all of them.
    columns : dict of str to Column
        ``kind``, ``amount``, ``attributes.<name>`` and so on, by name.
    currency : str or None
        Currency of the amounts; None if there are none and none was named.
    decimals, value_decimals : int
        Decimals of ``amount`` and ``value``.
    rejected : Rejected
        The rows set aside.
    """

    n_given: int
    n_filtered: int
    ids: RawIds
    at: NDArray[np.int64]
    rows: NDArray[np.int64] | None
    columns: dict[str, Column]
    currency: str | None
    decimals: int
    value_decimals: int
    rejected: Rejected

    def __repr__(self) -> str:
        """Return what became of the rows, and nothing that is in them."""
        aside, filtered = len(self.rejected), self.n_filtered
        return (
            f"Intake({len(self.at)} of {self.n_given} rows, {aside} rejected, {filtered} filtered)"
        )


# ---------------------------------------------------------------------- frames


def pick_columns(frame: Any, wanted: Mapping[str, object]) -> dict[str, object]:
    """Find the columns of a frame that a log is made of.

    Parameters
    ----------
    frame : DataFrame, Table, or mapping of str to array
        A pandas or polars DataFrame, a pyarrow Table or RecordBatch, a mapping of arrays, or any
        other frame in memory that narwhals knows.
    wanted : mapping of str to str, const or array
        For each column of the log, the name of the frame's column; or one value, or an array.

    Returns
    -------
    dict of str to object
        What `read` takes. Nothing is copied or converted yet.

    Raises
    ------
    InvalidInputError
        If the frame is of no such kind, or a column is not in it, or is in it twice.

    Examples
    --------
    >>> pick_columns({"user": ["a"], "ts": [0]}, {"customer_id": "usr"})
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: customer_id must name a column of the frame: got 'usr', did you mean 'user'?
    """
    names = names_of(frame)
    return {
        name: column_of(frame, _found(name, given, names)) if _is_name(given) else given
        for name, given in wanted.items()
    }


def _is_name(given: object) -> bool:
    return isinstance(given, str | int)


def _found(name: str, given: Any, names: Sequence[Hashable]) -> Hashable:
    times = names.count(given)
    if times == 1:
        found: Hashable = given
        return found
    problem = f"got {given!r}{did_you_mean(given, [n for n in names if isinstance(n, str)])}"
    if times:
        problem = f"{times} are called {given!r}"
    raise InvalidInputError(name, "must name a column of the frame", problem)


# ---------------------------------------------------------------------- reading


def read(
    source: Mapping[str, object],
    *,
    tz: dt.tzinfo | str | None = None,
    at_unit: Literal["s", "ms", "us", "ns"] | None = None,
    fold: Literal[0, 1] | None = None,
    currency: str | None = None,
    decimals: int | None = None,
    value_decimals: int = 6,
    rounding: str | None = None,
    invalid: Invalid = "raise",
    only: Rule | str | Collection[str] | None = None,
) -> Intake:
    """Check columns of any kind and normalise them.

    Parameters
    ----------
    source : mapping of str to array-like or const
        By the name of the log's column, one of `COLUMNS` or ``attributes.<name>``; ``customer_id``,
        ``at`` and ``kind`` at least. Arrays are one-dimensional and of one length: numpy, lists,
        pandas, polars or pyarrow columns.
    tz : tzinfo or str, optional
        Zone of naive times and of dates. Aware times keep their own.
    at_unit : {"s", "ms", "us", "ns"}, optional
        What numeric times count, since 1970 UTC.
    fold : {0, 1}, optional
        How to read a naive time that the clock shows twice (first or second) or skips (by the
        offset before or after); left out, these are faults. A date, and without `fold` a naive
        midnight, is the start of its local day and never one.
    currency : str, optional
        ISO 4217 code of ``amount``, or any name where `decimals` is given. The column ``currency``
        serves as well; with both, rows in another currency are at fault.
    decimals : int, optional
        Decimals of ``amount``; left out, those of the currency.
    value_decimals : int
        Decimals of ``value``.
    rounding : str, optional
        A constant of the module ``decimal``, as ``"ROUND_HALF_EVEN"``: how to round an amount or
        a value with more decimals. Left out, these are faults.
    invalid : {"raise", "collect"}
        Whether a row at fault raises, or is set aside.
    only : Rule, str or collection of str, optional
        An event rule; rows for which it does not hold are left out unread. A row whose columns in
        the rule are at fault is at fault, whatever the rule says.

    Returns
    -------
    Intake
        The normalised columns.

    Raises
    ------
    InvalidInputError
        Naming the column, what it must be, and how many rows are not, the first of them. A fault
        of the call (a missing option, a dtype that does not fit, two types of id, two currencies)
        raises even where rows are set aside. Lists and object columns are judged row by row.

    Notes
    -----
    None, NaN, NaT and ``pandas.NA`` are missing. An event without an ``id`` is allowed, and is
    never a repeat. An empty string is no id and no label, save in attributes.

    Examples
    --------
    >>> import numpy as np
    >>> taken = read(
    ...     {
    ...         "customer_id": ["a", "b", None],
    ...         "at": np.array(["2026-03-01T09:00", "2026-03-02", "2026-03-03"], "M8[s]"),
    ...         "kind": ["view", "purchase", "view"],
    ...         "amount": [None, 19.99, None],
    ...     },
    ...     tz="Europe/Berlin", currency="EUR", invalid="collect",
    ... )
    >>> taken.columns["amount"].values.tolist(), taken.rejected.counts()
    ([0, 1999], {'customer_id missing': 1})
    """
    options = Options.checked(
        tz=tz,
        at_unit=at_unit,
        fold=fold,
        currency=currency,
        decimals=decimals,
        value_decimals=value_decimals,
        rounding=rounding,
        invalid=invalid,
    )
    arrays = _arrays(source)
    options.fit(arrays)
    n = next(len(array) for array in arrays.values() if not isinstance(array, const))
    reading, rejected = Reading(options, n), Rejected.none()
    filtered = 0
    if only is not None:
        keep = _wanted(only, reading, arrays)
        rejected = reading.faults.rejected()
        filtered = n - int(np.count_nonzero(keep)) - len(rejected)
        if not keep.all():
            reading = reading.narrowed(keep)
            rows = np.flatnonzero(keep)
            arrays = {
                name: array if isinstance(array, const) else part_of(array, rows)
                for name, array in arrays.items()
                if name not in reading.taken
            }
    reading.take(_plain(arrays, reading.n, arrays.keys() - reading.taken))
    done = reading.accepted()
    return Intake(
        n_given=n,
        n_filtered=filtered,
        ids=done.ids,
        at=done.at,
        rows=done.places,
        columns=done.columns,
        currency=done.currency,
        decimals=done.decimals,
        value_decimals=done.value_decimals,
        rejected=rejected.join(reading.faults.rejected()),
    )


def _arrays(source: Mapping[str, object]) -> dict[str, Any]:
    """Check that the columns are ones a log can hold, and arrays of one length."""
    for name in source:
        if name not in COLUMNS and not name.startswith(ATTRIBUTE):
            hint = f"got {name!r}{did_you_mean(name, COLUMNS)}"
            raise InvalidInputError("column", "must be one a log can hold", hint)
    for name in REQUIRED:
        if name not in source:
            raise InvalidInputError(name, "must be given")
    arrays = {
        name: given if isinstance(given, const) else array_of(name, given)
        for name, given in source.items()
    }
    lengths = {name: len(x) for name, x in arrays.items() if not isinstance(x, const)}
    if not lengths:
        raise InvalidInputError("columns", "must not all be const", "one must say how many rows")
    most, n = next(iter(lengths.items()))
    for name, length in lengths.items():
        if length != n:
            problem = f"got {length} and {n} rows"
            raise InvalidInputError(name, f"must be as long as {most}", problem)
    return arrays


def _plain(arrays: Mapping[str, Any], n: int, names: Collection[str]) -> dict[str, Raw]:
    """Bring columns into plain form."""
    return {
        name: _repeated(array, n) if isinstance(array, const) else raw(name, array)
        for name, array in arrays.items()
        if name in names
    }


def _repeated(constant: const, n: int) -> Raw:
    one = attrs.evolve(of_objects([constant.value]), typed=True)
    return dictionary(np.zeros(n, np.int8), one)


def _wanted(
    only: Rule | str | Collection[str], reading: Reading, arrays: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Read the columns a rule asks about, and return the rows for which it holds."""
    from customerops.model.rules.masks import event_mask
    from customerops.model.rules.rules import as_rule

    rule = as_rule(only)
    if rule.level == "customer":
        raise InvalidInputError("only", "must be a rule about events", "it is about customers")
    asked = set(rule.fields)
    if "amount" in asked:
        asked.add("currency")
    reading.take(_plain(arrays, reading.n, asked))
    return event_mask(rule, reading) & ~reading.faults.faulty
