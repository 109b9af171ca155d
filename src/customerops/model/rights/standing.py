"""Which of a customer's records stands for a question, and the answer it is given in."""

from __future__ import annotations

import datetime as dt
import math
from enum import StrEnum

import attrs

from customerops.model.records.records import Consent
from customerops.model.rights.regimes import Obligation
from customerops.model.values.instants import to_us

__all__ = ["Permission", "Standing", "expired", "refuses", "standing_record"]


class Standing(StrEnum):
    """What is known about a permission."""

    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    MISSING = "missing"
    """No record speaks of it."""


@attrs.frozen(kw_only=True)
class Permission:
    """Whether something is allowed, and on what ground or why not.

    Attributes
    ----------
    allowed : bool
        Whether it is.
    basis : str or None
        The legal basis it stands on, as the record names it; ``"consent"`` where it names none.
        None if it is not allowed.
    standing : Standing
        What the customer's records say.
    reasons : tuple of str
        Why not, a sentence each; empty if it is allowed.
    obligations : tuple of Obligation
        What must be done with it, under a regime.
    articles : tuple of str
        The articles the answer rests on, under a regime.
    """

    allowed: bool
    basis: str | None
    standing: Standing
    reasons: tuple[str, ...]
    obligations: tuple[Obligation, ...] = ()
    articles: tuple[str, ...] = ()


def standing_record(
    known: list[Consent], channel: str | None, instant: dt.datetime
) -> Consent | None:
    """Return the record that answers for a channel: by time, and by how closely it fits."""
    general = _latest([one for one in known if one.channel is None])
    own = _latest([one for one in known if one.channel is not None and one.channel == channel])
    if general is None or own is None:
        return own if general is None else general
    if refuses(general):
        return own if own.at > general.at else general
    holds = refuses(own) and not expired(own, instant)
    return own if holds or own.at >= general.at else general


def _latest(records: list[Consent]) -> Consent | None:
    return max(records, key=_order) if len(records) > 1 else next(iter(records), None)


def _order(record: Consent) -> tuple[dt.datetime, bool, float, str, str]:
    """Return what sorts records by time, and at one instant by how much they refuse."""
    no = refuses(record)
    end = math.inf if record.expires_at is None else to_us(record.expires_at)
    basis = record.legal_basis or ""
    return record.at, no, end if no else -end, record.status, basis


def refuses(record: Consent) -> bool:
    """Return whether a record says no."""
    return record.status != "granted"


def expired(record: Consent, instant: dt.datetime) -> bool:
    """Return whether a record no longer holds at an instant."""
    return record.expires_at is not None and record.expires_at <= instant
