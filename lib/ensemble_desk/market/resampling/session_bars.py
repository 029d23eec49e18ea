"""Intraday bars put together by sessions: the trading day of each, and coarser bars that begin where sessions begin."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import DownwardResampleError
from ensemble_desk.market import bars, timeframes
from ensemble_desk.market.bars import COLUMNS

_HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
_DAY = 86_400
_RARE = 0.02  # clock times with so few of the bars are no part of a session
_BREAK = pd.Timedelta(hours=20)  # without bars for so long, a new session begins
_FRIDAY = 4
_USUAL = 0.1  # a session that begins at a time as at least this share of them does begins regularly

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PutTogether:
    """Coarser bars, and the newest period that was left out as unfinished; None when there is none."""

    frame: pd.DataFrame
    unfinished: pd.Timestamp | None


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """The sessions that bars belong to.

    Attributes
    ----------
    days : 00:00 UTC of the date of each bar's session, shape (n,).
    starts : when the session of each bar begins, in UTC, shape (n,).
    """

    days: pd.DatetimeIndex
    starts: pd.DatetimeIndex


def sessions_of(times: pd.DatetimeIndex, *, step: pd.Timedelta, zone: ZoneInfo | None) -> Sessions:
    """Tell the session of each bar from the hours without bars.

    A session begins after the longest stretch of the day's clock without bars, in the zone of the exchange where it is
    known. Bars around the clock with a weekend between begin as the week begins; without one, at midnight. A session
    is dated by the day that its middle lies in, so those of futures, of currencies and of Sydney in UTC, which begin in
    the evening, by the next one.

    Parameters
    ----------
    times : aware and ascending, shape (n,).
    step : from one bar to the next.
    """
    local = times.tz_convert(zone or "UTC")
    wall = local.tz_localize(None)
    seconds = _seconds_of_day(wall)
    start, length = _session_span(seconds, wall, int(step.total_seconds()))
    shifted = wall - pd.to_timedelta(start, unit="s")
    days = shifted.normalize() + pd.Timedelta(days=(start + length // 2) // _DAY)
    return Sessions(days.tz_localize("UTC").as_unit("us"), _starts(times, days, seconds))


def put_together(frame: pd.DataFrame, *, step: pd.Timedelta, timeframe: str, zone: ZoneInfo | None) -> PutTogether:
    """Put intraday bars together to those of a coarser timeframe.

    Daily bars carry the date of their session, weekly ones that of the last session in them, and intraday ones begin
    where the session begins, such as 09:30 and 13:30 for h4. The newest period is kept when its session lasted as long
    as most do.

    Raises
    ------
    DownwardResampleError, InvalidTimeframeError, InvalidBarsError
    """
    coarse = timeframes.get(timeframe)
    checked = bars.check(frame)
    if coarse.span < step:
        raise DownwardResampleError(str(step), timeframe)
    times = pd.DatetimeIndex(checked.index)
    sessions = sessions_of(times, step=step, zone=zone)
    lengths = times + step - sessions.starts
    length = _usual_length(sessions.days, lengths)
    last_day_whole = bool(lengths[-1] >= length)
    if timeframe == "d1":
        return _grouped(checked, sessions.days, sessions.days, unfinished=not last_day_whole)
    if timeframe == "w1":
        weeks = _weeks(sessions.days)
        closes = sessions.days[-1].day_of_week == _FRIDAY and last_day_whole
        return _grouped(checked, weeks, sessions.days, unfinished=not closes)
    since = (times - sessions.starts) // coarse.span
    begins = sessions.starts + pd.to_timedelta(since * coarse.span)
    end = begins[-1] + coarse.span
    filled = times[-1] + step >= end or last_day_whole
    return _grouped(checked, begins, begins, unfinished=not filled)


def _grouped(
    frame: pd.DataFrame, period: pd.DatetimeIndex, dated: pd.DatetimeIndex, *, unfinished: bool
) -> PutTogether:
    period = period.as_unit("us")
    newest = period[-1]
    last_of = ~period.duplicated(keep="last")
    coarser = frame.groupby(period).agg(_HOW)[list(COLUMNS)]
    coarser.index = pd.DatetimeIndex(dated.as_unit("us")[last_of], name="time")
    if not unfinished:
        return PutTogether(coarser, None)
    return PutTogether(coarser[:-1], dated[period == newest][-1])


def _session_span(seconds: Ints, wall: pd.DatetimeIndex, step: int) -> tuple[int, int]:
    """The second of the day at which sessions begin, and how many seconds they last."""
    steps = max(min(step, 1_800), 60)
    slots = _DAY // steps
    counts = np.bincount(seconds // steps, minlength=slots)
    wide = max(step // steps, 1)
    covered = counts >= max(_RARE * counts.max(), 1)
    held = covered.copy()
    for more in range(1, wide):
        held |= np.roll(covered, more)
    if held.all():
        return _after_weekend(seconds, wall), _DAY
    empty = np.flatnonzero(~held)
    runs = np.split(empty, np.flatnonzero(np.diff(empty) > 1) + 1)
    if len(runs) > 1 and empty[0] == 0 and empty[-1] == slots - 1:
        runs = [np.concatenate((runs[-1], runs[0])), *runs[1:-1]]
    longest = max(runs, key=len)
    return int((longest[-1] + 1) % slots) * steps, _DAY - len(longest) * steps


def _after_weekend(seconds: Ints, wall: pd.DatetimeIndex) -> int:
    """Where bars run around the clock: the usual time of the first one after a weekend, or midnight."""
    gaps = np.flatnonzero(
        np.diff(wall.asi8) > _BREAK.to_timedelta64().astype(f"timedelta64[{wall.unit}]").astype(np.int64)
    )
    if not len(gaps):
        return 0
    values, counts = np.unique(seconds[gaps + 1], return_counts=True)
    return int(values[np.argmax(counts)])


def _starts(times: pd.DatetimeIndex, days: pd.DatetimeIndex, seconds: Ints) -> pd.DatetimeIndex:
    """When the session of each bar begins: with its first bar, unless that comes at an unusual time."""
    firsts = ~days.duplicated(keep="first")
    number = np.cumsum(firsts) - 1
    clock, opened = seconds[firsts], times[firsts]
    values, counts = np.unique(clock, return_counts=True)
    usual = set(values[counts >= max(_USUAL * len(clock), 1)].tolist())
    starts = opened.asi8.copy()
    unit = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[times.unit]
    before = int(clock[0])
    for at, second in enumerate(clock.tolist()):
        if second in usual:
            before = second
        else:
            starts[at] -= ((second - before) % _DAY) * unit
    index = pd.DatetimeIndex(starts.view(f"datetime64[{times.unit}]")).tz_localize("UTC")
    return index[number]


def _usual_length(days: pd.DatetimeIndex, lengths: pd.TimedeltaIndex) -> pd.Timedelta:
    """How long sessions usually are from their beginning to the end of their last bar."""
    ends = lengths[~days.duplicated(keep="last")]
    earlier = ends[:-1] if len(ends) > 1 else ends
    return pd.Timedelta(earlier.to_series().median()) if len(ends) > 1 else pd.Timedelta(days=1)


def _weeks(days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The Saturday that begins the week of each day."""
    return days - pd.to_timedelta((days.day_of_week - _FRIDAY - 1) % 7, unit="D")


