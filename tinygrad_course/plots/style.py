"""The looks that all plots share, and matplotlib, which is imported only when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..data.errors import extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, RUST, INK, MUTED = "#005A8C", "#B04A00", "#222222", "#555555"
CLASSES = (  # colours of classes, told apart also by who sees no red or green
    BLUE, RUST, "#3B8E5A", "#8A4FA3", "#B8860B", "#3FA7C4", "#C2527F", "#6B705C", "#7A5230", "#4C5BB5",
)  # fmt: skip


class Display:
    """What is drawn: ``figure_``, and ``ax_``, the axes (an array of them where there are several)."""

    figure_: Any  # a Figure, or the SubFigure that the axes are in
    ax_: Any


def matplotlib(part: str, user: str) -> Any:
    """A part of matplotlib, or an error that says what `user` needs."""
    return extra(f"matplotlib.{part}", "matplotlib", "demo", user)


def new_axes(user: str, size: tuple[float, float], columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A new figure with some axes side by side."""
    pyplot = matplotlib("pyplot", user)
    figure, axes = pyplot.subplots(1, columns, figsize=size, squeeze=False, layout="constrained")
    return figure, list(axes.flat)


def figure_and_axes(ax: Any, user: str, size: tuple[float, float]) -> tuple[Any, Axes]:
    """The axes given and their figure, or new ones."""
    if ax is not None:
        return ax.figure, ax
    figure, axes = new_axes(user, size)
    return figure, axes[0]


def quiet(ax: Axes) -> None:
    """Axes that leave the attention to the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("#999999")
    ax.tick_params(colors=MUTED, which="both", labelsize=9)
    ax.xaxis.label.set_color(MUTED)
    ax.yaxis.label.set_color(MUTED)


def heading(ax: Axes, text: str) -> None:
    """A title on the left, in small bold type."""
    ax.set_title(text, loc="left", fontsize=10.5, color=INK)


def diverging(user: str) -> Any:
    """A colour map from blue over white to rust."""
    colours = matplotlib("colors", user)
    return colours.LinearSegmentedColormap.from_list("blue_rust", [BLUE, "#8FBAD1", "#FFFFFF", "#DDA77E", RUST])


def shades(colour: str, user: str) -> Any:
    """A colour map from white to `colour`."""
    return matplotlib("colors", user).LinearSegmentedColormap.from_list(f"to_{colour}", ["#FFFFFF", colour])
