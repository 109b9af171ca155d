"""Where pictures are drawn: axes of their own or a caller's, colours, titles, ticks."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import Formatter, FuncFormatter, MaxNLocator

from customerops.errors import InvalidInputError
from customerops.plotting.fonts import set_fonts
from customerops.plotting.palette import COLOURS
from customerops.plotting.words import stepped

if TYPE_CHECKING:
    pass

__all__ = ["COLOURS", "GREY", "Picture", "finish", "figure_svg", "open_axes"]

GAIN, LOSS, LEVEL = "#0072B2", "#D55E00", "#7A7A7A"
"""What was gained, what was lost, and what stands."""

GREY = {"facecolor": "#ececec", "edgecolor": "#bdbdbd", "hatch": "//", "linewidth": 0.0}
"""How it looks where the time is not over."""

IMMATURE = "immature"
"""The gid of every patch that says so."""

FAINT, INK = "#5a5a5a", "#1a1a1a"
TICKS = 16  # labels of an axis that are written out


class Picture(Axes):
    """Axes on a figure of their own, which a notebook shows."""

    def _repr_png_(self) -> bytes:
        """Return the whole figure as a notebook shows it."""
        return _saved(self, "png")


def figure_svg(ax: Axes) -> str:
    """Return the figure of some axes as an SVG element, to be put into a page of HTML.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        As every function of this package returns them.

    Returns
    -------
    str
        From ``<svg`` to ``</svg>``, text as paths: it looks alike wherever it is shown. The ids in
        it are random, so that several pictures stand in one page.

    Examples
    --------
    >>> from customerops.metrics import kaplan_meier
    >>> from customerops.plotting import figure_svg, survival_curve
    >>> figure_svg(survival_curve(kaplan_meier([6, 7, 10], [1, 0, 1])))[:4]
    '<svg'
    """
    text = _saved(ax, "svg").decode()
    return text[text.index("<svg") :].strip()


def _saved(ax: Axes, form: str) -> bytes:
    out = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {}
    figure = cast("Figure", ax.get_figure())
    figure.savefig(out, format=form, metadata=metadata)
    return out.getvalue()


def open_axes(ax: Axes | None, width: float = 7.0, height: float = 4.2) -> Axes:
    """Return the axes to draw on: the caller's, or new ones on a figure of this size in inches."""
    if ax is None:
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
        return figure.add_subplot(axes_class=Picture)
    if not isinstance(ax, Axes):
        problem = f"got {type(ax).__name__}"
        raise InvalidInputError("ax", "must be matplotlib axes", problem)
    return ax


def finish(ax: Axes, title: str, below: str = "", *, grid: str = "y") -> Axes:
    """Give a picture its title, and a line under it; lighten its frame; find fonts for its texts.

    Parameters
    ----------
    ax : Axes
        With everything drawn.
    title, below : str
        What it shows, and of which data.
    grid : {"x", "y", ""}
        Along which axis values are read.
    """
    lines = _wrapped(below, ax)
    ax.set_title(
        title, loc="left", fontweight="bold", fontsize=11, color=INK, pad=8 + 12 * lines[1]
    )
    ax.annotate(
        lines[0],
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 6),
        textcoords="offset points",
        fontsize=8.5,
        color=FAINT,
        va="bottom",
    ).set_gid("subtitle")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color("#b0b0b0")
    ax.tick_params(color="#b0b0b0", labelcolor=INK, labelsize=9)
    if grid:
        ax.grid(visible=True, axis=cast("Any", grid), color="#e4e4e4", linewidth=0.8)
        ax.set_axisbelow(True)
    set_fonts(ax)
    return ax


class Percents(Formatter):
    """Fractions as percentages, with as many decimals as the ticks of an axis need."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of one tick."""
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        """Return the labels of all ticks."""
        shown = [100 * float(value) for value in values]
        exact = (n for n in range(4) if all(abs(v - round(v, n)) < 1e-6 for v in shown))
        digits = next(exact, 4)
        return [f"{value:.{digits}f} %" for value in shown]


def as_percent(axis: Any) -> None:
    """Write the ticks of an axis of fractions in percent, with as many digits as tell them apart."""
    axis.set_major_formatter(Percents())


