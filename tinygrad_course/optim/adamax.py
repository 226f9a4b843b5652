"""Adamax: Adam with a running maximum in place of the root mean square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..ops.pieces import abs, maximum
from ..tensor import Tensor
from .optimizer import Optimizer, Params


def adamax(
    p: Any,
    g: Any,
    exp_avg: Any,
    exp_inf: Any,
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    maximize: bool,
    step: int,
) -> tuple[Any, Any, Any]:
    """The parameter, the average and the running maximum after step number `step`, counted from 1."""
    beta1, beta2 = betas
    if maximize:
        g = -g
    if weight_decay:
        g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_inf = maximum(beta2 * exp_inf, abs(g) + eps)
    return p - lr / (1 - beta1**step) * (exp_avg / exp_inf), exp_avg, exp_inf


class Adamax(Optimizer):
    """Adamax (Kingma and Ba, 2015, section 7.1): ``p -= lr * m / u`` with ``u = max(beta2 * u, abs(g) + eps)``.

    Parameters and errors: those of `Adam`.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([3.0, -3.0], requires_grad=True)
    >>> optimizer = tg.optim.Adamax([w], lr=0.5)
    >>> (w**4).sum().backward()
    >>> optimizer.step()
    >>> print(w.data)
    [ 2.5 -2.5]
    """

    rule = staticmethod(adamax)

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        )

    def initial(self, p: Tensor, group: Mapping[str, Any]) -> dict[str, Any]:
        return {"step": 0, "exp_avg": np.zeros_like(p.data), "exp_inf": np.zeros_like(p.data)}
