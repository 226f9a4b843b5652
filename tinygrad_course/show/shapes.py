"""The shapes of a formula's factors, the check that people do on paper: ``(1, 400) @ (400, 4) = (1, 4)``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from . import expr
from .expr import Expr
from .model import Box

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]  # by name


class UnshapedError(Exception):
    """A formula has a part whose shape nobody noted."""


def shapes_of(boxes: Iterable[Box]) -> dict[str, Shape]:
    """The shape of everything that the formulas of a picture name: values, and derivatives under ``dz``."""
    found: dict[str, Shape] = {}
    for box in boxes:
        if type(box.value) is not tuple:
            found[box.symbol.text] = found[expr.Derivative(box.name).text] = np.shape(box.laid_out)
    return found


def shape_of(e: Expr, shapes: Shapes) -> Shape:
    """The shape of what `e` gives. Raises `UnshapedError` where it cannot be told."""
    if e.text in shapes:
        return shapes[e.text]
    if isinstance(e, expr.Number):
        return ()
    if isinstance(e, expr.Given):
        return np.shape(e.value)
    if isinstance(e, expr.Suffix) and e.suffix == ".T":
        return shape_of(e.base, shapes)[::-1]
    if isinstance(e, expr.Call | expr.Suffix) and e.shape is not None:
        return e.shape
    if not e.parts or isinstance(e, expr.Call | expr.Suffix):
        raise UnshapedError(e.text)
    parts = [shape_of(part, shapes) for part in e.parts]
    try:
        return _matmul(*parts) if _is_product(e) else np.broadcast_shapes(*parts)
    except ValueError as error:
        raise UnshapedError(e.text) from error


def _is_product(e: Expr) -> bool:
    return isinstance(e, expr.Infix) and e.symbol == "@"


def _matmul(a: Shape, b: Shape) -> Shape:
    if not a or not b or a[-1] != b[-2 if len(b) > 1 else 0]:
        raise ValueError("no product of matrices")
    left, right = a[-2:-1], b[-1:] if len(b) > 1 else ()
    return (*np.broadcast_shapes(a[:-2], b[:-2]), *left, *right)


def proof(e: Expr, shapes: Shapes) -> str:
    """`e` with shapes in place of arrays, and the shape that comes out; empty where there is nothing to prove."""
    try:
        shape = shape_of(e, shapes)
        text = _written(e, shapes, expr.SUM)
    except UnshapedError:
        return ""
    return f"{text} = {shape}" if text != str(shape) else ""


def _written(e: Expr, shapes: Shapes, level: int) -> str:
    """The operations of `e` that join or change shapes; a part whose shape says it all is that shape."""
    shape = shape_of(e, shapes)
    if e.text in shapes:
        return str(shape)
    if _is_product(e):
        joined = " @ ".join(_written(part, shapes, expr.ATOM) for part in e.parts)
        return f"({joined})" if level > expr.PRODUCT else joined
    if isinstance(e, expr.Sum | expr.Product):
        parts = [part for part in e.parts if shape_of(part, shapes) != ()]
        texts = [_written(part, shapes, expr.ATOM) for part in parts]
        if set(texts) == {str(shape)}:  # element by element: one of the shapes says it all
            texts = texts[: 2 if level == expr.SUM and isinstance(e, expr.Product) else 1]
        joined = (" + " if isinstance(e, expr.Sum) else " * ").join(texts) or str(shape)
        return f"({joined})" if len(texts) > 1 and level > expr.SUM else joined
    if isinstance(e, expr.Call) and e.name == "sum" and e.arguments:
        axes = "".join(f", {k}={v}" for k, v in e.params.items())
        return f"sum({_written(e.arguments[0], shapes, expr.SUM)}{axes})"
    return str(shape)
