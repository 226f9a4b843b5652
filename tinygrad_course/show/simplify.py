"""Simplifications of the chain rule: where a slope cancels what the step before divides by, as in ``dz = a - y``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import expr
from .algebra import cancelled, cost, divisors, leaves, substitute
from .backwards import backwards, flowing_back
from .evaluate import UnknownError, Values, agrees, evaluate, values_of
from .expr import Expr, Number
from .model import Box, Edge, Picture


@dataclass(frozen=True, slots=True)
class Simplified:
    """`formula` gives the same numbers as the chain rule; `chain` are the formulas before it; `ones` add up to 1."""

    formula: Expr
    chain: tuple[Expr, ...]
    upstream: tuple[Expr, ...]  # the derivatives that were put in
    ones: tuple[Expr, ...] = ()


class Totals(dict[Box, Expr]):
    """The formula of each derivative; `named` has them by what other formulas call them."""

    def __init__(self) -> None:
        self.named: dict[Expr, Expr] = {}

    def __setitem__(self, box: Box, formula: Expr) -> None:
        super().__setitem__(box, formula)
        self.named[box.d] = formula


def simplified(box: Box, paths: list[Expr], totals: Totals, values: Values) -> Simplified | None:
    """A simpler formula for the derivative of `box`, verified at the recorded values; None where there is none.

    `paths` is what flows back along each path, `totals` the formulas of the derivatives further to the right.
    """
    own = expr.add(*paths)
    known = totals.named
    used = list(dict.fromkeys(leaf for leaf in leaves(own) if leaf in known))
    inside = {part for path in paths for part in _all_parts(path)}
    if not any(divisor in inside for name in used for divisor in divisors(known[name])):
        return None
    chain = expr.add(*(substitute(path, known) for path in paths))
    short = cancelled(chain)
    short, ones = _without_ones(short, values)
    if (
        cost(short) >= cost(own)
        or not agrees(chain, box.derivative, values)
        or not agrees(short, box.derivative, values)
    ):
        return None
    return Simplified(short, (own, chain), tuple(used), ones)


def shorten(picture: Picture) -> None:
    """Note the simpler formula at every box that has one."""
    leaving: dict[Box, list[Edge]] = defaultdict(list)
    for edge in picture.edges:
        if edge.differentiable:
            leaving[edge.source].append(edge)
    values = values_of(picture.boxes)
    totals = Totals()
    for box in backwards(picture):
        formulas = [f for edge in leaving[box] if (f := flowing_back(edge, picture)) is not None]
        if box is picture.output or not formulas or len(formulas) < len(leaving[box]) or box.repeat is not None:
            continue
        found = simplified(box, formulas, totals, values)
        totals[box] = expr.add(*formulas) if found is None else found.formula
        if found is not None:
            box.simple = found.formula
            box.formula = "" if box.single else found.formula.text
            box.shapes = ""  # they are those of the formula before


def _all_parts(e: Expr) -> list[Expr]:
    found = [e]
    for part in found:
        found += part.parts
    return found


def _without_ones(e: Expr, values: Values) -> tuple[Expr, tuple[Expr, ...]]:
    """`e` without factors that are 1 throughout: the sum over the classes of a one-hot target."""
    ones = [part for part in _all_parts(e) if isinstance(part, expr.Call) and part.name == "sum" and _one(part, values)]
    if not ones:
        return e, ()
    return cancelled(substitute(e, dict.fromkeys(ones, Number(1)))), tuple(dict.fromkeys(ones))


def _one(e: Expr, values: Values) -> bool:
    try:
        value: Any = np.asarray(evaluate(e, values))
    except UnknownError:
        return False
    return bool(value.size) and bool(np.allclose(value, 1, rtol=0, atol=1e-9 if value.dtype.itemsize > 4 else 1e-5))
