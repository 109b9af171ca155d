"""The store: one row a customer, one row an event, and what is to be published.

Every change is one transaction, so a process that is killed leaves all of a change or nothing of
it. SQLite's write lock makes two workers take turns; in another database the same is done by
``select ... for update`` of the customer's row.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import attrs

from customerops import Interaction, Late, lifecycle
from customerops.model import Consent

SCHEMA = """
create table if not exists states (
  customer_id text primary key, state text not null, due_at integer
);
create index if not exists due on states (due_at) where due_at is not null;
create table if not exists events (
  number integer primary key, customer_id text not null, id text not null, event text not null,
  unique (customer_id, id)
);
create table if not exists consents (customer_id text not null, consent text not null);
create index if not exists consents_of on consents (customer_id);
create table if not exists outbox (number integer primary key, message text not null);
"""
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
BATCH = 500  # customers in one transaction: a scheduler that falls behind must not hold the lock


class DifferentContentError(ValueError):
    """The id of an event that is known came with another content."""


@attrs.frozen
class Recorded:
    """What became of an event: the stage now, and whether it was known already."""

    stage: str
    repeated: bool = False
    rewritten: bool = False


@attrs.frozen
class Store:
    """The customers of one policy, in a SQLite file."""

    path: Path
    policy: lifecycle.LifecyclePolicy

    def open(self) -> None:
        """Make the tables that are not there yet."""
        with closing(self._connect()) as db:
            db.execute("pragma journal_mode = wal")  # readers do not wait for the writer
            db.executescript(SCHEMA)

    def record(self, event: Interaction) -> Recorded:
        """Count an event once, whatever its sender repeats."""
        with self._transaction() as db:
            known = db.execute(
                "select event from events where customer_id = ? and id = ?",
                (event.customer_id, event.id),
            ).fetchone()
            state = self._state(db, event.customer_id)
            if known:
                if Interaction.from_dict(json.loads(known[0])) != event:
                    raise DifferentContentError("an event of this id has another content")
                assert state is not None
                return Recorded(state.stage, repeated=True)
            db.execute(
                "insert into events (customer_id, id, event) values (?, ?, ?)",
                (event.customer_id, event.id, json.dumps(event.to_dict())),
            )
            try:
                step = lifecycle.step(state, event, self.policy)
            except Late:  # it changes what was told before: tell the whole history again
                events = _events(db, event.customer_id)
                history = lifecycle.replay(
                    events, self.policy, as_of=max(one.at for one in events)
                )
                self._keep(db, event.customer_id, history.state)
                _publish(db, event.customer_id, history.transitions, rewritten=True)
                return Recorded(history.state.stage, rewritten=True)
            self._keep(db, event.customer_id, step.state)
            _publish(db, event.customer_id, step.transitions)
            return Recorded(step.state.stage)

    def advance(self, now: dt.datetime) -> int:
        """Fire the deadlines that are due, a batch at a time; how many customers had one."""
        done = 0
        while True:
            with self._transaction() as db:
                due = db.execute(
                    "select customer_id from states where due_at <= ? order by due_at limit ?",
                    (_us(now), BATCH),
                ).fetchall()
                for (customer_id,) in due:
                    state = self._state(db, customer_id)
                    assert state is not None
                    step = lifecycle.advance(state, now, self.policy)
                    self._keep(db, customer_id, step.state)
                    _publish(db, customer_id, step.transitions)
            done += len(due)
            if len(due) < BATCH:
                return done

    def agree(self, consent: Consent) -> None:
        """Keep what a customer said."""
        with self._transaction() as db:
            db.execute(
                "insert into consents values (?, ?)",
                (consent.customer_id, json.dumps(consent.to_dict())),
            )

    def state(self, customer_id: str) -> lifecycle.State | None:
        """Return where a customer stands; None for one never seen."""
        with closing(self._connect()) as db:
            return self._state(db, customer_id)

    def events(self, customer_id: str) -> list[Interaction]:
        """Return a customer's events in the order they came."""
        with closing(self._connect()) as db:
            return _events(db, customer_id)

    def consents(self, customer_id: str) -> list[Consent]:
        """Return what a customer said, in the order it came."""
        with closing(self._connect()) as db:
            rows = db.execute(
                "select consent from consents where customer_id = ? order by rowid", (customer_id,)
            )
            return [Consent.from_dict(json.loads(row)) for (row,) in rows]

    def outbox(self, after: int = 0) -> list[dict[str, Any]]:
        """Return what is to be published, by number: a reader goes on from the last it has."""
        with closing(self._connect()) as db:
            rows = db.execute(
                "select number, message from outbox where number > ? order by number", (after,)
            )
            return [{"number": number, **json.loads(message)} for number, message in rows]

    def _state(self, db: sqlite3.Connection, customer_id: object) -> lifecycle.State | None:
        row = db.execute(
            "select state from states where customer_id = ?", (customer_id,)
        ).fetchone()
        return lifecycle.State.from_dict(json.loads(row[0])) if row else None

    def _keep(self, db: sqlite3.Connection, customer_id: object, state: lifecycle.State) -> None:
        due = state.due_at
        db.execute(
            "insert or replace into states values (?, ?, ?)",
            (customer_id, json.dumps(state.to_dict()), None if due is None else _us(due)),
        )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30, isolation_level=None)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Take the write lock before reading, so that nothing read is stale when it is written."""
        with closing(self._connect()) as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")


def _events(db: sqlite3.Connection, customer_id: object) -> list[Interaction]:
    rows = db.execute(
        "select event from events where customer_id = ? order by number", (customer_id,)
    )
    return [Interaction.from_dict(json.loads(row)) for (row,) in rows]


def _publish(
    db: sqlite3.Connection,
    customer_id: object,
    transitions: tuple[lifecycle.Transition, ...],
    *,
    rewritten: bool = False,
) -> None:
    """Write what changed beside the change itself: both are there, or neither is."""
    if transitions or rewritten:
        message = {
            "customer_id": customer_id,
            "transitions": [one.to_dict() for one in transitions],
            "rewritten": rewritten,
        }
        db.execute("insert into outbox (message) values (?)", (json.dumps(message),))


def _us(at: dt.datetime) -> int:
    """Return microseconds since 1970, which order as instants do."""
    return (at - EPOCH) // dt.timedelta(microseconds=1)
