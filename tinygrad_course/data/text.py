"""Text for models of characters: a vocabulary, the text as numbers, and batches of sequences from it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .dataset import Dataset
from .errors import DataError, MissingDataError
from .folder import Place, damaged, find
from .layout import Array


class Vocabulary:
    """The different characters of a text in their order in Unicode, numbered from 0.

    >>> vocabulary = tg.data.Vocabulary("hello")
    >>> vocabulary.characters, len(vocabulary), vocabulary.encode("hole")
    ('ehlo', 4, array([1, 3, 2, 0]))
    >>> vocabulary.decode([1, 0, 2, 2, 3])
    'hello'
    """

    def __init__(self, text: str) -> None:
        self._points = np.unique(_code_points(text))

    @property
    def characters(self) -> str:
        """All characters in the order of their numbers: ``Vocabulary(characters)`` is the same vocabulary."""
        return _as_text(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def __repr__(self) -> str:
        return f"Vocabulary({self.characters!r})"

    def encode(self, text: str) -> Array:
        """The numbers of the characters, (n,) int64. A character that the vocabulary lacks is a `DataError`."""
        points = _code_points(text)
        codes = np.searchsorted(self._points, points)
        known = np.isin(points, self._points)
        if not known.all():
            at = int(np.argmin(known))
            raise DataError(f"encode: character {at} is {text[at]!r}, which is not among the {len(self)} known ones")
        return codes

    def decode(self, codes: Any) -> str:
        """The text whose characters have these numbers."""
        codes = np.asarray(codes)
        if codes.size and (codes.dtype.kind not in "iu" or codes.min() < 0 or codes.max() >= len(self)):
            raise DataError(f"decode: the numbers must be integers from 0 to {len(self) - 1}")
        return _as_text(self._points[codes.astype(np.int64).ravel()])


class Text(NamedTuple):
    """A text as numbers, its last part kept for validation, each (n,) int64; and what the numbers mean."""

    train: Array
    valid: Array
    vocabulary: Vocabulary


def read_text(
    path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None, *, encoding: str = "utf-8"
) -> str:
    """The text in a file: `path` as it is, or in the subfolder ``text`` of `folder`, or of the folder that the
    environment variable TINYGRAD_COURSE_DATA names. Ends of lines become ``"\\n"``.

    >>> from pathlib import Path
    >>> Path("words.txt").write_text("to be")
    5
    >>> tg.data.read_text("words.txt")
    'to be'
    """
    found = Path(path)
    if not found.is_file():
        if found.is_absolute():
            raise MissingDataError(f"there is no file {found}; give its path, or set TINYGRAD_COURSE_DATA")
        place = Place(f"the text {path}", ("text",), "Any file of plain text will do.")
        found = find(place, [str(path)], folder)
    try:
        return found.read_text(encoding)
    except UnicodeDecodeError as cause:
        what = f"it is not {encoding}: byte {cause.start} is {cause.object[cause.start]:#04x}"
        raise damaged(found, what, "Pass encoding=..., as the file has it.") from cause


def characters(text: str, *, valid: float = 0.1) -> Text:
    """The text as numbers; the last share `valid` of it is for validation. The vocabulary is that of all of it.

    >>> train, held, vocabulary = tg.data.characters("to be or not to be", valid=0.25)
    >>> vocabulary.decode(train), vocabulary.decode(held)
    ('to be or not t', 'o be')
    """
    if not 0 <= valid < 1:
        raise DataError(f"characters: valid must be a share of the text, at least 0 and below 1, not {valid}")
    vocabulary = Vocabulary(text)
    codes = vocabulary.encode(text)
    cut = len(codes) - round(len(codes) * valid)
    return Text(codes[:cut], codes[cut:], vocabulary)


class Sequences(Dataset):
    """Pieces of a long series as examples: `length` entries, and the same moved on by one, which is to be predicted.

    A piece starts every `stride` entries (`length`, unless given: no overlap); what is left at the end is not used.
    With `DataLoader` and shuffle a batch is ``x, y`` of (batch, length) each.

    >>> windows = tg.data.Sequences(np.arange(8), length=3)
    >>> len(windows), windows[1]
    (2, (array([3, 4, 5]), array([4, 5, 6])))
    """

    def __init__(self, codes: Any, length: int, stride: int | None = None) -> None:
        self.codes, self.length, self.stride = np.asarray(codes), length, length if stride is None else stride
        if length < 1 or self.stride < 1:
            raise DataError(f"Sequences: length and stride must be at least 1, not {length} and {self.stride}")
        if len(self.codes) <= length:
            raise DataError(f"Sequences: {len(self.codes)} entries are too few for one piece; it takes {length + 1}")

    def __len__(self) -> int:
        return (len(self.codes) - 1 - self.length) // self.stride + 1

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        x, y = self.batch([range(len(self))[index]])
        return x[0], y[0]

    def batch(self, indices: Any) -> tuple[Array, Array]:
        places = np.asarray(indices)[:, np.newaxis] * self.stride + np.arange(self.length)
        return self.codes[places], self.codes[places + 1]


class Streams:
    """A long series cut into `batch_size` streams that run side by side: batches that continue each other.

    Each batch is ``x, y`` of (batch_size, length), y one entry ahead; row i of a batch goes on where row i of the one
    before it stopped, so a recurrent network can carry its state over. The last batch may be shorter in length.

    >>> for x, y in tg.data.Streams(np.arange(9), batch_size=2, length=3):
    ...     print(x.tolist(), y.tolist())
    [[0, 1, 2], [4, 5, 6]] [[1, 2, 3], [5, 6, 7]]
    [[3], [7]] [[4], [8]]
    """

    def __init__(self, codes: Any, batch_size: int, length: int) -> None:
        series = np.asarray(codes)
        if batch_size < 1 or length < 1:
            raise DataError(f"Streams: batch_size and length must be at least 1, not {batch_size} and {length}")
        steps = (len(series) - 1) // batch_size
        if steps < 1:
            raise DataError(f"Streams: {len(series)} entries are too few for {batch_size} streams and a next one each")
        self.x = series[: steps * batch_size].reshape(batch_size, steps)
        self.y = series[1 : steps * batch_size + 1].reshape(batch_size, steps)
        self.length = length

    def __len__(self) -> int:
        return math.ceil(self.x.shape[1] / self.length)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for start in range(0, self.x.shape[1], self.length):
            piece = slice(start, start + self.length)
            yield self.x[:, piece].copy(), self.y[:, piece].copy()


def _code_points(text: str) -> Array:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _as_text(points: Array) -> str:
    return points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
