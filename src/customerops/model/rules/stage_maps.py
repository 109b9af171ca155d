"""Journey maps that are there, as data, and how their stages correspond."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

from customerops.errors import InvalidInputError
from customerops.model.records.kinds import Kind
from customerops.model.rules.rules import kind, name
from customerops.model.rules.stages import JourneyMap, JourneyStage

__all__ = ["AARRR", "AIPL", "HUBSPOT", "JOURNEY", "crosswalk"]


def _days(days: int) -> dt.timedelta:
    return dt.timedelta(days=days)


JOURNEY = JourneyMap(
    key="journey",
    stages=(
        JourneyStage(
            key="awareness",
            order=1,
            labels={"en": "Awareness", "zh": "认知"},
            entry={Kind.IMPRESSION, Kind.VIEW, Kind.CLICK, Kind.OPEN},
        ),
        JourneyStage(
            key="consideration",
            order=2,
            labels={"en": "Consideration", "zh": "考虑"},
            entry={
                Kind.SEARCH,
                Kind.FOLLOW,
                Kind.SIGNUP,
                Kind.TRIAL_START,
                Kind.CART,
                Kind.CHECKOUT,
            },
        ),
        JourneyStage(
            key="purchase",
            order=3,
            labels={"en": "Purchase", "zh": "购买"},
            entry=Kind.PURCHASE,
        ),
        JourneyStage(
            key="use",
            order=4,
            labels={"en": "Use", "zh": "使用"},
            entry=Kind.USE,
        ),
        JourneyStage(
            key="loyalty",
            order=5,
            labels={"en": "Loyalty", "zh": "忠诚"},
            entry={Kind.PURCHASE, Kind.RENEW},
            at_least=2,
        ),
        JourneyStage(
            key="advocacy",
            order=6,
            labels={"en": "Advocacy", "zh": "推荐"},
            entry=Kind.REFERRAL,
        ),
    ),
)
"""The map to start from: awareness, consideration, purchase, use, loyalty, advocacy
(认知 考虑 购买 使用 忠诚 推荐)."""

AARRR = JourneyMap(
    key="aarrr",
    stages=(
        JourneyStage(
            key="acquisition",
            order=1,
            labels={"en": "Acquisition", "zh": "获客"},
            entry={Kind.VIEW, Kind.CLICK, Kind.VISIT, Kind.FOLLOW},
        ),
        JourneyStage(
            key="activation",
            order=2,
            labels={"en": "Activation", "zh": "激活"},
            entry={Kind.SIGNUP, Kind.TRIAL_START},
        ),
        JourneyStage(
            key="retention",
            order=3,
            labels={"en": "Retention", "zh": "留存"},
            entry={Kind.USE, Kind.LOGIN},
            at_least=2,
        ),
        JourneyStage(
            key="referral",
            order=4,
            labels={"en": "Referral", "zh": "推荐"},
            entry=Kind.REFERRAL,
        ),
        JourneyStage(
            key="revenue",
            order=5,
            labels={"en": "Revenue", "zh": "变现"},
            entry={Kind.PURCHASE, Kind.RENEW},
        ),
    ),
)
"""Pirate metrics, in the order of D. McClure, Startup Metrics for Pirates: AARRR! (2007)."""

AIPL = JourneyMap(
    key="aipl",
    stages=(
        JourneyStage(
            key="awareness",
            order=1,
            labels={"en": "Awareness", "zh": "认知"},
            entry={Kind.IMPRESSION, Kind.VIEW},
            within=_days(15),
        ),
        JourneyStage(
            key="interest",
            order=2,
            labels={"en": "Interest", "zh": "兴趣"},
            entry={Kind.CLICK, Kind.SEARCH, Kind.FOLLOW, Kind.GROUP_JOIN, Kind.SIGNUP, Kind.CART},
            within=_days(15),
        ),
        JourneyStage(
            key="purchase",
            order=3,
            labels={"en": "Purchase", "zh": "购买"},
            entry=Kind.PURCHASE,
            within=_days(730),
        ),
        JourneyStage(
            key="loyalty",
            order=4,
            labels={"en": "Loyalty", "zh": "忠诚"},
            entry=Kind.PURCHASE,
            at_least=2,
            within=_days(365),
        ),
    ),
)
"""Awareness, interest, purchase, loyalty, as Alibaba counts the people of a brand: touched (A) or
interested (I) in the last 15 days, having bought (P) in two years, more than once (L) in one. Who
qualifies for several is counted in the highest (Alibaba Cloud, Quick Audience: AIPL model). Brands
set their own windows: ``attrs.evolve``."""


def _hubspot(order: int, key: str, en: str, zh: str) -> JourneyStage:
    entry = kind(Kind.STAGE_CHANGE) & (name == key)
    return JourneyStage(key=key, order=order, labels={"en": en, "zh": zh}, entry=entry)


HUBSPOT = JourneyMap(
    key="hubspot",
    stages=(
        _hubspot(1, "subscriber", "Subscriber", "订阅者"),
        _hubspot(2, "lead", "Lead", "线索"),
        _hubspot(3, "marketingqualifiedlead", "Marketing Qualified Lead", "营销合格线索"),
        _hubspot(4, "salesqualifiedlead", "Sales Qualified Lead", "销售合格线索"),
        _hubspot(5, "opportunity", "Opportunity", "商机"),
        _hubspot(6, "customer", "Customer", "客户"),
        _hubspot(7, "evangelist", "Evangelist", "推广者"),
        _hubspot(8, "other", "Other", "其他"),
    ),
    assign="latest",
)
"""HubSpot's eight default lifecycle stages. HubSpot, or a person, sets them: a stage is entered by
a ``stage_change`` interaction whose name is the stage's key, and the last one counts."""

