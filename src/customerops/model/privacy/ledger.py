"""The erasure ledger: parts of published results, of groups of erased customers, never of one.

After an erasure a metric of the log says less than what was published. The difference is the
metric of those who left, for statistics add. The ledger keeps that much, where enough left together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.log import InteractionLog
from customerops.model.privacy.logs import members
from customerops.model.tables.tables import Table
from customerops.model.values.checks import Id, came, text, whole

__all__ = ["ErasureEntry", "ErasureLedger", "Reconciled"]

Mask = NDArray[np.bool_]


@attrs.frozen(kw_only=True, eq=False)
class ErasureEntry:
    """What one published result loses by the erasure of a group.

    Attributes
    ----------
    name : str
        Under which name the result was published.
    customers : int
        How many left together.
    table : Table
        Their parts; 0 in the cells that are withheld.
    withheld : ndarray of bool
        The cells to which fewer than k of them contributed.
    """

    name: str
    customers: int
    table: Table
    withheld: Mask


@attrs.frozen(kw_only=True, eq=False)
class Reconciled:
    """A result of what is left, with what the ledger has of those who left.

    Attributes
    ----------
    table : Table
        The sum.
    exact : ndarray of bool
        The cells that are what was published; in the others something was withheld.
    """

    table: Table
    exact: Mask


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ErasureLedger:
    """Parts of published results, of groups of erased customers of at least `k`.

    Parameters
    ----------
    k : int
        How many must contribute to a number before it is kept; at least 2.
    entries : tuple of ErasureEntry
        What is kept so far.

    Raises
    ------
    InvalidInputError
        If `k` is less than 2.

    Notes
    -----
    For a statistic f and disjoint customers, f(all) = f(left) + f(gone). An entry is f(gone), cell
    by cell and part by part: a cell is kept if each of its parts that is not 0 has contributions
    of at least k of the customers, or of none. Otherwise it is withheld whole, and `reconcile`
    says that it is not exact there. So no number in the ledger is of fewer than k people.

    A request to be erased has a time limit (GDPR article 12(3): a month). Collect those of a few
    weeks and enter them together, before erasing; where fewer than k came, erase without an entry,
    and publish the total again.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog, metrics
    >>> from customerops.model import ErasureLedger, erase_from_log
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "c"], at=[dt.date(2026, 1, d) for d in (5, 6, 7)],
    ...     kind=["purchase"] * 3, tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> def active(log):
    ...     return metrics.active_customers(log, activity="purchase", period="month")
    >>> ledger = ErasureLedger(k=2).enter(log, customer_ids=["a", "c"], published={"active": active})
    >>> left = erase_from_log(
    ...     log, customer_ids=["a", "c"], at=dt.datetime(2026, 2, 1, tzinfo=dt.timezone.utc)
    ... ).log
    >>> ledger.reconcile("active", active(left)).table == active(log)
    True
    """

    k: int = attrs.field()
    entries: tuple[ErasureEntry, ...] = ()

    @k.validator
    def _check(self, attribute: Any, value: object) -> None:
        whole("k", value, least=2)

    def __repr__(self) -> str:
        """Return how much is kept."""
        return f"ErasureLedger({len(self.entries)} entries, k={self.k})"

    def enter(
        self,
        log: InteractionLog,
        *,
        customer_ids: Iterable[Id],
        published: Mapping[str, Callable[[InteractionLog], Table]],
    ) -> ErasureLedger:
        """Return the ledger with what published results lose when a group is erased.

        Parameters
        ----------
        log : InteractionLog
            With the customers, as they were when the results were published.
        customer_ids : iterable of int, str or UUID
            The group that is to be erased.
        published : mapping of str to callable (log) -> Table
            How each result is made from a log; one that adds over customers.

        Raises
        ------
        InvalidInputError
            If fewer than k of the customers are in the log, or a result is not a `Table`.
        """
        leaving, _ = members(log, customer_ids)
        group = int(leaving.sum())
        if group < self.k:
            raise InvalidInputError(
                "customer_ids", f"must be at least {self.k} customers of the log", f"got {group}"
            )
        if not isinstance(published, Mapping):
            raise InvalidInputError("published", "must be a mapping of names", came(published))
        theirs = log._units(leaving)
        ones = [_only(theirs, i) for i in range(group)]
        entries = []
        for name, make in published.items():
            table = _made(text("published", name), make, theirs)
            withheld = _withheld(table, [make(one) for one in ones], self.k)
            entries.append(
                ErasureEntry(
                    name=name,
                    customers=group,
                    table=_blanked(table, withheld),
                    withheld=withheld,
                )
            )
        return attrs.evolve(self, entries=(*self.entries, *entries))

    def reconcile(self, name: str, result: Table) -> Reconciled:
        """Return a result of what is left, made whole again.

        Parameters
        ----------
        name : str
            Under which name it was published.
        result : Table
            The same metric of the log as it is now.

        Raises
        ------
        InvalidInputError
            If it is not a `Table`, or asks something else than what was entered.
        """
        text("name", name)
        if not isinstance(result, Table):
            raise InvalidInputError("result", "must be a Table", came(result))
        own = [entry for entry in self.entries if entry.name == name]
        table = sum((entry.table for entry in own), result)
        short = np.zeros(table.shape, np.bool_)
        for entry in own:
            places = [a.places(b) for a, b in zip(table.axes, entry.table.axes, strict=True)]
            short[np.ix_(*places)] |= entry.withheld
        exact = ~_shared(table, short)
        exact.flags.writeable = False
        return Reconciled(table=table, exact=exact)


def _only(log: InteractionLog, i: int) -> InteractionLog:
    return log._units(np.arange(log.n_customers) == i)


def _made(name: str, make: Callable[[InteractionLog], Table], log: InteractionLog) -> Table:
    table = make(log)
    if not isinstance(table, Table):
        raise InvalidInputError(f"published[{name!r}]", "must give a Table", came(table))
    return table


def _withheld(table: Table, ones: list[Table], k: int) -> Mask:
    """Return the cells with a part to which some contribute, and fewer than k."""
    few = np.zeros(table.shape, np.bool_)
    for name in table.PARTS:
        contribute = np.zeros(table.shape, np.int64)
        for one in ones:
            places = [a.places(b) for a, b in zip(table.axes, one.axes, strict=True)]
            contribute[np.ix_(*places)] += one._spread(name) != 0
        few |= (contribute > 0) & (contribute < k)
    return _shared(table, few)


def _shared(table: Table, cells: Mask) -> Mask:
    """Return some cells, with all others that share a part with one of them; read-only."""
    for name in table.PARTS:
        cells = cells | cells.any(_across(table, name), keepdims=True)
    cells.flags.writeable = False
    return cells


def _blanked(table: Table, withheld: Mask) -> Table:
    """Return a table that is 0 where something is withheld, and so in all that spans the cell."""
    parts = {}
    for name in table.PARTS:
        parts[name] = np.where(withheld.any(_across(table, name)), 0, table.parts[name])
    made: Table = attrs.evolve(table, parts=parts)
    return made


def _across(table: Table, name: str) -> tuple[int, ...]:
    """Return the axes that a part does not span."""
    return tuple(i for i in range(len(table.axes)) if i not in table._dims(name))
