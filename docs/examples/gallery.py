"""Draw the pictures of the gallery again: run `python docs/examples/gallery.py`.

The code is that of docs/gallery.md: each block that leaves axes named `ax` is the picture that the
page shows right below it.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from PIL import Image  # comes with matplotlib

PAGE = Path("docs/gallery.md")
BLOCK = re.compile(r"```python\n(?P<code>.*?)```(?:\s*!\[[^\]]*\]\((?P<file>[^)]*)\))?", re.DOTALL)


def save(ax: Any, path: Path) -> None:
    """Write a picture as a small PNG: 128 colours are enough for bars and lines."""
    drawn = io.BytesIO()
    ax.figure.savefig(drawn, dpi=90)
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(128).save(path, optimize=True)


def main() -> None:
    """Run the blocks in order, and write each picture where the page looks for it."""
    names: dict[str, object] = {}
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        exec(compile(block["code"], str(PAGE), "exec"), names)  # noqa: S102 - our own page
        if block["file"]:
            path = PAGE.parent / block["file"]
            path.parent.mkdir(exist_ok=True)
            save(names["ax"], path)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
