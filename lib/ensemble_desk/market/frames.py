"""A caller's DataFrame brought into the form of bars: its times as an index in UTC, its prices under our names.

Names, dates of sessions and adjustment are those of uploads: a frame and the same rows in a file are read alike.
"""

import logging
from collections.abc import Collection
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from ensemble_desk.errors import InvalidBarsError
from ensemble_desk.market import adjustment, bars, spacing, spellings, timeframes
from ensemble_desk.market.resampling import session_bars
from ensemble_desk.market.spellings import ADJUSTED, TIME

_SUBJECT = "The frame"
_Unit = Literal["s", "ms", "us", "ns"]
_EPOCHS: tuple[tuple[float, _Unit], ...] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"))
_A_DAY = {"s": 86_400, "ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
_FIELDS = (*bars.COLUMNS, ADJUSTED)

_log = logging.getLogger(__name__)


def read(
    frame: pd.DataFrame, *, timeframe: str, time_zone: str | None = None, keep: Collection[str] = ()
) -> pd.DataFrame:
    """Give the frame with aware UTC times as index and, where it holds prices, the columns of bars.

    Times are the index where it holds times, else a column such as ``ts``, ``date`` or ``time``; a frame without any is
    given back with its own index. Daily and weekly bars carry the date of their session, as it is written in the zone
    that the times carry. Prices may have other spellings (``Close``, ``Adj Close``); they are adjusted by an adjusted
    close beside them. Rows that run newest first throughout are turned round. Other columns stay.

    Parameters
    ----------
    time_zone : of intraday times that carry none, for example ``America/New_York``, and of daily bars that are moments.
    keep : columns that are features, whatever they are called.

    Raises
    ------
    InvalidBarsError
        When times cannot be read, or are intraday, carry no zone and none is named.
    """
    if _is_ready(frame, timeframe):
        return frame
    named = _named(frame, keep)
    times = _times(named, keep)
    if times is None:
        return named
    whole_days = spacing.are_sessions(timeframe, spacing.step(times))
    index = _sessions(times, timeframe, time_zone) if whole_days else _in_utc(times, time_zone)
    told = named.set_axis(index.as_unit("us").rename("time"))
    if bars.runs_backwards(pd.DatetimeIndex(told.index)):
        told = told[::-1]
    return _adjusted(told)


def is_timed(index: pd.Index, timeframe: str) -> bool:
    """Whether an index needs no reading: it holds UTC times as bars of the timeframe do, oldest first, or no times."""
    if not isinstance(index, pd.DatetimeIndex):
        return True
    if str(index.tz) != "UTC" or not len(index):
        return False
    first, last = int(index.asi8[0]), int(index.asi8[-1])
    return first <= last and (timeframe not in timeframes.OF_SESSIONS or not last % _A_DAY[index.unit])


def _is_ready(frame: pd.DataFrame, timeframe: str) -> bool:
    """The usual case, on the path of every forecast: bars as this library gives them."""
    columns = frame.columns
    has_times = isinstance(frame.index, pd.DatetimeIndex) and is_timed(frame.index, timeframe)
    return has_times and ADJUSTED not in columns and all(name in columns for name in bars.COLUMNS)


def _prices(frame: pd.DataFrame, keep: Collection[str]) -> dict[object, str]:
    """Which column stands for which of our fields; empty unless all four prices are there."""
    own = {spellings.plain(name): name for name in reversed(frame.columns.tolist()) if name not in keep}
    found: dict[object, str] = {}
    for field in _FIELDS:
        exact = field in frame.columns
        spelled = next((own[one] for one in spellings.OF[field] if one in own), None)
        if exact or spelled is not None:
            found[field if exact else spelled] = field
    return found if set(bars.PRICES) <= set(found.values()) else {}


def _named(frame: pd.DataFrame, keep: Collection[str]) -> pd.DataFrame:
    """Prices under our names; a frame of prices without any volume is taken to have traded none, which is logged."""
    found = {name: field for name, field in _prices(frame, keep).items() if name != field}
    named = frame.rename(columns=found) if found else frame
    has = set(named.columns)
    if set(bars.PRICES) <= has and "volume" not in has:
        _log.warning("The frame has no volume: it is taken as 0 in every bar")
        named = named.assign(volume=0.0)
    return named


def _times(frame: pd.DataFrame, keep: Collection[str]) -> pd.DatetimeIndex | None:
    """The times as they are written, aware or not; None when neither the index nor a column holds any."""
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.index
    own = {spellings.plain(name): name for name in reversed(frame.columns.tolist()) if name not in keep}
    name = next((own[one] for one in spellings.OF[TIME] if one in own), None)
    if name is None:
        return None
    read = _parsed(frame[name], str(name))
    if read.hasnans:
        row = int(np.flatnonzero(read.isna())[0])
        raise InvalidBarsError(_SUBJECT, [f"row {row + 1}: {name} {frame[name].iloc[row]!r:.40} is no time"])
    return read


def _parsed(column: pd.Series, name: str) -> pd.DatetimeIndex:
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        largest = float(column.abs().max())
        unit: _Unit = next((unit for most, unit in _EPOCHS if largest < most), "ns")
        return pd.DatetimeIndex(pd.to_datetime(column, unit=unit, utc=True, errors="coerce"))
    try:
        return pd.DatetimeIndex(pd.to_datetime(pd.Series(column), format="ISO8601"))
    except (ValueError, TypeError) as error:
        problem = f"column {name} holds no times that can be told; make them datetimes or ISO dates (2024-01-31)"
        raise InvalidBarsError(_SUBJECT, [problem]) from error


def _sessions(times: pd.DatetimeIndex, timeframe: str, time_zone: str | None) -> pd.DatetimeIndex:
    """Dates as they are written; moments in UTC are dated in the zone that is named, weeks by their last session."""
    is_moment = str(times.tz) == "UTC" and bool((times != times.normalize()).any())
    local = times.tz_convert(_zone(time_zone)) if is_moment and time_zone is not None else times
    days = local.tz_localize(None).normalize().tz_localize("UTC")
    monday_or_tuesday = len(days) > 1 and int(np.bincount(days.day_of_week, minlength=7).argmax()) <= 1
    return session_bars.last_sessions(days, begins=True) if timeframe == "w1" and monday_or_tuesday else days


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        problem = f"{name!r} is no time zone; name one such as America/New_York"
        raise InvalidBarsError(_SUBJECT, [problem]) from error


def _in_utc(times: pd.DatetimeIndex, time_zone: str | None) -> pd.DatetimeIndex:
    if times.tz is not None:
        return times.tz_convert("UTC")
    if time_zone is None:
        problem = "its times carry no time zone; name theirs, for example time_zone='America/New_York' or 'UTC'"
        raise InvalidBarsError(_SUBJECT, [problem])
    aware = times.tz_localize(_zone(time_zone), ambiguous="NaT", nonexistent="NaT")
    if aware.hasnans:
        at = times[np.flatnonzero(aware.isna())[0]]
        problem = f"{at:%Y-%m-%d %H:%M} in {time_zone} is doubtful, the clock changes there; give the times in UTC"
        raise InvalidBarsError(_SUBJECT, [problem])
    return aware.tz_convert("UTC")


def _adjusted(frame: pd.DataFrame) -> pd.DataFrame:
    if ADJUSTED not in frame.columns or not set(bars.COLUMNS) <= set(frame.columns):
        return frame
    whole, _ = adjustment.repair_rounding(adjustment.adjust(frame))
    return frame.assign(**{name: whole[name] for name in bars.COLUMNS}).drop(columns=ADJUSTED)
