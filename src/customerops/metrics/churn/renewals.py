"""Renewals: the local days on which the terms of unbroken stays end, and who went on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.metrics.shared.stays import Traffic
from customerops.metrics.shared.terms import Term, due_after, terms_by
from customerops.model.values.columns import Coded
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar

__all__ = ["Renewals", "renewals_of"]

Ints = NDArray[np.int64]


@attrs.frozen(eq=False)
class Renewals:
    """Customers up for renewal in a stretch, each once in it.

    Attributes
    ----------
    traffic : Traffic
        The stays and stretches.
    stay, place : ndarray of int
        Whose term ends, and in which stretch; of several of a customer in one, the last.
    lapsed : ndarray of bool
        Whether the customer did not renew one of them.
    cause : Coded
        Why, where they did not.
    """

    traffic: Traffic
    stay: NDArray[np.intp]
    place: NDArray[np.intp]
    lapsed: NDArray[np.bool_]
    cause: Coded

    def count(self, which: NDArray[np.bool_]) -> NDArray[Any]:
        """Return how many of them lie in each cell."""
        cells = self.traffic.cells(self.stay[which], self.place[which])
        size = self.traffic.stays.groups.count * len(self.traffic.spans)
        return self.traffic.shaped(np.bincount(cells, minlength=size))


def renewals_of(traffic: Traffic, term: Term, calendar: Calendar, as_of: int) -> Renewals:
    """Return who was up for renewal in each stretch, and who went on.

    Terms end on local days, k terms after the day a stay began; the 31st becomes the last of a
    shorter month. A stay that ended on such a day, or since the one before, was not renewed on it.
    """
    stays = traffic.stays
    began = calendar.ordinals(stays.start, "day")
    closed = int(calendar.ordinals(np.array([as_of + 1]), "day")[0]) - 1
    gone = np.where(stays.ended, calendar.ordinals(np.where(stays.ended, stays.end, 0), "day"), 0)
    far = np.where(stays.ended, np.minimum(gone, closed), closed)
    terms = terms_by(began, far, term) + 1  # one more than is over: the one that a stay broke off
    stay = np.repeat(np.arange(len(began)), terms)
    number = ranges(np.ones(len(began), np.int64), terms)
    due = due_after(began[stay], number, term)
    ended = stays.ended[stay]
    before = np.append(np.int64(0), due[:-1])  # of the same stay, unless it is the first
    up = (due <= closed) & (~ended | (before < gone[stay]) | (number == 1))
    lapsed = up & ended & (due >= gone[stay])
    place = _places(traffic, due, calendar)
    up &= (place >= 0) & (place < len(traffic.spans))
    return _once(traffic, stay[up], place[up], lapsed[up])


def _places(traffic: Traffic, due: Ints, calendar: Calendar) -> NDArray[np.intp]:
    """Return the stretch that each day begins in, by a table over the days there are."""
    if not len(due):
        return np.zeros(0, np.intp)
    low = int(due.min())
    days = np.arange(low, int(due.max()) + 1)
    return traffic.spans.place(calendar.edges(days, "day"))[due - low]


def _once(
    traffic: Traffic, stay: NDArray[np.intp], place: NDArray[np.intp], lapsed: NDArray[np.bool_]
) -> Renewals:
    """Return each customer once in a stretch: lapsed if any of their terms there did."""
    stays = traffic.stays
    customer = stays.customer[stay].astype(np.int64)
    key = customer * (len(traffic.spans) + 1) + place
    order = np.lexsort((stay, lapsed, key))  # the last of each: one that lapsed, if any did
    final = np.append(key[order][1:] != key[order][:-1], np.ones(min(len(key), 1), np.bool_))
    rows = order[final]
    codes = np.where(lapsed[rows], stays.cause.codes[stay[rows]], -1)
    cause = Coded(codes, stays.cause.labels)
    return Renewals(traffic, stay[rows], place[rows], lapsed[rows], cause)
