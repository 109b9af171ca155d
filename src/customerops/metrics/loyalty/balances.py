"""Balances of points by customer and in all: what is there, what will break, what is owed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.metrics.loyalty.ledger import instant_of, ledger_of
from customerops.metrics.loyalty.scheme import POINTS, PointsScheme
from customerops.model.log.ask import ask
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.tables.ratios import Ratio
from customerops.model.values import exact
from customerops.model.values.checks import came, finite, one_of, whole
from customerops.model.values.money import Money

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["PointsBalance", "points_balance"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class PointsBalance(PerCustomer):
    """What became of every customer's points, a row each; made by `points_balance`.

    The columns are whole numbers of points, and in each row ``earned + adjusted + refunded =
    burned + expired + outstanding + pending``. The properties are totals over customers.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "earned",
        "adjusted",
        "refunded",
        "burned",
        "expired",
        "pending",
        "outstanding",
        "uncovered",
    )

    @property
    def earned(self) -> int:
        """Points that were earned, those that are pending included."""
        return self._total("earned")

    @property
    def adjusted(self) -> int:
        """Points that adjustments brought, less those that they took."""
        return self._total("adjusted")

    @property
    def refunded(self) -> int:
        """Points that were given back."""
        return self._total("refunded")

    @property
    def burned(self) -> int:
        """Points that were used, those given back later included."""
        return self._total("burned")

    @property
    def expired(self) -> int:
        """Points that expired before they were used."""
        return self._total("expired")

    @property
    def pending(self) -> int:
        """Points that cannot be used yet."""
        return self._total("pending")

    @property
    def outstanding(self) -> int:
        """Points that can be used: the balance."""
        return self._total("outstanding")

    @property
    def uncovered(self) -> int:
        """Points that entries took though they were not there."""
        return self._total("uncovered")

    def breakage(self, definition: Literal["unredeemed", "expired"]) -> Ratio:
        """Return the share of points that is not redeemed, in its simple forms.

        Parameters
        ----------
        definition : {"unredeemed", "expired"}
            What was not used so far, or what has expired so far, by what was issued.

        Returns
        -------
        Ratio
            x the points that broke, y the points issued: earned, adjusted and refunded. The
            customer is the unit.

        Raises
        ------
        InvalidInputError
            For another definition.

        Notes
        -----
        Breakage is ``1 - ultimate redemption rate``, which only a scheme that is over knows. The
        two bracket it: ``"unredeemed"`` counts young points that will still be used, and is too
        high; ``"expired"`` leaves out those that will still expire, and is too low. For the books
        the ultimate rate is estimated by an actuary from points followed by the month they were
        earned, as claims are: see `redemption_rate` with ``definition="cohort"``.

        References
        ----------
        Gault, T. A., Llaguno, L. and Ménard, M. (2012). Loyalty rewards and gift card programs:
        basic actuarial estimation techniques. Casualty Actuarial Society E-Forum, Summer 2012.
        IFRS 15, *Revenue from Contracts with Customers*, B44 to B47: rights that customers do not
        exercise.
        """
        one_of("definition", definition, ("unredeemed", "expired"))
        columns = self.columns
        issued = exact.add(exact.add(columns["earned"], columns["adjusted"]), columns["refunded"])
        unused = exact.add(issued, exact.times(columns["burned"], -1))
        broke = columns["expired"] if definition == "expired" else unused
        context = attrs.evolve(
            self.context, metric="points_breakage", unit="point", definition=definition
        )
        return Ratio.from_rows(broke, issued, context=context)

    def liability(self, *, breakage: Decimal | float | str, cost: Money, per: int = 1) -> Money:
        """Return what the outstanding points are expected to cost.

        Parameters
        ----------
        breakage : Decimal, float or str
            The share of outstanding points that will never be used, between 0 and 1; a float
            counts as the shortest decimal number that names it.
        cost : Money
            What `per` points cost when they are used.
        per : int
            How many points cost that much: 1,000 where one costs a fraction of a cent.

        Returns
        -------
        Money
            In the currency of `cost`; rounded once, halves to even.

        Raises
        ------
        InvalidInputError
            If an option is not of its type or out of its range.

        Notes
        -----
        ``outstanding (1 - breakage) cost / per``. Pending points are not in it: add them where the
        books want them.

        References
        ----------
        Gault, T. A., Llaguno, L. and Ménard, M. (2012). Loyalty rewards and gift card programs:
        basic actuarial estimation techniques. Casualty Actuarial Society E-Forum, Summer 2012.
        IFRS 15, *Revenue from Contracts with Customers*, B39 to B47, on options for more goods and
        on breakage; what a standard wants beyond this is the books' to say.
        """
        if not isinstance(cost, Money):
            raise InvalidInputError("cost", "must be Money", came(cost))
        given = repr(finite("breakage", breakage)) if isinstance(breakage, float) else breakage
        try:
            share = Fraction(given)
        except (TypeError, ValueError):
            raise InvalidInputError("breakage", "must be a number", came(breakage)) from None
        if not 0 <= share <= 1:
            raise InvalidInputError("breakage", "must lie between 0 and 1")
        owed = self.outstanding * (1 - share) * cost.minor / whole("per", per, least=1)
        return Money.of_minor(round(owed), cost.currency)

    def _total(self, name: str) -> int:
        return sum(self.columns[name].tolist())


