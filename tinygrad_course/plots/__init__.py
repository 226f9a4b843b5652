"""Pictures of what was learnt, with matplotlib (extra `demo`): `tg.plots`.

Each function draws on the axes it is given, or a new figure, and returns an object with ``figure_`` and ``ax_``.
"""

from __future__ import annotations

from .boundary import DecisionBoundaryDisplay, plot_decision_boundary
from .confusion import ConfusionDisplay, plot_confusion
from .filters import FiltersDisplay, plot_filters
from .history import HistoryDisplay

__all__ = [
    "ConfusionDisplay", "DecisionBoundaryDisplay", "FiltersDisplay", "HistoryDisplay", "plot_confusion",
    "plot_decision_boundary", "plot_filters",
]  # fmt: skip
