"""Journey stages: where a customer stands in the customer's own view, as data.

A stage of the journey may be skipped, left and entered again. It is neither the lifecycle stage
(the business's view, exactly one at any instant) nor the stage of a sales pipeline (one for each
opportunity).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.checks import did_you_mean
from customerops.model.frozenmap import FrozenMap
from customerops.model.instants import as_instant
from customerops.model.kinds import Kind
from customerops.model.record import Record
from customerops.model.records import Interaction
from customerops.model.rules import Did, Rule, as_rule, kind, name

__all__ = ["AARRR", "AIPL", "HUBSPOT", "JOURNEY", "JourneyMap", "JourneyStage", "crosswalk"]


def _entry(rule: Rule | str | Collection[str]) -> Rule:
    return as_rule(rule, name="entry", level="event")


@attrs.frozen(kw_only=True)
class JourneyStage(Record):
    """One stage of a journey: who is in it, and since when.

    A customer is in the stage at an instant t if at least `at_least` of the interactions that
    `entry` matches lie in ``(t - within, t]``.

    Parameters
    ----------
    key : str
        Its name in data.
    order : int
        Its place: a higher one is further along.
    labels : mapping of str to str
        What people call it, by language: ``{"en": "Purchase", "zh": "购买"}``.
    entry : Rule, str or collection of str
        Which interactions lead into the stage; a string stands for a kind.
    at_least : int
        How many of them it takes.
    within : timedelta, optional
        How long they count. Left out, for ever: who was once in the stage stays in it.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, a label is empty, `entry` is a rule about customers (say it
        with `at_least` and `within`), or `at_least` is below 1.

    Examples
    --------
    >>> import datetime as dt
    >>> loyal = JourneyStage(
    ...     key="loyalty", order=4, entry="purchase", at_least=2, within=dt.timedelta(days=365)
    ... )
    >>> loyal.rule.describe()
    'did (kind is purchase) at least 2 times within 365 days'
    """

    key: str
    order: int
    labels: Mapping[str, str] = FrozenMap()  # type: ignore[assignment] # of strings only
    entry: Rule = attrs.field(converter=_entry)
    at_least: int = 1
    within: dt.timedelta | None = None

    def _check(self) -> None:
        if self.at_least < 1:
            raise InvalidInputError("at_least", "must be at least 1", "got less")

    @property
    def rule(self) -> Did:
        """The customer rule that holds for who is in the stage."""
        return Did(self.entry, at_least=self.at_least, within=self.within)

    def label(self, language: str) -> str:
        """Return what people call it in a language, or its key if that is not said.

        Examples
        --------
        >>> JOURNEY.stage("purchase").label("zh")
        '购买'
        """
        return self.labels.get(language, self.key)


@attrs.frozen(kw_only=True)
class JourneyMap(Record):
    """The stages of a journey, in order, and which one counts when a customer is in several.

    Parameters
    ----------
    key : str
        Its name in data.
    stages : tuple of JourneyStage
        At least one; no two with the same key or order. Kept by order.
    assign : {"highest", "latest"}
        Who is in several stages is counted in the one that is furthest along, or in the one that
        was entered, or entered again, last; of two entered at one instant, in the further one.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, there is no stage, or two have the same key or order.

    See Also
    --------
    JOURNEY, AARRR, AIPL, HUBSPOT : Maps that are there. ``attrs.evolve`` makes another of one.

    Examples
    --------
    >>> import datetime as dt
    >>> new_year = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> seen = Interaction(customer_id="c-9", at=new_year, kind="view")
    >>> bought = Interaction(customer_id="c-9", at=new_year + dt.timedelta(days=1), kind="purchase")
    >>> stage = JOURNEY.stage_of([seen, bought], as_of=bought.at)
    >>> stage.key, stage.label("zh")
    ('purchase', '购买')
    """

    key: str
    stages: tuple[JourneyStage, ...]
    assign: Literal["highest", "latest"] = "highest"

    def _check(self) -> None:
        if not self.stages:
            raise InvalidInputError("stages", "must hold at least one", "got none")
        for field in ("key", "order"):
            if len({getattr(stage, field) for stage in self.stages}) < len(self.stages):
                raise InvalidInputError("stages", f"must differ in {field}", "two are the same")
        ordered = tuple(sorted(self.stages, key=lambda stage: stage.order))
        object.__setattr__(self, "stages", ordered)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the stages, by order."""
        return tuple(stage.key for stage in self.stages)

    def stage(self, key: str) -> JourneyStage:
        """Return the stage with a key.

        Raises
        ------
        InvalidInputError
            If there is none.

        Examples
        --------
        >>> AIPL.stage("loyalty").within
        datetime.timedelta(days=365)
        """
        for stage in self.stages:
            if stage.key == key:
                return stage
        said = f"got {key!r}{did_you_mean(key, self.keys)}"
        raise InvalidInputError("key", f"must be a stage of {self.key}", said)

    def stage_of(
        self, interactions: Iterable[Interaction], *, as_of: dt.datetime
    ) -> JourneyStage | None:
        """Return the stage one customer is counted in at an instant; None outside the map.

        Parameters
        ----------
        interactions : iterable of Interaction
            The customer's, in any order, each once. Those after `as_of` are not used.
        as_of : datetime
            Timezone-aware, inclusive.

        Raises
        ------
        InvalidInputError
            If the interactions are of several customers, or `as_of` is no instant.
        """
        events, until = list(interactions), as_instant("as_of", as_of)
        inside = [
            stage for stage in self.stages if stage.rule.matches_customer(events, as_of=until)
        ]
        if self.assign == "highest" or not inside:
            return inside[-1] if inside else None

        def entered(stage: JourneyStage) -> tuple[dt.datetime, int]:
            matching = (event.at for event in events if stage.entry.matches(event))
            return max(at for at in matching if at <= until), stage.order

        return max(inside, key=entered)


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


# ------------------------------------------------------------------ maps that are there


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
