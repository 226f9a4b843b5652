"""The laid-out SVG made part of a page: only what drawing needs is kept, and colours become the page's to choose."""

from __future__ import annotations

import colorsys
import re
import xml.etree.ElementTree as ET
from html import escape
from typing import NamedTuple

# What the page's scripts find the two passes by, and what each colour becomes on a dark page.
NAMES = {"#005a8c": "forward", "#b04a00": "backward", "#222222": "ink", "#555555": "muted"}
DARK = {
    "#005a8c": "#7cc4f0", "#b04a00": "#ff9a52", "#222222": "#e5e7eb", "#555555": "#b3bac6", "#ffffff": "#1f2937",
    "#e6f1f8": "#16324a", "#e4f3ec": "#153a2c", "#f2f2f2": "#323b4a", "#fff4d6": "#4a3b10",
}  # fmt: skip
_SPELLED = {"white": "#ffffff", "black": "#000000"}
_KEPT = {
    "svg": {"viewBox"},
    "g": {"id", "class", "transform"},
    "path": {"d", "stroke-width", "stroke-dasharray"},
    "polygon": {"points", "stroke-width", "stroke-dasharray"},
    "polyline": {"points", "stroke-width", "stroke-dasharray"},
    "ellipse": {"cx", "cy", "rx", "ry", "stroke-width"},
    "text": {"x", "y", "text-anchor", "font-size", "font-weight", "font-style"},
}
_HEX = re.compile(r"#[0-9a-f]{6}\Z")
_NUMBER = re.compile(r"[\d.]+")


class Figure(NamedTuple):
    """An SVG for a page: its markup, its size in CSS pixels, and a style rule for each colour, light and dark."""

    markup: str
    width: float
    height: float
    light: str
    dark: str


def figure(svg: bytes) -> Figure:
    """The drawing inside `svg`, with nothing in it but shapes, text and the names of boxes and edges.

    Titles, tooltips, links, comments and everything unknown are dropped: the page says those things itself, and a
    quiz must not give them away.
    """
    root = ET.fromstring(svg)
    colors: dict[str, str] = {}
    parts: list[str] = []
    _write(root, parts, colors)
    width, height = (float(_NUMBER.match(root.get(side, "0")).group()) * 4 / 3 for side in ("width", "height"))  # type: ignore[union-attr]
    light = "".join(f"--{name}:{color};" for color, name in colors.items())
    dark = "".join(f"--{name}:{DARK.get(color) or _darkened(color)};" for color, name in colors.items())
    return Figure("".join(parts), round(width, 2), round(height, 2), light, dark)


def rules(colors: str) -> str:
    """The style rules for the colours of a figure: one class that fills and one that strokes for each."""
    names = re.findall(r"--([\w-]+):", colors)
    return "".join(f".f-{n}{{fill:var(--{n})}}.s-{n}{{stroke:var(--{n})}}" for n in names)


def _write(root: ET.Element, parts: list[str], colors: dict[str, str]) -> None:
    """Every known element in order; a stack instead of recursion, closing tags included."""
    stack: list[ET.Element | str] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item)
            continue
        tag = _plain(item.tag) if isinstance(item.tag, str) else ""
        if tag == "a":  # a tooltip's wrapper: what is inside counts
            stack += list(item)[::-1]
        elif tag in _KEPT and not _backdrop(item, tag):
            parts.append(f"<{tag}{_attributes(item, tag, colors)}>")
            parts.append(escape("".join(item.itertext()), quote=False) if tag == "text" else "")
            stack += [f"</{tag}>", *([] if tag == "text" else list(item)[::-1])]


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]


def _backdrop(item: ET.Element, tag: str) -> bool:
    """The sheet of paper behind the drawing: the page has its own."""
    return tag == "polygon" and item.get("fill") == "white" and item.get("stroke") in ("none", "transparent")


def _attributes(item: ET.Element, tag: str, colors: dict[str, str]) -> str:
    kept = {k: v for k, v in item.attrib.items() if k in _KEPT[tag]}
    classes = [kept.pop("class", "")]
    for letter, side in (("f", "fill"), ("s", "stroke")):
        color = item.get(side)
        color = "#222222" if color is None and tag == "text" and side == "fill" else color
        if color is not None:
            classes.append(_color_class(letter, side, color.lower(), kept, colors))
    if found := " ".join(filter(None, classes)):
        kept["class"] = found
    if tag == "svg":
        kept["id"] = "drawing"
    return "".join(f' {k}="{escape(v)}"' for k, v in kept.items())


def _color_class(letter: str, side: str, color: str, kept: dict[str, str], colors: dict[str, str]) -> str:
    color = _SPELLED.get(color, color)
    if not _HEX.match(color):  # none, transparent
        kept[side] = "none"
        return ""
    return f"{letter}-{colors.setdefault(color, NAMES.get(color, f'c{len(colors)}'))}"


def _darkened(color: str) -> str:
    """A colour for a dark page: the same hue, light turned into dark and dark into light."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, strength = colorsys.rgb_to_hls(red, green, blue)
    turned = colorsys.hls_to_rgb(hue, 0.14 + 0.78 * (1 - light), strength * 0.7)
    return "#" + "".join(f"{round(255 * part):02x}" for part in turned)
