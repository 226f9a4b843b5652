"""The boxes of a picture from right to left, and what flows back between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

from .expr import Expr, multiply
from .model import Box, Edge, Picture


def backwards(picture: Picture) -> Iterator[Box]:
    """The boxes with a derivative, right to left: each after everything that uses it, and leaves right after that."""
    place = {box: i for i, box in enumerate(picture.boxes)}
    waiting: dict[Box, int] = defaultdict(int)
    into: dict[Box, list[Box]] = defaultdict(list)
    for edge in picture.edges:
        if edge.differentiable and not edge.carried:
            waiting[edge.source] += 1
            into[edge.target].append(edge.source)
    ready = [-place[picture.output]] if picture.output in place else []
    while ready:
        box = picture.boxes[-heappop(ready)]
        yield box
        for source in into[box]:
            waiting[source] -= 1
            if waiting[source]:
                continue
            if source.nodes:
                heappush(ready, -place[source])
            else:
                yield source


def flowing_back(edge: Edge, picture: Picture) -> Expr | None:
    """What flows back along `edge`, in terms of the derivative of its target."""
    target, local = edge.target, edge.local
    if local is None or not target.single:
        found = local
    elif target is picture.output:
        found = local if target.derivative == 1 else multiply(target.d, local)
    else:
        found = local if edge.slope is None else multiply(target.d, local)
    if found is not None and target.repeat is not None and edge.source.repeat is None:
        return Expr(f"sum({found.text} over {target.repeat.span})")
    return found
