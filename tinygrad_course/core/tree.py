"""Nested tuples, lists and dicts of arrays: taken apart into a flat list, and put together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def flatten(tree: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
    """The leaves of `tree`, from left to right, and a function that rebuilds the same structure around new leaves.

    Tuples, named tuples, lists and dicts (in their own order) are branches, None an empty one; all else is a leaf.

    >>> from tinygrad_course.core.tree import flatten
    >>> leaves, rebuild = flatten({"w": 1.0, "b": (2.0, None)})
    >>> leaves, rebuild([10, 20])
    ([1.0, 2.0], {'w': 10, 'b': (20, None)})
    """
    if tree is None:
        return [], lambda leaves: None
    if not isinstance(tree, tuple | list | dict):
        return [tree], lambda leaves: leaves[0]
    children = list(tree.values()) if isinstance(tree, dict) else list(tree)
    parts = [flatten(child) for child in children]
    kind, keys = type(tree), list(tree) if isinstance(tree, dict) else None
    inner = [(len(found), again) for found, again in parts]  # not the leaves: `rebuild` may outlive them

    def rebuild(leaves: Sequence[Any]) -> Any:
        items, start = [], 0
        for size, again in inner:
            items.append(again(leaves[start : start + size]))
            start += size
        if keys is not None:
            return kind(zip(keys, items, strict=True))
        return kind(*items) if hasattr(kind, "_fields") else kind(items)

    return [leaf for found, _ in parts for leaf in found], rebuild


def aligned(tree: Any, like: Any) -> Any:
    """`tree` with the entries of its dicts in the order that they have in `like`: dicts correspond by their keys.

    `KeyError` says which keys are missing or unknown.

    >>> from tinygrad_course.core.tree import aligned
    >>> aligned({"b": 1, "w": 2}, {"w": None, "b": None})
    {'w': 2, 'b': 1}
    """
    if isinstance(tree, dict) and isinstance(like, dict):
        missing, unknown = [k for k in like if k not in tree], [k for k in tree if k not in like]
        if missing or unknown:
            said = [(missing, "missing"), (unknown, "unknown")]
            raise KeyError("; ".join(f"{what}: {', '.join(map(repr, keys))}" for keys, what in said if keys))
        return {k: aligned(tree[k], like[k]) for k in like}
    if isinstance(tree, tuple | list) and isinstance(like, tuple | list) and len(tree) == len(like):
        return [aligned(a, b) for a, b in zip(tree, like, strict=True)]
    return tree


def paths(tree: Any) -> list[str]:
    """How Python reaches each leaf of `tree`, in the order of `flatten`: ``['w']``, ``[0].loc``; "" for a bare leaf."""
    if tree is None:
        return []
    if not isinstance(tree, tuple | list | dict):
        return [""]
    if isinstance(tree, dict):
        steps = [(f"[{key!r}]", child) for key, child in tree.items()]
    else:
        names = getattr(tree, "_fields", None)
        steps = [(f".{names[i]}" if names else f"[{i}]", child) for i, child in enumerate(tree)]
    return [step + path for step, child in steps for path in paths(child)]
