"""Doubt: from what is known about parameters to intervals of what is computed from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.model.values.checks import came, one_of, whole

if TYPE_CHECKING:
    from customerops.metrics.clv.fitted import Fitted

__all__ = ["Bounds", "Method", "Quantity", "Scale", "bounds_of", "source"]

Vector = NDArray[np.float64]
M_contra = TypeVar("M_contra", bound="Fitted", contravariant=True)

Bounds = tuple[Vector, Vector]
Method = Literal["delta", "draws", "bootstrap"]
Scale = Literal["log", "logit", "linear"]
Quantity = Callable[[M_contra], Any]
"""A function of a model to a number or an array of numbers."""

STEP = 1e-4  # of a logarithm, for central differences: they err by its square
DRAWS, REFITS = 1000, 200
_FAILED = 0.1  # the share of refits that may fail


def bounds_of(
    model: Any,
    quantity: Quantity[Any],
    *,
    confidence: float,
    method: str,
    scale: str,
    summary: Any,
    rng: np.random.Generator | None,
    repeats: int | None,
) -> Bounds:
    """Return low and high of a quantity: `Fitted.interval_of`."""
    if not callable(quantity):
        raise InvalidInputError("quantity", "must be a function of a model", came(quantity))
    one_of("method", method, ("delta", "draws", "bootstrap"))
    one_of("scale", scale, ("log", "logit", "linear"))
    if method == "bootstrap":
        refits = REFITS if repeats is None else whole("repeats", repeats, least=2)
        models = _refitted(model, summary, source(rng), refits)
        return _quantiles([_value(quantity, one) for one in models], confidence)
    if model.evidence is None or model.evidence.log_covariance is None:
        advice = "fit it to data" if model.evidence is None else "method='bootstrap' needs no more"
        raise InvalidInputError(
            "method",
            f"must not be {method!r} unless the fit is regular",
            f"this one is {model.status}; {advice}",
        )
    logs, covariance = np.log(model._values()), model._log_covariance()
    if method == "draws":
        draws = DRAWS if repeats is None else whole("repeats", repeats, least=2)
        drawn = source(rng).multivariate_normal(logs, covariance, size=draws, method="eigh")
        return _quantiles([_value(quantity, beside(model, one)) for one in drawn], confidence)
    there, back = _SCALES[scale]
    middle = there(_value(quantity, model))
    slopes = [
        (there(_value(quantity, up)) - there(_value(quantity, down))) / (2 * STEP)
        for up, down in zip(_moved(model, logs, STEP), _moved(model, logs, -STEP), strict=True)
    ]
    slope = np.stack(slopes)
    variance = np.einsum("i...,ij,j...->...", slope, covariance, slope)
    from scipy.special import ndtri

    margin = ndtri(0.5 + confidence / 2) * np.sqrt(variance)
    return back(middle - margin), back(middle + margin)


def beside(model: Any, logs: Vector) -> Any:
    """Return the model with other parameters, given by their logarithms."""
    return attrs.evolve(model, params=model._named(np.exp(logs)), evidence=None)


def _moved(model: Any, logs: Vector, by: float) -> list[Any]:
    return [beside(model, logs + by * unit) for unit in np.eye(len(logs))]


def _value(quantity: Quantity[Any], model: Any) -> Vector:
    value = np.asarray(quantity(model))
    if value.dtype.kind not in "fiu":
        raise InvalidInputError("quantity", "must give numbers", f"got {value.dtype}")
    return value.astype(np.float64)


def _log(value: Vector) -> Vector:
    if not (value > 0).all():
        wrong = int(np.count_nonzero(~(value > 0)))
        raise InvalidInputError(
            "scale",
            "must be 'linear' for what is not positive",
            f"{wrong} of {value.size} are not",
        )
    return np.log(value)


def _logit(value: Vector) -> Vector:
    if not ((value > 0) & (value < 1)).all():
        wrong = int(np.count_nonzero(~((value > 0) & (value < 1))))
        raise InvalidInputError(
            "scale",
            "must not be 'logit' for what is not between 0 and 1",
            f"{wrong} of {value.size} are not",
        )
    return np.log(value) - np.log1p(-value)


def _expit(value: Vector) -> Vector:
    small = np.exp(-np.abs(value))
    chance: Vector = np.where(value < 0, small, 1.0) / (1.0 + small)
    return chance


_SCALES: dict[str, tuple[Callable[[Vector], Vector], Callable[[Vector], Vector]]] = {
    "log": (_log, np.exp),
    "logit": (_logit, _expit),
    "linear": (np.asarray, np.asarray),
}


def source(rng: object) -> np.random.Generator:
    """Return a source of randomness, or refuse what is none."""
    if not isinstance(rng, np.random.Generator):
        raise InvalidInputError("rng", "must be a numpy.random.Generator", came(rng))
    return rng


def _refitted(model: Any, summary: Any, rng: np.random.Generator, refits: int) -> list[Any]:
    if model.evidence is None:
        raise InvalidInputError("method", "must not be 'bootstrap' for a model that was given")
    if summary is None:
        raise InvalidInputError("summary", "must be given for method='bootstrap'")
    problem = model._problem(summary)
    if problem.data != model.evidence.data:
        raise InvalidInputError("summary", "must be the one that the model was fitted to")
    models, reason = [], ""
    for _ in range(refits):
        try:
            models.append(model._fit(summary.resample(rng), model.evidence.prior))
        except ConvergenceError as error:
            reason = str(error)
    failed = refits - len(models)
    if failed > _FAILED * refits:
        raise ConvergenceError(
            f"{failed} of {refits} samples of the customers have no usable parameters: {reason}"
        )
    return models


def _quantiles(values: list[Vector], confidence: float) -> Bounds:
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(np.stack(values), ends, axis=0)
    return low, high
