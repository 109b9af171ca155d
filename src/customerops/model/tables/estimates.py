"""Estimates: a share, a ratio, a mean, a rate, a net promoter score, and counts without spread.

A rate is never stored. Its parts are whole numbers that add over customers; the value, the interval
and the difference of two estimates are computed from them when asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables import intervals, render
from customerops.model.tables.base import (
    Difference,
    Estimate,
    Floats,
    Sampled,
    at_least_zero,
)
from customerops.model.tables.movements import Movements
from customerops.model.tables.ratios import ClusteredShare, Mean, Ratio
from customerops.model.tables.tables import Count
from customerops.model.values import exact

__all__ = [
    "ClusteredShare",
    "Difference",
    "Estimate",
    "Mean",
    "Movements",
    "NetPromoterScore",
    "Proportion",
    "Quotient",
    "Rate",
    "Ratio",
    "Sampled",
]

# what one customer can have several of, as the metrics name their units
_CLUSTERED = frozenset(
    {
        "answer",
        "attempt",
        "click",
        "conversion",
        "coupon",
        "event",
        "impression",
        "interaction",
        "invite",
        "lapse",
        "line",
        "message",
        "move",
        "open",
        "order",
        "path",
        "purchase",
        "session",
        "thread",
        "transition",
        "visit",
    }
)
_PERCENT = {"value": render.percent, "low": render.percent, "high": render.percent}


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Proportion(Sampled):
    """A share of independent customers: `count` of `total`.

    Parameters
    ----------
    axes : sequence of Axis
        None for one share.
    parts : mapping
        ``count`` and ``total``, whole numbers with ``0 <= count <= total``.
    context : Context
        Its unit is what is independent, as a rule the customer.

    Raises
    ------
    InvalidInputError
        If a count is negative or above its total, or the unit is one that clusters within
        customers (orders, messages, coupons): an interval would be far too narrow. Those make a
        `Ratio`, or a `Quotient`.

    Notes
    -----
    Intervals: ``"wilson"`` (score, the default) and ``"clopper-pearson"`` (exact). The difference
    of two has Newcombe's hybrid score interval. See `customerops.model.tables.intervals`.

    Examples
    --------
    >>> from customerops.model import Context, Proportion
    >>> rate = Proportion(parts={"count": 81, "total": 263}, context=Context("churn_rate"))
    >>> rate
    Proportion(metric='churn_rate', count=81, total=263, value=0.307985)
    >>> low, high = rate.interval()
    >>> print(f"{low:.4f} {high:.4f}")
    0.2553 0.3662
    """

    PARTS: ClassVar[tuple[str, ...]] = ("count", "total")
    METHODS: ClassVar[tuple[str, ...]] = ("wilson", "clopper-pearson")
    _FORMATS: ClassVar[Mapping[str, Callable[[float], str]]] = _PERCENT

    @property
    def count(self) -> Count:
        """How many do."""
        return self._part("count")

    @property
    def total(self) -> Count:
        """Of how many."""
        return self._part("total")

    def _check(self) -> None:
        if self.context.unit in _CLUSTERED:
            raise InvalidInputError(
                "unit",
                "must be independent in a Proportion",
                f"each {self.context.unit} clusters within a customer: use a Ratio",
            )
        at_least_zero(self, "count")
        if (self._spread("count") > self._spread("total")).any():
            raise InvalidInputError("count", "must not exceed total")

    def _value(self) -> Floats:
        return exact.divide(self._spread("count"), self._spread("total"))

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        interval = intervals.wilson if method == "wilson" else intervals.clopper_pearson
        return interval(self._spread("count"), self._spread("total"), confidence)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Quotient(Estimate):
    """One count or amount over another, without an interval.

    Parameters
    ----------
    axes : sequence of Axis
        None for one quotient.
    parts : mapping
        ``numerator`` and ``denominator``, whole numbers. The numerator need not be a part of the
        denominator, so the value may exceed 1.
    context : Context
        Its options ``scale`` and ``per`` say how many counts of the numerator and of the
        denominator make one reported unit; 1 each if not given.

    Notes
    -----
    ``value = (numerator / scale) / (denominator / per)``. Two totals say nothing about their
    spread over customers, so there is no interval.

    Examples
    --------
    >>> from customerops.model import Context, Quotient
    >>> Quotient(parts={"numerator": 62, "denominator": 1500}, context=Context("churn_rate")).value
    0.04133333333333333
    """

    PARTS: ClassVar[tuple[str, ...]] = ("numerator", "denominator")

    @property
    def numerator(self) -> Count:
        """What is divided."""
        return self._part("numerator")

    @property
    def denominator(self) -> Count:
        """By what."""
        return self._part("denominator")

    def _value(self) -> Floats:
        return self._divided("numerator", "denominator")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Rate(Sampled):
    """Events by time at risk: a hazard, which may exceed 1 and rescales linearly.

    Parameters
    ----------
    axes : sequence of Axis
        None for one rate.
    parts : mapping
        ``events`` and ``exposure``, whole numbers; exposure in microseconds or other ticks.
    context : Context
        Its option ``per`` says how many ticks make the time the rate is reported by: 86,400,000,000
        for a day where exposure is in microseconds. 1 if not given.

    Raises
    ------
    InvalidInputError
        If a part is negative.

    Notes
    -----
    ``value = events / (exposure / per)``. The interval, method ``"exact"``, is Garwood's for a
    Poisson count. The difference of two recovers its interval from theirs.

    Examples
    --------
    Ten events in 365 days, a day each:

    >>> from customerops.model import Context, Rate
    >>> day = 86_400_000_000
    >>> rate = Rate(parts={"events": 10, "exposure": 365 * day}, context=Context("churn_rate", options={"per": day}))
    >>> print(f"{rate.value:.4f}", *(f"{365 * bound:.3f}" for bound in rate.interval()))
    0.0274 4.795 18.390
    """

    PARTS: ClassVar[tuple[str, ...]] = ("events", "exposure")
    METHODS: ClassVar[tuple[str, ...]] = ("exact",)

    @property
    def events(self) -> Count:
        """How many."""
        return self._part("events")

    @property
    def exposure(self) -> Count:
        """Time at risk, in ticks."""
        return self._part("exposure")

    def _check(self) -> None:
        at_least_zero(self, "events", "exposure")

    def _value(self) -> Floats:
        return self._divided("events", "exposure")

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        per, scale = self._units()
        low, high = intervals.poisson_exact(
            self.parts["events"], self.parts["exposure"], confidence
        )
        return low * (per / scale), high * (per / scale)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class NetPromoterScore(Sampled):
    """The share of promoters less the share of detractors, in points from -100 to 100.

    Parameters
    ----------
    axes : sequence of Axis
        None for one score.
    parts : mapping
        ``promoters``, ``passives`` and ``detractors``: answers, one per customer.
    context : Context
        What it is about.

    Raises
    ------
    InvalidInputError
        If a part is negative.

    Notes
    -----
    Intervals: ``"adjusted-wald"`` (the default) and ``"trinomial"`` (Wald), cut off at -100 and
    100; see `customerops.model.tables.intervals.nps_moments`. The difference of two, from -200 to 200,
    adds the variances of the method.

    Examples
    --------
    >>> from customerops.model import Context, NetPromoterScore
    >>> score = NetPromoterScore(
    ...     parts={"promoters": 50, "passives": 30, "detractors": 20}, context=Context("nps")
    ... )
    >>> print(score.value, *(f"{bound:.4f}" for bound in score.interval()))
    30.0 14.0511 44.2013
    """

    PARTS: ClassVar[tuple[str, ...]] = ("promoters", "passives", "detractors")
    METHODS: ClassVar[tuple[str, ...]] = ("adjusted-wald", "trinomial")

    @property
    def promoters(self) -> Count:
        """How many would recommend."""
        return self._part("promoters")

    @property
    def passives(self) -> Count:
        """How many neither would nor would advise against."""
        return self._part("passives")

    @property
    def detractors(self) -> Count:
        """How many would advise against."""
        return self._part("detractors")

    @property
    def total(self) -> Count:
        """How many answered."""
        total = self._total()
        return int(total.item()) if total.ndim == 0 else total

    def _check(self) -> None:
        at_least_zero(self, *self.PARTS)

    def _total(self) -> NDArray[Any]:
        p = self.parts
        return exact.add(exact.add(p["promoters"], p["passives"]), p["detractors"])

    def _value(self) -> Floats:
        net = exact.add(self.parts["promoters"], exact.times(self.parts["detractors"], -1))
        return exact.divide(exact.times(net, 100), self._total())

    def _bounds(self, confidence: float, method: str) -> tuple[Floats, Floats]:
        adjusted = method == "adjusted-wald"
        interval = intervals.adjusted_wald_nps if adjusted else intervals.trinomial_nps
        promoters, passives, detractors = (self.parts[name] for name in self.PARTS)
        return interval(promoters, passives, detractors, confidence)

    def _less(self, other: Self, confidence: float, method: str) -> tuple[Floats, Floats]:
        moments = [
            intervals.nps_moments(
                *(score.parts[name] for name in self.PARTS), adjusted=method == "adjusted-wald"
            )
            for score in (self, other)
        ]
        (centre1, variance1), (centre2, variance2) = moments
        half = intervals.normal(confidence) * np.sqrt(variance1 + variance2)
        centre = centre1 - centre2
        return 100 * np.maximum(centre - half, -2), 100 * np.minimum(centre + half, 2)
