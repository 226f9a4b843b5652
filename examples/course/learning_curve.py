"""With few examples a network does no better than simpler methods; with more it gains (notes, lines 32-36).

Handwritten digits, trained on some of 1200, tested on 597 others. With 100 examples all are level. With 1200 the medium
network has left the small one and logistic regression behind. This is no "big data" yet: the support vector machine,
which the notes see behind there, is ahead.

Prints:

    right of 597, after learning from      30     100     300    1200
    logistic regression                 82.6%   89.1%   90.8%   93.8%
    small network (8)                   78.9%   89.4%   90.8%   91.0%
    medium network (64)                 84.1%   88.9%   93.5%   96.5%
    support vector machine              58.1%   89.1%   94.6%   98.0%
"""

import numpy as np
from sklearn.svm import SVC

import tinygrad_course as tg
from tinygrad_course import nn

X, Y = tg.data.digits()[:2]
X_train, X_test, Y_train, Y_test = tg.data.train_test_split(X / 16, Y, test_size=597, stratify=Y, generator=0)


def network(n_h):
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Linear(64, n_h, rng=rng), nn.ReLU(), nn.Linear(n_h, 10, rng=rng))


NETWORKS = {
    "logistic regression": lambda: nn.Linear(64, 10, rng=0),
    "small network (8)": lambda: network(8),
    "medium network (64)": lambda: network(64),
}


def by_network(make, X, Y, steps=300):
    net, rng = make(), np.random.default_rng(0)
    optimizer = tg.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(steps):
        some = rng.integers(len(X), size=64)
        optimizer.zero_grad()
        tg.cross_entropy(net(X[some]), Y[some]).backward()
        optimizer.step()
    return net(X_test).numpy().argmax(axis=1)


def right(predictions):
    return f"{np.mean(predictions == Y_test):8.1%}"


SIZES = (30, 100, 300, 1200)
print("right of 597, after learning from", *(f"{m:8}" for m in SIZES), sep="")
for name, make in NETWORKS.items():
    print(f"{name:33}", *(right(by_network(make, X_train[:m], Y_train[:m])) for m in SIZES), sep="")
machines = (SVC(gamma="scale").fit(X_train[:m], Y_train[:m]) for m in SIZES)
print(f"{'support vector machine':33}", *(right(machine.predict(X_test)) for machine in machines), sep="")
