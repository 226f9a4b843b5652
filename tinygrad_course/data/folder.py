"""Where the files are: a folder given as an argument, or the one that TINYGRAD_COURSE_DATA names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .errors import DataError, MissingDataError

VARIABLE = "TINYGRAD_COURSE_DATA"
WRONG_STARTS = {
    b"<!doctype": "it is a web page: the download brought an error page in place of the file",
    b"<html": "it is a web page: the download brought an error page in place of the file",
    b"version https://git-lfs": "it is a Git LFS pointer: `git lfs pull` brings the file itself",
}


class Place(NamedTuple):
    """A data set: its name, the subfolders of the data folder where its files may be, and how people get them."""

    title: str
    subfolders: tuple[str, ...]
    source: str


def find(place: Place, names: Sequence[str], folder: str | os.PathLike[str] | None) -> Path:
    """The first of the files `names` that exists in a subfolder of the data folder, or in `folder` itself."""
    root, origin = _root(place, names[0], folder)
    if not root.is_dir():
        raise MissingDataError(f"{place.title}: there is no folder {root} ({origin}). {place.source}")
    rooms = [root / subfolder for subfolder in place.subfolders]
    # The variable names a folder of many data sets, and some have files of the same names: no guessing there.
    rooms += [root] if folder is not None else []
    for path in (room / name for room in rooms for name in names):
        if path.is_file():
            return path
    wanted = root / place.subfolders[0] / names[0]
    others = f" (or {', '.join(names[1:])})" if names[1:] else ""
    raise MissingDataError(f"{place.title}: there is no file {wanted}{others}; the folder is {origin}. {place.source}")


def damaged(path: Path, what: str, remedy: str = "Get the file again.") -> DataError:
    """The error for a file that is not what it should be; says more if it is something well known instead."""
    with path.open("rb") as file:
        start = file.read(64).lstrip().lower()
    known = next((meaning for sign, meaning in WRONG_STARTS.items() if start.startswith(sign)), None)
    return DataError(f"{path}: {known or what}. {remedy}")


def _root(place: Place, name: str, folder: str | os.PathLike[str] | None) -> tuple[Path, str]:
    """The data folder and, for messages, who named it."""
    if folder is not None:
        return Path(folder).expanduser(), "the argument `folder`"
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser(), f"from {VARIABLE}"
    raise MissingDataError(
        f"{place.title}: which folder? Pass folder=..., or set the environment variable {VARIABLE} to the folder that "
        f"holds {place.subfolders[0]}/{name}. {place.source}"
    )
