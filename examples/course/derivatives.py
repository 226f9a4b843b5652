"""The derivative is the slope: nudge a, see how f moves (notes, lines 104-118).

Of a line it is the same everywhere; of other functions it depends on a, so the derivative is a function.
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
