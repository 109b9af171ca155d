"""What a result is about: everything that must agree before two results may be added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from customerops.errors import InvalidInputError
from customerops.model.values.checks import text, validator, whole
from customerops.model.values.instants import from_us

if TYPE_CHECKING:
    from customerops.model.values.calendar import Calendar
    from customerops.model.values.window import Window

__all__ = ["SELECTED", "Context"]

SELECTED = "select."
"""How the options begin that say to which labels a table was cut."""

Pairs = tuple[tuple[str, Any], ...]


def _pairs(options: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Pairs:
    """Return options as pairs sorted by name."""
    given = options.items() if isinstance(options, Mapping) else options
    pairs = sorted(((str(name), value) for name, value in given), key=lambda pair: pair[0])
    if len({name for name, _ in pairs}) < len(pairs):
        raise InvalidInputError("options", "must not name an option twice")
    return tuple(pairs)


def _instant(value: int | None) -> int | None:
    return None if value is None else whole("as_of", value)


@attrs.frozen
class Context:
    """What a result is about, beside its axes.

    Parameters
    ----------
    metric : str
        The public function it comes from; without it a retention and a repurchase rate would add.
    unit : str
        What one count is: ``"customer"``, ``"thread"``, ``"order"``, ``"day"``, ``"event"``.
    definition : str, optional
        Which of the named definitions.
    as_of : int, optional
        What was known, inclusive; microseconds UTC.
    over : Window, optional
        The reporting range.
    calendar : Calendar, optional
        Whose periods.
    period : str, optional
        Which period of the calendar.
    currency : str, optional
        ISO 4217 code of amounts in minor units. None: no money was seen.
    by : str or Grouping, optional
        What the groups are.
    options : mapping or pairs
        All other options, kept as pairs sorted by name. Three of them are read by results:
        ``scale``, how many of a numerator's counts make one reported unit (100 for cents, the
        power of ten of fixed-point numbers); ``per``, the same for a denominator (microseconds in
        a day); ``ties``, how `EventTable` treats events at one time.

    Raises
    ------
    InvalidInputError
        If the metric or the unit is empty, or an option is named twice.

    Examples
    --------
    >>> from customerops.model import Context
    >>> week = Context(metric="repurchase_rate", definition="in_window", options={"within": 7})
    >>> week.option("within")
    7
    """

    metric: str = attrs.field(validator=validator(text))
    unit: str = attrs.field(default="customer", validator=validator(text))
    definition: str | None = None
    as_of: int | None = attrs.field(default=None, converter=_instant)
    over: Window | None = None
    calendar: Calendar | None = None
    period: str | None = None
    currency: str | None = None
    by: Any = None
    options: Pairs = attrs.field(default=(), converter=_pairs)

    @property
    def title(self) -> str:
        """The metric, and the definition if it has one."""
        return self.metric + (f" ({self.definition})" if self.definition else "")

    def option(self, name: str, default: Any = None) -> Any:
        """Return the value of an option, or the default.

        Examples
        --------
        >>> from customerops.model import Context
        >>> Context("nps").option("within", 30)
        30
        """
        return next((value for key, value in self.options if key == name), default)

    def with_options(self, **options: Any) -> Context:
        """Return the context with these options set.

        Examples
        --------
        >>> from customerops.model import Context
        >>> Context("nps", options={"within": 7}).with_options(within=30).options
        (('within', 30),)
        """
        return attrs.evolve(self, options={**dict(self.options), **options})

    def join(self, other: Context, purpose: str = "add") -> Context:
        """Return the context of a sum of two results.

        Parameters
        ----------
        other : Context
            That of the other result.
        purpose : str
            What the two are wanted for; a word of the message.

        Raises
        ------
        InvalidInputError
            If a field differs; the error is named after it. A currency of None joins any one
            currency, and so does the ``scale`` that goes with it.

        Examples
        --------
        >>> from customerops.model import Context
        >>> Context("arpu", currency="EUR").join(Context("arpu")).currency
        'EUR'
        >>> Context("arpu", currency="EUR").join(Context("arpu", currency="USD"))
        Traceback (most recent call last):
        customerops.errors.InvalidInputError: currency must be the same to add results: got 'EUR' and 'USD'
        """
        if self is other:
            return self
        if self.currency is None and other.currency is not None:
            return other.join(self, purpose)
        if other.currency is None and self.currency is not None:
            scale = {k: v for k, v in self.options if k == "scale"}
            bare = {k: v for k, v in other.options if k != "scale"}
            other = attrs.evolve(other, currency=self.currency, options={**bare, **scale})
        for field in attrs.fields(Context):
            a, b = getattr(self, field.name), getattr(other, field.name)
            if a != b:
                requirement = f"must be the same to {purpose} results"
                raise InvalidInputError(field.name, requirement, _difference(field.name, a, b))
        return self

    def comparable(self, other: Context) -> None:
        """Refuse a result that does not measure the same thing.

        ``as_of``, ``over``, the calendar, the groups and the labels a table was cut to may differ.

        Raises
        ------
        InvalidInputError
            If another field differs; named after it.

        Examples
        --------
        >>> from customerops.model import Context
        >>> Context("nps", as_of=1).comparable(Context("nps", as_of=2))
        """
        one, two = (attrs.evolve(c, options=c.bare) for c in (self, other))
        free = {name: getattr(one, name) for name in ("as_of", "over", "calendar", "by")}
        one.join(attrs.evolve(two, **free), "compare")

    @property
    def bare(self) -> Pairs:
        """The options without those that say to which labels a table was cut."""
        return tuple(pair for pair in self.options if not pair[0].startswith(SELECTED))


def _difference(field: str, a: Any, b: Any) -> str:
    """Say how two values of a field differ, without values that could be a customer's."""
    if field == "options":
        first, second = dict(a), dict(b)
        names = sorted(first.keys() | second.keys())
        differ = [n for n in names if n not in first or n not in second or first[n] != second[n]]
        return "these differ: " + ", ".join(differ)
    if field == "as_of":
        a, b = (None if us is None else from_us(us).isoformat() for us in (a, b))
    plain = all(v is None or isinstance(v, str) for v in (a, b))
    return f"got {a!r} and {b!r}" if plain else "they are not equal"
