"""The item-to-item baseline: what is bought by those who bought what you bought."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.affinity.histories import coded_histories
from customerops.metrics.affinity.pair_table import CoPurchases
from customerops.metrics.affinity.popular import Popularity, a_table
from customerops.metrics.affinity.recommending import BOUGHT, Bought, Recommendations
from customerops.metrics.affinity.similarity import SIMILARITIES, Similarity, near, similarities
from customerops.model.values.checks import finite, one_of, whole
from customerops.model.values.labels import Label
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ItemToItem"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BLOCK = 2**22  # similarities added up together


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ItemToItem:
    """A recommender by similar items; made by `ItemToItem.of`.

    Attributes
    ----------
    labels : tuple of Label
        The items, sorted.
    neighbours : ndarray of int
        The similar items of all items one after another, as places among `labels`.
    offsets : ndarray of int, shape (items + 1,)
        Those of item i are ``neighbours[offsets[i]:offsets[i + 1]]``.
    similarity : ndarray
        How like each is.
    bought : {"exclude", "include"}
        Whether a customer's list leaves out what is in their history.
    fill : Popularity or None
        What fills up a list that is too short.
    """

    labels: tuple[Label, ...]
    neighbours: Ints
    offsets: Ints
    similarity: Floats
    bought: Bought
    fill: Popularity | None

    def __attrs_post_init__(self) -> None:
        for array in (self.neighbours, self.offsets, self.similarity):
            array.flags.writeable = False

    @classmethod
    def of(
        cls,
        pairs: CoPurchases,
        *,
        similarity: Similarity,
        bought: Bought,
        alpha: float | None = None,
        shrinkage: float = 0.0,
        neighbours: int | None = None,
        fill: Literal["none", "popular"] = "none",
    ) -> Self:
        """Return the recommender of a table of co-purchases.

        Parameters
        ----------
        pairs : CoPurchases
            What is bought together, as a rule by customer.
        similarity : {"cosine", "jaccard", "lift", "conditional"}
            How like two items are; see Notes.
        bought : {"exclude", "include"}
            Whether a customer's list leaves out what is in their history: "exclude" to find
            something new, "include" where people buy the same again.
        alpha : float, optional
            For ``similarity="conditional"``, and only for it: from 0 to 1, how much popular items
            are held back.
        shrinkage : float
            At least 0: a similarity seen in c baskets is multiplied by ``c / (c + shrinkage)``, so
            that a pair seen once does not win.
        neighbours : int, optional
            How many similar items count for each item; left out, all.
        fill : {"none", "popular"}
            What becomes of a list with less than n items: it stays short, or is filled up by
            popularity.

        Raises
        ------
        InvalidInputError
            If `pairs` is not a table of co-purchases, or an option is none of these.

        Notes
        -----
        An item scores the sum of its similarities to the items of the history. With a and b
        baskets with the item bought and the item recommended, c with both, and n in all:

        * ``"cosine"``: c / sqrt(a b), Linden, Smith and York (2003) and Deshpande and Karypis
          (2004, equation 2), of items as vectors over customers;
        * ``"conditional"``: c / (a b^alpha), Deshpande and Karypis (2004, equation 3): the
          conditional probability of the one given the other, by popularity to the power alpha;
        * ``"jaccard"``: c / (a + b - c);
        * ``"lift"``: c n / (a b), which without `shrinkage` favours what is rare.

        Scores that agree to about twelve digits are ties, and go by label.

        References
        ----------
        Linden, G., Smith, B. and York, J. (2003). Amazon.com recommendations: item-to-item
        collaborative filtering. IEEE Internet Computing 7(1), 76-80.

        Deshpande, M. and Karypis, G. (2004). Item-based top-N recommendation algorithms. ACM
        Transactions on Information Systems 22(1), 143-177.

        Bell, R. and Koren, Y. (2007). Scalable collaborative filtering with jointly derived
        neighborhood interpolation weights. Proc. IEEE ICDM, 43-52: the shrinkage.

        Examples
        --------
        >>> from customerops.metrics import CoPurchases, ItemToItem
        >>> pairs = CoPurchases.from_counts(
        ...     baskets=9, items={"ink": 4, "pad": 7, "pen": 4},
        ...     pairs={("ink", "pen"): 3, ("ink", "pad"): 3, ("pad", "pen"): 2},
        ... )
        >>> model = ItemToItem.of(pairs, similarity="cosine", bought="exclude")
        >>> model.recommend([["ink"], ["ink", "pen"]], n=2)[0]
        ('pen', 'pad')
        """
        table = a_table(pairs)
        one_of("similarity", similarity, SIMILARITIES)
        one_of("bought", bought, BOUGHT)
        one_of("fill", fill, ("none", "popular"))
        if (alpha is None) == (similarity == "conditional"):
            requirement = "must be given for similarity='conditional', and only for it"
            raise InvalidInputError("alpha", requirement)
        power = 0.0 if alpha is None else finite("alpha", alpha)
        if not 0 <= power <= 1:
            raise InvalidInputError("alpha", "must be from 0 to 1")
        if finite("shrinkage", shrinkage) < 0:
            raise InvalidInputError("shrinkage", "must not be negative")
        row, column, value = similarities(
            table,
            similarity,
            alpha=power,
            shrinkage=float(shrinkage),
            neighbours=None if neighbours is None else whole("neighbours", neighbours, least=1),
        )
        own = np.bincount(row, minlength=len(table.items))
        return cls(
            labels=table.items.labels,
            neighbours=column,
            offsets=np.append(0, np.cumsum(own)),
            similarity=value,
            bought=bought,
            fill=Popularity.of(table, bought=bought) if fill == "popular" else None,
        )

    def similar(self, item: Label, n: int) -> pd.DataFrame:
        """Return the items most like one: "who bought this also bought".

        Parameters
        ----------
        item : Label
            An item the table had.
        n : int
            How many at most.

        Returns
        -------
        pandas.DataFrame
            ``item`` and ``similarity``, the largest first; of equal ones the first by label.

        Raises
        ------
        InvalidInputError
            If there is no such item.
        """
        import pandas as pd

        whole("n", n, least=0)
        if item not in self.labels:
            raise InvalidInputError("item", "must be one of those the table had")
        place = self.labels.index(item)
        own = slice(self.offsets[place], self.offsets[place + 1])
        value = near(self.similarity[own])
        order = np.argsort(-value, kind="stable")[:n]
        found = [self.labels[code] for code in self.neighbours[own][order].tolist()]
        return pd.DataFrame({"item": found, "similarity": value[order]})

    def recommend(self, histories: Sequence[Collection[Label]], n: int) -> Recommendations:
        """Return the `n` items with the largest scores for each history.

        Parameters
        ----------
        histories : sequence of collections of Label
            What each customer has bought; an item the table had not says nothing.
        n : int
            How many at most: unless they are filled up, a list holds only items that were bought
            together with one of the history.

        Raises
        ------
        InvalidInputError
            If `n` is not at least 1, or histories are not sequences of items.
        """
        whole("n", n, least=1)
        row, code = coded_histories(histories, self.labels)
        rows = len(histories)
        codes = np.full((rows, n), -1, np.int64)
        scores = np.full((rows, n), np.nan)
        for low, high in self._blocks(row, code, rows):
            some = slice(*np.searchsorted(row, [low, high]))
            self._rank(row[some] - low, code[some], codes[low:high], scores[low:high])
        if self.fill is not None:
            self._fill_up(self.fill, row, code, codes)
        return Recommendations(labels=self.labels, codes=codes, scores=scores)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ItemToItem):
            return NotImplemented
        return (self.labels, self.bought, self.fill) == (
            other.labels,
            other.bought,
            other.fill,
        ) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("neighbours", "offsets", "similarity")
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (attrs.asdict(self, recurse=False),))

    def __repr__(self) -> str:
        return f"ItemToItem({len(self.labels)} items, {len(self.neighbours)} similarities)"

    # -- helpers ------------------------------------------------------------------------------

    def _blocks(self, row: Ints, code: Ints, rows: int) -> Iterator[tuple[int, int]]:
        """Yield ranges of rows with about as many similarities to add up."""
        work = np.diff(self.offsets)[code]
        before = np.append(0, np.cumsum(np.bincount(row, work, rows)))
        low = 0
        while low < rows:
            high = int(np.searchsorted(before, before[low] + _BLOCK))
            high = min(max(high, low + 1), rows)
            yield low, high
            low = high

    def _rank(self, row: Ints, code: Ints, codes: Ints, scores: Floats) -> None:
        """Write the best items of some rows, and their scores, where they belong."""
        from scipy.sparse import csr_array

        rows, n = codes.shape
        k = len(self.labels)
        starts = np.searchsorted(row, np.arange(rows + 1))
        own = csr_array((np.ones(len(row)), code, starts), shape=(rows, k))
        like = csr_array((self.similarity, self.neighbours, self.offsets), shape=(k, k))
        found = (own @ like).tocoo()
        at, item = (place.astype(np.int64) for place in found.coords)
        value = near(found.data)
        if self.bought == "exclude":
            free = np.isin(at * k + item, row * k + code, invert=True)
            at, item, value = at[free], item[free], value[free]
        order = np.lexsort((item, -value, at))
        at, item, value = at[order], item[order], value[order]
        lead = np.flatnonzero(first_of_run(at))
        place = np.arange(len(at)) - np.repeat(lead, np.diff(np.append(lead, len(at))))
        kept = place < n
        codes[at[kept], place[kept]] = item[kept]
        scores[at[kept], place[kept]] = value[kept]

    def _fill_up(self, popular: Popularity, row: Ints, code: Ints, codes: Ints) -> None:
        """Write popular items behind the end of short lists."""
        rows, n = codes.shape
        listed = np.nonzero(codes >= 0)
        barred = [(listed[0], codes[listed])]
        if self.bought == "exclude":
            barred.append((row, code))
        at, item = (np.concatenate(columns) for columns in zip(*barred, strict=True))
        best = popular.best(at, item, rows, n)
        length = np.bincount(listed[0], minlength=rows)
        short = np.arange(n) - length[:, None]
        codes[...] = np.where(
            short >= 0, np.take_along_axis(best, np.maximum(short, 0), axis=1), codes
        )


def _rebuilt(state: dict[str, Any]) -> ItemToItem:
    return ItemToItem(**state)
