"""ReLU makes a network learn faster than sigmoid does, and a little faster than tanh (notes, lines 9, 47, 309-313).

Three hidden layers of 32 units and He's starting weights, on 400 handwritten digits, by gradient descent. At the small
rate ReLU needs a quarter fewer iterations than tanh, at the larger one they are level; sigmoids hardly get going.

Prints:

    iterations to a cost of 0.1   rate 0.1   rate 0.3
    Sigmoid                       over 250   over 250
    Tanh                               203         70
    ReLU                               149         71
    LeakyReLU                          147         63
"""

from itertools import pairwise

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn

X, Y = tg.data.digits()[:2]
X, Y = X[:400] / 16, Y[:400]


def network(activation):
    rng = np.random.default_rng(0)
    layers = []
    for n_prev, n in pairwise([64, 32, 32, 32, 10]):
        layers += [nn.Linear(n_prev, n, rng=rng), activation()]
        nn.init.kaiming_normal_(layers[-2].weight, rng=rng)
    return nn.Sequential(*layers[:-1])


def iterations(activation, lr, goal=0.1, most=250):
    net = network(activation)
    optimizer = tg.optim.SGD(net.parameters(), lr=lr)
    for i in range(most):
        optimizer.zero_grad()
        J = tg.cross_entropy(net(X), Y)
        if J.item() < goal:
            return i
        J.backward()
        optimizer.step()
    return f"over {most}"


print("iterations to a cost of 0.1   rate 0.1   rate 0.3")
for activation in (nn.Sigmoid, nn.Tanh, nn.ReLU, nn.LeakyReLU):
    print(f"{activation.__name__:26}", *(f"{iterations(activation, lr):>11}" for lr in (0.1, 0.3)), sep="")
