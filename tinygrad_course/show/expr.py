"""Formulas in normal form: sums and products that fold constants, pull signs out, and print in NumPy notation.

Every expression carries its text and how tightly that text binds, and knows its parts: so it can be written in another
notation, evaluated, or made again from other parts. Nothing here is a derivative rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .atoms import ATOM, COMPARE, POWER, PRODUCT, SUM, UNNAMED, Derivative, Expr, Given, Number, whole
from .text import ELLIPSIS, MINUS, number

__all__ = [
    "ATOM", "COMPARE", "POWER", "PRODUCT", "SUM", "UNNAMED", "Call", "Derivative", "Expr", "Given", "Infix", "Number",
    "Power", "Product", "Suffix", "Sum", "add", "call", "compare", "divide", "matmul", "multiply", "negate", "power",
    "scaled", "spaced", "subtract", "whole",
]  # fmt: skip

MOST_TERMS = 64
_TIMES = re.compile(r"(?<!\*)\*(?!\*)")
_RAISED = {2: "\N{SUPERSCRIPT TWO}", 3: "\N{SUPERSCRIPT THREE}"}


class Sum(Expr):
    """``coefficient * term + ...``; the constant, if any, is the coefficient of the term None.

    `terms` are in the order of the program, `shown` in the order in which they are written.
    """

    __slots__ = ("shown", "terms")

    def __init__(self, terms: dict[Expr | None, float]) -> None:
        self.terms, self.shown = terms, _positive_first(terms)
        text = ""
        for term, coefficient in self.shown.items():
            size = number(abs(coefficient)) if term is None else scaled(abs(coefficient), term).within(PRODUCT)
            sign = (MINUS if coefficient < 0 else "") if not text else f" {MINUS if coefficient < 0 else '+'} "
            text += sign + size
        super().__init__(text, SUM)

    def _parts(self) -> tuple[Expr, ...]:
        return tuple(Number(1) if term is None else term for term in self.terms)

    def remade(self, parts: Sequence[Expr]) -> Expr:
        return add(*(scaled(c, part) for c, part in zip(self.terms.values(), parts, strict=True)))


class Product(Expr):
    """``coefficient * factor ** exponent * ...``; `shown` are coefficient and factors as they are written."""

    __slots__ = ("coefficient", "factors", "shown")

    def __init__(self, coefficient: float, factors: dict[Expr, float]) -> None:
        self.coefficient = coefficient
        self.factors = factors
        self.shown = coefficient, factors = _sign_inside(coefficient, factors)
        above = [_power_text(f, e) for f, e in factors.items() if e > 0]
        below = [_power_text(f, -e) for f, e in factors.items() if e < 0]
        size = abs(coefficient)
        under = whole(1 / size)
        if under is not None and size != 1:
            below.insert(0, number(under))
        elif size != 1:
            above.insert(0, number(size))
        text = "*".join(above) or "1"
        if below:
            text += "/" + (below[0] if len(below) == 1 else f"({'*'.join(below)})")
        single = len(above) == 1 and not below
        level = SUM if coefficient < 0 else (POWER if set(factors.values()) != {1} else ATOM) if single else PRODUCT
        super().__init__(MINUS + text if coefficient < 0 else text, level)

    def _parts(self) -> tuple[Expr, ...]:
        return tuple(self.factors)

    def remade(self, parts: Sequence[Expr]) -> Expr:
        powers = (power(part, Number(e)) for e, part in zip(self.factors.values(), parts, strict=True))
        return multiply(Number(self.coefficient), *powers)


class Power(Expr):
    """``base ** exponent``, where the exponent is no number, or a base cannot take it apart."""

    __slots__ = ("base", "exponent")

    def __init__(self, base: Expr, exponent: Expr) -> None:
        super().__init__(f"{base.within(ATOM)}**{exponent.within(ATOM)}", POWER)
        self.base, self.exponent = base, exponent

    def _parts(self) -> tuple[Expr, ...]:
        return self.base, self.exponent

    def remade(self, parts: Sequence[Expr]) -> Expr:
        return power(*parts)


class Infix(Expr):
    """``left symbol right``: a comparison, or a product of matrices; `forward` computes it on arrays."""

    __slots__ = ("forward", "left", "right", "symbol")

    def __init__(self, left: Expr, symbol: str, right: Expr, level: int, forward: Callable[..., Any]) -> None:
        super().__init__(f"{left.within(level + 1)} {symbol} {right.within(level + 1)}", level)
        self.left, self.symbol, self.right, self.forward = left, symbol, right, forward

    def _parts(self) -> tuple[Expr, ...]:
        return self.left, self.right

    def remade(self, parts: Sequence[Expr]) -> Expr:
        left, right = parts
        same = self.symbol != "@"
        return Infix(left, self.symbol, right, self.level, self.forward) if same else matmul(left, right)


class Call(Expr):
    """``name(arguments, key=value)``; `forward` computes it on arrays, if anything does; `shape` is what it gave."""

    __slots__ = ("arguments", "forward", "name", "params", "shape")

    def __init__(
        self, name: str, arguments: Iterable[Expr], params: dict[str, Any], forward: Callable[..., Any] | None
    ) -> None:
        self.name, self.arguments, self.params, self.forward = name, tuple(arguments), params, forward
        words = [a.text for a in self.arguments] + [f"{k}={v}" for k, v in params.items()]
        super().__init__(f"{name}({', '.join(words)})")
        self.shape: tuple[int, ...] | None = None

    def _parts(self) -> tuple[Expr, ...]:
        return self.arguments

    def remade(self, parts: Sequence[Expr]) -> Expr:
        made = Call(self.name, parts, self.params, self.forward)
        made.shape = self.shape
        return made


class Suffix(Expr):
    """``x.T`` or ``x[0, :]``: what stands behind a formula; `forward` computes it on arrays, to this `shape`."""

    __slots__ = ("base", "forward", "shape", "suffix")

    def __init__(self, base: Expr, suffix: str, forward: Callable[..., Any] | None) -> None:
        super().__init__(base.within(ATOM) + suffix)
        self.base, self.suffix, self.forward = base, suffix, forward
        self.shape: tuple[int, ...] | None = None

    def _parts(self) -> tuple[Expr, ...]:
        return (self.base,)

    def remade(self, parts: Sequence[Expr]) -> Expr:
        made = Suffix(parts[0], self.suffix, self.forward)
        made.shape = self.shape
        return made


def _sign_inside(coefficient: float, factors: dict[Expr, float]) -> tuple[float, dict[Expr, float]]:
    """A minus sign moved into a difference among the factors: ``(a - y)/m``, not ``-(y - a)/m``."""
    if coefficient >= 0:
        return coefficient, factors
    for f, n in factors.items():
        if n == 1 and isinstance(f, Sum) and min(f.terms.values()) < 0 < max(f.terms.values()):
            turned = Sum({term: -c for term, c in f.terms.items()})
            return -coefficient, {turned if g is f else g: k for g, k in factors.items()}
    return coefficient, factors


def _power_text(base: Expr, exponent: float) -> str:
    if exponent == 1:
        return base.within(POWER)
    raised = _RAISED.get(exponent)  # type: ignore[call-overload]
    return base.within(ATOM) + (raised or f"**{number(exponent)}")


def _split(e: Expr) -> tuple[float, dict[Expr, float]]:
    """`e` as coefficient and factors."""
    if isinstance(e, Number):
        return e.value, {}
    if isinstance(e, Product):
        return e.coefficient, e.factors
    if isinstance(e, Sum) and next(iter(e.terms.values())) < 0:  # a factor starts with a plus: -(1 - y), not (-1 + y)
        return -1.0, {scaled(-1, e): 1}
    return 1.0, {e: 1}


def multiply(*parts: Expr) -> Expr:
    coefficient = 1.0
    factors: dict[Expr, float] = {}
    for part in parts:
        c, found = _split(part)
        coefficient *= c
        for factor, exponent in found.items():
            factors[factor] = factors.get(factor, 0) + exponent
    return _product(coefficient, {f: e for f, e in factors.items() if e})


def _product(coefficient: float, factors: dict[Expr, float]) -> Expr:
    if len(factors) > MOST_TERMS:
        return Expr(ELLIPSIS)
    if not factors or coefficient == 0 or coefficient != coefficient:
        return Number(coefficient)
    (first, exponent), *rest = factors.items()
    if not rest and exponent == 1:
        if coefficient == 1:
            return first
        if coefficient == -1 and isinstance(first, Sum):
            return Sum({term: -c for term, c in first.terms.items()})
    return Product(coefficient, factors)


def scaled(coefficient: float, e: Expr) -> Expr:
    """``coefficient * e``."""
    if isinstance(e, Sum):
        return _product(coefficient, {e: 1.0})
    c, factors = _split(e)
    return _product(coefficient * c, factors)


def add(*parts: Expr) -> Expr:
    terms: dict[Expr | None, float] = {}
    for part in parts:
        for term, c in _terms(part):
            terms[term] = terms.get(term, 0) + c
    terms = _arranged({term: c for term, c in terms.items() if c})
    if not terms:
        return Number(0)
    if len(terms) > MOST_TERMS:
        return Expr(ELLIPSIS)
    (first, c), *rest = terms.items()
    if rest and (below := _common_divisors(terms)):  # (a + b)/m, not a/m + b/m
        over = Product(1, {f: -n for f, n in below.items()})
        return multiply(add(*(scaled(k, multiply(t, over)) for t, k in terms.items() if t)), Product(1, below))
    sizes = {abs(k) for k in terms.values()}
    if rest and len(sizes) == 1 and sizes != {1}:  # (a + b)/400, not a/400 + b/400
        common = sizes.pop()
        return multiply(Number(common), Sum({term: k / common for term, k in terms.items()}))
    if rest:
        return Sum(terms)
    return Number(c) if first is None else scaled(c, first)


def _arranged(terms: dict[Expr | None, float]) -> dict[Expr | None, float]:
    """`terms`, those that lay parts side by side as one: ``concat(a, 0) + concat(0, b)`` is ``concat(a, b)``."""
    found: dict[Any, list[Call]] = {}
    for term, c in terms.items():
        if c == 1 and isinstance(term, Call) and term.name in ("concat", "stack"):
            found.setdefault((term.name, str(term.params), len(term.arguments)), []).append(term)
    for calls in found.values():
        if len(calls) > 1:
            rest = {term: c for term, c in terms.items() if not any(term is call for call in calls)}
            together = zip(*(call.arguments for call in calls), strict=True)
            terms = {**rest, calls[0].remade([_only(parts) for parts in together]): 1}
    return terms


def _only(parts: tuple[Expr, ...]) -> Expr:
    """The sum of `parts`; an array of zeros stays one, where all are."""
    kept = [part for part in parts if part.text != "0"]
    return add(*kept) if kept else parts[0]


def _common_divisors(terms: dict[Expr | None, float]) -> dict[Expr, float]:
    """The variables holding a number that all terms are divided by."""
    first, *others = terms
    if not isinstance(first, Product):
        return {}
    given = {f: n for f, n in first.factors.items() if n < 0 and isinstance(f, Given)}
    return {f: n for f, n in given.items() if all(isinstance(t, Product) and t.factors.get(f) == n for t in others)}


def _positive_first(terms: dict[Expr | None, float]) -> dict[Expr | None, float]:
    """`terms` with a positive one in front, if there is one: ``a - y``. Fractions keep the order of the program."""
    (first, c), *_ = terms.items()
    lead = next((term for term, k in terms.items() if k > 0), first)
    fraction = isinstance(first, Product) and min(first.factors.values()) < 0
    if c > 0 or lead is first or fraction:  # -y/a + (1 - y)/(1 - a)
        return terms
    return {lead: terms[lead], **terms}


def _terms(e: Expr) -> Iterable[tuple[Expr | None, float]]:
    if isinstance(e, Sum):
        return e.terms.items()
    c, factors = _split(e)
    return [(_product(1, factors) if factors else None, c)]


def power(base: Expr, exponent: Expr) -> Expr:
    if not isinstance(exponent, Number):
        return Power(base, exponent)
    n = exponent.value
    if isinstance(base, Number):
        known = base.value > 0 or n == int(n) > 0
        return Number(base.value**n) if known else Power(base, exponent)
    c, factors = _split(base)
    if n == int(n) and c:
        return _product(c**n, {f: e * n for f, e in factors.items()} if n else {})
    return Power(base, exponent)


def negate(e: Expr) -> Expr:
    return scaled(-1, e)


def subtract(a: Expr, b: Expr) -> Expr:
    return add(a, negate(b))


def divide(a: Expr, b: Expr) -> Expr:
    if isinstance(b, Number) and b.value == 0:
        return Expr(f"{a.within(POWER)}/0", PRODUCT)
    return multiply(a, power(b, Number(-1)))


def matmul(a: Expr, b: Expr) -> Expr:
    c, left = _split(a)
    k, right = _split(b)
    return scaled(c * k, Infix(_product(1, left), "@", _product(1, right), PRODUCT, np.matmul))


def compare(a: Expr, symbol: str, b: Expr, forward: Callable[..., Any]) -> Expr:
    return Infix(a, symbol, b, COMPARE, forward)


def call(
    name: str,
    arguments: Iterable[Expr],
    params: dict[str, Any] | None = None,
    forward: Callable[..., Any] | None = None,
) -> Expr:
    return Call(name, arguments, params or {}, forward)


def spaced(text: str) -> str:
    """A product of numbers as people write it: ``2 × 5``."""
    return _TIMES.sub(" × ", text)
