"""`BatchNorm1d` and `BatchNorm2d`: every channel with mean 0 and variance 1 over the examples of a batch."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from ..core.tracing import stand_in
from ..ops.axes import refuse, shape_of
from ..ops.powers import sqrt
from ..tensor import Tensor
from .norm import Affine, deviations, fitted


class _BatchNorm(Affine):
    """``(x - mean) / sqrt(var + eps) * weight + bias`` for every channel (Ioffe and Szegedy, 2015).

    In training, mean and variance are those of the batch, and running averages of them are kept; in eval, the averages
    stand in for them.

    Parameters
    ----------
    num_features
        The number of channels C, axis 1 of the input.
    eps
        Added to the variance.
    momentum
        The share of the newest batch in the running averages; None for the plain average of all batches.
    affine
        Whether there are `weight` and `bias` to learn.
    track_running_stats
        If False there are no averages, and eval uses the batch as well.
    dtype
        Of parameters and averages; float64 if None.
    """

    LAYOUTS: ClassVar[dict[int, str]]  # the shapes taken, by number of axes
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum, self.affine = num_features, eps, momentum, affine
        self.track_running_stats = track_running_stats
        self.add_parameters((num_features,), affine, affine, dtype)
        track = track_running_stats
        self.register_buffer("running_mean", np.zeros(num_features, dtype or float) if track else None)
        self.register_buffer("running_var", np.ones(num_features, dtype or float) if track else None)
        self.register_buffer("num_batches_tracked", np.array(0) if track else None)

    def reset_running_stats(self) -> None:
        """Forget the running averages."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.data = np.zeros_like(self.running_mean.value)
            self.running_var.data = np.ones_like(self.running_var.value)
            self.num_batches_tracked.data = np.array(0)

    def reset_parameters(self) -> None:
        """As new."""
        super().reset_parameters()
        self.reset_running_stats()

    def forward(self, x: Any) -> Any:
        """The same shape."""
        shape = shape_of(x)
        layout = self.LAYOUTS.get(len(shape))
        if layout is None or shape[1] != self.num_features:
            wanted = " or ".join(self.LAYOUTS.values()).replace("C", str(self.num_features))
            raise refuse(type(self).__name__, f"x is {shape}, it must be {wanted}")
        axes = (0, *range(2, len(shape)))
        channels = (-1, *(1 for _ in axes[1:])) if len(shape) > 2 else None
        if self.training or self.running_mean is None:
            d, variance = self._of_batch(x, axes)
        else:
            d, variance = x - fitted(self.running_mean, channels), fitted(self.running_var, channels)
        scale = 1 / sqrt(variance + self.eps)
        if self.weight is not None:
            scale = scale * fitted(self.weight, channels)
        y = d * scale
        return y if self.bias is None else y + fitted(self.bias, channels)

    def _of_batch(self, x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
        """Deviations from the mean of this batch, and its variance; the running averages move towards them."""
        shape = shape_of(x)
        count = int(np.prod([shape[a] for a in axes]))
        if count < 2 and self.training:
            raise refuse(type(self).__name__, f"x is {shape}: training needs more than one value per channel")
        d, variance = deviations(x, axes)
        if self.running_mean is not None:  # then this is training
            first = (0, slice(None), *(0 for _ in axes[1:]))
            mean = stand_in(x)[first] - stand_in(d)[first]
            self._track(mean, stand_in(variance).reshape(-1) * (count / (count - 1)))
        return d, variance

    def _track(self, mean: Any, variance: Any) -> None:
        batches, averages = self.num_batches_tracked, ((self.running_mean, mean), (self.running_var, variance))
        assert batches is not None
        batches.data = stand_in(batches) + 1
        share: Any = 1 / stand_in(batches) if self.momentum is None else self.momentum
        for average, new in averages:
            assert average is not None
            kept = 1 - share
            if self.momentum is None:  # in the dtype of the averages, as a Python number would be
                kept, new = kept.astype(average.dtype), new * share.astype(average.dtype)
            else:
                new = share * new
            average.data = (kept * stand_in(average) + new).astype(average.dtype)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    __doc__ = f"""Batch normalisation of (N, C) or (N, C, L): {_BatchNorm.__doc__}
    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.BatchNorm1d(2, eps=0)(np.array([[1.0, 0.0], [3.0, 10.0]])).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    LAYOUTS: ClassVar[dict[int, str]] = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    __doc__ = f"Batch normalisation of images (N, C, H, W): {_BatchNorm.__doc__}"

    LAYOUTS: ClassVar[dict[int, str]] = {4: "(N, C, H, W)"}
