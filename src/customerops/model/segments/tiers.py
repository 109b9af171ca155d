"""Tiers: levels that customers earn, keep for a while and lose, as a policy that is data.

Time runs in periods of a calendar. What counts is the sum of the current period and those before it
in the window; at the end of every period each level is reviewed. The policy folds one customer's
records here, and the columns of a log in `tier_columns`, to the same answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from typing import Literal

import attrs

from customerops.errors import InvalidInputError
from customerops.model.records.base import Record
from customerops.model.records.records import Interaction
from customerops.model.rules.base import _once
from customerops.model.rules.rules import Rule, as_rule
from customerops.model.segments.tier_levels import TierChange, TierLevel, TierStanding
from customerops.model.values.calendar import Calendar
from customerops.model.values.checks import came, did_you_mean
from customerops.model.values.instants import as_instant, from_us, to_us
from customerops.model.values.money import decimals_of

__all__ = ["TierPolicy", "check_money", "standing_of"]

_ZERO = Decimal(0)


def _qualify(given: Rule | str | Collection[str]) -> Rule:
    return as_rule(given, name="qualify", level="event")


@attrs.frozen(kw_only=True)
class TierPolicy(Record):
    """How levels are earned, kept and lost.

    Parameters
    ----------
    levels : tuple of TierLevel
        From the lowest, which takes 0, upwards: thresholds rise, what keeps a level never falls.
    qualify : Rule, str or collection of str
        Which interactions count; a string stands for a kind. Refunds count as what they are,
        negative amounts.
    measure : {"amount", "count"}
        Whether their amounts are summed, those without one as 0, or the interactions counted.
    currency : str, optional
        The currency of the thresholds. Given, other money is refused.
    period : {"day", "week", "month", "quarter", "year"}
        The period at whose end every level is reviewed.
    window : int, optional
        How many periods count, the current one included; None for all there were.
    upgrade : {"at_once", "next_period"}
        Whether a level begins at the instant that reaches its threshold, or with the next period if
        the period ended at or above it.
    failures : int
        After how many failed reviews in a row a level is lost.
    grace : int
        How many reviews cannot be failed after a level began, that of its own period included.
    key : str
        What the levels are called: the name of their axis in results.

    Raises
    ------
    InvalidInputError
        If a field is not of its type, the levels are not in order, two have one key, or a number is
        out of range.

    Notes
    -----
    With S(t) the sum in the window at t, the review at the end of a period does, in this order:

    1. if S reaches a higher threshold, that level begins with the next period;
    2. else if S is below what keeps the level and it is not in grace, the review is failed, and
       after `failures` in a row the level falls to the highest lower one that S keeps;
    3. else, in grace too, the count of failed reviews starts again at 0.

    All events of one instant count together. With ``"at_once"`` a level that was reached stays
    until a review, though a refund follows. A level that began by falling has its grace too.

    Programmes differ in just these points: some airlines review once a year with a grace of the
    rest of the year, hence `period` ``"year"``, `window` 1 and `grace` 1.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.model import Calendar, Interaction, Money, TierLevel, TierPolicy
    >>> policy = TierPolicy(
    ...     levels=(TierLevel(key="base", threshold=0), TierLevel(key="gold", threshold=1000)),
    ...     qualify="purchase",
    ...     window=12,
    ... )
    >>> bought = Interaction(
    ...     customer_id="c1", kind="purchase", amount=Money(1200, "EUR"),
    ...     at=dt.datetime(2026, 3, 9, tzinfo=dt.timezone.utc),
    ... )
    >>> standing = policy.standing([bought], as_of=bought.at, calendar=Calendar("UTC"))
    >>> standing.level.key, standing.reasons
    ('gold', ('1,200.00 of 1,000.00 in the last 12 months',))
    >>> later = dt.datetime(2027, 3, 1, tzinfo=dt.timezone.utc)
    >>> policy.standing([bought], as_of=later, calendar=Calendar("UTC")).level.key
    'gold'
    >>> later = dt.datetime(2027, 4, 1, tzinfo=dt.timezone.utc)
    >>> policy.standing([bought], as_of=later, calendar=Calendar("UTC")).level.key
    'base'
    """

    levels: tuple[TierLevel, ...]
    qualify: Rule = attrs.field(converter=_qualify)
    measure: Literal["amount", "count"] = "amount"
    currency: str | None = None
    period: Literal["day", "week", "month", "quarter", "year"] = "month"
    window: int | None = 12
    upgrade: Literal["at_once", "next_period"] = "at_once"
    failures: int = 1
    grace: int = 0
    key: str = "tier"

    def _check(self) -> None:
        if not self.levels or self.levels[0].threshold != 0:
            raise InvalidInputError("levels", "must begin with one that takes 0", "it does not")
        if len(set(self.keys)) < len(self.levels):
            raise InvalidInputError("levels", "must differ in key", "two are the same")
        for i, (low, high) in enumerate(zip(self.levels, self.levels[1:], strict=False), 1):
            if high.threshold <= low.threshold or high.keeps < low.keeps:
                must = "must take more than the level below, and keep no less"
                raise InvalidInputError(f"levels[{i}]", must, "it does not")
        if self.currency is not None:
            decimals_of(self.currency)
            if self.measure == "count":
                raise InvalidInputError("currency", "must not be given", "events are counted")
        for name, least in (("window", 1), ("failures", 1), ("grace", 0)):
            given = getattr(self, name)
            if given is not None and given < least:
                raise InvalidInputError(name, f"must be at least {least}", f"got {given}")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the levels, from the lowest."""
        return tuple(level.key for level in self.levels)

    def level(self, key: str) -> TierLevel:
        """Return the level with a key.

        Raises
        ------
        InvalidInputError
            If there is none.
        """
        for level in self.levels:
            if level.key == key:
                return level
        said = f"got {key!r}{did_you_mean(key, self.keys)}"
        raise InvalidInputError("key", "must be one of the levels", said)

    def history(
        self, interactions: Iterable[Interaction], *, as_of: dt.datetime, calendar: Calendar
    ) -> tuple[TierChange, ...]:
        """Return every change of level of one customer, in order.

        Parameters
        ----------
        interactions : iterable of Interaction
            The customer's, in any order. A repeated id counts once; those after `as_of` are not
            used.
        as_of : datetime
            Timezone-aware, inclusive.
        calendar : Calendar
            Whose periods.

        Raises
        ------
        InvalidInputError
            If the interactions are of several customers or currencies, or an option is of another
            type.
        """
        changes = _fold(self, _known(self, interactions, as_of, calendar), as_of, calendar).changes
        return tuple(
            TierChange(from_us(us), self.keys[before], self.keys[after], total)
            for us, before, after, total in changes
        )

    def standing(
        self, interactions: Iterable[Interaction], *, as_of: dt.datetime, calendar: Calendar
    ) -> TierStanding:
        """Return where one customer stands at an instant, and why. Parameters as in `history`."""
        known = _known(self, interactions, as_of, calendar)
        state = _fold(self, known, as_of, calendar)
        since = from_us(state.changes[-1][0]) if state.changes else None
        left = max(state.began + self.grace - state.period, 0) if state.began is not None else 0
        currency = next(
            (e.amount.currency for _, e in known if e.amount is not None), self.currency
        )
        return standing_of(
            self,
            level=state.level,
            since=since,
            total=state.total,
            failing=state.failing,
            grace=left,
            decimals=None if currency is None else decimals_of(currency),
        )


