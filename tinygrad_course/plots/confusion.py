"""Which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ShapeError
from ..core.node import Node
from .style import BLUE, INK, MUTED, RUST, Display, figure_and_axes, heading, quiet, shades

USER = "plot_confusion"
Array = NDArray[Any]


class ConfusionDisplay(Display):
    """A confusion matrix: `matrix` (C, C) counts, true classes down, answers across; `classes`: their names."""

    def __init__(self, matrix: Array, classes: Sequence[Any]) -> None:
        self.matrix, self.classes = matrix, [str(name) for name in classes]

    def plot(self, *, ax: Any = None) -> ConfusionDisplay:
        """Draw it: right answers in blue, wrong ones in rust, each as dark as its share of the true class."""
        n = len(self.matrix)
        side = float(np.clip(1.6 + 0.44 * n, 3.2, 12))
        self.figure_, self.ax_ = figure_and_axes(ax, USER, (side, side))
        shares = self.matrix / np.maximum(self.matrix.sum(axis=1, keepdims=True), 1)
        right, wrong = np.eye(n, dtype=bool), ~np.eye(n, dtype=bool)
        worst = max(float(shares[wrong].max(initial=0)), 0.05)  # a few errors stay pale
        self._layer(np.ma.array(shares, mask=wrong), BLUE, 1.1)
        self._layer(np.ma.array(shares, mask=right), RUST, 1.5 * worst)
        for i, j in zip(*np.nonzero(self.matrix), strict=True):
            dark = shares[i, j] > (0.5 if i == j else 0.75 * worst)
            size = 9.5 if n <= 12 else 6.5
            self.ax_.text(
                j, i, f"{self.matrix[i, j]:,}", ha="center", va="center", fontsize=size, color="white" if dark else INK,
                fontweight="bold" if i == j else "normal",
            )  # fmt: skip
        self._dress(n)
        return self

    def _layer(self, values: Any, colour: str, top: float) -> None:
        self.ax_.imshow(values, cmap=shades(colour, USER), vmin=0, vmax=top)

    def _dress(self, n: int) -> None:
        turn = max(map(len, self.classes), default=0) > 4
        self.ax_.set_xticks(range(n), self.classes, rotation=40 if turn else 0, ha="right" if turn else "center")
        self.ax_.set_yticks(range(n), self.classes)
        self.ax_.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        self.ax_.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        self.ax_.grid(which="minor", color="#E4E4E4", lw=0.8)
        self.ax_.set_xlabel("answer")
        self.ax_.set_ylabel("true class")
        quiet(self.ax_)
        self.ax_.spines[:].set_visible(False)
        self.ax_.tick_params(which="both", length=0, labelcolor=MUTED)
        total, hits = int(self.matrix.sum()), int(np.trace(self.matrix))
        if total:
            heading(self.ax_, f"{hits:,} of {total:,} right: {hits / total:.1%}".replace("%", " %"))


def plot_confusion(
    y_true: Any, y_pred: Any, *, ax: Any = None, classes: Sequence[Any] | None = None
) -> ConfusionDisplay:
    """Draw how often each class was taken for each.

    y_true: classes (m,), or the notes' (1, m). y_pred: answers of the same shape, or scores (m, C).
    classes: their names, the first for class 0.

    >>> display = tg.plots.plot_confusion([0, 0, 1, 1], [0, 1, 1, 1], classes=["cat", "dog"])
    >>> display.matrix
    array([[1, 1],
           [0, 2]])
    """
    right, answers = _labels(y_true), _labels(y_pred)
    if right.shape != answers.shape or not right.size:
        raise ShapeError(
            f"{USER}: y_true is {np.shape(y_true)} and y_pred {np.shape(y_pred)}: give one answer for each example"
        )
    if classes is None:
        names = np.union1d(right, answers)
        right, answers = np.searchsorted(names, right), np.searchsorted(names, answers)
        classes = names.tolist()
    top = max(int(right.max()), int(answers.max()))
    if min(int(right.min()), int(answers.min())) < 0 or top >= len(classes):
        raise ShapeError(f"{USER}: there are {len(classes)} names of classes, but a class {top}")
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(matrix, (right, answers), 1)
    return ConfusionDisplay(matrix, classes).plot(ax=ax)


def _labels(y: Any) -> Array:
    labels = np.asarray(y.value if isinstance(y, Node) else y)
    if labels.ndim == 2 and min(labels.shape) > 1:
        labels = np.argmax(labels, axis=1)
    labels = labels.ravel()
    if labels.dtype.kind == "f" and not np.all(labels == np.floor(labels)):
        raise ShapeError(f"{USER}: labels must be classes, not probabilities; compare them with a threshold first")
    return labels.astype(np.int64) if labels.dtype.kind in "bf" else labels
