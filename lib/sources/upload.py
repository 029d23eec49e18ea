"""What a visitor uploads, read as data: bars of a key, or a table of ready features."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.errors import InvalidBarsError, UploadError
from lib.market import adjustment, bars, timeframes
from lib.market.bars import Bars
from lib.market.keys import Key
from lib.sources import columns, tables, times
from lib.sources.tables import Table


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """Checked bars, and one phrase for each thing that was recognised or put right on the way."""

    bars: Bars
    notes: tuple[str, ...]


def read_bars(data: bytes, *, file_name: str, key: Key, max_bytes: int) -> Bars:
    """Read the bars of a key from a CSV or Parquet file; see `recognise_bars`."""
    return recognise_bars(data, file_name=file_name, key=key, max_bytes=max_bytes).bars


def recognise_bars(data: bytes, *, file_name: str, key: Key, max_bytes: int) -> Recognised:
    """Read bars and say what was recognised.

    Rows may run oldest first or newest first, throughout. With an ``adj_close`` column open, high, low and close are
    adjusted by it. A high or low that misses open or close by rounding is widened. Nothing else is put right.

    Raises
    ------
    UploadError
        When the file is no table, a column is missing, or the dates cannot be told.
    InvalidBarsError
        With one sentence for each of the first ten rows that cannot be bars.
    """
    table = tables.read(data, file_name=file_name, max_bytes=max_bytes)
    found = columns.recognise(table)
    if missing := [name for name in (columns.TIME, *bars.COLUMNS) if name not in found]:
        has = ", ".join(tables.quoted(name) for name in table.frame.columns[:12])
        raise UploadError(table.file_name, [f"there is no column for {', '.join(missing)}; it has {has}."])
    read = times.parse(columns.time_column(table, found), whole_days=key.timeframe in {"d1", "w1"})
    if read.problem:
        raise UploadError(table.file_name, [f"{read.problem}."])
    cells, unreadable = columns.prices(table, found)
    cells, n_widened = adjustment.repair_rounding(cells)
    _refuse_wrong_rows(table, found, read.utc, cells, unreadable)
    frame, order_notes = _in_order(table, cells.set_index(pd.DatetimeIndex(read.utc, name="time")))
    _refuse_other_timeframes(table, frame, key)
    frame, price_notes = _adjusted(frame)
    checked = bars.check(frame, subject=table.file_name)
    widened = (f"rounding of high or low put right in {n_widened} bars",) if n_widened else ()
    notes = (*table.notes, *read.notes, *order_notes, *price_notes, *widened)
    return Recognised(Bars(key, checked, "upload", adjusted=columns.ADJUSTED in found), notes)


def read_table(data: bytes, *, file_name: str, max_bytes: int) -> pd.DataFrame:
    """Read a table of ready features, or of bars with features beside them.

    Columns that hold numbers become float64 (blank cells NaN), others stay text. A column of times becomes the UTC
    index ``time``; columns such as ``Close`` get our names (open, high, low, close, volume).

    Raises
    ------
    UploadError
        When the file is no table, or its dates cannot be told.
    """
    table = tables.read(data, file_name=file_name, max_bytes=max_bytes)
    found = columns.recognise(table)
    frame = table.frame.drop(columns=[found[name] for name in (columns.TIME, columns.DAY) if name in found])
    for name in frame.columns:
        values, wrong = columns.numbers(frame[name], decimal_comma=table.decimal_comma)
        if not wrong.any():
            frame[name] = values
    plain = {str(name).strip().lower(): name for name in reversed(frame.columns)}
    frame = frame.rename(columns={plain[n]: n for n in bars.COLUMNS if n in plain and n not in frame.columns})
    if columns.TIME not in found:
        return frame.reset_index(drop=True)
    read = times.parse(columns.time_column(table, found), whole_days=False)
    if read.problem:
        raise UploadError(table.file_name, [f"{read.problem}."])
    undated = read.utc.isna().to_numpy()
    if undated.any():
        raise UploadError(table.file_name, bars.listed(undated, lambda row: _undated(table, found, row)))
    return frame.set_index(pd.DatetimeIndex(read.utc, name="time").as_unit("us"))


def _undated(table: Table, found: Mapping[str, str], row: int) -> str:
    cell = table.frame[found.get(columns.DAY, found[columns.TIME])].iloc[row]
    return f"{table.place(row)}: there is no date in {tables.quoted(cell)}"


def _refuse_wrong_rows(
    table: Table, found: Mapping[str, str], dates: pd.Series, cells: pd.DataFrame, unreadable: pd.DataFrame
) -> None:
    """Raise for rows without a date, with a text where a number belongs, or with numbers that cannot be a bar."""
    undated, textual = dates.isna().to_numpy(), unreadable.to_numpy()
    values = cells[list(bars.COLUMNS)].to_numpy()
    factor = cells[columns.ADJUSTED].to_numpy() if columns.ADJUSTED in cells else np.ones(len(cells))
    unadjusted = ~(np.isfinite(factor) & (factor > 0))

    def sentence(row: int) -> str:
        if undated[row]:
            return _undated(table, found, row)
        texts = [cells.columns[i] for i in np.flatnonzero(textual[row]).tolist()]
        said = [f"{name} {tables.quoted(table.frame[found[name]].iloc[row])} is no number" for name in texts]
        said = said or [value for value in [bars.value_complaint(values[row])] if value]
        return f"{table.place(row)}: {', '.join(said) or 'adj_close is missing or not positive'}"

    wrong = undated | textual.any(axis=1) | bars.wrong_values(values) | unadjusted
    if wrong.any():
        raise InvalidBarsError(table.file_name, bars.listed(wrong, sentence))


def _in_order(table: Table, frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Oldest first; a table that runs newest first throughout is turned round, any other disorder refused."""
    index = pd.DatetimeIndex(frame.index)
    if bars.runs_backwards(index):
        return frame[::-1], ("rows ran newest first and were turned round",)
    wrong = bars.wrong_order(index)
    if wrong.any():
        problems = bars.listed(wrong, lambda row: f"{table.place(row)}: {bars.order_complaint(index, row)}")
        raise InvalidBarsError(table.file_name, problems)
    return frame, ()


def _refuse_other_timeframes(table: Table, frame: pd.DataFrame, key: Key) -> None:
    """Refuse bars of another timeframe; nights and holidays only ever widen a step, so the short steps tell."""
    few = 3
    if len(frame) <= few:
        return
    wanted = timeframes.get(key.timeframe)
    step = pd.Timedelta(np.quantile(np.diff(frame.index.to_numpy()), 0.25))
    if not wanted.span / 2 <= step <= wanted.span * 2:
        raise UploadError(table.file_name, [f"its bars are {_said(step)} apart; {key.timeframe} is {wanted.title}."])


def _said(step: pd.Timedelta) -> str:
    minutes = step.total_seconds() / 60
    size, unit = next((pair for pair in ((24 * 60, "day"), (60, "hour")) if minutes >= pair[0]), (1, "minute"))
    count = f"{minutes / size:.3g}"
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"


def _adjusted(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if columns.ADJUSTED not in frame:
        return frame, ()
    differs = bool((np.abs(frame[columns.ADJUSTED] / frame["close"] - 1) > adjustment.ROUNDING).any())
    whole, _ = adjustment.repair_rounding(adjustment.adjust(frame))
    return whole, ("prices adjusted by adj_close" if differs else "prices were adjusted already",)
