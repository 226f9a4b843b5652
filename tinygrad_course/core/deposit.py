"""Where the reverse pass leaves a gradient: in `node.grad`, in memory that nothing else can see."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def _references(found: dict[Any, Any], node: Any) -> int:
    return sys.getrefcount(found[node])


_SOLE = _references({0: np.empty(0)}, 0)  # what an array counts that only the dictionary holds


def deposit(node: Any, found: dict[Any, Any]) -> None:
    """Add a gradient to `node.grad`; an array that anything else may still see is copied first."""
    if node._grad is not None:
        node._grad = node._grad + found[node]
        return
    sole = _references(found, node) == _SOLE
    g = found[node]
    if type(g) is np.ndarray and not (sole and g.base is None and g.flags.writeable):
        g = g.copy()
    node._grad = g
