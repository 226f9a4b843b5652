"""Learning curves: losses and metrics over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from .style import BLUE, INK, MUTED, RUST, Display, heading, matplotlib, new_axes, quiet

USER = "History.plot"
PARTS = (("train", RUST, "training"), ("valid", BLUE, "validation"))


class HistoryDisplay(Display):
    """Learning curves of `epochs`, the records of a history; ``plot`` draws them."""

    def __init__(self, epochs: Sequence[dict[str, Any]]) -> None:
        self.epochs = list(epochs)

    def plot(self, *names: str, ax: Any = None) -> HistoryDisplay:
        """Draw "loss", "accuracy", "lr" and so on: all losses and metrics by default, or the loss if `ax` is given."""
        wanted = list(names) or (["loss"] if ax is not None else self._quantities())
        if ax is None:
            self.figure_, axes = new_axes(USER, (1.2 + 3.8 * len(wanted), 3.4), len(wanted))
        else:
            axes = list(np.atleast_1d(ax))
            self.figure_ = axes[0].figure
        if len(axes) != len(wanted):
            raise ValueError(
                f"{USER}: {len(wanted)} quantities need as many axes, not {len(axes)}: {', '.join(wanted)}"
            )
        for name, one in zip(wanted, axes, strict=True):
            self._curves(name, one)
        self.ax_ = axes[0] if len(axes) == 1 else np.array(axes)
        return self

    def _quantities(self) -> list[str]:
        names = dict.fromkeys(name for record in self.epochs for name in record)
        return list(dict.fromkeys(n.partition("_")[2] for n in names if n.startswith(("train_", "valid_")))) or ["loss"]

    def _curves(self, name: str, ax: Any) -> None:
        share = name.endswith("accuracy")
        found = [(f"{part}_{name}", colour, label) for part, colour, label in PARTS] + [(name, BLUE, "")]
        found = [x for x in found if any(x[0] in record for record in self.epochs)]
        if self.epochs and not found:
            raise ValueError(f"{USER}: there is no {name!r}; there is {', '.join(self._quantities())}, lr")
        everything: list[float] = []
        for key, colour, label in found:
            pairs = [(r["epoch"], r[key]) for r in self.epochs if r.get(key) is not None and isfinite(r[key])]
            epochs, values = [e for e, _ in pairs], [100 * v if share else v for _, v in pairs]
            marker = "o" if len(values) <= 30 else ""
            ax.plot(epochs, values, color=colour, lw=1.6, marker=marker, ms=3.5, label=label, clip_on=False, zorder=3)
            everything += values
        if any(e for e in found if e[0].startswith("valid")):
            self._mark_best(ax, f"valid_{name}", share)
        self._dress(ax, name, share, everything, labels=sum(bool(label) for *_, label in found) > 1)

    def _mark_best(self, ax: Any, key: str, share: bool) -> None:
        """A ring round the best validated epoch, and its value above the plot."""
        records = [r for r in self.epochs if r.get(key) is not None and isfinite(r[key])]
        if not records:
            return
        best = (max if share else min)(records, key=lambda r: r[key])
        value = 100 * best[key] if share else best[key]
        ax.plot([best["epoch"]], [value], "o", ms=9, mfc="none", mec=BLUE, mew=1.4, clip_on=False, zorder=4)
        text = f"{value:.1f} %" if share else f"{value:.3g}"
        said = f"best {text} in epoch {best['epoch']}"  # beside the title: on the curves it would hide one of them
        ax.text(1, 1.02, said, transform=ax.transAxes, color=BLUE, fontsize=9, ha="right", va="bottom")

    def _dress(self, ax: Any, name: str, share: bool, values: list[float], labels: bool) -> None:
        positive = [v for v in values if v > 0]
        log = not share and len(positive) == len(values) and values and max(values) > 20 * min(values)
        if log:
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter(matplotlib("ticker", USER).NullFormatter())
        heading(ax, name.replace("_", " ") + (", %" if share else ", log scale" if log else ""))
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(matplotlib("ticker", USER).MaxNLocator(integer=True, min_n_ticks=1))
        ax.grid(axis="y", color=MUTED, alpha=0.18, lw=0.8)
        quiet(ax)
        if labels:
            ax.legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower right" if share else "upper right")
