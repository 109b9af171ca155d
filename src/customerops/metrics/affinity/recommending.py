"""Recommenders: what one is, and the lists one gives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, overload, runtime_checkable

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.model.tables import render
from customerops.model.values.labels import Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BOUGHT", "Bought", "Recommendations", "Recommender", "first_allowed"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bought = Literal["exclude", "include"]
BOUGHT = ("exclude", "include")


@runtime_checkable
class Recommender(Protocol):
    """What can recommend: the seam for an application's own model.

    Anything with this one method is a recommender: the two baselines `Popularity` and
    `ItemToItem`, and what an application trains itself.
    `evaluate_recommender` holds any of them against what customers then bought.

    Examples
    --------
    >>> from customerops.metrics import Recommender
    >>> class Season:
    ...     def recommend(self, histories, n):
    ...         return [("skates", "scarf", "tea")[:n] for _ in histories]
    >>> isinstance(Season(), Recommender)
    True
    """

    def recommend(
        self, histories: Sequence[Collection[Label]], n: int
    ) -> Sequence[Sequence[Label]]:
        """Return a list of at most `n` items for each history, the best first.

        Parameters
        ----------
        histories : sequence of collections of Label
            What each customer has bought. From the library it is a `PurchaseHistories`, in the
            order of time and with the ids of the customers.
        n : int
            How many at most.
        """


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Recommendations(Sequence[tuple[Label, ...]]):
    """A list of items for each history, the best first.

    A sequence: ``recommendations[i]`` are the items for ``histories[i]``.

    Attributes
    ----------
    labels : tuple of Label
        The items the recommender knows.
    codes : ndarray of int, shape (histories, n)
        The items of each list, as places among `labels`; -1 behind its end.
    scores : ndarray, shape (histories, n)
        What each was ranked by; NaN behind the end of a list.
    """

    labels: tuple[Label, ...]
    codes: Ints
    scores: Floats

    def __attrs_post_init__(self) -> None:
        for array in (self.codes, self.scores):
            array.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of lists."""
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> tuple[Label, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> Recommendations: ...
    def __getitem__(self, index: int | slice) -> tuple[Label, ...] | Recommendations:
        """Return one list, or some of them."""
        if isinstance(index, slice):
            return attrs.evolve(self, codes=self.codes[index], scores=self.scores[index])
        return tuple(self.labels[code] for code in self.codes[index].tolist() if code >= 0)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per item of a list: ``row`` (of the history), ``rank``, ``item``, ``score``."""
        import pandas as pd

        row, rank = np.nonzero(self.codes >= 0)
        items = (self.labels[code] for code in self.codes[row, rank].tolist())
        return pd.DataFrame(
            {
                "row": row,
                "rank": rank + 1,
                "item": np.fromiter(items, object, len(row)),
                "score": self.scores[row, rank],
            }
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recommendations):
            return NotImplemented
        return (
            self.labels == other.labels
            and np.array_equal(self.codes, other.codes)
            and np.array_equal(self.scores, other.scores, equal_nan=True)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Recommendations({len(self)} lists of up to {self.codes.shape[1]})"

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild through the constructor: a pickled array would come back writable."""
        return (_rebuilt, (self.labels, self.codes, self.scores))

    def _repr_html_(self) -> str:
        """Show the first lists as a table."""
        some = self[: render.ROWS]
        labels: dict[str, list[Label]] = {
            "row": list(range(len(some))),
            "items": [", ".join(map(str, own)) for own in some],
        }
        return render.rows_html("recommendations", labels, {}, [False] * len(some), len(self))


def first_allowed(rank: Ints, row: Ints, code: Ints, rows: int, n: int) -> Ints:
    """Return for each row the `n` best ranks of items that are not barred there; -1 where none is.

    Parameters
    ----------
    rank : ndarray of int, shape (items,)
        The rank of each item, from 0.
    row, code : ndarray of int
        The items that are barred in each row, each pair once.
    rows, n : int
        How many rows; how many items each.

    Notes
    -----
    With the barred ranks of a row rising, ``f_0 < f_1 < ...``, the k-th rank that is allowed is k
    plus how many of ``f_m - m`` do not exceed k.

    Examples
    --------
    >>> import numpy as np
    >>> barred = np.array([0, 2, 3])
    >>> first_allowed(np.arange(6), np.zeros(3, np.int64), barred, rows=2, n=4).tolist()
    [[1, 4, 5, -1], [0, 1, 2, 3]]
    """
    order = np.lexsort((rank[code], row))
    row, barred = row[order], rank[code][order]
    own = np.bincount(row, minlength=rows)
    place = np.arange(len(row)) - np.repeat(np.cumsum(own) - own, own)
    shift = barred - place
    early = shift < n
    jumps = np.bincount(row[early] * n + shift[early], minlength=rows * n).reshape(rows, n)
    best = np.arange(n) + np.cumsum(jumps, axis=1)
    return np.where(best < len(rank), best, -1)


def _rebuilt(labels: tuple[Label, ...], codes: Ints, scores: Floats) -> Recommendations:
    return Recommendations(labels=labels, codes=codes, scores=scores)
