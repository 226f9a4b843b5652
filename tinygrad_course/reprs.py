"""What ``repr`` shows of a Tensor: its values, and behind them what there is to know, in a size that fits."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import numpy as np

MOST = 50  # elements printed in full
MOST_OF_GRADIENT = 6
WIDTH = 100


def tensor_text(kind: str, value: Any, *, name: str | None, op: str | None, requires_grad: bool, grad: Any) -> str:
    """``Tensor([1., 2.], name='w', requires_grad=True, grad=[2., 4.])``.

    Shape and dtype are told where the values do not show them: the shape of what is abridged, empty or has many axes,
    and every dtype but the usual three. The notes go on a line of their own where they would make one too long.
    """
    value = np.asarray(value)
    edge = 3 if value.ndim < 3 else 1  # how many are left at each end of an abridged axis
    text = np.array2string(value, separator=", ", prefix=f"{kind}(", threshold=MOST, edgeitems=edge)
    notes = []
    if value.size > MOST or 0 in value.shape or value.ndim > 2:
        notes.append(f"shape={value.shape}")
    if value.dtype not in (np.float64, np.int64, np.bool_):
        notes.append(f"dtype={value.dtype}")
    if name:
        notes.append(f"name={name!r}")
    if op is not None:
        notes.append(f"op={op}")
    elif requires_grad:
        notes.append("requires_grad=True")
    if grad is not None:
        notes.append(gradient_text(grad))
    if not notes:
        return f"{kind}({text})"
    last = len(text.splitlines()[-1]) + (len(kind) + 1 if "\n" not in text else 0)
    told = ", ".join(notes)
    if last + len(told) + 3 <= WIDTH:
        return f"{kind}({text}, {told})"
    margin = " " * (len(kind) + 1)
    told = fill(told, WIDTH - 1, initial_indent=margin, subsequent_indent=margin, break_long_words=False)
    return f"{kind}({text},\n{told})"


def gradient_text(grad: Any) -> str:
    """A small gradient itself, of a large one how long it is."""
    grad = np.asarray(grad)
    if grad.size <= MOST_OF_GRADIENT:
        digits = np.array2string(grad, separator=", ", precision=4, max_line_width=10_000)
        return f"grad={' '.join(digits.split())}"
    return f"grad of norm {np.linalg.norm(grad.ravel()):.4g}"
