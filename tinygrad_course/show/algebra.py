"""Elementary simplification: products laid out over sums, so that what divides cancels with what multiplies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from . import expr
from .expr import Expr, Number, Product, Sum, add, multiply, power
from .text import ELLIPSIS

MOST_PRODUCTS = 256  # terms of a sum that is being laid out; more would be no simplification
_DUST = 1e-12  # what rounding leaves of coefficients that cancel


def substitute(e: Expr, replacements: Mapping[Expr, Expr]) -> Expr:
    """`e` with other formulas in place of some of its parts, in normal form."""
    if e in replacements:
        return replacements[e]
    parts = e.parts
    changed = [substitute(part, replacements) for part in parts]
    same = all(new is old for new, old in zip(changed, parts, strict=True))
    return e if same else e.remade(changed)


def leaves(e: Expr) -> Iterator[Expr]:
    """The names and numbers in `e`, each as often as it stands there."""
    if not e.parts:
        yield e
    for part in e.parts:
        yield from leaves(part)


def hides(e: Expr) -> bool:
    """Whether a part of `e` was too long to keep."""
    return any(leaf.text == ELLIPSIS for leaf in leaves(e))


def constant(e: Expr) -> bool:
    """Whether `e` is one number that the program has fixed."""
    return isinstance(e, Number) or (isinstance(e, expr.Given) and isinstance(e.value, int | float))


def cost(e: Expr) -> int:
    """How many names a reader of `e` meets; constants are free."""
    return sum(not constant(leaf) for leaf in leaves(e)) + 100 * hides(e)


def divisors(e: Expr) -> set[Expr]:
    """Everything that `e` divides by."""
    found = {f for f, n in e.factors.items() if n < 0} if isinstance(e, Product) else set[Expr]()
    return found.union(*(divisors(part) for part in e.parts))


def cancelled(e: Expr) -> Expr:
    """`e` with its products laid out and like terms taken together, wherever it has any."""
    parts = e.parts
    if not parts:
        return e
    e = e.remade([cancelled(part) for part in parts])
    if isinstance(e, expr.Call) and e.name == "sum":
        return _of_a_sum(e)
    return _gathered(_terms(e)) if isinstance(e, Sum | Product) else e


def _of_a_sum(e: expr.Call) -> Expr:
    """The constants among what is added up stand in front: ``sum(-Y/m)`` is ``-sum(Y)/m``."""
    (inside,) = e.arguments
    if not isinstance(inside, Product):
        return e
    front = {f: n for f, n in inside.factors.items() if constant(f)}
    rest = multiply(*(power(f, Number(n)) for f, n in inside.factors.items() if f not in front))
    return multiply(Number(inside.coefficient), *(power(f, Number(n)) for f, n in front.items()), e.remade([rest]))


def _terms(e: Expr) -> list[Expr]:
    """The terms of `e` when all its products are laid out; what divides cancels before sums are taken apart."""
    if isinstance(e, Sum):
        found = [t for c, part in zip(e.terms.values(), e.parts, strict=True) for t in _terms(expr.scaled(c, part))]
        return found if len(found) <= MOST_PRODUCTS else [e]
    if not isinstance(e, Product):
        return [e]
    sums = [f for f, n in e.factors.items() if n == 1 and isinstance(f, Sum)]
    if not sums:
        return [e]
    # A sum with a divisor in it first: (1 - a) must meet 1/(1 - a) while it is still one factor.
    chosen = max(sums, key=lambda s: bool(divisors(s)))
    rest = Product(e.coefficient, {f: n for f, n in e.factors.items() if f is not chosen})
    laid_out = [
        multiply(expr.scaled(c, part), rest) for c, part in zip(chosen.terms.values(), chosen.parts, strict=True)
    ]
    if len(laid_out) > MOST_PRODUCTS:
        return [e]
    return [t for part in laid_out for t in _terms(part)]


def _gathered(terms: list[Expr]) -> Expr:
    """The sum of `terms`, factors in alphabetical order, so that ``a*y`` and ``y*a`` are one."""
    found: dict[Expr | None, float] = {}
    for term in terms:
        whole = term if isinstance(term, Product) else None
        c = whole.coefficient if whole else term.value if isinstance(term, Number) else 1.0
        factors = whole.factors if whole else {} if isinstance(term, Number) else {term: 1.0}
        ordered = [power(f, Number(n)) for f, n in sorted(factors.items(), key=lambda pair: pair[0].text)]
        key = multiply(*ordered) if ordered else None
        found[key] = found.get(key, 0.0) + c
    largest = max(map(abs, found.values()), default=0.0)
    kept = [(k, c) for k, c in found.items() if abs(c) > _DUST * largest]
    return add(*(Number(c) if k is None else expr.scaled(c, k) for k, c in kept))
