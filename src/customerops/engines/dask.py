"""On Dask: rows are dealt out by customer, every partition becomes one log, its results are summed.

A partition is a pandas frame; sums are made in a tree, by whatever scheduler is in force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from customerops.engines import plan as shared
from customerops.engines.plan import Functions, Plan
from customerops.engines.reduced import Reduced
from customerops.errors import InvalidInputError, MissingDependencyError
from customerops.model.values.checks import came

if TYPE_CHECKING:
    import pandas as pd
    from dask.dataframe import DataFrame
    from dask.delayed import Delayed

    from customerops.model.log.log import InteractionLog

__all__ = ["map", "reduce", "reduce_all"]

_FAN = 8
"""Results that one node of the tree adds up."""


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
    """Return a statistic of all events of a Dask frame, the same as of one log of them.

    Parameters
    ----------
    events : dask.dataframe.DataFrame
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
    customers : dask.dataframe.DataFrame, optional
        One row a customer: ``id`` and any other fields of `Customer` that hold one value
        (``created_at``, ``country``, ...); every other column is an attribute. Those without
        events count from ``created_at`` on.
    prepare : callable, optional
        What to make of the log before the function sees it, such as
        ``InteractionLog.by_thread``. It must keep customers apart.
    sequence : str, optional
        The column that orders events of one customer at one instant. Left out, it is the order of
        the partitions and of the rows in them.
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
        Without Dask.

    Examples
    --------
    >>> from customerops import metrics
    >>> from customerops.engines import dask
    >>> log = dict(customer_id="user", at="ts", kind="event", tz="UTC")
    >>> dask.reduce(
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
    events : dask.dataframe.DataFrame
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
        Without Dask.

    Examples
    --------
    >>> from functools import partial
    >>> from customerops import metrics
    >>> from customerops.engines import dask
    >>> log = dict(customer_id="user", at="ts", kind="event", tz="UTC")
    >>> monthly = partial(metrics.active_customers, activity="use", period="month")
    >>> gaps = partial(metrics.gap_times, events="use")
    >>> dask.reduce_all(
    ...     events, {"active": monthly, "gaps": gaps}, log=log, as_of=as_of
    ... )  # doctest: +SKIP
    Reduced(active, gaps; 4 events, 2 customers)
    """
    functions = shared.named(functions)
    dealt = _deal(events, log, as_of, customers, prepare, sequence, most)
    neutral = shared.rehearse(dealt.plan, functions, dealt.nothing)
    parts = dealt.each(partial(_reduced, dealt.plan, functions))
    while len(parts) > 1:
        parts = [_later(_added, *parts[i : i + _FAN]) for i in range(0, len(parts), _FAN)]
    return shared.total(neutral, [part.compute() for part in parts], dealt.aside)


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
    **options: Any,
) -> DataFrame:
    """Return a function's rows of customers as a Dask frame, which is computed when asked for.

    Parameters
    ----------
    events : dask.dataframe.DataFrame
        One row an event.
    function : callable
        A function of a log whose result has a column ``customer_id`` in its ``to_frame()``; or
        that returns such a pandas frame itself.
    *args, **options
        What it takes after the log.
    log, as_of, customers, prepare, sequence, most
        As in `reduce`.

    Returns
    -------
    dask.dataframe.DataFrame
        One or more rows a customer, in no order. Nothing but a rehearsal without rows has been
        run; what rows are refused for is raised when they are asked for.

    Raises
    ------
    InvalidInputError
        As in `reduce`; when the rows are not customers'.
    MissingDependencyError
        Without Dask.

    Examples
    --------
    >>> from customerops import metrics
    >>> from customerops.engines import dask
    >>> log = dict(customer_id="user", at="ts", kind="event", tz="UTC")
    >>> rows = dask.map(
    ...     events, metrics.recency_frequency, activity="use", log=log, as_of=as_of
    ... )  # doctest: +SKIP
    >>> sorted(rows.compute()[["customer_id", "events"]].values.tolist())  # doctest: +SKIP
    [['a', 3], ['b', 1]]
    """
    one = shared.bound(function, args, options)
    dealt = _deal(events, log, as_of, customers, prepare, sequence, most)
    from dask.dataframe import from_delayed

    frame = shared.rehearse_rows(dealt.plan, one, dealt.nothing)
    types = {**frame.dtypes, "customer_id": dealt.nothing[dealt.plan.key].dtype}
    parts = dealt.each(partial(_mapped, dealt.plan, one, types))
    return from_delayed(parts, meta=frame.astype(types), verify_meta=False)


# ------------------------------------------------------------------ where the graph is made


@attrs.frozen
class _Dealt:
    """The partitions, dealt out by customer, no rows of them, and what was counted on the way."""

    plan: Plan
    events: list[Delayed]
    people: list[Delayed | None]
    nothing: pd.DataFrame
    aside: Mapping[str, int]

    def each(self, function: Callable[..., Any]) -> list[Delayed]:
        """Call a function with the events and the customers of each partition."""
        pairs = zip(self.events, self.people, strict=True)
        return [_later(function, events, people) for events, people in pairs]


def _later(function: Callable[..., Any], *args: Any) -> Delayed:
    from dask import delayed

    return delayed(function, traverse=False)(*args)


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
        from dask.dataframe import DataFrame
    except ImportError:
        raise MissingDependencyError("dask", "dask", "a metric on Dask") from None
    for name, frame in (("events", events), ("customers", customers)):
        if not isinstance(frame, DataFrame) and not (name == "customers" and frame is None):
            raise InvalidInputError(name, "must be a Dask DataFrame", came(frame))
    plan = shared.plan(
        list(events.columns),
        log,
        as_of=as_of,
        prepare=prepare,
        sequence=sequence,
        most=most,
        people=None if customers is None else list(customers.columns),
    )
    rows = events[list(plan.columns)]
    nothing = rows._meta
    if plan.numbered:
        rows = rows.map_partitions(_numbered, meta=_numbered(nothing))
    aside: dict[str, int] = {}
    if most is not None:
        counts = events[plan.key].value_counts()
        crowd = counts[counts > most].compute()
        aside = shared.too_many(plan, len(crowd), int(crowd.sum()))
        rows = rows[~rows[plan.key].isin(crowd.index.tolist())]
        if customers is not None:
            customers = customers[~customers["id"].isin(crowd.index.tolist())]
    dealt = rows.shuffle(on=plan.key)
    people: list[Delayed | None] = [None] * dealt.npartitions
    if customers is not None:
        kind, other = events[plan.key].dtype, customers["id"].dtype
        if kind != other:
            problem = f"{kind} in events, {other} in customers"
            raise InvalidInputError("id", "must be of the type of customer_id", problem)
        people = customers.shuffle(on="id", npartitions=dealt.npartitions).to_delayed()
    return _Dealt(plan, dealt.to_delayed(), people, nothing, aside)


# ------------------------------------------------------------------ on a worker


def _numbered(part: pd.DataFrame, partition_info: Any = None) -> pd.DataFrame:
    """Return a partition with its rows numbered, after those of the partitions before it."""
    import numpy as np

    number = 0 if partition_info is None else partition_info["number"]
    return part.assign(**{shared.SEQUENCE: (number << 33) + np.arange(len(part), dtype=np.int64)})


def _reduced(
    plan: Plan, functions: Functions, events: pd.DataFrame, people: pd.DataFrame | None
) -> bytes:
    return shared.packed(plan, functions, *_rows(plan, events, people))


def _added(*parts: bytes) -> bytes:
    return shared.combined(parts)


def _mapped(
    plan: Plan,
    function: Callable[[Any], Any],
    types: Mapping[str, Any],
    events: pd.DataFrame,
    people: pd.DataFrame | None,
) -> pd.DataFrame:
    return shared.rows_of(plan, function, *_rows(plan, events, people)).astype(types)


def _rows(
    plan: Plan, events: pd.DataFrame, people: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return a partition's events as they were given, and its customers."""
    import pyarrow as pa

    ordered = events.sort_values(plan.sequence, kind="stable")[list(plan.columns)]
    if people is None:
        return ordered, []
    return ordered, pa.Table.from_pandas(people, preserve_index=False).to_pylist()
