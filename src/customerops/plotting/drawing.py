"""Which picture shows which result, and which results have none."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from customerops.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

_ESTIMATE, _COUNTS = "estimates.estimate_chart", "bars.count_bars"

# by the name of the class, or of the nearest of its bases: what is drawn, and with which options
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "ActivityProfile": ("matrices.activity_map", {}),
    "Attribution": ("bars.attribution_bars", {}),
    "Backlog": ("bars.backlog_bars", {}),
    "CampaignSummary": ("campaigns.message_bars", {}),
    "Change": (_ESTIMATE, {}),
    "ClosedLoop": (_COUNTS, {"parts": ("triggered",)}),
    "CoPurchases": ("recommenders.pair_bars", {}),
    "CohortTable": ("cohorts.cohort_map", {}),
    "Concentration": ("curves.lorenz_curve", {}),
    "Conformance": (_COUNTS, {"parts": ("done", "late", "out_of_order", "skipped")}),
    "ContractModel": ("models.contract_curve", {}),
    "Decomposition": ("bridges.decomposition_bars", {}),
    "Difference": (_ESTIMATE, {}),
    "DifferenceInDifferences": ("effects.change_lines", {}),
    "DifferenceOfChanges": ("effects.change_lines", {}),
    "Distribution": ("curves.distribution_curve", {}),
    "Drivers": ("importance.importance_map", {}),
    "Estimate": (_ESTIMATE, {}),
    "EventTable": ("curves.survival_curve", {}),
    "FlowEdges": ("flows.path_flows", {}),
    "Forecast": ("models.forecast_lines", {}),
    "FunnelTotals": ("steps.funnel_bars", {}),
    "Funnel": ("steps.funnel_bars", {}),
    "GapCurve": ("curves.survival_curve", {}),
    "GrowthAccounting": ("bridges.growth_bars", {}),
    "Movements": ("bridges.movement_bridge", {}),
    "NetPromoterScore": ("scores.score_bars", {}),
    "NetShare": ("scores.score_bars", {}),
    "PathFlow": ("flows.path_flows", {}),
    "PurchaseTracking": ("models.tracking_plot", {}),
    "RFMScores": ("matrices.rfm_grid", {}),
    "RecommenderEvaluation": ("recommenders.recommender_chart", {}),
    "RenewalSummary": (_COUNTS, {"parts": ("kept", "lost")}),
    "RevenueCohorts": ("cohorts.cohort_map", {}),
    "ScoreComparison": ("foretelling.roc_curves", {}),
    "ScoreEvaluation": ("foretelling.risk_groups", {}),
    "SessionTable": (_COUNTS, {"parts": ("sessions",)}),
    "StageFlow": ("flows.stage_flows", {}),
    "StageFlows": ("flows.lifecycle_flows", {}),
    "StepMatrix": ("estimates.share_map", {}),
    "Table": (_COUNTS, {}),
    "Uplift": ("effects.effect_chart", {}),
    "Validation": ("models.calibration_plot", {}),
    "ValueTree": ("bridges.value_bridge", {}),
}

# by the name of the class: what of it is drawn in its place
PARTS: dict[str, str] = {
    "Compounded": "monthly",
    "Coverage": "mix",
    "DailySum": "daily",
    "JourneyStages": "table",
    "LogRank": "table",
    "Reachable": "by_channel",
    "RestrictedMean": "table",
}

# by the name of the class: what to draw in place of a result without a picture of its own
INSTEAD: dict[str, str] = {
    "Audience": "segment_sizes() of the log counts who is in it",
    "CaseDurations": "kaplan_meier(cases.durations, cases.observed) is a curve of them",
    "BeforeAfter": "the result before and the one after can be drawn",
    "Comparison": "purchase_tracking() and validate() draw what each model expects",
    "CustomerStages": "the table of stages() counts them",
    "Figure": "it is one number, with its parts",
    "Fitted": "purchase_tracking(model, log) and validate(model, summary) can be drawn",
    "FunnelAttempts": "funnel() of the same steps counts them",
    "GapTimes": "curve() of it can be drawn",
    "IncrementalReturn": "it is one number, with its parts",
    "LapseWindow": "gap_times(log).curve() shows where it is read from",
    "LeadScores": "it is a row for each customer: to_frame(), top()",
    "LifetimeValue": "validate(model, summary) shows whether to believe it; top() lists the best",
    "NextBest": "share() of it can be drawn",
    "NextPurchase": "gap_times(log).curve() shows the gaps of all",
    "OrderChoice": "attribute(paths, Markov(order)) can be drawn",
    "Outlook": "to_frame() has its columns; share() of next_best() can be drawn",
    "PathTable": "attribute(paths, model) can be drawn",
    "PathVariants": "path_flow() of the same log can be drawn; top() lists paths",
    "PerCustomer": "it is a row for each customer: to_frame(), top()",
    "Population": "counts(period=...) and flows(period=...) of it can be drawn",
    "PopulationDifference": "counts() of either population can be drawn",
    "Predicted": "validate(model, summary) shows whether to believe it; top() lists the best",
    "Profiles": "it is a row for each customer: to_frame()",
    "PurchaseSummary": "purchase_tracking() of a model fitted to it can be drawn",
    "PurchaseHistories": "product_popularity() of the log can be drawn",
    "RFM": "score(cuts()) of it can be drawn",
    "RestrictedMeanDifference": "the curves can be drawn: kaplan_meier() with by=",
    "Result": "to_frame() has its numbers",
    "SegmentAssignment": "segment_sizes() of the log counts them",
    "ShownTable": "to_frame() has what is shown; the table it was made from can be drawn",
    "SlaClocks": "sla() of the log can be drawn",
    "States": "counts() of a population can be drawn",
    "TierStandings": "tier_sizes() of the log counts them",
    "TopVariants": "path_flow() of the same log can be drawn",
}


def draw(result: object, ax: Axes | None = None) -> Axes:
    """Draw the picture that shows a result best; what ``result.plot()`` calls.

    Parameters
    ----------
    result : object
        Any result of this library.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Raises
    ------
    InvalidInputError
        If there is no picture of it; the message says what to draw in its place.

    Examples
    --------
    >>> from customerops.metrics import roi
    >>> from customerops.plotting import draw
    >>> draw(roi(benefit=120, cost=100))
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: result must have a picture: a Figure has none: it is one number, with its parts
    """
    for kind in type(result).__mro__:
        name = kind.__name__ if kind.__module__.startswith("customerops.") else ""
        if name in PARTS:
            part = getattr(result, PARTS[name])
            return draw(part() if callable(part) else part, ax)
        if name in INSTEAD:
            raise _none(result, INSTEAD[name])
        if name in PICTURES:
            where, options = PICTURES[name]
            drawn: Axes = _function(where)(result, ax, **options)
            return drawn
    raise _none(result, "results of customerops have one")


def _none(result: object, instead: str) -> InvalidInputError:
    kind = type(result).__name__
    article = "an" if kind[0] in "AEIOUaeiou" or kind.startswith("RFM") else "a"
    problem = f"{article} {kind} has none: {instead}"
    return InvalidInputError("result", "must have a picture", problem)


def _function(where: str) -> Any:
    module, _, name = where.partition(".")
    return getattr(importlib.import_module(f"customerops.plotting.{module}"), name)
