from __future__ import annotations

import datetime as dt

import numpy as np
from matplotlib.colors import to_hex

from customerops.lifecycle import STAGES, Forecast, StageCounts
from customerops.model import Axis, Calendar, Context, EventTable, Proportion
from customerops.plotting import Link, flow_diagram
from customerops.plotting.palette import COLOURS, colours_of
from tests.plotting.marks import bars

LABELS = ["LAPSED", "LOST", "RETAINED"]
OWN = dict(zip(LABELS, colours_of(LABELS), strict=True))
AXIS = Axis("stage", LABELS, "state", disjoint=True)
MONTHS = Axis("period", [dt.date(2026, m, 1) for m in (1, 2)], "period")


def test_every_stage_has_its_own_colour() -> None:
    assert len(set(colours_of([str(stage) for stage in STAGES]))) == len(STAGES) == len(COLOURS)


def test_other_labels_have_colours_in_their_order() -> None:
    assert colours_of([]) == []
    assert colours_of(["LAPSED", "asleep"]) == list(COLOURS[:2])
    assert colours_of([str(i) for i in range(9)]) == list(COLOURS)


def test_stages_have_the_same_colour_in_every_picture() -> None:
    context = Context("lifecycle_counts", period="month", calendar=Calendar("UTC"))
    stacked = StageCounts(
        axes=[MONTHS, AXIS], parts={"customers": np.ones((2, 3), int)}, context=context
    ).plot()
    rates = Proportion(
        axes=[MONTHS, AXIS],
        parts={"count": np.ones((2, 3), int), "total": np.full((2, 3), 2)},
        context=context,
    ).plot()
    coming = Forecast(
        axis="stage", periods=(dt.date(2026, 1, 1),), states=tuple(LABELS),
        customers=np.ones((1, 3)), arrivals=np.array([1.0]), opening=np.array([1, 1, 1]),
        context=context,
    ).plot()  # fmt: skip
    lives = EventTable.from_rows(
        [1, 2, 3], [1, 1, 0], codes=[0, 1, 2], outer=[AXIS], context=Context("kaplan_meier")
    ).plot()
    flows = flow_diagram(
        [Link(0, "LAPSED", "RETAINED", 5), Link(0, "LOST", "RETAINED", 1)], title="Moves"
    )
    for label, colour in OWN.items():
        assert {to_hex(bar.get_facecolor()).upper() for bar in bars(stacked, label)} == {colour}
    for ax in (rates, coming, lives):
        found = {str(line.get_label()): line.get_color() for line in ax.lines}
        assert {name: found[name] for name in LABELS} == OWN
    nodes = [patch for patch in flows.patches if patch.get_gid() == "node"]
    assert {to_hex(patch.get_facecolor()).upper() for patch in nodes} == set(OWN.values())
