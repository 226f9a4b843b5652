"""Pictures of one size put together to a moving one: APNG by its own rules, GIF by Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence

from .render import DrawError

SECONDS = 1.2  # that a frame is shown; the last one three times as long
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def apng(frames: Sequence[bytes]) -> bytes:
    """PNG files, all of one size and kind, as one animated PNG that repeats for ever (APNG, part of PNG since 2025)."""
    first = _head(frames[0])
    if any(_head(frame) != first for frame in frames):
        raise DrawError("the frames have different sizes; save numbered pictures instead: draw(..., steps=True)")
    width, height = struct.unpack(">II", first[:8])
    parts = [_SIGNATURE, _chunk(b"IHDR", first), _chunk(b"acTL", struct.pack(">II", len(frames), 0))]
    count = 0
    for i, frame in enumerate(frames):
        time = round(1000 * SECONDS * (3 if i == len(frames) - 1 else 1))
        parts.append(_chunk(b"fcTL", struct.pack(">IIIIIHHBB", count, width, height, 0, 0, time, 1000, 0, 0)))
        count += 1
        for kind, data in _chunks(frame):
            if kind == b"IDAT" and i == 0:  # what a program without APNG shows
                parts.append(_chunk(b"IDAT", data))
            elif kind == b"IDAT":
                parts.append(_chunk(b"fdAT", struct.pack(">I", count) + data))
                count += 1
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(png):
        size, kind = struct.unpack(">I4s", png[place : place + 8])
        yield kind, png[place + 8 : place + 8 + size]
        place += 12 + size


def _head(png: bytes) -> bytes:
    return next(data for kind, data in _chunks(png) if kind == b"IHDR")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gif(frames: Sequence[bytes]) -> bytes:
    """PNG files as one animated GIF that repeats for ever; one palette for all, taken from the last."""
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise DrawError(
            "a GIF needs Pillow, which is not installed; run: pip install pillow. An .apng needs nothing"
        ) from error
    pictures = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in frames]
    last = pictures[-1].quantize(128, dither=Image.Dither.NONE)
    first, *rest = [picture.quantize(palette=last, dither=Image.Dither.NONE) for picture in pictures]
    times = [round(1000 * SECONDS)] * len(rest) + [round(3000 * SECONDS)]
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=rest, duration=times, loop=0, optimize=False, disposal=1)
    return file.getvalue()
