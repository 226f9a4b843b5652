"""What the caller of a user's function assigns its results to: a better name than `layer()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from types import CodeType

from ..core.position import statements
from . import source


def targets(code: CodeType, function: str, count: int) -> Sequence[str] | None:
    """Names for the `count` results of a function that the code of one frame calls by name.

    One name for all if every call is assigned to it, as in a loop; one for each if there are as many calls as results.
    None where the source does not say.
    """
    sites = [_assigned(statement, call) for statement, call in _calls(code, function)]
    known = [name for name in sites if name]
    if not known or len(known) < len(sites):
        return None
    if len(set(known)) == 1:
        return known[:1] * count
    return known if len(known) == count else None


def _calls(code: CodeType, function: str) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """The calls of a function in a piece of code, without those in functions inside it."""
    found = statements(code.co_filename)
    inner = [s for s in found if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]
    here = [s for s in inner if s.name == code.co_name and _first_line(s) == code.co_firstlineno]
    around = here[0] if here else None
    for statement in found:
        if around is not None and not _within(statement, around):
            continue
        if any(f is not around and _within(statement, f) and (around is None or _within(f, around)) for f in inner):
            continue
        if isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try | ast.ClassDef | ast.FunctionDef):
            continue  # its parts are statements too
        for part in ast.walk(statement):
            if isinstance(part, ast.Call) and _called(part) == function:
                yield statement, part


def _first_line(statement: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([statement.lineno, *(d.lineno for d in statement.decorator_list)])


def _within(inner: ast.stmt, outer: ast.stmt) -> bool:
    return outer.lineno <= inner.lineno and (inner.end_lineno or 0) <= (outer.end_lineno or 0)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _assigned(statement: ast.stmt, call: ast.Call) -> str | None:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and statement.value is call:
        place = statement.targets[0]
        return source.target_text(place) if isinstance(place, ast.Name | ast.Attribute | ast.Subscript) else None
    return None
