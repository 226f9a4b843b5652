"""A derivation for a terminal: one step a line, its shapes and its reason below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .outline import amount, given, heading, notes_form, statement, statements

if TYPE_CHECKING:
    from .derivation import Derivation
    from .steps import Step


_WIDTH = 60  # of the column of statements; a longer one sticks out


def write(derivation: Derivation) -> str:
    """The whole derivation as text."""
    parts = [heading(derivation), *_forward(derivation), *_backward(derivation), *_notes(derivation)]
    return "\n".join(parts).rstrip()


def _forward(derivation: Derivation) -> list[str]:
    leaves = ", ".join(f"{box.name} {amount(box)}" for box in given(derivation))
    boxes = statements(derivation)
    width = min(max(len(statement(box)) for box in boxes), _WIDTH) if boxes else 0
    lines = [f"  {statement(box):<{width}}   {amount(box)}" for box in boxes]
    return ["", "Forward, left to right", *([f"  given {leaves}"] if leaves else []), *lines]


def _backward(derivation: Derivation) -> list[str]:
    lines = ["", "Backward, right to left"] if derivation.steps else []
    width = len(str(len(derivation.steps)))
    for i, step in enumerate(derivation.steps, 1):
        lines.append(f"  {i:{width}}. {equation(step)}   [{step.rule}]")
        below = [f"shapes: {step.shapes}"] if step.shapes else []
        below += [step.sentence] + ([f"Note: {step.note}."] if step.note else [])
        lines += [f"  {'':{width}}  {line}" for line in below]
    return [*lines, *(["", f"Note: {derivation.note}"] if derivation.note else [])]


def equation(step: Step) -> str:
    """``dz = da*a*(1 - a) = -1.905 × 0.525 × (1 - 0.525) = -0.475`` on one line."""
    parts = [e.text for e in step.chain[1:]] + ([step.formula.text] if step.formula is not None else [])
    parts.append(step.substitution)
    left = step.symbol.text + (f" via {step.via}" if step.via else "")
    shown = " = ".join(dict.fromkeys(filter(None, [left, *parts])))
    if step.value is None or step.result in parts:
        return shown
    return f"{shown}   ({step.result})" if step.result.startswith("norm") else f"{shown} = {step.result}"


def _notes(derivation: Derivation) -> list[str]:
    if derivation.batch is None:
        return []
    title, sentence, equations = notes_form(derivation, derivation.batch)
    width = max(len(left.text) for left, _ in equations)
    return ["", title, f"  {sentence}", *(f"    {left.text:<{width}} = {right.text}" for left, right in equations)]
