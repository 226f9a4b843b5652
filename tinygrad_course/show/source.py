"""What the user's source says about a recorded operation: its expression, its target, its operands' names."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Sequence
from functools import lru_cache
from types import CodeType

from ..core.node import Node
from ..core.position import enclosing, remembered, span
from ..core.primitive import pick
from .text import code_text

_LOOPED = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


@remembered
def expression(code: CodeType, lasti: int) -> ast.expr | ast.stmt | None:
    """The piece of syntax that an instruction carries out; an augmented assignment is carried out whole."""
    statement = enclosing(code, lasti)
    place = span(code, lasti)
    if statement is None or place.column is None:
        return None
    return _places(statement).get(tuple(place))


@lru_cache(maxsize=256)
def _places(statement: ast.stmt) -> dict[tuple[int | None, ...], ast.expr | ast.stmt]:
    """The expressions of a statement by their place in the source; the outermost where two begin and end together."""
    found: dict[tuple[int | None, ...], ast.expr | ast.stmt] = {}
    for tree in ast.walk(statement):
        if isinstance(tree, ast.expr | ast.AugAssign):
            found.setdefault((tree.lineno, tree.end_lineno, tree.col_offset, tree.end_col_offset), tree)
    return found


def of(node: Node) -> ast.expr | ast.stmt | None:
    return None if node.code is None else expression(node.code, node.lasti)


def place(node: Node) -> tuple[object, ...]:
    """Where in the source a node was made: the same in every turn of a loop.

    Not its instruction: Python numbers a call another way once it has become fast.
    """
    code = node.code
    return (code and code.co_filename, *(span(code, node.lasti) if code is not None else ()))


def source_text(node: Node) -> str:
    """The source of the expression that made `node`, on one line as written where it fits one."""
    tree = of(node)
    if tree is None or node.code is None:
        return ""
    if isinstance(tree, ast.AugAssign):
        return ast.unparse(ast.BinOp(tree.target, tree.op, tree.value))
    lines = linecache.getlines(node.code.co_filename)[tree.lineno - 1 : tree.end_lineno]
    text = ast.get_source_segment("".join(lines), _moved_up(tree)) or "" if lines else ""
    if len(lines) <= 1:
        return text
    return ast.unparse(tree) if any(c in text for c in "#'\"\\") else " ".join(text.split())


def _moved_up(tree: ast.expr | ast.stmt) -> ast.expr:
    """An empty node at the place of `tree` in source that starts with its first line."""
    last = (tree.end_lineno or tree.lineno) - tree.lineno + 1
    return ast.Constant(0, lineno=1, col_offset=tree.col_offset, end_lineno=last, end_col_offset=tree.end_col_offset)


def assigned(node: Node) -> str | None:
    """What the program assigns a value to: `z`, `self.W`, `cache['A1']`; None if nothing."""
    index = node.params["index"] if node.op is pick else None  # one of several results: `q` in `q, r = qr(A)`
    if node.code is None:
        return None
    return _assigned(node.code, node.lasti) if index is None else _assigned_part(node.code, node.lasti, index)


@remembered
def _assigned(code: CodeType, lasti: int) -> str | None:
    return _assigned_part(code, lasti, None)


def _assigned_part(code: CodeType, lasti: int, index: int | None) -> str | None:
    tree, statement = expression(code, lasti), enclosing(code, lasti)
    if tree is None or statement is None:
        return None
    if isinstance(tree, ast.AugAssign):
        return target_text(tree.target)
    for part in _places(statement).values():
        if isinstance(part, ast.NamedExpr) and part.value is tree:
            return part.target.id
    if isinstance(statement, ast.Assign):
        place = statement.targets[0]
        if index is not None and statement.value is tree and isinstance(place, ast.Tuple | ast.List):
            return target_text(place.elts[index]) if index < len(place.elts) else None
        if isinstance(place, ast.Tuple | ast.List) and statement.value is tree:
            return None  # one of several results, but which?
        return _matched(place, statement.value, tree)
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return _matched(statement.target, statement.value, tree)
    return None


def unpacked(node: Node, place: Sequence[int]) -> str | None:
    """The target that one of the results of a call goes to: of ``out, (h, c) = lstm(x)`` `c` at place (1, 1)."""
    tree = of(node)
    statement = enclosing(node.code, node.lasti) if node.code is not None else None
    if not isinstance(statement, ast.Assign) or statement.value is not tree:
        return None
    target = statement.targets[0]
    for i in place:
        if not isinstance(target, ast.Tuple | ast.List) or i >= len(target.elts):
            return None
        target = target.elts[i]
    return target_text(target) if isinstance(target, ast.Name | ast.Attribute | ast.Subscript) else None


def returned(node: Node) -> str | None:
    """`f()` where the node is what function `f` returns."""
    tree = of(node)
    if tree is None or node.code is None:
        return None
    statement = enclosing(node.code, node.lasti)
    return f"{node.code.co_name}()" if isinstance(statement, ast.Return) and statement.value is tree else None


def _matched(place: ast.expr, value: ast.expr, tree: ast.AST) -> str | None:
    """Which part of the target `place` the expression `tree`, somewhere in `value`, goes to."""
    if value is tree:
        return target_text(place)
    parts: list[tuple[ast.expr, str]] = []
    if isinstance(value, ast.Tuple | ast.List):
        if isinstance(place, ast.Tuple | ast.List):
            starred = any(isinstance(e, ast.Starred) for e in (*place.elts, *value.elts))
            if len(place.elts) == len(value.elts) and not starred:
                found = (_matched(p, v, tree) for p, v in zip(place.elts, value.elts, strict=True))
                return next((text for text in found if text), None)
            return None
        parts = [(v, str(i)) for i, v in enumerate(value.elts)]
    elif isinstance(value, ast.Dict):
        parts = [(v, ast.unparse(k)) for k, v in zip(value.keys, value.values, strict=True) if k is not None]
    elif isinstance(value, _LOOPED) and value.elt is tree:
        return target_text(place)
    text = target_text(place)
    return next((f"{text}[{key}]" for part, key in parts if part is tree), None)


def target_text(place: ast.expr) -> str:
    """What a target of an assignment is called: `z`, `W` for `self.W`."""
    text = ast.unparse(place)
    return text.removeprefix("self.")


def operand(node: Node, position: int) -> ast.expr | None:
    """The source of one positional operand of an operation; None where the source does not show it."""
    tree = of(node)
    if isinstance(tree, ast.BinOp):
        return (tree.left, tree.right)[position] if position < 2 else None
    if isinstance(tree, ast.AugAssign):
        return (tree.target, tree.value)[position] if position < 2 else None
    if isinstance(tree, ast.UnaryOp):
        return tree.operand
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        return (tree.left, tree.comparators[0])[position] if position < 2 else None
    if isinstance(tree, ast.Subscript):
        return (tree.value, tree.slice)[position] if position < 2 else None
    if isinstance(tree, ast.Attribute):
        return tree.value if position == 0 else None
    if isinstance(tree, ast.Call):
        return _argument(tree, position, len(node.inputs))
    return None


def _argument(tree: ast.Call, position: int, count: int) -> ast.expr | None:
    """An operand of a call: of a function by position, of a method with the object in front."""
    arguments = list(tree.args)
    if isinstance(tree.func, ast.Attribute) and not _is_module(tree.func.value):
        arguments.insert(0, tree.func.value)
    if any(isinstance(a, ast.Starred) for a in arguments) or position >= len(arguments):
        return None
    return arguments[position]


def arguments(node: Node) -> dict[str, ast.expr]:
    """The arguments of the user's call by their text, the positional ones first; without plain numbers and words."""
    tree = of(node)
    if not isinstance(tree, ast.Call):
        return {}
    given = [*tree.args, *(k.value for k in tree.keywords)]
    return {argument_text(a): a for a in given if not isinstance(a, ast.Constant | ast.Starred)}


def argument_text(tree: ast.expr) -> str:
    """What an argument is called: as the program refers to it, or computes it."""
    return reference_text(tree) if is_reference(tree) else code_text(ast.unparse(tree), 40)


def variables(tree: ast.AST) -> set[str]:
    """The names in a piece of source."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def _is_module(tree: ast.expr) -> bool:
    while isinstance(tree, ast.Attribute):
        tree = tree.value
    return isinstance(tree, ast.Name) and tree.id in ("tg", "np", "tinygrad_course", "numpy")


def is_reference(tree: ast.expr | None) -> bool:
    """Whether the source names a value (`X`, `self.W`, `cache['A1']`, `layers[0]`), rather than computing it."""
    while isinstance(tree, ast.Attribute | ast.Subscript):
        if isinstance(tree, ast.Attribute) and tree.attr in ("T", "mT", "data", "real"):
            return False
        if isinstance(tree, ast.Subscript) and not isinstance(tree.slice, ast.Constant | ast.Name):
            return False
        tree = tree.value
    return isinstance(tree, ast.Name)


def reference_text(tree: ast.expr) -> str:
    return target_text(tree)
