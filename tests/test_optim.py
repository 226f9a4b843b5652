"""Optimisers, schedules and clipping: closed forms, the rules in place against the rules as written, saving, errors."""

from __future__ import annotations

import copy
import doctest
import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import tinygrad_course as tg
from tinygrad_course import optim
from tinygrad_course.optim import lr_scheduler as schedules
from tinygrad_course.optim.inplace import setting_names, state_names

from .optim_cases import CASES, SCHEDULES, OptimCase

every = pytest.mark.parametrize("case", CASES, ids=str)


def parameters(dtype: Any = np.float64, seed: int = 0) -> list[tg.Tensor]:
    """Tensors of every kind of shape: a matrix, a column, 0-d, empty."""
    rng = np.random.default_rng(seed)
    return [tg.Tensor(rng.normal(size=s).astype(dtype), requires_grad=True) for s in [(3, 4), (3, 1), (), (0, 2), (5,)]]


def give_gradients(params: list[tg.Tensor], rng: np.random.Generator) -> None:
    for p in params:
        p.grad = rng.normal(size=p.shape).astype(p.dtype)


def train(optimizer: optim.Optimizer, steps: int, seed: int = 1) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        give_gradients([p for group in optimizer.param_groups for p in group["params"]], rng)
        optimizer.step()


def same_bits(a: Any, b: Any) -> bool:
    """Whether two trees of dicts, lists and arrays hold the same bits."""
    if isinstance(a, dict):
        return set(a) == set(b) and all(same_bits(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same_bits, a, b))
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    return type(a) is type(b) and bool(a == b)


# --- the rules --------------------------------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_in_place_has_the_bits_of_the_rule(case: OptimCase, dtype: Any) -> None:
    """`step` against the pure rule on arrays, three steps; float32 stays float32 (numbers are weak)."""
    params = parameters(dtype)
    optimizer = case.make(optim)(params)
    group = optimizer.param_groups[0]
    rng = np.random.default_rng(1)
    expected = [(p.data.copy(), dict(optimizer.initial(p, group))) for p in params]
    for t in range(1, 4):
        give_gradients(params, rng)
        optimizer.step()
        settings = {name: t if name == "step" else group[name] for name in setting_names(optimizer.rule)}
        for i, p in enumerate(params):
            value, state = expected[i]
            names = state_names(optimizer.rule)
            value, *kept = optimizer.rule(value, p.grad, *(state.get(n) for n in names), **settings)
            expected[i] = value, dict(zip(names, kept, strict=True))
            assert same_bits(p.data, np.asarray(value, dtype))
            for name, array in expected[i][1].items():
                if array is not None:
                    assert same_bits(optimizer.state[p][name], np.asarray(array, dtype))


@every
def test_rules_change_no_argument(case: OptimCase) -> None:
    p = tg.Tensor([1.0, -2.0], requires_grad=True)
    optimizer = case.make(optim)([p])
    group = optimizer.param_groups[0]
    values = [np.array([1.0, -2.0]), np.array([0.5, 0.25])]
    state = [optimizer.initial(p, group).get(name) for name in state_names(optimizer.rule)]
    for a in [*values, *state]:
        if a is not None:
            a.flags.writeable = False
    settings = {name: 1 if name == "step" else group[name] for name in setting_names(optimizer.rule)}
    first, second = (optimizer.rule(*values, *state, **settings) for _ in range(2))
    assert same_bits(first, second)


@every
def test_recorded_rule_is_the_rule(case: OptimCase) -> None:
    """With Tensors the rule gives the same values, and records how: that is what a compiled path traces."""
    p = tg.Tensor([1.0, -2.0], requires_grad=True)
    g = tg.Tensor([0.5, 0.25], requires_grad=True)
    optimizer = case.make(optim)([p])
    group = optimizer.param_groups[0]
    state = [optimizer.initial(p, group).get(name) for name in state_names(optimizer.rule)]
    settings = {name: 1 if name == "step" else group[name] for name in setting_names(optimizer.rule)}
    new = optimizer.rule(p, g, *state, **settings)[0]
    assert isinstance(new, tg.Tensor)
    assert new.op is not None
    assert same_bits(new.data, optimizer.rule(p.data, g.data, *state, **settings)[0])


