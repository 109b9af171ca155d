"""Whether a recommender helps: what it would have listed, against what customers then bought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.affinity.baskets import What
from customerops.metrics.affinity.histories import (
    PurchaseHistories,
    coded_histories,
    histories_of,
)
from customerops.metrics.affinity.list_scores import (
    DISCOUNTS,
    MEASURES,
    Discount,
    RecommenderScores,
    by_customer,
    codes_of,
    discounts,
    gains_of,
    scores_of,
)
from customerops.metrics.affinity.popular import Popularity
from customerops.metrics.affinity.recommending import Recommender
from customerops.model.log.ask import ask
from customerops.model.log.log import InteractionLog
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables import render
from customerops.model.tables.cells import closed
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Mean
from customerops.model.tables.tables import Result
from customerops.model.values.checks import came, one_of, positive_duration, whole
from customerops.model.values.instants import as_instant, from_us, micros, to_us
from customerops.model.values.labels import Label
from customerops.model.values.window import Window

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RecommenderEvaluation", "evaluate_recommender"]

Ints = NDArray[np.int64]
Definition = Literal["new_items", "all_items"]


@attrs.frozen(repr=False, kw_only=True)
class RecommenderEvaluation(Result):
    """A recommender and popularity, held against what the same customers then bought.

    Made by `evaluate_recommender`. It has no ``+``: a recommender that learned from other
    customers would have been another one.

    Attributes
    ----------
    n : int
        How many items a list holds at most.
    scores : RecommenderScores
        Of the recommender.
    popularity : RecommenderScores
        Of `Popularity`, on the same customers.
    customers : int
        Customers with a history at the split who then bought something to be predicted: those
        that were evaluated.
    nothing_new : int
        Customers with a history who then bought, but only what they had bought before.
    inactive : int
        Customers with a history who did not buy within the horizon.
    newcomers : int
        Customers who bought within the horizon and had no history.
    targets : int
        Items to be predicted, of all customers evaluated together.
    unknown_targets : int
        Those among them that nobody had bought by the split: no recommender that learns from
        purchases can name them.
    context : Context
        What it is about; ``over`` is the horizon.
    """

    n: int
    scores: RecommenderScores
    popularity: RecommenderScores
    gains: tuple[Mean, ...] = attrs.field(alias="gains")
    customers: int
    nothing_new: int
    inactive: int
    newcomers: int
    targets: int
    unknown_targets: int
    context: Context

    @property
    def complete(self) -> bool:
        """Whether the horizon was over at ``as_of``; until then no value is given."""
        return bool(closed((), self.context))

    def gain(self, measure: str) -> Mean:
        """Return by how much the recommender is better than popularity, customer by customer.

        Parameters
        ----------
        measure : {"hit_rate", "precision", "recall", "ndcg", "mrr"}
            Which measure.

        Returns
        -------
        Mean
            Of the differences, with Student's interval: that of pairs, which is narrower than
            what the intervals of the two suggest, for both were tried on the same customers.

        Raises
        ------
        InvalidInputError
            If there is no such measure.
        """
        return self.gains[MEASURES.index(one_of("measure", measure, MEASURES))]

    def to_frame(self, confidence: float = 0.95) -> pd.DataFrame:
        """Return one row a measure.

        Parameters
        ----------
        confidence : float
            Coverage of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``measure``; ``value``, ``low`` and ``high`` of the recommender, and the same of
            popularity and of the gain. Coverage has no interval.
        """
        frame = self.scores.to_frame(confidence)
        base = self.popularity.to_frame(confidence).drop(columns="measure")
        frame[["popularity", "popularity_low", "popularity_high"]] = base
        bounds = [gain.interval(confidence) for gain in self.gains]
        covered = self.scores.coverage.value - self.popularity.coverage.value
        frame["gain"] = [*(gain.value for gain in self.gains), covered]
        frame["gain_low"] = [*(low for low, _ in bounds), np.nan]
        frame["gain_high"] = [*(high for _, high in bounds), np.nan]
        return frame

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        hit, base = self.scores.hit_rate.value, self.popularity.hit_rate.value
        return (
            f"RecommenderEvaluation(customers={self.customers}, n={self.n}, "
            f"hit_rate={hit:.4g}, popularity={base:.4g})"
        )

    def _repr_html_(self) -> str:
        """Show the measures beside those of popularity."""
        frame = self.to_frame()
        columns = {
            name: [render.number(v) for v in frame[name].tolist()] for name in frame.columns[1:]
        }
        title = f"{self.context.title}, {self.customers} customers, n = {self.n}"
        faint = [not self.complete] * len(frame)
        labels = {"measure": frame["measure"].tolist()}
        return render.rows_html(title, labels, columns, faint, len(frame))


def evaluate_recommender(
    log: InteractionLog,
    recommender: Callable[[InteractionLog], Recommender],
    *,
    split: dt.datetime,
    horizon: dt.timedelta,
    n: int,
    definition: Definition,
    what: What = "sku",
    purchases: Rule | str | Collection[str] = "purchase",
    discount: Discount = "log_rank_plus_one",
    as_of: dt.datetime | None = None,
) -> RecommenderEvaluation:
    """Hold a recommender against what customers bought after it was made, beside popularity.

    Parameters
    ----------
    log : InteractionLog
        The events, with line items.
    recommender : callable
        Given the log as it was known at the split, it returns a recommender: it learns in there,
        and there is nothing else for it to learn from.
    split : datetime
        The last instant the recommender may know, inclusive; timezone-aware and before as_of.
    horizon : timedelta
        How long after the split what is bought counts.
    n : int
        How many items a list may hold.
    definition : {"new_items", "all_items"}
        What is to be predicted: the items a customer had not bought before, or all they bought.
    what : {"sku", "category"}
        What an item is.
    purchases : Rule, str or collection of str
        Which events are orders.
    discount : {"log_rank_plus_one", "jarvelin_kekalainen"}
        What a rank counts in the NDCG.
    as_of : datetime, optional
        The last known instant; left out, the log's own.

    Returns
    -------
    RecommenderEvaluation
        ``.scores`` of the recommender, ``.popularity`` on the same customers, ``.gain(measure)``
        of the one over the other with the interval of pairs, how many customers had something to
        be predicted, and how many had not.

    Raises
    ------
    InvalidInputError
        If the split is not before as_of, `recommender` is not a function that returns a
        recommender, or that returns lists that are too many, too long or name an item twice.

    Notes
    -----
    With t items that a customer is to be predicted, and its hits the items of a list among them:

    * hit rate: the share of customers with a hit; Wilson's interval;
    * precision: hits / n, recall: hits / t, MRR: 1 / the rank of the first hit, or 0;
    * NDCG: the sum over hits of 1 / log2(rank + 1), by what it would be were the first
      min(n, t) ranks all hits. Järvelin and Kekäläinen (2002) have 1 for the first two ranks and
      1 / log2(rank) from there: ``discount="jarvelin_kekalainen"``.

    They are means over customers, with Student's interval; each customer's recall, NDCG and MRR is
    kept to nine decimals, so that sums are exact in any order. A customer who bought nothing to be
    predicted is in none of them, for no list could have been right.

    Popularity is measured by buyers in the same past, and leaves out what a customer had bought
    where new items are to be predicted, as the recommender should. Splitting by time, and not by
    leaving out random purchases, is what makes the answer one about the future: a list made with
    purchases of the test's own time is not one that could have been shown.

    References
    ----------
    Järvelin, K. and Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM
    Transactions on Information Systems 20(4), 422-446.

    Ferrari Dacrema, M., Cremonesi, P. and Jannach, D. (2019). Are we really making much progress?
    Proc. ACM RecSys, 101-109: why simple baselines belong beside every result.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import ItemToItem, co_purchases, evaluate_recommender
    >>> days = [dt.date(2026, 1, day) for day in (1, 1, 2, 9)]
    >>> log = InteractionLog.from_orders(
    ...     {"order": [1, 2, 3, 4], "who": ["a", "b", "c", "c"], "day": days},
    ...     {"order": [1, 1, 2, 3, 4], "sku": ["ink", "pen", "cap", "ink", "pen"]},
    ...     customer_id="who", at="day", order_id="order", sku="sku", tz=dt.timezone.utc,
    ... ).until_day(dt.date(2026, 1, 31))
    >>> def learn(known):
    ...     pairs = co_purchases(known, unit="customer")
    ...     return ItemToItem.of(pairs, similarity="cosine", bought="exclude")
    >>> evaluate_recommender(
    ...     log, learn, split=dt.datetime(2026, 1, 5, tzinfo=dt.timezone.utc),
    ...     horizon=dt.timedelta(days=14), n=1, definition="new_items",
    ... )
    RecommenderEvaluation(customers=1, n=1, hit_rate=1, popularity=0)
    """
    one_of("definition", definition, ("new_items", "all_items"))
    one_of("what", what, ("sku", "category"))
    one_of("discount", discount, DISCOUNTS)
    n = whole("n", n, least=1)
    length = micros(positive_duration("horizon", horizon))
    rule = as_rule(purchases, name="purchases", level="event")
    asked = ask(log, as_of=as_of)
    instant = as_instant("split", split)
    if to_us(instant) >= asked.as_of:
        raise InvalidInputError("split", "must be before as_of", "nothing would be held out")
    after = to_us(instant) + 1  # what is at the split is known
    context = Context(
        "evaluate_recommender",
        definition=definition,
        as_of=asked.as_of,
        over=Window(from_us(after), from_us(after + length)),
        options={"n": n, "what": what, "purchases": rule, "discount": discount},
    )
    known = asked.log.until(instant)
    past = histories_of(known, rule, what, None, context)
    future = histories_of(asked.log, rule, what, context.over, context)
    place, targets, counts = _targets(past, future, definition)
    row, code, evaluated = targets
    given = past.take(evaluated)
    bought: Any = "exclude" if definition == "new_items" else "include"
    popular = Popularity(
        labels=past.labels,
        count=np.bincount(past.codes, minlength=len(past.labels)),
        bought=bought,
    )
    model = _learned(recommender, known)
    unknown = int((code >= len(past.labels)).sum())
    wanted = np.bincount(row, minlength=len(given))
    weights = discounts(discount, n)
    owns, scores = [], []
    for one in (model, popular):
        codes = codes_of(one.recommend(given, n), place, len(given), n)
        own = by_customer(_hits(codes, row, code, len(place)), wanted, weights)
        named = np.unique(codes)
        covered = int(((named >= 0) & (named < len(past.labels))).sum())
        owns.append(own)
        scores.append(scores_of(own, n, (covered, len(past.labels)), context))
    return RecommenderEvaluation(
        n=n,
        scores=scores[0],
        popularity=scores[1],
        gains=gains_of(owns[0], owns[1], n, context),
        customers=len(given),
        targets=len(code),
        unknown_targets=unknown,
        context=context,
        **counts,
    )


def _targets(
    past: PurchaseHistories, future: PurchaseHistories, definition: Definition
) -> tuple[dict[Label, int], tuple[Ints, Ints, Ints], dict[str, int]]:
    """Return the codes of items, who is to be predicted what, and how many others there are.

    The codes of items known at the split come first, as in `past`. Of the targets: the row of each
    (counted over those evaluated), its code, and the places of those evaluated in `past`.
    """
    old = set(past.labels)
    new = [label for label in future.labels if label not in old]
    labels = (*past.labels, *new)
    both, before, after = np.intersect1d(
        past.ids, future.ids, assume_unique=True, return_indices=True
    )
    row, code = coded_histories(future.take(after), labels)
    if definition == "new_items":
        old_row, old_code = coded_histories(past.take(before), labels)
        free = np.isin(row * len(labels) + code, old_row * len(labels) + old_code, invert=True)
        row, code = row[free], code[free]
    chosen, row = np.unique(row, return_inverse=True)
    counts = {
        "nothing_new": len(both) - len(chosen),
        "inactive": len(past) - len(both),
        "newcomers": len(future) - len(both),
    }
    place = {label: i for i, label in enumerate(labels)}
    return place, (row, code, before[chosen]), counts


def _learned(recommender: Any, known: InteractionLog) -> Recommender:
    """Return what a function learned from a log, or refuse what is no recommender."""
    if not callable(recommender):
        raise InvalidInputError(
            "recommender",
            "must be a function of the log known at the split",
            f"{came(recommender)}: give lambda known: ...",
        )
    model = recommender(known)
    if not isinstance(model, Recommender):
        raise InvalidInputError(
            "recommender", "must return something with recommend(histories, n)", came(model)
        )
    return model


def _hits(codes: Ints, row: Ints, code: Ints, items: int) -> NDArray[np.bool_]:
    """Return whether the item at each rank of each list is a target of its row."""
    listed = np.arange(len(codes))[:, None] * items + codes
    return np.isin(listed, row * items + code) & (codes >= 0)
