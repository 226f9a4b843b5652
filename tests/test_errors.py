"""Bad input: what is refused, as which exception, in which words, and at which of the user's lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygrad_course as tg

HERE = r"\(test_errors\.py:\d+: "  # how a message ends that names the user's line


class Case(NamedTuple):
    """A mistake, the exception it raises, and what its message must say (regular expressions, in any order)."""

    mistake: str
    run: Callable[[], Any]
    kind: type[Exception]
    says: tuple[str, ...]


def leaf(data: Any, **options: Any) -> tg.Tensor:
    return tg.Tensor(data, requires_grad=True, **options)


def ones(*shape: int) -> tg.Tensor:
    return leaf(np.ones(shape))


DATA = [
    Case("an int that wants a gradient", lambda: leaf(5), tg.DTypeError,
         ("int64", "cannot require a gradient", r"5\.0")),
    Case("bools that want a gradient", lambda: leaf([True]), tg.DTypeError,
         ("bool", "cannot require a gradient", "dtype=float")),
    Case("complex", lambda: tg.Tensor(1j), tg.DTypeError, ("complex128", "complex numbers are not supported")),
    Case("complex array", lambda: leaf(np.ones(2, complex)), tg.DTypeError, ("complex128", "real and imaginary parts")),
    Case("complex dtype", lambda: tg.Tensor(1.0, dtype=complex), tg.DTypeError, ("complex",)),
    Case("None", lambda: tg.Tensor(None), tg.DTypeError, ("object", "Python objects")),
    Case("objects", lambda: tg.Tensor(np.array([1, None])), tg.DTypeError, ("object", "Python objects")),
    Case("a dict", lambda: tg.Tensor({"a": 1}), tg.DTypeError, ("object",)),
    Case("text", lambda: tg.Tensor("1.0"), tg.DTypeError, ("text", "convert it to numbers")),
    Case("a list with text", lambda: tg.Tensor(["1.0", "2"]), tg.DTypeError, ("text",)),
    Case("bytes", lambda: tg.Tensor(b"12"), tg.DTypeError, ("bytes",)),
    Case("ragged lists", lambda: tg.Tensor([[1.0, 2.0], [3.0]]), tg.DTypeError,
         ("data cannot be read as an array", "inhomogeneous")),
    Case("dates", lambda: tg.Tensor(np.array(["2020-01-01"], "M8[D]")), tg.DTypeError,
         ("datetime64", "convert it to floats")),
    Case("an unknown dtype", lambda: tg.Tensor(1.0, dtype="float31"), tg.DTypeError, ("float31",)),
    Case("requires_grad_ of ints", lambda: tg.Tensor([1, 2]).requires_grad_(), tg.DTypeError,
         ("int64", "cannot require")),
    Case("requires_grad_ of a result", lambda: (ones(2) * 2).requires_grad_(False), tg.GraphError,
         ("recorded result", r"detach\(\)")),
    Case("data of another shape", lambda: setattr(ones(2), "data", np.ones(3)), tg.ShapeError,
         (r"\(3,\)", r"\(2,\)", "reshape")),
    Case("text as data", lambda: setattr(ones(), "data", "x"), tg.DTypeError, ("data", "text")),
    Case("int data for a variable", lambda: setattr(ones(2), "data", [1, 2]), tg.DTypeError, ("int64", "gradient")),
    Case("grad of another shape", lambda: setattr(ones(2), "grad", np.ones(3)), tg.ShapeError, (r"\(3,\)", r"\(2,\)")),
]  # fmt: skip

OPERANDS = [
    Case("sizes that do not broadcast", lambda: ones(3) + ones(4), tg.ShapeError,
         (r"^add: shapes \(3,\) and \(4,\) do not broadcast", "sizes 3 and 4 meet on axis -1", HERE)),
    Case("sizes that do not broadcast, two axes", lambda: ones(2, 3) * ones(3, 3), tg.ShapeError,
         (r"^multiply: shapes \(2, 3\) and \(3, 3\)", "sizes 2 and 3 meet on axis -2", "or one of them 1", HERE)),
    Case("an array on the left", lambda: np.ones(3) - ones(4), tg.ShapeError,
         (r"^subtract: shapes \(3,\) and \(4,\) do not broadcast", HERE)),
    Case("a list on the left", lambda: [1.0, 2.0, 3.0] / ones(4), tg.ShapeError,
         (r"^divide: ", r"\(3,\) and \(4,\)", HERE)),
    Case("a power", lambda: ones(3) ** ones(2), tg.ShapeError, (r"^pow: ", HERE)),
    Case("a comparison", lambda: ones(3) < ones(2), tg.ShapeError, (r"^less: ", HERE)),
    Case("a function of two", lambda: tg.maximum(ones(3), ones(2)), tg.ShapeError,
         (r"^maximum: ", r"\(3,\) and \(2,\)", HERE)),
    Case("where", lambda: tg.where(np.ones(2, bool), ones(3), 0.0), tg.ShapeError, (r"^where: ", HERE)),
    Case("matmul", lambda: ones(3, 4) @ ones(5, 2), tg.ShapeError,
         (r"^matmul: a is \(3, 4\) but b is \(5, 2\); the inner sizes 4 and 5 must agree \(test_errors\.py:\d+: ",)),
    Case("matmul of a vector", lambda: ones(3, 4) @ ones(3), tg.ShapeError,
         (r"^matmul: a is \(3, 4\) but b is \(3,\)", "4 and 3", HERE)),
    Case("matmul with a number", lambda: ones(3, 4) @ 2.0, tg.ShapeError, ("^matmul: ", r"use \* ", HERE)),
    Case("matmul from the left", lambda: np.ones((2, 3)) @ ones(4, 2), tg.ShapeError,
         ("^matmul: ", "inner sizes 3 and 4", HERE)),
    Case("a stack of matrices", lambda: ones(2, 3, 4) @ ones(3, 4, 5), tg.ShapeError,
         ("^matmul: ", r"\(2, 3, 4\)", r"\(3, 4, 5\)", HERE)),
    Case("text as an operand", lambda: ones(2) + "x", TypeError, ("unsupported operand", "str")),
    Case("None as an operand", lambda: None * ones(2), TypeError, ("unsupported operand", "NoneType")),
    Case("a complex operand", lambda: ones(2) * 1j, tg.DTypeError, ("an operand", "complex")),
    Case("objects as an operand", lambda: ones(2) * np.array([1, None]), tg.DTypeError,
         ("an operand", "Python objects")),
    Case("a ragged list", lambda: ones(2) * [[1], [1, 2]], tg.DTypeError, ("an operand cannot be read",)),
    Case("a list with Tensors", lambda: ones(2) * [ones(), 2.0], tg.GraphError, ("list with Tensors", r"stack\(")),
    Case("a list with Tensors, in a function", lambda: tg.maximum(ones(2), [1.0, ones()]), tg.GraphError,
         (r"stack\(",)),
    Case("a ragged list in a function", lambda: tg.maximum(ones(2), [[1], [1, 2]]), tg.ShapeError,
         ("^maximum: ", "inhomogeneous", HERE)),
    Case("a complex number in a function", lambda: tg.maximum(ones(2), 1j), tg.DTypeError,
         ("complex128", "real numbers")),
    Case("text in a function", lambda: tg.maximum(ones(2), "x"), tg.DTypeError, ("^maximum: ", HERE)),
    Case("bits of floats", lambda: ones(2) & ones(2), tg.DTypeError, ("^bitwise_and: ", HERE)),
]  # fmt: skip

AXES = [
    Case("sum", lambda: ones(2, 3).sum(axis=2), tg.ShapeError, ("^sum: ", "axis 2", r"\(2, 3\)", HERE)),
    Case("sum of a negative axis", lambda: tg.sum(ones(2, 3), axis=-3), tg.ShapeError, ("^sum: ", "-3", HERE)),
    Case("sum of the same axis twice", lambda: tg.sum(ones(2, 3), axis=(0, 0)), tg.ShapeError, ("^sum: ", HERE)),
    Case("mean", lambda: ones(2, 3).mean(axis=5), tg.ShapeError, ("mean", "axis 5", HERE)),
    Case("max", lambda: ones(2, 3).max(axis=5), tg.ShapeError, ("max", "axis 5", HERE)),
    Case("max of nothing", lambda: ones(0).max(), tg.ShapeError, ("max", r"\(0,\)", HERE)),
    Case("argmax of nothing", lambda: ones(0).argmax(), tg.ShapeError, ("argmax", HERE)),
    Case("max along an empty axis", lambda: ones(2, 0).max(axis=1), tg.ShapeError, ("max", r"\(2, 0\)", HERE)),
    Case("softmax", lambda: tg.softmax(ones(2, 3), axis=2), tg.ShapeError, ("axis 2", HERE)),
    Case("reshape", lambda: ones(2, 3).reshape(4, 2), tg.ShapeError, ("^reshape: ", r"\(2, 3\)", r"\(4, 2\)", HERE)),
    Case("permute_dims", lambda: tg.permute_dims(ones(2, 3), (0, 0)), tg.ShapeError, ("permute_dims", HERE)),
    Case("squeeze", lambda: tg.squeeze(ones(2, 3), axis=0), tg.ShapeError, ("squeeze", HERE)),
    Case("broadcast_to", lambda: tg.broadcast_to(ones(2, 3), (3, 2)), tg.ShapeError,
         ("broadcast_to", r"\(2, 3\)", r"\(3, 2\)", HERE)),
    Case("concat of unlike shapes", lambda: tg.concat([ones(2, 3), ones(2, 4)]), tg.ShapeError,
         ("concat", r"\(2, 3\)", r"\(2, 4\)", HERE)),
    Case("concat of nothing", lambda: tg.concat([]), tg.ShapeError, ("concat",)),
    Case("stack of unlike shapes", lambda: tg.stack([ones(2), ones(3)]), tg.ShapeError, ("stack", HERE)),
    Case("split", lambda: tg.split(ones(7), 3), tg.ShapeError, ("split", HERE)),
]  # fmt: skip

INDEXING = [
    Case("an int too large", lambda: ones(3)[3], tg.IndexingError, ("index 3", "size 3", HERE)),
    Case("an int too small", lambda: ones(3)[-4], tg.IndexingError, ("index -4", HERE)),
    Case("too many indices", lambda: ones(3)[0, 0], tg.IndexingError, ("too many indices", HERE)),
    Case("an array of ints", lambda: ones(3)[np.array([0, 9])], tg.IndexingError, ("index 9", "size 3", HERE)),
    Case("a mask of another size", lambda: ones(3)[np.array([True, False])], tg.IndexingError, ("boolean", HERE)),
    Case("a float", lambda: ones(3)[1.5], tg.IndexingError, ("integers", HERE)),
    Case("a Tensor of floats", lambda: ones(3)[tg.Tensor([1.0])], tg.IndexingError, ("integer", HERE)),
    Case("text", lambda: ones(3)["a"], tg.IndexingError, ("integers", HERE)),
    Case("take", lambda: tg.take(ones(3), np.array([5])), tg.IndexingError, ("take", "index 5", HERE)),
    Case("item assignment", lambda: ones(3).__setitem__(0, 1.0), tg.GraphError,
         ("cannot be assigned to", r"where\(", "concat or stack", r"t\.data\[", HERE)),
]  # fmt: skip

CONVERSIONS = [
    Case("float() of many", lambda: 1.0 + float(ones(3)), tg.ShapeError, ("exactly one element", r"\(3,\)")),
    Case("item() of many", lambda: ones(3).item(), tg.ShapeError, ("exactly one element", r"\(3,\)")),
    Case("bool() of many", lambda: bool(ones(3) > 0), tg.ShapeError,
         ("truth value", r"\(3,\)", r"any\(\) or all\(\)", HERE)),
    Case("len() of a number", lambda: 1 + len(ones()), TypeError, ("0-d",)),
    Case("iterating over a number", lambda: [*ones()], TypeError, ("0-d",)),
    Case("astype(complex)", lambda: ones(2).astype(complex), tg.DTypeError, ("complex128",)),
    Case("deepcopy of a result", lambda: __import__("copy").deepcopy(ones(2) * 2), tg.GraphError,
         ("recorded result", "detach")),
    Case("a ufunc without a rule", lambda: np.nextafter(ones(2), 1.0), tg.GraphError,
         ("nextafter has no derivative rule", "detach")),
    Case("a function without a rule", lambda: np.interp(ones(2), [0.0, 1.0], [0.0, 1.0]), tg.GraphError,
         ("interp has no derivative rule",)),
    Case("out=", lambda: np.add(np.ones(2), ones(2), out=np.ones(2)), tg.GraphError, ("out=", r"a = a \+ t")),
]  # fmt: skip

BACKWARD = [
    Case("of many elements", lambda: tg.exp(ones(3)).backward(), tg.GraphError,
         (r"shape \(3,\)", "not a scalar", r"t\.sum\(\)\.backward\(\)", "gradient=", HERE)),
    Case("of many elements, named", lambda: leaf([1.0, 2.0], name="costs").backward(), tg.GraphError,
         ("costs", r"\(2,\)")),
    Case("of nothing", lambda: ones(0).backward(), tg.GraphError, (r"shape \(0,\)", "not a scalar")),
    Case("of a constant", lambda: tg.Tensor(1.0, name="c").backward(), tg.GraphError,
         ("c ", "records nothing", "requires_grad=True", HERE)),
    Case("of what no_grad made", lambda: tg.no_grad()(lambda: ones() * 2)().backward(), tg.GraphError,
         ("records nothing", "no_grad")),
    Case("of a comparison", lambda: tg.greater(ones(), 0).backward(), tg.GraphError, ("records nothing",)),
    Case("with a gradient of another shape", lambda: ones(3).backward(np.ones(2)), tg.ShapeError,
         (r"gradient has shape \(2,\)", r"\(3,\)", HERE)),
    Case("with text as gradient", lambda: ones(3).backward("x"), tg.DTypeError, ("gradient", "text")),
]  # fmt: skip

TRANSFORMS = [
    Case("grad of many", lambda: tg.grad(lambda x: x * 2)(np.ones(3)), tg.GraphError,
         ("one number", r"\(3,\)", "sum, mean", "jacobian")),
    Case("grad by an int", lambda: tg.grad(lambda x: x * 2)(3), tg.DTypeError, ("int64", r"5\.0 instead of 5")),
    Case("grad of text", lambda: tg.grad(lambda x: x * 2)("x"), tg.DTypeError, ("text",)),
    Case("grad of what is no Tensor", lambda: tg.grad(lambda x: {"loss"})(1.0), tg.GraphError,
         ("must return a Tensor", "set")),
    Case("argnums out of range", lambda: tg.grad(lambda x: x, argnums=1)(1.0), ValueError,
         ("argnums names argument 1", "called with 1")),
    Case("gradients of arrays", lambda: tg.gradients(np.ones(2), ones()), tg.DTypeError,
         ("outputs must be Tensors", "ndarray")),
    Case("gradients by arrays", lambda: tg.gradients(ones(), 1.0), tg.DTypeError, ("inputs must be Tensors", "float")),
    Case("gradients of many", lambda: tg.gradients(ones(3), ones()), tg.GraphError, (r"\(3,\)", "grad_outputs")),
    Case("gradients of a constant", lambda: tg.gradients(tg.Tensor(1.0), ones()), tg.GraphError,
         ("no output records", HERE)),
    Case("too few grad_outputs", lambda: tg.gradients([ones(), ones()], ones(), [1.0]), tg.ShapeError,
         ("1 grad_outputs for 2 outputs",)),
    Case("a cotangent of another shape", lambda: tg.vjp(lambda x: x * 2, np.ones(3))[1](np.ones(2)), tg.ShapeError,
         (r"\(2,\)", r"\(3,\)")),
    Case("too few cotangents", lambda: tg.vjp(lambda x: (x, x), np.ones(3))[1]((np.ones(3),)), tg.ShapeError,
         ("1 cotangents for 2",)),
    Case("a tangent of another shape", lambda: tg.jvp(lambda x: x, (np.ones(3),), (np.ones(2),)), tg.ShapeError,
         ("jvp", r"\(2,\)", r"\(3,\)")),
    Case("too few tangents", lambda: tg.jvp(lambda x, y: x, (1.0, 2.0), (1.0,)), tg.ShapeError, ("jvp",)),
    Case("hvp with too few tangents", lambda: tg.hvp(lambda x, y: x, (1.0, 2.0), (1.0,)), tg.ShapeError,
         ("1 tangents for 2 primals",)),
]  # fmt: skip

TABLE = {
    "data": DATA, "operands": OPERANDS, "axes": AXES, "indexing": INDEXING, "conversions": CONVERSIONS,
    "backward": BACKWARD, "transforms": TRANSFORMS,
}  # fmt: skip
CASES = [pytest.param(case, id=f"{group}: {case.mistake}") for group, cases in TABLE.items() for case in cases]


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_in_clear_words(case: Case) -> None:
    with pytest.raises(case.kind) as caught:
        case.run()
    for pattern in case.says:
        caught.match(pattern)


def test_every_exception_is_also_the_builtin_that_people_catch() -> None:
    pairs = [
        (tg.ShapeError, ValueError), (tg.DTypeError, TypeError), (tg.IndexingError, IndexError),
        (tg.GraphError, RuntimeError), (tg.MutationError, tg.GraphError), (tg.AnomalyError, ArithmeticError),
    ]  # fmt: skip
    assert all(issubclass(ours, (builtin,)) and issubclass(ours, tg.TinygradError) for ours, builtin in pairs)


def test_message_quotes_the_users_statement() -> None:
    W, x = ones(3, 4), ones(5, 2)
    with pytest.raises(tg.ShapeError, match=r"\(test_errors\.py:\d+: Z = W @ x\)$"):
        Z = W @ x  # noqa: F841


def test_error_inside_a_library_of_the_user_names_their_line_not_numpys() -> None:
    a, b = ones(3), np.ones(4)
    with pytest.raises(tg.ShapeError, match=r"\(test_errors\.py:\d+: np\.add\(a, b\)\)$"):
        np.add(a, b)


def test_assignment_statement_is_refused() -> None:
    t = ones(3)
    with pytest.raises(tg.GraphError, match=r"t\[0\] = 1\.0\)$"):
        t[0] = 1.0
    with pytest.raises(tg.GraphError, match="cannot be assigned to"):
        t[0] += 1.0
    np.testing.assert_array_equal(t.data, np.ones(3))


def test_array_in_place_with_a_tensor_is_refused() -> None:
    a = np.ones(2)
    with pytest.raises(tg.GraphError, match=r"a = a \+ t"):
        a += ones(2)


def test_failed_operation_leaves_the_operands_usable() -> None:
    x = ones(3)
    with pytest.raises(tg.ShapeError):
        x + ones(4)
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full(3, 2.0))


# --- what is not an error ---------------------------------------------------------------------------------------------


def test_nan_and_inf_are_data() -> None:
    x = leaf([np.nan, np.inf, 1.0])
    (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0, 2.0, 2.0])
    assert np.isnan(x.data[0])


def test_nan_is_not_hidden() -> None:
    """The guard for branches that are not taken must not turn real NaNs into zeros."""
    x, w = leaf([np.nan, 2.0]), leaf([3.0, 4.0])
    (x * w).sum().backward()
    np.testing.assert_array_equal(w.grad, [np.nan, 2.0])
    np.testing.assert_array_equal(x.grad, [3.0, 4.0])


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)], ids=str)
def test_empty_arrays_are_data(shape: tuple[int, ...]) -> None:
    x = leaf(np.ones(shape))
    y = tg.exp(x * 2.0 + 1.0).sum()
    assert y.item() == 0.0
    y.backward()
    assert x.grad.shape == shape


def test_empty_matrix_products() -> None:
    a, b = leaf(np.ones((2, 0))), leaf(np.ones((0, 3)))
    y = a @ b
    np.testing.assert_array_equal(y.data, np.zeros((2, 3)))
    y.sum().backward()
    assert (a.grad.shape, b.grad.shape) == ((2, 0), (0, 3))


@pytest.mark.parametrize(
    "data", [True, 3, [1, 2], np.uint8(7), np.array([True]), np.float16(1.5), [[1.0]], ()], ids=repr
)
def test_all_real_data_is_welcome(data: Any) -> None:
    t = tg.Tensor(data)
    np.testing.assert_array_equal(t.data, np.asarray(data))
    assert t.dtype == np.asarray(data).dtype


def test_lists_may_hold_tensors_and_numbers() -> None:
    np.testing.assert_array_equal(tg.Tensor([tg.Tensor(1.0), 2.0]).data, [1.0, 2.0])


def test_data_is_copied() -> None:
    source = np.ones(2)
    t = tg.Tensor(source)
    source[0] = 9.0
    np.testing.assert_array_equal(t.data, [1.0, 1.0])


# --- nothing leaves the graph unseen, and nothing writes into an operand ----------------------------------------------

LEAVES = [tg.Tensor(1.0, requires_grad=True), tg.Tensor(2.0, requires_grad=True)]
V = tg.Tensor([1.0, 2.0], requires_grad=True)

LOST = {
    "Tensor": lambda: tg.Tensor(LEAVES),
    "asarray": lambda: tg.asarray(LEAVES),
    "a function": lambda: tg.exp(LEAVES),
    "a reduction": lambda: tg.sum(LEAVES),
    "nested stack": lambda: tg.stack([LEAVES, LEAVES]),
    "dot": lambda: tg.dot(V, LEAVES),
    "einsum": lambda: tg.einsum("i,i", V, LEAVES),
    "target of a loss": lambda: tg.mse_loss(V, LEAVES),
    "fill_value": lambda: tg.full((2,), LEAVES[0]),
    "constant_values": lambda: tg.pad(V, 1, constant_values=LEAVES[0]),
    "constant_values in pairs": lambda: tg.pad(V, 1, constant_values=(LEAVES[0], 0.0)),
    "static parameter": lambda: tg.leaky_relu(V, negative_slope=LEAVES[0]),
}


@pytest.mark.parametrize("call", LOST.values(), ids=LOST)
def test_a_tensor_that_would_lose_its_history_is_refused(call):
    with pytest.raises(tg.GraphError, match=r"stack|detach"):
        call()


def test_an_operand_too_many_is_refused_and_not_written_to():
    a, b, c = (tg.Tensor([x], requires_grad=True) for x in (1.0, 2.0, 3.0))
    with pytest.raises(tg.DTypeError, match="maximum: takes 2 operands, but 3 were given"):
        tg.maximum(a, b, c)
    with pytest.raises(tg.DTypeError, match="exp: takes 1 operands, but 2 were given"):
        tg.exp(a, c)
    assert c.item() == 3.0


def test_integers_that_were_told_to_require_a_gradient_later():
    x = tg.Tensor([1, 2])
    x.requires_grad = True
    with pytest.raises(tg.DTypeError, match="dtype int64 cannot require a gradient"):
        (x * 2.5).sum().backward()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tg.cross_entropy(tg.zeros((2, 3)), np.array([0, 5])), r"^cross_entropy: target holds class 5"),
        (lambda: tg.mse_loss(tg.zeros((2, 3)), tg.zeros(2)), r"^mse_loss: input is \(2, 3\) but target is \(2,\)"),
        (lambda: tg.l1_loss(V, V, reduction="avg"), r'^l1_loss: reduction must be "mean"'),
        (lambda: tg.binary_cross_entropy([1.5], [1.0]), r"^binary_cross_entropy: input must hold probabilities"),
    ],
    ids=["class", "shape", "reduction", "range"],
)
def test_losses_name_themselves_and_the_users_line(call, said):
    with pytest.raises(tg.ShapeError, match=said + r".*\(test_errors\.py:\d+: "):
        call()


@pytest.mark.parametrize("transform", [tg.jvp, tg.hvp])
def test_primals_and_tangents_come_in_tuples(transform):
    with pytest.raises(tg.DTypeError, match=r"primals must be a tuple with one entry per argument.*\(x,\)"):
        transform(lambda x: x**2, 3.0, 1.0)


def test_tangents_in_dicts_belong_to_their_keys():
    primals, tangents = {"a": 2.0, "b": 3.0}, {"b": 0.0, "a": 1.0}
    assert tg.jvp(lambda p: p["a"] ** 2 * p["b"], (primals,), (tangents,))[1] == 12.0
    assert tg.hvp(lambda p: p["a"] ** 2 * p["b"], (primals,), (tangents,)) == {"a": 6.0, "b": 4.0}
    with pytest.raises(tg.ShapeError, match=r"jvp: a tangent has other keys.*missing: 'b'; unknown: 'c'"):
        tg.jvp(lambda p: p["a"] * p["b"], (primals,), ({"a": 1.0, "c": 1.0},))


def test_results_of_a_users_forward_function_become_arrays():
    numbers = tg.primitive(lambda x: 2.0, name="numbers")
    assert numbers(V).shape == ()
    assert tg.primitive(lambda x: [1.0, 2.0], name="lists")(V).shape == (2,)
    with pytest.raises(tg.DTypeError, match=r"pair: its forward function returned a tuple; say @primitive\(outputs=2"):
        tg.primitive(lambda x: (x, x), name="pair")(V)
    with pytest.raises(tg.DTypeError, match="three: its forward function must return a tuple of 3 arrays"):
        tg.primitive(lambda x: (x, x), name="three", outputs=3)(V)
