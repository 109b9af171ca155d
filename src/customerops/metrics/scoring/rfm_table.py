"""RFM: recency, frequency and monetary value of buyers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.scoring.rfm_cuts import CUTTING, RFMCuts
from customerops.metrics.scoring.rfm_scores import RFMScores
from customerops.model.log.ask import ask
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import as_rule
from customerops.model.tables.context import Context
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, whole
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar
    from customerops.model.values.window import Window

__all__ = ["RFM", "rfm"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RFM(PerCustomer):
    """Recency, frequency and monetary value of each buyer; made by `rfm`.

    Attributes
    ----------
    recency : ndarray of int
        Local days from the day of the last purchase to the day of ``as_of``.
    frequency : ndarray of int
        Purchases.
    monetary : ndarray of int
        Their amounts summed, in minor units; a purchase without an amount adds nothing.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("recency", "frequency", "monetary")

    @property
    def recency(self) -> NDArray[np.int64]:
        """Local days since the last purchase."""
        return self.columns["recency"]

    @property
    def frequency(self) -> NDArray[np.int64]:
        """Purchases."""
        return self.columns["frequency"]

    @property
    def monetary(self) -> NDArray[Any]:
        """Amounts summed, in minor units."""
        return self.columns["monetary"]

    def cuts(
        self,
        bins: int = 5,
        *,
        method: Literal["quantile", "rank", "mean", "fixed"] = "quantile",
        at: Mapping[str, Sequence[int]] | None = None,
    ) -> RFMCuts:
        """Return where each score ends, learned from these customers or fixed by hand.

        Parameters
        ----------
        bins : int
            How many scores, at least 2.
        method : {"quantile", "rank", "mean", "fixed"}
            ``"quantile"``: at the sample quantiles j / bins, each the smallest value that at least
            that share of the customers does not exceed. ``"rank"``: score
            ``ceil(bins * rank / n)``, rank being the mean rank of the customers with the same
            value. ``"mean"``: two bins, up to the mean and above it. ``"fixed"``: those of `at`.
        at : mapping of str to sequence of int, optional
            For ``"fixed"`` alone: bins - 1 cuts each of ``"recency"`` (days), ``"frequency"``
            (purchases) and ``"monetary"`` (minor units).

        Raises
        ------
        InvalidInputError
            Without a customer to learn from, with fewer than two bins (or other than two for the
            mean), for another method, or when `at` is missing, out of place or not of that number.

        Notes
        -----
        Equal values always share a bin, so with many one-time buyers some scores stay empty: by
        quantile those buyers have the lowest score, by rank the middle one of those that they
        would fill. Splitting them at random, as some programs do, would score equal customers
        differently. A cut is of the lower score, of recency of the better one.

        Examples
        --------
        >>> import numpy as np
        >>> from customerops.metrics import RFM
        >>> from customerops.model import Context
        >>> orders = np.array([1, 1, 1, 2, 9])
        >>> columns = {"recency": orders, "frequency": orders, "monetary": orders}
        >>> buyers = RFM(ids=np.arange(5), columns=columns, context=Context("rfm"))
        >>> for method in ("quantile", "rank"):
        ...     print(method, buyers.score(buyers.cuts(method=method)).f.tolist())
        quantile [1, 1, 1, 4, 5]
        rank [2, 2, 2, 4, 5]
        """
        whole("bins", bins, least=2)
        one_of("method", method, (*CUTTING, "fixed"))
        if (method == "fixed") != (at is not None):
            raise InvalidInputError("at", "must be given for method='fixed', and for no other")
        if at is not None:
            if set(at) != set(self.COLUMNS):
                raise InvalidInputError(
                    "at", f"must be of {list(self.COLUMNS)}", f"got {list(at)}"
                )
            fixed = RFMCuts(**at)
            if fixed.bins != bins:
                problem = f"got {fixed.bins - 1} cuts for {bins} bins"
                raise InvalidInputError("at", "must have one cut fewer than bins", problem)
            return fixed
        if not len(self):
            raise InvalidInputError("rfm", "must hold a customer to be cut")
        return RFMCuts(
            **{name: CUTTING[method](self.columns[name], bins) for name in self.COLUMNS}
        )

    def score(self, cuts: RFMCuts) -> RFMScores:
        """Return the scores of each customer under some cuts.

        Parameters
        ----------
        cuts : RFMCuts
            Made by `cuts`, of these customers or of others, or by hand.
        """
        if not isinstance(cuts, RFMCuts):
            raise InvalidInputError("cuts", "must be RFMCuts", came(cuts))
        below = {
            name: np.searchsorted(np.array(getattr(cuts, name)), self.columns[name], side="left")
            for name in self.COLUMNS
        }
        return RFMScores(
            ids=self.ids,
            columns={
                "r": cuts.bins - below["recency"],
                "f": below["frequency"] + 1,
                "m": below["monetary"] + 1,
                "monetary": self.monetary,
            },
            context=attrs.evolve(self.context, metric="rfm.score").with_options(cuts=cuts),
        )


