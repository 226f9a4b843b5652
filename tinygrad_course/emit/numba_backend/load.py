"""Source to machine code, kept on disk: the next process finds it compiled.

A program's source goes into a file of the user's cache folder, named by a hash of all that decides what it compiles to;
Numba keeps the machine code beside it. Where nothing can be written, the program is compiled anew in every process,
which is said once.
"""

from __future__ import annotations

import hashlib
import linecache
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name
from numba import njit, types
from numba.core.errors import NumbaError

from ...core.files import write_file
from ..backend import Unsupported

KEPT = 200  # programs; the oldest go when there are more
_said: set[str] = set()


def compiled_main(source: str, signature: list[tuple[str, int | None]], name: str, nogil: bool = False) -> Any:
    """The function `main` of `source`, compiled for arguments of these types; `nogil`: it gives up Python's lock."""
    arguments = [types.Array(types.uint8, 1, "C")]
    for dtype, ndim in signature:
        kind = types.boolean if dtype == "bool" else getattr(types, dtype)
        arguments.append(kind if ndim is None else types.Array(kind, ndim, "C"))
    wanted = [types.int64(*arguments)]
    try:
        with _patience(name, source):
            return _compiled(source, wanted, name, nogil)
    except NumbaError as error:
        raise Unsupported(f"Numba cannot compile {name}: {str(error).splitlines()[0]}") from error


def _compiled(source: str, wanted: list[Any], name: str, nogil: bool) -> Any:
    """`main`, from the cache if it is there."""
    path = _file(source)
    if path is not None:
        try:
            return njit(wanted, error_model="numpy", nogil=nogil, cache=True)(_defined(source, str(path)).main)
        except (OSError, RuntimeError) as error:  # RuntimeError: Numba found no place for its files
            _say_once(f"compiled code is not kept ({error})")
    return njit(wanted, error_model="numpy", nogil=nogil)(
        _defined(source, f"<{name}, compiled by tinygrad_course>").main
    )


def _defined(source: str, filename: str) -> Any:
    """The source as a module; errors and debuggers can show its lines."""
    # A name of its own: Numba tells compiled functions apart by it, and looks it up when it loads them from disk.
    module = ModuleType(f"tinygrad_course_compiled_{_key(source)}")
    module.__file__ = filename
    sys.modules[module.__name__] = module
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), module.__dict__)
    return module


# --- the cache folder -------------------------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where compiled programs are kept: ``TINYGRAD_COURSE_CACHE``, or a folder in the user's own cache."""
    given = os.environ.get("TINYGRAD_COURSE_CACHE")
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tinygrad_course" / "numba"


@lru_cache
def _surroundings() -> bytes:
    """What besides the source decides the machine code: versions, the processor, and what the source imports."""
    here = Path(__file__).parent
    imported = b"".join(
        (here / f"{part}.py").read_bytes() for part in ("intrinsics", "kernels", "blas", "tiles", "team")
    )
    versions = [sys.version, np.__version__, numba.__version__, llvmlite.__version__, get_host_cpu_name()]
    return "\n".join(versions).encode() + imported


def _key(source: str) -> str:
    """A name for a program: the same for the same source in the same surroundings."""
    return hashlib.sha256(source.encode() + _surroundings()).hexdigest()[:24]


def _file(source: str) -> Path | None:
    """The file that holds `source`, written if it is new; None if it cannot be."""
    try:
        folder = cache_folder()
        path = folder / f"step_{_key(source)}.py"
        if not path.exists() or path.read_text(encoding="utf-8") != source:
            folder.mkdir(parents=True, exist_ok=True)
            _make_room(folder)
            write_file(path, source.encode())
        return path
    except OSError as error:
        _say_once(f"compiled code is not kept ({error})")
        return None


def _make_room(folder: Path) -> None:
    """Remove the programs that were written longest ago, if there are too many."""
    files = sorted(folder.glob("step_*.py"), key=lambda p: p.stat().st_mtime)
    for old in files[: max(0, len(files) - KEPT + 1)]:
        for part in (old, *(folder / "__pycache__").glob(f"{old.stem}.*")):
            part.unlink(missing_ok=True)


def _say_once(text: str) -> None:
    if text not in _said:
        _said.add(text)
        warnings.warn(f"numba backend: {text}; every process will compile anew", RuntimeWarning, stacklevel=2)


@contextmanager
def _patience(name: str, source: str) -> Iterator[None]:
    """Say what takes so long, if it takes more than a second."""
    loops = source.count("\ndef ") - 1
    text = f"tinygrad_course: compiling {name} ({loops} loops) with Numba, about {max(1, loops // 10)} s ...\n"
    timer = threading.Timer(1.0, lambda: sys.stderr.write(text))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
