"""What a business means by active, retained, lapsed and lost: a policy, as data."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, Self, cast

import attrs

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.clocks import Clock, Contract, Inactivity, Latency, load_clock
from customerops.lifecycle.policy.criteria import (
    Activation,
    AtRisk,
    FirstQualifying,
    KthInLife,
    NthQualifying,
    NWithin,
    Retention,
    TenureInLife,
    load_activation,
    load_at_risk,
    load_retention,
)
from customerops.lifecycle.policy.events import DEFAULT_EVENTS, TRIGGERS, LifecycleEvent, meanings
from customerops.lifecycle.policy.spans import (
    Days,
    Months,
    Span,
    as_span,
    dump_span,
    load_span,
    tell,
)
from customerops.lifecycle.policy.stages import ACTIVE, Stage, Trigger
from customerops.lifecycle.policy.wording import duration
from customerops.model.records.records import Interaction
from customerops.model.rules.compiled import compiled
from customerops.model.rules.rules import And, Compare, In, Or, Rule, as_rule, never
from customerops.model.values.calendar import Calendar
from customerops.model.values.checks import came, one_of, positive_duration, text
from customerops.model.values.serial import read

__all__ = ["Boundary", "LifecyclePolicy"]

SCHEMA = 1
Boundary = Literal["timeout_first", "event_first"]
_BOUNDARIES = ("timeout_first", "event_first")
_NOTHING = dt.timedelta(0)
_US = dt.timedelta(microseconds=1)
_ACTIVITY, _SIGHTING = Trigger.ACTIVITY, Trigger.SIGHTING


def _named(events: Mapping[str, str]) -> Mapping[str, LifecycleEvent]:
    """Take names of events for members, which `meanings` makes of them."""
    return cast("Mapping[str, LifecycleEvent]", events)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LifecyclePolicy:
    """When customers count as activated, retained, lapsed, won back and lost.

    Windows are exact durations (``timedelta``) or local calendar ones (`Days`, `Months`).

    Parameters
    ----------
    clock : Inactivity, Latency or Contract
        When an active customer lapses.
    retention : KthInLife or TenureInLife
        From when an active customer is retained.
    qualifies : Rule, str or collection of str, optional
        Which activity counts; a string stands for a kind. An event rule: outbound sends, bots and
        small amounts are kept out here. Kinds with a meaning of their own (`events`) never
        qualify. Under a `Contract` starts and renewals qualify and nothing else, so there it is
        left out; else it must be given.
    activation : FirstQualifying, NthQualifying or NWithin, optional
        What activates. Under a `Contract` the first start or renewal does.
    activation_window : timedelta, Days or Months, optional
        Time from acquisition after which a customer who was never active is lost; left out, none
        is.
    winback_window : timedelta, Days or Months, optional
        Time from the lapse after which a lapsed customer is lost; left out, none is.
    boundary : {"timeout_first", "event_first"}, optional
        Which goes first when an interaction falls on a deadline. By default windows are half-open,
        ``[L, L + window)``: the timeout fires, and the interaction then wins the customer back.
        Under ``"event_first"`` they are closed: the interaction comes in time. Contracts are
        always of the second sort.
    events : mapping of str to LifecycleEvent, optional
        What further kinds mean, over `DEFAULT_EVENTS`. A kind in neither is activity.
    settle_after : timedelta, optional
        A qualifying interaction counts this exact time after it took place, unless a refund of its
        thread comes before; until then it only makes known. Left out, it counts at once and
        refunds change nothing. Either way the past is never rewritten.
    at_risk : AtRisk, optional
        When an active customer is at risk.
    scope : str, optional
        The name of an attribute of interactions, such as a product line: each of its values has a
        lifecycle of its own. Interactions without it belong to none, but an erasure to all.
    calendar : Calendar, optional
        Whose local days calendar windows count, and whose dates explanations tell.

    Attributes
    ----------
    hash : str
        16 hexadecimal digits of what the policy says; two policies are equal if these are.
    windows : mapping of Stage to timedelta, Days or Months
        The fixed windows: how long after entering a stage (for active ones: after the last
        qualifying interaction) its deadline is. Latency and contracts set each deadline anew.
    overdue_after : mapping of Stage to timedelta
        Of those, the exact ones, and when the deadline has fired.
    memory : int
        How many of the latest qualifying instants a state has to keep.
    contract : Contract or None
        The clock, if it is one of contracts.
    event_first : bool
        Whether an interaction at a deadline comes in time.
    grace : timedelta
        How long after a deadline it has fired: no time at all, or one microsecond.

    Raises
    ------
    InvalidInputError
        If a part is not one of those above or does not go with the clock, a window is not longer
        than zero or needs a calendar, `qualifies` is about customers, or it names a kind that can
        never qualify.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy
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
    Acquire: signup. Trial: trial_start. Refund: refund. Cancel: cancel. Erase: erase. Every other kind is activity.
    >>> LifecyclePolicy.from_dict(policy.to_dict()) == policy
    True
    """

    clock: Clock
    retention: Retention
    qualifies: Rule | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_rule)
    )
    activation: Activation = attrs.field(factory=FirstQualifying)
    activation_window: Span | None = None
    winback_window: Span | None = None
    boundary: Boundary | None = None
    events: Mapping[str, LifecycleEvent] = attrs.field(factory=dict, converter=_named)
    settle_after: dt.timedelta | None = None
    at_risk: AtRisk | None = None
    scope: str | None = None
    calendar: Calendar | None = None
    hash: str = attrs.field(init=False)
    windows: Mapping[Stage, Span] = attrs.field(init=False)
    overdue_after: Mapping[Stage, dt.timedelta] = attrs.field(init=False)
    memory: int = attrs.field(init=False)
    contract: Contract | None = attrs.field(init=False)
    event_first: bool = attrs.field(init=False)
    grace: dt.timedelta = attrs.field(init=False)
    # for `trigger`, which every step asks: the rule resolved beforehand, the events as a plain dict
    _judge: Callable[[Interaction], bool | None] = attrs.field(init=False)
    _meanings: dict[str, LifecycleEvent] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        for name, kinds in _PARTS.items():
            _must_be(name, getattr(self, name), kinds)
        if self.boundary is not None:
            one_of("boundary", self.boundary, _BOUNDARIES)
        self._set("contract", self.clock if isinstance(self.clock, Contract) else None)
        self._check_contract()
        for name in ("activation_window", "winback_window"):
            if getattr(self, name) is not None:
                self._set(name, as_span(name, getattr(self, name)))
        if self.settle_after is not None:
            self._set("settle_after", positive_duration("settle_after", self.settle_after))
        if self.scope is not None:
            self._set("scope", text("scope", self.scope))
        if self.boundary is None:
            self._set("boundary", "event_first" if self.contract else "timeout_first")
        self._set("event_first", self.boundary == "event_first")
        self._set("grace", _US if self.event_first else _NOTHING)
        events = meanings(self.events, contract=self.contract is not None)
        self._set("events", MappingProxyType(events))
        self._set("_meanings", events)
        self._set("_judge", compiled(never if self.qualifies is None else self.qualifies))
        if self.qualifies is not None:
            _check_rule(self.qualifies, self.events)
        self._check_calendar()
        self._set("windows", MappingProxyType(self._windows()))
        self._set("overdue_after", MappingProxyType(self._overdue_after()))
        self._set("memory", self._memory())
        written = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        self._set("hash", hashlib.sha256(written.encode()).hexdigest()[:16])

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_contract(self) -> None:
        if not isinstance(self.clock, Contract):
            if self.qualifies is None:
                raise InvalidInputError("qualifies", "must be given", "only contracts need none")
            return
        for name, needed in _UNDER_CONTRACT.items():
            if getattr(self, name) not in needed:
                problem = "starts and renewals are what qualifies, at deadlines too"
                raise InvalidInputError(name, "must be left out under a Contract clock", problem)

    def _check_calendar(self) -> None:
        parts = (self.clock, self.activation, self.retention, self.at_risk, self)
        for part in parts:
            for name in _SPANS:
                if isinstance(getattr(part, name, None), Days | Months) and self.calendar is None:
                    raise InvalidInputError(
                        "calendar", "must be given", f"{name} is of calendar days or months"
                    )

    def _windows(self) -> dict[Stage, Span]:
        windows: dict[Stage, Span] = {}
        if isinstance(self.clock, Inactivity):
            windows |= dict.fromkeys(ACTIVE, self.clock.window)
        if self.winback_window is not None:
            windows[Stage.LAPSED] = self.winback_window
        if self.activation_window is not None:
            windows[Stage.ACQUIRED] = self.activation_window
        return windows

    def _overdue_after(self) -> dict[Stage, dt.timedelta]:
        longest = dt.timedelta.max - self.grace
        return {
            stage: min(window, longest) + self.grace
            for stage, window in self.windows.items()
            if isinstance(window, dt.timedelta)
        }

    def _memory(self) -> int:
        intervals = self.clock.last + 1 if isinstance(self.clock, Latency) else 0
        return max(intervals, self.activation.n if isinstance(self.activation, NWithin) else 0)

    def trigger(self, interaction: Interaction) -> Trigger:
        """Return what an interaction is to the machine, the rule's outcome included.

        Raises
        ------
        InvalidInputError
            If it is not an Interaction, or an amount is in another currency than the rule's.
        """
        if not isinstance(interaction, Interaction):
            raise InvalidInputError("interaction", "must be an Interaction", came(interaction))
        event = self._meanings.get(interaction.kind)
        if event is None:
            return _ACTIVITY if self._judge(interaction) is True else _SIGHTING
        if event is LifecycleEvent.RENEW and interaction.until is not None:
            return Trigger.RENEW_THROUGH
        return TRIGGERS[event]

    def notices(self, interaction: Interaction) -> bool:
        """Return whether an interaction is a sign of life to `at_risk`, besides qualifying."""
        rule = None if self.at_risk is None else self.at_risk.rule
        return rule is not None and rule.matches(interaction)

    def describe(self) -> str:
        """Return the policy in words, a line a topic."""
        first = "interaction" if self.event_first else "timeout"
        lost = [
            f"{tell(self.winback_window)} after lapsing"
            if self.winback_window
            else "never after lapsing",
            f"{tell(self.activation_window)} after acquisition without activation"
            if self.activation_window
            else "never for not being activated",
        ]
        kinds = {
            event: [kind for kind, own in self.events.items() if own is event]
            for event in LifecycleEvent
        }
        told = [
            f"{event.replace('_', ' ').capitalize()}: {', '.join(named)}."
            for event, named in kinds.items()
            if named
        ]
        what = "a start or a renewal" if self.qualifies is None else self.qualifies.describe()
        lines = [
            f"Qualifying: {what}.",
            f"ACTIVATED by {self.activation.describe()}; RETAINED from {self.retention.describe()}.",
            f"LAPSED after {self.clock.describe()}, or by a cancel; at the deadline the {first} goes first.",
            f"LOST {'; '.join(lost)}.",
            " ".join([*told, "Every other kind is activity."]),
        ]
        if self.settle_after is not None:
            lines.append(
                f"What qualifies counts {duration(self.settle_after)} later, if not refunded."
            )
        if self.at_risk is not None:
            lines.append(f"At risk: {self.at_risk.describe()}.")
        if self.scope is not None:
            lines.append(f"One lifecycle for each value of {self.scope}.")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy in plain JSON types, without loss."""
        return {
            "schema": SCHEMA,
            "clock": self.clock.to_dict(),
            "retention": self.retention.to_dict(),
            "qualifies": None if self.qualifies is None else self.qualifies.to_dict(),
            "activation": self.activation.to_dict(),
            "activation_window": dump_span(self.activation_window),
            "winback_window": dump_span(self.winback_window),
            "boundary": self.boundary,
            "events": {kind: str(event) for kind, event in self.events.items()},
            "settle_after": dump_span(self.settle_after),
            "at_risk": None if self.at_risk is None else self.at_risk.to_dict(),
            "scope": self.scope,
            "calendar": None if self.calendar is None else self.calendar.to_dict(),
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
        _must_be("events", d["events"], Mapping)
        for name in ("activation_window", "winback_window", "settle_after"):
            d[name] = load_span(name, d[name])
        d["clock"] = load_clock(d["clock"])
        d["retention"] = load_retention(d["retention"])
        d["activation"] = load_activation(d["activation"])
        d["at_risk"] = load_at_risk(d["at_risk"])
        if d["qualifies"] is not None:
            d["qualifies"] = Rule.from_dict(d["qualifies"])
        if d["calendar"] is not None:
            d["calendar"] = Calendar.from_dict(d["calendar"])
        if isinstance(d["clock"], Contract) and d["boundary"] == "event_first":
            d["boundary"] = None
        # what was not written is activity, whatever the defaults of this version are
        d["events"] = {**dict.fromkeys(DEFAULT_EVENTS, LifecycleEvent.ACTIVITY), **d["events"]}
        return cls(**d)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        return self.hash == other.hash if isinstance(other, LifecyclePolicy) else NotImplemented

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(self.hash)

    def __repr__(self) -> str:
        """Return what makes the policy."""
        said = {f.name: getattr(self, f.name) for f in attrs.fields(type(self)) if f.init}
        said["events"] = {kind: str(event) for kind, event in self.events.items()}
        return f"LifecyclePolicy({', '.join(f'{name}={value!r}' for name, value in said.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what `to_dict` writes."""
        return (type(self).from_dict, (self.to_dict(),))


_PARTS: dict[str, tuple[type, ...]] = {
    "clock": (Inactivity, Latency, Contract),
    "retention": (KthInLife, TenureInLife),
    "activation": (FirstQualifying, NthQualifying, NWithin),
    "at_risk": (AtRisk, type(None)),
    "calendar": (Calendar, type(None)),
}
_UNDER_CONTRACT: dict[str, tuple[Any, ...]] = {
    "qualifies": (None,),
    "activation": (FirstQualifying(),),
    "settle_after": (None,),
    "boundary": (None, "event_first"),
}
_SPANS = ("window", "grace", "term", "tenure", "after", "activation_window", "winback_window")


def _must_be(name: str, value: object, kinds: type | tuple[type, ...]) -> None:
    if not isinstance(value, kinds):
        allowed = kinds if isinstance(kinds, tuple) else (kinds,)
        *rest, last = ("None" if one is type(None) else one.__name__ for one in allowed)
        names = f"{', '.join(rest)} or {last}" if rest else last
        raise InvalidInputError(name, f"must be {names}", came(value))


def _check_rule(rule: Rule, events: Mapping[str, LifecycleEvent]) -> None:
    if rule.level == "customer":
        raise InvalidInputError(
            "qualifies", "must be an event rule", "this one is about customers"
        )
    for kind in _kinds(rule):
        if kind in events:
            raise InvalidInputError(
                "qualifies",
                "must name kinds of activity",
                f"{kind!r} is to {events[kind]}; if it is activity, say so by "
                f"events={{{kind!r}: 'activity'}}",
            )


def _kinds(rule: Rule) -> Iterator[str]:
    """Yield the kinds a rule asks for; what stands under a negation is not asked for."""
    if isinstance(rule, And | Or):
        for part in rule.rules:
            yield from _kinds(part)
    elif isinstance(rule, In) and rule.field == "kind":
        yield from map(str, rule.values)
    elif isinstance(rule, Compare) and rule.field == "kind" and rule.op == "eq":
        yield str(rule.value)
