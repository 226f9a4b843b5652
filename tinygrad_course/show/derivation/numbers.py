"""Formulas with numbers in place of names, and outcomes in a few words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .. import expr
from ..evaluate import Values
from ..expr import Expr
from ..text import MINUS, number, size_text, value_text

_LEADING = re.compile(r"^\(([^()]+)\)(?= ×)")  # the first factor needs no brackets around its sign
_FEW = 4  # elements of an array that are listed one by one


class Written(Expr):
    """A number as it is written: two that read the same are still two."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        super().__init__(text, expr.SUM if text.startswith(MINUS) else expr.ATOM)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


def with_numbers(e: Expr, values: Values) -> str:
    """`e` with the number that each name stands for: ``0.525 × (1 − 0.525)``. Empty if that says no more than `e`."""
    text = _filled(e, values).text
    shown = _LEADING.sub(r"\1", expr.spaced(text))
    return shown if text != e.text else ""


def _filled(e: Expr, values: Values) -> Expr:
    value = values.get(e.text)
    if value is not None and np.ndim(value) == 0:
        return Written(number(value))
    parts = e.parts
    return e.remade([_filled(part, values) for part in parts]) if parts else e


def result_text(value: Any) -> str:
    """A number; the few elements of a small array; how large a large one is."""
    if value is None or type(value) is tuple:
        return ""
    return value_text(value) if np.size(value) <= _FEW else size_text(value)


def joined(numbers: list[str]) -> str:
    """``3 + 2 − 1``."""
    return " + ".join(numbers).replace(f"+ {MINUS}", f"{MINUS} ")
