"""Who is who: records of one customer joined by what they share, explained, and taken apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.identity.coding import coded, places
from customerops.model.identity.columns import IdentifierColumns, SourceRecord, locked
from customerops.model.identity.evidence import Evidence
from customerops.model.identity.joining import Heard, hear
from customerops.model.identity.merge_log import IdentityTie, MergeLog, log_of, path
from customerops.model.identity.rules import (
    IdentityRules,
    IdentitySplit,
    Link,
    SharedIdentifier,
)
from customerops.model.records.records import Customer
from customerops.model.values import html
from customerops.model.values.checks import Id, came, each

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["IdentityDecisions", "Resolution", "resolve_identities"]


@attrs.frozen(kw_only=True)
class IdentityDecisions:
    """What somebody said besides the records, without repetitions and in a fixed order.

    Attributes
    ----------
    links : tuple of Link
        Who was said to be one customer.
    splits : tuple of IdentitySplit
        Who was said to be several.
    distrusted : frozenset of SharedIdentifier or Link
        Evidence that is not to be taken.
    prefer : frozenset of ids
        Records whose id a customer is to have.
    """

    links: tuple[Link, ...]
    splits: tuple[IdentitySplit, ...]
    distrusted: frozenset[SharedIdentifier | Link]
    prefer: frozenset[Id]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Resolution(Mapping[Id, Id]):
    """Which records are one customer: a mapping of record to customer, made by `resolve_identities`.

    It goes into ``log.relabel(resolution)`` as it is. The id of a customer is the id of one of its
    records, so an id once given away always leads to a customer.

    Attributes
    ----------
    records : ndarray, shape (n,)
        All records, sorted; read-only.
    customers : ndarray, shape (n,)
        The customer of each; read-only.
    rules : IdentityRules
        What it was made by.
    decisions : IdentityDecisions
        What else it was made by: its `links`, `splits`, `distrusted` and `prefer`.
    """

    records: NDArray[Any]
    customers: NDArray[Any]
    rules: IdentityRules
    decisions: IdentityDecisions
    columns: IdentifierColumns
    evidence: Evidence
    heard: Heard
    cache: dict[str, Any] = attrs.field(factory=dict, init=False)

    def __getitem__(self, record: Id) -> Id:
        """Return the customer a record belongs to."""
        if record not in self._customer_of:
            msg = "not a record of this resolution"  # an id would be somebody's
            raise KeyError(msg)
        return self._customer_of[record]

    def __iter__(self) -> Iterator[Id]:
        """Go through the records in order."""
        return iter(self._customer_of)

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.records)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same records, for the same reasons.

        With another mapping: whether it gives the same customers.
        """
        if not isinstance(other, Resolution):
            return self._customer_of == other if isinstance(other, Mapping) else NotImplemented
        mine, others = self.evidence, other.evidence
        return (
            self.rules == other.rules
            and self.decisions == other.decisions
            and np.array_equal(self.records, other.records)
            and np.array_equal(self.customers, other.customers)
            and np.array_equal(self.heard.fate, other.heard.fate)
            and np.array_equal(mine.offsets, others.offsets)
            and np.array_equal(mine.holder, others.holder)
            and all(mine.piece(i) == others.piece(i) for i in range(len(mine)))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the sizes, and no id."""
        return f"Resolution({len(self)} records, {len(self.clusters)} customers)"

    def __reduce__(self) -> tuple[object, ...]:
        """Resolve again: the answer is the same, and the coded evidence is large."""
        return (_resolved, (self.columns, self.rules, self.decisions))

    @property
    def _customer_of(self) -> dict[Id, Id]:
        if "customer_of" not in self.cache:
            pairs = zip(self.records.tolist(), self.customers.tolist(), strict=True)
            self.cache["customer_of"] = dict(pairs)
        found: dict[Id, Id] = self.cache["customer_of"]
        return found

    @property
    def clusters(self) -> Mapping[Id, tuple[Id, ...]]:
        """The records of each customer; both in order."""
        if "clusters" not in self.cache:
            made: dict[Any, list[Id]] = {}
            for record, customer in self._customer_of.items():
                made.setdefault(customer, []).append(record)
            self.cache["clusters"] = MappingProxyType({c: tuple(made[c]) for c in sorted(made)})
        found: Mapping[Id, tuple[Id, ...]] = self.cache["clusters"]
        return found

    def members(self, record: Id) -> tuple[Id, ...]:
        """Return all records of the customer a record belongs to.

        Raises
        ------
        InvalidInputError
            If the record is not there.
        """
        return self.clusters[self[self._known("record", record)]]

    def merge_log(self, *, of: Id | None = None) -> MergeLog:
        """Return every join and every refused join, with its reason.

        Parameters
        ----------
        of : int, str or UUID, optional
            A record: only what touches its customer. Of millions of records ask for one.

        Raises
        ------
        InvalidInputError
            If the record is not there.
        """
        touched = None if of is None else places(self.records, self.members(self._known("of", of)))
        return log_of(self.evidence, self.heard, self.rules, touched)

    def explain(self, a: Id, b: Id) -> tuple[IdentityTie, ...]:
        """Return why two records are one customer: the shortest chain of evidence from a to b.

        Parameters
        ----------
        a, b : int, str or UUID
            Two records of one customer.

        Returns
        -------
        tuple of IdentityTie
            Empty if they are one record. Of chains of one length, the one that was heard first.

        Raises
        ------
        InvalidInputError
            If one is not there, or they are two customers: `merge_log` tells what was refused.
        """
        if self[self._known("a", a)] != self[self._known("b", b)]:
            must = "must be of the customer that a is of"
            raise InvalidInputError("b", must, "merge_log(of=a).refusals tells what was refused")
        start, end = (int(places(self.records, [one])[0]) for one in (a, b))
        members = places(self.records, self.members(a))
        return path(self.evidence, self.heard, start, end, members)

    def unmerge(self, what: Iterable[Id] | SharedIdentifier | Link) -> Resolution:
        """Return the resolution without some records, or without a piece of evidence.

        Parameters
        ----------
        what : iterable of ids, SharedIdentifier or Link
            Records of one customer, not all of it: they become another customer, and an
            `IdentitySplit` is added to ``decisions.splits``. Or evidence: it no longer joins
            anybody, and is added to ``decisions.distrusted``; a link whatever its weight.

        Returns
        -------
        Resolution
            What `resolve_identities` gives of the same records with that decision more. Keep the
            decision and pass it next time.

        Raises
        ------
        InvalidInputError
            If a record is not there, the records are of several customers or all of one, or no
            record and no link has that evidence.
        """
        if isinstance(what, SharedIdentifier | Link):
            if not self._rests_on(what):
                raise InvalidInputError("what", "must be evidence of this resolution")
            distrusted = self.decisions.distrusted | {what}
            decisions = attrs.evolve(self.decisions, distrusted=distrusted)
        else:
            splits = (*self.decisions.splits, self._split(what))
            decisions = attrs.evolve(self.decisions, splits=_splits(splits))
        return _resolved(self.columns, self.rules, decisions)

    def _split(self, what: Iterable[Id]) -> IdentitySplit:
        taken = {self._known(f"what[{i}]", one) for i, one in enumerate(each("what", what))}
        if not taken:
            raise InvalidInputError("what", "must not be empty", "got no record")
        if len({self[one] for one in taken}) > 1:
            raise InvalidInputError("what", "must be records of one customer", "got of several")
        others = set(self.members(next(iter(taken)))) - taken
        if not others:
            raise InvalidInputError("what", "must leave the customer a record", "got all")
        return IdentitySplit(records=frozenset(taken), others=frozenset(others))

    def _rests_on(self, what: SharedIdentifier | Link) -> bool:
        if isinstance(what, Link):
            return any(_pair(what) == _pair(link) for link in self.decisions.links)
        types, values = self.evidence.identifiers
        return bool(((types == what.type) & (values == what.value)).any())

    def _known(self, name: str, record: Id) -> Id:
        try:
            known = record in self._customer_of
        except TypeError:
            known = False
        if not known:
            raise InvalidInputError(name, "must be a record of this resolution")
        return record

    def to_frame(self) -> pd.DataFrame:
        """Return one row per record: ``record, customer``."""
        import pandas as pd

        return pd.DataFrame({"record": self.records, "customer": self.customers})

    def _repr_html_(self) -> str:
        """Show how many customers have how many records, and none of them."""
        sizes = self.to_frame()["customer"].value_counts().value_counts().sort_index()
        customers = {"customers": [html.number(n) for n in sizes.tolist()]}
        labels = {"records of a customer": sizes.index.tolist()}
        faint = [False] * len(sizes)
        return html.rows_html("resolution", labels, customers, faint, len(sizes))


def resolve_identities(
    records: Iterable[Customer | SourceRecord] | IdentifierColumns,
    rules: IdentityRules,
    *,
    links: Iterable[Link] = (),
    splits: Iterable[IdentitySplit] = (),
    distrusted: Iterable[SharedIdentifier | Link] = (),
    prefer: Iterable[Id] = (),
) -> Resolution:
    """Return which records are one customer (OneID, 身份识别).

    Parameters
    ----------
    records : iterable of Customer or SourceRecord, or IdentifierColumns
        Who holds which identifiers, normalised: two spellings are two identifiers.
    rules : IdentityRules
        What joins, strongest first, and what separates.
    links : iterable of Link
        Pairs that somebody or a model calls one, each under the rule of its type. A pair given
        twice counts once, with its larger weight.
    splits : iterable of IdentitySplit
        Records that were taken apart and stay apart; see `Resolution.unmerge`. Records that are
        not there are passed over.
    distrusted : iterable of SharedIdentifier or Link
        Evidence that does not count; see `Resolution.unmerge`.
    prefer : iterable of ids
        Records whose ids customers shall have: the golden ids of a master system, or
        ``previous.clusters``, the ids given out last time.

    Returns
    -------
    Resolution
        Record to customer, with the reasons.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be, an id is there twice among the records, or a link
        is between records that are not there or of a type that no rule names.

    Notes
    -----
    Rules are heard in their order, and within one: identifiers before links; of identifiers those
    with fewer holders first, then by their text; of links the heavier first, then by their
    records. A piece of evidence joins all who share it, unless clusters would meet that hold
    different values of a separating type (or lie on two sides of a split): then it joins none of
    them, for it is not known whose it is. So a weak link never joins what a strong identifier
    separates, and the answer does not depend on the order of the records. Where nothing
    separates, customers are the connected components of records and values.

    Values that are blocked, distrusted or held by more records than the rule allows neither join
    nor separate. Values of a separating type that one record holds together count as one.

    The id of a customer is the smallest record in `prefer` among its own, or the smallest record
    if none is. With ``prefer=previous.clusters`` a customer keeps its id when records are added;
    where two become one the smaller of their ids stays, and the other still is the id of a record
    that leads to it. An id follows its record when a customer is taken apart.

    References
    ----------
    Tarjan, R. E. (1975). Efficiency of a good but not linear set union algorithm. JACM 22(2).
    Fellegi, I. P., Sunter, A. B. (1969). A theory for record linkage. JASA 64(328): for the
    weights that links bring.

    Examples
    --------
    >>> from customerops.model import Customer, Identifier, IdentityRules, JoinRule, resolve_identities
    >>> def known(id, **by):
    ...     values = frozenset(Identifier(type=t, value=v) for t, v in by.items())
    ...     return Customer(id=id, identifiers=values)
    >>> records = [
    ...     known("app", user_id="u7", phone="+8613800138000"),
    ...     known("shop", email="ann@example.com", phone="+8613800138000"),
    ...     known("desk", email="ann@example.com"),
    ...     known("son", user_id="u8", phone="+8613800138000"),
    ... ]
    >>> rules = IdentityRules(joins=("user_id", "email", "phone"), unique={"user_id"})
    >>> who = resolve_identities(records, rules)
    >>> who["desk"], who.clusters["app"]
    ('desk', ('app',))
    >>> who.merge_log(of="app").refusals[0].reason
    'phone would join different values of user_id'
    >>> resolve_identities(records[:3], rules).clusters
    mappingproxy({'app': ('app', 'desk', 'shop')})
    """
    columns = records if isinstance(records, IdentifierColumns) else IdentifierColumns.of(records)
    if not isinstance(rules, IdentityRules):
        raise InvalidInputError("rules", "must be an IdentityRules", came(rules))
    decisions = IdentityDecisions(
        links=_links(_all_of("links", links, Link)),
        splits=_splits(_all_of("splits", splits, IdentitySplit)),
        distrusted=frozenset(_all_of("distrusted", distrusted, SharedIdentifier, Link)),
        prefer=frozenset(each("prefer", prefer)),
    )
    return _resolved(columns, rules, decisions)


def _resolved(
    columns: IdentifierColumns, rules: IdentityRules, said: IdentityDecisions
) -> Resolution:
    evidence = coded(columns, rules, said.links, said.splits, said.distrusted)
    heard = hear(evidence)
    name = np.arange(len(evidence.records))
    wanted = places(evidence.records, said.prefer)[::-1]
    name[heard.label[wanted]] = wanted  # the last assignment stays: the smallest
    return Resolution(
        records=evidence.records,
        customers=locked(evidence.records[name[heard.label]]),
        rules=rules,
        decisions=said,
        columns=columns,
        evidence=evidence,
        heard=heard,
    )


def _all_of(name: str, given: Iterable[Any], *kinds: type) -> list[Any]:
    items = list(each(name, given))
    for i, one in enumerate(items):
        if not isinstance(one, kinds):
            names = " or ".join(kind.__name__ for kind in kinds)
            raise InvalidInputError(f"{name}[{i}]", f"must be of type {names}", came(one))
    return items


def _pair(link: Link) -> tuple[Any, ...]:
    return (link.type, link.a, link.b)


def _links(links: Iterable[Link]) -> tuple[Link, ...]:
    """Return links in a fixed order, of each pair and type the heaviest."""
    by_weight = sorted(links, key=lambda link: link.weight)
    best = {_pair(link): link for link in by_weight}
    return tuple(sorted(best.values(), key=lambda link: tuple(map(repr, _pair(link)))))


def _splits(splits: Iterable[IdentitySplit]) -> tuple[IdentitySplit, ...]:
    def order(split: IdentitySplit) -> tuple[list[str], list[str]]:
        return sorted(map(repr, split.records)), sorted(map(repr, split.others))

    return tuple(sorted(set(splits), key=order))
