"""How good a match is, beside records that somebody labelled: by pairs, and by records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.values import html
from customerops.model.values.checks import Id, came, each

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MatchQuality", "duplicate_rate", "match_quality", "match_quality_of_pairs"]


@attrs.frozen(kw_only=True)
class MatchQuality:
    """What a match got right and wrong, in pairs of labelled records.

    Attributes
    ----------
    both : int
        Pairs that are one customer, and were found to be.
    found_only : int
        Pairs that were found to be one, and are two.
    true_only : int
        Pairs that are one, and were not found to be.
    neither : int
        Pairs that are two, and were left so.
    b_cubed_precision, b_cubed_recall : float
        The same by records; NaN for labelled pairs alone, which do not tell whole customers.
    """

    both: int
    found_only: int
    true_only: int
    neither: int
    b_cubed_precision: float = math.nan
    b_cubed_recall: float = math.nan

    @property
    def precision(self) -> float:
        """Of the pairs found, the share that is one customer; NaN if none was found."""
        return _divided(self.both, self.both + self.found_only)

    @property
    def recall(self) -> float:
        """Of the pairs that are one customer, the share found; NaN if there are none."""
        return _divided(self.both, self.both + self.true_only)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, ``2 both / (2 both + found_only + true_only)``."""
        return _divided(2 * self.both, 2 * self.both + self.found_only + self.true_only)

    @property
    def b_cubed_f1(self) -> float:
        """The harmonic mean of precision and recall by records."""
        both = self.b_cubed_precision + self.b_cubed_recall
        return 2 * self.b_cubed_precision * self.b_cubed_recall / both

    def to_frame(self) -> pd.DataFrame:
        """Return two rows, by pairs and by records: ``measure, precision, recall, f1``."""
        import pandas as pd

        rows = [
            ("pairwise", self.precision, self.recall, self.f1),
            ("b_cubed", self.b_cubed_precision, self.b_cubed_recall, self.b_cubed_f1),
        ]
        return pd.DataFrame(rows, columns=["measure", "precision", "recall", "f1"])

    def _repr_html_(self) -> str:
        """Show precision and recall, by pairs and by records."""
        frame = self.to_frame()
        return html.frame_html("quality of a match", frame.where(frame.notna(), None))


def duplicate_rate(found: Mapping[Any, Any]) -> float:
    """Return the share of records that are one too many (重复率).

    Parameters
    ----------
    found : mapping of record to customer
        A `Resolution`, or the clusters of another tool.

    Returns
    -------
    float
        ``1 - customers / records``, from 0 on and below 1; NaN without records.

    Raises
    ------
    InvalidInputError
        If it is no mapping.

    Notes
    -----
    It is of what was found: records of one customer that were missed do not count, and records that
    were joined wrongly do. `match_quality` tells how many of either there are.

    References
    ----------
    Christen, P. (2012), Data Matching: Concepts and Techniques for Record Linkage, Entity Resolution,
    and Duplicate Detection. Springer.

    Examples
    --------
    >>> from customerops.model import duplicate_rate
    >>> duplicate_rate({"app": "ann", "shop": "ann", "desk": "ann", "son": "ben"})
    0.5
    """
    if not isinstance(found, Mapping):
        raise InvalidInputError("found", "must be a mapping of record to customer", came(found))
    return _divided(len(found) - len(set(found.values())), len(found))


