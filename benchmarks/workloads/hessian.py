"""the Hessian of the Rosenbrock function in 50 dimensions, float64"""

import numpy as np

STEPS = 200
RTOL = 1e-8
N = 50
START = np.linspace(-1.5, 1.5, N)


def f(x):
    a, b = x[:-1], x[1:]
    return (100.0 * (b - a**2) ** 2 + (1 - a) ** 2).sum()


def step_of(hessian, prepare=np.asarray):
    """A step that evaluates `hessian` at a point that moves, and returns the sum of squares of its elements."""
    turn = 0

    def step(lap):
        nonlocal turn
        turn += 1
        x = prepare(START + 0.01 * turn)
        H = hessian(x)
        lap("step")
        return float((np.asarray(H) ** 2).sum())

    return step


def ours():
    import tinygrad_course as tg

    return step_of(tg.hessian(f))


def compiled(backend):
    import tinygrad_course as tg

    return step_of(tg.jit(tg.hessian(f), backend=backend))


def by_hand():
    def hessian(x):
        a, b = x[:-1], x[1:]
        H = np.zeros((N, N))
        i = np.arange(N - 1)
        H[i, i] += 1200 * a**2 - 400 * b + 2
        H[i + 1, i + 1] += 200
        H[i, i + 1] = H[i + 1, i] = -400 * a
        return H

    return step_of(hessian)


def pytorch():
    import torch

    return step_of(torch.func.hessian(f), torch.from_numpy)


def torch_compile():
    import torch

    return step_of(torch.compile(torch.func.hessian(f)), torch.from_numpy)


def jax_jit():
    import jax

    jax.config.update("jax_enable_x64", True)
    hessian = jax.jit(jax.hessian(f))
    return step_of(lambda x: jax.block_until_ready(hessian(x)), jax.numpy.asarray)


def hips():
    import autograd

    return step_of(autograd.hessian(f))


COMPETITORS = {
    "ours": ours,
    "ours, jit": lambda: compiled("numba"),
    "ours, jit (NumPy)": lambda: compiled("numpy"),
    "NumPy by hand": by_hand,
    "PyTorch": pytorch,
    "torch.compile": torch_compile,
    "JAX, jit": jax_jit,
    "HIPS autograd": hips,
}
