"""Sums, reshape, broadcasting, rank 1 (notes, lines 196-204), and what a gradient does with a broadcast.

Prints:

    a.sum(axis=0), one for each column: [5.0, 7.0, 9.0]
    a.sum(axis=1), one for each row:    [6.0, 15.0]
    a.reshape(1, 6).shape:              (1, 6)
    a.reshape(1, 4): reshape: cannot reshape array of size 6 into shape
    b (2, 1) added to a (2, 3): the gradient of b is [[3.0], [3.0]]
    rank 1: v.T.shape = (3,)  v @ v = 14.0  (column - v).shape = (3, 3)
    mse_loss(column, v): mse_loss: input is (3, 1) but target is (3,)
"""

import numpy as np

import tinygrad_course as tg

a = tg.Tensor(np.arange(1.0, 7.0).reshape(2, 3), requires_grad=True)
print("a.sum(axis=0), one for each column:", a.sum(axis=0).tolist())
print("a.sum(axis=1), one for each row:   ", a.sum(axis=1).tolist())
print("a.reshape(1, 6).shape:             ", a.reshape(1, 6).shape)
try:
    a.reshape(1, 4)
except tg.ShapeError as error:
    print("a.reshape(1, 4):", str(error).split(" (")[0])

b = tg.Tensor([[10.0], [20.0]], requires_grad=True)
total = (a + b).sum()  # b is used three times, once for each column: its gradient is a sum of three
total.backward()
print("b (2, 1) added to a (2, 3): the gradient of b is", b.grad.tolist())

v = tg.Tensor([1.0, 2.0, 3.0])
column = v.reshape(3, 1)
print("rank 1: v.T.shape =", v.T.shape, " v @ v =", (v @ v).item(), " (column - v).shape =", (column - v).shape)
try:
    tg.mse_loss(column, v)
except tg.ShapeError as error:
    print("mse_loss(column, v):", str(error).split(";")[0])
