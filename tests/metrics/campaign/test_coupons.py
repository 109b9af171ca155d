"""Coupons redeemed, expired, and redeemed without being issued."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerops.errors import InvalidInputError
from customerops.metrics import (
    CouponRedemption,
    coupon_redemption,
    coupon_redemption_from_counts,
)
from customerops.model import Context, Interaction, InteractionLog, Window
from tests.metrics.contracts import DAY, INSTANTS, NEW_YORK, US, utc
from tests.reference import campaign as slow

END = utc("2026-06-01")
c: Any = coupon_redemption


def event(
    who: str, what: str, at: str, code: str | None, name: str = "ten", until: str | None = None
) -> Interaction:
    return Interaction(
        customer_id=who,
        kind=f"coupon_{what}",
        at=utc(at),
        thread_id=code,
        name=name,
        until=None if until is None else utc(until),
    )


def log_of(rows: list[Interaction], as_of: dt.datetime = END) -> InteractionLog:
    return InteractionLog.from_interactions(rows, calendar=NEW_YORK).until(as_of)


BATCH = [
    event("a", "issue", "2026-03-02", "1", until="2026-04-01"),
    event("a", "redeem", "2026-03-10", "1"),
    event("a", "redeem", "2026-03-11", "1"),
    event("a", "issue", "2026-03-02", "2", until="2026-04-01"),
    event("b", "issue", "2026-03-02", "3", until="2026-04-01"),
    event("b", "redeem", "2026-04-01", "3"),  # expired, to the instant
    event("c", "redeem", "2026-03-05", "2"),  # a's, handed on
    event("d", "issue", "2026-03-20", "4", name="free post"),  # never expires
    event("d", "redeem", "2026-04-20", "4", name="at the till"),
]


def test_a_batch_by_hand() -> None:
    ten: Any = coupon_redemption(log_of(BATCH), definition="settled").select(name="ten")
    assert (ten.x, ten.y, ten.value, ten.n) == (1, 3, 1 / 3, 2)
    assert (ten.expired, ten.pending, ten.late, ten.unlinked) == (2, 0, 1, 1)
    post: Any = coupon_redemption(log_of(BATCH), definition="settled").select(name="free post")
    assert (post.x, post.y, post.pending) == (0, 0, 1)  # never settled
    assert np.isnan(post.value)
    post = coupon_redemption(log_of(BATCH), definition="to_date").select(name="free post")
    assert (post.x, post.y, post.pending, post.expired) == (1, 1, 0, 0)


def test_what_is_still_good() -> None:
    early = utc("2026-03-31") + DAY - 2 * US
    settled: Any = coupon_redemption(log_of(BATCH, early), definition="settled", split=None)
    assert (settled.x, settled.y, settled.pending, settled.expired) == (0, 0, 4, 0)
    to_date: Any = coupon_redemption(log_of(BATCH, early), definition="to_date", split=None)
    assert (to_date.x, to_date.y, to_date.pending) == (1, 4, 3)
    assert to_date.value == 0.25
    month: Any = coupon_redemption(log_of(BATCH, early), definition="to_date", period="month")
    assert np.isnan(np.asarray(month.value)).all()
    due: Any = coupon_redemption(log_of(BATCH, early + US), definition="settled", split=None)
    assert (due.x, due.y, due.pending, due.expired) == (1, 3, 1, 2)


def test_at_most_so_long() -> None:
    week: Any = coupon_redemption(log_of(BATCH), definition="settled", within=8 * DAY, split=None)
    assert (week.x, week.y, week.late) == (0, 4, 4)  # the 10th is eight days after the 2nd
    more: Any = coupon_redemption(
        log_of(BATCH), definition="settled", within=8 * DAY + US, split=None
    )
    assert (more.x, more.late) == (1, 3)
    without: Any = coupon_redemption(
        InteractionLog.from_arrays(
            customer_id=["a"], kind=["coupon_issue"], at=[utc("2026-03-01")], thread=["1"]
        ).until(END),
        definition="settled",
        split=None,
    )
    assert (without.y, without.pending) == (0, 1)


def test_same_period_is_placed_by_when_it_happened() -> None:
    log = log_of(BATCH)
    table = coupon_redemption(log, definition="same_period", period="month")
    assert table.axes[0].labels == ("free post", "ten")  # of the coupon, not of the till
    assert np.asarray(table.y).tolist() == [[1, 0, 0], [3, 0, 0]]
    assert np.asarray(table.x).tolist() == [[0, 1, 0], [1, 0, 0]]
    april = Window.parse("2026-04-01", "2026-05-01", tz="America/New_York")
    one = coupon_redemption(log, definition="same_period", over=april)
    assert one.axes[0].labels == ("free post",)
    assert (np.asarray(one.x).tolist(), np.asarray(one.y).tolist()) == ([1], [0])


def test_a_coupon_counts_once_by_its_first_redemption() -> None:
    rows = [
        event("a", "issue", "2026-03-02", "1"),
        event("a", "redeem", "2026-04-10", "1"),
        event("a", "redeem", "2026-05-10", "1"),
    ]
    rate = coupon_redemption(log_of(rows), definition="same_period", split=None, period="month")
    assert np.asarray(rate.x).tolist() == [0, 1, 0]


def test_all_have_an_end() -> None:
    log = InteractionLog.from_arrays(
        customer_id=["a", "b"],
        kind=["coupon_issue"] * 2,
        at=[utc("2026-03-01")] * 2,
        thread=["1", "2"],
        until=[utc("2026-03-05"), utc("2026-07-01")],
        tz=dt.UTC,
    ).until(END)
    rate: Any = coupon_redemption(log, definition="settled", split=None)
    assert (rate.y, rate.expired, rate.pending) == (1, 1, 1)


def test_counts() -> None:
    assert coupon_redemption_from_counts(redeemed=0, issued=0).complete
    assert np.isnan(coupon_redemption_from_counts(redeemed=0, issued=0).value)


@st.composite
def happenings(draw: st.DrawFn) -> Interaction:
    return Interaction(
        customer_id=draw(st.sampled_from("ab")),
        kind=draw(st.sampled_from(["coupon_issue", "coupon_redeem"])),
        at=draw(INSTANTS),
        thread_id=draw(st.sampled_from(["1", "2", None])),
        name=draw(st.sampled_from(["x", "y", None])),
        until=draw(st.none() | INSTANTS),
    )


@given(
    st.lists(happenings(), max_size=20),
    st.sampled_from([None, US, DAY, 20 * DAY]),
    INSTANTS,
    st.sampled_from(["thread", "name"]),
)
def test_as_coupon_by_coupon(
    rows: list[Interaction], within: dt.timedelta | None, as_of: dt.datetime, link: str
) -> None:
    log = log_of(rows, as_of)
    field = {"thread": "thread_id"}.get(link, link)
    every, unlinked, late = slow.coupons(rows, as_of, within, field)
    labels = {one.issue.name for one in every}
    astray = Counter(one.name for one in unlinked)
    tardy = Counter(one.issue.name for one in late)
    for definition in ("settled", "to_date"):
        table = c(log, definition=definition, within=within, link=link)
        assert set(table.axes[0].labels) == labels | set(astray)
        for label in table.axes[0].labels:
            cell = table.select(name=label)
            own: dict[Any, Counter[str]] = defaultdict(Counter)
            pending = expired = 0
            for one in every:
                if one.issue.name != label:
                    continue
                done, over = one.redeemed is not None, one.over(as_of)
                expired += over and not done
                if definition == "settled":
                    pending += not over
                    own[one.who].update({"x": int(done and over), "y": int(over)})
                else:
                    pending += not over and not done
                    own[one.who].update({"x": int(done), "y": 1})
            sums = [int(cell.parts[name]) for name in ("n", "x", "y", "xx", "yy", "xy")]
            assert sums == list(slow.sums(own.values(), "x", "y"))
            assert (cell.pending, cell.expired) == (pending, expired)
            assert (cell.unlinked, cell.late) == (astray[label], tardy[label])
    both = c(log, definition="same_period", link=link, within=within, split=None)
    assert (both.x, both.y) == (sum(one.redeemed is not None for one in every), len(every))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: c(log_of(BATCH), definition="issued"), "definition must be one of"),
        (lambda: c(log_of(BATCH), definition="settled", within=3), "within must be a timedelta"),
        (
            lambda: c(log_of(BATCH), definition="settled", link="nme"),
            "link must be one of actor_kind, .*: got 'nme', did you mean 'name'",
        ),
        (
            lambda: coupon_redemption_from_counts(redeemed=2, issued=1),
            "redeemed must not exceed issued",
        ),
        (
            lambda: coupon_redemption_from_counts(redeemed=-2, issued=1),
            "redeemed must be at least 0",
        ),
        (
            lambda: CouponRedemption(
                parts={**dict.fromkeys(CouponRedemption.PARTS, 0), "expired": -1},
                context=Context("coupon_redemption"),
            ),
            "expired must not be negative",
        ),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()
