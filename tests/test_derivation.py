"""The steps of a derivation: their numbers against finite differences, their formulas against their numbers."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_course as tg
from tests import explain_programs
from tests.test_draw_numbers import LEAVES, assume_tame, difference, numbers, programs, run
from tinygrad_course.show.evaluate import evaluate, values_of

SIX = {
    "dZ2": "A2 − Y",
    "dW2": "(dZ2 @ A1.T)/m",
    "db2": "sum(dZ2, axis=1)/m",
    "dZ1": "(W2.T @ dZ2)*(1 − A1²)",
    "dW1": "(dZ1 @ X.T)/m",
    "db1": "sum(dZ1, axis=1)/m",
}


def steps(derivation, name):
    return [s for s in derivation.steps if s.box.name == name]


def value_of(lines, start, name, values=None):
    """The program's last value as a function of the variable `name`, everything before it held."""
    space = {"tg": tg, **{n: float(v) for n, v in start.items()}}
    held = name not in start
    for line in lines:
        left = line.split(" = ", 1)[0]
        if held and left == name:
            held = False
            space[name] = values
            continue
        exec(line, space)
    return float(space[f"v{len(lines) - 1}"])


@given(programs(), st.tuples(numbers, numbers, numbers))
def test_every_number_is_a_finite_difference(lines, start):
    values = dict(zip(LEAVES, start, strict=True))
    space = run(lines, {n: tg.Tensor(v, requires_grad=True, name=n) for n, v in values.items()})
    assume_tame(lines, space)
    assume(not any("maximum" in line for line in lines))
    output = space[f"v{len(lines) - 1}"]
    assume(output.requires_grad)
    derivation = tg.explain(output)
    known = values_of(derivation.picture.boxes)
    for step in derivation.steps:
        assert step.checked is True
        assert float(evaluate(step.formula, known)) == pytest.approx(float(step.value), rel=1e-9, abs=1e-12)
        for before in step.chain:
            assert float(evaluate(before, known)) == pytest.approx(float(step.value), rel=1e-9, abs=1e-12)
    for box in {s.box for s in derivation.steps}:
        (*paths, last) = steps(derivation, box.name)

        def f(x, name=box.name):
            return value_of(lines, {**values, **({name: x} if name in values else {})}, name, x)

        scale = max(1.0, abs(float(output.data)))
        assert float(last.value) == pytest.approx(difference(f, float(box.value)), rel=1e-4, abs=1e-5 * scale)
        parts = [float(p.value) for p in [*paths, last] if p.kind == "path"]
        assert not parts or sum(parts) == pytest.approx(float(box.derivative), rel=1e-9, abs=1e-12)


FORMS = (
    "{a} * {b}", "{a} + {b}", "{a} - {b}", "W @ {a}", "{a} * v", "tg.tanh({a})", "tg.sigmoid({a})", "tg.exp({a} / 4)",
    "tg.relu({a})", "{a} ** 2", "tg.softmax({a}, axis=0)", "{a} / 3", "tg.sum({a}, axis=1, keepdims=True) + {b}",
    "tg.log({a} ** 2 + 1)", "1 / (1 + np.exp(-{a}))", "({a}.T).T * 2", "-{a}",
)  # fmt: skip


@st.composite
def array_programs(draw):
    names, lines = ["X"], []
    for i in range(draw(st.integers(1, 5))):
        a, b = draw(st.sampled_from(names[-2:])), draw(st.sampled_from(names))
        lines.append(f"z{i} = " + draw(st.sampled_from(FORMS)).format(a=a, b=b))
        names.append(f"z{i}")
    lines.append(f"J = tg.{draw(st.sampled_from(['sum', 'mean']))}({names[-1]} * {draw(st.sampled_from(names))})")
    return lines


@given(array_programs(), st.integers(0, 10**6))
def test_every_formula_of_an_array_gives_its_derivative(lines, seed):
    rng = np.random.default_rng(seed)
    leaves = {"X": rng.normal(size=(3, 4)), "W": rng.normal(size=(3, 3)), "v": rng.normal(size=4)}
    space = run(lines, {"np": np, **{n: tg.Tensor(x, requires_grad=True, name=n) for n, x in leaves.items()}})
    derivation = tg.explain(space["J"])
    assert derivation.picture.output.name == "J"
    gradients = tg.gradients(space["J"], [space[n] for n in leaves])
    for step in derivation.steps:
        assert step.checked is True, f"{step.symbol} = {step.formula}"
        assert np.shape(step.value) == step.box.shape
    for name, expected in zip(leaves, gradients, strict=True):
        found = steps(derivation, name)
        if found:
            np.testing.assert_allclose(found[-1].value, expected, rtol=1e-9, atol=1e-12)


