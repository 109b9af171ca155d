"""Rules: one language of conditions for filters, policies, funnel steps, stages and segments.

Everything about rules is imported from here. A rule starts from a field and a comparison::

    kind("purchase") & (amount >= 50) & ~channel.isin("store")

The parentheses are needed, since ``&`` binds tighter than ``>=``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from customerops.model.rules.base import Clause, Rule
from customerops.model.rules.leaves import Between, Compare, In, Missing
from customerops.model.rules.named import (
    Field,
    actor_kind,
    amount,
    as_rule,
    at,
    attribute,
    campaign,
    category,
    channel,
    customer,
    direction,
    kind,
    name,
    outcome,
    sku,
    thread,
    value,
)
from customerops.model.rules.nodes import And, Constant, Did, Not, Or

__all__ = [
    "And",
    "Between",
    "Clause",
    "Compare",
    "Constant",
    "Did",
    "Field",
    "In",
    "Missing",
    "Not",
    "Or",
    "Rule",
    "actor_kind",
    "all_of",
    "always",
    "amount",
    "any_of",
    "as_rule",
    "at",
    "attribute",
    "campaign",
    "category",
    "channel",
    "customer",
    "direction",
    "kind",
    "name",
    "never",
    "outcome",
    "sku",
    "thread",
    "value",
]

always = Constant(truth=True)
"""The rule that always holds; it joins rules of both levels."""

never = Constant(truth=False)
"""The rule that never holds."""


def all_of(*rules: Rule | str | Collection[str]) -> Rule:
    """Return the rule that all of some rules hold.

    Parameters
    ----------
    *rules : Rule, str or collection of str
        Rules of one level, see `as_rule`.

    Returns
    -------
    Rule
        Of one rule, itself; of none, `always`.

    Examples
    --------
    >>> from customerops.model import all_of, always, kind
    >>> all_of("purchase") == kind("purchase"), all_of() == always
    (True, True)
    """
    return _joined(rules, And, always)


def any_of(*rules: Rule | str | Collection[str]) -> Rule:
    """Return the rule that at least one of some rules holds.

    Parameters
    ----------
    *rules : Rule, str or collection of str
        Rules of one level, see `as_rule`.

    Returns
    -------
    Rule
        Of one rule, itself; of none, `never`.

    Examples
    --------
    >>> from customerops.model import amount, any_of, kind
    >>> any_of("purchase", amount >= 50) == kind("purchase") | (amount >= 50)
    True
    """
    return _joined(rules, Or, never)


def _joined(
    rules: Iterable[Rule | str | Collection[str]], join: type[And | Or], empty: Rule
) -> Rule:
    made = [as_rule(rule, name=f"rules[{place}]") for place, rule in enumerate(rules)]
    if len(made) > 1:
        return join(tuple(made))
    return made[0] if made else empty
