"""`explain`: how the derivatives of a Tensor come about, step by step."""

from __future__ import annotations

from sys import _getframe
from typing import Any, Literal

import numpy as np

from ...core.errors import GraphError, MutationError, ShapeError
from ...core.node import Node
from ...core.position import user_frame
from ...core.reverse import ancestors
from ...values import as_value
from ..flow import MOST_FORMULAS
from ..model import Notation
from ..picture import Options, make_picture
from ..render import DrawError
from .derivation import Derivation
from .steps import derive

VIEWS = ("statement", "op")
NOTATIONS = ("d", "full")
MOST_STEPS = 200  # nobody reads more at a time, and a notebook would choke on them


def explain(
    output: Any,
    *,
    view: Literal["statement", "op"] = "statement",
    notation: Notation = "d",
    gradient: Any = None,
    steps: int = MOST_STEPS,
) -> Derivation:
    """The derivation of all derivatives of `output`, right to left: the rule, the formula, the numbers, the result.

    No `backward()` is needed: the derivation works out its own derivatives and leaves every `.grad` alone. Every
    formula is evaluated at the recorded values and held against the derivative before it is shown as one.

    Parameters
    ----------
    output
        The Tensor to explain: a single number, unless `gradient` is given.
    view
        ``"statement"``: a step for each statement of your program; ``"op"``: for each operation.
    notation
        ``"d"``: ``dz`` for the derivative of the output with respect to z, as in the notes; ``"full"``: ``∂J/∂z``.
    gradient
        Start the backward pass of an array from this, of the output's shape.
    steps
        How many steps to show, from the right; a note says if there are more.

    Returns
    -------
    Derivation
        ``print`` it, save it as .txt, .md or .tex, or let a notebook show it. `.text`, `.markdown`, `.latex` and
        `.steps` have the parts.

    Raises
    ------
    GraphError
        `output` is no Tensor.
    ShapeError
        `gradient` has another shape than `output`.
    DrawError
        A ValueError: an unknown view or notation, or less than one step.
    MutationError
        A recorded Tensor's data was changed since: the formulas would hold at values that were never computed.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> a = tg.Tensor(2.0, requires_grad=True)
    >>> u = a * 5
    >>> J = u**2
    >>> print(tg.explain(J))
    The derivatives of J, by the chain rule from right to left. (du means ∂J/∂u, and so on.)
    <BLANKLINE>
    Forward, left to right
      given a = 2
      u = a * 5   = 10
      J = u**2    = 100
    <BLANKLINE>
    Backward, right to left
      1. dJ = 1   [start]
         Start at the right: J moves exactly as far as J itself, so its derivative is 1.
      2. du = 2*u = 2 × 10 = 20   [power rule]
         When u moves a little, J moves 20 times as far.
      3. da = 5*du = 5 × 20 = 100   [constant factor rule]
         When a moves a little, u moves 5 times as far, and J 20 times as far as u: together 20 × 5 = 100.
    """
    gradient = _checked(output, view, notation, gradient, steps)
    frame = user_frame(_getframe(1))
    try:
        small = len(ancestors([output])[0]) <= MOST_FORMULAS
        options = Options(view=view, gradient=gradient, notation=notation, fold=False if small else None)
        picture = make_picture(output, options, frame)
    except MutationError as error:
        raise MutationError(
            f"{error} For a derivation: explain before the parameters are updated, or explain the result of a new "
            "forward pass."
        ) from error
    return Derivation(picture, derive(picture, steps))


def _checked(output: Any, view: str, notation: str, gradient: Any, steps: int) -> Any:
    """`gradient` as an array, once everything that was asked for makes sense."""
    if not isinstance(output, Node):
        raise GraphError(f"explain needs a Tensor, the result of a computation; got {type(output).__name__}")
    for what, given, known in (("view", view, VIEWS), ("notation", notation, NOTATIONS)):
        if given not in known:
            raise DrawError(f"there is no {what} {given!r}; choose one of " + ", ".join(f'"{k}"' for k in known))
    if type(steps) is not int or steps < 1:
        raise DrawError(f"steps must be a whole number, at least 1; got {steps!r}")
    if gradient is None:
        return None
    gradient = as_value(gradient, output.value.dtype)
    if np.shape(gradient) != np.shape(output.value):
        shapes = np.shape(gradient), np.shape(output.value)
        raise ShapeError("gradient has shape {}, but the output has shape {}; they must be equal".format(*shapes))
    return gradient
