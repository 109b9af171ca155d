"""Stays in the stages of a journey map as spells: what survival reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from customerops.journey.maps.standing import OFF, Changes
from customerops.model.log.log import InteractionLog, locked
from customerops.model.log.spells import Spells
from customerops.model.rules.stages import JourneyMap
from customerops.model.values.columns import Coded
from customerops.model.values.runs import first_of_run

__all__ = ["CAUSES", "stays"]

CAUSES = ("advanced", "expired", "regressed")
"""Why a stay ended: for a further stage, off the map, for an earlier stage."""


def stays(
    log: InteractionLog, journey_map: JourneyMap, changes: Changes, as_of: int, until: int
) -> Spells:
    """Return the unbroken stays in a stage that began until an instant, as known at `as_of`.

    Half-open, from the change into the stage to the one out of it, whose direction is the cause.
    The attribute ``stage`` is where, ``next`` where to (missing off the map, and while it runs).
    """
    rank = np.empty(log.n_customers, np.intp)
    rank[log.id_order] = np.arange(log.n_customers)
    order = np.argsort(rank[changes.customer], kind="stable")
    customer, at = changes.customer[order], changes.at[order]
    target = changes.target[order]
    begins = np.flatnonzero((target != OFF) & (at <= until))
    after = np.minimum(begins + 1, len(at) - 1)
    observed = (after > begins) & (customer[after] == customer[begins])
    stage, following = target[begins], np.where(observed, target[after], OFF)
    cause = np.where(following > stage, 0, np.where(following == OFF, 1, 2))
    who = customer[begins]
    first = first_of_run(who)
    return Spells(
        customers=locked(log.customers[who[first]]),
        codes=locked(np.cumsum(first) - 1),
        start=locked(at[begins]),
        end=locked(np.where(observed, at[after], as_of)),
        observed=locked(observed),
        cause=Coded(locked(np.where(observed, cause, -1).astype(np.int8)), CAUSES),
        attributes={  # by name, as a union has them
            "next": _named(following, journey_map),
            "stage": _named(stage, journey_map),
        },
        as_of=as_of,
    )


def _named(codes: NDArray[np.intp], journey_map: JourneyMap) -> Coded:
    """Return stages as labels, missing off the map."""
    labels = tuple(sorted(journey_map.keys))
    place = np.array([-1, *(labels.index(key) for key in journey_map.keys)], np.intp)
    return Coded(locked(place[codes].astype(np.int32)), labels)
