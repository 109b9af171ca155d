"""What lists of recommendations are worth, by customer, and as estimates over customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.affinity.recommending import Recommendations
from customerops.model.tables import render
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Mean, Proportion, Quotient
from customerops.model.values.checks import each
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DISCOUNTS",
    "MEASURES",
    "Discount",
    "RecommenderScores",
    "by_customer",
    "codes_of",
    "discounts",
    "gains_of",
    "scores_of",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Discount = Literal["log_rank_plus_one", "jarvelin_kekalainen"]
DISCOUNTS = ("log_rank_plus_one", "jarvelin_kekalainen")
MEASURES = ("hit_rate", "precision", "recall", "ndcg", "mrr")

_SCALE = 10**9  # shares of a customer are kept as whole numbers of this


@attrs.frozen(kw_only=True)
class RecommenderScores:
    """How well lists of n did, over the customers who had something to be predicted.

    Attributes
    ----------
    hit_rate : Proportion
        Customers with at least one item of their list among what they then bought.
    precision : Mean
        Of the n places of a list, the share that was bought; a short list does not help it.
    recall : Mean
        Of what a customer bought, the share that was on the list.
    ndcg : Mean
        Normalised discounted cumulative gain: 1 where what was bought stands at the top.
    mrr : Mean
        One over the rank of the first item that was bought; 0 without any.
    coverage : Quotient
        Of the items known at the split, the share that is on anybody's list. Without an interval:
        it grows with the number of customers.
    """

    hit_rate: Proportion
    precision: Mean
    recall: Mean
    ndcg: Mean
    mrr: Mean
    coverage: Quotient

    def to_frame(self, confidence: float = 0.95) -> pd.DataFrame:
        """Return one row a measure: ``measure``, ``value``, ``low`` and ``high``."""
        import pandas as pd

        estimates: dict[str, Proportion | Mean] = {name: getattr(self, name) for name in MEASURES}
        bounds = [one.interval(confidence) for one in estimates.values()]
        low, high = ([*column, np.nan] for column in zip(*bounds, strict=True))
        value = [one.value for one in (*estimates.values(), self.coverage)]
        names = [*estimates, "coverage"]
        return pd.DataFrame({"measure": names, "value": value, "low": low, "high": high})

    def _repr_html_(self) -> str:
        """Show every measure with its interval."""
        n = self.hit_rate.total
        return render.frame_html(
            f"{self.hit_rate.context.metric}, {n:,} customers", self.to_frame()
        )


def discounts(discount: Discount, n: int) -> Floats:
    """Return what a hit at each of n ranks counts.

    Notes
    -----
    ``"log_rank_plus_one"``: ``1 / log2(rank + 1)``. ``"jarvelin_kekalainen"``: 1 for the first two
    ranks, ``1 / log2(rank)`` for the others: Järvelin and Kekäläinen (2002), with b = 2.

    Examples
    --------
    >>> discounts("log_rank_plus_one", 3).round(3).tolist()
    [1.0, 0.631, 0.5]
    >>> discounts("jarvelin_kekalainen", 4).round(3).tolist()
    [1.0, 1.0, 0.631, 0.5]
    """
    rank = np.arange(1, n + 1)
    if discount == "log_rank_plus_one":
        return 1.0 / np.log2(rank + 1)
    return 1.0 / np.maximum(np.log2(rank), 1.0)


def by_customer(hits: NDArray[np.bool_], wanted: Ints, weights: Floats) -> dict[str, Ints]:
    """Return what each list is worth, in whole numbers of the `scale` of each measure.

    Parameters
    ----------
    hits : ndarray of bool, shape (customers, n)
        Whether the item at each rank was bought.
    wanted : ndarray of int, shape (customers,)
        How many items were bought, at least one.
    weights : ndarray, shape (n,)
        What a hit at each rank counts for the NDCG.
    """
    n = hits.shape[1]
    found = hits.sum(axis=1)
    ideal = np.cumsum(weights)[np.minimum(wanted, n) - 1]
    first = np.where(found > 0, np.argmax(hits, axis=1) + 1, 0)
    reciprocal = np.divide(1.0, first, out=np.zeros(len(first)), where=first > 0)
    return {
        "hit_rate": (found > 0).astype(np.int64),
        "precision": found,
        "recall": _whole(found / wanted),
        "ndcg": _whole((hits * weights).sum(axis=1) / ideal),
        "mrr": _whole(reciprocal),
    }


def _whole(shares: Floats) -> Ints:
    return np.rint(shares * _SCALE).astype(np.int64)


def _scale(measure: str, n: int) -> int:
    return {"hit_rate": 1, "precision": n}.get(measure, _SCALE)


def scores_of(
    own: dict[str, Ints], n: int, covered: tuple[int, int], context: Context
) -> RecommenderScores:
    """Return the estimates over customers."""
    made: dict[str, Any] = {
        name: Mean.from_rows(own[name], context=_about(context, name, n)) for name in MEASURES[1:]
    }
    count = {"count": int(own["hit_rate"].sum()), "total": len(own["hit_rate"])}
    items = dict(zip(("numerator", "denominator"), covered, strict=True))
    return RecommenderScores(
        hit_rate=Proportion(parts=count, context=_named(context, "hit_rate")),
        coverage=Quotient(parts=items, context=_named(context, "coverage")),
        **made,
    )


def gains_of(
    own: dict[str, Ints], base: dict[str, Ints], n: int, context: Context
) -> tuple[Mean, ...]:
    """Return the mean difference of every measure, customer by customer."""
    return tuple(
        Mean.from_rows(own[name] - base[name], context=_about(context, f"{name}.gain", n))
        for name in MEASURES
    )


def _named(context: Context, name: str) -> Context:
    return attrs.evolve(context, metric=f"{context.metric}.{name}")


def _about(context: Context, name: str, n: int) -> Context:
    return _named(context, name).with_options(scale=_scale(name.removesuffix(".gain"), n))


def codes_of(lists: Sequence[Sequence[Label]], place: dict[Label, int], rows: int, n: int) -> Ints:
    """Return the items of lists by their code, -1 behind their ends; new items get new codes.

    Parameters
    ----------
    lists : sequence of sequences of Label
        What a recommender returned.
    place : dict of Label to int
        The codes of items; those that are new are added to it.
    rows, n : int
        How many lists it must be, and how long they may be.

    Raises
    ------
    InvalidInputError
        If they are not as many, one is too long, or has an item twice or what is no label.
    """
    given = list(each("recommender", lists)) if not isinstance(lists, Recommendations) else lists
    if len(given) != rows:
        problem = f"got {len(given)} for {rows}"
        raise InvalidInputError("recommender", "must return one list for each history", problem)
    codes = np.full((rows, n), -1, np.int64)
    if isinstance(given, Recommendations):
        width = given.codes.shape[1]
        _not_longer(width, n)
        own = [place.setdefault(label, len(place)) for label in given.labels]
        codes[:, :width] = np.append(np.array(own, np.int64), -1)[given.codes]
    else:
        for i, one in enumerate(given):
            items = list(each("recommender", one))
            _not_longer(len(items), n)
            try:
                codes[i, : len(items)] = [place.setdefault(x, len(place)) for x in items]
            except TypeError:
                raise InvalidInputError(
                    "recommender", "must return lists of labels", "one cannot be looked up"
                ) from None
    ordered = np.sort(codes, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise InvalidInputError("recommender", "must name an item once in a list")
    return codes


def _not_longer(length: int, n: int) -> None:
    if length > n:
        problem = f"got {length} for n = {n}"
        raise InvalidInputError("recommender", "must return lists of at most n items", problem)
