"""`dropout`: a product with a random mask. The mask is an operand, drawn anew in every call."""

from __future__ import annotations

from sys import _getframe
from typing import Any

import numpy as np

from ..core.errors import DTypeError
from ..core.node import Node
from ..core.position import place
from ..core.state import composite
from ..core.tracing import uniform


@composite
def dropout(x: Any, p: float = 0.5, training: bool = True, *, rng: np.random.Generator | int | None = None) -> Any:
    """Each element 0 with probability `p`, else divided by ``1 - p``, which keeps the mean (Srivastava et al., 2014).

    Parameters
    ----------
    x
        Floats of any shape.
    p
        The probability, from 0 to 1.
    training
        If False, x comes back as it is.
    rng
        A NumPy Generator to draw from, or a seed; fresh entropy if None.

    Examples
    --------
    >>> import numpy as np, tinygrad_course as tg
    >>> x = tg.Tensor(np.ones(6), requires_grad=True)
    >>> y = tg.dropout(x, 0.5, rng=np.random.default_rng(0))
    >>> y.sum().backward()
    >>> x.grad
    array([2., 0., 0., 0., 2., 2.])
    """
    check_p(p)
    if not training or p == 0:
        return x
    value = np.asarray(x.value if isinstance(x, Node) else x)
    dtype = value.dtype.type
    if value.dtype.kind != "f":
        raise DTypeError(f"dropout: x has dtype {value.dtype}, it must hold floats{place(_getframe(1))}")
    draws = uniform(rng, value.shape, np.float32 if value.dtype.itemsize <= 4 else np.float64)
    mask = (draws >= p) * dtype(1 / (1 - p) if p < 1 else 0)
    return x * mask


def check_p(p: float) -> None:
    """Raise unless `p` is a probability."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p} is not a probability; it must lie between 0 and 1")
