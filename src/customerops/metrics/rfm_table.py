"""RFM: recency, frequency and monetary value of buyers, their scores, and named segments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.log.derived import rows_of
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import as_rule
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.tables.tables import Table
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, whole
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.model.rules.rules import Rule
    from customerops.model.values.calendar import Calendar
    from customerops.model.values.window import Window

__all__ = [
    "RFM",
    "RFM_SEGMENTS",
    "RFMCuts",
    "RFMScores",
    "RFMSegment",
    "SegmentShare",
    "SegmentTable",
    "rfm",
]


def _cuts(values: Iterable[Any]) -> tuple[int, ...]:
    cuts = tuple(values)
    for cut in cuts:
        whole("cut", cut)
    if any(b < a for a, b in pairwise(cuts)):
        raise InvalidInputError("cuts", "must not fall")
    return cuts


@attrs.frozen
class RFMCuts:
    """Where one score ends and the next begins.

    Parameters
    ----------
    recency : sequence of int
        In days since the last purchase. A cut belongs to the better score.
    frequency : sequence of int
        In purchases. A cut belongs to the lower score.
    monetary : sequence of int
        In minor units. A cut belongs to the lower score.

    Raises
    ------
    InvalidInputError
        If a cut is not whole, cuts fall, or the three are not equally many.

    Notes
    -----
    k cuts make the scores 1 to k + 1, always the higher the better: a frequency or an amount scores
    1 plus the number of cuts below it, a recency k + 1 minus that.

    Examples
    --------
    >>> RFMCuts(recency=(30, 90), frequency=(1, 4), monetary=(20_00, 100_00)).bins
    3
    """

    recency: tuple[int, ...] = attrs.field(converter=_cuts)
    frequency: tuple[int, ...] = attrs.field(converter=_cuts)
    monetary: tuple[int, ...] = attrs.field(converter=_cuts)

    def __attrs_post_init__(self) -> None:
        if len({len(self.recency), len(self.frequency), len(self.monetary)}) > 1:
            raise InvalidInputError("cuts", "must be equally many for all three")

    @property
    def bins(self) -> int:
        """How many scores there are."""
        return len(self.recency) + 1


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

    def cuts(self, bins: int = 5, *, method: Literal["quantile"] = "quantile") -> RFMCuts:
        """Return cuts that put about equally many customers in each bin.

        Parameters
        ----------
        bins : int
            How many scores, at least 2.
        method : {"quantile"}
            Cuts at the sample quantiles j / bins, each a value that occurs: the smallest one with
            at least that share of the customers at or below it.

        Raises
        ------
        InvalidInputError
            Without a customer, with fewer than two bins, or for another method.

        Notes
        -----
        Equal values always share a bin, so with many one-time buyers some scores stay empty.
        """
        whole("bins", bins, least=2)
        one_of("method", method, ("quantile",))
        if not len(self):
            raise InvalidInputError("rfm", "must hold a customer to be cut")
        n = len(self)
        ranks = [-(-n * j // bins) - 1 for j in range(1, bins)]
        cut = {
            name: [int(np.sort(self.columns[name])[rank]) for rank in ranks]
            for name in self.COLUMNS
        }
        return RFMCuts(**cut)

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


@attrs.frozen
class RFMSegment:
    """A named region of scores, bounds included.

    Parameters
    ----------
    key : str
        Its name in results.
    label : str
        Its name in Chinese.
    r, f, m : (int, int), optional
        The lowest and the highest score; left out, any.
    """

    key: str
    label: str
    r: tuple[int, int] | None = None
    f: tuple[int, int] | None = None
    m: tuple[int, int] | None = None


RFM_SEGMENTS: tuple[RFMSegment, ...] = (
    RFMSegment("champions", "重要价值客户", r=(5, 5), f=(4, 5)),
    RFMSegment("loyal", "忠诚客户", r=(3, 4), f=(4, 5)),
    RFMSegment("potential loyalists", "潜力客户", r=(4, 5), f=(2, 3)),
    RFMSegment("new", "新客户", r=(5, 5), f=(1, 1)),
    RFMSegment("promising", "有希望的客户", r=(4, 4), f=(1, 1)),
    RFMSegment("need attention", "需要关注的客户", r=(3, 3), f=(3, 3)),
    RFMSegment("about to sleep", "即将沉睡客户", r=(3, 3), f=(1, 2)),
    RFMSegment("at risk", "流失预警客户", r=(1, 2), f=(3, 4)),
    RFMSegment("cannot lose", "重要挽留客户", r=(1, 2), f=(5, 5)),
    RFMSegment("hibernating", "沉睡客户", r=(1, 2), f=(1, 2)),
)
"""Ten segments by recency and frequency scores of 1 to 5, a partition of the 25 cells. The names are
those in common use among marketing tools; they name no published standard."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class RFMScores(PerCustomer):
    """Scores of each buyer; made by `RFM.score`.

    Attributes
    ----------
    r, f, m : ndarray of int
        Scores from 1, the higher the better: a high r is a recent purchase.
    monetary : ndarray of int
        Amounts summed, in minor units.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("r", "f", "m", "monetary")

    @property
    def r(self) -> NDArray[np.int64]:
        """Recency scores."""
        return self.columns["r"]

    @property
    def f(self) -> NDArray[np.int64]:
        """Frequency scores."""
        return self.columns["f"]

    @property
    def m(self) -> NDArray[np.int64]:
        """Monetary scores."""
        return self.columns["m"]

    def segments(self, segments: Sequence[RFMSegment] = RFM_SEGMENTS) -> SegmentTable:
        """Count the customers of each segment, and what they spent.

        Parameters
        ----------
        segments : sequence of RFMSegment
            The first that fits a customer wins; who fits none is in the missing segment.

        Raises
        ------
        InvalidInputError
            If two segments have one key, or there is none.
        """
        place = self._places(segments)
        keys: list[str | None] = [segment.key for segment in segments]
        labels = sorted(keys, key=str) + ([None] if (place == len(keys)).any() else [])
        to = np.array([labels.index(key) for key in keys] + [len(keys)], np.intp)
        cells = to[place]
        return SegmentTable(
            axes=(Axis("segment", labels, "group", disjoint=True),),
            parts={
                "customers": exact.group_count(cells, len(labels)),
                "monetary": exact.group_sum(cells, self.columns["monetary"], len(labels)),
            },
            context=attrs.evolve(self.context, metric="rfm.segments"),
        )

    def segment_of(self, segments: Sequence[RFMSegment] = RFM_SEGMENTS) -> NDArray[Any]:
        """Return the key of each customer's segment, None where none fits, by id."""
        names = np.array([*(segment.key for segment in segments), None], object)
        return names[self._places(segments)]

    def _places(self, segments: Sequence[RFMSegment]) -> NDArray[np.intp]:
        """Return which segment each customer is in; their number where none fits."""
        if not segments or len({segment.key for segment in segments}) < len(segments):
            raise InvalidInputError("segments", "must be given, each with a key of its own")
        place = np.full(len(self), len(segments), np.intp)
        for i in reversed(range(len(segments))):
            fits = np.ones(len(self), np.bool_)
            for name in ("r", "f", "m"):
                bounds = getattr(segments[i], name)
                if bounds is not None:
                    fits &= (self.columns[name] >= bounds[0]) & (self.columns[name] <= bounds[1])
            place[fits] = i
        return place


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentTable(Table):
    """Customers and their spend by segment.

    Attributes
    ----------
    customers : ndarray of int
        How many are in each segment.
    monetary : ndarray of int
        What they spent, in minor units.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("customers", "monetary")

    @property
    def customers(self) -> Any:
        """How many are in each segment."""
        return self._part("customers")

    @property
    def monetary(self) -> Any:
        """What they spent, in minor units."""
        return self._part("monetary")

    def share(self) -> SegmentShare:
        """Return each segment's share of all customers that were scored.

        Raises
        ------
        InvalidInputError
            If the table was cut to some segments: take the share first.
        """
        if self.context.option("select.segment") is not None:
            raise InvalidInputError(
                "segment", "must have all its labels", "take shares, then select"
            )
        count = self.parts["customers"]
        return SegmentShare(
            axes=self.axes,
            parts={"count": count, "total": count.sum()},
            context=attrs.evolve(self.context, metric="rfm.segments.share"),
        )


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SegmentShare(Proportion):
    """Each segment's share of all customers that were scored.

    There is one total, whichever segments occur, so that shares add up over customers.
    """

    PART_AXES: ClassVar[dict[str, tuple[str, ...]]] = {"total": ()}


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
