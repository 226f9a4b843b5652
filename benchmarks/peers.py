"""A training step of one model in every library: what a workload need not write again for each of them.

A workload says what the data are and what the loss is; here stands how each library differentiates it and updates the
parameters, in the way its own documentation recommends for speed. Every maker returns `step(lap)`, which does one step,
``p -= rate * dJ/dp``, calls ``lap("step")`` and returns the loss before it.
"""

import numpy as np

NEEDS = {
    "PyTorch": "torch", "torch.compile": "torch", "JAX, jit": "jax", "HIPS autograd": "autograd", "MyGrad": "mygrad",
    "micrograd": "micrograd", "ours, jit": "numba", "PyTorch, no oneDNN": "torch",
}  # fmt: skip


def needed(competitor):
    """The module without which a competitor cannot run; None if NumPy is enough."""
    return NEEDS.get(competitor.partition(", same allocator")[0])


def training(data, rate, *, ours, torch=None, generic=None, by_hand=None, without=()):
    """Competitors at one training step.

    data
        ``() -> (parameters, inputs)``, two lists of NumPy arrays.
    ours, torch
        ``(library, parameters, *inputs) -> loss`` in the functions of one library.
    generic
        The same in functions that all NumPy-like libraries have: for JAX, HIPS autograd and MyGrad.
    by_hand
        A maker of a step in plain NumPy, backward equations written out.
    without
        Competitors to leave out, because they cannot run `generic`.
    """
    found = {"ours": lambda: eager(data, rate, ours)}
    found["ours, jit"] = lambda: compiled(data, rate, ours, "numba")
    found["ours, jit (NumPy)"] = lambda: compiled(data, rate, ours, "numpy")
    if by_hand:
        found["NumPy by hand"] = by_hand
    if torch:
        found["PyTorch"] = lambda: pytorch(data, rate, torch)
        found["torch.compile"] = lambda: torch_compile(data, rate, torch)
    if generic:
        found["JAX, jit"] = lambda: jax_jit(data, rate, generic)
        found["HIPS autograd"] = lambda: hips(data, rate, generic)
        found["MyGrad"] = lambda: mygrad(data, rate, generic)
    return {name: start for name, start in found.items() if name not in without}


def _ours(data, rate, loss):
    import tinygrad_course as tg

    start, inputs = data()
    params = [tg.Tensor(p, requires_grad=True) for p in start]
    optimizer = tg.optim.SGD(params, lr=rate)

    def update():
        optimizer.zero_grad()
        J = loss(tg, params, *inputs)
        J.backward()
        optimizer.step()
        return J

    return update


def timed(update):
    """A step of `update`, which returns the loss."""

    def step(lap):
        J = update()
        lap("step")
        return float(J)

    return step


def eager(data, rate, loss):
    return timed(_ours(data, rate, loss))


def compiled(data, rate, loss, backend):
    import tinygrad_course as tg

    return timed(tg.jit(_ours(data, rate, loss), backend=backend))


def pytorch(data, rate, loss):
    import torch

    start, inputs = data()
    params = [torch.from_numpy(p).requires_grad_() for p in start]
    inputs = [torch.from_numpy(x) for x in inputs]

    def step(lap):
        for p in params:
            p.grad = None
        J = loss(torch, params, *inputs)
        J.backward()
        with torch.no_grad():
            for p in params:
                p -= rate * p.grad
        lap("step")
        return float(J.detach())

    return step


def torch_compile(data, rate, loss):
    """Forward, backward and update as one graph."""
    import torch

    start, inputs = data()
    params = [torch.from_numpy(p) for p in start]
    inputs = [torch.from_numpy(x) for x in inputs]
    differentiate = torch.func.grad_and_value(lambda params: loss(torch, params, *inputs))

    @torch.compile
    def update(params):
        gradients, J = differentiate(params)
        return [p - rate * g for p, g in zip(params, gradients, strict=True)], J

    def step(lap):
        nonlocal params
        params, J = update(params)
        lap("step")
        return float(J)

    return step


def jax_jit(data, rate, loss):
    import jax

    start, inputs = data()
    jax.config.update("jax_enable_x64", start[0].dtype == np.float64)
    params = [jax.numpy.asarray(p) for p in start]
    inputs = [jax.numpy.asarray(x) for x in inputs]
    differentiate = jax.value_and_grad(lambda params, *inputs: loss(jax.numpy, params, *inputs))

    def update(params, *inputs):
        J, gradients = differentiate(params, *inputs)
        return [p - rate * g for p, g in zip(params, gradients, strict=True)], J

    update = jax.jit(update, donate_argnums=0)

    def step(lap):
        nonlocal params
        params, J = update(params, *inputs)
        jax.block_until_ready(params)
        lap("step")
        return float(J)

    return step


def hips(data, rate, loss):
    import autograd
    import autograd.numpy

    params, inputs = data()
    differentiate = autograd.value_and_grad(lambda params: loss(autograd.numpy, params, *inputs))

    def step(lap):
        J, gradients = differentiate(params)
        for p, g in zip(params, gradients, strict=True):
            p -= rate * g
        lap("step")
        return float(J)

    return step


def mygrad(data, rate, loss):
    import mygrad

    start, inputs = data()
    params = [mygrad.tensor(p) for p in start]

    def step(lap):
        J = loss(mygrad, params, *inputs)
        J.backward()
        for p in params:
            p.data -= rate * p.grad
        lap("step")
        return float(J)

    return step
