"""On Spark: rows are dealt out by customer, every partition becomes one log, its results are summed.

A worker sees Arrow batches (``mapInArrow``) and gives back one row of bytes, or rows of customers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from math import isqrt
from typing import TYPE_CHECKING, Any

import attrs

from customerops.engines import plan as shared
from customerops.engines.plan import Functions, Plan
from customerops.engines.reduced import Reduced
from customerops.errors import InvalidInputError, MissingDependencyError
from customerops.model.values.checks import came

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType, StructType

    from customerops.model.log.log import InteractionLog

__all__ = ["map", "reduce", "reduce_all"]

_PART = "part binary"
_PERSON = "customerops person"
"""Prefix of the customers' columns where they travel with the events; by itself it marks a row."""


def reduce(
    events: DataFrame,
    function: Callable[..., Any],
    *args: Any,
    log: Mapping[str, Any],
    as_of: dt.datetime | None = None,
    customers: DataFrame | None = None,
    prepare: Callable[[InteractionLog], Any] | None = None,
    sequence: str | None = None,
    most: int | None = None,
    **options: Any,
) -> Any:
    """Return a statistic of all events of a Spark frame, the same as of one log of them.

    Parameters
    ----------
    events : pyspark.sql.DataFrame
        One row an event.
    function : callable
        A function of a log whose results add over disjoint customers.
    *args, **options
        What it takes after the log.
    log : mapping
        How rows become a log: the keywords of `InteractionLog.from_frame`, with the names of
        columns and attributes. They are the schema, which all partitions share.
    as_of : datetime, optional
        The last known instant, inclusive.
    customers : pyspark.sql.DataFrame, optional
        One row a customer: ``id`` and any other fields of `Customer` that hold one value
        (``created_at``, ``country``, ...); every other column is an attribute. Those without
        events count from ``created_at`` on.
    prepare : callable, optional
        What to make of the log before the function sees it, such as
        ``InteractionLog.by_thread``. It must keep customers apart.
    sequence : str, optional
        The column that orders events of one customer at one instant. Left out, rows are numbered as
        Spark reads them, which for files and tables that do not change is always the same.
    most : int, optional
        More events of one customer are refused, before the partition that would hold them.
    **options
        Further options of the function; one that has a name from above is bound to it before, by
        ``functools.partial``.

    Returns
    -------
    object
        The function's result.

    Raises
    ------
    InvalidInputError
        What the function, the log or a row of the events would raise in one process (without the
        position of the row); when results do not add; with ``invalid="collect"``, since the counts
        of rows set aside would be lost: `reduce_all` returns them.
    MissingDependencyError
        Without Spark.

    Examples
    --------
    >>> from customerops import metrics
    >>> from customerops.engines import spark
    >>> log = dict(customer_id="user", at="ts", kind="event", tz="UTC")
    >>> spark.reduce(
    ...     events, metrics.active_customers, activity="use", period="month", log=log, as_of=as_of
    ... ).customers.tolist()  # doctest: +SKIP
    [2, 1]
    """
    return reduce_all(
        events,
        shared.single(log, function, args, options),
        log=log,
        as_of=as_of,
        customers=customers,
        prepare=prepare,
        sequence=sequence,
        most=most,
    )["function"]


def reduce_all(
    events: DataFrame,
    functions: Functions,
    *,
    log: Mapping[str, Any],
    as_of: dt.datetime | None = None,
    customers: DataFrame | None = None,
    prepare: Callable[[InteractionLog], Any] | None = None,
    sequence: str | None = None,
    most: int | None = None,
) -> Reduced:
    """Return several statistics of one pass: rows are dealt out once, and every log is built once.

    Parameters
    ----------
    events : pyspark.sql.DataFrame
        One row an event.
    functions : mapping of str to callable
        Functions of a log by name, each with its options bound by ``functools.partial``. None at
        all counts events, customers and rows set aside.
    log : mapping
        As in `reduce`; ``invalid="collect"`` sets rows aside and counts them.
    as_of, customers, prepare, sequence
        As in `reduce`.
    most : int, optional
        More events of one customer are refused; with ``invalid="collect"`` that customer is left
        out, and the events counted as rejected.

    Returns
    -------
    Reduced
        The results by name, the number of events and customers, and the rows set aside by reason.

    Raises
    ------
    InvalidInputError
        As in `reduce`.
    MissingDependencyError
        Without Spark.

    Examples
    --------
    >>> from functools import partial
    >>> from customerops import metrics
    >>> from customerops.engines import spark
    >>> log = dict(customer_id="user", at="ts", kind="event", tz="UTC")
    >>> monthly = partial(metrics.active_customers, activity="use", period="month")
    >>> gaps = partial(metrics.gap_times, events="use")
    >>> spark.reduce_all(
    ...     events, {"active": monthly, "gaps": gaps}, log=log, as_of=as_of
    ... )  # doctest: +SKIP
    Reduced(active, gaps; 4 events, 2 customers)
    """
    functions = shared.named(functions)
    dealt = _deal(events, log, as_of, customers, prepare, sequence, most)
    neutral = shared.rehearse(dealt.plan, functions, dealt.nothing)
    parts = dealt.rows.mapInArrow(partial(_reduced, dealt.plan, functions), _PART)
    width = isqrt(int(str(events.sparkSession.conf.get("spark.sql.shuffle.partitions", "200"))))
    if width > _FEW:  # a tree of two levels: nobody adds up more than a few times `width` results
        parts = parts.repartition(width).mapInArrow(_added, _PART)
    return shared.total(neutral, (bytes(row.part) for row in parts.collect()), dealt.aside)


