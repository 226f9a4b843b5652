"""Values and derivatives of every order held against PyTorch, an implementation that shares nothing with ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg

from .numeric import close
from .torch_cases import CASES, Case, torch
from .torch_cases._case import agree, our_derivatives, scales, their_derivatives
from .torch_cases.differences import DIFFERENCES, Difference

EXACT, SINGLE = 1e-12, 1e-5  # relative tolerances in float64 and in float32


def hold(case: Case, dtype: Any, rtol: float, order: int, *, recorded: bool) -> None:
    """Our values and derivatives up to `order` against theirs."""
    theirs = their_derivatives(case, dtype, order)
    ours = our_derivatives(case, dtype, order, recorded=recorded)
    for k, (a, b, scale) in enumerate(zip(ours, theirs, scales(theirs), strict=True)):
        agree(a, b, rtol * case.loose, scale, exact=case.exact, what=f"derivative number {k}")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rules_on_arrays(case: Case) -> None:
    hold(case, np.float64, EXACT, min(case.order, 1), recorded=False)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_recorded_rules_to_every_order(case: Case) -> None:
    hold(case, np.float64, EXACT, case.order, recorded=True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_float32_stays_float32(case: Case) -> None:
    hold(case, np.float32, SINGLE, min(case.order, 1), recorded=False)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=str)
def test_differences_are_as_described(difference: Difference) -> None:
    case, order = difference.case, difference.case.order
    theirs = their_derivatives(case, np.float64, order, ones=True)[order]
    for recorded in (False, True):
        ours = our_derivatives(case, np.float64, order, recorded=recorded, ones=True)[order]
        for a, expected in zip(ours, difference.ours, strict=True):
            np.testing.assert_allclose(a, expected, rtol=1e-14, atol=1e-14)
    equal = [np.shape(a) == np.shape(b) and np.allclose(a, b, 1e-12, 0) for a, b in zip(ours, theirs, strict=True)]
    assert not all(equal), "PyTorch agrees now: this belongs among the cases"


# PyTorch has none, or draws other random numbers; hinge_loss is held against NumPy in test_losses.py.
WITHOUT_TWIN = {"cbrt", "dropout", "hinge_loss"}
NO_DERIVATIVE = {  # questions and makers of arrays: NumPy's own, or checked in other tests
    "LinAlgError", "arange", "asarray", "bitwise_and", "bitwise_or", "bitwise_xor", "equal", "eye", "full", "greater",
    "greater_equal", "invert", "isfinite", "isinf", "isnan", "less", "less_equal", "linspace", "logical_and",
    "logical_not", "logical_or", "logical_xor", "not_equal", "ones", "ones_like", "signbit", "zeros", "zeros_like",
}  # fmt: skip


def test_every_function_has_its_cases() -> None:
    covered = {case.name for case in CASES}
    missing = set()
    for space in (tg.functional, tg.linalg):
        known = [getattr(space, name) for name in covered if hasattr(space, name)]
        missing |= {name for name in space.__all__ if not any(getattr(space, name) is f for f in known)}  # aliases too
    assert missing == WITHOUT_TWIN | NO_DERIVATIVE, (
        "a new function: give it cases in tests/torch_cases, or name it here"
    )


def test_reasons_are_given() -> None:
    assert all(d.why for d in DIFFERENCES)
    assert len({str(d) for d in DIFFERENCES}) == len(DIFFERENCES)


# --- transforms -------------------------------------------------------------------------------------------------------

rng = np.random.default_rng(67)
M, K = rng.normal(size=(3, 3)), rng.normal(size=(3, 4))
V, U = rng.normal(size=(2, 3))

# Functions of (library, x, ...) that read the same in both.
NUMBERS: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("a net", lambda lib, x, m: lib.sum(lib.tanh(m @ x) ** 2), (V, M)),
    ("logsumexp", lambda lib, x: lib.logsumexp(x * x, 0), (V,)),
    ("a quotient of norms", lambda lib, x, m: lib.linalg.norm(m @ x) / lib.linalg.norm(x), (V, M)),
    ("det of a product", lambda lib, m: lib.linalg.det(m @ m.mT + 1), (M,)),
    ("a product with a zero", lambda lib, x: lib.prod(x * x), (np.array([2.0, 0.0, -1.0, 3.0]),)),
    ("reuse", lambda lib, x: lib.sum((y := lib.exp(lib.sin(x))) * y + x / (1 + y)), (V,)),
    ("indices", lambda lib, m: lib.sum(m[[0, 2]] * m[:2] ** 3) + m[1, 1] ** 2, (M,)),
    ("not of everything", lambda lib, x, y: lib.sum(x**3), (V, U)),
    ("linear", lambda lib, x, y: lib.sum(x * 2 - y), (V, U)),
]  # fmt: skip
ARRAYS: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("a layer", lambda lib, x, m: lib.tanh(m @ x), (V, M)),
    ("softmax", lambda lib, x: lib.softmax(x, -1), (K,)),
    ("outer", lambda lib, x, y: lib.outer(lib.sin(x), y * y), (V, U)),
    ("solve", lambda lib, m, y: lib.linalg.solve(m, y), (M + 3 * np.eye(3), U)),
    ("cumprod", lambda lib, x: lib.cumprod(x, 0), (np.array([2.0, 0.0, -1.0]),)),
    ("a constant row", lambda lib, x: lib.stack([x, x * 0, x * x]), (V,)),
]  # fmt: skip
ids = [name for name, *_ in NUMBERS + ARRAYS]


def tensors(args: Any) -> tuple[Any, ...]:
    return tuple(torch.from_numpy(np.array(a)) for a in args)


def same(ours: Any, theirs: Any) -> None:
    """Nested tuples of arrays, alike to 1e-12 of the largest."""
    if isinstance(ours, tuple | list):
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    else:
        close(ours, theirs.numpy(force=True), rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # PyTorch's own use of it
@pytest.mark.parametrize(("f", "args"), [row[1:] for row in NUMBERS + ARRAYS], ids=ids)
def test_jacobian_vjp_and_jvp(f: Any, args: Any) -> None:
    every = tuple(range(len(args)))
    ours, theirs = (lambda *a: f(tg, *a)), (lambda *a: f(torch, *a))
    same(tg.jacobian(ours, every)(*args), torch.func.jacrev(theirs, every)(*tensors(args)))
    moves = tuple(rng.normal(size=a.shape) for a in args)
    same(tg.jvp(ours, args, moves), torch.func.jvp(theirs, tensors(args), tensors(moves)))
    y, pull = tg.vjp(ours, *args)
    their_y, their_pull = torch.func.vjp(theirs, *tensors(args))
    g = rng.normal(size=y.shape)
    same((y, pull(g)), (their_y, their_pull(*tensors([g]))))


@pytest.mark.parametrize(("f", "args"), [row[1:] for row in NUMBERS], ids=ids[: len(NUMBERS)])
def test_grad_hessian_and_hvp(f: Any, args: Any) -> None:
    every = tuple(range(len(args)))
    ours, theirs = (lambda *a: f(tg, *a)), (lambda *a: f(torch, *a))
    same(tg.grad(ours, every)(*args), torch.func.grad(theirs, every)(*tensors(args)))
    same(tg.hessian(ours, every)(*args), torch.func.jacrev(torch.func.jacrev(theirs, every), every)(*tensors(args)))
    moves = tuple(rng.normal(size=a.shape) for a in args)
    _, product = torch.autograd.functional.hvp(theirs, tensors(args), tensors(moves))
    same(tg.hvp(ours, args, moves), product if len(args) > 1 else product[0])


# --- the engine -------------------------------------------------------------------------------------------------------


def program(lib: Any, w: Any, x: Any) -> tuple[Any, Any, Any]:
    """A value used twice, a broadcast and a constant: the intermediate results and a loss."""
    z = w @ x
    a = lib.tanh(z + x[0])
    return z, a, lib.sum(a * a * z) + lib.sum(w) * 0.1


def leaves() -> tuple[list[Any], list[Any]]:
    ours = [tg.Tensor(M, requires_grad=True), tg.Tensor(K, requires_grad=True)]
    return ours, [t.requires_grad_() for t in tensors([M, K])]


def test_gradients_accumulate_over_backward_calls() -> None:
    ours, theirs = leaves()
    for _ in range(2):  # over two graphs, and twice over each
        loss, their_loss = program(tg, *ours)[-1], program(torch, *theirs)[-1]
        for _ in range(2):
            loss.backward()
            their_loss.backward(retain_graph=True)
            same([t.grad for t in ours], [t.grad for t in theirs])


def test_retained_gradients_accumulate_too() -> None:
    ours, theirs = leaves()
    found, expected = program(tg, *ours), program(torch, *theirs)
    for t in (*found[:2], *expected[:2]):
        t.retain_grad()
    for _ in range(2):
        found[2].backward()
        expected[2].backward(retain_graph=True)
    same([t.grad for t in found[:2]], [t.grad for t in expected[:2]])


def test_backward_from_an_array_with_a_gradient() -> None:
    ours, theirs = leaves()
    g = rng.normal(size=(3, 4))
    program(tg, *ours)[1].backward(g)
    program(torch, *theirs)[1].backward(*tensors([g]))
    same([t.grad for t in ours], [t.grad for t in theirs])


def test_a_detached_value_is_a_constant() -> None:
    ours, theirs = leaves()
    for w, x in (ours, theirs):
        ((w @ x).detach() * (w @ x)).sum().backward()
    same([t.grad for t in ours], [t.grad for t in theirs])


@pytest.mark.parametrize("kinds", [(a, b) for a in ("float32", "float64") for b in ("float32", "float64")], ids=str)
def test_a_gradient_has_the_dtype_of_its_leaf(kinds: tuple[str, str]) -> None:
    w, x = M.astype(kinds[0]), K.astype(kinds[1])
    ours = [tg.Tensor(a, requires_grad=True) for a in (w, x)]
    theirs = [t.requires_grad_() for t in tensors([w, x])]
    (ours[0][:, :, None] * ours[1] * 2.0).sum().backward()
    (theirs[0][:, :, None] * theirs[1] * 2.0).sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        assert a.grad.dtype == b.grad.numpy().dtype == a.dtype
        close(a.grad, b.grad.numpy(), rtol=1e-6, atol=1e-6)


def test_a_train_of_steps_ends_at_the_same_weights() -> None:
    x, y = rng.normal(size=(20, 4)), rng.integers(0, 3, 20)
    w = 0.5 * rng.normal(size=(4, 3))
    ours, theirs = tg.Tensor(w.copy(), requires_grad=True), torch.from_numpy(w.copy()).requires_grad_()
    for _ in range(30):
        ours.zero_grad()
        tg.cross_entropy(tg.tanh(x @ ours), y).backward()
        ours.data = ours.data - 0.5 * ours.grad
        (slope,) = torch.autograd.grad(
            torch.nn.functional.cross_entropy(torch.tanh(torch.from_numpy(x) @ theirs), torch.from_numpy(y)), theirs
        )
        theirs = (theirs - 0.5 * slope).detach().requires_grad_()
    same(ours.data, theirs)
