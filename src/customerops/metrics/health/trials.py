"""A trial of scores: what is to be foretold, from which instants, among whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.log.ask import Asked
from customerops.model.log.derived import rows_of
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.tables.axes import Axis
from customerops.model.values.checks import each, one_of, positive_duration
from customerops.model.values.instants import as_instant, from_us, micros, to_us
from customerops.model.values.serial import dump_instant

if TYPE_CHECKING:
    from customerops.model.log.log import InteractionLog

__all__ = ["OutcomeIs", "Risky", "Trial", "trial"]

Bools = NDArray[np.bool_]

Risky = Literal["high", "low"]
"""Which end of the scores announces the event."""

OutcomeIs = Literal["event", "silence"]
"""Whether what is foretold is that an event comes, or that none does."""


@attrs.frozen(eq=False)
class Trial:
    """What is to be foretold, from which instants.

    Attributes
    ----------
    outcome : Rule
        The event.
    at : tuple of int
        The instants, rising, in microseconds.
    axes : tuple of Axis
        That of the instants; none for one.
    horizon : timedelta
        How far ahead.
    outcome_is : {"event", "silence"}
        Whether an event is foretold, or that none comes.
    among : Rule or None
        Who counts.
    """

    outcome: Rule
    at: tuple[int, ...]
    axes: tuple[Axis, ...]
    horizon: dt.timedelta
    outcome_is: str
    among: Rule | None

    @property
    def options(self) -> dict[str, Any]:
        """Itself, as options of a context."""
        return {
            "among": self.among,
            "at": self.at,
            "horizon": self.horizon,
            "outcome": self.outcome,
            "outcome_is": self.outcome_is,
        }

    def rounds(self, asked: Asked) -> Iterator[tuple[InteractionLog, Bools, Bools, bool]]:
        """Yield for each instant the log as it was known, and who was there.

        The second is which of its customers count; then of those who had the outcome as far as is
        known, and whether their time is up.
        """
        rows = rows_of(asked.log, self.outcome)
        when, who = asked.log.at[rows], asked.log.codes[rows]
        for us in self.at:
            known = asked.log._until("at", from_us(us))
            end = us + micros(self.horizon)
            came_ = np.zeros(asked.log.n_customers, np.bool_)
            came_[who[(when > us) & (when <= end)]] = True
            happened = came_[asked.log.entered <= us]
            if self.outcome_is == "silence":
                happened = ~happened
            members = np.ones(known.n_customers, np.bool_)
            if self.among is not None:
                members = self.among.members(known)
            yield known, members, happened[members], end <= asked.as_of


def trial(
    asked: Asked,
    outcome: Rule | str | Collection[str],
    at: dt.datetime | Sequence[dt.datetime],
    horizon: dt.timedelta,
    outcome_is: str,
    among: Rule | None,
) -> Trial:
    """Check what is to be foretold, from which instants.

    Raises
    ------
    InvalidInputError
        If an option is not what it must be.
    """
    one_of("outcome_is", outcome_is, ("event", "silence"))
    several = not isinstance(at, dt.datetime)
    given = [at] if isinstance(at, dt.datetime) else list(each("at", at))
    instants = [as_instant("at", one) for one in given]
    if not instants:
        raise InvalidInputError("at", "must hold at least one instant", "got none")
    rising = sorted(to_us(one) for one in instants)
    if len(set(rising)) < len(rising):
        raise InvalidInputError("at", "must hold each instant once")
    if rising[-1] > asked.as_of:
        raise InvalidInputError(
            "at", "must not be later than as_of", "what came after it is not known"
        )
    labels = [dump_instant(from_us(us)) for us in rising]
    return Trial(
        outcome=as_rule(outcome, name="outcome", level="event"),
        at=tuple(rising),
        axes=(Axis("scored_at", labels, "state"),) if several else (),
        horizon=positive_duration("horizon", horizon),
        outcome_is=outcome_is,
        among=None if among is None else as_rule(among, name="among", level="customer"),
    )
