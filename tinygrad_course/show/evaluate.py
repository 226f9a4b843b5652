"""The number that a formula gives: how a formula is held against the value that was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from . import expr
from .expr import Expr
from .model import Box
from .text import ELLIPSIS

Values = Mapping[str, Any]  # what each name in a formula stands for


def values_of(boxes: Iterable[Box]) -> dict[str, Any]:
    """What every name in the formulas of a picture stands for: values, and derivatives under ``dz``."""
    values: dict[str, Any] = {}
    doubtful: set[str] = set()
    for box in boxes:
        if box.repeat is not None:  # its name stands for several values
            continue
        for symbol, value in ((box.symbol, box.laid_out), (box.d, box.derivative)):
            if value is None:
                continue
            if symbol.text in values and values[symbol.text] is not value:
                doubtful.add(symbol.text)
            values[symbol.text] = value
    return {text: value for text, value in values.items() if text not in doubtful}


class UnknownError(Exception):
    """A formula names something that has no value here, or its text hides what it is."""


def evaluate(e: Expr, values: Values) -> Any:
    """The value of `e`, from the values of its names. Raises `UnknownError` where one has none."""
    if e.text in values:
        return values[e.text]
    if isinstance(e, expr.Number | expr.Given):
        return e.value
    compute = _COMPUTED.get(type(e))
    if compute is None or e.text == ELLIPSIS:
        raise UnknownError(e.text)
    try:
        with np.errstate(all="ignore"):
            return compute(e, [evaluate(part, values) for part in e.parts])
    except UnknownError:
        raise
    except Exception as error:  # a formula shortened for reading need not run as it stands
        raise UnknownError(e.text) from error


def _sum(e: expr.Sum, parts: Sequence[Any]) -> Any:
    return sum((c * part for c, part in zip(e.terms.values(), parts, strict=True)), 0)


def _product(e: expr.Product, parts: Sequence[Any]) -> Any:
    result: Any = e.coefficient
    for exponent, part in zip(e.factors.values(), parts, strict=True):
        result = result * (
            part if exponent == 1 else np.true_divide(1, part) ** -exponent if exponent < 0 else part**exponent
        )
    return result


def _forward(e: Any, parts: Sequence[Any]) -> Any:
    if e.forward is None:
        raise UnknownError(e.text)
    return e.forward(*parts)


_COMPUTED: dict[type, Callable[[Any, Sequence[Any]], Any]] = {
    expr.Sum: _sum,
    expr.Product: _product,
    expr.Power: lambda e, parts: parts[0] ** parts[1],
    expr.Infix: _forward,
    expr.Call: _forward,
    expr.Suffix: _forward,
}


def agrees(e: Expr, value: Any, values: Values, scale: float = 0.0) -> bool | None:
    """Whether `e` gives `value`, up to rounding; None where it cannot be told.

    `scale`: how large the parts are that were added up, where they may cancel.
    """
    try:
        found = np.asarray(evaluate(e, values))
        wanted = np.asarray(value)
        if found.dtype.kind not in "biuf" or wanted.dtype.kind not in "biuf":
            return None
        found = np.broadcast_to(found, wanted.shape)
    except (UnknownError, ValueError):
        return None
    close = 1e-4 if wanted.dtype.itemsize < 8 else 1e-9
    with np.errstate(all="ignore"):
        return bool(np.allclose(found, wanted, rtol=close, atol=close * max(scale, largest([wanted])), equal_nan=True))


def largest(arrays: Iterable[Any]) -> float:
    """The largest finite size of an element of any of them."""
    known = (np.asarray(a) for a in arrays if a is not None)
    return max((float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a))) for a in known), default=0.0)
