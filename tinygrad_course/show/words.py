"""What a picture says about its boxes and edges, as plain text: for the outputs that are text."""

from __future__ import annotations

from .model import Box, Edge, Picture
from .names import d_name
from .text import ELLIPSIS, MINUS, number, size_text


def title(box: Box) -> str:
    """`z = w*x + b`, `fc1: Linear`, or just the name; what else a folded box stands for, in brackets."""
    name = box.name
    if box.kind == "layer" and box.rest:
        name += f"{':' if box.module else ' ='} {box.rest}"
    elif box.kind == "value" and box.rest and (not box.nodes or box.titled):
        name += f" = {box.rest}"
    if box.repeat is None:
        return name
    span = box.repeat.span if box.repeat.span != box.name else ""
    return f"{name} ({', '.join(filter(None, (span, box.repeat.note or f'{box.count} alike')))})"


def role(box: Box, picture: Picture) -> str:
    """`input`, `parameter`, `constant`, `loss` or `output`; empty for what is just computed."""
    if box.role == "output":
        return "loss" if picture.derivatives and box.single else "output"
    return "" if box.role == "computed" else box.role


def value(box: Box) -> str:
    """The value in a few words; for a layer what it computes; nothing where a box has no value of its own."""
    if box.computes:
        return box.computes
    return box.value_words if box.kind == "value" and box.repeat is None else ""


def shape(box: Box) -> str:
    return str(box.shape) if box.shape and box.kind != "shared" else ""


def derivative(box: Box, picture: Picture) -> str:
    """`dJ/da = 3`; for an array its formula and size, `dW = dZ @ X.T, norm 0.3`; empty where there is none."""
    if not picture.derivatives or box.derivative is None or type(box.derivative) is tuple or box.kind == "step":
        return ""
    if box.repeat is not None:
        norms = box.repeat.norms
        return f"norm {number(norms[0])} {ELLIPSIS} {number(norms[-1])}" if norms else ""
    if box.formula and box.kind == "value" and box is not picture.output:
        size = size_text(box.derivative)
        return f"{box.d.text} = {box.formula}" + (f", {size}" if size != box.formula else "")
    return f"{box.equation} = {number(box.derivative)}" if box.single else f"{box.ratio}: {size_text(box.derivative)}"


def local(edge: Edge) -> str:
    """The local derivative, `∂u/∂b = c = 2`; empty where it is no number."""
    if edge.slope is None:
        return ""
    slope = number(edge.slope)
    formula = edge.local.text if edge.local is not None else ""
    ratio = f"∂{d_name(edge.target.name)[1:]}/∂{d_name(edge.source.name)[1:]}"
    return " = ".join([ratio, *([formula] if formula and formula != slope else []), slope])


def product(edge: Edge) -> str:
    """The chain rule along an edge, `3 × 2 = 6`; empty where it is no number."""
    if edge.slope is None:
        return ""
    slope = number(edge.slope)
    factor = f"({slope})" if slope.startswith(MINUS) else slope
    return f"{number(edge.target.derivative)} × {factor} = {number(edge.contribution)}"
