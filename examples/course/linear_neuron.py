"""A single neuron without activation is linear regression (notes, lines 7 and 65-75).

It learns from one measure, the body mass index, how an illness goes on; gradient descent finds what least squares
finds.

Prints:

    iteration   0: J = 29468.647
    iteration  50: J =  3955.020
    iteration 100: J =  3955.020
    iteration 150: J =  3955.020
    iteration 200: J =  3955.020
    learnt:        y = 938.23786 x + 152.919
    least squares: y = 938.23786 x + 152.919
    error on 20 new patients: 2548.07
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course.course import linear_regression

data = tg.data.diabetes(examples="columns")
X, Y = data.X[[data.features.index("bmi")]], data.Y
x, x_test, y, y_test = X[:, :-20], X[:, -20:], Y[:, :-20], Y[:, -20:]

w, b = tg.Tensor([[0.0]], requires_grad=True), tg.Tensor(0.0, requires_grad=True)
optimizer = tg.optim.SGD([{"params": [w], "lr": 200.0}, {"params": [b], "lr": 0.5}])
for i in range(201):
    optimizer.zero_grad()
    J = tg.mse_loss(w.T @ x + b, y)
    J.backward()
    optimizer.step()
    if i % 50 == 0:
        print(f"iteration {i:3}: J = {J.item():9.3f}")

exact, offset = linear_regression.solve(x, y)
print(f"learnt:        y = {w.item():.5f} x + {b.item():.3f}")
print(f"least squares: y = {exact.item():.5f} x + {offset:.3f}")
print(f"error on 20 new patients: {np.mean((w.data.T @ x_test + b.data - y_test) ** 2):.2f}")