def points_balance(
    log: InteractionLog,
    *,
    at: dt.datetime | None = None,
    scheme: PointsScheme = POINTS,
    as_of: dt.datetime | None = None,
) -> PointsBalance:
    """Return the points of every customer at an instant (积分余额), folded from the ledger.

    Parameters
    ----------
    log : InteractionLog
        The events; `value` of an entry is how many points, `until` when they expire.
    at : datetime, optional
        The instant, inclusive; left out, `as_of`.
    scheme : PointsScheme, optional
        Which events are entries, and by what rules points are used and expire.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    PointsBalance
        A row for each customer with an entry by then; ``.outstanding`` is the total balance.

    Raises
    ------
    InvalidInputError
        When an entry has no whole number of points, or a negative one without being an
        adjustment; when an event fits two rules of the scheme; when `at` is later than as_of.

    Notes
    -----
    A balance is never stored: it is what the ledger says at `at`, so that an entry that comes
    later changes no earlier balance. Points are used first in, first out (or those first that
    expire first, by the scheme), one customer at a time; entries of one instant count in the order
    in which they came. `PointsAccount` folds the same for one customer in a service.

    References
    ----------
    Talon.One and Open Loyalty, documentation of loyalty programmes: points pending, active, spent
    and expired.

    Examples
    --------
    The 80 points are taken from the 100 that came first, of which 20 expire:

    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import points_balance
    >>> day = lambda m, d: dt.datetime(2024, m, d, tzinfo=dt.timezone.utc)
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["c-9"] * 3, kind=["points_earn", "points_earn", "points_burn"],
    ...     at=[day(1, 1), day(1, 5), day(1, 11)], value=[100, 50, 80],
    ...     until=[day(1, 31), day(3, 1), None],
    ... ).until(day(3, 1))
    >>> [points_balance(log, at=t).outstanding for t in (day(1, 10), day(1, 20), day(1, 31))]
    [150, 70, 50]
    >>> points_balance(log).expired
    70
    """
    asked = ask(log, as_of=as_of)
    known = asked.log
    us = instant_of(at, asked.as_of)
    ledger = ledger_of(known, scheme)
    member = np.zeros(known.n_customers, np.bool_)
    member[ledger.members[ledger.entered <= us]] = True
    sums = ledger.sums(known.n_customers, us)
    context = Context(
        metric="points_balance",
        as_of=asked.as_of,
        options={"at": us, "scheme": scheme},
    )
    return PointsBalance(
        ids=known.customers[member],
        columns={name: column[member] for name, column in sums.items()},
        context=context,
    )
