"""Python's cyclic collector, kept from walking large graphs over and over.

A graph has no cycles: it dies by reference counting, and the collector can find nothing in it. Yet each full collection
visits every node, and CPython starts one whenever a quarter more objects have survived; while a graph of a million
nodes is recorded, that costs more than recording it. So, while graphs are growing, the next full collection waits until
the graph has grown fourfold. Young generations are collected as always, and the threshold goes back to what it was
with the first full collection that finds little recorded since the one before.
"""

from __future__ import annotations

import gc
from typing import Any

from .node import tick

LARGE = 10_000  # nodes recorded between two full collections that make it worth stepping in
GROWTH = 3  # so many times the nodes of the last stretch may be recorded before the next full collection
PER_NODE = 2  # containers that the collector sees in one node: the node and its tuple of inputs


class _Spacing:
    """Watches full collections, and sets the third threshold of ``gc`` after each."""

    def __init__(self) -> None:
        self.seen = 0  # the tick of the last full collection
        self.theirs = gc.get_threshold()[2]
        self.ours = self.theirs

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        if phase != "stop" or info["generation"] != 2:
            return
        now = tick()
        recorded, self.seen = now - self.seen, now
        first, second, third = gc.get_threshold()
        if third != self.ours:
            self.theirs = third  # the program has set its own since: that is what to go back to
        stretch = max(1, first * second)
        self.ours = max(self.theirs, GROWTH * PER_NODE * recorded // stretch) if recorded > LARGE else self.theirs
        gc.set_threshold(first, second, self.ours)


def install() -> None:
    """Begin to space out full collections (once per process)."""
    if not any(isinstance(callback, _Spacing) for callback in gc.callbacks):
        gc.callbacks.append(_Spacing())
