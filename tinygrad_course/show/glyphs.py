"""What the bundled renderer does not know about letters: how wide many are, and which its fonts do not have.

It takes every letter outside ASCII for as wide as its bytes in UTF-8 are many, so Chinese, Cyrillic or an emoji would
run over the border of its box. And its PNGs have the letters of Arimo only: Latin, Greek, Cyrillic, Hebrew. (An SVG
is shown with the fonts of whoever looks at it.)
"""

from __future__ import annotations

import math
import re
import unicodedata
from html import unescape

# What stands in quotes, and text between the tags of a label, in which quotes are entities.
_RUN = re.compile(r'"(?:[^"\\]|\\.)*"|(?<=>)[^<>"\n]+(?=<)')
_SPACE, _BYTE = "&#160;", 0.278  # a space that stays, and the width that is counted for a byte
_ARIMO = """
    20-7e a0-36f 374-375 37a-37e 384-513 51a-51d 591-5c7 5d0-5ea 5f0-5f4 1d00-1dca 1dfe-1ef9 1f00-2022 2026 202a-2034
    2039-203e 2044 205e 206a-206f 2074-2079 207f-2089 2090-2094 20a0-20b5 20bf 2105 2113-2117 2122 2126 212e 214d-214e
    2153-2154 215b-215e 2184 2190-2195 21a8 21d4 2202 2206 220f-2215 2219-221a 221e-221f 2229-222b 2248 2260-2265 2302
    2310 2320-2321 2500-2502 250c 2510 2514 2518 251c 2524 252c 2534 253c 2550-256c 2580-2593 25a0-25a1 25aa-25ac 25b2
    25ba-25bc 25c4 25ca-25d9 25e6 263a-2647 2660-266f 2c60-2c6d 2c71-2c77 2e17 a717-a721 a788-a78c fb01-fb02 fb1d-fb4f
"""
_KNOWN = [
    range(int(first, 16), int(last or first, 16) + 1)
    for first, _, last in (part.partition("-") for part in _ARIMO.split())
]


def with_room(source: str) -> str:
    """DOT text with spaces after what the bundled renderer would take for narrower than it is."""
    return source if source.isascii() else _RUN.sub(lambda run: _widened(run[0]), source)


def _widened(text: str) -> str:
    """Text with as many spaces as make up for the width that is not counted; a space counts for two bytes."""
    if text.isascii() or text.startswith('"'):
        return text
    gap = sum(_width(c) - _BYTE * len(c.encode()) for c in unescape(text) if not c.isascii())
    return text + _SPACE * max(math.ceil(gap / (2 * _BYTE)), 0)


def _width(c: str) -> float:
    """About how wide a letter is at most, in units of the font's size; signs are counted wide enough as it is."""
    kind = unicodedata.category(c)
    if kind in ("Mn", "Me", "Cf"):
        return 0.0
    if kind == "So" and ord(c) > 0x2600:
        return 1.4  # an emoji
    if unicodedata.east_asian_width(c) in "WF":
        return 1.05
    if kind[0] != "L":
        return _BYTE * len(c.encode())
    latin = c < "\u0250"
    return (0.78 if latin else 0.98) if kind == "Lu" else (0.56 if latin else 0.7)


def unknown(source: str) -> str:
    """The letters in the labels of DOT text that the bundled fonts do not have, each once."""
    if source.isascii():
        return ""
    seen = dict.fromkeys(c for run in _RUN.findall(source) if run[0] != '"' for c in unescape(run) if not c.isascii())
    return "".join(c for c in seen if c.isprintable() and not any(ord(c) in letters for letters in _KNOWN))
