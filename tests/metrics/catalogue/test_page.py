"""The page on the catalogue shows all of it."""

from __future__ import annotations

import runpy
from pathlib import Path

from customerops.metrics import CHURN_ALIASES, REVENUE_ALIASES, catalogue

DOCS = Path(__file__).parents[3] / "docs"


def page() -> str:
    filled = runpy.run_path(str(DOCS / "catalogue_tables.py"))["filled"]
    text = filled((DOCS / "reference" / "catalogue.md").read_text(encoding="utf-8"))
    assert isinstance(text, str)
    return text


def test_every_metric_is_shown_once() -> None:
    lines = page().splitlines()
    for one in catalogue.specs():
        row = f"| `{one.key}` | {one.label} | {one.label_zh} | {one.unit} |"
        assert sum(line.startswith(row) for line in lines) == 1


def test_every_name_of_a_vendor_is_shown() -> None:
    text = page()
    assert "<!-- catalogue" not in text
    for alias, name in CHURN_ALIASES.items():
        assert f"| `{alias}` | `churn_rate` | 客户流失率 | `{name}` |" in text
    keys = {"churn_rate": "mrr_churn_rate"}
    for of, names in REVENUE_ALIASES.items():
        for alias, name in names.items():
            line = next(
                x for x in text.splitlines() if x.startswith(f"| `{alias}` | `{keys.get(of, of)}`")
            )
            assert line.endswith(f"| `{name}` |")


def test_every_definition_is_shown_with_who_uses_it() -> None:
    text = page()
    for one in catalogue.specs():
        for name, definition in one.definitions.items():
            unit = definition.unit or one.unit
            row = f"| `{one.key}` | `{name}` | {definition.meaning} | {definition.meaning_zh} | "
            assert f"{row}{definition.authority} | {unit} |" in text
