"""How elementwise primitives are declared: a row is a forward function, its local partials, a text and an example.

In a rule, `y` is the output; `x`, `a`, `b` are the inputs. The engine multiplies by the cotangent and undoes
broadcasting, so a partial is exactly the formula that calculus gives for a scalar. Where that is a number, the number
stands there; 1 and -1 cost nothing.

The rows stand in families, each of which uses only those before it: `questions`, `pieces`, `arithmetic`,
`exponential`, `powers`, `trigonometry`, `sinc`, `erf`, `activation`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any

import numpy as np

from ..core.primitive import Primitive

Partial = Callable[..., Any] | int  # a rule, or a derivative that is the same number everywhere
Example = dict[str, str]  # a call, and what Python prints for it

ONE = "Elementwise: the result has the shape of `x`, and its dtype too where that is a float."
SEVERAL = "Elementwise: the inputs broadcast (`ShapeError` where they do not fit), and NumPy's rules give the dtype."


def elementwise(
    forward: Callable[..., Any],
    *partials: Partial | None,
    name: str | None = None,
    doc: str,
    derivative: str,
    example: Example,
) -> Primitive:
    """An elementwise primitive from its forward function and one partial per input (None: no derivative)."""
    slopes = f"Derivative: {derivative}."
    text = docstring(doc, [SEVERAL if len(partials) > 1 else ONE, slopes], example)
    op = Primitive(forward, name=name, partials=partials, doc=text)
    if isinstance(forward, np.ufunc):
        rule = next((p for p in partials if callable(p)), None)
        name_operands(op, *(list(signature(rule).parameters)[1:] if rule else "x" if forward.nin == 1 else "ab"))
    return op


def constant(forward: Callable[..., Any], *, name: str | None = None, doc: str) -> Primitive:
    """A primitive that gives no gradient: its result is boolean, integer or piecewise constant by contract."""
    return Primitive(forward, name=name, differentiable=False, doc=doc)


def question(forward: np.ufunc, *, doc: str, example: Example) -> Primitive:
    """A NumPy function whose answer, elementwise, is a truth or an integer."""
    shapes = "the inputs broadcast (`ShapeError` where they do not fit)" if forward.nin > 1 else "shaped like `x`"
    op = constant(forward, doc=docstring(doc, [f"Elementwise: {shapes}. The answer has no derivative."], example))
    name_operands(op, *("x" if forward.nin == 1 else "ab"))
    return op


def docstring(summary: str, details: list[str], example: Example) -> str:
    """A docstring of three paragraphs, the last of them a session that runs."""
    session = [f">>> {call}\n{result}" for call, result in example.items()]
    return "\n".join([summary, "", *details, "", ">>> import tinygrad_course as tg", *session, ""])


def name_operands(op: Primitive, *names: str) -> None:
    """Let `help` show what the row calls the operands of a NumPy function, and not NumPy's own names and keywords."""
    op.__signature__ = Signature([Parameter(n, Parameter.POSITIONAL_ONLY) for n in names])  # type: ignore[attr-defined]
