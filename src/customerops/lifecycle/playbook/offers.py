"""Who is offered what: offers by group, to see whether groups are treated alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs
import numpy as np

from customerops.errors import InvalidInputError
from customerops.lifecycle.playbook.decisions import Decision
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.tables.estimates import Proportion
from customerops.model.values.checks import Id, came, each
from customerops.model.values.labels import Label, label_key

__all__ = ["OfferShares", "price_differences"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class OfferShares(Proportion):
    """The share of each group's customers who are made an offer.

    Attributes
    ----------
    axes : group, offer
        The groups that occur, and the keys of the offers made; under None who is made no offer.
        A customer may be made several.
    count : int64, shape (n_groups, n_offers)
        Customers of the group who are made the offer.
    total : int64, shape (n_groups,)
        Customers of the group.
    """

    PART_AXES: ClassVar[Mapping[str, tuple[str, ...]]] = {"total": ("group",)}


def price_differences(decisions: Iterable[Decision], *, by: Mapping[Any, Label]) -> OfferShares:
    """Return which offers the customers of each group are made.

    Parameters
    ----------
    decisions : iterable of Decision
        One for each customer.
    by : mapping of customer id to label
        The group of each customer: a region, a device, a band of age. Who is not in it is in the
        group None.

    Returns
    -------
    OfferShares
        Customers made each offer, of the customers of each group: shares with intervals, by group
        and offer. Results for other customers add.

    Raises
    ------
    InvalidInputError
        If something else than a Decision is among them, a customer has two, or `by` is no mapping
        to plain labels.

    Notes
    -----
    ``value[g, o] = count[g, o] / total[g]``: of the customers of group g, the share with an allowed
    action that offers o. Customers for whom nothing is allowed, the holdout group among them, are
    made no offer. What is unreasonable is for people to judge: the table shows where to look, and
    ``table.select(group=a).difference(table.select(group=b))`` how sure a difference is.

    References
    ----------
    Personal Information Protection Law of China, article 24: automated decisions must be
    transparent, fair and impartial, without unreasonable differences between individuals in price
    and other terms.

    Examples
    --------
    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> from customerops.lifecycle import WAKE, Action, Offer, Playbook, State, decide, price_differences
    >>> from customerops.model import Customer
    >>> now = dt.datetime(2026, 3, 10, tzinfo=dt.timezone.utc)
    >>> call = Action(
    ...     key="call", when=WAKE, purpose="service", basis="contract", channels=("phone",),
    ...     offer=Offer(key="back-10", percent=Decimal(10)),
    ... )
    >>> playbook = Playbook(key="wake", tz="UTC", actions=(call,))
    >>> asleep = State(policy="0123456789abcdef", stage="LAPSED", since=now)
    >>> nothing = dict(segments=(), consents=(), contacts=(), complaints=(), as_of=now)
    >>> decisions = [decide(playbook, Customer(id=n), asleep, **nothing) for n in range(4)]
    >>> price_differences(decisions, by={0: "app", 1: "app", 2: "web", 3: "web"}).to_frame()[
    ...     ["group", "offer", "count", "total", "value"]
    ... ]
      group    offer  count  total  value
    0   app  back-10      2      2    1.0
    1   web  back-10      2      2    1.0
    """
    if not isinstance(by, Mapping):
        raise InvalidInputError("by", "must be a mapping of customer ids to labels", came(by))
    groups, sizes = dict[Any, Label](), Counter[Any]()
    offers, made = dict[Any, Label](), Counter[Any]()
    seen = set[Id]()
    for i, decision in enumerate(each("decisions", decisions)):
        if not isinstance(decision, Decision):
            raise InvalidInputError(f"decisions[{i}]", "must be a Decision", came(decision))
        if decision.customer_id in seen:
            raise InvalidInputError(
                "decisions", "must be one for each customer", f"that at position {i} is a second"
            )
        seen.add(decision.customer_id)
        group = _key(groups, by.get(decision.customer_id))
        sizes[group] += 1
        offered = {one.offer.key for one in decision.allowed if one.offer is not None}
        made.update((group, _key(offers, offer)) for offer in offered or (None,))
    rows, columns = sorted(groups), sorted(offers)
    counts = [made[row, column] for row in rows for column in columns]
    return OfferShares(
        axes=(
            Axis("group", [groups[row] for row in rows], "group", disjoint=True),
            Axis("offer", [offers[column] for column in columns], "state", disjoint=False),
        ),
        parts={
            "count": np.array(counts, np.int64).reshape(len(rows), len(columns)),
            "total": np.array([sizes[row] for row in rows], np.int64),
        },
        context=Context("price_differences", by="group"),
    )


def _key(labels: dict[Any, Label], label: Label) -> Any:
    """Return what tells a label from others, and remember it: 1 and True are two."""
    try:
        key = label_key(label)
    except KeyError:
        raise InvalidInputError("by", "must map to plain Python labels", came(label)) from None
    labels[key] = label
    return key
