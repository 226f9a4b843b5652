"""A derivation as a list of steps, from right to left: one for each path that a derivative flows along, one for each
sum at a fork, one for each simplification.

Everything that is shown was first held against the numbers of the backward pass: see `Step.checked`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from ..algebra import hides
from ..backwards import backwards, flowing_back
from ..evaluate import Values, agrees, largest, values_of
from ..expr import Expr, Number, add
from ..model import Box, Edge, Picture
from ..shapes import Shapes, proof, shapes_of
from ..simplify import Simplified, Totals, simplified
from . import sentences
from .batch import Batch, batch
from .numbers import joined, result_text, with_numbers
from .rules import rule_of

Kind = Literal["start", "path", "sum", "simplify"]
MOST_PATHS = 6  # of a value that is used again and again, as the weights of a loop are
_CONVENTION = "at these values the number follows a convention, not the formula"


@dataclass(slots=True, eq=False)
class Step:
    """One line of a derivation.

    `box` is the value whose derivative the step finds, `edge` the path it comes along (None at the start, at a sum and
    for a simplification). `symbol` stands on the left, `via` names the path where there are several. `rule` is the name
    of the rule, `formula` what it gives, `substitution` the formula with numbers in place of names, `shapes` the shapes
    of its factors, `result` the outcome in a few words and `value` the outcome. `chain` are the formulas on the way to
    `formula`, for a simplification. `sentence` says it in plain English, and `note` what a reader should know besides.
    `checked`: whether the formula gives the recorded value; None where it cannot be evaluated.
    """

    kind: Kind
    box: Box
    edge: Edge | None
    symbol: Expr
    rule: str
    formula: Expr | None
    result: str
    value: Any
    sentence: str
    substitution: str = ""
    shapes: str = ""
    via: str = ""
    chain: tuple[Expr, ...] = field(default=())
    note: str = ""
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the names in formulas stand for."""

    values: Values
    shapes: Shapes


@dataclass(slots=True)
class Chain:
    """The steps of a derivation, the equations in the notes' form if there are any, and what was left out."""

    steps: list[Step]
    batch: Batch | None = None
    note: str = ""


def steps(picture: Picture, most: int | None = None) -> list[Step]:
    """The derivation that a picture shows, from its output backwards; `most` steps of it, if given."""
    return derive(picture, most).steps


def derive(picture: Picture, most: int | None = None) -> Chain:
    """The same, with what belongs around it."""
    if not picture.derivatives:
        return Chain([])
    known = Known(values_of(picture.boxes), shapes_of(picture.boxes))
    totals = Totals()
    walk = _walk(picture, known, totals)
    found = list(islice(walk, most))
    if next(walk, None) is not None:
        return Chain(found, note=f"The first {most} steps from the right are shown; steps= shows more.")
    complete = all(box in totals for box in {step.box for step in found} if box is not picture.output)
    return Chain(found, batch(picture, totals, known.values) if complete else None)


def _walk(picture: Picture, known: Known, totals: Totals) -> Iterator[Step]:
    """All steps, one after the other; the formula of each derivative goes into `totals`."""
    leaving: dict[Box, list[Edge]] = defaultdict(list)
    for edge in picture.edges:
        if edge.differentiable:
            leaving[edge.source].append(edge)
    for box in backwards(picture):
        if box is picture.output:
            yield _start(box)
            continue
        if type(box.value) is tuple or box.derivative is None:
            continue
        out = leaving[box]
        uses = Counter(edge.target for edge in out)
        paths = [_path(edge, picture, known, uses[edge.target], len(out) == 1) for edge in out]
        formulas = [p.formula for p in paths if p.formula is not None]
        total = [_sum(box, paths, known)] if len(paths) > 1 else []
        yield from [*_some(paths), *total]
        if formulas and len(formulas) == len(paths):
            better = simplified(box, formulas, totals, known.values)
            totals[box] = better.formula if better is not None else add(*formulas)
            if better is not None:
                yield _simplify(box, better, known)


def _some(paths: list[Step]) -> list[Step]:
    """`paths`, or the ends of many."""
    if len(paths) <= MOST_PATHS:
        return paths
    shown = [*paths[: MOST_PATHS - 2], paths[-1]]
    left = len(paths) - len(shown)
    shown[-1].note = "; ".join(filter(None, [shown[-1].note, f"{left} more paths before this one are left out"]))
    return shown


def _start(box: Box) -> Step:
    value = box.derivative
    given = not (box.single and value == 1)
    formula = None if given else Number(1)
    step = Step("start", box, None, box.d, "start", formula, result_text(value), value, "")
    step.sentence, step.checked = sentences.start(box, given), None if given else True
    return step


def _path(edge: Edge, picture: Picture, known: Known, times: int, only: bool) -> Step:
    rule = rule_of(edge)
    formula = flowing_back(edge, picture)
    several = edge.source.kind == "shared"  # drawn as one box, but each has a derivative of its own
    hidden = several or (formula is not None and hides(formula))
    value = None if several else _arriving(edge, only)
    numbers = edge.slope is not None
    shown = None if hidden else formula
    step = Step("path", edge.source, edge, edge.source.d, rule.name, shown, result_text(value), value, "")
    step.sentence = sentences.path(edge, picture.output, rule, shown, times)
    step.via = "" if only else edge.target.name
    if hidden:
        apart = ', view="op" takes it apart' if picture.view != "op" else ""
        step.note = "these are several values" if several else "the formula is too long to read" + apart
    elif formula is not None:
        step.substitution = with_numbers(formula, known.values) if numbers else ""
        step.shapes = "" if numbers else proof(formula, known.shapes)
        step.checked = None if value is None else agrees(formula, value, known.values)
        step.note = _CONVENTION if step.checked is False else ""
    return step


def _arriving(edge: Edge, only: bool) -> Any:
    """What `edge` adds to the derivative of its source, if that is known."""
    if edge.flow is not None:
        return edge.flow
    folded = edge.source.repeat is not None or edge.target.repeat is not None
    return edge.source.derivative if only and not folded else None


def _sum(box: Box, paths: list[Step], known: Known) -> Step:
    """What comes back along several paths adds up."""
    all_known = all(p.formula is not None for p in paths)
    formula = add(*(p.formula for p in paths if p.formula is not None)) if all_known else None
    formula = None if formula is None or hides(formula) else formula
    value = box.derivative if box.repeat is None and box.kind != "shared" else None
    step = Step("sum", box, None, box.d, "sum over paths", formula, result_text(value), value, "")
    step.sentence = sentences.fork(box, paths)
    if all(p.edge is not None and p.edge.slope is not None for p in paths):
        step.substitution = joined([p.result for p in paths]) if len(paths) <= MOST_PATHS else ""
    elif formula is not None:
        step.shapes = proof(formula, known.shapes)
    if formula is not None and value is not None:
        step.checked = agrees(formula, value, known.values, largest(p.value for p in paths))
        step.note = _CONVENTION if step.checked is False else ""
    return step


def _simplify(box: Box, found: Simplified, known: Known) -> Step:
    value = box.derivative
    step = Step("simplify", box, None, box.d, "simplify", found.formula, result_text(value), value, "")
    step.sentence = sentences.simplification(found)
    step.substitution = with_numbers(found.formula, known.values) if box.single else ""
    step.shapes = "" if box.single else proof(found.formula, known.shapes)
    step.chain, step.checked = found.chain, True
    return step
