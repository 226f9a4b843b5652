"""The derivative is the slope: nudge a, see how f moves (notes, lines 104-118).

Of a line it is the same everywhere; of other functions it depends on a, so the derivative is a function.

Prints:

    f       a     f(a)     f(a + 0.001)   rise/run   by the graph   by the formula
    3a      2    6.0000      6.003000       3.0000       3.0000         3.0000
    3a      5   15.0000     15.003000       3.0000       3.0000         3.0000
    a^2     2    4.0000      4.004001       4.0010       4.0000         4.0000
    a^2     5   25.0000     25.010001      10.0010      10.0000        10.0000
    a^3     2    8.0000      8.012006      12.0060      12.0000        12.0000
    a^3     5  125.0000    125.075015      75.0150      75.0000        75.0000
    log a   2    0.6931      0.693647       0.4999       0.5000         0.5000
    log a   5    1.6094      1.609638       0.2000       0.2000         0.2000
"""

import tinygrad_course as tg

functions = {"3a": lambda a: 3 * a, "a^2": lambda a: a**2, "a^3": lambda a: a**3, "log a": tg.log}
formulas = {"3a": lambda a: 3, "a^2": lambda a: 2 * a, "a^3": lambda a: 3 * a**2, "log a": lambda a: 1 / a}

print("f       a     f(a)     f(a + 0.001)   rise/run   by the graph   by the formula")
for name, f in functions.items():
    for a in (2.0, 5.0):
        rise = (f(a + 0.001) - f(a)) / 0.001
        print(f"{name:6} {a:2.0f} {f(a):9.4f} {f(a + 0.001):13.6f} {rise:12.4f} ", end="")
        print(f"{tg.grad(f)(a):12.4f} {formulas[name](a):14.4f}")
        tg.check_derivative(f, formulas[name], a)
