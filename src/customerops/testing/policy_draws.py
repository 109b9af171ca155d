"""Lifecycle policies under every clock, and what customers come to under them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from customerops.lifecycle.columns.states import States
from customerops.lifecycle.machine.history import History, Life, replay
from customerops.lifecycle.machine.state import State, Transition
from customerops.lifecycle.policy.clocks import Contract, Inactivity, Latency
from customerops.lifecycle.policy.criteria import (
    AtRisk,
    FirstQualifying,
    KthInLife,
    NthQualifying,
    NWithin,
    TenureInLife,
)
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import Days, Months
from customerops.lifecycle.population.batch import replay_log
from customerops.model.rules.rules import amount, kind
from customerops.testing.log_draws import calendars, logs
from customerops.testing.world_draws import happenings, scenes

__all__ = [
    "contracts",
    "days",
    "histories",
    "inactivities",
    "kth_in_life",
    "latencies",
    "lives",
    "months",
    "moves",
    "n_within",
    "nth_qualifying",
    "policies",
    "risks",
    "state_columns",
    "states",
    "tenures",
]

_DAY = dt.timedelta(days=1)
_QUALIFIES: tuple[Any, ...] = (
    "purchase",
    kind.isin("purchase", "use"),
    kind("purchase") & (amount >= 5),
)


def days() -> st.SearchStrategy[Days]:
    """Draw local days."""
    return st.builds(Days, st.sampled_from([1, 2, 30]))


def months() -> st.SearchStrategy[Months]:
    """Draw local months."""
    return st.builds(Months, st.sampled_from([1, 3]))


def _exact() -> st.SearchStrategy[dt.timedelta]:
    return st.sampled_from([_DAY, _DAY / 2, 2 * _DAY, 30 * _DAY, 90 * _DAY])


def _spans() -> st.SearchStrategy[Any]:
    return st.one_of(_exact(), days(), months())


def inactivities() -> st.SearchStrategy[Inactivity]:
    """Draw windows of one length for all."""
    return st.builds(Inactivity, _spans())


@st.composite
def latencies(draw: st.DrawFn) -> Latency:
    """Draw windows by each customer's own rhythm."""
    last = draw(st.integers(1, 8))
    floor, cap = sorted((draw(_exact()), draw(_exact())))
    return Latency(
        quantile=draw(st.sampled_from([0.5, 0.9, 1.0])),
        fallback=draw(_exact()),
        last=last,
        min_intervals=draw(st.integers(1, last)),
        floor=draw(st.sampled_from([None, floor])),
        cap=draw(st.sampled_from([None, cap])),
    )


def contracts() -> st.SearchStrategy[Contract]:
    """Draw clocks of contracts; without a term, each renewal has to say until when it is paid."""
    return st.builds(Contract, grace=st.none() | _spans(), term=st.none() | _spans())


def kth_in_life() -> st.SearchStrategy[KthInLife]:
    """Draw retention from a number of qualifying interactions on."""
    return st.builds(KthInLife, st.integers(1, 3))


def tenures() -> st.SearchStrategy[TenureInLife]:
    """Draw retention from a tenure on."""
    return st.builds(TenureInLife, _spans())


def nth_qualifying() -> st.SearchStrategy[NthQualifying]:
    """Draw activation by a number of qualifying interactions."""
    return st.builds(NthQualifying, st.integers(2, 3))


def n_within() -> st.SearchStrategy[NWithin]:
    """Draw activation by a number of qualifying interactions in time."""
    return st.builds(NWithin, st.integers(2, 3), _spans())


def risks() -> st.SearchStrategy[AtRisk]:
    """Draw when a customer is at risk."""
    signs = st.sampled_from([None, kind("use")])
    after = st.builds(lambda rule, span: AtRisk(rule, after=span), signs, _spans())
    return after | st.sampled_from([0.5, 0.25]).map(lambda share: AtRisk(share=share))


