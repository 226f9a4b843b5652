import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def d_sigmoid(z):
    return sigmoid(z) * (1 - sigmoid(z))


def dz(z, y):
    return sigmoid(z) - y


def gradients(w, b, X, Y):
    dZ = sigmoid(w.T @ X + b) - Y
    m = X.shape[1]
    return X @ dZ.T / m, np.sum(dZ) / m
