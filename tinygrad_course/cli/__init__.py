"""The command `tinygrad-course`. Exit codes: 0 done, 1 it could not be done (stderr says why), 2 a wrong option."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from . import bench, check, demo, draw, explain
from .command import CommandError, ProgramError

EXAMPLES = """examples:
  tinygrad-course draw model.py              the computation graph of model.py's result, in the terminal
  tinygrad-course draw model.py -o g.png     as a picture
  tinygrad-course explain model.py           its derivatives, step by step
  tinygrad-course check model.py             its derivatives held against finite differences
  tinygrad-course demo                       all of it on real data, into the folder tinygrad-demo
  tinygrad-course bench tiny_net_1           how fast, beside other libraries

tinygrad-course COMMAND --help says more.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (those of the process, if None) and return the exit code."""
    options = read(list(sys.argv[1:] if arguments is None else arguments))
    try:
        code: int | None = options.run(options)
        sys.stdout.flush()  # here, where a pipe that nobody reads any more is no error
    except ProgramError:  # its traceback has been shown
        return 1
    except CommandError as error:
        print(f"tinygrad-course: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tinygrad-course: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `tinygrad-course draw model.py | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code or 0


def read(arguments: list[str]) -> argparse.Namespace:
    """The options; what stands after ``--`` is for the program that the command runs."""
    top = parser()
    own, theirs = arguments, []
    if "--" in arguments:
        cut = arguments.index("--")
        own, theirs = arguments[:cut], arguments[cut + 1 :]
    options = top.parse_args(own)
    if theirs and not hasattr(options, "arguments"):
        top.error(f"unrecognized arguments: {' '.join(theirs)}")
    options.arguments = theirs
    return options


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="tinygrad-course",
        description="A computation graph you can see, check, read and run fast.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"tinygrad-course {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (draw, explain, check, demo, bench):
        command.add(commands)
    return top
