"""What recording a function and its gradient gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.node import Node
from ..program import Program


@dataclass
class Argument:
    """One argument of the function: its name, and for each of its leaves the input that stands for it, or None.

    `paths`: how Python reaches each leaf (``['W1']``); `tree`: the structure, with the example values in it.
    """

    name: str
    tree: Any
    paths: list[str]
    inputs: list[Node | None]


@dataclass
class Derived:
    """A recorded function. All inputs of the program are those of `arguments`, then `captured`, then `data`.

    `captured`: Tensors that require a gradient and that the function uses without taking them (a model's parameters).
    `data`: leaves for arrays that it uses without taking them; `origins`: for those that the function could not be led
    to by name, the operation that uses each first, and as which operand.
    `constants`: leaves for arrays that are short enough to be written down.
    `paths`: by what name the program reaches a node of these, where it is known.
    `stand_ins`: the leaves that were there in place of arrays, by the id of the array.
    `targets`: the inputs that the gradient is taken for; `gradients` has a node for each that the result depends on.
    `cotangents`: the derivative of the result by any forward node on the way.
    `forward`: all nodes that the function recorded, also those that nothing depends on.
    `locals`: what the user's functions called a node or an array when they returned, by its id, and the thing itself;
    `looks`: where they asked for a value.
    """

    name: str
    arguments: list[Argument] = field(default_factory=list)
    captured: list[Node] = field(default_factory=list)
    data: list[Node] = field(default_factory=list)
    constants: list[Node] = field(default_factory=list)
    origins: dict[Node, tuple[Node, int]] = field(default_factory=dict)
    paths: dict[Node, str] = field(default_factory=dict)
    stand_ins: dict[int, Node] = field(default_factory=dict)
    outputs: list[Node] = field(default_factory=list)
    output_tree: Callable[[Sequence[Any]], Any] = tuple
    targets: list[Node] = field(default_factory=list)
    cotangents: dict[Node, Node] = field(default_factory=dict)
    forward: list[Node] = field(default_factory=list)
    locals: dict[int, tuple[str, Any]] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> list[Node]:
        given = [x for argument in self.arguments for x in argument.inputs if x is not None]
        return [*given, *self.captured, *self.data]

    @property
    def gradients(self) -> list[Node | None]:
        return [self.cotangents.get(x) for x in self.targets]

    def program(self, *more: Node) -> Program:
        """The outputs, the gradients there are, and `more`, from the inputs."""
        found = [g for g in self.gradients if g is not None]
        return Program.of(self.inputs, [*self.outputs, *found, *more])
