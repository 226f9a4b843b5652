"""The six equations of backpropagation (notes, lines 346-374) and the graph give the same; a slip in them does not.

The printed notes sum db over everything: right for the output layer of one unit, wrong for the hidden layer.

Prints:

    cost 1.127380, by the graph 1.127380
    dW1: shape (4, 2)  equal to the six equations: True
    db1: shape (4, 1)  equal to the six equations: True
    dW2: shape (1, 4)  equal to the six equations: True
    db2: shape (1, 1)  equal to the six equations: True
    check_derivative: FAILED, 1 of 4 gradients wrong

    input      worst at      by hand     autograd      numeric  rel. error  verdict
    -------------------------------------------------------------------------------
    W1 (4, 2)  ...  ok
    b1 (4, 1)  [1, 0]     0.00912155  -0.00188287  -0.00188287       1e+00  WRONG
    W2 (1, 4)  ...  ok
    b2 (1, 1)  ...  ok

    ...
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course.course import shallow

X, Y = tg.data.flower(examples="columns")
parameters = shallow.initialize_parameters(*shallow.layer_sizes(X, Y))
parameters = {name: 100 * value for name, value in parameters.items()}

cost, by_hand = shallow.gradients_by_hand(parameters, X, Y)
same_cost, by_graph = shallow.gradients_by_autograd(parameters, X, Y)
print(f"cost {cost:.6f}, by the graph {same_cost:.6f}")
for name, g in by_graph.items():
    print(f"{name}: shape {g.shape!s:7} equal to the six equations: {np.allclose(g, by_hand[name], rtol=1e-12)}")


def cost_of(W1, b1, W2, b2):
    A2, _ = shallow.forward_propagation(X, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})
    return shallow.compute_cost(A2, Y)


def printed(W1, b1, W2, b2):
    A2, cache = shallow.forward_propagation(X, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})
    dZ2 = A2 - Y
    dZ1 = (W2.T @ dZ2) * (1 - cache["A1"] ** 2)
    m = X.shape[1]
    db1, db2 = (np.full((len(dZ), 1), np.sum(dZ)) / m for dZ in (dZ1, dZ2))  # axis=1, keepdims=True is missing
    return dZ1 @ X.T / m, db1, dZ2 @ cache["A1"].T / m, db2


print(tg.check_derivative(cost_of, printed, tuple(parameters.values()), raise_on_failure=False))
