import numpy as np


def d_line(a):
    return 3.0 * np.ones_like(a)


def d_cube(a):
    return 3 * a**2


def d_log(a):
    return 1 / a


def d_product(a):
    return 2 * a * np.log(a) + a


def d_chain(a):
    return -2 * a * np.exp(-(a**2))
