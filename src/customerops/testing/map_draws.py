"""What divides customers: journey maps, segmentations, tiers, groupings and bands."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from hypothesis import strategies as st

from customerops.model.rules.grouping import Grouping, Pick
from customerops.model.rules.named import amount, customer, value
from customerops.model.rules.stage_maps import AARRR, AIPL, HUBSPOT, JOURNEY
from customerops.model.rules.stages import JourneyMap, JourneyStage
from customerops.model.segments.bands import Band
from customerops.model.segments.segments import Segment, Segmentation
from customerops.model.segments.tier_levels import TierLevel
from customerops.model.segments.tiers import TierPolicy
from customerops.testing.rule_draws import customer_rules, event_rules
from customerops.testing.value_draws import some

__all__ = [
    "bands",
    "groupings",
    "journey_maps",
    "journey_stages",
    "picks",
    "segmentations",
    "segments",
    "tier_levels",
    "tier_policies",
]

_KEYS = ("one", "two", "three")
_LABELS: tuple[dict[str, str], ...] = ({}, {"en": "One", "zh": "一"})


def picks() -> st.SearchStrategy[Pick]:
    """Draw a field at each customer's first or last event."""
    return st.builds(
        Pick,
        st.sampled_from(["channel", "kind", "plan", "score"]),
        st.sampled_from(["first", "last"]),
        st.none() | event_rules(),
    )


def groupings() -> st.SearchStrategy[Grouping]:
    """Draw groups by an attribute, by an event, or as they are assigned."""
    assigned = st.dictionaries(st.sampled_from(["9", "a", "客户"]), st.booleans(), min_size=1)
    sources: st.SearchStrategy[Any] = st.sampled_from(["country", "segment"]) | picks() | assigned
    return st.builds(Grouping, sources)


@st.composite
def bands(draw: st.DrawFn) -> Band:
    """Draw what lies between two quantiles."""
    low, high = sorted(draw(some([0.0, 0.2, 0.5, 0.8, 1.0], least=2, most=2)))
    field = draw(st.sampled_from([amount, value, customer("score")]))
    where = st.none() if field.field.startswith("customer") else st.none() | event_rules()
    return Band(field, low, high, where=draw(where))


def journey_stages(key: str = "one", order: int = 1) -> st.SearchStrategy[JourneyStage]:
    """Draw a stage of a journey."""
    return st.builds(
        JourneyStage,
        key=st.just(key),
        order=st.just(order),
        labels=st.sampled_from(_LABELS),
        entry=event_rules(),
        at_least=st.integers(1, 3),
        within=st.sampled_from([None, dt.timedelta(days=1), dt.timedelta(days=30)]),
    )


@st.composite
def _maps(draw: st.DrawFn) -> JourneyMap:
    keys = draw(some(_KEYS, least=1))
    return JourneyMap(
        key="journey",
        stages=tuple(draw(journey_stages(key, i)) for i, key in enumerate(keys)),
        assign=draw(st.sampled_from(["highest", "latest"])),
    )


def journey_maps() -> st.SearchStrategy[JourneyMap]:
    """Draw journey maps: those of the library, and others of one to three stages.

    Returns
    -------
    SearchStrategy of JourneyMap

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import journey_maps
    >>> @settings(max_examples=3)
    ... @given(journey_maps())
    ... def test(one):
    ...     assert one.stages
    >>> test()
    """
    return st.sampled_from([AIPL, AARRR, HUBSPOT, JOURNEY]) | _maps()


def segments(key: str = "one") -> st.SearchStrategy[Segment]:
    """Draw a named rule about customers."""
    return st.builds(
        Segment,
        key=st.just(key),
        rule=customer_rules(),
        labels=st.sampled_from(_LABELS),
        dimension=st.sampled_from([None, "behavioural"]),
    )


@st.composite
def segmentations(draw: st.DrawFn) -> Segmentation:
    """Draw segmentations of one to three segments.

    Returns
    -------
    SearchStrategy of Segmentation

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import segmentations
    >>> @settings(max_examples=3)
    ... @given(segmentations())
    ... def test(one):
    ...     assert one.segments
    >>> test()
    """
    keys = draw(some(_KEYS, least=1))
    return Segmentation(segments=tuple(draw(segments(key)) for key in keys))


@st.composite
def tier_levels(draw: st.DrawFn, key: str = "base", threshold: int | None = None) -> TierLevel:
    """Draw a level of a loyalty programme."""
    takes = draw(st.sampled_from([0, 5, 1000])) if threshold is None else threshold
    return TierLevel(
        key=key,
        threshold=Decimal(takes),
        keep=draw(st.sampled_from([None, Decimal(takes) / 2])),
        labels=draw(st.sampled_from(_LABELS)),
        benefits=draw(st.sampled_from([{}, {"discount": 0.05}])),
    )


@st.composite
def tier_policies(draw: st.DrawFn) -> TierPolicy:
    """Draw loyalty programmes of one to three levels, with and without grace.

    Returns
    -------
    SearchStrategy of TierPolicy

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import tier_policies
    >>> @settings(max_examples=3)
    ... @given(tier_policies())
    ... def test(policy):
    ...     assert policy.levels[0].threshold == 0
    >>> test()
    """
    measure: Literal["amount", "count"] = draw(st.sampled_from(["amount", "count"]))
    above = [("silver", 2), ("gold", 8)][: draw(st.integers(0, 2))]
    factor = 1 if measure == "count" else 5
    return TierPolicy(
        levels=tuple(draw(tier_levels(key, n * factor)) for key, n in [("base", 0), *above]),
        qualify=draw(st.just("purchase") | event_rules().filter(_asks_no_amount)),
        measure=measure,
        period=draw(st.sampled_from(["month", "day", "week", "quarter", "year"])),
        window=draw(st.sampled_from([12, 1, None])),
        upgrade=draw(st.sampled_from(["at_once", "next_period"])),
        failures=draw(st.integers(1, 2)),
        grace=draw(st.integers(0, 2)),
    )


def _asks_no_amount(rule: Any) -> bool:
    return "amount" not in rule.fields
