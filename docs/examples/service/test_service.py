"""The service, over its real port: what it answers, two workers at once, and twenty kills."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from customerops import Interaction, Money, lifecycle
from customerops.model import Consent
from docs.examples.service.rules import POLICY

HERE = Path(__file__).parent
DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
KILLS = 20
Request = tuple[str, str, dict[str, Any] | None]


class Service:
    """A server process on a port of this machine."""

    def __init__(self, database: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.database = database
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--factory", "service.app:create_app"),
                *("--app-dir", str(HERE.parent), "--port", str(self.port), "--log-level", "error"),
            ],
            env={**os.environ, "CUSTOMERS": str(self.database)},
        )
        while True:
            assert self.process.poll() is None, "the service did not start"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=0.05).close()
            except OSError:
                time.sleep(0.02)
                continue
            return

    def kill(self) -> None:
        """Stop it as a power cut would: no handler runs."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Return status and answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body),
                headers={"content-type": "application/json"},
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path / "customers.sqlite")
    yield running
    running.kill()


def order(number: int, customer: str, at: dt.datetime, paid: str = "20.00") -> Interaction:
    return Interaction(
        id=f"o-{number}", customer_id=customer, at=at, kind="purchase", amount=Money(paid, "EUR")
    )


def post(event: Interaction) -> Request:
    return ("POST", "/events", event.to_dict())


def at(when: dt.datetime) -> str:
    return quote(when.isoformat())


def test_from_the_first_order_to_a_decision(service: Service) -> None:
    status, answer = service.ask(*post(order(1, "c-9", START)))
    assert (status, answer["stage"], answer["repeated"]) == (200, "ACTIVATED", False)
    assert service.ask(*post(order(1, "c-9", START)))[1]["repeated"]
    assert service.ask(*post(order(1, "c-9", START, "21.00")))[0] == 409  # the id, not the order

    later = START + 40 * DAY
    assert service.ask("POST", f"/advance?now={at(later)}")[1] == {"customers": 1}
    assert service.ask("POST", f"/advance?now={at(later)}")[1] == {"customers": 0}
    status, answer = service.ask("GET", f"/customers/c-9?now={at(later)}")
    assert answer["stage"] == "LAPSED"
    assert "30 days" in answer["why"]

    status, answer = service.ask("GET", f"/customers/c-9/decision?now={at(later)}")
    assert answer["allowed"] == []
    assert "wake" in answer["refused"]  # nobody asked the customer
    yes = Consent(customer_id="c-9", purpose="marketing", status="granted", at=START)
    assert service.ask("POST", "/consents", yes.to_dict()) == (200, {"kept": True})
    status, answer = service.ask("GET", f"/customers/c-9/decision?now={at(later)}")
    assert answer == {"allowed": ["wake"], "refused": {}}


def test_an_event_that_comes_late_rewrites_the_history(service: Service) -> None:
    service.ask(*post(order(1, "c-9", START)))
    service.ask(*post(order(2, "c-9", START + 40 * DAY)))
    status, answer = service.ask(*post(order(3, "c-9", START + 20 * DAY)))
    assert (status, answer["rewritten"], answer["stage"]) == (200, True, "RETAINED")
    told = service.ask("GET", "/outbox")[1]
    assert [one["rewritten"] for one in told] == [False, False, True]
    assert [change["target"] for change in told[-1]["transitions"]] == ["ACTIVATED", "RETAINED"]
    assert service.ask("GET", f"/outbox?after={told[-1]['number']}")[1] == []


def test_what_is_refused(service: Service) -> None:
    body = order(1, "c-9", START).to_dict()
    assert service.ask("POST", "/events", {**body, "at": "2026-01-05T09:00:00"})[0] == 422  # naive
    assert service.ask("POST", "/events", {**body, "customer_id": 9})[0] == 422
    assert service.ask("POST", "/consents", {"customer_id": "c-9"})[0] == 422
    assert service.ask("GET", "/customers/nobody")[0] == 404
    assert service.ask("GET", "/customers/nobody/decision")[0] == 404
    assert service.ask("GET", "/outbox")[1] == []


