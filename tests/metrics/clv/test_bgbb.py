"""BG/BB: published numbers, summaries of opportunities, what awkward data make of it."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops import Calendar, Interaction, InteractionLog
from customerops.errors import ConvergenceError, InvalidInputError
from customerops.metrics import (
    BGBB,
    BGNBD,
    Fitted,
    GammaGamma,
    PurchaseSummary,
    compare,
    fit,
    lifetime_value,
    purchase_summary,
    purchase_tracking,
    validate,
)
from tests.reference.bgbb import (
    DONATIONS,
    bgbb_alive,
    bgbb_expected,
    bgbb_log_likelihood,
    bgbb_new_customer,
    bgbb_pmf,
    bgbb_posterior,
    bgbb_residual,
)
from tests.reference.clv import purchase_rows

PAPER = (1.204, 0.750, 0.657, 2.783)
MODEL = BGBB.of(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783, unit="year")


def counts(
    rows: list[tuple[int, int, int]], weights: list[int] | None = None, **options: Any
) -> PurchaseSummary:
    x, t_x, n = zip(*rows, strict=True) if rows else ((), (), ())
    given: dict[str, Any] = {"unit": "year", "ticks_per_unit": 1, **options}
    return PurchaseSummary.from_arrays(x, t_x, n, weights=weights, **given)


def donations() -> PurchaseSummary:
    return counts([row[:3] for row in DONATIONS], [row[3] for row in DONATIONS])


# published numbers -------------------------------------------------------------------------------


def test_donations() -> None:
    """Fader, Hardie and Shang (2010), table 3: 11,104 donors of the 1995 cohort."""
    model = fit(BGBB, donations())
    assert attrs.astuple(model.params) == pytest.approx((1.204, 0.750, 0.657, 2.783), abs=5e-4)
    assert round(model.log_likelihood, 1) == -33225.6
    assert model.customers == 11_104
    assert model.diagnosis == "regular"


def test_spreadsheet_of_the_paper() -> None:
    """brucehardie.com/notes/010: the sheets of fit and of conditional expectations."""
    model, seen = fit(BGBB, donations()), donations()
    fitted = 11_104 * model.pmf([0, 6], 6)
    assert fitted.round(1).tolist() == [3454.9, 1253.1]
    assert round(model.expected_purchases(seen, horizon=5).total, 1) == 12884.2


def test_alive_in_the_paper() -> None:
    """Table 6: the chance to be alive in 2002, of who last gave in 1995, and in 2001 six times."""
    alive = MODEL.probability_alive(counts([(0, 0, 6), (6, 6, 6)]), at=1).values
    assert alive.round(2).tolist() == [0.11, 0.93]


def test_expectation_in_btyd() -> None:
    """The example of bgbb.Expectation in BTYD 2.4.3, from its reference manual."""
    model = BGBB.of(alpha=1.20, beta=0.75, gamma=0.66, delta=2.78)
    expected = [0.4973166, 0.9207078, 1.2927317, 1.6266289, 1.9309062, 2.2113893, 2.4722624, 2.7166434, 2.9469256, 3.1649902]  # fmt: skip
    ours = [model.new_customer(n) for n in range(1, 11)]
    assert ours == pytest.approx(expected, abs=5e-8)


def test_log_likelihood_is_that_of_the_formula() -> None:
    model = fit(BGBB, donations())
    parameters = attrs.astuple(model.params)
    total = sum(w * bgbb_log_likelihood(parameters, (x, t, n)) for x, t, n, w in DONATIONS)
    assert model.log_likelihood == pytest.approx(total, rel=1e-12)


# each customer -----------------------------------------------------------------------------------

CUSTOMERS = [(0, 0, 6), (0, 0, 0), (1, 1, 6), (3, 5, 6), (6, 6, 6), (10, 12, 30), (2, 29, 30)]


def test_predictions() -> None:
    seen = counts(CUSTOMERS)
    for later in (0, 1, 10):
        alive = MODEL.probability_alive(seen, at=later).values
        assert alive.tolist() == pytest.approx(
            [bgbb_alive(PAPER, c, later) for c in CUSTOMERS], rel=1e-11
        )
    for horizon in (1, 5, 200):
        ours = MODEL.expected_purchases(seen, horizon=horizon).values
        theirs = [bgbb_expected(PAPER, c, horizon) for c in CUSTOMERS]
        assert ours.tolist() == pytest.approx(theirs, rel=1e-11)
    both = MODEL.expected_purchases(seen, horizon=9).values
    part = MODEL.expected_purchases(seen, horizon=4).values
    rest = MODEL.expected_purchases(seen, start=4, horizon=9).values
    np.testing.assert_allclose(part + rest, both, rtol=1e-12)


def test_residual_transactions_discount_by_opportunity() -> None:
    yearly = MODEL.expected_residual_transactions(counts(CUSTOMERS), discount=0.1).values
    assert yearly.tolist() == pytest.approx(
        [bgbb_residual(PAPER, c, 0.1) for c in CUSTOMERS], rel=1e-9
    )
    monthly = BGBB.of(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783, unit="month")
    ours = monthly.expected_residual_transactions(
        counts(CUSTOMERS, unit="month"), discount=0.1
    ).values
    rate = 1.1 ** (1 / 12) - 1
    assert ours.tolist() == pytest.approx(
        [bgbb_residual(PAPER, c, rate) for c in CUSTOMERS], rel=1e-9
    )


def test_new_customers() -> None:
    assert MODEL.pmf(range(7), 6).tolist() == pytest.approx(
        [bgbb_pmf(PAPER, x, 6) for x in range(7)], rel=1e-11
    )
    assert MODEL.new_customer(6) == pytest.approx(bgbb_new_customer(PAPER, 6), rel=1e-12)
    assert MODEL.new_customer(0) == 0.0
    assert MODEL.pmf([0, 1], 0).tolist() == [1.0, 0.0]


def test_posterior_rates() -> None:
    ours = MODEL.posterior_rates(counts(CUSTOMERS))
    buy, drop = zip(*(bgbb_posterior(PAPER, c) for c in CUSTOMERS), strict=True)
    assert ours["purchase_chance"].tolist() == pytest.approx(buy, rel=1e-11)
    assert ours["dropout_chance"].tolist() == pytest.approx(drop, rel=1e-11)


# simulation --------------------------------------------------------------------------------------


def test_simulated_customers_are_those_of_the_model() -> None:
    n = 100_000
    seen = MODEL.simulate(n, age=6, holdout=5, rng=np.random.default_rng(3))
    rows, people = seen.distinct("x", "t_x", "T")
    assert len(people) == 22
    for x, t_x, age, count in zip(*rows.values(), people, strict=True):
        chance = math.comb(max(t_x - 1, 0), max(x - 1, 0)) * math.exp(
            bgbb_log_likelihood(PAPER, (int(x), int(t_x), int(age)))
        )
        assert abs(count / n - chance) < 4 * math.sqrt(chance * (1 - chance) / n)
    error = MODEL.expected_purchases(seen, horizon=5).values - seen.held_x
    for group in (seen.x == 0, (seen.x > 0) & (seen.t_x < 4), seen.t_x == 6):
        assert abs(error[group].mean()) < 4 * error[group].std() / math.sqrt(group.sum())


def test_finds_the_parameters_of_a_simulation() -> None:
    ages = np.random.default_rng(2).integers(4, 20, 5000)
    model = fit(BGBB, MODEL.simulate(5000, age=ages, rng=np.random.default_rng(6)))
    assert model.status == "regular"
    for (low, high), value in zip(model.intervals(confidence=0.999).values(), PAPER, strict=True):
        assert low < value < high


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ticks_per_unit": 7}, "ticks_per_unit must be 1: a tick is an opportunity"),
        ({"age": 2.5}, "time must be whole opportunities, at most 1000000: got 2.5"),
        ({"holdout": 0.7, "age": 3}, "time must be whole opportunities"),
    ],
)
def test_simulates_whole_opportunities(changed: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"age": 6, "rng": np.random.default_rng(1), **changed}
    if "holdout" in changed:
        seen = MODEL.simulate(3, **given)  # rounded to a tick, as by every model
        assert seen.holdout == 1
        return
    with pytest.raises(InvalidInputError, match=message):
        MODEL.simulate(3, **given)


# what it takes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0.5, 1e7])
def test_times_are_whole_opportunities(at: float) -> None:
    for ask in (
        lambda: MODEL.probability_alive(counts(CUSTOMERS), at=at),
        lambda: MODEL.expected_purchases(counts(CUSTOMERS), horizon=at),
        lambda: MODEL.new_customer(at),
        lambda: MODEL.pmf(0, at),
    ):
        with pytest.raises(InvalidInputError, match="time must be whole opportunities, at most"):
            ask()


def test_a_year_has_no_length_as_a_timedelta() -> None:
    with pytest.raises(
        InvalidInputError,
        match="horizon must be a number of years: a year has no fixed length, and got a timedelta",
    ):
        MODEL.expected_purchases(counts(CUSTOMERS), horizon=dt.timedelta(days=730))
    weekly = BGBB.of(alpha=1, beta=2, gamma=1, delta=5, unit="week")
    assert weekly.new_customer(dt.timedelta(weeks=3)) == weekly.new_customer(3)


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (PurchaseSummary.from_arrays([1], [7], [70]), "summary must have one opportunity a tick: 7 make a week"),
        (counts([(0, 0, 5), (3, 2, 5), (9, 4, 5)]), r"summary\.x must not be above t_x: at most one purchase an opportunity.*2 of 3.*first at row 1"),
        (counts([(1, 1, 1_000_001)]), r"summary\.T must be at most 1000000: got 1000001 opportunities"),
    ],
)  # fmt: skip
def test_refuses_other_summaries(summary: PurchaseSummary, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        fit(BGBB, summary)
    model = BGBB.of(alpha=1, beta=1, gamma=1, delta=1, unit=summary.unit)
    with pytest.raises(InvalidInputError, match=message):
        model.probability_alive(summary)


def test_models_on_a_clock_refuse_periods_without_a_length() -> None:
    monthly = counts(CUSTOMERS, unit="month")
    with pytest.raises(
        InvalidInputError,
        match=r"summary\.unit must have a fixed length: a month has none: BGBB counts such",
    ):
        fit(BGNBD, monthly)
    with pytest.raises(InvalidInputError, match="unit must be"):
        BGNBD.of(r=1, alpha=1, a=1, b=1, unit="month")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="ticks_per_unit must be 1 where unit is 'month'"):
        counts(CUSTOMERS, unit="month", ticks_per_unit=30)
    assert fit(BGNBD, counts(CUSTOMERS, unit="week")).unit == "week"  # coarse, but a length


def test_likelihoods_of_other_things_are_not_compared() -> None:
    weekly = counts(CUSTOMERS, unit="week")
    with pytest.raises(
        InvalidInputError,
        match="models must be likelihoods of one thing: got opportunities taken and times",
    ):
        compare([BGBB, BGNBD], weekly)
    assert type(compare([BGBB], donations()).best()) is BGBB


def test_survives_json() -> None:
    model = fit(BGBB, donations())
    back = json.loads(json.dumps(model.to_dict()))
    assert BGBB.from_dict(back) == Fitted.from_dict(back) == model
    assert (
        repr(MODEL) == "BGBB(alpha=1.204, beta=0.75, gamma=0.657, delta=2.783, unit year, given)"
    )


# from a log --------------------------------------------------------------------------------------

UTC = dt.UTC


def log(
    last: dt.date = dt.date(2024, 12, 31), customers: frozenset[int] | set[int] = frozenset({1, 2})
) -> InteractionLog:
    """One customer buys in January (twice), March, April and December; another in May alone."""
    days = [(1, 1, 3, "10"), (1, 1, 30, "20"), (1, 3, 31, "5"), (1, 4, 1, "6"), (1, 4, 20, "7"),
            (1, 12, 31, "50"), (2, 5, 9, "9")]  # fmt: skip
    days = [day for day in days if day[0] in customers]
    return InteractionLog.from_arrays(
        customer_id=[who for who, _, _, _ in days],
        at=[dt.date(2024, month, day) for _, month, day, _ in days],
        kind=["purchase"] * len(days),
        amount=[amount for _, _, _, amount in days],
        currency="EUR",
        tz=UTC,
    ).until_day(last)


def test_one_tick_is_one_period() -> None:
    months = purchase_summary(log(), occasion="month", unit="month")
    assert months.to_frame()[["x", "t_x", "T", "spend", "first_spend"]].to_numpy().tolist() == [
        [3, 11, 11, 500 + 1300 + 5000, 3000],
        [0, 0, 7, 0, 900],
    ]
    assert (months.unit, months.ticks_per_unit, months.occasion) == ("month", 1, "month")
    quarters = purchase_summary(log(), occasion="quarter", unit="quarter")
    assert [quarters.x.tolist(), quarters.t_x.tolist(), quarters.T.tolist()] == [[2, 0], [3, 0], [3, 2]]  # fmt: skip
    weeks = purchase_summary(log(dt.date(2024, 12, 29)), occasion="week", unit="week")
    assert weeks.x.tolist() == [4, 0]  # 31 March is a Sunday: 1 April lies in the next week
    assert weeks.T.tolist() == [51, 33]
    years = purchase_summary(log(), occasion="year", unit="year")
    assert (years.x.tolist(), years.T.tolist()) == ([0, 0], [0, 0])


NUMBER: dict[str, Callable[[dt.date], int]] = {
    "week": lambda day: (day.toordinal() - 1) // 7,  # 1 January of the year 1 was a Monday
    "month": lambda day: 12 * day.year + day.month,
    "quarter": lambda day: 4 * day.year + (day.month - 1) // 3,
    "year": lambda day: day.year,
}
BERLIN = ZoneInfo("Europe/Berlin")
ENDS = {  # local days after which a period of that kind begins
    "week": [dt.date(2024, 3, 31), dt.date(2024, 10, 27), dt.date(2025, 6, 1)],
    "month": [dt.date(2024, 2, 29), dt.date(2024, 12, 31), dt.date(2025, 3, 31)],
    "quarter": [dt.date(2024, 3, 31), dt.date(2024, 9, 30), dt.date(2025, 3, 31)],
    "year": [dt.date(2023, 12, 31), dt.date(2024, 12, 31), dt.date(2025, 12, 31)],
}
HOURS = (dt.datetime(2026, 1, 1, tzinfo=UTC) - dt.datetime(2023, 1, 1, tzinfo=UTC)) // dt.timedelta(hours=1)  # fmt: skip


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(NUMBER)),
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, HOURS)), max_size=40),
    st.integers(0, 2),
    st.integers(0, 2),
)
def test_is_that_of_the_loop_a_customer(
    period: Any, events: list[tuple[int, int]], first: int, second: int
) -> None:
    """Local midnight in Berlin lies one or two hours before that of UTC, summer and winter."""
    start = dt.datetime(2023, 1, 1, tzinfo=UTC)
    records = [
        Interaction(id=str(i), customer_id=str(who), at=start + dt.timedelta(hours=hour), kind="purchase")
        for i, (who, hour) in enumerate(events)
    ]  # fmt: skip
    lasts = [
        dt.datetime.combine(ENDS[period][i], dt.time.max, BERLIN).astimezone(UTC)
        for i in sorted((first, second))
    ]
    expected, excluded = purchase_rows(
        records,
        is_purchase=lambda event: event.kind == "purchase",
        tick=lambda at: NUMBER[period](at.astimezone(BERLIN).date()),
        calibration_end=lasts[0],
        as_of=lasts[1],
    )
    summary = purchase_summary(
        InteractionLog.from_interactions(records, calendar=Calendar(BERLIN)),
        calibration_end=lasts[0],
        as_of=lasts[1],
        occasion=period,
        unit=period,
    )
    assert summary.excluded == excluded
    assert summary.ids.tolist() == sorted(expected)
    assert (summary.x <= summary.t_x).all()
    for name in ("x", "t_x", "T", "held_x"):
        assert summary.columns[name].tolist() == [expected[who][name] for who in summary.ids]


def test_held_out_periods() -> None:
    end = dt.datetime(2024, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    months = purchase_summary(log(), occasion="month", unit="month", calibration_end=end)
    assert (months.x.tolist(), months.T.tolist()) == ([2, 0], [9, 5])
    assert (months.held_x.tolist(), months.holdout) == ([1, 0], 2)
    model = BGBB.of(alpha=1, beta=2, gamma=1, delta=5, unit="month")
    assert validate(model, months).horizon == 2


def test_a_period_that_is_not_over_is_no_opportunity() -> None:
    within = dt.datetime(2024, 10, 30, 12, tzinfo=UTC)
    with pytest.raises(
        InvalidInputError,
        match="calibration_end must be the last instant of a month, as occasion is 'month': it lies",
    ):
        purchase_summary(log(), occasion="month", unit="month", calibration_end=within)
    with pytest.raises(InvalidInputError, match="as_of must be the last instant of a quarter"):
        purchase_summary(log(dt.date(2024, 12, 30)), occasion="quarter", unit="quarter")
    tokyo = Calendar("Asia/Tokyo")
    with pytest.raises(InvalidInputError, match="as_of must be the last instant of a month"):
        purchase_summary(log(), occasion="month", unit="month", calendar=tokyo)
    days = purchase_summary(log().until(within), unit="day")
    with pytest.raises(
        InvalidInputError, match=r"summary\.calibration_end must be the last instant of a day"
    ):
        fit(BGBB, days)
    assert fit(BGBB, purchase_summary(log(), unit="day")).customers == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"occasion": "month"}, "unit must be 'month', as occasion is: got 'week'"),
        ({"occasion": "week", "unit": "day"}, "unit must be 'week', as occasion is: got 'day'"),
        ({"occasion": "month", "unit": "fortnight"}, "unit must be one of"),
        ({"occasion": "decade"}, "occasion must be one of"),
        ({"occasion": "day", "unit": "month"}, "unit must be one of 'hour', 'day', 'week'"),
        ({"occasion": "day", "unit": "hour"}, "unit must not be finer than occasion='day'"),
    ],
)
def test_unit_and_occasion(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        purchase_summary(log(), **options)


def test_partitions_add() -> None:
    whole, *parts = (
        purchase_summary(log(customers=who), occasion="month", unit="month")
        for who in ({1, 2}, {1}, {2})
    )
    assert parts[0] + parts[1] == whole


def test_value_and_tracking() -> None:
    months = purchase_summary(log(), occasion="month", unit="month")
    model = BGBB.of(alpha=1, beta=2, gamma=1, delta=5, unit="month")
    spend = GammaGamma.of(p=6.25, q=3.74, gamma=15.44, currency="EUR")
    value = lifetime_value(model, spend, months, horizon=7, discount=0.1)
    assert value.labels[0] == dt.date(2025, 1, 1)
    assert value.ends.tolist() == [1, 2, 3, 4, 5, 6, 7]
    expected = model.expected_purchases(months, horizon=7).values
    np.testing.assert_allclose(value.customers["purchases"], expected, rtol=1e-12)
    quarters = lifetime_value(model, spend, months, horizon=7, period="quarter", discount=0.1)
    assert quarters.ends.tolist() == [3, 6, 7]
    assert quarters.purchases.sum() == pytest.approx(value.purchases.sum())
    with pytest.raises(InvalidInputError, match="period must be made up of months: got 'week'"):
        lifetime_value(model, spend, months, horizon=7, period="week", discount=0.1)
    track = purchase_tracking(model, log(), occasion="month", period="month")
    assert track.actual.tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert track.expected[0] == 0.0
    assert track.expected.sum() == pytest.approx(model.new_customer(11) + model.new_customer(7))


# awkward data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [[], [(0, 0, 9), (0, 0, 30)]])
def test_nothing_to_fit(rows: list[tuple[int, int, int]]) -> None:
    with pytest.raises(ConvergenceError, match=f"none of the {len(rows)} customers bought again"):
        fit(BGBB, counts(rows))


AWKWARD: dict[str, tuple[PurchaseSummary, str, str]] = {
    "one customer": (counts([(3, 5, 9)]), "degenerate", "1 different history for 4 parameters"),
    "all alike": (counts([(3, 5, 9)], [500]), "degenerate", ""),
    "one opportunity": (counts([(1, 1, 1), (0, 0, 1)], [30, 70]), "degenerate", "2 different histories"),
    "never lost": (counts([(9, 10, 10), (10, 10, 10), (8, 10, 10), (7, 9, 10), (9, 9, 10)], [40, 30, 30, 4, 5]), "boundary", "nobody seems to drop out"),
    "always while alive": (counts([(0, 0, 6), (1, 1, 6), (2, 2, 6), (3, 3, 6), (4, 4, 6), (6, 6, 6)], [50, 30, 20, 10, 6, 9]), "boundary", "the living buy at every opportunity"),
    "at once or never": (counts([(0, 0, 30), (15, 29, 30), (14, 30, 30), (16, 30, 30), (13, 30, 30)], [90, 9, 8, 9, 7]), "boundary", "at once or never"),
    "a hundred": (counts([(0, 0, 6), (1, 1, 6), (1, 4, 6), (2, 3, 6), (4, 6, 6)], [60, 20, 8, 7, 5]), "", ""),
    "long": (counts([(1000, 1000, 1000), (500, 900, 1000), (3, 40, 800), (0, 0, 900), (100, 700, 700)]), "", ""),
    "tiny time": (counts([(1, 1, 1), (0, 0, 1), (0, 0, 0), (1, 1, 2), (2, 2, 2)], [3, 90, 5, 2, 1]), "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data(name: str) -> None:
    summary, status, words = AWKWARD[name]
    model = fit(BGBB, summary)
    assert model.diagnosis.startswith(status)
    assert words in model.diagnosis
    assert math.isfinite(model.log_likelihood)
    assert np.isnan(model.covariance).all() == (model.status != "regular")
    for values in (
        model.expected_purchases(summary, horizon=52).values,
        model.probability_alive(summary, at=52).values,
        model.expected_residual_transactions(summary, discount=0.1).values,
        *model.posterior_rates(summary).columns.values(),
    ):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    assert model.probability_alive(summary).values.max() <= 1.0


@pytest.mark.parametrize("name", ["always while alive", "at once or never", "never lost"])
def test_no_better_parameters_on_a_grid(name: str) -> None:
    summary = AWKWARD[name][0]
    top = fit(BGBB, summary).log_likelihood
    rows, people = summary.distinct("x", "t_x", "T")
    histories = list(zip(*(column.tolist() for column in rows.values()), strict=True))
    for alpha, beta in ((1.0, 1.0), (50.0, 5.0), (20.0, 20.0), (0.5, 0.01)):
        for gamma, delta in ((0.01, 0.01), (0.1, 2.0), (1.0, 3.0), (1e-3, 1.0)):
            total = sum(
                int(n) * bgbb_log_likelihood((alpha, beta, gamma, delta), history)
                for history, n in zip(histories, people, strict=True)
            )
            assert total < top


ROWS = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(1, 50))


@settings(max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=12))
def test_any_valid_histories(drawn: list[tuple[int, int, int, int]]) -> None:
    rows = [(x, x + wait if x else 0, x + (wait if x else 0) + rest) for x, wait, rest, _ in drawn]
    summary = counts(rows, [row[3] for row in drawn])
    if not summary.x.any():
        with pytest.raises(ConvergenceError):
            fit(BGBB, summary)
        return
    model = fit(BGBB, summary)
    assert math.isfinite(model.log_likelihood)
    expected = model.expected_purchases(summary, horizon=100).values
    assert np.isfinite(expected).all()
    assert (expected <= 100).all()
    assert np.isfinite(model.probability_alive(summary, at=3).values).all()


@pytest.mark.parametrize(
    ("rows", "weights", "best"),
    [
        ([(0, 0, 52), (1, 2, 52), (1, 6, 52), (5, 32, 52)], [97, 1, 1, 1], (9.5e5, 8.9e6, 0.689, 0.0678)),
        ([(0, 0, 6), (1, 1, 6), (2, 2, 6), (5, 5, 6), (6, 6, 6)], [23, 3, 2, 1, 1], (2e-7, 1e-7, 1.64, 1.06)),
        ([(0, 0, 52), (1, 1, 52), (2, 2, 52), (2, 3, 52), (2, 5, 52), (3, 3, 52)], [91, 5, 1, 1, 1, 1], (0.1007, 0.5884, 8.9e6, 8.7e6)),
    ],
)  # fmt: skip
def test_the_higher_of_two_tops(
    rows: list[tuple[int, int, int]], weights: list[int], best: tuple[float, float, float, float]
) -> None:
    """Few customers have likelihoods with another top inside, or on another edge."""
    top = fit(BGBB, counts(rows, weights)).log_likelihood
    there = sum(w * bgbb_log_likelihood(best, row) for row, w in zip(rows, weights, strict=True))
    assert top >= there - 1e-4
