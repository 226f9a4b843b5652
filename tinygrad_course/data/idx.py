"""Files in the IDX format of MNIST, compressed or not, read with every byte of the header checked.

The format (LeCun, Cortes and Burges, "The MNIST database"): two zero bytes, the type, the number of dimensions; the
size of each dimension in four bytes; the values, last dimension fastest. All numbers are big-endian.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

from .errors import MissingDataError
from .folder import damaged
from .layout import Array

GZIP = b"\x1f\x8b"
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | os.PathLike[str]) -> Array:
    """The array in an IDX file; whether it is compressed by gzip is read from the file, not from its name.

    Raises `MissingDataError` if there is no such file, and `DataError` if it is not IDX, cut short or too long.

    >>> from pathlib import Path
    >>> Path("three").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    11
    >>> tg.data.read_idx("three")
    array([5, 0, 4], dtype=uint8)
    """
    path = Path(path)
    if not path.is_file():
        raise MissingDataError(f"there is no file {path}; give its path, from here or from the root")
    content = _content(path)
    dtype, shape = _header(path, content)
    start = 4 + 4 * len(shape)
    size, found = math.prod(shape) * dtype.itemsize, len(content) - start
    if found != size:
        short = "is cut short" if found < size else "goes on too long"
        raise damaged(path, f"it {short}: an array of {shape} takes {size} bytes, and {found} follow the header")
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except EOFError as cause:
        raise damaged(path, "it is cut short: the compressed data has no end") from cause
    except (OSError, zlib.error) as cause:
        raise damaged(path, f"its compressed data is damaged ({cause})") from cause


def _header(path: Path, content: bytes) -> tuple[np.dtype, tuple[int, ...]]:
    """The type and the shape that the file states."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise damaged(path, f"it is no IDX file: it starts with {content[:4].hex(' ') or 'nothing'}, not 00 00 08 03")
    dimensions = content[3]
    if len(content) < 4 + 4 * dimensions:
        raise damaged(path, f"it is cut short: its header states {dimensions} dimensions and ends before their sizes")
    sizes = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.dtype(TYPES[content[2]]), tuple(sizes.tolist())
