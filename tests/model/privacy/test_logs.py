"""Erasure from a log, its ledger, and export: nothing left, totals reconciled, all told."""

import datetime as dt
import json
import pickle
import uuid
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops import InteractionLog, metrics
from customerops.errors import InvalidInputError
from customerops.model import (
    Consent,
    Customer,
    ErasureLedger,
    Identifier,
    Interaction,
    Item,
    LegalHold,
    Money,
    Table,
    attribute,
    erase,
    erase_from_log,
    export_subject,
    inactivity_spells,
    kind,
)

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
AT = START + dt.timedelta(days=200)
WHO = "id-TAINT"
KEY = "a key that is kept elsewhere"
TAX = LegalHold(
    name="tax",
    article="AO § 147",
    records=frozenset({"Interaction"}),
    kinds=frozenset({"purchase-TAINT"}),
    keep_for=dt.timedelta(days=3000),
)


def day(n: int) -> dt.datetime:
    return START + n * dt.timedelta(days=1)


def visit(who: Any, n: int, **rest: Any) -> Interaction:
    return Interaction(
        **{"id": f"{who}/{n}", "customer_id": who, "at": day(n), "kind": "visit", **rest}
    )


def events() -> list[Interaction]:
    price = Money("12.50", "EUR")
    return [
        visit(WHO, 1, channel="channel-TAINT", name="page-TAINT", campaign_id="campaign-TAINT"),
        visit(WHO, 2, kind="purchase-TAINT", amount=price, items=(Item(sku="sku-TAINT", category="category-TAINT", unit_price=price),)),
        visit(WHO, 3, outcome="outcome-TAINT", thread_id="thread-TAINT", attributes={"note": "note-TAINT"}),
        visit("c-1", 1, actor_id=WHO, attributes={"referrer": WHO}),
        visit("c-1", 2, kind="purchase", amount=price, items=(Item(sku="ink"),)),
        visit("c-2", 4, channel="web", attributes={"note": "short"}),
    ]  # fmt: skip


def people() -> list[Customer]:
    return [
        Customer(id=WHO, country="country-TAINT", attributes={"name": "name-TAINT"}),
        Customer(id="c-1", country="DE", account_id=WHO, owner_id=WHO, attributes={"by": WHO}),
        Customer(id="c-2", country="CN", account_id="acme"),
    ]


def full() -> InteractionLog:
    return InteractionLog.from_interactions(events()).with_customers(people())


def told(log: InteractionLog) -> str:
    """Return all that a log says in any form, to the bytes of its pickle."""
    said = [repr(log), log._repr_html_(), log.to_frame().to_csv(), repr(list(log.interactions()))]
    said += [repr(column) for column in (*log.columns.values(), *log.customer_columns.values())]
    said += [str(one.labels) for one in (*log.columns.values(), *log.customer_columns.values()) if hasattr(one, "labels")]  # fmt: skip
    rule = kind("visit") & attribute("note").isin("short")
    said += [repr(rule.explain(one)) for one in log.interactions()]
    for call in (
        lambda: log.of("id-TAIN"),
        lambda: log.coded("attributes.not"),
        lambda: metrics.active_customers(log, activity="visit", period="month", by="nam"),
    ):
        with pytest.raises(InvalidInputError) as caught:
            call()
        said.append(str(caught.value))
    spells = inactivity_spells(log, within=dt.timedelta(days=30), activity="visit", as_of=AT)
    said += [repr(spells), spells.to_frame().to_csv()]
    return "".join(said) + pickle.dumps(log).decode("latin-1")


def test_nothing_of_the_person_is_left_in_the_log() -> None:
    whole = full()
    whole.memo("mine", lambda: "cache-TAINT")
    gone = erase_from_log(whole, customer_ids=[WHO], at=AT)
    assert "TAINT" not in told(gone.log) + repr(gone)
    assert gone.restricted == ()
    assert gone.log._cache == {} or "TAINT" not in repr(gone.log._cache)
    assert repr(gone) == "LogErasure(1 customers; events: 3 erased, 0 restricted, 3 kept)"
    assert "TAINT" in told(whole)  # the one that was given is not changed


