"""`tinygrad-course demo`: everything at once, on real data; the program is `tinygrad_course/demo.py`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core.files import SaveError
from . import command
from .command import CommandError, add_command

EXAMPLES = """  tinygrad-course demo                      everything, into the folder tinygrad-demo
  tinygrad-course demo --out pictures       somewhere else
  tinygrad-course demo --epochs 5 --seed 1  a shorter training from other random weights
"""


def add(commands: command.Commands) -> None:
    demo = add_command(
        commands,
        "demo",
        "build, check, draw and train a network on real handwritten digits",
        "Build a 64-32-10 network on scikit-learn's handwritten digits, hold its gradients against finite "
        "differences, train it, and write graph.png, learning_curve.png and errors.png.",
        EXAMPLES,
    )
    demo.add_argument(
        "--out", type=Path, default=Path("tinygrad-demo"), metavar="DIR", help="folder for the pictures (%(default)s)"
    )
    demo.add_argument(
        "--epochs", type=command.whole(1), default=50, metavar="N", help="passes over the training set (%(default)s)"
    )
    demo.add_argument(
        "--seed",
        type=command.whole(0, 2**32 - 1),  # what NumPy and scikit-learn take
        default=0,
        metavar="N",
        help="for the weights and the shuffling (%(default)s)",
    )
    demo.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    try:
        from .. import demo
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("sklearn", "matplotlib"):
            raise
        remedy = 'pip install "tinygrad_course[demo]"'
        raise CommandError(f"the demo needs {missing}, which is not installed; run: {remedy}") from error
    try:
        demo.main(options.out, epochs=options.epochs, seed=options.seed)
    except SaveError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        why = error.strerror or error
        raise CommandError(f"cannot write to {options.out}: {why}; name another folder with --out") from error
