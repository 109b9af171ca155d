"""The columnar log: every customer's interactions, sorted once by (customer, time)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.faults import Rejected
from customerops.model.values.columns import Coded, Column, Ids, Numbers, read_only
from customerops.model.values.instants import as_instant, from_us, to_us
from customerops.model.values.labels import Label
from customerops.model.values.lines import Lines
from customerops.model.values.window import Window

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.intake.intake import const
    from customerops.model.log.frames import ColumnOptions
    from customerops.model.records.records import Customer, Interaction
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar, Period

__all__ = ["InteractionLog"]

T = TypeVar("T")
_US = dt.timedelta(microseconds=1)
NOTHING: Mapping[str, Any] = MappingProxyType({})
ALWAYS = Window(None, None)
LAST = to_us(dt.datetime.max.replace(tzinfo=dt.UTC))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class InteractionLog:
    """Interactions in columns: customers coded, events sorted by customer and time.

    Make one with `from_frame`, `from_arrays`, `from_orders` or `from_interactions`; validation,
    removal of repeats, coding and sorting happen there, once, and every metric is then a linear
    pass. A log is frozen and its arrays are read-only; every method returns another log.

    Attributes
    ----------
    customers : ndarray, shape (n_customers,)
        Customer ids, int64 or objects of one type (str, UUID). Their order is private.
    offsets : ndarray of int64, shape (n_customers + 1,)
        The events of customer c are rows ``offsets[c]:offsets[c + 1]`` of every event column, by
        time; ties keep their input order.
    at : ndarray of int64, shape (n_events,)
        When, in microseconds since 1970-01-01T00:00Z.
    columns : mapping of str to Column
        The other event columns that were loaded: ``kind``, ``channel``, ``amount``,
        ``attributes.<name>`` and so on.
    lines : Lines or None
        Line items of the events.
    customer_columns : mapping of str to Column
        Static attributes of the customers, by `with_customers`.
    entered : ndarray of int64, shape (n_customers,)
        When each customer became known: the earlier of ``created_at`` and the first event loaded.
    currency : str or None
        ISO 4217 code of every amount; None when no amount was seen.
    decimals : int
        Decimals of the minor unit of `amount`.
    value_decimals : int
        Decimals of the fixed-point column ``value``.
    as_of : int or None
        The last instant that is known, inclusive, in microseconds; set by `until`.
    observed : Window
        The window in which the log claims to hold every event; an open side claims no limit.
    calendar : Calendar or None
        The default of every calendar metric.
    parent : Ids or None
        For a log by thread, the customer of each unit.
    rejected : Rejected
        Input rows set aside, with a reason each.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["b", "a", "b"],
    ...     at=[dt.date(2026, 1, 5), dt.date(2026, 1, 2), dt.date(2026, 1, 9)],
    ...     kind=["purchase", "signup", "purchase"],
    ...     tz=dt.timezone.utc,
    ... )
    >>> len(log), log.n_customers, log.kinds
    (3, 2, ('purchase', 'signup'))
    >>> len(log.until(dt.datetime(2026, 1, 5, tzinfo=dt.timezone.utc)))
    2
    """

    customers: NDArray[Any]
    offsets: NDArray[np.int64]
    at: NDArray[np.int64]
    columns: Mapping[str, Column] = attrs.field(converter=read_only)
    lines: Lines | None = None
    customer_columns: Mapping[str, Column] = attrs.field(default=NOTHING, converter=read_only)
    entered: NDArray[np.int64]
    currency: str | None = None
    decimals: int = 2
    value_decimals: int = 6
    as_of: int | None = None
    observed: Window = ALWAYS
    calendar: Calendar | None = None
    parent: Ids | None = None
    rejected: Rejected = attrs.field(factory=Rejected.none)
    _cache: dict[object, Any] = attrs.field(factory=dict)

    # ------------------------------------------------------------------ making one

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        customer_id: str,
        at: str,
        kind: str | const,
        tz: dt.tzinfo | str | None = None,
        calendar: Calendar | None = None,
        only: Rule | str | Collection[str] | None = None,
        attributes: Collection[str] | Mapping[str, str | const] = (),
        threads: int | None = None,
        **columns: Unpack[ColumnOptions],
    ) -> InteractionLog:
        """Build a log from a pandas or polars data frame, a pyarrow table or a dict of arrays.

        Parameters
        ----------
        frame : DataFrame, Table, or mapping of str to array
            One row an event, in any order. Ties of one customer keep their order.
        customer_id, at, kind : str
            The columns that hold them; ``kind=const("purchase")`` for one kind throughout. Nulls
            are invalid in all three.
        tz : tzinfo or str, optional
            Zone of naive times and of dates (a date is the start of that local day), and of the
            log's calendar. Aware times keep their own.
        calendar : Calendar, optional
            The log's calendar, when its weeks do not start on Monday.
        only : Rule, str or collection of str, optional
            Read just the rows for which this event rule holds; the rest is not even converted.
        attributes : collection of str, or mapping of str to str
            Attribute columns; a mapping names them differently from their columns.
        threads : int, optional
            Threads of the build; left out, two where the log is large enough to gain from them.
        **columns
            Other columns by name (``channel=``, ``name=``, ``direction=``, ``outcome=``,
            ``actor_kind=``, ``actor=``, ``campaign=``, ``thread=``, ``amount=``, ``value=``,
            ``recorded_at=``, ``until=``, ``id=``) and how to read them: see `ColumnOptions`.

        Raises
        ------
        InvalidInputError
            Saying what is wrong, in how many rows and where first; with ``invalid="collect"`` the
            rows go to `rejected` instead. Nothing is dropped silently.

        Examples
        --------
        >>> import datetime as dt
        >>> import pandas as pd
        >>> from customerops import InteractionLog
        >>> from customerops.model import const
        >>> orders = pd.DataFrame(
        ...     {"customer": ["a", "b"], "date": ["1997-01-01", "1997-01-02"], "paid": [29.33, 9.9]}
        ... ).assign(date=lambda x: pd.to_datetime(x.date))
        >>> log = InteractionLog.from_frame(
        ...     orders, customer_id="customer", at="date", tz=dt.timezone.utc,
        ...     kind=const("purchase"), amount="paid", currency="USD",
        ... )
        >>> sorted(log.amount.tolist())
        [990, 2933]
        """
        from customerops.model.log.frames import Request, log_of_frame

        main = {"customer_id": customer_id, "at": at, "kind": kind}
        request = Request(tz, calendar, only, threads, columns)
        return log_of_frame(frame, main, attributes=attributes, request=request)

    @classmethod
    def from_arrays(
        cls,
        *,
        customer_id: Any,
        at: Any,
        kind: Any,
        tz: dt.tzinfo | str | None = None,
        calendar: Calendar | None = None,
        only: Rule | str | Collection[str] | None = None,
        attributes: Mapping[str, Any] = NOTHING,
        threads: int | None = None,
        **columns: Unpack[ColumnOptions],
    ) -> InteractionLog:
        """Build a log from arrays of one length, without a frame.

        Parameters
        ----------
        customer_id, at, kind : array-like
            numpy arrays, lists, or columns of pandas, polars or pyarrow; or a `const`.
        tz, calendar, only, threads
            As in `from_frame`.
        attributes : mapping of str to array-like
            Attributes of the events by name.
        **columns
            As in `from_frame`, arrays in the place of names: see `ColumnOptions`.

        Raises
        ------
        InvalidInputError
            As in `from_frame`.

        Examples
        --------
        >>> import numpy as np
        >>> from customerops import InteractionLog
        >>> InteractionLog.from_arrays(
        ...     customer_id=np.array([7, 8, 7]),
        ...     at=np.array([1767225600, 1767312000, 1767398400]),
        ...     at_unit="s",
        ...     kind=["visit", "visit", "purchase"],
        ... )
        InteractionLog(3 events, 2 customers)
        """
        from customerops.model.log.frames import Request, log_of_arrays

        main = {"customer_id": customer_id, "at": at, "kind": kind}
        request = Request(tz, calendar, only, threads, columns)
        return log_of_arrays(main, attributes=attributes, request=request)

    @classmethod
    def from_orders(
        cls,
        orders: Any,
        lines: Any,
        *,
        customer_id: str,
        at: str,
        order_id: str,
        sku: str,
        category: str | None = None,
        quantity: str | None = None,
        unit_price: str | None = None,
        lines_order_id: str | None = None,
        kind: str | const | None = None,
        tz: dt.tzinfo | str | None = None,
        calendar: Calendar | None = None,
        attributes: Collection[str] | Mapping[str, str | const] = (),
        threads: int | None = None,
        **columns: Unpack[ColumnOptions],
    ) -> InteractionLog:
        """Build a log of orders with their line items.

        Parameters
        ----------
        orders, lines : DataFrame, Table, or mapping of str to array
            One row an order; one row a line.
        customer_id, at, order_id : str
            Columns of `orders`. The order id is the event's ``id``.
        sku, category, quantity, unit_price : str
            Columns of `lines`; quantity 1 when left out. Quantities keep six decimals, prices are
            in major units of ``currency=``.
        lines_order_id : str, optional
            The order id in `lines`, when it has another name there.
        kind : str or const, optional
            ``const("purchase")`` when left out.
        tz, calendar, attributes, threads, **columns
            As in `from_frame`, of `orders`. Without ``amount=`` the amount of an order is the sum
            of quantity times unit price of its lines, which must come out in whole minor units
            (unless ``rounding=``); an order without lines, or without prices, has none.

        Raises
        ------
        InvalidInputError
            As in `from_frame`; also when a line belongs to no order, or order ids repeat. With
            ``invalid="collect"`` an order with an invalid line is set aside, with that reason.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops import InteractionLog
        >>> log = InteractionLog.from_orders(
        ...     {"order": ["o1"], "who": ["a"], "day": [dt.date(2026, 1, 5)]},
        ...     {"order": ["o1", "o1"], "sku": ["ink", "pen"], "n": [2, 1], "price": [3.20, 1.10]},
        ...     customer_id="who", at="day", order_id="order", tz=dt.timezone.utc,
        ...     sku="sku", quantity="n", unit_price="price", currency="EUR",
        ... )
        >>> log.amount.tolist(), log.lines.columns["sku"].labels
        ([750], ('ink', 'pen'))
        """
        from customerops.model.log.frames import Request
        from customerops.model.log.orders import LineColumns, log_of_orders

        own = LineColumns(lines_order_id or order_id, sku, category, quantity, unit_price)
        main = {"customer_id": customer_id, "at": at, "kind": kind, "id": order_id}
        request = Request(tz, calendar, None, threads, columns)
        return log_of_orders(orders, lines, main, own, attributes=attributes, request=request)

    @classmethod
    def from_interactions(
        cls,
        interactions: Iterable[Interaction],
        *,
        currency: str | None = None,
        calendar: Calendar | None = None,
        attributes: Iterable[str] | None = None,
        value_decimals: int = 6,
        observed: Window | None = None,
    ) -> InteractionLog:
        """Build a log from records.

        Parameters
        ----------
        interactions : iterable of Interaction
            In any order. A repeated (customer, id) counts once.
        currency : str, optional
            Currency of the log; found in the amounts when left out.
        calendar : Calendar, optional
            Default of the calendar metrics.
        attributes : iterable of str, optional
            Names of the attributes to load. They are the schema of the log: declare them where
            partitions must agree. Left out, all that occur are loaded.
        value_decimals : int
            Decimals at which every `value` must be exact.
        observed : Window, optional
            The window in which these are all the events there were.

        Raises
        ------
        InvalidInputError
            For two currencies or two types of id, one id with different content, an attribute
            that is not declared, or a value that needs more decimals.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops import Interaction, InteractionLog
        >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
        >>> seen = [Interaction(id="e1", customer_id="c1", at=at, kind="visit")]
        >>> list(InteractionLog.from_interactions(seen + seen).interactions()) == seen
        True
        """
        from customerops.model.log.records import log_of_records

        return log_of_records(
            interactions,
            currency=currency,
            calendar=calendar,
            attributes=attributes,
            value_decimals=value_decimals,
            observed=observed,
        )

    # ------------------------------------------------------------------ sizes and columns

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.at)

    @property
    def n_customers(self) -> int:
        """Number of customers, those without events included."""
        return len(self.customers)

    @property
    def nbytes(self) -> int:
        """Bytes held by the columns, caches left out."""
        columns = [*self.columns.values(), *self.customer_columns.values()]
        arrays = self.customers.nbytes + self.offsets.nbytes + self.at.nbytes + self.entered.nbytes
        lines = 0 if self.lines is None else self.lines.nbytes
        return arrays + lines + sum(column.nbytes for column in columns)

    @property
    def kinds(self) -> tuple[Label, ...]:
        """Labels of `kind`, sorted."""
        return self.coded("kind").labels

    @property
    def kind(self) -> NDArray[Any]:
        """Code of each event's kind, an index into `kinds`."""
        return self.coded("kind").codes

    @property
    def amount(self) -> NDArray[np.int64]:
        """Amount of each event in minor units of `currency`; 0 where it is missing."""
        return self.numbers("amount").values

    @property
    def amount_valid(self) -> NDArray[np.bool_] | None:
        """Which events have an amount; None means all."""
        return self.numbers("amount").valid

    @property
    def codes(self) -> NDArray[np.int32]:
        """Customer of each event, an index into `customers`."""

        def make() -> NDArray[np.int32]:
            return np.repeat(np.arange(self.n_customers, dtype=np.int32), np.diff(self.offsets))

        return self.memo("codes", make)

    @property
    def id_order(self) -> NDArray[np.intp]:
        """Positions that sort `customers` by id: the order of every per-customer output."""
        return self.memo("id_order", lambda: np.argsort(self.customers, kind="stable"))

    def column(self, name: str) -> Column:
        """Return an event column, or say that it was not loaded."""
        if name not in self.columns:
            from customerops.model.values.checks import did_you_mean

            raise InvalidInputError(
                "column",
                "must be one the log was built with",
                f"got {name!r}{did_you_mean(name, self.columns)}",
            )
        return self.columns[name]

    def coded(self, name: str) -> Coded:
        """Return a categorical event column."""
        column = self.column(name)
        if not isinstance(column, Coded):
            raise InvalidInputError("column", "must be categorical", f"{name!r} holds numbers")
        return column

    def numbers(self, name: str) -> Numbers:
        """Return a numeric event column."""
        column = self.column(name)
        if not isinstance(column, Numbers):
            raise InvalidInputError("column", "must be numeric", f"{name!r} holds labels")
        return column

    def memo(self, key: object, make: Callable[[], T]) -> T:
        """Return a derived array, made once; writing it twice writes the same."""
        if key not in self._cache:
            made = make()
            if isinstance(made, np.ndarray):
                made.flags.writeable = False
            self._cache[key] = made
        found: T = self._cache[key]
        return found

    def ordinals(self, period: Period, calendar: Calendar | None = None) -> NDArray[np.int32]:
        """Return the calendar period each event lies in, as an ordinal of `calendar`.

        Parameters
        ----------
        period : {"hour", "day", "week", "month", "quarter", "year"}
            The period.
        calendar : Calendar, optional
            Left out, the log's own.
        """
        chosen = calendar or self.calendar
        if chosen is None:
            raise InvalidInputError("calendar", "must be given", "the log has none")
        return self.memo(
            ("ordinals", period, chosen),
            lambda: chosen.ordinals(self.at, period).astype(np.int32),
        )

    # ------------------------------------------------------------------ part of a log

    def until(self, t: dt.datetime) -> InteractionLog:
        """Return what was known at `t`: events with ``at <= t``, customers who had entered.

        Parameters
        ----------
        t : datetime
            Timezone-aware, inclusive. It becomes the `as_of` of the result, and so the default of
            every metric.
        """
        return self._until("t", t)

    def _until(self, name: str, t: dt.datetime) -> InteractionLog:
        us = to_us(as_instant(name, t))
        if self.as_of is not None and us > self.as_of:
            raise InvalidInputError(
                name, "must not be later than the log's as_of", "what came after it is not known"
            )
        if us == self.as_of:
            return self
        seen = self.at <= us
        inside = self.entered <= us
        log = self if bool(seen.all()) else self._events(seen)
        log = log if bool(inside.all()) else log._units(inside)
        end = None if us == LAST else from_us(us + 1)
        return attrs.evolve(log, as_of=us, observed=_within(Window(None, end), self.observed))

    def until_day(self, day: dt.date) -> InteractionLog:
        """Return what was known at the end of a local day of the log's calendar.

        Midnight of the same date would leave the day out, and so the month it ends; this is the
        last instant before the next day starts.
        """
        if self.calendar is None:
            raise InvalidInputError("calendar", "must be given", "the log has none")
        return self.until(self.calendar.day_end(day) - _US)

    def where(self, rule: Rule | str | Collection[str]) -> InteractionLog:
        """Keep the events for which an event rule holds, and every customer.

        Parameters
        ----------
        rule : Rule, str or collection of str
            A string stands for a kind.
        """
        from customerops.model.rules.rules import as_rule

        return self._events(as_rule(rule).mask(self))

    def between(self, window: Window) -> InteractionLog:
        """Keep the events inside a half-open window, and every customer."""
        if not isinstance(window, Window):
            raise InvalidInputError("window", "must be a Window", f"got {type(window).__name__}")
        return attrs.evolve(
            self._events(window.mask(self.at)), observed=_within(window, self.observed)
        )

    def of(self, customer_id: object) -> InteractionLog:
        """Keep one customer."""
        same = [one == customer_id for one in self.customers.tolist()]
        keep = np.array(same, np.bool_)
        if not keep.any():
            raise InvalidInputError("customer_id", "must be a customer of the log")
        return self._units(keep)

    def sample(self, fraction: float, *, seed: int | str) -> InteractionLog:
        """Keep a share of the customers, drawn by a keyed hash of their ids.

        A customer is in the sample or not by id and seed alone, so samples of partitions are the
        sample of the whole. A log by thread is drawn by the customer, not by the thread.

        Parameters
        ----------
        fraction : float
            Between 0 and 1.
        seed : int or str
            Another seed is another draw.
        """
        return self.split(fraction, seed=seed)[0]

    def split(self, fraction: float, *, seed: int | str) -> tuple[InteractionLog, InteractionLog]:
        """Return the sample of `fraction` and the rest; see `sample`."""
        from customerops.model.values.checks import finite
        from customerops.model.values.hashing import keyed_hash

        if not 0 <= finite("fraction", fraction) <= 1:
            raise InvalidInputError("fraction", "must lie between 0 and 1")
        owners = self.customers if self.parent is None else self.parent.values
        bar = int(fraction * 2**64)
        drawn = np.array([h < bar for h in keyed_hash(owners, key=str(seed))], np.bool_)
        return self._units(drawn), self._units(~drawn)

    def _events(self, keep: NDArray[np.bool_]) -> InteractionLog:
        """Keep some events and every customer: one of the two ways a log shrinks."""
        kept_before = np.concatenate(([0], np.cumsum(keep, dtype=np.int64)))
        offsets = kept_before[self.offsets]
        return attrs.evolve(
            self,
            offsets=locked(offsets),
            at=locked(self.at[keep]),
            columns={name: column.take(keep) for name, column in self.columns.items()},
            lines=None if self.lines is None else self.lines.take(keep),
            cache={},
        )

    def _units(self, keep: NDArray[np.bool_]) -> InteractionLog:
        """Keep some customers and their events: the other way a log shrinks."""
        lengths = np.diff(self.offsets)
        log = self._events(np.repeat(keep, lengths))
        return attrs.evolve(
            log,
            customers=locked(self.customers[keep]),
            offsets=locked(np.concatenate(([0], np.cumsum(lengths[keep]))).astype(np.int64)),
            entered=locked(self.entered[keep]),
            customer_columns={n: c.take(keep) for n, c in self.customer_columns.items()},
            parent=None if self.parent is None else self.parent.take(keep),
            cache={},
        )

    # ------------------------------------------------------------------ several logs, other units

    def union(self, other: InteractionLog) -> InteractionLog:
        """Join two logs of different customers, as the partitions of one population.

        Both must agree in as_of, calendar, observed window and currency (a log without amounts
        joins any). A column one of them lacks is missing for its events.

        Raises
        ------
        InvalidInputError
            When a customer is in both (`concat` takes those), or naming what differs.
        """
        from customerops.model.log.joins import union

        return union(self, other)

    def concat(self, *others: InteractionLog) -> InteractionLog:
        """Join logs that may share customers; a repeated (customer, id) counts once.

        Ties keep the order of the logs. For what must agree see `union`.
        """
        from customerops.model.log.joins import concat

        return concat((self, *others))

    def by_thread(self) -> InteractionLog:
        """Return the log whose unit is the (customer, thread): a case, an order, an opportunity.

        `customers` then holds ``(customer id, thread)`` pairs and `parent` the customer of each.
        Events without a thread belong to no unit and are left out.
        """
        from customerops.model.log.regroup import by_thread

        return by_thread(self)

    def rollup(
        self, attribute: str, *, missing: Literal["raise", "drop"] = "raise"
    ) -> InteractionLog:
        """Return the log whose unit is a customer attribute: ``rollup("account_id")``.

        Parameters
        ----------
        attribute : str
            A customer attribute that holds ids.
        missing : {"raise", "drop"}
            What becomes of customers without one.
        """
        from customerops.model.log.regroup import rollup

        return rollup(self, attribute, missing=missing)

    def relabel(self, resolution: Mapping[Any, Any]) -> InteractionLog:
        """Give customers the ids of a resolution, joining those that get the same one.

        Parameters
        ----------
        resolution : mapping of id to id
            Ids that are not in it stay. A repeated (customer, id) counts once.

        Raises
        ------
        InvalidInputError
            When joined customers differ in an attribute: give the merged ones by `with_customers`
            afterwards.
        """
        from customerops.model.log.regroup import relabel

        return relabel(self, resolution)

    def with_customers(
        self, customers: Iterable[Customer], *, attributes: Iterable[str] | None = None
    ) -> InteractionLog:
        """Add static attributes, and customers who have no events yet.

        Parameters
        ----------
        customers : iterable of Customer
            One record each. A customer of the log without a record has every attribute missing;
            one without events needs `created_at`, else no instant could tell who was there.
        attributes : iterable of str, optional
            Names of ``Customer.attributes`` to load, the schema of `by`; left out, all that occur.
        """
        from customerops.model.log.records import log_with_customers

        return log_with_customers(self, customers, attributes=attributes)

    # ------------------------------------------------------------------ leaving the log

    def interactions(self, *, order: Literal["id", "stored"] = "id") -> Iterator[Interaction]:
        """Return the events as records, by customer id and time, or as they are stored.

        A log without the column ``id`` has no records to give, and says so.
        """
        from customerops.model.log.records import records_of_log

        return records_of_log(self, order=order)

    def to_frame(self) -> pd.DataFrame:
        """Return the events as a pandas frame, by customer id and time.

        Columns: ``customer_id``, ``at`` (UTC), then what was loaded; ``amount`` in major units.
        Line items are not in it.
        """
        from customerops.model.log.frames import frame_of_log

        return frame_of_log(self)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same customers and events, whatever their private order."""
        if not isinstance(other, InteractionLog):
            return NotImplemented
        from customerops.model.log.joins import same

        return same(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the size of the log, and nothing about its customers."""
        known = "" if self.as_of is None else f", as of {from_us(self.as_of).isoformat()}"
        return f"InteractionLog({len(self)} events, {self.n_customers} customers{known})"

    def _repr_html_(self) -> str:
        from customerops.model.log.frames import html_of_log

        return html_of_log(self)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the columns; derived arrays are made again when asked for."""
        return attrs.asdict(
            self, recurse=False, filter=lambda field, _: field.name != "_cache"
        ) | {"columns": dict(self.columns), "customer_columns": dict(self.customer_columns)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the columns, read-only again."""
        self.__init__(**state)  # type: ignore[misc]
        lock_all(self)


def _within(window: Window, observed: Window) -> Window:
    """Return the part of a window that was observed; the window itself where nothing was."""
    return window.intersect(observed) if window.overlaps(observed) else window


def locked(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, made read-only."""
    array.flags.writeable = False
    return array


def lock_all(value: object) -> None:
    """Make every array inside a log or spells read-only (pickling forgets it)."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, Mapping):
        for column in value.values():
            lock_all(column)
    elif attrs.has(type(value)):
        for field in attrs.astuple(value, recurse=False):  # type: ignore[arg-type]
            lock_all(field)
