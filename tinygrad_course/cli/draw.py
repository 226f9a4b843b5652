"""`tinygrad-course draw`: run a program and draw what it computed."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

from ..core.errors import TinygradError
from ..core.node import Node
from ..show import Drawing
from ..show import draw as picture_of
from ..show.draw import VIEWS
from ..show.within import within
from . import command
from .command import CommandError, add_command, add_program
from .program import Program, running, split

EXAMPLES = """  tinygrad-course draw model.py                     a tree in the terminal
  tinygrad-course draw model.py:loss -o loss.png    the variable loss, as a picture
  tinygrad-course draw "model.py:f(x)[0]" -o f.svg  any expression in the program's variables
  tinygrad-course draw model.py -o g.png --steps    g-01.png, g-02.png, ...: one picture a step
  tinygrad-course draw model.py -o g.gif            the steps as a moving picture
  tinygrad-course draw model.py -o g.png -- --seed 3    arguments for the program itself
"""


def add(commands: command.Commands) -> None:
    draw = add_command(
        commands,
        "draw",
        "draw what a program computed",
        "Run a program and draw the computation graph of its result, with values and derivatives. What the program "
        "prints, writes and reads is its own business.",
        EXAMPLES,
    )
    add_program(draw, "what to draw (the Tensor that was computed last)")
    draw.add_argument(
        "-o", "--out", type=Path, metavar="OUT",
        help="file for the drawing: .png, .svg, .html, .gif, .apng, .md, .mmd, .txt, .dot, .tex or .pdf; "
        "without it a tree is printed",
    )  # fmt: skip
    draw.add_argument("--view", choices=VIEWS, default="statement", help="what one box stands for (%(default)s)")
    draw.add_argument("--depth", type=command.whole(1), metavar="N", help="layer view: how deep to look into modules")
    draw.add_argument(
        "--fold",
        action=argparse.BooleanOptionalAction,
        help="turns of a loop, and layers alike, as one (if it is large)",
    )
    draw.add_argument("--brief", action="store_true", help="little in each box, for large graphs")
    draw.add_argument(
        "--direction", choices=("LR", "TB", "BT"), help="which way values flow (LR, but TB where that is too wide)"
    )
    draw.add_argument("--between", nargs=2, metavar=("X", "Y"), help="only the paths from X to Y")
    draw.add_argument("--notation", choices=("d", "full"), help="derivatives as dz or as ∂J/∂z")
    draw.add_argument("--no-derivatives", action="store_true", help="values only")
    draw.add_argument("--title", help="the heading")
    draw.add_argument("--steps", action="store_true", help="a numbered file for each step")
    draw.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    path, name = split(options.program)
    if options.steps and options.out is None:
        raise CommandError("--steps needs a file to number: -o g.png writes g-01.png, g-02.png, ...")
    with running(path, options.arguments) as program:
        output = program.result(name)
        if not isinstance(output, Node):
            raise CommandError(no_tensor(name or "", output, "draw"))
        try:
            drawing: Drawing = within(program.variables, picture_of, output, **_chosen(options, program))
            _give(drawing, options)
        except TinygradError as error:
            raise CommandError(str(error)) from error


def _chosen(options: argparse.Namespace, program: Program) -> dict[str, Any]:
    """The arguments of `draw`: those that were given."""
    found = {name: getattr(options, name) for name in ("view", "direction", "brief", "notation", "title")}
    found["derivatives"] = not options.no_derivatives
    if options.depth is not None:
        found["depth"] = options.depth
    if options.fold is not None:
        found["fold"] = options.fold
    if options.between:
        found["between"] = tuple(map(program.evaluate, options.between))
    return found


def _give(drawing: Drawing, options: argparse.Namespace) -> None:
    if options.out is None:
        print(drawing.tree(command.columns(), ascii=command.only_ascii(), color=command.color()))
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        drawing.save(options.out, steps=options.steps)
    for warning in caught:
        print(f"tinygrad-course: {warning.message}", file=sys.stderr)
    if options.steps:
        print(f"wrote {len(drawing.frames())} files, {options.out.stem}-01{options.out.suffix} and on")
    else:
        print(f"wrote {options.out}")


def no_tensor(name: str, value: Any, verb: str) -> str:
    """Why a value that is no Tensor cannot be drawn, and what might be meant."""
    if isinstance(value, type):
        return f"{name} is a class; only a Tensor has a computation graph"
    if callable(value):
        return f'{name} is a function; to {verb} what it returns, call it, as in ":{name}(x)"'
    return f"{name} is of type {type(value).__name__}; only a Tensor has a computation graph"