def test_a_hold_keeps_its_events_apart() -> None:
    gone = erase_from_log(full(), customer_ids=[WHO], at=AT, holds=[TAX])
    assert "TAINT" not in told(gone.log) + repr(gone)
    (kept,) = dict(gone.restricted)["tax"].interactions()
    assert kept.kind == "purchase-TAINT"
    said = pickle.dumps(dict(gone.restricted)["tax"]).decode("latin-1")
    assert "note-TAINT" not in said
    assert "page-TAINT" not in said
    assert (gone.customers, gone.erased, gone.held, gone.kept) == (1, 2, 1, 3)


def test_what_is_left_is_as_it_was() -> None:
    left = erase_from_log(full(), customer_ids=[WHO], at=AT).log
    assert [one.id for one in left.interactions()] == ["c-1/1", "c-1/2", "c-2/4"]
    first, second, third = left.interactions()
    assert (first.actor_id, dict(first.attributes)) == (None, {})
    assert second == events()[4]
    assert third == events()[5]
    accounts: Any = left.customer_columns["account_id"]
    assert [accounts.labels[c] if c >= 0 else None for c in accounts.codes.tolist()] == [
        None,
        "acme",
    ]


def test_words_stay_words_though_an_id_is_like_one() -> None:
    seen = [visit("web", 1), visit("c", 1, channel="web", actor_id="web")]
    left = erase_from_log(InteractionLog.from_interactions(seen), customer_ids=["web"], at=AT).log
    (one,) = left.interactions()
    assert (one.channel, one.actor_id) == ("web", None)


@pytest.mark.parametrize("who", [7, uuid.UUID(int=7)])
def test_ids_of_other_types(who: Any) -> None:
    other = 8 if who == 7 else uuid.UUID(int=8)
    seen = [
        visit(who, 1),
        visit(other, 2, id="e", actor_id=who, attributes={"n": 7, "s": str(who)}),
    ]
    seen[0] = visit(who, 1, id="f")
    left = erase_from_log(InteractionLog.from_interactions(seen), customer_ids=[who], at=AT).log
    (one,) = left.interactions()
    assert one.actor_id is None
    # a number may be anything, a UUID is somebody
    assert dict(one.attributes) == ({"n": 7, "s": "7"} if who == 7 else {"n": 7})


def test_erasing_twice_is_erasing_once() -> None:
    once = erase_from_log(full(), customer_ids=[WHO], at=AT).log
    again = erase_from_log(once, customer_ids=[WHO], at=AT)
    assert (again.customers, again.erased, again.log == once) == (0, 0, True)
    assert erase_from_log(full(), customer_ids=[], at=AT).log == full()


HOLDS = [
    TAX,
    LegalHold(name="claim", article="x", records=frozenset({"Interaction"}), keep_for=dt.timedelta(days=197)),
    LegalHold(name="people", article="x", records=frozenset({"Customer"})),
    LegalHold(name="visits", article="x", records=frozenset({"Interaction"}), kinds=frozenset({"visit"})),
]  # fmt: skip


@given(st.permutations(HOLDS), st.integers(0, 4), st.integers(190, 210))
def test_records_and_a_log_agree(holds: list[LegalHold], n: int, at: int) -> None:
    """Erasure of records and of a log hold back the same, to the microsecond."""
    records = erase(events(), customer_id=WHO, at=day(at), key=KEY, holds=holds[:n])
    log = InteractionLog.from_interactions(events())
    gone = erase_from_log(log, customer_ids=[WHO], at=day(at), holds=holds[:n])
    held = {name: [one.id for one in part.interactions()] for name, part in gone.restricted}
    expected: dict[str, list[Any]] = {}
    for name, one in records.restricted:
        expected.setdefault(name, []).append(one.id)  # type: ignore[attr-defined]
    assert held == expected
    counts = {"erased": gone.erased, "restricted": gone.held, "kept": gone.kept}
    assert counts == records.counts()
    assert list(gone.log.interactions()) == list(records.remaining)


def test_a_hold_is_over_to_the_microsecond() -> None:
    """The visit of day 1, kept for 197 days, is free at day 198."""
    log = InteractionLog.from_interactions(events()[:1])
    for early, held in ((dt.timedelta(0), 0), (dt.timedelta(microseconds=1), 1)):
        gone = erase_from_log(log, customer_ids=[WHO], at=day(198) - early, holds=[HOLDS[1]])
        assert gone.held == held


# ------------------------------------------------------------------ the ledger

SEEN = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 120), st.sampled_from(["visit", "purchase"]), st.integers(1, 9)),
    min_size=1,
    max_size=60,
)  # fmt: skip