_FEW = 4
"""Up to the square of so many partitions, their results go to the driver as they are."""


def map(  # noqa: A001 - what it is called on every engine
    events: DataFrame,
    function: Callable[..., Any],
    *args: Any,
    log: Mapping[str, Any],
    as_of: dt.datetime | None = None,
    customers: DataFrame | None = None,
    prepare: Callable[[InteractionLog], Any] | None = None,
    sequence: str | None = None,
    most: int | None = None,
    schema: str | StructType | None = None,
    **options: Any,
) -> DataFrame:
    """Return a function's rows of customers as a Spark frame, which stays on the cluster.

    Parameters
    ----------
    events : pyspark.sql.DataFrame
        One row an event.
    function : callable
        A function of a log whose result has a column ``customer_id`` in its ``to_frame()``; or
        that returns such a pandas frame itself.
    *args, **options
        What it takes after the log.
    log, as_of, customers, prepare, sequence, most
        As in `reduce`.
    schema : str or pyspark.sql.types.StructType, optional
        Types of columns by name, ``"expected date, last date"``. Left out, a column of
        numbers, truth values, instants or durations has that type, and any other is text.

    Returns
    -------
    pyspark.sql.DataFrame
        One or more rows a customer, in no order. Nothing but a rehearsal without rows has been
        run; what rows are refused for is raised as Spark's own error when they are asked for. A
        missing value or NaN is null.

    Raises
    ------
    InvalidInputError
        As in `reduce`; when the rows are not customers'.
    MissingDependencyError
        Without Spark.

    Examples
    --------
    >>> from customerops import metrics
    >>> from customerops.engines import spark
    >>> log = dict(customer_id="user", at="ts", kind="event", tz="UTC")
    >>> rows = spark.map(
    ...     events, metrics.recency_frequency, activity="use", log=log, as_of=as_of
    ... )  # doctest: +SKIP
    >>> rows.select("customer_id", "events").orderBy("customer_id").collect()  # doctest: +SKIP
    [Row(customer_id='a', events=3), Row(customer_id='b', events=1)]
    """
    one = shared.bound(function, args, options)
    dealt = _deal(events, log, as_of, customers, prepare, sequence, most)
    frame = shared.rehearse_rows(dealt.plan, one, dealt.nothing)
    types = _types(frame, events.schema[dealt.plan.key].dataType, schema)
    arrow = events.sparkSession.createDataFrame([], types).toArrow().schema
    return dealt.rows.mapInArrow(partial(_mapped, dealt.plan, one, arrow), types)


# ------------------------------------------------------------------ on the driver


@attrs.frozen
class _Dealt:
    """The rows dealt out by customer, none of them as Arrow, and what was counted on the way."""

    plan: Plan
    rows: DataFrame
    nothing: pa.Table
    aside: Mapping[str, int]


