"""A program as lines of NumPy: which values get a line of their own, under which name, below which comment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...core.engine_ops import broadcast_to, guarded_product
from ...core.node import Node
from ...core.position import enclosing, statement
from ...core.primitive import pick
from ...ops.index import _indexed
from ...ops.powers import pow
from ...ops.shape import _permute_dims, _reshape
from ..program import Program, primitive_of, value_of
from .forward import numpy_name
from .helpers import MOST_PARTS, Helpers, array_text, number_text, ratio_text
from .naming import Names
from .table import numpy_text, repeats
from .texts import ATOM, PRODUCT, UNARY, Text, call, is_item, is_name, method

LONGEST = 48  # what is longer gets a line of its own instead of standing inside another expression
SHORT = 24  # a derivative that is used once, and is no longer, stands inside the expression that uses it
MOST_COMMENT = 100  # characters of the user's statement in a comment
VIEWS = {_permute_dims, _reshape, _indexed, broadcast_to}


@dataclass
class Line:
    """One line of the text, `name = text`, and the statement of the user's that it comes from."""

    name: str
    text: str
    comment: str = ""
    backward: bool = False
    target: int | None = None  # the number of the gradient that it computes


class Writer:
    """Goes through the steps of a program, keeping for each value the text that stands for it."""

    def __init__(self, program: Program, names: Names, helpers: Helpers) -> None:
        self.program = program
        self.names = names
        self.helpers = helpers
        self.texts: dict[Node, Text] = {}
        self.wanted: dict[Node, str] = {}  # forward values with a name of the user's
        self.forward: set[Node] = set()
        self.derivative_of: dict[Node, list[Node]] = {}  # backward value -> the forward values it is the derivative of
        self.used_in: dict[Node, str] = {}  # forward value -> the comment of the statement that uses it
        self.targets: dict[Node, list[int]] = {}  # backward value -> which gradients it is
        self.target_inputs: list[Node] = []
        self.target_names: list[str] = []
        self.lines: list[Line] = []
        self.guarded = False
        self.results: set[Node] = set()  # what the function returns
        self.uses = {node: len(users) for node, users in program.users().items()}

    # --- lines --------------------------------------------------------------------------------------------------------

    def write(self) -> None:
        picks: dict[Node, dict[int, Node]] = {}
        for node in self.program.steps:
            if node.op is pick:
                picks.setdefault(node.inputs[0], {})[node.params["index"]] = node
        for node in self.program.steps:
            if node.op is pick:
                continue
            if type(node.value) is tuple:
                self._unpacked(node, picks.get(node, {}))
            else:
                self._step(node)
        for y in self.program.outputs:
            self._named_output(y)

    def _step(self, node: Node) -> None:
        text = self._expression(node)
        name = self._own_name(node, text)
        if name is None:
            self.texts[node] = text
        else:
            self._line(node, name, text.text)

    def _line(self, node: Node, name: str, text: str) -> None:
        self.texts[node] = Text(name)
        numbers = self.targets.get(node, [])
        matching = [i for i in numbers if self.target_names[i] == name]
        target = matching[0] if matching else None
        backward = node not in self.forward
        comment = self._comment(node)
        if target is not None and node.op in VIEWS and np.ndim(node.value):
            text = self._fresh(node, text)
        self.lines.append(Line(name, text, comment, backward, target))
        self.lines += [self._alias(i, node, comment) for i in numbers if self.target_names[i] != name]

    def _alias(self, i: int, node: Node, comment: str) -> Line:
        """A gradient that is the very value of something else gets an array of its own."""
        text = self.texts[node]
        comment = self.used_in.get(self.target_inputs[i], comment)
        copied = method(text, "copy").text if np.ndim(node.value) and is_name(text.text) else text.text
        return Line(self.target_names[i], copied, comment, True, i)

    def _fresh(self, node: Node, text: str) -> str:
        """A view of something else as an array of its own."""
        if node.op is broadcast_to and not np.ndim(value_of(node.inputs[0])):
            inner = self._operand(node, 0)
            return call("np.full", [repr(tuple(np.shape(node.value))), inner]).text
        return f"{text}.copy()"

    def _unpacked(self, node: Node, parts: dict[int, Node]) -> None:
        """All results of an operation in one line, those that nobody uses under an underscore."""
        text = self._expression(node)
        names = []
        for i in range(len(node.value)):
            part = parts.get(i)
            name = "_" if part is None else self.names.fresh(self.wanted[part]) if part in self.wanted else None
            name = name or self.names.temporary()
            names.append(name)
            if part is not None:
                self.texts[part] = Text(name)
        comment = self._comment(next(iter(parts.values()), node))
        left = ", ".join(names) + ("," if len(names) == 1 else "")
        self.lines.append(Line(left, text.text, comment, node not in self.forward))
        for part in parts.values():
            self.lines += [self._alias(i, part, comment) for i in self.targets.get(part, [])]

    def _named_output(self, y: Node) -> None:
        """An output that no line computes: an input, a constant, or a result of several."""
        for i in self.targets.get(y, []):
            if not any(line.target == i for line in self.lines):
                if y not in self.texts:
                    self.texts[y] = self._constant(y.value, y)
                self.lines.append(self._alias(i, y, ""))

    def _own_name(self, node: Node, text: Text) -> str | None:
        """The name of the line that computes a step; None if its text stands where it is used."""
        if node in self.wanted:
            return self.names.fresh(self.wanted[node])
        named = next((f for f in self._derived_from(node) if f in self.texts and is_name(self.texts[f].text)), None)
        for i in self.targets.get(node, []) if node not in self.forward else ():
            passing = named in self.wanted and self.uses[node] > 1
            if named is not None and passing:
                return self.names.fresh(f"d{self.texts[named].text}")
            return self.target_names[i]
        if named is not None:
            single = self.uses[node] == 1 and len(text.text) <= SHORT
            return None if single else self.names.fresh(f"d{self.texts[named].text}")
        if node in self.results:
            return self.names.fresh("value")
        cheap = node.op is _permute_dims and text.text.endswith((".T", ".mT")) and is_name(text.text.partition(".")[0])
        cheap = cheap or (node.op is _indexed and len(node.inputs) == 1 and is_item(text.text))
        if (self.uses[node] > 1 and not cheap) or node in self.targets or len(text.text) > LONGEST:
            return self.names.temporary()
        return None

    def _derived_from(self, node: Node) -> list[Node]:
        """The forward values that a step is the derivative of: those that the user named first, then the latest."""
        found = self.derivative_of.get(node, [])
        return sorted(found, key=lambda f: f not in self.wanted)

    def _comment(self, node: Node) -> str:
        if node in self.forward:
            return place_of(node)
        return next((self.used_in[f] for f in self._derived_from(node) if f in self.used_in), "")

    # --- expressions ------------------------------------------------------------------------------------------------

    def _expression(self, node: Node) -> Text:
        op = primitive_of(node)
        self.guarded |= op is guarded_product
        again = repeats(op)
        for i, x in enumerate(node.inputs):
            if i < len(again) and again[i] and isinstance(x, Node) and not is_name(self.texts.get(x, Text("x")).text):
                self._line(x, self.names.temporary(), self.texts[x].text)
        return numpy_text(self.helpers, node, [self._operand(node, i) for i in range(len(node.inputs))])

    def _operand(self, node: Node, i: int) -> Text:
        x = node.inputs[i]
        if isinstance(x, Node):
            if x in self.texts:
                return self.texts[x]
            return self._constant(x.value, x, node, i)
        if isinstance(x, np.ndarray | np.generic):
            return self._constant(x, node, node, i)
        ratio = ratio_text(x) if type(x) is float else None
        if ratio is not None:
            return Text(ratio, PRODUCT)
        return _signed(number_text(x) if isinstance(x, int | float) else repr(x))

    def _constant(self, value: Any, where: Node, node: Node | None = None, i: int = 0) -> Text:
        """A constant: a Python number where that gives the same result, else with its dtype."""
        if node is not None and node.op is pow and type(value) is np.ndarray and not value.ndim:
            return Text(f"np.array({array_text(value)})")  # NumPy has another power for scalars
        value = np.asarray(value)
        plain = _as_number(node, i, value) if node is not None else None
        if plain is not None:
            return plain
        text = array_text(value)
        if len(text) > LONGEST:
            name, user = self.names.temporary(), where if node is None else node
            comment = place_of(user) if user in self.forward else ""
            self.lines.append(Line(name, text, comment, bool(self.lines) and self.lines[-1].backward))
            text = name
        return Text(text)


