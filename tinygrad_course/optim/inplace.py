"""An update rule, compiled to write into its arguments.

A rule is a pure function on arrays. As it stands, each of its operations makes a new array, and fresh memory costs more
than the arithmetic: six times as much for an Adam step of 400 000 parameters. So the rule is run once on Tensors, which
records it as a graph, and the graph is written down again as NumPy calls with ``out=`` arguments: the same operations
in the same order, hence the same bits, in place and with one or two arrays of spare memory.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import GraphError
from ..core.node import Node
from ..core.position import internal
from ..core.reverse import ancestors
from ..core.state import recording_everything
from ..tensor import Tensor

Rule = Callable[..., Any]
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "pow": "**"}
_serial = count(1).__next__


class Program(NamedTuple):
    """A rule for one choice of present state arrays, switches and numbers that are not zero.

    `update(p, g, state, numbers, spare)` writes the new values into `p` and into the arrays of the dict `state`;
    `numbers(**settings)` are the Python floats it needs, as NumPy would compute them along the way;
    `spares`: how many arrays like `p` it needs as scratch; `makes`: entries of `state` that it fills but does not read.
    """

    update: Callable[..., None]
    numbers: Callable[..., tuple[float, ...]]
    spares: int
    makes: tuple[str, ...]
    source: str


def state_names(rule: Rule) -> tuple[str, ...]:
    """What `rule` keeps from step to step: its positional arguments after the parameter and the gradient."""
    names = [n for n, x in signature(rule).parameters.items() if x.kind is Parameter.POSITIONAL_OR_KEYWORD]
    return tuple(names[2:])


def setting_names(rule: Rule) -> tuple[str, ...]:
    """The numbers and switches that `rule` takes: its keyword-only arguments."""
    return tuple(n for n, x in signature(rule).parameters.items() if x.kind is Parameter.KEYWORD_ONLY)


_programs: dict[Any, Program] = {}


def in_place(rule: Rule, present: tuple[str, ...], settings: Mapping[str, Any]) -> Program:
    """The program of `rule` where the state arrays `present` exist (others are None), for numbers like `settings`.

    A rule may ask whether a number is zero, and whether a state array is None; programs are made per answer.
    """
    key = (rule, present, tuple(_pattern(x) for x in settings.values()))
    program = _programs.get(key)
    if program is None:
        program = _programs[key] = _compile(rule, present, settings)
    return program


def _pattern(x: Any) -> Any:
    """What of a setting is built into a program: all of a switch, of a number only whether it is zero."""
    if isinstance(x, tuple):
        return tuple(map(_pattern, x))
    return ("number", x != 0) if _is_number(x) else x


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool)


def _placeholder(x: Any, text: str, texts: dict[Node, str]) -> Any:
    """A Tensor for a number, noted in `texts` as what stands for it in source; zeros and switches as they are."""
    if isinstance(x, tuple):
        return tuple(_placeholder(part, f"{text}[{i}]", texts) for i, part in enumerate(x))
    if not _is_number(x) or x == 0:
        return x
    node = Tensor(float(x), requires_grad=True)
    texts[node] = text
    return node


def _compile(rule: Rule, present: tuple[str, ...], settings: Mapping[str, Any]) -> Program:
    kept = state_names(rule)
    scalars: dict[Node, str] = {}
    arrays = {name: Tensor(np.ones(2), requires_grad=True) for name in ("p", "g", *present)}
    with recording_everything(), np.errstate(all="ignore"):
        numbers = {name: _placeholder(x, name, scalars) for name, x in settings.items()}
        results = rule(arrays["p"], arrays["g"], *(arrays.get(name) for name in kept), **numbers)
    targets = {n: y for n, y in zip(("p", *kept), results, strict=True) if y is not None and y is not arrays.get(n)}
    recorded = ancestors(targets.values())[0][::-1]
    for node in recorded:
        if all(x in scalars for x in node.inputs if isinstance(x, Node)):
            scalars[node] = _formula(node, scalars)
    writer = _Writer(scalars, {node: name for name, node in arrays.items()})
    writer.write([node for node in recorded if node not in scalars], targets)
    used = [name for name in kept if name in present or name in targets]
    source = _source(rule.__name__, used, tuple(settings), writer)
    update, values = _run(source, rule.__name__)
    return Program(update, values, writer.spares, tuple(n for n in used if n not in present), source)


def _formula(node: Node, texts: Mapping[Node, str]) -> str:
    """An operation on numbers, in Python."""
    operands = [texts[x] if isinstance(x, Node) else repr(x) for x in node.inputs]
    name = node.op.name  # type: ignore[union-attr]
    if name == "negative":
        return f"(-{operands[0]})"
    if name not in SIGNS:
        raise GraphError(f"an update rule applies {name} to a number; only + - * / ** have a meaning there")
    return f"({operands[0]} {SIGNS[name]} {operands[1]})"


class _Writer:
    """Lines of NumPy calls for a list of operations, each with the place where its result goes."""

    def __init__(self, scalars: dict[Node, str], places: dict[Node, str]) -> None:
        self.scalars = scalars
        self.places = places  # where each array is
        self.held = {name: node for node, name in places.items()}  # the old value in each named place
        self.numbers: dict[str, str] = {}  # formula -> name
        self.functions: set[str] = set()
        self.lines: list[str] = []
        self.free: list[str] = []
        self.spares = 0

    def write(self, steps: list[Node], targets: dict[str, Node]) -> None:
        last = {x: i for i, node in enumerate(steps) for x in node.inputs if isinstance(x, Node)}
        last |= {y: len(steps) for y in targets.values() if y in self.places}  # an old value that is kept as it is
        wanted = {node: name for name, node in reversed(targets.items())}
        for i, node in enumerate(steps):
            function = node.op.forward  # type: ignore[union-attr]
            if not isinstance(function, np.ufunc):
                name = node.op.name  # type: ignore[union-attr]
                raise GraphError(f"an update rule uses {name}, which cannot write in place; use elementwise functions")
            operands = [self._operand(x) for x in node.inputs]
            dying = sorted({self.places[x] for x in node.inputs if self._is_spare(x) and last.get(x) == i})
            place = wanted.get(node)
            if place is None or (place in self.held and last.get(self.held[place], -1) > i):  # the old value is needed
                place = dying.pop() if dying else self.free.pop() if self.free else self._spare()
            self.free.extend(dying)
            if node in wanted:
                last[node] = len(steps)
            self.places[node] = place
            self.functions.add(function.__name__)
            self.lines.append(f"{function.__name__}({', '.join(operands)}, out={place})")
        for name, node in sorted(targets.items(), key=lambda target: target[1].op is not None):  # old values first
            if self.places[node] != name:
                self.functions.add("copyto")
                self.lines.append(f"copyto({name}, {self.places[node]})")

    def _operand(self, x: Any) -> str:
        if isinstance(x, Node) and x in self.places:
            return self.places[x]
        formula = self.scalars[x] if isinstance(x, Node) else repr(x)
        return self.numbers.setdefault(formula, f"n{len(self.numbers)}")

    def _is_spare(self, x: Any) -> bool:
        return isinstance(x, Node) and x in self.places and self.places[x] not in self.held and x.op is not None

    def _spare(self) -> str:
        self.spares += 1
        return f"s{self.spares - 1}"


def _source(name: str, used: list[str], settings: tuple[str, ...], writer: _Writer) -> str:
    values = "".join(f"\n        {formula}," for formula in writer.numbers)
    unpack = [f'{entry} = state["{entry}"]' for entry in used]
    if writer.numbers:
        unpack.append(f"{', '.join(writer.numbers.values())}, = numbers")
    if writer.spares:
        unpack.append(f"{', '.join(f's{i}' for i in range(writer.spares))}, = spare")
    body = "\n    ".join([*unpack, *writer.lines])
    return (
        f"from numpy import {', '.join(sorted(writer.functions))}\n\n\n"
        f"def numbers({', '.join(settings)}):\n    return ({values}\n    )\n\n\n"
        f"def {name}(p, g, state, numbers, spare):\n    {body}\n"
    )


def _run(source: str, name: str) -> tuple[Any, Any]:
    """The functions of `source`, which tracebacks can show."""
    filename = f"<{name} in place, {_serial()}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    internal[filename] = True  # its lines are not the user's
    space: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), space)
    return space[name], space["numbers"]
