"""Small playbooks, customers and facts: whole days around noon of a Tuesday in March."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from customerops.lifecycle.machine.state import State
from customerops.lifecycle.playbook.deciding import decide
from customerops.lifecycle.playbook.decisions import Decision
from customerops.lifecycle.playbook.playbook import Playbook
from customerops.lifecycle.playbook.plays import WAKE, Action
from customerops.lifecycle.policy.stages import Stage
from customerops.model.records.records import Consent, Customer, Interaction

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
ANN = Customer(id="c-9")
LONG_AGO = NOW - 400 * DAY


def action(key: str = "wake", **changes: Any) -> Action:
    fields: dict[str, Any] = {"when": WAKE, "purpose": "marketing", "channels": ("sms",)}
    return Action(key=key, **{**fields, **changes})


def playbook(*actions: Action, **changes: Any) -> Playbook:
    fields: dict[str, Any] = {"key": "book", "tz": "UTC", "actions": actions or (action(),)}
    return Playbook(**{**fields, **changes})


def state(stage: str = "LAPSED", **changes: Any) -> State:
    fields: dict[str, Any] = {"since": NOW - 9 * DAY, "lives": 1, **changes}
    return State(policy="0123456789abcdef", stage=Stage(stage), **fields)


def consent(status: str = "granted", days: float = 300, **changes: Any) -> Consent:
    fields: dict[str, Any] = {"customer_id": ANN.id, "purpose": "marketing", **changes}
    return Consent(status=status, at=NOW - days * DAY, **fields)  # type: ignore[arg-type]


def contact(
    days: float, channel: str | None = "sms", key: str | None = None, **changes: Any
) -> Interaction:
    fields: dict[str, Any] = {"customer_id": ANN.id, "kind": "send", "direction": "outbound"}
    at = NOW - days * DAY
    return Interaction(at=at, channel=channel, campaign_id=key, **{**fields, **changes})


def case(
    days: float, kind: str = "case_open", thread: str | None = "t-1", **changes: Any
) -> Interaction:
    fields: dict[str, Any] = {"customer_id": ANN.id, "direction": "inbound", **changes}
    return Interaction(at=NOW - days * DAY, kind=kind, thread_id=thread, **fields)


YES: tuple[Consent, ...] = (consent(),)


def ask(
    book: Playbook,
    *,
    at: State | None = None,
    customer: Customer = ANN,
    consents: Sequence[Consent] = YES,
    **facts: Any,
) -> Decision:
    """Decide with nothing known but permission, unless said otherwise."""
    none: dict[str, Any] = {"segments": (), "contacts": (), "complaints": (), "as_of": NOW}
    return decide(book, customer, at or state(), consents=consents, **{**none, **facts})


def kinds(decision: Decision) -> dict[str, set[str]]:
    """Return the codes against each refused action."""
    return {one.key: set(map(str, one.codes)) for one in decision.refused}


def channels(decision: Decision) -> dict[str, str | None]:
    """Return the channel of each allowed action."""
    return {one.key: one.channel for one in decision.allowed}
