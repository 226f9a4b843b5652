"""How long a layout would take, and what to draw instead of one that would not end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .model import Box, Picture

MOST = 5000  # with the bundled renderer about ten seconds in the worst case


def cost(boxes: Sequence[Box], edges: Iterable[tuple[Box, Box]]) -> int:
    """Boxes, edges, and for each edge the columns that it has to cross: these make a layout slow.

    `boxes` are in topological order. A computed box is as far right as its sources demand, a leaf as far as its users
    allow.
    """
    place = {box: i for i, box in enumerate(boxes)}
    forward = [(a, b) for a, b in edges if place[a] < place[b]]
    forward.sort(key=lambda edge: place[edge[1]])
    column = dict.fromkeys(boxes, 0)
    for a, b in forward:
        column[b] = max(column[b], column[a] + 1)
    used: dict[Box, int] = {}
    for a, b in forward:
        if not a.nodes:
            used[a] = min(used.get(a, column[b] - 1), column[b] - 1)
    column |= used
    return len(boxes) + sum(column[b] - column[a] for a, b in forward)


def too_large(picture: Picture) -> str | None:
    """What to say instead of laying a picture out; None where a layout will be done soon."""
    if len(picture.boxes) < MOST:
        found = cost(picture.boxes, ((e.source, e.target) for e in picture.edges))
        if found <= MOST:
            return None
    sizes = f"{len(picture.boxes)} boxes and {len(picture.edges)} edges"
    return f"a picture of {sizes} is not laid out: that could take for ever, and nobody could read it. {hints(picture)}"


def hints(picture: Picture) -> str:
    """How to make a picture smaller, as options that were not used."""
    ways = [] if picture.folded else ["fold=True"]
    if picture.view == "op":
        ways.append('view="statement"')
    ways.append("depth=1" if picture.view == "layer" else 'view="layer", with depth= if need be')
    ways.append("between=(x, y) for only the paths from x to y")
    return f"To narrow it: {', or '.join(ways)}. The DOT text (suffix .dot) always works"
