"""Functions that printed source needs besides NumPy's: taken from their own Python source, with all they use."""

from __future__ import annotations

import ast
import dis
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.primitive import Primitive
from ...ops import activation
from . import readable

READABLE: dict[Any, str] = {activation._softplus: "softplus", activation._sigmoid: "sigmoid"}
MOST_PARTS = 10**9  # a number is written as 1 / n up to this n
SHORT = 8  # characters of a number that need no shorter form
_MOST_NUMBERS = 100  # elements of an array that a helper refers to, which is written into the text


class Helpers:
    """The functions and constants that a text needs, each under its name, and the modules to import."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}  # in the order in which they can be defined
        self.imports: dict[str, None] = {"import numpy as np": None}
        self.names: dict[int, str] = {}  # by the id of the function
        self.keep: list[Any] = []  # so that ids stay theirs

    def text(self) -> str:
        """The imports and the definitions, as they stand at the top of a file."""
        constants = [s for s in self.sources.values() if not s.startswith("def ")]
        functions = [s for s in self.sources.values() if s.startswith("def ")]
        parts = ["\n".join([*sorted(self.imports), *([""] if constants else []), *constants]), *functions]
        return "\n\n\n".join(parts)

    def own(self, name: str) -> str:
        """A function that is written out in `readable`, with those that it calls itself."""
        if name not in self.sources:
            source = inspect.cleandoc(readable.SOURCES[name])
            for other in readable.SOURCES:
                if other != name and re.search(rf"\b{other}\(", source):
                    self.own(other)
            self.sources[name] = source
        return name

    def function(self, f: Callable[..., Any], what: str, name: str = "") -> str:
        """The name under which `f` is defined in the text; `what` it belongs to, for an error."""
        if f in READABLE:
            return self.own(READABLE[f])
        if id(f) in self.names:
            return self.names[id(f)]
        name = self._free_name(name or f.__name__.strip("_"))
        self.names[id(f)] = name
        self.keep.append(f)
        tree = definition(f, what)
        known = {f.__name__: name} | self.globals_of(f, what)
        tree.name = name
        self.sources[name] = quoted_lines(ast.unparse(_Cleaner(known).visit(tree)))
        return name

    def globals_of(self, f: Callable[..., Any], what: str) -> dict[str, str]:
        """What the names that `f` takes from around it are called in the text; it then has them all."""
        found = {}
        for name, value in _around(f, what).items():
            if value is not f:
                found[name] = self._around(name, value, what)
        return found

    def _around(self, name: str, value: Any, what: str) -> str:
        if isinstance(value, ModuleType):
            same = value.__name__ == name
            self.imports["import numpy as np" if value is np else f"import {value.__name__}" if same else (
                f"import {value.__name__} as {name}")] = None  # fmt: skip
            return "np" if value is np else name
        if isinstance(value, Primitive):
            return self.function(inspect.unwrap(value.forward), what, value.name)
        if isinstance(value, FunctionType) and value.__module__.partition(".")[0] != "numpy":
            return self.function(value, what)
        if callable(value) and hasattr(value, "__module__") and hasattr(value, "__name__"):
            module = "numpy" if value.__module__ is None else value.__module__
            self.imports[f"from {module} import {value.__name__}"] = None
            return value.__name__  # type: ignore[no-any-return]
        text = literal(value)
        if text is None:
            raise GraphError(
                f"source: {what} uses {name}, a {type(value).__name__} that cannot be written down as Python; "
                "pass it as an operand or a keyword parameter"
            )
        name = self._free_name(name.strip("_"))
        self.sources[name] = f"{name} = {text}"
        return name

    def _free_name(self, name: str) -> str:
        while name in self.sources or name in readable.SOURCES:
            name += "_"
        return name


def literal(value: Any) -> str | None:
    """`value` as Python text, None if it has none."""
    if isinstance(value, np.dtype):
        return f"np.{value.name}" if value.isbuiltin == 1 else f"np.dtype({value.str!r})"
    if isinstance(value, type) and issubclass(value, np.generic):
        return f"np.{value.__name__}"
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf" and value.size <= _MOST_NUMBERS:
        return array_text(value)
    if isinstance(value, tuple | list):
        parts = [literal(v) for v in value]
        if any(p is None for p in parts):
            return None
        inner = ", ".join(p for p in parts if p is not None)
        return f"[{inner}]" if isinstance(value, list) else f"({inner},)" if len(parts) == 1 else f"({inner})"
    if isinstance(value, float) and not np.isfinite(value):
        return "np.nan" if value != value else "np.inf" if value > 0 else "-np.inf"
    return quoted(repr(value)) if value is None or type(value) in (bool, int, float, str, slice) else None


def quoted(text: str) -> str:
    """Python text with double quotes, where that is the same text."""
    return text if '"' in text or "\\" in text else text.replace("'", '"')


def quoted_lines(text: str) -> str:
    return "\n".join(map(quoted, text.split("\n")))


def array_text(a: Any) -> str:
    """An array of numbers as Python text, exactly."""
    a = np.asarray(a)
    if a.ndim == 0:
        return f"{_kind(a)}({number_text(a[()])})"
    known = pattern_text(a)
    if known is not None:
        return known
    dtype = "" if a.dtype == float else f", dtype={_kind(a)}"
    return f"np.array({_nested(a)}{dtype})"


def pattern_text(a: Any) -> str | None:
    """An array of one number throughout, an identity, a triangle or a range, as the call that makes it."""
    dtype = "" if a.dtype == float else f", dtype={_kind(a)}"
    if not a.size:
        return f"np.empty({a.shape}, dtype={_kind(a)})"
    first = a.flat[0]
    if a.size > 1 and (a == first).all() and np.signbit(a).all() == np.signbit(a).any():
        shape = a.shape if a.ndim > 1 else a.shape[0]
        if first in (0, 1) and not np.signbit(first):
            return f"np.{'ones' if first else 'zeros'}({shape}{dtype})"
        return f"np.full({shape}, {ratio_text(first) or number_text(first)}{dtype})"
    if a.ndim == 1 and a.size > 3 and a.dtype == np.intp and np.array_equal(a, np.arange(a.size)):
        return f"np.arange({a.size})"
    if a.ndim == 2 and a.size > 1 and not np.signbit(a).any():
        size = str(a.shape[0]) if a.shape[0] == a.shape[1] else ", ".join(map(str, a.shape))
        if np.array_equal(a, np.eye(*a.shape)):
            return f"np.eye({size}{dtype})"
        for name, k in itertools.product(("tril", "triu"), (0, 1, -1)):
            if np.array_equal(a, getattr(np, name)(np.ones(a.shape), k)):
                return f"np.{name}(np.ones({a.shape}{dtype}){f', {k}' if k else ''})"
    return None


def _kind(a: Any) -> str:
    return f"np.{a.dtype.name}" if a.dtype.name != "bool" else "np.bool_"


def _nested(a: Any) -> str:
    return f"[{', '.join(map(_nested, a))}]" if np.ndim(a) else ratio_text(a) or number_text(a)


def ratio_text(x: Any) -> str | None:
    """``1 / 6`` for what is that to the last bit and has no short decimal text; None for any other number."""
    if not isinstance(x, np.floating | float) or not 0 < abs(float(x)) < 1 or len(number_text(x)) <= SHORT:
        return None
    whole = round(1 / abs(float(x)))
    found = whole <= MOST_PARTS and type(x)((-1 if x < 0 else 1) / whole) == x
    return f"{'-' if x < 0 else ''}1 / {whole}" if found else None


def number_text(x: Any) -> str:
    """The shortest text that reads back as the same number."""
    if isinstance(x, np.bool_ | bool):
        return str(bool(x))
    if isinstance(x, np.floating | float) and not np.isfinite(x):
        return literal(float(x)) or ""
    if isinstance(x, np.floating | float) and abs(float(x)) >= 1e6 and float(f"{x:g}") == x:
        return f"{x:g}".replace("e+0", "e").replace("e+", "e")
    if isinstance(x, np.floating):
        return np.format_float_positional(x, trim="0") if 1e-4 <= abs(x) < 1e16 or x == 0 else str(x)
    return repr(x) if type(x) in (int, float) else str(x)


# --- reading functions ------------------------------------------------------------------------------------------------


def definition(f: Callable[..., Any], what: str) -> ast.FunctionDef:
    """The syntax of a function's definition; a lambda as the function that returns it."""
    try:
        found = ast.parse(textwrap.dedent(inspect.getsource(f))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        found = None
    if isinstance(found, ast.FunctionDef):
        return found
    tree = lambda_of(f)
    if tree is None:
        raise GraphError(
            f"source: {what} has a forward function whose Python source is not at hand (built in, or typed into a "
            "session); define it in a file"
        )
    made = ast.parse("def function(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.name, made.args, made.body = f.__name__, tree.args, [ast.Return(tree.body)]
    return made


def lambda_of(f: Callable[..., Any]) -> ast.Lambda | None:
    """The syntax of a lambda, found in its file by where its code begins."""
    code: CodeType | None = getattr(f, "__code__", None)
    if code is None:
        return None
    try:
        module = ast.parse("".join(inspect.findsource(f)[0]))
    except (OSError, TypeError, SyntaxError):
        return None
    places = [p for p in code.co_positions() if p[0] is not None and p[2] is not None]
    starts = {(line, column) for line, _, column, _ in places}
    for tree in ast.walk(module):
        if isinstance(tree, ast.Lambda) and tree.lineno == code.co_firstlineno:
            inside = {(n.lineno, n.col_offset) for n in ast.walk(tree.body) if isinstance(n, ast.expr)}
            names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
            if names == list(code.co_varnames[: len(names)]) and starts & inside:
                return tree
    return None


def _around(f: Callable[..., Any], what: str) -> dict[str, Any]:
    """The global and enclosing names that a function uses, nested functions included, and their values."""
    function = inspect.unwrap(f)
    code = getattr(function, "__code__", None)
    if code is None:
        raise GraphError(f"source: {what} calls {f!r}, which has no Python source")
    names: set[str] = set()
    stack = [code]
    while stack:
        inner = stack.pop()
        names.update(i.argval for i in dis.get_instructions(inner) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
        stack += [c for c in inner.co_consts if isinstance(c, CodeType)]
    space = function.__globals__
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    return {n: space[n] for n in sorted(names) if n in space} | {n: cell.cell_contents for n, cell in cells}


class _Cleaner(ast.NodeTransformer):
    """Renames what stands under another name in the text; takes annotations and decorators away."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list, node.returns = [], None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        return None if node.value is None else ast.copy_location(ast.Assign([node.target], node.value), node)
