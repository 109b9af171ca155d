"""What attribution and outlooks say, as functions of the log they are read from."""

import datetime as dt

import numpy as np

from customerops import journey
from customerops.model import InteractionLog, first

__all__ = ["MODELS", "credited", "ordered", "outlook"]

DAYS = dt.timedelta(days=30)

MODELS: dict[str, journey.Model] = {
    "linear": journey.Linear(),
    "decay": journey.TimeDecay(DAYS / 5),
    "markov": journey.Markov(2),
    "shapley": journey.Shapley("rate_of_subsets"),
    "sampled": journey.Shapley("rate_of_exact_coalition", samples=5),
}


def credited(
    log: InteractionLog, *, how: str, as_of: dt.datetime | None = None
) -> journey.Attribution:
    """Return the credit of channels by one of the models."""
    paths = journey.paths_to_conversion(
        log, "purchase", lookback=DAYS, ages=DAYS / 30, by=first("channel"), as_of=as_of
    )
    rng = np.random.default_rng(1) if how == "sampled" else None
    return journey.attribute(paths, MODELS[how], rng=rng)


def ordered(
    log: InteractionLog, *, as_of: dt.datetime | None = None
) -> journey.OrderChoice | None:
    """Return how much memory paths have, where there are any."""
    paths = journey.paths_to_conversion(log, "purchase", lookback=DAYS, as_of=as_of)
    return journey.choose_order(paths) if paths.nulls else None


def outlook(log: InteractionLog, *, as_of: dt.datetime | None = None) -> journey.Outlook:
    """Return the chances from every channel."""
    table = journey.next_best(
        log, within=DAYS, state="channel", conversion="purchase", support=2, as_of=as_of
    )
    return table.outlook()
