from __future__ import annotations

import datetime as dt

import numpy as np

from customerops import InteractionLog
from customerops.metrics import activity_profile, rfm
from customerops.model import Window
from customerops.plotting import activity_map, rfm_grid
from tests.plotting.marks import greyed, lines, mesh, rendered, said, ticks

LOG = InteractionLog.from_arrays(
    customer_id=["ann", "ann", "bob"],
    at=[
        dt.datetime(2026, 1, day, hour, tzinfo=dt.UTC) for day, hour in ((5, 8), (6, 8), (11, 22))
    ],
    kind=["purchase"] * 3,
    amount=[5, 7, 9],
    currency="EUR",
    tz="Europe/Berlin",
).until_day(dt.date(2026, 1, 31))


def test_when_customers_act() -> None:
    profile = activity_profile(LOG, activity="purchase", cycle="week")
    ax = rendered(profile.plot())
    shown = mesh(ax).filled(np.nan)
    assert np.array_equal(shown, profile.value)
    assert shown[0, 9] == shown[1, 9] == shown[6, 23] == 1 / 3  # Monday, Tuesday, Sunday
    assert ticks(ax, "y") == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert ticks(ax)[:2] == ["00", "01"]
    assert "hour of the day, local time (Europe/Berlin)" in ax.get_xlabel()
    assert "share of events (%)" in ax.get_xlabel()
    assert greyed(ax) == []
    open_ = activity_profile(
        LOG,
        activity="purchase",
        cycle="week",
        over=Window.parse("2026-01-01", "2026-03-01", tz="UTC"),
    )
    assert len(greyed(rendered(open_.plot()))) == 7 * 24


def test_one_cycle_is_a_line() -> None:
    profile = activity_profile(LOG, activity="purchase", cycle="hour")
    ax = rendered(activity_map(profile))
    assert lines(ax)["_"] == profile.value.tolist()
    assert ax.get_xlabel() == "hour"


def test_scores_are_counted_and_nobody_is_named() -> None:
    table = rfm(LOG)
    scores = table.score(table.cuts(bins=2))
    ax = rendered(rfm_grid(scores))
    shown = mesh(ax)
    assert shown.shape == (2, 2)
    assert int(shown.sum()) == 2
    assert ticks(ax, "y") == ["2", "1"]  # the most recent on top
    bob = shown[0, 0]  # bought last, and once
    assert bob == 1
    assert shown[1, 1] == 1
    assert shown[0, 1] is np.ma.masked
    assert not any(name in " ".join(said(ax)) for name in ("ann", "bob"))
    assert "2 customers" in said(ax)[-1]


def test_nobody_bought() -> None:
    table = rfm(LOG, purchases="nothing")
    from customerops.metrics import RFMCuts

    cuts = RFMCuts(recency=(9,), frequency=(1,), monetary=(0,))
    ax = rendered(table.score(cuts).plot())
    assert mesh(ax).mask.all()
