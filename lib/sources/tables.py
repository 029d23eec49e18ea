"""From the bytes of an uploaded file to a table of cells, before anybody asks what its columns mean; nothing is run."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import PurePath

import pandas as pd

from lib.errors import UploadError

FEWEST_COLUMNS, MOST_COLUMNS = 2, 1_000
LONGEST_SHOWN = 40
MOST_CELLS = 50_000_000
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_FOREIGN = (
    (b"\x80", "it is a Python pickle, a program rather than data. Export the table as CSV"),
    (b"PK\x03\x04", "it is an Excel workbook or a ZIP archive. Save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "it is an old Excel workbook. Save the sheet as CSV"),
    (b"\x1f\x8b", "it is compressed. Unpack it first"),
    (b"%PDF", "it is a PDF document. Export the table as CSV"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Cells as they stand in a file.

    Attributes
    ----------
    file_name : the bare name, safe to show.
    frame : text columns from CSV, typed ones from Parquet; the index counts lines of the file (CSV) or rows from 1.
    unit : what the index counts, ``line`` or ``row``.
    decimal_comma : whether numbers are written 12,5.
    notes : what was recognised, one phrase each.
    """

    file_name: str
    frame: pd.DataFrame
    unit: str
    decimal_comma: bool
    notes: tuple[str, ...]

    def place(self, position: int) -> str:
        return f"{self.unit} {self.frame.index[position]}"


def read(data: bytes, *, file_name: str, max_bytes: int) -> Table:
    """Read CSV (comma, semicolon, tab or bar; UTF-8 or UTF-16 with its mark) or Parquet, told apart by content.

    Raises
    ------
    UploadError
        When the file is too large, empty, of another kind, or not a table.
    """
    name = bare(file_name)
    if len(data) > max_bytes:
        problem = f"it has {len(data) / 2**20:,.1f} MiB, the limit is {max_bytes / 2**20:,.1f} MiB"
        raise UploadError(name, [f"{problem}. Upload fewer rows, or raise DESK_MAX_UPLOAD_MB."])
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise UploadError(name, ["the file is empty. Upload a CSV file with a header line."])
    if data.startswith(b"PAR1"):
        return _parquet(data, name)
    for mark, problem in _FOREIGN:
        if data.startswith(mark):
            raise UploadError(name, [f"{problem}."])
    return _csv(_decoded(data, name), name)


def bare(file_name: str) -> str:
    """The last part of a file name without anything that could disturb a message, 80 characters at most."""
    last = PurePath(file_name.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable())[:80] or "upload"


def _decoded(data: bytes, name: str) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UploadError(name, ["it is no text in UTF-8. Save it as CSV in UTF-8."]) from error
    if "\0" in text:
        raise UploadError(name, ["it is a binary file. Upload CSV or Parquet."])
    if text.lstrip().startswith("<"):
        raise UploadError(name, ["it is a web page or XML. Download the table itself as CSV."])
    if text.lstrip().startswith(("{", "[")):
        raise UploadError(name, ["it is JSON. Export the table as CSV."])
    return text


def _csv(text: str, name: str) -> Table:
    blank_lines = len(text) - len(text.lstrip("\r\n"))
    skipped = text[:blank_lines].count("\n")
    body = text[blank_lines:]
    header, delimiter = _header(body, name)
    try:
        frame = pd.read_csv(
            io.StringIO(body),
            sep=delimiter,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UploadError(name, [_parser_problem(str(error))]) from error
    if not isinstance(frame.index, pd.RangeIndex):
        raise UploadError(name, [f"line {skipped + 2} has more cells than the {len(header)} column names above it."])
    frame.index = pd.RangeIndex(skipped + 2, skipped + 2 + len(frame), name="line")
    frame = frame[(frame != "").any(axis=1)]
    comma = delimiter != "," and _has_decimal_comma(frame)
    notes = (f"{_DELIMITERS[delimiter]}-separated", *(("decimal comma",) if comma else ()))
    return Table(name, _not_empty(frame, name), "line", decimal_comma=comma, notes=notes)


def _header(body: str, name: str) -> tuple[list[str], str]:
    """The column names and the delimiter that splits the first line into most cells."""
    line = re.split(r"[\r\n]", body, maxsplit=1)[0]
    if len(line) > 100 * MOST_COLUMNS:
        raise UploadError(name, ["its first line is too long to hold column names."])
    rows = {delimiter: next(csv.reader([line], delimiter=delimiter)) for delimiter in _DELIMITERS}
    delimiter, header = max(rows.items(), key=lambda item: len(item[1]))
    problems = _header_problems(header)
    if problems:
        raise UploadError(name, problems)
    return header, delimiter


def _header_problems(header: list[str]) -> list[str]:
    named = [cell.strip() for cell in header if cell.strip()]
    if len(header) < FEWEST_COLUMNS:
        return ["its first line has no comma, semicolon or tab between column names."]
    if len(header) > MOST_COLUMNS:
        return [f"it has {len(header):,} columns; at most {MOST_COLUMNS:,} are read."]
    if doubled := sorted({cell for cell in named if named.count(cell) > 1}):
        return [f"column {quoted(doubled[0])} occurs more than once."]
    if len(named) > 1 and all(cell.replace(".", "", 1).lstrip("-").isdigit() for cell in named[1:]):
        return ["its first line holds numbers instead of column names. Add a header line."]
    return []


def quoted(text: object) -> str:
    """A cell of the file as it may stand in a message: one line, 40 characters at most."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    return f"'{shown[:LONGEST_SHOWN]}…'" if len(shown) > LONGEST_SHOWN else f"'{shown}'"


def _parser_problem(message: str) -> str:
    detail = message.removeprefix("Error tokenizing data. C error: ").strip()
    return f"it is no regular table ({detail}). Each line needs the same number of cells."


def _has_decimal_comma(frame: pd.DataFrame) -> bool:
    cells = pd.Series(frame.head(200).to_numpy().ravel(), dtype="str")
    numbers = cells[cells.str.fullmatch(r"\s*-?[\d.,]+\s*")]
    return bool(numbers.str.fullmatch(r"\s*-?\d+,\d+\s*").any() and not numbers.str.contains(".", regex=False).any())


def _parquet(data: bytes, name: str) -> Table:
    import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(io.BytesIO(data)) as file:
            size, schema = file.metadata, file.schema_arrow
            nested = [field.name for field in schema if pa.types.is_nested(field.type)]
            problem = _parquet_problem(size.num_rows, size.num_columns, nested)
            # what pandas noted in the file is ignored: it could name types to build
            frame = pd.DataFrame() if problem else file.read().to_pandas(ignore_metadata=True, date_as_object=False)
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, TypeError) as error:
        raise UploadError(name, ["it is no readable Parquet file. Export it again."]) from error
    if problem:
        raise UploadError(name, [problem])
    frame.columns = frame.columns.astype(str)
    if frame.columns.has_duplicates:
        doubled = frame.columns[frame.columns.duplicated()][0]
        raise UploadError(name, [f"column {quoted(doubled)} occurs more than once."])
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return Table(name, _not_empty(frame, name), "row", decimal_comma=False, notes=("Parquet",))


def _parquet_problem(n_rows: int, n_columns: int, nested: list[str]) -> str:
    if n_columns > MOST_COLUMNS or n_rows * n_columns > MOST_CELLS:
        return f"it holds {n_rows:,} rows of {n_columns:,} columns, more than can be read."
    return f"column {quoted(nested[0])} holds tables or lists instead of values." if nested else ""


def _not_empty(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    if frame.empty:
        raise UploadError(name, ["it has column names but no rows."])
    return frame
