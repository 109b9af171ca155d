"""The fields that rules are written with, and what stands for a rule."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal, NoReturn, TypeGuard, cast

import attrs

from customerops.errors import InvalidInputError
from customerops.model.rules.base import Rule
from customerops.model.rules.fields import ATTRIBUTE, CUSTOMER, Operand, check_field, title
from customerops.model.rules.leaves import Between, Compare, In, Missing
from customerops.model.values.checks import came, text

__all__ = [
    "Field",
    "actor_kind",
    "amount",
    "as_rule",
    "at",
    "attribute",
    "campaign",
    "category",
    "channel",
    "customer",
    "direction",
    "kind",
    "name",
    "outcome",
    "sku",
    "thread",
    "value",
]


@attrs.frozen(eq=False)
class Field:
    """Something rules ask about; comparing it makes a rule.

    A field is a builder, not a value: ``==`` and the orders return rules, so a field has no hash,
    no truth and no place in a set. Constants are checked and normalised once, here.

    Parameters
    ----------
    field : str
        Its name, as `Compare` takes it. Use the fields of this module, or `attribute` and
        `customer`.

    Notes
    -----
    What a field is compared with:

    * ``kind``, ``channel``, ``name``, ``direction``, ``outcome``, ``actor_kind``, ``sku``,
      ``category``: str. ``campaign``, ``thread``: str, int or UUID.
    * ``amount``: Money, or a number of major units in the currency of the data as Decimal, int
      or str. A float is refused, for 0.1 is not a tenth. Money of another currency raises when it
      meets the data.
    * ``value``: float or int. ``at``: timezone-aware datetime.
    * ``attribute(...)`` and ``customer(...)``: str, bool, int or float. Ints and floats compare by
      their exact numeric value, and a bool is not a number: ``True``, unlike in Python, is not 1.

    ``sku`` and ``category`` are of line items: a comparison holds if it does for any line, so
    ``sku != "a"`` asks for a line with another sku, and ``~(sku == "a")`` for none with this one.

    Examples
    --------
    >>> amount.between(5, 10).describe()
    '5 <= amount < 10'
    >>> 5 <= amount <= 10
    Traceback (most recent call last):
    TypeError: a rule is not true or false by itself. ...
    """

    field: str = attrs.field(converter=check_field)

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, *values: Any) -> Rule:
        """Return the rule that the field equals the value, or one of several: see `isin`.

        Examples
        --------
        >>> kind("purchase", "renew").describe()
        'kind in {purchase, renew}'
        """
        return self.isin(*values)

    def isin(self, *values: Any) -> Rule:
        """Return the rule that the field equals one of the values.

        Parameters
        ----------
        *values
            Constants, or one collection of them; one value is the same rule as ``==``.

        Raises
        ------
        InvalidInputError
            Without any value, or with one the field cannot be compared with.

        Examples
        --------
        >>> channel.isin("web") == (channel == "web")
        True
        >>> channel.isin("web", "app") == channel.isin(["app", "web"])
        True
        """
        if len(values) == 1 and _is_collection(values[0]):
            values = tuple(values[0])
        rule = In(self.field, values)
        return rule if len(rule.values) > 1 else Compare(self.field, "eq", rule.values[0])

    def between(self, low: Any, high: Any) -> Rule:
        """Return the rule that the field is in the half-open range ``[low, high)``.

        Parameters
        ----------
        low, high : constant or None
            None leaves an end open; one must be given.

        Raises
        ------
        InvalidInputError
            If both are open, or `low` does not lie below `high`.

        Examples
        --------
        >>> value.between(9, None).describe()
        'value >= 9.0'
        """
        return Between(self.field, low, high)

    def is_missing(self) -> Rule:
        """Return the rule that the field says nothing; its negation asks for any value.

        Examples
        --------
        >>> (~channel.is_missing()).describe()
        'not (channel is missing)'
        """
        return Missing(self.field)

    def __eq__(self, other: object) -> Rule:  # type: ignore[override]
        return Compare(self.field, "eq", cast("Operand", other))

    def __ne__(self, other: object) -> Rule:  # type: ignore[override]
        return Compare(self.field, "ne", cast("Operand", other))

    def __lt__(self, other: Any) -> Rule:
        return Compare(self.field, "lt", other)

    def __le__(self, other: Any) -> Rule:
        return Compare(self.field, "le", other)

    def __gt__(self, other: Any) -> Rule:
        return Compare(self.field, "gt", other)

    def __ge__(self, other: Any) -> Rule:
        return Compare(self.field, "ge", other)

    def __and__(self, other: object) -> NoReturn:
        """Raise: a field is not a rule, most likely parentheses are missing."""
        raise TypeError(
            f"{title(self.field)} is a field, not a rule; & and | bind tighter than comparisons, "
            "so write kind('purchase') & (amount >= 50)"
        )

    __rand__ = __or__ = __ror__ = __and__

    def __bool__(self) -> NoReturn:
        """Raise: a field is neither true nor false."""
        raise TypeError(f"{title(self.field)} is a field, neither true nor false; compare it")


kind = Field("kind")
"""What happened."""

channel = Field("channel")
"""Where it happened."""

name = Field("name")
"""The name of the thing: a page, a feature, a template."""

direction = Field("direction")
"""Inbound, outbound or none."""

outcome = Field("outcome")
"""How it ended."""

actor_kind = Field("actor_kind")
"""Who acted: human, bot or system."""

campaign = Field("campaign")
"""The campaign's id."""

