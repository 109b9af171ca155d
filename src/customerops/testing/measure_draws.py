"""What measures are told by callers: arms of an experiment, scorecards, points, stages of sales."""

from __future__ import annotations

from hypothesis import strategies as st

from customerops.metrics.experiments.assigning import Experiment
from customerops.metrics.health.components import HealthBand, HealthComponent
from customerops.metrics.health.scorecard import HealthScorecard
from customerops.metrics.loyalty.scheme import PointsScheme
from customerops.metrics.pipeline.deals import SalesStages
from customerops.testing.value_draws import some

__all__ = [
    "experiments",
    "health_bands",
    "health_components",
    "health_scorecards",
    "points_schemes",
    "sales_stages",
]

_ARMS = ("control", "mail", "voucher", "客服")


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Draw experiments of two to four arms, alike or unlike in size."""
    arms = draw(some(_ARMS, least=2, most=4))
    weights = {arm: draw(st.sampled_from([1, 1, 0.1, 9])) for arm in arms}
    key = draw(st.sampled_from(["trial", "k1"]))
    return Experiment(key=key, arms=weights, control=draw(st.sampled_from(arms)))


@st.composite
def health_components(draw: st.DrawFn, name: str = "logins") -> HealthComponent:
    """Draw a part of a score, better the more or the less there is of it."""
    more = draw(st.booleans())
    return HealthComponent(
        name=name,
        weight=draw(st.sampled_from([1, 3, 0.5])),
        points=((0, 0), (20, 100)) if more else ((0, 100), (5, 0)),
        better="higher" if more else "lower",
        between=draw(st.sampled_from(["linear", "steps"])),
        missing_as=draw(st.sampled_from([None, 0, 50])),
    )


def health_bands() -> st.SearchStrategy[HealthBand]:
    """Draw a band of scores."""
    return st.sampled_from([HealthBand(key="red", threshold=0), HealthBand(key="x", threshold=70)])


@st.composite
def health_scorecards(draw: st.DrawFn) -> HealthScorecard:
    """Draw a scorecard of one to three components, with bands or without."""
    bands = (HealthBand(key="red", threshold=0), HealthBand(key="green", threshold=70))
    names = draw(some(["logins", "tickets", "seats"], least=1))
    return HealthScorecard(
        components=tuple(draw(health_components(name)) for name in names),
        bands=draw(st.sampled_from([(), bands])),
        missing=draw(st.sampled_from(["refuse", "reweight", "worst"])),
    )


def points_schemes() -> st.SearchStrategy[PointsScheme]:
    """Draw how a ledger of points is read."""
    orders = st.sampled_from(["first_in", "first_to_expire"])
    return st.builds(PointsScheme, order=orders)


def sales_stages() -> st.SearchStrategy[SalesStages]:
    """Draw the stages of a sale, in order."""
    return st.sampled_from([SalesStages(("new", "offer")), SalesStages(("lead", "demo", "bid"))])
