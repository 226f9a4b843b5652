"""`Embedding`: a row of learnt numbers for each word, item or class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..core.errors import DTypeError, IndexingError
from ..core.node import Node
from ..core.tracing import peek, within
from ..ops.index import take
from ..ops.pieces import where
from ..ops.questions import equal
from ..ops.shape import expand_dims
from . import init
from .module import Module, Parameter


class Embedding(Module):
    """Looks rows up in a table: integers of any shape give ``weight[indices]``, one axis more.

    Parameters
    ----------
    num_embeddings, embedding_dim
        How many rows the table has, and how long they are.
    padding_idx
        A row that starts as zeros and is never learnt: no gradient flows to it.
    dtype
        Of the table; float64 if None.
    rng
        A NumPy Generator or a seed for the starting values, drawn from the standard normal distribution.

    Examples
    --------
    >>> from tinygrad_course import nn
    >>> words = nn.Embedding(10, 3, padding_idx=0, rng=1)
    >>> words([[4, 7, 0]]).shape
    (1, 3, 3)
    >>> words(0)
    Tensor([0., 0., 0.], op=where)
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise IndexingError(f"Embedding: padding_idx={padding_idx}, but there are {num_embeddings} rows")
        self.padding_idx = padding_idx if padding_idx is None else padding_idx % num_embeddings
        self.weight = Parameter(np.zeros((num_embeddings, embedding_dim), dtype or float))
        self.reset_parameters(rng)

    def reset_parameters(self, rng: init.Rng = None) -> None:
        """Draw new starting values."""
        init.normal_(self.weight, rng=rng)
        if self.padding_idx is not None:
            self.weight.value[self.padding_idx] = 0

    def forward(self, indices: Any) -> Any:
        """Integers (...) to rows (..., embedding_dim)."""
        indices = indices if isinstance(indices, Node) else np.asarray(indices)
        if indices.dtype.kind not in "iu" and indices.size:
            raise DTypeError(f"Embedding: indices have dtype {indices.dtype}, they must be integers")
        if not within(indices, 0, self.num_embeddings - 1):
            at = peek(indices, "an index outside the table")
            raise IndexingError(
                f"Embedding: indices range from {at.min()} to {at.max()}, "
                f"but the table has rows 0 to {self.num_embeddings - 1}; make it larger, or look at the indices"
            )
        indices = indices if isinstance(indices, Node) else indices.astype(np.intp, copy=False)
        rows = take(self.weight, indices, axis=0)
        if self.padding_idx is None:
            return rows
        padding = expand_dims(equal(indices, self.padding_idx), -1)
        return where(padding, self.weight.detach()[self.padding_idx], rows)

    def extra_repr(self) -> str:
        """The sizes of the table."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
