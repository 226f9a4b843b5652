"""Minibatches: the examples in a new order every epoch, a few at a time."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .dataset import as_dataset
from .errors import DataError
from .layout import Layout

Collate = Callable[[list[Any]], Any]


class DataLoader:
    """Batches of `batch_size` examples; going through it once is an epoch. Batches are NumPy arrays, and copies.

    dataset: an array, or a tuple (also a named one) or dict of arrays with as many examples each: batches have the
        same structure. Or a `Dataset`; or a list, or anything with ``__len__`` and ``__getitem__``: examples are
        stacked, by `collate_fn` (from a list of examples to a batch) if given.
    shuffle: a new order every epoch, from `generator`: a seed, a NumPy Generator, or None for one that is different
        every time. A Generator is used, not copied.
    drop_last: leave out the last batch if it is smaller than the others.
    examples: "rows" (examples along the first axis) or "columns" (along the last: X (n, m), Y (1, m)).

    `state_dict`, taken between two epochs, makes a later loader go on with the same orders.

    >>> loader = tg.data.DataLoader((np.eye(5), np.arange(5)), batch_size=2, shuffle=True, generator=0)
    >>> [x.shape for x, y in loader]
    [(2, 5), (2, 5), (1, 5)]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        generator: int | np.random.Generator | None = None,
        collate_fn: Collate | None = None,
        examples: Layout | None = None,
    ) -> None:
        self.dataset = as_dataset(dataset, examples)
        self.batch_size, self.shuffle, self.drop_last = _positive(batch_size), bool(shuffle), bool(drop_last)
        self.generator = np.random.default_rng(generator)
        self.collate_fn = collate_fn
        if drop_last and len(self.dataset) < self.batch_size:
            raise DataError(
                f"DataLoader: {len(self.dataset)} examples do not fill a batch of {self.batch_size}, so drop_last "
                "leaves none; make batch_size smaller or drop_last False"
            )

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        # Not a generator itself: the order is drawn when an epoch is begun, even if nobody takes a batch.
        count = len(self.dataset)
        order = self.generator.permutation(count) if self.shuffle else np.arange(count)
        return (self._fetch(order[i * self.batch_size : (i + 1) * self.batch_size]) for i in range(len(self)))

    def _fetch(self, indices: Any) -> Any:
        if self.collate_fn is not None:
            return self.collate_fn([self.dataset[int(i)] for i in indices])
        return self.dataset.batch(indices)

    def state_dict(self) -> dict[str, Any]:
        """What the next epochs depend on, as plain numbers, lists and dicts that JSON keeps exactly.

        >>> loader = tg.data.DataLoader(np.arange(100), 10, shuffle=True, generator=0)
        >>> state = loader.state_dict()
        >>> first = list(loader)
        >>> loader.load_state_dict(state)
        >>> bool(np.all(np.array(first) == np.array(list(loader))))
        True
        """
        return {"generator": _plain(self.generator.bit_generator.state)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken."""
        try:
            self.generator.bit_generator.state = _arrays(state["generator"])
        except (KeyError, TypeError, ValueError) as cause:
            kind = type(self.generator.bit_generator).__name__
            raise DataError(
                f"load_state_dict: this is not the state of a DataLoader that draws from {kind}; "
                "make the loader as it was when the state was taken"
            ) from cause


def _positive(batch_size: Any) -> int:
    try:
        size = operator.index(batch_size)
    except TypeError:
        size = 0
    if size < 1:
        raise DataError(f"DataLoader: batch_size must be a whole number from 1, not {batch_size!r}")
    return size


def _plain(state: Any) -> Any:
    """Arrays, which some generators keep, as lists."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


def _arrays(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _arrays(value) for key, value in state.items()}
    return np.asarray(state, dtype=np.uint64) if isinstance(state, list) else state
