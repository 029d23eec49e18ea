"""Bars of an upload fitted to the timeframe that is asked for."""

from zoneinfo import ZoneInfo

import pandas as pd

from ensemble_desk.errors import OtherTimeframeError, UploadError
from ensemble_desk.market import spacing, timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.market.resampling import session_bars
from ensemble_desk.market.resampling import upward as resample
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells.table import Table

_DAILY = "d1"


def fitting(
    table: Table,
    frame: pd.DataFrame,
    *,
    step: pd.Timedelta | None,
    key: Key,
    answers: Answers,
    zone: ZoneInfo | None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Bars of the key's timeframe; finer ones are put together when that was asked for, others refused.

    Raises
    ------
    OtherTimeframeError, UploadError
    """
    wanted = timeframes.get(key.timeframe)
    has = None if step is None else spacing.timeframe(step)
    if step is None or has == wanted.name:
        return frame, ()
    said = spacing.said(step)
    is_finer = pd.Timedelta(wanted.span) >= 2 * step if has is None else timeframes.get(has).span < wanted.span
    if not (is_finer and answers.resample):
        raise OtherTimeframeError(
            table.file_name, step=said, found=has, wanted=wanted.name, title=wanted.title, can_resample=is_finer
        )
    called = f"{len(frame):,} {has or said} bars"
    if has == _DAILY:
        coarse = resample.upward(frame, timeframe_from=_DAILY, timeframe_to=wanted.name)
        newest = pd.DatetimeIndex(frame.index)[-1]
        unfinished = None if not coarse.empty and coarse.index[-1] == newest else newest
    else:
        made = session_bars.put_together(frame, step=step, timeframe=wanted.name, zone=zone)
        coarse, unfinished = made.frame, made.unfinished
    if coarse.empty:
        raise UploadError(table.file_name, [f"its {called} fill no {wanted.name} bar. Upload more."])
    notes = (f"{called} put together to {len(coarse):,} {wanted.name} bars",)
    if unfinished is None:
        return coarse, notes
    form = "%Y-%m-%d" if wanted.name in timeframes.OF_SESSIONS else "%Y-%m-%d %H:%M"
    return coarse, (*notes, f"the newest {wanted.name} bar, of {unfinished:{form}}, is unfinished and left out")
