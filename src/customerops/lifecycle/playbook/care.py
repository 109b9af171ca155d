"""Care dates: birthdays, anniversaries and festivals, on the customer's own calendar (客户关怀)."""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.records import Customer
from customerops.model.values.checks import came, each, one_of, text, whole
from customerops.model.values.instants import to_us
from customerops.model.values.serial import read
from customerops.model.values.zones import as_zone, local

__all__ = ["CareDate", "due_on", "falls_on", "zone_of"]

LeapDay = Literal["feb_28", "mar_1"]
_LEAP_DAYS = ("feb_28", "mar_1")
_YEARLESS = re.compile(r"--(\d\d)-?(\d\d)")
_DAY = dt.timedelta(days=1)


def _dates(given: Iterable[dt.date | str]) -> tuple[dt.date, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidInputError("dates", "must be a collection of dates", came(given))
    return tuple(sorted({_date(f"dates[{i}]", one) for i, one in enumerate(given)}))


def _date(name: str, given: object) -> dt.date:
    if isinstance(given, str):
        try:
            return dt.date.fromisoformat(given)
        except ValueError:
            raise InvalidInputError(name, "must be an ISO 8601 date", "got another str") from None
    if not isinstance(given, dt.date) or isinstance(given, dt.datetime):
        raise InvalidInputError(name, "must be a date", came(given))
    return given


@attrs.frozen(kw_only=True)
class CareDate:
    """A day on which a customer is thought of: one of each year, or dates that are given.

    Parameters
    ----------
    key : str
        Its name: ``"birthday"``, ``"anniversary"``, ``"mid_autumn"``.
    of : str, optional
        What comes back every year: ``"created_at"``, when the relationship began, or the name of a
        customer attribute that holds an ISO 8601 date, with the year (``"1992-02-29"``) or
        without (``"--02-29"``). The day itself is no anniversary; the first comes a year later.
    leap_day : {"feb_28", "mar_1"}, optional
        On which day who was born on 29 February has their day in other years; goes with `of`.
    dates : collection of date or str, optional
        The dates of a festival, as its own calendar has them: the Lunar New Year is on
        2026-02-17.
    days_before : int
        How many days ahead it is due.

    Raises
    ------
    InvalidInputError
        If not exactly one of `of` and `dates` is given, `leap_day` does not go with `of`, or a
        field is not what it must be.

    Notes
    -----
    The law does not agree on 29 February: in Taiwan a year ends on the last day of the month that
    has no such day (Civil Code, article 121), so on 28 February; in Hong Kong the anniversary is
    1 March (Cap. 410, section 5). So there is no default.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import CareDate, due_on
    >>> from customerops.model import Customer
    >>> ann = Customer(id="c-9", attributes={"born": "1992-02-29"})
    >>> birthday = CareDate(key="birthday", of="born", leap_day="feb_28")
    >>> due_on(ann, dates=[birthday], day=dt.date(2026, 2, 28), tz="Asia/Taipei")
    ('birthday',)
    """

    key: str
    of: str | None = None
    leap_day: LeapDay | None = None
    dates: tuple[dt.date, ...] = attrs.field(default=(), converter=_dates)
    days_before: int = 0

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "key", text("key", self.key))
        object.__setattr__(self, "days_before", whole("days_before", self.days_before, least=0))
        if self.days_before > 366:
            raise InvalidInputError("days_before", "must be at most 366", "got more")
        if (self.of is None) == (not self.dates):
            which = "both were" if self.dates else "neither was"
            raise InvalidInputError("of or dates", "must be given, one of them", which)
        if self.of is None:
            if self.leap_day is not None:
                raise InvalidInputError("leap_day", "must be left out", "it goes with of")
            return
        text("of", self.of)
        one_of("leap_day", self.leap_day, _LEAP_DAYS)

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types, without loss."""
        return {
            "key": self.key,
            "of": self.of,
            "leap_day": self.leap_day,
            "dates": [date.isoformat() for date in self.dates],
            "days_before": self.days_before,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the care date that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, or a value is not what its field takes.
        """
        names = [field.name for field in attrs.fields(cls)]
        return cls(**read("CareDate", data, names[:1], names[1:]))


