"""Pages of the docs: each can be found from the first one, and links lead somewhere."""

import importlib
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if not {"_build", "data"} & set(page.parts))


def test_every_page_is_listed_once() -> None:
    listed = []
    for index in ("index.md", "reference/index.md"):
        here = (DOCS / index).parent
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / index).read_text(), re.DOTALL):
            names = [line for line in tree.splitlines() if line and not line.startswith(":")]
            listed += [here / f"{name}.md" for name in names]
    assert sorted([*listed, DOCS / "index.md"]) == PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_words_of_the_glossary_are_names_of_the_library() -> None:
    glossary = (DOCS / "glossary.md").read_text()
    named = re.findall(r"`(model|lifecycle|metrics|journey)\.(\w+)", glossary)
    assert len(named) > 30
    for package, name in named:
        assert hasattr(importlib.import_module(f"customerops.{package}"), name), name
