"""From left to right the values, from right to left the derivatives (notes, lines 122-132).

Writes computation_graph.png: every statement a box, on the edges the chain rule.

Prints:

    J = 3 * (a + b*c) = 33.0
    dv = 3.0
    du = dv * 1 = 3.0    da = dv * 1 = 3.0
    db = du * c = 6.0    dc = du * b = 9.0
    y = x*x + 2*x: dx = 3 + 3 + 2 = 8.0
"""

import tinygrad_course as tg

a = tg.Tensor(5.0, requires_grad=True)
b = tg.Tensor(3.0, requires_grad=True)
c = tg.Tensor(2.0, requires_grad=True)
u = b * c
v = a + u
J = 3 * v
J.backward()
tg.draw(J, "computation_graph.png")

dv, du = tg.gradients(J, [v, u])
print(f"J = 3 * (a + b*c) = {J.item()}")
print(f"dv = {dv.item()}")
print(f"du = dv * 1 = {du.item()}    da = dv * 1 = {a.grad}")
print(f"db = du * c = {b.grad}    dc = du * b = {c.grad}")

# A variable that is used twice gets the sum of what comes back along both ways.
x = tg.Tensor(3.0, requires_grad=True)
y = x * x + 2 * x
y.backward()
print(f"y = x*x + 2*x: dx = 3 + 3 + 2 = {x.grad}")
