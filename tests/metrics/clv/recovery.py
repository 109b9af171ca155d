"""Fitting many invented data sets, and holding the fits against the truth."""

# ruff: noqa: T201 - what is found is printed
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from customerops.metrics import Fitted

__all__ = ["CUSTOMERS", "SETS", "check", "fits"]

SETS, CUSTOMERS = 200, 5_000
LEAST, MOST = 182, 198  # of 200: the binomial distribution with 0.95 has 0.05 % on either side


def fits(one: Callable[[np.random.Generator], Fitted], seed: int) -> list[Fitted]:
    """Fit as many data sets, each from a random source of its own."""
    sources = np.random.default_rng(seed).spawn(SETS)
    return [one(source) for source in sources]


def check(name: str, truth: Mapping[str, float], found: Sequence[Fitted]) -> None:
    """Print a table: truth, mean, its error, spread, mean standard error and coverage."""
    assert {model.status for model in found} == {"regular"}
    print(f"\n{name}: parameter, truth, mean of estimates, its standard error, spread of log, "
          "mean standard error of log, intervals that hold the truth")  # fmt: skip
    failed = []
    for i, (parameter, value) in enumerate(truth.items()):
        logs = np.log([getattr(model.params, parameter) for model in found])
        bounds = [model.intervals()[parameter] for model in found]
        held = sum(low <= value <= high for low, high in bounds)
        errors = [np.sqrt(model.evidence.log_covariance[i][i]) for model in found]  # type: ignore[union-attr, index]
        mean, doubt = float(np.exp(logs).mean()), float(np.exp(logs).std() / np.sqrt(len(found)))
        print(f"{parameter:>6} {value:8.4g} {mean:8.4g} {doubt:8.2g} {logs.std():8.4f} "
              f"{np.mean(errors):8.4f} {held:5d}")  # fmt: skip
        off = abs(float(logs.mean()) - np.log(value))
        # estimates are biased by about half their squared spread, which is less than the spread
        if not LEAST <= held <= MOST or off > 4 * logs.std() / np.sqrt(len(found)) + logs.var():
            failed.append(parameter)
    assert not failed, failed
