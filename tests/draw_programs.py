"""The programs whose pictures the design shows, written as a user writes them.

`golden` has those drawn statement by statement, `folded` those with layers and folded loops. The DOT text of all is in
tests/golden; docs/make_pictures.py makes their pictures for the docs.
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn


def ng():
    a = tg.Tensor(5.0, requires_grad=True)
    b = tg.Tensor(3.0, requires_grad=True)
    c = tg.Tensor(2.0, requires_grad=True)
    u = b * c
    v = a + u
    J = 3 * v
    return tg.draw(J)


def logreg():
    x1, x2 = tg.Tensor(1.0), tg.Tensor(2.0)
    w1 = tg.Tensor(0.5, requires_grad=True)
    w2 = tg.Tensor(-0.25, requires_grad=True)
    b = tg.Tensor(0.1, requires_grad=True)
    y = tg.Tensor(1.0)
    z = w1*x1 + w2*x2 + b  # fmt: skip
    a = tg.sigmoid(z)
    L = -(y*tg.log(a) + (1-y)*tg.log(1-a))  # fmt: skip
    return tg.draw(L)


def net2():
    X = np.linspace(-1, 1, 12).reshape(2, 6)
    Y = np.array([[0.0, 1, 0, 1, 1, 0]])
    W1 = tg.Tensor(np.linspace(-0.5, 0.5, 8).reshape(4, 2), requires_grad=True)
    b1 = tg.Tensor(np.zeros((4, 1)), requires_grad=True)
    W2 = tg.Tensor(np.linspace(0.5, -0.3, 4).reshape(1, 4), requires_grad=True)
    b2 = tg.Tensor(np.zeros((1, 1)), requires_grad=True)
    Z1 = W1 @ X + b1
    A1 = tg.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = tg.sigmoid(Z2)
    J = -tg.mean(Y * tg.log(A2) + (1 - Y) * tg.log(1 - A2))
    return tg.draw(J)


class Layer(nn.Module):
    """One layer in the layout of the notes, its parameters named as they are there."""

    def __init__(self, n_in, n_out, activation, number, rng):
        self.W = nn.Parameter(0.01 * rng.standard_normal((n_out, n_in)), name=f"W{number}")
        self.b = nn.Parameter(np.zeros((n_out, 1)), name=f"b{number}")
        self.activation = activation

    def forward(self, A):
        Z = self.W @ A + self.b
        return self.activation(Z)


class Flower(nn.Module):
    """The network with one hidden layer of the notes."""

    def __init__(self, rng):
        self.layer1 = Layer(2, 4, tg.tanh, 1, rng)
        self.layer2 = Layer(4, 1, tg.sigmoid, 2, rng)

    def forward(self, X):
        return self.layer2(self.layer1(X))


def flower():
    X, Y = tg.data.flower(examples="columns")
    net = Flower(np.random.default_rng(2))
    A1 = net.layer1(X)
    A2 = net.layer2(A1)
    J = -tg.mean(Y * tg.log(A2) + (1 - Y) * tg.log(1 - A2))
    return tg.draw(J, title="2-layer network, m = 400 examples")


def deep12():
    rng = np.random.default_rng(1)
    X, Y = rng.random((300, 40)), rng.integers(0, 2, (1, 40))
    sizes = [300, *[16] * 11, 1]
    W, b = {}, {}
    for l, (n, m) in enumerate(zip(sizes[1:], sizes, strict=False), 1):
        W[l] = tg.Tensor(rng.standard_normal((n, m)) * np.sqrt(1 / m), requires_grad=True, name=f"W{l}")
        b[l] = tg.Tensor(np.zeros((n, 1)), requires_grad=True, name=f"b{l}")
    A = X
    for l in range(1, 12):
        A = tg.relu(W[l] @ A + b[l])
    AL = tg.sigmoid(W[12] @ A + b[12])
    J = tg.binary_cross_entropy(AL, Y)
    return tg.draw(J, view="layer", title="12-layer network")


def rnn():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((31, 5, 1))
    Waa = tg.Tensor(0.3 * rng.standard_normal((8, 8)), requires_grad=True)
    Wax = tg.Tensor(0.3 * rng.standard_normal((8, 5)), requires_grad=True)
    Wya = tg.Tensor(0.3 * rng.standard_normal((3, 8)), requires_grad=True)
    ba = tg.Tensor(np.zeros((8, 1)), requires_grad=True)
    by = tg.Tensor(np.zeros((3, 1)), requires_grad=True)
    a = tg.Tensor(np.zeros((8, 1)))
    last = []
    for t in range(1, 31):
        a = tg.tanh(Waa @ a + Wax @ x[t] + ba)
        y = tg.softmax(Wya @ a + by, axis=0)
        last.append(y[0])
    J = -tg.mean(tg.log(tg.concat(last)))
    title = "RNN over 30 time steps: a(t) = tanh(Waa @ a(t-1) + Wax @ x(t) + ba)"
    return tg.draw(J, keep=(2, 1), direction="BT", brief=True, title=title)


class Block(nn.Module):
    """Attention and a small network, each with a way around it."""

    def __init__(self, d, heads, rng):
        self.norm1 = nn.LayerNorm(d)
        self.attention = nn.MultiheadAttention(d, heads, batch_first=True, rng=rng)
        self.norm2 = nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d, rng=rng), nn.GELU(), nn.Linear(4 * d, d, rng=rng))

    def forward(self, x):
        h = self.norm1(x)
        x = x + self.attention(h, h, h, need_weights=False, is_causal=True)[0]
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """A small language model."""

    def __init__(self, words, d, heads, depth, rng):
        self.embed = nn.Embedding(words, d, rng=rng)
        self.position = nn.Parameter(0.1 * rng.standard_normal((10, d)))
        self.blocks = nn.ModuleList(Block(d, heads, rng) for _ in range(depth))
        self.norm = nn.LayerNorm(d)
        self.unembed = nn.Linear(d, words, rng=rng)

    def forward(self, tokens):
        x = self.embed(tokens) + self.position
        for block in self.blocks:
            x = block(x)
        return self.unembed(self.norm(x))


def transformer():
    rng = np.random.default_rng(0)
    model = Transformer(64, 16, 4, 6, rng)
    tokens, targets = rng.integers(0, 64, (1, 10)), rng.integers(0, 64, 10)
    logits = model(tokens)
    L = tg.cross_entropy(logits[0], targets)
    return tg.draw(L, view="layer", depth=3, direction="BT", title="Small transformer")


class LeNet(nn.Module):
    """LeNet-5 with relu and max pooling."""

    def __init__(self, rng):
        self.conv1 = nn.Conv2d(1, 6, 5, rng=rng)
        self.conv2 = nn.Conv2d(6, 16, 5, rng=rng)
        self.fc1 = nn.Linear(256, 120, rng=rng)
        self.fc2 = nn.Linear(120, 84, rng=rng)
        self.fc3 = nn.Linear(84, 10, rng=rng)

    def forward(self, x):
        x = tg.max_pool2d(tg.relu(self.conv1(x)), 2)
        x = tg.max_pool2d(tg.relu(self.conv2(x)), 2)
        x = x.reshape(len(x), -1)
        x = tg.relu(self.fc1(x))
        x = tg.relu(self.fc2(x))
        return self.fc3(x)


def lenet():
    rng = np.random.default_rng(0)
    model = LeNet(rng)
    images, labels = rng.random((2, 1, 28, 28)), np.array([3, 8])
    scores = model(images)
    J = tg.cross_entropy(scores, labels)
    return tg.draw(J, view="layer", direction="TB", title="LeNet")


def golden():
    return {"ng": ng, "logreg": logreg, "net2": net2}


def folded():
    return {p.__name__: p for p in (flower, deep12, rnn, transformer, lenet)}


if __name__ == "__main__":  # python tests/draw_programs.py FOLDER: write the golden files anew
    import sys
    from pathlib import Path

    for name, program in {**golden(), **folded()}.items():
        Path(sys.argv[1], f"{name}.dot").write_text(program().source, encoding="utf-8")
