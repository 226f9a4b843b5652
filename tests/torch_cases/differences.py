"""Where we disagree with PyTorch on purpose: what we return, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_course as tg

from ._case import Case, torch

F = torch.nn.functional
inf, zero, zeros = np.inf, np.array(0.0), np.zeros(2)
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
COFACTORS = np.array([[4.0, 4.0, -4.0], [-2.0, -2.0, 2.0], [0.0, 0.0, 0.0]])
P, Y = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])


@dataclass(frozen=True)
class Difference:
    """Derivative number `case.order` of `case`, along cotangents of 1, is `ours`; PyTorch's is something else."""

    case: Case
    ours: tuple[Any, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.case.name}, derivative {self.case.order}"


def _difference(
    name: str, ours: Any, theirs: Any, args: tuple[Any, ...], order: int, *expected: Any, why: str
) -> Difference:
    return Difference(Case(name, ours, theirs, args, order=order), expected, why)


DIFFERENCES = [
    # --- conventions: docs/conventions.md
    _difference("hypot at the origin", tg.hypot, torch.hypot, (zero, zero), 1, 0.0, 0.0,
                why="the subgradient of least norm; PyTorch: NaN"),
    _difference("fmax at a tie", tg.fmax, torch.fmax, (zero, zero), 1, 0.5, 0.5,
                why="as maximum does it in both libraries; PyTorch's fmax gives all to the first"),
    _difference("fmin at a tie", tg.fmin, torch.fmin, (zero, zero), 1, 0.5, 0.5, why="as fmax"),
    _difference("where beside a singular branch", lambda x: tg.where(x > 0, tg.sqrt(x), 0.0),
                lambda x: torch.where(x > 0, torch.sqrt(x), 0.0), (np.array([0.0, -1.0, 4.0]),), 1, [0.0, 0.0, 0.25],
                why="a branch not taken does not influence the result; PyTorch: NaN"),
    _difference("logaddexp of -inf", tg.logaddexp, torch.logaddexp, (np.array(-inf), np.array(-inf)), 1, 0.0, 0.0,
                why="weights of probability 0 must not spoil a gradient; PyTorch: NaN"),
    _difference("logsumexp of -inf", lambda x: tg.logsumexp(x, 0), lambda x: torch.logsumexp(x, 0),
                (np.full(2, -inf),), 1, [0.0, 0.0], why="as logaddexp"),
    _difference("elu at 0", tg.elu, F.elu, (zero,), 2, 1.0,
                why="the left side's, as for the slope; PyTorch: slope of the left side, curvature of the right"),
    _difference("nuclear norm of rank 1", lambda x: tg.linalg.norm(x, "nuc"), lambda x: torch.linalg.norm(x, "nuc"),
                (np.diag([1.0, 0.0]),), 1, np.diag([1.0, 0.0]),
                why="the subgradient of least norm: a singular value is an abs, flat at 0; PyTorch: slope 1 there"),
    _difference("softmax of -inf", lambda x: tg.softmax(x, 0), lambda x: torch.softmax(x, 0), (np.full(2, -inf),), 1,
                [0.0, 0.0], why="as logsumexp; PyTorch: NaN"),
    _difference("norm at 0", tg.linalg.norm, torch.linalg.norm, (zeros,), 2, [0.0, 0.0],
                why="as its slope; PyTorch: slope 0, then NaN"),
    # --- the derivative exists, PyTorch's formula misses it
    _difference("sinc at 0", tg.sinc, torch.sinc, (zero,), 2, -(np.pi**2) / 3, why="PyTorch: NaN"),
    _difference("logaddexp far apart", tg.logaddexp, torch.logaddexp, (np.array(-700.0), np.array(700.0)), 2,
                0.0, 0.0, why="PyTorch: NaN, from exp overflowing"),
    _difference("gelu far out", lambda x: tg.gelu(x, "tanh"), lambda x: F.gelu(x, approximate="tanh"),
                (np.array([1000.0, -40.0]),), 3, [0.0, 0.0], why="PyTorch: NaN, from cosh overflowing"),
    _difference("det of rank 2", tg.linalg.det, torch.linalg.det, (SINGULAR,), 1, COFACTORS,
                why="the cofactors; PyTorch: 0"),
    _difference("ldexp, negative exponents", tg.ldexp, torch.ldexp, (np.ones(2), np.array([-1, -2])), 1, [0.5, 0.25],
                why="PyTorch: 0, from a power of integers"),
    _difference("pow at 0", lambda x: x ** np.array([0.0, 2.0]), lambda x: x ** torch.tensor([0.0, 2.0]).double(),
                (zeros,), 2, [0.0, 2.0], why="PyTorch: right for Python exponents, NaN for an array of them"),
    _difference("softplus beyond 20", tg.softplus, F.softplus, (np.array(21.0),), 0, 21.0 + np.exp(-21.0),
                why="exact; PyTorch's default returns x"),
    # --- losses
    _difference("binary_cross_entropy at p = 0 and 1", lambda p: tg.binary_cross_entropy(p, Y, reduction="none"),
                lambda p: F.binary_cross_entropy(p, torch.from_numpy(Y), reduction="none"), (P,), 1,
                [1.0, 0.0, 0.0, -1.0],
                why="the derivative of the value returned: -log(1 - p) has slope 1 at 0, and a logarithm held at -100 "
                "is flat. PyTorch divides p - y by max(p (1 - p), 1e-12): 0 where p = y, else 1e12 and of no use"),
    _difference("binary_cross_entropy in y", lambda y: tg.binary_cross_entropy(P, y, reduction="none"),
                lambda y: F.binary_cross_entropy(torch.from_numpy(P), y, reduction="none"), (Y,), 1,
                [100.0, 100.0, -100.0, -100.0], why="the derivative of the value returned; PyTorch: infinite"),
    _difference("huber_loss at delta", lambda x: tg.huber_loss(x, zeros, "sum"),
                lambda x: F.huber_loss(x, torch.zeros(2).double(), "sum"), (np.array([1.0, -1.0]),), 2, [1.0, 1.0],
                why="the parabola's curvature on the closed interval, as clip; PyTorch: 0"),
    # --- NumPy's definitions
    _difference("median of an even count", tg.median, torch.median, (np.array([3.0, 1.0, 2.0, 8.0]),), 1,
                [0.5, 0.0, 0.5, 0.0], why="NumPy's: the mean of the middle two; PyTorch: the lower one"),
    _difference("x[0, :, i]", lambda x: x[0, :, np.array([1])], lambda x: x[0, :, torch.tensor([1])],
                (np.array([[[1.0, 2.0], [3.0, 4.0]]]),), 0, [[2.0, 4.0]],
                why="NumPy's: an int beside arrays is an index array, the slice goes last; PyTorch: it goes first"),
]  # fmt: skip
