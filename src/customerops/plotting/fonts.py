"""Fonts for labels in any script: found on this machine, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from customerops.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["set_fonts"]

PREFERRED = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti TC",
    "STHeiti",
    "Microsoft YaHei",
    "SimHei",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)
"""Fonts with Chinese characters, those made for screens and for simplified ones first."""


def set_fonts(ax: Axes) -> None:
    """Give every text of a picture fonts that have all of its characters.

    The font in use stays the first, others are added for what it lacks. No setting of matplotlib
    is changed.

    Raises
    ------
    InvalidInputError
        If no font of this machine has a character: boxes in its place would say nothing.
    """
    lacking = [(text, missing) for text in _texts(ax) if (missing := _missing(text))]
    if not lacking:
        return
    wanted = frozenset[int]().union(*(missing for _, missing in lacking))
    added = []
    for family, path in _candidates():
        found = wanted & _characters(path)
        if found:
            added.append(family)
            wanted -= found
        if not wanted:
            break
    else:
        raise InvalidInputError(
            "labels",
            "must be of characters that a font of this machine has",
            f"none has {len(wanted)} of theirs: install one, such as Noto Sans CJK for Chinese",
        )
    for text, _ in lacking:
        text.set_fontfamily([*text.get_fontfamily(), *added])


def _texts(ax: Axes) -> list[Text]:
    return [one for one in ax.findobj(Text) if one.get_text()]


def _missing(text: Text) -> frozenset[int]:
    """Return the characters of a text that its own fonts lack."""
    wanted = frozenset(map(ord, text.get_text())) - {10}
    if max(wanted, default=0) < 0x180:  # Latin: in every font
        return frozenset()
    for path in _own(text):
        wanted -= _characters(path)
    return wanted


def _own(text: Text) -> Iterator[str]:
    """Return the files of the fonts that a text is set in, those that are installed."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    properties = text.get_fontproperties()
    yield font_manager.findfont(properties)
    for family in properties.get_family():
        if family in known:
            yield font_manager.findfont(font_manager.FontProperties(family=family))


def _candidates() -> Iterator[tuple[str, str]]:
    """Return the family and the file of every font: the preferred first, then all by name."""
    files: dict[str, str] = {}
    for font in sorted(font_manager.fontManager.ttflist, key=lambda one: (one.name, one.fname)):
        boxes = "last resort" in font.name.lower()  # a box for every character there is
        if not boxes and font.style == "normal" and font.weight in (400, "normal", "regular"):
            files.setdefault(font.name, font.fname)
    names = [*(name for name in PREFERRED if name in files), *files]
    return ((name, files[name]) for name in dict.fromkeys(names))


def _characters(path: str) -> frozenset[int]:
    return frozenset(FT2Font(path).get_charmap())
