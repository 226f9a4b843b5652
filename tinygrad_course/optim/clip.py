"""Gradients cut down to size between ``backward()`` and ``step()``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import inf, isfinite, sqrt
from operator import add
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.node import Node
from ..core.state import state
from ..tensor import Tensor
from . import traced

Parameters = Tensor | Iterable[Tensor]


def clip_grad_norm_(
    parameters: Parameters, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients, in place, by one factor, so that their norm as one long vector is at most `max_norm`.

    The factor is ``min(1, max_norm / (norm + 1e-6))``, PyTorch's.

    Parameters
    ----------
    parameters
        Tensors, or one. Those without a gradient are passed over.
    norm_type
        The p of the p-norm; ``math.inf`` for the largest absolute value.
    error_if_nonfinite
        Whether a norm that is NaN or infinite is an error. Otherwise it spoils the gradients, as in PyTorch.

    Returns
    -------
    float
        The norm before clipping.

    Raises
    ------
    GraphError
        With `error_if_nonfinite`; nothing is changed.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([1.0, 1.0], requires_grad=True)
    >>> (tg.asarray([30.0, 40.0]) * w).sum().backward()
    >>> tg.optim.clip_grad_norm_([w], max_norm=5.0)
    50.0
    >>> w.grad.round(4)
    array([3., 4.])
    """
    owners = _with_gradients(parameters)
    if state.here.tracer is not None:
        return _traced(owners, max_norm, float(norm_type), error_if_nonfinite)  # type: ignore[no-any-return]
    norm = _norm([p.grad for p in owners], float(norm_type))
    if error_if_nonfinite and not isfinite(norm):
        raise GraphError(
            f"clip_grad_norm_: the norm of the gradients is {norm}, so they cannot be scaled; "
            "tg.detect_anomaly() finds the operation that made it so"
        )
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1:  # NaN included
        for p in owners:
            _replace(p, np.multiply, factor)
    return norm


def clip_grad_value_(parameters: Parameters, clip_value: float) -> None:
    """Cut every element of the gradients off at ``-clip_value`` and ``clip_value``, in place.

    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([1.0, 1.0], requires_grad=True)
    >>> (tg.asarray([30.0, -0.5]) * w).sum().backward()
    >>> tg.optim.clip_grad_value_([w], 1.0)
    >>> w.grad
    array([ 1. , -0.5])
    """
    for p in _with_gradients(parameters):
        _replace(p, np.clip, -clip_value, clip_value)


def _with_gradients(parameters: Parameters) -> list[Tensor]:
    every = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p for p in every if p.grad is not None]


def _traced(owners: list[Tensor], max_norm: float, order: float, error_if_nonfinite: bool) -> Any:
    norm: Any = traced.norm_of([p.grad for p in owners], order)
    if isinstance(norm, Node):
        if error_if_nonfinite:
            traced.require_finite(norm)
        traced.scale(owners, max_norm / (norm + 1e-6))  # type: ignore[operator]
    return norm


def _replace(p: Tensor, function: Any, *arguments: float) -> None:
    """``function(grad, *arguments)`` written into the gradient, or in its place where it must not be written to."""
    g: Any = p.grad
    if isinstance(g, Node) or g.flags.writeable:
        function(g, *arguments, out=g)
    else:
        p.grad = function(g, *arguments)


def _norm(gradients: list[Any], order: float) -> float:
    if not gradients:
        return 0.0
    if order == inf:
        return float(max(np.abs(g).max(initial=0.0) for g in gradients))
    if order == 2:
        return sqrt(_total(float(np.vdot(g, g)) for g in gradients))
    return float(_total(float((np.abs(g) ** order).sum()) for g in gradients) ** (1 / order))


def _total(numbers: Iterable[float]) -> float:
    """Added one by one, as a compiled step does it; from Python 3.12 on `sum` makes up for the rounding of floats."""
    return reduce(add, numbers, 0.0)