_CROSSWALKS: Mapping[tuple[str, str], Mapping[str, str | None]] = {
    ("journey", "aarrr"): {
        "awareness": "acquisition",
        "consideration": "activation",
        "purchase": "revenue",
        "use": "retention",
        "loyalty": "retention",
        "advocacy": "referral",
    },
    ("aarrr", "journey"): {
        "acquisition": "awareness",
        "activation": "consideration",
        "retention": "use",
        "referral": "advocacy",
        "revenue": "purchase",
    },
    ("journey", "aipl"): {
        "awareness": "awareness",
        "consideration": "interest",
        "purchase": "purchase",
        "use": "purchase",
        "loyalty": "loyalty",
        "advocacy": "loyalty",
    },
    ("aipl", "journey"): {
        "awareness": "awareness",
        "interest": "consideration",
        "purchase": "purchase",
        "loyalty": "loyalty",
    },
    ("journey", "hubspot"): {
        "awareness": "subscriber",
        "consideration": "lead",
        "purchase": "customer",
        "use": "customer",
        "loyalty": "customer",
        "advocacy": "evangelist",
    },
    ("hubspot", "journey"): {
        "subscriber": "awareness",
        "lead": "consideration",
        "marketingqualifiedlead": "consideration",
        "salesqualifiedlead": "consideration",
        "opportunity": "consideration",
        "customer": "purchase",
        "evangelist": "advocacy",
        "other": None,
    },
}


def crosswalk(
    source: JourneyMap, target: JourneyMap, *, pairs: Mapping[str, str | None] | None = None
) -> Mapping[str, str | None]:
    """Return which stage of another map each stage of a map corresponds to.

    Parameters
    ----------
    source, target : JourneyMap
        From, to.
    pairs : mapping of str to str or None, optional
        Key of every stage of `source` to the key of a stage of `target`, None where it has no
        counterpart. Left out, a convention of this library, which has one between `JOURNEY` and
        each of `AARRR`, `AIPL` and `HUBSPOT`, both ways.

    Returns
    -------
    mapping of str to str or None
        Read-only, in the order of `source`. Several stages may go to one: there and back again is
        not the way one came.

    Raises
    ------
    InvalidInputError
        If a stage of `source` is left out, a key is no stage of its map, or `pairs` is left out
        and there is no convention.

    Examples
    --------
    >>> from customerops.model import AARRR, AIPL, JOURNEY, crosswalk
    >>> crosswalk(JOURNEY, AIPL)["consideration"]
    'interest'
    >>> crosswalk(AARRR, AIPL)
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: pairs must be given: no convention leads from aarrr to aipl
    """
    if pairs is None:
        if (source.key, target.key) not in _CROSSWALKS:
            said = f"no convention leads from {source.key} to {target.key}"
            raise InvalidInputError("pairs", "must be given", said)
        pairs = _CROSSWALKS[source.key, target.key]
    for key, other in pairs.items():
        source.stage(key)
        if other is not None:
            target.stage(other)
    for key in source.keys:
        if key not in pairs:
            said = f"{key!r} is missing"
            raise InvalidInputError("pairs", f"must have every stage of {source.key}", said)
    return MappingProxyType({key: pairs[key] for key in source.keys})
