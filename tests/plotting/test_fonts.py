"""Labels in Chinese: drawn with a font that has them, refused where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder  # comes with matplotlib
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from customerops.errors import InvalidInputError
from customerops.model import Axis, Context, Proportion
from tests.plotting.marks import rendered, ticks

CITIES = Axis("城市", ["上海", "北京"], "group", disjoint=True)
RATE = Proportion(
    axes=[CITIES], parts={"count": [1, 2], "total": [4, 5]}, context=Context("churn_rate")
)


def make_font(path: Path, family: str, characters: str) -> None:
    """Write a font of boxes for some characters."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (700, 700), (700, 0)):
        pen.lineTo(corner)
    pen.closePath()
    glyph = pen.glyph()
    names = {ord(one): f"u{ord(one):04X}" for one in characters}
    order = [".notdef", *names.values()]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(order)
    font.setupCharacterMap(names)
    font.setupGlyf(dict.fromkeys(order, glyph))
    font.setupHorizontalMetrics(dict.fromkeys(order, (800, 100)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2(usWeightClass=400)
    font.setupPost()
    font.save(path)


@pytest.fixture(name="known")
def _known(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give every test a manager of fonts of its own that knows those of matplotlib alone."""
    manager = font_manager.fontManager
    own = [font for font in manager.ttflist if "matplotlib" in font.fname]
    monkeypatch.setattr(manager, "ttflist", own)
    yield manager
    manager._findfont_cached.cache_clear()  # type: ignore[attr-defined]


def test_no_font_has_them(known: Any) -> None:
    with pytest.raises(InvalidInputError) as raised:
        RATE.plot()
    assert str(raised.value) == (
        "labels must be of characters that a font of this machine has: "
        "none has 6 of theirs: install one, such as Noto Sans CJK for Chinese"
    )


def test_a_font_that_has_them_is_used(known: Any, tmp_path: Path) -> None:
    make_font(tmp_path / "a.ttf", "Any Font", "城市上海北京")
    known.addfont(tmp_path / "a.ttf")
    ax = rendered(RATE.plot())
    assert ticks(ax, "y") == ["上海", "北京"]
    families = ax.yaxis.label.get_fontfamily()
    assert families[-1] == "Any Font"
    assert families[0] != "Any Font"  # Latin letters stay as they were
    assert ax.title.get_fontfamily() == ax.xaxis.label.get_fontfamily()
    assert "Any Font" not in ax.xaxis.label.get_fontfamily()


def test_the_preferred_font_is_first_and_two_may_be_needed(known: Any, tmp_path: Path) -> None:
    make_font(tmp_path / "a.ttf", "Another Font", "城市上海北京")
    make_font(tmp_path / "b.ttf", "SimHei", "城市上海北")
    for name in ("a", "b"):
        known.addfont(tmp_path / f"{name}.ttf")
    ax = rendered(RATE.plot())
    assert ax.yaxis.label.get_fontfamily()[-2:] == ["SimHei", "Another Font"]


def test_a_font_that_the_caller_has_set_is_enough(known: Any, tmp_path: Path) -> None:
    from matplotlib import rc_context

    make_font(tmp_path / "a.ttf", "My Font", "城市上海北京")
    known.addfont(tmp_path / "a.ttf")
    with rc_context({"font.family": ["DejaVu Sans", "My Font"]}):
        ax = rendered(RATE.plot())
        assert ax.yaxis.label.get_fontfamily() == ["DejaVu Sans", "My Font"]


def test_latin_letters_need_no_search(known: Any) -> None:
    plans = Axis("plán", ["básic"], "group")
    rendered(
        Proportion(axes=[plans], parts={"count": [1], "total": [2]}, context=Context("m")).plot()
    )
