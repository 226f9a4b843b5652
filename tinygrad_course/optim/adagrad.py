"""Adagrad: steps divided by the root of all squared gradients so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..ops.powers import sqrt
from ..tensor import Tensor
from .optimizer import Optimizer, Params


def adagrad(
    p: Any, g: Any, sum: Any, *, lr: float, lr_decay: float, weight_decay: float, eps: float, maximize: bool, step: int
) -> tuple[Any, Any]:
    """The parameter and the sum of squares after step number `step`, counted from 1."""
    if maximize:
        g = -g
    if weight_decay:
        g = g + weight_decay * p
    sum = sum + g * g
    rate = lr / (1 + (step - 1) * lr_decay) if lr_decay else lr
    return p - rate * (g / (sqrt(sum) + eps)), sum


class Adagrad(Optimizer):
    """Duchi, Hazan and Singer's Adagrad (2011): ``p -= lr * g / (sqrt(v) + eps)``, where v sums g * g.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        As for `SGD`.
    lr_decay
        Step number t uses ``lr / (1 + (t - 1) * lr_decay)``.
    initial_accumulator_value
        Where v starts.
    eps
        Added to the root, outside it.

    Raises
    ------
    ValueError
        For a negative number among them.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = tg.optim.Adagrad([w], lr=0.5)
    >>> (tg.asarray([1.0, 100.0]) * w).sum().backward()
    >>> optimizer.step()
    >>> print(w.data)
    [0.5 0.5]
    """

    rule = staticmethod(adagrad)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "maximize": maximize,
        })  # fmt: skip

    def initial(self, p: Tensor, group: Mapping[str, Any]) -> dict[str, Any]:
        return {"step": 0, "sum": np.full_like(p.data, group["initial_accumulator_value"])}
