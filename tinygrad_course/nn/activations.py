"""The activation functions as modules, for use in Sequential; the functions themselves are ``tg.relu`` and so on."""

from __future__ import annotations

from typing import Any

from ..ops import activation
from ..ops.pieces import where
from ..ops.trigonometry import tanh
from .module import Module


class Identity(Module):
    """Gives back what it gets; takes and ignores any arguments, so that it can stand in for any layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        """``x``"""
        return x


class ReLU(Module):
    """``max(x, 0)``, with slope 0 at 0."""

    def forward(self, x: Any) -> Any:
        """``relu(x)``"""
        return activation.relu(x)


class LeakyReLU(Module):
    """``x`` where positive, ``negative_slope * x`` elsewhere."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        """``leaky_relu(x)``"""
        return activation.leaky_relu(x, negative_slope=self.negative_slope)

    def extra_repr(self) -> str:
        """The slope."""
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        """``elu(x)``"""
        return activation.elu(x, alpha=self.alpha)

    def extra_repr(self) -> str:
        """The limit on the left, without its sign."""
        return f"alpha={self.alpha}"


class GELU(Module):
    """``x`` times the normal distribution function of x; `approximate`: "none" or "tanh"."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        """``gelu(x)``"""
        return activation.gelu(x, approximate=self.approximate)

    def extra_repr(self) -> str:
        """How it is computed."""
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """``x * sigmoid(x)``."""

    def forward(self, x: Any) -> Any:
        """``silu(x)``"""
        return activation.silu(x)


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``."""

    def forward(self, x: Any) -> Any:
        """``sigmoid(x)``"""
        return activation.sigmoid(x)


class LogSigmoid(Module):
    """``log(sigmoid(x))``, without overflow."""

    def forward(self, x: Any) -> Any:
        """``log_sigmoid(x)``"""
        return activation.log_sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x: Any) -> Any:
        """``tanh(x)``"""
        return tanh(x)


class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``, a smooth relu; ``x`` itself where ``beta * x`` exceeds `threshold`."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, x: Any) -> Any:
        """``softplus(x)``"""
        z = x * self.beta
        return where(z > self.threshold, x, activation.softplus(z) / self.beta)


class _AlongAxis(Module):
    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class Softmax(_AlongAxis):
    """``exp(x) / sum(exp(x))`` along the axis `dim`: positive numbers that add up to 1."""

    def forward(self, x: Any) -> Any:
        """``softmax(x, axis=dim)``"""
        return activation.softmax(x, axis=self.dim)


class LogSoftmax(_AlongAxis):
    """``log(softmax(x))`` along the axis `dim`."""

    def forward(self, x: Any) -> Any:
        """``log_softmax(x, axis=dim)``"""
        return activation.log_softmax(x, axis=self.dim)
