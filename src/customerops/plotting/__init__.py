"""Pictures of results, drawn with matplotlib: one function for each kind people look at.

``result.plot()`` chooses the function; call it yourself for its options. The package comes with the
extra ``plot``. Figures are made apart from ``pyplot``: no global state, no setting is touched.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from customerops._lazy import lazy
from customerops.errors import MissingDependencyError

if TYPE_CHECKING:
    from customerops.plotting.bars import attribution_bars, backlog_bars, count_bars
    from customerops.plotting.bridges import (
        decomposition_bars,
        growth_bars,
        movement_bridge,
        value_bridge,
    )
    from customerops.plotting.campaigns import message_bars
    from customerops.plotting.canvas import Picture, figure_svg
    from customerops.plotting.cohorts import cohort_map
    from customerops.plotting.curves import distribution_curve, lorenz_curve, survival_curve
    from customerops.plotting.drawing import draw
    from customerops.plotting.effects import change_lines, effect_chart
    from customerops.plotting.estimates import estimate_chart, share_map
    from customerops.plotting.flows import lifecycle_flows, path_flows, stage_flows
    from customerops.plotting.foretelling import risk_groups, roc_curves
    from customerops.plotting.importance import importance_map
    from customerops.plotting.matrices import activity_map, rfm_grid
    from customerops.plotting.models import (
        calibration_plot,
        contract_curve,
        forecast_lines,
        tracking_plot,
    )
    from customerops.plotting.recommenders import pair_bars, recommender_chart
    from customerops.plotting.sankeys import Link, flow_diagram
    from customerops.plotting.scores import score_bars
    from customerops.plotting.steps import funnel_bars

if find_spec("matplotlib") is None:
    raise MissingDependencyError("matplotlib", "plot", "drawing a result")

__all__ = [
    "Link",
    "Picture",
    "activity_map",
    "attribution_bars",
    "backlog_bars",
    "calibration_plot",
    "change_lines",
    "cohort_map",
    "contract_curve",
    "count_bars",
    "decomposition_bars",
    "distribution_curve",
    "draw",
    "effect_chart",
    "estimate_chart",
    "figure_svg",
    "flow_diagram",
    "forecast_lines",
    "funnel_bars",
    "growth_bars",
    "importance_map",
    "lifecycle_flows",
    "lorenz_curve",
    "message_bars",
    "movement_bridge",
    "pair_bars",
    "path_flows",
    "recommender_chart",
    "rfm_grid",
    "risk_groups",
    "roc_curves",
    "score_bars",
    "share_map",
    "stage_flows",
    "survival_curve",
    "tracking_plot",
    "value_bridge",
]

_HOMES = {
    "Link": "sankeys",
    "Picture": "canvas",
    "activity_map": "matrices",
    "attribution_bars": "bars",
    "backlog_bars": "bars",
    "calibration_plot": "models",
    "change_lines": "effects",
    "cohort_map": "cohorts",
    "contract_curve": "models",
    "count_bars": "bars",
    "decomposition_bars": "bridges",
    "distribution_curve": "curves",
    "draw": "drawing",
    "effect_chart": "effects",
    "estimate_chart": "estimates",
    "figure_svg": "canvas",
    "flow_diagram": "sankeys",
    "forecast_lines": "models",
    "funnel_bars": "steps",
    "growth_bars": "bridges",
    "importance_map": "importance",
    "lifecycle_flows": "flows",
    "lorenz_curve": "curves",
    "message_bars": "campaigns",
    "movement_bridge": "bridges",
    "pair_bars": "recommenders",
    "path_flows": "flows",
    "recommender_chart": "recommenders",
    "rfm_grid": "matrices",
    "risk_groups": "foretelling",
    "roc_curves": "foretelling",
    "score_bars": "scores",
    "share_map": "estimates",
    "stage_flows": "flows",
    "survival_curve": "curves",
    "tracking_plot": "models",
    "value_bridge": "bridges",
}

__getattr__, __dir__ = lazy(__name__, _HOMES)
