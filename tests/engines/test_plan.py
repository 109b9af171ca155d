"""What is settled before an engine starts, and what one partition does, without any engine."""

import datetime as dt
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from customerops import InteractionLog, InvalidInputError, TransitionError, metrics
from customerops.engines import Reduced, from_bytes, to_bytes
from customerops.engines import plan as shared
from customerops.model import Calendar, const, kind
from tests.engines.crowd import LOG, crowd, events_of
from tests.surface.registry import ENTRIES

UTC = dt.UTC
AS_OF = dt.datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
NAMES = ["user", "ts", "event", "n"]
PLAIN: dict[str, Any] = {"customer_id": "user", "at": "ts", "kind": "event", "tz": UTC}
ACTIVE = partial(metrics.active_customers, activity="use", period="month")
FRAME = pd.DataFrame(
    {
        "user": ["a", "b", "a"],
        "ts": pd.Timestamp("2026-03-01 12:00", tz=UTC),
        "event": ["use", "use", "buy"],
        "n": [1, 2, 3],
    }
)


def settled(log: object = PLAIN, **given: Any) -> shared.Plan:
    options = {"as_of": AS_OF, "prepare": None, "sequence": None, "most": None, "people": None}
    return shared.plan(NAMES, log, **(options | given))


# ------------------------------------------------------------------ the call


def test_only_the_columns_that_a_log_needs_travel() -> None:
    assert settled().columns == ("user", "ts", "event")
    assert settled(sequence="n").columns == ("user", "ts", "event", "n")
    assert settled(PLAIN | {"kind": const("use")}).columns == ("user", "ts")
    assert settled(PLAIN | {"attributes": {"plan": "n"}}).columns == tuple(NAMES)
    priced = PLAIN | {"amount": "n", "currency": "event", "kind": const("buy")}
    assert settled(priced).columns == tuple(NAMES)
    assert settled(PLAIN | {"amount": "n", "currency": "EUR"}).columns == tuple(NAMES)


def test_who_numbers_the_rows() -> None:
    assert (settled().numbered, settled().sequence) == (True, shared.SEQUENCE)
    assert (settled(sequence="n").numbered, settled(sequence="n").sequence) == (False, "n")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"log": PLAIN | {"customer_id": "usr"}}, "^customer_id must name a column of the frame: got 'usr', did you mean 'user'"),
        ({"log": PLAIN | {"chanel": "n"}}, "^option must be one of a log: got 'chanel'"),
        ({"log": {"at": "ts"}}, r"^log must map at least customer_id, at, kind to columns: got \['at'\]"),
        ({"log": "user"}, "^log must map at least .*: got str"),
        ({"log": PLAIN | {"threads": 2}}, "^threads must be left out on a cluster: every partition"),
        ({"log": PLAIN | {"row": True}}, "^row must be left out on a cluster: a position"),
        ({"log": PLAIN | {"kind": ["use"]}}, "^kind must name a column, or be a const: got list"),
        ({"log": PLAIN | {"customer_id": const("a")}}, "^customer_id must name a column: got const"),
        ({"sequence": "m"}, "^sequence must name a column of the frame: got 'm'"),
        ({"most": 0}, "^most must be at least 1"),
        ({"prepare": "by_thread"}, "^prepare must be a function of a log: got str"),
        ({"people": ["ids"]}, r"^customers must have the column 'id': got \['ids'\], did you mean 'ids'"),
        ({"people": ["id", "tags", "identifiers"]}, r"^customers must have columns of single values: got \['tags', 'identifiers'\]"),
    ],
)  # fmt: skip
def test_refused(call: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        settled(**call)


@pytest.mark.parametrize(
    ("functions", "message"),
    [([ACTIVE], "got list"), ({"a": 1}, "not all can be called"), (len, "got builtin")],
)
def test_functions_have_names(functions: object, message: str) -> None:
    required = "^functions must map names to functions of a log: "
    with pytest.raises(InvalidInputError, match=required + message):
        shared.named(functions)


def test_one_function_with_its_options() -> None:
    def three(log: Any, one: int, *, two: int) -> tuple[Any, int, int]:
        return log, one, two

    assert shared.single({}, three, (1,), {"two": 2})["function"]("log") == ("log", 1, 2)
    with pytest.raises(InvalidInputError, match="^function must be a function of a log: got str"):
        shared.single({}, "retention", (), {})
    with pytest.raises(
        InvalidInputError, match="^invalid must be 'raise' in reduce: .* reduce_all"
    ):
        shared.single({"invalid": "collect"}, len, (), {})


# ------------------------------------------------------------------ the rehearsal


def rehearsed(functions: dict[str, Any], log: dict[str, Any] = PLAIN, **given: Any) -> Reduced:
    return shared.rehearse(settled(log, **given), functions, FRAME.iloc[:0])


def test_nobody_is_what_sums_begin_with() -> None:
    nobody = rehearsed({"a": ACTIVE, "n": len})
    assert (nobody["n"], nobody.events, nobody.customers) == (0, 0, 0)
    assert nobody["a"] == ACTIVE(InteractionLog.from_frame(FRAME.iloc[:0], **PLAIN), as_of=AS_OF)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"as_of": None}, "^as_of must be given: the log has none"),
        ({"as_of": "today"}, "^as_of must be a datetime: got str"),
        ({"log": PLAIN | {"tz": None}}, "^calendar must be given"),
    ],
)
def test_what_a_function_lacks(call: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        rehearsed({"a": ACTIVE}, **call)


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda log: log.customers, "ndarray"),
        (lambda log: (ACTIVE(log), len(log)), "tuple"),
        (lambda _: {"a": 1}, "dict"),
        (lambda _: None, "NoneType"),
        (lambda _: np.nan, "float"),
        (lambda _: 1, "int"),
    ],
)
def test_what_does_not_add(function: Any, got: str) -> None:
    message = f"^odd must be a function whose results add over customers: {got} does not; reduce"
    with pytest.raises(InvalidInputError, match=message):
        rehearsed({"a": ACTIVE, "odd": function})


