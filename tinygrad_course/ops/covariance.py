"""How variables vary together: covariance and correlation matrices."""

from __future__ import annotations

from typing import Any

from ..core.state import composite
from .axes import refuse
from .diagonal import diagonal
from .einsum import operand
from .join import concat
from .powers import sqrt
from .shape import atleast_2d, expand_dims, permute_dims, squeeze
from .statistics import centered


@composite
def cov(x: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: float | None = None) -> Any:
    """Covariance matrix of the variables in the rows of `x` (in its columns unless `rowvar`), and of `y` if given.

    The sums of products are divided by n - `ddof`: n - 1 by default, n if `bias`. One variable gives its variance.

    >>> import tinygrad_course as tg
    >>> np.cov(tg.Tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])).tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """
    rows = _variables(x, rowvar) if y is None else concat([_variables(x, rowvar), _variables(y, rowvar)])
    freedom = rows.shape[1] - ((0 if bias else 1) if ddof is None else ddof)
    if freedom <= 0:
        raise refuse("cov", f"{rows.shape[1]} observations leave nothing to divide by; use more, or a smaller ddof")
    d = centered(rows, axis=1)
    return squeeze(d @ d.T / freedom)


def _variables(x: Any, rowvar: bool) -> Any:
    """One variable a row."""
    x = operand(x)
    if x.ndim > 2:
        raise refuse("cov", f"an array of shape {x.shape} has more than two axes; it must be (variables, observations)")
    return permute_dims(x) if x.ndim == 2 and not rowvar else atleast_2d(x)


@composite
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """Correlation matrix of the variables in the rows of `x`: their covariances divided by both deviations.

    >>> import tinygrad_course as tg
    >>> np.corrcoef(tg.Tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    c = cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    deviation = sqrt(diagonal(c))
    return c / expand_dims(deviation, 1) / deviation
