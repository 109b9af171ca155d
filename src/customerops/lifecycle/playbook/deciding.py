"""The decision: which actions of a playbook may be done for a customer now, and why others not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from customerops.errors import InvalidInputError
from customerops.lifecycle.machine.state import Attributes, State
from customerops.lifecycle.playbook.care import falls_on, zone_of
from customerops.lifecycle.playbook.decisions import Approval, Decision, Refusal
from customerops.lifecycle.playbook.desk import Desk, recent
from customerops.lifecycle.playbook.playbook import Playbook
from customerops.lifecycle.playbook.plays import Action, Situation
from customerops.lifecycle.policy.stages import Stage
from customerops.lifecycle.policy.wording import with_article
from customerops.model.records.kinds import Kind
from customerops.model.records.records import Consent, Customer, Interaction
from customerops.model.values.checks import Id, came, text
from customerops.model.values.instants import as_instant, to_us
from customerops.model.values.zones import local

__all__ = ["decide"]

_FIRST, _LAST = 200, 9800
_TALK = (Kind.CASE_REPLY, Kind.CASE_STATUS)
_OURS = ("outbound", "none")
_NOTHING = dt.timedelta(0)
_R = TypeVar("_R", Consent, Interaction)


def decide(
    playbook: Playbook,
    customer: Customer,
    state: State,
    *,
    segments: Collection[str],
    consents: Iterable[Consent],
    contacts: Iterable[Interaction],
    complaints: Iterable[Interaction],
    as_of: dt.datetime,
    tier: str | None = None,
) -> Decision:
    """Return which actions of a playbook may be done for a customer now, and why others may not.

    Nothing is sent and nothing is remembered: the app does what is allowed, and hands the
    interactions that come of it back as `contacts` the next time.

    Parameters
    ----------
    playbook : Playbook
        What is done for whom.
    customer : Customer
        For whom. Its ``timezone`` is the clock of quiet hours and the calendar of care dates; the
        playbook's where it is not known.
    state : State
        Where the customer stands, with no deadline due by `as_of`: `advance` it first.
    segments : collection of str
        The segments the customer is in.
    consents : iterable of Consent
        What the customer said, see `customerops.model.permitted`.
    contacts : iterable of Interaction
        What was done for the customer lately, one for each message or call (its delivery and
        opening are not contacts), as far back as the longest cap and cool-down reach. Their
        ``direction`` is "outbound"; that of work inside the house is "none", and counts for
        cool-downs only. The ``campaign_id`` is the key of the action.
    complaints : iterable of Interaction
        The customer's complaints and what became of them. Any kind opens one, by its
        ``thread_id``, but "case_reply" and "case_status", which change nothing, and
        "case_resolve", which closes it.
    as_of : datetime
        When; timezone-aware. What comes after it is not known.
    tier : str, optional
        The tier the customer is in.

    Returns
    -------
    Decision
        Every action that is for the customer, allowed or refused.

    Raises
    ------
    InvalidInputError
        If an argument is not what it must be, a record is of another customer, `as_of` lies
        before the state, or a date that the playbook asks for is none.
    TransitionError
        If a deadline of the state is due by `as_of`.

    Notes
    -----
    Actions are decided by priority, and what is allowed can be done all together: it takes its
    places under the caps before the next action is looked at. An action goes by the first of its
    channels that nothing holds back.

    More contacts, more complaints and less consent never allow more, with one exception: where an
    action no longer takes its place under a cap, one after it may.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops.lifecycle import WAKE, Action, Cap, Playbook, State, decide
    >>> from customerops.model import Consent, Customer, Interaction
    >>> now = dt.datetime(2026, 3, 10, 12, tzinfo=dt.timezone.utc)
    >>> day = dt.timedelta(days=1)
    >>> playbook = Playbook(
    ...     key="winback",
    ...     tz="Asia/Shanghai",
    ...     actions=(Action(key="wake", when=WAKE, purpose="marketing", channels=("sms",)),),
    ...     caps=(Cap(limit=3, window=7 * day, channel="sms"),),
    ... )
    >>> sent = [
    ...     Interaction(
    ...         customer_id="c-9", at=now - n * day, kind="send", channel="sms", direction="outbound"
    ...     )
    ...     for n in (1, 2, 3)
    ... ]
    >>> decision = decide(
    ...     playbook,
    ...     Customer(id="c-9"),
    ...     State(policy="0123456789abcdef", stage="LAPSED", since=now - 9 * day),
    ...     segments=(),
    ...     consents=[Consent(customer_id="c-9", purpose="marketing", status="granted", at=now - 99 * day)],
    ...     contacts=sent,
    ...     complaints=(),
    ...     as_of=now,
    ... )
    >>> [(refusal.key, refusal.reason) for refusal in decision.refused]
    [('wake', 'frequency cap: 3 sms in 7 days')]
    >>> decision.retry_at.isoformat()
    '2026-03-14T12:00:00+00:00'
    """
    now = _instant(as_of)
    _must_be("playbook", playbook, Playbook)
    _must_be("customer", customer, Customer)
    _must_be("state", state, State)
    _check_segments(segments)
    if tier is not None:
        text("tier", tier)
    said = _of(customer, "consents", consents, Consent)
    done = _of(customer, "contacts", contacts, Interaction)
    cases = _of(customer, "complaints", complaints, Interaction)
    _all(
        "contacts",
        'must have direction "outbound" or "none"',
        [one.direction in _OURS for one in done],
    )
    open_cases = _open(cases, now)
    if state.at is not None and now < state.at:
        raise InvalidInputError("as_of", "must not lie before the state", "its past is not kept")

    attributes = state.attributes_at(now)
    zone = zone_of(customer, playbook.zone)
    meant = [
        (action, begun)
        for action in playbook.by_stage.get(attributes.stage, ())
        if _holds(action.when, attributes, segments, tier)
        and (begun := _begun(action, state, now)) is not None
        and (not action.when.due or _due(action.when, playbook, customer, zone, now))
    ]
    held_out = playbook.holdout is not None and playbook.holdout.holds(customer.id)
    allowed, refused = list[Approval](), list[Refusal]()
    if meant:
        desk = Desk(playbook, now, zone, said, recent(done, now), open_cases, held_out)
        for action, begun in meant:
            verdict = desk.verdict(action, begun)
            if isinstance(verdict, Approval):
                allowed.append(verdict)
            else:
                refused.append(verdict)
    return Decision(
        customer_id=customer.id,
        as_of=now,
        stage=attributes.stage,
        held_out=held_out,
        allowed=tuple(allowed),
        refused=tuple(refused),
    )


def _instant(as_of: object) -> dt.datetime:
    """Return the instant, so far from the edges of time that a century either way is in reach."""
    now = as_instant("as_of", as_of)
    if not _FIRST <= now.year <= _LAST:
        raise InvalidInputError(
            "as_of", f"must lie in the years {_FIRST} to {_LAST}", "it does not"
        )
    return now


def _check_segments(segments: Any) -> None:
    several = isinstance(segments, Collection) and not isinstance(segments, str)
    if not (several and all(isinstance(one, str) for one in segments)):
        raise InvalidInputError("segments", "must be a collection of str", came(segments))


def _of(customer: Customer, name: str, given: Iterable[_R], kind: type[_R]) -> list[_R]:
    """Return records as a list, if all are of a kind and of the customer."""
    if not isinstance(given, Iterable):
        raise InvalidInputError(name, f"must be an iterable of {kind.__name__}", came(given))
    records = list(given)
    for i, one in enumerate(records):
        _must_be(f"{name}[{i}]", one, kind)
    _all(name, "must be of the customer", [one.customer_id == customer.id for one in records])
    return records


def _all(name: str, requirement: str, holds: list[bool]) -> None:
    """Refuse records of which some are not what all must be."""
    if not all(holds):
        astray, first = holds.count(False), holds.index(False)
        raise InvalidInputError(name, requirement, count=astray, total=len(holds), first=first)


def _must_be(name: str, given: object, kind: type) -> None:
    if not isinstance(given, kind):
        raise InvalidInputError(name, f"must be {with_article(kind.__name__)}", came(given))


def _open(cases: list[Interaction], now: dt.datetime) -> int:
    """Return how many complaints are open; at one instant they count in the order given."""
    threads, alone = set[Id](), 0
    for one in sorted(cases, key=lambda case: case.at):
        if one.at > now or one.kind in _TALK:
            continue
        if one.thread_id is None:
            if one.kind == Kind.CASE_RESOLVE:
                raise InvalidInputError(
                    "complaints", "must say by thread_id what is resolved", "one does not"
                )
            alone += 1
        elif one.kind == Kind.CASE_RESOLVE:
            threads.discard(one.thread_id)
        else:
            threads.add(one.thread_id)
    return len(threads) + alone


def _holds(
    when: Situation, attributes: Attributes, segments: Collection[str], tier: str | None
) -> bool:
    """Return whether a customer is in a situation, stage and care dates apart."""
    return not (
        (when.segments and when.segments.isdisjoint(segments))
        or not when.except_segments.isdisjoint(segments)
        or (when.tiers and tier not in when.tiers)
        or (when.at_risk is not None and when.at_risk != attributes.at_risk)
        or (when.pending_cancel is not None and when.pending_cancel != attributes.pending_cancel)
        or (when.ever_active is not None and when.ever_active != (attributes.life > 0))
        or (when.contract and attributes.contract not in when.contract)
    )


def _due(
    when: Situation, playbook: Playbook, customer: Customer, zone: dt.tzinfo, now: dt.datetime
) -> bool:
    """Return whether a care date of a situation is due today, on the customer's calendar."""
    today = local(to_us(now), zone).date()
    asked = [one for one in playbook.care_dates if one.key in when.due]
    return any(falls_on(one, customer, today, zone) for one in asked)


def _begun(action: Action, state: State, now: dt.datetime) -> dt.datetime | None:
    """Return from when the times of an action count; None before it is to be done."""
    begun = {
        "stage": state.since,
        "activity": state.qualified_at,
        "risk": state.at_risk_at,
    }[action.counts_from]
    if begun is None and state.stage is Stage.UNKNOWN and not _counts(action):
        return now  # who was never seen has entered no stage
    if begun is None or begun > now or begun + (action.after or _NOTHING) > now:
        return None
    return begun


def _counts(action: Action) -> bool:
    """Return whether an action has times that count from something."""
    times = (action.after, action.due_within)
    return action.counts_from != "stage" or any(time is not None for time in times)
