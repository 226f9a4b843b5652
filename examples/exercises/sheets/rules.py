"""Sheet 4: derivative rules of operations (page "One rule, read two ways").

*Partials* take the output y and the input x and return the slope at each element. A *vjp* takes g, the derivative of
some number by y, and returns the derivative of that number by x, of the shape of x.
"""

import numpy as np  # noqa: F401 (for the answers)


def softsign_partial(y, x):
    """y = x / (1 + |x|); away from x = 0"""
    raise NotImplementedError


def sum_vjp(g, y, x):
    """y = x.sum(axis=1), x of shape (n, k); so g is (n,)"""
    raise NotImplementedError


def matmul_vjp(g, y, a, b):
    """y = a @ b, a (n, k), b (k, m); returns the derivatives by a and by b"""
    raise NotImplementedError


def take_vjp(g, y, x, index):
    """y = x[index], x of shape (n,), index an array of ints in which some may be repeated"""
    raise NotImplementedError
