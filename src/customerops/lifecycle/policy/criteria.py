"""What activates a customer, what retains one, and when an active one is at risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from customerops.errors import InvalidInputError
from customerops.lifecycle.policy.spans import Span, as_span, dump_span, load_span, tell
from customerops.lifecycle.policy.wording import ordinal
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.values.checks import finite, one_of, whole
from customerops.model.values.serial import read

__all__ = [
    "Activation",
    "AtRisk",
    "FirstQualifying",
    "KthInLife",
    "NWithin",
    "NthQualifying",
    "Retention",
    "TenureInLife",
    "load_activation",
    "load_at_risk",
    "load_retention",
]


@attrs.frozen
class FirstQualifying:
    """Activated by the first qualifying interaction.

    Examples
    --------
    >>> from customerops.lifecycle import FirstQualifying
    >>> FirstQualifying().describe()
    'the first qualifying interaction'
    """

    def describe(self) -> str:
        """Return it in words."""
        return "the first qualifying interaction"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {"activation": "first_qualifying"}


@attrs.frozen
class NthQualifying:
    """Activated by the n-th qualifying interaction, however far apart they are.

    Those before it make the customer known and no more. The life begins with the n-th: it is the
    first of that life.

    Parameters
    ----------
    n : int
        At least 2.

    Raises
    ------
    InvalidInputError
        If it is not an int of at least 2.

    Examples
    --------
    >>> from customerops.lifecycle import NthQualifying
    >>> NthQualifying(3).describe()
    'the 3rd qualifying interaction'
    """

    n: int

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "n", whole("n", self.n, least=2))

    def describe(self) -> str:
        """Return it in words."""
        return f"the {ordinal(self.n)} qualifying interaction"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {"activation": "nth_qualifying", "n": self.n}


@attrs.frozen
class NWithin:
    """Activated by the last of n qualifying interactions within a window.

    The window is half-open and opens with the first of the n, so the n-th must come before it
    closes. The life begins with the n-th.

    Parameters
    ----------
    n : int
        At least 2.
    window : timedelta, Days or Months

    Raises
    ------
    InvalidInputError
        If `n` is not an int of at least 2, or the window is none.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import NWithin
    >>> NWithin(3, dt.timedelta(days=30)).describe()
    '3 qualifying interactions within 30 days'
    """

    n: int
    window: Span

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "n", whole("n", self.n, least=2))
        object.__setattr__(self, "window", as_span("window", self.window))

    def describe(self) -> str:
        """Return it in words."""
        return f"{self.n} qualifying interactions within {tell(self.window)}"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {"activation": "n_within", "n": self.n, "window": dump_span(self.window)}


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
    >>> from customerops.lifecycle import KthInLife
    >>> KthInLife(2).describe()
    'the 2nd qualifying interaction of a life'
    """

    k: int

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "k", whole("k", self.k, least=1))

    def describe(self) -> str:
        """Return it in words."""
        return f"the {ordinal(self.k)} qualifying interaction of a life"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {"retention": "kth_in_life", "k": self.k}


@attrs.frozen
class TenureInLife:
    """Retained from the first qualifying interaction at or after an age of the life.

    Parameters
    ----------
    tenure : timedelta, Days or Months
        Counted from the interaction that began the life.

    Raises
    ------
    InvalidInputError
        If it is none of these.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import TenureInLife
    >>> TenureInLife(dt.timedelta(days=90)).describe()
    'the first qualifying interaction 90 days into a life'
    """

    tenure: Span

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "tenure", as_span("tenure", self.tenure))

    def describe(self) -> str:
        """Return it in words."""
        return f"the first qualifying interaction {tell(self.tenure)} into a life"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {"retention": "tenure_in_life", "tenure": dump_span(self.tenure)}


@attrs.frozen
class AtRisk:
    """When an active customer is at risk of lapsing: an attribute, not a stage.

    Parameters
    ----------
    rule : Rule, str or collection of str, optional
        Signs of life besides qualifying interactions, such as logins; left out, there are none.
    after : timedelta, Days or Months, optional
        At risk when there was no such sign, and nothing qualifying, for that long.
    share : float, optional
        At risk when that share of the lapse window has passed since the last qualifying
        interaction; between 0 and 1. It goes without a rule.

    Raises
    ------
    InvalidInputError
        If not exactly one of `after` and `share` is given, or one is not what it must be.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import AtRisk
    >>> AtRisk(share=0.5).describe()
    'a share of 0.5 of the lapse window has passed'
    >>> AtRisk("login", after=dt.timedelta(days=14)).describe()
    '14 days without a qualifying interaction, nor one where kind is login'
    """

    rule: Rule | None = attrs.field(default=None, converter=attrs.converters.optional(as_rule))
    after: Span | None = attrs.field(default=None, kw_only=True)
    share: float | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.after is None) == (self.share is None):
            raise InvalidInputError("at_risk", "must have one of after and share")
        if self.after is not None:
            object.__setattr__(self, "after", as_span("after", self.after))
        else:
            share = finite("share", self.share)
            if not 0 < share < 1:
                raise InvalidInputError("share", "must lie between 0 and 1")
            if self.rule is not None:
                raise InvalidInputError("rule", "must go with after", "got share")
            object.__setattr__(self, "share", share)
        if self.rule is not None and self.rule.level == "customer":
            raise InvalidInputError("rule", "must be an event rule", "this one is about customers")

    def describe(self) -> str:
        """Return it in words."""
        if self.after is None:
            return f"a share of {self.share:g} of the lapse window has passed"
        signs = "" if self.rule is None else f", nor one where {self.rule.describe()}"
        return f"{tell(self.after)} without a qualifying interaction{signs}"

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        rule = None if self.rule is None else self.rule.to_dict()
        return {"rule": rule, "after": dump_span(self.after), "share": self.share}


Activation = FirstQualifying | NthQualifying | NWithin
Retention = KthInLife | TenureInLife


def load_activation(data: object) -> Activation:
    """Return the criterion that its `to_dict` wrote."""
    given = read("activation", data, ("activation",), ("n", "window"))
    names = ("first_qualifying", "nth_qualifying", "n_within")
    name = one_of("activation", given.pop("activation"), names)
    if name == "first_qualifying":
        read("activation", given, ())
        return FirstQualifying()
    if name == "nth_qualifying":
        return NthQualifying(**read("activation", given, ("n",)))
    given = read("activation", given, ("n", "window"))
    return NWithin(given["n"], load_span("window", given["window"]))  # type: ignore[arg-type]


def load_retention(data: object) -> Retention:
    """Return the criterion that its `to_dict` wrote."""
    given = read("retention", data, ("retention",), ("k", "tenure"))
    name = one_of("retention", given.pop("retention"), ("kth_in_life", "tenure_in_life"))
    if name == "kth_in_life":
        return KthInLife(**read("retention", given, ("k",)))
    tenure = read("retention", given, ("tenure",))["tenure"]
    return TenureInLife(load_span("tenure", tenure))  # type: ignore[arg-type]


def load_at_risk(data: Mapping[str, Any] | None) -> AtRisk | None:
    """Return what its `to_dict` wrote."""
    if data is None:
        return None
    given = read("at_risk", data, ("rule", "after", "share"))
    rule = None if given["rule"] is None else Rule.from_dict(given["rule"])
    return AtRisk(rule, after=load_span("after", given["after"]), share=given["share"])
