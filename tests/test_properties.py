"""Properties that hold for all inputs: Hypothesis draws expressions, shapes, broadcasts, axes, dtypes and keys."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_course as tg

from .numeric import close, slope

# --- random expressions -----------------------------------------------------------------------------------------------


def inner_product(a: Any, b: Any) -> Any:
    """The matrix product of rows and columns over the last axis, which stays with size 1."""
    shape = np.broadcast_shapes(np.shape(a), np.shape(b), (1,))
    a, b = tg.broadcast_to(a, shape), tg.broadcast_to(b, shape)
    return (a[..., None, :] @ b[..., :, None])[..., 0]


def last_axis(a: Any) -> int | None:
    return -1 if np.ndim(a) else None


UNARY: dict[str, Callable[[Any], Any]] = {
    "exp": lambda a: tg.exp(-(a**2)),
    "log": lambda a: tg.log(a**2 + 1),
    "tanh": tg.tanh,
    "sigmoid": tg.sigmoid,
    "negative": lambda a: -a,
    "square": lambda a: a**2,
    "sum": lambda a: tg.sum(a, axis=last_axis(a), keepdims=True),
    "sum_all": lambda a: 0.3 * tg.sum(a),
    "mean": lambda a: tg.mean(a, axis=last_axis(a), keepdims=True),
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": lambda a, b: a / (b**2 + 1),
    "pow": lambda a, b: (a**2 + 0.5) ** tg.tanh(b),
    "matmul": inner_product,
}

variables = st.integers(0, 2).map(lambda i: ("variable", i))
constants = st.sampled_from([0.5, -1.25, 2]).map(lambda c: ("constant", c))
expressions = st.recursive(
    variables | variables | constants,
    lambda inner: (
        st.tuples(st.sampled_from(sorted(UNARY)), inner) | st.tuples(st.sampled_from(sorted(BINARY)), inner, inner)
    ),
    max_leaves=8,
)


def evaluate(expression: Any, values: Any) -> Any:
    """The value of an expression tree, on arrays or on Tensors."""
    name, *operands = expression
    if name == "variable":
        return values[operands[0]]
    if name == "constant":
        return operands[0]
    return (UNARY | BINARY)[name](*(evaluate(x, values) for x in operands))


@st.composite
def points(draw: st.DrawFn) -> list[Any]:
    """Three arrays of shapes that broadcast together, and a direction for each."""
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)).input_shapes
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return [[rng.uniform(-1, 1, shape) for shape in shapes] for _ in range(2)]


@pytest.mark.filterwarnings("ignore:.*nothing links:UserWarning")  # some expressions are constants
@settings(max_examples=200)
@given(expressions, points())
def test_derivatives_of_random_expressions(expression: Any, point: Any) -> None:
    xs, directions = point

    def f(*values: Any) -> Any:
        return tg.sum(evaluate(expression, values) * np.float64(1))

    def along(t: float) -> Any:
        return f(*(x + t * d for x, d in zip(xs, directions, strict=True)))

    def slope_along(*values: Any) -> Any:
        grads = tg.grad(f, argnums=(0, 1, 2))(*values)
        return sum(tg.sum(g * d) for g, d in zip(grads, directions, strict=True))

    numeric = slope(along)
    close(slope_along(*xs), numeric, rtol=1e-6)
    close(tg.jvp(f, xs, directions)[1], numeric, rtol=1e-6)
    curvature = slope(lambda t: slope_along(*(x + t * d for x, d in zip(xs, directions, strict=True))))
    products = tg.hvp(f, xs, directions)
    close(sum(np.sum(h * d) for h, d in zip(products, directions, strict=True)), curvature, rtol=1e-6)


@given(expressions, points())
def test_values_with_tensors_are_values_with_arrays(expression: Any, point: Any) -> None:
    xs, _ = point
    recorded = evaluate(expression, [tg.Tensor(x, requires_grad=True) for x in xs])
    np.testing.assert_array_equal(np.asarray(recorded), evaluate(expression, xs))


# --- dtypes -----------------------------------------------------------------------------------------------------------

OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod,
    operator.lt, operator.eq, np.maximum, np.hypot, np.logaddexp, np.arctan2,
]  # fmt: skip
FLOATS = [np.float16, np.float32, np.float64]
OTHERS: list[Any] = [
    2, 2.5, True, np.float16(2.5), np.float32(2.5), np.float64(2.5), np.int8(2), np.int64(2), np.bool_(True),
    *(np.array([1, 2], kind) for kind in (np.int32, np.int64, bool, *FLOATS)), np.array([1, 20], np.uint8),
    np.array(2.5, np.float32), np.array(2), [1.0, 2.0],
]  # fmt: skip


def outcome(run: Callable[[], Any]) -> Any:
    """What a computation gives: an array, or the kind of error that NumPy raises."""
    try:
        return np.asarray(run())
    except TypeError:
        return TypeError
    except ValueError:
        return ValueError


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
@pytest.mark.parametrize("kind", [*FLOATS, np.int32, np.uint8, bool], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("shape", [(), (2,)], ids=str)
@pytest.mark.parametrize("swapped", [False, True], ids=["", "swapped"])
def test_dtypes_are_numpys(op: Callable[..., Any], kind: Any, shape: tuple[int, ...], swapped: bool) -> None:
    """NEP 50, for every operator between a Tensor and numbers, scalars and arrays of all kinds, on both sides."""
    data = np.full(shape, 3, kind)[()]
    for other in OTHERS:
        pair = (lambda x, other=other: (other, x)) if swapped else (lambda x, other=other: (x, other))
        plain = np.array(other) if isinstance(other, list) else other  # what NumPy makes of it beside an array
        left, right = (plain, data) if swapped else (data, plain)
        x = tg.Tensor(data, requires_grad=data.dtype.kind == "f")
        with np.errstate(all="ignore"):
            wanted = outcome(lambda left=left, right=right: op(left, right))
            found = outcome(lambda pair=pair, x=x: op(*pair(x)))
        if isinstance(wanted, type):
            assert found is wanted, other
            continue
        assert found.dtype == wanted.dtype, (op, data.dtype, other)
        np.testing.assert_array_equal(found, wanted)
        if x.requires_grad:
            check_gradient(op, x, pair)


def check_gradient(op: Callable[..., Any], x: tg.Tensor, pair: Callable[[Any], Any]) -> None:
    """The gradient has the dtype of x, and the value that it has where every operand is float64."""
    exact = tg.Tensor(x, dtype=float, requires_grad=True)
    wide = [v if v is exact else np.asarray(v, float) for v in pair(exact)]
    with np.errstate(all="ignore"):
        y, reference = op(*pair(x)), op(*wide)
    if not reference.requires_grad or not np.isfinite(y.data).all():
        return
    y.backward(np.ones(y.shape))
    reference.backward(np.ones(y.shape))
    assert x.grad.dtype == x.dtype
    # A factor that depends on one operand alone (1 / b, log(a)) has that operand's precision: half for 8 bits in NumPy.
    narrow = any(np.result_type(v).itemsize <= 2 for v in pair(x.data) if not isinstance(v, int | float | list))
    tolerance = 2e-3 if narrow else 1e-5
    np.testing.assert_allclose(x.grad, exact.grad, rtol=tolerance, atol=tolerance * 1e-3)


@given(st.lists(st.sampled_from(FLOATS), min_size=3, max_size=3), st.booleans())
def test_gradients_have_the_dtype_of_their_inputs(kinds: list[Any], recorded: bool) -> None:
    xs = [tg.Tensor(np.full(2, 0.5), dtype=kind, requires_grad=True) for kind in kinds]
    y = tg.exp(xs[0] * 2.0 + xs[1] / 3) * tg.sigmoid(xs[2]) - xs[0] ** 2
    assert y.dtype == np.result_type(*kinds)
    for x, g in zip(xs, tg.gradients(y, xs, np.ones(2), create_graph=recorded), strict=True):
        assert g.dtype == x.dtype


# --- maps that move elements ------------------------------------------------------------------------------------------


def counted(rearranged: Any, weights: Any, shape: tuple[int, ...]) -> Any:
    """The gradient of ``sum(weights * f(x))`` for an f that moves, repeats or drops elements of x.

    `rearranged` is what f makes of ``arange(x.size)``: where each element went. Counting is all there is to its rule.
    """
    size = int(np.prod(shape))
    return np.bincount(np.ravel(rearranged), np.ravel(weights), minlength=size).reshape(shape)


def positions(shape: tuple[int, ...]) -> Any:
    return np.arange(int(np.prod(shape))).reshape(shape)


def check_rearrangement(shape: tuple[int, ...], ours: Callable[[Any], Any], numpys: Callable[[Any], Any]) -> None:
    """Hold a map that moves elements against NumPy's, and its gradient against counting."""
    data = np.sqrt(positions(shape) + 1.0)
    x = tg.Tensor(data, requires_grad=True)
    y = ours(x)
    expected = np.asarray(numpys(data))
    assert y.shape == expected.shape
    np.testing.assert_array_equal(y.data, expected)
    weights = np.cos(positions(expected.shape) + 1.0)
    y.backward(weights)
    np.testing.assert_allclose(x.grad, counted(numpys(positions(shape)), weights, shape), rtol=1e-12, atol=1e-13)


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3))
def test_broadcasting_is_undone(shapes: Any) -> None:
    a, b = (np.sin(positions(s) + 1.0) for s in shapes.input_shapes)
    x, y = tg.Tensor(a, requires_grad=True), tg.Tensor(b, requires_grad=True)
    z = x * y
    assert z.shape == shapes.result_shape
    weights = np.cos(positions(z.shape))
    z.backward(weights)
    for t, other in ((x, b), (y, a)):
        where = np.broadcast_to(positions(t.shape), z.shape)
        np.testing.assert_allclose(t.grad, counted(where, weights * other, t.shape), rtol=1e-12, atol=1e-13)


shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)


@st.composite
def shapes_and_keys(draw: st.DrawFn) -> tuple[tuple[int, ...], Any]:
    """A shape, and a key of any kind that NumPy takes for it."""
    shape = draw(shapes)
    rows = st.integers(-shape[0], shape[0] - 1)
    mixed = [draw(st.lists(rows, min_size=1, max_size=3))]
    if len(shape) > 1:
        mixed += [draw(st.sampled_from([slice(None), slice(None, None, -1), None, Ellipsis, 0]))]
    key = draw(
        hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
        | hnp.integer_array_indices(shape)
        | hnp.arrays(bool, shape)
        | hnp.arrays(bool, shape[:1])
        | st.lists(rows, min_size=1, max_size=4)
        | st.just(tuple(mixed))
    )
    return shape, key


@settings(max_examples=300)
@given(shapes_and_keys())
def test_indexing_equals_numpys_and_its_gradient_is_counting(drawn: Any) -> None:
    shape, key = drawn
    check_rearrangement(shape, operator.itemgetter(key), operator.itemgetter(key))


@given(shapes, st.data())
def test_tensors_as_indices(shape: tuple[int, ...], data: st.DataObject) -> None:
    key = data.draw(hnp.arrays(np.int64, 3, elements=st.integers(-shape[0], shape[0] - 1)))
    check_rearrangement(shape, lambda x: x[tg.Tensor(key)], lambda a: a[key])
    mask = data.draw(hnp.arrays(bool, shape))
    check_rearrangement(shape, lambda x: x[tg.Tensor(mask)], lambda a: a[mask])


