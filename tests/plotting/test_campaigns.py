from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from matplotlib.colors import to_hex

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.metrics import CampaignSummary, campaign_summary
from customerops.model import first
from customerops.plotting import message_bars
from customerops.plotting.canvas import LOSS
from tests.plotting.marks import bars, below, mesh, rendered, said, ticks

ROWS = [
    *[(who, "send", 2, "spring") for who in "abcdefgh"],
    *[(who, "bounce", 2, "spring") for who in "ab"],
    *[(who, "open", 3, "spring") for who in "cde"],
    ("c", "click", 3, "spring"),
    ("d", "unsubscribe", 4, "spring"),
    ("d", "purchase", 5, None),
    *[(who, "send", 12, "may") for who in "xy"],
    ("x", "open", 13, "may"),
]


def summary(until: int = 28, **options: object) -> CampaignSummary:
    log = InteractionLog.from_arrays(
        customer_id=[row[0] for row in ROWS], kind=[row[1] for row in ROWS],
        at=[dt.date(2026, 3, row[2]) for row in ROWS], campaign=[row[3] for row in ROWS], tz=dt.UTC,
    ).until_day(dt.date(2026, 3, until))  # fmt: skip
    return campaign_summary(
        log,
        within=dt.timedelta(days=7),
        conversions="purchase",
        **options,  # type: ignore[arg-type]
    )


def test_what_became_of_messages() -> None:
    ax = rendered(summary().select(campaign="spring").plot())
    assert [bar.get_width() for bar in bars(ax)] == [8, 6, 2, 3, 1, 1, 1, 0, 1]
    assert ticks(ax, "y") == [
        "sent", "delivered", "bounced", "opened", "clicked", "opened and clicked", "unsubscribed",
        "complained", "converted"]  # fmt: skip
    assert said(ax)[:6] == [
        "8", "6  (75 % of sent)", "2  (25 % of sent)", "3  (50 % of delivered)",
        "1  (17 % of delivered)", "1  (33 % of opened)"]  # fmt: skip
    orange = [to_hex(bar.get_facecolor()).upper() == LOSS for bar in bars(ax)]
    assert orange == [False, False, True, False, False, False, True, True, False]
    assert below(ax) == "campaign spring; as of the end of 2026-03-28"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("messages", "outcome")
    assert ax.get_title("left") == "Campaigns: what became of messages"


def test_shares_by_campaign() -> None:
    result = summary()
    ax = rendered(result.plot())
    assert ticks(ax, "y") == ["may", "spring"]
    shares = np.ma.filled(mesh(ax), np.nan).reshape(2, -1)
    assert shares[1].tolist() == [1, 0.75, 0.25, 0.375, 0.125, 0.125, 0.125, 0, 0.125]
    assert shares[0].tolist() == [1, 1, 0, 0.5, 0, 0, 0, 0, 0]
    assert ax.get_xlabel() == "outcome\nin the cells: share of messages sent (%)"


def test_messages_whose_time_is_not_up_are_said() -> None:
    ax = rendered(summary(until=15).select(campaign="may").plot())
    assert below(ax).endswith("2 messages whose time is not up are left out")
    assert said(ax)[1] == "0"  # no share of nothing
    assert rendered(summary(until=15).plot())
    with_periods = summary(until=15, period="month", split=None)
    assert rendered(with_periods.plot())


def test_what_is_too_much_for_one_picture() -> None:
    by = summary(by=first("kind"))
    with pytest.raises(InvalidInputError, match="one axis besides outcomes to be drawn: it has"):
        message_bars(by)
