"""Which message an event belongs to: the latest one of the customer before it that agrees with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.rules.fields import ATTRIBUTE, EVENT_FIELDS, LINE_FIELDS
from customerops.model.rules.masks import loaded
from customerops.model.values.checks import came, did_you_mean, text
from customerops.model.values.columns import Coded
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["Link", "coded", "fields_of"]

Ints = NDArray[np.int64]

_LABELS = frozenset(EVENT_FIELDS) - LINE_FIELDS - {"amount", "at", "value"}


@attrs.frozen(eq=False)
class Link:
    """Messages by customer and by the fields in which an event must agree with its message.

    Attributes
    ----------
    fields : tuple of str
        The fields; none of them means that the customer is enough.
    instants : ndarray of int64, shape (n_events,)
        The place of each event of the log among the different instants of all customers, in the
        order of the log: those of one customer at one instant have the same.
    keys : ndarray of int64, shape (n_keys,)
        The different keys of messages, sorted.
    sorted : ndarray of int64, shape (n,)
        Key and instant of each message that can be linked to, as one number, sorted.
    order : ndarray of int, shape (n,)
        Which message that is.
    """

    log: InteractionLog
    fields: tuple[str, ...]
    instants: Ints
    keys: Ints
    sorted: Ints
    order: NDArray[np.intp]

    @classmethod
    def of(cls, log: InteractionLog, rows: NDArray[np.intp], fields: tuple[str, ...]) -> Link:
        """Return the messages of some rows, rising; one that lacks a field is linked to by nothing."""
        instants = log.memo("instants", lambda: _instants(log))
        whole, key = _keys(log, rows, fields)
        some = np.flatnonzero(whole)
        order = some[np.argsort(key[some], kind="stable")]  # of one key as in the log: by time
        lead = first_of_run(key[order])
        place = (np.cumsum(lead) - 1) * len(log) + instants[rows[order]]
        return cls(log, fields, instants, key[order[lead]], place, order)

    def find(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the message of each event, -1 where there is none.

        Of the messages at or before the event the latest; what stands first at one instant does
        not matter, for systems that log by the second write a delivery before its send.
        """
        found = np.full(len(rows), -1, np.intp)
        if not len(self.order):
            return found
        whole, key = _keys(self.log, rows, self.fields)
        code = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        known = np.flatnonzero(whole & (self.keys[code] == key))
        least = code[known] * len(self.log)
        last = np.searchsorted(self.sorted, least + self.instants[rows[known]], side="right") - 1
        mine = (last >= 0) & (self.sorted[last] >= least)
        found[known[mine]] = self.order[last[mine]]
        return found


def _instants(log: InteractionLog) -> Ints:
    return np.cumsum(first_of_run(log.codes, log.at)) - 1


def fields_of(name: str, given: object) -> tuple[str, ...]:
    """Return names of fields, sorted.

    Raises
    ------
    InvalidInputError
        If it is not one or several of them.
    """
    if isinstance(given, str):
        return (text(name, given),)
    if not isinstance(given, Collection) or not given:
        raise InvalidInputError(name, "must be a field of events, or several", came(given))
    return tuple(sorted({text(name, one) for one in given}))


def coded(log: InteractionLog, name: str, field: str) -> Coded:
    """Return a categorical event column.

    Raises
    ------
    InvalidInputError
        If it was not loaded, or is no field that holds labels.
    """
    there = text(name, field) in log.columns or field.startswith(ATTRIBUTE)
    if not there and field not in _LABELS:
        options = [*sorted(_LABELS), f"{ATTRIBUTE}<name>"]
        problem = f"got {field!r}{did_you_mean(field, options)}"
        raise InvalidInputError(name, f"must be one of {', '.join(options)}", problem)
    column = loaded(log, field)
    if not isinstance(column, Coded):
        raise InvalidInputError(name, "must be a field that holds labels", f"got {field!r}")
    return column


def _keys(
    log: InteractionLog, rows: NDArray[np.intp], fields: tuple[str, ...]
) -> tuple[NDArray[np.bool_], Ints]:
    """Return whether each row has all the fields, and customer and fields as one number."""
    key = log.codes[rows].astype(np.int64)
    whole = np.ones(len(rows), np.bool_)
    for field in fields:
        column = coded(log, "link", field)
        code = column.codes[rows].astype(np.int64)
        whole &= code >= 0
        key = key * max(len(column.labels), 1) + code
    return whole, key
