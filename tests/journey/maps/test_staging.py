"""Journey stages against living through every instant, and against the rule for one customer."""

from __future__ import annotations

import datetime as dt
import pickle
import random
from collections import Counter
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest

from customerops.errors import InvalidInputError
from customerops.journey import JourneyStages, funnel, stage_flow, stages
from customerops.lifecycle import Days, Months
from customerops.metrics import kaplan_meier
from customerops.model import (
    AIPL,
    HUBSPOT,
    JOURNEY,
    Calendar,
    Customer,
    Interaction,
    InteractionLog,
    JourneyMap,
    JourneyStage,
)
from tests.reference import maps as slow
from tests.reference.metrics import histories

UTC = dt.UTC
BERLIN = Calendar("Europe/Berlin")
DAY = dt.datetime(2024, 3, 30, 12, tzinfo=UTC)  # the clock of Berlin leaps within the day after
HOUR = dt.timedelta(hours=1)
US = dt.timedelta(microseconds=1)


def plain(label: Any) -> Any:
    return None if pd.isna(label) else label


def event(who: Any, hours: float, kind: str) -> Interaction:
    return Interaction(customer_id=who, at=DAY + hours * HOUR, kind=kind)


def log_of(rows: list[Interaction], people: list[Customer] | None = None) -> InteractionLog:
    log = InteractionLog.from_interactions(rows, calendar=BERLIN)
    return log if people is None else log.with_customers(people)


def a_map(*stages: JourneyStage, assign: Any = "highest") -> JourneyMap:
    return JourneyMap(key="m", stages=stages, assign=assign)


def stage(key: str, order: int, entry: Any, **how: Any) -> JourneyStage:
    return JourneyStage(key=key, order=order, entry=entry, **how)


SIMPLE = a_map(stage("see", 1, "a"), stage("buy", 2, "b"), stage("again", 3, "b", at_least=2))
FADING = a_map(
    stage("warm", 1, {"a", "b"}, within=3 * HOUR),
    stage("hot", 2, "b", within=HOUR),
    stage("zeal", 3, "b", at_least=2, within=2 * HOUR),
)


@attrs.frozen
class Case:
    """A random log, a random map, and two instants."""

    rows: list[Interaction]
    people: list[Customer]
    map: JourneyMap
    at: dt.datetime
    as_of: dt.datetime
    windows: dict[str, Any]

    @property
    def lived(self) -> slow.Lived:
        return slow.Lived(self.map, self.windows, BERLIN.tz)

    @property
    def log(self) -> InteractionLog:
        return log_of(self.rows, self.people)

    def known(self, t: dt.datetime) -> dict[Any, list[Interaction]]:
        """Return the events until t of everybody known then, by time."""
        own: dict[Any, list[Interaction]] = {
            one.id: [] for one in self.people if one.created_at is not None and one.created_at <= t
        }
        own.update(histories(self.rows, t))
        return own


def case(seed: int) -> Case:
    pick = random.Random(seed)
    rows = [
        event(
            pick.choice("abcd"),
            pick.choice([0, 0, 1, 1, 1.5, 2, 3, 4, 5, 9, 11, 12]),
            pick.choice("uvwx"),
        )
        for _ in range(pick.randrange(25))
    ]
    drawn = [
        stage(
            f"s{place * 7 % 5}",  # the order of keys is not that of the map
            place,
            set(pick.sample("uvwx", pick.choice([1, 1, 2]))),
            at_least=pick.choice([1, 1, 2, 3]),
            within=pick.choice([None, HOUR, HOUR * 1.5, 2 * HOUR, 4 * HOUR]),
        )
        for place in range(pick.randint(1, 5))
    ]
    people = [
        Customer(
            id=one, created_at=DAY + pick.choice([-5, 0, 3]) * HOUR, country=pick.choice("XY")
        )
        for one in "abce"
    ]
    ends = sorted(pick.sample([-6, -1, 0, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 9, 11, 20, 34, 800], 2))
    at, as_of = (DAY + end * HOUR - pick.choice([0, 0, 1]) * US for end in ends)
    own = a_map(*drawn, assign=pick.choice(["highest", "latest"]))
    spans = [Days(1), Days(2), Months(1), 3 * HOUR]
    windows = {one.key: pick.choice(spans) for one in drawn if pick.random() < 0.6 * (seed % 2)}
    return Case(rows, people, own, at, as_of, windows)


