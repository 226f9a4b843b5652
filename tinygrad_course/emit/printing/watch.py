"""What a function does while it is recorded, besides recording: names its values, asks for them, draws numbers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from sys import _getframe
from types import FrameType
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.node import Node
from ...core.position import _PACKAGE, describe, internal, place
from ...core.state import Scope, state
from ...tensor import Tensor


@contextmanager
def watched(name: str, nodes: list[Node], names: dict[int, tuple[str, Any]], looks: list[str]) -> Iterator[None]:
    """Note in a block every node that is recorded, what the user's functions call it, and where they ask for a value.

    Random numbers are refused: `name` is the function that draws them.
    """

    passed: set[int] = set()  # ids of what only a parameter names so far: its caller may have a better name

    def noticing(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code in LOOKS:
            _note_look(looks, frame)
        elif event == "return" and not internal[code.co_filename]:
            given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            for variable, x in frame.f_locals.items():
                if isinstance(x, Node | np.ndarray) and (id(x) not in names or id(x) in passed):
                    names[id(x)] = variable, x  # kept, so that the id stays its own
                    (passed.add if variable in given else passed.discard)(id(x))

    def drawing(rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        if isinstance(rng, int):
            return np.random.default_rng(rng).random(shape, dtype)  # a seed: the same numbers every time
        raise GraphError(
            f"source: {name} draws random numbers (dropout, say), and the printed text would have these ones "
            f"built in; put the model into eval() mode, or make the mask an argument{place(_getframe(1))}"
        )

    here = state.here
    scope = Scope("program", None, transparent=True)
    scope.watch = nodes.append
    before = sys.getprofile(), here.draws
    here.scope, here.draws = scope, drawing
    sys.setprofile(noticing)
    try:
        yield
    finally:
        sys.setprofile(before[0])
        here.draws = before[1]


LOOKS = {
    getattr(Tensor, name).__code__: text
    for name, text in {
        "__bool__": "branches on",
        "__float__": "takes a Python number from",
        "__int__": "takes a Python number from",
        "__index__": "takes a Python number from",
        "item": "takes a Python number from",
        "tolist": "takes Python numbers from",
        "__array__": "takes the plain array of",
        "numpy": "takes the plain array of",
    }.items()
}


def _note_look(looks: list[str], frame: FrameType) -> None:
    """Note that the user's code asked for a value, which the printed text would not ask for again."""
    caller = frame.f_back
    node = frame.f_locals.get("self")
    while caller is not None and internal[file := caller.f_code.co_filename] and not file.startswith(_PACKAGE):
        caller = caller.f_back  # NumPy's own Python code
    if caller is not None and not internal[caller.f_code.co_filename] and isinstance(node, Node) and node.requires_grad:
        line = describe(caller.f_code, caller.f_lasti)
        looks.append(f"{LOOKS[frame.f_code]} {node.called} ({line})")
