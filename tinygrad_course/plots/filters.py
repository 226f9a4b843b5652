"""Weights as pictures: what each unit of a first layer, or each filter of a convolution, looks for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ShapeError
from ..core.node import Node
from .style import MUTED, Display, diverging, figure_and_axes, heading

USER = "plot_filters"
Array = NDArray[Any]


class FiltersDisplay(Display):
    """Filters side by side: `tiles` (n, h, w), drawn in `columns`; blue below zero, white at it, rust above."""

    def __init__(self, tiles: Array, columns: int) -> None:
        self.tiles, self.columns = tiles, columns

    def plot(self, *, ax: Any = None) -> FiltersDisplay:
        """Draw them in one pair of axes."""
        n, h, w = self.tiles.shape
        rows = math.ceil(n / self.columns)
        width = float(np.clip(0.7 * self.columns, 2.4, 8.0))
        height = float(np.clip(width * rows * (h + 1) / (self.columns * (w + 1)), 0.6, 12.0)) + 0.3
        width += 1.0  # the scale
        self.figure_, self.ax_ = figure_and_axes(ax, USER, (width, height))
        gap_y, gap_x = max(1, round(h / 8)), max(1, round(w / 8))
        sheet = np.full((rows * (h + gap_y) - gap_y, self.columns * (w + gap_x) - gap_x), np.nan)
        for i, tile in enumerate(self.tiles):
            y, x = (i // self.columns) * (h + gap_y), (i % self.columns) * (w + gap_x)
            sheet[y : y + h, x : x + w] = tile
            self.ax_.plot(*_frame(x, y, w, h), color="#CCCCCC", lw=0.6)
        top = float(np.nanmax(np.abs(sheet))) or 1.0
        image = self.ax_.imshow(sheet, cmap=diverging(USER), vmin=-top, vmax=top, interpolation="nearest")
        self.ax_.set_axis_off()
        bar = self.figure_.colorbar(image, ax=self.ax_, fraction=0.03, pad=0.02, shrink=0.8)
        bar.outline.set_visible(False)
        bar.ax.tick_params(colors=MUTED, labelsize=8, length=2)
        return self


def plot_filters(
    weights: Any, *, ax: Any = None, shape: tuple[int, int] | None = None, most: int = 64, columns: int | None = None
) -> FiltersDisplay:
    """Draw the weights of a layer as pictures, all on the same scale.

    Parameters
    ----------
    weights
        (n, h, w); (n, channels, h, w) as a convolution has them, each filter a column with its channels from top to
        bottom if there are several; or (n, h*w) as a linear layer has them. A Tensor, or the layer itself.
    shape
        (h, w) for a linear layer; None for a square.
    most
        At most so many filters (16 if they have several channels).
    columns
        Tiles in a row, None for a good shape; with several channels a row has all filters.

    Examples
    --------
    >>> layer = tg.nn.Conv2d(1, 6, 5)
    >>> tg.plots.plot_filters(layer).tiles.shape
    (6, 5, 5)
    """
    weights = getattr(weights, "weight", weights)
    tiles = np.asarray(weights.value if isinstance(weights, Node) else weights, dtype=float)
    across, channels = columns, ""
    if tiles.ndim == 4 and tiles.shape[1] > 1:
        most = min(most, 16)
        across, channels = min(len(tiles), most), f", their {tiles.shape[1]} channels from top to bottom"
    elif tiles.ndim == 4:
        tiles = tiles[:, 0]
    elif tiles.ndim == 2:
        tiles = tiles.reshape(len(tiles), *_sides(tiles.shape, shape))
    if tiles.ndim not in (3, 4) or not tiles.size:
        raise ShapeError(
            f"{USER}: the weights are {np.shape(weights)}; they must be (n, h, w), (n, c, h, w) or (n, h*w)"
        )
    h, w = tiles.shape[-2:]
    shown = tiles[:most]
    count = f"{len(shown)} of {len(tiles)}" if len(tiles) > most else str(len(tiles))
    if shown.ndim == 4:
        shown = shown.swapaxes(0, 1).reshape(-1, h, w)
    display = FiltersDisplay(shown, min(len(shown), across or math.ceil(math.sqrt(1.6 * len(shown)))))
    display.plot(ax=ax)
    heading(display.ax_, f"{count} filters of {h} x {w}{channels}")
    return display


def _sides(weights: tuple[int, ...], shape: tuple[int, int] | None) -> tuple[int, int]:
    side = math.isqrt(weights[1])
    h, w = shape or (side, side)
    if h * w != weights[1]:
        hint = "give shape=(h, w)" if shape is None else f"shape={shape} has {h * w}"
        raise ShapeError(f"{USER}: each row of the weights {weights} has {weights[1]} numbers; {hint}")
    return h, w


def _frame(x: float, y: float, w: float, h: float) -> tuple[list[float], list[float]]:
    left, right, top, bottom = x - 0.5, x + w - 0.5, y - 0.5, y + h - 0.5
    return [left, right, right, left, left], [top, top, bottom, bottom, top]
