"""Groupings: which group each customer is in, as data that any partition can evaluate.

A metric's ``by=`` puts every customer in exactly one group, or the groups would overlap and their
parts not add up to the whole. An attribute of events is made one of customers first: `first` and
`last` take it from one event of each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.rules.fields import (
    ATTRIBUTE,
    CUSTOMER,
    EVENT_FIELDS,
    LINE_FIELDS,
    check_field,
    is_of_customer,
    title,
)
from customerops.model.rules.masks import event_mask, loaded
from customerops.model.rules.rules import Field, Rule, as_rule
from customerops.model.values.checks import (
    Id,
    came,
    did_you_mean,
    identifier,
    one_of,
    scalar,
    text,
)
from customerops.model.values.columns import Coded
from customerops.model.values.labels import Label, label_key

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["Assignment", "Grouping", "Pick", "as_grouping", "first", "last"]

Codes = NDArray[np.intp]
_NUMERIC = frozenset({"amount", "value", "at"})


# ---------------------------------------------------------------------- where groups come from


def _event_field(given: object) -> str:
    """Resolve a name: a standard field first, else an attribute of events."""
    if isinstance(given, Field):
        name = given.field
    else:
        name = text("field", given)
        if name not in EVENT_FIELDS and not name.startswith((ATTRIBUTE, CUSTOMER)):
            name = ATTRIBUTE + name
    name = check_field(name)
    if is_of_customer(name):
        said = f"{title(name)} is of the customer: name it in by= itself"
        raise InvalidInputError("field", "must be one of events", said)
    if name in _NUMERIC or name in LINE_FIELDS:
        said = "it is a number" if name in _NUMERIC else "an event has one for each line"
        raise InvalidInputError("field", "must hold one label an event", f"got {name}; {said}")
    return name


def _which(given: object) -> Literal["first", "last"]:
    return cast("Literal['first', 'last']", one_of("which", given, ("first", "last")))


def _where(given: Rule | str | Collection[str] | None) -> Rule | None:
    return None if given is None else as_rule(given, name="where", level="event")


@attrs.frozen
class Pick:
    """The value of one field at each customer's first or last event.

    Parameters
    ----------
    field : str or Field
        A field of events with one label an event: ``"channel"``, or the name of an attribute
        (``"attributes.channel"`` for one that is named like a field).
    which : {"first", "last"}
        Which event; of several at one instant the first or last in input order.
    where : Rule, str or collection of str, optional
        Only among the events for which this event rule holds.

    Examples
    --------
    >>> from customerops.model import Pick
    >>> Pick("plan", "last").field
    'attributes.plan'
    """

    field: str = attrs.field(converter=_event_field)
    which: Literal["first", "last"] = attrs.field(converter=_which)
    where: Rule | None = attrs.field(default=None, converter=_where)

    def codes(self, log: InteractionLog) -> tuple[Codes, tuple[Label, ...]]:
        """Return each customer's code into the labels, -1 where missing."""
        column = loaded(log, self.field)
        if not isinstance(column, Coded):
            raise InvalidInputError(title(self.field), "must be categorical", came(column))
        starts, stops = log.offsets[:-1], log.offsets[1:]
        rows = None
        if self.where is not None:
            rows = np.flatnonzero(event_mask(self.where, log))
            starts, stops = np.searchsorted(rows, starts), np.searchsorted(rows, stops)
        some = starts < stops
        place = (starts if self.which == "first" else stops - 1)[some]
        codes = np.full(log.n_customers, -1, np.intp)
        codes[some] = column.codes[place if rows is None else rows[place]]
        return codes, column.labels


def _pairs(given: object) -> tuple[tuple[Id, Label], ...]:
    pairs = given.items() if isinstance(given, Mapping) else given
    if not isinstance(pairs, Collection) or isinstance(pairs, str):
        raise InvalidInputError("groups", "must be a mapping of customer ids", came(given))
    checked: dict[Id, Label] = {}
    for place, (one, label) in enumerate(pairs):
        checked[identifier(f"groups: id {place}", one)] = _label(f"groups: label {place}", label)
    if not checked:
        raise InvalidInputError("groups", "must hold at least one customer")
    if len({type(one) for one in checked}) > 1:
        raise InvalidInputError("groups", "must have ids of one type")
    return tuple(sorted(checked.items(), key=lambda pair: cast("Any", pair[0])))