def standing_of(
    policy: TierPolicy,
    *,
    level: int,
    since: dt.datetime | None,
    total: Decimal,
    failing: int,
    grace: int,
    decimals: int | None,
) -> TierStanding:
    """Return a standing with its words; `decimals` is how amounts are shown, None as they are."""
    held = policy.levels[level]
    above = policy.levels[level + 1] if level + 1 < len(policy.levels) else None
    distance = None if above is None else max(above.threshold - total, _ZERO)
    show = _shown(None if policy.measure == "count" else decimals)
    words = []
    if level:
        words.append(f"{show(total)} of {show(held.keeps)} {_window(policy)}")
        if failing:
            words.append(f"below at {failing} of {policy.failures} reviews")
        if grace:
            words.append(f"in grace for {grace} {'review' if grace == 1 else 'reviews'}")
    if above is not None and distance is not None:
        words.append(
            f"{show(distance)} more for {above.key}" if distance else f"{above.key} is due"
        )
    return TierStanding(
        level=held,
        since=since,
        total=total,
        failing=failing,
        grace=grace,
        next=above,
        distance=distance,
        reasons=tuple(words),
    )


def _shown(decimals: int | None) -> Callable[[Decimal], str]:
    return lambda x: f"{x:,f}" if decimals is None else f"{x:,.{decimals}f}"


def _window(policy: TierPolicy) -> str:
    if policy.window is None:
        return "ever"
    if policy.window == 1:
        return "today" if policy.period == "day" else f"this {policy.period}"
    return f"in the last {policy.window} {policy.period}s"


# ---------------------------------------------------------------------- one customer, in order


