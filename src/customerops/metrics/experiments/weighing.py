"""Arms and their weights: what shares of the customers an experiment plans for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from customerops.errors import InvalidInputError
from customerops.model.values.checks import came, finite
from customerops.model.values.labels import Label, label_key

__all__ = ["Shares", "as_label", "as_shares", "by_arm"]

Shares = tuple[tuple[Label, float], ...]
"""The planned share of each arm, sorted by arm; kept in the options of a result."""


def as_label(name: str, label: object) -> Label:
    """Return the name of an arm in plain form.

    Raises
    ------
    InvalidInputError
        If it is none: None is the missing arm of who is not in the experiment.
    """
    plain = label.item() if isinstance(label, np.generic) else label
    if plain is None or not isinstance(plain, bool | int | str):
        raise InvalidInputError(name, "must name an arm by a str, an int or a bool", came(label))
    return plain


def by_arm(name: str, given: object) -> dict[Label, object]:
    """Return values by arm: of a mapping as they are, of a sequence by position, from 0.

    Raises
    ------
    InvalidInputError
        If it is neither, or there are fewer than two arms.
    """
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, Mapping):
        arms = {as_label(name, arm): value for arm, value in given.items()}
    elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
        arms = dict(enumerate(given))
    else:
        problem = came(given)
        raise InvalidInputError(name, "must be a mapping by arm, or a sequence", problem)
    if len(arms) < 2:
        raise InvalidInputError(name, "must have two arms or more", f"got {len(arms)}")
    return {arm: arms[arm] for arm in sorted(arms, key=label_key)}


def as_shares(name: str, given: object) -> Shares:
    """Return weights as shares of their sum, sorted by arm.

    Raises
    ------
    InvalidInputError
        If there are fewer than two, or one is not a finite number above 0.

    Examples
    --------
    >>> as_shares("weights", {"mail": 9, "control": 1})
    (('control', 0.1), ('mail', 0.9))
    """
    arms = by_arm(name, given)
    weights = {arm: weight_of(name, weight) for arm, weight in arms.items()}
    total = sum(weights.values())
    return tuple((arm, float(weight / total)) for arm, weight in weights.items())


def weight_of(name: str, given: object) -> Fraction:
    """Return a weight as it is written: 0.1 is a tenth, not the float next to it.

    Raises
    ------
    InvalidInputError
        If it is not a finite number above 0.
    """
    number = finite(f"{name} of an arm", given)
    if number <= 0:
        raise InvalidInputError(f"{name} of an arm", "must be above 0", f"got {number:g}")
    return Fraction(repr(number))
