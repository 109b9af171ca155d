"""Flows between two instants against asking each customer twice."""

from __future__ import annotations

import datetime as dt
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest

from customerops.errors import InvalidInputError
from customerops.journey import stage_flow, stages
from customerops.model import AIPL, Customer, InteractionLog
from customerops.model.values.labels import START
from tests.journey.maps.test_staging import DAY, HOUR, SIMPLE, US, Case, case, event, log_of, plain

UTC = dt.UTC


def flow_of(given: Case, log: InteractionLog | None = None, **how: Any) -> Any:
    instants: dict[str, Any] = {"from_": given.at, "to": given.as_of, "windows": given.windows}
    return stage_flow(given.log if log is None else log, given.map, **instants, **how)


@pytest.mark.parametrize("seed", range(60))
def test_flows_equal_asking_everybody_twice(seed: int) -> None:
    given = case(seed)
    later = given.as_of + HOUR
    flow = flow_of(given, as_of=later)
    before, after = given.known(given.at), given.known(given.as_of)
    cells = Counter(
        (
            given.lived.standing(before[who], given.at) if who in before else START,
            given.lived.standing(events, given.as_of),
        )
        for who, events in after.items()
    )
    for i, source in enumerate(flow.axes[0].labels):
        for j, target in enumerate(flow.axes[1].labels):
            assert flow.customers[i, j] == cells[source, target]
    assert flow.customers.sum() == len(after)
    at, end = (
        stages(given.log, given.map, as_of=t, windows=given.windows).table
        for t in (given.at, given.as_of)
    )
    for key in (*given.map.keys, None):
        row, column = flow.select(source=key).customers, flow.select(target=key).customers
        assert row.sum() == at.select(stage=key).customers
        assert column.sum() == end.select(stage=key).customers
    assert flow.select(source=START).customers.sum() == len(after) - len(before)
    assert flow.complete.all()
    share = flow.share()
    filled = share.total > 0
    assert np.nansum(share.value, axis=1)[filled] == pytest.approx(1)
    assert np.isnan(share.value[~filled]).all()


@pytest.mark.parametrize("seed", range(20))
def test_parts_add_up(seed: int) -> None:
    given = case(seed)
    parts = []
    for own in ("ab", "cde"):
        people = [one for one in given.people if str(one.id) in own]
        rows = [row for row in given.rows if str(row.customer_id) in own]
        parts.append(flow_of(given, log_of(rows, people), as_of=given.as_of, by="country"))
    whole = flow_of(given, as_of=given.as_of, by="country")
    assert parts[0] + parts[1] == whole
    assert parts[0].share() + parts[1].share() == whole.share()
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert whole.rollup("country") == flow_of(given, as_of=given.as_of)


def test_on_to_the_map_and_off_it() -> None:
    day = 24 * HOUR
    rows = [event("a", 0, "view"), event("b", 0, "view"), event("b", 24 * 10, "purchase")]
    rows += [event("c", 24 * 20, "click")]
    flow = stage_flow(log_of(rows), AIPL, from_=DAY, to=DAY + 20 * day, as_of=DAY + 30 * day)
    frame = flow.to_frame().query("customers > 0")
    got = [(plain(s), plain(t), n) for s, t, n in frame.iloc[:, :3].itertuples(index=False)]
    assert got == [(START, "interest", 1), ("awareness", "purchase", 1), ("awareness", None, 1)]
    sources = list(dict.fromkeys(map(plain, flow.to_frame()["source"])))
    assert sources == [START, "awareness", "interest", "purchase", "loyalty", None]
    html = flow._repr_html_()
    assert html.index("awareness") < html.index("interest") < html.index("purchase")
    low, high = flow.share().select(source="awareness", target="purchase").interval()
    # Wilson of 1 in 2, z = 1.96: centre 1/2, half width z sqrt(1/8 + z^2/16)/(1 + z^2/2)
    assert (round(low, 4), round(high, 4)) == (0.0945, 0.9055)


def test_two_flows_differ() -> None:
    people = [Customer(id=f"{c}{i}", country=c) for c in "XY" for i in range(10)]
    rows = [event(one.id, 0, "a") for one in people]
    rows += [event(f"X{i}", 1, "b") for i in range(8)] + [event(f"Y{i}", 1, "b") for i in range(2)]
    log = log_of(rows, people).until(DAY + 9 * HOUR)
    flow = stage_flow(log, SIMPLE, from_=DAY, to=DAY + HOUR, by="country")
    gap = flow.select(country="X").difference(flow.select(country="Y"))
    row = gap.to_frame().query("source == 'see' and target == 'buy'")
    assert row["value"].tolist() == pytest.approx([0.6])
    # Newcombe (1998), method 10, of 8/10 and 2/10
    assert row[["low", "high"]].round(3).values.tolist() == [[0.162, 0.803]]
    other = stage_flow(log, SIMPLE, from_=DAY + HOUR, to=DAY + 2 * HOUR)
    assert flow.rollup("country").difference(other).value.shape == (5, 4)
    with pytest.raises(
        InvalidInputError,
        match="results must be of one class to be compared: got StageFlow and int",
    ):
        flow.difference(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"map": None}, "map must be a JourneyMap: got None"),
        ({"from_": DAY + HOUR}, "from_ must be before to"),
        ({"from_": DAY.replace(tzinfo=None)}, "from_ must be timezone-aware"),
        ({"to": DAY + 99 * HOUR}, "to must not be later than the log's as_of"),
        ({"to": "soon"}, "to must be"),
        ({"as_of": None}, "as_of must be given"),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    given = {"map": SIMPLE, "from_": DAY, "to": DAY + HOUR, "as_of": DAY + HOUR, **options}
    with pytest.raises(InvalidInputError, match=message):
        stage_flow(log_of([event("a", 0, "a")]), **given)


def test_a_cut_row_has_no_shares() -> None:
    flow = stage_flow(log_of([event("a", 0, "a")]), SIMPLE, from_=DAY - US, to=DAY, as_of=DAY)
    with pytest.raises(InvalidInputError, match="target must have all its labels"):
        flow.select(target="see").share()
    assert flow.select(source=START).share().select(target="see").value == 1.0


def test_until_the_end_of_time() -> None:
    last = dt.datetime.max.replace(tzinfo=UTC)
    log = log_of([event("a", 0, "a")])
    assert stage_flow(log, SIMPLE, from_=DAY, to=last, as_of=last).customers.sum() == 1
    assert stages(log, SIMPLE, as_of=last, at=last).table.known == 1
