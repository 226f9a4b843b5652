"""`tg.linalg`: the functions of `numpy.linalg` that have a derivative, under its names."""

from .core.errors import LinAlgError
from .ops.decompositions import cholesky, eigh, eigvalsh, qr, svd, svdvals
from .ops.diagonal import matrix_diagonal as diagonal
from .ops.diagonal import matrix_trace as trace
from .ops.inverses import det, inv, matrix_power, pinv, slogdet, solve
from .ops.linalg import cross, matmul, multi_dot, outer, tensordot, vecdot
from .ops.norms import matrix_norm, norm, vector_norm
from .ops.shape import matrix_transpose

__all__ = [
    "LinAlgError", "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm",
    "matrix_power", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve", "svd",
    "svdvals", "tensordot", "trace", "vecdot", "vector_norm",
]  # fmt: skip
