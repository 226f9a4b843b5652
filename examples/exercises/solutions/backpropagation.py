import numpy as np


def d_output(A1, A2, Y):
    dZ2 = (A2 - Y) / Y.shape[1]
    return dZ2, dZ2 @ A1.T, np.sum(dZ2, axis=1, keepdims=True)


def d_hidden(X, A1, W2, dZ2):
    dZ1 = (W2.T @ dZ2) * (1 - A1**2)
    return dZ1 @ X.T, np.sum(dZ1, axis=1, keepdims=True)