def check(given: Case) -> None:
    """Compare everything `stages` says with the slow reference."""
    own = given.known(given.at)
    asked: dict[str, Any] = {"as_of": given.as_of, "at": given.at}
    found = stages(given.log, given.map, **asked, windows=given.windows or None)
    keys = given.map.keys
    moves = {who: given.lived.changes(events, given.at) for who, events in own.items()}
    now = {who: given.lived.standing(events, given.at) for who, events in own.items()}
    for who, events in own.items():
        scalar = given.map.stage_of(events, as_of=given.at)
        assert given.windows or now[who] == (None if scalar is None else scalar.key)
    hits = {
        who: {one.key: given.lived.qualifying(one, events) for one in given.map.stages}
        for who, events in own.items()
    }
    reached = {who: [key for key in keys if hits[who][key]] for who in own}

    rows = found.customers.to_frame().set_index("customer_id")
    assert sorted(rows.index) == sorted(own)
    for who, events in own.items():
        row = rows.loc[who]
        assert plain(row["stage"]) == now[who]
        last = moves[who][-1].at if moves[who] else None
        assert plain(row["since"]) == last
        far = reached[who][-1] if reached[who] else None
        assert plain(row["furthest"]) == far
        first = events[hits[who][far][0]].at if far else None
        assert plain(row["reached_at"]) == first
        back = [m for m in moves[who] if _place(keys, m.target) < _place(keys, m.source)]
        assert row["regressions"] == sum(m.target is not None for m in back)
        assert row["skipped"] == (keys.index(far) + 1 - len(reached[who]) if far else 0)

    table = found.table
    assert table.known == len(own)
    for key in (*keys, None):
        cell = table.select(stage=key)
        place = _place(keys, key)
        change = [(who, one) for who, each in moves.items() for one in each]
        into = [who for who, one in change if one.target == key]
        out = [(who, _place(keys, one.target)) for who, one in change if one.source == key]
        everybody = len(own) if key is None else 0
        back = [who for who, target in out if 0 <= target < place]
        assert cell.customers == sum(one == key for one in now.values())
        assert cell.reached == everybody + sum(key in one for one in reached.values())
        assert cell.furthest == sum((one[-1] if one else None) == key for one in reached.values())
        beyond = [one for one in reached.values() if one and _place(keys, one[-1]) > place]
        skipped = [one for one in beyond if key is not None and key not in one]
        assert cell.parts["skipped"] == len(skipped)
        assert cell.parts["visitors"] == (everybody or len(set(into)))
        assert cell.parts["entries"] == everybody + len(into)
        assert cell.parts["advances"] == sum(target > place for _, target in out)
        assert cell.parts["regressions"] == len(back)
        assert cell.parts["regressed"] == len(set(back))
        assert cell.parts["expiries"] == sum(target < 0 for _, target in out)
        share = table.skips().select(stage=key)
        assert (share.count, share.total) == (len(skipped), len(beyond))
        for other in (*keys, None):
            pairs = [who for who, one in change if (one.source, one.target) == (key, other)]
            move = found.moves.select(source=key, target=other)
            assert (move.count, move.customers) == (len(pairs), len(set(pairs)))
            if key is None or other is None:
                continue
            after = [h for h in hits.values() if h[key] and h[other] and h[other][-1] > h[key][0]]
            rate = found.conversion.select(source=key, target=other)
            assert (rate.count, rate.total) == (
                len(after),
                sum(bool(h[key]) for h in hits.values()),
            )

    expected = [
        (who, stay.stage, stay.start, stay.end, stay.following)
        for who, events in sorted(given.known(given.as_of).items())
        for stay in given.lived.stays(events, given.as_of)
        if stay.start <= given.at
    ]
    dwell = found.dwell.to_frame()
    got = [
        (
            row.customer_id,
            row.stage,
            row.start,
            row.end if row.observed else None,
            plain(row.next),
        )
        for row in dwell.itertuples()
    ]
    assert got == expected
    assert (dwell["end"][~dwell["observed"]] == given.as_of).all()
    for cause, start, end, over in zip(
        dwell["cause"], dwell["stage"], dwell["next"], dwell["observed"], strict=True
    ):
        to = _place(keys, plain(end))
        said = "expired" if to < 0 else "advanced" if to > _place(keys, start) else "regressed"
        assert plain(cause) == (said if over else None)


