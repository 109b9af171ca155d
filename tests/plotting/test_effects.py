from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from matplotlib.colors import to_hex

from customerops import InteractionLog, Window
from customerops.errors import InvalidInputError
from customerops.metrics import (
    difference_in_differences,
    difference_in_differences_from_estimates,
    difference_in_differences_from_outcomes,
    proportion,
    uplift,
    uplift_from_counts,
    uplift_from_outcomes,
)
from customerops.model import Axis, Context, Mean, Proportion
from customerops.plotting import change_lines, effect_chart
from customerops.plotting.canvas import GAIN, LOSS
from tests.plotting.marks import below, lines, rendered, said, spans, ticks, whiskers

ARMS = {"none": (90, 1000), "mail": (120, 1000), "call": (30, 500)}


def test_differences_of_arms() -> None:
    """12 % less 9 % is 3 points; 6 % less 9 % is -3."""
    lift = uplift_from_counts(ARMS, control="none")
    ax = rendered(lift.plot())
    data = ax.containers[0].lines[0]
    assert data.get_xdata() == pytest.approx([-0.03, 0.03])
    assert to_hex(data.get_color()).upper() == GAIN
    low, high = lift.interval()
    assert np.array(whiskers(ax, along=0)) == pytest.approx(np.column_stack([low, high]))
    assert ticks(ax, "y") == ["call", "mail"]
    assert said(ax)[:2] == [
        "6.0 % of 500 against 9.0 % of 1,000",
        "12.0 % of 1,000 against 9.0 % of 1,000",
    ]
    assert ax.get_xlabel() == "difference in the share of customers (percentage points)"
    assert ax.get_title("left") == "Uplift (difference) against none"
    assert below(ax) == "95 % intervals"
    (zero,) = (line for line in ax.lines if line.get_label() == "_no effect")
    assert zero.get_xdata() == [0.0, 0.0]
    assert not spans(ax, 1)
    wide, narrow = (
        whiskers(ax, along=0)[0],
        whiskers(effect_chart(lift, confidence=0.8), along=0)[0],
    )
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_a_sample_ratio_that_is_flagged_is_said() -> None:
    wrong = uplift_from_counts(ARMS, control="none", weights=dict.fromkeys(ARMS, 1))
    assert wrong.flagged
    ax = rendered(wrong.plot())
    (text,) = (text.get_text() for text in ax.texts if text.get_gid() == "flagged")
    assert text.startswith("SAMPLE RATIO MISMATCH (p = ")
    assert text.endswith("not to be believed")
    assert to_hex(ax.containers[0].lines[0].get_color()).upper() == LOSS
    fine = uplift_from_counts(ARMS, control="none", weights={"none": 2, "mail": 2, "call": 1})
    assert below(rendered(fine.plot())) == "95 % intervals; sample ratio p = 1"


def test_ratios() -> None:
    lift = uplift_from_counts({**ARMS, "nobody": (0, 0)}, control="none", definition="ratio")
    ax = rendered(lift.plot())
    drawn = ax.containers[0].lines[0].get_xdata()
    assert drawn[:2] == pytest.approx([6 / 9, 12 / 9])
    assert np.isnan(drawn[2])
    assert said(ax)[2] == "– of 0 against 9.0 % of 1,000"
    (one,) = (line for line in ax.lines if line.get_label() == "_no effect")
    assert one.get_xdata() == [1.0, 1.0]
    assert ax.get_xlabel() == "ratio of the outcome to that of the control"


def test_means_of_outcomes_adjusted() -> None:
    lift = uplift_from_outcomes(
        [300, 500, 700, 900], ["a", "a", "b", "b"], control="a", scale=100, covariate=[1, 2, 1, 3]
    )
    ax = rendered(lift.plot())
    assert said(ax)[0] == "8 of 2 against 4 of 2"
    assert below(ax) == "95 % intervals; adjusted by a covariate"
    assert ax.get_xlabel() == "difference (outcome per customer)"
    assert ax.containers[0].lines[0].get_xdata() == pytest.approx(lift.value)


def bought(*rows: tuple[str, int], until: int = 30) -> InteractionLog:
    """A log of events of 10 euros on days of the year."""
    start = dt.date(2026, 1, 1)
    return InteractionLog.from_arrays(
        customer_id=[who for who, _ in rows],
        at=[start + dt.timedelta(days=day) for _, day in rows],
        kind=["buy"] * len(rows),
        amount=[10] * len(rows),
        currency="EUR",
        tz=dt.UTC,
    ).until_day(start + dt.timedelta(days=until))


def test_open_windows_are_grey() -> None:
    log = bought(("a", 1), ("b", 1), ("b", 3), ("c", 1), ("d", 29))
    found = uplift(
        log, arms={"a": "x", "b": "y", "c": "x", "d": "y"}, control="x", outcome="buy",
        measure="amount", start="buy", window=dt.timedelta(days=10),
    )  # fmt: skip
    ax = rendered(found.plot())
    assert spans(ax, 1) == [0]
    assert below(ax).endswith("1 customers whose window is open are left out")
    assert below(ax).startswith("as of the end of 2026-01-31")
    assert ax.get_xlabel() == "difference (EUR per customer)"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["so far"]


# -- differences in differences ---------------------------------------------------------------------


