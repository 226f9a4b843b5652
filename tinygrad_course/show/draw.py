"""`draw`: the computation graph of a Tensor as a picture, with values, derivatives and the chain rule on the edges."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from sys import _getframe
from typing import Any, Literal

import numpy as np

from ..core.errors import GraphError, MutationError, ShapeError
from ..core.node import Node
from ..core.position import user_frame
from ..values import as_value
from . import budget, display, dot, frames, mermaid, page, render, tree, writers
from .model import Picture
from .picture import Options, make_picture
from .render import DrawError

VIEWS = ("statement", "op", "layer")


class Drawing:
    """A finished drawing: `picture` is what it says, `save` writes it by suffix.

    `source` is its DOT text, `text` an indented tree, `mermaid` a Mermaid flowchart, `markdown` that and a table. In a
    notebook it shows itself; printed, it is the tree.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    @cached_property
    def source(self) -> str:
        """The DOT text: the same for the same program, run after run."""
        return dot.write(self.picture)

    @property
    def text(self) -> str:
        """The drawing as an indented tree of at most 100 columns, the result on top; see `tree`."""
        return self.tree()

    def tree(self, columns: int = tree.WIDTH, *, ascii: bool = False, color: bool = False) -> str:
        """The drawing as an indented tree: what a value was computed from stands below it.

        Nothing is wider than `columns`; what is cut ends in an ellipsis. A value that is used again is not opened
        again: an arrow points up to it, or down, where what would be too deep goes on in a tree of its own. `ascii`
        keeps to ASCII for terminals without Unicode, `color` colours the columns.

        >>> import tinygrad_course as tg
        >>> w = tg.Tensor(3.0, requires_grad=True)
        >>> u = w * w
        >>> J = 2 * u
        >>> print(tg.draw(J))
        J = 2*w²
        <BLANKLINE>
                      value  derivative  chain rule
        J = 2 * u        18  dJ/dJ = 1
        └─ u = w * w      9  dJ/du = 2   1 × 2 = 2
           ├─ w           3  dJ/dw = 12  2 × 3 = 6
           └─ w ↑                        2 × 3 = 6
        """
        return tree.write(self.picture, columns=columns, ascii=ascii, color=color)

    @property
    def mermaid(self) -> str:
        """The drawing as a Mermaid flowchart; Mermaid itself draws at most 500 edges."""
        return mermaid.write(self.picture)

    @property
    def markdown(self) -> str:
        """A page of Markdown: the Mermaid flowchart, which GitHub draws, and a table of values and derivatives."""
        return mermaid.markdown(self.picture)

    def frames(self) -> list[str]:
        """The DOT texts of the drawing step by step; the last is `source`, and all give pictures of one size."""
        return frames.sources(self.picture, self.source)

    @property
    def graph(self) -> Any:
        """The drawing as an object of the `graphviz` package, for what that can do: ``drawing.graph.view()``.

        Its methods that lay out or show need a system Graphviz; `save` does not.

        >>> import tinygrad_course as tg
        >>> w = tg.Tensor(3.0, requires_grad=True)
        >>> type(tg.draw(w * w).graph)
        <class 'graphviz.sources.Source'>
        """
        import graphviz  # takes longer to import than the rest of the package

        return graphviz.Source(self.source)

    @property
    def renderer(self) -> str:
        """What makes pictures on this machine: `system dot 2.43.0`, or `graphviz-pure 0.2.2`."""
        return render.renderer().name

    def bytes(self, kind: str) -> bytes:
        """The contents of a file of this kind: png, svg, pdf, html, dot, txt, md, mmd, gif or apng."""
        if kind in writers.KINDS:
            return writers.KINDS[kind](self)
        problem = budget.too_large(self.picture)
        if problem is not None:
            raise DrawError(problem)
        return render.render(self.source, kind, render.renderer())

    def html(self, modes: Iterable[str] = page.MODES) -> str:
        """One self-contained HTML page, which loads nothing: to step through, nudge, be quizzed on and have checked.

        `modes` says which of ``"step"``, ``"nudge"``, ``"quiz"`` and ``"check"`` it offers.
        """
        return page.write_page(self.picture, self.bytes("svg"), modes)

    def save(self, path: str | os.PathLike[str], *, steps: bool = False) -> Path:
        """Write the drawing to `path`; the suffix says what to write.

        .png, .svg, or .pdf with a system Graphviz: the picture. .html: a page to step through. .gif, .apng: the steps
        as a moving picture. .dot: Graphviz's language, .mmd: Mermaid's. .md: Mermaid and a table, .txt: a tree.
        .tex: the derivation, as `explain` gives it.
        With `steps`, one .png, .svg, .pdf or .dot for each step: ``g-01.png``, ``g-02.png``, ...

        Raises `DrawError` (a ValueError) for an unknown suffix or a graph that is too large to lay out, and
        `SaveError` (an OSError) for a folder that is missing or may not be written to. Files are written whole or not
        at all.
        """
        path = Path(path)
        writers.save(self, path, steps)
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return display.drawing(self, include, exclude)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        p = self.picture
        return f"<Drawing of {p.output.name}: {len(p.boxes)} boxes, {len(p.edges)} edges, {p.view} view>"