@st.composite
def policies(draw: st.DrawFn) -> LifecyclePolicy:
    """Draw lifecycle policies: by inactivity, by latency or by contract, with every criterion.

    Returns
    -------
    SearchStrategy of LifecyclePolicy
        Each with a calendar; under a contract, renewals have a term.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import policies
    >>> @settings(max_examples=3)
    ... @given(policies())
    ... def test(policy):
    ...     assert policy.calendar is not None
    >>> test()
    """
    shared: dict[str, Any] = {
        "retention": draw(kth_in_life() | tenures()),
        "activation_window": draw(st.none() | _spans()),
        "winback_window": draw(st.none() | _spans()),
        "at_risk": draw(st.none() | risks()),
        "calendar": draw(calendars()),
    }
    if draw(st.integers(0, 3)) == 0:
        clock = Contract(grace=draw(st.none() | _spans()), term=draw(_spans()))
        events = {"purchase": "renew", "use": "pause", "refund": "resume"}
        return LifecyclePolicy(clock=clock, events=events, **shared)
    activations: Any = st.one_of(st.just(FirstQualifying()), nth_qualifying(), n_within())
    return LifecyclePolicy(
        clock=draw(inactivities() | latencies()),
        qualifies=draw(st.sampled_from(_QUALIFIES)),
        activation=draw(activations),
        boundary=draw(st.sampled_from(["timeout_first", "event_first"])),
        settle_after=draw(st.sampled_from([None, _DAY / 2, 3 * _DAY])),
        **shared,
    )


@st.composite
def histories(draw: st.DrawFn, *, policy: LifecyclePolicy | None = None) -> History:
    """Draw what one customer did, replayed under a policy.

    Parameters
    ----------
    policy : LifecyclePolicy, optional
        The policy; left out, one of `policies`. One of contracts must have a term.

    Returns
    -------
    SearchStrategy of History

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from customerops.testing import histories
    >>> @settings(max_examples=3)
    ... @given(histories())
    ... def test(history):
    ...     assert history.state.lives == len(history.lives)
    >>> test()
    """
    scene = draw(scenes(400))
    numbers = range(draw(st.integers(0, 8)))
    seen = [draw(happenings(f"e{i}", "c", scene.pool, scene.currency)) for i in numbers]
    last = max(scene.pool) + draw(st.sampled_from([dt.timedelta(0), _DAY, 400 * _DAY]))
    return replay(seen, draw(policies()) if policy is None else policy, as_of=last)


def states(*, policy: LifecyclePolicy | None = None) -> st.SearchStrategy[State]:
    """Draw what a service keeps of a customer: where a history ended.

    Parameters
    ----------
    policy : LifecyclePolicy, optional
        Under which policy; left out, each under one of its own, which a state names by its hash
        only. Give one to go on from the state with `step` or `advance`.

    Returns
    -------
    SearchStrategy of State

    Examples
    --------
    >>> from customerops.lifecycle import State
    >>> from hypothesis import given, settings
    >>> from customerops.testing import states
    >>> @settings(max_examples=3)
    ... @given(states())
    ... def test(state):
    ...     assert State.from_dict(state.to_dict()) == state
    >>> test()
    """
    return histories(policy=policy).map(lambda history: history.state)


def moves() -> st.SearchStrategy[Transition]:
    """Draw changes of stage."""
    moved = histories().filter(lambda history: bool(history.transitions))
    return moved.flatmap(lambda history: st.sampled_from(history.transitions))


def lives() -> st.SearchStrategy[Life]:
    """Draw stays among the active stages."""
    lived = histories().filter(lambda history: bool(history.lives))
    return lived.flatmap(lambda history: st.sampled_from(history.lives))


def state_columns() -> st.SearchStrategy[States]:
    """Draw where the customers of a log stand."""
    return st.builds(lambda log, policy: replay_log(log, policy).states(), logs(), policies())
