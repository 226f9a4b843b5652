"""Tables in CSV files: named columns, of numbers where every cell is one, of text elsewhere."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .errors import DataError, MissingDataError
from .layout import Array

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?")


class Table:
    """Columns of the same length, by name: ``table["age"]`` is (m,) float64, or text where a cell is no number."""

    def __init__(self, path: Path, names: Sequence[str], rows: list[list[str]], lines: list[int]) -> None:
        self.names, self._path, self._lines = tuple(names), path, lines
        cells = zip(*rows, strict=True) if rows else ((),) * len(names)
        self._columns = {name: _column(column) for name, column in zip(names, cells, strict=True)}

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._lines)

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self.names)}>"

    def __getitem__(self, name: str) -> Array:
        if name not in self._columns:
            raise DataError(f"{self._path}: there is no column {name!r}; there are {', '.join(self.names)}")
        return self._columns[name]

    def matrix(self, *names: str) -> Array:
        """The columns side by side, (m, n) float64; all of them if none is named. Text among them is an error."""
        columns = [self._numbers(name) for name in names or self.names]
        return np.stack(columns, axis=1)

    def _numbers(self, name: str) -> Array:
        column = self[name]
        if column.dtype.kind == "f":
            return column
        row = next(i for i, cell in enumerate(column.tolist()) if _number(cell) is None)
        raise DataError(
            f"{self._path}, line {self._lines[row]}: {name} is {str(column[row])!r}, which is no number; "
            "take it as text, or correct the file"
        )


def read_csv(
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
    header: bool = True,
    delimiter: str = ",",
    missing: Literal["error", "nan", "drop"] = "error",
    missing_values: Collection[str] = MISSING,
    encoding: str = "utf-8-sig",
) -> Table:
    """The table in a CSV file.

    names: what to call the columns; otherwise the header, which is the first line unless ``header=False``, does.
    missing: what to do with a cell that is one of `missing_values`: an error that names the line, "nan" (NaN in a
        column of numbers, nothing in one of text), or "drop" for leaving out its row.

    Raises `DataError`, with the line, for rows of different lengths, missing cells and what is not text.

    >>> from pathlib import Path
    >>> Path("cars.csv").write_text("speed,make\\n120,Lada\\n180,Volvo\\n")
    30
    >>> table = tg.data.read_csv("cars.csv")
    >>> table["speed"], table["make"].tolist()
    (array([120., 180.]), ['Lada', 'Volvo'])
    >>> table.matrix("speed").shape
    (2, 1)
    """
    if missing not in ("error", "nan", "drop"):
        raise DataError(f'read_csv: missing must be "error", "nan" or "drop", not {missing!r}')
    path = Path(path)
    rows, lines = _rows(path, delimiter, encoding)
    names, first = _names(path, rows, lines, names, header)
    rows, lines = rows[first:], lines[first:]
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            raise DataError(f"{path}, line {line}: {len(row)} cells, but there are {len(names)} columns")
    gaps = [[cell in missing_values for cell in row] for row in rows]
    if missing == "error":
        _refuse_gaps(path, names, gaps, lines)
    if missing == "drop":
        keep = [i for i, gap in enumerate(gaps) if not any(gap)]
        rows, lines = [rows[i] for i in keep], [lines[i] for i in keep]
    else:
        rows = [["" if cell in missing_values else cell for cell in row] for row in rows]
    return Table(path, names, rows, lines)


def _rows(path: Path, delimiter: str, encoding: str) -> tuple[list[list[str]], list[int]]:
    """The cells of every line that is not blank, and the numbers of the lines."""
    if not path.is_file():
        raise MissingDataError(f"there is no file {path}; give its path, from here or from the root")
    rows, lines, line = [], [], 0
    try:
        with path.open(newline="", encoding=encoding) as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=True)
            for row in reader:
                if row:
                    rows.append([cell.strip() for cell in row])
                    lines.append(line + 1)
                line = reader.line_num
    except UnicodeDecodeError as cause:
        raise DataError(f"{path}, after line {line}: it is not {encoding}; pass encoding=...") from cause
    except csv.Error as cause:
        raise DataError(f"{path}, line {line + 1}: {cause}") from cause
    return rows, lines


def _names(
    path: Path, rows: list[list[str]], lines: list[int], names: Sequence[str] | None, header: bool
) -> tuple[list[str], int]:
    """What the columns are called, and how many rows of cells are no data."""
    if not rows:
        raise DataError(f"{path}: the file is empty; it needs a header and a row")
    if names is None and (not header or all(_number(cell) is not None for cell in rows[0])):
        raise DataError(
            f"{path}, line {lines[0]}: {', '.join(rows[0])} is data, not names of columns; pass names=[...]"
            + (", and header=False so that the line is kept" if header else "")
        )
    found = list(rows[0] if names is None else names)
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise DataError(f"{path}: several columns are called {', '.join(map(repr, twice))}; pass names=[...]")
    return found, int(header)


def _refuse_gaps(path: Path, names: Sequence[str], gaps: list[list[bool]], lines: list[int]) -> None:
    wrong = [(line, names[gap.index(True)]) for line, gap in zip(lines, gaps, strict=True) if any(gap)]
    if wrong:
        (line, name), more = wrong[0], len(wrong) - 1
        also = f", and {more} more lines have gaps" if more else ""
        raise DataError(
            f'{path}, line {line}: {name} is missing{also}; fill it in, or pass missing="drop" or missing="nan"'
        )


def _column(cells: Sequence[str]) -> Array:
    numbers: list[Any] = [_number(cell) if cell else np.nan for cell in cells]
    if any(number is None for number in numbers) or (cells and not any(cells)):
        return np.array(cells, dtype=np.str_)
    return np.array(numbers, dtype=np.float64)


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python would read 1_000
    except ValueError:
        return None
