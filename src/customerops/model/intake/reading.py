"""The columns of some rows, being checked in a fixed order and made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast, get_args

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.build import RawIds
from customerops.model.intake.columns import (
    Labels,
    Role,
    coded,
    event_ids,
    id_faults,
    labelled,
    occurring,
    raw_ids,
)
from customerops.model.intake.faults import Fault, Faults, Invalid
from customerops.model.intake.numbers import MOST_DECIMALS, ROUNDINGS, Places, fixed_point
from customerops.model.intake.raw import Converted, Kind, Mask, Raw, either, kind_of
from customerops.model.intake.times import UNITS, Clock, instants
from customerops.model.values.checks import one_of, text, whole
from customerops.model.values.columns import Column, Numbers
from customerops.model.values.lines import Lines
from customerops.model.values.money import decimals_of
from customerops.model.values.zones import as_zone

__all__ = ["ATTRIBUTE", "COLUMNS", "REQUIRED", "Options", "Reading"]

ATTRIBUTE = "attributes."
"""Prefix of the names of attribute columns."""

_TIMES = ("at", "recorded_at", "until")
_NUMBERS = ("amount", "value")
_IDS = ("customer_id", "id")
_ROLES: dict[str, Role] = {
    **dict.fromkeys(("kind", "channel", "name", "direction", "outcome", "actor_kind"), "text"),
    **dict.fromkeys(("actor", "campaign", "thread"), "reference"),
}

_CLOSED = {
    "direction": ("inbound", "outbound", "none"),
    "actor_kind": ("human", "bot", "system"),
}

COLUMNS = (
    "customer_id",
    "at",
    *_ROLES,
    "currency",
    "amount",
    "value",
    "recorded_at",
    "until",
    "id",
)
"""Names of the columns a log can hold beside attributes, in the order in which they are checked."""

REQUIRED = ("customer_id", "at", "kind")


@attrs.frozen(kw_only=True)
class Options:
    """How columns are read; see `read`."""

    clock: Clock
    currency: str | None
    decimals: int | None
    value: Places
    invalid: Invalid

    @classmethod
    def checked(
        cls,
        *,
        tz: dt.tzinfo | str | None,
        at_unit: str | None,
        fold: int | None,
        currency: str | None,
        decimals: int | None,
        value_decimals: int,
        rounding: str | None,
        invalid: str,
    ) -> Options:
        """Check the options of a call by themselves."""
        if fold is not None and tz is None:
            raise InvalidInputError("fold", "must come with tz=", "it is about local times")
        if fold is not None and fold not in (0, 1):
            raise InvalidInputError("fold", "must be 0 or 1")
        if rounding is not None:
            rounding = one_of("rounding", rounding, ROUNDINGS)
        if currency is not None:
            currency = text("currency", currency)
        if decimals is not None:
            decimals = _decimals("decimals", decimals)
        elif currency is not None:
            decimals = decimals_of(currency)
        return cls(
            clock=Clock(
                None if tz is None else as_zone("tz", tz),
                None if at_unit is None else one_of("at_unit", at_unit, UNITS),
                fold,
            ),
            currency=currency,
            decimals=decimals,
            value=Places(_decimals("value_decimals", value_decimals), rounding),
            invalid=cast("Invalid", one_of("invalid", invalid, get_args(Invalid))),
        )

    def fit(self, given: Collection[str]) -> None:
        """Check that each option has a column to go with, and the amounts a currency."""
        if self.value.rounding is not None and not any(name in given for name in _NUMBERS):
            raise InvalidInputError("rounding", "must come with amount= or value=")
        if "currency" in given and "amount" not in given:
            raise InvalidInputError("currency", "must come with amount= if it is a column")
        if "amount" in given and "currency" not in given and self.currency is None:
            raise InvalidInputError("currency", "must be given with amount=", "an ISO 4217 code")


def _decimals(name: str, value: object) -> int:
    places = whole(name, value, least=0)
    if places > MOST_DECIMALS:
        raise InvalidInputError(name, f"must be at most {MOST_DECIMALS}", "64 bits hold no more")
    return places


_Made = Raw | Converted | Labels


class Reading:
    """Columns of the rows at some positions of the input: checked, and kept for later.

    It has what event rules read of a log, so that a rule can be asked before there is one.

    Parameters
    ----------
    options : Options
        How to read.
    n : int
        How many rows there are.
    places : ndarray of int64, shape (n,), optional
        Their positions in the input; left out, they are all of it.
    """

    def __init__(self, options: Options, n: int, places: NDArray[np.int64] | None = None) -> None:
        self.options = options
        self.n = n
        self.places = places
        self.faults = Faults(options.invalid, n, places)
        self.currency = options.currency
        self.decimals = 2 if options.decimals is None else options.decimals
        self.value_decimals = options.value.decimals
        self.lines: Lines | None = None
        self.made: dict[str, _Made] = {}
        self.taken: set[str] = set()
        self._times: set[Kind] = set()
        self._columns: dict[str, Column] = {}

    def take(self, given: Mapping[str, Raw]) -> None:
        """Check columns, in the order of `COLUMNS` and attributes by name, and keep them."""
        self.taken |= set(given)
        for name in _in_order(given):
            if name in REQUIRED:
                self.faults.check(name, [Fault("missing", _GIVEN, given[name].gone())])
            if name == "currency":
                self._settle_currency(given)
                continue
            made, faults = self._make(name, given[name])
            self.faults.check(name, faults)
            self.made[name] = made

    def _make(self, name: str, read: Raw) -> tuple[_Made, Sequence[Fault]]:
        if name in _IDS:
            return read, id_faults(read)
        made: Converted | Labels
        if name in _TIMES:
            self._times.add(kind_of(read))
            made = instants(read, self.options.clock)
        elif name == "value":
            made = fixed_point(read, self.options.value)
        elif name == "amount":
            made = fixed_point(read, attrs.evolve(self.options.value, decimals=self.decimals))
        else:
            made = labelled(read, _ROLES.get(name, "scalar"), _CLOSED.get(name))
        return made, made.faults

    def _settle_currency(self, given: Mapping[str, Raw]) -> None:
        """Find the one currency of the rows that have an amount."""
        named = labelled(given["currency"], "text")
        self.faults.check("currency", named.faults)
        priced = ~given["amount"].gone()
        unknown = np.array([*(label is None for label in named.labels), True])[named.codes]
        self.faults.check("currency", [Fault("missing", _GIVEN, priced & unknown)])
        counted = priced & ~self.faults.faulty
        used = occurring(named.codes[counted], len(named.labels))
        found = sorted(
            {str(label) for label, seen in zip(named.labels, used, strict=True) if seen}
        )
        if self.currency is None and found:
            self.currency = found[0]
            if self.options.decimals is None:
                self.decimals = decimals_of(self.currency)
        other = np.array([*(label != self.currency for label in named.labels), False])[named.codes]
        problem = f"got {', '.join(found[:5])}; convert first"
        named_by_call = self.options.currency is not None
        fault = Fault(_OTHER, "must be one currency", counted & other, problem, not named_by_call)
        self.faults.check("currency", [fault])

    def narrowed(self, keep: Mask) -> Reading:
        """Return the reading of some of these rows, which have no fault so far."""
        rows = np.flatnonzero(keep)
        narrow = Reading(
            self.options, len(rows), rows if self.places is None else self.places[rows]
        )
        narrow.currency, narrow.decimals = self.currency, self.decimals
        narrow.taken, narrow._times = self.taken, self._times
        narrow.made = {name: made.keep(rows) for name, made in self.made.items()}
        return narrow

    def accepted(self) -> Reading:
        """Return the reading of the rows without a fault, once every column is taken."""
        if self.options.clock.unit is not None and self._times <= {"time", "date"}:
            raise InvalidInputError("at_unit", "must come with numeric times", "these are dates")
        return self.narrowed(~self.faults.faulty) if self.faults.any else self

    @property
    def ids(self) -> RawIds:
        """The customer of each row."""
        made = self.made["customer_id"]
        assert not isinstance(made, Converted | Labels)
        return raw_ids(made)

    @property
    def at(self) -> NDArray[np.int64]:
        """When, in microseconds UTC; where it was not taken, zeros that take no memory."""
        made = self.made.get("at")
        return made.values if isinstance(made, Converted) else np.broadcast_to(np.int64(0), self.n)

    @property
    def columns(self) -> dict[str, Column]:
        """The other columns that were taken."""
        for name, made in self.made.items():
            if name not in self._columns and name not in ("customer_id", "at"):
                self._columns[name] = _column(made)
        return {name: self._columns[name] for name in _in_order(self._columns)}


def _in_order(names: Iterable[str]) -> list[str]:
    rank = {name: i for i, name in enumerate(COLUMNS)}
    return sorted(names, key=lambda name: (rank.get(name, len(rank)), name))


_GIVEN = "must be given"
_OTHER = "of another kind"


def _column(made: _Made) -> Column:
    if isinstance(made, Labels):
        return coded(made)
    if isinstance(made, Converted):
        missing = either(made.missing, None)
        return Numbers(made.values, None if missing is None else ~missing)
    return event_ids(made)
