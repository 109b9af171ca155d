"""One truth: of records, of columns, and of the slow reference."""

import datetime as dt
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from customerops.model.log.log import InteractionLog
from customerops.model.records.records import Customer, Interaction
from customerops.model.rules.rules import Rule
from customerops.model.values.columns import Ids
from tests.model.rules.draws import (
    INSTANTS,
    US,
    customer_rules,
    event_rules,
    events,
    people,
)
from tests.reference import rules as slow

LOGS = st.integers(0, 6).flatmap(
    lambda n: st.tuples(*(events(f"e{i}", f"c{i % 3}") for i in range(n)))
)


def stored(log: InteractionLog, seen: tuple[Interaction, ...]) -> list[Interaction]:
    """Return the records in the stored order of the log, found by their id."""
    by_id = {one.id: one for one in seen}
    ids = log.columns["id"]
    assert isinstance(ids, Ids)
    return [by_id[one] for one in ids.values.tolist()]


@given(event_rules(), LOGS)
def test_events(rule: Rule, seen: tuple[Interaction, ...]) -> None:
    log = InteractionLog.from_interactions(seen, attributes=["x", "y"])
    rows = stored(log, seen)
    written = json.loads(json.dumps(rule.to_dict()))
    expected = [slow.truth(written, one) for one in rows]
    for asked, truth in ((rule, slow.TRUE), (~rule, slow.FALSE)):
        mask = asked.mask(log)
        assert mask.dtype == np.bool_
        assert mask.tolist() == [one == truth for one in expected]
        assert [asked.matches(one) for one in rows] == [one == truth for one in expected]


@given(
    customer_rules(),
    LOGS,
    st.tuples(*(people(f"c{i}") for i in range(4))),
    st.sampled_from([*INSTANTS, INSTANTS[-1] + US, INSTANTS[-1] + dt.timedelta(days=365)]),
)
def test_customers(
    rule: Rule,
    seen: tuple[Interaction, ...],
    customers: tuple[Customer, ...],
    as_of: dt.datetime,
) -> None:
    log = InteractionLog.from_interactions(seen + seen[:2], attributes=["x", "y"])
    log = log.with_customers(customers, attributes=["plan"])
    record = {one.id: one for one in customers}
    written = json.loads(json.dumps(rule.to_dict()))
    own = {one: [x for x in seen if x.customer_id == one] for one in record}
    ids = log.customers.tolist()
    expected = [slow.truth_of_customer(written, own[c], as_of, record[c]) for c in ids]
    for asked, truth in ((rule, slow.TRUE), (~rule, slow.FALSE)):
        assert asked.members(log, as_of=as_of).tolist() == [one == truth for one in expected]
        for one, known in zip(ids, expected, strict=True):
            again = own[one] + own[one][:1]  # a repeated id counts once
            found = asked.matches_customer(again, as_of=as_of, customer=record[one])
            assert found == (known == truth)


@given(customer_rules(), LOGS, st.sampled_from(INSTANTS))
def test_later_events_change_nothing(
    rule: Rule, seen: tuple[Interaction, ...], as_of: dt.datetime
) -> None:
    customers = [Customer(id=f"c{i}", created_at=INSTANTS[0]) for i in range(3)]
    log = InteractionLog.from_interactions(seen, attributes=["x", "y"])
    log = log.with_customers(customers, attributes=["plan"])
    known = log.until(as_of)
    whole = dict(zip(log.customers.tolist(), rule.members(log, as_of=as_of), strict=True))
    part = dict(zip(known.customers.tolist(), rule.members(known), strict=True))
    assert part == whole
