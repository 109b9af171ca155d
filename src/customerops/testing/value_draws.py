"""Values: money in currencies with two, none and three decimals, ids, and words of the trade."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import strategies as st

from customerops.model.records.kinds import Channel, IdentifierType, Kind
from customerops.model.values.money import Money

__all__ = [
    "CURRENCIES",
    "channels",
    "customer_ids",
    "id_lists",
    "identifier_types",
    "kinds",
    "money",
    "scalars",
    "shares",
    "some",
]

CURRENCIES = ("USD", "JPY", "KWD")
"""Two, none and three decimals."""

_MINOR = (0, 1, 500, 999, 1_000, 5_999, 10**13)  # 10**13 squared does not fit into 64 bits
_INTS = (9, 10, -3, 0, 2**40, 77)
_TEXTS = ("9", "10", "a", "A", "客户", "é")
_UUIDS = tuple(uuid.UUID(int=n) for n in (1, 2**64, 2**127))
_SCALARS = (True, 1, 1.0, "1", False, 0, 0.1, -2.5, 2**53 + 1, "a", "客户")
"""Values that a careless ``==`` takes for one another."""


def money(
    *, currency: str | None = None, min_minor: int | None = None
) -> st.SearchStrategy[Money]:
    """Draw amounts of money: nothing, a cent, just below a round sum, more than squares hold.

    Parameters
    ----------
    currency : str, optional
        ISO 4217 code; left out, dollars, yen (no decimals) and Kuwaiti dinars (three) are drawn.
    min_minor : int, optional
        Least amount in minor units; left out, negative amounts are drawn too.

    Returns
    -------
    SearchStrategy of Money

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import money
    >>> @settings(max_examples=3)
    ... @given(money())
    ... def test(paid):
    ...     assert paid.currency in ("USD", "JPY", "KWD")
    >>> test()
    """
    pool = [*_MINOR, *(-minor for minor in _MINOR[1:])]
    wanted = [minor for minor in pool if min_minor is None or minor >= min_minor]
    minor = st.sampled_from(wanted) if wanted else st.just(min_minor)
    codes = st.sampled_from(CURRENCIES) if currency is None else st.just(currency)
    return st.builds(Money.of_minor, minor, codes)


def customer_ids() -> st.SearchStrategy[Any]:
    """Draw a customer's id: an int, a str or a UUID.

    Returns
    -------
    SearchStrategy of int, str or UUID
        Of one type are those of a drawn log only.

    Examples
    --------
    >>> import uuid
    >>> from hypothesis import given, settings
    >>> from customerops.testing import customer_ids
    >>> @settings(max_examples=3)
    ... @given(customer_ids())
    ... def test(one):
    ...     assert isinstance(one, (int, str, uuid.UUID))
    >>> test()
    """
    return st.sampled_from([*_INTS, *_TEXTS, *_UUIDS])


def id_lists() -> st.SearchStrategy[list[Any]]:
    """Draw one to six ids of one type; none sort as they would in the other."""
    return st.one_of(
        st.lists(st.sampled_from(_INTS), min_size=1, unique=True),
        st.lists(st.sampled_from(_TEXTS), min_size=1, unique=True),
    )


def kinds() -> st.SearchStrategy[str]:
    """Draw kinds of interaction: those of `Kind`, and a word of somebody's own.

    Returns
    -------
    SearchStrategy of str

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import kinds
    >>> @settings(max_examples=3)
    ... @given(kinds())
    ... def test(kind):
    ...     assert kind
    >>> test()
    """
    return st.sampled_from(["purchase", *map(str, Kind), "核销"])


def channels() -> st.SearchStrategy[str]:
    """Draw channels: those of `Channel`, and a word of somebody's own.

    Returns
    -------
    SearchStrategy of str

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import channels
    >>> @settings(max_examples=3)
    ... @given(channels())
    ... def test(channel):
    ...     assert channel
    >>> test()
    """
    return st.sampled_from([*map(str, Channel), "小程序"])


def identifier_types() -> st.SearchStrategy[str]:
    """Draw types of identifiers."""
    return st.sampled_from([*map(str, IdentifierType), "badge"])


def scalars() -> st.SearchStrategy[Any]:
    """Draw values of attributes; some of them equal each other and are of different types."""
    return st.sampled_from(_SCALARS)


def shares() -> st.SearchStrategy[float]:
    """Draw shares strictly between 0 and 1."""
    return st.sampled_from([0.5, 0.1, 1 / 3, 0.9, 1e-9])


def some(values: Any, *, least: int = 0, most: int = 3) -> st.SearchStrategy[list[Any]]:
    """Draw a few different ones of some values."""
    return st.lists(st.sampled_from(list(values)), unique=True, min_size=least, max_size=most)
