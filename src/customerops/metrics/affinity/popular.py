"""The baseline that knows nobody: what most customers buy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.affinity.histories import coded_histories
from customerops.metrics.affinity.pair_table import CoPurchases
from customerops.metrics.affinity.recommending import (
    BOUGHT,
    Bought,
    Recommendations,
    first_allowed,
)
from customerops.model.values.checks import came, one_of, whole
from customerops.model.values.labels import Label

__all__ = ["Popularity", "a_table"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Popularity:
    """A recommender that gives everybody the items most are buying.

    Attributes
    ----------
    labels : tuple of Label
        The items, sorted.
    count : ndarray of int, shape (items,)
        In how many baskets each is.
    bought : {"exclude", "include"}
        Whether a customer's list leaves out what is in their history.

    Notes
    -----
    Items in as many baskets are ranked by label. It takes no knowledge of a customer, so a
    recommender that is not better has not learned anything about them.

    Examples
    --------
    >>> from customerops.metrics import CoPurchases, Popularity
    >>> sold = CoPurchases.from_counts(baskets=9, items={"ink": 4, "pad": 7, "pen": 4}, pairs={})
    >>> popular = Popularity.of(sold, bought="exclude")
    >>> popular.recommend([["pad"], ["pen"]], n=2)[1]
    ('pad', 'ink')
    """

    labels: tuple[Label, ...]
    count: NDArray[np.int64]
    bought: Bought

    def __attrs_post_init__(self) -> None:
        self.count.flags.writeable = False

    @classmethod
    def of(cls, pairs: CoPurchases, *, bought: Bought) -> Self:
        """Return the recommender of the items of a table.

        Parameters
        ----------
        pairs : CoPurchases
            Whose counts of items are read; by customer, an item counts once for each buyer.
        bought : {"exclude", "include"}
            Whether a customer's list leaves out what is in their history.

        Raises
        ------
        InvalidInputError
            If `pairs` is not a table of co-purchases, or `bought` is neither.
        """
        one_of("bought", bought, BOUGHT)
        table = a_table(pairs)
        return cls(labels=table.items.labels, count=table.parts["count"], bought=bought)

    def recommend(self, histories: Sequence[Collection[Label]], n: int) -> Recommendations:
        """Return the `n` most popular items for each history.

        Parameters
        ----------
        histories : sequence of collections of Label
            What each customer has bought.
        n : int
            How many at most.

        Raises
        ------
        InvalidInputError
            If `n` is not at least 1, or histories are not sequences of items.
        """
        whole("n", n, least=1)
        row, code = coded_histories(histories, self.labels)
        if self.bought == "include":
            row, code = row[:0], code[:0]
        codes = self.best(row, code, len(histories), n)
        scores = np.where(codes >= 0, np.append(self.count, 0)[codes], np.nan)
        return Recommendations(labels=self.labels, codes=codes, scores=scores)

    def best(
        self, row: NDArray[np.int64], code: NDArray[np.int64], rows: int, n: int
    ) -> NDArray[np.int64]:
        """Return the `n` most popular items of each row but for those barred there; -1 for none."""
        order = np.argsort(-self.count, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        found = first_allowed(rank, row, code, rows, n)
        return np.where(found >= 0, np.append(order, -1)[found], -1)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Popularity):
            return NotImplemented
        same = (self.labels, self.bought) == (other.labels, other.bought)
        return same and np.array_equal(self.count, other.count)

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (attrs.asdict(self, recurse=False),))

    def __repr__(self) -> str:
        return f"Popularity({len(self.labels)} items, bought={self.bought!r})"


def a_table(pairs: CoPurchases) -> CoPurchases:
    """Return a table of co-purchases as it is, or refuse anything else."""
    if not isinstance(pairs, CoPurchases):
        raise InvalidInputError("pairs", "must be a CoPurchases", came(pairs))
    return pairs


def _rebuilt(state: dict[str, Any]) -> Popularity:
    return Popularity(**state)
