"""Permission from its rules read one by one: is there a grant that nothing stands against?"""

import datetime as dt
from collections.abc import Iterable

from customerops.model.records.records import Consent

EVER = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)


def allowed(records: Iterable[Consent], purpose: str, channel: str, at: dt.datetime) -> bool:
    about = [r for r in records if r.purpose == purpose and r.at <= at]
    about = [r for r in about if r.channel in (None, channel)]
    for grant in [r for r in about if grants(r) and live(r, at)]:
        alike = [r for r in about if r.channel == grant.channel]
        others = [r for r in about if r.channel != grant.channel]
        if any(replaced(grant, r) for r in alike):
            continue
        # the records of the other reach that nothing of their own reach replaces
        front = [r for r in others if not any(replaced(r, by) for by in others)]
        if grant.channel is None:
            barred = any(r.at >= grant.at or (not grants(r) and live(r, at)) for r in front)
        else:
            barred = any(r.at > grant.at or (r.at == grant.at and not grants(r)) for r in front)
        if not barred:
            return True
    return False


def grants(one: Consent) -> bool:
    return one.status == "granted"


def live(one: Consent, at: dt.datetime) -> bool:
    return one.expires_at is None or at < one.expires_at


def replaced(one: Consent, by: Consent) -> bool:
    """Return whether a record of the same reach goes before another."""
    if by.at != one.at:
        return by.at > one.at
    if grants(by) != grants(one):
        return grants(one)
    ends, others = one.expires_at or EVER, by.expires_at or EVER
    return others < ends if grants(one) else others > ends
