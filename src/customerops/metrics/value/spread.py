"""Concentration: how unequally spend is spread over buyers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.value.buyers import question
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.base import Value
from customerops.model.tables.distribution import Distribution
from customerops.model.values.checks import finite, numbers

if TYPE_CHECKING:
    from customerops.model.rules.grouping import Grouping
    from customerops.model.values.calendar import Calendar, Period
    from customerops.model.values.window import Window

__all__ = ["Concentration", "concentration"]

Floats = NDArray[np.float64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Concentration(Distribution):
    """How often each amount of spend occurs among buyers, and how unequally it is spread.

    The distribution adds over customers; the Lorenz curve and what is read from it are derived, and
    do not. All of it is NaN without buyers, without spend, and where somebody's spend is negative.

    Notes
    -----
    The Lorenz curve L(p) is the share of all spend that the share p of the buyers with the lowest
    spend holds, a straight line between two buyers.
    """

    @property
    def gini(self) -> Value:
        """The Gini coefficient: 0 where all spend the same, near 1 where one spends everything."""
        return self._by_cell(_gini, ())

    @property
    def hhi(self) -> Value:
        """The Herfindahl-Hirschman index: the sum of squares of the buyers' shares of all spend.

        From 1 / n, where n buyers spend the same, to 1, where one spends everything; one by it is
        how many equal buyers would be as concentrated. Antitrust authorities multiply it by 10,000.
        """
        return self._by_cell(_hhi, ())

    def top_share(self, share: float) -> Value:
        """Return the share of all spend that the buyers who spend most hold.

        Parameters
        ----------
        share : float
            How many of the buyers, as a share above 0 and up to 1; 0.2 for "80/20". A fraction of
            a buyer holds that fraction of their spend.

        Raises
        ------
        InvalidInputError
            If it is not such a share.
        """
        if not 0 < finite("share", share) <= 1:
            raise InvalidInputError("share", "must be above 0 and up to 1")
        return self._by_cell(lambda at, n: 1 - _lorenz(at, n, np.array(1 - share)), ())

    def lorenz(self, shares: ArrayLike) -> Value:
        """Return the Lorenz curve at some shares of the buyers, those with the lowest spend first.

        Parameters
        ----------
        shares : float or array_like of float
            From 0 to 1.

        Returns
        -------
        float or ndarray
            Of the shape of the outer axes, and then of `shares`.

        Raises
        ------
        InvalidInputError
            If they are not numbers from 0 to 1.
        """
        asked = numbers("shares", shares).astype(np.float64)
        if not ((asked >= 0) & (asked <= 1)).all():
            raise InvalidInputError("shares", "must be from 0 to 1")
        return self._by_cell(lambda at, n: _lorenz(at, n, asked), asked.shape)

    def deciles(self) -> NDArray[np.float64]:
        """Return the share of all spend of each tenth of the buyers, the lowest spend first."""
        edges = np.arange(11) / 10
        tenths: NDArray[np.float64] = self._by_cell(
            lambda at, n: np.diff(_lorenz(at, n, edges)), (10,)
        )
        return tenths

    def _by_cell(self, curve: Any, extra: tuple[int, ...]) -> Any:
        out = np.full((self._cells(), *extra), np.nan)
        for cell, rows in enumerate(self._blocks()):
            at, n = self.points[rows].astype(object), self.count[rows].astype(object)
            if len(at) and at[0] >= 0 and at[-1] > 0:
                out[cell] = curve(at, n)
        return self._out(out, extra)


def concentration(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    over: Window | None = None,
    period: Period | None = None,
    by: str | Grouping | None = None,
    as_of: dt.datetime | None = None,
    calendar: Calendar | None = None,
) -> Concentration:
    """Return how unequally spend is spread over buyers: Lorenz curve, Gini, HHI, top share, deciles.

    Parameters
    ----------
    log : InteractionLog
        The events, with amounts.
    purchases : Rule, str or collection of str
        Which events are spend; ``{"purchase", "refund"}`` deducts refunds.
    over : Window, optional
        The window, or the periods to report; needed without `period`.
    period : {"hour", "day", "week", "month", "quarter", "year"}, optional
        Calendar period; a distribution for each.
    by : str or Grouping, optional
        A customer attribute or a grouping.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    calendar : Calendar, optional
        Left out, the log's own.

    Returns
    -------
    Concentration
        Of spend per buyer, in minor units of the log's currency.

    Raises
    ------
    InvalidInputError
        When there is neither `over` nor `period`, the log has no amounts, or as_of or the calendar
        is not known.

    Notes
    -----
    Buyers are the customers with an amount in the window; customers without one are not in it. With
    x_1 <= ... <= x_n their spend, ``gini = sum((2 i - n - 1) x_i) / (n sum(x_i))``: half the mean
    difference of two buyers by the mean, without a correction for small n, at most ``1 - 1 / n``.
    ``hhi = sum(x_i ** 2) / sum(x_i) ** 2``, which says how much hangs on a few, where Gini says how
    unequal they are: of two equal buyers Gini is 0 and the index 0.5.

    Of few buyers all of these are noise; they grow with the window, too, for a longer one has more
    buyers of one order.

    References
    ----------
    Gini, C. (1912), Variabilità e mutabilità; Lorenz, M. O. (1905), Methods of measuring the
    concentration of wealth. Publications of the American Statistical Association 9, 209-219;
    Hirschman, A. O. (1964), The paternity of an index. American Economic Review 54(5), 761.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import concentration
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b", "c", "d", "e"], kind=["purchase"] * 5, amount=[1, 1, 1, 2, 5],
    ...     at=[dt.date(2026, 1, 9)] * 5, currency="EUR", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> spread = concentration(log, period="month").select(period=dt.date(2026, 1, 1))
    >>> spread.gini, spread.top_share(0.2), spread.hhi
    (0.36, 0.5, 0.32)
    """
    rule = as_rule(purchases)
    asked = question(
        log,
        "concentration",
        rules={"purchases": rule},
        over=over,
        period=period,
        by=by,
        as_of=as_of,
        calendar=calendar,
        starts=rule,
    )
    bought = asked.bought(rule)
    amount, known = asked.amounts(bought.rows)
    paid = bought.count(known) > 0
    return Concentration.from_rows(
        bought.sum(amount)[paid],
        codes=bought.cell[paid],
        outer=asked.axes,
        context=asked.priced(seen=bool(known.any())),
    )


def _gini(at: NDArray[Any], n: NDArray[Any]) -> float:
    """Return the Gini coefficient of values that occur n times; exact, rounded once."""
    total = int(n.sum())
    before = np.cumsum(n) - n
    # the ranks of a value add up to n (2 before + n + 1) / 2
    top = int((at * n * (2 * before + n - total)).sum())
    return top / (total * int((at * n).sum()))


def _hhi(at: NDArray[Any], n: NDArray[Any]) -> float:
    """Return the sum of squared shares of values that occur n times; exact, rounded once."""
    squares, total = int((at * at * n).sum()), int((at * n).sum())
    return squares / total**2


def _lorenz(at: NDArray[Any], n: NDArray[Any], shares: Floats) -> Floats:
    """Return the share of the total that the lowest shares hold."""
    people = np.concatenate([[0], np.cumsum(n)]).astype(np.float64)
    held = np.concatenate([[0], np.cumsum(at * n)])
    share = np.array([part / held[-1] for part in held.tolist()])
    curve: Floats = np.interp(shares * people[-1], people, share)
    return curve
