"""The catalogue as a whole: list it, look a metric up, search it, hand it to an app."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from customerops.errors import InvalidInputError
from customerops.metrics.catalogue.entry import KINDS, TAGS, UNITS, MetricSpec
from customerops.model.values.checks import one_of, text, whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["search", "spec", "specs", "to_dict", "to_frame"]

_ENTRIES = (
    "acquisition",
    "campaign",
    "churn_and_retention",
    "customer_value",
    "engagement",
    "experiments",
    "health",
    "journey",
    "lifecycle",
    "recurring_revenue",
    "sales",
    "service",
    "survey",
    "unit_economics",
)

# how near the words asked for are, by where they stand
_NAME, _START, _PART, _MEANING, _SUBJECT, _PROSE, _APART = range(7)


@cache
def _all() -> dict[str, MetricSpec]:
    homes = (import_module(f"customerops.metrics.catalogue.entries_{name}") for name in _ENTRIES)
    listed = {one.key: one for home in homes for one in home.ENTRIES}
    return {key: listed[key] for key in sorted(listed)}


def specs(*, tag: str | None = None) -> tuple[MetricSpec, ...]:
    """Return every metric, by its key.

    Parameters
    ----------
    tag : str, optional
        Only those about it: a word of `TAGS`.

    Returns
    -------
    tuple of MetricSpec

    Raises
    ------
    InvalidInputError
        If the tag is unknown.

    Examples
    --------
    >>> from customerops.metrics import catalogue
    >>> [one.key for one in catalogue.specs(tag="tier")]
    ['tier_migration', 'tier_sizes']
    """
    if tag is not None:
        one_of("tag", tag, TAGS)
    return tuple(one for one in _all().values() if tag is None or tag in one.tags)


def spec(key: str) -> MetricSpec:
    """Return one metric.

    Parameters
    ----------
    key : str
        As of `MetricSpec`: as a rule the name of the function that computes it.

    Returns
    -------
    MetricSpec

    Raises
    ------
    InvalidInputError
        If no metric has that key; the message names the nearest.

    Examples
    --------
    >>> from customerops.metrics import catalogue
    >>> catalogue.spec("churn_rate").label_zh
    '客户流失率'
    """
    known = _all()
    return known[one_of("key", key, known)]


def search(words: str, *, limit: int | None = None) -> tuple[MetricSpec, ...]:
    """Return the metrics that some words are about, the nearest first.

    Parameters
    ----------
    words : str
        In English or Chinese, in any case; separated by blanks, all of them must be found.
    limit : int, optional
        At most so many; all that match when left out.

    Returns
    -------
    tuple of MetricSpec

    Raises
    ------
    InvalidInputError
        If there are no words, or the limit is no positive whole number.

    Notes
    -----
    Words are looked for in keys, labels, other names, names of definitions and vendors' aliases,
    tags and descriptions, in that order. A key, a label or a name that is the words themselves
    comes before one that begins with them, and that before one that has them inside; where they do
    not stand together in any, each is looked for by itself. Equally near metrics come in the order
    of their keys, so the answer is always the same.

    Examples
    --------
    >>> from customerops.metrics import catalogue
    >>> [one.key for one in catalogue.search("流失", limit=1)]
    ['churn_rate']
    >>> [one.key for one in catalogue.search("profitwell")]
    ['churn_rate', 'churn_rate_from_counts']
    """
    wanted = _folded(text("words", words))
    if not wanted:
        raise InvalidInputError("words", "must not be blank")
    most = None if limit is None else whole("limit", limit, least=1)
    ranked = [
        (rank, key, one)
        for key, one in _all().items()
        if (rank := _nearness(wanted, one)) is not None
    ]
    ranked.sort(key=lambda found: found[:2])
    return tuple(one for _, _, one in ranked[:most])


def to_frame() -> pd.DataFrame:
    """Return the catalogue as a frame, one row a metric.

    Returns
    -------
    pandas.DataFrame
        Columns key, label, label_zh, unit, kind, numerator, denominator, additivity, better,
        definitions, tags and home; what is several is joined by commas.

    Examples
    --------
    >>> from customerops.metrics import catalogue
    >>> catalogue.to_frame().set_index("key").loc["nps", ["label", "label_zh", "unit"]].tolist()
    ['net promoter score (NPS)', '净推荐值', 'points']
    """
    import pandas as pd

    rows = [
        {
            "key": one.key,
            "label": one.label,
            "label_zh": one.label_zh,
            "unit": one.unit,
            "kind": one.kind,
            "numerator": one.numerator,
            "denominator": one.denominator,
            "additivity": ", ".join(one.additivity),
            "better": one.better,
            "definitions": ", ".join(one.definitions),
            "tags": ", ".join(one.tags),
            "home": one.home,
        }
        for one in specs()
    ]
    return pd.DataFrame(rows)


def to_dict() -> dict[str, Any]:
    """Return the catalogue as JSON's plain types, for an app to show.

    Returns
    -------
    dict
        ``metrics``, a list as of `MetricSpec.to_dict`; ``units``, ``kinds`` and ``tags``, what
        their words mean in English (``en``) and Chinese (``zh``).

    Examples
    --------
    >>> from customerops.metrics import catalogue
    >>> catalogue.to_dict()["units"]["currency"]
    {'en': 'major units of one currency', 'zh': '金额'}
    """
    return {
        "metrics": [one.to_dict() for one in specs()],
        "units": {name: {"en": en, "zh": zh} for name, (en, zh) in UNITS.items()},
        "kinds": {name: {"en": en, "zh": zh} for name, (en, zh) in KINDS.items()},
        "tags": {name: {"en": name, "zh": zh} for name, zh in TAGS.items()},
    }


def _folded(words: str) -> str:
    """Return text as it is compared: without case and width, a ``_`` as a blank."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().replace("_", " ").split())


@cache
def _said(one: MetricSpec) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]:
    """Return what a metric is called, its definitions, its subjects, and what is said of it."""
    called = (one.key, one.label, one.label_zh, *one.names)
    defined = tuple(
        word
        for name, definition in one.definitions.items()
        for word in (name, *definition.aliases)
    )
    subjects = tuple(word for tag in one.tags for word in (tag, TAGS[tag]))
    prose = [one.description, one.description_zh, one.numerator, one.denominator]
    for definition in one.definitions.values():
        prose += [definition.meaning, definition.meaning_zh, definition.authority]
    called, defined, subjects = (
        tuple(map(_folded, words)) for words in (called, defined, subjects)
    )
    return called, defined, subjects, _folded("\n".join(prose))


def _nearness(wanted: str, one: MetricSpec) -> int | None:
    """Return how far all the words are from a metric: as one name, or else one by one."""
    together = _distance(wanted, one)
    if together is not None and together < _PROSE:
        return together
    apart = [_distance(word, one) for word in wanted.split()]
    found = [rank for rank in apart if rank is not None]
    return _APART + sum(found) if len(found) == len(apart) else None


def _distance(word: str, one: MetricSpec) -> int | None:
    """Return how far a word is from a metric; None if it is nowhere."""
    called, defined, subjects, prose = _said(one)
    if word in called:
        return _NAME
    if any(name.startswith(word) for name in called):
        return _START
    if any(word in name for name in called):
        return _PART
    if any(word in name for name in defined):
        return _MEANING
    if any(word in name for name in subjects):
        return _SUBJECT
    return _PROSE if word in prose else None
