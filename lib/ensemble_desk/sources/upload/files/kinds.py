"""From the bytes of an uploaded file to a table of cells, whatever kind of file it is; nothing in it is run."""

from ensemble_desk.errors import UploadError
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.files import delimited, feather, json_tables, sheets, unpacking, workbooks
from ensemble_desk.sources.upload.files import parquet as parquet_tables

_LOOKED_AT = 4096
_EMPTY = b"\xef\xbb\xbf \t\r\n"
_PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_FOREIGN = (
    *((mark, "it is a Python pickle, a program rather than data. Export the table as CSV") for mark in _PICKLES),
    (b"BZh", "it is compressed by bzip2. Unpack it first"),
    (b"\xfd7zXZ", "it is compressed by xz. Unpack it first"),
    (b"(\xb5/\xfd", "it is compressed by zstd. Unpack it first"),
    (b"7z\xbc\xaf", "it is a 7-Zip archive. Unpack it first"),
    (b"Rar!", "it is a RAR archive. Unpack it first"),
    (b"%PDF", "it is a PDF document. Export the table as CSV"),
    (b"{\\rtf", "it is a text document. Export the table as CSV"),
    (b"SQLite format 3", "it is a database. Export the table as CSV"),
    (b"FEA1", "it is a Feather file of the first kind. Save the table as Feather 2, Parquet or CSV"),
    (b"\x89HDF", "it is an HDF5 file. Save the table as Parquet or CSV"),
)


def read(
    data: bytes, *, file_name: str, max_bytes: int, answers: Answers = Answers(), most_rows: int | None = None
) -> Table:
    """Read text, JSON, Parquet, Feather, an Excel workbook or an OpenDocument sheet, told apart by content.

    Gzip and a ZIP archive of one file are unpacked. Text may be in any usual encoding with a comma, semicolon, tab, bar
    or blanks between cells. `answers` says which lines to pass over and what columns without names are called. More
    rows than usual are allowed by ``most_rows`` where a file can be read part by part.

    Raises
    ------
    UploadError
        When the file is too large (also unpacked), empty, of another kind, or not a table.
    """
    name = cells.bare(file_name)
    if len(data) > max_bytes:
        raise cells.too_large(name, limit_bytes=max_bytes)
    notes: tuple[str, ...] = ()
    if data.startswith(unpacking.GZIP):
        data, notes = unpacking.gunzipped(data, name, max_bytes=max_bytes), ("gzip",)
    if data.startswith(unpacking.ZIP):
        with unpacking.archive(data, name, max_bytes=max_bytes) as archive:
            if unpacking.holds_workbook(archive):
                return workbooks.read(data, archive, name, answers=answers, notes=notes)
            if unpacking.is_open_document(archive):
                sheets.check_open_document(archive, name)
                return sheets.read(data, name, kind="OpenDocument", answers=answers, notes=notes)
            inside, data = unpacking.only_file(archive, name)
        notes = (*notes, f"ZIP archive with {inside}")
    return _unpacked(data, name, answers, notes, cells.MOST_ROWS if most_rows is None else most_rows)


def _unpacked(data: bytes, name: str, answers: Answers, notes: tuple[str, ...], most_rows: int) -> Table:
    if not data[:_LOOKED_AT].strip(_EMPTY) and not data.strip(_EMPTY):  # stripping all of a large file copies it
        raise UploadError(name, ["the file is empty. Upload a CSV file with a header line."])
    if data.startswith((unpacking.GZIP, b"PK\x03\x04")):
        raise UploadError(name, ["it is an archive inside an archive. Unpack it first."])
    for mark, problem in _FOREIGN:
        if data.startswith(mark):
            raise UploadError(name, [f"{problem}."])
    if data.startswith(parquet_tables.MARK):
        return parquet_tables.read(data, name, notes=notes, most_rows=most_rows)
    if data.startswith(feather.MARK):
        return feather.read(data, name, notes=notes, most_rows=most_rows)
    if data.startswith(_OLD_EXCEL):
        return sheets.read(data, name, kind="Excel", answers=answers, notes=notes)
    if json_tables.is_json(data[:_LOOKED_AT]):
        return json_tables.read(data, name, answers=answers, notes=notes)
    return delimited.read(data, name, answers=answers, notes=notes)