# --- closed forms -----------------------------------------------------------------------------------------------------


def test_sgd_on_a_quadratic() -> None:
    """On a * w**2 / 2, each step multiplies w by 1 - lr * a."""
    a, w0 = np.array([1.0, 3.0, 5.0]), np.array([1.0, -2.0, 4.0])
    w = tg.Tensor(w0, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    for _ in range(30):
        optimizer.zero_grad()
        (a * w**2 / 2).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(w.data, w0 * (1 - 0.1 * a) ** 30, rtol=1e-12)


def test_heavy_ball_on_a_quadratic() -> None:
    """Momentum on a * w**2 / 2 is a linear recurrence, here with a matrix power."""
    a, lr, m = 2.0, 0.05, 0.8
    w = tg.Tensor(1.5, requires_grad=True)
    optimizer = optim.SGD([w], lr=lr, momentum=m)
    for _ in range(25):
        optimizer.zero_grad()
        (a * w**2 / 2).backward()
        optimizer.step()
    turn = np.array([[1 - lr * a, -lr * m], [a, m]])  # (w, v) -> (w - lr * (m * v + a * w), m * v + a * w)
    np.testing.assert_allclose(w.data, (np.linalg.matrix_power(turn, 25) @ [1.5, 0.0])[0], rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_adam_does_not_see_the_scale_of_a_constant_gradient(scale: float) -> None:
    w = tg.Tensor([0.0, 0.0], requires_grad=True)
    optimizer = optim.Adam([w], lr=0.1, eps=0.0)
    for _ in range(10):
        w.grad = np.array([scale, -2 * scale])
        optimizer.step()
    np.testing.assert_allclose(w.data, [-1.0, 1.0], rtol=1e-12)


def test_adagrad_on_a_constant_gradient() -> None:
    """The steps are lr / sqrt(t)."""
    w = tg.Tensor(0.0, requires_grad=True)
    optimizer = optim.Adagrad([w], lr=1.0, eps=0.0)
    for _ in range(9):
        w.grad = np.array(7.0)
        optimizer.step()
    np.testing.assert_allclose(w.data, -sum(t**-0.5 for t in range(1, 10)), rtol=1e-12)


def test_centered_rmsprop_survives_a_constant_gradient() -> None:
    """The variance is 0 in the end, and rounding must not make a NaN of its root."""
    w = tg.Tensor(np.zeros(50), requires_grad=True)
    optimizer = optim.RMSprop([w], lr=1e-3, alpha=0.5, centered=True, eps=1.0)
    g = np.random.default_rng(0).normal(size=50)
    for _ in range(200):
        w.grad = g
        optimizer.step()
    assert np.isfinite(w.data).all()


@every
def test_every_optimiser_finds_a_minimum(case: OptimCase) -> None:
    sign = -1 if case.options.get("maximize") else 1
    w = tg.Tensor([3.0, -2.0], requires_grad=True)
    optimizer = case.make(optim)([w])
    before = after = None
    for _ in range(60):
        optimizer.zero_grad()
        loss = ((w - 1) ** 2).sum()
        (sign * loss).backward()
        optimizer.step()
        before, after = before or loss.item(), loss.item()
    assert before is not None
    assert after is not None
    assert after < before


# --- parameters and gradients -----------------------------------------------------------------------------------------


@every
def test_it_is_the_same_array(case: OptimCase) -> None:
    """Updates happen in place, except for a 0-d value, which is a NumPy scalar until then."""
    params = parameters()
    views = [p.data for p in params]
    train(case.make(optim)(params), 2)
    assert all(p.data is v for p, v in zip(params, views, strict=True))


def test_gradient_of_none_is_skipped() -> None:
    a, b = (tg.Tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.Adam([a, b], lr=0.1)
    optimizer.step()  # nothing at all: no gradients yet
    assert optimizer.state == {}
    a.grad = np.array([1.0])
    optimizer.step()
    b.grad = np.array([1.0])
    optimizer.step()
    assert (optimizer.state[a]["step"], optimizer.state[b]["step"]) == (2, 1)
    np.testing.assert_allclose([a.data[0], b.data[0]], [0.8, 0.9])


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad(set_to_none: bool) -> None:
    a, b = (tg.Tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([a, b], lr=0.1)
    a.grad = np.array([2.0])
    optimizer.zero_grad(set_to_none=set_to_none)
    assert b.grad is None
    assert (a.grad is None) if set_to_none else (a.grad == 0).all()


def test_closure() -> None:
    w = tg.Tensor(3.0, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.25)

    def closure() -> tg.Tensor:
        optimizer.zero_grad()
        loss: tg.Tensor = w**2
        loss.backward()
        return loss

    with tg.no_grad():  # a closure records even so
        assert optimizer.step(closure).item() == 9.0
    assert w.data == 1.5


def test_an_update_between_forward_and_backward_is_refused() -> None:
    w = tg.Tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    (w**2).sum().backward()
    loss = (w**2).sum()
    optimizer.step()
    with pytest.raises(tg.MutationError):
        loss.backward()


def test_replaced_data_is_seen() -> None:
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0)
    w.grad = np.array([1.0, 1.0])
    optimizer.step()
    w.data = np.array([10.0, 20.0])
    optimizer.step()
    np.testing.assert_array_equal(w.data, [9.0, 19.0])
    w.data = np.array([0.1, 0.2], np.float32)
    optimizer.step()
    assert w.dtype == np.float32
    np.testing.assert_array_equal(w.data, np.array([0.1, 0.2], np.float32) - np.float32(1))


def test_cleared_state_is_seen() -> None:
    """Adam forgets: its next step is a first step again, of length lr."""
    w = tg.Tensor([0.0], requires_grad=True)
    optimizer = optim.Adam([w], lr=1.0, eps=0.0)
    for g in (1.0, -3.0):
        w.grad = np.array([g])
        optimizer.step()
    optimizer.state.clear()
    before = w.data.copy()
    w.grad = np.array([5.0])
    optimizer.step()
    np.testing.assert_allclose(before - w.data, 1.0, rtol=1e-12)
    assert optimizer.state[w]["step"] == 1


def test_data_that_must_not_be_written_to_is_copied() -> None:
    fixed = np.array([1.0, 2.0])
    fixed.flags.writeable = False
    w = tg.Tensor([0.0, 0.0], requires_grad=True)
    w.data = fixed
    w.grad = np.array([1.0, 1.0])
    optim.SGD([w], lr=1.0).step()
    np.testing.assert_array_equal(w.data, [0.0, 1.0])
    np.testing.assert_array_equal(fixed, [1.0, 2.0])


def test_settings_may_change_between_steps() -> None:
    w = tg.Tensor([0.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0)
    w.grad = np.array([1.0])
    seen = []
    changes: list[dict[str, Any]] = [
        {},
        {"lr": np.float64(0.5)},
        {"weight_decay": 2.0},
        {"weight_decay": 0.0, "momentum": 0.5},
        {},
    ]
    for change in changes:
        optimizer.param_groups[0].update(change)
        optimizer.step()
        seen.append(float(w.data[0]))
    assert seen == [-1.0, -1.5, -0.5, -1.0, -1.75]


def test_switching_momentum_on_later() -> None:
    w = tg.Tensor([1.0], requires_grad=True)
    optimizer = optim.RMSprop([w])
    train(optimizer, 1)
    optimizer.param_groups[0].update(momentum=0.9, centered=True)
    train(optimizer, 2)
    assert {"momentum_buffer", "grad_avg"} < set(optimizer.state[w])


def test_groups_have_their_own_settings() -> None:
    a, b, c = (tg.Tensor([1.0], requires_grad=True) for _ in range(3))
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": iter([c]), "lr": 0.25})
    for p in (a, b, c):
        p.grad = np.array([1.0])
    optimizer.step()
    np.testing.assert_allclose([a.data[0], b.data[0], c.data[0]], [0.9, 0.5, 0.75])
    assert "group 2: 1 parameters, lr=0.25" in repr(optimizer)


def test_a_larger_parameter_may_come_later() -> None:
    """The scratch memory grows with it."""
    small, large = tg.Tensor([1.0], requires_grad=True), tg.Tensor(np.ones((3, 4)), requires_grad=True)
    optimizer = optim.SGD([small], lr=0.5)
    train(optimizer, 1)
    optimizer.add_param_group({"params": [large]})
    small.grad, large.grad = np.array([2.0]), np.ones((3, 4))
    small.data = np.array([1.0])
    optimizer.step()
    np.testing.assert_array_equal(small.data, [0.0])
    np.testing.assert_array_equal(large.data, np.full((3, 4), 0.5))


def test_both_dtypes_in_one_group() -> None:
    a, b = (tg.Tensor(np.ones((2, 3), kind), requires_grad=True) for kind in (np.float32, np.float64))
    optimizer = optim.Adam([a, b])
    train(optimizer, 3)
    for p in (a, b):
        assert p.dtype == optimizer.state[p]["exp_avg"].dtype == optimizer.state[p]["exp_avg_sq"].dtype
    assert a.dtype != b.dtype


def test_an_optimiser_of_ones_own() -> None:
    """A rule and its defaults are enough."""

    class SignDescent(optim.Optimizer):
        @staticmethod
        def rule(p: Any, g: Any, *, lr: float) -> tuple[Any, ...]:
            return (p - lr * tg.sign(g),)

    w = tg.Tensor([1.0, -1.0], requires_grad=True)
    optimizer = SignDescent([w], {"lr": 0.5})
    (w**2).sum().backward()
    optimizer.step()
    np.testing.assert_array_equal(w.data, [0.5, -0.5])


def test_a_rule_that_keeps_the_old_parameter() -> None:
    """Old values that are still wanted are not overwritten too early."""

    class Lagging(optim.Optimizer):
        @staticmethod
        def rule(p: Any, g: Any, before: Any, *, lr: float) -> tuple[Any, ...]:
            new = p - lr * g
            return new + 0.5 * (p - before), p

        def initial(self, p: tg.Tensor, group: Any) -> dict[str, Any]:
            return {"before": p.data.copy()}

    w = tg.Tensor([1.0], requires_grad=True)
    optimizer = Lagging([w], {"lr": 1.0})
    w.grad = np.array([1.0])
    seen = []
    for _ in range(3):
        optimizer.step()
        seen.append((float(w.data[0]), float(optimizer.state[w]["before"][0])))
    assert seen == [(0.0, 1.0), (-1.5, 0.0), (-3.25, -1.5)]


def test_a_rule_that_reads_the_old_state_after_the_new_one() -> None:
    class Leaping(optim.Optimizer):
        @staticmethod
        def rule(p: Any, g: Any, v: Any, *, lr: float) -> tuple[Any, ...]:
            new = 0.5 * v + g
            return p - lr * (new + (new - v)), new

        def initial(self, p: tg.Tensor, group: Any) -> dict[str, Any]:
            return {"v": np.zeros_like(p.data)}

    w = tg.Tensor([0.0], requires_grad=True)
    optimizer = Leaping([w], {"lr": 1.0})
    w.grad = np.array([1.0])
    seen = []
    for _ in range(3):
        optimizer.step()
        seen.append((float(w.data[0]), float(optimizer.state[w]["v"][0])))
    assert seen == [(-2.0, 1.0), (-4.0, 1.5), (-6.0, 1.75)]


def test_a_rule_that_cannot_be_compiled_says_why() -> None:
    class Odd(optim.Optimizer):
        @staticmethod
        def rule(p: Any, g: Any, *, lr: float) -> tuple[Any, ...]:
            return (p - lr * g / tg.sum(g * g),)

    w = tg.Tensor([1.0], requires_grad=True)
    w.grad = np.array([1.0])
    with pytest.raises(tg.GraphError, match=r"uses \w+, which cannot write in place; use elementwise"):
        Odd([w], {"lr": 1.0}).step()


# --- saving -----------------------------------------------------------------------------------------------------------


@every
def test_resumed_training_has_the_same_bits(case: OptimCase) -> None:
    through, first, second = parameters(), parameters(), parameters()
    whole = case.make(optim)(through)
    train(whole, 5, seed=1)
    train(whole, 5, seed=2)
    begun = case.make(optim)(first)
    train(begun, 5, seed=1)
    saved = begun.state_dict()
    for p, q in zip(first, second, strict=True):
        q.data = p.data.copy()
    train(begun, 3, seed=9)  # what was saved is a copy
    resumed = case.make(optim)(second)
    resumed.load_state_dict(saved)
    train(resumed, 5, seed=2)
    assert same_bits([p.data for p in through], [p.data for p in second])
    assert same_bits(whole.state_dict(), resumed.state_dict())


@every
def test_state_dict_survives_json_and_pickle(case: OptimCase) -> None:
    params = parameters()
    optimizer = case.make(optim)(params)
    train(optimizer, 2)
    saved = optimizer.state_dict()
    text = json.dumps(saved, default=lambda a: a.tolist())
    other = case.make(optim)(parameters())
    loaded = json.loads(text)
    for kept in loaded["state"].values():  # JSON cannot say that an empty list has two columns
        kept.update({k: np.reshape(x, (0, 2)) for k, x in kept.items() if x == []})
    other.load_state_dict(loaded)
    assert same_bits(other.state_dict(), saved)
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert same_bits(twin.state_dict(), saved)
        train(twin, 1)
    assert same_bits(optimizer.state_dict(), saved)


def broken(saved: dict[str, Any], how: str) -> dict[str, Any]:
    group, kept = saved["param_groups"][0], saved["state"][0]
    if how == "group":
        saved["param_groups"].append(group)
    elif how == "size":
        group["params"] = group["params"][:-1]
    elif how == "shape":
        kept["exp_avg"] = np.zeros((7, 7))
    elif how == "entry":
        del kept["exp_avg_sq"]
    elif how == "foreign":
        kept["velocity"] = kept["exp_avg"]
    elif how == "setting":
        del group["betas"]
    elif how == "range":
        group["lr"] = -1.0
    elif how == "number":
        saved["state"][99] = kept
    elif how == "keys":
        del saved["state"]
    return saved


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("group", "the saved state has 2 parameter groups, this optimiser 1"),
        ("size", "Adam: group 0 has 5 parameters, the saved one 4"),
        ("shape", r"the saved exp_avg of parameter 0 \(W\) has shape \(7, 7\), the parameter has \(3, 4\)"),
        ("entry", r"parameter 0 \(W\) is \['exp_avg', 'step'\]; it should be \['exp_avg', 'exp_avg_sq', 'step'\]"),
        ("foreign", "velocity"),
        ("setting", "lacks betas; it is another optimiser's"),
        ("range", "lr must be at least 0, not -1"),
        ("number", "an entry for parameter 99, which is in no group"),
        ("keys", 'has the keys "state" and "param_groups"'),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(how: str, words: str) -> None:
    params = parameters()
    params[0].name = "W"
    optimizer = optim.Adam(params)
    train(optimizer, 2)
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=words):
        optimizer.load_state_dict(broken(optimizer.state_dict(), how))
    assert same_bits(optimizer.state_dict(), before)


def test_state_of_another_optimiser() -> None:
    params = parameters()
    adam = optim.Adam(params)
    train(adam, 1)
    with pytest.raises(ValueError, match="SGD: group 0: the saved one lacks momentum, dampening, nesterov"):
        optim.SGD(params).load_state_dict(adam.state_dict())


def test_docs_page_runs() -> None:
    page = Path(__file__).parent.parent / "docs" / "optim.md"
    assert doctest.testfile(str(page), module_relative=False).failed == 0


# --- bad input --------------------------------------------------------------------------------------------------------

W = tg.Tensor([1.0], requires_grad=True, name="W")


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ([], ValueError, "there are no parameters to optimise"),
        (iter([]), ValueError, "a generator can be used up only once"),
        (W, TypeError, "params is a single Tensor; give a list"),
        ({"params": [W]}, TypeError, "params is a dict; give a list of Tensors"),
        (3, TypeError, "params is a int"),
        ([np.ones(2)], TypeError, "parameter 0 of group 0 is a ndarray, not a Tensor"),
        ([("W", W)], TypeError, r"is a tuple, not a Tensor; pass model.parameters\(\), without names"),
        ([{"parameters": [W]}], TypeError, 'group 0 must be a dict with the key "params"'),
        ([{"params": [W]}, W], TypeError, "group 1 must be a dict"),
        ([W * 2], RuntimeError, r"a Tensor of shape \(1,\), is a result and not a leaf .*W \* 2"),
        ([tg.Tensor([1.0])], RuntimeError, "does not require a gradient: create it with requires_grad=True"),
        ([W, W], ValueError, r"parameter 1 of group 0, W of shape \(1,\), is in a group already"),
        ([{"params": [W]}, {"params": [W]}], ValueError, "parameter 0 of group 1, W of shape"),
        ([{"params": [W], "lr": -1}], ValueError, "lr must be at least 0, not -1"),
    ],
)
def test_bad_parameters(params: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        optim.SGD(params, lr=0.1)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("SGD", {"lr": -0.1}, "SGD: lr must be at least 0, not -0.1"),
        ("SGD", {"lr": math.nan}, "lr must be at least 0, not nan"),
        ("SGD", {"momentum": -1}, "momentum must be at least 0"),
        ("SGD", {"weight_decay": -1}, "weight_decay must be at least 0"),
        ("SGD", {"nesterov": True}, "nesterov=True needs a momentum above 0 and dampening=0"),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov=True needs"),
        ("Adam", {"betas": (0.9, 1.0)}, r"Adam: betas must be in \[0, 1\), not \(0.9, 1.0\)"),
        ("AdamW", {"betas": (-0.1, 0.9)}, r"AdamW: betas must be in \[0, 1\)"),
        ("Adam", {"eps": -1e-8}, "eps must be at least 0"),
        ("RMSprop", {"alpha": 1.5}, r"alpha must be in \[0, 1\]"),
        ("Adagrad", {"lr_decay": -1}, "lr_decay must be at least 0"),
        ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value must be at least 0"),
    ],
)
def test_bad_settings(kind: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(optim, kind)([W], **options)


def test_a_group_that_is_refused_is_not_added() -> None:
    optimizer = optim.SGD([W], lr=0.1)
    with pytest.raises(ValueError, match="in a group already"):
        optimizer.add_param_group({"params": [W]})
    assert len(optimizer.param_groups) == 1


# --- schedules --------------------------------------------------------------------------------------------------------


def rates(schedule: Any, epochs: int) -> list[float]:
    found = schedule.get_last_lr()
    for _ in range(epochs - 1):
        schedule.step()
        found += schedule.get_last_lr()
    return found


def sgd(lr: float = 1.0) -> optim.SGD:
    return optim.SGD([tg.Tensor([1.0], requires_grad=True)], lr=lr, momentum=0.9)


FORMULAS = {
    "StepLR": (lambda o: schedules.StepLR(o, 3, gamma=0.5), lambda t: 0.5 ** (t // 3)),
    "MultiStepLR": (lambda o: schedules.MultiStepLR(o, [2, 5, 5], 0.1), lambda t: 0.1 ** ((t >= 2) + 2 * (t >= 5))),
    "ExponentialLR": (lambda o: schedules.ExponentialLR(o, 0.9), lambda t: 0.9**t),
    "LambdaLR": (lambda o: schedules.LambdaLR(o, lambda t: 1 / (1 + t)), lambda t: 1 / (1 + t)),
    "LinearLR": (lambda o: schedules.LinearLR(o, 0.1, 0.7, 6), lambda t: 0.1 + 0.6 * min(t, 6) / 6),
    "CosineAnnealingLR": (
        lambda o: schedules.CosineAnnealingLR(o, 8, eta_min=0.2),
        lambda t: 0.2 + 0.8 * (1 + math.cos(math.pi * t / 8)) / 2,
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_closed_form(name: str) -> None:
    make, formula = FORMULAS[name]
    np.testing.assert_allclose(rates(make(sgd()), 20), [formula(t) for t in range(20)], rtol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_resumes_with_the_same_bits(name: str) -> None:
    def measured(t: int) -> tuple[float, ...]:
        return (1 / (1 + t % 7),) if name.startswith("ReduceLROnPlateau") else ()

    def start() -> tuple[optim.SGD, Any]:
        optimizer = sgd()
        return optimizer, SCHEDULES[name](schedules, optimizer)

    optimizer, schedule = start()
    for t in range(9):
        schedule.step(*measured(t))
    kept = json.loads(json.dumps([optimizer.state_dict(), schedule.state_dict()]))
    other, twin = start()
    other.load_state_dict(kept[0])
    twin.load_state_dict(kept[1])
    for t in range(9, 25):
        schedule.step(*measured(t))
        twin.step(*measured(t))
        assert schedule.get_last_lr() == twin.get_last_lr() == [other.param_groups[0]["lr"]]
        assert optimizer.param_groups[0]["momentum"] == other.param_groups[0]["momentum"]


def test_going_on_from_an_epoch() -> None:
    optimizer = sgd()
    schedule = schedules.StepLR(optimizer, 3, gamma=0.5)
    expected = rates(schedule, 12)
    other = sgd()
    rates(schedules.StepLR(other, 3, gamma=0.5), 6)
    assert rates(schedules.StepLR(other, 3, gamma=0.5, last_epoch=4), 7) == expected[5:]
    with pytest.raises(ValueError, match='group 0 has no "initial_lr"'):
        schedules.StepLR(sgd(), 3, last_epoch=4)


def test_a_saved_schedule_of_another_kind() -> None:
    step, cosine = schedules.StepLR(sgd(), 3), schedules.CosineAnnealingLR(sgd(), 3)
    with pytest.raises(ValueError, match="StepLR: the saved state lacks gamma, step_size; is it this schedule's"):
        step.load_state_dict(cosine.state_dict())


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda o: schedules.StepLR([o], 3), TypeError, "the first argument is the optimiser, not a list"),
        (lambda o: schedules.StepLR(o, 0), ValueError, "step_size must be at least 1"),
        (lambda o: schedules.CosineAnnealingLR(o, 0), ValueError, "T_max must be at least 1"),
        (lambda o: schedules.LinearLR(o, start_factor=0), ValueError, r"start_factor must be in \(0, 1\]"),
        (lambda o: schedules.LambdaLR(o, [float, float]), ValueError, "2 functions for 1 parameter groups"),
        (lambda o: schedules.OneCycleLR(o, 1.0), ValueError, "give total_steps, or epochs and steps_per_epoch"),
        (lambda o: schedules.OneCycleLR(o, [1.0, 2.0], 5), ValueError, "2 values for 1 parameter groups"),
        (lambda o: schedules.OneCycleLR(o, 1.0, 5, pct_start=2), ValueError, "pct_start must be between 0 and 1"),
        (lambda o: schedules.OneCycleLR(o, 1.0, 5, anneal_strategy="x"), ValueError, "anneal_strategy must be"),
        (lambda o: rates(schedules.OneCycleLR(o, 1.0, 5), 9), ValueError, "step 6 of 5: the cycle is over"),
        (lambda o: schedules.OneCycleLR(optim.Adagrad([W]), 1.0, 5), ValueError, "neither momentum nor betas"),
        (lambda o: schedules.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor must be below 1"),
        (lambda o: schedules.ReduceLROnPlateau(o, mode="up"), ValueError, 'mode must be "min" or "max"'),
        (lambda o: schedules.ReduceLROnPlateau(o, min_lr=[1, 2]), ValueError, "2 min_lr for 1 parameter groups"),
        (lambda o: schedules.SequentialLR(o, [], []), ValueError, "0 schedules need 0 milestones"),
        (lambda o: schedules.SequentialLR(o, [schedules.StepLR(o, 1)], [2]), ValueError, "1 schedules need 0"),
        (lambda o: schedules.SequentialLR(o, [schedules.ReduceLROnPlateau(o)], []), TypeError, "schedule 0 is a Red"),
        (lambda o: schedules.SequentialLR(o, [schedules.StepLR(sgd(), 1)], []), ValueError, "another optimiser"),
    ],
)
def test_bad_schedules(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make(sgd())


# --- clipping ---------------------------------------------------------------------------------------------------------

finite = st.floats(-1e6, 1e6)


@given(st.lists(arrays(np.float64, array_shapes(max_dims=2), elements=finite), min_size=1, max_size=3), st.data())
def test_clip_grad_norm(gradients: list[Any], data: st.DataObject) -> None:
    order = data.draw(st.sampled_from([1.0, 2.0, 3.0, math.inf]))
    limit = data.draw(st.floats(1e-3, 1e6))
    params = [tg.Tensor(np.zeros_like(g), requires_grad=True) for g in gradients]
    for p, g in zip(params, gradients, strict=True):
        p.grad = g.copy()
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]), order)
    assert optim.clip_grad_norm_(params, limit, order) == pytest.approx(norm, rel=1e-12)
    left = np.linalg.norm(np.concatenate([p.grad.ravel() for p in params]), order)  # type: ignore[union-attr]
    assert left <= limit * (1 + 1e-12)
    for p, g in zip(params, gradients, strict=True):
        np.testing.assert_allclose(p.grad, g * min(1, limit / (norm + 1e-6)), rtol=1e-12, atol=1e-300)


def test_clip_grad_value_and_gaps() -> None:
    a, b = tg.Tensor([1.0, 2.0], requires_grad=True), tg.Tensor(1.0, requires_grad=True)
    a.grad = np.array([-5.0, 0.5])
    optim.clip_grad_value_([a, b], 1.0)
    np.testing.assert_array_equal(a.grad, [-1.0, 0.5])
    assert b.grad is None
    assert optim.clip_grad_norm_(b, 1.0) == 0.0
    (3 * b).backward()
    assert optim.clip_grad_norm_(b, 1.0) == 3.0
    np.testing.assert_allclose(b.grad, 1.0, rtol=1e-6)


def test_clipping_leaves_arrays_of_others_alone() -> None:
    fixed = np.array([3.0, 4.0])
    fixed.flags.writeable = False
    w = tg.Tensor([0.0, 0.0], requires_grad=True)
    w.grad = fixed
    optim.clip_grad_norm_([w], 1.0)
    np.testing.assert_allclose(w.grad, [0.6, 0.8], rtol=1e-6)
    np.testing.assert_array_equal(fixed, [3.0, 4.0])


def test_clipping_what_is_not_finite() -> None:
    w = tg.Tensor([0.0, 0.0], requires_grad=True)
    w.grad = np.array([1.0, np.nan])
    with pytest.raises(tg.GraphError, match="the norm of the gradients is nan"):
        optim.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
    np.testing.assert_array_equal(w.grad, [1.0, np.nan])
    assert math.isnan(optim.clip_grad_norm_([w], 1.0))
    assert np.isnan(w.grad).all()
