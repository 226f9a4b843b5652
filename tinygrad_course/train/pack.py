"""Nested data as arrays and JSON: no value can run code when it is read, as pickled ones can."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..core.errors import DTypeError
from ..core.node import Node

Arrays = dict[str, Any]


def pack(tree: Any, prefix: str) -> tuple[Arrays, str]:
    """The arrays in `tree`, by names that begin with `prefix`, and JSON that says where each one belongs.

    Dicts, lists, tuples, strings, numbers, booleans and None come back from `unpack` as they were, floats bit by bit;
    Tensors as arrays and NumPy's scalars as Python's.

    >>> from tinygrad_course.train.pack import pack, unpack
    >>> arrays, text = pack({"step": 3, 0: np.ones(2)}, "state")
    >>> arrays
    {'state/0': array([1., 1.])}
    >>> unpack(arrays, text)
    {'step': 3, 0: array([1., 1.])}
    """
    arrays: Arrays = {}
    return arrays, json.dumps(_pack(tree, prefix, arrays))


def _pack(x: Any, path: str, arrays: Arrays) -> Any:
    if isinstance(x, Node):
        x = np.asarray(x.value)
    if isinstance(x, np.ndarray):
        name = path
        while name in arrays:  # {1: a, "1": b}
            name += "'"
        arrays[name] = x
        return {"$array": name}
    if isinstance(x, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in x):
            return {key: _pack(value, f"{path}/{key}", arrays) for key, value in x.items()}
        items = [[_pack(k, path, arrays), _pack(value, f"{path}/{k}", arrays)] for k, value in x.items()]
        return {"$dict": items}
    if isinstance(x, list | tuple):
        items = [_pack(value, f"{path}/{i}", arrays) for i, value in enumerate(x)]
        return items if isinstance(x, list) else {"$tuple": items}
    if isinstance(x, np.generic):
        x = x.item()
    if x is None or isinstance(x, str | int | float):
        return x
    raise DTypeError(
        f"{path} is a {type(x).__name__}, which cannot be saved; numbers, strings, lists, tuples, dicts and arrays can"
    )


def unpack(arrays: Arrays, text: str) -> Any:
    """What `pack` was given. `KeyError`, `TypeError` or `ValueError` if the text is another's or an array is gone."""
    return _unpack(json.loads(text), arrays)


def _unpack(x: Any, arrays: Arrays) -> Any:
    if isinstance(x, list):
        return [_unpack(value, arrays) for value in x]
    if not isinstance(x, dict):
        return x
    if "$array" in x:
        return arrays[x["$array"]]
    if "$tuple" in x:
        return tuple(_unpack(value, arrays) for value in x["$tuple"])
    if "$dict" in x:
        return {_unpack(key, arrays): _unpack(value, arrays) for key, value in x["$dict"]}
    return {key: _unpack(value, arrays) for key, value in x.items()}


def names_in(text: str) -> set[str]:
    """The names of the arrays that the text refers to."""
    found: set[str] = set()
    stack = [json.loads(text)]
    while stack:
        x = stack.pop()
        if isinstance(x, dict):
            if isinstance(name := x.get("$array"), str):
                found.add(name)
            stack.extend(x.values())
        elif isinstance(x, list):
            stack.extend(x)
    return found
