"""Why sigmoids learn slowly in deep networks, and ReLU does not (notes, lines 47, 296, 308-309).

Six layers of 30 units. Going back, every sigmoid multiplies the derivative by at most 1/4.

Prints:

    norm of dW     layer 1   layer 2   layer 3   layer 4   layer 5   layer 6
    sigmoid        1.0e-03   2.5e-03   3.2e-03   9.9e-03   4.1e-02   1.5e-01
    tanh           4.2e-01   9.8e-01   8.3e-01   7.7e-01   6.5e-01   6.6e-01
    ReLU, He       5.9e-01   1.0e+00   1.1e+00   1.0e+00   1.0e+00   6.5e-01
    slope of sigmoid at 0, 2, -10, 10: ['2.5e-01', '1.0e-01', '4.5e-05', '4.5e-05']
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course.course import initialization

X, Y = tg.data.blobs(200, classes=2, features=10, examples="columns")
(X,) = tg.data.standardise(X, examples="columns")
sizes = [10, 30, 30, 30, 30, 30, 1]
L = len(sizes) - 1

print("norm of dW    ", *(f"layer {l}  " for l in range(1, L + 1)))
for name, g, initialize in [
    ("sigmoid", tg.sigmoid, initialization.initialize_parameters_xavier),
    ("tanh", tg.tanh, initialization.initialize_parameters_xavier),
    ("ReLU, He", tg.relu, initialization.initialize_parameters_he),
]:
    parameters = {name: tg.Tensor(value, requires_grad=True) for name, value in initialize(sizes).items()}
    A = X
    for l in range(1, L + 1):
        Z = parameters[f"W{l}"] @ A + parameters[f"b{l}"]
        A = g(Z) if l < L else tg.sigmoid(Z)
    tg.binary_cross_entropy(A, Y).backward()
    print(f"{name:14}", *(f"{np.linalg.norm(parameters[f'W{l}'].grad):.1e}  " for l in range(1, L + 1)))

z = tg.Tensor([0.0, 2.0, -10.0, 10.0], requires_grad=True)
tg.sigmoid(z).sum().backward()
print("slope of sigmoid at 0, 2, -10, 10:", [f"{slope:.1e}" for slope in z.grad])
