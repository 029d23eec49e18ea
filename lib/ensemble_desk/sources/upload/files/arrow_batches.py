"""Batches of Arrow, as Parquet and Feather files hold them, checked and brought into frames."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from ensemble_desk.errors import UploadError, extras
from ensemble_desk.sources.upload.cells import table as cells

_LONGEST_TEXT = 1_000


def check(schema: Any, name: str) -> None:
    """Refuse too many columns, and those that hold tables or lists; raises UploadError."""
    with extras.needed():
        from pyarrow import types  # type: ignore[import-untyped]  # ships no types

    if len(schema) > cells.MOST_COLUMNS:
        raise cells.too_many_columns(name, len(schema))
    nested = [field.name for field in schema if types.is_nested(field.type)]
    if nested:
        raise UploadError(name, [f"column {cells.quoted(nested[0])} holds tables or lists instead of values."])


def frame(batch: Any, name: str, kind: str) -> pd.DataFrame:
    """Give a batch as a frame with columns called 0, 1 and so on, texts as texts; raises UploadError.

    ``kind`` says what file it is from.
    """
    with extras.needed():
        import pyarrow as pa

    with mapped(name, kind):
        for column in batch.columns:
            _refuse_long_texts(column, name)
        found: pd.DataFrame = pa.table(list(batch.columns), [str(i) for i in range(batch.num_columns)]).to_pandas(
            ignore_metadata=True, date_as_object=False
        )
    return found.astype({label: "str" for label in found.columns if found[label].dtype == "category"})


@contextmanager
def mapped(name: str, kind: str) -> Iterator[None]:
    """Whatever Arrow raises of a damaged file becomes one error."""
    with extras.needed():
        import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, TypeError, IndexError) as error:
        raise UploadError(name, [f"it is no readable {kind}. Export it again."]) from error


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
