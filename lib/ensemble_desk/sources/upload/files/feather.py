"""Tables in Feather files, which are Arrow's own: read a part at a time and never unpacked beyond bounds."""

import struct
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ensemble_desk.errors import UploadError, extras
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.columns import headers
from ensemble_desk.sources.upload.files import arrow_batches

MARK = b"ARROW1"
_STREAM_AT = 8  # behind the mark stands a stream of messages; the list of them at the end of the file is not needed
_MOST_BYTES = 8 * cells.MOST_CELLS  # what the largest table of numbers takes
_KIND = "Feather file"
_HEADER_TYPE, _HEADER, _BUFFERS, _COMPRESSION, _OF_DICTIONARY = (
    1,
    2,
    2,
    3,
    1,
)  # numbers of fields in Arrow's Message.fbs
_DICTIONARIES, _ROWS = 2, 3


def read(data: bytes, name: str, *, notes: tuple[str, ...], most_rows: int) -> Table:
    """Read a Feather file; what pandas noted in it is ignored, for it could name types to build.

    Raises
    ------
    UploadError
        When it is damaged, too large, or holds lists or tables instead of values.
    """
    _check_sizes(data, name)
    with _opened(data, name) as stream:
        names = [str(field.name) for field in stream.schema]
        arrow_batches.check(stream.schema, name)
    columns = headers.paired(names)

    def opened(rows: int) -> Iterator[pd.DataFrame]:
        return _parts(data, name, labels=[column.label for column in columns], rows=rows, most_rows=most_rows)

    return cells.table(name, "Feather", columns, opened, notes=(*notes, "Feather"))


def _parts(data: bytes, name: str, *, labels: list[str], rows: int, most_rows: int) -> Iterator[pd.DataFrame]:
    row = 1
    with _opened(data, name) as stream:
        while (batch := _next(stream, name)) is not None:
            if row + batch.num_rows - 1 > most_rows:
                raise cells.too_many_rows(name, most_rows=most_rows)
            for start in range(0, batch.num_rows, rows):
                part = arrow_batches.frame(batch.slice(start, rows), name, _KIND)
                part.columns = pd.Index(labels)
                part.index = pd.RangeIndex(row, row + len(part), name="row")
                row += len(part)
                yield part


def _next(stream: Any, name: str) -> Any:
    with arrow_batches.mapped(name, _KIND):
        batch = next(iter(stream), None)
        if batch is not None:
            batch.validate(full=True)
        return batch


def _opened(data: bytes, name: str) -> Any:
    with extras.needed():
        import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
        from pyarrow import ipc

    with arrow_batches.mapped(name, _KIND):
        return ipc.open_stream(pa.py_buffer(data).slice(_STREAM_AT))


def _check_sizes(data: bytes, name: str) -> None:
    """Refuse what would take too much memory once it is unpacked: every compressed buffer begins with its size."""
    with extras.needed():
        import pyarrow as pa
        from pyarrow import ipc

    total = 0
    with arrow_batches.mapped(name, _KIND):
        messages = ipc.MessageReader.open_stream(pa.py_buffer(data).slice(_STREAM_AT))
        for message in messages:
            try:
                total += sum(max(size, 0) for size in _sizes(message.metadata.to_pybytes(), memoryview(message.body)))
            except struct.error as error:
                raise UploadError(name, [f"it is no readable {_KIND}. Export it again."]) from error
            if total > _MOST_BYTES:
                raise cells.too_large(name, limit_bytes=_MOST_BYTES, what="unpacked it has")


def _sizes(header: bytes, body: memoryview) -> Iterator[int]:
    """How large the compressed buffers of a message of Arrow are once unpacked, as they say themselves."""
    message = _number(header, "<I", 0)
    kind = _field(header, message, _HEADER_TYPE)
    inner = _field(header, message, _HEADER)
    if kind is None or inner is None or header[kind] not in (_DICTIONARIES, _ROWS):
        return
    batch = inner + _number(header, "<I", inner)
    if header[kind] == _DICTIONARIES:
        at = _field(header, batch, _OF_DICTIONARY)
        if at is None:
            return
        batch = at + _number(header, "<I", at)
    at = _field(header, batch, _BUFFERS)
    if at is None or _field(header, batch, _COMPRESSION) is None:
        return
    vector = at + _number(header, "<I", at)
    for number in range(_number(header, "<I", vector)):
        offset, length = struct.unpack_from("<qq", header, vector + 4 + 16 * number)
        yield struct.unpack_from("<q", body, offset)[0] if length >= struct.calcsize("<q") and offset >= 0 else 0


def _field(header: bytes, table: int, number: int) -> int | None:
    """Where a field of a flatbuffers table stands; None where it is left out."""
    index = table - _number(header, "<i", table)
    at = 4 + 2 * number
    if index < 0 or at + 2 > _number(header, "<H", index):
        return None
    offset = _number(header, "<H", index + at)
    return table + offset if offset else None


def _number(header: bytes, form: str, at: int) -> int:
    found: int = struct.unpack_from(form, header, at)[0]
    return found