def _place(keys: tuple[str, ...], key: str | None) -> int:
    return -1 if key is None else keys.index(key)


@pytest.mark.parametrize("seed", range(60))
def test_everything_equals_living_through_every_instant(seed: int) -> None:
    check(case(seed))


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_the_customers_of_each(seed: int) -> None:
    given = case(seed)
    found = stages(given.log, given.map, as_of=given.as_of, at=given.at, by="country")
    whole = stages(given.log, given.map, as_of=given.as_of, at=given.at)
    country = {one.id: one.country for one in given.people}
    for label in found.table.axes[0].labels:
        some = [row for row in given.rows if country.get(row.customer_id) == label]
        people = [one for one in given.people if one.country == label]
        alone = stages(log_of(some, people), given.map, as_of=given.as_of, at=given.at)
        for name in ("table", "moves", "conversion"):
            one, other = getattr(found, name).select(country=label), getattr(alone, name)
            assert all(np.array_equal(one.parts[k], other.parts[k]) for k in one.parts)
    assert found.customers.to_frame().equals(whole.customers.to_frame())
    assert found.dwell == whole.dwell


@pytest.mark.parametrize("seed", range(20))
def test_what_came_after_the_instant_shows_in_the_ends_of_stays_alone(seed: int) -> None:
    given = case(seed)
    later = stages(given.log, given.map, as_of=given.as_of, at=given.at)
    then = stages(given.log, given.map, as_of=given.at)
    for name in ("table", "moves", "conversion"):
        one, other = getattr(later, name).parts, getattr(then, name).parts
        assert all(np.array_equal(one[k], other[k]) for k in one)
    assert later.customers.to_frame().equals(then.customers.to_frame())
    assert len(later.dwell) == len(then.dwell)


@pytest.mark.parametrize("seed", range(20))
def test_parts_add_up(seed: int) -> None:
    given = case(seed)
    parts = []
    for own in ("ab", "cde"):
        rows = [row for row in given.rows if str(row.customer_id) in own]
        people = [one for one in given.people if str(one.id) in own]
        log = log_of(rows, people)
        parts.append(stages(log, given.map, as_of=given.as_of, at=given.at, by="country"))
    whole = stages(given.log, given.map, as_of=given.as_of, at=given.at, by="country")
    for name in ("table", "moves", "conversion", "customers"):
        assert getattr(parts[0], name) + getattr(parts[1], name) == getattr(whole, name)
    assert parts[0].dwell.union(parts[1].dwell) == whole.dwell
    assert parts[0] + parts[1] == whole == sum(reversed(parts))
    assert pickle.loads(pickle.dumps(whole)) == whole


@pytest.mark.parametrize("seed", range(40))
def test_conversion_is_the_funnel_of_two_stages_that_take_one_event(seed: int) -> None:
    given = case(seed)
    once = attrs.evolve(
        given.map, stages=tuple(attrs.evolve(one, at_least=1) for one in given.map.stages)
    )
    log = given.log.until(given.as_of)
    found = stages(log, once)
    for source in once.stages:
        for target in once.stages:
            steps = funnel(log, [source.entry, target.entry], within=None)
            rate = found.conversion.select(source=source.key, target=target.key)
            assert [rate.total, rate.count] == list(steps.counts)


