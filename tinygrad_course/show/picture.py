"""The way from a recorded graph to a picture: boxes, folding, derivatives, edges, a heading."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from ..core.node import Node
from ..core.reverse import reverse
from .boxes import Fold
from .flow import MOST_FORMULAS, Flow, d_symbol
from .model import Box, Edge, Picture
from .names import d_name
from .reading import formula
from .shapes import proof, shapes_of
from .simplify import shorten
from .sketch import Options, direction_of, frames_of, sketch

__all__ = ["Fold", "Options", "d_name", "d_symbol", "make_picture"]


def make_picture(output: Node, options: Options, frame: FrameType | None) -> Picture:
    """The picture of everything that `output` was computed from."""
    with undisturbed():
        return _picture(output, options, frame)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without Python's collector for a moment: a picture of many boxes has no cycles, and would be searched often."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _picture(output: Node, options: Options, frame: FrameType | None) -> Picture:
    fold, folding, order = sketch(output, options, frame)
    members = folding.members if folding is not None else {}
    note = _missing(output, options)
    with_derivatives = options.derivatives and not note
    everything = [*order, *(b for box in order for b in members.get(box, ())), *fold.hidden.values()]
    last = fold.boxes.get(id(output)) or fold.hidden[id(output)]
    for box in everything:
        box.over, box.notation = last.name, options.notation
    if output.requires_grad:
        _differentiate(output, everything, options.gradient, with_derivatives)
    if folding is not None and with_derivatives:
        folding.frames.measure()
    for box in order:
        if box.nodes and box.role != "output" and fold.layers.unit(box.result) is not None:
            fold.compute(box)
        elif box.nodes and box.titled and box not in fold.between_layers:
            fold.describe(box)
    flow = Flow(fold, order, members, with_derivatives)
    if with_derivatives and len(order) > MOST_FORMULAS:
        note = f"formulas are left out above {MOST_FORMULAS} boxes"
    if with_derivatives and flow.formulas:
        _prove(order, flow.edges)
    heading = options.title if options.title is not None else _title(fold, last)
    picture = Picture(
        heading, options.view, order, flow.edges, last, with_derivatives, note, frames_of(order),
        direction=options.direction or direction_of(order, fold), folded=folding is not None, brief=options.brief,
    )  # fmt: skip
    if with_derivatives and flow.formulas:
        shorten(picture)
    return picture


def _prove(boxes: list[Box], edges: list[Edge]) -> None:
    """Note how the shapes in each formula fit."""
    shapes = shapes_of(boxes)
    leaving: dict[Box, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.local is not None and edge.slope is None and edge.differentiable:
            edge.shapes = proof(edge.local, shapes)
            leaving[edge.source].append(edge)
    for box, out in leaving.items():
        box.shapes = out[0].shapes if len(out) == 1 else ""


def _missing(output: Node, options: Options) -> str:
    """Why there are no derivatives; empty if there are, or if nobody asked."""
    if options.derivatives and not output.requires_grad:
        return "no derivatives: nothing here requires a gradient"
    if options.derivatives and options.gradient is None and np.size(output.value) != 1:
        return f"no derivatives: the output has shape {np.shape(output.value)}; draw a single number, or pass gradient="
    return ""


def _differentiate(output: Node, boxes: list[Box], gradient: Any, wanted: bool) -> None:
    shown = [b.result for b in boxes if isinstance(b.result, Node) and b.result.requires_grad]
    shown = [x for x in shown if type(x.value) is not tuple]
    seed = np.ones_like(output.value)[()] if gradient is None else gradient
    found = reverse([output], [seed], shown if wanted else [])  # refuses data changed since
    for box in boxes:
        box.derivative = found.get(box.result) if isinstance(box.result, Node) else None


def _title(fold: Fold, last: Box) -> str:
    """The whole computation in one formula where it is short; otherwise what the picture is."""
    if fold.recorded and len(fold.recorded) <= 12 and fold.view != "layer":
        symbols = {id(x): fold.boxes[id(x)].symbol for x in fold.leaves if id(x) in fold.boxes}
        symbols |= fold.folded
        text = formula(fold.output, symbols).text
        if len(text) <= 48:
            return f"{last.name} = {text}"
    what = {"statement": "one box per statement", "op": "one box per operation", "layer": "one box per layer"}
    folded = ", what repeats folded" if any(box.repeat is not None for box in fold.boxes.values()) else ""
    return f"{last.name} ({fold.view} view: {what[fold.view]}{folded})"
