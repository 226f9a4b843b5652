"""Files of weights and of training runs: safetensors for arrays, JSON in its header for all else, never pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import DTypeError, TinygradError
from ..core.files import write_file
from ..core.node import Node
from ..data.errors import extra
from ..nn import Module, StateDictError
from .pack import Arrays, names_in, pack, unpack

Path_ = str | os.PathLike[str]
KEY = "tinygrad_course"  # of the JSON in the header
DTYPES = {
    "float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool",
}  # fmt: skip


class LoadError(TinygradError, ValueError):
    """A file that cannot be read as what was asked for."""


class Content(NamedTuple):
    """What a file holds: arrays of its own, by key, and nested data with more arrays in it (None if there is none)."""

    weights: Arrays
    rest: Any = None


def save(model_or_state: Any, path: Path_) -> None:
    """Write a model's parameters and buffers, or any nested dict of arrays and plain values, to a safetensors file.

    The file has the keys of `state_dict`, which are PyTorch's. It appears whole or not at all: what stood at `path` is
    replaced when the new file is complete. Needs safetensors (extra `save`).

    Raises
    ------
    DTypeError
        For what has no arrays, or a value that such files cannot hold; the key is named.
    SaveError
        Where nothing can be written.

    Examples
    --------
    >>> model = tg.nn.Linear(3, 2)
    >>> tg.save(model, "linear.safetensors")
    >>> tg.load("linear.safetensors")["weight"].shape
    (2, 3)
    """
    state = model_or_state.state_dict() if isinstance(model_or_state, Module) else model_or_state
    if not isinstance(state, Mapping):
        raise DTypeError(f"save: give a Module or a dict, not a {type(state).__name__}; for several arrays, a dict")
    flat = all(isinstance(k, str) and isinstance(x, Node | np.ndarray) for k, x in state.items())
    write(Path(path), Content(dict(state)) if flat else Content({}, dict(state)))


def load(path: Path_, model: Module | None = None, *, strict: bool = True) -> Any:
    """What `save` was given: a dict of arrays (or the nested dict), which is put into `model` too, if given.

    Other programs' safetensors files load as well. Of a checkpoint of a training run, the model's arrays are returned.
    Nothing in a file can run code.

    Raises
    ------
    LoadError
        For a file that is missing, truncated or no safetensors file.
    StateDictError
        If the arrays do not fit `model`, which stays as it was: the keys and both shapes are named. With
        ``strict=False``, keys that only one of the two has are passed over.
    """
    content = read(Path(path))
    state = content.rest if content.rest is not None and not content.weights else content.weights
    if model is not None:
        try:
            model.load_state_dict(state, strict)
        except StateDictError as error:
            raise StateDictError(f"{path}: {error}") from None
    return state


def write(path: Path, content: Content) -> None:
    """Write a file whole or not at all."""
    library = extra("safetensors.numpy", "safetensors", "save", "saving weights")
    arrays, metadata = {key: np.asarray(getattr(x, "value", x)) for key, x in content.weights.items()}, {}
    if content.rest is not None:
        more, metadata[KEY] = pack(content.rest, "training" if arrays else "state")
        if both := sorted(set(more) & set(arrays)):
            raise DTypeError(f"save: {both[0]} is the name of two arrays; rename that part of the model")
        arrays |= more
    data = library.save({key: _plain(key, x) for key, x in arrays.items()}, metadata)
    write_file(path, data)


def _plain(key: str, x: Any) -> Any:
    """In one piece and in the machine's byte order: the library takes the memory as it lies."""
    if x.dtype.name not in DTYPES:
        raise DTypeError(f"save: {key} has dtype {x.dtype}, which safetensors files do not hold; convert it first")
    return np.asarray(x, dtype=x.dtype.newbyteorder("="), order="C")


def read(path: Path) -> Content:
    """The content of a file; `LoadError` for what is not a whole safetensors file."""
    library = extra("safetensors", "safetensors", "save", "loading weights")
    if not path.is_file():
        raise LoadError(
            f"cannot load {path}: "
            + ("it is a folder; name a file in it" if path.is_dir() else "there is no such file; look at the path")
        )
    arrays, key = {}, "its header"
    try:
        with library.safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(KEY)
            for key in file.keys():  # noqa: SIM118 - it is no dict
                arrays[key] = np.array(file.get_tensor(key))
    except (library.SafetensorError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise LoadError(
            f"cannot load {path}: it is damaged, cut off or not a safetensors file ({key}: {error}); use another copy"
        ) from error
    if text is None:
        return Content(arrays)
    try:
        inner = names_in(text)
        return Content({k: x for k, x in arrays.items() if k not in inner}, unpack(arrays, text))
    except (KeyError, TypeError, ValueError) as error:
        raise LoadError(f"cannot load {path}: the JSON in its header is damaged ({error}); use another copy") from error
