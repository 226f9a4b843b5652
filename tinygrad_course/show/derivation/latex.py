r"""A derivation in LaTeX: a document that compiles with any TeX that has amsmath, or the display alone.

Formulas too wide for the page are scaled down by ``\fit``, which the document defines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..evaluate import values_of
from ..expr import Expr
from .math import Maths, escaped, name, numeral
from .outline import amount, given, heading, notes_form, reading, statement, statements

if TYPE_CHECKING:
    from .derivation import Derivation
    from .steps import Step

_PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{amsmath, amssymb, graphicx}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\newsavebox{\formulabox}
\newcommand{\fit}[1]{\sbox{\formulabox}{$\displaystyle #1$}%
  \ifdim\wd\formulabox>\linewidth\resizebox{\linewidth}{!}{\usebox{\formulabox}}\else\usebox{\formulabox}\fi}
"""


class Writer:
    """The formulas of one derivation."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.values = values_of(derivation.picture.boxes)
        self.maths = Maths(self.values)

    def equation(self, step: Step, align: str = "") -> str:
        r"""A step's formulas with signs of equality between them; `align` stands before each: ``&``."""
        forms = [*step.chain[1:], *([step.formula] if step.formula is not None else [])]
        parts = [self.maths.write(e) for e in forms]
        if step.substitution:
            parts.append(written(step.substitution))
        if step.result and not step.result.startswith("norm"):
            parts.append(numeral(step.result) if step.box.single else written(step.result))
        left = self.maths.write(step.symbol)
        if step.via:
            left = rf"\left.{left}\right|_{{\text{{via }}{name(step.via)}}}"
        return self.joined(left, list(dict.fromkeys(parts)), align)

    def joined(self, left: str, parts: list[str], align: str = "") -> str:
        """`left`, and one line for each of two long parts."""
        if not align:
            return " = ".join([left, *parts])
        return left + r" \\ ".join(f" {align}= {part}" for part in parts)

    def pair(self, left: Expr, right: Expr) -> str:
        """One equation of the notes' form."""
        return f"{self.maths.write(left)} &= {self.maths.write(right)}"


def written(substitution: str) -> str:
    """A substitution, which is text, in LaTeX: numbers and the signs between them."""
    return escaped(substitution.replace(" ", ""))


def plain(text: str) -> str:
    """A sentence for LaTeX outside mathematics: names and formulas as they are typed."""
    return "".join(_TEXT.get(c) or (c if c.isascii() else f"${escaped(c)}$") for c in text)


_TEXT = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    '"': r"\textquotedbl{}", "|": r"\textbar{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "-": "{-}",
}  # fmt: skip


def document(derivation: Derivation) -> str:
    """A whole document."""
    writer = Writer(derivation)
    body = [
        rf"\section*{{The derivatives of {plain(derivation.output.name)}}}",
        plain(f"{heading(derivation)} {reading(derivation)}".strip()),
    ]
    body += _forward(derivation)
    body += [r"\subsection*{Backward, right to left}"] if derivation.steps else []
    for i, step in enumerate(derivation.steps, 1):
        body += _step(i, step, writer)
    body += [rf"\emph{{Note:}} {plain(derivation.note)}"] if derivation.note else []
    body += _notes(derivation, writer)
    return "\n\n".join([_PREAMBLE + r"\begin{document}", *body, r"\end{document}"]) + "\n"


def _forward(derivation: Derivation) -> list[str]:
    leaves = ", ".join(f"{plain(box.name)} {plain(amount(box))}" for box in given(derivation))
    lines = [rf"\texttt{{{plain(statement(box))}}} \quad {plain(amount(box))}" for box in statements(derivation)]
    return [
        r"\subsection*{Forward, left to right}",
        *([f"Given {leaves}."] if leaves else []),
        "\\\\\n".join(lines),
    ]


def _step(number: int, step: Step, writer: Writer) -> list[str]:
    head = rf"\medskip\textbf{{{number}.}} {plain(step.rule)}\nopagebreak"
    after = [plain(step.sentence)]
    if step.shapes:
        after.append(rf"Shapes: \texttt{{{plain(step.shapes)}}}.")
    if step.note:
        after.append(rf"\emph{{Note:}} {plain(step.note)}.")
    size = rf" \quad\text{{({plain(step.result)})}}" if step.result.startswith("norm") else ""
    return [head + "\n" + rf"\[\fit{{{writer.equation(step)}{size}}}\]" + "\n" + " ".join(after)]


def _notes(derivation: Derivation, writer: Writer) -> list[str]:
    if derivation.batch is None:
        return []
    title, sentence, equations = notes_form(derivation, derivation.batch)
    lines = " \\\\\n".join(writer.pair(left, right) for left, right in equations)
    return [rf"\subsection*{{{plain(title)}}}", plain(sentence), rf"\begin{{align*}}{lines}\end{{align*}}"]


def display(derivation: Derivation) -> str:
    """The steps as one display, each with its rule: for a document with amsmath, or a notebook."""
    writer = Writer(derivation)
    lines = [
        rf"{writer.equation(step, '&') if step.formula is not None else ''} && \text{{{plain(step.rule)}}}"
        for step in derivation.steps
    ]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"
