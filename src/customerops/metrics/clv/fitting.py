"""Customer-base models: how often customers will buy, how much, and what that is worth.

`purchase_summary` makes the table a model is fitted to, `fit` fits one, and the fitted model
answers: who is still a customer, how many purchases to expect, of whom, until when.
`lifetime_value` puts purchases and spend together; `validate` holds a model against later data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from customerops.errors import InvalidInputError
from customerops.metrics.clv.bdw import BdW
from customerops.metrics.clv.bgbb import BGBB
from customerops.metrics.clv.bgnbd import BGNBD
from customerops.metrics.clv.estimation import LogNormal
from customerops.metrics.clv.fitted import Fitted
from customerops.metrics.clv.gammagamma import GammaGamma
from customerops.metrics.clv.mbgnbd import MBGNBD
from customerops.metrics.clv.nbd import NBD
from customerops.metrics.clv.pareto import ParetoNBD
from customerops.metrics.clv.sbg import SBG
from customerops.metrics.clv.summary import PurchaseSummary
from customerops.metrics.clv.survivors import RenewalSummary
from customerops.model.values.checks import came, did_you_mean, each

__all__ = ["MODELS", "fit"]

M = TypeVar("M", bound=Fitted)

MODELS: dict[str, type[Fitted]] = {
    "NBD": NBD,
    "BGNBD": BGNBD,
    "MBGNBD": MBGNBD,
    "ParetoNBD": ParetoNBD,
    "BGBB": BGBB,
    "GammaGamma": GammaGamma,
    "SBG": SBG,
    "BdW": BdW,
}
"""The models, by name."""


def fit(
    model: type[M],
    summary: PurchaseSummary | RenewalSummary,
    *,
    prior: Sequence[LogNormal] | None = None,
) -> M:
    """Fit a model to the histories of customers by maximum likelihood.

    Parameters
    ----------
    model : type
        How often: `NBD`, `BGNBD`, `MBGNBD`, `ParetoNBD`, `BGBB`. How much: `GammaGamma`. How long, of
        contracts: `SBG`, `BdW`.
    summary : PurchaseSummary or RenewalSummary
        The histories, of the kind the model is of.
    prior : sequence of LogNormal, optional
        Priors of some of the parameters; the fit is then their most probable value. Left out,
        nothing but the data counts.

    Returns
    -------
    Fitted
        An instance of `model`, with its `diagnosis`: a fit that is usable but irregular is
        returned and says so.

    Raises
    ------
    InvalidInputError
        If the model is not known, or the summary or a prior is not of its kind.
    ConvergenceError
        If there are no usable parameters; it says why, and what would help.

    Notes
    -----
    Only the distinct histories and their counts are read, in one order, so a fit is the same to
    the bit however the customers were split, ordered and put together. The likelihood is climbed
    with its exact first and second derivatives in the logarithms of the parameters, from several
    starting points.

    Examples
    --------
    >>> from customerops.metrics import BGNBD, PurchaseSummary, fit
    >>> days = PurchaseSummary.from_arrays(
    ...     x=[0, 0, 1, 1, 2, 3, 6, 20],
    ...     t_x=[0, 0, 14, 210, 35, 240, 30, 265],
    ...     T=[250, 272, 272, 230, 260, 270, 255, 271],
    ...     weights=[40, 30, 9, 6, 5, 4, 2, 2],
    ... )
    >>> model = fit(BGNBD, days)
    >>> model.customers, model.status
    (98, 'regular')
    """
    if model not in MODELS.values():
        name = getattr(model, "__name__", model)
        problem = (
            f"got {name!r}{did_you_mean(name, MODELS)}" if isinstance(name, str) else came(model)
        )
        raise InvalidInputError("model", f"must be one of {', '.join(MODELS)}", problem)
    return model._fit(summary, _prior(prior))


def _prior(given: object) -> tuple[LogNormal, ...]:
    found = () if given is None else tuple(each("prior", given))
    for i, one in enumerate(found):
        if not isinstance(one, LogNormal):
            raise InvalidInputError(f"prior[{i}]", "must be a LogNormal", came(one))
    return found
