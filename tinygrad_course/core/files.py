"""Files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .errors import TinygradError


class SaveError(TinygradError, OSError):
    """A file that cannot be written."""


def write_file(path: Path, data: bytes) -> None:
    """Write `data` to a temporary file beside `path`, and put that in its place when it is safely on the disk."""
    folder = path.parent
    if "\0" in str(path):
        raise SaveError(f"cannot save {str(path)!r}: a file name cannot hold a null character")
    if not folder.is_dir():
        raise SaveError(f"cannot save {path.name}: the folder {folder} does not exist; make it first")
    temporary = None
    try:
        if path.is_dir():
            raise SaveError(f"cannot save {path}: it is a folder; add a file name")
        handle, temporary = tempfile.mkstemp(prefix=".saving-", suffix=path.suffix, dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp's files are private; these are ordinary ones
        os.replace(temporary, path)
        temporary = None
    except SaveError:
        raise
    except OSError as error:
        why = error.strerror or error
        raise SaveError(f"cannot write {path}: {why}; choose a folder that you may write to") from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
