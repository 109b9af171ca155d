"""Regimes: what a law asks before a customer is dealt with, as data.

A regime lists the bases that the law knows, says for each purpose on which of them it may rest,
what a channel adds, which data is special and who speaks for a child. It decides nothing by
itself: `permitted` reads it. Every row cites its article, and a regime survives JSON, so that a
house can keep its own beside `GDPR` and `PIPL`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.values.checks import did_you_mean

__all__ = [
    "Basis",
    "CategoryRule",
    "ChannelRule",
    "GuardianRule",
    "Obligation",
    "PurposeRule",
    "Regime",
]

CONSENT = "consent"

CITED = ("default", "expiry", "notice", "recipient", "withdrawal")
"""The rules that every regime has, and so must cite."""


@attrs.frozen(kw_only=True)
class Basis(Record):
    """A ground on which a law lets personal data be used.

    Parameters
    ----------
    key : str
        As `Consent.legal_basis` names it, such as ``"contract"``.
    article : str
        Where the law has it.

    Examples
    --------
    >>> from customerops.model import Basis
    >>> Basis(key="contract", article="GDPR art. 6(1)(b)").key
    'contract'
    """

    key: str
    article: str


@attrs.frozen(kw_only=True)
class Obligation(Record):
    """What must be done with what is allowed, such as an opt-out in the message.

    Parameters
    ----------
    key : str
        Its name, for code.
    text : str
        What to do, for people.
    article : str
        Where the law has it.

    Examples
    --------
    >>> from customerops.model import Obligation
    >>> Obligation(key="opt_out", text="offer a way out in each message", article="x").key
    'opt_out'
    """

    key: str
    text: str
    article: str


@attrs.frozen(kw_only=True)
class ChannelRule(Record):
    """What some channels add to the rule of a purpose.

    Parameters
    ----------
    channels : frozenset of str
        Which channels.
    bases : frozenset of str
        On what the purpose may rest by these, in place of what the purpose says.
    obligations : tuple of Obligation
        What comes with a yes.
    article : str
        Where the law has it.

    Examples
    --------
    >>> from customerops.model import ChannelRule
    >>> ChannelRule(channels={"sms"}, bases={"consent"}, article="x").obligations
    ()
    """

    channels: frozenset[str]
    bases: frozenset[str]
    obligations: tuple[Obligation, ...] = ()
    article: str


@attrs.frozen(kw_only=True)
class PurposeRule(Record):
    """On what a purpose may rest.

    Parameters
    ----------
    purpose : str
        Which purpose.
    stands_on : str, optional
        The basis it has without any record: what a contract or a legal duty requires is not asked
        for. None: a record must say so.
    bases : frozenset of str
        The bases a record may name; empty for every basis of the regime.
    channels : tuple of ChannelRule
        What single channels add; the first that has the channel counts.
    obligations : tuple of Obligation
        What comes with a yes by any channel.
    separate : bool
        Whether consent must be asked for by itself (单独同意).
    part_of : str, optional
        A wider purpose: who refuses that refuses this too. A grant does not reach so far.
    objection : {"latest", "absolute"}
        Whether the latest word counts, or whether after a refusal only a new consent does: no
        interest of ours and no end of its own lifts it.
    article : str
        Where the law has it.

    Examples
    --------
    >>> from customerops.model import PurposeRule
    >>> PurposeRule(purpose="invoice", stands_on="legal_obligation", article="x").objection
    'latest'
    """

    purpose: str
    stands_on: str | None = None
    bases: frozenset[str] = frozenset()
    channels: tuple[ChannelRule, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    separate: bool = False
    part_of: str | None = None
    objection: Literal["latest", "absolute"] = "latest"
    article: str

    def _check(self) -> None:
        if self.part_of == self.purpose:
            raise InvalidInputError("part_of", "must be another purpose")


@attrs.frozen(kw_only=True)
class CategoryRule(Record):
    """What a category of data asks beyond the rule of a purpose.

    Parameters
    ----------
    category : str
        Fides key; what lies below it is meant too.
    bases : frozenset of str
        The only bases on which it may be used; empty for no limit.
    separate : bool
        Whether consent must be asked for by itself (单独同意), or expressly.
    article : str
        Where the law has it.

    Examples
    --------
    >>> from customerops.model import CategoryRule
    >>> CategoryRule(category="user.health_and_medical", separate=True, article="x").separate
    True
    """

    category: str
    bases: frozenset[str] = frozenset()
    separate: bool = False
    article: str


@attrs.frozen(kw_only=True)
class GuardianRule(Record):
    """Until when a guardian must consent for a child.

    Parameters
    ----------
    under : int
        The age in whole years from which the child decides.
    separate : bool
        Whether the guardian's consent must be asked for by itself.
    article : str
        Where the law has it.

    Examples
    --------
    >>> from customerops.model import GuardianRule
    >>> GuardianRule(under=14, separate=True, article="PIPL art. 31").under
    14
    """

    under: int
    separate: bool = False
    article: str


@attrs.frozen(kw_only=True)
class Regime(Record):
    """A law on personal data, as `permitted` reads it.

    Parameters
    ----------
    key : str
        Its short name, used in reasons.
    name : str
        Its full name.
    jurisdictions : frozenset of str
        What a `Consent.jurisdiction` may say to be a grant under it. A refusal counts wherever it
        was made.
    bases : tuple of Basis
        The grounds the law knows.
    exemptions : tuple of Basis
        Grounds that stand in for consent only where a channel rule names them: the soft opt-in.
    purposes : tuple of PurposeRule
        Rules by purpose. One that is not listed needs a record, with any basis.
    categories : tuple of CategoryRule
        Rules by category of data; all that fit apply.
    guardian : GuardianRule, optional
        Who speaks for children.
    separate_recipient : bool
        Whether passing data on to a named recipient needs separate consent.
    articles : mapping of str to str
        Where the law has the rules that need no row: ``default`` (no basis, no use), ``expiry``,
        ``withdrawal``, ``notice`` and ``recipient``.

    Raises
    ------
    InvalidInputError
        If a key occurs twice, a basis or a wider purpose is named that is not listed, a purpose is
        part of itself, or an article is missing.

    Notes
    -----
    A regime is a reading of a law for one house, not the law. National law fills gaps that it
    leaves: change a row with `with_purposes`, or with ``attrs.evolve(GDPR, guardian=...)``.

    Examples
    --------
    >>> from customerops.model import GDPR, Regime
    >>> [basis.key for basis in GDPR.bases]
    ['consent', 'contract', 'legal_obligation', 'vital_interests', 'public_task', 'legitimate_interests']
    >>> GDPR == Regime.from_dict(GDPR.to_dict())
    True
    """

    key: str
    name: str
    jurisdictions: frozenset[str]
    bases: tuple[Basis, ...]
    exemptions: tuple[Basis, ...] = ()
    purposes: tuple[PurposeRule, ...] = ()
    categories: tuple[CategoryRule, ...] = ()
    guardian: GuardianRule | None = None
    separate_recipient: bool = False
    articles: Mapping[str, str]

    def _check(self) -> None:
        grounds = [one.key for one in (*self.bases, *self.exemptions)]
        _unique("bases", grounds)
        _unique("purposes", [rule.purpose for rule in self.purposes])
        _unique("categories", [rule.category for rule in self.categories])
        missing = [name for name in CITED if name not in self.articles]
        if missing:
            raise InvalidInputError("articles", f"must cite {list(CITED)}", f"without {missing}")
        for i, rule in enumerate(self.purposes):
            where = f"purposes[{i}]"
            standing = () if rule.stands_on is None else (rule.stands_on,)
            _known(f"{where}.stands_on", standing, grounds)
            _known(f"{where}.bases", rule.bases, grounds)
            for j, channel in enumerate(rule.channels):
                _known(f"{where}.channels[{j}].bases", channel.bases, grounds)
        for i, category in enumerate(self.categories):
            _known(f"categories[{i}].bases", category.bases, grounds)
        for i, rule in enumerate(self.purposes):
            self._climb(f"purposes[{i}].part_of", rule)

    def _climb(self, where: str, rule: PurposeRule) -> None:
        """Refuse a purpose whose wider ones are not listed, or come back to it."""
        by_purpose = {one.purpose: one for one in self.purposes}
        seen = {rule.purpose}
        while rule.part_of is not None:
            _known(where, (rule.part_of,), by_purpose)
            rule = by_purpose[rule.part_of]
            if rule.purpose in seen:
                raise InvalidInputError(where, "must not lead back to the purpose itself")
            seen.add(rule.purpose)

    def ground(self, key: str) -> Basis | None:
        """Return a basis or an exemption by its key; None if the law does not know it.

        Examples
        --------
        >>> from customerops.model import PIPL
        >>> PIPL.ground("legitimate_interests") is None
        True
        """
        return next((one for one in (*self.bases, *self.exemptions) if one.key == key), None)

    def purpose(self, key: str) -> PurposeRule | None:
        """Return the rule of a purpose; None if it has none of its own.

        Examples
        --------
        >>> from customerops.model import GDPR
        >>> GDPR.purpose("order_confirmation").stands_on
        'contract'
        """
        return next((rule for rule in self.purposes if rule.purpose == key), None)

    def with_purposes(self, *rules: PurposeRule) -> Regime:
        """Return the regime with rules added, or put in the place of those of the same purpose.

        Examples
        --------
        >>> from customerops.model import GDPR, PurposeRule
        >>> ours = GDPR.with_purposes(
        ...     PurposeRule(purpose="recall", stands_on="legal_obligation", article="GPSR art. 35")
        ... )
        >>> ours.purpose("recall").stands_on
        'legal_obligation'
        """
        by_purpose = {rule.purpose: rule for rule in (*self.purposes, *rules)}
        return attrs.evolve(self, purposes=tuple(by_purpose.values()))


def _unique(name: str, keys: list[str]) -> None:
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InvalidInputError(name, "must have each key once", f"got {twice} more than once")


def _known(name: str, keys: Iterable[str], options: Iterable[str]) -> None:
    known = list(options)
    for key in sorted(keys):
        if key not in known:
            problem = f"got {key!r}{did_you_mean(key, known)}"
            raise InvalidInputError(name, "must be listed in the regime", problem)
