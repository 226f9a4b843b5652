"""Where weights start (notes, lines 377-391): units that start equal stay equal; large weights saturate.

The planar flower with four hidden tanh units, 500 iterations. With weights of 10 the slopes of tanh are gone and the
first cost is huge; so small a network recovers, a deep one may not.

Prints:

    W * scale   different hidden units   mean slope of tanh   cost at 0   cost at 500   accuracy
           0                  1                   1.000          0.6931       0.693        0.500
        0.01                  4                   0.999          0.6930       0.305        0.882
           1                  4                   0.353          1.1274       0.300        0.885
          10                  4                   0.057         18.8369       0.258        0.900
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course.course import initialization, shallow

X, Y = tg.data.flower(examples="columns")
start = initialization.initialize_parameters_random([2, 4, 1], scale=1.0, seed=2)

print("W * scale   different hidden units   mean slope of tanh   cost at 0   cost at 500   accuracy")
for scale in (0, 0.01, 1, 10):
    parameters = {name: scale * value for name, value in start.items()}
    _, cache = shallow.forward_propagation(X, parameters)
    slope, costs = np.mean(1 - cache["A1"] ** 2), []
    for _ in range(501):
        cost, grads = shallow.gradients_by_autograd(parameters, X, Y)
        costs.append(cost)
        parameters = shallow.update_parameters(parameters, grads)
    units = len(np.unique(parameters["W1"].round(12), axis=0))
    right = np.mean(shallow.predict(parameters, X) == Y)
    print(f"{scale:8} {units:18} {slope:23.3f} {costs[0]:15.4f} {costs[-1]:11.3f} {right:12.3f}")
