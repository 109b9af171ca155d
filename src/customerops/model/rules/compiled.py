"""Event rules as closures: the same truth in a third of the time, for who asks one rule often."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from customerops.model.rules.base import Rule, Truth
from customerops.model.rules.fields import LINE_FIELDS, reader
from customerops.model.rules.leaves import OPS, Compare
from customerops.model.rules.nodes import And, Not, Or

__all__ = ["compiled"]

Ask = Callable[[Any], Truth]


def compiled(rule: Rule) -> Ask:
    """Return a function that gives an event rule's truth of an interaction.

    Joins and the commonest comparisons, of text and of amounts with plain numbers, are resolved
    beforehand; whatever else a rule holds is asked as it stands.
    """
    if isinstance(rule, And):
        return _join([compiled(part) for part in rule.rules], decides=False)
    if isinstance(rule, Or):
        return _join([compiled(part) for part in rule.rules], decides=True)
    if isinstance(rule, Not):
        return _negation(compiled(rule.rule))
    if isinstance(rule, Compare) and rule.field not in LINE_FIELDS:
        if isinstance(rule.value, str):
            return _text(rule)
        if rule.field == "amount" and isinstance(rule.value, Decimal):
            return _amount(rule)
    return rule._truth


def _join(parts: list[Ask], *, decides: bool) -> Ask:
    def ask(subject: Any) -> Truth:
        truth: Truth = not decides
        for part in parts:  # all are asked, so that an amount in a wrong currency raises
            said = part(subject)
            if said is decides:
                truth = decides
            elif said is None and truth is not decides:
                truth = None
        return truth

    return ask


def _negation(part: Ask) -> Ask:
    def ask(subject: Any) -> Truth:
        said = part(subject)
        return None if said is None else not said

    return ask


def _text(rule: Compare) -> Ask:
    read, holds, value, slow = reader(rule.field), OPS[rule.op], rule.value, rule.of

    def ask(subject: Any) -> Truth:
        seen = read(subject)
        return holds(seen, value) if type(seen) is str else slow(seen)

    return ask


def _amount(rule: Compare) -> Ask:
    read, holds, value = reader(rule.field), OPS[rule.op], rule.value

    def ask(subject: Any) -> Truth:
        seen = read(subject)
        return None if seen is None else holds(seen.amount, value)

    return ask
