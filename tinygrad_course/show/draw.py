"""`draw`: the computation graph of a Tensor as a picture, with values, derivatives and the chain rule on the edges."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from sys import _getframe
from typing import Any, Literal

import numpy as np

from ..core.errors import GraphError, MutationError, ShapeError
from ..core.files import write_file
from ..core.node import Node
from ..core.position import user_frame
from ..values import as_value
from . import dot, render
from .model import Picture
from .picture import make_picture
from .render import DrawError

VIEWS = ("statement", "op")
SUFFIXES = ("png", "svg", "dot", "pdf")
MOST_BOXES = 400  # a layout of more would take long, and nobody could read it


class Drawing:
    """A finished drawing: `source` is its DOT text, `picture` what it says; `save` writes it by suffix.

    In a notebook it shows itself.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    @cached_property
    def source(self) -> str:
        """The DOT text: the same for the same program, run after run."""
        return dot.write(self.picture)

    @property
    def renderer(self) -> str:
        """What makes pictures on this machine: `system dot 2.43.0`, or `graphviz-pure 0.2.2`."""
        return render.renderer().name

    def bytes(self, kind: str) -> bytes:
        """The contents of a file of this kind: png, svg, pdf or dot."""
        if kind == "dot":
            return self.source.encode()
        count = len(self.picture.boxes)
        if count > MOST_BOXES:
            other = 'use view="statement", ' if self.picture.view == "op" else ""
            raise DrawError(
                f"this graph has {count} boxes; a layout of more than {MOST_BOXES} is not attempted. "
                f"To narrow it: {other}draw an earlier or smaller Tensor, or save the DOT text (suffix .dot)"
            )
        return render.render(self.source, kind, render.renderer())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing to `path`; the suffix says what to write: .png, .svg, .dot, or .pdf with a system Graphviz.

        Raises `DrawError` (a ValueError) for an unknown suffix or a graph that is too large to lay out, and
        `SaveError` (an OSError) for a folder that is missing or may not be written to. A file is written whole or not
        at all.
        """
        path = Path(path)
        kind = path.suffix[1:].lower()
        if kind not in SUFFIXES:
            got = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
            known = ".png, .svg, .dot, or .pdf with a system Graphviz"
            raise DrawError(f"{path.name!r} has {got}; pictures are saved as {known}")
        write_file(path, self.bytes(kind))
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        try:
            return {"image/svg+xml": self.bytes("svg").decode(), "text/plain": repr(self)}
        except DrawError as error:
            return {"text/plain": f"{self!r}: {error}"}

    def __repr__(self) -> str:
        p = self.picture
        return f"<Drawing of {p.output.name}: {len(p.boxes)} boxes, {len(p.edges)} edges, {p.view} view>"


def draw(
    output: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    view: Literal["statement", "op"] = "statement",
    derivatives: bool = True,
    gradient: Any = None,
    title: str | None = None,
) -> Drawing:
    """Draw the computation graph that ends in `output`, with values forward and derivatives backward.

    No `backward()` is needed: the drawing works out its own derivatives and leaves every `.grad` alone.

    Parameters
    ----------
    output
        The Tensor to draw. For derivatives it must be a single number, unless `gradient` is given.
    path
        Where to save it: .png, .svg, .dot, or .pdf with a system Graphviz. Without a path nothing is written.
    view
        ``"statement"``: one box for each statement of your program that ran; ``"op"``: one box for each operation.
    derivatives
        Whether to show the backward pass too.
    gradient
        Start the backward pass of an array from this, of the output's shape. Without it an array is drawn with values
        only.
    title
        The heading; by default the whole formula where it is short.

    Raises
    ------
    DrawError
        A ValueError: an unknown view or suffix, or a graph too large to lay out (`.source` and .dot always work).
    SaveError
        An OSError: the folder does not exist or may not be written to.
    MutationError
        A recorded Tensor's data was changed since: the picture would show values that were never computed.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> a = tg.Tensor(2.0, requires_grad=True)
    >>> J = a * a
    >>> drawing = tg.draw(J)
    >>> drawing
    <Drawing of J: 2 boxes, 2 edges, statement view>
    >>> "dJ/da = 4" in drawing.source
    True
    """
    if not isinstance(output, Node):
        raise GraphError(f"draw needs a Tensor, the result of a computation; got {type(output).__name__}")
    if view not in VIEWS:
        raise DrawError(f"there is no view {view!r}; the views are " + " and ".join(f'"{v}"' for v in VIEWS))
    if gradient is not None:
        gradient = as_value(gradient, output.value.dtype)
        if np.shape(gradient) != np.shape(output.value):
            shapes = np.shape(gradient), np.shape(output.value)
            raise ShapeError("gradient has shape {}, but the output has shape {}".format(*shapes))
    frame = user_frame(_getframe(1))
    try:
        picture = make_picture(output, view=view, derivatives=derivatives, gradient=gradient, title=title, frame=frame)
    except MutationError as error:
        raise MutationError(
            f"{error} For a picture: draw before the parameters are updated, or draw the result of a new forward pass."
        ) from error
    drawing = Drawing(picture)
    if path is not None:
        drawing.save(path)
    return drawing
