"""Survival: how long it lasts, when some of it is still running."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from numpy.typing import ArrayLike

from customerops.metrics.survival.lives import Labels, Lives, event_table
from customerops.model.log.spells import Spells
from customerops.model.tables.event_table import EventTable
from customerops.model.values.checks import one_of

__all__ = ["Ties", "kaplan_meier", "nelson_aalen"]

Ties = Literal["nelson_aalen", "fleming_harrington"]
"""How a cumulative hazard takes events at one time: together, or in turn."""


def kaplan_meier(
    durations: ArrayLike | Spells,
    observed: ArrayLike | None = None,
    *,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    unit: dt.timedelta | None = None,
    by: Labels | None = None,
) -> EventTable:
    """Return the product-limit estimate of survival, from durations or from spells.

    Parameters
    ----------
    durations : array_like of int or float, shape (n,), or Spells
        How long each lasted, or has lasted so far: finite, not negative, in any one unit. Spells
        bring their own ends and entries.
    observed : array_like of bool or of 0 and 1, shape (n,)
        Whether the end was seen; False where it was still going on (right censoring).
    entry : array_like of int or float, shape (n,), optional
        Since when each was under observation (left truncation), before its duration. Left out,
        since its start.
    weights : array_like of int, shape (n,), optional
        How often each counts; once when left out.
    unit : timedelta, optional
        For spells: the unit of time of the curve, a whole number of microseconds; elapsed time is
        counted in whole units, the last one started left out. Needed with spells, refused without.
        A spell that ended in the unit in which it came under observation tells nothing, and does
        not count.
    by : array_like, shape (n,), or str, optional
        The group of each, a curve for each label; the axis is called ``"group"``. For spells: the
        name of an attribute of theirs, such as ``"plan"``.

    Returns
    -------
    EventTable
        Its `value` is survival at each distinct time; ``.at(t)``, ``.quantile(q)`` (NaN when not
        reached) and ``.interval(confidence)`` read the curve. Tables of different customers add.

    Raises
    ------
    InvalidInputError
        When a duration is missing, negative or not finite, `observed` is left out or of another
        length, an entry is not before its duration, or an option does not go with the data.

    Notes
    -----
    ``S(t) = prod over t_i <= t of (1 - d_i / r_i)``, with d_i events among r_i at risk just before
    t_i; at one time events come before censorings. Intervals are on the scale of ``log(-log S)``
    with Greenwood's variance.

    A customer with several spells counts several times, as if they were different customers.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations.
    JASA 53, 457-481. Klein, J. P. and Moeschberger, M. L. (2003). Survival Analysis, 2nd ed.,
    sections 4.2 and 4.6.

    Examples
    --------
    >>> from customerops.metrics import kaplan_meier
    >>> curve = kaplan_meier([6, 6, 6, 7, 10], [1, 1, 0, 1, 1])
    >>> curve.at(7), curve.quantile(0.5)
    (0.3, 7.0)
    """
    lives = Lives(
        durations=durations, observed=observed, entry=entry, weights=weights, unit=unit, by=by
    )
    return event_table(lives, "kaplan_meier")


def nelson_aalen(
    durations: ArrayLike | Spells,
    observed: ArrayLike | None = None,
    *,
    ties: Ties = "nelson_aalen",
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    unit: dt.timedelta | None = None,
    by: Labels | None = None,
) -> EventTable:
    """Return the cumulative hazard, from durations or from spells.

    Parameters
    ----------
    durations, observed, entry, weights, unit, by
        As for `kaplan_meier`.
    ties : {"nelson_aalen", "fleming_harrington"}
        Events at one time are taken together, as where time is counted in whole days; or in turn,
        as where they are at one time only because time was rounded.

    Returns
    -------
    EventTable
        Its `value` is the cumulative hazard at each distinct time, without a unit: the events that
        one life kept at risk would have had. Tables of different customers add.

    Raises
    ------
    InvalidInputError
        As for `kaplan_meier`; or when `ties` is neither of the two.

    Notes
    -----
    ``H(t) = sum over t_i <= t of d_i / r_i`` with variance ``sum of d_i / r_i^2``; in turn,
    ``1/r_i + 1/(r_i - 1) + ... + 1/(r_i - d_i + 1)`` for each time, and the squares of these.
    Intervals are on the scale of ``log H``. A hazard may exceed 1, and ``1 - exp(-H)`` is close to
    one minus survival, not equal to it. Where lifelines says ``nelson_aalen_smoothing=True`` (its
    default), events are taken in turn.

    References
    ----------
    Nelson, W. (1972), Technometrics 14, 945-966. Aalen, O. (1978), Annals of Statistics 6,
    701-726. Fleming, T. R. and Harrington, D. P. (1984), Communications in Statistics 13,
    2469-2486. Klein and Moeschberger (2003), section 4.2.

    Examples
    --------
    >>> from customerops.metrics import nelson_aalen
    >>> nelson_aalen([1, 1, 2], [1, 1, 1]).at(1)
    0.6666666666666666
    >>> nelson_aalen([1, 1, 2], [1, 1, 1], ties="fleming_harrington").at(1)  # 1/3 + 1/2
    0.8333333333333333
    """
    lives = Lives(
        durations=durations, observed=observed, entry=entry, weights=weights, unit=unit, by=by
    )
    one_of("ties", ties, ("nelson_aalen", "fleming_harrington"))
    return event_table(lives, "nelson_aalen", ties=ties)
