"""From a table of cells to checked bars of a key."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ensemble_desk.errors import OtherTimeframeError, UploadError
from ensemble_desk.market import adjustment, bars, resample, spacing, timeframes
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.spellings import ADJUSTED, TICKER
from ensemble_desk.sources.upload import gathering, row_problems
from ensemble_desk.sources.upload.cells import numerals, times
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.cells.times import Times
from ensemble_desk.sources.upload.columns import meanings as columns
from ensemble_desk.sources.upload.columns.meanings import Found
from ensemble_desk.sources.upload.gathering import Gathered
from ensemble_desk.sources.upload.recognition import ColumnUse, Recognised

_NO_BAR, _ONCE_MORE = "no bar, left out as asked", "the same bar once more"

Notes = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Dated:
    """The numbers with their times as index, in the order of the file, and what the times tell."""

    frame: pd.DataFrame
    step: pd.Timedelta | None
    zone: str
    notes: Notes

    @property
    def times(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.frame.index)

    @property
    def timeframe(self) -> str | None:
        return None if self.step is None else spacing.timeframe(self.step)


def recognise(
    table: Table,
    *,
    key: Key,
    ticker: str | None,
    day_first: bool | None,
    zone: ZoneInfo | None,
    resample: bool,
    leave_out: bool,
    now: datetime | None,
) -> Recognised:
    """Read the bars of a key; see `ensemble_desk.sources.upload.reading.recognise_bars`."""
    found, owner = _found(table, ticker)
    rows = _rows(table, found, ticker=None if owner else ticker)
    read = times.parse(rows.times, day_first=day_first, zone=zone, serial_days=table.kind == "Excel")
    times.refuse_unreadable(read, rows.times, file_name=table.file_name)
    if leave_out:
        rows, read = _without_wrong_rows(rows, read)
    dated, mended = _dated(table, rows, read, key)
    row_problems.refuse_future(table.file_name, rows, dated.times, now)
    ordered, order = _in_order(table, rows, dated.frame)
    adjusted, prices = _adjusted(ordered)
    checked = bars.check(adjusted, subject=table.file_name)
    fitting, fit = _fitting(table, checked, dated, key, resample_up=resample)
    silent = () if rows.has_volume else ("the file has no volume: it is taken as 0 in every bar",)
    return Recognised(
        bars=Bars(key, fitting, "upload", adjusted=ADJUSTED in found.fields),
        notes=(*table.notes, *rows.notes, *read.notes, *dated.notes, *order, *prices, *mended, *silent, *fit),
        columns=_uses(found),
        dropped=rows.dropped,
        ticker=owner or rows.ticker,
        timeframe=dated.timeframe,
        step="" if dated.step is None else spacing.said(dated.step),
        time_zone=dated.zone,
        prices=prices[0] if prices else "the file does not say whether they are adjusted",
    )


def _found(table: Table, ticker: str | None) -> tuple[Found, str]:
    """Which column holds what, and whose they are where a second line of names says so."""
    chosen, owner = columns.of_ticker(table.columns, wanted=ticker, file_name=table.file_name)
    found = columns.recognise(chosen, table.sample)
    columns.check_twins(found, table.sample, file_name=table.file_name)
    columns.require(found, table.columns, file_name=table.file_name)
    if ticker and not owner and found.ticker is None:
        raise UploadError(table.file_name, ["it does not say whose bars they are. Leave the ticker out."])
    return found, owner


def _rows(table: Table, found: Found, *, ticker: str | None) -> Gathered:
    prices_first = [table.sample[found.fields[name].label] for name in found.numeric]
    written = numerals.style(prices_first, comma_separated=table.comma_separated)
    return gathering.gather(table, found, written=written, ticker=ticker)


def _without_wrong_rows(rows: Gathered, read: Times) -> tuple[Gathered, Times]:
    """The rows that are bars, each once; where none is, all of them stay to be refused."""
    cells, _ = adjustment.repair_rounding(rows.cells)
    wrong = row_problems.unusable(rows, cells, read.utc.isna().to_numpy())
    twice = row_problems.repeated(read.utc, cells) & ~wrong
    if wrong.all():
        return rows, read
    others = rows.without(twice, _ONCE_MORE)
    return others.without(wrong[~twice], _NO_BAR), read.at(~(wrong | twice))


def _dated(table: Table, rows: Gathered, read: Times, key: Key) -> tuple[_Dated, Notes]:
    """The rows with their times; daily and weekly bars carry the date as written, whatever its zone."""
    cells, n_widened = adjustment.repair_rounding(rows.cells)
    row_problems.refuse_wrong_rows(table.file_name, rows, cells, read.utc)
    step = spacing.step(pd.DatetimeIndex(read.utc))
    whole_days = spacing.are_sessions(key.timeframe, step)
    index = pd.DatetimeIndex(read.days if whole_days else read.utc, name="time").as_unit("us")
    if whole_days:
        zone, note = "dates as written", "time of day left out" if read.has_clock else ""
    else:
        zone, note = read.zone, read.zone_note
    widened = (f"rounding of high or low put right in {n_widened} bars",) if n_widened else ()
    return _Dated(cells.set_index(index), step, zone, (note,) if note else ()), widened


def _in_order(table: Table, rows: Gathered, frame: pd.DataFrame) -> tuple[pd.DataFrame, Notes]:
    """Oldest first; a table that runs newest first throughout is turned round, any other disorder refused."""
    index = pd.DatetimeIndex(frame.index)
    if bars.runs_backwards(index):
        return frame[::-1], ("rows ran newest first and were turned round",)
    row_problems.refuse_disorder(table.file_name, rows, index)
    return frame, ()


def _adjusted(frame: pd.DataFrame) -> tuple[pd.DataFrame, Notes]:
    if ADJUSTED not in frame:
        return frame, ()
    differs = bool((np.abs(frame[ADJUSTED] / frame["close"] - 1) > adjustment.ROUNDING).any())
    whole, _ = adjustment.repair_rounding(adjustment.adjust(frame))
    return whole, ("prices adjusted by adj_close" if differs else "prices were adjusted already",)


def _fitting(
    table: Table, frame: pd.DataFrame, dated: _Dated, key: Key, *, resample_up: bool
) -> tuple[pd.DataFrame, Notes]:
    """Bars of the key's timeframe; finer ones are put together when that was asked for, others refused."""
    wanted, has = timeframes.get(key.timeframe), dated.timeframe
    if dated.step is None or has == wanted.name:
        return frame, ()
    finer = has is not None and timeframes.get(has).span < wanted.span
    if has is None or not (finer and resample_up):
        said = spacing.said(dated.step)
        raise OtherTimeframeError(
            table.file_name, step=said, found=has, wanted=wanted.name, title=wanted.title, can_resample=finer
        )
    coarser = resample.upward(frame, timeframe_from=has, timeframe_to=wanted.name)
    if coarser.empty:
        raise UploadError(table.file_name, [f"its {len(frame):,} {has} bars fill no {wanted.name} bar. Upload more."])
    return coarser, (f"{len(frame):,} {has} bars put together to {len(coarser):,} {wanted.name} bars",)


def _uses(found: Found) -> tuple[ColumnUse, ...]:
    ticker = () if found.ticker is None else (ColumnUse(found.ticker.shown, TICKER),)
    used = (ColumnUse(column.shown, name) for name, column in found.fields.items())
    return (*used, *ticker, *(ColumnUse(column.shown, "") for column in found.left_out))
