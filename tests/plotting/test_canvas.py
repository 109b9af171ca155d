from __future__ import annotations

import sys
from typing import Any

import pytest
from matplotlib.figure import Figure

from customerops.errors import MissingDependencyError
from customerops.model import Context, Proportion
from customerops.plotting import Picture, figure_svg
from customerops.plotting.canvas import Percents, amount, finish, open_axes, percent, short

RATE = Proportion(parts={"count": 1, "total": 4}, context=Context("churn_rate"))


def test_new_axes_show_themselves_and_a_callers_are_left_alone() -> None:
    ax = RATE.plot()
    assert isinstance(ax, Picture)
    assert ax._repr_png_().startswith(b"\x89PNG")
    mine = Figure().add_subplot()
    assert RATE.plot(mine) is mine
    assert not isinstance(mine, Picture)


def test_svg_stands_in_a_page() -> None:
    text = figure_svg(RATE.plot())
    assert text.startswith("<svg")
    assert text.endswith("</svg>")
    assert "<?xml" not in text
    assert len(text) < 60_000


def test_a_long_line_below_the_title_is_wrapped() -> None:
    ax: Any = finish(open_axes(None, 4.0), "title", "word " * 40)
    (below,) = [text for text in ax.texts if text.get_gid() == "subtitle"]
    assert below.get_text().count("\n") >= 2
    box, figure = below.get_window_extent(), ax.figure.bbox
    ax.figure.draw_without_rendering()
    assert box.width < figure.width


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 0.5, 1], ["0 %", "50 %", "100 %"]),
        ([0.025, 0.05], ["2.5 %", "5.0 %"]),
        ([0.00125], ["0.125 %"]),
        ([1 / 3], ["33.3333 %"]),
        ([-0.1, 0], ["-10 %", "0 %"]),
    ],
)
def test_ticks_have_as_many_decimals_as_they_need(values: list[float], labels: list[str]) -> None:
    assert Percents().format_ticks(values) == labels
    assert Percents()(values[0]) == Percents().format_ticks(values[:1])[0]


def test_numbers_as_people_write_them() -> None:
    assert [amount(x) for x in (0.0, 12, 1234.4, 0.3333, -5)] == [
        "0",
        "12",
        "1,234",
        "0.333",
        "-5",
    ]
    assert [percent(x) for x in (0, 0.0004, 0.012, 0.5)] == ["0 %", "0.04 %", "1.2 %", "50 %"]
    assert short("x" * 40, 10) == "x" * 9 + "…"


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith(("customerops.plotting", "matplotlib"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError) as raised:
        RATE.plot()
    said = "drawing a result needs matplotlib, which is not installed: pip install 'customerops[plot]'"
    assert str(raised.value) == said


def test_the_caption_of_a_notebook_is_small() -> None:
    page: Any = RATE.plot()._repr_png_()  # type: ignore[attr-defined]
    assert len(page) < 60_000