def _label(name: str, label: object) -> Label:
    if label is None or (isinstance(label, dt.date) and not isinstance(label, dt.datetime)):
        return label
    return scalar(name, label)


def _told(pairs: tuple[tuple[Id, Label], ...]) -> object:
    """Return what equal assignments share: as `same`, and fast for a million customers."""
    return pairs, tuple(type(label) for _, label in pairs)


@attrs.frozen(cache_hash=True)
class Assignment:
    """The group of each customer by id; who is not in it is in the missing group.

    Parameters
    ----------
    pairs : mapping of id to label
        Labels are str, bool, int, float, date or None. Kept as pairs sorted by id.

    Examples
    --------
    >>> Assignment({"c2": "test", "c1": "control"}).pairs
    (('c1', 'control'), ('c2', 'test'))
    """

    pairs: tuple[tuple[Id, Label], ...] = attrs.field(converter=_pairs, eq=_told, repr=False)

    def codes(self, log: InteractionLog) -> tuple[Codes, tuple[Label, ...]]:
        """Return each customer's code into the labels, -1 where missing."""
        owners = (log.customers if log.parent is None else log.parent.values).tolist()
        ours = type(self.pairs[0][0])
        if owners and type(owners[0]) is not ours:
            said = f"got {ours.__name__}, those of the log are {type(owners[0]).__name__}"
            raise InvalidInputError("groups", "must have the log's type of customer id", said)
        labels = {label_key(label): label for _, label in self.pairs if label is not None}
        code = {key: number for number, key in enumerate(labels)}
        of = {one: -1 if label is None else code[label_key(label)] for one, label in self.pairs}
        codes = np.fromiter((of.get(one, -1) for one in owners), np.intp, len(owners))
        return codes, tuple(labels.values())


# ---------------------------------------------------------------------- the grouping


def _source(given: object) -> str | Pick | Assignment:
    if isinstance(given, Pick | Assignment):
        return given
    return Assignment(given) if isinstance(given, Mapping) else text("source", given)


@attrs.frozen
class Grouping:
    """Which group each customer is in, not yet asked of any log.

    Parameters
    ----------
    source : str, Pick, Assignment or mapping of id to label
        The name of a customer attribute; a field at one event of each customer; or the groups
        themselves.
    name : str, optional
        What to call it in a result; left out, the attribute's name, ``first_<field>``,
        ``last_<field>`` or ``group``.

    Examples
    --------
    >>> from customerops.model import Grouping, first
    >>> Grouping("country").name, first("channel", where="purchase").name
    ('country', 'first_channel')
    """

    source: str | Pick | Assignment = attrs.field(converter=_source)
    name: str = attrs.field(default="")

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "name", text("name", self.name or self._default_name()))

    def _default_name(self) -> str:
        if isinstance(self.source, Pick):
            return f"{self.source.which}_{self.source.field.removeprefix(ATTRIBUTE)}"
        return self.source if isinstance(self.source, str) else "group"

    def labels(self, log: InteractionLog) -> tuple[Codes, tuple[Label, ...]]:
        """Return the group of each customer of a log.

        Parameters
        ----------
        log : InteractionLog
            As it was known at the metric's instant: ``log.until(as_of)``.

        Returns
        -------
        codes : ndarray of intp, shape (n_customers,)
            Positions in `labels`, in the order of ``log.customers``.
        labels : tuple of Label
            Those that occur, sorted by `label_key`; None, the missing group, last.

        Raises
        ------
        InvalidInputError
            For an attribute or column that was not loaded.
        """
        if isinstance(self.source, str):
            return _compact(*_attribute(self.source, log))
        return _compact(*self.source.codes(log))

    def to_dict(self) -> dict[str, Any]:
        """Return the grouping as plain JSON types, without loss.

        Examples
        --------
        >>> from customerops.model import Grouping, first
        >>> Grouping.from_dict(first("country").to_dict()) == first("country")
        True
        """
        from customerops.model.rules.grouping_written import grouping_to_dict

        return grouping_to_dict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Grouping:
        """Return the grouping of a dict made by `to_dict`.

        Raises
        ------
        InvalidInputError
            Naming the path of what is wrong.
        """
        from customerops.model.rules.grouping_written import grouping_from_dict

        return grouping_from_dict(data)


