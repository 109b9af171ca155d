from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import PathPatch, Rectangle

from customerops import InteractionLog
from customerops.errors import InvalidInputError
from customerops.journey import path_flow, stage_flow
from customerops.lifecycle import StageFlows
from customerops.model import (
    Axis,
    Calendar,
    Context,
    JourneyMap,
    JourneyStage,
    Window,
    first,
)
from customerops.plotting import Link, flow_diagram, lifecycle_flows, path_flows
from tests.plotting.marks import rendered, said

UTC = Calendar("UTC")


def nodes(ax: Any) -> dict[tuple[int, str], tuple[float, float]]:
    """Return top and size of each node by its column and its name."""
    found = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_gid() == "node"]
    names = [text.get_text().split("\n")[0] for text in ax.texts if text.get_gid() == "name"]
    places = [(round(one.get_x() + one.get_width() / 2), one) for one in found]
    ordered = sorted(places, key=lambda pair: (pair[0], pair[1].get_y()))
    return {
        (column, name): (float(one.get_y()), float(one.get_height()))
        for (column, one), name in zip(ordered, names, strict=True)
    }


def ribbons(ax: Any) -> list[tuple[float, float, float]]:
    """Return where each ribbon starts, where it ends, and how high it is."""
    found = [p for p in ax.patches if isinstance(p, PathPatch) and p.get_gid() == "flow"]
    points = [np.asarray(one.get_path().vertices) for one in found]
    assert all(p[7, 1] - p[0, 1] == pytest.approx(p[4, 1] - p[3, 1]) for p in points)
    return [(p[0, 1], p[3, 1], p[7, 1] - p[0, 1]) for p in points]


LINKS = [
    Link(0, "home", "cart", 30),
    Link(0, "home", "(end)", 50),
    Link(0, "home", "cart", 20),
    Link(1, "cart", "order", 40),
]


def test_nodes_are_as_high_as_they_count() -> None:
    ax = rendered(flow_diagram(LINKS, title="Visits", below="of May", heads=["a", "b", "c"]))
    placed = nodes(ax)
    assert {name: size for name, (_, size) in placed.items()} == {
        (0, "home"): 100,
        (1, "cart"): 50,
        (1, "(end)"): 50,
        (2, "order"): 40,
    }
    assert placed[1, "cart"][0] == 0  # those in brackets stand last
    assert placed[1, "(end)"][0] > 50
    assert {"home\n100", "cart\n50", "(end)\n50", "order\n40", "a", "b", "c"} <= set(said(ax))
    assert not ax.axison


def test_ribbons_join_the_nodes() -> None:
    ax = flow_diagram(LINKS, title="Visits")
    end = nodes(ax)[1, "(end)"][0]
    assert ribbons(ax) == [(0, 0, 50), (50, end, 50), (0, 0, 40)]


def test_an_order_is_kept_and_colours_stay() -> None:
    links = [Link(0, "a", "b", 1), Link(0, "b", "a", 9)]
    ax = flow_diagram(links, title="t", order=["a", "b"])
    assert list(nodes(ax)) == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]
    colours = [p.get_facecolor() for p in ax.patches if p.get_gid() == "node"]
    assert len(set(colours)) == 2


def test_labels_do_not_meet() -> None:
    links = [Link(0, "x", f"n{i}", 1) for i in range(9)] + [Link(0, "x", "big", 500)]
    ax = rendered(flow_diagram(links, title="t"))
    texts = [t for t in ax.texts if t.get_gid() == "name"]
    boxes = [t.get_window_extent() for t in texts[1:]]
    assert all(a.y0 >= b.y1 - 4 for a, b in pairwise(boxes))
    lowest = ax.transData.inverted().transform((0, boxes[-1].y0))[1]
    assert lowest <= ax.get_ylim()[0] * 1.02


def test_nothing_flows() -> None:
    rendered(flow_diagram([], title="nothing"))
    with pytest.raises(InvalidInputError, match="columns must be at most 13 to be drawn"):
        flow_diagram([Link(13, "a", "b", 1)], title="t")


def log(rows: list[tuple[str, int, str]]) -> InteractionLog:
    return InteractionLog.from_arrays(
        customer_id=[row[0] for row in rows],
        at=[dt.date(2026, 1, row[1]) for row in rows],
        kind=[row[2] for row in rows],
        tz=dt.UTC,
    ).until_day(dt.date(2026, 1, 31))


ROWS = [("a", 1, "home"), ("a", 2, "cart"), ("b", 1, "home"), ("c", 1, "home"), ("c", 2, "faq")]