@pytest.mark.parametrize("seed", range(20))
def test_reached_is_the_funnel_where_nobody_skips_or_goes_back(seed: int) -> None:
    pick = random.Random(seed)
    own = a_map(*(stage(key, place, key) for place, key in enumerate("zyxw", start=1)))
    rows = []
    for who in "abcdef":
        hour = 0
        for key in own.keys[: pick.randrange(5)]:
            for _ in range(pick.choice([1, 1, 2])):
                hour += pick.choice([0, 1, 2])
                rows.append(event(who, hour, key))
    log = log_of([*rows, event("z", 0, "other")]).until(DAY + 99 * HOUR)
    found = stages(log, own).table
    steps = funnel(log, list(own.keys), within=None)
    assert [found.select(stage=key).reached for key in own.keys] == list(steps.counts)
    assert not found.parts["skipped"].any()


def test_a_stage_is_over_at_the_instant_and_not_before() -> None:
    log = log_of([event("a", 0, "b")])
    for t, expected in (
        (DAY - US, None),
        (DAY, "hot"),
        (DAY + HOUR - US, "hot"),
        (DAY + HOUR, "warm"),
        (DAY + 3 * HOUR - US, "warm"),
        (DAY + 3 * HOUR, None),
    ):
        table = stages(log, FADING, as_of=t).table
        known = int(t >= DAY)
        assert table.select(stage=expected).customers == known
        assert sum(table.customers) == table.known == known


def test_windows_are_elapsed_on_the_day_the_clock_leaps() -> None:
    own = a_map(stage("day", 1, "a", within=24 * HOUR))
    noon = dt.datetime(2024, 3, 30, 12, tzinfo=BERLIN.tz)
    log = log_of([Interaction(customer_id="a", at=noon, kind="a")])
    wall = dt.datetime(2024, 3, 31, 12, tzinfo=BERLIN.tz)  # 23 hours later
    assert stages(log, own, as_of=wall).table.select(stage="day").customers == 1
    assert stages(log, own, as_of=wall + HOUR).table.select(stage="day").customers == 0


def test_local_days_are_those_of_the_calendar() -> None:
    own = a_map(stage("day", 1, "a", within=HOUR))
    late = dt.datetime(2024, 3, 31, 0, 30, tzinfo=BERLIN.tz)  # the day has 23 hours
    log = log_of([Interaction(customer_id="a", at=late, kind="a")])
    for zone, expected in ((None, 1), (Calendar("UTC"), 0)):
        at = dt.datetime(2024, 3, 31, 23, 59, tzinfo=BERLIN.tz)  # the day after in UTC
        table = stages(log, own, as_of=at, windows={"day": Days(1)}, calendar=zone).table
        assert table.select(stage="day").customers == expected
    midnight = dt.datetime(2024, 4, 1, tzinfo=BERLIN.tz)
    flow = stage_flow(
        log, own, from_=midnight - US, to=midnight, as_of=midnight, windows={"day": Days(1)}
    )
    assert flow.select(source="day", target=None).customers == 1
    bare = InteractionLog.from_interactions([event("a", 0, "a")])
    assert stages(bare, own, as_of=DAY, windows={"day": HOUR}).table.known == 1
    with pytest.raises(InvalidInputError, match="calendar must be given: the log has none"):
        stages(bare, own, as_of=DAY, windows={"day": Months(1)})


def test_stages_that_meet_at_one_instant_are_not_seen_on_the_way() -> None:
    rows = [event("a", 0, "b"), event("a", 0, "a"), event("a", 0, "b")]
    found = stages(log_of(rows), SIMPLE, as_of=DAY)
    moves = found.moves.to_frame().query("count > 0")
    assert moves[["target", "count"]].values.tolist() == [["again", 1]]
    assert [found.table.select(stage=key).reached for key in SIMPLE.keys] == [1, 1, 1]


