"""`RNN`, `LSTM` and `GRU` over whole sequences: layers on top of each other, forwards or in both directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..ops.axes import refuse, shape_of
from ..ops.dropout import check_p, dropout
from ..ops.join import concat, stack, unstack
from ..ops.shape import expand_dims, reshape, squeeze
from . import init
from .cells import GRUStep, LSTMStep, Recurrent, RNNStep, States, project
from .module import Parameter

ARGUMENTS = """
    Called with a sequence (T, N, input_size), gives ``output, h_n``: h of the last layer at every step
    (T, N, D * hidden_size), and that of every layer after its last step (D * num_layers, N, hidden_size); D is 2 if
    bidirectional, else 1. A single sequence comes without the axis N. Arguments, parameters, their names
    (``weight_ih_l0``, ``bias_hh_l1_reverse``) and layout are PyTorch's.

    Parameters
    ----------
    input_size, hidden_size
        How many numbers an input and a state have.
    num_layers
        Each layer after the first reads the outputs of the one below it.
    bias
        Whether there are biases.
    batch_first
        If True, sequences and outputs are (N, T, ...); states stay as they are.
    dropout
        The probability with which an output is dropped on its way to the next layer, in training.
    bidirectional
        Whether every layer has a second half that reads from the end; outputs stand side by side.
    dtype
        Of the parameters; float64 if None.
    rng
        A NumPy Generator or a seed, for the starting values (evenly from +-1/sqrt(hidden_size)) and dropout.

    Raises
    ------
    ShapeError
        When called with a sequence or states of other sizes, or with no steps.
"""


class _Layers(Recurrent):
    weight_ih_l0: Parameter
    rng: np.random.Generator

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        super().__init__()
        check_p(dropout)
        if num_layers < 1:
            raise ValueError(f"{type(self).__name__}: num_layers={num_layers}, there must be at least one")
        self.input_size, self.hidden_size, self.num_layers, self.bias = input_size, hidden_size, num_layers, bias
        self.batch_first, self.dropout, self.bidirectional = batch_first, dropout, bidirectional
        self.rng = np.random.default_rng(rng)
        ways = self._ways
        for layer in range(num_layers):
            for way in ways:
                self.add_weights(f"_l{layer}{way}", len(ways) * hidden_size if layer else input_size, dtype)
        self.reset_parameters(self.rng)

    @property
    def _ways(self) -> list[str]:
        """The directions, by what ends the names of their parameters."""
        return ["", "_reverse"] if self.bidirectional else [""]

    def forward(self, input: Any, hx: Any = None) -> Any:
        """``output, h_n``"""
        output, (h_n,) = self.sequence(input, None if hx is None else (hx,))
        return output, h_n

    def sequence(self, x: Any, states: Any) -> tuple[Any, States]:
        """The outputs, and the last states of all layers, one above the other."""
        self._check(shape := shape_of(x))
        alone = len(shape) == 2
        time = int(self.batch_first and not alone)
        height = len(self._ways) * self.num_layers
        batch = () if alone else (shape[1 - time],)
        given = self.checked(states, (height, *batch, self.hidden_size), self.weight_ih_l0.dtype)
        if alone:
            x, given = expand_dims(x, 1), tuple(expand_dims(s, 1) for s in given)
        first = zip(*(unstack(s) for s in given), strict=True)
        last: list[States] = []
        for layer in range(self.num_layers):
            if layer:
                x = dropout(x, self.dropout, self.training, rng=self.rng)
            runs = [self._run(x, f"_l{layer}{way}", next(first), time) for way in self._ways]
            x = runs[0][0] if len(runs) == 1 else concat([y for y, _ in runs], axis=-1)
            last += [states for _, states in runs]
        final = tuple(stack(s) for s in zip(*last, strict=True))
        return (squeeze(x, 1), tuple(squeeze(s, 1) for s in final)) if alone else (x, final)

    def _run(self, x: Any, suffix: str, states: States, time: int) -> tuple[Any, States]:
        """One layer in one direction: the input's share of all steps in one product, then step by step."""
        w_ih, b_ih, w_hh, b_hh = self.weights(suffix)
        shape = shape_of(x)
        shares = project(reshape(x, (-1, shape[-1])), w_ih, b_ih)
        order = -1 if suffix.endswith("_reverse") else 1
        outputs = []
        for share in unstack(reshape(shares, (*shape[:2], -1)), axis=time)[::order]:
            states = self.step(share, states, w_hh, b_hh)
            outputs.append(states[0])
        return stack(outputs[::order], axis=time), states

    def _check(self, shape: tuple[int, ...]) -> None:
        name, n = type(self).__name__, self.input_size
        if len(shape) not in (2, 3) or shape[-1] != n:
            axes = f"(N, T, {n})" if self.batch_first else f"(T, N, {n})"
            raise refuse(name, f"the sequence is {shape}, it must be {axes}, or (T, {n}) for a single one")
        if shape[1 if self.batch_first and len(shape) == 3 else 0] == 0:
            raise refuse(name, f"the sequence is {shape}: it has no steps; at least one is needed")

    def extra_repr(self) -> str:
        """The arguments that differ from the usual."""
        usual = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        notes = [f"{k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *notes])


class RNN(RNNStep, _Layers):
    __doc__ = f"""{RNNStep.__doc__}
    {ARGUMENTS}
    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> output, h = nn.RNN(3, 4, nonlinearity="relu")(np.ones((7, 2, 3)))
    >>> output.shape, h.shape
    ((7, 2, 4), (1, 2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        self.set_nonlinearity(nonlinearity)
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype, rng=rng
        )


class LSTM(LSTMStep, _Layers):
    __doc__ = f"""{LSTMStep.__doc__}
    Its states are a pair, ``output, (h_n, c_n) = lstm(x, (h_0, c_0))``.
    {ARGUMENTS}
    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    >>> output, (h, c) = lstm(np.ones((7, 2, 3)))
    >>> output.shape, h.shape, c.shape
    ((7, 2, 8), (4, 2, 4), (4, 2, 4))
    """

    def forward(self, input: Any, hx: Any = None) -> Any:
        """``output, (h_n, c_n)``"""
        return self.sequence(input, hx)


class GRU(GRUStep, _Layers):
    __doc__ = f"""{GRUStep.__doc__}
    {ARGUMENTS}
    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> output, h = nn.GRU(3, 4, batch_first=True)(np.ones((2, 7, 3)))
    >>> output.shape, h.shape
    ((2, 7, 4), (1, 2, 4))
    """
