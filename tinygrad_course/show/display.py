"""What a notebook shows for a drawing, and for a Tensor."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Collection
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import TinygradError
from ..core.markup import bundle
from ..core.node import Node
from .text import clean
from .within import within

if TYPE_CHECKING:
    from .draw import Drawing

MOST_OPERATIONS, MOST_NUMBERS = 40, 100_000  # of a graph that a Tensor shows without being asked to
_PAGE, _SMALLEST = 720, 0.6  # points that are free on most pages; what a drawing is shrunk to for them at most
_ID = re.compile(r'(?<= id=")[^"]+(?=")')
_SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')
_shown: Counter[str] = Counter()
Asked = Collection[str] | None


def drawing(it: Drawing, include: Asked, exclude: Asked) -> dict[str, Any]:
    """A drawing as SVG, PNG and text; where it cannot be laid out, as a line that says why."""
    formats = {
        "image/svg+xml": lambda: svg(it),
        "image/png": lambda: base64.b64encode(it.bytes("png")).decode("ascii"),
        "text/plain": lambda: it.text,
    }
    try:
        return bundle(formats, include, exclude)
    except TinygradError as error:
        why = f"{it!r}: {error}"
        return bundle({"text/plain": lambda: why}, include, exclude)


def svg(it: Drawing) -> str:
    """The SVG for a page with other drawings on it: ids of its own, and no wider than the page.

    The ids depend on what is drawn and on how often this process showed the same before: a notebook that is run
    again from the start has the same. Notebooks that show an SVG as an image do not shrink it, so a wide one is
    shrunk here, as far as it can still be read.
    """
    text = it.bytes("svg").decode()
    text = text[text.index("<svg") :]  # a page takes no XML declaration inside it
    digest = hashlib.sha256(it.source.encode()).hexdigest()[:8]
    _shown[digest] += 1
    prefix = f"tg-{digest}-{_shown[digest]}-"
    text = _SIZE.sub(_shrunk, _ID.sub(lambda found: prefix + found[0], text), count=1)
    label = escape(f"Computation graph: {clean(it.picture.title, 200) or it.picture.output.name}")
    look = f'role="img" aria-label="{label}" style="max-width: 100%; height: auto; background: white"'
    return text.replace("<svg ", f"<svg {look} ", 1)


def _shrunk(size: re.Match[str]) -> str:
    width, height = float(size[1]), float(size[2])
    scale = min(1.0, max(_PAGE / width, _SMALLEST))
    return f'width="{width * scale:.0f}pt" height="{height * scale:.0f}pt"'


def tensor(it: Node, include: Asked = None, exclude: Asked = None) -> dict[str, Any]:
    """A Tensor as its text; with a small graph behind it, the drawing of that is there to be unfolded."""
    found = bundle({"text/plain": lambda: repr(it)}, include, exclude)
    if bundle({"text/html": str}, include, exclude) and (graph := _graph(it)) is not None:
        found["text/html"] = graph
    return found


def _graph(it: Node) -> str | None:
    from .draw import draw

    if it.op is None or not _small(it):
        return None
    try:
        made = within(vars(sys.modules["__main__"]), draw, it)
        picture = svg(made)
    except TinygradError:  # data changed since, no renderer: the text stands by itself
        return None
    text = f'<pre style="margin: 0; font-family: monospace; white-space: pre-wrap">{escape(repr(it))}</pre>'
    summary = '<summary style="cursor: pointer">computation graph</summary>'
    return f"{text}<details>{summary}{picture}</details>"


def _small(it: Node) -> bool:
    """Whether the graph is drawn in a moment."""
    seen, stack, numbers = {it}, [it], 0
    while stack and len(seen) <= 2 * MOST_OPERATIONS and numbers <= MOST_NUMBERS:
        node = stack.pop()
        numbers += sum(np.size(v) for v in (node.value if type(node.value) is tuple else (node.value,)))
        new = {x for x in node.inputs if isinstance(x, Node)} - seen
        seen |= new
        stack += new
    operations = sum(node.op is not None for node in seen)
    return not stack and operations <= MOST_OPERATIONS and numbers <= MOST_NUMBERS
