"""`Conv1d` and `Conv2d`: the same small filters at every place of a signal or an image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from ..ops.arrange import pad
from ..ops.axes import ndim_of, refuse
from ..ops.convolution import Padding, conv1d, conv2d, padding_of, sizes
from . import init
from .module import Module, Parameter

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class _Conv(Module):
    """What `Conv1d` and `Conv2d` share: arguments, parameters, their start, and the ways to pad."""

    axes: ClassVar[int]
    function: ClassVar[Callable[..., Any]]
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: Padding = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise refuse(name, f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")
        if padding_mode not in MODES:
            raise refuse(name, f"padding_mode={padding_mode!r} is not known; use one of {', '.join(map(repr, MODES))}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = sizes(name, "kernel_size", kernel_size, self.axes, 1)
        self.stride = sizes(name, "stride", stride, self.axes, 1)
        self.dilation = sizes(name, "dilation", dilation, self.axes, 1)
        self.around = padding_of(name, padding, self.kernel_size, self.stride, self.dilation)
        self.padding, self.padding_mode = padding, padding_mode
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(np.zeros(shape, dtype or float))
        self.bias = Parameter(np.zeros(out_channels, dtype or float)) if bias else None
        self.reset_parameters(rng)

    def reset_parameters(self, rng: init.Rng = None) -> None:
        """Draw new starting values, evenly from +-1/sqrt(inputs of a filter)."""
        rng = np.random.default_rng(rng)
        bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]) or 1)
        init.uniform_(self.weight, -bound, bound, rng)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound, rng)

    def forward(self, x: Any) -> Any:
        """(N, in_channels, ...) to (N, out_channels, ...); one example without N, too."""
        padding = self.padding
        if self.padding_mode != "zeros":
            before = ((0, 0),) * (ndim_of(x) - self.axes)
            x, padding = pad(x, (*before, *self.around), MODES[self.padding_mode]), 0
        # Through the class: as an attribute of the layer it would be a method of it.
        return type(self).function(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """The channels and the kernel, and what differs from the usual."""
        notes = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        usual = {"padding": 0, "dilation": (1,) * self.axes, "groups": 1, "padding_mode": "zeros"}
        notes += [f"{k}={getattr(self, k)!r}" for k, v in usual.items() if getattr(self, k) != v]
        notes += ["bias=False"] if self.bias is None else []
        return ", ".join(notes)


class Conv1d(_Conv):
    """`conv1d` with filters to be learnt: (N, in_channels, L) to (N, out_channels, L'); arguments as in `Conv2d`.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.Conv1d(3, 8, 5, padding="same")(np.ones((2, 3, 20))).shape
    (2, 8, 20)
    """

    axes = 1
    function = staticmethod(conv1d)


class Conv2d(_Conv):
    """`conv2d` with filters to be learnt: (N, in_channels, H, W) to (N, out_channels, H', W').

    Parameters
    ----------
    in_channels, out_channels
        How many channels an image has before and after; there are `out_channels` filters.
    kernel_size, stride, padding, dilation, groups
        As in `conv2d`; `weight` has the shape (out_channels, in_channels / groups, KH, KW), `bias` (out_channels,).
    bias
        Whether to add a bias.
    padding_mode
        "zeros", or "reflect", "replicate", "circular": what stands around the image.
    dtype
        Of the parameters; float64 if None.
    rng
        A NumPy Generator or a seed for the starting values, drawn evenly from +-1/sqrt(inputs of a filter).

    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.Conv2d(1, 6, 5, padding=2)(np.ones((64, 1, 28, 28))).shape
    (64, 6, 28, 28)
    """

    axes = 2
    function = staticmethod(conv2d)
