"""Long runs of operations on single numbers, as data: a loop over op codes, since so many statements would not compile.

A register for every number: first those from elsewhere and the constants, then one for each operation's result. An
operation is three integers: its code and the registers of its operands. Only the operations that a program uses appear
in its interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.node import Node
from ...core.primitive import Primitive
from ..program import primitive_of
from .elementwise import FLOATS, POWERS
from .values import Buffer, Value, View, packed

if TYPE_CHECKING:
    from .lowering import Lowering

LEAST = 1000  # operations in a row that are worth a tape
NUMBERS = (float, int, np.float64)

INTERPRETER = """

@njit(error_model="numpy")
def tape{number}(codes, registers, count, first):
    for i in range(count):
        code = peek(codes, 3 * i)
        a = peek(registers, int64(peek(codes, 3 * i + 1)))
        b = peek(registers, int64(peek(codes, 3 * i + 2)))
{branches}
        poke(registers, first + i, y)
"""


def text_of(node: Node, known: dict[str, Primitive]) -> str | None:
    """What a step does to the numbers `a` and `b`; None if it cannot be on a tape."""
    op = primitive_of(node)
    if known.get(op.name) is not op or node.params or type(node.value) is not np.float64:
        return None
    if not all(_is_number(x) for x in node.inputs):
        return None
    found = FLOATS.get(op.name)
    if op.name == "pow":
        exponent = node.inputs[1]
        plain = not isinstance(exponent, Node) and float(exponent) in POWERS
        found = POWERS[float(exponent)] if plain else found
    if found is None or "erf" in found[0]:
        return None
    return found[0].replace("#", "64").replace("T(", "float64(").format("a", "b")


def _is_number(x: Any) -> bool:
    return type(x.value if isinstance(x, Node) else x) in NUMBERS


def runs(steps: tuple[Node, ...], known: dict[str, Primitive]) -> list[tuple[int, int, list[str]]]:
    """Where long runs of such steps begin and end, and their texts."""
    if len(steps) < LEAST:
        return []
    found = []
    start, texts = 0, []
    for i in range(len(steps) + 1):
        text = text_of(steps[i], known) if i < len(steps) else None
        if text is not None:
            texts.append(text)
            continue
        if len(texts) >= LEAST:
            found.append((start, i, texts))
        start, texts = i + 1, []
    return found


def lower(low: Lowering, steps: tuple[Node, ...], texts: list[str]) -> None:
    """Put `steps` on a tape; `low.taped` then knows the register of each."""
    given: dict[Any, int] = {}  # what comes from elsewhere -> its register
    own = {node: i for i, node in enumerate(steps)}
    for node in steps:
        for x in node.inputs:
            if not (isinstance(x, Node) and x in own):
                given.setdefault(_key(x), len(given))
    first = len(given)
    codes = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    table = np.zeros((len(steps), 3), np.int32)
    for i, (node, text) in enumerate(zip(steps, texts, strict=True)):
        places = [first + own[x] if isinstance(x, Node) and x in own else given[_key(x)] for x in node.inputs]
        table[i] = codes[text], places[0], places[-1]
    registers = Buffer(
        np.dtype(np.float64), first + len(steps), content=_constants(given, first + len(steps)), lasting=True
    )
    for (what, x), place in given.items():
        if what == "node":
            value = low.operand(x)
            if value.number is None:
                low.put(value, View(registers, (), (), place))
            else:
                registers.content[place] = value.number
    program = Buffer(np.dtype(np.int32), table.size, content=table.reshape(-1), lasting=True)
    call = f"tape{len(low.interpreters)}({{0}}, {{1}}, {len(steps)}, {first})"
    step = low.call([call], [packed(program, (table.size,)), packed(registers, (first + len(steps),))])
    low.interpreters.append(_interpreter(len(low.interpreters), codes))
    for node, i in own.items():
        low.taped[node] = (registers, first + i, step.position)


def _key(x: Any) -> tuple[str, Any]:
    return ("node", x) if isinstance(x, Node) else ("number", float(x).hex())


def _constants(given: dict[Any, int], size: int) -> Any:
    content = np.zeros(size)
    for (what, x), place in given.items():
        if what == "number":
            content[place] = float.fromhex(x)
    return content


def _interpreter(number: int, codes: dict[str, int]) -> str:
    lines = []
    for text, code in codes.items():
        lines += [f"        {'if' if code == 0 else 'elif'} code == {code}:", f"            y = {text}"]
    if len(codes) == 1:
        lines = [f"        y = {text}" for text in codes]
    else:
        lines[-2] = "        else:"
    return INTERPRETER.format(number=number, branches="\n".join(lines))


def value_of(low: Lowering, node: Node) -> Value:
    """The value of a step that is on a tape."""
    registers, place, position = low.taped[node]
    return Value((), np.dtype(np.float64), view=View(registers, (), (), place), ready=position)
