"""What a population is asked, as functions of the log it is replayed from."""

import datetime as dt

from customerops import lifecycle
from customerops.model import InteractionLog, amount, kind

__all__ = ["nes", "transition_matrix", "view", "win_back_rate"]

DAYS = dt.timedelta(days=30)
POLICY = lifecycle.LifecyclePolicy(
    qualifies=kind("purchase") & (amount >= 5),
    clock=lifecycle.Inactivity(DAYS),
    retention=lifecycle.KthInLife(2),
    winback_window=2 * DAYS,
)


def win_back_rate(
    log: InteractionLog, *, as_of: dt.datetime | None = None
) -> lifecycle.WinBackRate:
    """Return the win-back rate by month."""
    population = lifecycle.replay_log(log, POLICY, as_of=as_of)
    return population.win_back_rate(within=DAYS, period="month")


def transition_matrix(
    log: InteractionLog, *, as_of: dt.datetime | None = None
) -> lifecycle.TransitionMatrix:
    """Return the moves between the ends of weeks."""
    return lifecycle.replay_log(log, POLICY, as_of=as_of).transition_matrix(period="week")


def view(log: InteractionLog, *, as_of: dt.datetime | None = None) -> lifecycle.ViewCounts:
    """Return the customers in the cells of a view."""
    return lifecycle.POSTHOG.counts(lifecycle.replay_log(log, POLICY, as_of=as_of))


def nes(log: InteractionLog, *, as_of: dt.datetime | None = None) -> lifecycle.ViewCounts:
    """Return the customers by how long they have slept in their own cycles."""
    population = lifecycle.replay_log(log, POLICY, as_of=as_of)
    return lifecycle.NES(cycle=DAYS).counts(population)
