"""Sheet 1: derivatives of one variable (chapter "Derivatives are slopes").

Fill in the derivative of each function by its argument, as a formula in NumPy. `a` is an array: the derivative at each
of its elements. Check yourself:

    python -c "import numpy as np, tinygrad_course as tg, derivatives as d; \\
               print(tg.check_derivative(lambda a: a**3, d.d_cube, np.array([1.0, 2.0])))"
"""

import numpy as np  # noqa: F401 (for the answers)


def d_line(a):
    """f(a) = 3 a + 2"""
    raise NotImplementedError


def d_cube(a):
    """f(a) = a**3"""
    raise NotImplementedError


def d_log(a):
    """f(a) = log a, for a > 0"""
    raise NotImplementedError


def d_product(a):
    """f(a) = a**2 * log a, for a > 0"""
    raise NotImplementedError


def d_chain(a):
    """f(a) = exp(-a**2)"""
    raise NotImplementedError
