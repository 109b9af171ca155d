"""The machine for one customer: a pure step from a state and an interaction to the next state.

A timeout is data, not a timer: the state holds the instant from which its deadline is overdue, and
`advance` fires what is overdue, each deadline stamped with its own time. Looking often, once or
never gives the same history.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import attrs

from customerops.errors import InvalidInputError, Late, TransitionError
from customerops.lifecycle.machine.contract import Term, overdue, paid, paused, resumed
from customerops.lifecycle.machine.state import Settling, State, Step, Transition
from customerops.lifecycle.policy.clocks import Latency
from customerops.lifecycle.policy.criteria import FirstQualifying, KthInLife, NthQualifying
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import after
from customerops.lifecycle.policy.stages import ACTIVE, QUALIFYING, TARGETS, Cause, Stage, Trigger
from customerops.model.records.records import Interaction
from customerops.model.values.checks import Id, came
from customerops.model.values.instants import as_instant

__all__ = ["advance", "apply", "moved", "settle", "step"]

_US = dt.timedelta(microseconds=1)
# members of an enum are looked up by a function call in Python 3.11; every step needs these
_ERASED, _ACTIVITY, _SIGHTING, _TIMEOUT = (
    Stage.ERASED,
    Trigger.ACTIVITY,
    Trigger.SIGHTING,
    Trigger.TIMEOUT,
)
_BY_EVENT, _BY_TIMEOUT = Cause.EVENT, Cause.TIMEOUT


def step(state: State | None, interaction: Interaction, policy: LifecyclePolicy) -> Step:
    """Return what an interaction makes of a state: overdue deadlines first, then the interaction.

    Parameters
    ----------
    state : State or None
        None for a customer never seen.
    interaction : Interaction
        Of the same customer, not before what the state has settled.
    policy : LifecyclePolicy
        The one the state was made under.

    Returns
    -------
    Step
        The next state, and the transitions on the way.

    Raises
    ------
    Late
        If the interaction comes before the state in canonical order: replay that customer.
    TransitionError
        If the state was made under another policy: replay that customer, or `migrate`.
    InvalidInputError
        If an argument is not what it must be, the interaction is of another scope than the state,
        or it pays for a contract without saying until when, or until an instant not after its own.

    Notes
    -----
    At one instant, what acquires comes before starts and renewals, then activity that does not
    qualify, activity that does, failed payments and refunds, pauses and resumes, cancels and
    erasures. An immediate repeat of an id changes nothing, and neither does anything after an
    erasure.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, step
    >>> from customerops.model import Interaction
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(2)
    ... )
    >>> when = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> order = Interaction(id="o-17", customer_id="c-9", at=when, kind="purchase")
    >>> done = step(None, order, policy)
    >>> done.state.stage.value, done.state.due_at.isoformat()
    ('ACTIVATED', '2026-03-31T00:00:00+00:00')
    >>> [(change.source.value, change.target.value) for change in done.transitions]
    [('UNKNOWN', 'ACTIVATED')]
    """
    begun = _begun(state, policy)
    trigger = policy.trigger(interaction)
    if policy.scope is not None:
        begun, concerned = _in_scope(begun, interaction, trigger, policy.scope)
        if not concerned:
            return Step(begun, ())
    return apply(begun, interaction, trigger, policy)


def advance(state: State, t: dt.datetime, policy: LifecyclePolicy) -> Step:
    """Fire every deadline that is overdue at an instant, each stamped with its own time.

    Parameters
    ----------
    state : State
        What the service kept.
    t : datetime
        Timezone-aware; an instant before the state's changes nothing.
    policy : LifecyclePolicy
        The one the state was made under.

    Returns
    -------
    Step
        The next state, and the transitions on the way.

    Raises
    ------
    TransitionError
        If the state was made under another policy.
    InvalidInputError
        If `t` is not a timezone-aware datetime.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, advance, step
    >>> from customerops.model import Interaction
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(2)
    ... )
    >>> when = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
    >>> order = Interaction(id="o-17", customer_id="c-9", at=when, kind="purchase")
    >>> state = step(None, order, policy).state
    >>> late = advance(state, when + dt.timedelta(days=365), policy)
    >>> late.state.stage.value, late.transitions[0].at.isoformat()
    ('LAPSED', '2026-03-31T00:00:00+00:00')
    """
    done: list[Transition] = []
    state = settle(_begun(state, policy), as_instant("t", t), policy, done)
    return Step(state, tuple(done))


def apply(
    state: State, interaction: Interaction, trigger: Trigger, policy: LifecyclePolicy
) -> Step:
    """Return the step of a classified interaction; the state is of this policy and scope."""
    at, own_id = interaction.at, interaction.id
    if state.stage is _ERASED or (at == state.seen_at and own_id in state.seen):
        return Step(state, ())
    if state.at is not None and (at < state.at or (at == state.at and trigger < state.rank)):
        raise Late("the interaction comes before what the state has settled: replay the customer")
    done: list[Transition] = []
    due = state.due_at if state.settling else state.overdue_at
    if due is not None and due <= at:
        state = settle(state, at, policy, done)
    while state.settling and state.settling[0].at == at and trigger > _ACTIVITY:
        state = _count(state, policy, done)

    seen = state.seen if at == state.seen_at else ()
    if own_id is not None:
        seen = (*seen, own_id)
    waits = policy.settle_after is not None and trigger is _ACTIVITY
    read = _SIGHTING if waits else trigger
    state = moved(state, at, read, own_id, interaction.until, policy, done, at, seen)
    if policy.settle_after is not None:
        state = _settling(state, interaction, trigger, policy.settle_after)
    if policy.at_risk is not None and policy.notices(interaction):
        state = _noticed(state, at, policy)
    return Step(state, tuple(done))


def settle(
    state: State,
    until: dt.datetime,
    policy: LifecyclePolicy,
    done: list[Transition],
    *,
    inclusive: bool = False,
) -> State:
    """Fire what is due at `until`, adding the transitions to `done`.

    Inclusive means what falls on `until` itself, too: under event_first and for what is settling,
    that is due a microsecond later, for an interaction at that very instant still comes first.
    """
    grace, late = (policy.grace, _US) if inclusive else (dt.timedelta(0), dt.timedelta(0))
    while True:
        overdue_at, waiting = state.overdue_at, state.settling
        if waiting and (overdue_at is None or waiting[0].at < overdue_at):
            if waiting[0].at + _US - late > until:
                return state
            state = _count(state, policy, done)
        elif overdue_at is None or overdue_at - grace > until:
            return state
        else:
            state = _timed_out(state, overdue_at, policy, done)


def _timed_out(
    state: State, overdue_at: dt.datetime, policy: LifecyclePolicy, done: list[Transition]
) -> State:
    target = TARGETS[state.stage, _TIMEOUT, False, False]
    at = overdue_at - policy.grace
    done.append(Transition(at, state.stage, target, _BY_TIMEOUT))
    return State(
        policy=state.policy,
        stage=target,
        since=at,
        overdue_at=_deadline(target, at, (), None, policy),
        lives=state.lives,
        ordinal=state.ordinal,
        life_since=state.life_since,
        qualified_at=state.qualified_at,
        at=overdue_at,
        rank=_TIMEOUT,
        seen_at=state.seen_at,
        seen=state.seen,
        recent=state.recent,
        settling=state.settling,
        term=state.term,
        scope=state.scope,
    )


def _count(state: State, policy: LifecyclePolicy, done: list[Transition]) -> State:
    """Let the first interaction that was settling count, at its own time."""
    first, rest = state.settling[0], state.settling[1:]
    state = attrs.evolve(state, settling=rest)
    return moved(
        state,
        first.at,
        _ACTIVITY,
        first.interaction_id,
        None,
        policy,
        done,
        state.seen_at,
        state.seen,
    )


def moved(
    state: State,
    at: dt.datetime,
    trigger: Trigger,
    own_id: Id | None,
    until: dt.datetime | None,
    policy: LifecyclePolicy,
    done: list[Transition],
    seen_at: dt.datetime | None,
    seen: tuple[Id, ...],
) -> State:
    """Return the state after one trigger, all before it being settled."""
    stage, lives, ordinal = state.stage, state.lives, state.ordinal
    life_since, qualified_at, recent = state.life_since, state.qualified_at, state.recent
    read, term, met = trigger, state.term, False
    if policy.contract is not None:
        read, term = _under_contract(state, at, trigger, until, policy)
    qualifies = read in QUALIFYING
    if qualifies:
        qualified_at = at
        if policy.memory:
            recent = (*recent, at)[-policy.memory :]
        ordinal += 1
        if stage not in ACTIVE:
            if lives or _activates(ordinal, recent, policy):
                lives, ordinal, life_since = lives + 1, 1, at
            else:
                qualifies, read = False, _SIGHTING
        met = qualifies and _retains(ordinal, life_since, at, policy)

    target = TARGETS[stage, read, met, state.lives == 0]
    moves = target is not stage
    if moves:
        done.append(Transition(at, stage, target, _BY_EVENT, own_id))
    overdue_at, at_risk_at = state.overdue_at, state.at_risk_at
    if target not in ACTIVE:
        at_risk_at = None
        term = None if target is _ERASED else term
        if moves:
            overdue_at = _deadline(target, at, (), None, policy)
    elif qualifies or term is not state.term:
        overdue_at = _deadline(target, at, recent, term, policy)
        at_risk_at = _at_risk_from(policy, qualified_at, overdue_at, at_risk_at, fresh=qualifies)
    return State(
        policy=state.policy,
        stage=target,
        since=at if moves else state.since,
        overdue_at=overdue_at,
        at_risk_at=at_risk_at,
        lives=lives,
        ordinal=ordinal,
        life_since=life_since,
        qualified_at=qualified_at,
        at=at,
        rank=trigger,
        seen_at=seen_at,
        seen=seen,
        recent=recent,
        settling=() if target is _ERASED else state.settling,
        term=term,
        scope=state.scope,
    )


def _under_contract(
    state: State,
    at: dt.datetime,
    trigger: Trigger,
    until: dt.datetime | None,
    policy: LifecyclePolicy,
) -> tuple[Trigger, Term | None]:
    """Return what a trigger is to the table, and the term after it."""
    term, living = state.term, state.stage in ACTIVE
    if trigger in QUALIFYING:
        term = paid(term if living else None, at, trigger, until, policy)
    elif not living:
        if trigger is Trigger.TRIAL and not state.lives:
            again = state.at == at and state.rank is Trigger.TRIAL
            term = Term(_later(until, term.ends_at) if again and term else until, trial=True)
        elif trigger is Trigger.CANCEL and not state.lives:
            term = None
    else:
        assert term is not None
        return _running(term, at, trigger)
    return trigger, term


def _later(a: dt.datetime | None, b: dt.datetime | None) -> dt.datetime | None:
    """Return the later of two ends of trials that begin at one instant; what says one is believed."""
    return max((end for end in (a, b) if end is not None), default=None)


def _running(term: Term, at: dt.datetime, trigger: Trigger) -> tuple[Trigger, Term]:
    """Return what a trigger is to the table, and makes of what an active customer has paid for."""
    if trigger is Trigger.PAUSE:
        term = paused(term, at)
    elif trigger is Trigger.RESUME:
        term = resumed(term, at)
    elif trigger is Trigger.PAYMENT_FAILED:
        term = attrs.evolve(term, failing=True)
    elif trigger is Trigger.CANCEL_AT_PERIOD_END:
        if term.ends_at is not None and term.ends_at < (term.paused_at or at):
            return Trigger.CANCEL, term
        term = attrs.evolve(term, ending=True)
    return trigger, term


def _activates(nth: int, recent: tuple[dt.datetime, ...], policy: LifecyclePolicy) -> bool:
    """Return whether the n-th qualifying interaction, the latest of `recent`, begins a life."""
    activation = policy.activation
    if isinstance(activation, FirstQualifying):
        return True
    if isinstance(activation, NthQualifying):
        return nth >= activation.n
    if nth < activation.n:
        return False
    closes = after(activation.window, recent[-activation.n], policy.calendar)
    return closes is None or recent[-1] < closes


def _retains(
    ordinal: int, life_since: dt.datetime | None, at: dt.datetime, policy: LifecyclePolicy
) -> bool:
    retention = policy.retention
    if isinstance(retention, KthInLife):
        return ordinal >= retention.k
    assert life_since is not None
    reached = after(retention.tenure, life_since, policy.calendar)
    return reached is not None and at >= reached


def _deadline(
    stage: Stage,
    at: dt.datetime,
    recent: tuple[dt.datetime, ...],
    term: Term | None,
    policy: LifecyclePolicy,
) -> dt.datetime | None:
    """Return from when the deadline of a stage, counted from `at`, is overdue."""
    exact = policy.overdue_after.get(stage)
    if exact is not None:
        try:
            return at + exact
        except OverflowError:  # beyond the year 9999: never
            return None
    if stage in ACTIVE:
        if term is not None:
            return overdue(term, policy)
        if isinstance(policy.clock, Latency):
            window = policy.clock.window([b - a for a, b in pairwise(recent)])
            return _fires(after(window, at, None), policy)
    span = policy.windows.get(stage)
    return None if span is None else _fires(after(span, at, policy.calendar), policy)


def _fires(closes: dt.datetime | None, policy: LifecyclePolicy) -> dt.datetime | None:
    """Return from when a window that closes then is overdue."""
    try:
        return None if closes is None else closes + policy.grace
    except OverflowError:
        return None


def _at_risk_from(
    policy: LifecyclePolicy,
    qualified_at: dt.datetime | None,
    overdue_at: dt.datetime | None,
    at_risk_at: dt.datetime | None,
    *,
    fresh: bool,
) -> dt.datetime | None:
    """Return from when a customer is at risk who shows no further sign of life.

    `fresh` is a new qualifying interaction; else a deadline has moved, and only shares move along.
    """
    at_risk = policy.at_risk
    if at_risk is None or qualified_at is None:
        return None
    if at_risk.after is not None:
        return after(at_risk.after, qualified_at, policy.calendar) if fresh else at_risk_at
    if overdue_at is None:
        return None
    assert at_risk.share is not None
    window = (overdue_at - policy.grace - qualified_at) // _US
    return qualified_at + round(at_risk.share * window) * _US


def _noticed(state: State, at: dt.datetime, policy: LifecyclePolicy) -> State:
    """Put off the risk: there was a sign of life."""
    assert policy.at_risk is not None
    assert policy.at_risk.after is not None
    if state.stage not in ACTIVE:
        return state
    return attrs.evolve(state, at_risk_at=after(policy.at_risk.after, at, policy.calendar))


def _settling(
    state: State, interaction: Interaction, trigger: Trigger, settle_after: dt.timedelta
) -> State:
    """Return the state with a qualifying interaction put in line, or what is refunded taken out."""
    thread = interaction.thread_id
    if trigger is Trigger.REFUND and thread is not None:
        left = tuple(one for one in state.settling if one.thread_id != thread)
        return attrs.evolve(state, settling=left)
    if trigger is _ACTIVITY:
        counts_at = after(settle_after, interaction.at, None)
        if counts_at is not None:
            one = Settling(counts_at, interaction.id, thread)
            return attrs.evolve(state, settling=(*state.settling, one))
    return state


def _begun(state: State | None, policy: LifecyclePolicy) -> State:
    """Return the state, or a new one, and refuse one of another policy."""
    if not isinstance(policy, LifecyclePolicy):
        raise InvalidInputError("policy", "must be a LifecyclePolicy", came(policy))
    if state is None:
        return State(policy.hash)
    if not isinstance(state, State):
        raise InvalidInputError("state", "must be a State or None", came(state))
    if state.policy != policy.hash:
        raise TransitionError(
            "the state was made under another policy: replay the customer, or migrate the state"
        )
    return state


def _in_scope(
    state: State, interaction: Interaction, trigger: Trigger, scope: str
) -> tuple[State, bool]:
    """Return the state with its scope, and whether the interaction is of it; erasures always are."""
    own = interaction.attributes.get(scope)
    if own is None:
        return state, trigger is Trigger.ERASE
    if state.scope is None:
        return attrs.evolve(state, scope=own), True
    if own != state.scope:
        raise InvalidInputError(
            "interaction", f"must be of the {scope} of the state", "it is of another"
        )
    return state, True
