"""What every written derivation has, whatever it is written in: the heading, the forward lines, the notes' form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..expr import Derivative, Expr
from ..model import Box
from ..text import value_text

if TYPE_CHECKING:
    from .batch import Batch
    from .derivation import Derivation


def heading(derivation: Derivation) -> str:
    """What is derived, and what the notation means."""
    output = derivation.output
    text = f"The derivatives of {output.name}, by the chain rule from right to left."
    example = next((step.box for step in derivation.steps if step.box is not output), None)
    if example is None or example.notation == "full":
        return text
    return f"{text} ({example.d.text} means {Derivative(example.name, output.name).text}, and so on.)"


def reading(derivation: Derivation) -> str:
    """How to read products of arrays, where there are any."""
    if all(box.single for box in derivation.picture.boxes):
        return ""
    return (
        "Between arrays, circled products, fractions and powers work element by element; arrays side by side are a "
        "product of matrices."
    )


def given(derivation: Derivation) -> list[Box]:
    """The leaves: what the program starts from, in the order in which its statements use them."""
    picture = derivation.picture
    sources: dict[Box, list[Box]] = {box: [] for box in picture.boxes}
    for edge in picture.edges:
        if not edge.source.nodes:
            sources[edge.target].append(edge.source)
    used = (source for box in statements(derivation) for source in sources[box])
    return list(dict.fromkeys([*used, *(box for box in picture.boxes if not box.nodes)]))


def statements(derivation: Derivation) -> list[Box]:
    """What it computes from them, in order."""
    return [box for box in derivation.picture.boxes if box.nodes and type(box.value) is not tuple]


def notes_form(derivation: Derivation, batch: Batch) -> tuple[str, str, list[tuple[Expr, Expr]]]:
    """A title, an explanation, and the equations."""
    name, m, output = batch.first.d.text, batch.m, derivation.output.name
    title = "In the notes' form"
    sentence = (
        f"{output} is a mean over m = {m} examples, so {name} above carries the factor 1/m, and with it all that"
        f" follows. The notes leave 1/m out of dZ, where dZ is m times ∂{output}/∂Z, and put it where the examples are "
        "added up. The numbers of the parameters are the same:"
    )
    return title, sentence, list(batch.equations)


def statement(box: Box) -> str:
    """``z = w*x + b``, as the program has it."""
    return f"{box.name} = {box.rest}" if box.titled and box.rest else box.name


def amount(box: Box) -> str:
    """``= 5``; for an array, its shape."""
    return f"= {value_text(box.value)}" if box.single else f"{box.shape}"
