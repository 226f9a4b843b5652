"""Where the reverse pass leaves a gradient: in `node.grad`, in memory that nothing else can see."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def _references(found: dict[Any, Any]) -> int:
    _, g = found.popitem()
    return sys.getrefcount(g)


_SOLE = _references({0: np.empty(0)})  # what an array counts that only a variable holds


def deposit(found: dict[Any, Any]) -> None:
    """Add the gradients to the `grad` of their nodes; an array that anything else may still see is copied first."""
    while found:
        node, g = found.popitem()
        if node._grad is not None:
            node._grad = node._grad + g
            continue
        if type(g) is np.ndarray and not (sys.getrefcount(g) == _SOLE and g.base is None and g.flags.writeable):
            g = g.copy()
        node._grad = g
