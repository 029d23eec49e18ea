"""What a visitor uploads, read as data: bars of a key, or a table of ready features."""

from datetime import datetime

import pandas as pd

from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload import bar_tables, feature_tables
from ensemble_desk.sources.upload.cells import times
from ensemble_desk.sources.upload.files import kinds as tables
from ensemble_desk.sources.upload.recognition import Recognised

__all__ = ["Recognised", "column_names", "read_bars", "read_table", "recognise_bars"]


def read_bars(data: bytes, *, file_name: str, key: Key, max_bytes: int) -> Bars:
    """Read the bars of a key from a file that leaves no question open; see `recognise_bars`."""
    return recognise_bars(data, file_name=file_name, key=key, max_bytes=max_bytes).bars


def recognise_bars(
    data: bytes,
    *,
    file_name: str,
    key: Key,
    max_bytes: int,
    ticker: str | None = None,
    day_first: bool | None = None,
    time_zone: str | None = None,
    resample: bool = False,
    leave_out: bool = False,
    now: datetime | None = None,
) -> Recognised:
    """Read bars from CSV, Parquet or Excel as vendors export them, and say what was recognised.

    Rows may run oldest first or newest first, throughout. With an ``adj_close`` column open, high, low and close are
    adjusted by it. A high or low that misses open or close by rounding is widened. Rows without any price are left out.
    Nothing else is put right unless it is asked for.

    Parameters
    ----------
    ticker : which of several tickers in the file to take.
    day_first : whether dates such as 03/04/2024 begin with the day.
    time_zone : of intraday times that carry none, for example ``America/New_York``; UTC by default.
    resample : put finer bars together to those of the key instead of refusing them.
    leave_out : go on without rows that cannot be a bar or give one once more, instead of refusing the file.
    now : bars more than a day later are refused; unchecked by default.

    Raises
    ------
    UploadError
        When the file is no table of bars. AmbiguousDatesError, SeveralTickersError and OtherTimeframeError are the
        kinds that an argument answers.
    InvalidBarsError
        With one sentence for each of the first ten rows that cannot be bars; ``n_separable`` says whether
        ``leave_out`` would help.
    """
    table = tables.read(data, file_name=file_name, max_bytes=max_bytes)
    zone = times.zone(time_zone, file_name=table.file_name)
    return bar_tables.recognise(
        table, key=key, ticker=ticker, day_first=day_first, zone=zone, resample=resample, leave_out=leave_out, now=now
    )


def column_names(data: bytes, *, file_name: str, max_bytes: int) -> tuple[str, ...]:
    """Names of the columns as they stand in the file; raises UploadError when it is no table."""
    return tuple(column.name for column in tables.read(data, file_name=file_name, max_bytes=max_bytes).columns)


def read_table(data: bytes, *, file_name: str, max_bytes: int, day_first: bool | None = None) -> pd.DataFrame:
    """Read a table of ready features, or of bars with features beside them.

    Columns that hold numbers become float64 (blank cells NaN), others stay text. A column of times becomes the UTC
    index ``time``; columns such as ``Close`` get our names (open, high, low, close, volume).

    Raises
    ------
    UploadError
        When the file is no table, or its dates cannot be told.
    """
    return feature_tables.read(tables.read(data, file_name=file_name, max_bytes=max_bytes), day_first=day_first)
