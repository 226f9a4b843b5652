"""The C library's allocator, told that memory of large arrays will be wanted again.

glibc gives freed memory of large blocks back to the system, and takes it again page by page when the next training
step asks for the same arrays: in a small convolutional network that took more time than all its arithmetic. How much
it keeps, it learns from the largest block that was freed so far. So one large block is asked for and freed at once,
before the first step; it is never written to, and so never costs memory. On other systems nothing changes.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

import numpy as np

LARGEST = 31 << 20  # glibc learns from blocks of up to 32 MB


def install() -> None:
    """Keep freed blocks of up to `LARGEST` bytes, at most twice that in all, for the next arrays."""
    np.empty(LARGEST, np.uint8)


def give_back() -> None:
    """Give freed memory back to the system at once, after work that needed more than what comes next will (glibc)."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
