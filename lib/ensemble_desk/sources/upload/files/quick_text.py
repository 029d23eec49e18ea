"""The quick way through a plain text: pyarrow parts its cells where no quote and no blank line is in the way."""

import re
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.errors import extras
from ensemble_desk.sources.upload.cells import numerals, time_forms
from ensemble_desk.sources.upload.cells.table import Typed

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BLOCK_BYTES = 2**20  # what stays in the cache of a core while its cells are parted and read
_QUOTE, _END = b'"'[0], b"\n"[0]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a plain text is parted, and as what its columns are read: texts but for `numbers` and the `typed` ones."""

    labels: Sequence[str]
    numbers: frozenset[str]
    delimiter: str
    quoted: bool
    typed: Typed = field(default_factory=dict)


def is_plain(data: bytes, encoding: str) -> bool:
    """Whether every line of a text that is not empty is a row, so that rows can be counted as lines."""
    if encoding not in ("utf-8", "utf-8-sig"):
        return False
    return b"\r" not in data or (b"\n\r" not in data and data.count(b"\r") == data.count(b"\r\n"))


def quotes_end_in_their_line(data: bytes) -> bool:
    """Whether no cell in quotes goes over the end of a line, so that lines are rows all the same."""
    n_quotes = 0
    for start in range(0, len(data), _BLOCK_BYTES):
        letters = np.frombuffer(data, np.uint8, min(_BLOCK_BYTES, len(data) - start), start)
        quotes, ends = np.flatnonzero(letters == _QUOTE), np.flatnonzero(letters == _END)
        if ((np.searchsorted(quotes, ends) + n_quotes) % 2).any():
            return False
        n_quotes += len(quotes)
    return n_quotes % 2 == 0


def numeric(labels: Sequence[str], looked_at: Sequence[Sequence[str]]) -> frozenset[str]:
    """Columns that can be read as numbers at once: in the first rows all cells are, and some tell a decimal point."""
    found = set()
    for label, column in zip(labels, zip(*looked_at, strict=False), strict=False):
        held = [cell.strip() for cell in column if cell.strip()]
        plain = held and all(map(_PLAIN.fullmatch, held)) and not any(map(time_forms.looks_like_time, held))
        if plain and any(map(numerals.has_decimal_point, held)):
            found.add(label)
    return frozenset(found)


def parts(data: bytes, layout: Layout, *, start: int, line: int) -> Generator[pd.DataFrame, None, tuple[int, int]]:
    """The rows from a byte on, which begins a line, up to the first block that is no regular table.

    The index counts lines. Gives back where it stopped, byte and line: what follows is left to a reader that says what
    is wrong with it.
    """
    with extras.needed():
        import pyarrow as pa  # type: ignore[import-untyped]  # ships no types

    blocks = _blocks(data, start)
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        ahead = deque((at, pool.submit(_read, data, at, end, layout)) for at, end in islice(blocks, 2 * pa.cpu_count()))
        while ahead:
            at, reading = ahead.popleft()
            part = reading.result()
            if part is None:
                for _, other in ahead:
                    other.cancel()
                return at, line
            ahead.extend((at, pool.submit(_read, data, at, end, layout)) for at, end in islice(blocks, 1))
            part.index = pd.RangeIndex(line, line + len(part), name="line")
            line += len(part)
            yield part
    return len(data), line


def _blocks(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Where each block of whole lines begins and ends."""
    while start < len(data):
        end = data.find(b"\n", start + _BLOCK_BYTES) + 1 or len(data)
        yield start, end
        start = end


def _read(data: bytes, start: int, end: int, layout: Layout) -> pd.DataFrame | None:
    """One block; None for one that is no regular table, or has an empty line."""
    ends = np.frombuffer(data, np.uint8, end - start, start) == _END
    if ends[0] or (ends[1:] & ends[:-1]).any():
        return None
    times = {label: kind for label, kind in layout.typed.items() if kind == "time"}
    for typed in (layout.typed, times, {}) if layout.typed else ({},):
        part = _cells(data, start, end, layout, typed)
        if part is not None and not any(part[label].isna().any() for label in times if label in typed):
            return part
    return None


def _cells(data: bytes, start: int, end: int, layout: Layout, typed: Typed) -> pd.DataFrame | None:
    with extras.needed():
        import pyarrow as pa
        from pyarrow import csv

    types = {label: pa.float64() if label in layout.numbers else pa.large_string() for label in layout.labels}
    types |= {label: pa.timestamp("us") if kind == "time" else pa.uint64() for label, kind in typed.items()}
    options: dict[str, Any] = {
        "read_options": csv.ReadOptions(
            column_names=list(layout.labels), block_size=2 * _BLOCK_BYTES, use_threads=False
        ),
        "parse_options": csv.ParseOptions(
            delimiter=layout.delimiter, quote_char='"' if layout.quoted else False, ignore_empty_lines=False
        ),
        "convert_options": csv.ConvertOptions(
            column_types=types,
            null_values=list(numerals.BLANK),
            strings_can_be_null=False,
        ),
    }
    try:
        found = csv.read_csv(pa.BufferReader(pa.py_buffer(data).slice(start, end - start)), **options)
    except pa.ArrowInvalid:
        return None
    columns = {
        label: pd.Series(cells, dtype="str") if types[label] == pa.large_string() else cells.to_numpy()
        for label, cells in zip(layout.labels, found.columns, strict=True)
    }
    return pd.DataFrame(columns, copy=False)