def test_paths() -> None:
    flow = path_flow(log(ROWS), max_steps=3)
    ax = rendered(flow.plot())
    sizes = {name: size for name, (_, size) in nodes(ax).items()}
    assert sizes[0, "home"] == 3
    assert sizes[1, "cart"] == sizes[1, "faq"] == sizes[1, "(end)"] == 1
    assert "3 paths" in said(ax)[-1]
    assert "step 1" in said(ax)
    assert ax.get_title("left") == "Path flow"
    few = path_flows(flow, top=1)
    assert (1, "(other)") in nodes(few)
    assert nodes(rendered(flow.edges().plot())) == nodes(ax)


def test_paths_of_an_open_window_are_those_so_far() -> None:
    over = Window.parse("2026-01-01", "2026-03-01", tz="UTC")
    ax = rendered(path_flow(log(ROWS), over=over).plot())
    assert "not over: so far" in said(ax)[-1].replace("\n", " ")


def test_paths_of_groups_and_of_nobody() -> None:
    flow = path_flow(log(ROWS), by=first("kind"))
    with pytest.raises(
        InvalidInputError, match=r"of one group to be drawn: select\(first_kind=\.\.\.\)"
    ):
        flow.plot()
    rendered(flow.select(first_kind="home").plot())
    rendered(path_flow(log(ROWS), "nothing").plot())


def test_stages_of_a_map() -> None:
    stages = [JourneyStage(key=key, order=i, entry=kind) for i, (key, kind) in
              enumerate([("seen", "home"), ("picked", "cart")])]  # fmt: skip
    flow = stage_flow(
        log(ROWS),
        JourneyMap(key="shop", stages=tuple(stages)),
        from_=dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC),
        to=dt.datetime(2026, 1, 3, tzinfo=dt.UTC),
    )
    ax = rendered(flow.plot())
    placed = {name: size for name, (_, size) in nodes(ax).items()}
    assert placed == {(0, "seen"): 3, (1, "seen"): 2, (1, "picked"): 1}
    assert list(placed)[1:] == [(1, "seen"), (1, "picked")]  # in the order of the map
    with pytest.raises(InvalidInputError, match="of one group to be drawn"):
        flow.select(source="seen").plot()


STAGES = ["ACTIVATED", "LAPSED", "RETAINED"]
QUARTERS = Axis("period", [dt.date(2026, 1, 1), dt.date(2026, 4, 1)], "period")


def lifecycle(definition: str, count: Any, **given: Any) -> StageFlows:
    sources = Axis("source", sorted(["UNKNOWN", *STAGES]), "state")
    axes = [QUARTERS, sources, Axis("target", STAGES, "state")]
    context = Context(
        "lifecycle_flows", definition=definition, period="quarter", calendar=UTC, **given
    )
    return StageFlows(axes=axes, parts={"count": count}, context=context)


# sources: activated, lapsed, retained and unknown; targets: activated, lapsed, retained
COUNT = [
    [[0, 0, 0], [0, 0, 0], [0, 0, 0], [5, 0, 0]],
    [[2, 2, 1], [0, 0, 0], [0, 0, 0], [1, 0, 0]],
]


def test_net_flows_have_a_column_for_each_period() -> None:
    ax = rendered(lifecycle("net", COUNT).plot())
    placed = {name: size for name, (_, size) in nodes(ax).items()}
    assert placed == {
        (0, "UNKNOWN"): 5,
        (1, "UNKNOWN"): 1,
        (1, "ACTIVATED"): 5,
        (2, "ACTIVATED"): 3,
        (2, "RETAINED"): 1,
        (2, "LAPSED"): 2,
    }
    assert [name for column, name in placed if column == 2] == ["ACTIVATED", "RETAINED", "LAPSED"]
    assert {"before", "2026 Q1", "2026 Q2"} <= set(said(ax))
    assert len(ribbons(ax)) == 5


def test_gross_flows_are_transitions_of_all_periods() -> None:
    ax = rendered(lifecycle("gross", COUNT, as_of=0).plot())
    placed = {name: size for name, (_, size) in nodes(ax).items()}
    assert placed[0, "UNKNOWN"] == 6
    assert placed[1, "ACTIVATED"] == 8
    assert "transitions of 2 periods" in said(ax)[-1]
    assert "the last period is not over: so far" in said(ax)[-1].replace("\n", " ")


def test_flows_of_one_period() -> None:
    one = lifecycle("net", COUNT).select(period=dt.date(2026, 4, 1))
    ax = rendered(lifecycle_flows(one))
    assert {"before", "after"} <= set(said(ax))
    assert "quarter 2026 Q2" in said(ax)[-1]
    with pytest.raises(InvalidInputError, match=r"all its stages to be drawn: select\(\) periods"):
        one.select(target="LAPSED").plot()
