from __future__ import annotations

import datetime as dt
from statistics import NormalDist

import numpy as np
import pytest

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.metrics import (
    EventCount,
    TimeSince,
    compare_scores,
    evaluate_scores,
    evaluate_scores_from_arrays,
)
from customerops.plotting import risk_groups, roc_curves
from tests.plotting.marks import below, lines, rendered, ticks, whiskers


def log_of_use() -> InteractionLog:
    rows = [("a", 3, "use"), ("a", 4, "use"), ("b", 2, "use"), ("c", 1, "use"),
            ("d", 5, "use"), ("d", 6, "use"), ("d", 7, "use"),
            ("a", 15, "cancel"), ("c", 12, "cancel"), ("c", 20, "use")]  # fmt: skip
    return InteractionLog.from_arrays(
        customer_id=[row[0] for row in rows], kind=[row[2] for row in rows],
        at=[dt.date(2026, 1, row[1]) for row in rows], tz=dt.UTC,
    ).until_day(dt.date(2026, 2, 28))  # fmt: skip


AT = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)
MONTH = dt.timedelta(days=30)


def wilson(count: int, total: int) -> tuple[float, float]:
    """Wilson (1927): where (p - r)^2 = z^2 r (1 - r) / n."""
    p, z2 = count / total, NormalDist().inv_cdf(0.975) ** 2
    centre, half = p + z2 / (2 * total), (z2 * (p * (1 - p) + z2 / (4 * total)) / total) ** 0.5
    return (centre - half) / (1 + z2 / total), (centre + half) / (1 + z2 / total)


def test_groups_of_probabilities() -> None:
    scores, outcomes = [0.1, 0.2, 0.2, 0.6, 0.9, 0.9], [0, 0, 1, 1, 0, 1]
    seen = evaluate_scores_from_arrays(scores, outcomes, risky="high")
    ax = rendered(risk_groups(seen, groups=2))
    assert ticks(ax) == ["0.10–0.20\n(3)", "0.60–0.90\n(3)"]
    observed = ax.containers[0].lines[0].get_ydata()
    assert observed == pytest.approx([1 / 3, 2 / 3])
    assert lines(ax)["mean score"] == pytest.approx([0.5 / 3, 2.4 / 3])
    assert lines(ax)["all: 50.0 %"] == [0.5, 0.5]
    for (low, high), hits in zip(whiskers(ax), (1, 2), strict=True):
        assert (low, high) == pytest.approx(wilson(hits, 3))
    assert ax.get_ylabel() == "share that had the event (%)"
    assert ax.get_title("left") == "Score: share with the event, by score"
    assert below(ax).startswith("95 % intervals; AUC 0.67 (")  # 6 of 9 pairs, ties by half


def test_points_of_which_low_ones_are_risky() -> None:
    seen = evaluate_scores_from_arrays([20, 35, 60, 90], [1, 1, 0, 0], risky="low")
    ax = rendered(risk_groups(seen, groups=2))
    assert ticks(ax) == ["60–90\n(2)", "20–35\n(2)"]  # riskiest at the right
    assert ax.containers[0].lines[0].get_ydata().tolist() == [0, 1]
    assert "mean score" not in lines(ax)
    assert ticks(rendered(seen.plot())) == ["90\n(1)", "60\n(1)", "35\n(1)", "20\n(1)"]
    assert "AUC 1.00 (– to –)" in below(ax)


def test_long_scores_take_two_lines() -> None:
    seen = evaluate_scores_from_arrays([12345, 67890, 3.5, 4], [1, 0, 0, 1], risky="high")
    assert ticks(risk_groups(seen, groups=2))[1] == "12,345–\n67,890\n(2)"
    same = evaluate_scores_from_arrays([0.25, 0.25], [1, 0], risky="high")
    assert ticks(rendered(same.plot())) == ["0.25\n(2)"]


def test_nobody() -> None:
    ax = rendered(evaluate_scores_from_arrays([], [], risky="high").plot())
    assert not ticks(ax)


