"""Erasure of a person from records: what goes, what a law holds back, and what stays and why.

Nothing is deleted here, for nothing is stored here: `erase` says for each record what becomes of
it, and returns what is left. The embedding app makes its stores agree.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.records.records import Consent, Customer, Interaction, Subscription
from customerops.model.rights.masking import PERSON
from customerops.model.rights.secrets import secret, token
from customerops.model.rights.suppression import Suppression, suppressions_of
from customerops.model.values.checks import Id, came, each, identifier, one_of
from customerops.model.values.instants import as_instant

__all__ = [
    "ERASED",
    "Erasure",
    "ErasureOutcome",
    "LegalHold",
    "Outcome",
    "erase",
    "holds_of",
]

ERASED = "erased"
"""Who a guardian was that is erased: the child's consent stays a guardian's."""

_TYPES: dict[str, type[Record]] = {
    one.__name__: one for one in (Customer, Interaction, Subscription, Consent)
}


class Outcome(StrEnum):
    """What becomes of a record."""

    ERASED = "erased"
    RESTRICTED = "restricted"
    """Kept apart, for one named purpose and nothing else."""
    KEPT = "kept"


@attrs.frozen(kw_only=True)
class LegalHold(Record):
    """A duty to keep some records, which goes before erasure.

    Parameters
    ----------
    name : str
        Under which name it restricts records, such as ``"tax"``.
    article : str
        The law that asks for it.
    records : frozenset of {"Customer", "Interaction", "Subscription", "Consent"}
        The records it is about.
    kinds : frozenset of str
        For interactions, which kinds; empty for all.
    keep_for : timedelta, optional
        For how long after the record's instant: of an interaction and a consent ``at``, of a
        subscription ``ended_at``, of a customer ``created_at``. None, or no instant: until the
        hold is lifted.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, or a record not one of these.

    References
    ----------
    GDPR article 17(3)(b) and (e), 18(2). PIPL article 47(2).

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import LegalHold
    >>> tax = LegalHold(
    ...     name="tax", article="AO § 147", records={"Interaction"}, kinds={"purchase", "refund"},
    ...     keep_for=dt.timedelta(days=8 * 366),
    ... )
    >>> tax.article
    'AO § 147'
    """

    name: str
    article: str
    records: frozenset[str]
    kinds: frozenset[str] = frozenset()
    keep_for: dt.timedelta | None = None

    def _check(self) -> None:
        for one in self.records:
            one_of("records", one, _TYPES)

    def covers(self, record: Record, at: dt.datetime) -> bool:
        """Return whether a record must be kept at an instant."""
        if type(record).__name__ not in self.records:
            return False
        if isinstance(record, Interaction) and self.kinds and record.kind not in self.kinds:
            return False
        since = _since(record)
        return since is None or self.keep_for is None or at - since < self.keep_for


@attrs.frozen(kw_only=True)
class ErasureOutcome:
    """What becomes of one record, and why.

    Attributes
    ----------
    position : int
        Which of the records given.
    record : str
        Its type.
    outcome : Outcome
        Erased, restricted or kept.
    reason : str
        Why; it names nobody.
    hold : str or None
        The legal hold, if it is restricted.
    """

    position: int
    record: str
    outcome: Outcome
    reason: str
    hold: str | None = None


@attrs.frozen(kw_only=True, repr=False)
class Erasure:
    """What an erasure did.

    Attributes
    ----------
    at : datetime
        When.
    outcomes : tuple of ErasureOutcome
        One a record, in their order.
    remaining : tuple of Record
        The records that stay in use: of others, without references to the person.
    restricted : tuple of (str, Record)
        The records held back, each with the name of its hold. They alone still name the person.
    suppressions : tuple of Suppression
        What the person refused, by tokens.
    token : str
        Keyed token of the erased id, as proof and so that the id is not given again.
    """

    at: dt.datetime
    outcomes: tuple[ErasureOutcome, ...]
    remaining: tuple[Record, ...]
    restricted: tuple[tuple[str, Record], ...]
    suppressions: tuple[Suppression, ...]
    token: str

    def __repr__(self) -> str:
        """Return how many records went and stayed, and nothing about whose."""
        counts = ", ".join(f"{n} {outcome}" for outcome, n in self.counts().items())
        return f"Erasure({counts})"

    def counts(self) -> dict[str, int]:
        """Return how many records have each outcome."""
        found = Counter(one.outcome for one in self.outcomes)
        return {outcome.value: found[outcome] for outcome in Outcome}

    def was(self, customer_id: Id, *, key: str | bytes) -> bool:
        """Return whether an id is the erased one: a person who returns gets another.

        Raises
        ------
        InvalidInputError
            If it is no id, or the key is short.
        """
        return self.token == token(secret(key), PERSON, identifier("customer_id", customer_id))


def erase(
    records: Iterable[Record],
    *,
    customer_id: Id,
    at: dt.datetime,
    key: str | bytes,
    holds: Iterable[LegalHold] = (),
) -> Erasure:
    """Return what becomes of each record when a person is erased, and what is left.

    Parameters
    ----------
    records : iterable of Customer, Interaction, Subscription or Consent
        Of the person and of others, in any order.
    customer_id : int, str or UUID
        The person.
    at : datetime
        When; timezone-aware.
    key : bytes or str
        For tokens; at least 16 bytes.
    holds : iterable of LegalHold
        Duties to keep records; the first that covers a record restricts it.

    Returns
    -------
    Erasure
        Every record of the person is erased, or restricted by a named hold. Records of others are
        kept; where one refers to the person, the reference is removed, and an attribute that is
        the person's id too (an id that is a number is not looked for among numbers). A guardian
        becomes ``"erased"``, so that the child's consent stays valid.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be. No message names the person.

    Notes
    -----
    What the person refused is kept as keyed tokens of the identifiers on the `Customer` record:
    see `suppressions_of`. A log is erased from with `erase_from_log`.

    References
    ----------
    GDPR articles 17 to 19. PIPL article 47.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Interaction, erase
    >>> day = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> seen = [Interaction(customer_id=c, at=day, kind="visit") for c in ("c-9", "c-8", "c-9")]
    >>> gone = erase(seen, customer_id="c-9", at=day, key="a key that is kept elsewhere")
    >>> gone, len(gone.remaining)
    (Erasure(2 erased, 0 restricted, 1 kept), 1)
    """
    who = identifier("customer_id", customer_id)
    instant = as_instant("at", at)
    made = secret(key)
    duties = holds_of(holds)
    outcomes: list[ErasureOutcome] = []
    remaining: list[Record] = []
    restricted: list[tuple[str, Record]] = []
    own: list[Record] = []
    for i, record in enumerate(each("records", records)):
        if type(record) not in _TYPES.values():
            raise InvalidInputError(
                f"records[{i}]", f"must be one of {', '.join(_TYPES)}", came(record)
            )
        outcome, reason, hold = Outcome.KEPT, "it is of another customer", None
        if _owner(record) == who:
            own.append(record)
            duty = next((one for one in duties if one.covers(record, instant)), None)
            outcome, reason = Outcome.ERASED, "no duty to keep it"
            if duty is not None:
                outcome, reason, hold = Outcome.RESTRICTED, duty.article, duty.name
                restricted.append((duty.name, record))
        else:
            left = _without(record, who)
            if left is not record:
                reason = "it is of another customer; the reference to this one is removed"
            remaining.append(left)
        outcomes.append(
            ErasureOutcome(
                position=i,
                record=type(record).__name__,
                outcome=outcome,
                reason=reason,
                hold=hold,
            )
        )
    said = [one for one in own if isinstance(one, Consent)]
    people = [one for one in own if isinstance(one, Customer)]
    refused = [one for person in people for one in suppressions_of(person, said, key=made)]
    return Erasure(
        at=instant,
        outcomes=tuple(outcomes),
        remaining=tuple(remaining),
        restricted=tuple(restricted),
        suppressions=tuple(dict.fromkeys(refused)),
        token=token(made, PERSON, who),
    )


def holds_of(holds: object) -> list[LegalHold]:
    """Return legal holds, checked: each name once."""
    found: list[LegalHold] = []
    for i, one in enumerate(each("holds", holds)):
        if not isinstance(one, LegalHold):
            raise InvalidInputError(f"holds[{i}]", "must be a LegalHold", came(one))
        if any(one.name == other.name for other in found):
            raise InvalidInputError(f"holds[{i}]", "must have a name of its own", "it is taken")
        found.append(one)
    return found


def _names(value: object, who: Id) -> bool:
    """Return whether a value of an attribute is an id; a number could be anything."""
    written = str(who) if isinstance(who, UUID) else who
    return isinstance(written, str) and isinstance(value, str | UUID) and str(value) == written


def _owner(record: Any) -> Id:
    owner: Id = record.id if isinstance(record, Customer) else record.customer_id
    return owner


def _since(record: Any) -> dt.datetime | None:
    if isinstance(record, Customer):
        return record.created_at
    since: dt.datetime | None = record.ended_at if isinstance(record, Subscription) else record.at
    return since


def _without(record: Any, who: Id) -> Record:
    """Return a record of another customer without references to this one."""
    change: dict[str, Any] = {
        name: None
        for name in ("account_id", "owner_id", "actor_id")
        if getattr(record, name, None) == who
    }
    if getattr(record, "guardian_id", None) == who:
        change["guardian_id"] = ERASED
    attributes = getattr(record, "attributes", {})
    if any(_names(value, who) for value in attributes.values()):
        change["attributes"] = {k: v for k, v in attributes.items() if not _names(v, who)}
    left: Record = attrs.evolve(record, **change) if change else record
    return left
