"""What one decision costs: a customer nothing is for, a plain one, and one with every question.

Run by hand: ``python tests/benchmarks/bench_playbook.py [repetitions]``. Microseconds a decision,
the median of turns with the extremes beside it.
"""

import datetime as dt
import sys
from collections.abc import Callable

from customerops.lifecycle import (
    WAKE,
    Action,
    Cap,
    Holdout,
    Offer,
    Personalisation,
    Playbook,
    QuietHours,
    State,
    decide,
)
from customerops.lifecycle.policy.stages import Stage
from customerops.model import Consent, Customer, Interaction
from tests.benchmarks.harness import interleave, markdown

NOW = dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ROUNDS = 2000
ANN = Customer(id="c-9", timezone="Asia/Shanghai")
CONSENTS = [
    Consent(customer_id="c-9", purpose="marketing", status="granted", at=NOW - 99 * DAY),
    Consent(
        customer_id="c-9",
        purpose="marketing",
        channel="wecom",
        status="withdrawn",
        at=NOW - 9 * DAY,
    ),
]
CONTACTS = [
    Interaction(
        customer_id="c-9", at=NOW - n * DAY, kind="send", direction="outbound", channel=channel
    )
    for n, channel in ((1, "sms"), (2, "sms"), (3, "email"), (9, "sms"), (20, "sms"))
]
PLAIN = Playbook(
    key="plain",
    tz="UTC",
    actions=(Action(key="wake", when=WAKE, purpose="marketing", channels=("sms", "email")),),
    caps=(Cap(limit=3, window=7 * DAY, channel="sms"),),
    quiet_hours=(QuietHours("22:00", "08:00"),),
)
RICH = Playbook(
    key="rich",
    tz="UTC",
    actions=tuple(
        Action(
            key=f"a{n}",
            when=WAKE,
            purpose="marketing",
            channels=("wecom", "sms", "email"),
            cool_down=14 * DAY,
            offer=Offer(key="gift"),
            personalisation=Personalisation(explanation="chosen by what you bought last"),
        )
        for n in range(5)
    ),
    caps=(Cap(limit=3, window=7 * DAY, channel="sms"), Cap(limit=5, window=7 * DAY)),
    quiet_hours=(QuietHours("22:00", "08:00"),),
    holdout=Holdout(key="2026", share=0.05),
)


def work(playbook: Playbook, stage: Stage) -> Callable[[], object]:
    """Return a run of decisions."""
    state = State(policy="0123456789abcdef", stage=stage, since=NOW - 9 * DAY, lives=1)

    def run() -> None:
        for _ in range(ROUNDS):
            decide(
                playbook,
                ANN,
                state,
                segments={"vip"},
                consents=CONSENTS,
                contacts=CONTACTS,
                complaints=(),
                as_of=NOW,
            )

    return run


def main(repetitions: int) -> None:
    """Print the table."""
    times = interleave(
        {
            "nothing is for the customer": work(PLAIN, Stage.RETAINED),
            "1 action by 2 channels": work(PLAIN, Stage.LAPSED),
            "5 personalised actions by 3 channels, 2 allowed": work(RICH, Stage.LAPSED),
        },
        repetitions,
    )
    rows = [(name, each.scaled(1e6 / ROUNDS).spread(0)) for name, each in times.items()]
    print(markdown(("decision", "µs"), rows))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