def shop(seen: list[tuple[int, int, str, int]]) -> InteractionLog:
    return InteractionLog.from_arrays(
        customer_id=[f"c{c}" for c, *_ in seen],
        at=[day(n) for _, n, *_ in seen],
        kind=[k for *_, k, _ in seen],
        amount=[v for *_, v in seen],
        currency="EUR",
        tz=dt.UTC,
    ).until(AT)


def active(log: InteractionLog) -> Table:
    return metrics.active_customers(log, activity={"visit", "purchase"}, period="month")


def revenue(log: InteractionLog) -> Table:
    return metrics.arpu(log, activity={"visit", "purchase"}, period="month")


def retained(log: InteractionLog) -> Table:
    return metrics.retention(log, start="visit", returning={"visit", "purchase"}, period="month")


PUBLISHED = {"active": active, "revenue": revenue, "retained": retained}


@settings(max_examples=50, deadline=None)
@given(SEEN, st.integers(2, 5), st.sets(st.integers(0, 9), min_size=2))
def test_published_totals_reconcile_and_nobody_stands_alone(
    seen: list[tuple[int, int, str, int]], k: int, who: set[int]
) -> None:
    log = shop(seen)
    leaving = sorted({f"c{c}" for c in who} & set(log.customers.tolist()))
    if len(leaving) < k:
        with pytest.raises(InvalidInputError, match=f"must be at least {k} customers"):
            ErasureLedger(k=k).enter(log, customer_ids=leaving, published=PUBLISHED)
        return
    ledger = ErasureLedger(k=k).enter(log, customer_ids=leaving, published=PUBLISHED)
    left = erase_from_log(log, customer_ids=leaving, at=AT).log
    for name, make in PUBLISHED.items():
        before, again = make(log), ledger.reconcile(name, make(left))
        assert again.table.axes == before.axes
        for part in before.PARTS:
            was, now = before._spread(part), again.table._spread(part)
            assert (was == now)[again.exact].all()
        (entry,) = [one for one in ledger.entries if one.name == name]
        # a number that is kept has at least k contributors, counted one by one from the events
        ones = [make(log.of(one)) for one in leaving]
        for part in entry.table.PARTS:
            spanned = [entry.table.axes[i] for i in entry.table._dims(part)]
            for at in np.argwhere(entry.table.parts[part] != 0).tolist():
                labels = [axis.labels[i] for axis, i in zip(spanned, at, strict=True)]
                assert sum(_has(one, part, labels) for one in ones) >= k
        if not entry.withheld.any():
            assert again.table == before


def _has(table: Table, part: str, labels: list[Any]) -> bool:
    spanned = [table.axes[i] for i in table._dims(part)]
    if any(label not in axis.labels for axis, label in zip(spanned, labels, strict=True)):
        return False
    at = [axis.labels.index(label) for axis, label in zip(spanned, labels, strict=True)]
    return bool(table.parts[part][tuple(at)] != 0)


def test_entries_of_several_erasures_add_up() -> None:
    log = shop([(c, n, "visit", 5) for c in range(8) for n in (1, 40, 70)])
    ledger, left = ErasureLedger(k=2), log
    for group in (["c0", "c1"], ["c2", "c3", "c4"]):
        ledger = ledger.enter(left, customer_ids=group, published={"active": active})
        left = erase_from_log(left, customer_ids=group, at=AT).log
    again = ledger.reconcile("active", active(left))
    assert again.table == active(log)
    assert again.exact.all()
    assert repr(ledger) == "ErasureLedger(2 entries, k=2)"
    assert [entry.customers for entry in ledger.entries] == [2, 3]
    nothing = ledger.reconcile("other", active(left))
    assert nothing.table == active(left)


def test_what_one_did_alone_is_withheld() -> None:
    log = shop([(0, 1, "visit", 5), (1, 1, "visit", 5), (1, 40, "visit", 5), (2, 1, "visit", 5)])
    ledger = ErasureLedger(k=2).enter(log, customer_ids=["c0", "c1"], published={"active": active})
    again = ledger.reconcile(
        "active", active(erase_from_log(log, customer_ids=["c0", "c1"], at=AT).log)
    )
    (entry,) = ledger.entries
    assert entry.withheld.tolist()[:2] == [False, True]
    assert again.exact.tolist()[:2] == [True, False]
    assert not any("c1" in repr(x) for x in (entry.table, entry.table.axes, ledger))
    with pytest.raises(ValueError, match="read-only"):
        again.exact[0] = False


# ------------------------------------------------------------------ export


