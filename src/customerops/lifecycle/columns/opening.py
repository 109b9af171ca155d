"""Yesterday's states as the rows and columns that today's replay starts from."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError, Late, TransitionError
from customerops.lifecycle.columns.gather import Gathered
from customerops.lifecycle.columns.rows import Opening, Rows
from customerops.lifecycle.columns.states import States
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import NEVER
from customerops.lifecycle.policy.stages import ACTIVE, STAGES, Stage, Trigger
from customerops.model.log.joins import stack_ids
from customerops.model.values.checks import came
from customerops.model.values.runs import ranges

__all__ = ["check_initial", "joined", "opening_of", "with_past"]

Int = NDArray[np.int64]
_ALIVE = np.array([stage in ACTIVE for stage in STAGES])
_ABSENT = {"stage": np.int8(0), "lives": 0, "ordinal": 0, "anchor": 0}


def check_initial(initial: States, policy: LifecyclePolicy, as_of: int) -> None:
    """Refuse states that this policy cannot go on from."""
    if not isinstance(initial, States):
        raise InvalidInputError("initial", "must be States", came(initial))
    if initial.context.option("policy") != policy.hash:
        raise TransitionError("the initial states were made under another policy: replay all")
    for name in ("settle_after", "scope"):
        if getattr(policy, name) is not None:
            raise InvalidInputError("initial", f"must not go with {name}", "replay the whole log")
    if initial.context.as_of is None or initial.context.as_of > as_of:
        raise InvalidInputError("initial", "must be as of an instant not after as_of")


def joined(given: Gathered, initial: States) -> tuple[Gathered, States]:
    """Return the customers of both, sorted by id: their rows, and where they stood."""
    order = np.argsort(given.ids, kind="stable")
    ids = stack_ids([given.ids, initial.ids])
    ids = ids[np.argsort(ids, kind="stable")]
    ids = ids[np.append(True, ids[1:] != ids[:-1])[: ids.size]]
    place = _places(given.ids[order], ids)
    own = np.where(place < 0, -1, order[place]) if order.size else place
    rows, known = given.rows, own >= 0
    lengths = np.where(known, np.diff(rows.offsets, append=0)[own], 0) if order.size else own * 0
    starts = np.where(known, rows.offsets[own], 0)
    _refuse_late(rows.at, initial)
    stood = _spread_states(initial, ids)
    lengths[stood.stage == STAGES.index(Stage.ERASED)] = 0  # nothing after an erasure counts
    taken = ranges(starts, lengths)
    moved = Gathered(
        ids,
        Rows(
            np.concatenate(([0], np.cumsum(lengths))),
            rows.at[taken],
            rows.trigger[taken],
            rows.source[taken],
        ),
        _taken(given.first, own, 0),
        _taken(given.noticed_at, own, -NEVER),
        _taken(given.settles_at, own, NEVER),
    )
    return moved, stood


def opening_of(stood: States, policy: LifecyclePolicy) -> Opening:
    """Return where customers stood, as the columnar machine reads it."""
    column, stage = stood.columns, stood.columns["stage"]
    waits = _ALIVE[stage] | (stage == STAGES.index(Stage.ACQUIRED))
    due = np.where(column["overdue_at"] < NEVER, column["overdue_at"] - policy.event_first, NEVER)
    assert stood.context.as_of is not None
    return Opening(
        at=stood.context.as_of,
        stage=stage,
        ends=np.where(waits, due, column["since"]),
        lives=column["lives"],
        ordinal=column["ordinal"],
        life_since=column["life_since"],
        qualified_at=column["qualified_at"],
    )


def with_past(rows: Rows, stood: States) -> Rows:
    """Return the rows with what stands for the past in front of each customer's.

    First the qualifying instants that are remembered, then the anchor: the last qualifying one
    for who has lived, else the acquisition; an erasure for who was erased.
    """
    column, stage = stood.columns, stood.columns["stage"]
    erased, unseen = stage == STAGES.index(Stage.ERASED), stage == 0
    lived = (column["lives"] > 0) & ~erased
    recent = column["recent"].copy()
    if recent.shape[1]:
        recent[lived, -1] = NEVER  # that one is the anchor
    remembered = recent < NEVER
    n_before = remembered.sum(axis=1)
    n_past = n_before + ~unseen
    lengths = np.diff(rows.offsets)
    offsets = np.concatenate(([0], np.cumsum(lengths + n_past)))
    size = int(offsets[-1])
    at, source = np.empty(size, np.int64), np.empty(size, np.int64)
    trigger = np.empty(size, np.int8)

    spots = ranges(offsets[:-1], n_before)
    at[spots], trigger[spots], source[spots] = recent[remembered], Trigger.ACTIVITY, Rows.BEFORE
    spots = (offsets[:-1] + n_before)[~unseen]
    at[spots] = np.where(lived, column["qualified_at"], column["since"])[~unseen]
    anchors = np.where(lived, Trigger.ACTIVITY, np.where(erased, Trigger.ERASE, Trigger.ACQUIRE))
    trigger[spots], source[spots] = anchors[~unseen], Rows.PAST
    spots = ranges(offsets[:-1] + n_past, lengths)
    at[spots], trigger[spots], source[spots] = rows.at, rows.trigger, rows.source
    return Rows(offsets, at, trigger, source)


def _refuse_late(at: Int, initial: States) -> None:
    assert initial.context.as_of is not None
    late = int((at <= initial.context.as_of).sum())
    if late:
        raise Late(
            f"events must come after what the initial states have settled: {late} of {at.size} "
            "do not; replay their customers whole"
        )


def _spread_states(initial: States, ids: NDArray[Any]) -> States:
    """Return the states with who is not in them as unknown."""
    own = _places(initial.ids, ids)
    columns: dict[str, NDArray[Any]] = {}
    for name, column in initial.columns.items():
        default = np.False_ if column.dtype == np.bool_ else _ABSENT.get(name, NEVER)
        shape = (ids.size, *column.shape[1:])
        out = np.full(shape, default, column.dtype)
        out[own >= 0] = column[own[own >= 0]]
        columns[name] = out
    return attrs.evolve(initial, ids=ids, columns=columns)


def _taken(values: Int, own: Int, absent: int) -> Int:
    out = np.full(own.size, absent, np.int64)
    out[own >= 0] = values[own[own >= 0]]
    return out


def _places(ids: NDArray[Any], wanted: NDArray[Any]) -> Int:
    """Return where each wanted id stands among sorted ids, -1 where it does not."""
    if not ids.size:
        return np.full(wanted.size, -1)
    place = np.minimum(np.searchsorted(ids, wanted), ids.size - 1)
    return np.where(ids[place] == wanted, place, -1)
