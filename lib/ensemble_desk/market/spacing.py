"""Telling the timeframe of bars by how far apart they are."""

import numpy as np
import pandas as pd

from ensemble_desk.market import timeframes

_FEWEST = 4
_SHARE = 0.25  # nights, weekends and holidays only ever widen a step, so the short steps tell
_NEAR, _NEAR_INTRADAY = (0.75, 1.5), (0.9, 1.1)  # of the nominal span; the short ones are close to each other
_A_DAY = pd.Timedelta(hours=18)  # the least distance of daily bars
_DAILY, _SPARSE = "d1", 3.0  # what is seldom traded has daily bars some days apart, and nothing comes before weeks


def step(times: pd.DatetimeIndex) -> pd.Timedelta | None:
    """The distance from bar to bar, whatever their order; None when there are too few to tell."""
    numbers = times.as_unit("us").asi8
    steps = np.diff(numbers)
    if not (steps > 0).all():
        steps = np.diff(np.unique(numbers))
    if len(steps) < _FEWEST - 1:
        return None
    least = int(steps.min())
    regular = np.count_nonzero(steps == least) > _SHARE * len(steps) + 1  # then that quantile is the least of them
    return pd.Timedelta(least if regular else int(np.quantile(steps, _SHARE)), unit="us")


def timeframe(distance: pd.Timedelta) -> str | None:
    """The timeframe whose bars are so far apart, None when it is none of ours."""
    for one in timeframes.TIMEFRAMES.values():
        least, most = _NEAR if one.name in timeframes.OF_SESSIONS else _NEAR_INTRADAY
        if least * one.span <= distance <= (_SPARSE if one.name == _DAILY else most) * one.span:
            return one.name
    return None


def are_sessions(name: str, distance: pd.Timedelta | None) -> bool:
    """Whether bars of a timeframe carry the dates of sessions; finer ones given for it, so far apart, carry times."""
    return name in timeframes.OF_SESSIONS and (distance is None or distance >= _A_DAY)


def said(distance: pd.Timedelta) -> str:
    minutes = distance.total_seconds() / 60
    size, unit = next((pair for pair in ((24 * 60, "day"), (60, "hour")) if minutes >= pair[0]), (1, "minute"))
    count = f"{minutes / size:.3g}"
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"
