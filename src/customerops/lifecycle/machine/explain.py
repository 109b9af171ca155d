"""Why a customer is in its stage, in one sentence."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs

from customerops.lifecycle.machine.machine import moved
from customerops.lifecycle.machine.state import State, Transition
from customerops.lifecycle.policy.clocks import Contract, Inactivity, Latency
from customerops.lifecycle.policy.criteria import FirstQualifying, KthInLife
from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.spans import tell
from customerops.lifecycle.policy.stages import ACTIVE, QUALIFYING, TARGETS, Cause, Stage, Trigger
from customerops.lifecycle.policy.wording import duration, ordinal, with_article
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import And, Compare, Rule
from customerops.model.values.money import decimals_of

if TYPE_CHECKING:
    from customerops.lifecycle.machine.history import History
    from customerops.model.values.calendar import Calendar

__all__ = ["Explanation", "Ignored", "explanation"]

_DAY = dt.timedelta(days=1)
_FIRST = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


@attrs.frozen
class Ignored:
    """Activity that did not qualify.

    Attributes
    ----------
    count : int
        How many.
    reason : str
        The first part of the policy's rule that does not hold for them.
    """

    count: int
    reason: str


@attrs.frozen
class Explanation:
    """Why a customer is in a stage at an instant. It never holds the customer's id.

    Attributes
    ----------
    at : datetime
        The instant asked about, in UTC.
    stage : Stage
        The stage after everything at that instant.
    since : datetime or None
        When it was entered; None while ``UNKNOWN``.
    cause : Cause or None
        What moved the customer there.
    sentence : str
        The reason in words. Dates are local to the calendar asked for, and have a time of day if
        a window of the policy is not of whole days.
    change : str
        The smallest change that would have made it another stage.
    last : Interaction or None
        The last qualifying interaction.
    ignored : tuple of Ignored
        Activity since then that did not qualify, in the order of the rule.
    deadline : datetime or None
        When the stage ends unless a qualifying interaction comes first.
    """

    at: dt.datetime
    stage: Stage
    since: dt.datetime | None
    cause: Cause | None
    sentence: str
    change: str
    last: Interaction | None
    ignored: tuple[Ignored, ...]
    deadline: dt.datetime | None


@attrs.frozen
class _Words:
    """How dates and interactions are told."""

    zone: dt.tzinfo
    whole_days: bool

    def on(self, instant: dt.datetime) -> str:
        local = instant.astimezone(self.zone)
        return f"{local:%Y-%m-%d}" if self.whole_days else f"{local:%Y-%m-%d %H:%M}"

    def told(self, one: Interaction) -> str:
        paid = "" if one.amount is None else f" of {one.amount.amount:f}"
        return f"{with_article(one.kind)}{paid} on {self.on(one.at)}"


def explanation(history: History, calendar: Calendar | None) -> Explanation:
    """Explain the stage at the end of a history."""
    policy, erased, state = history.policy, Stage.ERASED, history.final
    latest = history.transitions[-1] if history.transitions else None
    words = _Words(dt.UTC if calendar is None else calendar.tz, _whole_days(policy))
    nth = None if state.stage is erased else _latest(history, state)
    last = None if nth is None else history.interactions[nth]
    ignored = () if state.stage is erased else _ignored(history, nth or 0)
    deadline = None if state.overdue_at is None else state.overdue_at - policy.grace
    parts = [_head(history, state, latest, last, words)]
    if ignored:
        parts.append("Ignored: " + ", ".join(f"{one.count} {one.reason}" for one in ignored))
    if state.settling:
        waiting, first = len(state.settling), words.on(state.settling[0].at)
        parts.append(f"{waiting} settling, counting from {first} unless refunded")
    if deadline is not None:
        then = TARGETS[state.stage, Trigger.TIMEOUT, False, False]
        parts.append(f"{then} on {words.on(deadline)} unless {_prevention(state, policy)} first")
    return Explanation(
        at=history.as_of,
        stage=state.stage,
        since=state.since,
        cause=None if latest is None else latest.cause,
        sentence=". ".join(parts) + ".",
        change=_change(state, policy, history.as_of, words),
        last=last,
        ignored=ignored,
        deadline=deadline,
    )


def _prevention(state: State, policy: LifecyclePolicy) -> str:
    """Return what would keep a deadline from firing."""
    if policy.contract is not None:
        return "a start or renewal comes"
    if state.stage is Stage.ACQUIRED and not isinstance(policy.activation, FirstQualifying):
        return "it is activated"
    return "a qualifying interaction comes"


def _latest(history: History, state: State) -> int | None:
    """Return which interaction was the last that qualified, and counts by now."""
    if state.qualified_at is None:
        return None
    at = state.qualified_at - (history.policy.settle_after or dt.timedelta(0))
    known = list(zip(history.interactions, history.triggers, strict=True))
    taken_back = {
        one.thread_id
        for one, trigger in known
        if trigger is Trigger.REFUND and at <= one.at < state.qualified_at
    } - {None}
    return max(
        nth
        for nth, (one, trigger) in enumerate(known)
        if trigger in QUALIFYING and one.at == at and one.thread_id not in taken_back
    )


def _whole_days(policy: LifecyclePolicy) -> bool:
    """Return whether dates tell deadlines well enough: no window has hours."""
    clock = policy.clock
    if isinstance(clock, Latency):
        return False
    own = (clock.grace, clock.term) if isinstance(clock, Contract) else (clock.window,)
    windows = (*own, policy.winback_window, policy.activation_window, policy.settle_after)
    return not any(isinstance(one, dt.timedelta) and one % _DAY for one in windows)


def _head(
    history: History,
    state: State,
    latest: Transition | None,
    last: Interaction | None,
    words: _Words,
) -> str:
    """Return the stage, since when, and what brought it about."""
    if latest is None:
        return f"UNKNOWN: no interaction until {words.on(history.as_of)}"
    head = f"{state.stage} since {words.on(latest.at)}"
    if state.stage is Stage.ERASED:
        return f"{head}: the customer's data was erased"
    if last is None or not state.lives:
        return f"{head}: {_never_active(history, state, words)}"
    return f"{head}: {_was_active(history, state, last, words)}"


def _never_active(history: History, state: State, words: _Words) -> str:
    policy = history.policy
    first = f"first seen by {words.told(history.interactions[0])}"
    so_far = "no qualifying interaction yet"
    if state.ordinal:
        many = f"{state.ordinal} qualifying interaction{'' if state.ordinal == 1 else 's'}"
        so_far = f"{many} so far; activated by {policy.activation.describe()}"
    elif state.settling:
        so_far = "none qualifying counts yet"
    if policy.activation_window is None or state.stage is Stage.ACQUIRED:
        return f"{first}; {so_far}"
    missed = so_far if state.ordinal else "none qualifying before the deadline"
    return f"{first}; activation window {tell(policy.activation_window)}; {missed}"


def _was_active(history: History, state: State, last: Interaction, words: _Words) -> str:
    policy, changes = history.policy, history.transitions
    said = f"last qualifying interaction {words.told(last)}"
    if policy.settle_after is not None and state.qualified_at is not None:
        said += f", counting from {words.on(state.qualified_at)}"
    window = _window(state, policy, words)
    if state.stage in ACTIVE:
        return f"{said}, the {ordinal(state.ordinal)} of life {state.lives}; {window}"
    if state.stage is Stage.LOST and policy.winback_window is not None:
        said = f"{said}; LAPSED since {words.on(changes[-2].at)}"
        window = f"win-back window {tell(policy.winback_window)}"
    elif changes[-1].cause is Cause.EVENT:
        return f"by a cancel; {said}"
    return f"{said}; {window}; none before the deadline"


def _window(state: State, policy: LifecyclePolicy, words: _Words) -> str:
    """Return what decides over the end of the latest life."""
    if isinstance(policy.clock, Inactivity):
        return f"window {tell(policy.clock.window)}"
    if isinstance(policy.clock, Latency):
        intervals = [b - a for a, b in pairwise(state.recent)]
        window = duration(policy.clock.window(intervals))
        known = len(intervals) >= policy.clock.min_intervals
        return (
            f"window {window}, {f'by {len(intervals)} own intervals' if known else 'the fallback'}"
        )
    term = state.term
    assert term is not None
    said = ["paid without end" if term.ends_at is None else f"paid until {words.on(term.ends_at)}"]
    if term.paused_at is not None:
        said.append(f"paused since {words.on(term.paused_at)}")
    if term.ending:
        said.append("cancelled at period end")
    elif policy.clock.grace is not None:
        said.append(f"grace {tell(policy.clock.grace)}")
    return ", ".join(said)


def _ignored(history: History, start: int) -> tuple[Ignored, ...]:
    """Count the activity that did not qualify by the first part of the rule that fails it."""
    rule = history.policy.qualifies
    if rule is None:
        n = history.triggers[start:].count(Trigger.SIGHTING)
        return (Ignored(n, "not a start or renewal"),) if n else ()
    parts: Sequence[Rule] = rule.rules if isinstance(rule, And) else (rule,)
    counts: Counter[tuple[int, str]] = Counter()
    for one, trigger in zip(history.interactions[start:], history.triggers[start:], strict=True):
        if trigger is Trigger.SIGHTING:
            nth = next(i for i, part in enumerate(parts) if not part.matches(one))
            counts[nth, _failing(parts[nth], one)] += 1
    return tuple(Ignored(counts[key], key[1]) for key in sorted(counts))


def _failing(rule: Rule, one: Interaction) -> str:
    """Return how to say that a rule does not hold; "below 5.00" for the commonest."""
    amount = one.amount
    if isinstance(rule, Compare) and (rule.field, rule.op) == ("amount", "ge") and amount:
        least: Any = getattr(rule.value, "amount", rule.value)  # of Money, or the Decimal itself
        decimals = max(decimals_of(amount.currency), -least.as_tuple().exponent)
        return f"below {least:.{decimals}f}"
    return f"not ({rule.describe()})"


def _change(state: State, policy: LifecyclePolicy, as_of: dt.datetime, words: _Words) -> str:
    """Return the smallest change that would have made it another stage.

    More of what qualifies is tried on the machine itself; where that leads nowhere, a cancel.
    """
    stage, by = state.stage, words.on(as_of)
    if stage is Stage.ERASED:
        return "none: an erasure is final"
    if stage is Stage.UNKNOWN:
        return f"an interaction by {by} would have made it ACQUIRED"
    pays = policy.contract is not None
    trigger, until = (Trigger.START, as_of + _DAY) if pays else (Trigger.ACTIVITY, None)
    tried = state
    for n in range(1, _tries(policy) + 1):
        tried = moved(tried, as_of, trigger, None, until, policy, [], None, ())
        if tried.stage is not stage:
            what = "start or renewal" if pays else "qualifying interaction"
            wait = min(policy.settle_after or dt.timedelta(0), as_of - _FIRST)
            by = words.on(as_of - wait)  # early enough to have settled
            return (
                f"{n} more {what}{'' if n == 1 else 's'} by {by} would have made it {tried.stage}"
            )
    return f"a cancel by {by} would have made it LAPSED"


def _tries(policy: LifecyclePolicy) -> int:
    """Return how many qualifying interactions can matter at most."""
    k = policy.retention.k if isinstance(policy.retention, KthInLife) else 1
    return max(k, 1 if isinstance(policy.activation, FirstQualifying) else policy.activation.n)
