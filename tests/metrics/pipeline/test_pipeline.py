"""Pipeline metrics: worked cases, what was counted by hand, counts, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.metrics import SalesStages
from customerops.model import Calendar, Customer, Interaction, InteractionLog, Money, Window

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[2] / "cases/service_and_pipeline.json").read_text("utf-8")
    )["cases"]
}
DAY = dt.timedelta(days=1)
STAGES = SalesStages(["lead", "offer", "contract"])
m: Any = metrics  # what is given is not always what is asked for


def at(day: float) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + day * DAY


def move(who: str, stage: str | None, day: float, euros: int | None = None) -> Interaction:
    amount = None if euros is None else Money(euros, "EUR")
    return Interaction(
        customer_id=who[0],
        thread_id=who,
        kind="stage_change",
        name=stage,
        at=at(day),
        amount=amount,
    )


def log_of(*events: Interaction, until: float = 31) -> InteractionLog:
    log = InteractionLog.from_interactions(events, calendar=Calendar("UTC"))
    return log.until(at(until)).by_thread()


# -- worked cases ---------------------------------------------------------------------------------


def test_velocity_of_counts() -> None:
    case = CASES["velocity-2"]
    given = case["inputs"]
    velocity = metrics.sales_velocity(
        opportunities=given["opportunities"],
        average_value=given["avg_deal"],
        win_rate=given["win_rate"],
        cycle=given["cycle_days"] * DAY,
    )
    assert velocity == pytest.approx(case["expected"], abs=case["tolerance"])


def test_the_cycle_is_a_divisor_and_not_a_lever_like_the_others() -> None:
    case = CASES["velocity-cycle-lever"]
    four: dict[str, Any] = {"opportunities": 10, "average_value": 500, "win_rate": 0.5}
    before = metrics.sales_velocity(**four, cycle=50 * DAY)
    after = metrics.sales_velocity(**four, cycle=50 * (1 + case["inputs"]["cycle_change"]) * DAY)
    assert after / before - 1 == pytest.approx(case["expected"], abs=case["tolerance"])


def test_coverage_of_counts() -> None:
    case = CASES["pipeline-coverage"]
    coverage = metrics.pipeline_coverage(**case["inputs"])
    assert coverage == pytest.approx(case["expected"], abs=case["tolerance"])
    for won in (200_000, 300_000):  # nothing is missing: not 0, and not negative
        assert math.isnan(metrics.pipeline_coverage(**case["inputs"], won=won))
    euros = [Money(n, "EUR") for n in (300, 200, 50)]
    assert metrics.pipeline_coverage(pipeline=euros[0], target=euros[1], won=euros[2]) == 2
    assert metrics.pipeline_coverage(pipeline=Decimal("0.3"), target=Decimal("0.1")) == 3


def test_quota_attainment() -> None:
    assert metrics.quota_attainment(won=230_000, quota=200_000) == 1.15
    assert metrics.quota_attainment(won=Decimal("0.1"), quota=Decimal("0.3")) == 1 / 3
    assert metrics.quota_attainment(won=Money(30, "EUR"), quota=Money(40, "EUR")) == 0.75
    assert math.isnan(metrics.quota_attainment(won=5, quota=0))


# -- counted by hand ------------------------------------------------------------------------------

LOG = log_of(
    move("a1", "lead", 0, 100),
    move("a1", "contract", 4, 200),  # skips the offer
    move("a1", "won", 10),
    move("a2", "lead", 1, 400),
    move("a2", "offer", 3),
    move("a2", "lead", 5),  # goes back
    move("a2", "lost", 6),
    move("b1", "lead", 2, 1000),
    move("b1", "offer", 21),
    move("c1", "lead", 3),
    move("c1", "won", 8),
    move("c1", "offer", 9),  # not won after all
)


def test_what_is_won() -> None:
    count = metrics.win_rate(LOG, stages=STAGES, definition="count")
    assert (count.x, count.y, count.n) == (1, 2, 1)
    value = metrics.win_rate(LOG, stages=STAGES, definition="value")
    assert (value.x, value.y, value.value) == (20_000, 60_000, 1 / 3)
    assert value.context.currency == "EUR"
    cohort = metrics.win_rate(LOG, stages=STAGES, definition="cohort")
    assert (cohort.x, cohort.y) == (1, 4)
    months = metrics.win_rate(LOG, stages=STAGES, definition="cohort", period="month")
    assert np.isnan(months.value).all()  # two are open still
    early = metrics.win_rate(LOG, stages=STAGES, definition="count", as_of=at(8))
    assert (early.x, early.y) == (1, 2)  # c1 was won then, a1 not yet


def test_skipped_stages_count_as_reached_and_going_back_takes_nothing_away() -> None:
    table = metrics.stage_conversion(LOG, stages=STAGES)
    assert table.axes[0].labels == ("contract", "lead", "offer")
    assert table.x.tolist() == [2, 4, 2]  # c1 was won once, so it was in all
    assert table.y.tolist() == [2, 4, 3]
    assert table.pending.tolist() == [0, 0, 1]  # b1 in its offer
    cohort = metrics.stage_conversion(LOG, stages=STAGES, definition="cohort")
    assert cohort.y.tolist() == [2, 4, 4]


def test_open_opportunities_are_censored() -> None:
    curve = metrics.cycle_length(LOG, stages=STAGES, definition="won")
    assert (curve.points.tolist(), curve.events.tolist()) == ([5, 10, 28, 29], [0, 1, 0, 0])
    closed = metrics.cycle_length(LOG, stages=STAGES, definition="closed")
    assert closed.at([5, 10]).tolist() == [0.75, 0.5]


def test_entering_a_stage_again_adds() -> None:
    times = metrics.time_in_stage(LOG, stages=STAGES).to_frame()
    lead = times[times.stage == "lead"][["at", "events", "censored"]].values.tolist()
    assert lead == [
        [3.0, 1.0, 0.0],  # a2: two days, and one more
        [4.0, 1.0, 0.0],
        [5.0, 1.0, 0.0],
        [19.0, 1.0, 0.0],
    ]
    offer = times[times.stage == "offer"][["at", "events", "censored"]].values.tolist()
    assert offer == [[2.0, 1.0, 0.0], [10.0, 0.0, 1.0], [22.0, 0.0, 1.0]]


def test_the_open_pipeline() -> None:
    table = metrics.open_pipeline(LOG, stages=STAGES)
    assert table.deals.tolist() == [0, 0, 2]
    assert table.priced.tolist() == [0, 0, 1]
    assert table.total == Money(1000, "EUR")
    chances: dict[str, Any] = {"lead": 0, "offer": "0.333333", "contract": Decimal("0.9")}
    assert table.weighted(chances) == Money("333.33", "EUR")
    categories = {"lead": "pipeline", "offer": "best_case", "contract": "commit"}
    assert table.by_category(categories) == {
        "best_case": Money(1000, "EUR"),
        "commit": Money(0, "EUR"),
        "pipeline": Money(0, "EUR"),
    }
    assert table.coverage(Money(600, "EUR"), won=Money(100, "EUR")) == 2
    assert table.coverage(Money(500, "EUR")) == 2
    assert table.select(stage="offer").total == Money(1000, "EUR")
    with pytest.raises(InvalidInputError, match="stage must be an axis of the table"):
        table.select(stage="offer").weighted(chances)
    with pytest.raises(InvalidInputError, match="probabilities must be a mapping by stage"):
        table.weighted([0.1])  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="must have every stage: it lacks 'contract'"):
        table.weighted({"lead": 0, "offer": 1})
    with pytest.raises(InvalidInputError, match="must be a probability from 0 to 1"):
        table.weighted({**chances, "offer": "1.1"})
    with pytest.raises(InvalidInputError, match="probabilities.* must be"):
        table.weighted({**chances, "offer": 0.5})  # type: ignore[dict-item]


def test_ages_of_what_is_open() -> None:
    ages = metrics.pipeline_age(LOG, stages=STAGES, definition="created")
    assert ages.select(stage="offer").quantile([0, 1]).tolist() == [28, 29]
    ages = metrics.pipeline_age(LOG, stages=STAGES, definition="stage")
    assert ages.select(stage="offer").quantile([0, 1]).tolist() == [10, 22]


def test_four_factors_of_one_window() -> None:
    over = Window(at(5), at(20))
    velocity = metrics.pipeline_velocity(LOG, stages=STAGES, over=over)
    assert velocity.opportunities == 4  # a2 was closed in it
    assert (velocity.average_value, velocity.win_rate, velocity.cycle_days) == (200, 0.5, 10)
    assert velocity.value == 4 * 200 * 0.5 / 10
    before = metrics.pipeline_velocity(LOG, stages=STAGES, over=Window(at(0), at(2)))
    assert before.opportunities == 2
    assert math.isnan(before.value)
    later = metrics.pipeline_velocity(LOG, stages=STAGES, over=Window(at(7), None))
    assert later.opportunities == 3
    ahead = Window(at(0), dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
    months = metrics.pipeline_velocity(LOG, stages=STAGES, over=ahead, period="month")
    assert months.opportunities.tolist() == [4, 2, 0]  # of March nothing is known


def test_groups() -> None:
    events = [move("a1", "lead", 0, 100), move("b1", "lead", 1, 300), move("b1", "won", 2)]
    log = InteractionLog.from_interactions(events).with_customers(
        [Customer(id="a", country="CN"), Customer(id="b", country="DE")]
    )
    log = log.until(at(9)).by_thread()
    table = metrics.open_pipeline(log, stages=STAGES, by="country")
    assert table.deals.tolist() == [[0, 1, 0], [0, 0, 0]]
    assert table.weighted(dict.fromkeys(STAGES.stages, "0.5")) == Money(50, "EUR")
    rate = metrics.win_rate(log, stages=STAGES, definition="count", by="country")
    assert rate.y.tolist() == [0, 1]


def test_without_amounts_and_without_opportunities() -> None:
    log = log_of(move("a1", "lead", 0), move("a1", "won", 2), move("b1", "lead", 0))
    assert math.isnan(metrics.win_rate(log, stages=STAGES, definition="value").value)
    assert math.isnan(metrics.pipeline_velocity(log, stages=STAGES).value)
    table = metrics.open_pipeline(log, stages=STAGES)
    with pytest.raises(InvalidInputError, match="currency must be known"):
        table.coverage(Money(1, "EUR"))
    plain = InteractionLog.from_arrays(
        customer_id=["a"], thread=["1"], kind=["stage_change"], name=["lead"], at=[at(0)]
    )
    plain = plain.until(at(1)).by_thread()
    assert metrics.open_pipeline(plain, stages=STAGES).priced.tolist() == [0, 0, 0]
    nothing = log_of(move("a1", None, 0))
    assert metrics.win_rate(nothing, stages=STAGES, definition="count").y == 0
    assert metrics.stage_conversion(nothing, stages=STAGES).y.tolist() == [0, 0, 0]
    assert metrics.time_in_stage(nothing, stages=STAGES).points.tolist() == []
    assert metrics.pipeline_velocity(nothing, stages=STAGES, period="month").shape == (0,)
    lost = log_of(move("a1", "lost", 0))  # lost from the start: in no stage
    assert metrics.stage_conversion(lost, stages=STAGES).y.tolist() == [0, 0, 0]


def test_lead_scores_fade_and_are_capped() -> None:
    log = InteractionLog.from_interactions(
        [
            Interaction(customer_id="a", kind="demo", at=at(0)),
            Interaction(customer_id="b", kind="demo", at=at(7)),
            Interaction(customer_id="b", kind="complaint", at=at(7)),
            Interaction(customer_id="c", kind="use", at=at(7)),
        ]
    ).until(at(7))
    points: Any = [("demo", 20), ("complaint", -5)]
    scores = metrics.lead_scores(log, points=points, half_life=7 * DAY)
    assert scores.columns["score"].tolist() == [10, 15, 0]
    assert scores.columns["acts"].tolist() == [1, 2, 0]
    capped = metrics.lead_scores(log, points=points, half_life=7 * DAY, cap=12)
    assert capped.columns["score"].tolist() == [10, 12, 0]
    assert metrics.lead_scores(log, points=[], half_life=DAY).columns["score"].tolist() == [0] * 3
    assert metrics.lead_score([20, -5], [0 * DAY, 0 * DAY], half_life=DAY) == 15
    assert metrics.lead_score([20], [DAY], half_life=DAY, cap=9) == 9
    assert metrics.lead_score([], [], half_life=DAY) == 0


def test_forecast_errors() -> None:
    error = metrics.forecast_error([120, 80, 5], [100, 100, 0])
    assert error.relative.tolist()[:2] == pytest.approx([0.2, -0.2])
    assert math.isnan(error.relative[2])
    assert error.wape == 45 / 200  # the two large ones cancel in the bias only
    assert error.bias == 5 / 200
    assert math.isnan(metrics.forecast_error([1], [0]).wape)


def test_weighted_pipelines_are_exact() -> None:
    deals = [(Money("0.10", "EUR"), "0.1")] * 5 + [(Money("99", "EUR"), 0), (Money(1, "EUR"), 1)]
    assert metrics.weighted_pipeline(deals) == Money("1.05", "EUR")
    assert metrics.weighted_pipeline([(Money("0.01", "EUR"), "0.5")]) == Money(0, "EUR")  # to even
    assert metrics.weighted_pipeline([(Money("0.03", "EUR"), "0.5")]) == Money("0.02", "EUR")
    assert metrics.weighted_pipeline([], currency="EUR") == Money(0, "EUR")


# -- refused --------------------------------------------------------------------------------------

EURO, YEN = Money(1, "EUR"), Money(1, "JPY")
FOUR: dict[str, Any] = {"opportunities": 1, "average_value": 1, "win_rate": 1, "cycle": DAY}
REFUSED: list[tuple[Any, str]] = [
    (lambda: SalesStages([]), "stages must have an open stage"),
    (lambda: SalesStages(["a", "a"]), "stages must have different names"),
    (lambda: SalesStages(["won"]), "stages must have different names"),
    (lambda: SalesStages("lead"), "stages must be an iterable"),
    (lambda: SalesStages(["a"], won=""), "won must not be empty"),
    (lambda: m.SalesStages(["a"], lost=1), "lost must be a str"),
    (lambda: m.win_rate(LOG, stages=["lead"], definition="count"), "stages must be SalesStages"),
    (lambda: m.win_rate(LOG, stages=STAGES, definition="all"), "definition must be one of"),
    (
        lambda: m.win_rate(LOG, stages=SalesStages(["lead"]), definition="count"),
        "name must be one of the stages in a stage_change: 4 of 12 rows are not",
    ),
    (lambda: m.stage_conversion(LOG, stages=STAGES, definition="x"), "definition must be one of"),
    (lambda: m.cycle_length(LOG, stages=STAGES, definition="x"), "definition must be one of"),
    (lambda: m.time_in_stage(LOG, stages=STAGES, unit=1), "unit must be a timedelta"),
    (lambda: m.pipeline_age(LOG, stages=STAGES, definition="x"), "definition must be one of"),
    (lambda: m.sales_velocity(**{**FOUR, "win_rate": 1.1}), "win_rate must be from 0 to 1"),
    (lambda: m.sales_velocity(**{**FOUR, "opportunities": -1}), "opportunities must not be neg"),
    (lambda: m.sales_velocity(**{**FOUR, "cycle": -DAY}), "cycle must be a timedelta that is"),
    (lambda: m.sales_velocity(**{**FOUR, "cycle": 9}), "cycle must be a timedelta that is"),
    (lambda: m.weighted_pipeline([]), "currency must be given: there are no deals"),
    (lambda: m.weighted_pipeline([EURO]), r"deals\[0\] must be a pair of Money and probability"),
    (lambda: m.weighted_pipeline([(EURO, 1), (YEN, 1)]), "currency must be the same"),
    (
        lambda: m.weighted_pipeline([(EURO, 1), (EURO, 2)]),
        r"deals\[1\]\[1\] must be a probability from",
    ),
    (lambda: m.pipeline_coverage(pipeline=EURO, target=YEN), "currency must be the same"),
    (lambda: m.pipeline_coverage(pipeline=-1, target=1), "pipeline must not be negative"),
    (lambda: m.quota_attainment(won=EURO, quota=YEN), "currency must be the same"),
    (lambda: m.quota_attainment(won=1, quota=-1), "quota must not be negative"),
    (lambda: m.forecast_error([1], [1, 2]), "forecast must have one number for each"),
    (
        lambda: m.forecast_error([1, math.nan], [1, 1]),
        "forecast must be finite: 1 of 2 rows is not .f.* 1",
    ),
    (lambda: m.lead_score([1], [], half_life=DAY), "ages must be as many as points"),
    (
        lambda: m.lead_score([1], [-DAY], half_life=DAY),
        "ages must be a timedelta that is not negative: got a neg",
    ),
    (lambda: m.lead_score([1], [DAY], half_life=0 * DAY), "half_life must be longer than zero"),
    (lambda: m.lead_scores(LOG, points=[], half_life=DAY), "log must not be by thread"),
    (lambda: m.lead_scores(LOG, points=["x"], half_life=DAY), "points must be pairs of a rule"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=range(len(REFUSED)))
def test_refused(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_no_cycle_is_no_velocity() -> None:
    assert math.isnan(metrics.sales_velocity(**{**FOUR, "cycle": 0 * DAY}))
