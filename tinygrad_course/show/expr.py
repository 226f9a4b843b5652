"""Formulas in normal form: sums and products that fold constants, pull signs out, and print in NumPy notation.

Every expression carries its text and how tightly that text binds. Nothing here is a derivative rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .text import ELLIPSIS, MINUS, number

LONGEST = 400  # a longer formula helps nobody, and shared parts could make its text grow without bound
MOST_TERMS = 64
UNNAMED = "constant"  # an array that nothing in the program names
HIDING = (ELLIPSIS, UNNAMED)
COMPARE, SUM, PRODUCT, POWER, ATOM = range(5)
_RAISED = {2: "\N{SUPERSCRIPT TWO}", 3: "\N{SUPERSCRIPT THREE}"}


class Expr:
    """A formula: `text`, and `level`, the kind of its outermost operation.

    Two are equal if they read the same, unless the text hides something: then only the same object is.
    """

    __slots__ = ("level", "text")

    def __init__(self, text: str, level: int = ATOM) -> None:
        long = len(text) > LONGEST
        self.text = ELLIPSIS if long else text
        self.level = ATOM if long else level

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Expr) and other.text == self.text and not any(word in self.text for word in HIDING)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text

    def within(self, level: int) -> str:
        """The text, in brackets where an operation of `level` around it needs them."""
        return f"({self.text})" if self.level < level else self.text


class Number(Expr):
    """A number that is known."""

    __slots__ = ("value",)

    def __init__(self, value: float) -> None:
        self.value = value
        text, whole = number(value), _whole(1 / abs(value)) if value else None
        if whole is not None and float(text.replace(MINUS, "-")) != value:
            super().__init__(f"{MINUS if value < 0 else ''}1/{whole}", PRODUCT if value > 0 else SUM)
        else:
            super().__init__(text, ATOM if value >= 0 else SUM)


class Sum(Expr):
    """``coefficient * term + ...``; the constant, if any, is the coefficient of the term None."""

    __slots__ = ("terms",)

    def __init__(self, terms: dict[Expr | None, float]) -> None:
        self.terms = terms
        text = ""
        for term, coefficient in terms.items():
            size = number(abs(coefficient)) if term is None else scaled(abs(coefficient), term).within(PRODUCT)
            sign = (MINUS if coefficient < 0 else "") if not text else f" {MINUS if coefficient < 0 else '+'} "
            text += sign + size
        super().__init__(text, SUM)


class Product(Expr):
    """``coefficient * factor ** exponent * ...``"""

    __slots__ = ("coefficient", "factors")

    def __init__(self, coefficient: float, factors: dict[Expr, float]) -> None:
        self.coefficient = coefficient
        self.factors = factors
        above = [_power_text(f, e) for f, e in factors.items() if e > 0]
        below = [_power_text(f, -e) for f, e in factors.items() if e < 0]
        size = abs(coefficient)
        whole = _whole(1 / size)
        if whole is not None and size != 1:
            below.insert(0, number(whole))
        elif size != 1:
            above.insert(0, number(size))
        text = "*".join(above) or "1"
        if below:
            text += "/" + (below[0] if len(below) == 1 else f"({'*'.join(below)})")
        single = len(above) == 1 and not below
        level = SUM if coefficient < 0 else (POWER if set(factors.values()) != {1} else ATOM) if single else PRODUCT
        super().__init__(MINUS + text if coefficient < 0 else text, level)


def _whole(x: float) -> int | None:
    """`x` as a whole number if it is one, up to rounding in single precision."""
    return round(x) if 1 <= x < 1e6 and abs(x - round(x)) < 1e-6 * x else None


def _power_text(base: Expr, exponent: float) -> str:
    if exponent == 1:
        return base.within(POWER)
    raised = _RAISED.get(exponent)  # type: ignore[call-overload]
    return base.within(ATOM) + (raised or f"**{number(exponent)}")


def _parts(e: Expr) -> tuple[float, dict[Expr, float]]:
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
        c, found = _parts(part)
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
    c, factors = _parts(e)
    return _product(coefficient * c, factors)


def add(*parts: Expr) -> Expr:
    terms: dict[Expr | None, float] = {}
    for part in parts:
        for term, c in _terms(part):
            terms[term] = terms.get(term, 0) + c
    terms = {term: c for term, c in terms.items() if c}
    if not terms:
        return Number(0)
    if len(terms) > MOST_TERMS:
        return Expr(ELLIPSIS)
    (first, c), *rest = terms.items()
    sizes = {abs(k) for k in terms.values()}
    if rest and len(sizes) == 1 and sizes != {1}:  # (a + b)/400, not a/400 + b/400
        common = sizes.pop()
        return Product(common, {Sum({term: k / common for term, k in terms.items()}): 1})
    if rest:
        return Sum(terms)
    return Number(c) if first is None else scaled(c, first)


def _terms(e: Expr) -> Iterable[tuple[Expr | None, float]]:
    if isinstance(e, Sum):
        return e.terms.items()
    c, factors = _parts(e)
    return [(_product(1, factors) if factors else None, c)]


def power(base: Expr, exponent: Expr) -> Expr:
    if not isinstance(exponent, Number):
        return Expr(f"{base.within(ATOM)}**{exponent.within(ATOM)}", POWER)
    n = exponent.value
    if isinstance(base, Number):
        known = base.value > 0 or n == int(n) > 0
        return Number(base.value**n) if known else Expr(f"{base.within(ATOM)}**{exponent}", POWER)
    c, factors = _parts(base)
    if n == int(n) and c:
        return _product(c**n, {f: e * n for f, e in factors.items()} if n else {})
    return Expr(f"{base.within(ATOM)}**{exponent.within(ATOM)}", POWER)


def negate(e: Expr) -> Expr:
    return scaled(-1, e)


def subtract(a: Expr, b: Expr) -> Expr:
    return add(a, negate(b))


def divide(a: Expr, b: Expr) -> Expr:
    if isinstance(b, Number) and b.value == 0:
        return Expr(f"{a.within(POWER)}/0", PRODUCT)
    return multiply(a, power(b, Number(-1)))


def infix(a: Expr, symbol: str, b: Expr, level: int) -> Expr:
    return Expr(f"{a.within(level + 1)} {symbol} {b.within(level + 1)}", level)


def matmul(a: Expr, b: Expr) -> Expr:
    c, left = _parts(a)
    k, right = _parts(b)
    return scaled(c * k, infix(_product(1, left), "@", _product(1, right), PRODUCT))


def call(name: str, arguments: Iterable[Any], params: dict[str, Any] | None = None) -> Expr:
    words = [str(a) for a in arguments] + [f"{k}={v}" for k, v in (params or {}).items()]
    return Expr(f"{name}({', '.join(words)})")


def attribute(e: Expr, name: str) -> Expr:
    return Expr(f"{e.within(ATOM)}.{name}")
