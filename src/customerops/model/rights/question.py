"""A question of permission, made ready once: what the law says of it before any record is read.

The same question is put to one customer or to a million; what depends on the purpose, the channel
and the regime alone is worked out here, and `Question.answer` reads the records of one customer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.records import Consent
from customerops.model.rights.laws import GDPR, PIPL
from customerops.model.rights.regimes import CONSENT, Obligation, PurposeRule, Regime
from customerops.model.rights.standing import (
    Permission,
    Standing,
    expired,
    refuses,
    standing_record,
)
from customerops.model.values.checks import came, one_of, text, whole
from customerops.model.values.instants import as_instant

__all__ = ["LawName", "Question", "asked"]

LawName = Literal["GDPR", "PIPL"]

_LAWS = {law.key: law for law in (GDPR, PIPL)}
_SAID = {
    Standing.MISSING: "was never given",
    Standing.EXPIRED: "has expired",
    Standing.WITHDRAWN: "was withdrawn",
    Standing.DENIED: "was denied",
}
_CITED = {
    Standing.MISSING: "default",
    Standing.EXPIRED: "expiry",
    Standing.WITHDRAWN: "withdrawal",
    Standing.DENIED: "withdrawal",
}


@attrs.frozen(kw_only=True)
class Question:
    """A question that can be put to the records of any customer.

    Attributes
    ----------
    purposes : tuple of str
        The purpose, and the wider ones a refusal of which counts.
    law : Law or None
        What the regime says of it; None without a regime.
    """

    purposes: tuple[str, ...]
    channel: str | None
    at: dt.datetime
    notice_version: str | None
    recipient: str | None
    data_category: str | None
    law: Law | None
    _made: dict[object, Permission] = attrs.field(factory=dict, eq=False, repr=False)

    def aged(self, age: object, name: str = "age") -> int | None:
        """Return a customer's age, checked; an age needs a regime."""
        if age is None:
            return None
        if self.law is None:
            raise _without_regime(name)
        return whole(name, age, least=0)

    def concerns(self, record: Consent) -> bool:
        """Return whether a record speaks of this, and is known."""
        if record.at > self.at:
            return False
        if refuses(record):
            return (
                record.purpose in self.purposes
                and record.recipient in (None, self.recipient)
                and _overlap(record.data_category, self.data_category)
            )
        named = self.law is not None and self.law.names_category
        return (
            record.purpose == self.purposes[0]
            and record.recipient == self.recipient
            and _covers(record.data_category, self.data_category, named=named)
        )

    def answer(self, known: Sequence[Consent], age: int | None) -> Permission:
        """Return the answer of the records that concern it."""
        if self.law is None:
            record = standing_record(list(known), self.channel, self.at)
            standing = self._standing(record)
            if record is None or standing is not Standing.GRANTED:
                return _no(standing, (self._sentence(_SAID[standing]),))
            basis = _basis(record)
            return Permission(allowed=True, basis=basis, standing=standing, reasons=())
        return self._lawful(self.law, known, age)

    def _lawful(self, law: Law, known: Sequence[Consent], age: int | None) -> Permission:
        if law.needed is not None:
            record = standing_record(list(known), self.channel, self.at)
            return self._allowed(law, law.needed, self._standing(record), ())
        read, unfit = law.read(known)
        record = standing_record(read, self.channel, self.at)
        standing = self._standing(record)
        if record is None or standing is not Standing.GRANTED:
            said = [(self._sentence(_SAID[standing]), law.regime.articles[_CITED[standing]])]
            if record is None and unfit:
                said.append(("what was granted has no basis that will do here", law.cited))
            return self._against(standing, said)
        basis = _basis(record)
        checks = law.checks(record, age, self) if basis == CONSENT else []
        against = [(said, article) for fails, said, article in checks if fails]
        if against:
            return self._against(standing, against)
        held = tuple(article for _, _, article in checks)
        return self._allowed(law, basis, standing, held)

    def _allowed(
        self, law: Law, basis: str, standing: Standing, articles: tuple[str, ...]
    ) -> Permission:
        """Return a yes; customers with one answer share it, for there are few and many ask."""
        key = (basis, standing, articles)
        if key not in self._made:
            self._made[key] = law.allow(basis, standing, articles)
        return self._made[key]

    def _against(self, standing: Standing, said: Sequence[tuple[str, str]]) -> Permission:
        """Return a no, shared in the same way."""
        key = (standing, *said)
        if key not in self._made:
            self._made[key] = _unlawful(standing, said)
        return self._made[key]

    def _standing(self, record: Consent | None) -> Standing:
        if record is None:
            return Standing.MISSING
        return Standing.EXPIRED if expired(record, self.at) else Standing(record.status)

    def _sentence(self, said: str) -> str:
        by = "" if self.channel is None else f" by {self.channel}"
        return f"permission for {self.purposes[0]}{by} {said}"


