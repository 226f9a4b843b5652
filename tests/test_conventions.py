"""The numerical conventions: every row of docs/conventions.toml, and the page made from it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg

SCRIPT = runpy.run_path(str(Path(__file__).parent.parent / "scripts" / "conventions_page.py"))
ROWS = [(convention["title"], row) for convention in SCRIPT["load"]() for row in convention["rows"]]
IDS = [f"{row['f']} at {', '.join(row['at'])}" for _, row in ROWS]
NUMBERS = {"inf": np.inf, "nan": np.nan, "pi": np.pi}


def number(text: str, dtype: Any) -> Any:
    """The array that a cell of the table stands for."""
    return np.asarray(eval(text, dict(NUMBERS)), dtype)


def check(actual: Any, expected: str, dtype: Any, what: str) -> None:
    wanted = number(expected, dtype)
    assert actual.dtype == wanted.dtype, what
    assert actual.shape == wanted.shape, what
    tolerance = 1e-12 if dtype is np.float64 else 2e-6
    np.testing.assert_allclose(actual, wanted, rtol=tolerance, atol=tolerance, err_msg=what)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=IDS)
def test_convention(row: dict[str, Any], dtype: Any) -> None:
    variables = [tg.Tensor(number(text, dtype), requires_grad=True) for text in row["at"]]
    with np.errstate(all="ignore"):  # the point of many rows is a singular branch that NumPy warns of
        y = eval(row["f"], {**vars(tg), **NUMBERS, "__builtins__": {}}, dict(zip("xyz", variables, strict=False)))
    check(y.numpy(), row["value"], dtype, "value")
    ones = np.ones(y.shape, dtype)
    slopes = tg.gradients(y, variables, ones, create_graph=True)
    assert len(row["slope"]) == len(slopes)
    for slope, expected in zip(slopes, row["slope"], strict=True):
        check(slope.numpy(), expected, dtype, "slope by the recorded rules")
    for slope, expected in zip(tg.gradients(y, variables, ones), row["slope"], strict=True):
        check(slope.numpy(), expected, dtype, "slope by the rules on arrays")
    if "second" in row:
        check_second(slopes, variables, row["second"], dtype)


def check_second(slopes: list[Any], variables: list[tg.Tensor], expected: list[str], dtype: Any) -> None:
    total = sum((slope.sum() for slope in slopes), tg.Tensor(0.0, dtype=dtype))
    found = tg.gradients(total, variables) if total.requires_grad else [None] * len(variables)
    assert len(expected) == len(variables)
    for x, g, text in zip(variables, found, expected, strict=True):
        check(np.zeros_like(x.data) if g is None else g.numpy(), text, dtype, "second")


def test_rows_are_different() -> None:
    assert len(set(IDS)) == len(IDS)


def test_page_is_up_to_date() -> None:
    assert SCRIPT["PAGE"].read_text("utf-8") == SCRIPT["render"](SCRIPT["load"]()), (
        "run python scripts/conventions_page.py"
    )
