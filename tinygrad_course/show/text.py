"""Text for pictures: numbers as people write them, values in a few words, and user text made safe."""

from __future__ import annotations

import io
import math
import re
import tokenize
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

MINUS = "\N{MINUS SIGN}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_MODULES = ("tg", "np", "tinygrad_course", "numpy")
_ENDS = (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER)
_LINES = "\n\r\t\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def number(x: Any) -> str:
    """`x` in 3 or 4 significant digits: whole numbers without a point, a real minus sign."""
    if isinstance(x, bool | np.bool_):
        return str(bool(x))
    x = float(x)
    if not math.isfinite(x):
        return "nan" if math.isnan(x) else "inf" if x > 0 else MINUS + "inf"
    if x == int(x) and abs(x) < 1e6:
        return str(int(x)).replace("-", MINUS)
    short = f"{x:.4g}" if abs(x) >= 1 else f"{x:.3g}"
    mantissa, _, exponent = short.partition("e")
    return (mantissa + (f"e{int(exponent)}" if exponent else "")).replace("-", MINUS)


def value_text(value: Any) -> str:
    """A value in a few words: the number, the few elements, or what the elements are like."""
    if type(value) is tuple:
        return f"{len(value)} results"
    a = np.asarray(value)
    if a.ndim == 0:
        return number(a[()])
    if a.size == 0:
        return "empty"
    if a.dtype.kind == "f" and not np.isfinite(a).all():
        nans = int(np.isnan(a).sum())
        infinities = int(np.isinf(a).sum())
        return ", ".join(f"{n} {word}" for n, word in ((nans, "NaN"), (infinities, "infinite")) if n) + f" of {a.size}"
    if a.min() == a.max():
        return number(a.flat[0]) if a.size == 1 else f"all {number(a.flat[0])}"
    if a.size <= 4:
        return "[" + ", ".join(number(v) for v in a.flat) + "]"
    ones = int((a == 1).sum())
    zeros = int((a == 0).sum())
    if ones + zeros == a.size:
        return f"0/1: {zeros}/{ones}"
    with np.errstate(all="ignore"):
        mean, std = np.mean(a, dtype=float), np.std(a, dtype=float)
        if a.dtype.kind == "f" and abs(mean) <= 16 * np.finfo(a.dtype).eps * std:
            mean = 0.0  # rounding, which differs from machine to machine
        return f"mean {number(mean)}, std {number(std)}"


def size_text(gradient: Any) -> str:
    """How large an array of derivatives is: its norm, or the number where there is only one."""
    a = np.asarray(gradient)
    if a.size == 1:
        return number(a.flat[0])
    with np.errstate(all="ignore"):
        return f"norm {number(np.sqrt(np.sum(np.square(a, dtype=float))))}"


def norm(arrays: Iterable[Any]) -> float:
    """The norm of several arrays together."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(sum(np.sum(np.square(a, dtype=float)) for a in arrays)))


def clean(text: str, limit: int = 80) -> str:
    """User text on one line, without backslashes, control and direction characters, and at most `limit` long."""
    text = text[: 4 * limit]
    if text.isprintable() and "\\" not in text and "  " not in text:
        return cut(text.strip(), limit)
    kept = (" " if c in _LINES else c for c in text if c != "\\" and (c in _LINES or _harmless(c)))
    return cut(" ".join("".join(kept).split()), limit)


def _harmless(c: str) -> bool:
    kind = unicodedata.category(c)
    if kind == "Cf":
        return c == "\u200d"  # the joiner inside emoji; direction overrides and other invisible marks go
    return kind not in ("Cc", "Cs") and ord(c) & 0xFFFE != 0xFFFE and not 0xFDD0 <= ord(c) <= 0xFDEF


def cut(text: str, limit: int) -> str:
    """`text`, ending in an ellipsis where it is longer than `limit`."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


@lru_cache(maxsize=4096)
def code_text(source: str, limit: int = 80) -> str:
    """Source code for reading: no `tg.` or `np.` before a name, real minus signs, strings left alone."""
    source = " ".join(source.split()) if "'" not in source and '"' not in source else source
    parts: list[str] = []
    column = length = 0
    module = ""  # a module's name is dropped once a dot follows it
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.start[0] > 1 or token.type in _ENDS or length > limit:
                break
            gap, column = source[column : token.start[1]], token.end[1]
            if module and token.string == ".":
                module = ""
                continue
            parts += (module, gap)
            module = ""
            if token.type == tokenize.NAME and token.string in _MODULES and "".join(parts[-3:]).strip()[-1:] != ".":
                module = token.string
                continue
            parts.append(MINUS if token.type == tokenize.OP and token.string == "-" else token.string)
            length += len(gap) + len(token.string)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return clean(source, limit)
    return clean("".join([*parts, module]), limit)


def simple(name: str) -> bool:
    """Whether `name` reads as one word, so that ``d`` may stand right before it."""
    return re.fullmatch(r"\w+(#\d+)?", name) is not None


def escape(text: str) -> str:
    """`text` for an HTML-like label or for XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
