"""Net and gross retention under each definition, against published numbers and a slow reading."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops import metrics
from customerops.errors import InvalidInputError
from customerops.metrics import Compounded, RevenueCohorts, grr, mrr_churn_rate, mrr_movements
from customerops.model import (
    Calendar,
    ClusteredShare,
    Movements,
    Quotient,
    Ratio,
    Window,
    spells_of,
)
from customerops.model.tables.axes import Axis
from customerops.model.tables.movements import REVENUE_ALIASES
from tests.metrics.contracts import NEW_YORK, US, utc
from tests.metrics.revenue.books import BOOKS, CASES, held, spells_from
from tests.metrics.revenue.test_bridge import SPELLS, YEAR
from tests.reference import recurring as slow

nrr: Any = metrics.nrr  # what it returns depends on the definition
UTC = Calendar("UTC")
CASE = CASES["nrr-grr-leave-and-return"]["expected"]
NRR = ("cohort_snapshot", "movement", "movement_with_reactivation", "compounded_monthly")
CHURN = ("gross", "churn_only", "net", "net_without_reactivation")


# ---------------------------------------------------------------------- published


@pytest.mark.parametrize("definition", NRR)
def test_one_table_of_five_customers(definition: str) -> None:
    found = nrr(SPELLS, definition=definition, over=YEAR, calendar=UTC)
    assert found.value == pytest.approx(CASE[definition], abs=1e-9)
    assert found.definition == definition


def test_gross_retention_of_the_same_table() -> None:
    kept = grr(SPELLS, definition="per_customer", over=YEAR)
    assert kept.value == pytest.approx(CASE["grr_capped_per_customer"], abs=1e-9)
    assert isinstance(kept, ClusteredShare)
    lost = grr(SPELLS, definition="movement", over=YEAR, calendar=UTC)
    assert lost.value == (400 - 40 - 200) / 400


AMOUNTS = ("opening", "new", "expansion", "contraction", "churn", "reactivation")


def bridge_of(case: dict[str, Any]) -> Movements:
    given = {"opening" if k in ("start", "start_mrr") else k: v for k, v in case.items()}
    amounts: dict[str, Any] = {"opening": 0} | {k: v for k, v in given.items() if k in AMOUNTS}
    return Movements.of(**amounts)


@pytest.mark.parametrize("name", ["nrr-calcsimpler-1", "nrr-coachpms"])
def test_published_net_retention(name: str) -> None:
    case = CASES[name]
    assert bridge_of(case["inputs"]).nrr("movement").value == pytest.approx(case["expected"])


def test_published_gross_retention() -> None:
    case = CASES["grr-bigdelta"]
    assert bridge_of(case["inputs"]).grr("movement").value == pytest.approx(case["expected"])


@pytest.mark.parametrize("name", ["quick-ratio-1", "quick-ratio-3", "quick-ratio-5"])
def test_published_quick_ratios(name: str) -> None:
    case = CASES[name]
    found = bridge_of(case["inputs"]).quick_ratio("baremetrics")
    assert found.value == pytest.approx(case["expected"], abs=case["tolerance"])
    assert metrics.quick_ratio(definition="baremetrics", **case["inputs"]) == found


def test_the_quick_ratio_of_the_waterfall() -> None:
    case = CASES["waterfall-saas-metrics-ratios"]
    names = ("new", "reactivation", "expansion", "contraction", "churn")
    given = {name: case["inputs"][name] for name in names}
    found = metrics.quick_ratio(definition="saas_metrics", **given)
    assert found.value == case["expected"]["quick_ratio"]
    assert metrics.quick_ratio(definition="baremetrics", **given).value == 20 / 40


def test_published_net_churn() -> None:
    case = CASES["mrr-churn-net-cm"]
    found = bridge_of(case["inputs"]).churn_rate("chartmogul_net")
    assert found.value == pytest.approx(case["expected"])
    assert found.definition == "net"


def test_published_churn_of_a_day() -> None:
    case = CASES["mrr-churn-gross-cm-shopify-day"]
    start, end = (case["inputs"][f"day_{side}_mrr"] for side in ("start", "end"))
    day = Movements.of(opening=start, churn=start - end, closing=end)
    assert day.churn_rate("gross").value == case["expected"]


def test_a_published_bridge_that_does_not_close_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="^closing must equal opening"):
        Movements.of(opening=100, churn=10, contraction=10, expansion=10, closing=100)


def test_every_alias_is_a_definition() -> None:
    known = {
        "nrr": (*NRR, "cohort_by_vintage"),
        "grr": ("per_customer", "movement"),
        "churn_rate": CHURN,
        "quick_ratio": ("baremetrics", "with_reactivation"),
    }
    for of, names in REVENUE_ALIASES.items():
        for alias, name in names.items():
            assert name in known[of]
            assert alias == name or alias not in known[of]
    assert nrr(SPELLS, definition="smsb", over=YEAR).definition == "cohort_snapshot"
    assert grr(SPELLS, definition="dbt", over=YEAR).definition == "per_customer"
    assert metrics.REVENUE_ALIASES is REVENUE_ALIASES


# ---------------------------------------------------------------------- counts


@given(st.lists(st.integers(0, 10**6), min_size=6, max_size=6))
def test_retention_and_churn_make_one(amounts: list[int]) -> None:
    given_: dict[str, Any] = dict(zip(AMOUNTS, amounts, strict=True))
    given_["opening"] += given_["churn"] + given_["contraction"] + 1
    bridge = Movements.of(**given_)
    pairs = [
        (bridge.grr("movement"), "gross"),
        (bridge.nrr("movement"), "net_without_reactivation"),
        (bridge.nrr("movement_with_reactivation"), "net"),
    ]
    for kept, lost in pairs:
        gone = bridge.churn_rate(lost)
        assert kept.numerator + gone.numerator == bridge.opening == kept.denominator
    assert bridge.churn_rate("churn_only").numerator == bridge.churn


def test_movements_of_nothing_are_undefined() -> None:
    none = Movements.of(opening=0, new=5)
    assert np.isnan(none.nrr("movement").value)
    assert np.isnan(none.grr("movement").value)
    assert np.isnan(none.churn_rate("gross").value)
    assert np.isnan(none.quick_ratio("baremetrics").value)
    assert not hasattr(none.nrr("movement"), "interval")


@pytest.mark.parametrize(
    ("measure", "definition", "message"),
    [
        ("nrr", "cohort_snapshot", "'movement', 'movement_with_reactivation'"),
        ("grr", "per_customer", "'movement'"),
        ("churn_rate", "grss", "'gross', 'churn_only'"),
        ("quick_ratio", 3, "'baremetrics', 'with_reactivation'"),
    ],
)
def test_movements_do_not_know_customers(measure: str, definition: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match="^definition must be ") as caught:
        getattr(Movements.of(opening=1), measure)(definition)
    assert message in str(caught.value)


# ---------------------------------------------------------------------- shapes


def test_ratios_have_intervals_and_products_have_none() -> None:
    snapshot = nrr(SPELLS, definition="cohort_snapshot", over=YEAR)
    assert isinstance(snapshot, Ratio)
    low, high = snapshot.interval()
    assert low < snapshot.value < high
    assert snapshot.n == 4  # E came later
    low, high = grr(SPELLS, definition="per_customer", over=YEAR).interval()
    assert 0 <= low < 0.6 < high <= 1
    product = nrr(SPELLS, definition="compounded_monthly", over=YEAR, calendar=UTC)
    assert not hasattr(product, "interval")


def test_a_value_for_each_period() -> None:
    months = nrr(SPELLS, definition="movement", period="month", over=YEAR, calendar=UTC)
    assert months.value.tolist() == [0.5, 0.96]
    snapshots = nrr(SPELLS, definition="cohort_snapshot", period="month", over=YEAR, calendar=UTC)
    assert snapshots.value.tolist() == [0.5, 0.96]
    gross = mrr_churn_rate(SPELLS, definition="gross", period="month", over=YEAR, calendar=UTC)
    assert gross.value.tolist() == [0.5, 40 / 250]
    net = mrr_churn_rate(SPELLS, definition="net", period="month", over=YEAR, calendar=UTC)
    assert net.value.tolist() == [0.5, (40 - 30 - 80) / 250]


def test_what_is_not_over_is_not_known() -> None:
    over = Window.parse("2024-02-01", "2024-05-01", tz="UTC")
    for definition in NRR:
        found = nrr(SPELLS, definition=definition, over=over, calendar=UTC)
        assert np.isnan(found.value)
        assert not found.complete
    quarters = nrr(SPELLS, definition="compounded_monthly", period="quarter", calendar=UTC)
    assert np.isnan(quarters.value).all()  # nobody was there in December, and June is ahead
    assert np.asarray(quarters.complete).tolist() == [True, False]
    assert quarters.axes[0].labels == (dt.date(2024, 1, 1), dt.date(2024, 4, 1))


def test_a_product_by_quarter() -> None:
    spells = spells_of(
        [
            held("a", 8, "2023-12-05"),
            held("b", 8, "2023-12-05", "2024-02-05"),
            held("c", 4, "2024-02-05", "2024-06-05"),
            held("d", 4, "2024-03-05", plan="team"),
        ],
        as_of=utc("2024-07-01"),
    )
    over = Window.parse("2024-01-01", "2024-07-01", tz="UTC")
    found = nrr(spells, definition="compounded_monthly", period="quarter", over=over, calendar=UTC)
    assert found.value.tolist() == [0.5, 12 / 16]
    assert found.to_frame().columns.tolist() == ["period", "value", "complete"]
    assert repr(found) == "Compounded(metric='nrr', axes=period[2])"
    assert "2024-01-01" in found._repr_html_()
    with pytest.raises(InvalidInputError, match="^estimate must have no axes to be one number"):
        float(found)
    whole = nrr(spells, definition="compounded_monthly", over=over, calendar=UTC)
    assert float(whole) == whole.value == 0.375
    assert whole.complete is True
    assert repr(whole) == "Compounded(metric='nrr', value=0.375)"
    assert whole != 3
    plans = nrr(spells, definition="compounded_monthly", over=over, by="plan", calendar=UTC)
    assert np.asarray(plans.value).tolist()[0] == 0.5 * 8 / 12
    assert np.isnan(plans.value[1])
    together = plans.rollup("plan")
    assert (
        together.monthly.parts["numerator"].tolist() == whole.monthly.parts["numerator"].tolist()
    )


@given(BOOKS, st.booleans())
def test_products_add_by_their_months(book: Any, quarters: bool) -> None:
    def product(some: Any) -> Any:
        options: dict[str, Any] = {"period": "quarter"} if quarters else {"over": over}
        spells = spells_from(some, utc("2026-08-01"))
        return nrr(spells, definition="compounded_monthly", calendar=NEW_YORK, **options)

    over = Window.parse("2026-03-01", "2026-06-01", tz=NEW_YORK.tz)
    some, rest = ([one for one in book if (one.who in "uvw") is side] for side in (True, False))
    assert product(some) + product(rest) == product(book)


def test_a_product_takes_periods() -> None:
    rate = Quotient(parts={"numerator": 1, "denominator": 2}, context=whole_context())
    with pytest.raises(InvalidInputError, match="^monthly must have periods as its last axis$"):
        Compounded(rate)
    ages = Axis("age", [0, 1], "age")
    rate = Quotient(
        axes=[ages], parts={"numerator": [1, 1], "denominator": [2, 2]}, context=whole_context()
    )
    with pytest.raises(InvalidInputError, match="^monthly must have periods as its last axis$"):
        Compounded(rate)


def whole_context() -> Any:
    return Movements.of(opening=1).context


def test_nobody_ever_paid() -> None:
    spells = spells_of([held("a", 0, "2024-01-05")], as_of=utc("2024-04-01"))
    for definition in NRR:
        found = nrr(spells, definition=definition, over=YEAR, calendar=UTC)
        assert np.isnan(found.value)
        assert (
            np.asarray(
                nrr(spells, definition=definition, period="quarter", calendar=UTC).value
            ).tolist()
            == []
        )
    assert metrics.revenue_cohorts(spells, period="month", calendar=UTC).value.shape == (0, 0)


# ---------------------------------------------------------------------- against the slow one


STRETCHES = st.sampled_from(
    [("2026-03-01", "2026-05-01"), ("2026-03-01", "2026-04-01"), ("2026-02-01", "2026-05-01")]
)


def edges_of(stretch: tuple[str, str]) -> list[dt.datetime]:
    first, last = (int(day[5:7]) for day in stretch)
    zone = NEW_YORK.tz
    return [
        dt.datetime(2026, m, 1, tzinfo=zone).astimezone(dt.UTC) for m in range(first, last + 1)
    ]


@given(BOOKS, STRETCHES)
def test_every_definition_is_that_of_a_slow_reading(book: Any, stretch: tuple[str, str]) -> None:
    spells = spells_from(book, utc("2026-09-01"))
    known = [slow.known(one, utc("2026-09-01")) for one in book]
    over, edges = Window.parse(*stretch, tz=NEW_YORK.tz), edges_of(stretch)
    for definition in NRR[:3]:
        found = nrr(spells, definition=definition, over=over, calendar=NEW_YORK)
        assert_is(found.value, slow.nrr(known, edges, definition))
    product = nrr(spells, definition="compounded_monthly", over=over, calendar=NEW_YORK)
    assert_is(product.value, slow.compounded(known, edges))
    for definition in ("per_customer", "movement"):
        kept = grr(spells, definition=definition, over=over, calendar=NEW_YORK)
        assert_is(kept.value, slow.grr(known, edges, definition))


def assert_is(found: float, expected: Any) -> None:
    if expected is None:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(float(expected), abs=1e-12)


@given(BOOKS, STRETCHES)
def test_gross_is_at_most_net_and_at_most_one(book: Any, stretch: tuple[str, str]) -> None:
    spells = spells_from(book, utc("2026-09-01"))
    over = Window.parse(*stretch, tz=NEW_YORK.tz)
    net = nrr(spells, definition="cohort_snapshot", over=over)
    gross = grr(spells, definition="per_customer", over=over)
    assert gross.y == net.y
    assert gross.x <= min(net.x, net.y)
    back = nrr(spells, definition="movement_with_reactivation", over=over, calendar=NEW_YORK)
    assert (back.x, back.y) == (net.x, net.y)


@given(BOOKS, st.sampled_from(["month", "week"]))
def test_churn_of_customers_is_churn_of_the_bridge(book: Any, period: Any) -> None:
    spells = spells_from(book, utc("2026-06-15"))
    for by in (None, "plan"):
        bridge = mrr_movements(spells, period=period, by=by, calendar=NEW_YORK)
        for definition in CHURN:
            rate = mrr_churn_rate(
                spells, definition=definition, period=period, by=by, calendar=NEW_YORK
            )
            counted = bridge.churn_rate(definition)
            assert np.array_equal(rate.value, counted.value, equal_nan=True)
            assert rate.x.tolist() == counted.numerator.tolist()
        options: dict[str, Any] = {"period": period, "by": by, "calendar": NEW_YORK}
        stepped = nrr(spells, definition="movement", step=period, **options)
        snapshot = nrr(spells, definition="cohort_snapshot", **options)
        for rate in (stepped, snapshot):
            assert np.array_equal(rate.value, bridge.nrr("movement").value, equal_nan=True)


@given(BOOKS, STRETCHES)
def test_groups_make_the_whole(book: Any, stretch: tuple[str, str]) -> None:
    spells = spells_from(book, utc("2026-09-01"))
    over = Window.parse(*stretch, tz=NEW_YORK.tz)
    for definition in NRR[:3]:
        whole = nrr(spells, definition=definition, over=over, calendar=NEW_YORK)
        plans = nrr(spells, definition=definition, over=over, by="plan", calendar=NEW_YORK)
        assert {name: int(p.sum()) for name, p in plans.parts.items()} == {
            name: int(p) for name, p in whole.parts.items()
        }


# ---------------------------------------------------------------------- cohorts


def test_cohorts_by_age() -> None:
    table = nrr(SPELLS, definition="chartmogul_cohort", period="month", calendar=UTC)
    assert isinstance(table, RevenueCohorts)
    assert (table.definition, table.context.metric) == ("cohort_by_vintage", "nrr")
    assert table.axes[0].labels == tuple(dt.date(2024, m, 1) for m in (1, 2, 3, 4))
    assert table.axes[1].labels == (0, 1, 2, 3)
    january, february = table.value[:2].tolist()
    assert january[:3] == [1.0, 0.5, 270 / 400]
    assert february[:2] == [1.0, 1.0]
    assert np.isnan([*january[3:], *february[2:], *table.value[2:].ravel()]).all()
    assert table.size.tolist() == [4, 1, 0, 0]
    assert np.asarray(table.complete).tolist()[1] == [True, True, False, False]
    pooled = table.pooled()
    assert pooled.x.tolist() == [45_000, 25_000, 27_000, 0]
    assert pooled.y.tolist() == [45_000, 45_000, 40_000, 0]
    assert pooled.n.tolist() == [5, 5, 4, 0]
    alone = Ratio.from_rows([13_000, 6_000, 0, 8_000], [10_000] * 4, context=table.context)
    for bounds, expected in zip(table.interval(), alone.interval(), strict=True):
        assert bounds[0, 2] == pytest.approx(expected)
    assert np.isnan(table.interval()[0][1, 0])  # of one customer
    plain = metrics.revenue_cohorts(SPELLS, period="month", calendar=UTC)
    assert (plain.definition, plain.context.metric) == (None, "revenue_cohorts")


def test_who_left_within_their_first_period_is_in_neither_amount() -> None:
    spells = spells_of(
        [
            held("a", 10, "2024-01-05", "2024-01-09", plan="team"),
            held("a", 99, "2024-02-05"),
            held("b", 20, "2024-01-05"),
            held("b", 1, "2024-01-05", plan="team"),
        ],
        as_of=utc("2024-04-01"),
    )
    over = Window.parse("2024-01-01", "2024-02-01", tz="UTC")
    table = metrics.revenue_cohorts(spells, period="month", over=over, calendar=UTC)
    assert table.parts["x"].tolist() == [[2100, 12_000, 12_000, 0]]
    assert table.parts["y"].tolist() == [[2100, 2100, 2100, 0]]
    assert table.parts["xy"].tolist() == [[2100**2] * 3 + [0]]
    plans = metrics.revenue_cohorts(spells, period="month", over=over, by="plan", calendar=UTC)
    assert plans.axes[0].labels == ("gold", "team")
    assert plans.size.tolist() == [[0], [2]]  # of two at once the last
    assert plans.rollup("plan").parts["x"].tolist() == table.parts["x"].tolist()
    with pytest.raises(InvalidInputError, match="^axes must have cohorts to be pooled: none is"):
        table.select(cohort=[dt.date(2024, 1, 1)]).rollup("cohort").pooled()


@given(BOOKS)
def test_cohorts_are_those_of_a_slow_reading(book: Any) -> None:
    as_of = utc("2026-07-10")
    spells = spells_from(book, as_of)
    known = [slow.known(one, as_of) for one in book if one.start <= as_of]
    table = metrics.revenue_cohorts(spells, period="month", calendar=NEW_YORK)
    months = [(label.year, label.month) for label in table.axes[0].labels]  # type: ignore[union-attr]
    zone = NEW_YORK.tz
    edges = [dt.datetime(y, m, 1, tzinfo=zone).astimezone(dt.UTC) for y, m in months]
    for i, a in enumerate(edges[:-1]):
        b = edges[i + 1]
        who = [
            w for w in slow.people(known) if slow.ever(known, w, b) and not slow.ever(known, w, a)
        ]
        assert table.size[i] == len(who)
        for age in range(len(edges) - 1 - i):
            assert table.x[i, age] == sum(slow.level(known, w, edges[i + 1 + age]) for w in who)
            assert table.y[i, age] == sum(slow.level(known, w, b) for w in who)
    if months:
        assert not np.asarray(table.complete)[:, -1].any()  # the month that runs


def test_an_age_is_reached_with_the_last_instant_of_its_period() -> None:
    for short, reached in ((US, True), (2 * US, False)):
        as_of = utc("2024-04-01") - short
        table = metrics.revenue_cohorts(SPELLS, period="month", as_of=as_of, calendar=UTC)
        assert table.complete[0].tolist() == [True, True, reached]


def test_more_are_not_seen_than_there_are() -> None:
    table = metrics.revenue_cohorts(SPELLS, period="month", calendar=UTC)
    with pytest.raises(InvalidInputError, match="^seen must not exceed size$"):
        RevenueCohorts(
            axes=table.axes,
            parts={**table.parts, "size": np.zeros(4, np.int64)},
            context=table.context,
        )


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (nrr, {"definition": "net"}, "^definition must be one of 'cohort_snapshot', "),
        (
            nrr,
            {"definition": "cohort_snapshot", "step": "day"},
            "^step must be left out: 'cohort_s",
        ),
        (
            nrr,
            {"definition": "compounded_monthly", "step": "day"},
            "^step must be left out: 'comp",
        ),
        (
            nrr,
            {"definition": "cohort_by_vintage", "step": "day"},
            "^step must be left out: 'cohort",
        ),
        (nrr, {"definition": "cohort_by_vintage"}, "^period must be given for definition='cohort"),
        (nrr, {"definition": "movement"}, "^calendar must be given: movements are those"),
        (
            nrr,
            {"definition": "compounded_monthly"},
            "^calendar must be given: movements are those",
        ),
        (nrr, {"definition": "movement", "step": "fortnight"}, "^step must be one of 'hour', "),
        (nrr, {"definition": "movement", "calendar": UTC, "step": "quarter"}, "^step must divide"),
        (
            nrr,
            {"definition": "movement", "period": "month"},
            "^calendar must be given with a period",
        ),
        (
            grr,
            {"definition": "per_customer", "step": "day"},
            "^step must be left out: 'per_customer'",
        ),
        (grr, {"definition": "gross"}, "^definition must be one of 'per_customer', 'movement'"),
        (mrr_churn_rate, {"definition": "groß"}, "^definition must be one of 'gross', "),
    ],
)
def test_refusals(function: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        function(SPELLS, over=None if "period" in options else YEAR, **options)


def test_steps_of_a_day_see_what_months_do_not() -> None:
    """Up by 5 and down by 5 within a month: nothing moved, or both did."""
    spells = spells_of(
        [held("a", 10, "2024-01-05"), held("a", 5, "2024-02-05", "2024-02-20", plan="more")],
        as_of=utc("2024-04-01"),
    )
    options: dict[str, Any] = {"definition": "movement", "over": YEAR, "calendar": UTC}
    assert grr(spells, **options).value == 1.0
    assert grr(spells, **options, step="day").value == 0.5
    assert nrr(spells, **options, step="day").value == 1.0


def test_as_of_and_later_contracts() -> None:
    at = utc("2024-03-01") - US
    over = Window.parse("2024-02-01", "2024-03-01", tz="UTC")
    found = nrr(SPELLS, definition="cohort_snapshot", over=over, as_of=at)
    assert found.value == 0.5
