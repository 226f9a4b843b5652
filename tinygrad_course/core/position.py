"""Where in the user's program a node was recorded: found cheaply when recording, resolved only when somebody asks."""

from __future__ import annotations

import ast
import linecache
import os
from bisect import bisect_right
from functools import lru_cache
from operator import attrgetter
from types import CodeType, FrameType
from typing import NamedTuple

import numpy as np

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
# Programs that live in the package but are written as a user writes: their lines are what a picture should show.
_PROGRAMS = tuple(_PACKAGE + name for name in ("course" + os.sep, "demo.py"))


class _Internal(dict[str, bool]):
    """File name -> whether its frames belong to the machinery and are passed over; answers are remembered."""

    def __missing__(self, filename: str) -> bool:
        answer = filename.startswith((_PACKAGE, _NUMPY)) and not filename.startswith(_PROGRAMS)
        self[filename] = answer
        return answer


internal = _Internal()


def user_frame(frame: FrameType) -> FrameType:
    """The nearest frame, from `frame` outwards, that is not the machinery's own."""
    while internal[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    return frame


class Span(NamedTuple):
    """A stretch of source, in 1-based lines and 0-based UTF-8 byte columns (None where Python did not keep them)."""

    line: int | None
    end_line: int | None
    column: int | None
    end_column: int | None


class Statement(NamedTuple):
    """One statement of the user's source: its text on one line, and the names it assigns."""

    filename: str
    line: int
    end_line: int
    text: str
    targets: tuple[str, ...]


@lru_cache(maxsize=4096)
def span(code: CodeType, lasti: int) -> Span:
    """The source span of the bytecode instruction at offset `lasti` of `code`."""
    positions = _positions(code)
    index = lasti // 2
    return Span(*positions[index]) if index < len(positions) else Span(None, None, None, None)


@lru_cache(maxsize=64)
def _positions(code: CodeType) -> list[tuple[int | None, ...]]:
    return list(code.co_positions())


# Code of two files may be equal: the name of the file is part of what is remembered.
def statement(code: CodeType, lasti: int) -> Statement | None:
    """The innermost statement around an instruction, or None where the source is not at hand."""
    return _statement(code, lasti, code.co_filename)


@lru_cache(maxsize=4096)
def _statement(code: CodeType, lasti: int, filename: str) -> Statement | None:
    best = enclosing(code, lasti)
    if best is None:
        line = span(code, lasti).line
        text = linecache.getline(filename, line).strip() if line is not None else ""
        return Statement(filename, line, line, text, ()) if line is not None and text else None
    text = _text(filename, best)
    return Statement(filename, best.lineno, best.end_lineno or best.lineno, text, _targets(best))


def enclosing(code: CodeType, lasti: int) -> ast.stmt | None:
    """The syntax of the innermost statement around an instruction: by line, and by column where several share one."""
    return _enclosing(code, lasti, code.co_filename)


@lru_cache(maxsize=4096)
def _enclosing(code: CodeType, lasti: int, filename: str) -> ast.stmt | None:
    line, end_line, column, end_column = span(code, lasti)
    if line is None:
        return None
    first = (line, column or 0)
    last = (end_line, end_column) if column is not None and end_line is not None and end_column is not None else first
    on_line = None
    known = statements(filename)  # outermost first: the last that fits is the innermost
    for node in reversed(known[: bisect_right(known, line, key=_line)]):
        start, end = (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or 0)
        if start <= first and last <= end:
            return node
        if on_line is None and line <= end[0]:
            on_line = node
    return on_line


def describe(code: CodeType | None, lasti: int) -> str:
    """`file.py:12: Z = W @ X`, the way errors name a place; empty where nothing is known."""
    if code is None:
        return ""
    line = span(code, lasti).line
    if line is None:
        return os.path.basename(code.co_filename)
    found = statement(code, lasti)
    text = found.text if found else ""
    if len(text) > 120:
        text = text[:117] + "..."
    return f"{os.path.basename(code.co_filename)}:{line}" + (f": {text}" if text else "")


def place(frame: FrameType) -> str:
    """` (file.py:12: Z = W @ X)` for the user's line around `frame`: the end of an error message."""
    frame = user_frame(frame)
    text = describe(frame.f_code, frame.f_lasti)
    return f" ({text})" if text else ""


_line = attrgetter("lineno")
_trees: dict[str, tuple[tuple[str, ...], list[ast.stmt]]] = {}


def statements(filename: str) -> list[ast.stmt]:
    """Every statement of a file, those around others first."""
    lines = tuple(linecache.getlines(filename))
    known = _trees.get(filename)
    if known is None or known[0] != lines:
        try:
            tree = ast.parse("".join(lines))
        except (SyntaxError, ValueError):
            found: list[ast.stmt] = []
        else:
            found = sorted(
                (n for n in ast.walk(tree) if isinstance(n, ast.stmt)),
                key=lambda n: (n.lineno, -(n.end_lineno or n.lineno), n.col_offset),
            )
        known = _trees[filename] = (lines, found)
    return known[1]


def _text(filename: str, node: ast.stmt) -> str:
    """The statement as written where it fits one line, otherwise as Python prints it back on one line."""
    if isinstance(
        node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.For | ast.While | ast.If | ast.With
    ):
        return linecache.getline(filename, node.lineno).strip()
    if node.lineno != node.end_lineno:
        return ast.unparse(node)
    line = linecache.getline(filename, node.lineno).encode()
    return line[node.col_offset : node.end_col_offset].decode()


def _targets(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, ast.Assign):
        targets = node.targets[-1]
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = node.target
    else:
        return ()
    parts = targets.elts if isinstance(targets, ast.Tuple | ast.List) else [targets]
    return tuple(ast.unparse(part) for part in parts)
