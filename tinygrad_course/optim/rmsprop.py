"""RMSprop: steps divided by a running root mean square of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..ops.pieces import maximum
from ..ops.powers import sqrt
from ..tensor import Tensor
from .optimizer import Optimizer, Params


def rmsprop(
    p: Any,
    g: Any,
    square_avg: Any,
    momentum_buffer: Any,
    grad_avg: Any,
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    centered: bool,
    maximize: bool,
) -> tuple[Any, Any, Any, Any]:
    """The parameter, the mean square, the velocity and the mean of the gradient after one step."""
    if maximize:
        g = -g
    if weight_decay:
        g = g + weight_decay * p
    square_avg = alpha * square_avg + (1 - alpha) * (g * g)
    if centered:
        grad_avg = alpha * grad_avg + (1 - alpha) * g
        # A variance; rounding can leave it just below 0 where the gradient hardly changes.
        scaled = g / (sqrt(maximum(square_avg - grad_avg * grad_avg, 0.0)) + eps)
    else:
        scaled = g / (sqrt(square_avg) + eps)
    if momentum:
        scaled = momentum_buffer = momentum * momentum_buffer + scaled
    return p - lr * scaled, square_avg, momentum_buffer, grad_avg


class RMSprop(Optimizer):
    """Hinton's RMSprop (Coursera lecture 6e, 2012): ``p -= lr * g / (sqrt(v) + eps)``, where v averages g * g.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        As for `SGD`.
    alpha
        How much of the old average stays: ``v = alpha * v + (1 - alpha) * g * g``.
    eps
        Added to the root, outside it.
    momentum
        Of a velocity of scaled gradients, ``b = momentum * b + g / (sqrt(v) + eps)``.
    centered
        Divide by the standard deviation: the squared mean of g is taken off v. (Where rounding makes that difference
        negative it counts as 0; PyTorch's step is NaN there.)

    Raises
    ------
    ValueError
        For a negative rate, eps, momentum or decay, or an alpha outside [0, 1].

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([100.0, 0.01], requires_grad=True)
    >>> optimizer = tg.optim.RMSprop([w], lr=0.1)
    >>> (tg.asarray([3.0, 0.01]) * w).sum().backward()
    >>> optimizer.step()
    >>> print(w.data.round(4))  # both moved by lr / sqrt(1 - alpha), whatever the size of the gradient
    [99.   -0.99]
    """

    rule = staticmethod(rmsprop)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "maximize": maximize,
        })  # fmt: skip

    def initial(self, p: Tensor, group: Mapping[str, Any]) -> dict[str, Any]:
        state = {"step": 0, "square_avg": np.zeros_like(p.data)}
        if group["momentum"]:
            state["momentum_buffer"] = np.zeros_like(p.data)
        if group["centered"]:
            state["grad_avg"] = np.zeros_like(p.data)
        return state
