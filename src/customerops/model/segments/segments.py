"""Segments: named rules about customers in an order, of which the first that holds wins.

A segment is never stored on a customer. It is what a rule says of the customer's record and history
at an instant, on one customer's records and on the columns of a log alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.records.records import Customer, Interaction
from customerops.model.rules.grouping import Grouping
from customerops.model.rules.rules import And as Every
from customerops.model.rules.rules import Clause, Constant, Or, Rule, as_rule
from customerops.model.values.checks import did_you_mean
from customerops.model.values.frozenmap import FrozenMap
from customerops.model.values.labels import Label, label_key
from customerops.model.values.serial import read, under

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["Segment", "SegmentGrouping", "SegmentTrial", "Segmentation"]


def _rule(given: Rule) -> Rule:
    return as_rule(given, name="rule", level="customer")


@attrs.frozen(kw_only=True)
class Segment(Record):
    """A named rule about customers.

    Parameters
    ----------
    key : str
        Its name in data and in results.
    rule : Rule
        Who is in it: a rule about customers, on attributes (``customer("country") == "DE"``) or on
        history (``Did("purchase", within=...)``).
    labels : mapping of str to str
        What people call it, by language: ``{"en": "Loyal", "zh": "忠诚客户"}``.
    dimension : str, optional
        What it divides customers by: ``"demographic"`` (人口统计), ``"behavioural"`` (行为),
        ``"psychographic"`` (心理), or any other word. Nothing depends on it.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, a label is empty, or the rule is about events.

    Examples
    --------
    >>> from customerops.model import Did, Segment
    >>> loyal = Segment(key="loyal", rule=Did("purchase", 3), labels={"zh": "忠诚客户"})
    >>> loyal.label("zh"), loyal.label("fr")
    ('忠诚客户', 'loyal')
    """

    key: str
    rule: Rule = attrs.field(converter=_rule)
    labels: Mapping[str, str] = FrozenMap()  # type: ignore[assignment] # of strings only
    dimension: str | None = None

    def label(self, language: str) -> str:
        """Return what people call it in a language, or its key if that is not said."""
        return self.labels.get(language, self.key)


@attrs.frozen
class SegmentTrial:
    """What one segment said of a customer.

    Attributes
    ----------
    segment : Segment
        The segment.
    holds : bool
        Whether its rule holds; unknown is False.
    clauses : tuple of Clause
        Each clause of the rule with its truth and what it saw.

    Examples
    --------
    >>> from customerops.model import Did, Segment, SegmentTrial
    >>> SegmentTrial(Segment(key="loyal", rule=Did("purchase", 3)), False, ()).holds
    False
    """

    segment: Segment
    holds: bool
    clauses: tuple[Clause, ...]


@attrs.frozen(kw_only=True)
class Segmentation(Record):
    """Segments in an order: a customer is in the first whose rule holds.

    Parameters
    ----------
    segments : tuple of Segment
        At least one; no two with the same key.
    key : str
        What the division is called: the name of its axis in results.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, there is no segment, or two have the same key.

    Notes
    -----
    A rule that is unknown, since what it asks about is missing, does not hold, and the next one is
    asked. Who is in no segment has the missing label, None, in results: add a last segment with the
    rule ``always`` to give them a name.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, Interaction, Segment, Segmentation
    >>> value = Segmentation(
    ...     segments=(
    ...         Segment(key="loyal", rule=Did("purchase", 3)),
    ...         Segment(key="buyer", rule=Did("purchase")),
    ...     )
    ... )
    >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> bought = [Interaction(id="e1", customer_id="c1", at=at, kind="purchase")]
    >>> value.segment_of(bought, as_of=at).key
    'buyer'
    >>> for trial in value.explain(bought, as_of=at):
    ...     for clause in trial.clauses:
    ...         print(trial.segment.key, trial.holds, clause.rule.describe(), clause.seen)
    loyal False did (kind is purchase) at least 3 times 1
    buyer True did (kind is purchase) 1
    >>> Segmentation.from_dict(value.to_dict()) == value
    True
    """

    segments: tuple[Segment, ...]
    key: str = "segment"

    def _check(self) -> None:
        if not self.segments:
            raise InvalidInputError("segments", "must hold at least one", "got none")
        if len(set(self.keys)) < len(self.segments):
            raise InvalidInputError("segments", "must differ in key", "two are the same")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the segments, in their order."""
        return tuple(segment.key for segment in self.segments)

    @property
    def unreachable(self) -> tuple[str, ...]:
        """The keys of segments that nobody can be in, whatever the data.

        Notes
        -----
        Such is a segment whose rule is `never`, comes after `always`, is the same as an earlier
        one, or is an earlier one and something more. That is what the rules show by their form:
        one segment can also shadow another by what values mean (``amount >= 50`` before
        ``amount >= 60``) or by the customers there are; `segment_reach` tells that from a log.

        Examples
        --------
        >>> from customerops.model import Did, Segment, Segmentation, customer
        >>> bought = Did("purchase")
        >>> Segmentation(
        ...     segments=(
        ...         Segment(key="buyer", rule=bought),
        ...         Segment(key="German buyer", rule=bought & (customer("country") == "DE")),
        ...     )
        ... ).unreachable
        ('German buyer',)
        """
        earlier: set[Rule] = set()
        found = []
        for segment in self.segments:
            if _never_first(segment.rule, earlier):
                found.append(segment.key)
            earlier.update(_implying(segment.rule))
        return tuple(found)

    def segment(self, key: str) -> Segment:
        """Return the segment with a key.

        Raises
        ------
        InvalidInputError
            If there is none.
        """
        for segment in self.segments:
            if segment.key == key:
                return segment
        said = f"got {key!r}{did_you_mean(key, self.keys)}"
        raise InvalidInputError("key", "must be one of the segments", said)

    def segment_of(
        self,
        interactions: Iterable[Interaction],
        *,
        as_of: dt.datetime,
        customer: Customer | None = None,
    ) -> Segment | None:
        """Return the segment one customer is in at an instant; None for no segment.

        Parameters
        ----------
        interactions : iterable of Interaction
            The customer's, in any order. Those after `as_of` are not used.
        as_of : datetime
            Timezone-aware, inclusive.
        customer : Customer, optional
            The record, which rules on ``customer(name)`` need.

        Raises
        ------
        InvalidInputError
            As for `Rule.matches_customer`.
        """
        events = tuple(interactions)
        for segment in self.segments:
            if segment.rule.matches_customer(events, as_of=as_of, customer=customer):
                return segment
        return None

    def explain(
        self,
        interactions: Iterable[Interaction],
        *,
        as_of: dt.datetime,
        customer: Customer | None = None,
    ) -> tuple[SegmentTrial, ...]:
        """Return why one customer is in a segment: each one asked, up to the first that holds.

        Parameters as in `segment_of`.
        """
        events = tuple(interactions)
        trials = []
        for segment in self.segments:
            holds = segment.rule.matches_customer(events, as_of=as_of, customer=customer)
            clauses = segment.rule.explain_customer(events, as_of=as_of, customer=customer)
            trials.append(SegmentTrial(segment, holds, clauses))
            if holds:
                break
        return tuple(trials)

    def matching(
        self, log: InteractionLog, *, as_of: dt.datetime | None = None
    ) -> NDArray[np.bool_]:
        """Return for which customers of a log each rule holds, whichever comes first.

        Returns
        -------
        ndarray of bool, shape (n_segments, n_customers)
            Rows in the order of the segments, columns in that of ``log.customers``.

        Raises
        ------
        InvalidInputError
            As for `Rule.members`.
        """
        return np.stack([segment.rule.members(log, as_of=as_of) for segment in self.segments])

    def places(self, log: InteractionLog, *, as_of: dt.datetime | None = None) -> NDArray[np.intp]:
        """Return which segment each customer of a log is in.

        Returns
        -------
        ndarray of intp, shape (n_customers,)
            Positions in `segments`, their number for no segment; in the order of
            ``log.customers``, those who entered after `as_of` included.
        """
        return first_match(self.matching(log, as_of=as_of))

    def grouping(self) -> SegmentGrouping:
        """Return the segments as groups: what ``by=`` of any metric takes.

        Returns
        -------
        SegmentGrouping
            Every customer is in the group of their segment as of the metric's instant.
        """
        return SegmentGrouping(self.key, segmentation=self)


