"""Starting values for parameters, under PyTorch's names: each fills a Tensor in place and returns it.

`rng`: a NumPy Generator to draw from, or a seed; fresh entropy if None. "Fan" is the number of connections of one
unit: for a weight of shape (n_out, n_in, *kernel), fan_in is n_in times the kernel's size, fan_out n_out times it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import DTypeError, ShapeError
from ..tensor import Tensor

Rng = np.random.Generator | int | None

_GAINS = {
    "linear": 1.0, "identity": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75,
    **{f"conv{d}": 1.0 for d in ("1d", "2d", "3d")},
    **{f"conv_transpose{d}": 1.0 for d in ("1d", "2d", "3d")},
}  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the scale of signals through an activation: sqrt(2) for relu, 5/3 for tanh.

    `param`: the negative slope of "leaky_relu" (0.01 if None).

    >>> from tinygrad_course import nn
    >>> nn.init.calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"no gain is known for {nonlinearity!r}; there is one for leaky_relu, {', '.join(_GAINS)}")
    return _GAINS[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """Fan-in and fan-out of a weight."""
    if tensor.ndim < 2:
        raise ShapeError(f"a weight of shape {tensor.shape} has no fan-in and fan-out: it needs two axes or more")
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    return _filled(tensor, np.full(tensor.shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros: right for biases; all units of a layer of zeros stay equal."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, rng: Rng = None) -> Tensor:
    """Draw from the normal distribution; ``std=0.01`` is the notes' "small random numbers".

    >>> import numpy as np, tinygrad_course as tg
    >>> from tinygrad_course import nn
    >>> w = nn.init.normal_(tg.zeros((400, 300)), std=0.01, rng=np.random.default_rng(0))
    >>> round(float(tg.std(w)), 4)
    0.01
    """
    return _filled(tensor, np.random.default_rng(rng).normal(mean, std, tensor.shape))


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, rng: Rng = None) -> Tensor:
    """Draw evenly from [a, b)."""
    return _filled(tensor, np.random.default_rng(rng).uniform(a, b, tensor.shape))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, rng: Rng = None) -> Tensor:
    """Evenly from +-gain * sqrt(6 / (fan_in + fan_out)): for tanh and sigmoid (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6 / _not_zero(sum(fans(tensor))))
    return uniform_(tensor, -bound, bound, rng)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, rng: Rng = None) -> Tensor:
    """Normal with deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / _not_zero(sum(fans(tensor)))), rng)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Rng = None
) -> Tensor:
    """Evenly from +-gain * sqrt(3 / fan): for relu and its kin (He et al., 2015).

    `a`: the negative slope of leaky_relu; `mode`: "fan_in" keeps the scale forward, "fan_out" backward.
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng)


def kaiming_normal_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Rng = None
) -> Tensor:
    """Normal with deviation gain / sqrt(fan) (He et al., 2015); the arguments are those of `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), rng)


def orthogonal_(tensor: Tensor, gain: float = 1.0, rng: Rng = None) -> Tensor:
    """A random matrix with orthonormal rows (or columns, if there are more rows), times `gain` (Saxe et al., 2013).

    Axes after the first are taken together.

    >>> import numpy as np, tinygrad_course as tg
    >>> from tinygrad_course import nn
    >>> w = nn.init.orthogonal_(tg.zeros((2, 3)), rng=0).numpy()
    >>> np.allclose(w @ w.T, np.eye(2))
    True
    """
    fans(tensor)
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    draw = np.random.default_rng(rng).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(draw)
    q *= np.where(np.diag(r) < 0, -1, 1)  # makes every orthogonal matrix equally likely
    return _filled(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode must be "fan_in" or "fan_out", not {mode!r}')
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(_not_zero(fan))


def _not_zero(fan: int) -> int:
    """A weight without elements needs no scale."""
    return fan or 1


def _filled(tensor: Any, values: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise DTypeError(
            f"init fills Tensors and Parameters, not a {type(tensor).__name__}; pass layer.weight, not layer"
        )
    tensor.data = values.astype(tensor.dtype)
    return tensor
