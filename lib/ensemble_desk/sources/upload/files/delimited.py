"""Tables of text: cells with a comma, semicolon, tab or bar between them."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import UploadError
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Column, Table, Typed
from ensemble_desk.sources.upload.columns import headers
from ensemble_desk.sources.upload.columns.headers import Header
from ensemble_desk.sources.upload.files import encodings, quick_text, text_shapes

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LONGEST_LINE = 100 * cells.MOST_COLUMNS
_MARKUP = ("<!doctype", "<html", "<?xml", "<table", "<head", "<body", "<div", "<script", "<!--")
_UNEVEN = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def read(data: bytes, name: str, *, answers: Answers, notes: tuple[str, ...]) -> Table:
    """Read text as a table; its encoding, delimiter and the place of the column names are told by looking.

    Raises
    ------
    UploadError
        When it is no text, no table or a web page.
    """
    encoding = encodings.of(data, name)
    lines = _first_lines(data, encoding)
    _refuse_markup("".join(lines), name)
    said = encodings.named(encoding)
    told = (*notes, *((said,) if said else ()))
    plainer = text_shapes.plainer(data, lines, encoding, name)
    if plainer is not None:
        data, encoding, told = plainer.data, "utf-8", (*told, *plainer.notes)
        lines = _first_lines(data, encoding)
    header, delimiter = _header(lines, name, answers, only="" if plainer is None else plainer.delimiter)
    names, blank = _with_blank_last(header.columns, lines[header.first_row :], delimiter)
    parted = (
        "" if plainer is not None and plainer.delimiter == text_shapes.TAB else f"{_DELIMITERS[delimiter]}-separated"
    )
    told = (*told, *((parted,) if parted else ()), *header.notes)

    start = _end_of_line(data, header.first_row)
    plain = quick_text.is_plain(data, encoding)
    quoted = plain and data.find(b'"', start) >= 0
    plain = plain and (not quoted or quick_text.quotes_end_in_their_line(data))
    labels = [column.label for column in names]
    first_rows = [row for row in _rows(lines[header.first_row :], delimiter) if row]
    layout = quick_text.Layout(labels, quick_text.numeric(labels, first_rows), delimiter, quoted)

    def opened(rows: int, typed: Typed | None = None) -> Iterator[pd.DataFrame]:
        at, line = (start, header.first_row + 1) if plain else (0, 1)
        if plain and rows > cells.SAMPLE_ROWS:
            at, line = yield from quick_text.parts(data, replace(layout, typed=typed or {}), start=at, line=line)
        held = io.BytesIO(data)
        held.seek(at)
        stream = io.TextIOWrapper(held, encoding=encoding, newline="")
        while line <= header.first_row:
            stream.readline()
            line += 1
        yield from _parts(stream, name, columns=names, delimiter=delimiter, first_line=line, rows=rows)

    def without_blank(rows: int, typed: Typed | None = None) -> Iterator[pd.DataFrame]:
        return (_only_named(_filled(part), blank, name) for part in opened(rows, typed))

    return cells.table(
        name,
        "CSV",
        header.columns,
        without_blank,
        separator=delimiter,
        has_names=header.has_names,
        notes=told,
        typed=without_blank,
    )


def _end_of_line(data: bytes, number: int) -> int:
    """Where so many lines end."""
    at = 0
    for _ in range(number):
        at = data.find(b"\n", at) + 1 or len(data)
    return at


def _filled(part: pd.DataFrame) -> pd.DataFrame:
    """The rows that hold something, which lines of separators alone do not."""
    blank: NDArray[np.bool_] | None = None
    for label in part.columns:
        column = part[label]
        empty = (column == "").to_numpy(np.bool_) if column.dtype == "str" else column.isna().to_numpy()
        blank = empty if blank is None else blank & empty
        if not blank.any():
            return part
    return part if blank is None else part[~blank]


def _first_lines(data: bytes, encoding: str) -> list[str]:
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    lines = (stream.readline(_LONGEST_LINE + 1) for _ in range(2 * headers.LOOKED_AT))
    return list(itertools.takewhile(bool, lines))


def _refuse_markup(start: str, name: str) -> None:
    if start.lstrip().lower().startswith(_MARKUP):
        raise UploadError(name, ["it is a web page or XML. Download the table itself as CSV."])


def _header(lines: list[str], name: str, answers: Answers, *, only: str) -> tuple[Header, str]:
    """The column names and the delimiter: one that makes a price table of the lines, else the one that parts most."""
    if any(len(line) > _LONGEST_LINE for line in lines[: headers.LOOKED_AT]):
        raise UploadError(name, ["its first lines are too long to hold column names."])
    delimiters = [only] if only else list(_DELIMITERS)
    found = {delimiter: headers.find(_rows(lines, delimiter), answers) for delimiter in delimiters}
    delimiter = max(found, key=lambda one: _fit(found[one], answers))
    headers.check(found[delimiter], name)
    return found[delimiter], delimiter


def _fit(header: Header, answers: Answers) -> tuple[bool, bool, int]:
    n_columns = len(header.columns)
    certain = header.certain and (not answers.columns or n_columns == len(answers.columns))
    return certain, not header.has_names, n_columns


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    return [next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, skipinitialspace=True), []) for line in lines]


def _with_blank_last(columns: tuple[Column, ...], lines: list[str], delimiter: str) -> tuple[tuple[Column, ...], str]:
    """One more column when the lines end with a delimiter that the names lack, and its label."""
    row = next((row for row in _rows(lines, delimiter) if any(row)), [])
    if len(row) != len(columns) + 1 or row[-1].strip():
        return columns, ""
    longer = cells.labelled([*(column.label for column in columns), ""])
    return longer, longer[-1].label


def _parts(
    stream: io.TextIOWrapper, name: str, *, columns: tuple[Column, ...], delimiter: str, first_line: int, rows: int
) -> Iterator[pd.DataFrame]:
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "na_filter": False, "skip_blank_lines": False}
    line = first_line
    try:
        with pd.read_csv(
            stream, sep=delimiter, header=None, names=[one.label for one in columns], chunksize=rows, **options
        ) as reader:
            for part in reader:
                if not isinstance(part.index, pd.RangeIndex):
                    raise UploadError(name, [_too_many_cells(line, len(columns))])
                part.index = pd.RangeIndex(line, line + len(part), name="line")
                line += len(part)
                yield part
    except pd.errors.EmptyDataError:
        return
    except (pd.errors.ParserError, csv.Error) as error:
        raise UploadError(name, [_parser_problem(str(error), first_line)]) from error


def _only_named(part: pd.DataFrame, blank: str, name: str) -> pd.DataFrame:
    if not blank:
        return part
    surplus = part[blank].str.strip() != ""
    if surplus.any():
        raise UploadError(name, [_too_many_cells(int(part.index[surplus.to_numpy()][0]), part.shape[1] - 1)])
    return part.drop(columns=blank)


def _too_many_cells(line: int, n_columns: int) -> str:
    return f"line {line} has more cells than the {n_columns} column names above it."


def _parser_problem(message: str, first_line: int) -> str:
    uneven = _UNEVEN.search(message)
    if uneven:
        expected, line, saw = (int(number) for number in uneven.groups())
        detail = f"line {first_line + line - 1} has {saw} cells, expected {expected}"
    else:
        detail = message.removeprefix("Error tokenizing data. C error: ").strip()
    return f"it is no regular table ({detail}). Each line needs the same number of cells."
