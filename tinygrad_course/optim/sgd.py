"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .optimizer import Optimizer, Params


def sgd(
    p: Any,
    g: Any,
    momentum_buffer: Any,
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> tuple[Any, Any]:
    """The parameter and the velocity after one step."""
    if maximize:
        g = -g
    if weight_decay:
        g = g + weight_decay * p
    if momentum:
        if momentum_buffer is None:
            momentum_buffer = g
        else:
            momentum_buffer = momentum * momentum_buffer + ((1 - dampening) * g if dampening else g)
        g = g + momentum * momentum_buffer if nesterov else momentum_buffer
    return p - lr * g, momentum_buffer


class SGD(Optimizer):
    """Gradient descent, ``p -= lr * g``, with momentum as PyTorch has it.

    With ``momentum`` m, the velocity ``v = m * v + (1 - dampening) * g`` takes the place of g; it starts as the first
    g. With `nesterov`, ``g + m * v`` does (Sutskever et al., 2013).

    Parameters
    ----------
    params
        Tensors that require gradients, or dicts: ``[{"params": ..., "lr": ...}, ...]``.
    lr
        The learning rate.
    momentum, dampening, nesterov
        As above.
    weight_decay
        ``weight_decay * p`` is added to the gradient first.
    maximize
        Climb instead of descending.

    Raises
    ------
    ValueError
        For a negative rate, momentum or decay, and for Nesterov's rule without momentum or with dampening.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([4.0, -2.0], requires_grad=True)
    >>> optimizer = tg.optim.SGD([w], lr=0.25)
    >>> for _ in range(20):
    ...     optimizer.zero_grad()
    ...     ((w - 1) ** 2).sum().backward()
    ...     optimizer.step()
    >>> print(w.data.round(4))
    [1. 1.]
    """

    rule = staticmethod(sgd)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize,
        })  # fmt: skip

    def check(self, group: Mapping[str, Any]) -> None:
        super().check(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov=True needs a momentum above 0 and dampening=0")