MOVES: dict[str, Callable[[Any, Any, Any, int], Any]] = {
    "ravel": lambda m, x, shape, k: m.ravel(x),
    "reshape": lambda m, x, shape, k: m.reshape(x, (-1, shape[k])),
    "permute_dims": lambda m, x, shape, k: m.permute_dims(x, np.roll(range(len(shape)), k).tolist()),
    "transpose": lambda m, x, shape, k: m.transpose(x),
    "swapaxes": lambda m, x, shape, k: m.swapaxes(x, 0, k),
    "moveaxis": lambda m, x, shape, k: m.moveaxis(x, k, 0),
    "flip": lambda m, x, shape, k: m.flip(x, axis=k),
    "roll": lambda m, x, shape, k: m.roll(x, 2, axis=k),
    "repeat": lambda m, x, shape, k: m.repeat(x, 3, axis=k),
    "tile": lambda m, x, shape, k: m.tile(x, (2, k + 1)),
    "expand_dims": lambda m, x, shape, k: m.expand_dims(x, axis=k),
    "squeeze": lambda m, x, shape, k: m.squeeze(x),
    "broadcast_to": lambda m, x, shape, k: m.broadcast_to(x, (k + 1, *shape)),
    "stack": lambda m, x, shape, k: m.stack([x, x], axis=k),
    "concat": lambda m, x, shape, k: m.concat([x, x, x], axis=k),
    "split": lambda m, x, shape, k: m.split(x, [1], axis=k)[0],
    "take": lambda m, x, shape, k: m.take(x, np.array([0, -1, 0]), axis=k),
    "diagonal": lambda m, x, shape, k: m.diagonal(m.stack([x, x]), axis1=0, axis2=k + 1),
}


