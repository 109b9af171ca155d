"""What every fitted customer-base model has: parameters, how well they are known, and in words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.clv.doubt import Bounds, Method, Quantity, Scale, bounds_of
from customerops.metrics.clv.estimation import Evidence, LogNormal, Problem, solve
from customerops.metrics.clv.html import table_html
from customerops.metrics.clv.nested import LikelihoodRatio, likelihood_ratio
from customerops.model.records.base import Record
from customerops.model.tables.intervals import as_confidence
from customerops.model.tables.shown import Shown
from customerops.model.values.checks import one_of

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["Fitted", "Parameters"]


@attrs.frozen(kw_only=True)
class Parameters(Record):
    """Base of the parameters of a model: positive numbers."""

    def _check(self) -> None:
        for name, value in attrs.asdict(self).items():
            if value <= 0:
                raise InvalidInputError(name, "must be positive", f"got {value}")


@attrs.frozen(kw_only=True, repr=False)
class Fitted(Record, Shown):
    """A model of a customer base with its parameters: fitted by `fit`, or given to ``of``.

    Attributes
    ----------
    params : Parameters
        The parameters, by name.
    evidence : Evidence or None
        What they were fitted to; None when they were given.
    """

    PARAMETERS: ClassVar[type[Parameters]]
    OBSERVED: ClassVar[str]
    """What the likelihood is of: likelihoods of one thing can be compared."""
    CONTAINS: ClassVar[Mapping[str, Literal["inside", "edge"]]] = {}
    """Smaller models that are special cases, inside the parameters or on their edge."""

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
        notes = (() if self.evidence is None else self.evidence.notes) + self._remarks()
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

    def intervals(
        self,
        *,
        confidence: float = 0.95,
        method: Method = "delta",
        summary: Any = None,
        rng: np.random.Generator | None = None,
        repeats: int | None = None,
    ) -> dict[str, tuple[float, float]]:
        """Return a confidence interval of each parameter.

        Parameters
        ----------
        confidence, method, summary, rng, repeats
            As of `interval_of`.

        Returns
        -------
        dict of str to tuple of float
            Low and high by parameter; NaN if the method is ``"delta"`` and the fit not regular.

        Notes
        -----
        By the delta method ``exp(log p -+ z s)`` with s the standard error of log p from the
        observed information: parameters are positive, and their logarithms are nearer to normal.
        """
        as_confidence(confidence)
        if method == "delta" and (self.evidence is None or self.evidence.log_covariance is None):
            return dict.fromkeys(self.names, (np.nan, np.nan))
        low, high = self.interval_of(
            lambda model: model._values(),
            confidence=confidence,
            method=method,
            summary=summary,
            rng=rng,
            repeats=repeats,
        )
        return dict(zip(self.names, zip(low.tolist(), high.tolist(), strict=True), strict=True))

    def interval_of(
        self,
        quantity: Quantity[Self],
        *,
        confidence: float = 0.95,
        method: Method = "delta",
        scale: Scale = "log",
        summary: Any = None,
        rng: np.random.Generator | None = None,
        repeats: int | None = None,
    ) -> Bounds:
        """Return a confidence interval of whatever the model computes.

        Parameters
        ----------
        quantity : callable
            A function of a model: a number or an array of numbers, such as ``lambda model:
            model.expected_purchases(summary, horizon=52).total``.
        confidence : float
            The coverage aimed at.
        method : {"delta", "draws", "bootstrap"}
            How the doubt about the parameters reaches the quantity:

            * ``"delta"``: by its derivatives, symmetric on `scale`. Needs a regular fit.
            * ``"draws"``: quantiles over parameters drawn from the normal distribution of their
              logarithms. Needs a regular fit and `rng`.
            * ``"bootstrap"``: quantiles over models fitted again to customers drawn with
              replacement. Needs `summary`, the one it was fitted to, and `rng`; it holds for
              irregular fits too, and takes as long as that many fits. Up to a tenth of them may
              have no usable parameters and are left out.
        scale : {"log", "logit", "linear"}
            Where ``"delta"`` is symmetric: of positive numbers, of chances, of any.
        summary : PurchaseSummary or other summary
            What the model was fitted to; for ``"bootstrap"``.
        rng : numpy.random.Generator
            Source of randomness, for all but ``"delta"``.
        repeats : int, optional
            Draws (left out, 1000) or refits (left out, 200).

        Returns
        -------
        tuple of ndarray
            Low and high, each of the shape of the quantity.

        Raises
        ------
        InvalidInputError
            If the method needs something that is not there, or a quantity is not on the scale.
        ConvergenceError
            If more than a tenth of the refits of a bootstrap have no usable parameters.

        Notes
        -----
        The interval has the doubt about the parameters, not the luck of single customers.

        Examples
        --------
        >>> import numpy as np
        >>> from customerops.metrics import BGNBD, PurchaseSummary, fit
        >>> model = BGNBD.of(r=0.7, alpha=10, a=0.8, b=2.5)
        >>> seen = model.simulate(2000, age=52, rng=np.random.default_rng(7))
        >>> fitted = fit(BGNBD, seen)
        >>> low, high = fitted.interval_of(lambda m: m.new_customer(52))
        >>> bool(low < fitted.new_customer(52) < high)
        True
        """
        return bounds_of(
            self,
            quantity,
            confidence=as_confidence(confidence),
            method=method,
            scale=scale,
            summary=summary,
            rng=rng,
            repeats=repeats,
        )

    def likelihood_ratio_test(
        self,
        other: Fitted,
        *,
        summary: Any = None,
        rng: np.random.Generator | None = None,
        repeats: int = 199,
    ) -> LikelihoodRatio:
        """Test a smaller model, which this one contains, against this one.

        Parameters
        ----------
        other : Fitted
            The smaller model, fitted to the same summary: `NBD` for the models with dropout,
            `SBG` for `BdW`.
        summary : PurchaseSummary, optional
            What both were fitted to; needed where the smaller model lies on the edge.
        rng : numpy.random.Generator, optional
            Source of randomness; needed there too.
        repeats : int
            Data sets made there.

        Returns
        -------
        LikelihoodRatio
            The statistic and its p-value.

        Raises
        ------
        InvalidInputError
            If this model does not contain the other, or they were not fitted to the same data
            without a prior.

        Notes
        -----
        A model inside the parameters of the larger one (`SBG` is `BdW` with c = 1) leaves a
        statistic that is chi-squared (Wilks). One on the edge (no dropout: a parameter at 0 or
        without bound) does not, and other parameters lose their meaning there; then data sets of
        the same ages are made as the smaller model says, and both models are fitted to each
        (a parametric bootstrap: Davison and Hinkley, *Bootstrap Methods and their Application*,
        1997, section 4.2.3).
        """
        return likelihood_ratio(self, other, summary=summary, rng=rng, repeats=repeats)

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
    def _fit(cls, summary: Any, prior: Sequence[LogNormal] = ()) -> Self:
        """Fit the model to a summary."""
        problem = cls._problem(summary)
        names = tuple(field.name for field in attrs.fields(cls.PARAMETERS))
        values, evidence = solve(problem, names, prior)
        return cls(params=cls._named(values), evidence=evidence, **problem.fields)

    @classmethod
    @abstractmethod
    def _problem(cls, summary: Any) -> Problem:
        """Return what is to be fitted; refuse a summary that tells nothing."""

    @classmethod
    def _named(cls, values: NDArray[np.float64]) -> Parameters:
        names = (field.name for field in attrs.fields(cls.PARAMETERS))
        return cls.PARAMETERS(**dict(zip(names, values.tolist(), strict=True)))

    def _remarks(self) -> tuple[str, ...]:
        """Return what the parameters themselves say."""
        return ()

    @abstractmethod
    def _scale(self) -> str:
        """Return in words on what scale the parameters are."""

    def _values(self) -> NDArray[np.float64]:
        return np.array(attrs.astuple(self.params))

    def _log_covariance(self) -> NDArray[np.float64]:
        if self.evidence is None or self.evidence.log_covariance is None:
            return np.full((len(self.names),) * 2, np.nan)
        return np.array(self.evidence.log_covariance)
