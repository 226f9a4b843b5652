"""Adam with weight decay apart from the gradient."""

from __future__ import annotations

from .adam import Adam
from .optimizer import Params


class AdamW(Adam):
    """Loshchilov and Hutter's AdamW (2019): `Adam`, and every step first shrinks p by ``1 - lr * weight_decay``.

    The decay does not pass through the running averages, so it is the same for all parameters.

    Parameters and errors: those of `Adam`.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([3.0], requires_grad=True)
    >>> optimizer = tg.optim.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (0 * w).sum().backward()
    >>> optimizer.step()
    >>> print(w.data)
    [2.85]
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
