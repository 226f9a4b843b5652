"""One step of each recurrent network, and the modules that do a single step: `RNNCell`, `LSTMCell`, `GRUCell`.

Gates stand next to each other in the rows of a weight, in PyTorch's order, so that a step is one product with the
state, ``h @ weight_hh.T``, then cut into the gates.
"""

from __future__ import annotations

import math
from sys import _getframe
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from ..core.errors import DTypeError
from ..core.position import place
from ..core.primitive import Primitive
from ..ops.activation import relu, sigmoid
from ..ops.axes import refuse, shape_of
from ..ops.join import split
from ..ops.trigonometry import tanh
from . import init
from .module import Module, Parameter

States = tuple[Any, ...]  # h, or h and c: each (N, hidden_size)


class Recurrent(Module):
    """What cells and layers share: sizes, the weights of one step, and the step itself, which a family defines."""

    GATES: ClassVar[int]  # how many blocks of rows a weight has
    STATES: ClassVar[tuple[str, ...]] = ("h",)
    HIDDEN_BIAS: ClassVar[bool] = False  # whether bias_hh enters apart from bias_ih

    input_size: int
    hidden_size: int
    bias: bool

    def step(self, x: Any, states: States, weight: Any, bias: Any) -> States:
        """The next states from x (N, GATES * hidden_size), the input's share, and ``weight_hh.T``.

        `bias`: bias_hh if HIDDEN_BIAS, else None, since x has both.
        """
        raise NotImplementedError

    def add_weights(self, suffix: str, input_size: int, dtype: DTypeLike | None) -> None:
        """Create the parameters of one step under PyTorch's names."""
        rows = self.GATES * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, input_size), "weight_hh": (rows, self.hidden_size)}
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if self.bias else {}
        for name, shape in shapes.items():
            setattr(self, name + suffix, Parameter(np.zeros(shape, dtype or float)))

    def weights(self, suffix: str) -> tuple[Any, Any, Any, Any]:
        """What multiplies the input, what is added to it, what multiplies the state, what is added to that."""
        w_ih, w_hh = getattr(self, "weight_ih" + suffix), getattr(self, "weight_hh" + suffix)
        if not self.bias:
            return w_ih.T, None, w_hh.T, None
        b_ih, b_hh = getattr(self, "bias_ih" + suffix), getattr(self, "bias_hh" + suffix)
        return (w_ih.T, b_ih, w_hh.T, b_hh) if self.HIDDEN_BIAS else (w_ih.T, b_ih + b_hh, w_hh.T, None)

    def reset_parameters(self, rng: init.Rng = None) -> None:
        """Draw all parameters anew, evenly from +-1/sqrt(hidden_size)."""
        rng = np.random.default_rng(rng)
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound, rng)

    def checked(self, states: Any, shape: tuple[int, ...], dtype: Any) -> States:
        """The given states, each of which must have `shape`; zeros if None."""
        if states is None:
            return tuple(np.zeros(shape, dtype) for _ in self.STATES)
        names, layer = " and ".join(self.STATES), type(self).__name__
        if not isinstance(states, tuple | list) or len(states) != len(self.STATES):
            raise DTypeError(f"{layer}: hx must be a tuple of {names}{place(_getframe(1))}")
        for name, s in zip(self.STATES, states, strict=True):
            if shape_of(s) != shape:
                raise refuse(layer, f"the state {name} is {shape_of(s)}, it must be {shape}")
        return tuple(states)


def project(x: Any, weight: Any, bias: Any) -> Any:
    """``x @ weight + bias``."""
    y = x @ weight
    return y if bias is None else y + bias


class RNNStep(Recurrent):
    """``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``, or with relu (Elman, 1990)."""

    GATES = 1
    ACTIVATIONS: ClassVar[dict[str, Primitive]] = {"tanh": tanh, "relu": relu}
    nonlinearity: str

    def step(self, x: Any, states: States, weight: Any, bias: Any) -> States:
        """The new h."""
        return (self.ACTIVATIONS[self.nonlinearity](x + states[0] @ weight),)

    def set_nonlinearity(self, nonlinearity: str) -> None:
        """Keep it, if it is known."""
        if nonlinearity not in self.ACTIVATIONS:
            raise ValueError(f'{type(self).__name__}: nonlinearity must be "tanh" or "relu", not {nonlinearity!r}')
        self.nonlinearity = nonlinearity


