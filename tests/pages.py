"""The pages of the documentation, as the tests of them read them."""

import ast
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,}|:{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
OPTIONS = re.compile(r"\A(?::[\w-]+:[^\n]*\n)+\n?")
EXTRA = ["CONTRIBUTING.md", "examples/exercises/README.md", "benchmarks/README.md"]


def pages():
    """Every page of the site, and what the site includes from elsewhere, as paths from the root."""
    found = [p for p in DOCS.rglob("*.md") if "_build" not in p.parts]
    return sorted(str(p.relative_to(ROOT)) for p in [*found, *(ROOT / name for name in EXTRA)])


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page, info=None):
    """The fenced blocks as (what stands after the fence, body), in order; only those of one kind if `info` is given."""
    found = [(m["info"].strip(), textwrap.dedent(m["body"])) for m in FENCE.finditer(text(page))]
    return [pair for pair in found if info is None or pair[0] == info]


def is_notebook(page):
    return "format_name: myst" in text(page)[:200]


def cells(page):
    """The programs in the cells of a notebook page."""
    return [OPTIONS.sub("", body) for _, body in blocks(page, "{code-cell} ipython3")]


def sessions(page):
    """The Python sessions of a page, one after the other."""
    return "\n".join(body for _, body in blocks(page, "python") if ">>>" in body)


def option(body, name):
    """The value of ``:name: value`` in a directive, or None."""
    found = re.search(rf"^:{name}: (.*)$", body, re.MULTILINE)
    return found[1].strip('"') if found else None


def defined(path):
    """The names of the functions and classes of a Python file, with dots inside classes."""
    names, stack = set(), [("", ast.parse(path.read_text(encoding="utf-8")))]
    while stack:
        prefix, node = stack.pop()
        for child in getattr(node, "body", []):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                names.add(prefix + child.name)
                stack.append((f"{prefix}{child.name}.", child))
    return names
