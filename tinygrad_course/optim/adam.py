"""Adam: momentum, scaled by a running root mean square of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..ops.pieces import maximum
from ..ops.powers import sqrt
from ..tensor import Tensor
from .optimizer import Optimizer, Params


def adam(
    p: Any,
    g: Any,
    exp_avg: Any,
    exp_avg_sq: Any,
    max_exp_avg_sq: Any,
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    amsgrad: bool,
    maximize: bool,
    decoupled_weight_decay: bool,
    step: int,
) -> tuple[Any, Any, Any, Any]:
    """The parameter and the running averages after step number `step`, counted from 1."""
    beta1, beta2 = betas
    if maximize:
        g = -g
    if weight_decay and decoupled_weight_decay:
        p = (1 - lr * weight_decay) * p
    elif weight_decay:
        g = g + weight_decay * p
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * (g * g)
    if amsgrad:
        max_exp_avg_sq = maximum(max_exp_avg_sq, exp_avg_sq)
    # Both averages start at 0; these undo it. The second is taken out of the root, as section 2 of the paper has it.
    bias1 = 1 - beta1**step
    bias2 = (1 - beta2**step) ** 0.5
    root = sqrt(max_exp_avg_sq if amsgrad else exp_avg_sq)
    return p - lr * bias2 / bias1 * (exp_avg / (root + eps * bias2)), exp_avg, exp_avg_sq, max_exp_avg_sq


class Adam(Optimizer):
    """Kingma and Ba's Adam (2015): ``p -= lr * m / (sqrt(v) + eps)`` with averages m of g and v of g * g.

    ``m = beta1 * m + (1 - beta1) * g`` and ``v = beta2 * v + (1 - beta2) * g * g`` start at 0; in the step they stand
    divided by ``1 - beta1**t`` and ``1 - beta2**t``.

    Parameters
    ----------
    params, lr, maximize
        As for `SGD`.
    betas
        ``(beta1, beta2)``, how much of the old averages stays.
    eps
        Added to the root, outside it.
    weight_decay
        ``weight_decay * p`` is added to the gradient first; `AdamW` does better.
    amsgrad
        Divide by the largest v so far (Reddi et al., 2018).
    decoupled_weight_decay
        Shrink p by ``1 - lr * weight_decay`` instead: `AdamW`.

    Raises
    ------
    ValueError
        For a negative rate, eps or decay, or betas outside [0, 1).

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([3.0, -3.0], requires_grad=True)
    >>> optimizer = tg.optim.Adam([w], lr=0.1)
    >>> (w**4).sum().backward()
    >>> optimizer.step()
    >>> print(w.data.round(6))  # the first step is lr long, whatever the gradient
    [ 2.9 -2.9]
    """

    rule = staticmethod(adam)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def initial(self, p: Tensor, group: Mapping[str, Any]) -> dict[str, Any]:
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
        return {"step": 0} | {name: np.zeros_like(p.data) for name in names}
