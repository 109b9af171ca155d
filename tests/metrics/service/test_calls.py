"""Contacts answered in time, handled, contained: published, by hand, and read one by one."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.metrics import answer_rate, containment_rate, handling_time
from customerops.model import Calendar, Customer, Interaction, InteractionLog, Window, kind, value
from tests.reference import calls as slow

SECOND, MINUTE, DAY = (dt.timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "days"))
US = dt.timedelta(microseconds=1)
NINE = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
CALLS: dict[str, Any] = {"answers": "answer", "abandons": "hang_up", "target": 20 * SECOND}


def log_of(seen: Iterable[Interaction], as_of: dt.datetime = NINE + DAY) -> InteractionLog:
    log = InteractionLog.from_interactions(seen, calendar=Calendar("UTC"))
    return log.until(as_of).by_thread()


def calls(*rows: tuple[str, str | None, float]) -> list[Interaction]:
    """Return calls offered at nine, and how each ended, after how many seconds."""
    seen = []
    for i, (who, how, seconds) in enumerate(rows):
        seen.append(Interaction(customer_id=who, kind="call", at=NINE, thread_id=str(i)))
        if how is not None:
            at = NINE + seconds * SECOND
            seen.append(Interaction(customer_id=who, kind=how, at=at, thread_id=str(i)))
    return seen


# ICMI, "Service level calculations" (2002): 1,000 calls answered, 860 of them within 20 seconds;
# 60 abandoned, 20 of them within 20 seconds and of those 10 within 5.
ICMI = calls(
    *((f"a{i}", "answer", 20 if i < 860 else 21) for i in range(1000)),
    *((f"b{i}", "hang_up", 5 if i < 10 else 20 if i < 20 else 21) for i in range(60)),
)


@pytest.mark.parametrize(
    ("definition", "short", "met", "of", "percent"),
    [
        ("short_met", 20 * SECOND, 880, 1060, 83),  # formula 1
        ("answered", None, 860, 1000, 86),  # formula 2
        ("offered", None, 860, 1060, 81),  # formula 3
        ("short_out", 20 * SECOND, 860, 1040, 83),  # formula 4
        ("short_met", 5 * SECOND, 870, 1060, 82),  # formula 5
    ],
    ids=[f"formula {n}" for n in range(1, 6)],
)
def test_five_published_formulas(
    definition: Any, short: dt.timedelta | None, met: int, of: int, percent: int
) -> None:
    level = answer_rate(log_of(ICMI), definition=definition, short=short, **CALLS)
    assert (level.met, level.y, level.excluded) == (met, of, 0)
    assert round(100 * level.value) == percent


DEFINITIONS: Any = ("answered", "offered", "short_out", "short_met")


@pytest.mark.parametrize(
    ("definition", "parts"),
    [*zip(DEFINITIONS, [(1, 2, 2), (1, 4, 1), (1, 3, 1), (2, 4, 1)], strict=True)],
    ids=DEFINITIONS,
)
@pytest.mark.parametrize("waited", [20, 20.000001])
def test_by_hand(definition: Any, parts: tuple[int, int, int], waited: float) -> None:
    rows = (
        ("a", "answer", 20),  # in time, exactly
        ("a", "answer", 20.000001),
        ("b", "hang_up", 5),
        ("b", "hang_up", 6),
        ("c", None, 0),  # waits
    )
    short = 5 * SECOND if definition.startswith("short") else None
    now = NINE + waited * SECOND
    level = answer_rate(log_of(calls(*rows), now), definition=definition, short=short, **CALLS)
    met, of, waiting = parts
    if waited == 20:  # nobody knows of the second yet
        waiting, of = waiting + (definition != "answered"), of - 1
    elif definition != "answered":  # too late
        waiting, of = waiting - 1, of + 1
    else:
        waiting -= 1
    assert (level.met, level.y, level.excluded) == (met, of, waiting)


def test_who_may_still_hang_up_in_time_to_be_left_out_is_not_missed_yet() -> None:
    ask: dict[str, Any] = {"definition": "short_out", "short": 60 * SECOND, **CALLS}
    waiting = calls(("a", None, 0))
    level = answer_rate(log_of(waiting, NINE + 60 * SECOND), **ask)
    assert (level.y, level.excluded) == (0, 1)
    level = answer_rate(log_of(waiting, NINE + 60 * SECOND + US), **ask)
    assert (level.met, level.y, level.excluded) == (0, 1, 0)


def test_what_came_first_counts() -> None:
    rows = [
        Interaction(customer_id="a", kind=what, at=NINE + after * SECOND, thread_id="1")
        for what, after in (
            ("answer", 0),  # before it was offered
            ("call", 0),
            ("hang_up", 3),
            ("answer", 3),
            ("call", 4),  # of each thread the first
        )
    ]
    level = answer_rate(log_of(rows), definition="offered", **CALLS)
    assert (level.met, level.y) == (0, 1)
    days = answer_rate(log_of(rows), definition="offered", period="day", **CALLS)
    assert np.array_equal(days.value, [0.0, np.nan], equal_nan=True)
    none = Window(NINE + SECOND, NINE + DAY)
    assert answer_rate(log_of(rows), definition="offered", over=none, **CALLS).y == 0
    assert math.isnan(answer_rate(log_of([]), definition="offered", **CALLS).value)


def test_handling_by_hand() -> None:
    seen = [
        Interaction(customer_id=who, kind=what, at=NINE + after, thread_id=thread, value=length)
        for who, thread, what, after, length in (
            ("a", "1", "talk", 0 * DAY, 90.5),
            ("a", "1", "hold", 0 * DAY, 29.5),
            ("a", "1", "wrap", 40 * DAY, 60),  # counts where the contact was begun
            ("a", "2", "talk", 1 * DAY, 0),
            ("b", "3", "talk", 1 * DAY, 60),
            ("b", "4", "call", 1 * DAY, None),  # nobody handled it
        )
    ]
    known, work = log_of(seen, NINE + 60 * DAY), {"talk", "hold", "wrap"}
    mean = handling_time(known, work=work)
    assert (mean.value, mean.y, mean.n) == (pytest.approx(4 / 3), 3, 2)
    hours = handling_time(known, work=work, counts=MINUTE, unit=60 * MINUTE, period="month")
    assert hours.value[0] == pytest.approx(80 / 60)
    assert hours.y.tolist() == [3, 0, 0]
    people = [Customer(id=w, country=c) for w, c in (("a", "DE"), ("b", "FR"))]
    seen_by = InteractionLog.from_interactions(seen, calendar=Calendar("UTC"))
    by = handling_time(
        seen_by.with_customers(people).until(NINE + 60 * DAY).by_thread(), work=work, by="country"
    )
    assert by.value.tolist() == [1.5, 1.0]


def test_containment_by_hand() -> None:
    rows: Any = (
        ("a", "1", "message", 0 * DAY, "human"),  # before the bot
        ("a", "1", "message", 0 * DAY, "bot"),
        ("a", "1", "message", 1 * DAY, "human"),  # after the time
        ("a", "2", "message", 0 * DAY, "bot"),
        ("a", "2", "message", 1 * DAY - US, "human"),
        ("a", "2", "case_resolve", 1 * DAY - US, None),
        ("b", "3", "message", 0 * DAY, "bot"),
        ("b", "3", "case_resolve", 1 * MINUTE, "system"),
        ("b", "4", "message", 0 * DAY, "human"),  # no bot
        ("b", "5", "message", 9 * DAY, "bot"),
    )
    seen = [
        Interaction(
            customer_id=who, kind=what, at=NINE + after, thread_id=thread, actor_kind=actor
        )
        for who, thread, what, after, actor in rows
    ]
    known = log_of(seen, NINE + 10 * DAY - 2 * US)
    rate = containment_rate(known, definition="contained", within=DAY)
    assert (rate.x, rate.y, rate.pending) == (2, 3, 1)
    rate = containment_rate(
        known, definition="resolved", within=DAY, resolves="case_resolve", period="day"
    )
    assert [int(rate.x.sum()), int(rate.y.sum())] == [1, 3]
    assert rate.complete.tolist() == [True] * 9 + [False, False]
    swapped = containment_rate(
        known, definition="contained", within=DAY, bots="case_resolve", humans="call"
    )
    assert (swapped.x, swapped.y) == (2, 2)
    later = log_of(seen, NINE + 10 * DAY - US)
    assert containment_rate(later, definition="contained", within=DAY).pending == 0


# -- one by one -----------------------------------------------------------------------------------


ACTORS: Any = ("bot", "human", "system", None)


def draw(seed: int) -> tuple[list[Interaction], dt.datetime]:
    """Draw a few threads a customer on a grid, so that ties are common; none, one, or many."""
    rng = random.Random(seed)
    kinds = ("case_open", "case_open", "case_reply", "case_resolve", "call")
    seen = [
        Interaction(
            customer_id=f"c{who}",
            kind=rng.choice(kinds),
            at=NINE + rng.randrange(90) * SECOND,
            thread_id=rng.choice(["1", "2", "3", None]),
            actor_kind=rng.choice(ACTORS),
            value=rng.choice([None, None, 0.0, 7.25, 600.0]),
        )
        for who in range([200, 200, 1, 0][seed])
        for _ in range(rng.randint(1, 14))
    ]
    return seen, NINE + rng.randrange(60, 90) * SECOND


def sums(rows: Iterable[slow.Row]) -> dict[str, int]:
    per: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    pending = 0
    for who, _, hit, settled in rows:
        pending += not settled
        per[who][0] += hit and settled
        per[who][1] += settled
    pairs = [(x, y) for x, y in per.values() if x or y]
    return {
        "n": len(pairs),
        "x": sum(x for x, _ in pairs),
        "y": sum(y for _, y in pairs),
        "xx": sum(x * x for x, _ in pairs),
        "yy": sum(y * y for _, y in pairs),
        "xy": sum(x * y for x, y in pairs),
        "pending": pending,
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("definition", DEFINITIONS)
@pytest.mark.parametrize("short", [3, 12, 40])
def test_answers_one_by_one(seed: int, definition: Any, short: int) -> None:
    seen, as_of = draw(seed)
    soon = short * SECOND if definition.startswith("short") else None
    ask: dict[str, Any] = {"definition": definition, "target": 12 * SECOND, "short": soon}
    level = answer_rate(
        log_of(seen, as_of),
        offered="case_open",
        answers="case_reply",
        abandons="case_resolve",
        **ask,
    )
    expected = sums(slow.answered(seen, **ask, as_of=as_of))
    assert {name: int(level.parts[name]) for name in expected} == expected


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("resolves", [None, "case_resolve"])
@pytest.mark.parametrize("within", [5, 30])
def test_containment_one_by_one(seed: int, resolves: str | None, within: int) -> None:
    seen, as_of = draw(seed)
    rate = containment_rate(
        log_of(seen, as_of),
        definition="resolved" if resolves else "contained",
        resolves=resolves,
        within=within * SECOND,
    )
    rows = slow.contained(seen, within=within * SECOND, resolved=resolves is not None, as_of=as_of)
    expected = sums(rows)
    assert {name: int(rate.parts[name]) for name in expected} == expected


@pytest.mark.parametrize("seed", range(4))
def test_handling_one_by_one(seed: int) -> None:
    seen, as_of = draw(seed)
    rows = slow.worked(seen, as_of=as_of)
    mean = handling_time(log_of(seen, as_of), work=value >= 0)
    assert mean.y == len(rows)
    if rows:
        total = sum((length for *_, length in rows), Fraction(0))
        assert mean.value == pytest.approx(float(total / len(rows) / 60), rel=1e-12)
    else:
        assert math.isnan(mean.value)


LOG = log_of(calls(("a", "answer", 3)))
BAD: Any = 7
ASK: dict[str, Any] = {"definition": "offered", **CALLS}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: answer_rate(LOG, **{**ASK, "definition": "x"}), "definition must be one of"),
        (lambda: answer_rate(LOG, **{**ASK, "definition": "short_out"}), "short must be given"),
        (lambda: answer_rate(LOG, **ASK, short=SECOND), "short must be left out"),
        (
            lambda: answer_rate(LOG, **{**ASK, "definition": "short_met"}, short=0 * SECOND),
            "short must be longer than zero",
        ),
        (lambda: answer_rate(LOG, **{**ASK, "target": BAD}), "target must be a timedelta"),
        (lambda: answer_rate(LOG, **{**ASK, "answers": BAD}), "answers must"),
        (lambda: answer_rate(LOG, **{**ASK, "abandons": BAD}), "abandons must"),
        (lambda: answer_rate(LOG, **ASK, offered=BAD), "offered must"),
        (lambda: handling_time(LOG, work=BAD), "work must"),
        (
            lambda: handling_time(LOG, work={"call", "answer"}),
            r"work must have values that are not negative: 2 of 2",
        ),
        (
            lambda: handling_time(
                log_of([Interaction(customer_id="a", kind="x", at=NINE, thread_id=1, value=-1)]),
                work="x",
            ),
            "work must have values that are not negative: the row is not",
        ),
        (lambda: handling_time(LOG, work=kind("x"), counts=0 * DAY), "counts must be longer"),
        (lambda: handling_time(LOG, work=kind("x"), unit=BAD), "unit must be a timedelta"),
        (
            lambda: containment_rate(LOG, definition=BAD, within=DAY),
            "definition must be one of",
        ),
        (
            lambda: containment_rate(LOG, definition="resolved", within=DAY),
            "resolves must be given: definition is 'resolved'",
        ),
        (
            lambda: containment_rate(LOG, definition="contained", within=DAY, resolves="x"),
            "resolves must be left out: definition is 'contained'",
        ),
        (
            lambda: containment_rate(LOG, definition="contained", within=BAD),
            "within must be a timedelta",
        ),
        (
            lambda: containment_rate(LOG, definition="contained", within=DAY, bots=BAD),
            "bots must",
        ),
        (
            lambda: containment_rate(LOG, definition="contained", within=DAY, humans=BAD),
            "humans must",
        ),
        (
            lambda: containment_rate(LOG, definition="resolved", within=DAY, resolves=BAD),
            "resolves must be a rule",
        ),
    ],
    ids=range(20),
)
def test_refusals(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
