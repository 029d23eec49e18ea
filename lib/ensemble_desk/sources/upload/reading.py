"""What a visitor uploads, read as data: bars of a key, or a table of ready features."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pandas as pd

from ensemble_desk.errors import UploadError
from ensemble_desk.market import spellings
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload import bar_tables, feature_tables
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.bar_tables import Calendar
from ensemble_desk.sources.upload.cells import lines as cells
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.columns import finding
from ensemble_desk.sources.upload.files import kinds as tables
from ensemble_desk.sources.upload.recognition import Recognised

__all__ = [
    "Answers",
    "Recognised",
    "by_ticker",
    "column_names",
    "opened",
    "read_bars",
    "read_table",
    "recognise_bars",
    "shape_of",
]

_MOST_LONG_ROWS = 50_000_000  # of a long table, whose rows are never held at once


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
    answers: Answers | None = None,
    now: datetime | None = None,
    calendar: Calendar | None = None,
    table: Table | None = None,
) -> Recognised:
    """Read bars from a file as vendors export them, and say what was recognised.

    Rows may run oldest first or newest first, throughout. With an ``adj_close`` column open, high, low and close are
    adjusted by it. A high or low that misses open or close by rounding is widened. Rows without any price are left out.
    Nothing else is put right unless it is asked for, and what can be read in two ways is asked.

    Parameters
    ----------
    ticker, day_first, time_zone, resample, leave_out : the answers that are given most; they go before `answers`.
    answers : everything a person said about this file.
    now : bars more than a day later are refused, stale ones and those still forming are told; unchecked by default.
    calendar : gives the sessions of the exchange, to date weekly bars and tell missing days.
    table : the file as `opened` gave it; it is read anew where an answer may change that.

    Raises
    ------
    UploadError
        When the file is no table of bars. UploadQuestionError, UnknownColumnsError, AmbiguousDatesError,
        SeveralTickersError and OtherTimeframeError are the kinds that an answer settles.
    InvalidBarsError
        With one sentence for each of the first ten rows that cannot be bars; ``n_separable`` says whether
        ``leave_out`` would help. UnsortedBarsError and RepeatedBarsError are the kinds that an answer settles.
    """
    given = Answers(ticker=ticker, day_first=day_first, time_zone=time_zone, resample=resample, leave_out=leave_out)
    said = given if answers is None else answers.beneath(given)
    if table is None or said != Answers():
        table = tables.read(data, file_name=file_name, max_bytes=max_bytes, answers=said)
    return bar_tables.recognise(table, key=key, answers=said, now=now, calendar=calendar)


def opened(data: bytes, *, file_name: str, max_bytes: int) -> Table | None:
    """The table of a file before anything is said of it; None for one that cannot be read without answers."""
    try:
        return tables.read(data, file_name=file_name, max_bytes=max_bytes)
    except UploadError:  # reading it with answers says what is wrong, if anything is then
        return None


def shape_of(table: Table | None) -> str:
    """What files of one kind have in common: the names of their columns, or how many there are without names.

    Empty for a file that cannot be read without answers.
    """
    if table is None:
        return ""
    if not table.has_names:
        return f"{len(table.columns)} columns without names, {table.kind} {table.separator}".strip()
    return " | ".join(spellings.plain(column.name) for column in table.columns)


def by_ticker(
    data: bytes, *, file_name: str, max_bytes: int, answers: Answers
) -> tuple[tuple[str, ...], Iterator[tuple[str, bytes]]]:
    """The columns of a table in long format but that of symbols, and its rows as lines of CSV, by symbol and in parts.

    Raises
    ------
    UploadError
        When no column says whose a row is.
    """
    table = tables.read(data, file_name=file_name, max_bytes=max_bytes, answers=answers, most_rows=_MOST_LONG_ROWS)
    found, _, _ = finding.find(table, replace(answers, ticker=None))
    if found.ticker is None:
        raise UploadError(table.file_name, ["no column says whose a row is. Name it with --map ticker=COLUMN."])
    owner = found.ticker.label
    kept = [column for column in table.columns if column.label != owner]

    def parts() -> Iterator[tuple[str, bytes]]:
        for chunk in table.chunks(most_rows=_MOST_LONG_ROWS):
            owners = chunk[owner].astype("str").str.strip()
            yield from cells.lines_by(owners, chunk[[column.label for column in kept]])

    return tuple(column.name for column in kept), parts()


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