@attrs.frozen
class SegmentGrouping(Grouping):
    """Segments as the groups of a metric; made by `Segmentation.grouping`.

    Attributes
    ----------
    segmentation : Segmentation
        Whose segments; the first one that a customer matches is the group.
    source, name
        As for `Grouping`.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Did, InteractionLog, Segment, Segmentation
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["visit", "purchase", "visit"],
    ...     at=[dt.date(2026, 1, d) for d in (2, 5, 3)], tz=dt.timezone.utc,
    ... )
    >>> buyers = Segmentation(segments=(Segment(key="buyer", rule=Did("purchase")),))
    >>> buyers.grouping().labels(log.until_day(dt.date(2026, 1, 6)))[1]
    ('buyer', None)
    """

    segmentation: Segmentation = attrs.field(kw_only=True)

    def labels(self, log: InteractionLog) -> tuple[NDArray[np.intp], tuple[Label, ...]]:
        """Return the group of each customer of a log, as for `Grouping.labels`."""
        places = self.segmentation.places(log)
        names: list[Label] = [*self.segmentation.keys, None]
        occurs = np.bincount(places, minlength=len(names)) > 0
        kept = sorted(np.flatnonzero(occurs).tolist(), key=lambda i: label_key(names[i]))
        table = np.zeros(len(names), np.intp)
        table[kept] = np.arange(len(kept))
        return table[places], tuple(names[i] for i in kept)

    def to_dict(self) -> dict[str, Any]:
        """Return the grouping as plain JSON types, without loss."""
        inner = self.segmentation.to_dict()
        return {"grouping": "segmentation", "name": self.name, "segmentation": inner}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> SegmentGrouping:
        """Return the grouping of a dict made by `to_dict`.

        Raises
        ------
        InvalidInputError
            Naming the path of what is wrong.
        """
        own = read("grouping", data, ("grouping", "name", "segmentation"))
        if own["grouping"] != "segmentation":
            raise InvalidInputError("grouping.grouping", "must be 'segmentation'", "got another")
        with under("grouping.segmentation", "Segmentation"):
            segmentation = Segmentation.from_dict(own["segmentation"])
        with under("grouping", "grouping"):
            return SegmentGrouping(segmentation.key, own["name"], segmentation=segmentation)


def first_match(matching: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the first row that is True in each column; the number of rows if none is."""
    place: NDArray[np.intp] = matching.argmax(axis=0)
    place[~matching.any(axis=0)] = len(matching)
    return place


def _implying(rule: Rule) -> tuple[Rule, ...]:
    """Return rules of which each, where it is True, makes this one True."""
    return (rule, *rule.rules) if isinstance(rule, Or) else (rule,)


def _never_first(rule: Rule, earlier: set[Rule]) -> bool:
    if Constant(truth=True) in earlier or rule == Constant(truth=False) or rule in earlier:
        return True
    if isinstance(rule, Every):
        return any(_never_first(part, earlier) for part in rule.rules)
    return isinstance(rule, Or) and all(_never_first(part, earlier) for part in rule.rules)
