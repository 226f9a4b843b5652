"""Optimisers, schedules and clipping held against PyTorch's in float64, on the same gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import optim

from .optim_cases import CASES, SCHEDULES, OptimCase

torch: Any = pytest.importorskip(
    "torch",
    reason="PyTorch, the oracle of these tests, is not installed (pip install torch to run them)",
    exc_type=ImportError,
)
SHAPES: list[tuple[int, ...]] = [(3, 4), (4,), (), (2, 1)]


def pair(seed: int = 0) -> tuple[list[tg.Tensor], list[Any]]:
    """The same parameters in both libraries."""
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=shape) for shape in SHAPES]
    return (
        [tg.Tensor(v, requires_grad=True) for v in values],
        [torch.tensor(v, requires_grad=True) for v in values],
    )


def walk(ours: Any, theirs: Any, a: list[tg.Tensor], b: list[Any], steps: int, seed: int = 1) -> None:
    """Both take `steps` steps down the same hilly function, each with its own gradients; held together at each step."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        ours.zero_grad()
        theirs.zero_grad()
        for p, q in zip(a, b, strict=True):
            x = rng.normal(size=p.shape)
            (x * tg.sin(p) + 0.1 * p**2).sum().backward()
            (torch.tensor(x) * torch.sin(q) + 0.1 * q**2).sum().backward()
        ours.step()
        theirs.step()
        for p, q in zip(a, b, strict=True):
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-10, atol=1e-10)


def same_state(ours: Any, theirs: Any) -> None:
    """The state dicts agree: keys, numbers of parameters, and values."""
    mine, other = ours.state_dict(), theirs.state_dict()
    assert set(mine["state"]) == set(other["state"])
    for k, kept in other["state"].items():
        assert list(mine["state"][k]) == list(kept)
        for name, x in kept.items():
            np.testing.assert_allclose(mine["state"][k][name], x.numpy(), rtol=1e-10, atol=1e-12)
    for group, reference in zip(mine["param_groups"], other["param_groups"], strict=True):
        assert {k: reference[k] for k in group} == group


@pytest.mark.parametrize("case", CASES, ids=str)
def test_trajectory(case: OptimCase) -> None:
    a, b = pair()
    ours, theirs = case.make(optim)(a), case.make(torch.optim)(b)
    walk(ours, theirs, a, b, 20)
    same_state(ours, theirs)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_state_moves_between_the_two(case: OptimCase) -> None:
    a, b = pair()
    before = case.make(torch.optim)(b)
    walk(case.make(optim)(a), before, a, b, 3)
    ours, theirs = case.make(optim)(a), case.make(torch.optim)(b)
    ours.load_state_dict(before.state_dict())
    theirs.load_state_dict(before.state_dict())
    walk(ours, theirs, a, b, 5, seed=2)
    back = case.make(torch.optim)(b)
    saved = ours.state_dict()
    for kept in saved["state"].values():
        kept.update({k: torch.tensor(float(x) if k == "step" else x) for k, x in kept.items()})
    execution = theirs.state_dict()["param_groups"][0]  # foreach and the like, which only they have
    saved["param_groups"] = [{**execution, **group} for group in saved["param_groups"]]
    back.load_state_dict(saved)
    walk(ours, back, a, b, 5, seed=3)


def test_groups_and_gaps() -> None:
    a, b = pair()
    ours = optim.Adam([{"params": a[:2]}, {"params": a[2:], "lr": 0.2, "weight_decay": 0.1}], lr=0.05)
    theirs = torch.optim.Adam([{"params": b[:2]}, {"params": b[2:], "lr": 0.2, "weight_decay": 0.1}], lr=0.05)
    walk(ours, theirs, a, b, 3)
    for p, q in zip(a, b, strict=True):
        p.grad, q.grad = None, None
    a[1].grad, b[1].grad = np.ones(4), torch.ones(4, dtype=torch.float64)
    ours.step()
    theirs.step()
    same_state(ours, theirs)
    walk(ours, theirs, a, b, 3)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning", "ignore:.*epoch parameter:UserWarning")
def test_schedule(name: str) -> None:
    a, b = pair()
    ours = optim.SGD([{"params": a[:1]}, {"params": a[1:], "lr": 0.2}], lr=0.05, momentum=0.9)
    theirs = torch.optim.SGD([{"params": b[:1]}, {"params": b[1:], "lr": 0.2}], lr=0.05, momentum=0.9)
    mine = SCHEDULES[name](optim.lr_scheduler, ours)
    other = SCHEDULES[name](torch.optim.lr_scheduler, theirs)
    values = np.random.default_rng(0).normal(size=50).cumsum()
    for t in range(50):
        np.testing.assert_allclose(mine.get_last_lr(), other.get_last_lr(), rtol=1e-12, atol=1e-15, err_msg=f"{t}")
        for group, reference in zip(ours.param_groups, theirs.param_groups, strict=True):
            assert group["momentum"] == pytest.approx(reference["momentum"], rel=1e-12)
        measured = (values[t],) if name.startswith("ReduceLROnPlateau") else ()
        mine.step(*measured)
        other.step(*measured)


def test_one_cycle_with_adam() -> None:
    a, b = pair()
    ours, theirs = optim.Adam(a), torch.optim.Adam(b)
    mine = optim.lr_scheduler.OneCycleLR(ours, 0.1, total_steps=21)
    other = torch.optim.lr_scheduler.OneCycleLR(theirs, 0.1, total_steps=21)
    for _ in range(20):
        walk(ours, theirs, a, b, 1)
        mine.step()
        other.step()
    same_state(ours, theirs)


@pytest.mark.parametrize("order", [1.0, 2.0, 3.5, float("inf")])
@pytest.mark.parametrize("limit", [0.5, 100.0])
def test_clipping(order: float, limit: float) -> None:
    a, b = pair()
    for p, q in zip(a, b, strict=True):
        p.grad, q.grad = p.data.copy(), torch.tensor(p.data)
    norm = torch.nn.utils.clip_grad_norm_(b, limit, order)
    assert optim.clip_grad_norm_(a, limit, order) == pytest.approx(norm.item(), rel=1e-12)
    optim.clip_grad_value_(a, 0.2)
    torch.nn.utils.clip_grad_value_(b, 0.2)
    for p, q in zip(a, b, strict=True):
        np.testing.assert_allclose(np.asarray(p.grad), q.grad.numpy(), rtol=1e-12)
