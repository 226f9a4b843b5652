"""The matrix product of the BLAS that NumPy brings, called from compiled code without a detour through Python.

It is the library whose threads NumPy uses, so that there is one pool of threads and not two that fight.
"""

from __future__ import annotations

import ctypes
import glob
import os
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import float32, float64, int32, int64, njit, types

from ..backend import Unsupported

# The names that builds of NumPy give to cblas_?gemm, and the size of an integer in each.
NAMES = (
    ("scipy_cblas_{}gemm64_", 64),
    ("cblas_{}gemm64_", 64),
    ("cblas_{}gemm$NEWLAPACK$ILP64", 64),
    ("scipy_cblas_{}gemm", 32),
    ("cblas_{}gemm", 32),
)
ROWS, PLAIN, TRANSPOSED = 101, 111, 112  # CBLAS's own numbers


def _libraries() -> list[str]:
    """Where to look: NumPy's core, whose dependencies are searched with it, then the libraries beside NumPy."""
    core: Any = getattr(np, "_core", None)
    home = os.path.dirname(np.__file__)
    beside = glob.glob(os.path.join(home + ".libs", "*openblas*")) + glob.glob(os.path.join(home, ".dylibs", "*blas*"))
    return [core._multiarray_umath.__file__, *beside]


def _find() -> tuple[dict[str, int], int]:
    """The addresses of ``sgemm`` and ``dgemm``, and the size of their integers; an error if there are none."""
    for path in _libraries():
        try:
            library = ctypes.CDLL(path)
        except OSError:
            continue
        for name, bits in NAMES:
            found = [getattr(library, name.format(kind), None) for kind in "sd"]
            if None not in found:
                functions: Any = zip("sd", found, strict=True)
                return {k: ctypes.cast(f, ctypes.c_void_p).value or 0 for k, f in functions}, bits
    raise Unsupported("no BLAS was found in this NumPy; matrix products need one")


def _gemm(kind: str, number: Any, addresses: dict[str, int], bits: int) -> Any:
    symbol = f"tinygrad_course_{kind}gemm_{bits}"
    llvm.add_symbol(symbol, addresses[kind])
    whole = int64 if bits == 64 else int32
    p = types.CPointer(number)
    signature = types.void(int32, int32, int32, whole, whole, whole, number, p, whole, p, whole, number, p, whole)
    external = types.ExternalFunction(symbol, signature)
    fit = whole

    @njit(error_model="numpy")
    def gemm(
        at: Any,
        bt: Any,
        m: Any,
        n: Any,
        k: Any,
        alpha: Any,
        a: Any,
        lda: Any,
        b: Any,
        ldb: Any,
        beta: Any,
        c: Any,
        ldc: Any,
    ) -> Any:
        left = int32(TRANSPOSED) if at else int32(PLAIN)
        right = int32(TRANSPOSED) if bt else int32(PLAIN)
        external(int32(ROWS), left, right, fit(m), fit(n), fit(k), alpha, a, fit(lda), b, fit(ldb), beta, c, fit(ldc))

    return gemm


_addresses, _bits = _find()
gemm32 = _gemm("s", float32, _addresses, _bits)
gemm64 = _gemm("d", float64, _addresses, _bits)
