"""`tinygrad-course check`: run a program and hold derivatives in it against finite differences."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from typing import Any

from ..check import GradCheckReport, gradcheck
from ..core.errors import TinygradError
from ..core.node import Node
from ..core.reverse import ancestors
from ..show.page.replay import Replay
from ..tensor import Tensor
from . import command
from .command import CommandError, add_command, add_program
from .draw import no_tensor
from .program import Program, running, split

EXAMPLES = """  tinygrad-course check model.py                the Tensor that was computed last
  tinygrad-course check model.py:loss           the variable loss
  tinygrad-course check model.py:f --at x 0.5   a function, at values that are expressions
  tinygrad-course check model.py --order 2      second derivatives, too
"""


def add(commands: command.Commands) -> None:
    check = add_command(
        commands,
        "check",
        "hold a program's derivatives against finite differences",
        "Run a program and check the derivatives of its result with respect to everything that requires a gradient. "
        "The exit code is 1 if one is wrong; the report names the operation and the line.",
        EXAMPLES,
    )
    add_program(check, "what to check, a Tensor or a function (the Tensor that was computed last)")
    check.add_argument("--at", nargs="+", metavar="VALUE", help="arguments of the function: expressions")
    check.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: second derivatives too (%(default)s)")
    check.add_argument("--eps", type=command.positive, help="first step of the differences")
    check.add_argument("--rtol", type=command.positive, help="relative tolerance")
    check.add_argument("--atol", type=command.positive, help="absolute tolerance")
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    path, name = split(options.program)
    with running(path, options.arguments) as program:
        try:
            report = _report(program, name, options)
        except TinygradError as error:
            raise CommandError(str(error)) from error
    command.say(str(report))
    return 0 if report else 1


def _report(program: Program, name: str | None, options: argparse.Namespace) -> GradCheckReport:
    given = program.result(name)
    if isinstance(given, Node):
        if options.at:
            raise CommandError("--at gives the arguments of a function, but a Tensor is checked here")
        function, inputs = _again(given, name)
    elif callable(given):
        function, inputs = given, _arguments(program, given, name or "", options.at)
    else:
        raise CommandError(no_tensor(name or "", given, "check"))
    tolerances = {"eps": options.eps, "rtol": options.rtol, "atol": options.atol}
    return gradcheck(function, inputs, order=options.order, raise_on_failure=False, **tolerances)


def _again(output: Node, name: str | None) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    """The graph of `output` as a function of its leaves, and these."""
    nodes = [*ancestors([output])[0], output]
    found = {x: None for node in reversed(nodes) for x in node.inputs if isinstance(x, Node)}
    leaves = [x for x in found if x.op is None and x.requires_grad]
    if not leaves:
        raise CommandError(f"{name or output.called} depends on nothing that requires a gradient")
    replay = Replay(output)
    updated = any(x.changed > output.order for x in leaves)  # as by a training step: it gives other values now
    if replay.trouble and not updated:
        raise CommandError(f"the graph cannot be computed again: {replay.trouble}")
    inputs = tuple(Tensor(x.value, requires_grad=True, name=x.called) for x in leaves)
    return lambda *values: replay.record(dict(zip(leaves, values, strict=True))), inputs


def _arguments(program: Program, function: Any, name: str, at: list[str] | None) -> tuple[Any, ...]:
    if at is None:
        try:
            wanted = ", ".join(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            wanted = ""
        raise CommandError(
            f"{name} is a function of ({wanted}): say at which values to check it, as in --at x 0.5"
            if wanted
            else no_tensor(name, function, "check")
        )
    values = tuple(map(program.evaluate, at))
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions do not tell
        return values
    try:
        signature.bind(*values)
    except TypeError as error:
        raise CommandError(
            f"{name}{signature} cannot be called with the {len(values)} inputs given: {error}"
        ) from error
    return values
