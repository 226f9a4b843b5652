"""Loss functions, composed from primitives: PyTorch's names, arguments and definitions.

Every loss takes ``reduction``: "mean", "sum" or "none". Inputs and targets are Tensors or arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .core.errors import DTypeError, GraphError, ShapeError
from .core.node import Node
from .core.state import composite, state
from .core.tracing import peek, stand_in, within
from .ops.activation import log_softmax, logistic_loss, softplus
from .ops.axes import refuse
from .ops.likelihood import choose, held_log
from .ops.pieces import abs as abs_
from .ops.pieces import clip, maximum
from .ops.reduce import sum as sum_
from .ops.statistics import mean
from .values import as_value


def _reduced(loss: Any, reduction: str) -> Any:
    if reduction == "mean":
        return mean(loss)
    if reduction == "sum":
        return sum_(loss)
    if reduction == "none":
        return loss
    raise _refused(f'reduction must be "mean", "sum" or "none", not {reduction!r}')


def _refused(text: str) -> ShapeError:
    """The error for an argument of the loss that is being computed, with its name and the user's line."""
    return refuse(state.here.scope.name if state.here.scope is not None else "loss", text)


def _pair(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Predictions and targets, lists as arrays, checked to have the same shape."""
    input = input if isinstance(input, Node) else as_value(input, what=f"{name}: input")
    kind = input.dtype if isinstance(target, list | tuple) and input.dtype.kind == "f" else None
    target = target if isinstance(target, Node) else as_value(target, kind, what=f"{name}: target")
    if input.shape != target.shape:
        raise refuse(
            name,
            f"input is {input.shape} but target is {target.shape}; they must have the same shape "
            "(broadcasting here would silently compare every prediction with every target)",
        )
    return input, target


@composite
def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean squared error, ``mean((input - target)**2)``.

    >>> import tinygrad_course as tg
    >>> tg.mse_loss(tg.Tensor([1.0, 2.0]), tg.Tensor([0.0, 0.0]))
    Tensor(2.5)
    """
    input, target = _pair("mse_loss", input, target)
    return _reduced((input - target) ** 2, reduction)


@composite
def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean absolute error, ``mean(abs(input - target))``.

    >>> import tinygrad_course as tg
    >>> tg.l1_loss(tg.Tensor([1.0, -2.0]), tg.Tensor([0.0, 0.0]))
    Tensor(1.5)
    """
    input, target = _pair("l1_loss", input, target)
    return _reduced(abs_(input - target), reduction)


@composite
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Quadratic for errors up to `delta`, linear beyond: ``0.5 e**2`` or ``delta * (|e| - 0.5 delta)`` (Huber, 1964).

    >>> import tinygrad_course as tg
    >>> tg.huber_loss(tg.Tensor([0.5, 3.0]), tg.Tensor([0.0, 0.0]), reduction="none")
    Tensor([0.125, 2.5  ])
    """
    input, target = _pair("huber_loss", input, target)
    if delta <= 0:
        raise refuse("huber_loss", f"delta must be positive, not {delta}")
    error = input - target
    inner = clip(error, -delta, delta)  # signed: through abs, the second derivative at 0 would be 0, not 1
    return _reduced(inner * (error - 0.5 * inner), reduction)


@composite
def hinge_loss(input: Any, target: Any, reduction: str = "mean", margin: float = 1.0) -> Any:
    """``mean(max(0, margin - target * input))`` for targets -1 and 1: the loss of support vector machines.

    >>> import tinygrad_course as tg
    >>> tg.hinge_loss(tg.Tensor([2.0, 0.5]), tg.Tensor([1.0, -1.0]))
    Tensor(0.75)
    """
    input, target = _pair("hinge_loss", input, target)
    return _reduced(maximum(margin - target * input, 0.0), reduction)


@composite
def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """``-(y * log(p) + (1 - y) * log(1 - p))`` for probabilities p and targets y in [0, 1], the notes' loss L(a, y).

    Logarithms are held at -100, as in PyTorch, so that p = 0 or 1 gives a finite loss. From logits,
    ``binary_cross_entropy_with_logits`` is exact where this one saturates.

    >>> import tinygrad_course as tg
    >>> tg.binary_cross_entropy(tg.Tensor([0.5, 0.5]), tg.Tensor([0.0, 1.0]))
    Tensor(0.69314718)
    """
    input, target = _pair("binary_cross_entropy", input, target)
    if not within(input, 0, 1):
        values = peek(input, "a probability outside [0, 1]")
        raise refuse(
            "binary_cross_entropy",
            f"input must hold probabilities in [0, 1]; it ranges from {np.min(values):.4g} to {np.max(values):.4g}. "
            "For raw scores use binary_cross_entropy_with_logits",
        )
    loss = -(target * held_log(input) + (1 - target) * held_log(1 - input))
    return _reduced(loss if weight is None else weight * loss, reduction)


@composite
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """Binary cross-entropy of ``sigmoid(input)``, computed from the logits: exact and finite for any of them.

    ``(1 - y) * z + (1 + (pos_weight - 1) * y) * softplus(-z)``; `weight` scales each element, `pos_weight` the
    positive class.

    >>> import tinygrad_course as tg
    >>> tg.binary_cross_entropy_with_logits(tg.Tensor([1000.0]), tg.Tensor([0.0]))
    Tensor(1000.)
    """
    input, target = _pair("binary_cross_entropy_with_logits", input, target)
    if pos_weight is None:
        loss = logistic_loss(input, target)
    else:
        loss = (1 - target) * input + (1 + (pos_weight - 1) * target) * softplus(-input)
    return _reduced(loss if weight is None else weight * loss, reduction)


@composite
def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """Negative log-likelihood: minus the log-probability of each example's class.

    Parameters
    ----------
    input
        Log-probabilities: (C,), (N, C) or (N, C, d1, ...), classes on axis 1 (0 for one example).
    target
        Integer classes in [0, C): (), (N,) or (N, d1, ...).
    weight
        One factor per class, (C,); the mean is then the weighted mean.
    ignore_index
        A target value whose examples count for nothing.

    Examples
    --------
    >>> import numpy as np, tinygrad_course as tg
    >>> tg.nll_loss(tg.log_softmax(tg.Tensor([[0.0, 0.0]])), np.array([1]))
    Tensor(0.69314718)
    """
    classes = _classes("nll_loss", input, target)
    picked, factor = _picked(input, classes, weight, ignore_index)
    return _weighted(-picked, factor, reduction)


@composite
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Cross-entropy between ``softmax(input)`` and the targets, computed from the logits.

    Parameters
    ----------
    input
        Logits: (C,), (N, C) or (N, C, d1, ...), classes on axis 1 (0 for one example).
    target
        Integer classes, (), (N,) or (N, d1, ...); or floating probabilities of the shape of `input`.
    weight, ignore_index
        As for `nll_loss`.
    label_smoothing
        The share e of the target that is spread evenly over all classes (Szegedy et al., 2015), in [0, 1].

    Examples
    --------
    >>> import numpy as np, tinygrad_course as tg
    >>> tg.cross_entropy(tg.Tensor([[0.0, 0.0], [0.0, 100.0]]), np.array([0, 1]))
    Tensor(0.34657359)
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise refuse("cross_entropy", f"label_smoothing must lie in [0, 1], not {label_smoothing}")
    axis = min(1, np.ndim(input) - 1)
    log_p = log_softmax(input, axis=axis)
    if _kind(target) == "f":
        return _soft(log_p, target, weight, reduction, label_smoothing, axis)
    classes = _classes("cross_entropy", input, target)
    picked, factor = _picked(log_p, classes, weight, ignore_index)
    loss = _weighted(-picked, factor, reduction)
    if label_smoothing:
        even = -(log_p if weight is None else log_p * _along(weight, axis, np.shape(input)))
        kept = (classes != ignore_index).astype(_dtype(input))
        even = sum_(even, axis=axis) / np.shape(input)[axis] * kept
        norm = (kept.size if factor is None else sum_(factor)) if reduction == "mean" else 1
        even = even if reduction == "none" else sum_(even) / norm
        loss = (1 - label_smoothing) * loss + label_smoothing * even
    return loss


def _soft(log_p: Any, target: Any, weight: Any, reduction: str, smoothing: float, axis: int) -> Any:
    """Cross-entropy with a probability for every class."""
    log_p, target = _pair("cross_entropy", log_p, target)
    if smoothing:
        target = (1 - smoothing) * target + smoothing / np.shape(log_p)[axis]
    terms = log_p * target if weight is None else log_p * target * _along(weight, axis, np.shape(log_p))
    return _reduced(-sum_(terms, axis=axis), reduction)


def _along(weight: Any, axis: int, shape: tuple[int, ...]) -> Any:
    """The class weights, shaped to broadcast along the class axis."""
    return np.reshape(_per_class(weight, shape[axis]), [-1 if i == axis else 1 for i in range(len(shape))])


def _per_class(weight: Any, count: int) -> Any:
    """The class weights as an array, checked: one for each class, and constants."""
    if isinstance(weight, Node) and weight.requires_grad:
        raise GraphError("weight: class weights get no gradient, but this Tensor requires one; pass weight.detach()")
    values = stand_in(weight)
    if values.shape != (count,):
        raise _refused(f"weight has shape {values.shape}; it must be ({count},), one factor for each class")
    return values


def _kind(x: Any) -> str:
    kind: str = np.asarray(x.value if isinstance(x, Node) else x).dtype.kind
    return kind


def _dtype(x: Any) -> np.dtype[Any]:
    dtype = np.asarray(x.value if isinstance(x, Node) else x).dtype
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def _classes(name: str, input: Any, target: Any) -> Any:
    """The target as an integer array of the shape that `input` asks for."""
    classes = np.asarray(stand_in(target)) if state.here.tracer is None else stand_in(target)
    shape = np.shape(input)
    wanted = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if classes.dtype.kind not in "iu":
        raise DTypeError(f"{name}: target has dtype {classes.dtype}; it must hold integer classes")
    if classes.shape != wanted:
        raise refuse(name, f"input is {shape}, so target must be {wanted}, but it is {classes.shape}")
    return classes


def _picked(log_p: Any, classes: Any, weight: Any, ignore_index: int) -> tuple[Any, Any]:
    """The entry of each example's class, and the factor with which the example counts (None if all count alike)."""
    axis = min(1, np.ndim(log_p) - 1)
    count = np.shape(log_p)[axis]
    if classes.size and not 0 <= ignore_index < count and within(classes, 0, count - 1):
        factor = None
    else:
        ignored = classes == ignore_index
        classes = np.where(ignored, 0, classes)
        if not within(classes, 0, count - 1):
            found = next(c for c in np.ravel(peek(classes, "a class that there is not")) if not 0 <= c < count)
            raise _refused(f"target holds class {found}, but input has {count} classes: 0 to {count - 1}")
        factor = (~ignored).astype(_dtype(log_p))
    if weight is not None:
        factor = (1 if factor is None else factor) * _per_class(weight, count)[classes]
    return choose(log_p, classes, axis=axis), factor


def _weighted(loss: Any, factor: Any, reduction: str) -> Any:
    """`loss` with a factor per example; the mean divides by the sum of the factors."""
    if factor is None:
        return _reduced(loss, reduction)
    if reduction == "mean":
        return sum_(loss * factor) / sum_(factor)
    return _reduced(loss * factor, reduction)
