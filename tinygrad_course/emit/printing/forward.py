"""An operation as NumPy text, worked out from its forward function.

A NumPy function prints as its call; a one-line function as its body, its arguments replaced; any other as a call of
itself, its own Python source being included in the text once.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.node import Node
from ...core.primitive import Primitive
from ..program import primitive_of, value_of
from . import texts
from .helpers import Helpers, lambda_of, literal
from .texts import Template, Text, call


def from_forward(helpers: Helpers, node: Node, parts: list[Text]) -> Text:
    op = primitive_of(node)
    params = {k: literal(v) for k, v in node.params.items()}
    if any(v is None for v in params.values()):
        raise _no_text(op, node)
    name = numpy_name(op.forward)
    if name is not None:
        return call(name, parts, params)
    found = template_of(op)
    if found is None:
        forward = inspect.unwrap(op.forward)
        return _result(op, node, call(helpers.function(forward, f"the operation {op.name}", op.name), parts, params))
    tree, plain = found
    around = helpers.globals_of(op.forward, f"the operation {op.name}")
    renamed = texts.template(tree, lambda n: around.get(n, n)) if around.keys() - {"np"} else plain
    values = dict(zip((a.arg for a in tree.args.args), parts, strict=False))
    if tree.args.vararg is not None:
        return Text(renamed.filled({**values, **_params(params)}).text)
    return _tidied(renamed.filled({**_defaults(op), **values, **_params(params)}), node)


def _params(params: dict[str, str | None]) -> dict[str, Text]:
    return {k: Text(v or "", texts.UNARY if v and v.startswith("-") else texts.ATOM) for k, v in params.items()}


def _defaults(op: Primitive) -> dict[str, Text]:
    found = inspect.signature(op.forward).parameters.values()
    return _params({p.name: literal(p.default) for p in found if p.default is not p.empty})


def _tidied(text: Text, node: Node) -> Text:
    """The text without what does nothing for arrays of this shape, or for a tuple that is taken apart."""
    words = text.text
    if words.endswith("[()]") and np.ndim(node.value):
        words = words.removesuffix("[()]")
    if type(node.value) is tuple and words.startswith("tuple(") and words.endswith(")"):
        words = words.removeprefix("tuple(").removesuffix(")")
    return Text(words, text.level)


def _result(op: Primitive, node: Node, text: Text) -> Text:
    """A call of a user's own function, whose result may be a Python number or a list: made an array."""
    forward = inspect.unwrap(op.forward)
    if forward is op.forward:
        return text  # ours
    value = forward(*map(value_of, node.inputs), **node.params)
    parts = value if type(value) is tuple else (value,)
    if (type(value) is tuple) == (type(node.value) is tuple) and all(
        isinstance(v, np.generic | np.ndarray) for v in parts
    ):
        return text
    if type(node.value) is tuple:
        return Text(f"tuple(np.asarray(part)[()] for part in {text.text})")
    return Text(f"np.asarray({text.text})[()]")


def numpy_name(f: Any) -> str | None:
    """``np.exp`` for NumPy's own functions, None for all others."""
    if isinstance(f, np.ufunc):
        return f"np.{f.__name__}"
    module = getattr(f, "__module__", None) or ""
    if module in ("numpy", "numpy.linalg") and getattr(f, "__name__", "") not in ("reduce", "<lambda>"):
        return f"{module.replace('numpy', 'np', 1)}.{f.__name__}"
    return None


@lru_cache(maxsize=512)
def template_of(op: Primitive) -> tuple[Any, Template] | None:
    """The lambda that an operation runs, and its template; None if it is none, or holds values from around it."""
    code = getattr(op.forward, "__code__", None)
    if code is None or code.co_name != "<lambda>" or code.co_freevars:
        return None
    tree = lambda_of(op.forward)
    if tree is None or tree.args.vararg is not None:
        return None
    return tree, texts.template(tree, lambda n: n)


def _no_text(op: Primitive, node: Node) -> Exception:
    return GraphError(
        f"source: {op.name} has a parameter that cannot be written down as Python: "
        f"{', '.join(f'{k}={v!r}' for k, v in node.params.items() if literal(v) is None)} ({node.where})"
    )
