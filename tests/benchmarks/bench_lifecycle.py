"""The lifecycle: one step against `transitions`, a whole log against steps, daily stocks.

Run by hand, from the root of the repository::

    python -m tests.benchmarks.bench_lifecycle --rows 1000000

Purchases of customers in random order over two years, a tenth as many customers as events; those
under 5.00 do not qualify. `transitions` gets the same stages, guards and deadlines: a timeout is a
trigger that is fired when the deadline has passed, as an application with that library would. The
final stage of every customer is equal in all candidates before any is timed.
"""

from __future__ import annotations

import argparse
import datetime as dt
from functools import partial
from typing import Any

import numpy as np

from customerops import Calendar, Interaction, InteractionLog, Money
from customerops.lifecycle import (
    STAGES,
    Contract,
    Inactivity,
    KthInLife,
    Latency,
    LifecyclePolicy,
    Population,
    State,
    advance,
    replay_log,
    step,
)
from customerops.model import amount, kind
from tests.benchmarks.harness import compared, interleave, machine

DAY = dt.timedelta(days=1)
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
END = START + 730 * DAY
LAPSE, WINBACK = 90 * DAY, 180 * DAY
FIXED: dict[str, Any] = {"retention": KthInLife(2), "winback_window": WINBACK}
POLICY = LifecyclePolicy(
    qualifies=kind("purchase") & (amount >= 5), clock=Inactivity(LAPSE), **FIXED
)


