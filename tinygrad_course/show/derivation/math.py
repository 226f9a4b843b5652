"""Formulas in LaTeX's mathematics: what compiles with amsmath, and what a notebook's MathJax shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import expr
from ..evaluate import UnknownError, Values, evaluate
from ..expr import Expr
from ..text import ELLIPSIS, MINUS, number

_GREEK = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
]  # fmt: skip
_LETTERS = {
    **dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _GREEK, strict=True)),
    "ς": "varsigma", "∂": "partial", "∇": "nabla",
}  # fmt: skip
_ESCAPED = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\hat{\ }", "~": r"\sim ", " ": r"\ ", "<": "{<}", ">": "{>}", "'": "{'}", "`": "{`}", '"': "{''}",
    "*": "{*}",
    MINUS: "-", "×": r"\times ", ELLIPSIS: r"\ldots ", "²": "^{2}", "³": "^{3}",
}  # fmt: skip
_NAMED = {
    "log": r"\log", "exp": r"\exp", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "sinh": r"\sinh", "cosh": r"\cosh",
    "tanh": r"\tanh", "max": r"\max", "min": r"\min", "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan",
    "det": r"\det", "sigmoid": r"\sigma", "log1p": r"\operatorname{log1p}",
}  # fmt: skip
_SIGNS = {"==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge", "&": r"\land", "|": r"\lor", "<": "<", ">": ">"}


def escaped(text: str) -> str:
    """User text for mathematics: no character of it is a command. What fonts lack is shown by its code."""
    return "".join(_character(c) for c in text)


def _character(c: str) -> str:
    if c in _ESCAPED:
        return _ESCAPED[c]
    if c in _LETTERS:
        return rf"\{_LETTERS[c]} "
    if c.isascii():
        return c if c.isprintable() else ""
    return rf"\langle {ord(c):X}\rangle "


def name(text: str) -> str:
    """A variable's name: ``W1`` as W with the index 1, ``alpha`` as the letter, anything else as it is typed."""
    copy = re.fullmatch(r"(.+)#(\d+)", text)  # one of several that the program calls the same
    if copy is not None:
        return f"{{{name(copy[1])}}}^{{({copy[2]})}}"
    parts = re.fullmatch(r"(\w+?)(?:_?(\d+))?", text)
    if parts is None:
        return rf"\mathtt{{{escaped(text)}}}"
    stem, index = parts[1].rstrip("_") or parts[1], parts[2]
    letter = (
        rf"\{stem}" if stem in _GREEK else escaped(stem).strip() if len(stem) == 1 else rf"\mathit{{{escaped(stem)}}}"
    )
    return f"{letter}_{{{index}}}" if index else letter


