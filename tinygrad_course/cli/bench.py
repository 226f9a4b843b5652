"""`tinygrad-course bench`: our speed beside NumPy by hand and the libraries that are installed."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from . import command
from .command import CommandError, add_command

EXAMPLES = """  tinygrad-course bench                          everything, in an hour or so
  tinygrad-course bench tiny_net_1 lenet         two of them
  tinygrad-course bench --rounds 1 --only torch  against PyTorch, in a hurry
  tinygrad-course bench --plot speed.png         a picture as well
"""


def add(commands: command.Commands) -> None:
    bench = add_command(
        commands,
        "bench",
        "measure how fast training steps are, beside other libraries",
        "Time a training step of several models by hand-written NumPy, by this package and by the other libraries that "
        "are installed, each in a process of its own, and print a table for each model.",
        EXAMPLES,
    )
    bench.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="which models; all of them if none is named")
    bench.add_argument(
        "--rounds", type=command.whole(1), default=5, metavar="N", help="processes for each competitor (%(default)s)"
    )
    bench.add_argument(
        "--only", default="", metavar="TEXT,TEXT", help="only competitors with one of these in their name, and ours"
    )
    bench.add_argument("--plot", type=Path, metavar="FILE", help="write a plot too (needs matplotlib)")
    bench.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    benchmarks = _benchmarks()
    known = benchmarks.WORKLOADS
    if unknown := [w for w in options.workloads if w not in known]:
        raise CommandError(f"there is no workload {unknown[0]!r}; there are {', '.join(known)}")
    try:
        benchmarks.compare(options.workloads or known, rounds=options.rounds, only=options.only, plot_to=options.plot)
    except benchmarks.BenchmarkError as error:
        raise CommandError(str(error)) from error


def _benchmarks() -> Any:
    """The folder `benchmarks`: beside the package in a checkout, inside it where it was installed."""
    root = Path(__file__).parents[2]
    if (root / "benchmarks" / "run.py").is_file():
        sys.path.insert(0, str(root))
        return import_module("benchmarks.run")
    try:
        return import_module("tinygrad_course.benchmarks.run")
    except ModuleNotFoundError as error:
        raise CommandError("the benchmarks are not part of this installation; run it from a checkout") from error
