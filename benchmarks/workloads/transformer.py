"""a transformer block (width 64, 4 heads, 32 sequences of 16), float32"""

import numpy as np

from ..peers import training
from . import also_keeping_memory

STEPS = 60
RTOL = 1e-4
RATE = 0.05
N, T, D, HEADS, HIDDEN = 32, 16, 64, 4, 256
SIZE = D // HEADS


def data():
    rng = np.random.default_rng(7)
    shapes = [(D, 3 * D), (3 * D,), (D, D), (D,), (D,), (D,), (D, HIDDEN), (HIDDEN,), (HIDDEN, D), (D,), (D,), (D,)]
    params = [np.zeros(s, np.float32) if len(s) == 1 else rng.standard_normal(s, np.float32) / 8 for s in shapes]
    for k in (4, 10):  # gains of the normalisations
        params[k] += 1
    return params, [rng.standard_normal((N, T, D), np.float32), rng.standard_normal((N, T, D), np.float32)]


def normalised(np, x, gain, shift):
    mean = np.mean(x, axis=-1, keepdims=True)
    r = x - mean
    variance = np.mean(r * r, axis=-1, keepdims=True)
    return r / np.sqrt(variance + 1e-5) * gain + shift


def generic(np, params, x, target):
    Wqkv, bqkv, Wo, bo, g1, s1, W1, b1, W2, b2, g2, s2 = params
    q, k, v = split_heads(np, x @ Wqkv + bqkv)
    scores = q @ np.swapaxes(k, -1, -2) / SIZE**0.5
    e = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    mixed = (e / np.sum(e, axis=-1, keepdims=True)) @ v
    x = normalised(np, x + join_heads(np, mixed) @ Wo + bo, g1, s1)
    x = normalised(np, x + np.maximum(x @ W1 + b1, 0.0) @ W2 + b2, g2, s2)
    r = x - target
    return np.mean(r * r)


def split_heads(np, x):
    """(N, T, 3 D) as three arrays (N, HEADS, T, SIZE)."""
    x = np.transpose(np.reshape(x, (N, T, 3, HEADS, SIZE)), (2, 0, 3, 1, 4))
    return x[0], x[1], x[2]


def join_heads(np, x):
    return np.reshape(np.transpose(x, (0, 2, 1, 3)), (N, T, D))


def ours(tg, params, x, target):
    Wqkv, bqkv, Wo, bo, g1, s1, W1, b1, W2, b2, g2, s2 = params
    q, k, v = split_heads(tg, x @ Wqkv + bqkv)
    mixed = tg.softmax(q @ k.mT / SIZE**0.5, axis=-1) @ v
    x = normalised(tg, x + join_heads(tg, mixed) @ Wo + bo, g1, s1)
    x = normalised(tg, x + tg.relu(x @ W1 + b1) @ W2 + b2, g2, s2)
    return tg.mse_loss(x, target)


def pytorch(torch, params, x, target):
    F = torch.nn.functional
    Wqkv, bqkv, Wo, bo, g1, s1, W1, b1, W2, b2, g2, s2 = params
    q, k, v = (x @ Wqkv + bqkv).reshape(N, T, 3, HEADS, SIZE).permute(2, 0, 3, 1, 4)
    mixed = F.scaled_dot_product_attention(q, k, v)
    x = F.layer_norm(x + mixed.transpose(1, 2).reshape(N, T, D) @ Wo + bo, (D,), g1, s1)
    x = F.layer_norm(x + torch.relu(x @ W1 + b1) @ W2 + b2, (D,), g2, s2)
    return F.mse_loss(x, target)


def by_hand():
    """Forward and backward written out, with the usual short forms for softmax and normalisation."""
    params, (x0, target) = data()
    Wqkv, bqkv, Wo, bo, g1, s1, W1, b1, W2, b2, g2, s2 = params
    scale = np.float32(1 / SIZE**0.5)

    def norm(x, gain, shift):
        r = x - x.mean(axis=-1, keepdims=True)
        inverse = 1 / np.sqrt((r * r).mean(axis=-1, keepdims=True) + np.float32(1e-5))
        unit = r * inverse
        return unit * gain + shift, unit, inverse

    def norm_back(dy, unit, inverse, gain):
        du = dy * gain
        mean, slope = du.mean(axis=-1, keepdims=True), (du * unit).mean(axis=-1, keepdims=True)
        return inverse * (du - mean - unit * slope), (dy * unit).sum(axis=(0, 1)), dy.sum(axis=(0, 1))

    def dense_back(dy, x, W):
        flat, rows = dy.reshape(-1, dy.shape[-1]), x.reshape(-1, x.shape[-1])
        return (flat @ W.T).reshape(x.shape), rows.T @ flat, flat.sum(axis=0)

    def step(lap):
        qkv = (x0 @ Wqkv + bqkv).reshape(N, T, 3, HEADS, SIZE).transpose(2, 0, 3, 1, 4)
        q, k, v = qkv
        scores = q @ k.swapaxes(-1, -2) * scale
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)
        mixed = (p @ v).transpose(0, 2, 1, 3).reshape(N, T, D)
        x1, u1, i1 = norm(x0 + mixed @ Wo + bo, g1, s1)
        h = np.maximum(x1 @ W1 + b1, 0)
        x2, u2, i2 = norm(x1 + h @ W2 + b2, g2, s2)
        r = x2 - target
        J = (r * r).mean()
        d, dg2, ds2 = norm_back(r * np.float32(2 / r.size), u2, i2, g2)
        dh, dW2, db2 = dense_back(d, h, W2)
        dx, dW1, db1 = dense_back(dh * (h > 0), x1, W1)
        d, dg1, ds1 = norm_back(d + dx, u1, i1, g1)
        dmixed, dWo, dbo = dense_back(d, mixed, Wo)
        dm = dmixed.reshape(N, T, HEADS, SIZE).transpose(0, 2, 1, 3)
        dp, dv = dm @ v.swapaxes(-1, -2), p.swapaxes(-1, -2) @ dm
        dscores = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) * scale
        dqkv = np.stack([dscores @ k, dscores.swapaxes(-1, -2) @ q, dv])
        flat = dqkv.transpose(1, 3, 0, 2, 4).reshape(-1, 3 * D)
        grads = [x0.reshape(-1, D).T @ flat, flat.sum(axis=0), dWo, dbo, dg1, ds1, dW1, db1, dW2, db2, dg2, ds2]
        for w, dw in zip(params, grads, strict=True):
            w -= np.float32(RATE) * dw
        lap("step")
        return float(J)

    return step


COMPETITORS = also_keeping_memory(training(data, RATE, ours=ours, torch=pytorch, generic=generic, by_hand=by_hand))