@pytest.mark.parametrize(
    "entry", [x for x in ENTRIES if not x.adds and x.data == "log"], ids=lambda x: x.name
)
def test_what_the_registry_says_does_not_add(entry: Any) -> None:
    world = crowd(7)
    events = events_of(world)
    plan = shared.plan(
        events.columns.tolist(),
        LOG,
        as_of=world.as_of,
        prepare=None,
        sequence=None,
        most=None,
        people=None,
    )
    one = shared.bound(entry.function, (), world.resolve(entry.options))
    with pytest.raises(InvalidInputError):
        shared.rehearse(plan, {"function": one}, events.iloc[:0])


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (ACTIVE, "^function must return rows of customers: there is no customer_id among .*; a table"),
        (len, "^function must return a result or a frame: got int"),
        (lambda _: pd.DataFrame({"id": []}), r"^function must return rows .* among \['id'\]"),
    ],
)  # fmt: skip
def test_what_has_no_rows_of_customers(function: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        shared.rehearse_rows(settled(), function, FRAME.iloc[:0])


def test_rows_have_no_place_for_rejected_ones() -> None:
    with pytest.raises(InvalidInputError, match="^invalid must be 'raise' in map: .* reduce_all"):
        shared.rehearse_rows(settled(PLAIN | {"invalid": "collect"}), metrics.rfm, FRAME.iloc[:0])


# ------------------------------------------------------------------ a partition


def test_one_log_for_all_functions() -> None:
    seen: list[InteractionLog] = []

    def look(log: InteractionLog) -> int:
        seen.append(log)
        return 0

    shared.part(settled(), {"one": look, "two": look}, FRAME)
    assert seen[0] is seen[1]
    assert seen[0].as_of is not None


def test_what_is_prepared_is_known() -> None:
    late = FRAME.assign(ts=[AS_OF, AS_OF, AS_OF + dt.timedelta(days=1)])
    plan = settled(prepare=lambda log: len(log) + 10)
    reduced = shared.part(plan, {"n": lambda known: known}, late)
    assert (reduced["n"], reduced.events) == (
        12,
        3,
    )  # the log has all, the functions what is known


def test_the_calendar_travels() -> None:
    log = PLAIN | {"tz": None, "calendar": Calendar("Asia/Shanghai")}
    assert settled(log).log_of(FRAME, ()).calendar == Calendar("Asia/Shanghai")


def test_people_of_fields_and_attributes() -> None:
    plan = settled(people=["id", "country", "plan", "size"])
    people = [{"id": "a", "country": "CN", "plan": None, "size": 3}]
    log = plan.log_of(FRAME, people)
    assert log.customer_columns["country"].labels == ("CN",)  # type: ignore[union-attr]
    assert log.customer_columns["plan"].labels == ()  # type: ignore[union-attr]
    assert log.customer_columns["size"].labels == (3,)  # type: ignore[union-attr]


def test_parts_add_and_refusals_come_through() -> None:
    plan = settled()
    a, b = (shared.packed(plan, {"n": len}, FRAME[FRAME["user"] == who]) for who in "ab")
    neutral = shared.rehearse(plan, {"n": len}, FRAME.iloc[:0])
    reduced = shared.total(neutral, [shared.combined([a, b])], {"aside": 4})
    expected = Reduced(results={"n": 3}, events=3, customers=2, rejected={"aside": 4})
    assert reduced == expected
    assert shared.total(neutral, [], {}) == neutral
    faulty = shared.packed(plan, {"n": len}, FRAME.assign(event=pd.Series(["use", None, None])))
    with pytest.raises(InvalidInputError) as raised:
        shared.total(neutral, [shared.combined([a, faulty])], {})
    message = "kind must be given: in one partition; 2 of 3 rows are not"
    assert str(raised.value) == message


def test_what_differs_between_parts_is_refused_by_name() -> None:
    def priced(code: str) -> bytes:
        log = PLAIN | {"amount": "n", "currency": code, "kind": const("purchase")}
        spent = partial(metrics.spend_per_buyer, period="month")
        return shared.packed(settled(log), {"spent": spent}, FRAME)

    error = from_bytes(shared.combined([priced("EUR"), priced("USD")]))
    assert isinstance(error, InvalidInputError)
    assert error.name == "currency"


def test_refusals_of_a_part() -> None:
    def late(log: InteractionLog) -> int:
        raise TransitionError("too late")

    def odd(log: InteractionLog) -> int:
        raise InvalidInputError("n", "must be even", "got odd", count=1, total=3, first=2)

    error = from_bytes(shared.packed(settled(), {"late": late}, FRAME))
    assert (type(error), str(error)) == (TransitionError, "too late")
    error = from_bytes(shared.packed(settled(), {"odd": odd}, FRAME))
    assert str(error) == "n must be even: got odd; in one partition; 1 of 3 rows is not"
    with pytest.raises(InvalidInputError, match="^n must be even: got odd; in one partition; 1"):
        shared.rows_of(settled(), odd, FRAME)
    assert to_bytes(error) == shared.combined([to_bytes(error)])


def test_faults_of_a_program_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        shared.packed(settled(), {"n": lambda _: 1 // 0}, FRAME)


def test_too_many_events_of_one_customer() -> None:
    plan = settled(most=9)
    assert shared.too_many(plan, 0, 0) == {}
    with pytest.raises(
        InvalidInputError, match=r"more than 9 events each: 1 customer has more, 11 in all$"
    ):
        shared.too_many(plan, 1, 11)
    with pytest.raises(InvalidInputError, match=r": 2 customers have more, 21 in all$"):
        shared.too_many(plan, 2, 21)
    collecting = settled(PLAIN | {"invalid": "collect"}, most=9)
    assert shared.too_many(collecting, 2, 21) == {"customer_id with more than 9 events": 21}
    assert shared.too_many(collecting, 0, 0) == {}


def test_rules_travel() -> None:
    plan = settled(PLAIN | {"only": kind("use")})
    assert len(from_bytes(to_bytes(plan)).log_of(FRAME, ())) == 2
