"""Coarser bars from finer ones, without ever showing a bar before it is complete."""

import numpy as np
import pandas as pd

from ensemble_desk.errors import DownwardResampleError
from ensemble_desk.market import bars, timeframes

_FRIDAY = 4
_HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def upward(
    frame: pd.DataFrame, *, timeframe_from: str, timeframe_to: str, keep_incomplete: bool = False
) -> pd.DataFrame:
    """Put finer bars together to coarser ones; the same timeframe gives the bars unchanged.

    Periods follow the UTC clock: minutes and hours from midnight, days, weeks that end on Friday, calendar months.
    Periods without bars are left out. Bars up to d1 carry the time their period begins. A weekly or monthly bar carries
    the date of the last session in it, Thursday when Friday is a holiday: its own date never precedes what it holds.

    The last bar counts as complete once its period is filled to the end or a later period has begun, and is left out
    before; so bars once given never change when more data arrives. ``keep_incomplete`` gives it all the same. The week
    before a Friday holiday therefore appears with the next session. The first bar is kept although its period may have
    begun before the data did.

    Raises
    ------
    DownwardResampleError
        When a period is no whole number of the finer bars, as with h1 to m15, m10 to m15 and w1 to mn1.
    InvalidTimeframeError, InvalidBarsError
    """
    fine, coarse = timeframes.get(timeframe_from), timeframes.get(timeframe_to)
    checked = bars.check(frame)
    if coarse.span < fine.span or (coarse.name == "mn1" and fine.name == "w1") or coarse.span % fine.span:
        raise DownwardResampleError(timeframe_from, timeframe_to)
    if coarse.name == fine.name:
        return checked
    times = pd.DatetimeIndex(checked.index)
    begins, end = _periods(times, coarse)
    if not keep_incomplete and times[-1] + fine.span < end:
        whole = np.asarray(begins < begins[-1])
        checked, times, begins = checked[whole], times[whole], begins[whole]
    coarser = checked.groupby(begins).agg(_HOW)
    if coarse.name in ("w1", "mn1"):
        days = times.normalize()
        coarser.index = pd.DatetimeIndex(days[~begins.duplicated(keep="last")])
    coarser.index.name = "time"
    return coarser[list(bars.COLUMNS)]


def _periods(times: pd.DatetimeIndex, coarse: timeframes.Timeframe) -> tuple[pd.DatetimeIndex, pd.Timestamp]:
    """When the period of each bar begins, shape (n,), and when the last one ends."""
    days = times.normalize()
    if coarse.name == "mn1":
        begins = pd.DatetimeIndex(days - pd.to_timedelta(days.day - 1, unit="D"))
        return begins, begins[-1] + pd.DateOffset(months=1)
    if coarse.name == "w1":
        begins = pd.DatetimeIndex(days - pd.to_timedelta((times.day_of_week - _FRIDAY - 1) % 7, unit="D"))
    else:
        begins = times.floor(coarse.resample_rule)
    return begins, begins[-1] + coarse.span