@given(st.floats(-5, 5), st.floats(0, 1), st.sampled_from(["tg.sigmoid(z)", "1 / (1 + np.exp(-z))"]))
def test_sigmoid_into_cross_entropy_is_a_minus_y(z, y, sigmoid):
    lines = [f"a = {sigmoid}", "L = -(y*tg.log(a) + (1-y)*tg.log(1-a))"]
    space = run(lines, {"np": np, "z": tg.Tensor(z, requires_grad=True, name="z"), "y": tg.Tensor(y, name="y")})
    *_, last = steps(tg.explain(space["L"]), "z")
    assert last.kind == "simplify"
    assert last.formula.text == "a − y"
    assert float(last.value) == pytest.approx(1 / (1 + np.exp(-z)) - y, abs=1e-12)


def test_the_simplification_is_not_shown_where_it_does_not_hold():
    """For p = 0 the logarithm is held: the engine's slope there is not that of the formula, and nothing cancels."""
    z = tg.Tensor([-800.0, 0.0], requires_grad=True, name="z")
    a = tg.sigmoid(z)
    y = np.array([1.0, 1.0])
    L = tg.binary_cross_entropy(a, y, reduction="sum")
    derivation = tg.explain(L)
    assert all(s.kind != "simplify" for s in derivation.steps)
    (path,) = steps(derivation, "a")
    assert path.checked is False
    assert "convention" in path.note


@pytest.mark.parametrize("program", [explain_programs.net2, explain_programs.layers])
def test_the_notes_six_equations(program):
    derivation = program()
    assert {left.text: right.text for left, right in derivation.batch.equations} == SIX
    assert derivation.batch.m == 6
    in_text = [f"{left} = {right}" for left, right in SIX.items()]
    assert all(line in derivation.text for line in in_text)
    assert "carries the factor 1/m" in derivation.text


@pytest.mark.parametrize("program", [explain_programs.net2, explain_programs.layers])
def test_the_six_equations_give_the_gradients(program):
    """Evaluated one after the other, in plain NumPy, as the notes' code does."""
    derivation = program()
    value = {b.name: b.value for b in derivation.picture.boxes}
    m = derivation.batch.m
    dZ2 = value["A2"] - value["Y"]
    dZ1 = (value["W2"].T @ dZ2) * (1 - value["A1"] ** 2)
    expected = {
        "W2": dZ2 @ value["A1"].T / m, "b2": dZ2.sum(axis=1, keepdims=True) / m,
        "W1": dZ1 @ value["X"].T / m, "b1": dZ1.sum(axis=1, keepdims=True) / m,
    }  # fmt: skip
    for name, gradient in expected.items():
        np.testing.assert_allclose(steps(derivation, name)[-1].value, gradient, rtol=1e-9)


def test_softmax_into_cross_entropy():
    *_, last = steps(explain_programs.classes(), "Z")
    assert last.formula.text == "(A − T)/m"
    assert "sum(T, axis=0) is 1 throughout" in last.sentence


def test_soft_targets_that_do_not_add_up_to_one_keep_their_sum():
    Z = tg.Tensor([[0.3, -1.0], [0.2, 0.5]], requires_grad=True, name="Z")
    T = np.array([[0.5, 1.0], [0.7, 1.0]])
    A = tg.softmax(Z, axis=0)
    J = -tg.sum(T * tg.log(A))
    *_, last = steps(tg.explain(J), "Z")
    assert last.checked is True
    assert last.formula.text == "A*sum(T, axis=0) − T"
    np.testing.assert_allclose(last.value, A.data * T.sum(axis=0) - T, rtol=1e-9)


def test_regularisation_keeps_its_own_term():
    W = tg.Tensor([[0.1, -0.2]], requires_grad=True, name="W")
    X, Y = explain_programs.X, explain_programs.Y
    Z = W @ X
    A = tg.sigmoid(Z)
    J = tg.binary_cross_entropy(A, Y) + 0.1 * tg.sum(W**2)
    equations = {left.text: right.text for left, right in tg.explain(J).batch.equations}
    assert equations["dZ"] == "A − Y"
    assert equations["dW"] == "(dZ @ X.T)/m + W/5"


def test_tanh_written_out_is_recognised():
    z = tg.Tensor([0.3, -0.7], requires_grad=True)
    a = (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))
    J = tg.sum(a * 3)
    step = steps(tg.explain(J), "z")[-1]
    assert step.formula.text == "da*(1 − a²)"
    assert step.rule == "chain rule through tanh"
    assert step.checked is True


def test_something_like_a_sigmoid_is_not_taken_for_one():
    z = tg.Tensor([0.3, -0.7], requires_grad=True)
    a = 1 / (1.001 + np.exp(-z))
    J = tg.sum(a)
    step = steps(tg.explain(J), "z")[-1]
    assert "sigmoid" not in step.rule
    assert "(1 − a)" not in step.formula.text
    assert step.checked is True