@attrs.frozen(kw_only=True)
class Law:
    """What a regime says of one question.

    Attributes
    ----------
    admitted : frozenset of str
        The bases on which it may rest.
    needed : str or None
        The basis it has without a record.
    absolute : bool
        Whether after a refusal only a consent counts.
    separate : tuple of str
        The articles by which consent must be separate; empty if it need not be.
    names_category : bool
        Whether a grant must name the category of data.
    rules : tuple of str
        The articles that say which bases will do.
    obligations : tuple of Obligation
        What comes with a yes.
    """

    regime: Regime
    admitted: frozenset[str]
    needed: str | None
    absolute: bool
    separate: tuple[str, ...]
    names_category: bool
    rules: tuple[str, ...]
    obligations: tuple[Obligation, ...]

    def read(self, known: Sequence[Consent]) -> tuple[list[Consent], bool]:
        """Return the records the regime reads, and whether it passed over a grant."""
        refusals = [record for record in known if refuses(record)]
        grants = [record for record in known if not refuses(record)]
        fit = [record for record in grants if self._fit(record)]
        if self.absolute and refusals:
            refusals = [_endless(record) for record in refusals]
            fit = [record for record in fit if _basis(record) == CONSENT]
        return refusals + fit, len(fit) < len(grants)

    @property
    def cited(self) -> str:
        """The rules in one line."""
        return "; ".join(self.rules or (self.regime.articles["default"],))

    def _fit(self, record: Consent) -> bool:
        ours = record.jurisdiction is None or record.jurisdiction in self.regime.jurisdictions
        return ours and _basis(record) in self.admitted

    def checks(
        self, record: Consent, age: int | None, question: Question
    ) -> list[tuple[bool, str, str]]:
        """Return what a consent is held to: whether it fails, how to say so, the article."""
        articles = self.regime.articles
        held = [
            (not record.separate, "the consent was not asked for separately", article)
            for article in self.separate
        ]
        guardian = self.regime.guardian
        if guardian is not None and age is not None and age < guardian.under:
            said = f"under {guardian.under} a guardian must consent"
            held.append((record.guardian_id is None, said, guardian.article))
            if guardian.separate:
                said = "the guardian's consent was not asked for separately"
                held.append((not record.separate, said, guardian.article))
        if question.notice_version is not None:
            other = record.notice_version != question.notice_version
            said = "the privacy notice has changed since the consent"
            held.append((other, said, articles["notice"]))
        return held

    def allow(self, basis: str, standing: Standing, articles: tuple[str, ...]) -> Permission:
        """Return a yes on a basis."""
        ground = self.regime.ground(basis)
        own = () if ground is None else (ground.article,)
        return Permission(
            allowed=True,
            basis=basis,
            standing=standing,
            reasons=(),
            obligations=self.obligations,
            articles=tuple(dict.fromkeys((*own, *self.rules, *articles))),
        )


