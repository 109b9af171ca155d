"""From histories to parameters: what a model is fitted by, how, and what kind of maximum it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Literal, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics.clv.newton import DOUBTFUL, Optimum, Values, Vector, peaks
from customerops.model.records.base import Record
from customerops.model.values.checks import one_of

__all__ = [
    "Evidence",
    "Likelihood",
    "Limit",
    "LogNormal",
    "Problem",
    "estimate",
    "evidence_of",
    "fingerprint",
    "solve",
]

Status = Literal["regular", "boundary", "flat", "degenerate"]

Limit = tuple[Mapping[str, int], str]
"""Which parameters run to 0 (-1) or grow (+1) together, and what that means."""

SHARPEST = 1e-4  # standard deviation of a prior's logarithm: below it, it is no doubt any more
FLAT = 0.01  # curvature in which a logarithm is known to no better than plus or minus ten
ROUNDING = 1e-9  # of a logarithm at the end of what is searched
EXTREME = float(np.log(1e4))  # a shape beyond it may as well be infinite, or its inverse 0


class Likelihood(Protocol):
    """A log-likelihood as a function of the logarithms of its parameters."""

    def __call__(self, theta: Vector) -> Values:
        """Return the value, the gradient and the Hessian."""

    def starts(self) -> list[Vector]:
        """Return where to begin."""

    def bounds(self) -> Vector:
        """Return how large the logarithms may get."""


@attrs.frozen(kw_only=True)
class LogNormal(Record):
    """A prior of one parameter: its logarithm is normal.

    Attributes
    ----------
    parameter : str
        Name of the parameter.
    median : float
        Half of the prior lies below.
    sigma : float
        Standard deviation of the logarithm, at least 0.0001: 1 puts 95 % between a seventh of the
        median and seven times it.
    """

    parameter: str
    median: float
    sigma: float

    def _check(self) -> None:
        if self.median <= 0:
            raise InvalidInputError("median", "must be positive", f"got {self.median}")
        if self.sigma < SHARPEST:
            problem = f"got {self.sigma}: give the parameter itself instead"
            raise InvalidInputError("sigma", f"must be at least {SHARPEST}", problem)


@attrs.frozen(kw_only=True)
class Evidence(Record):
    """What a fit is based on.

    Attributes
    ----------
    customers : int
        Customers the parameters were fitted to.
    log_likelihood : float
        Of the data at the parameters, on the data's own scale; a prior has no part in it.
    log_covariance : tuple of tuple of float, or None
        Covariance of the logarithms of the parameters; None unless the fit is regular.
    status : {"regular", "boundary", "flat", "degenerate"}
        What kind of maximum it is.
    notes : tuple of str
        Why, and what else should be known.
    data : str or None
        A digest of the histories, by which two fits are known to be of the same ones. It says
        nothing about them.
    prior : tuple of LogNormal
        The priors that the caller gave.
    """

    customers: int
    log_likelihood: float
    log_covariance: tuple[tuple[float, ...], ...] | None
    status: Status
    notes: tuple[str, ...] = ()
    data: str | None = None
    prior: tuple[LogNormal, ...] = ()


@attrs.frozen(eq=False, kw_only=True)
class Problem:
    """What a model makes of a summary before it is fitted.

    Attributes
    ----------
    likelihood : Likelihood
        Of all the data.
    coarse : Likelihood or None
        Of a part of many data, on which the right maximum is searched.
    limits : sequence of (mapping of str to int, str)
        Which parameters may run away, and what that means. Only shapes are named: the size of a
        scale parameter says nothing.
    customers, histories : int
        Customers, and different histories among them.
    data : str
        Their `fingerprint`.
    fields : mapping
        What else the fitted model is made of: its unit, its currency.
    notes : tuple of str
        What is to be said of the data.
    """

    likelihood: Likelihood
    coarse: Likelihood | None = None
    limits: Sequence[Limit]
    customers: int
    histories: int
    data: str
    fields: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def fingerprint(*columns: NDArray[np.int64], scale: object = None) -> str:
    """Return a short digest of columns of whole numbers not below 0, in the order they are in."""
    digest = blake2b(repr(scale).encode(), digest_size=12)
    for column in columns:
        small = column.astype(np.min_scalar_type(int(column.max(initial=0))))  # less to digest
        digest.update(bytes([small.itemsize]))
        digest.update(small.tobytes())
    return digest.hexdigest()


@attrs.frozen(eq=False)
class _Weighed:
    """A likelihood times the density of a prior."""

    likelihood: Likelihood
    center: Vector
    precision: Vector

    def __call__(self, theta: Vector) -> Values:
        value, gradient, hessian = self.likelihood(theta)
        away = self.precision * (theta - self.center)
        return (
            value - 0.5 * float(away @ (theta - self.center)),
            gradient - away,
            hessian - np.diag(self.precision),
        )

    def starts(self) -> list[Vector]:
        return self.likelihood.starts()

    def bounds(self) -> Vector:
        return self.likelihood.bounds()


def solve(
    problem: Problem, names: Sequence[str], prior: Sequence[LogNormal]
) -> tuple[Vector, Evidence]:
    """Return the parameters at the highest maximum found, and what is known about it.

    Parameters
    ----------
    problem : Problem
        What is fitted.
    names : sequence of str
        Names of the parameters, in the order of the likelihood.
    prior : sequence of LogNormal
        Priors of some parameters, or none.

    Raises
    ------
    InvalidInputError
        If the prior is of no such parameter, or gives one twice.
    ConvergenceError
        If the climb does not end.
    """
    whole, part, notes = problem.likelihood, problem.coarse, problem.notes
    if prior:
        center, precision = _normal(prior, names)
        whole = _Weighed(whole, center, precision)
        part = None if part is None else _Weighed(part, center, precision)
        notes = (*notes, f"with a prior of {' and '.join(one.parameter for one in prior)}")
    optimum = estimate(whole, part)
    pressed = np.abs(optimum.theta) >= whole.bounds() - ROUNDING
    pressed &= optimum.theta * optimum.gradient > 0
    known = evidence_of(
        optimum,
        names,
        held={name for name, here in zip(names, pressed.tolist(), strict=True) if here},
        customers=problem.customers,
        histories=problem.histories,
        limits=problem.limits,
        notes=notes,
        data=problem.data,
    )
    if prior:
        value = problem.likelihood(optimum.theta)[0]
        known = attrs.evolve(known, log_likelihood=value, prior=tuple(prior))
    return np.exp(optimum.theta), known


def _normal(prior: Sequence[LogNormal], names: Sequence[str]) -> tuple[Vector, Vector]:
    """Return mean and precision of the logarithms; the precision is 0 where there is no prior."""
    center, precision = np.zeros(len(names)), np.zeros(len(names))
    for one in prior:
        name = one_of("prior", one.parameter, names)
        i = names.index(name)
        if precision[i]:
            raise InvalidInputError(
                "prior", "must be given once a parameter", f"got two of {name}"
            )
        center[i], precision[i] = np.log(one.median), one.sigma**-2
    return center, precision


def estimate(likelihood: Likelihood, coarse: Likelihood | None = None) -> Optimum:
    """Return the highest maximum found from the starts of a likelihood.

    Parameters
    ----------
    likelihood : Likelihood
        Of all the data.
    coarse : Likelihood, optional
        Of a part of them, on which the search for the right maximum is made.

    Raises
    ------
    ConvergenceError
        If the climb does not end.
    """
    bounds = likelihood.bounds()
    found = peaks(likelihood if coarse is None else coarse, likelihood.starts(), bounds)
    if coarse is not None:  # which of them is the highest, all the data must say
        found = peaks(likelihood, [peak.theta for peak in found], bounds)
    best = found[0]
    if not best.settled:
        raise ConvergenceError(
            "the likelihood still rises after 200 steps: the data hardly bear on the parameters; "
            "more customers or a longer calibration would help"
        )
    return best


def evidence_of(
    optimum: Optimum,
    names: Sequence[str],
    *,
    customers: int,
    histories: int,
    limits: Sequence[Limit],
    held: Collection[str] = (),
    notes: Sequence[str] = (),
    data: str | None = None,
) -> Evidence:
    """Say what kind of maximum was found.

    Parameters
    ----------
    optimum : Optimum
        Where the climb ended, in logarithms.
    names : sequence of str
        Names of the parameters.
    customers, histories : int
        Customers, and different histories among them.
    limits : sequence of (mapping of str to int, str)
        Which parameters run to 0 (-1) or grow (+1), and what that means. Only shapes are named
        here: the size of a scale parameter says nothing.
    held : collection of str
        Parameters at the end of what is searched, with more likelihood beyond.
    notes : sequence of str
        What else is to be said.
    data : str, optional
        The `fingerprint` of the histories.
    """
    curvature, directions = np.linalg.eigh(-optimum.hessian)
    least = float(curvature[0])
    said = []
    status: Status = "regular"
    shapes = {name for pattern, _ in limits for name in pattern}
    runaway = {
        name: 1 if value > 0 else -1
        for name, value in zip(names, optimum.theta.tolist(), strict=True)
        if name in held or (name in shapes and abs(value) > EXTREME and least < DOUBTFUL)
    }
    for pattern, meaning in limits:
        if pattern.items() <= runaway.items():
            said.append(meaning)
            runaway = {name: way for name, way in runaway.items() if name not in pattern}
    said += [
        f"{name} {'grows without bound' if way > 0 else 'tends to 0'}"
        for name, way in runaway.items()
        if name in held
    ]
    if said:
        status = "boundary"
    elif least < FLAT:
        status = "flat"
        weak = [n for n, v in zip(names, np.abs(directions[:, 0]), strict=True) if v > 0.3]
        said.append(f"the data hardly determine {' and '.join(weak)}")
    if histories < len(names):
        status = "degenerate"
        kinds = "histories" if histories > 1 else "history"
        said.insert(0, f"{histories} different {kinds} for {len(names)} parameters")
    inverse = np.linalg.inv(-optimum.hessian) if status == "regular" else None
    return Evidence(
        customers=customers,
        log_likelihood=optimum.value,
        log_covariance=None if inverse is None else tuple(map(tuple, inverse.tolist())),
        status=status,
        notes=(*dict.fromkeys(said), *notes),
        data=data,
    )
