"""Sheet 2: logistic regression (chapters "Loss and cost", "Gradient descent on m examples", "Vectorisation").

X is (n_x, m), Y is (1, m), w is (n_x, 1), b a number; A = sigmoid(w.T X + b), and J is the mean cross-entropy.
"""

import numpy as np  # noqa: F401 (for the answers)


def sigmoid(z):
    """1 / (1 + e**-z), for every z, without overflow: sigmoid(-1000) is 0, sigmoid(1000) is 1."""
    raise NotImplementedError


def d_sigmoid(z):
    """The slope of the sigmoid at z (elementwise)."""
    raise NotImplementedError


def dz(z, y):
    """The derivative of the loss -(y log a + (1 - y) log(1 - a)), a = sigmoid(z), by z (elementwise)."""
    raise NotImplementedError


def gradients(w, b, X, Y):
    """dw and db: the derivatives of J by w, of shape (n_x, 1), and by b, a number."""
    raise NotImplementedError
