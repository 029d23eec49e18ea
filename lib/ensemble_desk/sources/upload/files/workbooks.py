"""Tables in Excel workbooks: values only, no formula is calculated and no link followed."""

import io
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.errors import UploadError, extras
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.columns import headers

_MOST_SHARED_BYTES = 64 * 2**20
_MOST_CELLS = 8_000_000  # of one sheet; a full one of 1,048,576 bars has six to seven million
_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_BLOCK, _SEAM = 1 << 20, 32
_BATCH = 64  # rows read at a time; one may have 18,278 cells

Row = tuple[Any, ...]


def read(data: bytes, archive: zipfile.ZipFile, name: str, *, answers: Answers, notes: tuple[str, ...]) -> Table:
    """Read the first visible sheet that holds something.

    The archive's list of contents was looked at before, so what it unpacks to is bounded. Of a formula the value is
    taken that the program which saved the file had calculated; where there is none the cell is the formula's text.

    Raises
    ------
    UploadError
        When it is damaged, binary (.xlsb), empty, or its sheet is too large.
    """
    has_formulas = _look_through(archive, name)
    with _mapped(name):
        sheets = _sheets(data, data_only=True)
        formulas = _sheets(data, data_only=False) if has_formulas else {}
    for title, sheet in sheets.items():
        start = list(itertools.islice(_rows(sheet, formulas.get(title), name), headers.LOOKED_AT))
        if start:
            break
    else:
        raise UploadError(name, ["its sheets are empty. Upload a sheet with a header line."])
    header = headers.find([[_text(value) for value in row] for _, row in start], answers)
    headers.check(header, name)

    def opened(rows: int) -> Iterator[pd.DataFrame]:
        body = itertools.islice(_rows(sheet, formulas.get(title), name), header.first_row, None)
        labels = [column.label for column in header.columns]
        return _parts(body, labels=labels, rows=rows)

    said = (*notes, f"Excel, sheet {cells.quoted(title)}", *header.notes)
    return cells.table(name, "Excel", header.columns, opened, has_names=header.has_names, notes=said)


def _look_through(archive: zipfile.ZipFile, name: str) -> bool:
    """Refuse what cannot be read safely, and tell whether there are formulas."""
    members = {member.filename: member for member in archive.infolist()}
    if "xl/workbook.bin" in members:
        raise UploadError(name, ["it is a binary workbook (.xlsb). Save it as .xlsx or CSV."])
    shared = members.get("xl/sharedStrings.xml")
    if shared is not None and shared.file_size > _MOST_SHARED_BYTES:
        raise cells.too_large(name, limit_bytes=_MOST_SHARED_BYTES, what="its texts take")
    parts = [member for member in members if member.endswith((".xml", ".rels"))]
    with _mapped(name):
        if any(_holds(archive, part, _DECLARATION) for part in parts):
            raise UploadError(name, ["it declares entities, which no workbook needs. Save it again with Excel."])
        return any(_holds(archive, part, _FORMULA) for part in parts if part.startswith("xl/worksheets/"))


def _holds(archive: zipfile.ZipFile, member: str, pattern: re.Pattern[bytes]) -> bool:
    before = b""
    with archive.open(member) as part:
        while block := part.read(_BLOCK):
            if pattern.search(before + block):
                return True
            before = block[-_SEAM:]
    return False


def _sheets(data: bytes, *, data_only: bool) -> dict[str, Any]:
    """The sheets by title, visible ones first; they are read when asked for."""
    with extras.needed():
        import openpyxl  # type: ignore[import-untyped]  # ships no types

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=data_only, keep_links=False)
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what a file says about its extent need not be so
    return {sheet.title: sheet for sheet in sorted(book.worksheets, key=lambda one: one.sheet_state != "visible")}


def _rows(sheet: Any, formulas: Any, name: str) -> Iterator[tuple[int, Row]]:
    """The rows of a sheet that hold something, with their numbers; never more than the limits."""
    values = sheet.iter_rows(values_only=True)
    written = itertools.repeat(()) if formulas is None else formulas.iter_rows(values_only=True)
    n_rows = n_cells = 0
    blank = {None, ""}
    while True:
        with _mapped(name):
            batch = list(itertools.islice(zip(values, written, strict=False), _BATCH))
        if not batch:
            return
        n_cells += sum(len(row) for row, _ in batch)
        if n_rows + len(batch) > cells.MOST_ROWS:
            raise cells.too_many_rows(name)
        if n_cells > _MOST_CELLS:
            raise UploadError(name, [f"its sheet has more than {_MOST_CELLS:,} cells. Save it as CSV or Parquet."])
        for row, said in batch:
            n_rows += 1
            whole = _with_formulas(row, said) if said else row
            if not blank.issuperset(whole):
                yield n_rows, whole


def _with_formulas(values: Row, formulas: Row) -> Row:
    """Formulas where nobody calculated a value."""
    texts = (getattr(formula, "text", formula) for formula in formulas)
    return tuple(text if value is None else value for value, text in zip(values, texts, strict=False))


def _parts(body: Iterator[tuple[int, Row]], *, labels: list[str], rows: int) -> Iterator[pd.DataFrame]:
    while batch := list(itertools.islice(body, rows)):
        padded = [(*one[: len(labels)], *(None,) * (len(labels) - len(one))) for _, one in batch]
        columns = {label: _typed(values) for label, values in zip(labels, zip(*padded, strict=True), strict=True)}
        yield pd.DataFrame(columns, index=pd.Index([row for row, _ in batch], name="row"))


def _typed(values: Row) -> Any:
    """A column of numbers, of times, or of texts."""
    held = {type(value) for value in values if value not in (None, "")}
    if held <= {int, float}:
        return np.array([np.nan if value in (None, "") else value for value in values], np.float64)
    if held <= {datetime, date}:
        return pd.array([value or None for value in values], dtype="datetime64[us]")
    return pd.array([_text(value) for value in values], dtype="str")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@contextmanager
def _mapped(name: str) -> Iterator[None]:
    """Whatever a parser makes of a damaged workbook becomes one error; its warnings are about looks."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UploadError:
        raise
    except Exception as error:  # parsers of hostile files raise whatever they trip over
        raise UploadError(name, ["it is no readable Excel workbook. Save it again as .xlsx."]) from error
