"""Write docs/conventions.md from docs/conventions.toml: ``python scripts/conventions_page.py``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
SOURCE = DOCS / "conventions.toml"
PAGE = DOCS / "conventions.md"

INTRODUCTION = """\
# Numerical conventions

Where a function has no derivative, or the formula for it breaks down, a library has to choose. These are our choices,
each with its reason. Every row below is a test; the page is made from `docs/conventions.toml` by
`scripts/conventions_page.py`.

*Slope* is the gradient of the sum of *f* with respect to each variable, in the order of *at*; *second* is the gradient
of the sum of the slopes. All of it holds in float64 and in float32.
"""


def load() -> list[dict[str, Any]]:
    """The conventions, each with its title, choice, why and rows."""
    conventions: list[dict[str, Any]] = tomllib.loads(SOURCE.read_text("utf-8"))["convention"]
    return conventions


def render(conventions: list[dict[str, Any]]) -> str:
    """The page as Markdown."""
    return "\n".join([INTRODUCTION, *map(_section, conventions)])


def _section(convention: dict[str, Any]) -> str:
    lines = [f"## {convention['title']}", "", f"**{convention['choice']}.** {convention['why']}", ""]
    lines += ["| f | at | value | slope | second |", "|---|---|---|---|---|"]
    for row in convention["rows"]:
        cells = [row["f"], _named(row["at"]), row["value"], ", ".join(row["slope"]), ", ".join(row.get("second", []))]
        lines.append("| " + " | ".join(f"`{cell}`" if cell else "" for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _named(point: list[str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in zip("xyz", point, strict=False))


if __name__ == "__main__":
    PAGE.write_text(render(load()), "utf-8")
    print(f"wrote {PAGE.relative_to(DOCS.parent)}")