def test_four_estimates() -> None:
    """10 % to 18 % and 10 % to 12 %: without it 12 %, so that the effect is 6 points."""
    found = difference_in_differences_from_estimates(
        treated=(proportion(40, 400), proportion(72, 400)),
        control=(proportion(55, 500), proportion(65, 500)),
    )
    ax = rendered(found.plot())
    drawn = lines(ax)
    assert drawn["treated"] == pytest.approx([0.1, 0.18])
    assert drawn["control"] == pytest.approx([0.11, 0.13])
    assert drawn["treated, had it changed as the control"] == pytest.approx([0.1, 0.12])
    for which, (hits, n) in enumerate((((40, 72), 400), ((55, 65), 500))):
        for (low, high), hit in zip(whiskers(ax, which), hits, strict=True):
            assert (low, high) == pytest.approx(proportion(hit, n).interval())
    low, high = found.interval()
    assert whiskers(ax, 2)[0] == pytest.approx((0.12 + low, 0.12 + high))
    assert drawn["_effect"] == pytest.approx([0.12, 0.18])
    assert said(ax)[0] == f"+6.0\n({100 * low:+.1f} to {100 * high:+.1f})"
    assert ticks(ax) == ["before", "after"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("window", "share of customers (%)")
    assert ax.get_title("left") == "Proportion: difference in differences"


def test_estimates_with_axes_are_refused() -> None:
    axis = Axis("plan", ["a"], "group")
    one = Proportion(axes=[axis], parts={"count": [1], "total": [4]}, context=Context("rate"))
    found = difference_in_differences_from_estimates(treated=(one, one), control=(one, one))
    with pytest.raises(
        InvalidInputError, match=r"without axes to be drawn: the changes \.treated"
    ):
        found.plot()


def test_estimates_that_are_undefined_have_no_effect() -> None:
    none = proportion(0, 0)
    found = difference_in_differences_from_estimates(treated=(none, none), control=(none, none))
    ax = rendered(found.plot())
    assert "_effect" not in lines(ax)
    assert not spans(ax)
    rows = Mean(parts={"n": 2, "sum": 5, "sum_sq": 13}, context=Context("mean"))
    ax = rendered(
        difference_in_differences_from_estimates(treated=(rows, rows), control=(rows, rows)).plot()
    )
    assert lines(ax)["treated"] == [2.5, 2.5]
    assert said(ax)[0].startswith("+0\n(-")


def test_customers_over_windows() -> None:
    """Events of two treated and two control customers in four windows of five days."""
    counts = {"a": (1, 1, 2, 4), "b": (1, 2, 2, 4), "c": (0, 1, 1, 2), "d": (1, 1, 1, 1)}
    rows = [
        (who, 5 * i + j)
        for who, each in counts.items()
        for i, n in enumerate(each)
        for j in range(n)
    ]
    windows = [
        Window.parse(f"2026-01-{1 + 5 * i:02}", f"2026-01-{6 + 5 * i:02}", tz="UTC")
        for i in range(4)
    ]
    options = {
        "arms": {"a": "Lyon", "b": "Lyon", "c": "Nice", "d": "Nice"}, "control": "Nice",
        "outcome": "buy", "before": windows[2], "after": windows[3], "earlier": windows[:2],
    }  # fmt: skip
    found = difference_in_differences(bought(*rows), measure="events", **options)  # type: ignore[arg-type]
    ax = rendered(found.plot())
    drawn = lines(ax)
    assert drawn["treated"] == [-1.0, -0.5, 0.0, 2.0]  # means 1, 1.5, 2, 4
    assert drawn["control"] == [-0.5, 0.0, 0.0, 0.5]  # means 0.5, 1, 1, 1.5
    assert ticks(ax) == ["2 earlier", "1 earlier", "before", "after"]
    low, high = found.interval()
    assert whiskers(ax)[0] == pytest.approx((0.5 + low, 0.5 + high))
    assert drawn["_effect"] == [0.5, 2.0]
    assert said(ax)[0].startswith("+1.5\n(")
    assert ax.get_ylabel() == "change since before (events per customer)"
    assert below(ax).endswith("95 % intervals; 2 treated and 2 control customers")
    early = difference_in_differences(
        bought(*rows, until=17),
        measure="amount",
        **options,  # type: ignore[arg-type]
    )
    ax = rendered(early.plot())
    assert spans(ax) == [3]
    assert np.isnan(lines(ax)["treated"][-1])
    assert lines(ax)["treated"][:3] == [-10, -5, 0]
    assert ax.get_ylabel() == "change since before (EUR per customer)"
    assert [text.get_text() for text in ax.get_legend().get_texts()][-1] == "not over"


def test_shares_of_customers_and_single_ones() -> None:
    found = difference_in_differences(
        bought(("a", 7), ("c", 1), ("c", 7)),
        arms={"a": "x", "c": "y"}, control="y", outcome="buy",
        before=Window.parse("2026-01-01", "2026-01-06", tz="UTC"),
        after=Window.parse("2026-01-06", "2026-01-11", tz="UTC"),
    )  # fmt: skip
    ax = rendered(change_lines(found))
    assert said(ax)[0] == "+100.0"  # no interval of one customer a group
    assert ax.get_ylabel() == "change since before (share of customers)"
    assert "trends before not checked" in below(ax)
    found = difference_in_differences_from_outcomes(
        [1, 0, 1, 0], [1, 2, 0, 0], arms=["x", "x", "y", "y"], control="y"
    )
    assert rendered(found.plot()).get_ylabel() == "change since before (outcome per customer)"
