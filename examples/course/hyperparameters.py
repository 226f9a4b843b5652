"""Hyperparameters are found by trying (notes, lines 90-100, 226, 473-482): first the learning rate, then a grid.

Logistic regression is convex: every rate that is small enough leads to the same cost, a smaller one later; too large a
rate leads away. The networks of the grid have one hidden layer and learn the flower for 1000 iterations: four units do
where two cannot, tanh takes either rate, sigmoid needs the larger one, ReLU more units.

Prints:

    rate     J at 0        100        1000       w
    0.0001    0.6931     0.6858      0.6485      [0.01, -0.07]
     0.001    0.6931     0.6484      0.6172      [0.05, -0.18]
      0.01    0.6931     0.6172      0.5970      [0.01, -0.22]
       0.1    0.6931     0.5969      0.5883      [-0.04, -0.27]
       1.0    0.6931     1.1040      4.3780      [0.18, -1.21]
    accuracy        n_h = 1      2      4      8
    Sigmoid   0.1     0.662  0.652  0.542  0.760
    Sigmoid   1.0     0.665  0.637  0.877  0.875
    Tanh      0.1     0.667  0.640  0.868  0.863
    Tanh      1.0     0.677  0.652  0.877  0.882
    ReLU      0.1     0.637  0.642  0.640  0.777
    ReLU      1.0     0.637  0.550  0.760  0.752
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.course import logistic_regression as lr

X, Y = tg.data.blobs(200, classes=2, spread=4.0, seed=1, examples="columns")
print("rate     J at 0        100        1000       w")
for rate in (0.0001, 0.001, 0.01, 0.1, 1.0):
    found, _, costs = lr.optimize(*lr.initialize_with_zeros(2), X, Y, 1001, rate)
    print(f"{rate:6} {costs[0]:9.4f} {costs[1]:10.4f} {costs[10]:11.4f}      {found['w'].ravel().round(2).tolist()}")

X, Y = tg.data.flower(examples="columns")


def accuracy(n_h, activation, rate):
    rng = np.random.default_rng(2)
    net = nn.Sequential(
        nn.Linear(2, n_h, examples="columns", rng=rng), activation(),
        nn.Linear(n_h, 1, examples="columns", rng=rng), nn.Sigmoid(),
    )  # fmt: skip
    optimizer = tg.optim.SGD(net.parameters(), lr=rate)
    for _ in range(1000):
        optimizer.zero_grad()
        tg.binary_cross_entropy(net(X), Y).backward()
        optimizer.step()
    return np.mean((net(X).numpy() > 0.5) == Y)


print("accuracy        n_h = 1      2      4      8")
for activation in (nn.Sigmoid, nn.Tanh, nn.ReLU):
    for rate in (0.1, 1.0):
        row = (f"{accuracy(n_h, activation, rate):7.3f}" for n_h in (1, 2, 4, 8))
        print(f"{activation.__name__:8} {rate:4}   ", *row, sep="")
