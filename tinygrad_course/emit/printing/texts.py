"""Pieces of Python text, each with how tightly it binds; and templates made from one-line functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

COMPARE, OR, XOR, AND, SUM, PRODUCT, UNARY, POWER, ATOM = range(9)
_LEVELS: dict[type, int] = {
    ast.Compare: COMPARE, ast.BitOr: OR, ast.BitXor: XOR, ast.BitAnd: AND, ast.Add: SUM, ast.Sub: SUM,
    ast.UnaryOp: UNARY, ast.Pow: POWER,
}  # fmt: skip


class Text(NamedTuple):
    """Source text and its level: one of the constants above, ATOM for what needs no brackets anywhere."""

    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        """The text, in brackets where an operation of `level` around it needs them."""
        return f"({self.text})" if self.level < level else self.text


def infix(a: Text, symbol: str, b: Text, level: int) -> Text:
    """``a symbol b``; operations of one level are carried out from left to right."""
    if level == COMPARE:
        return Text(f"{a.within(OR)} {symbol} {b.within(OR)}", COMPARE)
    left = a.within(level)
    if symbol == "*" and a.level == PRODUCT and " @ " in a.text:
        left = f"({a.text})"  # not needed, but easier to read
    return Text(f"{left} {symbol} {b.within(level + 1)}", level)


def power(a: Text, b: Text) -> Text:
    tight = a.level == ATOM and b.level == ATOM
    return Text(f"{a.within(ATOM)}**{b.within(ATOM)}" if tight else f"{a.within(ATOM)} ** {b.within(ATOM)}", POWER)


def prefix(symbol: str, x: Text) -> Text:
    return Text(f"{symbol}{x.within(POWER)}", UNARY)


def call(name: str, arguments: Sequence[Text | str], params: Mapping[str, str | None] | None = None) -> Text:
    """``name(a, b, k=v)``; parameters whose text is None are left out."""
    words = [a if isinstance(a, str) else a.text for a in arguments]
    words += [f"{k}={v}" for k, v in (params or {}).items() if v is not None]
    return Text(f"{name}({', '.join(words)})")


def method(x: Text, name: str, *arguments: str) -> Text:
    return Text(f"{x.within(ATOM)}.{name}({', '.join(arguments)})")


def attribute(x: Text, name: str) -> Text:
    return Text(f"{x.within(ATOM)}.{name}")


class Template(NamedTuple):
    """Text with holes: each a name, and whether what goes there stands between brackets or commas anyway."""

    pieces: tuple[str, ...]
    holes: tuple[tuple[str, bool], ...]
    level: int

    def filled(self, values: Mapping[str, Text]) -> Text:
        out = [self.pieces[0]]
        for (name, safe), piece in zip(self.holes, self.pieces[1:], strict=True):
            value = values[name]
            out += (value.text if safe else value.within(ATOM), piece)
        return Text("".join(out), self.level)

    def uses(self, name: str) -> int:
        return sum(hole == name for hole, _ in self.holes)


def template(tree: ast.Lambda, names: Callable[[str], str]) -> Template:
    """A lambda as a template, its arguments being the holes; `names`: what other names in it are called in the text."""
    arguments = {a.arg for a in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)}
    body = ast.parse(ast.unparse(tree.body), mode="eval").body  # a copy
    marked = _Marker(arguments, names).visit(body)
    parts = re.split(r"__hole_(\w+?)_(safe|open)__", ast.unparse(marked))
    holes = tuple((name, kind == "safe") for name, kind in zip(parts[1::3], parts[2::3], strict=True))
    kind: Any = type(body.op) if isinstance(body, ast.BinOp) else type(body)
    level = _LEVELS.get(kind, PRODUCT if isinstance(body, ast.BinOp) else ATOM)
    return Template(tuple(parts[0::3]), holes, level)


class _Marker(ast.NodeTransformer):
    def __init__(self, arguments: set[str], names: Callable[[str], str]) -> None:
        self.arguments = arguments
        self.names = names

    def _mark(self, node: ast.AST, safe: bool) -> ast.AST:
        if isinstance(node, ast.Name):
            if node.id in self.arguments:
                node.id = f"__hole_{node.id}_{'safe' if safe else 'open'}__"
            else:
                node.id = self.names(node.id)
            return node
        return self.visit(node)  # type: ignore[no-any-return]

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._mark(node, safe=False)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.func = self._mark(node.func, safe=False)  # type: ignore[assignment]
        node.args = [self._mark(a, safe=True) for a in node.args]  # type: ignore[misc]
        for keyword in node.keywords:
            keyword.value = self._mark(keyword.value, safe=True)  # type: ignore[assignment]
        return node


def is_item(text: str) -> bool:
    """Whether a text is an element of something with a name, such as ``xs[0]``: short, and a view."""
    return re.fullmatch(r"[A-Za-z]\w{,9}\[\d+\]", text) is not None


@lru_cache(maxsize=1024)
def is_name(text: str) -> bool:
    """Whether a text is one word, which may be said twice at no cost."""
    return text.replace("_", "a").isalnum()
