"""The gallery: every picture of the page is there, small, and drawn by the block above it."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image  # comes with matplotlib

from customerops.model import Context, Proportion

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "gallery.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(name="gallery")
def _gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs/examples/gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_picture_is_there_and_small() -> None:
    shown = set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT))
    kept = {f"gallery/{path.name}" for path in (PAGE.parent / "gallery").iterdir()}
    assert shown == kept
    assert len(shown) >= 12
    assert all((PAGE.parent / name).stat().st_size < 60_000 for name in shown)


def test_every_picture_has_the_block_that_draws_it(gallery: ModuleType) -> None:
    blocks = [block for block in gallery.BLOCK.finditer(TEXT) if block["file"]]
    assert len(blocks) == TEXT.count("![")
    assert all("ax = " in block["code"] for block in blocks)


def test_pictures_are_written_small(gallery: ModuleType, tmp_path: Path) -> None:
    rate = Proportion(parts={"count": 1, "total": 2}, context=Context("churn_rate"))
    gallery.save(rate.plot(), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
        assert image.width > 400
    assert (tmp_path / "a.png").stat().st_size < 20_000
