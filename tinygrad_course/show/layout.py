"""How a picture should lie: what is on one line, what is level, what goes around."""

from __future__ import annotations

from collections import Counter

from .model import Box, Edge, Picture
from .source import place

_ENDS = {"LR": (":p:e", ":p:w"), "TB": (":s", ":n"), "BT": (":n", ":s")}  # where edges leave and enter


class Layout:
    """What the layout program is told about the boxes and edges of one picture.

    `spine`: the longest chain of computed boxes that ends in the output, drawn straight. `straight`: where there are
    frames, the boxes on it, and the data that it starts from. `level`: edges from one turn of a loop to the same place
    in the next; where all others go up or down, they go to the side. `shared`: boxes of parameters that several boxes
    use together.
    """

    def __init__(self, picture: Picture) -> None:
        self.ends = _ENDS[picture.direction]
        self.upright = picture.direction != "LR"
        self.spine = _spine(picture)
        users = Counter(e.source for e in picture.edges if e.source.kind == "shared")
        self.shared = {box for box, count in users.items() if count > 1}
        self.on_spine = {box for edge in self.spine for box in (edge.source, edge.target)}
        self.beside = {frozenset((e.source, e.target)) for e in self.spine}
        self.level = {e for e in picture.edges if _level(e)} if self.upright else set[Edge]()
        self.straight = set[Box]() if self.upright or not picture.clusters else self._straight(picture)
        self.roomy = _roomy(picture) if self.straight else set[Box]()

    def _straight(self, picture: Picture) -> set[Box]:
        into = [e for e in picture.edges if e.target in self.on_spine and not e.source.nodes]
        data = [e.source for e in into if e.source.role == "input"]
        return self.on_spine | set(data[:1])

    def around(self, edge: Edge) -> bool:
        """Whether an edge leads past other boxes of an upright spine, at their side."""
        pair = {edge.source, edge.target}
        beside = edge in self.spine or edge in self.level or frozenset(pair) in self.beside
        return self.upright and pair <= self.on_spine and not beside

    def ports(self, edge: Edge) -> tuple[str, str]:
        """Where an edge leaves and enters."""
        if edge in self.level:
            return "", ""  # with ports, Graphviz 2.43 would lose the second arrow
        return (":e", ":e") if self.around(edge) else self.ends

    def attributes(self, edge: Edge) -> dict[str, str]:
        """What an edge is told, by name."""
        found: dict[str, str] = {}
        if edge.carried or (edge.source in self.shared and self.upright):
            found["constraint"] = "false"
        if edge in self.level or (edge.target in self.roomy and edge.source in self.straight):
            found["minlen"] = "2"
        if edge in self.spine or (edge.source in self.straight and edge.target in self.straight):
            found["weight"] = "20"
        elif self.around(edge):
            found["weight"] = "0"
        return found


def hidden(edge: Edge) -> bool:
    """Whether an edge is not drawn: the frame, or the box, says that it is a loop."""
    return edge.carried and edge.source.cluster is edge.target.cluster


def _spine(picture: Picture) -> set[Edge]:
    depth: dict[Box, int] = {}
    best: dict[Box, Edge] = {}
    for edge in picture.edges:  # in topological order of their targets
        if edge.carried:
            continue
        reach = depth.get(edge.source, 0) + 1
        if edge.source.nodes and reach > depth.get(edge.target, 0):
            best[edge.target] = edge
        depth[edge.target] = max(depth.get(edge.target, 0), reach)
    found: set[Edge] = set()
    box = picture.output
    while box in best:
        found.add(best[box])
        box = best[box].source
    return found


def _level(edge: Edge) -> bool:
    a, b = edge.source, edge.target
    if edge.carried or not a.nodes or a.cluster is b.cluster:
        return False
    turns = all(box.cluster is not None and box.cluster.turn for box in (a, b))
    return turns and place(a.result) == place(b.result)


def _roomy(picture: Picture) -> set[Box]:
    """Boxes that leaves in the same frame lead to: these need a column before the box, inside the frame."""
    edges = (e for e in picture.edges if not e.source.nodes and e.source.cluster is not None)
    return {e.target for e in edges if e.source.cluster is e.target.cluster}
