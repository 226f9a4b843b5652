"""What a classifier answers everywhere in the plane, under the points it learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ShapeError
from ..core.node import Node
from ..nn.modes import evaluating
from .style import BLUE, CLASSES, INK, RUST, Display, diverging, figure_and_axes, heading, matplotlib, quiet

USER = "plot_decision_boundary"
Array = NDArray[Any]


class DecisionBoundaryDisplay(Display):
    """The answers on a grid: `xx`, `yy` (n, n), and `response` (n, n) for two classes or (C, n, n) scores."""

    def __init__(self, xx: Array, yy: Array, response: Array, threshold: float | None = None) -> None:
        self.xx, self.yy, self.response = xx, yy, response
        self.threshold = _threshold(response) if threshold is None else threshold

    def plot(self, X: Array | None = None, Y: Array | None = None, *, ax: Any = None) -> DecisionBoundaryDisplay:
        """Draw the answers, and the points X (m, 2) with classes Y (m,), if given."""
        self.figure_, self.ax_ = figure_and_axes(ax, USER, (5.2, 4.6))
        if self.response.ndim == 2:
            self._two_classes()
        else:
            self._regions()
        if X is not None:
            self._points(np.asarray(X), Y)
        self.ax_.set_xlim(self.xx[0, 0], self.xx[0, -1])
        self.ax_.set_ylim(self.yy[0, 0], self.yy[-1, 0])
        self.ax_.set_xlabel("$x_1$")
        self.ax_.set_ylabel("$x_2$", rotation=0, labelpad=10)
        quiet(self.ax_)
        return self

    def _two_classes(self) -> None:
        """Blue for class 0, rust for class 1, paler where the model is less sure."""
        z = self.response
        probability = z if self.threshold == 0.5 else 1 / (1 + np.exp(-np.clip(z - self.threshold, -60, 60)))
        extent = self.xx[0, 0], self.xx[0, -1], self.yy[0, 0], self.yy[-1, 0]
        self.ax_.imshow(
            probability, cmap=diverging(USER), vmin=0, vmax=1, alpha=0.45, origin="lower", extent=extent, aspect="auto",
            interpolation="bilinear",
        )  # fmt: skip
        if z.min() < self.threshold < z.max():
            self.ax_.contour(self.xx, self.yy, z, [self.threshold], colors=INK, linewidths=1.4)

    def _regions(self) -> None:
        """The colour of the class with the largest score."""
        winner, count = np.argmax(self.response, axis=0), len(self.response)
        colours = matplotlib("colors", USER).ListedColormap([CLASSES[k % len(CLASSES)] for k in range(count)])
        levels = np.arange(count + 1) - 0.5
        norm = matplotlib("colors", USER).BoundaryNorm(levels, colours.N)
        self.ax_.pcolormesh(self.xx, self.yy, winner, cmap=colours, norm=norm, alpha=0.22, shading="nearest", lw=0)
        for k in np.unique(winner):
            self.ax_.contour(self.xx, self.yy, winner == k, [0.5], colors=INK, linewidths=0.7)

    def _points(self, X: Array, Y: Array | None) -> None:
        classes = np.zeros(len(X), int) if Y is None else np.unique(np.asarray(Y).ravel(), return_inverse=True)[1]
        palette = (BLUE, RUST) if self.response.ndim == 2 else CLASSES
        colours = [palette[k % len(palette)] for k in classes]
        size = float(np.clip(9000 / max(len(X), 1), 8, 34))
        self.ax_.scatter(X[:, 0], X[:, 1], c=colours, s=size, edgecolors="white", linewidths=0.6, zorder=3)


def plot_decision_boundary(
    model: Any,
    X: Any,
    Y: Any = None,
    *,
    ax: Any = None,
    examples: str = "rows",
    threshold: float | None = None,
    resolution: int = 200,
    margin: float = 0.12,
) -> DecisionBoundaryDisplay:
    """Draw what a classifier of points in the plane answers, and the points.

    Parameters
    ----------
    model
        A module or a function of X, asked on a grid: one number (a probability, a logit, or the class 0 or 1) or C
        scores for each point.
    X, Y
        Points (m, 2) and classes (m,); or (2, m) and (1, m) with examples="columns", the notes' layout.
    threshold
        Where class 1 begins; None for 1/2 if all answers lie in 0..1, else 0.
    resolution, margin
        Points along each side of the grid, and how far it reaches beyond X, as a share of its extent.

    Examples
    --------
    >>> X, Y = tg.data.moons(100)
    >>> display = tg.plots.plot_decision_boundary(lambda X: X[:, 1] - X[:, 0] > 0, X, Y)
    >>> display.figure_.savefig("boundary.png")
    """
    points, labels = _values(X), None if Y is None else _values(Y).ravel()
    points = points if examples == "rows" else points.T
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        wanted = "(m, 2)" if examples == "rows" else "(2, m)"
        raise ShapeError(f'{USER}: X is {np.shape(X)}, it must be {wanted} with examples="{examples}"')
    low, high = points.min(axis=0), points.max(axis=0)
    room = margin * np.where(high > low, high - low, 1.0)
    sides = [np.linspace(a, b, resolution) for a, b in zip(low - room, high + room, strict=True)]
    xx, yy = np.meshgrid(*sides)
    grid = np.stack([xx.ravel(), yy.ravel()], axis=1).astype(points.dtype if points.dtype.kind == "f" else float)
    with evaluating(model):
        answers = _values(model(grid if examples == "rows" else grid.T))
    display = DecisionBoundaryDisplay(xx, yy, _response(answers, grid.shape[0], examples, xx.shape), threshold)
    display.plot(points, labels, ax=ax)
    if labels is not None:
        heading(display.ax_, f"{len(points)} points, {len(np.unique(labels))} classes")
    return display


def _values(x: Any) -> Array:
    return np.asarray(x.value if isinstance(x, Node) else x)


def _response(answers: Array, count: int, examples: str, shape: tuple[int, ...]) -> Any:
    """(n, n) numbers for two classes, or (C, n, n) scores, from whatever shape the model answers in."""
    rows: Any = answers.T if answers.ndim == 2 and examples == "columns" else answers
    rows = rows[:, 0] if rows.ndim == 2 and rows.shape[1] == 1 else rows
    if rows.shape[:1] != (count,) or rows.ndim > 2:
        raise ShapeError(
            f"{USER}: for {count} points the model answers {answers.shape}; it must be one row of scores each"
        )
    if rows.ndim == 1:
        if rows.dtype.kind in "iu" and rows.size and rows.max() > 1:  # classes, not scores
            return (rows == np.arange(rows.max() + 1)[:, np.newaxis]).astype(float).reshape(-1, *shape)
        return rows.astype(float).reshape(shape)
    if rows.shape[1] == 2:
        return (rows[:, 1].astype(float) - rows[:, 0]).reshape(shape)
    return rows.T.astype(float).reshape(-1, *shape)


def _threshold(response: Array) -> float:
    return 0.5 if response.ndim == 2 and response.min() >= 0 and response.max() <= 1 else 0.0
