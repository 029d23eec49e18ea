"""Rows of a table as lines of CSV, those of each owner together."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ensemble_desk.errors import extras

_END = b"\n"[0]


def lines_by(owners: pd.Series, rows: pd.DataFrame) -> Iterator[tuple[str, bytes]]:
    """The lines of each owner in their order; rows of nobody are left out."""
    codes, names = pd.factorize(owners.fillna(""))
    together = rows.iloc[np.argsort(codes, kind="stable")]
    written = _written(together)
    ends = np.flatnonzero(np.frombuffer(written, np.uint8) == _END) + 1
    counts = np.bincount(codes, minlength=len(names)).cumsum()
    for name, first, last in zip(names, [0, *counts[:-1]], counts, strict=True):
        if len(ends) != len(rows):  # some cell goes over the end of its line
            part = _carefully(together.iloc[first:last])
        else:
            part = written[ends[first - 1] if first else 0 : ends[last - 1]]
        if name:
            yield str(name), part


def _written(rows: pd.DataFrame) -> bytes:
    with extras.needed():
        import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
        from pyarrow import csv

    sink = pa.BufferOutputStream()
    try:
        table = pa.Table.from_pandas(_plain(rows), preserve_index=False)
        csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
    except (pa.ArrowException, TypeError, ValueError):  # of cells that Arrow has no text for
        return _carefully(rows)
    return bytes(sink.getvalue())


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Times with their zone as they are written, which Arrow would bring to UTC, and no finer than bars are kept."""
    columns = {}
    for label in rows.columns:
        column = rows[label]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            columns[label] = column.astype("str").where(column.notna(), "")
        elif pd.api.types.is_datetime64_any_dtype(column.dtype):
            columns[label] = column.dt.as_unit("us")
    return rows.assign(**columns)


def _carefully(rows: pd.DataFrame) -> bytes:
    return rows.to_csv(index=False, header=False, lineterminator="\n").encode()