def test_the_latest_stage_may_be_an_earlier_one() -> None:
    latest = attrs.evolve(SIMPLE, assign="latest")
    rows = [event("a", 0, "b"), event("a", 2, "a"), event("a", 5, "b")]
    found = stages(log_of(rows), latest, as_of=DAY + 9 * HOUR)
    frame = found.dwell.to_frame()
    assert frame["stage"].tolist() == ["buy", "see", "again"]
    assert frame["cause"].tolist()[:2] == ["regressed", "advanced"]
    assert frame["next"].tolist()[:2] == ["see", "again"]
    assert found.table.select(stage="buy").parts["regressed"] == 1
    assert found.table.regression().select(stage="buy").value == 1.0


def test_hubspot_is_where_the_last_change_led() -> None:
    rows = [
        Interaction(customer_id="a", at=DAY + hour * HOUR, kind="stage_change", name=name)
        for hour, name in enumerate(["lead", "customer", "opportunity"])
    ]
    table = stages(log_of(rows), HUBSPOT, as_of=DAY + 9 * HOUR).table
    assert table.select(stage="opportunity").customers == 1
    assert table.select(stage="customer").reached == 1
    assert table.select(stage="subscriber").parts["skipped"] == 1


def test_aipl_forgets_whom_nothing_reached_for_fifteen_days() -> None:
    rows = [event("a", 0, "impression"), event("b", 0, "click"), event("c", 0, "purchase")]
    day = 24 * HOUR
    before = stages(log_of(rows), AIPL, as_of=DAY + 15 * day - US).table
    after = stages(log_of(rows), AIPL, as_of=DAY + 15 * day).table
    shown = ["awareness", "interest", "purchase", "loyalty", None]
    assert [before.select(stage=key).customers for key in shown] == [1, 1, 1, 0, 0]
    assert [after.select(stage=key).customers for key in shown] == [0, 0, 1, 0, 2]


def test_stays_are_read_by_survival() -> None:
    rows = [event("a", 0, "a"), event("a", 4, "b"), event("b", 0, "a"), event("c", 1, "a")]
    found = stages(log_of(rows), SIMPLE, as_of=DAY + 5 * HOUR)
    curve = kaplan_meier(found.dwell, unit=HOUR, by="stage").select(stage="see")
    # at risk at 4 hours: a (left), b (censored at 5), c (censored at 4): S = 2/3
    assert curve.at(4) == pytest.approx(2 / 3)


def test_rows_are_shown_in_the_order_of_the_map() -> None:
    found = stages(log_of([event("a", 0, "view")]), JOURNEY, as_of=DAY)
    keys = [*JOURNEY.keys, None]
    frame = found.to_frame()
    assert list(map(plain, frame["stage"])) == keys
    assert frame["customers"].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert frame["complete"].all()
    share = found.table.share().to_frame()
    assert share["value"].tolist() == [1, 0, 0, 0, 0, 0, 0]
    moves = found.moves.to_frame()
    assert list(moves["source"][:7]) == ["awareness"] * 7
    assert list(map(plain, moves["target"][:7])) == keys
    html = found._repr_html_()
    assert html.index("awareness") < html.index("consideration") < html.index("advocacy")
    different = found.difference(found).to_frame()
    assert list(map(plain, different["stage"])) == keys
    one = found.table.select(stage="use").to_frame()
    assert one["customers"].tolist() == [0]


def test_it_shows_nobody() -> None:
    found = stages(log_of([event("person-1", 0, "view")]), JOURNEY, as_of=DAY)
    assert repr(found) == "JourneyStages(map='journey', customers=1)"
    assert "person-1" not in repr(found.customers) + repr(found.dwell) + found._repr_html_()
    html = found.customers._repr_html_()
    assert "person-1" not in html
    assert "<td>awareness</td><td>1</td>" in html
    empty = stages(log_of([event("x", 0, "other")]), JOURNEY, as_of=DAY).customers._repr_html_()
    assert "nan" not in empty.lower()
    assert "nat<" not in empty.lower()
    with pytest.raises(
        InvalidInputError,
        match="results must be of one class to be compared: got JourneyStages and int",
    ):
        found.difference(5)  # type: ignore[arg-type]


