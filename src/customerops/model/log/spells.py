"""Spells: intervals in columns, what survival, churn and recurring revenue read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.log.billing import monthly_minor
from customerops.model.log.joins import stack, stack_ids
from customerops.model.log.log import InteractionLog, lock_all, locked
from customerops.model.log.records import attribute_values, code_labels, id_array
from customerops.model.log.spell_frames import UNKNOWN, spells_of_frame
from customerops.model.records.records import Subscription
from customerops.model.rules.rules import as_rule
from customerops.model.values import html
from customerops.model.values.checks import Id, positive_duration
from customerops.model.values.columns import Coded, Numbers, read_only
from customerops.model.values.instants import as_instant, micros, to_us
from customerops.model.values.money import decimals_of
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.rules.rules import Rule

__all__ = ["Spells", "inactivity_spells", "spells_of"]

INACTIVITY = "inactivity"
PAUSED = "paused"


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Spells:
    """Half-open intervals ``[start, end)`` of customers, as they were known at `as_of`.

    Rows are sorted by customer id, then start. A customer may have several, and they may overlap
    (two subscriptions at once).

    Attributes
    ----------
    customers : ndarray, shape (n_customers,)
        Ids of the customers that have a spell, sorted.
    codes : ndarray of int, shape (n,)
        Customer of each spell, an index into `customers`.
    start, end : ndarray of int64, shape (n,)
        Microseconds since 1970-01-01T00:00Z.
    observed : ndarray of bool, shape (n,)
        False where the end is not known: the spell was running at `as_of`, and `end` is that.
    entry : ndarray of int64, shape (n,), or None
        Since when the spell was under observation (left truncation); None means since its start.
    amount : Numbers or None
        Recurring amount in minor units a month.
    cause : Coded
        Why the spell ended; missing while it runs.
    attributes : mapping of str to Coded
        Labels of each spell, such as its plan.
    currency : str or None
        Currency of `amount`.
    decimals : int
        Decimals of its minor unit.
    as_of : int
        The last known instant, inclusive, in microseconds.
    """

    customers: NDArray[Any]
    codes: NDArray[Any]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    observed: NDArray[np.bool_]
    entry: NDArray[np.int64] | None = None
    amount: Numbers | None = None
    cause: Coded
    attributes: Mapping[str, Coded] = attrs.field(factory=dict, converter=read_only)
    currency: str | None = None
    decimals: int = 2
    as_of: int

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        customer_id: str,
        start: str,
        end: str,
        as_of: dt.datetime,
        amount: str | None = None,
        interval: tuple[int, str] | str = (1, "month"),
        cause: str | None = None,
        attributes: Collection[str] | Mapping[str, str] = (),
        tz: dt.tzinfo | str | None = None,
        at_unit: Literal["s", "ms", "us", "ns"] | None = None,
        fold: Literal[0, 1] | None = None,
        currency: str | None = None,
        decimals: int | None = None,
        rounding: str | None = None,
    ) -> Spells:
        """Build spells from a pandas or polars data frame, a pyarrow table or a dict of arrays.

        Parameters
        ----------
        frame : DataFrame, Table, or mapping of str to array
            One row a spell, in any order: a paying subscription, a membership, a stay. A pause is
            two rows; a trial begins when it is paid for.
        customer_id, start : str
            The columns that say whose and since when; nulls are invalid.
        end : str
            The column that says until when: null where nothing ended yet.
        as_of : datetime
            The last known instant, inclusive. A spell that starts later is left out, one that ends
            later still runs, and one that ends when it starts is none.
        amount : str, optional
            The column of what is charged in an interval, in major units; needs `currency`.
        interval : tuple of (int, {"day", "week", "month", "year"}) or str
            Which time the amount is for: one for all, or the column that names the unit of each.
        cause : str, optional
            The column that says why it ended; where it is null, ``"unknown"``.
        attributes : collection of str, or mapping of str to str
            Columns of labels, such as the plan; a mapping names them differently.
        tz, at_unit, fold, currency, decimals, rounding
            As for `InteractionLog.from_frame`.

        Returns
        -------
        Spells
            With `amount` in minor units a month if there is one.

        Raises
        ------
        InvalidInputError
            Saying what is wrong, in how many rows and where first: a null, an end before its start,
            a negative amount, a unit that is none, and whatever a log refuses.

        Notes
        -----
        The amount of a month is that of `spells_of`: ``amount / (months in the interval)``, rounded
        half-even once, to minor units; a year has 12 months and 365 days.

        Examples
        --------
        >>> import datetime as dt
        >>> import pandas as pd
        >>> from customerops.model import Spells
        >>> table = pd.DataFrame(
        ...     {
        ...         "account": ["b", "a", "a"],
        ...         "plan": ["gold", "team", "gold"],
        ...         "billed": ["year", "month", "month"],
        ...         "since": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-01-01"], utc=True),
        ...         "until": pd.to_datetime([None, None, "2026-02-01"], utc=True),
        ...         "price": [1200, 50, 20],
        ...     }
        ... )
        >>> spells = Spells.from_frame(
        ...     table, customer_id="account", start="since", end="until", amount="price",
        ...     currency="EUR", interval="billed", attributes=["plan"],
        ...     as_of=dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc),
        ... )
        >>> spells
        Spells(3 spells of 2 customers, 2 running)
        >>> spells.amount.values.tolist(), spells.observed.tolist()
        ([2000, 5000, 10000], [True, False, False])
        """
        given: dict[str, Any] = {
            "tz": tz,
            "at_unit": at_unit,
            "fold": fold,
            "currency": currency,
            "decimals": decimals,
            "rounding": rounding,
        }
        return spells_of_frame(
            frame,
            customer_id=customer_id,
            start=start,
            end=end,
            as_of=as_of,
            amount=amount,
            interval=interval,
            cause=cause,
            attributes=attributes,
            **{name: value for name, value in given.items() if value is not None},
        )

    def __len__(self) -> int:
        """Return the number of spells."""
        return len(self.start)

    @property
    def n_customers(self) -> int:
        """Number of customers with a spell."""
        return len(self.customers)

    @property
    def durations(self) -> NDArray[np.int64]:
        """Length of each spell in microseconds, up to `as_of` where it still runs."""
        return self.end - self.start

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        columns = [self.cause, *self.attributes.values()]
        arrays = (self.customers, self.codes, self.start, self.end, self.observed)
        extra = 0 if self.entry is None else self.entry.nbytes
        extra += 0 if self.amount is None else self.amount.nbytes
        return sum(a.nbytes for a in arrays) + sum(c.nbytes for c in columns) + extra

    def union(self, other: Spells) -> Spells:
        """Join the spells of two sets of different customers, known at the same instant."""
        shared = len(set(self.customers.tolist()) & set(other.customers.tolist()))
        if shared:
            raise InvalidInputError(
                "spells", "must have no customer in common", f"{shared} are in both"
            )
        if self.as_of != other.as_of:
            raise InvalidInputError("as_of", "must be the same to join spells")
        money = {(x.currency, x.decimals) for x in (self, other) if x.currency is not None}
        if len(money) > 1:
            raise InvalidInputError("currency", "must be the same to join spells")
        currency, decimals = next(iter(money), (None, self.decimals))
        sizes = (len(self), len(other))
        names = sorted({*self.attributes, *other.attributes})
        return _sorted(
            stack_ids([self.customers[self.codes], other.customers[other.codes]]),
            start=np.concatenate([self.start, other.start]),
            end=np.concatenate([self.end, other.end]),
            observed=np.concatenate([self.observed, other.observed]),
            entry=_joined_entries(self, other),
            amount=None
            if self.amount is None and other.amount is None
            else _numbers(stack([self.amount, other.amount], sizes)),
            cause=_coded(stack([self.cause, other.cause], sizes)),
            attributes={
                name: _coded(stack([self.attributes.get(name), other.attributes.get(name)], sizes))
                for name in names
            },
            currency=currency,
            decimals=decimals,
            as_of=self.as_of,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a spell: customer_id, start, end (UTC), observed, cause and the rest."""
        import pandas as pd

        from customerops.model.log.records import decoded

        rows = np.arange(len(self))
        columns: dict[str, Any] = {"customer_id": self.customers[self.codes]}
        for name, us in (("entry", self.entry), ("start", self.start), ("end", self.end)):
            if us is not None:
                columns[name] = pd.to_datetime(us, unit="us", utc=True)
        columns["observed"] = self.observed
        columns["cause"] = pd.Series(decoded(self.cause, rows), dtype=object)
        if self.amount is not None:
            major = self.amount.values / 10**self.decimals
            ok = True if self.amount.valid is None else self.amount.valid
            columns["amount"] = np.where(ok, major, np.nan)
        for name, column in self.attributes.items():
            columns[name] = pd.Series(decoded(column, rows), dtype=object)
        return pd.DataFrame(columns)

    def _repr_html_(self) -> str:
        """Show what the spells hold, and nothing of any one customer."""
        frame = self.to_frame().drop(columns="customer_id")
        columns = {str(name): frame[name] for name in frame.columns}
        return html.columns_html("spells", columns, len(self))

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same spells."""
        if not isinstance(other, Spells):
            return NotImplemented
        if self.as_of != other.as_of or self.currency != other.currency:
            return False
        if not len(self) or not len(other):  # no ids, of whatever type
            return len(self) == len(other)
        return bool(self.to_frame().equals(other.to_frame()))

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the columns."""
        return attrs.asdict(self, recurse=False) | {"attributes": dict(self.attributes)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the columns, read-only again."""
        self.__init__(**state)  # type: ignore[misc]
        lock_all(self)

    def __repr__(self) -> str:
        """Return the size, and nothing about the customers."""
        running = int((~self.observed).sum())
        return f"Spells({len(self)} spells of {self.n_customers} customers, {running} running)"


def spells_of(
    subscriptions: Iterable[Subscription],
    *,
    as_of: dt.datetime,
    attributes: Collection[str] | None = None,
) -> Spells:
    """Return the paying spells of subscriptions as they were known at `as_of`.

    A spell runs from the end of the trial (else from the start) to the end of the subscription. A
    pause cuts it: the part before ends with cause ``"paused"`` and another begins when it is over.
    What happens after `as_of` is not known: a subscription that starts later is left out, and an
    end or a pause that comes later leaves the spell running.

    Parameters
    ----------
    subscriptions : iterable of Subscription
        In any order, in one currency. One that comes again counts once.
    as_of : datetime
        The last known instant, inclusive.
    attributes : collection of str, optional
        Names in ``Subscription.attributes`` to load besides ``plan``; left out, all that occur.

    Returns
    -------
    Spells
        With `amount` in minor units a month and the attribute ``plan``.

    Raises
    ------
    InvalidInputError
        If something is no Subscription, two of a customer and an id differ, there are two
        currencies, `as_of` is no instant, or an attribute is not declared.

    Notes
    -----
    The amount of a month is ``amount / (months in the interval)``; a year has 12 months and 365
    days, so a week is ``7 * 12 / 365`` months. It is rounded half-even once, to minor units.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Money, Subscription, spells_of
    >>> year = Subscription(
    ...     id="s1", customer_id="c1", plan="gold", amount=Money("1200", "EUR"),
    ...     interval=(1, "year"), started_at=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
    ... )
    >>> spells = spells_of([year], as_of=dt.datetime(2026, 7, 1, tzinfo=dt.timezone.utc))
    >>> spells.amount.values.tolist(), spells.observed.tolist()
    ([10000], [False])
    """
    known = to_us(as_instant("as_of", as_of))
    seen = []
    for place, one in enumerate(subscriptions):
        if not isinstance(one, Subscription):
            problem = f"got {type(one).__name__} at position {place}"
            raise InvalidInputError("subscriptions", "must be Subscription records", problem)
        if to_us(one.started_at) <= known:  # the rest shows in nothing
            seen.append(one)
    seen = _once(seen)
    rows = [(one, *part) for one in seen for part in _parts(one, known)]
    currencies = {one.amount.currency for one in seen}
    if len(currencies) > 1:
        names = ", ".join(sorted(currencies))
        raise InvalidInputError("currency", "must be one", f"got {names}; convert first")
    currency = next(iter(currencies), None)
    sources = [row[0] for row in rows]
    own = attribute_values(seen, attributes)
    if "plan" in own:
        raise InvalidInputError("attributes", "must not repeat a field", "got 'plan'")
    return _sorted(
        id_array([one.customer_id for one in sources], "customer_id"),
        start=np.array([row[1] for row in rows], np.int64),
        end=np.array([row[2] for row in rows], np.int64),
        observed=np.array([row[3] for row in rows], np.bool_),
        amount=Numbers(np.array([monthly_minor(one) for one in sources], np.int64)),
        cause=code_labels([row[4] for row in rows]),
        attributes={"plan": code_labels([one.plan for one in sources])}
        | {name: code_labels([one.attributes.get(name) for one in sources]) for name in own},
        currency=currency,
        decimals=2 if currency is None else decimals_of(currency),
        as_of=known,
    )


def _once(subscriptions: list[Subscription]) -> list[Subscription]:
    """Return each subscription once, however often it came; two of an id must not differ."""
    kept: dict[tuple[Id, Id], Subscription] = {}
    differs = [one != kept.setdefault((one.customer_id, one.id), one) for one in subscriptions]
    if any(differs):
        raise InvalidInputError(
            "id",
            "must not repeat with different content within a customer",
            count=sum(differs),
            total=len(differs),
            first=differs.index(True),
        )
    return list(kept.values())


def _parts(one: Subscription, as_of: int) -> list[tuple[int, int, bool, str | None]]:
    """Return the paying parts of a subscription: start, end, observed, cause."""
    begin = to_us(one.started_at if one.trial_ends_at is None else one.trial_ends_at)
    ended = None if one.ended_at is None else to_us(one.ended_at)
    running = ended is None or ended > as_of
    end = as_of if ended is None or running else ended
    parts: list[tuple[int, int, bool, str | None]] = []
    for pause in one.pauses:
        start, stop = pause.start_us, pause.end_us
        if start is None or start > end or (start == end and not running):
            break  # not known yet, or the subscription has ended
        if start > begin:
            parts.append((begin, start, True, PAUSED))
        if stop is None or stop > end:
            return parts
        begin = max(begin, stop)
    if begin < end or (running and begin == end):
        cause = None if running else str(one.reason or UNKNOWN)
        parts.append((begin, end, not running, cause))
    return parts


def inactivity_spells(
    log: InteractionLog,
    *,
    within: dt.timedelta,
    activity: Rule | str | Collection[str],
    as_of: dt.datetime | None = None,
) -> Spells:
    """Return the stretches in which customers were active, by a window of inactivity.

    A spell starts with an active event and goes on as long as the next one comes less than
    `within` later. It ends `within` after its last event; when that is after `as_of` it still
    runs.

    Parameters
    ----------
    log : InteractionLog
        The events.
    within : timedelta
        Elapsed time without activity that ends a spell; at exactly that time it has ended.
    activity : Rule, str or collection of str
        Which events count as activity.
    as_of : datetime, optional
        Left out, the log's own.

    Returns
    -------
    Spells
        With the cause ``"inactivity"`` where ended.

    Raises
    ------
    InvalidInputError
        If `within` is not longer than zero, or as_of is not known.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.model import inactivity_spells
    >>> utc = dt.timezone.utc
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=[7, 7, 7],
    ...     at=[dt.date(2026, 1, 1), dt.date(2026, 1, 20), dt.date(2026, 3, 1)],
    ...     kind=["visit"] * 3,
    ...     tz=utc,
    ... ).until_day(dt.date(2026, 3, 9))
    >>> spells = inactivity_spells(log, within=dt.timedelta(days=30), activity="visit")
    >>> spells.observed.tolist(), (spells.durations // 86_400_000_000).tolist()
    ([True, False], [49, 8])
    """
    positive_duration("within", within)
    asked = ask(log, as_of=as_of)
    known, width = asked.as_of, micros(within)
    rows = np.flatnonzero(as_rule(activity, name="activity").mask(asked.log))
    customer, at = asked.log.codes[rows], asked.log.at[rows]
    new = first_of_run(customer)
    new[1:] |= at[1:] - at[:-1] >= width
    first = np.flatnonzero(new)
    last = at[np.append(first, len(at))[1:] - 1]
    observed = last + width <= known
    return _sorted(
        asked.log.customers[customer[first]],
        start=at[first],
        end=np.where(observed, last + width, known),
        observed=observed,
        cause=Coded(locked(np.where(observed, 0, -1).astype(np.int8)), (INACTIVITY,)),
        as_of=known,
    )


def _sorted(ids: NDArray[Any], *, start: NDArray[np.int64], **fields: Any) -> Spells:
    """Return the spells of unsorted rows."""
    by_start = np.argsort(start, kind="stable")
    order = by_start[np.argsort(ids[by_start], kind="stable")]
    ids = ids[order]
    first = first_of_run(ids) if len(ids) else np.empty(0, np.bool_)
    moved: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            moved[name] = locked(value[order])
        elif isinstance(value, Coded | Numbers):
            moved[name] = value.take(order)
        elif isinstance(value, Mapping):
            moved[name] = {key: column.take(order) for key, column in value.items()}
        else:
            moved[name] = value
    return Spells(
        customers=locked(ids[first]),
        codes=locked(np.cumsum(first) - 1),
        start=locked(start[order]),
        **moved,
    )


def _joined_entries(a: Spells, b: Spells) -> NDArray[np.int64] | None:
    if a.entry is None and b.entry is None:
        return None
    return np.concatenate([x.start if x.entry is None else x.entry for x in (a, b)])


def _coded(column: object) -> Coded:
    assert isinstance(column, Coded)
    return column


def _numbers(column: object) -> Numbers:
    assert isinstance(column, Numbers)
    return column
