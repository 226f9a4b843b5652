"""What a picture says, before anybody decides how it looks: boxes, edges, and the text in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ..core.node import Node
from .expr import Expr

Role = Literal["input", "parameter", "constant", "computed", "output"]


@dataclass(slots=True, eq=False)
class Box:
    """A value and how it was computed.

    `result` holds the value (a node, or an array that the user passed in); `nodes` are the recorded operations that
    the box stands for, oldest first (none for a leaf). `name` is what formulas call the result, `rest` the source after
    its name. `derivative` is the derivative of the output with respect to the result, None where there is none.
    `formula` says how an array of derivatives is computed, `paths` what adds up where a value is used more than once.
    """

    key: str
    role: Role
    name: str
    rest: str
    result: Any
    nodes: tuple[Node, ...] = ()
    symbol: Expr = field(default_factory=lambda: Expr(""))
    derivative: Any = None
    formula: str = ""
    paths: str = ""
    where: str = ""
    titled: bool = True  # whether the name stands before the source, as in `z = w*x`

    @property
    def value(self) -> Any:
        return self.result.value if isinstance(self.result, Node) else self.result

    @property
    def shape(self) -> tuple[int, ...]:
        return () if type(self.value) is tuple else tuple(getattr(self.value, "shape", ()))

    @property
    def single(self) -> bool:
        """Whether the value is one number, so that its derivative is one too."""
        return type(self.value) is not tuple and self.shape == ()


@dataclass(slots=True, eq=False)
class Edge:
    """`source` is used to compute `target`. `local` is the derivative of the target with respect to the source."""

    source: Box
    target: Box
    differentiable: bool
    local: Expr | None = None  # for numbers: the formula of the local derivative; for arrays: the contribution
    slope: Any = None  # the local derivative's value, where source and target are numbers
    contribution: Any = None  # what flows back: the target's derivative times the local one


@dataclass(slots=True, eq=False)
class Picture:
    """Boxes in topological order, the edges between them, and what the heading says."""

    title: str
    view: str
    boxes: list[Box]
    edges: list[Edge]
    output: Box
    derivatives: bool
    note: str = ""  # why something is not shown
