"""Attribution by removal: what a chain of touches would convert without each channel."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.journey.credit.chains import chain_of
from customerops.journey.credit.models import Block, Credit, Model
from customerops.model.values.checks import whole

__all__ = ["MOST_ORDER", "Markov"]

MOST_ORDER = 3


def _order(order: object) -> int:
    return whole("order", order, least=1, most=MOST_ORDER)


@attrs.frozen
class Markov(Model):
    """Credit by removal effect: the share of conversions that a chain loses without the channel.

    Parameters
    ----------
    order : int
        How many last touches decide what comes next: 1, 2 or 3. See `choose_order`.

    Raises
    ------
    InvalidInputError
        If the order is none of these; in use, if some value is negative.

    Notes
    -----
    A state is the last `order` touches, or all of them while there are fewer. To remove a channel
    is to lose every path that reaches a state with it (Anderl et al. 2016: what led there leads to
    null). The removal effect of value is that of expected value. Credits are the effects, made to
    add up to all conversions and to all value. Exact to rounding and not simulated; equal in the
    limit to the R and Python package ChannelAttribution, whose states begin with the first
    `order` touches at once and whose touches of one channel in a row are left out at order 1:
    neither changes an effect.

    Without nulls every path converts, and the effect of a channel is the share of modelled paths
    that reach it: credit then says how common a channel is, and nothing of how well it converts.

    References
    ----------
    Anderl, E., Becker, I., von Wangenheim, F. and Schumann, J. H. (2016). Mapping the customer
    journey. International Journal of Research in Marketing 33(3), 457-474.
    Kemeny, J. G. and Snell, J. L. (1976). Finite Markov Chains, chapter 3: absorbing chains.

    Examples
    --------
    >>> from customerops.journey import Markov, PathTable, attribute
    >>> paths = PathTable.from_counts(["ad > mail", "mail", "ad"], [1, 1, 0], [0, 0, 1], separator=">")
    >>> credit = attribute(paths, Markov())  # without ads every second conversion is lost
    >>> credit.to_frame()[["channel", "conversions", "removal_effect"]].round(3)
      channel  conversions  removal_effect
    0      ad        0.667             0.5
    1    mail        1.333             1.0
    """

    order: int = attrs.field(default=1, converter=_order)

    def credit(self, block: Block, rng: np.random.Generator | None) -> Credit:
        """Return the credit by removal effect, with the effects and the chain."""
        if (block.value < 0).any():
            problem = "a removal effect is a share; leave value out with value='none'"
            raise InvalidInputError("value", "must not be negative for Markov", problem)
        chain = chain_of(block, self.order)
        lost = chain.removal_effects(len(block.labels))
        columns = {"removal_effect": lost[0], "value_removal_effect": lost[1]}
        conversions = _shared(lost[0], float(block.conversions.sum()))
        return Credit(conversions, _shared(lost[1], float(block.value.sum())), columns, chain)


def _shared(effects: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Return a total in proportion to effects; nothing where there is nothing to share."""
    if total == 0:
        return np.zeros(len(effects))
    shares: NDArray[np.float64] = effects / effects.sum()
    return total * shares
