"""The command `tinygrad-course`. Exit codes: 0 done, 1 it could not be done (stderr says why), 2 a wrong option."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__
from .core.files import SaveError

EXAMPLES = """examples:
  tinygrad-course demo                      everything, into the folder tinygrad-demo
  tinygrad-course demo --out pictures       somewhere else
  tinygrad-course demo --epochs 5 --seed 1  a shorter training from other random weights
"""


class CommandError(Exception):
    """The reason why a command could not be carried out, in words for the person who typed it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (those of the process, if None) and return the exit code."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except CommandError as error:
        print(f"tinygrad-course: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tinygrad-course: interrupted", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="tinygrad-course",
        description="A computation graph you can see, check, read and run fast.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"tinygrad-course {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    demo = commands.add_parser(
        "demo",
        help="build, check, draw and train a network on real handwritten digits",
        description="Build a 64-32-10 network on scikit-learn's handwritten digits, hold its gradients against finite "
        "differences, train it, and write graph.png, learning_curve.png and errors.png.",
    )
    demo.add_argument(
        "--out", type=Path, default=Path("tinygrad-demo"), metavar="DIR", help="folder for the pictures (%(default)s)"
    )
    demo.add_argument(
        "--epochs", type=count, default=50, metavar="N", help="passes over the training set (%(default)s)"
    )
    demo.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="for the weights and the shuffling (%(default)s)"
    )
    demo.set_defaults(run=run_demo)
    return top


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def seed(text: str) -> int:
    """A whole number that NumPy and scikit-learn take as a seed."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 4294967295")
    return int(text)


def run_demo(options: argparse.Namespace) -> None:
    """Everything at once; see `tinygrad_course/demo.py`."""
    try:
        from . import demo
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
