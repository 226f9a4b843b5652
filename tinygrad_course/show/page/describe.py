"""The boxes and edges of a picture as data: the words and numbers that the page shows about each."""

from __future__ import annotations

from typing import Any

from .. import words
from ..model import Box, Edge, Picture
from ..text import clean, number, size_text, value_text
from .values import budget, payload

LONGEST = 1000  # characters of a formula or a source line


def boxes(picture: Picture) -> list[dict[str, Any]]:
    """What the page knows of each box."""
    arrays = sum(bool(b.shape) + (has_derivative(b) and bool(b.shape)) for b in picture.boxes)
    most = budget(arrays)
    return [_box(box, picture, most) for box in picture.boxes]


def has_derivative(box: Box) -> bool:
    return box.derivative is not None and type(box.derivative) is not tuple


def _box(box: Box, picture: Picture, most: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": box.key,
        "name": clean(box.name, 80),
        "title": title(box),
        "role": words.role(box, picture) or "computed",
        "value": payload(box.value, most),
        "dtype": str(getattr(box.value, "dtype", "")),
        "where": clean(box.where, LONGEST),
        "operations": ", ".join(dict.fromkeys(n.op.name for n in box.nodes if n.op is not None)),
    }
    if picture.derivatives and has_derivative(box):
        found["slope"] = payload(box.derivative, most, slope=True)
        found["ratio"] = clean(box.ratio)
        found["says"] = derivative_text(box)
    if box.parameters:
        found["parameters"] = [_parameter(p, picture) for p in box.parameters]
    if box.formula:
        found["formula"] = clean(f"{box.d.text} = {box.formula}", LONGEST)
    if box.paths:
        found["paths"] = clean(box.paths, LONGEST)
    return found


def _parameter(box: Box, picture: Picture) -> str:
    """A parameter of a layer, in a line."""
    slope = f"; {derivative_text(box)}" if picture.derivatives and has_derivative(box) else ""
    return clean(f"{box.name} {box.shape or ''}: {value_text(box.value)}{slope}", LONGEST)


def title(box: Box) -> str:
    """`u = b * c`, `fc1: Linear`, or the name alone."""
    return clean(words.title(box), 160)


def derivative_text(box: Box) -> str:
    """`dJ/da = 3`; for an array, its shape and how large it is."""
    name = clean(box.ratio)
    if box.single:
        return f"{name} = {number(box.derivative)}"
    return f"{name}: shape {box.shape}, {size_text(box.derivative)}"


def edge_id(index: int, edge: Edge) -> str:
    """The id of an edge in the drawing."""
    return f"e{index}_{edge.source.key}_{edge.target.key}"


def edges(picture: Picture) -> list[dict[str, Any]]:
    """What the page knows of each edge: where it leads, the local derivative, the product."""
    return [_edge(i, edge) for i, edge in enumerate(picture.edges)]


def _edge(index: int, edge: Edge) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": edge_id(index, edge),
        "from": edge.source.key,
        "to": edge.target.key,
        "back": edge.differentiable,
    }
    if edge.slope is not None:
        found["rule"] = clean(words.local(edge), LONGEST)
        found["product"] = words.product(edge)
    elif edge.local is not None and edge.local.text:
        found["rule"] = clean(f"adds {edge.local.text} to {edge.source.d.text}", LONGEST)
    return found
