"""Values and derivatives of every order held against PyTorch, an implementation that shares nothing with ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg

from .torch_cases import CASES, Case, torch
from .torch_cases._case import agree, our_derivatives, scales, their_derivatives

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
