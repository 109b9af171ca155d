"""What customers speak of: by hand, and respondent by respondent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import theme_counts
from customerops.model import Customer, Interaction, InteractionLog
from tests.metrics.contracts import INSTANTS, NEW_YORK, months_of, utc
from tests.reference.metrics import histories

t: Any = theme_counts
NOW = utc("2026-12-31")


def said(who: str, at: dt.datetime, *themes: str | None) -> Interaction:
    pairs = zip(("first", "second"), themes, strict=False)
    return Interaction(
        customer_id=who,
        kind="survey_response",
        at=at,
        attributes={name: theme for name, theme in pairs if theme is not None},
    )


def log_of(rows: list[Interaction], as_of: dt.datetime = NOW) -> InteractionLog:
    log = InteractionLog.from_interactions(rows, calendar=NEW_YORK, attributes=["first", "second"])
    return log.until(as_of)


OPTIONS: dict[str, Any] = {"themes": ["first", "second"], "responses": "survey_response"}
DAY = utc("2026-02-02")
ROWS = [
    said("a", DAY, "price", "speed"),
    said("a", DAY, None, "price"),
    said("b", DAY, "price", "price"),
    said("c", DAY),
]


def test_a_respondent_counts_once_a_theme() -> None:
    shares = theme_counts(log_of(ROWS), **OPTIONS)
    assert shares.axes[0].labels == ("price", "speed")
    assert (shares.count.tolist(), shares.total) == ([2, 1], 3)
    listed = theme_counts([["price", "speed", "price"], ("price",), ()])
    assert {k: v.tolist() for k, v in listed.parts.items()} == {
        k: v.tolist() for k, v in shares.parts.items()
    }
    one = theme_counts(log_of(ROWS), themes="first", responses="survey_response")
    assert one.axes[0].labels == ("price",)
    assert one.count.tolist() == [2]


def test_groups() -> None:
    people = [Customer(id=who, country="CN" if who == "c" else "FR") for who in "abc"]
    shares = theme_counts(log_of(ROWS).with_customers(people), by="country", **OPTIONS)
    assert shares.count.tolist() == [[0, 0], [2, 1]]
    assert shares.total.tolist() == [1, 2]
    assert shares.rollup("country").value.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_nobody_spoke() -> None:
    assert theme_counts([]).value.tolist() == []
    empty = theme_counts(log_of([]), **OPTIONS)
    assert (empty.total, empty.axes[0].labels) == (0, ())


@given(
    st.lists(
        st.builds(
            said,
            st.sampled_from("abc"),
            INSTANTS,
            st.sampled_from([None, "x", "y", "z"]),
            st.sampled_from([None, "x", "y"]),
        ),
        max_size=20,
    )
)
def test_as_respondent_by_respondent(rows: list[Interaction]) -> None:
    as_of = max((one.at for one in rows), default=NOW)
    shares: Any = theme_counts(log_of(rows, as_of), period="month", **OPTIONS)
    for i, (start, end) in enumerate(months_of(shares.axes[0].labels)):
        spoken = {
            who: {
                theme for one in own if start <= one.at < end for theme in one.attributes.values()
            }
            for who, own in histories(rows, as_of).items()
            if any(start <= one.at < end for one in own)
        }
        assert shares.total[i] == len(spoken)
        for j, theme in enumerate(shares.axes[1].labels):
            assert shares.count[i, j] == sum(theme in own for own in spoken.values())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: t(["price"]), "themes must be an iterable of values: got str"),
        (lambda: t([[1]]), "themes must be a str: got int"),
        (lambda: t([], period="month"), "period must be left out without a log: got str"),
        (lambda: t(log_of(ROWS), responses="x"), "themes must be given with a log"),
        (lambda: t(log_of(ROWS), themes="first"), "responses must be given with a log"),
        (lambda: t(log_of(ROWS), themes="third", responses="x"), "column must be one the log was"),
        (lambda: t(log_of(ROWS), themes=[1], responses="x"), "themes must be a str: got"),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
