"""Why a customer is in its stage, in one sentence."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from customerops.lifecycle.machine import State, Transition, settle
from customerops.lifecycle.policy import LifecyclePolicy
from customerops.lifecycle.stages import ACTIVE, TARGETS, Cause, Stage, Trigger
from customerops.lifecycle.wording import duration, ordinal, with_article
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import And, Compare, Rule
from customerops.model.values.money import decimals_of

if TYPE_CHECKING:
    from customerops.lifecycle.history import History
    from customerops.model.values.calendar import Calendar

__all__ = ["Explanation", "Ignored", "explanation"]

_DAY = dt.timedelta(days=1)


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
    policy, erased = history.policy, Stage.ERASED
    state = settle(history.state, history.as_of, policy, [], early=policy.grace)
    latest = history.transitions[-1] if history.transitions else None
    windows = (policy.clock.window, policy.winback_window, policy.activation_window)
    words = _Words(
        dt.UTC if calendar is None else calendar.tz,
        not any(window % _DAY for window in windows if window is not None),
    )
    nth = [i for i, trigger in enumerate(history.triggers) if trigger is Trigger.ACTIVITY]
    last = history.interactions[nth[-1]] if nth and state.stage is not erased else None
    ignored = () if state.stage is erased else _ignored(history, nth[-1] if nth else 0)
    deadline = None if state.due_at is None else state.due_at - policy.grace
    parts = [_head(history, state, latest, last, words)]
    if ignored:
        parts.append("Ignored: " + ", ".join(f"{one.count} {one.reason}" for one in ignored))
    if deadline is not None:
        then = TARGETS[state.stage, Trigger.TIMEOUT, False, False]
        parts.append(f"{then} on {words.on(deadline)} unless a qualifying interaction comes first")
    return Explanation(
        at=history.as_of,
        stage=state.stage,
        since=state.since,
        cause=None if latest is None else latest.cause,
        sentence=". ".join(parts) + ".",
        change=_change(state, policy, words.on(history.as_of)),
        last=last,
        ignored=ignored,
        deadline=deadline,
    )


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
    if last is None:
        return f"{head}: {_never_active(history, state, words)}"
    return f"{head}: {_was_active(history, state, last, words)}"


def _never_active(history: History, state: State, words: _Words) -> str:
    first = f"first seen by {words.told(history.interactions[0])}"
    window = history.policy.activation_window
    if window is None or state.stage is Stage.ACQUIRED:
        return f"{first}; no qualifying interaction yet"
    return f"{first}; activation window {duration(window)}; none qualifying before the deadline"


def _was_active(history: History, state: State, last: Interaction, words: _Words) -> str:
    policy, changes = history.policy, history.transitions
    said = f"last qualifying interaction {words.told(last)}"
    window = f"window {duration(policy.clock.window)}"
    if state.stage in ACTIVE:
        return f"{said}, the {ordinal(state.ordinal)} of life {state.lives}; {window}"
    if state.stage is Stage.LOST and policy.winback_window is not None:
        said = f"{said}; LAPSED since {words.on(changes[-2].at)}"
        window = f"win-back window {duration(policy.winback_window)}"
    elif changes[-1].cause is Cause.EVENT:
        return f"by a cancel; {said}"
    return f"{said}; {window}; none before the deadline"


def _ignored(history: History, start: int) -> tuple[Ignored, ...]:
    """Count the activity that did not qualify by the first part of the rule that fails it."""
    rule = history.policy.qualifies
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


def _change(state: State, policy: LifecyclePolicy, by: str) -> str:
    """Return the smallest change that would have made it another stage."""
    stage = state.stage
    if stage is Stage.ERASED:
        return "none: an erasure is final"
    if stage is Stage.UNKNOWN:
        return f"an interaction by {by} would have made it ACQUIRED"
    if stage is Stage.RETAINED:
        return f"a cancel by {by} would have made it LAPSED"
    living = stage in (Stage.ACTIVATED, Stage.WON_BACK)
    needed = policy.retention.k - state.ordinal if living else 1
    met = living or policy.retention.k == 1
    target = TARGETS[stage, Trigger.ACTIVITY, met, state.lives == 0]
    more = (
        "1 more qualifying interaction"
        if needed == 1
        else f"{needed} more qualifying interactions"
    )
    return f"{more} by {by} would have made it {target}"
