"""The report as one page: tables and pictures in a single file, nothing to fetch."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from customerops.plotting import figure_svg

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.5rem }
pre { background: #f6f6f4; padding: .8rem; overflow-x: auto; font-size: .85rem }
div.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; border-bottom: 1px solid #ddd;
         white-space: nowrap }
svg { max-width: 100%; height: auto; margin: 1rem 0 }
"""


def page_of(title: str, lead: str, sections: Iterable[Any]) -> str:
    """Return a page of HTML with a heading, a table and pictures for each section."""
    body = "\n".join(part for section in sections for part in parts_of(section))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title>
<style>{STYLE}</style>
<h1>{escape(title)}</h1>
<p>{"<br>".join(map(escape, lead.splitlines()))}</p>
{body}
</html>
"""


def parts_of(section: Any) -> Iterable[str]:
    """Yield the parts of a section in the order in which they are read."""
    yield f"<h2>{escape(section.title)}</h2>"
    if section.before:
        yield f"<pre>{escape(section.before)}</pre>"
    for result in section.pictures:
        yield f"<figure>{figure_svg(result.plot())}</figure>"
    if section.head:
        yield f'<div class="wide"><table>{row("th", section.head)}'
        yield from (row("td", cells) for cells in section.rows)
        yield "</table></div>"
    if section.after:
        yield f"<p>{escape(section.after)}</p>"


def row(tag: str, cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
