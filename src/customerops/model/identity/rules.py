"""What counts as evidence that two records are one customer, and what speaks against it: data."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.values.checks import Id, came, each, text, whole

__all__ = [
    "KIND",
    "PLACEHOLDERS",
    "IdentityRules",
    "IdentitySplit",
    "JoinRule",
    "Link",
    "SharedIdentifier",
    "folded_placeholder",
]

KIND = "kind"
"""The type that always separates: a person and an organization are never one."""

PLACEHOLDERS: frozenset[str] = frozenset(
    {
        *("-", "0", "anonymous", "guest", "n/a", "na", "nan", "nil", "none", "null"),
        *("test", "unknown", "undefined", "无", "未知", "匿名"),
    }
)
"""What systems write where nothing is known; see ``IdentityRules.blocked``."""


def folded_placeholder(value: str) -> str:
    """Return the form in which values are compared with what is blocked: width, case, blanks."""
    return unicodedata.normalize("NFKC", value).strip().casefold()


@attrs.frozen
class JoinRule(Record):
    """One type of evidence that joins.

    Parameters
    ----------
    type : str
        Type of an `Identifier`, or of a `Link`.
    at_most : int, optional
        A value that more records hold is no evidence: it neither joins nor separates. At least 2.
        Counted before anything is joined.
    at_least : float, optional
        The least weight of a link that counts.

    Raises
    ------
    InvalidInputError
        If a field is not of its type or too small.

    Examples
    --------
    >>> from customerops.model import JoinRule
    >>> JoinRule("phone", at_most=3)
    JoinRule(type='phone', at_most=3, at_least=None)
    """

    type: str
    at_most: int | None = attrs.field(default=None, kw_only=True)
    at_least: float | None = attrs.field(default=None, kw_only=True)

    def _check(self) -> None:
        if self.at_most is not None:
            whole("at_most", self.at_most, least=2)
        if self.type == KIND:
            raise InvalidInputError("type", f"must not be {KIND!r}, which only separates")


def _rules(given: Iterable[Any]) -> tuple[JoinRule, ...]:
    rules = []
    for i, one in enumerate(each("joins", given)):
        rule = JoinRule(one) if isinstance(one, str) else one
        if not isinstance(rule, JoinRule):
            raise InvalidInputError(f"joins[{i}]", "must be a JoinRule or a type", came(one))
        rules.append(rule)
    return tuple(rules)


def _texts(name: str, given: Iterable[str]) -> frozenset[str]:
    return frozenset(text(f"{name}[{i}]", one) for i, one in enumerate(each(name, given)))


def _unique(given: Iterable[str]) -> frozenset[str]:
    return _texts("unique", given)


def _blocked(given: Iterable[str]) -> frozenset[str]:
    return _texts("blocked", given)


@attrs.frozen(kw_only=True)
class IdentityRules(Record):
    """What joins records, strongest first, and what keeps them apart.

    Parameters
    ----------
    joins : tuple of JoinRule or str
        Types whose shared values join records, in the order of their strength; a str is a rule
        without limits. Each type once. A type that is not among them is not evidence.
    unique : set of str
        Types of which a person has one value: records with different values never join, whatever
        else they share, unless a record itself holds both. A type may be here and not in `joins`:
        a birth date separates, and joins nobody. "kind" is always among them.
    blocked : set of str
        Values that are no evidence of any type, compared without width, case and blanks at the
        ends. By default `PLACEHOLDERS`; blank values never count.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, or a type is in `joins` twice.

    Examples
    --------
    >>> from customerops.model import IdentityRules, JoinRule
    >>> rules = IdentityRules(
    ...     joins=("user_id", JoinRule("email", at_most=5), JoinRule("phone", at_most=3)),
    ...     unique={"user_id"},
    ... )
    >>> [rule.type for rule in rules.joins]
    ['user_id', 'email', 'phone']
    """

    joins: tuple[JoinRule, ...] = attrs.field(converter=_rules)
    unique: frozenset[str] = attrs.field(default=frozenset({"user_id"}), converter=_unique)
    blocked: frozenset[str] = attrs.field(default=PLACEHOLDERS, converter=_blocked)

    def _check(self) -> None:
        seen: set[str] = set()
        for i, rule in enumerate(self.joins):
            if rule.type in seen:
                must = "must name a type that is not there before"
                raise InvalidInputError(f"joins[{i}]", must, "got one again")
            seen.add(rule.type)

    @property
    def separating(self) -> tuple[str, ...]:
        """The types that keep records apart, sorted."""
        return tuple(sorted({*self.unique, KIND}))


@attrs.frozen(repr=False)
class SharedIdentifier(Record):
    """Evidence: a value that several records hold.

    Parameters
    ----------
    type : str
        Type of the identifier.
    value : str
        The value; not shown by ``repr``.

    Examples
    --------
    >>> from customerops.model import SharedIdentifier
    >>> SharedIdentifier("email", "ann@example.com")
    SharedIdentifier(type='email')
    """

    type: str
    value: str = attrs.field(metadata={"pii": "user.unique_id"})

    def __repr__(self) -> str:
        """Return the type, and not whose it is."""
        return f"SharedIdentifier(type={self.type!r})"


@attrs.frozen(repr=False)
class Link(Record):
    """Evidence from outside: somebody, or a model, says that two records are one customer.

    Parameters
    ----------
    a, b : int, str or UUID
        Two records; they are kept in order, so ``Link(x, y) == Link(y, x)``.
    type : str
        Which rule it falls under.
    weight : float
        How sure that is: a probability, or any number of which more is surer.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, the ids are of two types, or are one and the same.

    Examples
    --------
    >>> from customerops.model import Link
    >>> Link("b", "a", type="splink", weight=0.98)
    Link(type='splink', weight=0.98)
    """

    a: Id = attrs.field(metadata={"pii": "user.unique_id"})
    b: Id = attrs.field(metadata={"pii": "user.unique_id"})
    type: str = attrs.field(default="match", kw_only=True)
    weight: float = attrs.field(default=1.0, kw_only=True)

    def _check(self) -> None:
        a: Any = self.a
        b: Any = self.b
        if type(a) is not type(b):
            raise InvalidInputError("b", "must be an id of the type of a", came(b))
        if a == b:
            raise InvalidInputError("b", "must be another record than a", "got the same")
        if b < a:
            object.__setattr__(self, "a", b)
            object.__setattr__(self, "b", a)

    def __repr__(self) -> str:
        """Return type and weight, and not whose it is."""
        return f"Link(type={self.type!r}, weight={self.weight})"


@attrs.frozen(kw_only=True, repr=False)
class IdentitySplit(Record):
    """A decision: these records are another customer than those others.

    Parameters
    ----------
    records : set of ids
        What was taken out.
    others : set of ids
        What it was taken out of.

    Raises
    ------
    InvalidInputError
        If a side is empty, or a record is on both.

    Notes
    -----
    It holds until it is left out: neither the evidence of that day nor any that comes later joins
    the two sides. A value that both sides hold stays evidence within each side, and for whoever
    comes later it is evidence of `others`.

    Examples
    --------
    >>> from customerops.model import IdentitySplit
    >>> IdentitySplit(records={"shop:9"}, others={"crm:1", "shop:4"})
    IdentitySplit(1 of 3 records)
    """

    records: frozenset[Id] = attrs.field(metadata={"pii": "user.unique_id"})
    others: frozenset[Id] = attrs.field(metadata={"pii": "user.unique_id"})

    def _check(self) -> None:
        for name, side in (("records", self.records), ("others", self.others)):
            if not side:
                raise InvalidInputError(name, "must not be empty", "got none")
        both = len(self.records & self.others)
        if both:
            raise InvalidInputError("others", "must not be among records", f"{both} are in both")

    def __repr__(self) -> str:
        """Return the sizes, and no id."""
        here = len(self.records)
        return f"IdentitySplit({here} of {here + len(self.others)} records)"
