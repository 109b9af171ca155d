"""Purchase histories: what each customer has bought, as a recommender reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence, Sized
from typing import TYPE_CHECKING, Any, ClassVar, overload

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.affinity.baskets import What, read_baskets
from customerops.model.log.ask import ask
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values.checks import came, each, one_of
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

    from customerops.model.values.window import Window

__all__ = ["PurchaseHistories", "coded_histories", "histories_of", "purchase_histories"]

Ints = NDArray[np.int64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PurchaseHistories(Result, Sequence[tuple[Label, ...]]):
    """The items each customer has bought; made by `purchase_histories`.

    A sequence: ``histories[i]`` are the items of customer ``ids[i]``, each once, the one bought
    last at the end. Customers are sorted by id, and all have bought something.

    Attributes
    ----------
    ids : ndarray of int64 or object, shape (customers,)
        The customers.
    labels : tuple of Label
        All items that somebody has bought, sorted.
    codes : ndarray of int, shape (rows,)
        The items of all customers one after another, as places among `labels`.
    offsets : ndarray of int, shape (customers + 1,)
        The items of customer i are ``codes[offsets[i]:offsets[i + 1]]``.
    context : Context
        What it is about.
    """

    ids: NDArray[Any]
    labels: tuple[Label, ...]
    codes: Ints
    offsets: Ints
    context: Context

    def __attrs_post_init__(self) -> None:
        for array in (self.ids, self.codes, self.offsets):
            array.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> tuple[Label, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> PurchaseHistories: ...
    def __getitem__(self, index: int | slice) -> tuple[Label, ...] | PurchaseHistories:
        """Return the items of one customer, or the histories of some."""
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        place = range(len(self))[index]
        own = self.codes[self.offsets[place] : self.offsets[place + 1]]
        return tuple(self.labels[code] for code in own.tolist())

    def take(self, rows: NDArray[Any]) -> PurchaseHistories:
        """Return the histories of some customers, by their places, with all the same labels."""
        length = np.diff(self.offsets)[rows]
        starts = np.repeat(self.offsets[rows] - np.append(0, np.cumsum(length)[:-1]), length)
        return attrs.evolve(
            self,
            ids=self.ids[rows],
            codes=self.codes[starts + np.arange(len(starts))],
            offsets=np.append(0, np.cumsum(length)),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per customer and item: ``customer_id`` and ``item``."""
        import pandas as pd

        items = (self.labels[code] for code in self.codes.tolist())
        return pd.DataFrame(
            {
                "customer_id": np.repeat(self.ids, np.diff(self.offsets)),
                "item": np.fromiter(items, object, len(self.codes)),
            }
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PurchaseHistories):
            return NotImplemented
        return (self.context, self.labels) == (other.context, other.labels) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("ids", "codes", "offsets")
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the sizes, and nothing about the customers."""
        return f"PurchaseHistories({len(self)} customers, {len(self.labels)} items)"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (attrs.asdict(self, recurse=False),))

    def _repr_html_(self) -> str:
        """Show how many items customers have, and nothing of any one customer."""
        return render.columns_html(self.context.title, {"items": np.diff(self.offsets)}, len(self))


def _rebuilt(state: dict[str, Any]) -> PurchaseHistories:
    return PurchaseHistories(**state)


def purchase_histories(
    log: InteractionLog,
    *,
    what: What = "sku",
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    as_of: dt.datetime | None = None,
) -> PurchaseHistories:
    """Return what each customer has bought, to be given to a recommender.

    Parameters
    ----------
    log : InteractionLog
        The events, with line items.
    what : {"sku", "category"}
        What an item is.
    purchases : Rule, str or collection of str
        Which events are orders.
    over : Window, optional
        Only orders inside it; left out, all there are.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    PurchaseHistories
        A sequence of tuples of items, one a customer, with the ``ids`` beside it.

    Raises
    ------
    InvalidInputError
        As for `co_purchases`.

    Notes
    -----
    What counts as bought is as for `co_purchases` by customer: an item whose lines add up to more
    than zero. Items stand in the order of their latest line; those of one order in its order.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import purchase_histories
    >>> log = InteractionLog.from_orders(
    ...     {"order": [1, 2], "who": ["a", "a"], "day": [dt.date(2026, 1, d) for d in (5, 9)]},
    ...     {"order": [1, 1, 2, 2], "sku": ["ink", "pen", "pad", "ink"]},
    ...     customer_id="who", at="day", order_id="order", sku="sku", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> purchase_histories(log)[0]
    ('pen', 'pad', 'ink')
    """
    one_of("what", what, ("sku", "category"))
    rule = as_rule(purchases, name="purchases", level="event")
    asked = ask(log, as_of=as_of, over=over)
    context = Context(
        "purchase_histories",
        as_of=asked.as_of,
        over=over,
        options={"what": what, "purchases": rule},
    )
    return histories_of(asked.log, rule, what, over, context)


def histories_of(
    log: InteractionLog, rule: Rule, what: What, over: Window | None, context: Context
) -> PurchaseHistories:
    """Return the histories of a log that is as it was known."""
    baskets = read_baskets(log, rule, what=what, unit="customer", over=over)
    place = np.empty(log.n_customers, np.int64)
    place[log.id_order] = np.arange(log.n_customers)
    rank = place[baskets.customer]  # of each basket's customer by id
    order = np.lexsort((baskets.line, rank[baskets.basket]))
    by_id = np.argsort(rank)
    return PurchaseHistories(
        ids=log.customers[baskets.customer[by_id]],
        labels=baskets.labels,
        codes=baskets.item[order],
        offsets=np.append(0, np.cumsum(baskets.size[by_id])),
        context=context,
    )


def coded_histories(
    histories: Sequence[Collection[Label]], labels: Sequence[Label]
) -> tuple[Ints, Ints]:
    """Return row and code of every item of histories that is among some labels, each pair once.

    Sorted by row and code. An item that is not among the labels says nothing.

    Raises
    ------
    InvalidInputError
        If histories, or one of them, is not a sequence of items.
    """
    place = {label: code for code, label in enumerate(labels)}
    if isinstance(histories, PurchaseHistories):
        known = np.array([place.get(label, -1) for label in histories.labels], np.int64)
        code = known[histories.codes]
        row = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
    else:
        try:
            rows = [
                [place.get(x, -1) for x in each("histories", own)] for own in _sized(histories)
            ]
        except TypeError:
            raise InvalidInputError(
                "histories", "must hold labels of items", "one cannot be looked up"
            ) from None
        row = np.repeat(np.arange(len(rows)), [len(own) for own in rows])
        code = np.array([one for own in rows for one in own], np.int64)
    row, code = row[code >= 0], code[code >= 0]
    k = max(len(labels), 1)
    row, code = np.divmod(np.unique(row * k + code), k)
    return row, code


def _sized(histories: Sequence[Collection[Label]]) -> Sequence[Collection[Label]]:
    each("histories", histories)
    if not isinstance(histories, Sized):
        raise InvalidInputError("histories", "must be a sequence", came(histories))
    return histories