def due_on(
    customer: Customer, *, dates: Iterable[CareDate], day: dt.date, tz: dt.tzinfo | str
) -> tuple[str, ...]:
    """Return which care dates are due for a customer on a day.

    Parameters
    ----------
    customer : Customer
        Whose; an attribute that is not known is never due.
    dates : iterable of CareDate
        The care dates to look for.
    day : date
        The customer's local day.
    tz : tzinfo or str
        The zone of customers who have none: it says on which day the relationship began.

    Returns
    -------
    tuple of str
        The keys, in the order given.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be, or an attribute holds no date.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import CareDate, due_on
    >>> from customerops.model import Customer
    >>> met = dt.datetime(2024, 5, 1, 20, 0, tzinfo=dt.timezone.utc)  # in Shanghai, on the 2nd
    >>> ann = Customer(id="c-9", created_at=met, timezone="Asia/Shanghai")
    >>> anniversary = CareDate(key="anniversary", of="created_at", leap_day="mar_1")
    >>> due_on(ann, dates=[anniversary], day=dt.date(2026, 5, 2), tz="UTC")
    ('anniversary',)
    """
    if not isinstance(customer, Customer):
        raise InvalidInputError("customer", "must be a Customer", came(customer))
    today = _date("day", day)
    zone = zone_of(customer, as_zone("tz", tz))
    due = []
    for i, one in enumerate(each("dates", dates)):
        if not isinstance(one, CareDate):
            raise InvalidInputError(f"dates[{i}]", "must be a CareDate", came(one))
        if falls_on(one, customer, today, zone):
            due.append(one.key)
    return tuple(due)


def zone_of(customer: Customer, default: dt.tzinfo) -> dt.tzinfo:
    """Return the zone a customer lives in, or the default; an error does not tell which it was."""
    if customer.timezone is None:
        return default
    try:
        return _zone(customer.timezone)
    except InvalidInputError as error:
        raise InvalidInputError(
            "customer.timezone", error.requirement, "got another str"
        ) from None


@functools.lru_cache(maxsize=1024)  # the database has some 600; zoneinfo itself keeps 8
def _zone(key: str) -> dt.tzinfo:
    return as_zone("timezone", key)


def falls_on(one: CareDate, customer: Customer, day: dt.date, zone: dt.tzinfo) -> bool:
    """Return whether a care date is due for a customer on a local day."""
    try:
        meant = day + one.days_before * _DAY
    except OverflowError:  # beyond the year 9999
        return False
    if one.of is None:
        return meant in one.dates
    found = _began(one.of, customer, zone)
    if found is None:
        return False
    year, month, date = found
    if (month, date) == (2, 29) and not calendar.isleap(meant.year):
        month, date = (2, 28) if one.leap_day == "feb_28" else (3, 1)
    return (meant.month, meant.day) == (month, date) and (year is None or year < meant.year)


def _began(of: str, customer: Customer, zone: dt.tzinfo) -> tuple[int | None, int, int] | None:
    """Return year (if known), month and day of what comes back every year."""
    if of == "created_at":
        if customer.created_at is None:
            return None
        began = local(to_us(customer.created_at), zone)
        return began.year, began.month, began.day
    held = customer.attributes.get(of)
    if held is None:
        return None
    name = f"customer.attributes.{of}"
    if isinstance(held, str) and (yearless := _YEARLESS.fullmatch(held)):
        month, date = map(int, yearless.groups())
        _date(name, f"2000-{month:02}-{date:02}")
        return None, month, date
    if not isinstance(held, str):
        raise InvalidInputError(name, "must be an ISO 8601 date", came(held))
    born = _date(name, held)
    return born.year, born.month, born.day