def match_quality(found: Mapping[Any, Any], truth: Mapping[Any, Any]) -> MatchQuality:
    """Return how good a match is, beside records whose customers are known (匹配精确率, 召回率).

    Parameters
    ----------
    found : mapping of record to customer
        What was found: a `Resolution`, or the clusters of another tool. Of records that are not
        labelled nothing is asked.
    truth : mapping of record to customer
        What somebody labelled. How customers are called does not matter, here or there.

    Returns
    -------
    MatchQuality
        Precision and recall by pairs of labelled records, and by records (B-cubed).

    Raises
    ------
    InvalidInputError
        If one is no mapping, or a labelled record was not matched.

    Notes
    -----
    By pairs, a customer of n records counts ``n (n - 1) / 2`` times, so that a few large ones
    decide. B-cubed takes each record alike: with C(r) the labelled records found with r, and T(r)
    those of its true customer, precision is the mean of ``|C & T| / |C|`` and recall that of
    ``|C & T| / |T|``. Both are of the labelled records: a sample of whole customers shows no false
    pairs with those outside of it, and precision is too high; sample what was found as well.

    References
    ----------
    Bagga, A. and Baldwin, B. (1998), Algorithms for scoring coreference chains. LREC workshop on
    linguistic coreference, 563-566. er-evaluation (Python package): pairwise and B-cubed metrics.

    Examples
    --------
    >>> from customerops.model import match_quality
    >>> truth = {"app": "ann", "shop": "ann", "desk": "ann", "son": "ben"}
    >>> quality = match_quality({"app": 1, "shop": 1, "desk": 2, "son": 2}, truth)
    >>> quality.precision, round(quality.recall, 3)
    (0.5, 0.333)
    >>> quality.b_cubed_precision, round(quality.b_cubed_recall, 3)
    (0.75, 0.667)
    """
    for name, given in (("found", found), ("truth", truth)):
        if not isinstance(given, Mapping):
            raise InvalidInputError(name, "must be a mapping of record to customer", came(given))
    missing = sum(record not in found for record in truth)
    if missing:
        raise InvalidInputError(
            "found", "must have every labelled record", count=missing, total=len(truth)
        )
    cells = Counter((found[record], customer) for record, customer in truth.items())
    of_found, of_truth = (Counter(pair[side] for pair in cells.elements()) for side in (0, 1))
    both, joined, true = (_pairs(sizes) for sizes in (cells, of_found, of_truth))
    n = len(truth)
    by_record = [
        sum((Fraction(k * k, sizes[pair[side]]) for pair, k in cells.items()), Fraction(0))
        for side, sizes in enumerate((of_found, of_truth))
    ]
    precision, recall = (float(total / n) if n else math.nan for total in by_record)
    return MatchQuality(
        both=both,
        found_only=joined - both,
        true_only=true - both,
        neither=n * (n - 1) // 2 - joined - true + both,
        b_cubed_precision=precision,
        b_cubed_recall=recall,
    )


def match_quality_of_pairs(
    found: Mapping[Any, Any], pairs: Iterable[tuple[Id, Id, bool]]
) -> MatchQuality:
    """Return how good a match is, beside pairs of records that somebody labelled.

    Parameters
    ----------
    found : mapping of record to customer
        As for `match_quality`.
    pairs : iterable of (id, id, bool)
        Two records, and whether they are one customer; each pair once, in either order.

    Returns
    -------
    MatchQuality
        By pairs; what is by records is NaN.

    Raises
    ------
    InvalidInputError
        If `pairs` are no such triples, a record is paired with itself or was not matched, or a pair
        is there twice.

    Notes
    -----
    Labelled pairs are as good as their sample. Pairs at random are hardly ever one customer; where
    candidates were sampled by how alike they are, precision and recall are of those candidates.

    References
    ----------
    Christen, P. (2012), Data Matching: Concepts and Techniques for Record Linkage, Entity Resolution,
    and Duplicate Detection. Springer.

    Examples
    --------
    >>> from customerops.model import match_quality_of_pairs
    >>> found = {"app": 1, "shop": 1, "desk": 2}
    >>> labelled = [("app", "shop", True), ("shop", "desk", True), ("app", "desk", True)]
    >>> match_quality_of_pairs(found, labelled).recall
    0.3333333333333333
    """
    if not isinstance(found, Mapping):
        raise InvalidInputError("found", "must be a mapping of record to customer", came(found))
    listed = [_triple(i, one) for i, one in enumerate(each("pairs", pairs))]
    missing = sum(a not in found or b not in found for a, b, _ in listed)
    if missing:
        raise InvalidInputError(
            "pairs", "must be of records that were matched", count=missing, total=len(listed)
        )
    repeated = len(listed) - len({frozenset((a, b)) for a, b, _ in listed})
    if repeated:
        raise InvalidInputError("pairs", "must not repeat", f"{repeated} of {len(listed)} do")
    cells = Counter((found[a] == found[b], same) for a, b, same in listed)
    return MatchQuality(
        both=cells[True, True],
        found_only=cells[True, False],
        true_only=cells[False, True],
        neither=cells[False, False],
    )


def _triple(place: int, one: Any) -> tuple[Id, Id, bool]:
    if not isinstance(one, tuple) or len(one) != 3 or not isinstance(one[2], bool):
        raise InvalidInputError(f"pairs[{place}]", "must be two records and a bool", came(one))
    if one[0] == one[1]:
        raise InvalidInputError(f"pairs[{place}]", "must be of two records", "they are one")
    return one


def _pairs(sizes: Mapping[Any, int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes.values())


def _divided(above: int, below: int) -> float:
    return above / below if below else math.nan
