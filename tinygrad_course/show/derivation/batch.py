"""The equations as the notes write them: dZ without the 1/m of the cost, and 1/m where the examples are added up.

The course's cost is a mean over m examples. By the chain rule every derivative then carries the factor 1/m from the
very first step. The notes leave it out of dZ and put it into dW and db instead, where the sum over the examples stands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .. import expr
from ..algebra import leaves, substitute
from ..evaluate import Values, agrees
from ..expr import Derivative, Expr, Given, Number, Product, Sum
from ..model import Box, Picture


@dataclass(frozen=True, slots=True)
class Batch:
    """The derivation over a batch of `m` examples: `equations` are pairs of a derivative and its formula."""

    m: int
    equations: tuple[tuple[Expr, Expr], ...]
    first: Box  # whose derivative the factor was taken out of first


def batch(picture: Picture, totals: dict[Box, Expr], values: Values) -> Batch | None:
    """`totals` in the notes' form, verified; None where the output is no mean over examples of arrays."""
    computed = [box for box in totals if box.nodes]
    found = {box: m for box in computed if (m := _examples(box, totals[box]))}
    counts = set(found.values())
    if len(counts) != 1 or not picture.output.single or picture.output.derivative != 1:
        return None
    (m,) = counts
    totals = {box: _short(total) for box, total in totals.items()}
    factor = Given("m", m) if "m" not in values else Number(m)
    scaled = {Derivative(box.name).text: m * box.derivative for box in computed}
    known = {**values, **scaled}
    formulas: dict[Box, Expr] = {}
    for box, total in totals.items():
        formula = _without(total, m) if box.nodes else _with(total, factor)
        if not agrees(formula, m * box.derivative if box.nodes else box.derivative, known):
            return None
        formulas[box] = formula
    shown = _put_in(formulas, picture)
    return Batch(m, tuple((Derivative(box.name), formula) for box, formula in shown.items()), next(iter(found)))


def _short(e: Expr) -> Expr:
    """`e` with ``dz`` for the derivatives: what is m times larger must not be called ``∂J/∂z``."""
    return substitute(e, {leaf: Derivative(leaf.of) for leaf in leaves(e) if isinstance(leaf, Derivative)})


def _examples(box: Box, total: Expr) -> int:
    """m, where `total` comes straight from the output, has the factor 1/m, and m is the size of an axis of `box`."""
    if not isinstance(total, Product) or _flows(total):
        return 0
    m = round(1 / abs(total.coefficient)) if total.coefficient else 0
    for f, n in total.factors.items():
        if n == -1 and isinstance(f, Given) and isinstance(f.value, int):
            m *= f.value
    return m if m > 1 and m in box.shape else 0


def _flows(e: Expr) -> bool:
    """Whether a derivative further to the right stands in `e`; otherwise it comes straight from the output."""
    return any(isinstance(leaf, Derivative) for leaf in leaves(e))


def _terms(e: Expr) -> list[Expr]:
    if not isinstance(e, Sum):
        return [e]
    return [expr.scaled(c, part) for c, part in zip(e.terms.values(), e.parts, strict=True)]


def _without(total: Expr, m: int) -> Expr:
    """m times the derivative of a computed value, in terms of such: what comes from the output loses its 1/m."""
    return expr.add(*(term if _flows(term) else _times(term, m) for term in _terms(total)))


def _times(e: Expr, m: int) -> Expr:
    if isinstance(e, Product):
        for f, n in e.factors.items():
            if n == -1 and isinstance(f, Given) and f.value == m:
                return expr.multiply(e, f)
        c = e.coefficient * m
        near = float(round(c)) if abs(c - round(c)) < 1e-9 * abs(c) else c
        return expr.multiply(Number(near), Product(1, e.factors))
    return expr.scaled(m, e)


def _with(total: Expr, factor: Expr) -> Expr:
    """The derivative of a leaf: the terms that flow through computed values get 1/m."""
    return expr.add(*(expr.divide(term, factor) if _flows(term) else term for term in _terms(total)))


def _put_in(formulas: dict[Box, Expr], picture: Picture) -> dict[Box, Expr]:
    """The formulas with those of activations put into the formulas they are used in, as in dZ1 = W2.T dZ2 * g'(Z1)."""
    uses = Counter(leaf for formula in formulas.values() for leaf in leaves(formula) if isinstance(leaf, Derivative))
    activations = {box for box in formulas if box.nodes and _elementwise(box, picture)}
    inside: dict[Expr, Expr] = {}
    shown: dict[Box, Expr] = {}
    for box, formula in formulas.items():
        formula = substitute(formula, inside)
        used = uses[Derivative(box.name)]
        if box.nodes and (used == 0 or (box in activations and used == 1 and not isinstance(formula, Sum))):
            inside[Derivative(box.name)] = formula
        else:
            shown[box] = formula
    return shown


def _elementwise(box: Box, picture: Picture) -> bool:
    """Whether a box is an elementwise function of one value."""
    sources = [e for e in picture.edges if e.target is box]
    one = len(sources) == 1 and sources[0].source.nodes and sources[0].source.shape == box.shape
    return bool(one) and all(node.op is not None and node.op.elementwise for node in box.nodes)
