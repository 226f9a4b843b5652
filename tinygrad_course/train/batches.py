"""Batches: from whatever data a user has, taken apart, measured, and averaged over an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.errors import DTypeError, GraphError
from ..core.node import Node
from ..data import DataLoader, Dataset
from ..data.dataset import as_dataset
from ..data.errors import DataError
from ..data.layout import Layout
from ..nn.modes import evaluating
from .metrics import Metric, named

Random = int | np.random.Generator | None


def evaluate(
    model: Any, loss: Any, data: Any, metrics: Any = (), *, batch_size: int = 256, examples: Layout | None = None
) -> dict[str, float]:
    """The mean loss and metrics of `model` over `data`, in eval mode, without recording.

    `data`, `metrics` and `examples` are as for `fit`.

    >>> X, Y = np.eye(2), np.array([0, 1])
    >>> tg.train.evaluate(lambda x: 100 * x, tg.cross_entropy, (X, Y), ["accuracy"])
    {'loss': 0.0, 'accuracy': 1.0}
    """
    loader = as_loader(data, batch_size, shuffle=False, examples=examples)
    layout = layout_of(loader, examples)
    return measure(model, loss, loader, named(metrics, loss, layout), layout)


def measure(model: Any, loss: Any, loader: Any, metrics: Mapping[str, Metric], layout: str) -> dict[str, float]:
    """`evaluate` with everything made ready."""
    means = Means()
    with evaluating(model):
        for batch in loader:
            inputs, target = parts(batch)
            output = model(*inputs)
            values = {"loss": number(loss(output, target)), **measured(metrics, output, target)}
            means.add(values, count_of(target, layout))
    return means.values()


def as_loader(
    data: Any, batch_size: int | None, *, shuffle: bool, generator: Random = None, examples: Layout | None = None
) -> Any:
    """Something to go through once an epoch: arrays (X, Y) and Datasets are cut into batches, all else is left alone.

    A named tuple with fields X and Y, as `tg.data` gives them, may have more fields. batch_size None: one batch.
    """
    if isinstance(data, tuple) and hasattr(data, "X") and hasattr(data, "Y"):
        data = (data.X, data.Y)
    if isinstance(data, tuple):
        data = tuple(x.value if isinstance(x, Node) else x for x in data)
    elif not isinstance(data, Dataset):
        return _repeatable(data)
    dataset = as_dataset(data, examples)
    size = max(len(dataset), 1) if batch_size is None else batch_size
    return DataLoader(dataset, size, shuffle, generator=generator)


def _repeatable(data: Any) -> Any:
    if not hasattr(data, "__iter__") or isinstance(data, np.ndarray | Node | Mapping | str):
        raise DTypeError(
            f"the data is a {type(data).__name__}; give arrays (X, Y), a Dataset, a DataLoader or a list of batches"
        )
    if hasattr(data, "__next__"):  # not `iter(data) is data`: a loader draws its order then
        raise DTypeError(
            f"the data is a {type(data).__name__}, which can be gone through only once; every epoch needs it: "
            "give a list, or an object whose __iter__ begins anew"
        )
    return data


def layout_of(loader: Any, examples: Layout | None) -> str:
    """How the batches of a loader lie: "rows" or "columns"."""
    return str(examples or getattr(getattr(loader, "dataset", None), "examples", "rows"))


def length(loader: Any) -> int | None:
    """The number of batches in an epoch, if the loader knows."""
    return len(loader) if hasattr(loader, "__len__") else None


def parts(batch: Any) -> tuple[tuple[Any, ...], Any]:
    """What goes into the model, and the target, which comes last."""
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise DataError(
            f"a batch is a {type(batch).__name__}, it must be (inputs, target), or (input 1, input 2, ..., target); "
            "where the inputs are the target, give (X, X)"
        )
    return tuple(batch[:-1]), batch[-1]


def count_of(target: Any, layout: str) -> int:
    """The number of examples in a batch."""
    shape = np.shape(target.value if isinstance(target, Node) else target)
    return shape[0 if layout == "rows" else -1] if shape else 1


def measured(metrics: Mapping[str, Metric], output: Any, target: Any) -> dict[str, float]:
    """The metrics of one batch, from arrays."""
    if not metrics:
        return {}
    output, target = _arrays(output), _arrays(target)
    return {name: number(metric(output, target)) for name, metric in metrics.items()}


def _arrays(x: Any) -> Any:
    if isinstance(x, Node):
        return np.asarray(x.value)
    return type(x)(_arrays(part) for part in x) if type(x) in (tuple, list) else x


def number(x: Any) -> float:
    """A loss or a metric as a Python number."""
    value = np.asarray(x.value if isinstance(x, Node) else x)
    if value.size != 1:
        raise GraphError(
            f'a loss or metric must be one number for a batch, not {value.shape}: take the mean, or reduction="mean"'
        )
    return float(value.reshape(()))


class Means:
    """Averages over batches, each weighted by its number of examples."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, values: Mapping[str, float], count: int) -> None:
        """Take in the means over one batch."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * count
        self._count += count

    def values(self) -> dict[str, float]:
        """The means so far. `DataError` if there was nothing."""
        if not self._count:
            raise DataError("there are no examples in the data: an epoch had no batch")
        return {name: value / self._count for name, value in self._sums.items()}
