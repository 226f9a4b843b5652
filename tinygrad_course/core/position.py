"""Where in the user's program a node was recorded: found cheaply when recording, resolved only when somebody asks."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache, wraps
from operator import attrgetter
from types import CodeType, FrameType
from typing import NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")
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


class _Code:
    """A code object as a key, by identity: to hash or compare its contents takes as long as it has names."""

    __slots__ = ("code",)

    def __init__(self, code: CodeType) -> None:
        self.code = code

    def __hash__(self) -> int:
        return id(self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Code) and self.code is other.code


def remembered(function: Callable[[CodeType, int], T]) -> Callable[[CodeType, int], T]:
    """Decorate a function of an instruction: the answers for the latest few thousand are kept."""
    kept = lru_cache(maxsize=4096)(lambda key, lasti: function(key.code, lasti))
    return wraps(function)(lambda code, lasti: kept(_Code(code), lasti))


@remembered
def span(code: CodeType, lasti: int) -> Span:
    """The source span of the bytecode instruction at offset `lasti` of `code`."""
    positions = _positions(_Code(code))
    index = lasti // 2
    return Span(*positions[index]) if index < len(positions) else Span(None, None, None, None)


@lru_cache(maxsize=64)
def _positions(key: _Code) -> list[tuple[int | None, ...]]:
    return list(key.code.co_positions())


@remembered
def statement(code: CodeType, lasti: int) -> Statement | None:
    """The innermost statement around an instruction, or None where the source is not at hand."""
    filename = code.co_filename
    best = enclosing(code, lasti)
    if best is None:
        line = span(code, lasti).line
        lines = _lines(filename)
        text = lines[line - 1].strip() if line is not None and line <= len(lines) else ""
        return Statement(filename, line, line, text, ()) if line is not None and text else None
    text = _text(filename, best)
    return Statement(filename, best.lineno, best.end_lineno or best.lineno, text, _targets(best))


@remembered
def enclosing(code: CodeType, lasti: int) -> ast.stmt | None:
    """The syntax of the innermost statement around an instruction: by line, and by column where several share one."""
    line, end_line, column, end_column = span(code, lasti)
    if line is None:
        return None
    first = (line, column or 0)
    last = (end_line, end_column) if column is not None and end_line is not None and end_column is not None else first
    on_line = None
    known = statements(code.co_filename)  # outermost first: the last that fits is the innermost
    for i in range(bisect_right(known, line, key=_line) - 1, -1, -1):
        node = known[i]
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
        return _file(code.co_filename)
    found = statement(code, lasti)
    text = found.text if found else ""
    if len(text) > 120:
        text = text[:117] + "..."
    return f"{_file(code.co_filename)}:{line}" + (f": {text}" if text else "")


def _file(filename: str) -> str:
    """A file by its last name; a cell of a notebook, whose file is a number that nobody has seen, as `In[3]`."""
    notebook = sys.modules.get("IPython")
    shell = notebook.get_ipython() if notebook is not None else None
    label = shell.compile.format_code_name(filename) if shell is not None else None
    return label[1] if label is not None else os.path.basename(filename)


def place(frame: FrameType) -> str:
    """` (file.py:12: Z = W @ X)` for the user's line around `frame`: the end of an error message."""
    frame = user_frame(frame)
    text = describe(frame.f_code, frame.f_lasti)
    return f" ({text})" if text else ""


_line = attrgetter("lineno")
_trees: dict[str, tuple[list[str], list[ast.stmt]]] = {}
_absent: set[str] = set()


def statements(filename: str) -> list[ast.stmt]:
    """Every statement of a file, those around others first."""
    lines = _lines(filename)
    known = _trees.get(filename)
    if known is None or (known[0] is not lines and known[0] != lines):
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


def _lines(filename: str) -> list[str]:
    """The lines of a file; one that was not there is not looked for in every folder again."""
    if filename in _absent and filename not in linecache.cache and not os.path.exists(filename):
        return []
    lines = linecache.getlines(filename)
    if not lines:
        _absent.add(filename)
    return lines


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
