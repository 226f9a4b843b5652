"""`TransformerEncoderLayer` and `TransformerEncoder`: self-attention and a small network, each with a way around it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..ops.activation import gelu, relu
from . import init
from .attention import MultiheadAttention
from .containers import ModuleList
from .dropout import Dropout
from .layer_norm import LayerNorm
from .linear import Linear
from .module import Module, own_generators

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"relu": relu, "gelu": gelu}


class TransformerEncoderLayer(Module):
    """``x = norm1(x + attention(x)); x = norm2(x + linear2(activation(linear1(x))))`` (Vaswani et al., 2017).

    With `norm_first`: ``x = x + attention(norm1(x))``, and so on (Xiong et al., 2020): easier to train when deep.
    Arguments, parameters and their names are PyTorch's.

    Parameters
    ----------
    d_model, nhead
        How many features a place of the sequence has, and how many heads attend.
    dim_feedforward
        The width of the small network.
    dropout
        The probability, in training, for attention weights, both ways around and inside the small network.
    activation
        "relu", "gelu", or a function.
    layer_norm_eps
        Of the normalisations.
    batch_first
        If True, sequences are (N, T, d_model), else (T, N, d_model); a single one is (T, d_model).
    norm_first
        Whether to normalise before, not after.
    bias
        Whether linear layers and normalisations have a bias.
    dtype
        Of the parameters; float64 if None.
    rng
        A NumPy Generator or a seed, for the starting values and dropout.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)(np.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        super().__init__()
        if isinstance(activation, str) and activation not in ACTIVATIONS:
            raise ValueError(
                f'TransformerEncoderLayer: activation must be "relu", "gelu" or a function: {activation!r}'
            )
        rng = np.random.default_rng(rng)
        self.norm_first = norm_first
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, rng=rng
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype, rng=rng)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout, rng=rng)
        self.dropout2 = Dropout(dropout, rng=rng)
        self.activation = ACTIVATIONS[activation] if isinstance(activation, str) else activation

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """The same shape. The masks and `is_causal` are those of `MultiheadAttention`."""
        masks = (src_key_padding_mask, False, src_mask, True, is_causal)
        if self.norm_first:
            x = src + self._attend(self.norm1(src), masks)
            return x + self._feed_forward(self.norm2(x))
        x = self.norm1(src + self._attend(src, masks))
        return self.norm2(x + self._feed_forward(x))

    def _attend(self, x: Any, masks: tuple[Any, ...]) -> Any:
        return self.dropout1(self.self_attn(x, x, x, *masks)[0])

    def _feed_forward(self, x: Any) -> Any:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """`num_layers` copies of a layer, one after another, and a normalisation at the end if `norm` is given.

    The copies start out equal, as in PyTorch, but each draws its own dropout.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), num_layers=2, norm=nn.LayerNorm(8))
    >>> encoder(np.ones((5, 3, 8)), is_causal=True).shape
    (5, 3, 8)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList(deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm
        _draw_apart(self.layers)

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Any:
        """The same shape. The masks and `is_causal` are those of `MultiheadAttention`."""
        x = src
        for layer in self.layers:
            x = layer(x, mask, src_key_padding_mask, bool(is_causal))
        return x if self.norm is None else self.norm(x)


def _draw_apart(layers: ModuleList) -> None:
    """Copies have copies of random generators, too: give each but the first new ones, descended from its own."""
    for i, layer in enumerate(layers):
        fresh: dict[int, np.random.Generator] = {}
        for module in layer.modules():
            for name, rng in own_generators(module):
                if i and id(rng) not in fresh:
                    fresh[id(rng)] = rng.spawn(i)[-1]
                setattr(module, name, fresh.get(id(rng), rng))
