"""Renewals by tenure: from survivors, from spells, added, and refused."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import RenewalSummary, churn_rate, renewal_summary
from customerops.metrics.shared.terms import as_term, terms_by, years_of
from customerops.model import Axis, Calendar, Context, spells_of
from tests.metrics.contracts import BOOKS, INSTANTS, NEW_YORK, held, intervals, spells_from, utc
from tests.reference import contractual as slow

UTC = Calendar("UTC")
TERMS = st.sampled_from([(1, "month"), (2, "month"), (1, "week"), (10, "day"), (1, "year")])


# survivors ---------------------------------------------------------------------------------------


def test_survivors_of_one_cohort() -> None:
    summary = RenewalSummary.from_survivors([1000, 869, 743], term=(1, "year"))
    assert summary.lost.tolist() == [0, 131, 126]
    assert summary.kept.tolist() == [0, 0, 743]
    assert summary.at_risk.tolist() == [1000, 1000, 869]
    assert summary.customers == 1000
    assert summary.term == (1, "year")
    assert summary.retention_rate.tolist()[1:] == [0.869, 743 / 869]
    assert np.isnan(summary.retention_rate[0])
    assert summary.complete.all()
    frame = summary.to_frame()
    assert list(frame) == ["renewals", "at_risk", "lost", "kept", "retention_rate", "complete"]
    assert "renewals" in summary._repr_html_()
    assert repr(summary) == "RenewalSummary(metric='renewal_summary', axes=renewals[3])"
    assert pickle.loads(pickle.dumps(summary)) == summary


def test_cohorts_watched_for_different_times() -> None:
    """Fader and Hardie (2010) have annual cohorts of 10,000: 6,334, 4,367, 3,264, 2,604 stay."""
    years = [10_000, 6_334, 4_367, 3_264, 2_604]
    cohorts = {2003 + i: years[: 5 - i] for i in range(5)}
    summary = RenewalSummary.from_survivors(cohorts)
    kept, lost = summary.pooled()
    assert kept.tolist() == [10_000, 6_334, 4_367, 3_264, 2_604]
    assert lost.tolist() == [0, 4 * 3_666, 3 * 1_967, 2 * 1_103, 660]
    alone = RenewalSummary.from_survivors(years)
    np.testing.assert_array_equal(summary.select(cohort=2003).lost, alone.lost)
    np.testing.assert_array_equal(summary.rollup("cohort").kept, kept)
    assert np.isnan(summary.retention_rate[4]).all()
    parts = [RenewalSummary.from_survivors({label: row}) for label, row in cohorts.items()]
    assert sum(parts[::-1]) == summary


def test_add_up() -> None:
    a = RenewalSummary.from_survivors([10, 8, 5])
    b = RenewalSummary.from_survivors([7, 7])
    both = a + b
    assert both.lost.tolist() == [0, 2, 3]
    assert both.kept.tolist() == [0, 7, 5]
    assert both == b + a
    with pytest.raises(InvalidInputError, match="options must be the same to add results"):
        a + RenewalSummary.from_survivors([7, 7], term=(1, "month"))


def test_more_customers_than_fit() -> None:
    huge = RenewalSummary.from_survivors([2**61, 2**61, 2**60])
    many = sum([huge] * 8)
    assert isinstance(many, RenewalSummary)
    assert many.customers == 2**64
    assert many.at_risk.tolist() == [2**64] * 3


def test_resample() -> None:
    summary = RenewalSummary.from_survivors({"a": [100, 60, 30], "b": [50, 20]})
    drawn = summary.resample(np.random.default_rng(1))
    assert drawn.customers == 150
    assert drawn != summary
    assert drawn.axes == summary.axes
    assert not drawn.lost[..., 0].any()
    again = summary.resample(np.random.default_rng(1))
    assert again == drawn
    nobody = RenewalSummary.from_survivors([0])
    assert nobody.resample(np.random.default_rng(1)) == nobody


@pytest.mark.parametrize(
    ("survivors", "message"),
    [
        ([1.0, 0.869], "survivors must be whole numbers of customers: multiply a share by how many"),
        ([100, 101], "survivors must not rise: there are more after renewal 1 than before"),
        ([-1], "survivors must not be negative"),
        ([], "survivors must have at least one number a cohort: got none"),
        ({}, "survivors must have at least one cohort: got none"),
        ({1: []}, "survivors must have at least one number a cohort: got none"),
        ([[1], [1]], "survivors must be a column of numbers: got 2 dimensions"),
    ],
)  # fmt: skip
def test_no_survivors(survivors: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        RenewalSummary.from_survivors(survivors)


def made(kept: list[int], lost: list[int], labels: Any = None) -> RenewalSummary:
    axis = Axis("renewals", range(len(kept)) if labels is None else labels, "age")
    parts = {"kept": kept, "lost": lost}
    return RenewalSummary(axes=[axis], parts=parts, context=Context("renewal_summary"))


def test_parts_that_cannot_be() -> None:
    with pytest.raises(InvalidInputError, match="kept must not be negative"):
        made([0, -1], [0, 1])
    with pytest.raises(InvalidInputError, match="lost must be 0 at 0: nobody leaves before"):
        made([0, 1], [1, 1])
    with pytest.raises(InvalidInputError, match=r"renewals must be 0, 1, 2, \.\.\. without a gap"):
        made([0, 1], [0, 1], labels=[0, 2])
    with pytest.raises(InvalidInputError, match=r"renewals must be 0, 1, 2, \.\.\. without a gap"):
        made([], [])
    summary = made([0, 1, 3], [0, 1, 2])
    some: Any
    for some in (1, [0, 1]):
        with pytest.raises(InvalidInputError, match="renewals must be there in full: who is at"):
            summary.select(renewals=some)


# terms -------------------------------------------------------------------------------------------


def test_terms() -> None:
    def ended(began: str, until: str, term: Any) -> int:
        a, b = np.array([[began], [until]], "M8[D]").astype(np.int64)
        return int(terms_by(a, b, term)[0])

    assert ended("2024-01-31", "2024-02-28", (1, "month")) == 0
    assert ended("2024-01-31", "2024-02-29", (1, "month")) == 1
    assert ended("2024-01-31", "2024-03-30", (1, "month")) == 1
    assert ended("2024-01-31", "2024-03-31", (1, "month")) == 2
    assert ended("2024-02-29", "2025-02-27", (1, "year")) == 0
    assert ended("2024-02-29", "2025-02-28", (1, "year")) == 1
    assert ended("2024-02-29", "2024-02-28", (1, "month")) == 0
    assert ended("2024-02-29", "2024-01-01", (1, "week")) == 0
    assert ended("2024-01-01", "2024-01-14", (1, "week")) == 1
    assert ended("2024-01-01", "2024-01-21", (10, "day")) == 2
    assert years_of((3, "month")) == 0.25
    assert years_of((2, "year")) == 2.0
    assert years_of((1, "week")) == 7 / 365.2425


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("month", "term must be a number and a unit"),
        ((1, "moon"), r"term\[1\] must be one of"),
        ((0, "month"), r"term\[0\] must be at least 1"),
        ((1201, "month"), r"term\[0\] must be at most 1200"),
        ((101, "year"), r"term\[0\] must be at most 100"),
        ((40_000, "day"), r"term\[0\] must be at most 36525"),
    ],
)
def test_no_term(term: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        as_term(term)


# spells ------------------------------------------------------------------------------------------


def test_a_renewal_that_is_not_due_is_no_failure() -> None:
    spells = spells_of(
        [
            held("stays", "2026-01-10"),
            held("left on time", "2026-01-10", "2026-03-10"),
            held("left within", "2026-01-10", "2026-03-20"),
            held("gave notice", "2026-01-10", "2026-04-05"),
            held("young", "2026-04-01"),
        ],
        as_of=utc("2026-04-09T12:00"),
    )
    summary = renewal_summary(spells, term=(1, "month"), calendar=UTC)
    assert summary.kept.tolist() == [1, 0, 3]
    assert summary.lost.tolist() == [0, 0, 1]
    assert summary.context.calendar == UTC
    assert summary.term == (1, "month")
    later = spells_of(
        [held("left within", "2026-01-10", "2026-03-20")], as_of=utc("2026-04-11T00:00")
    )
    assert renewal_summary(later, term=(1, "month"), calendar=UTC).lost.tolist() == [0, 0, 0, 1]
    before = renewal_summary(
        later, term=(1, "month"), calendar=UTC, as_of=utc("2026-04-10T23:59:59.999998")
    )
    assert before.kept.tolist() == [0, 0, 1]  # the day is not over
    over = renewal_summary(
        later, term=(1, "month"), calendar=UTC, as_of=utc("2026-04-10T23:59:59.999999")
    )
    assert over.lost.tolist() == [0, 0, 0, 1]


def test_by_plan() -> None:
    spells = spells_of(
        [
            held("a", "2026-01-10", "2026-02-01", plan="basic"),
            held("b", "2026-01-10", "2026-02-10", plan="basic"),
            held("b", "2026-02-10", plan="gold"),
            held("c", "2026-03-01", plan="gold"),
        ],
        as_of=utc("2026-03-31"),
    )
    summary = renewal_summary(spells, term=(1, "month"), by="plan", calendar=UTC)
    assert summary.axes[0].labels == ("basic", "gold")
    assert summary.select(plan="basic").kept.tolist() == [0, 0, 1]  # b began with it
    assert summary.select(plan="basic").lost.tolist() == [0, 1, 0]
    assert summary.select(plan="gold").kept.tolist() == [1, 0, 0]
    nobody = renewal_summary(
        spells_of([], as_of=utc("2026-03-31")), term=(1, "month"), calendar=UTC
    )
    assert nobody.customers == 0


@given(BOOKS, INSTANTS, TERMS)
@settings(max_examples=60)
def test_against_one_due_day_after_the_other(book: Any, as_of: dt.datetime, term: Any) -> None:
    zone = ZoneInfo("America/New_York")
    summary = renewal_summary(spells_from(book, as_of), term=term, calendar=NEW_YORK)
    closed = (as_of + dt.timedelta(microseconds=1)).astimezone(zone).date() - dt.timedelta(days=1)
    expected = slow.renewals(slow.stays_of(book, as_of, zone), term, closed)
    found = {
        (name, k): n
        for name in ("kept", "lost")
        for k, n in enumerate(summary.parts[name].tolist())
        if n
    }
    assert found == dict(expected)
    whole = renewal_summary(spells_from(book, as_of), term=term, calendar=NEW_YORK, by="plan")
    for name in ("kept", "lost"):
        np.testing.assert_array_equal(whole.parts[name].sum(0), summary.parts[name])


@given(st.dictionaries(st.sampled_from("uvwxyz"), intervals().map(lambda i: [i])), INSTANTS, TERMS)
@settings(max_examples=40)
def test_as_the_renewal_rate_has_it(book: Any, as_of: dt.datetime, term: Any) -> None:
    spells = spells_from(book, as_of)
    summary = renewal_summary(spells, term=term, calendar=NEW_YORK)
    rate = churn_rate(spells, definition="renewal", term=term, period="day", calendar=NEW_YORK)
    assert summary.lost.sum() == rate.parts["count"].sum()  # type: ignore[union-attr]
    assert summary.at_risk[1:].sum() == rate.parts["total"].sum()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spells": []}, "spells must be Spells: got list"),
        ({"by": 3}, "by must be an attribute of the spells: got int"),
        ({"by": "plam"}, "by must be an attribute of the spells: got 'plam', did you mean 'plan'"),
        ({"calendar": "UTC"}, "calendar must be a Calendar: got str"),
        ({"term": 1}, "term must be a number and a unit"),
        ({"as_of": utc("2027-01-01")}, "as_of must not be later than the spells' as_of"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    spells = spells_of([held("a", "2026-01-10")], as_of=utc("2026-03-31"))
    given_: dict[str, Any] = {"spells": spells, "term": (1, "month"), "calendar": UTC, **options}
    with pytest.raises(InvalidInputError, match=message):
        renewal_summary(given_.pop("spells"), **given_)
