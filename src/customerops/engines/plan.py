"""What every engine does with one partition: rows into a log, a log into results.

The flow is one way::

    plan(names, log, ...) -> rehearse(no rows) -> on every partition: part(rows) -> combined(bytes)

A `Plan` is data and travels to the workers. Before anything runs there, all of it runs once here, on
no rows: what is wrong with the call is said at once, and what the functions make of nobody is what
the parts are added to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from customerops.engines.reduced import Reduced
from customerops.engines.stored import from_bytes, to_bytes
from customerops.errors import CustomerOpsError, InvalidInputError
from customerops.model.intake.intake import const, pick_columns
from customerops.model.log.frames import wanted_columns
from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer
from customerops.model.values.checks import came, did_you_mean, whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SEQUENCE",
    "Functions",
    "Plan",
    "bound",
    "combined",
    "named",
    "packed",
    "plan",
    "rehearse",
    "rehearse_rows",
    "rows_of",
    "single",
    "too_many",
    "total",
]

SEQUENCE = "customerops sequence"
"""The column that numbers rows as they were given, for ties; no log can have one of that name."""

Functions = Mapping[str, Callable[[Any], Any]]

_MAIN = ("customer_id", "at", "kind")
_FIELDS = tuple(field.name for field in attrs.fields(Customer))
_SETS = ("attributes", "identifiers", "tags")


@attrs.frozen
class Plan:
    """How rows become a log, the same on every partition.

    Attributes
    ----------
    log : mapping
        The keywords of `InteractionLog.from_frame`.
    columns : tuple of str
        The columns of the events that are read.
    sequence : str
        The column that orders a customer's events of one instant.
    numbered : bool
        Whether the engine has to make that column.
    people : tuple of str or None
        The columns of the customers' frame; None without one.
    as_of : datetime or None
        The last known instant.
    prepare : callable or None
        What is made of the log before the functions see it.
    most : int or None
        Events that one customer may have.
    """

    log: Mapping[str, Any]
    columns: tuple[str, ...]
    sequence: str
    numbered: bool
    people: tuple[str, ...] | None
    as_of: dt.datetime | None
    prepare: Callable[[InteractionLog], Any] | None
    most: int | None

    @property
    def key(self) -> str:
        """The column of the customers' ids."""
        key: str = self.log["customer_id"]
        return key

    @property
    def collects(self) -> bool:
        """Whether invalid rows are set aside."""
        return bool(self.log.get("invalid") == "collect")

    def log_of(self, events: Any, people: Iterable[Mapping[str, Any]]) -> InteractionLog:
        """Build the log of one partition, on one thread: the engine has the others."""
        log = InteractionLog.from_frame(events, **self.log, threads=1)
        if self.people is None:
            return log
        names = [name for name in self.people if name not in _FIELDS]
        return log.with_customers(map(_customer, people), attributes=names)

    def known(self, log: InteractionLog) -> Any:
        """Return what the functions see of a log."""
        log = log if self.as_of is None else log._until("as_of", self.as_of)
        return log if self.prepare is None else self.prepare(log)


def _customer(row: Mapping[str, Any]) -> Customer:
    given = {name: value for name, value in row.items() if value is not None}
    fields = {name: value for name, value in given.items() if name in _FIELDS}
    return Customer(**fields, attributes={n: v for n, v in given.items() if n not in _FIELDS})


