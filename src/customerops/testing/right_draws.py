"""Laws on personal data as data, duties to keep records, and remembered refusals."""

from __future__ import annotations

import datetime as dt

import attrs
from hypothesis import strategies as st

from customerops.model.rights.erasure import LegalHold
from customerops.model.rights.laws import GDPR, PIPL
from customerops.model.rights.regimes import (
    Basis,
    CategoryRule,
    ChannelRule,
    GuardianRule,
    Obligation,
    PurposeRule,
    Regime,
)
from customerops.model.rights.suppression import Suppression
from customerops.testing.instant_draws import instants
from customerops.testing.value_draws import channels, some

__all__ = [
    "bases",
    "category_rules",
    "channel_rules",
    "guardian_rules",
    "legal_holds",
    "obligations",
    "purpose_rules",
    "regimes",
    "suppressions",
]

_GROUNDS = ("consent", "contract")
_ARTICLE = st.just("art. 1")


def bases(key: str = "consent") -> st.SearchStrategy[Basis]:
    """Draw a ground on which data may be used."""
    return st.builds(Basis, key=st.just(key), article=_ARTICLE)


def obligations() -> st.SearchStrategy[Obligation]:
    """Draw what must be done with what is allowed."""
    return st.builds(
        Obligation, key=st.just("opt_out"), text=st.just("offer an opt-out"), article=_ARTICLE
    )


def _grounds() -> st.SearchStrategy[frozenset[str]]:
    return some(_GROUNDS).map(frozenset)


def channel_rules() -> st.SearchStrategy[ChannelRule]:
    """Draw what a channel needs."""
    return st.builds(
        ChannelRule,
        channels=st.frozensets(channels(), max_size=2),
        bases=_grounds(),
        obligations=st.lists(obligations(), max_size=1).map(tuple),
        article=_ARTICLE,
    )


def purpose_rules(purpose: str = "marketing") -> st.SearchStrategy[PurposeRule]:
    """Draw what a purpose needs."""
    return st.builds(
        PurposeRule,
        purpose=st.just(purpose),
        stands_on=st.sampled_from([None, *_GROUNDS]),
        bases=_grounds(),
        channels=st.lists(channel_rules(), max_size=2).map(tuple),
        obligations=st.lists(obligations(), max_size=1).map(tuple),
        separate=st.booleans(),
        objection=st.sampled_from(["latest", "absolute"]),
        article=_ARTICLE,
    )


def category_rules() -> st.SearchStrategy[CategoryRule]:
    """Draw what a sort of data needs."""
    return st.builds(
        CategoryRule,
        category=st.sampled_from(["user.health_and_medical", "user.biometric"]),
        bases=_grounds(),
        separate=st.booleans(),
        article=_ARTICLE,
    )


def guardian_rules() -> st.SearchStrategy[GuardianRule]:
    """Draw until when a guardian must consent."""
    return st.builds(
        GuardianRule, under=st.sampled_from([14, 16]), separate=st.booleans(), article=_ARTICLE
    )


def regimes() -> st.SearchStrategy[Regime]:
    """Draw a law: those of the library, or one of them with purposes of another's making."""
    known = st.sampled_from([GDPR, PIPL])
    changed = st.builds(
        lambda law, rule, guardian: attrs.evolve(law.with_purposes(rule), guardian=guardian),
        known,
        purpose_rules("of our own"),
        st.none() | guardian_rules(),
    )
    return known | changed


def legal_holds() -> st.SearchStrategy[LegalHold]:
    """Draw a duty to keep some records."""
    return st.builds(
        LegalHold,
        name=st.sampled_from(["tax", "dispute"]),
        article=_ARTICLE,
        records=some(["Interaction", "Subscription"], least=1).map(frozenset),
        kinds=some(["purchase", "refund"]).map(frozenset),
        keep_for=st.sampled_from([None, dt.timedelta(days=3650)]),
    )


def suppressions() -> st.SearchStrategy[Suppression]:
    """Draw a refusal that outlives erasure."""
    return st.builds(
        Suppression,
        token=st.sampled_from(["0f" * 16, "f0" * 16]),
        purpose=st.just("marketing"),
        channel=st.none() | channels(),
        recipient=st.sampled_from([None, "partner"]),
        data_category=st.sampled_from([None, "user.contact.email"]),
        at=instants(),
    )