def test_export_tells_all_of_one_and_nothing_of_others() -> None:
    records = [
        *people(),
        *events(),
        Consent(customer_id=WHO, purpose="x", status="granted", at=START),
    ]
    answer = export_subject(WHO, records=records, log=full())
    json.dumps(answer)
    assert answer["customers"] == [people()[0].to_dict()]
    assert answer["interactions"] == [one.to_dict() for one in events()[:3]]
    assert (len(answer["subscriptions"]), len(answer["consents"])) == (0, 1)
    assert "c-1" not in json.dumps(answer)
    assert answer["profile"] == {
        "kind": "person",
        "country": "country-TAINT",
        "name": "name-TAINT",
    }
    assert answer["log"][1] == {
        "at": "2026-01-03T00:00:00+00:00",
        "id": f"{WHO}/2",
        "kind": "purchase-TAINT",
        "amount": "12.50",
        "items": [{"sku": "sku-TAINT", "category": "category-TAINT", "quantity": "1.000000", "unit_price": "12.50"}],
    }  # fmt: skip


def test_export_of_times_and_numbers() -> None:
    log = InteractionLog.from_interactions(
        [visit(7, 1, id=3, until=day(9), value=1.5, attributes={"n": 2})]
    ).with_customers([Customer(id=7, created_at=day(0))])
    answer = export_subject(7, log=log)
    assert answer["log"] == [
        {
            "at": "2026-01-02T00:00:00+00:00",
            "id": 3,
            "kind": "visit",
            "until": "2026-01-10T00:00:00+00:00",
            "value": "1.500000",
            "attributes.n": 2,
            "items": [],
        }
    ]
    assert answer["profile"]["created_at"] == "2026-01-01T00:00:00+00:00"


def test_export_of_columns_that_are_not_times() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a", "a"],
        at=[dt.date(2026, 1, 1)] * 2,
        kind=["x", "x"],
        id=[uuid.UUID(int=1), uuid.UUID(int=2)],
        amount=[1.5, None],
        currency="EUR",
        row=True,
        tz=dt.UTC,
    )
    answer = export_subject("a", log=log)
    assert answer["log"][0]["id"] == str(uuid.UUID(int=1))
    assert answer["log"][0]["row"] == 0
    assert "amount" not in answer["log"][1]


def test_nobody_known_is_an_answer() -> None:
    answer = export_subject("nobody", records=people(), log=full())
    assert not any(answer.values())


def by_thread() -> InteractionLog:
    return full().by_thread()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: erase_from_log([], customer_ids=[WHO], at=AT), "log must be an InteractionLog: got list"),  # type: ignore[arg-type]
        (lambda: erase_from_log(by_thread(), customer_ids=[WHO], at=AT), "log must not be by thread"),
        (lambda: erase_from_log(full(), customer_ids=WHO, at=AT), "customer_ids must be an iterable"),
        (lambda: erase_from_log(full(), customer_ids=[None], at=AT), r"customer_ids\[0\] must be an int"),  # type: ignore[list-item]
        (lambda: erase_from_log(full(), customer_ids=[], at=AT.replace(tzinfo=None)), "at must be timezone-aware"),
        (lambda: erase_from_log(full(), customer_ids=[], at=AT, holds=[3]), r"holds\[0\] must be a LegalHold"),  # type: ignore[list-item]
        (lambda: export_subject(WHO, records=[Identifier(type="a", value="b")]), r"records\[0\] must be one of Customer"),
        (lambda: export_subject(None), "customer_id must be an int"),  # type: ignore[arg-type]
        (lambda: ErasureLedger(k=1), "k must be at least 2"),
        (lambda: ErasureLedger(k=2).enter(full(), customer_ids=[WHO, "c-1"], published=[active]), "published must be a mapping of names"),  # type: ignore[arg-type]
        (lambda: ErasureLedger(k=2).enter(full(), customer_ids=[WHO, "c-1"], published={"n": len}), r"published\['n'\] must give a Table: got int"),  # type: ignore[dict-item]
        (lambda: ErasureLedger(k=2).reconcile("n", 3), "result must be a Table: got int"),  # type: ignore[arg-type]
        (lambda: ErasureLedger(k=2).reconcile("", active(shop([(0, 1, "visit", 5)]))), "name must not be empty"),
    ],
)  # fmt: skip
def test_refused_by_name_without_naming_anybody(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        call()
    assert "TAINT" not in str(caught.value)
