"""`checkpoint` gives the gradients of the plain computation, whatever the calls share."""

import numpy as np
import pytest

import tinygrad_course as tg

W, X = np.array([[0.5, 0.1], [0.2, 0.3]]), np.array([[1.0, -2.0]])


def gradients(wrap, blocks):
    w, x = tg.Tensor(W, requires_grad=True), tg.Tensor(X, requires_grad=True)
    block = wrap(lambda a: tg.tanh(a @ w))
    y = x
    for _ in range(blocks):
        y = block(y)
    (y**2).sum().backward()
    return w.grad, x.grad


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_calls_in_a_row_may_close_over_the_same_tensor(blocks):
    for light, plain in zip(gradients(tg.checkpoint, blocks), gradients(lambda f: f, blocks), strict=True):
        np.testing.assert_allclose(light, plain, rtol=1e-12)


def test_an_argument_may_be_computed_from_another():
    def run(wrap):
        x = tg.Tensor(0.7, requires_grad=True)
        wrap(lambda a, b: a * b + b)(x, tg.exp(x)).backward()
        return x.grad

    np.testing.assert_allclose(run(tg.checkpoint), run(lambda f: f), rtol=1e-12)


def test_a_checkpoint_is_differentiated_twice():
    def f(x):
        return tg.sin(x) * tg.exp(x)

    def twice(wrap):
        return tg.grad(tg.grad(lambda x: wrap(f)(wrap(f)(x))))(0.3)

    np.testing.assert_allclose(twice(tg.checkpoint), twice(lambda f: f), rtol=1e-12)