def test_two_groups_differ_with_an_interval() -> None:
    people = [Customer(id=f"{c}{i}", country=c) for c in "XY" for i in range(10)]
    rows = [event(one.id, 0, "a") for one in people]
    rows += [event(f"X{i}", 1, "b") for i in range(8)] + [event(f"Y{i}", 1, "b") for i in range(2)]
    table = stages(log_of(rows, people), SIMPLE, as_of=DAY + 9 * HOUR, by="country").table
    gap = table.select(country="X").difference(table.select(country="Y"), of="reached")
    at = list(table.axes[1].labels).index("buy")
    assert gap.value[at] == pytest.approx(0.6)
    low, high = gap.interval()
    # Newcombe (1998), method 10, of 8/10 and 2/10: Wilson (0.4902, 0.9433) and (0.0567, 0.5098)
    assert (round(low[at], 3), round(high[at], 3)) == (0.162, 0.803)
    with pytest.raises(
        InvalidInputError,
        match="results must be of one class to be compared: got StageTable and int",
    ):
        table.difference(5)  # type: ignore[arg-type]


def test_all_events_count_whatever_the_customers_are_called() -> None:
    log = InteractionLog.from_arrays(
        customer_id=[9, 3, 9, 7],
        at=[DAY, DAY, DAY + HOUR, DAY + HOUR],
        kind=["a", "b", "b", "a"],
    ).until(DAY + 2 * HOUR)
    found = stages(log, SIMPLE)
    assert found.customers.ids.tolist() == [3, 7, 9]
    assert found.customers.columns["stage"].tolist() == ["buy", "see", "buy"]
    assert found.dwell.to_frame()["customer_id"].tolist() == [3, 7, 9, 9]
    assert Counter(found.dwell.to_frame()["stage"]) == {"buy": 2, "see": 2}


def test_nothing_is_nothing() -> None:
    log = InteractionLog.from_interactions([])
    found = stages(log, JOURNEY, as_of=DAY)
    assert found.table.known == 0
    assert np.isnan(found.table.share().value).all()
    assert len(found.dwell) == len(found.customers) == 0
    assert found.customers.to_frame().empty
    other = stages(log_of([event("a", 0, "b")]), a_map(stage("z", 1, "b", at_least=9)), as_of=DAY)
    assert other.table.select(stage=None).customers == 1


def test_a_window_longer_than_time_never_closes() -> None:
    own = a_map(stage("ever", 1, "a", within=dt.timedelta.max))
    late = dt.datetime(9000, 1, 1, tzinfo=UTC)
    assert stages(log_of([event("a", 0, "a")]), own, as_of=late).table.customers.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"map": "journey"}, "map must be a JourneyMap: got str"),
        ({"windows": Days(1)}, "windows must be a mapping of stages: got Days"),
        ({"windows": {"sea": Days(1)}}, "key must be a stage of m: got 'sea', did you mean 'see'"),
        (
            {"windows": {"see": 5}},
            r"windows\['see'\] must be a timedelta, Days or Months: got int",
        ),
        ({"at": DAY + 2 * HOUR}, "at must not be later than the log's as_of: what came after it"),
        ({"at": DAY.replace(tzinfo=None)}, "at must be timezone-aware"),
        ({"as_of": None}, "as_of must be given"),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    given = {"map": SIMPLE, "as_of": DAY + HOUR, **options}
    with pytest.raises(InvalidInputError, match=message):
        stages(log_of([event("a", 0, "a")]), **given)


def test_what_is_cut_has_no_skips_and_shares_are_of_three_things() -> None:
    found = stages(log_of([event("a", 0, "a")]), SIMPLE, as_of=DAY)
    with pytest.raises(InvalidInputError, match="stage must have all its labels: select after it"):
        found.table.select(stage="buy").skips()
    with pytest.raises(InvalidInputError, match="of must be one of"):
        found.table.share("skipped")  # type: ignore[arg-type]
    assert found != 1
    assert isinstance(found, JourneyStages)
