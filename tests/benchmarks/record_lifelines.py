"""Record what lifelines says of its own data sets, for the tests to compare with.

Run by hand in an environment of its own, for lifelines wants an older pandas than ours:

    python tests/benchmarks/record_lifelines.py > tests/cases/lifelines.json

The data are classic public tables that lifelines (MIT) ships: rossi (Rossi et al. 1980), waltons,
larynx (Kardaun 1983) and lung (Loprinzi et al. 1994).
"""

from __future__ import annotations

import json
from typing import Any

import lifelines  # type: ignore[import-not-found]
import numpy as np
from lifelines import KaplanMeierFitter, NelsonAalenFitter, datasets
from lifelines.statistics import multivariate_logrank_test  # type: ignore[import-not-found]
from lifelines.utils import restricted_mean_survival_time  # type: ignore[import-not-found]

TIMES = 15  # of each curve
WEIGHTINGS = {
    "log_rank": None, "gehan": "wilcoxon", "tarone_ware": "tarone-ware", "peto_peto": "peto"
}  # fmt: skip


def lives(name: str) -> tuple[Any, Any, Any]:
    """Return durations, whether the event was seen, and a label for each life."""
    frame = getattr(datasets, f"load_{name}")()
    if name == "rossi":
        return frame["week"], frame["arrest"], frame["fin"]
    if name == "waltons":
        return frame["T"], frame["E"], frame["group"]
    if name == "larynx":
        stage = 1 + frame["Stage_II"] + 2 * frame["Stage_III"] + 3 * frame["Stage_IV"]
        return frame["time"], frame["death"], stage
    return frame["time"], frame["status"], frame["sex"]


def read(fitted: Any, times: list[float]) -> dict[str, list[float]]:
    """Return a curve and its bounds at some times."""
    band = fitted.confidence_interval_.set_axis(["low", "high"], axis=1)
    return {
        "value": fitted.predict(times).tolist(),
        "low": band["low"].reindex(times).tolist(),
        "high": band["high"].reindex(times).tolist(),
    }


def recorded(name: str) -> dict[str, Any]:
    """Return the data, and what lifelines makes of them."""
    durations, seen, labels = lives(name)
    T, E, n = durations.to_numpy(), seen.to_numpy().astype(int), len(durations)
    weights = 1 + np.arange(n) % 3
    entry = np.floor(T * ((7 * np.arange(n)) % 10) / 1.2) / 10  # before the end of each
    times = np.unique(T[(E == 1) & (T > 0)])
    times = times[np.unique(np.linspace(0, len(times) - 2, TIMES).astype(int))].tolist()
    horizon = float(np.quantile(T, 0.6))
    curve = KaplanMeierFitter().fit(T, E)
    return {
        "durations": T.tolist(),
        "observed": E.tolist(),
        "group": labels.tolist(),
        "weights": weights.tolist(),
        "entry": entry.tolist(),
        "times": times,
        "kaplan_meier": read(curve, times),
        "kaplan_meier_weights": read(KaplanMeierFitter().fit(T, E, weights=weights), times),
        "kaplan_meier_entry": read(KaplanMeierFitter().fit(T, E, entry=entry), times),
        "fleming_harrington": read(NelsonAalenFitter().fit(T, E), times),
        "nelson_aalen": NelsonAalenFitter(nelson_aalen_smoothing=False)
        .fit(T, E)
        .predict(times)
        .tolist(),
        "median": curve.median_survival_time_
        if np.isfinite(curve.median_survival_time_)
        else None,
        "horizon": horizon,
        "restricted_mean": restricted_mean_survival_time(curve, t=horizon),
        "logrank": {
            ours: [test.test_statistic, test.degrees_of_freedom, test.p_value]
            for ours, theirs in WEIGHTINGS.items()
            for test in [multivariate_logrank_test(T, labels, E, weightings=theirs)]
        },
    }


def main() -> None:
    """Print the table."""
    names = ("rossi", "waltons", "larynx", "lung")
    table = {
        "source": f"lifelines {lifelines.__version__}, its data sets; record_lifelines.py",
        **{name: recorded(name) for name in names},
    }
    text = json.dumps(
        table, separators=(",", ":"), allow_nan=False, default=lambda value: value.item()
    )
    print(text)


if __name__ == "__main__":
    main()