@attrs.define
class _State:
    """Where the fold is: ordinals are of periods, instants in microseconds."""

    period: int
    level: int = 0
    began: int | None = None
    failing: int = 0
    total: Decimal = _ZERO
    changes: list[tuple[int, int, int, Decimal]] = attrs.Factory(list)

    def move(self, us: int, level: int) -> None:
        """Begin another level."""
        self.changes.append((us, self.level, level, self.total))
        self.level, self.began, self.failing = level, self.period, 0


def _known(
    policy: TierPolicy, interactions: Iterable[Interaction], as_of: dt.datetime, calendar: Calendar
) -> list[tuple[int, Interaction]]:
    """Return what counts of what is known, with its microseconds, in order."""
    until = to_us(as_instant("as_of", as_of))
    if not isinstance(calendar, Calendar):
        raise InvalidInputError("calendar", "must be a Calendar", came(calendar))
    events = tuple(interactions)
    if len({event.customer_id for event in events}) > 1:
        raise InvalidInputError("interactions", "must be of one customer")
    timed = [(to_us(event.at), event) for event in _once(events)]
    some = [(us, event) for us, event in timed if us <= until and policy.qualify.matches(event)]
    money = {event.amount.currency for _, event in some if event.amount is not None}
    if policy.measure == "amount":
        check_money(policy, money)
    return sorted(some, key=lambda pair: pair[0])


def check_money(policy: TierPolicy, currencies: Collection[str]) -> None:
    """Refuse money of several currencies, or another than the policy's."""
    if len(currencies) > 1:
        raise InvalidInputError("amount", "must be in one currency", f"got {len(currencies)}")
    if policy.currency is not None and not {policy.currency}.issuperset(currencies):
        raise InvalidInputError("amount", f"must be in {policy.currency}", "the policy says so")


def _fold(
    policy: TierPolicy, rows: list[tuple[int, Interaction]], as_of: dt.datetime, calendar: Calendar
) -> _State:
    """Walk the periods from the first event that counts to the one that holds `as_of`."""
    first = [rows[0][0]] if rows else []
    ordinals = calendar.ordinals([*first, to_us(as_of)], policy.period).tolist()
    state = _State(ordinals[0])
    totals: dict[int, Decimal] = {}
    waiting = iter([*_instants(policy, rows), None])
    event = next(waiting)
    for period, edge in _periods(calendar, policy, ordinals[0], ordinals[-1]):
        state.period = period
        if totals:
            _review(policy, state, edge[0])
        if policy.window is not None:
            state.total -= totals.get(period - policy.window, _ZERO)
        if policy.upgrade == "at_once":
            _rise(policy, state, edge[0])
        while event is not None and event[0] < edge[1]:
            us, units = event
            state.total += units
            totals[period] = totals.get(period, _ZERO) + units
            if policy.upgrade == "at_once":
                _rise(policy, state, us)
            event = next(waiting)
    return state


def _periods(
    calendar: Calendar, policy: TierPolicy, first: int, last: int
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield every period with its edges in microseconds."""
    edges = calendar.edges(range(first, last + 2), policy.period).tolist()
    return ((first + i, (edges[i], edges[i + 1])) for i in range(last - first + 1))


def _instants(
    policy: TierPolicy, rows: list[tuple[int, Interaction]]
) -> Iterator[tuple[int, Decimal]]:
    """Yield what counts at each instant."""
    sums: dict[int, Decimal] = {}
    for us, event in rows:
        money = _ZERO if event.amount is None else event.amount.amount
        sums[us] = sums.get(us, _ZERO) + (money if policy.measure == "amount" else 1)
    return iter(sums.items())


def _reached(amounts: Iterable[Decimal], total: Decimal) -> int:
    """Return the highest level whose amount a total reaches; the lowest is always."""
    return max((i for i, amount in enumerate(amounts) if total >= amount), default=0)


def _rise(policy: TierPolicy, state: _State, us: int) -> None:
    earned = _reached((level.threshold for level in policy.levels), state.total)
    if earned > state.level:
        state.move(us, earned)


def _review(policy: TierPolicy, state: _State, us: int) -> None:
    """Review the period before the one that begins at `us`."""
    _rise(policy, state, us)
    if state.level == 0 or state.total >= policy.levels[state.level].keeps:
        state.failing = 0
        return
    assert state.began is not None
    if state.period - 1 - state.began < policy.grace:
        return
    state.failing += 1
    if state.failing >= policy.failures:
        lower = policy.levels[: state.level]
        state.move(us, _reached((level.keeps for level in lower), state.total))
