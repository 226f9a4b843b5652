"""A module as text and as HTML: the tree of its modules, the shapes of the parameters, how many numbers they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.markup import paragraph, table

if TYPE_CHECKING:
    from .module import Module


def tree(module: Module) -> str:
    """What ``repr(module)`` shows: Python's brackets, and in comments what there is to learn."""
    head = f"{type(module).__name__}({module.extra_repr()}"
    children = list(module.named_children())
    own = ", ".join(f"{name} {p.shape}" for name, p in module.named_parameters(recurse=False))
    total = sum(p.size for p in module.parameters())
    if not children:
        return f"{head})" + (f"  # {total:,}: {own}" if total else "")
    note = f"  # {total:,} parameters" + (f", of its own: {own}" if own else "")
    inner = [f"  ({name}): " + tree(child).replace("\n", "\n  ") for name, child in children]
    return "\n".join([head + (note if total else ""), *inner, ")"])


def page(module: Module) -> str:
    """What a notebook shows: a table with a row for each module, those inside a module below it and further right."""
    rows: list[list[str]] = []
    depths: list[int] = []
    for path, part in module.named_modules(remove_duplicate=False):
        name = path.rpartition(".")[2]
        kind = f"{type(part).__name__}({part.extra_repr()})"
        own = ", ".join(f"{key} {p.shape}" for key, p in part.named_parameters(recurse=False))
        rows.append([f"{name}: {kind}" if name else kind, own, _count(part)])
        depths.append(path.count(".") + 1 if path else 0)
    frozen = sum(p.size for p in module.parameters() if not p.requires_grad)
    note = paragraph(f"{frozen:,} of the parameters are frozen") if frozen else ""
    return table(["module", "shapes", "parameters"], rows, numbers=[2], strong=[0], indent=depths) + note


def _count(module: Module) -> str:
    total = sum(p.size for p in module.parameters())
    return f"{total:,}" if total else "-"
