"""The quick way through a plain text: pyarrow parts its cells where no quote and no blank line is in the way."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.errors import extras
from ensemble_desk.sources.upload.cells import numerals, time_forms

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BLOCK_BYTES = 4 * 2**20  # some sixteen are read ahead
_QUOTE, _END = b'"'[0], b"\n"[0]


def is_plain(data: bytes, encoding: str) -> bool:
    """Whether every line of a text is a row, so that rows can be counted as lines."""
    if encoding not in ("utf-8", "utf-8-sig") or _has_empty_line(data):
        return False
    return b"\r" not in data or (b"\n\r" not in data and data.count(b"\r") == data.count(b"\r\n"))


def _has_empty_line(data: bytes) -> bool:
    """Whether one end of a line follows another; in blocks, which is faster than to search so long a text for both."""
    for start in range(0, len(data), _BLOCK_BYTES):
        ends = np.frombuffer(data, np.uint8, min(_BLOCK_BYTES + 1, len(data) - start), start) == _END
        if (ends[1:] & ends[:-1]).any():
            return True
    return False


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


def parts(
    data: bytes,
    labels: Sequence[str],
    *,
    numbers: frozenset[str],
    delimiter: str,
    quoted: bool,
    skipped: int,
    rows: int,
) -> Iterator[pd.DataFrame]:
    """The rows, so many at a time, up to the first block that is no regular table; texts but for the ``numbers``.

    What follows is left to a reader that says what is wrong with it. The index counts lines from 1.
    """
    with extras.needed():
        import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
        from pyarrow import csv

    options: dict[str, Any] = {
        "read_options": csv.ReadOptions(
            column_names=list(labels), skip_rows=skipped, block_size=_BLOCK_BYTES, use_threads=True
        ),
        "parse_options": csv.ParseOptions(
            delimiter=delimiter, quote_char='"' if quoted else False, ignore_empty_lines=False
        ),
        "convert_options": csv.ConvertOptions(
            column_types={label: pa.float64() if label in numbers else pa.large_string() for label in labels},
            null_values=list(numerals.BLANK),
            strings_can_be_null=False,
        ),
    }
    line = skipped + 1
    try:
        with csv.open_csv(pa.BufferReader(data), **options) as reader:
            for batch in reader:
                for start in range(0, batch.num_rows, rows):
                    part: pd.DataFrame = pa.Table.from_batches([batch.slice(start, rows)]).to_pandas()
                    part.index = pd.RangeIndex(line, line + len(part), name="line")
                    line += len(part)
                    yield part
    except pa.ArrowInvalid:
        return
