"""Structured or not, all data becomes arrays, and the same code learns from it (notes, lines 24-26).

A table of measures, images of digits, and text: which of two languages is a word from? Only the first layer
differs. The images get rather few examples here, the words very few.

Prints:

    data    an example is         parameters   cost   right of the test set
    table   (30,)        float64          530  0.028      99.3% of 143
    image   (1, 8, 8)    float64          802  0.017      90.0% of 150
    text    (8,)         int64            968  0.017      71.4% of 28
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn

ENGLISH = """the and that with this have from they will would there their what about which when make can like time
know people into year good some could them other than then look only come over think also back after work first well
even want because these give day most water light night right through should bright thought brother mother"""
ITALIAN = """il che non una sono della come anche questo quando tutto molto dove ancora sempre casa vita tempo uomo
donna giorno cosa mondo parte acqua luce notte strada fratello madre padre amico bello grande piccolo nuovo vecchio
bianco rosso parlare mangiare dormire vedere sapere volere potere andare venire fare dire stare"""


def table():
    X, Y = tg.data.breast_cancer()[:2]
    return tg.data.standardise(X)[0], Y, nn.Linear(30, 16, rng=0), ["malignant", "benign"]


def image():
    X, Y = tg.data.digits()[:2]
    images = X[:600].reshape(-1, 1, 8, 8) / 16  # (examples, colours, height, width)
    first = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 16, rng=1))
    return images, Y[:600], first, list("0123456789")


def text():
    words = ENGLISH.split() + ITALIAN.split()
    Y = np.array([0] * len(ENGLISH.split()) + [1] * len(ITALIAN.split()))
    vocabulary = tg.data.Vocabulary(" " + ENGLISH + ITALIAN)
    codes = np.array([vocabulary.encode(word.ljust(8)[:8]) for word in words])
    first = nn.Sequential(nn.Embedding(len(vocabulary), 6, rng=0), nn.Flatten(), nn.Linear(8 * 6, 16, rng=1))
    return codes, Y, first, ["English", "Italian"]


print("data    an example is         parameters   cost   right of the test set")
for load in (table, image, text):
    X, Y, first, classes = load()
    X_train, X_test, Y_train, Y_test = tg.data.train_test_split(X, Y, test_size=0.25, stratify=Y, generator=0)
    net = nn.Sequential(first, nn.ReLU(), nn.Linear(16, len(classes), rng=2))
    optimizer = tg.optim.AdamW(net.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        cost = tg.cross_entropy(net(X_train), Y_train)
        cost.backward()
        optimizer.step()
    right = np.mean(net(X_test).numpy().argmax(axis=1) == Y_test)
    size = sum(p.size for p in net.parameters())
    print(f"{load.__name__:7} {X.shape[1:]!s:12} {X.dtype!s:8} {size:11} {cost.item():6.3f}", end="")
    print(f"{right:11.1%} of {len(Y_test)}")
