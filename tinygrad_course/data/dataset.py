"""Examples that can be counted and fetched: one by one, or, what a loader does, a whole batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.tree import flatten, paths
from .errors import DataError
from .layout import Array, Layout, axis_of


class Dataset:
    """What has a length and an example at each index from 0. An example is an array, a number, a tuple or a dict.

    Write ``__len__`` and ``__getitem__`` as for PyTorch; write `batch` too where many examples can be had at once.
    """

    examples: Layout = "rows"  # how batches lie

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must say how many examples it has: write __len__")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must give its examples: write __getitem__")

    def batch(self, indices: Any) -> Any:
        """The examples at `indices` (an integer array), each array of them with a new axis that counts them."""
        return collate([self[int(i)] for i in indices], self.examples)


class ArrayDataset(Dataset):
    """Arrays with an entry for each example: one, or a tuple or a dict of them. Batches have the same structure."""

    def __init__(self, arrays: Any, examples: Layout = "rows") -> None:
        arrays = _lists_as_arrays(arrays)
        leaves, self._rebuild = flatten(arrays)
        self._arrays = [np.asarray(leaf) for leaf in leaves]
        self.examples, self._axis = examples, axis_of(examples)
        self._length = _common_length(self._arrays, paths(arrays), examples)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        place = index if self._axis == 0 else (..., index)
        return self._rebuild([array[place] for array in self._arrays])

    def batch(self, indices: Any) -> Any:
        return self._rebuild([_gather(array, indices, self._axis) for array in self._arrays])


class TensorDataset(ArrayDataset):
    """Arrays of the same length side by side; an example is a tuple of one entry of each. Values are not copied.

    >>> data = tg.data.TensorDataset(np.eye(3), np.array([5, 6, 7]))
    >>> len(data), data[1]
    (3, (array([0., 1., 0.]), np.int64(6)))
    """

    def __init__(self, *arrays: Any, examples: Layout = "rows") -> None:
        super().__init__(arrays, examples)


class Items(Dataset):
    """Any sequence of examples, such as a list of pairs."""

    def __init__(self, items: Any, examples: Layout = "rows") -> None:
        if not (hasattr(items, "__len__") and hasattr(items, "__getitem__")):
            raise DataError(
                f"{type(items).__name__} is no data: give an array, a tuple or dict of arrays, a list of examples, or "
                "something with __len__ and __getitem__"
            )
        axis_of(examples)
        self.items, self.examples = items, examples

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]


class Subset(Dataset):
    """The examples of `dataset` at `indices`, in that order.

    >>> tg.data.Subset(["a", "b", "c"], [2, 0])[0]
    'c'
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | Array) -> None:
        self.dataset = as_dataset(dataset)
        self.indices = np.asarray(indices, dtype=np.int64)
        self.examples = self.dataset.examples
        if self.indices.size and not -len(self.dataset) <= self.indices.min() <= self.indices.max() < len(self.dataset):
            raise DataError(
                f"Subset: the data has {len(self.dataset)} examples, and an index lies outside; "
                f"use 0 to {len(self.dataset) - 1}"
            )

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[int(self.indices[index])]

    def batch(self, indices: Any) -> Any:
        return self.dataset.batch(self.indices[indices])


def as_dataset(data: Any, examples: Layout | None = None) -> Dataset:
    """`data` as a Dataset: an array, or a tuple or dict of arrays, is cut into examples; all else holds them."""
    if isinstance(data, Dataset):
        if examples not in (None, data.examples):
            raise DataError(
                f'the data lies in {data.examples}, but examples="{examples}" was asked for; say it once, or both alike'
            )
        return data
    if isinstance(data, tuple | dict) or hasattr(data, "__array__"):
        return ArrayDataset(data, examples or "rows")
    return Items(data, examples or "rows")


def collate(items: list[Any], examples: Layout = "rows") -> Any:
    """Examples of the same structure as one: each array of them stacked along a new axis, the first or the last.

    >>> from tinygrad_course.data.dataset import collate
    >>> collate([{"x": [1.0], "y": 0}, {"x": [2.0], "y": 1}])["y"]
    array([0, 1])
    """
    if not items:
        raise DataError("a batch without examples has no shape; give at least one")
    items = [_lists_as_arrays(item) for item in items]
    names = paths(items[0])
    columns = zip(*(flatten(item)[0] for item in items), strict=True)
    rebuild = flatten(items[0])[1]
    return rebuild([_stack(column, name, axis_of(examples)) for column, name in zip(columns, names, strict=True)])


def _lists_as_arrays(tree: Any) -> Any:
    """Tuples and dicts are the structure of an example; a list in it is numbers somebody wrote down."""
    if isinstance(tree, list):
        return np.asarray(tree)
    if isinstance(tree, dict):
        return type(tree)((key, _lists_as_arrays(value)) for key, value in tree.items())
    if isinstance(tree, tuple):
        parts = [_lists_as_arrays(part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return tree


def _stack(values: Sequence[Any], name: str, axis: int) -> Array:
    arrays = [np.asarray(value) for value in values]
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise DataError(
            f"the examples{name and ' at ' + name} do not stack into a batch: they have shapes {shapes}; "
            "pad them to one shape, or pass a collate_fn that does"
        )
    return np.stack(arrays, axis=axis)


def _common_length(arrays: list[Array], names: list[str], examples: Layout) -> int:
    if not arrays:
        raise DataError("there is no array in the data; pass one, or a tuple or dict of arrays")
    single = [name for name, array in zip(names, arrays, strict=True) if array.ndim == 0]
    if single:
        raise DataError(
            f"the data{single[0] and ' at ' + single[0]} is a single value; one entry for each example is needed"
        )
    lengths = [array.shape[axis_of(examples)] for array in arrays]
    if len(set(lengths)) > 1:
        counted = ", ".join(
            f"{name} {array.shape} has {n}" for name, array, n in zip(names, arrays, lengths, strict=True)
        )
        raise DataError(f"the arrays must have as many examples each, counted in {examples}: {counted}")
    return int(lengths[0])


def _gather(array: Array, indices: Any, axis: int) -> Array:
    """The examples at `indices`: always a copy, so that nobody changes the data through a batch."""
    # Not np.take: along the last axis of a transposed array it copies all of the array first.
    found: Array = array[indices] if axis == 0 else array[..., indices]
    return found