def plan(
    names: Collection[str],
    log: object,
    *,
    as_of: dt.datetime | None,
    prepare: Callable[[InteractionLog], Any] | None,
    sequence: str | None,
    most: int | None,
    people: Collection[str] | None,
) -> Plan:
    """Settle how rows become a log, and which columns that takes.

    Raises
    ------
    InvalidInputError
        Naming what no cluster can do, or a column that is not there.
    """
    if not isinstance(log, Mapping) or not set(_MAIN) <= log.keys():
        said = came(log) if not isinstance(log, Mapping) else f"got {sorted(log)}"
        raise InvalidInputError("log", f"must map at least {', '.join(_MAIN)} to columns", said)
    for name, why in (
        ("threads", "every partition is built on one"),
        ("row", "a position in a partition means nothing"),
    ):
        if log.get(name):
            raise InvalidInputError(name, "must be left out on a cluster", why)
    options: Any = {
        name: given for name, given in log.items() if name not in (*_MAIN, *_ELSEWHERE)
    }
    main = {name: log[name] for name in _MAIN}
    wanted = wanted_columns(main, log.get("attributes", ()), options)
    for name, given in wanted.items():
        if not isinstance(given, str | const):
            raise InvalidInputError(name, "must name a column, or be a const", came(given))
    if not isinstance(log["customer_id"], str):
        raise InvalidInputError("customer_id", "must name a column", came(log["customer_id"]))
    if sequence is not None:
        wanted["sequence"] = sequence
    pick_columns(dict.fromkeys(names, ()), wanted)
    read = {given for given in (*wanted.values(), log.get("currency")) if isinstance(given, str)}
    if prepare is not None and not callable(prepare):
        raise InvalidInputError("prepare", "must be a function of a log", came(prepare))
    return Plan(
        log=dict(log),
        columns=tuple(name for name in names if name in read),
        sequence=SEQUENCE if sequence is None else sequence,
        numbered=sequence is None,
        people=None if people is None else _of_people(people),
        as_of=as_of,
        prepare=prepare,
        most=None if most is None else whole("most", most, least=1),
    )


_ELSEWHERE = ("tz", "calendar", "only", "attributes", "threads", "row")


def _of_people(names: Collection[str]) -> tuple[str, ...]:
    if "id" not in names:
        problem = f"got {sorted(names)}{did_you_mean('id', names)}"
        raise InvalidInputError("customers", "must have the column 'id'", problem)
    sets = [name for name in names if name in _SETS]
    if sets:
        problem = f"got {sets}; give each attribute a column of its own name"
        raise InvalidInputError("customers", "must have columns of single values", problem)
    return tuple(names)


def named(functions: object) -> Functions:
    """Return the functions by name, or say that they are none."""
    if not isinstance(functions, Mapping) or not all(map(callable, functions.values())):
        said = came(functions) if not isinstance(functions, Mapping) else "not all can be called"
        raise InvalidInputError("functions", "must map names to functions of a log", said)
    return dict(functions)


# ------------------------------------------------------------------ statistics


def single(
    log: object, function: object, args: Sequence[Any], options: Mapping[str, Any]
) -> Functions:
    """Return one function with its options bound, to be reduced alone."""
    if isinstance(log, Mapping) and log.get("invalid") == "collect":
        raise InvalidInputError(
            "invalid",
            "must be 'raise' in reduce",
            "a result alone has no counts of what was set aside; reduce_all returns them",
        )
    return {"function": bound(function, args, options)}


def bound(
    function: object, args: Sequence[Any], options: Mapping[str, Any]
) -> Callable[[Any], Any]:
    """Return a function of a log alone."""
    if not callable(function):
        raise InvalidInputError("function", "must be a function of a log", came(function))
    return lambda log: function(log, *args, **options)


def part(
    plan: Plan, functions: Functions, events: Any, people: Iterable[Mapping[str, Any]] = ()
) -> Reduced:
    """Return what the functions make of one partition, from one log."""
    log = plan.log_of(events, people)
    known = plan.known(log)
    return Reduced(
        results={name: function(known) for name, function in functions.items()},
        events=len(log),
        customers=log.n_customers,
        rejected=log.rejected.counts(),
    )


def rehearse(plan: Plan, functions: Functions, nothing: Any) -> Reduced:
    """Return what the functions make of nobody: what every sum begins with.

    Raises
    ------
    InvalidInputError
        What the functions raise, or naming the result that does not add.
    """
    neutral = part(plan, functions, nothing)
    for name, result in neutral.items():
        if not _adds(result):
            raise InvalidInputError(
                name,
                "must be a function whose results add over customers",
                f"{type(result).__name__} does not; reduce the statistic it is read from, "
                "or use map for rows of customers",
            )
    return neutral