def _seconds_of_day(wall: pd.DatetimeIndex) -> Ints:
    seconds: Ints = (wall.hour * 3_600 + wall.minute * 60 + wall.second).to_numpy(np.int64)
    return seconds


def last_sessions(
    days: pd.DatetimeIndex, *, begins: bool, sessions: pd.DatetimeIndex | None = None
) -> pd.DatetimeIndex:
    """The date of the last session of each week, for weekly bars dated by any day of it.

    Weeks run from Saturday to Friday. A date that ``begins`` its week, a Sunday or Monday as a rule, stands for the
    days that follow; another for the week it lies in, or that ended just before it. ``sessions`` are the days on which
    the exchange opens, where they are known: before a holiday on Friday, Thursday is the last.
    """
    past = np.where(days.day_of_week > _FRIDAY, days.day_of_week - _FRIDAY, 0)
    ahead = (_FRIDAY - days.day_of_week) % 7
    dated = days + pd.to_timedelta(ahead, unit="D") if begins else days - pd.to_timedelta(past, unit="D")
    fridays = dated + pd.to_timedelta((_FRIDAY - dated.day_of_week) % 7, unit="D")
    if sessions is None or not len(sessions):
        return dated
    at = sessions.searchsorted(fridays, side="right") - 1
    known = (at >= 0) & (fridays <= sessions[-1])
    last = sessions[np.maximum(at, 0)]
    near = known & (fridays - last < pd.Timedelta(days=5))
    return last.as_unit("us").where(near, dated.as_unit("us"))
