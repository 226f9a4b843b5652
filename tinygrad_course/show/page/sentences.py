"""The steps through a picture, forward and then from right to left, with one sentence for each."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from .. import words
from ..derivation import Step
from ..derivation import steps as derivation
from ..model import Box, Edge, Picture
from ..text import MINUS, clean, number, value_text
from .describe import edge_id, title

LONGEST = 300


def steps(picture: Picture) -> list[dict[str, Any]]:
    """One step for each computed value, then those of the derivation: what appears, and what a teacher would say.

    `ends`: whether the derivative in the box is known then; at a fork it is only when the paths have been added up.
    """
    ids = {edge: edge_id(i, edge) for i, edge in enumerate(picture.edges)}
    into: dict[Box, list[Edge]] = defaultdict(list)
    for edge in picture.edges:
        into[edge.target].append(edge)
    found = [
        {"way": "forward", "box": box.key, "edges": [ids[e] for e in into[box]], "text": _forward(box, into[box])}
        for box in picture.boxes
        if box.nodes
    ]
    return found + [_backward(step, ids) for step in derivation(picture)]


def _forward(box: Box, into: list[Edge]) -> str:
    value = value_text(box.value) if box.single else f"{value_text(box.value)}, shape {box.shape}"
    operands = {e.source.name: e.source.value for e in into}
    if not (box.single and operands and all(e.source.single for e in into)):
        return clean(f"{title(box)} gives {value}.", LONGEST)
    # The names in the source become their numbers, in one pass.
    names = "|".join(re.escape(name) for name in sorted(operands, key=len, reverse=True))
    filled = re.sub(rf"(?<![\w.])({names})(?!\w)", lambda m: _factor(operands[m[0]]), box.rest)
    parts = [title(box), filled, value] if filled not in (box.rest, value) else [title(box), value]
    return clean(" = ".join(parts) + ".", LONGEST)


def _factor(value: Any) -> str:
    text = number(value)
    return f"({text})" if text.startswith(MINUS) else text


def _backward(step: Step, ids: dict[Edge, str]) -> dict[str, Any]:
    edges = [ids[step.edge]] if step.edge is not None else []
    found: dict[str, Any] = {"way": "backward", "box": step.box.key, "edges": edges}
    found |= {"text": clean(step.sentence, LONGEST), "ends": not step.via}
    if step.edge is not None and step.edge.slope is not None:
        found["line"] = _chain(step.edge, step.via)
        return found
    parts = [step.symbol.text, step.formula.text if step.formula is not None else "", step.substitution, step.result]
    via = f" via {step.via}" if step.via else ""
    shown = list(dict.fromkeys(part for part in parts if part))
    if len(shown) > 1:
        shown[0] += via
        found["line"] = clean(" = ".join(shown), LONGEST)
    if step.shapes:
        found["shapes"] = clean(step.shapes, LONGEST)
    return found


def _chain(edge: Edge, via: str) -> str:
    """The chain rule between numbers: what flows back, times the local derivative."""
    left = edge.source.ratio + (f" via {via}" if via else "")
    rate = words.local(edge).partition(" = ")[0]
    return clean(f"{left} = {edge.target.ratio} × {rate} = {words.product(edge)}", LONGEST)
