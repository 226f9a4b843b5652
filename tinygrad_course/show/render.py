"""DOT made into PNG, SVG or PDF: by the system's Graphviz where there is one, else by the renderer from pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from ..core.errors import TinygradError
from .glyphs import with_room

BUNDLED = "graphviz-pure"
PATIENCE = 30  # seconds for one layout
_DPI = {"png": ["-Gdpi=144"]}  # twice the 72 points an inch of the layout: sharp text on screens and in documents


class DrawError(TinygradError, ValueError):
    """A picture that cannot be made as asked."""


class Renderer(NamedTuple):
    """A program that speaks Graphviz's command line: what it is called, where it is, the formats it writes."""

    name: str
    path: str
    formats: tuple[str, ...]

    @property
    def bundled(self) -> bool:
        return self.name.startswith(BUNDLED)


def renderer() -> Renderer:
    """The system's `dot` if there is one on the PATH, else the bundled renderer."""
    system = shutil.which("dot")
    found = _system(system) if system else None
    found = found or _bundled()
    if found is None:
        raise DrawError(
            "no renderer for pictures was found: install Graphviz, or run `pip install graphviz-pure`; "
            "the DOT text needs none: draw(x).source, or draw(x, 'graph.dot')"
        )
    return found


@lru_cache
def _system(path: str) -> Renderer | None:
    version = _version(path)
    return Renderer(f"system dot {version}", path, ("png", "svg", "pdf")) if version else None


@lru_cache
def _bundled() -> Renderer | None:
    path = _bundled_path()
    return Renderer(f"{BUNDLED} {metadata.version(BUNDLED)}", path, ("png", "svg")) if path else None


def _bundled_path() -> str | None:
    """The program of the installed package, wherever pip put it; it need not be on the PATH."""
    program = BUNDLED + (".exe" if os.name == "nt" else "")
    try:
        files = metadata.files(BUNDLED) or []
    except metadata.PackageNotFoundError:
        return None
    places = [Path(str(f.locate())) for f in files if f.name == program]
    places.append(Path(sysconfig.get_path("scripts"), program))
    return next((str(p.resolve()) for p in places if p.is_file()), None)


def _version(path: str) -> str:
    try:
        done = subprocess.run([path, "-V"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"version (\S+)", done.stderr + done.stdout)
    return found.group(1) if found else ""


def render(source: str, kind: str, by: Renderer) -> bytes:
    """The picture of some DOT text as the bytes of a file of this `kind`."""
    if kind not in by.formats:
        known = ", ".join(by.formats)
        raise DrawError(f"{by.name} does not write {kind}; it writes {known}. A system Graphviz writes pdf.")
    if by.bundled:
        source = with_room(source)
    command = [by.path, f"-T{kind}", *_DPI.get(kind, [])]
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise DrawError(
            f'the layout took longer than {PATIENCE} s and was stopped. To narrow it: fold=True, or view="layer" '
            "with depth=, or between=(x, y) for only the paths from x to y. The DOT text (suffix .dot) always works"
        ) from None
    if done.returncode or not done.stdout:
        raise DrawError(f"{by.name} failed: {done.stderr.decode(errors='replace').strip()[:500]}")
    return done.stdout
