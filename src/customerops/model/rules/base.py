"""What every rule can do, whatever it is made of.

Truth has three values. A comparison with something missing is unknown, which is None here, and
unknown travels through ``&``, ``|`` and ``~`` as in Kleene's strong logic (Kleene, Introduction to
Metamathematics, 1952, section 64). A rule matches only where it is True.
"""

from __future__ import annotations

import abc
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.records import Customer, Interaction
from customerops.model.values.checks import Id, came
from customerops.model.values.instants import as_instant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from customerops.model.log.log import InteractionLog

__all__ = ["Clause", "History", "Level", "Rule", "Truth", "foreign", "keep", "several"]

Level = Literal["event", "customer", "any"]
Truth = bool | None


class Rule(abc.ABC):
    """A condition on interactions, or on a customer, that is data: frozen, hashable, serialisable.

    Write rules with the fields of this module, ``kind("purchase") & (amount >= 50)``, and join
    them with ``&``, ``|`` and ``~``; ``and``, ``or``, ``not`` and chained comparisons raise, since
    Python would silently drop a part of them.

    A rule has a level. *Event* rules ask about single interactions: `matches`, `mask`, `explain`.
    *Customer* rules ask about a customer's attributes or history: `matches_customer`, `members`,
    `explain_customer`. The two do not mix; `Did` turns an event rule into a customer rule.

    Notes
    -----
    A comparison with a missing value is unknown, and so are its negation and an order between
    values that have none; a rule matches only where it is True, so neither ``x`` nor ``~x`` finds
    what is missing. ``is_missing()`` does.

    Two rules are equal when they are built alike: ``(a & b) & c == a & (b & c)``, since joins are
    flattened, but ``a & b != b & a``.

    Examples
    --------
    >>> from customerops.model import Rule, amount, channel, kind
    >>> rule = kind("purchase") & (amount >= 50) & ~channel.isin("store")
    >>> rule.describe()
    'kind is purchase and amount >= 50 and not (channel is store)'
    >>> Rule.from_dict(rule.to_dict()) == rule
    True
    """

    __slots__ = ()

    # ------------------------------------------------------------------ joining

    def __and__(self, other: object) -> Rule:
        """Return the rule that both hold."""
        from customerops.model.rules.nodes import And

        return And((self, other)) if isinstance(other, Rule) else NotImplemented

    def __or__(self, other: object) -> Rule:
        """Return the rule that at least one holds."""
        from customerops.model.rules.nodes import Or

        return Or((self, other)) if isinstance(other, Rule) else NotImplemented

    def __invert__(self) -> Rule:
        """Return the rule that this one is known not to hold."""
        from customerops.model.rules.nodes import Not

        return Not(self)

    def __bool__(self) -> NoReturn:
        """Raise: a rule has no truth before it is asked about something."""
        raise TypeError(
            "a rule is not true or false by itself. Join rules with &, | and ~ (not 'and', 'or', "
            "'not'), write a range as amount.between(5, 10) (not 5 <= amount < 10), and test one "
            "with rule.matches(interaction)"
        )

    # ------------------------------------------------------------------ asking

    @property
    @abc.abstractmethod
    def level(self) -> Level:
        """What the rule is about: ``"event"``, ``"customer"``, or ``"any"`` for a constant."""

    @property
    @abc.abstractmethod
    def fields(self) -> frozenset[str]:
        """The fields it asks about, those inside a `Did` included: what a log has to load."""

    def matches(self, interaction: Interaction) -> bool:
        """Whether an event rule holds for an interaction; unknown is False.

        Raises
        ------
        InvalidInputError
            For a customer rule, or an amount in another currency than the rule's `Money`.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Interaction, channel, kind
        >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
        >>> visit = Interaction(id="e1", customer_id="c1", at=at, kind="visit")
        >>> kind("visit").matches(visit), (channel == "web").matches(visit)
        (True, False)
        """
        return self._truth(self._event(interaction)) is True

    def explain(self, interaction: Interaction) -> tuple[Clause, ...]:
        """Return each clause of an event rule with its truth and the value it saw.

        Clauses come in the order they are written; a clause under ``~`` is reported as it stands,
        before the negation.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Interaction, channel, kind
        >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
        >>> visit = Interaction(id="e1", customer_id="c1", at=at, kind="visit")
        >>> for clause in (kind("visit") & ~(channel == "web")).explain(visit):
        ...     print(clause.rule.describe(), clause.truth, clause.seen)
        kind is visit True visit
        channel is web None None
        """
        return tuple(self._clauses(self._event(interaction)))

    def mask(self, log: InteractionLog) -> NDArray[np.bool_]:
        """Return for which events of a log an event rule holds; unknown is False.

        Returns
        -------
        ndarray of bool, shape (n_events,)
            In the stored order of ``log.at``.

        Raises
        ------
        InvalidInputError
            For a customer rule, a field that was not loaded, or `Money` of another currency.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Interaction, InteractionLog, channel
        >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
        >>> seen = [
        ...     Interaction(customer_id="c1", at=at, kind="visit", channel=where)
        ...     for where in ("web", "store", None)
        ... ]
        >>> log = InteractionLog.from_interactions(seen)
        >>> (channel == "web").mask(log), (~(channel == "web")).mask(log)
        (array([ True, False, False]), array([False,  True, False]))
        """
        from customerops.model.rules.masks import event_mask

        self._must_be("event")
        return event_mask(self, log)

    def matches_customer(
        self,
        interactions: Iterable[Interaction],
        *,
        as_of: dt.datetime,
        customer: Customer | None = None,
    ) -> bool:
        """Whether a customer rule holds for one customer; unknown is False.

        Parameters
        ----------
        interactions : iterable of Interaction
            The customer's, in any order. A repeated id counts once, and those after `as_of` are
            not used.
        as_of : datetime
            Timezone-aware, inclusive.
        customer : Customer, optional
            The record, which rules on ``customer(name)`` need.

        Raises
        ------
        InvalidInputError
            For an event rule, interactions of several customers, one id with different content,
            or a record that is needed and not given.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Did, Interaction, kind
        >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
        >>> history = [Interaction(id="e1", customer_id="c1", at=at, kind="visit")]
        >>> visited = Did(kind("visit"), within=dt.timedelta(days=30))
        >>> [visited.matches_customer(history, as_of=at + dt.timedelta(days=d)) for d in (29, 30)]
        [True, False]
        """
        return self._truth(self._history(interactions, as_of, customer)) is True

    def explain_customer(
        self,
        interactions: Iterable[Interaction],
        *,
        as_of: dt.datetime,
        customer: Customer | None = None,
    ) -> tuple[Clause, ...]:
        """Return each clause of a customer rule with its truth and what it saw.

        What a `Did` saw is the number of events that count. Parameters as in `matches_customer`.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Did, Interaction
        >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
        >>> history = [Interaction(customer_id="c1", at=at, kind="visit")]
        >>> [(clause.truth, clause.seen) for clause in Did("visit", 2).explain_customer(history, as_of=at)]
        [(False, 1)]
        """
        return tuple(self._clauses(self._history(interactions, as_of, customer)))

    def members(
        self, log: InteractionLog, *, as_of: dt.datetime | None = None
    ) -> NDArray[np.bool_]:
        """Return for which customers of a log a customer rule holds; unknown is False.

        Parameters
        ----------
        log : InteractionLog
            Customer attributes come from ``log.with_customers``.
        as_of : datetime, optional
            Timezone-aware, inclusive; left out, the log's. Only rules on history (`Did`) need one.

        Returns
        -------
        ndarray of bool, shape (n_customers,)
            In the order of ``log.customers``, those who entered after `as_of` included.

        Raises
        ------
        InvalidInputError
            For an event rule, an attribute that was not loaded, or an `as_of` that is missing or
            later than the log's.

        Examples
        --------
        >>> import datetime as dt
        >>> from customerops.model import Customer, Did, Interaction, InteractionLog, customer
        >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
        >>> log = InteractionLog.from_interactions(
        ...     [Interaction(customer_id="c1", at=at, kind="visit")]
        ... ).with_customers([Customer(id="c1", country="DE")])
        >>> (Did("visit") & (customer("country") == "DE")).members(log, as_of=at)
        array([ True])
        """
        from customerops.model.rules.masks import customer_mask

        self._must_be("customer")
        return customer_mask(self, log, as_of)

    # ------------------------------------------------------------------ as data, in words

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as plain JSON types, without loss.

        Examples
        --------
        >>> from customerops.model import amount
        >>> (amount >= "5.00").to_dict()
        {'rule': 'compare', 'field': 'amount', 'op': 'ge', 'value': {'$decimal': '5'}}
        """
        from customerops.model.rules.written import rule_to_dict

        return rule_to_dict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Rule:
        """Return the rule of a dict made by `to_dict`.

        Raises
        ------
        InvalidInputError
            Naming the path of what is wrong: ``rule.rules[2].value must ...``.

        Examples
        --------
        >>> from customerops.model import Rule
        >>> Rule.from_dict({"rule": "missing", "field": "channel"}).describe()
        'channel is missing'
        """
        from customerops.model.rules.written import rule_from_dict

        return rule_from_dict(data)

    def describe(self) -> str:
        """Return the rule in words.

        Examples
        --------
        >>> from customerops.model import amount, kind
        >>> (kind("purchase", "renew") & (amount >= 50)).describe()
        'kind in {purchase, renew} and amount >= 50'
        """
        from customerops.model.rules.words import text_of

        return text_of(self)

    # ------------------------------------------------------------------ inside

    @abc.abstractmethod
    def _truth(self, subject: Any) -> Truth:
        """Return what the rule says of an Interaction (event level) or a History."""

    @abc.abstractmethod
    def _clauses(self, subject: Any) -> Iterator[Clause]:
        """Yield the explained leaves."""

    def _must_be(self, level: Level) -> None:
        if self.level in (level, "any"):
            return
        if level == "event":
            raise InvalidInputError(
                "rule",
                "must be an event rule",
                "this one is about customers; use matches_customer, members or explain_customer",
            )
        raise InvalidInputError(
            "rule",
            "must be a customer rule",
            "this one is about events; use matches, mask or explain, or wrap it in Did",
        )

    def _event(self, interaction: Interaction) -> Interaction:
        self._must_be("event")
        if not isinstance(interaction, Interaction):
            raise InvalidInputError("interaction", "must be an Interaction", came(interaction))
        return interaction

    def _history(
        self, interactions: Iterable[Interaction], as_of: dt.datetime, customer: Customer | None
    ) -> History:
        self._must_be("customer")
        events, until = tuple(interactions), as_instant("as_of", as_of)
        owners = {event.customer_id for event in events}
        if customer is not None:
            owners.add(customer.id)
        if len(owners) > 1:
            raise InvalidInputError("interactions", "must be of one customer")
        known = tuple(event for event in _once(events) if event.at <= until)
        return History(known, until, customer)


@attrs.frozen
class Clause:
    """One clause of an explained rule.

    Attributes
    ----------
    rule : Rule
        The clause: a comparison, a `Did` or a constant.
    truth : bool or None
        Whether it held; None is unknown.
    seen : object
        The value it looked at: None if missing, a tuple (one entry a line) for fields of line
        items, the number of events for a `Did`.

    Examples
    --------
    >>> from customerops.model import Clause, kind
    >>> Clause(kind("visit"), True, "visit").rule.describe()
    'kind is visit'
    """

    rule: Rule
    truth: Truth
    seen: Any


@attrs.frozen
class History:
    """What a customer rule is asked about: the events known at `as_of`, and the record."""

    events: tuple[Interaction, ...]
    as_of: dt.datetime
    customer: Customer | None


def _once(events: Iterable[Interaction]) -> Iterator[Interaction]:
    """Yield each event once; without an id every one counts, as in a log."""
    known: dict[Id, Interaction] = {}
    for event in events:
        if event.id is None:
            yield event
        elif event.id not in known:
            known[event.id] = event
            yield event
        elif event != known[event.id]:
            raise InvalidInputError("interactions", "must not repeat an id with different content")


def foreign(rule: Rule) -> InvalidInputError:
    """Return the error for a rule made of something else than the nodes of this library."""
    return InvalidInputError("rule", "must be made of the nodes of this library", came(rule))


def keep(rule: Rule, **values: object) -> None:
    """Set what is derived or normalised when a frozen rule is made."""
    for name, value in values.items():
        object.__setattr__(rule, name, value)


def several(name: str, values: object) -> tuple[Any, ...]:
    """Return a collection as a tuple, or say that it is none."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InvalidInputError(name, "must be a collection", came(values))
    return tuple(values)
