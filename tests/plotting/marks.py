"""What tests read from a picture: bars, lines, whiskers, greyed cells, texts."""

import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Rectangle

from customerops.plotting.canvas import IMMATURE

__all__ = [
    "band",
    "bars",
    "below",
    "greyed",
    "heights",
    "lines",
    "mesh",
    "rendered",
    "said",
    "spans",
    "ticks",
    "whiskers",
]


def rendered(ax: Axes) -> Any:
    """Draw a picture, so that everything that warns or raises does."""
    figure: Any = ax.get_figure()
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=40)
    assert len(out.getvalue()) > 1000
    return ax


def bars(ax: Axes, label: str | None = None) -> list[Rectangle]:
    """Return the bars of one series, or of all."""
    return [
        patch
        for container in ax.containers
        if label is None or container.get_label() == label
        for patch in container
        if isinstance(patch, Rectangle)
    ]


def heights(ax: Axes, label: str | None = None) -> list[float]:
    """Return the heights of bars."""
    return [float(bar.get_height()) for bar in bars(ax, label)]


def lines(ax: Axes) -> dict[str, list[float]]:
    """Return the values of each line by its label."""
    return {
        str(line.get_label()): np.asarray(line.get_ydata(), np.float64).tolist()
        for line in ax.lines
    }


def band(ax: Axes, which: int = 0) -> tuple[dict[float, float], dict[float, float]]:
    """Return the lowest and the highest value of a filled band at each place that it has."""
    found = [one for one in ax.collections if isinstance(one, PolyCollection)]
    low: dict[float, float] = {}
    high: dict[float, float] = {}
    for path in found[which].get_paths():
        for x, y in np.asarray(path.vertices).tolist():
            low[x] = min(low.get(x, np.inf), y)
            high[x] = max(high.get(x, -np.inf), y)
    return low, high


def mesh(ax: Axes) -> np.ma.MaskedArray[Any, Any]:
    """Return the values of a heat map; masked where none is shown."""
    (found,) = [one for one in ax.collections if isinstance(one, QuadMesh)]
    values: np.ma.MaskedArray[Any, Any] = np.ma.asarray(found.get_array())
    return values


def greyed(ax: Axes) -> list[tuple[int, int]]:
    """Return the cells (row, column) of a heat map that are grey and hatched."""
    cells = [
        patch
        for patch in ax.patches
        if patch.get_gid() == IMMATURE and isinstance(patch, Rectangle)
    ]
    assert all(patch.get_hatch() for patch in cells)
    return sorted((round(one.get_y() + 0.5), round(one.get_x() + 0.5)) for one in cells)


def spans(ax: Axes, which: int = 0) -> list[int]:
    """Return the places along the axis x (0) or y (1) that are shaded as not over."""
    found = []
    for patch in ax.patches:
        if patch.get_gid() == IMMATURE:
            points = np.asarray(patch.get_path().vertices)
            corners = patch.get_patch_transform().transform(points)[:, which]
            found.append(round((corners.min() + corners.max()) / 2))
    return sorted(found)


def ticks(ax: Axes, which: str = "x") -> list[str]:
    """Return the labels of an axis."""
    labels = ax.get_xticklabels() if which == "x" else ax.get_yticklabels()
    return [label.get_text() for label in labels]


def said(ax: Axes) -> list[str]:
    """Return all texts within the axes."""
    return [text.get_text() for text in ax.texts]


def below(ax: Axes) -> str:
    """Return what stands below the title, in one line."""
    (text,) = (text.get_text() for text in ax.texts if text.get_gid() == "subtitle")
    return text.replace("\n", " ")


def whiskers(ax: Axes, which: int = 0, *, along: int = 1) -> list[tuple[float, float]]:
    """Return the ends of the whiskers of one series along the axis x (0) or y (1)."""
    series = [one for one in ax.containers if isinstance(one, ErrorbarContainer)][which]
    (drawn,) = series.lines[2]
    segments: Any = drawn
    return [(float(one[0][along]), float(one[1][along])) for one in segments.get_segments()]
