from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.metrics import drivers
from customerops.model import channel, first
from customerops.plotting import importance_map
from tests.plotting.marks import below, rendered, ticks, whiskers

SCORES = [9, 7, 4, 2, 8, 5, 6, 3]
RATINGS = {
    "staff": [5, 4, 2, 1, 5, 3, 3, 2],
    "price": [2, 3, 2, 3, 2, 3, 2, 2],
    "web": [4, 5, 4, 4, 5, 4, 5, 3],
}


def named(ax: object, gid: str) -> dict[str, tuple[float, float]]:
    return {text.get_text(): text.xy for text in ax.texts if text.get_gid() == gid}  # type: ignore[attr-defined]


def test_importance_against_performance() -> None:
    found = drivers(SCORES, definition="correlation", ratings=RATINGS)
    ax = rendered(found.plot())
    (points,) = (line for line in ax.lines if line.get_label() == "_drivers")
    assert points.get_xdata().tolist() == [sum(RATINGS[name]) / 8 for name in found.names]
    assert points.get_ydata().tolist() == found.importance.tolist()
    beside = named(ax, "driver")
    assert list(beside) == list(found.names)
    assert [x for x, _ in beside.values()] == found.performance.tolist()
    assert [y for _, y in beside.values()] == found.importance.tolist()
    low, high = found.interval()
    assert np.array(whiskers(ax)) == pytest.approx(np.column_stack([low, high]))
    means = [line for line in ax.lines if line.get_label() == "_mean"]
    assert means[0].get_xdata()[0] == pytest.approx(found.performance.mean())
    assert means[1].get_ydata()[0] == pytest.approx(found.importance.mean())
    assert named(ax, "quadrant") == {
        "concentrate here": (0, 1), "keep up": (1, 1), "low priority": (0, 0),
        "possible overkill": (1, 0),
    }  # fmt: skip
    assert below(ax) == "95 % intervals; 8 respondents; association, not cause"
    assert ax.get_xlabel() == "performance (mean answer)"
    assert ax.get_ylabel() == "importance (correlation with the score, -1 to 1)"
    assert ax.get_title("left") == "Drivers (correlation)"


def test_parts_of_r_squared_have_no_intervals() -> None:
    found = drivers(SCORES, definition="shapley", ratings=RATINGS)
    ax = rendered(found.plot())
    assert not ax.containers
    assert "intervals" not in below(ax)
    assert ax.get_ylabel() == "importance (part of R squared)"


def test_what_does_not_vary_is_left_out() -> None:
    found = drivers(
        SCORES, definition="correlation", missing="pairwise",
        ratings={**RATINGS, "always": [3] * 8, "some": [5, 4, None, 1, 5, 3, 3, 2]},
    )  # fmt: skip
    ax = rendered(found.plot())
    assert "always" not in named(ax, "driver")
    assert not named(ax, "quadrant")  # no mean of all
    assert "7 to 8 respondents" in below(ax)
    assert "1 drivers without a value are left out, and quadrants with them" in below(ax)
    nothing = drivers([5, 5, 5], definition="correlation", ratings={"a": [1, 2, 3]})
    with pytest.raises(
        InvalidInputError, match="a driver with a value to be drawn: too few answers"
    ):
        nothing.plot()


def test_names_keep_apart() -> None:
    """Three drivers at one place: their names stand on different sides, a fifth where the first does."""
    same = {f"driver {i}": RATINGS["staff"] for i in range(5)}
    ax = rendered(importance_map(drivers(SCORES, definition="correlation", ratings=same)))
    sides = [(text.get_ha(), text.xyann[1]) for text in ax.texts if text.get_gid() == "driver"]
    assert sides[:4] == [("left", 4), ("left", -12), ("right", 4), ("right", -12)]
    assert sides[4] == sides[0]


def test_marks_are_shares() -> None:
    """Who was called scored 8 on average, the others 4."""
    rows = [("a", 9, True), ("b", 7, True), ("c", 4, False), ("d", 5, False), ("e", 3, False)]
    log = InteractionLog.from_arrays(
        customer_id=[who for who, *_ in rows], kind=["answer"] * 5, value=[v for _, v, _ in rows],
        at=[dt.date(2026, 1, 5)] * 5, channel=["phone" if called else "mail" for *_, called in rows],
        tz=dt.UTC,
    ).until_day(dt.date(2026, 1, 31))  # fmt: skip
    options = {"responses": "answer", "marks": {"called": channel == "phone"}}
    found = drivers(log, definition="mean_difference", **options)  # type: ignore[arg-type]
    ax = rendered(found.plot())
    assert named(ax, "driver") == {"called": (0.4, 4.0)}
    assert ax.get_xlabel() == "performance (share with the mark, %)"
    assert ticks(ax)[0].endswith(" %")
    assert "as of the end of 2026-01-31" in below(ax)
    groups = drivers(log, definition="correlation", by=first("channel"), **options)  # type: ignore[arg-type]
    with pytest.raises(
        InvalidInputError, match=r"of one group and period to be drawn: select\(\)"
    ):
        groups.plot()
