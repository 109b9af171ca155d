"""Who is reachable: by which channels there is both a permission and an address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.records.kinds import Channel, IdentifierType
from customerops.model.records.records import Consent, Customer
from customerops.model.rights.population import permitted_all
from customerops.model.rights.question import LawName
from customerops.model.rights.regimes import Regime
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.tables.per_customer import PerCustomer
from customerops.model.values.checks import Id, came, did_you_mean, each, identifier, one_of, text
from customerops.model.values.instants import as_instant, to_us

__all__ = ["CHANNEL_IDENTIFIERS", "PRIVATE_CHANNELS", "Reachable", "reachable"]

CHANNEL_IDENTIFIERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        Channel.EMAIL.value: (IdentifierType.EMAIL.value,),
        Channel.SMS.value: (IdentifierType.PHONE.value,),
        Channel.PHONE.value: (IdentifierType.PHONE.value,),
        Channel.PUSH.value: (IdentifierType.DEVICE_ID.value,),
        Channel.APP.value: (IdentifierType.USER_ID.value,),
        Channel.WECHAT.value: (IdentifierType.WECHAT_OPENID.value,),
        Channel.WECOM.value: (IdentifierType.WECOM_EXTERNAL_USERID.value,),
    }
)
"""Channel to the types of `Identifier` by one of which a message can be sent there."""

PRIVATE_CHANNELS: frozenset[str] = frozenset(
    channel.value
    for channel in (
        Channel.APP,
        Channel.COMMUNITY,
        Channel.EMAIL,
        Channel.MAIL,
        Channel.PHONE,
        Channel.PUSH,
        Channel.SMS,
        Channel.WECHAT,
        Channel.WECOM,
    )
)
"""Channels of one's own (私域): customers are reached directly, again and again, and no platform
decides who sees what. All others are public (公域)."""

_BETWEEN = ", "
Columns = Literal["permitted", "identified", "reachable"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Reachable(PerCustomer):
    """By which channels each customer may and can be reached (可触达); made by `reachable`.

    One row a customer, and in each column the channels that hold, sorted and joined by ``", "``: ``permitted``, ``identified``, where there is an address that works, and
    ``reachable``, both. Results of disjoint customers add.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("permitted", "identified", "reachable")

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that were asked about."""
        asked: tuple[str, ...] = self.context.option("channels")
        return asked

    def by_channel(self, of: Columns = "reachable") -> Proportion:
        """Return the share of the customers by channel, of those permitted, identified or both.

        A customer of several channels counts in each, so that the shares do not add up to 1.
        """
        one_of("of", of, self.COLUMNS)
        rows, customers = self.distinct()
        held = _held(rows[of], self.channels)
        count = (held * customers[:, None]).sum(axis=0)
        axis = Axis("channel", self.channels, "state", disjoint=False)
        return self._share(f"{of}_by_channel", count, np.full(len(count), len(self)), (axis,))

    def by_domain(self) -> Proportion:
        """Return the share of the customers reachable by private channels alone, public, both, none.

        The labels are ``"private"`` (私域), ``"public"`` (公域), ``"both"`` and ``"none"``; each
        customer is in one.
        """
        private, public, customers = self._domains()
        cells = {
            "both": private & public,
            "none": ~private & ~public,
            "private": private & ~public,
            "public": public & ~private,
        }
        count = np.array([customers[cell].sum() for cell in cells.values()])
        axis = Axis("domain", list(cells), "state", disjoint=True)
        return self._share("by_domain", count, np.full(len(cells), len(self)), (axis,))

    @property
    def share(self) -> Proportion:
        """The share of the customers who are reachable by any channel (可触达率)."""
        private, public, customers = self._domains()
        return self._share("any", customers[private | public].sum(), len(self))

    @property
    def private_share(self) -> Proportion:
        """The share reachable by a private channel, whatever the public ones (私域可触达率)."""
        private, _, customers = self._domains()
        return self._share("private", customers[private].sum(), len(self))

    def customers(self, channel: str) -> NDArray[Any]:
        """Return the ids of the customers reachable by a channel, sorted.

        Raises
        ------
        InvalidInputError
            If it was not asked about.
        """
        if channel not in self.channels:
            problem = f"got {channel!r}{did_you_mean(channel, self.channels)}"
            raise InvalidInputError("channel", f"must be one of {list(self.channels)}", problem)
        mine: NDArray[Any] = self.ids[_held(self.columns["reachable"], [channel])[:, 0]]
        return mine

    def _domains(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
        """Return of each different row whether it has private, public channels, and how many do."""
        own = self.context.option("private")
        rows, customers = self.distinct()
        held = _held(rows["reachable"], self.channels)
        private = np.array([channel in own for channel in self.channels], np.bool_)
        some = [np.asarray(held[:, which].any(axis=1)) for which in (private, ~private)]
        return some[0], some[1], customers

    def _share(
        self, definition: str, count: object, total: object, axes: tuple[Axis, ...] = ()
    ) -> Proportion:
        context = attrs.evolve(self.context, definition=definition)
        return Proportion(axes=axes, parts={"count": count, "total": total}, context=context)


def reachable(
    customers: Iterable[Customer],
    consents: Iterable[Consent],
    *,
    channels: Collection[str],
    purpose: str,
    at: dt.datetime,
    regime: Regime | LawName | None = None,
    ages: Mapping[Id, int] | None = None,
    notice_version: str | None = None,
    identifiers: Mapping[str, Collection[str]] = CHANNEL_IDENTIFIERS,
    evidence: Literal["known", "verified"] = "known",
    unusable: Mapping[str, PerCustomer | Iterable[Id]] = MappingProxyType({}),
    private: Collection[str] = PRIVATE_CHANNELS,
) -> Reachable:
    """Return by which channels each customer may be contacted and can be (可触达人群).

    Parameters
    ----------
    customers : iterable of Customer
        Who is asked about, once each; who was created after `at` is left out.
    consents : iterable of Consent
        What they said; of others, purposes and channels, too.
    channels : collection of str
        The channels to ask about.
    purpose : str
        What for, such as ``"marketing"``.
    at : datetime
        When; timezone-aware. What was said, or first seen, after it is not known.
    regime, ages, notice_version
        As for `permitted_all`.
    identifiers : mapping of str to collection of str, optional
        The types of identifier that will do for each channel; left out, `CHANNEL_IDENTIFIERS`.
    evidence : {"known", "verified"}
        Whether an identifier will do that the customer has not shown to be theirs.
    unusable : mapping of str to Audience or iterable of ids, optional
        By channel, customers whose address does not work: those to whom mails bounced for good, by
        `select`.
    private : collection of str, optional
        Which channels are one's own; left out, `PRIVATE_CHANNELS`.

    Returns
    -------
    Reachable
        A row a customer; ``.share``, ``.by_channel()`` and ``.by_domain()`` are shares with
        intervals, ``.customers("email")`` the ids to write to.

    Raises
    ------
    InvalidInputError
        As for `permitted_all`; if a channel has no types of identifier, or a customer is there
        twice.

    Notes
    -----
    Reachable by a channel: `permitted` for the purpose by it, and with an identifier of a type that
    will do, known at `at`, that is not unusable. It says who can be asked, not who will answer, nor
    whether it is their turn: `decide` knows caps and quiet hours.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.metrics import reachable
    >>> from customerops.model import Consent, Customer, Identifier
    >>> at = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> mail = Identifier(type="email", value="a@example.com")
    >>> people = [Customer(id="a", identifiers=frozenset({mail})), Customer(id="b")]
    >>> said = [
    ...     Consent(customer_id=who, purpose="marketing", status="granted", at=at) for who in "ab"
    ... ]
    >>> found = reachable(people, said, channels=["email"], purpose="marketing", at=at)
    >>> found.share.value, found.customers("email").tolist()
    (0.5, ['a'])
    """
    asked = _channels(channels, identifiers)
    instant = as_instant("at", at)
    needs_proof = one_of("evidence", evidence, ("known", "verified")) == "verified"
    people = _people(customers, instant)
    ids = list(people)
    said = list(each("consents", consents))
    broken = _unusable(unusable, asked)
    columns: dict[str, list[list[str]]] = {name: [[] for _ in ids] for name in Reachable.COLUMNS}
    for channel, types in asked.items():
        answers = permitted_all(
            said,
            purpose=purpose,
            channel=channel,
            at=at,
            customers=ids,
            ages=ages,
            regime=regime,
            notice_version=notice_version,
        )
        yes = dict(zip(answers.customers, answers.allowed.tolist(), strict=True))
        for i, (one, person) in enumerate(people.items()):
            can = one not in broken[channel] and any(
                known.type in types
                and (known.verified or not needs_proof)
                and (known.first_seen is None or known.first_seen <= instant)
                for known in person.identifiers
            )
            for name, holds in zip(
                Reachable.COLUMNS, (yes[one], can, yes[one] and can), strict=True
            ):
                if holds:
                    columns[name][i].append(channel)
    joined = {
        name: np.array([_BETWEEN.join(held) for held in rows], dtype=object)
        for name, rows in columns.items()
    }
    options = {
        "purpose": purpose,
        "channels": tuple(asked),
        "private": frozenset(text("private", one) for one in each("private", private)),
        "identifiers": tuple((name, types) for name, types in asked.items()),
        "evidence": evidence,
        "regime": regime,
        "notice_version": notice_version,
    }
    context = Context("reachable", as_of=to_us(instant), options=options)
    whole = all(type(one) is int for one in ids)
    return Reachable(
        ids=np.array(ids, np.int64 if whole else object), columns=joined, context=context
    )


def _channels(
    channels: Collection[str], identifiers: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the types of identifier that will do for each channel."""
    if not isinstance(identifiers, Mapping):
        raise InvalidInputError("identifiers", "must be a mapping of channels", came(identifiers))
    asked: dict[str, tuple[str, ...]] = {}
    for channel in sorted({text("channels", one) for one in each("channels", channels)}):
        if "," in channel:
            raise InvalidInputError("channels", "must have no comma in a name", f"got {channel!r}")
        if channel not in identifiers:
            problem = f"got {channel!r}{did_you_mean(channel, identifiers)}"
            raise InvalidInputError("channels", "must be in identifiers", problem)
        types = each("identifiers", identifiers[channel])
        asked[channel] = tuple(sorted({text("identifiers", one) for one in types}))
    if not asked:
        raise InvalidInputError("channels", "must name at least one")
    return asked


