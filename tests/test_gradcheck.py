"""gradcheck and check_primitive: right rules pass at every scale; wrong ones are caught, named and blamed."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_course as tg
from tinygrad_course.check import GradCheckError, GradCheckReport, check_primitive, gradcheck
from tinygrad_course.core.errors import GraphError, TinygradError
from tinygrad_course.core.primitive import Primitive

rng = np.random.default_rng(1)
A, B, C = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(3, 3))
V = np.array([0.5, -1.2, 2.0])


def failure(f: Any, inputs: Any, **options: Any) -> GradCheckReport:
    """The report of a check that fails."""
    with pytest.raises(GradCheckError) as caught:
        gradcheck(f, inputs, **options)
    report = caught.value.report
    assert not report
    assert str(report) == str(caught.value)
    return report


def elementwise(forward: Any, partial: Any, name: str = "op") -> Primitive:
    return Primitive(forward, name=name, partials=(partial,))


# --- what must pass ---------------------------------------------------------------------------------------------------

RIGHT: dict[str, tuple[Any, Any]] = {
    "two scalars": (lambda w, x: tg.sigmoid(w * x), (0.5, 2.0)),
    "a bare array": (lambda x: (x * x).sum(), V),
    "a vector result": (lambda x: tg.tanh(x) * 2, V),
    "several results": (lambda a, b: (a @ b, {"s": tg.exp(a).sum()}), (A, B)),
    "broadcasting": (lambda a, b: (a * b + b).sum(), (A, rng.normal(size=4))),
    "a dict": (lambda p: (A @ p["W"] + p["b"]).sum(), {"W": B, "b": np.zeros(2)}),
    "a list as one argument": (lambda p: (p[0] @ p[1]).sum(), [A, B]),
    "integers held fixed": (lambda x, n: x**n, (1.5, 3)),
    "0-d": (tg.exp, np.array(0.3)),
    "zero size": (lambda x: (x * 2).sum(), np.zeros((0, 3))),
    "linear": (lambda x: (3 * x).sum(), V),
    "constant": (lambda x: (0 * x).sum() + 1, V),
    "minimum": (lambda x: (x * x).sum(), np.zeros(3)),
    "an input used twice": (lambda x: x * x + tg.sin(x), 0.7),
    "a huge constant beside": (lambda x: tg.exp(x).sum() + 1e6, V),
    "fine structure": (lambda x: x + 1e-3 * tg.sin(1e4 * x), 0.3),
    "the edge of a domain": (lambda x: x * tg.sqrt(x), np.array(0.0) + 1e-300),
    "the identity": (lambda x: x, V),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right_gradients_pass(case: str) -> None:
    f, inputs = RIGHT[case]
    report = gradcheck(f, inputs)
    assert report
    assert report.passed
    assert "passed" in str(report)
    assert all(len(line) <= 79 for line in str(report).splitlines())
    assert gradcheck(f, inputs, raise_on_failure=False)


@pytest.mark.parametrize("inside", 10.0 ** np.arange(-8, 9, 2))
@pytest.mark.parametrize("outside", 10.0 ** np.arange(-8, 9, 4))
def test_scale_does_not_matter(inside: float, outside: float) -> None:
    right = elementwise(lambda x: x**3, lambda y, x: 3 * x**2)
    wrong = elementwise(lambda x: x**3, lambda y, x: 3.0003 * x**2)
    x = V * inside
    assert gradcheck(lambda x: outside * right(x / inside).sum(), x)
    failure(lambda x: outside * wrong(x / inside).sum(), x)
    assert gradcheck(lambda x: outside * tg.sin(x / inside), x[0])


def test_closed_over_tensors_are_put_back() -> None:
    w = tg.Tensor(B, requires_grad=True, name="W")
    b = tg.Tensor(np.zeros(2), requires_grad=True)
    w.grad = np.ones_like(B)
    before, value = B.copy(), w.value
    loss = (A @ w + b).sum()
    assert gradcheck(lambda: tg.tanh(A @ w + b).sum(), [w, b])
    assert w.value is value
    assert np.array_equal(w.value, before)
    assert np.array_equal(w.grad, np.ones_like(B))
    assert b.grad is None
    loss.backward()  # what was recorded before is still good


def test_closed_over_tensors_are_put_back_after_an_exception() -> None:
    w = tg.Tensor(2.0, requires_grad=True)
    calls = []

    def loss() -> Any:
        calls.append(w.item())
        if len(calls) == 6:
            raise KeyError("lost")
        return w * w

    with pytest.raises(KeyError):
        gradcheck(loss, w)
    assert calls[-1] != 2.0
    assert w.item() == 2.0


def test_global_random_state_is_not_touched() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = str(gradcheck(tg.exp, V))
    assert first == str(gradcheck(tg.exp, V))
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_float32_is_checked_by_float64_differences() -> None:
    x = V.astype(np.float32)
    report = gradcheck(lambda x: tg.exp(tg.sin(x)).sum(), x)
    assert "float32" in report.allowed
    wrong = elementwise(np.sin, lambda y, x: 1.01 * tg.cos(x))
    failure(lambda x: tg.exp(wrong(x)).sum(), x)


def test_many_elements_are_sampled_and_directions_added() -> None:
    x = np.linspace(-1, 1, 40_000)
    report = gradcheck(lambda x: (x * x).sum(), x)
    assert re.search(r"^\d+ of 40000 elements, chosen at random, and 6 random directions", report.checked)
    last = elementwise(np.square, lambda y, x: 2 * x * (1 + 0.1 * (np.arange(40_000) == 39_999)))
    assert failure(lambda x: last(x).sum(), x).entries[0].element == "direction"


def test_every_parameter_of_a_network_is_visited() -> None:
    x, sizes = rng.normal(size=(32, 64)), ((64, 32), (32,), (32, 10), (10,))
    w1, b1, w2, b2 = (rng.normal(size=s) * 0.2 for s in sizes)
    report = gradcheck(lambda a, b, c, d: tg.exp(tg.relu(x @ a + b) @ c + d).sum(), (w1, b1, w2, b2))
    assert report.checked.startswith("all 2410 elements")
    assert report.difference < 1e-7
    assert report.taylor == pytest.approx(2, abs=0.2)


# --- what must fail, and what the report says -------------------------------------------------------------------------

square_factor = elementwise(np.square, lambda y, x: x)
sign_flipped = elementwise(np.cos, lambda y, x: tg.sin(x))
missing_term = elementwise(lambda x: x * np.exp(x), lambda y, x: tg.exp(x))
wrong_branch = elementwise(lambda x: np.maximum(x, 0), lambda y, x: x < 0)
constant_off = elementwise(np.square, lambda y, x: 2 * x + 0.1)
decay = elementwise(np.sin, lambda y, x: tg.cos(x) + 0.01 * x)
last_only = elementwise(np.exp, lambda y, x: y * np.array([1.0, 1.0, 1.5]))
tiny_error = elementwise(np.exp, lambda y, x: y * 1.0001)
transposed = Primitive(lambda x: x.T.copy(), name="op", vjp=(lambda g, y, x: g,))
mean = Primitive(np.mean, name="op", vjp=(lambda g, y, x: g * np.ones(x.shape),))
unbroadcast = Primitive(lambda a, b: a + b, name="op", vjp=(lambda g, y, a, b: g, lambda g, y, a, b: g[:1] * 1.0))
nothing = Primitive(lambda x: x**2, name="op", vjp=(None,))
not_a_number = elementwise(np.square, lambda y, x: 0 * x / (x - x))

WRONG: dict[str, tuple[Any, Any, str]] = {
    "factor": (square_factor, V, "off by a constant factor 1/2: is the 2 of a square missing"),
    "sign": (sign_flipped, V, "the sign is flipped"),
    "missing term": (missing_term, V, ""),
    "wrong branch": (wrong_branch, V, ""),
    "constant": (constant_off, V, "every element is off by the same +0.1"),
    "weight decay": (decay, V, "0.01 times the input itself: is a regularisation term extra?"),
    "last element": (last_only, V, "only [2] of 3 elements disagrees"),
    "one in ten thousand": (tiny_error, V, "off by a constant factor 1"),
    "transpose": (lambda x: transposed(x) * C, C, "it is the transpose of what it should be"),
    "division by m": (mean, np.arange(7.0), "factor 7 = the length of axis 0 of x: is a division by 7"),
    "unbroadcast": (lambda b: unbroadcast(A, b), np.zeros((1, 4)), ""),
    "no gradient": (nothing, V, "zero everywhere, though f does depend on it"),
    "NaN": (not_a_number, V, "NaN at [0] and 2 more"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_rules_are_caught_diagnosed_and_blamed(case: str) -> None:
    op, x, sentence = WRONG[case]

    def f(x: Any) -> Any:
        before = 2 * x
        after = op(before * 0.5)  # the line to blame
        return (tg.exp(after * 0.1) * 3).sum() if case != "NaN" else after.sum()

    report = failure(lambda x: op(x).sum(), x)
    assert sentence in "; ".join(report.diagnosis), report.diagnosis
    assert report.taylor is None or not report.taylor > 1.5
    report = failure(f, x)
    if case == "no gradient":
        return
    assert report.blame.startswith("op, recorded at test_gradcheck.py"), report.blame
    if case != "NaN":
        assert "the rule of op for input" in report.blame


def test_blame_names_the_line_of_the_first_wrong_operation() -> None:
    half = elementwise(np.square, lambda y, x: x, "half_square")

    def f(w: Any, b: Any) -> Any:
        z = A @ w + b
        a = half(z)
        return half(tg.tanh(a)).sum()

    report = failure(f, (B, np.zeros(2)))
    assert "a = half(z)" in report.blame
    assert "1/2 times as much" in report.blame
    assert "input 0" in report.blame


def test_blame_names_the_input_of_a_rule() -> None:
    op = Primitive(lambda a, b: a @ b, name="mm", vjp=(lambda g, y, a, b: g @ b.T, lambda g, y, a, b: 2 * (a.T @ g)))
    report = failure(lambda a, b: op(a, b).sum(), (A, B))
    assert "mm for input 1 (b) of shape (4, 2)" in report.blame
    assert [e.passed for e in report.entries] == [True, False]


def test_a_value_taken_out_of_the_graph_is_found() -> None:
    w = tg.Tensor(C, requires_grad=True, name="W")

    def loss() -> Any:
        z = tg.exp(w @ w)
        return (z * w.data).sum()

    report = failure(loss, [w])
    assert "return (z * w.data).sum()" in report.blame
    assert "changes with the inputs" in report.blame
    report = failure(lambda x: float(x * x), 1.5)
    assert "cut it off" in report.blame
    report = failure(lambda x, y: x * y.detach(), (1.5, 2.0))
    assert "y: zero everywhere" in report.diagnosis[0]


def test_a_wrong_shape_from_a_rule_is_reported() -> None:
    op = Primitive(lambda x: x * 2, name="op", vjp=(lambda g, y, x: g[:2],))
    assert "the backward pass failed: the rule of op gave a gradient of shape (2,)" in failure(op, V).problem


def test_second_order_checks_the_derivative_of_the_rule() -> None:
    assert gradcheck(lambda x: tg.exp(x * x).sum(), V, order=2)
    assert gradcheck(lambda a, b: tg.tanh(a @ b), (A, B), order=2)

    def frozen_slope(y: Any, x: Any) -> Any:
        slope = 3 * np.square(getattr(x, "value", x))
        return tg.Tensor(slope) if isinstance(x, tg.Tensor) else slope

    frozen = elementwise(lambda x: x**3, frozen_slope, "frozen")
    assert gradcheck(lambda x: frozen(x).sum(), V)
    report = failure(lambda x: frozen(x).sum(), V, order=2)
    assert "the derivative of the rule of frozen" in report.blame
    with pytest.raises(TinygradError, match="order is 3; it must be 1 or 2"):
        gradcheck(frozen, V, order=3)


# --- kinks, jumps, edges ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (tg.relu, 0.0),
        (tg.abs, 0.0),
        (lambda x: tg.maximum(x, 1.0), 1.0),
        (lambda x: tg.minimum(x, -x), 0.0),
        (lambda x: tg.clip(x, -1.0, 2.0), 2.0),
        (lambda x: tg.leaky_relu(3 * x), 0.0),
    ],
)
def test_a_kink_passes_and_is_listed(f: Any, x: float) -> None:
    report = gradcheck(f, x)
    assert report.entries[0].verdict == "ok, 1 kink"
    assert len(report.kinks) == 1
    left, right = (float(v) for v in re.findall(r"slope (\S+) to the left, (\S+) to", report.kinks[0])[0])
    assert abs(left - right) > 0.5


@pytest.mark.parametrize("distance", [1e-13, 1e-10, 1e-8, 1e-6, 1e-5, 1e-4, 1e-2])
def test_a_kink_near_the_point_is_no_failure(distance: float) -> None:
    for side in (-distance, distance):
        assert gradcheck(lambda x: (tg.relu(x) * tg.exp(x)).sum(), np.array([1.0, side]))
        assert gradcheck(lambda x: tg.abs(x - 1).sum(), 1 + side)


def test_a_value_outside_the_two_slopes_fails_at_a_kink() -> None:
    wrong = elementwise(lambda x: np.maximum(x, 0), lambda y, x: 1.5 + 0 * x)
    failure(wrong, 0.0)


def test_a_wrong_slope_beside_a_kink_fails() -> None:
    wrong = elementwise(lambda x: np.maximum(x, 0), lambda y, x: 0.5 * (x > 0))
    failure(wrong, np.array([1e-3, -1.0]))


def test_a_jump_is_called_a_jump() -> None:
    report = failure(tg.floor, np.array([0.5, 1.0]))
    assert report.entries[0].verdict == "JUMP"
    assert "jumps at [1]" in report.diagnosis[0]
    assert failure(tg.ceil, 1.0).entries[0].verdict == "JUMP"  # from the other side


def test_infinite_derivatives_are_located() -> None:
    report = failure(tg.sqrt, np.array([1.0, 0.0]))
    assert report.entries[0].verdict == "NOT FINITE"
    assert "infinite at [1]" in report.diagnosis[0]


def test_the_edge_of_a_domain_is_checked_from_inside() -> None:
    report = gradcheck(lambda x: tg.pow(1 - x, 1.5), 1.0)
    assert "f ends here" in report.kinks[0]
    wrong = elementwise(lambda x: np.power(1 - x, 1.5), lambda y, x: 0.1 + 0 * x)
    failure(wrong, 1.0)


def test_large_functions_pass_near_the_end_of_their_domain() -> None:
    assert gradcheck(tg.log, np.array([1e-8, 1.0]))
    assert gradcheck(tg.atanh, 1 - 1e-7)


# --- inputs that cannot be checked ------------------------------------------------------------------------------------


def test_functions_that_cannot_be_checked_say_why() -> None:
    noisy = np.random.default_rng(0)
    assert "f is random" in failure(lambda x: x * noisy.normal(), 1.0).problem
    with np.errstate(all="ignore"):
        assert "f is nan at the inputs given (out[1])" in failure(tg.log, np.array([1.0, -1.0])).problem
    assert "x[1] is nan" in failure(lambda x: x.sum(), np.array([1.0, np.nan])).problem

    def spoil(x: Any) -> Any:
        x.data[0] = 3.0
        return x.sum()

    assert "f changes its input x in place" in failure(spoil, V).problem


@pytest.mark.parametrize(
    ("f", "inputs", "message"),
    [
        (lambda x: x, 3, "Pass float arrays"),
        (lambda x: x, np.arange(3), "int64"),
        (lambda x: x, tg.Tensor([1.0]), "without requires_grad"),
        (lambda x: x, (), "no inputs"),
        (lambda x, y: x, 1.0, "cannot be called with the 1 inputs given"),
        (lambda: 1.0, 1.0, "must be the leaf Tensors"),
    ],
)
def test_unusable_inputs_are_refused(f: Any, inputs: Any, message: str) -> None:
    with pytest.raises(TinygradError, match=re.escape(message)):
        gradcheck(f, inputs)


def test_results_that_have_no_derivative_are_refused() -> None:
    with pytest.raises(TinygradError, match=r"is a `return` missing"):
        gradcheck(lambda x: None, 1.0)
    assert gradcheck(lambda x: (x * x, x > 0), 1.0)  # a boolean result beside others is passed over
    assert issubclass(GradCheckError, AssertionError)
    assert issubclass(GradCheckError, TinygradError)
    assert issubclass(GraphError, TinygradError)


def test_reports_show_in_notebooks() -> None:
    report = gradcheck(tg.exp, V)
    assert report._repr_markdown_().splitlines()[2].startswith("| input | worst at | analytic | numeric |")
    assert report._repr_html_().startswith("<p><b>gradcheck: passed")


# --- any smooth expression --------------------------------------------------------------------------------------------

UNARY = (tg.sin, tg.tanh, tg.sigmoid, tg.exp, lambda x: x * x, lambda x: tg.log(x * x + 1))
BINARY = (lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a / (b * b + 1), tg.atan2)


@st.composite
def expressions(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """A straight-line program over two inputs: each step applies an operation to earlier values."""
    steps: list[tuple[int, ...]] = []
    for i in range(draw(st.integers(1, 6))):
        earlier = st.integers(0, i + 1)
        if draw(st.booleans()):
            steps.append((draw(st.integers(0, len(UNARY) - 1)), draw(earlier)))
        else:
            steps.append((draw(st.integers(0, len(BINARY) - 1)), draw(earlier), draw(earlier)))
    return steps


def run(steps: list[tuple[int, ...]], x: Any, y: Any, last: Any = lambda v: v) -> Any:
    values = [x, y]
    for which, *operands in steps:
        new = (UNARY if len(operands) == 1 else BINARY)[which](*(values[i] for i in operands))
        values.append(tg.tanh(new))  # keeps everything of a size
    return last(tg.sin(values[-1]) + values[-1] * x).sum()


@given(expressions(), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_any_smooth_expression_passes_and_a_perturbed_one_fails(steps: list[tuple[int, ...]], seed: int) -> None:
    draws = np.random.default_rng(seed)
    x, y = draws.normal(size=3), draws.normal(size=(2, 3))
    assert gradcheck(lambda x, y: run(steps, x, y), (x, y))
    crooked = elementwise(lambda v: v * v + v, lambda u, v: (2 * v + 1) * 1.0002, "crooked")
    report = failure(lambda x, y: run(steps, x, y, crooked), (x, y))
    assert report.blame.startswith("crooked")


# --- check_primitive --------------------------------------------------------------------------------------------------


def test_right_primitives_pass() -> None:
    assert check_primitive(tg.multiply, A, A[0])
    assert check_primitive(tg.matmul, A, B)
    assert check_primitive(tg.pow, 2.0, 3)
    assert check_primitive(tg.greater, A, 0.0)
    assert check_primitive(
        Primitive(lambda x, *, n: x**n, name="p", partials=(lambda y, x, n: n * x ** (n - 1),)), V, n=3
    )


def in_place(x: Any) -> Any:
    x *= 2
    return x


def in_place_rule(g: Any, y: Any, x: Any) -> Any:
    g *= 2
    return (g,)


def drawn(x: Any) -> Any:
    return x * drawn_from.normal()


drawn_from = np.random.default_rng(0)
BROKEN: dict[str, tuple[Primitive, tuple[Any, ...], str]] = {
    "factor": (square_factor, (V,), "off by a constant factor 1/2"),
    "one array instead of a tuple": (Primitive(np.square, partials=lambda y, x: 2 * x), (V,), "it must return a tuple"),
    "too few entries": (Primitive(np.add, partials=lambda y, a, b: (1,)), (V, V), "1 entries for 2 inputs"),
    "too few rules": (Primitive(np.add, partials=(lambda y, a, b: 1,)), (V, V), "1 entries for 2 inputs"),
    "no rule": (Primitive(np.square), (V,), "has no derivative rule"),
    "shape of a gradient": (
        Primitive(np.square, vjp=(lambda g, y, x: (g * x)[:2],)),
        (V,),
        "shape (2,) for input 0 of shape (3,)",
    ),
    "shape of a partial": (Primitive(np.square, partials=(lambda y, x: x[:2],)), (V,), "does not broadcast"),
    "writing forward": (Primitive(in_place, partials=(lambda y, x: 2,)), (V,), "forward function writes into"),
    "writing rule": (Primitive(lambda x: x * 2, vjp=in_place_rule), (V,), "the rule writes into"),
    "float64 forward": (
        Primitive(lambda x: x * V, partials=(lambda y, x: V.astype(x.dtype),)),
        (V,),
        "give a float64 result",
    ),
    "float64 rule": (Primitive(lambda x: x * 2, partials=(lambda y, x: np.full(3, 2.0),)), (V,), "float64 gradient"),
    "random": (Primitive(drawn, partials=(lambda y, x: 1,)), (V,), "is the operation random"),
    "number of results": (
        Primitive(lambda x: (x, x), vjp=(lambda g, y, x: g,)),
        (V,),
        "returns 2 results, but outputs=1",
    ),
    "integers": (Primitive(np.square, partials=(lambda y, x: 2 * x,)), (3,), "no argument to differentiate"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_primitives_are_caught(case: str) -> None:
    op, args, sentence = BROKEN[case]
    with pytest.raises(GradCheckError, match="FAILED") as caught:
        check_primitive(op, *args)
    report = caught.value.report
    assert sentence in report.problem + "; ".join(report.diagnosis)
    assert not check_primitive(op, *args, raise_on_failure=False)


def test_check_primitive_wants_a_primitive() -> None:
    with pytest.raises(TinygradError, match="use gradcheck for functions"):
        check_primitive(lambda x: x, 1.0)


def test_the_page_on_checking_is_true() -> None:
    page = Path(__file__).parent.parent / "docs" / "checking.md"
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 20
    assert not found.failed


def test_a_function_of_one_triangle_is_told_to_symmetrise() -> None:
    a = np.array([[4.0, 1.0], [1.0, 3.0]])
    report = tg.gradcheck(tg.linalg.cholesky, (a,), raise_on_failure=False)
    assert not report
    assert "f((x + x.T) / 2)" in " ".join(str(report).split())
    assert tg.gradcheck(lambda x: tg.linalg.cholesky((x + x.T) / 2), (a,))


@pytest.mark.parametrize("eps", [0, -1e-3, float("nan")])
def test_a_step_that_is_none_is_refused(eps: float) -> None:
    with pytest.raises(tg.TinygradError, match=r"eps is .*must be positive"):
        tg.gradcheck(lambda x: x**2, 3.0, eps=eps)


def test_an_infinite_slope_is_not_called_a_wrong_rule() -> None:
    report = tg.gradcheck(lambda x: tg.sqrt(x).sum(), np.array([0.0, 0.5]), raise_on_failure=False)
    assert not report
    assert "no finite slope there either" in " ".join(str(report).split())
    assert "rule is wrong" not in str(report)


def normalised(x: Any) -> Any:
    centred = x - tg.mean(x, axis=-1, keepdims=True)
    return centred / tg.sqrt(tg.mean(centred**2, axis=-1, keepdims=True) + 1e-5)


def cancelling(seed: int) -> Any:
    """Data far from 0 for its spread: the slopes of ``mean(normalised(x) ** 2)`` are 1e-12 of their terms or so."""
    draw = np.random.default_rng(seed)
    return 100 * (draw.normal(size=(4, 8)) + 100)


@pytest.mark.parametrize("seed", range(8))
def test_slopes_that_are_left_over_where_large_terms_cancel_pass(seed: int) -> None:
    x = cancelling(seed)
    assert gradcheck(lambda x: tg.mean(normalised(x) ** 2), x)


@pytest.mark.parametrize("factor", [0.0, 0.5, -1.0])
def test_a_wrong_rule_fails_where_large_terms_cancel(factor: float) -> None:
    wrong = elementwise(lambda x: x * 1.0, lambda y, x: factor + 0 * x)
    failure(lambda x: tg.mean(normalised(wrong(x)) ** 2), cancelling(0))
