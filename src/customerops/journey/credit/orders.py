"""How much memory paths have: the order of the chain, chosen by likelihood."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.credit.attribution import blocks_of
from customerops.journey.credit.chains import chain_of
from customerops.journey.credit.markov import MOST_ORDER
from customerops.journey.credit.path_table import PathTable
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values.checks import came, each, one_of, whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OrderChoice", "choose_order"]


@attrs.frozen
class OrderChoice(Result):
    """How well chains of several orders describe the paths.

    Attributes
    ----------
    order : int
        The one with the lowest criterion; the lower of equals.
    criterion : {"bic", "aic"}
        By which.
    orders : tuple of int
        Those compared.
    log_likelihood : tuple of float
        Of all paths and how they ended.
    parameters : tuple of int
        Probabilities that are free to be chosen.
    moves : int
        Steps of all paths, the first and the last among them: the size of the sample.
    context : Context
        What the paths are about.
    """

    order: int
    criterion: str
    orders: tuple[int, ...]
    log_likelihood: tuple[float, ...]
    parameters: tuple[int, ...]
    moves: int
    context: Context

    def to_frame(self) -> pd.DataFrame:
        """Return one row per order: ``log_likelihood``, ``parameters``, ``aic``, ``bic``."""
        import pandas as pd

        fit, free = np.array(self.log_likelihood), np.array(self.parameters)
        return pd.DataFrame(
            {
                "order": self.orders,
                "log_likelihood": fit,
                "parameters": free,
                "aic": _criterion(fit, free, self.moves, "aic"),
                "bic": _criterion(fit, free, self.moves, "bic"),
            }
        )


def choose_order(
    paths: PathTable,
    *,
    orders: Collection[int] = (1, 2, 3),
    criterion: Literal["bic", "aic"] = "bic",
) -> OrderChoice:
    """Say how many last touches decide what comes next.

    Parameters
    ----------
    paths : PathTable
        Without groups: select one, or roll them up.
    orders : collection of int
        Those to compare, from 1 to 3.
    criterion : {"bic", "aic"}
        What to make small. The Bayesian criterion finds the true order as paths grow in number;
        Akaike's tends to a higher one.

    Returns
    -------
    OrderChoice
        ``.order``, and ``.to_frame()`` of all.

    Raises
    ------
    InvalidInputError
        If there are groups or no paths, or the options are not valid.

    Notes
    -----
    The likelihood is of every step of every path, the first touch and the end among them, so that
    orders are compared on the same data. After each state that occurs any channel may come, or
    either end that occurs, which makes ``states * (channels + ends - 1)`` free probabilities and
    ``channels - 1`` for the first touch. ``BIC = -2 log L + parameters * log(steps)``; Katz (1981).
    The package ChannelAttribution takes the penalised area under the curve of predicted
    conversions instead.

    References
    ----------
    Katz, R. W. (1981). On some criteria for estimating the order of a Markov chain. Technometrics
    23(3), 243-249.

    Examples
    --------
    >>> from customerops.journey import PathTable, choose_order
    >>> paths = PathTable.from_counts(["a > b", "b > a"], [90, 10], [10, 90], separator=">")
    >>> choose_order(paths).order
    2
    """
    if not isinstance(paths, PathTable):
        raise InvalidInputError("paths", "must be a PathTable", came(paths))
    one_of("criterion", criterion, ("bic", "aic"))
    asked = sorted({whole("orders", k, least=1, most=MOST_ORDER) for k in each("orders", orders)})
    if not asked:
        raise InvalidInputError("orders", "must hold at least one", "got none")
    if paths.outer:
        raise InvalidInputError("paths", "must have no groups", "select() one, or rollup() them")
    ((_, _, block),) = blocks_of(paths)
    if not len(block.codes):
        raise InvalidInputError("paths", "must hold a path with a touch and an outcome")
    ends = sum(bool(count.any()) for count in (block.conversions, block.nulls))
    channels = len(block.labels)
    weight = block.conversions + block.nulls
    moves = int((weight * (block.length + 1)).sum())
    fits, frees = [], []
    for k in asked:
        chain = chain_of(block, k)
        left = chain.total
        fit = _entropy(chain.start) - _entropy(chain.start.sum(keepdims=True))
        fit += sum(map(_entropy, (chain.moves.data, chain.conversions, chain.nulls)))
        fits.append(fit - _entropy(left))
        frees.append(len(left) * (channels + ends - 1) + channels - 1)
    score = _criterion(np.array(fits), np.array(frees), moves, criterion)
    return OrderChoice(
        order=asked[int(np.argmin(score))],
        criterion=criterion,
        orders=tuple(asked),
        log_likelihood=tuple(fits),
        parameters=tuple(frees),
        moves=moves,
        context=attrs.evolve(paths.context, metric="choose_order"),
    )


def _entropy(counts: NDArray[Any]) -> float:
    """Return the sum of n log n."""
    from scipy.special import xlogy

    some = counts.astype(np.float64)
    return float(xlogy(some, some).sum())


def _criterion(
    fit: NDArray[np.float64], free: NDArray[np.int64], moves: int, criterion: str
) -> NDArray[np.float64]:
    return -2 * fit + free * (2.0 if criterion == "aic" else np.log(moves))