class Maths:
    """Writes formulas; `values` are the names' values, by which products of arrays are told from those of numbers."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def write(self, e: Expr, level: int = expr.SUM) -> str:
        """`e` in LaTeX, in brackets where an operation of `level` around it needs them."""
        if e.text == ELLIPSIS:
            return r"\ldots"
        writer = _WRITERS.get(type(e))
        text = writer(self, e) if writer is not None else self.plain(e)
        own = e.level
        if isinstance(e, expr.Call) and e.name == "sum":
            own = expr.PRODUCT
        elif isinstance(e, expr.Derivative):
            own = expr.ATOM
        return rf"\left({text}\right)" if own < level else text

    def plain(self, e: Expr) -> str:
        """A name, a piece of source, or a number as it is written."""
        if re.fullmatch(rf"{MINUS}?[\d.]+(e{MINUS}?\d+)?", e.text):
            return numeral(e.text)
        return name(e.text)

    def array(self, e: Expr) -> bool:
        """Whether `e` is an array rather than one number."""
        try:
            return np.ndim(evaluate(e, self.values)) > 0
        except UnknownError:
            return any(self.array(part) for part in e.parts)

    def derivative(self, e: expr.Derivative) -> str:
        """``dz``, or a quotient of differentials."""
        if e.over:
            return rf"\frac{{\partial {name(e.over)}}}{{\partial {name(e.of)}}}"
        inner = name(e.of)
        return rf"d{inner}" if re.fullmatch(r"[A-Za-z](_\{\d+\})?", inner) else rf"d\!\left({inner}\right)"

    def sum(self, e: expr.Sum) -> str:
        """Terms with their signs between them."""
        text = ""
        for term, c in e.shown.items():
            part = numeral(number(abs(c))) if term is None else self.write(expr.scaled(abs(c), term), expr.PRODUCT)
            sign = "-" if c < 0 else "+" if text else ""
            text += f" {sign} {part}" if text else sign + part
        return text

    def product(self, e: expr.Product) -> str:
        """A number in front, then the factors; those that divide under a line."""
        coefficient, factors = e.shown
        size, sign = abs(coefficient), "-" if coefficient < 0 else ""
        below = {f: -n for f, n in factors.items() if n < 0}
        above = self.factors({f: n for f, n in factors.items() if n > 0}, bool(below))
        under = self.factors(below, True)
        whole = expr.whole(1 / size) if size and size != 1 else None
        front = rf"\frac{{1}}{{{whole}}}" if whole else numeral(number(size)) if size != 1 else ""
        if not under:
            return sign + (rf"{front}\, {above}" if front and above else front or above or "1")
        inner = {f: n for f, n in factors.items() if n > 0}
        if inner and not any(map(self.array, below)) and any(map(self.array, inner)):  # 1/m in front of an array
            return sign + (rf"{front}\, " if front else "") + rf"\frac{{1}}{{{under}}}\, " + self.factors(inner, False)
        return sign + (rf"{front}\, " if front else "") + rf"\frac{{{above or 1}}}{{{under}}}"

    def factors(self, factors: dict[Expr, float], fraction: bool) -> str:
        """Factors side by side, with a sign between arrays that are multiplied element by element."""
        text, before = "", False
        single = len(factors) == 1
        for f, n in factors.items():
            arrays = self.array(f)
            inside = (expr.SUM if fraction else expr.PRODUCT) if single and n == 1 else expr.POWER
            part = self.raised(f, n, inside)
            text += (r" \odot " if before and arrays else r" \cdot ") + part if text else part
            before = arrays
        return text

    def raised(self, base: Expr, n: float, level: int) -> str:
        """A factor and its exponent."""
        if n == 1:
            return self.write(base, level)
        if n == 0.5:
            return rf"\sqrt{{{self.write(base)}}}"
        return rf"{self.base(base)}^{{{numeral(number(n))}}}"

    def base(self, e: Expr) -> str:
        """What an exponent may stand behind."""
        text = self.write(e, expr.ATOM)
        return text if text.startswith(r"\left(") or re.fullmatch(r"\\?\w+|\w(_\{\d+\})?", text) else f"{{{text}}}"

    def infix(self, e: expr.Infix) -> str:
        """A product of matrices side by side; a comparison in Iverson's brackets, 1 where it holds."""
        if e.symbol == "@":
            return rf"{self.write(e.left, expr.POWER)}\, {self.write(e.right, expr.POWER)}"
        return rf"\left[{self.write(e.left)} {_SIGNS.get(e.symbol, e.symbol)} {self.write(e.right)}\right]"

    def power(self, e: expr.Power) -> str:
        """A base with any exponent."""
        if isinstance(e.exponent, expr.Number) and e.exponent.value == 0.5:
            return rf"\sqrt{{{self.write(e.base)}}}"
        return rf"{self.base(e.base)}^{{{self.write(e.exponent)}}}"

    def call(self, e: expr.Call) -> str:
        """A function of its arguments; parameters as they are written in code."""
        inside = [self.write(a) for a in e.arguments]
        words = [rf"\mathtt{{{escaped(f'{k}={v}')}}}" for k, v in e.params.items()]
        if e.name == "sum" and len(inside) == 1:
            axis = e.params.get("axis")
            under = rf"_{{\text{{axis }}{axis}}}".replace("(", "").replace(")", "") if axis is not None else ""
            return rf"\sum{under} {self.write(e.arguments[0], expr.PRODUCT)}"
        if e.name in ("sqrt", "abs") and len(inside) == 1 and not words:
            return rf"\sqrt{{{inside[0]}}}" if e.name == "sqrt" else rf"\left|{inside[0]}\right|"
        function = _NAMED.get(e.name, rf"\operatorname{{{escaped(e.name)}}}")
        return rf"{function}\left({', '.join(inside + words)}\right)"

    def suffix(self, e: expr.Suffix) -> str:
        """A transpose, or an index as it is written in code."""
        if e.suffix in (".T", ".mT"):
            return rf"{self.base(e.base)}^{{\top}}"
        return rf"{self.write(e.base, expr.ATOM)}\mathtt{{{escaped(e.suffix)}}}"


def numeral(text: str) -> str:
    """A number: powers of ten as such, words upright."""
    text = text.replace(MINUS, "-")
    mantissa, _, exponent = text.partition("e")
    if text.strip("-") in ("inf", "nan"):
        return text.replace("inf", r"\infty").replace("nan", r"\mathrm{NaN}")
    return rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else text


_WRITERS: dict[type, Callable[[Maths, Any], str]] = {
    expr.Number: lambda _, e: numeral(e.text) if "/" not in e.text else rf"\frac{{1}}{{{e.text.partition('/')[2]}}}",
    expr.Derivative: Maths.derivative,
    expr.Sum: Maths.sum,
    expr.Product: Maths.product,
    expr.Power: Maths.power,
    expr.Infix: Maths.infix,
    expr.Call: Maths.call,
    expr.Suffix: Maths.suffix,
}