def percent(value: float, digits: int = 0) -> str:
    """Return a fraction in percent; with more digits where there would be none left to see.

    Examples
    --------
    >>> percent(0.25), percent(0.004), percent(-0.02, 1)
    ('25 %', '0.4 %', '-2.0 %')
    """
    shown = 100 * value
    if not digits and 0 < abs(shown) < 5 and abs(shown - round(shown)) > 1e-9:
        digits = 1 if abs(shown) >= 0.1 else 2
    return f"{shown:.{digits}f} %"


def as_counts(axis: Any, *, whole: bool = True) -> None:
    """Write the ticks of an axis of numbers with separated thousands; losses without a sign."""
    if whole:
        axis.set_major_locator(MaxNLocator(nbins=7, integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))


def amount(value: float) -> str:
    """Return a number as people write it.

    Examples
    --------
    >>> amount(1234567.0), amount(2.5), amount(0.125), amount(-0.0)
    ('1,234,567', '2.5', '0.125', '0')
    """
    value = value or 0.0
    if abs(value - round(value)) < 1e-9 or abs(value) >= 1000:
        return f"{round(value):,}"
    return f"{value:.3g}"


def without_sign(axis: Any) -> None:
    """Write the ticks of an axis on which losses point down as what they are: positive numbers."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: amount(abs(value))))


def label_ticks(
    ax: Axes, which: str, texts: Sequence[str], *, most: int = TICKS, rotate: bool = True
) -> None:
    """Write texts at 0, 1, 2, ...; where they are many, every second or third or so."""
    places = list(stepped(len(texts), most))
    shown = [short(texts[i]) for i in places]
    if which == "x":
        slanted = rotate and sum(map(len, shown)) > 60
        turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(places, shown, **(turned if slanted else {}))
    else:
        ax.set_yticks(places, shown)


def short(text: str, most: int = 34) -> str:
    """Return a text cut to a length that leaves room for a picture."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def legend(ax: Axes, *, immature: str = "", **how: Any) -> None:
    """Put a legend beside the axes, with an entry for what is not over, if any is."""
    handles, labels = ax.get_legend_handles_labels()
    if immature:
        handles, labels = [*handles, Patch(**cast("Any", GREY))], [*labels, immature]
    if handles:
        options: dict[str, Any] = {
            "loc": "upper left",
            "bbox_to_anchor": (1.01, 1.0),
            "frameon": False,
            "fontsize": 9,
            "borderaxespad": 0.0,
        }
        ax.legend(handles, labels, **{**options, **how})


def level(ax: Axes, top: float, bottom: float = 0.0, *, room: float = 0.06) -> None:
    """Set the ends of the axis of values, with some room, but none below an axis that starts at 0."""
    span = (top - bottom) or 1.0
    ax.set_ylim(bottom - (room * span if bottom < 0 else 0), top + room * span)


def shade_open(ax: Axes, places: Sequence[float], half: float = 0.5) -> None:
    """Grey and hatch the stretches of an axis whose time is not over."""
    for place in places:
        span = ax.axvspan(place - half, place + half, zorder=0, **cast("Any", GREY))
        span.set_gid(IMMATURE)


def refuse(requirement: str, instead: str) -> NoReturn:
    """Say what a result must be to be drawn, and how to get there.

    Raises
    ------
    InvalidInputError
        Always.
    """
    raise InvalidInputError("result", f"must {requirement} to be drawn", instead)


def no_more(name: str, count: int, most: int, instead: str) -> None:
    """Refuse more of something than a picture can show.

    Raises
    ------
    InvalidInputError
        If there are more.
    """
    if count > most:
        raise InvalidInputError(
            name, f"must be at most {most} to be drawn", f"there are {count}: {instead}"
        )


def _wrapped(text: str, ax: Axes) -> tuple[str, int]:
    """Return a text in lines as wide as the axes, and how many there are."""
    import textwrap

    figure = cast("Figure", ax.get_figure())
    inches = figure.get_figwidth() * ax.get_position().width
    lines = textwrap.wrap(text, max(int(inches * 15), 30))
    return "\n".join(lines), len(lines)
