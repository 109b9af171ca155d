from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

from customerops.errors import InvalidInputError
from customerops.journey import Funnel
from customerops.model import Axis, Calendar, Context, kind
from customerops.plotting import funnel_bars
from tests.plotting.marks import bars, heights, lines, rendered, said, ticks

STEPS = Axis("step", [1, 2, 3], "state")
WEEK = dt.timedelta(days=7)


def context(within: dt.timedelta | None = WEEK, **given: Any) -> Context:
    steps = (kind("visit"), kind.isin("cart", "basket"), kind("purchase"))
    options = {"steps": steps, "within": within, "optional": ()}
    return Context("funnel", as_of=10**15, options=options, **given)


def funnel(
    reached: Any, settled: Any, immature: Any, axes: Any = (STEPS,), **given: Any
) -> Funnel:
    parts = {"reached": reached, "settled": settled, "immature": immature}
    return Funnel(axes=axes, parts=parts, context=context(**given))


def test_bars_are_shares_of_those_who_had_their_time() -> None:
    table = funnel([12, 6, 3], [10, 5, 2], 2)
    ax = rendered(table.plot())
    assert heights(ax)[:3] == [1.0, 0.5, 0.2]
    lost = heights(ax)[3:6]
    assert lost == pytest.approx([0.0, 0.5, 0.3])
    (errors,) = [one for one in ax.containers if isinstance(one, ErrorbarContainer)]
    (collection,) = errors[2]
    drawn = np.array([segment[:, 1] for segment in collection.get_segments()])
    assert np.allclose(drawn, np.array(table.conversion("first").interval()).T)
    assert [text for text in said(ax) if "%\n" in text] == ["100 %\n10", "50 %\n5", "20 %\n2"]
    assert ticks(ax)[0] == "1  visit"
    assert ticks(ax)[2] == "3  purchase"
    assert "basket" in ticks(ax)[1]
    assert ax.get_ylabel() == "share of the customers who entered (%)"
    assert "2 customers whose time is not over are left out" in said(ax)[-1].replace("\n", " ")


def test_without_a_limit_shares_so_far_are_grey() -> None:
    ax = rendered(funnel([8, 4, 2], [2, 2, 2], 6, within=None).plot())
    grey = [bar for bar in bars(ax) if bar.get_hatch()]
    assert [float(bar.get_height()) for bar in grey] == [1.0, 0.5, 0.25]
    assert "50 %\n4" in said(ax)
    assert "grey: so far, for there is no limit of time" in said(ax)[-1].replace("\n", " ")
    ax = rendered(funnel([8, 4, 2], [8, 4, 2], 0, within=None).plot())
    assert heights(ax)[:3] == [1.0, 0.5, 0.25]


def test_groups_stand_side_by_side() -> None:
    groups = Axis("country", ["DE", "FR"], "group", disjoint=True)
    settled = [[10, 5, 2], [4, 3, 0]]
    ax = rendered(funnel_bars(funnel(settled, settled, [0, 0], (groups, STEPS)), confidence=0.9))
    assert heights(ax, "FR") == [1.0, 0.75, 0.0]
    assert ax.get_legend().get_title().get_text() == "country"
    assert "90 % intervals" in said(ax)[-1]


def test_nobody() -> None:
    ax = rendered(funnel([0, 0, 0], [0, 0, 0], 0).plot())
    assert not [text for text in said(ax) if "%\n" in text]


def test_periods_are_lines() -> None:
    months = Axis("period", [dt.date(1970, 1, 1), dt.date(1970, 2, 1)], "period")
    counts = [[10, 5, 2], [20, 5, 5]]
    table = funnel(
        counts, counts, [0, 0], (months, STEPS), period="month", calendar=Calendar("UTC")
    )
    drawn = lines(rendered(table.plot()))
    assert drawn == {"1": [1.0, 1.0], "2": [0.5, 0.25], "3": [0.2, 0.25]}


def test_five_groups_are_refused() -> None:
    groups = Axis("country", list("abcde"), "group", disjoint=True)
    counts = np.ones((5, 3), int)
    with pytest.raises(
        InvalidInputError, match="groups must be at most 4 to be drawn: there are 5"
    ):
        funnel(counts, counts, np.zeros(5, int), (groups, STEPS)).plot()