def test_two_workers_do_not_lose_each_others_steps(service: Service) -> None:
    """Eight senders, one customer, no order among them: the end is that of the sorted history."""
    events = [order(i, "c-9", START + i * DAY) for i in range(40)]
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda event: service.ask(*post(event)), events))
    assert [status for status, _ in answers] == [200] * 40
    (kept,) = rows(service.database, "select state from states")
    whole = lifecycle.replay(events, POLICY, as_of=events[-1].at)
    assert json.loads(kept[0]) == whole.state.to_dict()
    assert rows(service.database, "select count(*) from events") == [(40,)]


def test_killed_twenty_times_nothing_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """The same stream twice, once with SIGKILL at twenty random points: the same database."""
    rng = random.Random(20260105)
    stream = requests(rng)
    quiet, stormy = Service(tmp_path / "quiet.sqlite"), Service(tmp_path / "stormy.sqlite")
    for request in stream:
        assert quiet.ask(*request)[0] == 200
    quiet.kill()

    kills = set(rng.sample(range(len(stream)), KILLS))
    unanswered = 0
    for number, request in enumerate(stream):
        if number in kills:
            delay = rng.uniform(0, 0.006)  # about the time a request takes: before, in and after
            killer = threading.Timer(delay, stormy.process.send_signal, [signal.SIGKILL])
            killer.start()
            try:
                stormy.ask(*request)
            except (OSError, HTTPException, ValueError):
                unanswered += 1
            killer.join()
            stormy.process.wait()
            stormy.start()
        assert stormy.ask(*request)[0] == 200  # a sender repeats what was not answered
    stormy.kill()

    assert unanswered > 0  # else no kill came in time to matter
    for table in ("states", "events", "outbox"):
        same = f"select * from {table} order by 1, 2"
        assert rows(stormy.database, same) == rows(quiet.database, same)
    sent = {(body["customer_id"], body["id"]) for _, path, body in stream if body is not None}
    assert set(rows(stormy.database, "select customer_id, id from events")) == sent
    check_against_replay(stormy.database)


def requests(rng: random.Random) -> list[Request]:
    """Return half a year of orders: some late, some sent twice, and a scheduler now and then."""
    found: list[Request] = []
    now = START
    for number in range(300):
        now += dt.timedelta(hours=rng.randrange(1, 30))
        late = rng.choice([dt.timedelta(0)] * 9 + [5 * DAY])
        paid = rng.choice(["3.00", "9.00", "80.00"])
        event = order(number, f"c-{rng.randrange(25)}", now - late, paid)
        found.append(post(event))
        if rng.random() < 0.1:
            found.append(post(event))
        if rng.random() < 0.1:
            found.append(("POST", f"/advance?now={at(now)}", None))
    found.append(("POST", f"/advance?now={at(now + 100 * DAY)}", None))
    return found


def check_against_replay(database: Path) -> None:
    """Every state is what the library makes of that customer's events in one go."""
    histories: dict[str, list[Interaction]] = {}
    for customer, event in rows(database, "select customer_id, event from events order by number"):
        histories.setdefault(customer, []).append(Interaction.from_dict(json.loads(event)))
    states = dict(rows(database, "select customer_id, state from states"))
    assert states.keys() == histories.keys()
    far = START + 2000 * DAY
    for customer, events in histories.items():
        state = lifecycle.State.from_dict(json.loads(states[customer]))
        whole = lifecycle.replay(events, POLICY, as_of=far)
        assert lifecycle.advance(state, far, POLICY).state == whole.state


def rows(database: Path, query: str) -> list[Any]:
    """Return what a query finds."""
    with sqlite3.connect(database) as db:
        found = db.execute(query).fetchall()
    db.close()
    return found
