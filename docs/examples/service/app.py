"""A service around the lifecycle: FastAPI over SQLite.

Run it from the folder above::

    CUSTOMERS=customers.sqlite uvicorn --factory service.app:create_app

The service has the clock, the store and the network; customerops has the rules.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import attrs
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from customerops import Customer, Interaction, InvalidInputError, lifecycle
from customerops.model import Consent

from .rules import PLAYBOOK, POLICY
from .store import DifferentContentError, Store


def create_app() -> FastAPI:
    """Return the service of the database that ``CUSTOMERS`` names."""
    store = Store(Path(os.environ["CUSTOMERS"]), POLICY)
    store.open()
    app = FastAPI(title="Customers")

    @app.exception_handler(InvalidInputError)
    @app.exception_handler(DifferentContentError)
    def refuse(request: Request, error: Exception) -> JSONResponse:
        """Say what was wrong, by kind and place: a message never has a customer's id in it."""
        status = 409 if isinstance(error, DifferentContentError) else 422
        return JSONResponse({"detail": str(error)}, status)

    @app.post("/events")
    def record(body: dict[str, Any]) -> dict[str, Any]:
        """Count an event. Send it again until this answers: it is counted once."""
        event = Interaction.from_dict(body)
        if not (isinstance(event.customer_id, str) and isinstance(event.id, str)):
            raise HTTPException(422, "customer_id and id must be strings")
        return attrs.asdict(store.record(event))

    @app.post("/consents")
    def agree(body: dict[str, Any]) -> dict[str, bool]:
        """Keep what a customer said about being contacted."""
        store.agree(Consent.from_dict(body))
        return {"kept": True}

    @app.post("/advance")
    def advance(now: dt.datetime | None = None) -> dict[str, int]:
        """Fire what is due. A scheduler calls this every few minutes; often or late is the same."""
        return {"customers": store.advance(now or dt.datetime.now(dt.UTC))}

    @app.get("/customers/{customer_id}")
    def customer(customer_id: str, now: dt.datetime | None = None) -> dict[str, Any]:
        """Say where a customer stands, and why."""
        events = store.events(customer_id)
        if not events:
            raise HTTPException(404, "no such customer")
        at = now or dt.datetime.now(dt.UTC)
        history = lifecycle.replay(events, POLICY, as_of=at)
        return {"stage": history.state.stage, "why": history.explain(at).sentence}

    @app.get("/customers/{customer_id}/decision")
    def decision(customer_id: str, now: dt.datetime | None = None) -> dict[str, Any]:
        """Say what may be done for a customer now, and why the rest may not."""
        return decided(store, customer_id, now or dt.datetime.now(dt.UTC))

    @app.get("/outbox")
    def outbox(after: int = 0) -> list[dict[str, Any]]:
        """Return changes of stage to publish, after the number the reader has."""
        return store.outbox(after)

    return app


def decided(store: Store, customer_id: str, now: dt.datetime) -> dict[str, Any]:
    """Return what the playbook allows and refuses, with the store's consents and messages."""
    state = store.state(customer_id)
    if state is None:
        raise HTTPException(404, "no such customer")
    events = store.events(customer_id)
    found = lifecycle.decide(
        PLAYBOOK,
        Customer(id=customer_id),
        lifecycle.advance(state, now, POLICY).state,
        segments=(),
        consents=store.consents(customer_id),
        contacts=[one for one in events if one.direction == "outbound"],
        complaints=[one for one in events if one.kind in {"complaint", "case_resolve"}],
        as_of=now,
    )
    return {
        "allowed": [one.action.key for one in found.allowed],
        "refused": {one.action.key: one.reason for one in found.refused},
    }
