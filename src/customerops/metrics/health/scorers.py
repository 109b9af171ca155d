"""Scorers: what gives each customer of a log one number, and may foretell something."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import ask
from customerops.model.log.derived import rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.values import exact
from customerops.model.values.checks import came, identifier, numbers, positive_duration
from customerops.model.values.instants import micros

if TYPE_CHECKING:
    from customerops.metrics.health.explained import HealthScore
    from customerops.metrics.health.scorecard import HealthScorecard
    from customerops.model.log.log import InteractionLog

__all__ = ["EventCount", "ScorecardScorer", "Scorer", "TimeSince", "name_of", "raw_values"]

Floats = NDArray[np.float64]

_DAY = dt.timedelta(days=1)


@runtime_checkable
class Scorer(Protocol):
    """Anything that gives each customer of a log a number: a function, a model, a scorecard.

    Notes
    -----
    It is called with a log as it was known at an instant, ``log.as_of``, with no event after it,
    and returns an array of shape ``(log.n_customers,)`` in the order of ``log.customers``, NaN for
    who has no score. The score of a customer must not depend on who else is in the log, or results
    of the parts of a population do not add up to that of the whole. Whatever it was fitted on must
    have been known by then, too: that is the caller's part.

    Examples
    --------
    >>> import numpy as np
    >>> from customerops.metrics import Scorer
    >>> def how_often(log):
    ...     return np.diff(log.offsets).astype(float)
    >>> isinstance(how_often, Scorer)
    True
    """

    def __call__(self, log: InteractionLog, /) -> ArrayLike:
        """Return one number for each customer."""


def _rule(given: Rule | str | Collection[str]) -> Rule:
    return as_rule(given, name="rule", level="event")


def _within(given: dt.timedelta | None) -> dt.timedelta | None:
    return None if given is None else positive_duration("within", given)


def _unit(given: dt.timedelta) -> dt.timedelta:
    return positive_duration("unit", given)


@attrs.frozen
class EventCount:
    """A scorer: how many events of each customer fit a rule; 0 for none.

    Parameters
    ----------
    rule : Rule, str or collection of str
        Which events count.
    within : timedelta, optional
        Only those in the elapsed time before as_of: later than ``as_of - within``. All that are
        known when left out.

    Raises
    ------
    InvalidInputError
        If the rule is not about events, or `within` not longer than zero.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import EventCount
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["login"] * 3, tz=dt.UTC,
    ...     at=[dt.date(2026, 1, d) for d in (1, 9, 2)],
    ... ).until(dt.datetime(2026, 1, 9, tzinfo=dt.UTC))
    >>> EventCount("login", within=dt.timedelta(days=8))(log)  # not at the instant 8 days before
    array([1., 1.])
    """

    rule: Rule = attrs.field(converter=_rule)
    within: dt.timedelta | None = attrs.field(default=None, converter=_within, kw_only=True)

    def __call__(self, log: InteractionLog, /) -> Floats:
        """Return how many events of each customer count."""
        asked = ask(log)
        rows = rows_of(log, self.rule)
        if self.within is not None:
            rows = rows[log.at[rows] > asked.as_of - micros(self.within)]
        return exact.group_count(log.codes[rows], log.n_customers).astype(np.float64)


@attrs.frozen
class TimeSince:
    """A scorer: how long ago the last event of each customer was that fits a rule; NaN for none.

    Parameters
    ----------
    rule : Rule, str or collection of str
        Which events count.
    unit : timedelta
        What the time is counted in; not rounded.

    Raises
    ------
    InvalidInputError
        If the rule is not about events, or `unit` not longer than zero.

    Notes
    -----
    Recency is the score to beat: a scorecard that foretells no better than this alone is not worth
    its upkeep. The longer ago, the riskier.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.metrics import TimeSince
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["login", "login", "signup"], tz=dt.UTC,
    ...     at=[dt.date(2026, 1, d) for d in (1, 7, 2)],
    ... ).until(dt.datetime(2026, 1, 9, tzinfo=dt.UTC))
    >>> dict(zip(log.customers, TimeSince("login")(log).tolist()))
    {'b': nan, 'a': 2.0}
    """

    rule: Rule = attrs.field(converter=_rule)
    unit: dt.timedelta = attrs.field(default=_DAY, converter=_unit, kw_only=True)

    def __call__(self, log: InteractionLog, /) -> Floats:
        """Return how long ago the last event of each customer was."""
        asked = ask(log)
        rows = rows_of(log, self.rule)
        out = np.full(log.n_customers, np.nan)
        out[log.codes[rows]] = (asked.as_of - log.at[rows]) / micros(self.unit)  # the last stays
        return out


def _sources(given: Mapping[str, Any]) -> Mapping[str, Scorer]:
    if not isinstance(given, Mapping):
        raise InvalidInputError("sources", "must be a mapping", came(given))
    for name, source in given.items():
        if not callable(source):
            raise InvalidInputError(f"sources.{name}", "must be a function of a log", came(source))
    return MappingProxyType(dict(given))


@attrs.frozen(eq=False)
class ScorecardScorer:
    """A health scorecard that reads its raw values from a log; made by ``HealthScorecard.scorer``.

    Parameters
    ----------
    scorecard : HealthScorecard
        How values become a score.
    sources : mapping of str to Scorer
        Where each raw value comes from.

    Raises
    ------
    InvalidInputError
        If a source is of no component, or cannot be called.
    """

    scorecard: HealthScorecard
    sources: Mapping[str, Scorer] = attrs.field(converter=_sources)

    def __attrs_post_init__(self) -> None:
        self.scorecard.check_names("sources", self.sources)

    def __call__(self, log: InteractionLog, /) -> Floats:
        """Return the health score of each customer, in the order of the log."""
        from customerops.metrics.health.scores import weighed

        ask(log)
        values = {name: raw_values(f"sources.{name}", s, log) for name, s in self.sources.items()}
        return weighed(self.scorecard, values, log.n_customers)[0]

    def explain(self, log: InteractionLog, customer_id: object) -> HealthScore:
        """Return the score of one customer, and what each component brings to it.

        Parameters
        ----------
        log : InteractionLog
            As it was known at its as_of.
        customer_id : int, str or UUID
            The customer.

        Raises
        ------
        InvalidInputError
            If the customer is not known in the log, or as for a call.
        """
        ask(log)
        one = identifier("customer_id", customer_id)
        found = [i for i, own in enumerate(log.customers.tolist()) if own == one]
        if not found:
            raise InvalidInputError("customer_id", "must be a customer of the log", "it is none")
        values = {
            name: float(raw_values(f"sources.{name}", source, log)[found[0]])
            for name, source in self.sources.items()
        }
        return self.scorecard.score(values)

    def __reduce__(self) -> tuple[object, ...]:
        return (ScorecardScorer, (self.scorecard, dict(self.sources)))


def raw_values(name: str, scorer: Any, log: InteractionLog) -> Floats:
    """Return what a scorer says of a log: finite numbers or NaN, one for each customer.

    Raises
    ------
    InvalidInputError
        If it cannot be called, or says something else.
    """
    if not callable(scorer):
        raise InvalidInputError(name, "must be a function of a log", came(scorer))
    given = numbers(name, scorer(log))
    if given.shape != (log.n_customers,):
        problem = f"got shape {given.shape} for {log.n_customers} customers"
        raise InvalidInputError(name, "must give one number for each customer", problem)
    said = given.astype(np.float64)
    infinite = np.isinf(said)
    if infinite.any():
        bad = int(infinite.sum())
        raise InvalidInputError(
            name, "must give finite numbers or NaN", count=bad, total=len(said)
        )
    return said


def name_of(scorer: Any) -> str:
    """Return what a scorer is called in a result: the name of the function, or of the class."""
    return str(getattr(scorer, "__name__", type(scorer).__name__))
