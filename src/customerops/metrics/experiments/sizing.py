"""How many customers an experiment takes, what it can find, and with what chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.tables import intervals
from customerops.model.values.checks import finite, one_of, whole

__all__ = ["SampleSize", "minimal_detectable_effect", "power", "sample_size"]

_MOST = 10**12  # customers: what takes more cannot be found
_HALVINGS = 200  # of an interval: far beyond the last bit


@attrs.frozen
class SampleSize:
    """Customers an experiment takes; made by `sample_size`.

    Attributes
    ----------
    control : int
        Customers left alone.
    treated : int
        Customers treated.
    power : float
        The chance to find the effect with so many: at least what was asked.

    Examples
    --------
    >>> from customerops.metrics import sample_size
    >>> sample_size(baseline=0.1, effect=0.02).total
    7682
    """

    control: int
    treated: int
    power: float

    @property
    def total(self) -> int:
        """All of them."""
        return self.control + self.treated


def sample_size(
    *,
    effect: float,
    baseline: float | None = None,
    sd: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    allocation: float = 1.0,
) -> SampleSize:
    """Return how many customers it takes to find an effect (样本量).

    Parameters
    ----------
    effect : float
        The difference that is worth finding, treated less control: 0.02 is two points of a share.
    baseline : float, optional
        Of shares: what the control will do, between 0 and 1.
    sd : float, optional
        Of means: the standard deviation of the outcome over customers, in the unit of `effect`.
        One of `baseline` and `sd`.
    alpha : float
        The chance to find an effect where there is none, both sides together.
    power : float
        The chance to find this one, above `alpha` and below 1.
    allocation : float
        Customers treated for each of the control.

    Returns
    -------
    SampleSize
        The fewest that reach the power, with ``treated = allocation * control`` rounded up, and two
        or more in each arm.

    Raises
    ------
    InvalidInputError
        If there is neither or both of `baseline` and `sd`, the effect is 0 or leads out of 0 to 1,
        a number is out of its range, or it takes more than 10**12 customers.

    Notes
    -----
    See `power`. The effect is one by intention to treat: where one mail in four is opened, a voucher
    that sells to 8 in 100 who see it has an effect of 2 points. Amounts vary widely: their sd is
    often three times their mean, and shares are found with fewer customers.

    References
    ----------
    Fleiss, J. L., Levin, B. and Paik, M. C. (2003). *Statistical Methods for Rates and Proportions*,
    3rd ed., chapter 4, without continuity correction. Cohen, J. (1988). *Statistical Power Analysis
    for the Behavioral Sciences*, 2nd ed., chapter 2.

    Examples
    --------
    >>> from customerops.metrics import sample_size
    >>> size = sample_size(baseline=0.1, effect=0.02)
    >>> size.control, size.treated
    (3841, 3841)
    >>> sample_size(effect=0.5, sd=1).control  # Cohen's table: 64
    64
    """
    outcome = _outcome(baseline, sd)
    change, level, aim = _effect(effect, baseline), _between("alpha", alpha), _aim(power, alpha)
    if finite("allocation", allocation) <= 0:
        raise InvalidInputError("allocation", "must be above 0", f"got {allocation:g}")
    ratio = Fraction(repr(float(allocation)))  # as it is written: 1.1 times 10 is 11

    def reached(control: int) -> float:
        treated = math.ceil(ratio * control)
        return outcome(change, control, treated, level) if treated > 1 else 0.0

    most = 2
    while reached(most) < aim and most * (1 + ratio) <= _MOST:
        most *= 2
    least = most // 2  # too few, or 1
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if reached(middle) >= aim else (middle, most)
    if most * (1 + ratio) > _MOST:
        raise InvalidInputError("effect", "must be larger", f"it takes more than {_MOST:,}")
    return SampleSize(most, math.ceil(ratio * most), reached(most))


def power(
    *,
    effect: float,
    control: int,
    treated: int,
    baseline: float | None = None,
    sd: float | None = None,
    alpha: float = 0.05,
) -> float:
    """Return the chance that an experiment finds an effect (检验功效).

    Parameters
    ----------
    effect, baseline, sd, alpha
        As for `sample_size`; the effect may be 0.
    control, treated : int
        Customers of each arm, at least 2.

    Returns
    -------
    float
        The chance that the two-sided test at `alpha` rejects that there is none.

    Raises
    ------
    InvalidInputError
        As for `sample_size`, or if an arm has fewer than 2 customers.

    Notes
    -----
    Shares, p of n control and q = p + effect of m treated: the normal approximation ``Φ((|q - p| - z
    s0) / s1) + Φ((-|q - p| - z s0) / s1)``, with ``s1² = p(1-p)/n + q(1-q)/m`` and s0² the same of
    the pooled share ``(n p + m q) / (n + m)``. Means: Welch's t, from the noncentral t with
    ``effect / (sd sqrt(1/n + 1/m))`` and the degrees of freedom of two arms that vary alike, which
    are ``n + m - 2`` for arms of one size.

    The power of an effect that was found, with the sizes it was found with, says nothing that the
    p-value does not: take the effect that would be worth finding.

    References
    ----------
    Fleiss, J. L., Levin, B. and Paik, M. C. (2003). *Statistical Methods for Rates and
    Proportions*, 3rd ed., chapter 4. Cohen, J. (1988). *Statistical Power Analysis for the
    Behavioral Sciences*, 2nd ed., chapter 2. Hoenig, J. M. and Heisey, D. M. (2001). The abuse of
    power. The American Statistician 55, 19-24: on that of an effect that was found.

    Examples
    --------
    >>> from customerops.metrics import power
    >>> round(power(baseline=0.1, effect=0.02, control=3841, treated=3841), 3)
    0.8
    """
    outcome = _outcome(baseline, sd)
    change = finite("effect", effect) and _effect(effect, baseline)
    n, m = (whole(name, k, least=2) for name, k in (("control", control), ("treated", treated)))
    return outcome(change, n, m, _between("alpha", alpha))


def minimal_detectable_effect(
    *,
    control: int,
    treated: int,
    baseline: float | None = None,
    sd: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    direction: Literal["increase", "decrease"] = "increase",
) -> float:
    """Return the smallest effect that an experiment finds with a given chance (最小可检测效应, MDE).

    Parameters
    ----------
    control, treated : int
        Customers of each arm, at least 2.
    baseline, sd, alpha, power
        As for `sample_size`.
    direction : {"increase", "decrease"}
        Of shares the two differ.

    Returns
    -------
    float
        In the unit of `sample_size`, above 0 for an increase and below 0 for a decrease; NaN
        where no share is far enough away.

    Raises
    ------
    InvalidInputError
        As for `power`, or if `direction` is neither.

    Notes
    -----
    The least effect whose `power` at these sizes is as asked for, found by halving. It says what
    an experiment could find, before it is run; what it has found, and how surely, is for the
    interval to say.

    References
    ----------
    Bloom, H. S. (1995). Minimum detectable effects. Evaluation Review 19, 547-556.

    Examples
    --------
    >>> from customerops.metrics import minimal_detectable_effect
    >>> round(minimal_detectable_effect(baseline=0.1, control=3841, treated=3841), 4)
    0.02
    """
    outcome = _outcome(baseline, sd)
    n, m = (whole(name, k, least=2) for name, k in (("control", control), ("treated", treated)))
    level, aim = _between("alpha", alpha), _aim(power, alpha)
    sign = 1 if one_of("direction", direction, ("increase", "decrease")) == "increase" else -1
    if baseline is not None:
        high = 1 - baseline if sign > 0 else baseline
        if outcome(sign * high, n, m, level) < aim:
            return math.nan
    else:
        high = finite("sd", sd)
        while outcome(high, n, m, level) < aim:
            high *= 2
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if outcome(sign * middle, n, m, level) >= aim else (middle, high)
    return sign * high


_Outcome = Callable[[float, int, int, float], float]


def _outcome(baseline: object, sd: object) -> _Outcome:
    """Return the power by effect, control, treated and alpha."""
    if (baseline is None) == (sd is None):
        problem = "got neither" if baseline is None else "got both"
        raise InvalidInputError("baseline or sd", "must be given, one of them", problem)
    if sd is None:
        p = _between("baseline", baseline)
        return lambda effect, n, m, alpha: _of_shares(p, effect, n, m, alpha)
    spread = finite("sd", sd)
    if spread <= 0:
        raise InvalidInputError("sd", "must be above 0", f"got {spread:g}")
    return lambda effect, n, m, alpha: _of_means(effect / spread, n, m, alpha)


def _of_shares(p: float, effect: float, n: int, m: int, alpha: float) -> float:
    from scipy.special import ndtr, ndtri

    q = min(1.0, max(0.0, p + effect))
    pooled = (n * p + m * q) / (n + m)
    none = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    some = math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    bar = -float(ndtri(alpha / 2)) * none
    return float(ndtr((abs(effect) - bar) / some) + ndtr((-abs(effect) - bar) / some))


def _of_means(effect: float, n: int, m: int, alpha: float) -> float:
    from scipy.special import nctdtr, ndtr, stdtrit

    df = float(intervals.welch_df(1 / n, n - 1, 1 / m, m - 1))
    away = abs(effect) / math.sqrt(1 / n + 1 / m)
    t = -float(stdtrit(df, alpha / 2))
    if away > _FAR:  # Abramowitz and Stegun, 26.7.10
        return float(ndtr((away - t * (1 - 1 / (4 * df))) / math.sqrt(1 + t * t / (2 * df))))
    other = nctdtr(df, away, -t) if away < _NEAR else 0.0  # to reject for the wrong side
    return float(1 - nctdtr(df, away, t) + other)


_FAR = 35.0  # standard errors away: the noncentral t is not computed beyond
_NEAR = 6.0  # and its other tail, by then below 1e-8, not beyond that


def _effect(effect: object, baseline: float | None) -> float:
    change = finite("effect", effect)
    if change == 0:
        raise InvalidInputError("effect", "must not be 0", "nothing finds that")
    if baseline is not None and not 0 <= baseline + change <= 1:
        raise InvalidInputError("effect", "must leave a share from 0 to 1", f"got {change:g}")
    return change


def _between(name: str, value: object) -> float:
    number = finite(name, value)
    if not 0 < number < 1:
        raise InvalidInputError(name, "must be between 0 and 1", f"got {number:g}")
    return number


def _aim(power: object, alpha: float) -> float:
    aim = _between("power", power)
    if aim <= alpha:
        raise InvalidInputError("power", "must be above alpha", f"got {aim:g}")
    return aim
