"""What formulas are made of: names, given values, derivatives, numbers. Each has a text, and how tightly it binds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .text import ELLIPSIS, MINUS, number, simple

LONGEST = 400  # a longer formula helps nobody, and shared parts could make its text grow without bound
UNNAMED = "constant"  # an array that nothing in the program names
HIDING = (ELLIPSIS, UNNAMED)
COMPARE, SUM, PRODUCT, POWER, ATOM = range(5)


def whole(x: float) -> int | None:
    """`x` as a whole number if it is one, up to rounding in single precision."""
    return round(x) if 1 <= x < 1e6 and abs(x - round(x)) < 1e-6 * x else None


class Expr:
    """A formula: `text`, and `level`, the kind of its outermost operation. A plain one is a name, or source as written.

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

    @property
    def parts(self) -> tuple[Expr, ...]:
        """The formulas that this one is made of; none for a name, and none where the text hides them."""
        return () if self.text == ELLIPSIS else self._parts()

    def _parts(self) -> tuple[Expr, ...]:
        return ()

    def remade(self, parts: Sequence[Expr]) -> Expr:
        """The same operation on other parts, in normal form."""
        return self


class Given(Expr):
    """What the program gives a value: a variable that holds a number, or an array without a name."""

    __slots__ = ("value",)

    def __init__(self, text: str, value: Any) -> None:
        super().__init__(text)
        self.value = value


class Derivative(Expr):
    """The derivative of the output with respect to `of`: ``dz``, or ``∂J/∂z`` if the output's name is in `over`."""

    __slots__ = ("of", "over")

    def __init__(self, of: str, over: str = "") -> None:
        d, under = ("∂", PRODUCT) if over else ("d", ATOM)
        words = [d + (name if simple(name) else f"({name})") for name in (over, of) if name]
        super().__init__("/".join(words), under)
        self.of, self.over = of, over


class Number(Expr):
    """A number that is known."""

    __slots__ = ("value",)

    def __init__(self, value: float) -> None:
        self.value = value
        text, under = number(value), whole(1 / abs(value)) if value else None
        if under is not None and float(text.replace(MINUS, "-")) != value:
            super().__init__(f"{MINUS if value < 0 else ''}1/{under}", PRODUCT if value > 0 else SUM)
        else:
            super().__init__(text, ATOM if value >= 0 else SUM)
