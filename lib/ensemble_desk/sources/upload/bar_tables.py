"""From a table of cells to checked bars of a key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import UploadError
from ensemble_desk.market import adjustment, bars, spacing, timeframes
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.spellings import ADJUSTED, TICKER, TIME
from ensemble_desk.sources.upload import coarser, gathering, looks, row_problems, session_dates
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import times
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.cells.times import Times
from ensemble_desk.sources.upload.columns import finding, zones
from ensemble_desk.sources.upload.columns.meanings import Found
from ensemble_desk.sources.upload.gathering import Gathered
from ensemble_desk.sources.upload.recognition import ColumnUse, Recognised

_NO_BAR, _ONCE_MORE = "no bar, left out as asked", "the same bar once more"
_OTHER_BAR = "another bar of the same time, left out as asked"
_WEEKLY = "w1"

Notes = tuple[str, ...]
Flags = NDArray[np.bool_]
Calendar = Callable[[pd.Timestamp, pd.Timestamp], pd.DatetimeIndex]
"""Gives the sessions of the exchange between two days, 00:00 UTC of their dates."""


@dataclass(frozen=True, slots=True, eq=False)
class _Dated:
    """The numbers with their times as index, in the order of the file, and what the times tell."""

    rows: Gathered
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

    def without(self, leave_out: Flags, reason: str) -> "_Dated":
        return replace(self, rows=self.rows.without(leave_out, reason), frame=self.frame[~leave_out])


def recognise(
    table: Table, *, key: Key, answers: Answers, now: datetime | None, calendar: Calendar | None
) -> Recognised:
    """Read the bars of a key; see `ensemble_desk.sources.upload.reading.recognise_bars`."""
    name = table.file_name
    zone = zones.named(answers.time_zone, file_name=name)
    found, written, owner = finding.find(table, answers)
    ticker = None if owner else answers.ticker
    rows = gathering.gather(
        table, found, written=written, ticker=ticker, join=answers.join, iso=not answers.time_format
    )
    rows, scaled = _to_scale(table, rows, answers)
    serial = table.kind in ("Excel", "OpenDocument")
    told = partial(
        times.parse, rows.times, day_first=answers.day_first, serial_days=serial, written=answers.time_format
    )
    read = told(zone=zone)
    times.refuse_unreadable(read, rows.times, file_name=name)
    intraday = read.unzoned and not (
        key.timeframe in timeframes.OF_SESSIONS
        and spacing.are_sessions(key.timeframe, spacing.step(pd.DatetimeIndex(read.utc)))
    )
    if intraday:
        zone = zones.told(found.fields[TIME].name, file_name=name)
        read = read if zone is None else told(zone=zone)
        times.refuse_unreadable(read, rows.times, file_name=name)
    if answers.leave_out:
        rows, read = _without_wrong_rows(rows, read)
    dated, mended = _dated(table, rows, read, key=key, answers=answers, zone=zone, calendar=calendar)
    row_problems.refuse_future(name, dated.rows, dated.times, now)
    dated, order = _in_order(table, dated, answers)
    adjusted, prices = _adjusted(dated.frame)
    checked = bars.check(adjusted, subject=name)
    row_problems.refuse_standstill(name, checked)
    fitting, fit = coarser.fitting(table, checked, step=dated.step, key=key, answers=answers, zone=zone)
    fitting, changed = _put_right(fitting, answers)
    days = pd.DatetimeIndex(fitting.index)
    sessions = calendar(days[0], days[-1]) if calendar is not None and key.timeframe == "d1" else None
    silent = () if dated.rows.has_volume else ("the file has no volume: it is taken as 0 in every bar",)
    said = (*scaled, *read.notes, *dated.notes, *order, *prices, *mended, *silent, *fit, *changed)
    return Recognised(
        bars=Bars(key, fitting, "upload", adjusted=ADJUSTED in found.fields),
        notes=(*table.notes, *rows.notes, *said),
        columns=_uses(found),
        dropped=dated.rows.dropped,
        ticker=owner or rows.ticker,
        timeframe=dated.timeframe,
        step="" if dated.step is None else spacing.said(dated.step),
        time_zone=dated.zone,
        prices=prices[0] if prices else "the file does not say whether they are adjusted",
        warnings=looks.at(fitting, timeframe=key.timeframe, now=now, sessions=sessions, currencies=rows.currencies),
    )


def _to_scale(table: Table, rows: Gathered, answers: Answers) -> tuple[Gathered, Notes]:
    """Prices divided by what a person said; whole ones of a file without names may be ten-thousandths."""
    if answers.price_scale is None:
        finding.ask_for_scale(table, bars.numbers(rows.cells, bars.PRICES))
        return rows, ()
    if not (np.isfinite(answers.price_scale) and answers.price_scale > 0):
        raise UploadError(table.file_name, ["the scale of prices has to be a positive number."])
    if answers.price_scale == 1:
        return rows, ()
    cells = rows.cells.assign(**{name: rows.cells[name] / answers.price_scale for name in bars.PRICES})
    return replace(rows, cells=cells), (f"prices divided by {answers.price_scale:,.15g}, as said",)


def _without_wrong_rows(rows: Gathered, read: Times) -> tuple[Gathered, Times]:
    """The rows that are bars, each once; where none is, all of them stay to be refused."""
    cells, _ = adjustment.repair_rounding(rows.cells)
    wrong = row_problems.unusable(rows, cells, read.utc.isna().to_numpy())
    twice = row_problems.repeated(read.utc, cells) & ~wrong
    if wrong.all():
        return rows, read
    others = rows.without(twice, _ONCE_MORE)
    return others.without(wrong[~twice], _NO_BAR), read.at(~(wrong | twice))


def _dated(
    table: Table,
    rows: Gathered,
    read: Times,
    *,
    key: Key,
    answers: Answers,
    zone: ZoneInfo | None,
    calendar: Calendar | None,
) -> tuple[_Dated, Notes]:
    """The rows with their times; daily and weekly bars carry the date of their session."""
    cells, n_widened = adjustment.repair_rounding(rows.cells)
    row_problems.refuse_wrong_rows(table.file_name, rows, cells, read.utc)
    utc = pd.DatetimeIndex(read.utc)
    step = spacing.step(utc)
    widened = (f"rounding of high or low put right in {n_widened} bars",) if n_widened else ()
    if not spacing.are_sessions(key.timeframe, step):
        notes = (read.zone_note,) if read.zone_note else ()
        if answers.stamped_end and step is not None:
            utc, notes = utc - step, (*notes, "times moved from the end of each bar to its beginning")
        frame = cells.set_index(pd.DatetimeIndex(utc, name="time").as_unit("us"))
        return _Dated(rows, frame, step, read.zone, notes), widened
    told = session_dates.of_days(read, zone=zone, answers=answers, file_name=table.file_name)
    if key.timeframe == _WEEKLY and step is not None and spacing.timeframe(step) == _WEEKLY:
        sessions = None if calendar is None else calendar(told.days.min() - _WEEK, told.days.max() + _WEEK)
        told = session_dates.of_weeks(told, answers=answers, file_name=table.file_name, sessions=sessions)
    frame = cells.set_index(pd.DatetimeIndex(told.days, name="time").as_unit("us"))
    return _Dated(rows, frame, step, told.zone, told.notes), widened


def _in_order(table: Table, dated: _Dated, answers: Answers) -> tuple[_Dated, Notes]:
    """Oldest first, one bar a time; disorder and other bars of one time are refused unless an answer settles them."""
    keep = answers.keep or ("first" if answers.leave_out else "")
    if keep:
        again = dated.times.duplicated(keep="first" if keep == "first" else "last")
        dated = dated.without(np.asarray(again), _OTHER_BAR)
    if bars.runs_backwards(dated.times):
        return replace(dated, frame=dated.frame[::-1]), ("rows ran newest first and were turned round",)
    if answers.sort and dated.times.is_unique and not dated.times.is_monotonic_increasing:
        return replace(dated, frame=dated.frame.sort_index()), ("rows put in the order of their times, as said",)
    row_problems.refuse_disorder(table.file_name, dated.rows, dated.times)
    return dated, ()


def _adjusted(frame: pd.DataFrame) -> tuple[pd.DataFrame, Notes]:
    if ADJUSTED not in frame:
        return frame, ()
    differs = bool((np.abs(frame[ADJUSTED] / frame["close"] - 1) > adjustment.ROUNDING).any())
    whole, _ = adjustment.repair_rounding(adjustment.adjust(frame))
    return whole, ("prices adjusted by adj_close" if differs else "prices were adjusted already",)


def _put_right(frame: pd.DataFrame, answers: Answers) -> tuple[pd.DataFrame, Notes]:
    """What a person asked to mend in prices that do not look right."""
    notes: list[str] = []
    if answers.rescale:
        frame, count = looks.rescaled(frame)
        notes += [f"the prices of {count:,} bars brought to the scale of the others, as said"] if count else []
    if answers.adjust_splits:
        frame, found = looks.split_adjusted(frame)
        times_ = pd.DatetimeIndex(frame.index)
        notes += [f"older prices divided by {step.ratio:g} before {times_[step.row]:%Y-%m-%d}" for step in found]
    return frame, tuple(notes)


def _uses(found: Found) -> tuple[ColumnUse, ...]:
    ticker = () if found.ticker is None else (ColumnUse(found.ticker.shown, TICKER),)
    named: Mapping[str, str] = {name: column.shown for name, column in found.fields.items()}
    used: Sequence[ColumnUse] = [ColumnUse(theirs, name) for name, theirs in named.items()]
    parts = [ColumnUse(column.shown, "volume") for column in found.in_parts]
    rest = [column for column in found.left_out if column not in found.in_parts]
    return (*used, *parts, *ticker, *(ColumnUse(column.shown, "") for column in rest))


_WEEK = pd.Timedelta(days=7)
