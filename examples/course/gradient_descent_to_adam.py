"""The same network, better algorithms (notes, lines 45-47): gradient descent, momentum, RMSprop, Adam on two moons.

2-8-8-1 with ReLU, minibatches of 64, the same start, batches and rate, 0.002, for all. That suits Adam; gradient
descent learns as well once somebody finds the rate that suits it.

Prints:

    algorithm           J after 0 epochs      100      300   accuracy
    gradient descent               0.703    0.695    0.681      0.503
    - with rate 0.3                0.703    0.119    0.104      0.970
    momentum                       0.703    0.569    0.263      0.863
    RMSprop                        0.703    0.225    0.105      0.960
    Adam                           0.703    0.227    0.097      0.963
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn

X, Y = tg.data.moons(300, noise=0.2, seed=3)


def network():
    rng = np.random.default_rng(3)
    sizes = [(2, 8), (8, 8), (8, 1)]
    first, second, last = (nn.Linear(*size, rng=rng) for size in sizes)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last, nn.Flatten(0))


ALGORITHMS = {
    "gradient descent": lambda parameters: tg.optim.SGD(parameters, lr=0.002),
    "- with rate 0.3": lambda parameters: tg.optim.SGD(parameters, lr=0.3),
    "momentum": lambda parameters: tg.optim.SGD(parameters, lr=0.002, momentum=0.9),
    "RMSprop": lambda parameters: tg.optim.RMSprop(parameters, lr=0.002),
    "Adam": lambda parameters: tg.optim.Adam(parameters, lr=0.002),
}

print("algorithm           J after 0 epochs      100      300   accuracy")
for name, algorithm in ALGORITHMS.items():
    net, costs = network(), []
    optimizer = algorithm(net.parameters())
    batches = tg.data.DataLoader((X, 1.0 * Y), 64, shuffle=True, generator=0)
    for epoch in range(301):
        if epoch in (0, 100, 300):
            costs.append(tg.binary_cross_entropy_with_logits(net(X), 1.0 * Y).item())
        for x, y in batches:
            optimizer.zero_grad()
            tg.binary_cross_entropy_with_logits(net(x), y).backward()
            optimizer.step()
    right = np.mean((net(X).numpy() > 0) == Y)
    print(f"{name:20} {costs[0]:15.3f} {costs[1]:8.3f} {costs[2]:8.3f} {right:10.3f}")
