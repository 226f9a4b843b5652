"""What other tools return where docs/conventions.toml says what we return; writes docs/reference/conventions.csv.

    python scripts/compare_conventions.py torch=PYTHON jax=PYTHON autograd=PYTHON

Each PYTHON is an interpreter that has the tool and NumPy. Rows on which all agree are only counted.
"""

from __future__ import annotations

import csv
import datetime
import json
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

DOCS = Path(__file__).resolve().parent.parent / "docs"
TABLE = DOCS / "reference" / "conventions.csv"
NUMBERS = {"inf": np.inf, "nan": np.nan, "pi": np.pi}
TITLES = {"torch": "PyTorch", "jax": "JAX", "autograd": "HIPS autograd"}
Slopes = Callable[[str, list[Any]], list[Any]]


def rows() -> list[dict[str, Any]]:
    """Every row of the conventions that has a slope."""
    found = tomllib.loads((DOCS / "conventions.toml").read_text("utf-8"))["convention"]
    return [row for convention in found for row in convention["rows"]]


def number(text: str) -> Any:
    return np.asarray(eval(text, dict(NUMBERS)), float)


def of_torch() -> tuple[str, Slopes]:
    import torch
    from torch.nn import functional

    names = {**vars(torch), **vars(functional), "log_sigmoid": functional.logsigmoid, "linalg": torch.linalg, **NUMBERS}
    names["max"] = lambda x, axis=None: torch.max(x) if axis is None else torch.max(x, dim=axis).values
    names["std"] = lambda x: torch.std(x, correction=0)
    names["cumprod"] = lambda x: torch.cumprod(x, 0)
    names["logsumexp"] = lambda x, axis=0: torch.logsumexp(x, axis)
    names["maximum"] = lambda a, b: torch.maximum(a, torch.as_tensor(b, dtype=a.dtype))

    class Linalg:
        norm = staticmethod(lambda x, axis=None: torch.linalg.norm(x, dim=axis))

    names["linalg"] = Linalg

    def slopes(f: str, at: list[Any]) -> list[Any]:
        variables = [torch.tensor(x, requires_grad=True) for x in at]
        y = eval(f, names, dict(zip("xyz", variables, strict=False)))
        y.sum().backward()
        return [torch.zeros_like(x) if x.grad is None else x.grad for x in variables]

    return torch.__version__.partition("+")[0], slopes


def of_jax() -> tuple[str, Slopes]:
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    names = {**vars(jnp), **vars(jax.nn), **NUMBERS}

    def slopes(f: str, at: list[Any]) -> list[Any]:
        def total(*variables: Any) -> Any:
            return jnp.sum(eval(f, names, dict(zip("xyz", variables, strict=False))))

        return list(jax.grad(total, tuple(range(len(at))))(*map(jnp.asarray, at)))

    return jax.__version__, slopes


def of_autograd() -> tuple[str, Slopes]:
    from importlib.metadata import version

    import autograd
    from autograd import numpy as anp

    names = {**vars(anp), **NUMBERS}

    def slopes(f: str, at: list[Any]) -> list[Any]:
        def total(*variables: Any) -> Any:
            return anp.sum(eval(f, names, dict(zip("xyz", variables, strict=False))))

        return [autograd.grad(total, i)(*at) for i in range(len(at))]

    return version("autograd"), slopes


def measure(tool: str) -> dict[str, Any]:
    """The version of the tool in this interpreter, and its slopes of each row (None: it has no such function)."""
    version, slopes = {"torch": of_torch, "jax": of_jax, "autograd": of_autograd}[tool]()
    found: list[Any] = []
    for row in rows():
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                got = slopes(row["f"], [number(text) for text in row["at"]])
            found.append([np.asarray(g, float).tolist() for g in got])
        except (NameError, AttributeError, TypeError, NotImplementedError):
            found.append(None)
    return {"version": version, "slopes": found}


def shown(slopes: Any) -> str:
    if slopes is None:
        return "–"
    texts = (np.array2string(np.asarray(s), precision=3, separator=", ") for s in slopes)
    return ", ".join(f"`{' '.join(text.split())}`" for text in texts)


def write(interpreters: dict[str, str]) -> None:
    """Ask every interpreter, and write the rows on which one differs."""
    answers = {}
    for tool, python in interpreters.items():
        done = subprocess.run([python, __file__, "--measure", tool], capture_output=True, text=True, check=True)
        answers[tool] = json.loads(done.stdout.splitlines()[-1])
    header = ["f", "at", "ours", *(f"{TITLES[tool]} {answer['version']}" for tool, answer in answers.items())]
    table, same = [], 0
    for i, row in enumerate(rows()):
        ours = [number(text).tolist() for text in row["slope"]]
        theirs = [answer["slopes"][i] for answer in answers.values()]
        if all(other is None or np.allclose(flat(other), flat(ours), equal_nan=True) for other in theirs):
            same += any(other is not None for other in theirs)
            continue
        at = ", ".join(f"{name} = {text}" for name, text in zip("xyz", row["at"], strict=False))
        table.append([f"`{row['f']}`", f"`{at}`", shown(ours), *map(shown, theirs)])
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *table])
    print(f"{datetime.date.today()}: {len(table)} rows differ, {same} agree")


def flat(slopes: list[Any]) -> Any:
    return np.concatenate([np.ravel(s) for s in slopes])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2])))
    else:
        write(dict(argument.split("=", 1) for argument in sys.argv[1:]))
