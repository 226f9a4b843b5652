"""A drawing as files: what each suffix stands for, and the numbered files of the steps."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from sys import _getframe
from typing import TYPE_CHECKING

from ..core.files import write_file
from ..core.position import internal
from . import animation, render
from .derivation import Derivation
from .derivation.explain import MOST_STEPS
from .derivation.steps import derive
from .glyphs import unknown
from .render import DrawError

if TYPE_CHECKING:
    from .draw import Drawing


def _tex(drawing: Drawing) -> bytes:
    """The derivation that goes with the drawing."""
    picture = drawing.picture
    if picture.view == "layer" or picture.output not in picture.boxes or any(box.repeat for box in picture.boxes):
        raise DrawError(
            "a .tex file is a derivation, and that needs every value: draw without folding, layers, between="
        )
    return Derivation(picture, derive(picture, MOST_STEPS)).latex.encode()


# Every other suffix is a layout.
KINDS: dict[str, Callable[[Drawing], bytes]] = {
    "dot": lambda drawing: drawing.source.encode(),
    "html": lambda drawing: drawing.html().encode(),
    "tex": _tex,
    "txt": lambda drawing: (drawing.text + "\n").encode(),
    "md": lambda drawing: drawing.markdown.encode(),
    "mmd": lambda drawing: drawing.mermaid.encode(),
    "gif": lambda drawing: animation.gif(pictures(drawing, "png")),
    "apng": lambda drawing: animation.apng(pictures(drawing, "png")),
}
LAYOUTS = ("png", "svg", "pdf")
_KNOWN = ".png, .svg, .html, .gif, .apng, .dot, .mmd, .md, .tex, .txt, or .pdf with a system Graphviz"


def pictures(drawing: Drawing, kind: str) -> list[bytes]:
    """The contents of a file of this kind for each step."""
    sources = drawing.frames()
    if kind == "dot":
        return [source.encode() for source in sources]
    last = drawing.bytes(kind)  # refuses what is too large to lay out
    by = render.renderer()
    return [*(render.render(source, kind, by) for source in sources[:-1]), last]


def save(drawing: Drawing, path: Path, steps: bool) -> None:
    """Write `drawing` to `path`, or its steps to numbered files beside it: whole or not at all."""
    kind = path.suffix[1:].lower()
    if kind not in KINDS and kind not in LAYOUTS:
        got = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise DrawError(f"{path.name or str(path)!r} has {got}; pictures are saved as {_KNOWN}")
    if kind in ("png", "gif", "apng"):
        _warn_of_squares(drawing, path)
    if not steps:
        write_file(path, drawing.bytes(kind))
        return
    if kind not in (*LAYOUTS, "dot"):
        moving = kind in ("gif", "apng", "html")
        raise DrawError(
            f"{path.name!r} has the suffix {path.suffix!r}, and steps are written as numbered .png, .svg, .pdf or .dot "
            "files" + (f"; without steps=True, {path.suffix} shows all steps in one file" if moving else "")
        )
    _write_all(numbered(path, pictures(drawing, kind)))


def _warn_of_squares(drawing: Drawing, path: Path) -> None:
    """Say so where a picture cannot show a name: better than silence, and the picture is still of use."""
    letters = unknown(drawing.source) if render.renderer().bundled else ""
    if letters:
        shown = letters if len(letters) <= 10 else letters[:10] + "..."
        warnings.warn(
            f"{path.name}: the fonts of the bundled renderer have no {shown}, shown as empty squares; "
            "save an .svg or .html, or install Graphviz and a font that has them",
            stacklevel=_depth(),
        )


def _depth() -> int:
    """How many calls lie between the caller and the user's own line."""
    frame, depth = _getframe(1), 1
    while frame.f_back is not None and internal[frame.f_code.co_filename]:
        frame, depth = frame.f_back, depth + 1
    return depth


def numbered(path: Path, contents: list[bytes]) -> dict[Path, bytes]:
    """`g-01.png`, `g-02.png`, ... for `g.png`."""
    digits = max(2, len(str(len(contents))))
    return {path.with_name(f"{path.stem}-{i:0{digits}}{path.suffix}"): data for i, data in enumerate(contents, 1)}


def _write_all(files: dict[Path, bytes]) -> None:
    """Write every file, or take away again those that were new."""
    made: list[Path] = []
    try:
        for path, data in files.items():
            if not path.exists():
                made.append(path)
            write_file(path, data)
    except OSError:
        for path in made:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
