"""The tables of the page on the catalogue, made from it when the docs are built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from customerops.metrics import catalogue

__all__ = ["filled"]


def filled(page: str) -> str:
    """Return a page with ``<!-- catalogue: ... -->`` replaced by the table of that name."""
    made = {"aliases": aliases, "definitions": definitions, "metrics": metrics}
    for name, table in made.items():
        page = page.replace(f"<!-- catalogue: {name} -->", "\n".join(table()))
    return page


def aliases() -> Iterator[str]:
    """Yield the rows of vendors' names that ``definition=`` takes."""
    yield from head("name", "metric", "指标", "definition")
    yield from sorted(
        row(f"`{alias}`", f"`{one.key}`", one.label_zh, f"`{name}`")
        for one in catalogue.specs()
        for name, definition in one.definitions.items()
        for alias in definition.aliases
    )


def definitions() -> Iterator[str]:
    """Yield the rows of all definitions, with who uses each."""
    yield from head("metric", "definition", "meaning", "口径", "as in", "unit")
    for one in catalogue.specs():
        for name, definition in one.definitions.items():
            said = (definition.meaning, definition.meaning_zh, definition.authority)
            yield row(f"`{one.key}`", f"`{name}`", *said, definition.unit or one.unit)


def metrics() -> Iterator[str]:
    """Yield a table of metrics for each subject, each under the first of its tags."""
    for tag, chinese in catalogue.TAGS.items():
        listed = [one for one in catalogue.specs(tag=tag) if one.tags[0] == tag]
        if not listed:
            continue
        yield f"### {tag.capitalize()} {chinese}\n"
        yield from head("key", "metric", "指标", "unit", "better", "what it says", "说明")
        for one in listed:
            said = (one.label, one.label_zh, one.unit, one.better)
            yield row(f"`{one.key}`", *said, one.description, one.description_zh)
        yield ""


def head(*names: str) -> Iterable[str]:
    """Return the first two lines of a table."""
    return row(*names), row(*["---"] * len(names))


def row(*cells: str) -> str:
    """Return a line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
