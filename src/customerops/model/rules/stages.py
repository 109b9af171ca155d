"""Journey stages: where a customer stands in the customer's own view, as data.

A stage of the journey may be skipped, left and entered again. It is neither the lifecycle stage
(the business's view, exactly one at any instant) nor the stage of a sales pipeline (one for each
opportunity).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.records.records import Interaction
from customerops.model.rules.rules import Did, Rule, as_rule
from customerops.model.values.checks import did_you_mean
from customerops.model.values.frozenmap import FrozenMap
from customerops.model.values.instants import as_instant

__all__ = ["JourneyMap", "JourneyStage"]


def _entry(rule: Rule | str | Collection[str]) -> Rule:
    return as_rule(rule, name="entry", level="event")


@attrs.frozen(kw_only=True)
class JourneyStage(Record):
    """One stage of a journey: who is in it, and since when.

    A customer is in the stage at an instant t if at least `at_least` of the interactions that
    `entry` matches lie in ``(t - within, t]``.

    Parameters
    ----------
    key : str
        Its name in data.
    order : int
        Its place: a higher one is further along.
    labels : mapping of str to str
        What people call it, by language: ``{"en": "Purchase", "zh": "购买"}``.
    entry : Rule, str or collection of str
        Which interactions lead into the stage; a string stands for a kind.
    at_least : int
        How many of them it takes.
    within : timedelta, optional
        How long they count. Left out, for ever: who was once in the stage stays in it.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, a label is empty, `entry` is a rule about customers (say it
        with `at_least` and `within`), or `at_least` is below 1.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import JourneyStage
    >>> loyal = JourneyStage(
    ...     key="loyalty", order=4, entry="purchase", at_least=2, within=dt.timedelta(days=365)
    ... )
    >>> loyal.rule.describe()
    'did (kind is purchase) at least 2 times within 365 days'
    """

    key: str
    order: int
    labels: Mapping[str, str] = FrozenMap()  # type: ignore[assignment] # of strings only
    entry: Rule = attrs.field(converter=_entry)
    at_least: int = 1
    within: dt.timedelta | None = None

    def _check(self) -> None:
        if self.at_least < 1:
            raise InvalidInputError("at_least", "must be at least 1", "got less")

    @property
    def rule(self) -> Did:
        """The customer rule that holds for who is in the stage."""
        return Did(self.entry, at_least=self.at_least, within=self.within)

    def label(self, language: str) -> str:
        """Return what people call it in a language, or its key if that is not said.

        Examples
        --------
        >>> from customerops.model import JOURNEY
        >>> JOURNEY.stage("purchase").label("zh")
        '购买'
        """
        return self.labels.get(language, self.key)


@attrs.frozen(kw_only=True)
class JourneyMap(Record):
    """The stages of a journey, in order, and which one counts when a customer is in several.

    Parameters
    ----------
    key : str
        Its name in data.
    stages : tuple of JourneyStage
        At least one; no two with the same key or order. Kept by order.
    assign : {"highest", "latest"}
        Who is in several stages is counted in the one that is furthest along, or in the one that
        was entered, or entered again, last; of two entered at one instant, in the further one.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, there is no stage, or two have the same key or order.

    See Also
    --------
    JOURNEY, AARRR, AIPL, HUBSPOT : Maps that are there. ``attrs.evolve`` makes another of one.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import JOURNEY, Interaction
    >>> new_year = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    >>> seen = Interaction(customer_id="c-9", at=new_year, kind="view")
    >>> bought = Interaction(customer_id="c-9", at=new_year + dt.timedelta(days=1), kind="purchase")
    >>> stage = JOURNEY.stage_of([seen, bought], as_of=bought.at)
    >>> stage.key, stage.label("zh")
    ('purchase', '购买')
    """

    key: str
    stages: tuple[JourneyStage, ...]
    assign: Literal["highest", "latest"] = "highest"

    def _check(self) -> None:
        if not self.stages:
            raise InvalidInputError("stages", "must hold at least one", "got none")
        for field in ("key", "order"):
            if len({getattr(stage, field) for stage in self.stages}) < len(self.stages):
                raise InvalidInputError("stages", f"must differ in {field}", "two are the same")
        ordered = tuple(sorted(self.stages, key=lambda stage: stage.order))
        object.__setattr__(self, "stages", ordered)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the stages, by order."""
        return tuple(stage.key for stage in self.stages)

    def stage(self, key: str) -> JourneyStage:
        """Return the stage with a key.

        Raises
        ------
        InvalidInputError
            If there is none.

        Examples
        --------
        >>> from customerops.model import AIPL
        >>> AIPL.stage("loyalty").within
        datetime.timedelta(days=365)
        """
        for stage in self.stages:
            if stage.key == key:
                return stage
        said = f"got {key!r}{did_you_mean(key, self.keys)}"
        raise InvalidInputError("key", f"must be a stage of {self.key}", said)

    def stage_of(
        self, interactions: Iterable[Interaction], *, as_of: dt.datetime
    ) -> JourneyStage | None:
        """Return the stage one customer is counted in at an instant; None outside the map.

        Parameters
        ----------
        interactions : iterable of Interaction
            The customer's, in any order, each once. Those after `as_of` are not used.
        as_of : datetime
            Timezone-aware, inclusive.

        Raises
        ------
        InvalidInputError
            If the interactions are of several customers, or `as_of` is no instant.
        """
        events, until = list(interactions), as_instant("as_of", as_of)
        inside = [
            stage for stage in self.stages if stage.rule.matches_customer(events, as_of=until)
        ]
        if self.assign == "highest" or not inside:
            return inside[-1] if inside else None

        def entered(stage: JourneyStage) -> tuple[dt.datetime, int]:
            matching = (event.at for event in events if stage.entry.matches(event))
            return max(at for at in matching if at <= until), stage.order

        return max(inside, key=entered)
