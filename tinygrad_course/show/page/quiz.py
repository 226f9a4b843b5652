"""Questions about a picture: the derivatives that a student is to work out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..model import Box, Picture
from ..text import clean
from .describe import has_derivative

MOST = 60  # questions


def questions(picture: Picture) -> dict[str, Any]:
    """One question for each derivative, from right to left as the backward pass goes; an array's is one element."""
    asked = [box for box in reversed(picture.boxes) if box is not picture.output and _finite(box)]
    scale = max((float(np.max(np.abs(b.derivative), initial=0.0)) for b in asked), default=1.0)
    return {"questions": [_question(box) for box in asked[:MOST]], "floor": 1e-9 * scale, "all": len(asked)}


def _finite(box: Box) -> bool:
    return has_derivative(box) and bool(np.size(box.derivative)) and bool(np.isfinite(box.derivative).all())


def _question(box: Box) -> dict[str, Any]:
    """An element of an array is the one where the derivative is largest: 0 would be too easy to guess."""
    slopes = np.asarray(box.derivative, np.float64)
    index = tuple(map(int, np.unravel_index(int(np.argmax(np.abs(slopes))), slopes.shape))) if slopes.ndim else ()
    element = f"[{', '.join(map(str, index))}]" if index else ""
    return {"box": box.key, "ask": clean(box.ratio) + element, "answer": float(slopes[index])}
