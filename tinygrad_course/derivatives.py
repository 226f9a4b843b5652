"""The general tool: derivatives of outputs with respect to inputs, along the graph that joins them."""

from __future__ import annotations

from collections.abc import Sequence
from sys import _getframe
from typing import Any

import numpy as np

from .core.errors import DTypeError, GraphError, ShapeError
from .core.node import Node
from .core.position import place
from .core.reverse import reverse
from .core.state import composite, state
from .tensor import Tensor
from .values import as_value


@composite
def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    create_graph: bool = False,
) -> list[Tensor | None]:
    """Derivatives of `outputs` (their sum, weighted by `grad_outputs`) with respect to each of `inputs`.

    Unlike ``backward`` it touches no `grad`, walks only the paths to `inputs`, and takes intermediate results as
    inputs too. With ``create_graph`` the derivatives are recorded and can be differentiated again.

    Parameters
    ----------
    outputs, inputs
        A Tensor or a sequence of them.
    grad_outputs
        One cotangent per output, of its shape; None for 1, which needs outputs of one element.

    Returns
    -------
    list
        One Tensor per input, of its shape and dtype; None where no output depends on the input.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> x = tg.Tensor(2.0, requires_grad=True)
    >>> (slope,) = tg.gradients(x**3, x, create_graph=True)
    >>> slope, tg.gradients(slope, x)
    (Tensor(12., op=multiply), [Tensor(12.)])
    """
    outs = _as_sequence(outputs, "outputs")
    ins = _as_sequence(inputs, "inputs")
    given = [None] * len(outs) if grad_outputs is None else _as_sequence(grad_outputs, "grad_outputs", Any)
    if len(given) != len(outs):
        raise ShapeError(f"gradients: {len(given)} grad_outputs for {len(outs)} outputs; one per output is needed")
    if not any(y.requires_grad for y in outs):
        raise GraphError(
            "gradients: no output records anything; create the inputs with requires_grad=True and compute outside "
            f"no_grad{place(_getframe(1))}"
        )
    pairs = [(y, as_cotangent(y, g, create_graph)) for y, g in zip(outs, given, strict=True) if y.requires_grad]
    found = reverse([y for y, _ in pairs], [g for _, g in pairs], ins, record=create_graph)
    return [None if x not in found else as_tensor(found[x]) for x in ins]


def _as_sequence(x: Any, what: str, kind: Any = Node) -> list[Any]:
    items = list(x) if isinstance(x, list | tuple) else [x]
    for item in items:
        if kind is Node and not isinstance(item, Node):
            raise DTypeError(f"gradients: {what} must be Tensors, not {type(item).__name__}")
    return items


def as_cotangent(y: Tensor, g: Any, create_graph: bool) -> Any:
    if g is None:
        if y.size != 1:
            raise GraphError(
                f"gradients: an output of shape {y.shape} is not a scalar; pass grad_outputs= of its shape"
            )
        g = np.ones(y.shape, y.dtype)[()]
    value = g.value if isinstance(g, Node) else as_value(g)
    if np.shape(value) != y.shape:
        raise ShapeError(
            f"gradients: a cotangent has shape {np.shape(value)}, its output {y.shape}; they must be equal"
        )
    if not create_graph and (state.here.tracer is None or not isinstance(g, Node)):
        return value.astype(y.dtype)
    if isinstance(g, Tensor):
        return g if g.dtype == y.dtype else g.astype(y.dtype)
    return as_tensor(g if isinstance(g, Node) else value.astype(y.dtype))


def as_tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)