@pytest.mark.parametrize("name", MOVES)
@settings(max_examples=25)
@given(data=st.data())
def test_maps_that_move_elements(name: str, data: st.DataObject) -> None:
    shape = data.draw(shapes)
    k = data.draw(st.integers(0, len(shape) - 1))
    check_rearrangement(shape, lambda x: MOVES[name](tg, x, shape, k), lambda a: MOVES[name](np, a, shape, k))


# --- reductions -------------------------------------------------------------------------------------------------------


@st.composite
def shapes_and_axes(draw: st.DrawFn) -> tuple[tuple[int, ...], Any]:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=3))
    axes = hnp.valid_tuple_axes(len(shape), min_size=1)
    return shape, draw(st.none() | st.integers(-len(shape), len(shape) - 1) | axes)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "amax", "amin", "var", "std"])
@settings(max_examples=25)
@given(drawn=shapes_and_axes(), keepdims=st.booleans(), seed=st.integers(0, 1000))
def test_reductions_over_any_axes(name: str, drawn: Any, keepdims: bool, seed: int) -> None:
    shape, axis = drawn
    rng = np.random.default_rng(seed)
    x = rng.permuted(np.linspace(-1, 1, int(np.prod(shape)) + 1)[:-1]).reshape(shape)  # all different: no ties
    d = rng.uniform(-0.1, 0.1, shape)

    def ours(a: Any) -> Any:
        return getattr(tg, name)(a, axis=axis, keepdims=keepdims)

    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    value, tangent = tg.jvp(ours, (x,), (d,))
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)
    close(tangent, slope(lambda t: getattr(np, name)(x + t * d, axis=axis, keepdims=keepdims)))
    np.testing.assert_array_equal(getattr(tg.Tensor(x), name)(axis=axis, keepdims=keepdims).data, value)


@given(hnp.array_shapes(min_dims=2, max_dims=4, max_side=3), st.integers(1, 3), st.integers(0, 3))
def test_matrix_products_of_any_rank(shape: tuple[int, ...], columns: int, drop: int) -> None:
    """Vectors, matrices and stacks on either side: values are NumPy's, derivatives are differences."""
    rng = np.random.default_rng(0)
    a = rng.uniform(-1, 1, shape)
    rank = len(shape)
    b = rng.uniform(-1, 1, (*shape[: rank - 2][drop:], shape[-1], columns))
    if drop == 3:
        b = rng.uniform(-1, 1, shape[-1])
    assume(a.size and b.size)
    for f, args in ((tg.matmul, (a, b)), (tg.matmul, (a[(0,) * (rank - 1)], b))):
        moves = tuple(rng.uniform(-1, 1, x.shape) for x in args)
        value, tangent = tg.jvp(f, args, moves)
        np.testing.assert_array_equal(value, np.matmul(*args))
        close(tangent, np.matmul(moves[0], args[1]) + np.matmul(args[0], moves[1]), rtol=1e-12)
        y, pull = tg.vjp(f, *args)
        seed = rng.uniform(-1, 1, np.shape(y))
        grads = pull(seed)
        assert [g.shape for g in grads] == [x.shape for x in args]
        close(sum(np.sum(g * m) for g, m in zip(grads, moves, strict=True)), np.sum(seed * tangent), rtol=1e-12)
