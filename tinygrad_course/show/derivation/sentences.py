"""One plain sentence for each step of a derivation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..expr import Expr, Product
from ..model import Box, Edge
from ..text import MINUS, number
from .rules import Rule

if TYPE_CHECKING:
    from ..simplify import Simplified
    from .steps import Step

_MOST_NAMES = 6


def start(output: Box, given: bool) -> str:
    name = output.name
    if given:
        return f"Start at the right, with the gradient that was given for {name}."
    return f"Start at the right: {name} moves exactly as far as {name} itself, so its derivative is 1."


def path(edge: Edge, output: Box, rule: Rule, formula: Expr | None, times: int = 1) -> str:
    """What one path of the backward pass does; `times`: how often the source stands in the target's operation."""
    source, target = edge.source.name, edge.target.name
    if edge.slope is not None:
        return _slopes(edge, output, times)
    if formula is None:
        return f"What flows back into {target} goes on to {source}."
    last = edge.target is output
    text = _OF_KIND.get("minus" if rule.kind in ("sum", "broadcast") and _turned(formula) else rule.kind)
    if text is None and last:
        text = "Each element of {source} moves {target} by a slope of its own, which comes from the {rule}."
    elif text is None:
        text = "{back} flows back into {target}, and goes on to {source} by the {rule}."
    words = {
        "source": source,
        "target": target,
        "back": f"the derivative of {target}" if last else edge.target.d.text,
        "rule": rule.name.partition(";")[0],
    }
    if rule.kind == "matmul":
        side = _side(edge)
        words |= {"side": side, "other": "right" if side == "left" else "left"}
    text = text.format(**words)
    again = _times(edge) if rule.broadcast else 1
    if again > 1:
        text += f" Broadcasting used each entry of {source} {again} times: those uses add up."
    return text[:1].upper() + text[1:] if text.startswith("the ") else text


_OF_KIND = {
    "matmul": "{source} is the {side} factor of a product of matrices: {back} is multiplied from the {other} by the "
    "other factor, transposed, so that the shapes fit.",
    "broadcast": "{back} goes on unchanged.",
    "elementwise": "Each element of {source} moves only its own of {target}: multiply {back} by the slope there.",
    "multiply": "Each element of {target} is a product: {back} is multiplied by the other factor.",
    "constant": "{target} is {source} times a number, so {back} is multiplied by that number.",
    "minus": "{source} is taken away: {back} goes on with the opposite sign.",
    "mean": "Every element has the same share in the mean, so each receives that share of {back}.",
    "sum": "In a sum every term counts once: {back} goes on unchanged.",
    "moved": "Nothing is computed, only rearranged: {back} is put back into the arrangement of {source}.",
    "taken": "{back} goes to the elements of {source} that were taken; all others receive 0.",
    "picked": "{back} goes to the elements of {source} that were picked; all others receive 0.",
}


def _turned(formula: Expr) -> bool:
    """Whether a minus sign stands in front."""
    return isinstance(formula, Product) and formula.coefficient < 0


def _slopes(edge: Edge, output: Box, times: int) -> str:
    source, target = edge.source.name, edge.target.name
    place = "" if times == 1 else f", in one of its {times} places only"
    slope, above = number(edge.slope), number(edge.target.derivative)
    first = f"When {source} moves a little{place}, {target} moves {_far(slope)}"
    if edge.target is output:
        return first + "."
    product = f"{above} × {_bracketed(slope)} = {number(edge.contribution)}"
    return f"{first}, and {output.name} {_far(above, target)}: together {product}."


def _far(slope: str, than: str = "") -> str:
    """``2 times as far``, in words that suit the number; as far as what, if that is not plain."""
    back = ", the other way" if slope.startswith(MINUS) else ""
    size = slope.removeprefix(MINUS)
    words = {"1": "just as far", "0": "not at all", "inf": "infinitely far", "nan": "no one knows how far"}
    return words.get(size, f"{size} times as far") + (f" as {than}" if than and size not in ("0", "nan") else "") + back


def _side(edge: Edge) -> str:
    """On which side of its matrix product the source stands."""
    products = [node for node in edge.target.nodes if node.op is not None and node.op.name == "matmul"]
    return "left" if any(node.inputs[0] is edge.source.result for node in products) else "right"


def _times(edge: Edge) -> int:
    return int(np.size(edge.target.value)) // max(1, int(np.size(edge.source.value)))


def fork(box: Box, paths: Sequence[Step]) -> str:
    """Where a value is used several times."""
    names = list(dict.fromkeys(p.via for p in paths))
    if len(names) > _MOST_NAMES:
        names[_MOST_NAMES - 1 :] = [f"{len(names) - _MOST_NAMES + 1} more"]
    where = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{box.name} is used {len(paths)} times, in {where}: what comes back along all paths adds up."


def simplification(found: Simplified) -> str:
    """Where a slope cancels what was divided by."""
    names = " and ".join(e.text for e in found.upstream)
    text = f"Put in {names}: what it divides by cancels with the slope, and {found.formula.text} is left."
    if found.ones:
        text += f" Here {' and '.join(e.text for e in found.ones)} is 1 throughout."
    return text


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith(MINUS) else text