def draw(rows: int, seed: int) -> tuple[Any, Any, Any]:
    """Return customers, microseconds since START and cents, in order of time."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, max(rows // 10, 1), rows)
    at = np.sort(rng.integers(0, 730 * 86_400_000_000, rows))
    return customer, at, rng.integers(100, 10_000, rows)


def columns(rows: int, seed: int) -> InteractionLog:
    """Return the events as a log."""
    customer, at, cents = draw(rows, seed)
    start = np.datetime64(START.replace(tzinfo=None), "us")
    return InteractionLog.from_arrays(
        customer_id=customer,
        at=start + at.astype("m8[us]"),
        kind=np.full(rows, "purchase"),
        amount=cents / 100,
        currency="EUR",
        tz=dt.UTC,
    ).until(END)


def records(rows: int, seed: int) -> list[Interaction]:
    """Return the same events as records."""
    drawn = zip(*(each.tolist() for each in draw(rows, seed)), strict=True)
    return [
        Interaction(
            id=i,
            customer_id=customer,
            at=START + dt.timedelta(microseconds=at),
            kind="purchase",
            amount=Money.of_minor(cents, "EUR"),
        )
        for i, (customer, at, cents) in enumerate(drawn)
    ]


def stepped(events: list[Interaction]) -> dict[Any, str]:
    """Keep one state a customer, as a service does."""
    states: dict[Any, State] = {}
    for one in events:
        states[one.customer_id] = step(states.get(one.customer_id), one, POLICY).state
    return {who: str(advance(state, END, POLICY).state.stage) for who, state in states.items()}


class Customer:
    """What `transitions` moves: the same guards and deadlines by hand."""

    def __init__(self) -> None:
        self.ordinal = self.lives = 0
        self.due: dt.datetime | None = None
        self.state: str

    def qualifies(self, one: Interaction) -> bool:
        return one.amount is not None and one.amount.minor >= 500

    def met(self, one: Interaction) -> bool:
        living = self.state in {"ACTIVATED", "RETAINED", "WON_BACK"}
        return self.qualifies(one) and (self.ordinal + 1 if living else 1) >= 2

    def goes_on(self, one: Interaction) -> None:
        self.ordinal += 1
        self.due = one.at + LAPSE

    def begins(self, one: Interaction) -> None:
        self.ordinal, self.lives = 1, self.lives + 1
        self.due = one.at + LAPSE

    def lapses(self) -> None:
        assert self.due is not None
        self.due += WINBACK

    def is_lost(self) -> None:
        self.due = None


TABLE: list[dict[str, Any]] = [
    {
        "trigger": "activity",
        "source": ["UNKNOWN", "ACQUIRED"],
        "dest": "ACTIVATED",
        "conditions": "qualifies",
        "after": "begins",
    },
    {"trigger": "activity", "source": "UNKNOWN", "dest": "ACQUIRED"},
    {
        "trigger": "activity",
        "source": ["ACTIVATED", "WON_BACK"],
        "dest": "RETAINED",
        "conditions": "met",
        "after": "goes_on",
    },
    {
        "trigger": "activity",
        "source": "RETAINED",
        "dest": None,
        "conditions": "qualifies",
        "after": "goes_on",
    },
    {
        "trigger": "activity",
        "source": ["LAPSED", "LOST"],
        "dest": "WON_BACK",
        "conditions": "qualifies",
        "after": "begins",
    },
    {
        "trigger": "deadline",
        "source": ["ACTIVATED", "RETAINED", "WON_BACK"],
        "dest": "LAPSED",
        "after": "lapses",
    },
    {"trigger": "deadline", "source": "LAPSED", "dest": "LOST", "after": "is_lost"},
]


def with_transitions(events: list[Interaction], *, shared: bool) -> dict[Any, str]:
    """Drive a model a customer, by one machine for all or one each, as its tutorial has it."""
    from transitions import Machine

    def machine_of(model: Customer | None) -> Any:
        return Machine(
            model=model,
            states=[str(stage) for stage in STAGES],
            transitions=TABLE,
            initial="UNKNOWN",
            auto_transitions=False,
            ignore_invalid_triggers=True,
        )

    moves = machine_of(None)
    models: dict[Any, Any] = {}
    model: Any
    for one in events:
        model = models.get(one.customer_id)
        if model is None:
            model = models[one.customer_id] = Customer()
            if shared:
                moves.add_model(model)
            else:
                machine_of(model)
        while model.due is not None and model.due <= one.at:
            model.deadline()
        model.activity(one)
    for model in models.values():
        while model.due is not None and model.due <= END:
            model.deadline()
    return {who: model.state for who, model in models.items()}


def final(population: Population) -> dict[Any, str]:
    """Return the final stage of every customer."""
    stages = population.states().stage.tolist()
    pairs = zip(population.ids.tolist(), stages, strict=True)
    return {who: str(STAGES[code]) for who, code in pairs}


def main() -> None:
    """Check that all are equal, then time them in turns."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--steps", type=int, default=100_000, help="events of the scalar candidates"
    )
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(machine("numpy", "transitions"), "\n")

    few, log = records(asked.steps, asked.seed), columns(asked.rows, asked.seed)
    same = stepped(few)
    whole = final(replay_log(columns(asked.steps, asked.seed), POLICY))
    if (
        not same
        == whole
        == with_transitions(few, shared=True)
        == with_transitions(few, shared=False)
    ):
        raise SystemExit("the candidates disagree")
    works = {
        "step": partial(stepped, few),
        "transitions": partial(with_transitions, few, shared=True),
        "transitions, a machine a customer": partial(with_transitions, few, shared=False),
    }
    print(f"{asked.steps:,} events, one at a time\n")
    times = interleave(works, asked.repetitions)
    print(compared(times, "step", asked.steps), "\n")

    policies = {
        "Inactivity": POLICY,
        "Latency": LifecyclePolicy(
            qualifies=POLICY.qualifies, clock=Latency(quantile=0.9, fallback=LAPSE), **FIXED
        ),
        "Contract": LifecyclePolicy(
            clock=Contract(term=60 * DAY), events={"purchase": "renew"}, **FIXED
        ),
    }
    population = replay_log(log, POLICY)
    daily = partial(population.counts, period="day", calendar=Calendar("UTC"))
    replays: dict[str, Any] = {n: partial(replay_log, log, p) for n, p in policies.items()}
    columnar = interleave(
        {**replays, "step": works["step"], "730 daily stocks": daily}, asked.repetitions
    )
    # the steps are of fewer events: what they would take for all
    columnar["step"] = columnar["step"].scaled(asked.rows / asked.steps)
    print(f"{asked.rows:,} events at once; the steps scaled up from {asked.steps:,}\n")
    print(compared(columnar, "Inactivity", asked.rows))


if __name__ == "__main__":
    main()
