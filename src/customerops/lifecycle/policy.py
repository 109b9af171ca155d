"""What a business means by active, retained, lapsed and lost: a policy, as data."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, Self

import attrs

from customerops.errors import InvalidInputError
from customerops.lifecycle.stages import ACTIVE, Stage, Trigger
from customerops.lifecycle.wording import duration, ordinal
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import And, Compare, In, Or, Rule, as_rule
from customerops.model.values.checks import came, one_of, positive_duration, text, whole
from customerops.model.values.serial import read

__all__ = [
    "DEFAULT_EVENTS",
    "Boundary",
    "FirstQualifying",
    "Inactivity",
    "KthInLife",
    "LifecycleEvent",
    "LifecyclePolicy",
]

SCHEMA = 1
Boundary = Literal["timeout_first", "event_first"]
_BOUNDARIES = ("timeout_first", "event_first")
_NOTHING = dt.timedelta(0)
_US = dt.timedelta(microseconds=1)


class LifecycleEvent(StrEnum):
    """What a kind of interaction means to the lifecycle.

    ``ACQUIRE`` makes a customer known and never qualifies; ``ACTIVITY`` qualifies when the
    policy's rule holds, and else only makes known; ``CANCEL`` ends a life; ``ERASE`` is final.
    """

    ACQUIRE = "acquire"
    ACTIVITY = "activity"
    CANCEL = "cancel"
    ERASE = "erase"


DEFAULT_EVENTS: Mapping[str, LifecycleEvent] = MappingProxyType(
    {
        "signup": LifecycleEvent.ACQUIRE,
        "trial_start": LifecycleEvent.ACQUIRE,
        "cancel": LifecycleEvent.CANCEL,
        "erase": LifecycleEvent.ERASE,
    }
)
"""The standard kinds that are not activity. Every other kind is, those of contracts (renew, pause,
resume, payment_failed, cancel_at_period_end) included: inactivity is told by activity alone."""

_OF_CONTRACTS = (
    "start",
    "renew",
    "payment_failed",
    "pause",
    "resume",
    "cancel_at_period_end",
)
_TRIGGERS = {
    LifecycleEvent.ACQUIRE: Trigger.ACQUIRE,
    LifecycleEvent.CANCEL: Trigger.CANCEL,
    LifecycleEvent.ERASE: Trigger.ERASE,
}


@attrs.frozen
class Inactivity:
    """A life ends when nothing qualifies for a while.

    Parameters
    ----------
    window : timedelta
        Exact elapsed time since the last qualifying interaction: 30 days are 720 hours, whatever
        the local clock does.

    Raises
    ------
    InvalidInputError
        If it is not a timedelta longer than zero.

    Examples
    --------
    >>> import datetime as dt
    >>> Inactivity(dt.timedelta(days=90)).describe()
    '90 days without a qualifying interaction'
    """

    window: dt.timedelta

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "window", positive_duration("window", self.window))

    def describe(self) -> str:
        """Return it in words."""
        return f"{duration(self.window)} without a qualifying interaction"


@attrs.frozen
class FirstQualifying:
    """Activated by the first qualifying interaction.

    Examples
    --------
    >>> FirstQualifying().describe()
    'the first qualifying interaction'
    """

    def describe(self) -> str:
        """Return it in words."""
        return "the first qualifying interaction"


@attrs.frozen
class KthInLife:
    """Retained from the k-th qualifying interaction of a life on.

    Parameters
    ----------
    k : int
        At least 1; with 1 every life is retained at once.

    Raises
    ------
    InvalidInputError
        If it is not an int of at least 1.

    Examples
    --------
    >>> KthInLife(2).describe()
    'the 2nd qualifying interaction of a life'
    """

    k: int

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "k", whole("k", self.k, least=1))

    def describe(self) -> str:
        """Return it in words."""
        return f"the {ordinal(self.k)} qualifying interaction of a life"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LifecyclePolicy:
    """When customers count as activated, retained, lapsed, won back and lost.

    Parameters
    ----------
    qualifies : Rule, str or collection of str
        Which activity counts; a string stands for a kind. An event rule: outbound sends, bots and
        small amounts are kept out here. Kinds that acquire, cancel or erase never qualify.
    clock : Inactivity
        When an active customer lapses.
    retention : KthInLife
        From when an active customer is retained.
    activation : FirstQualifying, optional
        What activates.
    activation_window : timedelta, optional
        Exact time from acquisition after which a customer who was never active is lost; left
        out, none is.
    winback_window : timedelta, optional
        Exact time from the lapse after which a lapsed customer is lost; left out, none is.
    boundary : {"timeout_first", "event_first"}, optional
        Which goes first when an interaction falls on a deadline. By default windows are half-open,
        ``[L, L + window)``: the timeout fires, and the interaction then wins the customer back.
        Under ``"event_first"`` they are closed: the interaction comes in time.
    events : mapping of str to LifecycleEvent, optional
        What further kinds mean, over `DEFAULT_EVENTS`. A kind in neither is activity.

    Attributes
    ----------
    hash : str
        16 hexadecimal digits of what the policy says; two policies are equal if these are.
    overdue_after : mapping of Stage to timedelta
        How long after entering a stage (for active ones: after the last qualifying interaction)
        its deadline has fired; stages without one are not in it.

    Raises
    ------
    InvalidInputError
        If a part is not one of those above, a window is not longer than zero, `qualifies` is
        about customers, or it names a kind that can never qualify.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import amount, kind
    >>> policy = LifecyclePolicy(
    ...     qualifies=kind("purchase") & (amount >= 5),
    ...     clock=Inactivity(dt.timedelta(days=90)),
    ...     retention=KthInLife(2),
    ...     winback_window=dt.timedelta(days=180),
    ... )
    >>> print(policy.describe())
    Qualifying: kind is purchase and amount >= 5.
    ACTIVATED by the first qualifying interaction; RETAINED from the 2nd qualifying interaction of a life.
    LAPSED after 90 days without a qualifying interaction, or by a cancel; at the deadline the timeout goes first.
    LOST 180 days after lapsing; never for not being activated.
    Acquire: signup, trial_start. Cancel: cancel. Erase: erase. Every other kind is activity.
    >>> LifecyclePolicy.from_dict(policy.to_dict()) == policy
    True
    """

    qualifies: Rule = attrs.field(converter=as_rule)
    clock: Inactivity
    retention: KthInLife
    activation: FirstQualifying = FirstQualifying()
    activation_window: dt.timedelta | None = None
    winback_window: dt.timedelta | None = None
    boundary: Boundary = "timeout_first"
    events: Mapping[str, LifecycleEvent] = attrs.field(factory=dict)
    hash: str = attrs.field(init=False)
    overdue_after: Mapping[Stage, dt.timedelta] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        _must_be("clock", self.clock, Inactivity)
        _must_be("retention", self.retention, KthInLife)
        _must_be("activation", self.activation, FirstQualifying)
        one_of("boundary", self.boundary, _BOUNDARIES)
        for name in ("activation_window", "winback_window"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, positive_duration(name, getattr(self, name)))
        object.__setattr__(self, "events", MappingProxyType(_events(self.events)))
        object.__setattr__(self, "overdue_after", MappingProxyType(self._overdue_after()))
        self._check_rule()
        written = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(written.encode()).hexdigest()[:16]
        object.__setattr__(self, "hash", digest)

    def _overdue_after(self) -> dict[Stage, dt.timedelta]:
        windows = dict.fromkeys(ACTIVE, self.clock.window)
        if self.winback_window is not None:
            windows[Stage.LAPSED] = self.winback_window
        if self.activation_window is not None:
            windows[Stage.ACQUIRED] = self.activation_window
        longest = dt.timedelta.max - self.grace
        return {stage: min(window, longest) + self.grace for stage, window in windows.items()}

    def _check_rule(self) -> None:
        if self.qualifies.level == "customer":
            raise InvalidInputError(
                "qualifies", "must be an event rule", "this one is about customers"
            )
        for kind in _kinds(self.qualifies):
            if kind in self.events:
                raise InvalidInputError(
                    "qualifies",
                    "must name kinds of activity",
                    f"{kind!r} is to {self.events[kind]}; if it is activity, say so by "
                    f"events={{{kind!r}: 'activity'}}",
                )

    @property
    def event_first(self) -> bool:
        """Whether an interaction at a deadline comes in time."""
        return self.boundary == "event_first"

    @property
    def grace(self) -> dt.timedelta:
        """How long after a deadline it has fired: no time at all, or one microsecond."""
        return _US if self.event_first else _NOTHING

    def trigger(self, interaction: Interaction) -> Trigger:
        """Return what an interaction is to the machine, the rule's outcome included.

        Raises
        ------
        InvalidInputError
            If it is not an Interaction, or an amount is in another currency than the rule's.
        """
        _must_be("interaction", interaction, Interaction)
        event = self.events.get(interaction.kind)
        if event is None:
            return Trigger.ACTIVITY if self.qualifies.matches(interaction) else Trigger.SIGHTING
        return _TRIGGERS[event]

    def triggers_by_kind(self) -> dict[str, Trigger]:
        """Return the trigger of every kind that is not activity."""
        return {kind: _TRIGGERS[event] for kind, event in self.events.items()}

    def describe(self) -> str:
        """Return the policy in words, a line a topic."""
        first = "interaction" if self.event_first else "timeout"
        lost = [
            f"{duration(self.winback_window)} after lapsing"
            if self.winback_window
            else "never after lapsing",
            f"{duration(self.activation_window)} after acquisition without activation"
            if self.activation_window
            else "never for not being activated",
        ]
        kinds = {
            event: [kind for kind, own in self.events.items() if own is event]
            for event in LifecycleEvent
        }
        told = [f"{e.capitalize()}: {', '.join(named)}." for e, named in kinds.items() if named]
        lines = [
            f"Qualifying: {self.qualifies.describe()}.",
            f"ACTIVATED by {self.activation.describe()}; RETAINED from {self.retention.describe()}.",
            f"LAPSED after {self.clock.describe()}, or by a cancel; at the deadline the {first} goes first.",
            f"LOST {'; '.join(lost)}.",
            " ".join([*told, "Every other kind is activity."]),
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy in plain JSON types, without loss; windows in microseconds."""
        return {
            "schema": SCHEMA,
            "qualifies": self.qualifies.to_dict(),
            "clock": {"clock": "inactivity", "window": self.clock.window // _US},
            "retention": {"retention": "kth_in_life", "k": self.retention.k},
            "activation": {"activation": "first_qualifying"},
            "activation_window": _micros(self.activation_window),
            "winback_window": _micros(self.winback_window),
            "boundary": self.boundary,
            "events": {kind: str(event) for kind, event in self.events.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the policy that `to_dict` wrote.

        Raises
        ------
        InvalidInputError
            If a key is missing or not known, or names what this version does not have.
        """
        names = [field.name for field in attrs.fields(cls) if field.init]
        d = read("LifecyclePolicy", data, ["schema", *names])
        if d.pop("schema") != SCHEMA:
            raise InvalidInputError(
                "LifecyclePolicy.schema", f"must be {SCHEMA}", "another version wrote it"
            )
        clock = read("clock", d["clock"], ["clock", "window"])
        one_of("clock", clock["clock"], ("inactivity",))
        retention = read("retention", d["retention"], ["retention", "k"])
        one_of("retention", retention["retention"], ("kth_in_life",))
        activation = read("activation", d["activation"], ["activation"])
        _must_be("events", d["events"], Mapping)
        one_of("activation", activation["activation"], ("first_qualifying",))
        return cls(
            qualifies=Rule.from_dict(d["qualifies"]),
            clock=Inactivity(_duration("window", clock["window"])),
            retention=KthInLife(retention["k"]),
            activation_window=_optional("activation_window", d["activation_window"]),
            winback_window=_optional("winback_window", d["winback_window"]),
            boundary=d["boundary"],
            # what was not written is activity, whatever the defaults of this version are
            events={**dict.fromkeys(DEFAULT_EVENTS, LifecycleEvent.ACTIVITY), **d["events"]},
        )

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        return self.hash == other.hash if isinstance(other, LifecyclePolicy) else NotImplemented

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(self.hash)

    def __repr__(self) -> str:
        """Return what makes the policy."""
        return (
            f"LifecyclePolicy(qualifies={self.qualifies!r}, clock={self.clock!r}, "
            f"retention={self.retention!r}, activation={self.activation!r}, "
            f"activation_window={self.activation_window!r}, "
            f"winback_window={self.winback_window!r}, boundary={self.boundary!r}, "
            f"events={dict(self.events)!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what `to_dict` writes."""
        return (type(self).from_dict, (self.to_dict(),))


def _must_be(name: str, value: object, expected: type) -> None:
    if not isinstance(value, expected):
        article = "an" if expected.__name__[0] in "AEIOU" else "a"
        raise InvalidInputError(name, f"must be {article} {expected.__name__}", came(value))


def _events(given: object) -> dict[str, LifecycleEvent]:
    """Return what kinds mean, over the defaults; activity is what is left out."""
    if not isinstance(given, Mapping):
        raise InvalidInputError("events", "must be a mapping of kinds", came(given))
    events = dict(DEFAULT_EVENTS)
    for kind, event in given.items():
        name = f"events[{text('events', kind)!r}]"
        if event in _OF_CONTRACTS:
            raise InvalidInputError(
                name, "must not be an event of contracts", f"an Inactivity clock has no {event!r}"
            )
        events[str(kind)] = LifecycleEvent(one_of(name, event, map(str, LifecycleEvent)))
    return {
        kind: event
        for kind, event in sorted(events.items())
        if event is not LifecycleEvent.ACTIVITY
    }


def _kinds(rule: Rule) -> Iterator[str]:
    """Yield the kinds a rule asks for; what stands under a negation is not asked for."""
    if isinstance(rule, And | Or):
        for part in rule.rules:
            yield from _kinds(part)
    elif isinstance(rule, In) and rule.field == "kind":
        yield from map(str, rule.values)
    elif isinstance(rule, Compare) and rule.field == "kind" and rule.op == "eq":
        yield str(rule.value)


def _micros(window: dt.timedelta | None) -> int | None:
    return None if window is None else window // _US


def _duration(name: str, micros: object) -> dt.timedelta:
    return dt.timedelta(microseconds=whole(name, micros))


def _optional(name: str, micros: object) -> dt.timedelta | None:
    return None if micros is None else _duration(name, micros)
