"""One self-contained HTML file: the laid-out drawing, the data behind it, and the scripts that show it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib import resources
from typing import Any

import numpy as np

from ...core.reverse import reverse
from ..model import Picture
from ..render import DrawError
from ..text import clean
from .checks import checks
from .describe import boxes, edges
from .nudge import nudges
from .quiz import questions
from .replay import Replay
from .sentences import steps
from .svg import Figure, figure, rules

MODES = ("step", "nudge", "quiz", "check")
WIDE = 900  # CSS pixels; a wider drawing is printed across
_SCRIPTS = ("tools", "figure", "heat", "details", "step", "nudge", "quiz", "check", "main")  # in this order
_HOLE = re.compile(r"\{\{(\w+)\}\}")


def write_page(picture: Picture, svg: bytes, modes: Iterable[str] = MODES) -> str:
    """The whole page as text. Nothing in it is fetched from anywhere, and nothing but its own scripts can run.

    The graph is run again for nudges and checks, so its data must be what it was when the graph was recorded:
    `MutationError` says if it is not.
    """
    chosen = _chosen(modes)
    drawn = figure(svg)
    style = _asset("style.css").replace("/* light */", drawn.light).replace("/* dark */", drawn.dark)
    style += rules(drawn.light) + ("@page{size:landscape}" if drawn.width > WIDE else "")
    script = '"use strict";\n(() => {\n' + "\n".join(_asset("script", f"{name}.js") for name in _SCRIPTS) + "\n})();\n"
    title = clean(picture.title, 200) or "graph"
    holes = {
        "policy": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "title": escape(title),
        "style": style,
        "script": script,
        "data": in_script(_data(picture, chosen, title, drawn)),
        "drawing": drawn.markup,
    }
    return _HOLE.sub(lambda hole: holes[hole[1]], _asset("template.html"))


def _chosen(modes: Iterable[str]) -> list[str]:
    given = [modes] if isinstance(modes, str) else list(modes)
    for mode in given:
        if mode not in MODES:
            raise DrawError(f"a page has no mode {mode!r}; the modes are " + ", ".join(f'"{m}"' for m in MODES))
    if not given:
        raise DrawError("a page needs at least one mode: " + ", ".join(f'"{m}"' for m in MODES))
    return [mode for mode in MODES if mode in given]


def _data(picture: Picture, modes: list[str], title: str, drawn: Figure) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": title,
        "output": picture.output.key,
        "name": clean(picture.output.name),
        "note": clean(picture.note, 400),
        "width": drawn.width,
        "height": drawn.height,
        "boxes": boxes(picture),
        "edges": edges(picture),
        "steps": steps(picture),
    }
    if not picture.derivatives:
        return found | {"modes": ["step"]}
    found["modes"] = modes
    if {"nudge", "check"} & set(modes):
        reverse([picture.output.result], [np.ones_like(picture.output.value)[()]], [])  # refuses data changed since
        replay = Replay(picture.output.result)
        if "nudge" in modes:
            found["nudge"] = nudges(picture, replay)
        if "check" in modes:
            found["check"] = checks(picture, replay)
    if "quiz" in modes:
        found["quiz"] = questions(picture)
    return found


def in_script(data: Any) -> str:
    """JSON that may stand inside a script element: no character in it can end the element or open another."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _asset(*path: str) -> str:
    return resources.files(__package__).joinpath(*path).read_text(encoding="utf-8")