def _simple(a: Any) -> bool:
    """Whether an array is all the same number, and so short as text."""
    return bool((a == a.flat[0]).all())


def _as_number(node: Node, i: int, value: Any) -> Text | None:
    """A constant as a bare Python number; None where NumPy would then give another dtype, shape or value."""
    op = primitive_of(node)
    if numpy_name(op.forward) is None and op is not guarded_product:
        return None
    if not value.size or not _simple(value) or (np.signbit(value).any() if value.flat[0] == 0 else False):
        return None
    others = [value_of(x) for k, x in enumerate(node.inputs) if k != i and x is not None]
    arrays = [x for x in others if isinstance(x, np.ndarray | np.generic)]
    if not arrays or type(node.value) is tuple:
        return None
    if value.ndim and np.broadcast_shapes(*(np.shape(x) for x in arrays)) != np.shape(node.value):
        return None
    if op.name == "matmul":
        return None
    number = value.flat[0].item()
    numbers = [x for x in others if not isinstance(x, np.ndarray | np.generic)]
    kinds = [x.dtype for x in arrays]
    common = np.result_type(*kinds, number, *numbers)
    if common != np.result_type(*kinds, value.dtype, *numbers) or value.dtype.kind == "b":
        return None
    if common.kind == "f" and common.type(number) != common.type(value.flat[0]):
        return None
    return _number(value.flat[0], common)