def _people(customers: Iterable[Customer], at: dt.datetime) -> dict[Id, Customer]:
    """Return the customers there were at an instant, by id."""
    people: dict[Id, Customer] = {}
    for i, one in enumerate(each("customers", customers)):
        if not isinstance(one, Customer):
            raise InvalidInputError(f"customers[{i}]", "must be a Customer", came(one))
        if one.id in people:
            raise InvalidInputError(
                "customers", "must be there once each", f"position {i} repeats"
            )
        if one.created_at is None or one.created_at <= at:
            people[one.id] = one
    return people


def _unusable(
    unusable: Mapping[str, PerCustomer | Iterable[Id]], asked: Collection[str]
) -> dict[str, frozenset[Id]]:
    """Return by channel whose address does not work."""
    if not isinstance(unusable, Mapping):
        raise InvalidInputError("unusable", "must be a mapping of channels", came(unusable))
    for channel in unusable:
        if channel not in asked:
            problem = f"got {channel!r}{did_you_mean(channel, asked)}"
            raise InvalidInputError("unusable", f"must be of {list(asked)}", problem)
    return {channel: _ids_of(channel, unusable.get(channel, ())) for channel in asked}


def _ids_of(channel: str, given: PerCustomer | Iterable[Id]) -> frozenset[Id]:
    """Return ids, or those of an audience."""
    name = f"unusable[{channel!r}]"
    ids = given.ids.tolist() if isinstance(given, PerCustomer) else each(name, given)
    return frozenset(identifier(name, one) for one in ids)


def _held(column: NDArray[Any], channels: Collection[str]) -> NDArray[np.bool_]:
    """Return which channels each row of a column has."""
    rows = [set(one.split(_BETWEEN)) for one in column.tolist()]
    held = [[channel in row for channel in channels] for row in rows]
    return np.array(held, np.bool_).reshape(len(rows), len(channels))
