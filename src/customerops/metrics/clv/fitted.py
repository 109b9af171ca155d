"""What every fitted customer-base model has: parameters, how well they are known, and in words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics.clv.html import table_html
from customerops.metrics.clv.newton import DOUBTFUL, Optimum, Values, Vector, climb, climb_all
from customerops.model.records.base import Record
from customerops.model.tables.intervals import as_confidence
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    import pandas as pd

    from customerops.metrics.clv.summary import PurchaseSummary

__all__ = ["Evidence", "Fitted", "Parameters", "estimate", "evidence_of"]

Status = Literal["regular", "boundary", "flat", "degenerate"]

Limit = tuple[Mapping[str, int], str]

FLAT = 0.01  # curvature in which a logarithm is known to no better than plus or minus ten
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
class Parameters(Record):
    """Base of the parameters of a model: positive numbers."""

    def _check(self) -> None:
        for name, value in attrs.asdict(self).items():
            if value <= 0:
                raise InvalidInputError(name, "must be positive", f"got {value}")


@attrs.frozen(kw_only=True)
class Evidence(Record):
    """What a fit is based on.

    Attributes
    ----------
    customers : int
        Customers the parameters were fitted to.
    log_likelihood : float
        At the parameters, on the data's own scale.
    log_covariance : tuple of tuple of float, or None
        Covariance of the logarithms of the parameters; None unless the fit is regular.
    status : {"regular", "boundary", "flat", "degenerate"}
        What kind of maximum it is.
    notes : tuple of str
        Why, and what else should be known.
    """

    customers: int
    log_likelihood: float
    log_covariance: tuple[tuple[float, ...], ...] | None
    status: Status
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Fitted(Record):
    """A model of a customer base with its parameters: fitted by `fit`, or given to ``of``.

    Attributes
    ----------
    params : Parameters
        The parameters, by name.
    evidence : Evidence or None
        What they were fitted to; None when they were given.
    """

    params: Any
    evidence: Evidence | None = None

    # ------------------------------------------------------------------ how well it fits

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of `covariance`."""
        return tuple(field.name for field in attrs.fields(type(self.params)))

    @property
    def customers(self) -> int:
        """How many customers the parameters were fitted to; 0 when they were given."""
        return 0 if self.evidence is None else self.evidence.customers

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the data at the parameters; NaN when they were given."""
        return np.nan if self.evidence is None else self.evidence.log_likelihood

    @property
    def aic(self) -> float:
        """Akaike's criterion, ``2 k - 2 log L`` for k parameters; lower is better."""
        return 2.0 * len(self.names) - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, ``k log n - 2 log L`` for n customers; lower is better."""
        n = np.nan if self.evidence is None else self.evidence.customers
        return len(self.names) * float(np.log(n)) - 2.0 * self.log_likelihood

    @property
    def status(self) -> str:
        """``"regular"``, ``"boundary"``, ``"flat"``, ``"degenerate"``, or ``"given"``."""
        return "given" if self.evidence is None else self.evidence.status

    @property
    def diagnosis(self) -> str:
        """The status in words, and why; ``"regular"`` alone if there is nothing to say.

        regular
            A maximum inside the parameters; standard errors hold.
        boundary
            The likelihood keeps rising towards an edge of the parameters. Predictions have
            settled, the parameters that run away have not, and there are no standard errors.
        flat
            The data do not tell some of the parameters; predictions that need them are not
            better founded than the starting point of the climb.
        degenerate
            The data hold fewer different histories than the model has parameters.
        """
        notes = () if self.evidence is None else self.evidence.notes
        return ": ".join(filter(None, [self.status, "; ".join(notes)]))

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Covariance matrix of the parameters, by the delta method; NaN unless regular."""
        values = self._values()
        return self._log_covariance() * np.outer(values, values)

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each parameter; NaN unless the fit is regular."""
        errors = np.sqrt(np.diag(self.covariance))
        return dict(zip(self.names, errors.tolist(), strict=True))

    def intervals(self, *, confidence: float = 0.95) -> dict[str, tuple[float, float]]:
        """Return a confidence interval of each parameter; NaN unless the fit is regular.

        Parameters
        ----------
        confidence : float
            The coverage aimed at.

        Notes
        -----
        ``exp(log p -+ z s)`` with s the standard error of log p from the observed information:
        parameters are positive, and their logarithms are nearer to normal.
        """
        from scipy.special import ndtri

        z = ndtri(0.5 + as_confidence(confidence) / 2)
        margin = np.exp(z * np.sqrt(np.diag(self._log_covariance())))
        values = self._values()
        low, high = (values / margin).tolist(), (values * margin).tolist()
        return {n: (a, b) for n, a, b in zip(self.names, low, high, strict=True)}

    def to_frame(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return one row a parameter: estimate, standard error and interval."""
        import pandas as pd

        bounds = self.intervals(confidence=confidence)
        return pd.DataFrame(
            {
                "parameter": list(self.names),
                "estimate": self._values(),
                "standard_error": list(self.standard_errors.values()),
                "low": [low for low, _ in bounds.values()],
                "high": [high for _, high in bounds.values()],
            }
        )

    def summary(self, *, confidence: float = 0.95) -> str:
        """Return all of it as text to read."""
        head = [f"{type(self).__name__}, {self._scale()}"]
        if self.evidence is not None:
            head += [
                f"customers       {self.customers:,}",
                f"log-likelihood  {self.log_likelihood:,.2f}   AIC {self.aic:,.2f}   BIC {self.bic:,.2f}",
            ]
        table = self.to_frame(confidence=confidence).to_string(index=False, float_format="%.5g")
        return "\n".join([*head, f"diagnosis       {self.diagnosis}", "", table])

    def _repr_html_(self) -> str:
        """Show the parameters, with the diagnosis above."""
        columns = {
            "estimate": self._values(),
            "standard error": np.array(list(self.standard_errors.values())),
        }
        title = f"{type(self).__name__}, {self._scale()}, {self.diagnosis}"
        return table_html(title, "parameter", self.names, columns)

    def __repr__(self) -> str:
        params = ", ".join(f"{n}={v:.4g}" for n, v in zip(self.names, self._values(), strict=True))
        return f"{type(self).__name__}({params}, {self._scale()}, {self.status})"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the model that `to_dict` wrote; on `Fitted` itself, of whichever kind it is.

        Raises
        ------
        InvalidInputError
            If it is of another kind, or not of this form.
        """
        if cls is not Fitted:
            return super().from_dict(data)
        from customerops.metrics.clv.fitting import MODELS

        given: Any = data
        tag = given.get("model") if isinstance(given, Mapping) else None
        found: Any = MODELS[one_of("Fitted.model", tag, MODELS)]
        model: Self = found.from_dict(data)
        return model

    # ------------------------------------------------------------------ for subclasses

    def _check(self) -> None:
        k = len(self.names)
        rows = () if self.evidence is None else self.evidence.log_covariance or ()
        if rows and (len(rows) != k or any(len(row) != k for row in rows)):
            raise InvalidInputError("evidence.log_covariance", f"must be {k} by {k}")

    @classmethod
    @abstractmethod
    def _fit(cls, summary: PurchaseSummary) -> Self:
        """Fit the model to a summary."""

    @abstractmethod
    def _scale(self) -> str:
        """Return in words on what scale the parameters are."""

    def _values(self) -> NDArray[np.float64]:
        return np.array(attrs.astuple(self.params))

    def _log_covariance(self) -> NDArray[np.float64]:
        if self.evidence is None or self.evidence.log_covariance is None:
            return np.full((len(self.names),) * 2, np.nan)
        return np.array(self.evidence.log_covariance)


# ---------------------------------------------------------------------- fitting


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
    if coarse is None:
        best = climb_all(likelihood, likelihood.starts(), bounds)
    else:
        near = climb_all(coarse, coarse.starts(), bounds)
        best = climb(likelihood, near.theta, bounds)
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
    notes: Sequence[str] = (),
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
    notes : sequence of str
        What else is to be said.
    """
    curvature, directions = np.linalg.eigh(-optimum.hessian)
    least = float(curvature[0])
    said = []
    status: Status = "regular"
    shapes = {name for pattern, _ in limits for name in pattern}
    runaway = {
        name: 1 if value > 0 else -1
        for name, value in zip(names, optimum.theta.tolist(), strict=True)
        if name in shapes and abs(value) > EXTREME and least < DOUBTFUL
    }
    for pattern, meaning in limits:
        if pattern.items() <= runaway.items():
            said.append(meaning)
            runaway = {name: way for name, way in runaway.items() if name not in pattern}
    if said:
        status = "boundary"
    elif least < FLAT:
        status = "flat"
        weak = [n for n, v in zip(names, np.abs(directions[:, 0]), strict=True) if v > 0.3]
        said.append(f"the data hardly determine {' and '.join(weak)}")
    if histories < len(names):
        status = "degenerate"
        said.insert(0, f"{histories} different histories for {len(names)} parameters")
    inverse = np.linalg.inv(-optimum.hessian) if status == "regular" else None
    return Evidence(
        customers=customers,
        log_likelihood=optimum.value,
        log_covariance=None if inverse is None else tuple(map(tuple, inverse.tolist())),
        status=status,
        notes=(*dict.fromkeys(said), *notes),
    )
