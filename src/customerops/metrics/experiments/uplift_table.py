"""Uplift: what came of each arm, in parts that add, and what a treatment did by them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.experiments.contrasts import Contrast, Sums, contrast, holm, slope
from customerops.metrics.experiments.sample_ratio import SampleRatio, ratio_of
from customerops.metrics.experiments.weighing import Shares
from customerops.model.tables import render
from customerops.model.tables.base import Bounds, Floats, at_least_zero
from customerops.model.tables.estimates import Mean, Proportion
from customerops.model.tables.intervals import as_confidence
from customerops.model.tables.tables import Count, Table
from customerops.model.values import exact
from customerops.model.values.checks import one_of
from customerops.model.values.labels import Label, label_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFINITIONS", "Uplift"]

Definition = Literal["difference", "ratio"]
DEFINITIONS: tuple[Definition, ...] = ("difference", "ratio")
_METHODS = {"difference": ("welch",), "ratio": ("log", "fieller")}
_ADJUST = ("none", "bonferroni")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Uplift(Table):
    """What a treatment did, by intention to treat; made by `uplift` and its like.

    Its parts, by arm: ``n`` customers whose window is closed, the sums over them of the outcome
    ``y``, of ``yy``, of the covariate ``x``, of ``xx`` and ``xy``, and the ``immature``, whose
    window is open and who are in none of these. The lifts are by treatment: every arm but the
    control, in the order of ``treatments``.

    Notes
    -----
    Customers of different logs add. Let y be the outcome and x the covariate of a customer.
    ``difference = ȳ_t - ȳ_c - θ (x̄_t - x̄_c)`` with ``θ = Σ S_xy / Σ S_xx`` within the arms, pooled
    over all of them, and 0 without a covariate; ``ratio = (ȳ_c + difference) / ȳ_c``.
    """

    PARTS: ClassVar[tuple[str, ...]] = ("n", "y", "yy", "x", "xx", "xy", "immature")

    # -- the arms -------------------------------------------------------------------------------

    @property
    def control(self) -> Label:
        """The arm that was left alone."""
        control: Label = self.context.option("control")
        return control

    @property
    def treatments(self) -> tuple[Label, ...]:
        """The other arms, sorted."""
        own = label_key(self.control)
        return tuple(arm for arm in self.axes[0].labels if label_key(arm) != own)

    @property
    def customers(self) -> Count:
        """By arm, all customers whose window is closed: those with no event count, with zeros."""
        return exact.add(self.parts["n"], self._absent() if self._absent_closed() else _NOBODY)

    @property
    def immature(self) -> Count:
        """By arm, the customers whose window is still open, who are left out."""
        waiting = _NOBODY if self._absent_closed() else self._absent()
        return exact.add(self.parts["immature"], waiting)

    @property
    def by_arm(self) -> Any:
        """The outcome of each arm as it is, not adjusted: a `Proportion`, or a `Mean`."""
        context = attrs.evolve(self.context, definition=None)
        if self._is_share():
            parts = {"count": self.parts["y"], "total": self.customers}
            return Proportion(axes=self.axes, parts=parts, context=context)
        parts = {"n": self.customers, "sum": self.parts["y"], "sum_sq": self.parts["yy"]}
        return Mean(axes=self.axes, parts=parts, context=context)

    @property
    def sample_ratio(self) -> SampleRatio | None:
        """Customers by arm against the weights, open windows too; None without weights."""
        planned: Shares | None = self.context.option("weights")
        if planned is None:
            return None
        everybody = exact.add(self.customers, self.immature).tolist()
        arms = self.axes[0].labels
        here = {label_key(arm) for arm in arms}
        own = [(arm, share) for arm, share in planned if label_key(arm) in here]  # after select
        total = math.fsum(share for _, share in own)
        shares = tuple((arm, share / total) for arm, share in own)
        return ratio_of(arms, everybody, shares, self.context.option("threshold"))

    @property
    def flagged(self) -> bool:
        """Whether the sample ratio is not to be believed, and with it the lifts."""
        check = self.sample_ratio
        return check is not None and check.flagged

    # -- the lifts ------------------------------------------------------------------------------

    @property
    def value(self) -> Floats:
        """The lift of each treatment, by the definition; NaN where it is undefined."""
        return np.array([self._lift(one) for one in self._contrasts()])

    def __float__(self) -> float:
        """Return the lift of the one treatment."""
        lifts = self.value.tolist()
        if len(lifts) != 1:
            problem = f"it has {len(lifts)}; give select(arm=[...]) two arms first"
            raise InvalidInputError("uplift", "must have one treatment to be one number", problem)
        return float(lifts[0])

    @property
    def adjusted(self) -> bool:
        """Whether the lifts are adjusted by a covariate (CUPED)."""
        return self.context.option("covariate") is not None

    @property
    def theta(self) -> float:
        """The slope of the outcome on the covariate, pooled within the arms; 0 without one."""
        return float(slope(self._sums()))

    @property
    def variance_reduction(self) -> Floats:
        """By treatment, how much smaller the covariate makes the variance of the difference.

        A share; 0.5 is worth twice the customers. 0 without a covariate, NaN where nothing varies.
        """
        pairs = [(sum(one.variances), one.plain) for one in self._contrasts()]
        return np.array([1 - by / plain if plain > 0 else math.nan for by, plain in pairs])

    def interval(
        self,
        confidence: float = 0.95,
        *,
        method: str | None = None,
        adjust: Literal["none", "bonferroni"] = "none",
    ) -> Bounds:
        """Return the confidence interval of the lift of each treatment.

        Parameters
        ----------
        confidence : float
            Coverage aimed at, between 0 and 1.
        method : str, optional
            Of a difference: ``"newcombe"`` for shares and ``"welch"`` for means and whatever is
            adjusted, the only ones. Of a ratio: ``"log"``, the default, or ``"fieller"``.
        adjust : {"none", "bonferroni"}
            With several treatments, whether each covers by itself, or all of them together.

        Returns
        -------
        tuple of ndarray
            The lower and the upper bounds; NaN where there is none.

        Raises
        ------
        InvalidInputError
            If an option is not valid.

        Notes
        -----
        Newcombe's hybrid score interval of shares, Welch's t of means; see
        `customerops.model.tables.intervals`. ``"log"`` is symmetric on the scale of the logarithm,
        ``ratio exp(± t s)``, ``s²`` by the delta method: of shares it is Katz's, ``s² = 1/a - 1/n +
        1/c - 1/m``. ``"fieller"`` holds every ratio r for which
        treated - r control is no further than t standard errors from 0, and is unbounded, -inf to
        inf, where the control is not told from 0. A ratio has none unless both arms are above 0.

        References
        ----------
        Newcombe, R. G. (1998). Statistics in Medicine 17, 873-890, method 10. Katz, D. and others
        (1978). Biometrics 34, 469-474. Fieller, E. C. (1954). Journal of the Royal Statistical
        Society B 16, 175-185. Deng, A. and others (2018). Applying the delta method in metric
        analytics. KDD 2018, 233-242.
        """
        level = as_confidence(confidence)
        if one_of("adjust", adjust, _ADJUST) == "bonferroni":
            level = 1 - (1 - level) / max(1, len(self.treatments))
        chosen = self._method(method)
        bounds = [self._bounds(one, level, chosen) for one in self._contrasts()]
        low, high = np.array(bounds, np.float64).reshape(-1, 2).T
        return low, high

    def p_values(self, *, adjust: Literal["none", "holm"] = "none") -> Floats:
        """Return by treatment the two-sided p-value of no effect.

        Parameters
        ----------
        adjust : {"none", "holm"}
            With several treatments, whether each stands by itself, or the chance to find any of
            them where there is nothing is to be kept.

        Returns
        -------
        ndarray
            Of Pearson's chi-square for shares, of Welch's t for means and whatever is adjusted; the
            same for a difference and a ratio. NaN where nothing varies.

        Raises
        ------
        InvalidInputError
            If `adjust` is neither.

        References
        ----------
        Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
        Journal of Statistics 6, 65-70.
        """
        plain = [one.p_value() for one in self._contrasts()]
        return np.array(
            holm(plain) if one_of("adjust", adjust, ("none", "holm")) == "holm" else plain
        )

    def defined_as(self, definition: Definition) -> Uplift:
        """Return the same customers by the other definition.

        Raises
        ------
        InvalidInputError
            If it is neither ``"difference"`` nor ``"ratio"``.
        """
        chosen = one_of("definition", definition, DEFINITIONS)
        context = attrs.evolve(self.context, definition=chosen)
        return Uplift(axes=self.axes, parts=self.parts, context=context)

    def to_frame(
        self, *, confidence: float = 0.95, adjust: Literal["none", "bonferroni"] = "none"
    ) -> pd.DataFrame:
        """Return one row per treatment.

        Returns
        -------
        pandas.DataFrame
            arm, customers, control (its customers), value, low, high, p_value, p_holm,
            variance_reduction, immature, flagged.
        """
        import pandas as pd

        return pd.DataFrame(self._rows(confidence, adjust))

    # -- inside ---------------------------------------------------------------------------------

    def _check(self) -> None:
        at_least_zero(self, "n", "yy", "xx", "immature")
        keys = {label_key(arm) for axis in self.axes for arm in axis.labels}
        if len(self.axes) != 1 or label_key(self.control) not in keys:
            problem = "a lift is against the control"
            raise InvalidInputError("axes", "must be the arms, the control among them", problem)
        if self._absent().min(initial=0) < 0:
            problem = "some are in both logs, or not in arms="
            raise InvalidInputError("n", "must not exceed the customers of the arms", problem)

    def _is_share(self) -> bool:
        return bool(self.context.option("measure") == "customers")

    def _absent(self) -> NDArray[Any]:
        """Return by arm the customers that were assigned and are not in the log."""
        assigned = self.context.option("assigned")
        if assigned is None:
            return _NOBODY
        totals = {label_key(arm): total for arm, total in assigned}
        every = exact.canon([totals[label_key(arm)] for arm in self.axes[0].labels])
        here = exact.add(self.parts["n"], self.parts["immature"])
        return exact.add(every, exact.times(here, -1))

    def _absent_closed(self) -> bool:
        return bool(self.context.option("closed", default=True))

    def _complete(self) -> NDArray[np.bool_]:
        return np.asarray(np.asarray(self.immature) == 0)

    def _sums(self) -> list[Sums]:
        parts = {name: self.parts[name] for name in ("y", "yy", "x", "xx", "xy")}
        rows = zip(
            self.customers.tolist(), *(part.tolist() for part in parts.values()), strict=True
        )
        return [Sums(*map(int, row)) for row in rows]

    def _contrasts(self) -> list[Contrast]:
        sums = dict(zip(map(label_key, self.axes[0].labels), self._sums(), strict=True))
        theta = slope(list(sums.values()))
        share = self._is_share() and not self.adjusted
        control = sums[label_key(self.control)]
        return [
            contrast(sums[label_key(arm)], control, theta, share=share) for arm in self.treatments
        ]

    def _scale(self) -> float:
        return float(self.context.option("scale", 1))

    def _lift(self, one: Contrast) -> float:
        return one.ratio if self.definition == "ratio" else one.difference / self._scale()

    def _method(self, method: str | None) -> str:
        options = _METHODS[str(self.definition)]
        if self.definition == "difference" and self._is_share() and not self.adjusted:
            options = ("newcombe",)
        return options[0] if method is None else one_of("method", method, options)

    def _bounds(self, one: Contrast, level: float, method: str) -> tuple[float, float]:
        if self.definition == "ratio":
            return one.ratio_interval(level, method)
        low, high = one.difference_interval(level)
        return low / self._scale(), high / self._scale()

    def _rows(
        self, confidence: float = 0.95, adjust: Literal["none", "bonferroni"] = "none"
    ) -> dict[str, Any]:
        low, high = self.interval(confidence, adjust=adjust)
        places = self.axes[0].positions(self.treatments)
        control = self.customers[self.axes[0].positions([self.control])[0]]
        return {
            "arm": list(self.treatments),
            "customers": self.customers[places],
            "control": np.full(len(places), control),
            "value": self.value,
            "low": low,
            "high": high,
            "p_value": self.p_values(),
            "p_holm": self.p_values(adjust="holm"),
            "variance_reduction": self.variance_reduction,
            "immature": self.immature[places],
            "flagged": np.full(len(places), self.flagged),
        }

    def _extent(self) -> str:
        lifts = ", ".join(f"{lift:.6g}" for lift in self.value)
        total = int(self.customers.sum())
        return (
            f"definition={self.definition!r}, value=[{lifts}], customers={total}, {self._said()}"
        )

    def _said(self) -> str:
        check = self.sample_ratio
        if check is None:
            return "sample ratio not checked"
        if check.flagged:
            return f"SAMPLE RATIO MISMATCH (p_value={check.p_value:.3g}): not to be believed"
        return f"sample ratio p_value={check.p_value:.3g}"

    def _repr_html_(self) -> str:
        """Show one row per treatment, and what the sample ratio says."""
        rows = self._rows()
        arms = rows.pop("arm")
        del rows["flagged"]
        shown: dict[str, list[str]] = {
            name: [_FORMATS.get(name, render.number)(v) for v in np.asarray(column).tolist()]
            for name, column in rows.items()
        }
        waiting = [bool(x) for x in np.asarray(rows["immature"]) > 0]
        title = f"{self.context.title}: {self._said()}"
        return render.rows_html(title, {"arm": arms}, shown, waiting, len(arms))


_NOBODY = exact.canon(0)
_FORMATS: dict[str, Callable[[float], str]] = {"variance_reduction": render.percent}
