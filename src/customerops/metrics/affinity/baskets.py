"""Baskets read from line items: which items are in which basket, each once."""

from __future__ import annotations

from typing import Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule
from customerops.model.values import exact
from customerops.model.values.columns import Coded, Numbers
from customerops.model.values.labels import Label
from customerops.model.values.runs import first_of_run, ranges
from customerops.model.values.window import Window

__all__ = ["UNITS", "Baskets", "Unit", "What", "read_baskets"]

Unit = Literal["customer", "order"]
What = Literal["sku", "category"]
UNITS = ("customer", "order")


@attrs.frozen(eq=False)
class Baskets:
    """Items in baskets, sorted by basket and item, each pair once.

    Attributes
    ----------
    labels : tuple of Label
        The items that are in a basket, sorted.
    item : ndarray of int, shape (rows,)
        The item of each row, a place among the labels.
    basket : ndarray of int, shape (rows,)
        The basket of each row, from 0 to ``len(customer) - 1``.
    customer : ndarray of int, shape (baskets,)
        Whose basket it is, an index into ``log.customers``; those of one customer stand together.
    line : ndarray of int, shape (rows,)
        The last line that names the item in the basket; later lines have larger numbers.
    """

    labels: tuple[Label, ...]
    item: NDArray[np.int64]
    basket: NDArray[np.int64]
    customer: NDArray[np.int64]
    line: NDArray[np.int64]

    @property
    def size(self) -> NDArray[np.int64]:
        """How many items are in each basket; at least one."""
        return np.bincount(self.basket, minlength=len(self.customer))


def read_baskets(
    log: InteractionLog, rule: Rule, *, what: What, unit: Unit, over: Window | None
) -> Baskets:
    """Return the baskets of a log: an order each, or all orders of a customer.

    Parameters
    ----------
    log : InteractionLog
        What is known.
    rule : Rule
        Which events are orders.
    what : {"sku", "category"}
        What an item is; a line without one is in no basket.
    unit : {"customer", "order"}
        What a basket is.
    over : Window or None
        Only orders inside it.

    Raises
    ------
    InvalidInputError
        If the lines have no such column.

    Notes
    -----
    An item is in a basket if its lines there add up to more than nothing, so that a return takes
    out what it cancels.
    """
    rows = rows_of(log, rule)
    if over is not None:
        rows = rows[over.mask(log.at[rows])]
    none = np.zeros(0, np.int64)
    if log.lines is None:
        return Baskets((), none, none, none, none)
    lines = log.lines
    if what not in lines.columns:
        raise InvalidInputError("what", "must be a column of the lines", f"there is no {what!r}")
    column, quantity = lines.columns[what], lines.columns["quantity"]
    assert isinstance(column, Coded)
    assert isinstance(quantity, Numbers)
    owner = log.codes[rows].astype(np.int64)
    unit_of_row = owner if unit == "customer" else np.arange(len(rows))
    length = np.diff(lines.offsets)[rows]
    line = ranges(lines.offsets[rows], length)
    unit_of_line = np.repeat(unit_of_row, length)
    named = column.codes[line] >= 0
    line, unit_of_line = line[named], unit_of_line[named]
    code = column.codes[line].astype(np.int64)
    order = np.argsort(unit_of_line * len(column.labels) + code, kind="stable")
    line, unit_of_line, code = line[order], unit_of_line[order], code[order]
    lead = first_of_run(unit_of_line, code)
    pair = np.cumsum(lead) - 1
    net = exact.group_sum(pair, quantity.values[line], int(lead.sum()))
    last = np.append(lead[1:], np.ones(min(len(lead), 1), np.bool_))
    kept = np.asarray(net > 0, np.bool_)
    line, unit_of_line, code = line[last][kept], unit_of_line[last][kept], code[last][kept]
    found, item = np.unique(code, return_inverse=True)
    units, basket = np.unique(unit_of_line, return_inverse=True)
    return Baskets(
        labels=tuple(column.labels[i] for i in found.tolist()),
        item=item.astype(np.int64),
        basket=basket.astype(np.int64),
        customer=units if unit == "customer" else owner[units],
        line=line,
    )
