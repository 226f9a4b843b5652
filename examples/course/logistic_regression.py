"""The same gradients by two loops, without a loop, and by autograd (notes, lines 136-192); then learning with each.

Prints:

    propagate_looped       J = 2.211778110  dw1 = 4.496171326  dw2 = -2.443074014  db = -0.046892850
    propagate              J = 2.211778110  dw1 = 4.496171326  dw2 = -2.443074014  db = -0.046892850
    propagate_by_autograd  J = 2.211778110  dw1 = 4.496171326  dw2 = -2.443074014  db = -0.046892850
    propagate_looped       costs 0.693147 0.205371 0.204511 0.204064  accuracy 0.933
    propagate              costs 0.693147 0.205371 0.204511 0.204064  accuracy 0.933
    propagate_by_autograd  costs 0.693147 0.205371 0.204511 0.204064  accuracy 0.933
    check_derivative: FAILED, 1 of 2 gradients wrong

    input     worst at     by hand    autograd     numeric  rel. error  verdict
    ---------------------------------------------------------------------------
    w (2, 1)  [1, 0]      -146.584    -2.44307    -2.44307       1e+00  WRONG
    b    ...  ok

    diagnosis  w: off by a constant factor 60 = the length of axis 1 of X: is a
               division by 60 missing?
    ...
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course.course import logistic_regression as lr

X, Y = tg.data.blobs(60, classes=2, spread=4.0, seed=1, examples="columns")
w, b = np.array([[0.3], [-0.2]]), 0.1

for propagate in (lr.propagate_looped, lr.propagate, lr.propagate_by_autograd):
    grads, J = propagate(w, b, X, Y)
    dw1, dw2 = grads["dw"].ravel()
    print(f"{propagate.__name__:22} J = {J:.9f}  dw1 = {dw1:.9f}  dw2 = {dw2:.9f}  db = {grads['db']:.9f}")

start = lr.initialize_with_zeros(2)
for propagate in (lr.propagate_looped, lr.propagate, lr.propagate_by_autograd):
    found, _, costs = lr.optimize(*start, X, Y, 301, 0.05, propagate=propagate)
    right = np.mean(lr.predict(**found, X=X) == Y)
    print(f"{propagate.__name__:22} costs {' '.join(f'{cost:.6f}' for cost in costs)}  accuracy {right:.3f}")


# A slip of the printed listing: dw is not divided by m. The check says so.
def cost(w, b):
    A = 1 / (1 + np.exp(-(w.T @ X + b)))
    return -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))


def printed(w, b):
    grads, _ = lr.propagate(w, b, X, Y)
    return grads["dw"] * X.shape[1], grads["db"]


print(tg.check_derivative(cost, printed, (w, b), raise_on_failure=False))
