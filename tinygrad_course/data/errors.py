"""The errors of data: what is missing or damaged, where, and what to do about it."""

from __future__ import annotations

import importlib
from typing import Any

from ..core.errors import TinygradError


class DataError(TinygradError, ValueError):
    """Data, or a file of it, that cannot be used as it is."""


class MissingDataError(DataError, FileNotFoundError):
    """A file or folder of data that is not there."""


class MissingExtraError(TinygradError, ImportError):
    """A library that this package can do without, but the function that was called cannot."""


def extra(module: str, package: str, name: str, user: str) -> Any:
    """The module, imported now; where it is not installed, an error that says what `user` needs."""
    try:
        return importlib.import_module(module)
    except ImportError as cause:
        raise MissingExtraError(
            f"{user} needs {package}, which is not installed here: run `pip install {package}`, "
            f'or `pip install "tinygrad_course[{name}]"`'
        ) from cause
