"""What a population is asked, as functions of the log it is replayed from."""

import datetime as dt

from customerops import lifecycle
from customerops.model import Calendar, InteractionLog, amount, kind

__all__ = ["POLICIES", "nes", "replayed", "transition_matrix", "view", "win_back_rate"]

DAYS = dt.timedelta(days=30)
POLICY = lifecycle.LifecyclePolicy(
    qualifies=kind("purchase") & (amount >= 5),
    clock=lifecycle.Inactivity(DAYS),
    retention=lifecycle.KthInLife(2),
    winback_window=2 * DAYS,
)

POLICIES = {
    "latency": lifecycle.LifecyclePolicy(
        qualifies={"purchase", "use"},
        clock=lifecycle.Latency(quantile=0.9, fallback=DAYS, min_intervals=1, last=3),
        retention=lifecycle.TenureInLife(DAYS / 2),
        activation=lifecycle.NWithin(2, lifecycle.Days(9)),
        activation_window=lifecycle.Months(1),
        at_risk=lifecycle.AtRisk("use", after=DAYS / 5),
        calendar=Calendar("Europe/Berlin"),
    ),
    "contract": lifecycle.LifecyclePolicy(
        clock=lifecycle.Contract(grace=DAYS / 10, term=lifecycle.Months(1)),
        events={"purchase": "renew", "use": "pause", "refund": "resume"},
        retention=lifecycle.KthInLife(2),
        at_risk=lifecycle.AtRisk(share=0.5),
        winback_window=DAYS,
        calendar=Calendar("Europe/Berlin"),
    ),
    "settling": lifecycle.LifecyclePolicy(
        qualifies="purchase",
        clock=lifecycle.Inactivity(lifecycle.Days(10)),
        retention=lifecycle.KthInLife(2),
        settle_after=DAYS / 10,
        calendar=Calendar("America/St_Johns"),
    ),
}


def replayed(
    log: InteractionLog, *, how: str, as_of: dt.datetime | None = None
) -> lifecycle.Population:
    """Return the population under one of the policies."""
    return lifecycle.replay_log(log, POLICIES[how], as_of=as_of)


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
