"""Parts of the data: some to learn from, some to check with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .dataset import ArrayDataset, Subset, as_dataset
from .errors import DataError
from .layout import Array, Layout

Random = int | np.random.Generator | None


def random_split(dataset: Any, lengths: Sequence[float], generator: Random = None) -> list[Subset]:
    """Parts without overlap, drawn at random: as many examples as `lengths` says, or shares of 1, as in PyTorch.

    Shares are rounded down, and what is left is dealt out from the first part on.

    >>> [len(part) for part in tg.data.random_split(np.arange(10), [0.8, 0.2], generator=0)]
    [8, 2]
    """
    data = as_dataset(dataset)
    sizes = _sizes(len(data), lengths)
    order = np.random.default_rng(generator).permutation(len(data))
    return [Subset(data, part) for part in np.split(order, np.cumsum(sizes)[:-1])]


def train_test_split(
    *arrays: Any,
    test_size: float = 0.25,
    generator: Random = None,
    shuffle: bool = True,
    stratify: Any = None,
    examples: Layout = "rows",
) -> list[Array]:
    """Each array in two parts, in scikit-learn's order: ``X_train, X_test, Y_train, Y_test = train_test_split(X, Y)``.

    test_size: a share below 1, or a number of examples. Without `shuffle` the test part is the end.
    stratify: labels, one for each example: every class has the same share in both parts, as nearly as can be.

    >>> X, Y = tg.data.xor(100)
    >>> X_train, X_test, Y_train, Y_test = tg.data.train_test_split(X, Y, test_size=0.2, stratify=Y, generator=0)
    >>> X_train.shape, np.bincount(Y_test).tolist()
    ((80, 2), [10, 10])
    """
    data = ArrayDataset(arrays, examples)
    count = len(data)
    held = _test_count(count, test_size)
    if stratify is not None:
        train, test = _stratified(_labels(stratify, count), held, np.random.default_rng(generator))
    else:
        order = np.random.default_rng(generator).permutation(count) if shuffle else np.arange(count)
        train, test = order[: count - held], order[count - held :]
    return [part for pair in zip(data.batch(train), data.batch(test), strict=True) for part in pair]


def _sizes(count: int, lengths: Sequence[float]) -> list[int]:
    if all(isinstance(n, int | np.integer) and n >= 0 for n in lengths) and sum(lengths) == count:
        return [int(n) for n in lengths]
    if not lengths or min(lengths) < 0 or not math.isclose(sum(lengths), 1):
        raise DataError(f"random_split: lengths must add up to {count}, or as shares to 1; {list(lengths)} do not")
    sizes = [math.floor(count * share) for share in lengths]
    for i in range(count - sum(sizes)):
        sizes[i % len(sizes)] += 1
    return sizes


def _test_count(count: int, test_size: float) -> int:
    held = math.ceil(count * test_size) if isinstance(test_size, float) and test_size < 1 else int(test_size)
    if not 0 < held < count:
        raise DataError(
            f"train_test_split: test_size={test_size} of {count} examples leaves one part empty; choose another size"
        )
    return held


def _labels(stratify: Any, count: int) -> Array:
    labels = np.asarray(stratify).ravel()  # (m,) or the notes' (1, m)
    if len(labels) != count:
        raise DataError(f"train_test_split: stratify has {len(labels)} labels for {count} examples; it needs one each")
    return labels


def _stratified(labels: Array, held: int, rng: np.random.Generator) -> tuple[Array, Array]:
    classes, members = np.unique(labels, return_inverse=True)
    counts = np.bincount(members)
    exact = counts * (held / len(labels))
    tests = np.floor(exact).astype(int)
    tests[np.argsort(tests - exact, kind="stable")[: held - tests.sum()]] += 1  # the largest remainders
    if np.any((tests == 0) | (tests == counts)):
        shares = ", ".join(f"{label}: {n}" for label, n in zip(classes.tolist(), counts.tolist(), strict=True))
        raise DataError(
            f"train_test_split: with {held} test examples a class would be missing from one of the parts ({shares})"
        )
    train, test = [], []
    for label, few in enumerate(tests):
        mine = rng.permutation(np.flatnonzero(members == label))
        test.append(mine[:few])
        train.append(mine[few:])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))
