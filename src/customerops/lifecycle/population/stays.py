"""Stays in a stage as spells: what survival and win-back read."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.stages import STAGES, Stage
from customerops.model.log.log import locked
from customerops.model.log.spells import Spells
from customerops.model.values.checks import came, one_of
from customerops.model.values.columns import Coded
from customerops.model.values.instants import to_us
from customerops.model.values.runs import first_of_run

if TYPE_CHECKING:
    from customerops.lifecycle.population.population import Population

__all__ = ["stays"]

_SORTED = tuple(sorted(str(stage) for stage in STAGES))
_LABEL = np.array([_SORTED.index(str(stage)) for stage in STAGES], np.int8)


def stays(population: Population, stage: str | Collection[str]) -> Spells:
    """Return the unbroken stays of a population in a stage, or among several."""
    moves, as_of = population.transitions, to_us(population.as_of)
    wanted = _codes(stage)
    before, after = np.isin(moves.source, wanted), np.isin(moves.target, wanted)
    starts, ends = np.flatnonzero(after & ~before), np.flatnonzero(before & ~after)
    # a customer's stays and their ends take turns, so the next end is that of the stay, if any is
    nth = np.searchsorted(ends, starts)
    closing = np.append(ends, -1)[nth]
    customer = moves.customer[starts]
    observed = (nth < ends.size) & (moves.customer[closing] == customer)
    first = first_of_run(customer)
    return Spells(
        customers=locked(population.ids[customer[first]]),
        codes=locked(np.cumsum(first) - 1),
        start=locked(moves.at[starts]),
        end=locked(np.where(observed, moves.at[closing], as_of)),
        observed=locked(observed),
        cause=_coded(np.where(observed, _LABEL[moves.target[closing]], -1)),
        attributes={"stage": _coded(_LABEL[moves.target[starts]])},
        as_of=as_of,
    )


def _codes(stage: str | Collection[str]) -> list[int]:
    """Return the codes of the stages asked for."""
    if not isinstance(stage, Collection):
        raise InvalidInputError("stage", "must be a Stage or a collection of them", came(stage))
    names = [stage] if isinstance(stage, str) else list(stage)
    if not names:
        raise InvalidInputError("stage", "must not be empty")
    known = [str(one) for one in STAGES if one is not Stage.UNKNOWN]
    return [STAGES.index(Stage(one_of("stage", name, known))) for name in names]


def _coded(codes: NDArray[np.int8]) -> Coded:
    return Coded(locked(codes.astype(np.int8)), _SORTED)
