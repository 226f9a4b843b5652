"""Which way examples lie: one a row, as NumPy and PyTorch have them, or one a column, as the notes write them."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

Array = NDArray[Any]
Layout = Literal["rows", "columns"]


class Examples(NamedTuple):
    """Inputs and what is to be learnt from them: X (m, n) and Y (m,), or in columns X (n, m) and Y (1, m)."""

    X: Array
    Y: Array


def axis_of(examples: str) -> int:
    """The axis along which examples are counted: the first for "rows", the last for "columns"."""
    if examples not in ("rows", "columns"):
        raise DataError(f'examples must be "rows" or "columns", not {examples!r}')
    return 0 if examples == "rows" else -1


def arrange(X: Array, Y: Array, examples: Layout) -> Examples:
    """X (m, n) and Y (m,) in the layout asked for."""
    return Examples(X, Y) if axis_of(examples) == 0 else Examples(X.T, Y[np.newaxis, :])


def flatten_images(images: Any, *, examples: Layout = "columns") -> Array:
    """Images (m, h, w, c), or (m, h, w), as one vector each: (h*w*c, m) as in the notes, or (m, h*w*c) in "rows".

    Pixels keep the order they have in memory: channels fastest, then columns, then rows. No values are copied where
    NumPy can avoid it. `unflatten_images` is the way back.

    >>> tg.data.flatten_images(np.zeros((209, 64, 64, 3))).shape
    (12288, 209)
    """
    axis = axis_of(examples)
    stack = np.asarray(images)
    if stack.ndim < 2:
        raise DataError(f"flatten_images: images must be (m, h, w, c) or (m, h, w), not {stack.shape}")
    flat = stack.reshape(len(stack), math.prod(stack.shape[1:]))
    return flat if axis == 0 else flat.T


def unflatten_images(vectors: Any, shape: tuple[int, ...], *, examples: Layout = "columns") -> Array:
    """Vectors (h*w*c, m), or (m, h*w*c) in "rows", as images (m, *shape): undoes `flatten_images`.

    >>> tg.data.unflatten_images(np.zeros((12288, 209)), (64, 64, 3)).shape
    (209, 64, 64, 3)
    """
    axis = axis_of(examples)
    rows = np.asarray(vectors) if axis == 0 else np.asarray(vectors).T
    if rows.ndim != 2 or rows.shape[1] != math.prod(shape):
        raise DataError(
            f"unflatten_images: an image of {tuple(shape)} has {math.prod(shape)} values, but the vectors are "
            f'{np.shape(vectors)} with examples="{examples}"'
        )
    return rows.reshape(rows.shape[0], *shape)


def image2vector(image: Any) -> Array:
    """One image (h, w, c) as a column vector (h*w*c, 1), as in the notes.

    >>> tg.data.image2vector([[[17, 31], [56, 22]]]).ravel()
    array([17, 31, 56, 22])
    """
    return np.asarray(image).reshape(-1, 1)