def asked(
    *,
    purpose: str,
    channel: str | None,
    at: dt.datetime,
    regime: Regime | LawName | None,
    notice_version: str | None,
    recipient: str | None,
    data_category: str | None,
) -> Question:
    """Return a question, its arguments checked and the law on it looked up."""
    text("purpose", purpose)
    narrow = {
        "notice_version": notice_version,
        "recipient": recipient,
        "data_category": data_category,
    }
    for name, value in {"channel": channel, **narrow}.items():
        if value is not None:
            text(name, value)
    instant = as_instant("at", at)
    found = _regime(regime)
    if found is None:
        for name, value in narrow.items():
            if value is not None:
                raise _without_regime(name)
    law = None if found is None else _law(found, purpose, channel, recipient, data_category)
    return Question(
        purposes=(purpose,) if found is None else _line(found, purpose),
        channel=channel,
        at=instant,
        notice_version=notice_version,
        recipient=recipient,
        data_category=data_category,
        law=law,
    )


def _regime(regime: object) -> Regime | None:
    if regime is None or isinstance(regime, Regime):
        return regime
    if not isinstance(regime, str):
        raise InvalidInputError("regime", "must be a Regime or the name of one", came(regime))
    return _LAWS[one_of("regime", regime, _LAWS)]


def _without_regime(name: str) -> InvalidInputError:
    return InvalidInputError(name, "must be given with a regime", "the records alone ignore it")


def _line(regime: Regime, purpose: str) -> tuple[str, ...]:
    """Return a purpose and the wider ones it is part of."""
    line = [purpose]
    rule = regime.purpose(purpose)
    while rule is not None and rule.part_of is not None:
        line.append(rule.part_of)
        rule = regime.purpose(rule.part_of)
    return tuple(line)


def _law(
    regime: Regime, purpose: str, channel: str | None, recipient: str | None, data: str | None
) -> Law:
    """Return what a regime says of a purpose, by a channel, for some data."""
    anything = frozenset(basis.key for basis in regime.bases)
    listed = regime.purpose(purpose)
    rule = listed or PurposeRule(purpose=purpose, article=regime.articles["default"])
    added = next((one for one in rule.channels if channel in one.channels), None)
    admitted = rule.bases or anything if added is None else added.bases
    rules = [] if listed is None else [rule.article]
    rules += [] if added is None else [added.article]
    special = [one for one in regime.categories if data is not None and _below(data, one.category)]
    separate = [rule.article] if rule.separate else []
    for one in special:
        admitted = admitted & (one.bases or admitted)
        rules.append(one.article)
        separate += [one.article] if one.separate else []
    if recipient is not None and regime.separate_recipient:
        separate.append(regime.articles["recipient"])
    within = admitted | ({rule.stands_on} if rule.stands_on and not special else set())
    return Law(
        regime=regime,
        admitted=admitted,
        needed=rule.stands_on if rule.stands_on in within and recipient is None else None,
        absolute=rule.objection == "absolute",
        separate=tuple(separate),
        names_category=bool(special),
        rules=tuple(rules),
        obligations=rule.obligations if added is None else rule.obligations + added.obligations,
    )


def _basis(record: Consent) -> str:
    return record.legal_basis or CONSENT


def _endless(record: Consent) -> Consent:
    """Return a refusal that does not run out."""
    return record if record.expires_at is None else attrs.evolve(record, expires_at=None)


def _below(category: str, wider: str) -> bool:
    """Return whether a Fides category is another or part of it."""
    return category == wider or category.startswith(f"{wider}.")


def _covers(granted: str | None, data: str | None, *, named: bool) -> bool:
    """Return whether a grant for a category covers the data; one for any, what no rule names."""
    if granted is None:
        return not named
    return data is not None and _below(data, granted)


def _overlap(refused: str | None, data: str | None) -> bool:
    """Return whether a refusal for a category touches the data."""
    if refused is None:
        return True
    return data is not None and (_below(data, refused) or _below(refused, data))


def _no(
    standing: Standing, reasons: tuple[str, ...], articles: tuple[str, ...] = ()
) -> Permission:
    return Permission(
        allowed=False, basis=None, standing=standing, reasons=reasons, articles=articles
    )


def _unlawful(standing: Standing, against: Sequence[tuple[str, str]]) -> Permission:
    """Return a no, each reason with its article."""
    reasons = dict.fromkeys(f"{said} ({article})" for said, article in against)
    articles = dict.fromkeys(article for _, article in against)
    return _no(standing, tuple(reasons), tuple(articles))
