"""L layers, their shapes and their caches (notes, lines 395-469), on the flower: by hand and by autograd.

Prints:

    l   W, dW      b, db      Z, A, dZ, dA   dW by autograd
    1   (10, 2)    (10, 1)    (10, 400)      equal
    2   (5, 10)    (5, 1)     (5, 400)       equal
    3   (1, 5)     (1, 1)     (1, 400)       equal
    parameters: 91
    gradients_by_hand      cost 1.261748 -> 0.322264, accuracy 0.8675
    gradients_by_autograd  cost 1.261748 -> 0.322264, accuracy 0.8675
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course.course import deep, initialization

X, Y = tg.data.flower(examples="columns")
dims = [2, 10, 5, 1]
parameters = initialization.initialize_parameters_he(dims, seed=1)
AL, caches = deep.L_model_forward(X, parameters)
grads = deep.L_model_backward(AL, Y, caches)
_, by_graph = deep.gradients_by_autograd(parameters, X, Y)

print("l   W, dW      b, db      Z, A, dZ, dA   dW by autograd")
for l, cache in enumerate(caches, start=1):
    W, b, slope = parameters[f"W{l}"], parameters[f"b{l}"], grads[f"dW{l}"]
    assert W.shape == slope.shape == (dims[l], dims[l - 1])
    same = "equal" if np.allclose(slope, by_graph[f"dW{l}"], rtol=1e-10, atol=1e-15) else "DIFFERENT"
    print(f"{l}   {W.shape!s:10} {b.shape!s:10} {cache.Z.shape!s:14} {same}")
print("parameters:", initialization.count_parameters(dims))

for gradients in (deep.gradients_by_hand, deep.gradients_by_autograd):
    found, costs = deep.L_layer_model(
        X, Y, dims, 0.1, 1001, initialize=initialization.initialize_parameters_he, gradients=gradients
    )
    right = np.mean(deep.predict(found, X) == Y)
    print(f"{gradients.__name__:22} cost {costs[0]:.6f} -> {costs[-1]:.6f}, accuracy {right:.4f}")