def _adds(result: Any) -> bool:
    """Whether nothing and nothing is nothing: arrays and pairs have another ``+``."""
    try:
        return (result + result == result) is True
    except TypeError:
        return False


def packed(
    plan: Plan, functions: Functions, events: Any, people: Iterable[Mapping[str, Any]] = ()
) -> bytes:
    """Return the part of one partition as bytes; what this library refuses, as well."""
    try:
        return to_bytes(part(plan, functions, events, people))
    except CustomerOpsError as error:
        return to_bytes(_of_a_part(error))


def _of_a_part(error: CustomerOpsError) -> CustomerOpsError:
    """Return a refusal of rows without their positions, which are those of a partition."""
    if not isinstance(error, InvalidInputError) or error.count is None:
        return error
    where = "in one partition"
    problem = f"{error.problem}; {where}" if error.problem else where
    return InvalidInputError(
        error.name, error.requirement, problem, count=error.count, total=error.total
    )


def combined(parts: Iterable[bytes]) -> bytes:
    """Return the sum of some parts; the first refusal among them, where there is one."""
    try:
        return to_bytes(sum(map(_opened, parts)))
    except CustomerOpsError as error:
        return to_bytes(error)


def total(neutral: Reduced, parts: Iterable[bytes], aside: Mapping[str, int]) -> Reduced:
    """Return the sum of all parts, or raise what was refused where one was made."""
    found = _opened(combined([to_bytes(neutral), *parts]))
    return attrs.evolve(found, rejected={**found.rejected, **aside})


def _opened(data: bytes) -> Reduced:
    found: Reduced | CustomerOpsError = from_bytes(data)
    if isinstance(found, CustomerOpsError):
        raise found
    return found


# ------------------------------------------------------------------ rows


def rows_of(
    plan: Plan,
    function: Callable[[Any], Any],
    events: Any,
    people: Iterable[Mapping[str, Any]] = (),
) -> pd.DataFrame:
    """Return the rows that a function makes of the customers of one partition."""
    import pandas as pd

    try:
        result = function(plan.known(plan.log_of(events, people)))
    except CustomerOpsError as error:
        raise _of_a_part(error) from None
    if isinstance(result, pd.DataFrame):
        return result
    if not hasattr(result, "to_frame"):
        raise InvalidInputError("function", "must return a result or a frame", came(result))
    frame: pd.DataFrame = result.to_frame()
    return frame


def rehearse_rows(plan: Plan, function: Callable[[Any], Any], nothing: Any) -> pd.DataFrame:
    """Return the frame without rows that a function makes of nobody.

    Raises
    ------
    InvalidInputError
        What the function raises, or when its rows are not customers'.
    """
    if plan.collects:
        raise InvalidInputError(
            "invalid",
            "must be 'raise' in map",
            "rows of customers have no place for counts of rows set aside: take those from "
            "reduce_all, and leave the rows out",
        )
    frame = rows_of(plan, function, nothing)
    if "customer_id" not in frame:
        raise InvalidInputError(
            "function",
            "must return rows of customers",
            f"there is no customer_id among {list(frame)}; a table is for reduce",
        )
    return frame


def too_many(plan: Plan, customers: int, events: int) -> dict[str, int]:
    """Return the events set aside for customers with more than ``most`` of them, by reason.

    Raises
    ------
    InvalidInputError
        When there are any, unless invalid rows are set aside.
    """
    if customers and not plan.collects:
        verb = "customer has" if customers == 1 else "customers have"
        problem = f"{customers} {verb} more, {events} in all"
        raise InvalidInputError(
            "customer_id", f"must not have more than {plan.most} events each", problem
        )
    return {f"customer_id with more than {plan.most} events": events} if customers else {}
