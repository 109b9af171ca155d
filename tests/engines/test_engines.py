"""What is asked of an engine beside the numbers: ties, rows set aside, crowds, refusals, rows."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from customerops import InteractionLog, InvalidInputError, lifecycle, metrics
from customerops.engines import Reduced
from customerops.model import const, kind
from customerops.model.values.columns import Coded
from tests.engines.conftest import QUIET, Engine, needs_an_engine
from tests.engines.crowd import LOG, crowd, events_of, here, people_of
from tests.surface.registry import POLICY

needs_an_engine()
pytestmark = pytest.mark.filterwarnings(QUIET)

UTC = dt.UTC
NOON = pd.Timestamp("2026-03-01 12:00", tz=UTC)
AS_OF = dt.datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
PLAIN: dict[str, Any] = {"customer_id": "user", "at": "ts", "kind": "event", "tz": UTC}
ACTIVE = partial(metrics.active_customers, activity="use", period="month")


def rows(*given: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(given, columns=["user", "ts", "event", "n"]).astype(
        {"ts": "datetime64[us, UTC]", "n": "int64"}
    )


FEW = rows(("a", NOON, "use", 1), ("b", NOON, "use", 2), ("a", NOON, "buy", 3))


def last_kind(log: InteractionLog) -> Counter[str]:
    """Count customers by the kind of their last event: ties matter."""
    return Counter(log.kinds[i] for i in log.kind[log.offsets[1:] - 1].tolist())


# ------------------------------------------------------------------ reduce


def test_one_statistic(engine: Engine) -> None:
    table = engine.reduce(
        engine.frame(FEW),
        metrics.active_customers,
        activity="use",
        period="month",
        log=PLAIN,
        as_of=AS_OF,
    )
    assert table.customers.tolist() == [2]
    assert table == ACTIVE(here(FEW, **PLAIN), as_of=AS_OF)


def test_arguments_by_place(engine: Engine) -> None:
    frame = engine.frame(events_of(crowd(4)))
    got = engine.reduce(frame, lifecycle.replay_log, POLICY, log=LOG, as_of=crowd(4).as_of)
    assert got == lifecycle.replay_log(here(events_of(crowd(4))), POLICY, as_of=crowd(4).as_of)


def test_nobody(engine: Engine) -> None:
    nobody = FEW.iloc[:0]
    reduced = engine.reduce_all(engine.frame(nobody), {"a": ACTIVE}, log=PLAIN, as_of=AS_OF)
    assert reduced["a"] == ACTIVE(here(nobody, **PLAIN), as_of=AS_OF)
    assert (reduced.events, reduced.customers) == (0, 0)


def test_more_partitions_than_customers(engine: Engine) -> None:
    reduced = engine.reduce_all(engine.frame(FEW), {}, log=PLAIN)
    assert reduced == Reduced(results={}, events=3, customers=2)


def test_ties_keep_the_order_of_the_frame(engine: Engine) -> None:
    rng = np.random.default_rng(1)
    n = 3000
    frame = pd.DataFrame(
        {
            "user": [f"u{i}" for i in rng.integers(0, 400, n)],
            "ts": NOON,
            "event": rng.choice(["use", "buy", "quit"], n),
            "n": rng.permutation(n),
        }
    )
    given = engine.reduce(engine.frame(frame), last_kind, log=PLAIN)
    assert given == last_kind(here(frame, **PLAIN))
    by_n = engine.reduce(engine.frame(frame), last_kind, log=PLAIN, sequence="n")
    assert by_n == last_kind(here(frame.sort_values("n"), **PLAIN))
    assert by_n != given


def test_what_the_log_needs_is_read(engine: Engine) -> None:
    cost: Any = [Decimal("1.50"), None, Decimal("7.25")]
    plan: Any = ["x", "y", None]
    frame = FEW.assign(cost=cost, money="EUR", plan=plan)
    log = PLAIN | {
        "kind": const("buy"),
        "amount": "cost",
        "currency": "money",
        "attributes": {"tariff": "plan"},
        "only": kind("buy"),
    }
    spent = partial(metrics.average_order_value, purchases="buy", period="month")
    got = engine.reduce(engine.frame(frame), spent, log=log, as_of=AS_OF)
    assert got.x.tolist() == [875]
    assert got == spent(here(frame, **log), as_of=AS_OF)


def test_a_lambda_that_prepares(engine: Engine) -> None:
    used = engine.reduce(engine.frame(FEW), len, log=PLAIN, prepare=lambda log: log.where("use"))
    assert used == 2


# ------------------------------------------------------------------ customers


def test_customers_without_events_count_from_when_they_were_created(engine: Engine) -> None:
    people = pd.DataFrame(
        {
            "id": ["a", "c", "d"],
            "created_at": pd.to_datetime(["2026-01-01", "2026-02-01", "2027-01-01"], utc=True),
            "country": ["CN", None, "US"],
            "plan": [None, "pro", None],
        }
    )

    def countries(log: InteractionLog) -> Counter[Any]:
        country, plan = (log.customer_columns[name] for name in ("country", "plan"))
        assert isinstance(country, Coded)
        assert isinstance(plan, Coded)
        pairs = zip(country.codes.tolist(), plan.codes.tolist(), strict=True)
        labels = ((*country.labels, None), (*plan.labels, None))
        return Counter((labels[0][a], labels[1][b]) for a, b in pairs)

    got = engine.reduce(
        engine.frame(FEW), countries, log=PLAIN, as_of=AS_OF, customers=engine.frame(people)
    )
    assert got == {("CN", None): 1, (None, None): 1, (None, "pro"): 1}


def test_ids_of_another_type_are_refused(engine: Engine) -> None:
    people = pd.DataFrame({"id": [1, 2]})
    with pytest.raises(
        InvalidInputError, match=r"^id must be of the type of customer_id: .* in customers"
    ):
        engine.reduce_all(engine.frame(FEW), {}, log=PLAIN, customers=engine.frame(people))


def test_a_repeated_customer_is_refused(engine: Engine) -> None:
    people = pd.DataFrame({"id": ["a", "a"], "country": ["CN", "US"]})
    with pytest.raises(InvalidInputError, match="customers must be one record each: 1 are"):
        engine.reduce_all(engine.frame(FEW), {}, log=PLAIN, customers=engine.frame(people))


# ------------------------------------------------------------------ rows set aside


FAULTY = pd.concat(
    [FEW, rows((None, NOON, "use", 4), ("c", None, "use", 5), ("b", NOON, None, 6))],
    ignore_index=True,
)


def test_rejected_rows_are_counted_by_reason(engine: Engine) -> None:
    log = PLAIN | {"invalid": "collect"}
    reduced = engine.reduce_all(engine.frame(FAULTY), {"a": ACTIVE}, log=log, as_of=AS_OF)
    alone = here(FAULTY, **log)
    assert reduced.rejected == alone.rejected.counts()
    assert sum(reduced.rejected.values()) == 3
    assert (reduced.events, reduced.customers) == (len(alone), alone.n_customers)
    assert reduced["a"] == ACTIVE(alone, as_of=AS_OF)


def test_a_faulty_row_raises_as_it_does_alone(engine: Engine) -> None:
    faulty = pd.concat([FEW, rows(("c", None, "use", 5))], ignore_index=True)
    with pytest.raises(InvalidInputError) as raised:
        engine.reduce_all(engine.frame(faulty), {}, log=PLAIN)
    error = raised.value
    assert (error.name, error.requirement, error.count) == ("at", "must be given", 1)
    assert error.first is None
    assert "in one partition; 1" in str(error)


# ------------------------------------------------------------------ one customer with most events


BOT = pd.concat([FEW, rows(*(("bot", NOON, "use", 9) for _ in range(50)))], ignore_index=True)


def test_more_events_than_a_customer_may_have(engine: Engine) -> None:
    with pytest.raises(
        InvalidInputError,
        match="^customer_id must not have more than 49 events each: 1 customer has more, 50 in all$",
    ):
        engine.reduce_all(engine.frame(BOT), {}, log=PLAIN, most=49)
    assert engine.reduce_all(engine.frame(BOT), {}, log=PLAIN, most=50).events == 53


def test_the_customer_with_most_events_is_set_aside(engine: Engine) -> None:
    people = pd.DataFrame({"id": ["a", "b", "bot"], "country": ["CN", "US", "US"]})
    faulty = pd.concat([BOT, rows((None, NOON, "use", 4))], ignore_index=True)
    reduced = engine.reduce_all(
        engine.frame(faulty),
        {"a": ACTIVE},
        log=PLAIN | {"invalid": "collect"},
        as_of=AS_OF,
        customers=engine.frame(people),
        most=20,
    )
    assert reduced.rejected == {
        "customer_id with more than 20 events": 50,
        "customer_id missing": 1,
    }
    assert (reduced.events, reduced.customers) == (3, 2)
    assert reduced["a"] == ACTIVE(here(FEW, **PLAIN), as_of=AS_OF)


# ------------------------------------------------------------------ rows of customers


def by_id(frame: pd.DataFrame) -> list[list[Any]]:
    """Return the rows sorted, instants in UTC and nothing as None."""
    text = frame.astype(object).where(frame.notna(), None)
    return sorted(text.values.tolist(), key=lambda row: [str(x) for x in row])


def test_rows_of_customers(engine: Engine) -> None:
    world = crowd(5)
    frame = engine.frame(events_of(world))
    got = engine.collect(
        engine.map(frame, lifecycle.replay_log, POLICY, log=LOG, as_of=world.as_of)
    )
    alone = lifecycle.replay_log(here(events_of(world)), POLICY, as_of=world.as_of).to_frame()
    assert list(got.columns) == list(alone.columns)
    if got["at"].dt.tz is None:  # Spark gives the local time of its session
        got["at"] = got["at"].dt.tz_localize(
            frame.sparkSession.conf.get("spark.sql.session.timeZone")
        )
    got["at"] = got["at"].dt.tz_convert("UTC")
    assert by_id(got) == by_id(alone)


@pytest.mark.parametrize("ids", [str, int])
def test_numbers_truths_and_durations(engine: Engine, ids: type) -> None:
    world = crowd(6, ids=ids)

    def features(log: InteractionLog) -> pd.DataFrame:
        frame = metrics.recency_frequency(log, activity="use").to_frame()
        return frame.assign(
            often=frame["events"] > 2, wait=pd.to_timedelta(frame["events"], unit="h")
        )

    got = engine.collect(
        engine.map(
            engine.frame(events_of(world)),
            features,
            log=LOG,
            as_of=world.as_of,
            customers=engine.frame(people_of(world)),
        )
    )
    alone = features(here(events_of(world), world).until(world.as_of))
    assert [got[name].dtype.kind for name in got][1:] == ["f", "i", "i", "i", "b", "m"]
    assert by_id(got) == by_id(alone)


def test_nobody_has_no_rows(engine: Engine) -> None:
    got = engine.collect(
        engine.map(engine.frame(FEW.iloc[:0]), metrics.rfm, log=SPENT, as_of=AS_OF)
    )
    assert list(got.columns) == ["customer_id", "recency", "frequency", "monetary"]
    assert len(got) == 0


SPENT = PLAIN | {"amount": "n", "currency": "EUR"}


def test_rows_are_refused_when_they_are_made(engine: Engine) -> None:
    faulty = pd.concat([FEW, rows(("c", None, "use", 5))], ignore_index=True)
    lazy = engine.map(engine.frame(faulty), metrics.rfm, log=SPENT, as_of=AS_OF)
    with pytest.raises(Exception, match="at must be given: in one partition; 1"):
        engine.collect(lazy)


# ------------------------------------------------------------------ refused before anything runs


@pytest.mark.parametrize("name", ["events", "customers"])
def test_other_frames_are_refused(engine: Engine, name: str) -> None:
    given = {"events": engine.frame(FEW), "customers": None} | {name: FEW}
    message = f"^{name} must be a {engine.name.capitalize()} DataFrame: got DataFrame$"
    with pytest.raises(InvalidInputError, match=message):
        engine.reduce_all(functions={}, log=PLAIN, **given)


def test_a_wrong_call_is_refused_before_anything_runs(engine: Engine) -> None:
    frame = engine.frame(FEW)
    for call, message in (
        ({"as_of": None}, "^as_of must be given: the log has none"),
        ({"log": PLAIN | {"customer_id": "usr"}}, "^customer_id must name a column .* 'user'"),
        (
            {"functions": {"ids": lambda log: log.customers}},
            "^ids must be a function whose results",
        ),
    ):
        given = {"functions": {"a": ACTIVE}, "log": PLAIN, "as_of": AS_OF} | call
        with pytest.raises(InvalidInputError, match=message):
            engine.reduce_all(frame, **given)