def _deal(
    events: DataFrame,
    log: Mapping[str, Any],
    as_of: dt.datetime | None,
    customers: DataFrame | None,
    prepare: Callable[[InteractionLog], Any] | None,
    sequence: str | None,
    most: int | None,
) -> _Dealt:
    """Deal the rows of events, and of customers, out by customer."""
    try:
        from pyspark.sql import DataFrame
        from pyspark.sql import functions as f
    except ImportError:
        raise MissingDependencyError("pyspark", "spark", "a metric on Spark") from None
    for name, frame in (("events", events), ("customers", customers)):
        if not isinstance(frame, DataFrame) and not (name == "customers" and frame is None):
            raise InvalidInputError(name, "must be a Spark DataFrame", came(frame))
    plan = shared.plan(
        events.columns,
        log,
        as_of=as_of,
        prepare=prepare,
        sequence=sequence,
        most=most,
        people=None if customers is None else customers.columns,
    )
    rows = events.select(*(_column(name) for name in plan.columns))
    nothing = rows.limit(0).toArrow()
    if plan.numbered:
        rows = rows.withColumn(shared.SEQUENCE, f.monotonically_increasing_id())
    if customers is not None:
        rows = rows.unionByName(_people(plan, events, customers), allowMissingColumns=True)
    aside: dict[str, int] = {}
    if most is not None:
        crowd = events.groupBy(_column(plan.key).alias("who")).count()
        crowd = crowd.where((f.col("count") > most) & f.col("who").isNotNull())
        found = crowd.agg(f.count("*"), f.coalesce(f.sum("count"), f.lit(0))).collect()[0]
        aside = shared.too_many(plan, found[0], found[1])
        if aside:
            rows = rows.join(f.broadcast(crowd), _column(plan.key) == f.col("who"), "left_anti")
    return _Dealt(plan, rows.repartition(_column(plan.key)), nothing, aside)


def _column(name: str) -> Column:
    from pyspark.sql import functions as f

    return f.col("`" + name.replace("`", "``") + "`")


def _people(plan: Plan, events: DataFrame, customers: DataFrame) -> DataFrame:
    """Return the customers as rows that travel with the events, under names of their own."""
    from pyspark.sql import functions as f

    kind, other = events.schema[plan.key].dataType, customers.schema["id"].dataType
    if kind != other:
        problem = f"{kind.simpleString()} in events, {other.simpleString()} in customers"
        raise InvalidInputError("id", "must be of the type of customer_id", problem)
    own = (_column(name).alias(_PERSON + name) for name in customers.columns)
    return customers.select(_column("id").alias(plan.key), f.lit(1).alias(_PERSON), *own)


def _types(frame: pd.DataFrame, ids: DataType, schema: str | StructType | None) -> StructType:
    """Return the Spark types of a pandas frame's columns."""
    from pyspark.sql import types as t

    given = t.StructType.fromDDL(schema) if isinstance(schema, str) else schema
    said = {} if given is None else {field.name: field.dataType for field in given}
    unknown = sorted(said.keys() - set(frame.columns))
    if unknown:
        problem = f"got {unknown}, there are {list(frame.columns)}"
        raise InvalidInputError("schema", "must name columns of the rows", problem)
    kinds = {"b": t.BooleanType(), "i": t.LongType(), "f": t.DoubleType()}
    kinds |= {"M": t.TimestampType(), "m": t.DayTimeIntervalType()}
    found = {name: kinds.get(frame[name].dtype.kind, t.StringType()) for name in frame.columns}
    found["customer_id"] = t.LongType() if isinstance(ids, t.IntegralType) else ids
    return t.StructType([t.StructField(n, said.get(n, kind)) for n, kind in found.items()])


# ------------------------------------------------------------------ on a worker


Batches = Iterable["pa.RecordBatch"]
_People = list[dict[str, Any]]


def _reduced(plan: Plan, functions: Functions, batches: Batches) -> Iterator[pa.RecordBatch]:
    rows = _rows(plan, batches)
    if rows is not None:
        yield _batch(shared.packed(plan, functions, *rows))


def _added(batches: Batches) -> Iterator[pa.RecordBatch]:
    parts = [part for batch in batches for part in batch.column("part").to_pylist()]
    if parts:
        yield _batch(shared.combined(parts))


def _mapped(
    plan: Plan, function: Callable[[Any], Any], schema: pa.Schema, batches: Batches
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    rows = _rows(plan, batches)
    if rows is None:
        return
    frame = shared.rows_of(plan, function, *rows)
    columns = []
    for field in schema:
        try:
            columns.append(pa.Array.from_pandas(frame[field.name], type=field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            problem = f"column {field.name!r} is not of type {field.type}"
            raise InvalidInputError("schema", "must say what columns hold", problem) from None
    yield from pa.Table.from_arrays(columns, schema=schema).to_batches()


def _batch(part: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([part], pa.binary())], ["part"])


def _rows(plan: Plan, batches: Batches) -> tuple[pa.Table, _People] | None:
    """Return a partition's events as they were given, and its customers; None if it is empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    filled = [batch for batch in batches if batch.num_rows]
    if not filled:
        return None
    table = pa.Table.from_batches(filled)
    people: _People = []
    if plan.people is not None:
        a_person = pc.is_valid(table[_PERSON])
        own = table.filter(a_person).select([_PERSON + name for name in plan.people])
        people = own.rename_columns(list(plan.people)).to_pylist()
        table = table.filter(pc.invert(a_person))
    order = pc.sort_indices(table[plan.sequence])
    return table.select(list(plan.columns)).take(order), people