thread = Field("thread")
"""The id of the case, order or opportunity."""

sku = Field("sku")
"""Sku of any line item."""

category = Field("category")
"""Category of any line item."""

amount = Field("amount")
"""Money, in major units of the currency of the data."""

value = Field("value")
"""The number an event carries: a score, a quantity, seconds."""

at = Field("at")
"""When it happened."""


def attribute(name: str) -> Field:
    """Return the field of an event attribute.

    Parameters
    ----------
    name : str
        The key in ``Interaction.attributes``, the name it was loaded by in a log.

    Returns
    -------
    Field
        Compare it to make an event rule.

    Examples
    --------
    >>> from customerops.model import attribute
    >>> (attribute("plan") == "pro").describe()
    "attribute('plan') is pro"
    """
    return Field(ATTRIBUTE + text("name", name))


def customer(name: str) -> Field:
    """Return the field of a customer: of the record, or one of its attributes.

    Parameters
    ----------
    name : str
        ``country``, ``language``, ``timezone``, ``kind``, ``account_id``, ``acquisition_channel``,
        ``owner_id``, ``created_at``, or a key in ``Customer.attributes``.

    Returns
    -------
    Field
        Compare it to make a customer rule.

    Raises
    ------
    InvalidInputError
        For a part of the record that holds many values, or the id.

    Examples
    --------
    >>> from customerops.model import customer
    >>> customer("country").isin("DE", "AT").level
    'customer'
    """
    return Field(CUSTOMER + text("name", name))


def as_rule(
    rule: Rule | str | Collection[str],
    *,
    name: str = "rule",
    level: Literal["event", "customer"] | None = None,
) -> Rule:
    """Return a rule as it is, and a kind or a collection of kinds as the rule on ``kind``.

    Parameters
    ----------
    rule : Rule, str or collection of str
        What was given where a rule is expected.
    name : str
        What to call it in an error.
    level : {"event", "customer"}, optional
        The level it must have; any when left out.

    Returns
    -------
    Rule
        The rule.

    Raises
    ------
    InvalidInputError
        If it is none of these, an empty collection, or a rule of the other level.

    Examples
    --------
    >>> from customerops.model import as_rule, kind
    >>> as_rule("purchase") == as_rule(["purchase"]) == kind("purchase")
    True
    >>> as_rule({"purchase", "renew"}).describe()
    'kind in {purchase, renew}'
    """
    made = rule if isinstance(rule, Rule) else _kinds(rule, name)
    if level is not None and made.level not in (level, "any"):
        about = {"event": "events", "customer": "the customer"}
        raise InvalidInputError(
            name, f"must be a rule about {about[level]}", f"got one about {about[made.level]}"
        )
    return made


def _kinds(given: object, name: str) -> Rule:
    if isinstance(given, str):
        return Compare("kind", "eq", text(name, given))
    requirement = "must be a rule, a kind or a collection of kinds"
    if isinstance(given, Field):
        hint = f"got the field {title(given.field)}; compare it with something"
        raise InvalidInputError(name, requirement, hint)
    if not _is_collection(given):
        raise InvalidInputError(name, requirement, came(given))
    kinds = tuple(given)
    if not kinds:
        raise InvalidInputError(name, requirement, "got an empty collection")
    return kind.isin(*(text(f"{name}[{place}]", one) for place, one in enumerate(kinds)))


def _is_collection(given: object) -> TypeGuard[Collection[Any]]:
    """Whether it is a plain collection: a str is a scalar, a mapping and bytes are neither."""
    return isinstance(given, Collection) and not isinstance(given, str | bytes | Mapping)
