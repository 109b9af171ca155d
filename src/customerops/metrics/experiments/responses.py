"""What each customer did in a window after their own start: happened or not, how often, how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.log.derived import rows_of
from customerops.model.values import exact

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog
    from customerops.model.rules.rules import Rule

__all__ = ["MEASURES", "Measure", "Responses", "priced", "responses"]

Measure = Literal["customers", "events", "amount"]
"""Of a customer: whether an event happened, how many did, or the sum of their amounts."""

MEASURES: tuple[Measure, ...] = ("customers", "events", "amount")


@attrs.frozen(eq=False)
class Responses:
    """The events that may count, and what of them is measured.

    Attributes
    ----------
    rows : ndarray of int
        Rows of the log for which the rule holds.
    who : ndarray of int, shape (rows,)
        The customer of each.
    at : ndarray of int64, shape (rows,)
        When.
    amount : ndarray of int64, shape (rows,)
        How much in minor units; 0 where it is missing or not asked.
    known : ndarray of bool, shape (rows,)
        Where there is an amount.
    measure : {"customers", "events", "amount"}
        What is measured.
    customers : int
        How many customers the log has.
    """

    rows: NDArray[np.intp]
    who: NDArray[Any]
    at: NDArray[np.int64]
    amount: NDArray[np.int64]
    known: NDArray[np.bool_]
    measure: Measure
    customers: int

    def of(self, chosen: NDArray[np.bool_]) -> NDArray[Any]:
        """Return what some of the events come to, by customer."""
        who = self.who[chosen]
        if self.measure == "amount":
            return exact.group_sum(who, self.amount[chosen], self.customers)
        count = exact.group_count(who, self.customers)
        return np.minimum(count, 1) if self.measure == "customers" else count


def responses(log: InteractionLog, rule: Rule, measure: Measure) -> Responses:
    """Return the events of a log that an outcome is made of.

    Raises
    ------
    InvalidInputError
        When amounts are measured and the log has none.
    """
    rows = rows_of(log, rule)
    amount, known = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.bool_)
    if measure == "amount":
        column = log.numbers("amount")
        known = np.ones(len(rows), np.bool_) if column.valid is None else column.valid[rows]
        amount = np.where(known, column.values[rows], 0)
    who = log.codes[rows]
    return Responses(rows, who, log.at[rows], amount, known, measure, log.n_customers)


def priced(log: InteractionLog, counted: Responses) -> tuple[str | None, dict[str, int]]:
    """Return the currency and the scale of amounts; without any there is neither."""
    if not counted.known.any():
        return None, {}
    return log.currency, {"scale": 10**log.decimals}
