"""Running a program of the user's as `python FILE.py` would, and finding in it what is asked for."""

from __future__ import annotations

import difflib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from ..core.node import Node
from .command import CommandError, ProgramError

_PLACE = "<NAME>"


class Program(NamedTuple):
    """A program that has run: the name of its file, and its variables."""

    name: str
    file: str
    variables: dict[str, Any]

    def result(self, name: str | None) -> Any:
        """The value of `name`, any expression; without one, the Tensor with a graph that was computed last."""
        if name is not None:
            return self.evaluate(name)
        computed = [x for x in self.variables.values() if isinstance(x, Node) and x.op is not None]
        if not computed:
            raise CommandError(self._nothing())
        return max(computed, key=lambda x: x.order)

    def evaluate(self, text: str) -> Any:
        """An expression in the program's variables."""
        text = text.strip()
        try:
            code = compile(text, _PLACE, "eval", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise CommandError(f"{text!r} is neither a name nor an expression of Python") from error
        try:
            return eval(code, self.variables)
        except NameError as error:
            if error.name is None or error.name in self.variables or _inside(error, self.file):
                raise self._failure(error, text) from error
            raise CommandError(self._unknown(error.name)) from error
        except SystemExit as end:
            raise CommandError(f"{text}: it ends the program, with exit code {end.code or 0}") from end
        except Exception as error:
            raise self._failure(error, text) from error

    def _failure(self, error: Exception, text: str) -> Exception:
        """What to raise for an expression that failed: in the program's own code, or because of how it was called."""
        if _inside(error, self.file):
            show(error, self.file)
            return ProgramError()
        return CommandError(f"{text}: {type(error).__name__}: {error}")

    def _unknown(self, name: str) -> str:
        known = {k: x for k, x in self.variables.items() if not (k.startswith("_") or isinstance(x, ModuleType))}
        tensors = [k for k, x in known.items() if isinstance(x, Node)]
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {_either(close)}?" if close else f"; it has {_either(tensors[-8:])}" if tensors else ""
        return f"{self.name} has no variable {name!r} at module level{hint}"

    def _nothing(self) -> str:
        tensors = [k for k, x in self.variables.items() if isinstance(x, Node) and not k.startswith("_")]
        why = (
            f"nothing that requires a gradient was computed into a variable (it has {_either(tensors[-8:])})"
            if tensors
            else "no variable at module level holds a Tensor"
        )
        return (
            f"{self.name} ran, but {why}. Say what is meant: {self.name}:NAME for a variable, or for an expression, "
            f'as in "{self.name}:f(x)"'
        )


def split(text: str) -> tuple[Path, str | None]:
    """`model.py:loss` in two; what follows the colon may be any expression."""
    if os.path.exists(text):
        return Path(text), None
    head, mark, name = text.partition(".py:")
    if mark:
        return Path(head + ".py"), name
    file, mark, name = text.rpartition(":")
    return (Path(file), name) if mark and os.path.exists(file) else (Path(text), None)


@contextmanager
def running(path: Path, arguments: Sequence[str]) -> Iterator[Program]:
    """Run the program at `path`; while the block lasts, the process is as if the program were still running."""
    code = _compiled(path)
    module = ModuleType("__main__")
    file = code.co_filename
    loader = SourceFileLoader("__main__", file)
    vars(module).update(__file__=file, __loader__=loader, __builtins__=__builtins__, __cached__=None)
    before = sys.argv, list(sys.path), sys.modules.get("__main__")
    sys.argv = [str(path), *arguments]
    sys.path[:1] = [os.path.dirname(os.path.realpath(file))]
    sys.modules["__main__"] = module
    try:
        _execute(code, vars(module), path)
        yield Program(path.name, file, vars(module))
    finally:
        sys.argv, sys.path[:] = before[0], before[1]
        if before[2] is not None:
            sys.modules["__main__"] = before[2]


def _compiled(path: Path) -> CodeType:
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        raise CommandError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise CommandError(f"{path} is a folder; name a file in it") from None
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        return compile(source, os.path.abspath(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        if error.lineno is None:  # null characters: Python names no file and no line
            raise CommandError(f"{path} is no Python program: {error}") from error
        show(error, "")
        raise ProgramError from error
    except ValueError as error:
        raise CommandError(f"{path} is no Python program: {error}") from error


def _execute(code: CodeType, variables: dict[str, Any], path: Path) -> None:
    try:
        exec(code, variables)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            raise ProgramError from end
        if end.code:
            raise CommandError(f"{path.name} ended with exit code {end.code}") from end
    except Exception as error:
        show(error, code.co_filename)
        raise ProgramError from error
    finally:
        sys.stdout.flush()


def _inside(error: BaseException, file: str) -> bool:
    """Whether an error came up in the program's own code."""
    return any(frame.f_code.co_filename == file for frame, _ in traceback.walk_tb(error.__traceback__))


def show(error: BaseException, file: str) -> None:
    """Print the traceback of an error from the program's own first line on, as Python itself would print it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    traceback.print_exception(type(error), error.with_traceback(trace), trace)


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
