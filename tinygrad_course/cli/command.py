"""What the commands have in common: errors in words, options of one kind, output that suits the terminal."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from typing import Any

from ..core.columns import to_ascii

# The object that `add_subparsers` returns; argparse keeps its type to itself.
Commands = Any
WIDTH = 100  # of text that goes into a file or another program


class CommandError(Exception):
    """The reason why a command could not be carried out, in words for the person who typed it."""


class ProgramError(Exception):
    """The user's program raised an error, and its traceback is on the screen."""


def add_command(commands: Commands, name: str, help: str, description: str, examples: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=textwrap.fill(description, 79),
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return made


def add_program(command: argparse.ArgumentParser, what: str) -> None:
    """The arguments of a command that runs a program of the user's."""
    command.add_argument(
        "program",
        metavar="FILE.py[:NAME]",
        help=f"the program, run as `python FILE.py` runs it, and {what}",
    )
    command.set_defaults(arguments=[])  # what stands after "--"; `main` puts it there


def whole(least: int, most: int | None = None) -> Any:
    """An option that is a whole number from `least` on."""

    def read(text: str) -> int:
        if text.isdecimal() and least <= int(text) and (most is None or int(text) <= most):
            return int(text)
        range = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {range}")

    return read


def positive(text: str) -> float:
    """An option that is a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def columns() -> int:
    """How wide text may be: the terminal's width, or the usual one where there is no terminal."""
    return shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH


def color() -> bool:
    """Whether to use colours: on a terminal, unless the user asks programs for none."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def only_ascii() -> bool:
    """Whether the output cannot show the signs of mathematics."""
    try:
        "∂−×²└─…".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def say(text: str) -> None:
    """Print text, in ASCII where the output can do no more."""
    print(to_ascii(text) if only_ascii() else text)
