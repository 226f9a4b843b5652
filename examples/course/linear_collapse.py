"""Without activations between them, layers are one layer (notes, lines 319-323).

Three linear layers and a sigmoid are logistic regression: on XOR both stay at one half. A tanh in between learns it.

Prints:

    Identity J = 0.6931   predictions [0.5, 0.5, 0.5, 0.5]
    Tanh     J = 0.0017   predictions [0.0, 1.0, 1.0, 0.0]
    W3 (W2 (W1 x)) = (W3 W2 W1) x: True
"""

from itertools import pairwise

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn

X, Y = tg.data.parity(2, examples="columns")


def network(activation):
    rng = np.random.default_rng(3)
    sizes = [2, 4, 4, 1]
    layers = []
    for n_prev, n in pairwise(sizes):
        layers += [nn.Linear(n_prev, n, examples="columns", rng=rng), activation()]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


for activation in (nn.Identity, nn.Tanh):
    net = network(activation)
    optimizer = tg.optim.SGD(net.parameters(), lr=1.0)
    for _ in range(1500):
        optimizer.zero_grad()
        J = tg.binary_cross_entropy(net(X), Y)
        J.backward()
        optimizer.step()
    print(f"{activation.__name__:8} J = {J.item():.4f}   predictions", net(X).numpy().round(2).ravel().tolist())

linear = network(nn.Identity)
W1, W2, W3 = (linear[i].weight.data for i in (0, 2, 4))
one, many = W3 @ W2 @ W1 @ X, linear[:5](X).numpy() - linear[:5](0 * X).numpy()
print("W3 (W2 (W1 x)) = (W3 W2 W1) x:", np.allclose(one, many, rtol=1e-12))
