"""LSTM, 128 inputs, 128 units, 32 steps, batch 32, float32"""

import numpy as np

from ..peers import jax_jit, timed
from . import also_keeping_memory

STEPS = 60
RTOL = 1e-4
RATE = 1.0
INPUTS = UNITS = 128
LENGTH = BATCH = 32


def data():
    """The sequences, and PyTorch's parameters by name."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((LENGTH, BATCH, INPUTS), np.float32)
    bound = 1 / np.sqrt(UNITS)
    shapes = {"weight_ih_l0": (4 * UNITS, INPUTS), "weight_hh_l0": (4 * UNITS, UNITS)}
    shapes |= {"bias_ih_l0": (4 * UNITS,), "bias_hh_l0": (4 * UNITS,)}
    return X, {name: rng.uniform(-bound, bound, shape).astype(np.float32) for name, shape in shapes.items()}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_hand():
    X, params = data()
    W, U, b, d = params.values()
    rows = X.reshape(-1, INPUTS)
    gates = [slice(k * UNITS, (k + 1) * UNITS) for k in range(4)]

    def step(lap):
        share = (rows @ W.T + (b + d)).reshape(LENGTH, BATCH, -1)
        h, c = np.zeros((2, LENGTH + 1, BATCH, UNITS), np.float32)
        kept = []
        for t in range(LENGTH):
            z = share[t] + h[t] @ U.T
            i, f, o = (sigmoid(z[:, gates[k]]) for k in (0, 1, 3))
            g = np.tanh(z[:, gates[2]])
            c[t + 1] = f * c[t] + i * g
            a = np.tanh(c[t + 1])
            h[t + 1] = o * a
            kept.append((i, f, g, o, a))
        J = np.mean(h[1:] * h[1:])
        dy = h[1:] * np.float32(2 / h[1:].size)
        dz = np.empty_like(share)
        dh, dc = np.zeros((2, BATCH, UNITS), np.float32)
        for t in reversed(range(LENGTH)):
            i, f, g, o, a = kept[t]
            dh = dh + dy[t]
            dc = dc + dh * o * (1 - a * a)
            dz[t, :, gates[0]] = dc * g * i * (1 - i)
            dz[t, :, gates[1]] = dc * c[t] * f * (1 - f)
            dz[t, :, gates[2]] = dc * i * (1 - g * g)
            dz[t, :, gates[3]] = dh * a * o * (1 - o)
            dh = dz[t] @ U
            dc = dc * f
        flat = dz.reshape(-1, 4 * UNITS)
        db = flat.sum(axis=0)
        grads = flat.T @ rows, flat.T @ h[:-1].reshape(-1, UNITS), db, db
        for p, dp in zip(params.values(), grads, strict=True):
            p -= RATE * dp
        lap("step")
        return float(J)

    return step


def eager():
    import tinygrad_course as tg

    X, start = data()
    lstm = tg.nn.LSTM(INPUTS, UNITS, dtype=np.float32)
    lstm.load_state_dict(start)
    optimizer = tg.optim.SGD(lstm.parameters(), lr=RATE)

    def update():
        optimizer.zero_grad()
        y, _ = lstm(X)
        J = (y * y).mean()
        J.backward()
        optimizer.step()
        return J

    return update


def ours():
    return timed(eager())


def compiled(backend):
    import tinygrad_course as tg

    return timed(tg.jit(eager(), backend=backend))


def jax_loss(np, params, X):
    from jax import lax
    from jax.nn import sigmoid

    W, U, b, d = params

    def one(state, share):
        h, c = state
        i, f, g, o = np.split(share + h @ U.T, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return (h, c), h

    zeros = np.zeros((BATCH, UNITS), np.float32)
    _, y = lax.scan(one, (zeros, zeros), X @ W.T + b + d)
    return np.mean(y * y)


def jax():
    X, start = data()
    return jax_jit(lambda: (list(start.values()), [X]), RATE, jax_loss)


def pytorch():
    import torch

    X, start = data()
    X = torch.from_numpy(X)
    lstm = torch.nn.LSTM(INPUTS, UNITS)
    lstm.load_state_dict({name: torch.from_numpy(p) for name, p in start.items()})

    def step(lap):
        lstm.zero_grad()
        y, _ = lstm(X)
        J = (y * y).mean()
        J.backward()
        with torch.no_grad():
            for p in lstm.parameters():
                p -= RATE * p.grad
        lap("step")
        return float(J.detach())

    return step


def unfused():
    """PyTorch without its library of ready-made layers: step by step in C++, the way its autograd records it."""
    import torch

    torch.backends.mkldnn.enabled = False
    return pytorch()


COMPETITORS = also_keeping_memory(
    {
        "ours": ours,
        "ours, jit": lambda: compiled("numba"),
        "ours, jit (NumPy)": lambda: compiled("numpy"),
        "NumPy by hand": by_hand,
        "PyTorch": pytorch,
        "PyTorch, no oneDNN": unfused,
        "JAX, jit": jax,
    }
)
