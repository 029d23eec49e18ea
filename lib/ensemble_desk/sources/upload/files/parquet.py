"""Tables in Parquet files, read a part at a time and never unpacked beyond bounds."""

import io
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ensemble_desk.errors import UploadError, extras
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.columns import headers
from ensemble_desk.sources.upload.files import arrow_batches

MARK = b"PAR1"
_USUAL_COLUMNS, _CELL_BYTES = 25, 8  # of a table of very many rows, and what a number takes


def read(data: bytes, name: str, *, notes: tuple[str, ...], most_rows: int) -> Table:
    """Read a Parquet file; what pandas noted in it is ignored, for it could name types to build.

    Raises
    ------
    UploadError
        When it is damaged, too large, or holds lists or tables instead of values.
    """
    names = _checked_names(data, name, most_rows)
    columns = headers.paired(names)

    def opened(rows: int) -> Iterator[pd.DataFrame]:
        return _parts(data, name, labels=[column.label for column in columns], rows=rows)

    return cells.table(name, "Parquet", columns, opened, notes=(*notes, "Parquet"))


def _checked_names(data: bytes, name: str, most_rows: int) -> list[str]:
    with _opened(data, name, read_dictionary=None) as file:
        size, schema = file.metadata, file.schema_arrow
        n_bytes = sum(size.row_group(group).total_byte_size for group in range(size.num_row_groups))
    arrow_batches.check(schema, name)
    if size.num_rows > most_rows:
        raise cells.too_many_rows(name, size.num_rows, most_rows=most_rows)
    most_cells = max(cells.MOST_CELLS, _USUAL_COLUMNS * most_rows)
    if size.num_rows * size.num_columns > most_cells or n_bytes > _CELL_BYTES * most_cells:
        raise UploadError(name, [f"it holds {size.num_rows:,} rows of {size.num_columns:,} columns, too many to read."])
    return [str(field.name) for field in schema]


def _parts(data: bytes, name: str, *, labels: list[str], rows: int) -> Iterator[pd.DataFrame]:
    row = 1
    with _opened(data, name, read_dictionary=_texts(data, name)) as file:
        batches = file.iter_batches(batch_size=rows)
        while (part := _next(batches, name)) is not None:
            part.columns = pd.Index(labels)
            part.index = pd.RangeIndex(row, row + len(part), name="row")
            row += len(part)
            yield part


def _next(batches: Iterator[Any], name: str) -> pd.DataFrame | None:
    with arrow_batches.mapped(name, "Parquet file"):
        batch = next(batches, None)
    return None if batch is None else arrow_batches.frame(batch, name, "Parquet file")


def _texts(data: bytes, name: str) -> list[str]:
    """Columns of texts: read as numbers into a list of the different ones."""
    with extras.needed():
        from pyarrow import types  # type: ignore[import-untyped]  # ships no types

    with _opened(data, name, read_dictionary=None) as file:
        return [
            field.name
            for field in file.schema_arrow
            if any(is_text(field.type) for is_text in (types.is_string, types.is_binary, types.is_large_string))
        ]


def _opened(data: bytes, name: str, *, read_dictionary: list[str] | None) -> Any:
    with extras.needed():
        from pyarrow import parquet

    with arrow_batches.mapped(name, "Parquet file"):
        return parquet.ParquetFile(io.BytesIO(data), read_dictionary=read_dictionary)
