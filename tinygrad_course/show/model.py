"""What a picture says, before anybody decides how it looks: boxes, edges, and the text in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ..core.node import Node
from .expr import Derivative, Expr
from .text import ELLIPSIS, value_text

Notation = Literal["d", "full"]
Role = Literal["input", "parameter", "constant", "computed", "output"]
Direction = Literal["LR", "TB", "BT"]
Kind = Literal["value", "layer", "step", "shared"]


@dataclass(slots=True, eq=False)
class Cluster:
    """A frame around boxes: the call of a module, a turn of a loop, or several of them folded into one.

    `label` names it, `note` says what the folded ones share, `turn` whether it is of a loop; `parent` is the frame
    around it, if any. `norms`: of the derivatives of the parameters in each of the folded ones, oldest first (empty if
    it is not folded, or without derivatives); `of` says what they are norms of.
    """

    key: str
    label: str
    parent: Cluster | None = None
    note: str = ""
    norms: tuple[float, ...] = ()
    of: str = ""
    turn: bool = False

    @property
    def around(self) -> list[Cluster]:
        """The frames around a thing in this one, this one first."""
        found: list[Cluster] = []
        inner: Cluster | None = self
        while inner is not None:
            found.append(inner)
            inner = inner.parent
        return found


@dataclass(slots=True, eq=False)
class Repeat:
    """What a box stands for that stands for several values alike: turns of a loop, or layers.

    `results` and `names` are those of all of them, oldest first. `norms` are of their derivatives (of the parameters
    of each, for a layer with any), empty without derivatives; `of` says what they are norms of: "dW". `note` says
    what they share.
    """

    results: tuple[Any, ...]
    names: tuple[str, ...]
    norms: tuple[float, ...] = ()
    of: str = ""
    note: str = ""

    @property
    def span(self) -> str:
        """`W2 … W11`: the first and the last."""
        ends = dict.fromkeys((self.names[0], self.names[-1]))
        return f" {ELLIPSIS} ".join(ends)


@dataclass(slots=True, eq=False)
class Box:
    """A value and how it was computed.

    `result` holds the value (a node, or an array that the user passed in); `nodes` are the recorded operations that
    the box stands for, oldest first (none for a leaf). `name` is what formulas call the result, `rest` the source after
    its name. `derivative` is the derivative of the output with respect to the result, None where there is none.
    `formula` says how an array of derivatives is computed, `paths` what adds up where a value is used more than once.

    `kind`: "layer" for the call of a module, or in a layer view for a statement, with the `parameters` that it uses
    (leaf boxes, in no other list); "step" for an operation between layers, named by what it does; "shared" for several
    leaves, in `parameters`, that are used together; "value" for all else. `repeat` is set where a box stands for
    several values alike: `result`, `nodes` and `derivative` are then those of one of them. `cluster` is the innermost
    frame around it.
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
    module: bool = False  # whether it is the call of a module, whose class `rest` is
    note: str = ""  # a word about the value, in small print
    computes: str = ""  # for a layer: what it computes from `x`, in terms of its parameters, where that is short
    kind: Kind = "value"
    parameters: tuple[Box, ...] = ()
    repeat: Repeat | None = None
    cluster: Cluster | None = None
    over: str = ""  # the output's name
    notation: Notation | None = None
    shapes: str = ""  # the check of the formula's shapes
    simple: Expr | None = None  # the derivative's formula in its simplest form, where that is simpler: `a - y`

    given: Any = None  # the array that the user gave, where a call laid it out anew, if it is known
    given_shape: tuple[int, ...] | None = None  # its shape, which is known more often

    @property
    def d(self) -> Expr:
        """What formulas call the derivative of the output with respect to the value: `dz`, or in full `∂J/∂z`."""
        return Derivative(self.name, self.over if self.notation == "full" else "")

    @property
    def ratio(self) -> str:
        """The same where it stands alone: `dJ/dz`, unless another notation was asked for."""
        if self.notation is not None:
            return self.d.text
        return f"{Derivative(self.over).text}/{self.d.text}"

    @property
    def equation(self) -> str:
        """`dL/dz`, or `dL/dz = a - y` where there is a formula as simple as that."""
        return self.ratio if self.simple is None else f"{self.ratio} = {self.simple.text}"

    @property
    def value(self) -> Any:
        return self.laid_out if self.given is None else self.given

    @property
    def laid_out(self) -> Any:
        """The value as the operations use it: a call of ours may lay an argument out in its own way."""
        return self.result.value if isinstance(self.result, Node) else self.result

    @property
    def value_words(self) -> str:
        """The value in a few words; none where only the windows that a call made of it are known."""
        return "" if self.given_shape is not None and self.given is None else value_text(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        if self.given_shape is not None:
            return self.given_shape
        return () if type(self.value) is tuple else tuple(getattr(self.value, "shape", ()))

    @property
    def single(self) -> bool:
        """Whether the value is one number, so that its derivative is one too."""
        return type(self.value) is not tuple and self.shape == ()

    @property
    def count(self) -> int:
        """How many values it stands for."""
        return len(self.repeat.results) if self.repeat is not None else 1


@dataclass(slots=True, eq=False)
class Edge:
    """`source` is used to compute `target`. `local` is the derivative of the target with respect to the source.

    `carried`: from one turn of a folded loop to the next, against the order of the boxes.
    """

    source: Box
    target: Box
    differentiable: bool
    local: Expr | None = None  # for numbers: the formula of the local derivative; for arrays: the contribution
    slope: Any = None  # the local derivative's value, where source and target are numbers
    contribution: Any = None  # what flows back: the target's derivative times the local one
    flow: Any = None  # the same for arrays too
    shapes: str = ""  # the check of the shapes in `local`: `(1, 400) @ (400, 4) = (1, 4)`
    carried: bool = False


@dataclass(slots=True, eq=False)
class Picture:
    """Boxes in topological order (but for carried edges), the edges between them, and what the heading says.

    `clusters`: the frames, outer ones before those inside. `direction`: which way values flow, "LR", "TB" or "BT".
    With ``between=`` the `output` need not be among the boxes.
    """

    title: str
    view: str
    boxes: list[Box]
    edges: list[Edge]
    output: Box
    derivatives: bool
    note: str = ""  # why something is not shown
    clusters: list[Cluster] = field(default_factory=list)
    direction: Direction = "LR"
    folded: bool = False  # whether what repeats itself was folded, if anything does
    brief: bool = False  # names, shapes and how large derivatives are; no source, no formulas
