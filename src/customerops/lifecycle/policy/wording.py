"""Durations, dates and counts in words."""

from __future__ import annotations

import datetime as dt

__all__ = ["duration", "ordinal", "with_article"]

_UNITS = (
    ("day", dt.timedelta(days=1)),
    ("hour", dt.timedelta(hours=1)),
    ("minute", dt.timedelta(minutes=1)),
    ("second", dt.timedelta(seconds=1)),
)


def duration(window: dt.timedelta) -> str:
    """Return an exact duration in the largest unit that divides it.

    Examples
    --------
    >>> duration(dt.timedelta(days=30)), duration(dt.timedelta(hours=36))
    ('30 days', '36 hours')
    >>> duration(dt.timedelta(seconds=1.5))
    '0:00:01.500000'
    """
    for unit, one in _UNITS:
        if not window % one:
            count = window // one
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return str(window)


def ordinal(n: int) -> str:
    """Return an ordinal number.

    Examples
    --------
    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 21)]
    ['1st', '2nd', '3rd', '4th', '11th', '21st']
    """
    teens = n % 100 in (11, 12, 13)
    return f"{n}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def with_article(noun: str) -> str:
    """Return a noun with its indefinite article.

    Examples
    --------
    >>> with_article("purchase"), with_article("order")
    ('a purchase', 'an order')
    """
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
