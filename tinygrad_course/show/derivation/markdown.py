"""A derivation in Markdown: a numbered list with formulas between dollar signs, as notebooks and GitHub show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .latex import Writer
from .outline import amount, given, heading, notes_form, reading, statement, statements

if TYPE_CHECKING:
    from .derivation import Derivation
    from .steps import Step

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|$~&])")


def plain(text: str) -> str:
    """A sentence whose characters are no markup."""
    return _MARKS.sub(r"\\\1", text)


def code(text: str) -> str:
    """A piece of code; backquotes in it need more of them around it."""
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    space = " " if runs else ""
    return f"{fence}{space}{text}{space}{fence}"


def write(derivation: Derivation) -> str:
    """The whole derivation."""
    writer = Writer(derivation)
    parts = [
        f"**{plain(derivation.output.name)}**: {plain(f'{heading(derivation)} {reading(derivation)}'.strip())}",
        "**Forward, left to right**",
    ]
    leaves = ", ".join(f"{code(box.name)} {plain(amount(box))}" for box in given(derivation))
    lines = [f"- {code(statement(box))} {plain(amount(box))}" for box in statements(derivation)]
    parts.append("\n".join([*([f"- given {leaves}"] if leaves else []), *lines]))
    if derivation.steps:
        parts += [
            "**Backward, right to left**",
            "\n".join(_step(i, s, writer) for i, s in enumerate(derivation.steps, 1)),
        ]
    if derivation.note:
        parts.append(f"*Note:* {plain(derivation.note)}")
    return "\n\n".join([*parts, *_notes(derivation, writer)]) + "\n"


def _step(number: int, step: Step, writer: Writer) -> str:
    size = f" ({plain(step.result)})" if step.result.startswith("norm") else ""
    lines = [f"{number}. **{plain(step.rule)}**: ${writer.equation(step)}${size}  "]
    lines += [f"   Shapes: {code(step.shapes)}.  "] if step.shapes else []
    lines += [f"   {plain(step.sentence)}" + (f" *Note:* {plain(step.note)}." if step.note else "")]
    return "\n".join(lines)


def _notes(derivation: Derivation, writer: Writer) -> list[str]:
    if derivation.batch is None:
        return []
    title, sentence, equations = notes_form(derivation, derivation.batch)
    lines = " \\\\\n".join(writer.pair(left, right) for left, right in equations)
    return [f"**{title}**", plain(sentence), f"$$\n\\begin{{aligned}}\n{lines}\n\\end{{aligned}}\n$$"]