class LSTMStep(Recurrent):
    """``c' = f * c + i * g`` and ``h' = o * tanh(c')``: gates i, f, o through a sigmoid, g through tanh.

    Each gate is ``W_ih x + b_ih + W_hh h + b_hh`` (Hochreiter and Schmidhuber, 1997; Gers et al., 1999).
    """

    GATES = 4
    STATES: ClassVar[tuple[str, ...]] = ("h", "c")

    def step(self, x: Any, states: States, weight: Any, bias: Any) -> States:
        """The new h and c."""
        h, c = states
        i, f, g, o = split(x + h @ weight, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c


class GRUStep(Recurrent):
    """``h' = (1 - z) * n + z * h`` with ``n = tanh(W_in x + b_in + r * (W_hn h + b_hn))`` (Cho et al., 2014).

    Gates r and z are ``W_ih x + b_ih + W_hh h + b_hh`` through a sigmoid. The bias b_hn stands inside the product
    with r, as in PyTorch.
    """

    GATES = 3
    HIDDEN_BIAS = True

    def step(self, x: Any, states: States, weight: Any, bias: Any) -> States:
        """The new h."""
        (h,) = states
        x_gates, x_new = split(x, [2 * self.hidden_size], axis=-1)
        h_gates, h_new = split(project(h, weight, bias), [2 * self.hidden_size], axis=-1)
        r, z = split(sigmoid(x_gates + h_gates), 2, axis=-1)
        n = tanh(x_new + r * h_new)
        return (n + z * (h - n),)


# --- cells ------------------------------------------------------------------------------------------------------------

CELL = """
    A single step: x (N, input_size) and the states (N, hidden_size), zeros if None, give the next states; a single
    example comes without the axis N. Arguments, parameters and their layout are PyTorch's.

    Parameters
    ----------
    input_size, hidden_size
        How many numbers an input and a state have.
    bias
        Whether there are `bias_ih` and `bias_hh`.
    dtype
        Of the parameters; float64 if None.
    rng
        A NumPy Generator or a seed for the starting values, drawn evenly from +-1/sqrt(hidden_size).
"""


class _Cell(Recurrent):
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self.add_weights("", input_size, dtype)
        self.reset_parameters(rng)

    def advance(self, x: Any, states: States | None) -> States:
        """The next states, with the axis N if x has it."""
        n, shape = self.input_size, shape_of(x)
        if len(shape) not in (1, 2) or shape[-1] != n:
            raise refuse(type(self).__name__, f"the input is {shape}, it must be (N, {n}) or ({n},)")
        w_ih, b_ih, w_hh, b_hh = self.weights("")
        states = self.checked(states, (*shape[:-1], self.hidden_size), w_ih.dtype)
        return self.step(project(x, w_ih, b_ih), states, w_hh, b_hh)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The next h, of the shape of `hx`: (N, hidden_size)."""
        return self.advance(input, None if hx is None else (hx,))[0]

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNStep, _Cell):
    __doc__ = f"""{RNNStep.__doc__}
    {CELL}
    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.RNNCell(3, 4)(np.ones((2, 3))).shape
    (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        self.set_nonlinearity(nonlinearity)
        super().__init__(input_size, hidden_size, bias, dtype=dtype, rng=rng)


class LSTMCell(LSTMStep, _Cell):
    __doc__ = f"""{LSTMStep.__doc__}
    {CELL}
    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> h, c = nn.LSTMCell(3, 4)(np.ones((2, 3)))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The next h and c, from ``hx = (h, c)``."""
        return self.advance(input, hx)


class GRUCell(GRUStep, _Cell):
    __doc__ = f"""{GRUStep.__doc__}
    {CELL}
    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.GRUCell(3, 4)(np.ones(3)).shape
    (4,)
    """