def draw(
    output: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    view: Literal["statement", "op", "layer"] = "statement",
    depth: int | None = None,
    fold: bool | int | None = None,
    keep: tuple[int, int] | None = None,
    between: tuple[Any, Any] | None = None,
    direction: Literal["LR", "TB", "BT"] | None = None,
    brief: bool = False,
    derivatives: bool = True,
    gradient: Any = None,
    title: str | None = None,
    notation: Literal["d", "full"] | None = None,
    steps: bool = False,
) -> Drawing:
    """Draw the computation graph that ends in `output`, with values forward and derivatives backward.

    No `backward()` is needed: the drawing works out its own derivatives and leaves every `.grad` alone.

    Parameters
    ----------
    output
        The Tensor to draw. For derivatives it must be a single number, unless `gradient` is given.
    path
        Where to save it, as the suffix says: .png, .svg, .html, .gif, .apng, .dot, .mmd, .md, .tex, .txt, or .pdf with
        a system Graphviz; see `Drawing.save`. Without a path nothing is written.
    view
        ``"statement"``: one box for each statement of your program that ran; ``"op"``: one for each operation;
        ``"layer"``: one for each call of an `nn` module, with its parameters in it (or, without modules, for each
        statement). Modules with others inside are frames around boxes.
    depth
        In a layer view, how many calls deep to look: 1 draws the outermost modules as boxes. None looks into all but
        our own layers.
    fold
        Draw the turns of a loop, and layers alike, as one. None: in a layer view, and where there are more than 40
        boxes, or edges that go far. True or False: always, never; a number: if there are at least so many turns.
    keep
        How many turns of a folded loop to draw in full at its start and its end: (1, 1), in a layer view (0, 0).
    between
        Two Tensors: draw only the paths from the first to the second.
    direction
        Which way values flow: ``"LR"`` to the right, ``"TB"`` down, ``"BT"`` up. None: to the right, but down where
        more than five boxes would stand in a line.
    brief
        Only names, shapes and how large derivatives are: no source, values or formulas.
    derivatives
        Whether to show the backward pass too.
    gradient
        Start the backward pass of an array from this, of the output's shape. Without it an array is drawn with values
        only.
    title
        The heading; by default the whole formula where it is short.
    notation
        ``"d"``: ``dz`` for the derivative of the output with respect to z, as in the notes; ``"full"``: ``∂J/∂z``.
        By default numbers are called ``dJ/dz``, and ``dz`` in formulas.

    steps
        Write a numbered file for each step, ``g-01.png``, ``g-02.png``, ...: the values from left to right, then the
        derivatives from right to left. All have the same size.

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
        raise DrawError(f"there is no view {view!r}; the views are " + ", ".join(f'"{v}"' for v in VIEWS))
    if notation not in (None, "d", "full"):
        raise DrawError(f'there is no notation {notation!r}; choose "d" or "full"')
    if title is not None and not isinstance(title, str):
        raise DrawError(f"title is {title!r}; it must be text")
    if steps and path is None:
        raise DrawError('steps=True writes numbered files: say where, as in tg.draw(J, "g.png", steps=True)')
    if gradient is not None:
        gradient = as_value(gradient, output.value.dtype)
        if np.shape(gradient) != np.shape(output.value):
            shapes = np.shape(gradient), np.shape(output.value)
            raise ShapeError("gradient has shape {}, but the output has shape {}; they must be equal".format(*shapes))
    frame = user_frame(_getframe(1))
    try:
        options = Options(
            view=view, depth=depth, fold=fold, keep=keep, between=between, direction=direction, brief=brief,
            derivatives=derivatives, gradient=gradient, title=title, notation=notation,
        )  # fmt: skip
        picture = make_picture(output, options, frame)
    except MutationError as error:
        raise MutationError(
            f"{error} For a picture: draw before the parameters are updated, or draw the result of a new forward pass."
        ) from error
    drawing = Drawing(picture)
    if path is not None:
        drawing.save(path, steps=steps)
    return drawing