def rfm(
    log: InteractionLog,
    *,
    purchases: Rule | str | Collection[str] = "purchase",
    occasion: Literal["event", "day"] = "event",
    as_of: dt.datetime | None = None,
    over: Window | None = None,
    calendar: Calendar | None = None,
) -> RFM:
    """Return recency, frequency and monetary value of every buyer.

    Parameters
    ----------
    log : InteractionLog
        The events, with amounts.
    purchases : Rule, str or collection of str
        Which events are purchases; refunds count if they are among them, as negative amounts.
    occasion : {"event", "day"}
        Whether each event is a purchase, or all of a local day are one.
    as_of : datetime, optional
        The last known instant; left out, the log's own.
    over : Window, optional
        Only purchases inside it, and recency up to its end if that is known; left out, all.
    calendar : Calendar, optional
        Whose days; left out, the log's own.

    Returns
    -------
    RFM
        One row a customer with a purchase. Who never bought has no recency, and no row.

    Raises
    ------
    InvalidInputError
        When as_of or the calendar is not known, or the log has no amounts.

    Notes
    -----
    Frequency counts all purchases; the models of lifetime value count *repeat* occasions, one
    fewer: see `purchase_summary`.

    References
    ----------
    Bult, J. R. and Wansbeek, T. (1995). Optimal selection for direct mail. Marketing Science
    14(4), 378-394.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import rfm
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"],
    ...     at=[dt.date(2026, 1, 2), dt.date(2026, 1, 20), dt.date(2026, 1, 5)],
    ...     kind=["purchase"] * 3, amount=[10, 5, 20], currency="EUR", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> rfm(log).to_frame().values.tolist()
    [['a', 11, 2, 1500], ['b', 26, 1, 2000]]
    """
    one_of("occasion", occasion, ("event", "day"))
    asked = ask(log, as_of=as_of, over=over, calendar=calendar)
    known, zone = asked.log, asked.zone
    rule = as_rule(purchases)
    rows = rows_of(known, rule)
    until = asked.as_of
    if over is not None:
        rows = rows[over.mask(known.at[rows])]
        if over.end_us is not None:
            until = min(until, over.end_us - 1)
    amount = known.numbers("amount")
    paid = len(rows) if amount.valid is None else int(amount.valid[rows].sum())
    codes, days = known.codes[rows], known.ordinals("day", zone)[rows]
    first = first_of_run(codes)
    lead = np.flatnonzero(first)
    last = np.append(lead, len(rows))[1:] - 1
    buyer = np.cumsum(first) - 1
    counted = first_of_run(codes, days) if occasion == "day" else np.ones(len(rows), np.bool_)
    today = int(zone.ordinals(np.array([until], np.int64), "day")[0])
    return RFM(
        ids=known.customers[codes[lead]],
        columns={
            "recency": today - days[last].astype(np.int64),
            "frequency": exact.group_count(buyer[counted], len(lead)),
            "monetary": exact.group_sum(buyer, amount.values[rows], len(lead)),
        },
        context=Context(
            metric="rfm",
            as_of=asked.as_of,
            over=over,
            calendar=zone,
            currency=known.currency if paid else None,  # later money does not show
            options={"occasion": occasion, "purchases": rule},
        ),
    )