def _number(x: Any, common: Any) -> Text:
    """A number found by folding constants: as 1 / n where it is that."""
    whole = round(1 / abs(float(x))) if x and abs(float(x)) < 1 else 0
    if 1 < whole <= MOST_PARTS and x.dtype.kind == "f" and common.type((-1 if x < 0 else 1) / whole) == common.type(x):
        return Text(f"{'-' if x < 0 else ''}1 / {whole}", PRODUCT)
    text = number_text(x)
    if x.dtype.kind == "f" and common.type(float(text) if text[-1].isdigit() or text[-1] == "." else x) != common.type(
        x
    ):
        text = repr(float(x))
    return _signed(text)


def _signed(text: str) -> Text:
    return Text(text, UNARY if text.startswith("-") else ATOM)


def place_of(node: Node) -> str:
    """The user's statement, with its line: ``line 12: Z = W @ X``."""
    if node.code is None:
        return ""
    found = statement(node.code, node.lasti)
    if found is None or enclosing(node.code, node.lasti) is None:
        return ""
    text = " ".join(found.text.split())
    text = text if len(text) <= MOST_COMMENT else text[: MOST_COMMENT - 3] + "..."
    return f"line {found.line}: {text}" if text else f"line {found.line}"


def ordered(lines: Sequence[Line]) -> list[Line]:
    """Backward lines with the gradients of one statement first, in the order of the arguments, where possible."""
    lines = _adopted(lines)
    answer: list[Line] = []
    start = 0
    for end in range(1, len(lines) + 1):
        if end == len(lines) or _group(lines[end]) != _group(lines[start]):
            group = list(lines[start:end])
            answer += _sorted(group) if group[0].backward and len(group) <= 50 else group
            start = end
    return answer


def _group(line: Line) -> tuple[str, bool]:
    return line.comment, line.backward


def _adopted(lines: Sequence[Line]) -> list[Line]:
    """The lines, those without a comment below the one of the next line that has one."""
    answer: list[Line] = []
    following = ""
    for line in reversed(lines):
        following = line.comment or (following if line.backward else "")
        answer.append(replace(line, comment=following))
    return answer[::-1]


def _sorted(group: list[Line]) -> list[Line]:
    """A group of lines by priority, each after those that it uses."""
    left = sorted(group, key=lambda line: (line.target is None, line.target or 0))
    order = {id(line): i for i, line in enumerate(group)}
    first = min((order[id(line)] for line in group if line.target is not None), default=len(group))
    placed: list[Line] = [line for line in group if order[id(line)] < first and line.target is None]
    left = [line for line in left if not any(line is other for other in placed)]
    while left:
        missing = {name for line in left for name in _words(line.name)}
        for line in left:
            if not missing.difference(_words(line.name)) & _words(line.text):
                placed.append(line)
                left.remove(line)
                break
    return placed


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))