def test_rules_have_names():
    rules = {s.symbol.text: s.rule for s in explain_programs.net2().steps if s.kind == "path"}
    assert rules["dW2"] == "product rule for matrices"
    assert rules["db1"] == "sum over axis 1, because b1 was broadcast"
    assert rules["dZ1"] == "chain rule through tanh"
    assert rules["dZ2"] == "chain rule through sigmoid"
    assert [s.rule for s in explain_programs.ng().steps] == [
        "start", "constant factor rule", "sum rule", "sum rule", "product rule", "product rule",
    ]  # fmt: skip


def test_shapes_are_proved():
    shapes = {s.symbol.text: s.shapes for s in explain_programs.net2().steps if s.kind == "path"}
    assert shapes["dW2"] == "(1, 6) @ (6, 4) = (1, 4)"
    assert shapes["dA1"] == "(4, 1) @ (1, 6) = (4, 6)"
    assert shapes["db1"] == "sum((4, 6), axis=1) = (4, 1)"
    assert shapes["dZ1"] == "(4, 6) * (4, 6) = (4, 6)"


def test_a_fork_has_a_step_for_each_path_and_one_for_the_sum():
    found = steps(explain_programs.fork(), "x")
    assert [s.kind for s in found] == ["path"] * 4 + ["sum"]
    assert found[-1].substitution == "9 + 3 + 3 + 9"
    assert float(found[-1].value) == 24
    assert found[-1].symbol.text == "∂J/∂x"


def test_users_come_before_what_they_use():
    for program in explain_programs.PROGRAMS.values():
        derivation = program()
        order = [s.box for s in derivation.steps]
        for edge in derivation.picture.edges:
            if edge.differentiable:
                assert max(i for i, b in enumerate(order) if b is edge.target) < order.index(edge.source)


def test_operations_with_several_results():
    a = tg.Tensor(np.arange(6.0), requires_grad=True)
    p, q, r = tg.split(a, 3)
    J = tg.sum(p * q) + tg.sum(r**2)
    last = steps(tg.explain(J), "a")[-1]
    assert last.formula.text == "concat(dp, dq, dr, axis=0)"
    assert last.checked is True


def test_the_results_of_a_factorisation_have_their_names():
    A = tg.Tensor([[2.0, 0.3], [0.3, 1.0]], requires_grad=True, name="A")
    w, v = tg.linalg.eigh(A)
    J = tg.sum(w**2) + tg.sum(v[:, 0])
    via_w = steps(tg.explain(J), "A")[0]
    assert "dw" in via_w.formula.text
    assert "v.T" in via_w.formula.text
    assert via_w.checked is True


def test_the_weights_of_a_loop_show_the_ends_of_many_paths():
    W = tg.Tensor([[0.3, -0.2], [0.1, 0.4]], requires_grad=True)
    h = np.ones((2, 3))
    for _ in range(12):
        h = tg.tanh(W @ h)
    J = tg.sum(h)
    found = steps(tg.explain(J), "W")
    assert [s.kind for s in found] == ["path"] * 5 + ["sum"]
    assert "7 more paths" in found[-2].note
    assert "h1, h2, h3, h4, h5 and 7 more" in found[-1].sentence
    J.backward()
    np.testing.assert_allclose(found[-1].value, W.grad, rtol=1e-9)


def test_folded_turns_are_not_called_checked():
    x = tg.Tensor(0.5, requires_grad=True)
    W = tg.Tensor(1.01, requires_grad=True)
    y = x
    for _ in range(3000):
        y = tg.sin(y) * W
    derivation = tg.explain(y)
    assert len(derivation.steps) < 40
    assert all(s.checked is not False for s in derivation.steps)
    assert any(s.box.repeat is not None or (s.edge and s.edge.target.repeat) for s in derivation.steps)


def test_a_difference_turns_the_sign():
    a = tg.Tensor([1.0, 2.0], requires_grad=True)
    b = tg.Tensor([3.0, 4.0], requires_grad=True)
    c = a - b
    J = tg.sum(c * c)
    first, second = steps(tg.explain(J), "a")[0], steps(tg.explain(J), "b")[0]
    assert "unchanged" in first.sentence
    assert "opposite sign" in second.sentence


def test_a_target_without_a_name_is_not_mistaken_for_its_complement():
    a = tg.Tensor([0.2, 0.9, 0.3], requires_grad=True)
    J = tg.binary_cross_entropy(a, np.array([1.0, 1.0, 0.0]))
    step = steps(tg.explain(J), "a")[-1]
    assert step.checked is True
    assert step.formula.text == "(−array([1.0, 1.0, 0.0])/a + (1 − array([1.0, 1.0, 0.0]))/(1 − a))/3"
