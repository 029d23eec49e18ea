"""Times of a zone brought to UTC over the changes of its clock: the order of rows tells doubled hours apart."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Localized:
    """Times in UTC, NaT where they are doubtful; `skipped` tells which of them the zone's clock never showed."""

    utc: pd.Series
    skipped: pd.Series


def localized(wall: pd.Series, zone: ZoneInfo) -> Localized:
    """Bring the times of a zone to UTC.

    An hour that the clock showed twice is told by the order of the rows: where the time falls back within it, or in
    rows that run newest first jumps ahead, the second time begins. An hour that stands there once stays doubtful.
    """
    plain = wall.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    missing = plain.isna() & wall.notna()
    if not missing.any():
        return Localized(plain, missing)
    there = wall.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    skipped = missing & there.notna()
    doubled = (missing & ~skipped).to_numpy()
    summer = wall.dt.tz_localize(zone, ambiguous=np.ones(len(wall), np.bool_), nonexistent="NaT").dt.tz_convert("UTC")
    winter = wall.dt.tz_localize(zone, ambiguous=np.zeros(len(wall), np.bool_), nonexistent="NaT").dt.tz_convert("UTC")
    known = plain.dropna()
    falling = len(known) > 1 and known.iloc[0] > known.iloc[-1]
    numbers = wall.to_numpy("datetime64[us]").astype(np.int64)
    rows = np.flatnonzero(doubled)
    if not len(rows):
        return Localized(plain, skipped)
    starts = np.flatnonzero(np.diff(rows, prepend=-2) > 1)
    filled = plain.copy()
    for first, last in zip(starts, [*starts[1:], len(rows)], strict=True):
        stretch = rows[first:last]
        steps = np.diff(numbers[stretch])
        turns = np.flatnonzero(steps >= 0 if falling else steps <= 0)
        if len(turns) != 1:
            continue
        turn = int(turns[0]) + 1
        before, after = (winter, summer) if falling else (summer, winter)
        filled.iloc[stretch[:turn]] = before.iloc[stretch[:turn]]
        filled.iloc[stretch[turn:]] = after.iloc[stretch[turn:]]
    return Localized(filled, skipped)
