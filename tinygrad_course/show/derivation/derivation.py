"""`explain`: the derivation of a Tensor's derivatives, in text, Markdown and LaTeX."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

from ...core.files import write_file
from ...core.markup import bundle
from ..model import Box, Picture
from ..render import DrawError
from . import latex, markdown, text
from .batch import Batch
from .steps import Chain, Step


class Derivation:
    """A finished derivation: `steps` from right to left, and what is written about them.

    `text` is for the terminal, `markdown` for READMEs and notebooks, `latex` a whole document; `math` is the LaTeX of
    the body alone, for a document of your own. `print` shows the text; a notebook shows the formulas typeset.

    `batch` has the equations in the notes' form, where the output is a mean over examples, else None. `note` says why
    something is missing.
    """

    def __init__(self, picture: Picture, chain: Chain) -> None:
        self.picture = picture
        self.steps: list[Step] = chain.steps
        self.batch: Batch | None = chain.batch
        self.note = " ".join(filter(None, (picture.note, chain.note)))

    @property
    def output(self) -> Box:
        """The value whose derivatives are found."""
        return self.picture.output

    @cached_property
    def text(self) -> str:
        """The derivation for a terminal: one step a line, its reason below."""
        return text.write(self)

    @cached_property
    def markdown(self) -> str:
        """The derivation in Markdown, with formulas between dollar signs."""
        return markdown.write(self)

    @cached_property
    def latex(self) -> str:
        """The derivation as a LaTeX document, which compiles as it is."""
        return latex.document(self)

    @cached_property
    def math(self) -> str:
        """The steps as one LaTeX display, for a document of your own (with amsmath) or a notebook."""
        return latex.display(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the derivation to `path`; the suffix says what to write: .txt, .md or .tex.

        Raises `DrawError` (a ValueError) for another suffix, and `SaveError` (an OSError) for a folder that is missing
        or may not be written to. A file is written whole or not at all.
        """
        path = Path(path)
        kinds = {".txt": "text", ".md": "markdown", ".tex": "latex"}
        kind = kinds.get(path.suffix.lower())
        if kind is None:
            got = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
            raise DrawError(f"{path.name!r} has {got}; derivations are saved as {', '.join(kinds)}")
        write_file(path, (getattr(self, kind).rstrip() + "\n").encode())
        return path

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Derivation of {self.output.name}: {len(self.steps)} steps>"

    def _repr_markdown_(self) -> str:
        return self.markdown

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.math}$" if self.steps else self.note

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        formats = {
            "text/markdown": lambda: self.markdown,
            "text/latex": self._repr_latex_,
            "text/plain": lambda: self.text,
        }
        return bundle(formats, include, exclude)
