"""What kind of mistake it is: the patterns that wrong gradients of real programs leave."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

Sizes = Sequence[tuple[int, str]]  # a size and what it is: (32, "the length of axis 0 of X")


def diagnose(analytic: Any, numeric: Any, allowed: Any, x: Any = None, sizes: Sizes = ()) -> str:
    """One sentence on how `analytic` differs from `numeric` (arrays of one shape); empty where no pattern fits."""
    a, n, allowed = (np.asarray(v, np.float64) for v in (analytic, numeric, allowed))
    if not (np.isfinite(a).all() and np.isfinite(n).all()):
        return _not_finite(a, n)
    wrong = np.abs(a - n) > allowed
    if not wrong.any():
        return ""
    slack = allowed + 1e-4 * np.max(np.abs(n))
    for sentence in (
        _zero(a, n, slack),
        _factor(a, n, slack, sizes),
        _rearranged(a, n, slack),
        _constant(a, n, slack),
        _like_the_input(a, n, slack, x),
        _axis_factor(a, n, slack),
        _somewhere(a, n, wrong, sizes),
    ):
        if sentence:
            return sentence
    return ""


def _close(a: Any, b: Any, slack: Any) -> bool:
    return bool(np.all(np.abs(a - b) <= slack))


def _not_finite(a: Any, n: Any) -> str:
    bad = np.argwhere(~np.isfinite(a))
    if not len(bad):
        return ""
    kind = "NaN" if np.isnan(a[tuple(bad[0])]) else "infinite"
    return f"{kind}{' at ' if a.ndim else ''}{element(bad[0])}" + (f" and {len(bad) - 1} more" if len(bad) > 1 else "")


def _zero(a: Any, n: Any, slack: Any) -> str:
    return "zero everywhere, though f does depend on it" if not a.any() and np.any(np.abs(n) > slack) else ""


def _factor(a: Any, n: Any, slack: Any, sizes: Sizes) -> str:
    c = float(np.vdot(n, a) / np.vdot(n, n)) if n.any() else 0.0
    if c == 0 or not _close(a, c * n, slack * max(1.0, abs(c))):
        return ""
    if abs(c + 1) < 1e-3:
        return "the sign is flipped: it is -1 times what it should be"
    sign = "the sign is flipped, and " if c < 0 else ""
    if a.size == 1 and "." in number(abs(c)) and not _named(abs(c), sizes):
        return ""  # one number is always some multiple of another
    return f"{sign}off by a constant factor {number(abs(c))}{_named(abs(c), sizes)}"


def number(c: float) -> str:
    """2, 1/32, 2/3 or 1.371: whichever says most."""
    small = Fraction(c).limit_denominator(12)
    if small and abs(c - small) < 1e-4 * c:
        return str(small)
    inverse = round(1 / c)
    return f"1/{inverse}" if inverse and abs(1 / c - inverse) < 1e-4 / c else f"{c:.4g}"


def _named(c: float, sizes: Sizes) -> str:
    for size, name in sizes:
        if size > 1 and abs(c - size) < 1e-3 * c:
            return f" = {name}: is a division by {size} missing?"
        if size > 1 and abs(c * size - 1) < 1e-3:
            return f", and {size} is {name}: is it divided by {size} once too often?"
    if abs(c - 2) < 2e-3:
        return ": is a term counted twice, or the 1/2 of a square missing?"
    if abs(c - 0.5) < 1e-3:
        return ": is the 2 of a square missing, or one of two paths?"
    return ""


def _rearranged(a: Any, n: Any, slack: Any) -> str:
    if a.ndim == 2 and a.shape[0] == a.shape[1] > 1:
        if _close(a.T, n, np.maximum(slack, slack.T)):
            return "it is the transpose of what it should be"
        if _close(a, a.T, slack) and _close(a + a.T, n + n.T, slack + slack.T):
            return (
                "it is symmetric, and right for symmetric changes: f reads one triangle of a symmetric matrix; check "
                "it as f((x + x.T) / 2)"
            )
    for axis in range(a.ndim):
        if a.shape[axis] > 1 and _close(np.flip(a, axis), n, np.max(slack)):
            return f"it is reversed along axis {axis}"
    if _close(a, np.abs(n), slack):
        return "it is the absolute value of what it should be"
    return ""


def _constant(a: Any, n: Any, slack: Any) -> str:
    gap = float(np.mean(a - n))
    if a.size > 2 and _close(a - n, gap, slack):
        return f"every element is off by the same {gap:+.4g}: a term is missing or extra"
    return ""


def _like_the_input(a: Any, n: Any, slack: Any, x: Any) -> str:
    if x is None or np.shape(x) != a.shape or a.size < 3 or not np.any(x):
        return ""
    c = float(np.vdot(x, a - n) / np.vdot(x, x))
    if c and _close(a - n, c * x, slack):
        what = "missing" if c < 0 else "extra"
        return f"it differs by {c:+.4g} times the input itself: is a regularisation term {what}?"
    return ""


def _axis_factor(a: Any, n: Any, slack: Any) -> str:
    """A factor that is the same along one axis: rows or columns scaled, each by its own number."""
    if a.ndim != 2 or min(a.shape) < 2:
        return ""
    for axis, name in ((1, "row"), (0, "column")):
        norm = np.sum(n * n, axis=axis, keepdims=True)
        c = np.sum(a * n, axis=axis, keepdims=True) / np.where(norm == 0, 1.0, norm)
        if _close(a, c * n, slack):
            return f"every {name} is scaled by a factor of its own ({_few(c.ravel())})"
    return ""


def _few(values: Any) -> str:
    return ", ".join(f"{v:.3g}" for v in values[:4]) + (", ..." if len(values) > 4 else "")


def _somewhere(a: Any, n: Any, wrong: Any, sizes: Sizes) -> str:
    """Which elements are wrong, where they are not all; and what is common to them."""
    bad = np.argwhere(wrong)
    if len(bad) in (0, a.size):
        return ""
    inside = wrong if a.ndim else wrong.reshape(1)
    text = f"{len(bad)} of {a.size} elements disagree"
    same = [(axis, int(bad[0][axis])) for axis in range(a.ndim) if a.shape[axis] > 1 and len(set(bad[:, axis])) == 1]
    if len(bad) == 1:
        text = f"only {element(bad[0])} of {a.size} elements disagrees"
    elif same:
        axis, index = same[0]
        last = ", the last" if index == a.shape[axis] - 1 else ""
        text += f", all at index {index} of axis {axis}{last}"
    values, truth = a.reshape(inside.shape)[inside], n.reshape(inside.shape)[inside]
    if not values.any():
        return f"{text}: they are zero, though f does depend on them"
    return text + _shared(values, truth)


def _shared(values: Any, truth: Any) -> str:
    if len(values) < 2 or not truth.any():
        return ""
    c = float(np.vdot(truth, values) / np.vdot(truth, truth))
    fits = c and _close(values, c * truth, 1e-3 * np.max(np.abs(values)))
    return f", each by the factor {'-' if c < 0 else ''}{number(abs(c))}" if fits else ""


def element(index: Any) -> str:
    """``[1, 2]``; nothing for a number."""
    return f"[{', '.join(str(int(i)) for i in index)}]" if len(index) else ""
