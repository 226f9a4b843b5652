"""Sheet 3: a network with one hidden layer (chapter "Backpropagation").

Z1 = W1 X + b1, A1 = tanh(Z1), Z2 = W2 A1 + b2, A2 = sigmoid(Z2), and J = mean over the m examples of the cross-entropy,
summed over the output units. Examples stand in columns; biases are (n, 1). There is more than one unit in each layer.
"""

import numpy as np  # noqa: F401 (for the answers)


def d_output(A1, A2, Y):
    """dZ2, dW2 and db2: the derivatives of J by Z2, W2 and b2."""
    raise NotImplementedError


def d_hidden(X, A1, W2, dZ2):
    """dW1 and db1, from dZ2 as above."""
    raise NotImplementedError
