"""Uplift of counts, or of one outcome per customer, that are known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.metrics.experiments.sample_ratio import THRESHOLD, as_threshold
from customerops.metrics.experiments.uplift_table import DEFINITIONS, Uplift
from customerops.metrics.experiments.weighing import as_label, as_shares, by_arm
from customerops.model.tables.axes import Axis
from customerops.model.tables.context import Context
from customerops.model.values import exact
from customerops.model.values.checks import came, one_of, whole
from customerops.model.values.labels import Label, label_key

__all__ = ["coded_arms", "uplift_from_counts", "uplift_from_outcomes", "whole_column"]


def uplift_from_counts(
    arms: Mapping[Any, tuple[int, int]],
    *,
    control: Label,
    weights: Mapping[Any, Any] | None = None,
    definition: Literal["difference", "ratio"] = "difference",
    threshold: float = THRESHOLD,
) -> Uplift:
    """Return what a treatment did to a share, from counts that are known already.

    Parameters
    ----------
    arms : mapping of arm to (int, int)
        How many customers did it, of how many assigned: ``{"control": (90, 1000)}``.
    control : str, int or bool
        The arm that was left alone.
    weights : mapping of arm to float, optional
        What was planned, for the sample-ratio check.
    definition, threshold
        As for `uplift`.

    Returns
    -------
    Uplift
        Of shares.

    Raises
    ------
    InvalidInputError
        If there are fewer than two arms, the control is none of them, weights are not of the same
        arms, or counts are negative or exceed their number.

    Notes
    -----
    ``difference = p_t - p_c``, ``ratio = p_t / p_c``, p being the share of the customers of an arm
    who did it. The counts are of customers: two orders of one customer are one.

    References
    ----------
    Gerber, A. S. and Green, D. P. (2012). *Field Experiments*, chapter 2.

    Examples
    --------
    >>> from customerops.metrics import uplift_from_counts
    >>> counts = {"control": (90, 1000), "mail": (120, 1000)}
    >>> found = uplift_from_counts(counts, control="control", weights={"control": 1, "mail": 1})
    >>> print(f"{float(found):.3f}", *(f"{bound[0]:.6f}" for bound in found.interval()))
    0.030 0.003096 0.057010
    >>> print(f"{float(found.defined_as('ratio')):.4f}")
    1.3333
    """
    given = by_arm("arms", arms)
    pairs = [_pair(pair) for pair in given.values()]
    y = [count for count, _ in pairs]
    parts: dict[str, Any] = {"n": [total for _, total in pairs], "y": y, "yy": y}
    parts |= dict.fromkeys(("x", "xx", "xy", "immature"), [0] * len(y))
    axis = Axis("arm", tuple(given), "group", disjoint=True)
    return _uplift(axis, parts, control, weights, definition, threshold, measure="customers")


def uplift_from_outcomes(
    outcomes: Any,
    arms: Any,
    *,
    control: Label,
    covariate: Any = None,
    scale: int = 1,
    weights: Mapping[Any, Any] | None = None,
    definition: Literal["difference", "ratio"] = "difference",
    threshold: float = THRESHOLD,
) -> Uplift:
    """Return what a treatment did, from one outcome and one arm per customer.

    Parameters
    ----------
    outcomes : array_like of bool or int, shape (customers,)
        True and False make a share, whole numbers a mean; zeros count, and must be there.
    arms : array_like of str, int or bool, shape (customers,)
        The arm each was assigned to.
    control : str, int or bool
        The arm that was left alone.
    covariate : array_like of bool or int, shape (customers,), optional
        Something of each customer that was known before the start and that the outcome goes with,
        for CUPED.
    scale : int
        How many counts of an outcome make one reported unit: 100 for amounts in cents.
    weights, definition, threshold
        As for `uplift_from_counts`.

    Returns
    -------
    Uplift
        As of `uplift`.

    Raises
    ------
    InvalidInputError
        If the columns are not as long as each other, outcomes or covariates are not truths or whole
        numbers, there are fewer than two arms, or the control is none of them.

    Notes
    -----
    A covariate that the treatment can have changed takes away what it did: nothing after the start
    may be one.

    References
    ----------
    As for `uplift`: Gerber, A. S. and Green, D. P. (2012). *Field Experiments*, chapters 2 and 5.
    Deng, A., Xu, Y., Kohavi, R. and Walker, T. (2013). Improving the sensitivity of online
    controlled experiments by utilizing pre-experiment data. WSDM 2013, 123-132.

    Examples
    --------
    >>> from customerops.metrics import uplift_from_outcomes
    >>> found = uplift_from_outcomes(
    ...     [30, 50, 40, 20, 30, 10], ["mail"] * 3 + ["none"] * 3, control="none",
    ...     covariate=[1, 3, 2, 2, 3, 1],
    ... )
    >>> float(found), found.theta, found.variance_reduction.tolist()
    (20.0, 10.0, [1.0])
    """
    y, truths = whole_column("outcomes", outcomes)
    codes, axis = coded_arms(arms, len(y))
    x = np.zeros(len(y), np.int64)
    if covariate is not None:
        x, _ = whole_column("covariate", covariate)
    if len(x) != len(y):
        problem = f"got {len(x)} and {len(codes)} rows"
        raise InvalidInputError("covariate", "must be as long as outcomes", problem)
    n = len(axis)
    named = {"y": y, "x": x}
    parts = {"n": exact.group_count(codes, n), "immature": np.zeros(n, np.int64)}
    parts |= {name: exact.group_sum(codes, one, n) for name, one in named.items()}
    for a, b in ("yy", "xx", "xy"):
        parts[a + b] = exact.group_dot(codes, named[a], named[b], n)
    return _uplift(
        axis,
        parts,
        control,
        weights,
        definition,
        threshold,
        measure="customers" if truths else "value",
        covariate=None if covariate is None else "given",
        scale=whole("scale", scale, least=1),
    )


def coded_arms(arms: Any, rows: int) -> tuple[NDArray[np.intp], Axis]:
    """Return the arm of each row as a place on an axis of arms.

    Raises
    ------
    InvalidInputError
        If there are not as many as rows, or an arm is not named by a str, an int or a bool.
    """
    given = arms.tolist() if hasattr(arms, "tolist") else arms
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise InvalidInputError("arms", "must be a column of arms", came(arms))
    if len(given) != rows:
        problem = f"got {len(given)} and {rows} rows"
        raise InvalidInputError("arms", "must be as long as outcomes", problem)
    names = {label_key(as_label("arms", arm)): arm for arm in given}
    places = {key: place for place, key in enumerate(sorted(names))}
    codes = np.array([places[label_key(as_label("arms", arm))] for arm in given], np.intp)
    labels = [as_label("arms", names[key]) for key in places]
    return codes, Axis("arm", labels, "group", disjoint=True)


def whole_column(name: str, given: Any) -> tuple[NDArray[Any], bool]:
    """Return a column of whole numbers, and whether it came as truths.

    Raises
    ------
    InvalidInputError
        If it is neither, or no column.
    """
    array = np.asarray(given)
    if array.ndim != 1:
        raise InvalidInputError(name, "must be one column", f"got {array.ndim} dimensions")
    if array.dtype.kind == "b":
        return array.astype(np.int64), True
    return exact.canon(given if len(array) else np.zeros(0, np.int64), name), False


def _pair(given: object) -> tuple[int, int]:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 2:
        raise InvalidInputError("arms", "must have a count and a total each", came(given))
    total = whole("total of an arm", given[1], least=0)
    return whole("count of an arm", given[0], least=0, most=total), total


def _uplift(
    axis: Axis,
    parts: Mapping[str, Any],
    control: Label,
    weights: object,
    definition: str,
    threshold: float,
    **options: Any,
) -> Uplift:
    own = as_label("control", control)
    keys = {label_key(arm) for arm in axis.labels}
    if label_key(own) not in keys:
        raise InvalidInputError("control", "must be one of the arms", "it is not")
    if len(axis) < 2:
        raise InvalidInputError("arms", "must be two or more", f"got {len(axis)}")
    planned = None if weights is None else as_shares("weights", weights)
    if planned is not None and {label_key(arm) for arm, _ in planned} != keys:
        raise InvalidInputError("weights", "must be of the same arms", "they are of others")
    context = Context(
        metric="uplift",
        definition=one_of("definition", definition, DEFINITIONS),
        options={
            "control": own,
            "weights": planned,
            "threshold": as_threshold(threshold),
            **options,
        },
    )
    return Uplift(axes=[axis], parts=parts, context=context)
