"""What may be called an effect: a before and after may not, and no return without a control."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Never

import attrs

from customerops.errors import InvalidInputError
from customerops.metrics.comparison.changes import Change, Of, change
from customerops.metrics.experiments.uplift_table import Uplift
from customerops.model.tables.base import Bounds, Estimate, Value
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values.checks import came, finite

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BeforeAfter", "IncrementalReturn", "before_after", "incremental_return"]

_NOT_CAUSAL = "a before/after without control cannot be called causal"


@attrs.frozen(eq=False, repr=False)
class BeforeAfter(Result):
    """How a result changed, and no more than that; made by `before_after`.

    Attributes
    ----------
    change : Change
        After against before, with intervals.

    Examples
    --------
    >>> from customerops.metrics import before_after, proportion
    >>> both = before_after(before=proportion(40, 1000), after=proportion(52, 1000))
    >>> both.effect
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: effect must have a control: a before/after without control cannot be called causal
    """

    change: Change
    __hash__: ClassVar[None]  # type: ignore[assignment]

    @property
    def context(self) -> Context:  # type: ignore[override]
        """The context of the result after."""
        return self.change.context

    @property
    def value(self) -> Value:
        """After less before: a change, not an effect."""
        return self.change.absolute

    @property
    def wording(self) -> str:
        """What it may be called."""
        return "change, not effect"

    @property
    def effect(self) -> Never:
        """Refused: a change has many causes.

        Raises
        ------
        InvalidInputError
            Always.
        """
        raise InvalidInputError("effect", "must have a control", _NOT_CAUSAL)

    def interval(
        self, of: Of = "absolute", confidence: float = 0.95, *, method: str | None = None
    ) -> Bounds:
        """Return the confidence interval of the change, as `Change.interval`."""
        return self.change.interval(of, confidence, method=method)

    def to_frame(self, *, confidence: float = 0.95, method: str | None = None) -> pd.DataFrame:
        """Return one row per cell, as `Change.to_frame`."""
        return self.change.to_frame(confidence=confidence, method=method)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BeforeAfter):
            return NotImplemented
        return self.change == other.change

    def __repr__(self) -> str:
        after = self.change.after
        said = after._extent() if after.axes else f"{float(self.value):.6g}"
        return f"BeforeAfter(metric={self.context.metric!r}, {said}: {self.wording})"

    def _repr_html_(self) -> str:
        """Show the first cells of the change, and what it is not."""
        return f"{self.change._repr_html_()}<p><small>{self.wording}</small></p>"


def before_after(*, before: Estimate, after: Estimate) -> BeforeAfter:
    """Return how a result changed, without a control: not what changed it (前后对比).

    Parameters
    ----------
    before, after : Estimate
        The same measure of two windows, as for `change`.

    Returns
    -------
    BeforeAfter
        ``.change``, ``.value``, ``.interval()``; ``.effect`` is refused.

    Raises
    ------
    InvalidInputError
        If the two do not measure the same thing; named after what differs.

    Notes
    -----
    What was done between the two is one of the things that happened between them; there are a season,
    a price, a rival, other customers, and the fall back to the mean of whoever was chosen for being
    far from it. With a group that was left alone: `uplift` if it was drawn by lot, and
    `difference_in_differences` if it was not.

    References
    ----------
    Shadish, W. R., Cook, T. D. and Campbell, D. T. (2002). *Experimental and Quasi-Experimental
    Designs for Generalized Causal Inference*, chapter 4: designs without control groups.

    Examples
    --------
    >>> from customerops.metrics import before_after, proportion
    >>> before_after(before=proportion(40, 1000), after=proportion(52, 1000))
    BeforeAfter(metric='proportion', 0.012: change, not effect)
    """
    return BeforeAfter(change(after, before))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class IncrementalReturn(Result):
    """What a treatment brought beyond its cost, by its cost; made by `incremental_return`.

    Attributes
    ----------
    uplift : Uplift
        The experiment.
    margin : float
        What one unit of the outcome is worth.
    cost : float
        What treating the treated cost, all of them together.
    """

    uplift: Uplift
    margin: float
    cost: float
    __hash__: ClassVar[None]  # type: ignore[assignment]

    @property
    def context(self) -> Context:  # type: ignore[override]
        """What it is."""
        of = self.uplift.context
        return attrs.evolve(of, metric="incremental_return", definition=None)

    @property
    def treated(self) -> int:
        """How many customers were treated."""
        own = self.uplift.axes[0].positions(self.uplift.treatments)
        return int(self.uplift.customers[own[0]])

    @property
    def incremental(self) -> float:
        """What the treated did beyond what they would have: the difference times their number."""
        return float(self._difference()) * self.treated

    @property
    def benefit(self) -> float:
        """What that is worth: the increment times the margin."""
        return self.incremental * self.margin

    @property
    def value(self) -> float:
        """``(benefit - cost) / cost``; NaN if it cost nothing."""
        return self._returned(float(self._difference()))

    @property
    def flagged(self) -> bool:
        """Whether the sample ratio of the experiment is not to be believed."""
        return self.uplift.flagged

    def __float__(self) -> float:
        """Return the value."""
        return self.value

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the confidence interval of the value: that of the difference, scaled.

        Raises
        ------
        InvalidInputError
            If `confidence` is not between 0 and 1.
        """
        low, high = self._difference().interval(confidence)
        return self._returned(float(low[0])), self._returned(float(high[0]))

    def to_frame(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return one row: treated, incremental, benefit, cost, value, low, high, flagged."""
        import pandas as pd

        low, high = self.interval(confidence)
        names = ("treated", "incremental", "benefit", "cost", "value")
        row = {name: getattr(self, name) for name in names}
        return pd.DataFrame([{**row, "low": low, "high": high, "flagged": self.flagged}])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IncrementalReturn):
            return NotImplemented
        mine, others = ((x.uplift, x.margin, x.cost) for x in (self, other))
        return mine == others

    def __repr__(self) -> str:
        warned = ", SAMPLE RATIO MISMATCH" if self.flagged else ""
        parts = f"benefit={self.benefit:.6g}, cost={self.cost:.6g}, value={self.value:.6g}"
        return f"IncrementalReturn({parts}{warned})"

    def _difference(self) -> Uplift:
        return self.uplift.defined_as("difference")

    def _returned(self, lift: float) -> float:
        gained = lift * self.treated * self.margin
        return (gained - self.cost) / self.cost if self.cost > 0 else math.nan


def incremental_return(uplift: Uplift, *, margin: float, cost: float) -> IncrementalReturn:
    """Return what a treatment brought beyond its cost, by its cost (增量 ROI, ROMI).

    Parameters
    ----------
    uplift : Uplift
        An experiment with a control and one treatment; of several, ``select(arm=[...])`` two arms.
    margin : float
        What one unit of the outcome is worth: of amounts the share that is margin, 0.3; of customers
        or events the margin of one, in the unit of `cost`. Not negative.
    cost : float
        Of treating all who were treated and are counted, in major units. Not negative.

    Returns
    -------
    IncrementalReturn
        ``.value``, 0.5 where 1.50 came back for 1.00, with ``.interval()``, ``.incremental`` and
        ``.benefit``.

    Raises
    ------
    InvalidInputError
        If it is no `Uplift`, has not one treatment, or a number is negative.

    Notes
    -----
    ``(difference * treated * margin - cost) / cost``. Sales of the treated are not the benefit: most
    of them would have come anyway, and that is what the control says. The cost is taken as known, so
    the interval is that of the difference. For a benefit and a cost that are known otherwise, `roi`.

    References
    ----------
    Bendle, N. T. and others (2020). *Marketing Metrics*, 4th ed., chapter 10, return on marketing
    investment, on incremental sales.

    Examples
    --------
    >>> from customerops.metrics import incremental_return, uplift_from_counts
    >>> found = uplift_from_counts({"none": (90, 1000), "mail": (120, 1000)}, control="none")
    >>> earned = incremental_return(found, margin=20, cost=400)
    >>> earned
    IncrementalReturn(benefit=600, cost=400, value=0.5)
    >>> print(*(f"{bound:.2f}" for bound in earned.interval()))
    -0.85 1.85
    """
    if not isinstance(uplift, Uplift):
        problem = f"{came(uplift)}; what has no control says nothing of what came of it"
        raise InvalidInputError("uplift", "must be an Uplift", problem)
    if len(uplift.treatments) != 1:
        problem = f"it has {len(uplift.treatments)}; select(arm=[...]) two arms"
        raise InvalidInputError("uplift", "must have one treatment", problem)
    numbers = {"margin": finite("margin", margin), "cost": finite("cost", cost)}
    for name, number in numbers.items():
        if number < 0:
            raise InvalidInputError(name, "must not be negative", f"got {number:g}")
    return IncrementalReturn(uplift=uplift, **numbers)
