"""`tinygrad-course explain`: run a program and explain the derivatives of what it computed."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core.errors import TinygradError
from ..core.node import Node
from ..show.derivation import explain
from ..show.within import within
from . import command
from .command import CommandError, add_command, add_program
from .draw import no_tensor
from .program import running, split

EXAMPLES = """  tinygrad-course explain model.py                    in the terminal
  tinygrad-course explain model.py:loss -o loss.md    the variable loss, as Markdown with formulas
  tinygrad-course explain model.py -o loss.tex        as a LaTeX document
"""


def add(commands: command.Commands) -> None:
    told = add_command(
        commands,
        "explain",
        "explain a program's derivatives step by step",
        "Run a program and explain the derivatives of its result: the chain rule from right to left, one step a line.",
        EXAMPLES,
    )
    add_program(told, "what to explain (the Tensor that was computed last)")
    told.add_argument(
        "-o", "--out", type=Path, metavar="OUT", help="file for it: .txt, .md or .tex; without it the text is printed"
    )
    told.add_argument("--view", choices=("statement", "op"), default="statement", help="what one step is (%(default)s)")
    told.add_argument("--notation", choices=("d", "full"), default="d", help="dz or ∂J/∂z (%(default)s)")
    told.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    path, name = split(options.program)
    with running(path, options.arguments) as program:
        output = program.result(name)
        if not isinstance(output, Node):
            raise CommandError(no_tensor(name or "", output, "explain"))
        try:
            derivation = within(program.variables, explain, output, view=options.view, notation=options.notation)
            if options.out is None:
                command.say(derivation.text)
            else:
                derivation.save(options.out)
                print(f"wrote {options.out}")
        except TinygradError as error:
            raise CommandError(str(error)) from error
