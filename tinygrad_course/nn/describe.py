"""A module as text: the tree of its modules, with the shapes of the parameters and how many numbers they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
