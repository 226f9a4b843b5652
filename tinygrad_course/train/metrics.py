"""Measures of a batch of answers: functions ``(output, target) -> mean over the batch``, on arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from .. import losses, nn
from ..core.errors import ShapeError
from ..core.node import Node

Metric = Callable[[Any, Any], Any]
LOGITS = (nn.BCEWithLogitsLoss, nn.HingeLoss, losses.binary_cross_entropy_with_logits, losses.hinge_loss)


def accuracy(output: Any, target: Any, *, axis: int = 1) -> float:
    """The share of examples whose largest score, along `axis`, is that of the right class.

    output: scores (m, C, ...), as `cross_entropy` takes them; target: classes (m, ...), or a probability per class.

    >>> tg.train.accuracy(np.array([[0.1, 2.0], [1.0, 0.5]]), np.array([1, 1]))
    0.5
    """
    output, target = _value(output), _value(target)
    if output.ndim < 2 or output.shape[axis] < 2:
        raise ShapeError(
            f"accuracy: the output is {output.shape}, it needs a score per class along axis {axis}; "
            "for one number per example there is binary_accuracy"
        )
    right = np.argmax(target, axis=axis) if target.shape == output.shape else target
    answers = np.argmax(output, axis=axis)
    if right.ndim > answers.ndim and right.shape[axis] == 1:
        right = right.squeeze(axis)
    return float(np.mean(answers == _same_shape("accuracy", answers, right)))


def binary_accuracy(output: Any, target: Any, *, logits: bool = False) -> float:
    """The share of examples on the right side: a probability above 1/2, or a logit above 0, for the class 1.

    >>> tg.train.binary_accuracy(np.array([0.9, 0.6, 0.2]), np.array([1, 0, 0])).__round__(3)
    0.667
    """
    output, target = _value(output), _value(target)
    if not logits and output.size and not (output.min() >= 0 and output.max() <= 1):
        raise ShapeError(
            f"binary_accuracy: {output.min():.3g} to {output.max():.3g} are no probabilities; for logits, use "
            'metrics={"accuracy": partial(tg.train.binary_accuracy, logits=True)}'
        )
    answers = output > (0 if logits else 0.5)
    return float(np.mean(answers == (_same_shape("binary_accuracy", answers, target) > 0.5)))


def mse(output: Any, target: Any) -> float:
    """Mean squared error."""
    output, target = _value(output), _value(target)
    return float(np.mean((output - _same_shape("mse", output, target)) ** 2))


def mae(output: Any, target: Any) -> float:
    """Mean absolute error."""
    output, target = _value(output), _value(target)
    return float(np.mean(np.abs(output - _same_shape("mae", output, target))))


METRICS: dict[str, Metric] = {"accuracy": accuracy, "binary_accuracy": binary_accuracy, "mse": mse, "mae": mae}


def named(metrics: Any, loss: Any, examples: str) -> dict[str, Metric]:
    """Metrics by name, from names, functions, a list of both, or a dict.

    `binary_accuracy` by name asks whether the loss takes logits; `accuracy` finds classes where `examples` has them.
    """
    if isinstance(metrics, Mapping):
        return {str(name): _found(metric, loss, examples) for name, metric in metrics.items()}
    every: Iterable[Any] = [metrics] if isinstance(metrics, str) or callable(metrics) else metrics
    return {_name(metric): _found(metric, loss, examples) for metric in every}


def _found(metric: Any, loss: Any, examples: str) -> Metric:
    if metric == "accuracy" and examples == "columns":
        return partial(accuracy, axis=0)
    if metric == "binary_accuracy":
        return partial(binary_accuracy, logits=loss in LOGITS or isinstance(loss, LOGITS[:2]))
    found = METRICS.get(metric) if isinstance(metric, str) else metric
    if not callable(found):
        raise ValueError(f"metrics: {metric!r} is none of {', '.join(METRICS)}, and no function (output, target)")
    return found


def _name(metric: Any) -> str:
    inner = metric.func if isinstance(metric, partial) else metric
    return metric if isinstance(metric, str) else getattr(inner, "__name__", type(inner).__name__)


def _value(x: Any) -> Any:
    return np.asarray(x.value if isinstance(x, Node) else x)


def _same_shape(name: str, output: Any, target: Any) -> Any:
    """`target`, which must not broadcast: (m, 1) against (m,) would compare all with all."""
    if output.shape != target.shape:
        raise ShapeError(f"{name}: the answers are {output.shape} and the targets {target.shape}; reshape one of them")
    return target
