"""A policy looked over: what it can never reach, where it ends, and whether its units agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from customerops.lifecycle.policy.policy import LifecyclePolicy
from customerops.lifecycle.policy.reach import Edge, check_policy, edges, triggers
from customerops.lifecycle.policy.spans import Days, Months
from customerops.lifecycle.policy.stages import QUALIFYING, STAGES, Cause, Stage

__all__ = ["PolicyCheck", "check"]

_SPANS = (
    ("clock", ("window", "fallback", "floor", "cap", "grace", "term")),
    ("activation", ("window",)),
    ("retention", ("tenure",)),
    ("at_risk", ("after",)),
)
_OWN = ("activation_window", "winback_window", "settle_after")


@attrs.frozen(kw_only=True)
class PolicyCheck:
    """What a look over a policy found.

    Attributes
    ----------
    reachable : tuple of Stage
        The stages a customer can come to.
    unreachable : mapping of Stage to str
        The others, and why nobody comes there.
    absorbing : tuple of Stage
        Stages that can be reached and not be left.
    acyclic : bool
        Whether timeouts alone never lead back to where they began.
    exact, calendar : tuple of str
        The windows that are exact durations, and those of local calendar days or months.
    """

    reachable: tuple[Stage, ...]
    unreachable: Mapping[Stage, str] = attrs.field(eq=lambda why: tuple(why.items()))
    absorbing: tuple[Stage, ...]
    acyclic: bool
    exact: tuple[str, ...]
    calendar: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What should not be so, in words: none for a sound policy.

        A stage that nobody reaches is no problem; it is told in `unreachable`.
        """
        found = [f"{stage} is never left" for stage in self.absorbing if stage is not Stage.ERASED]
        if not self.acyclic:
            found.append("timeouts lead back to where they began")
        return tuple(found)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What may be meant, and may be a slip: windows of two sorts."""
        if not (self.exact and self.calendar):
            return ()
        sorts = f"{', '.join(self.exact)} exact, {', '.join(self.calendar)} of the calendar"
        return (f"windows are of two sorts: {sorts}",)

    @property
    def sound(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    def describe(self) -> str:
        """Return all that was found in words, a line each."""
        lines = [f"{stage} is never reached: {why}." for stage, why in self.unreachable.items()]
        lines += [f"{found}." for found in (*self.problems, *self.remarks)]
        return "\n".join(lines) or "Every stage is reached, and nothing is amiss."

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what it is made of."""
        fields = attrs.asdict(self, recurse=False)
        return (_rebuilt, ({**fields, "unreachable": dict(self.unreachable)},))


def check(policy: LifecyclePolicy) -> PolicyCheck:
    """Return which stages a policy can reach, where it ends, and whether its windows agree.

    Parameters
    ----------
    policy : LifecyclePolicy
        A policy is refused when made if its parts contradict each other; this looks at what the
        parts together make of the machine.

    Returns
    -------
    PolicyCheck
        Stages out of reach with the reason, stages that are never left (only ``ERASED`` should
        be), whether timeouts run in circles, and which windows are exact and which of the calendar.

    Raises
    ------
    InvalidInputError
        If `policy` is no LifecyclePolicy.

    Notes
    -----
    A rule is taken to hold for some interaction; that it never does is not seen. Exact windows
    beside calendar ones are a remark and no problem: they are sometimes meant, such as days of
    grace after a term of months; by mistake they make two deadlines of "30 days" differ by hours.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, check
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(1)
    ... )
    >>> found = check(policy)
    >>> found.sound
    True
    >>> print(found.describe())
    ACTIVATED is never reached: every life is retained at once.
    WON_BACK is never reached: every life is retained at once.
    LOST is never reached: neither winback_window nor activation_window is given.
    """
    check_policy(policy)
    steps = edges(policy)
    reached = {Stage.UNKNOWN, *(edge.target for edge in steps)}
    left = {edge.source for edge in steps}
    exact, calendar = _windows(policy)
    why = {stage: _why(stage, policy) for stage in STAGES if stage not in reached}
    return PolicyCheck(
        reachable=tuple(stage for stage in STAGES if stage in reached),
        unreachable=MappingProxyType(why),
        absorbing=tuple(stage for stage in STAGES if stage in reached - left),
        acyclic=_acyclic(steps),
        exact=exact,
        calendar=calendar,
    )


def _why(stage: Stage, policy: LifecyclePolicy) -> str:
    """Return why nobody comes to a stage."""
    if stage is Stage.ERASED:
        return "no kind of interaction means erase"
    if stage is Stage.LOST and not policy.windows.keys() & {Stage.LAPSED, Stage.ACQUIRED}:
        return "neither winback_window nor activation_window is given"
    if not triggers(policy) & QUALIFYING:
        return "no kind of interaction qualifies"
    return "every life is retained at once"


def _acyclic(steps: tuple[Edge, ...]) -> bool:
    """Return whether every stage is left by a timeout for a later one only: at most once around."""
    after = {edge.source: edge.target for edge in steps if edge.cause is Cause.TIMEOUT}
    for stage in after:
        place, moves = stage, 0
        while place in after and moves <= len(after):
            place, moves = after[place], moves + 1
        if moves > len(after):
            return False
    return True


def _windows(policy: LifecyclePolicy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the exact windows, and of those of the calendar."""
    parts = [(getattr(policy, part), f"{part}.", names) for part, names in _SPANS]
    given = [
        (prefix + name, getattr(part, name, None))
        for part, prefix, names in [*parts, (policy, "", _OWN)]
        for name in names
    ]
    of_calendar = tuple(name for name, span in given if isinstance(span, Days | Months))
    exact = tuple(name for name, span in given if isinstance(span, dt.timedelta))
    return exact, of_calendar


def _rebuilt(fields: dict[str, Any]) -> PolicyCheck:
    return PolicyCheck(**fields)
