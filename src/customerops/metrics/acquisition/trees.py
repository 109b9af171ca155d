"""Who brought whom: trees of referrals, their generations and how deep they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.tables.context import Context
from customerops.model.tables.tables import Result
from customerops.model.values import exact
from customerops.model.values.checks import came, identifier
from customerops.model.values.labels import label_key
from customerops.model.values.runs import ranges

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReferralTree", "referral_tree"]

Ints = NDArray[np.int64]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ReferralTree(Result):
    """Trees of customers, each below the one who brought them; made by `referral_tree`.

    Attributes
    ----------
    customers : ndarray, shape (n,)
        Everybody who is named, sorted.
    parent : ndarray of int64, shape (n,)
        Where in `customers` the one is who brought each; -1 for who came alone.
    generation : ndarray of int64, shape (n,)
        How many referrals lead to each: 0 for who came alone.
    referred : ndarray of int64, shape (n,)
        How many each brought.
    descendants : ndarray of int64, shape (n,)
        How many came by each, at any remove.
    context : Context
        What it is.
    """

    customers: NDArray[Any]
    parent: Ints
    generation: Ints
    referred: Ints
    descendants: Ints
    context: Context

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.customers)

    def __repr__(self) -> str:
        """Return the sizes, and no id."""
        sizes = ", ".join(map(str, self.generations.tolist()))
        return f"ReferralTree({len(self)} customers, generations of {sizes or 'none'})"

    @property
    def generations(self) -> Ints:
        """How many customers there are in each generation, those who came alone first."""
        return np.bincount(self.generation).astype(np.int64)

    @property
    def depth(self) -> int:
        """The longest chain of referrals; 0 where nobody brought anybody."""
        return max(len(self.generations) - 1, 0)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a customer: who brought them, generation, referred and descendants."""
        import pandas as pd

        known = self.parent >= 0
        by = np.full(len(self), None, object)
        by[known] = self.customers[self.parent[known]]
        return pd.DataFrame(
            {
                "customer_id": self.customers,
                "referred_by": pd.Series(by, dtype=object),
                "generation": self.generation,
                "referred": self.referred,
                "descendants": self.descendants,
            }
        )


def referral_tree(referred_by: Mapping[Any, Any]) -> ReferralTree:
    """Return the trees of who brought whom (裂变层级): generations, depth, and how many by each.

    Parameters
    ----------
    referred_by : mapping of customer to customer or None
        Who brought each; None for who came alone. One who brought others and is no key came alone,
        too.

    Returns
    -------
    ReferralTree
        ``.depth``, ``.generations``, and by customer ``.referred`` and ``.descendants``.

    Raises
    ------
    InvalidInputError
        If it is no mapping of ids, or somebody was brought by those whom they brought: a circle.

    Notes
    -----
    The generation of who came alone is 0, of whom they brought 1, and so forth; the depth is the
    highest. The size of a generation by that of the one before is how many each of it brought, as
    far as is known: `k_factor` takes customers who were all watched for as long, and the last
    generations here were not. Everybody was brought by one: of several invites, which counts is
    yours to say, the last before the sign-up as a rule.

    Trees go across customers, so that those of parts do not add. Take the mapping from an attribute,
    ``{c.id: c.attributes.get("referred_by") for c in customers}``, or from the events that tell of
    referrals, up to the instant that is asked about.

    References
    ----------
    Goel, S., Anderson, A., Hofman, J. and Watts, D. J. (2016), The structural virality of online
    diffusion. Management Science 62(1), 180-196.

    Examples
    --------
    >>> from customerops.metrics import referral_tree
    >>> tree = referral_tree({"bo": "ann", "cy": "ann", "di": "cy", "ed": None})
    >>> tree
    ReferralTree(5 customers, generations of 2, 2, 1)
    >>> tree.depth, tree.descendants.tolist()
    (2, [3, 0, 1, 0, 0])
    """
    if not isinstance(referred_by, Mapping):
        raise InvalidInputError("referred_by", "must be a mapping of customers", came(referred_by))
    known_by = {
        identifier("referred_by", who): None if by is None else identifier("referred_by", by)
        for who, by in referred_by.items()
    }
    pairs = [(who, by) for who, by in known_by.items() if by is not None]
    everybody = sorted({*known_by, *(by for _, by in pairs)}, key=label_key)
    place = {who: i for i, who in enumerate(everybody)}
    parent = np.full(len(everybody), -1)
    parent[[place[who] for who, _ in pairs]] = [place[by] for _, by in pairs]
    order = np.argsort(parent, kind="stable")
    known = int((parent < 0).sum())
    referred = np.bincount(parent[order[known:]], minlength=len(everybody))
    start = known + np.cumsum(referred) - referred
    levels, here = [], order[:known]
    while len(here):
        levels.append(here)
        here = order[ranges(start[here], referred[here])]
    generation = np.full(len(everybody), -1)
    descendants = np.zeros(len(everybody), np.int64)
    for number, level in reversed(list(enumerate(levels))):
        generation[level] = number
        if number:
            above, where = np.unique(parent[level], return_inverse=True)
            descendants[above] = exact.group_sum(where, descendants[level] + 1, len(above))
    round_ = int((generation < 0).sum())
    if round_:
        must = "must not go round in a circle"
        raise InvalidInputError("referred_by", must, count=round_, total=len(everybody))
    customers = np.empty(len(everybody), object)
    customers[:] = everybody
    return ReferralTree(
        customers=customers,
        parent=parent,
        generation=generation,
        referred=referred,
        descendants=descendants,
        context=Context("referral_tree"),
    )
