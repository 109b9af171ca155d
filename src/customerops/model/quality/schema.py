"""What data should be: fields with their rules, as data that survive JSON."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.values.checks import decimal, did_you_mean

__all__ = ["Field", "FieldKind", "Schema"]

FieldKind = Literal["any", "text", "id", "integer", "number", "boolean", "instant"]
"""What the values of a field are."""


def _least(value: Decimal | int | str | None) -> Decimal | None:
    return None if value is None else decimal("least", value)


def _most(value: Decimal | int | str | None) -> Decimal | None:
    return None if value is None else decimal("most", value)


@attrs.frozen(kw_only=True)
class Field(Record):
    """One field of a table or of records, and what its values must be.

    Parameters
    ----------
    name : str
        The column. In records a path: ``"amount.currency"``, ``"attributes.plan"``.
    kind : {"any", "text", "id", "integer", "number", "boolean", "instant"}
        What the values are: an id is an int, a str or a UUID; a float that is whole is an integer,
        for pandas makes floats of ints where one is missing.
    required : bool
        Whether a row without it is at fault. Completeness is counted either way.
    pattern : str, optional
        Regular expression that the whole text matches.
    allowed : frozenset of str, optional
        The texts that may occur.
    least, most : Decimal, int or str, optional
        Bounds of a number, both inclusive; never a float, which is inexact.
    unique : bool
        Whether no two rows may have the same value.
    future : {"refused", "allowed"}
        Whether an instant after ``as_of`` is at fault; ``"allowed"`` for a date of renewal.
    fresh_within : timedelta, optional
        How old an instant may be at ``as_of``, inclusive.
    reference : str, optional
        Name of the set of known ids the value must be in: ``"customers"``.

    Raises
    ------
    InvalidInputError
        If a rule does not go with the kind, the pattern is no regular expression, or `most` is
        below `least`.

    Examples
    --------
    >>> from customerops.model import Field
    >>> Field(name="age", kind="integer", least=0, most=120).most
    Decimal('120')
    >>> Field(name="age", kind="integer", pattern="[0-9]+")
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: age.pattern must go with kind 'text': got kind 'integer'
    """

    name: str
    kind: FieldKind = "any"
    required: bool = False
    pattern: str | None = None
    allowed: frozenset[str] | None = None
    least: Decimal | None = attrs.field(default=None, converter=_least)
    most: Decimal | None = attrs.field(default=None, converter=_most)
    unique: bool = False
    future: Literal["refused", "allowed"] = "refused"
    fresh_within: dt.timedelta | None = None
    reference: str | None = None

    def _check(self) -> None:
        for rule, kinds in _GOES_WITH.items():
            if getattr(self, rule) is not None and self.kind not in kinds:
                requirement = "must go with kind " + " or ".join(map(repr, kinds))
                raise InvalidInputError(
                    f"{self.name}.{rule}", requirement, f"got kind {self.kind!r}"
                )
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error:
                raise InvalidInputError(
                    f"{self.name}.pattern", "must be a regular expression", "got another str"
                ) from None
        if self.least is not None and self.most is not None and self.most < self.least:
            raise InvalidInputError(f"{self.name}.most", "must not be below least", "it is")


_GOES_WITH: dict[str, tuple[str, ...]] = {
    "pattern": ("text",),
    "allowed": ("text",),
    "least": ("integer", "number"),
    "most": ("integer", "number"),
    "fresh_within": ("instant",),
    "reference": ("id", "integer", "text"),
}


@attrs.frozen(kw_only=True)
class Schema(Record):
    """What a table, or a sequence of records, should be.

    Parameters
    ----------
    fields : tuple of Field
        At least one, each name once. Columns that are not named are not looked at.
    key : tuple of str
        Fields that together tell one row from another: a second row with the same is a duplicate.
        Empty: duplicates are not looked for.
    subject : str, optional
        The field that says whose row it is, where one customer has several: rows of one customer
        are alike, and intervals take the customer as the unit. None: every row stands for itself,
        as in a table of customers.

    Raises
    ------
    InvalidInputError
        If there is no field, a name comes twice, or `key` or `subject` names no field.

    Examples
    --------
    >>> from customerops.model import Field, Schema
    >>> people = Schema(
    ...     fields=(
    ...         Field(name="id", kind="id", required=True, unique=True),
    ...         Field(name="email", kind="text", pattern=r"[^@ ]+@[^@ ]+"),
    ...     ),
    ... )
    >>> Schema.from_dict(people.to_dict()) == people
    True
    >>> Schema(fields=people.fields, key=("e-mail",))
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: key must name fields: got 'e-mail', did you mean 'email'?
    """

    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    subject: str | None = None

    def _check(self) -> None:
        names = [field.name for field in self.fields]
        if not names:
            raise InvalidInputError("fields", "must have at least one field", "got none")
        for name in names:
            if names.count(name) > 1:
                raise InvalidInputError(
                    "fields", "must name each field once", f"got {name!r} twice"
                )
        subject = () if self.subject is None else (self.subject,)
        for where, given in (("key", self.key), ("subject", subject)):
            for name in given:
                if name not in names:
                    said = f"got {name!r}{did_you_mean(name, names)}"
                    raise InvalidInputError(where, "must name fields", said)
