"""Several models of the same histories in one table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics.clv.alike import Alike
from customerops.metrics.clv.fitted import Fitted
from customerops.metrics.clv.fitting import fit
from customerops.metrics.clv.html import table_html
from customerops.metrics.clv.purchase_model import PurchaseModel
from customerops.metrics.clv.validation import validate
from customerops.model.values.checks import came, each, one_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "compare"]

_NUMBERS = ("parameters", "log_likelihood", "aic", "bic")
_HELD_OUT = ("mae", "rmse", "bias", "tracking_error")


@attrs.frozen(eq=False, repr=False)
class Comparison(Alike):
    """Models of the same histories: how well each fits, and how well it foresaw.

    Attributes
    ----------
    fitted : dict of str to Fitted
        The models that could be fitted, by name.
    columns : dict of str to ndarray
        ``parameters`` (how many), ``log_likelihood``, ``aic``, ``bic`` and, of a summary that holds
        out some time, ``mae``, ``rmse``, ``bias``, ``tracking_error``; NaN but for the first
        where a model could not be fitted.
    diagnoses : dict of str to str
        Of each model: what its fit says of itself, or why there is none.
    """

    fitted: dict[str, Fitted]
    columns: dict[str, NDArray[Any]]
    diagnoses: dict[str, str]

    def best(self, by: str = "bic") -> Fitted:
        """Return the model with the lowest value of a column: ``aic``, ``bic``, ``mae`` or ``rmse``.

        Raises
        ------
        InvalidInputError
            If the column is another, is not there, or no model could be fitted.
        """
        chosen = [name for name in ("aic", "bic", "mae", "rmse") if name in self.columns]
        values = self.columns[one_of("by", by, chosen)]
        if np.isnan(values).all():
            raise InvalidInputError("models", "must have one that can be fitted")
        return self.fitted[list(self.diagnoses)[int(np.nanargmin(values))]]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a model, in the order given."""
        import pandas as pd

        return pd.DataFrame(
            {
                "model": list(self.diagnoses),
                **self.columns,
                "diagnosis": list(self.diagnoses.values()),
            }
        )

    def _repr_html_(self) -> str:
        """Show the table."""
        return table_html("comparison", "model", list(self.diagnoses), self.columns)

    def __repr__(self) -> str:
        return f"Comparison({', '.join(self.diagnoses)})"


def compare(models: Iterable[type[Fitted]], summary: Any) -> Comparison:
    """Fit several models to the same histories and put them side by side.

    Parameters
    ----------
    models : iterable of type
        Such as ``[NBD, BGNBD, MBGNBD, ParetoNBD]``, each once.
    summary : PurchaseSummary or other summary
        The histories; with held-out time, the models are validated on it too.

    Returns
    -------
    Comparison
        One row a model. A model without usable parameters keeps its row, and its diagnosis says
        why there are none.

    Raises
    ------
    InvalidInputError
        If the likelihoods are of different things (times of purchases, opportunities taken,
        spends, renewals) and cannot be compared, or a model is named twice.

    Notes
    -----
    A lower AIC or BIC is better; a difference below 2 says little. That a model fits better does
    not mean that it foresees better: where there is held-out time, look at both.

    Examples
    --------
    >>> import numpy as np
    >>> from customerops.metrics import BGNBD, NBD, compare
    >>> truth = BGNBD.of(r=0.7, alpha=10, a=0.8, b=2.5, unit="week")
    >>> seen = truth.simulate(3000, age=52, holdout=26, rng=np.random.default_rng(1))
    >>> table = compare([NBD, BGNBD], seen)
    >>> type(table.best()).__name__
    'BGNBD'
    """
    kinds = list(each("models", models))
    for i, kind in enumerate(kinds):
        if not (isinstance(kind, type) and issubclass(kind, Fitted)):
            raise InvalidInputError(f"models[{i}]", "must be a model", came(kind))
        if not hasattr(kind, "PARAMETERS"):
            problem = f"{kind.__name__} is what several have in common"
            raise InvalidInputError(f"models[{i}]", "must be a model with parameters", problem)
    if not kinds or len(set(kinds)) < len(kinds):
        raise InvalidInputError("models", "must be at least one, each once", f"got {len(kinds)}")
    observed = sorted({kind.OBSERVED for kind in kinds})
    if len(observed) > 1:
        problem = f"got {' and '.join(observed)}"
        raise InvalidInputError("models", "must be likelihoods of one thing", problem)
    held = issubclass(kinds[0], PurchaseModel) and getattr(summary, "holdout", 0) > 0
    names = (*_NUMBERS, *_HELD_OUT) if held else _NUMBERS
    fitted: dict[str, Fitted] = {}
    diagnoses, rows = {}, []
    for kind in kinds:
        k = len(attrs.fields(kind.PARAMETERS))
        try:
            model = fit(kind, summary)
        except ConvergenceError as error:
            diagnoses[kind.__name__] = str(error)
            rows.append([k] + [np.nan] * (len(names) - 1))
            continue
        row = [k, model.log_likelihood, model.aic, model.bic]
        if isinstance(model, PurchaseModel) and held:
            foreseen = validate(model, summary)
            row += [getattr(foreseen, name) for name in _HELD_OUT]
        fitted[kind.__name__] = model
        diagnoses[kind.__name__] = model.diagnosis
        rows.append(row)
    columns: dict[str, NDArray[Any]] = dict(zip(names, np.array(rows, np.float64).T, strict=True))
    columns["parameters"] = columns["parameters"].astype(np.int64)
    return Comparison(fitted, columns, diagnoses)