def test_what_was_foretold_is_said() -> None:
    options = {"scorer": TimeSince("use"), "outcome": "cancel", "horizon": MONTH, "risky": "high"}
    ax = rendered(evaluate_scores(log_of_use(), at=AT, **options).plot())  # type: ignore[arg-type]
    assert below(ax).startswith("as of the end of 2026-02-28; event: cancel within 30 days")
    assert ax.get_title("left") == "TimeSince: share with the event, by score"
    late = AT + dt.timedelta(days=25)
    seen = evaluate_scores(log_of_use(), at=late, outcome_is="silence", **options)  # type: ignore[arg-type]
    assert "event: no cancel within 30 days" in below(rendered(seen.plot()))
    assert below(seen.plot()).endswith("customers whose time is not up are left out")
    options["horizon"] = dt.timedelta(hours=12)
    both = evaluate_scores(log_of_use(), at=[AT, late], **options)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"one instant to be drawn: select\(scored_at="):
        both.plot()
    ax = rendered(roc_curves(both))
    assert "event: cancel within 12:00:00 hours" in below(ax)
    assert list(lines(ax)) == ["by lot: AUC 0.5"]  # nobody cancels within half a day


def test_roc_curve() -> None:
    """Of two with the event one is above both others, one tied with the second."""
    seen = evaluate_scores_from_arrays([9, 7, 7, 1], [1, 1, 0, 0], risky="high")
    ax = rendered(roc_curves(seen))
    curve = ax.lines[0]
    assert curve.get_xdata().tolist() == [0, 0, 0.5, 1]
    assert curve.get_ydata().tolist() == [0, 0.5, 1, 1]
    low, high = seen.auc_interval()
    assert curve.get_label() == f"AUC 0.88 ({low:.2f} to {high:.2f})"
    area = float(np.trapezoid(curve.get_ydata(), curve.get_xdata()))
    assert area == pytest.approx(float(np.asarray(seen.auc)))
    assert ax.get_title("left") == "Score: ROC curve"
    assert ax.get_xlabel() == "of those without the event, share flagged (%)"
    mirrored = evaluate_scores_from_arrays([-9, -7, -7, -1], [1, 1, 0, 0], risky="low")
    assert np.array_equal(roc_curves(mirrored).lines[0].get_ydata(), curve.get_ydata())


def test_curves_of_instants() -> None:
    many = [AT + dt.timedelta(days=i) for i in range(9)]
    seen = evaluate_scores(
        log_of_use(), TimeSince("use"), outcome="cancel", at=many, horizon=MONTH, risky="high"
    )
    with pytest.raises(InvalidInputError, match="curves must be at most 8"):
        roc_curves(seen)
    ax = rendered(roc_curves(seen.select(scored_at=list(seen.outer[0].labels[:2]))))
    assert len(ax.lines) == 3
    assert str(ax.lines[0].get_label()).startswith("2026-01-10 00:00 UTC: AUC ")


def test_two_scores() -> None:
    found = compare_scores(
        log_of_use(), TimeSince("use"), EventCount("use"), risky=("high", "low"), outcome="cancel",
        at=AT, horizon=MONTH, names=("recency", "frequency"),
    )  # fmt: skip
    ax = rendered(found.plot())
    first, second = found.auc
    labels = [str(line.get_label()) for line in ax.lines]
    assert labels == [
        f"recency: AUC {first:.2f}",
        f"frequency: AUC {second:.2f}",
        "by lot: AUC 0.5",
    ]
    for line, area in zip(ax.lines, found.auc, strict=False):
        assert float(np.trapezoid(line.get_ydata(), line.get_xdata())) == pytest.approx(area)
    low, high = found.interval()
    said_ = f"difference of the areas {found.difference:.2f} ({low:.2f} to {high:.2f})"
    assert said_ in below(ax)
    assert ax.get_title("left") == "Which score foretells better"
    assert "4 customers" in below(ax)
