"""Metrics as people write them: some good, most with one fault."""

import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from customerops.model import InteractionLog
from customerops.model.values.instants import from_us, to_us

DAY = 24 * 3600 * 10**6


def events(log: InteractionLog) -> int:
    """Count events, as it should be."""
    return len(log)


def active(log: InteractionLog, *, as_of: Any = None, days: int = 30) -> int:
    """Count customers with an event in the days before the instant, as it should be."""
    seen = log if as_of is None else log.until(as_of)
    assert seen.as_of is not None
    return len(
        {int(c) for c, at in zip(seen.codes, seen.at, strict=True) if at > seen.as_of - days * DAY}
    )


def mean_of_means(log: InteractionLog) -> float:
    """Average events a customer: averages of parts do not add."""
    return len(log) / log.n_customers if log.n_customers else 0.0


def by_last_event(log: InteractionLog, *, days: int = 30) -> int:
    """Take the last event for now."""
    last = int(log.at.max(initial=0))
    return len({int(c) for c, at in zip(log.codes, log.at, strict=True) if at > last - days * DAY})


def by_last_event_of_all(log: InteractionLog, *, as_of: Any = None) -> Any:
    """Take the last event for now, though told when now is."""
    return from_us(int(log.at.max(initial=0)))


def one_late(log: InteractionLog, *, as_of: Any) -> int:
    """Leave out what happened at the instant itself, unless the log ends there."""
    known = log.as_of is not None and log.as_of == to_us(as_of)
    return len(log) if known else int((log.at < to_us(as_of)).sum())


def peeks(log: InteractionLog) -> tuple[object, ...]:
    """Show kinds that occur only later."""
    return tuple(log.kinds)


def mutates(log: InteractionLog) -> int:
    log.at.flags.writeable = True
    log.at[:1] = 0
    log.at.flags.writeable = False
    return len(log)


def mutates_options(log: InteractionLog, *, found: list[int]) -> int:
    found.append(len(log))
    return len(log)


def prints(log: InteractionLog) -> int:
    print("so many:", len(log))  # noqa: T201 - the fault
    return len(log)


def reads(log: InteractionLog) -> int:
    return len(log) + len(Path(__file__).read_text(encoding="utf-8"))


def seeds(log: InteractionLog) -> int:
    random.seed(7)
    return len(log)


def seeds_numpy(log: InteractionLog) -> int:
    np.random.seed(7)
    return len(log)


def hushes(log: InteractionLog) -> int:
    np.seterr(all="ignore")
    return len(log)


def filters(log: InteractionLog) -> int:
    warnings.simplefilter("ignore")
    return len(log)


CALLS: list[int] = []


def remembers(log: InteractionLog) -> int:
    CALLS.append(1)
    return len(CALLS)


def in_stored_order(log: InteractionLog) -> tuple[object, ...]:
    return tuple(log.customers.tolist())


def loads(log: InteractionLog) -> int:
    """Load a module on first use, which is allowed."""
    import sys

    sys.modules.pop("colorsys", None)
    import colorsys

    return len(log) + len(colorsys.__name__)


def lists(log: InteractionLog) -> dict[str, int]:
    """Give what has no sum."""
    return {"events": len(log)}


def at_length(log: InteractionLog) -> str:
    """Give text, which adds and does not add up."""
    return "x" * 400


def never_nothing(log: InteractionLog) -> int:
    return max(1, len(log))


ASKED: list[int] = []


def settles(log: InteractionLog) -> int:
    """Give another answer once, the fourth time."""
    ASKED.append(1)
    return int(len(ASKED) == 4)


def unlike_at_first(log: InteractionLog) -> object:
    """Have several faults at once: text has a sum, and none with nothing."""
    return str(log.customers[0]) if log.n_customers else len(log)


def spread(log: InteractionLog) -> Any:
    """Give a number of numpy's, as it should be."""
    return (log.codes * 2).sum() * 0 + np.float64(len(log))


def told(log: InteractionLog, *, as_of: Any) -> int:
    """Be told the instant always, as it should be."""
    return int((log.at <= to_us(as_of)).sum())


def refuses(log: InteractionLog) -> int:
    raise KeyError("nothing is good enough")
