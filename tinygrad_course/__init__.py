"""A computation graph you can see, check, read and run fast: automatic differentiation on NumPy.

>>> import tinygrad_course as tg
>>> w = tg.Tensor(3.0, requires_grad=True)
>>> loss = (w - 1.0) ** 2
>>> loss.backward()
>>> w.grad
array(4.)
"""

from __future__ import annotations

from . import data, functional, linalg, nn, optim, plots, train
from .check import GradCheckError, GradCheckReport, check_derivative, check_primitive, gradcheck
from .checkpoint import checkpoint
from .core import allocator, collector
from .core.anomaly import detect_anomaly
from .core.errors import (
    AnomalyError,
    DTypeError,
    GraphError,
    IndexingError,
    MutationError,
    ShapeError,
    TinygradError,
    TraceError,
)
from .core.files import SaveError
from .core.primitive import Primitive, primitive
from .core.state import no_grad
from .derivatives import gradients
from .emit import jit, source
from .functional import *
from .show import Derivation, DrawError, Drawing, draw, explain
from .tensor import Tensor
from .train import LoadError, load, save
from .transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

__version__ = "0.1.0"

__all__ = [
    "AnomalyError", "DTypeError", "Derivation", "DrawError", "Drawing", "GradCheckError", "GradCheckReport",
    "GraphError", "IndexingError", "LoadError", "MutationError", "Primitive", "SaveError", "ShapeError", "Tensor",
    "TinygradError", "TraceError", "check_derivative", "check_primitive", "checkpoint", "data", "detect_anomaly",
    "draw", "explain", "grad", "gradcheck", "gradients", "hessian", "hvp", "jacobian", "jit", "jvp", "linalg", "load",
    "nn", "no_grad", "optim", "plots", "primitive", "save", "source", "train", "value_and_grad", "vjp",
]  # fmt: skip
__all__ += functional.__all__

allocator.install()
collector.install()
