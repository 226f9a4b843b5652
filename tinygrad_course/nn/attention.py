"""`MultiheadAttention`: several attentions side by side, each with its own share of the features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..core.errors import DTypeError
from ..ops.attention import attention_weights, causal
from ..ops.axes import refuse, shape_of
from ..ops.dropout import check_p, dropout
from ..ops.einsum import operand
from ..ops.join import split
from ..ops.linalg import matmul
from ..ops.shape import expand_dims, permute_dims, reshape, squeeze
from ..ops.statistics import mean
from . import init
from .linear import Linear
from .module import Module, Parameter


class MultiheadAttention(Module):
    """``softmax(q @ k.T / sqrt(d) + mask) @ v`` in `num_heads` heads of d = embed_dim / num_heads features each.

    q, k and v are the projected query, key and value; the heads, side by side, are projected once more (Vaswani et
    al., 2017). Arguments, parameters and their layout are PyTorch's.

    Parameters
    ----------
    embed_dim, num_heads
        How many features a query has, and how many heads share them.
    dropout
        The probability with which a weight is dropped, in training.
    bias
        Whether projections have a bias.
    kdim, vdim
        How many features a key and a value have; `embed_dim` if None.
    batch_first
        If True, query, key and value are (N, L, E), (N, S, kdim), (N, S, vdim), else (L, N, E) and so on. Single
        sequences come without the axis N.
    dtype
        Of the parameters; float64 if None.
    rng
        A NumPy Generator or a seed, for the starting values and dropout.

    Raises
    ------
    ShapeError
        Where sizes or masks do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> x = np.ones((2, 5, 8))
    >>> output, weights = nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x, is_causal=True)
    >>> output.shape, weights.shape
    ((2, 5, 8), (2, 5, 5))
    """

    in_proj_weight: Parameter | None  # of query, key and value, one below the other, where all have embed_dim features
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    rng: np.random.Generator

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        super().__init__()
        check_p(dropout)
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim={embed_dim} does not divide among {num_heads} heads")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.rng = np.random.default_rng(rng)
        sizes = {"q": embed_dim, "k": self.kdim, "v": self.vdim}
        together = set(sizes.values()) == {embed_dim}
        zeros = np.zeros((3 * embed_dim, embed_dim), dtype or float)
        self.in_proj_weight = Parameter(zeros) if together else None
        for name, n in sizes.items():
            weight = None if together else Parameter(np.zeros((embed_dim, n), dtype or float))
            setattr(self, f"{name}_proj_weight", weight)
        self.in_proj_bias = Parameter(zeros[:, 0]) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, rng=self.rng)
        self.reset_parameters(self.rng)

    def reset_parameters(self, rng: init.Rng = None) -> None:
        """Draw new starting values: Glorot's for the projections, zeros for the biases."""
        rng = np.random.default_rng(rng)
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight, rng=rng)
        self.out_proj.reset_parameters(rng)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """The output, shaped like `query`, and the weights (N, L, S), (N, num_heads, L, S) if not averaged, or None.

        `key_padding_mask`: (N, S), for keys that nobody shall attend to; `attn_mask`: (L, S) or (N * num_heads, L, S).
        Each is boolean, True for no attention, or floats that are added to the scores. `is_causal`: query i attends
        to the keys 0 to i only; no mask is needed for that. A query that may attend to nothing gets zeros.
        """
        shapes = self._check(query, key, value)
        alone = len(shapes[0]) == 2
        batch = 0 if self.batch_first or alone else 1
        heads = [self._heads(x, batch) for x in self._projected(query, key, value)]
        n, _, length, _ = shape_of(heads[0])
        grid = (n, self.num_heads, length, shape_of(heads[1])[2])
        masks = self._masks(attn_mask, key_padding_mask, grid, alone)
        if is_causal:
            masks.append(causal(*grid[2:]))
        weights = attention_weights(heads[0], heads[1], masks)
        weights = dropout(weights, self.dropout, self.training, rng=self.rng)
        output = self.out_proj(self._joined(matmul(weights, heads[2]), shapes[0], batch))
        if not need_weights:
            return output, None
        weights = mean(weights, 1) if average_attn_weights else weights
        return output, squeeze(weights, 0) if alone else weights

    def _projected(self, query: Any, key: Any, value: Any) -> list[Any]:
        """Query, key and value times their weights: in a single product where all three are one."""
        bias = self.in_proj_bias
        if self.in_proj_weight is not None and query is key is value:
            y = query @ self.in_proj_weight.T
            return split(y if bias is None else y + bias, 3, axis=-1)
        if self.in_proj_weight is not None:
            weights = split(self.in_proj_weight, 3)
        else:
            weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        products = [x @ w.T for x, w in zip((query, key, value), weights, strict=True)]
        return products if bias is None else [y + b for y, b in zip(products, split(bias, 3), strict=True)]

    def _heads(self, x: Any, batch: int) -> Any:
        """(N, L, E) or (L, N, E), the batch being axis `batch`, as (N, num_heads, L, d)."""
        shape = shape_of(x)
        x = reshape(x, (*shape[:-1], self.num_heads, self.embed_dim // self.num_heads))
        if len(shape) == 2:
            x = expand_dims(x, 0)
        return permute_dims(x, (batch, 2, 1 - batch, 3))

    def _joined(self, x: Any, shape: tuple[int, ...], batch: int) -> Any:
        """The heads side by side again, in the layout of the query."""
        return reshape(permute_dims(x, (2, 0, 1, 3) if batch else (0, 2, 1, 3)), shape)

    # --- checks -----------------------------------------------------------------------------------------------------

    def _check(self, query: Any, key: Any, value: Any) -> list[tuple[int, ...]]:
        """The shapes of query, key and value, which must fit each other."""
        q, k, v = shapes = [shape_of(x) for x in (query, key, value)]
        batch = 0 if self.batch_first else 1
        ends = tuple(s[-1:] for s in shapes) == ((self.embed_dim,), (self.kdim,), (self.vdim,))
        alike = len(q) == len(k) and k[:-1] == v[:-1]
        if len(q) not in (2, 3) or not ends or not alike or (len(q) == 3 and q[batch] != k[batch]):
            names = ("N, L", "N, S") if self.batch_first else ("L, N", "S, N")
            raise refuse(
                "MultiheadAttention",
                f"query, key and value are {q}, {k} and {v}; they must be ({names[0]}, {self.embed_dim}), "
                f"({names[1]}, {self.kdim}) and ({names[1]}, {self.vdim})",
            )
        return shapes

    def _masks(self, attn_mask: Any, padding: Any, grid: tuple[int, ...], alone: bool) -> list[Any]:
        """Both masks in shapes that broadcast to `grid`, (N, num_heads, L, S)."""
        n, h, length, s = grid
        masks = []
        if attn_mask is not None:
            masks.append(_reshaped("attn_mask", attn_mask, {(length, s): (length, s), (n * h, length, s): grid}))
        if padding is not None:
            shape = (s,) if alone else (n, s)
            masks.append(_reshaped("key_padding_mask", padding, {shape: (n, 1, 1, s)}))
        return masks

    def extra_repr(self) -> str:
        """The sizes."""
        others = {"kdim": self.kdim, "vdim": self.vdim}
        notes = [f"{k}={v}" for k, v in others.items() if v != self.embed_dim]
        notes += [f"dropout={self.dropout}"] if self.dropout else []
        notes += ["batch_first=True"] if self.batch_first else []
        return ", ".join([f"{self.embed_dim}, num_heads={self.num_heads}", *notes])


def _reshaped(name: str, mask: Any, shapes: dict[tuple[int, ...], tuple[int, ...]]) -> Any:
    """A mask in the shape that belongs to the one it comes in."""
    mask = operand(mask)
    if mask.shape not in shapes:
        wanted = " or ".join(map(str, shapes))
        raise refuse("MultiheadAttention", f"{name} is {mask.shape}, it must be {wanted}")
    if mask.dtype.kind not in "bf":
        raise DTypeError(f"MultiheadAttention: {name} has dtype {mask.dtype}; it must hold booleans or floats")
    return reshape(mask, shapes[mask.shape])
