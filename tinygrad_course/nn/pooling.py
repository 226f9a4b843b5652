"""Pooling layers: a window's largest value, its mean, and means over a grid of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops.pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from .module import Module

Size = int | Sequence[int]


class _MaxPool(Module):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        *,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode

    def extra_repr(self) -> str:
        """The arguments."""
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class MaxPool1d(_MaxPool):
    """Largest value in each window of (N, C, L); arguments as in `MaxPool2d`.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.MaxPool1d(2)(np.ones((5, 3, 8))).shape
    (5, 3, 4)
    """

    def forward(self, x: Any) -> Any:
        """(N, C, L) to (N, C, L')."""
        return max_pool1d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class MaxPool2d(_MaxPool):
    """Largest value in each window of (N, C, H, W): `max_pool2d` with its arguments. `stride` is the kernel if None.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.MaxPool2d(2)(np.ones((5, 3, 8, 8))).shape
    (5, 3, 4, 4)
    """

    def forward(self, x: Any) -> Any:
        """(N, C, H, W) to (N, C, H', W')."""
        return max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class AvgPool1d(Module):
    """Mean of each window of (N, C, L): `avg_pool1d` with its arguments.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.AvgPool1d(2)(np.ones((5, 3, 8))).shape
    (5, 3, 4)
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, x: Any) -> Any:
        """(N, C, L) to (N, C, L')."""
        return avg_pool1d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(AvgPool1d):
    """Mean of each window of (N, C, H, W): `avg_pool2d` with its arguments. `stride` is the kernel if None.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.AvgPool2d(2)(np.ones((5, 3, 8, 8))).shape
    (5, 3, 4, 4)
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override = divisor_override

    def forward(self, x: Any) -> Any:
        """(N, C, H, W) to (N, C, H', W')."""
        how = self.ceil_mode, self.count_include_pad, self.divisor_override
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding, *how)


class AdaptiveAvgPool1d(Module):
    """Means over `output_size` parts of (N, C, L), whatever L is.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.AdaptiveAvgPool1d(3)(np.ones((5, 2, 8))).shape
    (5, 2, 3)
    """

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        """(N, C, L) to (N, C, output_size)."""
        return adaptive_avg_pool1d(x, self.output_size)

    def extra_repr(self) -> str:
        """The size of the result."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(AdaptiveAvgPool1d):
    """Means over a grid of `output_size` parts of (N, C, H, W), whatever H and W are: `adaptive_avg_pool2d`.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.AdaptiveAvgPool2d((1, None))(np.ones((5, 3, 8, 7))).shape
    (5, 3, 1, 7)
    """

    def forward(self, x: Any) -> Any:
        """(N, C, H, W) to (N, C, *output_size)."""
        return adaptive_avg_pool2d(x, self.output_size)
