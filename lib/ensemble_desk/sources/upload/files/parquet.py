"""Tables in Parquet files, read a part at a time and never unpacked beyond bounds."""

import io
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ensemble_desk.errors import UploadError, extras
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.columns import headers

MARK = b"PAR1"
_LONGEST_TEXT = 1_000
_MOST_BYTES = 8 * cells.MOST_CELLS  # what the largest table of numbers takes


def read(data: bytes, name: str, *, notes: tuple[str, ...]) -> Table:
    """Read a Parquet file; what pandas noted in it is ignored, for it could name types to build.

    Raises
    ------
    UploadError
        When it is damaged, too large, or holds lists or tables instead of values.
    """
    names = _checked_names(data, name)
    columns = headers.paired(names)

    def opened(rows: int) -> Iterator[pd.DataFrame]:
        return _parts(data, name, labels=[column.label for column in columns], rows=rows)

    return cells.table(name, "Parquet", columns, opened, notes=(*notes, "Parquet"))


def _checked_names(data: bytes, name: str) -> list[str]:
    with extras.needed():
        from pyarrow import types  # type: ignore[import-untyped]  # ships no types

    with _opened(data, name, read_dictionary=None) as file:
        size, schema = file.metadata, file.schema_arrow
        nested = [field.name for field in schema if types.is_nested(field.type)]
        n_bytes = sum(size.row_group(group).total_byte_size for group in range(size.num_row_groups))
    if size.num_columns > cells.MOST_COLUMNS:
        raise cells.too_many_columns(name, size.num_columns)
    if size.num_rows > cells.MOST_ROWS:
        raise cells.too_many_rows(name, size.num_rows)
    if size.num_rows * size.num_columns > cells.MOST_CELLS or n_bytes > _MOST_BYTES:
        raise UploadError(name, [f"it holds {size.num_rows:,} rows of {size.num_columns:,} columns, too many to read."])
    if nested:
        raise UploadError(name, [f"column {cells.quoted(nested[0])} holds tables or lists instead of values."])
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
    with extras.needed():
        import pyarrow as pa

    try:
        batch = next(batches, None)
        if batch is None:
            return None
        for column in batch.columns:
            _refuse_long_texts(column, name)
        frame: pd.DataFrame = pa.table(list(batch.columns), [str(i) for i in range(batch.num_columns)]).to_pandas(
            ignore_metadata=True, date_as_object=False
        )
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, TypeError, IndexError) as error:
        raise _unreadable(name) from error
    return frame.astype({label: "str" for label in frame.columns if frame[label].dtype == "category"})


def _refuse_long_texts(column: Any, name: str) -> None:
    """A text that is long and often repeated takes little room in the file and very much in memory."""
    with extras.needed():
        import pyarrow as pa
        from pyarrow import compute

    values = column.dictionary if isinstance(column, pa.DictionaryArray) else column
    if pa.types.is_string(values.type) or pa.types.is_binary(values.type) or pa.types.is_large_string(values.type):
        longest = compute.max(compute.binary_length(values)).as_py() or 0
        if longest > _LONGEST_TEXT:
            raise UploadError(name, [f"it holds a text of {longest:,} characters. Keep the columns that are needed."])


def _texts(data: bytes, name: str) -> list[str]:
    """Columns of texts: read as numbers into a list of the different ones."""
    with extras.needed():
        from pyarrow import types

    with _opened(data, name, read_dictionary=None) as file:
        return [
            field.name
            for field in file.schema_arrow
            if any(is_text(field.type) for is_text in (types.is_string, types.is_binary, types.is_large_string))
        ]


def _opened(data: bytes, name: str, *, read_dictionary: list[str] | None) -> Any:
    with extras.needed():
        import pyarrow as pa
        from pyarrow import parquet

    try:
        return parquet.ParquetFile(io.BytesIO(data), read_dictionary=read_dictionary)
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, TypeError) as error:
        raise _unreadable(name) from error


def _unreadable(name: str) -> UploadError:
    return UploadError(name, ["it is no readable Parquet file. Export it again."])