def _attribute(name: str, log: InteractionLog) -> tuple[Codes, tuple[Label, ...]]:
    columns = log.customer_columns
    if name in columns:
        column = columns[name]
        if not isinstance(column, Coded):
            raise InvalidInputError("by", "must be categorical", f"got {name!r}; it is a number")
        return column.codes.astype(np.intp), column.labels
    said = f"got {name!r}{did_you_mean(name, columns)}"
    if name in log.columns or ATTRIBUTE + name in log.columns:
        said = f"{name!r} is of events; use first({name!r}) or last({name!r})"
    elif not columns:
        said = f"got {name!r}; the log has none, with_customers brings them"
    raise InvalidInputError("by", "must be a customer attribute of the log", said)


def _compact(codes: Codes, labels: tuple[Label, ...]) -> tuple[Codes, tuple[Label, ...]]:
    """Keep the labels that occur, sorted, and give the missing a label of their own."""
    occurs = np.bincount(codes + 1, minlength=len(labels) + 1) > 0
    kept = [code for code in range(len(labels)) if occurs[code + 1]]
    kept.sort(key=lambda code: label_key(labels[code]))
    table = np.full(len(labels) + 1, len(kept), np.intp)  # the last, at -1, is the missing one
    table[kept] = np.arange(len(kept))
    return table[codes], (*(labels[code] for code in kept), *((None,) if occurs[0] else ()))


# ---------------------------------------------------------------------- making one


def first(field: str | Field, *, where: Rule | str | Collection[str] | None = None) -> Grouping:
    """Group customers by a field at their first event.

    Parameters
    ----------
    field : str or Field
        A field of events, or the name of an attribute of events: standard fields come first, so
        for an attribute that is named like one give ``attribute("channel")``.
    where : Rule, str or collection of str, optional
        The first of the events for which this event rule holds.

    Returns
    -------
    Grouping
        Named ``first_<field>``.

    Raises
    ------
    InvalidInputError
        If the field is not of events, holds numbers, or an event has several.

    Notes
    -----
    A customer without such an event, or whose first such event lacks the field, is in the missing
    group. For the first *known* value: ``first("channel", where=~channel.is_missing())``.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import InteractionLog, first
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"],
    ...     at=[dt.date(2026, 1, 2), dt.date(2026, 1, 5), dt.date(2026, 1, 3)],
    ...     kind=["visit", "purchase", "visit"],
    ...     channel=["web", "app", "store"],
    ...     tz=dt.timezone.utc,
    ... )
    >>> first("channel").labels(log)[1], first("channel", where="purchase").labels(log)[1]
    (('store', 'web'), ('app', None))
    """
    return Grouping(Pick(field, "first", where))


def last(field: str | Field, *, where: Rule | str | Collection[str] | None = None) -> Grouping:
    """Group customers by a field at their last event, as of the metric's instant.

    Parameters
    ----------
    field : str or Field
        As in `first`.
    where : Rule, str or collection of str, optional
        The last of the events for which this event rule holds.

    Returns
    -------
    Grouping
        Named ``last_<field>``.

    Examples
    --------
    >>> from customerops.model import last
    >>> last("plan").to_dict()["field"]
    'attributes.plan'
    """
    return Grouping(Pick(field, "last", where))


def as_grouping(by: str | Field | Pick | Grouping | Mapping[Any, Label]) -> Grouping:
    """Return what was given as ``by=`` as a grouping.

    Parameters
    ----------
    by : str, Field, Grouping, Pick or mapping of customer id to label
        A string, or the field ``customer("country")``, is a customer attribute.

    Returns
    -------
    Grouping
        Unbound data: it is asked of a log by `Grouping.labels`.

    Raises
    ------
    InvalidInputError
        For anything else; a field of events has to be picked by `first` or `last`.

    Examples
    --------
    >>> as_grouping("country") == Grouping("country")
    True
    """
    if isinstance(by, Grouping):
        return by
    if isinstance(by, Field):
        if is_of_customer(by.field):
            return Grouping(by.field.removeprefix(CUSTOMER))
        said = f"{title(by.field)} is of events; use first or last"
        raise InvalidInputError("by", "must be of the customer", said)
    if isinstance(by, str | Pick | Mapping):
        return Grouping(by)
    raise InvalidInputError("by", "must be a customer attribute or a Grouping", came(by))
