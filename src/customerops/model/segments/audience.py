"""Audiences: frozen lists of customers with the rule and the instant that made them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.checks import Id, came, identifier
from customerops.model.values.instants import from_us

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["Audience", "Combined", "select"]

_WORDS = {"union": "or", "intersect": "and", "difference": "without"}


@attrs.frozen
class Combined:
    """How an audience was made of two others.

    Attributes
    ----------
    how : {"union", "intersect", "difference"}
        In both or one of them, in both, or in the first and not in the second.
    first, second : Rule or Combined
        What the two were.

    Examples
    --------
    >>> from customerops.model import Combined, Did
    >>> Combined("difference", Did("signup"), Did("purchase")).describe()
    '(did (kind is signup)) without (did (kind is purchase))'
    """

    how: Literal["union", "intersect", "difference"]
    first: Rule | Combined
    second: Rule | Combined

    def describe(self) -> str:
        """Return it in words."""
        return f"({self.first.describe()}) {_WORDS[self.how]} ({self.second.describe()})"


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Audience(PerCustomer):
    """Customers for whom a rule held at an instant (人群包); made by `select`.

    Frozen: later events change nothing in it. Iterating gives the ids, sorted; ``len`` the size.
    Its repr shows no id. Audiences of disjoint logs add.

    Attributes
    ----------
    ids : ndarray of int, str or UUID
        The customers, sorted.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, select
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["b", "a", "c"], kind=["signup", "signup", "purchase"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 4)], tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> signed, bought = select(log, Did("signup")), select(log, Did("purchase"))
    >>> signed, signed.union(bought).ids.tolist()
    (Audience(metric='select', customers=2), ['a', 'b', 'c'])
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ()

    @property
    def rule(self) -> Rule | Combined:
        """The rule, or how the audience was made of others."""
        made: Rule | Combined = self.context.option("rule")
        return made

    @property
    def as_of(self) -> dt.datetime:
        """The instant at which the rule held, inclusive."""
        assert self.context.as_of is not None
        return from_us(self.context.as_of)

    def __iter__(self) -> Iterator[Id]:
        """Go through the ids, sorted."""
        return iter(self.ids.tolist())

    def __contains__(self, customer_id: object) -> bool:
        """Whether a customer is in it."""
        one = identifier("customer_id", customer_id)
        if not self._same_type(one):
            return False
        place = int(np.searchsorted(self.ids, cast("Any", one)))
        return place < len(self) and bool(self.ids[place] == one)

    def union(self, other: Audience) -> Self:
        """Return the customers of either audience.

        Raises
        ------
        InvalidInputError
            If the other is no audience, of another instant, or has ids of another type.
        """
        return self._combined("union", other)

    def intersect(self, other: Audience) -> Self:
        """Return the customers of both audiences. Raises as `union`."""
        return self._combined("intersect", other)

    def difference(self, other: Audience) -> Self:
        """Return the customers of this audience who are not in another. Raises as `union`."""
        return self._combined("difference", other)

    def _combined(self, how: Literal["union", "intersect", "difference"], other: Audience) -> Self:
        if not isinstance(other, Audience):
            raise InvalidInputError("other", "must be an Audience", came(other))
        if self.context.as_of != other.context.as_of:
            said = f"got {other.as_of.isoformat()}, this one is of {self.as_of.isoformat()}"
            raise InvalidInputError("as_of", "must be the same to combine audiences", said)
        if len(self) and len(other) and not self._same_type(other.ids.tolist()[0]):
            raise InvalidInputError("ids", "must be of one type to combine audiences")
        context = self.context.with_options(rule=Combined(how, self.rule, other.rule))
        return attrs.evolve(self, ids=cast("Any", _set(how, self.ids, other.ids)), context=context)

    def _same_type(self, one: object) -> bool:
        return len(self) > 0 and type(self.ids[:1].tolist()[0]) is type(one)


def _set(how: str, first: NDArray[np.generic], second: NDArray[np.generic]) -> list[Id]:
    a, b = first.tolist(), second.tolist()
    inside = set(b)
    if how == "union":
        return [*a, *inside.difference(a)]
    return [one for one in a if (one in inside) == (how == "intersect")]


def select(log: InteractionLog, rule: Rule, *, as_of: dt.datetime | None = None) -> Audience:
    """Return the customers of a log for whom a rule holds, as a frozen audience.

    Parameters
    ----------
    log : InteractionLog
        Customer attributes come from ``log.with_customers``.
    rule : Rule
        A rule about customers.
    as_of : datetime, optional
        Timezone-aware, inclusive; left out, the log's.

    Returns
    -------
    Audience
        Of those who had entered; ids sorted, so the order is the same whatever that of the input.

    Raises
    ------
    InvalidInputError
        If there is no `as_of`, it is later than the log's, the rule is about events or asks for
        what is not loaded.

    Notes
    -----
    Whom the rule is unknown for is not in it. An audience says who fits, not who may be contacted:
    ask `permitted` before sending anything.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, select
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["b", "a", "c"], kind=["signup", "signup", "purchase"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 3, 4)], tz=dt.timezone.utc,
    ... )
    >>> signed = select(log, Did("signup"), as_of=dt.datetime(2026, 1, 31, tzinfo=dt.timezone.utc))
    >>> len(signed), "a" in signed, signed.rule.describe()
    (2, True, 'did (kind is signup)')
    """
    rule = as_rule(rule, level="customer")
    asked = ask(log, as_of=as_of)
    return Audience(
        ids=asked.log.customers[rule.members(asked.log)],
        columns={},
        context=Context("select", as_of=asked.as_of, options={"rule": rule}),
    )
