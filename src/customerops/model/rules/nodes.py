"""Rules made of rules, the count of a customer's events, and constants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.rules.base import Clause, History, Level, Rule, Truth, keep, several
from customerops.model.rules.named import as_rule
from customerops.model.values.checks import boolean, came, positive_duration, whole

__all__ = ["And", "Constant", "Did", "Junction", "Not", "Or"]


def _rule(value: object, name: str = "rule") -> Rule:
    if not isinstance(value, Rule):
        raise InvalidInputError(name, "must be a Rule", came(value))
    return value


def _rules(rules: object) -> tuple[Rule, ...]:
    return tuple(_rule(one, f"rules[{i}]") for i, one in enumerate(several("rules", rules)))


def _event_rule(value: Any) -> Rule:
    return as_rule(value, level="event")


def _truth_value(value: object) -> bool:
    return boolean("truth", value)


def _at_least(value: object) -> int:
    return whole("at_least", value, least=1)


def _within(value: object) -> dt.timedelta | None:
    return None if value is None else positive_duration("within", value)


@attrs.frozen
class Constant(Rule):
    """Always true, or always false.

    Parameters
    ----------
    truth : bool
        Which.

    Examples
    --------
    >>> Constant(True).describe(), (~Constant(True)).describe()
    ('always', 'never')
    """

    truth: bool = attrs.field(converter=_truth_value)

    @property
    def level(self) -> Level:
        """Any: it joins both."""
        return "any"

    @property
    def fields(self) -> frozenset[str]:
        """None."""
        return frozenset()

    def __invert__(self) -> Rule:
        """Return the other one."""
        return Constant(not self.truth)

    def _truth(self, subject: Any) -> Truth:
        return self.truth

    def _clauses(self, subject: Any) -> Iterator[Clause]:
        yield Clause(self, self.truth, None)


@attrs.frozen
class Did(Rule):
    """A customer's history: at least so many events for which an event rule holds.

    Never unknown: an event for which the event rule is unknown does not count.

    Parameters
    ----------
    rule : Rule, str or collection of str
        An event rule; a string stands for a kind.
    at_least : int
        How many, 1 or more.
    within : timedelta, optional
        Only events in ``(as_of - within, as_of]``; left out, all until `as_of`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, kind
    >>> Did(kind("purchase"), at_least=2, within=dt.timedelta(days=90)).describe()
    'did (kind is purchase) at least 2 times within 90 days'
    """

    rule: Rule = attrs.field(converter=_event_rule)
    at_least: int = attrs.field(default=1, converter=_at_least)
    within: dt.timedelta | None = attrs.field(default=None, converter=_within)

    @property
    def level(self) -> Level:
        """Customer."""
        return "customer"

    @property
    def fields(self) -> frozenset[str]:
        """Those of the event rule."""
        return self.rule.fields

    def _count(self, history: History) -> int:
        # an age, not as_of - within, which may lie before the year 1
        return sum(
            self.rule._truth(event) is True
            and (self.within is None or history.as_of - event.at < self.within)
            for event in history.events
        )

    def _truth(self, subject: Any) -> Truth:
        return self._count(subject) >= self.at_least

    def _clauses(self, subject: Any) -> Iterator[Clause]:
        count = self._count(subject)
        yield Clause(self, count >= self.at_least, count)


# ---------------------------------------------------------------------- joins


@attrs.frozen
class Junction(Rule):
    """Several rules of one level; nested ones of the same kind are flattened."""

    rules: tuple[Rule, ...] = attrs.field(converter=_rules)
    level: Level = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        flat: list[Rule] = []
        for rule in self.rules:
            flat.extend(rule.rules if isinstance(rule, type(self)) else (rule,))
        if len(flat) < 2:
            raise InvalidInputError("rules", "must be two or more", f"got {len(flat)}")
        levels = {rule.level for rule in flat} - {"any"}
        if len(levels) > 1:
            raise InvalidInputError(
                "rules",
                "must all be about events or all about the customer",
                "wrap the event rule in Did to make it one about the customer",
            )
        keep(self, rules=tuple(flat), level=levels.pop() if levels else "any")

    @property
    def fields(self) -> frozenset[str]:
        """Those of all its rules."""
        return frozenset().union(*(rule.fields for rule in self.rules))

    def _truths(self, subject: Any) -> list[Truth]:
        # all are asked, so that an amount in a wrong currency raises whatever the others say
        return [rule._truth(subject) for rule in self.rules]

    def _clauses(self, subject: Any) -> Iterator[Clause]:
        for rule in self.rules:
            yield from rule._clauses(subject)


@attrs.frozen
class And(Junction):
    """All hold: False if one is False, else unknown if one is unknown.

    Parameters
    ----------
    rules : collection of Rule
        Two or more of one level; `all_of` takes any number.

    Examples
    --------
    >>> from customerops.model import And, amount, kind
    >>> And([kind("purchase"), amount >= 50]) == kind("purchase") & (amount >= 50)
    True
    """

    def _truth(self, subject: Any) -> Truth:
        truths = self._truths(subject)
        if False in truths:
            return False
        return None if None in truths else True


@attrs.frozen
class Or(Junction):
    """At least one holds: True if one is True, else unknown if one is unknown.

    Parameters
    ----------
    rules : collection of Rule
        Two or more of one level; `any_of` takes any number.

    Examples
    --------
    >>> from customerops.model import Or, channel, kind
    >>> Or([kind("purchase"), channel == "web"]) == kind("purchase") | (channel == "web")
    True
    """

    def _truth(self, subject: Any) -> Truth:
        truths = self._truths(subject)
        if True in truths:
            return True
        return None if None in truths else False


@attrs.frozen
class Not(Rule):
    """It is known not to hold: unknown stays unknown.

    Parameters
    ----------
    rule : Rule
        Of either level.

    Examples
    --------
    >>> from customerops.model import Not, kind
    >>> Not(kind("visit")) == ~kind("visit")
    True
    """

    rule: Rule = attrs.field(converter=_rule)

    @property
    def level(self) -> Level:
        """The level of the negated rule."""
        return self.rule.level

    @property
    def fields(self) -> frozenset[str]:
        """Those of the negated rule."""
        return self.rule.fields

    def __invert__(self) -> Rule:
        """Return the rule itself: a double negation changes no truth."""
        return self.rule

    def _truth(self, subject: Any) -> Truth:
        truth = self.rule._truth(subject)
        return None if truth is None else not truth

    def _clauses(self, subject: Any) -> Iterator[Clause]:
        return self.rule._clauses(subject)
