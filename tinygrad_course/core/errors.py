"""The exceptions of the package: each is also the built-in that Python programmers would catch."""

import numpy as np


class TinygradError(Exception):
    """Base of every error that this package raises on purpose."""


class ShapeError(TinygradError, ValueError):
    """Shapes, axes or values that an operation cannot take."""


class LinAlgError(ShapeError, np.linalg.LinAlgError):
    """A matrix that an operation of linear algebra cannot take: singular, not square, not positive definite."""


class DTypeError(TinygradError, TypeError):
    """A dtype or a type that an operation cannot take."""


class IndexingError(TinygradError, IndexError):
    """An index outside its array."""


class GraphError(TinygradError, RuntimeError):
    """The graph cannot be recorded, walked or differentiated as asked."""


class MutationError(GraphError):
    """A recorded array was changed between forward and backward."""


class TraceError(GraphError):
    """A function that `jit` cannot trace, because its Python code depends on values or changes things."""


class AnomalyError(GraphError, ArithmeticError):
    """A NaN or an infinity appeared under ``detect_anomaly``."""
