"""Sheets of OpenDocument and of old Excel workbooks: values only, within bounds."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd

from ensemble_desk.errors import UploadError, extras
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Kind, Table
from ensemble_desk.sources.upload.columns import headers

_MOST_CELLS = 8_000_000
_CONTENT = "content.xml"
_ENTITY = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROW = re.compile(rb"<table:table-row\b[^>]*>")
_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b[^>]*>")
_ROWS_REPEATED = re.compile(rb'number-rows-repeated="(\d{1,12})"')
_COLUMNS_REPEATED = re.compile(rb'number-columns-repeated="(\d{1,12})"')
_HOLDS = b"value-type="


def read(data: bytes, name: str, *, kind: Kind, answers: Answers, notes: tuple[str, ...]) -> Table:
    """Read the first visible sheet that holds something; formulas give the values that were saved with them.

    Raises
    ------
    UploadError
        When it is damaged, protected or empty.
    """
    title, rows = _first_sheet(data, name, kind)
    header = headers.find([[_text(value) for value in row] for row in rows[: headers.LOOKED_AT]], answers)
    headers.check(header, name)
    labels = [column.label for column in header.columns]

    def opened(size: int) -> Iterator[pd.DataFrame]:
        for start in range(header.first_row, len(rows), size):
            part = rows[start : start + size]
            padded = [[*row[: len(labels)], *[None] * (len(labels) - len(row))] for row in part]
            held = {label: [_text(row[at]) for row in padded] for at, label in enumerate(labels)}
            frame = pd.DataFrame(held, index=pd.RangeIndex(start + 1, start + 1 + len(part), name="row"), dtype="str")
            yield frame[(frame != "").any(axis=1)]

    said = f"{kind}, sheet {cells.quoted(title)}"
    return cells.table(
        name, kind, header.columns, opened, has_names=header.has_names, notes=(*notes, said, *header.notes)
    )


def check_open_document(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an OpenDocument file that declares entities, is no sheet, or repeats its cells beyond bounds."""
    try:
        kind = archive.read("mimetype")[:200]
        content = archive.read(_CONTENT)
    except (KeyError, OSError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
        raise UploadError(name, ["it is a damaged OpenDocument file. Save it again."]) from error
    if b"spreadsheet" not in kind:
        raise UploadError(name, ["it is an OpenDocument text, no sheet. Export the table as CSV."])
    if _ENTITY.search(content):
        raise UploadError(name, ["it declares entities, which no sheet needs. Save it again with LibreOffice."])
    if _n_cells(content) > _MOST_CELLS:
        raise UploadError(name, [f"its sheets have more than {_MOST_CELLS:,} cells. Save the table as CSV or Parquet."])


def _n_cells(content: bytes) -> int:
    """The room that the sheets take, with repetitions: rows up to the last that holds something, times the widest."""
    widest = height = filled = 0
    starts = [match.start() for match in _ROW.finditer(content)]
    for start, end in zip(starts, [*starts[1:], len(content)], strict=False):
        row = content[start:end]
        reach = width = 0
        for cell in _CELL.finditer(row):
            repeated = _COLUMNS_REPEATED.search(cell[0])
            reach += int(repeated[1]) if repeated else 1
            if _HOLDS in cell[0]:
                width = reach
        repeated = _ROWS_REPEATED.search(row[: row.find(b">") + 1])
        height += int(repeated[1]) if repeated else 1
        if width:
            widest, filled = max(widest, width), height
    return widest * filled


def _first_sheet(data: bytes, name: str, kind: Kind) -> tuple[str, list[list[Any]]]:
    with extras.needed():
        import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [one.name for one in book.sheets_metadata if one.visible == calamine.SheetVisibleEnum.Visible]
        for title in (*shown, *(one for one in book.sheet_names if one not in shown)):
            rows = _rows(book.get_sheet_by_name(title), name)
            if any(value not in ("", None) for row in rows for value in row):
                return title, rows
    except UploadError:
        raise
    except Exception as error:  # a parser of hostile files raises whatever it trips over
        problem = f"it is a damaged or protected {kind} workbook. Save it as .xlsx without a password, or as CSV"
        raise UploadError(name, [f"{problem}."]) from error
    raise UploadError(name, ["its sheets are empty. Upload a sheet with a header line."])


def _rows(sheet: Any, name: str) -> list[list[Any]]:
    if sheet.total_height * sheet.total_width > _MOST_CELLS:
        raise UploadError(name, [f"its sheet has more than {_MOST_CELLS:,} cells. Save it as CSV or Parquet."])
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    return rows


def _text(value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    if isinstance(value, date | time | timedelta | bool | str):
        return str(value)
    return format(value, ".15g") if isinstance(value, float) else str(value)
