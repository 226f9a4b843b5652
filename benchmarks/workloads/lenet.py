"""LeNet-5, batch 64, float32"""

import numpy as np

from ..peers import training
from . import also_keeping_memory, cross_entropy

STEPS = 100
RTOL = 1e-4
RATE = 0.05
BATCH = 64
SHAPES = [(6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84)]


def data():
    rng = np.random.default_rng(3)
    images = rng.random((BATCH, 1, 28, 28), np.float32)
    labels = rng.integers(0, 10, BATCH)
    params = []
    for shape in SHAPES:
        W = rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[1:])))
        params += [W, np.zeros(shape[0], np.float32)]
    return params, [images, labels]


def ours(tg, params, images, labels):
    W1, b1, W2, b2, W3, b3, W4, b4, W5, b5 = params
    A1 = tg.max_pool2d(tg.relu(tg.conv2d(images, W1, b1, padding=2)), 2)
    A2 = tg.max_pool2d(tg.relu(tg.conv2d(A1, W2, b2)), 2).reshape(BATCH, 400)
    A3 = tg.relu(A2 @ W3.T + b3)
    A4 = tg.relu(A3 @ W4.T + b4)
    return tg.cross_entropy(A4 @ W5.T + b5, labels)


def pytorch(torch, params, images, labels):
    F = torch.nn.functional
    W1, b1, W2, b2, W3, b3, W4, b4, W5, b5 = params
    A1 = F.max_pool2d(F.relu(F.conv2d(images, W1, b1, padding=2)), 2)
    A2 = F.max_pool2d(F.relu(F.conv2d(A1, W2, b2)), 2).reshape(BATCH, 400)
    A3 = F.relu(F.linear(A2, W3, b3))
    A4 = F.relu(F.linear(A3, W4, b4))
    return F.cross_entropy(F.linear(A4, W5, b5), labels)


def jax_loss(np, params, images, labels):
    from jax import lax

    def conv(x, W, b, padding):
        return lax.conv_general_dilated(x, W, (1, 1), [(padding, padding)] * 2) + b[:, None, None]

    def pool(x):
        return lax.reduce_window(x, -np.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    W1, b1, W2, b2, W3, b3, W4, b4, W5, b5 = params
    A1 = pool(np.maximum(conv(images, W1, b1, 2), 0))
    A2 = pool(np.maximum(conv(A1, W2, b2, 0), 0)).reshape(BATCH, 400)
    A3 = np.maximum(A2 @ W3.T + b3, 0)
    A4 = np.maximum(A3 @ W4.T + b4, 0)
    return cross_entropy(np, A4 @ W5.T + b5, labels)


def columns(x, k):
    """The windows of x (N, C, H, W) as the columns of one matrix, by loops over the places inside a window."""
    n, c, h, w = x.shape
    h, w = h - k + 1, w - k + 1
    found = np.empty((c, k, k, n, h, w), x.dtype)
    for i in range(k):
        for j in range(k):
            found[:, i, j] = x[:, :, i : i + h, j : j + w].transpose(1, 0, 2, 3)
    return found.reshape(c * k * k, n * h * w)


def conv(x, W, b):
    o, _, k, _ = W.shape
    n, h, w = len(x), x.shape[2] - k + 1, x.shape[3] - k + 1
    seen = columns(x, k)
    y = (W.reshape(o, -1) @ seen).reshape(o, n, h, w).transpose(1, 0, 2, 3)
    return y + b.reshape(-1, 1, 1), seen


def conv_backward(g, W, seen, shape):
    """Gradients of filters and bias, and of the input if its `shape` is given."""
    o, c, k, _ = W.shape
    n, _, h, w = g.shape
    flat = g.transpose(1, 0, 2, 3).reshape(o, -1)
    dW, db = (flat @ seen.T).reshape(W.shape), g.sum(axis=(0, 2, 3))
    if shape is None:
        return dW, db
    spread = (W.reshape(o, -1).T @ flat).reshape(c, k, k, n, h, w)
    dx = np.zeros(shape, g.dtype)
    for i in range(k):
        for j in range(k):
            dx[:, :, i : i + h, j : j + w] += spread[:, i, j].transpose(1, 0, 2, 3)
    return dW, db, dx


def pool(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


def pool_backward(g, x, y):
    hit = x == y.repeat(2, axis=2).repeat(2, axis=3)
    n, c, h, w = x.shape
    ties = hit.reshape(n, c, h // 2, 2, w // 2, 2).sum(axis=(3, 5), dtype=x.dtype)
    return hit * (g / ties).repeat(2, axis=2).repeat(2, axis=3)


def by_hand():
    """What one writes first: im2col in PyTorch's memory order."""
    params, (images, labels) = data()
    W1, b1, W2, b2, W3, b3, W4, b4, W5, b5 = params
    rows = np.arange(BATCH)

    def step(lap):
        Z1, C1 = conv(np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2))), W1, b1)
        R1 = np.maximum(Z1, 0)
        P1 = pool(R1)
        Z2, C2 = conv(P1, W2, b2)
        R2 = np.maximum(Z2, 0)
        P2 = pool(R2)
        A2 = P2.reshape(BATCH, 400)
        A3 = np.maximum(A2 @ W3.T + b3, 0)
        A4 = np.maximum(A3 @ W4.T + b4, 0)
        Z5 = A4 @ W5.T + b5
        shifted = Z5 - Z5.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        J = -log_p[rows, labels].mean()
        dZ5 = np.exp(log_p)
        dZ5[rows, labels] -= 1
        dZ5 /= np.float32(BATCH)
        dZ4 = dZ5 @ W5 * (A4 > 0)
        dZ3 = dZ4 @ W4 * (A3 > 0)
        dZ2 = pool_backward((dZ3 @ W3).reshape(P2.shape), R2, P2) * (Z2 > 0)
        dW2, db2, dP1 = conv_backward(dZ2, W2, C2, P1.shape)
        dZ1 = pool_backward(dP1, R1, P1) * (Z1 > 0)
        grads = [*conv_backward(dZ1, W1, C1, None), dW2, db2]
        for dZ, A in ((dZ3, A2), (dZ4, A3), (dZ5, A4)):
            grads += [dZ.T @ A, dZ.sum(axis=0)]
        for p, dp in zip(params, grads, strict=True):
            p -= RATE * dp
        lap("step")
        return float(J)

    return step


COMPETITORS = also_keeping_memory(
    training(
        data, RATE, ours=ours, torch=pytorch, generic=jax_loss, by_hand=by_hand, without=("HIPS autograd", "MyGrad")
    )
)
